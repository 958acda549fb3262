/* SPDX-License-Identifier: Apache-2.0
 *
 * See steps.h.
 */
#include "serve/steps.h"

#include <string.h>

static size_t find(const struct mst_steps *s, const struct mst_step *now)
{
	size_t i = 0;

	while (i < s->n && (strcmp(s->v[i].stage, now->stage) != 0 ||
			    strcmp(s->v[i].what, now->what) != 0))
		i++;
	return i;
}

int64_t mst_steps_take(struct mst_steps *s, const struct mst_step *now,
		       int64_t mono_us)
{
	size_t i = find(s, now);

	if (i == MST_STEPS)
		return 0;
	if (i == s->n) {
		s->began_us[i] = mono_us;
		s->n++;
	}
	for (size_t k = 0; k < s->n; k++)
		s->v[k].end = true;
	s->v[i] = *now;
	s->us[i] = mono_us - s->began_us[i];
	return s->us[i];
}

void mst_steps_json(const struct mst_steps *s, struct mst_jout *j)
{
	mst_jout_arr(j);
	for (size_t i = 0; i < s->n; i++) {
		const struct mst_step *v = &s->v[i];

		mst_jout_obj(j);
		mst_jout_kstr(j, "stage", v->stage);
		mst_jout_kstr(j, "what", v->what);
		mst_jout_ki64(j, "done", v->done);
		mst_jout_ki64(j, "total", v->total);
		mst_jout_kbool(j, "bytes", v->bytes);
		mst_jout_ki64(j, "requests", v->requests);
		mst_jout_kbool(j, "end", v->end);
		mst_jout_ki64(j, "ms", s->us[i] / 1000);
		mst_jout_end_obj(j);
	}
	mst_jout_end_arr(j);
}
