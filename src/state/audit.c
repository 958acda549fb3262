/* SPDX-License-Identifier: Apache-2.0
 *
 * The audit: entries that are only ever added, each with the hash of the one
 * before it in its own. docs/internals/state.md has the canonical form.
 */
#include <sodium.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/time.h"
#include "state_private.h"

/* The row is the chain's lock, too: who has changed it adds the next entry. */
static const char q_head_next[] =
    "UPDATE audit_head SET id=id+1 WHERE one=1 RETURNING id, hash";
static const char q_head_set[] =
    "UPDATE audit_head SET id=?1, hash=?2 WHERE one=1";
static const char q_head[] = "SELECT id, hash FROM audit_head WHERE one=1";
static const char q_put[] =
    "INSERT INTO audit(id, at_us, uid, \"user\", via, address, what, kind,"
    " name, before, after, hash)"
    " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
static const char q_seal[] = "UPDATE audit SET hash=?2 WHERE id=?1";
#define COLUMNS                                                                \
	"SELECT id, at_us, uid, \"user\", via, address, what, kind, name,"     \
	" before, after, hash FROM audit"
static const char q_next[] =
    COLUMNS " WHERE id>?1 AND id<=?2 ORDER BY id LIMIT 500";
static const char q_newest[] = "SELECT id FROM audit ORDER BY id DESC LIMIT 1";
static const char q_any[] = COLUMNS " WHERE id<?1 ORDER BY id DESC LIMIT ?2";
static const char q_name[] = COLUMNS " WHERE kind=?3 AND name=?4 AND id<?1"
				     " ORDER BY id DESC LIMIT ?2";
static const char q_user[] =
    COLUMNS " WHERE \"user\"=?3 AND id<?1 ORDER BY id DESC LIMIT ?2";

/* ---- the chain ----------------------------------------------------------- */

static void add_text(crypto_generichash_state *h, const char *v)
{
	char n[32];
	int len;

	if (!v) {
		(void)crypto_generichash_update(h, (const uint8_t *)"-,", 2);
		return;
	}
	len = snprintf(n, sizeof(n), "%zu:", strlen(v));
	(void)crypto_generichash_update(h, (uint8_t *)n, (size_t)len);
	(void)crypto_generichash_update(h, (const uint8_t *)v, strlen(v));
	(void)crypto_generichash_update(h, (const uint8_t *)",", 1);
}

static void add_number(crypto_generichash_state *h, int64_t v)
{
	char n[32];

	(void)snprintf(n, sizeof(n), "%lld", (long long)v);
	add_text(h, n);
}

static void link_hash(const uint8_t last[MST_AUDIT_HASH],
		      const struct mst_audit_entry *e, bool is_new,
		      uint8_t out[MST_AUDIT_HASH])
{
	crypto_generichash_state h;

	(void)crypto_generichash_init(&h, NULL, 0, MST_AUDIT_HASH);
	(void)crypto_generichash_update(&h, last, MST_AUDIT_HASH);
	add_number(&h, e->id);
	add_number(&h, e->at_us);
	add_number(&h, e->uid);
	add_text(&h, e->user);
	add_text(&h, e->via);
	add_text(&h, e->address);
	add_text(&h, e->what);
	add_text(&h, e->kind);
	add_text(&h, e->name);
	add_text(&h, is_new ? NULL : e->before);
	add_text(&h, e->after);
	(void)crypto_generichash_final(&h, out, MST_AUDIT_HASH);
}

static struct mst_slice hash_slice(const uint8_t hash[MST_AUDIT_HASH])
{
	return mst_slice((const char *)hash, MST_AUDIT_HASH);
}

/* Of the head or of an entry. */
static int set_hash(struct mst_state *s, const char *q, int64_t id,
		    const uint8_t hash[MST_AUDIT_HASH], struct mst_err *err)
{
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_int(st, 1, id);
	mst_sdb_bind_blob(st, 2, hash_slice(hash));
	return mst_sdb_run(st, NULL, err);
}

