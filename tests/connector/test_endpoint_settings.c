/* SPDX-License-Identifier: Apache-2.0
 *
 * The settings of the source, each with its default and overridden: what
 * becomes of a record, or of the catalogue.
 */
#include <stdio.h>
#include <stdlib.h>

#include "endpoint_drive.h"

static struct ruled r;

static int open_rules(void **state)
{
	ruled_open(&r);
	return t_log_watch(state);
}

static int close_rules(void **state)
{
	ruled_close(&r);
	return t_log_check(state);
}

/* One case: settings, what the record has besides its defaults, and what
 * becomes of it. */
struct kept {
	const char *settings, *members;
	enum mst_keep keep;
	const char *why; /* NULL: not looked at */
};

static void machine(const char *members)
{
	char text[2048];

	(void)snprintf(text, sizeof(text),
		       "{'id':'A1','computerDnsName':'PC-1.corp.example.com',"
		       "'osPlatform':'Windows11','healthStatus':'Active',"
		       "'onboardingStatus':'Onboarded'}");
	/* the first of two members counts: those of the case go in front */
	if (*members)
		(void)snprintf(
		    text, sizeof(text),
		    "{%s,'id':'A1','computerDnsName':'PC-1.corp.example.com',"
		    "'osPlatform':'Windows11','healthStatus':'Active',"
		    "'onboardingStatus':'Onboarded'}",
		    members);
	ruled_record(&r, EP_MACHINES, text);
}

static void row(const char *members)
{
	char text[2048];

	(void)snprintf(text, sizeof(text),
		       "{'deviceId':'A1','softwareVendor':'v','softwareName':"
		       "'n','softwareVersion':'1','cveId':'CVE-2024-1'%s%s}",
		       *members ? "," : "", members);
	ruled_record(&r, EP_DEVICE_CVES, text);
}

static void check_kept(const struct kept *c, size_t n, const char *set,
		       void (*make)(const char *members))
{
	for (size_t i = 0; i < n; i++) {
		struct mst_slice why = {NULL, 0};
		enum mst_keep keep;

		ruled_again(&r, c[i].settings);
		make(c[i].members);
		keep = ruled_keep(&r, set, &why);
		if (keep != c[i].keep)
			fail_msg("case %zu (%s; %s): %d", i, c[i].settings,
				 c[i].members, keep);
		if (c[i].why)
			t_is(why, c[i].why);
	}
}

/* settings, members, column, its value (NULL: none) */
struct valued {
	const char *settings, *members, *column, *want;
};

static void check_values(const struct valued *c, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		ruled_again(&r, c[i].settings);
		machine(c[i].members);
		ruled_apply(&r, "devices");
		ruled_is(&r, c[i].column, c[i].want);
	}
}

#define KEPT(c, set, make) check_kept(c, MST_LEN(c), set, make)
#define VALUED(c)	   check_values(c, MST_LEN(c))
#define OS(name)	   "'osPlatform':'" name "'"

static void refuses(const char *settings, const char *part)
{
	struct mst_err err = MST_ERR_INIT;
	struct ruled other = {.handheld = true};

	t_failed(ruled_try(&other, settings, &err), &err, MST_E_INVALID, part);
	mst_arena_fini(&other.arena);
}

/* ---- asset types and classes -------------------------------------------- */

static void test_asset_types(void **state MST_UNUSED)
{
	static const struct {
		const char *os, *asset;
	} types[] = {
	    {"Windows10", "windows_pc"},
	    {"WINDOWSSERVER2022", "windows_server"},
	    {"macOS", "mac"},
	    {"RockyLinux", "linux_server"},
	    {"iOS", "handheld"},
	    {"Android", "handheld"},
	    {"IOS-XE", "network_device"},
	    {"Cisco IOS", "network_device"},
	    {"FortiOS", "network_device"},
	    {"SomethingElse", "other"},
	};
	char text[256];

	for (size_t i = 0; i < MST_LEN(types); i++) {
		(void)snprintf(text, sizeof(text),
			       "class_network_device: cmdb_ci_netgear\n"
			       "class_other: cmdb_ci\n"
			       "asset_types: [%s]\n",
			       types[i].asset);
		ruled_again(&r, text);
		(void)snprintf(text, sizeof(text), OS("%s"), types[i].os);
		machine(text);
		assert_int_equal(ruled_keep(&r, "devices", NULL), MST_KEEP);
		(void)snprintf(text, sizeof(text),
			       "class_network_device: cmdb_ci_netgear\n"
			       "class_other: cmdb_ci\n"
			       "asset_types: [%s]\n",
			       i == 0 ? "mac" : "windows_pc");
		ruled_again(&r, text);
		(void)snprintf(text, sizeof(text), OS("%s"), types[i].os);
		machine(text);
		assert_int_equal(ruled_keep(&r, "devices", NULL), MST_DROP);
	}
}

