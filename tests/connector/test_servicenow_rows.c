/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows with a unique key: look-up, write, life cycle, and every way in which
 * an answer may leave open what happened.
 */
#include "sn_fake.h"

#include <stdio.h>
#include <string.h>

#define INST  "device_vulnerabilities"
#define TABLE "u_muster_cve_instance"

static int setup(void **state)
{
	*state = fake_new();
	return t_log_watch(state);
}

static int teardown(void **state)
{
	fake_free(*state);
	return t_log_check(state);
}

static uint64_t instance(struct fake *f, enum mst_action action, bool may_exist,
			 const char *key, struct mst_sysid remote)
{
	struct fake_change c = {.action = action,
				.key = key,
				.remote = remote,
				.parent = fake_nr(0xd1),
				.may_exist = may_exist};

	return fake_offer(
	    f, INST, c, "u_key", key, "u_cve",
	    "000000000000000000000000000000c1", "u_software_name", "openssl",
	    "u_software_version", "1.10", "u_severity", "high", "u_cvss_score",
	    "7.0", "u_first_seen", "2026-01-01 00:00:00", "u_last_seen",
	    "2026-11-20 00:00:00", "u_disk_paths", "/usr/a\n/usr/b", NULL);
}

static const char *add_instance(struct fake *f, const char *key,
				const char *status, const char *score)
{
	return fake_add(f, TABLE, "u_key", key, "u_cmdb_ci",
			"000000000000000000000000000000d1", "u_cve",
			"000000000000000000000000000000c1", "u_software_name",
			"openssl", "u_software_version", "1.10", "u_severity",
			"high", "u_cvss_score", score, "u_disk_paths",
			"/usr/a\r\n/usr/b", "u_status", status,
			"u_reopened_count", "2", "u_last_seen",
			"2025-01-01 00:00:00", NULL);
}

static void test_insert_posts_at_once(void **state)
{
	struct fake *f = *state;
	struct fake_row *row;
	uint64_t c;

	fake_open(f);
	fake_begin(f, INST);
	c = instance(f, MST_INSERT, false, "k1", (struct mst_sysid){{0}});
	fake_end(f);
	fake_is(f, c, MST_VERDICT_APPLIED, NULL);
	assert_true(fake_verdict(f, c)->v.inserted);
	assert_string_equal(fake_verdict(f, c)->request_id, "tx-0");
	assert_int_equal(f->requests_n, 1);
	row = fake_find(f, TABLE, "u_key", "k1");
	assert_non_null(row);
	t_is(mst_slice_str(fake_get(row, "u_status")), "unresolved");
	t_is(mst_slice_str(fake_get(row, "u_reopened_count")), "0");
	t_is(mst_slice_str(fake_get(row, "u_source_connection")), "defender");
	t_is(mst_slice_str(fake_get(row, "u_cmdb_ci")),
	     "000000000000000000000000000000d1");
	t_is(mst_slice_str(fake_get(row, "u_first_seen")),
	     "2026-01-01 00:00:00");
	assert_int_equal(
	    memcmp(&fake_verdict(f, c)->v.remote,
		   &(struct mst_sysid[]){fake_id(fake_get(row, "sys_id"))}, 16),
	    0);
}

/* The exact bytes of a batch, once. */
static void test_golden_request(void **state)
{
	struct fake *f = *state;

	fake_open(f);
	fake_begin(f, INST);
	instance(f, MST_INSERT, false, "k1", (struct mst_sysid){{0}});
	instance(f, MST_CLOSE, false, "", fake_nr(7));
	fake_end(f);
	fake_golden(f->requests[0], "batch-request.txt");
	fake_golden(f->subs[0], "row-insert.txt");
	fake_golden(f->subs[1], "row-close.txt");
}

