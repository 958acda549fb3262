/* SPDX-License-Identifier: Apache-2.0
 *
 * API tokens: /tokens. Everybody has their own; administrators see and revoke
 * all.
 */
#include <string.h>

#include "api/api.h"
#include "api/members.h"
#include "api/second.h"
#include "api/tables.h"
#include "auth/people.h"
#include "base/time.h"

#define DAY_US 86400000000LL

/* ---- what a token looks like --------------------------------------------- */

static void scopes_json(struct mst_jout *j, unsigned scopes)
{
	mst_jout_key(j, "scopes");
	mst_jout_arr(j);
	for (unsigned bit = 1; bit <= MST_MAY_ALL; bit <<= 1) {
		if (scopes & bit)
			mst_jout_str(j, mst_may_word(bit));
	}
	mst_jout_end_arr(j);
}

struct finding {
	struct mst_jout *j;
	const char *id;	  /* only this one; NULL: all */
	const char *text; /* the token itself, once; or NULL */
	struct mst_arena *arena;
	const char *user; /* whose it is, when it was found */
};

static int show(void *ctx, const struct mst_token *t)
{
	struct finding *f = ctx;
	struct mst_jout *j = f->j;

	if (f->id && strcmp(f->id, t->id) != 0)
		return 0;
	if (f->arena)
		f->user = mst_arena_strdup(f->arena, t->user);
	if (!j)
		return 0;
	mst_jout_obj(j);
	mst_jout_kstr(j, "id", t->id);
	mst_jout_kstr(j, "name", t->name);
	mst_jout_kstr(j, "user", t->user);
	scopes_json(j, t->scopes);
	mst_api_time(j, "created_at", t->created_us);
	mst_api_time(j, "expires_at", t->ends_us);
	mst_api_time(j, "last_used_at", t->seen_us);
	if (f->text)
		mst_jout_kstr(j, "token", f->text);
	mst_jout_end_obj(j);
	return 0;
}

/* ---- handlers ------------------------------------------------------------ */

static int get_tokens(struct mst_http_req *r, struct mst_http_resp *resp,
		      struct mst_err *err)
{
	const struct mst_who *who = mst_api_who(r);
	struct mst_api_list list;
	struct finding f = {.id = NULL};
	int rc;

	mst_api_list_begin(&list, resp, SIZE_MAX);
	f.j = &list.j;
	rc = mst_tokens(mst_api_state(r),
			who->may & MST_MAY_ADMINISTER ? NULL : who->user, show,
			&f, err);
	mst_api_list_end(&list);
	return rc;
}

/* Until when, in whole days: the end is never later than was asked for. */
static int64_t days_of(struct mst_api_members *b)
{
	int64_t until = mst_api_members_time(b, "expires_at"), days;

	if (until == MST_TIME_NONE)
		return MST_TOKEN_DAYS;
	days = (until - mst_now_us()) / DAY_US;
	if (days < 1)
		mst_api_members_wrong(b, "expires_at",
				      "must be at least a day from now");
	else if (days > MST_TOKEN_DAYS_MOST)
		mst_api_members_wrong(b, "expires_at",
				      "must be at most %d days from now",
				      MST_TOKEN_DAYS_MOST);
	return days;
}

static int may_make(const struct mst_who *who, const char *user,
		    unsigned scopes, struct mst_err *err)
{
	bool own = strcmp(user, who->user) == 0;

	/* Else it would never end: it makes the next one before it does. */
	if (who->token && !(who->may & MST_MAY_ADMINISTER))
		return mst_err_set(err, MST_E_FORBIDDEN,
				   "a token makes no tokens, unless it has the "
				   "right administer; sign in");
	if (!own && !(who->may & MST_MAY_ADMINISTER))
		return mst_err_set(err, MST_E_FORBIDDEN,
				   "only an administrator makes tokens for "
				   "others");
	/* An administrator may give others what they do not have themselves, a
	 * token never. */
	if ((own || who->token) && (scopes & ~who->may))
		return mst_err_set(err, MST_E_FORBIDDEN,
				   "a token cannot have more scopes than who "
				   "makes it has rights");
	return 0;
}

static int post_token(struct mst_http_req *r, struct mst_http_resp *resp,
		      struct mst_err *err)
{
	const struct mst_who *who = mst_api_who(r);
	char id[MST_TOKEN_ID], text[MST_TOKEN_TEXT];
	const char *name, *words, *user;
	struct mst_jout j;
	struct finding f = {.j = &j, .id = id, .text = text};
	struct mst_api_members b;
	unsigned scopes = 0;
	int64_t days;
	int rc = mst_api_members_begin(&b, r, err);

