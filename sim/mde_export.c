/* SPDX-License-Identifier: Apache-2.0
 *
 * The assessment exports: pages of JSON with a $skiptoken, and lists of file
 * URLs with a signature and an expiry. A token or a file name belongs to one
 * snapshot and dies with it.
 */
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/b64.h"
#include "base/num.h"
#include "sim/mde.h"

#define PAGE_DEFAULT 50000
#define PAGE_MAX     200000

static const char sas_key[] = "simulated storage key";

void mde_sign(const char *path, const char *expiry, char out[65])
{
	unsigned char sum[32];
	unsigned n = sizeof(sum);
	char text[512];
	int len = snprintf(text, sizeof(text), "%s\n%s", path, expiry);

	HMAC(EVP_sha256(), sas_key, sizeof(sas_key) - 1,
	     (const unsigned char *)text,
	     MST_MIN((size_t)len, sizeof(text) - 1), sum, &n);
	EVP_EncodeBlock((unsigned char *)out, sum, 32);
}

static const char *const collections[] = {"AssetVulnerability", "AssetSoftware",
					  "AssetNonCpeSoftware",
					  "AssetHardwareFirmware"};

/* Where a page starts: row, and whether the token is of this snapshot. */
static bool read_token(struct mst_sim *sim, const struct mde_snapshot *s,
		       const char *token, uint64_t *row_r)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_json root, def;
	int64_t part = 0, line = 0;
	struct mst_buf json;
	char path[64], when[32];
	bool ok;

	mst_buf_init(&json, 4096);
	mde_time_path(sim, when);
	snprintf(path, sizeof(path), "%s%llu/", when,
		 (unsigned long long)s->generation);
	ok = mst_b64_decode(&json, mst_slice_str(token)) &&
	     mst_json_parse(sim->mde->json, mst_buf_slice(&json), &root,
			    &err) == 0;
	if (ok) {
		def = mst_json_get(root, "ExportDefinition");
		ok = mst_json_is_str(mst_json_get(def, "TimePath"), path) &&
		     mst_json_i64(mst_json_get(root, "ExportFileIndex"),
				  &part) &&
		     mst_json_i64(mst_json_get(root, "LineStoppedAt"), &line) &&
		     part >= 0 && (size_t)part < s->parts_n && line >= 0;
	}
	if (ok)
		*row_r = s->parts[part].from + (uint64_t)line;
	mst_buf_fini(&json);
	return ok && *row_r <= s->rows;
}

static void write_token(const struct mst_sim *sim, const struct mde_snapshot *s,
			uint64_t row, struct mst_buf *out)
{
	char json[256], when[32];
	size_t part = 0;

	while (part + 1 < s->parts_n && s->parts[part].to <= row)
		part++;
	mde_time_path(sim, when);
	snprintf(json, sizeof(json),
		 "{\"ExportDefinition\":{\"TimePath\":\"%s%llu/\"},"
		 "\"ExportFileIndex\":%zu,\"LineStoppedAt\":%llu}",
		 when, (unsigned long long)s->generation, part,
		 (unsigned long long)(row - s->parts[part].from));
	mst_b64_add(out, mst_slice_str(json));
}

static void write_next(const struct mst_sim *sim, const struct sim_request *r,
		       const struct mde_snapshot *s, uint64_t row, int64_t page,
		       struct mst_buf *out)
{
	struct mst_buf token;

	mst_buf_init(&token, 4096);
	write_token(sim, s, row, &token);
	mst_buf_adds(out, ",\"@odata.nextLink\":\"");
	mst_buf_adds(out, sim->sw.foreign_next_link
			      ? "https://wpatdadi-eus-stg.cloudapp.example"
			      : r->base);
	mst_buf_adds(out, r->path);
	mst_buf_addf(out, "?pagesize=%lld&$skiptoken=", (long long)page);
	mst_buf_add_uri(out, mst_buf_slice(&token));
	mst_buf_addc(out, '"');
	mst_buf_fini(&token);
}

