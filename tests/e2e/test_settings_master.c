/* SPDX-License-Identifier: Apache-2.0
 *
 * The settings of a ServiceNow connection from end to end, each in its default
 * and overridden: makers, models, software, and two sources in one instance.
 */
#include "tests/e2e/sn_story.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct rig estate; /* the second source */

/* ---- makers and models --------------------------------------------------- */

#define MADE	"manufacturer.name=Acme"
#define UNMADE	"manufacturerISEMPTY"
#define MODEL	"^model_id.name=Roadrunner"
#define NOMODEL "^model_idISEMPTY"

static void makers(void **state MST_UNUSED)
{
	static const struct {
		const char *settings, *pc;
		size_t companies, models;
	} cases[] = {
	    {"", MADE MODEL, 1, 1},
	    {"    manufacturers: no\n", UNMADE MODEL, 1, 1},
	    {"    models: no\n", MADE NOMODEL, 1, 0},
	    {"    manufacturers: no\n    models: no\n", UNMADE NOMODEL, 0, 0},
	    {"    create_companies: no\n", UNMADE NOMODEL, 0, 0},
	    {"    create_models: no\n", MADE NOMODEL, 1, 0},
	    {"    normalization: 0123456789abcdef0123456789abcdef\n",
	     UNMADE NOMODEL, 0, 0},
	};

	for (size_t i = 0; i < MST_LEN(cases); i++) {
		struct step steps[] = {
		    {D("a1", "PC-1", MAKER("Acme", "Roadrunner")),
		     .dest = cases[i].settings,
		     .looks = {{PC, cases[i].pc, 1},
			       {CO, "name=Acme", cases[i].companies},
			       {HW, "name=Roadrunner", cases[i].models}}},
		};

		STORY(steps);
	}
}

static void acme(void)
{
	story_insert(CO, "\"name\":\"Acme\"", "");
}

/* ServiceNow finds the company by the name that it was handed. */
static void normalization(void **state MST_UNUSED)
{
	static const struct step steps[] = {
	    {D("a1", "PC-1", MAKER("Acme", "Roadrunner")), .people = acme,
	     .dest = "    normalization: 0123456789abcdef0123456789abcdef\n",
	     .looks = {{PC, MADE MODEL, 1}, {CO, "name=Acme", 1}}},
	};

	STORY(steps);
}

static void model_table(void **state MST_UNUSED)
{
	static const struct step steps[] = {
	    {D("a1", "PC-1", MAKER("Acme", "Roadrunner")),
	     .dest = "    model_table: cmdb_model\n",
	     .looks = {{PC, MADE MODEL, 1},
		       {"cmdb_model", "name=Roadrunner", 1},
		       {HW, "name=Roadrunner", 0}}},
	};

	STORY(steps);
}

/* Only the Table API clears; IRE never does by default. */
static void empty_manufacturer(void **state MST_UNUSED)
{
	static const struct step steps[] = {
	    {D("a1", "PC-1", MAKER("Acme", "Roadrunner")),
	     .looks = {{PC, MADE, 1}}},
	    {D("a1", "PC-1", ""), .looks = {{PC, MADE, 1}}},
	    {.dest = "    empty_manufacturer: clear\n",
	     .looks = {{PC, UNMADE, 1}}},
	};

	story_run(steps, MST_LEN(steps), "    write_mode: table\n");
	story_run(steps, MST_LEN(steps) - 1, "    write_mode: ire\n");
}

static void software_makers(void **state MST_UNUSED)
{
	static const struct step on[] = {
	    {D("a1", "PC-1", SOFT("tool", "1.2")),
	     .looks = {{PKG, "vendor.name=Vendor", 1}}}};
	static const struct step off[] = {
	    {D("a1", "PC-1", SOFT("tool", "1.2")),
	     .dest = "    software_manufacturers: no\n",
	     .looks = {{PKG, "vendorISEMPTY", 2}, {CO, "name=Vendor", 0}}}};

	STORY(on);
	STORY(off);
}

static void spares(void)
{
	story_insert(CO, "\"name\":\"Spare of muster\"", MST_SIM_USER);
	story_insert(CO, "\"name\":\"Spare of people\"", "");
	story_insert(HW, "\"name\":\"Spare model\"", MST_SIM_USER);
}

static void spare_master_data(void **state MST_UNUSED)
{
	static const struct step steps[] = {
	    {D("a1", "PC-1", MAKER("Acme", "Roadrunner")), .people = spares,
	     .looks = {{CO, "nameSTARTSWITHSpare", 2},
		       {HW, "nameSTARTSWITHSpare", 1}}},
	    {D("a2", "PC-2", ""), .dest = "    delete_companies: yes\n",
	     .looks = {{CO, "name=Spare of muster", 0},
		       {CO, "name=Spare of people", 1},
		       {CO, "name=Acme", 1},
		       {HW, "nameSTARTSWITHSpare", 1}}},
	    {D("a3", "PC-3", ""), .dest = "    delete_models: yes\n",
	     .looks = {{HW, "nameSTARTSWITHSpare", 0},
		       {HW, "name=Roadrunner", 1}}},
	};

	STORY(steps);
}

/* ---- software ------------------------------------------------------------ */

static void package_retirement(void **state MST_UNUSED)
{
	static const struct step on[] = {
	    {D("a1", "PC-1", SOFT("tool", "1")) "," D("a2", "PC-2", "")},
	    {D("a1", "PC-1", SOFT("tool", "2")),
	     .looks = {{PKG, "version=1" RETIRED, 1}, {INST, "", 2}}}};
	static const struct step off[] = {
	    {D("a1", "PC-1", SOFT("tool", "1"))},
	    {D("a1", "PC-1", SOFT("tool", "2")),
	     .dest = "    retire_packages: no\n",
	     .looks = {{PKG, "version=1" ACTIVE, 1}, {INST, "", 2}}}};

	STORY(on);
	STORY(off);
}

