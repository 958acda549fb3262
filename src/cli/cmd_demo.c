/* SPDX-License-Identifier: Apache-2.0
 *
 * muster demo: a job for each source on simulators, four runs of each, every
 * one checked against what the simulated estate says by code that shares
 * nothing with the engine (sim/truth.c, sim/verify.c).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/time.h"
#include "cli/cli.h"
#include "cli/demo_attack.h"
#include "cli/demo_serve.h"
#include "sim/sim.h"
#include "sim/verify.h"

static const struct cli_command demo_cmd = {
    "demo", "",
    "Starts simulators of Entra ID, Defender for Endpoint, Graph, Defender for "
    "IoT and\nServiceNow on loopback, and runs for each source: a first load, "
    "the same again, a patch\nTuesday, the same again. After each run the "
    "simulated CMDB is read back and compared\nwith what it should hold. At "
    "last the plant is attacked, and its alerts become\nincidents as they are "
    "raised.",
    cmd_demo};

#define RUNS_MAX 12 /* four of each source */

/* In this order. */
static const struct demo_source {
	const char *type; /* as --source has it */
	const char *job;
	const char *title;
} sources[] = {
    {"endpoint", "demo", "Defender for Endpoint"},
    {"cloudapps", "apps", "Defender for Cloud Apps"},
    {"iot", "plant", "Defender for IoT"},
};

#define IOT 2 /* among them */

struct demo_run {
	const char *label;
	const struct demo_source *source;
	bool again; /* the estate did not move: nothing may be written */
	struct mst_run_counts counts[MST_MAX_SETS];
	const char *sets[MST_MAX_SETS];
	size_t sets_n;
	uint64_t read, applied, refused, skipped, requests, differences;
	double seconds;
	enum mst_run_status status;
};

#define SMALL 50 /* devices; above, no seed comes near the guard's share */

struct demo {
	struct mst_sim *sim;
	bool small; /* one patch Tuesday is more than the guard lets pass */
	bool with[MST_LEN(sources)];
	bool serve; /* the console follows */
	struct mst_state *state;
	char dir[4096];
	struct demo_run runs[RUNS_MAX];
	size_t runs_n;
	struct demo_attack attack;
};

static void say(const char *what)
{
	cli_progress_end();
	if (!cli.quiet) {
		(void)fprintf(stderr, "== %s", what);
		(void)fputc('\n', stderr);
	}
}

/* ---- set up ----- */

static int make_dir(struct demo *d, struct mst_err *err)
{
	const char *tmp = getenv("TMPDIR");

	(void)snprintf(d->dir, sizeof(d->dir), "%s/muster-demo-XXXXXX",
		       tmp && *tmp ? tmp : P_tmpdir);
	if (!mkdtemp(d->dir)) {
		int rc = mst_err_os(err, "%s", d->dir);

		d->dir[0] = 0;
		return rc;
	}
	return 0;
}

static int apply(struct demo *d, struct mst_err *err)
{
	struct mst_buf yaml = MST_BUF_INIT(1u << 20);
	struct mst_state_item items[24];
	struct mst_buf texts[24];
	struct mst_conf conf = {0};
	size_t added, changed, n = 0;
	int rc;

	(void)mst_sim_yaml(d->sim, &yaml);
	(void)demo_attack_yaml(&yaml, d->serve ? demo_port(0) : 0);
	rc = mst_conf_read(mst_buf_slice(&yaml), "demo", &conf, err);
	for (; rc == 0 && n < conf.items_n && n < MST_LEN(items); n++) {
		mst_buf_init(&texts[n], 1u << 20);
		(void)mst_conf_write(&conf.items[n], &texts[n]);
		if (d->serve)
			demo_schedule(&conf.items[n], &texts[n]);
		items[n] = (struct mst_state_item){
		    conf.items[n].kind, conf.items[n].name, conf.items[n].type,
		    texts[n].p};
	}
	if (rc == 0)
		rc = mst_state_put_items(d->state, items, n, &added, &changed,
					 err);
	while (n > 0)
		mst_buf_fini(&texts[--n]);
	mst_conf_fini(&conf);
	mst_buf_fini(&yaml);
	return rc;
}

/* ---- a run ----- */

static void take_counts(struct demo_run *r, const struct mst_session *s)
{
	struct mst_client_stats stats;

	for (size_t i = 0; i < s->delta.sets_n; i++) {
		size_t at = s->delta.order[i];
		const struct mst_run_counts *c = &s->counts[at];

		if (!s->delta.sets[at].selected)
			continue;
		r->counts[r->sets_n] = *c;
		r->sets[r->sets_n++] = s->delta.sets[at].set->name;
		r->read += c->read;
		r->skipped += c->skipped;
	}
	r->applied = s->push.applied;
	r->refused = s->push.refused;
	if (s->dest_client) {
		mst_client_stats(s->dest_client, &stats);
		r->requests += stats.requests;
	}
	if (s->source_client) {
		mst_client_stats(s->source_client, &stats);
		r->requests += stats.requests;
	}
}

