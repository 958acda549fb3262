/* SPDX-License-Identifier: Apache-2.0
 *
 * A job whose RecVer is on a server of MongoDB's protocol, from the first run
 * to a reset.
 */
#include "tests/lib/sync_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/mongo.h"

static struct rig rig;
static const char *database;
static char lines[1024];

/* A database that nobody has used. */
static void empty(void)
{
	struct mst_recver_conf conf = t_mongo_conf();

	database = t_mongo_fresh();
	(void)snprintf(lines, sizeof(lines),
		       "    recver:\n"
		       "      type: mongodb\n"
		       "      server: %s\n"
		       "      database: %s\n"
		       "      encrypt: \"%s\"\n",
		       conf.server, database, conf.encrypt);
	if (conf.user)
		(void)snprintf(lines + strlen(lines),
			       sizeof(lines) - strlen(lines),
			       "      user: %s\n      password: %s\n"
			       "      auth_source: %s\n",
			       conf.user, conf.password, conf.auth_source);
	if (conf.replica_set)
		(void)snprintf(lines + strlen(lines),
			       sizeof(lines) - strlen(lines),
			       "      replica_set: %s\n", conf.replica_set);
}

static int set_up(void **state)
{
	(void)state;
	empty();
	rig_start(&rig, NULL);
	rig.recver = lines;
	rig.recver_empty = empty;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	rig_stop(&rig);
	return 0;
}

static void life(void **state)
{
	char *first, *again;

	(void)state;
	rig_fresh(&rig);
	assert_true(rig_sync(&rig, 0) > 0);
	rig_verify(&rig);
	rig_quiet(&rig);
	first = rig_recver(&rig);
	assert_in_range(t_mongo_count(database, "grp"), 10, 10000);
	assert_non_null(strstr(t_mongo_do(database, "{\"find\": \"lease\"}"),
			       "\"token\" : \"\""));
	rig_control(&rig, "POST", "/_sim/day", "{\"day\":%d}", 1);
	assert_true(rig_sync(&rig, 0) > 0);
	rig_verify(&rig);
	rig_quiet(&rig);
	again = rig_recver(&rig);
	assert_string_not_equal(again, first);
	free(first);
	free(again);
	/* Forgotten: everything is looked up, nothing is written twice. */
	rig_muster(&rig, "recver", "reset", "main", "--yes");
	rig_status(&rig, 0);
	(void)rig_sync(&rig, 0);
	rig_verify(&rig);
	rig_quiet(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(life),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
