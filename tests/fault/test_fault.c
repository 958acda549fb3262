/* SPDX-License-Identifier: Apache-2.0
 *
 * The far ends misbehave: every fault of the simulators alone, and seeded
 * mixtures of them. Whatever a run under faults says, it wrote nothing wrong:
 * nothing that the source still shows is retired, deleted or closed. When the
 * faults are over, the next runs put everything right, and one more writes
 * nothing. The argument says which part: "alone" (twice, then never again),
 * "always", "moves_on" (what was written and never heard of), or the first
 * seed of twenty mixtures; of fewer when a server follows, which has RecVer.
 * With "apps_" in front: of cloud apps; with "iot_": of a plant.
 */
#include "tests/lib/sync_rig_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIXTURES	(t_all() ? 40 : 10)
#define SERVER_MIXTURES (T_SANITIZED ? 4 : 12)
#define TRIES		3

static struct rig rig;
static enum rig_source source = RIG_ENDPOINT;
static char *alive_before; /* what the source showed, and shows */
static unsigned first_seed;
static const char *store; /* of RecVer; NULL: a file */
static char *hits;	  /* of the last run's faults */

static void add_fault(const char *host, const char *kind, const char *more)
{
	rig_control(&rig, "POST", "/_sim/faults",
		    "{\"host\":\"%s\",\"kind\":\"%s\"%s%s}", host, kind,
		    *more ? "," : "", more);
}

/* The estate of day 1 over the CMDB of day 0: inserts, updates, closes,
 * deletes and retires are all due. */
static void prepare(void)
{
	char *before, *after, *gone;

	rig_fresh(&rig);
	/* Lets a patch Tuesday of a small estate through, but not an inventory
	 * that comes empty twice, which is taken for an empty one. */
	rig_apply(&rig, NULL, NULL,
		  "    guard:\n      share: 60%\n      count: 20\n");
	(void)rig_sync(&rig, 0);
	before = rig_alive(&rig, "correlation_id");
	(void)rig_differences(&rig); /* the truth takes this sync in */
	rig_control(&rig, "POST", "/_sim/day", "{\"day\":1}");
	rig_control(&rig, "POST", "/_sim/sn/users", "{\"seed\":7}");
	if (alive_before) {
		free(before);
		return;
	}
	/* What of day 0 is still there after a straight day 1. */
	(void)rig_sync(&rig, 0);
	after = rig_alive(&rig, "correlation_id");
	gone = rig_lines_without(before, after);
	alive_before = rig_lines_without(before, gone);
	free(gone);
	free(after);
	free(before);
	prepare();
}

static void nothing_wrong(const char *what)
{
	char *is = rig_alive(&rig, "correlation_id");
	char *lost = rig_lines_without(alive_before, is);

	if (*lost)
		(void)fprintf(stderr, "%s\n%s%s", hits, rig.out.p, rig.err.p);
	if (*lost)
		fail_msg("%s: wrongly retired, deleted or closed:\n%s", what,
			 lost);
	free(is);
	free(lost);
}

/* A run under faults: no crash, no hang, one clear line when it failed. */
static void faulty_run(const char *what)
{
	rig_muster(&rig, "run", "main", "--json");
	if (rig.status != 0 && rig.status != 1 && rig.status != 3 &&
	    rig.status != 4 && rig.status != 6)
		fail_msg("%s: exit status %d: %s%s", what, rig.status,
			 rig.out.p, rig.err.p);
	if (rig.status == 1 || rig.status == 4)
		rig_one_error(&rig);
	rig_control(&rig, "GET", "/_sim/faults", "%s", "");
	free(hits);
	hits = mst_strndup(rig.body.p, rig.body.n);
	rig_control(&rig, "DELETE", "/_sim/faults", "%s", "");
	nothing_wrong(what);
}

/* What a list that came empty leaves behind, and what harms nobody. Without
 * Entra ID's devices the inventory's maker and model stand in until the next
 * run, and this master data stays. Without the software inventory a CVE
 * instance goes without its package, and is not sent again for that alone. A CI
 * that was made by an update, because the answer to the dry run was another's,
 * gets its other columns for inserts later, but ServiceNow takes this one with
 * an insert only. */
static bool is_fine(const char *line)
{
	static const char *const extra[] = {
	    "extra: cmdb_hardware_product_model", "extra: core_company"};
	static const char package[] = ": u_software_package is \"?\"";
	static const char first[] = ": first_discovered is ";
	size_t n = strcspn(line, "\n");

	for (size_t i = 0; i < MST_LEN(extra); i++) {
		if (strncmp(line, extra[i], strlen(extra[i])) == 0)
			return true;
	}
	if (strncmp(line, "wrong: cmdb_ci_", 15) == 0)
		return memmem(line, n, first, sizeof(first) - 1);
	return strncmp(line, "wrong: u_muster_cve_instance", 28) == 0 &&
	       memmem(line, n, package, sizeof(package) - 1);
}

