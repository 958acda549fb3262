/* SPDX-License-Identifier: Apache-2.0
 *
 * Sealed secrets: rows that only the key file opens, and the rotation of its
 * key. docs/internals/credentials.md says why each step may be the last.
 */
#include <limits.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/seal.h"
#include "base/time.h"
#include "state_private.h"

static const char q_secret_put[] =
    "INSERT INTO secret(name, sealed, changed_us)"
    " VALUES(?1, ?2, ?3)"
    " ON CONFLICT(name) DO UPDATE SET sealed=?2, changed_us=?3";
static const char q_secret_del[] = "DELETE FROM secret WHERE name=?1";
static const char q_secrets[] =
    "SELECT name, sealed, changed_us FROM secret ORDER BY name";
static const char q_secret_count[] = "SELECT count(*) FROM secret";
static const char q_secret_get[] = "SELECT sealed FROM secret WHERE name=?1";

#define SEALED_MAX (128u << 10)

/* ---- the key ------------------------------------------------------------- */

struct keyring {
	struct mst_seal_keys *keys;
	char *path;
	bool is_fixed; /* it cannot be written */
};

static void keyring_fini(struct keyring *k)
{
	mst_seal_free(&k->keys);
	free(k->path);
}

/* The deepest folder above a path that exists, with links resolved: a key may
 * be about to be made in a folder that is made with it. */
static bool real_place(const char *path, char out[PATH_MAX])
{
	char *dir =
	    *path == '/' ? mst_strdup(path) : mst_asprintf("./%s", path);
	bool found = false;

	for (char *slash; !found && (slash = strrchr(dir, '/'));) {
		*slash = 0;
		found = realpath(*dir ? dir : "/", out) != NULL;
	}
	free(dir);
	return found;
}

/* A key beside what it opens protects nothing. */
static int check_place(const struct mst_state *s, const char *path,
		       struct mst_err *err)
{
	char real_dir[PATH_MAX], real_state[PATH_MAX];
	size_t n;
	bool inside = false;

	if (real_place(path, real_dir) && realpath(s->dir, real_state)) {
		n = strlen(real_state);
		inside = strncmp(real_dir, real_state, n) == 0 &&
			 (real_dir[n] == 0 || real_dir[n] == '/');
	}
	if (!inside)
		return 0;
	return mst_err_set(err, MST_E_INVALID,
			   "the key file '%s' is in the state folder, beside "
			   "what it seals; keep it elsewhere and name it in "
			   "MUSTER_SEAL_KEY",
			   path);
}

static int count_rows(struct mst_state *s, int64_t *n_r, struct mst_err *err)
{
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q_secret_count, &st, err);

	return rc < 0 ? rc : mst_sdb_number(st, n_r, err);
}

/* make: a first key when there is no file and nothing is sealed yet. */
static int keyring_open(struct mst_state *s, bool make, struct keyring *k,
			bool *made_r, struct mst_err *err)
{
	int64_t rows = 0;
	int rc = mst_seal_path(&k->path, &k->is_fixed, err);

	*made_r = false;
	if (!rc)
		rc = check_place(s, k->path, err);
	if (!rc)
		rc = mst_seal_load(k->path, &k->keys, err);
	if (rc != -MST_E_NOTFOUND)
		return rc;
	if (count_rows(s, &rows, err))
		return -(int)err->code;
	if (!make || rows)
		return mst_err_set(err, MST_E_NOTFOUND,
				   "the key file '%s' that opens the sealed "
				   "secrets does not exist; put it back, or "
				   "name it in MUSTER_SEAL_KEY",
				   k->path);
	mst_err_clear(err);
	k->keys = mst_seal_new();
	if (mst_seal_add(k->keys, err) < 0 ||
	    mst_seal_save(k->path, k->keys, err) < 0)
		return mst_err_prefix(err, "key file");
	*made_r = true;
	return 0;
}

