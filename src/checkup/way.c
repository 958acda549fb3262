/* SPDX-License-Identifier: Apache-2.0
 *
 * The way to a far end as checks: proxy, name, connection, TLS.
 */
#include <stdio.h>

#include "base/time.h"
#include "checkup/checkup.h"

#define DAY_US	((int64_t)86400 * 1000000)
#define SOON_US (30 * DAY_US)

enum { PROXY, NAME, CONNECT, TLS, STEPS };

static void date_text(int64_t us, char out[11])
{
	char iso[21] = "";

	mst_time_iso(us, iso);
	(void)snprintf(out, 11, "%.10s", iso);
}

/* ---- one step each ------------------------------------------------------- */

/* Why there is none. */
static const char *without(const struct mst_way *w)
{
	switch (w->proxy.by) {
	case MST_PROXY_LOOPBACK:
		return "none; loopback is never proxied";
	case MST_PROXY_NONE:
		return "none; the configuration says direct";
	case MST_PROXY_PASSED_BY:
		return "none; no_proxy names the host";
	case MST_PROXY_ENVIRONMENT:
	case MST_PROXY_SECTION:
	case MST_PROXY_OPTION:
		break;
	}
	return "none";
}

static void check_proxy(const struct mst_way *w, struct mst_check *c)
{
	const struct mst_proxy_look *l = &w->proxy;

	if (!l->name[0]) {
		mst_check_say(c, MST_CHECK_OK, "%s", without(w));
	} else if (l->blame) {
		c->code = l->code;
		mst_check_say(c, MST_CHECK_FAILED, "%s: %s", l->name, l->why);
		mst_check_remedy(c, "%s", l->remedy);
	} else {
		mst_check_say(c, MST_CHECK_OK, "%s (%s)", l->name,
			      l->by == MST_PROXY_OPTION	   ? "option proxy"
			      : l->by == MST_PROXY_SECTION ? "section proxy"
							   : "named by the "
							     "environment");
	}
}

static void check_name(const struct mst_way *w, struct mst_check *c)
{
	if (w->at == MST_WAY_NAME) {
		c->code = w->err.code;
		mst_check_say(c, MST_CHECK_FAILED, "no address is known for %s",
			      w->host);
		mst_check_remedy(c, "check the url of the connection and this "
				    "machine's name service; where only a "
				    "proxy leads out, set the option proxy");
	} else if (w->proxy.name[0]) {
		mst_check_say(c, MST_CHECK_OK, "%s is looked up by the proxy",
			      w->host);
	} else if (!w->address[0] ||
		   mst_slice_is(mst_slice_str(w->address), w->host)) {
		mst_check_say(c, MST_CHECK_OK, "%s", w->host);
	} else {
		mst_check_say(c, MST_CHECK_OK, "%s is %s", w->host, w->address);
	}
}

static void check_connect(const struct mst_way *w, struct mst_check *c)
{
	if (w->at != MST_WAY_CONNECT) {
		mst_check_say(c, MST_CHECK_OK, "port %d answers%s", w->port,
			      w->proxy.name[0] ? ", through the proxy" : "");
		return;
	}
	c->code = w->err.code;
	mst_check_say(c, MST_CHECK_FAILED, "%s", w->words);
	mst_check_remedy(c,
			 "let this machine through to %s port %d (firewall), "
			 "or set the option proxy",
			 w->host, w->port);
}

static void say_valid(const struct mst_way *w, struct mst_check *c)
{
	int64_t left = w->until_us - mst_now_us();
	char until[11];

	if (w->unverified) {
		mst_check_say(c, MST_CHECK_WARNING,
			      "nobody looks at the certificate "
			      "(insecure_tls)%s%s: whoever is in between reads "
			      "and changes what is sent",
			      *w->pin ? "; its key is " : "", w->pin);
		mst_check_remedy(c, "compare that key with the far end's own "
				    "and set the option pin to it, or name who "
				    "issued the certificate in ca_file; then "
				    "take insecure_tls away");
		return;
	}
	if (!w->has_cert) {
		mst_check_say(c, MST_CHECK_OK, "the certificate is accepted");
		return;
	}
	date_text(w->until_us, until);
	/* Who is known by the key may have a certificate of any date. */
	if (w->pinned && left < SOON_US) {
		mst_check_say(c, MST_CHECK_OK,
			      "\"%.80s\" has the pinned key %s", w->subject,
			      w->pin);
		return;
	}
	if (left >= SOON_US) {
		mst_check_say(c, MST_CHECK_OK,
			      "\"%.80s\" by \"%.80s\", valid until %s",
			      w->subject, w->issuer, until);
		return;
	}
	mst_check_say(c, MST_CHECK_WARNING,
		      "the certificate of \"%.80s\" expires in %lld day%s, on "
		      "%s",
		      w->ends_first, (long long)(left / DAY_US),
		      left / DAY_US == 1 ? "" : "s", until);
	mst_check_remedy(c, "have it renewed before that; from then on nothing "
			    "is sent");
}

