/* SPDX-License-Identifier: Apache-2.0
 *
 * Every default rule of docs/internals/rules.md, through the engine's own
 * mechanism (src/rules).
 */
#include "endpoint_drive.h"

#include <stdio.h>

#include "base/hash.h"
#include "dest/servicenow/servicenow.h"

#define DEVICE "'id':'A1','computerDnsName':'pc-1','osPlatform':'Windows11'"

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

static void device(const char *members)
{
	char text[4096];

	(void)snprintf(text, sizeof(text), "{%s}", members);
	ruled_record(&r, EP_MACHINES, text);
}

/* A device with these members besides the usual ones, applied. */
static void device_with(const char *members)
{
	char text[4096];

	(void)snprintf(text, sizeof(text), "{" DEVICE ",%s}", members);
	ruled_record(&r, EP_MACHINES, text);
	ruled_apply(&r, "devices");
}

/* ---- section 3: devices ---------------------------------------------------
 */

static void test_filter(void **state)
{
	struct mst_slice why;

	device(DEVICE);
	assert_int_equal(ruled_keep(&r, "devices", &why), MST_KEEP);
	device(DEVICE ",'mergedIntoMachineId':null,'isExcluded':false");
	assert_int_equal(ruled_keep(&r, "devices", &why), MST_KEEP);
	device(DEVICE ",'mergedIntoMachineId':'','isExcluded':'False'");
	assert_int_equal(ruled_keep(&r, "devices", &why), MST_KEEP);
	device(DEVICE ",'mergedIntoMachineId':'b2'");
	assert_int_equal(ruled_keep(&r, "devices", &why), MST_DROP);
	device(DEVICE ",'isExcluded':true");
	assert_int_equal(ruled_keep(&r, "devices", &why), MST_DROP);
	device(DEVICE ",'isExcluded':'True'");
	assert_int_equal(ruled_keep(&r, "devices", &why), MST_DROP);
	device("'computerDnsName':'a','osPlatform':'Windows11'");
	assert_int_equal(ruled_keep(&r, "devices", &why), MST_SKIP);
	t_is(why, "no id");
	device("'id':'1','computerDnsName':' ','osPlatform':'Windows11'");
	assert_int_equal(ruled_keep(&r, "devices", &why), MST_SKIP);
	t_is(why, "no name (computerDnsName is empty)");
	device("'id':'1','computerDnsName':'a'");
	assert_int_equal(ruled_keep(&r, "devices", &why), MST_SKIP);
	t_is(why, "no operating system");
	device("'id':'1','computerDnsName':'a','osPlatform':'Solaris'");
	assert_int_equal(ruled_keep(&r, "devices", &why), MST_SKIP);
	t_is(why, "no class for the operating system 'Solaris'");
}

static void test_class(void **state)
{
	static const char *const classes[][2] = {
	    {"Windows10", "cmdb_ci_computer"},
	    {"windows11", "cmdb_ci_computer"},
	    {"Windows10WVD", "cmdb_ci_computer"},
	    {"WindowsServer2019", "cmdb_ci_win_server"},
	    {"WINDOWSSERVER2022", "cmdb_ci_win_server"},
	    {"macOS", "cmdb_ci_computer"},
	    {"macOSX", "cmdb_ci_computer"},
	    {"MacOsVentura", "cmdb_ci_computer"},
	    {"Linux", "cmdb_ci_linux_server"},
	    {"Ubuntu", "cmdb_ci_linux_server"},
	    {"RedHatEnterpriseLinux", "cmdb_ci_linux_server"},
	    {"CentOS", "cmdb_ci_linux_server"},
	    {"Debian", "cmdb_ci_linux_server"},
	    {"SUSE", "cmdb_ci_linux_server"},
	    {"SLES12", "cmdb_ci_linux_server"},
	    {"OracleLinux", "cmdb_ci_linux_server"},
	    {"AmazonLinux2", "cmdb_ci_linux_server"},
	    {"Fedora", "cmdb_ci_linux_server"},
	    {"RockyLinux", "cmdb_ci_linux_server"},
	    {"AlmaLinux", "cmdb_ci_linux_server"},
	    {"RHEL8", "cmdb_ci_linux_server"},
	    {"iOS", "cmdb_ci_handheld_computing"},
	    {"iPadOS", "cmdb_ci_handheld_computing"},
	    {"Android", "cmdb_ci_handheld_computing"},
	};
	struct mst_slice why;

	for (size_t i = 0; i < MST_LEN(classes); i++) {
		char text[256];

		(void)snprintf(
		    text, sizeof(text),
		    "{'Id':'1','ComputerDnsName':'a','OSPlatform':'%s'}",
		    classes[i][0]);
		ruled_record(&r, EP_MACHINES, text);
		ruled_apply(&r, "devices");
		t_is(r.d.table, classes[i][1]);
	}
	r.handheld = false;
	device("'id':'1','computerDnsName':'a','osPlatform':'Android'");
	assert_int_equal(ruled_keep(&r, "devices", &why), MST_SKIP);
	t_is(why, "the destination has no class 'cmdb_ci_handheld_computing'");
}

static void identity_of(const char *members, struct mst_buf *identity,
			struct mst_buf *rank)
{
	struct mst_slice i, k;

	device(members);
	assert_true(
	    mst_rules_identity(r.rules, ruled_mapping(&r, "devices"), &i, &k));
	mst_buf_reset(identity);
	mst_buf_reset(rank);
	mst_buf_add_slice(identity, i);
	mst_buf_add_slice(rank, k);
}

