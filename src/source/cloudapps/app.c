/* SPDX-License-Identifier: Apache-2.0
 *
 * The ops of apps. The specification is docs/internals/cloudapps.md; change it
 * first.
 */
#include "source/cloudapps/ops.h"

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

/* ---- identity ------------------------------------------------------------ */

MS_OP(ca_op_class)
{
	const struct mst_opt_list *list = &ca_conf_of(ctx)->classes;

	return list->n ? ms_some(mst_slice_str(list->v[0]), out_r) : 0;
}

MS_OP(ca_op_identity)
{
	struct mst_slice table = MST_SLICE_LIT("cmdb_ci_business_app");
	struct mst_slice name = ms_text(ctx, v, CF_NAME);

	if (name.n > CA_NAME_MAX) { /* as much as the column holds */
		name.n = CA_NAME_MAX;
		while (name.n && ((unsigned char)name.p[name.n] & 0xc0) == 0x80)
			name.n--;
	}
	(void)ca_op_class(ctx, v, 0, NULL, &table);
	return name.n ? ms_identity(ctx, table, name, out_r) : 0;
}

static bool is_sanctioned(const struct mst_value *tags)
{
	static const char *word[] = {"Sanctioned"};
	static const struct mst_opt_list list = {word, 1};

	if (tags->type == MST_JSON_STRING)
		return mst_slice_iis(
		    mst_slice_trim(mst_slice(tags->u.s.p, tags->u.s.n)),
		    word[0]);
	return ms_fits_tag(tags, &list);
}

/* As text that compares, greater for a smaller id. */
static size_t put_id_rank(char *to, struct mst_slice id)
{
	for (size_t i = 0; i < id.n; i++)
		to[i] = (char)(255 - (unsigned char)lower(id.p[i]));
	to[id.n] = (char)255;
	return id.n + 1;
}

MS_OP(ca_op_rank)
{
	struct mst_slice id = ms_text(ctx, v, CF_ID);
	char *p = mst_rule_scratch(ctx, id.n + 2);

	p[0] = is_sanctioned(&v[CF_TAGS]) ? '1' : '0';
	return ms_some(mst_slice(p, 1 + put_id_rank(p + 1, id)), out_r);
}

/* Of an app's records that of the stream with the most users counts. */
MS_OP(ca_op_newest)
{
	return mst_op_number(ctx, v, CF_USERS, NULL, out_r);
}

/* ---- attributes ---------------------------------------------------------- */

/* Words of camelCase; "" is none. */
static const char *const categories[][2] = {
    {"generativeAi", "Generative AI"},
    {"webemail", "Webmail"},
    {"crm", "CRM"},
    {"itServices", "IT services"},
    {"unknownFutureValue", ""},
    {NULL, NULL},
};

MS_OP(ca_op_category)
{
	struct mst_slice s = ms_text(ctx, v, CF_CATEGORY);
	char *p;
	size_t n = 0;

	for (size_t i = 0; categories[i][0]; i++) {
		if (mst_slice_iis(s, categories[i][0]))
			return ms_some(mst_slice_str(categories[i][1]), out_r);
	}
	if (!s.n || memchr(s.p, ' ', s.n)) /* words already */
		return ms_some(s, out_r);
	p = mst_rule_scratch(ctx, 2 * s.n);
	for (size_t i = 0; i < s.n; i++) {
		bool word = i > 0 && is_upper(s.p[i]) && !is_upper(s.p[i - 1]);

		if (word)
			p[n++] = ' ';
		p[n++] = word ? lower(s.p[i]) : s.p[i];
	}
	if (p[0] >= 'a' && p[0] <= 'z')
		p[0] = (char)(p[0] - 0x20);
	return ms_some(mst_slice(p, n), out_r);
}

static struct mst_slice info_of(const struct mst_value *v)
{
	return v[CF_INFO].type == MST_JSON_STRING
		   ? mst_slice(v[CF_INFO].u.s.p, v[CF_INFO].u.s.n)
		   : mst_slice(NULL, 0);
}

MS_OP(ca_op_line)
{
	return ms_some(mst_slice_trim(ca_line_value(info_of(v), arg)), out_r);
}

/* A copy: the document of the parser does not live on. */
static struct mst_slice kept(struct mst_rule_ctx *ctx, struct mst_slice s)
{
	char *p = mst_rule_scratch(ctx, s.n + 1);

