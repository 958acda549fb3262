/* SPDX-License-Identifier: Apache-2.0
 *
 * Version by version, until the tables are of this one.
 */
#include "recver/upgrade.h"

#include <stdio.h>

#include "recver/scripts.h"

static int too_new(const struct mst_recver_tables *t, unsigned version,
		   struct mst_err *err)
{
	return mst_err_set(err, MST_E_UNSUPPORTED,
			   "its %s were made by a newer muster (version %u, "
			   "this one knows %u): update muster",
			   t->what, version, mst_recver_schema());
}

static int missing(const struct mst_recver_tables *t,
		   const struct mst_recver_conf *conf, const char *database,
		   unsigned version, struct mst_err *err)
{
	if (version)
		return mst_err_set(err, MST_E_NOTFOUND,
				   "its %s are of version %u, this muster "
				   "needs %u: %s'muster recver script --type "
				   "%s --database %s --upgrade-from %u'",
				   t->what, version, mst_recver_schema(),
				   conf->bypass_setup
				       ? "let a DBA run what is printed by "
				       : "the next run brings them up, or a "
					 "DBA with what is printed by ",
				   t->type, database, version);
	return mst_err_set(
	    err, MST_E_NOTFOUND,
	    "RecVer's %s in it do not exist, or not all of "
	    "them; it does not exist yet for muster: %s%s%s",
	    t->what,
	    conf->bypass_setup ? "let a DBA run "
			       : "they are made by the first run",
	    conf->bypass_setup ? t->file : "",
	    conf->bypass_setup ? ", which 'muster recver script' prints" : "");
}

static int failed(int rc, const char *what, const char *remedy,
		  struct mst_err *err)
{
	if (rc == -MST_E_TRANSIENT || rc == -MST_E_CONFLICT)
		return rc;
	return mst_err_prefix(err, "%s; a DBA can, with %s", what, remedy);
}

int mst_recver_bring_up(const struct mst_recver_tables *t, void *c,
			const struct mst_recver_conf *conf,
			const char *database, bool create, struct mst_err *err)
{
	unsigned version;
	char what[64];
	int rc = t->version(c, &version, err);

	if (rc < 0 || version == mst_recver_schema())
		return rc;
	if (version > mst_recver_schema())
		return too_new(t, version, err);
	if (!create || conf->bypass_setup)
		return missing(t, conf, database, version, err);
	if (version)
		return 0;
	rc = t->make(c, err);
	(void)snprintf(what, sizeof(what), "its %s cannot be made", t->what);
	return rc < 0 ? failed(rc, what, t->file, err) : 0;
}

static int nothing_done(const struct mst_recver_tables *t, unsigned version,
			struct mst_err *err)
{
	return mst_err_set(err, MST_E_INTERNAL,
			   "the upgrade of its %s from version %u changed "
			   "nothing",
			   t->what, version);
}

int mst_recver_upgrade_tables(const struct mst_recver_tables *t, void *c,
			      const char *database, struct mst_err *err)
{
	unsigned version, was = UINT32_MAX;
	char what[80], remedy[300];
	int rc;

	for (;;) {
		rc = t->version(c, &version, err);
		if (rc < 0 || version == mst_recver_schema())
			return rc;
		if (version > mst_recver_schema())
			return too_new(t, version, err);
		if (version == was || !version)
			return nothing_done(t, version, err);
		was = version;
		rc = t->run(c, mst_recver_upgrade(t->type, version), err);
		if (rc == 0)
			continue;
		(void)snprintf(what, sizeof(what),
			       "its %s cannot be brought up to version %u",
			       t->what, version + 1);
		(void)snprintf(remedy, sizeof(remedy),
			       "what 'muster recver script --type %s "
			       "--database %.128s --upgrade-from %u' prints",
			       t->type, database, version);
		return failed(rc, what, remedy, err);
	}
}
