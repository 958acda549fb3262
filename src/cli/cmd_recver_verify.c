/* SPDX-License-Identifier: Apache-2.0
 *
 * muster recver verify: does RecVer hold what it must?
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/recver.h"
#include "sync/store.h"

struct verifying {
	struct mst_state *state;
	struct mst_arena arena;
	struct mst_connection connection;
	const char *only; /* the destination of the job; NULL: all */
	struct recver_jobs jobs;
	struct mst_buf out;
	struct mst_jout j;
};

static void target(void *ctx, const char *name, struct mst_recver_target *t_r)
{
	const struct verifying *v = ctx;

	recver_jobs_target(&v->jobs, name, t_r);
}

/* ---- output ---------------------------------------------------------------
 */

static void print_text(struct mst_buf *out, const struct mst_recver_finding *f)
{
	(void)mst_buf_addf(
	    out, "%-6s %s%s%s%s%s%s%s%s\n", f->note ? "Note" : "Wrong",
	    f->target, *f->set ? " " : "", f->set, *f->group ? " '" : "",
	    f->group, *f->group ? "'" : "",
	    *f->target || *f->set || *f->group ? ": " : "", f->what);
	if (*f->remedy)
		(void)mst_buf_addf(out, "       -> %s\n", f->remedy);
}

static void found(void *ctx, const struct mst_recver_finding *f)
{
	struct verifying *v = ctx;

	if (!cli.json) {
		print_text(&v->out, f);
		return;
	}
	mst_jout_obj(&v->j);
	mst_jout_kstr(&v->j, "level", f->note ? "note" : "wrong");
	mst_jout_kstr(&v->j, "destination", f->target);
	mst_jout_kstr(&v->j, "record_set", f->set);
	mst_jout_kstr(&v->j, "group", f->group);
	mst_jout_kstr(&v->j, "text", f->what);
	mst_jout_kstr(&v->j, "remedy", f->remedy);
	mst_jout_end_obj(&v->j);
}

static void progress(void *ctx, uint64_t groups)
{
	const struct mst_progress_now now = {
	    .stage = "verify", .what = "groups", .done = groups};

	(void)ctx;
	mst_progress_tell(cli_progress(), &now);
}

static void sums(struct verifying *v, const struct mst_recver_verify_sum *s)
{
	if (cli.json) {
		mst_jout_end_arr(&v->j);
		mst_jout_ki64(&v->j, "record_sets", (int64_t)s->sets);
		mst_jout_ki64(&v->j, "groups", (int64_t)s->groups);
		mst_jout_ki64(&v->j, "members", (int64_t)s->members);
		mst_jout_ki64(&v->j, "dirty", (int64_t)s->dirty);
		mst_jout_ki64(&v->j, "pending", (int64_t)s->pending);
		mst_jout_ki64(&v->j, "wrong", (int64_t)s->findings);
		mst_jout_ki64(&v->j, "notes", (int64_t)s->notes);
		mst_jout_end_obj(&v->j);
		(void)mst_buf_addc(&v->out, '\n');
		return;
	}
	(void)mst_buf_addf(&v->out,
			   "RecVer of '%s': %" PRIu64 " record sets, %" PRIu64
			   " groups, %" PRIu64 " members looked at; %" PRIu64
			   " dirty, %" PRIu64 " pending; ",
			   v->connection.name, s->sets, s->groups, s->members,
			   s->dirty, s->pending);
	if (s->findings)
		(void)mst_buf_addf(&v->out, "%" PRIu64 " wrong\n", s->findings);
	else
		(void)mst_buf_adds(&v->out, "all is as it must be\n");
}

/* ---- verify ---------------------------------------------------------------
 */

/* A database that is too damaged to be opened is one finding. */
static bool is_finding(const struct mst_err *err)
{
	return err->code == MST_E_CORRUPT || err->code == MST_E_UNSUPPORTED;
}

static int look(struct verifying *v, struct mst_recver_verify_sum *sum,
		struct mst_err *err)
{
	const struct mst_recver_verify_env env = {
	    .source = v->connection.name,
	    .only = v->only,
	    .target = target,
	    .found = found,
	    .progress = progress,
	    .ctx = v,
	};
	struct mst_recver *r = NULL;
	int rc = mst_store_open_any(v->state, v->connection.name,
				    &v->connection.source_conf->recver, false,
				    &r, err);

	if (rc == 0)
		rc = mst_recver_verify(r, &env, sum, err);
	if (r)
		r->ops->close(&r);
	if (rc < 0 && is_finding(err)) {
		found(v, &(struct mst_recver_finding){.target = "",
						      .set = "",
						      .group = "",
						      .what = err->msg,
						      .remedy = ""});
		sum->findings++;
		mst_err_clear(err);
		rc = 0;
	}
	return rc;
}

static int resolve(struct verifying *v, const char *name, struct mst_err *err)
{
	const char *source = name;
	struct mst_job job;
	int rc = 0;

	if (recver_is_job(v->state, name, &v->arena)) {
		rc = mst_job_load(v->state, name, &job, err);
		if (rc < 0)
			return rc;
		source = mst_arena_strdup(&v->arena, job.conf.source);
		v->only = mst_arena_strdup(&v->arena, job.conf.destination);
		mst_job_fini(&job);
	}
	rc = recver_source(v->state, source, &v->arena, &v->connection, err);
	return rc < 0 ? rc
		      : recver_jobs_load(&v->jobs, v->state, &v->connection,
					 &v->arena, err);
}

int recver_verify(struct mst_state *state, const char *name, int *status_r,
		  struct mst_err *err)
{
	struct verifying v = {.state = state};
	struct mst_recver_verify_sum sum = {0};
	int rc;

	mst_arena_init(&v.arena, MST_MAX_ARENA);
	mst_buf_init(&v.out, 64u << 20);
	mst_jout_init(&v.j, &v.out);
	rc = resolve(&v, name, err);
	if (rc == 0 && cli.json) {
		mst_jout_obj(&v.j);
		mst_jout_kstr(&v.j, "connection", v.connection.name);
		mst_jout_key(&v.j, "findings");
		mst_jout_arr(&v.j);
	}
	if (rc == 0)
		rc = look(&v, &sum, err);
	cli_progress_end();
	if (rc == 0) {
		sums(&v, &sum);
		cli_print(&v.out);
		*status_r = sum.findings ? CLI_FAILED : CLI_OK;
	}
	recver_jobs_fini(&v.jobs);
	mst_buf_fini(&v.out);
	mst_arena_fini(&v.arena);
	return rc;
}
