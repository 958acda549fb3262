/* SPDX-License-Identifier: Apache-2.0
 *
 * What a device shows, worked out from its random and from how often it
 * changed. Odd devices by number, so that a small plant has them all:
 *
 *   n % 50   0 no vendor          1 no IP, two MACs       2 no name but the IP
 *            3 IPv6 beside IPv4   4 three IPs             5 name beyond ASCII
 *            6 no MAC, guessed    7 guessed and sure      8 no protocol
 *            9 a user's layer    10 two VLANs            11 firmware "N/A"
 *           12 four modules      13 name with "<>&\""    14 nothing but an IP
 */
#include <stdio.h>
#include <stdlib.h>

#include "sim/iot.h"

static const char *const ot_vendors[] = {"SIEMENS AG",
					 "ROCKWELL AUTOMATION",
					 "SCHNEIDER ELECTRIC",
					 "HILSCHER GMBH",
					 "ABB Switzerland Ltd, Power Systems",
					 "EMERSON",
					 "BECKHOFF AUTOMATION",
					 "YOKOGAWA",
					 "OMRON CORPORATION",
					 "HONEYWELL",
					 "MITSUBISHI ELECTRIC"};
static const char *const it_vendors[] = {
    "DELL INC.",    "HEWLETT PACKARD", "CISCO SYSTEMS, INC",
    "VMWARE, INC.", "LENOVO",	       "HANGZHOU HIKVISION"};
static const char *const systems[] = {"Windows 10 64", "Windows 7",
				      "Windows 10",    "Windows Server 2016",
				      "Windows XP",    "Windows Server 2008"};
static const char *const protocol_names[] = {
    "MODBUS", "SIEMENS S7", "EtherNet/IP", "Omron FINS", "BACNet",
    "DNP3",   "PROFINET",   "OPC UA",	   "HTTP",	 "SMB"};

static bool is(const struct iot_facts *f, const char *category)
{
	return !strcmp(f->category, category);
}

/* The address of a device: 10.<sensor>.x.y, unique in the plant; large plants
 * go on in 11.… */
static const char *ip_of(const struct iot_device *d, unsigned k,
			 struct mst_arena *a)
{
	uint32_t at = d->rank * 2 + (k ? 1 : 0), high = at / 62500;

	if (k > 1)
		return mst_arena_printf(a, "172.%u.%u.%u", 16 + d->sensor % 16,
					d->rank / 250 % 250, d->rank % 250 + 1);
	return mst_arena_printf(a, "%u.%u.%u.%u", 10 + high / 3,
				d->sensor + high % 3 * 64, at / 250 % 250,
				at % 250 + 1);
}

static const char *mac_of(const struct iot_device *d, unsigned k,
			  struct mst_arena *a)
{
	static const unsigned makers[] = {0x0002a2, 0x001b1b, 0x0000bc,
					  0x00a0f8, 0x001c06};
	unsigned maker = makers[d->h % MST_LEN(makers)];
	unsigned at = d->n * 4 + k;

	return mst_arena_printf(a, "%02x:%02x:%02x:%02x:%02x:%02x", maker >> 16,
				maker >> 8 & 255, maker & 255, at >> 16 & 255,
				at >> 8 & 255, at & 255);
}

static void addresses(const struct iot_device *d, struct mst_arena *a,
		      bool brief, struct iot_facts *f)
{
	unsigned odd = d->n % 50;

	f->ips_n = odd == 1 ? 0 : odd == 4 ? 3 : d->h % 8 == 3 ? 2 : 1;
	if (brief)
		f->ips_n = MST_MIN(f->ips_n, 1u);
	for (unsigned k = 0; k < f->ips_n; k++)
		f->ips[k] = ip_of(d, k, a);
	if (odd == 3 && !brief)
		f->ips[f->ips_n++] =
		    mst_arena_printf(a, "fd00:%x::%x", d->sensor, d->n + 1);
	f->macs_n = odd == 6 || odd == 14 ? 0 : odd == 1 ? 2 : 1;
	for (unsigned k = 0; k < f->macs_n; k++)
		f->macs[k] = mac_of(d, k, a);
	if (odd == 6 && f->ips_n)
		f->guessed[0] = mac_of(d, 0, a);
	if (odd == 7 || d->h % 10 == 7)
		f->guessed[0] = f->macs_n ? f->macs[0] : NULL;
	if (brief)
		return;
	f->vlans[f->vlans_n++] =
	    mst_arena_printf(a, "%u", (unsigned)(1 + d->h / 64 % 40));
	if (odd == 10)
		f->vlans[f->vlans_n++] = "4094";
	if (odd == 14)
		f->vlans_n = 0;
}

