/* SPDX-License-Identifier: Apache-2.0
 *
 * Is the CI of a result the right one? A result of IRE only has the index of
 * its input, so an answer that was lost and turns up for another payload reads
 * like the right one. Once an answer of this run was lost or looked like
 * another's, every sys_id is compared with what ServiceNow noted down for the
 * native key (sys_object_source). Fifty in a list.
 */
#include <stdio.h>
#include <stdlib.h>

#include "dest/servicenow/sn.h"

struct sn_verify {
	LIST_ENTRY(sn_verify) link;
	unsigned page, tries;
	struct sn_items items;
	size_t items_n;
};

static void ask(struct mst_dest *d, struct sn_verify *v);

void mst_sn_verify_add(struct mst_dest *d, struct sn_item *it,
		       enum mst_verdict_kind kind, bool inserted)
{
	/* A key that may not stand in a query is believed. */
	if (!d->mixed || !it->c.key.n || !mst_sn_query_safe(it->c.key)) {
		mst_sn_settle(d, it, kind, inserted, NULL);
		return;
	}
	it->kind = kind;
	it->inserted = inserted;
	TAILQ_INSERT_TAIL(&d->verify, it, link);
	d->verify_n++;
}

/* ---- life of a list ------------------------------------------------------ */

static void leave(struct sn_verify *v, struct sn_item *it)
{
	TAILQ_REMOVE(&v->items, it, link);
	v->items_n--;
}

static void verify_free(struct sn_verify *v)
{
	LIST_REMOVE(v, link);
	free(v);
}

void mst_sn_verify_fini(struct mst_dest *d)
{
	while (!LIST_EMPTY(&d->verifies))
		verify_free(LIST_FIRST(&d->verifies));
}

static void good(struct mst_dest *d, struct sn_item *it)
{
	mst_sn_settle(d, it, it->kind, it->inserted, NULL);
}

/* Payloads are idempotent: once more. */
static void wrong(struct mst_dest *d, struct sn_item *it)
{
	it->remote = it->c.remote;
	it->posted = true;
	if (++it->tries >= SN_IRE_TRIES)
		mst_sn_failed(d, it, "the answers of ServiceNow are mixed up");
	else
		mst_sn_ci_back(d, it);
}

/* Nothing says otherwise. */
static void finish(struct mst_dest *d, struct sn_verify *v)
{
	struct sn_item *it;

	while ((it = TAILQ_FIRST(&v->items))) {
		leave(v, it);
		good(d, it);
	}
	verify_free(v);
}

static void fail(struct mst_dest *d, struct sn_verify *v, const char *why)
{
	struct sn_item *it;

	while ((it = TAILQ_FIRST(&v->items))) {
		leave(v, it);
		mst_sn_failed(d, it, "it is not known which CI it is: %s", why);
	}
	verify_free(v);
}

/* ---- answers and requests ------------------------------------------------ */

static struct sn_item *item_of(struct sn_verify *v, struct mst_slice key)
{
	struct sn_item *it;

	TAILQ_FOREACH(it, &v->items, link)
	{
		if (mst_slice_eq(it->c.key, key))
			return it;
	}
	return NULL;
}

static void rows(struct mst_dest *d, struct sn_verify *v,
		 struct mst_json result)
{
	struct mst_json_iter iter = mst_json_iter(result);
	struct mst_json row;
	struct mst_sysid id;
	struct sn_item *it;

	while (mst_json_next(&iter, NULL, &row)) {
		if (!mst_slice_is(mst_sn_member(row, "name"),
				  d->conf->discovery_source) ||
		    !mst_sysid_parse(mst_sn_member(row, "target_sys_id"), &id))
			continue;
		it = item_of(v, mst_sn_member(row, "id"));
		if (!it)
			continue;
		leave(v, it);
		if (memcmp(&it->remote, &id, sizeof(id)) == 0)
			good(d, it);
		else
			wrong(d, it);
	}
}

static void take(struct mst_dest *d, void *ctx, const struct sn_answer *a)
{
	struct sn_verify *v = ctx;

	if (a->fate == SN_BROKEN && ++v->tries < SN_TRIES) {
		v->page = MST_MAX(v->page / 2, SN_PAGE_LEAST);
		ask(d, v);
		return;
	}
	if (a->fate == SN_DONE)
		rows(d, v, mst_json_get(a->root, "result"));
	/* Who may not read them, or has none, has to believe. */
	if (a->fate == SN_DONE || a->fate == SN_REFUSED)
		finish(d, v);
	else
		fail(d, v, a->why);
}

static void ask(struct mst_dest *d, struct sn_verify *v)
{
	struct mst_buf url = MST_BUF_INIT(131072), q = MST_BUF_INIT(65536);
	const struct sn_item *it;
	const char *sep = "";

	mst_buf_addf(&q, "name=%s^idIN", d->conf->discovery_source);
	TAILQ_FOREACH(it, &v->items, link)
	{
		mst_buf_adds(&q, sep);
		mst_buf_add_slice(&q, it->c.key);
		sep = ",";
	}
	mst_buf_adds(&q, "^ORDERBYsys_id");
	mst_sn_list_url(&url, MST_SLICE_LIT("sys_object_source"),
			mst_buf_slice(&q), "sys_id,name,id,target_sys_id",
			v->page);
	mst_sn_sub_add(d, MST_HTTP_GET, url.p, mst_slice(NULL, 0), take, v);
	mst_buf_fini(&url);
	mst_buf_fini(&q);
}

void mst_sn_verify_pump(struct mst_dest *d)
{
	struct sn_item *it;

	while (d->verify_n) {
		struct sn_verify *v = mst_alloc(sizeof(*v));

		v->page = SN_PAGE;
		TAILQ_INIT(&v->items);
		LIST_INSERT_HEAD(&d->verifies, v, link);
		while (v->items_n < SN_IN_LIST &&
		       (it = TAILQ_FIRST(&d->verify))) {
			TAILQ_REMOVE(&d->verify, it, link);
			d->verify_n--;
			TAILQ_INSERT_TAIL(&v->items, it, link);
			v->items_n++;
		}
		ask(d, v);
	}
}

void mst_sn_verify_cancel(struct mst_dest *d)
{
	struct sn_item *it;

	while ((it = TAILQ_FIRST(&d->verify))) {
		TAILQ_REMOVE(&d->verify, it, link);
		d->verify_n--;
		mst_sn_failed(d, it,
			      "cancelled: it is not known which CI it "
			      "is");
	}
}
