/* SPDX-License-Identifier: Apache-2.0
 *
 * Files and folders.
 */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/limits.h"

#define WALK_DEPTH   8
#define WALK_FILES   100000
#define REMOVE_DEPTH 64

bool mst_file_exists(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0;
}

bool mst_file_is_open(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 &&
	       (st.st_mode & (S_IROTH | S_IWOTH | S_IWGRP));
}

static int read_fd(int fd, const char *path, size_t hint, struct mst_buf *out,
		   struct mst_err *err)
{
	size_t step = MST_MIN(hint + 1, (size_t)1 << 20);

	for (;;) {
		/* One byte more than the maximum tells "full" from "over". */
		size_t room = MST_MIN(step, out->max - out->n);
		char spare;
		ssize_t n;

		if (room == 0) {
			n = read(fd, &spare, 1);
		} else {
			(void)mst_buf_reserve(out, room);
			n = read(fd, out->p + out->n, room);
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return mst_err_os(err, "cannot read \"%s\"", path);
		if (n == 0)
			return 0;
		if (room == 0)
			return mst_err_set(err, MST_E_INVALID,
					   "\"%s\" is too large: at most %zu "
					   "bytes are read",
					   path, out->max);
		out->n += (size_t)n;
		out->p[out->n] = 0;
		step = (size_t)1 << 20;
	}
}

int mst_file_read(const char *path, struct mst_buf *out, struct mst_err *err)
{
	size_t before = out->n;
	struct stat st;
	int fd, ret;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 && errno == ENOENT)
		return mst_err_set(err, MST_E_NOTFOUND,
				   "the file \"%s\" does not exist", path);
	if (fd < 0)
		return mst_err_os(err, "cannot open \"%s\"", path);
	if (fstat(fd, &st) < 0)
		ret = mst_err_os(err, "cannot look at \"%s\"", path);
	else if (out->overflow || out->n > out->max)
		ret = mst_err_set(err, MST_E_INVALID,
				  "\"%s\" is too large: at most %zu bytes are "
				  "read",
				  path, out->max);
	else
		ret = read_fd(fd, path,
			      st.st_size > 0 ? (size_t)st.st_size : 4096, out,
			      err);
	(void)close(fd);
	if (ret < 0 && out->p) {
		out->n = before;
		out->p[before] = 0;
	}
	return ret;
}

static int write_all(int fd, struct mst_slice s)
{
	while (s.n > 0) {
		ssize_t n = write(fd, s.p, s.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		s = mst_slice(s.p + n, s.n - (size_t)n);
	}
	return 0;
}

/* The rename itself must survive a power cut. Some file systems cannot sync
 * a folder; that is no reason to fail. */
static void sync_parent(const char *path)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX];
	int fd;

	if (!slash)
		(void)snprintf(dir, sizeof(dir), ".");
	else
		(void)snprintf(dir, sizeof(dir), "%.*s",
			       (int)MST_MAX(slash - path, 1), path);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)fsync(fd);
	(void)close(fd);
}

int mst_file_write(const char *path, struct mst_slice data, unsigned mode,
		   struct mst_err *err)
{
	char tmp[PATH_MAX];
	int fd, ret = 0;

	if (snprintf(tmp, sizeof(tmp), "%s.tmp", path) >= (int)sizeof(tmp))
		return mst_err_set(err, MST_E_INVALID,
				   "the path \"%.80s…\" is too long", path);
	/* A left-over of a killed run may have another mode or owner. */
	if (unlink(tmp) < 0 && errno != ENOENT)
		return mst_err_os(err, "cannot remove the old \"%s\"", tmp);
	fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0)
		return mst_err_os(err, "cannot create \"%s\"", tmp);
	if (write_all(fd, data) < 0 || fsync(fd) < 0)
		ret = mst_err_os(err, "cannot write \"%s\"", tmp);
	if (close(fd) < 0 && ret == 0)
		ret = mst_err_os(err, "cannot write \"%s\"", tmp);
	if (ret == 0 && rename(tmp, path) < 0)
		ret = mst_err_os(err, "cannot rename \"%s\" to \"%s\"", tmp,
				 path);
	if (ret < 0)
		(void)unlink(tmp);
	else
		sync_parent(path);
	return ret;
}

