/* SPDX-License-Identifier: Apache-2.0
 *
 * Who changed what: /audit, and whether all of it is there as it was written.
 */
#include <sodium.h>

#include "api/api.h"
#include "api/tables.h"
#include "base/time.h"

#define HEX (2 * MST_AUDIT_HASH + 1)

/* ---- looking ------------------------------------------------------------- */

struct looking {
	struct mst_api_list list;
	int64_t since_us, until_us; /* MST_TIME_NONE: any */
};

static void hash_json(struct mst_jout *j, const char *key,
		      const unsigned char *hash)
{
	char hex[HEX] = "";

	if (hash)
		(void)sodium_bin2hex(hex, sizeof(hex), hash, MST_AUDIT_HASH);
	mst_jout_kstr(j, key, hex);
}

static int write_entry(void *ctx, const struct mst_audit_entry *e)
{
	struct looking *l = ctx;
	struct mst_jout *j = &l->list.j;

	/* Newest first: what is older than `since` ends it. */
	if (l->until_us != MST_TIME_NONE && e->at_us >= l->until_us)
		return 0;
	if (l->since_us != MST_TIME_NONE && e->at_us < l->since_us)
		return 1;
	if (!mst_api_list_room(&l->list, e->id))
		return 1;
	mst_jout_obj(j);
	mst_jout_ki64(j, "id", e->id);
	mst_api_time(j, "at", e->at_us);
	mst_jout_kstr(j, "user", e->user);
	mst_jout_kstr(j, "via", e->via);
	mst_jout_kstr(j, "address", e->address);
	mst_jout_kstr(j, "what", *e->what ? e->what : "apply");
	mst_jout_kstr(j, "kind", e->kind);
	mst_jout_kstr(j, "name", e->name);
	mst_jout_kstr(j, "before", e->before);
	mst_jout_kstr(j, "after", e->after);
	hash_json(j, "hash", e->hash);
	mst_jout_end_obj(j);
	return 0;
}

static int take_time(struct mst_http_req *r, const char *name, int64_t *us_r,
		     struct mst_err *err)
{
	const char *text = mst_http_query(r, name);

	*us_r = MST_TIME_NONE;
	if (!text || mst_time_parse(mst_slice_str(text), us_r))
		return 0;
	return mst_err_set(err, MST_E_INVALID,
			   "'%.60s' of '%s' is no time; it is written "
			   "2026-11-21T19:45:00Z",
			   text, name);
}

static int list(struct mst_http_req *r, struct mst_http_resp *resp,
		struct mst_err *err)
{
	struct mst_audit_filter f = {.kind = mst_http_query(r, "kind"),
				     .name = mst_http_query(r, "name"),
				     .user = mst_http_query(r, "user")};
	struct looking l;
	size_t limit = 0;
	int rc = mst_http_page(r, &limit, &f.before, err);

	if (rc == 0)
		rc = take_time(r, "since", &l.since_us, err);
	if (rc == 0)
		rc = take_time(r, "until", &l.until_us, err);
	if (rc < 0)
		return rc;
	/* How many are newer than `until` is not known before. */
	f.n = l.until_us == MST_TIME_NONE ? limit + 1 : SIZE_MAX;
	mst_api_list_begin(&l.list, resp, limit);
	rc = mst_state_audit(mst_api_state(r), &f, write_entry, &l, err);
	mst_api_list_end(&l.list);
	return rc < 0 ? rc : 0;
}

/* ---- the chain ----------------------------------------------------------- */

static int take_head(struct mst_http_req *r, unsigned char hash[MST_AUDIT_HASH],
		     bool *given_r, struct mst_err *err)
{
	struct mst_json body;
	struct mst_slice hex;
	size_t n = 0;

	if (mst_http_json(r, &body, err) < 0)
		return -(int)err->code;
	hex = mst_json_str(mst_json_get(body, "head"));
	*given_r = hex.n > 0;
	if (!hex.n || (sodium_hex2bin(hash, MST_AUDIT_HASH, hex.p, hex.n, NULL,
				      &n, NULL) == 0 &&
		       n == MST_AUDIT_HASH))
		return 0;
	mst_http_wrong(r, "/head", "is 64 hexadecimal digits");
	return mst_err_set(err, MST_E_INVALID,
			   "head is no hash as an audit's head was");
}

