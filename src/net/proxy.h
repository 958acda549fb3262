/* SPDX-License-Identifier: Apache-2.0
 *
 * The proxy on the way to a far end: its options, as every connection and the
 * section `proxy` have them, and which hosts are gone to without it.
 */
#ifndef MST_NET_PROXY_H
#define MST_NET_PROXY_H

#include "conf/conf.h"

/* As url: no proxy, not even the environment's. */
#define MST_PROXY_DIRECT "direct"

/* Filled by options; all borrowed. All zero: the environment's (https_proxy,
 * no_proxy), as libcurl reads it. */
struct mst_proxy {
	const char *url; /* "http://host:port", "https://host:port", "direct" */
	const char *user;	    /* NULL: it wants no log-in */
	const char *password;	    /* a reference */
	const char *ca_file;	    /* extra trust anchors of TLS to it, PEM */
	struct mst_opt_list bypass; /* see mst_proxy_passes_by */
	bool global;		    /* url is the section's, not its own */
};

/* The options of a connection. AT(member): offset of a member of the struct
 * that the options fill, which has a struct mst_proxy proxy. */
#define MST_PROXY_OPTS(AT)                                                     \
	{"proxy", MST_OPT_TEXT, AT(proxy.url),                                 \
	 .help = "HTTP proxy, \"http://host:port\" or, with TLS to it, "       \
		 "\"https://host:port\"; \"direct\" for none; else that of "   \
		 "the section proxy, else the environment's."},                \
	    {"proxy_user", MST_OPT_TEXT, AT(proxy.user),                       \
	     .help = "Who logs in to the proxy, by Basic."},                   \
	    {"proxy_password", MST_OPT_SECRET, AT(proxy.password),             \
	     .help = "Password of proxy_user, as a reference."},               \
	    {"proxy_ca_file", MST_OPT_TEXT, AT(proxy.ca_file),                 \
	     .help = "PEM file of certificates to trust for TLS to the "       \
		     "proxy, besides the system's."},                          \
	{                                                                      \
		"no_proxy", MST_OPT_LIST, AT(proxy.bypass),                    \
		    .help =                                                    \
			"Hosts that are gone to without the proxy: names, "    \
			".domains, addresses, subnets."                        \
	}

/* The section `proxy`, which fills a struct mst_proxy: url, user, password,
 * ca_file, no_proxy. */
extern const struct mst_opt mst_proxy_opts[];

/* Do the options of the item (a connection, or the section) make sense?
 * MST_E_INVALID with the place in the file; a URL is never repeated, as it may
 * hold a password. */
int mst_proxy_check(const struct mst_conf_item *item, const struct mst_proxy *p,
		    struct mst_err *err);
/* What a connection leaves open is the section's: the proxy with all that
 * belongs to it, unless the connection names one (or "direct"); hosts that are
 * gone to without it are then those of both. Lists are made in arena. */
void mst_proxy_inherit(struct mst_proxy *p, const struct mst_proxy *section,
		       struct mst_arena *arena);
/* Is the host (as in struct mst_url: lower case, IPv6 in brackets) gone to
 * without the proxy? Entries: "host" that host; ".domain" the domain and all
 * below it; an address or a subnet ("10.0.0.0/8", "fd00::/8") hosts that are
 * written as an address: names are not looked up for this. */
bool mst_proxy_passes_by(const struct mst_opt_list *bypass, const char *host);

#endif