static void test_update_leaves_insert_only_columns(void **state)
{
	struct fake *f = *state;
	struct fake_row *row;
	const char *id;
	uint64_t c;

	fake_open(f);
	id = add_instance(f, "k1", "resolved_pending", "5.0");
	fake_begin(f, INST);
	c = instance(f, MST_UPDATE, false, "k1", fake_id(id));
	fake_end(f);
	fake_is(f, c, MST_VERDICT_APPLIED, NULL);
	assert_false(fake_verdict(f, c)->v.inserted);
	row = fake_find(f, TABLE, "u_key", "k1");
	t_is(mst_slice_str(fake_get(row, "u_cvss_score")), "7.0");
	/* What a person set stays; insert-only columns were not sent. */
	t_is(mst_slice_str(fake_get(row, "u_status")), "resolved_pending");
	t_is(mst_slice_str(fake_get(row, "u_first_seen")), "");
	assert_null(strstr(f->subs[0], "u_status"));
	assert_null(strstr(f->subs[0], "u_source_connection"));
}

static void test_found_and_equal_is_unchanged(void **state)
{
	struct fake *f = *state;
	uint64_t c;

	fake_open(f);
	/* "7" is 7.0, CR LF is LF, last_seen is volatile. */
	add_instance(f, "k1", "resolved_pending", "7");
	fake_begin(f, INST);
	c = instance(f, MST_INSERT, true, "k1", (struct mst_sysid){{0}});
	fake_end(f);
	fake_is(f, c, MST_VERDICT_UNCHANGED, NULL);
	assert_false(mst_sysid_is_zero(&fake_verdict(f, c)->v.remote));
	assert_int_equal(fake_asked(f, "PUT"), 0);
	assert_int_equal(fake_asked(f, "POST"), 0);
}

static void test_found_and_different_is_put(void **state)
{
	struct fake *f = *state;
	uint64_t c;

	fake_open(f);
	add_instance(f, "k1", "exception", "6.9");
	fake_begin(f, INST);
	c = instance(f, MST_INSERT, true, "k1", (struct mst_sysid){{0}});
	fake_end(f);
	fake_is(f, c, MST_VERDICT_APPLIED, NULL);
	assert_false(fake_verdict(f, c)->v.inserted);
	assert_false(fake_verdict(f, c)->v.reopened);
	t_is(mst_slice_str(
		 fake_get(fake_find(f, TABLE, "u_key", "k1"), "u_status")),
	     "exception");
}

static void test_reopen(void **state)
{
	struct fake *f = *state;
	struct fake_row *row;
	uint64_t c;

	fake_open(f);
	add_instance(f, "k1", "resolved_confirmed", "7.0");
	fake_put(f, fake_find(f, TABLE, "u_key", "k1"), "u_resolved_at",
		 "2026-05-05 00:00:00");
	fake_begin(f, INST);
	c = instance(f, MST_INSERT, true, "k1", (struct mst_sysid){{0}});
	fake_end(f);
	fake_is(f, c, MST_VERDICT_APPLIED, NULL);
	assert_true(fake_verdict(f, c)->v.reopened);
	row = fake_find(f, TABLE, "u_key", "k1");
	t_is(mst_slice_str(fake_get(row, "u_status")), "unresolved");
	t_is(mst_slice_str(fake_get(row, "u_resolved_at")), "");
	t_is(mst_slice_str(fake_get(row, "u_reopened_count")), "3");
	assert_int_equal(fake_count(f, TABLE), 1);
}

static void test_close(void **state)
{
	struct fake *f = *state;
	struct fake_row *row;
	const char *id;
	uint64_t c, by_key, gone, no_key, deleted;

	fake_open(f);
	id = add_instance(f, "k1", "exception", "7.0");
	add_instance(f, "k2", "unresolved", "7.0");
	fake_begin(f, INST);
	c = instance(f, MST_CLOSE, false, "", fake_id(id));
	by_key = instance(f, MST_CLOSE, false, "k2", (struct mst_sysid){{0}});
	gone = instance(f, MST_CLOSE, false, "k3", (struct mst_sysid){{0}});
	no_key = fake_offer(f, INST, (struct fake_change){.action = MST_CLOSE},
			    NULL);
	/* Somebody deleted it: nothing is left to close. */
	deleted = fake_offer(
	    f, INST,
	    (struct fake_change){.action = MST_CLOSE, .remote = fake_nr(0x999)},
	    NULL);
	fake_end(f);
	fake_is(f, deleted, MST_VERDICT_UNCHANGED, NULL);
	fake_is(f, c, MST_VERDICT_APPLIED, NULL);
	fake_is(f, by_key, MST_VERDICT_APPLIED, NULL);
	fake_is(f, gone, MST_VERDICT_UNCHANGED, NULL);
	fake_is(f, no_key, MST_VERDICT_REFUSED, "cannot be looked up");
	row = fake_find(f, TABLE, "u_key", "k1");
	t_is(mst_slice_str(fake_get(row, "u_status")), "resolved_confirmed");
	t_is(mst_slice_str(fake_get(row, "u_resolved_at")),
	     "2026-11-21 00:00:00");
	t_is(mst_slice_str(fake_get(row, "u_cvss_score")), "7.0");
}

