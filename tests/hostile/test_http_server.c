/* SPDX-License-Identifier: Apache-2.0
 *
 * Clients that misbehave at our own HTTP server: slow ones, rubbish, too much
 * of anything; and what well-behaved ones must get.
 */
#include "tests/lib/t.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/http.h"

static struct mst_http *server;
static struct mst_http_hub *hub;

/* ---- what it serves ------------------------------------------------------ */

static int hello(struct mst_http_req *r, struct mst_http_resp *resp,
		 struct mst_err *err)
{
	(void)err;
	mst_buf_addf(&resp->body, "{\"hello\":\"%s\"}",
		     mst_http_param(r, "name"));
	return 0;
}

static int big(struct mst_http_req *r, struct mst_http_resp *resp,
	       struct mst_err *err)
{
	(void)r;
	(void)err;
	mst_buf_adds(&resp->body, "{\"text\":\"");
	for (int i = 0; i < 5000; i++)
		mst_buf_addc(&resp->body, 'x');
	mst_buf_adds(&resp->body, "\"}");
	return 0;
}

static int echo(struct mst_http_req *r, struct mst_http_resp *resp,
		struct mst_err *err)
{
	struct mst_json root;
	int rc = mst_http_json(r, &root, err);

	if (rc < 0)
		return rc;
	mst_json_write(root, &resp->body);
	return 0;
}

static int events(struct mst_http_req *r, struct mst_http_resp *resp,
		  struct mst_err *err)
{
	return mst_http_stream(r, resp, hub, "t", err);
}

static int peer(struct mst_http_req *r, struct mst_http_resp *resp,
		struct mst_err *err)
{
	(void)err;
	mst_buf_addf(&resp->body, "{\"peer\":\"%s\",\"tls\":%s,\"direct\":%s}",
		     r->peer, r->tls ? "true" : "false",
		     r->direct ? "true" : "false");
	return 0;
}

static atomic_bool let_go;
static atomic_int asked; /* the gate */

static int slow(struct mst_http_req *r, struct mst_http_resp *resp,
		struct mst_err *err)
{
	(void)err;
	for (int i = 0; i < 30000 && !atomic_load(&let_go); i++)
		(void)poll(NULL, 0, 1);
	mst_buf_addf(&resp->body, "{\"slow\":\"%s\"}",
		     mst_http_param(r, "name"));
	return 0;
}

static const struct mst_http_route routes[] = {
    {MST_ROUTE_GET, "/hello/{name}", "hello", "t", "", .run = hello},
    {MST_ROUTE_GET, "/big", "big", "t", "", .run = big},
    {MST_ROUTE_POST, "/echo", "echo", "t", "", .body = "any", .run = echo},
    {MST_ROUTE_GET, "/events", "events", "t", "", .flags = MST_ROUTE_EVENTS,
     .run = events},
    {MST_ROUTE_GET, "/peer", "peer", "t", "", .run = peer},
    {MST_ROUTE_GET, "/slow/{name}", "slow", "t", "", .flags = MST_ROUTE_SLOW,
     .run = slow},
    {0},
};

static const struct mst_http_table table = {.base = "/v1", .routes = routes};

static void serve(struct mst_http_conf *c)
{
	struct mst_err err = MST_ERR_INIT;

	c->address = "127.0.0.1";
	c->tables = &table;
	c->tables_n = 1;
	c->threads = c->threads ? c->threads : 2;
	t_ok(mst_http_open(c, &server, &err), &err);
}

static int set_up(void **state)
{
	(void)t_log_watch(state);
	hub = mst_http_hub_new(16);
	return 0;
}

static int tear_down(void **state)
{
	mst_http_close(&server, 2000);
	mst_http_hub_free(&hub);
	return t_log_check(state);
}

/* ---- a client ------------------------------------------------------------ */

