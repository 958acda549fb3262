/* SPDX-License-Identifier: Apache-2.0
 *
 * Framing of syslog streams.
 */
#include "forwarder/frame.h"

#define SKIP_MOST (16u << 20) /* of one counted message */

/* Line ends and zero bytes that senders put between messages. */
static bool is_between(char c)
{
	return c == '\n' || c == '\r' || c == 0;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "123 <": digits, a blank, and the '<' of a header. >0: how long digits and
 * blank are; 0: it is no count; -1: more bytes must be seen. */
static int count_of(struct mst_slice in, uint64_t *count_r)
{
	size_t i = 0;

	*count_r = 0;
	if (in.n && in.p[0] == '0')
		return 0;
	for (; i < in.n && is_digit(in.p[i]); i++) {
		if (i == MST_FRAME_COUNT)
			return 0;
		*count_r = *count_r * 10 + (uint64_t)(in.p[i] - '0');
	}
	if (i == in.n)
		return i ? -1 : 0;
	if (i == 0 || in.p[i] != ' ')
		return 0;
	if (i + 1 == in.n)
		return -1;
	return in.p[i + 1] == '<' ? (int)i + 1 : 0;
}

static enum mst_frame counted(struct mst_framer *f, struct mst_slice in,
			      size_t head, uint64_t count, size_t max,
			      struct mst_slice *out_r, size_t *used_r)
{
	size_t there = in.n - head;

	if (count > SKIP_MOST) {
		*out_r = mst_slice(in.p, MST_MIN(in.n, max));
		return MST_FRAME_LOST;
	}
	if (there < MST_MIN(count, max))
		return MST_FRAME_MORE;
	*out_r = mst_slice(in.p + head, (size_t)MST_MIN(count, max));
	if (count <= max) {
		*used_r += head + out_r->n;
		return MST_FRAME_MESSAGE;
	}
	*used_r += head + out_r->n;
	f->skip = count - max;
	return MST_FRAME_LONG;
}

static enum mst_frame line(struct mst_framer *f, struct mst_slice in,
			   size_t max, struct mst_slice *out_r, size_t *used_r)
{
	const char *end = memchr(in.p, '\n', MST_MIN(in.n, max + 2));
	size_t n = end ? (size_t)(end - in.p) : in.n;

	if (!end && in.n <= max + 1)
		return MST_FRAME_MORE;
	if (end)
		*used_r += n + 1;
	while (end && n > 0 && is_between(in.p[n - 1]))
		n--;
	*out_r = mst_slice(in.p, MST_MIN(n, max));
	if (end && n <= max)
		return MST_FRAME_MESSAGE;
	f->skip_line = !end;
	if (!end)
		*used_r += max;
	return MST_FRAME_LONG;
}

/* What is passed over. False: all of `in` was. */
static bool skip(struct mst_framer *f, struct mst_slice *in, size_t *used)
{
	size_t n = (size_t)MST_MIN((uint64_t)in->n, f->skip);
	const char *end;

	f->skip -= n;
	if (f->skip_line) {
		end = memchr(in->p, '\n', in->n);
		n = end ? (size_t)(end - in->p) + 1 : in->n;
		f->skip_line = !end;
	}
	while (n < in->n && f->skip == 0 && !f->skip_line &&
	       is_between(in->p[n]))
		n++;
	*in = mst_slice(in->p + n, in->n - n);
	*used += n;
	return in->n > 0;
}

enum mst_frame mst_frame_next(struct mst_framer *f, struct mst_slice in,
			      size_t max, struct mst_slice *out_r,
			      size_t *used_r)
{
	uint64_t count;
	int head;

	*used_r = 0;
	*out_r = (struct mst_slice){NULL, 0};
	if (in.n == 0 || !skip(f, &in, used_r))
		return MST_FRAME_MORE;
	head = count_of(in, &count);
	if (head < 0)
		return MST_FRAME_MORE;
	if (head > 0)
		return counted(f, in, (size_t)head, count, max, out_r, used_r);
	return line(f, in, max, out_r, used_r);
}

bool mst_frame_rest(const struct mst_framer *f, struct mst_slice in,
		    struct mst_slice *out_r)
{
	uint64_t count;
	bool whole = !f->skip && !f->skip_line && count_of(in, &count) == 0;

	while (in.n && is_between(in.p[in.n - 1]))
		in.n--;
	*out_r = in;
	return in.n > 0 && whole;
}
