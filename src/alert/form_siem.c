/* SPDX-License-Identifier: Apache-2.0
 *
 * CEF and LEEF: a header between bars, then names and values.
 *
 *   CEF:0|vendor|product|version|event|title|severity|name=value name=value
 *   LEEF:1.0|vendor|product|version|event|name=value<tab>name=value
 *   LEEF:2.0|vendor|product|version|event|delimiter|…
 *
 * A sensor puts its own name where CEF has the version of the format's maker;
 * the order of the header is as the product's page lists it: vendor and product
 * in one, sensor, version, event, title, severity.
 */
#include "alert/form_private.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define HEADER_MAX 8

/* Cuts the header's fields at bars that are not escaped. Returns how many
 * there were; *rest_r is what stands behind the last. */
static size_t header(struct mst_slice s, size_t want,
		     struct mst_slice out[HEADER_MAX], struct mst_slice *rest_r)
{
	size_t n = 0, from = 0;

	for (size_t i = 0; i < s.n && n < want; i++) {
		if (s.p[i] == '\\') {
			i++;
			continue;
		}
		if (s.p[i] != '|')
			continue;
		out[n++] = mst_slice(s.p + from, i - from);
		from = i + 1;
	}
	*rest_r = mst_slice(s.p + from, s.n - from);
	return n;
}

static void fill_pair(void *ctx, struct mst_slice name, struct mst_slice value)
{
	mst_fill(ctx, name, value);
}

/* A header's field without its escapes. */
static void fill_field(struct mst_filling *f, const char *name,
		       struct mst_slice v)
{
	struct mst_buf b = MST_BUF_INIT(MST_FORM_MAX + 1);

	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] == '\\' && i + 1 < v.n)
			i++;
		(void)mst_buf_addc(&b, v.p[i]);
	}
	mst_fill(f, mst_slice_str(name), mst_buf_slice(&b));
	mst_buf_fini(&b);
}

/* Where other products have their name. */
static bool is_product(struct mst_slice s)
{
	return mst_slice_fits(s, "*Defender for IoT*") ||
	       mst_slice_fits(s, "*CyberX*");
}

static bool is_version(struct mst_slice s)
{
	return s.n > 0 && isdigit((unsigned char)s.p[0]);
}

int mst_form_cef(struct mst_slice s, struct mst_filling *f, struct mst_err *err)
{
	const char *start = mst_slice_ifind(s, "CEF:");
	struct mst_slice h[HEADER_MAX], rest;
	size_t n;

	if (!start)
		return mst_err_set(err, MST_E_CORRUPT, "it has no CEF header");
	s = mst_slice(start, s.n - (size_t)(start - s.p));
	n = header(s, 7, h, &rest);
	if (n < 7)
		return mst_err_set(err, MST_E_CORRUPT,
				   "its CEF header has %zu fields of 7", n);
	mst_pairs(rest,
		  memchr(rest.p, '\t', rest.n) ? MST_PAIRS_TAB
					       : MST_PAIRS_BLANK,
		  fill_pair, f);
	fill_field(f, "title", h[5]);
	fill_field(f, "severity", h[6]);
	/* The sensor's name stands in front of the version, or does not. */
	if (!is_version(h[2]) && is_version(h[3]) && !is_product(h[2]))
		fill_field(f, "sensor", h[2]);
	return mst_fill_end(f, err);
}

int mst_form_leef(struct mst_slice s, struct mst_filling *f,
		  struct mst_err *err)
{
	const char *start = mst_slice_ifind(s, "LEEF:");
	struct mst_slice h[HEADER_MAX], rest;
	bool second;
	size_t n, want;

	if (!start)
		return mst_err_set(err, MST_E_CORRUPT, "it has no LEEF header");
	s = mst_slice(start, s.n - (size_t)(start - s.p));
	second = mst_slice_istarts(s, "LEEF:2");
	want = second ? 6 : 5;
	n = header(s, want, h, &rest);
	if (n < want)
		return mst_err_set(err, MST_E_CORRUPT,
				   "its LEEF header has %zu fields of %zu", n,
				   want);
	mst_pairs(rest,
		  rest.n && memchr(rest.p, '\t', rest.n) ? MST_PAIRS_TAB
							 : MST_PAIRS_BLANK,
		  fill_pair, f);
	if (!f->a->title.n)
		fill_field(f, "title", h[4]);
	return mst_fill_end(f, err);
}