static void test_deleted_row_of_an_update_is_made_again(void **state)
{
	struct fake *f = *state;
	uint64_t c;

	fake_open(f);
	fake_begin(f, INST);
	c = instance(f, MST_UPDATE, false, "k1", fake_nr(0x999));
	fake_end(f);
	fake_is(f, c, MST_VERDICT_APPLIED, NULL);
	assert_true(fake_verdict(f, c)->v.inserted);
	assert_int_equal(fake_count(f, TABLE), 1);
	t_is(mst_slice_str(
		 fake_get(fake_find(f, TABLE, "u_key", "k1"), "u_status")),
	     "unresolved");
}

static void test_unique_violation_leads_to_the_row(void **state)
{
	struct fake *f = *state;
	uint64_t c;

	fake_open(f);
	add_instance(f, "k1", "resolved_confirmed", "7.0");
	/* It hangs on another CI, so a look by parent would miss it. */
	fake_put(f, fake_find(f, TABLE, "u_key", "k1"), "u_cmdb_ci",
		 "000000000000000000000000000000d2");
	fake_begin(f, INST);
	c = instance(f, MST_INSERT, false, "k1", (struct mst_sysid){{0}});
	fake_end(f);
	fake_is(f, c, MST_VERDICT_APPLIED, NULL);
	assert_true(fake_verdict(f, c)->v.reopened);
	assert_int_equal(fake_count(f, TABLE), 1);
	t_is(mst_slice_str(
		 fake_get(fake_find(f, TABLE, "u_key", "k1"), "u_cmdb_ci")),
	     "000000000000000000000000000000d1");
}

static bool hide_lists(struct fake *f, struct fake_sub *s)
{
	if (strcmp(s->method, "GET") != 0)
		return false;
	s->status = 200;
	mst_buf_adds(&s->out, "{\"result\":[]}");
	return true;
}

static void test_row_hidden_by_acl(void **state)
{
	struct fake *f = *state;
	uint64_t c;

	fake_open(f);
	add_instance(f, "k1", "unresolved", "7.0");
	f->on_sub = hide_lists;
	fake_begin(f, INST);
	c = instance(f, MST_INSERT, false, "k1", (struct mst_sysid){{0}});
	fake_end(f);
	fake_is(f, c, MST_VERDICT_REFUSED, "cannot read it");
}

/* ---- uncertain --------------------------------------------------------- */

/* Stores the row of a POST as the server would. */
static void served(struct fake *f, struct fake_sub *s)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_json_iter it;
	struct mst_json root, v;
	struct mst_slice key;

	t_ok(mst_json_parse(f->inner, s->body, &root, &err), &err);
	fake_add(f, TABLE, NULL);
	it = mst_json_iter(root);
	while (mst_json_next(&it, &key, &v))
		fake_put(f, &f->rows[f->rows_n - 1],
			 mst_arena_dup(&f->arena, key).p,
			 mst_arena_dup(&f->arena, mst_json_str(v)).p);
}

/* f->n: how often; the first POSTs commit and answer 500. */
static bool post_commits_500(struct fake *f, struct fake_sub *s)
{
	if (strcmp(s->method, "POST") != 0 || f->n-- <= 0)
		return false;
	served(f, s);
	s->status = 500;
	mst_buf_adds(&s->out,
		     "{\"error\":{\"message\":\"Transaction cancelled: maximum "
		     "execution time exceeded\",\"detail\":\"Check logs\"}}");
	return true;
}