static bool all_fine(void)
{
	const char *p = rig.report.p;

	(void)mst_buf_addc(&rig.report, '\0');
	rig.report.n--;
	/* the last line has the counts */
	for (; *p && strchr(p, '\n')[1]; p = strchr(p, '\n') + 1) {
		if (!is_fine(p))
			return false;
	}
	return true;
}

static void put_right(const char *what)
{
	unsigned i;

	for (i = 0; i < TRIES; i++) {
		rig_muster(&rig, "run", "main", "--json");
		nothing_wrong(what);
		if (rig.status == 0)
			break;
	}
	if (i == TRIES)
		fail_msg("%s: still not done: %s%s", what, rig.out.p,
			 rig.err.p);
	if (rig_differences(&rig) && !all_fine()) {
		(void)fprintf(stderr, "%s\n%.*s", hits, (int)rig.report.n,
			      rig.report.p);
		fail_msg("%s: the CMDB is not what it should be", what);
	}
	rig_quiet(&rig);
}

/* ---- alone --------------------------------------------------------------- */

static const char *const kinds[] = {
    "429",	   "429_bare",	  "status_before", "status_after",
    "drop_before", "drop_after",  "202",	   "truncated",
    "html",	   "reset",	  "wrong_length",  "bad_gzip",
    "short_gzip",  "empty_body",  "empty_page",	   "repeat_page",
    "short_page",  "expired_sas", "expired_token", "revoked",
    "false_404",   "slow",	  "clock_skew",	   "skiptoken_death",
};

static const char *const hosts[] = {"login", "servicenow", "graph", "api",
				    "blob"};

/* Cloud apps come from the first three, a plant from none of them but
 * ServiceNow. */
static size_t hosts_n(void)
{
	return rig.source == RIG_CLOUDAPPS ? 3
	       : rig.source == RIG_IOT	   ? 2
					   : MST_LEN(hosts);
}

static const char *host_at(size_t i)
{
	if (rig.source == RIG_IOT)
		return i ? "iot" : "servicenow";
	return hosts[i];
}

/* All of the endpoint; what other sources do at the same faults is the same
 * code. */
static void each_alone(void **state)
{
	size_t step = t_all()			   ? 1
		      : T_SANITIZED		   ? 3
		      : rig.source == RIG_ENDPOINT ? 1
						   : 2;
	char what[100];

	(void)state;
	for (size_t h = 0; h < hosts_n(); h++) {
		for (size_t k = h % step; k < MST_LEN(kinds); k += step) {
			(void)snprintf(what, sizeof(what), "%s %s", host_at(h),
				       kinds[k]);
			prepare();
			add_fault(host_at(h), kinds[k],
				  "\"nth\":2,\"count\":2,\"retry_after\":0,"
				  "\"delay_ms\":1");
			faulty_run(what);
			put_right(what);
		}
	}
}

/* For as long as the run lasts, from the first request on. */
static void each_for_ever(void **state)
{
	char what[100];

	(void)state;
	/* every second one of each host: alone, each has its turn */
	for (size_t h = 0; h < hosts_n(); h++) {
		for (size_t k = h % 2; k < MST_LEN(kinds); k += 2) {
			(void)snprintf(what, sizeof(what), "always %s %s",
				       host_at(h), kinds[k]);
			prepare();
			add_fault(host_at(h), kinds[k],
				  "\"retry_after\":0,\"delay_ms\":1");
			faulty_run(what);
			put_right(what);
		}
	}
}

/* ---- the source moves on --------------------------------------------------
 */

/* Writes land, but their answers are lost until the run gives up; then the
 * source no longer shows some of what was written. Nothing of it stays. */
static void lost_and_moved_on(const char *kind, unsigned nth, const char *want)
{
	char what[100], more[80], *is, *left, *lost;

	(void)snprintf(what, sizeof(what), "%s from the %u. on", kind, nth);
	(void)snprintf(more, sizeof(more),
		       "\"path\":\"batch\",\"nth\":%u,\"delay_ms\":1", nth);
	rig_fresh(&rig);
	add_fault("servicenow", kind, more);
	rig_muster(&rig, "run", "main", "--json");
	rig_control(&rig, "DELETE", "/_sim/faults", "%s", "");
	rig_control(&rig, "POST", "/_sim/day", "{\"day\":1}");
	for (unsigned i = 0; i < TRIES; i++) {
		rig_muster(&rig, "run", "main", "--json");
		if (rig.status == 0)
			break;
	}
	rig_status(&rig, 0);
	is = rig_alive(&rig, "name");
	left = rig_lines_without(is, want);
	lost = rig_lines_without(want, is);
	if (*left || *lost)
		fail_msg("%s: left behind:\n%slost:\n%s", what, left, lost);
	rig_quiet(&rig);
	free(is);
	free(left);
	free(lost);
}

