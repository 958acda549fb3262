/* SPDX-License-Identifier: Apache-2.0
 *
 * The outbox: what it accepts, gives out and remembers; order, clocks, limits;
 * a damaged file, a full disk.
 */
#include "tests/lib/t.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <unistd.h>

#include "base/time.h"
#include "forward/outbox.h"

#define S  INT64_C(1000000)
#define T0 (INT64_C(1795168800) * S)

static const struct mst_outbox_conf conf = {
    .max = 20,
    .keep = 30 * INT64_C(86400000),
    .aside_retry = 3600000,
    .retry_first = 5000,
    .retry_most = 900000,
};

static struct mst_err err;
static struct mst_arena arena;
static struct mst_outbox *o;
static char path[1024];
static struct mst_delivery *d;
static size_t n;

/* SQLite calls these. */
static unsigned syncs;

int fsync(int fd MST_UNUSED)
{
	syncs++;
	return 0;
}

int fdatasync(int fd MST_UNUSED)
{
	syncs++;
	return 0;
}

static void reopen(int64_t now_us)
{
	mst_outbox_close(&o);
	t_ok(mst_outbox_open(path, MST_OUTBOX_OWN, &conf, now_us, &o, &err),
	     &err);
}

static int set_up(void **state MST_UNUSED)
{
	static int number;

	err = (struct mst_err)MST_ERR_INIT;
	mst_arena_init(&arena, 16u << 20);
	(void)snprintf(path, sizeof(path), "%s", t_path("o%d.db", ++number));
	reopen(T0);
	return 0;
}

static int tear_down(void **state MST_UNUSED)
{
	mst_outbox_close(&o);
	mst_arena_fini(&arena);
	return 0;
}

static const struct mst_route to_cmdb[] = {{"r", "incident:cmdb", true}};

static struct mst_outbox_alert alert(const char *key, const char *device,
				     uint64_t digest)
{
	return (struct mst_outbox_alert){
	    .source = "iot",
	    .key = mst_slice_str(key),
	    .device = mst_slice_str(device),
	    .form = MST_FORM_CEF,
	    .body = mst_slice_str(key),
	    .digest = digest,
	    .routes = to_cmdb,
	    .routes_n = 1,
	};
}

static void accept_as(struct mst_outbox_alert a, int64_t now_us,
		      enum mst_accepted want)
{
	t_ok(mst_outbox_accept(o, &a, 1, now_us, &err), &err);
	assert_int_equal(a.accepted, want);
}

static void put(const char *key, const char *device, int64_t now_us)
{
	accept_as(alert(key, device, 1), now_us, MST_ACCEPTED_NEW);
}

static void take(int64_t now_us, size_t want)
{
	t_ok(mst_outbox_take(o, "incident:cmdb", now_us, 100, &arena, &d, &n,
			     &err),
	     &err);
	assert_int_equal(n, want);
}

static void verdict(int64_t id, enum mst_delivered what, const char *remote,
		    int64_t now_us)
{
	struct mst_outbox_verdict v = {
	    .id = id, .what = what, .remote = remote, .why = "because"};

	t_ok(mst_outbox_verdicts(o, &v, 1, now_us, &err), &err);
}

static void due(int64_t want)
{
	int64_t us;

	t_ok(mst_outbox_due(o, "incident:cmdb", &us, &err), &err);
	assert_int_equal(us, want);
}

static struct mst_outbox_stats last_stats;
static unsigned actions_n;

static void keep_stats(void *ctx MST_UNUSED, const char *action,
		       const struct mst_outbox_stats *s)
{
	last_stats = *s;
	actions_n += action != NULL;
}

static void counts(unsigned waiting, unsigned sent, unsigned later,
		   unsigned aside)
{
	actions_n = 0;
	t_ok(mst_outbox_stats(o, keep_stats, NULL, &err), &err);
	assert_int_equal(last_stats.n[MST_DELIVERY_WAITING], waiting);
	assert_int_equal(last_stats.n[MST_DELIVERY_SENT], sent);
	assert_int_equal(last_stats.n[MST_DELIVERY_LATER], later);
	assert_int_equal(last_stats.n[MST_DELIVERY_ASIDE], aside);
	assert_int_equal(mst_outbox_room(o),
			 conf.max - waiting - sent - later - aside);
}

