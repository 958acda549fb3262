/* SPDX-License-Identifier: Apache-2.0
 *
 * See setup_fake.h.
 */
#include "setup_fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "servicenow/tables.h"

struct setup_run run;

static void on_check(void *ctx, const struct mst_check *c)
{
	struct found *f = &run.found[run.found_n++];

	assert_true(run.found_n <= MST_LEN(run.found));
	(void)ctx;
	f->c = *c;
	(void)snprintf(f->name, sizeof(f->name), "%s", c->name);
	(void)snprintf(f->title, sizeof(f->title), "%s", c->title);
	f->c.name = f->name;
	f->c.title = f->title;
	/* What a person reads is one line, and says something. */
	assert_true(*c->text && !strpbrk(c->text, "\r\n"));
	assert_null(strpbrk(c->remedy, "\r\n"));
	if (c->level == MST_CHECK_FAILED)
		assert_true(*c->remedy && c->code != MST_OK);
	if (c->level == MST_CHECK_OK || c->level == MST_CHECK_SKIPPED)
		assert_string_equal(c->remedy, "");
}

static char *decoded(const char *url)
{
	char *out = mst_strdup(url), *o = out;

	for (const char *p = url; *p; p++) {
		unsigned c = (unsigned char)*p;

		if (*p == '%' && sscanf(p + 1, "%2x", &c) == 1)
			p += 2;
		*o++ = (char)c;
	}
	*o = 0;
	return out;
}

static void columns_of(const char *url, struct mst_buf *out)
{
	const char *sep = "";

	for (size_t i = 0; i < mst_sn_tables_n; i++) {
		const struct mst_sn_table *t = mst_sn_tables[i];
		char query[128];

		(void)snprintf(query, sizeof(query), "name=%s^element",
			       t->name);
		for (size_t k = 0; strstr(url, query) && k < t->columns_n;
		     k++) {
			mst_buf_addf(out,
				     "%s{\"name\":\"%s\",\"element\":\"%s\","
				     "\"max_length\":\"%u\",\"unique\":\"%s\"}",
				     sep, t->name, t->columns[k].name,
				     t->columns[k].max_length,
				     t->columns[k].unique ? "true" : "false");
			sep = ",";
		}
	}
}

static void choices_of(const char *url, struct mst_buf *out)
{
	const char *sep = "";

	if (strstr(url, "name=cmdb_ci^"))
		mst_buf_addf(out, "{\"element\":\"discovery_source\",\"value\":"
				  "\"ServiceNow\",\"inactive\":\"false\"},"
				  "{\"element\":\"discovery_source\",\"value\":"
				  "\"muster\",\"inactive\":\"false\"}");
	for (size_t i = 0; i < mst_sn_tables_n; i++) {
		const struct mst_sn_table *t = mst_sn_tables[i];
		char query[128];

		(void)snprintf(query, sizeof(query), "name=%s&", t->name);
		for (size_t k = 0; strstr(url, query) && k < t->columns_n;
		     k++) {
			const struct mst_sn_choice *ch = t->columns[k].choices;

			for (; ch && ch->value; ch++) {
				mst_buf_addf(
				    out,
				    "%s{\"name\":\"%s\",\"element\":\"%s\","
				    "\"value\":\"%s\",\"inactive\":\"false\"}",
				    sep, t->name, t->columns[k].name,
				    ch->value);
				sep = ",";
			}
		}
	}
}

static void collections_of(const char *url, struct mst_buf *out)
{
	for (size_t i = 0; i < mst_sn_tables_n; i++) {
		char query[128];

		(void)snprintf(query, sizeof(query), "name=%s^internal_type",
			       mst_sn_tables[i]->name);
		if (strstr(url, query))
			mst_buf_addf(
			    out, "{\"name\":\"%s\",\"comments\":\"%s\"}",
			    mst_sn_tables[i]->name, mst_sn_tables[i]->comment);
	}
}

