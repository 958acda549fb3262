/* SPDX-License-Identifier: Apache-2.0
 *
 * The console's integration API, v3: what was updated after a time, in pages
 * with the count of all; objects where the documents' tables say strings.
 */
#include <stdio.h>
#include <strings.h>

#include "base/num.h"
#include "sim/iot.h"

#define APPLIANCE "Management console (CM)"

struct page {
	int64_t from, size; /* records to pass over; to write */
	int64_t count;
};

static struct page page_of(const struct sim_request *r)
{
	int64_t size = iot_query(r, "size", 50);
	int64_t page = iot_query(r, "page", 0);

	size = size < 0 ? 50 : MST_MIN(size, 1000000);
	page = page < 0 ? 0 : MST_MIN(page, 1000000000);
	return (struct page){.from = page * size, .size = size};
}

/* Counts a record; true when it is on the page. */
static bool on_page(struct page *p)
{
	int64_t at = p->count++;

	return at >= p->from && at - p->from < p->size;
}

/* ---- devices ------------------------------------------------------------- */

static void list_of(struct mst_jout *j, const char *list, const char *key,
		    const char *const *v, unsigned n)
{
	mst_jout_key(j, list);
	mst_jout_arr(j);
	for (unsigned i = 0; i < n; i++) {
		mst_jout_obj(j);
		mst_jout_kstr(j, key, v[i]);
		mst_jout_end_obj(j);
	}
	mst_jout_end_arr(j);
}

static void write_addresses(const struct iot_facts *f, struct mst_jout *j)
{
	mst_jout_key(j, "u_ip_address_objects");
	mst_jout_arr(j);
	for (unsigned i = 0; i < f->ips_n; i++) {
		mst_jout_obj(j);
		mst_jout_kstr(j, "u_ip_address", f->ips[i]);
		list_of(j, "u_guessed_mac_addresses", "u_mac_address",
			&f->guessed[i], f->guessed[i] ? 1 : 0);
		mst_jout_end_obj(j);
	}
	mst_jout_end_arr(j);
	list_of(j, "u_mac_address_objects", "u_mac_address", f->macs,
		f->macs_n);
}

static void write_type(const struct iot_facts *f, struct mst_jout *j)
{
	mst_jout_key(j, "u_device_type");
	mst_jout_obj(j);
	mst_jout_kstr(j, "u_name", f->type);
	mst_jout_kstr(j, "u_category", f->category);
	mst_jout_kstr(j, "u_purdue_layer", f->layer);
	mst_jout_end_obj(j);
}

static void write_firmwares(const struct iot_device *d,
			    const struct iot_facts *f, struct mst_jout *j)
{
	mst_jout_key(j, "u_firmwares");
	mst_jout_arr(j);
	for (unsigned i = 0; i < f->firmwares_n; i++) {
		const struct iot_firmware *w = &f->firmwares[i];

		mst_jout_obj(j);
		mst_jout_kstr(j, "u_appliance", APPLIANCE);
		mst_jout_ki64(j, "u_id", d->id);
		mst_jout_kstr(j, "u_asset", f->name);
		mst_jout_kstr(j, "u_address", w->address ? w->address : "N/A");
		mst_jout_kstr(j, "u_module_address", w->module);
		mst_jout_kstr(j, "u_serial", w->serial);
		mst_jout_kstr(j, "u_model", w->model);
		mst_jout_kstr(j, "u_version", w->version);
		mst_jout_kstr(j, "u_additional_data", w->more);
		mst_jout_end_obj(j);
	}
	mst_jout_end_arr(j);
}

static void write_sensors(const struct mst_sim *sim, const struct iot_device *d,
			  struct mst_arena *a, struct mst_jout *j)
{
	const unsigned seen[2] = {d->sensor, d->second};

	mst_jout_key(j, "u_sensor_ids");
	mst_jout_arr(j);
	for (int i = 0; i < 2 && seen[i]; i++) {
		mst_jout_obj(j);
		mst_jout_ki64(j, "u_sensor_id", seen[i]);
		mst_jout_end_obj(j);
	}
	mst_jout_end_arr(j);
	mst_jout_key(j, "u_device_urls");
	mst_jout_arr(j);
	for (int i = 0; i < 2 && seen[i]; i++) {
		mst_jout_obj(j);
		mst_jout_kstr(
		    j, "u_device_url",
		    mst_arena_printf(a, "%s/#/assets/highlight/%lld",
				     mst_sim_sensor_url(sim, seen[i]),
				     (long long)iot_id_at(d, seen[i])));
		mst_jout_end_obj(j);
	}
	mst_jout_end_arr(j);
}

