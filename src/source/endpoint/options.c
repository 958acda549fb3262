/* SPDX-License-Identifier: Apache-2.0
 *
 * The options of a connection of type "endpoint". Those with a rule are
 * settings: they have values of their own for TEST and PROD.
 */
#include <stddef.h>

#include "source/endpoint/endpoint_private.h"
#include "source/microsoft/options.h"

#define AT(member)     offsetof(struct ep_conf, member)
#define MS(member)     offsetof(struct ep_conf, ms.member)
#define COMMON(member) offsetof(struct ep_conf, common.member)
#define RECVER(member) offsetof(struct ep_conf, common.recver.member)

/* Several devices may show these: assigned locally (second hex digit 2, 6, a
 * or e), FortiClient, Cisco AnyConnect, VMware's host-only adapters, WAN
 * miniports of Windows. */
#define EP_SHARED_MACS                                                         \
	"?2:*|?6:*|?a:*|?e:*|00:09:0f:*|00:05:9a:3c:7?:00|00:50:56:c0:00:0?|"  \
	"50:50:54:50:30:30|20:41:53:59:4e:ff"

#define EP_JUNK_SERIALS                                                        \
	"0|none|n/a|na|unknown|default string|to be filled by o.e.m.|"         \
	"system serial number|not specified|not available|invalid|xxxxxxx|"    \
	"123456789|0123456789|vmware-*|parallels-*"

#define CLASS(name, asset, dflt, text)                                         \
	{                                                                      \
		"class_" name, MST_OPT_LIST, AT(classes[asset]), dflt,         \
		    .help = (text), .rule = "endpoint.class"                   \
	}
#define STATE(name, value, dflt, text)                                         \
	{                                                                      \
		"status_" name, MST_OPT_CHOICE, AT(onboarding_states[value]),  \
		    dflt, EP_STATE_CHOICES, .help = (text),                    \
					    .rule = "endpoint.status"          \
	}
#define FILTER_LIST(name, member, words, text)                                 \
	{                                                                      \
		name, MST_OPT_LIST, AT(member), NULL, words,                   \
		    .help = (text), .rule = "endpoint.filter"                  \
	}

