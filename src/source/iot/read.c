/* SPDX-License-Identifier: Apache-2.0
 *
 * Which request comes next: one list behind the other, each page by page.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "source/iot/iot_private.h"

#define DAY_US	    (24 * 3600 * (int64_t)1000000)
#define OLDEST_DAYS 3650 /* alerts that anybody could want */

void ot_doubt(struct ot_read *r, const char *fmt, ...)
{
	va_list ap;

	if (r->doubt[0])
		return;
	va_start(ap, fmt);
	(void)vsnprintf(r->doubt, sizeof(r->doubt), fmt, ap);
	va_end(ap);
}

/* ---- lists --------------------------------------------------------------- */

static void forget(struct ot_read *r)
{
	ot_ids_fini(&r->seen);
	r->page = r->tries = 0;
	r->rows = r->doubles = 0;
	r->lacks = (struct ot_lacks){.ids = 0};
	r->count = -1;
}

void ot_list_again(struct ot_read *r)
{
	/* What it kept is replaced. */
	r->records -= r->rows;
	forget(r);
	r->anew = true;
}

void ot_list_next(struct ot_read *r)
{
	forget(r);
	r->anew = r->lenient = false;
	r->restarts = 0;
	r->before_rows = r->before_doubles = 0;
	r->at++;
}

void ot_read_clear(struct ot_read *r)
{
	forget(r);
	*r = (struct ot_read){.count = -1};
}

static size_t wanted_sensors(const struct mst_source *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->sensors_n; i++)
		n += s->sensors[i].wanted;
	return n;
}

static size_t lists_of(const struct mst_source *s)
{
	const struct ot_read *r = &s->read;

	/* Nothing is gone of what is read whole. */
	if (r->feed == OT_DELETED_DEVICES &&
	    s->since_us[r->feed] == MST_TIME_NONE)
		return 0;
	/* Who wants one device wants no alerts. */
	if (r->feed == OT_ALERTS && r->one)
		return 0;
	if (r->alone || !ot_by_sensor(s, r->feed))
		return r->spans;
	return wanted_sensors(s) * r->spans;
}

/* ---- names --------------------------------------------------------------- */

/* What the page will be kept as: "l3", "l3,2" … */
static const char *part_of(const struct ot_read *r, struct mst_arena *arena)
{
	if (r->scout)
		return NULL;
	return r->page
		   ? mst_arena_printf(arena, "l%zu,%u", r->at + 1, r->page + 1)
		   : mst_arena_printf(arena, "l%zu", r->at + 1);
}

/* For errors and progress: "page 2 of OT devices (sensor 'Line 3')". */
static const char *what(const struct mst_source *s, struct mst_arena *arena)
{
	const struct ot_read *r = &s->read;
	const struct ot_sensor *of = ot_list_sensor(s);
	const char *title = ot_feeds[r->scout ? OT_SENSORS : r->feed].title;
	const char *page = "";

	if (!r->scout && !r->alone && ot_paged(s, r->feed))
		page = mst_arena_printf(arena, "page %u of ", r->page + 1);
	return of ? mst_arena_printf(arena, "%s%s (sensor '%s')", page, title,
				     of->name)
		  : mst_arena_printf(arena, "%s%s", page, title);
}

/* ---- requests ------------------------------------------------------------ */

static int ask(struct mst_source *s, struct mst_req *req_r, struct mst_err *err)
{
	struct mst_buf url = MST_BUF_INIT(MST_MAX_URL);
	struct ot_read *r = &s->read;

	if (r->pages >= MST_MAX_PAGES)
		return mst_err_set(err, MST_E_INCOMPLETE,
				   "%s: more than %u pages",
				   ot_feeds[r->feed].title, MST_MAX_PAGES);
	ot_address(s, &url);
	mst_req_init(req_r, MST_HTTP_GET);
	req_r->id = r->seq = ++s->seq;
	r->waiting = true;
	req_r->url = mst_arena_strdup(&req_r->arena, url.p);
	req_r->auth = OT_AUTH;
	req_r->part = part_of(r, &req_r->arena);
	req_r->anew = r->anew;
	req_r->what = what(s, &req_r->arena);
	mst_req_header(req_r, "Accept", "application/json");
	mst_buf_fini(&url);
	return MST_NEXT_REQUEST;
}

/* ---- the feed ------------------------------------------------------------ */

void ot_since(struct mst_source *s, unsigned feed, int64_t since_us)
{
	if (feed < OT__FEEDS)
		s->since_us[feed] = since_us;
}

static int begin_check(const struct mst_source *s, unsigned feed,
		       struct mst_err *err)
{
	if (feed >= OT__FEEDS || ot_feeds[feed].nested)
		return mst_err_set(err, MST_E_INTERNAL, "no feed %u", feed);
	if (!s->auth)
		return mst_err_set(err, MST_E_UNSUPPORTED,
				   "%s cannot be read from the API: this "
				   "connection reads a folder (read_from)",
				   ot_feeds[feed].title);
	if (!ot_console(s) &&
	    (feed == OT_SENSORS || feed == OT_APPLIANCES ||
	     feed == OT_DELETED_DEVICES || feed == OT_DEVICE_FLAGS))
		return mst_err_set(err, MST_E_UNSUPPORTED,
				   "%s: only a management console tells them "
				   "(read: console)",
				   ot_feeds[feed].title);
	return 0;
}