static void write_device(const struct mst_sim *sim, const struct iot_device *d,
			 struct mst_arena *a, struct mst_jout *j)
{
	const struct sim_iot *iot = sim->iot;
	const struct iot_sensor *s = &iot->sensors[d->sensor - 1];
	struct iot_facts f;

	iot_facts(d, a, &f);
	mst_jout_obj(j);
	mst_jout_ki64(j, "u_id", d->id);
	mst_jout_kstr(j, "u_name", f.name);
	mst_jout_kstr(j, "u_vendor", f.vendor);
	mst_jout_kstr(j, "u_operating_system", f.os ? f.os : "");
	mst_jout_kstr(j, "u_appliance", APPLIANCE);
	mst_jout_kstr(j, "u_site", iot_site_name(s->site));
	mst_jout_kstr(j, "u_zone", iot_zone_name(s->zone));
	mst_jout_key(j, "u_groups");
	mst_jout_arr(j);
	for (unsigned i = 0; i < f.groups_n; i++)
		mst_jout_str(j, f.groups[i]);
	mst_jout_end_arr(j);
	mst_jout_ki64(j, "u_first_discovered", iot_ms(d->first_us));
	mst_jout_ki64(j, "u_last_activity", iot_ms(d->activity_us));
	mst_jout_ki64(j, "u_last_update", iot_ms(d->update_us));
	write_type(&f, j);
	mst_jout_kstr(j, "u_purdue_layer", f.own_layer);
	write_addresses(&f, j);
	list_of(j, "u_protocol_objects", "u_protocol", f.protocols,
		f.protocols_n);
	list_of(j, "u_vlans", "u_vlan", f.vlans, f.vlans_n);
	write_sensors(sim, d, a, j);
	mst_jout_kstr(j, "u_cm_device_url",
		      mst_arena_printf(
			  a, "%s/#/sites/%u/zones/%u/devices-maps?devices=%lld",
			  sim->url[MST_SIM_IOT], s->site, s->zone,
			  (long long)d->id));
	write_firmwares(d, &f, j);
	mst_jout_end_obj(j);
}

/* notificationType: 1 new since then, 2 known before and updated. */
static bool of_kind(const struct iot_device *d, int64_t since_ms, int64_t kind)
{
	bool fresh = iot_ms(d->first_us) > since_ms;

	if (iot_ms(d->update_us) <= since_ms)
		return false;
	return kind == 1 ? fresh : kind == 2 ? !fresh : true;
}

static bool at_sensor(const struct sim_request *r, const struct iot_device *d)
{
	return iot_listed(r, "sensorId", d->sensor) ||
	       (d->second && iot_listed(r, "sensorId", d->second));
}

static void devices(struct mst_sim *sim, const struct sim_request *r,
		    int64_t since_ms, struct sim_reply *reply)
{
	int64_t kind = iot_query(r, "notificationType", 0);
	struct page p = page_of(r);
	struct mst_buf list = MST_BUF_INIT(SIM_MAX_REPLY);
	struct mst_arena a;
	struct mst_jout j;

	mst_arena_init(&a, 1u << 20);
	mst_jout_init(&j, &list);
	mst_jout_arr(&j);
	for (size_t i = 0; i < sim->iot->devices_n; i++) {
		const struct iot_device *d = &sim->iot->devices[i];

		if (d->gone_us || !of_kind(d, since_ms, kind) ||
		    !at_sensor(r, d) || !on_page(&p))
			continue;
		write_device(sim, d, &a, &j);
		mst_arena_reset(&a);
	}
	mst_jout_end_arr(&j);
	mst_buf_addf(&reply->body,
		     "{\"u_count\":%lld,\"u_devices\":", (long long)p.count);
	mst_buf_add_slice(&reply->body, mst_buf_slice(&list));
	mst_buf_addc(&reply->body, '}');
	mst_buf_fini(&list);
	mst_arena_fini(&a);
}

/* An array of one; of none when there is no such device. */
static void device(struct mst_sim *sim, int64_t id, struct sim_reply *reply)
{
	const struct iot_device *d = iot_device_by_id(sim->iot, id);
	struct mst_jout j;

	mst_jout_init(&j, &reply->body);
	mst_jout_arr(&j);
	if (d && !d->gone_us)
		write_device(sim, d, &reply->arena, &j);
	mst_jout_end_arr(&j);
}

static void deleted(struct mst_sim *sim, int64_t since_ms,
		    struct sim_reply *reply)
{
	struct mst_jout j;

	mst_jout_init(&j, &reply->body);
	mst_jout_arr(&j);
	for (size_t i = 0; i < sim->iot->devices_n; i++) {
		const struct iot_device *d = &sim->iot->devices[i];

		if (!d->gone_us || iot_ms(d->gone_us) <= since_ms)
			continue;
		mst_jout_obj(&j);
		mst_jout_ki64(&j, "u_id", d->id);
		mst_jout_end_obj(&j);
	}
	mst_jout_end_arr(&j);
}

