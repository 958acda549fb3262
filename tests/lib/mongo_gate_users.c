/* SPDX-License-Identifier: Apache-2.0
 *
 * Users of the gate: who they are (RFC 7677), and what they may do.
 */
#include "tests/lib/mongo_gate.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/t.h"

#define ROUNDS 4096
#define SALT   "a salt of tests, 28 bytes ok"
#define NONCE  "nonceOfTests"

void t_gate_refuse(bson_t *reply, int code, const char *text)
{
	(void)bson_append_double(reply, "ok", -1, 0);
	(void)bson_append_int32(reply, "code", -1, code);
	(void)bson_append_utf8(reply, "errmsg", -1, text, -1);
}

static struct t_gate_user *user_of(struct t_gate *g, const char *name,
				   const char *knows)
{
	for (int i = 0; i < T_GATE_USERS; i++) {
		if (g->users[i].name[0] &&
		    strcmp(g->users[i].name, name) == 0 &&
		    strcmp(g->users[i].knows, knows) == 0)
			return &g->users[i];
	}
	return NULL;
}

static void add_user(struct t_gate *g, const char *name, const char *knows,
		     const char *password, bson_t *roles)
{
	int i = 0;

	while (g->users[i].name[0])
		assert_true(++i < T_GATE_USERS);
	(void)snprintf(g->users[i].name, 64, "%s", name);
	(void)snprintf(g->users[i].knows, 64, "%s", knows);
	(void)snprintf(g->users[i].password, 64, "%s", password);
	g->users[i].roles = roles;
}

void t_gate_add_user(struct t_gate *g, const char *name, const char *password,
		     const char *roles)
{
	bson_error_t e;
	bson_t *list = bson_new_from_json((const uint8_t *)roles, -1, &e);

	if (!list)
		fail_msg("%s: %s", roles, e.message);
	add_user(g, name, "admin", password, list);
}

/* ---- logging in ---------------------------------------------------------- */

static void hmac(const uint8_t key[32], const char *text, size_t n,
		 uint8_t out[32])
{
	unsigned len = 32;

	(void)HMAC(EVP_sha256(), key, 32, (const uint8_t *)text, n, out, &len);
}

static void say_payload(bson_t *reply, const char *text, bool done)
{
	(void)bson_append_int32(reply, "conversationId", -1, 1);
	(void)bson_append_bool(reply, "done", -1, done);
	(void)bson_append_binary(reply, "payload", -1, BSON_SUBTYPE_BINARY,
				 (const uint8_t *)text, (uint32_t)strlen(text));
	(void)bson_append_double(reply, "ok", -1, 1);
}

static void payload_of(const bson_t *ask, char *out, size_t max)
{
	const uint8_t *p = NULL;
	bson_subtype_t kind;
	bson_iter_t it;
	uint32_t n = 0;

	if (bson_iter_init_find(&it, ask, "payload"))
		bson_iter_binary(&it, &kind, &n, &p);
	(void)snprintf(out, max, "%.*s", (int)n, p ? (const char *)p : "");
}

static void keys_of(struct t_gate_login *l)
{
	uint8_t salted[32], client[32];
	const char *password = l->tried ? l->tried->password : "nobody's";

	(void)PKCS5_PBKDF2_HMAC(password, (int)strlen(password),
				(const uint8_t *)SALT, 28, ROUNDS, EVP_sha256(),
				32, salted);
	hmac(salted, "Client Key", 10, client);
	hmac(salted, "Server Key", 10, l->server);
	(void)EVP_Digest(client, 32, l->stored, NULL, EVP_sha256(), NULL);
}

/* n,,n=user,r=nonce → r=nonce+ours,s=salt,i=rounds */
static void start(struct t_gate *g, struct t_gate_login *l, const char *knows,
		  const bson_t *ask, bson_t *reply)
{
	char text[256], name[64], nonce[128], salt[48], said[256];

	payload_of(ask, text, sizeof(text));
	if (sscanf(text, "n,,n=%63[^,],r=%127s", name, nonce) != 2) {
		t_gate_refuse(reply, 17, "not understood");
		return;
	}
	l->user = NULL;
	l->tried = user_of(g, name, knows);
	keys_of(l);
	(void)EVP_EncodeBlock((uint8_t *)salt, (const uint8_t *)SALT, 28);
	(void)snprintf(said, sizeof(said), "r=%s" NONCE ",s=%s,i=%d", nonce,
		       salt, ROUNDS);
	(void)snprintf(l->first, sizeof(l->first), "%s,%s", text + 3, said);
	say_payload(reply, said, false);
}

