/* SPDX-License-Identifier: Apache-2.0
 *
 * What the section `service` comes to.
 */
#include "sync/service.h"

#include <string.h>

static int check_action(const struct mst_config *c,
			const struct mst_conf_item *item, const char *name,
			struct mst_arena *arena, struct mst_err *err)
{
	const struct mst_conf_item *action = NULL;

	if (mst_config_get(c, MST_FORWARD_ACTION, name, arena, &action, err) <
	    0)
		return mst_err_prefix(err, "%s:%d:%d: section service: notify",
				      item->file, item->line, item->column);
	if (strcmp(action->type, "mail") == 0 ||
	    strcmp(action->type, "webhook") == 0)
		return 0;
	return mst_err_set(err, MST_E_INVALID,
			   "%s:%d:%d: section service: notify: the action "
			   "'%s' is of type %s; a notice is told by mail or "
			   "webhook",
			   item->file, item->line, item->column, name,
			   action->type);
}

int mst_service_section(const struct mst_config *c, struct mst_arena *arena,
			struct mst_service_conf *s_r, struct mst_err *err)
{
	static const struct mst_conf_item none = {
	    .kind = MST_SERVICE, .name = MST_SERVICE, .type = ""};
	const struct mst_conf_item *item = NULL;
	struct mst_service_conf s = {0};
	int rc =
	    mst_config_find(c, MST_SERVICE, MST_SERVICE, arena, &item, err);

	if (rc == 0 && !item)
		item = &none;
	if (rc == 0)
		rc = mst_conf_apply(item, mst_service_opts, &s, arena, err);
	if (rc == 0)
		rc = mst_service_check(item, &s, err);
	for (size_t i = 0; rc == 0 && i < s.notify.n; i++)
		rc = check_action(c, item, s.notify.v[i], arena, err);
	if (rc == 0)
		*s_r = s;
	return rc;
}
