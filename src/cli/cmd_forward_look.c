/* SPDX-License-Identifier: Apache-2.0
 *
 * muster forward status, list, show, retry, drop: the outbox as others see it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alert/form.h"
#include "base/num.h"
#include "base/time.h"
#include "cli/forward.h"

#define OUT_MAX	  (256u << 20)
#define RETRY_MAX 1000 /* looked at in one page */

void forward_begin(struct forward_looking *l)
{
	*l = (struct forward_looking){.n = 0};
	mst_buf_init(&l->out, OUT_MAX);
	mst_jout_init(&l->j, &l->out);
}

void forward_end(struct forward_looking *l, int rc)
{
	if (cli.json)
		(void)mst_buf_addc(&l->out, '\n');
	if (rc >= 0)
		cli_print(&l->out);
	mst_buf_fini(&l->out);
}

int forward_outbox(struct mst_state *state, struct mst_outbox **o_r,
		   struct mst_err *err)
{
	int rc = mst_forwarder_look(state, o_r, err);

	if (rc == 0 && !*o_r)
		rc = mst_err_set(err, MST_E_NOTFOUND,
				 "nothing was forwarded from this state "
				 "folder yet; 'muster forward run' does it");
	return rc;
}

static int read_id(const char *word, int64_t *id_r, struct mst_err *err)
{
	if (mst_num_i64(mst_slice_str(word), id_r) && *id_r >= 0)
		return 0;
	return mst_err_set(err, MST_E_INVALID,
			   "'%s' is no number of a delivery; 'muster forward "
			   "list' shows them",
			   word);
}

void forward_time(int64_t us, char out[21])
{
	(void)snprintf(out, 21, "-");
	if (us != MST_TIME_NONE)
		mst_time_iso(us, out);
}

/* ---- status -------------------------------------------------------------- */

static void add_stats(void *ctx, const char *action,
		      const struct mst_outbox_stats *s)
{
	struct forward_looking *l = ctx;
	char oldest[21];

	forward_time(s->oldest_us, oldest);
	if (cli.json) {
		mst_jout_obj(&l->j);
		if (action)
			mst_jout_kstr(&l->j, "action", action);
		for (int i = 0; i < MST_DELIVERY_DONE; i++)
			mst_jout_ki64(&l->j, mst_delivery_state_name(i),
				      (int64_t)s->n[i]);
		if (s->oldest_us != MST_TIME_NONE)
			mst_jout_kstr(&l->j, "oldest", oldest);
		mst_jout_end_obj(&l->j);
		return;
	}
	(void)mst_buf_addf(&l->out, "%-22s %8llu %8llu %8llu %8llu  %s\n",
			   action ? action : "all",
			   (unsigned long long)s->n[MST_DELIVERY_WAITING],
			   (unsigned long long)s->n[MST_DELIVERY_SENT],
			   (unsigned long long)s->n[MST_DELIVERY_LATER],
			   (unsigned long long)s->n[MST_DELIVERY_ASIDE],
			   oldest);
}

static void add_tally(void *ctx, const struct mst_outbox_tally *t)
{
	struct forward_looking *l = ctx;

	l->n++;
	if (cli.json) {
		mst_jout_obj(&l->j);
		mst_jout_kstr(&l->j, "from", t->door);
		mst_jout_kstr(&l->j, "what", t->what);
		mst_jout_ki64(&l->j, "alerts", (int64_t)t->n);
		mst_jout_end_obj(&l->j);
		return;
	}
	if (l->n == 1)
		(void)mst_buf_addf(&l->out, "\n%-22s %10s  %s\n", "from",
				   "alerts", "became");
	(void)mst_buf_addf(&l->out, "%-22s %10llu  %s\n", t->door,
			   (unsigned long long)t->n, t->what);
}

/* Is somebody forwarding from this folder now? */
static int add_running(struct mst_state *state, struct forward_looking *l,
		       struct mst_err *err)
{
	struct mst_buf note = MST_BUF_INIT(4096);
	bool held = false;
	int rc = mst_forwarder_who(state, &held, &note, err);

