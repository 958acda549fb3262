/* SPDX-License-Identifier: Apache-2.0
 *
 * Incidents, and rows of the update set's own table. A turn is some rounds of
 * requests: each delivery says its next one and takes the answer, until it has
 * its verdict.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/time.h"
#include "forwarder/to_servicenow.h"

#define MOST	  400 /* deliveries of a turn */
#define ROUNDS	  8
#define ARENA_MAX (128u << 20)

struct turn {
	struct to_sn *t;
	struct sn_job *jobs;
	size_t n;
	size_t *asked; /* by number of the request: the job */
	size_t went;   /* writes that were taken */
};

static struct to_sn *of(struct mst_to *to)
{
	return mst_container_of(to, struct to_sn, base);
}

/* ---- open and close ------------------------------------------------------ */

static void close_sn(struct mst_to **to)
{
	struct to_sn *t = *to ? of(*to) : NULL;

	if (!t)
		return;
	mst_cis_free(&t->cis);
	mst_instance_close(&t->instance);
	mst_arena_fini(&t->arena);
	free(t);
	*to = NULL;
}

static int open_sn(const struct mst_to_env *env, struct mst_to **to_r,
		   struct mst_err *err)
{
	struct to_sn *t = mst_alloc(sizeof(*t));
	struct mst_to *to = &t->base;

	t->base = (struct mst_to){&mst_to_servicenow, *env};
	t->rows = env->action->type == MST_ACTION_APPLICATION;
	t->table =
	    t->rows ? MST_APPLICATION_TABLE : env->action->u.incident.table;
	mst_arena_init(&t->arena, ARENA_MAX);
	t->cis = mst_cis_new();
	if (mst_instance_open(env->connection, &t->instance, err) < 0) {
		close_sn(&to);
		return -(int)err->code;
	}
	*to_r = to;
	return 0;
}

/* ---- answers ------------------------------------------------------------- */

static bool is_id(struct mst_slice s)
{
	return s.n == 32 && strspn(s.p, "0123456789abcdefABCDEF") >= 32;
}

static bool take_id(struct sn_job *j, struct mst_json row)
{
	struct mst_slice id = mst_json_str(mst_json_get(row, "sys_id"));

	if (!is_id(id))
		return false;
	(void)snprintf(j->sys_id, sizeof(j->sys_id), "%.32s", id.p);
	return true;
}

/* An encoded query with a column that is not there finds every row, so a row is
 * only believed when it says the same. */
static bool is_asked(const struct to_sn *t, const struct sn_job *j,
		     struct mst_json row)
{
	struct mst_buf key = MST_BUF_INIT(8192);
	char id[MST_CORRELATION + 1];
	bool same;

	if (!t->rows) {
		mst_act_correlation(j->s->d->source, j->s->d->key, id);
		return mst_slice_iis(
		    mst_json_str(mst_json_get(row, "correlation_id")), id);
	}
	mst_application_key(j->s->d->source, j->s->d->key, &key);
	same = mst_slice_ieq(mst_json_str(mst_json_get(row, "u_key")),
			     mst_buf_slice(&key));
	mst_buf_fini(&key);
	return same;
}

static void found(struct turn *u, struct sn_job *j, struct mst_json row)
{
	enum mst_delivery_op op = j->s->d->op;
	bool active = true;

	(void)mst_json_bool(mst_json_get(row, "active"), &active);
	if (u->t->rows)
		j->step = SN_CHANGE;
	else if (op == MST_DELIVERY_OPEN ||
		 (op == MST_DELIVERY_CLOSE && !active))
		mst_to_done(j->s, j->sys_id);
	else
		j->step = op == MST_DELIVERY_UPDATE && j->s->d->doubt
			      ? SN_NOTES
			      : SN_CHANGE;
}

static void not_found(struct turn *u, struct sn_job *j)
{
	/* What nobody has made need not be closed. */
	if (j->s->d->op == MST_DELIVERY_CLOSE && !u->t->rows)
		mst_to_done(j->s, NULL);
	else
		j->step = SN_MAKE;
}

static void take_find(struct turn *u, struct sn_job *j,
		      const struct mst_bundle_answer *a)
{
	struct mst_json rows = mst_json_get(a->root, "result");
	struct mst_json_iter it = mst_json_iter(rows);
	struct mst_json row;

	if (mst_json_type(rows) != MST_JSON_ARRAY ||
	    mst_json_type(mst_json_get(a->root, "error")) != MST_JSON_NULL) {
		mst_to_settle(j->s, MST_DELIVERED_LATER,
			      "ServiceNow's list of %s is broken", u->t->table);
		return;
	}
	while (mst_json_next(&it, NULL, &row)) {
		if (is_asked(u->t, j, row) && take_id(j, row)) {
			found(u, j, row);
			return;
		}
	}
	not_found(u, j);
}

static void take_notes(struct sn_job *j, const struct mst_bundle_answer *a)
{
	struct mst_slice notes = mst_json_str(
	    mst_json_get(mst_json_get(a->root, "result"), "work_notes"));
	char mark[64];

	mst_to_sn_mark(j->s->d, mark);
	if (mst_slice_ifind(notes, mark))
		mst_to_done(j->s, j->sys_id);
	else
		j->step = SN_CHANGE;
}

