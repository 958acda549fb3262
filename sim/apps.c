/* SPDX-License-Identifier: Apache-2.0
 *
 * The making of streams and apps. Some apps are odd on purpose; the first two
 * dozen have every oddity and every change of a day, so that a small estate
 * has them too.
 */
#include "sim/apps.h"

#include <stdio.h>
#include <stdlib.h>

#include "sim/estate.h"

#define LATER_PERCENT 3 /* apps that appear in the days after the first */

static const char *const makers[] = {
    "Blue",   "Nord",  "Quill", "Sky",	 "Pixel", "Cedar", "Orbit",  "Lumen",
    "River",  "Stone", "Amber", "Delta", "Echo",  "Fern",  "Grid",   "Hazel",
    "Iris",   "Jade",  "Kite",	"Lark",	 "Maple", "Nova",  "Opal",   "Pine",
    "Quartz", "Reef",  "Sage",	"Tide",	 "Umber", "Vale",  "Willow", "Zephyr"};
static const char *const things[] = {
    "Drive", "Mail",  "Board", "Notes", "Desk",	     "Flow",	 "Sign",
    "Meet",  "Chat",  "Forms", "Books", "Pay",	     "Track",	 "Docs",
    "Vault", "Lens",  "Cast",  "Host",	"Track CRM", "Survey",	 "Learn",
    "Code",  "Build", "Ship",  "Plan",	"Draw",	     "Write AI", "Search",
    "Map",   "Hire",  "Care",  "Backup"};
static const char *const ends[] = {"",	  " Cloud", " Hub",  " One",  " Pro",
				   " Go", " Suite", " Labs", " Works"};

static const char *const categories[] = {"cloudStorage",
					 "collaboration",
					 "crm",
					 "generativeAi",
					 "webemail",
					 "itServices",
					 "health",
					 "hostingServices",
					 "humanResourceManagement",
					 "marketing",
					 "projectManagement",
					 "developmentTools",
					 "eCommerce",
					 "education",
					 "businessIntelligence",
					 "accountingAndFinance",
					 "newsAndEntertainment",
					 "cloudComputingPlatform",
					 "onlineMeetings",
					 "contentSharing",
					 "security",
					 "socialNetwork",
					 "unknownFutureValue"};

static const char *text(struct sim_apps *a, const char *s)
{
	return mst_arena_strdup(&a->arena, s);
}

static struct mst_slice folded(struct sim_apps *a, const char *id)
{
	char *s = mst_arena_strdup(&a->arena, id);

	for (char *p = s; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p + 32);
	return mst_slice_str(s);
}

struct sim_app *sim_apps_find(const struct sim_apps *a, const char *id)
{
	char low[256];
	size_t n = 0;

	for (; id[n] && n + 1 < sizeof(low); n++)
		low[n] =
		    (char)(id[n] >= 'A' && id[n] <= 'Z' ? id[n] + 32 : id[n]);
	return mst_map_get(&a->by_id, mst_slice(low, n));
}

int sim_apps_stream(const struct sim_apps *a, const char *id)
{
	for (unsigned s = 0; s < a->streams_n; s++)
		if (mst_slice_iis(mst_slice_str(id), a->streams[s].id))
			return (int)s;
	return -1;
}

struct sim_app *sim_apps_add(struct sim_apps *a, const char *id)
{
	struct sim_app *app = mst_arena_alloc(&a->arena, sizeof(*app));

	if (a->apps_n == a->apps_cap) {
		a->apps_cap = a->apps_cap ? a->apps_cap * 2 : 64;
		a->apps = mst_realloc(a->apps, a->apps_cap * sizeof(*a->apps));
	}
	app->n = (uint32_t)a->apps_n;
	app->h = est_mix(a->seed ^ 0xa995, a->apps_n + 1);
	app->id = id;
	app->score = APP_NO_SCORE;
	a->apps[a->apps_n++] = app;
	if (id)
		(void)mst_map_put(&a->by_id, folded(a, id), app);
	return app;
}

/* ---- one app ------------------------------------------------------------- */

static const char *name_of(struct sim_apps *a, uint32_t n)
{
	uint32_t m = n % MST_LEN(makers), rest = n / MST_LEN(makers);
	uint32_t t = (rest + m) % MST_LEN(things);
	uint32_t e = rest / MST_LEN(things);
	char s[320];

	switch (n) {
	case 10: /* the same as 9, and as 15 in other capitals */
		return name_of(a, 9);
	case 16:
		(void)snprintf(s, sizeof(s), "%s", name_of(a, 15));
		for (char *p = s; *p; p++)
			if (*p >= 'a' && *p <= 'z')
				*p = (char)(*p - 32);
		return text(a, s);
	case 11:
		return NULL;
	case 17:
		return text(a, "  Zürich Bücherei Ätna  ");
	case 18: /* longer than the column, beyond ASCII at its end */
		memset(s, 'n', 254);
		(void)snprintf(s + 254, sizeof(s) - 254, "ä and more");
		return text(a, s);
	default:
		break;
	}
	if (e < MST_LEN(ends))
		return mst_arena_printf(&a->arena, "%s%s%s", makers[m],
					things[t], ends[e]);
	return mst_arena_printf(&a->arena, "%s%s %u", makers[m], things[t], e);
}

