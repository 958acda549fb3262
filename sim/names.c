/* SPDX-License-Identifier: Apache-2.0
 *
 * Devices as Defender describes them: names, addresses, times and all the
 * oddities of the wire (null names, free text on phones, merged rows, MAC
 * addresses that are none, every time form). Domains and addresses are the
 * ones reserved for documentation.
 */
#include <stdio.h>
#include <time.h>

#include "base/time.h"
#include "sim/estate.h"

static const char *const people[] = {
    "Anna",    "Bj\xc3\xb6rn",	"Chlo\xc3\xa9", "David",
    "Elif",    "Fatima",	"Grace",	"Hiroshi",
    "Ingrid",  "J\xc3\xbcrgen", "Kofi",		"Li Wei",
    "Marta",   "No\xc3\xa9mie", "Oskar",	"Priya",
    "Quentin", "Rosa",		"S\xc3\xb8ren", "Tom",
    "Ursula",  "Viktor",	"Wanda",	"Xim\xc3\xa9nez",
    "Yusuf",   "Zo\xc3\xab",
};

static const char *const groups[] = {"Workstations", "Servers EMEA",
				     "The-A-Team", "Labor S\303\274d"};

struct kind {
	unsigned upto; /* of 1000 */
	unsigned platform;
	const char *os_platform, *version, *entra_os;
	int64_t build;
};

static const struct kind kinds[] = {
    {330, EST_WIN_PC, "Windows11", "23H2", "Windows", 22631},
    {470, EST_WIN_PC, "Windows11", "24H2", "Windows", 26100},
    {640, EST_WIN_PC, "Windows10", "22H2", "Windows", 19045},
    {655, EST_WIN_PC, "Windows10", "1809", "Windows", 17763},
    {735, EST_MAC, "macOS", "14.7", "MacMDM", 23},
    {740, EST_MAC, "macOSX", "10.15", "MacMDM", 19},
    {765, EST_WIN_SRV, "WindowsServer2019", "1809", "Windows", 17763},
    {795, EST_WIN_SRV, "WindowsServer2022", "21H2", "Windows", 20348},
    {810, EST_WIN_SRV, "WindowsServer2016", "1607", "Windows", 14393},
    {816, EST_WIN_SRV, "WindowsServer2012R2", "6.3", "Windows", 9600},
    {822, EST_WIN_SRV, "WindowsServer2025", "24H2", "Windows", 26100},
    {858, EST_LINUX, "Ubuntu", "22.4", "Linux", -1},
    {880, EST_LINUX, "RedHatEnterpriseLinux", "9.5", "Linux", -1},
    {894, EST_LINUX, "Debian", "12.0", "Linux", 6},
    {902, EST_LINUX, "SUSE", "15.5", "Linux", -1},
    {908, EST_LINUX, "Linux", "9.4", "Linux", -1},
    {955, EST_IOS, "iOS", "17.6", "IPhone", -1},
    {968, EST_IOS, "iPadOS", "17.5", "IPad", -1},
    {1000, EST_ANDROID, "Android", "14.0", "AndroidEnterprise", -1},
};

struct maker {
	const char *entra, *hardware, *model, *hw_model;
	unsigned on;
};

static const struct maker makers[] = {
    {"Dell Inc.", "dell", "Latitude 7440", "latitude_7440", EST_WIN_PC},
    {"Dell Inc.", "dell", "OptiPlex 7010", "optiplex_7010", EST_WIN_PC},
    {"LENOVO", "lenovo", "21HM002VGE", "thinkpad_t14_gen_4", EST_WIN_PC},
    {"HP", "hp", "HP EliteBook 840 G10", "elitebook_840_g10", EST_WIN_PC},
    {"Microsoft Corporation", "microsoft_corporation", "Surface Laptop 5",
     "surface_laptop_5", EST_WIN_PC},
    {"Apple", "apple", "MacBookPro18,3", "macbookpro18,3", EST_MAC},
    {"Apple", "apple", "Mac14,2", "mac14,2", EST_MAC},
    {"Dell Inc.", "dell", "PowerEdge R750", "poweredge_r750", EST_SERVER},
    {"VMware, Inc.", "vmware", "VMware7,1", "vmware7,1", EST_SERVER},
    {"HPE", "hpe", "ProLiant DL380 Gen10", "proliant_dl380_gen10", EST_SERVER},
    {"Apple", NULL, "iPhone 15", NULL, EST_IOS},
    {"Apple", NULL, "iPad Air", NULL, EST_IOS},
    {"samsung", NULL, "SM-S911B", NULL, EST_ANDROID},
    {"Google", NULL, "Pixel 8", NULL, EST_ANDROID},
};

