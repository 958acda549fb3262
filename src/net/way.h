/* SPDX-License-Identifier: Apache-2.0
 *
 * The way to a far end, looked at before anything is sent there: proxy, name,
 * connection, TLS, certificates. One attempt, no repeats, no request: with TLS
 * it ends behind the hand-shake, without it behind the connection.
 */
#ifndef MST_NET_WAY_H
#define MST_NET_WAY_H

#include <stdatomic.h>

#include "net/client.h"
#include "net/pin.h"
#include "net/proxy_way.h"

/* The steps in their order. */
enum mst_way_step {
	MST_WAY_PROXY,	 /* its name, its port, its leave to go on */
	MST_WAY_NAME,	 /* looked up by us, or by the proxy */
	MST_WAY_CONNECT, /* TCP */
	MST_WAY_TLS,	 /* hand-shake and certificates */
	MST_WAY_THERE
};

enum mst_cert_fault {
	MST_CERT_FINE,
	MST_CERT_EXPIRED,
	MST_CERT_NOT_YET, /* or this machine's clock is late */
	MST_CERT_UNKNOWN, /* nobody here knows its issuer */
	MST_CERT_NAME,	  /* it belongs to another host */
	MST_CERT_PIN,	  /* its key is not the pinned one */
	MST_CERT_OTHER
};

struct mst_way {
	enum mst_way_step at; /* the first step that failed, or THERE */
	struct mst_err err;   /* why, unless THERE; names host and port */
	char words[256];      /* the same without them, "" when THERE */
	char host[256];
	int port;
	bool https, loopback;
	char address[64]; /* where the connection went; with a proxy: its */
	struct mst_proxy_look proxy;

	/* The certificate that the server showed, also when it is refused. */
	bool has_cert;
	enum mst_cert_fault fault;
	char subject[256], issuer[256];
	char names[512];	/* hosts that it is for: "a, b" */
	char pin[MST_PIN_SIZE]; /* of its key */
	/* Why it was taken, when THERE: by its pin alone; nobody looked
	 * (insecure_tls). */
	bool pinned, unverified;
	/* The part of all certificates of the chain that overlaps. */
	int64_t from_us, until_us;
	char ends_first[256]; /* subject of the one that expires first */
};

/* Goes there with the client's proxy, trust anchors and connection time-out.
 * MST_E_INVALID: the URL is none that the client would use;
 * MST_E_CANCELLED: *cancel became true. Anything else is *way_r's to tell.
 * Blocks for at most twice the connection time-out. */
int mst_client_way(struct mst_client *c, const char *url,
		   const atomic_bool *cancel, struct mst_way *way_r,
		   struct mst_err *err);

#endif
