/* SPDX-License-Identifier: Apache-2.0
 *
 * A connection to SQL Server: where, as whom, how it is encrypted, and what
 * the session may do.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/secret.h"
#include "recver/sqlserver/private.h"

#define DRIVER	     "FreeTDS"
#define LOGIN_FAILED 18456

struct place {
	char *host, *port, *instance; /* the latter two may be NULL */
};

static void place_fini(struct place *p)
{
	free(p->host);
	free(p->port);
	free(p->instance);
}

/* "host", "host\instance", "host,port", "host:port", "[::1]:port", with or
 * without "tcp:" before it. An address of version 6 without brackets has no
 * port. */
static struct place split(const char *s)
{
	struct place p = {0};
	const char *end, *colon;
	size_t skip;

	if (strncmp(s, "tcp:", 4) == 0)
		s += 4;
	skip = *s == '[';
	end = skip ? strchr(s, ']') : s + strcspn(s, "\\,");
	if (!end) {
		skip = 0;
		end = s + strcspn(s, "\\,");
	}
	colon = skip ? NULL : memchr(s, ':', (size_t)(end - s));
	if (colon && memchr(colon + 1, ':', (size_t)(end - colon - 1)))
		colon = NULL;
	p.host =
	    mst_strndup(s + skip, (size_t)((colon ? colon : end) - s) - skip);
	end += skip;
	if (colon)
		p.port = mst_strndup(colon + 1, (size_t)(end - colon - 1));
	else if (*end == '\\')
		p.instance = mst_strndup(end + 1, strcspn(end + 1, ","));
	else if (*end == ',' || *end == ':')
		p.port = mst_strdup(end + 1);
	return p;
}

/* ---- the connection string ----------------------------------------------- */

/* Braces keep what is within them as it is; the one that ends is doubled. */
static void set(struct mst_buf *b, const char *key, struct mst_slice value)
{
	(void)mst_buf_addf(b, "%s={", key);
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] == '}')
			(void)mst_buf_addc(b, '}');
		(void)mst_buf_addc(b, value.p[i]);
	}
	(void)mst_buf_adds(b, "};");
}

static void set_text(struct mst_buf *b, const char *key, const char *value)
{
	set(b, key, mst_slice_str(value));
}

/* FreeTDS: versions differ in what a brace within braces is, so there are none
 * where it does without. */
static int set_secret(struct mst_buf *b, bool freetds, struct mst_slice value,
		      struct mst_err *err)
{
	bool plain = !memchr(value.p ? value.p : "", ';', value.n) &&
		     !(value.n && value.p[0] == '{');

	if (!freetds || !memchr(value.p ? value.p : "", '}', value.n)) {
		set(b, "PWD", value);
		return 0;
	}
	if (!plain)
		return mst_err_set(err, MST_E_INVALID,
				   "FreeTDS takes no password with both ';' "
				   "and '}' in it, or one that begins with "
				   "'{': choose another one");
	(void)mst_buf_adds(b, "PWD=");
	(void)mst_buf_add_slice(b, value);
	(void)mst_buf_addc(b, ';');
	return 0;
}

static bool is_freetds(const char *driver)
{
	return strcasestr(driver, "tds") != NULL;
}

/* Keywords of Microsoft's driver. */
static int microsoft(struct mst_buf *b, const struct mst_recver_conf *conf,
		     const struct place *p, struct mst_err *err)
{
	bool off = strcmp(conf->encrypt, "off") == 0;
	char *server MST_CLEANUP(mst_freep) = NULL;

	if (conf->ca_file)
		return mst_err_set(
		    err, MST_E_INVALID,
		    "recver.ca_file is for FreeTDS; Microsoft's driver trusts "
		    "the system's certificates: add it there, and take "
		    "recver.ca_file out");
	if (asprintf(&server, "%s%s%s", p->host,
		     p->instance ? "\\"
		     : p->port	 ? ","
				 : "",
		     p->instance ? p->instance
		     : p->port	 ? p->port
				 : "") < 0)
		mst_oom();
	set_text(b, "SERVER", server);
	(void)mst_buf_addf(b, "Encrypt=%s;TrustServerCertificate=%s;",
			   off ? "no" : "yes",
			   strcmp(conf->encrypt, "verify") == 0 ? "no" : "yes");
	return 0;
}

static int describe(struct mst_buf *b, const struct mst_recver_conf *conf,
		    const char *driver, const char *database,
		    struct mst_slice password, struct mst_err *err)
{
	struct place p = split(conf->server ? conf->server : "localhost");
	int rc = 0;

