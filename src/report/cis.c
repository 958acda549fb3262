/* SPDX-License-Identifier: Apache-2.0
 *
 * The CIs of the classes that a job delivers to, in short entries, found by
 * what a device is recognised by.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "report/report_private.h"

#define TABLES_MAX 32
#define CIS_MAX	   2000000
#define TEXT_MAX   120 /* bytes of a text that is kept */

enum {
	C_CLASS,
	C_NAME,
	C_SERIAL,
	C_MAC,
	C_CORRELATION,
	C_SOURCE,
	C_SEEN,
	C_DUPLICATE,
	C_INSTALL,
	C_OPERATIONAL,
	C_HARDWARE,
	C__N
};

static const char *const columns[C__N] = {
    "sys_class_name",	  "name",	    "serial_number",
    "mac_address",	  "correlation_id", "discovery_source",
    "last_discovered",	  "duplicate_of",   "install_status",
    "operational_status", "hardware_status"};

struct reading {
	const struct report *x;
	struct report_cis *c;
	const char *const *retired; /* "column=value", NULL ended */
	size_t columns_n;	    /* that are read */
	bool full;
};

/* ---- values -------------------------------------------------------------- */

static struct mst_slice fold_mac(struct mst_slice s, char *buf, size_t n)
{
	size_t k = 0;

	for (size_t i = 0; i < s.n && k < n; i++) {
		if (isxdigit((unsigned char)s.p[i]))
			buf[k++] = (char)tolower((unsigned char)s.p[i]);
	}
	return k == 12 ? mst_slice(buf, k) : mst_slice(NULL, 0);
}

struct mst_slice report_fold(const struct report *x, enum report_by by,
			     struct mst_slice value, char *buf, size_t n)
{
	static const char *const of[BY__N] = {
	    [BY_CORRELATION] = "correlation_id",
	    [BY_SERIAL] = "serial_number",
	    [BY_MAC] = "mac_address",
	    [BY_NAME] = "name",
	};
	const struct mst_dest_ops *ops = x->s->job.dest;

	value = mst_slice_trim(value);
	if (!value.n || value.n > n ||
	    (ops->identifies && !ops->identifies(x->s->dest, of[by], value)))
		return mst_slice(NULL, 0);
	if (by == BY_MAC)
		return fold_mac(value, buf, n);
	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];

		buf[i] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
	}
	return mst_slice(buf, value.n);
}

static const char *keep(struct report_cis *c, struct mst_slice s)
{
	if (!s.n)
		return NULL;
	if (s.n > TEXT_MAX) {
		s.n = TEXT_MAX;
		while (s.n && ((unsigned char)s.p[s.n] & 0xc0) == 0x80)
			s.n--;
	}
	return mst_arena_dup(&c->arena, s).p;
}

static const char *intern(struct report_cis *c, struct mst_map *texts,
			  struct mst_slice s)
{
	const char *known = mst_map_get(texts, s);

	if (known || !s.n)
		return known;
	s = mst_arena_dup(&c->arena, s);
	(void)mst_map_put(texts, s, (void *)(uintptr_t)s.p);
	return s.p;
}

static bool is_retired(const struct reading *r, const struct mst_slice *v)
{
	for (size_t i = 0; r->retired && r->retired[i]; i++) {
		const char *eq = strchr(r->retired[i], '=');

		for (size_t k = C_INSTALL; eq && k < r->columns_n; k++) {
			if (strncmp(columns[k], r->retired[i],
				    (size_t)(eq - r->retired[i])) == 0 &&
			    v[k].n && mst_slice_is(v[k], eq + 1))
				return true;
		}
	}
	return false;
}

/* ---- entries ------------------------------------------------------------- */

static void link_value(const struct reading *r, uint32_t at, enum report_by by,
		       struct mst_slice value)
{
	struct report_cis *c = r->c;
	char buf[256];
	struct mst_slice key = report_fold(r->x, by, value, buf, sizeof(buf));
	uintptr_t first;

