/* SPDX-License-Identifier: Apache-2.0
 *
 * See fake_server.h. Tables are arrays: this is for a few hundred groups, and
 * for 100,000 that come in order.
 */
#include "tests/lib/t.h"

#include "tests/contract/fake_server.h"

#include <stdio.h>
#include <stdlib.h>

struct group {
	int64_t set;
	uint8_t key[16];
	struct mst_group_row row;
	char *text, *list;
	size_t list_n;
};

struct set {
	int64_t id;
	char *target, *name;
};

struct value {
	char *target, *name, *bytes;
	size_t n;
};

struct tables {
	struct group *groups; /* in order of set and key */
	size_t groups_n, groups_cap;
	struct set sets[64];
	size_t sets_n;
	struct value values[64];
	size_t values_n;
};

struct database {
	struct database *next;
	char *name;
	struct tables t;
	struct mst_lease lease;
};

struct connection {
	struct database *d;
	bool dead;
};

struct fake fake;
static struct database *databases;

static void forget_group(struct group *g)
{
	free(g->text);
	free(g->list);
}

static void forget_databases(void)
{
	while (databases) {
		struct database *d = databases;

		databases = d->next;
		for (size_t i = 0; i < d->t.groups_n; i++)
			forget_group(&d->t.groups[i]);
		for (size_t i = 0; i < d->t.sets_n; i++) {
			free(d->t.sets[i].target);
			free(d->t.sets[i].name);
		}
		for (size_t i = 0; i < d->t.values_n; i++) {
			free(d->t.values[i].target);
			free(d->t.values[i].name);
			free(d->t.values[i].bytes);
		}
		free(d->t.groups);
		free(d->name);
		free(d);
	}
}

void fake_reset(void)
{
	forget_databases();
	fake = (struct fake){0};
}

/* ---- faults -------------------------------------------------------------- */

static enum fake_how fate(void)
{
	fake.calls++;
	if (!fake.fails_at || fake.calls < fake.fails_at ||
	    fake.calls >= fake.fails_at + MST_MAX(fake.fails_n, 1))
		return FAKE_WORKS;
	return fake.how;
}

static int lost(struct connection *c, struct mst_err *err)
{
	if (c)
		c->dead = true;
	return mst_err_set(err, MST_E_TRANSIENT, "the connection was lost");
}

static int refused(struct mst_err *err)
{
	return mst_err_set(err, MST_E_FORBIDDEN,
			   "permission denied: grant muster_agent");
}

/* Before a call does anything; *how_r: what comes of it later. */
static int enter(struct connection *c, enum fake_how *how_r,
		 struct mst_err *err)
{
	*how_r = fate();
	if (c && c->dead)
		fail_msg("a lost connection is used");
	if (*how_r == FAKE_BEFORE)
		return lost(c, err);
	return *how_r == FAKE_REFUSED ? refused(err) : 0;
}

static int leave(struct connection *c, enum fake_how how, int rc,
		 struct mst_err *err)
{
	return how == FAKE_AFTER && rc == 0 ? lost(c, err) : rc;
}

/* ---- connections --------------------------------------------------------- */

static struct database *find_database(const char *name)
{
	struct database *d = databases;

	while (d && strcmp(d->name, name) != 0)
		d = d->next;
	return d;
}

static int fake_connect(const struct mst_recver_conf *conf,
			const char *database, bool create, void **c_r,
			struct mst_err *err)
{
	struct database *d = find_database(database);
	struct connection *c;
	enum fake_how how;
	int rc = enter(NULL, &how, err);

	fake.connects++;
	if (rc < 0)
		return rc;
	if (!d && !create)
		return mst_err_set(err, MST_E_NOTFOUND,
				   "database '%s' does not exist yet",
				   database);
	if (!d) {
		d = mst_alloc(sizeof(*d));
		d->name = mst_strdup(database);
		d->next = databases;
		databases = d;
		d->t.values[d->t.values_n++] = (struct value){
		    mst_strdup(""), mst_strdup("schema"), mst_strdup("1"), 1};
	}
	if (how == FAKE_AFTER)
		return lost(NULL, err);
	c = mst_alloc(sizeof(*c));
	c->d = d;
	fake.open++;
	*c_r = c;
	return 0;
}

static void fake_disconnect(void *p)
{
	fake.open--;
	free(p);
}

/* ---- lease --------------------------------------------------------------- */

struct mst_lease fake_lease(const char *database)
{
	return find_database(database)->lease;
}

void fake_steal(const char *database, const struct mst_lease *l)
{
	find_database(database)->lease = *l;
}

void fake_expire(const char *database)
{
	find_database(database)->lease.expired = true;
}

