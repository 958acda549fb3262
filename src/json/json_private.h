/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared by the shim (json_simdjson.cpp), the picker (picker.c) and the reader
 * of lines (lines.c): simdjson's tape, and the member names that a picker has
 * met.
 *
 * Tape words (simdjson doc/tape.md): type in the top byte, payload in the
 * other 56 bits. '"': offset of a string (32-bit length, bytes, NUL). '{' and
 * '[': index behind the closing word in the low 32 bits, count above. 'l',
 * 'u', 'd': the value is the next word. 't', 'f', 'n': themselves.
 */
#ifndef MST_JSON_PRIVATE_H
#define MST_JSON_PRIVATE_H

#include <string.h>

#include "base/bytes64.h"
#include "json/json.h"

struct mst_tape {
	const uint64_t *w;
	const uint8_t *s;
};

#define MST_TAPE_PAYLOAD UINT64_C(0x00ffffffffffffff)

static inline char mst_tape_kind(uint64_t w)
{
	return (char)(w >> 56);
}

static inline struct mst_slice mst_tape_text(const struct mst_tape *t,
					     uint64_t w)
{
	const uint8_t *p = t->s + (w & MST_TAPE_PAYLOAD);
	uint32_t n;

	memcpy(&n, p, sizeof(n));
	return mst_slice((const char *)(p + sizeof(n)), n);
}

/* Index of the value behind the one at i. */
static inline size_t mst_tape_behind(const struct mst_tape *t, size_t i)
{
	uint64_t w = t->w[i];

	switch (mst_tape_kind(w)) {
	case '{':
	case '[':
		return (size_t)(w & 0xffffffff);
	case 'l':
	case 'u':
	case 'd':
		return i + 2;
	default:
		return i + 1;
	}
}

static inline int64_t mst_tape_int(const struct mst_tape *t, size_t i)
{
	uint64_t raw = t->w[i + 1];

	/* Above 2^63 only as 'u': cut, no field of ours gets there. */
	if (mst_tape_kind(t->w[i]) == 'u' && raw > (uint64_t)INT64_MAX)
		return INT64_MAX;
	return (int64_t)raw;
}

static inline double mst_tape_dbl(const struct mst_tape *t, size_t i)
{
	double d;

	memcpy(&d, &t->w[i + 1], sizeof(d));
	return d;
}

/* ---- the picker's memory ------------------------------------------------- */

#define MST_PICKER_KEYS	    240 /* distinct member names remembered */
#define MST_PICKER_KEY_LEN  63	/* longer names are never ours */
#define MST_PICKER_NOT_OURS 0xff

/* A member name that was met, as it was spelled. */
struct mst_picker_key {
	char text[MST_PICKER_KEY_LEN + 16]; /* and a quote, zero padded */
	uint32_t n;
	uint64_t bits;
	uint32_t rest; /* bits of the last 16 bytes that do not count */
	uint8_t field; /* or NOT_OURS */
	struct mst_picker_key *next[2]; /* that followed it lately, or NULL */
};

struct mst_picker {
	unsigned n;
	uint64_t lengths; /* bit l: a name of ours has length l */
	unsigned keys_n;  /* known keys; 0 is "start of object" */
	struct mst_picker_key keys[MST_PICKER_KEYS + 1];
	struct mst_picker_key other; /* one that there was no room for */
	char *names[256];	     /* field i: spellings joined by '|' */
};

/* Finds or remembers a key that did not come where it was expected. Where there
 * is no room to remember it, the picker's last entry stands for it until the
 * next such key: its field is right, and nothing is known to follow it. */
struct mst_picker_key *mst_picker_meet(struct mst_picker *p,
				       struct mst_slice key);

/* Do the bytes at p begin with the known key and its closing sign (text[n], a
 * quote)? Reads up to the next multiple of 16 behind: both the tape's strings
 * and the windows of lines are padded. */
static inline bool mst_picker_starts(const struct mst_picker_key *k,
				     const char *p)
{
#if MST_BYTES64
	return !mst_differ64(k->text, p, k->bits);
#endif
	uint32_t n = k->n + 1;

	if (n <= 16)
		return (mst_eq16(k->text, p) | k->rest) == 0xffff;
	if (n <= 32)
		return mst_eq16(k->text, p) == 0xffff &&
		       (mst_eq16(k->text + 16, p + 16) | k->rest) == 0xffff;
	return memcmp(k->text, p, n) == 0;
}

/* Turns the guess that failed into what came. */
static inline void mst_picker_learn(const struct mst_picker *p,
				    struct mst_picker_key *before,
				    struct mst_picker_key *came)
{
	if (before == &p->other || came == &p->other)
		return;
	before->next[1] = before->next[0];
	before->next[0] = came;
}

/* ---- the shim's side of the lines -----------------------------------------
 */

#ifdef __cplusplus
extern "C" {
#endif

/* simdjson's first stage alone: positions of all structural characters and of
 * the first character of every scalar, in order. data must be padded. The
 * positions are lent until the next parse. */
int mst_json_stage1(struct mst_json_parser *p, const char *data, size_t n,
		    const uint32_t **at_r, size_t *at_n_r, struct mst_err *err);
/* A second parser of the same kind, for single lines; made when first asked
 * for. */
struct mst_json_parser *mst_json_parser_spare(struct mst_json_parser *p);
/* Where the reader of lines builds small values. */
struct mst_json_side;
struct mst_json_side **mst_json_parser_side(struct mst_json_parser *p);
void mst_json_side_free(struct mst_json_side **s);

/* Turns the escapes of half surrogate pairs into that of U+FFFD, which is as
 * long. Returns how many there were. */
size_t mst_json_mend(char *data, size_t n);

#ifdef __cplusplus
}
#endif

#endif
