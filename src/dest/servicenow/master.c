/* SPDX-License-Identifier: Apache-2.0
 *
 * Master data: companies and models that a CI refers to by name. Looked up
 * once a run (company.c, model.c); made when there is none. A name that cannot
 * be made (no rights) leaves the reference out, and the record goes without
 * it, with a note.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "dest/servicenow/master.h"

#define TOLD_MAX 20 /* names that are there several times */

static const struct {
	const char *ref_set, *create; /* create: the setting that allows it */
	size_t max;
} kinds[SN_KINDS] = {
    [SN_COMPANY] = {SN_KIND_COMPANY, "create_companies", 80},
    [SN_MODEL] = {SN_KIND_MODEL, "create_models", 255},
    [SN_SOFTWARE] = {SN_KIND_SOFTWARE, "", 255},
};

const char *mst_sn_master_table(const struct mst_dest *d, enum sn_kind kind)
{
	if (kind == SN_COMPANY)
		return "core_company";
	if (kind == SN_SOFTWARE)
		return "cmdb_software_product_model";
	return d->conf->model_table == SN_ANY_MODEL
		   ? "cmdb_model"
		   : "cmdb_hardware_product_model";
}

static void look(struct mst_dest *d, struct sn_master *m)
{
	m->id = (struct mst_sysid){{0}};
	m->exact = false;
	m->alike = 0;
	if (m->kind == SN_COMPANY)
		mst_sn_company_look(d, m);
	else
		mst_sn_model_look(d, m);
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
	mst_sn_company_fini(d);
}

/* ---- entries ----------------------------------------------------------- */

static struct sn_master *entry_new(enum sn_kind kind, struct mst_slice name,
				   struct mst_slice version,
				   struct mst_slice key,
				   const struct mst_sysid *maker)
{
	struct sn_master *m =
	    mst_alloc(sizeof(*m) + key.n + version.n + 2 * name.n + 2);
	char *p = (char *)(m + 1);

	m->kind = kind;
	m->page = SN_PAGE;
	memcpy(p, key.p, key.n);
	m->key = mst_slice(p, key.n);
	p += key.n;
	memcpy(p, name.p, name.n);
	m->name = mst_slice(p, name.n);
	p += name.n;
	if (version.n)
		memcpy(p, version.p, version.n);
	m->version = mst_slice(p, version.n);
	p += version.n;
	*p = kind == SN_COMPANY ? 'c' : 'm';
	m->folded = mst_sn_fold(name, p + 1, name.n);
	m->folded = mst_slice(p, m->folded.n + 1);
	if (maker)
		m->maker = *maker;
	return m;
}

static struct sn_master *entry(struct mst_dest *d, enum sn_kind kind,
			       struct mst_slice name, struct mst_slice version,
			       const struct mst_sysid *maker)
{
	char key[700], hex[33] = "";
	struct sn_master *m;
	size_t n;

	name = mst_sn_cut(mst_slice_trim(name), kinds[kind].max);
	if (maker)
		mst_sysid_hex(maker, hex);
	version = mst_sn_cut(version, 100);
	n = (size_t)snprintf(key, sizeof(key), "%s/%s/%.*s/%.*s",
			     kinds[kind].ref_set, hex, MST_SLICE_ARG(name),
			     MST_SLICE_ARG(version));
	m = mst_map_get(&d->masters, mst_slice(key, n));
	if (m)
		return m;
	m = entry_new(kind, name, version, mst_slice(key, n), maker);
	m->next = d->first_master;
	d->first_master = m;
	mst_map_put(&d->masters, m->key, m);
	look(d, m);
	return m;
}

/* ---- what waits for it ------------------------------------------------- */

static void fill(struct mst_dest *d, const struct sn_master *m,
		 struct sn_item *it, unsigned cell)
{
	if (m->state == SN_READY) {
		it->cells[cell].ref = m->id;
		return;
	}
	/* Then ServiceNow finds the maker by its name. */
	if (m->kind == SN_COMPANY && mst_sn_by_name(d))
		return;
	if (!it->note)
		it->note = m->why;
}

