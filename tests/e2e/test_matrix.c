/* SPDX-License-Identifier: Apache-2.0
 *
 * Settings combined at random, by seed. An estate of some devices is delivered
 * for two days, once through IRE and once by the Table API: each run ends
 * well, a further one writes nothing, nobody sees drift, and both ways leave
 * the same records. Argument: the first seed of the mixtures.
 */
#include "tests/lib/sync_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIXTURES (t_all() ? 12 : 6)

static struct rig rig;
static uint64_t first_seed = 1;
static char *now; /* the mixture under way */

/* ---- what a mixture is made of ------------------------------------------- */

static const char *const source[] = {
    "    asset_types: [windows_pc, windows_server, linux_server]\n",
    "    platforms: [\"macOS*=other\"]\n    class_other: [cmdb_ci_computer]\n",
    "    class_windows_pc: [cmdb_ci_pc_hardware]\n",
    "    class_windows_server: [cmdb_ci_win_server, cmdb_ci_business_app]\n",
    "    name_form: fqdn\n",
    "    name_case: lower\n",
    "    status_by_onboarding: yes\n    status_can_be_onboarded: unchanged\n",
    "    retire_after_days: 3650\n",
    "    insert_inactive: no\n",
    "    filter_os_not: [\"Windows10\"]\n    filter_missing: keep\n",
    "    mac_unique_only: no\n",
    "    correlation_prefix: T1-\n",
    "    enrich: no\n",
    "    enrich_prefer: hardware\n",
    "    software_packages: no\n",
    "    software_table: cmdb_sam_sw_install\n",
    "    software_non_cpe: no\n",
    "    software_require: [vendor, version]\n",
    "    min_cvss: 7\n    below_threshold: keep\n",
    "    min_severity: high\n    no_score: drop\n",
    "    only_exploitable: yes\n",
    "    stale_after_days: 1\n",
    "    read_method: json\n",
};

static const char *const dest[] = {
    "    overwrite_correlation: yes\n",
    "    cross_class: no\n",
    "    ignore_shared_macs: no\n",
    "    shared_macs: [\"00:15:5d\"]\n",
    "    insert_only: [devices.os_version, software_packages.vendor]\n",
    "    status_updates: newer_than_discovery\n",
    "    status_keep: [\"6\", \"8\"]\n    status_keep_retire: no\n",
    "    manufacturers: no\n",
    "    empty_manufacturer: clear\n",
    "    software_manufacturers: no\n",
    "    create_companies: no\n",
    "    delete_companies: yes\n",
    "    models: no\n",
    "    model_table: cmdb_model\n",
    "    create_models: no\n",
    "    delete_models: yes\n",
    "    retire_packages: no\n",
    "    software_models: ignore\n",
    "    software_models: major_minor\n",
    "    software_models: all\n",
    "    workers: 1\n    batch_max: 7\n    ire_items: 3\n",
};

static const char *const maps[] = {
    "      devices.short_description:\n"
    "        insert: \"'made'\"\n"
    "        update: \"concat('seen ', lastSeen)\"\n",
    "      devices.os:\n"
    "        drop: true\n",
    "      devices.asset_tag:\n"
    "        value: upper(computerDnsName)\n"
    "        when: insert\n",
    "      software_packages.version:\n"
    "        value: concat('v', softwareVersion)\n",
    "      device_vulnerabilities.u_severity:\n"
    "        value: \"if(ge(cvssScore, 7), 'critical', 'low')\"\n",
};

static uint64_t next(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s;
}

/* Each line once at most; two lines of one key never. */
static char *pick(uint64_t *s, const char *const *lines, size_t n,
		  unsigned percent)
{
	struct mst_buf out = MST_BUF_INIT(1u << 16);

	(void)mst_buf_adds(&out, "");
	for (size_t i = 0; i < n; i++) {
		size_t key = strcspn(lines[i], ":") + 1;

		if (next(s) % 100 >= percent ||
		    (out.n && memmem(out.p, out.n, lines[i], key)))
			continue;
		(void)mst_buf_adds(&out, lines[i]);
	}
	(void)mst_buf_addc(&out, '\0');
	return mst_buf_steal(&out);
}

struct mixture {
	char *source, *dest, *maps;
};

