/* SPDX-License-Identifier: Apache-2.0
 *
 * See source_drive.h.
 */
#include "source_drive.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/secret.h"

static const char secret_name[] = "MUSTER_TEST_SOURCE_SECRET";

int drive_try_of(struct drive *d, const struct mst_source_ops *ops,
		 const char *options)
{
	struct mst_buf text = MST_BUF_INIT(1u << 16);
	char *copy = mst_strdup(options), *line, *save = NULL;
	int rc;

	*d = (struct drive){.ops = ops, .err = MST_ERR_INIT};
	(void)setenv(secret_name, "not-a-real-secret", 1);
	assert_int_equal(mst_secret_setup(&d->err), 0);
	mst_buf_addf(&text, "connections:\n  - name: defender\n    type: %s\n",
		     ops->type);
	if (strcmp(ops->type, "iot") == 0)
		mst_buf_addf(&text, "%s%s%s",
			     strstr(options, "url:")
				 ? ""
				 : "    url: https://console.example\n",
			     strstr(options, "token:") ? "" : "    token: env:",
			     strstr(options, "token:") ? "" : secret_name);
	else if (!strstr(options, "read_from") && !strstr(options, "tenant_id"))
		mst_buf_addf(&text,
			     "    tenant_id: contoso.example\n"
			     "    client_id: "
			     "00000000-0000-4000-8000-00000000000b\n"
			     "    client_secret: env:%s\n",
			     secret_name);
	(void)mst_buf_addc(&text, '\n');
	for (line = strtok_r(copy, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		mst_buf_addf(&text, "    %s\n", line);
	free(copy);
	mst_arena_init(&d->arena, 1u << 20);
	rc =
	    mst_conf_read(mst_buf_slice(&text), "test.yaml", &d->yaml, &d->err);
	mst_buf_fini(&text);
	if (rc == 0)
		rc = mst_conf_apply(&d->yaml.items[0], ops->opts, &d->room,
				    &d->arena, &d->err);
	if (rc == 0)
		rc = ops->open("defender", &d->room, &d->s, &d->err);
	return rc;
}

void drive_open_of(struct drive *d, const struct mst_source_ops *ops,
		   const char *options)
{
	t_ok(drive_try_of(d, ops, options), &d->err);
}

static void drop_req(struct drive *d)
{
	if (d->has_req)
		mst_req_fini(&d->req);
	d->has_req = false;
}

void drive_close(struct drive *d)
{
	drop_req(d);
	d->ops->close(&d->s);
	mst_conf_fini(&d->yaml);
	mst_arena_fini(&d->arena);
}

void drive_begin(struct drive *d, unsigned feed, const char *one)
{
	t_ok(d->ops->begin(d->s, feed, one, &d->err), &d->err);
}

int drive_next(struct drive *d)
{
	int rc;

	drop_req(d);
	rc = d->ops->next(d->s, &d->req, &d->err);
	d->has_req = rc == MST_NEXT_REQUEST;
	return rc;
}

void drive_expect(struct drive *d, const char *url)
{
	int rc = drive_next(d);

	t_ok(rc, &d->err);
	assert_int_equal(rc, MST_NEXT_REQUEST);
	assert_string_equal(d->req.url, url);
	assert_int_equal(d->req.method, MST_HTTP_GET);
}

struct mst_resp drive_resp(int status, struct mst_slice body)
{
	return (struct mst_resp){
	    .outcome = MST_OUT_ANSWER,
	    .status = status,
	    .body = body,
	    .bytes = body.n,
	    .content_type = "application/json",
	    .request_id = "",
	    .total_count = -1,
	    .date_us = INT64_MIN,
	    .retry_after_ms = -1,
	    .attempts = 1,
	    .err = MST_ERR_INIT,
	};
}

int drive_give(struct drive *d, const struct mst_req *req,
	       const struct mst_resp *resp)
{
	return d->ops->accept(d->s, req, resp, &d->err);
}

int drive_answer(struct drive *d, int status, struct mst_slice body)
{
	struct mst_resp resp = drive_resp(status, body);

	assert_true(d->has_req);
	return drive_give(d, &d->req, &resp);
}

int drive_text(struct drive *d, int status, const char *body)
{
	return drive_answer(d, status, mst_slice_str(body));
}

int drive_file(struct drive *d, uint64_t bytes)
{
	struct mst_resp resp = drive_resp(200, mst_slice(NULL, 0));

	assert_true(d->has_req);
	assert_non_null(d->req.file);
	resp.content_type = "application/x-gzip";
	resp.file = d->req.file;
	resp.bytes = bytes;
	return drive_give(d, &d->req, &resp);
}

struct mst_proof drive_end(struct drive *d, unsigned feed)
{
	struct mst_proof p;
	int rc = drive_next(d);

	t_ok(rc, &d->err);
	assert_int_equal(rc, MST_NEXT_END);
	d->ops->proof(d->s, feed, &p);
	return p;
}

const char *page_of_ids(size_t first, size_t n, const char *link)
{
	static struct mst_buf b = MST_BUF_INIT(64u << 20);

	mst_buf_reset(&b);
	mst_buf_adds(&b, "{\"value\":[");
	for (size_t i = 0; i < n; i++)
		mst_buf_addf(&b, "%s{\"id\":\"%040zx\"}", i ? "," : "",
			     first + i);
	mst_buf_addc(&b, ']');
	if (link)
		mst_buf_addf(&b, ",\"@odata.nextLink\":\"%s\"", link);
	mst_buf_addc(&b, '}');
	return b.p;
}

/* ---- rules --------------------------------------------------------------- */

static bool has_class(void *ctx, const char *table)
{
	const struct ruled *r = ctx;

	if (r->lacks && mst_slice_fits(mst_slice_str(table), r->lacks))
		return false;
	return strcmp(table, "cmdb_ci_handheld_computing") != 0 || r->handheld;
}

/* The options as YAML lines, on top of the defaults. */
static void set_options(struct ruled *r, const char *options)
{
	struct mst_buf text = MST_BUF_INIT(1u << 16);
	struct mst_err err = MST_ERR_INIT;
	struct mst_conf yaml;

	mst_buf_addf(&text,
		     "connections:\n  - name: defender\n    type: %s\n"
		     "    read_from: /\n",
		     r->ops->type);
	while (*options) {
		size_t n = strcspn(options, "\n");

		mst_buf_addf(&text, "    %.*s\n", (int)n, options);
		options += n + (options[n] == '\n');
	}
	t_ok(mst_conf_read(mst_buf_slice(&text), "test.yaml", &yaml, &err),
	     &err);
	t_ok(mst_conf_apply(&yaml.items[0], r->ops->opts, &r->room, &r->arena,
			    &err),
	     &err);
	mst_conf_fini(&yaml);
	mst_buf_fini(&text);
}

int ruled_try_of(struct ruled *r, const struct mst_source_ops *ops,
		 const char *options, struct mst_err *err)
{
	struct mst_derive *d;
	int rc;

	r->ops = ops;
	mst_arena_init(&r->arena, 1u << 22);
	set_options(r, options);
	d = mst_derive_begin(ops->catalog, &r->arena);
	rc = ops->adapt(&r->room, d, err);
	r->catalog = mst_derive_end(d);
	return rc;
}

void ruled_again(struct ruled *r, const char *options)
{
	const struct mst_source_ops *ops = r->ops;

	ruled_close(r);
	ruled_open_of(r, ops, options);
}

void ruled_open_of(struct ruled *r, const struct mst_source_ops *ops,
		   const char *options)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_rules_env env = {
	    .conf = &r->room,
	    .connection = "defender",
	    .now_us = RULES_NOW,
	    .seed = 7,
	    .has_class = has_class,
	    .has_class_ctx = r,
	};

	*r = (struct ruled){.handheld = true};
	t_ok(ruled_try_of(r, ops, options, &err), &err);
	env.catalog = r->catalog;
	t_ok(mst_rules_new(&env, &r->rules, &err), &err);
	r->parser = mst_json_parser_new(1u << 20);
	for (unsigned f = 0; f < r->ops->catalog->feeds_n; f++) {
		const char *names[MST_MAX_FIELDS];

		for (size_t i = 0; i < r->catalog->feeds[f].fields_n; i++)
			names[i] = r->catalog->feeds[f].fields[i].name;
		r->picker[f] =
		    mst_picker_new(names, r->catalog->feeds[f].fields_n);
	}
}

void ruled_close(struct ruled *r)
{
	for (unsigned f = 0; f < r->ops->catalog->feeds_n; f++)
		mst_picker_free(&r->picker[f]);
	mst_json_parser_free(&r->parser);
	mst_rules_free(&r->rules);
	mst_arena_fini(&r->arena);
}

void ruled_pick(struct ruled *r, unsigned feed, struct mst_json record)
{
	r->feed = feed;
	assert_true(mst_picker_pick(r->picker[feed], record, r->v));
	mst_rules_record(r->rules, r->v);
}

void ruled_record(struct ruled *r, unsigned feed, const char *json)
{
	struct mst_err err = MST_ERR_INIT;
	char *text = mst_strdup(json);
	struct mst_json root;

	for (char *p = text; *p; p++) {
		if (*p == '\'')
			*p = '"';
	}
	t_ok(mst_json_parse(r->parser, mst_slice_str(text), &root, &err), &err);
	free(text);
	ruled_pick(r, feed, root);
}

unsigned ruled_mapping(const struct ruled *r, const char *set)
{
	for (unsigned i = 0; i < r->catalog->mappings_n; i++) {
		if (strcmp(r->catalog->mappings[i].set, set) == 0 &&
		    (r->catalog->mappings[i].feeds & 1u << r->feed))
			return i;
	}
	fail_msg("no mapping of feed %u to %s", r->feed, set);
	return 0;
}

enum mst_keep ruled_keep(struct ruled *r, const char *set,
			 struct mst_slice *why_r)
{
	struct mst_slice why = {NULL, 0};
	enum mst_keep keep =
	    mst_rules_keep(r->rules, ruled_mapping(r, set), &why);

	if (why_r)
		*why_r = why;
	return keep;
}

void ruled_apply(struct ruled *r, const char *set)
{
	assert_int_equal(ruled_keep(r, set, NULL), MST_KEEP);
	assert_true(mst_rules_apply(r->rules, ruled_mapping(r, set), &r->d));
}

struct mst_slice ruled_col(const struct ruled *r, const char *column)
{
	for (size_t i = 0; i < r->d.cells_n; i++) {
		if (strcmp(r->d.set->columns[r->d.cells[i].column].name,
			   column) == 0)
			return r->d.cells[i].text;
	}
	return (struct mst_slice){NULL, 0};
}

void ruled_is(const struct ruled *r, const char *column, const char *want)
{
	struct mst_slice s = ruled_col(r, column);

	if (want)
		t_is(s, want);
	else if (s.n)
		fail_msg("%s has the value '%.*s'", column, MST_SLICE_ARG(s));
}
