/* SPDX-License-Identifier: Apache-2.0
 *
 * Datagrams, streams (TCP, TLS) and posts. libcurl makes the streams, so that
 * TLS is the same as everywhere.
 */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sim/iot_send.h"

/* ---- settings ------------------------------------------------------------ */

static bool loopback(const char *host)
{
	struct in_addr a;

	if (!strcasecmp(host, "localhost"))
		return true;
	return inet_pton(AF_INET, host, &a) == 1 &&
	       ntohl(a.s_addr) >> 24 == 127;
}

static bool loopback_url(const char *url)
{
	CURLU *u = curl_url();
	char *host = NULL, *scheme = NULL;
	bool ok = u && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
		  curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
		  curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
		  !strncmp(scheme, "http", 4) && loopback(host);

	curl_free(host);
	curl_free(scheme);
	curl_url_cleanup(u);
	return ok;
}

static bool one_of(const char *text, const char *const *list)
{
	for (; *list; list++)
		if (!strcmp(*list, text))
			return true;
	return false;
}

const char *iot_wire_check(const struct iot_sender *s)
{
	static const char *const lines[] = {"text", "object", "cef", "leef",
					    NULL};
	static const char *const hooks[] = {"webhook", "webhook-extended",
					    NULL};
	static const char *const wires[] = {"udp", "tcp", "tls", NULL};

	if (one_of(s->form, hooks))
		return loopback_url(s->url)
			   ? NULL
			   : "a webhook needs a \"url\" on this machine "
			     "(127.0.0.1, localhost)";
	if (!one_of(s->form, lines))
		return "\"form\" is text, object, cef, leef, webhook or "
		       "webhook-extended";
	if (!one_of(s->transport, wires))
		return "\"transport\" is udp, tcp or tls";
	if (!loopback(s->host) || !s->port)
		return "needs a \"port\", and a \"host\" on this machine "
		       "(127.0.0.1, localhost)";
	return NULL;
}

/* ---- libcurl ------------------------------------------------------------- */

static int stop_asked(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c,
		      curl_off_t d)
{
	const struct iot_sender *s = ctx;

	(void)a;
	(void)b;
	(void)c;
	(void)d;
	return s->stop;
}

static size_t swallow(char *p, size_t size, size_t n, void *ctx)
{
	(void)p;
	(void)ctx;
	return size * n;
}

