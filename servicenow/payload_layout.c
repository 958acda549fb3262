/* SPDX-License-Identifier: Apache-2.0
 *
 * Layouts of the default view: the list, the sections of the form, the form
 * that puts them in order, and the formatter that shows journals and history.
 */
#include <stdio.h>

#include "servicenow/payload.h"

#define VIEW                                                                   \
	"<view display_value=\"Default view\" name=\"NULL\">Default view"      \
	"</view><view_name/>"

/* ---- list ---------------------------------------------------------------- */

static void list_element(struct mst_buf *o, const struct mst_sn_layout *l,
			 const char *list_id, unsigned at)
{
	char id[33];

	mst_upd_id(id, "sys_ui_list_element|%s|%s", l->table, l->list[at]);
	mst_buf_adds(o, "<sys_ui_list_element action=\"INSERT_OR_UPDATE\">"
			"<average_value>false</average_value>");
	mst_xml_el(o, "element", l->list[at]);
	mst_buf_addf(o,
		     "<list_id display_value=\"%s\" element=\"NULL\" "
		     "name=\"%s\" parent=\"NULL\" relationship=\"NULL\" "
		     "sys_domain=\"global\" view=\"Default view\">%s</list_id>",
		     l->table, l->table, list_id);
	mst_buf_adds(o, "<max_value>false</max_value>"
			"<min_value>false</min_value>");
	mst_xml_num(o, "position", at);
	mst_buf_adds(o, "<sum>false</sum>");
	mst_xml_stamp_short(o, id);
	mst_buf_adds(o, "</sys_ui_list_element>");
}

static void add_list(struct mst_updates *s, const struct mst_sn_layout *l,
		     const struct mst_sn_table *t)
{
	struct mst_buf *o = &s->buf;
	char id[33], update[256];

	mst_upd_id(id, "sys_ui_list|%s", l->table);
	(void)snprintf(update, sizeof(update), "sys_ui_list_%s_null", l->table);
	mst_upd_begin(s, "");
	mst_buf_addf(o,
		     "<sys_ui_list parent=\"\" relationship=\"\" "
		     "sys_domain=\"global\" table=\"%s\" version=\"2\" "
		     "view=\"\">",
		     l->table);
	for (unsigned i = 0; l->list[i]; i++)
		list_element(o, l, id, i);
	mst_buf_adds(o, "<sys_ui_list action=\"INSERT_OR_UPDATE\">"
			"<average_value>false</average_value><element/>"
			"<max_value>false</max_value>"
			"<min_value>false</min_value>");
	mst_xml_el(o, "name", l->table);
	mst_buf_adds(o, "<parent/><position/><relationship/><sum>false</sum>");
	mst_xml_el(o, "sys_class_name", "sys_ui_list");
	mst_xml_created(o);
	mst_xml_domain(o);
	mst_xml_el(o, "sys_id", id);
	mst_xml_el(o, "sys_mod_count", "0");
	mst_xml_el(o, "sys_name", l->table);
	mst_xml_scope(o);
	mst_xml_el(o, "sys_update_name", update);
	mst_xml_updated(o);
	mst_buf_adds(o, "<sys_user/>" VIEW "</sys_ui_list></sys_ui_list>");
	mst_upd_end(s, (struct mst_update){.name = update,
					   .type = "List Layout",
					   .table = l->table,
					   .target = t->label,
					   .view = "Default view"});
}

/* ---- form ---------------------------------------------------------------- */

static void formatter_id(const struct mst_sn_layout *l, char id[33])
{
	mst_upd_id(id, "sys_ui_formatter|%s|%s", l->table, MST_SN_ACTIVITY);
}

static void add_formatter(struct mst_updates *s, const struct mst_sn_layout *l)
{
	static const char name[] = "Activities (filtered)";
	struct mst_buf *o = &s->buf;
	char id[33], update[256];

	formatter_id(l, id);
	(void)snprintf(update, sizeof(update), "sys_ui_formatter_%s", id);
	mst_upd_begin(s, " table=\"sys_ui_formatter\"");
	mst_buf_adds(o, "<sys_ui_formatter action=\"INSERT_OR_UPDATE\">"
			"<active>true</active><angular_module/>");
	mst_xml_el(o, "formatter", MST_SN_ACTIVITY);
	mst_xml_el(o, "name", name);
	mst_buf_adds(o, "<seismic_component/>");
	mst_xml_stamp(o, "sys_ui_formatter", id, name, update);
	mst_xml_el(o, "table", l->table);
	mst_xml_el(o, "type", "formatter");
	mst_buf_adds(o, "</sys_ui_formatter>");
	mst_upd_end(s, (struct mst_update){.name = update,
					   .type = "Formatter",
					   .table = l->table,
					   .target = name});
}

