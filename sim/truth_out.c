/* SPDX-License-Identifier: Apache-2.0
 *
 * The expected records as columns and texts, for the comparison and as NDJSON.
 */
#include <stdio.h>

#include "sim/truth_private.h"
#include "json/out.h"

const struct truth_table truth_tables[TRUTH__SETS] = {
    [TRUTH_COMPANY] = {"core_company", {"name"}},
    [TRUTH_MODEL] = {"cmdb_hardware_product_model", {"name", "manufacturer"}},
    [TRUTH_CI] = {"cmdb_ci_computer", {"sys_class_name", "name"}},
    [TRUTH_PACKAGE] = {"cmdb_ci_spkg", {"key"}},
    [TRUTH_CVE] = {"u_muster_cve", {"u_cve_id"}},
    [TRUTH_INSTANCE] = {"u_muster_cve_instance", {"u_key"}},
    [TRUTH_INSTALL] = {"cmdb_software_instance", {"installed_on", "software"}},
    [TRUTH_APP] = {"cmdb_ci_business_app", {"name"}},
    [TRUTH_USE] = {"cmdb_rel_person", {"ci", "user", "type.name"}},
};

static const struct truth_list *list_of(const struct sim_truth *t,
					enum truth_set set)
{
	switch (set) {
	case TRUTH_COMPANY:
		return &t->companies;
	case TRUTH_MODEL:
		return &t->models;
	case TRUTH_CI:
		return &t->cis;
	case TRUTH_PACKAGE:
		return &t->packages;
	case TRUTH_CVE:
		return &t->cves;
	case TRUTH_INSTANCE:
		return &t->instances;
	case TRUTH_APP:
		return &t->apps;
	case TRUTH_USE:
		return &t->uses;
	case TRUTH_INSTALL:
	case TRUTH__SETS:
		break;
	}
	return &t->installs;
}

size_t sim_truth_count(const struct sim_truth *t, enum truth_set set)
{
	return list_of(t, set)->n;
}

static struct truth_field *add(struct truth_rec *r, const char *column,
			       enum truth_how how, const char *text)
{
	struct truth_field *f = &r->f[r->n++];

	*f = (struct truth_field){.column = column, .how = how, .text = text};
	return f;
}

/* The text, or empty when there is none. */
static void is(struct truth_rec *r, const char *column, const char *text)
{
	if (text && *text)
		add(r, column, TRUTH_IS, text);
	else
		add(r, column, TRUTH_ABSENT, NULL);
}

static void number(struct truth_rec *r, const char *column, const char *text)
{
	if (text)
		add(r, column, TRUTH_BETWEEN, text)->text2 = text;
	else
		add(r, column, TRUTH_ABSENT, NULL);
}

static void ref(struct truth_rec *r, const char *column, enum truth_set set,
		const char *key)
{
	if (key)
		add(r, column, TRUTH_REF, key)->ref = set;
	else
		add(r, column, TRUTH_ABSENT, NULL);
}

static const char *ci_key(struct sim_truth *t, const struct truth_ci *ci)
{
	char key[600];

	snprintf(key, sizeof(key), "%s\x1f%s", ci->table, ci->name);
	return truth_lower(t, mst_slice_str(key));
}

static const char *company_key(struct sim_truth *t, const char *name)
{
	char folded[256];

	if (!name)
		return NULL;
	sim_truth_fold_company(mst_slice_str(name), folded);
	return truth_text(t, mst_slice_str(folded));
}

static const char *model_key(struct sim_truth *t, const char *name,
			     const char *manufacturer)
{
	char key[600];

	if (!name || !manufacturer)
		return NULL;
	snprintf(key, sizeof(key), "%s\x1f%s", name,
		 company_key(t, manufacturer));
	return truth_text(t, mst_slice_str(key));
}

static void get_ci(struct sim_truth *t, const struct truth_ci *ci,
		   struct truth_rec *r)
{
	static const char *const status[4] = {
	    "hardware_status", "hardware_substatus", "install_status",
	    "operational_status"};

	bool phone = !strcmp(ci->table, "cmdb_ci_handheld_computing");

