/* SPDX-License-Identifier: Apache-2.0
 *
 * Sections 3 to 6 of docs/internals/iot-rules.md, written a second time:
 * adapters, addresses, firmware, detections, connections, CVEs, alerts.
 */
#include <stdio.h>
#include <strings.h>

#include "base/hash.h"
#include "base/num.h"
#include "sim/truth_iot_private.h"

static const char *or_none(const char *text)
{
	return text && strcasecmp(text, "N/A") != 0 ? text : "";
}

static void status(struct truth_iot *t, struct truth_ot *r)
{
	tio_is(t, r, "install_status", "1");
	tio_is(t, r, "operational_status", "1");
}

/* ---- adapters, addresses ------------------------------------------------- */

/* The CI owns what is below it, also when that is retired. */
static void owns(struct truth_iot *t, const struct ot_device *o,
		 const char *what)
{
	struct truth_ot *r =
	    tio_show(t, TO_RELATION, tio_printf(t, "%s\x1f%s", o->ci, what));

	tio_ref(r, "parent", o->ci);
	tio_ref(r, "child", what);
	tio_is(t, r, "type.name", "Owns::Owned by");
	r->stays = true;
}

static void adapters(struct truth_iot *t, const struct ot_device *o)
{
	const char *ips[IOT_MAX_IPS], *macs[IOT_MAX_IPS];
	unsigned ips_n = tio_ips_of(o->f, ips);
	unsigned macs_n = tio_macs_of(t, o->f, macs);

	for (unsigned i = 0; i < macs_n; i++) {
		struct truth_ot *r = tio_show(
		    t, TO_ADAPTER, tio_printf(t, "%s\x1f%s", o->ci, macs[i]));

		tio_is(t, r, "name", macs[i]);
		tio_is(t, r, "mac_address", macs[i]);
		tio_ref(r, "cmdb_ci", o->ci);
		if (macs_n == 1 && ips_n == 1)
			tio_is(t, r, "ip_address", ips[0]);
		status(t, r);
		owns(t, o, r->key);
	}
	for (unsigned i = 0; i < ips_n; i++) {
		struct truth_ot *r = tio_show(
		    t, TO_ADDRESS, tio_printf(t, "%s\x1f%s", o->ci, ips[i]));

		tio_is(t, r, "name", ips[i]);
		tio_is(t, r, "ip_address", ips[i]);
		tio_is(t, r, "ip_version", strchr(ips[i], ':') ? "6" : "4");
		tio_ref(r, "owned_by_cmdb_ci", o->ci);
		status(t, r);
		owns(t, o, r->key);
	}
}

/* ---- firmware, detections ------------------------------------------------ */

static void firmware(struct truth_iot *t, const struct ot_device *o)
{
	for (unsigned i = 0; i < o->f->firmwares_n; i++) {
		const struct iot_firmware *w = &o->f->firmwares[i];
		const char *address = or_none(w->address);
		const char *module = or_none(w->module);
		const char *slot = t->sensor ? or_none(w->slot) : "";
		struct truth_ot *r;

		if (!*or_none(w->serial) && !*or_none(w->model) &&
		    !*or_none(w->version) && !*or_none(w->more))
			continue;
		r = tio_show(t, TO_FIRMWARE,
			     tio_printf(t, "%s\x1f%s\x1f%s\x1f%s", o->key,
					address, module, slot));
		tio_ref(r, "u_device", o->key);
		tio_is(t, r, "u_source", t->conn);
		tio_is(t, r, "u_address", address);
		tio_is(t, r, "u_module_address", module);
		tio_is(t, r, "u_serial", or_none(w->serial));
		tio_is(t, r, "u_model", or_none(w->model));
		tio_is(t, r, "u_version", or_none(w->version));
		tio_is(t, r, "u_additional_data", or_none(w->more));
		if (t->sensor)
			tio_is(t, r, "u_rack", or_none(w->rack));
		tio_is(t, r, "u_slot", slot);
		tio_is(t, r, "u_name",
		       *or_none(w->model) && *or_none(w->version)
			   ? tio_printf(t, "%s %s", w->model, w->version)
			   : or_none(w->model ? w->model : w->version));
	}
}