	set_text(b, "DRIVER", driver);
	if (is_freetds(driver))
		(void)mst_buf_adds(b, "SERVERNAME=muster;");
	else
		rc = microsoft(b, conf, &p, err);
	set_text(b, "DATABASE", database);
	(void)mst_buf_adds(b, "APP=muster;");
	if (conf->integrated_security) {
		(void)mst_buf_adds(b, "Trusted_Connection=yes;");
	} else {
		set_text(b, "UID", conf->user ? conf->user : "");
		if (rc == 0)
			rc = set_secret(b, is_freetds(driver), password, err);
	}
	if (rc == 0 && is_freetds(driver))
		rc = mst_ms_freetds(conf, p.host, p.port, p.instance, err);
	place_fini(&p);
	return rc;
}

/* ---- connecting ---------------------------------------------------------- */

static SQLPOINTER number(int64_t v)
{
	return (SQLPOINTER)(uintptr_t)v; /* as ODBC wants it */
}

static int handles(struct mst_ms *c, struct mst_err *err)
{
	int64_t s = (c->conf->timeout_ms + 999) / 1000;

	if (!SQL_SUCCEEDED(
		SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &c->env)))
		mst_oom();
	(void)SQLSetEnvAttr(c->env, SQL_ATTR_ODBC_VERSION, number(SQL_OV_ODBC3),
			    0);
	if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_DBC, c->env, &c->dbc)))
		return mst_ms_fail(SQL_HANDLE_ENV, c->env, NULL, err);
	(void)SQLSetConnectAttrW(c->dbc, SQL_ATTR_LOGIN_TIMEOUT, number(s),
				 SQL_IS_UINTEGER);
	return 0;
}

/* text is the connection string. */
static int reach(struct mst_ms *c, struct mst_slice text, int *native_r,
		 struct mst_err *err)
{
	int64_t s = (c->conf->timeout_ms + 999) / 1000;
	struct mst_buf wide = MST_BUF_INIT(1u << 20);
	SQLRETURN rc;

	mst_ms_wide(&wide, text);
	rc = SQLDriverConnectW(c->dbc, NULL, (SQLWCHAR *)(void *)wide.p,
			       (SQLSMALLINT)(wide.n / 2), NULL, 0, NULL,
			       SQL_DRIVER_NOPROMPT);
	mst_buf_wipe_fini(&wide);
	if (!SQL_SUCCEEDED(rc))
		return mst_ms_fail(SQL_HANDLE_DBC, c->dbc, native_r, err);
	rc = SQLAllocHandle(SQL_HANDLE_STMT, c->dbc, &c->stmt);
	if (!SQL_SUCCEEDED(rc))
		return mst_ms_fail(SQL_HANDLE_DBC, c->dbc, native_r, err);
	(void)SQLSetStmtAttrW(c->stmt, SQL_ATTR_QUERY_TIMEOUT, number(s),
			      SQL_IS_UINTEGER);
	return 0;
}

/* What holds for every statement of the session, and its tables: #n counts
 * from 0, #raw, #rows and #keys carry what a batch brings. */
static int session(struct mst_ms *c, struct mst_err *err)
{
	struct mst_buf b = MST_BUF_INIT(65536);
	int rc;

	(void)mst_buf_addf(
	    &b,
	    "SET NOCOUNT ON; SET XACT_ABORT ON; SET TEXTSIZE 2147483647; "
	    "SET ANSI_NULLS ON; SET ANSI_PADDING ON; SET ANSI_WARNINGS ON; "
	    "SET ARITHABORT ON; SET CONCAT_NULL_YIELDS_NULL ON; "
	    "SET QUOTED_IDENTIFIER ON; "
	    "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; "
	    "SET LOCK_TIMEOUT %lld; "
	    "CREATE TABLE #n (i int NOT NULL PRIMARY KEY); "
	    "CREATE TABLE #raw (i int NOT NULL PRIMARY KEY, r varbinary(200) "
	    "NOT NULL); "
	    "CREATE TABLE #keys (set_id bigint NOT NULL, [key] varbinary(16) "
	    "NOT NULL, PRIMARY KEY (set_id, [key])); "
	    "CREATE TABLE #rows (set_id bigint NOT NULL, [key] varbinary(16) "
	    "NOT NULL, text varbinary(max) NOT NULL, digest varbinary(16) NOT "
	    "NULL, members bigint NOT NULL, has_list bit NOT NULL, remote "
	    "varbinary(16) NULL, first_us bigint NULL, changed_us bigint NULL, "
	    "run bigint NOT NULL, state smallint NOT NULL, list varbinary(max) "
	    "NOT NULL, PRIMARY KEY (set_id, [key])); "
	    "INSERT INTO #n (i) VALUES (0); ",
	    (long long)c->conf->timeout_ms);
	for (int n = 1; n < MST_MS_ROWS; n *= 2)
		(void)mst_buf_addf(
		    &b, "INSERT INTO #n (i) SELECT i + %d FROM #n; ", n);
	rc = mst_ms_do(c, b.p, NULL, 0, err);
	mst_buf_fini(&b);
	return rc;
}

