/* SPDX-License-Identifier: Apache-2.0
 *
 * Every setting at its default and overridden: what it does to the catalogue
 * and to records; what reading a sensor makes of the catalogue.
 */
#include "iot_drive.h"

#include <stdio.h>

#include "source/iot/sets.h"

static struct ruled r;

#define DEVICE(type, category, more)                                           \
	"{'u_id':5,'u_name':'Pump','u_device_type':{'u_name':'" type           \
	"','u_category':'" category "'}," more "'x':1}"
#define PLC(more) DEVICE("PLC", "ICS", more)

static const struct mst_set *set_of(const char *name)
{
	return mst_catalog_set(r.catalog, name);
}

static const struct mst_column *column_of(const char *set, const char *name)
{
	const struct mst_set *s = set_of(set);

	for (size_t i = 0; i < s->columns_n; i++) {
		if (strcmp(s->columns[i].name, name) == 0)
			return &s->columns[i];
	}
	fail_msg("%s has no column %s", set, name);
	return NULL;
}

static void keeps(unsigned feed, const char *set, const char *json,
		  enum mst_keep want, const char *setting)
{
	struct mst_slice why = {NULL, 0};

	ruled_record(&r, feed, json);
	assert_int_equal(ruled_keep(&r, set, &why), want);
	if (setting)
		t_is(why, setting);
}

static void device(const char *json, enum mst_keep want, const char *setting)
{
	keeps(OT_DEVICES, "ot_devices", json, want, setting);
	/* what is no row is no CI either */
	if (want != MST_KEEP)
		keeps(OT_DEVICES, "ot_device_cis", json, want, setting);
}

static void applies(unsigned feed, const char *json, const char *set)
{
	ruled_record(&r, feed, json);
	ruled_apply(&r, set);
}

static void with(const char *options)
{
	ruled_again(&r, options);
}

static void refused(const char *options, const char *part)
{
	struct mst_err err = MST_ERR_INIT;
	struct ruled own = {.ops = NULL};

	assert_true(ruled_try(&own, options, &err) < 0);
	assert_int_equal(err.code, MST_E_INVALID);
	if (!strstr(err.msg, part))
		fail_msg("%s", err.msg);
	mst_arena_fini(&own.arena);
}

static int open_defaults(void **state)
{
	ruled_open(&r);
	return t_log_watch(state);
}

static int close_all(void **state)
{
	ruled_close(&r);
	return t_log_check(state);
}

/* ---- the catalogue ------------------------------------------------------- */

/* Whatever the settings at their defaults touch is as the catalogue has it,
 * but for the classes, which come from the map. */
static void test_defaults(void **state MST_UNUSED)
{
	assert_int_equal(r.catalog->mappings_n, ot_catalog.mappings_n);
	for (size_t i = 0; i < r.catalog->mappings_n; i++) {
		const struct mst_mapping *a = &r.catalog->mappings[i];
		const struct mst_mapping *b = &ot_catalog.mappings[i];

		assert_int_equal(a->rows_n, b->rows_n);
		assert_memory_equal(a->rows, b->rows,
				    a->rows_n * sizeof(*a->rows));
		assert_int_equal(a->feeds, b->feeds);
	}
	for (size_t i = 0; i < r.catalog->sets_n; i++) {
		const struct mst_set *a = &r.catalog->sets[i];
		const struct mst_set *b = &ot_catalog.sets[i];

		assert_string_equal(a->table, b->table);
		assert_int_equal(a->columns_n, b->columns_n);
		for (size_t k = 0; k < a->columns_n; k++) {
			assert_string_equal(a->columns[k].name,
					    b->columns[k].name);
			assert_int_equal(a->columns[k].flags,
					 b->columns[k].flags);
			assert_int_equal(a->columns[k].max, b->columns[k].max);
		}
	}
	assert_ptr_equal(r.catalog->joins, ot_console_joins);
}

static void test_device_classes(void **state MST_UNUSED)
{
	const struct mst_set *s = set_of("ot_device_cis");
	bool plc = false, hardware = false;

	for (size_t i = 0; i < s->classes_n; i++) {
		const struct mst_class *c = &s->classes[i];

		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(c->table, s->classes[k].table);
		if (strcmp(c->table, "cmdb_ci_ot_plc") == 0)
			plc = c->optional;
		if (strcmp(c->table, "cmdb_ci_hardware") == 0)
			hardware = !c->optional;
	}
	assert_true(plc && hardware);
	assert_true(s->classes_n > 20);
}

