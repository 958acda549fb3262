/* SPDX-License-Identifier: Apache-2.0
 *
 * What a user may do in MongoDB: enough for a run, and not much more. As the
 * server lists it: privileges are actions on a resource, and a resource is a
 * collection, a database, all of them, or the cluster.
 */
#include "recver/mongodb/dba.h"

#include <stdlib.h>

#define NEEDED 4 /* of each collection */

static const char *const actions[] = {"find",	"insert",  "update",
				      "remove", "dbStats", "createCollection"};

#define ANY ~0u

/* ---- the role ------------------------------------------------------------ */

static void add_privilege(bson_t *list, uint32_t i, const char *database,
			  const char *collection, const char *const *what,
			  uint32_t n)
{
	bson_t privilege, resource, array;
	char at[16];
	const char *name;

	(void)bson_uint32_to_string(i, &name, at, sizeof(at));
	(void)bson_append_document_begin(list, name, -1, &privilege);
	(void)bson_append_document_begin(&privilege, "resource", -1, &resource);
	(void)bson_append_utf8(&resource, "db", -1, database, -1);
	(void)bson_append_utf8(&resource, "collection", -1, collection, -1);
	(void)bson_append_document_end(&privilege, &resource);
	(void)bson_append_array_begin(&privilege, "actions", -1, &array);
	for (uint32_t k = 0; k < n; k++) {
		(void)bson_uint32_to_string(k, &name, at, sizeof(at));
		(void)bson_append_utf8(&array, name, -1, what[k], -1);
	}
	(void)bson_append_array_end(&privilege, &array);
	(void)bson_append_document_end(list, &privilege);
}

void mst_mongo_add_privileges(bson_t *b, const char *database)
{
	bson_t list;
	uint32_t i;

	(void)bson_append_array_begin(b, "privileges", -1, &list);
	for (i = 0; mst_mongo_collections[i]; i++)
		add_privilege(&list, i, database, mst_mongo_collections[i],
			      actions, NEEDED);
	add_privilege(&list, i, database, "", &actions[NEEDED], 1);
	(void)bson_append_array_end(b, &list);
}

/* ---- what a server lists ------------------------------------------------- */

struct sum {
	const char *database;
	unsigned of[8]; /* collections: bits of actions */
	unsigned all;	/* of the whole database */
	bool beyond;	/* something outside of it */
	bool inside;	/* in it, more than the role has */
};

static const char *text_at(const bson_iter_t *doc, const char *name)
{
	bson_iter_t in;

	return bson_iter_recurse(doc, &in) && bson_iter_find(&in, name) &&
		       BSON_ITER_HOLDS_UTF8(&in)
		   ? bson_iter_utf8(&in, NULL)
		   : NULL;
}

static bool find_in(const bson_iter_t *doc, const char *name, bson_iter_t *it)
{
	return bson_iter_recurse(doc, it) && bson_iter_find(it, name);
}

static unsigned bits_of(const bson_iter_t *privilege, bool *others_r)
{
	bson_iter_t list, it;
	unsigned bits = 0;

	if (!find_in(privilege, "actions", &list) ||
	    !bson_iter_recurse(&list, &it))
		return 0;
	while (bson_iter_next(&it)) {
		const char *name =
		    BSON_ITER_HOLDS_UTF8(&it) ? bson_iter_utf8(&it, NULL) : "";
		size_t i = 0;

		while (i < MST_LEN(actions) && strcmp(actions[i], name) != 0)
			i++;
		if (strcmp(name, "anyAction") == 0)
			bits = ANY;
		else if (i < MST_LEN(actions))
			bits |= 1u << i;
		*others_r |= i > NEEDED;
	}
	return bits;
}

static void add_up(struct sum *s, const bson_iter_t *privilege)
{
	bool others = false;
	unsigned bits = bits_of(privilege, &others);
	const char *db, *collection;
	bson_iter_t resource;

	if (!find_in(privilege, "resource", &resource))
		return;
	db = text_at(&resource, "db");
	collection = text_at(&resource, "collection");
	if (!db || !collection || strcmp(db, s->database) != 0)
		s->beyond = true;
	else
		s->inside |= others;
	/* The cluster's privileges are about no collection. */
	if (!db && !find_in(&resource, "anyResource", &resource))
		return;
	if (db && *db && strcmp(db, s->database) != 0)
		return;
	if (!collection || !*collection)
		s->all |= bits;
	for (size_t i = 0; mst_mongo_collections[i]; i++) {
		if (!collection || !*collection ||
		    strcmp(collection, mst_mongo_collections[i]) == 0)
			s->of[i] |= bits;
	}
}

void mst_mongo_add_text(struct mst_buf *b, const char *text)
{
	char *escaped = bson_utf8_escape_for_json(text, -1);

	(void)mst_buf_addf(b, "\"%s\"", escaped ? escaped : "");
	bson_free(escaped);
}

static void add_word(struct mst_buf *b, const char *mark, const char *word)
{
	(void)mst_buf_addf(b, "%s%s", b->n ? mark : "", word);
}

static char *lacking(const struct sum *s)
{
	struct mst_buf b = MST_BUF_INIT(4096);
	char *text;

	for (size_t k = 0; k < NEEDED; k++) {
		struct mst_buf on = MST_BUF_INIT(1024);

		for (size_t i = 0; mst_mongo_collections[i]; i++) {
			if (!(s->of[i] & 1u << k))
				add_word(&on, ", ", mst_mongo_collections[i]);
		}
		if (on.n)
			(void)mst_buf_addf(&b, "%s%s on %s", b.n ? "; " : "",
					   actions[k], on.p);
		mst_buf_fini(&on);
	}
	if (!(s->all & 1u << NEEDED))
		add_word(&b, "; ", actions[NEEDED]);
	text = b.n ? mst_buf_steal(&b) : NULL;
	mst_buf_fini(&b);
	return text;
}

