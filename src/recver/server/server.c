/* SPDX-License-Identifier: Apache-2.0
 *
 * A store on a server: opening, closing, transactions.
 */
#include "recver/server/server.h"

#include <stdio.h>
#include <stdlib.h>

#include "recver/server/private.h"
#include "recver/setup.h"

#define VALUE_MAX (64u << 20)

/* ---- what the database says of itself ------------------------------------ */

static int has_meta(struct mst_server *s, const char *name, bool *has_r,
		    struct mst_buf *val, struct mst_err *err)
{
	mst_buf_reset(val);
	return mst_server_meta_get(&s->base, "", name, val, has_r, err);
}

/* One batch, so that a database without a seed is one that nobody has used
 * yet. */
static int found(struct mst_server *s, const char *source, struct mst_err *err)
{
	uint8_t seed[8];
	int rc = mst_recver_seed(seed, err);

	if (rc < 0)
		return rc;
	s->tx.open = true;
	mst_tx_put_meta(s, "", "seed", mst_slice((char *)seed, sizeof(seed)));
	mst_tx_put_meta(s, "", "hash", MST_SLICE_LIT(MST_RECVER_HASH));
	mst_tx_put_meta(s, "", "source", mst_slice_str(source));
	return mst_server_commit(&s->base, err);
}

static int check(struct mst_server *s, const char *source, bool create,
		 struct mst_err *err)
{
	struct mst_buf val = MST_BUF_INIT(65536);
	bool has = false;
	int rc = has_meta(s, "seed", &has, &val, err);

	if (rc == 0 && !has && !s->sets_n && !create)
		rc = mst_err_set(err, MST_E_NOTFOUND,
				 "%s is empty: the first run begins it",
				 s->where);
	else if (rc == 0 && !has && !s->sets_n)
		rc = found(s, source, err);
	else if (rc == 0 && val.n != 8)
		rc =
		    mst_err_set(err, MST_E_CORRUPT,
				"%s is damaged (its seed): put a backup back, "
				"or drop the database; the next run then looks "
				"every record up and delivers what differs",
				s->where);
	if (rc == 0)
		rc = has_meta(s, "hash", &has, &val, err);
	if (rc == 0 && !mst_slice_is(mst_buf_slice(&val), MST_RECVER_HASH))
		rc = mst_err_set(err, MST_E_UNSUPPORTED,
				 "%s holds check sums of another kind "
				 "than " MST_RECVER_HASH
				 ": use the muster that wrote it",
				 s->where);
	if (rc == 0)
		rc = has_meta(s, "source", &has, &val, err);
	if (rc == 0)
		rc = mst_recver_check_source(mst_buf_slice(&val), source,
					     s->database, err);
	mst_buf_fini(&val);
	return rc;
}

/* ---- open, close --------------------------------------------------------- */

static const char *keep_text(struct mst_server *s, const char *text)
{
	return text ? s->texts[s->texts_n++] = mst_strdup(text) : NULL;
}

static void copy_conf(struct mst_server *s, const struct mst_recver_conf *conf)
{
	struct mst_recver_conf *c = &s->conf;

	*c = *conf;
	c->type = keep_text(s, conf->type);
	c->path = keep_text(s, conf->path);
	c->server = keep_text(s, conf->server);
	c->database = keep_text(s, conf->database);
	c->user = keep_text(s, conf->user);
	c->password = keep_text(s, conf->password);
	c->encrypt = keep_text(s, conf->encrypt);
	c->ca_file = keep_text(s, conf->ca_file);
	c->driver = keep_text(s, conf->driver);
	c->replica_set = keep_text(s, conf->replica_set);
	c->auth_source = keep_text(s, conf->auth_source);
}

void mst_server_close(struct mst_recver **r)
{
	struct mst_server *s;

	if (!*r)
		return;
	s = mst_server_of(*r);
	*r = NULL;
	mst_tx_clear(s);
	if (s->renewed_us)
		mst_lease_give_back(s);
	mst_server_lease_fini(s);
	mst_server_disconnect(s);
	mst_server_sets_forget(s);
	free(s->sets);
	for (size_t i = 0; i < s->texts_n; i++)
		free(s->texts[i]);
	free(s->database);
	free(s->where);
	mst_buf_fini(&s->list);
	mst_buf_fini(&s->value);
	free(s);
}

static int upgrade(struct mst_server *s, void *arg, bool *moved_r,
		   struct mst_err *err)
{
	return s->d->upgrade(s->c, err);
}

int mst_server_open(const struct mst_recver_driver *d,
		    const struct mst_recver_ops *ops,
		    const struct mst_recver_conf *conf, const char *source,
		    bool create, struct mst_recver **r_r, struct mst_err *err)
{
	struct mst_server *s = mst_alloc(sizeof(*s));
	struct mst_recver *r = &s->base;
	int rc;

	s->base.ops = ops;
	s->d = d;
	s->sets_stale = true;
	copy_conf(s, conf);
	mst_buf_init(&s->list, MST_RECVER_MAX_LIST);
	mst_buf_init(&s->value, VALUE_MAX);
	s->database = mst_recver_database(conf, source);
	s->where = mst_asprintf("RecVer '%s' on '%s'", s->database,
				conf->server ? conf->server : "this machine");
	s->create = create;
	rc = mst_server_lease_init(s, err);
	if (rc == 0)
		rc = mst_server_connect(s, create, err);
	if (rc == 0)
		rc = mst_server_lease_take(s, err);
	if (rc == 0 && create && d->upgrade)
		rc = mst_server_call(s, upgrade, NULL, err);
	s->create = false;
	if (rc == 0)
		rc = mst_server_sets(s, err);
	if (rc == 0)
		rc = check(s, source, create, err);
	if (rc < 0)
		mst_server_close(&r);
	else
		*r_r = r;
	return rc;
}

