/* SPDX-License-Identifier: Apache-2.0
 *
 * How forwarding goes: rules, what waits for each action, what came in, and the
 * deliveries one by one. Looks into the outbox beside whoever forwards.
 */
#include <stdlib.h>
#include <string.h>

#include "alert/form.h"
#include "api/api.h"
#include "api/tables.h"
#include "base/time.h"
#include "forwarder/forwarder.h"

#define BODY_MAX (16u << 20)

/* ---- status -------------------------------------------------------------- */

static int running_json(struct mst_http_req *r, struct mst_jout *j,
			struct mst_err *err)
{
	struct mst_buf note = MST_BUF_INIT(4096);
	bool held = false;
	int rc = mst_forwarder_who(mst_api_state(r), &held, &note, err);

	mst_jout_kbool(j, "running", held);
	mst_jout_kstr(j, "node", held ? mst_api_node(r) : NULL);
	mst_jout_kstr(j, "holder", held && note.p ? note.p : NULL);
	mst_buf_fini(&note);
	return rc;
}

/* What is wrong with the configuration is told, the rest is shown. */
static void rules_json(struct mst_http_req *r, struct mst_jout *j)
{
	struct mst_forward_conf *conf = NULL;
	struct mst_err err = MST_ERR_INIT;
	int rc = mst_forward_conf_load(mst_api_state(r), &conf, &err);

	mst_jout_key(j, "rules");
	mst_jout_arr(j);
	for (size_t i = 0; rc == 0 && i < conf->rules_n; i++)
		mst_alert_rule_json(j, &conf->rules[i]);
	mst_jout_end_arr(j);
	mst_jout_kstr(j, "problem", rc < 0 ? err.msg : NULL);
	if (rc == 0)
		mst_forward_conf_free(&conf);
}

static void add_stats(void *ctx, const char *action,
		      const struct mst_outbox_stats *s)
{
	struct mst_jout *j = ctx;

	if (!action)
		return;
	mst_jout_obj(j);
	mst_jout_kstr(j, "action", action);
	for (int i = 0; i < MST_DELIVERY_DONE; i++)
		mst_jout_ki64(j, mst_delivery_state_name(i), (int64_t)s->n[i]);
	mst_api_time(j, "oldest_at", s->oldest_us);
	mst_jout_end_obj(j);
}

static void add_tally(void *ctx, const struct mst_outbox_tally *t)
{
	struct mst_jout *j = ctx;

	mst_jout_obj(j);
	mst_jout_kstr(j, "from", t->door);
	mst_jout_kstr(j, "what", t->what);
	mst_jout_ki64(j, "alerts", (int64_t)t->n);
	mst_jout_end_obj(j);
}

static int count_unread(void *ctx, const struct mst_outbox_unread *u)
{
	int64_t *n = ctx;

	(void)u;
	++*n;
	return 0;
}

static int get_status(struct mst_http_req *r, struct mst_http_resp *resp,
		      struct mst_err *err)
{
	struct mst_outbox *o = NULL;
	struct mst_jout j;
	int64_t unread = 0;
	int rc = mst_forwarder_look(mst_api_state(r), &o, err);

	mst_jout_init(&j, &resp->body);
	mst_jout_obj(&j);
	if (rc == 0)
		rc = running_json(r, &j, err);
	rules_json(r, &j);
	mst_jout_key(&j, "actions");
	mst_jout_arr(&j);
	if (rc == 0 && o)
		rc = mst_outbox_stats(o, add_stats, &j, err);
	mst_jout_end_arr(&j);
	mst_jout_key(&j, "received");
	mst_jout_arr(&j);
	if (rc == 0 && o)
		rc = mst_outbox_tallies(o, add_tally, &j, err);
	mst_jout_end_arr(&j);
	if (rc == 0 && o)
		rc = mst_outbox_unread_page(o, 0, MST_OUTBOX_UNREAD,
					    count_unread, &unread, err);
	mst_jout_ki64(&j, "unread", unread);
	mst_jout_end_obj(&j);
	mst_outbox_close(&o);
	return rc;
}

