/* SPDX-License-Identifier: Apache-2.0
 *
 * The change file.
 */
#include "sync/changes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static int temp_file(const char *dir, struct mst_err *err)
{
	char *path MST_CLEANUP(mst_freep) =
	    mst_asprintf("%s/changes-XXXXXX", dir);
	int fd = mkostemp(path, O_CLOEXEC);

	if (fd < 0)
		return mst_err_os(err, "%s", path);
	/* Nothing is left behind, whatever happens. */
	(void)unlink(path);
	return fd;
}

int mst_changes_open(struct mst_changes *c, const char *dir, const char *set,
		     struct mst_err *err)
{
	*c = (struct mst_changes){.recs_fd = -1, .payload_fd = -1};
	c->path = mst_asprintf("%s (changes of %s)", dir, set);
	c->recs_fd = temp_file(dir, err);
	if (c->recs_fd >= 0)
		c->payload_fd = temp_file(dir, err);
	if (c->payload_fd >= 0)
		return 0;
	mst_changes_close(c);
	return -(int)err->code;
}

void mst_changes_close(struct mst_changes *c)
{
	if (c->path && c->recs_fd >= 0)
		(void)close(c->recs_fd);
	if (c->path && c->payload_fd >= 0)
		(void)close(c->payload_fd);
	free(c->path);
	*c = (struct mst_changes){.recs_fd = -1, .payload_fd = -1};
}

static int write_at(int fd, const char *path, const void *p, size_t n,
		    uint64_t off, struct mst_err *err)
{
	const char *at = p;

	while (n > 0) {
		ssize_t r = pwrite(fd, at, n, (off_t)off);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return mst_err_os(err, "%s", path);
		at += r;
		off += (uint64_t)r;
		n -= (size_t)r;
	}
	return 0;
}

static int read_at(int fd, const char *path, void *p, size_t n, uint64_t off,
		   size_t *n_r, struct mst_err *err)
{
	char *at = p;
	size_t got = 0;

	while (got < n) {
		ssize_t r = pread(fd, at + got, n - got, (off_t)(off + got));

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return mst_err_os(err, "%s", path);
		if (r == 0)
			break;
		got += (size_t)r;
	}
	*n_r = got;
	return 0;
}

int mst_changes_add(struct mst_changes *c, const struct mst_change_rec *recs,
		    size_t n, struct mst_err *err)
{
	if (write_at(c->recs_fd, c->path, recs, n * sizeof(*recs),
		     c->recs_n * sizeof(*recs), err) < 0)
		return -(int)err->code;
	c->recs_n += n;
	return 0;
}

int mst_changes_get(const struct mst_changes *c, uint64_t at,
		    struct mst_change_rec *recs, size_t n, size_t *n_r,
		    struct mst_err *err)
{
	uint64_t left = at < c->recs_n ? c->recs_n - at : 0;
	size_t bytes = 0;

	n = (size_t)MST_MIN((uint64_t)n, left);
	if (read_at(c->recs_fd, c->path, recs, n * sizeof(*recs),
		    at * sizeof(*recs), &bytes, err) < 0)
		return -(int)err->code;
	*n_r = bytes / sizeof(*recs);
	return 0;
}

int mst_changes_write(struct mst_changes *c, struct mst_slice bytes,
		      uint64_t *off_r, struct mst_err *err)
{
	*off_r = atomic_fetch_add(&c->payload_n, bytes.n);
	return write_at(c->payload_fd, c->path, bytes.p, bytes.n, *off_r, err);
}

static void put_text(struct mst_buf *out, struct mst_slice s)
{
	uint32_t n = (uint32_t)s.n;

	(void)mst_buf_add(out, &n, sizeof(n));
	(void)mst_buf_add_slice(out, s);
}

bool mst_payload_encode(const struct mst_desired *d, struct mst_buf *out)
{
	uint8_t head[2] = {(uint8_t)d->mapping, (uint8_t)d->cells_n};

	(void)mst_buf_add(out, head, sizeof(head));
	put_text(out, d->key);
	put_text(out, d->group);
	put_text(out, d->table);
	for (size_t i = 0; i < d->cells_n; i++) {
		uint8_t cell[2] = {(uint8_t)d->cells[i].column, d->rows[i]};

		(void)mst_buf_add(out, cell, sizeof(cell));
		put_text(out, d->cells[i].text);
	}
	return !out->overflow;
}

static bool take(struct mst_slice *in, void *p, size_t n)
{
	if (in->n < n)
		return false;
	memcpy(p, in->p, n);
	in->p += n;
	in->n -= n;
	return true;
}

static bool take_text(struct mst_slice *in, struct mst_slice *s_r)
{
	uint32_t n;

	if (!take(in, &n, sizeof(n)) || in->n < n)
		return false;
	*s_r = mst_slice(in->p, n);
	in->p += n;
	in->n -= n;
	return true;
}

static bool decode(struct mst_slice in, struct mst_desired *d)
{
	uint8_t head[2], cell[2];

	if (!take(&in, head, sizeof(head)) || head[1] > MST_MAX_COLUMNS ||
	    !take_text(&in, &d->key) || !take_text(&in, &d->group) ||
	    !take_text(&in, &d->table))
		return false;
	d->mapping = head[0];
	d->cells_n = head[1];
	for (size_t i = 0; i < d->cells_n; i++) {
		d->cells[i] = (struct mst_cell){0};
		if (!take(&in, cell, sizeof(cell)) ||
		    !take_text(&in, &d->cells[i].text))
			return false;
		d->cells[i].column = cell[0];
		d->rows[i] = cell[1];
	}
	return in.n == 0;
}

int mst_payload_read(const struct mst_changes *c,
		     const struct mst_change_rec *rec, struct mst_buf *bytes,
		     struct mst_desired *d_r, struct mst_err *err)
{
	size_t got = 0;

	mst_buf_reset(bytes);
	if (!mst_buf_reserve(bytes, rec->len))
		return mst_err_set(err, MST_E_INTERNAL,
				   "%s: payload is too large", c->path);
	if (read_at(c->payload_fd, c->path, bytes->p, rec->len, rec->off, &got,
		    err) < 0)
		return -(int)err->code;
	bytes->n = got;
	*d_r = (struct mst_desired){0};
	if (got != rec->len || !decode(mst_buf_slice(bytes), d_r))
		return mst_err_set(err, MST_E_CORRUPT,
				   "%s: the change file is damaged", c->path);
	return 0;
}
