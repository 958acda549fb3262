/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers from and to text, without the locale: strtod() and printf() would
 * take the decimal point from it.
 */
#include "base/num.h"

#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"

static pthread_once_t c_once = PTHREAD_ONCE_INIT;
static locale_t c_locale;

static void make_locale(void)
{
	c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	if (!c_locale)
		mst_oom();
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool mst_num_u64(struct mst_slice s, uint64_t *r)
{
	uint64_t v = 0;

	if (s.n == 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (!is_digit(s.p[i]) || __builtin_mul_overflow(v, 10u, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(s.p[i] - '0'), &v))
			return false;
	}
	*r = v;
	return true;
}

bool mst_num_i64(struct mst_slice s, int64_t *r)
{
	bool minus = s.n > 0 && s.p[0] == '-';
	uint64_t v;

	if (minus)
		s = mst_slice(s.p + 1, s.n - 1);
	if (!mst_num_u64(s, &v) || v > (uint64_t)INT64_MAX + minus)
		return false;
	*r = minus ? (int64_t)(0 - v) : (int64_t)v;
	return true;
}

static size_t digits(struct mst_slice s, size_t at)
{
	while (at < s.n && is_digit(s.p[at]))
		at++;
	return at;
}

/* -?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)? */
static bool is_decimal(struct mst_slice s)
{
	size_t i = s.n > 0 && s.p[0] == '-';
	size_t end = digits(s, i);

	if (end == i)
		return false;
	if (end < s.n && s.p[end] == '.') {
		i = end + 1;
		end = digits(s, i);
		if (end == i)
			return false;
	}
	if (end < s.n && (s.p[end] == 'e' || s.p[end] == 'E')) {
		i = end + 1;
		if (i < s.n && (s.p[i] == '+' || s.p[i] == '-'))
			i++;
		end = digits(s, i);
		if (end == i)
			return false;
	}
	return end == s.n;
}

bool mst_num_dbl(struct mst_slice s, double *r)
{
	char text[512];
	double v;

	if (s.n >= sizeof(text) || !is_decimal(s))
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = 0;
	(void)pthread_once(&c_once, make_locale);
	v = strtod_l(text, NULL, c_locale);
	if (!isfinite(v))
		return false;
	*r = v;
	return true;
}

struct unit {
	const char *name;
	uint64_t factor;
};

/* Digits, then one of the units; "" stands for no unit. */
static bool with_unit(struct mst_slice s, const struct unit *units, size_t n,
		      uint64_t *r)
{
	size_t end = digits(s, 0);
	struct mst_slice unit = mst_slice(s.p + end, s.n - end);
	uint64_t v;

	if (!mst_num_u64(mst_slice(s.p, end), &v))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (mst_slice_iis(unit, units[i].name))
			return !__builtin_mul_overflow(v, units[i].factor, r);
	}
	return false;
}

bool mst_num_duration_ms(struct mst_slice s, int64_t *r)
{
	static const struct unit units[] = {
	    {"", 1000},	      {"ms", 1},	  {"s", 1000},
	    {"m", 60 * 1000}, {"h", 3600 * 1000}, {"d", 86400 * 1000},
	};
	uint64_t v;

	if (!with_unit(s, units, MST_LEN(units), &v) || v > INT64_MAX)
		return false;
	*r = (int64_t)v;
	return true;
}

bool mst_num_size(struct mst_slice s, uint64_t *r)
{
	static const struct unit units[] = {
	    {"", 1},
	    {"B", 1},
	    {"KiB", 1ull << 10},
	    {"MiB", 1ull << 20},
	    {"GiB", 1ull << 30},
	    {"TiB", 1ull << 40},
	    {"KB", 1000ull},
	    {"MB", 1000ull * 1000},
	    {"GB", 1000ull * 1000 * 1000},
	    {"TB", 1000ull * 1000 * 1000 * 1000},
	};
	uint64_t v;

	if (!with_unit(s, units, MST_LEN(units), &v))
		return false;
	*r = v;
	return true;
}

/* v / 10^decimals as text, v being whole and below 2^63. */
static void put_scaled(bool minus, uint64_t v, int decimals, char out[32])
{
	char tmp[32];
	size_t n = 0, at = 0;

	while (v > 0 || (int)n <= decimals) {
		if (decimals > 0 && (int)n == decimals)
			tmp[at++] = '.';
		tmp[at++] = (char)('0' + v % 10);
		v /= 10;
		n++;
	}
	if (minus)
		tmp[at++] = '-';
	for (size_t i = 0; i < at; i++)
		out[i] = tmp[at - 1 - i];
	out[at] = 0;
}

void mst_num_fixed1(double d, char out[32])
{
	double abs = fabs(d);
	uint64_t v;

	if (!(abs < 1e15)) {
		mst_num_text(d, out);
		return;
	}
	v = (uint64_t)llround(abs * 10);
	put_scaled(d < 0 && v > 0, v, 1, out);
}

/* Tries v / 10^k with v below 2^53: both are exact doubles, so the quotient
 * is rounded once and equals what reading the text back gives. */
static bool text_fixed(double d, char out[32])
{
	double abs = fabs(d), scale = 1;

	for (int k = 0; k <= 15; k++, scale *= 10) {
		double v = nearbyint(abs * scale);

		if (v >= 9007199254740992.0)
			return false;
		if (v / scale == abs) {
			put_scaled(d < 0, (uint64_t)v, k, out);
			return true;
		}
	}
	return false;
}

void mst_num_text(double d, char out[32])
{
	locale_t old;

	if (!isfinite(d)) { /* no number: JSON and ServiceNow have none */
		out[0] = 0;
		return;
	}
	if (text_fixed(d, out))
		return;
	(void)pthread_once(&c_once, make_locale);
	old = uselocale(c_locale);
	for (int precision = 1; precision <= 17; precision++) {
		(void)snprintf(out, 32, "%.*g", precision, d);
		if (strtod(out, NULL) == d)
			break;
	}
	(void)uselocale(old);
}

int mst_num_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}
