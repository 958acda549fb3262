/* SPDX-License-Identifier: Apache-2.0
 *
 * Opening the state store: where it is.
 *
 * The file may be open in several processes at once (a run and somebody who
 * looks at it), so it is not locked as RecVer is; jobs have locks instead.
 */
#include "state/state.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/secret.h"
#include "state_private.h"

#define STORE_SQLITE "sqlite"

static char *default_dir(void)
{
	const char *v = secure_getenv("MUSTER_STATE");

	if (v && *v)
		return mst_strdup(v);
	v = secure_getenv("STATE_DIRECTORY");
	if (v && *v) /* systemd joins several with a colon */
		return mst_strndup(v, strcspn(v, ":"));
	if (geteuid() == 0)
		return mst_strdup("/var/lib/muster");
	v = secure_getenv("XDG_STATE_HOME");
	if (v && *v == '/')
		return mst_asprintf("%s/muster", v);
	v = secure_getenv("HOME");
	return v && *v ? mst_asprintf("%s/.local/state/muster", v) : NULL;
}

/* The file's first line; NULL: there is no file. */
static int store_file(const char *dir, char **store_r, struct mst_err *err)
{
	char *path = mst_asprintf("%s/store", dir);
	struct mst_buf b = MST_BUF_INIT(4096);
	int rc = 0;

	*store_r = NULL;
	if (mst_file_exists(path))
		rc = mst_file_read(path, &b, err);
	if (rc == 0 && b.n)
		*store_r = mst_strndup(b.p, strcspn(b.p, "\r\n"));
	mst_buf_fini(&b);
	free(path);
	return rc;
}

/* NULL: the file of this folder. */
static int which_store(const char *dir, const char *store, char **store_r,
		       struct mst_err *err)
{
	const char *env = secure_getenv("MUSTER_STORE");
	int rc = 0;

	*store_r = NULL;
	if (!store || !*store)
		store = env;
	if (store && *store)
		*store_r = mst_strdup(store);
	else
		rc = store_file(dir, store_r, err);
	if (*store_r && (!**store_r || strcmp(*store_r, STORE_SQLITE) == 0)) {
		free(*store_r);
		*store_r = NULL;
	}
	return rc;
}

static bool is_postgres(const char *store)
{
	return strncmp(store, "postgresql://", 13) == 0 ||
	       strncmp(store, "postgres://", 11) == 0;
}

static int open_store(struct mst_state *s, const char *named,
		      struct mst_err *err)
{
	char *store = NULL;
	int rc = which_store(s->dir, named, &store, err);

	if (rc == 0 && !store) {
		s->store = mst_asprintf("%s/state.db", s->dir);
		rc = mst_sdb_sqlite(s->store, &s->db, err);
	} else if (rc == 0 && is_postgres(store)) {
		rc = mst_sdb_postgres(store, &s->db, &s->store, err);
		s->url = mst_strdup(store);
		if (rc == 0) {
			s->db->fence = mst_state_fence;
			s->db->fence_ctx = s;
		}
	} else if (rc == 0) {
		rc =
		    mst_err_set(err, MST_E_INVALID,
				"'%.80s' is no state store: name "
				"postgresql://HOST/DATABASE, or sqlite for the "
				"file in the state folder",
				store);
	}
	free(store);
	return rc;
}

/* What root makes in the folder of a service's user, that user could not open:
 * one command before the first start, and the service would not start. */
static int not_of_others(const char *dir, struct mst_err *err)
{
	struct passwd pw, *found = NULL;
	char buf[4096], number[24];
	struct stat st;

	if (geteuid() != 0 || stat(dir, &st) < 0 || st.st_uid == 0)
		return 0;
	(void)snprintf(number, sizeof(number), "#%lu",
		       (unsigned long)st.st_uid);
	(void)getpwuid_r(st.st_uid, &pw, buf, sizeof(buf), &found);
	return mst_err_set(
	    err, MST_E_FORBIDDEN,
	    "the state folder '%s' belongs to '%s', who could not open what "
	    "root makes there: sudo -u '%s' muster … --state %s",
	    dir, found ? pw.pw_name : number, found ? pw.pw_name : number, dir);
}

static int remember(struct mst_state *s, struct mst_err *err)
{
	struct stat st;

	if (mst_state_is_shared(s))
		return 0;
	if (stat(s->store, &st) < 0)
		return mst_err_os(err, "'%s'", s->store);
	s->dev = st.st_dev;
	s->ino = st.st_ino;
	return 0;
}

int mst_state_open_store(const char *dir, const char *store,
			 struct mst_state **s_r, struct mst_err *err)
{
	struct mst_state *s = mst_alloc(sizeof(*s));
	int rc;

	s->dir = dir ? mst_strdup(dir) : default_dir();
	if (!s->dir) {
		mst_state_close(&s);
		return mst_err_set(err, MST_E_INVALID,
				   "no place for the state folder: set "
				   "MUSTER_STATE to one");
	}
	rc = mst_dir_make(s->dir, err);
	if (rc == 0)
		rc = not_of_others(s->dir, err);
	if (rc == 0)
		rc = open_store(s, store, err);
	if (rc == 0)
		rc = remember(s, err);
	if (rc == 0)
		rc = mst_audit_seal_old(s, err);
	if (rc < 0)
		mst_state_close(&s);
	else
		mst_state_secrets_offer(*s_r = s);
	return rc;
}

int mst_state_open(const char *dir, struct mst_state **s_r, struct mst_err *err)
{
	return mst_state_open_store(dir, NULL, s_r, err);
}

void mst_state_close(struct mst_state **s)
{
	struct mst_state_lock *l;

	if (!*s)
		return;
	mst_secret_vault_drop(*s);
	while ((l = (*s)->locks))
		mst_state_unlock(&l);
	mst_sdb_close(&(*s)->db);
	mst_state_actor_fini(*s);
	free((*s)->dir);
	free((*s)->store);
	free((*s)->url);
	free((*s)->node);
	free(*s);
	*s = NULL;
}

const char *mst_state_dir(const struct mst_state *s)
{
	return s->dir;
}

int mst_state_is_there(const struct mst_state *s, struct mst_err *err)
{
	struct stat st;

	if (mst_state_is_shared(s) ||
	    (stat(s->store, &st) == 0 && st.st_dev == s->dev &&
	     st.st_ino == s->ino))
		return 0;
	return mst_err_set(err, MST_E_IO,
			   "'%s' is not the file any more that was opened: it "
			   "was removed or replaced under the service; put it "
			   "back and start the service anew",
			   s->store);
}

bool mst_state_is_shared(const struct mst_state *s)
{
	return !s->db->ops->local;
}

const char *mst_state_store(const struct mst_state *s)
{
	return s->store;
}
