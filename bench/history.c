/* SPDX-License-Identifier: Apache-2.0
 *
 * api.history.*: pages of the runs out of 100,000, with their counts per record
 * set, asked as api.list is, but each page is another one, so none has been
 * kept. Rows are requests.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/served.h"

#define RUNS	 100000
#define REQUESTS 10000
#define PAGES	 997 /* more than are kept */

/* A run a minute of one of twenty jobs, six record sets each. */
static const char fill[] =
    "BEGIN;"
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n"
    " WHERE i<100000)"
    " INSERT INTO run(job, started_us, ended_us, status, error, read, writes,"
    " requests, proof) SELECT 'job' || (i%20), 1700000000000000+i*60000000,"
    " 1700000030000000+i*60000000,"
    " CASE WHEN i%97=0 THEN 3 WHEN i%11=0 THEN 2 ELSE 1 END, '', 2000000, 512,"
    " 77, '{}' FROM n;"
    "INSERT INTO run_set(run, name, read, new, changed, retired, deleted,"
    " closed, reopened, unchanged, refused, skipped, requests, us)"
    " SELECT run.id, s.value, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 FROM run,"
    " json_each('[\"devices\",\"software\",\"users\",\"cves\",\"links\","
    "\"alerts\"]') s WHERE run.job<>'main';"
    "COMMIT";

static const struct ways {
	const char *name, *path; /* with the run that it goes on before */
	int64_t from, to;
} ways[] = {
    {"api.history.first", "/api/v1/runs?limit=50&after=", RUNS, RUNS},
    {"api.history.middle", "/api/v1/runs?limit=50&after=", RUNS / 2, RUNS / 2},
    {"api.history.job", "/api/v1/runs?job=job7&limit=50&after=", 20000, RUNS},
    {"api.history.status", "/api/v1/runs?status=failed&limit=50&after=", 20000,
     RUNS},
    {"api.history.both",
     "/api/v1/runs?job=job7&status=failed&limit=50&after=", RUNS, RUNS},
    {"api.history.one", "/api/v1/runs/", 20000, RUNS},
};

struct asking {
	char (*requests)[512];
	uint64_t n;
};

static bool ask(const struct served *v, void *arg)
{
	const struct asking *a = arg;

	return served_ask(mst_api_port(v->api), a->requests, PAGES, a->n);
}

/* Another page each: somewhere between from and to, or close below. */
static void write_requests(const struct served *v, const struct ways *w,
			   char (*requests)[512])
{
	char path[256];

	for (int64_t i = 0; i < PAGES; i++) {
		(void)snprintf(path, sizeof(path), "%s%lld", w->path,
			       (long long)(w->from -
					   (w->from == w->to ? i : 0) +
					   (w->to - w->from) / PAGES * i));
		served_get(v, path, requests[i]);
	}
}

static bool put_runs(const struct served *v)
{
	char *path = mst_asprintf("%s/state.db", v->dir), *why = NULL;
	sqlite3 *h = NULL;
	bool ok = sqlite3_open(path, &h) == SQLITE_OK &&
		  sqlite3_exec(h, fill, NULL, NULL, &why) == SQLITE_OK;

	if (!ok)
		(void)fprintf(stderr, "bench: %s\n", why ? why : path);
	sqlite3_free(why);
	sqlite3_close(h);
	free(path);
	return ok;
}

static bool history_case(struct bench *b, void *arg, double out[8])
{
	char(*requests)[512] = mst_alloc(PAGES * sizeof(*requests));
	struct mst_err err = MST_ERR_INIT;
	struct served v = {0};
	bool ok;

	(void)arg;
	served_cores();
	bench_one_core();
	if (served_open(&v, b, "history", 1, 100, &err) < 0)
		return served_fail(&err);
	ok = put_runs(&v);
	for (size_t i = 0; i < MST_LEN(ways) && ok; i++) {
		struct asking warm = {requests, PAGES},
			      all = {requests, REQUESTS};
		double from;

		write_requests(&v, &ways[i], requests);
		ok = served_child(ask, &v, &warm);
		from = bench_now();
		ok = ok && served_child(ask, &v, &all);
		out[i] = bench_now() - from;
	}
	out[7] = (double)bench_rss();
	served_close(&v);
	free(requests);
	return ok;
}

bool bench_history(struct bench *b)
{
	double out[8];

	if (!bench_child(history_case, b, NULL, out))
		return false;
	for (size_t i = 0; i < MST_LEN(ways); i++) {
		struct bench_line l = BENCH_LINE_INIT;

		l.name = ways[i].name;
		l.rows = REQUESTS;
		l.seconds = out[i];
		l.rss = (uint64_t)out[7];
		bench_print(&l);
	}
	return true;
}
