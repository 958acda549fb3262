/* SPDX-License-Identifier: Apache-2.0
 *
 * Devices by key, else by address.
 */
#include "forwarder/cis.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/map.h"

#define KEPT_US	  INT64_C(600000000)
#define ENTRIES	  50000 /* more than that: all are forgotten */
#define IN_LIST	  50
#define ROWS	  500 /* of one answer; as many are too many */
#define VALUE_MAX 200

/* By "k" and the row's key, or by "i", the source, a blank and the address. */
struct entry {
	struct entry *next; /* of those wanted */
	struct mst_slice key;
	const char *source;
	struct mst_slice value; /* what is asked for */
	int64_t asked_us;
	bool by_ip, wanted;
	unsigned hits;
	struct mst_ci ci;
};

struct mst_cis {
	struct mst_arena arena;
	struct mst_map by;
	struct entry *wanted;
	bool told;
};

/* One list that is asked for. */
struct list {
	struct entry *of[IN_LIST];
	size_t n;
	char *url;
};

/* An answer that is waited for. */
struct filling {
	struct mst_cis *c;
	struct list *lists;
	char *note;
};

struct mst_cis *mst_cis_new(void)
{
	struct mst_cis *c = mst_alloc(sizeof(*c));

	mst_arena_init(&c->arena, 256u << 20);
	return c;
}

void mst_cis_free(struct mst_cis **cp)
{
	struct mst_cis *c = *cp;

	if (!c)
		return;
	mst_map_fini(&c->by);
	mst_arena_fini(&c->arena);
	free(c);
	*cp = NULL;
}

/* An encoded query has no escapes, so what could be read as syntax is never
 * asked for. */
static bool is_safe(struct mst_slice v)
{
	for (size_t i = 0; i < v.n; i++) {
		unsigned char ch = (unsigned char)v.p[i];

		if (ch >= 0x80 || (!isalnum(ch) && !strchr("._:/-", ch)) ||
		    ch == 0)
			return false;
	}
	return v.n > 0 && v.n <= VALUE_MAX;
}

/* Of a device that is not set the console writes 0. */
static bool key_text(const char *source, const struct mst_party *p,
		     char out[2 * VALUE_MAX])
{
	int n;

	if (!p->id.n || mst_slice_is(p->id, "0"))
		return false;
	n = snprintf(out, 2 * VALUE_MAX, "k%s/%.*s", source,
		     MST_SLICE_ARG(p->id));
	return n > 0 && n < VALUE_MAX && is_safe(mst_slice(out + 1, n - 1u));
}

static bool ip_text(const char *source, const struct mst_party *p,
		    char out[2 * VALUE_MAX])
{
	int n;

	if (!p->address.n || !is_safe(p->address) ||
	    !is_safe(mst_slice_str(source)))
		return false;
	n = snprintf(out, 2 * VALUE_MAX, "i%s %.*s", source,
		     MST_SLICE_ARG(p->address));
	return n > 0 && n < 2 * VALUE_MAX;
}

/* ---- wanting ------------------------------------------------------------- */

static void want(struct mst_cis *c, const char *text, const char *source,
		 int64_t now_us)
{
	struct entry *e = mst_map_get(&c->by, mst_slice_str(text));
	const char *blank;

	if (!e) {
		e = mst_arena_alloc(&c->arena, sizeof(*e));
		e->key = mst_arena_dup(&c->arena, mst_slice_str(text));
		e->by_ip = *text == 'i';
		e->asked_us = INT64_MIN / 2;
		e->source = mst_arena_strdup(&c->arena, source);
		blank = e->by_ip ? strrchr(e->key.p, ' ') : e->key.p;
		e->value = mst_slice_str(blank + 1);
		(void)mst_map_put(&c->by, e->key, e);
	}
	/* A clock that was set back makes it be asked for again. */
	if (e->wanted ||
	    (now_us >= e->asked_us && now_us - e->asked_us < KEPT_US))
		return;
	e->wanted = true;
	e->asked_us = now_us;
	e->next = c->wanted;
	c->wanted = e;
}

void mst_cis_want(struct mst_cis *c, const char *source,
		  const struct mst_party *p, int64_t now_us)
{
	char text[2 * VALUE_MAX];

	if (c->by.n > ENTRIES && !c->wanted) {
		mst_map_clear(&c->by);
		mst_arena_reset(&c->arena);
	}
	if (key_text(source, p, text))
		want(c, text, source, now_us);
	if (ip_text(source, p, text))
		want(c, text, source, now_us);
}

const struct mst_ci *mst_cis_get(const struct mst_cis *c, const char *source,
				 const struct mst_party *p)
{
	static const struct mst_ci none;
	char text[2 * VALUE_MAX];
	const struct entry *e = NULL;

	if (key_text(source, p, text))
		e = mst_map_get(&c->by, mst_slice_str(text));
	if (e && e->hits == 1)
		return &e->ci;
	if (!ip_text(source, p, text))
		return &none;
	e = mst_map_get(&c->by, mst_slice_str(text));
	return e && e->hits == 1 ? &e->ci : &none;
}

/* ---- asking -------------------------------------------------------------- */