static int lease_read(void *p, struct mst_lease *l_r, struct mst_err *err)
{
	struct connection *c = p;
	enum fake_how how;
	int rc = enter(c, &how, err);

	if (rc == 0)
		*l_r = c->d->lease;
	return leave(c, how, rc, err);
}

static int lease_swap(void *p, const char *from, const struct mst_lease *to,
		      int64_t for_ms, bool *done_r, struct mst_err *err)
{
	struct connection *c = p;
	enum fake_how how;
	int rc = enter(c, &how, err);

	if (rc < 0)
		return rc;
	*done_r = strcmp(c->d->lease.token, from) == 0;
	if (*done_r) {
		c->d->lease = *to;
		c->d->lease.expired = false;
	}
	return leave(c, how, rc, err);
}

/* ---- reading ------------------------------------------------------------- */

static int sets(void *p, int (*fn)(void *ctx, const struct mst_batch_set *s),
		void *ctx, struct mst_err *err)
{
	struct connection *c = p;
	enum fake_how how;
	int rc = enter(c, &how, err);

	for (size_t i = 0; i < c->d->t.sets_n && rc == 0; i++) {
		struct mst_batch_set s = {c->d->t.sets[i].id,
					  c->d->t.sets[i].target,
					  c->d->t.sets[i].name};

		if (how == FAKE_AFTER && i)
			break;
		rc = fn(ctx, &s);
	}
	return leave(c, how, rc, err);
}

static struct value *find_value(struct tables *t, const char *target,
				const char *name)
{
	for (size_t i = 0; i < t->values_n; i++) {
		if (strcmp(t->values[i].target, target) == 0 &&
		    strcmp(t->values[i].name, name) == 0)
			return &t->values[i];
	}
	return NULL;
}

static int meta_get(void *p, const char *target, const char *name,
		    struct mst_buf *val, bool *found_r, struct mst_err *err)
{
	struct connection *c = p;
	const struct value *v;
	enum fake_how how;
	int rc = enter(c, &how, err);

	if (rc < 0)
		return rc;
	v = find_value(&c->d->t, target, name);
	*found_r = v != NULL;
	if (v)
		(void)mst_buf_add(val, v->bytes, v->n);
	return leave(c, how, rc, err);
}

static int order(int64_t set, const uint8_t *key, const struct group *g)
{
	if (set != g->set)
		return set < g->set ? -1 : 1;
	return memcmp(key, g->key, 16);
}

