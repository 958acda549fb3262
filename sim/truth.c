/* SPDX-License-Identifier: Apache-2.0
 *
 * The truth's memory and the order of a sync: devices, software, CVEs.
 */
#include <stdio.h>
#include <stdlib.h>

#include "sim/truth_iot.h"
#include "sim/truth_private.h"

const char *truth_text(struct sim_truth *t, struct mst_slice s)
{
	char *kept = mst_map_get(&t->texts, s);

	if (kept)
		return kept;
	s = mst_arena_dup(&t->arena, s);
	kept = (char *)(uintptr_t)s.p;
	mst_map_put(&t->texts, s, kept);
	return kept;
}

const char *truth_cut(struct sim_truth *t, const char *s, size_t max)
{
	struct mst_slice v;

	if (!s)
		return NULL;
	v = mst_slice_trim(mst_slice_str(s));
	if (v.n > max) {
		v.n = max;
		while (v.n && ((unsigned char)v.p[v.n] & 0xc0) == 0x80)
			v.n--;
	}
	return v.n ? truth_text(t, v) : NULL;
}

const char *truth_lower(struct sim_truth *t, struct mst_slice s)
{
	char text[4096];

	s.n = MST_MIN(s.n, sizeof(text));
	for (size_t i = 0; i < s.n; i++)
		text[i] = (char)(s.p[i] >= 'A' && s.p[i] <= 'Z' ? s.p[i] + 32
								: s.p[i]);
	return truth_text(t, mst_slice(text, s.n));
}

void *truth_find(const struct truth_list *l, const char *key)
{
	return mst_map_get(&l->by_key, mst_slice_str(key));
}

void truth_add(struct truth_list *l, const char *key, void *record)
{
	if (l->n == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 64;
		l->v = mst_realloc(l->v, l->cap * sizeof(*l->v));
	}
	l->v[l->n++] = record;
	mst_map_put(&l->by_key, mst_slice_str(key), record);
}

void truth_set(const char **field, const char *value)
{
	if (value && *value)
		*field = value;
}

