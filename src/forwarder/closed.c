/* SPDX-License-Identifier: Apache-2.0
 *
 * Incidents that are resolved or closed, rows that somebody has marked as
 * handled, but by muster itself.
 */
#include "forwarder/closed.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"

#define ROWS	  500
#define PAGES	  200
#define ARENA_MAX (16u << 20)
/* Times there are whole seconds, and of another clock. */
#define CLOCKS_US INT64_C(60000000)

const char *mst_closed_why_not(const char *source)
{
	for (const char *p = source; *p; p++) {
		if (!isalnum((unsigned char)*p) && !strchr("._-", *p))
			return "the name of the connection has other "
			       "characters than letters, digits, '.', '_' and "
			       "'-'";
	}
	return "";
}

/* ---- asking -------------------------------------------------------------- */

static void query_of(const struct mst_closed *c, struct mst_buf *q)
{
	char when[20];

	mst_time_sn(c->since_us, when);
	if (c->action->type == MST_ACTION_APPLICATION)
		(void)mst_buf_addf(q,
				   "u_source=%s^u_handled=true"
				   "^sys_updated_on>=%s^ORDERBYsys_updated_on",
				   c->source, when);
	else
		(void)mst_buf_addf(
		    q,
		    "correlation_idSTARTSWITHiot/%s/^sys_updated_on>=%s"
		    "^active=false^ORstate=%s^ORDERBYsys_updated_on",
		    c->source, when, c->action->u.incident.close_state);
}

static void path_of(const struct mst_closed *c, unsigned page,
		    struct mst_buf *path)
{
	bool rows = c->action->type == MST_ACTION_APPLICATION;
	struct mst_buf q = MST_BUF_INIT(4096);

	query_of(c, &q);
	(void)mst_buf_addf(path, "/api/now/table/%s?sysparm_query=",
			   rows ? MST_APPLICATION_TABLE
				: c->action->u.incident.table);
	(void)mst_buf_add_uri(path, mst_buf_slice(&q));
	(void)mst_buf_addf(path,
			   "&sysparm_fields=%s&sysparm_limit=%d"
			   "&sysparm_offset=%u",
			   rows ? "u_key,u_handled,sys_updated_on,"
				  "sys_updated_by,sys_created_by"
				: "correlation_id,active,state,close_notes,"
				  "sys_updated_on,sys_created_by,"
				  "resolved_by.user_name,closed_by.user_name",
			   ROWS, page * ROWS);
	mst_buf_fini(&q);
}

/* ---- answers ------------------------------------------------------------- */

static struct mst_slice text(struct mst_json row, const char *name)
{
	return mst_json_str(mst_json_get(row, name));
}

/* An answer is only believed where it holds what was asked for. */
static bool is_closed_row(struct mst_json row)
{
	return mst_slice_is(text(row, "u_handled"), "true") &&
	       !mst_slice_eq(text(row, "sys_updated_by"),
			     text(row, "sys_created_by"));
}

/* Who closed it, as far as the table says: not muster, with whose account it
 * was made, and no job of ServiceNow. */
static bool is_closer(struct mst_json row)
{
	struct mst_slice who = text(row, "resolved_by.user_name");

	if (!who.n)
		who = text(row, "closed_by.user_name");
	return !who.n || (!mst_slice_is(who, "system") &&
			  !mst_slice_eq(who, text(row, "sys_created_by")));
}

static bool is_closed_incident(const struct mst_closed *c, struct mst_json row)
{
	if (!mst_slice_is(text(row, "active"), "false") &&
	    !mst_slice_is(text(row, "state"),
			  c->action->u.incident.close_state))
		return false;
	return is_closer(row) && !mst_slice_istarts(text(row, "close_notes"),
						    MST_INCIDENT_HANDLED);
}

static void take_row(const struct mst_closed *c, struct mst_json row)
{
	bool rows = c->action->type == MST_ACTION_APPLICATION;
	struct mst_slice id = text(row, rows ? "u_key" : "correlation_id");
	size_t n = strlen("iot/") + strlen(c->source) + 1;
	char head[MST_CORRELATION + 300];
	int64_t us;

	(void)snprintf(head, sizeof(head), "iot/%.200s/", c->source);
	if (!mst_slice_istarts(id, head) || id.n <= n)
		return;
	if (!mst_time_parse(text(row, "sys_updated_on"), &us) ||
	    us < c->from_us - CLOCKS_US)
		return;
	if (rows ? is_closed_row(row) : is_closed_incident(c, row))
		c->fn(c->ctx, mst_slice(id.p + n, id.n - n));
}

int mst_closed_ask(struct mst_instance *i, const struct mst_closed *c,
		   const atomic_bool *stop, struct mst_err *err)
{
	struct mst_buf path = MST_BUF_INIT(16384);
	size_t n = ROWS;
	int rc = 0;

	for (unsigned page = 0; rc == 0 && n >= ROWS && page < PAGES; page++) {
		struct mst_bundle_answer a;
		struct mst_json_iter it;
		struct mst_json row;

		if (atomic_load(stop))
			break;
		mst_buf_reset(&path);
		path_of(c, page, &path);
		rc = mst_instance_get(i, path.p, &a, err);
		if (rc == 0 && a.status != 200)
			rc = mst_err_set(err, mst_status_code(a.status),
					 "ServiceNow answered %d: %s", a.status,
					 a.why);
		if (rc < 0)
			break;
		it = mst_json_iter(mst_json_get(a.root, "result"));
		for (n = 0; mst_json_next(&it, NULL, &row); n++)
			take_row(c, row);
	}
	mst_buf_fini(&path);
	return rc;
}

/* ---- what the console knows ---------------------------------------------- */

static int is_handled(struct mst_outbox *o, const char *action,
		      const char *source, struct mst_slice key,
		      struct mst_arena *arena, bool *is_r, struct mst_err *err)
{
	struct mst_err unread = MST_ERR_INIT;
	enum mst_form form = MST_FORM_JSON;
	struct mst_slice body = {0};
	struct mst_alert a;
	int rc =
	    mst_outbox_newest(o, action, source, key, arena, &form, &body, err);

	*is_r = rc == 0 && body.n &&
		mst_form_read(form, body, 0, arena, &a, &unread) == 0 &&
		a.handled;
	return rc;
}

int mst_closed_owed(struct mst_outbox *o, const char *action,
		    const char *source, struct mst_slice *keys, size_t *n,
		    struct mst_err *err)
{
	struct mst_arena arena;
	size_t kept = 0;
	int rc = 0;

	mst_arena_init(&arena, ARENA_MAX);
	for (size_t i = 0; i < *n && rc == 0; i++) {
		bool handled = false;

		mst_arena_reset(&arena);
		rc = is_handled(o, action, source, keys[i], &arena, &handled,
				err);
		if (!handled)
			keys[kept++] = keys[i];
	}
	mst_arena_fini(&arena);
	*n = kept;
	return rc;
}
