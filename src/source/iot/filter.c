/* SPDX-License-Identifier: Apache-2.0
 *
 * Which records are delivered.
 */
#include "alert/alert.h"

#include "base/num.h"
#include "base/time.h"
#include "source/iot/ops.h"

#define DAY_US 86400000000

static enum mst_keep drop(const char *why, struct mst_slice *why_r)
{
	*why_r = mst_slice_str(why);
	return MST_DROP;
}

/* ---- sensors ------------------------------------------------------------- */

MS_FILTER(ot_keep_sensor)
{
	struct mst_slice id = ot_id(ctx, v, OS_ID), learning;
	bool learns = mst_op_bool(ctx, v, OS_LEARNING, NULL, &learning) == 1 &&
		      mst_slice_is(learning, "true");

	if (!id.n)
		return ms_skip("sensor without an id", why_r);
	if (!ot_sensor_wanted(ot_conf_of(ctx), ot_clean(ctx, v, OS_NAME), id,
			      learns))
		return drop(learns ? "learning_sensors or sensors" : "sensors",
			    why_r);
	return MST_KEEP;
}

static enum mst_keep with_class(struct mst_rule_ctx *ctx,
				const struct mst_value *v,
				struct mst_slice *why_r)
{
	struct mst_slice table;

	if (ot_op_sensor_class(ctx, v, 0, NULL, &table) != 1)
		return ms_skip("the destination has no class of class_sensor",
			       why_r);
	return MST_KEEP;
}

MS_FILTER(ot_keep_sensor_ci)
{
	enum mst_keep keep = ot_keep_sensor(ctx, v, why_r);

	return keep == MST_KEEP ? with_class(ctx, v, why_r) : keep;
}

MS_FILTER(ot_keep_self_ci)
{
	return with_class(ctx, v, why_r);
}

/* ---- devices ------------------------------------------------------------- */

static bool in_words(const struct mst_opt_list *list, struct mst_slice s)
{
	for (size_t i = 0; i < list->n; i++) {
		if (mst_slice_iis(s, list->v[i]))
			return true;
	}
	return false;
}

static bool passes(const struct mst_opt_list *only, struct mst_slice s)
{
	return only->n == 0 || ms_fits_one(only, s);
}

static bool not_seen(struct mst_rule_ctx *ctx, const struct mst_value *v,
		     int64_t days)
{
	struct mst_slice s = ot_clean(ctx, v, OD_ACTIVITY);
	int64_t us;

	return days && s.n && mst_time_parse(s, &us) && us != MST_TIME_NONE &&
	       us / DAY_US < mst_rule_now(ctx) / DAY_US - days;
}

static bool is_unauthorized(struct mst_rule_ctx *ctx, const struct mst_value *v)
{
	struct mst_slice s;

	return mst_op_bool(ctx, v, OD_AUTHORIZED, NULL, &s) == 1 &&
	       mst_slice_is(s, "false");
}

/* The setting that leaves the device out, or NULL. */
static const char *left_out_by(struct mst_rule_ctx *ctx,
			       const struct mst_value *v)
{
	const struct ot_settings *c = &ot_conf_of(ctx)->set;
	struct mst_slice type = ot_device_type(ctx, v);
	struct mst_slice category = ot_device_category(ctx, v);

	if (!passes(&c->filter_types, type))
		return "filter_types";
	if (ms_fits_one(&c->filter_types_not, type))
		return "filter_types_not";
	if (c->filter_categories.n &&
	    !in_words(&c->filter_categories, category))
		return "filter_categories";
	if (!c->it_devices && mst_slice_iis(category, "IT"))
		return "it_devices";
	if (!passes(&c->filter_sites, ot_clean(ctx, v, OD_SITE)))
		return "filter_sites";
	if (!passes(&c->filter_zones, ot_clean(ctx, v, OD_ZONE)))
		return "filter_zones";
	if (c->unauthorized == OT_UNAUTHORIZED_SKIP && is_unauthorized(ctx, v))
		return "unauthorized";
	if (not_seen(ctx, v, c->filter_not_seen_days))
		return "filter_not_seen_days";
	return NULL;
}

MS_FILTER(ot_keep_device)
{
	const char *setting;

	if (!ot_id(ctx, v, OD_ID).n)
		return ms_skip("device without an id", why_r);
	/* A console that ignores sensorId= shows them all the same. */
	setting = ot_device_hidden(ctx, v);
	if (setting)
		return drop(setting, why_r);
	setting = left_out_by(ctx, v);
	if (!setting)
		return MST_KEEP;
	*why_r = mst_slice_str(setting);
	return ot_conf_of(ctx)->set.filter_missing == OT_LEAVE ? MST_LEAVE
							       : MST_DROP;
}

MS_FILTER(ot_keep_device_ci)
{
	enum mst_keep keep = ot_keep_device(ctx, v, why_r);
	struct mst_slice missing;

	if (keep != MST_KEEP || ot_device_class(ctx, v, &missing).n)
		return keep;
	if (!missing.n)
		return drop("devices of its type are no CIs (classes)", why_r);
	return ms_skip_about(ctx, "the destination has no class ", missing,
			     why_r);
}

