/* SPDX-License-Identifier: Apache-2.0
 *
 * The page for people: menus, tables with their numbers of records, records,
 * one record with its references as links; lists and forms as the instance's
 * layouts have them. Read-only, plain HTML, no scripts.
 *
 *   /                      tables
 *   /table/NAME?page=N&q=  records (q: an encoded query)
 *   /record/SYS_ID         one record
 */
#include <stdio.h>

#include "base/num.h"
#include "sim/sn_web.h"

#define PAGE 50

void sn_web_text(struct mst_buf *b, struct mst_slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		switch (s.p[i]) {
		case '<':
			mst_buf_adds(b, "&lt;");
			break;
		case '>':
			mst_buf_adds(b, "&gt;");
			break;
		case '&':
			mst_buf_adds(b, "&amp;");
			break;
		case '"':
			mst_buf_adds(b, "&quot;");
			break;
		case '\'':
			mst_buf_adds(b, "&#39;");
			break;
		default:
			mst_buf_addc(b, s.p[i]);
		}
	}
}

static void esc_str(struct mst_buf *b, const char *s)
{
	sn_web_text(b, mst_slice_str(s));
}

static void head(struct sim_reply *reply, const char *title)
{
	struct mst_buf *b = &reply->body;

	reply->content_type = "text/html; charset=utf-8";
	mst_buf_adds(
	    b, "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
	       "<meta name=\"viewport\" content=\"width=device-width\">"
	       "<title>");
	esc_str(b, title);
	mst_buf_adds(
	    b, " - simulated ServiceNow</title><style>"
	       "body{font:15px/1.5 system-ui,sans-serif;margin:2em auto;"
	       "max-width:84em;padding:0 1em;color:#222;background:#fff}"
	       "table{border-collapse:collapse}"
	       "th,td{text-align:left;vertical-align:top;padding:.25em .8em "
	       ".25em 0;border-bottom:1px solid #ddd;overflow-wrap:anywhere}"
	       "td.n{text-align:right}.m{color:#666}a{color:#0645ad}"
	       "pre{margin:0;white-space:pre-wrap;font:inherit}"
	       "div.w{overflow-x:auto}div.w th{overflow-wrap:normal}"
	       "div.w td{overflow:hidden;text-overflow:ellipsis;"
	       "white-space:nowrap;max-width:20em}"
	       "div.w pre{white-space:nowrap}"
	       "table.r th{width:14em}table.r td.m{width:15em}"
	       "div.f{display:flex;flex-wrap:wrap;gap:0 3em;align-items:start}"
	       "</style></head><body><p class=\"m\"><a href=\"/\">Tables</a> "
	       "&middot; a simulated ServiceNow, read-only</p><h1>");
	esc_str(b, title);
	mst_buf_adds(b, "</h1>");
}

static void tail(struct sim_reply *reply)
{
	mst_buf_adds(&reply->body, "</body></html>\n");
}

static uint64_t live_below(const struct sim_sn *sn, const struct sn_table *t)
{
	uint64_t n = 0;

	for (size_t i = 0; i < sn->order_n; i++) {
		if (sn_is_a(sn->order[i], t) && !sn->order[i]->off)
			n += sn->order[i]->live;
	}
	return n;
}

static void table_lines(struct sim_sn *sn, struct mst_buf *b, bool own)
{
	mst_buf_adds(b, "<table><tr><th>Table</th><th>Name</th>"
			"<th>Records</th></tr>");
	for (size_t i = 0; i < sn->order_n; i++) {
		const struct sn_table *t = sn->order[i];
		uint64_t n = t->off ? 0 : live_below(sn, t);

		if (t->off || t->system == own || (!own && !n))
			continue;
		mst_buf_adds(b, "<tr><td><a href=\"/table/");
		mst_buf_adds(b, t->name);
		mst_buf_adds(b, "\">");
		esc_str(b, t->label);
		mst_buf_addf(b,
			     "</a></td><td class=\"m\">%s</td>"
			     "<td class=\"n\">%llu</td></tr>",
			     t->name, (unsigned long long)n);
	}
	mst_buf_adds(b, "</table>");
}

static void page_tables(struct sim_sn *sn, struct sim_reply *reply)
{
	head(reply, "Tables");
	sn_web_menus(sn, &reply->body);
	mst_buf_adds(&reply->body, "<h2>Tables of muster</h2>");
	table_lines(sn, &reply->body, true);
	mst_buf_adds(&reply->body, "<h2>Tables of the instance</h2>");
	table_lines(sn, &reply->body, false);
	tail(reply);
}