static int verify(struct mst_http_req *r, struct mst_http_resp *resp,
		  struct mst_err *err)
{
	unsigned char want[MST_AUDIT_HASH];
	struct mst_audit_check c;
	struct mst_jout j;
	bool given = false;
	int rc = take_head(r, want, &given, err);

	if (rc == 0)
		rc = mst_audit_verify(mst_api_state(r), given ? want : NULL, &c,
				      err);
	if (rc < 0)
		return rc;
	mst_jout_init(&j, &resp->body);
	mst_jout_obj(&j);
	mst_jout_kbool(&j, "ok", !c.bad_id);
	mst_jout_ki64(&j, "entries", (int64_t)c.entries);
	hash_json(&j, "head", c.head);
	mst_api_time(&j, "at", mst_now_us());
	mst_jout_key(&j, "problem");
	if (c.bad_id) {
		mst_jout_obj(&j);
		mst_jout_ki64(&j, "id", c.bad_id);
		mst_jout_kstr(&j, "text", c.why);
		mst_jout_end_obj(&j);
	} else {
		mst_jout_null(&j);
	}
	mst_jout_end_obj(&j);
	return 0;
}

/* ---- tables -------------------------------------------------------------- */

const struct mst_http_route mst_api_audit[] = {
    {MST_ROUTE_GET, "/audit", "list_audit", "audit",
     "Who changed what, newest first.", MST_MAY_AUDIT, MST_ROUTE_LIST, NULL,
     "audit_entry",
     .query = {{"kind", "of things: \"settings\"", "string", NULL},
	       {"name", "of the thing", "string", NULL},
	       {"user", "who did it", "string", NULL},
	       {"since", "not before this time", "string", NULL},
	       {"until", "before this time", "string", NULL}},
     .run = list},
    {MST_ROUTE_POST, "/audit/verify", "verify_audit", "audit",
     "Goes through the chain of hashes from its first entry to its last.",
     MST_MAY_AUDIT, 0, "audit_verify", "audit_check", .run = verify},
    {0},
};

static const struct mst_api_field entry_fields[] = {
    {"id", "integer", ""},
    {"at", "time?", ""},
    {"user", "string", ""},
    {"via", "string", "\"console\", \"api\", \"cli\", \"schedule\""},
    {"address", "string", "\"\": not by the network"},
    {"what", "string", "\"set\", \"promote\", \"sign in\" …"},
    {"kind", "string", ""},
    {"name", "string", ""},
    {"before", "string", "as YAML; \"\" there was none"},
    {"after", "string", ""},
    {"hash", "string", "of this entry and the one before it"},
    {0},
};

static const struct mst_api_field verify_fields[] = {
    {"head?", "string?", "a hash that was kept elsewhere: it must be there"},
    {0},
};

static const struct mst_api_field problem_fields[] = {
    {"id", "integer", "of the first entry that does not fit"},
    {"text", "string", ""},
    {0},
};

static const struct mst_api_field check_fields[] = {
    {"ok", "boolean", ""},
    {"entries", "integer", "that fit"},
    {"head", "string", "the newest hash"},
    {"at", "time?", ""},
    {"problem", "&audit_problem?", ""},
    {0},
};

const struct mst_api_schema mst_api_audit_schemas[] = {
    {"audit_entry", "A change.", entry_fields},
    {"audit_verify", "", verify_fields},
    {"audit_problem", "Where the chain is broken.", problem_fields},
    {"audit_check", "Whether the chain is whole.", check_fields},
    {0},
};
