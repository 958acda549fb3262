/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of the table u_muster_ot_alert (servicenow/tables_ot.c).
 */
#include "forward/act_application.h"

#include "base/time.h"
#include "json/out.h"

#define AT(member) offsetof(struct mst_application_conf, member)

const struct mst_opt mst_application_opts[] = {
    {"connection", MST_OPT_TEXT, AT(connection), .flags = MST_OPT_REQUIRED,
     .help = "the connection to ServiceNow"},
    {"acknowledge", MST_OPT_CHOICE, AT(acknowledge), "off", "off|handle|learn",
     .help = MST_ACKNOWLEDGE_HELP},
    {0},
};

void mst_application_key(const char *source, struct mst_slice key,
			 struct mst_buf *out)
{
	(void)mst_buf_addf(out, "iot/%s/%.*s", source, MST_SLICE_ARG(key));
}

static void text(struct mst_jout *j, const char *key, struct mst_slice v)
{
	if (v.n)
		mst_jout_kslice(j, key, v);
}

static void ref(struct mst_jout *j, const char *key, const char *id)
{
	if (id && *id)
		mst_jout_kstr(j, key, id);
}

static void party(struct mst_jout *j, const char *const keys[3],
		  const struct mst_party *p)
{
	text(j, keys[0], p->name);
	text(j, keys[1], p->address);
	text(j, keys[2], p->mac);
}

void mst_application_body(const char *source, struct mst_slice key,
			  const struct mst_alert *a,
			  const struct mst_application_refs *refs,
			  struct mst_buf *out)
{
	static const char *const from[] = {"u_source_name", "u_source_address",
					   "u_source_mac"};
	static const char *const to[] = {
	    "u_destination_name", "u_destination_address", "u_destination_mac"};
	struct mst_buf id = MST_BUF_INIT(4096);
	struct mst_jout j;
	char when[20] = "";

	mst_application_key(source, key, &id);
	if (a->time_us != MST_TIME_NONE)
		mst_time_sn(a->time_us, when);
	mst_jout_init(&j, out);
	mst_jout_obj(&j);
	mst_jout_kslice(&j, "u_key", mst_buf_slice(&id));
	mst_jout_kstr(&j, "u_source", source);
	text(&j, "u_title", a->title);
	text(&j, "u_alert_id", a->id);
	text(&j, "u_uuid", a->uuid);
	text(&j, "u_created", mst_slice_str(when));
	text(&j, "u_engine", mst_slice_str(mst_engine_name(a->engine)));
	text(&j, "u_message", a->message);
	text(&j, "u_protocol", a->protocol);
	text(&j, "u_severity", mst_slice_str(mst_severity_name(a->severity)));
	text(&j, "u_category", a->category);
	text(&j, "u_appliance_name", a->sensor);
	text(&j, "u_site", a->site);
	text(&j, "u_zone", a->zone);
	ref(&j, "u_source_device", refs->source_device);
	party(&j, from, &a->source);
	ref(&j, "u_destination_device", refs->destination_device);
	party(&j, to, &a->destination);
	text(&j, "u_remediation", a->steps);
	text(&j, "u_additional_information", a->more);
	mst_jout_kstr(&j, "u_handled", a->handled ? "true" : "false");
	mst_jout_kstr(&j, "u_system", a->system ? "true" : "false");
	ref(&j, "u_cmdb_ci", refs->ci);
	mst_jout_end_obj(&j);
	mst_buf_fini(&id);
}
