/* SPDX-License-Identifier: Apache-2.0
 *
 * The receiver "webhook": POST of one alert or a list of them, by
 * libmicrohttpd, a thread per connection. 200 behind the commit.
 */
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <microhttpd.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/secret.h"
#include "forwarder/places.h"
#include "json/out.h"

#define BODY_MAX    (16 * MST_FORM_MAX)
#define PEM_MAX	    (1u << 20)
#define RETRY_AFTER "30" /* seconds */

struct webhook {
	struct mst_receiving *v;
	struct MHD_Daemon *daemon;
	struct mst_places *places;
	struct mst_secret *secret; /* NULL: none is asked for */
	struct mst_buf certificate, key, client_ca;
};

/* A request on its way. */
struct request {
	struct mst_buf body;
	bool too_long;
};

/* ---- answers ------------------------------------------------------------- */

static enum MHD_Result answer(struct MHD_Connection *c, unsigned status,
			      const char *name, const char *text)
{
	struct mst_buf b = MST_BUF_INIT(4096);
	struct MHD_Response *r;
	enum MHD_Result rc;
	struct mst_jout j;

	mst_jout_init(&j, &b);
	mst_jout_obj(&j);
	mst_jout_kstr(&j, name, text);
	mst_jout_end_obj(&j);
	r = MHD_create_response_from_buffer(b.n, b.p, MHD_RESPMEM_MUST_COPY);
	mst_buf_fini(&b);
	if (!r)
		return MHD_NO;
	(void)MHD_add_response_header(r, "Content-Type", "application/json");
	if (status == MHD_HTTP_SERVICE_UNAVAILABLE)
		(void)MHD_add_response_header(r, "Retry-After", RETRY_AFTER);
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		(void)MHD_add_response_header(r, "Allow", "POST");
	rc = MHD_queue_response(c, status, r);
	MHD_destroy_response(r);
	return rc;
}

/* ---- alerts -------------------------------------------------------------- */

static const char *peer_of(struct MHD_Connection *c, char out[64])
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	out[0] = 0;
	return info ? mst_peer_text(info->client_addr, out) : out;
}

/* How many are no alerts. */
static size_t add_all(struct mst_batch *b, struct mst_json root,
		      const char *peer)
{
	struct mst_json_iter it;
	struct mst_json v;
	size_t bad = 0;

	if (mst_json_type(root) != MST_JSON_ARRAY)
		return !mst_batch_json(b, root, peer);
	it = mst_json_iter(root);
	while (mst_json_next(&it, NULL, &v))
		bad += !mst_batch_json(b, v, peer);
	return bad;
}

static enum MHD_Result accept_body(struct webhook *w, struct MHD_Connection *c,
				   struct mst_slice body)
{
	struct mst_json_parser *parser = mst_json_parser_new(BODY_MAX);
	struct mst_err err = MST_ERR_INIT;
	struct mst_json root;
	struct mst_batch b;
	size_t bad = 0;
	char peer[64];
	int rc;

	mst_batch_init(&b, w->v->intake, &w->v->door);
	if (mst_json_parse(parser, body, &root, &err) == 0) {
		bad = add_all(&b, root, peer_of(c, peer));
	} else {
		mst_batch_unread(&b, body, peer_of(c, peer), err.msg);
		bad = 1;
	}
	rc = mst_batch_put(&b, false, &err);
	mst_batch_fini(&b);
	mst_json_parser_free(&parser);
	if (rc < 0)
		return answer(c, MHD_HTTP_SERVICE_UNAVAILABLE, "error",
			      rc == -MST_E_THROTTLED
				  ? "there is no room for more alerts"
				  : "alerts cannot be stored now");
	if (bad)
		return answer(c, MHD_HTTP_BAD_REQUEST, "error",
			      "not an alert; it is kept as it came");
	return answer(c, MHD_HTTP_OK, "result", "accepted");
}

/* ---- requests ------------------------------------------------------------ */

static struct mst_place *place_of(struct MHD_Connection *c)
{
	return MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
	    ->socket_context;
}

/* With the first line of a request. */
static void *begins(void *ctx, const char *uri, struct MHD_Connection *c)
{
	struct webhook *w = ctx;

	(void)uri;
	mst_place_begins(w->places, place_of(c));
	return NULL; /* what handle begins with */
}

