/* SPDX-License-Identifier: Apache-2.0
 *
 * The options of a connection of type "cloudapps". Those with a rule are
 * settings: they have values of their own for TEST and PROD.
 */
#include <stddef.h>

#include "source/cloudapps/cloudapps_private.h"
#include "source/microsoft/options.h"

#define AT(member)     offsetof(struct ca_conf, member)
#define MS(member)     offsetof(struct ca_conf, ms.member)
#define COMMON(member) offsetof(struct ca_conf, common.member)
#define RECVER(member) offsetof(struct ca_conf, common.recver.member)

const struct mst_opt ca_opts[] = {
    MS_LOGIN_OPTS(MS),
    MS_HOST_OPTS(MS),
    MS_NAME_OPTS(MS),
    MS_COMMON_OPTS(COMMON, RECVER, "saved answers"),

    /* settings */
    {"allow_user_synchronization", MST_OPT_BOOL, AT(users), "no",
     .help = "Offer the relationship cloud_app_users: which people of "
	     "ServiceNow use which application.",
     .rule = "cloudapps.users"},
    {"max_risk_score", MST_OPT_INT, AT(max_risk_score), "10", NULL, 0, 10,
     .help = "Only applications with at most this risk score; 0 is the worst, "
	     "10 the best and everything.",
     .rule = "cloudapps.risk"},
    {"report_time_frame", MST_OPT_CHOICE, AT(report_time_frame), "30",
     "7|30|90", .help = "Days that the reports of cloud discovery cover.",
     .rule = "cloudapps.period"},
    {"streams", MST_OPT_LIST, AT(streams),
     .help = "Only streams whose name or id fits one of these patterns.",
     .rule = "cloudapps.filter"},
    {"tags", MST_OPT_LIST, AT(tags),
     .help = "Only applications with a tag that fits one of these patterns, "
	     "as in Sanctioned.",
     .rule = "cloudapps.filter"},
    {"tags_not", MST_OPT_LIST, AT(tags_not),
     .help = "No applications with a tag that fits one of these patterns.",
     .rule = "cloudapps.filter"},
    {"class_cloud_app", MST_OPT_LIST, AT(classes), "cmdb_ci_business_app",
     .help = "Class of applications: the first one is inserted into, the "
	     "others are searched too.",
     .rule = "cloudapps.class"},
    {"correlation_prefix", MST_OPT_TEXT, AT(correlation_prefix),
     .help = "Put in front of the id of the application in correlation_id, to "
	     "tell several tenants in one CMDB apart.",
     .rule = "cloudapps.correlation"},
    {"app_info", MST_OPT_BOOL, AT(app_info), "yes",
     .help = "Read what Microsoft knows of each application: vendor, platform "
	     "and description; without, one request fewer for each.",
     .rule = "cloudapps.description"},
    {"description_column", MST_OPT_TEXT, AT(description_column),
     "short_description", .help = "Column that the attributes go to.",
     .rule = "cloudapps.description"},
    {"description_max", MST_OPT_INT, AT(description_max), "1000", NULL, 1,
     65535,
     .help = "Characters (bytes) of that column; the text ends with the last "
	     "whole line that fits.",
     .rule = "cloudapps.description"},
    {"description_cleared", MST_OPT_LIST, AT(description_cleared),
     .help = "Patterns of attributes that have no line.",
     .rule = "cloudapps.description"},
    {"user_count", MST_OPT_CHOICE, AT(user_count), "yes", "yes|along|no",
     .help = "The number of users: it is a reason to write; it is only sent "
	     "along with other changes; it is not sent.",
     .rule = "cloudapps.user_count"},
    {"user_match", MST_OPT_LIST, AT(user_match), "email", CA_WAY_CHOICES,
     .help = "Ways to find a person of ServiceNow by what the stream calls "
	     "them; always tried in this order.",
     .rule = "cloudapps.user_match"},
    {"user_domains", MST_OPT_LIST, AT(user_domains),
     .help = "Windows domains: DOMAIN\\name is the log-in of a person, not a "
	     "local account of a computer.",
     .rule = "cloudapps.user_match"},
    {"user_domain_rewrite", MST_OPT_LIST, AT(user_domain_rewrite),
     .help = "Domains of e-mail addresses that ServiceNow knows by another "
	     "name, OLD=NEW, for the way domain.",
     .rule = "cloudapps.user_match"},
    {"user_aliases", MST_OPT_LIST, AT(user_aliases),
     .help = "Single identifiers with the e-mail address of their person, "
	     "IDENTIFIER=EMAIL, for the way alias.",
     .rule = "cloudapps.user_match"},
    {.key = NULL},
};
