/* SPDX-License-Identifier: Apache-2.0
 *
 * SoftwareVulnerabilityChangesByMachine: the difference between the estate as
 * it was when the six-hour window of sinceTime began and as it is now. The
 * earlier estate is made again from the seed and the steps since.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/num.h"
#include "base/time.h"
#include "sim/mde.h"

#define WINDOW_US (6ll * 3600 * 1000000)
#define REACH_US  (14 * EST_DAY_US)

/* The rows of one device, by identity. */
struct rows {
	struct mst_map seen;
	struct mst_arena arena;
};

struct diff {
	struct sim_mde *m;
	struct rows *other; /* what the other side has */
	struct rows *own;
	bool updates;	    /* say Updated too */
	const char *absent; /* status of rows that the other side lacks */
	const char *event;
};

struct entry {
	uint64_t sign; /* of what makes a row Updated */
	bool passed;   /* its row of the other side was looked at */
};

void mde_changes_forget(struct sim_mde *m)
{
	mst_buf_fini(&m->changes);
	free(m->change_at);
	m->change_at = NULL;
	m->changes_n = m->changes_cap = 0;
	m->changes_since = 0;
}

static struct mst_slice identity(struct rows *rows, const struct est_vuln *r)
{
	return mst_slice_str(
	    mst_arena_printf(&rows->arena, "%s|%s|%s|%s", r->product->vendor,
			     r->product->name, r->version, r->fact->id));
}

static uint64_t sign_of(const struct est_vuln *r)
{
	uint64_t h = mst_hash64(r->severity, strlen(r->severity),
				(uint64_t)(r->score * 10));

	for (unsigned i = 0; i < r->disk_n; i++)
		h = mst_hash64(r->disk[i], strlen(r->disk[i]), h);
	return h;
}

static bool keep_row(void *ctx, const struct est_vuln *r)
{
	struct rows *rows = ctx;
	struct entry *en;
	struct mst_slice key;

	if (!r->fact || r->fixed)
		return true;
	key = identity(rows, r);
	if (mst_map_has(&rows->seen, key))
		return true;
	en = mst_arena_alloc(&rows->arena, sizeof(*en));
	en->sign = sign_of(r);
	mst_map_put(&rows->seen, key, en);
	return true;
}

static void add_row(struct sim_mde *m, const struct est_vuln *r,
		    const char *status, const char *event)
{
	if (m->changes_n + 2 > m->changes_cap) {
		m->changes_cap = m->changes_cap ? m->changes_cap * 2 : 256;
		m->change_at = mst_realloc(
		    m->change_at, m->changes_cap * sizeof(*m->change_at));
	}
	m->change_at[m->changes_n++] = m->changes.n;
	mde_write_vuln(&m->changes, r, MDE_JSON, status, event);
	m->change_at[m->changes_n] = m->changes.n;
}

static bool diff_row(void *ctx, const struct est_vuln *r)
{
	struct diff *d = ctx;
	struct entry *mine, *other;
	struct mst_slice key;

	if (!r->fact || r->fixed)
		return true;
	key = identity(d->other, r);
	mine = mst_map_get(&d->own->seen, key);
	other = mst_map_get(&d->other->seen, key);
	if (!mine || mine->passed)
		return true; /* a repeated row */
	mine->passed = true;
	if (!other)
		add_row(d->m, r, d->absent, d->event);
	else if (d->updates && other->sign != mine->sign)
		add_row(d->m, r, "Updated", d->event);
	return true;
}

static void each_row(const struct sim_estate *e, const struct est_device *d,
		     bool (*fn)(void *ctx, const struct est_vuln *row),
		     void *ctx)
{
	for (unsigned pass = 0; d && pass < 2; pass++)
		sim_estate_vulns(e, d, pass, 0, fn, ctx);
}

static void diff_device(struct mst_sim *sim, const struct sim_estate *old,
			const struct est_device *was,
			const struct est_device *is, const char *event)
{
	struct rows a = {0}, b = {0};
	struct diff gone = {sim->mde, &b, &a, false, "Fixed", event};
	struct diff come = {sim->mde, &a, &b, true, "New", event};

	mst_arena_init(&a.arena, 1u << 28);
	mst_arena_init(&b.arena, 1u << 28);
	each_row(old, was, keep_row, &a);
	each_row(sim->estate, is, keep_row, &b);
	each_row(old, was, diff_row, &gone);
	each_row(sim->estate, is, diff_row, &come);
	mst_map_fini(&a.seen);
	mst_map_fini(&b.seen);
	mst_arena_fini(&a.arena);
	mst_arena_fini(&b.arena);
}

