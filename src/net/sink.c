/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the bytes of a body go. To a file: as received, under "path.part"
 * until it is whole, so that a file with its right name is always a whole one.
 * To memory: bounded, and inflated on the way when the server compressed it.
 * We inflate ourselves because libcurl does not notice a gzip stream that
 * ends early.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/time.h"
#include "net/private.h"

#define INFLATE_STEP (256u << 10)

void mst_sink_init(struct mst_sink *s, uint64_t max)
{
	*s = (struct mst_sink){.max = max, .fd = -1};
	mst_buf_init(&s->body, 0);
}

void mst_sink_fini(struct mst_sink *s)
{
	if (s->fd >= 0)
		(void)close(s->fd);
	s->fd = -1;
	if (s->part) {
		(void)unlink(s->part);
		free(s->part);
		s->part = NULL;
	}
	if (s->gz)
		mst_gunzip_free(&s->gz);
	if (s->is_secret)
		mst_buf_wipe_fini(&s->body);
	else
		mst_buf_fini(&s->body);
}

static bool too_big(struct mst_transfer *t)
{
	mst_err_set(&t->fault, MST_E_INVALID,
		    "the body is larger than the limit of %llu bytes",
		    (unsigned long long)t->sink.max);
	return false;
}

static bool open_file(struct mst_transfer *t)
{
	struct mst_sink *s = &t->sink;

	s->part = mst_asprintf("%s.part", t->req.file);
	s->fd =
	    open(s->part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
		 0600);
	if (s->fd < 0) {
		mst_err_os(&t->fault, "cannot create the file '%s'", s->part);
		return false;
	}
	return true;
}

static bool open_memory(struct mst_transfer *t, curl_off_t length)
{
	struct mst_sink *s = &t->sink;
	struct mst_slice enc = mst_slice_str(t->head.encoding);

	if (mst_slice_iis(enc, "gzip") || mst_slice_iis(enc, "x-gzip")) {
		s->is_gzip = true;
		s->gz = mst_gunzip_new();
	} else if (enc.n && !mst_slice_iis(enc, "identity")) {
		mst_err_set(&t->fault, MST_E_TRANSIENT,
			    "the body came in the encoding '%.40s', which was "
			    "not asked for",
			    enc.p);
		return false;
	}
	/* One step of room above the limit, to see that it is passed. */
	s->body.max = (size_t)s->max + INFLATE_STEP;
	if (!s->is_gzip && length > 0 && !s->cut)
		(void)mst_buf_reserve(&s->body, (size_t)length);
	return true;
}

static bool begin(struct mst_transfer *t)
{
	struct mst_sink *s = &t->sink;
	curl_off_t length = -1;
	long status = 0;

	s->begun = true;
	t->mark_us = mst_mono_us();
	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(t->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	if (status < 200 || status > 299) {
		s->cut = true;
		s->max = MST_MIN(s->max, (uint64_t)MST_NET_ERROR_MAX);
		return open_memory(t, length);
	}
	if (length > 0 && (uint64_t)length > s->max)
		return too_big(t);
	return t->req.file ? open_file(t) : open_memory(t, length);
}

static bool to_file(struct mst_transfer *t, const char *p, size_t n)
{
	while (n) {
		ssize_t w = write(t->sink.fd, p, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0) {
			mst_err_os(&t->fault, "cannot write to '%s'",
				   t->sink.part);
			return false;
		}
		p += w;
		n -= (size_t)w;
	}
	return true;
}

/* What is over the limit of an error text is dropped, of a good one is an
 * error. */
static bool check_size(struct mst_transfer *t)
{
	struct mst_sink *s = &t->sink;

	if (s->body.n <= s->max)
		return true;
	if (!s->cut)
		return too_big(t);
	s->body.n = (size_t)s->max;
	s->body.p[s->body.n] = 0;
	return true;
}

static bool inflate_in(struct mst_transfer *t, struct mst_slice in)
{
	struct mst_sink *s = &t->sink;
	size_t room, before, n;

	do {
		before = in.n;
		room = s->body.max - s->body.n;
		room = MST_MIN(room, (size_t)INFLATE_STEP);
		n = 0;
		if (!mst_buf_reserve(&s->body, room))
			return too_big(t);
		if (mst_gunzip_step(s->gz, &in, s->body.p + s->body.n, room, &n,
				    &t->fault)) {
			t->fault.code = MST_E_TRANSIENT;
			return false;
		}
		s->body.n += n;
		s->body.p[s->body.n] = 0;
		if (s->cut && s->body.n > s->max)
			return check_size(t); /* enough of an error text */
		if (!check_size(t))
			return false;
	} while ((in.n && (n || in.n != before)) || n == room);
	return true;
}

bool mst_sink_take(struct mst_transfer *t, const char *p, size_t n)
{
	struct mst_sink *s = &t->sink;

	s->wire += n;
	t->client->stats.bytes_in += n;
	if (!s->begun && !begin(t))
		return false;
	if (s->cut && s->body.n >= s->max)
		return true;
	if (!s->cut && s->wire > s->max)
		return too_big(t);
	if (s->fd >= 0)
		return to_file(t, p, n);
	if (s->is_gzip)
		return inflate_in(t, mst_slice(p, n));
	n = MST_MIN(n, s->body.max - s->body.n);
	return mst_buf_add(&s->body, p, n) && check_size(t);
}

static bool finish_file(struct mst_transfer *t)
{
	struct mst_sink *s = &t->sink;
	int fd = s->fd;

	s->fd = -1;
	/* close() is where network file systems report a full disk. */
	if (close(fd)) {
		mst_err_os(&t->fault, "cannot write to '%s'", s->part);
		return false;
	}
	if (rename(s->part, t->req.file)) {
		mst_err_os(&t->fault, "cannot rename '%s' to '%s'", s->part,
			   t->req.file);
		return false;
	}
	free(s->part);
	s->part = NULL;
	return true;
}

bool mst_sink_finish(struct mst_transfer *t)
{
	struct mst_sink *s = &t->sink;
	long status = 0;

	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	if (!s->begun && t->req.file && status >= 200 && status <= 299) {
		s->begun = true; /* an empty body is an empty file */
		if (!open_file(t))
			return false;
	}
	if (s->fd >= 0)
		return finish_file(t);
	if (s->is_gzip && !s->cut && !mst_gunzip_whole(s->gz)) {
		mst_err_set(&t->fault, MST_E_TRANSIENT,
			    "the compressed body ended early, after %llu bytes",
			    (unsigned long long)s->wire);
		return false;
	}
	return true;
}
