/* SPDX-License-Identifier: Apache-2.0
 *
 * A connection to PostgreSQL: where, as whom, how it is encrypted, and what
 * the session may do.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/secret.h"
#include "base/time.h"
#include "db/libpq.h"
#include "recver/postgres/private.h"

#define KEYWORDS 24

struct keywords {
	const char *k[KEYWORDS + 1], *v[KEYWORDS + 1];
	int n;
};

static void set(struct keywords *w, const char *key, const char *value)
{
	if (!value)
		return;
	w->k[w->n] = key;
	w->v[w->n++] = value;
}

static bool is_port(const char *p, const char *end)
{
	if (p == end)
		return false;
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p == end;
}

/* One of "a", "a:5432", "[::1]:5432", "/folder", "/folder:5432"; both to be
 * freed. An address of version 6 without brackets has no port. */
static void split(const char *one, size_t n, char **host_r, char **port_r)
{
	const char *end = one + n, *colon = memrchr(one, ':', n);
	size_t skip = n && *one == '[';

	*port_r = NULL;
	if (colon && (!is_port(colon + 1, end) ||
		      (!skip && memchr(one, ':', (size_t)(colon - one))) ||
		      (skip && colon[-1] != ']')))
		colon = NULL;
	if (colon)
		*port_r = mst_strndup(colon + 1, (size_t)(end - colon - 1));
	n = colon ? (size_t)(colon - one) : n;
	if (skip && n && one[n - 1] == ']')
		n -= 2;
	else
		skip = 0;
	*host_r = mst_strndup(one + skip, n);
}

static void set_encryption(struct keywords *w,
			   const struct mst_recver_conf *conf)
{
	const char *how = conf->encrypt ? conf->encrypt : "verify";

	if (strcmp(how, "off") == 0) {
		set(w, "sslmode", "disable");
		set(w, "gssencmode", "disable");
	} else if (strcmp(how, "trust") == 0) {
		set(w, "sslmode", "require");
	} else {
		set(w, "sslmode", "verify-full");
		set(w, "sslrootcert",
		    conf->ca_file ? conf->ca_file : mst_pq_authorities());
	}
}

/* Ready, or the error's text in the connection. False: it took too long. */
static bool reach(PGconn *h, int64_t until_ms)
{
	PostgresPollingStatusType next = PGRES_POLLING_WRITING;

	while (PQstatus(h) != CONNECTION_BAD) {
		struct pollfd fd = {
		    .fd = PQsocket(h),
		    .events = next == PGRES_POLLING_READING ? POLLIN : POLLOUT};
		int64_t left = until_ms - mst_mono_us() / 1000;

		if (left <= 0)
			return false;
		if (poll(&fd, 1, (int)MST_MIN(left, 60000)) <= 0)
			continue;
		next = PQconnectPoll(h);
		if (next == PGRES_POLLING_OK || next == PGRES_POLLING_FAILED)
			break;
	}
	return true;
}

static int start(struct mst_pg *c, const struct keywords *w, int64_t for_ms,
		 char sqlstate_r[6], struct mst_err *err)
{
	bool in_time;
	int rc;

	c->h = PQconnectStartParams(w->k, w->v, 0);
	if (!c->h)
		mst_oom();
	/* Else the server's reasons are texts in its language. */
	(void)PQsetErrorVerbosity(c->h, PQERRORS_VERBOSE);
	in_time = reach(c->h, mst_mono_us() / 1000 + for_ms);
	if (in_time && PQstatus(c->h) == CONNECTION_OK) {
		(void)PQsetErrorVerbosity(c->h, PQERRORS_DEFAULT);
		return 0;
	}
	mst_pq_state_in(PQerrorMessage(c->h), sqlstate_r);
	(void)snprintf(c->said, sizeof(c->said), "%.*s",
		       mst_pq_first_line(PQerrorMessage(c->h)),
		       in_time ? PQerrorMessage(c->h) : "");
	if (in_time && PQconnectionNeedsPassword(c->h))
		rc = mst_err_set(
		    err, MST_E_AUTH, "the server wants a password: %s",
		    c->admin ? "give --admin-password" : "set recver.password");
	else if (in_time)
		rc = mst_pg_refused(c, PQerrorMessage(c->h), sqlstate_r, err);
	else
		rc =
		    mst_err_set(err, MST_E_TRANSIENT,
				"no connection within %lld s: is recver.server "
				"right, and does a firewall let us through?",
				(long long)for_ms / 1000);
	mst_pg_shut(c);
	return rc;
}

/* A server that is only like PostgreSQL may not know a setting: no harm. */
static int set_ms(struct mst_pg *c, const char *name, long long ms,
		  struct mst_err *err)
{
	char text[128];
	int rc;

	(void)snprintf(text, sizeof(text), "SET %s = %lld", name, ms);
	rc = mst_pg_do(c, text, NULL, NULL, err);
	return rc == -MST_E_TRANSIENT ? rc : 0;
}

/* A mark that was committed must be on the disk. */
static int set_durable(struct mst_pg *c, struct mst_err *err)
{
	PGresult *res = NULL;
	int rc = mst_pg_exec(c, "SHOW synchronous_commit", NULL, &res, err);

	if (rc < 0)
		return rc == -MST_E_TRANSIENT ? rc : 0;
	if (PQntuples(res) == 1 && strcmp(PQgetvalue(res, 0, 0), "off") == 0)
		rc = mst_pg_do(c, "SET synchronous_commit = on", NULL, NULL,
			       err);
	PQclear(res);
	return rc;
}

