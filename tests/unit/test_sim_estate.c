/* SPDX-License-Identifier: Apache-2.0
 *
 * The simulated estate: same seed same estate, the oddities are in it, time
 * moves it within its limits.
 */
#include "lib/t.h"

#include <stdio.h>

#include "base/map.h"
#include "sim/estate.h"

/* Everything that the rows say, as one number. */
struct sum {
	uint64_t h, rows, cves, null_cve, fixed, repeats;
	const char *last_key;
};

static bool add_vuln(void *ctx, const struct est_vuln *r)
{
	struct sum *s = ctx;
	char text[2048];
	int n = snprintf(text, sizeof(text), "%s|%s|%s|%s|%s|%s|%s|%u",
			 r->dev->id, r->product->vendor, r->product->name,
			 r->version, r->fact ? r->fact->id : "", r->first_seen,
			 r->last_seen, r->disk_n);

	s->h = mst_hash64(text, (size_t)n, s->h);
	for (unsigned i = 0; i < r->disk_n; i++)
		s->h = mst_hash64(r->disk[i], strlen(r->disk[i]), s->h);
	s->rows++;
	s->cves += r->fact && !r->fixed;
	s->null_cve += !r->fact;
	s->fixed += r->fixed;
	return true;
}

static struct sum sum_of(const struct sim_estate *e)
{
	struct sum s = {0};

	for (size_t i = 0; i < e->devices_n; i++)
		for (unsigned p = 0; p < 2; p++)
			sim_estate_vulns(e, &e->devices[i], p, 0, add_vuln, &s);
	return s;
}

static void same_seed(void **state)
{
	struct sim_estate *a = sim_estate_new(7, 120, 9000, false);
	struct sim_estate *b = sim_estate_new(7, 120, 9000, false);
	struct sim_estate *c = sim_estate_new(8, 120, 9000, false);

	(void)state;
	for (unsigned day = 0; day < 5; day++) {
		assert_int_equal(sum_of(a).h, sum_of(b).h);
		sim_estate_day(a, day + 1);
		sim_estate_day(b, day + 1);
	}
	assert_int_not_equal(sum_of(a).h, sum_of(c).h);
	sim_estate_free(&a);
	sim_estate_free(&b);
	sim_estate_free(&c);
}

static void enough_rows(void **state)
{
	static const struct {
		unsigned devices;
		uint64_t rows;
	} v[] = {{500, 60000}, {50, 500}, {100, 100000}, {3, 10}};

	(void)state;
	for (size_t i = 0; i < MST_LEN(v); i++) {
		struct sim_estate *e =
		    sim_estate_new(1, v[i].devices, v[i].rows, false);

		assert_true(sim_estate_cve_rows(e) >= v[i].rows);
		sim_estate_free(&e);
	}
}

static void counts_agree(void **state)
{
	struct sim_estate *e = sim_estate_new(3, 60, 6000, false);

	(void)state;
	sim_estate_day(e, 1);
	for (size_t i = 0; i < e->devices_n; i++)
		for (unsigned p = 0; p < 2; p++) {
			const struct est_device *d = &e->devices[i];
			struct sum s = {0}, half = {0};
			uint64_t n = sim_estate_count(e, d, EST_VULN, p);

			sim_estate_vulns(e, d, p, 0, add_vuln, &s);
			assert_int_equal(s.rows, n);
			sim_estate_vulns(e, d, p, n / 2, add_vuln, &half);
			assert_int_equal(half.rows, n - n / 2);
		}
	sim_estate_free(&e);
}

/* Rows with a CVE are unique but for the repeats that are there on purpose. */
static bool add_key(void *ctx, const struct est_vuln *r)
{
	struct {
		struct mst_map *m;
		struct mst_arena *a;
	} *c = ctx;
	const char *key;

	if (!r->fact || r->fixed)
		return true;
	key = mst_arena_printf(c->a, "%s|%s|%s|%s|%s", r->dev->id,
			       r->product->vendor, r->product->name, r->version,
			       r->fact->id);
	mst_map_put(c->m, mst_slice_str(key), c);
	return true;
}

static void rows_unique(void **state)
{
	struct sim_estate *e = sim_estate_new(5, 200, 40000, false);
	struct mst_map m = {0};
	struct mst_arena a;
	struct {
		struct mst_map *m;
		struct mst_arena *a;
	} c = {&m, &a};

	(void)state;
	mst_arena_init(&a, 1u << 28);
	for (unsigned day = 0; day < 3; day++) {
		uint64_t listed = 0;

		sim_estate_day(e, day);
		mst_map_clear(&m);
		for (size_t i = 0; i < e->devices_n; i++)
			for (unsigned p = 0; e->devices[i].listed && p < 2; p++)
				sim_estate_vulns(e, &e->devices[i], p, 0,
						 add_key, &c);
		listed = sim_estate_cve_rows(e);
		assert_int_equal(m.n, listed);
	}
	mst_map_fini(&m);
	mst_arena_fini(&a);
	sim_estate_free(&e);
}

