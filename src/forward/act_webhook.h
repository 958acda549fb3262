/* SPDX-License-Identifier: Apache-2.0
 *
 * The action "webhook": an HTTP POST with the alert as JSON: the members of
 * the product's alert API and those that it names for "webhook extended". What
 * is made here, form.h reads.
 */
#ifndef MST_FORWARD_ACT_WEBHOOK_H
#define MST_FORWARD_ACT_WEBHOOK_H

#include "alert/alert.h"
#include "base/buf.h"
#include "conf/conf.h"

#define MST_WEBHOOK_HEADERS 6

struct mst_webhook_conf {
	/* Options. */
	const char *url;
	const char *query; /* a reference, or NULL */
	struct mst_opt_list header_texts;
	const char *auth_header, *auth_value; /* value: a reference, or NULL */
	const char *ca_file;
	int64_t timeout_ms;
	/* Made of them. */
	const char *headers[MST_WEBHOOK_HEADERS + 1]; /* NULL ended */
};

extern const struct mst_opt mst_webhook_opts[];

/* Out of an item; texts live in arena. MST_E_INVALID with the place. */
int mst_webhook_make(const struct mst_conf_item *item, struct mst_arena *arena,
		     struct mst_webhook_conf *c_r, struct mst_err *err);
/* A header "Name: value" out of the text, as one line without its end, in
 * arena. Names are [A-Za-z0-9_-], values printable; those that carry the
 * request itself are refused. The error names the key that it stood at. */
int mst_webhook_header(const struct mst_conf_item *item, const char *key,
		       const char *text, struct mst_arena *arena,
		       const char **line_r, struct mst_err *err);
void mst_webhook_body(const struct mst_alert *a, struct mst_buf *out);

#endif
