/* SPDX-License-Identifier: Apache-2.0
 *
 * The documented rate limits: two windows per class of call, a minute and an
 * hour, fixed windows that start with their first call.
 */
#include <stdio.h>
#include <strings.h>

#include "sim/private.h"

enum { MACHINES, BY_MACHINE, EXPORTS, CLASSES };

static const struct {
	unsigned minute, hour;
} limits[CLASSES] = {{100, 1500}, {30, 1000}, {5, 20}};

struct window {
	int64_t start_us;
	unsigned n;
};

struct sim_limits {
	struct window w[CLASSES][2];
};

struct sim_limits *sim_limits_new(void)
{
	return mst_alloc(sizeof(struct sim_limits));
}

void sim_limits_free(struct sim_limits **l)
{
	mst_freep(l);
	*l = NULL;
}

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && !strcasecmp(s + n - m, end);
}

static int class_of(const struct sim_request *r)
{
	if (r->host != MST_SIM_API ||
	    strncasecmp(r->path, "/api/machines", 13) != 0)
		return -1;
	if (ends_with(r->path, "Export"))
		return EXPORTS;
	if (ends_with(r->path, "ByMachine"))
		return BY_MACHINE;
	return MACHINES;
}

static int wait_s(const struct window *w, int64_t now, int64_t len_us,
		  unsigned max)
{
	if (w->n < max || now - w->start_us >= len_us)
		return 0;
	return (int)((w->start_us + len_us - now) / 1000000 + 1);
}

bool sim_limits_take(struct sim_limits *l, const struct sim_request *r,
		     int *retry_s_r)
{
	static const int64_t len[2] = {60000000ll, 3600000000ll};
	int c = class_of(r);
	int wait = 0;

	if (c < 0)
		return true;
	for (int k = 0; k < 2; k++) {
		int s = wait_s(&l->w[c][k], r->now_us, len[k],
			       k ? limits[c].hour : limits[c].minute);

		wait = MST_MAX(wait, s);
	}
	if (wait) {
		*retry_s_r = wait;
		return false;
	}
	for (int k = 0; k < 2; k++) {
		if (r->now_us - l->w[c][k].start_us >= len[k])
			l->w[c][k] = (struct window){.start_us = r->now_us};
		l->w[c][k].n++;
	}
	return true;
}
