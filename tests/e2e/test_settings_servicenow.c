/* SPDX-License-Identifier: Apache-2.0
 *
 * The settings of a ServiceNow connection from end to end, each in its default
 * and overridden: stories of devices given by hand and of what people did to
 * the instance, and what it holds after each run. A further run writes
 * nothing. And both ways to write CIs, over days of a whole estate.
 */
#include "tests/lib/sync_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct rig rig, estate;

/* So many rows of a table. */
struct look {
	const char *table, *query;
	size_t n;
};

/* What is told to Defender, what people do in ServiceNow, under which settings
 * the next run is, how it ends, and what is there then. */
struct step {
	const char *devices, *gone;
	void (*people)(void);
	const char *dest, *source;
	int status;
	const char *says; /* the error, or the reason of a refusal */
	struct look looks[8];
};

#define PC   "cmdb_ci_computer"
#define APP  "cmdb_ci_business_app"
#define PKG  "cmdb_ci_spkg"
#define INST "cmdb_software_instance"
#define SAM  "cmdb_sam_sw_install"
#define CO   "core_company"
#define HW   "cmdb_hardware_product_model"
#define SW   "cmdb_software_product_model"

#define D(id, name, more) "{\"id\":\"" id "\",\"name\":\"" name "\"" more "}"
#define V(version)	  ",\"version\":\"" version "\""
#define MAKER(maker, model)                                                    \
	",\"aad_id\":\"11111111-1111-4111-8111-111111111111\","                \
	"\"manufacturer\":\"" maker "\",\"model\":\"" model "\""
#define SOFT(name, version)                                                    \
	",\"software\":[{\"vendor\":\"Vendor\",\"name\":\"" name               \
	"\",\"version\":\"" version "\"}]"

#define PHONE                                                                  \
	",\"os_platform\":\"iOS\",\"software\":[{\"vendor\":\"Base\","         \
	"\"name\":\"base\",\"version\":\"0\"}]"

/* ---- people -------------------------------------------------------------- */

static void insert(const char *table, const char *values, const char *by)
{
	rig_control(&rig, "POST", "/_sim/sn/insert",
		    "{\"table\":\"%s\",\"values\":{%s},\"by\":\"%s\"}", table,
		    values, by);
}

/* Edits the only row that the query finds. */
static void edit(const char *table, const char *query, const char *values)
{
	struct mst_json rows = rig_rows(&rig, table, query, "sys_id"),
			row = {0};
	struct mst_json_iter it = mst_json_iter(rows);
	char path[80];

	(void)mst_json_next(&it, NULL, &row);
	if (mst_json_len(rows) != 1)
		fail_msg("%s: %zu rows with %s", table, mst_json_len(rows),
			 query);
	(void)snprintf(
	    path, sizeof(path), "/_sim/sn/rows/%.*s",
	    MST_SLICE_ARG(mst_json_str(mst_json_get(row, "sys_id"))));
	rig_control(&rig, "PATCH", path, "{%s}", values);
}

/* ---- stories ------------------------------------------------------------- */

static void look(const struct step *s, size_t step)
{
	for (size_t i = 0; i < MST_LEN(s->looks) && s->looks[i].table; i++) {
		const struct look *l = &s->looks[i];
		size_t n = rig_count(&rig, l->table, l->query);

		if (n != l->n)
			fail_msg("step %zu: %s has %zu rows with %s, not %zu",
				 step, l->table, n, l->query, l->n);
	}
}

static void take(const struct step *s, size_t i, const char *mode)
{
	char *dest = mst_asprintf("%s%s", mode, s->dest ? s->dest : "");
	char id[24];

	if (s->devices)
		rig_control(&rig, "POST", "/_sim/devices", "{\"devices\":[%s]}",
			    s->devices);
	if (s->gone)
		rig_control(&rig, "DELETE", "/_sim/devices", "{\"ids\":[%s]}",
			    s->gone);
	if (s->people)
		s->people();
	rig_apply(&rig, s->source, dest, NULL);
	free(dest);
	(void)rig_sync(&rig, s->status);
	if (s->says && s->status == 3) {
		(void)snprintf(id, sizeof(id), "%lld",
			       (long long)rig_num(rig.root, "run"));
		rig_muster(&rig, "runs", id);
		if (!strstr(rig.out.p, s->says))
			fail_msg("step %zu: \"%s\" is not in %s", i, s->says,
				 rig.out.p);
	} else if (s->says) {
		rig_says(&rig, s->says);
	}
	look(s, i);
	if (s->status == 0)
		rig_quiet(&rig);
}

