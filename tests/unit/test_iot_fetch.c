/* SPDX-License-Identifier: Apache-2.0
 *
 * The source iot against the simulated console and sensors, through the
 * engine's fetch and its mirrors: what is read is what is there, what changed
 * is the same as everything read anew, and whatever goes wrong on the way, a
 * read that says that it is complete is.
 */
#include "sim_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/secret.h"
#include "source/iot/iot_private.h"
#include "sync/fetch.h"
#include "sync/reader.h"

#define DEVICES 400

static struct fx fx;
static struct mst_err err;
static struct mst_source *source;
static struct ot_conf conf;
static struct mst_spool spool;
static struct mst_mirror *mirror;
static const char *home;
static int runs;

static int begin(void **state)
{
	static const struct mst_sim_conf sim = {
	    .devices = 5, .iot_devices = DEVICES, .iot_connections = 1200};

	(void)t_log_watch(state);
	err = (struct mst_err)MST_ERR_INIT;
	fx_start(&fx, &sim);
	(void)setenv("MUSTER_TEST_CONSOLE", MST_SIM_IOT_TOKEN, 1);
	(void)setenv("MUSTER_TEST_SENSOR", MST_SIM_SENSOR_TOKEN "-1", 1);
	assert_int_equal(mst_secret_setup(&err), 0);
	conf = (struct ot_conf){
	    .common.full_read_ms = 24 * 3600 * INT64_C(1000),
	    .url = mst_sim_url(fx.sim, MST_SIM_IOT),
	    .token = "env:MUSTER_TEST_CONSOLE",
	    .device_flags = true,
	    .page_size = 150,
	    .alerts_days = 30,
	};
	home = t_path("home%d", ++runs);
	return 0;
}

static int end(void **state)
{
	fx_stop(&fx);
	return t_log_check(state);
}

/* ---- reading ------------------------------------------------------------- */

/* One run's read; mirrored: with what the last ones kept. */
static int read_feeds(uint32_t feeds, bool mirrored, const char *one)
{
	struct mst_job job = {
	    .conf.source = "plant",
	    .conf.destination = "cmdb",
	    .conf.retry_base_ms = 1,
	    .conf.retry_total_ms = 20000,
	    .source = &mst_source_iot,
	    .source_conf = &conf.common,
	    .catalog = &ot_catalog,
	};
	struct mst_fetch f = {.job = &job, .spool = &spool, .one = one};
	int rc;

	t_ok(mst_source_iot.open("plant", &conf, &source, &err), &err);
	t_ok(mst_fetch_client(&job, source, &f.client, &err), &err);
	t_ok(mst_spool_make(&spool, &mst_source_iot, t_path("spool%d", ++runs),
			    true, &err),
	     &err);
	if (mirrored)
		t_ok(mst_mirror_open(home, "plant", &mst_source_iot, "here",
				     &mirror, &err),
		     &err);
	f.source = source;
	f.mirror = mirror;
	rc = mst_fetch_feeds(&f, feeds, &err);
	mst_spool_nest(&spool);
	mst_client_free(&f.client);
	mst_mirror_close(&mirror);
	return rc;
}

static void done(void)
{
	mst_spool_fini(&spool);
	mst_source_iot.close(&source);
}

struct seen {
	uint64_t records;
	struct mst_hash sum; /* of all ids and times of change */
	bool hidden;	     /* a device of sensor 4 alone */
};

static bool only_fourth(struct mst_json sensors)
{
	struct mst_json_iter it = mst_json_iter(sensors);
	struct mst_json e;
	int64_t id = 0;
	bool fourth = false, other = false;

	while (mst_json_next(&it, NULL, &e)) {
		(void)mst_json_i64(mst_json_get(e, "u_sensor_id"), &id);
		fourth = fourth || id == 4;
		other = other || id != 4;
	}
	return fourth && !other;
}

static int see(void *worker, const struct mst_value *v,
	       struct mst_err *e MST_UNUSED)
{
	struct seen *s = worker;
	int64_t key[2] = {v[0].type == MST_JSON_INT ? v[0].u.i : 0,
			  v[OD_UPDATE].type == MST_JSON_INT ? v[OD_UPDATE].u.i
							    : 0};

