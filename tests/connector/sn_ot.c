/* SPDX-License-Identifier: Apache-2.0
 *
 * See sn_ot.h.
 */
#include "sn_ot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int losing;

static bool is_commit(const char *url)
{
	return strstr(url, "/identifyreconcile/enhanced") != NULL;
}

/* The batch's items are noted down for fake_asked. */
static void note_subs(struct fake *f, struct mst_slice body)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_json_iter it;
	struct mst_json root, v;

	t_ok(mst_json_parse(f->outer, body, &root, &err), &err);
	it = mst_json_iter(mst_json_get(root, "rest_requests"));
	while (mst_json_next(&it, NULL, &v)) {
		struct mst_slice method =
		    mst_json_str(mst_json_get(v, "method"));
		struct mst_slice url = mst_json_str(mst_json_get(v, "url"));

		f->subs[f->subs_n++] =
		    mst_arena_printf(&f->arena, "%.*s %.*s",
				     MST_SLICE_ARG(method), MST_SLICE_ARG(url));
	}
}

static bool to_sim(struct fake *f, unsigned call, const struct mst_req *q,
		   struct mst_resp *r, struct mst_buf *out)
{
	char *body = mst_strndup(q->body.p, q->body.n);

	(void)call;
	if (strstr(q->url, "/v1/batch"))
		note_subs(f, q->body);
	r->status = ask("POST", q->url + strlen(f->conf.url), body);
	free(body);
	if (losing > 0 && is_commit(q->url)) {
		losing--;
		r->outcome = MST_OUT_UNCERTAIN;
		r->status = 0;
		mst_err_set(&r->err, MST_E_UNCERTAIN, "the line went dead");
		return true;
	}
	mst_buf_add_slice(out, sn_text);
	if (r->status >= 300)
		mst_err_set(&r->err, mst_status_code(r->status), "answered %d",
			    r->status);
	return true;
}

int sn_ot_setup(void **state)
{
	struct fake *f = fake_new();

	sn_up(NULL);
	losing = 0;
	f->catalog = &t_ot_catalog;
	f->on_call = to_sim;
	*state = f;
	return t_log_watch(state);
}

int sn_ot_teardown(void **state)
{
	fake_free(*state);
	sn_down(NULL);
	return t_log_check(state);
}

int sn_ot_prepare(struct fake *f)
{
	int rc = mst_dest_servicenow.prepare(f->d, NULL, &f->err);

	return rc < 0 ? rc : fake_pump(f);
}

void sn_ot_ready(struct fake *f)
{
	f->no_choice = true; /* the simulated one has it */
	fake_open(f);
	t_ok(sn_ot_prepare(f), &f->err);
	f->subs_n = f->requests_n = 0;
}

void sn_ot_lose(int n)
{
	losing = n;
}

const char *sn_ot_ci(const char *table, const char *name)
{
	static char ids[16][33];
	static unsigned n;
	char body[120];

	snprintf(body, sizeof(body), "{\"name\":\"%s\"}", name);
	n = (n + 1) % MST_LEN(ids);
	snprintf(ids[n], sizeof(ids[n]), "%s", make(table, body));
	return ids[n];
}

const char *sn_ot_get(const char *table, const char *id, const char *column)
{
	static char texts[8][300];
	static unsigned n;
	char path[100];

	assert_int_equal(askf("GET", NULL,
			      "/api/now/table/%s/%s"
			      "?sysparm_exclude_reference_link=true",
			      table, id),
			 200);
	snprintf(path, sizeof(path), "result.%s", column);
	n = (n + 1) % MST_LEN(texts);
	snprintf(texts[n], sizeof(texts[n]), "%s", at(path));
	return texts[n];
}

size_t sn_ot_count(const char *table, const char *query)
{
	askf("GET", NULL, "/api/now/table/%s?sysparm_query=%s", table, query);
	return count_at("result");
}

size_t sn_ot_owned(const char *id)
{
	char query[120];

	snprintf(query, sizeof(query), "parent=%s^type.name=Owns::Owned%%20by",
		 id);
	return sn_ot_count("cmdb_rel_ci", query);
}

const char *sn_ot_last(const struct fake *f, const char *part)
{
	for (size_t i = f->requests_n; i > 0; i--) {
		size_t n = strcspn(f->requests[i - 1], " ");
		const char *hit = strstr(f->requests[i - 1], part);

		if (hit && (size_t)(hit - f->requests[i - 1]) < n)
			return f->requests[i - 1];
	}
	fail_msg("no call to %s", part);
	return "";
}
