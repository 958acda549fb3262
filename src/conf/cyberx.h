/* SPDX-License-Identifier: Apache-2.0
 *
 * What global.properties of a management console or sensor says of the legacy
 * integration with ServiceNow. Of its keys only those of the proxy are
 * documented; what the others could mean is said, but nothing is made of it.
 */
#ifndef MST_CONF_CYBERX_H
#define MST_CONF_CYBERX_H

#include "base/slice.h"

enum mst_cyberx_what {
	MST_CYBERX_UNDERSTOOD,
	MST_CYBERX_IGNORED,
	MST_CYBERX_WRONG
};

/* One line of the file. Never a value of a key that is not documented: it may
 * be a secret. */
struct mst_cyberx_line {
	int line; /* from 1; 0: of the file as a whole */
	const char *key;
	enum mst_cyberx_what what;
	const char *text;
};

struct mst_cyberx {
	/* "http://10.1.2.3:8080"; "" when there is no proxy, it is switched
	 * off, or something of it is wrong. */
	char url[300];
	unsigned understood, ignored, wrong;
	unsigned ours; /* keys that begin with "servicenow." */
};

/* Texts are lent to report for the call. */
void mst_cyberx_read(struct mst_slice text,
		     void (*report)(void *ctx, const struct mst_cyberx_line *l),
		     void *ctx, struct mst_cyberx *out_r);

#endif