/* Roles beyond what is needed. readWrite on the database is what a run needs
 * that makes the collections by itself. */
static void judge_roles(const struct mst_mongo *c, const bson_iter_t *roles,
			const struct sum *s, struct mst_mongo_rights *r)
{
	struct mst_buf more = MST_BUF_INIT(4096), take = MST_BUF_INIT(4096);
	bool makes = false;
	bson_iter_t it;

	if (!bson_iter_recurse(roles, &it))
		return;
	while (bson_iter_next(&it)) {
		const char *role = text_at(&it, "role"), *db;

		db = text_at(&it, "db");
		if (!role || !db)
			continue;
		if (strcmp(db, c->database) == 0) {
			if (strcmp(role, MST_MONGO_AGENT) == 0) {
				r->agent = true;
				continue;
			}
			if (strcmp(role, "readWrite") == 0 &&
			    !c->conf->bypass_setup) {
				makes = true;
				continue;
			}
		}
		(void)mst_buf_addf(&more, "%s%s on %s", more.n ? ", " : "",
				   role, db);
		(void)mst_buf_adds(&take, take.n ? ", {role: " : "{role: ");
		mst_mongo_add_text(&take, role);
		(void)mst_buf_adds(&take, ", db: ");
		mst_mongo_add_text(&take, db);
		(void)mst_buf_addc(&take, '}');
	}
	if (more.n && (s->beyond || (s->inside && !makes))) {
		r->more = mst_buf_steal(&more);
		r->take = mst_buf_steal(&take);
	}
	mst_buf_fini(&more);
	mst_buf_fini(&take);
}

static void judge(const struct mst_mongo *c, const bson_iter_t *privileges,
		  const bson_iter_t *roles, struct mst_mongo_rights *r)
{
	struct sum s = {.database = c->database};
	unsigned making;
	bson_iter_t it;

	if (bson_iter_recurse(privileges, &it)) {
		while (bson_iter_next(&it))
			add_up(&s, &it);
	}
	r->may_find = true;
	for (size_t i = 0; mst_mongo_collections[i]; i++)
		r->may_find = r->may_find && (s.of[i] & 1u);
	making = s.all;
	for (size_t i = 0; mst_mongo_collections[i]; i++)
		making |= s.of[i];
	r->exists = true;
	r->may_make = making & 1u << (NEEDED + 1);
	r->lacks = lacking(&s);
	judge_roles(c, roles, &s, r);
}

int mst_mongo_rights(struct mst_mongo *c, struct mst_mongo_rights *r_r,
		     struct mst_err *err)
{
	bson_t *ask = BCON_NEW("connectionStatus", BCON_INT32(1),
			       "showPrivileges", BCON_BOOL(true));
	bson_iter_t it, users, privileges, roles;
	bson_t reply;
	int rc = mst_mongo_run(c, "admin", ask, &reply, err);

	*r_r = (struct mst_mongo_rights){.exists = false};
	if (rc == 0 && bson_iter_init(&it, &reply) &&
	    bson_iter_find_descendant(&it, "authInfo.authenticatedUsers.0",
				      &users) &&
	    bson_iter_init(&it, &reply) &&
	    bson_iter_find_descendant(
		&it, "authInfo.authenticatedUserPrivileges", &privileges) &&
	    bson_iter_init(&it, &reply) &&
	    bson_iter_find_descendant(&it, "authInfo.authenticatedUserRoles",
				      &roles))
		judge(c, &privileges, &roles, r_r);
	bson_destroy(&reply);
	bson_destroy(ask);
	return rc;
}

int mst_mongo_rights_of(struct mst_mongo *c, const char *user,
			const char *knows, struct mst_mongo_rights *r_r,
			struct mst_err *err)
{
	bson_t *ask =
	    BCON_NEW("usersInfo", "{", "user", BCON_UTF8(user), "db",
		     BCON_UTF8(knows), "}", "showPrivileges", BCON_BOOL(true));
	bson_iter_t it, found, privileges, roles;
	bson_t reply;
	int rc = mst_mongo_run(c, knows, ask, &reply, err);

	*r_r = (struct mst_mongo_rights){.exists = false};
	if (rc == 0 && bson_iter_init(&it, &reply) &&
	    bson_iter_find_descendant(&it, "users.0", &found)) {
		r_r->exists = true;
		if (find_in(&found, "inheritedPrivileges", &privileges) &&
		    find_in(&found, "inheritedRoles", &roles))
			judge(c, &privileges, &roles, r_r);
		else
			r_r->lacks = mst_strdup("every right");
	}
	bson_destroy(&reply);
	bson_destroy(ask);
	return rc;
}

int mst_mongo_knows(const struct mst_recver_conf *admin, const char *database,
		    const char *user, const char *knows, bool *is_r,
		    struct mst_err *err)
{
	struct mst_recver_conf conf = mst_mongo_conf(admin);
	char *name MST_CLEANUP(mst_freep) = mst_strdup(database);
	struct mst_mongo c = {.conf = &conf, .database = name, .admin = true};
	struct mst_mongo_rights r = {.exists = false};
	struct mst_mongo_kind kind;
	int rc = mst_mongo_dial(&c, &kind, err);

	if (rc == 0)
		rc = mst_mongo_rights_of(&c, user, knows, &r, err);
	*is_r = rc == 0 && r.exists;
	mst_mongo_rights_fini(&r);
	mst_mongo_shut(&c);
	return rc;
}

void mst_mongo_rights_fini(struct mst_mongo_rights *r)
{
	free(r->lacks);
	free(r->more);
	free(r->take);
	*r = (struct mst_mongo_rights){.exists = false};
}
