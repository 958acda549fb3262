/* SPDX-License-Identifier: Apache-2.0
 *
 * Receivers out of their items.
 */
#include "forward/receiver.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/num.h"
#include "forward/item.h"

const char *const mst_receiver_types[] = {"syslog", "webhook", NULL};

#define AT(member) offsetof(struct mst_receiver, member)

const struct mst_opt mst_receiver_opts[] = {
    {"enabled", MST_OPT_BOOL, AT(enabled), "yes", NULL, 0, 0, 0,
     "no: nothing is received"},
    {"connection", MST_OPT_TEXT, AT(connection), NULL, NULL, 0, 0,
     MST_OPT_REQUIRED,
     "the connection whose alerts they are: rules with this source take them"},
    {"listen", MST_OPT_TEXT, AT(listen), NULL, NULL, 0, 0, MST_OPT_REQUIRED,
     "IP address and port, like 0.0.0.0:6514 or [::]:6514"},
    {"transport", MST_OPT_CHOICE, AT(transport), "udp", "udp|tcp|tls", 0, 0, 0,
     "of syslog: how messages come"},
    {"allow", MST_OPT_LIST, AT(allow_texts), NULL, NULL, 0, 0, 0,
     "IP addresses and subnets that may send; 0.0.0.0/0 and ::/0 are all"},
    {"zone", MST_OPT_TEXT, AT(zone_name), "UTC", NULL, 0, 0, 0,
     "the time zone that senders write times in: a name like Europe/Berlin, "
     "or +02:00"},
    {"certificate", MST_OPT_TEXT, AT(certificate), NULL, NULL, 0, 0, 0,
     "of TLS and HTTPS: PEM file of this receiver's certificate and those "
     "that issued it"},
    {"key", MST_OPT_TEXT, AT(key), NULL, NULL, 0, 0, 0,
     "PEM file of its private key, which is not encrypted"},
    {"client_ca", MST_OPT_TEXT, AT(client_ca), NULL, NULL, 0, 0, 0,
     "PEM file: a sender must have a certificate that one of these issued"},
    {"secret", MST_OPT_SECRET, AT(secret), NULL, NULL, 0, 0, 0,
     "of webhooks: what a sender must say in a header; a reference"},
    {"secret_header", MST_OPT_TEXT, AT(secret_header), "X-Muster-Secret", NULL,
     0, 0, 0, "of webhooks: the name of that header"},
    {"max_connections", MST_OPT_INT, AT(max_connections), "64", NULL, 1, 1000,
     0, "how many senders may be connected at once"},
    {"half_timeout", MST_OPT_DURATION, AT(half_ms), "30s", NULL, 1e3, 600e3, 0,
     "how long the rest of a message that has begun may take"},
    {0},
};

static bool has(const struct mst_conf_item *item, const char *key)
{
	for (size_t i = 0; i < item->values_n; i++) {
		if (strcmp(item->values[i].key, key) == 0)
			return true;
	}
	return false;
}

/* ---- address ------------------------------------------------------------- */

static bool parse_port(const char *s, uint16_t *port_r)
{
	uint64_t v;

	if (!mst_num_u64(mst_slice_str(s), &v) || v > 65535)
		return false;
	*port_r = (uint16_t)v;
	return true;
}

/* "1.2.3.4:514", "[::1]:514" */
static bool parse_listen(const char *s, struct mst_receiver *r)
{
	const char *colon = strrchr(s, ':');
	size_t n = colon ? (size_t)(colon - s) : 0;
	bool six = n > 2 && s[0] == '[' && s[n - 1] == ']';
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&r->at;
	struct sockaddr_in *v4 = (struct sockaddr_in *)&r->at;
	uint16_t port;
	char ip[64];

	if (n == 0 || n >= sizeof(ip) || !parse_port(colon + 1, &port))
		return false;
	(void)snprintf(ip, sizeof(ip), "%.*s", (int)(six ? n - 2 : n),
		       six ? s + 1 : s);
	if (six) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(port);
		r->at_n = sizeof(*v6);
		return inet_pton(AF_INET6, ip, &v6->sin6_addr) == 1;
	}
	v4->sin_family = AF_INET;
	v4->sin_port = htons(port);
	r->at_n = sizeof(*v4);
	return inet_pton(AF_INET, ip, &v4->sin_addr) == 1;
}

static struct mst_net net_of(const struct sockaddr *a)
{
	struct mst_net net = {.bits = 128};

	if (a->sa_family == AF_INET6) {
		memcpy(net.b, &((const struct sockaddr_in6 *)a)->sin6_addr, 16);
	} else {
		net.b[10] = net.b[11] = 0xff;
		memcpy(net.b + 12, &((const struct sockaddr_in *)a)->sin_addr,
		       4);
	}
	return net;
}

static bool is_loopback(const struct sockaddr *a)
{
	static const struct mst_net six = {.b = {[15] = 1}, .bits = 128};
	static const struct mst_net four = {
	    .b = {[10] = 0xff, [11] = 0xff, [12] = 127}, .bits = 104};
	struct mst_net one = net_of(a);

	return mst_net_has(&six, &one) || mst_net_has(&four, &one);
}

