/* SPDX-License-Identifier: Apache-2.0
 *
 * Configuration items by IRE: golden payloads, results by inputIndices, item
 * errors, payloads that fail as a whole, classes, retiring.
 */
#include "sn_fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CI "cmdb_ci_computer"

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

static uint64_t device(struct fake *f, enum mst_action action, const char *key,
		       const char *name)
{
	struct fake_change c = {.action = action, .key = key};

	return fake_offer(
	    f, "devices", c, "name", name, "os", "Windows 11", "os_version", "",
	    "first_discovered", "2026-01-01 00:00:00", "last_discovered",
	    "2026-11-20 10:00:00", "correlation_id", key, "discovery_source",
	    "other", "operational_status", "1", NULL);
}

static void test_golden_payloads(void **state)
{
	struct fake *f = *state;

	fake_open(f);
	fake_begin(f, "devices");
	device(f, MST_INSERT, "m1", "PC-1");
	fake_end(f);
	fake_begin(f, "devices");
	device(f, MST_UPDATE, "m1", "PC-1a");
	fake_end(f);
	assert_int_equal(f->requests_n, 3);
	fake_golden(f->requests[0], "ire-dry-run.txt");
	fake_golden(f->requests[1], "ire-insert.txt");
	fake_golden(f->requests[2], "ire-update.txt");
}

static void test_insert(void **state)
{
	struct fake *f = *state;
	struct fake_row *row;
	uint64_t c;

	fake_open(f);
	fake_begin(f, "devices");
	c = device(f, MST_INSERT, "m1", "PC-1");
	fake_end(f);
	fake_is(f, c, MST_VERDICT_APPLIED, NULL);
	assert_true(fake_verdict(f, c)->v.inserted);
	row = fake_find(f, CI, "name", "PC-1");
	assert_non_null(row);
	t_is(mst_slice_str(fake_get(row, "discovery_source")), "muster");
	t_is(mst_slice_str(fake_get(row, "correlation_id")), "m1");
	t_is(mst_slice_str(fake_get(row, "os_version")), "");
}

static void
test_insert_that_is_there_keeps_its_insert_only_columns(void **state)
{
	struct fake *f = *state;
	struct fake_row *row;
	uint64_t c;

	fake_open(f);
	fake_add(f, CI, "name", "pc-1", "correlation_id", "theirs",
		 "discovery_source", "SCCM", "os_version", "10", NULL);
	fake_begin(f, "devices");
	c = device(f, MST_INSERT, "m1", "PC-1");
	fake_end(f);
	fake_is(f, c, MST_VERDICT_APPLIED, NULL);
	assert_false(fake_verdict(f, c)->v.inserted);
	row = fake_find(f, CI, "name", "PC-1");
	t_is(mst_slice_str(fake_get(row, "correlation_id")), "theirs");
	t_is(mst_slice_str(fake_get(row, "discovery_source")), "SCCM");
	/* An empty value is left out: it clears nothing. */
	t_is(mst_slice_str(fake_get(row, "os_version")), "10");
}

static void test_no_change(void **state)
{
	struct fake *f = *state;
	uint64_t c;

	fake_open(f);
	fake_begin(f, "devices");
	device(f, MST_INSERT, "m1", "PC-1");
	fake_end(f);
	fake_begin(f, "devices");
	c = device(f, MST_UPDATE, "m1", "PC-1");
	fake_end(f);
	fake_is(f, c, MST_VERDICT_UNCHANGED, NULL);
	assert_false(mst_sysid_is_zero(&fake_verdict(f, c)->v.remote));
}

static void test_update_of_a_deleted_ci_is_whole(void **state)
{
	struct fake *f = *state;
	uint64_t c;

	fake_open(f);
	fake_begin(f, "devices");
	c = device(f, MST_UPDATE, "m1", "PC-1");
	fake_end(f);
	fake_is(f, c, MST_VERDICT_APPLIED, NULL);
	assert_true(fake_verdict(f, c)->v.inserted);
	t_is(mst_slice_str(
		 fake_get(fake_find(f, CI, "name", "PC-1"), "correlation_id")),
	     "m1");
	assert_int_equal(fake_count(f, CI), 1);
}

