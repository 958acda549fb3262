/* SPDX-License-Identifier: Apache-2.0
 *
 * One run of a job at a time: a file's lock, or a lease in a shared store.
 * Either names the process and its run; a run that none names is dead.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "pg.h"
#include "state_private.h"

/* A file name for any job name. */
static char *lock_path(const struct mst_state *s, const char *job)
{
	struct mst_buf b = MST_BUF_INIT(4096 + strlen(s->dir));

	(void)mst_buf_addf(&b, "%s/locks/", s->dir);
	(void)mst_buf_add_uri(&b, mst_slice_str(job));
	(void)mst_buf_adds(&b, ".lock");
	return mst_buf_steal(&b);
}

static void note_of(char *out, size_t out_n, int64_t run)
{
	if (run)
		(void)snprintf(out, out_n, "process %ld, run %lld",
			       (long)getpid(), (long long)run);
	else
		(void)snprintf(out, out_n, "process %ld", (long)getpid());
}

static int lock_file(struct mst_state *s, const char *job, const char *what,
		     struct mst_lock *file, struct mst_err *err)
{
	char *dir = mst_asprintf("%s/locks", s->dir);
	char *path = lock_path(s, job);
	char note[64];
	int rc = mst_dir_make(dir, err);

	note_of(note, sizeof(note), 0);
	if (rc == 0)
		rc = mst_lock_take(file, path, what, note, err);
	free(dir);
	free(path);
	return rc;
}

void mst_state_node_set(struct mst_state *s, const char *name)
{
	free(s->node);
	s->node = name ? mst_strdup(name) : NULL;
}

static const char *node_of(const struct mst_state *s)
{
	const char *node = s->node ? s->node : secure_getenv("MUSTER_NODE");

	return node ? node : "";
}

int mst_state_lock(struct mst_state *s, const char *job,
		   struct mst_state_lock **l_r, struct mst_err *err)
{
	struct mst_state_lock *l = mst_alloc(sizeof(*l));
	char *what = mst_asprintf("job '%s'", job);
	int rc;

	l->file = (struct mst_lock)MST_LOCK_INIT;
	if (s->url)
		rc = mst_lease_take(s->url, job, what, node_of(s), &l->lease,
				    err);
	else
		rc = lock_file(s, job, what, &l->file, err);
	free(what);
	if (rc < 0) {
		free(l);
		return rc;
	}
	l->s = s;
	l->job = mst_strdup(job);
	l->next = s->locks;
	s->locks = l;
	*l_r = l;
	return 0;
}

void mst_state_unlock(struct mst_state_lock **l)
{
	struct mst_state_lock **link;

	if (!*l)
		return;
	for (link = &(*l)->s->locks; *link != *l;)
		link = &(*link)->next;
	*link = (*l)->next;
	if ((*l)->lease)
		mst_lease_drop(&(*l)->lease);
	else
		mst_lock_drop(&(*l)->file);
	free((*l)->job);
	free(*l);
	*l = NULL;
}

/* ---- which run it is for ------------------------------------------------- */

static int lease_run(struct mst_state *s, const struct mst_state_lock *l,
		     int64_t run, struct mst_err *err)
{
	static const char q[] =
	    "UPDATE lease SET run=?3 WHERE name=?1 AND token=?2";
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_text(st, 1, l->job);
	mst_sdb_bind_int(st, 2, mst_lease_token(l->lease));
	mst_sdb_bind_int(st, 3, run);
	return mst_sdb_run(st, NULL, err);
}

int mst_state_lock_run(struct mst_state *s, const char *job, int64_t run,
		       struct mst_err *err)
{
	char note[64];

	for (struct mst_state_lock *l = s->locks; l; l = l->next) {
		if (strcmp(l->job, job) != 0)
			continue;
		if (l->lease)
			return lease_run(s, l, run, err);
		note_of(note, sizeof(note), run);
		return mst_lock_note(&l->file, note, err);
	}
	return 0;
}

static int lease_lives(struct mst_state *s, const char *job, int64_t run,
		       bool *lives_r, struct mst_err *err)
{
	static const char q[] = "SELECT count(*) FROM lease WHERE name=?1"
				" AND run=?2 AND until_us>=" MST_PG_NOW;
	struct mst_sdb_st *st;
	int64_t n = 0;
	int rc = mst_sdb_stmt(s->db, q, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_text(st, 1, job);
	mst_sdb_bind_int(st, 2, run);
	rc = mst_sdb_number(st, &n, err);
	if (rc == 0)
		*lives_r = n > 0;
	return rc;
}

static int file_lives(struct mst_state *s, const char *job, int64_t run,
		      bool *lives_r, struct mst_err *err)
{
	struct mst_buf note = MST_BUF_INIT(256);
	char *path = lock_path(s, job);
	char want[32];
	bool held = false;
	int rc = mst_lock_peek(path, &held, &note, err);
	const char *at;

	(void)snprintf(want, sizeof(want), ", run %lld", (long long)run);
	at = held && note.n ? strstr(note.p, want) : NULL;
	if (rc == 0)
		*lives_r = at && strcmp(at, want) == 0;
	free(path);
	mst_buf_fini(&note);
	return rc;
}

int mst_state_run_lives(struct mst_state *s, const char *job, int64_t run,
			bool *lives_r, struct mst_err *err)
{
	return s->url ? lease_lives(s, job, run, lives_r, err)
		      : file_lives(s, job, run, lives_r, err);
}

/* ---- fencing ------------------------------------------------------------- */

/* Locks the row until the end of the transaction: who takes the lease over
 * waits for that end, so what is stored is stored before. */
static int assert_lease(struct mst_state *s, struct mst_state_lock *l,
			struct mst_err *err)
{
	static const char q[] = "SELECT token FROM lease WHERE name=?1"
				" AND token=?2 FOR SHARE";
	struct mst_sdb_st *st;
	int64_t token = 0;
	int rc;

	if (mst_lease_is_lost(l->lease))
		return mst_lease_lost_err(l->lease, err);
	rc = mst_sdb_stmt(s->db, q, &st, err);
	if (rc < 0)
		return rc;
	mst_sdb_bind_text(st, 1, l->job);
	mst_sdb_bind_int(st, 2, mst_lease_token(l->lease));
	rc = mst_sdb_number(st, &token, err);
	if (rc < 0 || token)
		return rc;
	mst_lease_lose(l->lease);
	return mst_lease_lost_err(l->lease, err);
}

int mst_state_fence(void *state, struct mst_err *err)
{
	struct mst_state *s = state;
	int rc = 0;

	for (struct mst_state_lock *l = s->locks; l && rc == 0; l = l->next)
		rc = assert_lease(s, l, err);
	return rc;
}
