/* SPDX-License-Identifier: Apache-2.0
 *
 * The records that can be written so that a check passes: offered by the check
 * that misses one, numbered as they were shown last, written, and looked up.
 */
#include <stdio.h>

#include "dest/servicenow/setup.h"

void mst_sn_offer(struct sn_setup *s, enum sn_fix_id id,
		  const struct mst_check_fix *fix)
{
	s->fixes[id].fix = *fix;
	s->fixes[id].can = true;
}

size_t mst_sn_fixes(struct mst_checks *base, struct mst_check_fix *out,
		    size_t max)
{
	struct sn_setup *s = mst_sn_setup_of(base);

	s->offered_n = 0;
	for (unsigned id = 0; id < SN_FIX__N; id++) {
		if (!s->fixes[id].can)
			continue;
		if (s->offered_n < max)
			out[s->offered_n] = s->fixes[id].fix;
		s->offered[s->offered_n++] = (enum sn_fix_id)id;
	}
	return s->offered_n;
}

int mst_sn_fix(struct mst_checks *base, size_t i, struct mst_err *err)
{
	/* What was written is looked up; the choice is tried by a dry run,
	 * too. */
	static const enum sn_check_id ids[SN_FIX__N][3] = {
	    [SN_FIX_SOURCE] = {SN_CHECK_FIX, SN_CHECK_IRE, SN_CHECK_SOURCE},
	    [SN_FIX_RELATION] = {SN_CHECK_FIX, SN_CHECK_RELATION, SN_CHECK__N},
	    [SN_FIX_CI_RELATION] = {SN_CHECK_FIX, SN_CHECK_CI_RELATION,
				    SN_CHECK__N},
	};
	struct sn_setup *s = mst_sn_setup_of(base);

	if (!s->offered_n)
		(void)mst_sn_fixes(base, NULL, 0);
	if (i >= s->offered_n || !s->fixes[s->offered[i]].can)
		return mst_err_set(err, MST_E_NOTFOUND, "there is no such fix");
	s->fixing = s->offered[i];
	s->todo_n = 0;
	for (size_t k = 0; k < MST_LEN(ids[0]); k++) {
		enum sn_check_id id = ids[s->fixing][k];

		if (id == SN_CHECK__N)
			break;
		s->todo[s->todo_n].id = id;
		s->todo[s->todo_n++].quiet =
		    id == SN_CHECK_FIX || id == SN_CHECK_IRE;
	}
	s->at = 0;
	s->asked = false;
	return MST_OK;
}

void mst_sn_ask_fix(struct sn_setup *s)
{
	const struct mst_check_fix *f = &s->fixes[s->fixing].fix;
	struct mst_buf body = MST_BUF_INIT(4096);
	struct sn_ask *a =
	    mst_sn_ask(s, MST_HTTP_POST, "fix", "/api/now/table/%s", f->table);
	struct mst_jout j;

	if (s->env.writer)
		a->auth = s->env.writer;
	mst_jout_init(&j, &body);
	mst_jout_obj(&j);
	for (size_t i = 0; f->values[i][0]; i++)
		mst_jout_kstr(&j, f->values[i][0], f->values[i][1]);
	mst_jout_end_obj(&j);
	a->body = mst_arena_dup(&s->arena, mst_buf_slice(&body));
	mst_buf_fini(&body);
}

/* Whatever the answer was: what follows looks whether the record is there. */
bool mst_sn_judge_fix(struct sn_setup *s, struct mst_check *c)
{
	const struct sn_ask *a = mst_sn_asked(s, 0);
	struct sn_fix *f = &s->fixes[s->fixing];

	f->why[0] = 0;
	if (!mst_sn_ask_ok(a))
		(void)snprintf(f->why, sizeof(f->why), "%.470s",
			       *a->why ? a->why : "no reason given");
	return true;
}
