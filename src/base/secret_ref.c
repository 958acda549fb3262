/* SPDX-License-Identifier: Apache-2.0
 *
 * References that say where a secret is read from. No error text here repeats
 * a reference that is not of a known form: it may be the secret itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/secret_private.h"

static const char *after(const char *ref, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(ref, prefix, n) == 0 ? ref + n : NULL;
}

static bool is_name(const char *s, const char *extra)
{
	size_t n = strlen(s);

	if (n == 0 || n > 255)
		return false;
	for (; *s; s++) {
		if (!((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') ||
		      (*s >= '0' && *s <= '9') || *s == '_' ||
		      strchr(extra, *s)))
			return false;
	}
	return true;
}

static bool env_ok(const char *name)
{
	return is_name(name, "") && !(*name >= '0' && *name <= '9');
}

static bool file_ok(const char *path)
{
	return path[0] == '/' && path[1] && strlen(path) < 4096;
}

/* A file name in the credentials folder, never a path out of it. */
static bool credential_ok(const char *name)
{
	return is_name(name, ".-@:") && name[0] != '.';
}

/* One that mst_secret_exec can read. */
static bool exec_ok(const char *command)
{
	struct mst_err ignored = MST_ERR_INIT;
	struct mst_command c;

	if (mst_command_read(command, &c, &ignored) < 0)
		return false;
	mst_command_fini(&c);
	return true;
}

bool mst_secret_name_ok(const char *name)
{
	return name && credential_ok(name) && strlen(name) <= 64;
}

bool mst_secret_ref_ok(const char *ref)
{
	const char *rest;

	if (!ref)
		return false;
	if ((rest = after(ref, "env:")))
		return env_ok(rest);
	if ((rest = after(ref, "file:")))
		return file_ok(rest);
	if ((rest = after(ref, "credential:")))
		return credential_ok(rest);
	if ((rest = after(ref, "exec:")))
		return exec_ok(rest);
	if ((rest = after(ref, "sealed:")))
		return mst_secret_name_ok(rest);
	return false;
}

bool mst_secret_ref_runs(const char *ref)
{
	return after(ref, "exec:") != NULL;
}

static int read_all(int fd, const char *path, struct mst_buf *b,
		    struct mst_err *err)
{
	ssize_t n;

	for (;;) {
		if (b->n > MST_SECRET_MAX)
			return mst_err_set(err, MST_E_INVALID,
					   "the secret file \"%s\" is larger "
					   "than %d bytes",
					   path, MST_SECRET_MAX);
		n = read(fd, b->p + b->n, MST_SECRET_MAX + 1 - b->n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return mst_err_os(err,
					  "cannot read the secret file "
					  "\"%s\"",
					  path);
		if (n == 0)
			return 0;
		b->n += (size_t)n;
	}
}

static int check_file(int fd, const char *path, struct mst_err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return mst_err_os(err, "cannot look at \"%s\"", path);
	if (!S_ISREG(st.st_mode))
		return mst_err_set(err, MST_E_INVALID,
				   "the secret file \"%s\" is not a regular "
				   "file",
				   path);
	if (st.st_mode & (S_IROTH | S_IWOTH | S_IWGRP))
		return mst_err_set(err, MST_E_INVALID,
				   "the secret file \"%s\" may be read or "
				   "written by others; take that away with: "
				   "chmod 0600",
				   path);
	return 0;
}

int mst_secret_take(struct mst_slice s, const char *where,
		    struct mst_secret **s_r, struct mst_err *err)
{
	if (s.n == 0)
		return mst_err_set(err, MST_E_INVALID,
				   "the secret in %s is "
				   "empty",
				   where);
	if (memchr(s.p, 0, s.n))
		return mst_err_set(err, MST_E_INVALID,
				   "the secret in %s holds a zero byte; it "
				   "must be text",
				   where);
	*s_r = mst_secret_new(s);
	return 0;
}

struct mst_slice mst_secret_line(struct mst_slice s)
{
	size_t n = s.n;

	if (s.n > 0 && s.p[s.n - 1] == '\n')
		s.n--;
	if (s.n > 0 && s.n < n && s.p[s.n - 1] == '\r')
		s.n--;
	return s;
}

static int from_file(const char *path, struct mst_secret **s_r,
		     struct mst_err *err)
{
	struct mst_buf b = MST_BUF_INIT(MST_SECRET_MAX + 1);
	struct mst_slice s;
	/* O_NONBLOCK: a FIFO must not hang us before it is refused */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	int ret;

