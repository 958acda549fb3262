/* SPDX-License-Identifier: Apache-2.0
 *
 * Upgrades of MongoDB's collections: one text for mongosh and for the driver.
 * Every statement is a command of the server in strict extended JSON, which
 * mongosh is told to read with EJSON.deserialize and the driver reads by
 * itself:
 *
 *   const recver = db.getSiblingDB(recver_database_name);
 *   recver.runCommand(EJSON.deserialize({"update": "meta", …}));
 *
 * None names a write concern: the driver adds its own, and mongosh's is a
 * majority.
 */
#include "recver/mongodb/private.h"

#define CALL "recver.runCommand(EJSON.deserialize("
#define ENDS "));"

/* Errors of single writes stand in an answer that is good otherwise. */
static int check_writes(const bson_t *reply, struct mst_err *err)
{
	bson_iter_t it, in;
	const char *text = "";

	if (!bson_iter_init_find(&it, reply, "writeErrors"))
		return 0;
	if (bson_iter_init(&in, reply) &&
	    bson_iter_find_descendant(&in, "writeErrors.0.errmsg", &it) &&
	    BSON_ITER_HOLDS_UTF8(&it))
		text = bson_iter_utf8(&it, NULL);
	return mst_err_set(err, MST_E_IO, "a write of its script failed: %s",
			   text);
}

static int run_command(struct mst_mongo *c, struct mst_slice json,
		       struct mst_err *err)
{
	bson_t said, ask = BSON_INITIALIZER, reply;
	bson_error_t e = {0};
	int rc;

	if (!bson_init_from_json(&said, json.p, (ssize_t)json.n, &e))
		return mst_err_set(err, MST_E_INTERNAL,
				   "a command of its script is no JSON: %s",
				   e.message);
	/* mongosh has none of its own; the client here has, and a command
	 * with two is refused. */
	bson_copy_to_excluding_noinit(&said, &ask, "writeConcern", NULL);
	if (mongoc_client_write_command_with_opts(c->h, c->database, &ask, NULL,
						  &reply, &e) ||
	    mst_mongo_is(&e, MST_MONGO_EXISTS))
		rc = check_writes(&reply, err);
	else
		rc = mst_mongo_fail(c, &reply, &e, err);
	bson_destroy(&said);
	bson_destroy(&ask);
	bson_destroy(&reply);
	return rc;
}

int mst_mongo_script(void *c, const char *script, struct mst_err *err)
{
	const char *at = script, *end;
	int rc = 0;

	while (rc == 0 && (at = strstr(at, CALL)) != NULL) {
		at += sizeof(CALL) - 1;
		end = strstr(at, ENDS);
		if (!end)
			return mst_err_set(err, MST_E_INTERNAL,
					   "a command of its script does not "
					   "end");
		rc = run_command(c, mst_slice(at, (size_t)(end - at)), err);
		at = end;
	}
	return rc;
}
