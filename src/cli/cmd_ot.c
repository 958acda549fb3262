/* SPDX-License-Identifier: Apache-2.0
 *
 * muster ot rekey: moving what sensors delivered to their console's keys.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/cli.h"
#include "rekey/rekey.h"

static const struct cli_command ot_cmd = {
    "ot", "rekey JOB --from CONNECTION",
    "Moves what the job of a sensor delivered to the ids of its management "
    "console, which JOB\nreads: devices are matched by MAC address, then by IP "
    "address and name within the site.\nOwner, Location, CVE instances and "
    "the configuration items of incidents stay. Shows what\nit would write "
    "and asks first. With --clear, what is not matched goes as if the sensor\n"
    "showed nothing any more. Exit status 3 when something was refused.",
    cmd_ot};

#define SHOWN 50 /* of those that move, of those that stay */

struct wishes {
	const char *from;
	bool clear, yes, all, approve;
};

/* ---- what it would do ---------------------------------------------------- */

static void show_devices(struct mst_buf *out, const struct mst_rekey *r,
			 bool all)
{
	size_t shown = 0, left = 0;

	for (size_t i = 0; i < r->pairs_n; i++) {
		const struct mst_rekey_pair *p = &r->pairs[i];

		if (shown++ >= SHOWN && !all) {
			left++;
			continue;
		}
		(void)mst_buf_addf(out, "move   %.*s -> %.*s  %.*s (%s)\n",
				   MST_SLICE_ARG(p->old), MST_SLICE_ARG(p->now),
				   MST_SLICE_ARG(p->name), p->by);
	}
	for (size_t i = 0; i < r->match.old_n; i++) {
		const struct mst_rekey_device *d = &r->match.old[i];

		if (d->other != MST_REKEY_NOBODY)
			continue;
		if (shown++ >= 2 * SHOWN && !all) {
			left++;
			continue;
		}
		(void)mst_buf_addf(out, "stays  %.*s  %.*s: %s\n",
				   MST_SLICE_ARG(d->key),
				   MST_SLICE_ARG(d->name), d->why);
	}
	if (r->sensor_why)
		(void)mst_buf_addf(out, "stays  %.*s  %.*s: %s\n",
				   MST_SLICE_ARG(r->sensor_key),
				   MST_SLICE_ARG(r->sensor_name),
				   r->sensor_why);
	if (left)
		(void)mst_buf_addf(out, "… and %zu more (--all)\n", left);
}

static size_t unmatched(const struct mst_rekey *r)
{
	size_t n = r->sensor_why != NULL;

	for (size_t i = 0; i < r->match.old_n; i++)
		n += r->match.old[i].other == MST_REKEY_NOBODY;
	return n;
}

static void show_left(struct mst_buf *out, const struct mst_rekey *r,
		      bool clear)
{
	const uint64_t *n = r->left;

	if (!n[MST_REKEY_FIRMWARE] && !n[MST_REKEY_LINKS] && !n[MST_REKEY_SEEN])
		return;
	(void)mst_buf_addf(
	    out,
	    "%llu firmware rows, %llu connections and %llu detections of '%s' "
	    "%s; job %s makes its own\n",
	    (unsigned long long)n[MST_REKEY_FIRMWARE],
	    (unsigned long long)n[MST_REKEY_LINKS],
	    (unsigned long long)n[MST_REKEY_SEEN], r->old.job.conf.source,
	    clear ? "go with --clear" : "stay until --clear", r->now.job.name);
}

static void show(const struct mst_rekey *r, const struct wishes *w)
{
	struct mst_buf out = MST_BUF_INIT(1u << 30);

	show_devices(&out, r, w->all);
	(void)mst_buf_addf(&out, "%zu of '%s' move to '%s', %zu stay%s\n",
			   r->pairs_n, r->old.job.conf.source,
			   r->now.job.conf.source, unmatched(r),
			   !unmatched(r) ? ""
			   : w->clear	 ? ", and go with --clear"
					 : " (--clear takes them away)");
	if (unmatched(r) && !w->approve)
		(void)mst_buf_addf(
		    &out,
		    "where that is more than the guard of job %s "
		    "lets go, it takes --clear --approve\n",
		    r->old.job.name);
	show_left(&out, r, w->clear);
	if (r->known)
		(void)mst_buf_addf(
		    &out,
		    "%llu devices were delivered by job %s already and are "
		    "nobody's match: run this before the first run of that "
		    "job\n",
		    (unsigned long long)r->known, r->now.job.name);
	for (int i = 0; i < MST_REKEY_STEPS; i++)
		(void)mst_buf_addf(
		    &out, "%8llu %s\n", (unsigned long long)r->counts[i],
		    mst_rekey_step_title((enum mst_rekey_step)i));
	cli_print(&out);
	mst_buf_fini(&out);
}