/* ---- names ------------------------------------------------------------- */

/* Names of a payload, and of all payloads under way, are distinct. */
static bool no_twins(struct fake *f, unsigned call, const struct mst_req *q,
		     struct mst_resp *r, struct mst_buf *out)
{
	const char *p = q->body.p;
	int n = 0;

	while ((p = strcasestr(p, "\"name\":\"pc-twin\""))) {
		n++;
		p++;
	}
	assert_true(n <= 1);
	return false;
}

static void test_twins_are_never_under_way_together(void **state)
{
	struct fake *f = *state;
	uint64_t a, b, c;

	fake_open(f);
	f->on_call = no_twins;
	fake_begin(f, "devices");
	a = device(f, MST_INSERT, "m1", "PC-TWIN");
	b = device(f, MST_INSERT, "m2", "pc-twin");
	c = device(f, MST_INSERT, "m3", "PC-3");
	fake_end(f);
	fake_is(f, a, MST_VERDICT_APPLIED, NULL);
	fake_is(f, b, MST_VERDICT_APPLIED, NULL);
	fake_is(f, c, MST_VERDICT_APPLIED, NULL);
	assert_true(fake_verdict(f, a)->v.inserted);
	/* The second is the same CI by its name, so no insert. */
	assert_false(fake_verdict(f, b)->v.inserted);
	assert_int_equal(fake_count(f, CI), 2);
}

static void test_packages_of_one_name_go_together(void **state)
{
	struct fake *f = *state;
	char key[32], version[8];

	fake_open(f);
	fake_begin(f, "software_packages");
	for (unsigned i = 0; i < 50; i++) {
		snprintf(version, sizeof(version), "%u", i);
		snprintf(key, sizeof(key), "google|chrome|%u", i);
		fake_offer(
		    f, "software_packages",
		    (struct fake_change){.action = MST_INSERT, .key = key},
		    "name", "chrome", "version", version, "key", key, NULL);
	}
	fake_end(f);
	assert_int_equal(f->requests_n, 2);
	assert_int_equal(fake_count(f, "cmdb_ci_spkg"), 50);
}

static void test_payloads_are_limited(void **state)
{
	struct fake *f = *state;
	char key[16];

	fake_open(f);
	fake_begin(f, "devices");
	for (unsigned i = 0; i < 1200; i++) {
		snprintf(key, sizeof(key), "m%u", i);
		device(f, MST_INSERT, key, key);
	}
	fake_end(f);
	assert_int_equal(f->verdicts_n, 1200);
	assert_int_equal(fake_count(f, CI), 1200);
	assert_int_equal(
	    fake_called(f, "/api/now/identifyreconcile/queryEnhanced"), 3);
	assert_true(fake_called(f, "/api/now/identifyreconcile/enhanced") <= 4);
}

static void test_body_max(void **state)
{
	struct fake *f = *state;
	char key[16];

	f->conf.body_max = 65536;
	fake_open(f);
	fake_begin(f, "devices");
	for (unsigned i = 0; i < 500; i++) {
		snprintf(key, sizeof(key), "m%u", i);
		device(f, MST_INSERT, key, key);
	}
	fake_end(f);
	assert_int_equal(fake_count(f, CI), 500);
	for (size_t i = 0; i < f->requests_n; i++)
		assert_true(strlen(strchr(f->requests[i], ' ')) <= 65536 + 1);
}

/* ---- recorded answers -------------------------------------------------- */

static void results(const char *name, struct sn_ire_result *r, size_t n)
{
	struct mst_json_parser *p = mst_json_parser_new(1u << 20);
	struct mst_err err = MST_ERR_INIT;
	struct mst_json root;
	char path[64];

	snprintf(path, sizeof(path), "servicenow/%s", name);
	t_ok(mst_json_parse(p, t_data(path), &root, &err), &err);
	assert_true(mst_sn_ire_results(root, r, n));
	/* Operations and classes are borrowed: only what is copied is used
	 * after this. */
	for (size_t i = 0; i < n; i++) {
		r[i].operation =
		    mst_slice(strndup(r[i].operation.p ? r[i].operation.p : "",
				      r[i].operation.n),
			      r[i].operation.n);
	}
	mst_json_parser_free(&p);
}