static const char *domain_of(struct sim_apps *a, const struct sim_app *app)
{
	return mst_arena_printf(&a->arena, "%c%c%u.example",
				(char)('a' + app->h % 26),
				(char)('a' + app->h / 26 % 26), app->n);
}

static void make_lists(struct sim_apps *a, struct sim_app *app)
{
	static const char *const tags[] = {"Sanctioned", "Unsanctioned",
					   "Monitored", "Finance \"EU\"",
					   "Zulässig"};
	const char *domain = domain_of(a, app);
	uint64_t h = est_mix(app->h, 2);

	if (h % 4 == 0)
		app->tags[app->tags_n++] = tags[h / 4 % 3];
	if (h % 13 == 0)
		app->tags[app->tags_n++] = tags[3 + h / 13 % 2];
	if (app->n == 10)
		app->tags[app->tags_n++] = tags[0];
	if (app->n == 9 || app->n == 15 || app->n == 16)
		app->tags_n = 0;
	if (h % 31 == 5)
		return;
	if (h % 3 == 0)
		app->domains[app->domains_n++] =
		    mst_arena_printf(&a->arena, "*.%s", domain);
	app->domains[app->domains_n++] = domain;
	if (h % 7 == 0)
		app->domains[app->domains_n++] =
		    mst_arena_printf(&a->arena, "cdn.%s", domain);
}

static uint32_t gcd(uint32_t x, uint32_t y)
{
	while (y) {
		uint32_t r = x % y;

		x = y;
		y = r;
	}
	return x;
}

/* Few apps have many users; `mean` is what all of them have on average. */
static void make_users(struct sim_apps *a, struct sim_app *app, uint64_t mean)
{
	uint64_t h = est_mix(app->h, 3);
	/* shares of the mean that come to 1.0 together */
	static const unsigned percent[] = {340, 220, 120, 90, 70,
					   55,	45,  30,  20, 10};
	uint64_t links = mean * percent[h % 10] / 100;

	if (h % 29 == 20 && app->n > 24)
		links = 0;
	if (app->n == 13 || app->n == 14)
		links = MST_MAX(links, 3u);
	app->links = (uint32_t)MST_MIN(links, a->people);
	if (!a->people)
		return;
	app->at = (uint32_t)(h / 64 % a->people);
	if (app->n == 13 || app->n == 14)
		app->at = 0;
	app->stride = (uint32_t)(h / 4096 % a->people) | 1u;
	while (gcd(app->stride, a->people) != 1)
		app->stride += 2;
}

/* What happens on which day; each change to apps of its own. */
static void make_days(struct sim_app *app, bool later)
{
	uint64_t h = est_mix(app->h, 4);
	uint16_t day = (uint16_t)(1 + h / 256 % 5);

	if (later) {
		app->comes = day;
		return;
	}
	switch (app->n) {
	case 5:
		app->comes = 1;
		return;
	case 6:
		app->goes = 1;
		return;
	case 7:
		app->loses = 1;
		return;
	case 8:
		app->changes = 1;
		return;
	case 20:
		app->renames = 1;
		return;
	case 21:
		app->tagged = 1;
		return;
	default:
		break;
	}
	if (app->n < 25)
		return;
	switch (h % 64) {
	case 1:
		app->goes = day;
		break;
	case 2:
	case 3:
		app->loses = day;
		break;
	case 4:
	case 5:
	case 6:
		app->changes = day;
		break;
	case 7:
		app->renames = day;
		break;
	case 8:
		app->tagged = day;
		break;
	default:
		break;
	}
}

static void make_streams(struct sim_app *app)
{
	uint64_t h = est_mix(app->h, 5);

	app->streams = h % 10 < 8 ? 1u : 0;
	app->streams |= h / 16 % 10 < 6 ? 2u : 0;
	app->streams |= h / 256 % 10 < 2 ? 4u : 0;
	app->streams |= h / 4096 % 10 < 3 ? 8u : 0;
	if (!app->streams || app->n < 25)
		app->streams |= 1u;
	h = est_mix(app->h, 6) % 100;
	app->age_days = app->n < 25 ? 0
			: h < 85    ? (uint32_t)(h % 3)
			: h < 93    ? 12 + (uint32_t)(h % 8)
				    : 40 + (uint32_t)(h * 7 % 40);
}

