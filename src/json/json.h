/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON reading, by simdjson behind one C++ file. A parser holds one document
 * at a time; every value and slice that comes out of it is borrowed and dies
 * with the next parse. One thread per parser.
 *
 * Two ways to read:
 *  - walking (mst_json_get …) for small documents: tokens, errors, pages;
 *  - picking (struct mst_picker) for records by the million: one pass over an
 *    object fills an array of the fields that a schema names.
 */
#ifndef MST_JSON_H
#define MST_JSON_H

#include "base/buf.h"
#include "base/err.h"

#ifdef __cplusplus
extern "C" {
#endif

enum mst_json_type {
	MST_JSON_NULL = 0, /* also: absent */
	MST_JSON_BOOL,
	MST_JSON_INT,
	MST_JSON_DOUBLE,
	MST_JSON_STRING,
	MST_JSON_ARRAY,
	MST_JSON_OBJECT
};

struct mst_json_parser;

/* A value inside the parser's current document. Copyable, borrowed. */
struct mst_json {
	const void *doc;
	size_t at; /* position in the document's tape */
};

struct mst_json_parser *mst_json_parser_new(size_t max_bytes);
void mst_json_parser_free(struct mst_json_parser **p);
/* Parses a whole document; data is copied, so it needs no padding and may be
 * freed after. MST_E_CORRUPT with the reason when it is not JSON, MST_E_INVALID
 * when it is over the maximum. Half a surrogate pair ("\ud83d" alone) reads
 * as U+FFFD: here, and in all that follows. */
int mst_json_parse(struct mst_json_parser *p, struct mst_slice data,
		   struct mst_json *root_r, struct mst_err *err);

/* How many bytes the first value of text takes, with the blanks before it; 0:
 * there is none, or it is cut. Looks at brackets and quotes only, so that
 * documents that stand behind each other can be parsed one by one. */
size_t mst_json_span(struct mst_slice text);

enum mst_json_type mst_json_type(struct mst_json v);
/* Member of an object; a null value (type NULL) when absent or no object.
 * Exact key first; mst_json_iget folds ASCII case. */
struct mst_json mst_json_get(struct mst_json v, const char *key);
struct mst_json mst_json_iget(struct mst_json v, const char *key);
/* Text of a string; {NULL,0} for anything else. */
struct mst_slice mst_json_str(struct mst_json v);
bool mst_json_is_str(struct mst_json v, const char *s);
bool mst_json_i64(struct mst_json v, int64_t *r); /* INT, or text of one */
bool mst_json_dbl(struct mst_json v, double *r);  /* number, or text of one */
bool mst_json_bool(struct mst_json v, bool *r);	  /* BOOL, "true"/"False"… */
size_t mst_json_len(struct mst_json v); /* elements of an array or object */

struct mst_json_iter {
	struct mst_json at, end;
	bool is_object;
};

struct mst_json_iter mst_json_iter(struct mst_json v);
/* Next element (array) or member (object; key_r may be NULL). */
bool mst_json_next(struct mst_json_iter *it, struct mst_slice *key_r,
		   struct mst_json *value_r);
/* The text of an array that holds one string and nothing else: the frequent
 * case of lists in records, at the cost of one look. */
bool mst_json_lone_str(struct mst_json v, struct mst_slice *s_r);
/* Writes the value as compact JSON. */
bool mst_json_write(struct mst_json v, struct mst_buf *out);

/* ---- picking ---------------------------------------------------------- */

/* What a picked field holds; 24 bytes, borrowed from the document. */
struct mst_value {
	enum mst_json_type type;
	union {
		struct {
			const char *p;
			size_t n;
		} s;
		int64_t i;
		double d;
		bool b;
		struct mst_json j; /* ARRAY, OBJECT */
	} u;
};

struct mst_picker;

/* names[i] is the wire name of field i, with other spellings behind '|':
 * "vmMetadata|vm_metadata". Matching folds ASCII case, so "OSPlatform",
 * "osPlatform" and "OsPlatform" are one name. names are copied. */
struct mst_picker *mst_picker_new(const char *const *names, size_t n);
void mst_picker_free(struct mst_picker **p);
/* Fills v[0..n) from the object; an absent member is NULL. Unknown members are
 * passed over. False when obj is no object. Wants one picker per thread: it
 * remembers the order of the last object's members to be fast. */
bool mst_picker_pick(struct mst_picker *p, struct mst_json obj,
		     struct mst_value *v);

/* ---- windows of a list -------------------------------------------------- */

/* Where in a list the look is. Zeroed: behind its opening bracket. */
struct mst_json_cut {
	size_t at; /* bytes of data looked at; the caller takes off what it
		    * removes from the front */
	unsigned depth;
	bool in_text, escaped;
	bool some, behind; /* a record was seen; the last thing was one */
	bool ended;	   /* the closing bracket: at is behind it */
	bool bad; /* something that is no object, or a comma too many */
};

/* Makes lines of the records of a list of objects: commas between them become
 * line ends, line ends elsewhere blanks. Returns how many bytes are whole
 * records. */
size_t mst_json_cut(struct mst_json_cut *c, char *data, size_t n);

/* ---- windows of NDJSON ------------------------------------------------- */

/* A window is a buffer of whole lines, one JSON object each. The whole window
 * is parsed at once. data must have one writable byte in front of it and
 * MST_JSON_PADDING behind data+n, and is modified. Blank lines are fine.
 * *root_r is an array of the records. *lines_r is their number.
 * On damage: MST_E_CORRUPT, and *lines_r is the 1-based number of the first
 * bad line within the window (like *lines_r always without blank lines). */
#define MST_JSON_PADDING 64
int mst_json_parse_lines(struct mst_json_parser *p, char *data, size_t n,
			 struct mst_json *root_r, size_t *lines_r,
			 struct mst_err *err);

/* Called for every record of a window; v as from mst_picker_pick, lent for the
 * call. Non-zero ends the read. */
typedef int (*mst_json_record_fn)(void *ctx, const struct mst_value *v,
				  struct mst_err *err);

/* Picks the fields of every record of a window and hands them to fn: the same
 * records and values as mst_json_parse_lines with mst_picker_pick would give,
 * without the document in between. What nobody picks is only checked for
 * structure, and a record may stretch over several lines. data needs
 * MST_JSON_PADDING readable bytes behind it and is not
 * changed. v has room for all fields.
 * Returns 0, what fn returned (then *lines_r is 0), or an error of the line
 * with the 1-based number *lines_r. */
int mst_json_pick_lines(struct mst_json_parser *p, const char *data, size_t n,
			struct mst_picker *picker, struct mst_value *v,
			mst_json_record_fn fn, void *ctx, size_t *lines_r,
			struct mst_err *err);

#ifdef __cplusplus
}
#endif

#endif
