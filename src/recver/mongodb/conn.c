/* SPDX-License-Identifier: Apache-2.0
 *
 * A connection to MongoDB: where, as whom, how it is encrypted, and what every
 * read and write asks for: the primary, and a majority.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/secret.h"
#include "recver/mongodb/private.h"

/* The library would print them. */
static void no_log(mongoc_log_level_t level, const char *domain,
		   const char *message, void *ctx)
{
}

/* libmongoc, as soon as it is loaded, makes a file of counters for its own
 * tools in shared memory, which a program that is killed leaves behind. It may
 * keep them; their name goes, in every program that this is part of. */
__attribute__((constructor)) static void hide_counters(void)
{
	char name[40];

	(void)snprintf(name, sizeof(name), "/mongoc-%ld", (long)getpid());
	(void)shm_unlink(name);
}

static void once(void)
{
	mongoc_log_set_handler(no_log, NULL);
	mongoc_init();
}

/* Hosts as they are written; what has a meaning in the string is refused. */
static int parse(const struct mst_recver_conf *conf, mongoc_uri_t **uri_r,
		 struct mst_err *err)
{
	const char *server = conf->server ? conf->server : "127.0.0.1";
	char *text MST_CLEANUP(mst_freep) = NULL;
	bson_error_t e = {0};

	if (strpbrk(server, "@/?#% "))
		return mst_err_set(err, MST_E_INVALID,
				   "recver.server is 'host', 'host:port' or "
				   "several of them with commas between, not a "
				   "connection string");
	text = mst_asprintf("mongodb://%s/", server);
	*uri_r = mongoc_uri_new_with_error(text, &e);
	if (!*uri_r)
		return mst_err_set(err, MST_E_INVALID,
				   "recver.server '%.100s' cannot be read: "
				   "%.200s",
				   server, e.message);
	return 0;
}

static void set_encryption(mongoc_uri_t *uri,
			   const struct mst_recver_conf *conf)
{
	const char *how = conf->encrypt ? conf->encrypt : "verify";
	bool tls = strcmp(how, "off") != 0;

	(void)mongoc_uri_set_option_as_bool(uri, MONGOC_URI_TLS, tls);
	if (strcmp(how, "trust") == 0)
		(void)mongoc_uri_set_option_as_bool(uri, MONGOC_URI_TLSINSECURE,
						    true);
	else if (tls && conf->ca_file)
		(void)mongoc_uri_set_option_as_utf8(uri, MONGOC_URI_TLSCAFILE,
						    conf->ca_file);
}

/* The library would only say that there is no connection. */
static int check_ca(const struct mst_recver_conf *conf, struct mst_err *err)
{
	const char *how = conf->encrypt ? conf->encrypt : "verify";

	if (strcmp(how, "verify") != 0 || !conf->ca_file ||
	    access(conf->ca_file, R_OK) == 0)
		return 0;
	return mst_err_set(err, MST_E_INVALID,
			   "recver.ca_file '%.200s' cannot be read: %s",
			   conf->ca_file, strerror(errno));
}

static int set_user(mongoc_uri_t *uri, const struct mst_mongo *c,
		    struct mst_err *err)
{
	const struct mst_recver_conf *conf = c->conf;
	struct mst_secret *secret = NULL;
	struct mst_buf text = MST_BUF_INIT(65536);
	bool fits;
	int rc;

	if (!conf->user)
		return 0;
	if (!conf->password)
		return mst_err_set(err, MST_E_INVALID,
				   "recver.user needs recver.password");
	rc = mst_secret_ref(conf->password, &secret, err);
	if (rc < 0)
		return mst_err_prefix(err, "%s",
				      c->admin ? "--admin-password"
					       : "recver.password");
	(void)mst_buf_add_slice(&text, mst_secret_get(secret));
	fits = mongoc_uri_set_username(uri, conf->user) &&
	       mongoc_uri_set_password(uri, text.p) &&
	       mongoc_uri_set_auth_source(
		   uri, conf->auth_source ? conf->auth_source : "admin");
	mst_buf_wipe_fini(&text);
	mst_secret_free(&secret);
	return fits ? 0
		    : mst_err_set(err, MST_E_INVALID,
				  "recver.user, recver.password and "
				  "recver.auth_source must be UTF-8");
}