static void make_app(struct sim_apps *a, uint32_t n, uint64_t mean, bool later)
{
	struct sim_app *app = sim_apps_add(
	    a,
	    n == 12 ? NULL : mst_arena_printf(&a->arena, "%u", 10000 + n * 7));
	uint64_t h = est_mix(app->h, 1);

	app->name = name_of(a, n);
	app->category =
	    h % 41 == 7 ? NULL : categories[h % MST_LEN(categories)];
	app->score = h / 32 % 17 == 3 ? APP_NO_SCORE : (int)(h / 64 % 11);
	if (app->score == APP_NO_SCORE &&
	    (n == 7 || n == 8 || n == 9 || n == 10 || n == 15 || n == 16))
		app->score = 6;
	if (n == 19)
		app->score = APP_NO_SCORE;
	app->id_number = h / 1024 % 9 == 1 || n == 22;
	app->rating = h / 8192 % 9 == 1 || n == 23;
	make_lists(a, app);
	make_users(a, app, mean);
	make_days(app, later);
	if (app->renames)
		app->renamed = mst_arena_printf(&a->arena, "%s Next",
						app->name ? app->name : "");
	make_streams(app);
}

/* ---- all ----------------------------------------------------------------- */

static const char *guid(struct sim_apps *a, uint64_t n)
{
	uint64_t x = est_mix(a->seed, n), y = est_mix(a->seed, n + 1);

	return mst_arena_printf(
	    &a->arena, "%08x-%04x-4%03x-8%03x-%012llx", (unsigned)(x >> 32),
	    (unsigned)(x >> 16 & 0xffff), (unsigned)(x & 0xfff),
	    (unsigned)(y >> 52), (unsigned long long)(y & 0xffffffffffffull));
}

static void make_logs(struct sim_apps *a)
{
	static const struct sim_stream all[] = {
	    {.name = "Global view"},
	    {.name = "Defender-managed endpoints", .endpoint = true},
	    {.name = "Branch office, October", .snapshot = true},
	    {.name = "Web proxy, anonymised", .anonymous = true},
	};

	for (unsigned i = 0; i < MST_LEN(all); i++) {
		a->streams[i] = all[i];
		a->streams[i].id = guid(a, 70 + 2 * i);
		a->streams_n++;
	}
}

struct sim_apps *sim_apps_new(uint64_t seed, uint32_t apps, uint32_t people,
			      uint64_t links)
{
	struct sim_apps *a = mst_alloc(sizeof(*a));
	uint32_t later = apps * LATER_PERCENT / 100;

	a->seed = seed ? seed : 1;
	a->people = people;
	mst_arena_init(&a->arena, (size_t)4 << 30);
	if (!apps)
		return a;
	make_logs(a);
	sim_apps_people(a);
	for (uint32_t n = 0; n < apps + later; n++)
		make_app(a, n, links / apps, n >= apps);
	return a;
}

void sim_apps_free(struct sim_apps **ap)
{
	struct sim_apps *a = *ap;

	if (!a)
		return;
	mst_map_fini(&a->by_id);
	mst_arena_fini(&a->arena);
	free(a->apps);
	free(a);
	*ap = NULL;
}

void sim_apps_day(struct sim_apps *a, unsigned day)
{
	a->day = day;
}

/* ---- today --------------------------------------------------------------- */

static bool since(const struct sim_apps *a, unsigned day)
{
	return day && a->day >= day;
}

void sim_app_now(const struct sim_apps *a, const struct sim_app *app,
		 struct app_now *now)
{
	*now = (struct app_now){
	    .name = app->name, .category = app->category, .score = app->score};
	memcpy(now->tags, app->tags, sizeof(now->tags));
	now->tags_n = app->tags_n;
	if (since(a, app->renames))
		now->name = app->renamed;
	if (since(a, app->changes))
		now->score = (now->score + 4) % 11;
	if (since(a, app->loses))
		now->score = APP_NO_SCORE;
	if (since(a, app->tagged)) {
		now->tags[0] = "Unsanctioned";
		now->tags_n = 1;
	}
}

bool sim_app_shown(const struct sim_apps *a, const struct sim_app *app,
		   unsigned stream, unsigned period)
{
	if (app->gone || !(app->streams >> stream & 1) ||
	    app->age_days >= period)
		return false;
	if (app->comes && a->day < app->comes)
		return false;
	return !since(a, app->goes);
}

bool sim_app_alive(const struct sim_apps *a, const struct sim_app *app)
{
	for (unsigned s = 0; s < a->streams_n; s++)
		if (sim_app_shown(a, app, s, 90))
			return true;
	return false;
}