static void name(const struct iot_device *d, struct mst_arena *a,
		 struct iot_facts *f)
{
	unsigned odd = d->n % 50;
	const char *again = d->changes % 4 == 3 ? "-new" : "";

	if (odd == 5)
		f->name = mst_arena_printf(a, "Pumpe Lüftung Nr. %u%s",
					   d->n + 1, again);
	else if (odd == 13)
		f->name = mst_arena_printf(a, "Line <%u> & \"%s\"%s", d->n + 1,
					   f->type, again);
	else if ((odd == 2 || odd == 14 || d->h % 3 == 0) && f->ips_n)
		f->name = f->ips[0];
	else
		f->name =
		    mst_arena_printf(a, "%s #%u%s", f->type, d->n + 1, again);
}

static void protocol_list(const struct iot_device *d, struct iot_facts *f)
{
	uint64_t h = est_mix(d->h, 5);
	unsigned n =
	    d->n % 50 == 8 || d->n % 50 == 14 ? 0 : 1 + (unsigned)(h % 3);

	for (unsigned k = 0; k < n; k++)
		f->protocols[f->protocols_n++] =
		    protocol_names[(h / 16 + k * 3) % MST_LEN(protocol_names)];
}

static void modules(const struct iot_device *d, struct mst_arena *a,
		    struct iot_facts *f)
{
	static const char *const models[] = {"CPU 315-2 PN/DP", "1756-L61/B",
					     "BMX P34 2020", "CJ2M-CPU31"};
	unsigned odd = d->n % 50;
	uint64_t h = est_mix(d->h, 6);
	unsigned n = !is(f, "ICS") && !is(f, "Network") ? 0
		     : odd == 12			? 4
		     : odd == 11			? 1
							: (unsigned)(h % 2);

	for (unsigned k = 0; k < n; k++) {
		struct iot_firmware *w = &f->firmwares[f->firmwares_n++];

		w->address = f->ips_n ? f->ips[0] : NULL;
		if (odd == 11)
			continue;
		w->module = mst_arena_printf(
		    a, "Network: Local network (0), Node: %u, Unit: CPU (0x0)",
		    k);
		w->model = models[h / 8 % MST_LEN(models)];
		w->version =
		    mst_arena_printf(a, "%u.%02u", (unsigned)(h / 64 % 30),
				     (unsigned)(h / 4096 % 60) + d->changes);
		if (k % 2 == 0)
			w->serial = mst_arena_printf(
			    a, "S%08llX",
			    (unsigned long long)(est_mix(h, k) & 0xffffffff));
		if (n > 1) {
			w->rack = "0";
			w->slot = mst_arena_printf(a, "%u", k);
		}
		if (h % 7 == 0)
			w->more = "Boot loader 1.2";
	}
}

static void make(const struct iot_device *d, struct mst_arena *a, bool brief,
		 struct iot_facts *f)
{
	const struct iot_type *t = &iot_types[d->type];
	uint64_t h = est_mix(d->h, 7);
	unsigned odd = d->n % 50;
	bool ot;

