/* SPDX-License-Identifier: Apache-2.0
 *
 * The simulated Defender for IoT: making, the way of a request, steps.
 *
 *   host iot      the management console: /external/…
 *   host sensor   one port for each sensor: /api/…, as clients of a sensor
 *                 expect it at its own address
 */
#include "sim/iot.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/num.h"

struct sim_iot *sim_iot_new(const struct mst_sim_conf *conf, int64_t now_us)
{
	struct sim_iot *iot = mst_alloc(sizeof(*iot));

	iot->seed = conf->seed;
	iot->start_us = iot->rate_us = now_us;
	iot->generation = 1;
	mst_arena_init(&iot->arena, (size_t)1 << 30);
	mst_arena_init(&iot->keys, (size_t)1 << 30);
	iot->per_day = (unsigned)MST_MAX(conf->iot_alerts, 0);
	iot_plant_make(iot, conf, now_us);
	iot_auth_make(iot);
	/* the week before; a third of it was handled */
	for (unsigned i = 0; iot->devices_n && i < iot->per_day * 7; i++) {
		int64_t ago = INT64_C(7) * EST_DAY_US / (iot->per_day * 7) *
			      (iot->per_day * 7 - i);
		struct iot_alert *a = iot_raise_any(iot, now_us - ago);

		if (a && i % 3 == 0) {
			a->handled = true;
			a->handled_us = a->time_us + 1000000;
		}
	}
	return iot;
}

void sim_iot_free(struct sim_iot **iotp)
{
	struct sim_iot *iot = *iotp;
	size_t at = 0;
	void *v;

	if (!iot)
		return;
	while (mst_map_next(&iot->cache, &at, NULL, &v)) {
		free(((struct iot_cached *)v)->body);
		free(v);
	}
	mst_map_fini(&iot->cache);
	mst_map_fini(&iot->learned);
	mst_map_fini(&iot->by_id);
	mst_arena_fini(&iot->arena);
	mst_arena_fini(&iot->keys);
	free(iot->sensors);
	free(iot->devices);
	free(iot->links);
	free(iot->alerts);
	free(iot->log);
	free(iot);
	*iotp = NULL;
}

int64_t iot_ms(int64_t us)
{
	return us / 1000;
}

struct iot_sensor *iot_sensor(struct sim_iot *iot, int64_t n)
{
	return n >= 1 && n <= (int64_t)iot->sensors_n ? &iot->sensors[n - 1]
						      : NULL;
}

int64_t iot_query(const struct sim_request *r, const char *name, int64_t usual)
{
	const char *text = sim_query(r, name);
	int64_t n;

	return text && mst_num_i64(mst_slice_str(text), &n) ? n : usual;
}

bool iot_listed(const struct sim_request *r, const char *name, int64_t n)
{
	const char *p = sim_query(r, name);

	if (!p || !*p)
		return true;
	for (;; p++) {
		size_t len = strcspn(p, ",");
		int64_t have;

		if (mst_num_i64(mst_slice_trim(mst_slice(p, len)), &have) &&
		    have == n)
			return true;
		p += len;
		if (!*p)
			return false;
	}
}

void iot_key_i64(struct mst_jout *j, const char *key, int64_t n, bool null)
{
	mst_jout_key(j, key);
	if (null)
		mst_jout_null(j);
	else
		mst_jout_i64(j, n);
}

void iot_error(struct sim_reply *reply, int status, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	sim_control_error(reply, status, "%s", text);
}

/* ---- requests ------------------------------------------------------------ */

/* What stands behind the prefix, or NULL. */
static const char *behind(const char *path, const char *prefix)
{
	size_t n = strlen(prefix);

	return !strncmp(path, prefix, n) ? path + n : NULL;
}

static bool only_get(const struct sim_request *r, struct sim_reply *reply)
{
	if (!strcmp(r->method, "GET"))
		return true;
	iot_error(reply, 405, "Method not allowed");
	return false;
}

