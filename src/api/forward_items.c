/* SPDX-License-Identifier: Apache-2.0
 *
 * What forwarding is configured by: rules, actions, receivers, windows, the
 * outbox; and the sections that stand beside them: proxy and service.
 */
#include <string.h>

#include "api/configure.h"
#include "api/gate.h"
#include "api/tables.h"
#include "conf/service.h"
#include "conf/settings.h"
#include "forward/action.h"
#include "forward/exclude.h"
#include "forward/outbox.h"
#include "forward/receiver.h"
#include "forward/rule.h"
#include "net/proxy.h"

/* ---- forms --------------------------------------------------------------- */

static void form_json(struct mst_jout *j, const char *type, const char *title,
		      const struct mst_opt *opts)
{
	mst_jout_obj(j);
	mst_jout_kstr(j, "type", type);
	mst_jout_kstr(j, "title", title);
	mst_jout_key(j, "options");
	mst_api_form_json(j, opts);
	mst_jout_end_obj(j);
}

static int get_forms(struct mst_http_req *r, struct mst_http_resp *resp,
		     struct mst_err *err)
{
	struct mst_jout j;

	(void)r;
	(void)err;
	mst_jout_init(&j, &resp->body);
	mst_jout_obj(&j);
	mst_jout_key(&j, "rules");
	mst_jout_arr(&j);
	form_json(&j, "", "Rule", mst_alert_rule_opts);
	mst_jout_end_arr(&j);
	mst_jout_key(&j, "actions");
	mst_jout_arr(&j);
	for (size_t i = 0; mst_action_types[i]; i++)
		form_json(&j, mst_action_types[i], mst_action_types[i],
			  mst_action_opts(mst_action_types[i]));
	mst_jout_end_arr(&j);
	mst_jout_key(&j, "receivers");
	mst_jout_arr(&j);
	for (size_t i = 0; mst_receiver_types[i]; i++)
		form_json(&j, mst_receiver_types[i], mst_receiver_types[i],
			  mst_receiver_opts);
	mst_jout_end_arr(&j);
	mst_jout_key(&j, "windows");
	mst_jout_arr(&j);
	form_json(&j, "", "Exclusion window", mst_exclude_opts);
	mst_jout_end_arr(&j);
	mst_jout_key(&j, "outbox");
	mst_api_form_json(&j, mst_outbox_opts);
	mst_jout_end_obj(&j);
	return 0;
}

/* ---- one of a list ------------------------------------------------------- */

static bool is_off(const char *text)
{
	static const char *const no[] = {"false", "no", "off"};
	bool is = false;

	for (size_t i = 0; i < MST_LEN(no); i++)
		is = is || mst_slice_iis(mst_slice_str(text), no[i]);
	return is;
}

static int show(struct mst_http_req *r, const struct mst_conf_item *item,
		struct mst_arena *arena, struct mst_jout *j,
		struct mst_err *err)
{
	bool enabled = true;

	for (size_t i = 0; i < item->values_n; i++) {
		if (strcmp(item->values[i].key, "enabled") == 0 &&
		    item->values[i].texts_n == 1)
			enabled = !is_off(item->values[i].texts[0]);
	}
	mst_jout_kbool(j, "enabled", enabled);
	return mst_api_show_item(r, item, arena, j, err);
}

/* The kind that the path's word behind "forward" stands for. */
static const char *kind_of(const struct mst_http_req *r)
{
	const char *tag = r->route->path + strlen("/forward/");

	return *tag == 'r' && tag[1] == 'u' ? MST_FORWARD_RULE
	       : *tag == 'a'		    ? MST_FORWARD_ACTION
	       : *tag == 'r'		    ? MST_FORWARD_RECEIVER
					    : MST_EXCLUSION_WINDOW;
}

static int list(struct mst_http_req *r, struct mst_http_resp *resp,
		struct mst_err *err)
{
	return mst_api_list_items(r, resp, kind_of(r), show, err);
}

static int get(struct mst_http_req *r, struct mst_http_resp *resp,
	       struct mst_err *err)
{
	return mst_api_get_item(r, resp, kind_of(r), mst_http_param(r, "name"),
				show, err);
}