const struct mst_opt ep_opts[] = {
    MS_LOGIN_OPTS(MS),
    {"api_url", MST_OPT_URL, AT(api_url), NULL, NULL, 0, 0, 0,
     "Address of the Defender API, when it is not the cloud's."},
    MS_HOST_OPTS(MS),
    {"scope", MST_OPT_TEXT, AT(scope), NULL, NULL, 0, 0, 0,
     "Scope of the Defender token, when it is not the cloud's."},
    MS_NAME_OPTS(MS),
    {"read_method", MST_OPT_CHOICE, AT(read_method), "auto", "auto|files|json",
     0, 0, 0,
     "How inventories are read: export files, JSON pages, or files with JSON "
     "pages where files are not offered."},
    {"json_below", MST_OPT_INT, AT(json_below), "0", NULL, 0, 1e9, 0,
     "With read_method auto: take JSON pages when the tenant has fewer "
     "devices than this."},
    {"page_size", MST_OPT_INT, AT(page_size), "10000", NULL, 1, 200000, 0,
     "Records a page; lowered where an API takes fewer."},
    {"sas_valid_hours", MST_OPT_INT, AT(sas_valid_hours), "6", NULL, 1, 6, 0,
     "How long addresses of export files are asked to be valid."},
    MS_COMMON_OPTS(COMMON, RECVER, "saved answers and export files"),

    /* settings */
    {"asset_types", MST_OPT_LIST, AT(asset_types), EP_ASSET_CHOICES,
     EP_ASSET_CHOICES,
     .help = "Asset types that are delivered; a type needs "
	     "a class, too.",
     .rule = "endpoint.asset_types"},
    {"platforms", MST_OPT_LIST, AT(platforms),
     .help = "Operating systems with the asset type that they stand for, as "
	     "in IOS-XE*=network_device; looked at before the built-in ones.",
     .rule = "endpoint.asset_types"},
    CLASS("windows_pc", EP_WINDOWS_PC, "cmdb_ci_computer",
	  "Class of Windows PCs: the first one is inserted into, the others "
	  "are searched too."),
    CLASS("mac", EP_MAC, "cmdb_ci_computer",
	  "Class of Macs; the others are searched too."),
    CLASS("windows_server", EP_WINDOWS_SERVER, "cmdb_ci_win_server",
	  "Class of Windows servers; the others are searched too."),
    CLASS("linux_server", EP_LINUX_SERVER, "cmdb_ci_linux_server",
	  "Class of Linux servers; the others are searched too."),
    CLASS("handheld", EP_HANDHELD, "cmdb_ci_handheld_computing",
	  "Class of phones and tablets; the others are searched too. With the "
	  "default they are skipped where the class is missing."),
    CLASS("network_device", EP_NETWORK_DEVICE, "none",
	  "Class of network devices, for example cmdb_ci_netgear; with none "
	  "they are skipped."),
    CLASS("other", EP_OTHER, "none",
	  "Class of devices of any other operating system; with none they are "
	  "skipped."),
    {"name_form", MST_OPT_CHOICE, AT(name_form), "short", "short|fqdn",
     .help = "Name of computers and servers: the host name, or the whole DNS "
	     "name.",
     .rule = "endpoint.name"},
    {"name_case", MST_OPT_CHOICE, AT(name_case), "as_is", "as_is|lower|upper",
     .help = "Case of the name.", .rule = "endpoint.name"},
    {"status_by_onboarding", MST_OPT_BOOL, AT(status_by_onboarding), "no",
     .help = "Take the status from the onboarding status instead of the "
	     "health; what each means, the four settings below say.",
     .rule = "endpoint.status"},
    STATE("onboarded", EP_ONBOARDED, "active",
	  "Status of devices that are onboarded."),
    STATE("can_be_onboarded", EP_CAN_BE_ONBOARDED, "ready",
	  "Status of devices that can be onboarded."),
    STATE("unsupported", EP_UNSUPPORTED, "ready",
	  "Status of devices that cannot be onboarded."),
    STATE("insufficient_info", EP_INSUFFICIENT_INFO, "ready",
	  "Status of devices that too little is known of."),
    {"retire_after_days", MST_OPT_INT, AT(retire_after_days), "0", NULL, 0,
     3650,
     .help = "Devices not seen for more days than this get the retired "
	     "status; 0 is never.",
     .rule = "endpoint.status"},
    {"insert_inactive", MST_OPT_BOOL, AT(insert_inactive), "yes",
     .help = "Make CIs of devices that are not active; without, such devices "
	     "are only updated.",
     .rule = "endpoint.status"},
    FILTER_LIST("filter_os", filter_os, NULL,
		"Only devices whose osPlatform fits one of these patterns."),
    FILTER_LIST("filter_os_not", filter_os_not, NULL,
		"No devices whose osPlatform fits one of these patterns."),
    FILTER_LIST("filter_onboarding", filter_onboarding, EP_ONBOARDING_CHOICES,
		"Only devices with one of these onboarding states."),
    FILTER_LIST("filter_health", filter_health,
		"active|inactive|impaired_communication|no_sensor_data|"
		"no_sensor_data_impaired_communication|unknown",
		"Only devices with one of these health states."),
    FILTER_LIST("filter_tags", filter_tags, NULL,
		"Only devices with a tag that fits one of these patterns."),
    FILTER_LIST("filter_tags_not", filter_tags_not, NULL,
		"No devices with a tag that fits one of these patterns."),
    FILTER_LIST("filter_groups", filter_groups, NULL,
		"Only devices whose machine group (rbacGroupName) fits one of "
		"these patterns."),
    FILTER_LIST("filter_groups_not", filter_groups_not, NULL,
		"No devices whose machine group fits one of these patterns."),
    {"filter_not_seen_days", MST_OPT_INT, AT(filter_not_seen_days), "0", NULL,
     0, 3650,
     .help = "No devices that were not seen for more days than this; "
	     "0 is off.",
     .rule = "endpoint.filter"},
    {"filter_exposure", MST_OPT_CHOICE, AT(filter_exposure), "any",
     "any|low|medium|high",
     .help = "Only devices with at least this exposure "
	     "level.",
     .rule = "endpoint.filter"},
    {"filter_risk", MST_OPT_CHOICE, AT(filter_risk), "any",
     "any|informational|low|medium|high",
     .help = "Only devices with at least this risk score.",
     .rule = "endpoint.filter"},
    {"filter_missing", MST_OPT_CHOICE, AT(filter_missing), "retire",
     "retire|keep",
     .help = "What becomes of a delivered device that asset_types or a filter "
	     "leaves out: it is retired like one that is gone, or it stays as "
	     "it is with all that hangs on it.",
     .rule = "endpoint.filter"},
    {"mac_unique_only", MST_OPT_BOOL, AT(mac_unique_only), "yes",
     .help = "Pass over MAC addresses that fit mac_ignore.",
     .rule = "endpoint.mac"},
    {"mac_ignore", MST_OPT_LIST, AT(mac_ignore), EP_SHARED_MACS,
     .help = "Patterns of MAC addresses that several devices may have: "
	     "assigned locally, VPN clients, host-only and dial-up adapters.",
     .rule = "endpoint.mac"},
    {"serial_check", MST_OPT_BOOL, AT(serial_check), "yes",
     .help = "Pass over serial numbers that fit serial_ignore, and those that "
	     "are one character repeated.",
     .rule = "endpoint.serial"},
    {"serial_ignore", MST_OPT_LIST, AT(serial_ignore), EP_JUNK_SERIALS,
     .help = "Patterns of serial numbers that are none.",
     .rule = "endpoint.serial"},
    {"correlation_prefix", MST_OPT_TEXT, AT(correlation_prefix),
     .help = "Put in front of the device id in correlation_id, to tell "
	     "several tenants in one CMDB apart.",
     .rule = "endpoint.correlation"},
    {"enrich", MST_OPT_BOOL, AT(enrich), "yes",
     .help = "Fill manufacturer and model from Entra ID (permission "
	     "Device.Read.All of Microsoft Graph).",
     .rule = "endpoint.enrich"},
    {"hardware", MST_OPT_BOOL, AT(hardware), "no",
     .help = "Fill manufacturer, model and serial number from the hardware "
	     "inventory (needs a vulnerability management licence).",
     .rule = "endpoint.enrich"},
    {"enrich_attributes", MST_OPT_LIST, AT(enrich_attributes),
     "manufacturer|model|serial_number",
     "manufacturer|model|serial_number|os_version",
     .help = "What is filled; os_version is that of Entra ID, where Defender "
	     "has none.",
     .rule = "endpoint.enrich"},
    {"enrich_prefer", MST_OPT_CHOICE, AT(enrich_prefer), "entra",
     "entra|hardware",
     .help = "Which of both counts where both know manufacturer or model.",
     .rule = "endpoint.enrich"},
    {"software_packages", MST_OPT_BOOL, AT(software_packages), "yes",
     .help = "Deliver software packages; without, installed software has its "
	     "name only.",
     .rule = "endpoint.packages"},
    {"software_table", MST_OPT_CHOICE, AT(software_table),
     "cmdb_software_instance", "cmdb_software_instance|cmdb_sam_sw_install",
     .help = "Table that installed software goes to.",
     .rule = "endpoint.installs"},
    {"software_non_cpe", MST_OPT_BOOL, AT(software_non_cpe), "yes",
     .help = "Deliver software without a product code (CPE) too.",
     .rule = "endpoint.installs"},
    {"software_require", MST_OPT_LIST, AT(software_require), NULL,
     "vendor|version",
     .help = "Leave out software that lacks one of these; the name it must "
	     "have.",
     .rule = "endpoint.installs"},
    {"software_names", MST_OPT_LIST, AT(software_names),
     .help = "Names of software, ALIAS=NAME or VENDOR|ALIAS=VENDOR|NAME, as in "
	     "MSTeams=microsoft|teams; they count before the built-in ones. "
	     "VENDOR|=VENDOR is for all of a vendor, ALIAS= switches the "
	     "built-in entries of the alias off.",
     .rule = "endpoint.software_names"},
    {"software_names_builtin", MST_OPT_BOOL, AT(software_names_builtin), "yes",
     .help = "Use the built-in names, too.", .rule = "endpoint.software_names"},
    {"min_cvss", MST_OPT_DECIMAL, AT(min_cvss), "0", NULL, 0, 10,
     .help = "CVE instances with a lower score are left out.",
     .rule = "endpoint.cve_threshold"},
    {"no_score", MST_OPT_CHOICE, AT(no_score), "keep", "keep|drop",
     .help = "What becomes of CVE instances without a score or, with "
	     "min_severity, without a severity.",
     .rule = "endpoint.cve_threshold"},
    {"min_severity", MST_OPT_CHOICE, AT(min_severity), "any",
     "any|low|medium|high|critical",
     .help = "CVE instances of a lower severity are left out.",
     .rule = "endpoint.cve_threshold"},
    {"only_exploitable", MST_OPT_BOOL, AT(only_exploitable), "no",
     .help = "CVE instances without a known exploit are left out.",
     .rule = "endpoint.cve_threshold"},
    {"below_threshold", MST_OPT_CHOICE, AT(below_threshold), "close",
     "close|keep",
     .help = "What becomes of delivered CVE instances that the four settings "
	     "above leave out: they are closed, or stay as they are until "
	     "Defender no longer shows them.",
     .rule = "endpoint.cve_threshold"},
    {"stale_after_days", MST_OPT_INT, AT(stale_after_days), "0", NULL, 0, 3650,
     .help = "Unresolved CVE instances not seen for more days than this "
	     "become stale; 0 is never. What a person has set stays.",
     .rule = "endpoint.cve_age"},
    {.key = NULL},
};
