/* SPDX-License-Identifier: Apache-2.0
 *
 * The products of the estate. Those with CVEs come from the fact table: the
 * versions of a product are the fixed versions of its facts in order, with one
 * older in front, so that a version has exactly the CVEs that a later one
 * fixes. Windows counts builds by month. Products without CVEs, and those
 * without a CPE, are listed here.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "sim/estate.h"

struct hint {
	const char *part; /* of the product name, "^start" or "vendor/" */
	unsigned on, pct;
	bool os, copies;
	const char *file;
};

/* First hit counts. */
static const struct hint hints[] = {
    {"windows_server", EST_WIN_SRV, 100, true, false, NULL},
    {"windows_1", EST_WIN_PC, 100, true, false, NULL},
    {"macos", EST_MAC, 100, true, false, NULL},
    {"mac_os", EST_MAC, 100, true, false, NULL},
    {"ipados", EST_IOS, 100, true, false, NULL},
    {"^ios", EST_IOS, 100, true, false, NULL},
    {"iphone_os", EST_IOS, 100, true, false, NULL},
    {"^android", EST_ANDROID, 100, true, false, NULL},
    {"linux_kernel", EST_LINUX, 100, true, false, NULL},
    {"openssl", EST_DESK, 70, false, true, "libssl-3-x64.dll"},
    {"log4j", EST_DESK, 40, false, true, "log4j-core.jar"},
    {"curl", EST_DESK, 60, false, true, "curl.exe"},
    {"zlib", EST_DESK, 30, false, true, "zlib1.dll"},
    {"sqlite", EST_DESK, 30, false, true, "sqlite3.dll"},
    {"libwebp", EST_DESK, 30, false, true, "libwebp.dll"},
    {"spring", EST_SERVER, 30, false, true, "spring-core.jar"},
    {"jackson", EST_SERVER, 20, false, true, "jackson-databind.jar"},
    {"struts", EST_SERVER, 10, false, true, "struts2-core.jar"},
    {"tomcat", EST_SERVER, 20, false, true, "bin/tomcat9.exe"},
    {"^node", EST_DESK, 15, false, true, "node.exe"},
    {"^python", EST_DESK, 25, false, true, "python.exe"},
    {"^jre", EST_DESK, 20, false, true, "bin/java.exe"},
    {"^jdk", EST_DESK, 15, false, true, "bin/java.exe"},
    {"^java", EST_DESK, 15, false, true, "bin/java.exe"},
    {"chrome", EST_PC | EST_WIN_SRV, 80, false, false, "chrome.exe"},
    {"^edge", EST_WINDOWS, 95, false, false, "msedge.exe"},
    {"firefox", EST_DESK, 40, false, false, "firefox.exe"},
    {"thunderbird", EST_DESK, 10, false, false, "thunderbird.exe"},
    {"office", EST_PC, 80, false, false, "winword.exe"},
    {"365_apps", EST_PC, 80, false, false, "winword.exe"},
    {"outlook", EST_PC, 50, false, false, "outlook.exe"},
    {"^word", EST_PC, 30, false, false, "winword.exe"},
    {"^excel", EST_PC, 30, false, false, "excel.exe"},
    {"^teams", EST_PC, 60, false, false, "teams.exe"},
    {"acrobat", EST_PC, 70, false, false, "acrord32.exe"},
    {"exchange", EST_WIN_SRV, 10, false, false, "bin/exsetup.exe"},
    {"sharepoint", EST_WIN_SRV, 10, false, false, "bin/stsadm.exe"},
    {"sql_server", EST_WIN_SRV, 25, false, false, "binn/sqlservr.exe"},
    {"visual_studio", EST_PC, 20, false, true, "code.exe"},
    {".net", EST_WINDOWS, 60, false, true, "coreclr.dll"},
    {"^sudo", EST_LINUX | EST_MAC, 90, false, false, "sudo"},
    {"glibc", EST_LINUX, 95, false, false, "libc.so.6"},
    {"openssh", EST_LINUX | EST_MAC, 90, false, false, "sshd"},
    {"^xz", EST_LINUX, 60, false, false, "liblzma.so.5"},
    {"nginx", EST_LINUX, 30, false, false, "nginx"},
    {"http_server", EST_LINUX, 25, false, false, "httpd"},
    {"^safari", EST_MAC, 100, false, false, "safari"},
    {"7-zip", EST_WINDOWS, 60, false, false, "7z.dll"},
    {"winrar", EST_WIN_PC, 25, false, false, "winrar.exe"},
    {"^zoom", EST_PC | EST_IOS | EST_ANDROID, 50, false, false, "zoom.exe"},
    {"vmware_tools", EST_SERVER, 40, false, false, "vmtoolsd.exe"},
    {"microsoft/", EST_WINDOWS, 15, false, false, "setup.exe"},
    {"apple/", EST_MAC, 30, false, false, "contents"},
    {"google/", EST_PC, 30, false, false, "app.exe"},
    {"redhat/", EST_LINUX, 40, false, false, "lib.so"},
    {"red_hat/", EST_LINUX, 40, false, false, "lib.so"},
    {"canonical/", EST_LINUX, 40, false, false, "lib.so"},
    {"debian/", EST_LINUX, 40, false, false, "lib.so"},
    {"gnu/", EST_LINUX, 80, false, false, "lib.so"},
    {"apache/", EST_SERVER, 20, false, true, "lib.jar"},
    {"oracle/", EST_SERVER, 15, false, false, "bin/oracle.exe"},
    {"", EST_DESK, 8, false, false, "app.exe"},
};

