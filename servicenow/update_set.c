/* SPDX-License-Identifier: Apache-2.0
 *
 * The update set's envelope: the set, one sys_update_xml per payload, the
 * payload's hash. The payloads themselves are in payload.c.
 */
#include "servicenow/update_set.h"

#include <openssl/evp.h>
#include <stdio.h>

#include "base/time.h"
#include "servicenow/payload.h"
#include "servicenow/tables.h"

#define MAX_PAYLOAD (1u << 20)

static const char main_set[] = "muster-cve";

void mst_update_set_id(const char *key, char out[33])
{
	static const char hex[] = "0123456789abcdef";
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (!EVP_Digest(key, strlen(key), md, &n, EVP_sha256(), NULL))
		mst_oom();
	for (size_t i = 0; i < 16; i++) {
		out[2 * i] = hex[md[i] >> 4];
		out[2 * i + 1] = hex[md[i] & 15];
	}
	out[32] = 0;
}

/* Length of <name …>…</name> or <name …/> at p, 0 when it is not that. */
static size_t element_at(const char *p, const char *end, const char *name)
{
	size_t n = strlen(name);
	const char *gt, *close;
	char tag[64];

	if ((size_t)(end - p) < n + 2 || p[0] != '<' || memcmp(p + 1, name, n))
		return 0;
	if (p[n + 1] != '>' && p[n + 1] != ' ' && p[n + 1] != '/')
		return 0;
	gt = memchr(p, '>', (size_t)(end - p));
	if (!gt)
		return 0;
	if (gt[-1] == '/')
		return (size_t)(gt + 1 - p);
	(void)snprintf(tag, sizeof(tag), "</%s>", name);
	close = memmem(gt, (size_t)(end - gt), tag, strlen(tag));
	return close ? (size_t)(close - p) + strlen(tag) : 0;
}

/* What the hash passes over at p. */
static size_t skipped_at(const char *p, const char *end)
{
	static const char *const names[] = {
	    "sys_updated_by", "sys_updated_on", "sys_mod_count",
	    "sys_created_by", "sys_created_on", "sys_id",
	    "sys_package",    "sys_update_name"};

	if ((size_t)(end - p) < 5 || memcmp(p, "<sys_", 5))
		return 0;
	for (size_t i = 0; i < MST_LEN(names); i++) {
		size_t n = element_at(p, end, names[i]);

		if (n)
			return n;
	}
	return 0;
}

/* One code point of valid UTF-8; damaged bytes count as themselves. */
static size_t decode(const char *p, const char *end, uint32_t *cp_r)
{
	unsigned char c = (unsigned char)p[0];
	size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	uint32_t cp = n == 1 ? c : c & (0xffu >> (n + 1));

	if ((size_t)(end - p) < n)
		n = 1;
	for (size_t i = 1; i < n; i++)
		cp = cp << 6 | ((unsigned char)p[i] & 0x3f);
	*cp_r = cp;
	return n;
}

int32_t mst_update_set_hash(struct mst_slice payload)
{
	const char *p = payload.p, *end = payload.p + payload.n;
	uint32_t h = 0;

	while (p < end) {
		size_t skip = skipped_at(p, end);
		uint32_t cp;

		if (skip) {
			p += skip;
			continue;
		}
		p += decode(p, end, &cp);
		if (cp >= 0x10000) {
			h = h * 31 + (0xd7c0 + (cp >> 10));
			h = h * 31 + (0xdc00 + (cp & 0x3ff));
		} else {
			h = h * 31 + cp;
		}
	}
	return (int32_t)h;
}

/* CDATA cannot hold its own end: it is split there. */
static void add_cdata(struct mst_buf *out, struct mst_slice s)
{
	mst_buf_adds(out, "<![CDATA[");
	while (s.n) {
		const char *end = memmem(s.p, s.n, "]]>", 3);
		size_t n = end ? (size_t)(end - s.p) + 2 : s.n;

		mst_buf_add(out, s.p, n);
		if (end)
			mst_buf_adds(out, "]]><![CDATA[");
		s.p += n;
		s.n -= n;
	}
	mst_buf_adds(out, "]]>");
}

struct writer {
	struct mst_buf *out;
	char set_id[33];
	const char *set_name;
	int64_t base_ms; /* time of the version */
	unsigned n;	 /* updates so far */
};

