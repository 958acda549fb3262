/* SPDX-License-Identifier: Apache-2.0
 *
 * The state store of a test as a SQLite file.
 */
#include "state_fixture.h"

#include <sqlite3.h>
#include <stdlib.h>

struct mst_state *s;
struct mst_err err = MST_ERR_INIT;
static const char *dir;

int state_set_up(void **state)
{
	static unsigned n;

	t_clock_set(T0);
	dir = t_path("state-%u", n++);
	t_ok(mst_state_open(dir, &s, &err), &err);
	return 0;
}

int state_tear_down(void **state)
{
	mst_state_close(&s);
	t_clock_real();
	return 0;
}

void state_other(struct mst_state **other_r)
{
	t_ok(mst_state_open(dir, other_r, &err), &err);
}

void state_sql(const char *text)
{
	char *file = mst_asprintf("%s/state.db", dir), *why = NULL;
	sqlite3 *h = NULL;

	assert_int_equal(sqlite3_open(file, &h), SQLITE_OK);
	if (sqlite3_exec(h, text, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s", why);
	sqlite3_close(h);
	free(file);
}
