/* SPDX-License-Identifier: Apache-2.0
 *
 * Who uses an app, as a stream's log names them. A person is often named in
 * one way by one log and in another by the next; an anonymised stream names
 * nobody.
 */
#include <stdio.h>

#include "base/b64.h"
#include "sim/apps.h"
#include "sim/estate.h"
#include "sim/people.h"

/* What a link's own random says of it. */
struct link {
	uint32_t age; /* days since it was last used */
	uint16_t joins, leaves;
	uint32_t streams;
};

static void link_of(const struct sim_app *app, uint32_t k, struct link *l)
{
	uint64_t h = est_mix(app->h, 5000 + k);
	unsigned share = (unsigned)(h % 100);
	unsigned move = (unsigned)(h >> 8 & 0xff) % 100;
	uint16_t day = (uint16_t)(1 + (h >> 16 & 0xff) % 4);

	*l = (struct link){.age = share < 62   ? share % 7
				  : share < 88 ? 7 + share % 23
					       : 30 + share * 7 % 60};
	l->streams = (h >> 24 & 0xff) < 217 ? 1u : 0;
	l->streams |= (h >> 32 & 0xff) < 180 ? 2u : 0;
	l->streams |= (h >> 40 & 0xff) < 77 ? 4u : 0;
	l->streams |= (h >> 48 & 0xff) < 102 ? 8u : 0;
	if (move < 2)
		l->joins = day;
	else if (move < 4)
		l->leaves = day;
	/* a small estate has one of each, too */
	if (k == 0 && (app->n == 13 || app->n == 14)) {
		l->age = 0;
		l->streams = 1;
		l->joins = app->n == 13 ? 1 : 0;
		l->leaves = app->n == 14 ? 1 : 0;
	}
}

static bool active(const struct sim_apps *a, const struct link *l,
		   unsigned stream, unsigned period)
{
	if (l->age >= period || !(l->streams >> stream & 1))
		return false;
	if (l->joins && a->day < l->joins)
		return false;
	return !l->leaves || a->day < l->leaves;
}

/* The same person is the same token in one stream. */
static void token(const struct sim_apps *a, unsigned stream, uint32_t person,
		  char *out, size_t n)
{
	struct mst_buf b;
	uint64_t v[3];

	v[0] = est_mix(a->seed ^ person, 800 + stream);
	v[1] = est_mix(v[0], 1);
	v[2] = est_mix(v[0], 2);
	mst_buf_init(&b, 256);
	(void)mst_b64_add(&b, mst_slice((const char *)v, sizeof(v)));
	(void)snprintf(out, n, "%s", b.p);
	mst_buf_fini(&b);
}

/* What the second log calls a person, and what the others do: the second one
 * does not shout. */
void sim_apps_people(struct sim_apps *a)
{
	struct sim_person p;

	a->names = mst_arena_alloc(&a->arena,
				   (2ull * a->people + 1) * sizeof(*a->names));
	for (uint32_t n = 0; n < a->people; n++) {
		sim_person(n, &p);
		a->names[2 * n] = mst_arena_strdup(&a->arena, p.logged);
		a->names[2 * n + 1] = p.kind == SIM_PERSON_UPPER
					  ? mst_arena_strdup(&a->arena, p.email)
					  : a->names[2 * n];
	}
}

static uint64_t hand_users(const struct app_hand *h,
			   bool (*fn)(void *ctx, const char *identifier),
			   void *ctx)
{
	size_t i = 0;

	while (i < h->users_n && fn(ctx, h->users[i]))
		i++;
	return MST_MIN(i + 1, h->users_n);
}

uint64_t sim_app_users(const struct sim_apps *a, const struct sim_app *app,
		       unsigned stream, unsigned period,
		       bool (*fn)(void *ctx, const char *identifier), void *ctx)
{
	uint64_t given = 0;
	char name[64];

	if (app->hand)
		return hand_users(&app->hand[stream], fn, ctx);
	for (uint32_t k = 0; k < app->links; k++) {
		struct link l;
		uint32_t person;

		link_of(app, k, &l);
		if (!active(a, &l, stream, period))
			continue;
		person = (uint32_t)((app->at + (uint64_t)k * app->stride) %
				    a->people);
		if (a->streams[stream].anonymous)
			token(a, stream, person, name, sizeof(name));
		given++;
		if (!fn(ctx, a->streams[stream].anonymous
				 ? name
				 : a->names[2 * person + (stream == 1)]))
			break;
	}
	return given;
}

uint64_t sim_app_user_count(const struct sim_apps *a, const struct sim_app *app,
			    unsigned stream, unsigned period)
{
	uint64_t n = 0;
	struct link l;

	if (app->hand)
		return app->hand[stream].count >= 0
			   ? (uint64_t)app->hand[stream].count
			   : app->hand[stream].users_n;
	for (uint32_t k = 0; k < app->links; k++) {
		link_of(app, k, &l);
		n += active(a, &l, stream, period);
	}
	return n;
}
