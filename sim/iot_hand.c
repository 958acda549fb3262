/* SPDX-License-Identifier: Apache-2.0
 *
 * Devices, connections, CVEs, alerts and sensors by hand, for tests: exactly
 * what the caller says. docs/internals/sim-iot.md lists the members.
 */
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "sim/iot.h"

static const char *keep(struct sim_iot *iot, struct mst_slice s)
{
	return s.p ? mst_arena_dup(&iot->arena, s).p : NULL;
}

static const char *text(struct sim_iot *iot, struct mst_json o,
			const char *name)
{
	return keep(iot, mst_json_str(mst_json_get(o, name)));
}

static const char *text_or(struct sim_iot *iot, struct mst_json o,
			   const char *name, const char *usual)
{
	const char *s = text(iot, o, name);

	return s ? s : usual;
}

static bool flag(struct mst_json o, const char *name, bool usual)
{
	bool b;

	return mst_json_bool(mst_json_get(o, name), &b) ? b : usual;
}

static int64_t number(struct mst_json o, const char *name, int64_t usual)
{
	int64_t n;

	return mst_json_i64(mst_json_get(o, name), &n) ? n : usual;
}

static unsigned texts(struct sim_iot *iot, struct mst_json o, const char *name,
		      const char **out, unsigned max)
{
	struct mst_json_iter it = mst_json_iter(mst_json_get(o, name));
	struct mst_json v;
	unsigned n = 0;

	while (n < max && mst_json_next(&it, NULL, &v))
		out[n++] = keep(iot, mst_json_str(v));
	return n;
}

/* ---- devices ------------------------------------------------------------- */

/* "10.0.0.1", or {"ip":"10.0.0.1","guessed":"00:…"} */
static void take_ips(struct sim_iot *iot, struct mst_json list,
		     struct iot_facts *f)
{
	struct mst_json_iter it = mst_json_iter(list);
	struct mst_json v;

	while (f->ips_n < IOT_MAX_IPS && mst_json_next(&it, NULL, &v)) {
		bool one = mst_json_type(v) == MST_JSON_STRING;

		f->ips[f->ips_n] =
		    one ? keep(iot, mst_json_str(v)) : text(iot, v, "ip");
		f->guessed[f->ips_n] = one ? NULL : text(iot, v, "guessed");
		f->ips_n += f->ips[f->ips_n] != NULL;
	}
}

static void take_firmwares(struct sim_iot *iot, struct mst_json list,
			   struct iot_facts *f)
{
	struct mst_json_iter it = mst_json_iter(list);
	struct mst_json v;

	while (f->firmwares_n < IOT_MAX_FIRMWARES &&
	       mst_json_next(&it, NULL, &v))
		f->firmwares[f->firmwares_n++] =
		    (struct iot_firmware){.address = text(iot, v, "address"),
					  .module = text(iot, v, "module"),
					  .serial = text(iot, v, "serial"),
					  .model = text(iot, v, "model"),
					  .version = text(iot, v, "version"),
					  .more = text(iot, v, "additional"),
					  .rack = text(iot, v, "rack"),
					  .slot = text(iot, v, "slot")};
}

static void take_cves(struct sim_iot *iot, struct mst_json list,
		      struct iot_facts *f)
{
	struct mst_json_iter it = mst_json_iter(list);
	size_t n = MST_MIN(mst_json_len(list), (size_t)IOT_MAX_CVES);
	struct mst_json v;

	f->cves_n = 0;
	f->cves = mst_arena_alloc(&iot->arena, (n + 1) * sizeof(*f->cves));
	while (f->cves_n < n && mst_json_next(&it, NULL, &v)) {
		struct iot_cve *c = &f->cves[f->cves_n++];

		c->id = text_or(iot, v, "id", "CVE-2015-6490");
		c->vector = text_or(iot, v, "vector", "NETWORK");
		c->text = text_or(iot, v, "description", "");
		c->ip = text(iot, v, "ip");
		c->score = 0;
		(void)mst_json_dbl(mst_json_get(v, "score"), &c->score);
	}
}

static const struct iot_type *type_of(const char *name)
{
	for (size_t i = 0; name && i < iot_types_n; i++)
		if (!strcasecmp(iot_types[i].name, name))
			return &iot_types[i];
	return NULL;
}

static void take_facts(struct sim_iot *iot, struct mst_json v,
		       struct iot_facts *f)
{
	const struct iot_type *t;

	*f = (struct iot_facts){0};
	f->name = text_or(iot, v, "name", "by hand");
	f->vendor = text(iot, v, "vendor");
	f->os = text(iot, v, "os");
	f->type = text_or(iot, v, "type", "Unknown");
	t = type_of(f->type);
	f->category = text_or(iot, v, "category", t ? t->category : "ICS");
	f->layer = text_or(iot, v, "layer", t ? t->layer : "Process Control");
	f->own_layer = text_or(iot, v, "purdue_layer", "N/A");
	take_ips(iot, mst_json_get(v, "ips"), f);
	f->macs_n = texts(iot, v, "macs", f->macs, IOT_MAX_IPS);
	f->vlans_n = texts(iot, v, "vlans", f->vlans, IOT_MAX_IPS);
	f->groups_n = texts(iot, v, "groups", f->groups, IOT_MAX_IPS);
	f->protocols_n =
	    texts(iot, v, "protocols", f->protocols, IOT_MAX_PROTOCOLS);
	take_firmwares(iot, mst_json_get(v, "firmwares"), f);
	f->authorized = flag(v, "authorized", true);
	f->scanner = flag(v, "scanner", false);
	f->engineering = flag(v, "engineering", false);
	f->dynamic = flag(v, "dynamic", false);
	take_cves(iot, mst_json_get(v, "cves"), f);
}

