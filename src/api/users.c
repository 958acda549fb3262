/* SPDX-License-Identifier: Apache-2.0
 *
 * Users: /users. Passwords come in nowhere here: one is made up, shown once,
 * and has to be changed at the first sign-in.
 */
#include <string.h>

#include "api/api.h"
#include "api/members.h"
#include "api/second.h"
#include "api/tables.h"
#include "auth/people.h"

/* ---- what a user looks like ---------------------------------------------- */

static void user_members(struct mst_jout *j, const struct mst_user *u)
{
	mst_jout_kstr(j, "name", u->name);
	mst_jout_kstr(j, "full_name", u->full_name);
	mst_jout_kstr(j, "role", mst_role_name(u->role));
	mst_jout_kstr(j, "state", mst_people_state(u));
	mst_jout_kstr(j, "sign_in", *u->oidc_issuer ? "oidc" : "password");
	mst_api_time(j, "last_sign_in_at", u->seen_us);
	mst_api_time(j, "created_at", u->created_us);
	mst_jout_kbool(j, "must_change", u->must_change);
}

struct showing {
	struct mst_jout *j;
	const char *password; /* once, or NULL */
};

static int show(void *ctx, const struct mst_user *u)
{
	struct showing *s = ctx;

	mst_jout_obj(s->j);
	user_members(s->j, u);
	if (s->password)
		mst_jout_kstr(s->j, "password", s->password);
	mst_jout_end_obj(s->j);
	return 0;
}

static int answer(struct mst_http_req *r, struct mst_http_resp *resp,
		  const char *name, const char *password, struct mst_err *err)
{
	char folded[MST_MAX_USER + 1] = "";
	struct mst_jout j;
	struct showing s = {&j, password};
	bool found = false;
	int rc = 0;

	mst_jout_init(&j, &resp->body);
	if (mst_user_name_fold(mst_slice_str(name), folded))
		rc = mst_user_find(mst_api_state(r), folded, show, &s, &found,
				   err);
	if (rc == 0 && !found)
		rc = mst_err_set(err, MST_E_NOTFOUND,
				 "there is no user '%.64s'", name);
	return rc;
}

/* ---- handlers ------------------------------------------------------------ */

static int get_users(struct mst_http_req *r, struct mst_http_resp *resp,
		     struct mst_err *err)
{
	struct mst_api_list list;
	struct showing s;
	int rc;

	mst_api_list_begin(&list, resp, SIZE_MAX);
	s = (struct showing){&list.j, NULL};
	rc = mst_users(mst_api_state(r), show, &s, err);
	mst_api_list_end(&list);
	return rc;
}

static int get_user(struct mst_http_req *r, struct mst_http_resp *resp,
		    struct mst_err *err)
{
	return answer(r, resp, mst_http_param(r, "name"), NULL, err);
}

static enum mst_role role_of(struct mst_api_members *b, bool need)
{
	const char *word = mst_api_members_text(b, "role", need);
	enum mst_role role = MST_ROLE__MAX;

	if (word && !mst_role_parse(mst_slice_str(word), &role))
		mst_api_members_wrong(b, "role",
				      "must be viewer, operator, administrator "
				      "or auditor");
	return role;
}

static int unfit(struct mst_http_req *r, struct mst_http_resp *resp,
		 const struct mst_err *err)
{
	return mst_http_problem_as(r, resp, 422, "unprocessable", "%s",
				   err->msg);
}

/* Who makes another user, or becomes one, could approve by themselves. */
static int wait(struct mst_http_req *r, struct mst_http_resp *resp,
		const char *what, const char *name, struct mst_err *err)
{
	return mst_api_second_ask(
	    r, resp, mst_arena_printf(&r->arena, "%s %.128s", what, name),
	    "administer", 0, err);
}

static int post_user(struct mst_http_req *r, struct mst_http_resp *resp,
		     struct mst_err *err)
{
	struct mst_person p = {.must_change = true};
	char once[MST_PASSWORD_ONCE] = "";
	struct mst_api_members b;
	const char *sign_in;
	int rc = mst_api_members_begin(&b, r, err);

