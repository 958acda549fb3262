/* SPDX-License-Identifier: Apache-2.0
 *
 * Who is asking: Basic and Bearer, tokens by /oauth_token.do; and what a role
 * may do with a table.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/b64.h"
#include "base/hash.h"
#include "sim/sn.h"

#define ACCESS_US  ((int64_t)1800 * 1000000)
#define REFRESH_US ((int64_t)100 * 86400 * 1000000)

/* ---- users and roles ----------------------------------------------------- */

struct sn_user *sn_user_find(struct sim_sn *sn, struct mst_slice name)
{
	for (size_t i = 0; i < sn->users_n; i++) {
		if (mst_slice_is(name, sn->users[i]->name))
			return sn->users[i];
	}
	return NULL;
}

struct sn_user *sn_user_add(struct sim_sn *sn, const char *name,
			    const char *password)
{
	struct sn_user *u;

	if (sn->users_n == MST_LEN(sn->users))
		return NULL;
	u = mst_alloc(sizeof(*u));
	(void)snprintf(u->name, sizeof(u->name), "%s", name);
	(void)snprintf(u->password, sizeof(u->password), "%s", password);
	u->active = true;
	sn->users[sn->users_n++] = u;
	return u;
}

bool sn_user_role(struct sim_sn *sn, struct sn_user *u, const char *role)
{
	if (sn_has_role(u, role))
		return true;
	if (u->roles_n == MST_LEN(u->roles))
		return false;
	u->roles[u->roles_n++] = mst_arena_strdup(&sn->dict, role);
	return true;
}

bool sn_has_role(const struct sn_user *u, const char *role)
{
	for (size_t i = 0; i < u->roles_n; i++) {
		if (!strcmp(u->roles[i], role))
			return true;
	}
	return false;
}

void sn_allow(struct sim_sn *sn, struct sn_table *t, enum sn_op op,
	      const char *role)
{
	struct sn_acl *a = &t->acl[op];

	for (size_t i = 0; i < a->n; i++) {
		if (!strcmp(a->roles[i], role))
			return;
	}
	if (a->n < MST_LEN(a->roles))
		a->roles[a->n++] = mst_arena_strdup(&sn->dict, role);
}

/* The nearest class with a rule for the operation decides; without any rule
 * only an administrator may. */
bool sn_may(const struct sn_user *u, const struct sn_table *t, enum sn_op op)
{
	if (sn_has_role(u, "admin"))
		return true;
	while (t && !t->acl[op].n)
		t = t->super;
	for (size_t i = 0; t && i < t->acl[op].n; i++) {
		if (!strcmp(t->acl[op].roles[i], "*") ||
		    sn_has_role(u, t->acl[op].roles[i]))
			return true;
	}
	return false;
}

void sn_auth_reset(struct sim_sn *sn)
{
	for (size_t i = 0; i < sn->users_n; i++)
		free(sn->users[i]);
	for (size_t i = 0; i < sn->sessions_n; i++)
		free(sn->sessions[i]);
	sn->users_n = sn->sessions_n = 0;
}

/* ---- who is asking ------------------------------------------------------- */

static struct sn_user *by_password(struct sim_sn *sn, struct mst_slice name,
				   struct mst_slice password)
{
	struct sn_user *u = sn_user_find(sn, name);

	return u && u->active && mst_slice_is(password, u->password) ? u : NULL;
}

static struct sn_user *by_basic(struct sim_sn *sn, const char *b64)
{
	struct mst_buf b = MST_BUF_INIT(1024);
	struct sn_user *u = NULL;
	const char *colon;

	if (mst_b64_decode(&b, mst_slice_str(b64)) && b.n &&
	    (colon = memchr(b.p, ':', b.n))) {
		size_t n = (size_t)(colon - b.p);

		u = by_password(sn, mst_slice(b.p, n),
				mst_slice(colon + 1, b.n - n - 1));
	}
	mst_buf_fini(&b);
	return u;
}

struct sn_user *sn_authenticate(struct sim_sn *sn, const char *header)
{
	if (!header)
		return NULL;
	if (!strncasecmp(header, "Basic ", 6))
		return by_basic(sn, header + 6);
	if (strncasecmp(header, "Bearer ", 7))
		return NULL;
	for (size_t i = 0; i < sn->sessions_n; i++) {
		struct sn_token *t = sn->sessions[i];

		if (!strcmp(t->access, header + 7) &&
		    t->expires_us > sn->now_us && t->user->active)
			return t->user;
	}
	return NULL;
}

/* ---- tokens -------------------------------------------------------------- */

void sn_tokens_expire(struct sim_sn *sn)
{
	for (size_t i = 0; i < sn->sessions_n; i++)
		sn->sessions[i]->expires_us = 0;
}

static void token_error(struct sim_reply *reply, const char *error,
			const char *description)
{
	struct mst_jout j;

	reply->status = 401;
	mst_jout_init(&j, &reply->body);
	mst_jout_obj(&j);
	mst_jout_kstr(&j, "error", error);
	mst_jout_kstr(&j, "error_description", description);
	mst_jout_end_obj(&j);
}

