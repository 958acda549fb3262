/* SPDX-License-Identifier: Apache-2.0
 *
 * See mongo_gate.h. A thread for each member, one for each connection; one
 * command at a time.
 */
#include "tests/lib/mongo_gate.h"

#include <arpa/inet.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/lib/t.h"

#define OP_REPLY    1
#define OP_QUERY    2004
#define OP_MSG	    2013
#define MESSAGE_MAX (64u << 20)
#define WIRE_6_0    17
#define LOG_MAX	    (1u << 20)

struct member {
	struct t_gate *g;
	int number, listener;
	pthread_t thread;
};

struct t_gate_impl {
	struct member members[T_GATE_MEMBERS];
	int members_n, server_port;
	SSL_CTX *tls;
	atomic_bool stop;
	atomic_int open;
	unsigned logins;
};

struct link {
	struct member *m;
	int fd, server;
	SSL *tls;
	struct t_gate_login login;
};

/* ---- bytes --------------------------------------------------------------- */

static bool move_all(int fd, SSL *tls, void *data, size_t n, bool in,
		     const atomic_bool *stop)
{
	char *p = data;

	while (n) {
		struct pollfd f = {fd, in ? POLLIN : POLLOUT, 0};
		ssize_t got;

		if (!(tls && in && SSL_pending(tls)) && poll(&f, 1, 20) == 0) {
			if (atomic_load(stop))
				return false;
			continue;
		}
		if (tls)
			got = in ? SSL_read(tls, p, (int)n)
				 : SSL_write(tls, p, (int)n);
		else
			got =
			    in ? read(fd, p, n) : send(fd, p, n, MSG_NOSIGNAL);
		if (got <= 0)
			return false;
		p += got;
		n -= (size_t)got;
	}
	return true;
}

static uint32_t number_at(const char *p)
{
	uint32_t n;

	memcpy(&n, p, sizeof(n));
	return BSON_UINT32_FROM_LE(n);
}

static void put_number(char *p, uint32_t n)
{
	n = BSON_UINT32_TO_LE(n);
	memcpy(p, &n, sizeof(n));
}

/* A whole message; free() it. NULL: that was the end. */
static char *receive(int fd, SSL *tls, const atomic_bool *stop)
{
	char head[16], *all;
	uint32_t n;

	if (!move_all(fd, tls, head, sizeof(head), true, stop))
		return NULL;
	n = number_at(head);
	if (n < sizeof(head) || n > MESSAGE_MAX)
		return NULL;
	all = mst_alloc(n);
	memcpy(all, head, sizeof(head));
	if (move_all(fd, tls, all + sizeof(head), n - sizeof(head), true, stop))
		return all;
	free(all);
	return NULL;
}

/* The command of a message, and its database. */
static bool command_of(const char *m, bson_t *ask, char *database, size_t n)
{
	uint32_t op = number_at(m + 12), len = number_at(m);
	const char *p = m + 20;
	bson_iter_t it;

	database[0] = 0;
	if (op == OP_QUERY) {
		(void)snprintf(database, n, "%.*s", (int)strcspn(p, "."), p);
		p += strlen(p) + 1 + 8;
	} else if (op == OP_MSG) {
		/* The other sections are documents of a write. */
		while (p < m + len && *p == 1)
			p += 1 + number_at(p + 1);
		p++;
	} else {
		return false;
	}
	if (!bson_init_static(ask, (const uint8_t *)p, number_at(p)))
		return false;
	if (bson_iter_init_find(&it, ask, "$db"))
		(void)snprintf(database, n, "%s", bson_iter_utf8(&it, NULL));
	return true;
}

static bool answer(struct link *k, const char *m, const bson_t *reply)
{
	bool query = number_at(m + 12) == OP_QUERY;
	uint32_t head = query ? 36 : 21, n = head + reply->len;
	char *all = mst_alloc(n);
	bool sent;

	memset(all, 0, head);
	put_number(all, n);
	put_number(all + 8, number_at(m + 4));
	put_number(all + 12, query ? OP_REPLY : OP_MSG);
	if (query)
		put_number(all + 32, 1);
	memcpy(all + head, bson_get_data(reply), reply->len);
	sent = move_all(k->fd, k->tls, all, n, false, &k->m->g->impl->stop);
	free(all);
	return sent;
}

/* ---- what a server says of itself ---------------------------------------- */

