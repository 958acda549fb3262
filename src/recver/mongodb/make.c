/* SPDX-License-Identifier: Apache-2.0
 *
 * Setting RecVer up on MongoDB: with an administrator's login the user, the
 * collections, the role with the least rights and its grant; without one, what
 * the connection's own user may make. By the commands that sql/mongodb has for
 * mongosh; a test compares the two. Every step may be done again.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/secret.h"
#include "recver/mongodb/dba.h"
#include "recver/scripts.h"

#define USER_THERE 51003
#define ROLE_THERE 51002
#define HOW_MAX	   400

/* What there is, and what of it is to be done. */
struct site {
	const struct mst_recver_setup_env *env;
	struct mst_recver_conf conf; /* whoever makes it */
	struct mst_mongo c;
	struct mst_mongo_kind kind;
	struct mst_mongo_rights rights; /* of the connection's user */
	const char *user, *knows;	/* NULL: the connection has none */
	char *missing;			/* collections */
	unsigned version;
	bool sees_user, role_there;
	bool needs_user, needs_collections, needs_shards, needs_role;
};

/* ---- what there is ------------------------------------------------------- */

static int find_role(struct site *s, struct mst_err *err)
{
	bson_t *ask =
	    BCON_NEW("rolesInfo", "{", "role", BCON_UTF8(MST_MONGO_AGENT), "db",
		     BCON_UTF8(s->c.database), "}");
	bson_iter_t it, role;
	bson_t reply;
	int rc = mst_mongo_run(&s->c, s->c.database, ask, &reply, err);

	s->role_there = rc == 0 && bson_iter_init(&it, &reply) &&
			bson_iter_find_descendant(&it, "roles.0", &role);
	bson_destroy(&reply);
	bson_destroy(ask);
	return rc;
}

/* Who has no administrator cannot make users or give rights, and need not see
 * them. */
static int look_at_user(struct site *s, struct mst_err *err)
{
	int rc;

	if (!s->user || !s->env->admin)
		return 0;
	rc = mst_mongo_rights_of(&s->c, s->user, s->knows, &s->rights, err);
	s->sees_user = rc == 0;
	return rc < 0 ? rc : find_role(s, err);
}

static int look_at_collections(struct site *s, struct mst_err *err)
{
	bool any = false, sharded = true;
	int rc = mst_mongo_missing(&s->c, &s->missing, &any, err);

	if (rc == 0 && any)
		rc = mst_mongo_version(&s->c, &s->version, err);
	if (rc == 0 && any && !s->version)
		rc = mst_mongo_own(&s->c, err);
	if (rc == 0 && s->version > mst_recver_schema())
		return mst_err_set(err, MST_E_UNSUPPORTED,
				   "the collections of '%s' were made by a "
				   "newer muster (version %u, this one knows "
				   "%u): update muster",
				   s->c.database, s->version,
				   mst_recver_schema());
	if (rc == 0 && s->kind.router)
		rc = mst_mongo_sharded(&s->c, &sharded, err);
	s->needs_collections = s->missing || s->version != mst_recver_schema();
	s->needs_shards = !sharded;
	/* Only an administrator may see it, or change it. */
	if (rc == -MST_E_FORBIDDEN && !s->env->admin) {
		mst_err_clear(err);
		s->needs_shards = false;
		rc = 0;
	}
	return rc;
}

/* The library's remedies are for the connection's user. */
static int as_admin(const struct site *s, int rc, struct mst_err *err)
{
	char text[400];

	if (rc == 0 || !s->env->admin)
		return rc;
	(void)snprintf(text, sizeof(text), "%.390s", err->msg);
	if (rc == -MST_E_AUTH)
		return mst_err_set(err, MST_E_AUTH,
				   "the server does not let '%.100s' in, who "
				   "must be known to the database admin: check "
				   "--admin and its password",
				   s->conf.user ? s->conf.user : "");
	if (rc == -MST_E_FORBIDDEN)
		return mst_err_set(err, MST_E_FORBIDDEN,
				   "'%.100s' may not do that; it takes the "
				   "roles userAdminAnyDatabase and "
				   "readWriteAnyDatabase, on a router "
				   "clusterManager, too; or root: %s",
				   s->conf.user ? s->conf.user : "", text);
	return mst_err_prefix(err, "as '%.100s'",
			      s->conf.user ? s->conf.user : "");
}

