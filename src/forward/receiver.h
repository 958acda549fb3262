/* SPDX-License-Identifier: Apache-2.0
 *
 * Receivers: where alerts that sensors and consoles push come in. An item with
 * a name and a type.
 *
 *   forward_receivers:
 *     - name: plant
 *       type: syslog            # or webhook
 *       connection: iot         # whose alerts they are
 *       listen: 0.0.0.0:6514
 *       transport: tls
 *       certificate: /etc/muster/plant.pem
 *       key: /etc/muster/plant.key
 *       allow: [10.1.0.0/16]
 */
#ifndef MST_FORWARD_RECEIVER_H
#define MST_FORWARD_RECEIVER_H

#include <sys/socket.h>

#include "base/zone.h"
#include "conf/conf.h"
#include "forward/exclude.h"

enum mst_receiver_type { MST_RECEIVER_SYSLOG, MST_RECEIVER_WEBHOOK };
enum mst_transport { MST_TRANSPORT_UDP, MST_TRANSPORT_TCP, MST_TRANSPORT_TLS };

struct mst_receiver {
	const char *name;
	enum mst_receiver_type type;
	/* Options. */
	bool enabled;
	const char *connection, *listen, *zone_name;
	int transport;			 /* syslog: enum mst_transport */
	const char *certificate, *key;	 /* PEM files; NULL: no TLS */
	const char *client_ca;		 /* PEM file; NULL: anybody's */
	struct mst_opt_list allow_texts; /* addresses and subnets */
	int64_t max_connections;
	int64_t half_ms;		    /* for the rest of what has begun */
	const char *secret_header, *secret; /* webhook; a reference */
	/* Made of them. */
	struct sockaddr_storage at;
	socklen_t at_n;
	const struct mst_net *allow;
	size_t allow_n; /* 0: whoever */
	struct mst_zone *zone;
};

/* "syslog", "webhook", NULL. */
extern const char *const mst_receiver_types[];

/* Of both types. */
extern const struct mst_opt mst_receiver_opts[];

/* Out of an item; texts live in arena, the zone until fini. MST_E_INVALID with
 * the place; also for an option of the other type. Reads no file and no secret.
 */
int mst_receiver_make(const struct mst_conf_item *item, struct mst_arena *arena,
		      struct mst_receiver *r_r, struct mst_err *err);
void mst_receiver_fini(struct mst_receiver *r);
/* May this peer send? */
bool mst_receiver_allows(const struct mst_receiver *r,
			 const struct sockaddr *peer);

#endif
