/* SPDX-License-Identifier: Apache-2.0
 *
 * The section proxy of the configuration: the proxy of every connection that
 * names none, and of what goes out without a connection.
 */
#ifndef MST_SYNC_PROXY_H
#define MST_SYNC_PROXY_H

#include "net/proxy.h"
#include "sync/config.h"

/* All zero when there is no such section (then the environment's counts); its
 * texts live in arena, or where the items in front do. Errors name the place in
 * the file. */
int mst_proxy_section(const struct mst_config *c, struct mst_arena *arena,
		      struct mst_proxy *p_r, struct mst_err *err);
/* Checks the options of a connection, and gives it what it leaves open from the
 * section. conf: filled by opts; a type without these options is left alone. */
int mst_proxy_fill(const struct mst_config *c, const struct mst_conf_item *item,
		   const struct mst_opt *opts, void *conf,
		   struct mst_arena *arena, struct mst_err *err);

#endif
