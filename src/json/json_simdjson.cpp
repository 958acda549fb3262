/* SPDX-License-Identifier: Apache-2.0
 *
 * The shim over simdjson: the only C++ in the program. simdjson parses into a
 * "tape" (one 64-bit word per token) and a string buffer; everything here
 * reads those two directly (see json_private.h), because per-element C calls
 * would cost more than the parse.
 */
#include <simdjson.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>

extern "C" {
#include "base/num.h"
#include "json/json_private.h"
#include "json/out.h"
}

namespace
{

using slice = struct mst_slice;

} // namespace

using tape = struct mst_tape;

struct mst_json_parser {
	/* The limit goes in here: set_max_capacity() of simdjson 3.0 keeps 32
	 * bytes whatever it is given. */
	explicit mst_json_parser(size_t max_bytes)
	    : parser(max_bytes + MST_JSON_PADDING), max(max_bytes)
	{
	}
	simdjson::dom::parser parser;
	tape t = {nullptr, nullptr};
	size_t max;
	/* Positions of the newlines that parse_lines turned into commas, to
	 * find the bad line afterwards. */
	uint32_t *marks = nullptr;
	size_t marks_cap = 0;
	/* For the reader of lines. */
	mst_json_parser *spare = nullptr;
	mst_json_side *side = nullptr;
};

namespace
{

inline char kind(uint64_t w)
{
	return mst_tape_kind(w);
}

inline const tape *doc_of(mst_json v)
{
	return static_cast<const tape *>(v.doc);
}

inline uint64_t word(mst_json v)
{
	return doc_of(v)->w[v.at];
}

inline struct mst_slice text_at(const tape *t, uint64_t w)
{
	return mst_tape_text(t, w);
}

inline size_t behind(const tape *t, size_t i)
{
	return mst_tape_behind(t, i);
}

const mst_json none = {nullptr, 0};

int fail(mst_err *err, simdjson::error_code e)
{
	if (e == simdjson::CAPACITY)
		return mst_err_set(err, MST_E_INVALID,
				   "JSON document is over the size limit");
	return mst_err_set(err, MST_E_CORRUPT, "not valid JSON: %s",
			   simdjson::error_message(e));
}

} // namespace

