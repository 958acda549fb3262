/* SPDX-License-Identifier: Apache-2.0
 *
 * Companies and models that nothing refers to any more, when the settings want
 * them deleted. Only those that muster's own user made; only when every column
 * of the instance that can refer to them was asked; never one that this run
 * used. Whatever cannot be read ends it with a note, and nothing is deleted.
 */
#include <stdio.h>
#include <stdlib.h>

#include "dest/servicenow/master.h"

#define CANDIDATES_MAX 2000 /* a run */
#define REFS_MAX       600
#define PAGES_MAX      20

enum stage { MODELS, COMPANIES, STAGES };

static const struct {
	const char *table, *what;
	const char *to; /* tables that columns refer to, for an IN clause */
} stages[STAGES] = {
    [MODELS] = {"cmdb_model", "models",
		"cmdb_model,cmdb_hardware_product_model,"
		"cmdb_software_product_model"},
    [COMPANIES] = {"core_company", "companies", "core_company"},
};

struct candidate {
	struct mst_sysid id;
	bool used;
};

/* A column that can refer to them. */
struct ref {
	char table[81], column[81];
	bool list; /* several sys_ids in one text */
};

struct chunk {
	LIST_ENTRY(chunk) link;
	struct sn_sweep *s;
	size_t at[SN_IN_LIST], n; /* candidates */
	unsigned pages;
};

struct sn_sweep {
	LIST_HEAD(, chunk) chunks; /* under way */
	enum stage stage;
	struct candidate *v;
	size_t n;
	struct ref *refs;
	size_t refs_n, ref;
	size_t left; /* requests under way of this step */
	unsigned deleted, pages;
	char after[33];
	bool failed;
};

static void begin_stage(struct mst_dest *d, struct sn_sweep *s);
static void next_ref(struct mst_dest *d, struct sn_sweep *s);

void mst_sn_sweep_fini(struct mst_dest *d)
{
	struct chunk *c;

	if (!d->sweep)
		return;
	while ((c = LIST_FIRST(&d->sweep->chunks))) {
		LIST_REMOVE(c, link);
		free(c);
	}
	free(d->sweep->v);
	free(d->sweep->refs);
	free(d->sweep);
	d->sweep = NULL;
}

/* ---- stages -------------------------------------------------------------- */

static void end_stage(struct mst_dest *d, struct sn_sweep *s)
{
	if (s->deleted)
		mst_sn_tell(d, "%s that nothing refers to: %u deleted",
			    stages[s->stage].what, s->deleted);
	s->stage++;
	begin_stage(d, s);
}

static void fail(struct mst_dest *d, struct sn_sweep *s, const char *what,
		 const char *why)
{
	if (!s->failed)
		mst_sn_tell(d, "no %s are deleted: %s: %.300s",
			    stages[s->stage].what, what, why);
	s->failed = true;
}

static bool wanted(const struct mst_dest *d, enum stage stage)
{
	return stage == MODELS ? d->conf->delete_models
			       : d->conf->delete_companies;
}

/* ---- deleting ------------------------------------------------------------ */

static void take_delete(struct mst_dest *d, void *ctx,
			const struct sn_answer *a)
{
	struct sn_sweep *s = ctx;

	if (a->fate == SN_DONE)
		s->deleted++;
	else if (a->status != 404)
		fail(d, s, "a row cannot be deleted", a->why);
	if (!--s->left)
		end_stage(d, s);
}

static void delete_all(struct mst_dest *d, struct sn_sweep *s)
{
	char url[160], hex[33];

	for (size_t i = 0; i < s->n && !s->failed; i++) {
		if (s->v[i].used)
			continue;
		mst_sysid_hex(&s->v[i].id, hex);
		snprintf(url, sizeof(url), "/api/now/table/%s/%s",
			 stages[s->stage].table, hex);
		mst_sn_sub_add(d, MST_HTTP_DELETE, url, mst_slice(NULL, 0),
			       take_delete, s);
		s->left++;
	}
	if (!s->left)
		end_stage(d, s);
}

/* ---- who refers to them -------------------------------------------------- */

static void ask_chunk(struct mst_dest *d, struct chunk *c);

static void chunk_done(struct mst_dest *d, struct chunk *c)
{
	struct sn_sweep *s = c->s;

	LIST_REMOVE(c, link);
	free(c);
	if (!--s->left)
		next_ref(d, s);
}

/* Marks the candidates that the text names; false when it names none. */
static bool mark(struct chunk *c, struct mst_slice text)
{
	bool any = false;
	char hex[33];

	for (size_t i = 0; i < c->n;) {
		mst_sysid_hex(&c->s->v[c->at[i]].id, hex);
		if (!mst_slice_ifind(text, hex)) {
			i++;
			continue;
		}
		c->s->v[c->at[i]].used = any = true;
		c->at[i] = c->at[--c->n];
	}
	return any;
}

