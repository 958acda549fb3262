/* SPDX-License-Identifier: Apache-2.0
 *
 * muster forward unread and owed: what came in and is no alert, and which
 * acknowledgements consoles are to get.
 */
#include "cli/forward.h"
#include "forward/owed.h"

static int list_begin(struct mst_state *state, struct mst_outbox **outbox_r,
		      struct forward_looking *l, struct mst_err *err)
{
	if (forward_outbox(state, outbox_r, err) < 0)
		return -(int)err->code;
	forward_begin(l);
	if (cli.json)
		mst_jout_arr(&l->j);
	return 0;
}

static int list_end(struct mst_outbox **outbox, struct forward_looking *l,
		    int rc)
{
	if (cli.json)
		mst_jout_end_arr(&l->j);
	forward_end(l, rc);
	mst_outbox_close(outbox);
	return rc;
}

/* ---- what could not be read ---------------------------------------------- */

static int unread_row(void *ctx, const struct mst_outbox_unread *u)
{
	struct forward_looking *l = ctx;
	char at[21];

	forward_time(u->at_us, at);
	if (cli.json) {
		mst_jout_obj(&l->j);
		mst_jout_ki64(&l->j, "id", u->id);
		mst_jout_kstr(&l->j, "at", at);
		mst_jout_kstr(&l->j, "from", u->receiver);
		mst_jout_kstr(&l->j, "peer", u->peer);
		mst_jout_kstr(&l->j, "why", u->why);
		mst_jout_kslice(&l->j, "body", u->body);
		mst_jout_end_obj(&l->j);
		return 0;
	}
	(void)mst_buf_addf(&l->out, "%6lld  %s %s %s: %s\n        ",
			   (long long)u->id, at, u->receiver, u->peer, u->why);
	for (size_t i = 0; i < u->body.n; i++) {
		unsigned char c = (unsigned char)u->body.p[i];

		(void)mst_buf_addc(&l->out,
				   c < ' ' || c == 0x7f ? '.' : (char)c);
	}
	(void)mst_buf_addc(&l->out, '\n');
	return 0;
}

int forward_unread(struct mst_state *state, const struct forward_opts *o,
		   struct mst_err *err)
{
	struct mst_outbox *outbox = NULL;
	struct forward_looking l;
	int rc = list_begin(state, &outbox, &l, err);

	if (rc < 0)
		return rc;
	rc = mst_outbox_unread_page(outbox, (int64_t)o->before,
				    o->count ? (size_t)o->count : FORWARD_COUNT,
				    unread_row, &l, err);
	return list_end(&outbox, &l, rc);
}

/* ---- acknowledgements ---------------------------------------------------- */

static int owed_row(void *ctx, const struct mst_owed *o)
{
	struct forward_looking *l = ctx;
	char at[21];

	forward_time(o->at_us, at);
	if (cli.json) {
		mst_jout_obj(&l->j);
		mst_jout_ki64(&l->j, "id", o->id);
		mst_jout_kstr(&l->j, "action", o->action);
		mst_jout_kstr(&l->j, "source", o->source);
		mst_jout_kslice(&l->j, "alert", o->key);
		mst_jout_kstr(&l->j, "state", mst_owed_state_name(o->state));
		mst_jout_ki64(&l->j, "tries", o->tries);
		mst_jout_kstr(&l->j, "changed", at);
		mst_jout_kstr(&l->j, "why", o->why);
		mst_jout_end_obj(&l->j);
		return 0;
	}
	(void)mst_buf_addf(&l->out, "%6lld  %s %-16s %-16s %-6s %.*s%s%s\n",
			   (long long)o->id, at, o->action, o->source,
			   mst_owed_state_name(o->state), MST_SLICE_ARG(o->key),
			   *o->why ? "  " : "", o->why);
	return 0;
}

int forward_owed(struct mst_state *state, const struct forward_opts *o,
		 struct mst_err *err)
{
	struct mst_outbox *outbox = NULL;
	struct forward_looking l;
	int rc = list_begin(state, &outbox, &l, err);

	if (rc < 0)
		return rc;
	rc = mst_owed_page(outbox, (int64_t)o->before,
			   o->count ? (size_t)o->count : FORWARD_COUNT,
			   owed_row, &l, err);
	return list_end(&outbox, &l, rc);
}