static int execute(struct demo *d, struct demo_run *r, struct mst_err *err)
{
	struct mst_run_conf conf = {.job = r->source->job,
				    .approve = d->small,
				    .progress = cli_progress(),
				    .cancel = &cli_cancel};
	struct mst_session *s = mst_alloc(sizeof(*s));
	int64_t from = mst_mono_us();
	int rc = mst_session_open(s, d->state, &conf, true, err);

	if (rc == 0)
		rc = mst_session_read(s, err);
	if (rc == 0)
		rc = mst_session_compare(s, err);
	if (rc == 0)
		rc = mst_session_push(s, err);
	cli_progress_end();
	r->seconds = (double)(mst_mono_us() - from) / 1e6;
	take_counts(r, s);
	r->status = mst_session_close(s, rc < 0 ? err : NULL);
	free(s);
	return rc;
}

static int verify(struct demo *d, struct demo_run *r, struct mst_err *err)
{
	struct mst_buf report = MST_BUF_INIT(16u << 20);
	char body[64];
	int rc;

	(void)snprintf(body, sizeof(body), "{\"source\":\"%s\"}",
		       r->source->type);
	rc = demo_control(d->sim, "/_sim/synced", body, err);
	if (rc == 0)
		rc = sim_verify(d->sim, &report, &r->differences, err);
	if (rc == 0 && r->differences)
		(void)fprintf(stderr, "%s", report.p ? report.p : "");
	mst_buf_fini(&report);
	return rc;
}

static int one_run(struct demo *d, const char *label, bool again,
		   const struct demo_source *source, struct mst_err *err)
{
	struct demo_run *r = &d->runs[d->runs_n++];
	char line[128];

	*r =
	    (struct demo_run){.label = label, .source = source, .again = again};
	(void)snprintf(line, sizeof(line), "%s: %s", label, source->title);
	say(line);
	if (execute(d, r, err) < 0)
		return mst_err_prefix(err, "%s", line);
	return verify(d, r, err);
}

/* One run of each source. day: the estate moves there first; -1: it stays. */
static int stage(struct demo *d, const char *label, int day,
		 struct mst_err *err)
{
	char body[64];

	if (day > 0) {
		(void)snprintf(body, sizeof(body), "{\"day\":%d}", day);
		if (demo_control(d->sim, "/_sim/day", body, err) < 0 ||
		    demo_control(d->sim, "/_sim/sn/users", "{\"seed\":7}",
				 err) < 0)
			return -(int)err->code;
	}
	for (size_t i = 0; i < MST_LEN(sources); i++) {
		if (d->with[i] &&
		    one_run(d, label, day < 0, &sources[i], err) < 0)
			return -(int)err->code;
	}
	return 0;
}

/* ---- what comes out ----- */

static void print_table(const struct demo *d)
{
	struct mst_buf out = MST_BUF_INIT(1u << 20);

	for (size_t i = 0; i < d->runs_n; i++) {
		const struct demo_run *r = &d->runs[i];

		(void)mst_buf_addf(&out,
				   "\n%s, %s: %s, %.1f s, %llu requests, "
				   "%llu records written, %llu "
				   "differences\n",
				   r->label, r->source->title,
				   mst_run_status_name(r->status), r->seconds,
				   (unsigned long long)r->requests,
				   (unsigned long long)r->applied,
				   (unsigned long long)r->differences);
		cli_counts_head(&out);
		for (size_t k = 0; k < r->sets_n; k++)
			cli_counts_row(&out, r->sets[k], &r->counts[k]);
	}
	if (d->with[IOT])
		(void)mst_buf_addf(
		    &out,
		    "\nattack on the plant: %llu alerts, %llu of severity "
		    "Major and above, %llu incidents, %llu doubled, %llu with "
		    "a CI, %.1f s from the first alert to the last incident\n",
		    (unsigned long long)d->attack.n.raised,
		    (unsigned long long)d->attack.n.wanted,
		    (unsigned long long)d->attack.n.found,
		    (unsigned long long)d->attack.n.doubled,
		    (unsigned long long)d->attack.n.linked, d->attack.seconds);
	cli_print(&out);
	mst_buf_fini(&out);
}

