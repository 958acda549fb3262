/* SPDX-License-Identifier: Apache-2.0
 *
 * CVE and software rows, derived each time they are asked for. What the rows
 * of one install share (paths) is made once per install.
 */
#include <stdio.h>

#include "sim/estate.h"

/* What a row is, before its texts are made. */
struct spec {
	const struct est_device *d;
	const struct est_install *in;
	const struct est_product *p;
	const struct est_fact *f; /* NULL: without a CVE */
	unsigned at;		  /* which fact */
	enum { PLAIN, REPEAT, OTHER_PATH, NO_CVE, WAS_FIXED } what;
};

struct walk {
	const struct sim_estate *e;
	uint64_t skip, given;
	bool (*fn)(void *ctx, const struct est_vuln *row);
	void *ctx;
	/* of the install at hand */
	const struct est_install *in;
	char paths[64][160];
	unsigned paths_n;
	struct est_vuln row;
};

static const char *const exploits[] = {"NoExploit", "ExploitIsPublic",
				       "ExploitIsVerified", "ExploitIsInKit"};

static void put2(char *p, int v)
{
	p[0] = (char)('0' + v / 10);
	p[1] = (char)('0' + v % 10);
}

/* "YYYY-MM-DD hh:mm:ss", by hand because it runs twice a row. */
static void stamp(int64_t us, char out[32])
{
	int64_t s = us / 1000000;
	int64_t days = s / 86400;
	int rest = (int)(s % 86400);
	/* civil from days, era of 400 years from 0000-03-01 */
	int64_t z = days + 719468;
	int64_t era = z / 146097;
	int doe = (int)(z - era * 146097);
	int yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int mp = (5 * doy + 2) / 153;
	int m = mp < 10 ? mp + 3 : mp - 9;
	int y = (int)(yoe + era * 400) + (m <= 2);

	put2(out, y / 100);
	put2(out + 2, y % 100);
	out[4] = out[7] = '-';
	put2(out + 5, m);
	put2(out + 8, doy - (153 * mp + 2) / 5 + 1);
	out[10] = ' ';
	put2(out + 11, rest / 3600);
	out[13] = out[16] = ':';
	put2(out + 14, rest / 60 % 60);
	put2(out + 17, rest % 60);
	out[19] = '\0';
}

static void add_path(struct walk *w, const struct spec *s, unsigned variant)
{
	char *out = w->paths[w->paths_n];
	const char *file = s->p->file ? s->p->file : "app.bin";
	size_t n = sizeof(w->paths[0]);

	if (s->d->platform & EST_WINDOWS)
		snprintf(out, n, "%c:\\program files\\%s\\%s\\%s-%u\\%s",
			 variant ? 'd' : 'c', s->p->vendor, s->p->name,
			 s->in->text, variant, file);
	else if (s->d->platform & EST_MAC)
		snprintf(out, n, "/Applications/%s-%u.app/Contents/%s",
			 s->p->name, variant, file);
	else
		snprintf(out, n, "/opt/%s/%u/lib/%s", s->p->name, variant,
			 file);
	w->paths_n++;
}

static void enter_install(struct walk *w, const struct spec *s)
{
	uint64_t h = est_mix(s->d->h, 7000 + s->in->product * 64 + s->in->sub);

	w->in = s->in;
	w->paths_n = 0;
	w->row.reg_n = 0;
	w->row.no_reg = false;
	if (s->p->os || s->d->platform & (EST_IOS | EST_ANDROID)) {
		if (s->d->platform & EST_WINDOWS)
			w->row.reg[w->row.reg_n++] =
			    "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\"
			    "Windows NT\\CurrentVersion";
		return;
	}
	/* now and then one that is too long for the column, in any order */
	if (h % 2999 == 0) {
		for (unsigned i = 60; i-- > 0;)
			add_path(w, s, 100 + i);
	} else {
		if (h % 5 == 0)
			add_path(w, s, 1 + s->in->sub % 90);
		add_path(w, s, 0);
	}
	if (s->d->platform & EST_WINDOWS && h % 3)
		w->row.reg[w->row.reg_n++] =
		    h % 2
			? "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows\\"
			  "CurrentVersion\\Uninstall\\{b1d2c3e4-0000}"
			: "HKEY_LOCAL_MACHINE\\SOFTWARE\\WOW6432Node\\"
			  "Microsoft\\Windows\\CurrentVersion\\Uninstall\\app";
	else
		w->row.no_reg = h % 2;
}

