/* SPDX-License-Identifier: Apache-2.0
 *
 * CIs that another CI owns (network adapters, addresses): a set with a parent.
 * They have no identity of their own, so a payload names the owner, by its
 * sys_id and class and nothing else, and the relation with it. Classes of
 * owners are read first, fifty in a list; an owner that is not there is not
 * made by what it owns. Where the Table API writes CIs, the relation is a row
 * of its own.
 */
#include <stdio.h>
#include <stdlib.h>

#include "dest/servicenow/sn.h"

#define RELATIONS "cmdb_rel_ci"

struct sn_owner {
	LIST_ENTRY(sn_owner) link;
	unsigned page, tries;
	struct sn_items items;
	size_t ids_n;
	struct mst_sysid ids[SN_IN_LIST];
};

static void ask(struct mst_dest *d, struct sn_owner *o);

bool mst_sn_owned(const struct mst_set *set, struct sn_type *t_r)
{
	if (set->writer != MST_WRITE_CI || !set->parent ||
	    !mst_sn_column(set, MST_COL_PARENT))
		return false;
	if (t_r)
		*t_r = (struct sn_type){"cmdb_rel_type", SN_OWNS};
	return true;
}

/* ---- classes of owners --------------------------------------------------- */

static struct mst_slice key_of(const struct mst_sysid *id)
{
	return mst_slice((const char *)id->b, sizeof(id->b));
}

bool mst_sn_owner_known(const struct mst_dest *d, struct sn_item *it)
{
	it->owner_class = mst_map_get(&d->owner_classes, key_of(&it->c.parent));
	return it->owner_class != NULL;
}

void mst_sn_owner_add(struct mst_dest *d, struct sn_item *it)
{
	TAILQ_INSERT_TAIL(&d->owner, it, link);
	d->owner_n++;
}

static struct sn_item *pop(struct mst_dest *d)
{
	struct sn_item *it = TAILQ_FIRST(&d->owner);

	TAILQ_REMOVE(&d->owner, it, link);
	d->owner_n--;
	return it;
}

static struct sn_item *pop_late(struct mst_dest *d)
{
	struct sn_item *it = TAILQ_FIRST(&d->late);

	TAILQ_REMOVE(&d->late, it, link);
	d->late_n--;
	return it;
}

static void owner_free(struct sn_owner *o)
{
	LIST_REMOVE(o, link);
	free(o);
}

void mst_sn_owner_fini(struct mst_dest *d)
{
	while (!LIST_EMPTY(&d->owners))
		owner_free(LIST_FIRST(&d->owners));
	mst_map_fini(&d->owner_classes);
}

static bool has(const struct sn_owner *o, const struct mst_sysid *id)
{
	for (size_t i = 0; i < o->ids_n; i++) {
		if (memcmp(&o->ids[i], id, sizeof(*id)) == 0)
			return true;
	}
	return false;
}

static void finish(struct mst_dest *d, struct sn_owner *o, const char *why)
{
	struct sn_item *it;

	while ((it = TAILQ_FIRST(&o->items))) {
		TAILQ_REMOVE(&o->items, it, link);
		if (mst_sn_owner_known(d, it))
			mst_sn_ci_start(d, it);
		else if (why)
			mst_sn_failed(d, it, "cannot look its owner up: %s",
				      why);
		else
			mst_sn_refuse(d, it,
				      "its owner is not in the CMDB any more, "
				      "or the user may not see it");
	}
	owner_free(o);
}

/* Rows of a page; false when they are not what was asked for. */
static bool rows(struct mst_dest *d, struct sn_owner *o, struct mst_json result)
{
	struct mst_json_iter it = mst_json_iter(result);
	struct mst_json row;
	struct mst_sysid id;

	while (mst_json_next(&it, NULL, &row)) {
		struct mst_slice klass = mst_sn_member(row, "sys_class_name");

		if (!mst_sn_row_id(row, &id) || !has(o, &id))
			return false;
		if (!mst_sn_name_ok(klass) ||
		    mst_map_has(&d->owner_classes, key_of(&id)))
			continue;
		mst_map_put(&d->owner_classes,
			    mst_arena_dup(&d->arena, key_of(&id)),
			    (void *)(uintptr_t)mst_sn_intern(d, klass));
	}
	return true;
}

