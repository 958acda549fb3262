/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers: is it a page, is there another behind it, and was the list whole?
 * No page promises that a list stands still while it is read, so whatever looks
 * as if it had moved is read once more.
 */
#include "base/time.h"
#include "source/iot/iot_private.h"
#include "source/microsoft/microsoft.h"

#define SECOND_US     ((int64_t)1000000)
#define SKEW_LEAST_US (5 * SECOND_US) /* less is the way here */

static const char *title_of(const struct mst_source *s)
{
	return ot_feeds[s->read.scout ? OT_SENSORS : s->read.feed].title;
}

/* A far end whose clock is late stamps changes with times that we think are
 * over. */
static void note_clock(struct mst_source *s, const struct mst_resp *resp)
{
	int64_t late;

	if (resp->date_us == MST_TIME_NONE || resp->date_us <= 0)
		return;
	late = mst_now_us() - resp->date_us;
	s->date_skew_us = late < SKEW_LEAST_US ? 0 : -late - SECOND_US;
}

/* The first answer of all tells that what changed was asked for since a time
 * that is too late there. */
static bool asked_too_late(const struct mst_source *s)
{
	const struct ot_read *r = &s->read;

	return !r->scout && !r->alone && !r->clocked && r->pages == 0 &&
	       s->since_us[r->feed] != MST_TIME_NONE &&
	       s->date_skew_us < s->skew_us - SKEW_LEAST_US;
}

/* ---- lists --------------------------------------------------------------- */

/* The list moved, or seems to have: from its first page on, until that is of no
 * use. True: it is read again. */
static bool moved(struct mst_source *s, const char *how)
{
	struct ot_read *r = &s->read;

	if (r->lenient)
		return false;
	if (r->restarts++ < OT_RESTARTS) {
		ot_list_again(r);
		return true;
	}
	r->lenient = true;
	ot_doubt(r, "%s, %d times in a row, so records may be missing", how,
		 OT_RESTARTS + 1);
	return false;
}

/* Records that came while it was read pushed others to later pages, where they
 * came twice; nothing that was there at first is missing. */
static bool only_grew(const struct ot_read *r)
{
	return r->count > r->least &&
	       (int64_t)(r->rows - r->doubles) >= r->least;
}

/* A list with doubles whose number is right: read twice with the same result,
 * it is as it is. */
static bool is_settled(struct ot_read *r)
{
	bool same =
	    r->doubles == r->before_doubles && r->rows == r->before_rows;

	r->before_doubles = r->doubles;
	r->before_rows = r->rows;
	return same || r->doubles == 0 || only_grew(r);
}

/* Read whole, and no sensor is left out of it: is it of all sensors? */
static bool of_all_sensors(const struct mst_source *s)
{
	const struct ot_read *r = &s->read;

	return ot_console(s) && r->feed == OT_DEVICES && !r->one &&
	       !ot_by_sensor(s, r->feed) &&
	       s->since_us[r->feed] == MST_TIME_NONE;
}

static void doubt_idle(struct ot_read *r, const struct ot_sensor *of)
{
	ot_doubt(r,
		 "sensor '%.80s' shows no device, where the console counts "
		 "%lld",
		 of->name, (long long)of->devices);
}

static void end_list(struct mst_source *s)
{
	const struct ot_sensor *of = ot_list_sensor(s);
	const struct ot_sensor *idle;
	struct ot_read *r = &s->read;

	if (!is_settled(r) && moved(s, "records came twice"))
		return;
	if (of && !r->rows && of->devices > 0 &&
	    s->since_us[r->feed] == MST_TIME_NONE && r->feed != OT_ALERTS)
		doubt_idle(r, of);
	idle = of_all_sensors(s) ? ot_found_idle(s) : NULL;
	if (idle)
		doubt_idle(r, idle);
	r->all_lack.ids += r->lacks.ids;
	r->all_lack.lists += r->lacks.lists;
	ot_list_next(r);
}

/* What a page says of the list that it is of; NULL: it fits. n: its records,
 * fresh: those that no earlier page had. */
static const char *misfit(const struct ot_read *r, int64_t count, uint64_t n,
			  uint64_t fresh)
{
	bool grows = count > r->count && r->restarts >= OT_RESTARTS;

	if (r->page && n && !fresh)
		return "a page came again under another number";
	if (r->page && count != r->count && !grows)
		return "the number of records changed while they were read";
	if (count >= 0 && (int64_t)r->rows > count)
		return "more records came than there are said to be";
	if (count >= 0 && n < (uint64_t)r->size && (int64_t)r->rows < count)
		return "a page was shorter than the others";
	return NULL;
}

/* Does the far end give pages of another size? Then it is asked for those. */
static bool other_size(struct ot_read *r, int64_t count, uint64_t n)
{
	bool other = r->page == 0 && n > 0 && n != (uint64_t)r->size &&
		     (int64_t)n < count && r->restarts == 0;

	if (!other)
		return false;
	r->restarts++;
	r->size = (int64_t)n;
	ot_list_again(r);
	return true;
}

