/* SPDX-License-Identifier: Apache-2.0
 *
 * The main job on real input: the public response bodies, laid out as a folder
 * to read from, through plan, run and explain into the simulator; what lands
 * is checked column by column against what the bodies say.
 */
#include "tests/lib/sync_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/file.h"
#include "base/hash.h"

static struct rig rig;

/* The bodies of the inventory name devices of their own. */
static const char machines[] =
    "{\"@odata.context\":\"https://api.security.microsoft.com/api/"
    "$metadata#Machines\",\"value\":["
    "{\"id\":\"00044f68765bbaf712342dbe6db733b6a9c59ab4\","
    "\"computerDnsName\":\"pc-a.corp.contoso.com\","
    "\"osPlatform\":\"Windows10\",\"healthStatus\":\"Active\"},"
    "{\"id\":\"00044f38765bbaf712342dbe6db733b6a9c59ab4\","
    "\"computerDnsName\":\"PC-B\",\"osPlatform\":\"WindowsServer2019\","
    "\"healthStatus\":\"ImpairedCommunication\"}]}";

/* And a CVE of the catalogue is given to the machine of the list. */
static const char occurrence[] =
    "{\"DeviceId\":\"1e5bc9d7e413ddd7902c2932e418702b84d0cc07\","
    "\"SoftwareVendor\":\"microsoft\",\"SoftwareName\":\"edge\","
    "\"SoftwareVersion\":\"44.1\",\"CveId\":\"cve-2019-0608\","
    "\"VulnerabilitySeverityLevel\":\"Medium\",\"CvssScore\":4.3,"
    "\"ExploitabilityLevel\":\"NoExploit\"}\n";

/* ---- the folder ---------------------------------------------------------- */

static void put(const char *dir, const char *name, const char *sample)
{
	struct mst_buf body = MST_BUF_INIT(1u << 20);
	struct mst_err err = MST_ERR_INIT;
	char *from = mst_asprintf("%s/microsoft/%s", t_samples(), sample);
	char *to = mst_asprintf("%s/%s", dir, name);

	t_ok(mst_file_read(from, &body, &err), &err);
	if (strstr(name, ".gz")) {
		gzFile gz = gzopen(to, "wb");

		assert_non_null(gz);
		assert_int_equal(gzwrite(gz, body.p, (unsigned)body.n), body.n);
		assert_int_equal(gzclose(gz), Z_OK);
	} else {
		t_write(to, mst_buf_slice(&body));
	}
	mst_buf_fini(&body);
	free(from);
	free(to);
}

static char *folder(const char *name, bool gzip)
{
	struct mst_err err = MST_ERR_INIT;
	char *dir = mst_asprintf("%s/%s", rig.dir, name);
	char *exports = mst_asprintf("%s/SoftwareVulnerabilitiesExport", dir);
	char *own = mst_asprintf("%s/machines-own.json", dir);
	char *row = mst_asprintf("%s/own.json", exports);

	t_ok(mst_dir_make(exports, &err), &err);
	put(dir, "machines-1.json", "mde-machines-list.json");
	put(dir, "machines-2.json",
	    "synthetic/mde-machines-observed-shape.json");
	put(dir, "SoftwareInventoryByMachine.json",
	    "mde-SoftwareInventoryByMachine.json");
	put(dir, "SoftwareVulnerabilitiesByMachine.json",
	    "mde-SoftwareVulnerabilitiesByMachine.json");
	put(dir,
	    gzip ? "SoftwareVulnerabilitiesExport/part.json.gz"
		 : "SoftwareVulnerabilitiesExport/part.json",
	    "synthetic/mde-VaExport-part-observed-shape.ndjson");
	put(dir, "vulnerabilities.json", "mde-vulnerabilities-list.json");
	put(dir, "devices.json", "graph-devices-list.json");
	t_write(own, mst_slice_str(machines));
	t_write(row, mst_slice_str(occurrence));
	free(exports);
	free(own);
	free(row);
	return dir;
}

