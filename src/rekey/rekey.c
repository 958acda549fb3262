/* SPDX-License-Identifier: Apache-2.0
 *
 * Both jobs, and who is who. What the sensor's job delivered is read in the
 * destination: RecVer forgets it early, the rows tell it until the last step.
 */
#include "rekey/private.h"

#include <stdlib.h>

#include "base/limits.h"
#include "net/url.h"
#include "sync/plan.h"
#include "sync/single.h"

#define TEXTS_MAX (2u << 30)

/* ---- both jobs ----------------------------------------------------------- */

/* The job that delivers from the connection to the same instance. */
static int find_job(struct mst_rekey *r, const struct mst_config *config,
		    const char *from, const char **job_r, struct mst_err *err)
{
	const char *const *names;
	const char *found = NULL;
	int rc = mst_config_jobs(config, &r->arena, &names, err);

	for (; rc == 0 && *names; names++) {
		struct mst_err ignored = MST_ERR_INIT;
		struct mst_job job;
		bool fits;

		if (mst_job_get(config, *names, &job, &ignored) < 0)
			continue;
		fits = strcmp(job.conf.source, from) == 0 &&
		       mst_single_instance(&job, &r->now.job);
		mst_job_fini(&job);
		if (fits && found)
			rc = mst_err_set(err, MST_E_UNSUPPORTED,
					 "jobs '%s' and '%s' both deliver from "
					 "'%s': put them into one first",
					 found, *names, from);
		if (fits)
			found = *names;
	}
	if (rc == 0 && found && strcmp(found, r->now.job.name) == 0)
		rc = mst_err_set(err, MST_E_INVALID,
				 "job %s reads '%s' itself: the job that reads "
				 "the console is wanted",
				 found, from);
	if (rc == 0 && !found)
		rc = mst_err_set(err, MST_E_NOTFOUND,
				 "no job delivers from connection '%s' to the "
				 "instance of job %s",
				 from, r->now.job.name);
	*job_r = found;
	return rc;
}

static int check_jobs(const struct mst_rekey *r, struct mst_err *err)
{
	const struct mst_job *now = &r->now.job, *old = &r->old.job;
	const struct mst_source_ops *ops = now->source;

	if (ops != old->source || !ops->place || !ops->member_key ||
	    strcmp(ops->place(now->source_conf),
		   ops->place(old->source_conf)) == 0)
		return mst_err_set(
		    err, MST_E_INVALID,
		    "'%s' and '%s' are no management console and one of its "
		    "sensors: there is nothing to move",
		    now->conf.source, old->conf.source);
	if (old->source_conf->sync)
		return mst_err_set(err, MST_E_CONFLICT,
				   "connection '%s' is in use: set its 'sync: "
				   "no' first, so that no run takes its "
				   "records up again",
				   old->conf.source);
	if (!mst_job_wants(now,
			   mst_catalog_set(now->catalog, MST_REKEY_DEVICES)))
		return mst_err_set(err, MST_E_INVALID,
				   "job %s does not deliver %s: there is "
				   "nobody to match with",
				   now->name, MST_REKEY_DEVICES);
	if (!now->dest->raw_write || !now->dest->claim || !now->dest->scan)
		return mst_err_set(err, MST_E_UNSUPPORTED,
				   "%s writes nothing back", now->dest->title);
	return 0;
}

/* ---- the console's side -------------------------------------------------- */

static struct mst_slice cell(struct mst_rekey *r,
			     const struct mst_plan_change *c, const char *name)
{
	for (size_t i = 0; i < c->cells_n; i++) {
		if (strcmp(c->set->columns[c->cells[i].column].name, name) == 0)
			return mst_arena_dup(&r->arena, c->cells[i].text);
	}
	return mst_slice(NULL, 0);
}

static struct mst_rekey_device *add_device(struct mst_rekey_device **v,
					   size_t *n, size_t *cap)
{
	if (*n == *cap) {
		*cap = *cap ? *cap * 2 : 256;
		*v = mst_realloc(*v, *cap * sizeof(**v));
	}
	(*v)[*n] = (struct mst_rekey_device){.why = NULL};
	return &(*v)[(*n)++];
}

