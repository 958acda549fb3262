/* SPDX-License-Identifier: Apache-2.0
 *
 * Whole arrays of v1 and v2: devices, connections and CVEs of sensors, devices
 * and appliances of the console.
 */
#include <stdio.h>
#include <strings.h>

#include "base/num.h"
#include "sim/iot.h"

/* ---- devices ------------------------------------------------------------- */

static const char *known(const char *text)
{
	return text ? text : "N/A";
}

static void strings(struct mst_jout *j, const char *key, const char *const *v,
		    unsigned n)
{
	mst_jout_key(j, key);
	if (!n) {
		mst_jout_null(j);
		return;
	}
	mst_jout_arr(j);
	for (unsigned i = 0; i < n; i++)
		mst_jout_str(j, v[i]);
	mst_jout_end_arr(j);
}

/* The example has `addresses`, the newer table `ipAddresses`; at the console
 * their entries are Master, N/A or numbers. */
static void write_protocols(const struct iot_device *d,
			    const struct iot_facts *f, bool console,
			    struct mst_jout *j)
{
	static const char *const entries[] = {"Master", "N/A", "7"};

	mst_jout_key(j, "protocols");
	if (!f->protocols_n) {
		mst_jout_null(j);
		return;
	}
	mst_jout_arr(j);
	for (unsigned i = 0; i < f->protocols_n; i++) {
		mst_jout_obj(j);
		mst_jout_key(j, d->n % 4 == 3 ? "ipAddresses" : "addresses");
		mst_jout_arr(j);
		if (console && (d->n + i) % 2)
			mst_jout_str(j, entries[d->n % MST_LEN(entries)]);
		mst_jout_end_arr(j);
		mst_jout_ki64(j, "id", 60 + i);
		mst_jout_kstr(j, "name", f->protocols[i]);
		mst_jout_end_obj(j);
	}
	mst_jout_end_arr(j);
}

static void write_firmware(const struct iot_facts *f, struct mst_jout *j)
{
	mst_jout_key(j, "firmware");
	mst_jout_arr(j);
	for (unsigned i = 0; i < f->firmwares_n; i++) {
		const struct iot_firmware *w = &f->firmwares[i];

		mst_jout_obj(j);
		mst_jout_kstr(j, "slot", known(w->slot));
		mst_jout_kstr(j, "additionalData", known(w->more));
		mst_jout_kstr(j, "moduleAddress", known(w->module));
		mst_jout_kstr(j, "rack", known(w->rack));
		mst_jout_kstr(j, "address", known(w->address));
		mst_jout_kstr(j, "model", known(w->model));
		mst_jout_kstr(j, "serial", known(w->serial));
		mst_jout_kstr(j, "firmwareVersion", known(w->version));
		mst_jout_end_obj(j);
	}
	mst_jout_end_arr(j);
}

static void write_device(const struct sim_iot *iot, const struct iot_device *d,
			 const struct iot_facts *f, unsigned sensor,
			 struct mst_jout *j)
{
	const struct iot_sensor *s = &iot->sensors[d->sensor - 1];

	mst_jout_obj(j);
	if (!sensor) {
		mst_jout_ki64(j, "sensorId", s->n);
		mst_jout_ki64(j, "zoneId", s->zone);
		mst_jout_ki64(j, "siteId", s->site);
	}
	mst_jout_ki64(j, "id", sensor ? iot_id_at(d, sensor) : d->id);
	mst_jout_kstr(j, "name", f->name);
	mst_jout_kstr(j, "vendor", f->vendor);
	mst_jout_kstr(j, "operatingSystem", f->os);
	mst_jout_kstr(j, "type", f->type);
	strings(j, "ipAddresses", f->ips, f->ips_n);
	strings(j, "macAddresses", f->macs, f->macs_n);
	mst_jout_kbool(j, "engineeringStation", f->engineering);
	mst_jout_kbool(j, "scanner", f->scanner);
	mst_jout_kbool(j, "authorized", f->authorized);
	/* in the newer table only, so not of every device */
	if (sensor && d->n % 3)
		mst_jout_kbool(j, "hasDynamicAddress", f->dynamic);
	write_protocols(d, f, !sensor, j);
	write_firmware(f, j);
	mst_jout_end_obj(j);
}