static struct mixture mix(uint64_t seed)
{
	uint64_t s = seed * 0x9e3779b97f4a7c15u;

	for (unsigned i = 0; i < 8; i++)
		(void)next(&s);
	return (struct mixture){.source = pick(&s, source, MST_LEN(source), 30),
				.dest = pick(&s, dest, MST_LEN(dest), 30),
				.maps = pick(&s, maps, MST_LEN(maps), 30)};
}

static void mixture_free(struct mixture *m)
{
	free(m->source);
	free(m->dest);
	free(m->maps);
}

static void apply(const struct mixture *m, const char *mode)
{
	char *lines = mst_asprintf("%s%s", mode, m->dest);
	char *path = mst_asprintf("%s/maps.yaml", rig.dir), *yaml;

	rig_apply(&rig, m->source, lines, NULL);
	yaml = mst_asprintf("settings:\n"
			    "  - connection: defender\n"
			    "    environment: test\n"
			    "%s%s",
			    *m->maps ? "    mappings:\n" : "", m->maps);
	t_write(path, mst_slice_str(yaml));
	rig_muster(&rig, "apply", "-f", path, "--consent");
	rig_status(&rig, 0);
	free(yaml);
	free(path);
	free(lines);
}

/* ---- what the instance holds --------------------------------------------- */

static const struct {
	const char *table, *query, *fields;
} tables[] = {
    {"cmdb_ci_computer", "sys_created_by=" MST_SIM_USER,
     "sys_class_name,name,fqdn,dns_domain,os,os_version,ip_address,mac_address,"
     "virtual,manufacturer.name,model_id.name,serial_number,"
     "correlation_id,discovery_source,hardware_status,hardware_substatus,"
     "install_status,operational_status,short_description,asset_tag"},
    {"cmdb_ci_handheld_computing", "sys_created_by=" MST_SIM_USER,
     "name,os,correlation_id,install_status,operational_status,asset_tag"},
    {"cmdb_ci_spkg", "sys_created_by=" MST_SIM_USER,
     "key,name,version,vendor.name,install_status,model_id.name,"
     "model_id.version"},
    {"cmdb_software_instance", "",
     "installed_on.name,installed_on.correlation_id,name,software.key"},
    {"cmdb_sam_sw_install", "",
     "installed_on.name,display_name,publisher,version,prod_id"},
    {"u_muster_cve", "", "u_cve_id,u_severity,u_cvss_score"},
    {"u_muster_cve_instance", "",
     "u_key,u_cmdb_ci.correlation_id,u_cve.u_cve_id,u_software_package.key,"
     "u_status,u_severity,u_reopened_count"},
    {"core_company", "sys_created_by=" MST_SIM_USER, "name"},
    {"cmdb_model", "sys_created_by=" MST_SIM_USER,
     "sys_class_name,name,manufacturer.name,version"},
};

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *line_of(const char *table, struct mst_json row, bool classes)
{
	struct mst_buf out = MST_BUF_INIT(1u << 16);
	struct mst_json_iter it = mst_json_iter(row);
	struct mst_slice key;
	struct mst_json v;

	(void)mst_buf_adds(&out, table);
	while (mst_json_next(&it, &key, &v)) {
		if (!classes && mst_slice_is(key, "sys_class_name"))
			continue;
		(void)mst_buf_addc(&out, ' ');
		(void)mst_buf_add_slice(&out, key);
		(void)mst_buf_addc(&out, '=');
		(void)mst_buf_add_slice(&out, mst_json_str(v));
	}
	(void)mst_buf_addc(&out, '\n');
	(void)mst_buf_addc(&out, '\0');
	return mst_buf_steal(&out);
}

/* classes: IRE raises a CI that is there to a class below, the Table API leaves
 * it. */
static char *content(bool classes)
{
	struct mst_buf out = MST_BUF_INIT(1u << 26);

	for (size_t i = 0; i < MST_LEN(tables); i++) {
		struct mst_json rows =
				    rig_rows(&rig, tables[i].table,
					     tables[i].query, tables[i].fields),
				row;
		struct mst_json_iter it = mst_json_iter(rows);
		size_t n = 0, len = mst_json_len(rows);
		char **v = mst_alloc((len + 1) * sizeof(*v));

		while (mst_json_next(&it, NULL, &row))
			v[n++] = line_of(tables[i].table, row, classes);
		qsort(v, n, sizeof(*v), by_text);
		for (size_t k = 0; k < n; k++) {
			(void)mst_buf_adds(&out, v[k]);
			free(v[k]);
		}
		free(v);
	}
	(void)mst_buf_addc(&out, '\0');
	return mst_buf_steal(&out);
}

