/* SPDX-License-Identifier: Apache-2.0
 *
 * The ops of alerts. A record that is read here and an alert that was forwarded
 * are one row, so texts and keys are made as src/alert makes them.
 */
#include "alert/alert.h"

#include "base/time.h"
#include "source/iot/ops.h"

/* ---- texts --------------------------------------------------------------- */

/* A text as forms of alerts have it, in scratch unless it is plain. */
static struct mst_slice alert_text(struct mst_rule_ctx *ctx, struct mst_slice s,
				   size_t max, bool blank)
{
	struct mst_arena arena;
	struct mst_slice made;
	bool plain = s.n <= max;
	char *p;

	for (size_t i = 0; i < s.n && plain; i++)
		plain = s.p[i] >= ' ' && s.p[i] <= '~';
	if (plain)
		return s;
	mst_arena_init(&arena, 1u << 20);
	made = mst_alert_text(&arena, s, max, blank);
	p = mst_rule_scratch(ctx, made.n + 1);
	if (made.n)
		memcpy(p, made.p, made.n);
	mst_arena_fini(&arena);
	return mst_slice(p, made.n);
}

static struct mst_slice text_of(struct mst_rule_ctx *ctx,
				const struct mst_value *v, unsigned field,
				size_t max)
{
	struct mst_slice s = ms_text(ctx, v, field);

	if (mst_alert_nothing(s))
		return mst_slice(NULL, 0);
	return alert_text(ctx, s, max, max == MST_ALERT_TEXT);
}

static struct mst_slice name_of(struct mst_rule_ctx *ctx,
				const struct mst_value *v, unsigned field)
{
	return text_of(ctx, v, field, MST_ALERT_TEXT);
}

/* A console has ids where names are not known. */
static struct mst_slice sensor_of(struct mst_rule_ctx *ctx,
				  const struct mst_value *v)
{
	struct mst_slice s = name_of(ctx, v, OL_SENSOR);

	return s.n ? s : name_of(ctx, v, OL_SENSOR_ID);
}

static struct mst_slice title_of(struct mst_rule_ctx *ctx,
				 const struct mst_value *v)
{
	struct mst_slice s = name_of(ctx, v, OL_TITLE);

	return s.n ? s : name_of(ctx, v, OL_MESSAGE);
}

MS_OP(ot_op_alert_text)
{
	return ms_some(name_of(ctx, v, field), out_r);
}

MS_OP(ot_op_alert_title)
{
	return ms_some(title_of(ctx, v), out_r);
}

MS_OP(ot_op_alert_sensor)
{
	return ms_some(sensor_of(ctx, v), out_r);
}

/* ---- texts of several lines ---------------------------------------------- */

static void add_line(struct mst_buf *out, struct mst_json e)
{
	if (mst_json_type(e) != MST_JSON_STRING)
		return;
	if (out->n)
		(void)mst_buf_addc(out, '\n');
	(void)mst_buf_add_slice(out, mst_json_str(e));
}

/* A text, or a list of texts, one a line. */
static void add_lines(struct mst_buf *out, struct mst_json v)
{
	struct mst_json_iter it;
	struct mst_json e;

	add_line(out, v);
	if (mst_json_type(v) != MST_JSON_ARRAY)
		return;
	it = mst_json_iter(v);
	while (mst_json_next(&it, NULL, &e))
		add_line(out, e);
}

static int lines_end(struct mst_rule_ctx *ctx, struct mst_buf *out,
		     struct mst_slice *out_r)
{
	struct mst_slice s = mst_buf_slice(out);
	char *p = mst_rule_scratch(ctx, s.n + 1);

	if (s.n)
		memcpy(p, s.p, s.n);
	s = mst_slice_trim(mst_slice(p, s.n));
	mst_buf_fini(out);
	return ms_some(alert_text(ctx, s, MST_ALERT_MESSAGE, false), out_r);
}

MS_OP(ot_op_alert_message)
{
	struct mst_buf out = MST_BUF_INIT(MST_MAX_TEXT);

	if (v[field].type == MST_JSON_ARRAY) {
		add_lines(&out, v[field].u.j);
		return lines_end(ctx, &out, out_r);
	}
	return ms_some(text_of(ctx, v, field, MST_ALERT_MESSAGE), out_r);
}

MS_OP(ot_op_alert_more)
{
	struct mst_buf out = MST_BUF_INIT(MST_MAX_TEXT);
	struct mst_json j;

	if (v[field].type != MST_JSON_OBJECT)
		return ot_op_alert_message(ctx, v, field, arg, out_r);
	j = v[field].u.j;
	add_lines(&out, mst_json_iget(j, "description"));
	add_lines(&out, mst_json_iget(j, "information"));
	return lines_end(ctx, &out, out_r);
}

/* ---- words --------------------------------------------------------------- */

MS_OP(ot_op_alert_severity)
{
	enum mst_severity s = mst_severity_parse(ms_text(ctx, v, OL_SEVERITY));

	return ms_some(mst_slice_str(mst_severity_name(s)), out_r);
}

MS_OP(ot_op_alert_engine)
{
	enum mst_engine e = mst_engine_parse(ms_text(ctx, v, OL_ENGINE));

	return ms_some(mst_slice_str(mst_engine_name(e)), out_r);
}

MS_OP(ot_op_alert_system)
{
	struct mst_alert a = {.title = title_of(ctx, v)};

	mst_alert_judge(&a);
	return ms_some(
	    a.system ? MST_SLICE_LIT("true") : MST_SLICE_LIT("false"), out_r);
}

/* ---- key ----------------------------------------------------------------- */

static int64_t time_of(struct mst_rule_ctx *ctx, const struct mst_value *v)
{
	struct mst_slice s = ms_text(ctx, v, OL_TIME);
	int64_t us;

	return mst_time_parse(s, &us) ? us : MST_TIME_NONE;
}

/* "iot/CONNECTION/KEY", the same that forwarding writes. */
MS_OP(ot_op_alert_key)
{
	static const char head[] = "iot/";
	struct mst_slice conn = mst_slice_str(mst_rule_connection(ctx)), key;
	struct mst_alert a = {
	    .uuid = name_of(ctx, v, OL_UUID),
	    .id = name_of(ctx, v, OL_ID),
	    .time_us = time_of(ctx, v),
	    .title = title_of(ctx, v),
	    .message = text_of(ctx, v, OL_MESSAGE, MST_ALERT_MESSAGE),
	    .sensor = sensor_of(ctx, v),
	    .source = {.id = ot_id(ctx, v, OL_SOURCE),
		       .address = name_of(ctx, v, OL_SOURCE_ADDRESS)},
	    .destination = {.id = ot_id(ctx, v, OL_DESTINATION),
			    .address = name_of(ctx, v, OL_DESTINATION_ADDRESS)},
	};
	struct mst_arena arena;
	char *p, *q;

	if (!a.title.n)
		return 0;
	mst_arena_init(&arena, 1u << 20);
	key = mst_alert_key(&a, &arena);
	p = q = mst_rule_scratch(ctx, sizeof(head) + conn.n + key.n + 1);
	memcpy(q, head, sizeof(head) - 1);
	q += sizeof(head) - 1;
	memcpy(q, conn.p, conn.n);
	q += conn.n;
	*q++ = '/';
	memcpy(q, key.p, key.n);
	mst_arena_fini(&arena);
	return ms_some(mst_slice(p, (size_t)(q - p) + key.n), out_r);
}