static void release(struct mst_dest *d, struct sn_master *m)
{
	struct sn_waiter *w = m->waiters;
	size_t n = m->waiters_n;

	m->waiters = NULL;
	m->waiters_n = m->waiters_cap = 0;
	for (size_t i = 0; i < n; i++) {
		struct sn_item *it = w[i].item;

		fill(d, m, it, w[i].cell);
		it->lost = it->lost || m->state == SN_GONE;
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

void mst_sn_master_settle(struct mst_dest *d, struct sn_master *m,
			  enum sn_master_state state, const char *why)
{
	struct sn_master *f, *next;

	m->state = state;
	if (state != SN_READY) {
		free(m->why);
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
		mst_sn_master_settle(d, f, state, why);
	}
}

static void wait_for(struct sn_master *m, struct sn_item *it, unsigned cell)
{
	if (m->waiters_n == m->waiters_cap) {
		m->waiters_cap = m->waiters_cap ? m->waiters_cap * 2 : 8;
		m->waiters = mst_realloc(m->waiters,
					 m->waiters_cap * sizeof(*m->waiters));
	}
	m->waiters[m->waiters_n++] = (struct sn_waiter){it, cell};
	it->waits++;
}

static void need(struct mst_dest *d, struct sn_item *it, unsigned cell,
		 struct sn_master *m)
{
	if (m->state == SN_GONE) { /* it may work now */
		m->state = SN_BUSY;
		m->tries = 0;
		look(d, m);
	}
	if (m->state == SN_BUSY)
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
		    strcmp(col->ref_set, kinds[SN_COMPANY].ref_set) == 0 &&
		    !mst_sysid_is_zero(&it->cells[i].ref))
			return &it->cells[i].ref;
	}
	return NULL;
}

/* The text of a software model is the package's name and what counts of its
 * version. */
static void split_version(const struct sn_item *it, struct mst_slice *name,
			  struct mst_slice *version)
{
	const struct mst_cell *cell = mst_sn_cell(it, "name");
	size_t n = cell ? cell->text.n : 0;

	if (!n || n >= name->n || memcmp(cell->text.p, name->p, n) != 0)
		return;
	*version = mst_slice_trim(mst_slice(name->p + n, name->n - n));
	name->n = n;
}

static void need_kind(struct mst_dest *d, struct sn_item *it, enum sn_kind kind)
{
	for (unsigned i = 0; i < it->c.cells_n; i++) {
		const struct mst_cell *cell = &it->cells[i];
		const struct mst_column *col =
		    &it->c.set->columns[cell->column];
		struct mst_slice name = cell->text, version = {NULL, 0};
		const struct mst_sysid *maker = NULL;

		if (!(col->flags & MST_COL_MASTER) || !col->ref_set ||
		    strcmp(col->ref_set, kinds[kind].ref_set) != 0 ||
		    !mst_slice_trim(cell->text).n ||
		    !mst_sysid_is_zero(&cell->ref))
			continue;
		if (kind == SN_COMPANY && mst_slice_is(name, SN_CLEAR))
			continue;
		if (kind != SN_COMPANY) {
			maker = maker_of(it);
			if (!maker)
				continue;
		}
		if (kind == SN_SOFTWARE)
			split_version(it, &name, &version);
		need(d, it, i, entry(d, kind, name, version, maker));
	}
}

bool mst_sn_master_need(struct mst_dest *d, struct sn_item *it)
{
	if (it->c.action != MST_INSERT && it->c.action != MST_UPDATE)
		return true;
	while (it->master_pass < SN_KINDS) {
		need_kind(d, it, (enum sn_kind)it->master_pass++);
		if (it->waits)
			return false;
	}
	return true;
}

/* ---- candidates --------------------------------------------------------- */

static bool older(const struct sn_master *m, struct mst_slice created,
		  const struct mst_sysid *id)
{
	int c = mst_slice_cmp(created, mst_slice_str(m->created));

	return c < 0 || (c == 0 && memcmp(id, &m->id, sizeof(*id)) < 0);
}

static bool folds_alike(const struct sn_master *m, struct mst_slice name)
{
	char buf[256];
	struct mst_slice folded = mst_sn_fold(name, buf, sizeof(buf));

	return folded.n && mst_slice_eq(folded, mst_slice(m->folded.p + 1,
							  m->folded.n - 1));
}

void mst_sn_master_consider(struct sn_master *m, struct mst_slice name,
			    struct mst_slice created,
			    const struct mst_sysid *id)
{
	bool exact = mst_slice_eq(name, m->name);

	if (!exact && !(m->kind == SN_COMPANY ? folds_alike(m, name)
					      : mst_slice_ieq(name, m->name)))
		return;
	if (!mst_sysid_is_zero(&m->id) && m->exact > exact)
		return;
	m->alike = m->exact == exact ? m->alike + 1 : 1;
	if (!mst_sysid_is_zero(&m->id) && m->exact == exact &&
	    !older(m, created, id))
		return;
	m->id = *id;
	m->exact = exact;
	snprintf(m->created, sizeof(m->created), "%.*s",
		 MST_SLICE_ARG(created));
}

