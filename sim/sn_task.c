/* SPDX-License-Identifier: Apache-2.0
 *
 * Tasks as their business rules and data policies leave them: priority out of
 * impact and urgency, no longer active when closed, and nothing is resolved
 * without a code and notes.
 */
#include <stdio.h>

#include "sim/sn.h"

/* States of one kind of task, " "-separated. */
static const struct states {
	const char *table;
	const char *ends;     /* with a code and notes */
	const char *inactive; /* afterwards */
} states[] = {
    {"incident", " 6 7 ", " 7 8 "},
    {"sn_si_incident", " 3 ", " 3 7 "},
};

static const struct states *states_of(struct sim_sn *sn,
				      const struct sn_table *t)
{
	for (size_t i = 0; i < MST_LEN(states); i++) {
		const struct sn_table *of = sn_table_any(sn, states[i].table);

		if (of && sn_is_a(t, of))
			return &states[i];
	}
	return NULL;
}

static bool is_one(const char *list, struct mst_slice state)
{
	char word[16];

	(void)snprintf(word, sizeof(word), " %.*s ", MST_SLICE_ARG(state));
	return state.n && strstr(list, word) != NULL;
}

/* High and high is critical, low and low is planning. */
static void set_priority(const struct sn_table *t, struct mst_slice *vals)
{
	static const char *const priorities[] = {"1", "2", "3", "4", "5"};
	struct mst_slice impact = vals[sn_col_at(t, "impact")];
	struct mst_slice urgency = vals[sn_col_at(t, "urgency")];

	if (impact.n == 1 && urgency.n == 1)
		vals[sn_col_at(t, "priority")] = mst_slice_str(
		    priorities[(impact.p[0] - '1' + urgency.p[0] - '1') % 5]);
}

static bool lacks(const struct sn_table *t, const struct mst_slice *vals,
		  const char *column, char *why, size_t why_n)
{
	size_t at = sn_col_at(t, column), n = strlen(why);

	if (vals[at].n)
		return false;
	(void)snprintf(why + n, why_n - n, "%s%s",
		       n ? ", "
			 : "Data Policy Exception: The following fields are "
			   "mandatory: ",
		       t->cols[at]->label);
	return true;
}

enum sn_refusal sn_task_rules(struct sim_sn *sn, struct sn_table *t,
			      struct mst_slice *vals, const struct sn_row *self,
			      char *why, size_t why_n)
{
	const struct states *s = states_of(sn, t);
	struct mst_slice state;
	bool bad;

	if (!s)
		return SN_FINE;
	state = vals[sn_col_at(t, "state")];
	set_priority(t, vals);
	vals[sn_col_at(t, "active")] = is_one(s->inactive, state)
					   ? MST_SLICE_LIT("false")
					   : MST_SLICE_LIT("true");
	if (!is_one(s->ends, state) ||
	    (self && mst_slice_eq(sn_get_named(self, "state"), state)))
		return SN_FINE;
	*why = 0;
	bad = lacks(t, vals, "close_code", why, why_n);
	bad |= lacks(t, vals, "close_notes", why, why_n);
	return bad ? SN_MANDATORY : SN_FINE;
}