extern "C" {

struct mst_json_parser *mst_json_parser_new(size_t max_bytes)
{
	auto *p = new (std::nothrow) mst_json_parser(max_bytes);

	if (!p)
		mst_oom();
	return p;
}

void mst_json_parser_free(struct mst_json_parser **p)
{
	if (!p || !*p)
		return;
	mst_json_parser_free(&(*p)->spare);
	mst_json_side_free(&(*p)->side);
	free((*p)->marks);
	delete *p;
	*p = nullptr;
}

static mst_json root_of(mst_json_parser *p)
{
	p->t.w = p->parser.doc.tape.get();
	p->t.s = p->parser.doc.string_buf.get();
	return mst_json{&p->t, 1}; /* word 0 is the root */
}

/* Parses a document that may be changed. Half surrogate pairs are mended only
 * when simdjson stumbled over a text: hardly any document has one. */
static simdjson::error_code parse_mended(mst_json_parser *p, char *data,
					 size_t n, bool copy)
{
	auto e = p->parser.parse(data, n, copy).error();

	if (e == simdjson::STRING_ERROR && mst_json_mend(data, n) > 0)
		e = p->parser.parse(data, n, copy).error();
	return e;
}

int mst_json_parse(struct mst_json_parser *p, struct mst_slice data,
		   struct mst_json *root_r, struct mst_err *err)
{
	simdjson::error_code e;

	if (data.n > p->max)
		return fail(err, simdjson::CAPACITY);
	if (data.n >= 3 && memcmp(data.p, "\xef\xbb\xbf", 3) == 0) {
		data.p += 3;
		data.n -= 3;
	}
	e = p->parser.parse(data.p, data.n, true).error();
	if (e == simdjson::STRING_ERROR) {
		char *copy = mst_strndup(data.p, data.n);

		e = parse_mended(p, copy, data.n, true);
		free(copy);
	}
	if (e)
		return fail(err, e);
	*root_r = root_of(p);
	return 0;
}

enum mst_json_type mst_json_type(struct mst_json v)
{
	if (!v.doc)
		return MST_JSON_NULL;
	switch (kind(word(v))) {
	case 't':
	case 'f':
		return MST_JSON_BOOL;
	case 'l':
	case 'u':
		return MST_JSON_INT;
	case 'd':
		return MST_JSON_DOUBLE;
	case '"':
		return MST_JSON_STRING;
	case '[':
		return MST_JSON_ARRAY;
	case '{':
		return MST_JSON_OBJECT;
	default:
		return MST_JSON_NULL;
	}
}

static mst_json find(struct mst_json v, const char *key, bool fold)
{
	if (mst_json_type(v) != MST_JSON_OBJECT)
		return none;
	const tape *t = doc_of(v);
	size_t end = behind(t, v.at) - 1;
	struct mst_slice want = mst_slice_str(key);

	for (size_t i = v.at + 1; i < end; i = behind(t, i + 1)) {
		struct mst_slice k = text_at(t, t->w[i]);

		if (fold ? mst_slice_ieq(k, want) : mst_slice_eq(k, want))
			return mst_json{v.doc, i + 1};
	}
	return none;
}

struct mst_json mst_json_get(struct mst_json v, const char *key)
{
	return find(v, key, false);
}

struct mst_json mst_json_iget(struct mst_json v, const char *key)
{
	mst_json r = find(v, key, false);

	return r.doc ? r : find(v, key, true);
}

struct mst_slice mst_json_str(struct mst_json v)
{
	if (mst_json_type(v) != MST_JSON_STRING)
		return slice{nullptr, 0};
	return text_at(doc_of(v), word(v));
}

bool mst_json_is_str(struct mst_json v, const char *s)
{
	return mst_json_type(v) == MST_JSON_STRING &&
	       mst_slice_is(mst_json_str(v), s);
}

static int64_t int_at(const tape *t, size_t i)
{
	return mst_tape_int(t, i);
}

static double dbl_at(const tape *t, size_t i)
{
	return mst_tape_dbl(t, i);
}

bool mst_json_i64(struct mst_json v, int64_t *r)
{
	switch (mst_json_type(v)) {
	case MST_JSON_INT:
		*r = int_at(doc_of(v), v.at);
		return true;
	case MST_JSON_DOUBLE: {
		double d = dbl_at(doc_of(v), v.at);

		if (d != std::floor(d) || std::fabs(d) > 9e15)
			return false;
		*r = (int64_t)d;
		return true;
	}
	case MST_JSON_STRING:
		return mst_num_i64(mst_slice_trim(mst_json_str(v)), r);
	case MST_JSON_NULL:
	case MST_JSON_BOOL:
	case MST_JSON_ARRAY:
	case MST_JSON_OBJECT:
		return false;
	}
	return false;
}

bool mst_json_dbl(struct mst_json v, double *r)
{
	switch (mst_json_type(v)) {
	case MST_JSON_INT:
		*r = (double)int_at(doc_of(v), v.at);
		return true;
	case MST_JSON_DOUBLE:
		*r = dbl_at(doc_of(v), v.at);
		return true;
	case MST_JSON_STRING:
		return mst_num_dbl(mst_slice_trim(mst_json_str(v)), r);
	case MST_JSON_NULL:
	case MST_JSON_BOOL:
	case MST_JSON_ARRAY:
	case MST_JSON_OBJECT:
		return false;
	}
	return false;
}

bool mst_json_bool(struct mst_json v, bool *r)
{
	struct mst_slice s;

	switch (mst_json_type(v)) {
	case MST_JSON_BOOL:
		*r = kind(word(v)) == 't';
		return true;
	case MST_JSON_STRING:
		s = mst_slice_trim(mst_json_str(v));
		if (!mst_slice_iis(s, "true") && !mst_slice_iis(s, "false"))
			return false;
		*r = mst_slice_iis(s, "true");
		return true;
	case MST_JSON_INT:
		if (int_at(doc_of(v), v.at) != 0 &&
		    int_at(doc_of(v), v.at) != 1)
			return false;
		*r = int_at(doc_of(v), v.at) == 1;
		return true;
	case MST_JSON_NULL:
	case MST_JSON_DOUBLE:
	case MST_JSON_ARRAY:
	case MST_JSON_OBJECT:
		return false;
	}
	return false;
}

size_t mst_json_len(struct mst_json v)
{
	struct mst_json_iter it = mst_json_iter(v);
	size_t n = 0;

	/* The tape's own count saturates at 2^24 - 1. */
	while (mst_json_next(&it, nullptr, nullptr))
		n++;
	return n;
}

struct mst_json_iter mst_json_iter(struct mst_json v)
{
	enum mst_json_type type = mst_json_type(v);
	struct mst_json_iter it = {none, none, type == MST_JSON_OBJECT};

	if (type != MST_JSON_OBJECT && type != MST_JSON_ARRAY)
		return it;
	it.at = mst_json{v.doc, v.at + 1};
	it.end = mst_json{v.doc, behind(doc_of(v), v.at) - 1};
	return it;
}

bool mst_json_next(struct mst_json_iter *it, struct mst_slice *key_r,
		   struct mst_json *value_r)
{
	if (!it->at.doc || it->at.at >= it->end.at)
		return false;
	const tape *t = doc_of(it->at);
	size_t i = it->at.at;

	if (it->is_object) {
		if (key_r)
			*key_r = text_at(t, t->w[i]);
		i++;
	} else if (key_r) {
		*key_r = slice{nullptr, 0};
	}
	if (value_r)
		*value_r = mst_json{it->at.doc, i};
	it->at.at = behind(t, i);
	return true;
}

static void write_value(struct mst_json v, struct mst_jout *j)
{
	struct mst_json_iter it;
	struct mst_json e;
	struct mst_slice k;

	switch (mst_json_type(v)) {
	case MST_JSON_NULL:
		mst_jout_null(j);
		break;
	case MST_JSON_BOOL:
		mst_jout_bool(j, kind(word(v)) == 't');
		break;
	case MST_JSON_INT:
		mst_jout_i64(j, int_at(doc_of(v), v.at));
		break;
	case MST_JSON_DOUBLE:
		mst_jout_dbl(j, dbl_at(doc_of(v), v.at));
		break;
	case MST_JSON_STRING:
		mst_jout_slice(j, mst_json_str(v));
		break;
	case MST_JSON_ARRAY:
		mst_jout_arr(j);
		it = mst_json_iter(v);
		while (mst_json_next(&it, nullptr, &e))
			write_value(e, j);
		mst_jout_end_arr(j);
		break;
	case MST_JSON_OBJECT:
		mst_jout_obj(j);
		it = mst_json_iter(v);
		while (mst_json_next(&it, &k, &e)) {
			mst_jout_key_slice(j, k);
			write_value(e, j);
		}
		mst_jout_end_obj(j);
		break;
	}
}

bool mst_json_lone_str(struct mst_json v, struct mst_slice *s_r)
{
	const tape *t = doc_of(v);

	if (!t || kind(t->w[v.at]) != '[' || kind(t->w[v.at + 1]) != '"' ||
	    behind(t, v.at) != v.at + 3)
		return false;
	*s_r = text_at(t, t->w[v.at + 1]);
	return true;
}

bool mst_json_write(struct mst_json v, struct mst_buf *out)
{
	struct mst_jout j;

	mst_jout_init(&j, out);
	write_value(v, &j);
	return !out->overflow;
}

/* ---- windows of NDJSON ------------------------------------------------- */

static bool blank(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] != ' ' && p[i] != '\t' && p[i] != '\r')
			return false;
	}
	return true;
}

