/* SPDX-License-Identifier: Apache-2.0
 *
 * SQL Server's errors by their numbers, and those of the ODBC drivers by
 * SQLSTATE: what another connection may mend, and what only a DBA can. Texts
 * may be in any language, so only numbers are looked at.
 */
#include "recver/sqlserver/private.h"

#define RECORDS 16

#define NO_ANSWER                                                              \
	"no answer within recver.timeout: raise it, or look for what slows "   \
	"the server down"
#define NOT_REACHED                                                            \
	"the server cannot be reached: is recver.server right, and does a "    \
	"firewall let us through?"

struct meaning {
	int native;
	enum mst_code code;
	const char *text; /* NULL: only what the server said */
};

/* In this order: of several errors the first one here counts (a database that
 * cannot be opened also fails the login). */
static const struct meaning meanings[] = {
    {4060, MST_E_NOTFOUND, "the database cannot be opened"},
    {911, MST_E_NOTFOUND, "the database does not exist yet"},
    {18456, MST_E_AUTH,
     "the server does not let this login in: check recver.user and "
     "recver.password, and that the server allows SQL logins; its log says "
     "why (error 18456, state 5: no such login, 7: disabled, 8: wrong "
     "password, 58: no SQL logins)"},
    {18452, MST_E_AUTH,
     "the server does not trust this login: with recver.integrated_security "
     "it needs a Kerberos ticket of its domain (klist), without it a SQL "
     "login"},
    {18470, MST_E_AUTH, "the login is disabled: ALTER LOGIN … ENABLE"},
    {18487, MST_E_AUTH,
     "the login's password has expired: set another one on the server, and "
     "recver.password"},
    {18488, MST_E_AUTH,
     "the login's password must be changed: set another one on the server, "
     "and recver.password"},
    {916, MST_E_FORBIDDEN,
     "the login is no user of the database: run sql/sqlserver/role.sql"},
    {3906, MST_E_FORBIDDEN,
     "the database is read-only (a secondary, or set so): let recver.server "
     "name the primary, or ALTER DATABASE … SET READ_WRITE"},
    {3908, MST_E_FORBIDDEN,
     "the database is in emergency mode: a DBA must mend it"},
    {9002, MST_E_IO,
     "the database's log is full: back the log up or let it grow; nothing of "
     "this batch was written"},
    {1105, MST_E_IO,
     "the database's files are full: let them grow or make room on the disk; "
     "nothing of this batch was written"},
    {1101, MST_E_IO,
     "the server's tempdb or disk is full: make room there; nothing of this "
     "batch was written"},
    {40544, MST_E_IO,
     "the database has reached its size quota: raise it; nothing of this "
     "batch was written"},
    {229, MST_E_FORBIDDEN,
     "the login lacks a right: run sql/sqlserver/role.sql for it as db_owner"},
    {230, MST_E_FORBIDDEN,
     "the login lacks a right: run sql/sqlserver/role.sql for it as db_owner"},
    {262, MST_E_FORBIDDEN,
     "the login may not make this: a DBA can, with sql/sqlserver/create.sql "
     "and role.sql"},
    {2760, MST_E_FORBIDDEN,
     "the login may not make tables in the schema 'muster': a DBA can, with "
     "sql/sqlserver/create.sql and role.sql"},
    {15247, MST_E_FORBIDDEN,
     "the login may not make this: a DBA can, with sql/sqlserver/create.sql "
     "and role.sql"},
    {15118, MST_E_INVALID,
     "the password does not meet the server's password policy: choose a longer "
     "or a mixed one"},
    {15007, MST_E_NOTFOUND,
     "the server has no such login: CREATE LOGIN it first"},
    {208, MST_E_NOTFOUND,
     "RecVer's tables do not exist yet: run sql/sqlserver/create.sql"},
    {1222, MST_E_TRANSIENT,
     "another session holds a lock on RecVer's tables for longer than "
     "recver.timeout"},
    {1205, MST_E_TRANSIENT, NULL},  /* deadlock */
    {3960, MST_E_TRANSIENT, NULL},  /* snapshot */
    {3961, MST_E_TRANSIENT, NULL},  /* metadata under a snapshot */
    {3935, MST_E_TRANSIENT, NULL},  /* FILESTREAM, restarting */
    {701, MST_E_TRANSIENT, NULL},   /* memory */
    {802, MST_E_TRANSIENT, NULL},   /* memory */
    {8645, MST_E_TRANSIENT, NULL},  /* memory, in time */
    {8651, MST_E_TRANSIENT, NULL},  /* memory, low */
    {596, MST_E_TRANSIENT, NULL},   /* the session is being killed */
    {6005, MST_E_TRANSIENT, NULL},  /* shutting down */
    {983, MST_E_TRANSIENT, NULL},   /* a replica changes its role */
    {976, MST_E_TRANSIENT, NULL},   /* a secondary that takes nobody */
    {978, MST_E_TRANSIENT, NULL},   /* the same, read intent only */
    {922, MST_E_TRANSIENT, NULL},   /* being recovered */
    {921, MST_E_TRANSIENT, NULL},   /* not recovered yet */
    {17197, MST_E_TRANSIENT, NULL}, /* login timed out at the server */
    {17830, MST_E_TRANSIENT, NULL}, /* network error while logging in */
    {17142, MST_E_TRANSIENT, NULL}, /* paused */
    {18401, MST_E_TRANSIENT, NULL}, /* starting or upgrading */
    {10928, MST_E_TRANSIENT, NULL}, /* resource limits */
    {10929, MST_E_TRANSIENT, NULL},
    {40197, MST_E_TRANSIENT, NULL},
    {40501, MST_E_TRANSIENT, NULL},
    {40540, MST_E_TRANSIENT, NULL},
    {40613, MST_E_TRANSIENT, NULL},
    {49918, MST_E_TRANSIENT, NULL},
    {49919, MST_E_TRANSIENT, NULL},
    {49920, MST_E_TRANSIENT, NULL},
    {4221, MST_E_TRANSIENT, NULL},
    {10053, MST_E_TRANSIENT, NULL},
    {10054, MST_E_TRANSIENT, NULL},
    {10060, MST_E_TRANSIENT, NULL},
    {10061, MST_E_TRANSIENT, NULL},
    {233, MST_E_TRANSIENT, NULL},
    {121, MST_E_TRANSIENT, NULL},
    {64, MST_E_TRANSIENT, NULL},
    /* FreeTDS's own. */
    {20003, MST_E_TRANSIENT, NO_ANSWER},
    {20013, MST_E_TRANSIENT,
     "the server's name is not known here: is recver.server right, and does "
     "DNS answer?"},
    {20009, MST_E_TRANSIENT, NOT_REACHED},
    {20012, MST_E_TRANSIENT, NOT_REACHED},
    {20004, MST_E_TRANSIENT, NULL},
    {20006, MST_E_TRANSIENT, NULL},
    {20017, MST_E_TRANSIENT, NULL},
    {20047, MST_E_TRANSIENT, NULL},
    {20002, MST_E_TRANSIENT,
     "no connection: does the server's certificate hold (recver.encrypt, "
     "recver.ca_file), and with recver.integrated_security, is there a "
     "ticket?"},
};

