/* SPDX-License-Identifier: Apache-2.0
 *
 * Getting to a RecVer database on PostgreSQL, and trying it: why a server does
 * not let us in, and rows that are written, read and removed.
 */
#include "recver/postgres/look.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/hash.h"

struct mst_check *mst_pg_look_begin(struct mst_pg_look *l, const char *name)
{
	l->check = mst_recver_check(name);
	return &l->check;
}

void mst_pg_look_end(struct mst_pg_look *l)
{
	mst_recver_check_report(l->env, &l->check);
}

/* ---- why not ------------------------------------------------------------- */

struct refusal {
	const char *state; /* SQLSTATE or its start; NULL: the server said
			    * nothing, and libpq's text has this part */
	const char *part;
	const char *remedy;
	bool login; /* there may be none of that name */
};

/* The first that fits. Texts are libpq's own, which are in English here. */
static const struct refusal refusals[] = {
    {"28P01", NULL, "check recver.user and recver.password", .login = true},
    {"28", "does not exist", "check recver.user", .login = true},
    {"28", "not permitted to log in",
     "let a DBA run: ALTER ROLE … LOGIN, or check recver.user"},
    {"28", NULL,
     "check recver.user and recver.password, and pg_hba.conf on the server"},
    {"53300", NULL,
     "end idle sessions, or let the DBA raise max_connections or the "
     "CONNECTION LIMIT of login and database; a run needs one"},
    {"57P03", NULL, "the server is starting or stopping: wait a little"},
    {NULL, "could not translate host name",
     "check the host name in recver.server, and this machine's name service"},
    {NULL, "Connection refused",
     "check host and port in recver.server (5432 when none is named); on the "
     "server, listen_addresses and the firewall"},
    {NULL, "No such file",
     "check the folder of the socket in recver.server, and that PostgreSQL "
     "runs on this machine"},
    {NULL, "does not support SSL",
     "let the DBA switch ssl on; recver.encrypt off goes without, where "
     "nobody can listen"},
    {NULL, "certificate verify failed",
     "name the certificate of the server's authority in recver.ca_file"},
    {NULL, "does not match host name",
     "name the server in recver.server as its certificate does"},
    {NULL, "root certificate",
     "check recver.ca_file: it must be a PEM file that muster may read"},
    {NULL, "SSL", "check recver.encrypt and recver.ca_file"},
    {NULL, "", "check recver.server, and the firewalls on the way to it"},
    {"", NULL, "look into the server's log"},
};

/* "FATAL:  28P01: password …" without what comes before it. */
static const char *words(const struct mst_pg *c, const char *state)
{
	const char *at = *state ? strstr(c->said, state) : NULL;

	return at && at[5] == ':' ? at + 5 + strspn(at + 5, ": ") : c->said;
}

/* Only an administrator can say whether a name or a password is wrong: the
 * server tells nobody else. */
static bool is_known(struct mst_pg_look *l)
{
	struct mst_recver_conf conf;
	struct mst_err err = MST_ERR_INIT;
	struct mst_pg c = {
	    .database = l->database, .look = true, .admin = true};
	int64_t there = 0;
	char state[6];

	if (!l->env->admin)
		return false;
	conf = mst_pg_conf(l->env->admin);
	c.conf = &conf;
	if (mst_pg_open_any(&c, state, &err) == 0)
		(void)mst_pg_ask_int(&c,
				     "SELECT count(*) FROM pg_catalog.pg_roles"
				     " WHERE rolname = $1",
				     l->login, &there, &err);
	mst_pg_shut(&c);
	return there > 0;
}

static void say_remedy(struct mst_pg_look *l, const struct refusal *r,
		       struct mst_check *c)
{
	char *name MST_CLEANUP(mst_freep) = mst_pg_quoted(l->login);

	if (r->login && is_known(l))
		mst_check_remedy(
		    c,
		    "there is a login of this name: set "
		    "recver.password to its password, or let a "
		    "DBA give it that one (psql: \\password %.130s)",
		    name);
	else if (r->login && !l->conf.bypass_setup)
		mst_check_remedy(c,
				 "%s; where there is no such login, `muster "
				 "connection setup %.100s --admin USER` makes "
				 "it",
				 r->remedy, l->env->source);
	else
		mst_check_remedy(c, "%s", r->remedy);
}

