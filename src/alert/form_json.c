/* SPDX-License-Identifier: Apache-2.0
 *
 * Alerts as JSON: of the API (v1, v2, sensor and console) and of the webhook,
 * which has the same members and some more. Names are folded; numbers may be
 * texts; what is not there may be null, 0 or "N/A".
 */
#include "alert/form_private.h"

#include <stdio.h>

static void fill_number(struct mst_filling *f, struct mst_slice name,
			struct mst_json v)
{
	char text[32];
	int64_t i;

	if (!mst_json_i64(v, &i))
		return;
	(void)snprintf(text, sizeof(text), "%lld", (long long)i);
	mst_fill(f, name, mst_slice_str(text));
}

/* A list of texts, or a text, one a line. */
static void add_lines(struct mst_buf *out, struct mst_json v)
{
	struct mst_json_iter it;
	struct mst_json e;

	if (mst_json_type(v) == MST_JSON_STRING) {
		if (out->n)
			(void)mst_buf_addc(out, '\n');
		(void)mst_buf_add_slice(out, mst_json_str(v));
		return;
	}
	if (mst_json_type(v) != MST_JSON_ARRAY)
		return;
	it = mst_json_iter(v);
	while (mst_json_next(&it, NULL, &e)) {
		if (mst_json_type(e) == MST_JSON_STRING)
			add_lines(out, e);
	}
}

static struct mst_slice lines(struct mst_filling *f, struct mst_json a,
			      struct mst_json b)
{
	struct mst_buf text = MST_BUF_INIT(MST_FORM_MAX);
	struct mst_slice s;

	add_lines(&text, a);
	add_lines(&text, b);
	s = mst_alert_text(f->arena, mst_buf_slice(&text), MST_ALERT_MESSAGE,
			   false);
	mst_buf_fini(&text);
	return s;
}

int mst_form_json(struct mst_json v, struct mst_arena *arena,
		  struct mst_alert *a_r, struct mst_err *err)
{
	struct mst_filling f = {a_r, arena, 0};
	struct mst_json_iter it;
	struct mst_slice key;
	struct mst_json m;
	bool yes;

	*a_r = (struct mst_alert){.time_us = MST_TIME_NONE};
	if (mst_json_type(v) != MST_JSON_OBJECT)
		return mst_err_set(err, MST_E_CORRUPT, "it is no JSON object");
	it = mst_json_iter(v);
	while (mst_json_next(&it, &key, &m)) {
		if (mst_json_type(m) == MST_JSON_STRING)
			mst_fill(&f, key, mst_json_str(m));
		else if (mst_json_type(m) == MST_JSON_INT)
			fill_number(&f, key, m);
		else if (mst_json_type(m) == MST_JSON_BOOL &&
			 mst_json_bool(m, &yes))
			mst_fill(&f, key,
				 mst_slice_str(yes ? "true" : "false"));
	}
	a_r->steps = lines(&f, mst_json_iget(v, "remediationSteps"),
			   (struct mst_json){0});
	m = mst_json_iget(v, "additionalInformation");
	if (mst_json_type(m) == MST_JSON_OBJECT)
		a_r->more = lines(&f, mst_json_iget(m, "description"),
				  mst_json_iget(m, "information"));
	else
		a_r->more = lines(&f, m, (struct mst_json){0});
	/* A console may have ids where names are not known. */
	if (!a_r->sensor.n)
		a_r->sensor = a_r->sensor_id;
	return mst_fill_end(&f, err);
}
