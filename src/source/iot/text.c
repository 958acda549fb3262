/* SPDX-License-Identifier: Apache-2.0
 *
 * Texts, lists and keys as the rules of this source see them: lists of texts or
 * of objects, "N/A" for what is not known, 0 for no device.
 */
#include <stdlib.h>

#include "base/hash.h"
#include "source/iot/ops.h"

bool ot_says_nothing(struct mst_slice s)
{
	return s.n == 0 || mst_slice_iis(s, "N/A");
}

struct mst_slice ot_clean(struct mst_rule_ctx *ctx, const struct mst_value *v,
			  unsigned field)
{
	struct mst_slice s = ms_text(ctx, v, field);

	return ot_says_nothing(s) ? mst_slice(NULL, 0) : s;
}

static struct mst_slice number(struct mst_rule_ctx *ctx, int64_t i)
{
	struct mst_value v = {.type = MST_JSON_INT};

	v.u.i = i;
	return ms_text(ctx, &v, 0);
}

struct mst_slice ot_element(struct mst_rule_ctx *ctx, struct mst_json e,
			    const char *member, const char *other)
{
	struct mst_slice s = {NULL, 0};
	struct mst_json m;
	int64_t i;

	if (mst_json_type(e) == MST_JSON_OBJECT) {
		if (!member)
			return s;
		m = mst_json_iget(e, member);
		if (other && !m.doc)
			m = mst_json_iget(e, other);
		e = m;
	}
	if (mst_json_type(e) == MST_JSON_STRING)
		s = mst_slice_trim(mst_json_str(e));
	else if (mst_json_type(e) == MST_JSON_INT && mst_json_i64(e, &i))
		s = number(ctx, i);
	return ot_says_nothing(s) ? mst_slice(NULL, 0) : s;
}

/* ---- lists --------------------------------------------------------------- */

#define WORDS_MAX 1024 /* of a record: more is no list for a column */

void ot_words_add(struct mst_rule_ctx *ctx, struct ot_words *w,
		  struct mst_slice s)
{
	if (!s.n || w->n == WORDS_MAX)
		return;
	if (w->n == w->cap) {
		size_t cap = w->cap ? 2 * w->cap : 16;
		void *more = mst_rule_scratch(ctx, cap * sizeof(*w->v));

		if (w->n)
			memcpy(more, w->v, w->n * sizeof(*w->v));
		w->v = more;
		w->cap = cap;
	}
	w->v[w->n++] = s;
}

void ot_words_of(struct mst_rule_ctx *ctx, const struct mst_value *list,
		 const char *member, const char *other, struct ot_words *w)
{
	struct mst_json_iter it;
	struct mst_json e;

	if (list->type == MST_JSON_STRING)
		ot_words_add(ctx, w, ot_clean(ctx, list, 0));
	if (list->type != MST_JSON_ARRAY)
		return;
	it = mst_json_iter(list->u.j);
	while (mst_json_next(&it, NULL, &e))
		ot_words_add(ctx, w, ot_element(ctx, e, member, other));
}

static bool is_number(struct mst_slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	}
	return s.n > 0;
}

/* Numbers by their size, in front of all other texts. */
static int by_words(const void *pa, const void *pb)
{
	const struct mst_slice *a = pa, *b = pb;
	bool na = is_number(*a), nb = is_number(*b);

	if (na != nb)
		return na ? -1 : 1;
	if (na && a->n != b->n)
		return a->n < b->n ? -1 : 1;
	return mst_slice_cmp(*a, *b);
}

int ot_words_join(struct mst_rule_ctx *ctx, struct ot_words *w, size_t max,
		  struct mst_slice *out_r)
{
	size_t n = 0;
	char *p;

	if (w->n == 0)
		return 0;
	if (w->n == 1 && w->v[0].n <= max)
		return ms_some(w->v[0], out_r);
	qsort(w->v, w->n, sizeof(*w->v), by_words);
	p = mst_rule_scratch(ctx, max);
	for (size_t i = 0; i < w->n; i++) {
		size_t comma = n ? 2 : 0;

		if (i > 0 && mst_slice_eq(w->v[i], w->v[i - 1]))
			continue;
		if (n + comma + w->v[i].n > max)
			break;
		memcpy(p + n, ", ", comma);
		memcpy(p + n + comma, w->v[i].p, w->v[i].n);
		n += comma + w->v[i].n;
	}
	return ms_some(mst_slice(p, n), out_r);
}

