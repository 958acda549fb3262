/* SPDX-License-Identifier: Apache-2.0
 *
 * The headers of an answer, as far as anybody reads them.
 */
#include "base/num.h"
#include "base/time.h"
#include "net/private.h"

void mst_head_init(struct mst_head *h)
{
	*h = (struct mst_head){
	    .content_type = "",
	    .request_id = "",
	    .encoding = "",
	    .rate_rule = "",
	    .rate_limit = -1,
	    .total_count = -1,
	    .date_us = MST_TIME_NONE,
	    .retry_after_ms = -1,
	    .throttle_share = -1,
	};
}

/* The far ends' names for the number that their support asks for, the most
 * useful first; 0 is none of them. */
static size_t request_id_rank(struct mst_slice name)
{
	static const char *const names[] = {
	    "x-transaction-id", "request-id",	    "x-ms-request-id",
	    "x-request-id",	"x-correlation-id", "x-ms-correlation-id",
	    "client-request-id"};

	for (size_t i = 0; i < MST_LEN(names); i++)
		if (mst_slice_iis(name, names[i]))
			return i + 1;
	return 0;
}

static const char *keep(struct mst_transfer *t, struct mst_slice v)
{
	char *s = (char *)(uintptr_t)mst_arena_dup(&t->texts, v).p;

	/* They end up in messages. */
	for (size_t i = 0; s[i]; i++)
		if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f)
			s[i] = '?';
	return s;
}

/* One header per link is legal; they read as one list. */
static void add_link(struct mst_transfer *t, struct mst_slice value)
{
	struct mst_head *h = &t->head;

	if (value.n > MST_NET_LINK)
		return;
	if (!h->link)
		h->link = keep(t, value);
	else if (++h->links < 16 && strlen(h->link) + value.n < MST_NET_LINK)
		h->link = keep(t, mst_slice_str(mst_arena_printf(
				      &t->texts, "%s, %.*s", h->link,
				      MST_SLICE_ARG(value))));
}

static void take_field(struct mst_transfer *t, struct mst_slice name,
		       struct mst_slice value)
{
	size_t rank = request_id_rank(name);
	struct mst_head *h = &t->head;
	double share;
	int64_t n;

	if (mst_slice_iis(name, "content-type")) {
		h->content_type = keep(t, value);
	} else if (mst_slice_iis(name, "content-encoding")) {
		h->encoding = keep(t, value);
	} else if (mst_slice_iis(name, "location")) {
		h->location = keep(t, value);
	} else if (mst_slice_iis(name, "link")) {
		add_link(t, value);
	} else if (mst_slice_iis(name, "x-total-count")) {
		h->total_count =
		    mst_num_i64(value, &n) && n >= 0 ? n : h->total_count;
	} else if (mst_slice_iis(name, "x-ratelimit-limit")) {
		h->rate_limit =
		    mst_num_i64(value, &n) && n >= 0 ? n : h->rate_limit;
	} else if (mst_slice_iis(name, "x-ratelimit-rule")) {
		h->rate_rule = keep(t, value);
	} else if (mst_slice_iis(name, "x-ms-throttle-limit-percentage")) {
		h->throttle_share = mst_num_dbl(value, &share) && share >= 0
					? share
					: h->throttle_share;
	} else if (mst_slice_iis(name, "retry-after")) {
		h->retry_after_ms = mst_time_retry_after(value, mst_now_us());
	} else if (mst_slice_iis(name, "date")) {
		/* An HTTP-date counted from the epoch is its own time. */
		n = mst_time_retry_after(value, 0);
		h->date_us = n > 0 ? n * 1000 : MST_TIME_NONE;
	} else if (rank && (!h->request_id_rank || rank < h->request_id_rank)) {
		h->request_id = keep(t, value);
		h->request_id_rank = rank;
	}
}

bool mst_head_line(struct mst_transfer *t, struct mst_slice line)
{
	const char *colon;
	size_t bytes = t->head.bytes + line.n;

	if (bytes > MST_NET_HEADERS) {
		mst_err_set(&t->fault, MST_E_INVALID,
			    "the answer's headers are larger than %u bytes",
			    MST_NET_HEADERS);
		return false;
	}
	if (mst_slice_istarts(line, "HTTP/"))
		mst_head_init(&t->head); /* behind 100 Continue */
	t->head.bytes = bytes;
	colon = line.n ? memchr(line.p, ':', line.n) : NULL;
	if (colon)
		take_field(
		    t,
		    mst_slice_trim(mst_slice(line.p, (size_t)(colon - line.p))),
		    mst_slice_trim(mst_slice(
			colon + 1, (size_t)(line.p + line.n - colon - 1))));
	return true;
}
