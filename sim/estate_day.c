/* SPDX-License-Identifier: Apache-2.0
 *
 * Time passes in the estate. Day 1 is a patch Tuesday: software is upgraded,
 * patched CVEs disappear (est_open), new ones become known, devices come, go,
 * are re-imaged and renamed, health changes. Later days are quieter; some
 * patches are withdrawn, a device returns. Everything follows from the seed.
 *
 * Limits: a day closes fewer than a quarter of the CVE rows, and a device
 * that goes never shares its name with another one of the list.
 */
#include <stdio.h>
#include <stdlib.h>

#include "sim/estate.h"

#define ROWS_PER_DAY1  13u /* per cent of a device's rows that upgrades end */
#define ROWS_PER_DAY   2u
#define INSTALLS_DAY1  16u /* per cent of its installs */
#define INSTALLS_LATER 3u

/* Names in use, short form folded; value: how many. */
static void count_names(struct sim_estate *e, struct mst_map *names,
			struct mst_arena *a)
{
	for (size_t i = 0; i < e->devices_n; i++) {
		const struct est_device *d = &e->devices[i];
		const char *dot;
		char *key;
		struct mst_slice k;

		if (!d->listed || d->gone || !d->name)
			continue;
		key = mst_arena_strdup(a, d->name);
		dot = strchr(key, '.');
		k = mst_slice(key, dot ? (size_t)(dot - key) : strlen(key));
		for (size_t c = 0; c < k.n; c++)
			if (key[c] >= 'A' && key[c] <= 'Z')
				key[c] = (char)(key[c] + 32);
		mst_map_put(names, k,
			    (void *)((uintptr_t)mst_map_get(names, k) + 1));
	}
}

static bool unique_name(const struct mst_map *names, const struct est_device *d)
{
	char key[256];
	size_t n = 0;

	if (!d->name)
		return false;
	for (; d->name[n] && d->name[n] != '.' && n < sizeof(key); n++)
		key[n] = (char)(d->name[n] >= 'A' && d->name[n] <= 'Z'
				    ? d->name[n] + 32
				    : d->name[n]);
	return (uintptr_t)mst_map_get(names, mst_slice(key, n)) == 1;
}

/* A plain machine of ours: things may happen to it. */
static bool plain(const struct mst_map *names, const struct est_device *d)
{
	return d->listed && !d->gone && !d->hand && !d->merged_into &&
	       !d->excluded && d->reimaged_of < 0 && !d->replaced &&
	       !strcmp(d->onboarding, "Onboarded") && unique_name(names, d);
}

static void upgrade_device(struct sim_estate *e, struct est_device *d)
{
	unsigned rows = 0, budget, installs, start;
	bool tuesday = e->day == 1;

	for (unsigned i = 0; i < d->sw_n; i++)
		rows += est_install_open(e, d, &d->sw[i]);
	budget = rows * (tuesday ? ROWS_PER_DAY1 : ROWS_PER_DAY) / 100;
	installs = d->sw_n * (tuesday ? INSTALLS_DAY1 : INSTALLS_LATER) / 100;
	start =
	    (unsigned)(est_mix(d->h, 800 + e->day) % (d->sw_n ? d->sw_n : 1));
	for (unsigned k = 0; k < d->sw_n && installs; k++) {
		struct est_install *in = &d->sw[(start + k) % d->sw_n];
		const struct est_product *p = &e->products[in->product];
		unsigned to = est_newest(p, e->day), sub = in->sub, open;

		if (in->version >= to)
			continue;
		open = est_install_open(e, d, in);
		if (open > budget)
			continue;
		if (est_mix(d->h, in->product + e->day) % 4 == 0 &&
		    in->version + 1u < to)
			to = in->version + 1u;
		while (est_has_install(d, in->product, to, sub))
			sub++;
		est_install_version(e, in, to, sub);
		budget -= open;
		installs--;
	}
	est_system_build(e, d);
}

static void change_health(struct sim_estate *e, struct est_device *d)
{
	uint64_t h = est_mix(d->h, 900 + e->day);

	if (d->hand || d->replaced || h % 40 != 0 ||
	    strcmp(d->onboarding, "Onboarded") != 0)
		return;
	d->health = strcmp(d->health, "Active") == 0 ? "Inactive" : "Active";
	if (h % 3 == 0)
		d->risk = "High";
}