static void page_taken(struct mst_source *s, int64_t count, uint64_t n,
		       uint64_t fresh)
{
	struct ot_read *r = &s->read;
	const char *how;
	bool last;

	if (other_size(r, count, n))
		return;
	how = misfit(r, count, n, fresh);
	if (how && moved(s, how))
		return;
	r->least = r->page ? r->least : count;
	r->count = count;
	last = count >= 0 ? (int64_t)r->rows >= count : n < (uint64_t)r->size;
	/* Doubtful lists end where nothing new comes. */
	if (!last && n && (fresh || !r->lenient)) {
		r->page++;
		return;
	}
	if (count < 0)
		ot_doubt(r, "it is not said how many records there are");
	end_list(s);
}

/* ---- pages --------------------------------------------------------------- */

/* How many of its records no earlier page had. */
static uint64_t look_at(struct mst_source *s, struct mst_json list,
			uint64_t *n_r)
{
	bool paged = ot_paged(s, s->read.feed) && !s->read.alone;
	struct mst_json_iter it = mst_json_iter(list);
	struct ot_read *r = &s->read;
	bool sensors = of_all_sensors(s);
	uint64_t fresh = 0;
	struct mst_json e;

	if (sensors && r->page == 0)
		ot_found_no_devices(s);
	for (*n_r = 0; mst_json_next(&it, NULL, &e); ++*n_r) {
		ot_note_lacks(s, r->feed, e, &r->lacks);
		if (sensors)
			ot_found_device(s, e);
		if (r->feed == OT_SENSORS)
			ot_found_sensor(s, e);
		if (paged)
			fresh += ot_ids_add(&r->seen, ot_record_id(r->feed, e));
	}
	return paged ? fresh : *n_r;
}

/* The only device is seen by sensors that are left out. */
static bool only_hidden(const struct mst_source *s, struct mst_json list)
{
	struct mst_json_iter it = mst_json_iter(list);
	struct mst_json e;

	return s->read.alone && s->read.feed == OT_DEVICES &&
	       mst_json_next(&it, NULL, &e) && ot_is_hidden(s, e);
}

static int take_page(struct mst_source *s, struct mst_json list, int64_t count,
		     struct mst_err *err)
{
	struct ot_read *r = &s->read;
	uint64_t n, fresh;

	if (only_hidden(s, list)) {
		ot_list_next(r);
		return MST_TAKE_CONTROL;
	}
	fresh = look_at(s, list, &n);
	r->tries = 0;
	r->anew = false;
	r->pages++;
	r->rows += n;
	r->records += n;
	r->doubles += n - fresh;
	if (r->feed == OT_SENSORS && ot_found_end(s, err) < 0)
		return -(int)err->code;
	if (ot_paged(s, r->feed) && !r->alone)
		page_taken(s, count, n, fresh);
	else
		end_list(s);
	return MST_TAKE_RECORDS;
}

/* The list of sensors, asked for by a feed that needs it. */
static int take_scout(struct mst_source *s, struct mst_json list,
		      struct mst_err *err)
{
	struct mst_json_iter it = mst_json_iter(list);
	struct mst_json e;

	ot_found_clear(s);
	while (mst_json_next(&it, NULL, &e))
		ot_found_sensor(s, e);
	if (ot_found_end(s, err) < 0)
		return -(int)err->code;
	s->read.tries = 0;
	s->read.scout = false;
	ot_lists_set(s);
	return MST_TAKE_CONTROL;
}

/* Asked for by its id, and not there. */
static bool nobody(const struct mst_source *s, const struct mst_resp *resp)
{
	return s->read.alone && resp->outcome == MST_OUT_ANSWER &&
	       resp->status == 404;
}

static int page_answer(struct mst_source *s, const struct mst_req *req,
		       const struct mst_resp *resp, struct mst_err *err)
{
	struct ot_read *r = &s->read;
	unsigned feed = r->scout ? OT_SENSORS : r->feed;
	const char *what = req->what ? req->what : title_of(s);
	struct mst_json root, list;
	int64_t count;

	if (nobody(s, resp)) {
		ot_list_next(r);
		return MST_TAKE_CONTROL;
	}
	if (resp->outcome != MST_OUT_ANSWER || resp->status != 200)
		return ot_refuse(s, feed, what, resp, err);
	note_clock(s, resp);
	if (asked_too_late(s)) {
		r->clocked = true;
		ot_lists_set(s);
		return MST_TAKE_CONTROL;
	}
	if (resp->body.n == 0)
		mst_err_set(err, MST_E_CORRUPT, "the body is empty");
	else if (mst_json_parse(s->parser, resp->body, &root, err) == 0 &&
		 ot_records(s, feed, root, &list, &count, err))
		return r->scout ? take_scout(s, list, err)
				: take_page(s, list, count, err);
	if (++r->tries >= OT_TRIES)
		return ms_damaged(resp, title_of(s), err);
	mst_err_clear(err); /* it is asked for again */
	return MST_TAKE_CONTROL;
}

int ot_accept(struct mst_source *s, const struct mst_req *req,
	      const struct mst_resp *resp, struct mst_err *err)
{
	struct ot_read *r = &s->read;

	if (!r->active || !r->waiting || req->id != r->seq)
		return MST_TAKE_CONTROL; /* to something that was given up */
	r->waiting = false;
	return page_answer(s, req, resp, err);
}
