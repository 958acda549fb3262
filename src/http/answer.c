/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers: problems, entity tags, encodings, and the headers that every answer
 * has.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/gunzip.h"
#include "base/hash.h"
#include "http/private.h"

#define PAGE_POLICY                                                            \
	"default-src 'none'; script-src 'self'; style-src 'self'; "            \
	"img-src 'self'; font-src 'self'; connect-src 'self'; "                \
	"manifest-src 'self'; form-action 'self'; base-uri 'none'; "           \
	"frame-ancestors 'none'"
#define DATA_POLICY "default-src 'none'; frame-ancestors 'none'"

static struct http_exchange *of(const struct mst_http_req *r)
{
	return r->private_;
}

/* ---- problems ------------------------------------------------------------ */

static const struct {
	int status;
	const char *code;
} by_error[MST_E__MAX] = {
    [MST_OK] = {500, "internal"},
    [MST_E_NOTFOUND] = {404, "not_found"},
    [MST_E_CONFLICT] = {409, "conflict"},
    [MST_E_INVALID] = {400, "invalid"},
    [MST_E_AUTH] = {401, "unauthenticated"},
    [MST_E_FORBIDDEN] = {403, "forbidden"},
    [MST_E_THROTTLED] = {429, "too_many_requests"},
    [MST_E_TRANSIENT] = {503, "unavailable"},
    [MST_E_UNCERTAIN] = {503, "unavailable"},
    [MST_E_CANCELLED] = {503, "unavailable"},
    [MST_E_UNSUPPORTED] = {422, "unprocessable"},
    [MST_E_CORRUPT] = {500, "internal"},
    [MST_E_GUARD] = {409, "conflict"},
    [MST_E_INCOMPLETE] = {500, "internal"},
    [MST_E_IO] = {500, "internal"},
    [MST_E_INTERNAL] = {500, "internal"},
};

static const char *title_of(int status)
{
	static const struct {
		int status;
		const char *title;
	} titles[] = {
	    {400, "The request is not right"},
	    {401, "Nobody is signed in"},
	    {403, "Not allowed"},
	    {404, "Not there"},
	    {405, "Not with this method"},
	    {409, "Something else stands against it"},
	    {412, "It was changed meanwhile"},
	    {413, "Too large"},
	    {415, "Not this kind of body"},
	    {422, "This cannot be done"},
	    {429, "Too many requests"},
	    {500, "Something went wrong here"},
	    {503, "Not now"},
	};

	for (size_t i = 0; i < MST_LEN(titles); i++)
		if (titles[i].status == status)
			return titles[i].title;
	return "Problem";
}

void mst_http_wrong(struct mst_http_req *r, const char *pointer,
		    const char *fmt, ...)
{
	struct http_exchange *x = of(r);
	char text[512];
	va_list ap;

	if (x->wrongs == HTTP_WRONGS)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	x->wrong[x->wrongs].name = mst_arena_strdup(&r->arena, pointer);
	x->wrong[x->wrongs++].value = mst_arena_strdup(&r->arena, text);
}

static void write_problem(struct http_exchange *x, int status, const char *code,
			  const char *detail, struct mst_buf *out)
{
	struct mst_jout j;

	mst_jout_init(&j, out);
	mst_jout_obj(&j);
	mst_jout_key(&j, "type");
	mst_jout_str(
	    &j, mst_arena_printf(&x->r.arena, "urn:muster:error:%s", code));
	mst_jout_kstr(&j, "title", title_of(status));
	mst_jout_ki64(&j, "status", status);
	mst_jout_kstr(&j, "detail", detail);
	if (x->wrongs) {
		mst_jout_key(&j, "errors");
		mst_jout_arr(&j);
		for (size_t i = 0; i < x->wrongs; i++) {
			mst_jout_obj(&j);
			mst_jout_kstr(&j, "pointer", x->wrong[i].name);
			mst_jout_kstr(&j, "detail", x->wrong[i].value);
			mst_jout_end_obj(&j);
		}
		mst_jout_end_arr(&j);
	}
	mst_jout_kstr(&j, "instance", x->r.id);
	mst_jout_end_obj(&j);
}