	f->type = t->name;
	f->category = t->category;
	f->layer = t->layer;
	f->own_layer = odd == 9 ? "Supervisory" : "N/A";
	ot = is(f, "ICS");
	f->vendor = ot ? ot_vendors[h % MST_LEN(ot_vendors)]
		       : it_vendors[h % MST_LEN(it_vendors)];
	if (odd == 0 || odd == 14)
		f->vendor = NULL;
	if (is(f, "IT") || !strcmp(t->name, "HMI") ||
	    !strcmp(t->name, "Engineering Station") ||
	    !strcmp(t->name, "Historian"))
		f->os = systems[(h / 16 + d->changes / 2) % MST_LEN(systems)];
	else if (h / 16 % 9 == 0)
		f->os = "Linux";
	if (odd == 14)
		f->os = NULL;
	addresses(d, a, brief, f);
	name(d, a, f);
	protocol_list(d, f);
	if (!brief)
		modules(d, a, f);
	if (h / 256 % 12 == 0)
		f->groups[f->groups_n++] = "Line 1";
	if (h / 256 % 24 == 0)
		f->groups[f->groups_n++] = "Crown jewels";
	f->authorized = h / 1024 % 20 != 0;
	f->scanner = h / 2048 % 100 == 0;
	f->engineering = !strcmp(t->name, "Engineering Station");
	f->dynamic = h / 4096 % 15 == 0;
}

void iot_facts(const struct iot_device *d, struct mst_arena *a,
	       struct iot_facts *f_r)
{
	*f_r = (struct iot_facts){0};
	if (d->hand)
		*f_r = *d->hand;
	else
		make(d, a, false, f_r);
}

void iot_brief(const struct iot_device *d, struct mst_arena *a,
	       struct iot_facts *f_r)
{
	*f_r = (struct iot_facts){0};
	if (d->hand)
		*f_r = *d->hand;
	else
		make(d, a, true, f_r);
}

/* ---- CVEs ---------------------------------------------------------------- */

static const char *vector_of(const struct sim_cve_fact *f)
{
	const char *av = f->vector ? strstr(f->vector, "AV:") : NULL;

	switch (av ? av[3] : 'N') {
	case 'A':
		return "ADJACENT_NETWORK";
	case 'L':
		return "LOCAL";
	case 'P':
		return "PHYSICAL";
	default:
		return "NETWORK";
	}
}

static int by_score(const void *pa, const void *pb)
{
	const struct iot_cve *a = pa, *b = pb;

	if (a->score != b->score)
		return a->score > b->score ? -1 : 1;
	return strcmp(a->id, b->id);
}

/* Windows has Windows' CVEs, what runs another system or none the others'. */
static bool fits(const struct sim_cve_fact *f, bool windows)
{
	bool of_windows =
	    !strcmp(f->vendor, "microsoft") &&
	    mst_slice_istarts(mst_slice_str(f->product), "windows");

	return f->cvss > 0 && of_windows == windows;
}

static bool is_windows(const struct iot_device *d)
{
	return !strcmp(iot_types[d->type].category, "IT");
}

bool iot_has_cves(const struct iot_device *d)
{
	if (d->hand)
		return d->hand->cves_n > 0;
	return (is_windows(d) || est_mix(d->h, 8) % 5 == 0) && d->n % 50 != 1;
}

unsigned iot_cves(const struct iot_device *d, struct iot_cve out[IOT_MAX_CVES])
{
	uint64_t h = est_mix(d->h, 8);
	unsigned n = 0, want;
	size_t at;
	bool windows;

	if (d->hand) {
		n = MST_MIN(d->hand->cves_n, IOT_MAX_CVES);
		if (n)
			memcpy(out, d->hand->cves, n * sizeof(*out));
		qsort(out, n, sizeof(*out), by_score);
		return n;
	}
	if (!iot_has_cves(d))
		return 0;
	windows = is_windows(d);
	/* each step of fixes takes one away and finds another */
	want = 1 + (unsigned)(h / 64 % (windows ? 12 : 4));
	at = (size_t)(h / 4096 % sim_cve_facts_n) + d->fixes;
	for (size_t i = 0; i < sim_cve_facts_n && n < want; i++) {
		const struct sim_cve_fact *f =
		    &sim_cve_facts[(at + i) % sim_cve_facts_n];
		bool twice = false;

		for (unsigned k = 0; k < n; k++)
			twice = twice || !strcmp(out[k].id, f->id);
		if (twice || !fits(f, windows))
			continue;
		out[n++] = (struct iot_cve){.id = f->id,
					    .vector = vector_of(f),
					    .text = f->title,
					    .score = f->cvss};
	}
	qsort(out, n, sizeof(*out), by_score);
	return n;
}
