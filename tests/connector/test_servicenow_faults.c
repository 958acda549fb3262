/* SPDX-License-Identifier: Apache-2.0
 *
 * Seeded mixtures of every fault that an answer can have. Whatever happens:
 * one verdict for each change, APPLIED and UNCHANGED are true, nothing is
 * there twice, and a second, quiet run brings what is missing.
 */
#include "sn_apps.h"

#include <stdio.h>
#include <string.h>

#include "net/retry.h"

#define DEVICES 12
#define ROWS	90
#define LINKS	60
#define CVES	40

static uint64_t seed;

static bool chance(int percent)
{
	return mst_retry_jitter(&seed, 99) < percent;
}

/* A sub-request goes wrong, sometimes after it was carried out. */
static bool sub_faults(struct fake *f, struct fake_sub *s)
{
	bool (*self)(struct fake *, struct fake_sub *) = f->on_sub;
	static const int statuses[] = {202, 429, 500, 502, 503, 504};

	if (!chance(f->n))
		return false;
	if (chance(20)) {
		s->unserviced = true;
		return true;
	}
	if (chance(50) && strcmp(s->method, "GET") != 0) {
		f->on_sub = NULL;
		fake_serve_sub(f, s); /* carried out … */
		f->on_sub = self;
		mst_buf_reset(&s->out);
	} else if (chance(30) && strcmp(s->method, "GET") == 0) {
		s->status = 200; /* a list that breaks off */
		mst_buf_add_slice(&s->out,
				  t_data("servicenow/list-cut-short.txt"));
		return true;
	}
	s->status = statuses[mst_retry_jitter(&seed, MST_LEN(statuses) - 1)];
	if (s->status == 429 && s->out.n == 0 && strcmp(s->method, "GET") != 0)
		s->status = 500; /* … and a 429 says it was not */
	return true;
}

static bool call_faults(struct fake *f, unsigned call, const struct mst_req *q,
			struct mst_resp *r, struct mst_buf *out)
{
	if (!chance(f->n))
		return false;
	if (chance(60)) { /* carried out, and the answer is lost */
		if (strstr(q->url, "/v1/batch"))
			fake_serve_batch(f, q, out);
		else
			fake_serve_ire(f, q, r, out);
	}
	switch (mst_retry_jitter(&seed, 4)) {
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
	case 2:
		out->n /= 2;
		break;
	case 3:
		r->status = 504;
		mst_buf_reset(out);
		mst_buf_adds(out, "<html>Gateway Timeout</html>");
		r->content_type = "text/html";
		break;
	default:
		r->status = 500;
		mst_buf_reset(out);
		mst_buf_adds(out, "{\"error\":{\"message\":\"Transaction "
				  "cancelled: maximum execution time "
				  "exceeded\",\"detail\":\"\"}}");
		break;
	}
	return true;
}

static const char *item_faults(struct fake *f, bool dry, struct mst_json item,
			       const char **message_r)
{
	static const char *const codes[] = {"LOCK_TIMEOUT", "ABANDONED"};

	*message_r = "another time";
	return chance(f->n / 2) ? codes[mst_retry_jitter(&seed, 1)] : NULL;
}

/* ---- one run ----------------------------------------------------------- */

static uint64_t one(struct fake *f, const char *set, unsigned i, bool again)
{
	struct fake_change c = {
	    .action = MST_INSERT, .may_exist = again, .unsure = again};
	char key[32], name[32], ref[33];

	snprintf(key, sizeof(key), "k%u", i);
	snprintf(name, sizeof(name), "n%u", i);
	snprintf(ref, sizeof(ref), "%032x", 0xa00 + i);
	c.key = key;
	c.parent = fake_nr(0xd00 + i % 3);
	if (strcmp(set, "devices") == 0)
		return fake_offer(f, set, c, "name", name, "os", "Linux",
				  "manufacturer", i % 2 ? "Dell" : "DELL Inc.",
				  "correlation_id", key, "discovery_source",
				  "muster", NULL);
	if (strcmp(set, "software_installs") == 0)
		return fake_offer(f, set, c, "name", name, "software", ref,
				  NULL);
	if (strcmp(set, "vulnerabilities") == 0)
		return fake_offer(f, set, c, "u_cve_id", key, "u_name", name,
				  NULL);
	return fake_offer(f, set, c, "u_key", key, "u_cve", ref,
			  "u_software_name", name, NULL);
}

static const struct {
	const char *set, *table;
	unsigned n;
} plan[] = {
    {"devices", "cmdb_ci_computer", DEVICES},
    {"software_installs", "cmdb_software_instance", LINKS},
    {"vulnerabilities", "u_muster_cve", CVES},
    {"device_vulnerabilities", "u_muster_cve_instance", ROWS},
};

