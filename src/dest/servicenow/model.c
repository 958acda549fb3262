/* SPDX-License-Identifier: Apache-2.0
 *
 * Finding a model: by its exact name below its company, and of software
 * models by what counts of the version.
 */
#include "dest/servicenow/master.h"

#define PAGES_MAX 20

static void ask(struct mst_dest *d, struct sn_master *m);

/* A query whose clause was dropped brings models of other companies. */
static void take_row(struct sn_master *m, struct mst_json row)
{
	char hex[33];
	struct mst_sysid id;

	if (!mst_sn_row_id(row, &id))
		return;
	mst_sysid_hex(&id, m->after);
	mst_sysid_hex(&m->maker, hex);
	if (m->kind == SN_SOFTWARE &&
	    !mst_slice_eq(mst_sn_member(row, "version"), m->version))
		return;
	if (mst_slice_is(mst_sn_member(row, "manufacturer"), hex))
		mst_sn_master_consider(m, mst_sn_member(row, "name"),
				       mst_sn_member(row, "sys_created_on"),
				       &id);
}

static void take(struct mst_dest *d, void *ctx, const struct sn_answer *a)
{
	struct sn_master *m = ctx;
	struct mst_json_iter it;
	struct mst_json row;
	size_t n = 0;

	if (a->fate == SN_BROKEN && ++m->tries < SN_TRIES) {
		m->page = MST_MAX(m->page / 2, SN_PAGE_LEAST);
		ask(d, m);
		return;
	}
	if (a->fate == SN_REFUSED && a->status != 404) {
		mst_sn_master_settle(d, m, SN_NONE, a->why);
		return;
	}
	if (a->fate != SN_DONE && a->status != 404) {
		mst_sn_master_settle(d, m, SN_GONE, a->why);
		return;
	}
	it = mst_json_iter(mst_json_get(a->root, "result"));
	for (; mst_json_next(&it, NULL, &row); n++)
		take_row(m, row);
	if ((!mst_sn_query_safe(m->name) || m->kind == SN_SOFTWARE) && n &&
	    ++m->pages < PAGES_MAX)
		ask(d, m);
	else
		mst_sn_master_looked(d, m);
}

static void ask(struct mst_dest *d, struct sn_master *m)
{
	struct mst_buf q = MST_BUF_INIT(8192), url = MST_BUF_INIT(32768);
	struct mst_slice part = mst_sn_query_prefix(m->name);
	char hex[33];

	mst_sysid_hex(&m->maker, hex);
	mst_buf_addf(&q, "manufacturer=%s^", hex);
	/* A name that could be syntax: all that begin alike. */
	if (mst_sn_query_safe(m->name))
		mst_buf_addf(&q, "name=%.*s", MST_SLICE_ARG(m->name));
	else if (part.n)
		mst_buf_addf(&q, "nameSTARTSWITH%.*s", MST_SLICE_ARG(part));
	else
		mst_buf_adds(&q, "nameISNOTEMPTY");
	if (*m->after)
		mst_buf_addf(&q, "^sys_id>%s", m->after);
	mst_buf_adds(&q, "^ORDERBYsys_id");
	mst_sn_list_url(&url, mst_slice_str(mst_sn_master_table(d, m->kind)),
			mst_buf_slice(&q),
			"sys_id,name,version,sys_created_on,manufacturer",
			m->page);
	mst_sn_sub_add(d, MST_HTTP_GET, url.p, mst_slice(NULL, 0), take, m);
	mst_buf_fini(&q);
	mst_buf_fini(&url);
}

void mst_sn_model_look(struct mst_dest *d, struct sn_master *m)
{
	m->after[0] = 0;
	m->pages = 0;
	ask(d, m);
}
