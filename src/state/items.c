/* SPDX-License-Identifier: Apache-2.0
 *
 * Configuration items, and who changed them.
 */
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/time.h"
#include "conf/conf.h"
#include "state_private.h"

/* How many names are compared for "did you mean". */
#define NEAR_MAX 256

/* The person behind root, as far as sudo says. For people to read; the audit
 * is no proof against somebody who may write the file. */
static char *user_name(void)
{
	const char *sudo = getuid() == 0 ? secure_getenv("SUDO_USER") : NULL;
	struct passwd pw, *found = NULL;
	char buf[4096];

	if (sudo && *sudo)
		return mst_asprintf("%.64s (sudo)", sudo);
	if (getpwuid_r(getuid(), &pw, buf, sizeof(buf), &found) == 0 && found)
		return mst_strdup(pw.pw_name);
	return mst_strdup("");
}

static int audit(struct mst_state *s, const struct mst_state_item *it,
		 const char *before, const char *user, struct mst_err *err)
{
	struct sqlite3_stmt *st;
	int rc = mst_db_stmt(&s->db, Q_AUDIT_PUT, &st, err);

	if (rc < 0)
		return rc;
	mst_db_bind_int(st, 1, mst_now_us());
	mst_db_bind_int(st, 2, (int64_t)getuid());
	mst_db_bind_text(st, 3, user);
	mst_db_bind_text(st, 4, it->kind);
	mst_db_bind_text(st, 5, it->name);
	if (before)
		mst_db_bind_text(st, 6, before);
	mst_db_bind_text(st, 7, it->yaml ? it->yaml : "");
	mst_db_bind_text(st, 8, it->what ? it->what : "");
	return mst_db_run(&s->db, st, err);
}

int mst_state_audit_put(struct mst_state *s, const struct mst_state_item *it,
			const char *before, struct mst_err *err)
{
	char *user = user_name();
	int rc = audit(s, it, before, user, err);

	free(user);
	return rc;
}

/* The stored text, NULL when there is none; same_r: nothing would change. */
static int stored(struct mst_state *s, const struct mst_state_item *it,
		  char **yaml_r, bool *same_r, struct mst_err *err)
{
	struct sqlite3_stmt *st;
	int rc = mst_db_stmt(&s->db, Q_ITEM_GET, &st, err);

	if (rc < 0)
		return rc;
	mst_db_bind_text(st, 1, it->kind);
	mst_db_bind_text(st, 2, it->name);
	rc = mst_db_step(&s->db, st, err);
	if (rc < 0)
		return rc;
	*yaml_r = rc ? mst_strdup(mst_db_text(st, 0)) : NULL;
	*same_r = it->yaml ? rc && strcmp(*yaml_r, it->yaml) == 0 &&
				 strcmp(mst_db_text(st, 1), it->type) == 0
			   : !rc;
	mst_db_reset(st);
	return 0;
}

static int store(struct mst_state *s, const struct mst_state_item *it,
		 struct mst_err *err)
{
	struct sqlite3_stmt *st;
	int rc = mst_db_stmt(&s->db, Q_ITEM_PUT, &st, err);

	if (rc < 0)
		return rc;
	mst_db_bind_text(st, 1, it->kind);
	mst_db_bind_text(st, 2, it->name);
	mst_db_bind_text(st, 3, it->type);
	mst_db_bind_text(st, 4, it->yaml);
	mst_db_bind_int(st, 5, mst_now_us());
	return mst_db_run(&s->db, st, err);
}

static int take_out(struct mst_state *s, const struct mst_state_item *it,
		    struct mst_err *err)
{
	struct sqlite3_stmt *st;
	int rc = mst_db_stmt(&s->db, Q_ITEM_DEL, &st, err);

	if (rc < 0)
		return rc;
	mst_db_bind_text(st, 1, it->kind);
	mst_db_bind_text(st, 2, it->name);
	return mst_db_run(&s->db, st, err);
}

static int put_item(struct mst_state *s, const struct mst_state_item *it,
		    const char *user, size_t *added, size_t *changed,
		    struct mst_err *err)
{
	char *before = NULL;
	bool same = false;
	int rc = stored(s, it, &before, &same, err);

	if (rc == 0 && it->only_if &&
	    strcmp(it->only_if, before ? before : "") != 0)
		rc = mst_err_set(err, MST_E_CONFLICT,
				 "%s '%s' was changed by somebody else "
				 "meanwhile; nothing was saved; look again",
				 it->kind, it->name);
	if (rc == 0 && !same) {
		rc = it->yaml ? store(s, it, err) : take_out(s, it, err);
		if (rc == 0)
			rc = audit(s, it, before, user, err);
		if (before)
			++*changed;
		else
			++*added;
	}
	free(before);
	return rc;
}

int mst_state_put_items(struct mst_state *s, const struct mst_state_item *items,
			size_t n, size_t *added_r, size_t *changed_r,
			struct mst_err *err)
{
	size_t added = 0, changed = 0;
	char *user;
	bool own;
	int rc = mst_db_own_begin(&s->db, &own, err);

