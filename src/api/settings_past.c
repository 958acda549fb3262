/* SPDX-License-Identifier: Apache-2.0
 *
 * What settings were: who changed which when, and taking back a promotion.
 */
#include <string.h>

#include "api/settings.h"
#include "api/tables.h"
#include "base/limits.h"
#include "base/time.h"
#include "sync/setting_past.h"

/* ---- the log ------------------------------------------------------------- */

struct logging {
	struct mst_api_list list;
	const char *names[MST_ENV__MAX]; /* "defender/test", "defender/prod" */
	struct mst_arena arena;		 /* of one entry */
};

static void stored_json(struct mst_jout *j, const char *key,
			const struct mst_override *o)
{
	mst_jout_key(j, key);
	mst_api_value_json(j, NULL, o ? o->value : NULL);
}

static void changes_json(struct mst_jout *j,
			 const struct mst_override_change *list, size_t n)
{
	mst_jout_key(j, "changes");
	mst_jout_arr(j);
	for (size_t i = 0; i < n; i++) {
		mst_jout_obj(j);
		mst_jout_kstr(j, "key", list[i].key);
		stored_json(j, "before", list[i].before);
		stored_json(j, "after", list[i].after);
		mst_jout_kbool(j, "kept",
			       list[i].after && !list[i].after->override);
		mst_jout_end_obj(j);
	}
	mst_jout_end_arr(j);
}

static int log_one(void *ctx, const struct mst_audit_entry *e)
{
	const struct mst_conf_item *before = NULL, *after = NULL;
	struct mst_err err = MST_ERR_INIT;
	struct mst_override_change *list;
	struct logging *l = ctx;
	struct mst_jout *j = &l->list.j;
	unsigned env = 0;
	size_t n;

	while (env < MST_ENV__MAX && strcmp(e->name, l->names[env]) != 0)
		env++;
	if (env == MST_ENV__MAX)
		return 0;
	if (!mst_api_list_room(&l->list, e->id))
		return 1;
	mst_arena_reset(&l->arena);
	/* What cannot be read any more is shown as empty. */
	(void)mst_settings_past_read(e->before, &l->arena, &before, &err);
	(void)mst_settings_past_read(e->after, &l->arena, &after, &err);
	mst_jout_obj(j);
	mst_jout_ki64(j, "id", e->id);
	mst_api_time(j, "at", e->at_us);
	mst_jout_kstr(j, "user", e->user);
	mst_jout_kstr(j, "via", e->via);
	mst_jout_kstr(j, "what", *e->what ? e->what : "apply");
	mst_jout_kstr(j, "environment", mst_env_name((enum mst_env)env));
	n = mst_overrides_diff(before, after, &l->arena, &list);
	changes_json(j, list, n);
	mst_jout_end_obj(j);
	return 0;
}

static int list_past(struct mst_http_req *r, struct mst_http_resp *resp,
		     struct mst_err *err)
{
	struct mst_audit_filter f = {.kind = MST_SETTINGS, .n = SIZE_MAX};
	const struct mst_connection *envs[MST_ENV__MAX], *any;
	struct logging l = {0};
	size_t limit = 0;
	int rc = mst_http_page(r, &limit, &f.before, err);

	if (rc < 0)
		return rc;
	mst_arena_init(&l.arena, MST_MAX_ARENA);
	rc = mst_api_envs(mst_api_state(r), mst_http_param(r, "name"),
			  &r->arena, envs, &any, err);
	for (unsigned i = 0; rc == 0 && i < MST_ENV__MAX; i++)
		l.names[i] =
		    mst_settings_name(any->name, (enum mst_env)i, &r->arena);
	if (rc == 0) {
		mst_api_list_begin(&l.list, resp, limit);
		rc = mst_state_audit(mst_api_state(r), &f, log_one, &l, err);
		mst_api_list_end(&l.list);
	}
	mst_arena_fini(&l.arena);
	return rc < 0 ? rc : 0;
}

/* ---- taking back --------------------------------------------------------- */

static int undo_of(struct mst_api_change *k, struct mst_err *err)
{
	const struct mst_conf_item *before = NULL;

	if (mst_settings_before_promotion(k->state, k->name, &k->arena, &before,
					  err) < 0)
		return -(int)err->code;
	if (before) {
		k->after = *before;
		k->after.name = k->name;
	}
	k->what = "undo";
	return 0;
}

static int undo(struct mst_http_req *r, struct mst_http_resp *resp,
		struct mst_err *err)
{
	struct mst_api_change k;
	struct mst_json body;
	int rc;

	if (mst_http_json(r, &body, err) < 0)
		return -(int)err->code;
	rc = mst_api_change_begin(&k, r, resp, mst_http_param(r, "name"),
				  MST_ENV_PROD, body, err);
	if (rc == 0)
		rc = undo_of(&k, err);
	if (rc == 0)
		rc = mst_api_change_end(&k, NULL, err);
	mst_api_change_fini(&k);
	return rc;
}

/* ---- tables -------------------------------------------------------------- */

const struct mst_http_route mst_api_settings_past[] = {
    {MST_ROUTE_GET, "/connections/{name}/settings/log", "list_settings_log",
     "settings", "Who changed which settings when, newest first.", MST_MAY_READ,
     MST_ROUTE_LIST, NULL, "settings_entry", .run = list_past},
    {MST_ROUTE_POST, "/connections/{name}/settings/undo", "undo_promotion",
     "settings",
     "Takes the last promotion to PROD back, if nothing was changed since.",
     MST_MAY_CONFIGURE, MST_ROUTE_MATCH | MST_ROUTE_SECOND,
     "undo_promotion_body", "settings_change",
     .query = {{"preview", "only say what would change", "boolean", NULL}},
     .run = undo},
    {0},
};

static const struct mst_api_field entry_fields[] = {
    {"id", "integer", "of the audit's entry"},
    {"at", "time?", ""},
    {"user", "string", ""},
    {"via", "string", ""},
    {"what", "string", "\"set\", \"promote\", \"undo\", \"apply\" …"},
    {"environment", "test|prod", ""},
    {"changes", "&past_change[]", ""},
    {0},
};

static const struct mst_api_field change_fields[] = {
    {"key", "string", "of a setting, or of a custom mapping"},
    {"before", "any", "as it was stored: a text, a list of texts, or null"},
    {"after", "any", ""},
    {"kept", "boolean", "the new value is stored, but not in force"},
    {0},
};

static const struct mst_api_field undo_fields[] = {
    {"consent?", "boolean", "true: it changes what jobs write"},
    {0},
};

const struct mst_api_schema mst_api_settings_past_schemas[] = {
    {"settings_entry", "One change of settings.", entry_fields},
    {"past_change", "A setting that it changed.", change_fields},
    {"undo_promotion_body", "Consent to taking back.", undo_fields},
    {0},
};