static void test_platforms(void **state MST_UNUSED)
{
	static const struct kept cases[] = {
	    {"", OS("MyBox 3"), MST_SKIP,
	     "no class for the operating system 'MyBox 3'"},
	    {"platforms: [\"mybox*=linux_server\"]\n", OS("MyBox 3"), MST_KEEP,
	     NULL},
	    {"platforms: [\"mybox=linux_server\"]\n", OS("MyBox 3"), MST_SKIP,
	     NULL},
	    {"platforms: [\"Windows*=other\"]\n", "", MST_SKIP, NULL},
	    {"platforms: [\"WindowsXP=mac\", \"?indows* = handheld\"]\n", "",
	     MST_KEEP, NULL},
	};

	KEPT(cases, "devices", machine);
	t_is(r.d.table, ""); /* nothing applied */
	ruled_apply(&r, "devices");
	t_is(r.d.table, "cmdb_ci_handheld_computing");
	refuses("platforms: [Windows10]\n", "must be PATTERN=TYPE");
	refuses("platforms: [\"x=desk\"]\n", "'x=desk'");
	refuses("platforms: [\"=mac\"]\n", "setting platforms");
}

static const struct mst_class *class_named(const char *table)
{
	const struct mst_set *set = mst_catalog_set(r.catalog, "devices");

	for (size_t i = 0; i < set->classes_n; i++) {
		if (strcmp(set->classes[i].table, table) == 0)
			return &set->classes[i];
	}
	return NULL;
}

static void test_classes(void **state MST_UNUSED)
{
	static const struct {
		const char *settings, *os, *table;
	} cases[] = {
	    {"class_windows_pc: [cmdb_ci_pc_hardware, cmdb_ci_computer]\n",
	     "Windows11", "cmdb_ci_pc_hardware"},
	    {"class_mac: u_mac\n", "macOS", "u_mac"},
	    {"class_windows_server: [cmdb_ci_server]\n", "WindowsServer2019",
	     "cmdb_ci_server"},
	    {"class_linux_server: [cmdb_ci_server]\n", "Ubuntu",
	     "cmdb_ci_server"},
	    {"class_handheld: [cmdb_ci_computer]\n", "iOS", "cmdb_ci_computer"},
	    {"class_network_device: [cmdb_ci_netgear]\n", "Cisco IOS-XE",
	     "cmdb_ci_netgear"},
	    {"class_other: [cmdb_ci]\n", "Haiku", "cmdb_ci"},
	};
	const struct mst_set *set = mst_catalog_set(r.catalog, "devices");
	char text[128];

	assert_int_equal(set->classes_n, 4);
	assert_true(class_named("cmdb_ci_handheld_computing")->optional);
	assert_false(class_named("cmdb_ci_win_server")->optional);
	assert_null(class_named("cmdb_ci_computer")->also_search);
	for (size_t i = 0; i < MST_LEN(cases); i++) {
		ruled_again(&r, cases[i].settings);
		(void)snprintf(text, sizeof(text), OS("%s"), cases[i].os);
		machine(text);
		ruled_apply(&r, "devices");
		t_is(r.d.table, cases[i].table);
		assert_non_null(class_named(cases[i].table));
		assert_false(class_named(cases[i].table)->optional);
	}
	ruled_again(&r, "class_windows_pc: none\n");
	machine("");
	assert_int_equal(ruled_keep(&r, "devices", NULL), MST_SKIP);
	assert_non_null(class_named("cmdb_ci_computer")); /* Macs */
	refuses("class_mac: [none, cmdb_ci]\n", "'none' stands for no class");
	refuses("class_mac: [\"my class\"]\n",
		"setting class_mac: there is no class 'my class'");
}