static void say_hello(struct link *k, bson_t *reply)
{
	struct t_gate *g = k->m->g;
	bool primary;
	char name[32];
	bson_t hosts;

	if (g->asks_left && --g->asks_left == 0)
		g->primary = g->next;
	primary = !g->set || g->primary == k->m->number;
	(void)bson_append_bool(reply, "isWritablePrimary", -1, primary);
	(void)bson_append_bool(reply, "ismaster", -1, primary);
	(void)bson_append_int32(reply, "maxBsonObjectSize", -1, 16777216);
	(void)bson_append_int32(reply, "maxMessageSizeBytes", -1, 48000000);
	(void)bson_append_int32(reply, "maxWriteBatchSize", -1, 100000);
	(void)bson_append_now_utc(reply, "localTime", -1);
	(void)bson_append_int32(reply, "minWireVersion", -1, 0);
	(void)bson_append_int32(reply, "maxWireVersion", -1,
				g->wire ? g->wire : WIRE_6_0);
	if (g->set || g->router)
		(void)bson_append_int32(reply, "logicalSessionTimeoutMinutes",
					-1, 30);
	if (g->router)
		(void)bson_append_utf8(reply, "msg", -1, "isdbgrid", -1);
	if (g->auth) {
		bson_t *list = BCON_NEW("0", BCON_UTF8("SCRAM-SHA-256"));

		(void)bson_append_array(reply, "saslSupportedMechs", -1, list);
		bson_destroy(list);
	}
	if (g->set) {
		(void)bson_append_utf8(reply, "setName", -1, g->set, -1);
		(void)bson_append_bool(reply, "secondary", -1, !primary);
		(void)bson_append_array_begin(reply, "hosts", -1, &hosts);
		for (int i = 0; i < g->impl->members_n; i++) {
			(void)snprintf(name, sizeof(name), "127.0.0.1:%d",
				       g->port[i]);
			(void)bson_append_utf8(&hosts, i ? "1" : "0", -1, name,
					       -1);
		}
		(void)bson_append_array_end(reply, &hosts);
		(void)snprintf(name, sizeof(name), "127.0.0.1:%d",
			       g->port[k->m->number]);
		(void)bson_append_utf8(reply, "me", -1, name, -1);
	}
	(void)bson_append_double(reply, "ok", -1, 1);
}

/* Commands without what the library adds to every one. */
static void note(struct t_gate *g, const bson_t *ask)
{
	bson_t bare = BSON_INITIALIZER;
	size_t n = strlen(g->log);
	char *json;

	bson_copy_to_excluding_noinit(ask, &bare, "$db", "lsid", "$clusterTime",
				      "txnNumber", "writeConcern",
				      "readConcern", "$readPreference", NULL);
	json = bson_as_relaxed_extended_json(&bare, NULL);
	(void)snprintf(g->log + n, LOG_MAX - n, "%s\n", json);
	bson_free(json);
	bson_destroy(&bare);
}

static bool shards_do(struct t_gate *g, const char *database, const bson_t *ask,
		      const char *name, bson_t *reply)
{
	bool config = strcmp(database, "config") == 0;
	bson_t cursor, batch, doc = BSON_INITIALIZER;

	if (strcmp(name, "shardCollection") == 0 ||
	    strcmp(name, "enableSharding") == 0) {
		note(g, ask);
		g->sharded |= name[0] == 's';
		(void)bson_append_double(reply, "ok", -1, 1);
		return true;
	}
	if (!config || strcmp(name, "find") != 0)
		return false;
	(void)bson_append_document_begin(reply, "cursor", -1, &cursor);
	(void)bson_append_int64(&cursor, "id", -1, 0);
	(void)bson_append_utf8(&cursor, "ns", -1, "config.collections", -1);
	(void)bson_append_array_begin(&cursor, "firstBatch", -1, &batch);
	(void)bson_append_bool(&doc, "there", -1, true);
	if (g->sharded)
		(void)bson_append_document(&batch, "0", -1, &doc);
	(void)bson_append_array_end(&cursor, &batch);
	(void)bson_append_document_end(reply, &cursor);
	(void)bson_append_double(reply, "ok", -1, 1);
	bson_destroy(&doc);
	return true;
}

static void note_done(struct t_gate *g, const bson_t *ask, const char *name,
		      const bson_t *reply)
{
	bson_iter_t it;

	if (!strstr(name, "Info") && strcmp(name, "connectionStatus") != 0 &&
	    bson_iter_init_find(&it, reply, "ok") && bson_iter_as_bool(&it))
		note(g, ask);
}

/* How a connection begins and ends. */
static bool handshake(struct link *k, const char *database, const bson_t *ask,
		      const char *name, bson_t *reply)
{
	if (strcasecmp(name, "isMaster") == 0 || strcmp(name, "hello") == 0)
		say_hello(k, reply);
	else if (strcmp(name, "endSessions") == 0)
		(void)bson_append_double(reply, "ok", -1, 1);
	else
		return strncmp(name, "sasl", 4) == 0 &&
		       t_gate_users_do(k->m->g, &k->login, database, ask,
				       reply);
	return true;
}