/* Does a line begin and end as an object does? One cut over two lines does
 * not, also when a neighbour with two records makes the count right again. */
static bool braced(const char *p, size_t n)
{
	while (n > 0 && (unsigned char)*p <= ' ') {
		p++;
		n--;
	}
	while (n > 0 && (unsigned char)p[n - 1] <= ' ')
		n--;
	return n > 1 && *p == '{' && p[n - 1] == '}';
}

static void mark(struct mst_json_parser *p, size_t at, size_t n)
{
	if (at >= p->marks_cap) {
		p->marks_cap = p->marks_cap ? p->marks_cap * 2 : 1024;
		p->marks = static_cast<uint32_t *>(
		    mst_realloc(p->marks, p->marks_cap * sizeof(*p->marks)));
	}
	p->marks[at] = (uint32_t)n;
}

/* The window did not parse as a whole, or not into one record a line: which
 * line is it? */
static int bad_line(struct mst_json_parser *p, char *data, size_t n,
		    size_t lines, size_t *lines_r, struct mst_err *err)
{
	size_t from = 0;

	for (size_t i = 0; i < lines; i++) {
		size_t to = i + 1 < lines ? p->marks[i] : n;
		auto e = parse_mended(p, data + from, to - from, true);

		if (e || !p->parser.doc.root().is_object()) {
			*lines_r = i + 1;
			if (e)
				return fail(err, e);
			return mst_err_set(err, MST_E_CORRUPT,
					   "not a JSON object");
		}
		from = to + 1;
	}
	*lines_r = 0;
	return mst_err_set(err, MST_E_CORRUPT, "not one JSON object a line");
}

