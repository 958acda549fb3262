/* SPDX-License-Identifier: Apache-2.0
 *
 * Errors of an item's values.
 */
#include "forward/item.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int mst_item_fail(const struct mst_conf_item *item, const char *key,
		  struct mst_err *err, const char *fmt, ...)
{
	int line = item->line, column = item->column;
	char why[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	/* It may quote what somebody has written. */
	for (char *p = why; *p; p++) {
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	}
	for (size_t i = 0; i < item->values_n; i++) {
		if (strcmp(item->values[i].key, key) == 0) {
			line = item->values[i].line;
			column = item->values[i].column;
		}
	}
	if (line == 0)
		return mst_err_set(err, MST_E_INVALID, "\"%s\" %s", key, why);
	return mst_err_set(err, MST_E_INVALID, "%s:%d:%d: \"%s\" %s",
			   item->file, line, column, key, why);
}
