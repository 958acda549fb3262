/* SPDX-License-Identifier: Apache-2.0
 *
 * Master data: companies and models that a CI refers to by name. Looked up
 * once a run, exact name first, then folded; made when there is none. A name
 * that cannot be made (no rights) leaves the reference out, and the record goes
 * without it, with a note.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "dest/servicenow/sn.h"

#define PAGES_MAX 20 /* of names that begin alike */

enum kind { COMPANY, MODEL, KINDS };
enum state { BUSY, READY, NONE, FAILED };
enum stage { EXACT, ALIKE };

static const struct {
	const char *ref_set, *table;
	size_t max;
} kinds[KINDS] = {
    [COMPANY] = {"company", "core_company", 80},
    [MODEL] = {"model", "cmdb_hardware_product_model", 255},
};

struct waiter {
	struct sn_item *item;
	unsigned cell;
};

struct sn_master {
	struct sn_master *next;
	enum kind kind;
	enum state state;
	enum stage stage;
	struct mst_slice key, name, folded; /* in this block */
	struct mst_sysid maker;		    /* MODEL: its company */
	struct mst_sysid id;
	char best[32]; /* sys_created_on of the candidate */
	bool exact;    /* the candidate has exactly this name */
	char after[33];
	unsigned page, pages, tries;
	char *why; /* NONE, FAILED */
	struct waiter *waiters;
	size_t waiters_n, waiters_cap;
	/* Others of the same folded name wait for this one to be made. */
	struct sn_master *followers, *next_follower;
};

static void ask(struct mst_dest *d, struct sn_master *m);

uint64_t mst_sn_master_missing(const struct mst_dest *d)
{
	return d->master_missing;
}

void mst_sn_master_fini(struct mst_dest *d)
{
	struct sn_master *m, *next;

	for (m = d->first_master; m; m = next) {
		next = m->next;
		free(m->why);
		free(m->waiters);
		free(m);
	}
	d->first_master = NULL;
	mst_map_fini(&d->masters);
	mst_map_fini(&d->makers);
}

/* ---- entries ----------------------------------------------------------- */

static struct sn_master *entry_new(enum kind kind, struct mst_slice name,
				   struct mst_slice key,
				   const struct mst_sysid *maker)
{
	struct sn_master *m = mst_alloc(sizeof(*m) + key.n + 2 * name.n + 2);
	char *p = (char *)(m + 1);

	m->kind = kind;
	m->page = SN_PAGE;
	memcpy(p, key.p, key.n);
	m->key = mst_slice(p, key.n);
	p += key.n;
	memcpy(p, name.p, name.n);
	m->name = mst_slice(p, name.n);
	p += name.n;
	*p = kind == COMPANY ? 'c' : 'm';
	m->folded = mst_sn_fold(name, p + 1, name.n);
	m->folded = mst_slice(p, m->folded.n + 1);
	if (maker)
		m->maker = *maker;
	return m;
}

static struct sn_master *entry(struct mst_dest *d, enum kind kind,
			       struct mst_slice name,
			       const struct mst_sysid *maker)
{
	char key[400], hex[33] = "";
	struct sn_master *m;
	size_t n;

	name = mst_sn_cut(mst_slice_trim(name), kinds[kind].max);
	if (maker)
		mst_sysid_hex(maker, hex);
	n = (size_t)snprintf(key, sizeof(key), "%s/%s/%.*s",
			     kinds[kind].ref_set, hex, MST_SLICE_ARG(name));
	m = mst_map_get(&d->masters, mst_slice(key, n));
	if (m)
		return m;
	m = entry_new(kind, name, mst_slice(key, n), maker);
	m->next = d->first_master;
	d->first_master = m;
	mst_map_put(&d->masters, m->key, m);
	ask(d, m);
	return m;
}

/* ---- what waits for it ------------------------------------------------- */

static void fill(struct mst_dest *d, const struct sn_master *m,
		 struct sn_item *it, unsigned cell)
{
	if (m->state == READY) {
		it->cells[cell].ref = m->id;
		return;
	}
	d->master_missing++;
	if (!it->note)
		it->note = m->why;
}