static int take_hash(struct mst_sdb_st *st, int col,
		     uint8_t hash[MST_AUDIT_HASH], struct mst_err *err)
{
	struct mst_slice v = mst_sdb_blob(st, col);

	if (v.n != MST_AUDIT_HASH)
		return mst_err_set(err, MST_E_CORRUPT,
				   "the head of the audit is damaged: put a "
				   "backup of the state store back");
	memcpy(hash, v.p, MST_AUDIT_HASH);
	return 0;
}

static int next_link(struct mst_state *s, int64_t *id_r,
		     uint8_t last[MST_AUDIT_HASH], struct mst_err *err)
{
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q_head_next, &st, err);

	if (rc < 0)
		return rc;
	rc = mst_sdb_step(st, err);
	if (rc == 0)
		return mst_err_set(err, MST_E_CORRUPT,
				   "the head of the audit is gone: put a "
				   "backup of the state store back");
	if (rc < 0)
		return rc;
	*id_r = mst_sdb_int(st, 0);
	rc = take_hash(st, 1, last, err);
	/* To its end, which is when it counts. */
	return rc < 0 ? (mst_sdb_reset(st), rc) : mst_sdb_run(st, NULL, err);
}

static int put_row(struct mst_state *s, const struct mst_audit_entry *e,
		   const uint8_t hash[MST_AUDIT_HASH], struct mst_err *err)
{
	const char *const texts[] = {e->user, e->via,  e->address,
				     e->what, e->kind, e->name};
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q_put, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_int(st, 1, e->id);
	mst_sdb_bind_int(st, 2, e->at_us);
	mst_sdb_bind_int(st, 3, e->uid);
	for (size_t i = 0; i < MST_LEN(texts); i++)
		mst_sdb_bind_text(st, 4 + (int)i, texts[i]);
	if (e->before)
		mst_sdb_bind_text(st, 10, e->before);
	mst_sdb_bind_text(st, 11, e->after);
	mst_sdb_bind_blob(st, 12, hash_slice(hash));
	return mst_sdb_run(st, NULL, err);
}

static const char *or_empty(const char *v)
{
	return v ? v : "";
}

int mst_audit_put(struct mst_state *s, const struct mst_audit_entry *what,
		  struct mst_err *err)
{
	struct mst_audit_entry e = *what;
	uint8_t hash[MST_AUDIT_HASH];
	bool own;
	int rc = mst_sdb_own_begin(s->db, &own, err);

	if (rc < 0)
		return rc;
	mst_state_actor_need(s);
	e.at_us = mst_now_us();
	e.uid = (int64_t)getuid();
	e.user = e.user ? e.user : s->actor;
	e.via = e.via ? e.via : s->via;
	e.address = e.address ? e.address : s->address;
	e.what = or_empty(e.what);
	e.kind = or_empty(e.kind);
	e.name = or_empty(e.name);
	e.after = or_empty(e.after);
	rc = next_link(s, &e.id, hash, err);
	if (rc == 0) {
		link_hash(hash, &e, !e.before, hash);
		rc = put_row(s, &e, hash, err);
	}
	if (rc == 0)
		rc = set_hash(s, q_head_set, e.id, hash, err);
	return mst_sdb_own_end(s->db, own, rc, err);
}

/* Rows that are asked for at once. */
#define PAGE 500

/* ---- reading ------------------------------------------------------------- */

/* is_new_r: it has no text before. */
static struct mst_audit_entry entry_of(struct mst_sdb_st *st, bool *is_new_r)
{
	*is_new_r = mst_sdb_is_null(st, 9);
	return (struct mst_audit_entry){
	    .id = mst_sdb_int(st, 0),
	    .at_us = mst_sdb_int(st, 1),
	    .uid = mst_sdb_int(st, 2),
	    .user = mst_sdb_text(st, 3),
	    .via = mst_sdb_text(st, 4),
	    .address = mst_sdb_text(st, 5),
	    .what = mst_sdb_text(st, 6),
	    .kind = mst_sdb_text(st, 7),
	    .name = mst_sdb_text(st, 8),
	    .before = mst_sdb_text(st, 9),
	    .after = mst_sdb_text(st, 10),
	    .hash = (const unsigned char *)mst_sdb_blob(st, 11).p,
	};
}