	if (rc < 0)
		return rc;
	p.name = mst_api_members_text(&b, "name", true);
	p.full_name = mst_api_members_text(&b, "full_name", false);
	p.role = role_of(&b, true);
	sign_in = mst_api_members_text(&b, "sign_in", false);
	if (sign_in && strcmp(sign_in, "password") != 0)
		mst_api_members_wrong(
		    &b, "sign_in",
		    "must be password: who signs in by OpenID "
		    "Connect is made at the first sign-in");
	if (!mst_api_members_ok(&b, resp))
		return 0;
	if (mst_api_second_always(r))
		return wait(r, resp, "make the user", p.name, err);
	rc = mst_people_add(mst_api_state(r), &p, once, err);
	if (rc == -MST_E_INVALID)
		return unfit(r, resp, err);
	if (rc == 0)
		rc = answer(r, resp, p.name, once, err);
	mst_wipe(once, sizeof(once));
	if (rc < 0)
		return rc;
	resp->status = 201;
	resp->location =
	    mst_arena_printf(&r->arena, "/api/v1/users/%s", p.name);
	mst_api_changed(r, "user", p.name);
	return 0;
}

struct raising {
	enum mst_role role;
	int disabled;
	bool raises;
};

static int compare(void *ctx, const struct mst_user *u)
{
	struct raising *k = ctx;

	k->raises = (k->role != MST_ROLE__MAX && k->role != u->role) ||
		    (k->disabled == 0 && u->disabled);
	return 0;
}

/* Would somebody be able to do other things than now? One who is not there is
 * found out later. */
static int is_raised(struct mst_http_req *r, const char *name,
		     struct raising *k, struct mst_err *err)
{
	char folded[MST_MAX_USER + 1];
	bool found;

	if (!mst_user_name_fold(mst_slice_str(name), folded))
		return 0;
	return mst_user_find(mst_api_state(r), folded, compare, k, &found, err);
}

static int put_user(struct mst_http_req *r, struct mst_http_resp *resp,
		    struct mst_err *err)
{
	const char *name = mst_http_param(r, "name"), *full;
	enum mst_role role;
	struct mst_api_members b;
	int disabled, unlock;
	int rc = mst_api_members_begin(&b, r, err);

	if (rc < 0)
		return rc;
	full = mst_api_members_text(&b, "full_name", false);
	role = role_of(&b, false);
	disabled = mst_api_members_bool(&b, "disabled");
	unlock = mst_api_members_bool(&b, "unlock");
	if (!mst_api_members_ok(&b, resp))
		return 0;
	if (mst_api_second_always(r)) {
		struct raising k = {.role = role, .disabled = disabled};

		rc = is_raised(r, name, &k, err);
		if (rc < 0)
			return rc;
		if (k.raises)
			return wait(r, resp, "change the user", name, err);
	}
	if (full || role != MST_ROLE__MAX || disabled >= 0)
		rc = mst_people_change(mst_api_state(r), name, full, role,
				       disabled, err);
	if (rc == 0 && unlock > 0)
		rc = mst_people_unlock(mst_api_state(r), name, err);
	if (rc == -MST_E_INVALID)
		return unfit(r, resp, err);
	if (rc == 0)
		mst_api_changed(r, "user", name);
	return rc == 0 ? answer(r, resp, name, NULL, err) : rc;
}

static int delete_user(struct mst_http_req *r, struct mst_http_resp *resp,
		       struct mst_err *err)
{
	const char *name = mst_http_param(r, "name");
	char folded[MST_MAX_USER + 1];
	int rc;

	if (!mst_user_name_fold(mst_slice_str(name), folded))
		return mst_err_set(err, MST_E_NOTFOUND,
				   "there is no user '%.64s'", name);
	rc = mst_user_remove(mst_api_state(r), folded, err);
	resp->status = 204;
	if (rc == 0)
		mst_api_changed(r, "user", folded);
	return rc;
}

static int post_password(struct mst_http_req *r, struct mst_http_resp *resp,
			 struct mst_err *err)
{
	char once[MST_PASSWORD_ONCE] = "";
	const char *name = mst_http_param(r, "name");
	struct mst_jout j;
	int rc;

