/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading the spool. Workers take parts, largest first, from one counter; each
 * has its own window, parser, picker and inflater, so they share nothing
 * while they read.
 */
#include "sync/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/gunzip.h"

#define WINDOW (256u << 10) /* parsed at once; stays in the L2 cache */
#define CHUNK  (256u << 10) /* read from the file at once */

#define GIVEN_MAX 4 /* fields of a feed that its parts tell */

struct shared {
	const struct mst_read *read;
	const struct mst_part **order;
	size_t parts_n;
	bool only_parse;
	atomic_size_t next;
	atomic_bool stop;
	pthread_mutex_t lock; /* guards err and stats */
	struct mst_err err;
	struct mst_read_stats stats;
};

struct reader {
	struct shared *sh;
	void *worker;
	const struct mst_part *part;
	struct mst_gunzip *gunzip;
	struct mst_json_parser *parser;
	struct mst_picker *picker; /* of what the parts hold */
	struct mst_value *values;
	/* Of a nested feed: the list and what else of the outer record. */
	struct mst_picker *inner;
	struct mst_value *outer;
	unsigned outer_field[MST_MAX_FIELDS]; /* outer[1 + i] goes there */
	unsigned outer_n;
	unsigned self; /* the field ".", or MST_MAX_FIELDS */
	unsigned list; /* the field that is the list itself, as above */
	struct given {
		unsigned field;
		struct mst_value v;
		char text[256];
	} given[GIVEN_MAX];
	unsigned given_n;
	char *chunk;	     /* compressed bytes */
	struct mst_slice in; /* what is left of them */
	char *window;	     /* one spare byte, data, padding */
	size_t cap;	     /* of the data */
	char *carry;
	size_t carry_cap;
	int fd;
	bool gzip, eof;
	bool cut; /* the lines are records of a list */
	uint64_t line;
	struct mst_read_stats stats;
};

static bool stopped(const struct reader *r)
{
	const atomic_bool *cancel = r->sh->read->cancel;

	return atomic_load_explicit(&r->sh->stop, memory_order_relaxed) ||
	       (cancel && atomic_load_explicit(cancel, memory_order_relaxed));
}