struct plain {
	const char *vendor, *name, *versions[4];
	bool cpe;
	unsigned on, pct;
	const char *eos, *file;
};

static const struct plain plains[] = {
    {"microsoft",
     ".net_framework",
     {"4.0.0.0", "4.8.1.0"},
     true,
     EST_WINDOWS,
     95,
     NULL,
     "clr.dll"},
    {"microsoft",
     "system_center_2012_endpoint_protection",
     {"4.7.214.0", "4.10.209.0"},
     true,
     EST_WINDOWS,
     8,
     "EOS Software",
     "msmpeng.exe"},
    {"microsoft",
     "configuration_manager",
     {"5.0.9128.1000", "5.0.9132.1000"},
     true,
     EST_WINDOWS,
     70,
     NULL,
     "ccmexec.exe"},
    {"microsoft",
     "silverlight",
     {"5.1.50918.0"},
     true,
     EST_WIN_PC,
     6,
     "EOS Software",
     "slup.exe"},
    {"microsoft",
     "powershell",
     {"7.4.5.0", "7.4.6.0"},
     true,
     EST_WINDOWS,
     40,
     "Upcoming EOS Version",
     "pwsh.exe"},
    {"notepad-plus-plus",
     "notepad++",
     {"8.6.9", "8.7.1"},
     true,
     EST_WINDOWS,
     30,
     NULL,
     "notepad++.exe"},
    {"videolan",
     "vlc_media_player",
     {"3.0.20", "3.0.21"},
     true,
     EST_PC,
     20,
     NULL,
     "vlc.exe"},
    {"ubuntu",
     "thunderbird_for_linux",
     {"1:115.16.0+build2-0ubuntu0.22.04.1",
      "1:115.18.0+build1-0ubuntu0.22.04.1"},
     true,
     EST_LINUX,
     20,
     NULL,
     "thunderbird"},
    {"red_hat",
     "kernel_core",
     {"0:5.14.0-427.40.1.el9_4", "0:5.14.0-427.42.1.el9_4"},
     true,
     EST_LINUX,
     35,
     NULL,
     "vmlinuz"},
    {"debian",
     "bash_for_linux",
     {"5.2.15-2+b7", "5.2.15-2~deb12u1"},
     true,
     EST_LINUX,
     80,
     NULL,
     "bash"},
    /* without a CPE */
    {"intel",
     "intel\xc2\xae_software_installer",
     {"24.3.0.1", "24.4.0.2"},
     false,
     EST_WIN_PC,
     60,
     NULL,
     NULL},
    {"realtek",
     "realtek_audio_driver",
     {"6.0.9727.1", "6.0.9757.1"},
     false,
     EST_WIN_PC,
     55,
     NULL,
     NULL},
    {"dell",
     "dell_command_|_update",
     {"5.3.0", "5.4.0"},
     false,
     EST_WIN_PC,
     25,
     NULL,
     NULL},
    {"",
     "lohnb\xc3\xbcro_pr\303\274fprogramm",
     {"2026.1", ""},
     false,
     EST_WIN_PC,
     12,
     NULL,
     NULL},
    {"datev_eg",
     "datev_arbeitsplatz",
     {"v.19.1", "v.20.0"},
     false,
     EST_WIN_PC,
     15,
     NULL,
     NULL},
    {"contoso", "asset_agent", {"", "3.2"}, false, EST_DESK, 70, NULL, NULL},
    {"sap_se",
     "sap_gui_for_windows_8.00_(patch_3)",
     {"8.0.3.1"},
     false,
     EST_WIN_PC,
     20,
     NULL,
     NULL},
    {"\xe6\xa0\xaa\xe5\xbc\x8f\xe4\xbc\x9a\xe7\xa4\xbe",
     "\xe5\x8b\xa4\xe6\x80\xa0\xe7\xae\xa1\xe7\x90\x86",
     {"1.0.4"},
     false,
     EST_WIN_PC,
     4,
     NULL,
     NULL},
};

