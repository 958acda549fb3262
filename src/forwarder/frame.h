/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages of syslog out of a stream (RFC 6587): octets counted
 * ("123 <14>…") or a line each, as each message shows. Pure; the bytes come
 * from a network and may be anything.
 */
#ifndef MST_FORWARDER_FRAME_H
#define MST_FORWARDER_FRAME_H

#include "base/slice.h"

enum mst_frame {
	MST_FRAME_MORE,	   /* nothing whole is there yet */
	MST_FRAME_MESSAGE, /* *out_r is one */
	MST_FRAME_LONG,	   /* *out_r is the beginning of one that is longer than
			    * the maximum; the rest is passed over as it comes */
	MST_FRAME_LOST	   /* a count that is no message's: there is no way to
			    * find the next one */
};

/* Of one stream; all zero at its start. */
struct mst_framer {
	uint64_t skip;	/* bytes that are still to be passed over */
	bool skip_line; /* all up to the next line end */
};

/* in: the bytes that are there. *used_r: how many of them are done with, also
 * when there is no message. max: of one message; `in` must be let grow to
 * MST_FRAME_ROOM(max) bytes for one to be whole. */
enum mst_frame mst_frame_next(struct mst_framer *f, struct mst_slice in,
			      size_t max, struct mst_slice *out_r,
			      size_t *used_r);
#define MST_FRAME_COUNT	    8 /* digits of a count, with its blank */
#define MST_FRAME_ROOM(max) ((max) + MST_FRAME_COUNT + 2)
/* What is left when the stream ends: a last line without its end. False: it
 * is nothing, or a part of a counted message (*out_r is what is there of it).
 */
bool mst_frame_rest(const struct mst_framer *f, struct mst_slice in,
		    struct mst_slice *out_r);

#endif