static void dry_run(struct mst_slice body, const char *error,
		    const char *message, struct mst_buf *out)
{
	size_t n = 0;

	for (const char *p = body.p;
	     (p = memmem(p, (size_t)(body.p + body.n - p), "className", 9));
	     p++)
		n++;
	mst_buf_adds(out, "{\"result\":{\"items\":[");
	for (size_t i = 0; i < n; i++)
		mst_buf_addf(
		    out,
		    "%s{\"operation\":\"INSERT\",\"sysId\":\"Unknown\","
		    "\"inputIndices\":[%zu],\"errors\":[%s%s%s%s%s]}",
		    i ? "," : "", i, error ? "{\"error\":\"" : "",
		    error ? error : "", error ? "\",\"message\":\"" : "",
		    error ? message : "", error ? "\"}" : "");
	mst_buf_adds(out, "]}}");
}

static void meta_of(const char *url, struct mst_buf *out)
{
	const struct mst_catalog *cat = run.f->catalog;
	const char *name = strrchr(url, '/') + 1, *sep = "";

	mst_buf_addf(out, "{\"result\":{\"name\":\"%s\",\"attributes\":[",
		     name);
	for (size_t i = 0; i < cat->sets_n; i++) {
		const struct mst_set *set = &cat->sets[i];

		for (size_t k = 0;
		     strcmp(set->table, name) == 0 && k < set->columns_n; k++) {
			mst_buf_addf(out, "%s{\"element\":\"%s\"}", sep,
				     set->columns[k].name);
			sep = ",";
		}
	}
	mst_buf_adds(
	    out, "],\"identification_rules\":{\"active\":true,\"identifiers\":["
		 "{\"active\":true,\"attributes\":\"serial_number\"},"
		 "{\"active\":true,\"attributes\":\"name,version\"}]}}}");
}

/* What a set-up may add to. */
static bool is_fix(const char *url)
{
	return strstr(url, "/table/sys_choice") ||
	       strstr(url, "/table/cmdb_rel_user_type") ||
	       strstr(url, "/table/cmdb_rel_type");
}

/* What the instance says when nobody said otherwise. */
static int usual(const struct mst_req *q, const char *url, struct mst_buf *out)
{
	size_t head = out->n;

	if (strstr(url, SETUP_NO_TABLE)) {
		mst_buf_adds(out, "{\"error\":{\"message\":\"Invalid table "
				  "" SETUP_NO_TABLE "\",\"detail\":null},"
				  "\"status\":\"failure\"}");
		return 400;
	}
	if (strstr(url, "/batch")) {
		mst_buf_adds(out, "{\"batch_request_id\":\"check\","
				  "\"serviced_requests\":[{\"id\":\"1\"}],"
				  "\"unserviced_requests\":[]}");
		return 200;
	}
	if (strstr(url, "queryEnhanced")) {
		dry_run(q->body, NULL, NULL, out);
		return 200;
	}
	if (strstr(url, "/identifyreconcile/enhanced")) {
		assert_true(mst_slice_is(q->body, "{\"items\":[]}"));
		mst_buf_adds(out, "{\"error\":{\"message\":\"Invalid payload\","
				  "\"detail\":\"no items\"}}");
		return 500;
	}
	if (strstr(url, "/cmdb/meta/")) {
		meta_of(url, out);
		return 200;
	}
	if (!q->auth) {
		mst_buf_adds(out,
			     "{\"error\":{\"message\":\"User Not "
			     "Authenticated\",\"detail\":\"Required to provide "
			     "Auth information\"},\"status\":\"failure\"}");
		return 401;
	}
	if (q->method == MST_HTTP_POST) {
		assert_true(is_fix(url));
		run.choice_added = strstr(url, "/table/sys_choice") != NULL;
		mst_buf_adds(out, "{\"result\":{\"sys_id\":\"1\"}}");
		return 201;
	}
	assert_int_equal(q->method, MST_HTTP_GET);
	mst_buf_adds(out, "{\"result\":[");
	if (strstr(url, "sys_dictionary?sysparm_query=name=cmdb_ci_spkg"))
		mst_buf_adds(out, "{\"name\":\"cmdb_ci_spkg\",\"element\":"
				  "\"package_name\",\"display\":\"false\"}");
	else if (strstr(url, "sys_dictionary"))
		(strstr(url, "collection") ? collections_of : columns_of)(url,
									  out);
	else if (strstr(url, "sys_choice"))
		choices_of(url, out);
	else if (strstr(url, "sys_properties"))
		mst_buf_adds(
		    out, "{\"name\":\"glide.buildname\",\"value\":"
			 "\"Yokohama\"},{\"name\":\"glide.buildtag\","
			 "\"value\":\"glide-yokohama-12-18-2024__patch4\"}");
	else if (strstr(url, "sys_user_has_role"))
		mst_buf_addf(out,
			     "{\"user.user_name\":\"%s\",\"role.name\":"
			     "\"itil\"},{\"user.user_name\":\"%s\","
			     "\"role.name\":\"asset\"}",
			     run.f->conf.username, run.f->conf.username);
	else if (strstr(url, "/table/cmdb_rel_user_type"))
		mst_buf_adds(out,
			     "{\"sys_id\":\"0123456789abcdef0123456789abcdef\","
			     "\"name\":\"Uses\"}");
	else if (strstr(url, "/table/cmdb_rel_type"))
		mst_buf_addf(out,
			     "{\"sys_id\":\"0123456789abcdef0123456789abcdef\","
			     "\"name\":\"%s\"}",
			     strstr(url, "Detects") ? "Detects::Detected by"
						    : "Owns::Owned by");
	else if (strstr(url, "/table/sys_user?") && strstr(url, "email"))
		mst_buf_adds(out,
			     "{\"sys_id\":\"0123456789abcdef0123456789abcdef\","
			     "\"active\":\"true\",\"email\":\"\","
			     "\"user_name\":\"a\"}");
	else if (strstr(url, "sys_db_object"))
		mst_buf_adds(out, "{\"name\":\"fn_a\"},{\"name\":\"fn_b\"}");
	else if (strstr(url, "/table/fn_b"))
		mst_buf_addf(out, "{\"sys_id\":\"%s\",\"name\":\"Company\"}",
			     run.f->conf.normalization);
	else if (strstr(url, "sysrule_quota"))
		mst_buf_adds(out, "{\"name\":\"Rest Batch API request "
				  "timeout\",\"maximum_duration\":\"60\","
				  "\"active\":\"true\"}");
	mst_buf_adds(out, "]}");
	assert_true(out->n > head);
	return 200;
}

