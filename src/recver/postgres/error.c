/* SPDX-License-Identifier: Apache-2.0
 *
 * PostgreSQL's errors by SQLSTATE: what another connection may mend, and what
 * only a DBA can. Texts of the server may be in any language, so only the
 * state is looked at.
 */
#include <stdio.h>

#include "db/libpq.h"
#include "recver/postgres/private.h"

struct meaning {
	const char *state; /* or the start of it */
	enum mst_code code;
	const char *text; /* NULL: only what the server said */
};

static const struct meaning meanings[] = {
    {"08", MST_E_TRANSIENT, NULL},
    {"40", MST_E_TRANSIENT, NULL}, /* serialization, deadlock */
    {"57P", MST_E_TRANSIENT, NULL},
    {"53300", MST_E_TRANSIENT, "the server has no connection left"},
    {"53100", MST_E_IO,
     "the server's disk is full: make room there, nothing of this batch was "
     "written"},
    {"53", MST_E_TRANSIENT, NULL},
    {"55P03", MST_E_TRANSIENT,
     "another session holds a lock on RecVer's tables for longer than "
     "recver.timeout"},
    {"57014", MST_E_TRANSIENT,
     "a statement took longer than recver.timeout: raise it, or look for what "
     "slows the server down"},
    /* A standby: the new primary may answer to the same name soon. */
    {"25006", MST_E_TRANSIENT, "the database is read-only"},
    {"28", MST_E_AUTH,
     "the server does not let this login in: check recver.user and "
     "recver.password, and pg_hba.conf on the server"},
    {"3D000", MST_E_NOTFOUND, "the database does not exist yet"},
    {"3F000", MST_E_NOTFOUND,
     "the schema 'muster' does not exist yet: let a DBA run what "
     "'muster recver script CONNECTION' prints"},
    {"42P01", MST_E_NOTFOUND,
     "RecVer's tables do not exist yet: let a DBA run what 'muster "
     "recver script CONNECTION' prints"},
    {"42501", MST_E_FORBIDDEN,
     "the login lacks a right: 'muster connection test' says which, and what "
     "to do"},
};

/* The same as "28" of the login that is given for a set-up. */
static const char as_admin[] =
    "the server does not let this administrator in: check --admin and its "
    "password, and pg_hba.conf on the server";

static const struct meaning *meaning_of(const char *state)
{
	for (size_t i = 0; i < MST_LEN(meanings); i++) {
		if (strncmp(state, meanings[i].state,
			    strlen(meanings[i].state)) == 0)
			return &meanings[i];
	}
	return NULL;
}

static int said(enum mst_code code, const char *meaning, const char *text,
		const char *state, struct mst_err *err)
{
	return mst_err_set(err, code, "%s%s%.*s%s%s%s", meaning ? meaning : "",
			   meaning ? "; the server says: " : "",
			   mst_pq_first_line(text), text, *state ? " (" : "",
			   state, *state ? ")" : "");
}

int mst_pg_fail(struct mst_pg *c, const PGresult *res, struct mst_err *err)
{
	const char *state =
	    res ? PQresultErrorField(res, PG_DIAG_SQLSTATE) : NULL;
	const char *text =
	    res ? PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY) : NULL;
	const struct meaning *m = state ? meaning_of(state) : NULL;

	(void)snprintf(c->state, sizeof(c->state), "%s", state ? state : "");
	if (!state || !text || PQstatus(c->h) != CONNECTION_OK) {
		text = text ? text : PQerrorMessage(c->h);
		return mst_err_set(err, MST_E_TRANSIENT,
				   "the connection was lost: %.*s",
				   mst_pq_first_line(text), text);
	}
	return said(m ? m->code : MST_E_IO, m ? m->text : NULL, text, state,
		    err);
}

bool mst_pg_is(const PGresult *res, const char *sqlstate)
{
	const char *is = PQresultErrorField(res, PG_DIAG_SQLSTATE);

	return is && strcmp(is, sqlstate) == 0;
}

int mst_pg_refused(struct mst_pg *c, const char *text, const char *sqlstate,
		   struct mst_err *err)
{
	const struct meaning *m = *sqlstate ? meaning_of(sqlstate) : NULL;

	/* Without a word of the server: not reached, or not believed. */
	if (!*sqlstate && (strstr(text, "SSL") || strstr(text, "certificate")))
		return mst_err_set(err, MST_E_TRANSIENT,
				   "%.*s: see recver.encrypt and "
				   "recver.ca_file",
				   mst_pq_first_line(text), text);
	if (!*sqlstate)
		return said(MST_E_TRANSIENT, NULL, text, "", err);
	if (c->admin && m && m->code == MST_E_AUTH)
		return said(MST_E_AUTH, as_admin, text, "", err);
	if (m && m->code == MST_E_NOTFOUND)
		return mst_err_set(err, MST_E_NOTFOUND,
				   "the database '%s' does not exist yet: it "
				   "is made by the first run",
				   c->database);
	return said(m ? m->code : MST_E_IO, m ? m->text : NULL, text, "", err);
}