/* c=biws,r=…,p=proof → v=signature */
static void finish(struct t_gate_login *l, const bson_t *ask, bson_t *reply)
{
	char text[512], all[1024], said[64] = "v=", *proof;
	uint8_t sign[32], given[64], is[32];

	payload_of(ask, text, sizeof(text));
	if (!*text) {
		say_payload(reply, "", true);
		return;
	}
	proof = strstr(text, ",p=");
	if (!proof)
		return;
	*proof = 0;
	(void)snprintf(all, sizeof(all), "%s,%s", l->first, text);
	hmac(l->stored, all, strlen(all), sign);
	(void)EVP_DecodeBlock(given, (const uint8_t *)proof + 3,
			      (int)strlen(proof + 3));
	for (int i = 0; i < 32; i++)
		given[i] ^= sign[i];
	(void)EVP_Digest(given, 32, is, NULL, EVP_sha256(), NULL);
	if (!l->tried || memcmp(is, l->stored, 32) != 0) {
		t_gate_refuse(reply, 18, "Authentication failed.");
		return;
	}
	l->user = l->tried;
	hmac(l->server, all, strlen(all), sign);
	(void)EVP_EncodeBlock((uint8_t *)said + 2, sign, 32);
	say_payload(reply, said, true);
}

/* ---- rights -------------------------------------------------------------- */

static bson_t *on_all(const char *database, const char *actions,
		      const char *more)
{
	char text[1000];
	bson_error_t e;
	bson_t *b;

	(void)snprintf(text, sizeof(text),
		       "[{\"resource\": {\"db\": \"%s\", \"collection\": "
		       "\"\"}, \"actions\": [\"find\", \"dbStats\"%s]}%s]",
		       database, actions, more);
	b = bson_new_from_json((const uint8_t *)text, -1, &e);
	if (!b)
		fail_msg("%s: %s", text, e.message);
	return b;
}

#define WRITES ", \"insert\", \"update\", \"remove\", \"createCollection\""

/* Of one role, as a server lists them. */
static bson_t *privileges_of(const struct t_gate *g, const char *role,
			     const char *database)
{
	bson_iter_t it;
	uint32_t n;
	const uint8_t *p;

	if (strcmp(role, "root") == 0)
		return on_all("", WRITES ", \"createUser\"",
			      ", {\"resource\": {\"cluster\": true}, "
			      "\"actions\": [\"shutdown\"]}");
	if (strcmp(role, "readWrite") == 0)
		return on_all(database, WRITES ", \"dropCollection\"", "");
	if (strcmp(role, "read") == 0)
		return on_all(database, "", "");
	if (!g->role || strcmp(g->role_db, database) != 0 ||
	    !bson_iter_init_find(&it, g->role, "privileges"))
		return bson_new();
	bson_iter_array(&it, &n, &p);
	return bson_new_from_data(p, n);
}

/* fn for every privilege of a user; true from it ends it. */
static bool each_privilege(const struct t_gate *g, const struct t_gate_user *u,
			   bool (*fn)(void *ctx, const bson_iter_t *p),
			   void *ctx)
{
	bson_iter_t it, role, p;
	bool done = false;

	(void)bson_iter_init(&it, u->roles);
	while (!done && bson_iter_next(&it)) {
		const char *name = "", *database = "";
		bson_t *list;

		if (bson_iter_recurse(&it, &role) &&
		    bson_iter_find(&role, "role"))
			name = bson_iter_utf8(&role, NULL);
		if (bson_iter_recurse(&it, &role) &&
		    bson_iter_find(&role, "db"))
			database = bson_iter_utf8(&role, NULL);
		list = privileges_of(g, name, database);
		(void)bson_iter_init(&p, list);
		while (!done && bson_iter_next(&p))
			done = fn(ctx, &p);
		bson_destroy(list);
	}
	return done;
}

struct wanted {
	const char *action, *database, *collection;
};