void sim_truth_fold_company(struct mst_slice name, char out[256])
{
	static const char *const tails[] = {
	    "incorporated", "inc",  "corporation", "corp", "ltd",
	    "limited",	    "gmbh", "llc",	   "ag",   "co"};
	size_t n = 0;
	bool again = true;

	for (size_t i = 0; i < name.n && n < 255; i++) {
		unsigned char c = (unsigned char)name.p[i];

		if (c >= 'A' && c <= 'Z')
			c = (unsigned char)(c + 32);
		if (c > 127 || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
			out[n++] = (char)c;
	}
	while (again) {
		again = false;
		for (size_t i = 0; i < MST_LEN(tails) && !again; i++) {
			size_t m = strlen(tails[i]);

			if (n > m && !memcmp(out + n - m, tails[i], m)) {
				n -= m;
				again = true;
			}
		}
	}
	out[n] = '\0';
}

void truth_company(struct sim_truth *t, const char *name)
{
	struct truth_company *c;
	char folded[256];

	sim_truth_fold_company(mst_slice_str(name), folded);
	if (truth_find(&t->companies, folded))
		return;
	c = mst_arena_alloc(&t->arena, sizeof(*c));
	c->folded = truth_text(t, mst_slice_str(folded));
	c->name = name;
	truth_add(&t->companies, c->folded, c);
}

struct truth_machine *truth_winner(struct sim_truth *t, const char *id)
{
	struct truth_machine *m =
	    truth_find(&t->machines, truth_lower(t, mst_slice_str(id)));

	return m && m->seen == t->sync ? m : NULL;
}

struct sim_truth *sim_truth_new(void)
{
	struct sim_truth *t = mst_alloc(sizeof(*t));

	mst_arena_init(&t->arena, (size_t)8 << 30);
	t->conf = (struct truth_conf){.connection = "defender",
				      .prefix = "",
				      .discovery = "muster",
				      .enrich = true,
				      .hardware = true,
				      .handhelds = true};
	truth_apps_defaults(&t->apps_conf);
	t->iot = truth_iot_new();
	for (size_t i = 0; i < sim_cve_facts_n; i++)
		mst_map_put(&t->facts, mst_slice_str(sim_cve_facts[i].id),
			    (void *)(uintptr_t)&sim_cve_facts[i]);
	return t;
}

void sim_truth_free(struct sim_truth **tp)
{
	struct sim_truth *t = *tp;
	struct truth_list *lists[11];

	if (!t)
		return;
	lists[0] = &t->companies;
	lists[1] = &t->models;
	lists[2] = &t->cis;
	lists[3] = &t->packages;
	lists[4] = &t->cves;
	lists[5] = &t->instances;
	lists[6] = &t->installs;
	lists[7] = &t->machines;
	lists[8] = &t->apps;
	lists[9] = &t->app_ids;
	lists[10] = &t->uses;
	for (size_t i = 0; i < MST_LEN(lists); i++) {
		free(lists[i]->v);
		mst_map_fini(&lists[i]->by_key);
	}
	mst_map_fini(&t->ci_by_name);
	mst_map_fini(&t->ci_by_serial);
	mst_map_fini(&t->app_by_name);
	mst_map_fini(&t->texts);
	mst_map_fini(&t->facts);
	truth_iot_free(&t->iot);
	mst_arena_fini(&t->arena);
	free(t);
	*tp = NULL;
}

static int parse(struct mst_slice json, struct mst_json_parser **p_r,
		 struct mst_json *root_r, struct mst_err *err)
{
	*p_r = mst_json_parser_new(64u << 20);
	return mst_json_parse(*p_r, json, root_r, err);
}

static void take_text(struct sim_truth *t, struct mst_json root,
		      const char *key, const char **v)
{
	struct mst_slice s = mst_json_str(mst_json_get(root, key));

	if (s.p)
		*v = truth_text(t, s);
}

int sim_truth_configure(struct sim_truth *t, struct mst_slice json,
			struct mst_err *err)
{
	struct mst_json_parser *p;
	struct mst_json root;
	int ret = parse(json, &p, &root, err);

	if (ret == 0) {
		take_text(t, root, "connection", &t->conf.connection);
		take_text(t, root, "correlation_prefix", &t->conf.prefix);
		take_text(t, root, "discovery_source", &t->conf.discovery);
		mst_json_bool(mst_json_get(root, "enrich"), &t->conf.enrich);
		mst_json_bool(mst_json_get(root, "hardware"),
			      &t->conf.hardware);
		mst_json_bool(mst_json_get(root, "handhelds"),
			      &t->conf.handhelds);
		mst_json_dbl(mst_json_get(root, "min_cvss"), &t->conf.min_cvss);
		truth_apps_configure(t, mst_json_get(root, "cloudapps"));
		truth_iot_configure(t->iot, mst_json_get(root, "iot"));
	}
	mst_json_parser_free(&p);
	return ret;
}

void sim_truth_synced(struct sim_truth *t, const struct sim_estate *e)
{
	t->sync++;
	truth_devices(t, e);
	truth_software(t, e);
	truth_vulnerabilities(t, e);
}

void sim_truth_iot_synced(struct sim_truth *t, struct sim_iot *iot,
			  bool (*has_class)(void *ctx, const char *table),
			  void *ctx)
{
	truth_iot_synced(t->iot, iot, has_class, ctx);
}

static struct truth_ci *ci_by_correlation(struct sim_truth *t,
					  struct mst_slice id)
{
	for (size_t i = 0; i < t->cis.n; i++) {
		struct truth_ci *ci = t->cis.v[i];

		if (mst_slice_is(id, ci->correlation))
			return ci;
	}
	return NULL;
}

static void user_edit(struct sim_truth *t, struct mst_json v)
{
	struct mst_slice id = mst_json_str(mst_json_get(v, "correlation_id"));
	struct mst_slice field = mst_json_str(mst_json_get(v, "field"));
	struct mst_slice value = mst_json_str(mst_json_get(v, "value"));
	struct truth_ci *ci = id.n ? ci_by_correlation(t, id) : NULL;
	unsigned i = 0;

	if (!ci || !field.n)
		return;
	while (i < ci->edits_n && !mst_slice_is(field, ci->edits[i].column))
		i++;
	if (i == MST_LEN(ci->edits))
		return;
	ci->edits[i].column = truth_text(t, field);
	ci->edits[i].value = truth_text(t, value);
	ci->edits_n = MST_MAX(ci->edits_n, i + 1);
}

int sim_truth_users(struct sim_truth *t, struct mst_slice json,
		    struct mst_err *err)
{
	struct mst_json_parser *p;
	struct mst_json root, v;
	struct mst_json_iter it;
	int ret = parse(json, &p, &root, err);

	if (ret < 0) {
		mst_json_parser_free(&p);
		return ret;
	}
	it = mst_json_iter(mst_json_get(root, "instances"));
	while (mst_json_next(&it, NULL, &v)) {
		struct truth_instance *in =
		    mst_map_get(&t->instances.by_key, mst_json_str(v));

		if (in)
			in->status = "resolved_pending";
		truth_iot_pending(t->iot, mst_json_str(v));
	}
	it = mst_json_iter(mst_json_get(root, "cis"));
	while (mst_json_next(&it, NULL, &v))
		user_edit(t, v);
	mst_json_parser_free(&p);
	return 0;
}