static bool wanted(const struct sim_iot *iot, const struct sim_request *r,
		   const struct iot_device *d, unsigned sensor)
{
	const struct iot_sensor *s = &iot->sensors[d->sensor - 1];

	if (d->gone_us)
		return false;
	if (sensor)
		return iot_seen_by(d, sensor);
	return iot_listed(r, "sensorId", s->n) &&
	       iot_listed(r, "zoneId", s->zone) &&
	       iot_listed(r, "siteId", s->site);
}

void iot_rows_devices(struct sim_iot *iot, const struct sim_request *r,
		      unsigned sensor, struct sim_reply *reply)
{
	const char *only = sim_query(r, "authorized");
	bool yes = only && !strcasecmp(only, "true");
	bool no = only && !strcasecmp(only, "false");
	struct iot_facts f;
	struct mst_arena a;
	struct mst_jout j;

	mst_arena_init(&a, 1u << 20);
	mst_jout_init(&j, &reply->body);
	mst_jout_arr(&j);
	for (size_t i = 0; i < iot->devices_n; i++) {
		const struct iot_device *d = &iot->devices[i];

		if (!wanted(iot, r, d, sensor))
			continue;
		iot_facts(d, &a, &f);
		if (!((yes && !f.authorized) || (no && f.authorized)))
			write_device(iot, d, &f, sensor, &j);
		mst_arena_reset(&a);
	}
	mst_jout_end_arr(&j);
	mst_arena_fini(&a);
}

/* ---- connections --------------------------------------------------------- */

struct walk {
	unsigned sensor;
	int64_t device; /* id at the sensor; 0: all */
	int64_t before_ms, after_ms, active_ms;
	struct mst_jout j;
};

static void write_ports(const struct iot_connection *c, struct mst_jout *j)
{
	mst_jout_key(j, "ports");
	if (!c->port || c->h % 11 == 5) {
		mst_jout_null(j);
	} else {
		mst_jout_arr(j);
		mst_jout_i64(j, c->port);
		mst_jout_end_arr(j);
	}
	mst_jout_key(j, "protocols");
	if (!c->protocol || c->h % 13 == 5) {
		mst_jout_null(j);
		return;
	}
	mst_jout_arr(j);
	mst_jout_obj(j);
	mst_jout_kstr(j, "name", c->protocol);
	mst_jout_key(j, "commands");
	if (c->h % 3 == 0) {
		mst_jout_null(j);
	} else {
		mst_jout_arr(j);
		if (c->h % 3 == 1)
			mst_jout_str(j, "Read Coils");
		mst_jout_end_arr(j);
	}
	mst_jout_end_obj(j);
	mst_jout_end_arr(j);
}

static bool take_connection(void *ctx, const struct iot_connection *c)
{
	struct walk *w = ctx;
	int64_t src = iot_id_at(c->src, w->sensor);
	int64_t dst = iot_id_at(c->dst, w->sensor);
	int64_t found = iot_ms(c->discovered_us);

	if (!src || !dst || (w->device && src != w->device && dst != w->device))
		return true;
	if (found >= w->before_ms || found <= w->after_ms ||
	    iot_ms(c->seen_us) < w->active_ms)
		return true;
	mst_jout_obj(&w->j);
	mst_jout_ki64(&w->j, "firstDeviceId", src);
	mst_jout_ki64(&w->j, "secondDeviceId", dst);
	mst_jout_ki64(&w->j, "lastSeen", iot_ms(c->seen_us));
	mst_jout_ki64(&w->j, "discovered", found);
	write_ports(c, &w->j);
	mst_jout_end_obj(&w->j);
	return true;
}

