/* SPDX-License-Identifier: Apache-2.0
 *
 * Which request comes next. Three ways: pages by $top and $skip, pages by
 * nextLink, and lists of files. Nothing is sent from here.
 */
#include <stdlib.h>

#include "source/endpoint/endpoint_private.h"

#define DEFENDER "WindowsDefenderATP"

const struct ep_io ep_io[EP__FEEDS] = {
    [EP_MACHINES] = {.pages = EP_WAY_SKIP,
		     .path = "/api/machines",
		     .query = "",
		     .page_max = 10000,
		     .rate = "machines",
		     .need = {"Machine.Read.All", DEFENDER, false}},
    [EP_ENTRA] = {.pages = EP_WAY_LINK,
		  .path = "/v1.0/devices",
		  .query = "$select=id,deviceId,displayName,manufacturer,model,"
			   "operatingSystem,operatingSystemVersion",
		  .page_max = 999,
		  .need = {"Device.Read.All", MS_GRAPH, true}},
    [EP_SOFTWARE] = {.pages = EP_WAY_LINK,
		     .path = "/api/machines/SoftwareInventoryByMachine",
		     .query = "",
		     .files = "/api/machines/SoftwareInventoryExport",
		     .sas_hours = true,
		     .page_max = 200000,
		     .rate = "assessments",
		     .need = {"Software.Read.All", DEFENDER, false}},
    [EP_NON_CPE] = {.pages = EP_WAY_LINK,
		    .path = "/api/machines/"
			    "SoftwareInventoryNoProductCodeByMachine",
		    .query = "",
		    .files = "/api/machines/SoftwareInventoryNonCpeExport",
		    .sas_hours = true,
		    .page_max = 200000,
		    .rate = "assessments",
		    .need = {"Software.Read.All", DEFENDER, false}},
    [EP_DEVICE_CVES] = {.pages = EP_WAY_LINK,
			.path = "/api/machines/"
				"SoftwareVulnerabilitiesByMachine",
			.query = "",
			.files = "/api/machines/SoftwareVulnerabilitiesExport",
			.sas_hours = true,
			.page_max = 200000,
			.rate = "assessments",
			.need = {"Vulnerability.Read.All", DEFENDER, false}},
    [EP_CVES] = {.pages = EP_WAY_SKIP,
		 .path = "/api/vulnerabilities",
		 .query = "",
		 .page_max = 8000,
		 .rate = "vulnerabilities",
		 .need = {"Vulnerability.Read.All", DEFENDER, false}},
    [EP_HARDWARE] = {.pages = EP_WAY_LINK,
		     .path = "/api/machines/HardwareFirmwareInventoryByMachine",
		     .query = "",
		     .files = "/api/machines/HardwareFirmwareInventoryExport",
		     .page_max = 200000,
		     .rate = "assessments",
		     .need = {"Software.Read.All", DEFENDER, false}},
};

/* Files cost the API one request instead of many and come compressed; JSON is
 * the other way where files are not offered. */
static enum ep_way first_way(const struct mst_source *s, unsigned feed)
{
	const struct ep_conf *c = s->conf;

	if (!ep_io[feed].files || c->read_method == EP_JSON)
		return ep_io[feed].pages;
	if (c->read_method == EP_AUTO && s->machines >= 0 &&
	    s->machines < c->json_below)
		return ep_io[feed].pages;
	return EP_WAY_FILES;
}

static void take_way(struct mst_source *s, enum ep_way way)
{
	struct ep_read *r = &s->read;

	r->way = way;
	r->need_list = way == EP_WAY_FILES;
	r->top = (uint64_t)MST_MIN((int64_t)ep_io[r->feed].page_max,
				   s->conf->page_size);
	if (ep_io[r->feed].need.graph) /* its pages are small enough */
		r->top = (uint64_t)ep_io[r->feed].page_max;
}

int ep_begin(struct mst_source *s, unsigned feed, const char *one,
	     struct mst_err *err)
{
	uint32_t generation = s->read.generation;

	if (feed >= EP__FEEDS)
		return mst_err_set(err, MST_E_INTERNAL, "no feed %u", feed);
	if (!s->auth[ep_io[feed].need.graph])
		return mst_err_set(err, MST_E_UNSUPPORTED,
				   "%s cannot be read from the API: %s",
				   ep_feeds[feed].title,
				   s->conf->common.read_from
				       ? "this connection reads a folder "
					 "(read_from)"
				       : "enrichment is switched off "
					 "(enrich)");
	ep_read_clear(&s->read);
	ep_tally_reset(&s->tally);
	s->read.feed = feed;
	s->read.active = true;
	s->read.generation = generation + 1;
	/* Only devices can be asked for one by one; all other lists are read
	 * whole and filtered by the engine. */
	if (one && feed == EP_MACHINES)
		s->read.one = mst_strdup(one);
	s->proofs[feed] = (struct mst_proof){.as_of_us = s->tally.as_of_us,
					     .why = "the read did not end"};
	take_way(s, first_way(s, feed));
	return 0;
}

