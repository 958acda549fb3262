/* SPDX-License-Identifier: Apache-2.0
 *
 * The action "mail": an e-mail for each alert, and one more as an answer to it
 * when it changes or was handled. Texts only; who sends them makes MIME of
 * them.
 */
#ifndef MST_FORWARD_ACT_MAIL_H
#define MST_FORWARD_ACT_MAIL_H

#include "alert/alert.h"
#include "base/buf.h"
#include "base/zone.h"
#include "conf/conf.h"
#include "forward/outbox.h"

enum mst_mail_tls { MST_MAIL_TLS_REQUIRED, MST_MAIL_TLS_OPTIONAL };

struct mst_mail_conf {
	/* Options. */
	const char *url; /* smtp://HOST[:PORT], smtps://HOST[:PORT] */
	const char *from;
	struct mst_opt_list to;
	const char *username, *password; /* password: a reference */
	int tls;			 /* enum mst_mail_tls */
	const char *ca_file;
	const char *zone_name;
	int64_t timeout_ms;
	/* Made of them. */
	struct mst_zone *zone;
	bool loopback;
};

extern const struct mst_opt mst_mail_opts[];

int mst_mail_make(const struct mst_conf_item *item, struct mst_arena *arena,
		  struct mst_mail_conf *c_r, struct mst_err *err);
void mst_mail_fini(struct mst_mail_conf *c);
/* Header lines, each with its name, an end of line behind each: From, To,
 * Subject, Date, Message-ID and, of all but the first mail of an alert,
 * In-Reply-To. id: of the delivery; sent_us: when. */
void mst_mail_headers(const struct mst_mail_conf *c, const char *source,
		      struct mst_slice key, enum mst_delivery_op op, int64_t id,
		      const struct mst_alert *a, int64_t sent_us,
		      struct mst_buf *out);
/* The text, UTF-8; times on the zone's clock. */
void mst_mail_text(const struct mst_mail_conf *c, enum mst_delivery_op op,
		   const struct mst_alert *a, struct mst_buf *out);

#endif
