/* SPDX-License-Identifier: Apache-2.0
 *
 * Functions of expressions on numbers and times.
 */
#include <math.h>
#include <stdio.h>

#include "base/num.h"
#include "base/time.h"
#include "rules/expr_private.h"

/* ---- numbers ------------------------------------------------------------- */

static bool put_number(struct expr_run *r, double d, struct mst_slice *out_r)
{
	char *p = expr_space(r, 32);

	if (!p)
		return false;
	mst_num_text(d == 0 ? 0 : d, p); /* no minus zero */
	*out_r = mst_slice_str(p);
	return out_r->n > 0;
}

static bool number(struct expr_run *r, const struct expr_node *n,
		   struct mst_slice *out_r)
{
	const uint64_t *decimals = n->extra;
	double d, scale = 1;
	char *p;
	int len;

	if (!expr_number(r, n, 0, &d))
		return false;
	if (!decimals || fabs(d) >= 1e15)
		return put_number(r, d, out_r);
	for (uint64_t i = 0; i < *decimals; i++)
		scale *= 10;
	/* Halves go away from zero, as in the columns of the default rules. */
	d = round(d * scale) / scale;
	p = expr_space(r, 40);
	if (!p)
		return false;
	len = snprintf(p, 40, "%.*f", (int)*decimals, d == 0 ? 0 : d);
	*out_r = mst_slice(p, (size_t)len);
	return true;
}

static int prepare_number(struct expr_reader *rd, struct expr_node *n)
{
	uint64_t *decimals;
	struct mst_slice s;

	if (n->args_n < 2)
		return 0;
	if (!expr_constant(rd, n, 1, "the number of decimals", &s))
		return -(int)rd->err->code;
	decimals = mst_arena_alloc(rd->arena, sizeof(*decimals));
	if (!mst_num_u64(s, decimals) || *decimals > 9)
		return expr_fail(rd, n->args[1]->at,
				 "number() makes 0 to 9 decimals, not '%.*s'",
				 MST_SLICE_ARG(s));
	n->extra = decimals;
	return 0;
}

static bool add(struct expr_run *r, const struct expr_node *n,
		struct mst_slice *out_r)
{
	double x, y;

	return expr_number(r, n, 0, &x) && expr_number(r, n, 1, &y) &&
	       put_number(r, x + y, out_r);
}

static bool sub(struct expr_run *r, const struct expr_node *n,
		struct mst_slice *out_r)
{
	double x, y;

	return expr_number(r, n, 0, &x) && expr_number(r, n, 1, &y) &&
	       put_number(r, x - y, out_r);
}

static bool mul(struct expr_run *r, const struct expr_node *n,
		struct mst_slice *out_r)
{
	double x, y;

	return expr_number(r, n, 0, &x) && expr_number(r, n, 1, &y) &&
	       put_number(r, x * y, out_r);
}

static bool divide(struct expr_run *r, const struct expr_node *n,
		   struct mst_slice *out_r)
{
	double x, y;

	return expr_number(r, n, 0, &x) && expr_number(r, n, 1, &y) && y != 0 &&
	       put_number(r, x / y, out_r);
}

/* ---- times --------------------------------------------------------------- */

/* Day of the year, from "YYYY-MM-DD". */
static unsigned day_of_year(const char *iso)
{
	static const uint16_t before[] = {0,   31,  59,	 90,  120, 151,
					  181, 212, 243, 273, 304, 334};
	unsigned year =
	    (unsigned)((iso[0] - '0') * 1000 + (iso[1] - '0') * 100 +
		       (iso[2] - '0') * 10 + (iso[3] - '0'));
	unsigned month = (unsigned)((iso[5] - '0') * 10 + (iso[6] - '0'));
	unsigned day = (unsigned)((iso[8] - '0') * 10 + (iso[9] - '0'));
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return before[month - 1] + day + (leap && month > 2);
}

/* What a letter behind % stands for: a part of "YYYY-MM-DDTHH:MM:SSZ". */
static const struct {
	char letter;
	uint8_t from, n;
} parts[] = {
    {'Y', 0, 4},  {'y', 2, 2},	{'m', 5, 2},  {'d', 8, 2},  {'H', 11, 2},
    {'M', 14, 2}, {'S', 17, 2}, {'F', 0, 10}, {'T', 11, 8},
};

static size_t put_part(char letter, const char *iso, char *to)
{
	for (size_t i = 0; i < MST_LEN(parts); i++) {
		if (parts[i].letter != letter)
			continue;
		memcpy(to, iso + parts[i].from, parts[i].n);
		return parts[i].n;
	}
	if (letter == 'j')
		return (size_t)snprintf(to, 11, "%03u", day_of_year(iso));
	*to = letter; /* %% */
	return 1;
}

static bool date(struct expr_run *r, const struct expr_node *n,
		 struct mst_slice *out_r)
{
	const struct mst_slice *format = n->extra;
	struct mst_slice s;
	char iso[21] = "";
	int64_t us;
	size_t at = 0;
	char *p;

	if (!expr_arg(r, n, 0, &s) || !mst_time_parse(mst_slice_trim(s), &us) ||
	    us == MST_TIME_NONE)
		return false;
	mst_time_iso(us, iso);
	p = expr_space(r, format->n * 11 + 1);
	if (!iso[0] || !p)
		return false;
	for (size_t i = 0; i < format->n; i++) {
		if (format->p[i] == '%')
			at += put_part(format->p[++i], iso, p + at);
		else
			p[at++] = format->p[i];
	}
	*out_r = mst_slice(p, at);
	return true;
}

static bool is_part(char letter)
{
	for (size_t i = 0; i < MST_LEN(parts); i++) {
		if (parts[i].letter == letter)
			return true;
	}
	return letter == 'j' || letter == '%';
}

static int prepare_date(struct expr_reader *rd, struct expr_node *n)
{
	struct mst_slice *format = mst_arena_alloc(rd->arena, sizeof(*format));

	*format = MST_SLICE_LIT("%F %T");
	if (n->args_n > 1 && !expr_constant(rd, n, 1, "the format", format))
		return -(int)rd->err->code;
	for (size_t i = 0; i < format->n; i++) {
		if (format->p[i] != '%')
			continue;
		if (++i == format->n || !is_part(format->p[i]))
			return expr_fail(
			    rd, n->args[1]->at,
			    "date() does not know '%%%.*s'; it knows %%Y %%y "
			    "%%m %%d %%H %%M %%S %%j %%F %%T and %%%%",
			    (int)(i < format->n), format->p + i);
	}
	n->extra = format;
	return 0;
}

#define SUM(fn_name, fn_text, fn_usage)                                        \
	{                                                                      \
		.name = (fn_name), .usage = (fn_usage), .least = 2, .most = 2, \
		.text = (fn_text)                                              \
	}

const struct expr_fn expr_formats[] = {
    {.name = "number",
     .usage = "number(value[, decimals])",
     .least = 1,
     .most = 2,
     .text = number,
     .prepare = prepare_number},
    SUM("add", add, "add(a, b)"),
    SUM("sub", sub, "sub(a, b)"),
    SUM("mul", mul, "mul(a, b)"),
    SUM("div", divide, "div(a, b)"),
    {.name = "date",
     .usage = "date(time[, format])",
     .least = 1,
     .most = 2,
     .text = date,
     .prepare = prepare_date},
    {.name = NULL},
};