static int dial(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_port =
				    htons((uint16_t)mst_http_port(server)),
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct timeval limit = {.tv_sec = 30};

	assert_true(fd >= 0);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) != 0)
		fail_msg("cannot connect");
	return fd;
}

static void say(int fd, const char *text)
{
	size_t n = strlen(text);

	while (n > 0) {
		ssize_t k = send(fd, text, n, MSG_NOSIGNAL);

		if (k <= 0)
			return; /* it has had enough */
		text += k;
		n -= (size_t)k;
	}
}

/* Until `part` has come, or the end: what came. */
static struct mst_buf hear(int fd, const char *part)
{
	struct mst_buf b = MST_BUF_INIT(1u << 20);
	char piece[4096];
	ssize_t k;

	while (!(part && b.p && strstr(b.p, part))) {
		k = recv(fd, piece, sizeof(piece), 0);
		if (k <= 0)
			break;
		(void)mst_buf_add(&b, piece, (size_t)k);
	}
	return b;
}

/* One connection: says it all, and hears all up to the end. */
static void talk(const char *text, const char *want)
{
	int fd = dial();
	struct mst_buf b;

	say(fd, text);
	b = hear(fd, want);
	if (!strstr(b.p ? b.p : "", want))
		fail_msg("%.60s…: wanted '%s', got '%s'", text, want,
			 b.p ? b.p : "");
	mst_buf_fini(&b);
	(void)close(fd);
}

#define HOST "Host: t\r\n"
#define END  "Connection: close\r\n\r\n"

/* ---- well-behaved -------------------------------------------------------- */

static void answers(void **state)
{
	struct mst_http_conf c = {0};

	(void)state;
	serve(&c);
	talk("GET /v1/hello/a%20b HTTP/1.1\r\n" HOST END,
	     "{\"hello\":\"a b\"}");
	talk("GET /v1/hello/x HTTP/1.0\r\n\r\n", "{\"hello\":\"x\"}");
	talk("GET http://t/v1/hello/x HTTP/1.1\r\n" HOST END,
	     "{\"hello\":\"x\"}");
	talk("HEAD /v1/hello/x HTTP/1.1\r\n" HOST END, "Content-Length: 13");
	talk("GET /v1/hello/x HTTP/1.1\r\n" HOST END,
	     "X-Content-Type-Options: nosniff");
	talk("OPTIONS /v1/hello/x HTTP/1.1\r\n" HOST END, "Allow: GET, HEAD");
	talk("PATCH /v1/hello/x HTTP/1.1\r\n" HOST END, "405 ");
	talk("GET /v1/none HTTP/1.1\r\n" HOST END, "404 ");
	talk("GET /v1/hello/%00 HTTP/1.1\r\n" HOST END, "400 ");
	talk("GET /v1/hello/%ff HTTP/1.1\r\n" HOST END, "400 ");
	talk("GET /v1/hello/%2 HTTP/1.1\r\n" HOST END, "400 ");
	talk("GET /v1/hello/x?odd=1 HTTP/1.1\r\n" HOST END, "\"?odd\"");
	talk("POST /v1/echo HTTP/1.1\r\n" HOST
	     "Content-Type: application/json\r\nContent-Length: 7\r\n" END
	     "{\"a\":1}",
	     "\r\n\r\n{\"a\":1}");
	talk("POST /v1/echo HTTP/1.1\r\n" HOST
	     "Content-Type: application/json\r\n"
	     "Transfer-Encoding: chunked\r\n" END
	     "3\r\n{\"a\r\n4\r\n\":1}\r\n0\r\n\r\n",
	     "{\"a\":1}");
	talk("POST /v1/echo HTTP/1.1\r\n" HOST
	     "Content-Type: text/plain\r\nContent-Length: 7\r\n" END
	     "{\"a\":1}",
	     "415 ");
	talk("POST /v1/echo HTTP/1.1\r\n" HOST
	     "Content-Type: application/json\r\nContent-Length: 2\r\n" END "[]",
	     "no JSON object");
}