static int64_t number(const char *text, int64_t def)
{
	int64_t v;

	if (!text)
		return def;
	return mst_num_i64(mst_slice_str(text), &v) && v > 0 ? v : -1;
}

void mde_serve_pages(struct mst_sim *sim, const struct sim_request *r,
		     enum est_kind kind, struct sim_reply *reply)
{
	struct mde_snapshot *s = mde_snapshot_get(sim, kind);
	const char *token = sim_iquery(r, "$skiptoken");
	int64_t page = number(sim_iquery(r, "pageSize"), PAGE_DEFAULT);
	int64_t top = number(sim_iquery(r, "$top"), PAGE_MAX);
	uint64_t from = 0, to;

	if (page < 0 || page > PAGE_MAX || top < 0) {
		sim_mde_error(reply, 400, "BadRequest",
			      "The page size must be between 1 and %d",
			      PAGE_MAX);
		return;
	}
	if (token && !read_token(sim, s, token, &from)) {
		sim_mde_error(reply, 410, "BadRequest",
			      "The skip token is not valid any more");
		return;
	}
	/* $top cuts the answer and suppresses the link */
	to = MST_MIN(s->rows, from + (uint64_t)MST_MIN(page, top));
	mst_buf_addf(&reply->body,
		     "{\"@odata.context\":\"%s/api/$metadata#Collection("
		     "microsoft.windowsDefenderATP.api.%s)\",\"value\":[",
		     r->base, collections[kind]);
	mde_snapshot_rows(sim, kind, from, to, MDE_JSON, ',', &reply->body);
	mst_buf_addc(&reply->body, ']');
	if (to < s->rows && !sim_iquery(r, "$top"))
		write_next(sim, r, s, to, page, &reply->body);
	mst_buf_addc(&reply->body, '}');
}

static void sas_time(int64_t us, char out[24])
{
	time_t t = (time_t)(us / 1000000);
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(out, 24, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

static void add_url(const struct mst_sim *sim, const struct mde_part *p,
		    int64_t from_us, int64_t to_us, struct mst_buf *out)
{
	char st[24], se[24], sig[65];

	sas_time(from_us, st);
	sas_time(to_us, se);
	mde_sign(p->path, se, sig);
	mst_buf_addf(out, "%s%s?sv=2020-08-04&st=", sim->url[MST_SIM_BLOB],
		     p->path);
	mst_buf_add_uri(out, mst_slice_str(st));
	mst_buf_adds(out, "&se=");
	mst_buf_add_uri(out, mst_slice_str(se));
	mst_buf_adds(out, "&sr=b&sp=r&sig=");
	mst_buf_add_uri(out, mst_slice_str(sig));
}

void mde_serve_export(struct mst_sim *sim, const struct sim_request *r,
		      enum est_kind kind, struct sim_reply *reply)
{
	struct mde_snapshot *s = mde_snapshot_get(sim, kind);
	int64_t hours = number(sim_iquery(r, "sasValidHours"), SIM_SAS_DEFAULT);
	char when[24];

	if (hours < 0 || hours > SIM_SAS_MAX) {
		sim_mde_error(reply, 400, "BadRequest",
			      "sasValidHours must be between 1 and %d",
			      SIM_SAS_MAX);
		return;
	}
	mst_buf_addf(&reply->body,
		     "{\"@odata.context\":\"%s/api/$metadata#microsoft."
		     "windowsDefenderATP.api.ExportFilesResponse\","
		     "\"exportFiles\":[",
		     r->base);
	for (size_t i = 0; i < s->parts_n; i++) {
		mst_buf_adds(&reply->body, i ? ",\"" : "\"");
		add_url(sim, &s->parts[i], r->now_us,
			r->now_us + hours * 3600000000ll, &reply->body);
		mst_buf_addc(&reply->body, '"');
	}
	sas_time(sim_estate_now_us(sim->estate), when);
	mst_buf_addf(&reply->body, "],\"generatedTime\":\"%s\"}", when);
}