static int fill_chunk(struct reader *r, struct mst_err *err)
{
	ssize_t n;

	do {
		n = read(r->fd, r->chunk, CHUNK);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return mst_err_os(err, "%s", r->part->path);
	r->in = mst_slice(r->chunk, (size_t)n);
	return 0;
}

/* Up to room bytes of JSON text. *n_r less than room means the end. */
static int pull(struct reader *r, char *out, size_t room, size_t *n_r,
		struct mst_err *err)
{
	size_t n = 0;

	while (n < room && !r->eof) {
		size_t got = 0;

		if (r->in.n == 0) {
			if (fill_chunk(r, err) < 0)
				return -(int)err->code;
			if (r->in.n == 0) {
				r->eof = true;
				break;
			}
		}
		if (r->gzip) {
			if (mst_gunzip_step(r->gunzip, &r->in, out + n,
					    room - n, &got, err) < 0)
				return mst_err_prefix(err, "%s", r->part->path);
		} else {
			got = MST_MIN(r->in.n, room - n);
			memcpy(out + n, r->in.p, got);
			r->in.p += got;
			r->in.n -= got;
		}
		n += got;
	}
	if (r->eof && r->gzip && n < room && !mst_gunzip_whole(r->gunzip))
		return mst_err_set(err, MST_E_CORRUPT,
				   "%s: the gzip file is cut short; fetch it "
				   "again",
				   r->part->path);
	r->stats.bytes += n;
	*n_r = n;
	return 0;
}

static int make_room(struct reader *r, size_t cap, struct mst_err *err)
{
	if (cap <= r->cap)
		return 0;
	if (cap > MST_MAX_BODY)
		return mst_err_set(err, MST_E_INVALID,
				   "%s: a record or page is over %u MiB",
				   r->part->path, MST_MAX_BODY >> 20);
	r->window = mst_realloc(r->window, 1 + cap + MST_JSON_PADDING);
	r->cap = cap;
	return 0;
}

/* What the part says of its records, whatever they say of themselves. */
static void fill_given(struct reader *r)
{
	for (unsigned i = 0; i < r->given_n; i++) {
		if (r->given[i].v.type != MST_JSON_NULL)
			r->values[r->given[i].field] = r->given[i].v;
	}
}

static int give_values(struct reader *r, struct mst_err *err)
{
	r->stats.records++;
	fill_given(r);
	return r->sh->read->record(r->worker, r->values, err);
}

/* An element that is no object is the field ".". */
static void pick_element(struct reader *r, struct mst_json e)
{
	int64_t i;
	bool b;

	for (size_t k = 0; k < MST_MAX_FIELDS; k++)
		r->values[k] = (struct mst_value){.type = MST_JSON_NULL};
	if (mst_picker_pick(r->inner, e, r->values) ||
	    r->self == MST_MAX_FIELDS)
		return;
	if (mst_json_type(e) == MST_JSON_STRING) {
		struct mst_slice s = mst_json_str(e);

		r->values[r->self].type = MST_JSON_STRING;
		r->values[r->self].u.s.p = s.p;
		r->values[r->self].u.s.n = s.n;
	} else if (mst_json_type(e) == MST_JSON_INT && mst_json_i64(e, &i)) {
		r->values[r->self].type = MST_JSON_INT;
		r->values[r->self].u.i = i;
	} else if (mst_json_type(e) == MST_JSON_BOOL && mst_json_bool(e, &b)) {
		r->values[r->self].type = MST_JSON_BOOL;
		r->values[r->self].u.b = b;
	}
}

/* The records in the list of an outer record. */
static int give_nested(struct reader *r, const struct mst_value *outer,
		       struct mst_err *err)
{
	struct mst_json_iter it;
	struct mst_json e;
	int rc = 0;

	if (outer[0].type != MST_JSON_ARRAY)
		return 0;
	it = mst_json_iter(outer[0].u.j);
	while (rc == 0 && mst_json_next(&it, NULL, &e)) {
		pick_element(r, e);
		for (unsigned i = 0; i < r->outer_n; i++)
			r->values[r->outer_field[i]] = outer[1 + i];
		if (r->list < MST_MAX_FIELDS)
			r->values[r->list] = outer[0];
		rc = give_values(r, err);
	}
	return rc;
}

static int give(struct reader *r, struct mst_json record, struct mst_err *err)
{
	if (!mst_picker_pick(r->picker, record,
			     r->inner ? r->outer : r->values))
		return mst_err_set(err, MST_E_CORRUPT,
				   "%s: a record is not a JSON object",
				   r->part->path);
	return r->inner ? give_nested(r, r->outer, err) : give_values(r, err);
}

static int give_all(struct reader *r, struct mst_json array,
		    struct mst_err *err)
{
	struct mst_json_iter it = mst_json_iter(array);
	struct mst_json e;
	int rc = 0;

	if (r->sh->only_parse)
		return 0;
	while (rc == 0 && mst_json_next(&it, NULL, &e))
		rc = give(r, e, err);
	return rc;
}

static int give_picked(void *ctx, const struct mst_value *v,
		       struct mst_err *err)
{
	struct reader *r = ctx;

	return r->inner ? give_nested(r, v, err) : give_values(r, err);
}

static int at_line(const struct reader *r, uint64_t n, struct mst_err *err)
{
	return mst_err_prefix(err, "%s %s %llu", r->part->path,
			      r->cut ? "record" : "line",
			      (unsigned long long)n);
}

static int pick_window(struct reader *r, size_t n, struct mst_err *err)
{
	size_t lines = 0;
	int rc = mst_json_pick_lines(r->parser, r->window + 1, n, r->picker,
				     r->inner ? r->outer : r->values,
				     give_picked, r, &lines, err);

	if (rc < 0 && lines > 0)
		return at_line(r, r->line + lines, err);
	r->line += lines;
	return rc;
}

static int parse_window(struct reader *r, size_t n, struct mst_err *err)
{
	struct mst_json root;
	size_t lines = 0;

	if (!r->sh->only_parse)
		return pick_window(r, n, err);
	if (mst_json_parse_lines(r->parser, r->window + 1, n, &root, &lines,
				 err) < 0)
		return at_line(r, r->line + lines, err);
	r->line += lines;
	return 0;
}

/* A line that does not fit the window. */
static int longer_line(struct reader *r, struct mst_err *err)
{
	if (r->cap <= MST_MAX_LINE)
		return make_room(r, r->cap * 2, err);
	mst_err_set(err, MST_E_INVALID, "longer than %u MiB",
		    MST_MAX_LINE >> 20);
	return at_line(r, r->line + 1, err);
}

/* Takes the lines at the front of the window out of it. */
static int take_lines(struct reader *r, size_t whole, size_t *have,
		      struct mst_err *err)
{
	size_t rest = *have - whole;

	/* The parse writes behind the lines: keep the rest aside. */
	if (rest > r->carry_cap) {
		r->carry_cap = rest * 2;
		r->carry = mst_realloc(r->carry, r->carry_cap);
	}
	if (rest)
		memcpy(r->carry, r->window + 1 + whole, rest);
	if (whole > 0 && parse_window(r, whole, err) < 0)
		return -(int)err->code;
	if (rest)
		memcpy(r->window + 1, r->carry, rest);
	*have = rest;
	if (stopped(r))
		return mst_err_set(err, MST_E_CANCELLED, "cancelled");
	return 0;
}

/* data is what the window holds already. */
static int read_lines(struct reader *r, size_t have, struct mst_err *err)
{
	for (;;) {
		size_t n, whole;
		char *nl;

		if (pull(r, r->window + 1 + have, r->cap - have, &n, err) < 0)
			return -(int)err->code;
		have += n;
		nl = have ? memrchr(r->window + 1, '\n', have) : NULL;
		whole = nl ? (size_t)(nl - r->window) : 0;
		if (r->eof)
			whole = have;
		if (whole == 0 && !r->eof) {
			if (longer_line(r, err) < 0)
				return -(int)err->code;
			continue;
		}
		if (take_lines(r, whole, &have, err) < 0)
			return -(int)err->code;
		if (r->eof && have == 0)
			return 0;
	}
}

static int give_document(struct reader *r, struct mst_json root, bool nested,
			 struct mst_err *err);

static const char *envelope_of(const struct reader *r)
{
	const struct mst_read *read = r->sh->read;
	const struct mst_feed *feed = &read->catalog->feeds[read->feed];

	if (feed->nested)
		feed = &read->catalog->feeds[feed->outer];
	return feed->envelope ? feed->envelope : read->spool->ops->envelope;
}

/* A list of records, or of pages: nobody's record has a list of that name. */
static int give_list(struct reader *r, struct mst_json array, bool nested,
		     struct mst_err *err)
{
	const char *envelope = envelope_of(r);
	struct mst_json_iter it = mst_json_iter(array);
	struct mst_json e;
	int rc = 0;

	if (nested || !mst_json_next(&it, NULL, &e) ||
	    mst_json_type(mst_json_iget(e, envelope)) != MST_JSON_ARRAY)
		return give_all(r, array, err);
	do {
		rc = give_document(r, e, true, err);
	} while (rc == 0 && mst_json_next(&it, NULL, &e));
	return rc;
}

static int give_document(struct reader *r, struct mst_json root, bool nested,
			 struct mst_err *err)
{
	const struct mst_source_ops *ops = r->sh->read->spool->ops;
	struct mst_json list;

	r->stats.pages++;
	if (mst_json_type(root) == MST_JSON_ARRAY)
		return give_list(r, root, nested, err);
	list = mst_json_iget(root, envelope_of(r));
	if (mst_json_type(mst_json_iget(root, ops->more)) == MST_JSON_STRING)
		r->stats.pages_more++;
	if (mst_json_type(list) == MST_JSON_ARRAY)
		return give_all(r, list, err);
	if (list.doc)
		return mst_err_set(err, MST_E_CORRUPT, "%s: '%s' is not a list",
				   r->part->path, envelope_of(r));
	return r->sh->only_parse ? 0 : give(r, root, err);
}

/* Documents that stand behind each other: pages put into one file, or records
 * over several lines. */
static int give_documents(struct reader *r, struct mst_slice text,
			  struct mst_err *err)
{
	struct mst_json root;
	size_t span;

	for (size_t i = 1; mst_slice_trim(text).n; i++) {
		span = mst_json_span(text);
		if (mst_json_parse(r->parser,
				   mst_slice(text.p, span ? span : text.n),
				   &root, err) < 0)
			return mst_err_prefix(err, "%s document %zu",
					      r->part->path, i);
		if (give_document(r, root, false, err) < 0)
			return -(int)err->code;
		text = mst_slice(text.p + span, text.n - span);
	}
	return 0;
}

/* A list of records that is larger than the window? Not one of pages, which
 * may be the only element. Gives where it begins, or 0. */
static size_t large_list(struct reader *r, size_t have)
{
	struct mst_slice text = mst_slice(r->window + 1, have), first;
	struct mst_err err = MST_ERR_INIT;
	struct mst_json root;
	size_t at = 0, span;

	while (at < have && strchr(" \t\r\n", text.p[at]))
		at++;
	if (r->eof || at == have || text.p[at] != '[')
		return 0;
	first = mst_slice(text.p + at + 1, have - at - 1);
	span = mst_json_span(first);
	if (!span || mst_json_parse(r->parser, mst_slice(first.p, span), &root,
				    &err) < 0)
		return 0;
	return mst_json_type(root) == MST_JSON_OBJECT &&
		       !mst_json_iget(root, envelope_of(r)).doc
		   ? at + 1
		   : 0;
}

static int bad_list(const struct reader *r, const char *what,
		    struct mst_err *err)
{
	return mst_err_set(err, MST_E_CORRUPT, "%s behind record %llu: %s",
			   r->part->path, (unsigned long long)r->line, what);
}

/* Nothing may stand behind a list. */
static int read_end(struct reader *r, size_t from, size_t have,
		    struct mst_err *err)
{
	size_t n;

	while (have > from || !r->eof) {
		struct mst_slice rest =
		    mst_slice(r->window + 1 + from, have - from);

		if (mst_slice_trim(rest).n)
			return bad_list(r, "there is more behind the list",
					err);
		from = 0;
		if (pull(r, r->window + 1, r->cap, &n, err) < 0)
			return -(int)err->code;
		have = n;
	}
	return 0;
}

/* A large list by windows, as if it were lines. */
static int read_list(struct reader *r, size_t from, size_t have,
		     struct mst_err *err)
{
	struct mst_json_cut cut = {0};
	size_t whole, n;

	r->stats.pages++;
	r->cut = true;
	have -= from;
	memmove(r->window + 1, r->window + 1 + from, have);
	for (;;) {
		if (pull(r, r->window + 1 + have, r->cap - have, &n, err) < 0)
			return -(int)err->code;
		have += n;
		whole = mst_json_cut(&cut, r->window + 1, have);
		if (!whole && !cut.ended && !cut.bad && !r->eof) {
			if (longer_line(r, err) < 0)
				return -(int)err->code;
			continue;
		}
		if (take_lines(r, whole, &have, err) < 0)
			return -(int)err->code;
		cut.at -= whole;
		if (cut.ended)
			return read_end(r, cut.at, have, err);
		if (cut.bad)
			return bad_list(r, "not a list of JSON objects", err);
		if (r->eof && !whole)
			return bad_list(r, "the list is cut short", err);
	}
}

static int read_page(struct reader *r, size_t have, struct mst_err *err)
{
	struct mst_slice text;
	struct mst_json root;
	size_t n, span = large_list(r, have);

	if (span)
		return read_list(r, span, have, err);
	while (!r->eof) {
		if (have == r->cap && make_room(r, r->cap * 2, err) < 0)
			return -(int)err->code;
		if (pull(r, r->window + 1 + have, r->cap - have, &n, err) < 0)
			return -(int)err->code;
		have += n;
	}
	text = mst_slice(r->window + 1, have);
	if (mst_json_parse(r->parser, text, &root, err) == 0)
		return give_document(r, root, false, err);
	span = mst_json_span(text);
	if (span == 0 ||
	    mst_slice_trim(mst_slice(text.p + span, text.n - span)).n == 0)
		return mst_err_prefix(err, "%s", r->part->path);
	mst_err_clear(err);
	return give_documents(r, text, err);
}

/* Lines or a page? A first line that is an object of its own, and no
 * envelope, is a file of lines. */
static bool looks_like_lines(struct reader *r, size_t have)
{
	struct mst_slice text = mst_slice_trim(mst_slice(r->window + 1, have));
	const char *nl = text.n ? memchr(text.p, '\n', text.n) : NULL;
	struct mst_slice line = text;
	struct mst_err err = MST_ERR_INIT;
	struct mst_json root;

	if (nl)
		line.n = (size_t)(nl - text.p);
	if (text.n == 0)
		return true;
	if (text.p[0] != '{' || (!nl && !r->eof))
		return false;
	if (mst_json_parse(r->parser, line, &root, &err) < 0)
		return false;
	return !mst_json_iget(root, envelope_of(r)).doc;
}

/* The byte order mark that some editors put in front of UTF-8. */
static size_t without_mark(struct reader *r, size_t have)
{
	if (have < 3 || memcmp(r->window + 1, "\xef\xbb\xbf", 3) != 0)
		return have;
	memmove(r->window + 1, r->window + 4, have - 3);
	return have - 3;
}

/* The name without folder and ending. */
static void ask_given(struct reader *r, const struct mst_part *part)
{
	const struct mst_source_ops *ops = r->sh->read->spool->ops;
	const char *slash = strrchr(part->path, '/');
	char name[256];

	(void)snprintf(name, sizeof(name), "%s",
		       slash ? slash + 1 : part->path);
	name[strcspn(name, ".")] = '\0';
	for (unsigned i = 0; i < r->given_n; i++) {
		struct given *g = &r->given[i];
		struct mst_slice s;

		g->v = (struct mst_value){.type = MST_JSON_NULL};
		if (!ops->given ||
		    !ops->given(r->sh->read->feed, g->field, name, g->text,
				sizeof(g->text), &s))
			continue;
		g->v.type = MST_JSON_STRING;
		g->v.u.s.p = s.p;
		g->v.u.s.n = s.n;
	}
}

static int read_part(struct reader *r, const struct mst_part *part,
		     struct mst_err *err)
{
	unsigned char magic[2];
	size_t have = 0;
	int rc;

	r->part = part;
	ask_given(r, part);
	r->line = 0;
	r->cut = r->eof = false;
	r->in = mst_slice(NULL, 0);
	r->fd = open(part->path, O_RDONLY | O_CLOEXEC);
	if (r->fd < 0)
		return mst_err_os(err, "%s", part->path);
	/* The name does not decide: HTTP may have undone the compression. */
	r->gzip = pread(r->fd, magic, 2, 0) == 2 && magic[0] == 0x1f &&
		  magic[1] == 0x8b;
	if (r->gzip)
		mst_gunzip_reset(r->gunzip);
	rc =
	    pull(r, r->window + 1, MST_MIN(r->cap, (size_t)WINDOW), &have, err);
	if (rc == 0)
		have = without_mark(r, have);
	if (rc == 0) {
		bool lines = part->form == MST_PART_LINES ||
			     (part->form == MST_PART_UNKNOWN &&
			      looks_like_lines(r, have));

		rc = lines ? read_lines(r, have, err) : read_page(r, have, err);
	}
	(void)close(r->fd);
	if (rc == 0)
		r->stats.parts++;
	return rc;
}

/* What is picked of the records of the feed. */
static struct mst_picker *own_picker(struct reader *r,
				     const struct mst_feed *feed, size_t n)
{
	const char *names[MST_MAX_FIELDS];

	r->self = MST_MAX_FIELDS;
	for (size_t k = 0; k < n; k++) {
		bool own = feed->fields[k].from == MST_FROM_RECORD ||
			   feed->fields[k].from == MST_FROM_PART;

		/* Others have names for people; no record has this one, and it
		 * would not count. */
		names[k] = own ? feed->fields[k].name : "\x1f";
		if (own && strcmp(names[k], ".") == 0)
			r->self = (unsigned)k;
		if (feed->fields[k].from == MST_FROM_PART &&
		    r->given_n < GIVEN_MAX)
			r->given[r->given_n++].field = (unsigned)k;
	}
	return mst_picker_new(names, n);
}

/* The list that a nested feed is in, and what it wants of the records around
 * it. */
static struct mst_picker *outer_picker(struct reader *r,
				       const struct mst_feed *feed, size_t n)
{
	const char *names[MST_MAX_FIELDS + 1];

	names[0] = feed->nested;
	r->list = MST_MAX_FIELDS;
	for (size_t k = 0; k < n; k++) {
		if (feed->fields[k].from != MST_FROM_OUTER)
			continue;
		/* a member is picked once */
		if (strcmp(feed->fields[k].name, feed->nested) == 0) {
			r->list = (unsigned)k;
			continue;
		}
		r->outer_field[r->outer_n++] = (unsigned)k;
		names[r->outer_n] = feed->fields[k].name;
	}
	return mst_picker_new(names, 1 + r->outer_n);
}

static void reader_open(struct reader *r, struct shared *sh, unsigned i)
{
	const struct mst_feed *feed = &sh->read->catalog->feeds[sh->read->feed];
	size_t n = MST_MIN(feed->fields_n, (size_t)MST_MAX_FIELDS);

	*r = (struct reader){.sh = sh, .worker = sh->read->workers[i]};
	r->gunzip = mst_gunzip_new();
	r->parser = mst_json_parser_new(MST_MAX_BODY);
	r->picker = own_picker(r, feed, n);
	r->values = mst_alloc(MST_MAX_FIELDS * sizeof(*r->values));
	if (feed->nested) {
		r->inner = r->picker;
		r->picker = outer_picker(r, feed, n);
		r->outer = mst_alloc((1 + MST_MAX_FIELDS) * sizeof(*r->outer));
	}
	r->chunk = mst_alloc(CHUNK);
	r->cap = WINDOW;
	r->window = mst_alloc(1 + r->cap + MST_JSON_PADDING);
}

static void reader_close(struct reader *r)
{
	mst_gunzip_free(&r->gunzip);
	mst_json_parser_free(&r->parser);
	mst_picker_free(&r->picker);
	mst_picker_free(&r->inner);
	free(r->values);
	free(r->outer);
	free(r->chunk);
	free(r->window);
	free(r->carry);
}

struct thread_arg {
	struct shared *sh;
	unsigned i;
};

static void *work(void *p)
{
	struct thread_arg *arg = p;
	struct shared *sh = arg->sh;
	struct mst_err err = MST_ERR_INIT;
	struct reader r;
	int rc = 0;

	reader_open(&r, sh, arg->i);
	while (rc == 0 && !stopped(&r)) {
		size_t i = atomic_fetch_add(&sh->next, 1);

		if (i >= sh->parts_n)
			break;
		rc = read_part(&r, sh->order[i], &err);
	}
	if (rc == 0 && stopped(&r))
		rc = mst_err_set(&err, MST_E_CANCELLED, "cancelled");
	(void)pthread_mutex_lock(&sh->lock);
	if (rc < 0 && !atomic_exchange(&sh->stop, true))
		sh->err = err;
	sh->stats.records += r.stats.records;
	sh->stats.parts += r.stats.parts;
	sh->stats.bytes += r.stats.bytes;
	sh->stats.pages += r.stats.pages;
	sh->stats.pages_more += r.stats.pages_more;
	(void)pthread_mutex_unlock(&sh->lock);
	reader_close(&r);
	return NULL;
}

static int larger_first(const void *a, const void *b)
{
	const struct mst_part *x = *(const struct mst_part *const *)a;
	const struct mst_part *y = *(const struct mst_part *const *)b;

	if (x->bytes != y->bytes)
		return x->bytes > y->bytes ? -1 : 1;
	return strcmp(x->path, y->path);
}

static void run_threads(struct shared *sh, unsigned threads)
{
	struct thread_arg args[MST_MAX_THREADS];
	pthread_t ids[MST_MAX_THREADS];
	unsigned started = 1;

	for (unsigned i = 0; i < threads; i++)
		args[i] = (struct thread_arg){sh, i};
	for (unsigned i = 1; i < threads; i++) {
		if (pthread_create(&ids[i], NULL, work, &args[i]) != 0)
			break; /* fewer workers do the same work */
		started++;
	}
	(void)work(&args[0]);
	for (unsigned i = 1; i < started; i++)
		(void)pthread_join(ids[i], NULL);
}

static int read_feed(const struct mst_read *read, bool only_parse,
		     struct mst_read_stats *stats_r, struct mst_err *err)
{
	const struct mst_spool_feed *feed = &read->spool->feeds[read->feed];
	struct shared sh = {.read = read, .only_parse = only_parse};
	unsigned threads = (unsigned)MST_MIN(
	    (size_t)MST_MIN(MST_MAX(read->threads, 1u), MST_MAX_THREADS),
	    MST_MAX(feed->parts_n, (size_t)1));

	sh.parts_n = feed->parts_n;
	sh.order = mst_alloc(feed->parts_n * sizeof(*sh.order));
	for (size_t i = 0; i < feed->parts_n; i++)
		sh.order[i] = &feed->parts[i];
	if (feed->parts_n)
		qsort(sh.order, sh.parts_n, sizeof(*sh.order), larger_first);
	atomic_init(&sh.next, 0);
	atomic_init(&sh.stop, false);
	(void)pthread_mutex_init(&sh.lock, NULL);
	run_threads(&sh, threads);
	(void)pthread_mutex_destroy(&sh.lock);
	free(sh.order);
	*stats_r = sh.stats;
	if (atomic_load(&sh.stop)) {
		*err = sh.err;
		return -(int)err->code;
	}
	return 0;
}

int mst_read_feed(const struct mst_read *read, struct mst_read_stats *stats_r,
		  struct mst_err *err)
{
	return read_feed(read, false, stats_r, err);
}

int mst_read_only_parse(const struct mst_read *read,
			struct mst_read_stats *stats_r, struct mst_err *err)
{
	return read_feed(read, true, stats_r, err);
}
