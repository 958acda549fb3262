/* SPDX-License-Identifier: Apache-2.0
 *
 * The expected records of Defender for IoT: sensors, devices and what hangs on
 * them (truth_iot_rows.c), and what becomes of those that are not shown any
 * more. Section numbers are those of docs/internals/iot-rules.md.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "sim/truth_iot_private.h"

const struct truth_ot_table truth_ot_tables[TO__SETS] = {
    [TO_SENSOR_CI] = {"cmdb_ci", {"correlation_id"}, "correlation_id", true},
    [TO_SENSOR] = {"u_muster_ot_appliance", {"u_key"}, "u_source", false},
    [TO_CI] = {"cmdb_ci", {"correlation_id"}, "correlation_id", true},
    [TO_DEVICE] = {"u_muster_ot_device", {"u_key"}, "u_source", false},
    [TO_ENTITY] = {"cmdb_ot_entity",
		   {"ot_correlation_id"},
		   "ot_correlation_id",
		   true},
    [TO_ADAPTER] = {"cmdb_ci_network_adapter",
		    {"cmdb_ci", "mac_address"},
		    NULL,
		    false},
    [TO_ADDRESS] = {"cmdb_ci_ip_address",
		    {"owned_by_cmdb_ci", "ip_address"},
		    NULL,
		    false},
    [TO_FIRMWARE] = {"u_muster_ot_firmware",
		     {"u_device", "u_address", "u_module_address", "u_slot"},
		     "u_source",
		     false},
    [TO_RELATION] = {"cmdb_rel_ci", {"parent", "child"}, NULL, false},
    [TO_CONNECTION] = {"u_muster_ot_connection",
		       {"u_src_device_id", "u_dest_device_id",
			"u_connection_type"},
		       "u_source",
		       false},
    [TO_CVE] = {"u_muster_cve", {"u_cve_id"}, NULL, false},
    [TO_INSTANCE] = {"u_muster_cve_instance",
		     {"u_key"},
		     "u_source_connection",
		     false},
    [TO_ALERT] = {"u_muster_ot_alert",
		  {"u_alert_id", "u_appliance_name"},
		  "u_source",
		  false},
};

/* ---- memory -------------------------------------------------------------- */

struct truth_iot *truth_iot_new(void)
{
	struct truth_iot *t = mst_alloc(sizeof(*t));

	mst_arena_init(&t->arena, (size_t)4 << 30);
	t->conn = "plant";
	return t;
}

void truth_iot_free(struct truth_iot **t_r)
{
	struct truth_iot *t = *t_r;

	if (!t)
		return;
	for (int s = 0; s < TO__SETS; s++) {
		free(t->lists[s].v);
		mst_map_fini(&t->lists[s].by_key);
	}
	mst_map_fini(&t->texts);
	mst_map_fini(&t->slots);
	mst_map_fini(&t->devices);
	mst_map_fini(&t->made);
	mst_arena_fini(&t->arena);
	free(t);
	*t_r = NULL;
}

void truth_iot_configure(struct truth_iot *t, struct mst_json conf)
{
	struct mst_slice s = mst_json_str(mst_json_get(conf, "connection"));
	int64_t n;

	if (s.n)
		t->conn = mst_arena_dup(&t->arena, s).p;
	if (mst_json_i64(mst_json_get(conf, "sensor"), &n))
		t->sensor = (unsigned)n;
}

void truth_iot_pending(struct truth_iot *t, struct mst_slice key)
{
	struct truth_ot *r = mst_map_get(&t->lists[TO_INSTANCE].by_key, key);

	if (!r)
		return;
	r->pending = true;
	for (unsigned i = 0; i < r->n; i++) {
		if (!strcmp(r->f[i].column, "u_status"))
			r->f[i].text = "resolved_pending";
	}
}

const char *truth_iot_connection(const struct truth_iot *t)
{
	return t->sync ? t->conn : NULL;
}

size_t truth_iot_count(const struct truth_iot *t, enum truth_ot_set set)
{
	return t->lists[set].n;
}

const struct truth_ot *truth_iot_get(const struct truth_iot *t,
				     enum truth_ot_set set, size_t i)
{
	return t->lists[set].v[i];
}

bool truth_iot_made(const struct truth_iot *t, enum truth_set set,
		    const char *key)
{
	char text[700];

	(void)snprintf(text, sizeof(text), "%d %s", (int)set, key);
	return mst_map_get(&t->made, mst_slice_str(text)) != NULL;
}

