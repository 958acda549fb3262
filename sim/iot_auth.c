/* SPDX-License-Identifier: Apache-2.0
 *
 * Access tokens and accounts. The documents have no status for a token that is
 * missing or wrong; it is 401 here. Tokens stand bare in Authorization.
 */
#include <ctype.h>
#include <stdio.h>

#include "sim/iot.h"

static void add_token(struct sim_iot *iot, unsigned sensor, const char *token,
		      const char *name)
{
	struct iot_token *t = &iot->tokens[iot->tokens_n++];

	*t = (struct iot_token){.sensor = sensor};
	(void)snprintf(t->token, sizeof(t->token), "%s", token);
	(void)snprintf(t->name, sizeof(t->name), "%s", name);
}

static void add_account(struct sim_iot *iot, unsigned sensor, const char *user,
			const char *password, bool admin)
{
	struct iot_account *a = &iot->accounts[iot->accounts_n++];

	*a = (struct iot_account){.sensor = sensor, .admin = admin};
	(void)snprintf(a->user, sizeof(a->user), "%s", user);
	(void)snprintf(a->password, sizeof(a->password), "%s", password);
}

void iot_auth_make(struct sim_iot *iot)
{
	char token[80];

	add_token(iot, 0, MST_SIM_IOT_TOKEN, "muster");
	for (unsigned n = 0; n <= iot->sensors_n; n++) {
		add_account(iot, n, "admin", MST_SIM_IOT_PASSWORD, true);
		add_account(iot, n, "operator", MST_SIM_IOT_PASSWORD, false);
		if (!n)
			continue;
		(void)snprintf(token, sizeof(token), "%s-%u",
			       MST_SIM_SENSOR_TOKEN, n);
		add_token(iot, n, token, "muster");
	}
}

const char *iot_authorised(struct sim_iot *iot, const struct sim_request *r,
			   unsigned sensor, struct sim_reply *reply)
{
	const char *have = sim_header(r, "Authorization");

	if (!have || !*have) {
		iot_error(reply, 401, "Authorization token is missing");
		return NULL;
	}
	for (size_t i = 0; i < iot->tokens_n; i++) {
		struct iot_token *t = &iot->tokens[i];

		if (t->sensor != sensor || strcmp(t->token, have) != 0)
			continue;
		if (t->revoked)
			break;
		t->used_us = r->now_us;
		return t->name;
	}
	iot_error(reply, 401, "Authorization token is not valid");
	return NULL;
}

static int take_sensor(struct sim_iot *iot, struct mst_json body,
		       unsigned *sensor_r, struct mst_err *err)
{
	int64_t n = 0;

	(void)mst_json_i64(mst_json_get(body, "sensor"), &n);
	if (n && !iot_sensor(iot, n))
		return mst_err_set(err, MST_E_NOTFOUND, "no sensor %lld",
				   (long long)n);
	*sensor_r = (unsigned)n;
	return 0;
}

int iot_token_step(struct sim_iot *iot, struct mst_json body, bool revoke,
		   struct mst_err *err)
{
	struct mst_slice token = mst_json_str(mst_json_get(body, "token"));
	struct mst_slice name = mst_json_str(mst_json_get(body, "name"));
	char text[80], label[64];
	unsigned sensor = 0;

	if (token.n == 0 || token.n >= sizeof(text))
		return mst_err_set(err, MST_E_INVALID,
				   "needs a \"token\" of 1 to 79 characters");
	(void)snprintf(text, sizeof(text), "%.*s", MST_SLICE_ARG(token));
	(void)snprintf(label, sizeof(label), "%.*s", MST_SLICE_ARG(name));
	if (take_sensor(iot, body, &sensor, err) < 0)
		return -(int)err->code;
	for (size_t i = 0; i < iot->tokens_n; i++) {
		struct iot_token *t = &iot->tokens[i];

		if (t->sensor != sensor || strcmp(t->token, text) != 0)
			continue;
		t->revoked = revoke;
		return 0;
	}
	if (revoke)
		return mst_err_set(err, MST_E_NOTFOUND, "no such token");
	if (iot->tokens_n == IOT_MAX_TOKENS)
		return mst_err_set(err, MST_E_INVALID, "more than %d tokens",
				   IOT_MAX_TOKENS);
	add_token(iot, sensor, text, label[0] ? label : "by hand");
	return 0;
}

/* ---- accounts ------------------------------------------------------------ */

static struct iot_account *account(struct sim_iot *iot, unsigned sensor,
				   struct mst_slice user)
{
	for (size_t i = 0; i < iot->accounts_n; i++)
		if (iot->accounts[i].sensor == sensor &&
		    mst_slice_is(user, iot->accounts[i].user))
			return &iot->accounts[i];
	return NULL;
}

static void refuse(struct sim_reply *reply, int status, const char *text,
		   const char *internal)
{
	struct mst_jout j;

	reply->status = status;
	mst_jout_init(&j, &reply->body);
	mst_jout_obj(&j);
	mst_jout_key(&j, "error");
	mst_jout_obj(&j);
	mst_jout_kstr(&j, "userDisplayErrorMessage", text);
	if (internal)
		mst_jout_kstr(&j, "internalSystemErrorMessage", internal);
	mst_jout_end_obj(&j);
	mst_jout_end_obj(&j);
}