/* Takes the same time wherever they differ. */
static bool knows_secret(const struct webhook *w, struct MHD_Connection *c)
{
	const char *said = MHD_lookup_connection_value(c, MHD_HEADER_KIND,
						       w->v->r->secret_header);
	struct mst_slice want;

	if (!w->secret)
		return true;
	want = mst_secret_get(w->secret);
	return said && strlen(said) == want.n &&
	       CRYPTO_memcmp(said, want.p, want.n) == 0;
}

/* libmicrohttpd only asks for a certificate: whether there is one, and who
 * issued it, is for us to see. */
static bool has_certificate(const struct webhook *w, struct MHD_Connection *c)
{
	static unsigned char client[] = GNUTLS_KP_TLS_WWW_CLIENT;
	gnutls_typed_vdata_st use = {GNUTLS_DT_KEY_PURPOSE_OID, client, 0};
	const union MHD_ConnectionInfo *info;
	unsigned wrong = 0;

	if (!w->v->r->client_ca)
		return true;
	info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	return info && info->tls_session &&
	       gnutls_certificate_verify_peers(info->tls_session, &use, 1,
					       &wrong) == GNUTLS_E_SUCCESS &&
	       wrong == 0;
}

/* Before the body is read. 0: go on; else the status. */
static unsigned refuse(struct webhook *w, struct MHD_Connection *c,
		       const char *method, const char **why)
{
	char peer[64];

	if (!has_certificate(w, c)) {
		mst_receiving_foreign(w->v, peer_of(c, peer));
		*why = "the sender's certificate is missing or not known";
		return MHD_HTTP_FORBIDDEN;
	}
	if (!knows_secret(w, c)) {
		mst_intake_count(w->v->intake, w->v->door.name, "wrong secret",
				 1);
		*why = "the secret is missing or wrong";
		return MHD_HTTP_UNAUTHORIZED;
	}
	if (strcmp(method, "POST") != 0) {
		*why = "alerts are taken by POST";
		return MHD_HTTP_METHOD_NOT_ALLOWED;
	}
	return 0;
}

static enum MHD_Result handle(void *ctx, struct MHD_Connection *c,
			      const char *url, const char *method,
			      const char *version, const char *data,
			      size_t *data_n, void **req)
{
	struct webhook *w = ctx;
	struct request *r = *req;
	const char *why = "";
	unsigned status;

	(void)url;
	(void)version;
	if (!r) {
		status = refuse(w, c, method, &why);
		if (status)
			return answer(c, status, "error", why);
		r = mst_alloc(sizeof(*r));
		mst_buf_init(&r->body, BODY_MAX);
		*req = r;
		return MHD_YES;
	}
	if (*data_n) {
		r->too_long =
		    r->too_long || !mst_buf_add(&r->body, data, *data_n);
		*data_n = 0;
		return MHD_YES;
	}
	mst_place_whole(w->places, place_of(c));
	if (r->too_long)
		return answer(c, MHD_HTTP_CONTENT_TOO_LARGE, "error",
			      "larger than 1 MiB");
	return accept_body(w, c, mst_buf_slice(&r->body));
}

static void done(void *ctx, struct MHD_Connection *c, void **req,
		 enum MHD_RequestTerminationCode how)
{
	struct webhook *w = ctx;
	struct request *r = *req;

	(void)how;
	mst_place_answered(w->places, place_of(c));
	if (r)
		mst_buf_fini(&r->body);
	free(r);
	*req = NULL;
}

/* ---- connections --------------------------------------------------------- */

static enum MHD_Result admit(void *ctx, const struct sockaddr *peer,
			     socklen_t n)
{
	struct webhook *w = ctx;

	(void)n;
	return mst_receiving_admits(w->v, peer) && mst_places_room(w->places)
		   ? MHD_YES
		   : MHD_NO;
}

/* Before anything is read, and when nobody reads or writes any more, but before
 * the socket is closed. */
static void comes_or_goes(void *ctx, struct MHD_Connection *c, void **own,
			  enum MHD_ConnectionNotificationCode what)
{
	struct webhook *w = ctx;
	struct mst_place *place = *own;
	char peer[64];

	if (what == MHD_CONNECTION_NOTIFY_STARTED)
		place =
		    mst_places_take(w->places,
				    MHD_get_connection_info(
					c, MHD_CONNECTION_INFO_CONNECTION_FD)
					->connect_fd,
				    peer_of(c, peer));
	else
		mst_places_leave(w->places, &place);
	*own = place;
}