static void made(struct truth_iot *t, enum truth_set set, const char *key)
{
	char text[700];

	(void)snprintf(text, sizeof(text), "%d %s", (int)set, key);
	if (!mst_map_get(&t->made, mst_slice_str(text)))
		mst_map_put(&t->made, mst_slice_str(tio_keep(t, text)), t);
}

const char *tio_keep(struct truth_iot *t, const char *text)
{
	struct mst_slice s = mst_slice_str(text);
	char *kept = mst_map_get(&t->texts, s);

	if (kept)
		return kept;
	s = mst_arena_dup(&t->arena, s);
	kept = (char *)(uintptr_t)s.p;
	mst_map_put(&t->texts, s, kept);
	return kept;
}

const char *tio_printf(struct truth_iot *t, const char *fmt, ...)
{
	char text[4096];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return tio_keep(t, text);
}

/* ---- records ------------------------------------------------------------- */

struct truth_ot *tio_show(struct truth_iot *t, enum truth_ot_set set,
			  const char *key)
{
	struct truth_list *l = &t->lists[set];
	struct truth_ot *r = mst_map_get(&l->by_key, mst_slice_str(key));

	if (!r) {
		r = mst_arena_alloc(&t->arena, sizeof(*r));
		r->key = tio_keep(t, key);
		r->table = truth_ot_tables[set].table;
		if (l->n == l->cap) {
			l->cap = l->cap ? 2 * l->cap : 256;
			l->v = mst_realloc(l->v, l->cap * sizeof(*l->v));
		}
		l->v[l->n++] = r;
		mst_map_put(&l->by_key, mst_slice_str(r->key), r);
	}
	r->gone = false;
	r->seen = t->sync;
	return r;
}

static struct truth_field *field(struct truth_ot *r, const char *column)
{
	for (unsigned i = 0; i < r->n; i++)
		if (!strcmp(r->f[i].column, column))
			return &r->f[i];
	r->f[r->n] = (struct truth_field){.column = column};
	return &r->f[r->n++];
}

void tio_is(struct truth_iot *t, struct truth_ot *r, const char *column,
	    const char *text)
{
	struct truth_field *f;

	/* what is not known clears nothing */
	if (!text || !*text) {
		f = field(r, column);
		if (!f->text)
			f->how = TRUTH_ABSENT;
		return;
	}
	f = field(r, column);
	f->how = TRUTH_IS;
	f->text = tio_keep(t, text);
}

void tio_has(struct truth_ot *r, const char *column, bool has)
{
	struct truth_field *f = field(r, column);

	f->how = has ? TRUTH_PRESENT : TRUTH_ABSENT;
	f->text = NULL;
}

void tio_ref(struct truth_ot *r, const char *column, const char *key)
{
	struct truth_field *f;

	if (!key)
		return;
	f = field(r, column);
	f->how = TRUTH_REF;
	f->text = key;
}

void tio_company(struct truth_iot *t, struct truth_ot *r, const char *column,
		 const char *name)
{
	char folded[256];

	if (!name || !*name)
		return;
	sim_truth_fold_company(mst_slice_str(name), folded);
	made(t, TRUTH_COMPANY, folded);
	tio_ref(r, column, tio_keep(t, folded));
}

void tio_model(struct truth_iot *t, struct truth_ot *r, const char *name,
	       const char *vendor)
{
	char folded[256];
	const char *key;

	if (!name || !vendor)
		return;
	sim_truth_fold_company(mst_slice_str(vendor), folded);
	key = tio_printf(t, "%s\x1f%s", name, folded);
	made(t, TRUTH_MODEL, key);
	tio_ref(r, "model_id", key);
}

const char *tio_time(struct truth_iot *t, int64_t us)
{
	char text[20];

	mst_time_sn(iot_ms(us) * 1000, text);
	return tio_keep(t, text);
}

/* ---- lists and addresses (section 2) ------------------------------------- */

static bool is_number(const char *s)
{
	return s[strspn(s, "0123456789")] == '\0';
}

static int by_list(const void *pa, const void *pb)
{
	const char *a = *(const char *const *)pa, *b = *(const char *const *)pb;

	if (is_number(a) != is_number(b))
		return is_number(a) ? -1 : 1;
	if (is_number(a) && strlen(a) != strlen(b))
		return strlen(a) < strlen(b) ? -1 : 1;
	return strcmp(a, b);
}

