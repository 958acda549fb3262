/* SPDX-License-Identifier: Apache-2.0
 *
 * One run of a job at a time. The lock's note names the process and its run;
 * a run that no lock names is dead.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
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

int mst_state_lock(struct mst_state *s, const char *job,
		   struct mst_state_lock **l_r, struct mst_err *err)
{
	struct mst_state_lock *l = mst_alloc(sizeof(*l));
	char *dir = mst_asprintf("%s/locks", s->dir);
	char *path = lock_path(s, job);
	char *what = mst_asprintf("job '%s'", job);
	char note[64];
	int rc = mst_dir_make(dir, err);

	note_of(note, sizeof(note), 0);
	if (rc == 0)
		rc = mst_lock_take(&l->file, path, what, note, err);
	free(dir);
	free(path);
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
	mst_lock_drop(&(*l)->file);
	free((*l)->job);
	free(*l);
	*l = NULL;
}

int mst_state_lock_run(struct mst_state *s, const char *job, int64_t run,
		       struct mst_err *err)
{
	char note[64];

	for (struct mst_state_lock *l = s->locks; l; l = l->next) {
		if (strcmp(l->job, job) == 0) {
			note_of(note, sizeof(note), run);
			return mst_lock_note(&l->file, note, err);
		}
	}
	return 0;
}

int mst_state_run_lives(struct mst_state *s, const char *job, int64_t run,
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