static void keeps_connections(void **state)
{
	struct mst_http_conf c = {0};
	struct mst_buf b;
	int fd;

	(void)state;
	serve(&c);
	fd = dial();
	/* Three at once; the second is none of ours, and does not end it. */
	say(fd, "GET /v1/hello/1 HTTP/1.1\r\n" HOST "\r\n"
		"GET /v1/none HTTP/1.1\r\n" HOST "\r\n"
		"GET /v1/hello/3 HTTP/1.1\r\n" HOST "\r\n");
	b = hear(fd, "{\"hello\":\"3\"}");
	assert_non_null(strstr(b.p, "{\"hello\":\"1\"}"));
	assert_non_null(strstr(b.p, "404 "));
	assert_non_null(strstr(b.p, "{\"hello\":\"3\"}"));
	mst_buf_fini(&b);
	(void)close(fd);
}

static void tags_and_gzip(void **state)
{
	struct mst_http_conf c = {0};
	struct mst_buf b;
	char line[256], tag[64];
	const char *at;
	int fd;

	(void)state;
	serve(&c);
	fd = dial();
	say(fd, "GET /v1/big HTTP/1.1\r\n" HOST "\r\n");
	b = hear(fd, "\"}");
	at = strstr(b.p, "ETag: ");
	assert_non_null(at);
	assert_int_equal(sscanf(at, "ETag: %63s", tag), 1);
	assert_null(strstr(b.p, "Content-Encoding"));
	mst_buf_fini(&b);
	(void)close(fd);
	(void)snprintf(line, sizeof(line),
		       "GET /v1/big HTTP/1.1\r\n" HOST
		       "If-None-Match: \"zz\", %s\r\n" END,
		       tag);
	talk(line, "304 ");
	talk("GET /v1/big HTTP/1.1\r\n" HOST
	     "Accept-Encoding: br, gzip;q=0.5\r\n" END,
	     "Content-Encoding: gzip");
	talk("GET /v1/big HTTP/1.1\r\n" HOST
	     "Accept-Encoding: gzip;q=0\r\n" END,
	     "xxx\"}");
	talk("GET /v1/big HTTP/1.1\r\n" HOST "Accept-Encoding: gzip\r\n" END,
	     "-gz\"");
}

/* ---- proxies ------------------------------------------------------------- */

static void believes_proxies_alone(void **state)
{
	static const char *const none[] = {NULL};
	static const char *const local[] = {"127.0.0.0/8", "10.0.0.1", NULL};
	struct mst_http_conf c = {.proxies = none};

	(void)state;
	serve(&c);
	talk("GET /v1/peer HTTP/1.1\r\n" HOST
	     "X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: https\r\n" END,
	     "{\"peer\":\"127.0.0.1\",\"tls\":false,\"direct\":false}");
	talk("GET /v1/peer HTTP/1.1\r\n" HOST END, "\"direct\":true");
	mst_http_close(&server, 0);
	c.proxies = local;
	serve(&c);
	talk("GET /v1/peer HTTP/1.1\r\n" HOST
	     "X-Forwarded-For: 6.6.6.6, 1.2.3.4, 10.0.0.1\r\n"
	     "X-Forwarded-Proto: https\r\n" END,
	     "{\"peer\":\"1.2.3.4\",\"tls\":true,\"direct\":false}");
	talk("GET /v1/peer HTTP/1.1\r\n" HOST
	     "X-Forwarded-Proto: https\r\n" END,
	     "max-age=");
	talk("GET /v1/peer HTTP/1.1\r\n" HOST
	     "X-Forwarded-For: rubbish\r\n" END,
	     "\"peer\":\"127.0.0.1\"");
}

/* ---- too much ------------------------------------------------------------ */