	r->table = ci->table;
	snprintf(r->key, sizeof(r->key), "%s", ci_key(t, ci));
	is(r, "name", ci->name);
	is(r, "fqdn", ci->fqdn);
	is(r, "dns_domain", ci->domain);
	is(r, "os", ci->os);
	is(r, "os_version", ci->os_version);
	if (!phone) /* the class has no such column */
		is(r, "os_address_width", ci->width);
	is(r, "ip_address", ci->ip);
	is(r, "mac_address", ci->mac);
	if (ci->is_virtual && !phone)
		add(r, "virtual", TRUTH_IS, "true");
	ref(r, "manufacturer", TRUTH_COMPANY, company_key(t, ci->manufacturer));
	ref(r, "model_id", TRUTH_MODEL,
	    model_key(t, ci->model, ci->manufacturer));
	is(r, "serial_number", ci->serial);
	if (ci->first)
		is(r, "first_discovered", ci->first);
	add(r, "last_discovered", TRUTH_PRESENT, NULL);
	is(r, "correlation_id", ci->correlation);
	is(r, "discovery_source", t->conf.discovery);
	/* never set: whatever a new record has */
	for (int i = 0; i < 4; i++)
		if (ci->status[i])
			is(r, status[i], ci->status[i]);
	for (unsigned i = 0; i < ci->edits_n; i++)
		is(r, ci->edits[i].column, ci->edits[i].value);
}

static void get_package(struct sim_truth *t, const struct truth_package *p,
			struct truth_rec *r)
{
	const char *key = truth_cut(t, p->key, 255);
	bool live = p->seen == t->sync;

	snprintf(r->key, sizeof(r->key), "%s", key);
	is(r, "name", p->name);
	is(r, "version", p->version);
	ref(r, "vendor", TRUTH_COMPANY, company_key(t, p->vendor));
	is(r, "key", key);
	is(r, "discovery_source", t->conf.discovery);
	is(r, "install_status", live ? "1" : "7");
	is(r, "operational_status", live ? "1" : "6");
}

static void get_install(struct sim_truth *t, const struct truth_install *in,
			struct truth_rec *r)
{
	const char *ci = ci_key(t, t->cis.v[in->ci]);
	const char *key = truth_cut(t, in->package->key, 255);

	snprintf(r->key, sizeof(r->key), "%s\x1e%s", ci, key);
	r->gone = in->seen != t->sync;
	is(r, "name", in->name);
	ref(r, "installed_on", TRUTH_CI, ci);
	ref(r, "software", TRUTH_PACKAGE, key);
}

static void get_cve(struct sim_truth *t, const struct truth_cve *c,
		    struct truth_rec *r)
{
	const struct sim_cve_fact *f = c->fact;
	char text[64];

	snprintf(r->key, sizeof(r->key), "%s", c->id);
	is(r, "u_cve_id", c->id);
	is(r, "u_name", c->name);
	is(r, "u_severity", c->severity);
	number(r, "u_cvss_score", c->score);
	is(r, "u_tags", NULL);
	if (!f) {
		is(r, "u_description", NULL);
		return;
	}
	/* of several sources that show it the first one made it */
	add(r, "u_source", TRUTH_EITHER, "Microsoft Defender")->text2 =
	    "Microsoft Defender for IoT";
	add(r, "u_first_seen", TRUTH_PRESENT, NULL);
	add(r, "u_last_seen", TRUTH_PRESENT, NULL);
	is(r, "u_description", truth_cut(t, f->title, 4000));
	is(r, "u_cvss_vector", truth_cut(t, f->vector, 255));
	snprintf(text, sizeof(text), "%.5f", f->epss);
	number(r, "u_epss", truth_text(t, mst_slice_str(text)));
	is(r, "u_public_exploit", f->exploit >= 1 ? "true" : "false");
	is(r, "u_exploit_verified", f->exploit >= 2 ? "true" : "false");
	is(r, "u_exploit_in_kit", f->exploit >= 3 ? "true" : "false");
	is(r, "u_exploit_types", f->exploit ? "Local\nRemote" : NULL);
	is(r, "u_exploit_uris",
	   f->exploit ? "https://exploits.example.org/1" : NULL);
	snprintf(text, sizeof(text), "%.10s 00:00:00", f->published);
	is(r, "u_published", truth_text(t, mst_slice_str(text)));
	is(r, "u_updated", truth_text(t, mst_slice_str(text)));
	add(r, "u_exposed_machines", TRUTH_PRESENT, NULL);
	is(r, "u_supportability", "supported");
}