static void test_identity(void **state)
{
	struct mst_buf a = MST_BUF_INIT(4096), b = MST_BUF_INIT(4096);
	struct mst_buf ra = MST_BUF_INIT(4096), rb = MST_BUF_INIT(4096);
	/* in rising order of rank */
	static const char *const ranks[] = {
	    "'id':'0001'",
	    "'id':'0002'",
	    "'id':'0001','firstSeen':'2020-01-01T00:00:00Z'",
	    "'id':'0001','firstSeen':'2024-05-05T10:00:00.1234567Z'",
	    "'id':'0001','firstSeen':'2024-05-05T10:00:00.9234567Z'",
	    "'id':'0001','healthStatus':'active'",
	    ("'id':'0001','healthStatus':'Active','firstSeen':"
	     "'2019-01-01T00:00:00Z'"),
	    "'id':'0001','healthStatus':'Active','firstSeen':'2020-01-01'",
	    "'id':'0F01','healthStatus':'Active','firstSeen':'2020-01-01'",
	};

	identity_of("'id':'1','computerDnsName':'PC-1.corp.example',"
		    "'osPlatform':'Windows10'",
		    &a, &ra);
	identity_of("'id':'2','computerDnsName':'pc-1','osPlatform':"
		    "'Windows11'",
		    &b, &rb);
	assert_string_equal(a.p, b.p);
	t_is(mst_buf_slice(&a), "cmdb_ci_computer\npc-1");
	identity_of("'id':'2','computerDnsName':'pc-1','osPlatform':"
		    "'WindowsServer2022'",
		    &b, &rb);
	assert_string_not_equal(a.p, b.p);
	for (size_t i = 0; i + 1 < MST_LEN(ranks); i++) {
		char x[512], y[512];

		(void)snprintf(x, sizeof(x),
			       "'computerDnsName':'a','osPlatform':'macOS',%s",
			       ranks[i]);
		(void)snprintf(y, sizeof(y),
			       "'computerDnsName':'a','osPlatform':'macOS',%s",
			       ranks[i + 1]);
		identity_of(x, &a, &ra);
		identity_of(y, &b, &rb);
		if (mst_slice_cmp(mst_buf_slice(&ra), mst_buf_slice(&rb)) >= 0)
			fail_msg("rank of %s is not below %s", ranks[i],
				 ranks[i + 1]);
	}
	mst_buf_fini(&a);
	mst_buf_fini(&b);
	mst_buf_fini(&ra);
	mst_buf_fini(&rb);
}

static void test_names(void **state)
{
	static const struct {
		const char *dns, *os, *name, *fqdn, *domain;
	} names[] = {
	    {"pc-1.Corp.example", "Windows11", "pc-1", "pc-1.corp.example",
	     "corp.example"},
	    {"  PC_2.corp.example ", "macOS", "PC_2", "pc_2.corp.example",
	     "corp.example"},
	    {"SRV", "WindowsServer2022", "SRV", NULL, NULL},
	    {"Max Mustermann iPadAir 17zoll (2ndgeneration)", "iPadOS",
	     "Max Mustermann iPadAir 17zoll (2ndgeneration)", NULL, NULL},
	    {"maxs.phone", "iOS", "maxs.phone", "maxs.phone", "phone"},
	    {"Max' PC.local", "Windows11", "Max\" PC.local", NULL, NULL},
	    {"b\xc3\xbcro.local", "Windows11", "b\xc3\xbcro.local", NULL, NULL},
	    {".hidden.local", "Windows11", ".hidden.local", NULL, NULL},
	    {"host.", "Ubuntu", "host", "host.", NULL},
	};

	for (size_t i = 0; i < MST_LEN(names); i++) {
		struct mst_buf b = MST_BUF_INIT(4096);

		mst_buf_addf(&b,
			     "'id':'1','osPlatform':'%s',"
			     "'computerDnsName':'",
			     names[i].os);
		/* the helper turns ' into ": escape that one */
		for (const char *c = names[i].dns; *c; c++)
			mst_buf_adds(&b, *c == '\'' ? "\\'" : (char[]){*c, 0});
		mst_buf_adds(&b, "'");
		device(b.p);
		ruled_apply(&r, "devices");
		ruled_is(&r, "name", names[i].name);
		ruled_is(&r, "fqdn", names[i].fqdn);
		ruled_is(&r, "dns_domain", names[i].domain);
		mst_buf_fini(&b);
	}
}

static void test_os(void **state)
{
	static const char *const names[][2] = {
	    {"Windows10", "Windows 10"},
	    {"WINDOWS11", "Windows 11"},
	    {"Windows7", "Windows 7"},
	    {"Windows8", "Windows 8"},
	    {"Windows81", "Windows 8.1"},
	    {"WindowsServer2008R2", "Windows Server 2008 R2"},
	    {"WindowsServer2012", "Windows Server 2012"},
	    {"WindowsServer2012R2", "Windows Server 2012 R2"},
	    {"WindowsServer2016", "Windows Server 2016"},
	    {"WindowsServer2019", "Windows Server 2019"},
	    {"WindowsServer2022", "Windows Server 2022"},
	    {"WindowsServer2025", "Windows Server 2025"},
	    {"macos", "macOS"},
	    {"Ubuntu", "Ubuntu"},
	    {"RedHatEnterpriseLinux", "Red Hat Enterprise Linux"},
	    {"CentOS", "CentOS"},
	    {"Debian", "Debian"},
	    {"SUSE", "SUSE"},
	    {"OracleLinux", "Oracle Linux"},
	    {"AmazonLinux", "Amazon Linux"},
	    {"ios", "iOS"},
	    {"Android", "Android"},
	    {"Windows10WVD", "Windows10WVD"},
	    {"SLES", "SLES"},
	};
	char text[512];

	for (size_t i = 0; i < MST_LEN(names); i++) {
		(void)snprintf(text, sizeof(text),
			       "'id':'1','computerDnsName':'a','osPlatform':"
			       "'%s'",
			       names[i][0]);
		device(text);
		ruled_apply(&r, "devices");
		ruled_is(&r, "os", names[i][1]);
	}
	device_with("'version':'22H2','osBuild':22621");
	ruled_is(&r, "os_version", "22H2");
	device_with("'version':null,'osBuild':22621");
	ruled_is(&r, "os_version", "22621");
	device_with("'version':' ','osBuild':'6'");
	ruled_is(&r, "os_version", "6");
	device_with("'version':9.5");
	ruled_is(&r, "os_version", "9.5");
	device_with("'osBuild':null");
	ruled_is(&r, "os_version", NULL);
	device_with("'osArchitecture':'64-bit'");
	ruled_is(&r, "os_address_width", "64");
	device_with("'osArchitecture':'32-Bit'");
	ruled_is(&r, "os_address_width", "32");
	device_with("'osArchitecture':'arm'");
	ruled_is(&r, "os_address_width", NULL);
}

