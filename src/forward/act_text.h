/* SPDX-License-Identifier: Apache-2.0
 *
 * What several actions share: texts that they make of an alert.
 */
#ifndef MST_FORWARD_ACT_TEXT_H
#define MST_FORWARD_ACT_TEXT_H

#include "alert/alert.h"
#include "base/buf.h"

/* What the source is told when a person has closed what an action made. */
enum mst_acknowledge {
	MST_ACKNOWLEDGE_OFF,
	MST_ACKNOWLEDGE_HANDLE,
	MST_ACKNOWLEDGE_LEARN /* and not to raise it again */
};

#define MST_ACKNOWLEDGE_HELP                                                   \
	"off, handle, learn: what the console is told of the alert when a "    \
	"person has closed it in ServiceNow"

#define MST_CORRELATION 100 /* bytes of correlation_id of a task */

/* The beginning of a text that has at most `max` characters as ServiceNow
 * counts them (UTF-16 units), never half of one. */
struct mst_slice mst_act_cut(struct mst_slice s, size_t max);
/* Appends a text so that a journal of ServiceNow shows it: what stands between
 * [code] and [/code] there is HTML, and an alert's texts come from a network.
 */
void mst_act_journal(struct mst_slice s, struct mst_buf *out);
/* What finds an alert's incident again: "iot/SOURCE/KEY" where that fits and
 * has nothing but letters, digits and "._:-", else "iot/" and 32 hex digits. So
 * it needs no escaping in a query. */
void mst_act_correlation(const char *source, struct mst_slice key,
			 char out[MST_CORRELATION + 1]);
/* "Title: plc-7 (10.1.2.3) -> 10.1.2.9" */
void mst_act_headline(const struct mst_alert *a, struct mst_buf *out);
/* A device in a few words, "plc-7 (10.1.2.3)", with a text before it; nothing
 * when the alert does not say. */
void mst_act_party(const struct mst_party *p, const char *before,
		   struct mst_buf *out);
/* The whole alert for a person: message, facts one a line, what to do. */
void mst_act_description(const struct mst_alert *a, struct mst_buf *out);

#endif
