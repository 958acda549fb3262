/* SPDX-License-Identifier: Apache-2.0
 *
 * Values of an item beyond what its option table checks: errors with their
 * place.
 */
#ifndef MST_FORWARD_ITEM_H
#define MST_FORWARD_ITEM_H

#include "conf/conf.h"

/* Sets MST_E_INVALID: "file:line:column: "key" …". The place is the key's
 * value, else the item's. */
int mst_item_fail(const struct mst_conf_item *item, const char *key,
		  struct mst_err *err, const char *fmt, ...) MST_PRINTF(4, 5);

#endif
