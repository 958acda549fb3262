/* SPDX-License-Identifier: Apache-2.0
 *
 * Section 3 of docs/internals/rules.md, written a second time: which machines
 * count, which of several with one name wins, the class, the attributes, and
 * what becomes of those that are no longer there.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "sim/truth_private.h"

struct candidate {
	const struct est_device *d;
	const char *id, *table, *name, *slot;
};

/* ---- class and name ------------------------------------------------------ */

static const char *class_of(const struct sim_truth *t, const char *os)
{
	static const char *const linux_names[] = {
	    "linux",  "ubuntu",	     "redhatenterpriselinux",
	    "centos", "debian",	     "suse",
	    "sles",   "oraclelinux", "amazonlinux",
	    "fedora", "rocky",	     "almalinux",
	    "rhel"};
	struct mst_slice s = mst_slice_str(os);

	if (mst_slice_istarts(s, "windowsserver"))
		return "cmdb_ci_win_server";
	if (mst_slice_istarts(s, "windows") || mst_slice_istarts(s, "macos"))
		return "cmdb_ci_computer";
	for (size_t i = 0; i < MST_LEN(linux_names); i++)
		if (mst_slice_istarts(s, linux_names[i]))
			return "cmdb_ci_linux_server";
	if (mst_slice_istarts(s, "ios-x") || mst_slice_istarts(s, "ios x") ||
	    mst_slice_istarts(s, "iosx"))
		return NULL; /* a network device */
	if (mst_slice_istarts(s, "ios") || mst_slice_istarts(s, "ipados") ||
	    mst_slice_istarts(s, "android"))
		return t->conf.handhelds ? "cmdb_ci_handheld_computing" : NULL;
	return NULL;
}

static bool is_dns(struct mst_slice s)
{
	bool letter = false; /* an address is no name */

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		letter =
		    letter || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		      (c >= '0' && c <= '9') || c == '-' || c == '_' ||
		      c == '.'))
			return false;
	}
	return letter;
}

static const char *name_of(struct sim_truth *t, const char *dns,
			   const char *table)
{
	struct mst_slice s = mst_slice_trim(mst_slice_str(dns));
	const char *dot;

	if (strcmp(table, "cmdb_ci_handheld_computing") != 0 && is_dns(s)) {
		dot = memchr(s.p, '.', s.n);
		if (dot)
			s.n = (size_t)(dot - s.p);
	}
	if (!s.n)
		return NULL;
	return truth_cut(t, truth_text(t, s), 255);
}

static bool make_candidate(struct sim_truth *t, const struct est_device *d,
			   struct candidate *c)
{
	char slot[512];

	if (d->gone || !d->listed || d->merged_into || d->excluded)
		return false;
	if (!d->id[0] || !d->name || !d->os_platform)
		return false;
	c->d = d;
	c->id = truth_lower(t, mst_slice_str(d->id));
	c->table = class_of(t, d->os_platform);
	if (!c->table)
		return false;
	c->name = name_of(t, d->name, c->table);
	if (!c->name)
		return false;
	snprintf(slot, sizeof(slot), "%s\x1f%s", c->table, c->name);
	c->slot = truth_lower(t, mst_slice_str(slot));
	return true;
}

static bool is_active(const struct est_device *d)
{
	return d->health && mst_slice_iis(mst_slice_str(d->health), "active");
}

static int64_t first_us(const struct est_device *d)
{
	int64_t us = MST_TIME_NONE;

	if (!d->first_seen ||
	    !mst_time_parse(mst_slice_str(d->first_seen), &us))
		return MST_TIME_NONE;
	return us;
}

/* Does a win over b? */
static bool beats(const struct candidate *a, const struct candidate *b)
{
	int64_t fa = first_us(a->d), fb = first_us(b->d);

	if (is_active(a->d) != is_active(b->d))
		return is_active(a->d);
	if (fa != fb)
		return fa > fb;
	return strcmp(a->id, b->id) > 0;
}

/* ---- attributes ---------------------------------------------------------- */