const char *est_time_text(struct sim_estate *e, int64_t us, unsigned form)
{
	time_t t = (time_t)(us / 1000000);
	unsigned frac = (unsigned)(us % 1000000);
	struct tm tm;
	char base[32];

	gmtime_r(&t, &tm);
	strftime(base, sizeof(base), "%Y-%m-%dT%H:%M:%S", &tm);
	switch (form % 7) {
	case 0:
		return est_intern(e, "%sZ", base);
	case 1:
		return est_intern(e, "%s.%02uZ", base, frac / 10000);
	case 2:
		return est_intern(e, "%s.%03uZ", base, frac / 1000);
	case 3:
		return est_intern(e, "%s+00:00", base);
	case 4:
		return est_intern(e, "%s.%06uZ", base, frac);
	default:
		return est_intern(e, "%s.%06u%uZ", base, frac, form % 10);
	}
}

static const char *guid(struct sim_estate *e, uint64_t a, uint64_t b)
{
	struct mst_hash h = {est_mix(a, b), est_mix(b, a + 1)};

	return est_intern(e, "%08x-%04x-4%03x-%04x-%012llx",
			  (unsigned)(h.hi >> 32), (unsigned)(h.hi & 0xffff),
			  (unsigned)(h.lo >> 52),
			  0x8000u | (unsigned)(h.hi >> 18 & 0x3fff),
			  (unsigned long long)(h.lo & 0xffffffffffffull));
}

/* Health and lastSeen follow the day. */
void est_times(struct sim_estate *e, struct est_device *d)
{
	uint64_t h = est_mix(d->h, 400 + e->day);
	int64_t now = sim_estate_now_us(e);
	int64_t ago = (int64_t)(h % 80000) * 1000000 + (int64_t)(h % 999983);

	if (strcmp(d->health, "Active") != 0)
		ago += (8 + (int64_t)(est_mix(d->h, 41) % 60)) * EST_DAY_US +
		       e->day * EST_DAY_US;
	/* never before it was first seen */
	d->last_seen = est_time_text(e, MST_MAX(now - ago, d->first_us),
				     (unsigned)(h % 7));
}

static void make_id(struct est_device *d)
{
	uint64_t a = est_mix(d->h, 1), b = est_mix(d->h, 2);

	snprintf(d->id, sizeof(d->id), "%016llx%016llx%08x",
		 (unsigned long long)a, (unsigned long long)b, d->n);
}

static const char *phone_name(struct sim_estate *e, const struct est_device *d)
{
	const char *who = people[est_mix(d->h, 31) % MST_LEN(people)];

	switch (est_mix(d->h, 30) % 6) {
	case 0:
		return d->platform == EST_IOS ? "iPhone" : "Galaxy S23";
	case 1:
		return est_intern(e, "iPhone von %s", who);
	case 2:
		return est_intern(e,
				  "%s Mustermann iPadAir 17zoll "
				  "(2ndgeneration) %u",
				  who, d->n);
	case 3:
		return est_intern(e, "%s\xe2\x80\x99s phone %u", who, d->n);
	default:
		return est_intern(e, "%s_AndroidEnterprise_%u/2026 %u:04 PM",
				  who, d->n, d->n % 12 + 1);
	}
}

static const char *computer_name(struct sim_estate *e, struct est_device *d)
{
	static const char *const roles[] = {"sql", "web", "app", "file", "dc"};
	uint64_t h = est_mix(d->h, 32);

	if (d->platform == EST_WIN_SRV)
		return est_intern(e, "SRV-%s-%04u.corp.example.com",
				  roles[h % 5], d->n);
	if (d->platform == EST_LINUX)
		return h % 3 ? est_intern(e, "%s-prod-%04u.example.net",
					  roles[h % 5], d->n)
			     : est_intern(e, "%s%04u", roles[h % 5], d->n);
	if (d->platform == EST_MAC)
		return est_intern(e, "%s-%u", h % 2 ? "MBP" : "mac-mini", d->n);
	switch (h % 5) {
	case 0:
		return est_intern(e, "DESKTOP-%04X%03u",
				  (unsigned)(h >> 20 & 0xffff), d->n % 1000);
	case 1:
		return est_intern(e, "ws-%05u", d->n);
	default:
		return est_intern(e, "LT-%05u.corp.example.com", d->n);
	}
}

/* Two machines with one short name in different domains, as after a
 * migration. */
static void share_name(struct sim_estate *e, struct est_device *d)
{
	for (uint32_t i = d->n; i-- > 0;) {
		const struct est_device *o = &e->devices[i];
		const char *dot = o->name ? strchr(o->name, '.') : NULL;

		if (!dot || o->platform != d->platform || !o->listed)
			continue;
		d->name = est_intern(e, "%.*s.fabrikam.example",
				     (int)(dot - o->name), o->name);
		return;
	}
}

