/* SPDX-License-Identifier: Apache-2.0
 *
 * The default rules in words for people. The options that name a rule override
 * it (options.c); docs/internals/cloudapps.md is the specification.
 */
#include "source/cloudapps/cloudapps_private.h"

const struct mst_rule ca_rules[CA_RULES] = {
    {"cloudapps.record_sets", "Record sets",
     "Applications; which people use them is a relationship, which a job takes "
     "by its relationships where allow_user_synchronization offers it."},
    {"cloudapps.period", "Report time frame",
     "Applications and users that cloud discovery saw in the last 30 days."},
    {"cloudapps.filter", "Which applications are delivered",
     "Those of all streams, whatever their tags. An application that several "
     "streams show counts once, with the figures of the stream that has the "
     "most users; those without id or name are skipped with the reason. What "
     "a filter leaves out later is retired."},
    {"cloudapps.risk", "Maximum risk score",
     "Applications of any risk score, from 0 (worst) to 10 (best), and those "
     "without. What a threshold leaves out later is retired."},
    {"cloudapps.identity", "One CI per name",
     "Applications of one name (without regard to case) are one CI: one that "
     "is tagged Sanctioned counts, then the smallest id."},
    {"cloudapps.class", "Class of applications",
     "Business applications, cmdb_ci_business_app; no other class is "
     "searched."},
    {"cloudapps.attributes", "Attributes of an application",
     "Name, vendor, category, address, where it is hosted and when it was "
     "last seen; an attribute that Microsoft does not know is never cleared."},
    {"cloudapps.risk_data", "Risk data",
     "Domains, risk score and tags as lines of the column attributes."},
    {"cloudapps.user_count", "Number of users",
     "That of the stream with the most users; a change of it is written."},
    {"cloudapps.description", "Description",
     "What Microsoft knows of security and compliance of an application: one "
     "line \"name: value\" for each attribute that has a value, in ordinal "
     "order of the names, as far as whole lines fit into the column."},
    {"cloudapps.status", "Status of an application",
     "Shown: installed and operational. Missing: retired."},
    {"cloudapps.correlation", "Correlation id and discovery source",
     "The id of the application without a prefix, and the destination's "
     "discovery source, set when a CI is made."},
    {"cloudapps.users", "Users of an application",
     "Not read: who uses what is personal data. With "
     "allow_user_synchronization, one relation for each person that uses an "
     "application in any stream, deleted when no stream shows it any more."},
    {"cloudapps.user_match", "Who a user is",
     "The one active user of ServiceNow whose e-mail address the identifier "
     "is, without regard to case; nobody, several, local accounts and "
     "anonymised identifiers are skipped with the reason."},
};
