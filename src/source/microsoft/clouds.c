/* SPDX-License-Identifier: Apache-2.0
 *
 * The Microsoft clouds: where the Defender API, the login host and Graph are,
 * and which hosts an answer may point to. Facts: Microsoft's pages on
 * government and geographic end points.
 */
#include <stdlib.h>

#include "base/limits.h"
#include "source/microsoft/microsoft.h"

#define LOGIN_GLOBAL "https://login.microsoftonline.com"
#define LOGIN_US     "https://login.microsoftonline.us"
#define GRAPH_GLOBAL "https://graph.microsoft.com"
#define SCOPE_GLOBAL "https://api.securitycenter.microsoft.com/.default"
#define API_GOV	     "https://api-gov.securitycenter.microsoft.us"
#define API_GCC	     "https://api-gcc.securitycenter.microsoft.us"
#define GEO(geo)                                                               \
	{                                                                      \
		geo, "https://" geo ".api.security.microsoft.com",             \
		    LOGIN_GLOBAL, GRAPH_GLOBAL, SCOPE_GLOBAL                   \
	}

/* No page gives the scope of the government clouds; the API's own host is
 * what all others follow. The option "scope" overrides it. */
const struct ms_cloud ms_clouds[MS_CLOUDS] = {
    {"commercial", "https://api.security.microsoft.com", LOGIN_GLOBAL,
     GRAPH_GLOBAL, SCOPE_GLOBAL},
    GEO("us"),
    GEO("eu"),
    GEO("uk"),
    GEO("au"),
    GEO("swa"),
    GEO("ina"),
    {"gcc", API_GCC, LOGIN_GLOBAL, GRAPH_GLOBAL, API_GCC "/.default"},
    {"gcc-high", API_GOV, LOGIN_US, "https://graph.microsoft.us",
     API_GOV "/.default"},
    {"dod", API_GOV, LOGIN_US, "https://dod-graph.microsoft.us",
     API_GOV "/.default"},
};

/* Links of one commercial host often name another: the older and the newer
 * name, and those of the regions. */
static const char *const commercial_hosts[] = {
    "api.security.microsoft.com",
    ".api.security.microsoft.com",
    ".securitycenter.microsoft.com",
    NULL,
};
static const char *const gcc_hosts[] = {"api-gcc.securitycenter.microsoft.us",
					NULL};
static const char *const gov_hosts[] = {"api-gov.securitycenter.microsoft.us",
					NULL};

/* ---- URLs ---------------------------------------------------------------- */

static bool host_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '.' || c == ':' ||
	       c == '[' || c == ']' || c == '_';
}

bool ms_url_host(const char *url, struct mst_slice *host_r, bool *https_r)
{
	struct mst_slice all = mst_slice_str(url);
	bool https = mst_slice_istarts(all, "https://");
	size_t at, n = 0;

	if (!https && !mst_slice_istarts(all, "http://"))
		return false;
	at = https ? 8 : 7;
	/* What a URL may not hold: it would be cut or read otherwise by the
	 * next program. */
	for (size_t i = 0; i < all.n; i++) {
		unsigned char c = (unsigned char)url[i];

		if (c <= ' ' || c >= 127 || c == '\\' || c == '"')
			return false;
	}
	while (host_char(url[at + n]))
		n++;
	if (n == 0 || all.n >= MST_MAX_URL ||
	    (url[at + n] && url[at + n] != '/' && url[at + n] != '?'))
		return false;
	*host_r = mst_slice(url + at, n);
	*https_r = https;
	return true;
}

bool ms_is_loopback(struct mst_slice host)
{
	const char *colon;

	if (mst_slice_istarts(host, "[::1]"))
		return host.n == 5 || host.p[5] == ':';
	colon = memchr(host.p, ':', host.n);
	if (colon)
		host.n = (size_t)(colon - host.p);
	if (mst_slice_iis(host, "localhost"))
		return true;
	if (!mst_slice_istarts(host, "127."))
		return false;
	for (size_t i = 0; i < host.n; i++) {
		if (host.p[i] != '.' && (host.p[i] < '0' || host.p[i] > '9'))
			return false;
	}
	return true;
}