static void detection(struct truth_iot *t, const struct ot_device *o,
		      const char *sensor)
{
	struct truth_ot *r =
	    tio_show(t, TO_RELATION, tio_printf(t, "%s\x1f%s", sensor, o->ci));

	tio_ref(r, "parent", sensor);
	tio_ref(r, "child", o->ci);
	tio_is(t, r, "type.name", "Detects::Detected by");
}

static void detections(struct truth_iot *t, const struct ot_device *o)
{
	if (t->sensor) {
		detection(t, o, tio_printf(t, "%s/sensor", t->conn));
		return;
	}
	detection(t, o, tio_printf(t, "%s/sensor/%u", t->conn, o->d->sensor));
	if (o->d->second)
		detection(t, o,
			  tio_printf(t, "%s/sensor/%u", t->conn, o->d->second));
}

/* ---- CVEs ---------------------------------------------------------------- */

static const char *severity(double score)
{
	return score >= 9.0   ? "critical"
	       : score >= 7.0 ? "high"
	       : score >= 4.0 ? "medium"
	       : score >= 0.1 ? "low"
			      : "none";
}

static const char *vector(const char *v)
{
	return !strcmp(v, "NETWORK")	    ? "AV:N"
	       : !strcmp(v, "LOCAL")	    ? "AV:L"
	       : !strcmp(v, "PHYSICAL")	    ? "AV:P"
	       : !strncmp(v, "ADJACENT", 8) ? "AV:A"
					    : NULL;
}

/* What is said of a CVE is only written when its record is made. */
static void definition(struct truth_iot *t, const struct iot_cve *c,
		       const char *id, const char *score)
{
	struct truth_ot *r = tio_show(t, TO_CVE, id);

	if (r->n)
		return;
	tio_is(t, r, "u_name", id);
	tio_is(t, r, "u_description", c->text);
	tio_is(t, r, "u_severity", severity(c->score));
	tio_is(t, r, "u_cvss_score", score);
	tio_is(t, r, "u_cvss_vector", vector(c->vector));
	tio_is(t, r, "u_source", "Microsoft Defender for IoT");
}

static void instance(struct truth_iot *t, const struct ot_device *o,
		     const char *cve, double value, const char *score)
{
	char text[512], key[33];
	struct truth_ot *r;
	bool closed;
	int n = snprintf(text, sizeof(text), "%s\n%lld\n%s", t->conn,
			 (long long)o->id, cve);

	mst_hash_hex(mst_hash128(text, (size_t)n, 0), key);
	r = mst_map_get(&t->lists[TO_INSTANCE].by_key, mst_slice_str(key));
	closed = r && r->seen + 1 < t->sync;
	r = tio_show(t, TO_INSTANCE, key);
	r->reopened += closed;
	r->pending = r->pending && !closed;
	tio_ref(r, "u_cmdb_ci", o->ci);
	tio_ref(r, "u_cve", cve);
	tio_is(t, r, "u_severity", severity(value));
	tio_is(t, r, "u_cvss_score", score);
	tio_is(t, r, "u_status",
	       r->pending ? "resolved_pending" : "unresolved");
	tio_is(t, r, "u_source_connection", t->conn);
	tio_is(t, r, "u_reopened_count", tio_printf(t, "%u", r->reopened));
	tio_has(r, "u_resolved_at", false);
}

static void cves(struct truth_iot *t, const struct ot_device *o)
{
	struct iot_cve list[IOT_MAX_CVES];
	unsigned n = iot_cves(o->d, list);

	/* a sensor names an address, of devices that have one */
	if (t->sensor && o->f->ips_n == 0)
		return;
	for (unsigned i = 0; i < n; i++) {
		char score[32];
		const char *id = tio_keep(t, list[i].id);

		mst_num_fixed1(list[i].score, score);
		definition(t, &list[i], id, score);
		instance(t, o, id, list[i].score, score);
	}
}

void tio_rows(struct truth_iot *t, const struct ot_device *o)
{
	firmware(t, o);
	if (!o->ci)
		return;
	adapters(t, o);
	detections(t, o);
	cves(t, o);
}

/* ---- connections --------------------------------------------------------- */

