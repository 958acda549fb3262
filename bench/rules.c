/* SPDX-License-Identifier: Apache-2.0
 *
 * rules.cost: the delta pass over an unchanged estate with twenty custom
 * mappings and without, by turns in one process over the same files. Each has
 * a RecVer of its own that holds what it delivers.
 */
#include <stdlib.h>
#include <time.h>

#include "base/file.h"
#include "bench/data.h"
#include "bench/engine.h"

/* Ten on devices, ten on CVE rows: what a CMDB team writes. Of the latter
 * three look at what differs in every row (the CVE, the update's number). */
static const char yaml[] =
    "connections:\n"
    "  - name: bench\n"
    "    type: endpoint\n"
    "    lookup:\n"
    "      sites: [\"PC=Workplaces\", \"SRV=Data centre\"]\n"
    "      health: [\"Active=ok\", \"Inactive=silent\"]\n"
    "      teams: [\"microsoft=Client\", \"google=Browser\", "
    "\"mozilla=Browser\", \"oracle=Middleware\"]\n"
    "      risk: [\"Low=4\", \"Medium=3\", \"High=2\", "
    "\"Critical=1\"]\n"
    "    mappings:\n"
    "      devices:\n"
    "        u_site: lookup(sites, capture(computerDnsName, '^([a-z]+)-'))\n"
    "        u_label: concat(lower(computerDnsName), ' / ', osPlatform)\n"
    "        u_family: if(starts(osPlatform, 'Windows'), 'Windows', "
    "'other')\n"
    "        u_network: capture(lastIpAddress, '^(\\d+\\.\\d+)\\.')\n"
    "        u_build: coalesce(osBuild, version, 'unknown')\n"
    "        u_since: date(firstSeen, '%Y-%m')\n"
    "        u_health: lookup(health, healthStatus, 'unknown')\n"
    "        u_bits: replace(osArchitecture, '-bit', '')\n"
    "        u_tags: join(', ', field('machineTags'))\n"
    "        u_owner: default(field('managedBy'), 'operations')\n"
    "      device_vulnerabilities:\n"
    "        u_title: concat(cveId, ' in ', softwareName)\n"
    "        u_year: capture(cveId, '^CVE-(\\d{4})-')\n"
    "        u_update: coalesce(recommendedSecurityUpdateId, 'none')\n"
    "        u_vendor: upper(softwareVendor)\n"
    "        u_product: lower(concat(softwareVendor, ':', softwareName))\n"
    "        u_major: capture(softwareVersion, '^(\\d+)')\n"
    "        u_team: lookup(teams, softwareVendor, 'Desktop')\n"
    "        u_priority: if(ge(cvssScore, 9), 'P1', "
    "if(ge(cvssScore, 7), 'P2', 'P3'))\n"
    "        u_risk: lookup(risk, vulnerabilitySeverityLevel)\n"
    "        u_exploited: if(eq(exploitabilityLevel, 'NoExploit'), 'no', "
    "'yes')\n";

/* Processor time of this process: what others do on the machine counts less. */
static double cpu_now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* With and without. */
struct side {
	struct mst_job job;
	struct mst_recver *recver;
	double best;
	uint64_t changes;
};

static bool open_side(struct bench *b, struct side *s, const char *name,
		      const struct mst_conf *settings)
{
	char *path MST_CLEANUP(mst_freep) =
	    mst_asprintf("%s/%s.db", b->dir, name);
	const struct mst_recver_ops *ops = mst_recver_find("sqlite");
	const struct mst_recver_conf at = {.path = path};
	struct mst_err err = MST_ERR_INIT;

	s->best = 1e9;
	return (bench_make_job(&s->job, NULL, settings, &err) == 0 &&
		ops->open(&at, "bench", true, &s->recver, &err) == 0) ||
	       bench_fail(&err);
}

static bool pass(struct bench *b, struct side *s, const struct mst_spool *spool,
		 bool load)
{
	struct mst_delta *d = mst_alloc(sizeof(*d));
	struct mst_err err = MST_ERR_INIT;
	double from, took;
	bool ok;

	bench_delta_init(d, &s->job, spool, s->recver);
	d->dir = b->dir;
	d->threads = load ? 2 : 1;
	from = cpu_now();
	ok = mst_delta_run(d, &err) == 0;
	took = cpu_now() - from;
	if (ok && load)
		ok = bench_commit(d, &err) == 0;
	else
		s->best = MST_MIN(s->best, took);
	s->changes = 0;
	for (size_t i = 0; i < d->sets_n; i++)
		s->changes += d->sets[i].changes.recs_n;
	mst_delta_fini(d);
	free(d);
	return ok || bench_fail(&err);
}

static bool compare(struct bench *b, void *p, double out[8])
{
	const struct mst_source_ops *ops = mst_source_find("endpoint");
	struct mst_err err = MST_ERR_INIT;
	struct side plain = {0}, custom = {0};
	struct mst_spool spool;
	struct mst_conf conf;
	bool ok;

	if (mst_conf_read(mst_slice_str(yaml), "bench", &conf, &err) < 0 ||
	    mst_spool_open(&spool, ops, p, true, &err) < 0)
		return bench_fail(&err);
	ok = open_side(b, &plain, "plain", NULL) &&
	     open_side(b, &custom, "custom", &conf) &&
	     pass(b, &plain, &spool, true) && pass(b, &custom, &spool, true);
	for (uint64_t i = bench_env("ROUNDS", 5); ok && i > 0; i--)
		ok = pass(b, &plain, &spool, false) &&
		     pass(b, &custom, &spool, false);
	out[0] = custom.best;
	out[1] = custom.best / plain.best;
	out[2] = (double)(plain.changes + custom.changes);
	out[3] = (double)bench_rss();
	return ok;
}

bool bench_rules(struct bench *b)
{
	char *dir MST_CLEANUP(mst_freep) = mst_asprintf("%s/rules", b->dir);
	struct bench_data data = {dir, b->rows, b->devices, 0};
	struct bench_line line = BENCH_LINE_INIT;
	struct mst_err err = MST_ERR_INIT;
	double out[8];
	bool ok = bench_child(bench_estate, b, &data, out) &&
		  bench_child(compare, b, dir, out);

	(void)mst_dir_remove(dir, &err);
	if (!ok)
		return false;
	line.name = "rules.cost";
	line.rows = b->rows;
	line.seconds = out[0];
	line.ratio = out[1];
	line.writes = (int64_t)out[2];
	line.rss = (uint64_t)out[3];
	bench_print(&line);
	return true;
}