	if (rc < 0)
		return rc;
	user = user_name();
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = put_item(s, &items[i], user, &added, &changed, err);
	free(user);
	rc = mst_db_own_end(&s->db, own, rc, err);
	if (rc == 0 && added + changed)
		rc = mst_db_sync(&s->db, err);
	if (rc == 0) {
		*added_r = added;
		*changed_r = changed;
	}
	return rc;
}

int mst_state_items(struct mst_state *s, const char *kind,
		    int (*fn)(void *ctx, const struct mst_state_item *item),
		    void *ctx, struct mst_err *err)
{
	struct sqlite3_stmt *st;
	int rc = mst_db_stmt(&s->db, Q_ITEMS, &st, err);

	if (rc < 0)
		return rc;
	if (kind)
		mst_db_bind_text(st, 1, kind);
	while ((rc = mst_db_step(&s->db, st, err)) > 0) {
		const struct mst_state_item it = {
		    .kind = mst_db_text(st, 0),
		    .name = mst_db_text(st, 1),
		    .type = mst_db_text(st, 2),
		    .yaml = mst_db_text(st, 3),
		    .created_us = mst_db_int(st, 4),
		};

		rc = fn(ctx, &it);
		if (rc != 0)
			break;
	}
	mst_db_reset(st);
	return rc;
}

struct names {
	char *name[NEAR_MAX + 1];
	size_t n;
};

static int add_name(void *ctx, const struct mst_state_item *item)
{
	struct names *v = ctx;

	if (v->n < NEAR_MAX)
		v->name[v->n++] = mst_strdup(item->name);
	return 0;
}

static int unknown_item(struct mst_state *s, const char *kind, const char *name,
			struct mst_err *err)
{
	struct names v = {.n = 0};
	const char *near = NULL;
	int rc = mst_state_items(s, kind, add_name, &v, err);

	if (rc == 0)
		near = mst_nearest(name, (const char *const *)v.name);
	if (rc == 0 && near)
		rc = mst_err_set(err, MST_E_NOTFOUND,
				 "no %s '%s'; did you mean '%s'?", kind, name,
				 near);
	else if (rc == 0 && v.n)
		rc = mst_err_set(err, MST_E_NOTFOUND,
				 "no %s '%s'; there are: %s%s", kind, name,
				 v.name[0], v.n > 1 ? " and others" : "");
	else if (rc == 0)
		rc = mst_err_set(err, MST_E_NOTFOUND,
				 "no %s '%s', and no other either: apply a "
				 "file that has one",
				 kind, name);
	for (size_t i = 0; i < v.n; i++)
		free(v.name[i]);
	return rc;
}

int mst_state_find(struct mst_state *s, const char *kind, const char *name,
		   struct mst_buf *yaml, bool *found_r, struct mst_err *err)
{
	struct sqlite3_stmt *st;
	int rc = mst_db_stmt(&s->db, Q_ITEM_GET, &st, err);

	if (rc < 0)
		return rc;
	mst_db_bind_text(st, 1, kind);
	mst_db_bind_text(st, 2, name);
	rc = mst_db_step(&s->db, st, err);
	if (rc < 0)
		return rc;
	*found_r = rc > 0;
	if (rc == 0)
		return 0;
	rc = 0;
	if (!mst_buf_adds(yaml, mst_db_text(st, 0)))
		rc = mst_err_set(err, MST_E_INVALID,
				 "%s '%s' is longer than the %zu bytes that "
				 "it may have",
				 kind, name, yaml->max);
	mst_db_reset(st);
	return rc;
}

int mst_state_item(struct mst_state *s, const char *kind, const char *name,
		   struct mst_buf *yaml, struct mst_err *err)
{
	bool found = false;
	int rc = mst_state_find(s, kind, name, yaml, &found, err);

	return rc == 0 && !found ? unknown_item(s, kind, name, err) : rc;
}

int mst_state_audit(struct mst_state *s, int64_t before, size_t max,
		    int (*fn)(void *ctx, const struct mst_audit_entry *e),
		    void *ctx, struct mst_err *err)
{
	struct sqlite3_stmt *st;
	int rc = mst_db_stmt(&s->db, Q_AUDIT, &st, err);

	if (rc < 0)
		return rc;
	mst_db_bind_int(st, 1, before);
	mst_db_bind_int(st, 2, (int64_t)MST_MIN(max, (size_t)INT64_MAX));
	while ((rc = mst_db_step(&s->db, st, err)) > 0) {
		const struct mst_audit_entry e = {
		    .id = mst_db_int(st, 0),
		    .at_us = mst_db_int(st, 1),
		    .uid = mst_db_int(st, 2),
		    .user = mst_db_text(st, 3),
		    .kind = mst_db_text(st, 4),
		    .name = mst_db_text(st, 5),
		    .before = mst_db_text(st, 6),
		    .after = mst_db_text(st, 7),
		    .what = mst_db_text(st, 8),
		};

		rc = fn(ctx, &e);
		if (rc != 0)
			break;
	}
	mst_db_reset(st);
	return rc;
}
