/* SPDX-License-Identifier: Apache-2.0
 *
 * Control requests below /_sim/sn/, for tests and the demo: what people and
 * administrators do on an instance. docs/internals/sim-servicenow.md lists
 * them.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "sim/sn.h"

struct ctl {
	struct sim_sn *sn;
	const struct sim_request *r;
	struct sim_reply *reply;
	struct mst_json body; /* NULL type when there is none */
	const char *rest;     /* behind the command's name */
	struct mst_jout j;
};

static void bad(struct ctl *c, int status, const char *what)
{
	sn_error(c->reply, status, what, "%s", c->r->path);
}

static const char *member(struct ctl *c, struct mst_json o, const char *key)
{
	struct mst_slice s = mst_json_str(mst_json_get(o, key));

	return s.p ? mst_arena_dup(&c->sn->scratch, s).p : "";
}

static void ok(struct ctl *c)
{
	mst_jout_obj(&c->j);
	mst_jout_kbool(&c->j, "ok", true);
	mst_jout_end_obj(&c->j);
}

/* ---- people -------------------------------------------------------------- */

static void resolve_some(struct ctl *c, uint64_t seed)
{
	struct sn_table *t = sn_table(c->sn, "u_muster_cve_instance");
	size_t n, status;
	struct sn_row **rows;

	mst_jout_key(&c->j, "instances");
	mst_jout_arr(&c->j);
	if (t) {
		status = sn_col_at(t, "u_status");
		sn_sort(t->root);
		n = t->root->sorted_n;
		rows = t->root->sorted;
		for (size_t i = 0; i < n; i++) {
			struct mst_slice key = sn_get_named(rows[i], "u_key");

			if (!mst_slice_is(sn_get(rows[i], status),
					  "unresolved") ||
			    mst_hash64(key.p, key.n, seed) % 50)
				continue;
			sn_set(c->sn, rows[i], "u_status",
			       MST_SLICE_LIT("resolved_pending"),
			       "kim.example");
			mst_jout_slice(&c->j, sn_get_named(rows[i], "u_key"));
		}
	}
	mst_jout_end_arr(&c->j);
}

static void own_some(struct ctl *c, uint64_t seed)
{
	struct sn_table *t = sn_table(c->sn, "cmdb_ci_hardware");
	struct sn_row *owner = sn_first(c->sn, "sys_user", "user_name",
					MST_SLICE_LIT("alex.example"));
	size_t done = 0;

	mst_jout_key(&c->j, "cis");
	mst_jout_arr(&c->j);
	if (t && owner)
		sn_sort(t->root);
	for (size_t i = 0; t && owner && i < t->root->sorted_n && done < 5;
	     i++) {
		struct sn_row *row = t->root->sorted[i];
		struct mst_slice id = sn_get_named(row, "correlation_id");

		if (!sn_is_a(row->t, t) || !id.n ||
		    mst_hash64(id.p, id.n, seed) % 7)
			continue;
		sn_set(c->sn, row, "owned_by", mst_slice(owner->id, SN_ID),
		       "kim.example");
		mst_jout_obj(&c->j);
		mst_jout_kstr(&c->j, "sys_id", row->id);
		mst_jout_kslice(&c->j, "correlation_id",
				sn_get_named(row, "correlation_id"));
		mst_jout_kstr(&c->j, "field", "owned_by");
		mst_jout_kstr(&c->j, "value", owner->id);
		mst_jout_end_obj(&c->j);
		done++;
	}
	mst_jout_end_arr(&c->j);
}

static void do_users(struct ctl *c)
{
	int64_t seed = 1;

	(void)mst_json_i64(mst_json_get(c->body, "seed"), &seed);
	mst_jout_obj(&c->j);
	resolve_some(c, (uint64_t)seed);
	own_some(c, (uint64_t)seed);
	mst_jout_end_obj(&c->j);
}

/* ---- one record ---------------------------------------------------------- */