static void set_options(mongoc_uri_t *uri, const struct mst_recver_conf *conf)
{
	int32_t ms = (int32_t)MST_MIN(conf->timeout_ms, 3600000);

	if (conf->replica_set)
		(void)mongoc_uri_set_option_as_utf8(uri, MONGOC_URI_REPLICASET,
						    conf->replica_set);
	(void)mongoc_uri_set_appname(uri, "muster");
	(void)mongoc_uri_set_option_as_bool(uri, MONGOC_URI_RETRYWRITES, true);
	(void)mongoc_uri_set_option_as_bool(uri, MONGOC_URI_RETRYREADS, true);
	(void)mongoc_uri_set_option_as_int32(uri, MONGOC_URI_CONNECTTIMEOUTMS,
					     MST_MIN(ms, 10000));
	(void)mongoc_uri_set_option_as_int32(
	    uri, MONGOC_URI_SERVERSELECTIONTIMEOUTMS, MST_MIN(ms, 10000));
	/* A write waits for its majority as long as that. */
	(void)mongoc_uri_set_option_as_int32(uri, MONGOC_URI_SOCKETTIMEOUTMS,
					     ms + 5000);
}

static void set_concerns(struct mst_mongo *c)
{
	mongoc_write_concern_t *w = mongoc_write_concern_new();
	mongoc_read_concern_t *r = mongoc_read_concern_new();
	mongoc_read_prefs_t *p = mongoc_read_prefs_new(MONGOC_READ_PRIMARY);

	mongoc_write_concern_set_w(w, MONGOC_WRITE_CONCERN_W_MAJORITY);
	mongoc_write_concern_set_journal(w, true);
	mongoc_write_concern_set_wtimeout_int64(w, c->conf->timeout_ms);
	(void)mongoc_read_concern_set_level(r,
					    MONGOC_READ_CONCERN_LEVEL_MAJORITY);
	mongoc_client_set_write_concern(c->h, w);
	mongoc_client_set_read_concern(c->h, r);
	mongoc_client_set_read_prefs(c->h, p);
	mongoc_write_concern_destroy(w);
	mongoc_read_concern_destroy(r);
	mongoc_read_prefs_destroy(p);
}

int mst_mongo_hello(struct mst_mongo *c, bson_t *reply_r, struct mst_err *err)
{
	static const char *const names[] = {"hello", "isMaster"};
	bson_error_t e = {0};

	for (size_t i = 0; i < MST_LEN(names); i++) {
		bson_t ask = BSON_INITIALIZER;
		bool ok;

		(void)bson_append_int32(&ask, names[i], -1, 1);
		if (i)
			bson_destroy(reply_r);
		ok = mongoc_client_command_simple(c->h, "admin", &ask, NULL,
						  reply_r, &e);
		bson_destroy(&ask);
		if (ok)
			return 0;
		if (!mst_mongo_is(&e, MST_MONGO_NO_COMMAND))
			break;
	}
	return mst_mongo_fail(c, reply_r, &e, err);
}

static void copy_text(const bson_t *doc, const char *name, char *out, size_t n)
{
	bson_iter_t it;

	out[0] = 0;
	if (bson_iter_init_find(&it, doc, name) && BSON_ITER_HOLDS_UTF8(&it))
		(void)snprintf(out, n, "%s", bson_iter_utf8(&it, NULL));
}

static bool is_true(const bson_t *doc, const char *name)
{
	bson_iter_t it;

	return bson_iter_init_find(&it, doc, name) && bson_iter_as_bool(&it);
}

int mst_mongo_kind(struct mst_mongo *c, struct mst_mongo_kind *k_r,
		   struct mst_err *err)
{
	bson_t reply;
	bson_iter_t it;
	int rc = mst_mongo_hello(c, &reply, err);

	*k_r = (struct mst_mongo_kind){0};
	if (rc == 0) {
		copy_text(&reply, "setName", k_r->set, sizeof(k_r->set));
		k_r->router = bson_has_field(&reply, "msg");
		k_r->alone = !k_r->set[0] && !k_r->router;
		/* The older name of the same. */
		k_r->writable = is_true(&reply, "isWritablePrimary") ||
				is_true(&reply, "ismaster");
		if (bson_iter_init_find(&it, &reply, "maxWireVersion"))
			k_r->wire = bson_iter_as_int64(&it);
		c->alone = k_r->alone;
	}
	bson_destroy(&reply);
	return rc;
}

/* ---- who answers at all -------------------------------------------------- */

/* The servers answer, but none is what recver.replica_set asks for: one of
 * them is asked directly. */
