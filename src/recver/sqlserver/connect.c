/* SPDX-License-Identifier: Apache-2.0
 *
 * The check that connects to SQL Server. The server tells a client little of
 * why it is refused, and FreeTDS nothing of a certificate: an administrator's
 * login is asked for the first, and attempts as nobody tell the second.
 */
#include <stdio.h>
#include <stdlib.h>

#include "recver/sqlserver/dba.h"

#define LOGIN_FAILED 18456
/* FreeTDS's own. */
#define NO_CONNECTION 20002
#define NOT_REACHED   20009
#define NO_HOST	      20013
/* A login that no server has; it goes without a password. */
#define NOBODY "muster-certificate-test"

/* ---- the certificate ----------------------------------------------------- */

/* Does the server answer, with the certificate looked at in this way? */
static bool answers(const struct mst_ms_look *l, const char *encrypt)
{
	struct mst_recver_conf conf = l->conf;
	struct mst_ms c = {.conf = &conf, .database = l->database};
	struct mst_err err = MST_ERR_INIT;
	int native;

	conf.encrypt = encrypt;
	conf.user = NOBODY;
	conf.password = NULL;
	conf.integrated_security = false;
	(void)mst_ms_open(&c, "master", &native, &err);
	mst_ms_shut(&c);
	/* A number of the server's own, and not one of FreeTDS's. */
	return native > 0 && (native < 20000 || native > 20999);
}

static const char *server_of(const struct mst_ms_look *l)
{
	return l->conf.server ? l->conf.server : "localhost";
}

static void say_name(struct mst_ms_look *l, struct mst_check *c)
{
	mst_check_say(c, MST_CHECK_FAILED,
		      "'%.200s': the server's certificate is trusted, but is "
		      "for another name",
		      server_of(l));
	mst_check_remedy(c, "let recver.server be the name that stands in the "
			    "certificate, or give the server one with this "
			    "name");
}

static void say_trust(struct mst_ms_look *l, struct mst_check *c)
{
	mst_check_say(c, MST_CHECK_FAILED,
		      "'%.200s': the server's certificate is not trusted: not "
		      "signed by %.200s, expired, or the server's own",
		      server_of(l),
		      l->conf.ca_file ? l->conf.ca_file
				      : "an authority of this system");
	mst_check_remedy(c, "name the certificate of the authority in "
			    "recver.ca_file, or add it to the system's; "
			    "recver.encrypt: trust does not look at it");
}

static void say_ticket(struct mst_ms_look *l, struct mst_check *c)
{
	mst_check_say(c, MST_CHECK_FAILED,
		      "'%.200s' answers, but there is no Kerberos ticket for "
		      "it",
		      server_of(l));
	mst_check_remedy(
	    c, "klist shows the tickets of this user: kinit, or KRB5CCNAME or "
	       "KRB5_CLIENT_KTNAME for the service; the server needs an SPN "
	       "MSSQLSvc/host.domain:port, and recver.server that host name");
}

/* FreeTDS says the same of a certificate, of TLS that is not there, of Kerberos
 * and of a server that hangs up. */
static bool say_which(struct mst_ms_look *l, struct mst_check *c)
{
	bool verify = strcmp(l->conf.encrypt, "verify") == 0;

	c->code = MST_E_AUTH;
	if (answers(l, l->conf.encrypt)) {
		if (l->conf.integrated_security)
			say_ticket(l, c);
		return l->conf.integrated_security;
	}
	if (verify && answers(l, "trust")) {
		if (answers(l, MST_MS_CHAIN))
			say_name(l, c);
		else
			say_trust(l, c);
		return true;
	}
	if (strcmp(l->conf.encrypt, "off") == 0 || !answers(l, "off"))
		return false;
	mst_check_say(c, MST_CHECK_FAILED,
		      "'%.200s' answers, but does not encrypt", server_of(l));
	mst_check_remedy(c, "let a DBA give the server a certificate; on a "
			    "network that you trust, recver.encrypt: off does "
			    "without");
	return true;
}

/* Which part of recver.server it may be. */
static void say_where(const struct mst_ms_look *l, struct mst_check *c)
{
	if (strchr(server_of(l), '\\'))
		mst_check_remedy(
		    c, "is the name of the instance right, and does the SQL "
		       "Server Browser answer on UDP port 1434? "
		       "recver.server: host,port needs neither");
	else
		mst_check_remedy(
		    c, "are host and port right (1433 when there is none), "
		       "does the server listen on TCP, and does a firewall "
		       "let us through?");
}

/* ---- the login ----------------------------------------------------------- */

#define LOGIN MST_MS_TEXT1("0")

/* In this order: the first that holds is the reason. */
static const struct mst_ms_flag reasons[] = {
    {"the server takes no SQL logins (Windows authentication only)",
     "SERVERPROPERTY(N'IsIntegratedSecurityOnly')"},
    {"the server has no such login",
     "CASE WHEN SUSER_ID(" LOGIN ") IS NULL THEN 1 ELSE 0 END"},
    {"the login is disabled: ALTER LOGIN … ENABLE",
     "(SELECT is_disabled FROM sys.server_principals WHERE name = " LOGIN ")"},
    {"the login is locked after wrong passwords: ALTER LOGIN … WITH "
     "PASSWORD … UNLOCK",
     "LOGINPROPERTY(" LOGIN ", N'IsLocked')"},
    {"the login's password has expired",
     "LOGINPROPERTY(" LOGIN ", N'IsExpired')"},
    {"the login's password must be changed",
     "LOGINPROPERTY(" LOGIN ", N'IsMustChange')"},
};

