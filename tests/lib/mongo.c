/* SPDX-License-Identifier: Apache-2.0
 *
 * The helpers of mongo.h.
 */
#include "tests/lib/mongo.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static mongoc_uri_t *uri;
static mongoc_client_t *client;
static char names[1000][64];
static unsigned names_n;

static void finish(void)
{
	for (unsigned i = 0; i < names_n; i++)
		(void)t_mongo_do(names[i], "{\"dropDatabase\": 1}");
	mongoc_client_destroy(client);
	mongoc_uri_destroy(uri);
}

static void connect_once(void)
{
	const char *text = getenv("MUSTER_TEST_MONGODB");
	bson_error_t e = {0};

	if (client)
		return;
	if (!text || !*text)
		fail_msg("MUSTER_TEST_MONGODB is not set: "
			 "tests/lib/mongodb/run.sh sets it");
	mongoc_init();
	uri = mongoc_uri_new_with_error(text, &e);
	if (!uri)
		fail_msg("MUSTER_TEST_MONGODB: %s", e.message);
	client = mongoc_client_new_from_uri(uri);
	assert_non_null(client);
	(void)atexit(finish);
}

struct mst_recver_conf t_mongo_conf(void)
{
	static char server[1024];
	struct mst_recver_conf conf = {.type = "mongodb", .timeout_ms = 60000};

	connect_once();
	server[0] = 0;
	for (const mongoc_host_list_t *h = mongoc_uri_get_hosts(uri); h;
	     h = h->next)
		(void)snprintf(server + strlen(server),
			       sizeof(server) - strlen(server), "%s%s",
			       server[0] ? "," : "", h->host_and_port);
	conf.server = server;
	conf.encrypt = mongoc_uri_get_tls(uri) ? "trust" : "off";
	conf.user = mongoc_uri_get_username(uri);
	conf.replica_set = mongoc_uri_get_replica_set(uri);
	conf.auth_source = mongoc_uri_get_auth_source(uri);
	if (mongoc_uri_get_password(uri)) {
		(void)setenv("MUSTER_TEST_MONGODB_PASSWORD",
			     mongoc_uri_get_password(uri), 1);
		conf.password = "env:MUSTER_TEST_MONGODB_PASSWORD";
	}
	return conf;
}

const char *t_mongo_do(const char *database, const char *fmt, ...)
{
	static char *answer;
	char *json = NULL;
	bson_error_t e = {0};
	bson_t *ask, reply;
	va_list ap;

	connect_once();
	va_start(ap, fmt);
	if (vasprintf(&json, fmt, ap) < 0)
		mst_oom();
	va_end(ap);
	ask = bson_new_from_json((const uint8_t *)json, -1, &e);
	if (!ask)
		fail_msg("%s: %s", json, e.message);
	if (!mongoc_client_command_simple(client, database, ask, NULL, &reply,
					  &e))
		fail_msg("%s: %s", json, e.message);
	bson_free(answer);
	answer = bson_as_relaxed_extended_json(&reply, NULL);
	bson_destroy(ask);
	bson_destroy(&reply);
	free(json);
	return answer;
}

unsigned t_mongo_count(const char *database, const char *collection)
{
	const char *at =
	    strstr(t_mongo_do(database, "{\"count\": \"%s\"}", collection),
		   "\"n\" : ");

	assert_non_null(at);
	return (unsigned)strtoul(at + 6, NULL, 10);
}

const char *t_mongo_fresh(void)
{
	assert_true(names_n < MST_LEN(names));
	(void)snprintf(names[names_n], sizeof(names[0]), "muster_test_%d_%u",
		       (int)getpid(), names_n);
	return names[names_n++];
}