static const char *name_of(struct truth_iot *t, const struct iot_device *d)
{
	struct iot_facts f;

	iot_brief(d, &t->facts, &f);
	return f.name;
}

static bool take_connection(void *ctx, const struct iot_connection *c)
{
	struct truth_iot *t = ctx;
	int64_t src = tio_shown_id(t, c->src), dst = tio_shown_id(t, c->dst);
	const char *from, *to, *a, *b;
	struct truth_ot *r;

	if (!src || !dst)
		return true;
	a = name_of(t, c->src);
	b = name_of(t, c->dst);
	/* A sensor's pairs have no order: the smaller id is the source. */
	if (t->sensor && dst < src) {
		const char *name = a;
		int64_t id = src;

		a = b;
		b = name;
		src = dst;
		dst = id;
	}
	from = tio_printf(t, "%lld", (long long)src);
	to = tio_printf(t, "%lld", (long long)dst);
	r = tio_show(t, TO_CONNECTION,
		     tio_printf(t, "%s\x1f%s\x1f%s", from, to,
				t->sensor ? "" : c->type));
	tio_is(t, r, "u_source", t->conn);
	tio_ref(r, "u_src_device", tio_device_key(t, src));
	tio_ref(r, "u_dest_device", tio_device_key(t, dst));
	tio_is(t, r, "u_src_device_name", a);
	tio_is(t, r, "u_dest_device_name", b);
	tio_is(t, r, "u_name",
	       tio_printf(t, "%s - %s", a && *a ? a : from, b && *b ? b : to));
	return true;
}

void tio_connections(struct truth_iot *t)
{
	uint32_t device = 0, k = 0;

	iot_connections(t->iot, &device, &k, take_connection, t);
}

/* ---- alerts -------------------------------------------------------------- */

static const char *address(struct truth_iot *t, int32_t device)
{
	struct iot_facts f;

	if (device < 0)
		return NULL;
	iot_brief(&t->iot->devices[device], &t->facts, &f);
	return f.ips_n ? f.ips[0] : f.macs_n ? f.macs[0] : NULL;
}

/* A device that the far end knows still, as a row; in `ci` the CI that it is.
 */
static void party(struct truth_iot *t, struct truth_ot *r, int32_t device,
		  const char *column, const char *ci)
{
	const struct iot_device *d;
	const char *key;
	int64_t id;

	if (device < 0)
		return;
	d = &t->iot->devices[device];
	id = tio_shown_id(t, d);
	if (!id)
		return;
	key = tio_device_key(t, id);
	tio_ref(r, column, key);
	if (ci && tio_ci_of(t, key))
		tio_ref(r, ci, tio_ci_of(t, key));
}

void tio_alerts(struct truth_iot *t)
{
	for (size_t i = 0; i < t->iot->alerts_n; i++) {
		const struct iot_alert *a = &t->iot->alerts[i];
		const struct iot_sensor *s = &t->iot->sensors[a->sensor - 1];
		const struct iot_title *title = iot_alert_title(a);
		const char *message, *protocol;
		struct truth_ot *r;

		if (t->sensor && a->sensor != t->sensor)
			continue;
		r = tio_show(
		    t, TO_ALERT,
		    tio_printf(t, "%lld\x1f%s",
			       (long long)(t->sensor ? a->sensor_id : a->id),
			       t->sensor ? "" : s->name));
		iot_alert_message(t->iot, a, &t->facts, &message, &protocol);
		tio_is(t, r, "u_title", title->title);
		tio_is(t, r, "u_severity", title->severity);
		tio_is(t, r, "u_engine", title->engine);
		tio_is(t, r, "u_message", message);
		tio_is(t, r, "u_created", tio_time(t, a->time_us));
		tio_is(t, r, "u_source_address", address(t, a->src));
		tio_is(t, r, "u_destination_address", address(t, a->dst));
		party(t, r, a->src, "u_source_device", "u_cmdb_ci");
		party(t, r, a->dst, "u_destination_device", NULL);
		if (t->sensor)
			continue;
		tio_is(t, r, "u_site", iot_site_name(s->site));
		tio_is(t, r, "u_zone", iot_zone_name(s->zone));
		tio_is(t, r, "u_handled", a->handled ? "true" : "false");
	}
}