static void test_plain_attributes(void **state)
{
	device_with("'lastIpAddress':' 10.0.0.1 '");
	ruled_is(&r, "ip_address", "10.0.0.1");
	device_with("'lastIpAddress':''");
	ruled_is(&r, "ip_address", NULL);
	device_with("'lastIpAddress':'2001:db8::1'");
	ruled_is(&r, "ip_address", "2001:db8::1");
	device_with("'vmMetadata':{'vmId':'1'}");
	ruled_is(&r, "virtual", "true");
	device_with("'vm_metadata':{}");
	ruled_is(&r, "virtual", "true");
	device_with("'vmMetadata':null");
	ruled_is(&r, "virtual", NULL);
	device_with("'firstSeen':'2018-08-02T14:55:03.7791856Z',"
		    "'lastSeen':'2021-01-25 07:27:36'");
	ruled_is(&r, "first_discovered", "2018-08-02 14:55:03");
	ruled_is(&r, "last_discovered", "2021-01-25 07:27:36");
	device_with("'firstSeen':'0001-01-01T00:00:00Z'");
	ruled_is(&r, "first_discovered", NULL);
	device_with("'id':'ignored'"); /* the first counts */
	t_is(r.d.key, "a1");
	t_is(r.d.group, "a1");
	ruled_is(&r, "correlation_id", "A1");
	ruled_is(&r, "discovery_source", "muster");
	r.conf.correlation_prefix = "MDE-";
	device(DEVICE);
	ruled_apply(&r, "devices");
	ruled_is(&r, "correlation_id", "MDE-A1");
}

static void test_makers(void **state)
{
	device_with("'manufacturer':' Contoso Inc. ','model':'Book 3'");
	ruled_is(&r, "manufacturer", "Contoso Inc.");
	ruled_is(&r, "model_id", "Book 3");
	device_with("'model':'Book 3'"); /* never without its maker */
	ruled_is(&r, "manufacturer", NULL);
	ruled_is(&r, "model_id", NULL);
	device_with("'manufacturer':'Contoso','model':''");
	ruled_is(&r, "model_id", NULL);
}

static void test_status(void **state)
{
	static const char *const columns[] = {
	    "hardware_status", "hardware_substatus", "install_status",
	    "operational_status"};
	static const struct {
		const char *health;
		const char *want[4];
	} cases[] = {
	    {"'Active'", {"installed", "in_use", "1", "1"}},
	    {"'ACTIVE'", {"installed", "in_use", "1", "1"}},
	    {"'Inactive'", {NULL, NULL, NULL, "5"}},
	    {"'ImpairedCommunication'", {NULL, NULL, NULL, "5"}},
	    {"'NoSensorData'", {NULL, NULL, NULL, "5"}},
	    {"'NoSensorDataImpairedCommunication'", {NULL, NULL, NULL, "5"}},
	    {"'Unknown'", {NULL, NULL, NULL, "5"}},
	    {"null", {NULL, NULL, NULL, "5"}},
	};
	const struct mst_set *set = mst_catalog_set(r.catalog, "devices");

	for (size_t i = 0; i < MST_LEN(cases); i++) {
		char text[128];

		(void)snprintf(text, sizeof(text), "'healthStatus':%s",
			       cases[i].health);
		device_with(text);
		for (size_t k = 0; k < 4; k++)
			ruled_is(&r, columns[k], cases[i].want[k]);
	}
	assert_int_equal(set->missing, MST_MISSING_RETIRE);
	assert_string_equal(set->retire_values[0], "hardware_status=retired");
	assert_string_equal(set->retire_values[1],
			    "hardware_substatus=divested");
	assert_string_equal(set->retire_values[2], "install_status=7");
	assert_string_equal(set->retire_values[3], "operational_status=6");
	assert_null(set->retire_values[4]);
}

#define IP(mac, type, status)                                                  \
	"{'ipAddress':'10.0.0.1','macAddress':" mac ",'type':'" type           \
	"','operationalStatus':'" status "'}"

static void test_mac(void **state)
{
	static const struct {
		const char *ips, *want;
	} cases[] = {
	    {"[" IP("'8CEC4B897E73'", "Ethernet", "Up") "]",
	     "8c:ec:4b:89:7e:73"},
	    {"[{'macAddress':'8C-EC-4B-89-7E-73'}]", "8c:ec:4b:89:7e:73"},
	    {"[{'macAddress':'8cec.4b89.7e73'}]", "8c:ec:4b:89:7e:73"},
	    {"[{'MacAddress':'8c:ec:4b:89:7e:73'}]", "8c:ec:4b:89:7e:73"},
	    /* the documentation range is an ordinary one */
	    {"[" IP("'00005E005301'", "Ethernet", "Up") "]",
	     "00:00:5e:00:53:01"},
	    /* not usable */
	    {"[]", NULL},
	    {"null", NULL},
	    {"'x'", NULL},
	    {"[null,7,'8CEC4B897E73',[]]", NULL},
	    {"[{'macAddress':null},{}]", NULL},
	    {"[{'macAddress':'000000000000'}]", NULL},
	    {"[{'macAddress':'FFFFFFFFFFFF'}]", NULL},
	    {"[{'macAddress':'01005E000001'}]", NULL},
	    {"[{'macAddress':'02EC4B897E73'}]", NULL},
	    {"[{'macAddress':'8CEC4B897E7'}]", NULL},
	    {"[{'macAddress':'8CEC4B897E731'}]", NULL},
	    {"[{'macAddress':'8CEC4B897E7G'}]", NULL},
	    {"[{'macAddress':''}]", NULL},
	    {"[" IP("'8CEC4B897E73'", "SoftwareLoopback", "Up") "]", NULL},
	    /* up, then Ethernet, then the smallest */
	    {"[" IP("'00EC4B000001'", "Ethernet",
		    "Down") "," IP("'8CEC4B000002'", "Other", "Up") "]",
	     "8c:ec:4b:00:00:02"},
	    {"[" IP("'00EC4B000001'", "Other",
		    "Up") "," IP("'8CEC4B000002'", "ethernet", "up") "]",
	     "8c:ec:4b:00:00:02"},
	    {"[" IP("'8CEC4B000002'", "Ethernet",
		    "Up") "," IP("'8CEC4B000001'", "Ethernet", "Up") "]",
	     "8c:ec:4b:00:00:01"},
	};

	for (size_t i = 0; i < MST_LEN(cases); i++) {
		char text[1024];

		(void)snprintf(text, sizeof(text), "'ipAddresses':%s",
			       cases[i].ips);
		device_with(text);
		ruled_is(&r, "mac_address", cases[i].want);
	}
}

