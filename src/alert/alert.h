/* SPDX-License-Identifier: Apache-2.0
 *
 * An alert of Defender for IoT, whatever form it came in (form.h). Texts are
 * valid UTF-8 without control characters but line ends, never longer than
 * below, and live in the arena that the form was read into; {NULL, 0}: the form
 * does not say.
 */
#ifndef MST_ALERT_ALERT_H
#define MST_ALERT_ALERT_H

#include "base/arena.h"
#include "base/err.h"

#define MST_ALERT_TEXT	  255  /* bytes of a name, a title, an address */
#define MST_ALERT_MESSAGE 4000 /* of the message, the steps, what else */

/* Ascending: a rule takes a level and those above. */
enum mst_severity {
	MST_SEVERITY_NONE, /* not said */
	MST_SEVERITY_WARNING,
	MST_SEVERITY_MINOR,
	MST_SEVERITY_MAJOR,
	MST_SEVERITY_CRITICAL
};

enum mst_engine {
	MST_ENGINE_NONE, /* not said, or another one */
	MST_ENGINE_PROTOCOL,
	MST_ENGINE_POLICY,
	MST_ENGINE_MALWARE,
	MST_ENGINE_ANOMALY,
	MST_ENGINE_OPERATIONAL
};

/* One end of what was seen. */
struct mst_party {
	struct mst_slice id; /* device id of the console or sensor */
	struct mst_slice name;
	struct mst_slice address; /* IP or MAC, as the form says it */
	struct mst_slice mac;	  /* where it says both */
};

struct mst_alert {
	struct mst_slice uuid; /* unique at a console; or {NULL, 0} */
	struct mst_slice id;   /* unique at one sensor only */
	int64_t time_us;       /* MST_TIME_NONE: not said */
	enum mst_severity severity;
	enum mst_engine engine;
	struct mst_slice title, message;
	struct mst_slice protocol;
	struct mst_slice category;	     /* alert group */
	struct mst_slice sensor, zone, site; /* names, else ids */
	struct mst_slice sensor_id;
	struct mst_party source, destination;
	struct mst_slice steps; /* what to do, one a line */
	struct mst_slice more;	/* additional information, one a line */
	bool handled;
	/* Of the sensor itself: it went offline, came back, a backup failed. */
	bool system;
};

const char *mst_severity_name(enum mst_severity s); /* "Minor"; NONE: "" */
const char *mst_engine_name(enum mst_engine e);	    /* "Policy Violation"; "" */
/* Folded; NONE when it is none of them. "Policy", "POLICY_VIOLATION", too. */
enum mst_severity mst_severity_parse(struct mst_slice s);
enum mst_engine mst_engine_parse(struct mst_slice s);
/* What tells alerts apart that say the same again: the uuid; without one 32 hex
 * digits over sensor, id, title and ends, and where there is no id over message
 * and time, too: further traffic changes those. Lives in the arena. */
struct mst_slice mst_alert_key(const struct mst_alert *a,
			       struct mst_arena *arena);
/* Of what further traffic changes: time, severity, title, message, what else,
 * handled. Two forms of one alert may differ in it. */
uint64_t mst_alert_digest(const struct mst_alert *a);
/* The device that the order of deliveries is kept for: the source, else the
 * destination, else the sensor. Lent. */
struct mst_slice mst_alert_device(const struct mst_alert *a);

/* For forms: a copy as texts of an alert are, cut at a character's border.
 * Bytes that are no UTF-8 become U+FFFD. blank: line ends become blanks. */
struct mst_slice mst_alert_text(struct mst_arena *arena, struct mst_slice s,
				size_t max, bool blank);
/* Does the text (trimmed) only say that it is not known, as "N/A"? */
bool mst_alert_nothing(struct mst_slice s);
/* Fills `system` from title and engine. */
void mst_alert_judge(struct mst_alert *a);

#endif
