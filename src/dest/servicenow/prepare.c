/* SPDX-License-Identifier: Apache-2.0
 *
 * What must be known before the first write, in two or three requests: may we
 * log in, are muster's tables and columns there, is our discovery source a
 * choice, which optional classes exist, does IRE take our options. Nothing
 * here writes: IRE is asked by a dry run.
 */
#include <stdio.h>
#include <stdlib.h>

#include "dest/servicenow/sn.h"

#define CHECKS_MAX 64

enum what { TABLE, COLUMNS, CHOICE, CLASS };

struct check {
	struct mst_dest *d;
	enum what what;
	const struct mst_set *set;
	const char *name; /* of the table or class */
	bool optional;
};

struct sn_prepare {
	struct check checks[CHECKS_MAX];
	size_t checks_n, left;
	const char *klass; /* of the dry run; NULL: none is needed */
	bool probe_sent;
	unsigned probe_tries;
	struct mst_buf missing; /* "table a, column b.c" */
	bool ours;		/* something of the update set is missing */
};

void mst_sn_prepare_fini(struct mst_dest *d)
{
	if (d->prepare) {
		mst_buf_fini(&d->prepare->missing);
		free(d->prepare);
		d->prepare = NULL;
	}
	mst_map_fini(&d->absent);
}

bool mst_sn_has_class(const struct mst_dest *d, const char *table)
{
	return !mst_map_has(&d->absent, mst_slice_str(table));
}

/* ---- the end ----------------------------------------------------------- */

static void finish(struct mst_dest *d)
{
	struct sn_prepare *p = d->prepare;
	struct mst_err err = MST_ERR_INIT;

	if (p->left || p->klass)
		return;
	if (p->missing.n) {
		mst_err_set(
		    &err, MST_E_UNSUPPORTED,
		    "%s: the instance lacks %.600s: %s", d->env.connection,
		    p->missing.p,
		    p->ours ? "commit muster's update set there (`muster "
			      "update-set` writes the file)"
			    : "activate the plug-in that brings it, or choose "
			      "other record sets or classes");
		mst_sn_die(d, &err);
	}
	mst_buf_fini(&p->missing);
	free(p);
	d->prepare = NULL;
}

static void missing(struct mst_dest *d, const char *kind, const char *table,
		    const char *column)
{
	struct mst_buf *b = &d->prepare->missing;

	mst_buf_addf(b, "%s%s %s%s%s", b->n ? ", " : "", kind, table,
		     column ? "." : "", column ? column : "");
	if (strncmp(table, "u_", 2) == 0)
		d->prepare->ours = true;
}