static const struct {
	const char *state; /* or the start of it */
	enum mst_code code;
	const char *text;
} states[] = {
    {"IM002", MST_E_INVALID,
     "unixODBC does not know this driver: see recver.driver and odbcinst -q "
     "-d"},
    {"IM003", MST_E_INVALID,
     "the ODBC driver cannot be loaded: see recver.driver, and that its "
     "package is there"},
    {"IM004", MST_E_INVALID, "the ODBC driver does not start"},
    {"01000", MST_E_INVALID,
     "the ODBC driver cannot be loaded: see recver.driver, and that its "
     "package is there"},
    {"HYT", MST_E_TRANSIENT, NO_ANSWER},
    {"S1T00", MST_E_TRANSIENT, NO_ANSWER},
    {"08", MST_E_TRANSIENT, NULL},
    {"40001", MST_E_TRANSIENT, NULL},
    {"40003", MST_E_TRANSIENT, NULL},
    {"HY008", MST_E_TRANSIENT, NULL},
    {"28000", MST_E_AUTH,
     "the server does not let this login in: check recver.user and "
     "recver.password"},
};

/* What OpenSSL and Kerberos say within Microsoft's driver, which has one number
 * for all of it: always in English. */
static const struct {
	const char *part, *text;
} libraries[] = {
    {"certificate verify failed",
     "the server's certificate is not trusted, or is for another name: add its "
     "authority to the system's certificates, or let recver.server be the name "
     "in it; recver.encrypt: trust does not look at it"},
    {"No Kerberos credentials",
     "there is no Kerberos ticket: klist shows those of this user; kinit, or "
     "KRB5CCNAME or KRB5_CLIENT_KTNAME for the service"},
    {"SSPI",
     "Kerberos does not let us in: is there a ticket (klist), an SPN "
     "MSSQLSvc/host.domain:port, and does recver.server name that host?"},
};

bool mst_ms_is_there(int native)
{
	static const int numbers[] = {
	    1801,	 /* a database */
	    1807,	 /* two are made, and model is locked */
	    1205,	 /* deadlock, over the catalogue */
	    2601,  2627, /* a row */
	    2714,  2759, /* a table, a schema */
	    15023,	 /* a user, a role */
	    15025,	 /* a login */
	    15063,	 /* the login has a user */
	};

	for (size_t i = 0; i < MST_LEN(numbers); i++)
		if (numbers[i] == native)
			return true;
	return false;
}