/* ---- order and repetition ------------------------------------------------ */

static void test_order(void **state MST_UNUSED)
{
	int64_t a1;

	put("a1", "plc-a", T0);
	put("a2", "plc-a", T0 + 1);
	put("b1", "plc-b", T0 + 2);
	take(T0 + 2, 2);
	a1 = d[0].id;
	t_is(d[0].key, "a1");
	t_is(d[1].key, "b1");
	t_is(d[0].device, "plc-a");
	t_is(d[0].body, "a1");
	assert_int_equal(d[0].form, MST_FORM_CEF);
	assert_int_equal(d[0].op, MST_DELIVERY_OPEN);
	assert_int_equal(d[0].tries, 1);
	assert_int_equal(d[0].accepted_us, T0);
	assert_string_equal(d[0].rule, "r");
	assert_string_equal(d[0].source, "iot");
	assert_string_equal(d[0].remote, "");
	assert_false(d[0].doubt);
	take(T0 + 9, 0);
	due(MST_TIME_NONE);
	verdict(a1, MST_DELIVERED_DONE, "sys1", T0 + 10);
	due(T0 + 10);
	take(T0 + 10, 1);
	t_is(d[0].key, "a2");
	counts(0, 2, 0, 0);
}

static void test_repeated(void **state MST_UNUSED)
{
	struct mst_outbox_alert a = alert("a1", "plc-a", 1);

	put("a1", "plc-a", T0);
	accept_as(a, T0 + 1, MST_ACCEPTED_NOTHING);
	take(T0 + 1, 1);
	verdict(d[0].id, MST_DELIVERED_DONE, "sys1", T0 + 2);
	accept_as(a, T0 + 3, MST_ACCEPTED_NOTHING);
	reopen(T0 + 4);
	accept_as(a, T0 + 5, MST_ACCEPTED_NOTHING);
	take(T0 + 5, 0);
	/* Further traffic, seen from another device's side: same lane. */
	accept_as(alert("a1", "plc-z", 2), T0 + 6, MST_ACCEPTED_MORE);
	a.digest = 3;
	a.handled = true;
	accept_as(a, T0 + 7, MST_ACCEPTED_MORE);
	take(T0 + 7, 1);
	assert_int_equal(d[0].op, MST_DELIVERY_UPDATE);
	assert_string_equal(d[0].remote, "sys1");
	verdict(d[0].id, MST_DELIVERED_DONE, NULL, T0 + 8);
	take(T0 + 8, 1);
	assert_int_equal(d[0].op, MST_DELIVERY_CLOSE);
	assert_string_equal(d[0].remote, "sys1");
	/* Another source's alert of that key is another alert. */
	a = alert("a1", "plc-a", 1);
	a.source = "other";
	accept_as(a, T0 + 9, MST_ACCEPTED_NEW);
}

static void test_handled(void **state MST_UNUSED)
{
	static const struct mst_route keeps[] = {{"r", "syslog:siem", false}};
	struct mst_outbox_alert a = alert("a1", "plc-a", 1);

	a.handled = true;
	accept_as(a, T0, MST_ACCEPTED_NOTHING);
	a.routes = keeps;
	accept_as(a, T0, MST_ACCEPTED_NEW);
	a.digest = 2;
	accept_as(a, T0, MST_ACCEPTED_MORE);
}