static int put(struct mst_http_req *r, struct mst_http_resp *resp,
	       struct mst_err *err)
{
	return mst_api_put_item(r, resp, kind_of(r), mst_http_param(r, "name"),
				show, err);
}

static int del(struct mst_http_req *r, struct mst_http_resp *resp,
	       struct mst_err *err)
{
	return mst_api_delete_item(r, resp, kind_of(r),
				   mst_http_param(r, "name"), err);
}

/* ---- sections of which there is one -------------------------------------- */

static const struct single {
	const char *path, *kind;
	const struct mst_opt *opts;
} singles[] = {
    {"/forward/outbox", MST_OUTBOX, mst_outbox_opts},
    {"/proxy", MST_PROXY, mst_proxy_opts},
    {"/service", MST_SERVICE, mst_service_opts},
};

static const struct single *single_of(const struct mst_http_req *r)
{
	size_t i = 0;

	while (strcmp(singles[i].path, r->route->path) != 0)
		i++;
	return &singles[i];
}

static int show_single(struct mst_http_req *r, const struct mst_conf_item *item,
		       struct mst_arena *arena, struct mst_jout *j,
		       struct mst_err *err)
{
	mst_jout_key(j, "options");
	mst_api_form_json(j, single_of(r)->opts);
	return mst_api_show_item(r, item, arena, j, err);
}

/* One that was never put has all of its defaults. */
static int get_single(struct mst_http_req *r, struct mst_http_resp *resp,
		      struct mst_err *err)
{
	const struct single *s = single_of(r);
	const struct mst_conf_item none = {
	    .kind = s->kind, .name = s->kind, .type = ""};
	struct mst_jout j;
	int rc = mst_api_get_item(r, resp, s->kind, s->kind, show_single, err);

	if (rc != -MST_E_NOTFOUND)
		return rc;
	mst_buf_reset(&resp->body);
	mst_jout_init(&j, &resp->body);
	mst_jout_obj(&j);
	rc = show_single(r, &none, &r->arena, &j, err);
	mst_jout_end_obj(&j);
	mst_api_tag(r, resp, mst_slice("", 0));
	return rc;
}

static int put_single(struct mst_http_req *r, struct mst_http_resp *resp,
		      struct mst_err *err)
{
	const struct single *s = single_of(r);
	struct mst_door *door = mst_api_door(r);
	int rc = mst_api_put_item(r, resp, s->kind, s->kind, show_single, err);

	/* Here it counts at once, at other nodes soon. */
	if (rc == 0 && door && strcmp(s->kind, MST_SERVICE) == 0 &&
	    (resp->status == 0 || resp->status == 200 || resp->status == 201))
		rc = mst_auth_load(door, mst_api_state(r), err);
	return rc;
}

/* ---- tables -------------------------------------------------------------- */

#define LIST_OF(word, one, text)                                               \
	{MST_ROUTE_GET,                                                        \
	 "/forward/" word "s",                                                 \
	 "list_forward_" word "s",                                             \
	 "forwarding",                                                         \
	 "All " text "s.",                                                     \
	 MST_MAY_READ,                                                         \
	 0,                                                                    \
	 NULL,                                                                 \
	 "forward_item_list",                                                  \
	 .run = list},                                                         \
	    {MST_ROUTE_GET,                                                    \
	     "/forward/" word "s/{name}",                                      \
	     "get_forward_" word,                                              \
	     "forwarding",                                                     \
	     one " " text ".",                                                 \
	     MST_MAY_READ,                                                     \
	     0,                                                                \
	     NULL,                                                             \
	     "forward_item",                                                   \
	     .run = get},                                                      \
	    {MST_ROUTE_PUT,                                                    \
	     "/forward/" word "s/{name}",                                      \
	     "put_forward_" word,                                              \
	     "forwarding",                                                     \
	     "Makes or changes " text "s.",                                    \
	     MST_MAY_CONFIGURE,                                                \
	     MST_ROUTE_MATCH | MST_ROUTE_SECOND,                               \
	     "forward_item_body",                                              \
	     "forward_item",                                                   \
	     .run = put},                                                      \
	{                                                                      \
		MST_ROUTE_DELETE, "/forward/" word "s/{name}",                 \
		    "delete_forward_" word, "forwarding",                      \
		    "Removes one of the " text "s.", MST_MAY_CONFIGURE,        \
		    MST_ROUTE_MATCH | MST_ROUTE_SECOND, NULL, NULL, .run = del \
	}