static char *url_of(const struct list *l)
{
	struct mst_buf q = MST_BUF_INIT(64u << 10);
	struct mst_buf url = MST_BUF_INIT(128u << 10);

	if (l->of[0]->by_ip)
		(void)mst_buf_addf(&q,
				   "u_source=%s^u_state=present^u_ip_addressIN",
				   l->of[0]->source);
	else
		(void)mst_buf_adds(&q, "u_keyIN");
	for (size_t i = 0; i < l->n; i++) {
		if (i)
			(void)mst_buf_addc(&q, ',');
		(void)mst_buf_add_slice(&q, l->of[i]->value);
	}
	(void)mst_buf_adds(&url,
			   "/api/now/table/u_muster_ot_device?sysparm_query=");
	(void)mst_buf_add_uri(&url, mst_buf_slice(&q));
	(void)mst_buf_addf(&url,
			   "&sysparm_fields=sys_id,u_key,u_source,u_state,"
			   "u_ip_address,u_cmdb_ci&sysparm_limit=%d"
			   "&sysparm_exclude_reference_link=true",
			   ROWS);
	mst_buf_fini(&q);
	return mst_buf_steal(&url);
}

/* A reference comes as text, or as an object with its value. */
static struct mst_slice text_of(struct mst_json row, const char *name)
{
	struct mst_json v = mst_json_get(row, name);

	if (mst_json_type(v) == MST_JSON_OBJECT)
		v = mst_json_get(v, "value");
	return mst_json_str(v);
}

static void copy_id(char out[33], struct mst_slice id)
{
	if (id.n == 32 && is_safe(id))
		(void)snprintf(out, 33, "%.32s", id.p);
}

/* An answer is only believed where it holds what was asked for. */
static bool fits(const struct entry *e, struct mst_json row)
{
	if (!e->by_ip)
		return mst_slice_eq(text_of(row, "u_key"), e->value);
	return mst_slice_eq(text_of(row, "u_ip_address"), e->value) &&
	       mst_slice_is(text_of(row, "u_source"), e->source) &&
	       mst_slice_is(text_of(row, "u_state"), "present");
}

static void take_rows(struct list *l, struct mst_json rows)
{
	struct mst_json_iter it = mst_json_iter(rows);
	struct mst_json row;

	if (mst_json_len(rows) >= ROWS)
		return;
	while (mst_json_next(&it, NULL, &row)) {
		for (size_t i = 0; i < l->n; i++) {
			if (!fits(l->of[i], row))
				continue;
			l->of[i]->hits++;
			copy_id(l->of[i]->ci.device, text_of(row, "sys_id"));
			copy_id(l->of[i]->ci.ci, text_of(row, "u_cmdb_ci"));
		}
	}
}

static void take(void *ctx, size_t i, const struct mst_bundle_answer *a)
{
	struct filling *f = ctx;
	struct list *l = &f->lists[i];

	for (size_t k = 0; k < l->n; k++) {
		l->of[k]->hits = 0;
		l->of[k]->ci = (struct mst_ci){{0}, {0}};
		/* Not asked: the next one may. */
		if (a->status < 200 || a->status >= 500)
			l->of[k]->asked_us = INT64_MIN / 2;
	}
	if (a->status == 200) {
		take_rows(l, mst_json_get(a->root, "result"));
		return;
	}
	if (a->status < 400 || a->status >= 500 || f->c->told)
		return;
	f->c->told = true;
	(void)snprintf(f->note, 480,
		       "alerts are not linked to devices and CIs: "
		       "u_muster_ot_device: ServiceNow answered %d, \"%.200s\"",
		       a->status, a->why);
}

/* Entries of one kind and one source share a list. */
static size_t make_lists(struct mst_cis *c, struct list *l)
{
	size_t n = 0;

	for (struct entry *e = c->wanted, *next; e; e = next) {
		size_t k = n;

		next = e->next;
		e->wanted = false;
		while (k > 0) {
			const struct entry *o = l[k - 1].of[0];

			if (l[k - 1].n < IN_LIST && o->by_ip == e->by_ip &&
			    (!e->by_ip || strcmp(o->source, e->source) == 0))
				break;
			k--;
		}
		if (k == 0)
			k = ++n;
		l[k - 1].of[l[k - 1].n++] = e;
	}
	c->wanted = NULL;
	return n;
}

int mst_cis_fill(struct mst_cis *c, struct mst_instance *i,
		 const atomic_bool *stop, char note_r[480], struct mst_err *err)
{
	struct filling f = {.c = c, .note = note_r};
	struct mst_bundle_req *r;
	size_t most = 0, n;
	int rc;

	*note_r = 0;
	for (struct entry *e = c->wanted; e; e = e->next)
		most++;
	if (most == 0)
		return 0;
	f.lists = mst_alloc(most * sizeof(*f.lists));
	r = mst_alloc(most * sizeof(*r));
	n = make_lists(c, f.lists);
	for (size_t k = 0; k < n; k++) {
		f.lists[k].url = url_of(&f.lists[k]);
		r[k] = (struct mst_bundle_req){
		    .method = MST_HTTP_GET,
		    .url = mst_slice_str(f.lists[k].url)};
	}
	rc = mst_instance_ask(i, r, n, stop, take, &f, err);
	for (size_t k = 0; k < n; k++)
		free(f.lists[k].url);
	free(f.lists);
	free(r);
	return rc;
}