/* Where the key is, or would be. */
static size_t place(const struct tables *t, int64_t set, const uint8_t *key,
		    bool *found_r)
{
	size_t lo = 0, hi = t->groups_n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (order(set, key, &t->groups[mid]) > 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	*found_r = lo < t->groups_n && order(set, key, &t->groups[lo]) == 0;
	return lo;
}

static int load(void *p, int64_t set, const uint8_t *after,
		int (*fn)(void *ctx, const struct mst_group_row *row,
			  bool has_list),
		void *ctx, struct mst_err *err)
{
	static const uint8_t zero[16];
	struct connection *c = p;
	const struct tables *t = &c->d->t;
	enum fake_how how;
	int rc = enter(c, &how, err);
	bool found;
	size_t i;

	i = place(t, set, after ? after : zero, &found);
	i += after && found;
	for (size_t n = 0; i < t->groups_n && rc == 0; i++, n++) {
		if (t->groups[i].set != set || (how == FAKE_AFTER && n == 2))
			break;
		rc = fn(ctx, &t->groups[i].row, t->groups[i].list != NULL);
	}
	return leave(c, how, rc, err);
}

static int lists(void *p, int64_t set, const struct mst_hash *keys, size_t n,
		 int (*fn)(void *ctx, const struct mst_hash *key,
			   struct mst_slice list, uint32_t members),
		 void *ctx, struct mst_err *err)
{
	struct connection *c = p;
	enum fake_how how;
	int rc = enter(c, &how, err);

	/* In no order that anybody could count on. */
	for (size_t i = n; i-- > 0 && rc == 0;) {
		const struct group *g;
		uint8_t key[16];
		bool found;

		if (how == FAKE_AFTER && i + 2 < n)
			break;
		mst_recver_hash_put(keys[i], key);
		g = &c->d->t.groups[place(&c->d->t, set, key, &found)];
		if (found)
			rc = fn(ctx, &keys[i], mst_slice(g->list, g->list_n),
				g->row.members);
	}
	return leave(c, how, rc, err);
}

static int stats(void *p, const int64_t *wanted, size_t n,
		 struct mst_recver_stats *s_r, struct mst_err *err)
{
	struct connection *c = p;
	const struct tables *t = &c->d->t;
	enum fake_how how;
	int rc = enter(c, &how, err);

	for (size_t i = 0; i < t->groups_n && rc == 0; i++) {
		const struct group *g = &t->groups[i];
		bool count = n == 0;

		for (size_t k = 0; k < n; k++)
			count |= wanted[k] == g->set;
		s_r->bytes += sizeof(*g) + g->row.text.n + g->list_n;
		if (!count)
			continue;
		s_r->groups++;
		s_r->members += g->row.members;
		s_r->dirty += g->row.state == MST_GROUP_DIRTY;
		s_r->pending += g->row.state == MST_GROUP_PENDING;
	}
	return leave(c, how, rc, err);
}

/* ---- writing ------------------------------------------------------------- */

static void drop_groups(struct tables *t, int64_t set)
{
	size_t n = 0;

	for (size_t i = 0; i < t->groups_n; i++) {
		if (t->groups[i].set == set)
			forget_group(&t->groups[i]);
		else
			t->groups[n++] = t->groups[i];
	}
	t->groups_n = n;
}

static void drop_target(struct tables *t, const char *target)
{
	size_t n = 0, m = 0;

	for (size_t i = 0; i < t->sets_n; i++) {
		if (strcmp(t->sets[i].target, target) != 0) {
			t->sets[n++] = t->sets[i];
			continue;
		}
		free(t->sets[i].target);
		free(t->sets[i].name);
	}
	t->sets_n = n;
	for (size_t i = 0; i < t->values_n; i++) {
		if (strcmp(t->values[i].target, target) != 0) {
			t->values[m++] = t->values[i];
			continue;
		}
		free(t->values[i].target);
		free(t->values[i].name);
		free(t->values[i].bytes);
	}
	t->values_n = m;
}

static void add_set(struct tables *t, const struct mst_batch_set *s)
{
	for (size_t i = 0; i < t->sets_n; i++) {
		if (t->sets[i].id == s->id) {
			assert_string_equal(t->sets[i].target, s->target);
			assert_string_equal(t->sets[i].name, s->name);
			return;
		}
	}
	assert_true(t->sets_n < MST_LEN(t->sets));
	t->sets[t->sets_n++] =
	    (struct set){s->id, mst_strdup(s->target), mst_strdup(s->name)};
}

static void set_value(struct tables *t, const struct mst_batch_meta *m)
{
	struct value *v = find_value(t, m->target, m->name);

	if (!v) {
		assert_true(t->values_n < MST_LEN(t->values));
		v = &t->values[t->values_n++];
		*v = (struct value){.target = mst_strdup(m->target),
				    .name = mst_strdup(m->name)};
	}
	free(v->bytes);
	v->bytes = mst_strndup(m->value.p, m->value.n);
	v->n = m->value.n;
}

/* New groups, in order like those that are there, come in between them. */
static void merge(struct tables *t, const struct group *fresh, size_t n)
{
	size_t to = t->groups_n + n, from = t->groups_n;

	if (to > t->groups_cap) {
		t->groups_cap = to * 2;
		t->groups =
		    mst_realloc(t->groups, t->groups_cap * sizeof(*t->groups));
	}
	t->groups_n = to;
	while (n) {
		if (from && order(fresh[n - 1].set, fresh[n - 1].key,
				  &t->groups[from - 1]) < 0)
			t->groups[--to] = t->groups[--from];
		else
			t->groups[--to] = fresh[--n];
	}
}

static void set_row(struct group *g, const struct mst_batch_row *r)
{
	free(g->text);
	g->set = r->set;
	memcpy(g->key, r->key, 16);
	g->row = r->row;
	g->text = mst_strndup(r->row.text.p, r->row.text.n);
	g->row.text.p = g->text;
}

/* False: fresh_r is a group that is not there yet. */
static bool apply_row(struct tables *t, const struct mst_batch_row *r,
		      struct group *fresh_r)
{
	bool found;
	size_t at = place(t, r->set, r->key, &found);
	struct group *g = found ? &t->groups[at] : NULL;
	uint32_t members;

	if (r->kind == MST_BATCH_DEL) {
		if (!found)
			return true;
		forget_group(g);
		memmove(g, g + 1, (--t->groups_n - at) * sizeof(*g));
		return true;
	}
	if (r->kind == MST_BATCH_MARK && found) {
		g->row.state = r->row.state;
		return true;
	}
	if (!found) {
		g = fresh_r;
		*g = (struct group){0};
	}
	members = g->list && r->kind == MST_BATCH_KEEP ? g->row.members
						       : r->row.members;
	set_row(g, r);
	g->row.members = members;
	if (r->kind != MST_BATCH_PUT)
		return found;
	free(g->list);
	g->list = r->list.n ? mst_strndup(r->list.p, r->list.n) : NULL;
	g->list_n = r->list.n;
	return found;
}

static void check_order(const struct mst_batch *b)
{
	for (size_t i = 1; i < b->rows_n; i++) {
		const struct mst_batch_row *x = &b->rows[i - 1], *y = x + 1;

		assert_true(
		    x->set < y->set ||
		    (x->set == y->set && memcmp(x->key, y->key, 16) < 0));
	}
}

static int apply(void *p, const char *token, int64_t for_ms,
		 const struct mst_batch *b, struct mst_err *err)
{
	struct connection *c = p;
	struct tables *t = &c->d->t;
	struct group *fresh;
	size_t fresh_n = 0;
	enum fake_how how;
	int rc = enter(c, &how, err);

	if (rc < 0)
		return rc;
	fake.applies++;
	if (strcmp(c->d->lease.token, token) != 0)
		return mst_err_set(err, MST_E_CONFLICT, "the lease is gone");
	c->d->lease.expired = false;
	check_order(b);
	for (size_t i = 0; i < b->reset_sets_n; i++)
		drop_groups(t, b->reset_sets[i]);
	for (size_t i = 0; i < b->reset_targets_n; i++)
		drop_target(t, b->reset_targets[i]);
	for (size_t i = 0; i < b->sets_n; i++)
		add_set(t, &b->sets[i]);
	fresh = mst_alloc((b->rows_n + 1) * sizeof(*fresh));
	for (size_t i = 0; i < b->rows_n; i++)
		fresh_n += !apply_row(t, &b->rows[i], &fresh[fresh_n]);
	merge(t, fresh, fresh_n);
	free(fresh);
	for (size_t i = 0; i < b->metas_n; i++)
		set_value(t, &b->metas[i]);
	return leave(c, how, rc, err);
}

static int show_groups(const struct tables *t,
		       const struct mst_recver_look *look)
{
	int rc = 0;

	for (size_t i = 0; i < t->groups_n && rc == 0; i++) {
		const struct group *g = &t->groups[i];
		uint8_t digest[16];
		struct mst_recver_raw raw = {
		    .set = g->set,
		    .key = mst_slice((const char *)g->key, 16),
		    .text = g->row.text,
		    .digest = mst_slice((char *)digest, 16),
		    .list = mst_slice(g->list, g->list_n),
		    .has_list = g->list != NULL,
		    .members = g->row.members,
		    .run = g->row.last_run,
		    .state = (int64_t)g->row.state,
		    .first_us = g->row.first_delivered_us,
		    .changed_us = g->row.last_changed_us,
		};

		mst_recver_hash_put(g->row.digest, digest);
		if (!mst_sysid_is_zero(&g->row.remote))
			raw.remote =
			    mst_slice((const char *)g->row.remote.b, 16);
		rc = look->group(look->ctx, &raw);
	}
	return rc;
}

/* In order, because groups are. */
static int show_numbers(const struct tables *t,
			const struct mst_recver_look *look)
{
	int64_t last = look->after;
	int rc = 0;

	for (size_t i = 0; i < t->groups_n && rc == 0; i++) {
		if (t->groups[i].set <= last)
			continue;
		last = t->groups[i].set;
		rc = look->number(look->ctx, last);
	}
	return rc;
}

static int fake_verify(void *p, const struct mst_recver_look *look,
		       struct mst_err *err)
{
	struct connection *c = p;
	const struct tables *t = &c->d->t;
	enum fake_how how;
	int rc = enter(c, &how, err);

	for (size_t i = 0; look->set && i < t->sets_n && rc == 0; i++)
		rc = look->set(look->ctx, t->sets[i].id, t->sets[i].target,
			       t->sets[i].name);
	for (size_t i = 0; look->meta && i < t->values_n && rc == 0; i++)
		rc = look->meta(look->ctx, t->values[i].target,
				t->values[i].name,
				mst_slice(t->values[i].bytes, t->values[i].n));
	if (rc == 0 && look->group)
		rc = show_groups(t, look);
	if (rc == 0 && look->number)
		rc = show_numbers(t, look);
	return leave(c, how, rc, err);
}

static const struct mst_recver_driver driver = {
    .type = "fake",
    .connect = fake_connect,
    .disconnect = fake_disconnect,
    .verify = fake_verify,
    .lease_read = lease_read,
    .lease_swap = lease_swap,
    .sets = sets,
    .meta_get = meta_get,
    .load = load,
    .lists = lists,
    .stats = stats,
    .apply = apply,
};

static int fake_open(const struct mst_recver_conf *conf, const char *source,
		     bool create, struct mst_recver **r_r, struct mst_err *err)
{
	struct mst_recver_conf mine = *conf;

	mine.server = "fake.example";
	mine.database = conf->path;
	if (!mine.timeout_ms)
		mine.timeout_ms = 60000;
	return mst_server_open(&driver, &fake_store, &mine, source, create, r_r,
			       err);
}

const struct mst_recver_ops fake_store = {
    .type = "fake",
    .open = fake_open,
    MST_RECVER_SERVER_OPS(&driver),
};
