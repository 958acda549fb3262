/* SPDX-License-Identifier: Apache-2.0
 *
 * See setting_past.h.
 */
#include "sync/setting_past.h"

#include <stdint.h>
#include <string.h>

#include "base/limits.h"
#include "base/time.h"
#include "sync/config.h"

int mst_settings_past_read(const char *text, struct mst_arena *arena,
			   const struct mst_conf_item **item_r,
			   struct mst_err *err)
{
	struct mst_buf yaml = MST_BUF_INIT(MST_MAX_CONF);
	struct mst_conf_item *items = NULL;
	size_t n = 0;
	int rc = 0;

	*item_r = NULL;
	if (*text) {
		(void)mst_buf_addf(&yaml, "%s:\n%s",
				   mst_conf_section(MST_SETTINGS), text);
		rc = mst_conf_read_in(mst_buf_slice(&yaml), "audit", arena,
				      &items, &n, err);
	}
	if (rc == 0 && n == 1)
		*item_r = items;
	mst_buf_fini(&yaml);
	return rc;
}

struct search {
	const char *name;
	struct mst_arena *arena;
	unsigned undone; /* promotions to pass over */
	bool found;
	char *before, *after; /* of the promotion */
	char *last;	      /* "2026-… by ann": the newest change */
};

/* Newest first: each taking back stands for the promotion before it. */
static int find_promotion(void *ctx, const struct mst_audit_entry *e)
{
	struct search *f = ctx;
	char at[21];

	if (!f->last) {
		mst_time_iso(e->at_us, at);
		f->last = mst_arena_printf(f->arena, "%s by %s", at, e->user);
	}
	if (strcmp(e->what, "undo") == 0) {
		f->undone++;
	} else if (strcmp(e->what, "promote") == 0 && f->undone) {
		f->undone--;
	} else if (strcmp(e->what, "promote") == 0) {
		f->before = mst_arena_strdup(f->arena, e->before);
		f->after = mst_arena_strdup(f->arena, e->after);
		f->found = true;
	}
	return f->found;
}

/* Only what the promotion made is taken back: later changes would be lost. */
static int check_unchanged(struct mst_state *state, const struct search *f,
			   struct mst_err *err)
{
	struct mst_buf now = MST_BUF_INIT(MST_MAX_CONF);
	bool found = false;
	int rc =
	    mst_state_find(state, MST_SETTINGS, f->name, &now, &found, err);
	int n = (int)strcspn(f->name, "/");

	if (rc == 0 && strcmp(now.p ? now.p : "", f->after) != 0)
		rc = mst_err_set(
		    err, MST_E_CONFLICT,
		    "the PROD settings of '%.*s' were changed since "
		    "the promotion (last %s), and undo would lose "
		    "that; 'muster settings log %.*s' shows it all",
		    n, f->name, f->last, n, f->name);
	mst_buf_fini(&now);
	return rc;
}

int mst_settings_before_promotion(struct mst_state *state, const char *name,
				  struct mst_arena *arena,
				  const struct mst_conf_item **item_r,
				  struct mst_err *err)
{
	struct search f = {.name = name, .arena = arena};

	if (mst_state_audit(state,
			    &(struct mst_audit_filter){.kind = MST_SETTINGS,
						       .name = name,
						       .n = SIZE_MAX},
			    find_promotion, &f, err) < 0)
		return -(int)err->code;
	if (!f.found)
		return mst_err_set(err, MST_E_NOTFOUND,
				   "there is no promotion of '%.*s' to take "
				   "back",
				   (int)strcspn(name, "/"), name);
	if (check_unchanged(state, &f, err) < 0)
		return -(int)err->code;
	return mst_settings_past_read(f.before, arena, item_r, err);
}