	if (!key.n)
		return;
	first = (uintptr_t)mst_map_get(&c->by[by], key);
	if (!first) {
		(void)mst_map_put(&c->by[by], mst_arena_dup(&c->arena, key),
				  (void *)(uintptr_t)(at + 1));
		return;
	}
	/* The first one stays the first, so that the map's key lives. */
	c->v[at].next[by] = c->v[first - 1].next[by];
	c->v[first - 1].next[by] = at + 1;
}

static bool room(struct report_cis *c)
{
	return c->all < CIS_MAX && c->arena.used < c->arena.max - (1u << 20);
}

static struct report_ci *add_entry(struct report_cis *c)
{
	if (c->all == c->cap) {
		c->cap = c->cap ? c->cap * 2 : 1024;
		c->v = mst_realloc(c->v, c->cap * sizeof(*c->v));
	}
	return &c->v[c->all++];
}

static void take_ci(void *ctx, const struct mst_sysid *id,
		    const struct mst_slice *v)
{
	struct reading *r = ctx;
	struct report_cis *c = r->c;
	struct report_ci *ci;
	struct mst_slice key;

	if (report_cis_id(c, id))
		return; /* read with a class above */
	if (!room(c)) {
		r->full = true;
		return;
	}
	ci = add_entry(c);
	*ci = (struct report_ci){
	    .id = *id,
	    .name = keep(c, v[C_NAME]),
	    .class = intern(c, &c->classes, v[C_CLASS]),
	    .serial = keep(c, v[C_SERIAL]),
	    .mac = keep(c, v[C_MAC]),
	    .source = intern(c, &c->sources, v[C_SOURCE]),
	    .retired = is_retired(r, v),
	    .duplicate = v[C_DUPLICATE].n > 0,
	};
	if (v[C_SEEN].n < sizeof(ci->seen))
		(void)snprintf(ci->seen, sizeof(ci->seen), "%.*s",
			       MST_SLICE_ARG(v[C_SEEN]));
	key = mst_arena_dup(&c->arena, mst_slice((const char *)id->b, 16));
	(void)mst_map_put(&c->by_id, key, (void *)(uintptr_t)(c->n + 1));
	link_value(r, c->n, BY_CORRELATION, v[C_CORRELATION]);
	link_value(r, c->n, BY_SERIAL, v[C_SERIAL]);
	link_value(r, c->n, BY_MAC, v[C_MAC]);
	link_value(r, c->n, BY_NAME, v[C_NAME]);
	c->n++;
}

/* ---- further serial numbers and addresses -------------------------------- */

/* Tables whose rows belong to a CI, as identification looks them up. */
static const struct part {
	const char *table;
	enum report_by by;
	const char *columns[3]; /* value, CI, and what says that it counts */
	const char *void_if;	/* that it then does not */
	const char *what;
} parts[] = {
    {"cmdb_serial_number",
     BY_SERIAL,
     {"serial_number", "cmdb_ci", "valid"},
     "false",
     "serial numbers"},
    {"cmdb_ci_network_adapter",
     BY_MAC,
     {"mac_address", "cmdb_ci", "install_status"},
     "100",
     "network adapters"},
};

struct reading_part {
	struct reading *r;
	const struct part *part;
};

/* Is the CI among those that have the value already? */
static bool has_value(const struct reading *r, enum report_by by,
		      struct mst_slice value, uint32_t ci)
{
	char buf[256];
	struct mst_slice key = report_fold(r->x, by, value, buf, sizeof(buf));
	uintptr_t at = key.n ? (uintptr_t)mst_map_get(&r->c->by[by], key) : 0;

	for (; at; at = r->c->v[at - 1].next[by]) {
		if (at == ci || r->c->v[at - 1].alias == ci)
			return true;
	}
	return !key.n;
}

