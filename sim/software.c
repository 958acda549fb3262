/* SPDX-License-Identifier: Apache-2.0
 *
 * What is installed on a device. The versions are chosen so that about
 * `target` CVEs are open; where the facts do not give enough, further copies
 * of libraries lie side by side, as they do on real machines.
 */
#include <stdio.h>
#include <stdlib.h>

#include "sim/estate.h"

#define MAX_COPIES 60000

bool est_open(const struct sim_estate *e, const struct est_device *d,
	      const struct est_install *in, const struct est_fact *f)
{
	uint64_t h;

	if (in->version >= f->fixed_at || f->reveal_day > e->day)
		return false;
	if (!f->patch_day || f->patch_day > e->day)
		return true;
	h = est_mix(d->h, mst_hash64(f->f->id, strlen(f->f->id), 3));
	if (h % 100 >= 85)
		return true; /* not patched here */
	return f->back_day && f->back_day <= e->day && h / 128 % 100 < 30;
}

unsigned est_install_open(const struct sim_estate *e,
			  const struct est_device *d,
			  const struct est_install *in)
{
	const struct est_product *p = &e->products[in->product];
	unsigned n = 0;

	for (unsigned i = 0; i < p->facts_n; i++)
		n += est_open(e, d, in, &p->facts[i]);
	return n;
}

void est_install_version(struct sim_estate *e, struct est_install *in,
			 unsigned version, unsigned sub)
{
	const struct est_product *p = &e->products[in->product];

	in->version = (uint16_t)version;
	in->sub = (uint16_t)sub;
	in->text = sub ? est_intern(e, "%s.%u", p->versions[version], sub)
		       : p->versions[version];
}

bool est_has_install(const struct est_device *d, uint32_t product,
		     unsigned version, unsigned sub)
{
	for (unsigned i = 0; i < d->sw_n; i++)
		if (d->sw[i].product == product &&
		    d->sw[i].version == version && d->sw[i].sub == sub)
			return true;
	return false;
}

static struct est_install *add_install(struct sim_estate *e,
				       struct est_device *d, uint32_t product,
				       unsigned version, unsigned sub)
{
	struct est_install *in;

	if (d->sw_n == d->sw_cap) {
		d->sw_cap = d->sw_cap ? d->sw_cap * 2 : 16;
		d->sw = mst_realloc(d->sw, d->sw_cap * sizeof(*d->sw));
	}
	in = &d->sw[d->sw_n++];
	*in = (struct est_install){.product = product};
	est_install_version(e, in, version, sub);
	return in;
}

/* Is it the system of this device? "WindowsServer2019" is
 * "windows_server_2019". */
static bool is_system(const struct est_product *p, const struct est_device *d)
{
	char name[64];
	size_t n = 0;

	if (!(d->platform & EST_WINDOWS))
		return true; /* one product a platform */
	for (const char *c = p->name; *c && n + 1 < sizeof(name); c++)
		if (*c != '_')
			name[n++] = *c;
	name[n] = '\0';
	return mst_slice_iis(mst_slice(name, n), d->os_platform);
}

/* The version with at most `most` open CVEs, starting from a random one. */
static unsigned pick_version(const struct sim_estate *e,
			     const struct est_device *d, uint32_t product,
			     uint64_t h, unsigned most)
{
	const struct est_product *p = &e->products[product];
	unsigned newest = est_newest(p, e->day);
	/* two draws: the newer half is likelier */
	unsigned a = (unsigned)(h % (newest + 1));
	unsigned b = (unsigned)((h >> 20) % (newest + 1));
	struct est_install in = {.product = product,
				 .version = (uint16_t)MST_MAX(a, b)};

	while (in.version < newest && est_install_open(e, d, &in) > most)
		in.version++;
	return in.version;
}

void est_system_build(struct sim_estate *e, struct est_device *d)
{
	static const struct {
		int64_t build;
		const char *version;
	} known[] = {
	    {9600, "6.3"},   {10240, "1507"}, {14393, "1607"}, {17134, "1803"},
	    {17763, "1809"}, {18362, "1903"}, {18363, "1909"}, {19041, "2004"},
	    {19042, "20H2"}, {19043, "21H1"}, {19044, "21H2"}, {19045, "22H2"},
	    {20348, "21H2"}, {22000, "21H2"}, {22621, "22H2"}, {22631, "23H2"},
	    {25398, "23H2"}, {26100, "24H2"},
	};
	long long build;

	if (!(d->platform & EST_WINDOWS) || d->build < 0)
		return;
	for (unsigned i = 0; i < d->sw_n; i++) {
		if (!e->products[d->sw[i].product].os ||
		    sscanf(d->sw[i].text, "%*d.%*d.%lld", &build) != 1)
			continue;
		d->build = build;
		d->entra_os_version = d->sw[i].text;
		for (size_t k = 0; k < MST_LEN(known); k++)
			if (known[k].build == build)
				d->version = known[k].version;
	}
}

void est_software_make(struct sim_estate *e, struct est_device *d,
		       unsigned target)
{
	unsigned left = target;
	size_t start =
	    e->products_n ? (size_t)(est_mix(d->h, 21) % e->products_n) : 0;

	for (size_t k = 0; k < e->products_n; k++) {
		uint32_t i = (uint32_t)((start + k) % e->products_n);
		const struct est_product *p = &e->products[i];
		uint64_t h = est_mix(d->h, 3000 + i);
		unsigned v, most = left / 2 + 1, open;

		if (!(p->on & d->platform) || h % 100 >= p->pct)
			continue;
		if (p->os && !is_system(p, d))
			continue;
		if (p->os)
			most = left;
		v = pick_version(e, d, i, est_mix(h, 1), most);
		open = est_install_open(e, d, add_install(e, d, i, v, 0));
		left -= MST_MIN(open, left);
	}
	est_software_more(e, d, left);
	est_system_build(e, d);
}

static bool may_copy(const struct est_product *p, const struct est_device *d,
		     bool any)
{
	return !p->os && p->facts_n && p->versions_n > 1 &&
	       (p->on & d->platform) && (any || p->copies);
}

static uint32_t *copyable(const struct sim_estate *e,
			  const struct est_device *d, size_t *n_r)
{
	uint32_t *out = mst_alloc((e->products_n + 1) * sizeof(*out));

	*n_r = 0;
	for (int any = 0; any < 2 && !*n_r; any++)
		for (uint32_t i = 0; i < e->products_n; i++)
			if (may_copy(&e->products[i], d, any))
				out[(*n_r)++] = i;
	return out;
}

unsigned est_software_more(struct sim_estate *e, struct est_device *d,
			   unsigned rows)
{
	unsigned made = 0, tries = 0;
	size_t n;
	uint32_t *from = copyable(e, d, &n);

	while (n && made < rows && d->sw_n < MAX_COPIES &&
	       tries < rows * 4 + 64) {
		uint64_t h = est_mix(d->h, 50000 + d->sw_n * 7 + tries++);
		uint32_t i = from[h % n];
		const struct est_product *p = &e->products[i];
		struct est_install in = {.product = i};
		unsigned v, sub = 1;

		v = (unsigned)((h >> 16) % (est_newest(p, e->day) + 1));
		in.version = (uint16_t)v;
		while (v < est_newest(p, e->day) &&
		       est_install_open(e, d, &in) > rows - made + 3)
			in.version = (uint16_t)++v;
		if (!est_install_open(e, d, &in))
			continue;
		while (est_has_install(d, i, v, sub))
			sub++;
		made += est_install_open(e, d, add_install(e, d, i, v, sub));
	}
	free(from);
	return made;
}
