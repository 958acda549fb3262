/* SPDX-License-Identifier: Apache-2.0
 *
 * The proxy of a client at work: which way a request takes, libcurl's options
 * for it, and what is the proxy's fault when an attempt fails.
 */
#ifndef MST_NET_PROXY_WAY_H
#define MST_NET_PROXY_WAY_H

#include <curl/curl.h>

#include "base/secret.h"
#include "net/proxy.h"
#include "net/url.h"

/* What a client keeps of struct mst_proxy. */
struct mst_proxy_way {
	struct mst_arena arena;
	struct mst_proxy conf; /* in arena */
	struct mst_secret *password;
	struct mst_slice ca; /* default and extra anchors, PEM; n 0: default */
};

/* Where a request goes out. */
enum mst_proxy_by {
	MST_PROXY_LOOPBACK,    /* none: it stays on this machine */
	MST_PROXY_NONE,	       /* none: the configuration says so */
	MST_PROXY_PASSED_BY,   /* none: its host is on the list */
	MST_PROXY_ENVIRONMENT, /* by that of the environment, if there is one */
	MST_PROXY_SECTION,     /* the section proxy */
	MST_PROXY_OPTION       /* the connection's option */
};

/* Reads password and trust anchors now. Errors name the option. */
int mst_proxy_way_init(struct mst_proxy_way *w, const struct mst_proxy *conf,
		       struct mst_err *err);
void mst_proxy_way_fini(struct mst_proxy_way *w);
enum mst_proxy_by mst_proxy_way_of(const struct mst_proxy_way *w,
				   const struct mst_url *u);
void mst_proxy_way_set(const struct mst_proxy_way *w, const struct mst_url *u,
		       CURL *e);

/* What there is to say of the proxy after an attempt. */
struct mst_proxy_look {
	enum mst_proxy_by by;
	char name[300]; /* "host:port", "" when there was none; never its user
			 * or password */
	int status;	/* its answer to CONNECT, 0: none */
	/* It failed at the proxy; the rest is only told then. */
	bool blame;
	bool hopeless;	    /* the same attempt would fail the same way */
	enum mst_code code; /* of the error */
	char why[320];	    /* without name and remedy */
	char remedy[320];
};

/* words: libcurl's error buffer. The environment's proxy may have been passed
 * over by no_proxy: only what happened tells. */
void mst_proxy_way_look(const struct mst_proxy_way *w, const struct mst_url *u,
			CURL *e, CURLcode code, const char *words,
			struct mst_proxy_look *look_r);

#endif