static int lock(struct mst_state *s, struct mst_lock *l, struct mst_err *err)
{
	char *path = mst_asprintf("%s/secrets.lock", s->dir);
	int rc = mst_lock_take(l, path, "the sealed secrets", NULL, err);

	free(path);
	return rc;
}

/* ---- rows ---------------------------------------------------------------- */

static int put_row(struct mst_state *s, const char *name,
		   struct mst_slice sealed, int64_t changed_us,
		   struct mst_err *err)
{
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q_secret_put, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_text(st, 1, name);
	mst_sdb_bind_blob(st, 2, sealed);
	mst_sdb_bind_int(st, 3, changed_us);
	return mst_sdb_run(st, NULL, err);
}

static int audit(struct mst_state *s, const char *name, const char *what,
		 struct mst_err *err)
{
	const struct mst_audit_entry e = {
	    .kind = "secret", .name = name, .what = what};

	return mst_audit_put(s, &e, err);
}

static int check_name(const char *name, struct mst_err *err)
{
	if (mst_secret_name_ok(name))
		return 0;
	return mst_err_set(
	    err, MST_E_INVALID,
	    "a sealed secret's name is letters, digits and any "
	    "of . _ - : @, not beginning with a dot, at most 64");
}

static int set_locked(struct mst_state *s, const char *name,
		      const struct mst_secret *value, char **key_r,
		      struct mst_err *err)
{
	struct mst_buf sealed = MST_BUF_INIT(SEALED_MAX);
	struct keyring k = {NULL, NULL, false};
	bool own, made = false;
	int rc = keyring_open(s, true, &k, &made, err);

	if (rc == 0)
		mst_seal(k.keys, name, value, &sealed);
	if (rc == 0)
		rc = mst_sdb_own_begin(s->db, &own, err);
	if (rc == 0) {
		rc =
		    put_row(s, name, mst_buf_slice(&sealed), mst_now_us(), err);
		if (rc == 0)
			rc = audit(s, name, "set", err);
		rc = mst_sdb_own_end(s->db, own, rc, err);
	}
	if (rc == 0)
		rc = mst_sdb_sync(s->db, err);
	if (rc == 0 && made) {
		*key_r = k.path;
		k.path = NULL;
	}
	mst_buf_fini(&sealed);
	keyring_fini(&k);
	return rc;
}

int mst_state_secret_set(struct mst_state *s, const char *name,
			 const struct mst_secret *value, char **key_r,
			 struct mst_err *err)
{
	struct mst_lock l = MST_LOCK_INIT;
	int rc = check_name(name, err);

	*key_r = NULL;
	if (rc == 0)
		rc = lock(s, &l, err);
	if (rc < 0)
		return rc;
	rc = set_locked(s, name, value, key_r, err);
	mst_lock_drop(&l);
	return rc;
}

static int not_there(const char *name, struct mst_err *err)
{
	return mst_err_set(
	    err, MST_E_NOTFOUND,
	    "there is no sealed secret \"%s\"; 'muster secret set "
	    "%s' makes one, 'muster secret list' shows what there "
	    "is",
	    name, name);
}

static int remove_row(struct mst_state *s, const char *name,
		      struct mst_err *err)
{
	struct mst_sdb_st *st;
	int64_t n = 0;
	int rc = mst_sdb_stmt(s->db, q_secret_del, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_text(st, 1, name);
	rc = mst_sdb_run(st, &n, err);
	if (rc == 0 && n == 0)
		return not_there(name, err);
	return rc ? rc : audit(s, name, "remove", err);
}

int mst_state_secret_remove(struct mst_state *s, const char *name,
			    struct mst_err *err)
{
	struct mst_lock l = MST_LOCK_INIT;
	bool own;
	int rc = check_name(name, err);