static void say_fault(const struct mst_way *w, struct mst_check *c)
{
	char date[11] = "";

	switch (w->fault) {
	case MST_CERT_EXPIRED:
		date_text(w->until_us, date);
		mst_check_say(c, MST_CHECK_FAILED,
			      "the certificate of \"%.80s\" expired on %s",
			      w->ends_first, date);
		mst_check_remedy(c, "have it renewed; if the date lies ahead, "
				    "set this machine's clock");
		break;
	case MST_CERT_NOT_YET:
		date_text(w->from_us, date);
		mst_check_say(c, MST_CHECK_FAILED,
			      "the certificate of \"%.80s\" is not valid "
			      "before %s",
			      w->subject, date);
		mst_check_remedy(c, "set this machine's clock");
		break;
	case MST_CERT_UNKNOWN:
		mst_check_say(c, MST_CHECK_FAILED,
			      "the certificate of \"%.80s\" is by \"%.80s\", "
			      "whom this machine does not know",
			      w->subject, w->issuer);
		mst_check_remedy(c, "if that is your own authority or the one "
				    "of your proxy, name its certificate in "
				    "the option ca_file; else do not trust it");
		break;
	case MST_CERT_PIN:
		mst_check_say(c, MST_CHECK_FAILED,
			      "\"%.80s\" has the key %s, which is not the "
			      "pinned one",
			      w->subject, w->pin);
		mst_check_remedy(c, "if its certificate was renewed with a new "
				    "key, compare this one there and set the "
				    "option pin to it; else somebody is in "
				    "between: find out who");
		break;
	case MST_CERT_NAME:
		mst_check_say(c, MST_CHECK_FAILED,
			      "the certificate is for %.300s, not for %s",
			      *w->names ? w->names : w->subject, w->host);
		mst_check_remedy(c, "check the url of the connection; somebody "
				    "else answers there");
		break;
	case MST_CERT_FINE:
	case MST_CERT_OTHER:
		mst_check_say(c, MST_CHECK_FAILED, "%s", w->words);
		mst_check_remedy(c, "TLS 1.2 or later is needed; a firewall or "
				    "proxy may cut such connections");
		break;
	}
}

/* Who is not trusted for its certificate may be known by its key: what a person
 * would compare, and set in the option pin where there is one. */
static void add_key(const struct mst_way *w, struct mst_check *c)
{
	size_t n = strlen(c->text);

	if (*w->pin && w->fault != MST_CERT_PIN && w->fault != MST_CERT_FINE)
		(void)snprintf(c->text + n, sizeof(c->text) - n,
			       "; its key is %s", w->pin);
}

static void check_tls(const struct mst_way *w, struct mst_check *c)
{
	if (!w->https)
		mst_check_say(c, MST_CHECK_OK,
			      "not used: the address is this machine");
	else if (w->at == MST_WAY_THERE)
		say_valid(w, c);
	else
		say_fault(w, c);
	if (c->level != MST_CHECK_FAILED)
		return;
	c->code = w->err.code;
	add_key(w, c);
}

/* ---- all of them --------------------------------------------------------- */

/* The only address: a line for each step. */
static const char *each(const struct mst_checkup_conf *conf,
			struct mst_check *all)
{
	const char *failed = NULL;

	for (int i = 0; i < STEPS; i++) {
		if (failed)
			mst_check_say(&all[i], MST_CHECK_SKIPPED,
				      "needs the check '%s'", failed);
		else if (all[i].level == MST_CHECK_FAILED)
			failed = all[i].title;
		conf->report(conf->ctx, &all[i]);
	}
	return failed;
}

/* One of several addresses: one line, of the step that matters. */
static const char *together(const struct mst_checkup_conf *conf,
			    const struct mst_address *address,
			    const struct mst_way *w, struct mst_check *all)
{
	struct mst_check c = all[TLS];
	char name[64], title[64];

	if (w->https)
		mst_check_say(&c, all[TLS].level, "%s%s%s; %.500s", w->host,
			      w->proxy.name[0] ? " through " : "",
			      w->proxy.name, all[TLS].text);
	else
		mst_check_say(&c, all[TLS].level, "%s port %d", w->host,
			      w->port);
	(void)snprintf(c.remedy, sizeof(c.remedy), "%s", all[TLS].remedy);
	for (int i = STEPS - 1; i >= 0; i--) {
		if (all[i].level == MST_CHECK_FAILED)
			c = all[i];
	}
	(void)snprintf(name, sizeof(name), "reach:%.50s", address->name);
	(void)snprintf(title, sizeof(title), "reach %.50s", address->name);
	c.name = name;
	c.title = title;
	conf->report(conf->ctx, &c);
	return c.level == MST_CHECK_FAILED ? "reach" : NULL;
}

const char *mst_checkup_way(const struct mst_checkup_conf *conf,
			    const struct mst_address *address, bool several,
			    const struct mst_way *w)
{
	struct mst_check all[STEPS] = {
	    [PROXY] = {.name = "proxy", .title = "proxy"},
	    [NAME] = {.name = "dns", .title = "host name"},
	    [CONNECT] = {.name = "tcp", .title = "connection"},
	    [TLS] = {.name = "tls", .title = "TLS"},
	};

	check_proxy(w, &all[PROXY]);
	check_name(w, &all[NAME]);
	check_connect(w, &all[CONNECT]);
	check_tls(w, &all[TLS]);
	/* Behind the step that failed there is nothing to judge. */
	for (int i = 0; i < STEPS; i++) {
		if (i > (int)w->at)
			mst_check_say(&all[i], MST_CHECK_SKIPPED, "%s", "");
	}
	return several ? together(conf, address, w, all) : each(conf, all);
}
