/* SPDX-License-Identifier: Apache-2.0
 *
 * The options recver.*, which every source has, for its table of options.
 * OFF(member): offset of a member of struct mst_recver_conf.
 */
#ifndef MST_SOURCE_RECVER_OPTS_H
#define MST_SOURCE_RECVER_OPTS_H

#include "conf/conf.h"
#include "model/recver_conf.h"

#define MST_RECVER_OPTS(OFF)                                                   \
	{"recver.type", MST_OPT_TEXT, OFF(type), .def = "sqlite",              \
	 .help = "Kind of the RecVer database: sqlite, postgres, sqlserver, "  \
		 "mongodb, or mem for tests."},                                \
	    {"recver.path", MST_OPT_TEXT, OFF(path),                           \
	     .help = "File of the RecVer database, when it is not below the "  \
		     "state folder."},                                         \
	    {"recver.server", MST_OPT_TEXT, OFF(server),                       \
	     .help = "Database server: host, host:port, the folder of a Unix " \
		     "socket (PostgreSQL), host\\instance or host,port (SQL "  \
		     "Server), host,host:port (MongoDB); this machine when "   \
		     "left out."},                                             \
	    {"recver.database", MST_OPT_TEXT, OFF(database),                   \
	     .help =                                                           \
		 "Name of the database; muster_recver_ and the connection's "  \
		 "name when left out."},                                       \
	    {"recver.user", MST_OPT_TEXT, OFF(user),                           \
	     .help =                                                           \
		 "Login at the database server; the system's user when left "  \
		 "out."},                                                      \
	    {"recver.password", MST_OPT_SECRET, OFF(password),                 \
	     .help = "Password of the login, as a reference."},                \
	    {"recver.encrypt", MST_OPT_TEXT, OFF(encrypt), .def = "verify",    \
	     .help =                                                           \
		 "TLS to the database server: verify checks its certificate "  \
		 "and name, trust does not, off uses none."},                  \
	    {"recver.ca_file", MST_OPT_TEXT, OFF(ca_file),                     \
	     .help = "PEM file of certificates that the database server is "   \
		     "checked against, instead of the system's."},             \
	    {"recver.timeout",                                                 \
	     MST_OPT_DURATION,                                                 \
	     OFF(timeout_ms),                                                  \
	     .def = "60s",                                                     \
	     .min = 1000,                                                      \
	     .max = 3600000,                                                   \
	     .help =                                                           \
		 "How long a connection to the database server, a statement, " \
		 "and a server that is away are waited for."},                 \
	    {"recver.existing_database", MST_OPT_BOOL, OFF(existing_database), \
	     .def = "no",                                                      \
	     .help = "Never make the database: a DBA did. Its tables are "     \
		     "made where they are missing."},                          \
	    {"recver.bypass_setup", MST_OPT_BOOL, OFF(bypass_setup),           \
	     .def = "no",                                                      \
	     .help = "Make nothing, neither database nor tables: a DBA runs "  \
		     "the scripts of muster recver script."},                  \
	    {"recver.integrated_security", MST_OPT_BOOL,                       \
	     OFF(integrated_security), .def = "no",                            \
	     .help =                                                           \
		 "Log in to SQL Server with Kerberos instead of a password."}, \
	    {"recver.driver", MST_OPT_TEXT, OFF(driver), .def = "FreeTDS",     \
	     .help = "Name of the ODBC driver for SQL Server, as odbcinst -q " \
		     "-d shows it."},                                          \
	    {"recver.replica_set", MST_OPT_TEXT, OFF(replica_set),             \
	     .help = "Name of MongoDB's replica set, so that its primary is "  \
		     "found; left out for a single server or a router."},      \
	    {"recver.auth_source", MST_OPT_TEXT, OFF(auth_source),             \
	     .help = "Database of MongoDB that knows the user; admin when "    \
		     "left out."},                                             \
	{                                                                      \
		"recver.copy", MST_OPT_BOOL, OFF(copy),                        \
		    .def = "yes",                                              \
		    .help = "Read PostgreSQL with COPY; no for servers that "  \
			    "are only like it."                                \
	}

/* Options that do not go together, unknown words: MST_E_INVALID with the place
 * in the file. conf was filled from the item. */
int mst_recver_conf_check(const struct mst_conf_item *item,
			  const struct mst_recver_conf *conf,
			  struct mst_err *err);

#endif