static void not_there(struct sim_reply *reply)
{
	reply->status = 404;
	head(reply, "Not found");
	mst_buf_adds(&reply->body, "<p>There is no such page. "
				   "<a href=\"/\">All tables</a></p>");
	tail(reply);
}

/* The columns of a list without a layout: the display column, then those that
 * say most. */
static size_t usual_columns(const struct sn_table *t, size_t *cols, size_t max)
{
	static const char *const liked[] = {"name",
					    "sys_class_name",
					    "version",
					    "vendor",
					    "os",
					    "ip_address",
					    "installed_on",
					    "software",
					    "operational_status",
					    "correlation_id",
					    "element",
					    "value",
					    "target_sys_id",
					    "sys_updated_on"};
	size_t n = 0;

	if (t->display != SN_NONE)
		cols[n++] = t->display;
	for (size_t i = 0; i < MST_LEN(liked) && n < max; i++) {
		size_t at = sn_col_at(t, liked[i]);

		if (at != SN_NONE && at != t->display)
			cols[n++] = at;
	}
	for (size_t i = SN_C__N; i < t->n && n < 5; i++) {
		bool have = false;

		for (size_t k = 0; k < n; k++)
			have |= cols[k] == i;
		if (!have)
			cols[n++] = i;
	}
	return n;
}

void sn_web_cell(struct sim_sn *sn, struct mst_buf *b, const struct sn_row *row,
		 size_t col)
{
	struct mst_slice v = sn_get(row, col);
	bool link = row->t->cols[col]->kind == SN_REFERENCE &&
		    mst_map_has(&sn->by_id, v);
	struct mst_slice shown = sn_display(sn, row, col);

	if (link) {
		mst_buf_adds(b, "<a href=\"/record/");
		sn_web_text(b, v);
		mst_buf_adds(b, "\">");
	}
	if (!shown.n)
		shown = v;
	mst_buf_adds(b, "<pre>");
	sn_web_text(b, shown);
	mst_buf_adds(b, "</pre>");
	if (link)
		mst_buf_adds(b, "</a>");
}

static void page_links(struct mst_buf *b, const struct sn_table *t,
		       const char *q, size_t page, size_t total)
{
	size_t last = total ? (total - 1) / PAGE : 0;
	const struct {
		const char *text;
		size_t page;
		bool on;
	} links[] = {{"first", 0, page > 0},
		     {"previous", page - 1, page > 0},
		     {"next", page + 1, page < last},
		     {"last", last, page < last}};

	mst_buf_addf(b, "<p>%zu records, page %zu of %zu", total, page + 1,
		     last + 1);
	for (size_t i = 0; i < MST_LEN(links); i++) {
		if (!links[i].on)
			continue;
		mst_buf_addf(b, " &middot; <a href=\"/table/%s?page=%zu&amp;q=",
			     t->name, links[i].page);
		mst_buf_add_uri(b, mst_slice_str(q));
		mst_buf_addf(b, "\">%s</a>", links[i].text);
	}
	mst_buf_adds(b, "</p>");
}

static void search_form(struct mst_buf *b, const struct sn_table *t,
			const char *q)
{
	mst_buf_addf(
	    b,
	    "<form action=\"/table/%s\"><label>Query <input name=\"q\" "
	    "size=\"50\" placeholder=\"u_severity=critical\" value=\"",
	    t->name);
	esc_str(b, q);
	mst_buf_adds(b, "\"></label> <button>Show</button></form>");
}

static void page_list(struct sim_sn *sn, const char *query, const char *name,
		      struct sim_reply *reply)
{
	struct sn_table *t = sn_table(sn, name);
	const char *q = sn_param(sn, query, "q");
	const char *p = sn_param(sn, query, "page");
	struct mst_buf *b = &reply->body;
	size_t cols[16], n, page, total;
	uint64_t at;

