/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads the checks of a connection.
 */
#include "tests/e2e/setup_says.h"

#include <stdio.h>
#include <string.h>

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