static void show_refused(const struct mst_rekey *r)
{
	struct mst_buf out = MST_BUF_INIT(1u << 30);
	char hex[33];

	for (size_t i = 0; i < r->writes_n; i++) {
		const struct mst_rekey_write *w = &r->writes[i];

		if (!w->why)
			continue;
		mst_sysid_hex(&w->id, hex);
		(void)mst_buf_addf(&out, "refused %.*s %s of %.*s: %s\n",
				   MST_SLICE_ARG(w->table), hex,
				   MST_SLICE_ARG(r->pairs[w->pair].old),
				   w->why);
	}
	cli_print(&out);
	mst_buf_fini(&out);
}

/* ---- JSON ---------------------------------------------------------------- */

static void pair_json(struct mst_jout *j, const struct mst_rekey_pair *p)
{
	mst_jout_obj(j);
	mst_jout_kslice(j, "key", p->old);
	mst_jout_kslice(j, "becomes", p->now);
	mst_jout_kslice(j, "name", p->name);
	mst_jout_kstr(j, "by", p->by);
	mst_jout_kbool(j, "refused", p->failed);
	mst_jout_end_obj(j);
}

static void lone_json(struct mst_jout *j, struct mst_slice key,
		      struct mst_slice name, const char *why)
{
	mst_jout_obj(j);
	mst_jout_kslice(j, "key", key);
	mst_jout_kslice(j, "name", name);
	mst_jout_kstr(j, "why", why);
	mst_jout_end_obj(j);
}

/* Without its end: what --clear does follows. */
static void write_json(const struct mst_rekey *r, struct mst_jout *j)
{
	mst_jout_kstr(j, "from", r->old.job.conf.source);
	mst_jout_kstr(j, "to", r->now.job.conf.source);
	mst_jout_ki64(j, "run", r->old.run);
	mst_jout_ki64(j, "to_write", (int64_t)(r->writes_n - r->done));
	mst_jout_ki64(j, "written", (int64_t)r->done);
	mst_jout_ki64(j, "refused", (int64_t)r->refused);
	mst_jout_ki64(j, "delivered_already", (int64_t)r->known);
	mst_jout_key(j, "until_clear");
	mst_jout_obj(j);
	for (size_t i = 0; i < MST_REKEY_ANEW; i++)
		mst_jout_ki64(j, mst_rekey_anew[i], (int64_t)r->left[i]);
	mst_jout_end_obj(j);
	mst_jout_key(j, "moves");
	mst_jout_arr(j);
	for (size_t i = 0; i < r->pairs_n; i++)
		pair_json(j, &r->pairs[i]);
	mst_jout_end_arr(j);
	mst_jout_key(j, "stays");
	mst_jout_arr(j);
	for (size_t i = 0; i < r->match.old_n; i++) {
		const struct mst_rekey_device *d = &r->match.old[i];

		if (d->other == MST_REKEY_NOBODY)
			lone_json(j, d->key, d->name, d->why);
	}
	if (r->sensor_why)
		lone_json(j, r->sensor_key, r->sensor_name, r->sensor_why);
	mst_jout_end_arr(j);
}

/* ---- doing it ------------------------------------------------------------ */

struct doing {
	struct mst_state *state;
	struct wishes w;
	struct mst_buf out; /* JSON */
	struct mst_jout j;
	char *old_job; /* of the sensor */
	const char *job;
	bool known; /* the console's job has delivered before */
	bool go;    /* on with --clear */
	int status;
};

static bool agreed(const struct wishes *w, const char *question)
{
	char answer[16];

	if (w->yes)
		return true;
	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) {
		(void)fprintf(stderr, "muster: nothing was written; to do it, "
				      "run again with --yes\n");
		return false;
	}
	(void)fprintf(stderr, "%s [y/N] ", question);
	return fgets(answer, sizeof(answer), stdin) &&
	       (answer[0] == 'y' || answer[0] == 'Y');
}

static void tell(const struct mst_rekey *r)
{
	show_refused(r);
	(void)fprintf(stderr, "muster: run %lld: %llu written, %llu refused\n",
		      (long long)r->old.run, (unsigned long long)r->done,
		      (unsigned long long)r->refused);
}

static int move(struct doing *d, struct mst_rekey *r, struct mst_err *err)
{
	int rc = 0;

	if (!cli.json)
		show(r, &d->w);
	d->go = r->writes_n == 0 || agreed(&d->w, "Write this?");
	if (d->go && r->writes_n)
		rc = mst_rekey_run(r, err);
	if (cli.json)
		write_json(r, &d->j);
	else if (r->run)
		tell(r);
	if (rc == 0 && r->refused)
		d->status = CLI_PARTIAL;
	/* What was refused would be taken away. */
	d->go = d->go && rc == 0 && !r->refused;
	return rc;
}