void mst_http_answer_reset(struct mst_http_resp *resp)
{
	struct mst_buf body = resp->body;

	if (resp->feed)
		mst_http_feed_free(resp->feed);
	mst_buf_fini(&body);
	*resp = (struct mst_http_resp){.body = body};
}

int mst_http_problem_as(struct mst_http_req *r, struct mst_http_resp *resp,
			int status, const char *code, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	mst_http_answer_reset(resp);
	r->detail = mst_arena_strdup(&r->arena, text);
	resp->status = status;
	resp->type = "application/problem+json";
	resp->no_etag = true;
	write_problem(of(r), status, code, text, &resp->body);
	if (status == 401)
		resp->headers[0] = "WWW-Authenticate: Bearer realm=\"muster\"";
	return 0;
}

int mst_http_problem(struct mst_http_req *r, struct mst_http_resp *resp,
		     const struct mst_err *err)
{
	int status = by_error[err->code].status;
	const char *code = by_error[err->code].code;
	const char *text = err->msg;
	int64_t wait_ms = err->retry_after_ms;

	if (of(r)->changed && err->code == MST_E_CONFLICT) {
		status = 412;
		code = "changed";
	}
	/* A stranger is told nothing of our inside. */
	if (status == 500 && !r->who)
		text = "the request could not be carried out; the log has the "
		       "reason under this instance";
	(void)mst_http_problem_as(r, resp, status, code, "%s", text);
	r->detail = mst_arena_strdup(&r->arena, err->msg);
	if (status == 429 || (status == 503 && wait_ms > 0))
		resp->headers[1] = mst_arena_printf(
		    &r->arena, "Retry-After: %lld",
		    (long long)MST_MAX((wait_ms + 999) / 1000, 1));
	return 0;
}

/* ---- entity tags --------------------------------------------------------- */

const char *mst_http_etag(struct mst_arena *a, struct mst_slice bytes,
			  bool gzip)
{
	char text[33];

	mst_hash_hex(mst_hash128(bytes.p, bytes.n, 0), text);
	return mst_arena_printf(a, "\"%s%s\"", text, gzip ? "-gz" : "");
}

/* Between the quotes, without "-gz"; core: without ".…", too, which is of the
 * bytes where the rest is of what they show. */
static struct mst_slice tag_of(struct mst_slice t, bool core)
{
	const char *dot;

	if (t.n > 2 && t.p[0] == 'W' && t.p[1] == '/')
		t = mst_slice(t.p + 2, t.n - 2);
	if (t.n >= 2 && t.p[0] == '"' && t.p[t.n - 1] == '"')
		t = mst_slice(t.p + 1, t.n - 2);
	if (t.n > 3 && memcmp(t.p + t.n - 3, "-gz", 3) == 0)
		t.n -= 3;
	dot = core && t.n ? memchr(t.p, '.', t.n) : NULL;
	if (dot)
		t.n = (size_t)(dot - t.p);
	return t;
}

bool mst_http_etag_in(const char *list, const char *tag, bool core)
{
	struct mst_slice want = tag_of(mst_slice_str(tag), core);

	while (*list) {
		size_t n = strcspn(list, ",");
		struct mst_slice one = mst_slice_trim(mst_slice(list, n));

		if (mst_slice_eq(tag_of(one, core), want))
			return true;
		list += n + (list[n] == ',');
	}
	return false;
}

/* ---- encodings ----------------------------------------------------------- */