void iot_rows_connections(struct sim_iot *iot, const struct sim_request *r,
			  unsigned sensor, int64_t device,
			  struct sim_reply *reply)
{
	int64_t minutes = iot_query(r, "lastActiveInMinutes", -1);
	struct walk w = {.sensor = sensor,
			 .device = device,
			 .before_ms =
			     iot_query(r, "discoveredBefore", INT64_MAX),
			 .after_ms = iot_query(r, "discoveredAfter", INT64_MIN),
			 .active_ms = INT64_MIN};
	uint32_t at = 0, k = 0;

	if (minutes >= 0 && minutes < INT64_C(1000000000))
		w.active_ms = iot_ms(r->now_us) - minutes * 60000;
	mst_jout_init(&w.j, &reply->body);
	mst_jout_arr(&w.j);
	iot_connections(iot, &at, &k, take_connection, &w);
	mst_jout_end_arr(&w.j);
}

/* ---- CVEs ---------------------------------------------------------------- */

/* The table spells what the example has in capitals. */
static const char *table_vector(const char *v)
{
	static const char *const both[][2] = {
	    {"NETWORK", "Network"},
	    {"ADJACENT_NETWORK", "Adjacent Network"},
	    {"LOCAL", "Local"},
	    {"PHYSICAL", "Physical"}};

	for (size_t i = 0; i < MST_LEN(both); i++)
		if (!strcmp(both[i][0], v))
			return both[i][1];
	return v;
}

static void write_cves(const struct iot_facts *f, const struct iot_cve *cves,
		       unsigned n, const char *ip, int64_t top, bool table,
		       struct mst_jout *j)
{
	int64_t given = 0;
	char score[32];

	for (unsigned i = 0; i < n && given < top; i++) {
		const char *at = cves[i].ip ? cves[i].ip : f->ips[0];

		if (strcmp(at, ip) != 0)
			continue;
		given++;
		mst_num_fixed1(cves[i].score, score);
		mst_jout_obj(j);
		mst_jout_kstr(j, "cveId", cves[i].id);
		mst_jout_kstr(j, "ipAddress", ip);
		mst_jout_kstr(j, "score", score);
		mst_jout_kstr(j, "attackVector",
			      table ? table_vector(cves[i].vector)
				    : cves[i].vector);
		mst_jout_kstr(j, "description", cves[i].text);
		mst_jout_end_obj(j);
	}
}

/* The highest scores first for each address; the key is the address. */
void iot_rows_cves(struct sim_iot *iot, const struct sim_request *r,
		   unsigned sensor, const char *ip, struct sim_reply *reply)
{
	int64_t top = iot_query(r, "top", 100);
	struct iot_cve cves[IOT_MAX_CVES];
	struct iot_facts f;
	struct mst_arena a;
	struct mst_jout j;

	mst_arena_init(&a, 1u << 20);
	mst_jout_init(&j, &reply->body);
	mst_jout_arr(&j);
	for (size_t i = 0; i < iot->devices_n; i++) {
		const struct iot_device *d = &iot->devices[i];
		unsigned n;

		if (d->gone_us || !iot_seen_by(d, sensor))
			continue;
		n = iot_cves(d, cves);
		if (!n)
			continue;
		iot_facts(d, &a, &f);
		for (unsigned k = 0; k < f.ips_n; k++)
			if (!ip || !strcmp(ip, f.ips[k]))
				write_cves(&f, cves, n, f.ips[k], top,
					   d->n % 8 == 4 && !d->hand, &j);
		mst_arena_reset(&a);
	}
	mst_jout_end_arr(&j);
	mst_arena_fini(&a);
}

/* ---- appliances ---------------------------------------------------------- */

static void write_state(const struct iot_sensor *s, int64_t now_ms,
			struct mst_jout *j)
{
	static const char *const texts[] = {
	    "Connection is successful", "Sensor is out of sync",
	    "Time difference to the sensor", "Sensor is disconnected"};
	int64_t late = s->state == IOT_DISCONNECTED ? 7200000 : 0;

