/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows with a life cycle, rows of a table that an instance may lack, relations
 * between CIs, against the simulated instance.
 */
#include "sn_ot.h"

#include <stdio.h>
#include <string.h>

#include "servicenow/tables.h"

#define ROWS  "u_muster_ot_device"
#define REL   "cmdb_rel_ci"
#define TYPES "cmdb_rel_type"

/* ---- before the first write ---------------------------------------------- */

static void test_prepared(void **state)
{
	struct fake *f = *state;

	f->no_choice = true;
	fake_open(f);
	t_ok(sn_ot_prepare(f), &f->err);
	assert_string_equal(f->notes, "");
	assert_int_equal(fake_asked(f, "GET /api/now/table/" TYPES), 2);
	assert_true(mst_dest_servicenow.has_class(f->d, "cmdb_ci_ot_plc"));
	assert_true(mst_dest_servicenow.has_class(f->d, "cmdb_ot_entity"));
}

static void test_without_the_apps(void **state)
{
	struct fake *f = *state;

	control("POST", "/_sim/sn/classes", "{\"ot\":false}");
	f->no_choice = true;
	fake_open(f);
	t_ok(sn_ot_prepare(f), &f->err);
	assert_false(mst_dest_servicenow.has_class(f->d, "cmdb_ci_ot_plc"));
	assert_false(mst_dest_servicenow.has_class(f->d, "cmdb_ci_nids"));
	assert_false(mst_dest_servicenow.has_class(f->d, "cmdb_ot_entity"));
	assert_true(mst_dest_servicenow.has_class(f->d, "cmdb_ci_hardware"));
}

/* What says no class, because it is not shown any more, is of the usual one; or
 * of the one that the instance has. */
static void test_usual_class_is_absent(void **state)
{
	struct fake *f = *state;
	const char *id = sn_ot_ci("cmdb_ci_hardware", "sensor-1");
	uint64_t c;

	control("POST", "/_sim/sn/classes", "{\"ot\":false}");
	sn_ot_ready(f);
	fake_begin(f, T_OT_SENSORS);
	c = fake_offer(f, T_OT_SENSORS,
		       (struct fake_change){.action = MST_RETIRE,
					    .key = "plant/sensor/1",
					    .remote = fake_id(id)},
		       NULL);
	fake_end(f);
	fake_is(f, c, MST_VERDICT_APPLIED, NULL);
	assert_string_equal(sn_ot_get("cmdb_ci", id, "install_status"), "7");
}

static void test_without_the_set(void **state)
{
	struct fake *f = *state;

	control("POST", "/_sim/sn/classes", "{\"" ROWS "\":false}");
	f->no_choice = true;
	fake_open(f);
	t_failed(sn_ot_prepare(f), &f->err, MST_E_UNSUPPORTED,
		 "the instance lacks table " ROWS ": commit muster's update "
		 "set there (`muster update-set muster-ot --out FILE`");
}

static void test_without_a_type(void **state)
{
	struct fake *f = *state;

	sn_sim_clear(TYPES, "name", "Detects::Detected by");
	f->no_choice = true;
	fake_open(f);
	t_failed(sn_ot_prepare(f), &f->err, MST_E_UNSUPPORTED,
		 "no relation type \"Detects::Detected by\" in " TYPES);
	assert_int_equal(sn_ot_count(TYPES, "name=Detects::Detected%20by"), 0);
}

/* ---- rows that come and go ----------------------------------------------- */

static uint64_t row(struct fake *f, enum mst_action action, const char *key,
		    const char *name, struct mst_sysid remote)
{
	uint64_t c;

	fake_begin(f, T_OT_ROWS);
	c = fake_offer(f, T_OT_ROWS,
		       (struct fake_change){.action = action,
					    .key = key,
					    .remote = remote,
					    .may_exist = true},
		       "u_key", key, "u_name", name, "u_state", "present",
		       NULL);
	fake_end(f);
	return c;
}

static void test_life(void **state)
{
	static const struct mst_sysid none;
	struct fake *f = *state;
	struct mst_sysid id;
	char hex[33];
	uint64_t c;

	sn_ot_ready(f);
	c = row(f, MST_INSERT, "plant/1", "plc", none);
	fake_is(f, c, MST_VERDICT_APPLIED, NULL);
	id = fake_verdict(f, c)->v.remote;
	mst_sysid_hex(&id, hex);
	assert_string_equal(sn_ot_get(ROWS, hex, "u_state"), "present");
	assert_string_equal(sn_ot_get(ROWS, hex, "u_gone"), "");
	c = row(f, MST_CLOSE, "plant/1", "plc", id);
	fake_is(f, c, MST_VERDICT_APPLIED, NULL);
	assert_string_equal(sn_ot_get(ROWS, hex, "u_state"), "gone");
	assert_string_equal(sn_ot_get(ROWS, hex, "u_gone"),
			    "2026-11-21 00:00:00");
	/* shown again: the same row, open, without a time */
	c = row(f, MST_INSERT, "plant/1", "plc", none);
	fake_is(f, c, MST_VERDICT_APPLIED, NULL);
	assert_true(fake_verdict(f, c)->v.reopened);
	assert_memory_equal(&fake_verdict(f, c)->v.remote, &id, sizeof(id));
	assert_string_equal(sn_ot_get(ROWS, hex, "u_state"), "present");
	assert_string_equal(sn_ot_get(ROWS, hex, "u_gone"), "");
	assert_int_equal(sn_ot_count(ROWS, ""), 1);
}

