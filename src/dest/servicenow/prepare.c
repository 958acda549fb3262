/* SPDX-License-Identifier: Apache-2.0
 *
 * What must be known before the first write, in two or three requests: may we
 * log in, are muster's tables and columns there, is our discovery source a
 * choice, which optional classes exist, does IRE take our options. Nothing
 * here writes: IRE is asked by a dry run.
 */
#include <stdio.h>
#include <stdlib.h>

#include "dest/servicenow/prepare.h"
#include "servicenow/tables.h"

void mst_sn_prepare_fini(struct mst_dest *d)
{
	struct sn_prepare *p = d->prepare;

	for (size_t i = 0; p && i < p->columns_n; i++)
		mst_sn_columns_fini(&p->columns[i]);
	if (p)
		mst_buf_fini(&p->missing);
	free(p);
	d->prepare = NULL;
}

bool mst_sn_has_class(const struct mst_dest *d, const char *table)
{
	return !mst_map_has(&d->absent, mst_slice_str(table));
}

const char *mst_sn_usual(const struct mst_dest *d, const struct mst_set *set)
{
	if (set->writer != MST_WRITE_CI || mst_sn_has_class(d, set->table))
		return set->table;
	for (size_t i = 0; i < set->classes_n; i++) {
		if (mst_sn_has_class(d, set->classes[i].table))
			return set->classes[i].table;
	}
	return set->table;
}

/* ---- the end ----------------------------------------------------------- */

static void missing(struct mst_dest *d, const char *kind, const char *table,
		    const char *column)
{
	const struct mst_sn_table *own = mst_sn_table_find(table);
	struct mst_buf *b = &d->prepare->missing;

	mst_buf_addf(b, "%s%s %s%s%s", b->n ? ", " : "", kind, table,
		     column ? "." : "", column ? column : "");
	if (column && !mst_sn_column_ours(table, column))
		d->prepare->theirs = true;
	else if (own)
		d->prepare->ours = own->set;
}

/* A custom column that nobody has is a mistake; of the others an instance may
 * lack some. */
static void judge_columns(struct mst_dest *d, struct sn_columns *c)
{
	const struct mst_catalog *cat = d->env.catalog;
	const char *column;
	size_t i = 0;

	while (mst_sn_columns_next(c, cat, &i, &column)) {
		if (mst_sn_column_custom(column))
			missing(d, "column", c->set->table, column);
		else
			mst_sn_tell(d,
				    "column %s.%s is not there; its values are "
				    "dropped",
				    mst_sn_usual(d, c->set), column);
	}
	if (c->partly.n && !d->prepare->theirs)
		mst_sn_tell(d,
			    "not there, so values for them are dropped: %.300s",
			    c->partly.p);
}

static const char *remedy(const struct sn_prepare *p, char *out, size_t n)
{
	(void)snprintf(out, n,
		       "commit muster's update set there (`muster update-set "
		       "%s --out FILE` writes the file)",
		       p->ours ? p->ours : "");
	if (p->ours)
		return out;
	if (p->theirs)
		return "ServiceNow would drop its values without a word: add "
		       "the column, or take it out of the mappings";
	return "activate the plug-in that brings it, or choose other record "
	       "sets or classes";
}

void mst_sn_prepare_finish(struct mst_dest *d)
{
	struct sn_prepare *p = d->prepare;
	struct mst_err err = MST_ERR_INIT;
	char text[160];

	if (p->left || p->klass)
		return;
	for (size_t i = 0; i < p->columns_n; i++)
		judge_columns(d, &p->columns[i]);
	if (p->missing.n) {
		mst_err_set(&err, MST_E_UNSUPPORTED,
			    "%s: the instance lacks %.600s: %s",
			    d->env.connection, p->missing.p,
			    remedy(p, text, sizeof(text)));
		mst_sn_die(d, &err);
	}
	mst_sn_prepare_fini(d);
}

static void refuse(struct mst_dest *d, const struct sn_answer *a,
		   const char *what, const char *remedy)
{
	struct mst_err err = MST_ERR_INIT;

	if (a->fate != SN_REFUSED)
		mst_err_set(&err,
			    d->cancelled ? MST_E_CANCELLED : MST_E_TRANSIENT,
			    "%s: %s: %s", d->env.connection, what, a->why);
	else
		mst_err_set(&err, mst_status_code(a->status),
			    "%s: %s: ServiceNow answered %d, \"%s\": %s",
			    d->env.connection, what, a->status, a->why,
			    mst_sn_is_unscoped(a->why)
				? "the OAuth client lacks a REST API auth "
				  "scope for this API (no role helps)"
				: remedy);
	err.status = a->status;
	mst_sn_die(d, &err);
}