static void test_routes(void **state MST_UNUSED)
{
	static const struct mst_route routes[] = {
	    {"r1", "incident:cmdb", true},
	    {"r2", "incident:cmdb", true},
	    {"r2", "syslog:siem", true},
	};
	struct mst_route many[MST_OUTBOX_ROUTES + 1];
	struct mst_outbox_alert a = alert("a1", "plc-a", 1);

	a.routes = routes;
	a.routes_n = 2;
	accept_as(a, T0, MST_ACCEPTED_NEW);
	counts(1, 0, 0, 0);
	/* A rule that came later: its action has not heard of it. */
	a.routes_n = 3;
	accept_as(a, T0 + 1, MST_ACCEPTED_NEW);
	counts(2, 0, 0, 0);
	assert_int_equal(actions_n, 2);
	take(T0 + 1, 1);
	assert_string_equal(d[0].rule, "r1");
	a.routes_n = 0;
	accept_as(a, T0 + 1, MST_ACCEPTED_NOTHING);
	for (size_t i = 0; i < MST_LEN(many); i++)
		many[i] = routes[0];
	a.routes = many;
	a.routes_n = MST_LEN(many);
	t_failed(mst_outbox_accept(o, &a, 1, T0, &err), &err, MST_E_INVALID,
		 "an alert has 17 actions, the most is 16");
}

/* No rule takes it any more: who has heard of it is told, nobody else. */
static void test_known(void **state MST_UNUSED)
{
	struct mst_outbox_alert a = alert("a1", "plc-a", 2);

	a.known_n = 1;
	accept_as(a, T0, MST_ACCEPTED_NOTHING);
	put("a1", "plc-a", T0);
	accept_as(a, T0 + 1, MST_ACCEPTED_MORE);
	accept_as(a, T0 + 2, MST_ACCEPTED_NOTHING);
	a.digest = 3;
	a.handled = true;
	accept_as(a, T0 + 3, MST_ACCEPTED_MORE);
	counts(3, 0, 0, 0);
	a.key = MST_SLICE_LIT("a2");
	accept_as(a, T0 + 4, MST_ACCEPTED_NOTHING);
}

/* What returns is on the disk; many alerts cost one wait for it. */
static void test_synced(void **state MST_UNUSED)
{
	struct mst_outbox_alert a[3] = {alert("a1", "plc-a", 1),
					alert("b1", "plc-b", 1),
					alert("c1", "plc-c", 1)};

	/* The first write to a new file syncs its log's header, too. */
	put("z1", "plc-z", T0);
	syncs = 0;
	t_ok(mst_outbox_accept(o, a, 3, T0, &err), &err);
	assert_int_equal(syncs, 1);
	take(T0, 4);
	assert_int_equal(syncs, 2);
	verdict(d[0].id, MST_DELIVERED_DONE, NULL, T0);
	assert_int_equal(syncs, 3);
	take(T0, 0);
	assert_int_equal(syncs, 3);
}

/* ---- verdicts and clocks ------------------------------------------------- */

static void test_backoff(void **state MST_UNUSED)
{
	static const int64_t waits[] = {5,   10,  20,  40,  80,
					160, 320, 640, 900, 900};
	int64_t now = T0;

	put("a1", "plc-a", T0);
	put("a2", "plc-a", T0);
	for (size_t i = 0; i < MST_LEN(waits); i++) {
		take(now, 1);
		t_is(d[0].key, "a1");
		assert_int_equal(d[0].tries, i + 1);
		verdict(d[0].id, MST_DELIVERED_LATER, NULL, now);
		counts(1, 0, 1, 0);
		due(now + waits[i] * S);
		take(now + waits[i] * S - 1, 0);
		now += waits[i] * S;
	}
	take(now, 1);
	assert_false(d[0].doubt);
	t_ok(mst_outbox_verdicts(
		 o,
		 &(struct mst_outbox_verdict){.id = d[0].id,
					      .what = MST_DELIVERED_LATER,
					      .retry_after_ms = 7200000},
		 1, now, &err),
	     &err);
	due(now + 7200 * S);
}

