/* SPDX-License-Identifier: Apache-2.0
 *
 * Gzip files: reads the header of each member (RFC 1952 section 2.3), hands
 * its data to the inflater, and goes on with the next member. Anything else
 * behind a member is damage: a file must be whole, not nearly whole.
 */
#include <stdlib.h>
#include <zlib.h>

#include "mst_config.h"

#include "base/gunzip_private.h"

enum part {
	PART_FIXED, /* the first ten bytes */
	PART_EXTRA_LEN,
	PART_EXTRA,
	PART_NAME,
	PART_COMMENT,
	PART_CRC,
	PART_BODY
};

#define FLAG_CRC      2
#define FLAG_EXTRA    4
#define FLAG_NAME     8
#define FLAG_COMMENT  16
#define FLAG_RESERVED 0xe0

struct mst_gunzip {
	const struct mst_inflate_ops *ops;
	void *state;
	enum part part;
	unsigned char flags;
	unsigned char fixed[10];
	size_t n;    /* bytes taken of this part */
	size_t want; /* length of the extra part */
	uint32_t crc;
	unsigned crc_low; /* first byte of the header's check sum */
	bool whole;
	bool bad;
};

struct mst_gunzip *mst_gunzip_new_with(const struct mst_inflate_ops *ops)
{
	struct mst_gunzip *g = mst_alloc(sizeof(*g));

	g->ops = ops;
	g->state = ops->make();
	return g;
}

static const struct mst_inflate_ops *default_ops(void)
{
#ifdef MST_HAVE_ISAL
	return &mst_inflate_isal;
#else
	return &mst_inflate_zlib;
#endif
}

struct mst_gunzip *mst_gunzip_new(void)
{
	return mst_gunzip_new_with(default_ops());
}

const char *mst_gunzip_name(void)
{
	return default_ops()->name;
}

void mst_gunzip_free(struct mst_gunzip **g)
{
	if (!*g)
		return;
	(*g)->ops->drop((*g)->state);
	free(*g);
	*g = NULL;
}

void mst_gunzip_reset(struct mst_gunzip *g)
{
	const struct mst_inflate_ops *ops = g->ops;
	void *state = g->state;

	ops->reset(state);
	*g = (struct mst_gunzip){.ops = ops, .state = state};
}

bool mst_gunzip_whole(const struct mst_gunzip *g)
{
	return g->whole && !g->bad;
}

/* The part behind `part` that this header has. */
static enum part part_after(const struct mst_gunzip *g, enum part part)
{
	if (part < PART_EXTRA_LEN && (g->flags & FLAG_EXTRA))
		return PART_EXTRA_LEN;
	if (part == PART_EXTRA_LEN && g->want > 0)
		return PART_EXTRA;
	if (part < PART_NAME && (g->flags & FLAG_NAME))
		return PART_NAME;
	if (part < PART_COMMENT && (g->flags & FLAG_COMMENT))
		return PART_COMMENT;
	if (part < PART_CRC && (g->flags & FLAG_CRC))
		return PART_CRC;
	return PART_BODY;
}

static bool fixed_ok(const struct mst_gunzip *g, const char **why_r)
{
	static const unsigned char magic[] = {0x1f, 0x8b, 8};

	for (size_t i = 0; i < sizeof(magic) && i < g->n; i++) {
		if (g->fixed[i] != magic[i]) {
			*why_r = "it is not gzip data";
			return false;
		}
	}
	if (g->n > 3 && (g->fixed[3] & FLAG_RESERVED)) {
		*why_r = "its header has unknown flags";
		return false;
	}
	return true;
}

/* One byte of the header; false on damage. The check sum of the header covers
 * everything before itself. */
static bool header_byte(struct mst_gunzip *g, unsigned char c,
			const char **why_r)
{
	enum part part = g->part;
	bool done = false;

	if (part != PART_CRC)
		g->crc = (uint32_t)crc32_z(g->crc, &c, 1);
	g->n++;
	switch (part) {
	case PART_FIXED:
		g->fixed[g->n - 1] = c;
		if (!fixed_ok(g, why_r))
			return false;
		done = g->n == sizeof(g->fixed);
		g->flags = g->fixed[3];
		break;
	case PART_EXTRA_LEN:
		g->want |= (size_t)c << (8 * (g->n - 1));
		done = g->n == 2;
		break;
	case PART_EXTRA:
		done = g->n == g->want;
		break;
	case PART_NAME:
	case PART_COMMENT:
		done = c == 0;
		break;
	case PART_CRC:
		done = g->n == 2;
		if (!done) {
			g->crc_low = c;
		} else if ((g->crc_low | (unsigned)c << 8) !=
			   (g->crc & 0xffff)) {
			*why_r = "the check sum of its header does not match";
			return false;
		}
		break;
	case PART_BODY:
		break;
	}
	if (done) {
		g->part = part_after(g, part);
		g->n = 0;
	}
	return true;
}

static bool take_header(struct mst_gunzip *g, struct mst_slice *in,
			const char **why_r)
{
	while (g->part != PART_BODY && in->n > 0) {
		g->whole = false;
		if (!header_byte(g, (unsigned char)*in->p, why_r))
			return false;
		*in = mst_slice(in->p + 1, in->n - 1);
	}
	return true;
}

static void next_member(struct mst_gunzip *g)
{
	g->ops->reset(g->state);
	g->part = PART_FIXED;
	g->n = 0;
	g->want = 0;
	g->crc = 0;
	g->whole = true;
}

int mst_gunzip_step(struct mst_gunzip *g, struct mst_slice *in, char *out,
		    size_t out_n, size_t *n_r, struct mst_err *err)
{
	const char *why = "it was damaged before this point";
	size_t got = 0;

	*n_r = 0;
	while (!g->bad) {
		size_t before = in->n, n = 0;
		int ret;

		if (!take_header(g, in, &why))
			break;
		if (g->part != PART_BODY || got == out_n) {
			*n_r = got;
			return 0;
		}
		ret = g->ops->step(g->state, in, out + got, out_n - got, &n,
				   &why);
		got += n;
		if (ret < 0)
			break;
		if (ret > 0)
			next_member(g);
		else if (n == 0 && in->n == before) {
			*n_r = got; /* wants more input */
			return 0;
		}
	}
	g->bad = true;
	*n_r = got;
	return mst_err_set(err, MST_E_CORRUPT, "gzip file is damaged: %s", why);
}
