/* SPDX-License-Identifier: Apache-2.0
 *
 * The connection to PostgreSQL. libpq reads the address and everything that it
 * leaves open (PGHOST …, ~/.pgpass, services, certificates); muster adds a
 * password by reference and limits of time.
 */
#include "pg.h"

#include <poll.h>
#include <stdlib.h>
#include <time.h>

#include "base/buf.h"
#include "base/secret.h"
#include "db/libpq.h"

/* A statement is ended by the server after that long, and a session that does
 * nothing within a transaction (a process that was stopped keeps rows
 * locked). */
#define SESSION                                                                \
	"SET search_path = muster_state, pg_temp;"                             \
	"SET statement_timeout = 60000; SET lock_timeout = 20000;"             \
	"SET idle_in_transaction_session_timeout = 10000;"                     \
	"SET client_min_messages = warning"
/* For one that is silent, beyond its own limit. */
#define SILENT_US  65000000
#define QUICK_US   4000000
#define PATIENT_US 86400000000

#define KEYS 16

struct keys {
	const char *k[KEYS + 1], *v[KEYS + 1];
	int n;
};

static void set(struct keys *w, const char *key, const char *value)
{
	if (!value)
		return;
	w->k[w->n] = key;
	w->v[w->n++] = value;
}

int64_t mst_pgc_mono_us(void)
{
	struct timespec at;

	(void)clock_gettime(CLOCK_MONOTONIC, &at);
	return (int64_t)at.tv_sec * 1000000 + at.tv_nsec / 1000;
}

/* ---- the address --------------------------------------------------------- */

static const char *option(const PQconninfoOption *o, const char *key)
{
	for (; o->keyword; o++)
		if (strcmp(o->keyword, key) == 0 && o->val && *o->val)
			return o->val;
	return NULL;
}

/* By a socket, or this machine's own address: nobody is between. */
static bool is_far(const PQconninfoOption *o)
{
	static const char *const near[] = {"/", "@", "localhost", "127.",
					   "::1"};
	const char *host = option(o, "hostaddr");

	host = host ? host : option(o, "host");
	host = host ? host : getenv("PGHOSTADDR");
	host = host ? host : getenv("PGHOST");
	for (size_t i = 0; host && i < MST_LEN(near); i++)
		if (strncmp(host, near[i], strlen(near[i])) == 0)
			return strchr(host, ',') != NULL;
	return host && *host;
}

static char *show(const PQconninfoOption *o)
{
	const char *host = option(o, "host"), *port = option(o, "port");
	const char *database = option(o, "dbname");
	struct mst_buf b = MST_BUF_INIT(4096);

	(void)mst_buf_addf(&b, "postgresql://%s", host ? host : "");
	if (port)
		(void)mst_buf_addf(&b, ":%s", port);
	(void)mst_buf_addf(&b, "/%s", database ? database : "");
	return mst_buf_steal(&b);
}

int mst_pgc_init(struct mst_pgc *c, const char *url, struct mst_err *err)
{
	char *why = NULL;
	PQconninfoOption *o = PQconninfoParse(url, &why);
	int rc = 0;

	*c = (struct mst_pgc){.h = NULL};
	if (!o) {
		rc = mst_err_set(err, MST_E_INVALID,
				 "the store's address is no address of "
				 "PostgreSQL: %.*s",
				 (int)strcspn(why ? why : "", "\n"),
				 why ? why : "");
	} else if (option(o, "password")) {
		rc =
		    mst_err_set(err, MST_E_INVALID,
				"the store's address has a password in it, "
				"which others can see: take it out, and set "
				"MUSTER_STORE_PASSWORD to a reference (%s), or "
				"use ~/.pgpass",
				MST_SECRET_FORMS);
	} else {
		c->url = mst_strdup(url);
		c->shown = show(o);
		c->far = is_far(o);
	}
	PQfreemem(why);
	PQconninfoFree(o);
	return rc;
}

void mst_pgc_fini(struct mst_pgc *c)
{
	mst_pgc_shut(c);
	free(c->url);
	free(c->shown);
	*c = (struct mst_pgc){.h = NULL};
}

/* ---- errors -------------------------------------------------------------- */

struct meaning {
	const char *state; /* or the start of it */
	enum mst_code code;
	const char *remedy;
};

