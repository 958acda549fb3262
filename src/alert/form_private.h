/* SPDX-License-Identifier: Apache-2.0
 *
 * What the forms share: names of members, and lists of names and values.
 */
#ifndef MST_ALERT_FORM_PRIVATE_H
#define MST_ALERT_FORM_PRIVATE_H

#include "alert/form.h"
#include "base/buf.h"

/* An alert that is being filled. */
struct mst_filling {
	struct mst_alert *a;
	struct mst_arena *arena;
	int zone_s;
};

/* A value by its name, in any form; names are folded and without "_", "-" and
 * blanks. The first that says something counts. Unknown names are nothing. */
void mst_fill(struct mst_filling *f, struct mst_slice name,
	      struct mst_slice value);
/* At the end: is it an alert at all? */
int mst_fill_end(struct mst_filling *f, struct mst_err *err);

enum mst_pairs {
	MST_PAIRS_BLANK, /* name=value, a blank in front of each name */
	MST_PAIRS_TAB,	 /* name=value between tabs */
	MST_PAIRS_COLON	 /* "Name: value" between commas or line ends */
};

/* Calls fn for each; "\=", "\\", "\|", "\n" and "\r" are undone. */
void mst_pairs(struct mst_slice s, enum mst_pairs how,
	       void (*fn)(void *ctx, struct mst_slice name,
			  struct mst_slice value),
	       void *ctx);

/* Times of these forms: milliseconds, ISO, "May 05 2019 15:28:54",
 * "2026-11-20 10:00:00", "20/11/2026 10:00:00". MST_TIME_NONE: none. */
int64_t mst_form_time(struct mst_slice s, int zone_s);

int mst_form_cef(struct mst_slice s, struct mst_filling *f,
		 struct mst_err *err);
int mst_form_leef(struct mst_slice s, struct mst_filling *f,
		  struct mst_err *err);

#endif
