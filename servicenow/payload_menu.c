/* SPDX-License-Identifier: Apache-2.0
 *
 * The application menu and its modules.
 */
#include <stdio.h>

#include "servicenow/payload.h"

/* sys_class_name to sys_updated_on, in a domain and overridable. */
static void stamp(struct mst_buf *o, const char *class_name, const char *id,
		  const char *title, const char *update)
{
	mst_xml_el(o, "sys_class_name", class_name);
	mst_xml_created(o);
	mst_xml_domain(o);
	mst_xml_el(o, "sys_id", id);
	mst_xml_el(o, "sys_mod_count", "0");
	mst_xml_el(o, "sys_name", title);
	mst_buf_adds(o, "<sys_overrides/>");
	mst_xml_scope(o);
	mst_xml_el(o, "sys_update_name", update);
	mst_xml_updated(o);
}

static void add_application(struct mst_updates *s, const struct mst_sn_menu *m,
			    const char *id)
{
	struct mst_buf *o = &s->buf;
	char update[256];

	(void)snprintf(update, sizeof(update), "sys_app_application_%s", id);
	mst_upd_begin(s,
		      " sys_domain=\"global\" table=\"sys_app_application\"");
	mst_buf_adds(o, "<sys_app_application action=\"INSERT_OR_UPDATE\">"
			"<active>true</active><category/>");
	mst_xml_el(o, "description", m->description);
	mst_xml_el(o, "device_type", "browser");
	mst_buf_adds(o, "<hint/><name/><order>100</order>");
	mst_xml_el(o, "roles", MST_UPDATE_SET_ROLE);
	stamp(o, "sys_app_application", id, m->title, update);
	mst_xml_el(o, "title", m->title);
	mst_buf_adds(o, "<view_name/></sys_app_application>");
	mst_upd_end(s, (struct mst_update){.name = update,
					   .type = "Application Menu",
					   .target = m->title});
}

static void add_module(struct mst_updates *s, const struct mst_sn_menu *menu,
		       const char *menu_id, unsigned at)
{
	const struct mst_sn_module *m = &menu->modules[at];
	struct mst_buf *o = &s->buf;
	char id[33], update[256];

	mst_upd_id(id, "sys_app_module|%s|%s", menu->title, m->title);
	(void)snprintf(update, sizeof(update), "sys_app_module_%s", id);
	mst_upd_begin(s, " sys_domain=\"global\" table=\"sys_app_module\"");
	mst_buf_adds(o, "<sys_app_module action=\"INSERT_OR_UPDATE\">"
			"<active>true</active>");
	mst_xml_ref(o, "application", menu->title, menu_id);
	mst_buf_adds(o, "<assessment/><device_type/>");
	mst_xml_el(o, "filter", m->filter);
	mst_xml_el(o, "hint", m->hint);
	mst_buf_adds(o, "<homepage/><image/><link_type>LIST</link_type>"
			"<map_page/>");
	mst_xml_el(o, "mobile_title", m->title);
	mst_xml_el(o, "mobile_view_name", "Mobile");
	mst_xml_el(o, "name", m->table);
	mst_xml_num(o, "order", 100 * (at + 1));
	mst_buf_adds(o, "<override_menu_roles>false</override_menu_roles>"
			"<query/><report/>");
	mst_xml_el(o, "roles", MST_UPDATE_SET_ROLE);
	stamp(o, "sys_app_module", id, m->title, update);
	mst_buf_adds(o, "<timeline_page/>");
	mst_xml_el(o, "title", m->title);
	mst_buf_adds(o, "<uncancelable>false</uncancelable><view_name/>"
			"<window_name/></sys_app_module>");
	mst_upd_end(s, (struct mst_update){.name = update,
					   .type = "Module",
					   .table = m->table,
					   .target = m->title});
}

void mst_upd_menu(struct mst_updates *s, const struct mst_sn_menu *m)
{
	char id[33];

	mst_upd_id(id, "sys_app_application|%s", m->title);
	add_application(s, m, id);
	for (unsigned i = 0; i < m->modules_n; i++)
		add_module(s, m, id, i);
}