static void test_500_after_commit(void **state)
{
	struct fake *f = *state;
	uint64_t c;

	fake_open(f);
	f->on_sub = post_commits_500;
	f->n = 1;
	fake_begin(f, INST);
	c = instance(f, MST_INSERT, false, "k1", (struct mst_sysid){{0}});
	fake_end(f);
	fake_is(f, c, MST_VERDICT_APPLIED, NULL);
	assert_true(fake_verdict(f, c)->v.inserted);
	assert_int_equal(fake_asked(f, "POST"), 1);
	assert_int_equal(fake_asked(f, "GET"), 1);
	assert_int_equal(fake_count(f, TABLE), 1);
}

/* Answers f->n POSTs with status 202 (or what is set), without storing. */
static bool post_202(struct fake *f, struct fake_sub *s)
{
	if (strcmp(s->method, "POST") != 0 || f->n-- <= 0)
		return false;
	s->status = 202;
	return true;
}

static void test_202_is_no_success(void **state)
{
	struct fake *f = *state;
	uint64_t c;

	fake_open(f);
	f->on_sub = post_202;
	f->n = 2;
	fake_begin(f, INST);
	c = instance(f, MST_INSERT, false, "k1", (struct mst_sysid){{0}});
	fake_end(f);
	fake_is(f, c, MST_VERDICT_APPLIED, NULL);
	assert_int_equal(fake_asked(f, "POST"), 3);
	assert_int_equal(fake_asked(f, "GET"), 2);
	assert_int_equal(fake_count(f, TABLE), 1);
}

static void test_202_for_ever(void **state)
{
	struct fake *f = *state;
	uint64_t c;

	fake_open(f);
	f->on_sub = post_202;
	f->n = 1000;
	fake_begin(f, INST);
	c = instance(f, MST_INSERT, false, "k1", (struct mst_sysid){{0}});
	fake_end(f);
	fake_is(f, c, MST_VERDICT_FAILED, "after 5 attempts");
	assert_int_equal(fake_asked(f, "POST"), 5);
}

/* The whole first batch: served, but the answer is lost on the way. */
static bool lose_first(struct fake *f, unsigned call, const struct mst_req *q,
		       struct mst_resp *r, struct mst_buf *out)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_json root, v;
	struct mst_json_iter it;

	if (call != 0)
		return false;
	r->outcome = MST_OUT_UNCERTAIN;
	r->status = 0;
	mst_err_set(&r->err, MST_E_UNCERTAIN, "no whole answer");
	/* Every second write landed. */
	t_ok(mst_json_parse(f->outer, q->body, &root, &err), &err);
	it = mst_json_iter(mst_json_get(root, "rest_requests"));
	for (unsigned i = 0; mst_json_next(&it, NULL, &v); i++) {
		if (i % 2 == 0) {
			char key[16];

			snprintf(key, sizeof(key), "k%u", i);
			add_instance(f, key, "unresolved", "7.0");
		}
	}
	return true;
}

static void test_lost_batch_is_verified(void **state)
{
	struct fake *f = *state;
	uint64_t c[40];

	fake_open(f);
	f->on_call = lose_first;
	fake_begin(f, INST);
	for (unsigned i = 0; i < 40; i++) {
		char key[16];

		snprintf(key, sizeof(key), "k%u", i);
		c[i] = instance(f, MST_INSERT, false, key,
				(struct mst_sysid){{0}});
	}
	fake_end(f);
	for (unsigned i = 0; i < 40; i++) {
		fake_is(f, c[i], MST_VERDICT_APPLIED, NULL);
		assert_true(fake_verdict(f, c[i])->v.inserted);
	}
	assert_int_equal(fake_count(f, TABLE), 40);
	/* The batches got smaller. */
	assert_true(f->d->batch_size <= 100);
}

static bool broken_body(struct fake *f, unsigned call, const struct mst_req *q,
			struct mst_resp *r, struct mst_buf *out)
{
	if (call != 0)
		return false;
	add_instance(f, "k1", "unresolved", "7.0");
	mst_buf_adds(out, "{\"serviced_requests\":[{\"id\":\"1\",\"bo");
	return true;
}