static void drop_results(struct sn_ire_result *r, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free((void *)(uintptr_t)r[i].operation.p);
}

static void test_results_go_by_input_indices(void **state)
{
	struct sn_ire_result r[4];

	/* Deduplicated: one result for inputs 0 and 3, in another order; none
	 * for input 2. */
	results("ire-deduplicated.json", r, 4);
	assert_true(r[0].present && r[1].present && r[3].present);
	assert_false(r[2].present);
	t_is(r[0].operation, "INSERT");
	t_is(r[3].operation, "INSERT");
	t_is(r[1].operation, "NO_CHANGE");
	assert_int_equal(memcmp(&r[0].id, &r[3].id, 16), 0);
	drop_results(r, 4);
}

static void test_bad_data_source_body(void **state)
{
	struct sn_ire_result r[1];

	results("ire-bad-data-source.json", r, 1);
	t_is(mst_slice_str(r[0].error), "INVALID_INPUT_DATA");
	assert_non_null(strstr(r[0].message, "invalid data source [Intune]"));
	assert_true(mst_sysid_is_zero(&r[0].id));
	drop_results(r, 1);
}

static void test_class_kept_masked_and_abandoned(void **state)
{
	struct sn_ire_result r[3];

	results("ire-mixed.json", r, 3);
	assert_true(r[0].kept_class && r[0].masked);
	t_is(mst_slice_str(r[0].error), "");
	/* The cause, not what follows it. */
	t_is(mst_slice_str(r[1].error), "MISSING_MATCHING_ATTRIBUTES");
	t_is(mst_slice_str(r[2].error), "ABANDONED");
	drop_results(r, 3);
}

static bool recorded_400(struct fake *f, unsigned call, const struct mst_req *q,
			 struct mst_resp *r, struct mst_buf *out)
{
	r->status = 400;
	mst_buf_add_slice(out, t_data("servicenow/ire-bad-data-source.json"));
	return true;
}

static void test_bad_data_source_with_status_400(void **state)
{
	struct fake *f = *state;
	uint64_t c;

	fake_open(f);
	f->on_call = recorded_400;
	fake_begin(f, "devices");
	c = device(f, MST_INSERT, "m1", "PC-1");
	fake_end(f);
	fake_is(f, c, MST_VERDICT_REFUSED, "INVALID_INPUT_DATA");
	fake_is(f, c, MST_VERDICT_REFUSED,
		"choice list of cmdb_ci.discovery_source");
}

/* ---- item errors ------------------------------------------------------- */

static const char *name_of(struct mst_json item)
{
	static char name[64];

	snprintf(name, sizeof(name), "%.*s",
		 MST_SLICE_ARG(mst_json_str(
		     mst_json_get(mst_json_get(item, "values"), "name"))));
	return name;
}

/* LOCK_TIMEOUT twice for PC-1; ABANDONED once for the others of a payload. */
static const char *locked(struct fake *f, bool dry, struct mst_json item,
			  const char **message_r)
{
	*message_r = "Could not acquire lock";
	if (dry)
		return NULL;
	if (strcmp(name_of(item), "PC-1") == 0 && f->n++ < 2)
		return "LOCK_TIMEOUT";
	if (strcmp(name_of(item), "PC-2") == 0 && f->n < 3)
		return "ABANDONED";
	return NULL;
}

static void test_locks_are_waited_for(void **state)
{
	struct fake *f = *state;
	uint64_t a, b;

	fake_open(f);
	f->on_item = locked;
	fake_begin(f, "devices");
	a = device(f, MST_INSERT, "m1", "PC-1");
	b = device(f, MST_INSERT, "m2", "PC-2");
	fake_end(f);
	fake_is(f, a, MST_VERDICT_APPLIED, NULL);
	fake_is(f, b, MST_VERDICT_APPLIED, NULL);
	assert_int_equal(fake_count(f, CI), 2);
}