/* The digits at *s as a number; *s goes behind them. */
static uint64_t digits(const char **s)
{
	uint64_t n = 0;

	for (; isdigit((unsigned char)**s); (*s)++)
		n = n * 10 + (uint64_t)(**s - '0');
	return n;
}

/* Numbers by value, other runs by bytes. */
static int version_cmp(const char *a, const char *b)
{
	while (*a && *b) {
		if (isdigit((unsigned char)*a) && isdigit((unsigned char)*b)) {
			uint64_t va = digits(&a), vb = digits(&b);

			if (va != vb)
				return va < vb ? -1 : 1;
		} else {
			if (*a != *b)
				return (unsigned char)*a < (unsigned char)*b
					   ? -1
					   : 1;
			a++;
			b++;
		}
	}
	return *a ? 1 : *b ? -1 : 0;
}

static int by_fixed(const void *a, const void *b)
{
	const struct est_fact *x = a, *y = b;
	const char *fx = x->fixed, *fy = y->fixed;
	int c;

	/* without a fix: last */
	if (!fx || !*fx || !fy || !*fy)
		c = (!fx || !*fx) - (!fy || !*fy);
	else
		c = version_cmp(fx, fy);
	return c ? c : strcmp(x->f->id, y->f->id);
}

static int by_published(const void *a, const void *b)
{
	const struct est_fact *x = a, *y = b;
	int c = strncmp(x->f->published, y->f->published, 7);

	return c ? c : strcmp(x->f->id, y->f->id);
}

/* A version a little older than the first fixed one. */
static const char *older(struct sim_estate *e, const char *v)
{
	char text[128];
	size_t n = strlen(v), end, at;
	const char *from;
	long long num;

	if (n >= sizeof(text) - 24)
		return est_intern(e, "0.9");
	for (end = n; end > 0; end = at) {
		while (end > 0 && !isdigit((unsigned char)v[end - 1]))
			end--;
		for (at = end; at > 0 && isdigit((unsigned char)v[at - 1]);)
			at--;
		if (at == end || end - at > 15)
			break;
		from = v + at;
		num = (long long)digits(&from);
		if (num > 0) {
			snprintf(text, sizeof(text), "%.*s%lld%s", (int)at, v,
				 num - 1 - (num > 40 ? num / 20 : 0), v + end);
			return est_intern(e, "%s", text);
		}
	}
	return est_intern(e, "0.%s", v);
}