static const char *text_in(const bson_iter_t *doc, const char *name)
{
	bson_iter_t in, at;

	return bson_iter_recurse(doc, &in) &&
		       bson_iter_find_descendant(&in, name, &at) &&
		       BSON_ITER_HOLDS_UTF8(&at)
		   ? bson_iter_utf8(&at, NULL)
		   : NULL;
}

static bool gives(void *ctx, const bson_iter_t *p)
{
	const struct wanted *w = ctx;
	const char *database = text_in(p, "resource.db");
	const char *collection = text_in(p, "resource.collection");
	bson_iter_t in, list, it;

	if (!database || (*database && strcmp(database, w->database) != 0) ||
	    (*collection && strcmp(collection, w->collection) != 0))
		return false;
	if (!bson_iter_recurse(p, &in) ||
	    !bson_iter_find_descendant(&in, "actions", &list) ||
	    !bson_iter_recurse(&list, &it))
		return false;
	while (bson_iter_next(&it)) {
		if (strcmp(bson_iter_utf8(&it, NULL), w->action) == 0)
			return true;
	}
	return false;
}

static bool may(const struct t_gate *g, const struct t_gate_login *l,
		const char *action, const char *database,
		const char *collection)
{
	struct wanted w = {action, database, collection};

	return l->user && each_privilege(g, l->user, gives, &w);
}

bool t_gate_may(struct t_gate *g, const struct t_gate_login *l,
		const char *database, const bson_t *ask)
{
	static const char *const needs[][2] = {
	    {"find", "find"},
	    {"aggregate", "find"},
	    {"insert", "insert"},
	    {"update", "update"},
	    {"delete", "remove"},
	    {"findAndModify", "update"},
	    {"create", "createCollection"},
	    {"dbStats", "dbStats"},
	    {"createIndexes", "createCollection"}};
	bson_iter_t it;
	const char *name;

	if (!l->user || !bson_iter_init(&it, ask) || !bson_iter_next(&it))
		return false;
	name = bson_iter_key(&it);
	for (size_t i = 0; i < MST_LEN(needs); i++) {
		if (strcasecmp(name, needs[i][0]) == 0)
			return may(g, l, needs[i][1], database,
				   BSON_ITER_HOLDS_UTF8(&it)
				       ? bson_iter_utf8(&it, NULL)
				       : "");
	}
	return true;
}

/* ---- commands ------------------------------------------------------------ */

static bool copy_privilege(void *ctx, const bson_iter_t *p)
{
	bson_t *list = ctx, doc;
	const uint8_t *data;
	const char *name;
	char at[16];
	uint32_t n;

	bson_iter_document(p, &n, &data);
	(void)bson_init_static(&doc, data, n);
	(void)bson_uint32_to_string(bson_count_keys(list), &name, at,
				    sizeof(at));
	(void)bson_append_document(list, name, -1, &doc);
	return false;
}

static void add_rights(const struct t_gate *g, const struct t_gate_user *u,
		       const char *roles, const char *privileges, bson_t *to)
{
	bson_t list = BSON_INITIALIZER;

	(void)each_privilege(g, u, copy_privilege, &list);
	(void)bson_append_array(to, roles, -1, u->roles);
	(void)bson_append_array(to, privileges, -1, &list);
	bson_destroy(&list);
}

static void connection_status(struct t_gate *g, const struct t_gate_login *l,
			      bson_t *reply)
{
	bson_t info, list, one;

	(void)bson_append_document_begin(reply, "authInfo", -1, &info);
	(void)bson_append_array_begin(&info, "authenticatedUsers", -1, &list);
	(void)bson_append_document_begin(&list, "0", -1, &one);
	(void)bson_append_utf8(&one, "user", -1, l->user->name, -1);
	(void)bson_append_document_end(&list, &one);
	(void)bson_append_array_end(&info, &list);
	add_rights(g, l->user, "authenticatedUserRoles",
		   "authenticatedUserPrivileges", &info);
	(void)bson_append_document_end(reply, &info);
}