static void fini(struct site *s)
{
	mst_mongo_rights_fini(&s->rights);
	mst_mongo_shut(&s->c);
	free(s->c.database);
	free(s->missing);
}

static int open_site(struct site *s, struct mst_err *err)
{
	int rc = mst_mongo_check_name(s->c.database, err);

	if (rc == 0)
		rc = mst_mongo_dial(&s->c, &s->kind, err);
	if (rc == 0 && !s->kind.writable)
		rc = mst_err_set(err, MST_E_FORBIDDEN,
				 "the server is not the primary: set "
				 "recver.replica_set, so that the primary is "
				 "found");
	if (rc == 0 && !s->kind.alone && s->kind.wire < MST_MONGO_WIRE_5_0)
		rc = mst_err_set(err, MST_E_UNSUPPORTED,
				 "the server is older than MongoDB 5.0");
	return rc;
}

static int look(struct site *s, const struct mst_recver_setup_env *env,
		struct mst_err *err)
{
	int rc;

	*s = (struct site){.env = env};
	s->conf = mst_mongo_conf(env->admin ? env->admin : env->conf);
	s->user = env->conf->user;
	s->knows = env->conf->auth_source ? env->conf->auth_source : "admin";
	s->c = (struct mst_mongo){
	    .conf = &s->conf,
	    .database = mst_recver_database(env->conf, env->source),
	    .admin = env->admin != NULL};
	if (env->conf->bypass_setup)
		return 0;
	rc = open_site(s, err);
	if (rc == 0)
		rc = look_at_user(s, err);
	if (rc == 0)
		rc = look_at_collections(s, err);
	/* Whoever has enough is left alone. Who has more keeps it, and gets
	 * what stays when that is taken away. */
	s->needs_user = s->sees_user && !s->rights.exists;
	s->needs_role = s->sees_user && (!s->rights.exists || s->rights.lacks ||
					 (s->rights.more && !s->rights.agent));
	rc = as_admin(s, rc, err);
	if (rc < 0)
		fini(s);
	return rc;
}

/* ---- commands ------------------------------------------------------------ */

static int command(struct site *s, const char *database, bson_t *ask,
		   uint32_t fine, struct mst_err *err)
{
	bson_t reply;
	bson_error_t e = {0};
	int rc = 0;

	if (!mongoc_client_write_command_with_opts(s->c.h, database, ask, NULL,
						   &reply, &e) &&
	    !(fine && mst_mongo_is(&e, fine)))
		rc = mst_mongo_fail(&s->c, &reply, &e, err);
	bson_destroy(&reply);
	return rc;
}

static int make_user(struct site *s, struct mst_err *err)
{
	struct mst_secret *secret = NULL;
	struct mst_buf clear = MST_BUF_INIT(65536);
	bson_t *ask, roles;
	int rc = mst_secret_ref(s->env->conf->password, &secret, err);

	if (rc < 0)
		return mst_err_prefix(err, "recver.password");
	(void)mst_buf_add_slice(&clear, mst_secret_get(secret));
	/* No copy is left behind by growing. */
	ask = bson_sized_new(clear.n + strlen(s->user) + 256);
	(void)bson_append_utf8(ask, "createUser", -1, s->user, -1);
	(void)bson_append_utf8(ask, "pwd", -1, clear.p, (int)clear.n);
	(void)bson_append_array_begin(ask, "roles", -1, &roles);
	(void)bson_append_array_end(ask, &roles);
	rc = command(s, s->knows, ask, USER_THERE, err);
	mst_wipe((void *)(uintptr_t)bson_get_data(ask), ask->len);
	bson_destroy(ask);
	mst_buf_wipe_fini(&clear);
	mst_secret_free(&secret);
	return rc;
}