/* What two asset types of one class search is put together. */
static void test_search(void **state MST_UNUSED)
{
	const struct mst_class *c;

	ruled_again(&r,
		    "class_windows_pc: [cmdb_ci_computer, "
		    "cmdb_ci_pc_hardware, cmdb_ci_computer, cmdb_ci_server]\n"
		    "class_mac: [cmdb_ci_computer, cmdb_ci_pc_hardware, "
		    "u_mac]\n");
	c = class_named("cmdb_ci_computer");
	assert_string_equal(c->also_search[0], "cmdb_ci_pc_hardware");
	assert_string_equal(c->also_search[1], "cmdb_ci_server");
	assert_string_equal(c->also_search[2], "u_mac");
	assert_null(c->also_search[3]);
	assert_null(class_named("cmdb_ci_win_server")->also_search);
}

/* ---- names and status ---------------------------------------------------- */

static void test_names(void **state MST_UNUSED)
{
	static const struct valued cases[] = {
	    {"", "", "name", "PC-1"},
	    {"name_form: fqdn\n", "", "name", "PC-1.corp.example.com"},
	    {"name_case: lower\n", "", "name", "pc-1"},
	    {"name_case: upper\n", "'computerDnsName':'pc-1.x'", "name",
	     "PC-1"},
	    {"name_form: fqdn\nname_case: lower\n", "", "name",
	     "pc-1.corp.example.com"},
	    {"name_form: fqdn\n", "'computerDnsName':'PC-1'", "name", "PC-1"},
	    {"name_case: upper\n",
	     OS("iOS") ",'computerDnsName':'Ann s phone.x'", "name",
	     "ANN S PHONE.X"},
	    {"name_form: fqdn\n", "", "fqdn", "pc-1.corp.example.com"},
	    {"correlation_prefix: T1-\n", "", "correlation_id", "T1-A1"},
	    {"", "", "correlation_id", "A1"},
	};

	VALUED(cases);
}

#define SEEN(day) "'lastSeen':'2024-" day "T23:00:00Z'"

static void test_status(void **state MST_UNUSED)
{
	static const struct {
		const char *settings, *members;
		const char *want[4];
	} cases[] = {
	    /* the run is on 2024-11-20 */
	    {"", SEEN("01-01"), {"installed", "in_use", "1", "1"}},
	    {"retire_after_days: 30\n",
	     SEEN("10-21"),
	     {"installed", "in_use", "1", "1"}},
	    {"retire_after_days: 30\n",
	     SEEN("10-20"),
	     {"retired", "divested", "7", "6"}},
	    {"retire_after_days: 30\n", "", {"installed", "in_use", "1", "1"}},
	    {"retire_after_days: 30\n",
	     "'lastSeen':'0001-01-01T00:00:00Z'",
	     {"installed", "in_use", "1", "1"}},
	    {"retire_after_days: 30\n",
	     "'healthStatus':'Inactive'," SEEN("01-01"),
	     {"retired", "divested", "7", "6"}},
	    {"status_by_onboarding: yes\n",
	     "'healthStatus':'Inactive'",
	     {"installed", "in_use", "1", "1"}},
	    {"status_by_onboarding: yes\n",
	     "'onboardingStatus':'CanBeOnboarded'",
	     {NULL, NULL, NULL, "5"}},
	    {"status_by_onboarding: yes\nstatus_can_be_onboarded: retired\n",
	     "'onboardingStatus':'canbeonboarded'",
	     {"retired", "divested", "7", "6"}},
	    {"status_by_onboarding: yes\nstatus_unsupported: unchanged\n",
	     "'onboardingStatus':'Unsupported'",
	     {NULL, NULL, NULL, NULL}},
	    {"status_by_onboarding: yes\nstatus_insufficient_info: active\n",
	     "'onboardingStatus':'InsufficientInfo'",
	     {"installed", "in_use", "1", "1"}},
	    {"status_by_onboarding: yes\nstatus_onboarded: ready\n",
	     "",
	     {NULL, NULL, NULL, "5"}},
	    {"status_by_onboarding: yes\n",
	     "'onboardingStatus':'Other'",
	     {NULL, NULL, NULL, "5"}},
	    /* without the switch these count for nothing */
	    {"status_onboarded: retired\n",
	     "",
	     {"installed", "in_use", "1", "1"}},
	};
	static const char *const columns[] = {
	    "hardware_status", "hardware_substatus", "install_status",
	    "operational_status"};

	for (size_t i = 0; i < MST_LEN(cases); i++) {
		ruled_again(&r, cases[i].settings);
		machine(cases[i].members);
		ruled_apply(&r, "devices");
		for (size_t k = 0; k < 4; k++)
			ruled_is(&r, columns[k], cases[i].want[k]);
	}
}