static bool is_good(const struct fake *f, uint64_t change)
{
	enum mst_verdict_kind k = fake_verdict(f, change)->v.kind;

	return k == MST_VERDICT_APPLIED || k == MST_VERDICT_UNCHANGED;
}

/* A good verdict names the row that is there. */
static void check(struct fake *f, const char *table, unsigned i,
		  uint64_t change)
{
	char name[32], hex[33];
	struct fake_row *row;

	if (!is_good(f, change))
		return;
	mst_sysid_hex(&fake_verdict(f, change)->v.remote, hex);
	row = fake_find(f, table, "sys_id", hex);
	assert_non_null(row);
	snprintf(name, sizeof(name), "n%u", i);
	assert_true(!strcmp(fake_get(row, "name"), name) ||
		    !strcmp(fake_get(row, "u_name"), name) ||
		    !strcmp(fake_get(row, "u_software_name"), name));
	/* Only an insert brings it: no CI may be left without. */
	if (strcmp(table, "cmdb_ci_computer") == 0) {
		snprintf(name, sizeof(name), "k%u", i);
		t_is(mst_slice_str(fake_get(row, "correlation_id")), name);
	}
}

/* False when the run ended early with an error. */
static bool run(struct fake *f, bool again, bool *all_good_r)
{
	uint64_t c[128];
	int rc = 0;

	*all_good_r = true;
	for (size_t p = 0; p < MST_LEN(plan) && rc >= 0; p++) {
		rc = mst_dest_servicenow.begin(f->d, fake_set(plan[p].set),
					       &f->err);
		if (rc < 0)
			break;
		for (unsigned i = 0; i < plan[p].n; i++)
			c[i] = one(f, plan[p].set, i, again);
		mst_dest_servicenow.end(f->d);
		rc = fake_pump(f);
		for (unsigned i = 0; i < plan[p].n; i++) {
			check(f, plan[p].table, i, c[i]);
			*all_good_r = *all_good_r && is_good(f, c[i]);
		}
	}
	return rc >= 0;
}

static void reopen(struct fake *f)
{
	mst_dest_servicenow.close(&f->d);
	f->verdicts_n = f->requests_n = f->subs_n = 0;
	fake_open(f);
}

static void one_seed(unsigned n, const char *write_mode)
{
	struct fake *f = fake_new();
	bool good;

	fake_setting(f, "write_mode", write_mode);
	seed = n;
	f->newest_first = n % 2;
	f->conf.workers = 1 + n % 4;
	f->conf.ire_items = 1 + n % 7;
	f->n = (int)(5 + n % 40); /* percent of what goes wrong */
	f->on_sub = sub_faults;
	f->on_call = call_faults;
	f->on_item = item_faults;
	fake_open(f);
	if (!run(f, false, &good)) {
		assert_true(f->err.code != MST_OK && f->err.msg[0]);
		assert_true(f->err.code != MST_E_INTERNAL);
	}
	/* The next run, on a quiet day. */
	f->on_sub = NULL;
	f->on_call = NULL;
	f->on_item = NULL;
	mst_err_clear(&f->err);
	reopen(f);
	assert_true(run(f, true, &good));
	assert_true(good);
	for (size_t p = 0; p < MST_LEN(plan); p++)
		assert_int_equal(fake_count(f, plan[p].table), plan[p].n);
	assert_int_equal(fake_count(f, "core_company"), 1);
	/* And one more finds nothing to do. */
	reopen(f);
	assert_true(run(f, true, &good));
	for (size_t i = 0; i < f->verdicts_n; i++)
		assert_int_equal(f->verdicts[i].v.kind, MST_VERDICT_UNCHANGED);
	assert_int_equal(fake_asked(f, "POST") + fake_asked(f, "PUT"), 0);
	fake_free(f);
}

static void test_seeds(void **state)
{
	for (unsigned n = 1; n <= 160; n++)
		one_seed(n, "ire");
	for (unsigned n = 1; n <= 80; n++)
		one_seed(n, "table");
	(void)state;
}

/* ---- people ------------------------------------------------------------ */

#define PEOPLE 90
#define ASKED  250

/* Another one's row about the same two is there before. */
static void owned(struct fake *f)
{
	const char *owns =
	    fake_get(fake_find(f, RELATION, "name", "Owns"), "sys_id");
	char app[33], user[33];

	for (unsigned i = 0; i < PEOPLE; i += 3) {
		snprintf(app, sizeof(app), "%032x", 0xa00 + i % 4);
		snprintf(user, sizeof(user), "%032x", 0xb00 + i);
		fake_add(f, PERSON, "ci", app, "user", user, "type", owns,
			 NULL);
	}
}