	if (rc == 0)
		rc = lock(s, &l, err);
	if (rc < 0)
		return rc;
	rc = mst_sdb_own_begin(s->db, &own, err);
	if (rc == 0) {
		rc = remove_row(s, name, err);
		rc = mst_sdb_own_end(s->db, own, rc, err);
	}
	if (rc == 0)
		rc = mst_sdb_sync(s->db, err);
	mst_lock_drop(&l);
	return rc;
}

int mst_state_secrets(struct mst_state *s,
		      int (*fn)(void *ctx, const struct mst_state_secret *e),
		      void *ctx, struct mst_err *err)
{
	struct mst_err no_key = MST_ERR_INIT;
	struct keyring k = {NULL, NULL, false};
	struct mst_sdb_st *st;
	bool made;
	int rc = keyring_open(s, false, &k, &made, &no_key);

	if (rc < 0)
		mst_seal_free(&k.keys);
	rc = mst_sdb_stmt(s->db, q_secrets, &st, err);
	while (rc >= 0 && (rc = mst_sdb_step(st, err)) > 0) {
		const struct mst_state_secret e = {
		    .name = mst_sdb_text(st, 0),
		    .changed_us = mst_sdb_int(st, 2),
		    .opens =
			k.keys && mst_seal_has_key(k.keys, mst_sdb_blob(st, 1)),
		};

		rc = fn(ctx, &e);
		if (rc) {
			mst_sdb_reset(st);
			break;
		}
	}
	keyring_fini(&k);
	return rc;
}

int mst_state_secret(struct mst_state *s, const char *name,
		     struct mst_secret **s_r, struct mst_err *err)
{
	struct keyring k = {NULL, NULL, false};
	struct mst_sdb_st *st;
	bool made;
	int rc = check_name(name, err);

	if (rc == 0)
		rc = mst_sdb_stmt(s->db, q_secret_get, &st, err);
	if (rc < 0)
		return rc;
	mst_sdb_bind_text(st, 1, name);
	rc = mst_sdb_step(st, err);
	if (rc == 0)
		return not_there(name, err);
	if (rc < 0)
		return rc;
	rc = keyring_open(s, false, &k, &made, err);
	if (rc == 0)
		rc = mst_seal_open(k.keys, name, mst_sdb_blob(st, 0), s_r, err);
	if (rc < 0 && mst_state_is_shared(s))
		rc = mst_err_prefix(err, "%s",
				    "the state store is shared, and each node "
				    "needs a copy of the one key file");
	mst_sdb_reset(st);
	keyring_fini(&k);
	return rc;
}

static int open_for_refs(void *ctx, const char *name, struct mst_secret **s_r,
			 struct mst_err *err)
{
	return mst_state_secret(ctx, name, s_r, err);
}

void mst_state_secrets_offer(struct mst_state *s)
{
	mst_secret_vault_set(&(struct mst_secret_vault){open_for_refs, s});
}

/* ---- rotation ------------------------------------------------------------ */

struct row {
	char *name;
	struct mst_buf sealed;
	int64_t changed_us;
};

struct rows {
	struct row *v;
	size_t n;
};

static void rows_fini(struct rows *r)
{
	for (size_t i = 0; i < r->n; i++) {
		free(r->v[i].name);
		mst_buf_fini(&r->v[i].sealed);
	}
	free(r->v);
}

static int read_rows(struct mst_state *s, struct rows *r, struct mst_err *err)
{
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q_secrets, &st, err);

	while (rc >= 0 && (rc = mst_sdb_step(st, err)) > 0) {
		struct row *row;

		r->v = mst_realloc(r->v, (r->n + 1) * sizeof(*r->v));
		row = &r->v[r->n++];
		row->name = mst_strdup(mst_sdb_text(st, 0));
		mst_buf_init(&row->sealed, SEALED_MAX);
		mst_buf_add_slice(&row->sealed, mst_sdb_blob(st, 1));
		row->changed_us = mst_sdb_int(st, 2);
	}
	return rc;
}