static void test_insert_inactive(void **state MST_UNUSED)
{
	static const struct kept cases[] = {
	    {"", "'healthStatus':'Inactive'", MST_KEEP, NULL},
	    {"insert_inactive: no\n", "", MST_KEEP, NULL},
	    {"insert_inactive: no\n", "'healthStatus':'Inactive'", MST_KNOWN,
	     "insert_inactive"},
	    {"insert_inactive: no\nretire_after_days: 30\n", SEEN("01-01"),
	     MST_KNOWN, NULL},
	    {"insert_inactive: no\nstatus_by_onboarding: yes\n",
	     "'healthStatus':'Inactive'", MST_KEEP, NULL},
	    {"insert_inactive: no\nstatus_by_onboarding: yes\n"
	     "status_onboarded: unchanged\n",
	     "", MST_KEEP, NULL},
	};

	KEPT(cases, "devices", machine);
}

/* ---- filters ------------------------------------------------------------- */

static void test_filters(void **state MST_UNUSED)
{
	static const struct kept cases[] = {
	    {"filter_os: [Windows11]\n", "", MST_KEEP, NULL},
	    {"filter_os: [windows1?]\n", OS("Windows10"), MST_KEEP, NULL},
	    {"filter_os: [Windows11, macOS]\n", OS("Windows10"), MST_DROP,
	     "filter_os"},
	    {"filter_os_not: [\"*Server*\"]\n", OS("WindowsServer2022"),
	     MST_DROP, "filter_os"},
	    {"filter_os_not: [\"*Server*\"]\n", "", MST_KEEP, NULL},
	    {"filter_os: [\"Windows*\"]\nfilter_os_not: [Windows11]\n", "",
	     MST_DROP, NULL},
	    {"filter_onboarding: [onboarded]\n", "", MST_KEEP, NULL},
	    {"filter_onboarding: [onboarded]\n",
	     "'onboardingStatus':'CanBeOnboarded'", MST_DROP,
	     "filter_onboarding"},
	    {"filter_onboarding: [onboarded]\n", "'onboardingStatus':''",
	     MST_DROP, NULL},
	    {"filter_onboarding: [can_be_onboarded, unsupported]\n",
	     "'onboardingStatus':'CanBeOnboarded'", MST_KEEP, NULL},
	    {"filter_health: [active]\n", "'healthStatus':'Inactive'", MST_DROP,
	     "filter_health"},
	    {"filter_health: [no_sensor_data_impaired_communication]\n",
	     "'healthStatus':'NoSensorDataImpairedCommunication'", MST_KEEP,
	     NULL},
	    {"filter_tags: [prod]\n", "'machineTags':['x','Prod']", MST_KEEP,
	     NULL},
	    {"filter_tags: [prod]\n", "'machineTags':['production']", MST_DROP,
	     "filter_tags"},
	    {"filter_tags: [\"prod*\"]\n", "'machineTags':['production']",
	     MST_KEEP, NULL},
	    {"filter_tags: [prod]\n", "'machineTags':[]", MST_DROP, NULL},
	    {"filter_tags: [prod]\n", "", MST_DROP, NULL},
	    {"filter_tags_not: [lab]\n", "'machineTags':['a','LAB']", MST_DROP,
	     "filter_tags"},
	    {"filter_tags_not: [lab]\n", "'machineTags':[null,7,'a']", MST_KEEP,
	     NULL},
	    {"filter_groups: [Berlin, \"EU-*\"]\n", "'rbacGroupName':'eu-1'",
	     MST_KEEP, NULL},
	    {"filter_groups: [Berlin]\n", "'rbacGroupName':null", MST_DROP,
	     "filter_groups"},
	    {"filter_groups_not: [Berlin]\n", "'rbacGroupName':'Berlin'",
	     MST_DROP, NULL},
	    {"filter_groups_not: [Berlin]\n", "'rbacGroupName':null", MST_KEEP,
	     NULL},
	    {"filter_not_seen_days: 30\n", SEEN("10-21"), MST_KEEP, NULL},
	    {"filter_not_seen_days: 30\n", SEEN("10-20"), MST_DROP,
	     "filter_not_seen_days"},
	    {"filter_not_seen_days: 30\n", "", MST_KEEP, NULL},
	    {"filter_exposure: medium\n", "'exposureLevel':'High'", MST_KEEP,
	     NULL},
	    {"filter_exposure: medium\n", "'exposureLevel':'Medium'", MST_KEEP,
	     NULL},
	    {"filter_exposure: medium\n", "'exposureLevel':'Low'", MST_DROP,
	     "filter_exposure"},
	    {"filter_exposure: low\n", "'exposureLevel':'None'", MST_DROP,
	     NULL},
	    {"filter_exposure: low\n", "", MST_DROP, NULL},
	    {"filter_risk: informational\n", "'riskScore':'Informational'",
	     MST_KEEP, NULL},
	    {"filter_risk: low\n", "'riskScore':'Informational'", MST_DROP,
	     "filter_risk"},
	    {"filter_risk: high\n", "'riskScore':'High'", MST_KEEP, NULL},
	    {"filter_risk: high\n", "'riskScore':null", MST_DROP, NULL},
	    /* what becomes of it */
	    {"filter_os: [macOS]\nfilter_missing: keep\n", "", MST_LEAVE,
	     "filter_os"},
	    {"asset_types: [mac]\nfilter_missing: keep\n", "", MST_LEAVE,
	     "asset_types"},
	    /* what Defender itself does not count is never kept */
	    {"filter_os: [macOS]\nfilter_missing: keep\n", "'isExcluded':true",
	     MST_DROP, NULL},
	    {"filter_os: [macOS]\n", "'computerDnsName':''", MST_DROP, NULL},
	};

	KEPT(cases, "devices", machine);
}