/* Versions from the facts' own fixed versions. */
static void make_ladder(struct sim_estate *e, struct est_product *p)
{
	const char *last = NULL;

	qsort(p->facts, p->facts_n, sizeof(*p->facts), by_fixed);
	p->versions = mst_alloc((p->facts_n + 2) * sizeof(*p->versions));
	for (unsigned i = 0; i < p->facts_n; i++) {
		const char *fixed = p->facts[i].fixed;

		if (!fixed || !*fixed) {
			/* no fix yet: open on everything */
			p->facts[i].fixed_at = UINT16_MAX;
			continue;
		}
		if (!p->versions_n)
			p->versions[p->versions_n++] = older(e, fixed);
		if (!last || strcmp(last, fixed) != 0)
			p->versions[p->versions_n++] =
			    est_intern(e, "%s", fixed);
		last = fixed;
		p->facts[i].fixed_at = (uint16_t)(p->versions_n - 1);
	}
	if (!p->versions_n)
		p->versions[p->versions_n++] = "1.0";
}

/* Windows: one build a month, counted up. */
static void make_months(struct sim_estate *e, struct est_product *p,
			const char *prefix)
{
	const char *month = "";
	unsigned rev = 320;

	qsort(p->facts, p->facts_n, sizeof(*p->facts), by_published);
	p->versions = mst_alloc((p->facts_n + 2) * sizeof(*p->versions));
	p->versions[p->versions_n++] = est_intern(e, "%s.%u", prefix, rev);
	for (unsigned i = 0; i < p->facts_n; i++) {
		const char *m = p->facts[i].f->published;

		if (strncmp(m, month, 7) != 0) {
			rev += 113 + (unsigned)(est_mix(rev, i) % 90);
			p->versions[p->versions_n++] =
			    est_intern(e, "%s.%u", prefix, rev);
			month = m;
		}
		p->facts[i].fixed_at = (uint16_t)(p->versions_n - 1);
	}
}

void est_fact_texts(struct sim_estate *e, struct est_fact *f)
{
	static const char *const months[] = {"January", "February", "March",
					     "April",	"May",	    "June",
					     "July",	"August",   "September",
					     "October", "November", "December"};
	const char *p = f->f->published;
	int64_t us;
	unsigned month, kb;

	f->published_us = EST_DAY0_US - 400 * EST_DAY_US;
	if (mst_time_parse(mst_slice_str(p), &us) && us != MST_TIME_NONE)
		f->published_us = us;
	if (strcmp(f->f->vendor, "microsoft") != 0 || strlen(p) < 10)
		return;
	month = ((unsigned)(p[5] - '0') * 10 + (unsigned)(p[6] - '0') - 1) % 12;
	kb = 5030000 + (unsigned)(mst_hash64(p, 7, 9) % 39999);
	f->update = est_intern(e, "%s %.4s Security Updates", months[month], p);
	f->update_id = est_intern(e, "%u", kb);
	f->url = est_intern(e,
			    "https://catalog.update.microsoft.com/v7/site/"
			    "Search.aspx?q=KB%u",
			    kb);
}

/* When facts become known, are patched in place, and come back. */
static void make_days(struct sim_estate *e, struct est_product *p)
{
	for (unsigned i = 0; i < p->facts_n; i++) {
		struct est_fact *f = &p->facts[i];
		uint64_t h =
		    mst_hash64(f->f->id, strlen(f->f->id), e->seed + 5);

		est_fact_texts(e, f);
		f->no_score = h % 151 == 0;
		if (p->versions_n > 2 && f->fixed_at == p->versions_n - 1) {
			f->reveal_day = h % 4 ? 1 : (uint16_t)(2 + h / 8 % 5);
			continue;
		}
		if (h % 16 == 0)
			f->patch_day = 1;
		else if (h % 24 == 1)
			f->patch_day = (uint16_t)(2 + h / 64 % 12);
		if (f->patch_day && h / 256 % 2)
			f->back_day = f->patch_day + 1;
	}
}