/* ---- driving ------------------------------------------------------------- */

static const struct say *find_say(const struct mst_req *q, const char *url)
{
	static const char *const names[] = {"GET", "POST", "PUT", "PATCH",
					    "DELETE"};

	for (size_t i = 0; i < run.says_n; i++) {
		const struct say *s = &run.says[i];

		if ((*s->method && strcmp(s->method, names[q->method]) != 0) ||
		    !strstr(url, s->part))
			continue;
		if (s->times && run.left[i]-- <= 0)
			continue;
		return s;
	}
	return NULL;
}

static void answer(const struct mst_req *q, struct mst_resp *r,
		   struct mst_buf *out)
{
	char *url = decoded(q->url);
	const struct say *s = find_say(q, url);

	*r = (struct mst_resp){.outcome = MST_OUT_ANSWER,
			       .status = 200,
			       .content_type = "application/json",
			       .request_id = "",
			       .total_count = -1,
			       .date_us = FAKE_NOW,
			       .retry_after_ms = -1,
			       .rate_limit = run.rate,
			       .rate_rule = run.rate < 0 ? "" : "r1",
			       .attempts = 1};
	if (is_fix(url) && q->method == MST_HTTP_POST)
		(void)snprintf(run.fixed, sizeof(run.fixed), "%.*s",
			       MST_SLICE_ARG(q->body));
	if (s && s->lost) {
		r->outcome = q->method == MST_HTTP_GET ? MST_OUT_FAILED
						       : MST_OUT_UNCERTAIN;
		r->status = 0;
		r->date_us = MST_TIME_NONE;
		mst_err_set(&r->err, s->code ? s->code : MST_E_TRANSIENT, "%s",
			    s->body);
	} else if (s) {
		r->status = s->status ? s->status : 200;
		r->content_type = s->type ? s->type : r->content_type;
		mst_buf_adds(out, s->body ? s->body : "{\"result\":[]}");
		if (s->skew_us == INT64_MAX)
			r->date_us = MST_TIME_NONE;
		else
			r->date_us = FAKE_NOW - s->skew_us;
	} else {
		r->status = usual(q, url, out);
	}
	if (r->outcome == MST_OUT_ANSWER && r->status >= 300)
		mst_err_set(&r->err, mst_status_code(r->status), "answered %d",
			    r->status);
	r->body = mst_buf_slice(out);
	free(url);
}

