/* SPDX-License-Identifier: Apache-2.0
 *
 * The outbox against what it promises, by seeded random operations: accept,
 * take, verdicts of every kind, deaths of the owner, cleaning. The model knows
 * the promises, not the tables:
 *  - what was accepted is delivered until done, each thing said once;
 *  - of a device and action only the first is given out, unless it was aside;
 *  - nothing is given out before its time, and all that is due is;
 *  - what may have arrived is given out in doubt;
 *  - what was aside is not given out when more was said of its alert since.
 */
#include "tests/lib/t.h"

#include <stdio.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/time.h"
#include "forward/outbox.h"

#define S	INT64_C(1000000)
#define ACTIONS 2
#define DEVICES 5
#define KEYS	40
#define MOST	4000

static const struct mst_outbox_conf conf = {
    .max = 1000,
    .keep = 30 * INT64_C(86400000),
    .aside_retry = 3600000,
    .retry_first = 5000,
    .retry_most = 900000,
};

static const char *const actions[ACTIONS] = {"incident:cmdb", "syslog:siem"};
static const struct mst_route routes[ACTIONS] = {
    {"rule", "incident:cmdb", true}, {"rule", "syslog:siem", true}};

/* Nobody cuts the power here, and waiting for the disk takes most of the time.
 * SQLite calls these. */
int fsync(int fd MST_UNUSED)
{
	return 0;
}

int fdatasync(int fd MST_UNUSED)
{
	return 0;
}

/* A delivery as the model has it. */
struct item {
	unsigned action, key;
	uint64_t digest;
	enum { FREE, FLYING, DONE } is;
	bool tried, aside, doubt;
	int64_t not_before;
};

static struct {
	struct item items[MOST];
	size_t n;
	/* What an action has heard of a key. */
	uint64_t heard[ACTIONS][KEYS];
	bool open[ACTIONS][KEYS]; /* a remote id is known */
	uint64_t id_of[MOST];
} m;

static struct mst_err err = MST_ERR_INIT;
static struct mst_outbox *o;
static uint64_t rng;
static int64_t now;

static unsigned dice(unsigned sides)
{
	rng += 0x9e3779b97f4a7c15u;
	return (unsigned)(mst_hash64(&rng, sizeof(rng), 1) % sides);
}

static void reopen(void)
{
	mst_outbox_close(&o);
	t_ok(mst_outbox_open(t_path("model.db"), MST_OUTBOX_OWN, &conf, now, &o,
			     &err),
	     &err);
}

/* A key is always of one device. */
static unsigned device_of(unsigned key)
{
	return key % DEVICES;
}

static void accept_some(void)
{
	struct mst_outbox_alert a[8];
	char keys[8][16], devices[8][16];
	unsigned count = 1 + dice(8);

	if (m.n + 2 * 8 > MOST)
		return;
	for (unsigned i = 0; i < count; i++) {
		unsigned key = dice(KEYS);
		uint64_t digest = 1 + dice(3);
		unsigned way = dice(4);

		(void)snprintf(keys[i], 16, "k%u", key);
		(void)snprintf(devices[i], 16, "d%u", device_of(key));
		a[i] = (struct mst_outbox_alert){
		    .source = "iot",
		    .key = mst_slice_str(keys[i]),
		    .device = mst_slice_str(devices[i]),
		    .digest = digest,
		    .routes = way < 2 ? routes : routes + (way - 2),
		    .routes_n = way < 2 ? 2 : 1,
		};
		for (unsigned k = way < 2 ? 0 : way - 2;
		     k < (way < 2 ? 2 : way - 1); k++) {
			if (m.heard[k][key] == digest)
				continue;
			m.heard[k][key] = digest;
			m.items[m.n++] = (struct item){
			    .action = k, .key = key, .digest = digest};
		}
	}
	t_ok(mst_outbox_accept(o, a, count, now, &err), &err);
}

static bool is_before(size_t a, size_t b)
{
	return m.items[a].action == m.items[b].action &&
	       device_of(m.items[a].key) == device_of(m.items[b].key);
}

/* May it be given out now? */
static bool may_go(size_t i)
{
	const struct item *it = &m.items[i];

	if (it->is != FREE || it->not_before > now)
		return false;
	for (size_t k = 0; k < i && !it->aside; k++) {
		if (is_before(k, i) && m.items[k].is != DONE &&
		    !m.items[k].aside)
			return false;
	}
	return true;
}

/* What was aside, is due and says less than what came later ends here. */
static void overtake(unsigned action)
{
	for (size_t i = 0; i < m.n; i++) {
		struct item *it = &m.items[i];
		bool over = false;

		for (size_t k = i + 1; k < m.n; k++)
			over |= m.items[k].action == action &&
				m.items[k].key == it->key;
		if (it->action == action && it->aside && over && may_go(i))
			it->is = DONE;
	}
}

static size_t count_going(unsigned action)
{
	size_t n = 0;

	for (size_t i = 0; i < m.n; i++)
		n += m.items[i].action == action && may_go(i);
	return n;
}

/* Which item is it? The oldest of action and key that is known by that id, or
 * has none yet and may go. */