static void refuses_too_much(void **state)
{
	struct mst_http_conf c = {.body_max = 1000};
	struct mst_buf b = MST_BUF_INIT(1u << 20);

	(void)state;
	serve(&c);
	talk("POST /v1/echo HTTP/1.1\r\n" HOST
	     "Content-Type: application/json\r\n"
	     "Content-Length: 99999999999\r\n" END,
	     "413 ");
	(void)mst_buf_adds(&b, "POST /v1/echo HTTP/1.1\r\n" HOST
			       "Content-Type: application/json\r\n"
			       "Transfer-Encoding: chunked\r\n" END);
	for (int i = 0; i < 20; i++)
		(void)mst_buf_addf(&b, "64\r\n%0100d\r\n", 0);
	(void)mst_buf_adds(&b, "0\r\n\r\n");
	talk(b.p, "413 ");
	mst_buf_reset(&b);
	(void)mst_buf_adds(&b, "GET /v1/big HTTP/1.1\r\n" HOST "X: ");
	for (int i = 0; i < 60000; i++)
		(void)mst_buf_addc(&b, 'x');
	(void)mst_buf_adds(&b, "\r\n" END);
	talk(b.p, "431 ");
	mst_buf_reset(&b);
	(void)mst_buf_adds(&b, "GET /v1/hello/x?");
	for (int i = 0; i < 100; i++)
		(void)mst_buf_addf(&b, "p%d=1&", i);
	(void)mst_buf_adds(&b, " HTTP/1.1\r\n" HOST END);
	talk(b.p, "more than");
	mst_buf_fini(&b);
}

static void limits_requests(void **state)
{
	struct mst_http_conf c = {.address_rate = 1};

	(void)state;
	serve(&c);
	for (int i = 0; i < 20; i++)
		talk("GET /v1/big HTTP/1.1\r\n" HOST END, "200 ");
	talk("GET /v1/big HTTP/1.1\r\n" HOST END, "429 ");
	talk("GET /v1/big HTTP/1.1\r\n" HOST END, "Retry-After: ");
}

static void limits_connections(void **state)
{
	struct mst_http_conf c = {.per_address = 3};
	struct mst_buf b;
	int fd[4];

	(void)state;
	serve(&c);
	for (int i = 0; i < 3; i++) {
		fd[i] = dial();
		say(fd[i], "GET /v1/hello/x HTTP/1.1\r\n" HOST "\r\n");
		b = hear(fd[i], "\"x\"}");
		assert_non_null(strstr(b.p, "200 "));
		mst_buf_fini(&b);
	}
	fd[3] = dial();
	say(fd[3], "GET /v1/hello/x HTTP/1.1\r\n" HOST "\r\n");
	b = hear(fd[3], NULL);
	assert_int_equal(b.n, 0);
	mst_buf_fini(&b);
	for (int i = 0; i < 4; i++)
		(void)close(fd[i]);
}

/* ---- rubbish ------------------------------------------------------------- */

static void survives_rubbish(void **state)
{
	static const char *const rubbish[] = {
	    "\r\n\r\n\r\n",
	    "GET\r\n\r\n",
	    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
	    "GET /v1/hello/x HTTP/9.9\r\n\r\n",
	    "GET /v1/hello/x HTTP/1.1\r\n\r\n", /* no Host */
	    "POST /v1/echo HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n",
	    "POST /v1/echo HTTP/1.1\r\n" HOST "Content-Length: 1x\r\n\r\n",
	    "POST /v1/echo HTTP/1.1\r\n" HOST
	    "Content-Type: application/json\r\n"
	    "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
	    "GET * HTTP/1.1\r\n" HOST "\r\n",
	};
	struct mst_http_conf c = {.head_ms = 200, .idle_ms = 200};

	(void)state;
	serve(&c);
	for (size_t i = 0; i < MST_LEN(rubbish); i++) {
		int fd = dial();
		struct mst_buf b;

		say(fd, rubbish[i]);
		(void)shutdown(fd, SHUT_WR);
		b = hear(fd, NULL);
		if (b.p && strstr(b.p, "HTTP/1.1 2"))
			fail_msg("%s: %s", rubbish[i], b.p);
		mst_buf_fini(&b);
		(void)close(fd);
	}
	talk("GET /v1/hello/x HTTP/1.1\r\n" HOST END, "\"x\"}");
}