/* ---- addresses, serial numbers, enrichment ------------------------------- */

#define MAC(mac) "'ipAddresses':[{'macAddress':'" mac "','type':'Ethernet'}]"

static void test_macs(void **state MST_UNUSED)
{
	static const struct valued cases[] = {
	    {"", MAC("8CEC4B897E73"), "mac_address", "8c:ec:4b:89:7e:73"},
	    /* FortiClient, AnyConnect, VMnet8, WAN miniport, locally assigned
	     */
	    {"", MAC("00090F123456"), "mac_address", NULL},
	    {"", MAC("00059A3C7800"), "mac_address", NULL},
	    {"", MAC("00059A3C7801"), "mac_address", "00:05:9a:3c:78:01"},
	    {"", MAC("005056C00008"), "mac_address", NULL},
	    {"", MAC("505054503030"), "mac_address", NULL},
	    {"", MAC("024254000001"), "mac_address", NULL},
	    {"", MAC("0EC254000001"), "mac_address", NULL},
	    {"mac_unique_only: no\n", MAC("00090F123456"), "mac_address",
	     "00:09:0f:12:34:56"},
	    {"mac_unique_only: no\n", MAC("024254000001"), "mac_address",
	     "02:42:54:00:00:01"},
	    {"mac_unique_only: no\n", MAC("01005E000001"), "mac_address", NULL},
	    {"mac_unique_only: no\n", MAC("000000000000"), "mac_address", NULL},
	    {"mac_ignore: [\"8c-ec:*\"]\n", MAC("8CEC4B897E73"), "mac_address",
	     NULL},
	    {"mac_ignore: [\"8c-ec:*\"]\n", MAC("00090F123456"), "mac_address",
	     "00:09:0f:12:34:56"},
	    {"mac_ignore: []\n", MAC("024254000001"), "mac_address",
	     "02:42:54:00:00:01"},
	};

	VALUED(cases);
	refuses("mac_ignore: [\"8c:eg\"]\n", "setting mac_ignore: '8c:eg'");
	refuses("mac_ignore: [\":\"]\n", "no pattern of a MAC address");
}

