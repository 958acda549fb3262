/* SPDX-License-Identifier: Apache-2.0
 *
 * Mails. What stands in a header line comes from a network: no control
 * character gets into it, and what is not ASCII is an encoded word (RFC 2047).
 */
#include "forward/act_mail.h"

#include <ctype.h>
#include <stdio.h>

#include "base/b64.h"
#include "base/hash.h"
#include "base/num.h"
#include "base/time.h"
#include "forward/act_text.h"
#include "forward/item.h"

#define ADDRESS_MAX 254
#define TO_MAX	    20
#define SUBJECT	    200 /* characters */
#define WORD	    42	/* bytes of an encoded word: at most 75 encoded */
#define TEXT_MAX    (64u << 10)

#define AT(member) offsetof(struct mst_mail_conf, member)

const struct mst_opt mst_mail_opts[] = {
    {"url", MST_OPT_TEXT, AT(url), .flags = MST_OPT_REQUIRED,
     .help = "mail server: smtp://HOST[:PORT] (STARTTLS), smtps://HOST[:PORT]"},
    {"from", MST_OPT_TEXT, AT(from), .flags = MST_OPT_REQUIRED,
     .help = "address that mails come from"},
    {"to", MST_OPT_LIST, AT(to), .flags = MST_OPT_REQUIRED,
     .help = "addresses that they go to"},
    {"username", MST_OPT_TEXT, AT(username),
     .help = "user of the mail server; without it nobody logs in"},
    {"password", MST_OPT_SECRET, AT(password),
     .help = "its password, as env:NAME, file:PATH or credential:NAME"},
    {"tls", MST_OPT_CHOICE, AT(tls), "required", "required|optional",
     .help = "of smtp://: whether mails may go in the clear to a server "
	     "without STARTTLS; never with a password"},
    {"ca_file", MST_OPT_TEXT, AT(ca_file),
     .help = "PEM file with further trusted certificate authorities"},
    {"zone", MST_OPT_TEXT, AT(zone_name), "UTC",
     .help = "time zone of the times in a mail: Europe/Berlin, UTC"},
    {"timeout", MST_OPT_DURATION, AT(timeout_ms), "60s", .min = 1000,
     .max = 600000, .help = "how long one mail may take"},
    {0},
};

/* ---- options ------------------------------------------------------------- */

static bool is_address(const char *s)
{
	const char *at = strchr(s, '@');

	if (!at || at == s || !at[1] || strchr(at + 1, '@') ||
	    strlen(s) > ADDRESS_MAX)
		return false;
	for (; *s; s++) {
		if (!isgraph((unsigned char)*s) || strchr("<>,;:\"()[]\\", *s))
			return false;
	}
	return true;
}

/* 127.0.0.1, localhost, [::1]; never the name 127.0.0.1.example.com. */
static bool is_loopback(struct mst_slice host)
{
	if (mst_slice_iis(host, "localhost") || mst_slice_is(host, "[::1]"))
		return true;
	if (!mst_slice_istarts(host, "127."))
		return false;
	for (size_t i = 0; i < host.n; i++) {
		if (!strchr("0123456789.", host.p[i]))
			return false;
	}
	return true;
}

/* smtp://host[:port]; no user, path or query. */
static bool is_server(const char *url, bool *loopback_r)
{
	const char *host = strstr(url, "://");
	size_t n, name;

	if (strncmp(url, "smtp://", 7) != 0 && strncmp(url, "smtps://", 8) != 0)
		return false;
	host += 3;
	n = strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			 "0123456789-._[:]");
	name = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
	if (n == 0 || host[n] || name > n)
		return false;
	*loopback_r = is_loopback(mst_slice(host, name));
	return true;
}

