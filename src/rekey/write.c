/* SPDX-License-Identifier: Apache-2.0
 *
 * Writing the new keys: the sensor's RecVer forgets first, so that no run of
 * its job takes away what is the console's now; the row that leads to
 * everything else comes last.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/map.h"
#include "rekey/private.h"
#include "sync/step.h"

#define BATCH 200

const char *mst_rekey_step_title(enum mst_rekey_step step)
{
	static const char *const titles[MST_REKEY_STEPS] = {
	    [MST_REKEY_CVES] = "CVE instances",
	    [MST_REKEY_ENTITIES] = "OT entities",
	    [MST_REKEY_CORRELATIONS] = "correlation ids of CIs",
	    [MST_REKEY_NATIVES] = "native keys of CIs",
	    [MST_REKEY_ROWS] = "rows of devices and sensors",
	};

	return titles[step];
}

/* ---- RecVer -------------------------------------------------------------- */

struct forgetting {
	struct mst_map pairs; /* by old key; the value is the pair */
	bool sensors;	      /* groups of the sensor, not of devices */
	struct mst_hash *keys;
	size_t n, cap;
};

static int take_group(void *ctx, const struct mst_group_row *row)
{
	struct forgetting *f = ctx;
	const struct mst_rekey_pair *p = mst_map_get(&f->pairs, row->text);

	if (!p || p->sensor != f->sensors)
		return 0;
	if (f->n == f->cap) {
		f->cap = f->cap ? f->cap * 2 : 256;
		f->keys = mst_realloc(f->keys, f->cap * sizeof(*f->keys));
	}
	f->keys[f->n++] = row->key;
	return 0;
}

static int forget_set(struct mst_rekey *r, struct forgetting *f,
		      const char *set, struct mst_err *err)
{
	struct mst_recver *v = r->old.recver;
	const char *target = r->old.job.conf.destination;

	f->n = 0;
	if (v->ops->load(v, target, set, take_group, f, err) < 0)
		return -(int)err->code;
	return f->n ? v->ops->del(v, target, set, f->keys, f->n, err) : 0;
}

/* What becomes of each set's groups of what was matched. Firmware and
 * connections are not here: they are made anew, so the sensor's job is to take
 * its own away. Detections go along when the sensor's CI does. */
static int forget_all(struct mst_rekey *r, struct forgetting *f,
		      struct mst_err *err)
{
	static const struct {
		const char *set;
		bool sensors, with_sensor;
	} sets[] = {
	    {"ot_device_cis", false, false}, {"ot_devices", false, false},
	    {"ot_entities", false, false},   {"ot_adapters", false, false},
	    {"ot_addresses", false, false},  {"ot_device_cves", false, false},
	    {"ot_detections", false, true},  {"ot_sensor_cis", true, true},
	    {"ot_sensors", true, true},
	};
	bool sensor = false;
	int rc = 0;

	for (size_t i = 0; i < r->pairs_n; i++)
		sensor = sensor || r->pairs[i].sensor;
	for (size_t i = 0; i < MST_LEN(sets) && rc == 0; i++) {
		if (sets[i].with_sensor && !sensor)
			continue;
		f->sensors = sets[i].sensors;
		rc = forget_set(r, f, sets[i].set, err);
	}
	return rc;
}

/* One transaction: half of it would be a device without its CVEs. */
static int forget(struct mst_rekey *r, struct mst_err *err)
{
	struct mst_recver *v = r->old.recver;
	struct forgetting f = {.n = 0};
	int rc = v->ops->begin(v, err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < r->pairs_n; i++)
		(void)mst_map_put(&f.pairs, r->pairs[i].old, &r->pairs[i]);
	rc = forget_all(r, &f, err);
	if (rc == 0)
		rc = v->ops->commit(v, err);
	else
		v->ops->abort(v);
	free(f.keys);
	mst_map_fini(&f.pairs);
	return rc;
}

/* ---- the destination ----------------------------------------------------- */

static void refuse(struct mst_rekey *r, struct mst_rekey_write *w,
		   const char *why)
{
	w->why = mst_arena_strdup(&r->arena, why);
	r->pairs[w->pair].failed = true;
	r->refused++;
}

static void take_verdict(void *ctx, uint64_t tag, const struct mst_raw *row,
			 const char *why)
{
	struct mst_rekey *r = ctx;
	struct mst_rekey_write *w = &r->writes[tag];

	if (row)
		return;
	if (why) {
		refuse(r, w, why);
		return;
	}
	w->done = true;
	r->done++;
}

static int write_one(struct mst_rekey *r, size_t i, struct mst_err *err)
{
	struct mst_session *s = &r->old;
	struct mst_rekey_write *w = &r->writes[i];

	/* As long as the row has the old key, the device is found again. */
	if (w->step == MST_REKEY_ROWS && r->pairs[w->pair].failed) {
		refuse(r, w,
		       "waits: something of it was refused; run the command "
		       "again when that is mended");
		return 0;
	}
	if (w->step == MST_REKEY_NATIVES)
		return s->job.dest->claim(s->dest, w->table, &w->id, w->key,
					  "rekey", i, take_verdict, r, err);
	return s->job.dest->raw_write(s->dest, w->table, &w->id, w->names,
				      w->values, w->n, i, take_verdict, r, err);
}

static int cancelled(const struct mst_rekey *r, struct mst_err *err)
{
	const atomic_bool *cancel = r->old.conf.cancel;

	if (!cancel || !atomic_load(cancel))
		return 0;
	return mst_err_set(err, MST_E_CANCELLED,
			   "cancelled; what was under way is finished; run the "
			   "command again for the rest");
}

static int write_batch(struct mst_rekey *r, size_t from, size_t to,
		       struct mst_err *err)
{
	struct mst_session *s = &r->old;
	int rc = 0;

	for (size_t i = from; i < to && rc == 0; i++)
		rc = write_one(r, i, err);
	if (rc == 0)
		rc = mst_dest_pump(s->job.dest, s->dest, s->dest_client, err);
	if (rc == 0)
		rc = mst_recver_keep(s->recver, err);
	if (rc == 0)
		rc = mst_recver_keep(r->now.recver, err);
	mst_step();
	return rc < 0 ? rc : cancelled(r, err);
}

int mst_rekey_run(struct mst_rekey *r, struct mst_err *err)
{
	struct mst_session *s = &r->old;
	size_t to;
	int rc = mst_state_run_begin(s->state, s->job.name, &s->run, err);

	r->run = true;
	(void)snprintf(s->run_text, sizeof(s->run_text), "%lld",
		       (long long)s->run);
	if (rc == 0)
		rc = forget(r, err);
	mst_step();
	for (size_t from = 0; from < r->writes_n && rc == 0; from = to) {
		to = from + 1;
		while (to < r->writes_n && to - from < BATCH &&
		       r->writes[to].step == r->writes[from].step)
			to++;
		rc = write_batch(r, from, to, err);
	}
	s->push.applied = r->done;
	s->push.refused = r->refused;
	return rc;
}
