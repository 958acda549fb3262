/* SPDX-License-Identifier: Apache-2.0
 *
 * Do the alerts of the plant have their incidents, one each? By the UUID, which
 * the console must tell (switch "uuids").
 */
#include "sim/iot.h"
#include "sim/verify_private.h"

static unsigned level(const char *severity)
{
	static const char *const names[] = {"Warning", "Minor", "Major",
					    "Critical"};

	for (unsigned i = 0; i < MST_LEN(names); i++) {
		if (!strcmp(names[i], severity))
			return i + 1;
	}
	return 0;
}

/* Correlation id → how often it was found, plus one. */
static void wanted(struct verify *v, const struct sim_incidents_of *of,
		   struct sim_incidents *n)
{
	struct sim_iot *iot = v->sim->iot;

	(void)pthread_mutex_lock(&v->sim->lock);
	for (size_t i = of->from; i < iot->alerts_n; i++) {
		const struct iot_alert *a = &iot->alerts[i];
		char uuid[80];

		n->raised++;
		if (level(iot_alert_title(a)->severity) < level(of->severity))
			continue;
		n->wanted++;
		iot_alert_uuid(iot, a, uuid);
		mst_map_put(&v->expected,
			    mst_slice_str(mst_arena_printf(
				&v->arena, "iot/%s/%s", of->connection, uuid)),
			    (void *)(uintptr_t)1);
	}
	(void)pthread_mutex_unlock(&v->sim->lock);
}

static void take(struct verify *v, struct mst_json row, struct sim_incidents *n)
{
	struct mst_slice id = verify_text(row, "correlation_id");
	uintptr_t seen = (uintptr_t)mst_map_get(&v->expected, id);

	if (!seen)
		return;
	if (seen > 1)
		n->doubled++;
	else
		n->found++;
	if (seen == 1 && verify_text(row, "cmdb_ci").n)
		n->linked++;
	mst_map_put(&v->expected, mst_arena_dup(&v->arena, id),
		    (void *)(seen + 1));
}

int verify_incidents(struct verify *v, const struct sim_incidents_of *of,
		     struct sim_incidents *n_r, struct mst_err *err)
{
	struct columns cols = {.n = 0};
	char after[40] = "";

	*n_r = (struct sim_incidents){0};
	wanted(v, of, n_r);
	verify_column(&cols, "correlation_id");
	verify_column(&cols, "cmdb_ci");
	for (;;) {
		struct mst_json list, row;
		struct mst_json_iter it;

		if (verify_page(v, "incident", &cols, after, &list, err) < 0)
			return -(int)err->code;
		if (!mst_json_len(list))
			return 0;
		it = mst_json_iter(list);
		while (mst_json_next(&it, NULL, &row)) {
			take(v, row, n_r);
			snprintf(after, sizeof(after), "%.*s",
				 MST_SLICE_ARG(verify_text(row, "sys_id")));
		}
	}
}

uint64_t sim_alerts(struct mst_sim *sim)
{
	uint64_t n;

	(void)pthread_mutex_lock(&sim->lock);
	n = sim->iot->alerts_n;
	(void)pthread_mutex_unlock(&sim->lock);
	return n;
}