static void story(const struct step *steps, size_t n, const char *mode)
{
	rig_fresh(&rig);
	/* It stays: a list that comes empty proves nothing. */
	rig_control(&rig, "POST", "/_sim/devices", "{\"devices\":[%s]}",
		    D("z9", "phone", PHONE));
	for (size_t i = 0; i < n; i++)
		take(&steps[i], i, mode);
}

/* As IRE writes it, and as the Table API does. */
#define STORY(steps)                                                           \
	do {                                                                   \
		story(steps, MST_LEN(steps), "    write_mode: ire\n");         \
		story(steps, MST_LEN(steps), "    write_mode: table\n");       \
	} while (0)

/* ---- how CIs are found and written --------------------------------------- */

static void their_pc(void)
{
	insert(PC,
	       "\"name\":\"pc-1\",\"correlation_id\":\"theirs\","
	       "\"discovery_source\":\"Manual Entry\",\"os_version\":\"1\"",
	       "");
}

static void correlation(void **state MST_UNUSED)
{
	static const struct step steps[] = {
	    {D("a1", "PC-1", V("10")) "," D("a2", "PC-2", ""),
	     .people = their_pc,
	     .looks = {{PC, "name=PC-1^correlation_id=theirs^os_version=10", 1},
		       {PC, "correlation_id=a2^discovery_source=muster", 1},
		       {PC, "", 2}}},
	    {.dest = "    overwrite_correlation: yes\n",
	     .looks = {{PC, "correlation_id=a1^discovery_source=muster", 1},
		       {PC, "", 2}}},
	};

	STORY(steps);
}

static void source_name(void **state MST_UNUSED)
{
	static const struct step steps[] = {
	    {D("a1", "PC-1", ""),
	     .dest = "    discovery_source: Manual Entry\n",
	     .looks = {{PC, "discovery_source=Manual Entry", 1}}},
	};

	STORY(steps);
}

static void no_choice(void)
{
	rig_control(&rig, "POST", "/_sim/sn/choices",
		    "{\"remove\":[{\"table\":\"cmdb_ci\",\"element\":"
		    "\"discovery_source\",\"value\":\"muster\"}]}");
}

static void source_name_is_no_choice(void **state MST_UNUSED)
{
	static const struct step steps[] = {
	    {D("a1", "PC-1", ""), .people = no_choice, .status = 1,
	     .says = "connection setup", .looks = {{PC, "", 0}}},
	};

	STORY(steps);
}

static void insert_only(void **state MST_UNUSED)
{
	static const struct step steps[] = {
	    {D("a1", "PC-1", V("10")), .looks = {{PC, "os_version=10", 1}}},
	    {D("a1", "PC-1", V("11")) "," D("a2", "PC-2", V("12")),
	     .dest = "    insert_only: [devices.os_version]\n",
	     .looks = {{PC, "name=PC-1^os_version=10", 1},
		       {PC, "name=PC-2^os_version=12", 1}}},
	    {.looks = {{PC, "name=PC-1^os_version=11", 1}}},
	};

	STORY(steps);
}

static void two_of_a_name(void)
{
	insert(PC, "\"name\":\"PC-1\"", "");
	insert("cmdb_ci_win_server", "\"name\":\"PC-1\"", "");
}

/* IRE takes the oldest; muster by itself asks. */
static void never_guessed(void **state MST_UNUSED)
{
	static const struct step steps[] = {
	    {D("a1", "PC-1", ""), .people = two_of_a_name,
	     .dest = "    write_mode: table\n", .status = 3,
	     .says = "2 CIs have the name \"PC-1\": ",
	     .looks = {{PC, "", 2}, {PC, "correlation_idISNOTEMPTY", 0}}},
	};

	story(steps, MST_LEN(steps), "");
}

static void pc_by_mac(void)
{
	insert(PC, "\"name\":\"other\",\"mac_address\":\"54:bf:64:00:00:01\"",
	       "");
	insert(PC, "\"name\":\"vpn\",\"mac_address\":\"00:09:0f:fe:00:01\"",
	       "");
}

