/* SPDX-License-Identifier: Apache-2.0
 *
 * Texts as the rules and settings of this source compare them.
 */
#include "base/time.h"
#include "source/endpoint/ops.h"

#define DAY_US 86400000000

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

bool ep_same_word(struct mst_slice wire, const char *word)
{
	size_t i = 0;

	for (; *word; word++) {
		if (*word == '_')
			continue;
		if (i == wire.n || lower(wire.p[i]) != *word)
			return false;
		i++;
	}
	return i == wire.n;
}

static bool digits(const char *p, size_t n, int64_t *v_r)
{
	*v_r = 0;
	for (size_t i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return false;
		*v_r = *v_r * 10 + (p[i] - '0');
	}
	return true;
}

/* Days since 1970 of "YYYY-MM-DD…", in UTC; false: a form for the full parser.
 * Asked for every CVE row when rows grow stale. */
static bool plain_day(struct mst_slice s, int64_t *day_r)
{
	int64_t y, m, d, era;

	if (s.n < 10 || s.p[4] != '-' || s.p[7] != '-' || !digits(s.p, 4, &y) ||
	    !digits(s.p + 5, 2, &m) || !digits(s.p + 8, 2, &d) || y < 1970 ||
	    m < 1 || m > 12)
		return false;
	/* an offset moves the day */
	if (s.n > 10 && (memchr(s.p + 10, '+', s.n - 10) ||
			 memchr(s.p + 10, '-', s.n - 10)))
		return false;
	/* years begin in March, so that a leap day is a year's last */
	y -= m <= 2;
	era = y / 400;
	y -= era * 400;
	*day_r = era * 146097 + y * 365 + y / 4 - y / 100 +
		 (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1 - 719468;
	return true;
}

bool ep_older(struct mst_rule_ctx *ctx, const struct mst_value *v,
	      unsigned field, int64_t days)
{
	struct mst_slice s = ms_text(ctx, v, field);
	int64_t day, us;

	if (!plain_day(s, &day)) {
		if (!s.n || !mst_time_parse(s, &us) || us == MST_TIME_NONE)
			return false;
		day = us / DAY_US - (us % DAY_US < 0);
	}
	return day < mst_rule_now(ctx) / DAY_US - days;
}