static const struct hint *hint_of(const char *vendor, const char *name)
{
	char full[256];

	snprintf(full, sizeof(full), "%s/%s", vendor, name);
	for (size_t i = 0; i < MST_LEN(hints); i++) {
		size_t n = strlen(hints[i].part);

		if (n && hints[i].part[n - 1] == '/') {
			if (!strncmp(full, hints[i].part, n))
				return &hints[i];
		} else if (hints[i].part[0] == '^'
			       ? !strncmp(name, hints[i].part + 1, n - 1)
			       : strstr(name, hints[i].part) != NULL) {
			return &hints[i];
		}
	}
	return &hints[MST_LEN(hints) - 1];
}

static bool is_windows(const char *vendor, const char *product)
{
	return !strcmp(vendor, "microsoft") &&
	       (!strncmp(product, "windows_1", 9) ||
		!strncmp(product, "windows_server", 14));
}

static void take_fact(struct est_product *p, const struct sim_cve_fact *f,
		      const char *fixed)
{
	for (unsigned k = 0; k < p->facts_n; k++)
		if (!strcmp(p->facts[k].f->id, f->id))
			return;
	p->facts[p->facts_n].f = f;
	p->facts[p->facts_n++].fixed = fixed;
}

static const struct sim_cve_fact *fact_of(const char *id)
{
	for (size_t i = 0; i < sim_cve_facts_n; i++)
		if (!strcmp(sim_cve_facts[i].id, id))
			return &sim_cve_facts[i];
	return NULL;
}

static void take_facts(struct est_product *p)
{
	p->facts = mst_alloc((sim_cve_facts_n + 1) * sizeof(*p->facts));
	for (size_t i = 0; i < sim_cve_facts_n; i++) {
		const struct sim_cve_fact *f = &sim_cve_facts[i];

		if (!strcmp(f->vendor, p->vendor) &&
		    !strcmp(f->product, p->name))
			take_fact(p, f, f->fixed);
	}
	for (size_t i = 0; i < sim_cve_also_n; i++) {
		const struct sim_cve_also *a = &sim_cve_also[i];
		const struct sim_cve_fact *f;

		if (strcmp(a->vendor, p->vendor) != 0 ||
		    strcmp(a->product, p->name) != 0)
			continue;
		f = fact_of(a->id);
		if (f)
			take_fact(p, f, a->fixed);
	}
}

/* A release of Windows of which the facts know little has what the others
 * have, by month. */
static void take_windows(struct est_product *p)
{
	p->facts_n = 0;
	for (size_t i = 0; i < sim_cve_facts_n; i++)
		if (is_windows(sim_cve_facts[i].vendor,
			       sim_cve_facts[i].product))
			take_fact(p, &sim_cve_facts[i], NULL);
}

static void add_windows(struct sim_estate *e)
{
	static const struct {
		const char *name, *prefix, *eos;
		unsigned on;
	} v[] = {
	    {"windows_10", "10.0.19045", "Upcoming EOS Version", EST_WIN_PC},
	    {"windows_11", "10.0.22631", NULL, EST_WIN_PC},
	    {"windows_server_2012_r2", "6.3.9600", "EOS Version", EST_WIN_SRV},
	    {"windows_server_2016", "10.0.14393", NULL, EST_WIN_SRV},
	    {"windows_server_2019", "10.0.17763", NULL, EST_WIN_SRV},
	    {"windows_server_2022", "10.0.20348", NULL, EST_WIN_SRV},
	    {"windows_server_2025", "10.0.26100", NULL, EST_WIN_SRV},
	};

	for (size_t i = 0; i < MST_LEN(v); i++) {
		struct est_product *p = est_product_add(e);

		p->vendor = "microsoft";
		p->name = v[i].name;
		p->os = true;
		p->on = v[i].on;
		p->pct = 100;
		p->eos = v[i].eos;
		take_facts(p);
		if (p->facts_n >= 12) {
			make_ladder(e, p);
		} else {
			take_windows(p);
			make_months(e, p, v[i].prefix);
		}
		make_days(e, p);
	}
}