static void edit_row(struct ctl *c, struct sn_row *row)
{
	struct mst_slice vals[SN_MAX_COLUMNS], key;
	struct mst_json_iter all = mst_json_iter(c->body);
	struct mst_json v;

	sn_values(row, vals);
	while (mst_json_next(&all, &key, &v)) {
		uintptr_t at = (uintptr_t)mst_map_get(&row->t->by_name, key);

		/* An administrator's script: no checks. */
		if (at > SN_C__N)
			vals[at - 1] = sn_json_text(c->sn, v);
	}
	sn_update(c->sn, row, vals, "kim.example");
	ok(c);
}

static void do_rows(struct ctl *c)
{
	struct sn_row *row = mst_map_get(&c->sn->by_id, mst_slice_str(c->rest));
	char why[512];

	if (!row) {
		bad(c, 404, "there is no such record");
	} else if (!strcmp(c->r->method, "DELETE")) {
		if (sn_delete_cascade(c->sn, row, "kim.example", why,
				      sizeof(why)))
			ok(c);
		else
			bad(c, 409, why);
	} else if (!strcmp(c->r->method, "GET")) {
		struct sn_view view = {.base = c->r->base, .no_link = true};

		sn_write_row(c->sn, &c->j, row->t, row, &view);
	} else {
		edit_row(c, row);
	}
}

static void do_hide(struct ctl *c)
{
	struct sn_row *row = mst_map_get(
	    &c->sn->by_id, mst_slice_str(member(c, c->body, "sys_id")));
	bool hidden = true;

	(void)mst_json_bool(mst_json_get(c->body, "hidden"), &hidden);
	if (!row) {
		bad(c, 404, "there is no such record");
		return;
	}
	row->hidden = hidden;
	ok(c);
}

/* ---- the instance -------------------------------------------------------- */

/* {"cmdb_ci_handheld_computing": false, "ot": false} */
static void do_classes(struct ctl *c)
{
	struct mst_json_iter all = mst_json_iter(c->body);
	struct mst_slice key;
	struct mst_json v;
	bool on;

	while (mst_json_next(&all, &key, &v)) {
		struct sn_table *t = mst_map_get(&c->sn->tables, key);

		if (mst_slice_is(key, "ot") && mst_json_bool(v, &on)) {
			sn_base_switch_ot(c->sn, on);
			continue;
		}
		if (!t || !mst_json_bool(v, &on)) {
			bad(c, 404, "there is no such class");
			return;
		}
		t->off = !on;
	}
	ok(c);
}

static void choice_remove(struct ctl *c, struct mst_json o)
{
	struct sn_table *d = sn_table_any(c->sn, "sys_choice");
	const char *table = member(c, o, "table");
	const char *element = member(c, o, "element");
	const char *value = member(c, o, "value");

	sn_search(c->sn, d, "element", mst_slice_str(element), false);
	for (size_t i = 0; i < c->sn->found_n; i++) {
		struct sn_row *row = c->sn->found[i];

		if (mst_slice_is(sn_get_named(row, "name"), table) &&
		    mst_slice_is(sn_get_named(row, "value"), value))
			sn_delete(c->sn, row);
	}
}

static void do_choices(struct ctl *c)
{
	struct mst_json_iter all =
	    mst_json_iter(mst_json_get(c->body, "remove"));
	struct mst_json v;

	while (mst_json_next(&all, NULL, &v))
		choice_remove(c, v);
	all = mst_json_iter(mst_json_get(c->body, "add"));
	while (mst_json_next(&all, NULL, &v)) {
		const char *value = member(c, v, "value");
		const char *label = member(c, v, "label");

		sn_choice_add(c->sn, member(c, v, "table"),
			      member(c, v, "element"), value,
			      *label ? label : value, 0);
	}
	ok(c);
}

/* {"user": "muster.integration", "roles": ["asset"], "active": true} */
static void do_roles(struct ctl *c)
{
	struct sn_user *u =
	    sn_user_find(c->sn, mst_slice_str(member(c, c->body, "user")));
	struct mst_json roles = mst_json_get(c->body, "roles");
	struct mst_json_iter all = mst_json_iter(roles);
	struct mst_json v;

	if (!u) {
		bad(c, 404, "there is no such user");
		return;
	}
	(void)mst_json_bool(mst_json_get(c->body, "active"), &u->active);
	if (mst_json_type(roles) == MST_JSON_ARRAY)
		u->roles_n = 0;
	while (mst_json_next(&all, NULL, &v)) {
		struct mst_slice s = mst_json_str(v);

		sn_user_role(c->sn, u, mst_arena_dup(&c->sn->scratch, s).p);
	}
	ok(c);
}