/* "https://10.0.0.5:8443/x" → "10.0.0.5"; a bare host is one as well. */
static struct mst_slice host_of(struct mst_rekey *r, struct mst_slice address)
{
	struct mst_err ignored = MST_ERR_INIT;
	struct mst_url u;

	if (!mst_slice_istarts(address, "http"))
		return address;
	if (mst_url_read(mst_arena_dup(&r->arena, address).p, &u, &ignored) < 0)
		return mst_slice(NULL, 0);
	return mst_slice_str(
	    mst_arena_printf(&r->arena, "%s:%d", u.host, u.port));
}

static void take_sensor(struct mst_rekey *r, const struct mst_plan_change *c)
{
	struct mst_slice host = host_of(r, cell(r, c, "u_interface_address"));

	if (!r->sensor_host.n || !mst_slice_ieq(host, r->sensor_host))
		return;
	if (r->sensor_match.n) {
		r->sensor_why = "several sensors of the console have its "
				"address";
		return;
	}
	r->sensor_match = mst_arena_dup(&r->arena, c->key);
}

static int take_change(void *ctx, const struct mst_plan_change *c)
{
	struct mst_rekey *r = ctx;
	struct mst_rekey_device *d;

	if (c->action != MST_INSERT)
		return 0;
	if (strcmp(c->set->name, MST_REKEY_SENSORS) == 0)
		take_sensor(r, c);
	if (strcmp(c->set->name, MST_REKEY_DEVICES) != 0)
		return 0;
	d = add_device(&r->match.now, &r->match.now_n, &r->nows_cap);
	d->key = mst_arena_dup(&r->arena, c->key);
	d->taken = mst_map_has(&r->taken, d->key);
	d->name = cell(r, c, "u_name");
	d->site = cell(r, c, "u_site");
	d->macs = cell(r, c, "u_mac_addresses");
	d->ips = cell(r, c, "u_ip_addresses");
	return 0;
}

/* "The only one on both sides" is said of whole lists: a device that was not
 * read could be the second one. */
static int check_whole(struct mst_rekey *r, struct mst_err *err)
{
	const struct mst_set_delta *sd =
	    mst_delta_set(&r->now.delta, MST_REKEY_DEVICES);

	if (sd && sd->proven)
		return 0;
	return mst_err_set(err, MST_E_INCOMPLETE,
			   "the devices of '%s' were not read completely, so "
			   "nobody can be matched for certain, and nothing "
			   "was changed: %s",
			   r->now.job.conf.source,
			   sd ? sd->why : "they are not selected");
}

static int read_console(struct mst_rekey *r, struct mst_err *err)
{
	struct mst_recver_stats stats = {0};
	struct mst_session *s = &r->now;

	if (mst_session_read(s, err) < 0 || mst_session_compare(s, err) < 0 ||
	    check_whole(r, err) < 0 ||
	    s->recver->ops->stats(s->recver, s->job.conf.destination,
				  MST_REKEY_DEVICES, &stats, err) < 0)
		return -(int)err->code;
	r->known = stats.groups;
	return mst_plan_each(s, false, take_change, r, err);
}

/* ---- the sensor's side --------------------------------------------------- */

bool mst_rekey_is_of(struct mst_slice key, const char *connection)
{
	size_t n = strlen(connection);

	return key.n > n + 1 && memcmp(key.p, connection, n) == 0 &&
	       key.p[n] == '/';
}

int mst_rekey_scan(struct mst_rekey *r, struct mst_scan *scan, const char *what,
		   struct mst_err *err)
{
	struct mst_session *s = &r->old;
	int rc = s->job.dest->scan(s->dest, scan, err);

	if (rc == 0)
		rc = mst_dest_pump(s->job.dest, s->dest, s->dest_client, err);
	if (rc == 0)
		rc = mst_recver_keep(r->old.recver, err);
	if (rc == 0)
		rc = mst_recver_keep(r->now.recver, err);
	if (rc < 0 || scan->end == MST_SCAN_WHOLE ||
	    scan->end == MST_SCAN_ABSENT)
		return rc;
	return mst_err_set(err, MST_E_FORBIDDEN,
			   "%s cannot be read whole, and nothing was changed: "
			   "%s",
			   what, scan->why);
}

