/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests and answers as the simulated systems see them: queries, forms,
 * headers, texts in JSON. No sockets here.
 */
#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/num.h"
#include "sim/private.h"

const char *sim_header(const struct sim_request *r, const char *name)
{
	const struct sim_impl *impl = r->impl;

	if (!impl || !impl->connection)
		return NULL;
	return MHD_lookup_connection_value(impl->connection, MHD_HEADER_KIND,
					   name);
}

const char *sim_query(const struct sim_request *r, const char *name)
{
	const struct sim_impl *impl = r->impl;

	return impl ? sim_form_get(impl->query, impl->query_n, name) : NULL;
}

const char *sim_iquery(const struct sim_request *r, const char *name)
{
	const struct sim_impl *impl = r->impl;

	for (size_t i = 0; impl && i < impl->query_n; i++)
		if (!strcasecmp(impl->query[i].name, name))
			return impl->query[i].value;
	return NULL;
}

void sim_reply_header(struct sim_reply *reply, const char *name,
		      const char *fmt, ...)
{
	char text[4096];
	va_list ap;

	if (reply->headers_n == MST_LEN(reply->headers))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	reply->headers[reply->headers_n].name = name;
	reply->headers[reply->headers_n++].value =
	    mst_arena_strdup(&reply->arena, text);
}

struct mst_slice sim_url_decode(struct mst_arena *a, struct mst_slice s,
				bool plus)
{
	char *out = mst_arena_bytes(a, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		int hi, lo;

		if (s.p[i] == '%' && i + 2 < s.n &&
		    (hi = mst_num_hex(s.p[i + 1])) >= 0 &&
		    (lo = mst_num_hex(s.p[i + 2])) >= 0) {
			out[n++] = (char)(hi * 16 + lo);
			i += 2;
		} else if (plus && s.p[i] == '+') {
			out[n++] = ' ';
		} else {
			out[n++] = s.p[i];
		}
	}
	out[n] = '\0';
	return mst_slice(out, n);
}

size_t sim_form_parse(struct mst_arena *a, struct mst_slice s,
		      struct sim_pair *out, size_t max)
{
	size_t n = 0;

	while (s.n && n < max) {
		const char *amp = memchr(s.p, '&', s.n);
		size_t part_n = amp ? (size_t)(amp - s.p) : s.n;
		const char *eq = memchr(s.p, '=', part_n);
		size_t name_n = eq ? (size_t)(eq - s.p) : part_n;
		size_t skip = eq ? name_n + 1 : part_n;

		if (part_n) {
			out[n].name =
			    sim_url_decode(a, mst_slice(s.p, name_n), true).p;
			out[n++].value =
			    sim_url_decode(
				a, mst_slice(s.p + skip, part_n - skip), true)
				.p;
		}
		if (!amp)
			break;
		s.p += part_n + 1;
		s.n -= part_n + 1;
	}
	return n;
}

const char *sim_form_get(const struct sim_pair *p, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(p[i].name, name))
			return p[i].value;
	return NULL;
}

void sim_json_text(struct mst_buf *b, struct mst_slice s)
{
	static const char hex[] = "0123456789abcdef";
	char *out;
	size_t n = 0;

	/* the worst case, so that the loop needs no checks */
	if (!mst_buf_reserve(b, s.n * 6 + 2))
		return;
	out = b->p + b->n;
	out[n++] = '"';
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (MST_LIKELY(c >= 0x20 && c != '"' && c != '\\')) {
			out[n++] = (char)c;
		} else if (c >= 0x20) {
			out[n++] = '\\';
			out[n++] = (char)c;
		} else {
			memcpy(out + n, "\\u00", 4);
			out[n + 4] = hex[c >> 4];
			out[n + 5] = hex[c & 15];
			n += 6;
		}
	}
	out[n++] = '"';
	b->n += n;
	b->p[b->n] = '\0';
}

void sim_reply_init(struct sim_reply *reply)
{
	*reply = (struct sim_reply){.status = 200,
				    .content_type = "application/json"};
	mst_buf_init(&reply->body, SIM_MAX_REPLY);
	mst_arena_init(&reply->arena, 64u << 20);
}

void sim_reply_fini(struct sim_reply *reply)
{
	if (reply->release)
		reply->release(reply->release_ctx);
	mst_buf_fini(&reply->body);
	mst_arena_fini(&reply->arena);
}

void sim_guid(uint64_t a, uint64_t b, char out[37])
{
	uint64_t v[2] = {a, b};
	struct mst_hash h = mst_hash128(v, sizeof(v), 77);

	snprintf(out, 37, "%08x-%04x-4%03x-%04x-%012llx",
		 (unsigned)(h.hi >> 32), (unsigned)(h.hi >> 16 & 0xffff),
		 (unsigned)(h.hi & 0xfff),
		 (unsigned)(h.lo >> 48 & 0x3fff) | 0x8000u,
		 (unsigned long long)(h.lo & 0xffffffffffffull));
}

void sim_control_error(struct sim_reply *reply, int status, const char *fmt,
		       ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	reply->status = status;
	mst_buf_reset(&reply->body);
	mst_buf_adds(&reply->body, "{\"error\":");
	sim_json_text(&reply->body, mst_slice_str(text));
	mst_buf_addc(&reply->body, '}');
}
