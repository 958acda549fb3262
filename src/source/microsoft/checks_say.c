/* SPDX-License-Identifier: Apache-2.0
 *
 * What the set-up checks of Microsoft's lists, clock and limits say: level,
 * text and remedy, from the answers that checks_read.c has taken in.
 */
#include <stdio.h>

#include "base/time.h"
#include "source/microsoft/checks.h"

#define MINUTE_US (60 * (int64_t)1000000)
#define SHARE_MAX 0.8

/* ---- one list ------------------------------------------------------------ */

void ms_say_failed(struct mst_check *c, enum mst_code code, const char *text)
{
	c->code = code;
	mst_check_say(c, MST_CHECK_FAILED, "%s", text);
}

enum mst_code ms_probe_code(const struct ms_probe *p)
{
	if (!p->status)
		return MST_E_TRANSIENT;
	return p->status <= 299 ? MST_E_CORRUPT : mst_status_code(p->status);
}

const char *ms_probe_why(const struct ms_probe *p)
{
	return *p->why ? p->why : "no answer";
}

static void say_told(const struct ms_probe *p, char *out, size_t n)
{
	(void)snprintf(out, n, "%d%s%s%s%s%s", p->status,
		       *p->told.code ? " " : "", p->told.code,
		       *p->told.message ? ": '" : "", p->told.message,
		       *p->told.message ? "'" : "");
}

/* 401 and 403. */
static void say_no_access(const struct ms_list *l, const struct ms_probe *p,
			  struct mst_check *c)
{
	const struct ms_need *need = l->need;
	char told[300], text[700];

	say_told(p, told, sizeof(told));
	if (mst_slice_iis(mst_slice_str(p->told.code), "DisabledFeature")) {
		ms_say_failed(c, MST_E_FORBIDDEN,
			      "the tenant's licence does not include it "
			      "(DisabledFeature)");
		mst_check_remedy(c, "leave out what needs it: '%s'", l->title);
		return;
	}
	(void)snprintf(text, sizeof(text), "%s refuses (%s)%s%s%s", l->path,
		       told, l->granted ? ", though '" : "",
		       l->granted ? need->permission : "",
		       l->granted ? "' is granted" : "");
	ms_say_failed(c, p->status == 401 ? MST_E_AUTH : MST_E_FORBIDDEN, text);
	if (!l->granted)
		mst_check_remedy(c,
				 "grant the application permission '%s' of %s "
				 "with admin consent",
				 need->permission, need->resource);
	else if (p->status == 401)
		mst_check_remedy(c,
				 "look whether the application is enabled and "
				 "no policy blocks it (sign-in log of the "
				 "tenant), and whether cloud is the tenant's");
	else
		mst_check_remedy(c, "wait some minutes when it was granted "
				    "just now; else look whether the tenant's "
				    "licence includes it");
}

static void say_not_found(const struct ms_list *l, const struct ms_probe *p,
			  struct mst_check *c)
{
	char told[300], text[700];

	say_told(p, told, sizeof(told));
	(void)snprintf(text, sizeof(text), "%s is not found (%s)%s%s", l->path,
		       told, l->absent ? ": " : "", l->absent ? l->absent : "");
	ms_say_failed(c, MST_E_NOTFOUND, text);
	mst_check_remedy(c, "%s",
			 l->absent ? l->absent_remedy
				   : "check the option cloud, and whether the "
				     "tenant's licence includes it");
}

static void say_throttled(const struct ms_list *l, const struct ms_probe *p,
			  struct mst_check *c)
{
	char wait[48] = "";

	if (p->retry_after_ms >= 0)
		(void)snprintf(wait, sizeof(wait), " for the next %lld s",
			       (long long)(p->retry_after_ms + 999) / 1000);
	mst_check_say(c, MST_CHECK_WARNING, "%s takes no more requests%s (429)",
		      l->path, wait);
	mst_check_remedy(c, "a run would wait; the limit is the tenant's: look "
			    "for other programs that read the same lists, and "
			    "test again later");
}

static void say_trouble(const struct ms_list *l, const struct ms_probe *p,
			struct mst_check *c)
{
	char told[300], text[800];

	say_told(p, told, sizeof(told));
	if (p->status)
		(void)snprintf(text, sizeof(text),
			       "%s answers %s, after %d attempts", l->path,
			       told, p->attempts);
	else
		(void)snprintf(text, sizeof(text), "%s", ms_probe_why(p));
	ms_say_failed(c, ms_probe_code(p), text);
	if (p->status >= 500)
		mst_check_remedy(c, "look at the service health in the "
				    "Microsoft 365 admin center, and test "
				    "again later");
	else if (p->status)
		mst_check_remedy(c,
				 "check the options cloud, %s: is it Microsoft "
				 "that answers there?",
				 l->urls);
	else
		mst_check_remedy(c, "look whether a firewall or proxy cuts "
				    "the connection");
}

