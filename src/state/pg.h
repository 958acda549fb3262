/* SPDX-License-Identifier: Apache-2.0
 *
 * A connection to the PostgreSQL of the state store: where it is, how it is
 * reached again, what its errors mean. For the store itself and for the thread
 * that renews a lease.
 */
#ifndef MST_STATE_PG_H
#define MST_STATE_PG_H

#include <libpq-fe.h>

#include "base/err.h"

/* SQL: the server's clock, which all nodes share, in microseconds. */
#define MST_PG_NOW                                                             \
	"CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint)"

struct mst_pgc {
	PGconn *h;   /* NULL: not connected */
	char *url;   /* as it was given */
	char *shown; /* without what nobody should see: for errors */
	bool far;    /* not by a socket or loopback */
	/* For a lease: what is silent for a few seconds counts as gone. */
	bool quick;
	bool patient;	 /* a statement may take as long as it takes */
	unsigned opened; /* how often: what a session knew went with it */
};

/* MST_E_INVALID for an address that is none, or has a password in it. Connects
 * nowhere yet. */
int mst_pgc_init(struct mst_pgc *c, const char *url, struct mst_err *err);
void mst_pgc_fini(struct mst_pgc *c);
/* Connected when this returns 0: opens it when it is not. */
int mst_pgc_ready(struct mst_pgc *c, struct mst_err *err);
void mst_pgc_shut(struct mst_pgc *c);
/* Whether the connection is gone, so that only another one helps. */
bool mst_pgc_lost(const struct mst_pgc *c);
/* Sets err from an answer; res NULL: there was none. Prefixed with where. */
int mst_pgc_fail(struct mst_pgc *c, const PGresult *res, struct mst_err *err);
/* Waits until the next result can be taken without waiting. */
int mst_pgc_wait(struct mst_pgc *c, struct mst_err *err);
/* By this threads wait: not the clock that tests hold still. */
int64_t mst_pgc_mono_us(void);
/* The last result of what was sent; PQclear it. */
int mst_pgc_take(struct mst_pgc *c, PGresult **res_r, struct mst_err *err);
/* Statements without parameters; what they give is dropped. */
int mst_pgc_do(struct mst_pgc *c, const char *sql, struct mst_err *err);

/* The statement with $1 for ?1 outside of quotes, to be freed; *n_r: the
 * highest number. */
char *mst_pg_dollars(const char *sql, int *n_r);
/* The length of the character that begins here; 0: it is none of UTF-8. */
size_t mst_pg_character(const unsigned char *p);

struct mst_pgc_tables {
	int version;
	/* Makes them, or this version of any older one, and sets the version
	 * last; whatever is as it shall be stays. */
	const char *script;
};
/* Of this program. */
extern const struct mst_pgc_tables mst_pgc_own;
/* Makes the tables when they are missing, and brings older ones up, in one
 * transaction; looks at them alone when they are of this version. Once for all
 * that begin at the same moment. MST_E_CONFLICT: older ones that a node or a
 * run works with. MST_E_UNSUPPORTED: newer ones. */
int mst_pgc_schema(struct mst_pgc *c, const struct mst_pgc_tables *t,
		   struct mst_err *err);
/* sql/state/create.sql, role.sql */
extern const char mst_pgc_create[], mst_pgc_role[];

#endif
