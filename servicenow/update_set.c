/* SPDX-License-Identifier: Apache-2.0
 *
 * The update sets: which there are, and the envelope around their payloads.
 */
#include "servicenow/update_set.h"

#include <stdio.h>

#include "base/time.h"
#include "servicenow/payload.h"

#define MAX_PAYLOAD (1u << 20)

const struct mst_update_set mst_update_sets[] = {
    {MST_UPDATE_SET_CVE, "muster CVEs",
     "Tables for CVEs found by Microsoft Defender, written by muster: "
     "u_muster_cve and u_muster_cve_instance with their choices, forms, lists, "
     "access rules for the role " MST_UPDATE_SET_ROLE
     " and the menu \"Defender CVEs\". No table, choice or layout of the "
     "instance is changed. "
     "Version " MST_UPDATE_SET_VERSION
     ". To back it out: stop muster's jobs; run the fix script \"muster: "
     "remove CVE related lists\" if you have it; then System Update Sets > "
     "Local Update Sets > muster CVEs > Back Out. This drops both tables with "
     "all their records. Importing the set again after that previews with "
     "collisions (\"Found a local update that is newer\"): accept the remote "
     "updates."},
    {MST_UPDATE_SET_RELATED, "muster CVE related lists",
     "Optional, after the set \"muster CVEs\": shows the CVE instances below "
     "the forms of computers, Windows servers, Linux servers and CVEs. It "
     "holds two fix scripts and no layout, because a layout in an update set "
     "would replace yours. After the commit: System Definition > Fix Scripts "
     "> \"muster: add CVE related lists\" > Run Fix Script. "
     "Version " MST_UPDATE_SET_VERSION
     ". To back it out: run \"muster: remove CVE related lists\", then Back "
     "Out."},
    {MST_UPDATE_SET_OT, "muster OT",
     "Tables for what Microsoft Defender for IoT shows, written by muster: "
     "appliances, devices, firmware, connections and alerts (u_muster_ot_...) "
     "with their choices, forms, lists, related lists, access rules for the "
     "role " MST_UPDATE_SET_ROLE
     " and the menu \"Defender for IoT\". No table, choice or layout of the "
     "instance is changed. CVEs of OT devices are in the tables of the set "
     "\"muster CVEs\". Version " MST_UPDATE_SET_VERSION
     ". To back it out: stop muster's jobs that deliver OT devices or alerts; "
     "then System Update Sets > Local Update Sets > muster OT > Back Out. "
     "This drops the five tables with all their records. Importing the set "
     "again after that previews with collisions (\"Found a local update that "
     "is newer\"): accept the remote updates."},
};
const size_t mst_update_sets_n = MST_LEN(mst_update_sets);

/* As an instance exports it: in CDATA, or escaped when the payload has CDATA
 * of its own. */
static void add_payload(struct mst_buf *out, struct mst_slice s)
{
	if (memmem(s.p, s.n, "]]>", 3)) {
		mst_xml_text(out, s.p);
		return;
	}
	mst_buf_adds(out, "<![CDATA[");
	mst_buf_add_slice(out, s);
	mst_buf_adds(out, "]]>");
}

struct writer {
	struct mst_buf *out;
	const struct mst_update_set *set;
	char set_id[33];
	int64_t base_ms; /* time of the version */
	unsigned n;	 /* updates so far */
};

static void add_update(void *ctx, const struct mst_update *u)
{
	struct writer *w = ctx;
	struct mst_buf *o = w->out;
	int32_t hash = mst_update_set_hash(u->payload);
	char id[33], guid[33];

	mst_upd_id(id, "sys_update_xml|%s", u->name);
	mst_upd_id(guid, "update_guid|%s|%d", u->name, hash);
	mst_buf_adds(o, "<sys_update_xml action=\"INSERT_OR_UPDATE\">"
			"<action>INSERT_OR_UPDATE</action>"
			"<application display_value=\"Global\">global"
			"</application><category>customer</category>");
	mst_xml_el(o, "comments", "");
	mst_xml_el(o, "name", u->name);
	mst_buf_adds(o, "<payload>");
	add_payload(o, u->payload);
	mst_buf_addf(o, "</payload><payload_hash>%d</payload_hash>", hash);
	mst_xml_ref(o, "remote_update_set", w->set->title, w->set_id);
	mst_xml_el(o, "replace_on_upgrade", "false");
	mst_xml_created(o);
	mst_xml_el(o, "sys_id", id);
	mst_xml_el(o, "sys_mod_count", "0");
	mst_buf_addf(o, "<sys_recorded_at>%llx0000001</sys_recorded_at>",
		     (unsigned long long)w->base_ms + w->n++);
	mst_xml_updated(o);
	mst_xml_el(o, "table", u->table);
	mst_xml_el(o, "target_name", u->target);
	mst_xml_el(o, "type", u->type);
	mst_xml_el(o, "update_domain", "global");
	mst_xml_el(o, "update_guid", guid);
	mst_buf_addf(o, "<update_guid_history>%s:%d</update_guid_history>",
		     guid, hash);
	mst_buf_adds(o, "<update_set display_value=\"\"/>");
	mst_xml_el(o, "view", u->view);
	mst_buf_adds(o, "</sys_update_xml>\n");
}