/* What people own stands in no request, and stays. */
static void test_people(void **state)
{
	static const struct mst_sysid none;
	const struct mst_sn_table *t = mst_sn_table_find(ROWS);
	struct fake *f = *state;
	char owner[33], hex[33], body[100];
	struct mst_sysid id;

	sn_ot_ready(f);
	id = fake_verdict(f, row(f, MST_INSERT, "plant/1", "plc", none))
		 ->v.remote;
	mst_sysid_hex(&id, hex);
	ask("GET", "/api/now/table/sys_user?sysparm_limit=1", NULL);
	snprintf(owner, sizeof(owner), "%s", at("result.0.sys_id"));
	snprintf(body, sizeof(body), "{\"u_owner\":\"%s\"}", owner);
	askf("PATCH", body, "/api/now/table/" ROWS "/%s", hex);
	row(f, MST_UPDATE, "plant/1", "renamed", id);
	row(f, MST_CLOSE, "plant/1", "renamed", id);
	row(f, MST_INSERT, "plant/1", "renamed", none);
	assert_string_equal(sn_ot_get(ROWS, hex, "u_name"), "renamed");
	assert_string_equal(sn_ot_get(ROWS, hex, "u_owner"), owner);
	for (size_t i = 0; i < f->requests_n; i++) {
		for (size_t k = 0; k < t->columns_n; k++)
			assert_true(
			    t->columns[k].writer != MST_SN_PEOPLE ||
			    !strstr(f->requests[i], t->columns[k].name));
	}
}

/* A mapping of somebody's own may not reach them either. */
static void test_people_are_refused(void **state)
{
	struct mst_catalog own = t_ot_catalog;
	struct mst_set sets[8];
	struct mst_column columns[8];
	struct fake *f = *state;

	memcpy(sets, own.sets, own.sets_n * sizeof(sets[0]));
	memcpy(columns, sets[2].columns,
	       sets[2].columns_n * sizeof(columns[0]));
	columns[sets[2].columns_n++] = (struct mst_column){.name = "u_owner"};
	sets[2].columns = columns;
	own.sets = sets;
	f->catalog = &own;
	f->no_choice = true;
	fake_open(f);
	t_failed(sn_ot_prepare(f), &f->err, MST_E_INVALID,
		 ROWS ".u_owner is for people and is never written");
	assert_int_equal(f->requests_n, 0);
}

/* ---- rows below a CI ----------------------------------------------------- */

static void test_entities(void **state)
{
	struct fake *f = *state;
	const char *plc = sn_ot_ci("cmdb_ci_ot_plc", "plc-1");
	struct fake_change change = {.action = MST_INSERT,
				     .key = "plant/1",
				     .parent = fake_id(plc),
				     .may_exist = true};
	struct mst_sysid id;
	char hex[33];
	uint64_t c;

	sn_ot_ready(f);
	fake_begin(f, T_OT_ENTITIES);
	c = fake_offer(f, T_OT_ENTITIES, change, "purdue_level", "1", "zone",
		       "Cell 1", NULL);
	fake_end(f);
	fake_is(f, c, MST_VERDICT_APPLIED, NULL);
	id = fake_verdict(f, c)->v.remote;
	mst_sysid_hex(&id, hex);
	assert_string_equal(sn_ot_get("cmdb_ot_entity", hex, "cmdb_ci"), plc);
	assert_string_equal(
	    sn_ot_get("cmdb_ot_entity", hex, "ot_correlation_id"), "plant/1");
	change.action = MST_DELETE;
	change.remote = id;
	fake_begin(f, T_OT_ENTITIES);
	c = fake_offer(f, T_OT_ENTITIES, change, NULL);
	fake_end(f);
	fake_is(f, c, MST_VERDICT_APPLIED, NULL);
	assert_int_equal(sn_ot_count("cmdb_ot_entity", ""), 0);
}

/* ---- relations between CIs ----------------------------------------------- */

struct ends {
	const char *sensor, *device;
};

static struct ends ends(void)
{
	return (struct ends){sn_ot_ci("cmdb_ci_nids", "sensor-1"),
			     sn_ot_ci("cmdb_ci_ot_plc", "plc-1")};
}