static bool fits(const struct mst_audit_filter *f,
		 const struct mst_audit_entry *e)
{
	return (!f->kind || strcmp(f->kind, e->kind) == 0) &&
	       (!f->name || strcmp(f->name, e->name) == 0) &&
	       (!f->user || strcmp(f->user, e->user) == 0);
}

static int ask(struct mst_state *s, const struct mst_audit_filter *f,
	       int64_t before, size_t page, struct mst_sdb_st **st_r,
	       struct mst_err *err)
{
	bool by_name = f->kind && f->name;
	bool by_user = !by_name && f->user;
	const char *q = by_name ? q_name : by_user ? q_user : q_any;
	int rc = mst_sdb_stmt(s->db, q, st_r, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_int(*st_r, 1, before);
	mst_sdb_bind_int(*st_r, 2, (int64_t)page);
	if (by_name || by_user)
		mst_sdb_bind_text(*st_r, 3, by_name ? f->kind : f->user);
	if (by_name)
		mst_sdb_bind_text(*st_r, 4, f->name);
	return 0;
}

int mst_state_audit(struct mst_state *s, const struct mst_audit_filter *f,
		    int (*fn)(void *ctx, const struct mst_audit_entry *e),
		    void *ctx, struct mst_err *err)
{
	int64_t before = f->before ? f->before : INT64_MAX;
	size_t page = MST_MIN(f->n, (size_t)PAGE), given = 0, seen;
	struct mst_sdb_st *st = NULL;
	bool is_new;
	int rc;

	do { /* what does not fit is passed over */
		seen = 0;
		rc = ask(s, f, before, page, &st, err);
		while (rc == 0 && given < f->n &&
		       (rc = mst_sdb_step(st, err)) > 0) {
			const struct mst_audit_entry e = entry_of(st, &is_new);

			seen++;
			before = e.id;
			rc = 0;
			if (!fits(f, &e))
				continue;
			given++;
			rc = fn(ctx, &e);
		}
	} while (rc == 0 && given < f->n && seen == page);
	if (st)
		mst_sdb_reset(st);
	return rc;
}

int mst_audit_head(struct mst_state *s, int64_t *id_r,
		   unsigned char hash_r[MST_AUDIT_HASH], struct mst_err *err)
{
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q_head, &st, err);

	if (rc == 0)
		rc = mst_sdb_step(st, err);
	if (rc == 0)
		return mst_err_set(err, MST_E_CORRUPT,
				   "the head of the audit is gone: put a "
				   "backup of the state store back");
	if (rc < 0)
		return rc;
	*id_r = mst_sdb_int(st, 0);
	rc = take_hash(st, 1, hash_r, err);
	mst_sdb_reset(st);
	return rc;
}

/* ---- going through all of it --------------------------------------------- */

struct walk {
	struct mst_audit_check *c;
	uint8_t last[MST_AUDIT_HASH];
	int64_t last_id, end; /* up to there */
	const uint8_t *want;  /* a head that was kept elsewhere */
	bool seen_want;
	bool seal; /* give hashes instead of comparing them */
};

static void bad(struct walk *w, int64_t id, const char *why)
{
	w->c->bad_id = id;
	w->c->why = why;
}

static int visit(struct mst_state *s, struct walk *w, struct mst_sdb_st *st,
		 struct mst_err *err)
{
	uint8_t hash[MST_AUDIT_HASH];
	bool is_new;
	const struct mst_audit_entry e = entry_of(st, &is_new);
	struct mst_slice has = mst_sdb_blob(st, 11);

	link_hash(w->last, &e, is_new, hash);
	if (!w->seal && (has.n != MST_AUDIT_HASH ||
			 memcmp(has.p, hash, MST_AUDIT_HASH) != 0)) {
		bad(w, e.id,
		    "it was changed, or what stood before it was taken out");
		return 0;
	}
	memcpy(w->last, hash, MST_AUDIT_HASH);
	w->last_id = e.id;
	w->c->entries++;
	if (w->want && memcmp(w->want, hash, MST_AUDIT_HASH) == 0)
		w->seen_want = true;
	return w->seal ? set_hash(s, q_seal, e.id, hash, err) : 0;
}