	if (rc < 0)
		return rc;
	name = mst_api_members_text(&b, "name", true);
	user = mst_api_members_text(&b, "user", false);
	words = mst_api_members_words(&b, "scopes");
	if (!words || !mst_may_parse(mst_slice_str(words), &scopes))
		mst_api_members_wrong(
		    &b, "scopes",
		    "must be some of read, operate, configure, "
		    "administer, audit");
	days = days_of(&b);
	if (!mst_api_members_ok(&b, resp))
		return 0;
	user = user ? user : who->user;
	rc = may_make(who, user, scopes, err);
	if (rc == 0 && strcmp(user, who->user) != 0 && mst_api_second_always(r))
		return mst_api_second_ask(
		    r, resp,
		    mst_arena_printf(&r->arena, "make a token of %.128s", user),
		    "administer", 0, err);
	if (rc == 0)
		rc = mst_people_token(mst_api_state(r), user, name, scopes,
				      days, id, text, err);
	if (rc == -MST_E_INVALID)
		return mst_http_problem_as(r, resp, 422, "unprocessable", "%s",
					   err->msg);
	if (rc == 0) {
		mst_jout_init(&j, &resp->body);
		rc = mst_tokens(mst_api_state(r), NULL, show, &f, err);
	}
	mst_wipe(text, sizeof(text));
	resp->status = 201;
	return rc;
}

static int delete_token(struct mst_http_req *r, struct mst_http_resp *resp,
			struct mst_err *err)
{
	const struct mst_who *who = mst_api_who(r);
	struct finding f = {.id = mst_http_param(r, "id"), .arena = &r->arena};
	int rc = mst_tokens(mst_api_state(r),
			    who->may & MST_MAY_ADMINISTER ? NULL : who->user,
			    show, &f, err);

	if (rc == 0 && !f.user)
		rc = mst_err_set(
		    err, MST_E_NOTFOUND, "there is no token '%.32s'%s", f.id,
		    who->may & MST_MAY_ADMINISTER ? "" : " of yours");
	if (rc == 0)
		rc = mst_token_remove(mst_api_state(r), f.id, err);
	resp->status = 204;
	return rc;
}

/* ---- tables -------------------------------------------------------------- */

const struct mst_http_route mst_api_tokens[] = {
    {MST_ROUTE_GET, "/tokens", "list_tokens", "users",
     "One's own tokens; all of them for administrators.", MST_MAY_READ, 0, NULL,
     "tokens", .run = get_tokens},
    {MST_ROUTE_POST, "/tokens", "create_token", "users",
     "Makes a token, which is shown once.", MST_MAY_READ,
     MST_ROUTE_CREATED | MST_ROUTE_SECOND, "new_token", "made_token",
     .run = post_token},
    {MST_ROUTE_DELETE, "/tokens/{id}", "delete_token", "users",
     "Revokes a token at once.", MST_MAY_READ, 0, NULL, NULL,
     .run = delete_token},
    {0},
};

#define SCOPES "read|operate|configure|administer|audit[]"
#define TOKEN_FIELDS                                                           \
	{"id", "string", ""}, {"name", "string", ""}, {"user", "string", ""},  \
	    {"scopes", SCOPES, "never more than the owner's role may"},        \
	    {"created_at", "time", ""}, {"expires_at", "time?", ""},           \
	{                                                                      \
		"last_used_at", "time?", "to the minute"                       \
	}

static const struct mst_api_field token_fields[] = {TOKEN_FIELDS, {0}};

static const struct mst_api_field made_fields[] = {
    TOKEN_FIELDS,
    {"token", "string", "the token itself; it is kept nowhere"},
    {0},
};

static const struct mst_api_field new_fields[] = {
    {"name", "string", "letters, digits and . _ -"},
    {"scopes", SCOPES, ""},
    {"expires_at?", "time?", "90 days from now when left out; whole days"},
    {"user?", "string?", "whose; one's own when left out"},
    {0},
};

static const struct mst_api_field tokens_fields[] = {
    {"items", "&token[]", ""},
    {"next", "string?", "always null: all are shown"},
    {0},
};

const struct mst_api_schema mst_api_token_schemas[] = {
    {"token", "An API token.", token_fields},
    {"tokens", "Tokens.", tokens_fields},
    {"new_token", "A token that is to be made.", new_fields},
    {"made_token", "A token that was made.", made_fields},
    {0},
};
