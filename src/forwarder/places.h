/* SPDX-License-Identifier: Apache-2.0
 *
 * The places of a webhook's senders: how many there are, and by when each must
 * have said the whole of a request, headers and body. Who has not is ended, so
 * that nobody holds a place by a byte now and then.
 */
#ifndef MST_FORWARDER_PLACES_H
#define MST_FORWARDER_PLACES_H

#include "forwarder/receivers.h"

struct mst_places;
struct mst_place;

/* For one receiver; begins a thread that ends those that are late. */
int mst_places_new(struct mst_receiving *v, struct mst_places **p_r,
		   struct mst_err *err);
/* Nobody is ended any more. */
void mst_places_stop(struct mst_places *p);
/* After all have left. */
void mst_places_free(struct mst_places **p);

/* Is there one left? Else it is counted, and told once. */
bool mst_places_room(struct mst_places *p);
/* fd is lent until it leaves. The time for the first request begins. */
struct mst_place *mst_places_take(struct mst_places *p, int fd,
				  const char *peer);
void mst_places_leave(struct mst_places *p, struct mst_place **place);

/* The first line of a request is there; all of it; it was answered. */
void mst_place_begins(struct mst_places *p, struct mst_place *place);
void mst_place_whole(struct mst_places *p, struct mst_place *place);
void mst_place_answered(struct mst_places *p, struct mst_place *place);

#endif