static void test_200_with_a_broken_body(void **state)
{
	struct fake *f = *state;
	uint64_t c;

	fake_open(f);
	f->on_call = broken_body;
	fake_begin(f, INST);
	c = instance(f, MST_INSERT, false, "k1", (struct mst_sysid){{0}});
	fake_end(f);
	fake_is(f, c, MST_VERDICT_APPLIED, NULL);
	assert_int_equal(fake_count(f, TABLE), 1);
	assert_int_equal(fake_asked(f, "POST"), 0);
}

/* ---- refused ----------------------------------------------------------- */

static bool rule_says_no(struct fake *f, struct fake_sub *s)
{
	if (strcmp(s->method, "POST") != 0)
		return false;
	s->status = 403;
	mst_buf_adds(&s->out,
		     "{\"error\":{\"message\":\"Operation Failed\",\"detail\":"
		     "\"Operation against file 'u_muster_cve_instance' was "
		     "aborted by Business Rule 'No Fridays^abc'\\nError: no\"},"
		     "\"status\":\"failure\"}");
	return true;
}

static void test_business_rule_text_is_kept(void **state)
{
	struct fake *f = *state;
	uint64_t c;

	fake_open(f);
	f->on_sub = rule_says_no;
	fake_begin(f, INST);
	c = instance(f, MST_INSERT, false, "k1", (struct mst_sysid){{0}});
	fake_end(f);
	fake_is(f, c, MST_VERDICT_REFUSED, "Business Rule 'No Fridays^abc'");
}

static bool acl_says_no(struct fake *f, struct fake_sub *s)
{
	s->status = 403;
	mst_buf_adds(&s->out, "{\"error\":{\"message\":\"User Not Authorized\","
			      "\"detail\":\"Failed API level ACL Validation\"},"
			      "\"status\":\"failure\"}");
	return true;
}

static void test_acl_names_the_role(void **state)
{
	struct fake *f = *state;
	uint64_t c;

	fake_open(f);
	f->on_sub = acl_says_no;
	fake_begin(f, INST);
	c = instance(f, MST_INSERT, false, "k1", (struct mst_sysid){{0}});
	fake_end(f);
	fake_is(f, c, MST_VERDICT_REFUSED, "role \"asset\"");
}

static void test_references_that_are_missing(void **state)
{
	struct fake *f = *state;
	struct fake_change c = {.action = MST_INSERT, .key = "k1"};
	uint64_t no_parent, no_cve, no_package;

	fake_open(f);
	fake_begin(f, INST);
	no_parent = fake_offer(f, INST, c, "u_cve",
			       "000000000000000000000000000000c1", NULL);
	c.parent = fake_nr(0xd1);
	c.key = "k2";
	no_cve = fake_offer(f, INST, c, "u_cve", "CVE-2026-1", NULL);
	c.key = "k3";
	no_package =
	    fake_offer(f, INST, c, "u_cve", "000000000000000000000000000000c1",
		       "u_software_package", "microsoft|edge|1", NULL);
	fake_end(f);
	fake_is(f, no_parent, MST_VERDICT_REFUSED, "waits for its parent");
	fake_is(f, no_cve, MST_VERDICT_REFUSED,
		"waits for vulnerabilities \"CVE-2026-1\"");
	fake_is(f, no_package, MST_VERDICT_APPLIED, NULL);
	assert_null(strstr(f->subs[0], "u_software_package"));
}

static void test_long_texts_are_cut_between_characters(void **state)
{
	struct fake *f = *state;
	char text[400];
	const char *got;

	for (size_t i = 0; i + 2 < sizeof(text); i += 2)
		memcpy(text + i, "\xc3\xa4", 3);
	memmove(text + 1, text, sizeof(text) - 1);
	text[0] = 'x';
	text[sizeof(text) - 1] = 0;
	fake_open(f);
	fake_begin(f, "vulnerabilities");
	fake_offer(f, "vulnerabilities",
		   (struct fake_change){.action = MST_INSERT, .key = "CVE-1"},
		   "u_cve_id", "CVE-1", "u_name", text, NULL);
	fake_end(f);
	got = fake_get(fake_find(f, "u_muster_cve", "u_cve_id", "CVE-1"),
		       "u_name");
	assert_int_equal(strlen(got), 255);
	assert_string_equal(
	    fake_get(fake_find(f, "u_muster_cve", "u_cve_id", "CVE-1"),
		     "u_first_seen"),
	    "2026-11-21 00:00:00");
}