static void test_serial(void **state)
{
	static const char *const junk[] = {"",
					   " ",
					   "0",
					   "None",
					   "N/A",
					   "na",
					   "UNKNOWN",
					   "Default String",
					   "To be filled by O.E.M.",
					   "System Serial Number",
					   "Not Specified",
					   "not available",
					   "INVALID",
					   "xxxxxxx",
					   "123456789",
					   "0123456789",
					   "1111111",
					   "XXXX",
					   "VMware-56 4d",
					   "Parallels-1",
					   "-"};
	char text[512];

	device_with("'additionalFields':'{\\'SystemSKU\\':\\'S\\',"
		    "\\'SerialNumber\\':\\' 5CG1234XYZ \\'}'");
	ruled_is(&r, "serial_number", "5CG1234XYZ");
	device_with("'additionalFields':'{\\'serialnumber\\':\\'5CG1\\'}'");
	ruled_is(&r, "serial_number", "5CG1");
	device_with("'additionalFields':{'SerialNumber':'5CG2'}");
	ruled_is(&r, "serial_number", "5CG2");
	device_with("'additionalFields':'{\\'SystemSKU\\':\\'S\\'}'");
	ruled_is(&r, "serial_number", NULL);
	device_with("'additionalFields':'{broken'");
	ruled_is(&r, "serial_number", NULL);
	device_with("'additionalFields':'[1]'");
	ruled_is(&r, "serial_number", NULL);
	for (size_t i = 0; i < MST_LEN(junk); i++) {
		(void)snprintf(text, sizeof(text),
			       "'additionalFields':'{\\'SerialNumber\\':"
			       "\\'%s\\'}'",
			       junk[i]);
		device_with(text);
		ruled_is(&r, "serial_number", NULL);
	}
}

/* Insert-only and volatile columns are no reason to write; all others are. */
static void test_what_counts(void **state)
{
	struct mst_hash before;

	device_with("'firstSeen':'2020-01-01','lastSeen':'2024-01-01'");
	before = r.d.value;
	r.conf.correlation_prefix = "other-";
	device_with("'firstSeen':'2021-01-01','lastSeen':'2024-02-02'");
	assert_true(mst_hash_eq(before, r.d.value));
	device_with("'lastIpAddress':'10.0.0.1'");
	assert_false(mst_hash_eq(before, r.d.value));
}

static void test_joins(void **state)
{
	assert_int_equal(ep_catalog.joins_n, 2);
	assert_int_equal(ep_catalog.joins[0].from, EP_ENTRA);
	assert_int_equal(ep_catalog.joins[1].from, EP_HARDWARE);
	ruled_record(&r, EP_ENTRA,
		     "{'deviceId':'00000000-0000-0000-0000-000000000000'}");
	assert_false(ep_catalog.joins[0].keep(r.v));
	ruled_record(&r, EP_ENTRA, "{'deviceId':null}");
	assert_false(ep_catalog.joins[0].keep(r.v));
	ruled_record(&r, EP_ENTRA,
		     "{'deviceId':'00000000-0000-4000-8000-000000000001'}");
	assert_true(ep_catalog.joins[0].keep(r.v));
	ruled_record(&r, EP_HARDWARE, "{'ComponentType':'HARDWARE'}");
	assert_true(ep_catalog.joins[1].keep(r.v));
	ruled_record(&r, EP_HARDWARE, "{'deviceId':'1'}");
	assert_true(ep_catalog.joins[1].keep(r.v));
	ruled_record(&r, EP_HARDWARE, "{'componentType':'Processor'}");
	assert_false(ep_catalog.joins[1].keep(r.v));
}

/* ---- sections 4 and 5: software -------------------------------------------
 */

#define SOFTWARE                                                               \
	"{'deviceId':'A1','softwareVendor':' Microsoft','softwareName':"       \
	"'Edge_X','softwareVersion':'120.0.1'}"