static const char *always_locked(struct fake *f, bool dry, struct mst_json item,
				 const char **message_r)
{
	*message_r = "waited 15 minutes";
	return !dry && strcmp(name_of(item), "PC-1") == 0 ? "LOCK_TIMEOUT"
							  : NULL;
}

static void test_lock_for_ever(void **state)
{
	struct fake *f = *state;
	uint64_t a, b;

	fake_open(f);
	f->on_item = always_locked;
	fake_begin(f, "devices");
	a = device(f, MST_INSERT, "m1", "PC-1");
	b = device(f, MST_INSERT, "m2", "PC-2");
	fake_end(f);
	fake_is(f, a, MST_VERDICT_REFUSED, "LOCK_TIMEOUT: waited 15 minutes");
	fake_is(f, b, MST_VERDICT_APPLIED, NULL);
}

static const char *multi(struct fake *f, bool dry, struct mst_json item,
			 const char **message_r)
{
	*message_r = "Found duplicate records in table [cmdb_ci_computer]";
	return strcmp(name_of(item), "PC-1") == 0 ? "MULTI_MATCH" : NULL;
}

static void test_multi_match_is_refused_alone(void **state)
{
	struct fake *f = *state;
	uint64_t a, b;

	fake_open(f);
	f->on_item = multi;
	fake_begin(f, "devices");
	a = device(f, MST_INSERT, "m1", "PC-1");
	b = device(f, MST_INSERT, "m2", "PC-2");
	fake_end(f);
	fake_is(f, a, MST_VERDICT_REFUSED, "MULTI_MATCH: Found duplicate");
	fake_is(f, b, MST_VERDICT_APPLIED, NULL);
}

/* ---- whole payloads ---------------------------------------------------- */

/* A payload with PC-13 in it is answered 500. */
static bool poisoned(struct fake *f, unsigned call, const struct mst_req *q,
		     struct mst_resp *r, struct mst_buf *out)
{
	if (!memmem(q->body.p, q->body.n, "\"PC-13\"", 7))
		return false;
	r->status = 500;
	mst_buf_adds(out, "{\"error\":{\"message\":\"Cannot invoke\","
			  "\"detail\":\"NullPointerException\"}}");
	return true;
}

static void test_poisoned_payload_is_split(void **state)
{
	struct fake *f = *state;
	uint64_t c[64];
	char key[16], name[16];

	fake_open(f);
	f->on_call = poisoned;
	fake_begin(f, "devices");
	for (unsigned i = 0; i < 64; i++) {
		snprintf(key, sizeof(key), "m%u", i);
		snprintf(name, sizeof(name), "PC-%u", i);
		c[i] = device(f, MST_INSERT, key, name);
	}
	fake_end(f);
	for (unsigned i = 0; i < 64; i++)
		fake_is(f, c[i],
			i == 13 ? MST_VERDICT_REFUSED : MST_VERDICT_APPLIED,
			i == 13 ? "NullPointerException" : NULL);
}

/* Committed, but the answer is lost / is a 202 / is cut. */
static bool lost_commit(struct fake *f, unsigned call, const struct mst_req *q,
			struct mst_resp *r, struct mst_buf *out)
{
	if (call != 1)
		return false;
	fake_serve_ire(f, q, r, out);
	switch (f->n) {
	case 0:
		r->outcome = MST_OUT_UNCERTAIN;
		r->status = 0;
		mst_err_set(&r->err, MST_E_UNCERTAIN, "connection reset");
		mst_buf_reset(out);
		break;
	case 1:
		r->status = 202;
		mst_buf_reset(out);
		break;
	default:
		out->n /= 2;
		break;
	}
	return true;
}