static int check_login(const struct mst_conf_item *item,
		       const struct mst_mail_conf *c, struct mst_err *err)
{
	bool user = c->username && *c->username;

	if (user != (c->password && *c->password))
		return mst_item_fail(item, user ? "username" : "password", err,
				     "needs \"%s\", too",
				     user ? "password" : "username");
	if (user && c->tls == MST_MAIL_TLS_OPTIONAL && !c->loopback &&
	    strncmp(c->url, "smtps:", 6) != 0)
		return mst_item_fail(item, "tls", err,
				     "must be required where a password is "
				     "sent");
	return 0;
}

int mst_mail_make(const struct mst_conf_item *item, struct mst_arena *arena,
		  struct mst_mail_conf *c_r, struct mst_err *err)
{
	struct mst_mail_conf c = {0};
	struct mst_err why = MST_ERR_INIT;
	int rc = mst_conf_apply(item, mst_mail_opts, &c, arena, err);

	if (rc == 0 && !is_server(c.url, &c.loopback))
		rc = mst_item_fail(item, "url", err,
				   "must be smtp://HOST[:PORT] or "
				   "smtps://HOST[:PORT], not \"%.80s\"",
				   c.url);
	if (rc == 0 && !is_address(c.from))
		rc = mst_item_fail(item, "from", err,
				   "must be a mail address like "
				   "muster@example.com, not \"%.80s\"",
				   c.from);
	if (rc == 0 && c.to.n > TO_MAX)
		rc = mst_item_fail(item, "to", err,
				   "may have %d addresses at most: use a list "
				   "of your mail server",
				   TO_MAX);
	for (size_t i = 0; rc == 0 && i < c.to.n; i++) {
		if (!is_address(c.to.v[i]))
			rc = mst_item_fail(item, "to", err,
					   "must be mail addresses like "
					   "soc@example.com, not \"%.80s\"",
					   c.to.v[i]);
	}
	if (rc == 0)
		rc = check_login(item, &c, err);
	if (rc == 0 && mst_zone_find(c.zone_name, &c.zone, &why) < 0)
		rc = mst_item_fail(item, "zone", err, "%s", why.msg);
	if (rc == 0)
		*c_r = c;
	return rc;
}

void mst_mail_fini(struct mst_mail_conf *c)
{
	mst_zone_free(&c->zone);
}

/* ---- headers ------------------------------------------------------------- */

/* Bytes from the start that are whole characters, WORD at most. */
static size_t word_of(struct mst_slice s)
{
	size_t n = MST_MIN(s.n, (size_t)WORD);

	while (n > 0 && n < s.n && ((unsigned char)s.p[n] & 0xc0) == 0x80)
		n--;
	return n ? n : MST_MIN(s.n, (size_t)WORD);
}

static void add_text(struct mst_buf *out, struct mst_slice s)
{
	bool plain = true;

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		plain &= c >= ' ' && c < 0x7f;
	}
	/* What looks like an encoded word would be read as one. */
	if (plain && !mst_slice_ifind(s, "=?")) {
		(void)mst_buf_add_slice(out, s);
		return;
	}
	while (s.n) {
		size_t n = word_of(s);

		(void)mst_buf_adds(out, "=?UTF-8?B?");
		(void)mst_b64_add(out, mst_slice(s.p, n));
		(void)mst_buf_adds(out, "?=");
		s = mst_slice(s.p + n, s.n - n);
		if (s.n)
			(void)mst_buf_adds(out, "\r\n ");
	}
}

static void subject(enum mst_delivery_op op, const struct mst_alert *a,
		    struct mst_buf *out)
{
	static const char *const what[] = {
	    [MST_DELIVERY_OPEN] = "",
	    [MST_DELIVERY_UPDATE] = "Again: ",
	    [MST_DELIVERY_CLOSE] = "Handled: ",
	};
	struct mst_buf text = MST_BUF_INIT(TEXT_MAX);