static uint32_t feeds_of(const char *set)
{
	uint32_t feeds = 0;

	for (size_t i = 0; i < r.catalog->mappings_n; i++) {
		if (strcmp(r.catalog->mappings[i].set, set) == 0)
			feeds |= r.catalog->mappings[i].feeds;
	}
	return feeds;
}

static void test_read(void **state MST_UNUSED)
{
	assert_int_equal(feeds_of("ot_sensors"), OT_BIT(OT_SENSORS));
	assert_int_equal(feeds_of("ot_detections"), OT_BIT(OT_SEEN));
	assert_int_equal(feeds_of("ot_device_cves"), OT_BIT(OT_CVES));
	with("read: sensor\nurl: https://s.example\n");
	assert_int_equal(feeds_of("ot_sensor_cis"), OT_BIT(OT_DEVICES));
	assert_int_equal(feeds_of("ot_sensors"), OT_BIT(OT_DEVICES));
	assert_int_equal(feeds_of("ot_detections"), OT_BIT(OT_DEVICES));
	assert_int_equal(feeds_of("ot_device_cves"), OT_BIT(OT_DEVICE_CVES));
	assert_int_equal(feeds_of("vulnerabilities"), OT_BIT(OT_DEVICE_CVES));
	assert_int_equal(feeds_of("ot_devices"), OT_BIT(OT_DEVICES));
	assert_ptr_equal(r.catalog->joins, ot_sensor_joins);
	assert_true(r.catalog->joins[0].only_one);
}

/* ---- which devices ------------------------------------------------------- */

static void test_filters(void **state MST_UNUSED)
{
	device(PLC(""), MST_KEEP, NULL);
	with("filter_types: [\"PL*\"]\n");
	device(PLC(""), MST_KEEP, NULL);
	device(DEVICE("HMI", "ICS", ""), MST_DROP, "filter_types");
	with("filter_types_not: [hmi]\n");
	device(PLC(""), MST_KEEP, NULL);
	device(DEVICE("HMI", "ICS", ""), MST_DROP, "filter_types_not");
	with("filter_categories: [ICS, IoT]\n");
	device(PLC(""), MST_KEEP, NULL);
	device(DEVICE("Server", "it", ""), MST_DROP, "filter_categories");
	with("it_devices: no\n");
	device(PLC(""), MST_KEEP, NULL);
	device(DEVICE("Server", "IT", ""), MST_DROP, "it_devices");
	/* of a sensor, which tells no category */
	device("{'id':1,'type':'Server'}", MST_DROP, "it_devices");
	with("filter_sites: [\"Li*\"]\n");
	device(PLC("'u_site':'Linz',"), MST_KEEP, NULL);
	device(PLC("'u_site':'Graz',"), MST_DROP, "filter_sites");
	device(PLC(""), MST_DROP, "filter_sites");
	with("filter_zones: [\"\", \"A\"]\n");
	device(PLC("'u_zone':'N/A',"), MST_KEEP, NULL);
	device(PLC("'u_zone':'a',"), MST_KEEP, NULL);
	device(PLC("'u_zone':'B',"), MST_DROP, "filter_zones");
}

static void test_unauthorized(void **state MST_UNUSED)
{
	device(PLC("'authorized':false,"), MST_KEEP, NULL);
	with("unauthorized: skip\n");
	device(PLC("'authorized':false,"), MST_DROP, "unauthorized");
	device(PLC("'authorized':true,"), MST_KEEP, NULL);
	device(PLC(""), MST_KEEP, NULL);
}

static void test_not_seen(void **state MST_UNUSED)
{
	/* the run is at 2024-11-20 */
	device(PLC("'u_last_activity':1,"), MST_KEEP, NULL);
	with("filter_not_seen_days: 30\n");
	device(PLC("'u_last_activity':1729382400000,"), MST_DROP,
	       "filter_not_seen_days");
	device(PLC("'u_last_activity':1729468800000,"), MST_KEEP, NULL);
	device(PLC(""), MST_KEEP, NULL);
}