static void test_lost_commit_is_sent_again(void **state)
{
	for (int how = 0; how < 3; how++) {
		struct fake *f = fake_new();
		uint64_t a, b;

		fake_open(f);
		f->on_call = lost_commit;
		f->n = how;
		fake_begin(f, "devices");
		a = device(f, MST_INSERT, "m1", "PC-1");
		b = device(f, MST_INSERT, "m2", "PC-2");
		fake_end(f);
		/* It reads NO_CHANGE the second time, but it was our insert. */
		fake_is(f, a, MST_VERDICT_APPLIED, NULL);
		assert_true(fake_verdict(f, a)->v.inserted);
		assert_true(fake_verdict(f, b)->v.inserted);
		assert_int_equal(fake_count(f, CI), 2);
		fake_free(f);
	}
	(void)state;
}

static bool not_mentioned(struct fake *f, unsigned call,
			  const struct mst_req *q, struct mst_resp *r,
			  struct mst_buf *out)
{
	mst_buf_adds(out, "{\"result\":{\"items\":[],\"relations\":[]}}");
	return true;
}

static void test_item_without_a_result(void **state)
{
	struct fake *f = *state;
	uint64_t c;

	fake_open(f);
	f->on_call = not_mentioned;
	fake_begin(f, "devices");
	c = device(f, MST_INSERT, "m1", "PC-1");
	fake_end(f);
	fake_is(f, c, MST_VERDICT_REFUSED, "does not mention it");
	assert_int_equal(f->requests_n, SN_IRE_TRIES);
}

/* ---- classes ----------------------------------------------------------- */

static bool keeps_class(struct fake *f, unsigned call, const struct mst_req *q,
			struct mst_resp *r, struct mst_buf *out)
{
	mst_buf_add_slice(out, t_data("servicenow/ire-class-kept.json"));
	return true;
}

static void test_class_is_kept(void **state)
{
	struct fake *f = *state;
	uint64_t c;

	fake_open(f);
	f->on_call = keeps_class;
	fake_begin(f, "devices");
	c = device(f, MST_UPDATE, "m1", "PC-1");
	fake_end(f);
	fake_is(f, c, MST_VERDICT_APPLIED, NULL);
	f->on_call = NULL;
	fake_begin(f, "devices");
	device(f, MST_UPDATE, "m1", "PC-1");
	fake_end(f);
	assert_non_null(
	    strstr(f->requests[1], "\"className\":\"cmdb_ci_win_server\""));
}

static void test_table_that_is_no_name(void **state)
{
	struct fake *f = *state;
	uint64_t c;

	fake_open(f);
	fake_begin(f, "devices");
	c = fake_offer(f, "devices",
		       (struct fake_change){.action = MST_INSERT,
					    .key = "m1",
					    .table = "cmdb_ci/../x?"},
		       "name", "PC", NULL);
	fake_end(f);
	fake_is(f, c, MST_VERDICT_REFUSED, "no name of a table");
	assert_int_equal(f->requests_n, 0);
}

/* ---- retiring ---------------------------------------------------------- */

static void test_retire(void **state)
{
	struct fake *f = *state;
	struct fake_change r = {.action = MST_RETIRE, .key = "m1"};
	struct fake_row *row;
	uint64_t c;

	fake_open(f);
	fake_begin(f, "devices");
	device(f, MST_INSERT, "m1", "PC-1");
	fake_end(f);
	fake_begin(f, "devices");
	c = fake_offer(f, "devices", r, NULL);
	fake_end(f);
	fake_is(f, c, MST_VERDICT_APPLIED, NULL);
	row = fake_find(f, CI, "name", "PC-1");
	t_is(mst_slice_str(fake_get(row, "install_status")), "7");
	t_is(mst_slice_str(fake_get(row, "operational_status")), "6");
	t_is(mst_slice_str(fake_get(row, "os")), "Windows 11");
	fake_begin(f, "devices");
	c = fake_offer(f, "devices", r, NULL);
	fake_end(f);
	fake_is(f, c, MST_VERDICT_UNCHANGED, NULL);
}