static void test_aside(void **state MST_UNUSED)
{
	int64_t a1;

	put("a1", "plc-a", T0);
	put("a2", "plc-a", T0);
	take(T0, 1);
	a1 = d[0].id;
	verdict(a1, MST_DELIVERED_ASIDE, NULL, T0);
	/* The ones behind it go on. */
	take(T0, 1);
	t_is(d[0].key, "a2");
	verdict(d[0].id, MST_DELIVERED_LATER, NULL, T0);
	counts(0, 0, 1, 1);
	take(T0 + 3600 * S, 2);
	verdict(d[0].id, MST_DELIVERED_DONE, "s2", T0 + 3600 * S);
	/* Aside again, even when it is only later. */
	assert_int_equal(d[1].id, a1);
	assert_int_equal(d[1].tries, 2);
	verdict(a1, MST_DELIVERED_LATER, NULL, T0 + 3600 * S);
	counts(0, 0, 0, 1);
	take(T0 + 7199 * S, 0);
	t_ok(mst_outbox_retry(o, a1, T0 + 3700 * S, &err), &err);
	take(T0 + 3700 * S, 1);
	t_failed(mst_outbox_retry(o, a1, T0 + 3700 * S, &err), &err,
		 MST_E_NOTFOUND, "that is aside or waits for its time");
	verdict(a1, MST_DELIVERED_DONE, "s1", T0 + 3700 * S);
	counts(0, 0, 0, 0);
	assert_int_equal(last_stats.oldest_us, MST_TIME_NONE);
}

/* An update that went in front of the one that was aside. */
static void test_opened_by_an_update(void **state MST_UNUSED)
{
	put("a1", "plc-a", T0);
	take(T0, 1);
	verdict(d[0].id, MST_DELIVERED_ASIDE, NULL, T0);
	accept_as(alert("a1", "plc-a", 2), T0, MST_ACCEPTED_MORE);
	take(T0, 1);
	assert_int_equal(d[0].op, MST_DELIVERY_UPDATE);
	assert_true(d[0].doubt);
	verdict(d[0].id, MST_DELIVERED_DONE, "made", T0);
	/* It says no more than what went in front of it. */
	take(T0 + 3600 * S, 0);
	counts(0, 0, 0, 0);
}

/* Refused one behind the other, and lifted: one alert, delivered once, by what
 * was said last; never an old state behind a newer one. */
static void test_overtaken(void **state MST_UNUSED)
{
	int64_t ids[3];

	for (unsigned i = 0; i < 3; i++) {
		accept_as(alert("a1", "plc-a", i + 1), T0 + i,
			  i ? MST_ACCEPTED_MORE : MST_ACCEPTED_NEW);
		take(T0 + i, 1);
		ids[i] = d[0].id;
		verdict(ids[i], MST_DELIVERED_ASIDE, NULL, T0 + i);
	}
	put("b1", "plc-b", T0 + 10);
	for (unsigned i = 0; i < 3; i++)
		t_ok(mst_outbox_retry(o, ids[2 - i], T0 + 10 + i, &err), &err);
	take(T0 + 20, 2);
	assert_int_equal(d[0].id, ids[2]);
	assert_true(d[0].doubt);
	t_is(d[1].key, "b1");
	counts(0, 2, 0, 0);
	verdict(ids[2], MST_DELIVERED_DONE, "s1", T0 + 20);
	take(T0 + 9999 * S, 0);
}

/* The last one was given up by hand: what is left goes out in its order, one in
 * a turn, so that the second knows what the first has made. */
static void test_one_in_a_turn(void **state MST_UNUSED)
{
	int64_t ids[3];

	for (unsigned i = 0; i < 3; i++) {
		accept_as(alert("a1", "plc-a", i + 1), T0,
			  i ? MST_ACCEPTED_MORE : MST_ACCEPTED_NEW);
		take(T0, 1);
		ids[i] = d[0].id;
		verdict(ids[i], MST_DELIVERED_ASIDE, NULL, T0);
	}
	t_ok(mst_outbox_drop(o, ids[2], T0, &err), &err);
	t_ok(mst_outbox_retry(o, ids[1], T0 + 1, &err), &err);
	t_ok(mst_outbox_retry(o, ids[0], T0 + 2, &err), &err);
	take(T0 + 9, 1);
	assert_int_equal(d[0].id, ids[0]);
	verdict(ids[0], MST_DELIVERED_DONE, "s1", T0 + 9);
	take(T0 + 9, 1);
	assert_int_equal(d[0].id, ids[1]);
	assert_string_equal(d[0].remote, "s1");
}