static void take_row(void *ctx, const struct mst_sysid *id MST_UNUSED,
		     const struct mst_slice *v)
{
	struct mst_rekey *r = ctx;
	struct mst_rekey_device *d;

	if (!mst_rekey_is_of(v[0], r->old.job.conf.source))
		return;
	d = add_device(&r->match.old, &r->match.old_n, &r->olds_cap);
	d->key = mst_arena_dup(&r->arena, v[0]);
	d->name = mst_arena_dup(&r->arena, v[1]);
	d->site = mst_arena_dup(&r->arena, v[2]);
	d->macs = mst_arena_dup(&r->arena, v[3]);
	d->ips = mst_arena_dup(&r->arena, v[4]);
}

static void take_appliance(void *ctx, const struct mst_sysid *id MST_UNUSED,
			   const struct mst_slice *v)
{
	struct mst_rekey *r = ctx;

	if (!mst_rekey_is_of(v[0], r->old.job.conf.source))
		return;
	r->sensor_key = mst_arena_dup(&r->arena, v[0]);
	r->sensor_name = mst_arena_dup(&r->arena, v[1]);
	r->sensor_host = host_of(r, v[2]);
	r->sensor_why = "no sensor of the console has its address";
}

static void take_taken(void *ctx, const struct mst_sysid *id MST_UNUSED,
		       const struct mst_slice *v)
{
	struct mst_rekey *r = ctx;

	(void)mst_map_put(&r->taken, mst_arena_dup(&r->arena, v[0]), r);
}

/* Keys of the console that records have. */
static int read_taken(struct mst_rekey *r, struct mst_err *err)
{
	static const char *const columns[] = {"u_key"};
	const struct mst_cond theirs = {"u_source", MST_COND_IS,
					r->now.job.conf.source};
	struct mst_scan scan = {
	    .what = MST_SCAN_TABLE,
	    .table =
		mst_catalog_set(r->old.job.catalog, MST_REKEY_DEVICES)->table,
	    .columns = columns,
	    .columns_n = MST_LEN(columns),
	    .conds = &theirs,
	    .conds_n = 1,
	    .row = take_taken,
	    .ctx = r,
	};

	return mst_rekey_scan(r, &scan, "the list of OT devices", err);
}

static int read_rows(struct mst_rekey *r, struct mst_err *err)
{
	static const char *const devices[] = {
	    "u_key", "u_name", "u_site", "u_mac_addresses", "u_ip_addresses"};
	static const char *const sensors[] = {"u_key", "u_name",
					      "u_interface_address"};
	const struct mst_cond ours = {"u_source", MST_COND_IS,
				      r->old.job.conf.source};
	const struct mst_catalog *c = r->old.job.catalog;
	struct mst_scan scan = {
	    .what = MST_SCAN_TABLE,
	    .table = mst_catalog_set(c, MST_REKEY_SENSORS)->table,
	    .columns = sensors,
	    .columns_n = MST_LEN(sensors),
	    .conds = &ours,
	    .conds_n = 1,
	    .row = take_appliance,
	    .ctx = r,
	};

	if (mst_rekey_scan(r, &scan, "the list of sensors", err) < 0)
		return -(int)err->code;
	scan.table = mst_catalog_set(c, MST_REKEY_DEVICES)->table;
	scan.columns = devices;
	scan.columns_n = MST_LEN(devices);
	scan.row = take_row;
	return mst_rekey_scan(r, &scan, "the list of OT devices", err);
}

/* ---- pairs --------------------------------------------------------------- */

static bool identifies(void *ctx, struct mst_slice mac)
{
	const struct mst_session *s = &((struct mst_rekey *)ctx)->old;

	return !s->job.dest->identifies ||
	       s->job.dest->identifies(s->dest, "mac_address", mac);
}

/* A device that two sensors see is one device of the console: the first one's
 * record is it. */