static void oddities(void **state)
{
	struct sim_estate *e = sim_estate_new(1, 500, 60000, false);
	unsigned merged = 0, null_name = 0, excluded = 0, unlisted = 0;
	unsigned no_mac = 0, zero_mac = 0, v6 = 0, same_phone = 0, unset = 0;
	unsigned null_rbac = 0, servers = 0, phones = 0, blank = 0;
	struct sum s = sum_of(e);

	(void)state;
	for (size_t i = 0; i < e->devices_n; i++) {
		const struct est_device *d = &e->devices[i];

		merged += d->merged_into != NULL;
		null_name += !d->name;
		excluded += d->excluded != NULL;
		unlisted += !d->listed;
		null_rbac += d->rbac < 0;
		servers += (d->platform & EST_SERVER) != 0;
		phones += (d->platform & (EST_IOS | EST_ANDROID)) != 0;
		same_phone += d->name && !strcmp(d->name, "iPhone");
		blank += d->name && strchr(d->name, ' ') != NULL;
		unset += !strncmp(d->first_seen, "0001", 4);
		v6 += d->last_ip && strchr(d->last_ip, ':') != NULL;
		for (unsigned k = 0; k < d->ips_n; k++) {
			no_mac += !d->ips[k].mac;
			zero_mac += d->ips[k].mac &&
				    !strcmp(d->ips[k].mac, "000000000000");
		}
	}
	assert_true(merged && null_name && excluded && unlisted && null_rbac);
	assert_true(servers > 20 && phones > 20 && same_phone > 1 && blank);
	assert_true(no_mac && zero_mac && v6 && unset);
	assert_true(s.null_cve > 0);
	assert_true(s.rows > s.cves + s.null_cve - 1);
	sim_estate_free(&e);
}

/* Day 1 must stay below the share at which a guard would stop the run. */
static void patch_tuesday(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 5; seed++) {
		struct sim_estate *e = sim_estate_new(seed, 300, 30000, false);
		struct mst_map was = {0}, is = {0};
		struct mst_arena a;
		struct {
			struct mst_map *m;
			struct mst_arena *a;
		} c = {&was, &a};
		struct mst_slice key;
		void *v;
		size_t at = 0, closed = 0, fresh = 0, gone = 0;

		mst_arena_init(&a, 1u << 28);
		for (size_t i = 0; i < e->devices_n; i++)
			for (unsigned p = 0; p < 2; p++)
				sim_estate_vulns(e, &e->devices[i], p, 0,
						 add_key, &c);
		sim_estate_day(e, 1);
		c.m = &is;
		for (size_t i = 0; i < e->devices_n; i++) {
			gone += e->devices[i].gone;
			for (unsigned p = 0; p < 2; p++)
				sim_estate_vulns(e, &e->devices[i], p, 0,
						 add_key, &c);
		}
		while (mst_map_next(&was, &at, &key, &v))
			closed += !mst_map_has(&is, key);
		at = 0;
		while (mst_map_next(&is, &at, &key, &v))
			fresh += !mst_map_has(&was, key);
		assert_in_range(closed, was.n / 50, was.n / 4);
		assert_true(fresh > was.n / 50);
		assert_in_range(gone, 1, 300 / 20);
		mst_map_fini(&was);
		mst_map_fini(&is);
		mst_arena_fini(&a);
		sim_estate_free(&e);
	}
}

static void percent(void **state)
{
	struct sim_estate *e = sim_estate_new(2, 100, 20000, false);
	struct sim_estate *f = sim_estate_new(2, 100, 20000, false);

	(void)state;
	sim_estate_change(e, 1);
	assert_int_not_equal(sum_of(e).h, sum_of(f).h);
	assert_int_equal(sum_of(e).rows, sum_of(f).rows);
	sim_estate_change(f, 1);
	assert_int_equal(sum_of(e).h, sum_of(f).h);
	sim_estate_free(&e);
	sim_estate_free(&f);
}

static void by_hand(void **state)
{
	static const char json[] =
	    "{\"devices\":[{\"id\":\"d1\",\"name\":\"pc1\",\"software\":[{"
	    "\"vendor\":\"v\",\"name\":\"n\",\"version\":\"1\",\"cves\":["
	    "\"CVE-2024-38063\",{\"id\":\"CVE-2020-1\",\"cvss\":5.5,"
	    "\"severity\":\"Medium\"}]}]}]}";
	struct sim_estate *e = sim_estate_new(1, 0, 0, true);
	struct mst_err err = MST_ERR_INIT;

	(void)state;
	assert_int_equal(e->devices_n, 0);
	t_ok(sim_estate_hand(e, mst_slice_str(json), &err), &err);
	assert_int_equal(sim_estate_cve_rows(e), 2);
	sim_estate_day(e, 3); /* nothing happens to it */
	assert_int_equal(sim_estate_cve_rows(e), 2);
	t_ok(sim_estate_remove(e, MST_SLICE_LIT("{\"ids\":[\"D1\"]}"), &err),
	     &err);
	assert_int_equal(sim_estate_cve_rows(e), 0);
	t_failed(sim_estate_remove(e, MST_SLICE_LIT("{\"ids\":[\"x\"]}"), &err),
		 &err, MST_E_NOTFOUND, "no device \"x\"");
	t_failed(sim_estate_hand(e, MST_SLICE_LIT("{\"devices\":[{}]}"), &err),
		 &err, MST_E_INVALID, "\"id\"");
	sim_estate_free(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(same_seed),    cmocka_unit_test(enough_rows),
	    cmocka_unit_test(counts_agree), cmocka_unit_test(rows_unique),
	    cmocka_unit_test(oddities),	    cmocka_unit_test(patch_tuesday),
	    cmocka_unit_test(percent),	    cmocka_unit_test(by_hand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