static int add_device(struct sim_iot *iot, struct mst_json v, int64_t at_us,
		      struct mst_err *err)
{
	int64_t id = number(v, "id", 0), sensor = number(v, "sensor", 1);
	int64_t second = number(v, "second", 0);
	struct iot_device *d = id ? iot_device_by_id(iot, id) : NULL;

	if (id < 0 || !iot_sensor(iot, sensor) ||
	    (second && (!iot_sensor(iot, second) || second == sensor)))
		return mst_err_set(err, MST_E_INVALID,
				   "a device needs a known \"sensor\", and an "
				   "\"id\" above 0 or none");
	if (!d || d->gone_us)
		d = iot_device_add(iot, (unsigned)sensor, id, at_us);
	if (!d)
		return mst_err_set(err, MST_E_INVALID, "too many devices");
	if (!d->hand)
		d->hand = mst_arena_alloc(&iot->arena, sizeof(*d->hand));
	take_facts(iot, v, d->hand);
	d->links = 0; /* of the plant; it has those by hand */
	d->second = (uint8_t)second;
	d->first_us = number(v, "first", iot_ms(d->first_us)) * 1000;
	d->activity_us = number(v, "activity", iot_ms(at_us)) * 1000;
	d->update_us = number(v, "update", iot_ms(at_us)) * 1000;
	return 0;
}

static int set_cves(struct sim_iot *iot, struct mst_json v, int64_t at_us,
		    struct mst_err *err)
{
	struct iot_device *d = iot_device_by_id(iot, number(v, "device", 0));
	struct iot_facts *f;

	if (!d || d->gone_us)
		return mst_err_set(err, MST_E_NOTFOUND, "no device %lld",
				   (long long)number(v, "device", 0));
	if (!d->hand) {
		f = mst_arena_alloc(&iot->arena, sizeof(*f));
		iot_facts(d, &iot->arena, f);
		d->hand = f;
	}
	take_cves(iot, mst_json_get(v, "cves"), d->hand);
	d->update_us = at_us;
	return 0;
}

static int remove_device(struct sim_iot *iot, struct mst_json v, int64_t at_us,
			 struct mst_err *err)
{
	struct iot_device *d;
	int64_t id = 0;

	(void)mst_json_i64(v, &id);
	d = iot_device_by_id(iot, id);
	if (!d || d->gone_us)
		return mst_err_set(err, MST_E_NOTFOUND, "no device %lld",
				   (long long)id);
	d->gone_us = at_us;
	iot_event(iot, d->sensor, at_us, "DELETE_DEVICE",
		  "A device was deleted", "operator");
	return 0;
}

/* ---- connections --------------------------------------------------------- */

static int add_link(struct sim_iot *iot, struct mst_json v, int64_t at_us,
		    struct mst_err *err)
{
	struct iot_link l = {.src = number(v, "src", 0),
			     .dst = number(v, "dst", 0),
			     .port = (int)number(v, "port", 0),
			     .gone = flag(v, "gone", false),
			     .at_us = at_us};
	size_t i = 0;

	l.type = text_or(iot, v, "type", "Two Way");
	l.protocol = text(iot, v, "protocol");
	if (!iot_device_by_id(iot, l.src) || !iot_device_by_id(iot, l.dst))
		return mst_err_set(err, MST_E_NOTFOUND,
				   "a connection needs the ids of two devices "
				   "as \"src\" and \"dst\"");
	while (i < iot->links_n &&
	       (iot->links[i].src != l.src || iot->links[i].dst != l.dst))
		i++;
	if (i == iot->links_n) {
		iot->links =
		    mst_realloc(iot->links, (i + 1) * sizeof(*iot->links));
		iot->links_n++;
	}
	iot->links[i] = l;
	return 0;
}

/* ---- alerts -------------------------------------------------------------- */

static int title_of(const char *title)
{
	for (size_t i = 0; i < iot_titles_n; i++)
		if (!strcasecmp(iot_titles[i].title, title))
			return (int)i;
	return -1;
}

static int64_t end_of(struct sim_iot *iot, struct mst_json v, const char *name)
{
	const struct iot_device *d = iot_device_by_id(iot, number(v, name, 0));

	return d ? (int64_t)d->n : -1;
}

static int add_alert(struct sim_iot *iot, struct mst_json v, int64_t at_us,
		     struct mst_err *err)
{
	int64_t sensor = number(v, "sensor", 1);
	const char *title = text(iot, v, "title");
	struct iot_own_alert *own = mst_arena_alloc(&iot->arena, sizeof(*own));
	int known = title ? title_of(title) : -1;
	struct iot_alert *a;