void ep_read_clear(struct ep_read *r)
{
	ep_files_free(r);
	free(r->one);
	free(r->link);
	*r = (struct ep_read){.feed = 0};
}

void ep_read_again(struct mst_source *s)
{
	struct ep_read *r = &s->read;

	ep_files_free(r);
	free(r->link);
	r->link = NULL;
	r->skip = 0;
	r->linked = r->confirm = r->waiting = false;
	r->tries = 0;
	r->generation++;
	ep_tally_reset(&s->tally);
	take_way(s, r->way);
}

bool ep_fall_back(struct mst_source *s)
{
	struct ep_read *r = &s->read;
	const struct ep_io *io = &ep_io[r->feed];

	if (s->conf->read_method != EP_AUTO || r->fell_back || !io->files ||
	    s->tally.pages || s->tally.files)
		return false;
	r->fell_back = true;
	r->way = r->way == EP_WAY_FILES ? io->pages : EP_WAY_FILES;
	ep_read_again(s);
	return true;
}

void ep_read_end(struct mst_source *s)
{
	struct ep_read *r = &s->read;

	r->ended = true;
	if (r->feed == EP_MACHINES && !r->one)
		s->machines = (int64_t)s->tally.records;
	ep_proof_make(s, &s->proofs[r->feed]);
}

/* ---- pages -------------------------------------------------------------- */

static bool is_device_id(const char *s)
{
	return strlen(s) == 40 && strspn(s, "0123456789abcdefABCDEF") == 40;
}

/* $filter for one device, by id or by name. The list is asked rather than
 * /api/machines/{id}: its answers have one shape, and it does not answer 404
 * for ids that it lists. */
static void add_filter(struct mst_buf *url, const char *one)
{
	struct mst_buf text = MST_BUF_INIT(MST_MAX_URL);

	mst_buf_adds(&text,
		     is_device_id(one) ? "id eq '" : "computerDnsName eq '");
	for (const char *c = one; *c; c++) {
		if (*c == '\'')
			mst_buf_addc(&text, '\'');
		mst_buf_addc(&text, *c);
	}
	mst_buf_addc(&text, '\'');
	mst_buf_adds(url, "&$filter=");
	mst_buf_add_uri(url, mst_buf_slice(&text));
	mst_buf_fini(&text);
}

static void page_url(const struct mst_source *s, struct mst_buf *url)
{
	const struct ep_read *r = &s->read;
	const struct ep_io *io = &ep_io[r->feed];

	if (r->link) {
		mst_buf_adds(url, r->link);
		return;
	}
	mst_buf_addf(url, "%s%s?",
		     io->need.graph ? s->sites.graph : s->sites.api, io->path);
	if (io->query[0])
		mst_buf_addf(url, "%s&", io->query);
	if (r->way == EP_WAY_SKIP)
		mst_buf_addf(url, "$top=%llu&$skip=%llu",
			     (unsigned long long)r->top,
			     (unsigned long long)r->skip);
	else if (io->need.graph)
		mst_buf_addf(url, "$top=%llu", (unsigned long long)r->top);
	else /* $top would suppress the nextLink */
		mst_buf_addf(url, "pageSize=%llu", (unsigned long long)r->top);
	if (r->one)
		add_filter(url, r->one);
}

static int page_next(struct mst_source *s, struct mst_req *req_r,
		     struct mst_err *err)
{
	struct mst_buf url = MST_BUF_INIT(MST_MAX_URL);
	struct ep_read *r = &s->read;
	const struct ep_io *io = &ep_io[r->feed];

	if (r->waiting)
		return MST_NEXT_WAIT;
	if (s->tally.pages >= MST_MAX_PAGES)
		return mst_err_set(err, MST_E_INCOMPLETE,
				   "%s: more than %u pages; raise page_size",
				   ep_feeds[r->feed].title, MST_MAX_PAGES);
	page_url(s, &url);
	if (url.overflow) {
		mst_buf_fini(&url);
		return mst_err_set(err, MST_E_INVALID,
				   "%s: the address of the next page is too "
				   "long",
				   ep_feeds[r->feed].title);
	}
	mst_req_init(req_r, MST_HTTP_GET);
	req_r->id = (uint64_t)r->generation << 32;
	req_r->url = mst_arena_strdup(&req_r->arena, url.p);
	req_r->auth = io->need.graph ? MS_AUTH_GRAPH : EP_AUTH_API;
	req_r->rate = io->rate;
	req_r->what = mst_arena_printf(&req_r->arena, "page %llu of %s",
				       (unsigned long long)s->tally.pages + 1,
				       ep_feeds[r->feed].title);
	mst_req_header(req_r, "Accept", "application/json");
	mst_buf_fini(&url);
	r->waiting = true;
	return MST_NEXT_REQUEST;
}

int ep_next(struct mst_source *s, struct mst_req *req_r, struct mst_err *err)
{
	if (!s->read.active)
		return mst_err_set(err, MST_E_INTERNAL, "no feed was begun");
	if (s->read.ended)
		return MST_NEXT_END;
	if (s->read.way == EP_WAY_FILES)
		return ep_files_next(s, req_r, err);
	return page_next(s, req_r, err);
}