/* The source would pass over them, too. */
#define ALL_MACS "    mac_unique_only: no\n"
#define MAC(mac) ",\"mac\":\"" mac "\""

static void macs(void **state MST_UNUSED)
{
	static const struct step by_default[] = {
	    {D("a1", "PC-1", MAC("54:bf:64:00:00:01")) "," D(
		 "a2", "PC-2", MAC("00:09:0f:fe:00:01")),
	     .people = pc_by_mac, .source = ALL_MACS,
	     .looks = {{PC, "", 3},
		       {PC, "name=other", 0},
		       {PC, "name=vpn", 1}}},
	};
	static const struct step all_count[] = {
	    {D("a2", "PC-2", MAC("00:09:0f:fe:00:01")), .people = pc_by_mac,
	     .source = ALL_MACS, .dest = "    ignore_shared_macs: no\n",
	     .looks = {{PC, "", 2}, {PC, "name=vpn", 0}}},
	};
	static const struct step own_list[] = {
	    {D("a1", "PC-1", MAC("54:bf:64:00:00:01")), .people = pc_by_mac,
	     .dest = "    shared_macs: [\"54:bf:64\"]\n",
	     .looks = {{PC, "", 3}, {PC, "name=other", 1}}},
	};
	static const char mode[] = "    write_mode: table\n";

	story(by_default, 1, mode);
	story(all_count, 1, mode);
	story(own_list, 1, mode);
}

/* A class that identification does not look into by itself. */
static void app(void)
{
	insert(APP, "\"name\":\"PC-1\"", "");
}

#define ALSO_APP "    class_windows_pc: [" PC ", " APP "]\n"

static void further_classes(void **state MST_UNUSED)
{
	static const struct step on[] = {
	    {D("a1", "PC-1", "") "," D("a2", "PC-2", ""), .people = app,
	     .source = ALSO_APP,
	     .looks = {{APP, "name=PC-1^last_discoveredISNOTEMPTY", 1},
		       {PC, "name=PC-1", 0},
		       {PC, "name=PC-2", 1}}},
	    {D("a1", "PC-1", ",\"ip\":\"10.0.0.9\""), .source = ALSO_APP,
	     .looks = {{APP, "ip_address=10.0.0.9", 1}, {PC, "", 1}}},
	    {.gone = "\"a1\"",
	     .source = ALSO_APP,
	     .looks = {{APP, "install_status=7", 1}, {PC, "", 1}}},
	};
	static const struct step off[] = {
	    {D("a1", "PC-1", ""), .people = app, .source = ALSO_APP,
	     .dest = "    cross_class: no\n",
	     .looks = {{APP, "last_discoveredISNOTEMPTY", 0},
		       {PC, "name=PC-1", 1}}},
	};

	STORY(on);
	STORY(off);
}

/* ---- status -------------------------------------------------------------- */

static void in_stock(void)
{
	edit(PC, "name=PC-1",
	     "\"install_status\":\"6\",\"operational_status\":\"2\"");
}

#define ACTIVE	"^install_status=1^operational_status=1"
#define STOCK	"^install_status=6^operational_status=2"
#define RETIRED "^install_status=7^operational_status=6"

static void status_always(void **state MST_UNUSED)
{
	static const struct step steps[] = {
	    {D("a1", "PC-1", V("1")), .looks = {{PC, "name=PC-1" ACTIVE, 1}}},
	    {D("a1", "PC-1", V("2")), .people = in_stock,
	     .looks = {{PC, "os_version=2" ACTIVE, 1}}},
	    {.gone = "\"a1\"", .looks = {{PC, "name=PC-1" RETIRED, 1}}},
	};

	STORY(steps);
}

static void status_protected(void **state MST_UNUSED)
{
	static const char *const settings[] = {
	    "    status_keep: [\"6\", \"8\"]\n",
	    "    status_updates: newer_than_update\n",
	    "    status_updates: newer_than_discovery\n",
	    "    status_updates: never\n",
	};

	for (size_t i = 0; i < MST_LEN(settings); i++) {
		struct step steps[] = {
		    {D("a1", "PC-1", V("1")), .dest = settings[i],
		     .looks = {{PC, "name=PC-1" ACTIVE, 1}}},
		    {D("a1", "PC-1", V("2")), .people = in_stock,
		     .dest = settings[i],
		     .looks = {{PC, "os_version=2" STOCK, 1}}},
		};

		STORY(steps);
	}
}