static bool is_used(const struct sn_sweep *s, struct mst_slice text)
{
	char hex[33];

	for (size_t i = 0; i < s->n; i++) {
		mst_sysid_hex(&s->v[i].id, hex);
		if (s->v[i].used && mst_slice_ifind(text, hex))
			return true;
	}
	return false;
}

static bool nothing_there(const struct sn_answer *a)
{
	return a->fate == SN_REFUSED &&
	       ((a->status == 404 &&
		 mst_slice_ifind(mst_slice_str(a->why), "No Record found")) ||
		(a->status == 400 &&
		 mst_slice_ifind(mst_slice_str(a->why), "invalid table")));
}

static void take_chunk(struct mst_dest *d, void *ctx, const struct sn_answer *a)
{
	struct mst_json_iter it =
	    mst_json_iter(mst_json_get(a->root, "result"));
	struct chunk *c = ctx;
	const struct ref *r = &c->s->refs[c->s->ref];
	struct mst_json row;
	size_t n = 0;

	if (a->fate != SN_DONE && !nothing_there(a)) {
		fail(d, c->s, r->table, a->why);
		chunk_done(d, c);
		return;
	}
	for (; a->fate == SN_DONE && mst_json_next(&it, NULL, &row); n++) {
		struct mst_slice text = mst_sn_member(row, r->column);

		/* A clause that was dropped brings all rows. */
		if (!mark(c, text) && !is_used(c->s, text)) {
			fail(d, c->s, r->table, "ServiceNow ignores the query");
			break;
		}
	}
	/* Many rows of one of them may hide the others. */
	if (n && c->n && !c->s->failed && ++c->pages < PAGES_MAX)
		ask_chunk(d, c);
	else
		chunk_done(d, c);
}

static void ask_chunk(struct mst_dest *d, struct chunk *c)
{
	struct mst_buf url = MST_BUF_INIT(65536), q = MST_BUF_INIT(16384);
	const struct ref *r = &c->s->refs[c->s->ref];
	char hex[33];

	if (!r->list)
		mst_buf_addf(&q, "%sIN", r->column);
	for (size_t i = 0; i < c->n; i++) {
		mst_sysid_hex(&c->s->v[c->at[i]].id, hex);
		if (r->list)
			mst_buf_addf(&q, "%s%sLIKE%s", i ? "^OR" : "",
				     r->column, hex);
		else
			mst_buf_addf(&q, "%s%s", i ? "," : "", hex);
	}
	mst_sn_list_url(&url, mst_slice_str(r->table), mst_buf_slice(&q),
			r->column, SN_PAGE);
	mst_sn_sub_add(d, MST_HTTP_GET, url.p, mst_slice(NULL, 0), take_chunk,
		       c);
	mst_buf_fini(&url);
	mst_buf_fini(&q);
}

/* Asks the next column about all that were not found to be in use. */
static void ask_ref(struct mst_dest *d, struct sn_sweep *s)
{
	struct chunk *c = NULL;

	for (size_t i = 0; i < s->n; i++) {
		if (s->v[i].used)
			continue;
		if (!c) {
			c = mst_alloc(sizeof(*c));
			c->s = s;
			LIST_INSERT_HEAD(&s->chunks, c, link);
		}
		c->at[c->n++] = i;
		if (c->n < SN_IN_LIST)
			continue;
		s->left++;
		ask_chunk(d, c);
		c = NULL;
	}
	if (c) {
		s->left++;
		ask_chunk(d, c);
	}
}

static void next_ref(struct mst_dest *d, struct sn_sweep *s)
{
	while (!s->failed && ++s->ref < s->refs_n) {
		ask_ref(d, s);
		if (s->left)
			return;
	}
	delete_all(d, s);
}

/* ---- columns that can refer ---------------------------------------------- */

static void take_refs(struct mst_dest *d, void *ctx, const struct sn_answer *a)
{
	struct mst_json result = mst_json_get(a->root, "result"), row;
	struct mst_json_iter it = mst_json_iter(result);
	struct sn_sweep *s = ctx;

	s->left--;
	if (a->fate != SN_DONE || !mst_json_len(result)) {
		fail(d, s, "sys_dictionary does not say what refers to them",
		     a->fate != SN_DONE ? a->why : "no column is shown");
		end_stage(d, s);
		return;
	}
	s->refs_n = 0;
	while (mst_json_next(&it, NULL, &row) && s->refs_n < REFS_MAX) {
		struct mst_slice table = mst_sn_member(row, "name");
		struct mst_slice column = mst_sn_member(row, "element");
		struct ref *r = &s->refs[s->refs_n];

		if (!mst_sn_name_ok(table) || !mst_sn_name_ok(column))
			continue;
		snprintf(r->table, sizeof(r->table), "%.*s",
			 MST_SLICE_ARG(table));
		snprintf(r->column, sizeof(r->column), "%.*s",
			 MST_SLICE_ARG(column));
		r->list = mst_slice_is(mst_sn_member(row, "internal_type"),
				       "glide_list");
		s->refs_n++;
	}
	if (s->refs_n == REFS_MAX)
		fail(d, s, "sys_dictionary", "too many columns refer to them");
	s->ref = SIZE_MAX; /* before the first */
	next_ref(d, s);
}