/* ---- runs ---------------------------------------------------------------- */

/* Sums up numbers of all record sets below `at` of the last output. */
static int64_t sum(const char *at, const char *const *names)
{
	struct mst_json_iter it = mst_json_iter(mst_json_get(rig.root, at));
	struct mst_json set;
	int64_t all = 0, n;

	while (mst_json_next(&it, NULL, &set)) {
		for (size_t i = 0; names[i]; i++) {
			if (mst_json_i64(mst_json_get(set, names[i]), &n))
				all += n;
		}
	}
	return all;
}

/* What the plan says is what the run does, and then nothing is left to do and
 * nobody has changed anything. */
static void run(void)
{
	static const char *const said[] = {"insert", "update", "missing",
					   "unchanged", NULL};
	static const char *const done[] = {"new",	"changed", "retired",
					   "deleted",	"closed",  "reopened",
					   "unchanged", NULL};
	int64_t plan, made;

	rig_muster(&rig, "plan", "main", "--json");
	if (rig.status != 0)
		rig_status(&rig, 7);
	(void)rig_json(&rig);
	plan = sum("counts", said);
	(void)rig_sync(&rig, 0);
	made = sum("record_sets", done);
	if (plan != made)
		fail_msg("%lld changes were planned, %lld were made",
			 (long long)plan, (long long)made);
	rig_quiet(&rig);
	rig_muster(&rig, "check", "main");
	rig_status(&rig, 0);
}

/* Two days; then under other settings, and back. */
static void days(const struct mixture *m, const struct mixture *other,
		 const char *mode, char *content_r[3])
{
	rig_fresh(&rig);
	apply(m, mode);
	run();
	content_r[0] = content(true);
	rig_control(&rig, "POST", "/_sim/day", "{\"day\":1}");
	run();
	content_r[1] = content(true);
	apply(other, mode);
	run();
	content_r[2] = content(false);
	apply(m, mode);
	run();
}

static void same(const char *when, const char *ire, const char *table)
{
	char *a, *b;

	if (!strcmp(ire, table))
		return;
	a = rig_lines_without(ire, table);
	b = rig_lines_without(table, ire);
	(void)fprintf(stderr, "%s, only by IRE:\n%sonly by the Table API:\n%s",
		      when, a, b);
	free(a);
	free(b);
	fail_msg("%s: the two ways to write differ", when);
}

static void one(uint64_t seed)
{
	static const char *const when[] = {"day 0", "day 1", "other settings"};
	struct mixture m = mix(seed), other = mix(seed + 1000000);
	char *ire[3], *table[3];

	free(now);
	now = mst_asprintf("seed %llu:\n%s%s%sand then:\n%s%s%s",
			   (unsigned long long)seed, m.source, m.dest, m.maps,
			   other.source, other.dest, other.maps);
	days(&m, &other, "    write_mode: ire\n", ire);
	days(&m, &other, "    write_mode: table\n", table);
	for (unsigned i = 0; i < MST_LEN(when); i++) {
		same(when[i], ire[i], table[i]);
		free(ire[i]);
		free(table[i]);
	}
	mixture_free(&m);
	mixture_free(&other);
}

static void mixtures(void **state MST_UNUSED)
{
	for (uint64_t i = 0; i < MIXTURES; i++)
		one(first_seed + i);
	free(now);
	now = NULL;
}

/* Of a mixture that failed. */
static int show(void **state MST_UNUSED)
{
	if (now)
		(void)fprintf(stderr, "%s", now);
	free(now);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct mst_sim_conf some = {.devices = 16,
						 .cve_rows = 200};
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(mixtures, show)};
	int rc;

	if (argc > 1)
		first_seed = strtoull(argv[1], NULL, 10);
	rig_start(&rig, &some);
	rc = cmocka_run_group_tests_name("matrix", tests, NULL, NULL);
	rig_stop(&rig);
	return rc;
}