static void test_packages(void **state)
{
	const struct mst_set *set =
	    mst_catalog_set(r.catalog, "software_packages");
	struct mst_slice why;

	ruled_record(&r, EP_SOFTWARE, SOFTWARE);
	ruled_apply(&r, "software_packages");
	t_is(r.d.key, "microsoft|edge_x|120.0.1");
	t_is(r.d.group, "microsoft|edge_x|120.0.1");
	t_is(r.d.table, "cmdb_ci_spkg");
	ruled_is(&r, "name", "Edge_X");
	ruled_is(&r, "version", "120.0.1");
	ruled_is(&r, "vendor", "microsoft");
	ruled_is(&r, "key", "microsoft|edge_x|120.0.1");
	ruled_is(&r, "discovery_source", "muster");
	ruled_is(&r, "install_status", "1");
	ruled_is(&r, "operational_status", "1");
	/* the feed without product codes makes the same */
	ruled_record(&r, EP_NON_CPE,
		     "{'DeviceId':'2','SoftwareName':'intel\xc2\xae_x'}");
	ruled_apply(&r, "software_packages");
	t_is(r.d.key, "|intel\xc2\xae_x|");
	ruled_is(&r, "vendor", NULL);
	ruled_is(&r, "version", NULL);
	ruled_record(&r, EP_SOFTWARE, "{'deviceId':'A1','softwareName':' '}");
	assert_int_equal(ruled_keep(&r, "software_packages", &why), MST_SKIP);
	t_is(why, "software row without a name");
	ruled_record(&r, EP_SOFTWARE, "{'softwareName':'a'}");
	assert_int_equal(ruled_keep(&r, "software_packages", &why), MST_SKIP);
	assert_string_equal(set->retire_values[0], "install_status=7");
	assert_string_equal(set->retire_values[1], "operational_status=6");
	assert_string_equal(set->selected_by, "software_installs");
	assert_int_equal(set->missing, MST_MISSING_RETIRE);
}

static void test_installs(void **state)
{
	const struct mst_set *set =
	    mst_catalog_set(r.catalog, "software_installs");

	ruled_record(&r, EP_SOFTWARE, SOFTWARE);
	ruled_apply(&r, "software_installs");
	t_is(r.d.key, "microsoft|edge_x|120.0.1");
	t_is(r.d.group, "a1");
	t_is(r.d.table, "cmdb_software_instance");
	ruled_is(&r, "name", "Edge_X 120.0.1");
	ruled_is(&r, "installed_on", "a1");
	ruled_is(&r, "software", "microsoft|edge_x|120.0.1");
	ruled_is(&r, "display_name", NULL);
	ruled_is(&r, "publisher", NULL);
	ruled_is(&r, "version", NULL);
	ruled_is(&r, "prod_id", NULL);
	ruled_is(&r, "discovery_source", NULL);
	ruled_record(&r, EP_SOFTWARE, "{'deviceId':'a','softwareName':'b'}");
	ruled_apply(&r, "software_installs");
	ruled_is(&r, "name", "b");
	assert_int_equal(set->missing, MST_MISSING_DELETE);
	assert_string_equal(set->parent, "devices");
}

static void test_sam(void **state)
{
	ruled_again(&r, "software_table: cmdb_sam_sw_install\n");
	for (size_t i = 0; i < r.catalog->mappings_n; i++) {
		const struct mst_mapping *m = &r.catalog->mappings[i];

		if (strcmp(m->set, "software_packages") == 0)
			assert_int_equal(m->feeds, 0);
	}
	ruled_record(&r, EP_SOFTWARE, SOFTWARE);
	ruled_apply(&r, "software_installs");
	t_is(r.d.table, "cmdb_sam_sw_install");
	ruled_is(&r, "display_name", "Edge_X");
	ruled_is(&r, "publisher", "microsoft");
	ruled_is(&r, "version", "120.0.1");
	ruled_is(&r, "installed_on", "a1");
	ruled_is(&r, "prod_id", "microsoft|edge_x|120.0.1");
	ruled_is(&r, "discovery_source", "muster");
	ruled_is(&r, "name", NULL);
	ruled_is(&r, "software", NULL);
	ruled_record(&r, EP_DEVICE_CVES,
		     "{'deviceId':'1','softwareName':'a','cveId':'CVE-1'}");
	ruled_apply(&r, "device_vulnerabilities");
	ruled_is(&r, "u_software_package", NULL);
}

/* What is remembered of a product is told apart by vendor and name, record by
 * record. */
static void test_product_names(void **state)
{
	static const struct {
		const char *json, *key, *name;
	} rows[] = {
	    {"{'deviceId':'1','softwareName':'MSTeams'}", "microsoft|teams|",
	     "teams"},
	    {"{'deviceId':'1','softwareVendor':'Acme','softwareName':'MSTeams'"
	     "}",
	     "acme|msteams|", "MSTeams"},
	    {"{'deviceId':'1','softwareVendor':'Microsoft Corporation',"
	     "'softwareName':'MSTeams','softwareVersion':'2'}",
	     "microsoft|teams|2", "teams"},
	    {"{'deviceId':'1','softwareVendor':'Microsoft Corporation',"
	     "'softwareName':'Other'}",
	     "microsoft|other|", "Other"},
	};

	for (size_t i = 0; i < 3 * MST_LEN(rows); i++) {
		size_t at = i % MST_LEN(rows);

		ruled_record(&r, EP_SOFTWARE, rows[at].json);
		ruled_apply(&r, "software_packages");
		t_is(r.d.key, rows[at].key);
		ruled_is(&r, "name", rows[at].name);
	}
	/* the reference of a CVE row, its names and its key */
	ruled_record(&r, EP_DEVICE_CVES,
		     "{'deviceId':'1','softwareName':'MSTeams','cveId':'C-1'}");
	ruled_apply(&r, "device_vulnerabilities");
	ruled_is(&r, "u_software_package", "microsoft|teams|");
	ruled_is(&r, "u_software_name", "MSTeams");
	ruled_again(&r, "software_names: [\"a=b\"]\n");
	ruled_record(&r, EP_DEVICE_CVES,
		     "{'deviceId':'1','softwareName':'MSTeams','cveId':'C-1'}");
	ruled_apply(&r, "device_vulnerabilities");
	ruled_is(&r, "u_software_name", "teams");
	ruled_is(&r, "u_software_vendor", "microsoft");
}

/* ---- sections 6 and 7: CVEs ------------------------------------------------
 */

#define ROW                                                                    \
	"'DeviceId':'A1','SoftwareVendor':'Microsoft','SoftwareName':"         \
	"'windows_11','SoftwareVersion':'10.0.1','CveId':'cve-2024-0001'"