static void release(struct mst_dest *d, struct sn_master *m)
{
	struct waiter *w = m->waiters;
	size_t n = m->waiters_n;

	m->waiters = NULL;
	m->waiters_n = m->waiters_cap = 0;
	for (size_t i = 0; i < n; i++) {
		struct sn_item *it = w[i].item;

		fill(d, m, it, w[i].cell);
		it->lost = it->lost || m->state == FAILED;
		if (--it->waits)
			continue;
		if (it->lost)
			mst_sn_failed(d, it, "%s",
				      m->why ? m->why : "master data");
		else if (mst_sn_master_need(d, it))
			mst_sn_start(d, it);
	}
	free(w);
}

static void settle(struct mst_dest *d, struct sn_master *m, enum state state,
		   const char *why)
{
	struct sn_master *f, *next;

	m->state = state;
	if (state != READY) {
		m->why = mst_asprintf("%s \"%.*s\": %s", kinds[m->kind].ref_set,
				      MST_SLICE_ARG(m->name), why);
		mst_debug("%s: %s", d->env.connection, m->why);
	}
	f = m->followers;
	m->followers = NULL;
	release(d, m);
	for (; f; f = next) {
		next = f->next_follower;
		f->id = m->id;
		settle(d, f, state, why);
	}
}

static void wait_for(struct sn_master *m, struct sn_item *it, unsigned cell)
{
	if (m->waiters_n == m->waiters_cap) {
		m->waiters_cap = m->waiters_cap ? m->waiters_cap * 2 : 8;
		m->waiters = mst_realloc(m->waiters,
					 m->waiters_cap * sizeof(*m->waiters));
	}
	m->waiters[m->waiters_n++] = (struct waiter){it, cell};
	it->waits++;
}

static void need(struct mst_dest *d, struct sn_item *it, unsigned cell,
		 struct sn_master *m)
{
	if (m->state == BUSY)
		wait_for(m, it, cell);
	else
		fill(d, m, it, cell);
}

/* The company of the same record, which a model cannot do without. */
static const struct mst_sysid *maker_of(const struct sn_item *it)
{
	for (size_t i = 0; i < it->c.cells_n; i++) {
		const struct mst_column *col =
		    &it->c.set->columns[it->cells[i].column];

		if ((col->flags & MST_COL_MASTER) && col->ref_set &&
		    strcmp(col->ref_set, kinds[COMPANY].ref_set) == 0 &&
		    !mst_sysid_is_zero(&it->cells[i].ref))
			return &it->cells[i].ref;
	}
	return NULL;
}

static void need_kind(struct mst_dest *d, struct sn_item *it, enum kind kind)
{
	for (unsigned i = 0; i < it->c.cells_n; i++) {
		const struct mst_cell *cell = &it->cells[i];
		const struct mst_column *col =
		    &it->c.set->columns[cell->column];
		const struct mst_sysid *maker = NULL;

		if (!(col->flags & MST_COL_MASTER) || !col->ref_set ||
		    strcmp(col->ref_set, kinds[kind].ref_set) != 0 ||
		    !mst_slice_trim(cell->text).n ||
		    !mst_sysid_is_zero(&cell->ref))
			continue;
		if (kind == MODEL) {
			maker = maker_of(it);
			if (!maker)
				continue;
		}
		need(d, it, i, entry(d, kind, cell->text, maker));
	}
}

bool mst_sn_master_need(struct mst_dest *d, struct sn_item *it)
{
	if (it->c.action != MST_INSERT && it->c.action != MST_UPDATE)
		return true;
	while (it->master_pass < KINDS) {
		need_kind(d, it, (enum kind)it->master_pass++);
		if (it->waits)
			return false;
	}
	return true;
}

/* ---- looking up -------------------------------------------------------- */

static bool older(const struct sn_master *m, struct mst_slice created,
		  const struct mst_sysid *id)
{
	int c = mst_slice_cmp(created, mst_slice_str(m->best));

	return c < 0 || (c == 0 && memcmp(id, &m->id, sizeof(*id)) < 0);
}

/* Exact before folded, then the oldest, then the least sys_id. A query whose
 * clause was dropped brings strangers: they match neither way. */