static const char *os_name(struct sim_truth *t, const char *os)
{
	static const char *const names[][2] = {
	    {"windows10", "Windows 10"},
	    {"windows11", "Windows 11"},
	    {"windows7", "Windows 7"},
	    {"windows8", "Windows 8"},
	    {"windows81", "Windows 8.1"},
	    {"windowsserver2008r2", "Windows Server 2008 R2"},
	    {"windowsserver2012", "Windows Server 2012"},
	    {"windowsserver2012r2", "Windows Server 2012 R2"},
	    {"windowsserver2016", "Windows Server 2016"},
	    {"windowsserver2019", "Windows Server 2019"},
	    {"windowsserver2022", "Windows Server 2022"},
	    {"windowsserver2025", "Windows Server 2025"},
	    {"macos", "macOS"},
	    {"ubuntu", "Ubuntu"},
	    {"redhatenterpriselinux", "Red Hat Enterprise Linux"},
	    {"centos", "CentOS"},
	    {"debian", "Debian"},
	    {"suse", "SUSE"},
	    {"oraclelinux", "Oracle Linux"},
	    {"amazonlinux", "Amazon Linux"},
	    {"ios", "iOS"},
	    {"android", "Android"},
	};

	for (size_t i = 0; i < MST_LEN(names); i++)
		if (mst_slice_iis(mst_slice_str(os), names[i][0]))
			return names[i][1];
	return truth_cut(t, os, 100);
}

/* VPN clients, host-only and dial-up adapters: the same on many devices. */
static bool shared_mac(const char *hex)
{
	if (!memcmp(hex, "00090f", 6) || !memcmp(hex, "005056c0000", 11))
		return true;
	if (!memcmp(hex, "00059a3c7", 9) && !memcmp(hex + 10, "00", 2))
		return true;
	return !strcmp(hex, "505054503030") || !strcmp(hex, "204153594eff");
}

