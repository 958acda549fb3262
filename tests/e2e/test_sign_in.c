/* SPDX-License-Identifier: Apache-2.0
 *
 * An identity provider that takes connections and says nothing: who signs in
 * with it is told soon, and nobody else notices.
 */
#include "tests/lib/serve_rig.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/time.h"

#define BROWSERS 6     /* more than the server has threads */
#define ASK_MS	 6000  /* what one request to the issuer may take */
#define GRACE_MS 10000 /* of a machine that does other things, too */

static struct rig rig;
static struct serve sv;
static int silent; /* listens, and accepts nobody */

static struct sockaddr_in loopback(int port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
				    .sin_port = htons((uint16_t)port),
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int start(void **state)
{
	const struct mst_sim_conf conf = {
	    .empty = true, .apps = -1, .iot_devices = -1};
	static const char *const env[] = {"SIGN_IN_SECRET=fake", NULL};
	struct sockaddr_in a = loopback(0);
	socklen_t n = sizeof(a);
	char *yaml;

	(void)state;
	silent = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(silent, (struct sockaddr *)&a, n), 0);
	assert_int_equal(listen(silent, 64), 0);
	assert_int_equal(getsockname(silent, (struct sockaddr *)&a, &n), 0);
	rig_start(&rig, &conf);
	yaml =
	    mst_asprintf("service:\n  oidc:\n    issuer: "
			 "http://127.0.0.1:%d/tenant\n    client_id: sign-in\n"
			 "    client_secret: env:SIGN_IN_SECRET\n",
			 ntohs(a.sin_port));
	rig.env = env;
	rig_apply_text(&rig, yaml);
	serve_start(&sv, &rig);
	free(yaml);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	serve_stop(&sv);
	rig_stop(&rig);
	(void)close(silent);
	return 0;
}

static int begin_sign_in(void)
{
	static const char text[] = "GET /api/v1/oidc/start HTTP/1.1\r\n"
				   "Host: 127.0.0.1\r\n"
				   "Connection: close\r\n\r\n";
	struct sockaddr_in a = loopback(atoi(strrchr(sv.url, ':') + 1));
	const struct timeval limit = {.tv_sec = (ASK_MS + GRACE_MS) / 1000};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(send(fd, text, sizeof(text) - 1, MSG_NOSIGNAL),
			 sizeof(text) - 1);
	return fd;
}

static void is_told(int fd)
{
	char text[4096];
	size_t n = 0;
	ssize_t k;

	while (n + 1 < sizeof(text) &&
	       (k = recv(fd, text + n, sizeof(text) - 1 - n, 0)) > 0)
		n += (size_t)k;
	text[n] = 0;
	if (!strstr(text, "/?sign_in_error=unavailable"))
		fail_msg("not told that the issuer is away: \"%s\"", text);
	(void)close(fd);
}

static void nobody_else_waits(void **state)
{
	int64_t began = mst_mono_us(), most = 0, told;
	int fd[BROWSERS];

	(void)state;
	for (size_t i = 0; i < BROWSERS; i++)
		fd[i] = begin_sign_in();
	for (int i = 0; i < 40; i++) {
		int64_t t = mst_mono_us();

		(void)serve_ask(&sv, "GET", "/me", NULL, NULL, 200);
		most = MST_MAX(most, mst_mono_us() - t);
	}
	told = mst_mono_us() - began;
	if (told > ASK_MS * 1000LL / 2)
		fail_msg("40 requests took %lld ms while somebody signs in",
			 (long long)(told / 1000));
	for (size_t i = 0; i < BROWSERS; i++)
		is_told(fd[i]);
	told = mst_mono_us() - began;
	print_message("slowest other request %lld us, all told after %lld ms\n",
		      (long long)most, (long long)(told / 1000));
	assert_true(told >= ASK_MS * 1000LL);
	assert_true(told < (ASK_MS + GRACE_MS) * 1000LL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nobody_else_waits),
	};

	return cmocka_run_group_tests_name("sign-in", tests, start, stop);
}