	if (rc == 0 && cli.json)
		mst_jout_kbool(&l->j, "running", held);
	else if (rc == 0)
		(void)mst_buf_addf(&l->out, "%s%s\n\n",
				   held ? "forwarding: " : "nobody forwards",
				   held ? (note.p ? note.p : "") : "");
	mst_buf_fini(&note);
	return rc;
}

static void add_rule(struct forward_looking *l, const struct mst_alert_rule *r)
{
	if (cli.json) {
		mst_alert_rule_json(&l->j, r);
		return;
	}
	(void)mst_buf_addf(&l->out, "%-22s %-8s %s, %s and above:", r->name,
			   r->enabled ? "on" : "off", r->source,
			   mst_alert_rule_severity(r));
	for (size_t i = 0; i < r->actions.n; i++)
		(void)mst_buf_addf(&l->out, "%s %s", i ? "," : "",
				   r->actions.v[i]);
	(void)mst_buf_addc(&l->out, '\n');
}

/* As they are stored now; whoever forwards may not have read them yet. */
static int add_rules(struct mst_state *state, struct forward_looking *l,
		     struct mst_err *err)
{
	struct mst_forward_conf *conf = NULL;
	int rc = mst_forward_conf_load(state, &conf, err);

	if (rc < 0)
		return rc;
	if (cli.json) {
		mst_jout_key(&l->j, "rules");
		mst_jout_arr(&l->j);
	} else if (conf->rules_n) {
		(void)mst_buf_addf(&l->out, "%-22s %-8s %s\n", "rule", "",
				   "takes");
	}
	for (size_t i = 0; i < conf->rules_n; i++)
		add_rule(l, &conf->rules[i]);
	if (cli.json)
		mst_jout_end_arr(&l->j);
	else
		(void)mst_buf_addc(&l->out, '\n');
	mst_forward_conf_free(&conf);
	return 0;
}

int forward_status(struct mst_state *state, struct mst_err *err)
{
	struct mst_outbox *o = NULL;
	struct forward_looking l;
	int rc = forward_outbox(state, &o, err);

	if (rc < 0)
		return rc;
	forward_begin(&l);
	if (cli.json)
		mst_jout_obj(&l.j);
	rc = add_running(state, &l, err);
	if (rc == 0)
		rc = add_rules(state, &l, err);
	if (cli.json) {
		mst_jout_key(&l.j, "actions");
		mst_jout_arr(&l.j);
	} else {
		(void)mst_buf_addf(&l.out, "%-22s %8s %8s %8s %8s  %s\n",
				   "action", "waiting", "sent", "later",
				   "aside", "oldest");
	}
	if (rc == 0)
		rc = mst_outbox_stats(o, add_stats, &l, err);
	if (cli.json) {
		mst_jout_end_arr(&l.j);
		mst_jout_key(&l.j, "received");
		mst_jout_arr(&l.j);
	}
	if (rc == 0)
		rc = mst_outbox_tallies(o, add_tally, &l, err);
	if (cli.json) {
		mst_jout_end_arr(&l.j);
		mst_jout_end_obj(&l.j);
	}
	forward_end(&l, rc);
	mst_outbox_close(&o);
	return rc;
}

/* ---- list and show ------------------------------------------------------- */

static void row_json(struct mst_jout *j, const struct mst_outbox_row *r)
{
	char at[21];

	mst_jout_ki64(j, "id", r->id);
	mst_jout_kstr(j, "action", r->action);
	mst_jout_kstr(j, "op", mst_delivery_op_name(r->op));
	mst_jout_kstr(j, "state", mst_delivery_state_name(r->state));
	mst_jout_kbool(j, "in_doubt", r->doubt);
	mst_jout_ki64(j, "tries", r->tries);
	mst_jout_kstr(j, "rule", r->rule);
	mst_jout_kstr(j, "source", r->source);
	mst_jout_kslice(j, "key", r->key);
	mst_jout_kslice(j, "device", r->device);
	forward_time(r->accepted_us, at);
	mst_jout_kstr(j, "accepted", at);
	forward_time(r->changed_us, at);
	mst_jout_kstr(j, "changed", at);
	if (r->due_us != MST_TIME_NONE) {
		forward_time(r->due_us, at);
		mst_jout_kstr(j, "due", at);
	}
	mst_jout_kstr(j, "remote", r->remote);
	mst_jout_kstr(j, "why", r->why);
}