/* ---- look-ups ---------------------------------------------------------- */

static void test_keys_that_are_syntax(void **state)
{
	struct fake *f = *state;
	uint64_t comma, caret, only;

	fake_open(f);
	fake_add(f, "u_muster_cve", "u_cve_id", "CVE-1,CVE-2", "u_name", "x",
		 NULL);
	fake_add(f, "u_muster_cve", "u_cve_id", "CVE-1", NULL);
	fake_begin(f, "vulnerabilities");
	comma = fake_offer(f, "vulnerabilities",
			   (struct fake_change){.action = MST_INSERT,
						.key = "CVE-1,CVE-2",
						.may_exist = true},
			   "u_cve_id", "CVE-1,CVE-2", "u_name", "x", NULL);
	caret = fake_offer(f, "vulnerabilities",
			   (struct fake_change){.action = MST_INSERT,
						.key = "CVE^ORsys_idISNOTEMPTY",
						.may_exist = true},
			   "u_cve_id", "CVE^ORsys_idISNOTEMPTY", NULL);
	only = fake_offer(f, "vulnerabilities",
			  (struct fake_change){.action = MST_INSERT,
					       .key = "^^",
					       .may_exist = true},
			  "u_cve_id", "^^", NULL);
	fake_end(f);
	fake_is(f, comma, MST_VERDICT_UNCHANGED, NULL);
	fake_is(f, caret, MST_VERDICT_APPLIED, NULL);
	fake_is(f, only, MST_VERDICT_REFUSED, "cannot be looked up");
	for (size_t i = 0; i < f->subs_n; i++) {
		if (strncmp(f->subs[i], "GET", 3) == 0) {
			assert_null(strstr(f->subs[i], "CVE-1%2C"));
			assert_null(strstr(f->subs[i], "%5EORsys_id"));
		}
	}
}

static void test_many_of_a_parent_are_read_by_parent(void **state)
{
	struct fake *f = *state;
	uint64_t c[1200];
	char key[16];

	fake_open(f);
	for (unsigned i = 0; i < 1100; i++) {
		snprintf(key, sizeof(key), "k%u", i);
		add_instance(f, key, "unresolved", "7.0");
	}
	fake_begin(f, INST);
	for (unsigned i = 0; i < 1200; i++) {
		snprintf(key, sizeof(key), "k%u", i);
		c[i] =
		    instance(f, MST_INSERT, true, key, (struct mst_sysid){{0}});
	}
	fake_end(f);
	for (unsigned i = 0; i < 1200; i++)
		fake_is(f, c[i],
			i < 1100 ? MST_VERDICT_UNCHANGED : MST_VERDICT_APPLIED,
			NULL);
	/* Pages of 500, by keyset, until one is empty. */
	assert_int_equal(fake_asked(f, "GET"), 4);
	assert_int_equal(fake_asked(f, "POST"), 100);
	assert_int_equal(fake_count(f, TABLE), 1200);
}

static void test_few_are_read_by_key(void **state)
{
	struct fake *f = *state;
	char key[16];

	fake_open(f);
	fake_begin(f, "vulnerabilities");
	for (unsigned i = 0; i < 120; i++) {
		snprintf(key, sizeof(key), "CVE-%u", i);
		fake_offer(f, "vulnerabilities",
			   (struct fake_change){.action = MST_INSERT,
						.key = key,
						.may_exist = true},
			   "u_cve_id", key, NULL);
	}
	fake_end(f);
	assert_int_equal(fake_asked(f, "GET"), 3);
	assert_int_equal(fake_count(f, "u_muster_cve"), 120);
}

/* A mistyped field: the clause is dropped, the whole table comes. */
static bool drop_clauses(struct fake *f, struct fake_sub *s)
{
	if (strcmp(s->method, "GET") != 0)
		return false;
	mst_buf_adds(&s->out, "{\"result\":[");
	for (unsigned i = 0; i < 400; i++)
		mst_buf_addf(&s->out,
			     "%s{\"sys_id\":\"%032x\",\"u_key\":\"other%u\","
			     "\"u_cmdb_ci\":\"%032x\",\"u_cve_id\":\"o%u\"}",
			     i ? "," : "", i + 1, i, i + 1, i);
	mst_buf_adds(&s->out, "]}");
	s->status = 200;
	return true;
}