static void explain_set(struct mst_mongo *c, struct mst_err *err)
{
	struct mst_recver_conf direct = *c->conf;
	struct mst_mongo one = {.conf = &direct, .database = c->database};
	char *first MST_CLEANUP(mst_freep) = mst_strdup(c->conf->server);
	struct mst_err why = MST_ERR_INIT;
	struct mst_mongo_kind kind;

	if (!first)
		return;
	first[strcspn(first, ",")] = 0;
	direct.server = first;
	direct.replica_set = NULL;
	direct.user = NULL;
	if (mst_mongo_dial(&one, &kind, &why) == 0) {
		if (kind.set[0] && strcmp(kind.set, c->conf->replica_set) == 0)
			(void)mst_err_set(
			    err, MST_E_TRANSIENT,
			    "replica set '%s' has no primary that could be "
			    "reached: is a majority of its members up, and do "
			    "their names lead there from here?",
			    kind.set);
		else
			(void)mst_err_set(
			    err, MST_E_TRANSIENT,
			    "recver.replica_set is '%s', but '%s' is %s%s%s: "
			    "set it right",
			    c->conf->replica_set, first,
			    kind.set[0]	  ? "a member of replica set '"
			    : kind.router ? "a router, which has none"
					  : "a server without a replica set",
			    kind.set, kind.set[0] ? "'" : "");
	}
	mst_mongo_shut(&one);
}

static int set_up_client(struct mst_mongo *c, struct mst_err *err)
{
	mongoc_uri_t *uri = NULL;
	bson_error_t e = {0};
	int rc = parse(c->conf, &uri, err);

	if (rc < 0)
		return rc;
	set_encryption(uri, c->conf);
	set_options(uri, c->conf);
	rc = set_user(uri, c, err);
	if (rc == 0) {
		c->h = mongoc_client_new_from_uri_with_error(uri, &e);
		if (!c->h)
			rc = mst_err_set(err, MST_E_INVALID, "%.300s",
					 e.message);
	}
	mongoc_uri_destroy(uri);
	return rc;
}

int mst_mongo_dial(struct mst_mongo *c, struct mst_mongo_kind *k_r,
		   struct mst_err *err)
{
	static pthread_once_t is_up = PTHREAD_ONCE_INIT;
	int rc;

	(void)pthread_once(&is_up, once);
	*k_r = (struct mst_mongo_kind){0};
	rc = check_ca(c->conf, err);
	if (rc == 0)
		rc = set_up_client(c, err);
	if (rc < 0)
		return rc;
	(void)mongoc_client_set_error_api(c->h, MONGOC_ERROR_API_VERSION_2);
	set_concerns(c);
	c->grp = mongoc_client_get_collection(c->h, c->database, "grp");
	c->parts = mongoc_client_get_collection(c->h, c->database, "parts");
	c->sets = mongoc_client_get_collection(c->h, c->database, "record_set");
	c->meta = mongoc_client_get_collection(c->h, c->database, "meta");
	c->lease = mongoc_client_get_collection(c->h, c->database, "lease");
	rc = mst_mongo_kind(c, k_r, err);
	/* What did not come about at all has a reason in brackets. */
	if (rc == -MST_E_TRANSIENT && c->conf->replica_set &&
	    strstr(err->msg, "suitable servers") && !strchr(err->msg, '['))
		explain_set(c, err);
	return rc;
}

/* One server alone may be of any age: there is nobody to take over from it,
 * and so nothing to be retried. */
int mst_mongo_open(struct mst_mongo *c, struct mst_err *err)
{
	struct mst_mongo_kind kind;
	int rc = mst_mongo_check_name(c->database, err);

	if (rc == 0)
		rc = mst_mongo_dial(c, &kind, err);
	if (rc == 0 && !kind.alone && kind.wire < MST_MONGO_WIRE_5_0)
		rc = mst_err_set(err, MST_E_UNSUPPORTED,
				 "the server is older than MongoDB 5.0: update "
				 "it");
	return rc;
}

void mst_mongo_shut(struct mst_mongo *c)
{
	if (!c->h)
		return;
	mongoc_collection_destroy(c->grp);
	mongoc_collection_destroy(c->parts);
	mongoc_collection_destroy(c->sets);
	mongoc_collection_destroy(c->meta);
	mongoc_collection_destroy(c->lease);
	mongoc_client_destroy(c->h);
	c->h = NULL;
}
