/* SPDX-License-Identifier: Apache-2.0
 *
 * Sections 4 to 7 of docs/internals/rules.md, written a second time: packages,
 * installations, CVE instances with their life cycle, CVE definitions.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/num.h"
#include "base/time.h"
#include "sim/truth_private.h"

/* ---- software ------------------------------------------------------------ */

struct pass {
	struct sim_truth *t;
	struct truth_machine *m;
};

static const char *package_key(struct sim_truth *t, const char *vendor,
			       const char *name, const char *version)
{
	struct mst_slice v = mst_slice_trim(mst_slice_str(vendor));
	struct mst_slice n = mst_slice_trim(mst_slice_str(name));
	struct mst_slice r = mst_slice_trim(mst_slice_str(version));
	char text[2048];
	int len =
	    snprintf(text, sizeof(text), "%.*s|%.*s|%.*s", MST_SLICE_ARG(v),
		     MST_SLICE_ARG(n), MST_SLICE_ARG(r));

	return truth_lower(
	    t, mst_slice(text, MST_MIN((size_t)len, sizeof(text) - 1)));
}

static struct truth_package *put_package(struct sim_truth *t,
					 const struct est_soft *row)
{
	const char *key = package_key(t, row->product->vendor,
				      row->product->name, row->version);
	struct truth_package *p = truth_find(&t->packages, key);

	if (!p) {
		p = mst_arena_alloc(&t->arena, sizeof(*p));
		p->key = key;
		truth_add(&t->packages, key, p);
	}
	p->seen = t->sync;
	truth_set(&p->name, truth_cut(t, row->product->name, 255));
	truth_set(&p->version, truth_cut(t, row->version, 255));
	truth_set(&p->vendor, truth_cut(t, row->product->vendor, 80));
	if (p->vendor)
		truth_company(t, p->vendor);
	return p;
}

static bool soft_row(void *ctx, const struct est_soft *row)
{
	struct pass *pass = ctx;
	struct sim_truth *t = pass->t;
	struct truth_package *p;
	struct truth_install *in;
	char key[2100], name[1024];

	if (!truth_cut(t, row->product->name, 255))
		return true;
	p = put_package(t, row);
	snprintf(key, sizeof(key), "%u|%s", pass->m->ci, p->key);
	in = truth_find(&t->installs, key);
	if (!in) {
		in = mst_arena_alloc(&t->arena, sizeof(*in));
		in->ci = pass->m->ci;
		in->package = p;
		truth_add(&t->installs, truth_text(t, mst_slice_str(key)), in);
	}
	in->seen = t->sync;
	snprintf(name, sizeof(name), "%s %s", row->product->name,
		 row->version ? row->version : "");
	in->name = truth_cut(t, name, 255);
	return true;
}

void truth_software(struct sim_truth *t, const struct sim_estate *e)
{
	for (size_t i = 0; i < e->devices_n; i++) {
		const struct est_device *d = &e->devices[i];
		struct pass pass = {t, truth_winner(t, d->id)};

		if (d->gone || !pass.m)
			continue;
		for (unsigned half = 0; half < 2; half++) {
			sim_estate_softs(e, d, EST_SOFTWARE, half, 0, soft_row,
					 &pass);
			sim_estate_softs(e, d, EST_NON_CPE, half, 0, soft_row,
					 &pass);
		}
	}
}

/* ---- CVE instances ------------------------------------------------------- */

static const char *severity_of(const char *s)
{
	static const char *const known[] = {"none", "low", "medium", "high",
					    "critical"};

	for (size_t i = 0; s && i < MST_LEN(known); i++)
		if (mst_slice_iis(mst_slice_str(s), known[i]))
			return known[i];
	return NULL;
}

static const char *exploit_of(const char *s)
{
	static const char *const map[][2] = {{"NoExploit", "no_exploit"},
					     {"ExploitIsPublic", "public"},
					     {"ExploitIsVerified", "verified"},
					     {"ExploitIsInKit", "in_kit"}};

	for (size_t i = 0; s && i < MST_LEN(map); i++)
		if (!strcmp(s, map[i][0]))
			return map[i][1];
	return NULL;
}

static const char *score_text(struct sim_truth *t, double score)
{
	char text[32];

	mst_num_fixed1(score, text);
	return truth_text(t, mst_slice_str(text));
}