static void refused(struct mst_pg_look *l, const char *state,
		    const struct mst_err *err)
{
	struct mst_check *c = mst_pg_look_begin(l, MST_RECVER_CHECK_CONNECT);
	const char *said = words(&l->c, state);
	const struct refusal *r = refusals;

	c->code = err->code;
	/* What was not libpq's is said with what to do. */
	if (!l->c.said[0] || (!*state && err->code == MST_E_AUTH)) {
		mst_recver_check_fail(c, err);
		mst_pg_look_end(l);
		return;
	}
	while (r->state ? strncmp(state, r->state, strlen(r->state)) != 0 ||
			      (r->part && !strstr(said, r->part))
			: *state || !strstr(said, r->part)) {
		if (r + 1 == refusals + MST_LEN(refusals))
			break;
		r++;
	}
	if (*state)
		mst_check_say(c, MST_CHECK_FAILED,
			      "the server does not let '%s' in: %.500s (%s)",
			      l->login, said, state);
	else
		mst_check_say(c, MST_CHECK_FAILED, "%.700s", said);
	say_remedy(l, r, c);
	mst_pg_look_end(l);
}

/* ---- connecting ---------------------------------------------------------- */

static bool is_near(const PGconn *h)
{
	const char *host = PQhost(h), *at = PQhostaddr(h);

	return (host && *host == '/') ||
	       (at && (strncmp(at, "127.", 4) == 0 || strcmp(at, "::1") == 0));
}

static void say_connected(struct mst_pg_look *l)
{
	struct mst_check *c = mst_pg_look_begin(l, MST_RECVER_CHECK_CONNECT);
	const PGconn *h = l->c.h;
	bool checked =
	    !l->conf.encrypt || strcmp(l->conf.encrypt, "verify") == 0;
	char where[300];

	if (PQhost(h)[0] == '/')
		(void)snprintf(where, sizeof(where), "socket in %.200s",
			       PQhost(h));
	else
		(void)snprintf(where, sizeof(where), "%.200s port %s",
			       PQhost(h), PQport(h));
	if (PQsslInUse(l->c.h)) {
		mst_check_say(
		    c, checked ? MST_CHECK_OK : MST_CHECK_WARNING,
		    "%s lets '%s' in: PostgreSQL %s, %s (%s), "
		    "certificate %schecked",
		    where, l->login, PQparameterStatus(h, "server_version"),
		    PQsslAttribute(l->c.h, "protocol"),
		    PQsslAttribute(l->c.h, "cipher"), checked ? "" : "not ");
		if (!checked)
			mst_check_remedy(c, "set recver.encrypt to verify: "
					    "somebody in between could answer "
					    "in the server's place");
	} else {
		bool open = !is_near(h) && !PQgssEncInUse(l->c.h);

		mst_check_say(c, open ? MST_CHECK_WARNING : MST_CHECK_OK,
			      "%s lets '%s' in: PostgreSQL %s, %s", where,
			      l->login, PQparameterStatus(h, "server_version"),
			      PQgssEncInUse(l->c.h) ? "encrypted by Kerberos"
						    : "without TLS");
		if (open)
			mst_check_remedy(c, "set recver.encrypt to verify: the "
					    "network can read along");
	}
	mst_pg_look_end(l);
}

/* The server knows us, and there is nothing that we may connect to. */
static void say_let_in(struct mst_pg_look *l)
{
	struct mst_check *c = mst_pg_look_begin(l, MST_RECVER_CHECK_CONNECT);

	mst_check_say(c, MST_CHECK_OK,
		      "the server lets '%s' in, into none of its own databases",
		      l->login);
	mst_pg_look_end(l);
}

/* As a run connects; then as one that only looks. */
static int reach(struct mst_pg_look *l, char state[6], struct mst_err *err)
{
	int rc = mst_pg_open(&l->c, l->database, state, err);

	if (rc < 0 && strcmp(state, MST_PG_READ_ONLY) == 0) {
		l->c.look = true;
		rc = mst_pg_open(&l->c, l->database, state, err);
	}
	l->there = rc == 0;
	if (rc == 0)
		return 0;
	/* Missing; the right to connect to it; closed to everybody. */
	l->barred = strcmp(state, MST_PG_BARRED) == 0;
	l->closed = l->barred || strcmp(state, MST_PG_NO_RIGHT) == 0;
	l->let_in = l->closed || strcmp(state, MST_PG_NO_DATABASE) == 0;
	if (!l->let_in)
		return rc;
	(void)snprintf(l->why, sizeof(l->why), "%s", words(&l->c, state));
	l->c.look = true;
	mst_err_clear(err);
	return mst_pg_open_any(&l->c, state, err);
}

void mst_pg_look_open(struct mst_pg_look *l,
		      const struct mst_recver_setup_env *env)
{
	struct mst_err err = MST_ERR_INIT;
	char state[6] = "";
	int rc;

	*l = (struct mst_pg_look){.env = env, .conf = mst_pg_conf(env->conf)};
	l->rights_err = (struct mst_err)MST_ERR_INIT;
	l->database = mst_recver_database(env->conf, env->source);
	l->login = mst_pg_login(env->conf);
	l->c = (struct mst_pg){.conf = &l->conf, .database = l->database};
	rc = reach(l, state, &err);
	if (rc < 0 && !l->let_in) {
		refused(l, state, &err);
		return;
	}
	if (rc < 0) {
		say_let_in(l);
		return;
	}
	say_connected(l);
	(void)mst_pg_rights(&l->c, &l->conf, l->login, l->there, &l->rights,
			    &l->rights_err);
}

