/* SPDX-License-Identifier: Apache-2.0
 *
 * muster's update sets: well formed, hashes computed again, identities that
 * stay, the same bytes each time, nothing in them that is not ours.
 */
#include "tests/unit/update_set_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/map.h"
#include "servicenow/layout.h"
#include "servicenow/tables.h"
#include "servicenow/update_set.h"

/* The hash once more: elements are cut out of a copy by plain search, ASCII. */
static int32_t hash_again(const char *payload)
{
	static const char *const cut[] = {"sys_updated_by", "sys_updated_on",
					  "sys_mod_count",  "sys_created_by",
					  "sys_created_on", "sys_id",
					  "sys_package",    "sys_update_name"};
	char *copy = mst_strdup(payload);
	uint32_t h = 0;

	for (size_t i = 0; i < MST_LEN(cut); i++) {
		char open[40], close[40], *p = copy;

		snprintf(open, sizeof(open), "<%s", cut[i]);
		snprintf(close, sizeof(close), "</%s>", cut[i]);
		while ((p = strstr(p, open))) {
			char *end = strstr(p, close), c = p[strlen(open)];

			if (c != '>' && c != ' ') {
				p++;
				continue;
			}
			end += strlen(close);
			memmove(p, end, strlen(end) + 1);
		}
	}
	for (const char *p = copy; *p; p++)
		h = h * 31 + (unsigned char)*p;
	free(copy);
	return (int32_t)h;
}

static void test_well_formed(void **state)
{
	const char *bad = malformed(set.p);

	if (!bad)
		bad = malformed(related.p);
	if (!bad)
		bad = malformed(ot.p);
	if (bad)
		fail_msg("not well formed at %.80s", bad);
	(void)state;
}

static void payload_well_formed(const char *update)
{
	char *p = payload_of(update);
	const char *bad = malformed(p);

	if (bad)
		fail_msg("payload not well formed at %.80s", bad);
	free(p);
}

/* How many updates a set with tables has; one of its forms has a formatter. */
static size_t updates_of(const char *name)
{
	size_t want = 1;

	for (size_t i = 0; i < mst_sn_tables_n; i++) {
		const struct mst_sn_table *t = mst_sn_tables[i];
		const struct mst_sn_layout *l = mst_sn_layouts[i];

		if (strcmp(t->set, name))
			continue;
		/* table, collection, label; a column and its label; 7 rules
		 * with their roles */
		want += 3 + 14 + 2 * t->columns_n + (t->prefix != NULL);
		for (size_t k = 0; k < t->columns_n; k++)
			want += t->columns[k].choices != NULL;
		/* list, form, sections */
		want += 2 + l->sections_n + (l->related != NULL);
	}
	for (size_t i = 0; i < mst_sn_menus_n; i++) {
		if (!strcmp(mst_sn_menus[i]->set, name))
			want += 1 + mst_sn_menus[i]->modules_n;
	}
	return want;
}

static void test_payloads_well_formed(void **state)
{
	assert_int_equal(each(set.p, payload_well_formed),
			 updates_of("muster-cve"));
	assert_int_equal(each(ot.p, payload_well_formed),
			 updates_of("muster-ot"));
	assert_int_equal(each(related.p, payload_well_formed), 2);
	(void)state;
}

static void check_hash(const char *update)
{
	char *payload = payload_of(update);
	char *hash = text_of(update, "payload_hash");
	char *guid = text_of(update, "update_guid");
	char *history = text_of(update, "update_guid_history");
	char want[80];

	assert_int_equal(atoi(hash), hash_again(payload));
	assert_int_equal(atoi(hash),
			 mst_update_set_hash(mst_slice_str(payload)));
	snprintf(want, sizeof(want), "%s:%s", guid, hash);
	assert_string_equal(history, want);
	assert_int_equal(strlen(guid), 32);
	free(payload);
	free(hash);
	free(guid);
	free(history);
}

static void test_hashes(void **state)
{
	each(set.p, check_hash);
	each(related.p, check_hash);
	each(ot.p, check_hash);
	if (sample.n)
		assert_int_equal(each(sample.p, check_hash), 28);
	(void)state;
}

static void test_hash_of_utf16(void **state)
{
	/* Java: "é€😀".hashCode() over its four UTF-16 units */
	uint32_t h = ((0xe9u * 31 + 0x20ac) * 31 + 0xd83d) * 31 + 0xde00;

	assert_int_equal(mst_update_set_hash(MST_SLICE_LIT(
			     "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80")),
			 (int32_t)h);
	assert_int_equal(
	    mst_update_set_hash(
		MST_SLICE_LIT("a<sys_id>7</sys_id><sys_idx>1</sys_idx>")),
	    mst_update_set_hash(MST_SLICE_LIT("a<sys_idx>1</sys_idx>")));
	(void)state;
}

static void test_same_bytes(void **state)
{
	struct mst_buf again = MST_BUF_INIT(16u << 20);
	struct mst_err err = MST_ERR_INIT;

	t_ok(mst_update_set_write("muster-cve", &again, &err), &err);
	assert_true(mst_slice_eq(mst_buf_slice(&again), mst_buf_slice(&set)));
	mst_buf_fini(&again);
	t_failed(mst_update_set_write("other", &again, &err), &err,
		 MST_E_NOTFOUND, "muster-cve-related-lists");
	(void)state;
}