static void test_retire_never_inserts(void **state)
{
	struct fake *f = *state;
	uint64_t unknown, gone;

	fake_open(f);
	fake_begin(f, "devices");
	unknown = fake_offer(
	    f, "devices",
	    (struct fake_change){.action = MST_RETIRE, .key = "m1"}, NULL);
	gone = fake_offer(f, "devices",
			  (struct fake_change){.action = MST_RETIRE,
					       .key = "m2",
					       .remote = fake_nr(0x77)},
			  NULL);
	fake_end(f);
	fake_is(f, unknown, MST_VERDICT_UNCHANGED, NULL);
	fake_is(f, gone, MST_VERDICT_UNCHANGED, NULL);
	assert_int_equal(fake_count(f, CI), 0);
	assert_int_equal(fake_called(f, "/api/now/identifyreconcile/enhanced"),
			 0);
}

/* Matching by source is switched off: the CI exists, but its native key leads
 * nowhere. Its sys_id tells IRE which one is meant. */
static bool ci_is_there(struct fake *f, struct fake_sub *s)
{
	s->status = 200;
	mst_buf_addf(&s->out, "{\"result\":[{\"sys_id\":\"%s\"}]}",
		     fake_get(fake_find(f, CI, "name", "PC-1"), "sys_id"));
	return true;
}

static void test_retire_by_sys_id(void **state)
{
	struct fake *f = *state;
	const char *id;
	uint64_t c;

	fake_open(f);
	id = fake_add(f, CI, "name", "PC-1", NULL);
	f->on_sub = ci_is_there;
	fake_begin(f, "devices");
	c = fake_offer(f, "devices",
		       (struct fake_change){.action = MST_RETIRE,
					    .key = "m1",
					    .remote = fake_id(id)},
		       NULL);
	fake_end(f);
	fake_is(f, c, MST_VERDICT_APPLIED, NULL);
	t_is(mst_slice_str(
		 fake_get(fake_find(f, CI, "name", "PC-1"), "install_status")),
	     "7");
}

/* ---- answers to other requests ------------------------------------------- */

#define OTHER "00000000000000000000000000000abc"

/* Answers the first commit with somebody else's result. */
static bool wrong_once(struct fake *f, const char *items,
		       const struct mst_req *q, struct mst_buf *out)
{
	if (strstr(q->url, "queryEnhanced") || strstr(q->url, "/batch") ||
	    f->n++)
		return false;
	mst_buf_addf(out, "{\"result\":{\"items\":[%s]}}", items);
	return true;
}

static bool other_class(struct fake *f, unsigned call, const struct mst_req *q,
			struct mst_resp *r, struct mst_buf *out)
{
	return wrong_once(f,
			  "{\"className\":\"cmdb_ci_spkg\",\"operation\":"
			  "\"INSERT\",\"sysId\":\"" OTHER "\","
			  "\"inputIndices\":[0]}",
			  q, out);
}

static bool other_key(struct fake *f, unsigned call, const struct mst_req *q,
		      struct mst_resp *r, struct mst_buf *out)
{
	return wrong_once(f,
			  "{\"className\":\"cmdb_ci_computer\",\"operation\":"
			  "\"INSERT\",\"sourceNativeKey\":\"m9\",\"sysId\":"
			  "\"" OTHER "\",\"inputIndices\":[0]}",
			  q, out);
}

static bool other_update(struct fake *f, unsigned call, const struct mst_req *q,
			 struct mst_resp *r, struct mst_buf *out)
{
	return wrong_once(f,
			  "{\"className\":\"cmdb_ci_computer\",\"operation\":"
			  "\"UPDATE\",\"sysId\":\"" OTHER "\","
			  "\"inputIndices\":[0]}",
			  q, out);
}

/* The very answer that another insert got. */
static bool same_insert(struct fake *f, unsigned call, const struct mst_req *q,
			struct mst_resp *r, struct mst_buf *out)
{
	char *items = mst_arena_printf(
	    &f->arena,
	    "{\"className\":\"cmdb_ci_computer\",\"operation\":\"INSERT\","
	    "\"sysId\":\"%s\",\"inputIndices\":[0]}",
	    fake_get(fake_find(f, CI, "name", "PC-1"), "sys_id"));

