/* SPDX-License-Identifier: Apache-2.0
 *
 * Names on a PostgreSQL that muster does not take.
 */
#include "recver/postgres/names.h"

#include <string.h>

#define NAME_MAX_BYTES 63

int mst_pg_names(const char *database, const char *login, bool admin,
		 struct mst_err *err)
{
	const char *what = NULL, *option = "recver.database";

	if (strlen(database) > NAME_MAX_BYTES) {
		what = "the database's name";
	} else if (login && strlen(login) > NAME_MAX_BYTES) {
		what = "the login's name";
		option = admin ? "--admin" : "recver.user";
	}
	if (!what)
		return 0;
	return mst_err_set(err, MST_E_INVALID,
			   "PostgreSQL cuts %s after %d bytes: set %s to a "
			   "shorter one",
			   what, NAME_MAX_BYTES, option);
}

int mst_pg_not_system(const char *database, struct mst_err *err)
{
	/* PostgreSQL's own; those of the large providers. The scripts have the
	 * same list. */
	static const char *const all[] = {
	    "postgres",	     "template0",	  "template1", "rdsadmin",
	    "cloudsqladmin", "azure_maintenance", "azure_sys",
	};

	for (size_t i = 0; i < MST_LEN(all); i++) {
		if (strcmp(database, all[i]) == 0)
			return mst_err_set(err, MST_E_INVALID,
					   "'%s' is a database of the server's "
					   "own, and RecVer needs another one: "
					   "set recver.database, or leave it "
					   "out",
					   database);
	}
	return 0;
}