/* ---- checks ------------------------------------------------------------ */

/* A 200 is enough, also one whose body breaks off. */
static bool is_there(const struct sn_answer *a)
{
	return a->fate == SN_DONE || a->fate == SN_BROKEN;
}

static bool no_such_thing(const struct sn_answer *a)
{
	if (a->fate != SN_REFUSED)
		return false;
	return a->status == 404 ||
	       (a->status == 400 &&
		mst_slice_ifind(mst_slice_str(a->why), "invalid table"));
}

static void take_table(struct mst_dest *d, const struct sn_check *c,
		       const struct sn_answer *a)
{
	char what[128];

	if (is_there(a))
		return;
	if (a->status == 404 &&
	    mst_slice_ifind(mst_slice_str(a->why), "No Record found"))
		return; /* an empty table, in the words of the first version */
	if (c->optional && a->fate == SN_REFUSED &&
	    !mst_sn_is_unscoped(a->why)) {
		mst_map_put(&d->absent, mst_slice_str(c->name), NULL);
		return;
	}
	if (no_such_thing(a)) {
		missing(d, "table", c->name, NULL);
		return;
	}
	snprintf(what, sizeof(what), "table \"%s\" cannot be read", c->name);
	refuse(d, a, what,
	       "the user needs read and write rights on it (role \"asset\")");
}

/* Only who may read the dictionary is told of missing columns here; others
 * learn it from the first refused write. */
static void take_columns(struct mst_dest *d, const struct sn_check *c,
			 const struct sn_answer *a)
{
	struct mst_json result = mst_json_get(a->root, "result"), row;
	struct mst_json_iter it;

	if (a->fate != SN_DONE || !mst_json_len(result))
		return;
	for (size_t i = 0; i < c->set->columns_n; i++) {
		const char *name = c->set->columns[i].name;
		bool found = false;

		/* Of other tables only those of a customer are looked at. */
		if (strncmp(c->name, "u_", 2) != 0 &&
		    !mst_sn_column_custom(name))
			continue;
		it = mst_json_iter(result);
		while (!found && mst_json_next(&it, NULL, &row)) {
			/* A dropped clause brings other tables' columns. */
			if (!mst_slice_is(mst_sn_member(row, "name"), c->name))
				return;
			found =
			    mst_slice_is(mst_sn_member(row, "element"), name);
		}
		if (!found)
			missing(d, "column", c->name, name);
	}
}

static void take_choice(struct mst_dest *d, const struct sn_answer *a)
{
	struct mst_json_iter it =
	    mst_json_iter(mst_json_get(a->root, "result"));
	const char *source = d->conf->discovery_source;
	struct mst_err err = MST_ERR_INIT;
	char near[64] = "";
	struct mst_json row;

	/* Who may not read choices is told by the dry run. */
	if (a->fate != SN_DONE)
		return;
	while (mst_json_next(&it, NULL, &row)) {
		struct mst_slice value = mst_sn_member(row, "value");

		if (mst_slice_is(value, source) &&
		    !mst_slice_iis(mst_sn_member(row, "inactive"), "true"))
			return;
		if (mst_slice_iis(value, source))
			snprintf(near, sizeof(near), " (there is \"%.*s\")",
				 MST_SLICE_ARG(value));
	}
	mst_err_set(&err, MST_E_UNSUPPORTED,
		    "%s: \"%s\" is no active choice of "
		    "cmdb_ci.discovery_source%s: `muster connection setup` "
		    "offers to add it; or add a record to sys_choice (name "
		    "cmdb_ci, element discovery_source, value and label "
		    "\"%s\", exact case), or set discovery_source to one that "
		    "exists",
		    d->env.connection, source, near, source);
	mst_sn_die(d, &err);
}