/* The estate as it was before the steps of `since` and later. */
static struct sim_estate *earlier(struct mst_sim *sim, int64_t since_us)
{
	struct sim_estate *e =
	    sim_estate_new(sim->conf.seed, sim->conf.devices,
			   sim->conf.cve_rows, sim->conf.empty);
	struct mst_err err = MST_ERR_INIT;

	for (size_t i = 0; i < sim->ops_n; i++) {
		const struct sim_op *op = &sim->ops[i];
		int64_t at = sim_estate_now_us(e);

		if (op->kind == SIM_OP_DAY)
			at = EST_DAY0_US + op->day * EST_DAY_US;
		if (at >= since_us)
			break;
		if (op->kind == SIM_OP_DAY)
			sim_estate_day(e, (unsigned)op->day);
		else if (op->kind == SIM_OP_CHANGE)
			sim_estate_change(e, op->percent);
		else if (op->kind == SIM_OP_DEVICES)
			sim_estate_hand(e, mst_slice_str(op->json), &err);
		else if (op->kind == SIM_OP_REMOVE)
			sim_estate_remove(e, mst_slice_str(op->json), &err);
	}
	return e;
}

static void make_changes(struct mst_sim *sim, int64_t since_us)
{
	struct sim_estate *old = earlier(sim, since_us), *e = sim->estate;
	char event[24];

	mde_changes_forget(sim->mde);
	mst_buf_init(&sim->mde->changes, SIM_MAX_REPLY);
	sim->mde->changes_since = since_us;
	mst_time_sn(sim_estate_now_us(e), event);
	for (size_t i = 0; i < e->devices_n; i++) {
		const struct est_device *was =
		    sim_estate_find(old, e->devices[i].id);

		diff_device(sim, old, was, &e->devices[i], event);
	}
	sim_estate_free(&old);
}

static bool read_since(struct mst_sim *sim, const struct sim_request *r,
		       struct sim_reply *reply, int64_t *since_r)
{
	const char *text = sim_iquery(r, "sinceTime");
	int64_t now = sim_estate_now_us(sim->estate), us;

	if (!text) {
		sim_mde_error(reply, 400, "MissingRequiredParameter",
			      "The required parameter sinceTime is missing");
		return false;
	}
	if (!mst_time_parse(mst_slice_str(text), &us) || us == MST_TIME_NONE) {
		sim_mde_error(reply, 400, "InvalidInput",
			      "sinceTime is not a time");
		return false;
	}
	if (us < now - REACH_US) {
		sim_mde_error(reply, 400, "InvalidInput",
			      "sinceTime reaches back more than 14 days");
		return false;
	}
	*since_r = us - us % WINDOW_US;
	return true;
}

void mde_serve_changes(struct mst_sim *sim, const struct sim_request *r,
		       struct sim_reply *reply)
{
	struct sim_mde *m = sim->mde;
	const char *page_text = sim_iquery(r, "pageSize");
	const char *token = sim_iquery(r, "$skiptoken");
	int64_t since, page = 50000, from = 0, to;

	if (!read_since(sim, r, reply, &since))
		return;
	if ((page_text && (!mst_num_i64(mst_slice_str(page_text), &page) ||
			   page < 1 || page > 200000)) ||
	    (token &&
	     (!mst_num_i64(mst_slice_str(token), &from) || from < 0))) {
		sim_mde_error(reply, 400, "BadRequest",
			      "The query is not valid");
		return;
	}
	if (!m->changes.max || m->changes_since != since)
		make_changes(sim, since);
	from = MST_MIN(from, (int64_t)m->changes_n);
	to = MST_MIN(from + page, (int64_t)m->changes_n);
	mst_buf_addf(&reply->body,
		     "{\"@odata.context\":\"%s/api/$metadata#Collection("
		     "microsoft.windowsDefenderATP.api.DeltaAssetVulnerability"
		     ")\",\"value\":[",
		     r->base);
	for (int64_t i = from; i < to; i++) {
		if (i > from)
			mst_buf_addc(&reply->body, ',');
		mst_buf_add(&reply->body, m->changes.p + m->change_at[i],
			    m->change_at[i + 1] - m->change_at[i]);
	}
	mst_buf_addc(&reply->body, ']');
	if (to < (int64_t)m->changes_n) {
		mst_buf_addf(&reply->body,
			     ",\"@odata.nextLink\":\"%s%s?pagesize=%lld&"
			     "sincetime=",
			     r->base, r->path, (long long)page);
		mst_buf_add_uri(&reply->body,
				mst_slice_str(sim_iquery(r, "sinceTime")));
		mst_buf_addf(&reply->body, "&$skiptoken=%lld\"", (long long)to);
	}
	mst_buf_addc(&reply->body, '}');
}