static const char *join(struct truth_iot *t, const char **v, unsigned n)
{
	char text[1001] = "";
	size_t at = 0;

	for (unsigned i = 0; i < n; i++) {
		size_t m = strlen(v[i]) + (at ? 2 : 0);

		if ((i && !strcmp(v[i], v[i - 1])) || at + m > 1000)
			continue;
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s",
				       at ? ", " : "", v[i]);
	}
	return at ? tio_keep(t, text) : NULL;
}

const char *tio_list(struct truth_iot *t, const char *const *v, unsigned n)
{
	const char *sorted[64];

	n = MST_MIN(n, 64u);
	for (unsigned i = 0; i < n; i++)
		sorted[i] = v[i];
	qsort(sorted, n, sizeof(*sorted), by_list);
	return join(t, sorted, n);
}

static int by_ip(const void *pa, const void *pb)
{
	const char *a = *(const char *const *)pa, *b = *(const char *const *)pb;
	unsigned char x[16] = {0}, y[16] = {0};
	bool six = strchr(a, ':') != NULL;

	if (six != (strchr(b, ':') != NULL))
		return six ? 1 : -1;
	(void)inet_pton(six ? AF_INET6 : AF_INET, a, x);
	(void)inet_pton(six ? AF_INET6 : AF_INET, b, y);
	return memcmp(x, y, sizeof(x));
}

unsigned tio_ips_of(const struct iot_facts *f, const char *out[IOT_MAX_IPS])
{
	for (unsigned i = 0; i < f->ips_n; i++)
		out[i] = f->ips[i];
	qsort(out, f->ips_n, sizeof(*out), by_ip);
	return f->ips_n;
}

unsigned tio_macs_of(struct truth_iot *t, const struct iot_facts *f,
		     const char *out[IOT_MAX_IPS])
{
	for (unsigned i = 0; i < f->macs_n; i++) {
		char low[32];

		(void)snprintf(low, sizeof(low), "%s", f->macs[i]);
		for (char *p = low; *p; p++)
			*p = (char)(*p >= 'A' && *p <= 'F' ? *p + 32 : *p);
		out[i] = tio_keep(t, low);
	}
	qsort(out, f->macs_n, sizeof(*out), by_list);
	return f->macs_n;
}

const char *tio_join(struct truth_iot *t, const char **v, unsigned n)
{
	return join(t, v, n);
}

/* ---- a sync -------------------------------------------------------------- */

/* Section 7. */
static void missing(struct truth_iot *t, enum truth_ot_set set,
		    struct truth_ot *r)
{
	switch (set) {
	case TO_SENSOR_CI:
	case TO_CI:
	case TO_ADAPTER:
	case TO_ADDRESS:
		tio_is(t, r, "install_status", "7");
		tio_is(t, r, "operational_status", "6");
		break;
	case TO_SENSOR:
	case TO_DEVICE:
		tio_is(t, r, "u_state", "gone");
		tio_has(r, "u_gone", true);
		break;
	case TO_INSTANCE:
		tio_is(t, r, "u_status", "resolved_confirmed");
		tio_has(r, "u_resolved_at", true);
		break;
	case TO_ENTITY:
	case TO_FIRMWARE:
	case TO_RELATION:
	case TO_CONNECTION:
		r->gone = true;
		break;
	case TO_CVE:
	case TO_ALERT:
	case TO__SETS:
		break;
	}
}

void truth_iot_synced(struct truth_iot *t, struct sim_iot *iot,
		      bool (*has_class)(void *ctx, const char *table),
		      void *ctx)
{
	t->iot = iot;
	t->has_class = has_class;
	t->ctx = ctx;
	t->sync++;
	mst_arena_init(&t->facts, 64u << 20);
	tio_sensors(t);
	tio_devices(t);
	tio_connections(t);
	tio_alerts(t);
	for (int s = 0; s < TO__SETS; s++)
		for (size_t i = 0; i < t->lists[s].n; i++) {
			struct truth_ot *r = t->lists[s].v[i];

			if (r->seen != t->sync && !r->gone && !r->stays)
				missing(t, (enum truth_ot_set)s, r);
		}
	mst_arena_fini(&t->facts);
}
