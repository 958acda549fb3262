/* SPDX-License-Identifier: Apache-2.0
 *
 * Time zones out of GLib, which reads the system's tzdata and keeps a zone as a
 * value of its own.
 */
#include "base/zone.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct mst_zone {
	GTimeZone *tz;
};

/* GLib would open any path. */
static bool is_name(const char *name)
{
	static const char may[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "abcdefghijklmnopqrstuvwxyz0123456789_+-/";

	return name[0] && name[0] != '/' && strlen(name) < 64 &&
	       strspn(name, may) == strlen(name);
}

static bool digits(const char *s)
{
	return s[0] >= '0' && s[0] <= '9' && s[1] >= '0' && s[1] <= '9';
}

/* "+02:00", less than a day. GLib takes more forms than are documented here. */
static bool is_fixed(const char *name)
{
	return (name[0] == '+' || name[0] == '-') && strlen(name) == 6 &&
	       digits(name + 1) && name[3] == ':' && digits(name + 4) &&
	       strncmp(name + 1, "24", 2) < 0 && name[4] < '6';
}

int mst_zone_find(const char *name, struct mst_zone **zone_r,
		  struct mst_err *err)
{
	struct mst_slice s = mst_slice_str(name);
	GTimeZone *tz = NULL;
	bool word;

	*zone_r = NULL;
	if (s.n == 0 || mst_slice_iis(s, "UTC") || mst_slice_iis(s, "Z"))
		return 0;
	/* A POSIX rule ("EST5EDT,…") has digits first where a name has none. */
	word = is_name(name) && name[0] >= 'A' && !is_fixed(name);
	if (is_fixed(name) || word)
		tz = g_time_zone_new_identifier(name);
	if (!tz)
		return mst_err_set(err, MST_E_INVALID,
				   "there is no time zone \"%.64s\" on this "
				   "machine: name one of the system's tzdata, "
				   "like Europe/Berlin, or +02:00",
				   name);
	*zone_r = mst_alloc(sizeof(**zone_r));
	(*zone_r)->tz = tz;
	return 0;
}

void mst_zone_local(struct mst_zone **zone_r)
{
	*zone_r = mst_alloc(sizeof(**zone_r));
	(*zone_r)->tz = g_time_zone_new_local();
}

void mst_zone_free(struct mst_zone **zone)
{
	if (!*zone)
		return;
	g_time_zone_unref((*zone)->tz);
	free(*zone);
	*zone = NULL;
}

/* Microseconds before 1970 round down, too. */
static int64_t seconds(int64_t us)
{
	return us / 1000000 - (us % 1000000 < 0);
}

int mst_zone_offset(const struct mst_zone *zone, int64_t us)
{
	gint at;

	if (!zone)
		return 0;
	at = g_time_zone_find_interval(zone->tz, G_TIME_TYPE_UNIVERSAL,
				       seconds(us));
	return at < 0 ? 0 : g_time_zone_get_offset(zone->tz, at);
}

struct mst_civil mst_zone_civil(const struct mst_zone *zone, int64_t us)
{
	time_t local = (time_t)(seconds(us) + mst_zone_offset(zone, us));
	struct tm t;

	(void)gmtime_r(&local, &t);
	return (struct mst_civil){t.tm_year + 1900,   t.tm_mon + 1, t.tm_mday,
				  t.tm_hour,	      t.tm_min,	    t.tm_sec,
				  (t.tm_wday + 6) % 7};
}