static void add_ip(struct est_device *d, const char *ip, const char *mac,
		   const char *type, const char *status)
{
	d->ips[d->ips_n++] = (struct est_ip){ip, mac, type, status};
}

static void make_addresses(struct sim_estate *e, struct est_device *d)
{
	static const char *const ouis[] = {"8CEC4B", "F4EE08", "00155D",
					   "3C18A0"};
	uint64_t h = est_mix(d->h, 50);
	const char *v4 = est_intern(e, "10.%u.%u.%u", 16 + d->n / 60000,
				    d->n / 250 % 240, 2 + d->n % 250);
	const char *mac = est_intern(e, "%s%06X", ouis[h % 4], d->n + 0x1000);

	if (h % 29 == 0)
		v4 = "";
	d->last_ip = h % 29 == 0 ? NULL : v4;
	if (h % 13 == 0)
		d->last_ip =
		    est_intern(e, "2001:db8:%x::%x", d->n >> 12, d->n & 0xfff);
	d->external_ip =
	    h % 17 ? est_intern(e, "198.51.100.%u", (unsigned)(h % 250)) : NULL;
	if (d->platform & (EST_IOS | EST_ANDROID)) {
		/* phones make up an address per network */
		add_ip(d, v4,
		       est_intern(e, "%06X%06X", 0x3e0000 | d->n % 999, d->n),
		       "Other", "Up");
		return;
	}
	if (h % 5 == 0)
		add_ip(d, "127.0.0.1", NULL, "SoftwareLoopback", "Up");
	if (h % 7 == 0)
		add_ip(d, "", "000000000000", "Ethernet", "Down");
	if (h % 11 == 0) /* a docking station that many have used */
		add_ip(d, "",
		       est_intern(e, "%s%06X", ouis[(h >> 8) % 4],
				  d->n + 0x800000),
		       "Ethernet", "Down");
	if (d->platform == EST_WIN_PC && h % 9 == 1) /* the same on all */
		add_ip(d, est_intern(e, "10.212.134.%u", 2 + d->n % 250),
		       "00090FFE0001", "Ethernet", "Up");
	add_ip(d, v4, mac, h % 3 ? "Ethernet" : "Other", "Up");
	if (h % 4 == 0)
		add_ip(d, est_intern(e, "2001:db8::%x", d->n + 1), mac,
		       h % 3 ? "Ethernet" : "Other", "Up");
}

static void make_entra(struct sim_estate *e, struct est_device *d)
{
	uint64_t h = est_mix(d->h, 60);
	const struct maker *m = NULL;
	unsigned n = 0;

	for (size_t i = 0; i < MST_LEN(makers); i++)
		if (makers[i].on & d->platform &&
		    (n++ == 0 || est_mix(h, i) % n == 0))
			m = &makers[i];
	if (d->platform != EST_LINUX && h % 10 != 0)
		d->aad_id = guid(e, d->h, 61);
	else if (h % 31 == 0)
		d->aad_id = "00000000-0000-0000-0000-000000000000";
	d->aad_joined = d->aad_id ? (int)(h % 7 != 0) : -1;
	d->in_entra = d->aad_id && d->aad_id[0] + d->aad_id[1] != '0' + '0' &&
		      h % 12 != 0;
	if (m && h % 9) {
		d->manufacturer = m->entra;
		d->model = h % 14 ? m->model : NULL;
	}
	d->entra_os_version = d->build > 1000 ? est_intern(e, "10.0.%lld.4460",
							   (long long)d->build)
					      : d->version;
	if (!m || !m->hardware || h % 6 == 0)
		return;
	d->in_hardware = true;
	d->hw_manufacturer = m->hardware;
	d->hw_model = m->hw_model;
	switch (h / 64 % 12) {
	case 0:
		d->serial = "To be filled by O.E.M.";
		break;
	case 1:
		d->serial = "Default string";
		break;
	case 2:
		d->serial =
		    est_intern(e, "VMware-56 4d %02x %04x", d->n & 255, d->n);
		break;
	case 3:
		d->serial = NULL;
		break;
	case 4:
		d->serial = "0000000";
		break;
	default:
		d->serial =
		    est_intern(e, "5CG%05uK%c", d->n, (char)('A' + d->n % 26));
	}
}

