/* SPDX-License-Identifier: Apache-2.0
 *
 * Items: copies of the changes that were offered, until their verdict.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "dest/servicenow/sn.h"

static size_t texts_size(const struct mst_change *c)
{
	size_t n = c->table.n + c->key.n + c->group.n + 3;

	for (size_t i = 0; i < c->cells_n; i++)
		n += c->cells[i].text.n + 1;
	return n;
}

static struct mst_slice keep(char **p, struct mst_slice s)
{
	struct mst_slice out = {*p, s.n};

	if (s.n)
		memcpy(*p, s.p, s.n);
	(*p)[s.n] = 0;
	*p += s.n + 1;
	return out;
}

#define IDENTITY_MAX 64 /* without the key */

/* What makes two changes the same record: its key below its parent, else its
 * sys_id. */
static size_t identity(const struct mst_change *c, char *out)
{
	char hex[33];
	size_t n;

	if (c->key.n == 0 && mst_sysid_is_zero(&c->remote))
		return (size_t)snprintf(out, IDENTITY_MAX, "#%llu",
					(unsigned long long)c->id);
	if (c->key.n == 0) {
		mst_sysid_hex(&c->remote, hex);
		return (size_t)snprintf(out, IDENTITY_MAX, "@%s", hex);
	}
	mst_sysid_hex(&c->parent, hex);
	n = (size_t)snprintf(out, IDENTITY_MAX, "%s/", hex);
	memcpy(out + n, c->key.p, c->key.n);
	return n + c->key.n;
}

struct sn_item *mst_sn_item_new(const struct mst_change *c)
{
	size_t cells = c->cells_n * sizeof(struct mst_cell);
	size_t size = sizeof(struct sn_item) + cells + texts_size(c) +
		      c->key.n + IDENTITY_MAX;
	struct sn_item *it = mst_alloc(size);
	char *p = (char *)(it + 1) + cells;

	it->c = *c;
	it->bytes = size;
	it->remote = c->remote;
	it->limit = MST_MAX_IRE_ITEMS;
	it->cells = (struct mst_cell *)(it + 1);
	it->c.cells = it->cells;
	it->c.table = keep(&p, c->table);
	it->c.key = keep(&p, c->key);
	it->c.group = keep(&p, c->group);
	for (size_t i = 0; i < c->cells_n; i++) {
		it->cells[i] = c->cells[i];
		it->cells[i].text = keep(&p, c->cells[i].text);
	}
	it->identity = mst_slice(p, identity(c, p));
	return it;
}

void mst_sn_item_free(struct sn_item *it)
{
	for (size_t i = 0; i < it->tokens_n; i++)
		free((void *)(uintptr_t)it->tokens[i].p);
	free(it);
}

const struct mst_cell *mst_sn_cell(const struct sn_item *it, const char *name)
{
	for (size_t i = 0; i < it->c.cells_n; i++) {
		const struct mst_cell *cell = &it->cells[i];

		if (cell->text.n &&
		    strcmp(it->c.set->columns[cell->column].name, name) == 0)
			return cell;
	}
	return NULL;
}

void mst_sn_tell(struct mst_dest *d, const char *fmt, ...)
{
	char text[SN_REASON];
	int n = snprintf(text, sizeof(text), "%s: ", d->env.connection);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text + n, sizeof(text) - (size_t)n, fmt, ap);
	va_end(ap);
	if (d->env.note && !d->cancelled)
		d->env.note(d->env.ctx, text);
}

const char *mst_sn_intern(struct mst_dest *d, struct mst_slice s)
{
	const char *known = mst_map_get(&d->words, s);
	struct mst_slice copy;

	if (known)
		return known;
	copy = mst_arena_dup(&d->arena, s);
	mst_map_put(&d->words, copy, (void *)(uintptr_t)copy.p);
	return copy.p;
}

const struct mst_column *mst_sn_column(const struct mst_set *set,
				       unsigned flags)
{
	for (size_t i = 0; i < set->columns_n; i++) {
		if ((set->columns[i].flags & flags) == flags)
			return &set->columns[i];
	}
	return NULL;
}

void mst_sn_settle(struct mst_dest *d, struct sn_item *it,
		   enum mst_verdict_kind kind, bool inserted,
		   const char *reason)
{
	struct sn_item *behind = it->behind;
	char line[SN_REASON];
	struct mst_verdict v = {
	    .change = it->c.id,
	    .kind = kind,
	    .inserted = inserted && kind == MST_VERDICT_APPLIED,
	    .reopened = it->reopen && kind == MST_VERDICT_APPLIED,
	    .left_alone = it->left_alone && kind == MST_VERDICT_UNCHANGED,
	    .remote = it->remote,
	    .request_id = d->request_id ? d->request_id : "",
	};

	if (!reason && kind == MST_VERDICT_APPLIED)
		reason = it->note;
	if (reason) {
		mst_sn_one_line(line, sizeof(line), mst_slice_str(reason));
		v.reason = line;
	}
	d->wrote_ci = d->wrote_ci || (kind == MST_VERDICT_APPLIED &&
				      it->c.set->writer == MST_WRITE_CI);
	mst_sn_ci_release(d, it);
	mst_map_del(&d->active, it->identity);
	d->items_n--;
	d->items_bytes -= it->bytes;
	d->env.verdict(d->env.ctx, &v);
	mst_sn_item_free(it);
	if (!behind)
		return;
	/* What the first one learned is not carried over: the engine offers
	 * two changes of one record only when it restarts a group. */
	mst_map_put(&d->active, behind->identity, behind);
	if (d->dead.code) {
		mst_sn_settle(d, behind, MST_VERDICT_FAILED, false,
			      d->dead.msg);
		return;
	}
	if (mst_sn_master_need(d, behind))
		mst_sn_start(d, behind);
}

void mst_sn_refuse(struct mst_dest *d, struct sn_item *it, const char *fmt, ...)
{
	char reason[SN_REASON];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	mst_sn_settle(d, it, MST_VERDICT_REFUSED, false, reason);
}

void mst_sn_failed(struct mst_dest *d, struct sn_item *it, const char *fmt, ...)
{
	char reason[SN_REASON];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	mst_sn_settle(d, it, MST_VERDICT_FAILED, false, reason);
}
