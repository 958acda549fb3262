/* SPDX-License-Identifier: Apache-2.0
 *
 * What the lists of streams and apps say, as far as the lists behind them hang
 * on it: which streams are read, and which apps are asked about. O(apps ×
 * streams) memory.
 */
#include <stdlib.h>

#include "base/num.h"
#include "base/time.h"
#include "source/cloudapps/attributes.h"
#include "source/cloudapps/cloudapps_private.h"

#define SHOWS_MAX 4000000u

bool ca_is_true(const struct mst_value *v)
{
	struct mst_slice s;

	if (v->type == MST_JSON_BOOL)
		return v->u.b;
	if (v->type == MST_JSON_INT)
		return v->u.i != 0;
	if (v->type != MST_JSON_STRING)
		return false;
	s = mst_slice_trim(mst_slice(v->u.s.p, v->u.s.n));
	return mst_slice_iis(s, "true") || mst_slice_is(s, "1");
}

bool ca_stream_chosen(const struct ca_conf *conf, struct mst_slice id,
		      struct mst_slice name)
{
	for (size_t i = 0; i < conf->streams.n; i++) {
		if (mst_slice_fits(id, conf->streams.v[i]) ||
		    (name.n && mst_slice_fits(name, conf->streams.v[i])))
			return true;
	}
	return conf->streams.n == 0;
}

void ca_found_pages_clear(struct mst_source *s)
{
	mst_map_fini(&s->pages);
	if (s->pages_arena.max)
		mst_arena_fini(&s->pages_arena);
	s->pages_arena = (struct mst_arena){.max = 0};
}

void ca_found_page(struct mst_source *s, struct mst_hash ids, uintptr_t list)
{
	struct mst_slice key = {(const char *)&ids, sizeof(ids)};

	if (!s->pages_arena.max)
		mst_arena_init(&s->pages_arena, MST_MAX_ARENA);
	if (!mst_map_has(&s->pages, key))
		key = mst_arena_dup(&s->pages_arena, key);
	(void)mst_map_put(&s->pages, key, (void *)list);
}

void ca_found_apps_clear(struct mst_source *s)
{
	mst_map_fini(&s->by_id);
	ca_found_pages_clear(s);
	free(s->apps);
	free(s->shows);
	s->apps = NULL;
	s->shows = NULL;
	s->apps_n = s->apps_cap = s->shows_n = s->shows_cap = 0;
}

void ca_found_clear(struct mst_source *s)
{
	ca_found_apps_clear(s);
	mst_arena_fini(&s->arena);
	mst_arena_init(&s->arena, MST_MAX_ARENA);
	free(s->streams);
	s->streams = NULL;
	s->streams_n = s->streams_cap = s->all_streams = 0;
	s->newest_us = MST_TIME_NONE;
}

/* Room for one more; v is the array, of elements of this size. */
static void *grow(void *v, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return v;
	*cap = *cap ? *cap * 2 : 16;
	return mst_realloc(v, *cap * size);
}

/* Text of an id, which may be a number; NULL: none that could be asked for. */
static char *id_of(struct mst_source *s, const struct mst_value *v)
{
	struct mst_slice t = {NULL, 0};

	if (v->type == MST_JSON_INT)
		return mst_arena_printf(&s->arena, "%lld", (long long)v->u.i);
	if (v->type == MST_JSON_STRING)
		t = mst_slice_trim(mst_slice(v->u.s.p, v->u.s.n));
	if (!t.n || t.n > CA_ID_MAX || memchr(t.p, 0, t.n))
		return NULL;
	return (char *)(uintptr_t)mst_arena_dup(&s->arena, t).p;
}

static struct mst_value member(struct mst_json record, const char *name)
{
	return ca_value_of(mst_json_iget(record, name));
}

/* ---- streams ------------------------------------------------------------- */

bool ca_stream_alive(const struct mst_source *s, size_t stream)
{
	static const int days[] = {7, 30, 90};
	int64_t data_us = s->streams[stream].data_us;

	return data_us != MST_TIME_NONE &&
	       s->newest_us - data_us <=
		   days[s->conf->report_time_frame] * INT64_C(86400) * 1000000;
}

