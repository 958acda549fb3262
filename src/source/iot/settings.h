/* SPDX-License-Identifier: Apache-2.0
 *
 * The settings of this source: options that override a rule, with values of
 * their own for TEST and PROD. docs/internals/iot-rules.md says what each does.
 */
#ifndef MST_SOURCE_IOT_SETTINGS_H
#define MST_SOURCE_IOT_SETTINGS_H

#include "conf/conf.h"

enum ot_name_add { OT_ADD_NONE, OT_ADD_IP, OT_ADD_SITE, OT_ADD_ID };
enum ot_left_out { OT_RETIRE, OT_LEAVE };
enum ot_unauthorized { OT_UNAUTHORIZED_KEEP, OT_UNAUTHORIZED_SKIP };
enum ot_no_score { OT_NO_SCORE_KEEP, OT_NO_SCORE_DROP };
enum ot_definitions { OT_DEFINITIONS_INSERT, OT_DEFINITIONS_UPDATE };

/* What is no serial number, whatever device has it. */
#define OT_JUNK_SERIALS                                                        \
	"N/A|none|null|unknown|undefined|invalid|not *|n.a.|default*|"         \
	"to be filled*|system serial*|0123456789*|123456789*"

/* Filled by OT_SETTING_OPTS. */
struct ot_settings {
	struct mst_opt_list filter_types, filter_types_not;
	struct mst_opt_list filter_categories;
	struct mst_opt_list filter_sites, filter_zones;
	bool it_devices;
	int unauthorized; /* enum ot_unauthorized */
	int64_t filter_not_seen_days;
	int filter_missing; /* enum ot_left_out */
	struct mst_opt_list classes, class_sensor;
	int name_add; /* enum ot_name_add */
	const char *correlation_prefix;
	bool serial_number;
	struct mst_opt_list serial_ignore;
	struct mst_opt_list cleared_columns;
	double min_cvss;
	int no_score;	     /* enum ot_no_score */
	int cve_definitions; /* enum ot_definitions */
	int alert_severity;  /* 0: any; else enum mst_severity */
	struct mst_opt_list alert_engines;
	bool alert_system;
};

/* Rows of the table of options; AT(member): offset of a member of struct
 * ot_settings. */