static void attack_json(const struct demo_attack *a, struct mst_jout *j)
{
	mst_jout_key(j, "attack");
	mst_jout_obj(j);
	mst_jout_ki64(j, "alerts", (int64_t)a->n.raised);
	mst_jout_ki64(j, "wanted", (int64_t)a->n.wanted);
	mst_jout_ki64(j, "incidents", (int64_t)a->n.found);
	mst_jout_ki64(j, "doubled", (int64_t)a->n.doubled);
	mst_jout_ki64(j, "with_ci", (int64_t)a->n.linked);
	mst_jout_kdbl(j, "seconds", a->seconds);
	mst_jout_end_obj(j);
}

static void print_json(const struct demo *d)
{
	struct mst_buf out = MST_BUF_INIT(1u << 20);
	struct mst_jout j;

	mst_jout_init(&j, &out);
	mst_jout_obj(&j);
	mst_jout_key(&j, "runs");
	mst_jout_arr(&j);
	for (size_t i = 0; i < d->runs_n; i++) {
		const struct demo_run *r = &d->runs[i];

		mst_jout_obj(&j);
		mst_jout_kstr(&j, "label", r->label);
		mst_jout_kstr(&j, "source", r->source->type);
		mst_jout_kstr(&j, "status", mst_run_status_name(r->status));
		mst_jout_ki64(&j, "read", (int64_t)r->read);
		mst_jout_ki64(&j, "applied", (int64_t)r->applied);
		mst_jout_ki64(&j, "refused", (int64_t)r->refused);
		mst_jout_ki64(&j, "skipped", (int64_t)r->skipped);
		mst_jout_ki64(&j, "requests", (int64_t)r->requests);
		mst_jout_ki64(&j, "writes", (int64_t)r->applied);
		mst_jout_kdbl(&j, "seconds", r->seconds);
		mst_jout_ki64(&j, "differences", (int64_t)r->differences);
		mst_jout_key(&j, "record_sets");
		mst_jout_obj(&j);
		for (size_t k = 0; k < r->sets_n; k++) {
			mst_jout_key(&j, r->sets[k]);
			cli_counts_json(&j, &r->counts[k]);
		}
		mst_jout_end_obj(&j);
		mst_jout_end_obj(&j);
	}
	mst_jout_end_arr(&j);
	if (d->with[IOT])
		attack_json(&d->attack, &j);
	mst_jout_end_obj(&j);
	(void)mst_buf_addc(&out, '\n');
	cli_print(&out);
	mst_buf_fini(&out);
}

static bool all_well(const struct demo *d)
{
	bool ok = d->runs_n >= 4;

	for (size_t i = 0; i < d->runs_n; i++) {
		const struct demo_run *r = &d->runs[i];

		ok = ok && r->differences == 0 &&
		     (!r->again || r->applied == 0) && r->status == MST_RUN_OK;
	}
	if (d->with[IOT])
		ok = ok && d->attack.n.wanted > 0 && !d->attack.n.doubled &&
		     d->attack.n.found == d->attack.n.wanted;
	return ok;
}

static void next_steps(const struct demo *d, bool keep)
{
	if (cli.json || cli.quiet)
		return;
	(void)fprintf(stderr, "\nNext:\n"
			      "  muster sim --devices 500     the same "
			      "simulators, to try things on\n"
			      "  muster demo --serve          the console on "
			      "it\n"
			      "  muster update-set            the tables for a "
			      "real ServiceNow\n"
			      "  README.md                    a first real "
			      "connection, step by step\n");
	if (keep)
		(void)fprintf(
		    stderr,
		    "\nThe simulated CMDB is at %s/\nThe demo's state "
		    "is in %s\nStop with Ctrl-C.\n",
		    mst_sim_url(d->sim, MST_SIM_SERVICENOW), d->dir);
	while (keep && !atomic_load(&cli_cancel))
		(void)usleep(100000);
}

/* The console on what the demo left. */
static int console(struct demo *d, int port, int64_t day_ms)
{
	struct mst_err err = MST_ERR_INIT;
	int rc = demo_users(d->state, &err);

	mst_state_close(&d->state);
	if (rc == 0)
		rc = demo_serve(d->sim, d->dir, port, day_ms, d->with[IOT],
				&err);
	return rc < 0 ? cli_fail(&err) : CLI_OK;
}