/* "gzip" in the list, and not with a weight of nothing. */
static bool takes_gzip(const struct http_exchange *x)
{
	const char *p = mst_http_header(&x->r, "Accept-Encoding");

	while (p && *p) {
		size_t n = strcspn(p, ",");
		struct mst_slice one = mst_slice_trim(mst_slice(p, n));

		if (mst_slice_istarts(one, "gzip") &&
		    (one.n == 4 || strchr("; \t", one.p[4])))
			return !mst_slice_ifind(one, "q=0") ||
			       mst_slice_ifind(one, "q=0.");
		p += n + (p[n] == ',');
	}
	return false;
}

static bool is_compressible(const char *type)
{
	static const char *const kinds[] = {"text/",
					    "application/json",
					    "application/problem+json",
					    "application/yaml",
					    "application/javascript",
					    "image/svg+xml",
					    "application/manifest+json"};

	for (size_t i = 0; i < MST_LEN(kinds); i++)
		if (strncmp(type, kinds[i], strlen(kinds[i])) == 0)
			return true;
	return false;
}

static void inflate_fixed(struct http_exchange *x)
{
	struct mst_gunzip *g = mst_gunzip_new();
	struct mst_slice in = x->resp.fixed;
	struct mst_err err = MST_ERR_INIT;
	size_t n = 1;
	int rc = 0;

	while (rc == 0 && (in.n || n)) {
		if (!mst_buf_reserve(&x->resp.body, 65536))
			break;
		rc = mst_gunzip_step(g, &in, x->resp.body.p + x->resp.body.n,
				     65536, &n, &err);
		x->resp.body.n += rc == 0 ? n : 0;
	}
	mst_gunzip_free(&g);
	x->resp.fixed = mst_slice(NULL, 0);
}

/* Leaves the bytes that are sent in resp.fixed or resp.body; true: gzip. */
static bool encode(struct http_exchange *x)
{
	struct mst_http_resp *resp = &x->resp;
	struct mst_buf packed = MST_BUF_INIT(HTTP_ANSWER_MAX);
	struct mst_err err = MST_ERR_INIT;
	struct mst_slice bytes =
	    resp->fixed.p ? resp->fixed : mst_buf_slice(&resp->body);
	bool takes = takes_gzip(x);

	if (resp->fixed.p && resp->fixed_gzip) {
		if (takes)
			mst_http_answer_header(x, "Content-Encoding", "gzip");
		else
			inflate_fixed(x);
		return takes;
	}
	if (!takes || bytes.n < HTTP_GZIP_LEAST ||
	    !is_compressible(resp->type) ||
	    mst_gzip(bytes, 1, &packed, &err) < 0) {
		mst_buf_fini(&packed);
		return false;
	}
	mst_buf_fini(&resp->body);
	resp->body = packed;
	resp->fixed = mst_slice(NULL, 0);
	mst_http_answer_header(x, "Content-Encoding", "gzip");
	return true;
}

/* ---- headers ------------------------------------------------------------- */

void mst_http_answer_header(struct http_exchange *x, const char *name,
			    const char *value)
{
	if (x->outs < HTTP_HEADERS)
		x->out[x->outs++] = (struct http_pair){name, value};
}

/* "ETag: \"…\"" among its own headers. */
static const char *own_tag_line(const struct mst_http_resp *resp)
{
	for (size_t i = 0; i < MST_LEN(resp->headers); i++)
		if (resp->headers[i] &&
		    strncmp(resp->headers[i], "ETag: \"", 7) == 0)
			return resp->headers[i];
	return NULL;
}

/* tagged: the tag is there already. */
static void add_own(struct http_exchange *x, bool tagged)
{
	struct mst_arena *a = &x->r.arena;

	for (size_t i = 0; i < MST_LEN(x->resp.headers); i++) {
		const char *h = x->resp.headers[i];
		const char *colon = h ? strchr(h, ':') : NULL;

		if (!colon || (tagged && h == own_tag_line(&x->resp)))
			continue;
		mst_http_answer_header(
		    x, mst_arena_dup(a, mst_slice(h, (size_t)(colon - h))).p,
		    colon + 1 + strspn(colon + 1, " "));
	}
	if (x->resp.location)
		mst_http_answer_header(x, "Location", x->resp.location);
	if (x->resp.disposition)
		mst_http_answer_header(
		    x, "Content-Disposition",
		    mst_arena_printf(a, "attachment; filename=\"%s\"",
				     x->resp.disposition));
}