#define SERIAL(s) "'additionalFields':{'SerialNumber':'" s "'}"

static void test_serials(void **state MST_UNUSED)
{
	static const struct valued cases[] = {
	    {"", SERIAL("Default string"), "serial_number", NULL},
	    {"", SERIAL("VMware-56 4d"), "serial_number", NULL},
	    {"", SERIAL("11111"), "serial_number", NULL},
	    {"", SERIAL("5CG1"), "serial_number", "5CG1"},
	    {"serial_check: no\n", SERIAL("11111"), "serial_number", "11111"},
	    {"serial_check: no\n", SERIAL("VMware-56 4d"), "serial_number",
	     "VMware-56 4d"},
	    {"serial_check: no\n", SERIAL(" "), "serial_number", NULL},
	    {"serial_ignore: [\"LAB-*\"]\n", SERIAL("lab-7"), "serial_number",
	     NULL},
	    {"serial_ignore: [\"LAB-*\"]\n", SERIAL("None"), "serial_number",
	     "None"},
	    {"serial_ignore: [\"LAB-*\"]\n", SERIAL("000"), "serial_number",
	     NULL},
	};

	VALUED(cases);
}

static bool copies(size_t join, unsigned to)
{
	const struct mst_join *j = &r.catalog->joins[join];

	for (unsigned i = 0; i < j->copy_n; i++) {
		if (j->copy[i].to == to)
			return true;
	}
	return false;
}

static void test_enrichment(void **state MST_UNUSED)
{
	assert_int_equal(r.catalog->joins[0].from, EP_ENTRA);
	assert_true(copies(0, EM_MANUFACTURER) && copies(0, EM_MODEL));
	assert_true(copies(1, EM_MANUFACTURER) && copies(1, EM_ADDITIONAL));
	ruled_again(&r, "enrich_prefer: hardware\n");
	assert_int_equal(r.catalog->joins[0].from, EP_HARDWARE);
	assert_int_equal(r.catalog->joins[1].from, EP_ENTRA);
	assert_true(copies(0, EM_ADDITIONAL));
	ruled_again(&r, "enrich_attributes: [model]\n");
	assert_true(copies(0, EM_MODEL) && copies(1, EM_MODEL));
	assert_int_equal(r.catalog->joins[0].copy_n, 1);
	assert_int_equal(r.catalog->joins[1].copy_n, 1);
	ruled_again(&r, "enrich_attributes: []\n");
	assert_int_equal(r.catalog->joins[0].copy_n, 0);
	/* a version that Defender has counts before that of Entra ID */
	ruled_again(&r, "enrich_attributes: [os_version]\n");
	assert_int_equal(r.catalog->joins[0].copy_n, 1);
	machine("'entraOsVersion':'10.0.22631.1'");
	ruled_apply(&r, "devices");
	ruled_is(&r, "os_version", "10.0.22631.1");
	machine("'entraOsVersion':'10.0.22631.1','osBuild':22631");
	ruled_apply(&r, "devices");
	ruled_is(&r, "os_version", "22631");
	ruled_again(&r, "");
	machine("'entraOsVersion':'10.0.22631.1'");
	ruled_apply(&r, "devices");
	ruled_is(&r, "os_version", NULL);
}

/* Which feeds are read. */
static void test_feeds(void **state MST_UNUSED)
{
	static const struct {
		const char *options, *set;
		uint32_t feeds;
	} cases[] = {
	    {"", "devices", EP_BIT(EP_MACHINES) | EP_BIT(EP_ENTRA)},
	    {"enrich: no\n", "devices", EP_BIT(EP_MACHINES)},
	    {"enrich: no\nhardware: yes\n", "devices",
	     EP_BIT(EP_MACHINES) | EP_BIT(EP_HARDWARE)},
	    {"", "software_installs", EP_BIT(EP_SOFTWARE) | EP_BIT(EP_NON_CPE)},
	    {"software_non_cpe: no\n", "software_installs",
	     EP_BIT(EP_SOFTWARE)},
	    {"software_non_cpe: no\n", "software_packages",
	     EP_BIT(EP_SOFTWARE)},
	    {"software_packages: no\n", "software_packages", 0},
	    {"software_table: cmdb_sam_sw_install\n", "software_packages", 0},
	};

	for (size_t i = 0; i < MST_LEN(cases); i++) {
		struct drive d;

		drive_open(&d, cases[i].options);
		assert_int_equal(OPS->needs(d.s, cases[i].set), cases[i].feeds);
		drive_close(&d);
	}
}