	(void)mst_buf_adds(&text, what[op]);
	if (a->severity != MST_SEVERITY_NONE)
		(void)mst_buf_addf(&text, "[%s] ",
				   mst_severity_name(a->severity));
	mst_act_headline(a, &text);
	for (size_t i = 0; i < text.n; i++) {
		if ((unsigned char)text.p[i] < ' ')
			text.p[i] = ' ';
	}
	(void)mst_buf_adds(out, "Subject: ");
	add_text(out, mst_act_cut(mst_buf_slice(&text), SUBJECT));
	(void)mst_buf_adds(out, "\r\n");
	mst_buf_fini(&text);
}

/* "Fri, 20 Nov 2026 10:00:00 +0000" */
static void date(int64_t us, struct mst_buf *out)
{
	static const char days[] = "MonTueWedThuFriSatSun";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct mst_civil c = mst_zone_civil(NULL, us);

	(void)mst_buf_addf(
	    out, "Date: %.3s, %02d %.3s %04d %02d:%02d:%02d +0000\r\n",
	    days + (size_t)c.weekday * 3, c.day,
	    months + (size_t)(c.month - 1) * 3, c.year, c.hour, c.minute,
	    c.second);
}

/* The mail that an alert began with has an id that follows from the alert, so
 * that later ones can name it. */
static void ids(const struct mst_mail_conf *c, const char *source,
		struct mst_slice key, enum mst_delivery_op op, int64_t id,
		struct mst_buf *out)
{
	const char *domain = strchr(c->from, '@') + 1;
	struct mst_slice from = mst_slice_str(source);
	char hex[33];

	mst_hash_hex(mst_hash128(key.p, key.n, mst_hash64(from.p, from.n, 0)),
		     hex);
	if (op == MST_DELIVERY_OPEN)
		(void)mst_buf_addf(out, "Message-ID: <iot-%s@%s>\r\n", hex,
				   domain);
	else
		(void)mst_buf_addf(out,
				   "Message-ID: <iot-%s-%lld@%s>\r\n"
				   "In-Reply-To: <iot-%s@%s>\r\n",
				   hex, (long long)id, domain, hex, domain);
}

void mst_mail_headers(const struct mst_mail_conf *c, const char *source,
		      struct mst_slice key, enum mst_delivery_op op, int64_t id,
		      const struct mst_alert *a, int64_t sent_us,
		      struct mst_buf *out)
{
	(void)mst_buf_addf(out, "From: <%s>\r\nTo: ", c->from);
	for (size_t i = 0; i < c->to.n; i++)
		(void)mst_buf_addf(out, "%s<%s>", i ? ",\r\n " : "",
				   c->to.v[i]);
	(void)mst_buf_adds(out, "\r\n");
	subject(op, a, out);
	date(sent_us, out);
	ids(c, source, key, op, id, out);
	/* Nobody's out-of-office note is wanted. */
	(void)mst_buf_adds(out, "Auto-Submitted: auto-generated\r\n");
}

/* ---- the text ------------------------------------------------------------ */

void mst_mail_text(const struct mst_mail_conf *c, enum mst_delivery_op op,
		   const struct mst_alert *a, struct mst_buf *out)
{
	static const char *const what[] = {
	    [MST_DELIVERY_OPEN] = "",
	    [MST_DELIVERY_UPDATE] =
		"Defender for IoT saw this again, or more of it.\n\n",
	    [MST_DELIVERY_CLOSE] =
		"The alert was handled in Defender for IoT.\n\n",
	};

	(void)mst_buf_adds(out, what[op]);
	(void)mst_buf_addf(out, "%.*s\n", MST_SLICE_ARG(a->title));
	if (a->time_us != MST_TIME_NONE) {
		struct mst_civil t = mst_zone_civil(c->zone, a->time_us);

		(void)mst_buf_addf(out, "%04d-%02d-%02d %02d:%02d:%02d %s\n",
				   t.year, t.month, t.day, t.hour, t.minute,
				   t.second, c->zone_name);
	}
	(void)mst_buf_addc(out, '\n');
	mst_act_description(a, out);
}