void mst_pg_look_close(struct mst_pg_look *l)
{
	mst_pg_rights_fini(&l->rights);
	mst_pg_shut(&l->c);
	free(l->database);
	free(l->login);
}

/* ---- the probe ----------------------------------------------------------- */

/* Rows that no run looks at, written and removed in one transaction: nobody
 * else ever sees them. $1 is a random text, $2 a random number below 0, $3 a
 * random key. */
static const char *const steps[] = {
    "INSERT INTO muster.meta (target, name, value)"
    " VALUES ('probe ' || $1, 'probe', $3)",
    "INSERT INTO muster.record_set (id, target, name)"
    " VALUES ($2, 'probe ' || $1, 'probe')",
    "INSERT INTO muster.grp (set_id, key, text, digest, members, has_list, run,"
    " state) VALUES ($2, $3, $3, $3, 1, true, 0, 0)",
    "INSERT INTO muster.members (set_id, key, part, list)"
    " VALUES ($2, $3, 0, $3)",
    "INSERT INTO muster.lease (name, token, holder, ends_at)"
    " VALUES ('probe ' || $1, '', 'probe', now())",
    "UPDATE muster.grp SET state = 1 WHERE set_id = $2 AND key = $3",
    NULL,
    "DELETE FROM muster.meta WHERE target = 'probe ' || $1",
    "DELETE FROM muster.record_set WHERE id = $2",
    "DELETE FROM muster.grp WHERE set_id = $2",
    "DELETE FROM muster.members WHERE set_id = $2",
    "DELETE FROM muster.lease WHERE name = 'probe ' || $1",
};

static const char count[] =
    "SELECT (SELECT count(*) FROM muster.meta WHERE target = 'probe ' || $1)"
    " + (SELECT count(*) FROM muster.record_set WHERE id = $2)"
    " + (SELECT count(*) FROM muster.grp WHERE set_id = $2 AND key = $3)"
    " + (SELECT count(*) FROM muster.members WHERE set_id = $2 AND list = $3)"
    " + (SELECT count(*) FROM muster.lease WHERE name = 'probe ' || $1)";

static int counted(struct mst_pg *c, const struct mst_pg_params *p,
		   int64_t want, struct mst_err *err)
{
	PGresult *res = NULL;
	int64_t n = -1;
	int rc = mst_pg_exec(c, count, p, &res, err);

	if (rc < 0)
		return rc;
	if (PQntuples(res) == 1)
		n = mst_pg_value_int(mst_pg_value(res, 0, 0), -1);
	PQclear(res);
	if (n == want)
		return 0;
	return mst_err_set(err, MST_E_CORRUPT,
			   "%" PRId64 " of %" PRId64 " rows were read back: do "
			   "rules, triggers or policies of the tables change "
			   "what is written?",
			   n, want);
}

static int try_rows(struct mst_pg *c, struct mst_err *err)
{
	struct mst_pg_params p = {.n = 0};
	uint64_t random[2] = {0, 0};
	char token[40];
	int rc = 0;

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return mst_err_os(err, "no random bytes for the probe");
	(void)snprintf(token, sizeof(token), "%016" PRIx64 "%016" PRIx64,
		       random[0], random[1]);
	mst_pg_text(&p, token);
	mst_pg_int(&p, -1 - (int64_t)(random[0] >> 2));
	mst_pg_bytes(&p, mst_slice(token, 16));
	rc = mst_pg_do(c, "BEGIN", NULL, NULL, err);
	for (size_t i = 0; rc == 0 && i < MST_LEN(steps); i++)
		rc = steps[i] ? mst_pg_do(c, steps[i], &p, NULL, err)
			      : counted(c, &p, MST_PG_TABLES_N, err);
	if (rc == 0)
		rc = mst_pg_do(c, "COMMIT", NULL, NULL, err);
	return rc < 0 ? rc : counted(c, &p, 0, err);
}

void mst_pg_look_probe(struct mst_pg_look *l)
{
	struct mst_check *c = mst_pg_look_begin(l, MST_RECVER_CHECK_PROBE);
	struct mst_err err = MST_ERR_INIT, ignored = MST_ERR_INIT;

	if (try_rows(&l->c, &err) < 0) {
		(void)mst_pg_do(&l->c, "ROLLBACK", NULL, NULL, &ignored);
		mst_recver_check_fail(c, &err);
		if (err.code == MST_E_FORBIDDEN)
			mst_recver_check_script(l->env, c);
	} else {
		mst_check_say(c, MST_CHECK_OK,
			      "a row was written into each table, read and "
			      "removed");
	}
	mst_pg_look_end(l);
}