	if (s.n)
		memcpy(p, s.p, s.n);
	return mst_slice(p, s.n);
}

/* The line is a list in JSON, or a text. */
static struct mst_slice logon_url(struct mst_rule_ctx *ctx,
				  const struct mst_value *v)
{
	struct mst_slice s = ca_line_value(info_of(v), "logonUrls");
	struct mst_err ignored = MST_ERR_INIT;
	struct mst_json root, e;
	struct mst_json_iter it;

	if (!s.n || s.p[0] != '[')
		return mst_slice_trim(s);
	if (mst_json_parse(mst_rule_parser(ctx), s, &root, &ignored) < 0)
		return mst_slice(NULL, 0);
	it = mst_json_iter(root);
	while (mst_json_next(&it, NULL, &e)) {
		s = mst_slice_trim(mst_json_str(e));
		if (s.n)
			return kept(ctx, s);
	}
	return mst_slice(NULL, 0);
}

static struct mst_slice first_domain(const struct mst_value *v)
{
	const struct mst_value *d = &v[CF_DOMAINS];
	struct mst_slice s = {NULL, 0};
	struct mst_json_iter it;
	struct mst_json e;

	if (d->type == MST_JSON_STRING)
		s = mst_slice_trim(mst_slice(d->u.s.p, d->u.s.n));
	if (d->type == MST_JSON_ARRAY) {
		it = mst_json_iter(d->u.j);
		while (!s.n && mst_json_next(&it, NULL, &e))
			s = mst_slice_trim(mst_json_str(e));
	}
	if (s.n >= 2 && s.p[0] == '*' && s.p[1] == '.')
		s = mst_slice(s.p + 2, s.n - 2);
	return s;
}

MS_OP(ca_op_url)
{
	static const char https[] = "https://";
	struct mst_slice s = logon_url(ctx, v);
	char *p;

	if (mst_slice_istarts(s, https) || mst_slice_istarts(s, "http://"))
		return ms_some(s, out_r);
	/* Of another scheme it is nothing to click on. */
	if (!s.n || memchr(s.p, ':', s.n))
		s = first_domain(v);
	if (!s.n)
		return 0;
	p = mst_rule_scratch(ctx, sizeof(https) + s.n);
	memcpy(p, https, sizeof(https) - 1);
	memcpy(p + sizeof(https) - 1, s.p, s.n);
	return ms_some(mst_slice(p, sizeof(https) - 1 + s.n), out_r);
}

/* ---- lines --------------------------------------------------------------- */

/* Whole lines only, as many as fit; those that are cleared are left out. */
MS_OP(ca_op_description)
{
	const struct ca_conf *c = ca_conf_of(ctx);
	struct mst_slice lines = info_of(v), line;
	size_t max = (size_t)c->description_max, n = 0;
	char *p = mst_rule_scratch(ctx, lines.n + 1);

	while (ca_next_line(&lines, &line)) {
		const char *colon = memchr(line.p, ':', line.n);
		struct mst_slice name =
		    mst_slice(line.p, colon ? (size_t)(colon - line.p) : 0);

		if (ms_fits_one(&c->description_cleared, name))
			continue;
		if (n + (n > 0) + line.n > max)
			break;
		if (n > 0)
			p[n++] = '\n';
		memcpy(p + n, line.p, line.n);
		n += line.n;
	}
	return ms_some(mst_slice(p, n), out_r);
}

MS_OP(ca_op_risk_data)
{
	const struct mst_value *score =
	    &v[v[CF_SCORE].type == MST_JSON_NULL ? CF_RATING : CF_SCORE];
	struct mst_buf out = MST_BUF_INIT(CA_RISK_MAX);
	int rc = 0;

	if (ca_add_line(&out, "domains", CA_PLAIN, &v[CF_DOMAINS]) &&
	    ca_add_line(&out, "riskScore", CA_PLAIN, score))
		(void)ca_add_line(&out, "tags", CA_PLAIN, &v[CF_TAGS]);
	if (out.n)
		rc = ms_some(kept(ctx, mst_buf_slice(&out)), out_r);
	mst_buf_fini(&out);
	return rc;
}

MS_OP(ca_op_correlation)
{
	return ms_prefixed(ctx, ca_conf_of(ctx)->correlation_prefix,
			   ms_text(ctx, v, CF_ID), out_r);
}