/* The port that https means anyway says nothing. */
static struct mst_slice without_port(struct mst_slice host)
{
	if (host.n > 4 && memcmp(host.p + host.n - 4, ":443", 4) == 0)
		host.n -= 4;
	return host;
}

/* An entry with a leading dot stands for every host below it; a port must be
 * the same, none is 443. */
bool ms_host_in(const char *const *list, struct mst_slice host)
{
	host = without_port(host);
	for (; *list; list++) {
		struct mst_slice e = mst_slice_str(*list);

		if (mst_slice_ieq(host, e))
			return true;
		if (e.p[0] == '.' && host.n > e.n &&
		    mst_slice_ieq(mst_slice(host.p + host.n - e.n, e.n), e))
			return true;
	}
	return false;
}

bool ms_link_allowed(const struct ms_sites *s, bool graph, const char *url)
{
	struct mst_slice host;
	bool https;

	return ms_url_host(url, &host, &https) &&
	       (https || ms_is_loopback(host)) &&
	       ms_host_in(graph ? s->graph_hosts : s->api_hosts, host);
}

/* ---- a connection's sites -------------------------------------------------
 */

static char *base_url(const char *own, const char *standard)
{
	char *s = mst_strdup(own && *own ? own : standard);
	size_t n = strlen(s);

	while (n > 0 && s[n - 1] == '/')
		s[--n] = 0;
	return s;
}

/* The host of an override joins the list; owned by the sites. */
static int add_own(const char *option, const char *url, char **own_r,
		   bool *loopback_r, struct mst_err *err)
{
	struct mst_slice host;
	bool https;

	if (!ms_url_host(url, &host, &https) ||
	    (!https && !ms_is_loopback(host)))
		return mst_err_set(err, MST_E_INVALID,
				   "%s '%.200s' is no https address", option,
				   url);
	*own_r = mst_strndup(host.p, without_port(host).n);
	*loopback_r = ms_is_loopback(host);
	return 0;
}

/* The Defender API and the hosts that its token may go to. */
static int add_defender(struct ms_sites *s, const struct ms_cloud *cloud,
			const struct ms_defender *d, struct mst_err *err)
{
	const char *const *hosts = commercial_hosts;
	size_t n = 0;

	s->api = base_url(d->url, cloud->api);
	s->scope = mst_strdup(d->scope && *d->scope ? d->scope : cloud->scope);
	if (add_own("api_url", s->api, &s->own_hosts[0], &s->api_loopback,
		    err) < 0)
		return -(int)err->code;
	if (strcmp(cloud->api, API_GCC) == 0)
		hosts = gcc_hosts;
	else if (strcmp(cloud->api, API_GOV) == 0)
		hosts = gov_hosts;
	s->api_hosts[n++] = s->own_hosts[0];
	/* A simulator's links lead to the simulator alone. */
	while (!s->api_loopback && *hosts)
		s->api_hosts[n++] = *hosts++;
	return 0;
}

int ms_sites_make(const struct ms_conf *conf, const struct ms_defender *d,
		  struct ms_sites *s_r, struct mst_err *err)
{
	const struct ms_cloud *cloud = &ms_clouds[conf->cloud];
	bool loopback;
	int rc = 0;

	*s_r = (struct ms_sites){
	    .login = base_url(conf->login_url, cloud->login),
	    .graph = base_url(conf->graph_url, cloud->graph),
	};
	/* A token for Graph is asked for by the cloud's name of it, also when
	 * a simulator answers. */
	s_r->graph_scope = mst_asprintf("%s/.default", cloud->graph);
	if (d)
		rc = add_defender(s_r, cloud, d, err);
	if (rc == 0)
		rc = add_own("graph_url", s_r->graph, &s_r->own_hosts[1],
			     &loopback, err);
	if (rc < 0)
		ms_sites_free(s_r);
	s_r->graph_hosts[0] = s_r->own_hosts[1];
	return rc;
}

void ms_sites_free(struct ms_sites *s)
{
	free(s->api);
	free(s->login);
	free(s->graph);
	free(s->scope);
	free(s->graph_scope);
	free(s->own_hosts[0]);
	free(s->own_hosts[1]);
	*s = (struct ms_sites){.api = NULL};
}