struct said {
	enum mst_code code;
	const char *meaning;
	size_t rank; /* the less the better */
	int native;
	char state[6];
	struct mst_buf text;
};

/* Those of the server are its own, and may quote anything. */
static bool by_library(struct said *s)
{
	if (s->native > 0 && s->native < 100000)
		return false;
	for (size_t i = 0; i < MST_LEN(libraries) && s->text.n; i++) {
		if (!strstr(s->text.p, libraries[i].part))
			continue;
		s->code = MST_E_AUTH;
		s->meaning = libraries[i].text;
		return true;
	}
	return false;
}

static size_t rank_of(struct said *s)
{
	if (by_library(s))
		return 0;
	for (size_t i = 0; i < MST_LEN(meanings); i++) {
		if (s->native != meanings[i].native)
			continue;
		s->code = meanings[i].code;
		s->meaning = meanings[i].text;
		return i;
	}
	for (size_t i = 0; i < MST_LEN(states); i++) {
		/* 01000 with a number is a remark of a driver. */
		if (strncmp(s->state, states[i].state,
			    strlen(states[i].state)) != 0 ||
		    (s->native && states[i].code == MST_E_INVALID))
			continue;
		s->code = states[i].code;
		s->meaning = states[i].text;
		return MST_LEN(meanings) + i;
	}
	s->code = MST_E_IO;
	s->meaning = NULL;
	return SIZE_MAX;
}

/* "[Microsoft][ODBC Driver 18 for SQL Server][SQL Server]Text": the text. */
static struct mst_slice plain(const struct mst_buf *b)
{
	struct mst_slice s = mst_buf_slice(b);
	const char *end;

	while (s.n && *s.p == '[' && (end = memchr(s.p, ']', s.n)) != NULL)
		s = mst_slice(end + 1, s.n - (size_t)(end + 1 - s.p));
	end = s.n ? memchr(s.p, '\n', s.n) : NULL;
	if (end)
		s.n = (size_t)(end - s.p);
	while (s.n && (s.p[s.n - 1] == '\r' || s.p[s.n - 1] == ' '))
		s.n--;
	return s;
}

static bool read_record(SQLSMALLINT type, SQLHANDLE h, int i, struct said *s)
{
	SQLWCHAR state[6] = {0}, text[1024] = {0};
	SQLSMALLINT n = 0;
	SQLINTEGER native = 0;

	if (!SQL_SUCCEEDED(SQLGetDiagRecW(type, h, (SQLSMALLINT)i, state,
					  &native, text, MST_LEN(text), &n)))
		return false;
	for (int k = 0; k < 5; k++)
		s->state[k] = (char)state[k];
	s->state[5] = 0;
	s->native = native;
	n = (SQLSMALLINT)MST_MIN(n, (int)MST_LEN(text) - 1);
	mst_buf_reset(&s->text);
	mst_ms_narrow(&s->text, text, (size_t)MST_MAX(n, 0) * 2);
	return true;
}

/* b in the place of a, which is thrown away. */
static void replace(struct said *a, struct said *b)
{
	struct mst_buf mine = a->text;

	*a = *b;
	b->text = mine;
}

/* The record that says most. When that is only a driver's "cannot connect",
 * what the server said of it, whatever its number means. */
static void read_records(SQLSMALLINT type, SQLHANDLE h, struct said *best)
{
	struct said s = {.text = MST_BUF_INIT(65536)};
	struct said server = {.text = MST_BUF_INIT(65536)};

	for (int i = 1; i <= RECORDS && read_record(type, h, i, &s); i++) {
		s.rank = rank_of(&s);
		if (s.rank == SIZE_MAX && s.native > 0 && !server.native)
			replace(&server, &s);
		else if (i == 1 || s.rank < best->rank)
			replace(best, &s);
	}
	if (server.native &&
	    (best->rank == SIZE_MAX || (!best->native && !best->meaning))) {
		if (best->rank != SIZE_MAX)
			server.code = best->code;
		replace(best, &server);
	}
	mst_buf_fini(&s.text);
	mst_buf_fini(&server.text);
}

int mst_ms_fail(SQLSMALLINT type, SQLHANDLE h, int *native_r,
		struct mst_err *err)
{
	struct said best = {
	    .code = MST_E_IO, .rank = SIZE_MAX, .text = MST_BUF_INIT(65536)};
	struct mst_slice text;

	read_records(type, h, &best);
	text = plain(&best.text);
	if (native_r)
		*native_r = best.native;
	(void)mst_err_set(err, best.code, "%s%s%.*s (%s, %d)",
			  best.meaning ? best.meaning : "",
			  best.meaning ? "; the server says: " : "",
			  (int)text.n, text.n ? text.p : "", best.state,
			  best.native);
	mst_buf_fini(&best.text);
	return -(int)best.code;
}
