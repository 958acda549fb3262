/* SPDX-License-Identifier: Apache-2.0
 *
 * "muster connection test" of a console and a sensor of Defender for IoT: what
 * is told when all is well, what of a token that was taken away, of sensors
 * that show less than they could and of a clock that is off; and each check
 * stands in the manual.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "tests/e2e/setup_says.h"

static struct rig rig;

static const char *const env[] = {"SENSOR_TOKEN=" MST_SIM_SENSOR_TOKEN "-1",
				  NULL};

static void fresh(void)
{
	says_fresh(&rig);
	rig.env = env;
}

static void look(const char *connection, int status)
{
	rig_muster(&rig, "connection", "test", connection, "--json");
	rig_status(&rig, status);
}

/* ---- what is told -------------------------------------------------------- */

static void console(void **state MST_UNUSED)
{
	fresh();
	look("plant", 0);
	assert_int_equal(says_counted(&rig, "failed"), 0);
	assert_int_equal(says_counted(&rig, "warnings"), 0);
	assert_int_equal(says_counted(&rig, "skipped"), 0);
	says_shows(&rig, "token", "Ok", "the console takes it", "");
	says_shows(&rig, "sensors", "Ok", "4 of 4", "");
	says_shows(&rig, "feed:device_cves", "Ok", "answers", "");
	says_shows(&rig, "sensors:learning", "Note", "1 in learning mode",
		   "learning_sensors");
	/* the secret is nowhere */
	assert_null(strstr(rig.out.p, MST_SIM_IOT_TOKEN));
	rig_apply(&rig, "    learning_sensors: skip\n", NULL, NULL);
	look("plant", 0);
	says_shows(&rig, "sensors", "Ok", "3 of 4", "");
	rig_control(&rig, "POST", "/_sim/iot/sensors",
		    "{\"sensors\":[{\"id\":2,\"state\":\"DISCONNECTED\"}]}");
	says_warns(&rig, "plant", "sensors:connected", "1 disconnected",
		   "nothing is taken away");
	rig_control(&rig, "POST", "/_sim/iot/sensors",
		    "{\"sensors\":[{\"id\":2,\"state\":\"SYNCED\"},"
		    "{\"id\":3,\"activated\":false}]}");
	says_warns(&rig, "plant", "sensors:activated", "1 not activated",
		   "activate");
}

static void token(void **state MST_UNUSED)
{
	fresh();
	rig_control(&rig, "DELETE", "/_sim/iot/tokens",
		    "{\"token\":\"" MST_SIM_IOT_TOKEN "\"}");
	look("plant", 4);
	says_shows(&rig, "token", "Failed",
		   "does not take it (401: 'Authorization token is not valid')",
		   "Access tokens");
	assert_int_equal(says_counted(&rig, "failed"), 1);
	(void)rig_muster(&rig, "run", "main");
	rig_status(&rig, 4);
	rig_says(&rig, "the token is not one of this console");
}

static void clocks(void **state MST_UNUSED)
{
	fresh();
	rig_control(&rig, "POST", "/_sim/time", "{\"skew_s\":-600}");
	says_warns(&rig, "plant", "clock", "ahead of the console's",
		   "time service");
	rig_control(&rig, "POST", "/_sim/time", "{\"skew_s\":0}");
}

/* A console is no sensor, and the other way round. */
static void other_end(void **state MST_UNUSED)
{
	fresh();
	rig_apply(&rig, "    read: sensor\n", NULL, NULL);
	look("plant", 1);
	says_shows(&rig, "feed:devices", "Failed", "not found (404)",
		   "read: console");
}

/* ---- the manual ---------------------------------------------------------- */

struct manual {
	char *text; /* of the section */
	char *left; /* without the entries that were met */
};

static void stands_there(struct manual *m)
{
	struct mst_json_iter it =
	    mst_json_iter(mst_json_get(rig_json(&rig), "checks"));
	struct mst_json v;

	while (mst_json_next(&it, NULL, &v)) {
		struct mst_slice id = mst_json_str(mst_json_get(v, "id"));
		char line[96];
		char *at;

		if (mst_slice_istarts(id, "recver:"))
			continue; /* is in the pages of the stores */
		(void)snprintf(line, sizeof(line), "\n.It Li %.*s\n",
			       MST_SLICE_ARG(id));
		if (mst_slice_istarts(id, "feed:"))
			(void)snprintf(line, sizeof(line),
				       "\n.It Li feed:NAME\n");
		if (!strstr(m->text, line))
			fail_msg("muster-iot(7) lacks %s", line);
		at = strstr(m->left, line);
		if (at)
			at[1] = '#';
	}
}

static struct manual section(void)
{
	struct mst_buf page = MST_BUF_INIT(1u << 20);
	struct mst_err err = MST_ERR_INIT;
	const char *from, *to;
	struct manual m;

	t_ok(mst_file_read(MAN_DIR "/muster-iot.7", &page, &err), &err);
	from = strstr(page.p, ".Sh SET-UP CHECKS\n");
	assert_non_null(from);
	to = strstr(from + 1, "\n.Sh ");
	m.text = mst_strndup(from, (size_t)(to - from));
	m.left = mst_strdup(m.text);
	mst_buf_fini(&page);
	return m;
}

/* Each check stands there by its name, and no other does. */
static void all_are_documented(void **state MST_UNUSED)
{
	char *dir = mst_asprintf("%s/saved", rig.dir);
	char *lines = mst_asprintf("    read_from: %s\n", dir);
	struct manual m = section();
	const char *strange;

	fresh();
	look("plant", 0);
	stands_there(&m);
	rig_muster(&rig, "fetch", "plant", "--to", dir);
	rig_status(&rig, 0);
	rig_apply(&rig, lines, NULL, NULL);
	look("plant", 0);
	stands_there(&m); /* "folder" */
	rig.env = (const char *const[]){"MUSTER_SIM_IOT_TOKEN=", NULL};
	rig_apply(&rig, NULL, NULL, NULL);
	look("plant", 1);
	stands_there(&m); /* "login", "permissions" */
	strange = strstr(m.left, "\n.It Li ");
	if (strange)
		fail_msg("muster-iot(7) has what is no check:%.40s", strange);
	free(lines);
	free(dir);
	free(m.text);
	free(m.left);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(console),
	    cmocka_unit_test(token),
	    cmocka_unit_test(clocks),
	    cmocka_unit_test(other_end),
	    cmocka_unit_test(all_are_documented),
	};
	int rc;

	rig_start_source(&rig, RIG_IOT, NULL);
	rc = cmocka_run_group_tests_name("setup-iot", tests, NULL, NULL);
	rig_stop(&rig);
	return rc;
}
