/* SPDX-License-Identifier: Apache-2.0
 *
 * Our own HTTP server with a certificate: what it speaks, and that a renewed
 * certificate is in force without a restart, a wrong one never.
 */
#include "tests/lib/t.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http/http.h"
#include "tests/lib/pki.h"

static struct mst_http *server;

static int hello(struct mst_http_req *r, struct mst_http_resp *resp,
		 struct mst_err *err)
{
	(void)err;
	mst_buf_addf(&resp->body, "{\"tls\":%d}", r->tls);
	return 0;
}

static const struct mst_http_route routes[] = {
    {MST_ROUTE_GET, "/hello", "hello", "t", "", .run = hello},
    {0},
};
static const struct mst_http_table table = {.base = "", .routes = routes};

static void put_pair(const char *kind, const char *host, const char *cert,
		     const char *key)
{
	struct t_pki p = t_pki_make(kind, host, -60, 3600, NULL);

	if (cert)
		t_write(cert, mst_slice_str(p.cert));
	if (key)
		t_write(key, mst_slice_str(p.key));
	t_pki_free(&p);
}

static int dial(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_port =
				    htons((uint16_t)mst_http_port(server)),
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct timeval limit = {.tv_sec = 30};

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) != 0)
		fail_msg("cannot connect");
	return fd;
}

/* One request over TLS of at most this version: the name in the certificate,
 * and the answer; false: no handshake. */
static bool ask(int most, char name[64], struct mst_buf *out)
{
	static const char request[] =
	    "GET /hello HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n";
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(ctx);
	int fd = dial(), n;
	char piece[4096];
	bool ok;

	(void)SSL_set_max_proto_version(ssl, most);
	if (most < TLS1_2_VERSION) { /* as an old client would */
		(void)SSL_set_min_proto_version(ssl, TLS1_VERSION);
		SSL_set_security_level(ssl, 0);
	}
	(void)SSL_set_fd(ssl, fd);
	ok = SSL_connect(ssl) == 1;
	if (ok) {
		X509 *c = SSL_get1_peer_certificate(ssl);

		(void)X509_NAME_get_text_by_NID(X509_get_subject_name(c),
						NID_commonName, name, 64);
		X509_free(c);
		assert_true(SSL_write(ssl, request, sizeof(request) - 1) > 0);
		while ((n = SSL_read(ssl, piece, sizeof(piece))) > 0)
			(void)mst_buf_add(out, piece, (size_t)n);
	}
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	(void)close(fd);
	return ok;
}

static void shows(const char *host)
{
	struct mst_buf out = MST_BUF_INIT(65536);
	char name[64] = "";

	assert_true(ask(TLS1_3_VERSION, name, &out));
	assert_string_equal(name, host);
	assert_non_null(strstr(out.p, "{\"tls\":1}"));
	assert_non_null(strstr(out.p, "Strict-Transport-Security: max-age="));
	mst_buf_fini(&out);
}

static void tls(void **state)
{
	const char *cert = t_path("cert.pem"), *key = t_path("key.pem");
	struct mst_http_conf c = {.address = "127.0.0.1",
				  .cert_file = cert,
				  .key_file = key,
				  .tables = &table,
				  .tables_n = 1,
				  .threads = 2};
	struct mst_err err = MST_ERR_INIT;
	struct mst_buf out = MST_BUF_INIT(65536);
	char name[64], plain[64] = "";
	int fd;

	(void)state;
	t_failed(mst_http_open(&c, &server, &err), &err, MST_E_NOTFOUND,
		 "cert.pem");
	put_pair("ec", "one.example", cert, key);
	t_ok(mst_http_open(&c, &server, &err), &err);
	shows("one.example");
	assert_true(ask(TLS1_2_VERSION, name, &out));
	assert_false(ask(TLS1_1_VERSION, name, &out));
	/* Another certificate without its key: it stays as it was. */
	put_pair("rsa2048", "two.example", cert, NULL);
	t_failed(mst_http_reload(server, &err), &err, MST_E_INVALID,
		 "is not that of certificate");
	shows("one.example");
	t_write(cert, MST_SLICE_LIT("rubbish"));
	t_failed(mst_http_reload(server, &err), &err, MST_E_INVALID,
		 "is no PEM file");
	shows("one.example");
	put_pair("rsa2048", "two.example", cert, key);
	/* A key that everybody on the machine has is none. */
	assert_int_equal(chmod(key, 0644), 0);
	t_failed(mst_http_reload(server, &err), &err, MST_E_INVALID,
		 "may be read or written by others");
	shows("one.example");
	assert_int_equal(chmod(key, 0640), 0);
	t_ok(mst_http_reload(server, &err), &err);
	shows("two.example");
	assert_true(ask(TLS1_2_VERSION, name, &out));
	/* Without TLS there is no answer. */
	fd = dial();
	(void)send(fd, "GET /hello HTTP/1.0\r\n\r\n", 23, MSG_NOSIGNAL);
	assert_true(recv(fd, plain, sizeof(plain) - 1, 0) <= 16);
	assert_null(strstr(plain, "HTTP/1"));
	(void)close(fd);
	mst_http_close(&server, 1000);
	mst_buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(tls, t_log_watch, t_log_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