int mst_json_parse_lines(struct mst_json_parser *p, char *data, size_t n,
			 struct mst_json *root_r, size_t *lines_r,
			 struct mst_err *err)
{
	size_t lines = 0, from = 0, last = 0;
	bool whole = true;

	if (n > p->max)
		return fail(err, simdjson::CAPACITY);
	/* JSON strings hold no raw newline (RFC 8259 section 7), so the lines
	 * become one array and one parse by turning newlines into commas. */
	while (from < n) {
		char *nl =
		    static_cast<char *>(memchr(data + from, '\n', n - from));
		size_t to = nl ? (size_t)(nl - data) : n;

		if (blank(data + from, to - from)) {
			if (nl)
				*nl = ' ';
		} else {
			whole = whole && braced(data + from, to - from);
			if (lines > 0)
				data[last] = ',';
			if (lines > 0)
				mark(p, lines - 1, last);
			lines++;
			if (nl)
				*nl = ' ';
			last = to;
		}
		from = to + 1;
	}
	data[-1] = '[';
	data[n] = ']';
	memset(data + n + 1, ' ', MST_JSON_PADDING - 1);
	if (parse_mended(p, data - 1, n + 2, false))
		return bad_line(p, data, n, lines, lines_r, err);
	*root_r = root_of(p);
	*lines_r = lines;
	/* A line "{…},{…}" or an object cut over two lines would parse too. */
	if (!whole || (word(*root_r) >> 32 & 0xffffff) !=
			  MST_MIN(lines, (size_t)0xffffff))
		return bad_line(p, data, n, lines, lines_r, err);
	return 0;
}

int mst_json_stage1(struct mst_json_parser *p, const char *data, size_t n,
		    const uint32_t **at_r, size_t *at_n_r, struct mst_err *err)
{
	if (n > p->max)
		return fail(err, simdjson::CAPACITY);
	if (p->parser.capacity() < n) {
		auto e = p->parser.allocate(n);

		if (e)
			return fail(err, e);
	}
	auto &impl = *p->parser.implementation;
	auto e = impl.stage1(reinterpret_cast<const uint8_t *>(data), n,
			     simdjson::stage1_mode::regular);

	if (e)
		return fail(err, e);
	*at_r = impl.structural_indexes.get();
	*at_n_r = impl.n_structural_indexes;
	return 0;
}

struct mst_json_parser *mst_json_parser_spare(struct mst_json_parser *p)
{
	if (!p->spare)
		p->spare = mst_json_parser_new(p->max);
	return p->spare;
}

struct mst_json_side **mst_json_parser_side(struct mst_json_parser *p)
{
	return &p->side;
}

} // extern "C"
