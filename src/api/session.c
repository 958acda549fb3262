/* SPDX-License-Identifier: Apache-2.0
 *
 * Signing in and out, and what somebody is told of themselves: /session, /me.
 */
#include <sodium.h>
#include <string.h>

#include "api/api.h"
#include "api/gate.h"
#include "api/members.h"
#include "api/tables.h"
#include "auth/oidc.h"
#include "auth/people.h"
#include "base/time.h"

/* ---- /session ------------------------------------------------------------ */

static void give_cookie(struct mst_http_req *r, struct mst_http_resp *resp,
			const char *cookie)
{
	resp->no_etag = true;
	mst_api_header(resp, mst_door_set_cookie(cookie, r->tls, &r->arena));
}

static int post_session(struct mst_http_req *r, struct mst_http_resp *resp,
			struct mst_err *err)
{
	struct mst_caller from = mst_api_caller(r);
	struct mst_door_session session;
	char name[MST_MAX_USER + 1];
	const char *user, *password;
	struct mst_api_members b;
	int rc = mst_api_members_begin(&b, r, err);

	if (rc < 0)
		return rc;
	user = mst_api_members_text(&b, "user", true);
	password = mst_api_members_text(&b, "password", true);
	if (!mst_api_members_ok(&b, resp))
		return 0;
	if (!mst_user_name_fold(mst_slice_str(user), name))
		*name = 0;
	mst_state_actor_set(mst_api_state(r), name, "console", r->peer);
	rc = mst_door_sign_in(mst_api_door(r), mst_api_state(r), user,
			      mst_slice_str(password), &from, mst_api_cookie(r),
			      &session, err);
	if (rc < 0)
		return rc;
	resp->status = 204;
	give_cookie(r, resp, session.cookie);
	return 0;
}

static int is_oidc(void *ctx, const struct mst_user *u)
{
	*(bool *)ctx = *u->oidc_issuer != 0;
	return 0;
}

static int delete_session(struct mst_http_req *r, struct mst_http_resp *resp,
			  struct mst_err *err)
{
	const struct mst_who *who = mst_api_who(r);
	bool oidc = false, found;
	struct mst_jout j;
	int rc;

	if (who->token)
		return mst_err_set(err, MST_E_INVALID,
				   "a token has no session; revoke it "
				   "(DELETE /tokens/ID)");
	rc = mst_user_find(mst_api_state(r), who->user, is_oidc, &oidc, &found,
			   err);
	if (rc == 0)
		rc = mst_session_remove(mst_api_state(r), who->session, NULL,
					NULL, err);
	give_cookie(r, resp, NULL);
	mst_jout_init(&j, &resp->body);
	mst_jout_obj(&j);
	mst_jout_kstr(&j, "sign_out_url",
		      oidc ? mst_oidc_end_url(mst_api_door(r), &r->arena)
			   : NULL);
	mst_jout_end_obj(&j);
	return rc;
}

/* ---- /me ----------------------------------------------------------------- */

struct me {
	struct mst_jout j;
	const struct mst_who *who;
	const char *csrf;
};

static int write_me(void *ctx, const struct mst_user *u)
{
	struct me *m = ctx;
	struct mst_jout *j = &m->j;

	mst_jout_obj(j);
	mst_jout_kstr(j, "name", u->name);
	mst_jout_kstr(j, "full_name", u->full_name);
	mst_jout_kstr(j, "role", mst_role_name(u->role));
	mst_jout_key(j, "may");
	mst_jout_arr(j);
	for (unsigned bit = 1; bit <= MST_MAY_ALL; bit <<= 1) {
		if (m->who->may & bit)
			mst_jout_str(j, mst_may_word(bit));
	}
	mst_jout_end_arr(j);
	mst_jout_kstr(j, "csrf", m->csrf);
	mst_jout_kstr(j, "sign_in", *u->oidc_issuer ? "oidc" : "password");
	mst_jout_kbool(j, "must_change", u->must_change);
	mst_jout_end_obj(j);
	return 0;
}

static int answer_me(struct mst_http_req *r, struct mst_http_resp *resp,
		     const char *csrf, struct mst_err *err)
{
	struct me m = {.who = mst_api_who(r), .csrf = csrf};
	bool found = false;
	int rc;

	resp->no_etag = true;
	mst_jout_init(&m.j, &resp->body);
	rc = mst_user_find(mst_api_state(r), m.who->user, write_me, &m, &found,
			   err);
	if (rc == 0 && !found)
		rc = mst_err_set(err, MST_E_AUTH, "the user is gone");
	return rc;
}