/* ---- making ------------------------------------------------------------ */

static void look_again(struct mst_dest *d, struct sn_master *m, const char *why)
{
	if (++m->tries >= SN_TRIES)
		mst_sn_master_settle(d, m, SN_GONE, why);
	else
		look(d, m);
}

static void take_create(struct mst_dest *d, void *ctx,
			const struct sn_answer *a)
{
	struct sn_master *m = ctx;

	switch (a->fate) {
	case SN_DONE:
		if (mst_sn_row_id(mst_json_get(a->root, "result"), &m->id))
			mst_sn_master_settle(d, m, SN_READY, NULL);
		else
			look_again(d, m, "the answer has no sys_id");
		break;
	case SN_LOST:
		look_again(d, m, a->why);
		break;
	case SN_GIVEN_UP:
		mst_sn_master_settle(d, m, SN_GONE, a->why);
		break;
	case SN_REFUSED:
	case SN_BROKEN:
		if (mst_sn_is_unique(a->status, a->why))
			look_again(d, m, a->why);
		else
			mst_sn_master_settle(d, m, SN_NONE, a->why);
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
		     mst_sn_master_table(d, m->kind));
	mst_buf_reset(&d->scratch);
	mst_jout_init(&j, &d->scratch);
	mst_jout_obj(&j);
	mst_jout_kslice(&j, "name", m->name);
	if (m->kind == SN_MODEL)
		mst_jout_kslice(&j, "model_number", mst_sn_cut(m->name, 80));
	if (m->version.n)
		mst_jout_kslice(&j, "version", m->version);
	if (m->kind != SN_COMPANY) {
		mst_sysid_hex(&m->maker, hex);
		mst_jout_kstr(&j, "manufacturer", hex);
	}
	mst_jout_end_obj(&j);
	mst_sn_sub_add(d, MST_HTTP_POST, url.p, mst_buf_slice(&d->scratch),
		       take_create, m);
	mst_buf_fini(&url);
}

static void create(struct mst_dest *d, struct sn_master *m);

static bool may_create(const struct mst_dest *d, enum sn_kind kind)
{
	if (kind == SN_COMPANY)
		return d->conf->create_companies && !mst_sn_by_name(d);
	return kind == SN_SOFTWARE || d->conf->create_models;
}

bool mst_sn_master_makes(const struct mst_dest *d, const char *ref_set)
{
	enum sn_kind kind = SN_COMPANY;

	while (kind < SN_KINDS && strcmp(kinds[kind].ref_set, ref_set) != 0)
		kind++;
	/* Models need their company. */
	return kind < SN_KINDS && may_create(d, kind) &&
	       may_create(d, SN_COMPANY);
}

static void not_made(struct mst_dest *d, struct sn_master *m)
{
	char why[80];

	snprintf(why, sizeof(why), "it is not there, and %s is off",
		 kinds[m->kind].create);
	mst_sn_master_settle(d, m, SN_NONE, why);
}

/* The oldest is taken, which a person should know of. */
static void tell_several(struct mst_dest *d, const struct sn_master *m)
{
	char hex[33];

	if (m->alike < 2 || d->several_n > TOLD_MAX)
		return;
	mst_sysid_hex(&m->id, hex);
	if (d->several_n++ < TOLD_MAX)
		mst_sn_tell(d,
			    "%s has %u records for \"%.*s\": the oldest is "
			    "taken, %s; merge them",
			    mst_sn_master_table(d, m->kind), m->alike,
			    MST_SLICE_ARG(m->name), hex);
	else
		mst_sn_tell(d, "further names of companies and models have "
			       "several records, too");
}

void mst_sn_master_looked(struct mst_dest *d, struct sn_master *m)
{
	if (!mst_sysid_is_zero(&m->id)) {
		tell_several(d, m);
		mst_sn_master_settle(d, m, SN_READY, NULL);
	} else if (may_create(d, m->kind)) {
		create(d, m);
	} else {
		not_made(d, m);
	}
}

/* Of several spellings of one company only the first is made. */
static void create(struct mst_dest *d, struct sn_master *m)
{
	struct sn_master *first = m;

	if (m->kind == SN_COMPANY && m->folded.n > 1) {
		first = mst_map_get(&d->makers, m->folded);
		if (!first) {
			mst_map_put(&d->makers, m->folded, m);
			first = m;
		}
	}
	if (first == m) {
		post(d, m);
	} else if (first->state == SN_BUSY) {
		m->next_follower = first->followers;
		first->followers = m;
	} else {
		m->id = first->id;
		mst_sn_master_settle(d, m, first->state,
				     first->why ? first->why : "");
	}
}