static void add_set(struct writer *w)
{
	struct mst_buf *o = w->out;
	char remote[33];

	mst_upd_id(remote, "remote|%s", w->set->name);
	mst_buf_adds(o, "<sys_remote_update_set action=\"INSERT_OR_UPDATE\">"
			"<application display_value=\"Global\">global"
			"</application>"
			"<application_name>Global</application_name>"
			"<application_scope>global</application_scope>"
			"<application_version/><collisions/><commit_date/>"
			"<deleted/>");
	mst_xml_el(o, "description", w->set->description);
	mst_buf_adds(o, "<inserted/>");
	mst_xml_el(o, "name", w->set->title);
	mst_buf_adds(o, "<origin_sys_id/><parent display_value=\"\"/>"
			"<release_date/>"
			"<remote_base_update_set display_value=\"\"/>"
			"<remote_parent_id/>");
	mst_xml_el(o, "remote_sys_id", remote);
	mst_xml_el(o, "state", "loaded");
	mst_xml_el(o, "summary", "");
	mst_xml_el(o, "sys_class_name", "sys_remote_update_set");
	mst_xml_created(o);
	mst_xml_el(o, "sys_id", w->set_id);
	mst_xml_el(o, "sys_mod_count", "0");
	mst_xml_updated(o);
	mst_buf_adds(o, "<update_set display_value=\"\"/>"
			"<update_source display_value=\"\"/><updated/>"
			"</sys_remote_update_set>\n");
}

static void table_payloads(struct mst_updates *s, const char *set)
{
	for (size_t i = 0; i < mst_sn_tables_n; i++) {
		if (strcmp(mst_sn_tables[i]->set, set) != 0)
			continue;
		mst_upd_table(s, mst_sn_tables[i]);
		mst_upd_access(s, mst_sn_tables[i]);
	}
	for (size_t i = 0; i < mst_sn_layouts_n; i++) {
		const struct mst_sn_table *t =
		    mst_sn_table_find(mst_sn_layouts[i]->table);

		if (!strcmp(t->set, set))
			mst_upd_layout(s, mst_sn_layouts[i], t);
	}
	for (size_t i = 0; i < mst_sn_menus_n; i++) {
		if (!strcmp(mst_sn_menus[i]->set, set))
			mst_upd_menu(s, mst_sn_menus[i]);
	}
}

static int find(const char *name, const struct mst_update_set **set_r,
		struct mst_err *err)
{
	struct mst_buf names = MST_BUF_INIT(1024);
	int ret;

	for (size_t i = 0; i < mst_update_sets_n; i++) {
		if (!strcmp(mst_update_sets[i].name, name)) {
			*set_r = &mst_update_sets[i];
			return 0;
		}
	}
	for (size_t i = 0; i < mst_update_sets_n; i++)
		mst_buf_addf(&names, "%s\"%s\"",
			     !i				  ? ""
			     : i + 1 == mst_update_sets_n ? " and "
							  : ", ",
			     mst_update_sets[i].name);
	ret = mst_err_set(err, MST_E_NOTFOUND,
			  "no update set \"%s\"; there are %s", name, names.p);
	mst_buf_fini(&names);
	return ret;
}

int mst_update_set_write(const char *name, struct mst_buf *out,
			 struct mst_err *err)
{
	struct writer w = {.out = out};
	struct mst_updates s = {
	    .buf = MST_BUF_INIT(MAX_PAYLOAD), .fn = add_update, .ctx = &w};
	int ret = find(name, &w.set, err);
	int64_t us = 0;
	bool ok;

	if (ret)
		return ret;
	mst_upd_id(w.set_id, "sys_remote_update_set|%s", name);
	if (!mst_time_parse(mst_slice_str(MST_UPDATE_SET_DATE), &us))
		return mst_err_set(err, MST_E_INTERNAL,
				   "the update set's date is no date");
	w.base_ms = us / 1000;
	mst_buf_addf(out,
		     "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
		     "<unload unload_date=\"%s\">\n",
		     MST_UPDATE_SET_DATE);
	add_set(&w);
	if (!strcmp(name, MST_UPDATE_SET_RELATED))
		mst_upd_related(&s);
	else
		table_payloads(&s, name);
	mst_buf_adds(out, "</unload>\n");
	ok = !s.buf.overflow && !out->overflow;
	mst_buf_fini(&s.buf);
	if (!ok)
		return mst_err_set(err, MST_E_INVALID,
				   "update set \"%s\" does not fit into %zu "
				   "bytes",
				   name, out->max);
	return 0;
}