static void take_good(struct turn *u, struct sn_job *j,
		      const struct mst_bundle_answer *a)
{
	switch (j->step) {
	case SN_FIND:
		take_find(u, j, a);
		break;
	case SN_NOTES:
		take_notes(j, a);
		break;
	case SN_MAKE:
		if (!take_id(j, mst_json_get(a->root, "result"))) {
			mst_to_settle(j->s, MST_DELIVERED_UNCERTAIN,
				      "ServiceNow's answer does not say what "
				      "was made");
			break;
		}
		u->went++;
		mst_to_done(j->s, j->sys_id);
		break;
	case SN_CHANGE:
	default:
		u->went++;
		mst_to_done(j->s, j->sys_id);
	}
}

static bool is_unique(const struct mst_bundle_answer *a)
{
	struct mst_slice s = mst_slice_str(a->why);

	return a->status == 409 || mst_slice_ifind(s, "unique key") ||
	       mst_slice_ifind(s, "duplicate entry");
}

/* The record is not there any more, or hidden from the account. */
static void take_gone(struct turn *u, struct sn_job *j)
{
	if (u->t->rows) {
		j->step = SN_MAKE;
		return;
	}
	mst_to_settle(j->s, MST_DELIVERED_ASIDE,
		      "%s %s is not there any more, or hidden from the "
		      "account of '%s': drop this delivery if it was deleted",
		      u->t->table, j->sys_id, u->t->base.env.connection->name);
}

static void take_bad(struct turn *u, struct sn_job *j,
		     const struct mst_bundle_answer *a)
{
	bool write = j->step == SN_MAKE || j->step == SN_CHANGE;

	if (a->status == 0)
		return; /* the next round asks again */
	if (a->status == -1 || a->status == 202 || a->status == 408 ||
	    a->status >= 500) {
		mst_to_settle(
		    j->s, write ? MST_DELIVERED_UNCERTAIN : MST_DELIVERED_LATER,
		    "ServiceNow answered %d%s%.300s", a->status,
		    *a->why ? ": " : "", a->why);
	} else if (a->status == 429) {
		mst_to_settle(j->s, MST_DELIVERED_LATER, "%.400s", a->why);
	} else if (mst_instance_is_rights(a)) {
		j->held = true;
		j->why = *a;
	} else if (a->status == 404 && j->step != SN_FIND) {
		take_gone(u, j);
	} else if (j->step == SN_MAKE && u->t->rows && is_unique(a) &&
		   !j->violated) {
		j->violated = true;
		j->step = SN_FIND;
	} else {
		mst_to_settle(j->s, MST_DELIVERED_ASIDE,
			      "ServiceNow refused it, %d: %.400s", a->status,
			      a->why);
	}
}

static void take(void *ctx, size_t i, const struct mst_bundle_answer *a)
{
	struct turn *u = ctx;
	struct sn_job *j = &u->jobs[u->asked[i]];

	if (a->status >= 200 && a->status < 300 && a->status != 202)
		take_good(u, j, a);
	else
		take_bad(u, j, a);
}

/* ---- a turn -------------------------------------------------------------- */

/* An encoded query has no escapes, and a UUID is a text from a network. An
 * incident's correlation id is made so that it needs none. */
static bool can_find(const struct to_sn *t, const struct mst_delivery *d)
{
	for (size_t i = 0; t->rows && i < d->key.n; i++) {
		unsigned char c = (unsigned char)d->key.p[i];

		if (c <= ' ' || c >= 0x7f || strchr("^,@=<>\"", c))
			return false;
	}
	return true;
}

static enum sn_step first_step(const struct to_sn *t, struct sn_job *j)
{
	const struct mst_delivery *d = j->s->d;

	if (is_id(mst_slice_str(d->remote)))
		(void)snprintf(j->sys_id, sizeof(j->sys_id), "%s", d->remote);
	/* A row's key is unique: what is there already is refused. */
	if (d->op == MST_DELIVERY_OPEN)
		return d->doubt && can_find(t, d) ? SN_FIND : SN_MAKE;
	if (!*j->sys_id)
		return SN_FIND;
	return d->doubt && !t->rows && d->op == MST_DELIVERY_UPDATE ? SN_NOTES
								    : SN_CHANGE;
}

static int find_cis(struct turn *u, struct mst_err *err)
{
	struct to_sn *t = u->t;
	int64_t now = mst_now_us();
	char note[480];
	int rc;

	for (size_t i = 0; i < u->n; i++) {
		const struct mst_sending *s = u->jobs[i].s;

		if (!t->rows && s->d->op == MST_DELIVERY_CLOSE)
			continue;
		mst_cis_want(t->cis, s->d->source, &s->alert->source, now);
		mst_cis_want(t->cis, s->d->source, &s->alert->destination, now);
	}
	rc = mst_cis_fill(t->cis, t->instance, t->base.env.stop, note, err);
	if (*note)
		mst_warn("action %s: %s", t->base.env.action->name, note);
	return rc;
}