static void ask_refs(struct mst_dest *d, struct sn_sweep *s)
{
	struct mst_buf url = MST_BUF_INIT(4096), q = MST_BUF_INIT(512);

	mst_buf_addf(&q, "referenceIN%s^internal_typeINreference,glide_list",
		     stages[s->stage].to);
	mst_sn_list_url(&url, MST_SLICE_LIT("sys_dictionary"),
			mst_buf_slice(&q), "name,element,internal_type",
			REFS_MAX + 1);
	s->left++;
	mst_sn_sub_add(d, MST_HTTP_GET, url.p, mst_slice(NULL, 0), take_refs,
		       s);
	mst_buf_fini(&url);
	mst_buf_fini(&q);
}

/* ---- what muster made ---------------------------------------------------- */

static void ask_candidates(struct mst_dest *d, struct sn_sweep *s);

static bool in_use_now(const struct mst_dest *d, const struct mst_sysid *id)
{
	for (const struct sn_master *m = d->first_master; m; m = m->next) {
		if (memcmp(&m->id, id, sizeof(*id)) == 0)
			return true;
	}
	return false;
}

static bool is_model_class(struct mst_slice klass)
{
	return mst_slice_is(klass, "cmdb_model") ||
	       mst_slice_is(klass, "cmdb_hardware_product_model") ||
	       mst_slice_is(klass, "cmdb_software_product_model");
}

static void take_candidates(struct mst_dest *d, void *ctx,
			    const struct sn_answer *a)
{
	struct mst_json_iter it =
	    mst_json_iter(mst_json_get(a->root, "result"));
	struct sn_sweep *s = ctx;
	struct mst_json row;
	size_t n = 0;

	s->left--;
	if (a->fate != SN_DONE && !nothing_there(a)) {
		fail(d, s, stages[s->stage].table, a->why);
		end_stage(d, s);
		return;
	}
	for (; mst_json_next(&it, NULL, &row) && s->n < CANDIDATES_MAX; n++) {
		struct candidate *c = &s->v[s->n];

		if (!mst_sn_row_id(row, &c->id))
			continue;
		mst_sysid_hex(&c->id, s->after);
		c->used = false;
		if (mst_slice_is(mst_sn_member(row, "sys_created_by"),
				 d->conf->username) &&
		    (s->stage == COMPANIES ||
		     is_model_class(mst_sn_member(row, "sys_class_name"))) &&
		    !in_use_now(d, &c->id))
			s->n++;
	}
	if (n && s->n < CANDIDATES_MAX && ++s->pages < 10 * PAGES_MAX)
		ask_candidates(d, s);
	else if (s->n)
		ask_refs(d, s);
	else
		end_stage(d, s);
}

static void ask_candidates(struct mst_dest *d, struct sn_sweep *s)
{
	struct mst_buf url = MST_BUF_INIT(4096), q = MST_BUF_INIT(512);

	mst_buf_addf(&q, "sys_created_by=%s", d->conf->username);
	if (*s->after)
		mst_buf_addf(&q, "^sys_id>%s", s->after);
	mst_buf_adds(&q, "^ORDERBYsys_id");
	mst_sn_list_url(&url, mst_slice_str(stages[s->stage].table),
			mst_buf_slice(&q),
			"sys_id,sys_created_by,sys_class_name", SN_PAGE);
	s->left++;
	mst_sn_sub_add(d, MST_HTTP_GET, url.p, mst_slice(NULL, 0),
		       take_candidates, s);
	mst_buf_fini(&url);
	mst_buf_fini(&q);
}

static void begin_stage(struct mst_dest *d, struct sn_sweep *s)
{
	while (s->stage < STAGES && !wanted(d, s->stage))
		s->stage++;
	if (s->stage == STAGES || d->cancelled)
		return;
	s->n = s->refs_n = s->left = s->deleted = s->pages = 0;
	s->after[0] = 0;
	s->failed = false;
	ask_candidates(d, s);
}

void mst_sn_sweep(struct mst_dest *d)
{
	if (d->sweep || d->dead.code || d->cancelled || !d->wrote_ci ||
	    !(d->conf->delete_models || d->conf->delete_companies))
		return;
	if (!d->conf->username || !*d->conf->username ||
	    !mst_sn_query_safe(mst_slice_str(d->conf->username))) {
		mst_sn_tell(
		    d, "no companies or models are deleted: the connection "
		       "needs \"username\", to know what muster made");
		return;
	}
	d->sweep = mst_alloc(sizeof(*d->sweep));
	LIST_INIT(&d->sweep->chunks);
	d->sweep->v = mst_alloc(CANDIDATES_MAX * sizeof(*d->sweep->v));
	d->sweep->refs = mst_alloc(REFS_MAX * sizeof(*d->sweep->refs));
	begin_stage(d, d->sweep);
}