static void software_models(void **state MST_UNUSED)
{
	static const struct {
		const char *settings, *query;
	} cases[] = {
	    {"    software_models: ignore\n", "name=tool^versionISEMPTY"},
	    {"    software_models: major\n", "name=tool^version=1"},
	    {"    software_models: major_minor\n", "name=tool^version=1.2"},
	    {"    software_models: major_minor_revision\n",
	     "name=tool^version=1.2.3"},
	    {"    software_models: all\n", "name=tool^version=1.2.3.4"},
	};

	for (size_t i = 0; i < MST_LEN(cases); i++) {
		struct step steps[] = {
		    {D("a1", "PC-1", SOFT("tool", "1.2.3.4")),
		     .looks = {{SW, "", 0}, {PKG, "model_idISEMPTY", 2}}},
		    {.dest = cases[i].settings,
		     .looks = {{SW, cases[i].query, 1},
			       {SW, "manufacturer.name=Vendor", 1},
			       {PKG, "model_id.name=tool", 1}}},
		};

		if (i == 0)
			STORY(steps);
		else
			story_run(steps, MST_LEN(steps), "");
	}
}

/* Rows leave the table that they were delivered to. */
static void software_table(void **state MST_UNUSED)
{
	static const struct step steps[] = {
	    {D("a1", "PC-1", SOFT("tool", "1")) "," D("a2", "PC-2",
						      SOFT("other", "1")),
	     .looks = {{INST, "", 3},
		       {SAM, "", 0},
		       {PKG, "install_status=1", 3}}},
	    {D("a2", "PC-2", ""), .source = "    software_table: " SAM "\n",
	     .looks = {{INST, "", 0},
		       {SAM, "", 2},
		       {PKG, "install_status=7", 3}}},
	    {.looks = {{INST, "", 2},
		       {SAM, "", 0},
		       {PKG, "install_status=1", 2}}},
	};

	STORY(steps);
}

/* ---- two sources --------------------------------------------------------- */

static void add_source(void)
{
	char *yaml = mst_asprintf(
	    "connections:\n"
	    "  - name: second\n"
	    "    type: endpoint\n"
	    "    tenant_id: %s\n"
	    "    client_id: %s\n"
	    "    client_secret: env:MUSTER_SIM_SECRET\n"
	    "    api_url: %s\n"
	    "    login_url: %s\n"
	    "    graph_url: %s\n"
	    "jobs:\n"
	    "  - name: other\n"
	    "    source: second\n"
	    "    destination: cmdb\n"
	    "    allow_second_software_source: true\n"
	    "    source_limits: no\n",
	    MST_SIM_TENANT, MST_SIM_CLIENT, RIG_HOST(&estate, MST_SIM_API),
	    RIG_HOST(&estate, MST_SIM_LOGIN), RIG_HOST(&estate, MST_SIM_GRAPH));

	rig_apply_text(&rig, yaml);
	free(yaml);
}

static void other_job(void)
{
	rig_muster(&rig, "run", "other", "--json");
	rig_status(&rig, 0);
}

static void tell_other(const char *devices)
{
	rig_control(&estate, "POST", "/_sim/devices", "{\"devices\":[%s]}",
		    devices);
}

/* A package stays as long as any source shows it, and no longer. */
static void shared_packages(void **state MST_UNUSED)
{
	static const struct step first = {
	    D("z9", "phone", PHONE) "," D("a1", "PC-1", SOFT("tool", "1")),
	    .looks = {{PKG, "name=tool" ACTIVE, 1}}};
	static const struct step both = {
	    D("a1", "PC-1", ""), .looks = {{PKG, "name=tool" ACTIVE, 1},
					   {INST, "software.name=tool", 1}}};

	rig_control(&estate, "POST", "/_sim/reset", "{}");
	rig_fresh(&rig);
	story_take(&first, 0, "");
	add_source();
	tell_other(
	    D("y9", "phone", PHONE) "," D("b1", "NB-1", SOFT("tool", "1")));
	other_job();
	assert_int_equal(rig_count(&rig, INST, "software.name=tool"), 2);
	assert_int_equal(rig_count(&rig, PKG, "name=tool"), 1);
	story_take(&both, 1, "");
	tell_other(D("b1", "NB-1", ""));
	other_job();
	assert_int_equal(rig_count(&rig, INST, "software.name=tool"), 0);
	assert_int_equal(rig_count(&rig, PKG, "name=tool" RETIRED), 1);
}

static int set_up(void **state)
{
	static const struct mst_sim_conf none = {.empty = true};

	rig_start(&estate, &none);
	return story_set_up(state);
}

static int tear_down(void **state)
{
	rig_stop(&estate);
	return story_tear_down(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(makers),
	    cmocka_unit_test(normalization),
	    cmocka_unit_test(model_table),
	    cmocka_unit_test(empty_manufacturer),
	    cmocka_unit_test(software_makers),
	    cmocka_unit_test(spare_master_data),
	    cmocka_unit_test(package_retirement),
	    cmocka_unit_test(software_models),
	    cmocka_unit_test(software_table),
	    cmocka_unit_test(shared_packages),
	};

	return cmocka_run_group_tests_name("settings_master", tests, set_up,
					   tear_down);
}