static int walk(struct mst_state *s, struct walk *w, struct mst_err *err)
{
	struct mst_sdb_st *st;
	bool more = true;
	int rc = 0;

	while (more && rc == 0 && !w->c->bad_id) {
		more = false;
		rc = mst_sdb_stmt(s->db, q_next, &st, err);
		if (rc < 0)
			return rc;
		mst_sdb_bind_int(st, 1, w->last_id);
		mst_sdb_bind_int(st, 2, w->end);
		while (!w->c->bad_id && (rc = mst_sdb_step(st, err)) > 0) {
			more = true;
			rc = visit(s, w, st, err);
			if (rc < 0)
				break;
		}
		mst_sdb_reset(st);
		rc = MST_MIN(rc, 0);
	}
	return rc;
}

/* An entry comes with the head that knows it: what was read before the head is
 * at most as new. */
static int none_behind(struct mst_state *s, struct walk *w, struct mst_err *err)
{
	uint8_t hash[MST_AUDIT_HASH];
	int64_t newest = 0, id;
	int rc = mst_sdb_ask(s->db, q_newest, &newest, err);

	if (rc == 0)
		rc = mst_audit_head(s, &id, hash, err);
	if (rc == 0 && newest > id)
		bad(w, newest, "the head does not know it");
	return rc;
}

int mst_audit_verify(struct mst_state *s, const unsigned char *want,
		     struct mst_audit_check *c_r, struct mst_err *err)
{
	static const uint8_t none[MST_AUDIT_HASH];
	struct walk w = {.c = c_r, .want = want};
	int rc;

	*c_r = (struct mst_audit_check){.why = ""};
	w.seen_want = want && memcmp(want, none, MST_AUDIT_HASH) == 0;
	/* Up to the head as it is now: entries never change, so nobody who adds
	 * one has to wait for the end of a long chain. */
	rc = mst_audit_head(s, &w.end, c_r->head, err);
	if (rc == 0)
		rc = walk(s, &w, err);
	if (rc < 0 || c_r->bad_id)
		return rc;
	if (w.end != w.last_id ||
	    memcmp(c_r->head, w.last, MST_AUDIT_HASH) != 0)
		bad(&w, w.last_id + 1,
		    "entries at the end are gone: the head knows newer ones");
	else if (w.want && !w.seen_want)
		bad(&w, w.last_id + 1,
		    "the head that was kept is not in the chain: its end was "
		    "cut off, or all of it was written anew");
	else
		rc = none_behind(s, &w, err);
	return rc;
}

/* Entries of a store that was made before there were hashes. */
int mst_audit_seal_old(struct mst_state *s, struct mst_err *err)
{
	struct mst_audit_check c = {.why = ""};
	struct walk w = {.c = &c, .end = INT64_MAX, .seal = true};
	uint8_t hash[MST_AUDIT_HASH];
	int64_t id, any = 0;
	bool own;
	int rc = mst_audit_head(s, &id, hash, err);

	if (rc < 0 || id)
		return rc;
	rc = mst_sdb_ask(s->db, q_newest, &any, err);
	if (rc < 0 || !any)
		return rc;
	rc = mst_sdb_own_begin(s->db, &own, err);
	if (rc < 0)
		return rc;
	rc = mst_audit_lock(s, err);
	if (rc == 0) /* another one may have done it meanwhile */
		rc = mst_audit_head(s, &id, hash, err);
	if (rc == 0 && !id)
		rc = walk(s, &w, err);
	if (rc == 0 && !id)
		rc = set_hash(s, q_head_set, w.last_id, w.last, err);
	return mst_sdb_own_end(s->db, own, rc, err);
}

int mst_audit_lock(struct mst_state *s, struct mst_err *err)
{
	static const char q[] = "UPDATE audit_head SET id=id WHERE one=1";
	struct mst_sdb_st *st;
	int rc;

	if (s->db->ops->local) /* a transaction is alone there */
		return 0;
	rc = mst_sdb_stmt(s->db, q, &st, err);
	return rc < 0 ? rc : mst_sdb_run(st, NULL, err);
}