	s->records++;
	mst_hash_add(&s->sum, mst_hash128(key, sizeof(key), 0));
	if (v[OD_SENSORS].type == MST_JSON_ARRAY)
		s->hidden = s->hidden || only_fourth(v[OD_SENSORS].u.j);
	return 0;
}

static struct seen look(unsigned feed)
{
	struct seen s = {.records = 0};
	void *workers[1] = {&s};
	struct mst_read read = {.spool = &spool,
				.catalog = &ot_catalog,
				.feed = feed,
				.threads = 1,
				.workers = workers,
				.record = see};
	struct mst_read_stats stats;

	t_ok(mst_read_feed(&read, &stats, &err), &err);
	return s;
}

static uint64_t records(unsigned feed)
{
	const struct mst_spool_feed *f = &spool.feeds[feed];

	if (!f->present || !f->proof.complete)
		fail_msg("%s: %s", ot_feeds[feed].name, f->proof.why);
	return look(feed).records;
}

/* What the far end itself says. */
static int64_t count_there(const char *path)
{
	fx.bare = MST_SIM_IOT_TOKEN;
	assert_int_equal(fx_get(&fx, MST_SIM_IOT, path), 200);
	return fx_int(fx_json(&fx), "u_count");
}

#define CONSOLE                                                                \
	(OT_BIT(OT_SENSORS) | OT_BIT(OT_APPLIANCES) |                          \
	 OT_BIT(OT_DELETED_DEVICES) | OT_BIT(OT_DEVICES) |                     \
	 OT_BIT(OT_DEVICE_FLAGS) | OT_BIT(OT_CONNECTIONS) |                    \
	 OT_BIT(OT_DEVICE_CVES) | OT_BIT(OT_ALERTS))
#define SENSOR                                                                 \
	(OT_BIT(OT_DEVICES) | OT_BIT(OT_CONNECTIONS) |                         \
	 OT_BIT(OT_DEVICE_CVES) | OT_BIT(OT_ALERTS))

/* ---- what is there ------------------------------------------------------- */

static void test_console(void **state MST_UNUSED)
{
	uint64_t flags;

	t_ok(read_feeds(CONSOLE, true, NULL), &err);
	assert_int_equal(records(OT_SENSORS), 4);
	assert_int_equal(records(OT_APPLIANCES), 4);
	assert_int_equal(records(OT_DELETED_DEVICES), 0);
	assert_int_equal(records(OT_DEVICES), DEVICES);
	assert_int_equal(records(OT_CONNECTIONS),
			 count_there("/external/v3/integration/connections/0"));
	assert_int_equal(records(OT_DEVICE_CVES),
			 count_there("/external/v3/integration/devicecves/0"));
	/* v1 tells each by its first sensor */
	flags = records(OT_DEVICE_FLAGS);
	assert_int_equal(flags, DEVICES);
	assert_true(records(OT_ALERTS) > 0);
	assert_true(records(OT_FIRMWARES) > 0);
	assert_true(records(OT_CVES) > records(OT_DEVICE_CVES));
	assert_true(records(OT_ADDRESSES) > records(OT_ADAPTERS) / 2);
	assert_true(records(OT_SEEN) > DEVICES);
	done();
}

static void test_sensor(void **state MST_UNUSED)
{
	conf.read = OT_SENSOR;
	conf.url = mst_sim_url(fx.sim, MST_SIM_SENSOR);
	conf.token = "env:MUSTER_TEST_SENSOR";
	for (int i = 0; i < 2; i++) {
		t_ok(read_feeds(SENSOR, true, NULL), &err);
		assert_int_equal(records(OT_DEVICES), 104);
		assert_true(records(OT_CONNECTIONS) > 0);
		assert_true(records(OT_DEVICE_CVES) > 0);
		assert_true(records(OT_ALERTS) > 0);
		assert_true(records(OT_ADDRESSES) > 0);
		assert_int_equal(look(OT_CVES).records, 0);
		done();
	}
	/* the token of another end */
	conf.token = "env:MUSTER_TEST_CONSOLE";
	t_failed(read_feeds(SENSOR, false, NULL), &err, MST_E_AUTH,
		 "not one of this sensor");
	done();
}