static void apply(const char *dir)
{
	char *yaml =
	    mst_asprintf("connections:\n"
			 "  - name: saved\n"
			 "    type: endpoint\n"
			 "    read_from: %s\n"
			 "  - name: cmdb\n"
			 "    type: servicenow\n"
			 "    url: %s\n"
			 "    auth: basic\n"
			 "    username: %s\n"
			 "    password: env:MUSTER_SIM_PASSWORD\n"
			 "jobs:\n"
			 "  - name: main\n"
			 "    source: saved\n"
			 "    destination: cmdb\n",
			 dir, RIG_HOST(&rig, MST_SIM_SERVICENOW), MST_SIM_USER);

	rig_apply_text(&rig, yaml);
	free(yaml);
}

/* ---- what must land ------------------------------------------------------ */

#define PC	 "name=mymachine1"
#define HOST	 "name=host-1"
#define LINUX	 "name=linux-1"
#define ON(cve)	 "u_cve.u_cve_id=" cve
#define CATALOG	 "u_cve_id=CVE-2019-0608"
#define FALLBACK "u_cve_id=CVE-2025-21418"

static const struct {
	const char *table, *query, *column, *value;
} want[] = {
    {"cmdb_ci_computer", PC, "sys_class_name", "cmdb_ci_computer"},
    {"cmdb_ci_computer", PC, "fqdn", "mymachine1.contoso.com"},
    {"cmdb_ci_computer", PC, "dns_domain", "contoso.com"},
    {"cmdb_ci_computer", PC, "os", "Windows 10"},
    {"cmdb_ci_computer", PC, "os_version", "1709"},
    {"cmdb_ci_computer", PC, "ip_address", "172.17.230.209"},
    {"cmdb_ci_computer", PC, "first_discovered", "2018-08-02 14:55:03"},
    {"cmdb_ci_computer", PC, "last_discovered", "2018-08-02 14:55:03"},
    {"cmdb_ci_computer", PC, "correlation_id",
     "1e5bc9d7e413ddd7902c2932e418702b84d0cc07"},
    {"cmdb_ci_computer", PC, "discovery_source", "muster"},
    {"cmdb_ci_computer", PC, "hardware_status", "installed"},
    {"cmdb_ci_computer", PC, "hardware_substatus", "in_use"},
    {"cmdb_ci_computer", PC, "install_status", "1"},
    {"cmdb_ci_computer", PC, "operational_status", "1"},
    {"cmdb_ci_computer", HOST, "fqdn", "host-1.example.test"},
    {"cmdb_ci_computer", HOST, "dns_domain", "example.test"},
    {"cmdb_ci_computer", HOST, "os", "Windows 11"},
    {"cmdb_ci_computer", HOST, "os_version", "23H2"},
    {"cmdb_ci_computer", HOST, "os_address_width", "64"},
    {"cmdb_ci_computer", HOST, "ip_address", "192.0.2.10"},
    {"cmdb_ci_computer", HOST, "mac_address", "00:00:5e:00:53:01"},
    {"cmdb_ci_computer", HOST, "first_discovered", "2024-11-05 11:54:59"},
    {"cmdb_ci_computer", HOST, "last_discovered", "2025-04-02 02:51:16"},
    {"cmdb_ci_computer", HOST, "correlation_id",
     "0000000000000000000000000000000000000001"},
    {"cmdb_ci_linux_server", LINUX, "sys_class_name", "cmdb_ci_linux_server"},
    {"cmdb_ci_linux_server", LINUX, "fqdn", ""},
    {"cmdb_ci_linux_server", LINUX, "os", "Ubuntu"},
    {"cmdb_ci_linux_server", LINUX, "os_version", "22.4"},
    {"cmdb_ci_linux_server", LINUX, "mac_address", "00:00:5e:00:53:02"},
    {"cmdb_ci_linux_server", LINUX, "operational_status", "5"},
    {"cmdb_ci_win_server", "name=PC-B", "os", "Windows Server 2019"},
    {"cmdb_ci_win_server", "name=PC-B", "operational_status", "5"},

    {"cmdb_ci_spkg", "name=windows_10", "version", "10.0.17763.1637"},
    {"cmdb_ci_spkg", "name=windows_10", "key",
     "microsoft|windows_10|10.0.17763.1637"},
    /* the instance has it; names are compared folded */
    {"cmdb_ci_spkg", "name=windows_10", "vendor.name", "Microsoft Corporation"},
    {"cmdb_ci_spkg", "name=windows_10", "install_status", "1"},
    {"cmdb_software_instance", "name=.net_framework 4.0.0.0",
     "installed_on.name", "pc-a"},
    {"cmdb_software_instance", "name=.net_framework 4.0.0.0", "software.key",
     "microsoft|.net_framework|4.0.0.0"},
    {"cmdb_software_instance",
     "name=system_center_2012_endpoint_protection 4.10.209.0",
     "installed_on.name", "PC-B"},

    {"u_muster_cve", CATALOG, "u_name", "CVE-2019-0608"},
    {"u_muster_cve", CATALOG, "u_severity", "medium"},
    {"u_muster_cve", CATALOG, "u_cvss_score", "4.3"},
    {"u_muster_cve", CATALOG, "u_cvss_vector",
     "CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H/E:U/RL:O/RC:C"},
    {"u_muster_cve", CATALOG, "u_exposed_machines", "4"},
    {"u_muster_cve", CATALOG, "u_published", "2019-10-08 00:00:00"},
    {"u_muster_cve", CATALOG, "u_updated", "2019-12-16 16:20:00"},
    {"u_muster_cve", CATALOG, "u_public_exploit", "false"},
    {"u_muster_cve", CATALOG, "u_exploit_verified", "false"},
    {"u_muster_cve", CATALOG, "u_exploit_in_kit", "false"},
    {"u_muster_cve", CATALOG, "u_supportability", "supported"},
    {"u_muster_cve", CATALOG, "u_source", "Microsoft Defender"},
    {"u_muster_cve", FALLBACK, "u_name", "CVE-2025-21418"},
    {"u_muster_cve", FALLBACK, "u_severity", "high"},
    {"u_muster_cve", FALLBACK, "u_cvss_score", "7.8"},
    {"u_muster_cve", FALLBACK, "u_description", ""},

    {"u_muster_cve_instance", ON("CVE-2025-21418"), "u_cmdb_ci.name", "host-1"},
    {"u_muster_cve_instance", ON("CVE-2025-21418"), "u_software_name",
     "windows_11"},
    {"u_muster_cve_instance", ON("CVE-2025-21418"), "u_software_vendor",
     "microsoft"},
    {"u_muster_cve_instance", ON("CVE-2025-21418"), "u_software_version",
     "10.0.22631.4890"},
    {"u_muster_cve_instance", ON("CVE-2025-21418"), "u_software_package", ""},
    {"u_muster_cve_instance", ON("CVE-2025-21418"), "u_status", "unresolved"},
    {"u_muster_cve_instance", ON("CVE-2025-21418"), "u_severity", "high"},
    {"u_muster_cve_instance", ON("CVE-2025-21418"), "u_cvss_score", "7.8"},
    {"u_muster_cve_instance", ON("CVE-2025-21418"), "u_exploitability",
     "in_kit"},
    {"u_muster_cve_instance", ON("CVE-2025-21418"), "u_first_seen",
     "2025-02-11 18:00:00"},
    {"u_muster_cve_instance", ON("CVE-2025-21418"), "u_last_seen",
     "2025-11-02 08:15:00"},
    {"u_muster_cve_instance", ON("CVE-2025-21418"), "u_recommended_update",
     "February 2025 Security Updates"},
    {"u_muster_cve_instance", ON("CVE-2025-21418"), "u_recommended_update_id",
     "5051987"},
    {"u_muster_cve_instance", ON("CVE-2025-21418"), "u_source_connection",
     "saved"},
    {"u_muster_cve_instance", ON("CVE-2025-21418"), "u_reopened_count", "0"},
    {"u_muster_cve_instance", ON("CVE-2024-9143"), "u_cmdb_ci.name", "linux-1"},
    {"u_muster_cve_instance", ON("CVE-2024-9143"), "u_severity", "low"},
    {"u_muster_cve_instance", ON("CVE-2024-9143"), "u_cvss_score", "4.0"},
    {"u_muster_cve_instance", ON("CVE-2024-9143"), "u_exploitability",
     "no_exploit"},
    {"u_muster_cve_instance", ON("CVE-2024-9143"), "u_disk_paths",
     "/usr/lib/x86_64-linux-gnu/libssl.so.3"},
    {"u_muster_cve_instance", ON("CVE-2024-9143"), "u_last_seen",
     "2025-11-01 14:30:00"},
    {"u_muster_cve_instance", ON("CVE-2019-0608"), "u_cmdb_ci.name",
     "mymachine1"},
};