/* What is no OT device has no level of its own. */
MS_FILTER(ot_keep_entity)
{
	enum mst_keep keep = ot_keep_device_ci(ctx, v, why_r);

	if (keep != MST_KEEP)
		return keep;
	if (!mst_rule_has_class(ctx, "cmdb_ot_entity"))
		return drop("the destination has no cmdb_ot_entity", why_r);
	if (!mst_slice_iis(ot_device_category(ctx, v), "ICS"))
		return drop("it is no OT device", why_r);
	return MST_KEEP;
}

/* ---- below devices ------------------------------------------------------- */

MS_FILTER(ot_keep_seen)
{
	struct mst_slice id = ot_id(ctx, v, OE_SENSOR), learning;
	bool learns = mst_op_bool(ctx, v, OE_LEARNING, NULL, &learning) == 1 &&
		      mst_slice_is(learning, "true");

	if (!id.n)
		return drop("no sensor", why_r);
	if (!ot_sensor_wanted(ot_conf_of(ctx), ot_clean(ctx, v, OE_NAME), id,
			      learns))
		return drop("sensors", why_r);
	return MST_KEEP;
}

MS_FILTER(ot_keep_adapter)
{
	struct mst_slice mac;

	if (ot_op_adapter(ctx, v, 0, NULL, &mac) != 1)
		return drop("no MAC address of one device", why_r);
	return MST_KEEP;
}

MS_FILTER(ot_keep_address)
{
	struct mst_slice ip;

	if (ot_op_address(ctx, v, 0, NULL, &ip) != 1)
		return drop("no IP address of a device", why_r);
	return MST_KEEP;
}

/* A module of which nothing is known but where it might be. */
MS_FILTER(ot_keep_firmware)
{
	if (!ot_clean(ctx, v, OW_SERIAL).n && !ot_clean(ctx, v, OW_MODEL).n &&
	    !ot_clean(ctx, v, OW_VERSION).n && !ot_clean(ctx, v, OW_MORE).n)
		return drop("nothing is known of the module", why_r);
	return MST_KEEP;
}

MS_FILTER(ot_keep_connection)
{
	if (!ot_id(ctx, v, ON_SRC).n || !ot_id(ctx, v, ON_DEST).n)
		return ms_skip("connection without both devices", why_r);
	return MST_KEEP;
}

/* ---- CVEs ---------------------------------------------------------------- */

MS_FILTER(ot_keep_cve)
{
	if (!ot_clean(ctx, v, OC_CVE).n)
		return drop("a row without a CVE", why_r);
	return MST_KEEP;
}

static enum mst_keep without_device(struct mst_rule_ctx *ctx,
				    const struct mst_value *v,
				    struct mst_slice *why_r)
{
	struct mst_slice ip = ot_clean(ctx, v, OC_IP);

	/* the join's word for several of them */
	if (v[OC_DEVICE].type == MST_JSON_BOOL)
		return ms_skip_about(ctx, "several devices have the address ",
				     ip, why_r);
	return ms_skip_about(ctx, "no device has the address ", ip, why_r);
}

MS_FILTER(ot_keep_device_cve)
{
	const struct ot_settings *c = &ot_conf_of(ctx)->set;
	enum mst_keep keep = ot_keep_cve(ctx, v, why_r);
	struct mst_slice score;
	double d;

	if (keep != MST_KEEP)
		return keep;
	if (!ot_id(ctx, v, OC_DEVICE).n)
		return without_device(ctx, v, why_r);
	if (mst_op_fixed1(ctx, v, OC_SCORE, NULL, &score) != 1 ||
	    !mst_num_dbl(score, &d))
		return c->no_score == OT_NO_SCORE_DROP ? drop("no_score", why_r)
						       : MST_KEEP;
	return d < c->min_cvss ? drop("min_cvss", why_r) : MST_KEEP;
}

/* ---- alerts -------------------------------------------------------------- */

static bool is_of_engine(const struct mst_opt_list *list, enum mst_engine e)
{
	for (size_t i = 0; i < list->n; i++) {
		if (mst_engine_parse(mst_slice_str(list->v[i])) == e)
			return true;
	}
	return list->n == 0;
}

MS_FILTER(ot_keep_alert)
{
	const struct ot_settings *c = &ot_conf_of(ctx)->set;
	struct mst_slice key, system;

	if (ot_op_alert_key(ctx, v, 0, NULL, &key) != 1)
		return ms_skip("alert with neither a title nor a message",
			       why_r);
	if ((int)mst_severity_parse(ms_text(ctx, v, OL_SEVERITY)) <
	    c->alert_severity)
		return drop("alert_severity", why_r);
	if (!is_of_engine(&c->alert_engines,
			  mst_engine_parse(ms_text(ctx, v, OL_ENGINE))))
		return drop("alert_engines", why_r);
	if (!c->alert_system &&
	    ot_op_alert_system(ctx, v, 0, NULL, &system) == 1 &&
	    mst_slice_is(system, "true"))
		return drop("alert_system", why_r);
	return MST_KEEP;
}
