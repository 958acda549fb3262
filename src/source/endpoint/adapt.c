/* SPDX-License-Identifier: Apache-2.0
 *
 * What the settings make of the catalogue: other ops, filters, feeds, columns
 * and joins. A setting at its default changes nothing here, and one that acts
 * on software or CVE rows acts by the choice of the op, so that it costs
 * nothing where it is off.
 */
#include "rules/names.h"
#include "source/endpoint/ops.h"

static const char packages[] = "software_packages";
static const char installs[] = "software_installs";
static const char instances[] = "device_vulnerabilities";
static const char names_rule[] = "endpoint.software_names";

bool ep_has_packages(const struct ep_conf *conf)
{
	return conf->software_packages && conf->software_table != EP_SAM;
}

/* The mappings to a set, one after the other: start with *at 0. */
static struct mst_mapping *next_mapping(struct mst_derive *d, const char *set,
					size_t *at)
{
	const struct mst_catalog *c = mst_derive_catalog(d);

	while (*at < c->mappings_n) {
		struct mst_mapping *m = mst_derive_mapping(d, (*at)++);

		if (!set || strcmp(m->set, set) == 0)
			return m;
	}
	return NULL;
}

static int add_row(struct mst_derive *d, const char *set,
		   const struct mst_map_row *row, struct mst_err *err)
{
	size_t at = 0;

	if (!next_mapping(d, set, &at))
		return mst_err_set(err, MST_E_INTERNAL, "no mapping to %s",
				   set);
	return mst_derive_add_row(d, at - 1, row, false, err);
}

static int add_rows(struct mst_derive *d, const char *set,
		    const struct mst_map_row *rows, size_t n,
		    struct mst_err *err)
{
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++)
		rc = add_row(d, set, &rows[i], err);
	return rc;
}

/* ---- devices ------------------------------------------------------------ */

static int adapt_classes(const struct ep_conf *conf, struct mst_derive *d,
			 struct mst_err *err)
{
	struct mst_set *set = mst_derive_set(d, "devices");
	struct mst_class *classes;
	size_t n;

	if (ep_classes_make(conf, mst_derive_arena(d), &classes, &n, err) < 0)
		return -(int)err->code;
	set->classes = classes;
	set->classes_n = n;
	return 0;
}

/* Whether the join may fill this field of a machine. */
static bool may_fill(const struct ep_conf *conf, unsigned to)
{
	static const struct {
		unsigned to;
		const char *word;
	} words[] = {{EM_MANUFACTURER, "manufacturer"},
		     {EM_MODEL, "model"},
		     {EM_ADDITIONAL, "serial_number"}};

	for (size_t i = 0; i < MST_LEN(words); i++) {
		if (words[i].to == to)
			return ms_in_list(&conf->enrich_attributes,
					  words[i].word);
	}
	return true;
}

/* The version that Entra ID has, behind those of Defender. */
static int add_entra_version(struct mst_derive *d, struct mst_join *join,
			     struct mst_err *err)
{
	struct mst_map_row row = {.column = "os_version",
				  .op = mst_op_text,
				  .rule = "endpoint.enrich"};

	if (mst_derive_field(d, EP_MACHINES, "entraOsVersion", &row.field,
			     err) < 0)
		return -(int)err->code;
	join->copy[join->copy_n].to = row.field;
	join->copy[join->copy_n++].from = EE_OS_VERSION;
	return add_row(d, "devices", &row, err);
}

static int adapt_joins(const struct ep_conf *conf, struct mst_derive *d,
		       struct mst_err *err)
{
	const struct mst_catalog *c = mst_derive_catalog(d);
	struct mst_join *joins =
	    mst_arena_alloc(mst_derive_arena(d), c->joins_n * sizeof(*joins));
	bool turn = conf->enrich_prefer == EP_PREFER_HARDWARE;
	int rc = 0;

	for (size_t i = 0; i < c->joins_n && rc == 0; i++) {
		const struct mst_join *from =
		    &c->joins[turn ? c->joins_n - 1 - i : i];
		struct mst_join *to = &joins[i];

		*to = *from;
		to->copy_n = 0;
		for (unsigned k = 0; k < from->copy_n; k++) {
			if (may_fill(conf, from->copy[k].to))
				to->copy[to->copy_n++] = from->copy[k];
		}
		if (to->from == EP_ENTRA &&
		    ms_in_list(&conf->enrich_attributes, "os_version"))
			rc = add_entra_version(d, to, err);
	}
	mst_derive_joins(d, joins, c->joins_n);
	return rc;
}

/* ---- software ----------------------------------------------------------- */

static void no_packages(struct mst_derive *d)
{
	size_t at = 0;
	struct mst_mapping *m;

	while ((m = next_mapping(d, packages, &at)))
		m->feeds = 0;
	(void)mst_derive_drop(d, installs, "software");
	(void)mst_derive_drop(d, instances, "u_software_package");
}