static void take(struct mst_dest *d, void *ctx, const struct sn_answer *a)
{
	struct sn_owner *o = ctx;

	if (a->fate == SN_BROKEN && ++o->tries < SN_TRIES) {
		o->page = MST_MAX(o->page / 2, SN_PAGE_LEAST);
		ask(d, o);
	} else if (a->fate == SN_REFUSED && a->status == 404) {
		finish(d, o, NULL); /* an empty list */
	} else if (a->fate != SN_DONE) {
		finish(d, o, a->why);
	} else if (!rows(d, o, mst_json_get(a->root, "result"))) {
		finish(d, o, "ServiceNow ignores the query");
	} else {
		finish(d, o, NULL);
	}
}

static void ask(struct mst_dest *d, struct sn_owner *o)
{
	struct mst_buf url = MST_BUF_INIT(SN_MAX_URL), q = MST_BUF_INIT(4096);
	char hex[33];

	mst_buf_adds(&q, "sys_idIN");
	for (size_t i = 0; i < o->ids_n; i++) {
		mst_sysid_hex(&o->ids[i], hex);
		mst_buf_addf(&q, "%s%s", i ? "," : "", hex);
	}
	mst_sn_list_url(&url, MST_SLICE_LIT("cmdb_ci"), mst_buf_slice(&q),
			"sys_id,sys_class_name", o->page);
	mst_sn_sub_add(d, MST_HTTP_GET, url.p, mst_slice(NULL, 0), take, o);
	mst_buf_fini(&url);
	mst_buf_fini(&q);
}

void mst_sn_owner_pump(struct mst_dest *d)
{
	while (d->owner_n) {
		struct sn_owner *o = mst_alloc(sizeof(*o));

		o->page = SN_PAGE;
		TAILQ_INIT(&o->items);
		LIST_INSERT_HEAD(&d->owners, o, link);
		while (d->owner_n) {
			const struct mst_sysid *id =
			    &TAILQ_FIRST(&d->owner)->c.parent;
			struct sn_item *it;

			if (!has(o, id) && o->ids_n == MST_LEN(o->ids))
				break;
			if (!has(o, id))
				o->ids[o->ids_n++] = *id;
			it = pop(d);
			TAILQ_INSERT_TAIL(&o->items, it, link);
		}
		ask(d, o);
	}
}

void mst_sn_owner_cancel(struct mst_dest *d)
{
	while (d->owner_n)
		mst_sn_failed(d, pop(d), "cancelled");
	while (d->late_n)
		mst_sn_failed(d, pop_late(d), "cancelled");
}

/* ---- retiring ------------------------------------------------------------ */

/* A device that has another id now is the same CI, and so is what it owns: the
 * new id finds that, and it must not be retired for the old one behind it. */
void mst_sn_owned_late(struct mst_dest *d, struct sn_item *it)
{
	TAILQ_INSERT_TAIL(&d->late, it, link);
	d->late_n++;
}

void mst_sn_owned_late_pump(struct mst_dest *d)
{
	/* Every other record has its verdict. */
	if (d->active.n != d->late_n)
		return;
	while (d->late_n) {
		struct sn_item *it = pop_late(d);

		if (mst_sn_ci_given(d, &it->c.remote))
			mst_sn_settle(d, it, MST_VERDICT_UNCHANGED, false,
				      "another record has it now");
		else
			mst_sn_ci_retire(d, it);
	}
}

/* ---- payloads ------------------------------------------------------------ */

/* Its place among the owners of the payload; call->owners_n: it is new. */
static size_t place_of(const struct sn_call *call, const struct mst_sysid *id)
{
	size_t i = 0;

	while (i < call->owners_n &&
	       memcmp(&call->owners[i].id, id, sizeof(*id)) != 0)
		i++;
	return i;
}

