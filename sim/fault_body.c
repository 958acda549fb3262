/* SPDX-License-Identifier: Apache-2.0
 *
 * Faults that change an answer: cut lists, flipped and missing bytes of gzip
 * files, empty, short and repeated pages.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/gunzip.h"
#include "sim/fault_private.h"

void sim_fault_html(struct sim_reply *reply)
{
	reply->content_type = "text/html;charset=UTF-8";
	mst_buf_reset(&reply->body);
	mst_buf_adds(
	    &reply->body,
	    "<html><head><title>Instance Hibernating page</title>"
	    "</head><body><h1>Your instance is hibernating</h1><p>Sign "
	    "in to the developer site to wake it up.</p></body>"
	    "</html>");
}

/* The body becomes the reply's own copy, so that it can be changed. */
static void own_body(struct sim_reply *reply)
{
	if (!reply->lent.p)
		return;
	mst_buf_reset(&reply->body);
	mst_buf_add_slice(&reply->body, reply->lent);
	if (reply->release)
		reply->release(reply->release_ctx);
	reply->release = NULL;
	reply->lent = (struct mst_slice){NULL, 0};
}

/* Where the elements of the first array of objects begin and end; it may be the
 * whole body. */
struct span {
	size_t open, close; /* the brackets */
	size_t last;	    /* start of the last element, with its comma */
	size_t elements;
};

static bool find_list(const struct mst_buf *b, struct span *s)
{
	size_t i = 0;
	int depth = 0;
	bool text = false;

	*s = (struct span){0};
	while (b->n && b->p[0] != '[' && i + 1 < b->n &&
	       !(b->p[i] == ':' && b->p[i + 1] == '['))
		i++;
	if (i + 1 >= b->n)
		return false;
	if (b->p[0] != '[')
		i++;
	s->open = i;
	for (; i < b->n; i++) {
		char c = b->p[i];

		if (text) {
			if (c == '\\')
				i++;
			else if (c == '"')
				text = false;
			continue;
		}
		if (c == '"') {
			text = true;
		} else if (c == '{' || c == '[') {
			if (depth == 1) {
				s->elements++;
				if (s->elements == 1)
					s->last = i;
			}
			depth++;
		} else if (c == '}' || c == ']') {
			if (--depth == 0) {
				s->close = i;
				return true;
			}
		} else if (c == ',' && depth == 1) {
			s->last = i;
		}
	}
	return false;
}

static void cut_range(struct mst_buf *b, size_t from, size_t to)
{
	memmove(b->p + from, b->p + to, b->n - to);
	b->n -= to - from;
	b->p[b->n] = '\0';
}

/* A list that ran out of time: some records, then the error's text. */
static void truncate_list(struct mst_buf *b)
{
	struct span s;
	size_t at = b->n / 2;

	if (find_list(b, &s) && s.elements)
		at = s.open + (s.close - s.open) / 2;
	b->n = at;
	mst_buf_adds(b,
		     "\"error\":{\"message\":\"Transaction cancelled: maximum "
		     "execution time exceeded\",\"detail\":\"maximum execution "
		     "time exceeded Check logs for error trace or enable "
		     "glide.rest.debug property to verify REST request "
		     "processing\"},\"status\":\"failure\"}");
}

static void empty_list(struct mst_buf *b)
{
	struct span s;

	if (find_list(b, &s))
		cut_range(b, s.open + 1, s.close);
}

static void shorten_list(struct mst_buf *b)
{
	struct span s;

	if (find_list(b, &s) && s.elements)
		cut_range(b, s.last, s.close);
}

/* The records of the previous list in this one's envelope. */
static void repeat_list(struct sim_faults *f, enum mst_sim_host host,
			struct mst_buf *b)
{
	struct mst_buf *last = &f->last[host];
	struct span was, is;
	struct mst_buf out;

	if (!last->n || !find_list(last, &was) || !find_list(b, &is))
		return;
	mst_buf_init(&out, SIM_MAX_REPLY);
	mst_buf_add(&out, b->p, is.open);
	mst_buf_add(&out, last->p + was.open, was.close - was.open);
	mst_buf_add(&out, b->p + is.close, b->n - is.close);
	mst_buf_fini(b);
	*b = out;
}

static void remember(struct sim_faults *f, enum mst_sim_host host,
		     const struct sim_reply *reply)
{
	if (reply->lent.p || reply->status != 200 || !f->n ||
	    reply->body.n > (64u << 20))
		return;
	mst_buf_init(&f->last[host], SIM_MAX_REPLY);
	mst_buf_add_slice(&f->last[host], mst_buf_slice(&reply->body));
}

/* What has no check sum of its own gets one from the way it is sent. */
static void compress(struct sim_reply *reply)
{
	struct mst_buf out = MST_BUF_INIT(SIM_MAX_REPLY);
	struct mst_err err = MST_ERR_INIT;

	if (mst_gzip(mst_buf_slice(&reply->body), 1, &out, &err) < 0) {
		mst_buf_fini(&out);
		return;
	}
	mst_buf_fini(&reply->body);
	reply->body = out;
	sim_reply_header(reply, "Content-Encoding", "gzip");
}

static void flip(struct mst_buf *b, uint64_t random)
{
	if (b->n < 32)
		return;
	for (int i = 0; i < 8; i++) {
		size_t at = 12 + (size_t)((random >> i * 7) % (b->n - 20));

		b->p[at] = (char)(b->p[at] ^ 0x5a);
	}
}

static bool wants_repeat(const struct sim_faults *f)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->v[i].kind == SIM_FAULT_REPEAT_PAGE)
			return true;
	return false;
}

void sim_fault_after(struct sim_faults *f, const struct sim_plan *p,
		     const struct sim_request *r, struct sim_reply *reply)
{
	bool whole = reply->status >= 200 && reply->status < 300;

	if (p->kind == SIM_FAULT_NONE) {
		if (wants_repeat(f)) {
			mst_buf_fini(&f->last[r->host]);
			remember(f, r->host, reply);
		}
		return;
	}
	if (p->kind == SIM_FAULT_STATUS_AFTER) {
		own_body(reply);
		mst_buf_reset(&reply->body);
		reply->status = p->status;
		mst_buf_adds(&reply->body,
			     "{\"error\":{\"message\":\"Transaction cancelled: "
			     "maximum execution time exceeded\",\"detail\":"
			     "\"maximum execution time exceeded Check logs for "
			     "error trace\"},\"status\":\"failure\"}");
		return;
	}
	if (!whole)
		return;
	own_body(reply);
	switch ((int)p->kind) {
	case SIM_FAULT_TRUNCATED:
		truncate_list(&reply->body);
		break;
	case SIM_FAULT_BAD_GZIP:
		if (r->host != MST_SIM_BLOB)
			compress(reply);
		flip(&reply->body, p->random);
		break;
	case SIM_FAULT_SHORT_GZIP:
		reply->body.n -= reply->body.n / 3;
		break;
	case SIM_FAULT_EMPTY_PAGE:
		empty_list(&reply->body);
		break;
	case SIM_FAULT_SHORT_PAGE:
		shorten_list(&reply->body);
		break;
	case SIM_FAULT_REPEAT_PAGE:
		repeat_list(f, r->host, &reply->body);
		break;
	default:
		break;
	}
}