static bool known(const struct sim_estate *e, const char *vendor,
		  const char *name)
{
	for (size_t i = 0; i < e->products_n; i++)
		if (!strcmp(e->products[i].vendor, vendor) &&
		    !strcmp(e->products[i].name, name))
			return true;
	return false;
}

static void add_one(struct sim_estate *e, const char *vendor, const char *name)
{
	const struct hint *h = hint_of(vendor, name);
	struct est_product *p;

	if (is_windows(vendor, name) || known(e, vendor, name))
		return;
	p = est_product_add(e);
	p->vendor = vendor;
	p->name = name;
	p->os = h->os;
	p->copies = h->copies;
	p->on = h->on;
	p->pct = h->pct;
	p->file = h->file;
	take_facts(p);
	make_ladder(e, p);
	make_days(e, p);
}

static void add_from_facts(struct sim_estate *e)
{
	for (size_t i = 0; i < sim_cve_facts_n; i++)
		add_one(e, sim_cve_facts[i].vendor, sim_cve_facts[i].product);
	for (size_t i = 0; i < sim_cve_also_n; i++)
		add_one(e, sim_cve_also[i].vendor, sim_cve_also[i].product);
}

static void add_plain(struct sim_estate *e)
{
	for (size_t i = 0; i < MST_LEN(plains); i++) {
		const struct plain *s = &plains[i];
		struct est_product *p;

		if (known(e, s->vendor, s->name))
			continue;
		p = est_product_add(e);
		p->vendor = s->vendor;
		p->name = s->name;
		p->cpe = s->cpe;
		p->on = s->on;
		p->pct = s->pct;
		p->eos = s->eos;
		p->file = s->file;
		p->versions = mst_alloc(4 * sizeof(*p->versions));
		while (p->versions_n < 4 && s->versions[p->versions_n]) {
			p->versions[p->versions_n] = s->versions[p->versions_n];
			p->versions_n++;
		}
	}
}

/* Linux distributions repackage: "ubuntu / openssl_for_linux / 1:3.0.2-…". */
static void add_linux(struct sim_estate *e)
{
	static const char *const made[][3] = {
	    {"ubuntu", "1:", "-0ubuntu1.10"},
	    {"red_hat", "0:", "-24.el9_4"},
	    {"debian", "", "+dfsg-1~deb12u1"},
	};
	size_t n = e->products_n;

	for (size_t i = 0; i < n; i++) {
		const char *const *m = made[i % MST_LEN(made)];
		struct est_product *p, *from = &e->products[i];

		if (from->os || !from->facts_n || !(from->on & EST_LINUX))
			continue;
		from->on &= ~EST_LINUX;
		p = est_product_add(e);
		from = &e->products[i];
		*p = *from;
		p->vendor = m[0];
		p->name = est_intern(e, "%s_for_linux", from->name);
		p->on = EST_LINUX;
		p->versions =
		    mst_alloc((from->versions_n + 1) * sizeof(*p->versions));
		p->facts = mst_alloc((from->facts_n + 1) * sizeof(*p->facts));
		memcpy(p->facts, from->facts,
		       from->facts_n * sizeof(*p->facts));
		for (unsigned k = 0; k < from->versions_n; k++)
			p->versions[k] = est_intern(e, "%s%s%s", m[1],
						    from->versions[k], m[2]);
	}
}

void est_products_make(struct sim_estate *e)
{
	add_windows(e);
	add_from_facts(e);
	add_linux(e);
	add_plain(e);
}

unsigned est_newest(const struct est_product *p, unsigned day)
{
	unsigned top = p->versions_n - 1;

	/* The newest version comes out on patch Tuesday. */
	return day == 0 && top > 1 ? top - 1 : top;
}