static void test_uncertain(void **state MST_UNUSED)
{
	put("a1", "plc-a", T0);
	take(T0, 1);
	verdict(d[0].id, MST_DELIVERED_UNCERTAIN, NULL, T0);
	take(T0 + 5 * S, 1);
	assert_true(d[0].doubt);
	/* It could not even be looked up: nobody knows more. */
	verdict(d[0].id, MST_DELIVERED_LATER, NULL, T0 + 5 * S);
	take(T0 + 15 * S, 1);
	assert_true(d[0].doubt);
	/* The owner dies. */
	reopen(T0 + 16 * S);
	counts(0, 0, 1, 0);
	take(T0 + 16 * S, 1);
	assert_true(d[0].doubt);
	assert_int_equal(d[0].tries, 4);
	/* Of one that was aside, too, and it stays out of the order. */
	verdict(d[0].id, MST_DELIVERED_ASIDE, NULL, T0 + 16 * S);
	take(T0 + 4000 * S, 1);
	reopen(T0 + 4000 * S);
	counts(0, 0, 0, 1);
	take(T0 + 4000 * S, 1);
	assert_true(d[0].doubt);
}

static void test_drop(void **state MST_UNUSED)
{
	int64_t a1, a2;

	put("a1", "plc-a", T0);
	put("a2", "plc-a", T0);
	put("a3", "plc-a", T0);
	take(T0, 1);
	a1 = d[0].id;
	a2 = a1 + MST_OUTBOX_ROUTES;
	t_failed(mst_outbox_drop(o, a1, T0, &err), &err, MST_E_CONFLICT,
		 "cannot be given up, it is sent");
	/* One behind: the one that is on its way stays the only one. */
	t_ok(mst_outbox_drop(o, a2, T0, &err), &err);
	take(T0, 0);
	verdict(a1, MST_DELIVERED_LATER, NULL, T0);
	t_ok(mst_outbox_drop(o, a1, T0, &err), &err);
	take(T0, 1);
	t_is(d[0].key, "a3");
	t_failed(mst_outbox_drop(o, a1, T0, &err), &err, MST_E_CONFLICT,
		 "it is dropped");
	t_failed(mst_outbox_drop(o, 4711, T0, &err), &err, MST_E_NOTFOUND,
		 "no delivery 4711");
	counts(0, 1, 0, 0);
}

static void test_not_taken(void **state MST_UNUSED)
{
	struct mst_outbox_verdict v[2] = {{.what = MST_DELIVERED_DONE}};

	put("a1", "plc-a", T0);
	put("b1", "plc-b", T0);
	take(T0, 2);
	v[0].id = d[0].id;
	v[1].id = 4711;
	t_failed(mst_outbox_verdicts(o, v, 2, T0, &err), &err, MST_E_NOTFOUND,
		 "no delivery 4711");
	/* Both or none. */
	counts(0, 2, 0, 0);
	verdict(d[0].id, MST_DELIVERED_DONE, NULL, T0);
	t_failed(mst_outbox_verdicts(o, v, 1, T0, &err), &err, MST_E_CONFLICT,
		 "was not taken, it is done");
}

static void test_clock_set_back(void **state MST_UNUSED)
{
	put("a1", "plc-a", T0 + 86400 * 365 * S);
	take(T0, 0);
	reopen(T0);
	take(T0, 1);
}

/* ---- limits -------------------------------------------------------------- */

