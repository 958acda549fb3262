/* SPDX-License-Identifier: Apache-2.0
 *
 * What the set-up checks of this source say: level, text and remedy.
 */
#include <stdio.h>

#include "base/time.h"
#include "source/iot/checks.h"

#define MINUTE_US (60 * (int64_t)1000000)

void ot_add_name(struct ot_names *names, const char *name)
{
	size_t at = strlen(names->text), room = sizeof(names->text) - at;
	char clean[80];

	names->n++;
	ms_quote(mst_slice_str(name), clean, sizeof(clean));
	if (strlen(clean) + 12 < room)
		(void)snprintf(names->text + at, room, "%s%s", at ? ", " : "",
			       clean);
	else if (room > 8 && (at < 3 || strcmp(names->text + at - 3, "…")))
		(void)snprintf(names->text + at, room, ", …");
}

static const char *here(const struct ot_checks *k)
{
	return ot_console(k->s) ? "console" : "sensor";
}

/* What nobody reads fails nobody. */
static void weigh(const struct ot_checks *k, unsigned feed, struct mst_check *c)
{
	if (c->level == MST_CHECK_FAILED && ot_feeds[feed].optional)
		c->level = MST_CHECK_WARNING;
	if (c->level != MST_CHECK_OK && k->idle)
		c->level = MST_CHECK_NOTE;
}

/* ---- the token ----------------------------------------------------------- */

void ot_say_token(const struct ot_checks *k, struct mst_check *c)
{
	const struct ms_probe *refusal = NULL;
	bool taken = false;

	for (unsigned i = 0; i < OT_FIRST_NESTED; i++) {
		const struct ms_probe *p = &k->ms.probes[i];

		if (ot_refused(p) && !refusal)
			refusal = p;
		taken = taken || p->status == 200;
	}
	if (refusal) {
		c->code = MST_E_AUTH;
		mst_check_say(
		    c, MST_CHECK_FAILED, "the %s does not take it (%d%s%s%s)",
		    here(k), refusal->status,
		    *refusal->told.message ? ": '" : "", refusal->told.message,
		    *refusal->told.message ? "'" : "");
		mst_check_remedy(c,
				 "make a token at this %s (%s) and store it "
				 "where the option token says; a %s's token is "
				 "not taken here",
				 here(k), ot_tokens_where,
				 ot_console(k->s) ? "sensor" : "console");
	} else if (taken) {
		mst_check_say(c, MST_CHECK_OK, "the %s takes it", here(k));
	} else {
		mst_check_say(c, MST_CHECK_NOTE,
			      "no list answered that would need it");
	}
}

/* ---- lists --------------------------------------------------------------- */

static const char *path_of(const struct ot_checks *k, unsigned feed)
{
	static const char *const console[OT_FIRST_NESTED] = {
	    [OT_SENSORS] = "/external/v3/integration/sensors",
	    [OT_APPLIANCES] = "/external/v2/appliances",
	    [OT_DELETED_DEVICES] = "/external/v3/integration/deleteddevices",
	    [OT_DEVICES] = "/external/v3/integration/devices",
	    [OT_DEVICE_FLAGS] = "/external/v1/devices",
	    [OT_CONNECTIONS] = "/external/v3/integration/connections",
	    [OT_DEVICE_CVES] = "/external/v3/integration/devicecves",
	    [OT_ALERTS] = "/external/v2/alerts",
	};
	static const char *const sensor[OT_FIRST_NESTED] = {
	    [OT_DEVICES] = "/api/v1/devices",
	    [OT_CONNECTIONS] = "/api/v1/devices/connections",
	    [OT_DEVICE_CVES] = "/api/v1/devices/cves",
	    [OT_ALERTS] = "/api/v2/alerts",
	};
	const char *path = ot_console(k->s) ? console[feed] : sensor[feed];

	return path ? path : ot_feeds[feed].name;
}

static void say_absent(const struct ot_checks *k, const char *path,
		       struct mst_check *c)
{
	char text[200];

	(void)snprintf(text, sizeof(text), "%s is not found (404)", path);
	ms_say_failed(c, MST_E_NOTFOUND, text);
	if (!ot_console(k->s))
		mst_check_remedy(c, "is url the address of a sensor? A "
				    "management console is read with 'read: "
				    "console'");
	else if (strstr(path, "/v3/"))
		mst_check_remedy(c, "v3 needs a management console of 10.5.3 "
				    "or later; a sensor is read with 'read: "
				    "sensor'");
	else
		mst_check_remedy(c, "this console does not have it; a run goes "
				    "without");
}

static void say_body(const struct ms_probe *p, const char *path,
		     struct mst_check *c)
{
	static const char *const words[] = {
	    [MS_BODY_FINE] = "",
	    [MS_BODY_NOTHING] = "an empty body",
	    [MS_BODY_WEB] = "a web page instead of JSON",
	    [MS_BODY_NO_JSON] = "something that is no JSON, or cut",
	    [MS_BODY_ERROR] = "an error with status 200",
	    [MS_BODY_OTHER] = "JSON that is not this list",
	};
	char text[256];

	(void)snprintf(text, sizeof(text), "%s answers with %s", path,
		       words[p->body]);
	ms_say_failed(c, MST_E_CORRUPT, text);
	mst_check_remedy(c, "check url: is it the console or sensor itself "
			    "that answers there, and no proxy or log-in page "
			    "before it?");
}

