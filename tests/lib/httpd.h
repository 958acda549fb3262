/* SPDX-License-Identifier: Apache-2.0
 *
 * A web server that misbehaves by script, on a loopback port. Raw sockets, a
 * thread for each connection. Answers are taken in the order of the script;
 * one with a path is only for requests whose path begins with it. When the
 * script has no answer (left) for a request, it gets 599, so that a test sees
 * the request too many.
 *
 * Everything that arrived is kept and can be looked at while it runs.
 */
#ifndef MST_TESTS_HTTPD_H
#define MST_TESTS_HTTPD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum t_way {
	T_WHOLE,	/* headers with Content-Length, then the body */
	T_CHUNKED,	/* the same in chunks */
	T_CHUNKED_CUT,	/* chunks, closed before the last */
	T_SHORT,	/* Content-Length is `extra` bytes too large; closes */
	T_RESET_FIRST,	/* takes the request, then resets */
	T_RESET_MIDDLE, /* half of the body, then resets */
	T_CLOSE,	/* takes the request, closes without an answer */
	T_DRIP,		/* a byte of the body every `delay_ms` */
	T_NEVER,	/* takes the request, says nothing */
	T_STALL,	/* half of the body, then nothing */
	T_RAW,		/* body is the whole answer, headers included */
	T_UNTIL_CLOSE	/* no length; the end of the connection ends it */
};

struct t_answer {
	int status;	     /* 0: 200 */
	const char *headers; /* "Name: value\r\n…", or NULL */
	const char *body;    /* NULL: empty */
	size_t body_n;	     /* 0: strlen */
	enum t_way way;
	int delay_ms;	  /* before the answer; T_DRIP: between bytes */
	size_t extra;	  /* T_SHORT */
	int times;	  /* 0: once; -1: for ever */
	const char *path; /* NULL: any */
	bool close;	  /* closes the connection after a whole answer */
};

struct t_request {
	char *method, *path; /* with the query */
	char *headers;	     /* all lines */
	char *body;
	size_t body_n;
	int connection; /* number of the connection, from 1 */
	int64_t at_us;	/* real monotonic time */
};

struct t_httpd;

/* answers are copied; their texts are borrowed. */
struct t_httpd *t_httpd_start(const struct t_answer *answers, size_t n);
/* With TLS: PEM texts of certificate and key. */
struct t_httpd *t_httpd_start_tls(const struct t_answer *answers, size_t n,
				  const char *cert, const char *key);
void t_httpd_stop(struct t_httpd **h);
int t_httpd_port(const struct t_httpd *h);
/* "http://127.0.0.1:port" + the formatted rest; lives as long as h. */
const char *t_httpd_url(struct t_httpd *h, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
size_t t_httpd_count(struct t_httpd *h);
/* Lives as long as h; NULL when there is none. */
const struct t_request *t_httpd_request(struct t_httpd *h, size_t i);
int t_httpd_connections(struct t_httpd *h);
/* Waits until n connections were closed at this end. */
void t_httpd_await_closed(struct t_httpd *h, int n);
/* Value of a header of a request, or NULL; static buffer. */
const char *t_header(const struct t_request *r, const char *name);
/* A loopback port where nobody listens. */
int t_free_port(void);

#endif