static void common(struct iot_sender *s, const char *url)
{
	struct curl_blob ca = {s->ca, s->ca ? strlen(s->ca) : 0,
			       CURL_BLOB_COPY};

	curl_easy_setopt(s->curl, CURLOPT_URL, url);
	curl_easy_setopt(s->curl, CURLOPT_PROXY, "");
	curl_easy_setopt(s->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(s->curl, CURLOPT_TIMEOUT, 30L);
	curl_easy_setopt(s->curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(s->curl, CURLOPT_XFERINFOFUNCTION, stop_asked);
	curl_easy_setopt(s->curl, CURLOPT_XFERINFODATA, s);
	if (s->ca)
		curl_easy_setopt(s->curl, CURLOPT_CAINFO_BLOB, &ca);
	if (!s->verify) {
		curl_easy_setopt(s->curl, CURLOPT_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(s->curl, CURLOPT_SSL_VERIFYHOST, 0L);
	}
}

static bool open_stream(struct iot_sender *s)
{
	curl_socket_t fd = CURL_SOCKET_BAD;
	char url[128];
	CURLcode rc;

	(void)snprintf(url, sizeof(url), "%s://%s:%d",
		       strcmp(s->transport, "tls") == 0 ? "https" : "http",
		       s->host, s->port);
	s->curl = curl_easy_init();
	common(s, url);
	curl_easy_setopt(s->curl, CURLOPT_CONNECT_ONLY, 1L);
	curl_easy_setopt(s->curl, CURLOPT_SSL_ENABLE_ALPN, 0L);
	rc = curl_easy_perform(s->curl);
	if (rc == CURLE_OK)
		rc = curl_easy_getinfo(s->curl, CURLINFO_ACTIVESOCKET, &fd);
	if (rc == CURLE_OK && fd != CURL_SOCKET_BAD) {
		s->fd = fd;
		return true;
	}
	s->error = curl_easy_strerror(rc);
	iot_wire_close(s);
	return false;
}

/* All of it, or an error; waits when the far end does not read. */
static bool push(struct iot_sender *s, struct mst_slice data)
{
	while (data.n && !s->stop) {
		struct pollfd p = {.fd = s->fd, .events = POLLOUT};
		size_t n = 0;
		CURLcode rc = curl_easy_send(s->curl, data.p, data.n, &n);

		if (rc == CURLE_AGAIN) {
			(void)poll(&p, 1, 50);
			continue;
		}
		if (rc != CURLE_OK) {
			s->error = curl_easy_strerror(rc);
			return false;
		}
		data = mst_slice(data.p + n, data.n - n);
	}
	return data.n == 0;
}

/* The far end hung up: with a write alone one would only see it a write too
 * late. */
static bool hung_up(const struct iot_sender *s)
{
	struct pollfd p = {.fd = s->fd, .events = POLLIN | POLLRDHUP};

	return poll(&p, 1, 0) == 1 &&
	       (p.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

/* ---- datagrams, posts ---------------------------------------------------- */

static bool open_datagram(struct iot_sender *s)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons((uint16_t)s->port)};
	const char *host =
	    strcasecmp(s->host, "localhost") == 0 ? "127.0.0.1" : s->host;

	if (s->fd >= 0)
		return true;
	(void)inet_pton(AF_INET, host, &to.sin_addr);
	s->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (s->fd >= 0 &&
	    connect(s->fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		return true;
	s->error = "no socket for datagrams";
	return false;
}

static bool datagram(struct iot_sender *s, struct mst_slice m)
{
	if (open_datagram(s) && send(s->fd, m.p, m.n, 0) == (ssize_t)m.n)
		return true;
	s->error = "a datagram was not taken";
	return false;
}

static bool post(struct iot_sender *s, struct mst_slice m)
{
	long status = 0;
	CURLcode rc;

	if (!s->curl) {
		s->curl = curl_easy_init();
		common(s, s->url);
		curl_easy_setopt(s->curl, CURLOPT_HTTPHEADER, s->headers);
		curl_easy_setopt(s->curl, CURLOPT_WRITEFUNCTION, swallow);
	}
	curl_easy_setopt(s->curl, CURLOPT_POSTFIELDSIZE, (long)m.n);
	curl_easy_setopt(s->curl, CURLOPT_POSTFIELDS, m.p);
	rc = curl_easy_perform(s->curl);
	if (rc == CURLE_OK)
		curl_easy_getinfo(s->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status / 100 == 2)
		return true;
	s->error = rc == CURLE_OK ? "the webhook's answer was no success"
				  : curl_easy_strerror(rc);
	return false;
}

/* ---- all ----------------------------------------------------------------- */

static bool is_stream(const struct iot_sender *s)
{
	return !s->webhook && strcmp(s->transport, "udp") != 0;
}

bool iot_wire_send(struct iot_sender *s, struct mst_slice m)
{
	bool ok;

	if (is_stream(s)) {
		if (s->octets)
			(void)mst_buf_addf(&s->wire, "%zu ", m.n);
		(void)mst_buf_add_slice(&s->wire, m);
		if (!s->octets)
			(void)mst_buf_addc(&s->wire, '\n');
		s->wire_n++;
		return true;
	}
	ok = s->webhook ? post(s, m) : datagram(s, m);
	if (ok) {
		s->sent++;
		s->bytes += m.n;
	} else if (!s->retry) {
		s->failed++;
	}
	return ok;
}

void iot_wire_flush(struct iot_sender *s)
{
	bool ok = false;

	if (!s->wire_n)
		return;
	while (!ok && !s->stop) {
		if (s->fd >= 0 && hung_up(s))
			iot_wire_close(s);
		ok = (s->fd >= 0 || open_stream(s)) &&
		     push(s, mst_buf_slice(&s->wire));
		if (ok)
			break;
		iot_wire_close(s);
		if (!s->retry)
			break;
		(void)poll(NULL, 0, 20);
	}
	if (ok) {
		s->sent += s->wire_n;
		s->bytes += s->wire.n;
	} else {
		s->failed += s->wire_n;
	}
	mst_buf_reset(&s->wire);
	s->wire_n = 0;
}

void iot_wire_close(struct iot_sender *s)
{
	if (!is_stream(s) && s->fd >= 0)
		(void)close(s->fd);
	s->fd = -1;
	if (s->curl)
		curl_easy_cleanup(s->curl);
	s->curl = NULL;
}
