/* SPDX-License-Identifier: Apache-2.0
 *
 * Secrets sealed in the state store: set and removed, never shown; and the
 * configuration as a whole, as YAML.
 */
#include <stdlib.h>
#include <string.h>

#include "api/configure.h"
#include "api/prod.h"
#include "api/second.h"
#include "api/tables.h"
#include "base/limits.h"
#include "base/secret.h"

/* ---- secrets ------------------------------------------------------------- */

#define KINDS_MOST 8
#define VALUE_MAX                                                              \
	(64u << 10) /* a key and its chain of certificates have room */

struct listing {
	struct mst_jout *j;
	const struct mst_conf_item **items[KINDS_MOST];
	size_t n[KINDS_MOST];
};

static int show(void *ctx, const struct mst_state_secret *e)
{
	struct listing *l = ctx;
	char *ref = mst_asprintf("sealed:%s", e->name);

	mst_jout_obj(l->j);
	mst_jout_kstr(l->j, "name", e->name);
	mst_api_time(l->j, "changed_at", e->changed_us);
	mst_jout_kbool(l->j, "opens", e->opens);
	mst_jout_key(l->j, "used_by");
	mst_jout_arr(l->j);
	for (size_t k = 0; k < KINDS_MOST; k++)
		for (size_t i = 0; i < l->n[k]; i++)
			if (mst_api_refers(l->items[k][i], ref))
				mst_jout_str(l->j, l->items[k][i]->name);
	mst_jout_end_arr(l->j);
	mst_jout_end_obj(l->j);
	free(ref);
	return 0;
}

static int write_list(struct mst_http_req *r, struct mst_jout *j,
		      struct mst_arena *arena, struct mst_err *err)
{
	const struct mst_config config = {.state = mst_api_state(r)};
	struct listing l = {.j = j};
	int rc = 0;

	for (size_t i = 0; mst_api_secret_kinds[i] && rc == 0; i++)
		rc = mst_config_items(&config, mst_api_secret_kinds[i], arena,
				      &l.items[i], &l.n[i], err);
	mst_api_all_begin(j);
	if (rc == 0)
		rc = mst_state_secrets(mst_api_state(r), show, &l, err);
	mst_api_all_end(j);
	return rc;
}

static int list(struct mst_http_req *r, struct mst_http_resp *resp,
		struct mst_err *err)
{
	return mst_api_write(r, resp, write_list, err);
}

/* A value may not wait for a second person, as the request is kept in the
 * open; a new one under another name waits with the change that refers to
 * it. */
static int may_change(struct mst_http_req *r, const char *name,
		      struct mst_err *err)
{
	struct mst_arena arena;
	const char *user = NULL;
	int rc;

	if (!mst_api_second_wanted(r, true))
		return 0;
	mst_arena_init(&arena, MST_MAX_ARENA);
	rc = mst_api_secret_in_prod(mst_api_state(r), name, &arena, &user, err);
	if (rc == 0 && user)
		rc = mst_err_set(
		    err, MST_E_CONFLICT,
		    "the %s uses the secret '%s' for PROD, and nobody changes "
		    "that alone: store the new value under another name, and "
		    "change the %s to it, which waits for a second person",
		    user, name, user);
	mst_arena_fini(&arena);
	return rc;
}

static int put(struct mst_http_req *r, struct mst_http_resp *resp,
	       struct mst_err *err)
{
	const char *name = mst_http_param(r, "name");
	struct mst_secret *secret;
	struct mst_json body;
	struct mst_slice value;
	char *key = NULL;
	int rc;

	if (mst_http_json(r, &body, err) < 0)
		return -(int)err->code;
	value = mst_json_str(mst_json_get(body, "value"));
	if (!value.n) {
		mst_http_wrong(r, "/value", "is a text, not empty");
		return mst_http_problem_as(r, resp, 422, "unprocessable",
					   "a secret needs a value");
	}
	if (!mst_secret_name_ok(name))
		return mst_http_problem_as(
		    r, resp, 422, "unprocessable",
		    "a secret's name is letters, digits, \"_\", \"-\" and "
		    "\".\"");
	if (value.n > VALUE_MAX)
		return mst_http_problem_as(r, resp, 422, "unprocessable",
					   "a secret has at most 64 KiB");
	if (may_change(r, name, err) < 0)
		return -(int)err->code;
	secret = mst_secret_new(value);
	rc = mst_state_secret_set(mst_api_state(r), name, secret, &key, err);
	mst_secret_free(&secret);
	free(key);
	if (rc == 0) {
		resp->status = 204;
		mst_api_changed(r, "secret", name);
	}
	return rc;
}

static int del(struct mst_http_req *r, struct mst_http_resp *resp,
	       struct mst_err *err)
{
	const char *name = mst_http_param(r, "name");
	int rc = may_change(r, name, err);

	if (rc == 0)
		rc = mst_state_secret_remove(mst_api_state(r), name, err);
	if (rc == 0) {
		resp->status = 204;
		mst_api_changed(r, "secret", name);
	}
	return rc;
}

/* ---- the configuration as YAML ------------------------------------------- */

struct exporting {
	struct mst_buf *out;
	const char *section;
};