/* 12 lower-case hex digits, or false. */
static bool usable_mac(const struct est_ip *ip, char hex[13])
{
	size_t n = 0;
	unsigned first;
	bool zero = true, ones = true;

	if (!ip->mac || (ip->type && !strcmp(ip->type, "SoftwareLoopback")))
		return false;
	for (const char *p = ip->mac; *p; p++) {
		char c = *p;

		if (c == ':' || c == '-' || c == '.')
			continue;
		if (c >= 'A' && c <= 'F')
			c = (char)(c + 32);
		if (n == 12 ||
		    !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
			return false;
		zero = zero && c == '0';
		ones = ones && c == 'f';
		hex[n++] = c;
	}
	hex[n] = '\0';
	if (n != 12 || zero || ones || sscanf(hex, "%2x", &first) != 1)
		return false;
	return !(first & 1) && !(first & 2) && !shared_mac(hex);
}

static const char *mac_of(struct sim_truth *t, const struct est_device *d)
{
	char best[16] = "", text[18];

	for (unsigned i = 0; i < d->ips_n; i++) {
		const struct est_ip *ip = &d->ips[i];
		char hex[13], rank[16];

		if (!usable_mac(ip, hex))
			continue;
		/* smaller is better: up, Ethernet, address */
		snprintf(
		    rank, sizeof(rank), "%c%c%s",
		    ip->status && mst_slice_iis(mst_slice_str(ip->status), "up")
			? '0'
			: '1',
		    ip->type &&
			    mst_slice_iis(mst_slice_str(ip->type), "ethernet")
			? '0'
			: '1',
		    hex);
		if (!best[0] || strcmp(rank, best) < 0)
			memcpy(best, rank, sizeof(best));
	}
	if (!best[0])
		return NULL;
	snprintf(text, sizeof(text), "%.2s:%.2s:%.2s:%.2s:%.2s:%.2s", best + 2,
		 best + 4, best + 6, best + 8, best + 10, best + 12);
	return truth_text(t, mst_slice_str(text));
}

static const char *serial_of(struct sim_truth *t, const char *serial)
{
	static const char *const junk[] = {"0",
					   "none",
					   "n/a",
					   "na",
					   "unknown",
					   "default string",
					   "to be filled by o.e.m.",
					   "system serial number",
					   "not specified",
					   "not available",
					   "invalid",
					   "xxxxxxx",
					   "123456789",
					   "0123456789"};
	const char *s = truth_cut(t, serial, 255);
	struct mst_slice v = mst_slice_str(s);
	bool same = true;

	if (!s)
		return NULL;
	for (size_t i = 0; i < MST_LEN(junk); i++)
		if (mst_slice_iis(v, junk[i]))
			return NULL;
	for (size_t i = 1; i < v.n; i++)
		same = same && v.p[i] == v.p[0];
	if (same || mst_slice_istarts(v, "vmware-") ||
	    mst_slice_istarts(v, "parallels-"))
		return NULL;
	return s;
}

static void set_name(struct sim_truth *t, struct truth_ci *ci,
		     const struct candidate *c)
{
	struct mst_slice s = mst_slice_trim(mst_slice_str(c->d->name));
	const char *dot = memchr(s.p, '.', s.n);

	ci->name = c->name;
	if (!dot || !is_dns(s))
		return;
	truth_set(&ci->fqdn, truth_cut(t, truth_lower(t, s), 255));
	s = mst_slice(dot + 1, s.n - (size_t)(dot + 1 - s.p));
	if (s.n)
		truth_set(&ci->domain, truth_cut(t, truth_lower(t, s), 255));
}

/* Entra ID's record of the device, by aadDeviceId. */
static const struct est_device *entra_of(const struct mst_map *entra,
					 const struct est_device *d)
{
	if (!d->aad_id)
		return NULL;
	return mst_map_get(entra, mst_slice_str(d->aad_id));
}

static void set_make(struct sim_truth *t, struct truth_ci *ci,
		     const struct candidate *c, const struct mst_map *entra)
{
	const struct est_device *d = c->d, *o;
	const char *maker = NULL, *model = NULL, *serial = NULL;

	o = t->conf.enrich ? entra_of(entra, d) : NULL;
	if (o) {
		maker = truth_cut(t, o->manufacturer, 80);
		model = truth_cut(t, o->model, 255);
	}
	if (t->conf.hardware && d->in_hardware) {
		if (!maker)
			maker = truth_cut(t, d->hw_manufacturer, 80);
		if (!model)
			model = truth_cut(t, d->hw_model, 255);
		serial = serial_of(t, d->serial);
	}
	truth_set(&ci->serial, serial);
	if (serial)
		mst_map_put(
		    &t->ci_by_serial,
		    mst_slice_str(truth_lower(t, mst_slice_str(serial))), ci);
	if (!maker)
		return;
	truth_set(&ci->manufacturer, maker);
	truth_company(t, maker);
	if (model) {
		char key[600], folded[256];

		ci->model = model;
		sim_truth_fold_company(mst_slice_str(maker), folded);
		snprintf(key, sizeof(key), "%s\x1f%s", model, folded);
		if (!truth_find(&t->models, key)) {
			struct truth_model *m =
			    mst_arena_alloc(&t->arena, sizeof(*m));

			m->name = model;
			m->manufacturer = maker;
			truth_add(&t->models, truth_text(t, mst_slice_str(key)),
				  m);
		}
	}
}

static void set_attributes(struct sim_truth *t, struct truth_ci *ci,
			   const struct candidate *c)
{
	const struct est_device *d = c->d;
	char build[32];

	set_name(t, ci, c);
	truth_set(&ci->os, os_name(t, d->os_platform));
	truth_set(&ci->os_version, truth_cut(t, d->version, 100));
	if (!truth_cut(t, d->version, 100) && d->build >= 0) {
		snprintf(build, sizeof(build), "%lld", (long long)d->build);
		ci->os_version = truth_text(t, mst_slice_str(build));
	}
	if (d->arch)
		truth_set(&ci->width, !strcmp(d->arch, "64-bit")   ? "64"
				      : !strcmp(d->arch, "32-bit") ? "32"
								   : NULL);
	truth_set(&ci->ip, truth_cut(t, d->last_ip, 255));
	truth_set(&ci->mac, mac_of(t, d));
	ci->is_virtual = ci->is_virtual || d->vm_id;
	if (is_active(d)) {
		ci->status[0] = "installed";
		ci->status[1] = "in_use";
		ci->status[2] = "1";
		ci->status[3] = "1";
	} else {
		ci->status[3] = "5";
	}
}

/* ---- the CMDB's side ----------------------------------------------------- */

static uint32_t index_of(const struct sim_truth *t, const struct truth_ci *ci)
{
	for (size_t i = 0; i < t->cis.n; i++)
		if (t->cis.v[i] == ci)
			return (uint32_t)i;
	return 0;
}

static struct truth_ci *new_ci(struct sim_truth *t, const struct candidate *c)
{
	struct truth_ci *ci = mst_arena_alloc(&t->arena, sizeof(*ci));
	int64_t us = first_us(c->d);
	char text[640];

	ci->table = c->table;
	snprintf(text, sizeof(text), "%s%s", t->conf.prefix, c->id);
	ci->correlation = truth_cut(t, text, 512);
	if (us != MST_TIME_NONE) {
		mst_time_sn(us, text);
		ci->first = truth_text(t, mst_slice_str(text));
	}
	/* the list's own map is not used: names change */
	snprintf(text, sizeof(text), "#%zu", t->cis.n);
	truth_add(&t->cis, truth_text(t, mst_slice_str(text)), ci);
	return ci;
}

/* As ServiceNow identifies: native key, serial number, name in the class. */
static struct truth_ci *identify(struct sim_truth *t, const struct candidate *c,
				 struct truth_machine *m)
{
	const char *serial = NULL;
	struct truth_ci *ci = NULL;

	if (m)
		return t->cis.v[m->ci];
	if (t->conf.hardware && c->d->in_hardware)
		serial = serial_of(t, c->d->serial);
	if (serial)
		ci = mst_map_get(
		    &t->ci_by_serial,
		    mst_slice_str(truth_lower(t, mst_slice_str(serial))));
	if (ci && strcmp(ci->table, c->table) != 0)
		ci = NULL;
	if (!ci)
		ci = mst_map_get(&t->ci_by_name, mst_slice_str(c->slot));
	return ci ? ci : new_ci(t, c);
}

static void put_winner(struct sim_truth *t, const struct candidate *c,
		       const struct mst_map *entra)
{
	struct truth_machine *m = truth_find(&t->machines, c->id);
	struct truth_ci *ci = identify(t, c, m);

	if (!m) {
		m = mst_arena_alloc(&t->arena, sizeof(*m));
		m->id = c->id;
		m->ci = index_of(t, ci);
		truth_add(&t->machines, m->id, m);
	}
	m->seen = t->sync;
	m->delivered = true;
	ci->owner_seen = t->sync;
	set_attributes(t, ci, c);
	set_make(t, ci, c, entra);
	/* Nobody finds it by the name that it had. */
	if (ci->slot && strcmp(ci->slot, c->slot) != 0 &&
	    mst_map_get(&t->ci_by_name, mst_slice_str(ci->slot)) == ci)
		mst_map_del(&t->ci_by_name, mst_slice_str(ci->slot));
	ci->slot = c->slot;
	mst_map_put(&t->ci_by_name, mst_slice_str(c->slot), ci);
}

static void retire_missing(struct sim_truth *t)
{
	for (size_t i = 0; i < t->machines.n; i++) {
		struct truth_machine *m = t->machines.v[i];
		struct truth_ci *ci = t->cis.v[m->ci];

		if (!m->delivered || m->seen == t->sync)
			continue;
		m->delivered = false;
		if (ci->owner_seen == t->sync)
			continue; /* its CI has a new owner */
		ci->status[0] = "retired";
		ci->status[1] = "divested";
		ci->status[2] = "7";
		ci->status[3] = "6";
	}
}

static void map_entra(const struct sim_estate *e, struct mst_map *entra)
{
	for (size_t i = 0; i < e->devices_n; i++) {
		const struct est_device *d = &e->devices[i];

		if (d->in_entra && !d->gone && d->reimaged_of < 0 &&
		    strncmp(d->aad_id, "00000000-0000", 13) != 0)
			mst_map_put(entra, mst_slice_str(d->aad_id),
				    (void *)(uintptr_t)d);
	}
}

void truth_devices(struct sim_truth *t, const struct sim_estate *e)
{
	struct mst_map best = {0}, entra = {0};
	struct candidate *all = mst_alloc((e->devices_n + 1) * sizeof(*all));
	size_t n = 0;

	map_entra(e, &entra);
	for (size_t i = 0; i < e->devices_n; i++) {
		struct candidate *c = &all[n], *other;

		if (!make_candidate(t, &e->devices[i], c))
			continue;
		n++;
		other = mst_map_get(&best, mst_slice_str(c->slot));
		if (!other || beats(c, other))
			mst_map_put(&best, mst_slice_str(c->slot), c);
	}
	for (size_t i = 0; i < n; i++) {
		if (mst_map_get(&best, mst_slice_str(all[i].slot)) == &all[i])
			put_winner(t, &all[i], &entra);
	}
	retire_missing(t);
	mst_map_fini(&best);
	mst_map_fini(&entra);
	free(all);
}
