/* SPDX-License-Identifier: Apache-2.0
 *
 * Drives the destination against the tiny ServiceNow and keeps what came out.
 */
#include "sn_fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source/endpoint/endpoint.h"

/* ---- calls ------------------------------------------------------------- */

static void serve(struct fake *f, const struct mst_req *q, struct mst_resp *r,
		  struct mst_buf *out)
{
	const char *path = q->url + strlen(f->conf.url);

	*r = (struct mst_resp){
	    .outcome = MST_OUT_ANSWER,
	    .status = 200,
	    .content_type = "application/json;charset=UTF-8",
	    .request_id = mst_arena_printf(&f->arena, "tx-%u", f->calls),
	    .total_count = -1,
	    .date_us = FAKE_NOW,
	    .retry_after_ms = -1,
	    .elapsed_us = f->elapsed_us,
	    .attempts = 1,
	};
	if (f->on_call && f->on_call(f, f->calls, q, r, out)) {
		;
	} else if (mst_slice_istarts(mst_slice_str(path),
				     "/api/now/v1/batch")) {
		fake_serve_batch(f, q, out);
	} else {
		fake_serve_ire(f, q, r, out);
	}
	f->calls++;
	r->body = mst_buf_slice(out);
	r->bytes = out->n;
}

static void check_request(struct fake *f, const struct mst_req *q)
{
	bool accept = false, type = false;

	assert_true(q->body.n < MST_MAX_REQUEST_BODY);
	assert_int_equal(q->method, MST_HTTP_POST);
	for (size_t i = 0; q->headers[i]; i++) {
		accept = accept ||
			 !strcmp(q->headers[i], "Accept: application/json");
		type = type ||
		       !strcmp(q->headers[i], "Content-Type: application/json");
	}
	assert_true(accept && type);
	assert_string_equal(q->auth, "servicenow:cmdb");
	assert_true(f->requests_n < MST_LEN(f->requests));
	f->requests[f->requests_n++] =
	    mst_arena_printf(&f->arena, "%s %.*s", q->url + strlen(f->conf.url),
			     MST_SLICE_ARG(q->body));
}

int fake_pump(struct fake *f)
{
	struct mst_req under_way[MST_MAX_WORKERS + 1];
	size_t n = 0, at;
	int rc;

	for (;;) {
		struct mst_buf out = MST_BUF_INIT(128u << 20);
		struct mst_resp r;

		rc = mst_dest_servicenow.next(f->d, &under_way[n], &f->err);
		if (rc == MST_DEST_REQUEST) {
			check_request(f, &under_way[n++]);
			assert_true(n <= (size_t)f->conf.workers);
			f->most_under_way = MST_MAX(f->most_under_way, n);
			continue;
		}
		if (rc == MST_DEST_IDLE || (rc < 0 && !n))
			break;
		assert_true(n > 0);
		at = f->newest_first ? n - 1 : 0;
		serve(f, &under_way[at], &r, &out);
		rc = mst_dest_servicenow.accept(f->d, &under_way[at], &r,
						&f->err);
		mst_req_fini(&under_way[at]);
		memmove(&under_way[at], &under_way[at + 1],
			(n - at - 1) * sizeof(under_way[0]));
		n--;
		mst_buf_fini(&out);
		if (rc < 0)
			break;
	}
	assert_true(rc < 0 || n == 0);
	while (n)
		mst_req_fini(&under_way[--n]);
	return rc;
}

/* ---- the destination --------------------------------------------------- */

static void take_verdict(void *ctx, const struct mst_verdict *v)
{
	struct fake *f = ctx;
	struct fake_verdict *fv;

	for (size_t i = 0; i < f->verdicts_n; i++) /* one each, never two */
		assert_int_not_equal(f->verdicts[i].v.change, v->change);
	assert_true(f->verdicts_n < MST_LEN(f->verdicts));
	fv = &f->verdicts[f->verdicts_n++];
	fv->v = *v;
	snprintf(fv->reason, sizeof(fv->reason), "%s",
		 v->reason ? v->reason : "");
	snprintf(fv->request_id, sizeof(fv->request_id), "%s", v->request_id);
	fv->v.reason = fv->reason;
}

/* What the option table makes of a connection: an address, a log-in and the
 * settings of the test. Words of a list with '|' between them. */