static void leave_taken(struct mst_rekey_match *m)
{
	for (size_t i = 0; i < m->old_n; i++) {
		size_t at = m->old[i].other;

		if (at == MST_REKEY_NOBODY || !m->now[at].taken)
			continue;
		m->now[at].other = m->old[i].other = MST_REKEY_NOBODY;
		m->old[i].why = "the console's device has a record already, "
				"that of another sensor";
	}
}

static void make_pairs(struct mst_rekey *r)
{
	const struct mst_rekey_match *m = &r->match;

	r->pairs =
	    mst_arena_alloc(&r->arena, (m->old_n + 1) * sizeof(*r->pairs));
	for (size_t i = 0; i < m->old_n; i++) {
		if (m->old[i].other == MST_REKEY_NOBODY)
			continue;
		r->pairs[r->pairs_n++] = (struct mst_rekey_pair){
		    .old = m->old[i].key,
		    .now = m->now[m->old[i].other].key,
		    .name = m->old[i].name,
		    .by = m->old[i].why,
		};
	}
	if (!r->sensor_match.n ||
	    (r->sensor_why && strncmp(r->sensor_why, "several", 7) == 0))
		return;
	r->sensor_why = NULL;
	r->pairs[r->pairs_n++] = (struct mst_rekey_pair){
	    .old = r->sensor_key,
	    .now = r->sensor_match,
	    .name = r->sensor_name,
	    .by = "address",
	    .sensor = true,
	};
}

/* ---- what stays ---------------------------------------------------------- */

const char *const mst_rekey_anew[MST_REKEY_ANEW + 1] = {
    [MST_REKEY_FIRMWARE] = "ot_firmwares",
    [MST_REKEY_LINKS] = "ot_connections",
    [MST_REKEY_SEEN] = "ot_detections",
};

/* Detections of a sensor that is matched go along. */
static int count_left(struct mst_rekey *r, struct mst_err *err)
{
	struct mst_recver *v = r->old.recver;
	const char *target = r->old.job.conf.destination;

	for (size_t i = 0; i < MST_REKEY_ANEW; i++) {
		struct mst_recver_stats stats = {0};

		if (i == MST_REKEY_SEEN && !r->sensor_why)
			continue;
		if (v->ops->stats(v, target, mst_rekey_anew[i], &stats, err) <
		    0)
			return -(int)err->code;
		r->left[i] = stats.members;
	}
	return 0;
}

/* ---- life ---------------------------------------------------------------- */

int mst_rekey_open(struct mst_rekey *r, struct mst_state *state,
		   const struct mst_rekey_conf *conf, struct mst_err *err)
{
	const struct mst_config config = {.state = state};
	struct mst_run_conf now = {.job = conf->job,
				   .look = true,
				   .progress = conf->progress,
				   .cancel = conf->cancel};
	struct mst_run_conf old = {.cancel = conf->cancel};

	*r = (struct mst_rekey){.run = false};
	mst_arena_init(&r->arena, TEXTS_MAX);
	if (mst_session_open(&r->now, state, &now, false, err) < 0 ||
	    find_job(r, &config, conf->from, &old.job, err) < 0 ||
	    mst_session_open(&r->old, state, &old, false, err) < 0 ||
	    check_jobs(r, err) < 0 || mst_session_dest(&r->old, err) < 0 ||
	    read_rows(r, err) < 0 || read_taken(r, err) < 0 ||
	    read_console(r, err) < 0)
		return -(int)err->code;
	r->match.identifies = identifies;
	r->match.ctx = r;
	mst_rekey_match(&r->match);
	leave_taken(&r->match);
	make_pairs(r);
	return count_left(r, err) < 0 ? -(int)err->code
				      : mst_rekey_find(r, err);
}

void mst_rekey_close(struct mst_rekey *r, const struct mst_err *failed)
{
	if (r->old.state)
		(void)mst_session_close(&r->old, failed);
	if (r->now.state)
		(void)mst_session_close(&r->now, failed);
	free(r->match.old);
	free(r->match.now);
	free(r->writes);
	mst_map_fini(&r->taken);
	mst_arena_fini(&r->arena);
	*r = (struct mst_rekey){.run = false};
}