static void take_class(struct mst_dest *d, const struct sn_check *c,
		       const struct sn_answer *a)
{
	struct mst_slice key = mst_slice_str(c->name);
	struct sn_prepare *p = d->prepare;
	char what[128];

	for (size_t i = 0; a->fate == SN_DONE && i < p->columns_n; i++) {
		if (p->columns[i].set == c->set && !c->also)
			mst_sn_columns_class(
			    &p->columns[i], d->env.catalog, c->name,
			    mst_json_get(mst_json_get(a->root, "result"),
					 "attributes"));
	}
	if (is_there(a))
		return;
	if (a->fate == SN_GIVEN_UP || mst_sn_is_unscoped(a->why)) {
		snprintf(what, sizeof(what), "class \"%s\" cannot be read",
			 c->name);
		refuse(d, a, what, "");
		return;
	}
	/* Without the right to look, an optional class is not counted on and
	 * the others are: their writes would tell. */
	if (c->optional)
		mst_map_put(&d->absent, key, NULL);
	else if (no_such_thing(a))
		missing(d, "class", c->name, NULL);
}

static void take_relation(struct mst_dest *d, const struct sn_check *c,
			  const struct sn_answer *a)
{
	char what[128];
	bool empty = a->fate == SN_REFUSED && a->status == 404 &&
		     mst_slice_ifind(mst_slice_str(a->why), "No Record found");

	if (a->fate == SN_DONE || empty)
		mst_sn_relation_found(d, c->type,
				      mst_json_get(a->root, "result"));
	snprintf(what, sizeof(what),
		 "the types of relations (%s) cannot be read",
		 c->type->type.table);
	if (a->fate != SN_DONE && !empty)
		refuse(d, a, what, "let the user read that table");
}

static void take_check(struct mst_dest *d, void *ctx, const struct sn_answer *a)
{
	const struct sn_check *c = ctx;

	switch (c->what) {
	case SN_CHECK_TABLE:
		take_table(d, c, a);
		break;
	case SN_CHECK_COLUMNS:
		take_columns(d, c, a);
		break;
	case SN_CHECK_CHOICE:
		take_choice(d, a);
		break;
	case SN_CHECK_CLASS:
		take_class(d, c, a);
		break;
	case SN_CHECK_RELATION:
		take_relation(d, c, a);
		break;
	}
	d->prepare->left--;
	if (!d->dead.code)
		mst_sn_prepare_finish(d);
}

static void add(struct mst_dest *d, const struct sn_check *check)
{
	struct sn_prepare *p = d->prepare;
	struct mst_buf url = MST_BUF_INIT(SN_MAX_URL), q = MST_BUF_INIT(1024);
	struct sn_check *c;

	if (p->checks_n == SN_CHECKS_MAX)
		return;
	for (size_t i = 0; i < p->checks_n; i++) {
		if (p->checks[i].what == check->what && check->name &&
		    p->checks[i].type == check->type &&
		    strcmp(p->checks[i].name, check->name) == 0)
			return;
	}
	c = &p->checks[p->checks_n++];
	*c = *check;
	switch (c->what) {
	case SN_CHECK_TABLE:
		mst_buf_addf(&url,
			     "/api/now/table/%s?sysparm_fields=sys_id"
			     "&sysparm_limit=1",
			     c->name);
		break;
	case SN_CHECK_COLUMNS:
		mst_buf_addf(&q, "name=%s^elementISNOTEMPTY", c->name);
		mst_sn_list_url(&url, MST_SLICE_LIT("sys_dictionary"),
				mst_buf_slice(&q), "name,element", 500);
		break;
	case SN_CHECK_CHOICE:
		mst_buf_addf(&q,
			     "name=cmdb_ci^element=discovery_source^value=%s",
			     d->conf->discovery_source);
		mst_sn_list_url(&url, MST_SLICE_LIT("sys_choice"),
				mst_buf_slice(&q), "value,inactive,language",
				50);
		break;
	case SN_CHECK_CLASS:
		mst_buf_addf(&url, "/api/now/cmdb/meta/%s", c->name);
		break;
	case SN_CHECK_RELATION:
		mst_sn_relation_url(&c->type->type, &url);
		break;
	}
	mst_sn_sub_add(d, MST_HTTP_GET, url.p, mst_slice(NULL, 0), take_check,
		       c);
	p->left++;
	mst_buf_fini(&url);
	mst_buf_fini(&q);
}

/* Without IRE the rights on the table itself count. */
static void add_class(struct mst_dest *d, const struct sn_check *check)
{
	struct sn_check c = *check;

	add(d, &c);
	if (d->conf->write_mode != SN_WRITE_TABLE || c.optional)
		return;
	c.what = SN_CHECK_TABLE;
	add(d, &c);
}