static void consider(struct sn_master *m, struct mst_json row)
{
	struct mst_slice name = mst_sn_member(row, "name"), folded;
	struct mst_slice created = mst_sn_member(row, "sys_created_on");
	char buf[256], hex[33];
	struct mst_sysid id;
	bool exact = mst_slice_eq(name, m->name);

	if (!mst_sn_row_id(row, &id))
		return;
	mst_sysid_hex(&id, m->after);
	if (m->kind == MODEL) {
		mst_sysid_hex(&m->maker, hex);
		if (!exact ||
		    !mst_slice_is(mst_sn_member(row, "manufacturer"), hex))
			return;
	}
	folded = mst_sn_fold(name, buf, sizeof(buf));
	if (!exact &&
	    (!folded.n || !mst_slice_eq(folded, mst_slice(m->folded.p + 1,
							  m->folded.n - 1))))
		return;
	if (!mst_sysid_is_zero(&m->id) &&
	    (m->exact > exact ||
	     (m->exact == exact && !older(m, created, &id))))
		return;
	m->id = id;
	m->exact = exact;
	snprintf(m->best, sizeof(m->best), "%.*s", MST_SLICE_ARG(created));
}

static void create(struct mst_dest *d, struct sn_master *m);

static void looked(struct mst_dest *d, struct sn_master *m)
{
	if (!mst_sysid_is_zero(&m->id))
		settle(d, m, READY, NULL);
	else
		create(d, m);
}

static void ask_alike(struct mst_dest *d, struct sn_master *m)
{
	m->stage = ALIKE;
	m->after[0] = 0;
	m->pages = 0;
	ask(d, m);
}

static void take_look(struct mst_dest *d, void *ctx, const struct sn_answer *a)
{
	struct sn_master *m = ctx;
	struct mst_json_iter it;
	struct mst_json row;
	size_t n = 0;

	if (a->fate == SN_BROKEN && ++m->tries < SN_TRIES) {
		m->page = MST_MAX(m->page / 2, SN_PAGE_LEAST);
		ask(d, m);
		return;
	}
	if (a->fate == SN_REFUSED && a->status != 404) {
		settle(d, m, NONE, a->why);
		return;
	}
	if (a->fate != SN_DONE && a->status != 404) {
		settle(d, m, FAILED, a->why);
		return;
	}
	it = mst_json_iter(mst_json_get(a->root, "result"));
	for (; mst_json_next(&it, NULL, &row); n++)
		consider(m, row);
	if (m->exact)
		settle(d, m, READY, NULL);
	else if (m->stage == EXACT && m->kind == COMPANY)
		ask_alike(d, m);
	else if (m->stage == ALIKE && n && ++m->pages < PAGES_MAX)
		ask(d, m);
	else
		looked(d, m);
}

/* The first word; the rest may be a legal form or another spelling. */
static struct mst_slice first_word(struct mst_slice name)
{
	size_t n = 0;

	while (n < name.n && (isalnum((unsigned char)name.p[n]) ||
			      (unsigned char)name.p[n] >= 0x80))
		n++;
	return mst_sn_cut(mst_slice(name.p, n), 40);
}

/* "microsoft", "Microsoft", "MICROSOFT": queries may mind the case. */
static void query_alike(struct mst_slice word, struct mst_buf *q)
{
	char forms[4][48];
	size_t n = 0;

	for (int how = 0; how < 4; how++) {
		size_t k;
		bool known = false;

		for (k = 0; k < word.n; k++) {
			unsigned char c = (unsigned char)word.p[k];

			forms[n][k] = how == 0 ? (char)c
				      : how == 1 || (how == 3 && k)
					  ? (char)(c < 128 ? tolower(c) : c)
					  : (char)(c < 128 ? toupper(c) : c);
		}
		forms[n][k] = 0;
		for (k = 0; k < n; k++)
			known = known || strcmp(forms[k], forms[n]) == 0;
		if (known)
			continue;
		mst_buf_addf(q, "%snameSTARTSWITH%s", n ? "^OR" : "", forms[n]);
		n++;
	}
}

/* False when no safe query can be made. */
static bool query(const struct sn_master *m, struct mst_buf *q)
{
	struct mst_slice part = first_word(m->name);
	char hex[33];

	if (m->kind == MODEL) {
		mst_sysid_hex(&m->maker, hex);
		mst_buf_addf(q, "manufacturer=%s^", hex);
	}
	if (m->stage == EXACT) {
		if (!mst_sn_query_safe(m->name))
			return false;
		mst_buf_addf(q, "name=%.*s", MST_SLICE_ARG(m->name));
	} else if (m->kind == MODEL) {
		part = mst_sn_query_prefix(m->name);
		if (part.n)
			mst_buf_addf(q, "nameSTARTSWITH%.*s",
				     MST_SLICE_ARG(part));
		else
			mst_buf_adds(q, "nameISNOTEMPTY");
	} else if (part.n && mst_sn_query_safe(part)) {
		query_alike(part, q);
	} else {
		return false;
	}
	if (*m->after)
		mst_buf_addf(q, "^sys_id>%s", m->after);
	mst_buf_adds(q, "^ORDERBYsys_id");
	return true;
}