static void refuses_two_lengths(void **state)
{
	struct mst_http_conf c = {0};

	(void)state;
	serve(&c);
	talk("POST /v1/echo HTTP/1.1\r\n" HOST
	     "Content-Type: application/json\r\nContent-Length: 7\r\n"
	     "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	     "400 ");
	talk("POST /v1/echo HTTP/1.1\r\n" HOST
	     "Content-Type: application/json\r\nContent-Length: 7\r\n"
	     "Content-Length: 8\r\n\r\n{\"a\":1}",
	     "400 ");
	talk("GET /v1/hello/x HTTP/1.1\r\n" HOST "Host: u\r\n\r\n", "400 ");
	/* a length to others */
	talk("GET /v1/hello/x HTTP/1.1\r\n" HOST "Content-Length : 7\r\n\r\n",
	     "400 ");
	talk("GET /v1/hello/x HTTP/1.1\r\n" HOST
	     "X-Y: z\rContent-Length: 7\r\n\r\n",
	     "400 ");
}

/* ---- slow ---------------------------------------------------------------- */

/* Drips `text` until the server ends the connection. */
static void drip(const char *head, const char *text)
{
	int fd = dial();
	struct mst_buf b;

	say(fd, head);
	for (const char *p = text; send(fd, p, 1, MSG_NOSIGNAL) == 1;) {
		struct pollfd w = {.fd = fd, .events = POLLIN};

		p = p[1] ? p + 1 : text;
		if (poll(&w, 1, 2) > 0)
			break;
	}
	b = hear(fd, NULL);
	assert_null(b.p ? strstr(b.p, " 200 ") : NULL);
	mst_buf_fini(&b);
	(void)close(fd);
}

static void ends_slow_ones(void **state)
{
	struct mst_http_conf c = {.head_ms = 50, .whole_ms = 50};
	int fd[20];

	(void)state;
	serve(&c);
	for (int i = 0; i < 20; i++) {
		fd[i] = dial();
		say(fd[i], "GET /v1/hello/x HTTP/1.1\r\n");
	}
	drip("", "GET /v1/hello/");
	drip("GET /v1/hello/x HTTP/1.1\r\n" HOST "X: ", "x");
	drip("POST /v1/echo HTTP/1.1\r\n" HOST
	     "Content-Type: application/json\r\nContent-Length: 100000\r\n\r\n",
	     "y");
	for (int i = 0; i < 20; i++) {
		struct mst_buf b = hear(fd[i], NULL);

		mst_buf_fini(&b);
		(void)close(fd[i]);
	}
}

static void half_closed_is_answered(void **state)
{
	struct mst_http_conf c = {.head_ms = 200, .idle_ms = 200};
	struct mst_buf b;
	int fd;

	(void)state;
	serve(&c);
	fd = dial();
	say(fd, "GET /v1/hello/x HTTP/1.1\r\n" HOST "\r\n");
	(void)shutdown(fd, SHUT_WR);
	b = hear(fd, NULL);
	assert_non_null(strstr(b.p ? b.p : "", "\"x\"}"));
	mst_buf_fini(&b);
	(void)close(fd);
	/* Half a body, and gone. */
	fd = dial();
	say(fd, "POST /v1/echo HTTP/1.1\r\n" HOST
		"Content-Type: application/json\r\nContent-Length: 9\r\n\r\n{");
	(void)close(fd);
	talk("GET /v1/hello/x HTTP/1.1\r\n" HOST END, "\"x\"}");
}

/* ---- handlers that wait ---------------------------------------------------
 */

static int count_asked(struct mst_http_req *r, struct mst_http_resp *resp,
		       struct mst_err *err)
{
	(void)r;
	(void)resp;
	(void)err;
	(void)atomic_fetch_add(&asked, 1);
	return 0;
}

/* One thread for all connections, and two dozen that wait for somebody: the
 * others are answered all the same, nine of them in the end, and what is too
 * much at once. */
static void waits_apart(void **state)
{
	struct mst_http_conf c = {.threads = 1, .gate = count_asked};
	char line[96];
	int fd[24], answered = 0, refused = 0;

	(void)state;
	atomic_store(&let_go, false);
	atomic_store(&asked, 0);
	serve(&c);
	for (size_t i = 0; i < MST_LEN(fd); i++) {
		fd[i] = dial();
		(void)snprintf(line, sizeof(line),
			       "GET /v1/slow/n%zu HTTP/1.1\r\n" HOST END, i);
		say(fd[i], line);
	}
	for (int i = 0; i < 50; i++)
		talk("GET /v1/hello/x HTTP/1.1\r\n" HOST END, "\"x\"}");
	assert_false(atomic_load(&let_go));
	atomic_store(&let_go, true);
	for (size_t i = 0; i < MST_LEN(fd); i++) {
		struct mst_buf b = hear(fd[i], NULL);

		(void)snprintf(line, sizeof(line), "{\"slow\":\"n%zu\"}", i);
		answered += strstr(b.p, line) != NULL;
		refused += strstr(b.p, "503 ") && strstr(b.p, "Retry-After: 5");
		mst_buf_fini(&b);
		(void)close(fd[i]);
	}
	assert_in_range(answered, 8, 9); /* is one under way already? */
	assert_int_equal(answered + refused, MST_LEN(fd));
	/* in both threads */
	assert_int_equal(atomic_load(&asked), 24 + 50 + answered);
}

/* The server is closed while one is under way and others wait for it. */
static void closes_what_waits(void **state)
{
	struct mst_http_conf c = {.threads = 1};
	int fd[3];
	struct mst_buf b;

	(void)state;
	atomic_store(&let_go, false);
	serve(&c);
	for (size_t i = 0; i < MST_LEN(fd); i++) {
		fd[i] = dial();
		say(fd[i], "GET /v1/slow/n HTTP/1.1\r\n" HOST END);
	}
	/* all heads were read */
	talk("GET /v1/hello/x HTTP/1.1\r\n" HOST END, "\"x\"}");
	atomic_store(&let_go, true);
	mst_http_close(&server, 0);
	for (size_t i = 0; i < MST_LEN(fd); i++) {
		b = hear(fd[i], NULL); /* answered or cut off, never lost */
		mst_buf_fini(&b);
		(void)close(fd[i]);
	}
}

/* ---- streams ------------------------------------------------------------- */

static void put(int i)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "{\"i\":%d}", i);
	mst_http_hub_put(hub, "t", "n", mst_slice_str(text));
}