static void add_devices(struct sim_estate *e, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct est_device *d = est_device_add(e);

		est_device_make(e, d);
		if (!strcmp(d->onboarding, "Onboarded") && !d->merged_into)
			est_software_make(
			    e, d,
			    (unsigned)(e->cve_rows /
				       (e->wanted ? e->wanted : 1)));
	}
}

/* A new id with the same name, on the same hardware; the old row stays in the
 * list, inactive, as Defender does for half a year. */
static void reimage(struct sim_estate *e, size_t i)
{
	struct est_device *d = est_device_add(e);
	struct est_device *old = &e->devices[i];
	struct est_device own = *d;

	*d = *old;
	d->n = own.n;
	d->h = own.h;
	d->born_day = own.born_day;
	d->reimaged_of = (int64_t)i;
	d->sw = NULL;
	d->sw_n = d->sw_cap = 0;
	snprintf(d->id, sizeof(d->id), "%016llx%016llx%08x",
		 (unsigned long long)est_mix(d->h, 1),
		 (unsigned long long)est_mix(d->h, 2), d->n);
	d->first_us = sim_estate_now_us(e) - 7200000000ll;
	d->first_seen = est_time_text(e, d->first_us, 5);
	d->health = "Active";
	old->health = "Inactive";
	old->maybe_double = true;
	old->replaced = true;
	est_software_make(
	    e, d, (unsigned)(e->cve_rows / (e->wanted ? e->wanted : 1)));
}

static void rename_device(struct sim_estate *e, struct est_device *d)
{
	const char *dot = strchr(d->name, '.');

	d->name = est_intern(e, "RENAMED-%05u-%u%s", d->n, e->day,
			     dot && !strchr(d->name, ' ') ? dot : "");
}

/* Walks the devices from a random start until `n` plain ones were taken. */
static void take(struct sim_estate *e, const struct mst_map *names, unsigned n,
		 unsigned platforms, uint64_t salt,
		 void (*fn)(struct sim_estate *e, size_t i))
{
	size_t count = e->devices_n;
	size_t start =
	    count ? (size_t)(est_mix(e->seed + e->day, salt) % count) : 0;

	for (size_t k = 0; k < count && n; k++) {
		size_t i = (start + k * 7) % count;

		if (!plain(names, &e->devices[i]) ||
		    !(e->devices[i].platform & platforms))
			continue;
		fn(e, i);
		n--;
	}
}

static void go(struct sim_estate *e, size_t i)
{
	e->devices[i].gone = true;
	e->devices[i].gone_day = (uint16_t)e->day;
}

static void rename_at(struct sim_estate *e, size_t i)
{
	rename_device(e, &e->devices[i]);
}

/* One that went at least a day ago. */
static void come_back(struct sim_estate *e)
{
	for (size_t i = 0; i < e->devices_n; i++) {
		struct est_device *d = &e->devices[i];

		if (!d->gone || d->hand || !d->gone_day ||
		    d->gone_day >= e->day)
			continue;
		d->gone = false;
		d->gone_day = 0;
		d->health = "Active";
		return;
	}
}

static void next_day(struct sim_estate *e)
{
	struct mst_map names = {0};
	struct mst_arena a;
	unsigned n = e->wanted;
	bool tuesday;

	mst_arena_init(&a, 1u << 28);
	count_names(e, &names, &a);
	e->day++;
	tuesday = e->day == 1;
	for (size_t i = 0; i < e->devices_n; i++) {
		struct est_device *d = &e->devices[i];

		if (d->gone)
			continue;
		change_health(e, d);
		if (!d->hand && (tuesday || est_mix(d->h, e->day) % 5 == 0))
			upgrade_device(e, d);
	}
	if (n) {
		if (e->day >= 2)
			come_back(e);
		take(e, &names, tuesday ? n / 100 + 1 : 1, ~0u, 1, go);
		take(e, &names, tuesday || e->day % 3 == 0, EST_WIN_PC, 2,
		     reimage);
		take(e, &names, 1, EST_DESK, 3, rename_at);
		add_devices(e, tuesday ? n / 50 + 1 : n / 500);
	}
	for (size_t i = 0; i < e->devices_n; i++)
		if (!e->devices[i].hand)
			est_times(e, &e->devices[i]);
	e->generation++;
	mst_map_fini(&names);
	mst_arena_fini(&a);
}

void sim_estate_day(struct sim_estate *e, unsigned day)
{
	while (e->day < day)
		next_day(e);
}
