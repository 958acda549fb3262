/* SPDX-License-Identifier: Apache-2.0
 *
 * What the set-up checks of this source say: level, text and remedy, from the
 * answers that checks.c has collected.
 */
#include <stdio.h>

#include "base/time.h"
#include "cred/cred.h"
#include "source/endpoint/checks.h"

#define MINUTE_US (60 * (int64_t)1000000)
#define SHARE_MAX 0.8

/* ---- one list ------------------------------------------------------------ */

static void fails(struct mst_check *c, enum mst_code code, const char *text)
{
	c->code = code;
	mst_check_say(c, MST_CHECK_FAILED, "%s", text);
}

/* The kind of failure that an answer is which says nothing of use. */
static enum mst_code code_of(const struct ep_probe *p)
{
	if (!p->status)
		return MST_E_TRANSIENT;
	return p->status <= 299 ? MST_E_CORRUPT : mst_status_code(p->status);
}

static const char *why(const struct ep_probe *p)
{
	return *p->why ? p->why : "no answer";
}

static void say_told(const struct ep_probe *p, char *out, size_t n)
{
	(void)snprintf(out, n, "%d%s%s%s%s%s", p->status,
		       *p->told.code ? " " : "", p->told.code,
		       *p->told.message ? ": '" : "", p->told.message,
		       *p->told.message ? "'" : "");
}

