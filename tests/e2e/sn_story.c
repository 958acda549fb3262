/* SPDX-License-Identifier: Apache-2.0
 *
 * See sn_story.h.
 */
#include "tests/e2e/sn_story.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct rig rig;

/* ---- people -------------------------------------------------------------- */

void story_insert(const char *table, const char *values, const char *by)
{
	rig_control(&rig, "POST", "/_sim/sn/insert",
		    "{\"table\":\"%s\",\"values\":{%s},\"by\":\"%s\"}", table,
		    values, by);
}

void story_edit(const char *table, const char *query, const char *values)
{
	struct mst_json rows = rig_rows(&rig, table, query, "sys_id"),
			row = {0};
	struct mst_json_iter it = mst_json_iter(rows);
	char path[80];

	(void)mst_json_next(&it, NULL, &row);
	if (mst_json_len(rows) != 1)
		fail_msg("%s: %zu rows with %s", table, mst_json_len(rows),
			 query);
	(void)snprintf(
	    path, sizeof(path), "/_sim/sn/rows/%.*s",
	    MST_SLICE_ARG(mst_json_str(mst_json_get(row, "sys_id"))));
	rig_control(&rig, "PATCH", path, "{%s}", values);
}

/* ---- stories ------------------------------------------------------------- */

static void look(const struct step *s, size_t step)
{
	for (size_t i = 0; i < MST_LEN(s->looks) && s->looks[i].table; i++) {
		const struct look *l = &s->looks[i];
		size_t n = rig_count(&rig, l->table, l->query);

		if (n != l->n)
			fail_msg("step %zu: %s has %zu rows with %s, not %zu",
				 step, l->table, n, l->query, l->n);
	}
}

void story_take(const struct step *s, size_t i, const char *mode)
{
	char *dest = mst_asprintf("%s%s", mode, s->dest ? s->dest : "");
	char id[24];

	if (s->devices)
		rig_control(&rig, "POST", "/_sim/devices", "{\"devices\":[%s]}",
			    s->devices);
	if (s->gone)
		rig_control(&rig, "DELETE", "/_sim/devices", "{\"ids\":[%s]}",
			    s->gone);
	if (s->people)
		s->people();
	rig_apply(&rig, s->source, dest, NULL);
	free(dest);
	(void)rig_sync(&rig, s->status);
	if (s->says && s->status == 3) {
		(void)snprintf(id, sizeof(id), "%lld",
			       (long long)rig_num(rig.root, "run"));
		rig_muster(&rig, "runs", id);
		if (!strstr(rig.out.p, s->says))
			fail_msg("step %zu: \"%s\" is not in %s", i, s->says,
				 rig.out.p);
	} else if (s->says) {
		rig_says(&rig, s->says);
	}
	look(s, i);
	if (s->status == 0)
		rig_quiet(&rig);
}

void story_run(const struct step *steps, size_t n, const char *mode)
{
	rig_fresh(&rig);
	/* It stays: a list that comes empty proves nothing. */
	rig_control(&rig, "POST", "/_sim/devices", "{\"devices\":[%s]}",
		    D("z9", "phone", PHONE));
	for (size_t i = 0; i < n; i++)
		story_take(&steps[i], i, mode);
}

int story_set_up(void **state MST_UNUSED)
{
	static const struct mst_sim_conf none = {.empty = true};

	rig_start(&rig, &none);
	return 0;
}

int story_tear_down(void **state MST_UNUSED)
{
	rig_stop(&rig);
	return 0;
}