static void test_left_out(void **state MST_UNUSED)
{
	with("it_devices: no\nfilter_missing: keep\n");
	device(DEVICE("Server", "IT", ""), MST_LEAVE, "it_devices");
	/* without an id there is nothing to keep */
	device("{'u_name':'x'}", MST_SKIP, NULL);
}

/* What a console shows that ignores which sensor it was asked for. */
static void test_hidden(void **state MST_UNUSED)
{
	static const char one[] =
	    PLC("'u_sensor_ids':[{'u_sensor_id':1}],'sensorName1':'north-1',"
		"'learning1':true,");
	static const char two[] =
	    PLC("'u_sensor_ids':[{'u_sensor_id':1},{'u_sensor_id':2}],"
		"'sensorName1':'north-1','learning1':true,"
		"'sensorName2':'south','learning2':false,");

	device(one, MST_KEEP, NULL);
	with("learning_sensors: skip\n");
	device(one, MST_DROP, "learning_sensors");
	device(two, MST_KEEP, NULL);
	device(PLC("'u_sensor_ids':[{'u_sensor_id':1}],"), MST_KEEP, NULL);
	with("sensors: [\"north*\"]\n");
	device(one, MST_KEEP, NULL);
	with("sensors: [\"south\"]\n");
	device(one, MST_DROP, "sensors");
	device(two, MST_KEEP, NULL);
	with("sensors: [\"west\"]\n");
	device(two, MST_DROP, "sensors");
	with("sensors: [\"2\"]\n");
	device(two, MST_KEEP, NULL);
}

static void test_sensors(void **state MST_UNUSED)
{
	keeps(OT_SENSORS, "ot_sensors",
	      "{'u_id':1,'u_name':'n','u_is_in_learning_mode':true}", MST_KEEP,
	      NULL);
	with("sensors: [\"north*\"]\n");
	keeps(OT_SENSORS, "ot_sensors", "{'u_id':1,'u_name':'north-1'}",
	      MST_KEEP, NULL);
	keeps(OT_SENSORS, "ot_sensors", "{'u_id':2,'u_name':'south'}", MST_DROP,
	      "sensors");
	keeps(OT_SEEN, "ot_detections",
	      "{'u_id':5,'u_sensor_id':2,'name':'south'}", MST_DROP, "sensors");
	with("learning_sensors: skip\n");
	keeps(OT_SENSORS, "ot_sensor_cis",
	      "{'u_id':1,'u_name':'n','u_is_in_learning_mode':true}", MST_DROP,
	      NULL);
	keeps(OT_SEEN, "ot_detections",
	      "{'u_id':5,'u_sensor_id':1,'name':'n','learning':true}", MST_DROP,
	      NULL);
	keeps(OT_SEEN, "ot_detections",
	      "{'u_id':5,'u_sensor_id':1,'name':'n','learning':false}",
	      MST_KEEP, NULL);
}

/* ---- classes, names, serial numbers -------------------------------------- */

static void class_is(const char *json, const char *want)
{
	applies(OT_DEVICES, json, "ot_device_cis");
	t_is(r.d.table, want);
}

static void test_classes(void **state MST_UNUSED)
{
	with("classes: [\"plc=u_cmdb_ci_own|cmdb_ci_ot\", \"Server=none\", "
	     "\"Internet=cmdb_ci_netgear\"]\n");
	class_is(PLC(""), "u_cmdb_ci_own");
	r.lacks = "u_*";
	class_is(PLC(""), "cmdb_ci_ot");
	class_is(DEVICE("Internet", "Network", ""), "cmdb_ci_netgear");
	class_is(DEVICE("HMI", "ICS", ""), "cmdb_ci_ot_hmi");
	keeps(OT_DEVICES, "ot_device_cis", DEVICE("Server", "IT", ""), MST_DROP,
	      "devices of its type are no CIs (classes)");
	applies(OT_DEVICES, DEVICE("Server", "IT", ""), "ot_devices");
	ruled_is(&r, "u_cmdb_ci", NULL);
	refused("classes: [PLC]\n", "'PLC' must be TYPE=CLASS");
	refused("classes: [\"PLC=CMDB_CI\"]\n", "must be TYPE=CLASS");
	refused("classes: [\"PLC=none|cmdb_ci_ot\"]\n", "must be TYPE=CLASS");
	refused("classes: [\"PLC=a|b|c|d\"]\n", "at most 3 classes");
	refused("classes: [\"=cmdb_ci_ot\"]\n", "must be TYPE=CLASS");
	with("class_sensor: [cmdb_ci_netgear]\n");
	applies(OT_SENSORS, "{'u_id':1,'u_version':'1'}", "ot_sensor_cis");
	t_is(r.d.table, "cmdb_ci_netgear");
	ruled_is(&r, "firmware_version", NULL);
	assert_int_equal(set_of("ot_sensor_cis")->classes_n, 1);
	assert_false(set_of("ot_sensor_cis")->classes[0].optional);
	refused("class_sensor: [\"no class\"]\n", "there is no class");
	refused("class_sensor: []\n", "name a class");
}