static int add_item(void *ctx, const struct mst_state_item *item)
{
	struct exporting *e = ctx;
	const char *section = mst_conf_section(item->kind);

	if (!section)
		return 0;
	if (section != e->section)
		(void)mst_buf_addf(e->out, "%s:\n", section);
	e->section = section;
	(void)mst_buf_adds(e->out, item->yaml);
	return 0;
}

static int export_all(struct mst_http_req *r, struct mst_http_resp *resp,
		      struct mst_err *err)
{
	struct exporting e = {.out = &resp->body};

	resp->type = MST_HTTP_TYPE_YAML;
	resp->disposition = "muster.yaml";
	return mst_state_items(mst_api_state(r), NULL, add_item, &e, err);
}

static bool has_settings(const struct mst_conf *conf)
{
	for (size_t i = 0; i < conf->items_n; i++) {
		if (mst_is_settings(&conf->items[i]))
			return true;
	}
	return false;
}

static int store(struct mst_http_req *r, struct mst_http_resp *resp,
		 const struct mst_conf *conf, struct mst_err *err)
{
	const struct mst_config config = {mst_api_state(r), conf->items,
					  conf->items_n};
	const char *consent = mst_http_query(r, "consent"), *needs = NULL;
	size_t added = 0, changed = 0;
	struct mst_jout j;

	if (mst_config_check(&config, err) < 0 ||
	    mst_config_no_programs(&config, err) < 0)
		return mst_api_refuse(r, resp, err);
	if (has_settings(conf) && (!consent || strcmp(consent, "1") != 0))
		return mst_http_problem_as(
		    r, resp, 422, "unprocessable",
		    "nothing was stored: settings change what jobs write; "
		    "?consent=1 says that you mean it");
	if (mst_api_second_apply(r, conf, &needs, err) < 0)
		return -(int)err->code;
	if (needs)
		return mst_api_second_ask(r, resp, "apply a configuration",
					  needs, 0, err);
	if (mst_config_put(mst_api_state(r), conf->items, conf->items_n, NULL,
			   NULL, &added, &changed, err) < 0)
		return -(int)err->code;
	mst_api_wake(r);
	mst_api_changed(r, "configuration", "");
	mst_jout_init(&j, &resp->body);
	mst_jout_obj(&j);
	mst_jout_ki64(&j, "added", (int64_t)added);
	mst_jout_ki64(&j, "changed", (int64_t)changed);
	mst_jout_ki64(&j, "unchanged",
		      (int64_t)(conf->items_n - added - changed));
	mst_jout_end_obj(&j);
	return 0;
}

static int apply(struct mst_http_req *r, struct mst_http_resp *resp,
		 struct mst_err *err)
{
	struct mst_conf conf;
	int rc;

	if (mst_conf_read(r->body, "request", &conf, err) < 0)
		return mst_api_refuse(r, resp, err);
	rc = store(r, resp, &conf, err);
	mst_conf_fini(&conf);
	return rc;
}

const struct mst_http_route mst_api_secrets[] = {
    {MST_ROUTE_GET, "/secrets", "list_secrets", "secrets",
     "Names of sealed secrets and who uses them.", MST_MAY_CONFIGURE, 0, NULL,
     "secret_list", .run = list},
    {MST_ROUTE_PUT, "/secrets/{name}", "put_secret", "secrets",
     "Seals a secret; it is never shown again. Where a second person is "
     "asked, one that PROD has keeps its value: 409.",
     MST_MAY_CONFIGURE, 0, "secret_body", NULL, .run = put},
    {MST_ROUTE_DELETE, "/secrets/{name}", "delete_secret", "secrets",
     "Removes a sealed secret.", MST_MAY_CONFIGURE, 0, NULL, NULL, .run = del},
    {MST_ROUTE_GET, "/export", "export", "service",
     "The configuration as YAML.", MST_MAY_CONFIGURE, MST_ROUTE_PLAIN, NULL,
     NULL, .run = export_all},
    {MST_ROUTE_POST,
     "/apply",
     "apply",
     "service",
     "Stores a configuration that is YAML; nothing when anything of it is "
     "wrong.",
     MST_MAY_CONFIGURE,
     MST_ROUTE_TEXT | MST_ROUTE_SECOND,
     NULL,
     "applied",
     {{"consent", "settings in it change what jobs write", "boolean", NULL}},
     .run = apply},
    {0},
};

static const struct mst_api_field secret_fields[] = {
    {"name", "string", "refer to it as \"sealed:NAME\""},
    {"changed_at", "time?", ""},
    {"opens", "boolean", "the key that sealed it is there"},
    {"used_by", "string[]", ""},
    {0},
};

static const struct mst_api_field list_fields[] = {
    {"items", "&secret[]", ""},
    {"next", "string?", ""},
    {0},
};

static const struct mst_api_field body_fields[] = {
    {"value", "string", ""},
    {0},
};

static const struct mst_api_field applied_fields[] = {
    {"added", "integer", ""},
    {"changed", "integer", ""},
    {"unchanged", "integer", ""},
    {0},
};

const struct mst_api_schema mst_api_secret_schemas[] = {
    {"secret", "A sealed secret.", secret_fields},
    {"secret_list", "", list_fields},
    {"secret_body", "A secret.", body_fields},
    {"applied", "What was stored.", applied_fields},
    {0},
};