static void cve_row(const char *members)
{
	char text[2048];

	(void)snprintf(text, sizeof(text), "{" ROW "%s}", members);
	ruled_record(&r, EP_DEVICE_CVES, text);
}

static void test_instance_filter(void **state)
{
	struct mst_slice why;

	cve_row("");
	assert_int_equal(ruled_keep(&r, "device_vulnerabilities", &why),
			 MST_KEEP);
	ruled_record(&r, EP_DEVICE_CVES,
		     "{'deviceId':'1','softwareName':'a','cveId':null}");
	assert_int_equal(ruled_keep(&r, "device_vulnerabilities", &why),
			 MST_DROP);
	ruled_record(&r, EP_DEVICE_CVES,
		     "{'deviceId':'1','softwareName':'a','cveId':''}");
	assert_int_equal(ruled_keep(&r, "device_vulnerabilities", &why),
			 MST_DROP);
	ruled_record(&r, EP_DEVICE_CVES, "{'cveId':'CVE-1'}");
	assert_int_equal(ruled_keep(&r, "device_vulnerabilities", &why),
			 MST_SKIP);
	t_is(why, "CVE row without a device id");
	cve_row(",'Status':'fixed'");
	assert_int_equal(ruled_keep(&r, "device_vulnerabilities", &why),
			 MST_DROP);
	cve_row(",'Status':'New'");
	assert_int_equal(ruled_keep(&r, "device_vulnerabilities", &why),
			 MST_KEEP);
}

static void test_threshold(void **state)
{
	static const struct {
		const char *score;
		double least;
		enum mst_keep keep;
	} cases[] = {
	    {"6.9", 7, MST_DROP},   {"7", 7, MST_KEEP},
	    {"7.0", 7, MST_KEEP},   {"'6.9'", 7, MST_DROP},
	    {"'7.1'", 7, MST_KEEP}, {"null", 7, MST_KEEP},
	    {"'?'", 7, MST_KEEP},   {"0", 0, MST_KEEP},
	    {"6", 6.5, MST_DROP},   {"true", 7, MST_KEEP},
	};

	for (size_t i = 0; i < MST_LEN(cases); i++) {
		char text[64];

		(void)snprintf(text, sizeof(text), "min_cvss: %g\n",
			       cases[i].least);
		ruled_again(&r, text);
		(void)snprintf(text, sizeof(text), ",'CvssScore':%s",
			       cases[i].score);
		cve_row(text);
		assert_int_equal(ruled_keep(&r, "device_vulnerabilities", NULL),
				 cases[i].keep);
	}
}

static void test_instance(void **state)
{
	const struct mst_set *set =
	    mst_catalog_set(r.catalog, "device_vulnerabilities");
	static const char text[] =
	    "defender\na1\nmicrosoft\nwindows_11\n10.0.1\nCVE-2024-0001";
	char hex[33];

	cve_row(",'CvssScore':7,'VulnerabilitySeverityLevel':'High',"
		"'ExploitabilityLevel':'ExploitIsInKit',"
		"'FirstSeenTimestamp':'2024-01-02 03:04:05',"
		"'LastSeenTimestamp':'2024-02-02T03:04:05.1234567Z',"
		"'RecommendedSecurityUpdate':'November','"
		"RecommendedSecurityUpdateId':5051987,"
		"'RecommendedSecurityUpdateUrl':'https://example.com/kb',"
		"'DiskPaths':['/b','/a','/b'],'RegistryPaths':[]");
	ruled_apply(&r, "device_vulnerabilities");
	mst_hash_hex(mst_hash128(text, sizeof(text) - 1, 0), hex);
	t_is(r.d.key, hex);
	t_is(r.d.group, "a1");
	t_is(r.d.table, "u_muster_cve_instance");
	ruled_is(&r, "u_key", hex);
	ruled_is(&r, "u_cmdb_ci", "a1");
	ruled_is(&r, "u_cve", "CVE-2024-0001");
	ruled_is(&r, "u_software_package", "microsoft|windows_11|10.0.1");
	ruled_is(&r, "u_software_name", "windows_11");
	ruled_is(&r, "u_software_vendor", "Microsoft");
	ruled_is(&r, "u_software_version", "10.0.1");
	ruled_is(&r, "u_status", "unresolved");
	ruled_is(&r, "u_severity", "high");
	ruled_is(&r, "u_cvss_score", "7.0");
	ruled_is(&r, "u_exploitability", "in_kit");
	ruled_is(&r, "u_first_seen", "2024-01-02 03:04:05");
	ruled_is(&r, "u_last_seen", "2024-02-02 03:04:05");
	ruled_is(&r, "u_recommended_update", "November");
	ruled_is(&r, "u_recommended_update_id", "5051987");
	ruled_is(&r, "u_recommended_update_url", "https://example.com/kb");
	ruled_is(&r, "u_disk_paths", "/a\n/b");
	ruled_is(&r, "u_registry_paths", NULL);
	ruled_is(&r, "u_source_connection", "defender");
	ruled_is(&r, "u_reopened_count", "0");
	ruled_is(&r, "u_resolved_at", NULL);
	assert_int_equal(set->missing, MST_MISSING_CLOSE);
	assert_string_equal(set->retire_values[0],
			    "u_status=resolved_confirmed");
}