static void name_is(const char *json, const char *want)
{
	applies(OT_DEVICES, json, "ot_device_cis");
	ruled_is(&r, "name", want);
	/* the row keeps the name that people know */
	applies(OT_DEVICES, json, "ot_devices");
	ruled_is(&r, "u_name", "Pump");
}

static void test_name_add(void **state MST_UNUSED)
{
	static const char json[] =
	    PLC("'u_site':'Linz','u_zone':'Hall','u_ip_address_objects':["
		"{'u_ip_address':'10.0.0.1'}],");

	name_is(json, "Pump");
	with("name_add: ip\n");
	name_is(json, "Pump (10.0.0.1)");
	name_is(PLC(""), "Pump");
	applies(OT_DEVICES,
		"{'u_id':1,'u_ip_address_objects':[{'u_ip_address':"
		"'10.0.0.1'}]}",
		"ot_device_cis");
	ruled_is(&r, "name", "10.0.0.1");
	with("name_add: site\n");
	name_is(json, "Pump (Linz, Hall)");
	name_is(PLC("'u_zone':'Hall',"), "Pump (Hall)");
	with("name_add: id\n");
	name_is(json, "Pump (5)");
}

static void test_correlation(void **state MST_UNUSED)
{
	with("correlation_prefix: \"ot-\"\n");
	applies(OT_DEVICES, PLC(""), "ot_device_cis");
	ruled_is(&r, "correlation_id", "ot-defender/5");
	t_is(r.d.key, "defender/5");
	applies(OT_SENSORS, "{'u_id':1}", "ot_sensor_cis");
	ruled_is(&r, "correlation_id", "ot-defender/sensor/1");
	with("correlation_prefix: \"ot-\"\nread: sensor\n"
	     "url: https://s.example\n");
	applies(OT_DEVICES, PLC(""), "ot_sensor_cis");
	ruled_is(&r, "correlation_id", "ot-defender/sensor");
}

static void test_serial(void **state MST_UNUSED)
{
	static const char json[] = PLC("'u_firmwares':[{'u_serial':'X-1'}],");

	applies(OT_DEVICES, json, "ot_device_cis");
	ruled_is(&r, "serial_number", "X-1");
	with("serial_ignore: [\"x-*\"]\n");
	applies(OT_DEVICES, json, "ot_device_cis");
	ruled_is(&r, "serial_number", NULL);
	with("serial_number: no\n");
	applies(OT_DEVICES, json, "ot_device_cis");
	ruled_is(&r, "serial_number", NULL);
}

static void test_cleared(void **state MST_UNUSED)
{
	static const char json[] = PLC("'u_vendor':'V','u_site':'Linz',");

	with("cleared_columns: [ot_device_cis.manufacturer, u_site]\n");
	applies(OT_DEVICES, json, "ot_device_cis");
	ruled_is(&r, "manufacturer", NULL);
	applies(OT_DEVICES, json, "ot_devices");
	ruled_is(&r, "u_vendor", "V");
	ruled_is(&r, "u_site", NULL);
	applies(OT_SENSORS, "{'u_id':1,'site':'Linz','zone':'Z'}",
		"ot_sensors");
	ruled_is(&r, "u_site", NULL);
	ruled_is(&r, "u_zone", "Z");
	refused("cleared_columns: [u_nothing]\n",
		"no record set has the column 'u_nothing'");
	refused("cleared_columns: [ot_sensors.u_vlans]\n",
		"no record set has the column");
	refused("cleared_columns: [u_key]\n", "it must be written");
	refused("cleared_columns: [ot_device_cis.name]\n",
		"it must be written");
	refused("cleared_columns: [ot_device_cves.u_cve]\n",
		"it must be written");
}