static void token_text(struct sim_sn *sn, const char *kind, char *out, size_t n)
{
	char id[SN_ID + 1];
	uint64_t k[2] = {++sn->counter, sn->conf.seed};

	mst_hash_hex(mst_hash128(k, sizeof(k), 0x70ce9), id);
	(void)snprintf(out, n, "%s%s", kind, id);
}

/* Asking again within a token's life gives the same token. */
static struct sn_token *token_for(struct sim_sn *sn, struct sn_user *u,
				  bool refresh)
{
	struct sn_token *t = NULL;

	for (size_t i = 0; i < sn->sessions_n && !t; i++) {
		struct sn_token *s = sn->sessions[i];

		if (s->user == u && !!s->refresh[0] == refresh)
			t = s;
	}
	if (!t) {
		if (sn->sessions_n == MST_LEN(sn->sessions))
			return NULL;
		t = sn->sessions[sn->sessions_n++] = mst_alloc(sizeof(*t));
		t->user = u;
	}
	if (t->expires_us <= sn->now_us) {
		token_text(sn, "", t->access, sizeof(t->access));
		t->expires_us = sn->now_us + ACCESS_US;
	}
	if (refresh && t->refresh_expires_us <= sn->now_us) {
		token_text(sn, "r-", t->refresh, sizeof(t->refresh));
		t->refresh_expires_us = sn->now_us + REFRESH_US;
	}
	return t;
}

static void token_answer(struct sim_sn *sn, struct sn_token *t,
			 struct sim_reply *reply)
{
	struct mst_jout j;

	if (!t) {
		token_error(reply, "server_error", "access_denied");
		return;
	}
	sn->stats.tokens++;
	mst_jout_init(&j, &reply->body);
	mst_jout_obj(&j);
	mst_jout_kstr(&j, "access_token", t->access);
	if (t->refresh[0])
		mst_jout_kstr(&j, "refresh_token", t->refresh);
	mst_jout_kstr(&j, "scope", "useraccount");
	mst_jout_kstr(&j, "token_type", "Bearer");
	mst_jout_ki64(
	    &j, "expires_in",
	    MST_MAX((t->expires_us - sn->now_us) / 1000000 - 1, (int64_t)0));
	mst_jout_end_obj(&j);
}

static struct sn_token *by_refresh(struct sim_sn *sn, const char *refresh)
{
	for (size_t i = 0; i < sn->sessions_n; i++) {
		struct sn_token *t = sn->sessions[i];

		if (t->refresh[0] && !strcmp(t->refresh, refresh) &&
		    t->refresh_expires_us > sn->now_us && t->user->active)
			return token_for(sn, t->user, true);
	}
	return NULL;
}

static const char *field(struct sim_sn *sn, const char *form, const char *name)
{
	const char *v = sn_param(sn, form, name);

	return v ? v : "";
}

static void grant(struct sim_sn *sn, const char *form, struct sim_reply *reply)
{
	const char *type = field(sn, form, "grant_type");
	struct sn_user *u = NULL;
	struct sn_token *t;

	if (!strcmp(type, "password")) {
		u = by_password(sn, mst_slice_str(field(sn, form, "username")),
				mst_slice_str(field(sn, form, "password")));
		token_answer(sn, u ? token_for(sn, u, true) : NULL, reply);
	} else if (!strcmp(type, "client_credentials")) {
		sn_props(sn);
		if (sn->prop_client_credentials)
			u = sn_user_find(sn, MST_SLICE_LIT(MST_SIM_USER));
		token_answer(sn, u ? token_for(sn, u, false) : NULL, reply);
	} else if (!strcmp(type, "refresh_token")) {
		t = by_refresh(sn, field(sn, form, "refresh_token"));
		if (t)
			token_answer(sn, t, reply);
		else
			token_error(reply, "invalid_grant",
				    "The refresh token is not valid");
	} else {
		token_error(reply, "server_error", "access_denied");
	}
}

void sn_token_api(struct sim_sn *sn, const struct sim_request *r,
		  struct sim_reply *reply)
{
	const char *type = sim_header(r, "Content-Type");
	const char *form;

	if (strcmp(r->method, "POST")) {
		sn_error(reply, 405, "Method not supported",
			 "%s is not supported here", r->method);
		return;
	}
	/* JSON is not read here: the fields are simply not found. */
	if (!type ||
	    strncasecmp(type, "application/x-www-form-urlencoded", 33)) {
		token_error(reply, "server_error", "access_denied");
		return;
	}
	form = mst_arena_dup(&sn->scratch, r->body).p;
	if (strcmp(field(sn, form, "client_id"), MST_SIM_SN_CLIENT) ||
	    strcmp(field(sn, form, "client_secret"), MST_SIM_SN_SECRET)) {
		token_error(reply, "invalid_client", "access_denied");
		return;
	}
	grant(sn, form, reply);
}