static void make_conf(struct fake *f)
{
	struct mst_conf_value values[3 + MST_LEN(f->settings)];
	struct mst_conf_item item = {.kind = "connection",
				     .name = "cmdb",
				     .type = "servicenow",
				     .file = "test",
				     .values = values};
	static const char *const base[][2] = {
	    {"url", "https://dev.example.com"},
	    {"username", "muster"},
	    {"password", "env:SN_TEST_PASSWORD"},
	};

	for (size_t i = 0; i < MST_LEN(base) + f->settings_n; i++) {
		const char *const *pair = i < MST_LEN(base)
					      ? base[i]
					      : f->settings[i - MST_LEN(base)];
		const char **texts =
		    mst_arena_alloc(&f->arena, 16 * sizeof(*texts));
		char *word = mst_arena_strdup(&f->arena, pair[1]), *save;
		size_t n = 0;

		for (word = strtok_r(word, "|", &save); word && n < 16;
		     word = strtok_r(NULL, "|", &save))
			texts[n++] = word;
		if (!n)
			texts[n++] = "";
		values[item.values_n++] =
		    (struct mst_conf_value){.key = pair[0],
					    .texts = texts,
					    .texts_n = n,
					    .is_list = n > 1};
	}
	t_ok(mst_conf_apply(&item, mst_sn_opts, &f->conf, &f->arena, &f->err),
	     &f->err);
}

void fake_setting(struct fake *f, const char *key, const char *value)
{
	assert_true(f->settings_n < MST_LEN(f->settings));
	f->settings[f->settings_n][0] = key;
	f->settings[f->settings_n++][1] = value;
	make_conf(f);
}

struct fake *fake_new(void)
{
	struct fake *f = mst_alloc(sizeof(*f));
	struct mst_err err = MST_ERR_INIT;

	t_ok(mst_secret_setup(&err), &err);
	setenv("SN_TEST_PASSWORD", "not-a-real-password", 1);
	t_clock_set(FAKE_NOW);
	mst_arena_init(&f->arena, 1u << 30);
	f->outer = mst_json_parser_new(64u << 20);
	f->inner = mst_json_parser_new(64u << 20);
	f->catalog = mst_source_endpoint.catalog;
	f->elapsed_us = 1000;
	make_conf(f);
	return f;
}

static void take_note(void *ctx, const char *text)
{
	struct fake *f = ctx;
	size_t n = strlen(f->notes);

	assert_null(strchr(text, '\n'));
	snprintf(f->notes + n, sizeof(f->notes) - n, "%s\n", text);
}

void fake_open(struct fake *f)
{
	struct mst_dest_env env = {
	    .connection = "cmdb",
	    .source = "defender",
	    .catalog = f->catalog,
	    .run = "r1",
	    .verdict = take_verdict,
	    .note = take_note,
	    .ctx = f,
	};

	if (f->catalog) {
		struct mst_derive *derive =
		    mst_derive_begin(f->catalog, &f->arena);

		t_ok(mst_dest_servicenow.adapt(&f->conf, derive, &f->err),
		     &f->err);
		env.catalog = f->catalog = mst_derive_end(derive);
	}
	if (!f->no_choice)
		fake_add(f, "sys_choice", "name", "cmdb_ci", "element",
			 "discovery_source", "value", "muster", "inactive",
			 "false", NULL);
	t_ok(mst_dest_servicenow.open(&env, &f->conf, &f->d, &f->err), &f->err);
}

void fake_free(struct fake *f)
{
	mst_dest_servicenow.close(&f->d);
	assert_null(f->d);
	mst_json_parser_free(&f->outer);
	mst_json_parser_free(&f->inner);
	mst_arena_fini(&f->arena);
	free(f->rows);
	free(f);
	t_clock_real();
}

const struct mst_set *fake_set(const char *name)
{
	const struct mst_set *set =
	    mst_catalog_set(mst_source_endpoint.catalog, name);

	assert_non_null(set);
	return set;
}

static const struct mst_set *set_of(const struct fake *f, const char *name)
{
	return f->catalog ? mst_catalog_set(f->catalog, name) : fake_set(name);
}

struct mst_sysid fake_id(const char *hex)
{
	struct mst_sysid id = {{0}};

	assert_true(mst_sysid_parse(mst_slice_str(hex), &id));
	return id;
}

struct mst_sysid fake_nr(unsigned n)
{
	char hex[33];

	snprintf(hex, sizeof(hex), "%032x", n);
	return fake_id(hex);
}