static void moves_on(void **state)
{
	static const char *const losing[] = {
	    "drop_after", "status_after", "reset", "wrong_length", "truncated"};
	char *want;

	(void)state;
	rig_fresh(&rig);
	rig_control(&rig, "POST", "/_sim/day", "{\"day\":1}");
	(void)rig_sync(&rig, 0);
	want = rig_alive(&rig, "name");
	for (size_t k = 0; k < MST_LEN(losing); k++) {
		for (unsigned nth = 8; nth <= 12; nth += 2)
			lost_and_moved_on(losing[k], nth, want);
	}
	free(want);
}

/* ---- mixtures ------------------------------------------------------------ */

static uint64_t mix(uint64_t *s)
{
	uint64_t z = *s += 0x9e3779b97f4a7c15ull;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

static void add_some(uint64_t *s)
{
	unsigned n = 2 + (unsigned)(mix(s) % 4);
	char more[160];

	for (unsigned i = 0; i < n; i++) {
		const char *host = host_at(mix(s) % hosts_n());
		const char *kind = kinds[mix(s) % MST_LEN(kinds)];
		unsigned percent = 5 + (unsigned)(mix(s) % 45);

		(void)snprintf(more, sizeof(more),
			       "\"probability\":0.%02u,\"seed\":%llu,"
			       "\"retry_after\":0,\"delay_ms\":1",
			       percent, (unsigned long long)(mix(s) >> 1));
		add_fault(host, kind, more);
	}
}

static void mixture(unsigned seed)
{
	uint64_t s = seed;
	char what[40];

	(void)snprintf(what, sizeof(what), "seed %u", seed);
	prepare();
	for (unsigned runs = 1 + (mix(&s) % 3 == 0); runs > 0; runs--) {
		add_some(&s);
		faulty_run(what);
	}
	put_right(what);
}

static void mixtures(void **state)
{
	(void)state;
	for (unsigned i = 0; i < MIXTURES; i++)
		mixture(first_seed + i);
}

/* RecVer is on a server meanwhile. */
static void mixtures_on_server(void **state)
{
	(void)state;
	rig_on(&rig, store);
	for (unsigned i = 0; i < SERVER_MIXTURES; i++)
		mixture(first_seed + i);
}

static int set_up(void **state)
{
	(void)state;
	rig_start_source(&rig, source, NULL);
	/* what ended is only seen by a full read */
	if (source == RIG_IOT)
		rig.recver = "    full_read: 0s\n";
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	rig_stop(&rig);
	free(alive_before);
	free(hits);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest alone[] = {
	    cmocka_unit_test(each_alone),
	};
	const struct CMUnitTest always[] = {
	    cmocka_unit_test(each_for_ever),
	};
	const struct CMUnitTest moved[] = {
	    cmocka_unit_test(moves_on),
	};
	const struct CMUnitTest mixed[] = {
	    cmocka_unit_test(mixtures),
	};
	const struct CMUnitTest on_server[] = {
	    cmocka_unit_test(mixtures_on_server),
	};
	const char *part = argc > 1 ? argv[1] : "alone";

	if (strncmp(part, "apps_", 5) == 0) {
		source = RIG_CLOUDAPPS;
		part += 5;
	} else if (strncmp(part, "iot_", 4) == 0) {
		source = RIG_IOT;
		part += 4;
	}
	if (strcmp(part, "alone") == 0)
		return cmocka_run_group_tests_name("fault_alone", alone, set_up,
						   tear_down);
	if (strcmp(part, "always") == 0)
		return cmocka_run_group_tests_name("fault_always", always,
						   set_up, tear_down);
	if (strcmp(part, "moves_on") == 0)
		return cmocka_run_group_tests_name("fault_moves_on", moved,
						   set_up, tear_down);
	first_seed = (unsigned)strtoul(part, NULL, 10);
	store = argc > 2 ? argv[2] : NULL;
	if (store)
		return cmocka_run_group_tests_name(store, on_server, set_up,
						   tear_down);
	return cmocka_run_group_tests_name("fault_mixtures", mixed, set_up,
					   tear_down);
}