#define OT_SETTING_OPTS(AT)                                                      \
	{"filter_types", MST_OPT_LIST, AT(filter_types),                         \
	 .help = "Only devices whose type fits one of these patterns, as in "    \
		 "PLC.",                                                         \
	 .rule = "iot.filter"},                                                  \
	    {"filter_types_not", MST_OPT_LIST, AT(filter_types_not),             \
	     .help = "No devices whose type fits one of these patterns.",        \
	     .rule = "iot.filter"},                                              \
	    {"filter_categories",   MST_OPT_LIST,                                \
	     AT(filter_categories), NULL,                                        \
	     "ICS|IT|IoT|Network",  .help = "Only devices of these categories.", \
	     .rule = "iot.filter"},                                              \
	    {"filter_sites", MST_OPT_LIST, AT(filter_sites),                     \
	     .help = "Only devices of sites that fit one of these patterns; "    \
		     "\"\" fits where there is none.",                           \
	     .rule = "iot.filter"},                                              \
	    {"filter_zones", MST_OPT_LIST, AT(filter_zones),                     \
	     .help = "Only devices of zones that fit one of these patterns; "    \
		     "\"\" fits where there is none.",                           \
	     .rule = "iot.filter"},                                              \
	    {"it_devices",                                                       \
	     MST_OPT_BOOL,                                                       \
	     AT(it_devices),                                                     \
	     "yes",                                                              \
	     .help = "Deliver devices of the category IT, too; no where "        \
		     "another source has them.",                                 \
	     .rule = "iot.filter"},                                              \
	    {"unauthorized",                                                     \
	     MST_OPT_CHOICE,                                                     \
	     AT(unauthorized),                                                   \
	     "keep",                                                             \
	     "keep|skip",                                                        \
	     .help = "What becomes of devices that nobody authorized in "        \
		     "Defender for IoT.",                                        \
	     .rule = "iot.filter"},                                              \
	    {"filter_not_seen_days",                                             \
	     MST_OPT_INT,                                                        \
	     AT(filter_not_seen_days),                                           \
	     "0",                                                                \
	     NULL,                                                               \
	     0,                                                                  \
	     3650,                                                               \
	     .help = "No devices that were not active for more days than "       \
		     "this; 0 is off.",                                          \
	     .rule = "iot.filter"},                                              \
	    {"filter_missing",                                                   \
	     MST_OPT_CHOICE,                                                     \
	     AT(filter_missing),                                                 \
	     "retire",                                                           \
	     "retire|keep",                                                      \
	     .help =                                                             \
		 "What becomes of a delivered device that a filter leaves "      \
		 "out: it goes like one that the source does not show, "         \
		 "or it stays as it is with all that hangs on it.",              \
	     .rule = "iot.filter"},                                              \
	    {"classes", MST_OPT_LIST, AT(classes),                               \
	     .help =                                                             \
		 "Classes of device types, TYPE=CLASS; of several classes "      \
		 "the first that the instance has is taken: "                    \
		 "TYPE=CLASS|CLASS; TYPE=none makes no CIs.",                    \
	     .rule = "iot.class"},                                               \
	    {"class_sensor",                                                     \
	     MST_OPT_LIST,                                                       \
	     AT(class_sensor),                                                   \
	     "cmdb_ci_nids|cmdb_ci_hardware",                                    \
	     .help = "Classes of sensors: the first that the instance has is "   \
		     "taken.",                                                   \
	     .rule = "iot.sensors"},                                             \
	    {"name_add",                                                         \
	     MST_OPT_CHOICE,                                                     \
	     AT(name_add),                                                       \
	     "none",                                                             \
	     "none|ip|site|id",                                                  \
	     .help = "What stands behind the name of each device's CI, in "      \
		     "brackets: its address, its site and zone, or its id; "     \
		     "for plants whose devices have the same names.",            \
	     .rule = "iot.name"},                                                \
	    {"correlation_prefix", MST_OPT_TEXT, AT(correlation_prefix),         \
	     .help = "Put in front of the correlation ids of CIs.",              \
	     .rule = "iot.correlation"},                                         \
	    {"serial_number",                                                    \
	     MST_OPT_BOOL,                                                       \
	     AT(serial_number),                                                  \
	     "yes",                                                              \
	     .help = "Give CIs the serial number of the device's own module.",   \
	     .rule = "iot.serial"},                                              \
	    {"serial_ignore",                                                    \
	     MST_OPT_LIST,                                                       \
	     AT(serial_ignore),                                                  \
	     OT_JUNK_SERIALS,                                                    \
	     .help = "Patterns of serial numbers that are none.",                \
	     .rule = "iot.serial"},                                              \
	    {"cleared_columns", MST_OPT_LIST, AT(cleared_columns),               \
	     .help = "Columns that are not written, COLUMN or SET.COLUMN, as "   \
		     "in ot_device_cis.manufacturer.",                           \
	     .rule = "iot.attributes"},                                          \
	    {"min_cvss",                                                         \
	     MST_OPT_DECIMAL,                                                    \
	     AT(min_cvss),                                                       \
	     "0",                                                                \
	     NULL,                                                               \
	     0,                                                                  \
	     10,                                                                 \
	     .help = "CVEs of devices with a lower score are left out.",         \
	     .rule = "iot.cve_threshold"},                                       \
	    {"no_score",                                                         \
	     MST_OPT_CHOICE,                                                     \
	     AT(no_score),                                                       \
	     "keep",                                                             \
	     "keep|drop",                                                        \
	     .help = "What becomes of CVEs of devices without a score.",         \
	     .rule = "iot.cve_threshold"},                                       \
	    {"cve_definitions",                                                  \
	     MST_OPT_CHOICE,                                                     \
	     AT(cve_definitions),                                                \
	     "insert",                                                           \
	     "insert|update",                                                    \
	     .help = "What Defender for IoT says of a CVE is only written "      \
		     "when its definition is made, or kept up to date.",         \
	     .rule = "iot.cves"},                                                \
	    {"alert_severity",                                                   \
	     MST_OPT_CHOICE,                                                     \
	     AT(alert_severity),                                                 \
	     "any",                                                              \
	     "any|warning|minor|major|critical",                                 \
	     .help = "Only alerts of at least this severity.",                   \
	     .rule = "iot.alerts"},                                              \
	    {"alert_engines",                                                    \
	     MST_OPT_LIST,                                                       \
	     AT(alert_engines),                                                  \
	     NULL,                                                               \
	     "protocol|policy|malware|anomaly|operational",                      \
	     .help = "Only alerts of these engines.",                            \
	     .rule = "iot.alerts"},                                              \
	{                                                                        \
		"alert_system", MST_OPT_BOOL, AT(alert_system), "yes",           \
		    .help = "Deliver what sensors tell of themselves, too.",     \
		    .rule = "iot.alerts"                                         \
	}

#endif