static void test_instance_values(void **state)
{
	static const char *const levels[][2] = {
	    {"None", "none"}, {"low", "low"},		{"Medium", "medium"},
	    {"HIGH", "high"}, {"Critical", "critical"}, {"Odd", NULL},
	    {"", NULL},
	};
	static const char *const exploits[][2] = {
	    {"NoExploit", "no_exploit"},
	    {"ExploitIsPublic", "public"},
	    {"exploitisverified", "verified"},
	    {"ExploitIsInKit", "in_kit"},
	    {"Odd", NULL},
	};
	static const char *const scores[][2] = {
	    {"9.75", "9.8"}, {"'4'", "4.0"}, {"null", NULL},
	    {"10", "10.0"},  {"0", "0.0"},   {"'x'", NULL},
	};
	char text[256];

	for (size_t i = 0; i < MST_LEN(levels); i++) {
		(void)snprintf(text, sizeof(text),
			       ",'vulnerabilitySeverityLevel':'%s'",
			       levels[i][0]);
		cve_row(text);
		ruled_apply(&r, "device_vulnerabilities");
		ruled_is(&r, "u_severity", levels[i][1]);
	}
	for (size_t i = 0; i < MST_LEN(exploits); i++) {
		(void)snprintf(text, sizeof(text),
			       ",'exploitabilityLevel':'%s'", exploits[i][0]);
		cve_row(text);
		ruled_apply(&r, "device_vulnerabilities");
		ruled_is(&r, "u_exploitability", exploits[i][1]);
	}
	for (size_t i = 0; i < MST_LEN(scores); i++) {
		(void)snprintf(text, sizeof(text), ",'cvssScore':%s",
			       scores[i][0]);
		cve_row(text);
		ruled_apply(&r, "device_vulnerabilities");
		ruled_is(&r, "u_cvss_score", scores[i][1]);
	}
}

/* The key folds case and blanks, and keeps what differs apart. */
static void test_instance_key(void **state)
{
	struct mst_buf one = MST_BUF_INIT(256);
	static const char *const same[] = {
	    "{'deviceId':' a1 ','softwareVendor':'MICROSOFT','softwareName':"
	    "'Windows_11','softwareVersion':'10.0.1 ','cveId':"
	    "'CVE-2024-0001'}"};
	static const char *const other[] = {
	    "{'deviceId':'a2','softwareVendor':'microsoft','softwareName':"
	    "'windows_11','softwareVersion':'10.0.1','cveId':"
	    "'CVE-2024-0001'}",
	    "{'deviceId':'a1','softwareName':'windows_11','softwareVersion':"
	    "'10.0.1','cveId':'CVE-2024-0001'}",
	    "{'deviceId':'a1','softwareVendor':'microsoft','softwareName':"
	    "'windows_11','softwareVersion':'10.0.2','cveId':"
	    "'CVE-2024-0001'}",
	    "{'deviceId':'a1','softwareVendor':'microsoft','softwareName':"
	    "'windows_11','softwareVersion':'10.0.1','cveId':"
	    "'CVE-2024-0002'}"};

	cve_row("");
	ruled_apply(&r, "device_vulnerabilities");
	mst_buf_add_slice(&one, r.d.key);
	ruled_record(&r, EP_DEVICE_CVES, same[0]);
	ruled_apply(&r, "device_vulnerabilities");
	t_is(r.d.key, one.p);
	for (size_t i = 0; i < MST_LEN(other); i++) {
		ruled_record(&r, EP_DEVICE_CVES, other[i]);
		ruled_apply(&r, "device_vulnerabilities");
		assert_false(mst_slice_is(r.d.key, one.p));
	}
	mst_buf_fini(&one);
}

/* Rows that differ in a column that is sent differ in the check sum; when they
 * only differ in times they do not. */
static void test_instance_sum(void **state)
{
	static const char *const differ[] = {
	    ",'cvssScore':7.1",
	    ",'vulnerabilitySeverityLevel':'Low'",
	    ",'exploitabilityLevel':'NoExploit'",
	    ",'recommendedSecurityUpdate':'x'",
	    ",'recommendedSecurityUpdateId':'x'",
	    ",'recommendedSecurityUpdateUrl':'x'",
	    ",'diskPaths':['x']",
	    ",'registryPaths':['x']",
	};
	struct mst_hash plain, h;

	cve_row("");
	plain = mst_rules_hash(r.rules,
			       ruled_mapping(&r, "device_vulnerabilities"));
	cve_row(",'firstSeenTimestamp':'2024-01-02 03:04:05',"
		"'lastSeenTimestamp':'2024-01-02 03:04:05'");
	h = mst_rules_hash(r.rules,
			   ruled_mapping(&r, "device_vulnerabilities"));
	assert_true(mst_hash_eq(plain, h));
	for (size_t i = 0; i < MST_LEN(differ); i++) {
		cve_row(differ[i]);
		h = mst_rules_hash(r.rules,
				   ruled_mapping(&r, "device_vulnerabilities"));
		assert_false(mst_hash_eq(plain, h));
	}
}

