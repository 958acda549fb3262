/* SPDX-License-Identifier: Apache-2.0
 *
 * Users and API tokens at the shell: what is printed once is printed once,
 * passwords are never arguments, and nothing of them is in the state folder.
 */
#include "tests/lib/sync_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

#define PASSWORD "copper kettle on a slow train"

static struct rig rig;

static void give(const char *text)
{
	rig.input = text;
}

#define says(status, part)                                                     \
	do {                                                                   \
		rig_status(&rig, status);                                      \
		rig_says(&rig, part);                                          \
		rig_one_error(&rig);                                           \
	} while (0)

static void prints(const char *part)
{
	rig_status(&rig, 0);
	if (!strstr(rig.out.p, part))
		fail_msg("no \"%s\" in: %s", part, rig.out.p);
}

static void not_kept(const char *secret)
{
	static const char *const files[] = {"state.db", "state.db-wal"};

	for (size_t i = 0; i < MST_LEN(files); i++) {
		struct mst_buf b = MST_BUF_INIT(64u << 20);
		struct mst_err err = MST_ERR_INIT;
		char *path = mst_asprintf("%s/%s", rig.state, files[i]);

		if (mst_file_read(path, &b, &err) == 0 && b.n &&
		    memmem(b.p, b.n, secret, strlen(secret)))
			fail_msg("%s has what was printed once", files[i]);
		mst_buf_fini(&b);
		free(path);
	}
}

static void users(void **state)
{
	char once[64];

	(void)state;
	rig_muster(&rig, "user", "add", "Ann", "--role", "administrator",
		   "--full-name", "Ann Archer");
	rig_status(&rig, 0);
	(void)snprintf(once, sizeof(once), "%.24s", rig.out.p);
	assert_int_equal(rig.out.n, 25);
	not_kept(once);
	rig_muster(&rig, "user", "add", "ann");
	says(5, "a user 'ann' already");
	rig_muster(&rig, "user", "add", "bob", "--role", "king");
	says(1, "is no role");
	rig_muster(&rig, "user", "add", "a b");
	says(1, "is no name for a user");
	give(PASSWORD "\nanother line\n");
	rig_muster(&rig, "user", "add", "bob", "--role", "operator",
		   "--password");
	rig_status(&rig, 0);
	assert_int_equal(rig.out.n, 0);
	not_kept(PASSWORD);
	give("short\n");
	rig_muster(&rig, "user", "password", "bob");
	says(1, "too short");
	give("bob's kettle on a slow train\n");
	rig_muster(&rig, "user", "password", "bob");
	says(1, "user's name");
	give("");
	rig_muster(&rig, "user", "password", "bob");
	says(1, "is empty");
	/* it would be in the shell's history */
	rig_muster(&rig, "user", "password", "bob", PASSWORD);
	rig_status(&rig, 2);
	give("another kettle altogether\n");
	rig_muster(&rig, "user", "password", "bob");
	rig_status(&rig, 0);
	rig_muster(&rig, "user", "password", "bob", "--once", "--json");
	prints("\"password\":\"");
	rig_muster(&rig, "user", "set", "bob", "--disable");
	rig_status(&rig, 0);
	rig_muster(&rig, "user", "list");
	prints("disabled");
	rig_muster(&rig, "user", "set", "bob", "--enable", "--role", "auditor");
	rig_status(&rig, 0);
	rig_muster(&rig, "user", "list", "--json");
	prints("\"name\":\"bob\",\"full_name\":\"\",\"role\":\"auditor\","
	       "\"state\":\"active\"");
	rig_muster(&rig, "user", "unlock", "bob");
	rig_status(&rig, 0);
	rig_muster(&rig, "user", "unlock", "nobody");
	says(1, "no user 'nobody'");
	rig_muster(&rig, "user", "set", "ann", "--role", "viewer");
	says(5, "last administrator");
	rig_muster(&rig, "user", "remove", "ann");
	says(5, "last administrator");
	rig_muster(&rig, "user", "remove", "Bob");
	rig_status(&rig, 0);
	rig_muster(&rig, "audit", "verify");
	rig_status(&rig, 0);
}

static void tokens(void **state)
{
	char token[64], id[32];
	const char *at;

	(void)state;
	rig_muster(&rig, "token", "create", "ci", "--user", "nobody");
	says(1, "no user 'nobody'");
	rig_muster(&rig, "token", "create", "ci");
	says(1, "--user");
	rig_muster(&rig, "user", "add", "olga", "--role", "operator");
	rig_status(&rig, 0);
	rig_muster(&rig, "token", "create", "ci", "--user", "olga", "--scopes",
		   "read,administer");
	says(4, "cannot have the scope administer");
	rig_muster(&rig, "token", "create", "ci", "--user", "olga", "--days",
		   "4000");
	says(1, "1 to 3650 days");
	rig_muster(&rig, "token", "create", "ci", "--user", "olga", "--scopes",
		   "read", "--days", "30");
	rig_status(&rig, 0);
	(void)snprintf(token, sizeof(token), "%.40s", rig.out.p);
	assert_int_equal(strncmp(token, "mst_", 4), 0);
	assert_int_equal(rig.out.n, 41);
	not_kept(token);
	rig_muster(&rig, "token", "list", "--json");
	prints("\"name\":\"ci\",\"user\":\"olga\",\"scopes\":[\"read\"]");
	at = strstr(rig.out.p, "tok_");
	assert_non_null(at);
	(void)snprintf(id, sizeof(id), "%.16s", at);
	rig_muster(&rig, "token", "revoke", id);
	rig_status(&rig, 0);
	rig_muster(&rig, "token", "revoke", id);
	assert_int_not_equal(rig.status, 0);
	rig_muster(&rig, "token", "list", "--json");
	prints("[]");
}

static int begin(void **state)
{
	const struct mst_sim_conf conf = {
	    .empty = true, .apps = -1, .iot_devices = -1};

	(void)state;
	rig_start(&rig, &conf);
	return 0;
}

static int end(void **state)
{
	(void)state;
	rig_stop(&rig);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(users),
	    cmocka_unit_test(tokens),
	};

	return cmocka_run_group_tests_name("users", tests, begin, end);
}