	if (fd < 0 && errno == ENOENT)
		return mst_err_set(err, MST_E_NOTFOUND,
				   "the secret file \"%s\" does not exist",
				   path);
	if (fd < 0)
		return mst_err_os(err, "cannot open the secret file \"%s\"",
				  path);
	/* one allocation, so that no copy of it stays behind */
	(void)mst_buf_reserve(&b, MST_SECRET_MAX + 1);
	ret = check_file(fd, path, err);
	if (ret == 0)
		ret = read_all(fd, path, &b, err);
	(void)close(fd);
	if (ret == 0) {
		char where[4200];

		s = mst_secret_line(mst_slice(b.p, b.n));
		(void)snprintf(where, sizeof(where), "\"%s\"", path);
		ret = mst_secret_take(s, where, s_r, err);
	}
	mst_buf_wipe_fini(&b);
	return ret;
}

static int from_env(const char *name, struct mst_secret **s_r,
		    struct mst_err *err)
{
	const char *v = getenv(name);
	char where[320];

	if (!v)
		return mst_err_set(err, MST_E_NOTFOUND,
				   "the environment variable \"%s\" that holds "
				   "a secret is not set",
				   name);
	(void)snprintf(where, sizeof(where), "the environment variable \"%s\"",
		       name);
	return mst_secret_take(mst_slice_str(v), where, s_r, err);
}

static int from_credential(const char *name, struct mst_secret **s_r,
			   struct mst_err *err)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	char path[4400];

	if (!dir || dir[0] != '/' || strlen(dir) >= 4096)
		return mst_err_set(err, MST_E_NOTFOUND,
				   "there is no credential \"%s\": "
				   "CREDENTIALS_DIRECTORY is not set; start "
				   "by systemd with LoadCredential=%s:/path",
				   name, name);
	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	return from_file(path, s_r, err);
}

/* ---- sealed -------------------------------------------------------------- */

#define VAULTS_MAX 256

/* All that are open, the newest last; and the one of this thread. */
static struct {
	pthread_mutex_t lock;
	struct mst_secret_vault v[VAULTS_MAX];
	size_t n;
} vaults = {.lock = PTHREAD_MUTEX_INITIALIZER};
static _Thread_local struct mst_secret_vault own;

/* With the lock. */
static size_t find_vault(const void *ctx)
{
	size_t i = 0;

	while (i < vaults.n && vaults.v[i].ctx != ctx)
		i++;
	return i;
}

static void take_away(size_t i)
{
	if (i == vaults.n)
		return;
	memmove(&vaults.v[i], &vaults.v[i + 1],
		(vaults.n - i - 1) * sizeof(vaults.v[0]));
	vaults.n--;
}

void mst_secret_vault_set(const struct mst_secret_vault *v)
{
	(void)pthread_mutex_lock(&vaults.lock);
	take_away(find_vault(v->ctx));
	if (vaults.n == VAULTS_MAX)
		take_away(0);
	vaults.v[vaults.n++] = *v;
	own = *v;
	(void)pthread_mutex_unlock(&vaults.lock);
}

void mst_secret_vault_drop(const void *ctx)
{
	(void)pthread_mutex_lock(&vaults.lock);
	take_away(find_vault(ctx));
	if (own.ctx == ctx)
		own = (struct mst_secret_vault){NULL, NULL};
	(void)pthread_mutex_unlock(&vaults.lock);
}

static struct mst_secret_vault vault_now(void)
{
	struct mst_secret_vault v = {NULL, NULL};

	(void)pthread_mutex_lock(&vaults.lock);
	if (own.open && find_vault(own.ctx) < vaults.n)
		v = own;
	else if (vaults.n)
		v = vaults.v[vaults.n - 1];
	(void)pthread_mutex_unlock(&vaults.lock);
	return v;
}

static int from_vault(const char *name, struct mst_secret **s_r,
		      struct mst_err *err)
{
	struct mst_secret_vault vault = vault_now();

	if (!vault.open)
		return mst_err_set(
		    err, MST_E_INTERNAL,
		    "the sealed secret \"%s\" cannot be read: no "
		    "state store is open",
		    name);
	return vault.open(vault.ctx, name, s_r, err);
}

/* ---- typed --------------------------------------------------------------- */

static struct mst_secret *typed;

void mst_secret_typed(struct mst_secret *s)
{
	mst_secret_free(&typed);
	typed = s;
}

int mst_secret_ref(const char *ref, struct mst_secret **s_r,
		   struct mst_err *err)
{
	if (typed && ref && strcmp(ref, MST_SECRET_TYPED) == 0) {
		*s_r = mst_secret_new(mst_secret_get(typed));
		return 0;
	}
	if (!mst_secret_ref_ok(ref))
		return mst_err_set(err, MST_E_INVALID,
				   "a secret must be given as a reference: "
				   "" MST_SECRET_FORMS);
	if (after(ref, "env:"))
		return from_env(after(ref, "env:"), s_r, err);
	if (after(ref, "file:"))
		return from_file(after(ref, "file:"), s_r, err);
	if (after(ref, "exec:"))
		return mst_secret_exec(after(ref, "exec:"), s_r, err);
	if (after(ref, "sealed:"))
		return from_vault(after(ref, "sealed:"), s_r, err);
	return from_credential(after(ref, "credential:"), s_r, err);
}