static const struct meaning meanings[] = {
    {"22021", MST_E_INVALID, "a text is no UTF-8"},
    {"23505", MST_E_CONFLICT, "somebody else was faster: try again"},
    {"25006", MST_E_TRANSIENT,
     "the database is read-only: name the primary, or add "
     "target_session_attrs=read-write to the address"},
    {"28", MST_E_AUTH,
     "check user and password (PGPASSWORD, ~/.pgpass, MUSTER_STORE_PASSWORD) "
     "and the server's pg_hba.conf"},
    {"3D000", MST_E_NOTFOUND, "make the database: CREATE DATABASE …"},
    {"40", MST_E_TRANSIENT, "try again"},
    {"42501", MST_E_FORBIDDEN,
     "let a DBA run what 'muster store script' prints, then what 'muster store "
     "script --role' prints"},
    {"42P01", MST_E_NOTFOUND,
     "a table is missing: let a DBA run what 'muster store script' prints"},
    {"53100", MST_E_IO, "make room on the server"},
    {"53", MST_E_TRANSIENT, "the server has no room for it now"},
    {"55P03", MST_E_CONFLICT, "another session holds it: try again"},
    {"57014", MST_E_TRANSIENT, "it took too long"},
    {"P0001", MST_E_FORBIDDEN, NULL},
};

static const struct meaning *meaning_of(const char *state)
{
	for (size_t i = 0; i < MST_LEN(meanings); i++)
		if (strncmp(state, meanings[i].state,
			    strlen(meanings[i].state)) == 0)
			return &meanings[i];
	return NULL;
}

bool mst_pgc_lost(const struct mst_pgc *c)
{
	return !c->h || PQstatus(c->h) != CONNECTION_OK;
}

/* With these the server ends the session: it shuts down, an administrator ends
 * it, it was idle within a transaction for too long. */
static bool is_end(const char *state)
{
	return strncmp(state, "57P", 3) == 0 || strncmp(state, "08", 2) == 0 ||
	       strcmp(state, "25P03") == 0;
}

int mst_pgc_fail(struct mst_pgc *c, const PGresult *res, struct mst_err *err)
{
	const char *state =
	    res ? PQresultErrorField(res, PG_DIAG_SQLSTATE) : NULL;
	const char *text =
	    res ? PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY) : NULL;
	const struct meaning *m = state ? meaning_of(state) : NULL;

	if (mst_pgc_lost(c) || !state || !text || is_end(state)) {
		text = text ? text : c->h ? PQerrorMessage(c->h) : "";
		(void)mst_err_set(err, MST_E_TRANSIENT,
				  "state store '%s': the connection was lost "
				  "(%.*s): the next call connects again",
				  c->shown, mst_pq_first_line(text), text);
		mst_pgc_shut(c);
		return -MST_E_TRANSIENT;
	}
	return mst_err_set(err, m ? m->code : MST_E_INTERNAL,
			   "state store '%s': %.*s (%s)%s%s", c->shown,
			   mst_pq_first_line(text), text, state,
			   m && m->remedy ? ": " : "",
			   m && m->remedy ? m->remedy : "");
}

/* Asks again only to hear why, at most for three seconds: the server's reason
 * to refuse a connection has no fields, its state is only in verbose texts, and
 * the texts themselves may be in any language. */
static const struct meaning *why_refused(const struct keys *w)
{
	PGconn *h = PQconnectStartParams(w->k, w->v, 1);
	PostgresPollingStatusType next = PGRES_POLLING_WRITING;
	int64_t until = mst_pgc_mono_us() + 3000000;
	char state[6];

	(void)PQsetErrorVerbosity(h, PQERRORS_VERBOSE);
	while (PQstatus(h) != CONNECTION_BAD && next != PGRES_POLLING_OK &&
	       mst_pgc_mono_us() < until) {
		struct pollfd fd = {
		    .fd = PQsocket(h),
		    .events = next == PGRES_POLLING_READING ? POLLIN : POLLOUT};

		if (poll(&fd, 1, 1000) > 0)
			next = PQconnectPoll(h);
	}
	mst_pq_state_in(PQerrorMessage(h), state);
	PQfinish(h);
	return *state ? meaning_of(state) : NULL;
}

static int refused(struct mst_pgc *c, const struct keys *w, struct mst_err *err)
{
	const char *text = PQerrorMessage(c->h);
	const char *remedy = NULL;
	const struct meaning *m;

	if (PQconnectionNeedsPassword(c->h))
		m = meaning_of("28");
	else
		m = why_refused(w);
	if (m)
		remedy = m->remedy;
	else if (strstr(text, "SSL") || strstr(text, "certificate"))
		remedy = "see sslmode and sslrootcert in the address";
	return mst_err_set(err, m ? m->code : MST_E_TRANSIENT,
			   "state store '%s': %.*s%s%s", c->shown,
			   mst_pq_first_line(text), text, remedy ? ": " : "",
			   remedy ? remedy : "");
}

/* ---- connecting ---------------------------------------------------------- */