static int rekey(struct doing *d, const char *job, struct mst_err *err)
{
	const struct mst_rekey_conf conf = {.job = job,
					    .from = d->w.from,
					    .progress = cli_progress(),
					    .cancel = &cli_cancel};
	struct mst_rekey *r = mst_alloc(sizeof(*r));
	int rc = mst_rekey_open(r, d->state, &conf, err);

	cli_progress_end();
	if (rc == 0)
		rc = move(d, r, err);
	if (rc == 0) {
		d->old_job = mst_strdup(r->old.job.name);
		d->known = r->known > 0;
		d->job = job;
	}
	mst_rekey_close(r, rc < 0 ? err : NULL);
	free(r);
	return rc;
}

/* ---- --clear ------------------------------------------------------------- */

/* A run of the sensor's job to which the sensor shows nothing; without write
 * only what it would do. *n_r: how many changes. */
static int clear_once(struct doing *d, bool write, uint64_t *n_r,
		      struct mst_err *err)
{
	const struct mst_run_conf conf = {.job = d->old_job,
					  .nothing = true,
					  .anew = mst_rekey_anew,
					  .approve = d->w.approve,
					  .cancel = &cli_cancel};
	struct mst_buf text = MST_BUF_INIT(1u << 20);
	struct mst_session *s = mst_alloc(sizeof(*s));
	int rc = mst_session_open(s, d->state, &conf, write, err);

	if (rc == 0)
		rc = mst_session_read(s, err);
	if (rc == 0)
		rc = mst_session_compare(s, err);
	if (rc == 0)
		*n_r = cli_plan_summary(s, &text, 0, 0);
	if (rc == 0 && !write && !cli.json)
		cli_print(&text);
	if (rc == 0 && write)
		rc = mst_session_push(s, err);
	if (rc == 0 && write)
		*n_r = s->push.applied;
	if (rc == 0 && s->guarded)
		d->status = CLI_GUARD;
	else if (rc == 0 && s->push.refused)
		d->status = CLI_PARTIAL;
	(void)mst_session_close(s, rc < 0 ? err : NULL);
	free(s);
	mst_buf_fini(&text);
	return rc;
}

static int clear(struct doing *d, struct mst_err *err)
{
	uint64_t n = 0, written = 0;
	int rc = clear_once(d, false, &n, err);

	if (rc == 0 && n && agreed(&d->w, "Take this away?"))
		rc = clear_once(d, true, &written, err);
	if (cli.json)
		mst_jout_ki64(&d->j, "cleared", (int64_t)written);
	else if (rc == 0 && written)
		(void)fprintf(stderr, "muster: %llu taken away\n",
			      (unsigned long long)written);
	/* A CI that ServiceNow took for the same by itself is the console's
	 * too, whose RecVer does not know that it was retired. */
	if (written && d->known)
		mst_warn("job %s has delivered before: run it once with "
			 "--full, so that what both jobs had is put back",
			 d->job);
	return rc;
}

/* ---- the command --------------------------------------------------------- */

static int run(struct doing *d, const char *job, struct mst_err *err)
{
	int rc;

	mst_jout_init(&d->j, &d->out);
	mst_jout_obj(&d->j);
	rc = cli_open_state(&d->state, err);
	if (rc == 0)
		rc = rekey(d, job, err);
	if (rc == 0 && d->go && d->w.clear)
		rc = clear(d, err);
	mst_jout_end_obj(&d->j);
	(void)mst_buf_addc(&d->out, '\n');
	if (cli.json && d->old_job)
		cli_print(&d->out);
	mst_state_close(&d->state);
	return rc;
}

static int usage(const char *what)
{
	(void)fprintf(stderr, "muster: %s\nusage: muster ot %s\n", what,
		      ot_cmd.args);
	return CLI_USAGE;
}

int cmd_ot(int argc, char **argv)
{
	struct doing d = {.out = MST_BUF_INIT(1u << 30)};
	struct wishes *w = &d.w;
	const struct cli_opt opts[] = {
	    {"from", "CONNECTION", "the connection that reads the sensor", NULL,
	     &w->from, NULL},
	    {"clear", NULL, "take away what is not matched", &w->clear, NULL,
	     NULL},
	    {"yes", NULL, "do not ask", &w->yes, NULL, NULL},
	    {"approve", NULL, "the guard holds nothing back of --clear",
	     &w->approve, NULL, NULL},
	    {"all", NULL, "show every device", &w->all, NULL, NULL},
	    {0},
	};
	struct mst_err err = MST_ERR_INIT;
	int rc;

	if (!cli_parse(&ot_cmd, opts, &argc, &argv, 1, 2, &d.status))
		return d.status;
	if (strcmp(argv[0], "rekey") != 0)
		return usage("ot knows rekey");
	if (argc != 2)
		return usage("the job that reads the console is missing");
	if (!w->from)
		return usage("--from says which sensor's connection it is");
	if (w->approve && !w->clear)
		return usage("--approve goes with --clear");
	d.status = CLI_OK;
	rc = run(&d, argv[1], &err);
	mst_buf_fini(&d.out);
	free(d.old_job);
	return rc < 0 ? cli_fail(&err) : d.status;
}
