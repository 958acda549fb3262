/* SPDX-License-Identifier: Apache-2.0
 *
 * Which device of a sensor is which of the console.
 */
#include "tests/lib/t.h"

#include "rekey/match.h"

#define D(k, n, s, m, i)                                                       \
	{                                                                      \
		.key = MST_SLICE_LIT(k), .name = MST_SLICE_LIT(n),             \
		.site = MST_SLICE_LIT(s), .macs = MST_SLICE_LIT(m),            \
		.ips = MST_SLICE_LIT(i)                                        \
	}
#define MAC(n) "02:00:00:00:00:" n

static bool is_no_vrrp(void *ctx, struct mst_slice mac)
{
	(void)ctx;
	return !mst_slice_istarts(mac, "00:00:5e");
}

static struct mst_rekey_match match(struct mst_rekey_device *old, size_t old_n,
				    struct mst_rekey_device *now, size_t now_n)
{
	struct mst_rekey_match m = {.old = old,
				    .now = now,
				    .old_n = old_n,
				    .now_n = now_n,
				    .identifies = is_no_vrrp};

	mst_rekey_match(&m);
	return m;
}

static void is_pair(const struct mst_rekey_match *m, size_t old, size_t now,
		    const char *by)
{
	assert_int_equal(m->old[old].other, now);
	assert_int_equal(m->now[now].other, old);
	assert_string_equal(m->old[old].why, by);
}

static void is_alone(const struct mst_rekey_match *m, size_t old,
		     const char *why)
{
	assert_int_equal(m->old[old].other, MST_REKEY_NOBODY);
	if (!strstr(m->old[old].why, why))
		fail_msg("%s", m->old[old].why);
}

static void by_mac(void **state)
{
	struct mst_rekey_device old[] = {
	    D("s/1", "plc", "", MAC("01"), "10.0.0.1"),
	    /* two cards, one of which only the console has */
	    D("s/2", "hmi", "", MAC("02"), ""),
	    /* only a MAC that many have */
	    D("s/3", "router", "", "00:00:5e:00:01:01", "10.0.0.3"),
	    D("s/4", "gone", "", MAC("04"), "10.0.0.4"),
	};
	struct mst_rekey_device now[] = {
	    D("c/9", "HMI 2", "A", MAC("22") ", 02:00:00:00:00:02", ""),
	    D("c/8", "x", "A", "00:00:5E:00:01:01", "10.0.0.8"),
	    D("c/7", "other", "A", "02:00:00:00:00:01", "10.9.9.9"),
	};
	struct mst_rekey_match m = match(old, 4, now, 3);

	(void)state;
	is_pair(&m, 0, 2, "MAC address");
	is_pair(&m, 1, 0, "MAC address");
	is_alone(&m, 2, "no device of the console");
	is_alone(&m, 3, "no device of the console");
	t_is(m.site, "A");
}

static void not_by_doubtful_macs(void **state)
{
	struct mst_rekey_device old[] = {
	    /* two of ours, one of theirs */
	    D("s/1", "a", "", MAC("01"), ""),
	    D("s/2", "b", "", MAC("01"), ""),
	    /* one of ours, two of theirs */
	    D("s/3", "c", "", MAC("03"), ""),
	    /* its two MACs are of two devices */
	    D("s/4", "d", "", MAC("04") "," MAC("05"), ""),
	    /* two of ours have one of theirs, by different MACs */
	    D("s/5", "e", "", MAC("06"), ""),
	    D("s/6", "f", "", MAC("07"), ""),
	};
	struct mst_rekey_device now[] = {
	    D("c/1", "", "", MAC("01"), ""),
	    D("c/3", "", "", MAC("03"), ""),
	    D("c/3b", "", "", MAC("03"), ""),
	    D("c/4", "", "", MAC("04"), ""),
	    D("c/5", "", "", MAC("05"), ""),
	    D("c/6", "", "", MAC("06") " " MAC("07"), ""),
	};
	struct mst_rekey_match m = match(old, 6, now, 6);

	(void)state;
	for (size_t i = 0; i < 6; i++)
		is_alone(&m, i, "its MAC addresses are those of several");
}

static void by_address_and_name(void **state)
{
	struct mst_rekey_device old[] = {
	    D("s/1", "plc", "", MAC("01"), "10.0.0.1"),
	    D("s/2", "HMI", "", "", "10.0.0.2"),
	    D("s/3", "pump", "", "", "10.0.0.3"),
	    D("s/4", "", "", "", "10.0.0.4"),
	    D("s/5", "fan", "", "", "10.0.0.5"),
	    D("s/6", "fan", "", "", "10.0.0.5"),
	};
	struct mst_rekey_device now[] = {
	    D("c/1", "plc", "A", MAC("01"), "10.0.0.1"),
	    D("c/2", "hmi", "A", MAC("22"), "10.9.0.2, 10.0.0.2"),
	    /* the same in another plant, as usual */
	    D("c/2b", "hmi", "B", "", "10.0.0.2"),
	    D("c/3", "pump", "B", "", "10.0.0.3"),
	    D("c/4", "", "A", "", "10.0.0.4"),
	    D("c/5", "fan", "A", "", "10.0.0.5"),
	};
	struct mst_rekey_match m = match(old, 6, now, 6);

	(void)state;
	is_pair(&m, 0, 0, "MAC address");
	is_pair(&m, 1, 1, "IP address and name");
	is_alone(&m, 2, "no device of the console"); /* another site */
	is_alone(&m, 3, "no device of the console"); /* no name */
	is_alone(&m, 4, "IP address and name are those of several");
	is_alone(&m, 5, "IP address and name are those of several");

	/* Without any MAC the site is not known: both plants count. */
	m = match(old + 1, 2, now + 1, 3);
	is_alone(&m, 0, "IP address and name are those of several");
	is_pair(&m, 1, 2, "IP address and name");
	t_is(m.site, "");
}

/* What is matched by MAC is nobody's match by name. */
static void rounds(void **state)
{
	struct mst_rekey_device old[] = {
	    D("s/1", "plc", "", "", "10.0.0.1"),
	    D("s/2", "plc", "", MAC("02"), "10.0.0.1"),
	};
	struct mst_rekey_device now[] = {
	    D("c/1", "plc", "A", MAC("02"), "10.0.0.1"),
	    D("c/2", "plc", "A", "", "10.0.0.1"),
	};
	struct mst_rekey_match m = match(old, 2, now, 2);

	(void)state;
	is_pair(&m, 1, 0, "MAC address");
	is_pair(&m, 0, 1, "IP address and name");
	m = match(old, 0, now, 2);
	m = match(old, 2, now, 0);
	is_alone(&m, 0, "no device of the console");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(by_mac),
	    cmocka_unit_test(not_by_doubtful_macs),
	    cmocka_unit_test(by_address_and_name),
	    cmocka_unit_test(rounds),
	};

	return cmocka_run_group_tests_name("rekey", tests, NULL, NULL);
}