static void streams(void **state)
{
	struct mst_http_conf c = {.alive_ms = 20};
	char line[256], id[64];
	struct mst_buf b;
	const char *at;
	int fd;

	(void)state;
	serve(&c);
	fd = dial();
	say(fd, "GET /v1/events HTTP/1.1\r\n" HOST "\r\n");
	b = hear(fd, "retry: ");
	assert_non_null(strstr(b.p, "text/event-stream"));
	mst_buf_fini(&b);
	put(1);
	b = hear(fd, "{\"i\":1}\n\n");
	at = strstr(b.p, "id: ");
	assert_non_null(at);
	assert_int_equal(sscanf(at, "id: %63s", id), 1);
	mst_buf_fini(&b);
	b = hear(fd, ":\n\n"); /* a sign of life */
	assert_non_null(strstr(b.p, ":\n\n"));
	mst_buf_fini(&b);
	(void)close(fd);
	put(2);
	(void)snprintf(
	    line, sizeof(line),
	    "GET /v1/events HTTP/1.1\r\n" HOST "Last-Event-ID: %s\r\n\r\n", id);
	talk(line, "{\"i\":2}");
	talk("GET /v1/events HTTP/1.1\r\n" HOST
	     "Last-Event-ID: 0123456789abcdef.7\r\n\r\n",
	     "event: reset");
	for (int i = 3; i < 40; i++)
		put(i);
	talk(line, "event: reset");
	fd = dial();
	say(fd, "GET /v1/events HTTP/1.0\r\n\r\n");
	b = hear(fd, "retry: ");
	mst_buf_fini(&b);
	mst_http_hub_end(hub, "t");
	b = hear(fd, NULL);
	assert_non_null(strstr(b.p, "event: end"));
	mst_buf_fini(&b);
	(void)close(fd);
}