static void check_columns(void)
{
	for (size_t i = 0; i < MST_LEN(want); i++) {
		struct mst_json rows = rig_rows(&rig, want[i].table,
						want[i].query, want[i].column);
		struct mst_json_iter it = mst_json_iter(rows);
		struct mst_json row = {NULL, 0};
		struct mst_slice is;

		if (mst_json_len(rows) != 1 || !mst_json_next(&it, NULL, &row))
			fail_msg("%s %s: %zu records", want[i].table,
				 want[i].query, mst_json_len(rows));
		is = mst_json_str(mst_json_get(row, want[i].column));
		if (!mst_slice_is(is, want[i].value) &&
		    !(is.n == 0 && !*want[i].value))
			fail_msg("%s %s: %s is \"%.*s\", not \"%s\"",
				 want[i].table, want[i].query, want[i].column,
				 MST_SLICE_ARG(is), want[i].value);
	}
}

/* The key as docs/internals/rules.md has it. */
static void check_key(void)
{
	static const char text[] =
	    "saved\n0000000000000000000000000000000000000002\nubuntu\n"
	    "openssl_for_linux\n1:3.0.2-0ubuntu1.10\nCVE-2024-9143";
	char query[64] = "u_key=";

	mst_hash_hex(mst_hash128(text, sizeof(text) - 1, 0), query + 6);
	assert_int_equal(rig_count(&rig, "u_muster_cve_instance", query), 1);
}