void ca_found_stream(struct mst_source *s, struct mst_json record)
{
	struct mst_value id = member(record, "id");
	struct mst_value anonymous = member(record, "anonymizeUserData");
	struct mst_slice name =
	    mst_slice_trim(mst_json_str(mst_json_iget(record, "displayName")));
	int64_t data_us = MST_TIME_NONE;
	struct ca_stream *t;
	char *text = id_of(s, &id);

	s->all_streams++;
	(void)mst_time_parse(mst_slice_trim(mst_json_str(mst_json_iget(
				 record, "lastDataReceivedDateTime"))),
			     &data_us);
	s->newest_us = MST_MAX(s->newest_us, data_us);
	if (!text) {
		ca_doubt(&s->read, "a stream has no usable id");
		return;
	}
	if (!ca_stream_chosen(s->conf, mst_slice_str(text), name))
		return;
	for (size_t i = 0; i < s->streams_n; i++) {
		if (strcmp(s->streams[i].id, text) == 0)
			return;
	}
	s->streams = grow(s->streams, s->streams_n, &s->streams_cap,
			  sizeof(*s->streams));
	t = &s->streams[s->streams_n++];
	t->id = text;
	t->name = (char *)(uintptr_t)mst_arena_dup(&s->arena, name).p;
	t->data_us = data_us;
	t->anonymous = ca_is_true(&anonymous);
}

/* ---- apps ---------------------------------------------------------------- */

static struct mst_slice folded(const char *id, char *buf)
{
	size_t n = 0;

	for (; id[n]; n++)
		buf[n] =
		    (char)(id[n] >= 'A' && id[n] <= 'Z' ? id[n] | 0x20 : id[n]);
	return mst_slice(buf, n);
}

static bool is_the_one(const struct mst_source *s, const char *id,
		       const struct mst_value *name)
{
	struct mst_slice want = mst_slice_str(s->one);

	if (!s->one || mst_slice_ieq(mst_slice_str(id), want))
		return true;
	return name->type == MST_JSON_STRING &&
	       mst_slice_ieq(
		   mst_slice_trim(mst_slice(name->u.s.p, name->u.s.n)), want);
}

static size_t app_of(struct mst_source *s, char *id)
{
	char buf[CA_ID_MAX];
	struct mst_slice key = folded(id, buf);
	size_t at = (size_t)(uintptr_t)mst_map_get(&s->by_id, key);

	if (at)
		return at - 1;
	s->apps = grow(s->apps, s->apps_n, &s->apps_cap, sizeof(*s->apps));
	s->apps[s->apps_n++] = (struct ca_app){.id = id};
	key = mst_arena_dup(&s->arena, key);
	(void)mst_map_put(&s->by_id, key, (void *)(uintptr_t)s->apps_n);
	return s->apps_n - 1;
}

static uint64_t count_of(const struct mst_value *v)
{
	uint64_t n = 0;

	if (v->type == MST_JSON_INT)
		return v->u.i > 0 ? (uint64_t)v->u.i : 0;
	if (v->type == MST_JSON_STRING)
		(void)mst_num_u64(mst_slice_trim(mst_slice(v->u.s.p, v->u.s.n)),
				  &n);
	return n;
}

/* Is the stream's showing of the app there already (its list was read twice)?
 */
static struct ca_show *shown(struct mst_source *s, size_t stream, size_t app,
			     size_t *last_r)
{
	size_t i = s->apps[app].first;

	*last_r = 0;
	while (i) {
		if (s->shows[i - 1].stream == stream)
			return &s->shows[i - 1];
		*last_r = i;
		i = s->shows[i - 1].next;
	}
	return NULL;
}

void ca_found_app(struct mst_source *s, size_t stream, struct mst_json record)
{
	struct mst_value v[MST_MAX_FIELDS];
	struct ca_show *show;
	size_t app, last;
	bool unknown;
	char *id;

	if (!mst_picker_pick(s->picker, record, v))
		return;
	id = id_of(s, &v[CF_ID]);
	if (!id || ca_left_out_by(s->conf, v, &unknown))
		return; /* nobody will ask for more of it */
	app = app_of(s, id);
	s->apps[app].wanted =
	    s->apps[app].wanted || is_the_one(s, id, &v[CF_NAME]);
	show = shown(s, stream, app, &last);
	if (show) {
		show->users = MST_MAX(show->users, count_of(&v[CF_USERS]));
		return;
	}
	if (s->shows_n >= SHOWS_MAX) {
		ca_doubt(&s->read,
			 "more than %u apps in streams: the others "
			 "are left out",
			 SHOWS_MAX);
		return;
	}
	s->shows = grow(s->shows, s->shows_n, &s->shows_cap, sizeof(*s->shows));
	s->shows[s->shows_n++] = (struct ca_show){
	    .stream = stream, .app = app, .users = count_of(&v[CF_USERS])};
	if (last)
		s->shows[last - 1].next = s->shows_n;
	else
		s->apps[app].first = s->shows_n;
}