static void set_property(struct ctl *c, const char *name, bool v)
{
	struct sn_table *t = sn_table_any(c->sn, "sys_properties");
	struct sn_row *row =
	    sn_first(c->sn, "sys_properties", "name", mst_slice_str(name));
	struct mst_slice value =
	    v ? MST_SLICE_LIT("true") : MST_SLICE_LIT("false");
	struct mst_slice vals[SN_MAX_COLUMNS];

	if (row) {
		sn_set(c->sn, row, "value", value, "admin");
		return;
	}
	sn_defaults(c->sn, t, vals);
	vals[sn_col_at(t, "name")] = mst_slice_str(name);
	vals[sn_col_at(t, "value")] = value;
	sn_insert(c->sn, t, vals, NULL, "admin");
}

static void do_options(struct ctl *c)
{
	struct mst_json_iter all = mst_json_iter(c->body);
	struct mst_slice key;
	struct mst_json v;
	bool on;

	while (mst_json_next(&all, &key, &v)) {
		if (!mst_json_bool(v, &on)) {
			bad(c, 400, "options are true or false");
			return;
		}
		if (mst_slice_is(key, "ire_skip_options"))
			c->sn->opt_skip_options = on;
		else if (mst_slice_is(key, "plain_numbers"))
			c->sn->opt_plain_numbers = on;
		else if (mst_slice_is(key, "fold_queries"))
			c->sn->opt_fold_queries = on;
		else if (mst_slice_is(key, "stats"))
			c->sn->opt_stats_off = !on;
		else if (mst_slice_is(key, "stats_row_rules"))
			c->sn->opt_stats_row_rules = on;
		else if (mst_slice_is(key, "client_credentials"))
			set_property(c,
				     "glide.oauth.inbound.client.credential."
				     "grant_type.enabled",
				     on);
		else if (key.n > 6 && !memcmp(key.p, "glide.", 6))
			set_property(c, mst_arena_dup(&c->sn->scratch, key).p,
				     on);
		else {
			bad(c, 404, "there is no such option");
			return;
		}
	}
	ok(c);
}

static void do_batch(struct ctl *c)
{
	struct sn_batch_conf *b = &c->sn->batch;
	struct mst_json cost = mst_json_get(c->body, "cost_ms");
	int64_t n;

	(void)mst_json_i64(mst_json_get(c->body, "quota_ms"), &b->quota_ms);
	if (mst_json_i64(mst_json_get(c->body, "max_response_bytes"), &n) &&
	    n > 0)
		b->max_response = (size_t)n;
	(void)mst_json_dbl(mst_json_get(cost, "GET"), &b->cost_get_ms);
	(void)mst_json_dbl(mst_json_get(cost, "POST"), &b->cost_post_ms);
	(void)mst_json_dbl(mst_json_get(cost, "PATCH"), &b->cost_patch_ms);
	(void)mst_json_dbl(mst_json_get(cost, "DELETE"), &b->cost_delete_ms);
	(void)mst_json_dbl(mst_json_get(cost, "IRE"), &b->cost_ire_ms);
	ok(c);
}

/* {"scopes": {"table": ["GET"]}}; null lifts them */
static void do_scopes(struct ctl *c)
{
	if (sn_scopes_set(c->sn, mst_json_get(c->body, "scopes")))
		ok(c);
	else
		bad(c, 400,
		    "APIs are table, batch, identifyreconcile, meta, stats, "
		    "events");
}

/* {"table": "sys_choice", "access": {"create": ["asset"]}} */
static void do_access(struct ctl *c)
{
	struct sn_table *t = sn_table_any(c->sn, member(c, c->body, "table"));

	if (!t)
		bad(c, 404, "there is no such table");
	else if (sn_access_set(c->sn, t, mst_json_get(c->body, "access")))
		ok(c);
	else
		bad(c, 400, "operations are read, write, create, delete");
}

