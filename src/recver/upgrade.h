/* SPDX-License-Identifier: Apache-2.0
 *
 * Bringing the tables of a database on a server up to this program's version:
 * one way for all drivers.
 *
 * Connecting makes tables that are not there. Older ones are changed only when
 * the lease has been taken, so that no run of an older program writes
 * meanwhile. Each script leads from one version to the next, may be run again
 * wherever it was stopped, and sets the version last; none touches the lease.
 */
#ifndef MST_RECVER_UPGRADE_H
#define MST_RECVER_UPGRADE_H

#include "base/err.h"
#include "model/recver_conf.h"

/* What a driver knows of its tables. */
struct mst_recver_tables {
	const char *type; /* as in scripts.h */
	const char *what; /* "tables", "collections" */
	const char *file; /* that a DBA makes them with: "sql/…" */
	/* 0: there are none, or not all of them. */
	int (*version)(void *c, unsigned *version_r, struct mst_err *err);
	/* Makes what is missing; sets the version last. */
	int (*make)(void *c, struct mst_err *err);
	/* Runs an upgrade script's text in the database. */
	int (*run)(void *c, const char *script, struct mst_err *err);
};

/* For connect. Tables that are not there are made when create, unless conf says
 * that a DBA does; older ones are let through when create, for
 * mst_recver_upgrade_tables. MST_E_UNSUPPORTED: newer ones. MST_E_NOTFOUND:
 * none, or older ones that may not be changed. database: for what to do. */
int mst_recver_bring_up(const struct mst_recver_tables *t, void *c,
			const struct mst_recver_conf *conf,
			const char *database, bool create, struct mst_err *err);
/* With the lease: to this program's version, one script after the other. */
int mst_recver_upgrade_tables(const struct mst_recver_tables *t, void *c,
			      const char *database, struct mst_err *err);

#endif