	if (!title || !*title || !iot_sensor(iot, sensor))
		return mst_err_set(err, MST_E_INVALID,
				   "an alert needs a \"title\" and a known "
				   "\"sensor\"");
	if (known >= 0)
		own->title = iot_titles[known]; /* both fixed per title */
	else
		own->title = (struct iot_title){
		    .title = title,
		    .engine = text_or(iot, v, "engine", "Policy Violation"),
		    .severity = text_or(iot, v, "severity", "Major")};
	own->uuid = text(iot, v, "uuid");
	own->message = text(iot, v, "message");
	own->protocol = text(iot, v, "protocol");
	own->group = text(iot, v, "group");
	own->information_n = texts(iot, v, "information", own->information,
				   MST_LEN(own->information));
	a = iot_raise(iot, number(v, "time", iot_ms(at_us)) * 1000,
		      (unsigned)sensor, known < 0 ? 0 : known, own,
		      end_of(iot, v, "source"), end_of(iot, v, "destination"));
	if (a)
		a->handled = flag(v, "handled", false);
	return 0;
}

/* One after the other against a device, as an attack would raise them. */
static int attack(struct sim_iot *iot, struct mst_json body, int64_t at_us,
		  struct mst_err *err)
{
	static const char *const steps[] = {
	    "New Asset Detected",
	    "Address Scan Detected",
	    "Port Scan Detected",
	    "PLC Scan Detected",
	    "Password Guessing Attempt Detected",
	    "Unauthorized PLC Configuration Read",
	    "Unauthorized PLC Programming",
	    "Controller Stop",
	    "Device is Suspected to be Disconnected (Unresponsive)",
	    "Suspicion of Malicious Activity (Stuxnet)"};
	struct iot_device *d = iot_device_by_id(iot, number(body, "device", 0));
	int64_t src = end_of(iot, body, "from");

	if (!d || d->gone_us)
		return mst_err_set(err, MST_E_NOTFOUND,
				   "an attack needs the id of a \"device\"");
	for (size_t i = 0; i < MST_LEN(steps); i++)
		(void)iot_raise(iot, at_us, d->sensor, title_of(steps[i]), NULL,
				src, d->n);
	return 0;
}

/* ---- sensors ------------------------------------------------------------- */

static int set_sensor(struct sim_iot *iot, struct mst_json v, int64_t at_us,
		      struct mst_err *err)
{
	static const char *const states[] = {
	    "SYNCED", "OUT_OF_SYNC", "TIME_DIFF_OFFSET", "DISCONNECTED"};
	struct iot_sensor *s = iot_sensor(iot, number(v, "id", 0));
	const char *name = text(iot, v, "name");
	const char *version = text(iot, v, "version");
	const char *stage = text(iot, v, "stage");

	if (!s)
		return mst_err_set(err, MST_E_NOTFOUND, "no sensor %lld",
				   (long long)number(v, "id", 0));
	for (size_t i = 0; i < MST_LEN(states); i++)
		if (mst_json_is_str(mst_json_get(v, "state"), states[i]))
			s->state = (enum iot_state)i;
	s->learning = flag(v, "learning", s->learning);
	s->activated = flag(v, "activated", s->activated);
	s->zone = (unsigned)number(v, "zone", s->zone);
	s->site = (unsigned)number(v, "site", s->site);
	if (name)
		(void)snprintf(s->name, sizeof(s->name), "%s", name);
	if (version)
		(void)snprintf(s->version, sizeof(s->version), "%s", version);
	if (stage)
		(void)snprintf(s->stage, sizeof(s->stage), "%s", stage);
	if (stage && *stage)
		s->upgrade_us = at_us;
	return 0;
}

/* ---- requests ------------------------------------------------------------ */

static const struct {
	const char *what, *list;
	int (*fn)(struct sim_iot *iot, struct mst_json v, int64_t at_us,
		  struct mst_err *err);
} lists[] = {
    {"devices", "devices", add_device},
    {"devices_gone", "ids", remove_device},
    {"connections", "connections", add_link},
    {"cves", "devices", set_cves},
    {"alerts", "alerts", add_alert},
    {"sensors", "sensors", set_sensor},
};

int iot_hand_step(struct sim_iot *iot, const char *what, struct mst_json body,
		  int64_t at_us, struct mst_err *err)
{
	for (size_t i = 0; i < MST_LEN(lists); i++) {
		struct mst_json_iter it;
		struct mst_json v;
		int ret = 0;

		if (strcmp(lists[i].what, what) != 0)
			continue;
		it = mst_json_iter(mst_json_get(body, lists[i].list));
		while (ret == 0 && mst_json_next(&it, NULL, &v))
			ret = lists[i].fn(iot, v, at_us, err);
		return ret;
	}
	if (!strcmp(what, "attack"))
		return attack(iot, body, at_us, err);
	return mst_err_set(err, MST_E_INVALID, "no step \"%s\"", what);
}