/* Payloads that insert below one CI would wait for each other's locks. */
bool mst_sn_owner_hold(struct mst_dest *d, struct sn_call *call,
		       const struct sn_item *it)
{
	const struct sn_call *other;
	struct sn_call_owner *o;
	size_t at;

	if (!it->owner_class)
		return true;
	other = mst_map_get(&d->owned_by, key_of(&it->c.parent));
	if (other && other != call)
		return false;
	if (!call->owners) {
		call->owners =
		    mst_alloc(MST_MAX_IRE_ITEMS * sizeof(struct sn_call_owner));
		call->relations = mst_alloc(MST_MAX_IRE_ITEMS * sizeof(size_t));
	}
	at = place_of(call, &it->c.parent);
	if (at < call->owners_n)
		return true;
	o = &call->owners[call->owners_n++];
	*o = (struct sn_call_owner){it->c.parent, it->owner_class};
	mst_map_put(&d->owned_by, key_of(&o->id), call);
	return true;
}

void mst_sn_owner_release(struct mst_dest *d, struct sn_call *call)
{
	for (size_t i = 0; i < call->owners_n; i++)
		mst_map_del(&d->owned_by, key_of(&call->owners[i].id));
	free(call->owners);
	free(call->relations);
	call->owners = NULL;
	call->relations = NULL;
	call->owners_n = call->relations_n = 0;
}

static void add_owner(const struct sn_call_owner *o, struct mst_jout *j)
{
	char hex[33];

	mst_sysid_hex(&o->id, hex);
	mst_jout_obj(j);
	mst_jout_kstr(j, "className", o->klass);
	mst_jout_key(j, "values");
	mst_jout_obj(j);
	mst_jout_kstr(j, "sys_id", hex);
	mst_jout_end_obj(j);
	mst_jout_key(j, "settings");
	mst_jout_obj(j);
	mst_jout_kbool(j, "updateWithoutDowngrade", true);
	mst_jout_kbool(j, "updateWithoutSwitch", true);
	mst_jout_end_obj(j);
	mst_jout_end_obj(j);
}

void mst_sn_owner_items(struct mst_dest *d, struct sn_call *call)
{
	for (size_t i = 0; i < call->owners_n; i++) {
		struct mst_jout j;

		mst_buf_reset(&d->scratch);
		mst_jout_init(&j, &d->scratch);
		add_owner(&call->owners[i], &j);
		mst_buf_addc(&d->body, ',');
		mst_buf_add_slice(&d->body, mst_buf_slice(&d->scratch));
	}
}

void mst_sn_owner_relations(struct mst_dest *d, struct sn_call *call)
{
	call->relations_n = 0;
	if (!call->owners_n)
		return;
	mst_buf_adds(&d->body, ",\"relations\":[");
	for (size_t i = 0; i < call->items_n; i++) {
		const struct sn_item *it = call->items[i];

		if (!it->owner_class)
			continue;
		mst_buf_addf(&d->body,
			     "%s{\"parent\":%zu,\"child\":%zu,\"type\":"
			     "\"" SN_OWNS "\"}",
			     call->relations_n ? "," : "",
			     call->items_n + place_of(call, &it->c.parent), i);
		call->relations[call->relations_n++] = i;
	}
	mst_buf_addc(&d->body, ']');
}

/* ---- the relation as a row ----------------------------------------------- */

static void look(struct mst_dest *d, struct sn_item *it);

static void related(struct mst_dest *d, struct sn_item *it)
{
	mst_sn_settle(d, it, it->kind, it->inserted, NULL);
}

static void take_post(struct mst_dest *d, void *ctx, const struct sn_answer *a)
{
	struct sn_item *it = ctx;

	it->kind = MST_VERDICT_APPLIED;
	if (a->fate == SN_DONE)
		related(d, it);
	else if (a->fate == SN_LOST && ++it->tries < SN_TRIES)
		look(d, it); /* did it land? */
	else if (a->fate == SN_REFUSED)
		mst_sn_refuse(d, it, "its relation with its owner: %s (%d)",
			      a->why, a->status);
	else
		mst_sn_failed(d, it, "its relation with its owner: %s", a->why);
}