int mst_dir_make(const char *path, struct mst_err *err)
{
	char part[PATH_MAX];
	size_t n = strlen(path);
	struct stat st;

	if (n == 0 || n >= sizeof(part))
		return mst_err_set(err, MST_E_INVALID,
				   "a folder's path is empty or too long");
	memcpy(part, path, n + 1);
	for (size_t i = 1; i <= n; i++) {
		if (part[i] != '/' && part[i] != 0)
			continue;
		part[i] = 0;
		if (mkdir(part, 0700) < 0 && errno != EEXIST)
			return mst_err_os(err, "cannot make the folder \"%s\"",
					  part);
		if (i < n)
			part[i] = '/';
	}
	if (stat(path, &st) < 0)
		return mst_err_os(err, "cannot look at \"%s\"", path);
	if (!S_ISDIR(st.st_mode))
		return mst_err_set(err, MST_E_CONFLICT,
				   "\"%s\" is not a folder", path);
	return 0;
}

/* ---- removing ---------------------------------------------------------- */

/* Opens a folder below another without following a link. */
static DIR *open_dir_at(int at, const char *name)
{
	int fd =
	    openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d && fd >= 0)
		(void)close(fd);
	return d;
}

static bool is_dots(const char *name)
{
	return name[0] == '.' &&
	       (name[1] == 0 || (name[1] == '.' && name[2] == 0));
}

static int remove_below(DIR *d, const char *path, int depth,
			struct mst_err *err)
{
	struct dirent *e;
	int ret = 0;

	if (depth > REMOVE_DEPTH)
		return mst_err_set(err, MST_E_INVALID,
				   "\"%s\" has folders more than %d deep", path,
				   REMOVE_DEPTH);
	while (ret == 0 && (errno = 0, e = readdir(d))) {
		DIR *sub;

		if (is_dots(e->d_name) ||
		    unlinkat(dirfd(d), e->d_name, 0) == 0 || errno == ENOENT)
			continue;
		if (errno != EISDIR && errno != EPERM)
			return mst_err_os(err, "cannot remove \"%s\" in \"%s\"",
					  e->d_name, path);
		sub = open_dir_at(dirfd(d), e->d_name);
		if (!sub)
			return mst_err_os(err, "cannot open \"%s\" in \"%s\"",
					  e->d_name, path);
		ret = remove_below(sub, path, depth + 1, err);
		(void)closedir(sub);
		if (ret == 0 && unlinkat(dirfd(d), e->d_name, AT_REMOVEDIR) < 0)
			ret = mst_err_os(err, "cannot remove \"%s\" in \"%s\"",
					 e->d_name, path);
	}
	if (ret == 0 && errno != 0)
		ret = mst_err_os(err, "cannot read the folder \"%s\"", path);
	return ret;
}

int mst_dir_remove(const char *path, struct mst_err *err)
{
	struct stat st;
	DIR *d;
	int ret;

	if (lstat(path, &st) < 0 && errno == ENOENT)
		return 0;
	d = open_dir_at(AT_FDCWD, path);
	if (!d && (errno == ELOOP || errno == ENOTDIR))
		return mst_err_set(err, MST_E_INVALID,
				   "\"%s\" is not a folder or is a symbolic "
				   "link; it is left alone",
				   path);
	if (!d)
		return mst_err_os(err, "cannot open the folder \"%s\"", path);
	ret = remove_below(d, path, 1, err);
	(void)closedir(d);
	if (ret == 0 && rmdir(path) < 0)
		ret = mst_err_os(err, "cannot remove the folder \"%s\"", path);
	return ret;
}

/* ---- walking ----------------------------------------------------------- */

struct found {
	char *path;
	size_t rel; /* where the part below the folder starts */
	uint64_t size;
};

struct walk {
	struct mst_arena arena;
	struct found *files;
	size_t n, cap;
	size_t base; /* length of the folder's path with its slash */
};