static void test_full(void **state MST_UNUSED)
{
	struct mst_outbox_alert a[21];
	char keys[21][8];

	for (size_t i = 0; i < MST_LEN(a); i++) {
		(void)snprintf(keys[i], sizeof(keys[i]), "k%zu", i);
		a[i] = alert(keys[i], keys[i], 1);
	}
	t_failed(mst_outbox_accept(o, a, 21, T0, &err), &err, MST_E_THROTTLED,
		 "is full: 0 deliveries wait, outbox.max is 20");
	counts(0, 0, 0, 0);
	t_ok(mst_outbox_accept(o, a, 20, T0, &err), &err);
	assert_int_equal(mst_outbox_room(o), 0);
	t_failed(mst_outbox_accept(o, a + 20, 1, T0, &err), &err,
		 MST_E_THROTTLED, "is full");
	/* What needs no room is still taken. */
	accept_as(a[3], T0, MST_ACCEPTED_NOTHING);
	take(T0, 20);
	verdict(d[0].id, MST_DELIVERED_DONE, NULL, T0);
	accept_as(a[20], T0, MST_ACCEPTED_NEW);
}

static bool disk_is_full;

static ssize_t full_pwrite(int fd, const void *p, size_t len, off_t at)
{
	if (!disk_is_full)
		return pwrite(fd, p, len, at);
	errno = ENOSPC;
	return -1;
}

static void set_pwrite(bool on)
{
	static const char *const calls[] = {"pwrite", "pwrite64"};
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);

	for (size_t i = 0; i < MST_LEN(calls); i++)
		(void)vfs->xSetSystemCall(
		    vfs, calls[i],
		    on ? (sqlite3_syscall_ptr)(void (*)(void))full_pwrite
		       : NULL);
}

static void test_full_disk(void **state MST_UNUSED)
{
	struct mst_outbox_alert a = alert("a1", "plc-a", 1);

	set_pwrite(true);
	disk_is_full = true;
	t_failed(mst_outbox_accept(o, &a, 1, T0, &err), &err, MST_E_IO,
		 "forwarding outbox '");
	assert_non_null(strstr(err.msg, "cannot be written"));
	disk_is_full = false;
	counts(0, 0, 0, 0);
	accept_as(a, T0, MST_ACCEPTED_NEW);
	take(T0, 1);
	assert_string_equal(d[0].rule, "r");
	disk_is_full = true;
	t_failed(
	    mst_outbox_verdicts(o, &(struct mst_outbox_verdict){.id = d[0].id},
				1, T0, &err),
	    &err, MST_E_IO, "cannot be written");
	disk_is_full = false;
	set_pwrite(false);
	counts(0, 1, 0, 0);
}

/* ---- the file ------------------------------------------------------------ */

static void cannot_open(enum mst_code code, const char *part)
{
	struct mst_outbox *other = NULL;

	t_failed(mst_outbox_open(path, MST_OUTBOX_OWN, &conf, T0, &other, &err),
		 &err, code, part);
	assert_null(other);
}