static void status_and_retiring(void **state MST_UNUSED)
{
	static const struct {
		const char *settings, *status;
	} cases[] = {
	    {"    status_keep: [\"6\"]\n", "name=PC-1" STOCK},
	    {"    status_keep: [\"8\"]\n", "name=PC-1" RETIRED},
	    {"    status_keep: [\"6\"]\n    status_keep_retire: no\n",
	     "name=PC-1" RETIRED},
	    {"    status_updates: never\n", "name=PC-1" STOCK},
	    {"    status_updates: never\n    status_keep_retire: no\n",
	     "name=PC-1" RETIRED},
	};

	for (size_t i = 0; i < MST_LEN(cases); i++) {
		struct step steps[] = {
		    {D("a1", "PC-1", ""), .dest = cases[i].settings},
		    {.gone = "\"a1\"",
		     .people = in_stock,
		     .dest = cases[i].settings,
		     .looks = {{PC, cases[i].status, 1}}},
		};

		STORY(steps);
	}
}

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
	insert(CO, "\"name\":\"Acme\"", "");
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

	story(steps, MST_LEN(steps), "    write_mode: table\n");
	story(steps, MST_LEN(steps) - 1, "    write_mode: ire\n");
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
	insert(CO, "\"name\":\"Spare of muster\"", MST_SIM_USER);
	insert(CO, "\"name\":\"Spare of people\"", "");
	insert(HW, "\"name\":\"Spare model\"", MST_SIM_USER);
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
		const char *depth, *query;
	} cases[] = {
	    {"ignore", "name=tool^versionISEMPTY"},
	    {"major", "name=tool^version=1"},
	    {"major_minor", "name=tool^version=1.2"},
	    {"major_minor_revision", "name=tool^version=1.2.3"},
	    {"all", "name=tool^version=1.2.3.4"},
	};

	for (size_t i = 0; i < MST_LEN(cases); i++) {
		char *set =
		    mst_asprintf("    software_models: %s\n", cases[i].depth);
		struct step steps[] = {
		    {D("a1", "PC-1", SOFT("tool", "1.2.3.4")),
		     .looks = {{SW, "", 0}, {PKG, "model_idISEMPTY", 2}}},
		    {.dest = set,
		     .looks = {{SW, cases[i].query, 1},
			       {SW, "manufacturer.name=Vendor", 1},
			       {PKG, "model_id.name=tool", 1}}},
		};

		if (i == 0)
			STORY(steps);
		else
			story(steps, MST_LEN(steps), "");
		free(set);
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

/* ---- columns of the customer --------------------------------------------- */

static void site_column(void)
{
	rig_control(&rig, "POST", "/_sim/sn/columns",
		    "{\"table\":\"cmdb_ci\",\"column\":\"u_site\"}");
}

/* A custom mapping; lines below its column. */
static void map(const char *column, const char *lines)
{
	char *path = mst_asprintf("%s/map.yaml", rig.dir);
	char *yaml = mst_asprintf("settings:\n"
				  "  - connection: defender\n"
				  "    environment: test\n"
				  "    mappings:\n"
				  "      %s:\n%s",
				  column, lines);

	t_write(path, mst_slice_str(yaml));
	free(yaml);
	rig_muster(&rig, "apply", "-f", path, "--consent");
	rig_status(&rig, 0);
	free(path);
}

static void custom_column(void **state MST_UNUSED)
{
	static const char *const modes[] = {"    write_mode: ire\n",
					    "    write_mode: table\n"};
	static const struct step lacking = {
	    D("a1", "PC-1", ""), .status = 1,
	    .says = "the instance lacks column cmdb_ci_computer.u_site: "
		    "ServiceNow would drop its values",
	    .looks = {{PC, "", 0}}};
	static const struct step there = {.people = site_column,
					  .looks = {{PC, "u_site=pc-1", 1}}};

	for (size_t i = 0; i < MST_LEN(modes); i++) {
		rig_fresh(&rig);
		rig_apply(&rig, NULL, modes[i], NULL);
		map("devices.u_site",
		    "        value: lower(computerDnsName)\n");
		take(&lacking, 0, modes[i]);
		take(&there, 1, modes[i]);
	}
}

/* One value when a CI is made, another one when it is there. */
static void split(void **state MST_UNUSED)
{
	static const char *const modes[] = {"    write_mode: ire\n",
					    "    write_mode: table\n"};
	static const struct step first = {
	    D("a1", "PC-1", V("1")) "," D("a2", "PC-2", V("1")),
	    .people = their_pc,
	    .looks = {{PC, "name=PC-1^short_description=found", 1},
		      {PC, "name=PC-2^short_description=made", 1}}};
	static const struct step second = {
	    D("a2", "PC-2", V("2")),
	    .looks = {{PC, "name=PC-2^short_description=found", 1}}};

	for (size_t i = 0; i < MST_LEN(modes); i++) {
		rig_fresh(&rig);
		rig_apply(&rig, NULL, modes[i], NULL);
		map("devices.short_description",
		    "        insert: \"'made'\"\n"
		    "        update: \"'found'\"\n");
		take(&first, 0, modes[i]);
		take(&second, 1, modes[i]);
	}
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
	take(&first, 0, "");
	add_source();
	tell_other(
	    D("y9", "phone", PHONE) "," D("b1", "NB-1", SOFT("tool", "1")));
	other_job();
	assert_int_equal(rig_count(&rig, INST, "software.name=tool"), 2);
	assert_int_equal(rig_count(&rig, PKG, "name=tool"), 1);
	take(&both, 1, "");
	tell_other(D("b1", "NB-1", ""));
	other_job();
	assert_int_equal(rig_count(&rig, INST, "software.name=tool"), 0);
	assert_int_equal(rig_count(&rig, PKG, "name=tool" RETIRED), 1);
}

/* ---- days of an estate --------------------------------------------------- */

/* Three days with people who edit; the instance is what it should be after
 * each, and a further run writes nothing. */
static void days(const char *dest)
{
	static const struct mst_sim_conf some = {.devices = 6, .cve_rows = 60};
	struct rig r;

	rig_start(&r, &some);
	rig_apply(&r, NULL, dest, NULL);
	for (int d = 0; d <= 2; d++) {
		if (d) {
			rig_control(&r, "POST", "/_sim/day", "{\"day\":%d}", d);
			rig_control(&r, "POST", "/_sim/sn/users",
				    "{\"seed\":%d}", d);
		}
		(void)rig_sync(&r, 0);
		rig_verify(&r);
		rig_quiet(&r);
	}
	assert_int_equal(rig_count(&r, "sys_object_source", "") > 0,
			 strstr(dest, "ire") != NULL);
	rig_stop(&r);
}

static void days_by_ire(void **state MST_UNUSED)
{
	days("    write_mode: ire\n");
}

static void days_by_table(void **state MST_UNUSED)
{
	days("    write_mode: table\n");
}

static int set_up(void **state MST_UNUSED)
{
	static const struct mst_sim_conf none = {.empty = true};

	rig_start(&rig, &none);
	rig_start(&estate, &none);
	return 0;
}

static int tear_down(void **state MST_UNUSED)
{
	rig_stop(&rig);
	rig_stop(&estate);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(correlation),
	    cmocka_unit_test(source_name),
	    cmocka_unit_test(source_name_is_no_choice),
	    cmocka_unit_test(insert_only),
	    cmocka_unit_test(never_guessed),
	    cmocka_unit_test(macs),
	    cmocka_unit_test(further_classes),
	    cmocka_unit_test(status_always),
	    cmocka_unit_test(status_protected),
	    cmocka_unit_test(status_and_retiring),
	    cmocka_unit_test(makers),
	    cmocka_unit_test(normalization),
	    cmocka_unit_test(model_table),
	    cmocka_unit_test(empty_manufacturer),
	    cmocka_unit_test(software_makers),
	    cmocka_unit_test(spare_master_data),
	    cmocka_unit_test(package_retirement),
	    cmocka_unit_test(software_models),
	    cmocka_unit_test(software_table),
	    cmocka_unit_test(custom_column),
	    cmocka_unit_test(split),
	    cmocka_unit_test(shared_packages),
	    cmocka_unit_test(days_by_ire),
	    cmocka_unit_test(days_by_table),
	};

	return cmocka_run_group_tests_name("settings_servicenow", tests, set_up,
					   tear_down);
}