static void refuse(struct mst_dest *d, const struct sn_answer *a,
		   const char *what, const char *remedy)
{
	struct mst_err err = MST_ERR_INIT;

	if (a->fate == SN_GIVEN_UP || a->fate == SN_LOST)
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

static void take_table(struct mst_dest *d, const struct check *c,
		       const struct sn_answer *a)
{
	char what[128];

	if (is_there(a))
		return;
	if (a->status == 404 &&
	    mst_slice_ifind(mst_slice_str(a->why), "No Record found"))
		return; /* an empty table, in the words of the first version */
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
static void take_columns(struct mst_dest *d, const struct check *c,
			 const struct sn_answer *a)
{
	struct mst_json result = mst_json_get(a->root, "result"), row;
	struct mst_json_iter it;

	if (a->fate != SN_DONE || !mst_json_len(result))
		return;
	for (size_t i = 0; i < c->set->columns_n; i++) {
		const char *name = c->set->columns[i].name;
		bool found = false;

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
		    "cmdb_ci.discovery_source%s: add a record to sys_choice "
		    "(name cmdb_ci, element discovery_source, value and label "
		    "\"%s\", exact case), or set discovery_source to one that "
		    "exists",
		    d->env.connection, source, near, source);
	mst_sn_die(d, &err);
}

static void take_class(struct mst_dest *d, const struct check *c,
		       const struct sn_answer *a)
{
	struct mst_slice key = mst_slice_str(c->name);
	char what[128];

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

static void take_check(struct mst_dest *d, void *ctx, const struct sn_answer *a)
{
	const struct check *c = ctx;

	switch (c->what) {
	case TABLE:
		take_table(d, c, a);
		break;
	case COLUMNS:
		take_columns(d, c, a);
		break;
	case CHOICE:
		take_choice(d, a);
		break;
	case CLASS:
		take_class(d, c, a);
		break;
	}
	d->prepare->left--;
	if (!d->dead.code)
		finish(d);
}

static void add(struct mst_dest *d, const struct check *check)
{
	struct sn_prepare *p = d->prepare;
	struct mst_buf url = MST_BUF_INIT(SN_MAX_URL), q = MST_BUF_INIT(1024);
	struct check *c;

	if (p->checks_n == CHECKS_MAX)
		return;
	for (size_t i = 0; i < p->checks_n; i++) {
		if (p->checks[i].what == check->what && check->name &&
		    strcmp(p->checks[i].name, check->name) == 0)
			return;
	}
	c = &p->checks[p->checks_n++];
	*c = *check;
	switch (c->what) {
	case TABLE:
		mst_buf_addf(&url,
			     "/api/now/table/%s?sysparm_fields=sys_id"
			     "&sysparm_limit=1",
			     c->name);
		break;
	case COLUMNS:
		mst_buf_addf(&q, "name=%s^elementISNOTEMPTY", c->name);
		mst_sn_list_url(&url, MST_SLICE_LIT("sys_dictionary"),
				mst_buf_slice(&q), "name,element", 500);
		break;
	case CHOICE:
		mst_buf_addf(&q,
			     "name=cmdb_ci^element=discovery_source^value=%s",
			     d->conf->discovery_source);
		mst_sn_list_url(&url, MST_SLICE_LIT("sys_choice"),
				mst_buf_slice(&q), "value,inactive,language",
				50);
		break;
	case CLASS:
		mst_buf_addf(&url, "/api/now/cmdb/meta/%s", c->name);
		break;
	}
	mst_sn_sub_add(d, MST_HTTP_GET, url.p, mst_slice(NULL, 0), take_check,
		       c);
	p->left++;
	mst_buf_fini(&url);
	mst_buf_fini(&q);
}

static void add_ci(struct mst_dest *d, const struct mst_set *set)
{
	struct check c = {.what = CHOICE, .name = ""};

	if (!d->prepare->klass)
		d->prepare->klass = set ? set->table : "cmdb_ci_computer";
	add(d, &c);
	if (!set)
		return;
	c = (struct check){.what = CLASS, .name = set->table};
	if (!set->classes_n)
		add(d, &c);
	for (size_t i = 0; i < set->classes_n; i++) {
		const struct mst_class *k = &set->classes[i];

		c.name = k->table;
		c.optional = k->optional;
		add(d, &c);
		/* Somebody named them: a wrong name would go unseen. */
		c.optional = false;
		for (const char *const *v = k->also_search; v && *v; v++) {
			c.name = *v;
			add(d, &c);
		}
	}
}

static void add_table(struct mst_dest *d, const struct mst_set *set)
{
	struct check c = {.what = TABLE, .set = set, .name = set->table};

	add(d, &c);
	/* Only tables without a parent have all columns under their name. */
	if (strncmp(set->table, "u_", 2) == 0) {
		c.what = COLUMNS;
		add(d, &c);
	}
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

int mst_sn_prepare(struct mst_dest *d, const char *const *sets,
		   struct mst_err *err)
{
	const struct mst_catalog *cat = d->env.catalog;

	if (d->dead.code) {
		*err = d->dead;
		return -(int)err->code;
	}
	mst_sn_prepare_fini(d);
	d->prepare = mst_alloc(sizeof(*d->prepare));
	mst_buf_init(&d->prepare->missing, 4096);
	d->skip_option = true;
	for (size_t i = 0; cat && i < cat->sets_n; i++) {
		const struct mst_set *set = &cat->sets[i];

		if (!selected(sets, set->name))
			continue;
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

/* ---- the dry run ------------------------------------------------------- */

bool mst_sn_probe_request(struct mst_dest *d, struct sn_call *call,
			  struct mst_req *req_r)
{
	struct sn_prepare *p = d->prepare;
	struct mst_buf path = MST_BUF_INIT(1024);
	struct mst_jout j;

	if (!p || !p->klass || p->probe_sent)
		return false;
	p->probe_sent = true;
	mst_buf_reset(&d->body);
	mst_jout_init(&j, &d->body);
	mst_jout_obj(&j);
	mst_jout_key(&j, "items");
	mst_jout_arr(&j);
	mst_jout_obj(&j);
	mst_jout_kstr(&j, "className", p->klass);
	mst_jout_key(&j, "values");
	mst_jout_obj(&j);
	mst_jout_kstr(&j, "name", "muster-connection-test");
	mst_jout_end_obj(&j);
	mst_jout_end_obj(&j);
	mst_jout_end_arr(&j);
	mst_jout_end_obj(&j);
	mst_sn_ire_path(d, true, &path);
	call->kind = SN_CALL_PROBE;
	call->skip_option = d->skip_option;
	mst_sn_call_begin(d, call, path.p, MST_REPEAT_SAFE, req_r,
			  "dry run of the identification");
	mst_buf_fini(&path);
	return true;
}

/* Only what would hit every item is an error here; what this made-up item
 * lacks for its class is not. */
static bool bad_source(struct mst_dest *d, const struct sn_ire_result *r)
{
	struct mst_err err = MST_ERR_INIT;

	if (!mst_slice_ifind(mst_slice_str(r->message), "invalid data source"))
		return false;
	mst_err_set(&err, MST_E_UNSUPPORTED,
		    "%s: %s: add \"%s\" to the choices of "
		    "cmdb_ci.discovery_source (exact case)",
		    d->env.connection, r->message, d->conf->discovery_source);
	mst_sn_die(d, &err);
	return true;
}

void mst_sn_probe_accept(struct mst_dest *d, struct sn_call *call,
			 const struct mst_resp *resp)
{
	struct sn_ire_result r = {0};
	struct mst_err err = MST_ERR_INIT;
	struct mst_json root = {0};
	char why[SN_REASON] = "";

	if (resp->err.code == MST_E_CANCELLED)
		d->cancelled = true;
	if (resp->outcome == MST_OUT_ANSWER && resp->status != 202 &&
	    mst_json_parse(d->outer, resp->body, &root, &err) != MST_OK)
		root = (struct mst_json){0};
	if (root.doc && mst_sn_ire_results(root, &r, 1)) {
		if (bad_source(d, &r))
			return;
		d->prepare->klass = NULL;
		finish(d);
		return;
	}
	mst_sn_error_text(root, why, sizeof(why));
	if (call->skip_option &&
	    mst_slice_ifind(mst_slice_str(why), "not a valid entry")) {
		d->skip_option = false;
		d->prepare->probe_sent = false;
		return;
	}
	if (resp->outcome == MST_OUT_ANSWER && resp->status < 300 &&
	    !mst_sn_is_fatal(resp) && ++d->prepare->probe_tries < SN_TRIES) {
		d->prepare->probe_sent = false;
		return;
	}
	mst_sn_call_error(d, resp, root,
			  "dry run of the identification and reconciliation "
			  "engine",
			  &err);
	mst_sn_die(d, &err);
}