/* How often POST /_sim/estate hit this row. */
static unsigned evidence(const struct sim_estate *e, uint64_t h)
{
	unsigned n = 0;

	for (unsigned i = 0; i < e->changes_n; i++)
		n += est_mix(h, e->changes[i].salt) % 1000000 <
		     e->changes[i].share;
	return n;
}

static void fill_paths(struct walk *w, const struct spec *s, uint64_t h)
{
	struct est_vuln *row = &w->row;
	unsigned more = w->e->changes_n ? evidence(w->e, h) : 0;

	row->disk_n = 0;
	for (unsigned i = 0; i < w->paths_n; i++)
		row->disk[row->disk_n++] = w->paths[i];
	if (more && row->disk_n < MST_LEN(row->disk)) {
		static const char *const found[][2] = {
		    {"/var/cache/update/1", "c:\\windows\\temp\\found.001"},
		    {"/var/cache/update/2", "c:\\windows\\temp\\found.002"},
		    {"/var/cache/update/3", "c:\\windows\\temp\\found.003"},
		    {"/var/cache/update/4", "c:\\windows\\temp\\found.004"}};
		bool windows = s->d->platform & EST_WINDOWS;

		row->disk[row->disk_n++] =
		    found[(more - 1) % MST_LEN(found)][windows];
	}
	/* the same row found in another place: same length, other byte */
	if (s->what == OTHER_PATH && row->disk_n == 1) {
		char *p = w->paths[1];

		memcpy(p, w->paths[0], sizeof(w->paths[0]));
		p[s->d->platform & EST_WINDOWS ? 0 : 1] =
		    s->d->platform & EST_WINDOWS ? 'e' : 'p';
		row->disk[0] = p;
	}
}

static void fill_times(struct walk *w, const struct spec *s, uint64_t h)
{
	int64_t now = sim_estate_now_us(w->e);
	int64_t from = s->d->first_us;
	int64_t last = now - (int64_t)(est_mix(h, w->e->day) % 70000) * 1000000;
	int64_t first;

	if (s->d->rows_us)
		last = s->d->rows_us;
	if (s->f) {
		int64_t known = s->f->published_us;

		if (s->f->reveal_day)
			known =
			    EST_DAY0_US + (s->f->reveal_day - 1) * EST_DAY_US;
		from = MST_MAX(from, known);
	}
	first = from + (int64_t)(h / 7 % 400000) * 1000000;
	if (first > last)
		first = MST_MIN(from, last);
	stamp(first, w->row.first_seen);
	stamp(last, w->row.last_seen);
	if (h % 50 == 0)
		memcpy(w->row.last_seen + 19, ".1234567", 9);
	if (h % 53 == 0)
		memcpy(w->row.first_seen + 19, ".25", 4);
}

static void fill(struct walk *w, const struct spec *s)
{
	struct est_vuln *row = &w->row;
	uint64_t h = est_mix(s->d->h, (uint64_t)s->in->product << 40 ^
					  (uint64_t)s->in->version << 28 ^
					  (uint64_t)s->in->sub << 12 ^ s->at);
	const struct sim_cve_fact *f = s->f ? s->f->f : NULL;

	if (w->in != s->in)
		enter_install(w, s);
	row->dev = s->d;
	row->product = s->p;
	row->version = s->in->text;
	row->fact = f;
	row->fixed = s->what == WAS_FIXED;
	row->severity = f ? f->severity : NULL;
	row->exploit =
	    exploits[f && f->exploit >= 0 && f->exploit < 4 ? f->exploit : 0];
	row->has_score = f && !s->f->no_score;
	row->score = f ? f->cvss : 0;
	row->score_as_integer = h % 2;
	row->update = s->f ? s->f->update : NULL;
	row->update_id = s->f ? s->f->update_id : NULL;
	row->url = s->f ? s->f->url : NULL;
	fill_times(w, s, h);
	fill_paths(w, s, h);
}

/* False: stop. */
static bool give(struct walk *w, const struct spec *s)
{
	if (w->skip) {
		w->skip--;
		return true;
	}
	w->given++;
	if (!w->fn)
		return true;
	fill(w, s);
	return w->fn(w->ctx, &w->row);
}

static bool give_fact(struct walk *w, struct spec *s)
{
	uint64_t h =
	    est_mix(s->d->h ^ s->at, s->in->product * 131 + s->in->sub);

	s->what = PLAIN;
	if (!give(w, s))
		return false;
	if (h % 89 == 0) {
		s->what = REPEAT;
		return give(w, s);
	}
	if (h % 89 == 1 && !s->p->os) {
		s->what = OTHER_PATH;
		return give(w, s);
	}
	return true;
}