/* ---- software ------------------------------------------------------------ */

#define SOFTWARE(members) "{'deviceId':'A1','softwareName':'n'" members "}"

static uint32_t feeds_of(const char *set)
{
	uint32_t feeds = 0;

	for (size_t i = 0; i < r.catalog->mappings_n; i++) {
		if (strcmp(r.catalog->mappings[i].set, set) == 0)
			feeds |= r.catalog->mappings[i].feeds;
	}
	return feeds;
}

static void test_software(void **state MST_UNUSED)
{
	ruled_record(&r, EP_SOFTWARE, SOFTWARE(""));
	assert_int_equal(ruled_keep(&r, "software_installs", NULL), MST_KEEP);
	ruled_again(&r, "software_packages: no\n");
	assert_int_equal(feeds_of("software_packages"), 0);
	ruled_record(&r, EP_SOFTWARE, SOFTWARE(",'softwareVersion':'2'"));
	ruled_apply(&r, "software_installs");
	t_is(r.d.table, "cmdb_software_instance");
	ruled_is(&r, "name", "n 2");
	ruled_is(&r, "software", NULL);
	row("");
	ruled_apply(&r, "device_vulnerabilities");
	ruled_is(&r, "u_software_package", NULL);
	ruled_again(&r, "software_non_cpe: no\n");
	assert_int_equal(feeds_of("software_packages"), EP_BIT(EP_SOFTWARE));
	assert_int_equal(feeds_of("software_installs"), EP_BIT(EP_SOFTWARE));
	ruled_again(&r, "software_require: [vendor, version]\n");
	ruled_record(&r, EP_SOFTWARE, SOFTWARE(",'softwareVersion':'2'"));
	assert_int_equal(ruled_keep(&r, "software_installs", NULL), MST_DROP);
	assert_int_equal(ruled_keep(&r, "software_packages", NULL), MST_DROP);
	ruled_record(&r, EP_SOFTWARE, SOFTWARE(",'softwareVendor':'v'"));
	assert_int_equal(ruled_keep(&r, "software_installs", NULL), MST_DROP);
	ruled_record(&r, EP_SOFTWARE,
		     SOFTWARE(",'softwareVendor':'v','softwareVersion':'2'"));
	assert_int_equal(ruled_keep(&r, "software_installs", NULL), MST_KEEP);
}

/* ---- CVEs ---------------------------------------------------------------- */

static void test_thresholds(void **state MST_UNUSED)
{
	static const struct kept cases[] = {
	    {"min_cvss: 7\n", "'cvssScore':6.9", MST_DROP, "min_cvss"},
	    {"min_cvss: 7\nbelow_threshold: keep\n", "'cvssScore':6.9",
	     MST_LEAVE, "min_cvss"},
	    {"min_cvss: 7\nbelow_threshold: keep\n", "'cvssScore':7", MST_KEEP,
	     NULL},
	    {"min_cvss: 7\n", "", MST_KEEP, NULL},
	    {"min_cvss: 7\nno_score: drop\n", "", MST_DROP, "no_score"},
	    {"no_score: drop\n", "", MST_DROP, "no_score"},
	    {"no_score: drop\n", "'cvssScore':0", MST_KEEP, NULL},
	    {"min_severity: high\n", "'vulnerabilitySeverityLevel':'Medium'",
	     MST_DROP, "min_severity"},
	    {"min_severity: high\n", "'vulnerabilitySeverityLevel':'High'",
	     MST_KEEP, NULL},
	    {"min_severity: high\n", "'vulnerabilitySeverityLevel':'critical'",
	     MST_KEEP, NULL},
	    {"min_severity: low\n", "'vulnerabilitySeverityLevel':'None'",
	     MST_DROP, NULL},
	    {"min_severity: low\n", "", MST_KEEP, NULL},
	    {"min_severity: low\nno_score: drop\n", "'cvssScore':9", MST_DROP,
	     "no_score"},
	    {"only_exploitable: yes\n", "", MST_DROP, "only_exploitable"},
	    {"only_exploitable: yes\n", "'exploitabilityLevel':'NoExploit'",
	     MST_DROP, NULL},
	    {"only_exploitable: yes\n",
	     "'exploitabilityLevel':'ExploitIsVerified'", MST_KEEP, NULL},
	    {"only_exploitable: yes\nbelow_threshold: keep\n",
	     "'exploitabilityLevel':'NoExploit'", MST_LEAVE, NULL},
	    /* what no setting is about */
	    {"min_cvss: 7\nbelow_threshold: keep\n",
	     "'cvssScore':1,'status':'Fixed'", MST_DROP, NULL},
	    {"below_threshold: keep\n", "'cvssScore':0", MST_KEEP, NULL},
	};

	KEPT(cases, "device_vulnerabilities", row);
}