/* What holds for every statement of the session. */
static int session(struct mst_pg *c, struct mst_err *err)
{
	long long ms = (long long)c->conf->timeout_ms;
	int rc;

	mst_pq_quiet(c->h);
	/* In a database of others, nobody's functions are called in the place
	 * of the server's. */
	rc = mst_pg_do(c, "SET search_path = pg_catalog, pg_temp", NULL, NULL,
		       err);
	if (rc != -MST_E_TRANSIENT)
		rc = set_ms(c, "statement_timeout", ms, err);
	if (rc == 0)
		rc = set_ms(c, "lock_timeout", ms, err);
	/* One that hangs must not keep the lease's row locked. */
	if (rc == 0)
		rc = set_ms(c, "idle_in_transaction_session_timeout", 2 * ms,
			    err);
	return rc < 0 ? rc : set_durable(c, err);
}

/* *sqlstate_r is that of a statement that would write. */
static int may_write(struct mst_pg *c, bool several, char sqlstate_r[6],
		     struct mst_err *err)
{
	PGresult *res = NULL;
	int rc = mst_pg_exec(c, "SHOW transaction_read_only", NULL, &res, err);

	if (rc < 0)
		return rc;
	if (PQntuples(res) == 1 && strcmp(PQgetvalue(res, 0, 0), "on") == 0) {
		memcpy(sqlstate_r, MST_PG_READ_ONLY, 6);
		rc = mst_err_set(
		    err, several ? MST_E_TRANSIENT : MST_E_FORBIDDEN,
		    "the database is read-only (a standby, or "
		    "default_transaction_read_only): let recver.server name "
		    "the primary, or ask the DBA to allow writing");
	}
	PQclear(res);
	return rc;
}

static int open_one(struct mst_pg *c, const char *one, size_t n, bool several,
		    const char *database, const char *password,
		    char sqlstate_r[6], struct mst_err *err)
{
	char *host MST_CLEANUP(mst_freep) = NULL;
	char *port MST_CLEANUP(mst_freep) = NULL;
	struct keywords w = {.n = 0};
	char user_ms[24];
	int rc;

	split(one, n, &host, &port);
	(void)snprintf(user_ms, sizeof(user_ms), "%lld",
		       (long long)c->conf->timeout_ms + 5000);
	set(&w, "host", host && *host ? host : NULL);
	set(&w, "port", port);
	set(&w, "dbname", database);
	set(&w, "user", c->conf->user);
	set(&w, "password", password);
	set(&w, "application_name", "muster");
	set(&w, "client_encoding", "UTF8");
	set(&w, "tcp_user_timeout", user_ms);
	set(&w, "keepalives_idle", "30");
	set(&w, "keepalives_interval", "10");
	set(&w, "keepalives_count", "3");
	set_encryption(&w, c->conf);
	rc = start(c, &w, c->conf->timeout_ms, sqlstate_r, err);
	if (rc == 0)
		rc = session(c, err);
	if (rc == 0 && !c->look)
		rc = may_write(c, several, sqlstate_r, err);
	if (rc < 0)
		mst_pg_shut(c);
	return rc;
}

/* The servers in turn; what counts is the first that takes us. */
static int open_any(struct mst_pg *c, const char *database,
		    const char *password, char sqlstate_r[6],
		    struct mst_err *err)
{
	const char *at = c->conf->server ? c->conf->server : "";
	bool several = strchr(at, ',') != NULL;
	int rc;

	for (;;) {
		size_t n = strcspn(at, ",");

		sqlstate_r[0] = 0;
		c->said[0] = 0;
		rc = open_one(c, at, n, several, database, password, sqlstate_r,
			      err);
		at += n;
		if (rc != -MST_E_TRANSIENT || !*at)
			return rc;
		at++;
	}
}

int mst_pg_open(struct mst_pg *c, const char *database, char sqlstate_r[6],
		struct mst_err *err)
{
	struct mst_secret *secret = NULL;
	struct mst_buf text = MST_BUF_INIT(65536);
	int rc;

	sqlstate_r[0] = 0;
	c->said[0] = 0;
	rc = mst_pg_names(database, c->conf->user, c->admin, err);
	if (rc == 0 && c->conf->password) {
		rc = mst_secret_ref(c->conf->password, &secret, err);
		if (rc < 0)
			(void)mst_err_prefix(err, "%s",
					     c->admin ? "--admin-password"
						      : "recver.password");
	}
	if (rc < 0)
		return rc;
	if (secret)
		(void)mst_buf_add_slice(&text, mst_secret_get(secret));
	rc = open_any(c, database, secret ? text.p : NULL, sqlstate_r, err);
	mst_buf_wipe_fini(&text);
	mst_secret_free(&secret);
	return rc;
}

/* Either may be missing, closed, or not for everybody. */
int mst_pg_open_any(struct mst_pg *c, char sqlstate_r[6], struct mst_err *err)
{
	static const char *const passing[] = {MST_PG_NO_DATABASE,
					      MST_PG_NO_RIGHT, MST_PG_BARRED};
	int rc = mst_pg_open(c, "postgres", sqlstate_r, err);
	bool other = false;

	for (size_t i = 0; i < MST_LEN(passing); i++)
		other = other || strcmp(sqlstate_r, passing[i]) == 0;
	if (rc == 0 || !other)
		return rc;
	rc = mst_pg_open(c, "template1", sqlstate_r, err);
	if (rc == 0)
		mst_err_clear(err);
	return rc;
}

void mst_pg_shut(struct mst_pg *c)
{
	if (c->h)
		PQfinish(c->h);
	c->h = NULL;
}