	return wrong_once(f, items, q, out);
}

/* The first answer is lost, and the next one is not this payload's. */
static bool lost_then_another(struct fake *f, unsigned call,
			      const struct mst_req *q, struct mst_resp *r,
			      struct mst_buf *out)
{
	if (strstr(q->url, "queryEnhanced") || strstr(q->url, "/batch") ||
	    f->n >= 2)
		return false;
	if (f->n++ == 0) {
		fake_serve_ire(f, q, r, out);
		mst_buf_reset(out);
		r->status = 500;
		return true;
	}
	mst_buf_adds(out, "{\"result\":{\"items\":[{\"className\":"
			  "\"cmdb_ci_computer\",\"operation\":\"INSERT\","
			  "\"sysId\":\"" OTHER "\",\"inputIndices\":[0]}"
			  "]}}");
	return true;
}

static void is_there(struct fake *f, uint64_t c, const char *name)
{
	struct fake_row *row = fake_find(f, CI, "name", name);
	char hex[33];

	fake_is(f, c, MST_VERDICT_APPLIED, NULL);
	assert_non_null(row);
	mst_sysid_hex(&fake_verdict(f, c)->v.remote, hex);
	t_is(mst_slice_str(hex), fake_get(row, "sys_id"));
}

static void test_answers_to_other_requests(void **state)
{
	bool (*const hooks[])(struct fake *, unsigned, const struct mst_req *,
			      struct mst_resp *, struct mst_buf *) = {
	    other_class, other_key, same_insert, lost_then_another};
	struct fake *f = *state;
	uint64_t c;
	char key[8], name[8];

	fake_open(f);
	fake_begin(f, "devices");
	device(f, MST_INSERT, "m1", "PC-1");
	fake_end(f);
	for (unsigned i = 0; i < MST_LEN(hooks); i++) {
		snprintf(key, sizeof(key), "k%u", i);
		snprintf(name, sizeof(name), "NB-%u", i);
		f->n = 0;
		f->on_call = hooks[i];
		fake_begin(f, "devices");
		c = device(f, MST_INSERT, key, name);
		fake_end(f);
		is_there(f, c, name);
		assert_true(fake_verdict(f, c)->v.inserted);
	}
	f->n = 0;
	f->on_call = other_update;
	fake_begin(f, "devices");
	c = fake_offer(f, "devices",
		       (struct fake_change){
			   .action = MST_UPDATE,
			   .key = "m1",
			   .remote = fake_id(fake_get(
			       fake_find(f, CI, "name", "PC-1"), "sys_id"))},
		       "name", "PC-1b", NULL);
	fake_end(f);
	is_there(f, c, "PC-1b");
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_golden_payloads),
	    T(test_answers_to_other_requests),
	    T(test_insert),
	    T(test_insert_that_is_there_keeps_its_insert_only_columns),
	    T(test_no_change),
	    T(test_update_of_a_deleted_ci_is_whole),
	    T(test_twins_are_never_under_way_together),
	    T(test_packages_of_one_name_go_together),
	    T(test_payloads_are_limited),
	    T(test_body_max),
	    T(test_results_go_by_input_indices),
	    T(test_bad_data_source_body),
	    T(test_class_kept_masked_and_abandoned),
	    T(test_bad_data_source_with_status_400),
	    T(test_locks_are_waited_for),
	    T(test_lock_for_ever),
	    T(test_multi_match_is_refused_alone),
	    T(test_poisoned_payload_is_split),
	    T(test_lost_commit_is_sent_again),
	    T(test_item_without_a_result),
	    T(test_class_is_kept),
	    T(test_table_that_is_no_name),
	    T(test_retire),
	    T(test_retire_never_inserts),
	    T(test_retire_by_sys_id),
	};

	return cmocka_run_group_tests_name("servicenow ire", tests, NULL, NULL);
}
