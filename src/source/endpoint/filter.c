/* SPDX-License-Identifier: Apache-2.0
 *
 * Which records are delivered. Those of machines are asked once a machine.
 * Those of software and CVE rows are asked by the million: each has a plain
 * form and one for when settings leave rows out (adapt.c chooses).
 */
#include "base/num.h"
#include "source/endpoint/ops.h"

/* ---- machines ----------------------------------------------------------- */

/* Is the field's word one of the list, or the list empty? */
static bool word_passes(const struct mst_opt_list *list, struct mst_slice s)
{
	for (size_t i = 0; i < list->n; i++) {
		if (ep_same_word(s, list->v[i]))
			return true;
	}
	return list->n == 0;
}

static bool text_passes(const struct mst_opt_list *only,
			const struct mst_opt_list *never, struct mst_slice s)
{
	return (only->n == 0 || ms_fits_one(only, s)) && !ms_fits_one(never, s);
}

/* 0 none or unknown, 1 informational, 2 low, 3 medium, 4 high */
static int level_of(struct mst_slice s)
{
	static const char *const words[] = {"informational", "low", "medium",
					    "high"};

	for (size_t i = 0; i < MST_LEN(words); i++) {
		if (mst_slice_iis(s, words[i]))
			return (int)i + 1;
	}
	return 0;
}

/* The setting that leaves the machine out, or NULL. */
static const char *left_out_by(struct mst_rule_ctx *ctx,
			       const struct mst_value *v)
{
	const struct ep_conf *c = ep_conf_of(ctx);

	if (!ms_in_list(&c->asset_types, ep_asset_names[ep_asset_of(ctx, v)]))
		return "asset_types";
	if (!text_passes(&c->filter_os, &c->filter_os_not,
			 ms_text(ctx, v, EM_OS_PLATFORM)))
		return "filter_os";
	if (!word_passes(&c->filter_onboarding, ms_text(ctx, v, EM_ONBOARDING)))
		return "filter_onboarding";
	if (!word_passes(&c->filter_health, ms_text(ctx, v, EM_HEALTH)))
		return "filter_health";
	if ((c->filter_tags.n && !ms_fits_tag(&v[EM_TAGS], &c->filter_tags)) ||
	    ms_fits_tag(&v[EM_TAGS], &c->filter_tags_not))
		return "filter_tags";
	if (!text_passes(&c->filter_groups, &c->filter_groups_not,
			 ms_text(ctx, v, EM_GROUP)))
		return "filter_groups";
	if (c->filter_not_seen_days &&
	    ep_older(ctx, v, EM_LAST_SEEN, c->filter_not_seen_days))
		return "filter_not_seen_days";
	/* exposure knows no "informational" */
	if (c->filter_exposure &&
	    level_of(ms_text(ctx, v, EM_EXPOSURE)) < c->filter_exposure + 1)
		return "filter_exposure";
	if (c->filter_risk &&
	    level_of(ms_text(ctx, v, EM_RISK)) < c->filter_risk)
		return "filter_risk";
	return NULL;
}

/* Merged into another, or excluded by a person: Defender itself does not
 * count it. */
static bool is_void(struct mst_rule_ctx *ctx, const struct mst_value *v,
		    struct mst_slice *why_r)
{
	struct mst_slice excluded;

	if (mst_op_bool(ctx, v, EM_EXCLUDED, NULL, &excluded) == 1 &&
	    mst_slice_is(excluded, "true")) {
		*why_r = MST_SLICE_LIT("excluded in Defender (isExcluded)");
		return true;
	}
	if (ms_text(ctx, v, EM_MERGED).n > 0) {
		*why_r = MST_SLICE_LIT("merged into another machine "
				       "(mergedIntoMachineId)");
		return true;
	}
	return false;
}

MS_FILTER(ep_keep_machine)
{
	const struct ep_conf *c = ep_conf_of(ctx);
	enum ep_asset asset = ep_asset_of(ctx, v);
	const char *table = ep_class_of(c, asset), *setting;
	enum ep_state state;

	if (is_void(ctx, v, why_r))
		return MST_DROP;
	if (!ms_text(ctx, v, EM_ID).n)
		return ms_skip("no id", why_r);
	if (!mst_rule_selected(ctx, ep_asset_names[asset])) {
		*why_r = mst_slice_str("asset_types of the job");
		return MST_LEAVE;
	}
	setting = left_out_by(ctx, v);
	if (setting) {
		*why_r = mst_slice_str(setting);
		return c->filter_missing == EP_LEAVE ? MST_LEAVE : MST_DROP;
	}
	if (!ms_text(ctx, v, EM_NAME).n)
		return ms_skip("no name (computerDnsName is empty)", why_r);
	if (!table && !ms_text(ctx, v, EM_OS_PLATFORM).n)
		return ms_skip("no operating system", why_r);
	if (!table)
		return ms_skip_about(ctx, "no class for the operating system ",
				     ms_text(ctx, v, EM_OS_PLATFORM), why_r);
	if (!mst_rule_has_class(ctx, table))
		return ms_skip_about(ctx, "the destination has no class ",
				     mst_slice_str(table), why_r);
	state = ep_state_of(ctx, v);
	if (!c->insert_inactive && (state == EP_READY || state == EP_RETIRED)) {
		*why_r = mst_slice_str("insert_inactive");
		return MST_KNOWN;
	}
	return MST_KEEP;
}

/* ---- software ----------------------------------------------------------- */

MS_FILTER(ep_keep_install)
{
	if (!ms_text(ctx, v, ES_DEVICE).n)
		return ms_skip("software row without a device id", why_r);
	if (!ms_text(ctx, v, ES_NAME).n)
		return ms_skip("software row without a name", why_r);
	return MST_KEEP;
}

