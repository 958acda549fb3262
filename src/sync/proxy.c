/* SPDX-License-Identifier: Apache-2.0
 *
 * Which proxy a connection has.
 */
#include "sync/proxy.h"

#include <assert.h>

static_assert(offsetof(struct mst_proxy, url) == 0, "found by its first row");

int mst_proxy_section(const struct mst_config *c, struct mst_arena *arena,
		      struct mst_proxy *p_r, struct mst_err *err)
{
	const struct mst_conf_item *item = NULL;

	*p_r = (struct mst_proxy){.url = NULL};
	if (mst_config_find(c, MST_PROXY, MST_PROXY, arena, &item, err) < 0)
		return -(int)err->code;
	if (!item)
		return 0;
	if (mst_conf_apply(item, mst_proxy_opts, p_r, arena, err) < 0 ||
	    mst_proxy_check(item, p_r, err) < 0)
		return -(int)err->code;
	p_r->global = true;
	return 0;
}

int mst_proxy_fill(const struct mst_config *c, const struct mst_conf_item *item,
		   const struct mst_opt *opts, void *conf,
		   struct mst_arena *arena, struct mst_err *err)
{
	const struct mst_opt *row = mst_opt_find(opts, "proxy");
	struct mst_proxy section, *own;

	if (!row)
		return 0;
	own = (struct mst_proxy *)(void *)((char *)conf + row->offset);
	if (mst_proxy_check(item, own, err) < 0 ||
	    mst_proxy_section(c, arena, &section, err) < 0)
		return -(int)err->code;
	mst_proxy_inherit(own, &section, arena);
	return 0;
}