/* "os~" is the column os for updates, of two of the name. */
static unsigned column_of(const struct mst_set *set, const char *name)
{
	size_t n = strcspn(name, "~");
	uint16_t want = name[n] ? MST_COL_UPDATE : 0;

	for (unsigned i = 0; i < set->columns_n; i++) {
		const struct mst_column *col = &set->columns[i];

		if (strlen(col->name) == n && !memcmp(col->name, name, n) &&
		    (col->flags & want) == want)
			return i;
	}
	fail_msg("no column %s", name);
	return 0;
}

uint64_t fake_offer(struct fake *f, const char *set, struct fake_change fc, ...)
{
	struct mst_cell cells[MST_MAX_COLUMNS] = {{0}};
	struct mst_change c = {
	    .id = ++f->last_change,
	    .set = set_of(f, set),
	    .action = fc.action,
	    .table = mst_slice_str(fc.table),
	    .key = mst_slice_str(fc.key),
	    .group = mst_slice_str(fc.key),
	    .remote = fc.remote,
	    .parent = fc.parent,
	    .may_exist = fc.may_exist,
	    .unsure = fc.unsure,
	    .cells = cells,
	};
	const char *name, *value;
	va_list ap;
	int rc;

	va_start(ap, fc);
	while ((name = va_arg(ap, const char *))) {
		struct mst_cell *cell = &cells[c.cells_n++];

		value = va_arg(ap, const char *);
		cell->column = column_of(c.set, name);
		cell->text = mst_slice_str(value);
		if ((c.set->columns[cell->column].flags & MST_COL_REF) &&
		    strlen(value) == 32)
			mst_sysid_parse(cell->text, &cell->ref);
	}
	va_end(ap);
	while ((rc = mst_dest_servicenow.offer(f->d, &c, &f->err)) == 1)
		t_ok(fake_pump(f), &f->err);
	t_ok(rc, &f->err);
	return c.id;
}

void fake_begin(struct fake *f, const char *set)
{
	t_ok(mst_dest_servicenow.begin(f->d, set_of(f, set), &f->err), &f->err);
}

void fake_end(struct fake *f)
{
	mst_dest_servicenow.end(f->d);
	t_ok(fake_pump(f), &f->err);
}

const struct fake_verdict *fake_verdict(const struct fake *f, uint64_t change)
{
	for (size_t i = 0; i < f->verdicts_n; i++) {
		if (f->verdicts[i].v.change == change)
			return &f->verdicts[i];
	}
	fail_msg("change %llu has no verdict", (unsigned long long)change);
	return NULL;
}

void fake_is(const struct fake *f, uint64_t change, enum mst_verdict_kind kind,
	     const char *reason)
{
	const struct fake_verdict *v = fake_verdict(f, change);

	if (v->v.kind != kind)
		fail_msg("change %llu: verdict %d instead of %d: %s",
			 (unsigned long long)change, v->v.kind, kind,
			 v->reason);
	if (reason && !strstr(v->reason, reason))
		fail_msg("'%s' does not say '%s'", v->reason, reason);
	assert_null(strchr(v->reason, '\n'));
}

static size_t starting(char *const *v, size_t n, const char *start)
{
	size_t hits = 0;

	for (size_t i = 0; i < n; i++)
		hits += strncmp(v[i], start, strlen(start)) == 0;
	return hits;
}

size_t fake_asked(const struct fake *f, const char *start)
{
	return starting(f->subs, f->subs_n, start);
}

size_t fake_called(const struct fake *f, const char *start)
{
	return starting(f->requests, f->requests_n, start);
}

void fake_golden(const char *text, const char *name)
{
	char path[128];
	struct mst_slice want;

	snprintf(path, sizeof(path), "servicenow/%s", name);
	if (getenv("MUSTER_GOLDEN")) { /* a folder: write them anew */
		char *to = mst_asprintf("%s/%s", getenv("MUSTER_GOLDEN"), name);
		struct mst_buf b = MST_BUF_INIT(1u << 24);

		mst_buf_addf(&b, "%s\n", text);
		t_write(to, mst_buf_slice(&b));
		mst_buf_fini(&b);
		free(to);
		return;
	}
	want = t_data(path);
	while (want.n && want.p[want.n - 1] == '\n')
		want.n--;
	if (!mst_slice_eq(want, mst_slice_str(text)))
		fail_msg("%s: is\n%s\nand should be\n%.*s", name, text,
			 MST_SLICE_ARG(want));
}