/* The built-in table leads to the names that CVE rows have: only own entries
 * are looked up for them. */
static int adapt_names(const struct ep_conf *conf, struct mst_derive *d,
		       struct mst_err *err)
{
	static const struct mst_map_row rows[] = {
	    {"u_software_name", ED_NAME, ep_op_product_name, NULL, names_rule},
	    {"u_software_vendor", ED_VENDOR, ep_op_product_vendor, NULL,
	     names_rule},
	};
	const struct mst_names *names;

	if (mst_names_make(mst_derive_arena(d), conf->software_names_builtin,
			   conf->software_names.v, conf->software_names.n,
			   &names, err) < 0)
		return -(int)err->code;
	mst_derive_names(d, names);
	if (!conf->software_names.n)
		return 0;
	for (size_t i = 0; i < MST_LEN(rows); i++)
		(void)mst_derive_drop(d, instances, rows[i].column);
	return add_rows(d, instances, rows, MST_LEN(rows), err);
}

/* The table of Software Asset Management has other columns. */
static int to_sam(struct mst_derive *d, struct mst_err *err)
{
	static const char rule[] = "endpoint.installs";
	static const struct mst_map_row rows[] = {
	    {"display_name", ES_NAME, ep_op_product_name, NULL, names_rule},
	    {"publisher", ES_VENDOR, ep_op_product_vendor, NULL, names_rule},
	    {"version", ES_VERSION, mst_op_text, NULL, rule},
	    {"prod_id", ES_NAME, ep_op_software_key, NULL, rule},
	    {"discovery_source", ES_DEVICE, mst_op_const, "muster",
	     "endpoint.correlation"},
	};

	mst_derive_set(d, installs)->table = "cmdb_sam_sw_install";
	(void)mst_derive_drop(d, installs, "name");
	return add_rows(d, installs, rows, MST_LEN(rows), err);
}

static int adapt_software(const struct ep_conf *conf, struct mst_derive *d,
			  struct mst_err *err)
{
	static const char *const sets[] = {packages, installs};
	struct mst_mapping *m;
	size_t at;

	for (size_t i = 0; i < MST_LEN(sets); i++) {
		for (at = 0; (m = next_mapping(d, sets[i], &at));) {
			if (conf->software_require.n)
				m->filter = ep_keep_full_install;
			if (!conf->software_non_cpe)
				m->feeds &= ~EP_BIT(EP_NON_CPE);
		}
	}
	if (!ep_has_packages(conf))
		no_packages(d);
	return conf->software_table == EP_SAM ? to_sam(d, err) : 0;
}

/* ---- CVEs --------------------------------------------------------------- */

/* The status is then a value of updates, too: one that only takes the place of
 * what this rule or the start of the life cycle set. */
static int grow_stale(struct mst_derive *d, struct mst_err *err)
{
	static const struct mst_column column = {.name = "u_status",
						 .flags = MST_COL_UPDATE,
						 .max = 40,
						 .only_over =
						     "unresolved|stale"};
	static const struct mst_map_row rows[] = {
	    {"u_status", ED_LAST_SEEN, ep_op_cve_status, NULL,
	     "endpoint.cve_age", MST_COL_INSERT},
	    {"u_status", ED_LAST_SEEN, ep_op_cve_status, NULL,
	     "endpoint.cve_age", MST_COL_UPDATE},
	};

	(void)mst_derive_drop(d, instances, "u_status");
	if (mst_derive_add_column(d, instances, &column, err) < 0)
		return -(int)err->code;
	return add_rows(d, instances, rows, MST_LEN(rows), err);
}

static int adapt_cves(const struct ep_conf *conf, struct mst_derive *d,
		      struct mst_err *err)
{
	struct mst_mapping *m;

	if (conf->min_cvss > 0 || conf->min_severity ||
	    conf->only_exploitable || conf->no_score == EP_NO_SCORE_DROP) {
		for (size_t at = 0; (m = next_mapping(d, NULL, &at));) {
			if (m->filter == ep_keep_device_cve)
				m->filter = ep_keep_severe_cve;
		}
	}
	return conf->stale_after_days ? grow_stale(d, err) : 0;
}

int ep_adapt(const void *conf, struct mst_derive *d, struct mst_err *err)
{
	const struct ep_conf *c = conf;
	int rc = ep_platforms_check(c, err);

	if (rc == 0)
		rc = ep_macs_check(c, err);
	if (rc == 0)
		rc = adapt_classes(c, d, err);
	if (rc == 0)
		rc = adapt_joins(c, d, err);
	if (rc == 0)
		rc = adapt_software(c, d, err);
	if (rc == 0)
		rc = adapt_names(c, d, err);
	if (rc == 0)
		rc = adapt_cves(c, d, err);
	return rc;
}