static void check_counts(void)
{
	static const char mine[] = "sys_created_by=" MST_SIM_USER;

	/* Of the six machines and the two of our own one is merged and one
	 * has no name. */
	assert_int_equal(rig_count(&rig, "cmdb_ci_computer", mine), 5);
	assert_int_equal(rig_count(&rig, "u_muster_cve_instance", ""), 3);
	assert_int_equal(rig_count(&rig, "u_muster_cve", ""), 3);
	/* One of the five software rows is of a machine that is not listed. */
	assert_int_equal(rig_count(&rig, "cmdb_software_instance", ""), 4);
	assert_int_equal(rig_count(&rig, "cmdb_ci_spkg", mine), 4);
}

static void samples_land(bool gzip)
{
	char *dir;

	if (!t_samples())
		skip(); /* there are no sample bodies beside the sources */
	rig_fresh(&rig);
	dir = folder(gzip ? "gzip" : "plain", gzip);
	apply(dir);
	rig_muster(&rig, "plan", "main", "--json");
	rig_status(&rig, 7);
	(void)rig_json(&rig);
	assert_int_equal(rig_num(rig.root, "counts.devices.insert"), 5);
	assert_int_equal(
	    rig_num(rig.root, "counts.device_vulnerabilities.insert"), 3);
	assert_int_equal(rig_num(rig.root, "counts.devices.missing"), 0);
	assert_int_equal(rig_num(rig.root, "counts.devices.skipped"), 1);
	(void)rig_sync(&rig, 0);
	check_columns();
	check_key();
	check_counts();
	rig_quiet(&rig);

	rig_muster(&rig, "explain", "main", "host-1", "--json");
	rig_status(&rig, 0);
	assert_non_null(strstr(rig.out.p, "endpoint.mac"));
	assert_non_null(strstr(rig.out.p, "00:00:5e:00:53:01"));
	assert_non_null(strstr(rig.out.p, "00005E005301"));
	rig_muster(&rig, "explain", "main", "CVE-2024-9143");
	rig_status(&rig, 0);
	assert_non_null(strstr(rig.out.p, "no_exploit"));
	free(dir);
}

static void plain_files(void **state)
{
	(void)state;
	samples_land(false);
}

static void gzip_files(void **state)
{
	(void)state;
	samples_land(true);
}

static int set_up(void **state)
{
	const struct mst_sim_conf conf = {.empty = true};

	(void)state;
	rig_start(&rig, &conf);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	rig_stop(&rig);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(plain_files),
	    cmocka_unit_test(gzip_files),
	};

	return cmocka_run_group_tests_name("samples", tests, set_up, tear_down);
}