/* ---- CVEs, alerts -------------------------------------------------------- */

#define CVE(score) "{'u_id':5,'u_cve_id':'CVE-1','u_score':" score "}"

static void cve(const char *json, enum mst_keep want, const char *setting)
{
	keeps(OT_CVES, "ot_device_cves", json, want, setting);
}

static void test_cves(void **state MST_UNUSED)
{
	cve(CVE("'0.0'"), MST_KEEP, NULL);
	cve(CVE("null"), MST_KEEP, NULL);
	assert_true(column_of("vulnerabilities", "u_description")->flags &
		    MST_COL_INSERT);
	with("min_cvss: 7\n");
	cve(CVE("'7.0'"), MST_KEEP, NULL);
	cve(CVE("'6.9'"), MST_DROP, "min_cvss");
	cve(CVE("null"), MST_KEEP, NULL);
	with("no_score: drop\n");
	cve(CVE("'0.0'"), MST_KEEP, NULL);
	cve(CVE("'N/A'"), MST_DROP, "no_score");
	with("cve_definitions: update\n");
	assert_false(column_of("vulnerabilities", "u_description")->flags &
		     MST_COL_INSERT);
	assert_true(column_of("vulnerabilities", "u_source")->flags &
		    MST_COL_INSERT);
}

#define ALERT(severity, engine)                                                \
	"{'id':1,'title':'x','severity':'" severity "','engine':'" engine "'}"

static void alert(const char *json, enum mst_keep want, const char *setting)
{
	keeps(OT_ALERTS, "ot_alerts", json, want, setting);
}

static void test_alerts(void **state MST_UNUSED)
{
	static const char of_itself[] =
	    "{'id':1,'title':'No Traffic Detected on Sensor Interface'}";

	alert(ALERT("", ""), MST_KEEP, NULL);
	with("alert_severity: major\n");
	alert(ALERT("Critical", "Malware"), MST_KEEP, NULL);
	alert(ALERT("MAJOR", "Malware"), MST_KEEP, NULL);
	alert(ALERT("Minor", "Malware"), MST_DROP, "alert_severity");
	alert(ALERT("", "Malware"), MST_DROP, "alert_severity");
	with("alert_engines: [policy, malware]\n");
	alert(ALERT("", "Policy Violation"), MST_KEEP, NULL);
	alert(ALERT("", "malware"), MST_KEEP, NULL);
	alert(ALERT("", "Anomaly"), MST_DROP, "alert_engines");
	alert(ALERT("", "Other"), MST_DROP, "alert_engines");
	with("");
	alert(of_itself, MST_KEEP, NULL);
	with("alert_system: no\n");
	alert(of_itself, MST_DROP, "alert_system");
	alert(ALERT("", ""), MST_KEEP, NULL);
}

/* ---- texts --------------------------------------------------------------- */

/* Every rule that a mapping or a setting names is told. */
static bool is_rule(const char *id)
{
	for (size_t i = 0; i < OT_RULES; i++) {
		if (strcmp(ot_rules[i].id, id) == 0)
			return true;
	}
	return strncmp(id, "servicenow.", 11) == 0;
}

static void test_rules(void **state MST_UNUSED)
{
	for (const struct mst_opt *o = ot_opts; o->key; o++) {
		if (o->rule && !is_rule(o->rule))
			fail_msg("%s overrides %s", o->key, o->rule);
	}
	for (size_t i = 0; i < ot_catalog.mappings_n; i++) {
		const struct mst_mapping *m = &ot_catalog.mappings[i];

		assert_true(is_rule(m->key_rule));
		for (size_t k = 0; k < m->rows_n; k++)
			assert_true(is_rule(m->rows[k].rule));
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, open_defaults, close_all)
	const struct CMUnitTest tests[] = {
	    T(test_defaults), T(test_device_classes), T(test_read),
	    T(test_filters),  T(test_unauthorized),   T(test_not_seen),
	    T(test_left_out), T(test_hidden),	      T(test_sensors),
	    T(test_classes),  T(test_name_add),	      T(test_correlation),
	    T(test_serial),   T(test_cleared),	      T(test_cves),
	    T(test_alerts),   T(test_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