/* The section as others refer to it: by what it is, and by its sys_id. */
static void section_ref(struct mst_buf *o, const struct mst_sn_layout *l,
			const struct mst_sn_section *sec)
{
	char id[33];

	mst_upd_id(id, "sys_ui_section|%s|%s", l->table, sec->caption);
	mst_buf_addf(o,
		     "<sys_ui_section caption=\"%s\" display_value=\"%s\" "
		     "name=\"%s\" sys_domain=\"global\" view=\"Default view\">"
		     "%s</sys_ui_section>",
		     *sec->caption ? sec->caption : "NULL", sec->caption,
		     l->table, id);
}

struct form {
	struct mst_buf *o;
	const struct mst_sn_layout *l;
	const struct mst_sn_section *sec;
	unsigned position;
};

static void form_element(struct form *f, const char *element)
{
	struct mst_buf *o = f->o;
	bool formatter = !strcmp(element, MST_SN_ACTIVITY);
	char id[33], format[33];

	mst_upd_id(id, "sys_ui_element|%s|%s|%s", f->l->table, f->sec->caption,
		   element);
	formatter_id(f->l, format);
	mst_buf_adds(o, "<sys_ui_element action=\"INSERT_OR_UPDATE\">");
	mst_xml_el(o, "element", element);
	mst_xml_num(o, "position", f->position++);
	mst_xml_created(o);
	mst_xml_el(o, "sys_id", id);
	mst_xml_el(o, "sys_mod_count", "0");
	mst_xml_ref(o, "sys_ui_formatter", "Activities (filtered)",
		    formatter ? format : NULL);
	section_ref(o, f->l, f->sec);
	mst_xml_updated(o);
	mst_buf_adds(o, "<sys_user/>");
	mst_xml_el(o, "type",
		   formatter	     ? "formatter"
		   : *element == '.' ? element
				     : "");
	mst_buf_adds(o, "</sys_ui_element>");
}

static void form_elements(struct form *f, const char *const *names)
{
	for (; names && *names; names++)
		form_element(f, *names);
}

static void add_section(struct mst_updates *s, const struct mst_sn_layout *l,
			const struct mst_sn_table *t,
			const struct mst_sn_section *sec)
{
	struct mst_buf *o = &s->buf;
	struct form f = {.o = o, .l = l, .sec = sec};
	char id[33], update[256];

	mst_upd_id(id, "sys_ui_section|%s|%s", l->table, sec->caption);
	(void)snprintf(update, sizeof(update), "sys_ui_section_%s", id);
	mst_upd_begin(s, "");
	mst_buf_addf(o,
		     "<sys_ui_section caption=\"%s\" section_id=\"%s\" "
		     "sys_domain=\"global\" table=\"%s\" version=\"3\" "
		     "view=\"\">",
		     sec->caption, id, l->table);
	if (sec->left) {
		form_element(&f, ".begin_split");
		form_elements(&f, sec->left);
		form_element(&f, ".split");
		form_elements(&f, sec->right);
		form_element(&f, ".end_split");
	}
	form_elements(&f, sec->full);
	mst_buf_adds(o, "<sys_ui_section action=\"INSERT_OR_UPDATE\">");
	mst_xml_el(o, "caption", sec->caption);
	mst_xml_el(o, "header", "false");
	mst_xml_el(o, "name", l->table);
	mst_buf_adds(o, "<roles/>");
	mst_xml_el(o, "sys_class_name", "sys_ui_section");
	mst_xml_created(o);
	mst_xml_domain(o);
	mst_xml_el(o, "sys_id", id);
	mst_xml_el(o, "sys_mod_count", "0");
	mst_xml_el(o, "sys_name", *sec->caption ? sec->caption : l->table);
	mst_buf_adds(o, "<sys_overrides/>");
	mst_xml_scope(o);
	mst_xml_el(o, "sys_update_name", update);
	mst_xml_updated(o);
	mst_buf_adds(o, "<sys_user/>");
	mst_xml_bool(o, "title", !*sec->caption);
	mst_buf_adds(o, VIEW "</sys_ui_section></sys_ui_section>");
	mst_upd_end(s, (struct mst_update){.name = update,
					   .type = "Form Layout",
					   .table = l->table,
					   .target = t->label});
}

static void form_section(struct mst_buf *o, const struct mst_sn_layout *l,
			 const char *form_id, unsigned at)
{
	char id[33];

	mst_upd_id(id, "sys_ui_form_section|%s|%s", l->table,
		   l->sections[at].caption);
	mst_buf_adds(o, "<sys_ui_form_section action=\"INSERT_OR_UPDATE\">");
	mst_xml_num(o, "position", at);
	mst_xml_created(o);
	mst_xml_domain(o);
	mst_xml_el(o, "sys_id", id);
	mst_xml_el(o, "sys_mod_count", "0");
	mst_buf_addf(o,
		     "<sys_overrides/><sys_ui_form display_value=\"%s\" "
		     "name=\"%s\" sys_domain=\"global\" view=\"Default view\">"
		     "%s</sys_ui_form>",
		     l->table, l->table, form_id);
	section_ref(o, l, &l->sections[at]);
	mst_xml_updated(o);
	mst_buf_adds(o, "</sys_ui_form_section>");
}

