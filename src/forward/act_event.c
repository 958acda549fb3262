/* SPDX-License-Identifier: Apache-2.0
 *
 * Events of Event Management.
 */
#include "forward/act_event.h"

#include "base/time.h"
#include "forward/act_text.h"
#include "json/out.h"

#define COLUMN	    100 /* characters of em_event's columns */
#define DESCRIPTION 4000
#define TEXT_MAX    (64u << 10)

const struct mst_opt mst_event_opts[] = {
    {"connection", MST_OPT_TEXT, offsetof(struct mst_event_conf, connection),
     .flags = MST_OPT_REQUIRED, .help = "the connection to ServiceNow"},
    {0},
};

/* 0 is Clear, 1 Critical to 4 Warning, 5 Info. */
static const char *const severities[] = {
    [MST_SEVERITY_NONE] = "5",	   [MST_SEVERITY_WARNING] = "4",
    [MST_SEVERITY_MINOR] = "3",	   [MST_SEVERITY_MAJOR] = "2",
    [MST_SEVERITY_CRITICAL] = "1",
};

static void column(struct mst_jout *j, const char *key, struct mst_slice v)
{
	if (v.n)
		mst_jout_kslice(j, key, mst_act_cut(v, COLUMN));
}

/* The node is bound to a CI by name, FQDN, IP or MAC. */
static struct mst_slice node_of(const struct mst_alert *a)
{
	const struct mst_slice first[] = {
	    a->source.address,	 a->source.name,
	    a->source.mac,	 a->destination.address,
	    a->destination.name, a->destination.mac,
	    a->sensor,
	};

	for (size_t i = 0; i < MST_LEN(first); i++) {
		if (first[i].n)
			return first[i];
	}
	return mst_slice(NULL, 0);
}

static void info(struct mst_jout *j, const char *key, struct mst_slice v)
{
	if (v.n)
		mst_jout_kslice(j, key, v);
}

/* JSON in a text, as the API wants it. */
static void add_info(struct mst_jout *j, const struct mst_alert *a)
{
	struct mst_buf text = MST_BUF_INIT(TEXT_MAX);
	struct mst_jout i;

	mst_jout_init(&i, &text);
	mst_jout_obj(&i);
	info(&i, "protocol", a->protocol);
	info(&i, "category", a->category);
	info(&i, "site", a->site);
	info(&i, "zone", a->zone);
	info(&i, "source_device", a->source.id);
	info(&i, "source_address", a->source.address);
	info(&i, "source_mac", a->source.mac);
	info(&i, "destination_device", a->destination.id);
	info(&i, "destination_address", a->destination.address);
	info(&i, "destination_mac", a->destination.mac);
	info(&i, "uuid", a->uuid);
	mst_jout_end_obj(&i);
	mst_jout_kslice(j, "additional_info", mst_buf_slice(&text));
	mst_buf_fini(&text);
}

static void add(struct mst_jout *j, const struct mst_event *e, int64_t now_us)
{
	const struct mst_alert *a = e->alert;
	struct mst_buf text = MST_BUF_INIT(TEXT_MAX);
	char key[MST_CORRELATION + 1], when[20];

	mst_act_correlation(e->source, e->key, key);
	mst_time_sn(a->time_us == MST_TIME_NONE ? now_us : a->time_us, when);
	mst_act_description(a, &text);
	mst_jout_obj(j);
	mst_jout_kstr(j, "source", "Microsoft Defender for IoT");
	column(j, "event_class", a->sensor);
	column(j, "node", node_of(a));
	column(j, "resource", a->protocol);
	column(j, "metric_name", mst_slice_str(mst_engine_name(a->engine)));
	column(j, "type", a->title);
	mst_jout_kstr(j, "message_key", key);
	mst_jout_kstr(j, "severity",
		      a->handled ? "0" : severities[a->severity]);
	mst_jout_kslice(
	    j, "description",
	    mst_slice_trim(mst_act_cut(mst_buf_slice(&text), DESCRIPTION)));
	add_info(j, a);
	mst_jout_kstr(j, "time_of_event", when);
	mst_jout_kstr(j, "resolution_state", a->handled ? "Closing" : "New");
	mst_jout_end_obj(j);
	mst_buf_fini(&text);
}

void mst_event_body(const struct mst_event *e, size_t n, int64_t now_us,
		    struct mst_buf *out)
{
	struct mst_jout j;

	mst_jout_init(&j, out);
	mst_jout_obj(&j);
	mst_jout_key(&j, "records");
	mst_jout_arr(&j);
	for (size_t i = 0; i < n; i++)
		add(&j, &e[i], now_us);
	mst_jout_end_arr(&j);
	mst_jout_end_obj(&j);
}