static void say_trouble(const struct ms_probe *p, const char *path,
			struct mst_check *c)
{
	char text[800];

	if (p->status)
		(void)snprintf(text, sizeof(text),
			       "%s answers %d%s%s%s, after %d attempts", path,
			       p->status, *p->told.message ? ": '" : "",
			       p->told.message, *p->told.message ? "'" : "",
			       p->attempts);
	else
		(void)snprintf(text, sizeof(text), "%s", ms_probe_why(p));
	ms_say_failed(c, ms_probe_code(p), text);
	mst_check_remedy(c, p->status ? "look at the health of the far end, "
					"and test again later"
				      : "look whether a firewall or proxy cuts "
					"the connection");
}

static void say_list(const struct ot_checks *k, unsigned feed,
		     const struct ms_probe *p, struct mst_check *c)
{
	const char *path = path_of(k, feed);
	bool empty = !p->records && (feed == OT_SENSORS || feed == OT_DEVICES);

	if (!empty) {
		mst_check_say(c, MST_CHECK_OK, "%s answers", path);
		return;
	}
	mst_check_say(c, MST_CHECK_WARNING, "%s answers, and shows none", path);
	mst_check_remedy(c,
			 feed == OT_SENSORS
			     ? "connect sensors to the console; an empty list "
			       "takes nothing away"
			     : "look whether traffic reaches the sensors; an "
			       "empty list takes nothing away");
}

void ot_say_feed(const struct ot_checks *k, unsigned feed, struct mst_check *c)
{
	const struct ms_probe *p = &k->ms.probes[feed];

	if (p->status == 404)
		say_absent(k, path_of(k, feed), c);
	else if (p->status != 200)
		say_trouble(p, path_of(k, feed), c);
	else if (p->body != MS_BODY_FINE)
		say_body(p, path_of(k, feed), c);
	else
		say_list(k, feed, p, c);
	weigh(k, feed, c);
}

/* ---- sensors ------------------------------------------------------------- */

void ot_say_sensors(const struct ot_checks *k, struct mst_check *c)
{
	if (k->wanted || !k->all.n) {
		mst_check_say(c, MST_CHECK_OK, "%zu of %zu: there are %s",
			      k->wanted, k->all.n,
			      k->all.n ? k->all.text : "none");
		return;
	}
	c->code = MST_E_NOTFOUND;
	mst_check_say(c, MST_CHECK_FAILED,
		      "the options sensors and learning_sensors leave none of "
		      "%zu: %s",
		      k->all.n, k->all.text);
	mst_check_remedy(c, "change them, or leave them out to read all");
	weigh(k, OT_SENSORS, c);
}

void ot_say_learning(const struct ot_checks *k, struct mst_check *c)
{
	bool skip = k->s->conf->learning_sensors == OT_LEARNING_SKIP;

	if (!k->learning.n) {
		mst_check_say(c, MST_CHECK_OK, "no sensor is in learning mode");
		return;
	}
	mst_check_say(c, MST_CHECK_NOTE, "%zu in learning mode: %s; %s",
		      k->learning.n, k->learning.text,
		      skip ? "left out, with what they see (learning_sensors)"
			   : "what they see is delivered, though it may not "
			     "be final");
	if (!skip)
		mst_check_remedy(c, "set learning_sensors to skip to wait "
				    "until they know their network");
}

void ot_say_inactive(const struct ot_checks *k, struct mst_check *c)
{
	if (!k->inactive.n) {
		mst_check_say(c, MST_CHECK_OK, "all sensors are activated");
		return;
	}
	mst_check_say(c, MST_CHECK_WARNING, "%zu not activated: %s",
		      k->inactive.n, k->inactive.text);
	mst_check_remedy(c, "activate them at the sensor: until then they may "
			    "show nothing new");
	weigh(k, OT_SENSORS, c);
}

void ot_say_away(const struct ot_checks *k, struct mst_check *c)
{
	if (!k->away.n) {
		mst_check_say(c, MST_CHECK_OK,
			      "all sensors are connected to the console");
		return;
	}
	mst_check_say(c, MST_CHECK_WARNING,
		      "%zu disconnected from the console: %s; it shows what "
		      "they saw before",
		      k->away.n, k->away.text);
	mst_check_remedy(c, "look why they do not reach the console; nothing "
			    "is taken away for it");
	weigh(k, OT_SENSORS, c);
}

/* ---- clock --------------------------------------------------------------- */

void ot_say_clock(const struct ot_checks *k, struct mst_check *c)
{
	int64_t us = k->ms.skew_us == MST_TIME_NONE ? 0 : k->ms.skew_us;
	int64_t off = us < 0 ? -us : us;

	if (k->ms.skew_us == MST_TIME_NONE) {
		mst_check_say(c, MST_CHECK_NOTE,
			      "no answer says what time it is there");
		return;
	}
	if (off < MINUTE_US) {
		mst_check_say(c, MST_CHECK_OK, "same time as the %s", here(k));
		return;
	}
	mst_check_say(c, MST_CHECK_WARNING,
		      "this machine's clock is %lld min %lld s %s the %s's: "
		      "times of alerts and changes are off by as much",
		      (long long)(off / MINUTE_US),
		      (long long)(off % MINUTE_US / 1000000),
		      us > 0 ? "ahead of" : "behind", here(k));
	mst_check_remedy(c, "set both by the same time service; a clock that "
			    "is late is allowed for when changes are asked "
			    "for");
}