/* Rows cost nothing for a setting that is off: the plain op is in place. */
static void test_plain_ops(void **state MST_UNUSED)
{
	for (size_t i = 0; i < ep_catalog.mappings_n; i++) {
		const struct mst_mapping *plain = &ep_catalog.mappings[i];
		const struct mst_mapping *m = &r.catalog->mappings[i];

		assert_ptr_equal(m->filter, plain->filter);
		assert_ptr_equal(m->rows, plain->rows);
		assert_int_equal(m->feeds, plain->feeds);
	}
}

static struct mst_slice cell_of(unsigned flag)
{
	for (size_t i = 0; i < r.d.cells_n; i++) {
		const struct mst_column *c =
		    &r.d.set->columns[r.d.cells[i].column];

		if (strcmp(c->name, "u_status") == 0 && (c->flags & flag))
			return r.d.cells[i].text;
	}
	return (struct mst_slice){NULL, 0};
}

static void test_stale(void **state MST_UNUSED)
{
	static const struct {
		const char *seen, *want;
	} cases[] = {
	    {"2024-10-21 00:00:00.123", "unresolved"},
	    {"2024-10-20T23:59:59Z", "stale"},
	    {"2024-02-29", "stale"},
	    {"2023-12-31", "stale"},
	    {"2024-10-20T23:30:00-05:00", "unresolved"}, /* the 21st in UTC */
	    {"0001-01-01T00:00:00Z", "unresolved"},
	    {"", "unresolved"},
	    {"yesterday", "unresolved"},
	};
	struct mst_hash fresh = {0}, old = {0};
	char text[128];

	row("'lastSeenTimestamp':'2020-01-01'");
	ruled_apply(&r, "device_vulnerabilities");
	t_is(cell_of(MST_COL_INSERT), "unresolved");
	assert_int_equal(cell_of(MST_COL_UPDATE).n, 0);
	ruled_again(&r, "stale_after_days: 30\n");
	for (size_t i = 0; i < MST_LEN(cases); i++) {
		(void)snprintf(text, sizeof(text), "'lastSeenTimestamp':'%s'",
			       cases[i].seen);
		row(text);
		ruled_apply(&r, "device_vulnerabilities");
		t_is(cell_of(MST_COL_INSERT), cases[i].want);
		t_is(cell_of(MST_COL_UPDATE), cases[i].want);
		if (strcmp(cases[i].want, "stale") == 0)
			old = r.d.value;
		else
			fresh = r.d.value;
	}
	/* growing stale is a reason to write */
	assert_false(mst_hash_eq(fresh, old));
}

#define T(f) cmocka_unit_test_setup_teardown(f, open_rules, close_rules)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_asset_types), T(test_platforms),	  T(test_classes),
	    T(test_search),	 T(test_names),		  T(test_status),
	    T(test_filters),	 T(test_insert_inactive), T(test_macs),
	    T(test_serials),	 T(test_enrichment),	  T(test_feeds),
	    T(test_software),	 T(test_thresholds),	  T(test_plain_ops),
	    T(test_stale),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
