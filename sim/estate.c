/* SPDX-License-Identifier: Apache-2.0
 *
 * The estate's making: devices by kind, then their software, then enough
 * side-by-side copies to reach the number of CVE rows that was asked for.
 */
#include "sim/estate.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

const char *est_intern(struct sim_estate *e, const char *fmt, ...)
{
	char text[4096];
	struct mst_slice key;
	char *kept;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	key = mst_slice(text, MST_MIN((size_t)n, sizeof(text) - 1));
	kept = mst_map_get(&e->texts, key);
	if (!kept) {
		kept = mst_arena_strdup(&e->arena, text);
		mst_map_put(&e->texts, mst_slice(kept, key.n), kept);
	}
	return kept;
}

struct est_device *est_device_add(struct sim_estate *e)
{
	struct est_device *d;

	if (e->devices_n == e->devices_cap) {
		e->devices_cap = e->devices_cap ? e->devices_cap * 2 : 64;
		e->devices = mst_realloc(e->devices,
					 e->devices_cap * sizeof(*e->devices));
	}
	d = &e->devices[e->devices_n];
	*d = (struct est_device){.n = (uint32_t)e->devices_n,
				 .h = est_mix(e->seed, e->devices_n + 1000),
				 .born_day = (uint16_t)e->day,
				 .build = -1,
				 .rbac = -1,
				 .aad_joined = -1,
				 .reimaged_of = -1,
				 .listed = true};
	e->devices_n++;
	return d;
}

struct est_product *est_product_add(struct sim_estate *e)
{
	if (e->products_n == e->products_cap) {
		e->products_cap = e->products_cap ? e->products_cap * 2 : 256;
		e->products = mst_realloc(
		    e->products, e->products_cap * sizeof(*e->products));
	}
	e->products[e->products_n] = (struct est_product){.cpe = true};
	return &e->products[e->products_n++];
}

static bool has_software(const struct est_device *d)
{
	return !d->hand && !strcmp(d->onboarding, "Onboarded") &&
	       !d->merged_into;
}

/* Rows that the devices of one kind carry, compared with the average. */
static unsigned weight(const struct est_device *d)
{
	unsigned spread = 60 + (unsigned)(est_mix(d->h, 11) % 81);

	if (d->platform & (EST_IOS | EST_ANDROID))
		return spread / 6;
	if (d->platform & EST_MAC)
		return spread * 2 / 3;
	return spread;
}

/* The first pass gives every device its share; what phones and full patching
 * leave over is put onto the computers. */
static void fill_rows(struct sim_estate *e)
{
	uint64_t total = 0, computers = 0;

	for (size_t i = 0; i < e->devices_n; i++) {
		struct est_device *d = &e->devices[i];

		if (!has_software(d))
			continue;
		est_software_make(e, d,
				  (unsigned)(e->cve_rows * weight(d) / 100 /
					     (e->wanted ? e->wanted : 1)));
		computers += (d->platform & EST_DESK) != 0;
	}
	total = sim_estate_cve_rows(e);
	for (int round = 0; round < 8 && total < e->cve_rows && computers;
	     round++) {
		unsigned each =
		    (unsigned)((e->cve_rows - total) / computers + 1);

		for (size_t i = 0; i < e->devices_n; i++)
			if (has_software(&e->devices[i]) &&
			    (e->devices[i].platform & EST_DESK))
				est_software_more(e, &e->devices[i], each);
		total = sim_estate_cve_rows(e);
	}
}

struct sim_estate *sim_estate_new(uint64_t seed, unsigned devices,
				  uint64_t cve_rows, bool empty)
{
	struct sim_estate *e = mst_alloc(sizeof(*e));

	e->seed = seed ? seed : 1;
	e->wanted = empty ? 0 : devices;
	e->cve_rows = empty ? 0 : cve_rows;
	e->generation = 1;
	mst_arena_init(&e->arena, 1u << 30);
	est_products_make(e);
	for (unsigned i = 0; i < e->wanted; i++)
		est_device_make(e, est_device_add(e));
	/* the exports also know some that the list has no more */
	for (unsigned i = 0; e->wanted && i < e->wanted / 200 + 1; i++) {
		struct est_device *d = est_device_add(e);

		est_device_make(e, d);
		d->listed = false;
	}
	fill_rows(e);
	return e;
}

void sim_estate_free(struct sim_estate **e)
{
	if (!*e)
		return;
	for (size_t i = 0; i < (*e)->devices_n; i++)
		free((*e)->devices[i].sw);
	for (size_t i = 0; i < (*e)->products_n; i++) {
		free((*e)->products[i].versions);
		free((*e)->products[i].facts);
	}
	free((*e)->devices);
	free((*e)->products);
	mst_map_fini(&(*e)->texts);
	mst_arena_fini(&(*e)->arena);
	free(*e);
	*e = NULL;
}

void sim_estate_change(struct sim_estate *e, double percent)
{
	unsigned last = MST_LEN(e->changes) - 1;

	if (percent <= 0)
		return;
	if (percent > 100)
		percent = 100;
	/* A full list forgets its oldest entry: those rows change back, which
	 * is a change like any other. */
	if (e->changes_n == MST_LEN(e->changes)) {
		memmove(e->changes, e->changes + 1,
			last * sizeof(e->changes[0]));
		e->changes_n = last;
	}
	e->changes[e->changes_n].share = (uint32_t)(percent * 10000);
	e->changes[e->changes_n++].salt =
	    est_mix(e->seed ^ 0xc4a96e, e->generation);
	e->generation++;
}

int64_t sim_estate_now_us(const struct sim_estate *e)
{
	return EST_DAY0_US + e->day * EST_DAY_US;
}

struct est_device *sim_estate_find(struct sim_estate *e, const char *id)
{
	struct mst_slice want = mst_slice_str(id);

	for (size_t i = 0; i < e->devices_n; i++)
		if (!e->devices[i].gone &&
		    mst_slice_iis(want, e->devices[i].id))
			return &e->devices[i];
	return NULL;
}

uint64_t sim_estate_cve_rows(const struct sim_estate *e)
{
	uint64_t n = 0;

	for (size_t i = 0; i < e->devices_n; i++) {
		const struct est_device *d = &e->devices[i];

		if (d->gone || !d->listed)
			continue;
		for (unsigned k = 0; k < d->sw_n; k++)
			n += est_install_open(e, d, &d->sw[k]);
	}
	return n;
}