static void sql_on(const char *sql)
{
	sqlite3 *h;

	assert_int_equal(sqlite3_open(path, &h), SQLITE_OK);
	assert_int_equal(sqlite3_exec(h, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(h);
}

static void test_file(void **state MST_UNUSED)
{
	struct mst_outbox *other = NULL;

	cannot_open(MST_E_CONFLICT, "is in use by process");
	mst_outbox_close(&o);
	sql_on("PRAGMA user_version=9");
	cannot_open(MST_E_UNSUPPORTED, "written by a newer muster");
	sql_on("PRAGMA user_version=1; PRAGMA application_id=1");
	cannot_open(MST_E_CORRUPT, "is not a forwarding outbox but");
	t_write(path, MST_SLICE_LIT("SQLite format 3, or is it? No, it is not "
				    "one at all, whatever it says."));
	cannot_open(MST_E_CORRUPT, "move it away");
	(void)snprintf(path, sizeof(path), "%s", t_path("none.db"));
	t_failed(
	    mst_outbox_open(path, MST_OUTBOX_LOOK, &conf, T0, &other, &err),
	    &err, MST_E_NOTFOUND, "does not exist yet");
	(void)snprintf(path, sizeof(path), "%s", t_path("new/folder/o.db"));
	reopen(T0);
}

/* Pages in the middle of the file overwritten. */
static void test_damaged(void **state MST_UNUSED)
{
	char junk[4096];
	FILE *f;
	long size;
	int rc = 0;

	for (int i = 0; i < 20; i++) {
		char key[16];

		(void)snprintf(key, sizeof(key), "k%d", i);
		put(key, key, T0);
	}
	mst_outbox_close(&o);
	memset(junk, 0xa5, sizeof(junk));
	f = fopen(path, "r+");
	assert_non_null(f);
	(void)fseek(f, 0, SEEK_END);
	size = ftell(f);
	(void)fseek(f, 4096, SEEK_SET);
	for (long at = 4096; at < size; at += 4096)
		(void)fwrite(junk, 1, sizeof(junk), f);
	(void)fclose(f);
	rc = mst_outbox_open(path, MST_OUTBOX_OWN, &conf, T0, &o, &err);
	t_failed(rc, &err, MST_E_CORRUPT, "with `from` in a rule");
}

/* ---- looking ------------------------------------------------------------- */

struct seen_rows {
	int64_t ids[32];
	char text[512];
	size_t n;
};

static int see(void *ctx, const struct mst_outbox_row *r)
{
	struct seen_rows *s = ctx;
	size_t at = strlen(s->text);

	s->ids[s->n++] = r->id;
	(void)snprintf(s->text + at, sizeof(s->text) - at, "%.*s %s %s %s %s;",
		       MST_SLICE_ARG(r->key), r->action,
		       mst_delivery_op_name(r->op),
		       mst_delivery_state_name(r->state), r->why);
	return 0;
}

static struct seen_rows page(struct mst_outbox *of, const char *action,
			     int state, int64_t before, size_t limit)
{
	struct mst_outbox_filter f = {action, state, before, limit};
	struct seen_rows s = {0};

	t_ok(mst_outbox_page(of, &f, see, &s, &err), &err);
	return s;
}

static void test_pages(void **state MST_UNUSED)
{
	struct mst_buf body = MST_BUF_INIT(100);
	struct mst_outbox *other;
	struct seen_rows s;
	enum mst_form form;

	put("a1", "plc-a", T0);
	put("a2", "plc-a", T0);
	put("b1", "plc-b", T0);
	take(T0, 2);
	verdict(d[0].id, MST_DELIVERED_DONE, "s1", T0);
	verdict(d[1].id, MST_DELIVERED_ASIDE, NULL, T0);
	t_ok(mst_outbox_open(path, MST_OUTBOX_LOOK, &conf, T0, &other, &err),
	     &err);
	s = page(other, NULL, -1, 0, 10);
	assert_string_equal(s.text, "b1 incident:cmdb open aside because;"
				    "a2 incident:cmdb open waiting ;"
				    "a1 incident:cmdb open done ;");
	s = page(other, NULL, -1, 0, 2);
	assert_int_equal(s.n, 2);
	s = page(other, NULL, -1, s.ids[1], 2);
	assert_string_equal(s.text, "a1 incident:cmdb open done ;");
	s = page(other, "incident:cmdb", MST_DELIVERY_ASIDE, 0, 9);
	assert_string_equal(s.text, "b1 incident:cmdb open aside because;");
	t_ok(mst_outbox_body(other, s.ids[0], &form, &body, &err), &err);
	t_is(mst_buf_slice(&body), "b1");
	assert_int_equal(form, MST_FORM_CEF);
	/* By hand, beside the owner. */
	t_ok(mst_outbox_retry(other, s.ids[0], T0 + 1, &err), &err);
	take(T0 + 1, 2);
	assert_int_equal(page(other, "no:such", -1, 0, 9).n, 0);
	assert_int_equal(page(other, NULL, MST_DELIVERY_DONE, 0, 9).n, 1);
	t_failed(mst_outbox_body(other, 4711, &form, &body, &err), &err,
		 MST_E_NOTFOUND, "4711");
	mst_outbox_close(&other);
	mst_buf_fini(&body);
}

/* ---- cleaning ------------------------------------------------------------ */

static bool clean(int64_t now_us, size_t max)
{
	bool more;

	t_ok(mst_outbox_clean(o, now_us, max, &more, &err), &err);
	return more;
}

static void test_clean(void **state MST_UNUSED)
{
	const int64_t day = 86400 * S;

	put("a1", "plc-a", T0);
	put("a2", "plc-b", T0);
	put("a3", "plc-c", T0);
	take(T0, 3);
	verdict(d[0].id, MST_DELIVERED_DONE, "s1", T0);
	verdict(d[1].id, MST_DELIVERED_DONE, "s2", T0 + 10 * day);
	(void)clean(T0 + 30 * day, 100);
	assert_int_equal(page(o, NULL, -1, 0, 9).n, 3);
	/* Done 30 days ago, not accepted; what is not done stays. */
	(void)clean(T0 + 31 * day, 100);
	assert_string_equal(page(o, NULL, -1, 0, 9).text,
			    "a3 incident:cmdb open sent ;"
			    "a2 incident:cmdb open done ;");
	(void)clean(T0 + 100 * day, 100);
	assert_int_equal(page(o, NULL, -1, 0, 9).n, 1);
	/* Forgotten, so it is new; and the one that is not done is not. */
	put("a1", "plc-a", T0 + 100 * day);
	accept_as(alert("a3", "plc-c", 1), T0 + 100 * day,
		  MST_ACCEPTED_NOTHING);
}

/* A console shows an alert for longer than it is kept here. */
static void test_touched(void **state MST_UNUSED)
{
	const int64_t day = 86400 * S;

	put("a1", "plc-a", T0);
	take(T0, 1);
	verdict(d[0].id, MST_DELIVERED_DONE, "s1", T0);
	for (int i = 1; i < 90; i++) {
		accept_as(alert("a1", "plc-a", 1), T0 + i * day,
			  MST_ACCEPTED_NOTHING);
		(void)clean(T0 + i * day, 100);
	}
	accept_as(alert("a1", "plc-a", 2), T0 + 90 * day, MST_ACCEPTED_MORE);
	take(T0 + 90 * day, 1);
	assert_string_equal(d[0].remote, "s1");
}

static void test_clean_in_steps(void **state MST_UNUSED)
{
	const int64_t later = T0 + 100 * 86400 * S;
	unsigned rounds = 0;

	for (int i = 0; i < 20; i++) {
		char key[16];

		(void)snprintf(key, sizeof(key), "k%d", i);
		put(key, key, T0);
	}
	take(T0, 20);
	for (size_t i = 0; i < n; i++)
		verdict(d[i].id, MST_DELIVERED_DONE, NULL, T0);
	while (clean(later, 3))
		rounds++;
	assert_int_equal(rounds, 6);
	assert_int_equal(page(o, NULL, -1, 0, 30).n, 0);
	for (int i = 0; i < 8; i++)
		(void)clean(later, 3);
	for (int i = 0; i < 20; i++) {
		char key[16];

		(void)snprintf(key, sizeof(key), "k%d", i);
		put(key, key, later);
	}
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_order),
	    TEST(test_repeated),
	    TEST(test_handled),
	    TEST(test_routes),
	    TEST(test_synced),
	    TEST(test_known),
	    TEST(test_backoff),
	    TEST(test_aside),
	    TEST(test_opened_by_an_update),
	    TEST(test_uncertain),
	    TEST(test_drop),
	    TEST(test_not_taken),
	    TEST(test_clock_set_back),
	    TEST(test_full),
	    TEST(test_full_disk),
	    TEST(test_file),
	    TEST(test_damaged),
	    TEST(test_pages),
	    TEST(test_clean),
	    TEST(test_overtaken),
	    TEST(test_one_in_a_turn),
	    TEST(test_touched),
	    TEST(test_clean_in_steps),
	};

	return cmocka_run_group_tests_name("outbox", tests, NULL, NULL);
}