/* {"action":"handle"}: kept as a step, so that a restart knows of it. */
static void put_alert(struct mst_sim *sim, const struct sim_request *r,
		      const char *uuid, struct sim_reply *reply)
{
	struct mst_json_parser *p = mst_json_parser_new(1u << 20);
	struct mst_err err = MST_ERR_INIT;
	struct mst_slice action = {NULL, 0};
	struct mst_buf step = MST_BUF_INIT(65536);
	struct mst_json root;
	struct mst_jout j;
	const char *text;
	int status;

	if (mst_json_parse(p, r->body, &root, &err) == 0)
		action = mst_json_str(mst_json_get(root, "action"));
	mst_jout_init(&j, &step);
	mst_jout_obj(&j);
	mst_jout_kstr(&j, "uuid", uuid);
	mst_jout_kslice(&j, "action", action);
	mst_jout_end_obj(&j);
	text = iot_alert_handle(sim->iot, mst_slice_str(uuid), action,
				r->now_us, &status);
	if (status == 200)
		iot_keep(sim, "handle", mst_buf_slice(&step));
	reply->status = status;
	mst_jout_init(&j, &reply->body);
	mst_jout_obj(&j);
	mst_jout_kstr(&j, status == 200 ? "content" : "error", text);
	mst_jout_end_obj(&j);
	mst_buf_fini(&step);
	mst_json_parser_free(&p);
}

static void console_pcap(struct mst_sim *sim, const char *id,
			 struct sim_reply *reply)
{
	struct sim_iot *iot = sim->iot;
	const struct iot_alert *a;
	struct mst_jout j;
	char token[37];
	int64_t n;

	if (!mst_num_i64(mst_slice_str(id), &n) || n < 1 ||
	    n > (int64_t)iot->alerts_n) {
		iot_error(reply, 500, "alert not found");
		return;
	}
	a = &iot->alerts[n - 1];
	sim_guid(est_mix(iot->seed ^ 0x9ca9, a->sensor), (uint64_t)a->sensor_id,
		 token);
	mst_jout_init(&j, &reply->body);
	mst_jout_obj(&j);
	mst_jout_kstr(&j, "downloadUrl",
		      mst_arena_printf(&reply->arena,
				       "%s/api/v2/alerts/pcap/%lld",
				       mst_sim_sensor_url(sim, a->sensor),
				       (long long)a->sensor_id));
	mst_jout_ki64(&j, "xsenseId", a->sensor);
	mst_jout_kstr(&j, "token", token);
	mst_jout_ki64(&j, "id", a->id);
	mst_jout_ki64(&j, "xsenseAlertId", a->sensor_id);
	mst_jout_end_obj(&j);
}

/* The file itself: the head of a capture without packets. Takes the token of
 * the console's answer beside the sensor's own. */
static void sensor_pcap(struct mst_sim *sim, const struct sim_request *r,
			const char *id, unsigned sensor,
			struct sim_reply *reply)
{
	static const char head[24] =
	    "\xd4\xc3\xb2\xa1\x02\x00\x04\x00\0\0\0\0\0\0\0\0\xff\xff\0\0\x01";
	const char *have = sim_header(r, "Authorization");
	char token[37] = "";
	int64_t n;

	if (mst_num_i64(mst_slice_str(id), &n))
		sim_guid(est_mix(sim->iot->seed ^ 0x9ca9, sensor), (uint64_t)n,
			 token);
	else
		n = 0;
	if ((!have || strcmp(have, token) != 0) &&
	    !iot_authorised(sim->iot, r, sensor, reply))
		return;
	if (n < 1 || n >= sim->iot->sensors[sensor - 1].next_alert) {
		iot_error(reply, 500, "alert not found");
		return;
	}
	reply->content_type = "application/vnd.tcpdump.pcap";
	mst_buf_add(&reply->body, head, sizeof(head));
}

static void console_rest(struct mst_sim *sim, const struct sim_request *r,
			 const char *path, int version, const char *token,
			 struct sim_reply *reply)
{
	const char *rest;

