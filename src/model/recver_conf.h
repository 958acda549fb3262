/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the RecVer database of a source connection is, and how to get in: the
 * options recver.* of every source. Read by src/recver, filled from the
 * configuration (source/recver_opts.h).
 */
#ifndef MST_MODEL_RECVER_CONF_H
#define MST_MODEL_RECVER_CONF_H

#include <stdbool.h>
#include <stdint.h>

struct mst_recver_conf {
	const char *type; /* "sqlite", "postgres", "sqlserver", "mongodb",
			   * "mem" */
	const char *path; /* of a file; NULL: the caller has filled it in */

	/* Of a server. */
	const char *server;   /* as the store's page says; NULL: this machine */
	const char *database; /* NULL: muster_recver_<source> */
	const char *user;     /* NULL: whom the system says we are */
	const char *password; /* a reference (base/secret.h), or NULL */
	bool integrated_security;
	const char *encrypt;	 /* "verify", "trust" or "off" */
	const char *ca_file;	 /* PEM, or NULL: the system's */
	int64_t timeout_ms;	 /* to connect, and for a statement */
	bool existing_database;	 /* a DBA made the database; never make one */
	bool bypass_setup;	 /* make neither a database nor its tables */
	const char *driver;	 /* sqlserver: the ODBC driver's name */
	bool copy;		 /* postgres: COPY may be used */
	const char *replica_set; /* mongodb, or NULL */
	const char *auth_source; /* mongodb: database that knows the user */
};

static inline bool
mst_recver_may_make_database(const struct mst_recver_conf *conf)
{
	return !conf->existing_database && !conf->bypass_setup;
}

#endif