bool mst_receiver_allows(const struct mst_receiver *r,
			 const struct sockaddr *peer)
{
	struct mst_net one;

	if (r->allow_n == 0)
		return true;
	if (peer->sa_family != AF_INET && peer->sa_family != AF_INET6)
		return false;
	one = net_of(peer);
	for (size_t i = 0; i < r->allow_n; i++) {
		if (mst_net_has(&r->allow[i], &one))
			return true;
	}
	return false;
}

/* ---- making one ---------------------------------------------------------- */

static int make_type(const struct mst_conf_item *item, struct mst_receiver *r,
		     struct mst_err *err)
{
	const char *near;

	for (unsigned i = 0; mst_receiver_types[i]; i++) {
		if (strcmp(item->type, mst_receiver_types[i]) == 0) {
			r->type = (enum mst_receiver_type)i;
			return 0;
		}
	}
	near = mst_nearest(item->type, mst_receiver_types);
	return mst_item_fail(
	    item, "type", err, "\"%.64s\" is no type of receiver; %s%s%s",
	    item->type, near ? "did you mean \"" : "types are ",
	    near ? near : "syslog and webhook", near ? "\"?" : "");
}

static int make_allow(const struct mst_conf_item *item, struct mst_arena *arena,
		      struct mst_receiver *r, struct mst_err *err)
{
	size_t n = r->allow_texts.n;
	struct mst_net *v = mst_arena_alloc(arena, n * sizeof(*v));

	for (size_t i = 0; i < n; i++) {
		if (!mst_net_parse(mst_slice_str(r->allow_texts.v[i]), &v[i]) ||
		    v[i].is_mac)
			return mst_item_fail(
			    item, "allow", err,
			    "\"%.80s\" is no IP address and no "
			    "subnet like 10.1.0.0/16",
			    r->allow_texts.v[i]);
	}
	r->allow = v;
	r->allow_n = n;
	return 0;
}

/* Options that say nothing, or not enough, for this type and transport. */
static int check_tls(const struct mst_conf_item *item,
		     const struct mst_receiver *r, struct mst_err *err)
{
	bool wants =
	    r->type == MST_RECEIVER_SYSLOG && r->transport == MST_TRANSPORT_TLS;
	bool may = wants || r->type == MST_RECEIVER_WEBHOOK;
	const char *given = r->certificate ? "certificate"
			    : r->key	   ? "key"
			    : r->client_ca ? "client_ca"
					   : NULL;

	if (given && !may)
		return mst_item_fail(item, given, err,
				     "says nothing without transport: tls");
	if ((wants || given) && !(r->certificate && r->key))
		return mst_item_fail(
		    item, r->certificate ? "key" : "certificate", err,
		    "is missing: TLS needs a certificate and "
		    "its key");
	return 0;
}

static int check_type(const struct mst_conf_item *item,
		      const struct mst_receiver *r, struct mst_err *err)
{
	static const char *const of_syslog[] = {"transport"};
	static const char *const of_webhook[] = {"secret", "secret_header"};
	bool syslog = r->type == MST_RECEIVER_SYSLOG;
	const char *const *others = syslog ? of_webhook : of_syslog;
	size_t n = syslog ? MST_LEN(of_webhook) : MST_LEN(of_syslog);

	for (size_t i = 0; i < n; i++) {
		if (has(item, others[i]))
			return mst_item_fail(
			    item, others[i], err,
			    "is an option of receivers of type %s",
			    mst_receiver_types[syslog]);
	}
	return check_tls(item, r, err);
}

/* Whoever reaches the port could raise incidents. */
static int check_open(const struct mst_conf_item *item,
		      const struct mst_receiver *r, struct mst_err *err)
{
	if (r->allow_n || r->secret || r->client_ca ||
	    is_loopback((const struct sockaddr *)&r->at))
		return 0;
	return mst_item_fail(item, "allow", err,
			     "is missing: whoever reaches the port could send "
			     "alerts; name the sensors' addresses or subnets "
			     "(0.0.0.0/0 and ::/0 allow all)");
}

int mst_receiver_make(const struct mst_conf_item *item, struct mst_arena *arena,
		      struct mst_receiver *r_r, struct mst_err *err)
{
	struct mst_receiver r = {.zone = NULL};
	int rc = mst_conf_apply(item, mst_receiver_opts, &r, arena, err);

	if (rc == 0)
		rc = make_type(item, &r, err);
	if (rc == 0 && !parse_listen(r.listen, &r))
		rc = mst_item_fail(item, "listen", err,
				   "must be an IP address and a port, like "
				   "0.0.0.0:6514 or [::]:6514, not \"%.80s\"",
				   r.listen);
	if (rc == 0)
		rc = make_allow(item, arena, &r, err);
	if (rc == 0)
		rc = check_type(item, &r, err);
	if (rc == 0)
		rc = check_open(item, &r, err);
	if (rc < 0)
		return rc;
	if (mst_zone_find(r.zone_name, &r.zone, err) < 0)
		return mst_item_fail(item, "zone", err, "is wrong: %s",
				     mst_arena_strdup(arena, err->msg));
	r.name = mst_arena_strdup(arena, item->name);
	*r_r = r;
	return 0;
}

void mst_receiver_fini(struct mst_receiver *r)
{
	mst_zone_free(&r->zone);
}
