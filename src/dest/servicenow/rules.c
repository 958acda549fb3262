/* SPDX-License-Identifier: Apache-2.0
 *
 * What this destination does with any source, in words for people. The
 * settings that override a rule are the options that name it (options.c).
 */
#include "dest/servicenow/sn.h"

const struct mst_rule mst_sn_rules[SN_RULES] = {
    {"servicenow.source", "Discovery source",
     "Every CI carries muster as its discovery source, set when it is made; "
     "it is also the name of the CI's native keys."},
    {"servicenow.correlation", "Correlation of a CI that is there",
     "Discovery source and correlation id are written when a CI is made and "
     "never overwritten by an update."},
    {"servicenow.write", "How configuration items are written",
     "Through the identification and reconciliation engine, which finds the "
     "CI by its native key, then by its own rules."},
    {"servicenow.classes", "Cross-class matching",
     "A CI that is new is looked for in the class that it would be made in, "
     "and in the further classes that the source names for it. A class is "
     "never switched or downgraded."},
    {"servicenow.macs", "MAC addresses that prove nothing",
     "Locally assigned addresses and those of VPN clients and virtual "
     "adapters are not unique: no CI is found by them."},
    {"servicenow.split", "Different values for insert and update",
     "Inserts and updates write the same columns; only discovery source, "
     "correlation id and the times of the first sight are for inserts "
     "alone."},
    {"servicenow.status", "Status of a CI that is there",
     "All status columns are written whenever they change, whatever a person "
     "set in between."},
    {"servicenow.manufacturer", "Manufacturer of a device",
     "Written as a reference to core_company, as is the vendor of an "
     "application; a device whose maker is not known is written without "
     "one."},
    {"servicenow.child_manufacturer", "Makers of child records",
     "The vendor of a software package is written; no processors, disks, "
     "network adapters or tracked files are delivered, so theirs are not."},
    {"servicenow.company", "Manufacturers and vendors",
     "Looked up in core_company by name, then without case, punctuation and "
     "legal form; made when there is none."},
    {"servicenow.company_delete", "Companies that nothing refers to",
     "Stay. A company that muster made is never deleted."},
    {"servicenow.device_model", "Model of a device",
     "Written as a reference to the model, when its maker is known."},
    {"servicenow.model", "Models",
     "Looked up in cmdb_hardware_product_model by name and manufacturer; made "
     "when there is none."},
    {"servicenow.model_delete", "Models that nothing refers to",
     "Stay. A model that muster made is never deleted."},
    {"servicenow.normalization", "Field normalisation",
     "Off: names of makers are looked up and made by muster."},
    {"servicenow.choices", "Choice values",
     "The choice of cmdb_ci.discovery_source must be there; `muster "
     "connection setup` offers to insert it. No other choice is made."},
    {"servicenow.locations", "Locations",
     "No record of cmn_location is made or referred to."},
    {"servicenow.packages", "Retirement of software packages",
     "A package is retired, never deleted, when its last installation is "
     "gone; one that another source still shows as installed is left alone."},
    {"servicenow.install_count", "Install count of a package",
     "Never written: ServiceNow counts by itself."},
    {"servicenow.software_models", "Software product models",
     "None: packages refer to no software product model."},
    {"servicenow.user_relation", "What people are to applications",
     "The relation between a person and an application has the type Uses of "
     "cmdb_rel_user_type, which must be there: `muster connection setup` "
     "offers to add it. Relations of another type are left alone."},
    {"servicenow.columns", "Columns that a table lacks",
     "A run does not begin when a column that it would write is in none of "
     "the tables: ServiceNow would drop its values without a word."},
};