/* The time of change stays: the secret is the same. */
static int seal_again(struct mst_state *s, const struct mst_seal_keys *keys,
		      const struct row *row, struct mst_err *err)
{
	struct mst_buf sealed = MST_BUF_INIT(SEALED_MAX);
	struct mst_secret *value = NULL;
	int rc = mst_seal_open(keys, row->name, mst_buf_slice(&row->sealed),
			       &value, err);

	if (rc == 0) {
		mst_seal(keys, row->name, value, &sealed);
		rc = put_row(s, row->name, mst_buf_slice(&sealed),
			     row->changed_us, err);
	}
	mst_secret_free(&value);
	mst_buf_fini(&sealed);
	return rc;
}

static int seal_all(struct mst_state *s, const struct mst_seal_keys *keys,
		    size_t *n_r, struct mst_err *err)
{
	struct rows r = {NULL, 0};
	bool own;
	int rc = mst_sdb_own_begin(s->db, &own, err);

	if (rc < 0)
		return rc;
	rc = read_rows(s, &r, err);
	for (size_t i = 0; i < r.n && rc == 0; i++)
		rc = seal_again(s, keys, &r.v[i], err);
	if (rc == 0)
		rc = audit(s, "", "rotate", err);
	*n_r = r.n;
	rows_fini(&r);
	rc = mst_sdb_own_end(s->db, own, rc, err);
	return rc == 0 ? mst_sdb_sync(s->db, err) : rc;
}

/* Everything must open before anything is changed. */
static int open_all(struct mst_state *s, const struct mst_seal_keys *keys,
		    struct mst_err *err)
{
	struct rows r = {NULL, 0};
	int rc = read_rows(s, &r, err);

	for (size_t i = 0; i < r.n && rc == 0; i++) {
		struct mst_secret *value = NULL;

		rc = mst_seal_open(keys, r.v[i].name,
				   mst_buf_slice(&r.v[i].sealed), &value, err);
		mst_secret_free(&value);
	}
	rows_fini(&r);
	return rc;
}

static int rotate_locked(struct mst_state *s, enum mst_rotate_step last,
			 size_t *n_r, struct mst_err *err)
{
	struct keyring k = {NULL, NULL, false};
	bool made = false;
	int rc = keyring_open(s, true, &k, &made, err);

	if (rc == 0 && k.is_fixed)
		rc =
		    mst_err_set(err, MST_E_UNSUPPORTED,
				"the key is a systemd credential, which cannot "
				"be written here; rotate with MUSTER_SEAL_KEY "
				"naming the file that the credential is made "
				"of");
	if (rc == 0)
		rc = open_all(s, k.keys, err);
	/* One that died has put its key in front already. */
	if (rc == 0)
		rc = mst_seal_add(k.keys, err);
	if (rc == 0)
		rc = mst_seal_save(k.path, k.keys, err);
	if (rc == 0 && last >= MST_ROTATE_SEALED)
		rc = seal_all(s, k.keys, n_r, err);
	if (rc == 0 && last >= MST_ROTATE_DONE) {
		mst_seal_keep_first(k.keys);
		rc = mst_seal_save(k.path, k.keys, err);
	}
	keyring_fini(&k);
	return rc;
}

int mst_state_secrets_rotate_to(struct mst_state *s, enum mst_rotate_step last,
				size_t *n_r, struct mst_err *err)
{
	struct mst_lock l = MST_LOCK_INIT;
	int rc = lock(s, &l, err);

	*n_r = 0;
	if (rc < 0)
		return rc;
	rc = rotate_locked(s, last, n_r, err);
	mst_lock_drop(&l);
	return rc;
}

int mst_state_secrets_rotate(struct mst_state *s, size_t *n_r,
			     struct mst_err *err)
{
	return mst_state_secrets_rotate_to(s, MST_ROTATE_DONE, n_r, err);
}