static int walk_dir(struct walk *w, const char *path, int depth,
		    struct mst_err *err);

/* Links are followed: a folder put together by hand may consist of them, and
 * passing over one would make a read look complete that is not. A loop ends
 * at the maximum depth. */
static int walk_entry(struct walk *w, const char *dir, const char *name,
		      int depth, struct mst_err *err)
{
	char *path =
	    mst_arena_printf(&w->arena, "%s%s%s", dir,
			     dir[strlen(dir) - 1] == '/' ? "" : "/", name);
	struct stat st;

	if (strlen(path) >= PATH_MAX)
		return mst_err_set(err, MST_E_INVALID,
				   "a path below \"%.80s\" is too long", dir);
	if (stat(path, &st) < 0)
		return mst_err_os(err, "cannot look at \"%s\"", path);
	if (S_ISDIR(st.st_mode))
		return walk_dir(w, path, depth + 1, err);
	if (!S_ISREG(st.st_mode))
		return 0;
	if (w->n == WALK_FILES)
		return mst_err_set(err, MST_E_INVALID,
				   "\"%s\": more than %d files are in the "
				   "folder",
				   dir, WALK_FILES);
	if (w->n == w->cap) {
		w->cap = w->cap ? w->cap * 2 : 64;
		w->files = mst_realloc(w->files, w->cap * sizeof(*w->files));
	}
	w->files[w->n++] = (struct found){path, w->base, (uint64_t)st.st_size};
	return 0;
}

static int walk_dir(struct walk *w, const char *path, int depth,
		    struct mst_err *err)
{
	struct dirent *e;
	int ret = 0;
	DIR *d;

	if (depth > WALK_DEPTH)
		return mst_err_set(err, MST_E_INVALID,
				   "\"%s\" is more than %d folders deep", path,
				   WALK_DEPTH);
	d = opendir(path);
	if (!d && errno == ENOENT)
		return mst_err_set(err, MST_E_NOTFOUND,
				   "the folder \"%s\" does not exist", path);
	if (!d)
		return mst_err_os(err, "cannot open the folder \"%s\"", path);
	while (ret == 0 && (errno = 0, e = readdir(d))) {
		if (!is_dots(e->d_name))
			ret = walk_entry(w, path, e->d_name, depth, err);
		else
			continue;
	}
	if (ret == 0 && errno != 0)
		ret = mst_err_os(err, "cannot read the folder \"%s\"", path);
	(void)closedir(d);
	return ret;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct found *)a)->path,
		      ((const struct found *)b)->path);
}

int mst_dir_walk(const char *dir,
		 int (*fn)(void *ctx, const char *path, const char *rel,
			   uint64_t size, struct mst_err *err),
		 void *ctx, struct mst_err *err)
{
	struct walk w = {.base = strlen(dir)};
	int ret;

	if (w.base == 0 || w.base >= PATH_MAX)
		return mst_err_set(err, MST_E_INVALID,
				   "a folder's path is empty or too long");
	w.base += dir[w.base - 1] != '/';
	mst_arena_init(&w.arena, MST_MAX_ARENA);
	ret = walk_dir(&w, dir, 1, err);
	if (w.n > 1)
		qsort(w.files, w.n, sizeof(*w.files), by_path);
	for (size_t i = 0; ret == 0 && i < w.n; i++)
		ret = fn(ctx, w.files[i].path, w.files[i].path + w.files[i].rel,
			 w.files[i].size, err);
	free(w.files);
	mst_arena_fini(&w.arena);
	return ret;
}

FILE *mst_file_stream(const char *path, const char *mode, struct mst_err *err)
{
	int flags = *mode == 'w'   ? O_WRONLY | O_CREAT | O_TRUNC
		    : *mode == 'a' ? O_WRONLY | O_CREAT | O_APPEND
				   : O_RDONLY;
	int fd = open(path, flags | O_CLOEXEC, 0600);
	FILE *f = fd >= 0 ? fdopen(fd, mode) : NULL;

	if (f)
		return f;
	(void)mst_err_os(err, "%s", path);
	if (fd >= 0)
		(void)close(fd);
	return NULL;
}