static void names(const struct mst_dest *d, const struct sn_item *it,
		  char parent[33], char child[33], char type[33])
{
	struct mst_sysid id;
	struct sn_type t;

	(void)mst_sn_owned(it->c.set, &t);
	id = mst_sn_relation_id(d, &t);
	mst_sysid_hex(&id, type);
	mst_sysid_hex(&it->c.parent, parent);
	mst_sysid_hex(&it->remote, child);
}

static void post(struct mst_dest *d, struct sn_item *it)
{
	char parent[33], child[33], type[33];
	struct mst_jout j;

	names(d, it, parent, child, type);
	mst_buf_reset(&d->scratch);
	mst_jout_init(&j, &d->scratch);
	mst_jout_obj(&j);
	mst_jout_kstr(&j, "parent", parent);
	mst_jout_kstr(&j, "child", child);
	mst_jout_kstr(&j, "type", type);
	mst_jout_end_obj(&j);
	mst_sn_sub_add(d, MST_HTTP_POST,
		       "/api/now/table/" RELATIONS "?sysparm_fields=sys_id"
		       "&sysparm_exclude_reference_link=true",
		       mst_buf_slice(&d->scratch), take_post, it);
}

static void take_look(struct mst_dest *d, void *ctx, const struct sn_answer *a)
{
	struct mst_json_iter rows =
	    mst_json_iter(mst_json_get(a->root, "result"));
	char parent[33], child[33], type[33];
	struct sn_item *it = ctx;
	struct mst_json row;

	if (a->fate != SN_DONE &&
	    !(a->fate == SN_REFUSED && a->status == 404)) {
		mst_sn_failed(d, it, "its relation with its owner: %s", a->why);
		return;
	}
	names(d, it, parent, child, type);
	while (a->fate == SN_DONE && mst_json_next(&rows, NULL, &row)) {
		if (!mst_slice_is(mst_sn_member(row, "parent"), parent) ||
		    !mst_slice_is(mst_sn_member(row, "child"), child) ||
		    !mst_slice_is(mst_sn_member(row, "type"), type)) {
			mst_sn_refuse(d, it,
				      "its relation with its owner cannot be "
				      "looked up: ServiceNow ignores the "
				      "query, or a column is hidden");
			return;
		}
		related(d, it);
		return;
	}
	post(d, it);
}

static void look(struct mst_dest *d, struct sn_item *it)
{
	struct mst_buf url = MST_BUF_INIT(SN_MAX_URL), q = MST_BUF_INIT(1024);
	char parent[33], child[33], type[33];

	names(d, it, parent, child, type);
	mst_buf_addf(&q, "parent=%s^child=%s^type=%s", parent, child, type);
	mst_sn_list_url(&url, MST_SLICE_LIT(RELATIONS), mst_buf_slice(&q),
			"sys_id,parent,child,type", 2);
	mst_sn_sub_add(d, MST_HTTP_GET, url.p, mst_slice(NULL, 0), take_look,
		       it);
	mst_buf_fini(&url);
	mst_buf_fini(&q);
}

bool mst_sn_owned_relate(struct mst_dest *d, struct sn_item *it,
			 enum mst_verdict_kind kind, bool inserted)
{
	struct mst_sysid type;
	struct sn_type t;

	if (it->c.action == MST_RETIRE || !mst_sn_owned(it->c.set, &t))
		return false;
	type = mst_sn_relation_id(d, &t);
	if (mst_sysid_is_zero(&type)) {
		mst_sn_refuse(d, it, "the relation type \"%s\" is not known",
			      t.name);
		return true;
	}
	it->kind = kind;
	it->inserted = inserted;
	it->tries = 0;
	look(d, it);
	return true;
}