static void test_one(void **state MST_UNUSED)
{
	fx.bare = MST_SIM_IOT_TOKEN;
	t_ok(read_feeds(CONSOLE, true, "7"), &err);
	assert_int_equal(look(OT_DEVICES).records, 1);
	assert_false(spool.feeds[OT_DEVICES].proof.complete);
	done();
	t_ok(read_feeds(CONSOLE, true, "999999"), &err);
	assert_int_equal(look(OT_DEVICES).records, 0);
	done();
}

/* ---- what changed -------------------------------------------------------- */

static void test_days(void **state MST_UNUSED)
{
	struct seen mirrored, anew;
	uint64_t bytes, whole = 0;

	for (int day = 0; day < 4; day++) {
		char body[32];

		if (day) {
			fx_control(&fx, "POST", "/_sim/time",
				   "{\"advance_s\":3600}");
			(void)snprintf(body, sizeof(body), "{\"day\":%d}", day);
			fx_control(&fx, "POST", "/_sim/day", body);
		}
		t_ok(read_feeds(CONSOLE, true, NULL), &err);
		mirrored = look(OT_DEVICES);
		bytes = spool.feeds[OT_DEVICES].proof.pages;
		assert_true(spool.feeds[OT_DEVICES].proof.complete);
		done();
		t_ok(read_feeds(CONSOLE, false, NULL), &err);
		anew = look(OT_DEVICES);
		done();
		assert_int_equal(mirrored.records, anew.records);
		assert_true(mst_hash_eq(mirrored.sum, anew.sum));
		if (!day)
			whole = bytes;
		else
			assert_true(bytes < whole); /* one page is enough */
	}
}

/* Damaged, with the size that it should have: the same run reads it anew. */
static void test_damaged_mirror(void **state MST_UNUSED)
{
	char cmd[512];

	t_log_expect(MST_WARN, "a mirror cannot be read", 1);
	t_ok(read_feeds(CONSOLE, true, NULL), &err);
	done();
	(void)snprintf(cmd, sizeof(cmd),
		       "printf '[[[' | dd conv=notrunc status=none "
		       "of='%s/mirror/plant/devices.1.ndjson'",
		       home);
	assert_int_equal(system(cmd), 0);
	t_ok(read_feeds(CONSOLE, true, NULL), &err);
	assert_int_equal(records(OT_DEVICES), DEVICES);
	assert_int_equal(records(OT_SENSORS), 4);
	assert_true(records(OT_ALERTS) > 0);
	done();
	t_ok(read_feeds(CONSOLE, true, NULL), &err);
	assert_int_equal(records(OT_DEVICES), DEVICES);
	done();
}

/* ---- sensors that are left out ------------------------------------------- */

static void test_learning(void **state MST_UNUSED)
{
	uint64_t before;

	conf.learning_sensors = OT_LEARNING_SKIP;
	t_ok(read_feeds(CONSOLE, true, NULL), &err);
	before = records(OT_DEVICES);
	assert_true(before < DEVICES && !look(OT_DEVICES).hidden);
	done();
	/* it leaves that mode: what it sees is read, though nothing of it
	 * changed */
	fx_control(&fx, "POST", "/_sim/iot/sensors",
		   "{\"sensors\":[{\"id\":4,\"learning\":false}]}");
	t_ok(read_feeds(CONSOLE, true, NULL), &err);
	assert_true(records(OT_DEVICES) > before && look(OT_DEVICES).hidden);
	done();
	/* and enters it again: what only it sees is gone */
	fx_control(&fx, "POST", "/_sim/iot/sensors",
		   "{\"sensors\":[{\"id\":4,\"learning\":true}]}");
	t_ok(read_feeds(CONSOLE, true, NULL), &err);
	assert_true(!look(OT_DEVICES).hidden);
	assert_int_equal(records(OT_DEVICES), before);
	done();
}

/* ---- on the way ---------------------------------------------------------- */