/* What a version's bytes are is fixed: customers have them. */
static void test_version(void **state)
{
	static const struct {
		const char *version, *main, *related, *ot;
	} is = {"1.1.0", "75e1b85db8cbda7e0d4dc075c4ff10a1",
		"825328d1e7ff155a97706ad7f47b4efd",
		"184fe3aa50290996f0998064dc93e50c"};
	char main_hash[33], related_hash[33], ot_hash[33];

	mst_hash_hex(mst_hash128(set.p, set.n, 0), main_hash);
	mst_hash_hex(mst_hash128(related.p, related.n, 0), related_hash);
	mst_hash_hex(mst_hash128(ot.p, ot.n, 0), ot_hash);
	if (strcmp(is.version, MST_UPDATE_SET_VERSION) ||
	    strcmp(is.main, main_hash) || strcmp(is.related, related_hash) ||
	    strcmp(is.ot, ot_hash))
		fail_msg("the update sets are not those of version %s: raise "
			 "MST_UPDATE_SET_VERSION and its date, then write here "
			 "{\"%s\", \"%s\", \"%s\", \"%s\"}",
			 is.version, MST_UPDATE_SET_VERSION, main_hash,
			 related_hash, ot_hash);
	(void)state;
}

/* An instance that has an older version must find its records again. */
static void test_identities_stay(void **state)
{
	static const char *const ids[] = {
	    "sys_db_object_ac1cfcee7e5922517157cd619b1d54e7",
	    "sys_db_object_b880f0a2704c1c947a6f86228dce025b",
	    "sys_security_acl_f2822095eee6267f4d56013ad010e1fa",
	    "sys_security_acl_role_06f8d1cf89b9fbf7b9bbe890d7e1944d"};
	char *id = text_of(set.p, "sys_id");

	for (size_t i = 0; i < MST_LEN(ids); i++)
		assert_non_null(strstr(set.p, ids[i]));
	assert_string_equal(id, "b1b938aaf3bee002851ddef987afd7a2");
	free(id);
	(void)state;
}

static char *seen[1024];
static size_t seen_n;

static void check_name(const char *update)
{
	char *name = text_of(update, "name");

	for (size_t i = 0; i < seen_n; i++)
		assert_string_not_equal(seen[i], name);
	assert_true(seen_n < MST_LEN(seen));
	seen[seen_n++] = name;
}

static void test_names_are_unique(void **state)
{
	seen_n = 0;
	each(set.p, check_name);
	each(related.p, check_name);
	each(ot.p, check_name);
	for (size_t i = 0; i < seen_n; i++)
		free(seen[i]);
	(void)state;
}

static struct mst_map ids;

static void note_ids(const char *update)
{
	char *payload = payload_of(update);

	for (const char *p = payload; (p = strstr(p, "<sys_id>")); p++) {
		char *id = mst_strndup(p + 8, 32);

		assert_int_equal(strncmp(p + 40, "</sys_id>", 9), 0);
		assert_int_equal(strspn(id, "0123456789abcdef"), 32);
		if (mst_map_put(&ids, mst_slice_str(id), id))
			fail_msg("two records have the sys_id %s", id);
	}
	free(payload);
}

static void test_ids_are_unique(void **state)
{
	size_t i = 0;
	void *id;

	each(set.p, note_ids);
	each(related.p, note_ids);
	each(ot.p, note_ids);
	assert_true(ids.n > 200);
	while (mst_map_next(&ids, &i, NULL, &id))
		free(id);
	mst_map_fini(&ids);
	(void)state;
}

/* ---- what must not be in a set ------------------------------------------- */

static void only_own(const char *update)
{
	const char *table = strstr(update, "<table>");
	char *name = text_of(update, "name");

	assert_null(strstr(name, "sys_user_role"));
	if (table) {
		char *own = text_of(table, "table");

		/* Importing one replaces the layout or list of the customer. */
		if (!mst_sn_table_find(own))
			fail_msg("%s is about %s", name, own);
		free(own);
	}
	free(name);
}

static void test_only_own_tables(void **state)
{
	each(set.p, only_own);
	each(related.p, only_own);
	each(ot.p, only_own);
	(void)state;
}

static void test_descriptions(void **state)
{
	assert_int_equal(mst_update_sets_n, 3);
	for (size_t i = 0; i < mst_update_sets_n; i++) {
		const struct mst_update_set *s = &mst_update_sets[i];

		assert_non_null(strstr(s->description, MST_UPDATE_SET_VERSION));
		assert_non_null(strstr(s->description, "To back it out: "));
		assert_true(strlen(s->title) <= 40);
		assert_true(strlen(s->description) < 4000);
	}
	assert_non_null(strstr(set.p, "Back Out"));
	assert_non_null(strstr(related.p, "Run Fix Script"));
	assert_non_null(strstr(ot.p, "This drops the five tables"));
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_well_formed),
	    cmocka_unit_test(test_payloads_well_formed),
	    cmocka_unit_test(test_hashes),
	    cmocka_unit_test(test_hash_of_utf16),
	    cmocka_unit_test(test_same_bytes),
	    cmocka_unit_test(test_version),
	    cmocka_unit_test(test_identities_stay),
	    cmocka_unit_test(test_names_are_unique),
	    cmocka_unit_test(test_ids_are_unique),
	    cmocka_unit_test(test_only_own_tables),
	    cmocka_unit_test(test_descriptions),
	};

	return cmocka_run_group_tests(tests, sets_up, sets_down);
}
