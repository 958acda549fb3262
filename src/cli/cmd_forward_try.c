/* SPDX-License-Identifier: Apache-2.0
 *
 * muster forward test and why: what would become of an alert.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alert/form.h"
#include "base/time.h"
#include "cli/checks.h"
#include "cli/forward.h"
#include "forwarder/trial.h"

/* ---- test ---------------------------------------------------------------- */

int forward_test(struct mst_state *state, const struct forward_opts *o,
		 const char *rule, int *status, struct mst_err *err)
{
	struct cli_checks *r = mst_alloc(sizeof(*r));
	const struct mst_trial_conf t = {.report = cli_checks_take,
					 .ctx = r,
					 .dry = o->dry_run,
					 .cancel = &cli_cancel};
	struct mst_forward_conf *conf = NULL;
	int rc = mst_forward_conf_load(state, &conf, err);

	if (rc == 0 && !mst_forward_conf_rule(conf, rule))
		rc = mst_err_set(err, MST_E_NOTFOUND,
				 "there is no forwarding rule '%s'; 'muster "
				 "export forward_rule' lists them",
				 rule);
	if (rc == 0) {
		cli_checks_begin_as(r, "rule", rule, "forward_rule");
		rc = mst_trial_rule(state, conf, rule, &t, err);
		if (rc == 0)
			cli_checks_end(r);
		*status = cli_checks_status(r);
		cli_checks_fini(r);
	}
	mst_forward_conf_free(&conf);
	free(r);
	return rc;
}

/* ---- why ----------------------------------------------------------------- */

/* The only source that rules have. */
static int find_source(const struct mst_forward_conf *c, const char *given,
		       const char **source_r, struct mst_err *err)
{
	const char *only = given;

	for (size_t i = 0; i < c->rules_n && !given; i++) {
		const char *s = c->rules[i].source;

		if (only && strcmp(only, s) != 0)
			return mst_err_set(err, MST_E_INVALID,
					   "rules have several sources: say "
					   "with --source where the alert "
					   "came from");
		only = s;
	}
	if (!only)
		return mst_err_set(err, MST_E_NOTFOUND,
				   "there is no forwarding rule yet; "
				   "muster-forward(7) shows how to make one");
	*source_r = only;
	return 0;
}

struct telling {
	struct mst_buf out;
	struct mst_jout j;
	const struct mst_forward_conf *c;
	const char *source;
	const struct mst_alert *a;
	int64_t now_us;
};

static void tell_windows(struct telling *t, bool *excluded_r)
{
	for (size_t i = 0; i < t->c->windows_n; i++) {
		const struct mst_exclude *x = &t->c->windows[i];

		if (!mst_exclude_fits(x, t->a, t->now_us))
			continue;
		*excluded_r = true;
		if (cli.json)
			mst_jout_str(&t->j, x->name);
		else
			(void)mst_buf_addf(&t->out,
					   "window %-20s excludes it, from all "
					   "rules\n",
					   x->name);
	}
}

static void tell_rule(struct telling *t, const struct mst_alert_rule *r)
{
	enum mst_alert_rule_no no =
	    mst_alert_rule_match(r, t->source, t->a, t->now_us);
	bool takes = no == MST_ALERT_RULE_TAKES;
	char why[256];

	if (!takes)
		(void)mst_alert_rule_why(no, r, t->source, t->a, why);
	if (cli.json) {
		mst_jout_obj(&t->j);
		mst_jout_kstr(&t->j, "rule", r->name);
		mst_jout_kbool(&t->j, "takes", takes);
		if (!takes)
			mst_jout_kstr(&t->j, "why", why);
		mst_jout_key(&t->j, "actions");
		mst_jout_arr(&t->j);
		for (size_t i = 0; takes && i < r->actions.n; i++)
			mst_jout_str(&t->j, r->actions.v[i]);
		mst_jout_end_arr(&t->j);
		mst_jout_end_obj(&t->j);
		return;
	}
	(void)mst_buf_addf(&t->out, "rule   %-20s ", r->name);
	if (!takes)
		(void)mst_buf_addf(&t->out, "does not take it: %s", why);
	else
		(void)mst_buf_adds(&t->out, "takes it:");
	for (size_t i = 0; takes && i < r->actions.n; i++)
		(void)mst_buf_addf(&t->out, "%s %s", i ? "," : "",
				   r->actions.v[i]);
	(void)mst_buf_addc(&t->out, '\n');
}

static void tell(struct telling *t, enum mst_form form)
{
	bool excluded = false;

	mst_jout_init(&t->j, &t->out);
	if (cli.json) {
		mst_jout_obj(&t->j);
		mst_jout_kstr(&t->j, "form", mst_form_name(form));
		mst_jout_kslice(&t->j, "title", t->a->title);
		mst_jout_kstr(&t->j, "severity",
			      mst_severity_name(t->a->severity));
		mst_jout_kbool(&t->j, "system", t->a->system);
		mst_jout_key(&t->j, "excluded_by");
		mst_jout_arr(&t->j);
	} else {
		(void)mst_buf_addf(
		    &t->out, "%s, %s: %.*s\n", mst_form_name(form),
		    t->a->system ? "a system notification" : "an alert",
		    MST_SLICE_ARG(t->a->title));
	}
	tell_windows(t, &excluded);
	if (cli.json) {
		mst_jout_end_arr(&t->j);
		mst_jout_key(&t->j, "rules");
		mst_jout_arr(&t->j);
	}
	for (size_t i = 0; i < t->c->rules_n; i++)
		tell_rule(t, &t->c->rules[i]);
	if (cli.json) {
		mst_jout_end_arr(&t->j);
		mst_jout_kbool(&t->j, "excluded", excluded);
		mst_jout_end_obj(&t->j);
		(void)mst_buf_addc(&t->out, '\n');
	}
	cli_print(&t->out);
}

/* JSON, or a line as a syslog server gets it. */
static int read_alert(struct mst_slice text, struct mst_arena *arena,
		      struct mst_alert *a_r, enum mst_form *form_r,
		      struct mst_err *err)
{
	struct mst_slice body = mst_slice_trim(text), host;
	int64_t at_us;

	if (body.n && body.p[0] != '{')
		body = mst_slice_trim(
		    mst_form_syslog(body, mst_now_us(), &host, &at_us));
	*form_r = mst_form_of(body);
	if (mst_form_read(*form_r, body, 0, arena, a_r, err) < 0)
		return mst_err_prefix(err, "the alert");
	return 0;
}

int forward_why(struct mst_state *state, const struct forward_opts *o,
		const char *path, struct mst_err *err)
{
	struct mst_buf text = MST_BUF_INIT(4 * MST_FORM_MAX);
	struct telling t = {.now_us = mst_now_us()};
	struct mst_forward_conf *conf = NULL;
	enum mst_form form = MST_FORM_JSON;
	struct mst_arena arena;
	struct mst_alert a;
	int rc;

	mst_arena_init(&arena, 16u << 20);
	mst_buf_init(&t.out, 16u << 20);
	rc = mst_forward_conf_load(state, &conf, err);
	if (rc == 0)
		rc = find_source(conf, o->source, &t.source, err);
	if (rc == 0)
		rc = cli_read_file(path, &text, err);
	if (rc == 0)
		rc = read_alert(mst_buf_slice(&text), &arena, &a, &form, err);
	if (rc == 0) {
		t.c = conf;
		t.a = &a;
		tell(&t, form);
	}
	mst_forward_conf_free(&conf);
	mst_buf_fini(&t.out);
	mst_buf_fini(&text);
	mst_arena_fini(&arena);
	return rc;
}