static int check(const struct mst_recver_conf *conf, const char *database,
		 struct mst_err *err)
{
	if (mst_ms_units(database) > MST_MS_NAME_MAX ||
	    strpbrk(database, "{};$()\r\n"))
		return mst_err_set(err, MST_E_INVALID,
				   "recver.database may have %d characters and "
				   "no brace, parenthesis, semicolon or '$'",
				   MST_MS_NAME_MAX);
	if (conf->user && mst_ms_units(conf->user) > MST_MS_NAME_MAX)
		return mst_err_set(err, MST_E_INVALID,
				   "the login '%.40s…' is longer than the %d "
				   "characters that SQL Server takes",
				   conf->user, MST_MS_NAME_MAX);
	if (conf->integrated_security && (conf->user || conf->password))
		return mst_err_set(err, MST_E_INVALID,
				   "recver.integrated_security takes no "
				   "recver.user and no recver.password: take "
				   "them out, or it");
	if (!conf->integrated_security && !conf->user)
		return mst_err_set(err, MST_E_INVALID,
				   "set recver.user and recver.password, or "
				   "recver.integrated_security");
	return 0;
}

static int open_with(struct mst_ms *c, const char *database,
		     struct mst_slice password, int *native_r,
		     struct mst_err *err)
{
	const char *driver = c->conf->driver ? c->conf->driver : DRIVER;
	struct mst_buf text = MST_BUF_INIT(65536);
	int rc = describe(&text, c->conf, driver, database, password, err);

	if (rc == 0) {
		rc = handles(c, err);
		if (rc == 0)
			rc = reach(c, mst_buf_slice(&text), native_r, err);
		if (is_freetds(driver))
			mst_ms_freetds_done();
	}
	mst_buf_wipe_fini(&text);
	if (rc == 0)
		rc = session(c, err);
	if (rc < 0)
		mst_ms_shut(c);
	return rc;
}

int mst_ms_open(struct mst_ms *c, const char *database, int *native_r,
		struct mst_err *err)
{
	struct mst_secret *secret = NULL;
	int rc = check(c->conf, database, err);

	*native_r = 0;
	if (rc == 0 && c->conf->password) {
		rc = mst_secret_ref(c->conf->password, &secret, err);
		if (rc < 0)
			return mst_err_prefix(err, "%s",
					      c->admin ? "--admin-password"
						       : "recver.password");
	}
	if (rc == 0)
		rc = open_with(c, database,
			       secret ? mst_secret_get(secret)
				      : (struct mst_slice){0},
			       native_r, err);
	mst_secret_free(&secret);
	/* The library's advice is for recver.user. */
	if (rc < 0 && c->admin && *native_r == LOGIN_FAILED)
		return mst_err_set(err, MST_E_AUTH,
				   "the server does not let this administrator "
				   "in: check --admin and its password, and "
				   "that the server allows SQL logins (error "
				   "18456)");
	return rc;
}

void mst_ms_shut(struct mst_ms *c)
{
	if (c->stmt)
		(void)SQLFreeHandle(SQL_HANDLE_STMT, c->stmt);
	if (c->dbc) {
		/* A driver does not disconnect within one. */
		if (c->in_transaction)
			(void)SQLEndTran(SQL_HANDLE_DBC, c->dbc, SQL_ROLLBACK);
		(void)SQLDisconnect(c->dbc);
		(void)SQLFreeHandle(SQL_HANDLE_DBC, c->dbc);
	}
	if (c->env)
		(void)SQLFreeHandle(SQL_HANDLE_ENV, c->env);
	c->stmt = c->dbc = c->env = NULL;
	c->in_transaction = false;
}