/* Either everything, or it says that it is not, or the run ends. */
static void fault(const char *kind, const char *path, int nth, int count)
{
	struct seen s;
	char body[256];
	int rc;

	fx_control(&fx, "DELETE", "/_sim/faults", NULL);
	(void)snprintf(body, sizeof(body),
		       "{\"kind\":\"%s\",\"host\":\"iot\",\"path\":\"%s\","
		       "\"nth\":%d,\"count\":%d,\"status\":500}",
		       kind, path, nth, count);
	fx_control(&fx, "POST", "/_sim/faults", body);
	rc = read_feeds(OT_BIT(OT_SENSORS) | OT_BIT(OT_DEVICES), false, NULL);
	if (rc < 0) {
		assert_true(err.code != MST_OK && err.msg[0]);
		mst_err_clear(&err);
	} else {
		s = look(OT_DEVICES);
		if (spool.feeds[OT_DEVICES].proof.complete &&
		    s.records != DEVICES)
			fail_msg("%s at request %d: %d devices, and complete",
				 kind, nth, (int)s.records);
		assert_true(spool.feeds[OT_DEVICES].proof.complete ||
			    spool.feeds[OT_DEVICES].proof.why[0]);
	}
	done();
}

static void test_faults(void **state MST_UNUSED)
{
	static const char *const kinds[] = {
	    "429_bare",	     "status_before", "status_after", "drop_before",
	    "drop_after",    "202",	      "truncated",    "html",
	    "reset",	     "wrong_length",  "bad_gzip",     "empty_body",
	    "empty_page",    "odd_json",      "repeat_page",  "short_page",
	    "expired_token", "revoked",	      "false_404"};

	for (size_t i = 0; i < MST_LEN(kinds); i++) {
		for (int nth = 1; nth <= 3; nth++)
			fault(kinds[i], "integration/devices", nth, 1);
	}
	/* for ever */
	fault("short_page", "integration/devices", 1, 0);
	fault("repeat_page", "integration/devices", 2, 0);
	fault("empty_page", "integration/devices", 1, 0);
	fault("empty_page", "/sensors", 1, 0);
}

/* A device comes between two pages, and one goes. */
static void test_moves(void **state MST_UNUSED)
{
	conf.page_size = 40;
	fx_control(&fx, "POST", "/_sim/faults",
		   "{\"kind\":\"repeat_page\",\"host\":\"iot\",\"path\":"
		   "\"integration/devices\",\"nth\":4,\"count\":1}");
	t_ok(read_feeds(OT_BIT(OT_SENSORS) | OT_BIT(OT_DEVICES), true, NULL),
	     &err);
	/* it was read again, and is whole */
	assert_int_equal(records(OT_DEVICES), DEVICES);
	done();
}

/* A list that nobody needs is left out, with a warning. */
static void test_optional(void **state MST_UNUSED)
{
	t_log_expect(MST_WARN, "flags of OT devices is left out", 1);
	fx_control(&fx, "POST", "/_sim/faults",
		   "{\"kind\":\"false_404\",\"host\":\"iot\",\"path\":"
		   "\"/external/v1/devices\"}");
	t_ok(read_feeds(OT_BIT(OT_SENSORS) | OT_BIT(OT_DEVICES) |
			    OT_BIT(OT_DEVICE_FLAGS),
			false, NULL),
	     &err);
	assert_int_equal(records(OT_DEVICES), DEVICES);
	assert_false(spool.feeds[OT_DEVICE_FLAGS].present);
	done();
}

static void test_insecure(void **state MST_UNUSED)
{
	t_log_expect(MST_WARN, "insecure_tls: nobody looks", 1);
	conf.common.insecure_tls = true;
	t_ok(read_feeds(OT_BIT(OT_SENSORS), false, NULL), &err);
	done();
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
	    T(test_console),  T(test_sensor),	      T(test_one),
	    T(test_days),     T(test_damaged_mirror), T(test_learning),
	    T(test_faults),   T(test_moves),	      T(test_optional),
	    T(test_insecure),
	};

	return cmocka_run_group_tests_name("iot-fetch", tests, NULL, NULL);
}