/* ---- deliveries ---------------------------------------------------------- */

static void row_json(struct mst_jout *j, const struct mst_outbox_row *r)
{
	mst_jout_ki64(j, "id", r->id);
	mst_jout_kstr(j, "action", r->action);
	mst_jout_kstr(j, "op", mst_delivery_op_name(r->op));
	mst_jout_kstr(j, "state", mst_delivery_state_name(r->state));
	mst_jout_kbool(j, "in_doubt", r->doubt);
	mst_jout_ki64(j, "tries", r->tries);
	mst_jout_kstr(j, "rule", r->rule);
	mst_jout_kstr(j, "source", r->source);
	mst_jout_kslice(j, "key", r->key);
	mst_jout_kslice(j, "device", r->device);
	mst_api_time(j, "accepted_at", r->accepted_us);
	mst_api_time(j, "changed_at", r->changed_us);
	mst_api_time(j, "due_at", r->due_us);
	mst_jout_kstr(j, "remote", r->remote ? r->remote : "");
	mst_api_text(j, "why", r->why);
}

static int list_row(void *ctx, const struct mst_outbox_row *r)
{
	struct mst_api_list *l = ctx;

	if (!mst_api_list_room(l, r->id))
		return 0;
	mst_jout_obj(&l->j);
	row_json(&l->j, r);
	mst_jout_end_obj(&l->j);
	return 0;
}

static int list_alerts(struct mst_http_req *r, struct mst_http_resp *resp,
		       struct mst_err *err)
{
	const char *state = mst_http_query(r, "state");
	struct mst_outbox_filter f = {.action = mst_http_query(r, "action"),
				      .state = -1};
	struct mst_outbox *o = NULL;
	struct mst_api_list l;
	size_t limit;
	int rc = mst_http_page(r, &limit, &f.before, err);

	if (rc < 0)
		return rc;
	for (int i = 0; state && i < MST_DELIVERY__MAX; i++) {
		if (strcmp(mst_delivery_state_name(i), state) == 0)
			f.state = i;
	}
	f.limit = limit + 1;
	rc = mst_forwarder_look(mst_api_state(r), &o, err);
	mst_api_list_begin(&l, resp, limit);
	if (rc == 0 && o)
		rc = mst_outbox_page(o, &f, list_row, &l, err);
	mst_api_list_end(&l);
	mst_outbox_close(&o);
	return rc;
}

struct showing {
	struct mst_jout *j;
	int64_t id;
	bool found;
};

static int show_row(void *ctx, const struct mst_outbox_row *r)
{
	struct showing *s = ctx;

	s->found = r->id == s->id;
	if (s->found)
		row_json(s->j, r);
	return 1;
}

static int show_alert(struct mst_outbox *o, int64_t id, struct mst_jout *j,
		      struct mst_err *err)
{
	const struct mst_outbox_filter f = {
	    .state = -1, .before = id + 1, .limit = 1};
	struct mst_buf body = MST_BUF_INIT(BODY_MAX);
	struct showing s = {.j = j, .id = id};
	enum mst_form form;
	int rc = o ? mst_outbox_page(o, &f, show_row, &s, err) : 0;

	if (rc >= 0 && !s.found)
		return mst_err_set(err, MST_E_NOTFOUND,
				   "there is no delivery %lld", (long long)id);
	if (rc >= 0)
		rc = mst_outbox_body(o, id, &form, &body, err);
	if (rc >= 0) {
		mst_jout_kstr(j, "form", mst_form_name(form));
		mst_jout_kslice(j, "alert", mst_buf_slice(&body));
	}
	mst_buf_fini(&body);
	return rc < 0 ? rc : 0;
}

static int get_alert(struct mst_http_req *r, struct mst_http_resp *resp,
		     struct mst_err *err)
{
	struct mst_outbox *o = NULL;
	struct mst_jout j;
	int64_t id;
	int rc = mst_http_param_id(r, "id", &id, err);