/* {"table": "cmdb_ci", "column": "u_site", "max_length": 40} */
static void do_columns(struct ctl *c)
{
	struct sn_table *t = sn_table_any(c->sn, member(c, c->body, "table"));
	const char *name = member(c, c->body, "column");
	const char *reference = member(c, c->body, "reference");
	int64_t max = 40;

	(void)mst_json_i64(mst_json_get(c->body, "max_length"), &max);
	if (!t || !*name) {
		bad(c, 404, "there is no such table");
		return;
	}
	if (sn_col_add(
		c->sn, t,
		&(struct sn_col){.name = name,
				 .label = name,
				 .type = *reference ? "reference" : "string",
				 .reference = *reference ? reference : NULL,
				 .max_length = (unsigned)max}))
		ok(c);
	else
		bad(c, 409, "there are too many columns");
}

/* {"table": "sys_rate_limit_rules", "values": {…}, "by": "a user"}: a new
 * record, unchecked */
static void do_insert(struct ctl *c)
{
	struct sn_table *t = sn_table_any(c->sn, member(c, c->body, "table"));
	struct mst_json_iter all =
	    mst_json_iter(mst_json_get(c->body, "values"));
	struct mst_slice vals[SN_MAX_COLUMNS], key;
	struct mst_json v;
	const char *by = member(c, c->body, "by");
	struct sn_row *row;

	if (!t) {
		bad(c, 404, "there is no such table");
		return;
	}
	sn_defaults(c->sn, t, vals);
	while (mst_json_next(&all, &key, &v)) {
		uintptr_t at = (uintptr_t)mst_map_get(&t->by_name, key);

		if (at > SN_C__N)
			vals[at - 1] = sn_json_text(c->sn, v);
	}
	row = sn_insert(c->sn, t, vals, NULL, *by ? by : "kim.example");
	mst_jout_obj(&c->j);
	mst_jout_kstr(&c->j, "sys_id", row->id);
	mst_jout_end_obj(&c->j);
}

static void do_tokens(struct ctl *c)
{
	sn_tokens_expire(c->sn);
	ok(c);
}

static void do_import(struct ctl *c)
{
	struct sim_sn *sn = c->sn;
	struct mst_buf problems = MST_BUF_INIT(1u << 20);
	struct mst_err err = MST_ERR_INIT;
	const char *mark = strchr(c->r->url, '?');
	const char *force = sn_param(sn, mark ? mark + 1 : "", "force");
	const char *skip = sn_param(sn, mark ? mark + 1 : "", "skip");
	enum sn_resolve how = force && !strcmp(force, "true")
				  ? SN_RESOLVE_ACCEPT
			      : skip && !strcmp(skip, "true") ? SN_RESOLVE_SKIP
							      : SN_RESOLVE_STOP;
	int r = sn_import(sn, c->r->body, how, &problems, &err);
	const char *p = problems.n ? problems.p : "";

	if (r < 0) {
		bad(c, 400, err.msg);
	} else {
		if (r > 0) {
			sn->imports = mst_realloc(
			    sn->imports, (sn->imports_n + 1) * sizeof(char *));
			sn->imports[sn->imports_n++] =
			    mst_strndup(c->r->body.p, c->r->body.n);
		}
		mst_jout_obj(&c->j);
		mst_jout_kbool(&c->j, "committed", r > 0);
		mst_jout_key(&c->j, "problems");
		mst_jout_arr(&c->j);
		while (*p) {
			size_t n = strcspn(p, "\n");

			mst_jout_slice(&c->j, mst_slice(p, n));
			p += n + (p[n] == '\n');
		}
		mst_jout_end_arr(&c->j);
		mst_jout_end_obj(&c->j);
	}
	mst_buf_fini(&problems);
}

/* ---- counters ------------------------------------------------------------ */