	mst_jout_key(j, "state");
	mst_jout_obj(j);
	mst_jout_ki64(j, "id", s->n);
	mst_jout_ki64(j, "xsenseId", s->n);
	mst_jout_key(j, "connectionState");
	mst_jout_obj(j);
	mst_jout_ki64(j, "id", s->state + 1);
	mst_jout_kstr(j, "description", texts[s->state]);
	mst_jout_kbool(j, "isConsideredConnected",
		       s->state != IOT_DISCONNECTED);
	mst_jout_end_obj(j);
	mst_jout_ki64(j, "cmSyncedUntil", now_ms - late - 6000);
	mst_jout_ki64(j, "sensorSyncedUntil", now_ms - late - 90000);
	mst_jout_ki64(j, "sensorLastMessage", now_ms - late);
	mst_jout_end_obj(j);
}

static void write_upgrade(const struct iot_sensor *s, struct mst_jout *j)
{
	bool on = s->stage[0] && s->upgrade_us &&
		  strcmp(s->stage, "SUCCESS") != 0 &&
		  strcmp(s->stage, "FAILURE") != 0;

	mst_jout_key(j, "upgradeStatus");
	if (!on) {
		mst_jout_null(j);
	} else {
		mst_jout_obj(j);
		mst_jout_ki64(j, "startTime", iot_ms(s->upgrade_us));
		mst_jout_ki64(j, "percentage", 40);
		mst_jout_kstr(j, "stage", s->stage);
		mst_jout_end_obj(j);
	}
	iot_key_i64(j, "upgradeFinishTime", iot_ms(s->upgraded_us),
		    !s->upgraded_us);
}

void iot_rows_appliances(struct mst_sim *sim, const struct sim_request *r,
			 struct sim_reply *reply)
{
	struct mst_jout j;

	mst_jout_init(&j, &reply->body);
	mst_jout_arr(&j);
	for (unsigned i = 0; i < sim->iot->sensors_n; i++) {
		const struct iot_sensor *s = &sim->iot->sensors[i];
		int64_t n, alerts, open;

		iot_counts(sim->iot, s->n, &n, &alerts, &open);
		mst_jout_obj(&j);
		mst_jout_ki64(&j, "id", s->n);
		mst_jout_kstr(&j, "name", s->name);
		mst_jout_kstr(&j, "interfaceAddress",
			      mst_sim_sensor_url(sim, s->n));
		mst_jout_kstr(&j, "version", s->version);
		mst_jout_ki64(&j, "alertCount", alerts);
		mst_jout_ki64(&j, "deviceCount", n);
		mst_jout_ki64(&j, "unhandledAlertsCount", open);
		mst_jout_kbool(&j, "isActivated", s->activated);
		mst_jout_kstr(&j, "dataIntelligenceVersion", s->intelligence);
		mst_jout_kstr(&j, "uid", s->uid);
		mst_jout_kbool(&j, "hasLog", false);
		iot_key_i64(&j, "zoneId", s->zone, !s->zone);
		mst_jout_kbool(&j, "isInLearningMode", s->learning);
		write_upgrade(s, &j);
		write_state(s, iot_ms(r->now_us), &j);
		mst_jout_end_obj(&j);
	}
	mst_jout_end_arr(&j);
}

void iot_counts(const struct sim_iot *iot, unsigned sensor, int64_t *devices_r,
		int64_t *alerts_r, int64_t *open_r)
{
	*devices_r = *alerts_r = *open_r = 0;
	for (size_t i = 0; i < iot->devices_n; i++)
		*devices_r += !iot->devices[i].gone_us &&
			      iot_seen_by(&iot->devices[i], sensor);
	for (size_t i = 0; i < iot->alerts_n; i++) {
		if (iot->alerts[i].sensor != sensor)
			continue;
		++*alerts_r;
		*open_r += !iot->alerts[i].handled;
	}
}