static void ask(struct mst_dest *d, struct sn_master *m)
{
	struct mst_buf q = MST_BUF_INIT(8192), url = MST_BUF_INIT(32768);
	bool askable = query(m, &q);

	if (!askable && m->stage == EXACT) {
		m->stage = ALIKE;
		mst_buf_reset(&q);
		askable = query(m, &q);
	}
	if (askable) {
		mst_sn_list_url(&url, mst_slice_str(kinds[m->kind].table),
				mst_buf_slice(&q),
				m->kind == MODEL
				    ? "sys_id,name,sys_created_on,manufacturer"
				    : "sys_id,name,sys_created_on",
				m->page);
		mst_sn_sub_add(d, MST_HTTP_GET, url.p, mst_slice(NULL, 0),
			       take_look, m);
	} else if (mst_sn_query_safe(m->name)) {
		looked(d, m); /* asked for exactly, and that is all we can */
	} else {
		/* Made blindly, it would be made anew by every run. */
		settle(d, m, NONE, "the name cannot be looked up");
	}
	mst_buf_fini(&q);
	mst_buf_fini(&url);
}

/* ---- making ------------------------------------------------------------ */

static void look_again(struct mst_dest *d, struct sn_master *m, const char *why)
{
	if (++m->tries >= SN_TRIES) {
		settle(d, m, FAILED, why);
		return;
	}
	m->stage = EXACT;
	m->after[0] = 0;
	ask(d, m);
}

static void take_create(struct mst_dest *d, void *ctx,
			const struct sn_answer *a)
{
	struct sn_master *m = ctx;

	switch (a->fate) {
	case SN_DONE:
		if (mst_sn_row_id(mst_json_get(a->root, "result"), &m->id))
			settle(d, m, READY, NULL);
		else
			look_again(d, m, "the answer has no sys_id");
		break;
	case SN_LOST:
		look_again(d, m, a->why);
		break;
	case SN_GIVEN_UP:
		settle(d, m, FAILED, a->why);
		break;
	case SN_REFUSED:
	case SN_BROKEN:
		if (mst_sn_is_unique(a->status, a->why))
			look_again(d, m, a->why);
		else
			settle(d, m, NONE, a->why);
		break;
	}
}

static void post(struct mst_dest *d, struct sn_master *m)
{
	struct mst_buf url = MST_BUF_INIT(1024);
	struct mst_jout j;
	char hex[33];

	mst_buf_addf(&url,
		     "/api/now/table/%s?sysparm_fields=sys_id"
		     "&sysparm_exclude_reference_link=true",
		     kinds[m->kind].table);
	mst_buf_reset(&d->scratch);
	mst_jout_init(&j, &d->scratch);
	mst_jout_obj(&j);
	mst_jout_kslice(&j, "name", m->name);
	if (m->kind == MODEL) {
		mst_sysid_hex(&m->maker, hex);
		mst_jout_kslice(&j, "model_number", mst_sn_cut(m->name, 80));
		mst_jout_kstr(&j, "manufacturer", hex);
	}
	mst_jout_end_obj(&j);
	mst_sn_sub_add(d, MST_HTTP_POST, url.p, mst_buf_slice(&d->scratch),
		       take_create, m);
	mst_buf_fini(&url);
}

/* Of several spellings of one company only the first is made. */
static void create(struct mst_dest *d, struct sn_master *m)
{
	struct sn_master *first = m;

	if (m->kind == COMPANY && m->folded.n > 1) {
		first = mst_map_get(&d->makers, m->folded);
		if (!first) {
			mst_map_put(&d->makers, m->folded, m);
			first = m;
		}
	}
	if (first == m) {
		post(d, m);
	} else if (first->state == BUSY) {
		m->next_follower = first->followers;
		first->followers = m;
	} else {
		m->id = first->id;
		settle(d, m, first->state, first->why ? first->why : "");
	}
}
