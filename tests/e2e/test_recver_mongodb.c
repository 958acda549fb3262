/* SPDX-License-Identifier: Apache-2.0
 *
 * A job whose RecVer is on a server of MongoDB's protocol, from the first run
 * to a reset; and a database that the program sets up for it.
 */
#include "tests/lib/sync_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/mongo.h"
#include "tests/lib/mongo_gate.h"

static struct rig rig;
static const char *database;
static char lines[1024];
static struct t_gate gate;

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

/* ---- setting up ---------------------------------------------------------- */

#define ROOT "[{\"role\": \"root\", \"db\": \"admin\"}]"

/* A replica set that asks for a user, and knows its administrator only. */
static void empty_set(void)
{
	database = t_mongo_fresh();
	t_gate_reset(&gate);
	t_gate_add_user(&gate, "root", "fake-admin-password", ROOT);
	(void)snprintf(lines, sizeof(lines),
		       "    recver:\n"
		       "      type: mongodb\n"
		       "      server: %s\n"
		       "      replica_set: rs0\n"
		       "      database: %s\n"
		       "      user: muster\n"
		       "      password: env:MONGO_PW\n"
		       "      encrypt: off\n"
		       "      timeout: 20s\n",
		       t_gate_server(&gate), database);
}

static void keeps_secrets(void)
{
	assert_null(strstr(rig.out.p, "fake-"));
	assert_null(strstr(rig.err.p, "fake-"));
}

static void connection(const char *word, int status, const char *part)
{
	if (strcmp(word, "setup") == 0)
		rig_muster(&rig, "connection", "setup", "defender", "--yes",
			   "--json", "--admin", "root", "--admin-password",
			   "env:MONGO_ADMIN");
	else
		rig_muster(&rig, "connection", word, "defender", "--json");
	rig_status(&rig, status);
	keeps_secrets();
	if (!strstr(rig.out.p, part))
		fail_msg("\"%s\" is not in: %s", part, rig.out.p);
}

static void set_up_by_admin(void **state)
{
	static const char *const env[] = {"MONGO_PW=fake-run-password",
					  "MONGO_ADMIN=fake-admin-password",
					  NULL};

	(void)state;
	gate = (struct t_gate){.set = "rs0", .auth = true};
	t_gate_start(&gate);
	empty_set();
	rig.env = env;
	rig.recver = lines;
	rig.recver_empty = empty_set;
	rig_fresh(&rig);
	connection("test", 4, "does not let this user in");
	rig_sync(&rig, 4);
	keeps_secrets();
	connection("setup", 0, "give muster_agent to 'muster'");
	connection("setup", 0, "by muster_agent");
	connection("test", 0, "by nobody; ");
	assert_true(rig_sync(&rig, 0) > 0);
	rig_verify(&rig);
	rig_quiet(&rig);
	connection("test", 0, "wrote, read and deleted a document");
	rig.env = NULL;
	t_gate_stop(&gate);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(life),
	    cmocka_unit_test(set_up_by_admin),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