const struct mst_http_route mst_api_forward_items[] = {
    {MST_ROUTE_GET, "/forward/forms", "get_forward_forms", "forwarding",
     "The forms of everything that forwarding is configured by.", MST_MAY_READ,
     0, NULL, "forward_forms", .run = get_forms},
    LIST_OF("rule", "A", "forwarding rule"),
    LIST_OF("action", "An", "forwarding action"),
    LIST_OF("receiver", "A", "forwarding receiver"),
    LIST_OF("window", "An", "exclusion window"),
    {MST_ROUTE_GET, "/forward/outbox", "get_outbox", "forwarding",
     "The section outbox.", MST_MAY_READ, 0, NULL, "section",
     .run = get_single},
    {MST_ROUTE_PUT, "/forward/outbox", "put_outbox", "forwarding",
     "Changes the section outbox.", MST_MAY_CONFIGURE,
     MST_ROUTE_MATCH | MST_ROUTE_SECOND, "section_body", "section",
     .run = put_single},
    {MST_ROUTE_GET, "/proxy", "get_proxy", "service", "The section proxy.",
     MST_MAY_READ, 0, NULL, "section", .run = get_single},
    {MST_ROUTE_PUT, "/proxy", "put_proxy", "service",
     "Changes the section proxy.", MST_MAY_CONFIGURE,
     MST_ROUTE_MATCH | MST_ROUTE_SECOND, "section_body", "section",
     .run = put_single},
    {MST_ROUTE_GET, "/service", "get_service", "service",
     "The section service.", MST_MAY_ADMINISTER, 0, NULL, "section",
     .run = get_single},
    {MST_ROUTE_PUT, "/service", "put_service", "service",
     "Changes the section service.", MST_MAY_ADMINISTER,
     MST_ROUTE_MATCH | MST_ROUTE_SECOND, "section_body", "section",
     .run = put_single},
    {0},
};

static const struct mst_api_field form_fields[] = {
    {"type", "string", "\"\" where there are no types"},
    {"title", "string", ""},
    {"options", "&option[]", ""},
    {0},
};

static const struct mst_api_field forms_fields[] = {
    {"rules", "&forward_form[]", ""},	  {"actions", "&forward_form[]", ""},
    {"receivers", "&forward_form[]", ""}, {"windows", "&forward_form[]", ""},
    {"outbox", "&option[]", ""},	  {0},
};

static const struct mst_api_field item_fields[] = {
    {"name", "string", ""},
    {"type", "string", "\"\" where there are no types"},
    {"enabled", "boolean", ""},
    {"values", "object", "by the keys of its options"},
    {0},
};

static const struct mst_api_field list_fields[] = {
    {"items", "&forward_item[]", ""},
    {"next", "string?", ""},
    {0},
};

static const struct mst_api_field body_fields[] = {
    {"type?", "string", "of actions and receivers; needed for a new one"},
    {"values", "object", "all of it: what is left out has its default"},
    {0},
};

static const struct mst_api_field section_fields[] = {
    {"options", "&option[]", ""},
    {"values", "object", "by the keys of its options"},
    {0},
};

static const struct mst_api_field section_body_fields[] = {
    {"values", "object", "all of it: what is left out has its default"},
    {0},
};

const struct mst_api_schema mst_api_forward_item_schemas[] = {
    {"forward_form", "A form.", form_fields},
    {"forward_forms", "The forms of forwarding.", forms_fields},
    {"forward_item", "Something that forwarding is configured by.",
     item_fields},
    {"forward_item_list", "", list_fields},
    {"forward_item_body", "What it is to be.", body_fields},
    {"section", "A section of the configuration.", section_fields},
    {"section_body", "What a section is to be.", section_body_fields},
    {0},
};
