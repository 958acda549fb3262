/* SPDX-License-Identifier: Apache-2.0
 *
 * The organisation's people as users of the instance, and what the directory
 * says of users, for who has to know it without asking over HTTP.
 */
#include <stdio.h>

#include "base/hash.h"
#include "sim/people.h"
#include "sim/sn.h"

#define DAY_US ((int64_t)86400 * 1000000)

/* Own sys_ids: those of all other records are the same without people. */
static void add_user(struct sim_sn *sn, const struct sim_person *p,
		     const char *user_name, bool active, unsigned which)
{
	struct sn_table *t = sn_table_any(sn, "sys_user");
	struct mst_slice vals[SN_MAX_COLUMNS];
	uint64_t v[2] = {p->n, 4711 + which};
	char id[SN_ID + 1], name[64];

	mst_hash_hex(mst_hash128(v, sizeof(v), sn->conf.seed + 1), id);
	(void)snprintf(name, sizeof(name), "%s %s", p->first, p->last);
	sn_defaults(sn, t, vals);
	vals[sn_col_at(t, "user_name")] = mst_slice_str(user_name);
	vals[sn_col_at(t, "name")] = mst_slice_str(name);
	vals[sn_col_at(t, "first_name")] = mst_slice_str(p->first);
	vals[sn_col_at(t, "last_name")] = mst_slice_str(p->last);
	vals[sn_col_at(t, "email")] = mst_slice_str(p->email);
	vals[sn_col_at(t, "active")] = mst_slice_str(active ? "true" : "false");
	(void)sn_insert(sn, t, vals, id, "system");
}

static bool is_user(const struct sim_person *p)
{
	switch (p->kind) {
	case SIM_PERSON_GUEST:
	case SIM_PERSON_NOBODY:
	case SIM_PERSON_TOKEN:
		return false;
	case SIM_PERSON_PLAIN:
	case SIM_PERSON_UPPER:
	case SIM_PERSON_INACTIVE:
	case SIM_PERSON_TWIN:
	case SIM_PERSON_BACK:
	case SIM_PERSON_UPN:
	case SIM_PERSON_NO_MAIL:
	case SIM_PERSON_DOMAIN:
	case SIM_PERSON_AT:
	case SIM_PERSON_LOCAL:
	case SIM_PERSON_MOVED:
	case SIM_PERSON_FREE:
		break;
	}
	return true;
}

void sn_people(struct sim_sn *sn)
{
	int64_t start = sn->now_us;

	for (uint32_t n = 0; (int64_t)n < sn->conf.people; n++) {
		struct sim_person p;

		sim_person(n, &p);
		if (!is_user(&p))
			continue;
		add_user(sn, &p, p.user_name, p.kind != SIM_PERSON_INACTIVE, 0);
		if (!p.second[0])
			continue;
		/* the second account is the younger one */
		sn_set_now(sn, start + DAY_US);
		add_user(sn, &p, p.second, p.kind != SIM_PERSON_BACK, 1);
		sn_set_now(sn, start);
	}
}

void sim_sn_users(struct sim_sn *sn, struct mst_jout *j)
{
	struct sn_table *t = sn_table_any(sn, "sys_user");

	mst_jout_arr(j);
	for (size_t i = 0; i < t->root->rows_n; i++) {
		const struct sn_row *row = t->root->rows[i];

		if (row->dead)
			continue;
		mst_jout_obj(j);
		mst_jout_kstr(j, "sys_id", row->id);
		mst_jout_kslice(j, "email", sn_get_named(row, "email"));
		mst_jout_kslice(j, "user_name", sn_get_named(row, "user_name"));
		mst_jout_kslice(j, "active", sn_get_named(row, "active"));
		mst_jout_kslice(j, "created", sn_get(row, SN_C_CREATED_ON));
		mst_jout_end_obj(j);
	}
	mst_jout_end_arr(j);
}