static void get_instance(struct sim_truth *t, const struct truth_instance *in,
			 struct truth_rec *r)
{
	char count[16];

	memcpy(r->key, in->key, sizeof(in->key));
	is(r, "u_key", r->key);
	ref(r, "u_cmdb_ci", TRUTH_CI, ci_key(t, t->cis.v[in->ci]));
	ref(r, "u_cve", TRUTH_CVE, in->cve->id);
	ref(r, "u_software_package", TRUTH_PACKAGE,
	    in->package ? truth_cut(t, in->package->key, 255) : NULL);
	is(r, "u_software_name", in->name);
	is(r, "u_software_vendor", in->vendor);
	is(r, "u_software_version", in->version);
	is(r, "u_status", in->status);
	is(r, "u_severity", in->severity);
	number(r, "u_cvss_score", in->score);
	is(r, "u_exploitability", in->exploit);
	is(r, "u_first_seen", in->first);
	add(r, "u_last_seen", TRUTH_BETWEEN, in->last_low)->text2 =
	    in->last_high;
	is(r, "u_recommended_update", in->update);
	is(r, "u_recommended_update_id", in->update_id);
	is(r, "u_recommended_update_url", in->url);
	is(r, "u_registry_paths", in->reg);
	if (in->disk_other)
		add(r, "u_disk_paths", TRUTH_EITHER, in->disk)->text2 =
		    in->disk_other;
	else
		is(r, "u_disk_paths", in->disk);
	is(r, "u_source_connection", t->conf.connection);
	if (in->resolved)
		add(r, "u_resolved_at", TRUTH_PRESENT, NULL);
	else
		is(r, "u_resolved_at", NULL);
	snprintf(count, sizeof(count), "%u", in->reopened);
	number(r, "u_reopened_count", truth_text(t, mst_slice_str(count)));
}

static void get_app(struct sim_truth *t, const struct truth_app *a,
		    struct truth_rec *r)
{
	snprintf(r->key, sizeof(r->key), "%s", a->slot);
	is(r, "name", a->name);
	ref(r, "vendor", TRUTH_COMPANY, company_key(t, a->vendor));
	is(r, "category", a->category);
	is(r, "url", a->url);
	number(r, "active_user_count", a->count);
	is(r, "platform", a->platform);
	is(r, "short_description", a->description);
	is(r, "attributes", a->attributes);
	add(r, "last_discovered", TRUTH_PRESENT, NULL);
	is(r, "correlation_id", a->correlation);
	is(r, "discovery_source", t->conf.discovery);
	is(r, "install_status", a->retired ? "7" : "1");
	is(r, "operational_status", a->retired ? "6" : "1");
}

static void get_use(struct sim_truth *t, const struct truth_use *u,
		    struct truth_rec *r)
{
	const struct truth_app *a = t->apps.v[u->app];

	snprintf(r->key, sizeof(r->key), "%s\x1e%s\x1e%s", a->slot, u->user,
		 u->type);
	r->gone = !u->live;
	ref(r, "ci", TRUTH_APP, a->slot);
	is(r, "user", u->user);
	is(r, "type.name", u->type);
}

void sim_truth_get(struct sim_truth *t, enum truth_set set, size_t i,
		   struct truth_rec *r)
{
	const void *v = list_of(t, set)->v[i];
	const struct truth_company *company = v;
	const struct truth_model *model = v;

