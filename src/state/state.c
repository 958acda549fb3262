/* SPDX-License-Identifier: Apache-2.0
 *
 * Opening the state store: where it is.
 *
 * The file may be open in several processes at once (a run and somebody who
 * looks at it), so it is not locked as RecVer is; jobs have locks instead.
 */
#include "state/state.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/secret.h"
#include "state_private.h"

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

int mst_state_open(const char *dir, struct mst_state **s_r, struct mst_err *err)
{
	struct mst_state *s = mst_alloc(sizeof(*s));
	char *path;
	int rc;

	s->dir = dir ? mst_strdup(dir) : default_dir();
	if (!s->dir) {
		mst_state_close(&s);
		return mst_err_set(err, MST_E_INVALID,
				   "no place for the state folder: set "
				   "MUSTER_STATE to one");
	}
	path = mst_asprintf("%s/state.db", s->dir);
	rc = mst_dir_make(s->dir, err);
	if (rc == 0)
		rc = mst_sdb_sqlite(path, &s->db, err);
	free(path);
	if (rc == 0)
		rc = mst_audit_seal_old(s, err);
	if (rc < 0)
		mst_state_close(&s);
	else
		mst_state_secrets_offer(*s_r = s);
	return rc;
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
	free(*s);
	*s = NULL;
}

const char *mst_state_dir(const struct mst_state *s)
{
	return s->dir;
}