static void add_update(void *ctx, const struct mst_update *u)
{
	struct writer *w = ctx;
	struct mst_buf *o = w->out;
	char id[33], guid[33], key[512];
	int32_t hash = mst_update_set_hash(u->payload);

	(void)snprintf(key, sizeof(key), "sys_update_xml|%s", u->name);
	mst_update_set_id(key, id);
	(void)snprintf(key, sizeof(key), "update_guid|%s|%d", u->name, hash);
	mst_update_set_id(key, guid);
	mst_buf_adds(o, "<sys_update_xml action=\"INSERT_OR_UPDATE\">"
			"<action>INSERT_OR_UPDATE</action>"
			"<application display_value=\"Global\">global"
			"</application><category>customer</category>");
	mst_xml_el(o, "comments", "");
	mst_xml_el(o, "name", u->name);
	mst_buf_adds(o, "<payload>");
	add_cdata(o, u->payload);
	mst_buf_addf(o, "</payload><payload_hash>%d</payload_hash>", hash);
	mst_buf_addf(o,
		     "<remote_update_set display_value=\"%s\">%s"
		     "</remote_update_set>",
		     w->set_name, w->set_id);
	mst_xml_el(o, "replace_on_upgrade", "false");
	mst_xml_stamp_created(o);
	mst_xml_el(o, "sys_id", id);
	mst_xml_el(o, "sys_mod_count", "0");
	mst_buf_addf(o, "<sys_recorded_at>%llx0000001</sys_recorded_at>",
		     (unsigned long long)w->base_ms + w->n++);
	mst_xml_stamp_updated(o);
	mst_xml_el(o, "table", u->table);
	mst_xml_el(o, "target_name", u->target);
	mst_xml_el(o, "type", u->type);
	mst_xml_el(o, "update_domain", "global");
	mst_xml_el(o, "update_guid", guid);
	mst_buf_addf(o, "<update_guid_history>%s:%d</update_guid_history>",
		     guid, hash);
	mst_buf_adds(o, "<update_set display_value=\"\"/><view/>"
			"</sys_update_xml>\n");
}

static void add_set(struct writer *w, const char *description)
{
	struct mst_buf *o = w->out;
	char remote[33];

	mst_update_set_id("remote|muster-cve", remote);
	mst_buf_adds(o, "<sys_remote_update_set action=\"INSERT_OR_UPDATE\">"
			"<application display_value=\"Global\">global"
			"</application>"
			"<application_name>Global</application_name>"
			"<application_scope>global</application_scope>"
			"<application_version/><collisions/><commit_date/>"
			"<deleted/>");
	mst_xml_el(o, "description", description);
	mst_buf_adds(o, "<inserted/>");
	mst_xml_el(o, "name", w->set_name);
	mst_buf_adds(o, "<origin_sys_id/><parent display_value=\"\"/>"
			"<release_date/>"
			"<remote_base_update_set display_value=\"\"/>"
			"<remote_parent_id/>");
	mst_xml_el(o, "remote_sys_id", remote);
	mst_xml_el(o, "state", "loaded");
	mst_xml_el(o, "summary", "");
	mst_xml_el(o, "sys_class_name", "sys_remote_update_set");
	mst_xml_stamp_created(o);
	mst_xml_el(o, "sys_id", w->set_id);
	mst_xml_el(o, "sys_mod_count", "0");
	mst_xml_stamp_updated(o);
	mst_buf_adds(o, "<update_set display_value=\"\"/>"
			"<update_source display_value=\"\"/><updated/>"
			"</sys_remote_update_set>\n");
}

const char *const *mst_update_set_names(void)
{
	static const char *const names[] = {main_set, NULL};

	return names;
}

int mst_update_set_write(const char *name, struct mst_buf *out,
			 struct mst_err *err)
{
	struct writer w = {.out = out, .set_name = "muster CVEs"};
	struct mst_buf payload = MST_BUF_INIT(MAX_PAYLOAD);
	int64_t us = 0;
	bool ok;

	if (strcmp(name, main_set))
		return mst_err_set(err, MST_E_NOTFOUND,
				   "no update set \"%s\"; there is \"%s\"",
				   name, main_set);
	mst_update_set_id("sys_remote_update_set|muster-cve", w.set_id);
	if (!mst_time_parse(mst_slice_str(MST_UPDATE_SET_DATE), &us))
		return mst_err_set(err, MST_E_INTERNAL,
				   "the update set's date is no date");
	w.base_ms = us / 1000;
	mst_buf_addf(out,
		     "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
		     "<unload unload_date=\"%s\">\n",
		     MST_UPDATE_SET_DATE);
	add_set(&w, "Tables for CVEs found by Microsoft Defender, written by "
		    "muster. Version " MST_UPDATE_SET_VERSION
		    ". To back it out: delete the tables u_muster_cve_instance "
		    "and u_muster_cve, in this order.");
	for (size_t i = 0; i < mst_sn_tables_n; i++)
		mst_payloads(&mst_sn_tables[i], &payload, add_update, &w);
	mst_buf_adds(out, "</unload>\n");
	ok = !payload.overflow && !out->overflow;
	mst_buf_fini(&payload);
	if (!ok)
		return mst_err_set(err, MST_E_INVALID,
				   "update set \"%s\" does not fit into %zu "
				   "bytes",
				   name, out->max);
	return 0;
}
