/* SPDX-License-Identifier: Apache-2.0
 *
 * A request's target: segments of the path, parameters of the query, and the
 * decoding of both. What is not plain text is refused here, so that nothing
 * behind it meets a NUL, a control character or half a character.
 */
#include "base/num.h"
#include "http/private.h"

/* ---- characters ---------------------------------------------------------- */

/* Bytes of the character at p, 0 for none (RFC 3629). */
static size_t utf8_step(const unsigned char *p, size_t n)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t len = p[0] < 0x80	     ? 1
		     : (p[0] & 0xe0) == 0xc0 ? 2
		     : (p[0] & 0xf0) == 0xe0 ? 3
		     : (p[0] & 0xf8) == 0xf0 ? 4
					     : 0;
	uint32_t c = len > 1 ? p[0] & (0x7fu >> len) : p[0];

	if (len == 0 || len > n)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (len > 1 &&
	    (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)))
		return 0;
	return len;
}

static bool is_text(const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;

	while (n > 0) {
		size_t len = utf8_step(p, n);

		if (len == 0 || p[0] < 0x20 || p[0] == 0x7f)
			return false;
		p += len;
		n -= len;
	}
	return true;
}

int mst_http_uri_decode(struct mst_arena *a, struct mst_slice s, bool plus,
			const char **text_r, struct mst_err *err)
{
	char *out = mst_arena_bytes(a, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '+' && plus) {
			c = ' ';
		} else if (c == '%') {
			bool whole = s.n - i > 2;
			int hi = whole ? mst_num_hex(s.p[i + 1]) : -1;
			int lo = whole ? mst_num_hex(s.p[i + 2]) : -1;

			if (hi < 0 || lo < 0)
				return mst_err_set(
				    err, MST_E_INVALID,
				    "'%%' in the address is not followed by "
				    "two hexadecimal digits");
			c = (char)(hi << 4 | lo);
			i += 2;
		}
		out[n++] = c;
	}
	out[n] = 0;
	if (!is_text(out, n))
		return mst_err_set(err, MST_E_INVALID,
				   "the address has a part that is no text "
				   "(UTF-8 without control characters)");
	*text_r = out;
	return 0;
}

/* ---- parts --------------------------------------------------------------- */

static int split_path(struct http_exchange *x, struct mst_slice path,
		      struct mst_err *err)
{
	const char *p = path.p + 1, *end = path.p + path.n;

	x->segs = 0;
	if (p == end)
		return 0;
	for (;;) {
		const char *slash = memchr(p, '/', (size_t)(end - p));
		const char *stop = slash ? slash : end;

		if (x->segs == HTTP_SEGMENTS)
			return mst_err_set(err, MST_E_NOTFOUND,
					   "there is nothing at this address");
		x->seg[x->segs++] = mst_slice(p, (size_t)(stop - p));
		if (!slash)
			return 0;
		p = slash + 1;
	}
}

static int add_query(struct http_exchange *x, struct mst_slice part,
		     struct mst_err *err)
{
	const char *eq = memchr(part.p, '=', part.n);
	size_t name_n = eq ? (size_t)(eq - part.p) : part.n;
	struct mst_slice value =
	    mst_slice(part.p + name_n + !!eq, part.n - name_n - (size_t) !!eq);
	struct http_pair *q = &x->query[x->queries];
	int rc;

	if (x->queries == HTTP_QUERIES)
		return mst_err_set(err, MST_E_INVALID,
				   "more than %u parameters", HTTP_QUERIES);
	rc = mst_http_uri_decode(&x->r.arena, mst_slice(part.p, name_n), true,
				 &q->name, err);
	if (rc == 0)
		rc = mst_http_uri_decode(&x->r.arena, value, true, &q->value,
					 err);
	if (rc == 0)
		x->queries++;
	return rc;
}

static int split_query(struct http_exchange *x, struct mst_slice query,
		       struct mst_err *err)
{
	const char *p = query.p, *end = query.p + query.n;
	int rc = 0;

	while (rc == 0 && p < end) {
		const char *amp = memchr(p, '&', (size_t)(end - p));
		const char *stop = amp ? amp : end;

		if (stop > p)
			rc =
			    add_query(x, mst_slice(p, (size_t)(stop - p)), err);
		p = stop + 1;
	}
	return rc;
}

int mst_http_uri_split(struct http_exchange *x, struct mst_err *err)
{
	struct mst_slice uri = mst_slice_str(x->uri);
	const char *q;
	size_t path_n;
	int rc;

	/* "http://host/path", as proxies are asked, is the path to us. */
	if (mst_slice_istarts(uri, "http://") ||
	    mst_slice_istarts(uri, "https://")) {
		uri.p = strstr(uri.p, "//") + 2;
		uri = mst_slice_str(uri.p + strcspn(uri.p, "/"));
	}
	x->r.path = uri.p;
	q = memchr(uri.p, '?', uri.n);
	path_n = q ? (size_t)(q - uri.p) : uri.n;
	if (uri.n == 0 || uri.p[0] != '/')
		return mst_err_set(err, MST_E_INVALID,
				   "the address does not begin with '/'");
	rc = split_path(x, mst_slice(uri.p, path_n), err);
	if (rc == 0 && q)
		rc = split_query(x, mst_slice(q + 1, uri.n - path_n - 1), err);
	return rc;
}