/* Older collections are changed by whoever has the lease only. */
static int make_collections(struct site *s, struct mst_err *err)
{
	struct mst_recver *r = NULL;
	struct mst_err other = MST_ERR_INIT;
	unsigned version = 0;
	int rc;

	if (!s->version || s->missing)
		return mst_mongo_make(&s->c, err);
	rc = mst_recver_mongodb.open(&s->conf, s->env->source, true, &r, err);
	if (rc == 0)
		mst_recver_mongodb.close(&r);
	/* Who has the lease has brought them up. */
	if (rc == -MST_E_CONFLICT &&
	    mst_mongo_version(&s->c, &version, &other) == 0 &&
	    version == mst_recver_schema()) {
		mst_err_clear(err);
		rc = 0;
	}
	return rc;
}

/* A collection that is not empty needs the index first. */
static int make_shards(struct site *s, struct mst_err *err)
{
	char *name = mst_asprintf("%s.grp", s->c.database);
	bson_t *spread = BCON_NEW("enableSharding", BCON_UTF8(s->c.database));
	bson_t *index =
	    BCON_NEW("createIndexes", BCON_UTF8("grp"), "indexes", "[", "{",
		     "key", "{", "_id", BCON_UTF8("hashed"), "}", "name",
		     BCON_UTF8("_id_hashed"), "}", "]");
	bson_t *shard = BCON_NEW("shardCollection", BCON_UTF8(name), "key", "{",
				 "_id", BCON_UTF8("hashed"), "}");
	int rc = command(s, "admin", spread, 0, err);

	if (rc == 0)
		rc = command(s, s->c.database, index, 0, err);
	if (rc == 0)
		rc = command(s, "admin", shard, 0, err);
	bson_destroy(spread);
	bson_destroy(index);
	bson_destroy(shard);
	free(name);
	return rc;
}

static int make_role(struct site *s, struct mst_err *err)
{
	bson_t ask = BSON_INITIALIZER, none;
	int rc;

	(void)bson_append_utf8(&ask,
			       s->role_there ? "updateRole" : "createRole", -1,
			       MST_MONGO_AGENT, -1);
	mst_mongo_add_privileges(&ask, s->c.database);
	(void)bson_append_array_begin(&ask, "roles", -1, &none);
	(void)bson_append_array_end(&ask, &none);
	rc = command(s, s->c.database, &ask, ROLE_THERE, err);
	bson_destroy(&ask);
	return rc;
}

static int give_role(struct site *s, struct mst_err *err)
{
	bson_t *ask = BCON_NEW("grantRolesToUser", BCON_UTF8(s->user), "roles",
			       "[", "{", "role", BCON_UTF8(MST_MONGO_AGENT),
			       "db", BCON_UTF8(s->c.database), "}", "]");
	int rc = command(s, s->knows, ask, 0, err);

	bson_destroy(ask);
	return rc;
}

/* ---- steps --------------------------------------------------------------- */

static void how_user(const struct site *s, char how[HOW_MAX])
{
	const char *encrypt = s->conf.encrypt;

	(void)snprintf(how, HOW_MAX,
		       "make '%.100s' in '%.64s', with the connection's "
		       "password%s",
		       s->user, s->knows,
		       encrypt && strcmp(encrypt, "off") == 0
			   ? ", which goes there unencrypted (recver.encrypt "
			     "is off)"
			   : "");
}

static void how_collections(const struct site *s, char how[HOW_MAX])
{
	if (s->version && !s->missing)
		(void)snprintf(how, HOW_MAX,
			       "bring those of version %u up to version %u",
			       s->version, mst_recver_schema());
	else
		(void)snprintf(how, HOW_MAX,
			       "make %.100s in '%.64s', version %u",
			       s->missing ? s->missing : "what is missing",
			       s->c.database, mst_recver_schema());
}

