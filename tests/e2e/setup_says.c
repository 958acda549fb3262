/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads the checks of a connection.
 */
#include "tests/e2e/setup_says.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct mst_json says_check(struct rig *r, const char *id)
{
	struct mst_json all = mst_json_get(rig_json(r), "checks"), v;
	struct mst_json last = {0};
	struct mst_json_iter it = mst_json_iter(all);

	while (mst_json_next(&it, NULL, &v)) {
		if (mst_json_is_str(mst_json_get(v, "id"), id))
			last = v;
	}
	return last;
}

void says_shows(struct rig *r, const char *id, const char *level,
		const char *text, const char *remedy)
{
	struct mst_json v = says_check(r, id);
	struct mst_slice t = mst_json_str(mst_json_get(v, "text"));
	struct mst_slice m = mst_json_str(mst_json_get(v, "remedy"));

	if (!mst_json_is_str(mst_json_get(v, "level"), level) ||
	    !memmem(t.p, t.n, text, strlen(text)) ||
	    (*remedy ? !memmem(m.p, m.n, remedy, strlen(remedy)) : m.n > 0))
		fail_msg("%s is not %s: %s -> %s, but\n%s%s", id, level, text,
			 remedy, r->out.p, r->err.p);
}

int64_t says_counted(struct rig *r, const char *what)
{
	char path[32];

	(void)snprintf(path, sizeof(path), "counts.%s", what);
	return rig_num(rig_json(r), path);
}

void says_fails(struct rig *r, const char *connection, int status,
		const char *id, const char *text, const char *remedy)
{
	int64_t writes = rig_sn_writes(r);

	rig_muster(r, "connection", "test", connection, "--json");
	rig_status(r, status);
	says_shows(r, id, "Failed", text, remedy);
	assert_int_equal(says_counted(r, "failed"), 1);
	assert_int_equal(rig_sn_writes(r), writes);
}

void says_warns(struct rig *r, const char *connection, const char *id,
		const char *text, const char *remedy)
{
	rig_muster(r, "connection", "test", connection, "--json");
	rig_status(r, 0);
	says_shows(r, id, "Warning", text, remedy);
	assert_int_equal(says_counted(r, "warnings"), 1);
	assert_int_equal(says_counted(r, "failed"), 0);
}

void says_fresh(struct rig *r)
{
	r->env = NULL; /* the last test's */
	rig_fresh(r);
	rig_control(r, "DELETE", "/_sim/app", "%s", "");
	rig_control(r, "DELETE", "/_sim/faults", "%s", "");
	rig_control(r, "POST", "/_sim/time", "{\"skew_s\":0}");
	rig_control(r, "POST", "/_sim/switches",
		    "{\"account_inactive\":false,\"throttle_share\":0}");
}

char *says_saved(struct rig *r, const char *file)
{
	return mst_asprintf("%s/saved-%u/%s", r->dir, r->states_n, file);
}

void says_from_folder(struct rig *r, const char *more)
{
	char *dir = mst_asprintf("%s/saved-%u", r->dir, r->states_n);
	char *lines = mst_asprintf("    read_from: %s\n%s", dir, more);

	if (access(dir, F_OK) != 0) {
		rig_muster(r, "fetch", "defender", "--to", dir);
		rig_status(r, 0);
	}
	rig_apply(r, lines, NULL, NULL);
	free(lines);
	free(dir);
}
