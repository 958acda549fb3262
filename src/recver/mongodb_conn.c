/* SPDX-License-Identifier: Apache-2.0
 *
 * A connection to MongoDB: where, as whom, how it is encrypted, and what every
 * read and write asks for: the primary, and a majority.
 */
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/secret.h"
#include "mongodb_private.h"

#define NAME_MAX_BYTES 63
#define WIRE_5_0       13

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

static int check_name(const char *name, struct mst_err *err)
{
	if (strlen(name) > NAME_MAX_BYTES || strpbrk(name, "/\\. \"$*<>:|?"))
		return mst_err_set(err, MST_E_INVALID,
				   "MongoDB takes no database of this name (at "
				   "most %d bytes, no blank and none of "
				   "/\\.\"$*<>:|?): set recver.database to "
				   "another one",
				   NAME_MAX_BYTES);
	return 0;
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

static int set_user(mongoc_uri_t *uri, const struct mst_recver_conf *conf,
		    struct mst_err *err)
{
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
		return mst_err_prefix(err, "recver.password");
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

/* One server alone may be of any age: there is nobody to take over from it,
 * and so nothing to be retried. */
static int check_server(struct mst_mongo *c, struct mst_err *err)
{
	bson_t reply;
	bson_iter_t it;
	int64_t wire = 0;
	int rc = mst_mongo_hello(c, &reply, err);

	c->alone = rc == 0 && !bson_has_field(&reply, "setName") &&
		   !bson_has_field(&reply, "msg");
	if (rc == 0 && bson_iter_init_find(&it, &reply, "maxWireVersion"))
		wire = bson_iter_as_int64(&it);
	bson_destroy(&reply);
	if (rc == 0 && !c->alone && wire < WIRE_5_0)
		rc = mst_err_set(err, MST_E_UNSUPPORTED,
				 "the server is older than MongoDB 5.0: update "
				 "it");
	return rc;
}

int mst_mongo_open(struct mst_mongo *c, struct mst_err *err)
{
	static pthread_once_t is_up = PTHREAD_ONCE_INIT;
	mongoc_uri_t *uri = NULL;
	bson_error_t e = {0};
	int rc = check_name(c->database, err);

	(void)pthread_once(&is_up, once);
	if (rc == 0)
		rc = parse(c->conf, &uri, err);
	if (rc < 0)
		return rc;
	set_encryption(uri, c->conf);
	set_options(uri, c->conf);
	rc = set_user(uri, c->conf, err);
	if (rc == 0) {
		c->h = mongoc_client_new_from_uri_with_error(uri, &e);
		if (!c->h)
			rc = mst_err_set(err, MST_E_INVALID, "%.300s",
					 e.message);
	}
	mongoc_uri_destroy(uri);
	if (rc < 0)
		return rc;
	(void)mongoc_client_set_error_api(c->h, MONGOC_ERROR_API_VERSION_2);
	set_concerns(c);
	c->grp = mongoc_client_get_collection(c->h, c->database, "grp");
	c->parts = mongoc_client_get_collection(c->h, c->database, "parts");
	c->sets = mongoc_client_get_collection(c->h, c->database, "record_set");
	c->meta = mongoc_client_get_collection(c->h, c->database, "meta");
	c->lease = mongoc_client_get_collection(c->h, c->database, "lease");
	return check_server(c, err);
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