static int demo(struct demo *d, bool keep)
{
	struct mst_err err = MST_ERR_INIT;
	int rc = apply(d, &err);

	if (rc == 0)
		rc = demo_control(d->sim, "/_sim/truth",
				  "{\"cloudapps\":"
				  "{\"allow_user_synchronization\":true}}",
				  &err);
	if (rc == 0)
		rc = stage(d, "day 0", 0, &err);
	if (rc == 0)
		rc = stage(d, "day 0 again", -1, &err);
	if (rc == 0)
		rc = stage(d, "day 1", 1, &err);
	if (rc == 0)
		rc = stage(d, "day 1 again", -1, &err);
	if (rc == 0 && d->with[IOT]) {
		say("attack on the plant: its alerts are forwarded");
		rc = demo_attack(d->sim, d->state, &d->attack, &err);
	}
	if (cli.json)
		print_json(d);
	else
		print_table(d);
	if (rc < 0)
		return cli_fail(&err);
	if (!all_well(d)) {
		(void)fprintf(stderr, "muster: the demo found differences, "
				      "refusals or writes where none should "
				      "be\n");
		return CLI_FAILED;
	}
	next_steps(d, keep);
	return CLI_OK;
}

/* --source: one of them, or all when it is not given. */
static int choose(struct demo *d, const char *type)
{
	bool any = false;

	for (size_t i = 0; i < MST_LEN(sources); i++) {
		d->with[i] = !type || strcmp(type, sources[i].type) == 0;
		any = any || d->with[i];
	}
	if (!any)
		(void)fprintf(stderr, "muster: --source is endpoint, "
				      "cloudapps or iot; without it all run\n");
	return any ? CLI_OK : CLI_USAGE;
}

int cmd_demo(int argc, char **argv)
{
	uint64_t devices = 500, seed = 1, rows = 0;
	const char *source = NULL;
	uint64_t port = 8080, day = 120;
	bool keep = false;
	struct demo *d = mst_alloc(sizeof(*d));
	const struct cli_opt opts[] = {
	    {"source", "TYPE", "only this source: endpoint, cloudapps or iot",
	     NULL, &source, NULL},
	    {"devices", "N", "size of the estate (500)", NULL, NULL, &devices},
	    {"seed", "S", "another estate (1)", NULL, NULL, &seed},
	    {"cve-rows", "N", "at least so many CVE rows (120 a device)", NULL,
	     NULL, &rows},
	    {"keep", NULL, "leave the simulators running to look at the CMDB",
	     &keep, NULL, NULL},
	    {"serve", NULL,
	     "then the console on it, with users, history and days that pass",
	     &d->serve, NULL, NULL},
	    {"port", "N", "of the console (8080, or a free one)", NULL, NULL,
	     &port},
	    {"day", "SECONDS", "that a day of the estate takes then (120)",
	     NULL, NULL, &day},
	    {0},
	};
	struct mst_sim_conf conf = {0};
	struct mst_err err = MST_ERR_INIT;
	int status;

	if (!cli_parse(&demo_cmd, opts, &argc, &argv, 0, 0, &status)) {
		free(d);
		return status;
	}
	status = choose(d, source);
	if (devices < 1 || devices > 200000) {
		(void)fprintf(stderr, "muster: --devices wants 1 to 200000\n");
		status = CLI_USAGE;
	}
	if (port > 65535 || day < 1 || day > 86400) {
		(void)fprintf(stderr, "muster: --port wants 0 to 65535, --day "
				      "1 to 86400\n");
		status = CLI_USAGE;
	}
	if (status != CLI_OK) {
		free(d);
		return status;
	}
	if (!cli.verbose && !cli.quiet)
		mst_log_level(MST_WARN);
	conf.devices = (unsigned)devices;
	conf.seed = seed;
	conf.cve_rows = rows;
	d->small = devices < SMALL;
	/* Whatever store is in use here: the demo has its own. */
	(void)setenv("MUSTER_STORE", "sqlite", 1);
	(void)setenv("MUSTER_SIM_SECRET", MST_SIM_SECRET, 1);
	(void)setenv("MUSTER_SIM_PASSWORD", MST_SIM_PASSWORD, 1);
	(void)setenv("MUSTER_SIM_IOT_TOKEN", MST_SIM_IOT_TOKEN, 1);
	if (make_dir(d, &err) < 0 || mst_sim_start(&conf, &d->sim, &err) < 0 ||
	    mst_state_open(d->dir, &d->state, &err) < 0)
		status = cli_fail(&err);
	else
		status = demo(d, keep && !d->serve);
	if (status == CLI_OK && d->serve)
		status = console(d, demo_port((int)port), (int64_t)day * 1000);
	mst_state_close(&d->state);
	if (d->sim)
		mst_sim_stop(&d->sim);
	if (d->dir[0] && mst_dir_remove(d->dir, &err) < 0)
		mst_warn("%s not removed, ignoring: %s", d->dir, err.msg);
	free(d);
	return status;
}
