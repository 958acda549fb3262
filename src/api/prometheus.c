/* SPDX-License-Identifier: Apache-2.0
 *
 * GET /metrics: what Prometheus reads. Names are a promise: docs/metrics.md.
 * What all nodes know is told by each of them; what is a node's own comes from
 * the keeper and the counts of its server.
 */
#include "api/private.h"
#include "api/tables.h"
#include "mst_config.h"

/* ---- texts --------------------------------------------------------------- */

static void head(struct mst_buf *out, const char *name, const char *type,
		 const char *help)
{
	(void)mst_buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help,
			   name, type);
}

/* A label's value: quotes, backslashes and line ends escaped. */
static void label(struct mst_buf *out, const char *name, const char *value)
{
	(void)mst_buf_addf(out, "%s=\"", name);
	for (const char *p = value; *p; p++) {
		if (*p == '\n')
			(void)mst_buf_adds(out, "\\n");
		else if (*p == '"' || *p == '\\')
			(void)mst_buf_addf(out, "\\%c", *p);
		else
			(void)mst_buf_addc(out, *p);
	}
	(void)mst_buf_addc(out, '"');
}

static void gauge(struct mst_buf *out, const char *name, const char *help,
		  double v)
{
	head(out, name, "gauge", help);
	(void)mst_buf_addf(out, "%s %.17g\n", name, v);
}

/* ---- the page ------------------------------------------------------------ */

static void own(struct mst_http_req *r, struct mst_buf *out)
{
	const struct mst_api *a = mst_api_of(r);
	const struct mst_api_keeper *k = a->conf.keeper;
	unsigned connections, streams;

	head(out, "muster_info", "gauge", "Version and node.");
	(void)mst_buf_adds(out, "muster_info{");
	label(out, "version", MST_VERSION);
	(void)mst_buf_addc(out, ',');
	label(out, "node", a->conf.node);
	(void)mst_buf_adds(out, "} 1\n");
	gauge(out, "muster_start_timestamp_seconds",
	      "When the server of this node started.",
	      (double)a->started_us / 1e6);
	mst_http_counts(a->http, &connections, &streams);
	gauge(out, "muster_http_connections", "Connections that are open.",
	      connections);
	gauge(out, "muster_http_streams", "Event streams among them.", streams);
	mst_api_metrics_write(a->metrics, out);
	if (k && k->metrics)
		k->metrics(k->ctx, out);
}

static bool is_loopback(const char *peer)
{
	return strncmp(peer, "127.", 4) == 0 || strcmp(peer, "::1") == 0;
}

static int get_metrics(struct mst_http_req *r, struct mst_http_resp *resp,
		       struct mst_err *err)
{
	const struct mst_who *who = mst_api_who(r);

	if (!(who && who->may & MST_MAY_READ) &&
	    !(r->direct && is_loopback(r->peer)))
		return mst_err_set(err, who ? MST_E_FORBIDDEN : MST_E_AUTH,
				   "metrics want a token with the scope read, "
				   "or to be asked from this machine");
	resp->type = "text/plain; version=0.0.4; charset=utf-8";
	resp->no_etag = true;
	own(r, &resp->body);
	return 0;
}

const struct mst_http_route mst_api_prometheus[] = {
    {MST_ROUTE_GET, "/metrics", "get_metrics", "service",
     "Metrics for Prometheus; from this machine without a token.", 0,
     MST_ROUTE_OPEN | MST_ROUTE_PLAIN, NULL, NULL, .run = get_metrics},
    {0},
};
