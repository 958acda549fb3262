/* SPDX-License-Identifier: Apache-2.0
 *
 * The options of a connection of type "iot". Those with a rule are settings:
 * they have values of their own for TEST and PROD.
 */
#include <stddef.h>

#include "source/iot/iot_private.h"
#include "source/microsoft/options.h"

#define AT(member)     offsetof(struct ot_conf, member)
#define COMMON(member) offsetof(struct ot_conf, common.member)
#define RECVER(member) offsetof(struct ot_conf, common.recver.member)
#define SET(member)    offsetof(struct ot_conf, set.member)

const struct mst_opt ot_opts[] = {
    {"read", MST_OPT_CHOICE, AT(read), "console", OT_WAY_CHOICES,
     .help = "What is read: a management console, or one sensor."},
    {"url", MST_OPT_URL, AT(url),
     .help = "Address of the console or sensor, https://HOST."},
    {"token", MST_OPT_SECRET, AT(token),
     .help = "Access token that was made there, as a reference."},
    {"pin", MST_OPT_TEXT, COMMON(pin),
     .help = "SHA-256 of the far end's public key, sha256//BASE64, instead of "
	     "trust in who issued its certificate; several with \";\" "
	     "between."},
    {"insecure_tls", MST_OPT_BOOL, COMMON(insecure_tls), "no",
     .help = "Do not look at the far end's certificate: whoever is in between "
	     "reads the token. Every run warns."},
    MS_NAME_OPTS(AT),
    MS_COMMON_OPTS(COMMON, RECVER, "saved answers"),
    {"full_read", MST_OPT_DURATION, COMMON(full_read_ms), "24h", NULL, 0,
     366 * 24 * 3600000.0,
     .help = "How old the last full read of a console may be; else a run asks "
	     "what changed. 0s reads everything each time."},
    {"sync", MST_OPT_BOOL, COMMON(sync), "yes",
     .help = "Run this connection's jobs by themselves, every "
	     "sync_frequency."},
    {"sync_frequency", MST_OPT_INT, COMMON(sync_minutes), "60", NULL, 5,
     366 * 24 * 60, .help = "Minutes between such runs."},
    {"page_size", MST_OPT_INT, AT(page_size), "1000", NULL, 1, 100000,
     .help = "Records that a page of the console is asked for."},
    {"device_flags", MST_OPT_BOOL, AT(device_flags), "yes",
     .help = "Read which devices are authorized, scanners or engineering "
	     "stations: a console tells that by another list, one more request "
	     "for each sensor."},
    {"alerts_days", MST_OPT_INT, AT(alerts_days), "90", NULL, 1, 3650,
     .help = "Alerts that were raised in the last days, so many, are read."},
    {"sensors", MST_OPT_LIST, AT(sensors),
     .help = "Only sensors of the console whose name or id fits one of these "
	     "patterns, and what they see."},
    {"learning_sensors", MST_OPT_CHOICE, AT(learning_sensors), "read",
     OT_LEARNING_CHOICES,
     .help = "Sensors of the console that are in learning mode: read, or left "
	     "out with what they see."},

    /* settings */
    OT_SETTING_OPTS(SET),
    {.key = NULL},
};