/* False when the run ended early. */
static bool relate(struct fake *f, bool again, bool *all_good_r)
{
	uint64_t c[PEOPLE];
	char user[33];
	bool whole;

	fake_begin(f, USERS);
	for (unsigned i = 0; i < PEOPLE; i++) {
		snprintf(user, sizeof(user), "%032x", 0xb00 + i);
		c[i] = fake_offer(
		    f, USERS,
		    (struct fake_change){.action = MST_INSERT,
					 .key = user,
					 .parent = fake_nr(0xa00 + i % 4),
					 .may_exist = again,
					 .unsure = again},
		    "user", user, "type", "Uses", NULL);
	}
	mst_dest_servicenow.end(f->d);
	whole = fake_pump(f) >= 0;
	*all_good_r = true;
	for (unsigned i = 0; i < PEOPLE; i++)
		*all_good_r = *all_good_r && is_good(f, c[i]);
	return whole;
}

static void restart(struct fake *f)
{
	mst_dest_servicenow.close(&f->d);
	f->verdicts_n = 0;
	mst_err_clear(&f->err);
	f->catalog = &t_apps_catalog;
	fake_open(f);
	t_ok(sn_apps_prepare(f), &f->err);
	f->requests_n = f->subs_n = 0;
}

static void people_seed(unsigned n)
{
	struct fake *f = fake_new();
	bool good;

	seed = n;
	f->catalog = &t_apps_catalog;
	f->newest_first = n % 2;
	f->conf.workers = 1 + n % 4;
	sn_apps_ready(f);
	owned(f);
	f->n = (int)(5 + n % 40);
	f->on_sub = sub_faults;
	f->on_call = call_faults;
	if (!relate(f, false, &good))
		assert_true(f->err.code != MST_OK &&
			    f->err.code != MST_E_INTERNAL);
	f->on_sub = NULL;
	f->on_call = NULL;
	restart(f);
	assert_true(relate(f, true, &good) && good);
	assert_int_equal(fake_count(f, PERSON), PEOPLE + PEOPLE / 3);
	restart(f);
	assert_true(relate(f, true, &good) && good);
	assert_int_equal(fake_asked(f, "POST") + fake_asked(f, "PUT"), 0);
	fake_free(f);
}

static unsigned found[ASKED];

static void on_hit(void *ctx, size_t value, const struct mst_sysid *id,
		   bool active, struct mst_slice made)
{
	(void)ctx;
	(void)id;
	(void)active;
	(void)made;
	found[value]++;
}

/* Everybody once, or it says that this is not everybody. */
static void find_seed(unsigned n)
{
	struct fake *f = fake_new();
	struct mst_slice values[ASKED];
	struct mst_find find = {.table = "sys_user",
				.column = "email",
				.active = "active",
				.values = values,
				.values_n = ASKED,
				.hit = on_hit};
	const char *text;
	int rc;

	seed = n;
	f->newest_first = n % 2;
	f->conf.workers = 1 + n % 4;
	f->conf.batch_max = 1 + n % 30;
	f->n = (int)(n % 40);
	f->on_sub = sub_faults;
	f->on_call = call_faults;
	fake_open(f);
	for (unsigned i = 0; i < ASKED; i++) {
		text = mst_arena_printf(&f->arena, "p%u@example.com", i);
		values[i] = mst_slice_str(text);
		if (i % 4)
			fake_add(f, "sys_user", "email", text, "active", "true",
				 NULL);
	}
	memset(found, 0, sizeof(found));
	t_ok(mst_dest_servicenow.find(f->d, &find, &f->err), &f->err);
	rc = fake_pump(f);
	if (rc < 0)
		assert_true(f->err.code != MST_E_INTERNAL && !find.whole);
	else if (!find.whole)
		assert_true(*find.why);
	for (unsigned i = 0; i < ASKED; i++)
		assert_true(find.whole ? found[i] == (i % 4 ? 1 : 0)
				       : found[i] <= 1);
	fake_free(f);
}

static void test_people(void **state)
{
	(void)state;
	for (unsigned n = 1; n <= 80; n++)
		people_seed(n);
	for (unsigned n = 1; n <= 80; n++)
		find_seed(n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_seeds, t_log_watch,
					    t_log_check),
	    cmocka_unit_test_setup_teardown(test_people, t_log_watch,
					    t_log_check),
	};

	return cmocka_run_group_tests_name("servicenow faults", tests, NULL,
					   NULL);
}
