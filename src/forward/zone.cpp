/* SPDX-License-Identifier: Apache-2.0
 *
 * The shim over CCTZ.
 */
#include <cctz/civil_time.h>
#include <cctz/time_zone.h>

#include <chrono>
#include <cstring>
#include <new>

extern "C" {
#include "forward/zone.h"
}

struct mst_zone {
	cctz::time_zone tz;
};

namespace
{

using seconds = cctz::time_point<cctz::seconds>;

/* Microseconds before 1970 round down, too. */
seconds point(int64_t us)
{
	int64_t s = us / 1000000 - (us % 1000000 < 0);

	return seconds(cctz::seconds(s));
}

cctz::time_zone of(const struct mst_zone *zone)
{
	return zone ? zone->tz : cctz::utc_time_zone();
}

bool digits(const char *s)
{
	return s[0] >= '0' && s[0] <= '9' && s[1] >= '0' && s[1] <= '9';
}

/* "+02:00", at most a day. */
bool fixed(const char *name, cctz::time_zone *tz)
{
	if ((name[0] != '+' && name[0] != '-') || strlen(name) != 6 ||
	    !digits(name + 1) || name[3] != ':' || !digits(name + 4))
		return false;
	int h = (name[1] - '0') * 10 + name[2] - '0';
	int m = (name[4] - '0') * 10 + name[5] - '0';
	int s = (h * 60 + m) * 60;
	if (h > 23 || m > 59)
		return false;
	*tz = cctz::fixed_time_zone(cctz::seconds(name[0] == '-' ? -s : s));
	return true;
}

/* CCTZ would open any path. */
bool is_name(const char *name)
{
	static const char may[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "abcdefghijklmnopqrstuvwxyz0123456789_+-/";

	return name[0] && name[0] != '/' && strlen(name) < 64 &&
	       strspn(name, may) == strlen(name);
}

} // namespace

extern "C" int mst_zone_find(const char *name, struct mst_zone **zone_r,
			     struct mst_err *err)
{
	cctz::time_zone tz;

	if (!name || !*name || mst_slice_iis(mst_slice_str(name), "UTC") ||
	    mst_slice_iis(mst_slice_str(name), "Z")) {
		*zone_r = nullptr;
		return 0;
	}
	if (!fixed(name, &tz) &&
	    !(is_name(name) && cctz::load_time_zone(name, &tz)))
		return mst_err_set(err, MST_E_INVALID,
				   "there is no time zone \"%.64s\" on this "
				   "machine: name one of the system's tzdata, "
				   "like Europe/Berlin, or +02:00",
				   name);
	*zone_r = new (std::nothrow) mst_zone{tz};
	if (!*zone_r)
		mst_oom();
	return 0;
}

extern "C" void mst_zone_free(struct mst_zone **zone)
{
	delete *zone;
	*zone = nullptr;
}

extern "C" int mst_zone_offset(const struct mst_zone *zone, int64_t us)
{
	return of(zone).lookup(point(us)).offset;
}

extern "C" struct mst_civil mst_zone_civil(const struct mst_zone *zone,
					   int64_t us)
{
	cctz::civil_second cs = of(zone).lookup(point(us)).cs;
	struct mst_civil c = {
	    static_cast<int>(cs.year()),
	    cs.month(),
	    cs.day(),
	    cs.hour(),
	    cs.minute(),
	    cs.second(),
	    static_cast<int>(cctz::get_weekday(cctz::civil_day(cs))),
	};

	return c;
}