static void say_body(const struct ms_list *l, const struct ms_probe *p,
		     struct mst_check *c)
{
	static const struct {
		const char *text, *remedy;
	} words[] = {
	    [MS_BODY_FINE] = {"", ""},
	    [MS_BODY_NOTHING] = {"an empty body",
				 "test again; if it stays so, look whether a "
				 "proxy empties answers"},
	    [MS_BODY_WEB] = {"a web page instead of JSON",
			     "look whether a proxy asks for a log-in, and let "
			     "this machine past it"},
	    [MS_BODY_NO_JSON] = {"something that is no JSON, or cut",
				 "test again; if it stays so, look whether a "
				 "proxy changes answers"},
	    [MS_BODY_ERROR] = {"an error with status 200",
			       "test again; if it stays so, look at the "
			       "service health in the Microsoft 365 admin "
			       "center"},
	    [MS_BODY_OTHER] = {"JSON without the list 'value'", ""},
	};
	char text[256];

	(void)snprintf(text, sizeof(text), "%s answers with %s", l->path,
		       words[p->body].text);
	ms_say_failed(c, MST_E_CORRUPT, text);
	if (p->body == MS_BODY_OTHER)
		mst_check_remedy(
		    c, "check %s: is it Microsoft that answers there?",
		    l->urls);
	else
		mst_check_remedy(c, "%s", words[p->body].remedy);
}

static void say_list(const struct ms_list *l, const struct ms_probe *p,
		     struct mst_check *c)
{
	if (p->body != MS_BODY_FINE) {
		say_body(l, p, c);
	} else if (!p->records && l->empty) {
		mst_check_say(c, MST_CHECK_WARNING, "%s answers, and %s",
			      l->path, l->empty);
		mst_check_remedy(c, "%s", l->empty_remedy);
	} else {
		mst_check_say(c, MST_CHECK_OK, "%s answers%s", l->path,
			      p->records ? "" : ", with nothing in it yet");
	}
}

void ms_say_weight(const struct ms_list *l, struct mst_check *c)
{
	/* A run does without, and what nobody reads fails nobody. */
	if (c->level == MST_CHECK_FAILED && l->optional)
		c->level = MST_CHECK_WARNING;
	if (c->level != MST_CHECK_OK && l->idle)
		c->level = MST_CHECK_NOTE;
}

void ms_say_list(const struct ms_list *l, const struct ms_probe *p,
		 struct mst_check *c)
{
	if (p->status == 200)
		say_list(l, p, c);
	else if (p->status == 401 || p->status == 403)
		say_no_access(l, p, c);
	else if (p->status == 404)
		say_not_found(l, p, c);
	else if (p->status == 429)
		say_throttled(l, p, c);
	else
		say_trouble(l, p, c);
	ms_say_weight(l, c);
}

/* ---- clock and limits ---------------------------------------------------- */

void ms_say_clock(const struct ms_checks *k, struct mst_check *c)
{
	int64_t us = k->skew_us == MST_TIME_NONE ? 0 : k->skew_us;
	int64_t off = us < 0 ? -us : us;

	if (k->skew_us == MST_TIME_NONE) {
		mst_check_say(c, MST_CHECK_WARNING,
			      "no answer says what time it is");
		mst_check_remedy(c, "make sure that this machine's clock is "
				    "right");
		return;
	}
	if (off < MINUTE_US) {
		mst_check_say(c, MST_CHECK_OK, "same time as Microsoft");
		return;
	}
	mst_check_say(
	    c, off <= 5 * MINUTE_US ? MST_CHECK_WARNING : MST_CHECK_FAILED,
	    "this machine's clock is %lld min %lld s %s "
	    "Microsoft's%s",
	    (long long)(off / MINUTE_US),
	    (long long)(off % MINUTE_US / 1000000),
	    us > 0 ? "ahead of" : "behind",
	    off <= 5 * MINUTE_US
		? ""
		: ": log-ins with certificate or token, addresses of "
		  "files and days are wrong");
	c->code = MST_E_INVALID;
	mst_check_remedy(c, "set it by a time service (timedatectl set-ntp "
			    "true; timedatectl timesync-status shows it)");
}

void ms_say_rate(const struct ms_checks *k, const char *limits,
		 struct mst_check *c)
{
	if (k->share >= SHARE_MAX) {
		mst_check_say(c, MST_CHECK_WARNING,
			      "%s says that %d %% of this application's limit "
			      "are used up",
			      k->share_of, (int)(k->share * 100 + 0.5));
		mst_check_remedy(c, "give muster an app registration of its "
				    "own, or run at another time of the day");
	} else if (k->rate_limit >= 0) {
		mst_check_say(c, MST_CHECK_OK,
			      "%lld requests an hour are allowed, say the "
			      "answers",
			      (long long)k->rate_limit);
	} else {
		mst_check_say(c, MST_CHECK_OK,
			      "the answers say nothing of limits; %s", limits);
	}
}