static void users_info(struct t_gate *g, const bson_t *ask, bson_t *reply)
{
	const struct t_gate_user *u = NULL;
	bson_t list, one;
	bson_iter_t it;

	if (bson_iter_init_find(&it, ask, "usersInfo"))
		u = user_of(g, text_in(&it, "user"), text_in(&it, "db"));
	(void)bson_append_array_begin(reply, "users", -1, &list);
	if (u) {
		(void)bson_append_document_begin(&list, "0", -1, &one);
		(void)bson_append_utf8(&one, "user", -1, u->name, -1);
		add_rights(g, u, "inheritedRoles", "inheritedPrivileges", &one);
		(void)bson_append_document_end(&list, &one);
	}
	(void)bson_append_array_end(reply, &list);
}

static void create_user(struct t_gate *g, const char *database,
			const char *name, const bson_t *ask, bson_t *reply)
{
	bson_iter_t it;

	if (user_of(g, name, database)) {
		t_gate_refuse(reply, 51003, "User already exists");
		return;
	}
	assert_true(bson_iter_init_find(&it, ask, "pwd"));
	add_user(g, name, database, bson_iter_utf8(&it, NULL), bson_new());
}

static void put_role(struct t_gate *g, const char *database, bool update,
		     const bson_t *ask, bson_t *reply)
{
	bool there = g->role && strcmp(g->role_db, database) == 0;

	if (there != update) {
		t_gate_refuse(reply, there ? 51002 : 31, "role");
		return;
	}
	bson_destroy(g->role);
	g->role = bson_copy(ask);
	(void)snprintf(g->role_db, sizeof(g->role_db), "%s", database);
}

static void grant(struct t_gate *g, const char *database, const char *name,
		  const bson_t *ask, bson_t *reply)
{
	struct t_gate_user *u = user_of(g, name, database);
	bson_iter_t it;
	bson_t more;
	const uint8_t *p;
	const char *key;
	char at[16];
	uint32_t n;

	if (!u || !bson_iter_init_find(&it, ask, "roles")) {
		t_gate_refuse(reply, 11, "Could not find user");
		return;
	}
	bson_iter_array(&it, &n, &p);
	(void)bson_init_static(&more, p, n);
	(void)bson_iter_init(&it, &more);
	while (bson_iter_next(&it)) {
		(void)bson_uint32_to_string(bson_count_keys(u->roles), &key, at,
					    sizeof(at));
		(void)bson_append_iter(u->roles, key, -1, &it);
	}
}

bool t_gate_users_do(struct t_gate *g, struct t_gate_login *l,
		     const char *database, const bson_t *ask, bson_t *reply)
{
	static const char *const theirs[] = {
	    "saslStart",  "saslContinue", "connectionStatus",
	    "usersInfo",  "rolesInfo",	  "createUser",
	    "createRole", "updateRole",	  "grantRolesToUser"};
	const char *name, *text;
	bson_iter_t it;
	bson_t list;
	size_t i = 0;

	if (!bson_iter_init(&it, ask) || !bson_iter_next(&it))
		return false;
	name = bson_iter_key(&it);
	text = BSON_ITER_HOLDS_UTF8(&it) ? bson_iter_utf8(&it, NULL) : "";
	while (i < MST_LEN(theirs) && strcmp(theirs[i], name) != 0)
		i++;
	if (i == MST_LEN(theirs))
		return false;
	if (i < 2) {
		if (i == 0)
			start(g, l, database, ask, reply);
		else
			finish(l, ask, reply);
		return true;
	}
	if (!l->user || (i > 2 && !may(g, l, "createUser", database, ""))) {
		t_gate_refuse(reply, 13, "not authorized to execute command");
		return true;
	}
	if (i == 2)
		connection_status(g, l, reply);
	else if (i == 3)
		users_info(g, ask, reply);
	else if (i == 5)
		create_user(g, database, text, ask, reply);
	else if (i == 6 || i == 7)
		put_role(g, database, i == 7, ask, reply);
	else if (i == 8)
		grant(g, database, text, ask, reply);
	if (i == 4) {
		(void)bson_append_array_begin(reply, "roles", -1, &list);
		if (g->role && strcmp(g->role_db, database) == 0)
			(void)bson_append_document(&list, "0", -1, g->role);
		(void)bson_append_array_end(reply, &list);
	}
	if (!bson_has_field(reply, "ok"))
		(void)bson_append_double(reply, "ok", -1, 1);
	return true;
}