MS_OP(ot_op_words)
{
	const struct ot_list *list = arg;
	struct ot_words w = {.n = 0};

	ot_words_of(ctx, &v[field], list->member, list->other, &w);
	return ot_words_join(ctx, &w, list->max, out_r);
}

/* ---- ids and keys -------------------------------------------------------- */

struct mst_slice ot_id(struct mst_rule_ctx *ctx, const struct mst_value *v,
		       unsigned field)
{
	struct mst_slice s;

	if (v[field].type != MST_JSON_INT && v[field].type != MST_JSON_STRING)
		return mst_slice(NULL, 0);
	s = ot_clean(ctx, v, field);
	return mst_slice_is(s, "0") ? mst_slice(NULL, 0) : s;
}

static char *put(char *to, struct mst_slice s)
{
	if (s.n)
		memcpy(to, s.p, s.n);
	return to + s.n;
}

struct mst_slice ot_key(struct mst_rule_ctx *ctx, struct mst_slice a,
			struct mst_slice b)
{
	struct mst_slice conn = mst_slice_str(mst_rule_connection(ctx));
	char *p = mst_rule_scratch(ctx, conn.n + a.n + b.n + 2), *q;

	q = put(p, conn);
	*q++ = '/';
	q = put(q, a);
	if (b.n) {
		*q++ = '/';
		q = put(q, b);
	}
	return mst_slice(p, (size_t)(q - p));
}

static size_t digest_bytes(struct mst_slice conn, const struct mst_slice *parts,
			   size_t n)
{
	size_t bytes = conn.n;

	for (size_t i = 0; i < n; i++)
		bytes += parts[i].n + 1;
	return bytes;
}

/* room: for so many bytes. */
static void digest(struct mst_slice conn, const struct mst_slice *parts,
		   size_t n, char *room, char out[33])
{
	char *q = put(room, conn);

	for (size_t i = 0; i < n; i++) {
		*q++ = '\n';
		q = put(q, parts[i]);
	}
	mst_hash_hex(mst_hash128(room, (size_t)(q - room), 0), out);
}

struct mst_slice ot_digest(struct mst_rule_ctx *ctx,
			   const struct mst_slice *parts, size_t n)
{
	struct mst_slice conn = mst_slice_str(mst_rule_connection(ctx));
	char *room = mst_rule_scratch(ctx, digest_bytes(conn, parts, n) + 1);
	char *text = mst_rule_scratch(ctx, 33);

	digest(conn, parts, n, room, text);
	return mst_slice(text, 32);
}

bool ot_member_key(const char *set, const char *connection,
		   struct mst_slice device, struct mst_slice what, char out[33])
{
	const struct mst_slice parts[] = {device, what};
	struct mst_slice conn = mst_slice_str(connection);
	char *room;

	if (strcmp(set, "ot_device_cves") != 0 || !device.n || !what.n)
		return false;
	room = mst_alloc(digest_bytes(conn, parts, MST_LEN(parts)) + 1);
	digest(conn, parts, MST_LEN(parts), room, out);
	free(room);
	return true;
}

MS_OP(ot_op_text)
{
	return ms_some(ot_clean(ctx, v, field), out_r);
}

MS_OP(ot_op_id)
{
	return ms_some(ot_id(ctx, v, field), out_r);
}

MS_OP(ot_op_connection)
{
	return ms_some(mst_slice_str(mst_rule_connection(ctx)), out_r);
}

MS_OP(ot_op_key)
{
	struct mst_slice id = ot_id(ctx, v, field);

	return id.n ? ms_some(ot_key(ctx, id, mst_slice(NULL, 0)), out_r) : 0;
}

static const struct mst_slice sensor = {"sensor", 6};

MS_OP(ot_op_sensor_key)
{
	struct mst_slice id = ot_id(ctx, v, field);

	return id.n ? ms_some(ot_key(ctx, sensor, id), out_r) : 0;
}

MS_OP(ot_op_seen_key)
{
	return ot_op_sensor_key(ctx, v, OE_SENSOR, NULL, out_r);
}

MS_OP(ot_op_self_key)
{
	return ms_some(ot_key(ctx, sensor, mst_slice(NULL, 0)), out_r);
}

/* The documents' example has the console's own name where the table says that
 * of the sensor. */
MS_OP(ot_op_appliance)
{
	struct mst_slice s = ot_clean(ctx, v, field);

	return mst_slice_fits(s, "Management console*") ? 0 : ms_some(s, out_r);
}
