/* SPDX-License-Identifier: Apache-2.0
 *
 * What makers of set-up checks share.
 */
#include "base/check.h"

#include <stdarg.h>
#include <stdio.h>

const char *mst_check_level_name(enum mst_check_level level)
{
	static const char *const names[] = {
	    [MST_CHECK_OK] = "Ok",	   [MST_CHECK_WARNING] = "Warning",
	    [MST_CHECK_FAILED] = "Failed", [MST_CHECK_SKIPPED] = "Skipped",
	    [MST_CHECK_NOTE] = "Note",
	};

	return names[level];
}

/* Far ends' words go into these texts, and these to a terminal. */
static void one_line(char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || (unsigned char)*s == 0x7f)
			*s = ' ';
}

void mst_check_say(struct mst_check *c, enum mst_check_level level,
		   const char *fmt, ...)
{
	va_list ap;

	c->level = level;
	c->remedy[0] = 0;
	va_start(ap, fmt);
	(void)vsnprintf(c->text, sizeof(c->text), fmt, ap);
	va_end(ap);
	one_line(c->text);
}

void mst_check_remedy(struct mst_check *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(c->remedy, sizeof(c->remedy), fmt, ap);
	va_end(ap);
	one_line(c->remedy);
}