/* ---- starting ------------------------------------------------------------ */

MST_PRINTF(2, 0) static void log_to(void *ctx, const char *fmt, va_list ap)
{
	struct webhook *w = ctx;
	char text[512];

	(void)vsnprintf(text, sizeof(text), fmt, ap);
	text[strcspn(text, "\n")] = 0;
	mst_debug("receiver '%s': %s", w->v->r->name, text);
}

static int read_pem(const struct mst_receiver *r, const char *path,
		    struct mst_buf *out, struct mst_err *err)
{
	mst_buf_init(out, PEM_MAX);
	if (!path)
		return 0;
	if (mst_file_read(path, out, err) < 0 || !mst_buf_addc(out, 0))
		return mst_err_prefix(err, "receiver '%s'", r->name);
	return 0;
}

static int read_files(struct webhook *w, struct mst_err *err)
{
	const struct mst_receiver *r = w->v->r;
	int rc = read_pem(r, r->certificate, &w->certificate, err);

	if (rc == 0)
		rc = read_pem(r, r->key, &w->key, err);
	if (rc == 0)
		rc = read_pem(r, r->client_ca, &w->client_ca, err);
	if (rc == 0 && r->secret)
		rc = mst_secret_ref(r->secret, &w->secret, err);
	return rc;
}

static void free_all(struct webhook *w)
{
	if (w->places)
		mst_places_stop(w->places);
	if (w->daemon)
		MHD_stop_daemon(w->daemon);
	mst_places_free(&w->places);
	mst_secret_free(&w->secret);
	mst_buf_fini(&w->certificate);
	mst_buf_wipe_fini(&w->key);
	mst_buf_fini(&w->client_ca);
	free(w);
}

static void stop(struct mst_receiving *v)
{
	free_all(v->own);
}

static void listen_on(struct webhook *w, int fd)
{
	const struct mst_receiver *r = w->v->r;
	unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL |
			 MHD_USE_THREAD_PER_CONNECTION | MHD_USE_ERROR_LOG |
			 (r->certificate ? MHD_USE_TLS : 0);
	struct MHD_OptionItem tls[] = {
	    {MHD_OPTION_HTTPS_MEM_CERT, 0, w->certificate.p},
	    {MHD_OPTION_HTTPS_MEM_KEY, 0, w->key.p},
	    {r->client_ca ? MHD_OPTION_HTTPS_MEM_TRUST : MHD_OPTION_END, 0,
	     w->client_ca.p},
	    {MHD_OPTION_END, 0, NULL},
	};

	if (!r->certificate)
		tls[0].option = MHD_OPTION_END;
	w->daemon = MHD_start_daemon(
	    flags, 0, admit, w, handle, w, MHD_OPTION_EXTERNAL_LOGGER, log_to,
	    w, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_NOTIFY_COMPLETED, done,
	    w, MHD_OPTION_NOTIFY_CONNECTION, comes_or_goes, w,
	    MHD_OPTION_URI_LOG_CALLBACK, begins, w,
	    /* One more, so that admit is asked about it and refuses it. */
	    MHD_OPTION_CONNECTION_LIMIT, (unsigned)r->max_connections + 1,
	    MHD_OPTION_CONNECTION_TIMEOUT,
	    (unsigned)MST_MAX(r->half_ms / 1000, 1), MHD_OPTION_ARRAY, tls,
	    MHD_OPTION_END);
}

int mst_webhook_start(struct mst_receiving *v, struct mst_err *err)
{
	struct webhook *w = mst_alloc(sizeof(*w));
	int fd = -1, rc;

	w->v = v;
	rc = read_files(w, err);
	if (rc == 0)
		rc = mst_receiver_listen(v->r, SOCK_STREAM, &fd, err);
	if (rc == 0)
		rc = mst_places_new(v, &w->places, err);
	if (rc == 0) {
		listen_on(w, fd);
		if (!w->daemon) {
			rc = mst_err_set(
			    err, MST_E_INVALID,
			    "receiver '%s': the HTTP server does not start%s",
			    v->r->name,
			    v->r->certificate
				? ": certificate, key or client_ca cannot be "
				  "used; they must be PEM files, the key not "
				  "encrypted"
				: "");
		}
	}
	if (rc < 0) {
		if (fd >= 0)
			(void)close(fd);
		free_all(w);
		return rc;
	}
	v->own = w;
	v->fd = fd;
	v->stop = stop;
	return 0;
}
