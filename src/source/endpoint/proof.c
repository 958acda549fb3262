/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether a read was complete: counts, ids and pages that came twice. What is
 * remembered of them is a hash each (16 bytes), so that the memory grows with
 * devices and definitions, never with rows.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/time.h"
#include "source/endpoint/endpoint_private.h"

#define SEEN_MAX 20000000u

void ep_tally_init(struct ep_tally *t)
{
	*t = (struct ep_tally){.as_of_us = MST_TIME_NONE};
	mst_arena_init(&t->arena, MST_MAX_ARENA);
}

void ep_tally_reset(struct ep_tally *t)
{
	ep_tally_fini(t);
	ep_tally_init(t);
}

void ep_tally_fini(struct ep_tally *t)
{
	mst_map_fini(&t->seen);
	mst_arena_fini(&t->arena);
}

/* kind keeps ids, pages and links apart. */
bool ep_tally_see(struct ep_tally *t, char kind, struct mst_slice s)
{
	struct mst_hash h = mst_hash128(s.p, s.n, (unsigned char)kind);
	struct mst_slice key = {(const char *)&h, sizeof(h)};
	char *own;

	if (mst_map_has(&t->seen, key))
		return false;
	if (t->seen.n >= SEEN_MAX) {
		ep_tally_doubt(t,
			       "more than %u records: doubles were not "
			       "looked for",
			       SEEN_MAX);
		return true;
	}
	own = mst_arena_bytes(&t->arena, sizeof(h));
	memcpy(own, &h, sizeof(h));
	mst_map_put(&t->seen, mst_slice(own, sizeof(h)), own);
	return true;
}

/* The first doubt is the one that is told. */
void ep_tally_doubt(struct ep_tally *t, const char *fmt, ...)
{
	va_list ap;

	if (t->doubt[0])
		return;
	va_start(ap, fmt);
	(void)vsnprintf(t->doubt, sizeof(t->doubt), fmt, ap);
	va_end(ap);
}

static struct mst_slice id_of(struct mst_json record)
{
	return mst_slice_trim(mst_json_str(mst_json_iget(record, "id")));
}

/* First and last record with their number stand for the page: a page that
 * comes again under another link has the same. */
static bool page_is_new(struct ep_tally *t, struct mst_json first,
			struct mst_json last, size_t n)
{
	struct mst_buf text = MST_BUF_INIT(MST_MAX_LINE * 2);
	bool is_new;

	mst_buf_addf(&text, "%zu\n", n);
	mst_json_write(first, &text);
	mst_json_write(last, &text);
	is_new = ep_tally_see(t, 'p', mst_buf_slice(&text));
	mst_buf_fini(&text);
	return is_new;
}

void ep_tally_page(struct mst_source *s, struct mst_json value, size_t *n_r,
		   size_t *fresh_r)
{
	struct mst_json_iter it = mst_json_iter(value);
	struct mst_json e, first = value, last = value;
	bool ids = s->read.way == EP_WAY_SKIP;
	struct ep_tally *t = &s->tally;
	size_t n = 0, fresh = 0;

	while (mst_json_next(&it, NULL, &e)) {
		if (n++ == 0)
			first = e;
		last = e;
		if (!ids)
			continue;
		if (!id_of(e).n || ep_tally_see(t, 'i', id_of(e)))
			fresh++;
		else
			t->doubles++;
	}
	if (!ids && n > 0 && !page_is_new(t, first, last, n))
		t->repeated++;
	t->pages++;
	t->records += n;
	*n_r = n;
	*fresh_r = fresh;
}

void ep_proof_make(const struct mst_source *s, struct mst_proof *p_r)
{
	const struct ep_tally *t = &s->tally;
	const struct ep_read *r = &s->read;
	const char *title = ep_feeds[r->feed].title;

	*p_r = (struct mst_proof){
	    .pages = t->pages,
	    .files = t->files,
	    .records = t->records,
	    .as_of_us = t->as_of_us,
	};
	if (t->doubt[0])
		(void)snprintf(p_r->why, sizeof(p_r->why), "%s: %s", title,
			       t->doubt);
	else if (r->one)
		(void)snprintf(p_r->why, sizeof(p_r->why),
			       "%s: only one device was asked for", title);
	else if (t->repeated)
		(void)snprintf(p_r->why, sizeof(p_r->why),
			       "%s: %llu pages came twice, so others may be "
			       "missing",
			       title, (unsigned long long)t->repeated);
	else if (t->doubles)
		(void)snprintf(p_r->why, sizeof(p_r->why),
			       "%s: %llu records came twice, so the list moved "
			       "while it was read and others may be missing",
			       title, (unsigned long long)t->doubles);
	p_r->complete = !p_r->why[0];
}