/* Keys of devices are "CONNECTION/ID". */
static const char *id_of(const struct mst_source *s, const char *one)
{
	size_t n = strlen(s->connection);

	return one && strncmp(one, s->connection, n) == 0 && one[n] == '/'
		   ? one + n + 1
		   : one;
}

/* Ids are numbers; a name is looked for in the whole list. */
static bool is_id(const char *one)
{
	return one && *one && strlen(one) < 20 &&
	       strspn(one, "0123456789") == strlen(one);
}

/* Alerts are asked for by the time at which they were raised. */
static void set_spans(struct mst_source *s)
{
	int64_t since_us = s->since_us[OT_ALERTS], now_us = mst_now_us();
	struct ot_read *r = &s->read;

	r->spans = 1;
	if (r->feed != OT_ALERTS)
		return;
	now_us += s->skew_us;
	r->from_us =
	    since_us == MST_TIME_NONE
		? now_us - s->conf->alerts_days * DAY_US
		: MST_MAX(since_us + s->skew_us, now_us - OLDEST_DAYS * DAY_US);
	if (now_us > r->from_us)
		r->spans =
		    (size_t)((now_us - r->from_us - 1) / OT_WINDOW_US) + 1;
}

/* The addresses of a list's pages must not change with the clocks. */
void ot_lists_set(struct mst_source *s)
{
	s->skew_us = s->date_skew_us;
	set_spans(s);
	s->read.n = lists_of(s);
}

int ot_begin(struct mst_source *s, unsigned feed, const char *one,
	     struct mst_err *err)
{
	struct ot_read *r = &s->read;

	if (begin_check(s, feed, err) < 0)
		return -(int)err->code;
	ot_read_clear(r);
	if (feed == OT_SENSORS)
		ot_found_clear(s);
	free(s->one);
	one = id_of(s, one);
	s->one = one ? mst_strdup(one) : NULL;
	r->feed = feed;
	r->active = true;
	r->one = one && feed >= OT_DEVICES;
	r->alone = ot_console(s) && is_id(one) &&
		   (feed == OT_DEVICES || feed == OT_DEVICE_CVES);
	r->size = s->conf->page_size;
	r->scout = feed != OT_SENSORS && !s->sensors_known && ot_console(s) &&
		   (ot_by_sensor(s, feed) || ot_leaves_out(s->conf));
	ot_lists_set(s);
	s->proofs[feed] = (struct mst_proof){.as_of_us = MST_TIME_NONE,
					     .why = "the read did not end"};
	return 0;
}

/* An answer may be empty and good: nothing changed, no device has a CVE. But
 * who has sensors has devices. */
static const char *empty_doubt(const struct mst_source *s)
{
	const struct ot_read *r = &s->read;

	if (r->records || s->since_us[r->feed] != MST_TIME_NONE)
		return NULL;
	if (r->feed == OT_SENSORS || r->feed == OT_DEVICES)
		return "the list is empty, which is never taken as a reason to "
		       "remove anything";
	return NULL;
}

/* What a record is of that does not say so is taken for missing. */
static void doubt_lacks(struct ot_read *r)
{
	unsigned long long all = (unsigned long long)r->records;

	if (r->all_lack.ids)
		ot_doubt(r,
			 "%llu of %llu records have no id, so what they are "
			 "of seems to be missing",
			 (unsigned long long)r->all_lack.ids, all);
	if (r->all_lack.lists)
		ot_doubt(r,
			 "%llu of %llu records have null or nameless entries "
			 "where a list belongs%s",
			 (unsigned long long)r->all_lack.lists, all,
			 r->feed == OT_DEVICE_CVES ? " (u_cves)" : "");
}

static void prove(const struct mst_source *s, struct mst_proof *p_r)
{
	const struct ot_read *r = &s->read;
	const char *why = NULL;

	*p_r = (struct mst_proof){.pages = r->pages,
				  .records = r->records,
				  .as_of_us = MST_TIME_NONE};
	if (r->doubt[0])
		why = r->doubt;
	else if (r->one)
		why = "only one device was asked for";
	else
		why = empty_doubt(s);
	if (why)
		(void)snprintf(p_r->why, sizeof(p_r->why), "%s: %.200s",
			       ot_feeds[r->feed].title, why);
	p_r->complete = !why;
}

int ot_next(struct mst_source *s, struct mst_req *req_r, struct mst_err *err)
{
	struct ot_read *r = &s->read;

	if (!r->active)
		return mst_err_set(err, MST_E_INTERNAL, "no feed was begun");
	if (r->ended)
		return MST_NEXT_END;
	if (r->waiting)
		return MST_NEXT_WAIT;
	if (r->scout || r->at < r->n)
		return ask(s, req_r, err);
	r->ended = true;
	ot_ids_fini(&r->seen);
	doubt_lacks(r);
	prove(s, &s->proofs[r->feed]);
	return MST_NEXT_END;
}