static void do_stats(struct ctl *c)
{
	const struct sn_stats *s = &c->sn->stats;
	const struct {
		const char *name;
		uint64_t v;
	} counts[] = {
	    {"requests", s->requests},
	    {"batches", s->batches},
	    {"batch_items", s->batch_items},
	    {"unserviced", s->unserviced},
	    {"ire_items", s->ire_items},
	    {"tokens", s->tokens},
	    {"jsessionid", s->jsessionid},
	    {"unauthorized", s->unauthorized},
	    {"forbidden", s->forbidden},
	    {"ignored_choices", s->ignored_choices},
	    {"ignored_values", s->ignored_values},
	    {"cut_texts", s->cut_texts},
	    {"dropped_clauses", s->dropped_clauses},
	    {"ire_unknown_attributes", s->ire_unknown_attributes},
	    {"unique_refused", s->unique_refused},
	    {"reference_refused", s->reference_refused},
	};
	struct mst_jout *j = &c->j;
	uint64_t writes = 0;

	mst_jout_obj(j);
	for (size_t i = 0; i < MST_LEN(counts); i++)
		mst_jout_ki64(j, counts[i].name, (int64_t)counts[i].v);
	mst_jout_key(j, "tables");
	mst_jout_obj(j);
	for (size_t i = 0; i < c->sn->order_n; i++) {
		const struct sn_table *t = c->sn->order[i];

		if (!t->live && !t->inserts && !t->reads)
			continue;
		mst_jout_key(j, t->name);
		mst_jout_obj(j);
		mst_jout_ki64(j, "rows", (int64_t)t->live);
		mst_jout_ki64(j, "inserts", (int64_t)t->inserts);
		mst_jout_ki64(j, "updates", (int64_t)t->updates);
		mst_jout_ki64(j, "deletes", (int64_t)t->deletes);
		mst_jout_ki64(j, "reads", (int64_t)t->reads);
		mst_jout_end_obj(j);
		writes += t->inserts + t->updates + t->deletes;
	}
	mst_jout_end_obj(j);
	mst_jout_ki64(j, "writes", (int64_t)writes);
	mst_jout_end_obj(j);
}

static void do_state(struct ctl *c)
{
	struct mst_err err = MST_ERR_INIT;

	if (!strcmp(c->r->method, "GET")) {
		(void)sim_sn_save(c->sn, &c->reply->body);
		return;
	}
	if (sim_sn_load(c->sn, c->r->body, &err))
		bad(c, 400, err.msg);
	else
		ok(c);
}

static void do_reset(struct ctl *c)
{
	sim_sn_reset(c->sn);
	ok(c);
}

void sim_sn_control(struct sim_sn *sn, const struct sim_request *r,
		    struct sim_reply *reply)
{
	static const struct {
		const char *name;
		void (*fn)(struct ctl *);
		bool json;
	} commands[] = {
	    {"users", do_users, true},	   {"rows/", do_rows, true},
	    {"hide", do_hide, true},	   {"classes", do_classes, true},
	    {"choices", do_choices, true}, {"roles", do_roles, true},
	    {"options", do_options, true}, {"batch", do_batch, true},
	    {"tokens", do_tokens, true},   {"import", do_import, false},
	    {"stats", do_stats, false},	   {"state", do_state, false},
	    {"reset", do_reset, false},	   {"scopes", do_scopes, true},
	    {"access", do_access, true},   {"insert", do_insert, true},
	    {"columns", do_columns, true},
	};
	struct ctl c = {.sn = sn, .r = r, .reply = reply};
	struct mst_err err = MST_ERR_INIT;
	const char *p = r->path;

	sn_set_now(sn, r->now_us);
	mst_arena_reset(&sn->scratch);
	reply->status = 200;
	if (!reply->body.max)
		reply->body.max = 1u << 30;
	mst_jout_init(&c.j, &reply->body);
	if (strncmp(p, "/_sim/sn/", 9)) {
		bad(&c, 404, "there is no such control request");
		return;
	}
	p += 9;
	for (size_t i = 0; i < MST_LEN(commands); i++) {
		size_t n = strlen(commands[i].name);
		bool prefix = commands[i].name[n - 1] == '/';

		if (prefix ? strncmp(p, commands[i].name, n)
			   : strcmp(p, commands[i].name))
			continue;
		c.rest = p + n;
		if (commands[i].json && r->body.n &&
		    mst_json_parse(sn->json, r->body, &c.body, &err)) {
			bad(&c, 400, "the body is not JSON");
			return;
		}
		commands[i].fn(&c);
		return;
	}
	bad(&c, 404, "there is no such control request");
}