/* A viewer that does not read is let go; others have everything. (1.0: no
 * chunks in between.) */
static void drops_slow_viewers(void **state)
{
	struct mst_http_conf c = {0};
	struct mst_buf b, text = MST_BUF_INIT(1u << 20);
	int slow, fd, small = 65536;
	unsigned connections, n = 3;

	(void)state;
	serve(&c);
	slow = dial();
	(void)setsockopt(slow, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	say(slow, "GET /v1/events HTTP/1.0\r\n\r\n");
	b = hear(slow, "retry: ");
	mst_buf_fini(&b);
	fd = dial();
	say(fd, "GET /v1/events HTTP/1.0\r\n\r\n");
	b = hear(fd, "retry: ");
	mst_buf_fini(&b);
	(void)mst_buf_adds(&text, "\"");
	for (int i = 0; i < 200000; i++)
		(void)mst_buf_addc(&text, 'z');
	(void)mst_buf_adds(&text, "\"");
	for (int i = 0; i < 40; i++) {
		char mark[32];

		(void)snprintf(mark, sizeof(mark), "{\"i\":%d}\n\n", i);
		mst_http_hub_put(hub, "t", "z", mst_buf_slice(&text));
		put(i);
		for (;;) {
			b = hear(fd, mark);
			if (strstr(b.p ? b.p : "", mark) || b.n == 0)
				break;
			mst_buf_fini(&b);
		}
		assert_true(b.n > 0);
		mst_buf_fini(&b);
	}
	/* What it did not read it hears now, and then the end. */
	do {
		b = hear(slow, NULL);
		n = (unsigned)b.n;
		mst_buf_fini(&b);
	} while (n == 1u << 20);
	mst_http_counts(server, &connections, &n);
	assert_true(n <= 2);
	(void)close(slow);
	(void)close(fd);
	mst_buf_fini(&text);
}

static void ends_streams_when_closed(void **state)
{
	struct mst_http_conf c = {0};
	struct mst_buf b;
	int fd[50];

	(void)state;
	serve(&c);
	for (int i = 0; i < 50; i++) {
		fd[i] = dial();
		say(fd[i], "GET /v1/events HTTP/1.1\r\n" HOST "\r\n");
		b = hear(fd[i], "retry: ");
		mst_buf_fini(&b);
	}
	mst_http_close(&server, 10000);
	for (int i = 0; i < 50; i++) {
		b = hear(fd[i], NULL);
		mst_buf_fini(&b);
		(void)close(fd[i]);
	}
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(answers),
	    T(keeps_connections),
	    T(tags_and_gzip),
	    T(believes_proxies_alone),
	    T(refuses_too_much),
	    T(limits_requests),
	    T(limits_connections),
	    T(survives_rubbish),
	    T(refuses_two_lengths),
	    T(ends_slow_ones),
	    T(half_closed_is_answered),
	    T(streams),
	    T(drops_slow_viewers),
	    T(ends_streams_when_closed),
	    T(waits_apart),
	    T(closes_what_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
