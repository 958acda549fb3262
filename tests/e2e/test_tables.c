/* SPDX-License-Identifier: Apache-2.0
 *
 * muster's own tables on the way from the command to the instance: the update
 * sets as the program writes them, and what people own in them, which no run
 * writes.
 */
#include "tests/lib/sync_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "servicenow/tables.h"

#define INSTANCES "u_muster_cve_instance"

static struct rig rig;

static int begin(void **state)
{
	(void)state;
	rig_start(&rig, NULL);
	return 0;
}

static int end(void **state)
{
	(void)state;
	rig_stop(&rig);
	return 0;
}

static void day(int n)
{
	rig_control(&rig, "POST", "/_sim/day", "{\"day\":%d}", n);
}

static void the_command(void **state)
{
	static const char *const sets[] = {"muster-cve", "muster-ot"};
	char *file = mst_asprintf("%s/set.xml", rig.dir);
	struct mst_buf xml = MST_BUF_INIT(4u << 20);
	struct mst_err err = MST_ERR_INIT;

	rig_muster(&rig, "update-set");
	rig_status(&rig, 0);
	assert_non_null(strstr(rig.out.p, "muster-cve "));
	assert_non_null(strstr(rig.out.p, "muster-cve-related-lists "));
	rig_muster(&rig, "update-set", "--json");
	assert_int_equal(mst_json_len(rig_json(&rig)), 3);
	rig_muster(&rig, "update-set", "nothing");
	rig_status(&rig, 1);
	rig_one_error(&rig);
	rig_says(
	    &rig,
	    "\"muster-cve\", \"muster-cve-related-lists\" and \"muster-ot\"");
	rig_muster(&rig, "update-set", "--out", file);
	rig_status(&rig, 2);
	rig_says(&rig, "wants the name of an update set");

	rig_muster(&rig, "update-set", "muster-cve");
	rig_status(&rig, 0);
	for (size_t i = 0; i < MST_LEN(sets); i++) {
		rig_muster(&rig, "update-set", sets[i], "--out", file);
		rig_status(&rig, 0);
		assert_int_equal(rig.out.n, 0);
		mst_buf_reset(&xml);
		t_ok(mst_file_read(file, &xml, &err), &err);
		rig_control(&rig, "POST", "/_sim/sn/import", "%s", xml.p);
		assert_non_null(strstr(rig.body.p, "\"committed\":true"));
		assert_non_null(strstr(rig.body.p, "\"problems\":[]"));
	}
	mst_buf_fini(&xml);
	free(file);
	(void)state;
}

/* Nothing stands in a column that is not muster's. */
static void nothing_of_people(const struct mst_sn_table *t)
{
	char query[120];

	for (size_t i = 0; i < t->columns_n; i++) {
		const struct mst_sn_column *c = &t->columns[i];

		if (c->writer != MST_SN_PEOPLE ||
		    !strcmp(c->type, "journal_input"))
			continue;
		snprintf(query, sizeof(query), "%sISNOTEMPTY", c->name);
		assert_int_equal(rig_count(&rig, t->name, query), 0);
	}
}

static void columns_of_people_stay_empty(void **state)
{
	rig_fresh(&rig);
	(void)rig_sync(&rig, 0);
	day(1);
	(void)rig_sync(&rig, 0);
	assert_true(rig_count(&rig, INSTANCES, "") > 20);
	for (size_t i = 0; i < mst_sn_tables_n; i++)
		nothing_of_people(mst_sn_tables[i]);
	assert_int_equal(rig_count(&rig, "sys_journal_field", ""), 0);
	/* And each has got its number from the instance. */
	assert_int_equal(rig_count(&rig, INSTANCES, "u_numberISEMPTY"), 0);
	assert_int_equal(rig_count(&rig, INSTANCES, "u_number=CVI0001001"), 1);
	assert_int_equal(rig_count(&rig, "u_muster_cve", "u_last_seenISEMPTY"),
			 0);
	(void)state;
}

/* A column of the one row that the query finds. */
static const char *one(const char *table, const char *query, const char *column)
{
	static char texts[8][128];
	static unsigned n;
	struct mst_json_iter it =
	    mst_json_iter(rig_rows(&rig, table, query, column));
	struct mst_slice s;
	struct mst_json v;

	if (!mst_json_next(&it, NULL, &v))
		fail_msg("no row of %s with %s", table, query);
	s = mst_json_str(mst_json_get(v, column));
	snprintf(texts[++n % 8], sizeof(texts[0]), "%.*s", MST_SLICE_ARG(s));
	return texts[n % 8];
}

/* What a person says of a finding is there after a run that changes it. */
static void what_people_say_stays(void **state)
{
	static const char *const columns[] = {"u_status", "u_assignment_group",
					      "u_assigned_to", "u_notes",
					      "u_number"};
	const char *group, *user, *id;
	char query[80], path[80], was[MST_LEN(columns)][128];
	int64_t count;

	rig_fresh(&rig);
	(void)rig_sync(&rig, 0);
	group = one("sys_user_group", "name=Vulnerability Response", "sys_id");
	user = one("sys_user", "user_name=kim.example", "sys_id");
	id = one(INSTANCES, "u_number=CVI0001001", "sys_id");
	snprintf(query, sizeof(query), "sys_id=%s", id);
	snprintf(path, sizeof(path), "/_sim/sn/rows/%s", id);
	rig_control(&rig, "PATCH", path,
		    "{\"u_status\":\"exception\",\"u_assignment_group\":\"%s\","
		    "\"u_assigned_to\":\"%s\",\"u_notes\":\"agreed\"}",
		    group, user);
	for (size_t i = 0; i < MST_LEN(columns); i++) {
		snprintf(was[i], sizeof(was[i]), "%s",
			 one(INSTANCES, query, columns[i]));
		assert_true(*was[i]);
	}
	count = atoi(one(INSTANCES, query, "sys_mod_count"));

	/* Every finding's evidence changes: every row is written. */
	rig_control(&rig, "POST", "/_sim/estate", "{\"change_percent\":100}");
	assert_true(rig_sync(&rig, 0) > 20);
	assert_true(atoi(one(INSTANCES, query, "sys_mod_count")) > count);
	for (size_t i = 0; i < MST_LEN(columns); i++)
		assert_string_equal(one(INSTANCES, query, columns[i]), was[i]);
	rig_muster(&rig, "run", "main", "--full");
	rig_status(&rig, 0);
	for (size_t i = 0; i < MST_LEN(columns); i++)
		assert_string_equal(one(INSTANCES, query, columns[i]), was[i]);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_command),
	    cmocka_unit_test(columns_of_people_stay_empty),
	    cmocka_unit_test(what_people_say_stays),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