static int list_row(void *ctx, const struct mst_outbox_row *r)
{
	struct forward_looking *l = ctx;
	char at[21];

	l->n++;
	if (cli.json) {
		mst_jout_obj(&l->j);
		row_json(&l->j, r);
		mst_jout_end_obj(&l->j);
		return 0;
	}
	forward_time(r->accepted_us, at);
	(void)mst_buf_addf(
	    &l->out, "%10lld  %s %-16s %-7s %-7s %3lld  %.*s%s%s\n",
	    (long long)r->id, at, r->action, mst_delivery_op_name(r->op),
	    mst_delivery_state_name(r->state), (long long)r->tries,
	    MST_SLICE_ARG(r->key), r->why && *r->why ? "  " : "",
	    r->why ? r->why : "");
	return 0;
}

static bool state_of(const char *word, int *state_r)
{
	for (int i = 0; i < MST_DELIVERY__MAX; i++) {
		if (strcmp(mst_delivery_state_name(i), word) == 0) {
			*state_r = i;
			return true;
		}
	}
	return false;
}

int forward_list(struct mst_state *state, const struct forward_opts *o,
		 struct mst_err *err)
{
	struct mst_outbox_filter f = {
	    .action = o->action,
	    .state = -1,
	    .before = (int64_t)o->before,
	    .limit = o->count ? (size_t)o->count : FORWARD_COUNT,
	};
	struct mst_outbox *outbox = NULL;
	struct forward_looking l;
	int rc;

	if (o->to_state && !state_of(o->to_state, &f.state))
		return mst_err_set(err, MST_E_INVALID,
				   "--in is waiting, sent, later, aside, done "
				   "or dropped, not '%s'",
				   o->to_state);
	rc = forward_outbox(state, &outbox, err);
	if (rc < 0)
		return rc;
	forward_begin(&l);
	if (cli.json)
		mst_jout_arr(&l.j);
	rc = mst_outbox_page(outbox, &f, list_row, &l, err);
	if (cli.json)
		mst_jout_end_arr(&l.j);
	forward_end(&l, rc);
	mst_outbox_close(&outbox);
	return rc;
}

static int show_row(void *ctx, const struct mst_outbox_row *r)
{
	struct forward_looking *l = ctx;
	char at[21];

	if (r->id != l->id)
		return 0;
	l->found = true;
	if (cli.json) {
		row_json(&l->j, r);
		return 0;
	}
	(void)mst_buf_addf(&l->out, "delivery   %lld\n", (long long)r->id);
	(void)mst_buf_addf(&l->out, "action     %s, %s, rule %s\n", r->action,
			   mst_delivery_op_name(r->op), r->rule);
	(void)mst_buf_addf(&l->out, "state      %s%s, tries %lld%s%s\n",
			   mst_delivery_state_name(r->state),
			   r->doubt ? ", in doubt" : "", (long long)r->tries,
			   r->why && *r->why ? ": " : "", r->why ? r->why : "");
	forward_time(r->accepted_us, at);
	(void)mst_buf_addf(&l->out, "accepted   %s from %s\n", at, r->source);
	forward_time(r->due_us, at);
	(void)mst_buf_addf(&l->out, "due        %s\n", at);
	(void)mst_buf_addf(&l->out, "key        %.*s\n", MST_SLICE_ARG(r->key));
	(void)mst_buf_addf(&l->out, "device     %.*s\n",
			   MST_SLICE_ARG(r->device));
	if (r->remote && *r->remote)
		(void)mst_buf_addf(&l->out, "there      %s\n", r->remote);
	return 0;
}