static void add_type(struct mst_dest *d, const struct sn_type *t)
{
	struct sn_check c = {.what = SN_CHECK_RELATION, .name = t->name};

	c.type = mst_sn_relation_need(d, t);
	if (c.type)
		add(d, &c);
}

static void add_ci(struct mst_dest *d, const struct mst_set *set)
{
	struct sn_check c = {.what = SN_CHECK_CHOICE, .name = ""};
	struct sn_type t;

	if (!d->prepare->klass && d->conf->write_mode == SN_WRITE_IRE)
		d->prepare->klass = set ? set->table : "cmdb_ci_computer";
	add(d, &c);
	if (!set)
		return;
	if (mst_sn_owned(set, &t))
		add_type(d, &t);
	if (d->prepare->columns_n < MST_MAX_SETS)
		mst_sn_columns_init(
		    &d->prepare->columns[d->prepare->columns_n++], set);
	c = (struct sn_check){
	    .what = SN_CHECK_CLASS, .set = set, .name = set->table};
	if (!set->classes_n)
		add_class(d, &c);
	for (size_t i = 0; i < set->classes_n; i++) {
		const struct mst_class *k = &set->classes[i];

		c.name = k->table;
		c.optional = k->optional;
		c.also = false;
		add_class(d, &c);
		/* Somebody named them: a wrong name would go unseen. */
		c.optional = false;
		c.also = true;
		for (const char *const *v = k->also_search; v && *v; v++) {
			c.name = *v;
			add(d, &c);
		}
	}
}

bool mst_sn_may_lack(const struct mst_set *set)
{
	for (size_t i = 0; i < set->classes_n; i++) {
		if (strcmp(set->classes[i].table, set->table) == 0)
			return set->classes[i].optional;
	}
	return false;
}

static void add_table(struct mst_dest *d, const struct mst_set *set)
{
	struct sn_check c = {.what = SN_CHECK_TABLE,
			     .set = set,
			     .name = set->table,
			     .optional = mst_sn_may_lack(set)};
	struct sn_type t;

	add(d, &c);
	/* Only tables without a parent have all columns under their name. */
	if (strncmp(set->table, "u_", 2) == 0 ||
	    mst_sn_columns_custom(d->env.catalog, set)) {
		c.what = SN_CHECK_COLUMNS;
		add(d, &c);
	}
	if (mst_sn_relation_type(d->conf, d->env.catalog, set, &t))
		add_type(d, &t);
}

static bool selected(const char *const *sets, const char *name)
{
	if (!sets)
		return true;
	for (; *sets; sets++) {
		if (strcmp(*sets, name) == 0)
			return true;
	}
	return false;
}

static int counted(struct mst_dest *d, struct mst_err *err)
{
	mst_sn_prepare_fini(d);
	return mst_err_set(err, MST_E_INVALID,
			   "%s: install_count of a package is ServiceNow's own "
			   "count and is never written: take it out of the "
			   "mappings",
			   d->env.connection);
}

static int theirs(struct mst_dest *d, const struct mst_set *set,
		  struct mst_err *err)
{
	mst_sn_prepare_fini(d);
	return mst_err_set(err, MST_E_INVALID,
			   "%s: %s.%s is for people and is never written: take "
			   "it out of the mappings",
			   d->env.connection, set->table,
			   mst_sn_column_theirs(set));
}

int mst_sn_prepare(struct mst_dest *d, const char *const *sets,
		   struct mst_err *err)
{
	const struct mst_catalog *cat = d->env.catalog;

	if (d->dead.code) {
		*err = d->dead;
		return -(int)err->code;
	}
	mst_sn_prepare_fini(d);
	mst_map_fini(&d->absent);
	d->types_n = 0;
	d->prepare = mst_alloc(sizeof(*d->prepare));
	mst_buf_init(&d->prepare->missing, 4096);
	d->skip_option = true;
	for (size_t i = 0; cat && i < cat->sets_n; i++) {
		const struct mst_set *set = &cat->sets[i];

		if (!selected(sets, set->name))
			continue;
		if (mst_sn_column_counted(cat, set))
			return counted(d, err);
		if (mst_sn_column_theirs(set))
			return theirs(d, set, err);
		if (set->writer == MST_WRITE_CI)
			add_ci(d, set);
		else
			add_table(d, set);
	}
	/* Nothing selected: a test of the connection. */
	if (!d->prepare->checks_n)
		add_ci(d, NULL);
	return MST_OK;
}