/* ---- connections --------------------------------------------------------- */

struct walk {
	struct sim_iot *iot;
	struct page p;
	int64_t since_ms;
	struct mst_jout j;
	struct mst_arena a;
	uint32_t *device, *k;
	uint32_t end_device, end_k; /* behind the page */
	bool stop;		    /* the count is known already */
};

static void write_connection(struct walk *w, const struct iot_connection *c)
{
	struct iot_facts src, dst;

	iot_brief(c->src, &w->a, &src);
	iot_brief(c->dst, &w->a, &dst);
	mst_jout_obj(&w->j);
	mst_jout_kstr(&w->j, "u_appliance", APPLIANCE);
	mst_jout_ki64(&w->j, "u_src_device_id", c->src->id);
	mst_jout_kstr(&w->j, "u_src_device_name", src.name);
	mst_jout_ki64(&w->j, "u_dest_device_id", c->dst->id);
	mst_jout_kstr(&w->j, "u_dest_device_name", dst.name);
	mst_jout_kstr(&w->j, "u_connection_type", c->type);
	mst_jout_end_obj(&w->j);
	mst_arena_reset(&w->a);
}

static bool take_connection(void *ctx, const struct iot_connection *c)
{
	struct walk *w = ctx;

	if (iot_ms(c->update_us) <= w->since_ms)
		return true;
	if (on_page(&w->p)) {
		write_connection(w, c);
		w->end_device = *w->device;
		w->end_k = *w->k;
	}
	return !w->stop || w->p.count < w->p.from + w->p.size;
}

static void connections(struct mst_sim *sim, const struct sim_request *r,
			int64_t since_ms, struct sim_reply *reply)
{
	struct sim_iot *iot = sim->iot;
	struct mst_buf list = MST_BUF_INIT(SIM_MAX_REPLY);
	struct walk w = {.iot = iot, .p = page_of(r), .since_ms = since_ms};
	uint32_t device = 0, k = 0;

	/* the page behind the last one of the same question goes on there */
	if (iot->page.generation == iot->generation &&
	    iot->page.since_us == since_ms &&
	    (int64_t)iot->page.at == w.p.from && w.p.from) {
		device = iot->page.device;
		k = iot->page.k;
		w.p.count = w.p.from;
		w.stop = true;
	}
	w.device = &device;
	w.k = &k;
	w.end_device = device;
	w.end_k = k;
	mst_arena_init(&w.a, 1u << 20);
	mst_jout_init(&w.j, &list);
	mst_jout_arr(&w.j);
	iot_connections(iot, &device, &k, take_connection, &w);
	mst_jout_end_arr(&w.j);
	if (!w.stop) {
		iot->page.count = (uint64_t)w.p.count;
		iot->page.generation = iot->generation;
		iot->page.since_us = since_ms;
	}
	iot->page.at = (uint64_t)MST_MIN(w.p.count, w.p.from + w.p.size);
	iot->page.device = w.end_device;
	iot->page.k = w.end_k;
	mst_buf_addf(&reply->body, "{\"u_count\":%llu,\"u_connections\":",
		     (unsigned long long)iot->page.count);
	mst_buf_add_slice(&reply->body, mst_buf_slice(&list));
	mst_buf_addc(&reply->body, '}');
	mst_buf_fini(&list);
	mst_arena_fini(&w.a);
}

/* ---- CVEs ---------------------------------------------------------------- */

static void write_cves(const struct sim_iot *iot, const struct iot_device *d,
		       const struct iot_cve *cves, unsigned n, double score,
		       struct mst_arena *a, struct mst_jout *j)
{
	struct iot_facts f;

	iot_facts(d, a, &f);
	mst_jout_obj(j);
	mst_jout_ki64(j, "u_id", d->id);
	mst_jout_kstr(j, "u_name", f.name);
	write_addresses(&f, j);
	mst_jout_ki64(j, "u_last_activity", iot_ms(d->activity_us));
	mst_jout_ki64(j, "u_last_update", iot_ms(d->update_us));
	mst_jout_key(j, "u_cves");
	mst_jout_arr(j);
	for (unsigned i = 0; i < n && cves[i].score >= score; i++) {
		char text[32];

		mst_num_fixed1(cves[i].score, text);
		mst_jout_obj(j);
		mst_jout_kstr(j, "u_cve_id", cves[i].id);
		mst_jout_kstr(j, "u_score", text);
		mst_jout_kstr(j, "u_ip_address",
			      cves[i].ip ? cves[i].ip
			      : f.ips_n	 ? f.ips[0]
					 : "N/A");
		mst_jout_kstr(j, "u_attack_vector", cves[i].vector);
		mst_jout_kstr(j, "u_description", cves[i].text);
		mst_jout_end_obj(j);
	}
	mst_jout_end_arr(j);
	mst_jout_end_obj(j);
}