static size_t find(unsigned action, const struct mst_delivery *d)
{
	for (size_t i = 0; i < m.n; i++) {
		if (m.id_of[i] == (uint64_t)d->id)
			return i;
	}
	for (size_t i = 0; i < m.n; i++) {
		char key[16];

		(void)snprintf(key, sizeof(key), "k%u", m.items[i].key);
		if (m.items[i].action == action && m.id_of[i] == 0 &&
		    mst_slice_is(d->key, key)) {
			m.id_of[i] = (uint64_t)d->id;
			return i;
		}
	}
	fail_msg("delivery %lld is nobody's", (long long)d->id);
	return 0;
}

static void check_given(unsigned action, size_t i, const struct mst_delivery *d)
{
	const struct item *it = &m.items[i];

	if (!may_go(i))
		fail_msg("delivery %lld of key %u came too early",
			 (long long)d->id, it->key);
	if (it->doubt)
		assert_true(d->doubt);
	assert_int_equal(*d->remote != '\0', m.open[action][it->key]);
	if (d->op == MST_DELIVERY_OPEN)
		assert_false(m.open[action][it->key]);
}

static void judge(unsigned action, size_t i, const struct mst_delivery *d)
{
	static const int64_t most = 900;
	struct mst_outbox_verdict v = {.id = d->id, .why = "because"};
	struct item *it = &m.items[i];
	int64_t wait = 5;

	for (int64_t k = 1; k < d->tries && wait < most; k++)
		wait *= 2;
	it->is = FREE;
	v.what = (enum mst_delivered)dice(4);
	switch (v.what) {
	case MST_DELIVERED_DONE:
		v.remote = "there";
		it->is = DONE;
		m.open[action][it->key] = true;
		break;
	case MST_DELIVERED_UNCERTAIN:
		it->doubt = true;
		break;
	case MST_DELIVERED_ASIDE:
		it->aside = true;
		break;
	case MST_DELIVERED_LATER:
		break;
	}
	it->not_before = now + (it->aside ? 3600 : MST_MIN(wait, most)) * S;
	t_ok(mst_outbox_verdicts(o, &v, 1, now, &err), &err);
}

/* dies: the owner dies with them on their way. */
static void deliver(bool dies)
{
	unsigned action = dice(ACTIONS);
	size_t going, n, items[64];
	struct mst_delivery *d = NULL;
	struct mst_arena arena;

	mst_arena_init(&arena, 1u << 20);
	overtake(action);
	going = count_going(action);
	t_ok(mst_outbox_take(o, actions[action], now, 64, &arena, &d, &n, &err),
	     &err);
	assert_int_equal(n, MST_MIN(going, (size_t)64));
	for (size_t i = 0; i < n; i++) {
		items[i] = find(action, &d[i]);
		check_given(action, items[i], &d[i]);
	}
	/* None of them may go twice. */
	for (size_t i = 0; i < n; i++)
		m.items[items[i]].is = FLYING;
	for (size_t i = 0; i < n && !dies; i++)
		judge(action, items[i], &d[i]);
	for (size_t i = 0; i < n && dies; i++) {
		m.items[items[i]].is = FREE;
		m.items[items[i]].doubt = true;
		m.items[items[i]].not_before = now;
	}
	if (dies)
		reopen();
	mst_arena_fini(&arena);
}

static uint64_t not_done;

static void sum(void *ctx MST_UNUSED, const char *action,
		const struct mst_outbox_stats *s)
{
	if (action)
		return;
	not_done = 0;
	for (unsigned i = 0; i < MST_DELIVERY_DONE; i++)
		not_done += s->n[i];
}

static void check_counts(void)
{
	size_t want = 0;

	for (size_t i = 0; i < m.n; i++)
		want += m.items[i].is != DONE;
	t_ok(mst_outbox_stats(o, sum, NULL, &err), &err);
	assert_int_equal(not_done, want);
	assert_int_equal(mst_outbox_room(o), 1000 - want);
}

static void one_seed(uint64_t seed)
{
	bool more;

	memset(&m, 0, sizeof(m));
	mst_outbox_close(&o);
	(void)remove(t_path("model.db"));
	rng = seed;
	now = INT64_C(1795168800) * S;
	reopen();
	for (int i = 0; i < 120; i++) {
		unsigned what = dice(10);

		if (what < 3)
			accept_some();
		else if (what < 8)
			deliver(false);
		else if (what < 9)
			deliver(true);
		else
			t_ok(mst_outbox_clean(o, now, 10, &more, &err), &err);
		now += (int64_t)dice(60) * S;
		check_counts();
	}
	/* Everything ends. */
	for (int i = 0; i < 3000 && not_done; i++) {
		now += 600 * S;
		deliver(false);
		check_counts();
	}
	assert_int_equal(not_done, 0);
}

static void test_model(void **state MST_UNUSED)
{
	for (uint64_t seed = 1; seed <= (T_SANITIZED ? 8 : 24); seed++) {
		print_message("seed %llu\n", (unsigned long long)seed);
		one_seed(seed * 7919);
	}
	mst_outbox_close(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_model),
	};

	return cmocka_run_group_tests_name("outbox_model", tests, NULL, NULL);
}