static void take_part(void *ctx, const struct mst_sysid *id MST_UNUSED,
		      const struct mst_slice *v)
{
	struct reading_part *p = ctx;
	struct report_cis *c = p->r->c;
	const enum report_by by = p->part->by;
	struct report_ci *ci, *alias;
	struct mst_sysid of;
	uint32_t at;

	if (!mst_sysid_parse(v[1], &of) || mst_slice_is(v[2], p->part->void_if))
		return;
	ci = report_cis_id(c, &of);
	at = ci ? (uint32_t)(ci - c->v) + 1 : 0;
	if (!at || has_value(p->r, by, v[0], at))
		return;
	if (!room(c)) {
		p->r->full = true;
		return;
	}
	alias = add_entry(c);
	*alias = c->v[at - 1];
	alias->alias = at;
	memset(alias->next, 0, sizeof(alias->next));
	link_value(p->r, c->all - 1, by, v[0]);
}

static int read_parts(struct report *x, struct reading *r, struct mst_err *err)
{
	int rc = 0;

	for (size_t i = 0; i < MST_LEN(parts) && r->c->n && rc == 0; i++) {
		struct reading_part p = {r, &parts[i]};
		struct mst_scan scan = {.table = parts[i].table,
					.columns = parts[i].columns,
					.columns_n = 3,
					.row = take_part,
					.ctx = &p};

		rc = report_scan(x, &scan, 1, parts[i].what, err);
	}
	return rc;
}

/* Only hardware has the last one; what a set never sets is not missed. */
static size_t columns_of(const struct mst_set *set)
{
	return report_column(set, columns[C_HARDWARE]) >= 0 ? C__N : C_HARDWARE;
}

int report_cis_read(struct report *x, const struct mst_set *set,
		    struct report_cis *c, struct mst_err *err)
{
	struct reading r = {.x = x,
			    .c = c,
			    .retired = set->retire_values,
			    .columns_n = columns_of(set)};
	const char *tables[TABLES_MAX];
	size_t n = report_tables(set, tables, MST_LEN(tables));
	int rc = 0;

	*c = (struct report_cis){.n = 0};
	mst_arena_init(&c->arena, MST_MAX_ARENA);
	for (size_t i = 0; i < n && rc == 0; i++) {
		struct mst_scan scan = {.table = tables[i],
					.columns = columns,
					.columns_n = r.columns_n,
					.row = take_ci,
					.ctx = &r};

		/* Rows of a class come with those of the class above it. */
		if (mst_map_has(&c->classes, mst_slice_str(tables[i])))
			continue;
		rc = report_scan(x, &scan, 1, "CIs", err);
	}
	if (rc == 0)
		rc = read_parts(x, &r, err);
	if (r.full)
		mst_report_note(x->r, true,
				"there are more CIs than fit a report; the "
				"first %u were looked at",
				c->n);
	return rc;
}

void report_cis_fini(struct report_cis *c)
{
	for (int i = 0; i < BY__N; i++)
		mst_map_fini(&c->by[i]);
	mst_map_fini(&c->by_id);
	mst_map_fini(&c->classes);
	mst_map_fini(&c->sources);
	if (c->arena.max)
		mst_arena_fini(&c->arena);
	free(c->v);
	*c = (struct report_cis){.n = 0};
}

struct report_ci *report_cis_id(const struct report_cis *c,
				const struct mst_sysid *id)
{
	uintptr_t at = (uintptr_t)mst_map_get(
	    &c->by_id, mst_slice((const char *)id->b, 16));

	return at ? &c->v[at - 1] : NULL;
}

struct report_ci *report_cis_find(const struct report *x,
				  const struct report_cis *c, enum report_by by,
				  struct mst_slice value, uint32_t *n_r)
{
	char buf[256];
	struct mst_slice key = report_fold(x, by, value, buf, sizeof(buf));
	uintptr_t at = key.n ? (uintptr_t)mst_map_get(&c->by[by], key) : 0;
	struct report_ci *best = NULL;

	*n_r = 0;
	for (; at; at = c->v[at - 1].next[by]) {
		struct report_ci *ci = &c->v[at - 1];

		*n_r += !ci->retired;
		if (!best || (best->retired && !ci->retired))
			best = ci;
	}
	return best && best->alias ? &c->v[best->alias - 1] : best;
}