void pump(void)
{
	const struct mst_checks_ops *ops = run.checks->ops;
	struct mst_req under_way[MST_MAX_WORKERS];
	size_t n = 0;
	int rc;

	for (;;) {
		struct mst_buf out = MST_BUF_INIT(16u << 20);
		struct mst_req req;
		struct mst_resp resp;

		rc = ops->next(run.checks, &req, &run.f->err);
		t_ok(rc, &run.f->err);
		if (rc == MST_CHECKS_REQUEST) {
			assert_true(n < (size_t)run.f->conf.workers);
			mst_buf_addf(&run.log, "%d %s %.*s\n", req.method,
				     req.url, MST_SLICE_ARG(req.body));
			under_way[n++] = req;
			continue;
		}
		if (rc == MST_CHECKS_END)
			break;
		/* The newest first: no check may lean on the order. */
		assert_true(n > 0);
		answer(&under_way[n - 1], &resp, &out);
		t_ok(ops->accept(run.checks, &under_way[n - 1], &resp,
				 &run.f->err),
		     &run.f->err);
		mst_req_fini(&under_way[--n]);
		mst_buf_fini(&out);
	}
	assert_int_equal(n, 0);
}

static struct mst_check_use uses[16];

void begin(const struct say *says, size_t n)
{
	struct mst_checks_env env = {.report = on_check,
				     .writer = run.writer,
				     .skip = run.skip,
				     .uses = uses};
	const struct mst_catalog *cat = run.f->catalog;

	for (size_t i = 0; i < cat->sets_n; i++)
		uses[env.uses_n++] = (struct mst_check_use){
		    .set = &cat->sets[i], .jobs = "nightly", .catalog = cat};
	run.says = says;
	run.says_n = n;
	for (size_t i = 0; i < n; i++)
		run.left[i] = says[i].times;
	run.found_n = 0;
	run.choice_added = false;
	mst_buf_reset(&run.log);
	run.f->no_choice = true; /* fake_open adds none of its own */
	fake_open(run.f);
	t_ok(mst_dest_servicenow.checks(run.f->d, &env, &run.checks,
					&run.f->err),
	     &run.f->err);
	pump();
}

void finish(void)
{
	run.checks->ops->free(&run.checks);
	assert_null(run.checks);
	mst_dest_servicenow.close(&run.f->d);
}

const struct mst_check *check_of(const char *name)
{
	const struct mst_check *last = NULL;

	for (size_t i = 0; i < run.found_n; i++) {
		if (strcmp(run.found[i].name, name) == 0)
			last = &run.found[i].c;
	}
	return last;
}

void shows(const char *name, enum mst_check_level level, const char *text,
	   const char *remedy)
{
	const struct mst_check *c = check_of(name);

	if (!c)
		fail_msg("no check %s", name);
	if (c->level != level || !strstr(c->text, text) ||
	    !strstr(c->remedy, remedy))
		fail_msg("%s: %s: %s -> %s\nwanted %s: %s -> %s", name,
			 mst_check_level_name(c->level), c->text, c->remedy,
			 mst_check_level_name(level), text, remedy);
}

size_t levels(enum mst_check_level level)
{
	size_t n = 0;

	for (size_t i = 0; i < run.found_n; i++)
		n += run.found[i].c.level == level;
	return n;
}

int setup(void **state)
{
	memset(&run, 0, sizeof(run));
	run.rate = -1;
	mst_buf_init(&run.log, 4u << 20);
	run.f = fake_new();
	run.f->conf.client_id = "c1d";
	run.f->conf.client_secret = "env:SN_TEST_PASSWORD";
	return t_log_watch(state);
}

int teardown(void **state)
{
	fake_free(run.f);
	mst_buf_fini(&run.log);
	return t_log_check(state);
}