static int get_me(struct mst_http_req *r, struct mst_http_resp *resp,
		  struct mst_err *err)
{
	return answer_me(r, resp, mst_api_who(r)->csrf, err);
}

/* What a token may not do in the place of its owner. */
static int in_person(const struct mst_http_req *r, const char *what,
		     struct mst_err *err)
{
	return mst_api_who(r)->token
		   ? mst_err_set(err, MST_E_FORBIDDEN,
				 "a token cannot %s; sign in", what)
		   : 0;
}

static int put_password(struct mst_http_req *r, struct mst_http_resp *resp,
			struct mst_err *err)
{
	struct mst_caller from = mst_api_caller(r);
	const struct mst_who *who = mst_api_who(r);
	struct mst_door_session session;
	const char *old, *password;
	struct mst_api_members b;
	int rc = mst_api_members_begin(&b, r, err);

	if (rc == 0)
		rc = in_person(r, "change its owner's password", err);
	if (rc < 0)
		return rc;
	old = mst_api_members_text(&b, "current", true);
	password = mst_api_members_text(&b, "password", true);
	if (!mst_api_members_ok(&b, resp))
		return 0;
	rc = mst_door_password(mst_api_door(r), mst_api_state(r), who,
			       mst_slice_str(old), mst_slice_str(password),
			       &from, &session, err);
	if (rc == -MST_E_INVALID || rc == -MST_E_AUTH) {
		mst_http_wrong(r, rc == -MST_E_AUTH ? "/current" : "/password",
			       "%s", err->msg);
		return mst_http_problem_as(r, resp, 422, "unprocessable", "%s",
					   err->msg);
	}
	if (rc < 0)
		return rc;
	give_cookie(r, resp, session.cookie);
	return answer_me(r, resp, mst_arena_strdup(&r->arena, session.csrf),
			 err);
}

/* ---- /me/sessions -------------------------------------------------------- */

struct sessions {
	struct mst_jout j;
	const struct mst_who *who;
	const char *wanted; /* id, or NULL */
	unsigned char id[32];
	bool found;
};

static void id_text(const unsigned char id[32], char out[65])
{
	(void)sodium_bin2hex(out, 65, id, 32);
}

static int write_session(void *ctx, const struct mst_user_session *v)
{
	struct sessions *l = ctx;
	struct mst_jout *j = &l->j;
	char id[65];

	if (v->ends_us <= mst_now_us())
		return 0;
	id_text(v->id, id);
	mst_jout_obj(j);
	mst_jout_kstr(j, "id", id);
	mst_jout_kstr(j, "address", v->address);
	mst_api_text(j, "agent", v->agent);
	mst_api_time(j, "created_at", v->created_us);
	mst_api_time(j, "seen_at", v->seen_us);
	mst_api_time(j, "ends_at", v->ends_us);
	mst_jout_kbool(j, "current",
		       !l->who->token &&
			   memcmp(v->id, l->who->session, 32) == 0);
	mst_jout_end_obj(j);
	return 0;
}

static int get_sessions(struct mst_http_req *r, struct mst_http_resp *resp,
			struct mst_err *err)
{
	struct sessions l = {.who = mst_api_who(r)};
	struct mst_api_list list;
	int rc;

	resp->no_etag = true;
	mst_api_list_begin(&list, resp, SIZE_MAX);
	l.j = list.j;
	rc =
	    mst_sessions(mst_api_state(r), l.who->user, write_session, &l, err);
	list.j = l.j;
	mst_api_list_end(&list);
	return rc;
}

static int match_session(void *ctx, const struct mst_user_session *v)
{
	struct sessions *l = ctx;
	char id[65];

	id_text(v->id, id);
	if (strcmp(id, l->wanted) == 0) {
		l->found = true;
		memcpy(l->id, v->id, 32);
	}
	return 0;
}

static int delete_one(struct mst_http_req *r, struct mst_http_resp *resp,
		      struct mst_err *err)
{
	struct sessions l = {.who = mst_api_who(r),
			     .wanted = mst_http_param(r, "id")};
	int rc = in_person(r, "end its owner's sessions", err);