/* What needs no server behind. */
static bool own_command(struct link *k, const char *database, const bson_t *ask,
			const char *name, bson_t *reply)
{
	struct t_gate *g = k->m->g;

	if (g->auth && t_gate_users_do(g, &k->login, database, ask, reply)) {
		note_done(g, ask, name, reply);
		return true;
	}
	if (g->auth && !t_gate_may(g, &k->login, database, ask)) {
		t_gate_refuse(reply, 13, "not authorized to execute command");
		return true;
	}
	if (strcmp(name, "buildInfo") == 0) {
		(void)bson_append_utf8(reply, "version", -1, "6.0.4", -1);
		(void)bson_append_double(reply, "ok", -1, 1);
		return true;
	}
	if (strncmp(name, "create", 6) == 0)
		note(g, ask);
	return g->router && shards_do(g, database, ask, name, reply);
}

static void refuse_for_now(bson_t *reply, int code)
{
	bson_t labels;

	t_gate_refuse(reply, code, "as the test says");
	(void)bson_append_array_begin(reply, "errorLabels", -1, &labels);
	(void)bson_append_utf8(&labels, "0", -1, "RetryableWriteError", -1);
	(void)bson_append_array_end(reply, &labels);
}

/* ---- passing on ---------------------------------------------------------- */

static int to_server(int port)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_port = htons((uint16_t)port),
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
		return fd;
	(void)close(fd);
	return -1;
}

/* The server's answer, or NULL: the connection ends. */
static char *ask_server(struct link *k, char *m)
{
	const atomic_bool *stop = &k->m->g->impl->stop;

	if (k->server < 0)
		k->server = to_server(k->m->g->impl->server_port);
	if (k->server < 0 ||
	    !move_all(k->server, NULL, m, number_at(m), false, stop))
		return NULL;
	return receive(k->server, NULL, stop);
}

static void move(struct t_gate *g)
{
	g->moves++;
	g->next = (g->primary + 1) % g->impl->members_n;
	g->asks_left = g->elects;
	g->primary = g->elects ? -1 : g->next;
}

/* Counts, and does what a test has ordered for this number. True: that is the
 * answer. */
static bool scripted(struct link *k, const char *name, bson_t *reply)
{
	struct t_gate *g = k->m->g;

	g->passed++;
	if (g->passed == g->moves_at)
		move(g);
	if (g->set && g->primary != k->m->number &&
	    strcmp(name, "buildInfo") != 0) {
		refuse_for_now(reply, 10107);
		return true;
	}
	if (!g->fails_at || g->passed < g->fails_at || g->fails ||
	    (g->fails_only && strcmp(g->fails_only, name) != 0))
		return false;
	g->fails++;
	t_gate_refuse(reply, g->fails_code, "as the test says");
	return true;
}

/* False: the connection ends. from_server_r: that is the answer, else reply. */
static bool carry_out(struct link *k, char *m, const char *database,
		      const bson_t *ask, bson_t *reply, char **from_server_r)
{
	struct t_gate *g = k->m->g;
	bson_iter_t it;
	const char *name;
	bool cut;

	if (!bson_iter_init(&it, ask) || !bson_iter_next(&it))
		return false;
	name = bson_iter_key(&it);
	if (handshake(k, database, ask, name, reply))
		return true;
	cut = g->passed + 1 == g->cut_at;
	if (g->elects && g->passed + 1 == g->moves_at) {
		g->passed++;
		move(g);
		return false;
	}
	if (cut && g->cut_before) {
		g->passed++;
		g->cuts++;
		return false;
	}
	if (!scripted(k, name, reply) &&
	    !own_command(k, database, ask, name, reply)) {
		*from_server_r = ask_server(k, m);
		cut |= !*from_server_r;
	}
	g->cuts += cut;
	return !cut;
}

static bool one_command(struct link *k, char *m)
{
	struct t_gate *g = k->m->g;
	bson_t ask, reply = BSON_INITIALIZER;
	char database[64], *from_server = NULL;
	bool on;

	if (!command_of(m, &ask, database, sizeof(database)))
		return false;
	if (g->between && g->passed + 1 >= g->between_at)
		g->between(g);
	(void)pthread_mutex_lock(&g->lock);
	on = carry_out(k, m, database, &ask, &reply, &from_server);
	(void)pthread_mutex_unlock(&g->lock);
	if (on && from_server)
		on = move_all(k->fd, k->tls, from_server,
			      number_at(from_server), false, &g->impl->stop);
	else if (on)
		on = answer(k, m, &reply);
	free(from_server);
	bson_destroy(&reply);
	return on;
}