static void test_definition(void **state)
{
	const struct mst_set *set =
	    mst_catalog_set(r.catalog, "vulnerabilities");
	struct mst_slice why;

	ruled_record(
	    &r, EP_CVES,
	    "{'id':'cve-2024-0001','name':'Spoofing','description':'Text',"
	    "'severity':'Medium','cvssV3':4.3,'cvssVector':'CVSS:3.1/AV:N',"
	    "'EPSS':0.123456,'publicExploit':true,'exploitVerified':'False',"
	    "'exploitInKit':null,'exploitTypes':['b','a'],"
	    "'exploitUris':'https://example.com','publishedOn':"
	    "'2019-10-08T00:00:00Z','updatedOn':'2019-12-16T16:20:00Z',"
	    "'exposedMachines':4,'tags':['z','y'],"
	    "'CveSupportability':'Supported'}");
	ruled_apply(&r, "vulnerabilities");
	t_is(r.d.key, "CVE-2024-0001");
	t_is(r.d.table, "u_muster_cve");
	ruled_is(&r, "u_cve_id", "CVE-2024-0001");
	ruled_is(&r, "u_name", "Spoofing");
	ruled_is(&r, "u_description", "Text");
	ruled_is(&r, "u_severity", "medium");
	ruled_is(&r, "u_cvss_score", "4.3");
	ruled_is(&r, "u_cvss_vector", "CVSS:3.1/AV:N");
	ruled_is(&r, "u_epss", "0.12346");
	ruled_is(&r, "u_public_exploit", "true");
	ruled_is(&r, "u_exploit_verified", "false");
	ruled_is(&r, "u_exploit_in_kit", NULL);
	ruled_is(&r, "u_exploit_types", "a\nb");
	ruled_is(&r, "u_exploit_uris", "https://example.com");
	ruled_is(&r, "u_published", "2019-10-08 00:00:00");
	ruled_is(&r, "u_updated", "2019-12-16 16:20:00");
	ruled_is(&r, "u_exposed_machines", "4");
	ruled_is(&r, "u_tags", "y\nz");
	ruled_is(&r, "u_supportability", "supported");
	ruled_is(&r, "u_source", "Microsoft Defender");
	ruled_is(&r, "u_first_seen", "2024-11-20 00:00:00");
	ruled_record(&r, EP_CVES,
		     "{'id':'TVM-2020-0001','epss':'0.5','tags':'one',"
		     "'cveSupportability':['Supported','Not Supported']}");
	ruled_apply(&r, "vulnerabilities");
	ruled_is(&r, "u_name", "TVM-2020-0001");
	ruled_is(&r, "u_epss", "0.5");
	ruled_is(&r, "u_tags", "one");
	ruled_is(&r, "u_supportability", "not supported\nsupported");
	ruled_is(&r, "u_cvss_score", NULL);
	ruled_record(&r, EP_CVES, "{'id':'CVE-1','epss':1e-9}");
	ruled_apply(&r, "vulnerabilities");
	ruled_is(&r, "u_epss", "0");
	ruled_record(&r, EP_CVES, "{'name':'CVE-1'}");
	assert_int_equal(ruled_keep(&r, "vulnerabilities", &why), MST_SKIP);
	assert_int_equal(set->missing, MST_MISSING_KEEP);
	assert_string_equal(set->referenced_by, "device_vulnerabilities");
}

static void test_definition_from_a_row(void **state)
{
	cve_row(",'CvssScore':7.8,'VulnerabilitySeverityLevel':'High'");
	assert_true(
	    ep_catalog.mappings[ruled_mapping(&r, "vulnerabilities")].fallback);
	ruled_apply(&r, "vulnerabilities");
	t_is(r.d.key, "CVE-2024-0001");
	assert_int_equal(r.d.cells_n, 7);
	ruled_is(&r, "u_source", "Microsoft Defender");
	ruled_is(&r, "u_first_seen", "2024-11-20 00:00:00");
	ruled_is(&r, "u_last_seen", "2024-11-20 00:00:00");
	ruled_is(&r, "u_cve_id", "CVE-2024-0001");
	ruled_is(&r, "u_name", "CVE-2024-0001");
	ruled_is(&r, "u_severity", "high");
	ruled_is(&r, "u_cvss_score", "7.8");
}

/* ---- the catalogue ---------------------------------------------------------
 */

/* A row may belong to a rule of the destination. */
static bool is_rule(const char *id)
{
	for (size_t i = 0; i < mst_dest_servicenow.rules_n; i++) {
		if (strcmp(mst_dest_servicenow.rules[i].id, id) == 0)
			return true;
	}
	if (strncmp(id, "servicenow.", strlen("servicenow.")) == 0)
		return true; /* the destination's */
	for (size_t i = 0; i < ep_catalog.rules_n; i++) {
		if (strcmp(ep_catalog.rules[i].id, id) == 0)
			return true;
	}
	return false;
}

/* Names that stand in several tables are the same everywhere. */
static void test_catalogue(void **state)
{
	const struct mst_catalog *c = &ep_catalog;

	assert_int_equal(c->feeds_n, EP__FEEDS);
	for (size_t i = 0; i < c->feeds_n; i++) {
		assert_true(c->feeds[i].fields_n <= MST_MAX_FIELDS);
		for (size_t k = 0; k < c->feeds[i].fields_n; k++)
			assert_non_null(c->feeds[i].fields[k].name);
	}
	for (size_t i = 0; i < c->sets_n; i++) {
		const struct mst_set *s = &c->sets[i];

		assert_true(i == 0 || c->sets[i - 1].order < s->order);
		assert_true(!s->parent || mst_catalog_set(c, s->parent));
		for (size_t k = 0; k < s->columns_n; k++) {
			const struct mst_column *col = &s->columns[k];

			if (col->flags & MST_COL_REF)
				assert_non_null(
				    mst_catalog_set(c, col->ref_set));
			if (col->flags & MST_COL_MASTER)
				assert_non_null(col->ref_set);
		}
	}
	for (size_t i = 0; i < c->mappings_n; i++) {
		const struct mst_mapping *m = &c->mappings[i];

		assert_true(is_rule(m->key_rule));
		for (size_t k = 0; k < m->rows_n; k++)
			assert_true(is_rule(m->rows[k].rule));
	}
	for (const struct mst_opt *o = ep_opts; o->key; o++)
		assert_true(!o->rule || is_rule(o->rule));
	for (size_t i = 0; i < c->rules_n; i++) {
		assert_true(strlen(c->rules[i].title) > 5);
		assert_true(strlen(c->rules[i].text) > 20);
	}
}

#define RULE(fn) cmocka_unit_test_setup_teardown(fn, open_rules, close_rules)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    RULE(test_filter),
	    RULE(test_class),
	    RULE(test_identity),
	    RULE(test_names),
	    RULE(test_os),
	    RULE(test_plain_attributes),
	    RULE(test_makers),
	    RULE(test_status),
	    RULE(test_mac),
	    RULE(test_serial),
	    RULE(test_what_counts),
	    RULE(test_joins),
	    RULE(test_packages),
	    RULE(test_installs),
	    RULE(test_sam),
	    RULE(test_product_names),
	    RULE(test_instance_filter),
	    RULE(test_threshold),
	    RULE(test_instance),
	    RULE(test_instance_values),
	    RULE(test_instance_key),
	    RULE(test_instance_sum),
	    RULE(test_definition),
	    RULE(test_definition_from_a_row),
	    RULE(test_catalogue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