/* With software_require. */
MS_FILTER(ep_keep_full_install)
{
	const struct mst_opt_list *need = &ep_conf_of(ctx)->software_require;

	if ((ms_in_list(need, "vendor") && !ms_text(ctx, v, ES_VENDOR).n) ||
	    (ms_in_list(need, "version") && !ms_text(ctx, v, ES_VERSION).n)) {
		*why_r = MST_SLICE_LIT("software_require");
		return MST_DROP;
	}
	return ep_keep_install(ctx, v, why_r);
}

/* ---- CVEs --------------------------------------------------------------- */

/* A text that is not blank, without the way over the op. */
static inline bool has_text(struct mst_rule_ctx *ctx, const struct mst_value *v,
			    unsigned field)
{
	const struct mst_value *f = v + field;

	if (f->type == MST_JSON_STRING && f->u.s.n > 0 &&
	    (unsigned char)f->u.s.p[0] > ' ')
		return true;
	return f->type != MST_JSON_NULL && ms_text(ctx, v, field).n > 0;
}

MS_FILTER(ep_keep_device_cve)
{
	if (!has_text(ctx, v, ED_CVE)) {
		*why_r = MST_SLICE_LIT("an inventory row without a CVE");
		return MST_DROP;
	}
	if (v[ED_STATUS].type == MST_JSON_STRING &&
	    mst_slice_iis(ms_text(ctx, v, ED_STATUS), "fixed")) {
		*why_r = MST_SLICE_LIT("its status is Fixed");
		return MST_DROP;
	}
	if (!has_text(ctx, v, ED_DEVICE))
		return ms_skip("CVE row without a device id", why_r);
	return MST_KEEP;
}

static bool score_of(const struct mst_value *score, double *d_r)
{
	switch (score->type) {
	case MST_JSON_INT:
		*d_r = (double)score->u.i;
		return true;
	case MST_JSON_DOUBLE:
		*d_r = score->u.d;
		return true;
	case MST_JSON_STRING:
		return mst_num_dbl(
		    mst_slice_trim(mst_slice(score->u.s.p, score->u.s.n)), d_r);
	case MST_JSON_NULL:
	case MST_JSON_BOOL:
	case MST_JSON_ARRAY:
	case MST_JSON_OBJECT:
		break;
	}
	return false;
}

/* 1 low … 4 critical; 0 none, -1 unknown */
static int severity_of(struct mst_slice s)
{
	static const char *const words[] = {"none", "low", "medium", "high",
					    "critical"};

	for (size_t i = 0; i < MST_LEN(words); i++) {
		if (mst_slice_iis(s, words[i]))
			return (int)i;
	}
	return -1;
}

static bool is_exploitable(struct mst_slice s)
{
	return mst_slice_iis(s, "ExploitIsPublic") ||
	       mst_slice_iis(s, "ExploitIsVerified") ||
	       mst_slice_iis(s, "ExploitIsInKit");
}

/* The setting that the row does not reach, or NULL. */
static const char *too_low(struct mst_rule_ctx *ctx, const struct mst_value *v)
{
	const struct ep_conf *c = ep_conf_of(ctx);
	double score = 0;
	int severity;

	if (!score_of(&v[ED_CVSS], &score)) {
		if (c->no_score == EP_NO_SCORE_DROP)
			return "no_score";
	} else if (score < c->min_cvss) {
		return "min_cvss";
	}
	if (c->min_severity) {
		severity = severity_of(ms_text(ctx, v, ED_SEVERITY));
		if (severity < 0 && c->no_score == EP_NO_SCORE_DROP)
			return "no_score";
		if (severity >= 0 && severity < c->min_severity)
			return "min_severity";
	}
	if (c->only_exploitable &&
	    !is_exploitable(ms_text(ctx, v, ED_EXPLOITABILITY)))
		return "only_exploitable";
	return NULL;
}

/* With a threshold. */
MS_FILTER(ep_keep_severe_cve)
{
	enum mst_keep keep = ep_keep_device_cve(ctx, v, why_r);
	const char *setting = keep == MST_KEEP ? too_low(ctx, v) : NULL;

	if (!setting)
		return keep;
	*why_r = mst_slice_str(setting);
	return ep_conf_of(ctx)->below_threshold == EP_BELOW_KEEP ? MST_LEAVE
								 : MST_DROP;
}

MS_FILTER(ep_keep_cve)
{
	if (!ms_text(ctx, v, EC_ID).n)
		return ms_skip("vulnerability without an id", why_r);
	return MST_KEEP;
}

/* ---- joins -------------------------------------------------------------- */

/* The all-zero id stands for "not registered". */
bool ep_join_entra(const struct mst_value *v)
{
	struct mst_slice s = {v[EE_DEVICE].u.s.p, v[EE_DEVICE].u.s.n};
	size_t zeros = 0;

	if (v[EE_DEVICE].type != MST_JSON_STRING || !s.n)
		return false;
	while (zeros < s.n && (s.p[zeros] == '0' || s.p[zeros] == '-'))
		zeros++;
	return zeros < s.n;
}

/* The inventory also lists processors and firmware; the device itself is the
 * part of type "Hardware". */
bool ep_join_hardware(const struct mst_value *v)
{
	struct mst_slice s = {v[EH_TYPE].u.s.p, v[EH_TYPE].u.s.n};

	return v[EH_TYPE].type != MST_JSON_STRING ||
	       mst_slice_iis(mst_slice_trim(s), "hardware");
}