static void *serve(void *arg)
{
	struct link *k = arg;
	struct t_gate_impl *impl = k->m->g->impl;
	char *m = NULL;

	if (impl->tls) {
		k->tls = SSL_new(impl->tls);
		(void)SSL_set_fd(k->tls, k->fd);
	}
	if (!k->tls || SSL_accept(k->tls) == 1) {
		while ((m = receive(k->fd, k->tls, &impl->stop)) != NULL &&
		       (k->m->g->silent || one_command(k, m)))
			free(m);
	}
	free(m);
	SSL_free(k->tls);
	(void)close(k->fd);
	if (k->server >= 0)
		(void)close(k->server);
	free(k);
	atomic_fetch_sub(&impl->open, 1);
	return NULL;
}

static void *listen_to(void *arg)
{
	struct member *m = arg;

	while (!atomic_load(&m->g->impl->stop)) {
		struct pollfd f = {m->listener, POLLIN, 0};
		struct link *k;
		pthread_t thread;
		int fd;

		if (poll(&f, 1, 20) <= 0)
			continue;
		fd = accept(m->listener, NULL, NULL);
		if (fd < 0)
			continue;
		k = mst_alloc(sizeof(*k));
		*k = (struct link){.m = m, .fd = fd, .server = -1};
		atomic_fetch_add(&m->g->impl->open, 1);
		if (pthread_create(&thread, NULL, serve, k) != 0)
			abort();
		(void)pthread_detach(thread);
	}
	(void)close(m->listener);
	return NULL;
}

/* ---- starting ------------------------------------------------------------ */

static SSL_CTX *tls_of(const struct t_gate *g)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
	BIO *cert = BIO_new_mem_buf(g->cert, -1);
	BIO *key = BIO_new_mem_buf(g->key, -1);
	X509 *x = PEM_read_bio_X509(cert, NULL, NULL, NULL);
	EVP_PKEY *k = PEM_read_bio_PrivateKey(key, NULL, NULL, NULL);

	assert_int_equal(SSL_CTX_use_certificate(tls, x), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(tls, k), 1);
	X509_free(x);
	EVP_PKEY_free(k);
	BIO_free(cert);
	BIO_free(key);
	return tls;
}

static void start_member(struct t_gate *g, int i)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof(a);
	struct member *m = &g->impl->members[i];

	*m = (struct member){.g = g, .number = i};
	m->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(m->listener, (struct sockaddr *)&a, n), 0);
	assert_int_equal(listen(m->listener, 16), 0);
	assert_int_equal(getsockname(m->listener, (struct sockaddr *)&a, &n),
			 0);
	g->port[i] = ntohs(a.sin_port);
	assert_int_equal(pthread_create(&m->thread, NULL, listen_to, m), 0);
}

void t_gate_start(struct t_gate *g)
{
	const char *server = getenv("MUSTER_TEST_MONGODB");

	g->impl = mst_alloc(sizeof(*g->impl));
	*g->impl =
	    (struct t_gate_impl){.members_n = g->set ? T_GATE_MEMBERS : 1};
	if (!server || sscanf(server, "mongodb://127.0.0.1:%d",
			      &g->impl->server_port) != 1)
		fail_msg("the server behind must be one of loopback");
	if (!g->log)
		g->log = mst_alloc(LOG_MAX);
	g->log[0] = 0;
	(void)pthread_mutex_init(&g->lock, NULL);
	if (g->cert)
		g->impl->tls = tls_of(g);
	for (int i = 0; i < g->impl->members_n; i++)
		start_member(g, i);
}

void t_gate_stop(struct t_gate *g)
{
	atomic_store(&g->impl->stop, true);
	for (int i = 0; i < g->impl->members_n; i++)
		(void)pthread_join(g->impl->members[i].thread, NULL);
	while (atomic_load(&g->impl->open) > 0)
		(void)poll(NULL, 0, 1);
	t_gate_reset(g);
	SSL_CTX_free(g->impl->tls);
	free(g->impl);
	g->impl = NULL;
	free(g->log);
	g->log = NULL;
	(void)pthread_mutex_destroy(&g->lock);
}

const char *t_gate_server(const struct t_gate *g)
{
	static char text[64];

	if (g->impl->members_n > 1)
		(void)snprintf(text, sizeof(text), "127.0.0.1:%d,127.0.0.1:%d",
			       g->port[0], g->port[1]);
	else
		(void)snprintf(text, sizeof(text), "127.0.0.1:%d", g->port[0]);
	return text;
}

void t_gate_reset(struct t_gate *g)
{
	for (int i = 0; i < T_GATE_USERS; i++) {
		bson_destroy(g->users[i].roles);
		g->users[i] = (struct t_gate_user){.roles = NULL};
	}
	bson_destroy(g->role);
	g->role = NULL;
	g->cut_at = g->moves_at = g->fails_at = 0;
	g->elects = g->asks_left = 0;
	g->passed = g->cuts = g->moves = g->fails = 0;
	g->fails_only = NULL;
	g->sharded = false;
	g->log[0] = 0;
}