	if (mst_api_second_always(r))
		return wait(r, resp, "give a one-time password to", name, err);
	rc = mst_people_password_once(mst_api_state(r), name, once, err);
	if (rc == 0) {
		mst_jout_init(&j, &resp->body);
		mst_jout_obj(&j);
		mst_jout_kstr(&j, "password", once);
		mst_jout_end_obj(&j);
	}
	mst_wipe(once, sizeof(once));
	return rc;
}

/* ---- tables -------------------------------------------------------------- */

const struct mst_http_route mst_api_users[] = {
    {MST_ROUTE_GET, "/users", "list_users", "users", "All users.",
     MST_MAY_ADMINISTER, 0, NULL, "users", .run = get_users},
    {MST_ROUTE_POST, "/users", "create_user", "users",
     "Makes a user with a one-time password, which is shown once.",
     MST_MAY_ADMINISTER, MST_ROUTE_CREATED | MST_ROUTE_SECOND, "new_user",
     "made_user", .run = post_user},
    {MST_ROUTE_GET, "/users/{name}", "get_user", "users", "A user.",
     MST_MAY_ADMINISTER, 0, NULL, "user", .run = get_user},
    {MST_ROUTE_PUT, "/users/{name}", "put_user", "users",
     "Changes what is given of a user; a role counts from the next request on.",
     MST_MAY_ADMINISTER, MST_ROUTE_SECOND, "user_change", "user",
     .run = put_user},
    {MST_ROUTE_DELETE, "/users/{name}", "delete_user", "users",
     "Removes a user with all sessions and tokens; not the last administrator.",
     MST_MAY_ADMINISTER, 0, NULL, NULL, .run = delete_user},
    {MST_ROUTE_POST, "/users/{name}/password", "reset_user_password", "users",
     "Gives a user a one-time password, which is shown once; all sessions end.",
     MST_MAY_ADMINISTER, MST_ROUTE_SECOND, NULL, "one_time_password",
     .run = post_password},
    {0},
};

#define ROLES "viewer|operator|administrator|auditor"
#define USER_FIELDS                                                            \
	{"name", "string", ""}, {"full_name", "string", ""},                   \
	    {"role", ROLES, ""}, {"state", "active|locked|disabled", ""},      \
	    {"sign_in", "password|oidc", ""},                                  \
	    {"last_sign_in_at", "time?", ""}, {"created_at", "time", ""},      \
	{                                                                      \
		"must_change", "boolean", "the password, before anything else" \
	}

static const struct mst_api_field user_fields[] = {USER_FIELDS, {0}};

static const struct mst_api_field made_fields[] = {
    USER_FIELDS,
    {"password", "string", "one-time; it is kept nowhere"},
    {0},
};

static const struct mst_api_field new_fields[] = {
    {"name", "string", "letters, digits and . _ - @ +"},
    {"full_name?", "string?", ""},
    {"role", ROLES, ""},
    {"sign_in?", "string?", "password"},
    {0},
};

static const struct mst_api_field change_fields[] = {
    {"full_name?", "string?", ""},
    {"role?", ROLES "?", ""},
    {"disabled?", "boolean?", "cannot sign in; sessions end, tokens rest"},
    {"unlock?", "boolean?", "takes the lock after wrong passwords away"},
    {0},
};

static const struct mst_api_field users_fields[] = {
    {"items", "&user[]", ""},
    {"next", "string?", "always null: all are shown"},
    {0},
};

static const struct mst_api_field once_fields[] = {
    {"password", "string", "one-time; it is kept nowhere"},
    {0},
};

const struct mst_api_schema mst_api_user_schemas[] = {
    {"user", "Somebody who may sign in.", user_fields},
    {"users", "All users.", users_fields},
    {"new_user", "A user that is to be made.", new_fields},
    {"made_user", "A user that was made.", made_fields},
    {"user_change", "What is to be changed of a user.", change_fields},
    {"one_time_password", "A password for one sign-in.", once_fields},
    {0},
};