static void how_shards(const struct site *s, char how[HOW_MAX])
{
	(void)snprintf(how, HOW_MAX,
		       "spread grp over the shards by a hash of its key");
}

static void how_role(const struct site *s, char how[HOW_MAX])
{
	(void)snprintf(how, HOW_MAX,
		       "%s " MST_MONGO_AGENT " in '%.64s': find, insert, "
		       "update and remove in these collections, dbStats",
		       s->role_there ? "set the rights of" : "make",
		       s->c.database);
}

static void how_grant(const struct site *s, char how[HOW_MAX])
{
	(void)snprintf(how, HOW_MAX, "give " MST_MONGO_AGENT " to '%.100s'%s",
		       s->user,
		       s->needs_user ? "" : ", who is there and stays as is");
}

static const struct step {
	const char *what;
	size_t needs; /* offset of the flag */
	void (*how)(const struct site *s, char how[HOW_MAX]);
	int (*make)(struct site *s, struct mst_err *err);
} steps[] = {
    {"user", offsetof(struct site, needs_user), how_user, make_user},
    {"collections", offsetof(struct site, needs_collections), how_collections,
     make_collections},
    {"shards", offsetof(struct site, needs_shards), how_shards, make_shards},
    {"role", offsetof(struct site, needs_role), how_role, make_role},
    {"grant", offsetof(struct site, needs_role), how_grant, give_role},
};

static bool is_needed(const struct site *s, const struct step *step)
{
	return *(const bool *)((const char *)s + step->needs);
}

/* No user may be made without a password. */
static int check_password(const struct site *s, struct mst_err *err)
{
	if (!s->needs_user || s->env->conf->password)
		return 0;
	return mst_err_set(err, MST_E_INVALID,
			   "recver.user '%.100s' cannot be made without "
			   "recver.password",
			   s->user);
}

int mst_mongo_setup_plan(const struct mst_recver_setup_env *env,
			 mst_recver_step_fn *step, void *ctx,
			 struct mst_err *err)
{
	char how[HOW_MAX];
	struct site s;
	int rc = look(&s, env, err);

	if (rc < 0)
		return rc;
	rc = check_password(&s, err);
	for (size_t i = 0; i < MST_LEN(steps) && rc == 0; i++) {
		if (!is_needed(&s, &steps[i]))
			continue;
		steps[i].how(&s, how);
		step(ctx, steps[i].what, how);
	}
	fini(&s);
	return rc;
}

/* More than it needs is nobody's to take away but the DBA's. */
static void tell_of_more(struct site *s)
{
	char how[HOW_MAX];

	if (!s->rights.more)
		return;
	(void)snprintf(how, sizeof(how),
		       "'%.100s' is there, may do more than it needs (%.200s), "
		       "and is left alone",
		       s->user, s->rights.more);
	(void)mst_recver_made(s->env, "user", how, 0, NULL);
}

int mst_mongo_setup_make(const struct mst_recver_setup_env *env,
			 struct mst_err *err)
{
	char how[HOW_MAX], done[HOW_MAX + 8];
	struct site s;
	int rc = look(&s, env, err);

	if (rc < 0)
		return rc;
	rc = check_password(&s, err);
	if (rc == 0)
		tell_of_more(&s);
	for (size_t i = 0; i < MST_LEN(steps) && rc == 0; i++) {
		if (!is_needed(&s, &steps[i]))
			continue;
		steps[i].how(&s, how);
		rc = as_admin(&s, steps[i].make(&s, err), err);
		(void)snprintf(done, sizeof(done), "done: %s", how);
		rc = mst_recver_made(env, steps[i].what, done, rc, err);
	}
	fini(&s);
	return rc;
}