static void device_cves(struct mst_sim *sim, const struct sim_request *r,
			int64_t since_ms, struct sim_reply *reply)
{
	struct iot_cve cves[IOT_MAX_CVES];
	struct page p = page_of(r);
	struct mst_buf list = MST_BUF_INIT(SIM_MAX_REPLY);
	const char *text = sim_query(r, "score");
	double score = 0;
	struct mst_arena a;
	struct mst_jout j;

	if (text)
		(void)mst_num_dbl(mst_slice_str(text), &score);
	mst_arena_init(&a, 1u << 20);
	mst_jout_init(&j, &list);
	mst_jout_arr(&j);
	for (size_t i = 0; i < sim->iot->devices_n; i++) {
		const struct iot_device *d = &sim->iot->devices[i];
		unsigned n;

		if (d->gone_us || iot_ms(d->update_us) <= since_ms ||
		    !at_sensor(r, d) || !iot_listed(r, "deviceIds", d->id))
			continue;
		/* who is on another page is only counted */
		n = score > 0 ? iot_cves(d, cves) : iot_has_cves(d);
		if (!n || (score > 0 && cves[0].score < score) || !on_page(&p))
			continue;
		n = iot_cves(d, cves);
		write_cves(sim->iot, d, cves, n, score, &a, &j);
		mst_arena_reset(&a);
	}
	mst_jout_end_arr(&j);
	mst_buf_addf(&reply->body, "{\"u_count\":%lld,\"u_device_cves\":",
		     (long long)p.count);
	mst_buf_add_slice(&reply->body, mst_buf_slice(&list));
	mst_buf_addc(&reply->body, '}');
	mst_buf_fini(&list);
	mst_arena_fini(&a);
}

/* ---- sensors ------------------------------------------------------------- */

static void sensors(struct mst_sim *sim, struct sim_reply *reply)
{
	static const char *const states[] = {
	    "SYNCED", "OUT_OF_SYNC", "TIME_DIFF_OFFSET", "DISCONNECTED"};
	struct mst_jout j;

	mst_jout_init(&j, &reply->body);
	mst_jout_arr(&j);
	for (unsigned i = 0; i < sim->iot->sensors_n; i++) {
		const struct iot_sensor *s = &sim->iot->sensors[i];
		int64_t n, alerts, open;

		iot_counts(sim->iot, s->n, &n, &alerts, &open);
		mst_jout_obj(&j);
		mst_jout_ki64(&j, "u_id", s->n);
		mst_jout_kstr(&j, "u_name", s->name);
		mst_jout_kstr(&j, "u_interface_address",
			      mst_sim_sensor_url(sim, s->n));
		mst_jout_kstr(&j, "u_connection_state", states[s->state]);
		mst_jout_kstr(&j, "u_version", s->version);
		mst_jout_ki64(&j, "u_alert_count", alerts);
		mst_jout_ki64(&j, "u_device_count", n);
		mst_jout_ki64(&j, "u_unhandled_alert_count", open);
		mst_jout_kbool(&j, "u_is_activated", s->activated);
		mst_jout_kstr(&j, "u_data_intelligence_version",
			      s->intelligence);
		mst_jout_kstr(&j, "u_uid", s->uid);
		iot_key_i64(&j, "u_zone_id", s->zone, !s->zone);
		mst_jout_kbool(&j, "u_is_in_learning_mode", s->learning);
		mst_jout_kstr(&j, "u_remote_upgrade_stage", s->stage);
		mst_jout_end_obj(&j);
	}
	mst_jout_end_arr(&j);
}

void iot_v3_serve(struct mst_sim *sim, const struct sim_request *r,
		  const char *path, struct sim_reply *reply)
{
	const char *slash = strchr(path, '/');
	struct mst_slice what =
	    mst_slice(path, slash ? (size_t)(slash - path) : strlen(path));
	int64_t n;

	if (!slash && mst_slice_is(what, "sensors"))
		sensors(sim, reply);
	else if (!slash || !mst_num_i64(mst_slice_str(slash + 1), &n))
		iot_error(reply, 404, "Not found");
	else if (mst_slice_is(what, "devices"))
		devices(sim, r, n, reply);
	else if (mst_slice_is(what, "connections"))
		connections(sim, r, n, reply);
	else if (mst_slice_is(what, "device"))
		device(sim, n, reply);
	else if (mst_slice_is(what, "deleteddevices"))
		deleted(sim, n, reply);
	else if (mst_slice_is(what, "devicecves"))
		device_cves(sim, r, n, reply);
	else
		iot_error(reply, 404, "Not found");
}