static void add_form(struct mst_updates *s, const struct mst_sn_layout *l,
		     const struct mst_sn_table *t)
{
	struct mst_buf *o = &s->buf;
	char id[33], update[256];

	mst_upd_id(id, "sys_ui_form|%s", l->table);
	(void)snprintf(update, sizeof(update), "sys_ui_form_sections_%s", id);
	mst_upd_begin(s, "");
	mst_buf_addf(o,
		     "<sys_ui_form_sections form_id=\"%s\" "
		     "sys_domain=\"global\" table=\"%s\" version=\"3\">",
		     id, l->table);
	for (unsigned i = 0; i < l->sections_n; i++)
		form_section(o, l, id, i);
	mst_buf_adds(o, "<sys_ui_form action=\"INSERT_OR_UPDATE\">");
	mst_xml_el(o, "name", l->table);
	mst_buf_adds(o, "<roles/>");
	mst_xml_el(o, "sys_class_name", "sys_ui_form");
	mst_xml_created(o);
	mst_xml_domain(o);
	mst_xml_el(o, "sys_id", id);
	mst_xml_el(o, "sys_mod_count", "0");
	mst_xml_el(o, "sys_name", l->table);
	mst_buf_adds(o, "<sys_overrides/>");
	mst_xml_scope(o);
	mst_xml_el(o, "sys_update_name", update);
	mst_xml_updated(o);
	mst_buf_adds(o, "<sys_user/>" VIEW
			"</sys_ui_form></sys_ui_form_sections>");
	mst_upd_end(s, (struct mst_update){.name = update,
					   .type = "Form Sections",
					   .table = l->table,
					   .target = t->label});
}

/* ---- related lists ------------------------------------------------------- */

static void related_entry(struct mst_buf *o, const struct mst_sn_layout *l,
			  const char *list_id, unsigned at)
{
	char id[33];

	mst_upd_id(id, "sys_ui_related_list_entry|%s|%s", l->table,
		   l->related[at]);
	mst_buf_adds(o, "<sys_ui_related_list_entry "
			"action=\"INSERT_OR_UPDATE\"><filter/>");
	mst_buf_addf(o,
		     "<list_id display_value=\"%s\" name=\"%s\" "
		     "related_list=\"NULL\" sys_domain=\"global\" "
		     "view=\"Default view\">%s</list_id><order_by/>",
		     l->table, l->table, list_id);
	mst_xml_num(o, "position", at);
	mst_xml_el(o, "related_list", l->related[at]);
	mst_xml_stamp_short(o, id);
	mst_buf_adds(o, "</sys_ui_related_list_entry>");
}

static void add_related(struct mst_updates *s, const struct mst_sn_layout *l,
			const struct mst_sn_table *t)
{
	struct mst_buf *o = &s->buf;
	char id[33], update[256];

	mst_upd_id(id, "sys_ui_related_list|%s", l->table);
	(void)snprintf(update, sizeof(update), "sys_ui_related_%s_null",
		       l->table);
	mst_upd_begin(s, "");
	mst_buf_addf(o,
		     "<sys_ui_related sys_domain=\"global\" table=\"%s\" "
		     "version=\"2\" view=\"\">",
		     l->table);
	for (unsigned i = 0; l->related[i]; i++)
		related_entry(o, l, id, i);
	mst_buf_adds(o, "<sys_ui_related_list action=\"INSERT_OR_UPDATE\">");
	mst_buf_addf(o, "<calculated_name>%s - Default view</calculated_name>",
		     t->label);
	mst_xml_el(o, "name", l->table);
	mst_buf_adds(o, "<related_list/>");
	mst_xml_el(o, "sys_class_name", "sys_ui_related_list");
	mst_xml_created(o);
	mst_xml_domain(o);
	mst_xml_el(o, "sys_id", id);
	mst_xml_el(o, "sys_mod_count", "0");
	mst_xml_el(o, "sys_name", l->table);
	mst_buf_adds(o, "<sys_overrides/>");
	mst_xml_scope(o);
	mst_xml_el(o, "sys_update_name", update);
	mst_xml_updated(o);
	mst_buf_adds(o, "<sys_user/>" VIEW
			"</sys_ui_related_list></sys_ui_related>");
	mst_upd_end(s, (struct mst_update){.name = update,
					   .type = "Related Lists",
					   .table = l->table,
					   .target = t->label,
					   .view = "Default view"});
}

static bool has_activity(const struct mst_sn_layout *l)
{
	for (size_t i = 0; i < l->sections_n; i++) {
		const char *const *e = l->sections[i].full;

		for (; e && *e; e++) {
			if (!strcmp(*e, MST_SN_ACTIVITY))
				return true;
		}
	}
	return false;
}

void mst_upd_layout(struct mst_updates *s, const struct mst_sn_layout *l,
		    const struct mst_sn_table *t)
{
	add_list(s, l, t);
	if (has_activity(l))
		add_formatter(s, l);
	for (size_t i = 0; i < l->sections_n; i++)
		add_section(s, l, t, &l->sections[i]);
	add_form(s, l, t);
	if (l->related)
		add_related(s, l, t);
}