/* ---- transactions -------------------------------------------------------- */

int mst_server_begin(struct mst_recver *r, struct mst_err *err)
{
	struct mst_server *s = mst_server_of(r);

	if (s->tx.open)
		return mst_err_set(err, MST_E_INTERNAL,
				   "RecVer: a transaction is open already");
	s->tx.open = true;
	return 0;
}

void mst_server_abort(struct mst_recver *r)
{
	struct mst_server *s = mst_server_of(r);
	size_t n = 0;

	mst_tx_clear(s);
	for (size_t i = 0; i < s->sets_n; i++) {
		struct mst_server_set *v = &s->sets[i];

		v->gone = v->reset = false;
		if (v->is_new) {
			free(v->target);
			free(v->name);
		} else {
			s->sets[n++] = *v;
		}
	}
	s->sets_n = n;
}

/* What the transaction did to the sets is so now. */
static void settle(struct mst_server *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->sets_n; i++) {
		struct mst_server_set *v = &s->sets[i];

		v->is_new = v->reset = false;
		if (v->gone) {
			free(v->target);
			free(v->name);
		} else {
			s->sets[n++] = *v;
		}
	}
	s->sets_n = n;
	mst_tx_clear(s);
}

static int apply(struct mst_server *s, void *arg, bool *moved_r,
		 struct mst_err *err)
{
	int rc = s->d->apply(s->c, s->token, MST_LEASE_MS, arg, err);

	return rc == -MST_E_CONFLICT ? mst_server_lease_lost(s, err) : rc;
}

static void add_sets(struct mst_server *s, struct mst_batch *b,
		     struct mst_batch_set *sets, int64_t *resets)
{
	b->sets = sets;
	b->reset_sets = resets;
	for (size_t i = 0; i < s->sets_n; i++) {
		struct mst_server_set *v = &s->sets[i];

		if (v->reset && !v->is_new)
			resets[b->reset_sets_n++] = v->id;
		if (v->is_new && !v->gone)
			sets[b->sets_n++] =
			    (struct mst_batch_set){v->id, v->target, v->name};
	}
	for (size_t i = 0; i < s->tx.strays_n; i++)
		resets[b->reset_sets_n++] = s->tx.strays[i];
}

static void add_rows(struct mst_server *s, struct mst_batch *b,
		     struct mst_batch_row *rows)
{
	struct mst_pending **v = mst_tx_sorted(s, 0, &b->rows_n);

	for (size_t i = 0; i < b->rows_n; i++)
		rows[i] = v[i]->row;
	b->rows = rows;
	free(v);
}

static void add_metas(struct mst_server *s, struct mst_batch *b,
		      struct mst_batch_meta *metas)
{
	void *p;

	b->metas = metas;
	for (size_t i = 0; mst_map_next(&s->tx.metas, &i, NULL, &p);)
		metas[b->metas_n++] = ((struct mst_pending_meta *)p)->meta;
}

static int write_batch(struct mst_server *s, struct mst_err *err)
{
	struct mst_batch b = {
	    .reset_targets = (const char *const *)s->tx.targets,
	    .reset_targets_n = s->tx.targets_n,
	};
	struct mst_batch_set *sets = mst_alloc((s->sets_n + 1) * sizeof(*sets));
	int64_t *resets =
	    mst_alloc((s->sets_n + s->tx.strays_n + 1) * sizeof(*resets));
	struct mst_batch_row *rows =
	    mst_alloc((s->tx.rows.n + 1) * sizeof(*rows));
	struct mst_batch_meta *metas =
	    mst_alloc((s->tx.metas.n + 1) * sizeof(*metas));
	int rc;

	add_sets(s, &b, sets, resets);
	add_rows(s, &b, rows);
	add_metas(s, &b, metas);
	rc = mst_server_call(s, apply, &b, err);
	free(sets);
	free(resets);
	free(rows);
	free(metas);
	return rc;
}

int mst_server_commit(struct mst_recver *r, struct mst_err *err)
{
	struct mst_server *s = mst_server_of(r);
	int rc;

	if (!s->tx.open)
		return mst_err_set(err, MST_E_INTERNAL,
				   "RecVer: no transaction is open");
	rc = mst_server_enter(s, err);
	if (rc == 0)
		rc = mst_tx_check(s, err);
	if (rc == 0 && !mst_tx_empty(s)) {
		rc = write_batch(s, err);
		/* It may have been written all the same. */
		s->sets_stale = rc < 0;
	}
	if (rc < 0)
		mst_server_abort(r);
	else
		settle(s);
	return rc;
}

static int compact(struct mst_server *s, void *arg, bool *moved_r,
		   struct mst_err *err)
{
	return s->d->compact(s->c, err);
}

int mst_server_compact(struct mst_recver *r, struct mst_err *err)
{
	struct mst_server *s = mst_server_of(r);
	int rc = mst_server_enter(s, err);

	return rc == 0 && s->d->compact ? mst_server_call(s, compact, NULL, err)
					: rc;
}