static uint64_t detection(struct fake *f, enum mst_action action,
			  const struct ends *e, struct mst_sysid remote)
{
	uint64_t c;

	fake_begin(f, T_OT_DETECTIONS);
	c = fake_offer(f, T_OT_DETECTIONS,
		       (struct fake_change){.action = action,
					    .key = "plant/sensor/1",
					    .parent = fake_id(e->device),
					    .remote = remote,
					    .may_exist = true},
		       "parent", e->sensor, "type", "Detects::Detected by",
		       NULL);
	fake_end(f);
	return c;
}

static void test_detections(void **state)
{
	static const struct mst_sysid none;
	struct fake *f = *state;
	struct ends e = ends();
	struct mst_sysid id;
	char hex[33];
	uint64_t c;

	sn_ot_ready(f);
	c = detection(f, MST_INSERT, &e, none);
	fake_is(f, c, MST_VERDICT_APPLIED, NULL);
	id = fake_verdict(f, c)->v.remote;
	mst_sysid_hex(&id, hex);
	assert_string_equal(sn_ot_get(REL, hex, "parent"), e.sensor);
	assert_string_equal(sn_ot_get(REL, hex, "child"), e.device);
	/* found by its ends and its type, never made twice */
	c = detection(f, MST_INSERT, &e, none);
	fake_is(f, c, MST_VERDICT_UNCHANGED, NULL);
	assert_memory_equal(&fake_verdict(f, c)->v.remote, &id, sizeof(id));
	assert_int_equal(sn_ot_count(REL, ""), 1);
	c = detection(f, MST_DELETE, &e, id);
	fake_is(f, c, MST_VERDICT_APPLIED, NULL);
	assert_int_equal(sn_ot_count(REL, ""), 0);
}

/* A relation of another type between the two is another one's. */
static void test_other_types(void **state)
{
	static const struct mst_sysid none;
	struct fake *f = *state;
	struct ends e = ends();
	char type[33], body[200];

	sn_ot_ready(f);
	ask("GET",
	    "/api/now/table/" TYPES "?sysparm_query=name=Runs%20on::Runs",
	    NULL);
	snprintf(type, sizeof(type), "%s", at("result.0.sys_id"));
	snprintf(body, sizeof(body),
		 "{\"parent\":\"%s\",\"child\":\"%s\",\"type\":\"%s\"}",
		 e.sensor, e.device, type);
	make(REL, body);
	fake_is(f, detection(f, MST_INSERT, &e, none), MST_VERDICT_APPLIED,
		NULL);
	assert_int_equal(sn_ot_count(REL, ""), 2);
}

static void test_waits_for_the_sensor(void **state)
{
	struct fake *f = *state;
	struct ends e = ends();
	uint64_t c;

	sn_ot_ready(f);
	fake_begin(f, T_OT_DETECTIONS);
	c = fake_offer(f, T_OT_DETECTIONS,
		       (struct fake_change){.action = MST_INSERT,
					    .key = "plant/sensor/1",
					    .parent = fake_id(e.device)},
		       "parent", "plant/sensor/1", "type",
		       "Detects::Detected by", NULL);
	fake_end(f);
	fake_is(f, c, MST_VERDICT_REFUSED, "waits for sensors");
}

static void take_child(void *ctx, uint64_t tag, const struct mst_sysid *id,
		       struct mst_slice key, const char *why)
{
	struct fake *f = ctx;

	(void)tag;
	assert_null(why);
	if (!id)
		return;
	f->n++;
	assert_true(mst_slice_is(key, "plant/sensor/1"));
}

/* The key of a relation is the correlation id of the CI at its other end. */
static void test_children(void **state)
{
	static const struct mst_sysid none;
	struct fake *f = *state;
	struct ends e = ends();
	struct mst_sysid id;

	sn_ot_ready(f);
	detection(f, MST_INSERT, &e, none);
	askf("PATCH", "{\"correlation_id\":\"plant/sensor/1\"}",
	     "/api/now/table/cmdb_ci/%s", e.sensor);
	id = fake_id(e.device);
	t_ok(mst_dest_servicenow.children(
		 f->d, mst_catalog_set(f->catalog, T_OT_DETECTIONS), 9,
		 mst_slice(NULL, 0), &id, take_child, f, &f->err),
	     &f->err);
	t_ok(fake_pump(f), &f->err);
	assert_int_equal(f->n, 1);
}

#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, sn_ot_setup, sn_ot_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_prepared),
	    T(test_without_the_apps),
	    T(test_usual_class_is_absent),
	    T(test_without_the_set),
	    T(test_without_a_type),
	    T(test_life),
	    T(test_people),
	    T(test_people_are_refused),
	    T(test_entities),
	    T(test_detections),
	    T(test_other_types),
	    T(test_waits_for_the_sensor),
	    T(test_children),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