/* 401 and 403. */
static void say_no_access(const struct ep_checks *k, unsigned feed,
			  const struct ep_probe *p, struct mst_check *c)
{
	const struct ep_io *io = &ep_io[feed];
	bool granted = ep_permitted(k->s, feed);
	char told[300], text[700];

	say_told(p, told, sizeof(told));
	if (ep_told_inactive(&p->told)) {
		fails(c, MST_E_FORBIDDEN,
		      "Defender for Endpoint is not active in this tenant "
		      "(account mode is inactive)");
		mst_check_remedy(c, "activate it in the Defender portal, or "
				    "check the licence; no permission is "
				    "missing");
		return;
	}
	if (mst_slice_iis(mst_slice_str(p->told.code), "DisabledFeature")) {
		fails(c, MST_E_FORBIDDEN,
		      "the tenant's licence does not include it "
		      "(DisabledFeature)");
		mst_check_remedy(c, "leave out what needs it: '%s'",
				 ep_feeds[feed].title);
		return;
	}
	(void)snprintf(text, sizeof(text), "%s refuses (%s)%s%s%s", io->path,
		       told, granted ? ", though '" : "",
		       granted ? io->permission : "",
		       granted ? "' is granted" : "");
	fails(c, p->status == 401 ? MST_E_AUTH : MST_E_FORBIDDEN, text);
	if (!granted)
		mst_check_remedy(c,
				 "grant the application permission '%s' of %s "
				 "with admin consent",
				 io->permission, io->resource);
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

static void say_not_found(unsigned feed, const struct ep_probe *p,
			  struct mst_check *c)
{
	char told[300], text[700];

	say_told(p, told, sizeof(told));
	(void)snprintf(text, sizeof(text), "%s is not found (%s)%s",
		       ep_io[feed].path, told,
		       feed == EP_MACHINES
			   ? ": Defender was never used in this tenant, or saw "
			     "no device lately"
			   : "");
	fails(c, MST_E_NOTFOUND, text);
	mst_check_remedy(c, feed == EP_MACHINES
				? "onboard a device, or check the options "
				  "cloud and tenant_id; nothing is taken for "
				  "gone meanwhile"
				: "check the option cloud, and whether the "
				  "tenant's licence includes it");
}

static void say_throttled(unsigned feed, const struct ep_probe *p,
			  struct mst_check *c)
{
	char wait[48] = "";

	if (p->retry_after_ms >= 0)
		(void)snprintf(wait, sizeof(wait), " for the next %lld s",
			       (long long)(p->retry_after_ms + 999) / 1000);
	mst_check_say(c, MST_CHECK_WARNING, "%s takes no more requests%s (429)",
		      ep_io[feed].path, wait);
	mst_check_remedy(c, "a run would wait; the limit is the tenant's: look "
			    "for other programs that read the same lists, and "
			    "test again later");
}

static void say_trouble(unsigned feed, const struct ep_probe *p,
			struct mst_check *c)
{
	char told[300], text[800];

	say_told(p, told, sizeof(told));
	if (p->status)
		(void)snprintf(text, sizeof(text),
			       "%s answers %s, after %d attempts",
			       ep_io[feed].path, told, p->attempts);
	else
		(void)snprintf(text, sizeof(text), "%s", why(p));
	fails(c, code_of(p), text);
	if (p->status >= 500)
		mst_check_remedy(c, "look at the service health in the "
				    "Microsoft 365 admin center, and test "
				    "again later");
	else if (p->status)
		mst_check_remedy(c, "check the options cloud, api_url and "
				    "graph_url: is it Microsoft that answers "
				    "there?");
	else
		mst_check_remedy(c, "look whether a firewall or proxy cuts "
				    "the connection");
}

static void say_body(unsigned feed, const struct ep_probe *p,
		     struct mst_check *c)
{
	static const struct {
		const char *text, *remedy;
	} words[] = {
	    [EP_BODY_FINE] = {"", ""},
	    [EP_BODY_NOTHING] = {"an empty body",
				 "test again; if it stays so, look whether a "
				 "proxy empties answers"},
	    [EP_BODY_WEB] = {"a web page instead of JSON",
			     "look whether a proxy asks for a log-in, and let "
			     "this machine past it"},
	    [EP_BODY_NO_JSON] = {"something that is no JSON, or cut",
				 "test again; if it stays so, look whether a "
				 "proxy changes answers"},
	    [EP_BODY_ERROR] = {"an error with status 200",
			       "test again; if it stays so, look at the "
			       "service health in the Microsoft 365 admin "
			       "center"},
	    [EP_BODY_OTHER] = {"JSON without the list 'value'",
			       "check api_url and graph_url: is it Microsoft "
			       "that answers there?"},
	};
	char text[256];

	(void)snprintf(text, sizeof(text), "%s answers with %s",
		       ep_io[feed].path, words[p->body].text);
	fails(c, MST_E_CORRUPT, text);
	mst_check_remedy(c, "%s", words[p->body].remedy);
}

static void say_list(unsigned feed, const struct ep_probe *p,
		     struct mst_check *c)
{
	if (p->body != EP_BODY_FINE) {
		say_body(feed, p, c);
	} else if (!p->records && feed == EP_MACHINES) {
		mst_check_say(c, MST_CHECK_WARNING,
			      "%s answers, and shows no device",
			      ep_io[feed].path);
		mst_check_remedy(c, "onboard devices, or check tenant_id; an "
				    "empty list takes nothing away");
	} else {
		mst_check_say(c, MST_CHECK_OK, "%s answers%s", ep_io[feed].path,
			      p->records ? "" : ", with nothing in it yet");
	}
}

void ep_say_feed(const struct ep_checks *k, unsigned feed, struct mst_check *c)
{
	const struct ep_probe *p = &k->probes[EP_PROBE_FEED + feed];

	if (p->status == 200)
		say_list(feed, p, c);
	else if (p->status == 401 || p->status == 403)
		say_no_access(k, feed, p, c);
	else if (p->status == 404)
		say_not_found(feed, p, c);
	else if (p->status == 429)
		say_throttled(feed, p, c);
	else
		say_trouble(feed, p, c);
	/* A run does without, and what nobody reads fails nobody. */
	if (c->level == MST_CHECK_FAILED && ep_feeds[feed].optional)
		c->level = MST_CHECK_WARNING;
	if (c->level != MST_CHECK_OK && k->idle)
		c->level = MST_CHECK_NOTE;
}

/* ---- the storage of export files ----------------------------------------- */

static void say_no_export(const struct ep_checks *k, struct mst_check *c)
{
	const struct ep_probe *p = &k->probes[EP_PROBE_EXPORT];
	const char *path = ep_io[k->export_feed].files;
	bool files_only = k->s->conf->read_method == EP_FILES;

	if (p->status == 429)
		mst_check_say(c, MST_CHECK_NOTE,
			      "%s takes no more requests for now (429): not "
			      "tried",
			      path);
	else if (p->status == 403 || p->status == 404)
		mst_check_say(c, files_only ? MST_CHECK_FAILED : MST_CHECK_NOTE,
			      "%s is refused (%d)%s", path, p->status,
			      files_only ? "" : ": pages are read instead");
	else if (p->status)
		mst_check_say(c, MST_CHECK_FAILED,
			      "%s answers %d, with no list of files", path,
			      p->status);
	else
		mst_check_say(c, MST_CHECK_FAILED, "%s", why(p));
	c->code = code_of(p);
	if (c->level == MST_CHECK_FAILED)
		mst_check_remedy(c, "set read_method: json, which needs no "
				    "files, or test again later");
}

static void say_file(const struct ep_checks *k, struct mst_check *c)
{
	const struct ep_probe *p = &k->probes[EP_PROBE_FILE];

	if (p->status == 200 || p->status == 206) {
		mst_check_say(c, MST_CHECK_OK,
			      "%s gives the files (%s: %zu, made %s)",
			      k->storage, ep_feeds[k->export_feed].name,
			      k->probes[EP_PROBE_EXPORT].records,
			      *k->made ? k->made : "at a time not said");
		return;
	}
	c->code = code_of(p);
	if (p->status) {
		mst_check_say(c, MST_CHECK_FAILED,
			      "%s refuses the file of a list that came just "
			      "now (%d)",
			      k->storage, p->status);
		mst_check_remedy(c, "look at this machine's clock, and whether "
				    "a proxy changes addresses");
	} else {
		mst_check_say(c, MST_CHECK_FAILED, "%s", why(p));
		mst_check_remedy(c,
				 "let this machine through to %s (firewall, "
				 "proxy): export files lie there; or set "
				 "read_method: json",
				 k->s->sites.api_loopback
				     ? k->storage
				     : "*.blob.core.windows.net port 443");
	}
}

void ep_say_storage(const struct ep_checks *k, struct mst_check *c)
{
	const struct ep_probe *list = &k->probes[EP_PROBE_EXPORT];

	if (list->status != 200 || list->body != EP_BODY_FINE) {
		say_no_export(k, c);
	} else if (k->probes[EP_PROBE_FILE].wanted) {
		say_file(k, c);
	} else if (!list->records) {
		mst_check_say(c, MST_CHECK_OK,
			      "no file to try: the export of %s is empty",
			      ep_feeds[k->export_feed].name);
	} else {
		c->code = MST_E_INVALID;
		mst_check_say(c, MST_CHECK_FAILED,
			      "the list of files leads to '%s', which is no "
			      "storage of Microsoft's",
			      k->storage);
		mst_check_remedy(c, "nothing is fetched from there; look "
				    "whether a proxy changes answers");
	}
	if (c->level == MST_CHECK_FAILED && k->idle)
		c->level = MST_CHECK_NOTE;
}

/* ---- what the token may do ----------------------------------------------- */

/* "Machine.Read.All", "Device.ReadBasic.All": a part says that it reads, and
 * that it does no more. Whatever else a permission is called, it is more. */
static bool only_reads(struct mst_slice role)
{
	while (role.n) {
		const char *dot = memchr(role.p, '.', role.n);
		size_t n = dot ? (size_t)(dot - role.p) : role.n;
		struct mst_slice part = mst_slice(role.p, n);

		if (mst_slice_iis(part, "Read") ||
		    mst_slice_iis(part, "ReadBasic"))
			return true;
		role = dot ? mst_slice(dot + 1, role.n - n - 1)
			   : mst_slice(role.p, 0);
	}
	return false;
}

static bool has_use(struct mst_slice role, bool graph)
{
	for (unsigned i = 0; i < EP__FEEDS; i++) {
		if (ep_io[i].graph == graph &&
		    mst_slice_is(role, ep_io[i].permission))
			return true;
	}
	return false;
}

static void add_role(char *list, size_t n, struct mst_slice role)
{
	size_t at = strlen(list);

	if (at + role.n + 8 < n)
		(void)snprintf(list + at, n - at, "%s%.*s", at ? ", " : "",
			       MST_SLICE_ARG(role));
	else if (at + 8 < n && (at < 3 || strcmp(list + at - 3, "…") != 0))
		(void)snprintf(list + at, n - at, ", …");
}

void ep_say_writes(const struct ep_checks *k, bool graph, struct mst_check *c)
{
	const char *roles = mst_cred_entra_roles(k->s->auth[graph]);
	char writes[400] = "", unused[300] = "";
	size_t n = 0;

	for (const char *p = roles ? roles : ""; *p; p += *p == ' ') {
		struct mst_slice role = mst_slice(p, strcspn(p, " "));

		p += role.n;
		n += role.n > 0;
		if (!only_reads(role))
			add_role(writes, sizeof(writes), role);
		else if (!has_use(role, graph))
			add_role(unused, sizeof(unused), role);
	}
	if (*writes) {
		mst_check_say(c, MST_CHECK_WARNING,
			      "who has the credential may do more than read: "
			      "%s",
			      writes);
		mst_check_remedy(c, "muster only reads: take these permissions "
				    "away from the app registration");
	} else if (n) {
		mst_check_say(c, MST_CHECK_OK,
			      "%zu permission%s, none can change "
			      "anything%s%s",
			      n, n == 1 ? "" : "s",
			      *unused ? "; muster never needs " : "", unused);
	} else {
		mst_check_say(c, MST_CHECK_OK, "the token shows no permission");
	}
}

/* ---- clock and limits ---------------------------------------------------- */

void ep_say_clock(const struct ep_checks *k, struct mst_check *c)
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

void ep_say_rate(const struct ep_checks *k, struct mst_check *c)
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
			      "the answers say nothing of limits; the "
			      "documented ones are kept");
	}
}