static void make_state(struct sim_estate *e, struct est_device *d)
{
	static const char *const bad[] = {"Inactive", "ImpairedCommunication",
					  "NoSensorData",
					  "NoSensorDataImpairedCommunication"};
	static const char *const levels[] = {"None", "Low", "Medium", "High"};
	uint64_t h = est_mix(d->h, 70);

	d->health = h % 9 ? "Active" : bad[h / 16 % 4];
	d->onboarding = "Onboarded";
	d->risk = h % 23 ? levels[h / 32 % 4] : NULL;
	d->exposure = h % 19 ? levels[h / 128 % 4] : NULL;
	d->value = h % 33 ? (h % 40 ? "Normal" : "High") : NULL;
	d->rbac = h % 27 ? (int)(h / 512 % 5) * 35 : -1;
	d->rbac_name = d->rbac > 0 ? groups[d->rbac / 35 - 1] : NULL;
	d->agent = est_intern(e, "10.8790.%lld.5608",
			      (long long)(d->build > 0 ? d->build : 0));
	d->managed_by = h % 3 ? "Intune" : "MicrosoftDefenderForEndpoint";
	d->managed_status = h % 3 ? "Unknown" : "Success";
	d->tags[0] = h % 6 == 0 ? "Tag1" : NULL;
	d->tags[1] = h % 12 == 0 ? "Standort S\303\274d" : NULL;
	if ((d->platform & EST_SERVER) && h % 3 == 0) {
		d->vm_id = guid(e, d->h, 71);
		d->vm_cloud = h % 2 ? "Azure" : "AWS";
	}
	d->maybe_double = h % 61 == 0;
	if (h % 83 == 0)
		d->excluded = "Inactive device";
}

/* Seen on the network but not ours to look into. */
static void make_stranger(struct sim_estate *e, struct est_device *d,
			  uint64_t h)
{
	d->agent = NULL;
	d->managed_by = NULL;
	d->managed_status = NULL;
	d->aad_id = NULL;
	d->in_entra = d->in_hardware = false;
	d->build = -1;
	switch (h % 4) {
	case 0:
		d->onboarding = "CanBeOnboarded";
		d->health = "Inactive";
		break;
	case 1:
		d->onboarding = "InsufficientInfo";
		d->health = "Unknown";
		d->name = NULL;
		d->os_platform = h % 8 == 1 ? NULL : "Unknown";
		d->version = NULL;
		break;
	case 2:
		d->onboarding = "Unsupported";
		d->health = "Unknown";
		d->os_platform = h % 8 == 2 ? "ChromeOS" : "Windows7";
		d->version = "Other";
		d->processor = NULL;
		d->arch = "32-bit";
		d->first_seen = "0001-01-01T00:00:00Z";
		d->first_us = 0;
		break;
	default:
		d->onboarding = "CanBeOnboarded";
		d->health = "Inactive";
		d->name = est_intern(e, "DRUCKER %u B\xc3\xbcro", d->n);
		d->os_platform = "Linux";
		break;
	}
}

static void make_merged(struct sim_estate *e, struct est_device *d)
{
	for (uint32_t i = d->n; i-- > 0;) {
		const struct est_device *o = &e->devices[i];

		if (o->platform != d->platform || !o->name || o->merged_into)
			continue;
		d->name = o->name;
		d->merged_into = est_intern(e, "%s", o->id);
		d->health = "Inactive";
		d->maybe_double = true;
		return;
	}
}

void est_device_make(struct sim_estate *e, struct est_device *d)
{
	uint64_t h = est_mix(d->h, 20);
	const struct kind *k = kinds;
	int64_t age;

	make_id(d);
	while (k->upto <= h % 1000)
		k++;
	d->platform = k->platform;
	d->os_platform = k->os_platform;
	d->version = k->version;
	d->build = k->build;
	d->entra_os = k->entra_os;
	d->processor = h % 41 ? "x64" : "arm64";
	d->arch = "64-bit";
	age = e->day ? (int64_t)(h / 1024 % 20) * 3600000000ll
		     : (20 + (int64_t)(h / 1024 % 900)) * EST_DAY_US;
	d->first_us = sim_estate_now_us(e) - age - (int64_t)(h % 999983);
	d->first_seen = est_time_text(e, d->first_us, (unsigned)(h / 4096 % 7));
	d->name = d->platform & (EST_IOS | EST_ANDROID) ? phone_name(e, d)
							: computer_name(e, d);
	make_state(e, d);
	make_addresses(e, d);
	make_entra(e, d);
	if (h / 8192 % 100 < 8)
		make_stranger(e, d, h / (8192 * 100));
	else if (h / 8192 % 100 < 10)
		make_merged(e, d);
	else if (d->n % 97 == 45 && (d->platform & (EST_WIN_PC | EST_SERVER)))
		share_name(e, d);
	est_times(e, d);
}