	if (rc == 0)
		rc = mst_sessions(mst_api_state(r), l.who->user, match_session,
				  &l, err);
	if (rc == 0 && !l.found)
		rc = mst_err_set(err, MST_E_NOTFOUND,
				 "there is no such session of yours");
	if (rc == 0)
		rc =
		    mst_session_remove(mst_api_state(r), l.id, NULL, NULL, err);
	resp->status = 204;
	return rc;
}

static int delete_others(struct mst_http_req *r, struct mst_http_resp *resp,
			 struct mst_err *err)
{
	const struct mst_who *who = mst_api_who(r);
	int rc = in_person(r, "end its owner's sessions", err);

	resp->status = 204;
	return rc < 0 ? rc
		      : mst_session_remove(mst_api_state(r), NULL, who->user,
					   who->session, err);
}

/* ---- tables -------------------------------------------------------------- */

const struct mst_http_route mst_api_session[] = {
    {MST_ROUTE_POST, "/session", "sign_in", "sign-in",
     "Signs in by password; the answer sets the session's cookie.", 0,
     MST_ROUTE_OPEN, "sign_in", NULL, .run = post_session},
    {MST_ROUTE_DELETE, "/session", "sign_out", "sign-in",
     "Ends the session that asks.", 0, 0, NULL, "signed_out",
     .run = delete_session},
    {MST_ROUTE_GET, "/me", "get_me", "sign-in",
     "Who asks, what they may do, and the CSRF token of the session.", 0, 0,
     NULL, "me", .run = get_me},
    {MST_ROUTE_PUT, "/me/password", "put_my_password", "sign-in",
     "Changes one's own password; all other sessions end, and this one gets "
     "another cookie and CSRF token.",
     0, 0, "my_password", "me", .run = put_password},
    {MST_ROUTE_GET, "/me/sessions", "list_my_sessions", "sign-in",
     "Where one is signed in.", 0, 0, NULL, "sessions", .run = get_sessions},
    {MST_ROUTE_DELETE, "/me/sessions", "delete_my_other_sessions", "sign-in",
     "Ends all of one's sessions but the one that asks.", 0, 0, NULL, NULL,
     .run = delete_others},
    {MST_ROUTE_DELETE, "/me/sessions/{id}", "delete_my_session", "sign-in",
     "Ends one of one's sessions.", 0, 0, NULL, NULL, .run = delete_one},
    {0},
};

static const struct mst_api_field sign_in_fields[] = {
    {"user", "string", ""},
    {"password", "string", ""},
    {0},
};

static const struct mst_api_field out_fields[] = {
    {"sign_out_url", "string?",
     "where the browser may go to sign out of the identity provider, too"},
    {0},
};

static const struct mst_api_field me_fields[] = {
    {"name", "string", ""},
    {"full_name", "string", ""},
    {"role", "viewer|operator|administrator|auditor", ""},
    {"may", "read|operate|configure|administer|audit[]",
     "rights: of the role, or of the token"},
    {"csrf", "string?", "for the header X-CSRF-Token; null for a token"},
    {"sign_in", "password|oidc", ""},
    {"must_change", "boolean",
     "the password has to be changed before anything else"},
    {0},
};

static const struct mst_api_field password_fields[] = {
    {"current", "string", "the password until now"},
    {"password", "string", "the new one"},
    {0},
};

static const struct mst_api_field session_fields[] = {
    {"id", "string", ""},
    {"address", "string", "that it was begun from"},
    {"agent", "string?", "the browser, as it calls itself"},
    {"created_at", "time", ""},
    {"seen_at", "time", "to the minute"},
    {"ends_at", "time", "unless something is asked before"},
    {"current", "boolean", "the one that asks"},
    {0},
};

static const struct mst_api_field sessions_fields[] = {
    {"items", "&session[]", ""},
    {"next", "string?", "always null: all are shown"},
    {0},
};

const struct mst_api_schema mst_api_session_schemas[] = {
    {"sign_in", "A sign-in by password.", sign_in_fields},
    {"signed_out", "A session that ended.", out_fields},
    {"me", "Who asks.", me_fields},
    {"my_password", "Another password of one's own.", password_fields},
    {"session", "A session of a browser.", session_fields},
    {"sessions", "One's sessions.", sessions_fields},
    {0},
};