int forward_show(struct mst_state *state, const char *word, struct mst_err *err)
{
	struct mst_outbox_filter f = {.state = -1, .limit = 1};
	struct mst_buf body = MST_BUF_INIT(1u << 20);
	enum mst_form form = MST_FORM_JSON;
	struct mst_outbox *o = NULL;
	struct forward_looking l;
	int64_t id;
	int rc = read_id(word, &id, err);

	if (rc == 0)
		rc = forward_outbox(state, &o, err);
	if (rc < 0)
		return rc;
	forward_begin(&l);
	l.id = id;
	f.before = id + 1;
	if (cli.json)
		mst_jout_obj(&l.j);
	rc = mst_outbox_page(o, &f, show_row, &l, err);
	if (rc == 0 && !l.found)
		rc = mst_err_set(err, MST_E_NOTFOUND,
				 "there is no delivery %lld; 'muster forward "
				 "list' shows them",
				 (long long)id);
	if (rc == 0)
		rc = mst_outbox_body(o, id, &form, &body, err);
	if (cli.json) {
		mst_jout_kstr(&l.j, "form", mst_form_name(form));
		mst_jout_kslice(&l.j, "alert", mst_buf_slice(&body));
		mst_jout_end_obj(&l.j);
	} else {
		(void)mst_buf_addf(&l.out, "form       %s\n\n%s\n",
				   mst_form_name(form), body.p ? body.p : "");
	}
	forward_end(&l, rc);
	mst_buf_fini(&body);
	mst_outbox_close(&o);
	return rc;
}

/* ---- retry and drop ------------------------------------------------------ */

/* Numbers first: what is tried again leaves the list. */
struct numbers {
	int64_t *v;
	size_t n;
};

static int note_id(void *ctx, const struct mst_outbox_row *r)
{
	struct numbers *all = ctx;

	all->v[all->n++] = r->id;
	return 0;
}

static int retry_all(struct mst_outbox *o, const char *action, size_t *n_r,
		     struct mst_err *err)
{
	struct mst_outbox_filter f = {
	    .action = action, .state = MST_DELIVERY_ASIDE, .limit = RETRY_MAX};
	struct numbers all = {mst_alloc(RETRY_MAX * sizeof(int64_t)), 0};
	/* The same for all: what came first is given out first. */
	const int64_t now_us = mst_now_us();
	int rc;

	*n_r = 0;
	do {
		all.n = 0;
		rc = mst_outbox_page(o, &f, note_id, &all, err);
		for (size_t i = 0; i < all.n && rc == 0; i++) {
			rc = mst_outbox_retry(o, all.v[i], now_us, err);
			/* Somebody was quicker. */
			if (rc == -MST_E_NOTFOUND)
				rc = 0;
			else
				++*n_r;
			f.before = all.v[i];
		}
	} while (rc == 0 && all.n == RETRY_MAX);
	free(all.v);
	return rc;
}

static void print_count(const char *what, size_t n)
{
	if (cli.json)
		(void)printf("{\"%s\":%zu}\n", what, n);
	else
		(void)printf("%s: %zu\n", what, n);
}

int forward_retry(struct mst_state *state, const struct forward_opts *o,
		  const char *word, struct mst_err *err)
{
	struct mst_outbox *outbox = NULL;
	int64_t id = 0;
	size_t n = 1;
	int rc = word ? read_id(word, &id, err) : 0;

	if (rc == 0)
		rc = forward_outbox(state, &outbox, err);
	if (rc < 0)
		return rc;
	if (o->all)
		rc = retry_all(outbox, o->action, &n, err);
	else
		rc = mst_outbox_retry(outbox, id, mst_now_us(), err);
	mst_outbox_close(&outbox);
	if (rc == 0)
		print_count("due now", n);
	return rc;
}

int forward_drop(struct mst_state *state, const char *word, struct mst_err *err)
{
	struct mst_outbox *o = NULL;
	int64_t id;
	int rc = read_id(word, &id, err);

	if (rc == 0)
		rc = forward_outbox(state, &o, err);
	if (rc < 0)
		return rc;
	rc = mst_outbox_drop(o, id, mst_now_us(), err);
	mst_outbox_close(&o);
	if (rc == 0)
		print_count("dropped", 1);
	return rc;
}