	if (version == 1 && !strcmp(path, "maintenanceWindow")) {
		iot_window_serve(sim, r, token, reply);
		return;
	}
	if (version == 1 && (rest = behind(path, "alerts/")) != NULL &&
	    !strcmp(r->method, "PUT")) {
		put_alert(sim, r, rest, reply);
		return;
	}
	if (!only_get(r, reply))
		return;
	if (version == 2 && (rest = behind(path, "alerts/pcap/")) != NULL)
		console_pcap(sim, rest, reply);
	else if (version == 1 && !strcmp(path, "devices"))
		iot_rows_devices(sim->iot, r, 0, reply);
	else if (version <= 2 && !strcmp(path, "alerts"))
		iot_alerts_serve(sim->iot, r, 0, version, reply);
	else if (version <= 2 && !strcmp(path, "appliances"))
		iot_rows_appliances(sim, r, reply);
	else if (version == 3 && (rest = behind(path, "integration/")) != NULL)
		iot_v3_serve(sim, r, rest, reply);
	else
		iot_error(reply, 404, "Not found");
}

static void serve_console(struct mst_sim *sim, const struct sim_request *r,
			  struct sim_reply *reply)
{
	const char *rest = behind(r->path, "/external/authentication/");
	const char *token;

	if (rest) {
		iot_auth_serve(sim, r, 0, rest, reply);
		return;
	}
	token = iot_authorised(sim->iot, r, 0, reply);
	if (!token)
		return;
	rest = behind(r->path, "/external/v");
	if (rest && rest[0] >= '1' && rest[0] <= '3' && rest[1] == '/')
		console_rest(sim, r, rest + 2, rest[0] - '0', token, reply);
	else
		iot_error(reply, 404, "Not found");
}

/* devices, devices/connections, devices/<id>/connections, devices/cves,
 * devices/<ip>/cves */
static bool sensor_devices(struct mst_sim *sim, const struct sim_request *r,
			   const char *path, unsigned sensor,
			   struct sim_reply *reply)
{
	const char *slash = strchr(path, '/');
	struct mst_slice one;
	int64_t id;

	if (!slash) {
		if (!strcmp(path, "connections"))
			iot_rows_connections(sim->iot, r, sensor, 0, reply);
		else if (!strcmp(path, "cves"))
			iot_rows_cves(sim->iot, r, sensor, NULL, reply);
		else
			return false;
		return true;
	}
	one = mst_slice(path, (size_t)(slash - path));
	if (!strcmp(slash, "/cves")) {
		iot_rows_cves(sim->iot, r, sensor,
			      mst_arena_dup(&reply->arena, one).p, reply);
		return true;
	}
	if (strcmp(slash, "/connections") != 0 || !mst_num_i64(one, &id))
		return false;
	iot_rows_connections(sim->iot, r, sensor, id, reply);
	return true;
}

static void serve_sensor(struct mst_sim *sim, const struct sim_request *r,
			 struct sim_reply *reply)
{
	unsigned sensor = r->sensor;
	const char *path, *rest;
	int version;
	bool known = true;

	if ((rest = behind(r->path, "/api/external/authentication/")) != NULL) {
		iot_auth_serve(sim, r, sensor, rest, reply);
		return;
	}
	if ((rest = behind(r->path, "/api/v2/alerts/pcap/")) != NULL) {
		sensor_pcap(sim, r, rest, sensor, reply);
		return;
	}
	if (!iot_authorised(sim->iot, r, sensor, reply) || !only_get(r, reply))
		return;
	path = behind(r->path, "/api/v1/");
	version = path ? 1 : 2;
	if (!path)
		path = behind(r->path, "/api/v2/");
	if (!path)
		known = false;
	else if (!strcmp(path, "alerts"))
		iot_alerts_serve(sim->iot, r, sensor, version, reply);
	else if (version == 2)
		known = false;
	else if (!strcmp(path, "devices"))
		iot_rows_devices(sim->iot, r, sensor, reply);
	else if (!strcmp(path, "events"))
		iot_events_serve(sim->iot, r, sensor, reply);
	else if ((rest = behind(path, "devices/")) != NULL)
		known = sensor_devices(sim, r, rest, sensor, reply);
	else if ((rest = behind(path, "reports/vulnerabilities/")) != NULL)
		known = iot_reports_serve(sim->iot, sensor, rest, reply);
	else
		known = false;
	if (!known)
		iot_error(reply, 404, "Not found");
}

void sim_iot_serve(struct mst_sim *sim, const struct sim_request *r,
		   struct sim_reply *reply)
{
	iot_catch_up(sim->iot, r->now_us);
	if (r->host == MST_SIM_IOT)
		serve_console(sim, r, reply);
	else
		serve_sensor(sim, r, reply);
}
