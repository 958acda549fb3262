/* SPDX-License-Identifier: Apache-2.0
 *
 * Devices given by hand through the control API, for tests: exactly what the
 * caller says, nothing random. A product of theirs has one version and CVEs
 * that are always open.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "sim/estate.h"

static const char *text(struct sim_estate *e, struct mst_json o,
			const char *key, const char *def)
{
	struct mst_json v = mst_json_get(o, key);
	struct mst_slice s = mst_json_str(v);

	if (s.p)
		return est_intern(e, "%.*s", MST_SLICE_ARG(s));
	return def;
}

static bool flag(struct mst_json o, const char *key)
{
	bool b;

	return mst_json_bool(mst_json_get(o, key), &b) && b;
}

static struct sim_cve_fact *make_fact(struct sim_estate *e, struct mst_json v)
{
	struct sim_cve_fact *f = mst_arena_alloc(&e->arena, sizeof(*f));
	struct mst_slice id = mst_json_str(v);
	int64_t exploit = 0;

	if (id.p) {
		for (size_t i = 0; i < sim_cve_facts_n; i++)
			if (mst_slice_is(id, sim_cve_facts[i].id))
				*f = sim_cve_facts[i];
		f->id = est_intern(e, "%.*s", MST_SLICE_ARG(id));
	} else {
		f->id = text(e, v, "id", "");
		f->severity = text(e, v, "severity", NULL);
		mst_json_dbl(mst_json_get(v, "cvss"), &f->cvss);
		mst_json_i64(mst_json_get(v, "exploit"), &exploit);
		f->exploit = (int)exploit;
		f->vector = text(e, v, "vector", NULL);
		f->published = text(e, v, "published", NULL);
	}
	if (!f->severity)
		f->severity = "High";
	if (!f->published)
		f->published = "2026-01-15";
	if (!f->vector)
		f->vector = "";
	if (!f->title)
		f->title = "A weakness";
	f->vendor = f->product = "";
	return f;
}

static void add_software(struct sim_estate *e, struct est_device *d,
			 struct mst_json v)
{
	struct est_product *p = est_product_add(e);
	struct mst_json cves = mst_json_get(v, "cves"), cve;
	struct mst_json_iter it = mst_json_iter(cves);
	bool b;

	p->vendor = text(e, v, "vendor", "");
	p->name = text(e, v, "name", "");
	p->file = text(e, v, "file", NULL);
	p->cpe = !mst_json_bool(mst_json_get(v, "cpe"), &b) || b;
	p->versions = mst_alloc(sizeof(*p->versions));
	p->versions[p->versions_n++] = text(e, v, "version", "");
	p->facts = mst_alloc((mst_json_len(cves) + 1) * sizeof(*p->facts));
	while (mst_json_next(&it, NULL, &cve)) {
		struct est_fact *f = &p->facts[p->facts_n++];

		*f = (struct est_fact){.f = make_fact(e, cve),
				       .fixed_at = UINT16_MAX,
				       .no_score = flag(cve, "no_score")};
		est_fact_texts(e, f);
	}
	d->sw = mst_realloc(d->sw, (d->sw_n + 1) * sizeof(*d->sw));
	d->sw_cap = d->sw_n + 1;
	d->sw[d->sw_n] =
	    (struct est_install){.product = (uint32_t)(e->products_n - 1)};
	est_install_version(e, &d->sw[d->sw_n], 0, 0);
	d->sw_n++;
}

static void take_tags(struct sim_estate *e, struct est_device *d,
		      struct mst_json list)
{
	struct mst_json_iter it = mst_json_iter(list);
	struct mst_json tag;
	size_t n = 0;

	memset(d->tags, 0, sizeof(d->tags));
	while (n < MST_LEN(d->tags) && mst_json_next(&it, NULL, &tag))
		d->tags[n++] =
		    est_intern(e, "%.*s", MST_SLICE_ARG(mst_json_str(tag)));
}

static void take_fields(struct sim_estate *e, struct est_device *d,
			struct mst_json v)
{
	int64_t n;

	d->name = text(e, v, "name", NULL);
	d->os_platform = text(e, v, "os_platform", "Windows11");
	d->platform = EST_WIN_PC;
	d->version = text(e, v, "version", "24H2");
	if (mst_json_i64(mst_json_get(v, "build"), &n))
		d->build = n;
	d->arch = text(e, v, "arch", "64-bit");
	d->processor = "x64";
	d->health = text(e, v, "health", "Active");
	d->onboarding = text(e, v, "onboarding", "Onboarded");
	d->first_seen = text(e, v, "first_seen", "2026-01-02T03:04:05Z");
	d->last_seen = text(e, v, "last_seen", "2026-11-09T03:04:05Z");
	if (!mst_time_parse(mst_slice_str(d->first_seen), &d->first_us) ||
	    d->first_us == MST_TIME_NONE)
		d->first_us = 0;
	d->last_ip = text(e, v, "ip", NULL);
	d->aad_id = text(e, v, "aad_id", NULL);
	d->manufacturer = text(e, v, "manufacturer", NULL);
	d->model = text(e, v, "model", NULL);
	d->in_entra = d->aad_id && d->manufacturer;
	d->entra_os = "Windows";
	d->entra_os_version = text(e, v, "entra_version", d->version);
	d->serial = text(e, v, "serial", NULL);
	d->hw_manufacturer = text(e, v, "hw_manufacturer", NULL);
	d->hw_model = text(e, v, "hw_model", NULL);
	d->in_hardware = d->serial || d->hw_manufacturer;
	d->merged_into = text(e, v, "merged_into", NULL);
	d->excluded = flag(v, "excluded") ? "Duplicate" : NULL;
	d->listed = !flag(v, "unlisted");
	d->rbac_name = text(e, v, "group", NULL);
	d->risk = text(e, v, "risk", NULL);
	d->exposure = text(e, v, "exposure", NULL);
	take_tags(e, d, mst_json_get(v, "tags"));
	if (!mst_time_parse(mst_slice_str(text(e, v, "rows_seen", "")),
			    &d->rows_us) ||
	    d->rows_us == MST_TIME_NONE)
		d->rows_us = 0;
	d->ips_n = 0;
	if (text(e, v, "mac", NULL))
		d->ips[d->ips_n++] = (struct est_ip){
		    d->last_ip, text(e, v, "mac", NULL), "Ethernet", "Up"};
}

static int add_device(struct sim_estate *e, struct mst_json v,
		      struct mst_err *err)
{
	struct mst_slice id = mst_json_str(mst_json_get(v, "id"));
	struct mst_json_iter it = mst_json_iter(mst_json_get(v, "software"));
	struct mst_json sw;
	struct est_device *d;
	char text_id[41];

	if (!id.n || id.n > 40)
		return mst_err_set(err, MST_E_INVALID,
				   "a device needs an \"id\" of 1 to 40 "
				   "characters");
	snprintf(text_id, sizeof(text_id), "%.*s", MST_SLICE_ARG(id));
	d = sim_estate_find(e, text_id);
	if (!d)
		d = est_device_add(e);
	else
		d->gone = false;
	memcpy(d->id, text_id, sizeof(text_id));
	d->hand = true;
	take_fields(e, d, v);
	d->sw_n = 0;
	while (mst_json_next(&it, NULL, &sw))
		add_software(e, d, sw);
	return 0;
}

static int each(struct sim_estate *e, struct mst_slice json, const char *member,
		int (*fn)(struct sim_estate *e, struct mst_json v,
			  struct mst_err *err),
		struct mst_err *err)
{
	struct mst_json_parser *p = mst_json_parser_new(64u << 20);
	struct mst_json root, v;
	int ret = mst_json_parse(p, json, &root, err);

	if (ret == 0) {
		struct mst_json_iter it =
		    mst_json_iter(mst_json_get(root, member));

		while (ret == 0 && mst_json_next(&it, NULL, &v))
			ret = fn(e, v, err);
		e->generation++;
	}
	mst_json_parser_free(&p);
	return ret;
}

int sim_estate_hand(struct sim_estate *e, struct mst_slice json,
		    struct mst_err *err)
{
	return each(e, json, "devices", add_device, err);
}

static int remove_device(struct sim_estate *e, struct mst_json v,
			 struct mst_err *err)
{
	char id[128];
	struct est_device *d;

	snprintf(id, sizeof(id), "%.*s", MST_SLICE_ARG(mst_json_str(v)));
	d = sim_estate_find(e, id);
	if (!d)
		return mst_err_set(err, MST_E_NOTFOUND,
				   "no device \"%s\" in the estate", id);
	d->gone = true;
	return 0;
}

int sim_estate_remove(struct sim_estate *e, struct mst_slice json,
		      struct mst_err *err)
{
	return each(e, json, "ids", remove_device, err);
}