static void add_common(struct http_exchange *x)
{
	bool page = strncmp(x->resp.type, "text/html", 9) == 0;

	mst_http_answer_header(x, "X-Content-Type-Options", "nosniff");
	mst_http_answer_header(x, "Content-Security-Policy",
			       page ? PAGE_POLICY : DATA_POLICY);
	mst_http_answer_header(x, "Referrer-Policy", "no-referrer");
	mst_http_answer_header(x, "Cross-Origin-Resource-Policy",
			       "same-origin");
	if (page) {
		mst_http_answer_header(x, "Cross-Origin-Opener-Policy",
				       "same-origin");
		mst_http_answer_header(x, "X-Frame-Options", "DENY");
		mst_http_answer_header(
		    x, "Permissions-Policy",
		    "camera=(), geolocation=(), microphone=(), "
		    "payment=(), usb=()");
	}
	if (x->r.tls)
		mst_http_answer_header(x, "Strict-Transport-Security",
				       "max-age=31536000");
}

static const char *caching(const struct http_exchange *x, bool tagged)
{
	if (x->resp.cacheable && x->resp.status < 400)
		return "public, max-age=31536000, immutable";
	return tagged ? "private, no-cache" : "no-store";
}

static bool not_modified(const struct http_exchange *x, const char *tag)
{
	const char *none = mst_http_header(&x->r, "If-None-Match");

	return none &&
	       (strcmp(none, "*") == 0 || mst_http_etag_in(none, tag, false));
}

static void drop_body(struct mst_http_resp *resp)
{
	resp->status = 304;
	resp->fixed = mst_slice(NULL, 0);
	mst_buf_fini(&resp->body);
}

/* The tag of its bytes, behind its own if it has one; what has them already is
 * not sent them again. */
static void tag_bytes(struct http_exchange *x, const char *own)
{
	struct mst_http_resp *resp = &x->resp;
	struct mst_slice bytes =
	    resp->fixed.p ? resp->fixed : mst_buf_slice(&resp->body);
	const char *tag = mst_http_etag(&x->r.arena, bytes, false);

	if (own)
		tag = mst_arena_printf(&x->r.arena, "%.*s.%s",
				       (int)strlen(own) - 1, own, tag + 1);
	if (not_modified(x, tag))
		drop_body(resp);
	else if (encode(x))
		tag = mst_arena_printf(&x->r.arena, "%.*s-gz\"",
				       (int)strlen(tag) - 1, tag);
	mst_http_answer_header(x, "ETag", tag);
}

void mst_http_answer_finish(struct http_exchange *x)
{
	struct mst_http_resp *resp = &x->resp;
	const char *line = own_tag_line(resp);
	const char *own = line ? line + 6 : NULL;
	bool get, tagged;

	if (!resp->status)
		resp->status = 200;
	if (!resp->type)
		resp->type =
		    resp->feed ? "text/event-stream" : MST_HTTP_TYPE_JSON;
	get =
	    x->r.method == MST_ROUTE_GET && resp->status == 200 && !resp->feed;
	tagged = get && (own || !resp->no_etag);
	if (tagged)
		tag_bytes(x, own);
	else if (!resp->feed)
		(void)encode(x);
	if (resp->body.n || resp->fixed.n || resp->feed)
		mst_http_answer_header(x, "Content-Type", resp->type);
	if (is_compressible(resp->type))
		mst_http_answer_header(x, "Vary", "Accept-Encoding");
	mst_http_answer_header(x, "Cache-Control", caching(x, tagged));
	add_own(x, tagged);
	add_common(x);
}