#define NO_LOGIN 1 /* of them */

static const char other_password[] =
    "the login is there and may log in: its password is another one";

/* One by one: not every server can answer all of them. */
static const char *reason(struct mst_ms *c, const char *login)
{
	const char *text = "";

	for (size_t i = 0; i < MST_LEN(reasons); i++) {
		struct mst_err err = MST_ERR_INIT;
		struct mst_ms_pack p;
		bool holds = false;
		int rc;

		mst_ms_pack_init(&p);
		mst_ms_add_text(&p, login);
		rc = mst_ms_flags(c, &reasons[i], 1, &p, &holds, &err);
		mst_ms_pack_fini(&p);
		if (rc == 0 && holds)
			return reasons[i].name;
		if (rc == 0)
			text = other_password;
	}
	return text;
}

/* What an administrator sees of a login that is refused; "" when that is
 * nothing. */
static const char *admin_says(const struct mst_ms_look *l)
{
	struct mst_recver_conf conf;
	struct mst_ms c = {.conf = &conf, .database = l->database};
	struct mst_err err = MST_ERR_INIT;
	const char *text = "";
	int native;

	if (!l->env->admin || !l->conf.user)
		return text;
	conf = mst_ms_defaults(l->env->admin);
	c.admin = true;
	if (mst_ms_open(&c, "master", &native, &err) == 0)
		text = reason(&c, l->conf.user);
	mst_ms_shut(&c);
	return text;
}

static void say_refused(struct mst_ms_look *l, struct mst_check *c,
			struct mst_err *err, int native)
{
	const char *why;

	if (native == NO_CONNECTION && say_which(l, c))
		return;
	why = native == LOGIN_FAILED ? admin_says(l) : "";
	(void)mst_err_prefix(err, "'%.200s'", server_of(l));
	mst_recver_check_fail(c, err);
	if (*why)
		mst_check_say(c, MST_CHECK_FAILED,
			      "'%.200s' does not let '%.200s' in: %s",
			      server_of(l), l->conf.user, why);
	if (why == other_password)
		mst_check_remedy(c, "set recver.password to it, or let a DBA "
				    "set this one: ALTER LOGIN … WITH "
				    "PASSWORD");
	else if (why == reasons[NO_LOGIN].name || !l->conf.user)
		mst_recver_check_script(l->env, c);
	else if (native == LOGIN_FAILED && !*why)
		mst_check_remedy(
		    c,
		    "check recver.user and recver.password; "
		    "`muster connection setup %.100s --admin USER` "
		    "tells which of them it is, and makes a login "
		    "that is not there",
		    l->env->source);
	else if (native == NOT_REACHED || native == NO_HOST)
		say_where(l, c);
}

/* ---- the connection ------------------------------------------------------ */

static const char *encryption(const struct mst_recver_conf *conf)
{
	if (strcmp(conf->encrypt, "off") == 0)
		return "encryption not asked for";
	return strcmp(conf->encrypt, "trust") == 0
		   ? "encrypted, its certificate not verified"
		   : "encrypted, its certificate and name verified";
}

static void say_connected(struct mst_ms_look *l, struct mst_check *c)
{
	static const char *const columns[] = {
	    "SUSER_SNAME()", "SERVERPROPERTY(N'ProductVersion')"};
	struct mst_err err = MST_ERR_INIT;
	char *row[2];
	bool found;

	if (mst_ms_ask(&l->c, columns, MST_LEN(columns), NULL, NULL, row,
		       &found, &err) < 0)
		mst_recver_check_fail(c, &err);
	else
		mst_check_say(
		    c, MST_CHECK_OK,
		    "'%.200s', SQL Server %.60s, %s, as '%.200s'%s",
		    server_of(l), row[1], encryption(&l->conf), row[0],
		    l->conf.integrated_security ? " by Kerberos" : "");
	for (size_t i = 0; i < MST_LEN(row); i++)
		free(row[i]);
}

void mst_ms_look_open(struct mst_ms_look *l,
		      const struct mst_recver_setup_env *env)
{
	struct mst_err err = MST_ERR_INIT;
	int native, rc;

	*l = (struct mst_ms_look){.env = env, .usable = true};
	l->conf = mst_ms_defaults(env->conf);
	l->database = mst_recver_database(env->conf, env->source);
	l->c = (struct mst_ms){.conf = &l->conf, .database = l->database};
	(void)mst_ms_begin(l, MST_RECVER_CHECK_CONNECT);
	rc = mst_ms_open(&l->c, l->database, &native, &err);
	l->in_database = rc == 0;
	if (rc < 0 && mst_ms_is_closed(native)) {
		mst_err_clear(&err);
		rc = mst_ms_open(&l->c, "master", &native, &err);
	}
	if (rc < 0)
		say_refused(l, &l->check, &err, native);
	else
		say_connected(l, &l->check);
	mst_ms_end(l);
}

void mst_ms_look_close(struct mst_ms_look *l)
{
	mst_ms_shut(&l->c);
	free(l->database);
}