	r->table = truth_tables[set].table;
	r->gone = false;
	r->n = 0;
	switch (set) {
	case TRUTH_COMPANY:
		snprintf(r->key, sizeof(r->key), "%s", company->folded);
		break;
	case TRUTH_MODEL:
		snprintf(r->key, sizeof(r->key), "%s",
			 model_key(t, model->name, model->manufacturer));
		is(r, "name", model->name);
		break;
	case TRUTH_CI:
		get_ci(t, v, r);
		break;
	case TRUTH_PACKAGE:
		get_package(t, v, r);
		break;
	case TRUTH_CVE:
		get_cve(t, v, r);
		break;
	case TRUTH_INSTANCE:
		get_instance(t, v, r);
		break;
	case TRUTH_APP:
		get_app(t, v, r);
		break;
	case TRUTH_USE:
		get_use(t, v, r);
		break;
	case TRUTH_INSTALL:
	case TRUTH__SETS:
		get_install(t, v, r);
		break;
	}
}

/* ---- NDJSON -------------------------------------------------------------- */

static const char *const set_names[TRUTH__SETS] = {
    "company",	"model",   "ci",  "package", "cve",
    "instance", "install", "app", "use"};

/* "class\x1fname" as an object of its columns. */
static void write_key(const struct truth_rec *r, enum truth_set set,
		      struct mst_jout *j)
{
	const struct truth_table *tab = &truth_tables[set];
	const char *p = r->key;

	mst_jout_key(j, "key");
	mst_jout_obj(j);
	for (int i = 0; i < 3 && tab->key[i] && p; i++) {
		const char *end = strchr(
		    p,
		    set == TRUTH_INSTALL || set == TRUTH_USE ? '\x1e' : '\x1f');
		size_t n =
		    end && tab->key[i + 1] ? (size_t)(end - p) : strlen(p);

		mst_jout_kslice(j, tab->key[i], mst_slice(p, n));
		p = end ? end + 1 : NULL;
	}
	mst_jout_end_obj(j);
}

static void write_field(const struct truth_field *f, struct mst_jout *j)
{
	switch (f->how) {
	case TRUTH_IS:
		mst_jout_kstr(j, f->column, f->text);
		break;
	case TRUTH_BETWEEN:
	case TRUTH_EITHER:
		mst_jout_key(j, f->column);
		mst_jout_obj(j);
		mst_jout_key(j, f->how == TRUTH_EITHER ? "either" : "between");
		mst_jout_arr(j);
		mst_jout_str(j, f->text);
		mst_jout_str(j, f->text2);
		mst_jout_end_arr(j);
		mst_jout_end_obj(j);
		break;
	case TRUTH_REF:
		mst_jout_key(j, f->column);
		mst_jout_obj(j);
		mst_jout_kstr(j, set_names[f->ref], f->text);
		mst_jout_end_obj(j);
		break;
	case TRUTH_PRESENT:
	case TRUTH_ABSENT:
		break;
	}
}

static void write_names(const struct truth_rec *r, enum truth_how how,
			const char *key, struct mst_jout *j)
{
	mst_jout_key(j, key);
	mst_jout_arr(j);
	for (unsigned i = 0; i < r->n; i++)
		if (r->f[i].how == how)
			mst_jout_str(j, r->f[i].column);
	mst_jout_end_arr(j);
}

static void write_rec(const struct truth_rec *r, enum truth_set set,
		      struct mst_buf *out)
{
	struct mst_jout j;

	mst_jout_init(&j, out);
	mst_jout_obj(&j);
	mst_jout_kstr(&j, "table", r->table);
	write_key(r, set, &j);
	if (r->gone) {
		mst_jout_kbool(&j, "gone", true);
	} else {
		mst_jout_key(&j, "fields");
		mst_jout_obj(&j);
		for (unsigned i = 0; i < r->n; i++)
			write_field(&r->f[i], &j);
		mst_jout_end_obj(&j);
		write_names(r, TRUTH_PRESENT, "present", &j);
		write_names(r, TRUTH_ABSENT, "absent", &j);
	}
	mst_jout_end_obj(&j);
	mst_buf_addc(out, '\n');
}

bool sim_truth_write(struct sim_truth *t, struct mst_buf *out)
{
	struct truth_rec r;

	for (int set = 0; set < TRUTH__SETS; set++)
		for (size_t i = 0; i < sim_truth_count(t, set); i++) {
			sim_truth_get(t, (enum truth_set)set, i, &r);
			write_rec(&r, (enum truth_set)set, out);
		}
	return !out->overflow;
}