static const char *time_text(struct sim_truth *t, const char *s)
{
	char text[20];
	int64_t us;

	if (!s || !mst_time_parse(mst_slice_str(s), &us) || us == MST_TIME_NONE)
		return NULL;
	mst_time_sn(us, text);
	return truth_text(t, mst_slice_str(text));
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorted by bytes, one a line, cut at 4000. */
static const char *lines(struct sim_truth *t, const char *const *v, unsigned n)
{
	const char *sorted[64];
	char text[64 * 170];
	size_t at = 0;

	n = MST_MIN(n, MST_LEN(sorted));
	if (!n)
		return NULL;
	memcpy(sorted, v, n * sizeof(*v));
	qsort(sorted, n, sizeof(*sorted), by_bytes);
	for (unsigned i = 0; i < n; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s",
				       i ? "\n" : "", sorted[i]);
	return truth_cut(t, text, 4000);
}

static const char *lower(char *out, size_t n, const char *s)
{
	struct mst_slice v = mst_slice_trim(mst_slice_str(s));
	size_t i;

	for (i = 0; i < v.n && i + 1 < n; i++)
		out[i] = (char)(v.p[i] >= 'A' && v.p[i] <= 'Z' ? v.p[i] + 32
							       : v.p[i]);
	out[i] = '\0';
	return out;
}

static void instance_key(const struct sim_truth *t, const struct est_vuln *row,
			 char out[33])
{
	char device[128], vendor[2048], name[2048], version[2048], cve[64];
	char text[8192];
	size_t n = 0;

	for (; row->fact->id[n] && n + 1 < sizeof(cve); n++)
		cve[n] =
		    (char)(row->fact->id[n] >= 'a' && row->fact->id[n] <= 'z'
			       ? row->fact->id[n] - 32
			       : row->fact->id[n]);
	cve[n] = '\0';
	n = (size_t)snprintf(
	    text, sizeof(text), "%s\n%s\n%s\n%s\n%s\n%s", t->conf.connection,
	    lower(device, sizeof(device), row->dev->id),
	    lower(vendor, sizeof(vendor), row->product->vendor),
	    lower(name, sizeof(name), row->product->name),
	    lower(version, sizeof(version), row->version), cve);
	mst_hash_hex(mst_hash128(text, MST_MIN(n, sizeof(text) - 1), 0), out);
}

/* Some CVEs are only in the instances; see mde.c. */
static bool in_list(const struct sim_truth *t, const char *id)
{
	return mst_map_has(&t->facts, mst_slice_str(id)) &&
	       mst_hash64(id, strlen(id), 22) % 37 != 0;
}

static struct truth_cve *put_cve(struct sim_truth *t,
				 const struct est_vuln *row)
{
	struct truth_cve *c = truth_find(&t->cves, row->fact->id);
	const struct sim_cve_fact *f;

	if (c)
		return c;
	c = mst_arena_alloc(&t->arena, sizeof(*c));
	c->id = truth_text(t, mst_slice_str(row->fact->id));
	c->name = c->id;
	c->severity = severity_of(row->severity);
	c->score = row->has_score ? score_text(t, row->score) : NULL;
	if (in_list(t, c->id)) {
		f = mst_map_get(&t->facts, mst_slice_str(c->id));
		c->fact = f;
		c->severity = severity_of(f->severity);
		c->score = score_text(t, f->cvss);
	}
	truth_add(&t->cves, c->id, c);
	return c;
}

/* Columns that an update carries. True when one of them changed. */
static bool set_columns(struct sim_truth *t, struct truth_instance *in,
			const struct est_vuln *row)
{
	struct truth_instance was = *in;

	truth_set(&in->name, truth_cut(t, row->product->name, 255));
	truth_set(&in->vendor, truth_cut(t, row->product->vendor, 100));
	truth_set(&in->version, truth_cut(t, row->version, 100));
	truth_set(&in->severity, severity_of(row->severity));
	if (row->has_score)
		in->score = score_text(t, row->score);
	truth_set(&in->exploit, exploit_of(row->exploit));
	truth_set(&in->update, truth_cut(t, row->update, 255));
	truth_set(&in->update_id, truth_cut(t, row->update_id, 100));
	truth_set(&in->url, truth_cut(t, row->url, 1024));
	truth_set(&in->disk, lines(t, row->disk, row->disk_n));
	truth_set(&in->reg, lines(t, row->reg, row->reg_n));
	return was.severity != in->severity || was.score != in->score ||
	       was.exploit != in->exploit || was.update != in->update ||
	       was.disk != in->disk || was.reg != in->reg || was.url != in->url;
}

static struct truth_instance *new_instance(struct sim_truth *t,
					   struct truth_machine *m,
					   const struct est_vuln *row,
					   const char key[33])
{
	struct truth_instance *in = mst_arena_alloc(&t->arena, sizeof(*in));

	memcpy(in->key, key, sizeof(in->key));
	in->ci = m->ci;
	in->device = m->id;
	in->status = "unresolved";
	in->first = time_text(t, row->first_seen);
	in->last_low = time_text(t, row->last_seen);
	truth_add(&t->instances, in->key, in);
	return in;
}

static bool vuln_row(void *ctx, const struct est_vuln *row)
{
	struct pass *pass = ctx;
	struct sim_truth *t = pass->t;
	struct truth_instance *in;
	char key[33];

	if (!row->fact || !row->fact->id[0] || row->fixed)
		return true;
	if (row->has_score && row->score < t->conf.min_cvss)
		return true;
	instance_key(t, row, key);
	in = truth_find(&t->instances, key);
	if (in && in->seen == t->sync) {
		/* a double: one of the two counts */
		const char *disk = lines(t, row->disk, row->disk_n);

		if (disk && disk != in->disk)
			in->disk_other = disk;
		return true;
	}
	if (!in)
		in = new_instance(t, pass->m, row, key);
	in->disk_other = NULL;
	in->cve = put_cve(t, row);
	in->package = truth_find(&t->packages,
				 package_key(t, row->product->vendor,
					     row->product->name, row->version));
	if (set_columns(t, in, row))
		in->last_low = time_text(t, row->last_seen);
	in->last_high = time_text(t, row->last_seen);
	if (in->resolved) {
		in->status = "unresolved";
		in->resolved = false;
		in->reopened++;
		in->last_low = in->last_high;
	}
	in->seen = t->sync;
	return true;
}

void truth_vulnerabilities(struct sim_truth *t, const struct sim_estate *e)
{
	for (size_t i = 0; i < e->devices_n; i++) {
		const struct est_device *d = &e->devices[i];
		struct pass pass = {t, truth_winner(t, d->id)};

		if (d->gone || !pass.m)
			continue;
		for (unsigned half = 0; half < 2; half++)
			sim_estate_vulns(e, d, half, 0, vuln_row, &pass);
	}
	for (size_t i = 0; i < t->instances.n; i++) {
		struct truth_instance *in = t->instances.v[i];

		if (in->seen == t->sync || in->resolved)
			continue;
		in->status = "resolved_confirmed";
		in->resolved = true;
	}
}