static int password(struct mst_secret **s_r, struct mst_err *err)
{
	const char *ref = secure_getenv("MUSTER_STORE_PASSWORD");
	int rc;

	if (!ref || !*ref)
		return 0;
	if (strncmp(ref, "sealed:", 7) == 0)
		return mst_err_set(err, MST_E_INVALID,
				   "MUSTER_STORE_PASSWORD: a sealed secret is "
				   "in the store that it would open: name a "
				   "file or a credential");
	rc = mst_secret_ref(ref, s_r, err);
	return rc < 0 ? mst_err_prefix(err, "MUSTER_STORE_PASSWORD") : 0;
}

/* libpq would take any server, and none at all would do. */
static void set_encryption(struct keys *w, const struct mst_pgc *c)
{
	if (!c->far)
		return;
	if (!getenv("PGSSLMODE"))
		set(w, "sslmode", "verify-full");
	if (!getenv("PGSSLROOTCERT"))
		set(w, "sslrootcert", mst_pq_authorities());
}

static int connect_to(struct mst_pgc *c, const char *word, struct mst_err *err)
{
	struct keys w = {.n = 0};

	/* What stands first may be said otherwise by the address. */
	set(&w, "connect_timeout", c->quick ? "3" : "10");
	set(&w, "tcp_user_timeout", c->quick ? "4000" : "10000");
	set(&w, "keepalives_idle", "5");
	set(&w, "keepalives_interval", "2");
	set(&w, "keepalives_count", "3");
	set(&w, "fallback_application_name", "muster");
	set_encryption(&w, c);
	set(&w, "password", word);
	set(&w, "dbname", c->url);
	set(&w, "client_encoding", "UTF8");
	c->h = PQconnectdbParams(w.k, w.v, 1);
	if (!c->h)
		mst_oom();
	mst_pq_quiet(c->h);
	return PQstatus(c->h) == CONNECTION_OK ? 0 : refused(c, &w, err);
}

void mst_pgc_shut(struct mst_pgc *c)
{
	PQfinish(c->h);
	c->h = NULL;
}

int mst_pgc_ready(struct mst_pgc *c, struct mst_err *err)
{
	struct mst_secret *s = NULL;
	struct mst_buf word = MST_BUF_INIT(65536);
	int rc;

	if (!mst_pgc_lost(c))
		return 0;
	mst_pgc_shut(c);
	rc = password(&s, err);
	if (rc == 0 && s)
		(void)mst_buf_add_slice(&word, mst_secret_get(s));
	if (rc == 0)
		rc = connect_to(c, s ? word.p : NULL, err);
	mst_buf_wipe_fini(&word);
	mst_secret_free(&s);
	if (rc == 0)
		rc = mst_pgc_do(c, SESSION, err);
	if (rc == 0)
		c->opened++;
	else
		mst_pgc_shut(c);
	return rc;
}

/* ---- statements ---------------------------------------------------------- */

int mst_pgc_wait(struct mst_pgc *c, struct mst_err *err)
{
	int64_t limit = c->quick     ? QUICK_US
			: c->patient ? PATIENT_US
				     : SILENT_US;
	int64_t until = mst_pgc_mono_us() + limit, left;

	while (PQisBusy(c->h)) {
		struct pollfd fd = {.fd = PQsocket(c->h), .events = POLLIN};

		left = until - mst_pgc_mono_us();
		if (left <= 0) {
			mst_pgc_shut(c);
			return mst_err_set(err, MST_E_TRANSIENT,
					   "state store '%s': no answer for "
					   "%d s: the next call connects again",
					   c->shown, (int)(limit / 1000000));
		}
		(void)poll(&fd, 1, (int)MST_MIN(left / 1000 + 1, 60000));
		if (!PQconsumeInput(c->h))
			return mst_pgc_fail(c, NULL, err);
	}
	return 0;
}

int mst_pgc_take(struct mst_pgc *c, PGresult **res_r, struct mst_err *err)
{
	PGresult *res = NULL, *next;
	ExecStatusType status;
	int rc;

	while ((rc = mst_pgc_wait(c, err)) == 0 &&
	       (next = PQgetResult(c->h)) != NULL) {
		bool bad = res && PQresultStatus(res) == PGRES_FATAL_ERROR;

		/* The first error of several statements is the reason. */
		PQclear(bad ? next : res);
		res = bad ? res : next;
	}
	status = PQresultStatus(res);
	if (rc == 0 && status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
		rc = mst_pgc_fail(c, res, err);
	if (rc < 0)
		PQclear(res);
	else
		*res_r = res;
	return rc;
}

int mst_pgc_do(struct mst_pgc *c, const char *sql, struct mst_err *err)
{
	PGresult *res = NULL;
	int rc;

	if (!PQsendQuery(c->h, sql))
		return mst_pgc_fail(c, NULL, err);
	rc = mst_pgc_take(c, &res, err);
	if (rc == 0)
		PQclear(res);
	return rc;
}