static int round_of(struct turn *u, bool *more_r, struct mst_err *err)
{
	struct mst_bundle_req *r = mst_alloc((u->n + 1) * sizeof(*r));
	size_t n = 0;
	int rc = 0;

	mst_arena_reset(&u->t->arena);
	for (size_t i = 0; i < u->n; i++) {
		struct sn_job *j = &u->jobs[i];

		if (j->step == SN_FIND && !can_find(u->t, j->s->d))
			mst_to_settle(j->s, MST_DELIVERED_ASIDE,
				      "the alert's UUID has characters that "
				      "ServiceNow cannot be asked for");
		if (j->s->settled || j->held)
			continue;
		u->asked[n] = i;
		r[n++] = mst_to_sn_request(u->t, j);
	}
	*more_r = n > 0;
	if (n)
		rc = mst_instance_ask(u->t->instance, r, n, u->t->base.env.stop,
				      take, u, err);
	free(r);
	return rc;
}

/* What one record was refused for while others went through is its own; when
 * none did, it is the account's, or the table's. */
static int judge_held(struct turn *u, struct mst_err *err)
{
	const struct sn_job *first = NULL;

	for (size_t i = 0; i < u->n; i++) {
		struct sn_job *j = &u->jobs[i];

		if (!j->held)
			continue;
		if (!first)
			first = j;
		mst_to_settle(
		    j->s, u->went ? MST_DELIVERED_ASIDE : MST_DELIVERED_LATER,
		    "ServiceNow refused it, %d: %.400s", j->why.status,
		    j->why.why);
	}
	if (!first || u->went)
		return 0;
	return mst_err_set(err, mst_status_code(first->why.status),
			   "%s: table %s: ServiceNow answered %d, \"%s\": %s",
			   u->t->base.env.connection->name, u->t->table,
			   first->why.status, first->why.why,
			   mst_instance_remedy(&first->why));
}

static int send_sn(struct mst_to *to, struct mst_sending *s, size_t n,
		   struct mst_err *err)
{
	struct turn u = {.t = of(to), .n = n};
	bool more = true;
	int rc;

	u.jobs = mst_alloc((n + 1) * sizeof(*u.jobs));
	u.asked = mst_alloc((n + 1) * sizeof(*u.asked));
	for (size_t i = 0; i < n; i++) {
		u.jobs[i].s = &s[i];
		u.jobs[i].step = first_step(u.t, &u.jobs[i]);
	}
	rc = find_cis(&u, err);
	for (unsigned i = 0; rc == 0 && more && i < ROUNDS; i++) {
		if (atomic_load(to->env.stop))
			break;
		rc = round_of(&u, &more, err);
	}
	if (rc == 0)
		rc = judge_held(&u, err);
	mst_to_settle_rest(s, n, MST_DELIVERED_LATER,
			   rc < 0 ? err->msg
				  : "ServiceNow did not get to it, or muster "
				    "was told to stop");
	free(u.jobs);
	free(u.asked);
	return rc;
}

/* ---- set-up checks ------------------------------------------------------- */

static int check_table(struct to_sn *t, const char *table, const char *field,
		       const char *what, enum mst_check_level missing,
		       void (*report)(void *ctx, const struct mst_check *c),
		       void *ctx, struct mst_err *err)
{
	struct mst_check c = {.name = table, .title = table};
	struct mst_err why = MST_ERR_INIT;
	struct mst_bundle_answer a;
	char path[256];

	(void)snprintf(path, sizeof(path),
		       "/api/now/table/%s?sysparm_limit=1&sysparm_fields=%s",
		       table, field);
	(void)mst_instance_get(t->instance, path, &a, &why);
	if (why.code == MST_E_CANCELLED) {
		*err = why;
		return -(int)why.code;
	}
	if (!why.code && a.status == 200) {
		mst_check_say(&c, MST_CHECK_OK, "%s can be read", what);
	} else {
		c.code = why.code ? why.code : mst_status_code(a.status);
		mst_check_say(&c, missing, "%s cannot be read: %.600s", what,
			      why.code ? why.msg : a.why);
		if (!why.code)
			mst_check_remedy(&c, "%s", mst_instance_remedy(&a));
	}
	report(ctx, &c);
	return 0;
}

static int check_sn(struct mst_to *to,
		    void (*report)(void *ctx, const struct mst_check *c),
		    void *ctx, struct mst_err *err)
{
	struct to_sn *t = of(to);
	int rc = check_table(t, t->table,
			     t->rows ? "sys_id,u_key" : "sys_id,correlation_id",
			     t->rows ? "the update set's table of alerts"
				     : "the table of incidents",
			     MST_CHECK_FAILED, report, ctx, err);

	if (rc == 0)
		rc = check_table(t, "u_muster_ot_device", "sys_id,u_cmdb_ci",
				 "the table that links alerts to CIs",
				 MST_CHECK_WARNING, report, ctx, err);
	return rc;
}

const struct mst_to_ops mst_to_servicenow = {
    .most = MOST,
    .open = open_sn,
    .close = close_sn,
    .send = send_sn,
    .check = check_sn,
};