	if (rc == 0)
		rc = mst_forwarder_look(mst_api_state(r), &o, err);
	if (rc < 0)
		return rc;
	mst_jout_init(&j, &resp->body);
	mst_jout_obj(&j);
	rc = show_alert(o, id, &j, err);
	mst_jout_end_obj(&j);
	mst_outbox_close(&o);
	return rc;
}

const struct mst_http_route mst_api_forward_look[] = {
    {MST_ROUTE_GET, "/forward/status", "get_forward_status", "forwarding",
     "How forwarding goes.", MST_MAY_READ, 0, NULL, "forward_status",
     .run = get_status},
    {MST_ROUTE_GET,
     "/forward/alerts",
     "list_deliveries",
     "forwarding",
     "Deliveries of alerts, newest first.",
     MST_MAY_READ,
     MST_ROUTE_LIST,
     NULL,
     "delivery_list",
     {{"state", "only in this state", "string",
       "waiting|sent|later|aside|done|dropped"},
      {"action", "only of this action", "string", NULL}},
     .run = list_alerts},
    {MST_ROUTE_GET, "/forward/alerts/{id}", "get_delivery", "forwarding",
     "One delivery with its alert.", MST_MAY_READ, 0, NULL, "delivery_alert",
     .run = get_alert},
    {0},
};

static const struct mst_api_field rule_fields[] = {
    {"rule", "string", ""},
    {"enabled", "boolean", ""},
    {"source", "string", ""},
    {"severity", "warning|minor|major|critical", "the least"},
    {"actions", "string[]", ""},
    {0},
};

static const struct mst_api_field action_fields[] = {
    {"action", "string", ""},
    {"waiting", "integer", ""},
    {"sent", "integer", ""},
    {"later", "integer", ""},
    {"aside", "integer", ""},
    {"oldest_at", "time?", ""},
    {0},
};

static const struct mst_api_field received_fields[] = {
    {"from", "string", "a receiver or a connection"},
    {"what", "string", "became of them"},
    {"alerts", "integer", ""},
    {0},
};

static const struct mst_api_field status_fields[] = {
    {"running", "boolean", "somebody forwards from this state folder"},
    {"node", "string?", ""},
    {"holder", "string?", "its process"},
    {"rules", "&forward_rule_status[]", ""},
    {"problem", "string?", "what is wrong with the configuration"},
    {"actions", "&forward_action_status[]", "that have something to do"},
    {"received", "&forward_received[]", ""},
    {"unread", "integer", "that came in and nobody could read"},
    {0},
};

#define DELIVERY                                                               \
	{"id", "integer", ""}, {"action", "string", ""},                       \
	    {"op", "open|update|close", ""},                                   \
	    {"state", "waiting|sent|later|aside|done|dropped", ""},            \
	    {"in_doubt", "boolean", "it may have been delivered"},             \
	    {"tries", "integer", ""}, {"rule", "string", ""},                  \
	    {"source", "string", ""}, {"key", "string", "of the alert"},       \
	    {"device", "string", ""}, {"accepted_at", "time?", ""},            \
	    {"changed_at", "time?", ""}, {"due_at", "time?", ""},              \
	    {"remote", "string", "its id at the far end"},                     \
	{                                                                      \
		"why", "string?", ""                                           \
	}

static const struct mst_api_field delivery_fields[] = {DELIVERY, {0}};

static const struct mst_api_field alert_fields[] = {
    DELIVERY,
    {"form", "string", "of the alert"},
    {"alert", "string", "as it was received"},
    {0},
};

static const struct mst_api_field list_fields[] = {
    {"items", "&delivery[]", ""},
    {"next", "string?", ""},
    {0},
};

const struct mst_api_schema mst_api_forward_look_schemas[] = {
    {"forward_rule_status", "A rule.", rule_fields},
    {"forward_action_status", "What waits for an action.", action_fields},
    {"forward_received", "What came in.", received_fields},
    {"forward_status", "How forwarding goes.", status_fields},
    {"delivery", "A delivery of an alert.", delivery_fields},
    {"delivery_alert", "A delivery with its alert.", alert_fields},
    {"delivery_list", "", list_fields},
    {0},
};