static bool strong(struct mst_slice p)
{
	bool lower = false, upper = false, digit = false, other = false;

	for (size_t i = 0; i < p.n; i++) {
		unsigned char c = (unsigned char)p.p[i];

		lower |= islower(c) != 0;
		upper |= isupper(c) != 0;
		digit |= isdigit(c) != 0;
		other |= !isalnum(c);
	}
	return p.n >= 8 && p.n < 80 && lower && upper && digit && other;
}

int iot_password_step(struct sim_iot *iot, struct mst_json body,
		      struct mst_err *err)
{
	struct iot_account *a;
	unsigned sensor = 0;

	if (take_sensor(iot, body, &sensor, err) < 0)
		return -(int)err->code;
	a = account(iot, sensor, mst_json_str(mst_json_get(body, "username")));
	if (!a)
		return mst_err_set(err, MST_E_NOTFOUND, "no such user");
	(void)snprintf(
	    a->password, sizeof(a->password), "%.*s",
	    MST_SLICE_ARG(mst_json_str(mst_json_get(body, "new_password"))));
	return 0;
}

static void set_password(struct mst_sim *sim, unsigned sensor,
			 struct mst_slice user, struct mst_slice password,
			 struct sim_reply *reply)
{
	struct mst_buf step = MST_BUF_INIT(65536);
	struct mst_err err = MST_ERR_INIT;
	struct mst_jout j;

	if (!strong(password)) {
		refuse(reply, 400, "Password does not match security policy",
		       NULL);
		return;
	}
	mst_jout_init(&j, &step);
	mst_jout_obj(&j);
	mst_jout_ki64(&j, "sensor", sensor);
	mst_jout_kslice(&j, "username", user);
	mst_jout_kslice(&j, "new_password", password);
	mst_jout_end_obj(&j);
	if (iot_step(sim, "password", mst_buf_slice(&step), &err) == 0)
		mst_buf_adds(&reply->body,
			     "{\"msg\":\"Password has been replaced\"}");
	else
		refuse(reply, 400, err.msg, NULL);
	mst_buf_fini(&step);
}

static bool matches(const struct iot_account *a, struct mst_json body,
		    const char *key)
{
	return a &&
	       mst_slice_is(mst_json_str(mst_json_get(body, key)), a->password);
}

static void validation(struct sim_iot *iot, unsigned sensor,
		       struct mst_json body, struct sim_reply *reply)
{
	struct mst_slice user = mst_json_str(mst_json_get(body, "username"));

	if (matches(account(iot, sensor, user), body, "password"))
		mst_buf_adds(&reply->body,
			     "{\"msg\":\"Authentication succeeded.\"}");
	else
		refuse(reply, 401, "Credentials validation failed", NULL);
}

/* One page's cURL calls the first name admin_user. */
static void by_admin(struct mst_sim *sim, unsigned sensor, struct mst_json body,
		     struct sim_reply *reply)
{
	struct mst_slice admin =
	    mst_json_str(mst_json_get(body, "admin_username"));
	struct mst_slice user = mst_json_str(mst_json_get(body, "username"));
	const struct iot_account *a;
	char text[128];

	if (!admin.p)
		admin = mst_json_str(mst_json_get(body, "admin_user"));
	a = account(sim->iot, sensor, admin);
	if (!matches(a, body, "admin_password")) {
		refuse(reply, 401, "User authentication failure", NULL);
	} else if (!a->admin) {
		refuse(reply, 400,
		       "User does not have the permissions to change password",
		       NULL);
	} else if (!account(sim->iot, sensor, user)) {
		(void)snprintf(text, sizeof(text),
			       "The user '%.*s' doesn't exist",
			       MST_SLICE_ARG(user));
		refuse(reply, 400, "User does not exist", text);
	} else {
		set_password(sim, sensor, user,
			     mst_json_str(mst_json_get(body, "new_password")),
			     reply);
	}
}

void iot_auth_serve(struct mst_sim *sim, const struct sim_request *r,
		    unsigned sensor, const char *what, struct sim_reply *reply)
{
	struct mst_json_parser *p = mst_json_parser_new(1u << 20);
	struct mst_err err = MST_ERR_INIT;
	struct mst_json body;
	struct mst_slice user;

	if (strcmp(r->method, "POST") != 0) {
		iot_error(reply, 405, "Method not allowed");
	} else if (mst_json_parse(p, r->body, &body, &err) < 0) {
		refuse(reply, 400, "Couldn't parse request.", err.msg);
	} else if (!strcmp(what, "validation")) {
		validation(sim->iot, sensor, body, reply);
	} else if (!strcmp(what, "set_password")) {
		user = mst_json_str(mst_json_get(body, "username"));
		if (matches(account(sim->iot, sensor, user), body, "password"))
			set_password(
			    sim, sensor, user,
			    mst_json_str(mst_json_get(body, "new_password")),
			    reply);
		else
			refuse(reply, 401, "User authentication failure", NULL);
	} else if (!strcmp(what, "set_password_by_admin")) {
		by_admin(sim, sensor, body, reply);
	} else {
		iot_error(reply, 404, "Not found");
	}
	mst_json_parser_free(&p);
}