	if (!t) {
		not_there(reply);
		return;
	}
	q = q ? q : "";
	head(reply, t->label);
	search_form(b, t, q);
	n = sn_list_columns(sn, t, cols, MST_LEN(cols));
	if (!n)
		n = usual_columns(t, cols, 9);
	sn_query_run(sn, sn_query_parse(sn, t, q), SIZE_MAX);
	total = sn->found_n;
	page = p && mst_num_u64(mst_slice_str(p), &at) ? (size_t)at : 0;
	page = MST_MIN(page, total ? (total - 1) / PAGE : 0);
	page_links(b, t, q, page, total);
	mst_buf_adds(b, "<div class=\"w\"><table><tr><th></th>");
	for (size_t i = 0; i < n; i++) {
		mst_buf_adds(b, "<th>");
		esc_str(b, t->cols[cols[i]]->label);
		mst_buf_adds(b, "</th>");
	}
	mst_buf_adds(b, "</tr>");
	for (size_t k = page * PAGE; k < MST_MIN(total, (page + 1) * PAGE);
	     k++) {
		struct sn_row *row = sn->found[k];

		mst_buf_addf(b, "<tr><td><a href=\"/record/%s\">open</a></td>",
			     row->id);
		for (size_t i = 0; i < n; i++) {
			mst_buf_adds(b, "<td>");
			sn_web_cell(sn, b, row,
				    sn_col_in(row->t, t->cols[cols[i]]));
			mst_buf_adds(b, "</td>");
		}
		mst_buf_adds(b, "</tr>");
	}
	mst_buf_adds(b, "</table></div>");
	tail(reply);
}

/* Records that refer to this one, by table and column, as links to lists. */
static void referring(struct sim_sn *sn, struct mst_buf *b,
		      const struct sn_row *row)
{
	mst_buf_adds(b, "<h2>Related records</h2><ul>");
	for (size_t i = 0; i < sn->order_n; i++) {
		struct sn_table *t = sn->order[i];

		for (size_t k = 0; k < t->n; k++) {
			const struct sn_col *c = t->cols[k];
			struct sn_table *ref;
			size_t n;

			if (c->owner != t || !c->reference || t->off)
				continue;
			ref = sn_table(sn, c->reference);
			if (!ref || !sn_is_a(row->t, ref))
				continue;
			n = sn_search(sn, t, c->name, mst_slice(row->id, SN_ID),
				      false);
			if (!n)
				continue;
			mst_buf_addf(b, "<li><a href=\"/table/%s?q=%s%%3D%s\">",
				     t->name, c->name, row->id);
			esc_str(b, t->label);
			mst_buf_adds(b, " (");
			esc_str(b, c->label);
			mst_buf_addf(b, "): %zu</a></li>", n);
		}
	}
	mst_buf_adds(b, "</ul>");
}

/* Columns from..to that are not empty. */
static void columns(struct sim_sn *sn, struct mst_buf *b,
		    const struct sn_row *row, size_t from, size_t to)
{
	mst_buf_adds(b, "<table class=\"r\">");
	for (size_t i = from; i < to; i++) {
		const struct sn_col *c = row->t->cols[i];

		if (!sn_get(row, i).n)
			continue;
		mst_buf_adds(b, "<tr><th>");
		esc_str(b, c->label);
		mst_buf_addf(b, "</th><td class=\"m\">%s</td><td>", c->name);
		sn_web_cell(sn, b, row, i);
		mst_buf_adds(b, "</td></tr>");
	}
	mst_buf_adds(b, "</table>");
}

static void page_record(struct sim_sn *sn, const char *id,
			struct sim_reply *reply)
{
	struct sn_row *row = mst_map_get(&sn->by_id, mst_slice_str(id));
	struct mst_buf *b = &reply->body;
	struct mst_slice title;

	if (!row || row->t->off) {
		not_there(reply);
		return;
	}
	title = sn_title(sn, row);
	head(reply, mst_arena_dup(&sn->scratch, title).p);
	mst_buf_addf(b, "<p><a href=\"/table/%s\">", row->t->name);
	esc_str(b, row->t->label);
	mst_buf_addf(b, "</a> <span class=\"m\">%s</span></p>", row->t->name);
	if (!sn_web_form(sn, b, row))
		columns(sn, b, row, SN_C__N, row->t->n);
	columns(sn, b, row, 0, SN_C__N);
	referring(sn, b, row);
	tail(reply);
}

void sn_web(struct sim_sn *sn, const struct sim_request *r,
	    struct sim_reply *reply)
{
	const char *mark = strchr(r->url, '?');

	if (strcmp(r->method, "GET") && strcmp(r->method, "HEAD")) {
		reply->status = 405;
		reply->content_type = "text/plain";
		mst_buf_adds(&reply->body, "only GET\n");
		return;
	}
	sim_reply_header(reply, "Content-Security-Policy",
			 "default-src 'none'; style-src 'unsafe-inline'; "
			 "form-action 'self'");
	if (!strcmp(r->path, "/"))
		page_tables(sn, reply);
	else if (!strncmp(r->path, "/table/", 7))
		page_list(sn, mark ? mark + 1 : "", r->path + 7, reply);
	else if (!strncmp(r->path, "/record/", 8))
		page_record(sn, r->path + 8, reply);
	else
		not_there(reply);
}