static bool walk_install(struct walk *w, struct spec *s)
{
	unsigned open = 0;

	for (s->at = 0; s->at < s->p->facts_n; s->at++) {
		s->f = &s->p->facts[s->at];
		if (est_open(w->e, s->d, s->in, s->f)) {
			open++;
			if (!give_fact(w, s))
				return false;
		} else if (s->f->patch_day && s->f->patch_day == w->e->day &&
			   s->in->version < s->f->fixed_at) {
			s->what = WAS_FIXED;
			if (!give(w, s))
				return false;
		}
	}
	if (open || (s->in->product + s->d->n) % 4)
		return true;
	s->f = NULL;
	s->what = NO_CVE;
	return give(w, s);
}

uint64_t sim_estate_vulns(const struct sim_estate *e,
			  const struct est_device *d, unsigned pass,
			  uint64_t skip,
			  bool (*fn)(void *ctx, const struct est_vuln *row),
			  void *ctx)
{
	struct walk w = {.e = e, .skip = skip, .fn = fn, .ctx = ctx};

	for (unsigned i = pass; i < d->sw_n && !d->gone; i += 2) {
		struct spec s = {.d = d, .in = &d->sw[i]};

		s.p = &e->products[s.in->product];
		if (s.p->cpe && !walk_install(&w, &s))
			break;
	}
	return w.given;
}

static void fill_soft(const struct sim_estate *e, const struct est_device *d,
		      const struct est_install *in, struct est_soft *row,
		      char path[160])
{
	const struct est_product *p = &e->products[in->product];
	uint64_t h = est_mix(d->h, 7000 + in->product * 64 + in->sub);
	int64_t now = sim_estate_now_us(e);

	row->dev = d;
	row->product = p;
	row->version = in->text;
	row->weaknesses = est_install_open(e, d, in);
	stamp(d->first_us + (int64_t)(h % 90000) * 1000000, row->first_seen);
	stamp(now - (int64_t)(h % 70000) * 1000000, row->last_seen);
	if (!p->cpe)
		snprintf(row->last_seen + 19, sizeof(row->last_seen) - 19,
			 ".%03u", (unsigned)(h % 1000));
	row->disk_n = row->reg_n = 0;
	if (p->file && p->cpe && !(d->platform & (EST_IOS | EST_ANDROID))) {
		snprintf(path, 160,
			 d->platform & EST_WINDOWS
			     ? "c:\\program files\\%s\\%s\\%s"
			     : "/opt/%s/%s/%s",
			 p->vendor, p->name, p->file);
		row->disk[row->disk_n++] = path;
	}
	if (d->platform & EST_WINDOWS && h % 2)
		row->reg[row->reg_n++] =
		    "SOFTWARE\\Microsoft\\NET Framework Setup\\NDP\\v4.0";
}

uint64_t sim_estate_softs(const struct sim_estate *e,
			  const struct est_device *d, enum est_kind kind,
			  unsigned pass, uint64_t skip,
			  bool (*fn)(void *ctx, const struct est_soft *row),
			  void *ctx)
{
	uint64_t given = 0;

	for (unsigned i = pass; i < d->sw_n && !d->gone; i += 2) {
		const struct est_install *in = &d->sw[i];
		unsigned times = 1;

		if (e->products[in->product].cpe != (kind == EST_SOFTWARE))
			continue;
		times += (d->n + in->product) % 113 == 0; /* repeated */
		for (; times; times--) {
			struct est_soft row;
			char path[160];

			if (skip) {
				skip--;
				continue;
			}
			given++;
			if (!fn)
				continue;
			fill_soft(e, d, in, &row, path);
			if (!fn(ctx, &row))
				return given;
		}
	}
	return given;
}

uint64_t sim_estate_count(const struct sim_estate *e,
			  const struct est_device *d, enum est_kind kind,
			  unsigned pass)
{
	switch (kind) {
	case EST_VULN:
		return sim_estate_vulns(e, d, pass, 0, NULL, NULL);
	case EST_SOFTWARE:
	case EST_NON_CPE:
		return sim_estate_softs(e, d, kind, pass, 0, NULL, NULL);
	case EST_HARDWARE:
		return pass == 0 && d->in_hardware && !d->gone;
	case EST__KINDS:
		break;
	}
	return 0;
}