static void test_dropped_clause_is_not_believed(void **state)
{
	struct fake *f = *state;
	uint64_t c[30];
	char key[16];

	fake_open(f);
	f->on_sub = drop_clauses;
	fake_begin(f, INST);
	for (unsigned i = 0; i < 30; i++) {
		snprintf(key, sizeof(key), "k%u", i);
		c[i] =
		    instance(f, MST_INSERT, true, key, (struct mst_sysid){{0}});
	}
	fake_end(f);
	for (unsigned i = 0; i < 30; i++)
		fake_is(f, c[i], MST_VERDICT_REFUSED, "ignores the query");
	assert_int_equal(fake_asked(f, "POST"), 0);
	assert_int_equal(fake_asked(f, "GET"), 1);
}

/* A list that ran out of time: larger pages than 200 rows break off. */
static bool cut_lists(struct fake *f, struct fake_sub *s)
{
	const char *limit;
	int64_t n = 0;

	if (strcmp(s->method, "GET") != 0)
		return false;
	limit = strstr(mst_arena_dup(&f->arena, s->url).p, "sysparm_limit=");
	sscanf(limit, "sysparm_limit=%ld", (long *)&n);
	if (n <= 200)
		return false;
	s->status = 200;
	mst_buf_add_slice(&s->out, t_data("servicenow/list-cut-short.txt"));
	return true;
}

static void test_truncated_list_is_read_in_smaller_pages(void **state)
{
	struct fake *f = *state;
	uint64_t c[300];
	char key[16];

	fake_open(f);
	for (unsigned i = 0; i < 300; i++) {
		snprintf(key, sizeof(key), "k%u", i);
		add_instance(f, key, "unresolved", "7.0");
	}
	f->on_sub = cut_lists;
	fake_begin(f, INST);
	for (unsigned i = 0; i < 300; i++) {
		snprintf(key, sizeof(key), "k%u", i);
		c[i] =
		    instance(f, MST_INSERT, true, key, (struct mst_sysid){{0}});
	}
	fake_end(f);
	for (unsigned i = 0; i < 300; i++)
		fake_is(f, c[i], MST_VERDICT_UNCHANGED, NULL);
}

/* Two changes of one record go one after the other. */
static void test_one_record_is_never_twice_under_way(void **state)
{
	struct fake *f = *state;
	uint64_t a, b;

	fake_open(f);
	f->conf.workers = 4;
	fake_begin(f, INST);
	a = instance(f, MST_INSERT, false, "k1", (struct mst_sysid){{0}});
	b = instance(f, MST_INSERT, true, "k1", (struct mst_sysid){{0}});
	fake_end(f);
	fake_is(f, a, MST_VERDICT_APPLIED, NULL);
	fake_is(f, b, MST_VERDICT_UNCHANGED, NULL);
	assert_int_equal(fake_count(f, TABLE), 1);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_insert_posts_at_once),
	    T(test_golden_request),
	    T(test_update_leaves_insert_only_columns),
	    T(test_found_and_equal_is_unchanged),
	    T(test_found_and_different_is_put),
	    T(test_reopen),
	    T(test_close),
	    T(test_deleted_row_of_an_update_is_made_again),
	    T(test_unique_violation_leads_to_the_row),
	    T(test_row_hidden_by_acl),
	    T(test_500_after_commit),
	    T(test_202_is_no_success),
	    T(test_202_for_ever),
	    T(test_lost_batch_is_verified),
	    T(test_200_with_a_broken_body),
	    T(test_business_rule_text_is_kept),
	    T(test_acl_names_the_role),
	    T(test_references_that_are_missing),
	    T(test_long_texts_are_cut_between_characters),
	    T(test_keys_that_are_syntax),
	    T(test_many_of_a_parent_are_read_by_parent),
	    T(test_few_are_read_by_key),
	    T(test_dropped_clause_is_not_believed),
	    T(test_truncated_list_is_read_in_smaller_pages),
	    T(test_one_record_is_never_twice_under_way),
	};

	return cmocka_run_group_tests_name("servicenow rows", tests, NULL,
					   NULL);
}
