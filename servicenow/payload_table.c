/* SPDX-License-Identifier: Apache-2.0
 *
 * What makes a table: sys_db_object, its number, the dictionary with the entry
 * of the table itself (a "collection", which is what makes an instance create
 * it), labels and choice lists.
 */
#include <stdio.h>

#include "servicenow/payload.h"

struct names {
	char id[33], update[256], target[256];
};

static void add_db_object(struct mst_updates *s, const struct mst_sn_table *t)
{
	struct mst_buf *o = &s->buf;
	char number[33];
	struct names n;

	mst_upd_id(n.id, "sys_db_object|%s", t->name);
	mst_upd_id(number, "sys_number|%s", t->name);
	(void)snprintf(n.update, sizeof(n.update), "sys_db_object_%s", n.id);
	mst_upd_begin(s, " table=\"sys_db_object\"");
	mst_buf_adds(
	    o, "<sys_db_object action=\"INSERT_OR_UPDATE\">"
	       "<access>public</access><actions_access>false</actions_access>"
	       "<alter_access>false</alter_access><caller_access/>"
	       "<client_scripts_access>false</client_scripts_access>"
	       "<configuration_access>false</configuration_access>"
	       "<create_access>true</create_access>"
	       "<create_access_controls>false</create_access_controls>"
	       "<delete_access>true</delete_access><extension_model/>"
	       "<is_extendable>false</is_extendable>");
	mst_xml_el(o, "label", t->label);
	mst_xml_el(o, "live_feed_enabled", "false");
	mst_xml_el(o, "name", t->name);
	mst_xml_ref(o, "number_ref", t->prefix, t->prefix ? number : NULL);
	mst_buf_adds(o, "<provider_class/><read_access>true</read_access>"
			"<scriptable_table>false</scriptable_table>"
			"<super_class/><sys_class_code/>");
	/* sys_class_path sorts behind sys_class_name. */
	mst_xml_el(o, "sys_class_name", "sys_db_object");
	mst_buf_adds(o, "<sys_class_path/>");
	mst_xml_created(o);
	mst_xml_el(o, "sys_id", n.id);
	mst_xml_el(o, "sys_mod_count", "0");
	mst_xml_el(o, "sys_name", t->label);
	mst_xml_scope(o);
	mst_xml_el(o, "sys_update_name", n.update);
	mst_xml_updated(o);
	mst_buf_adds(o, "<update_access>true</update_access><user_role/>"
			"<ws_access>true</ws_access></sys_db_object>");
	mst_upd_end(s, (struct mst_update){.name = n.update,
					   .type = "Table",
					   .table = t->name,
					   .target = t->label});
}

static void add_number(struct mst_updates *s, const struct mst_sn_table *t)
{
	struct mst_buf *o = &s->buf;
	struct names n;

	mst_upd_id(n.id, "sys_number|%s", t->name);
	(void)snprintf(n.update, sizeof(n.update), "sys_number_%s", n.id);
	mst_upd_begin(s, " table=\"sys_number\"");
	mst_buf_addf(o,
		     "<sys_number action=\"INSERT_OR_UPDATE\">"
		     "<category display_value=\"\" name=\"%s\">%s</category>"
		     "<maximum_digits>7</maximum_digits>"
		     "<number>1000</number>",
		     t->name, t->name);
	mst_xml_el(o, "prefix", t->prefix);
	mst_xml_stamp(o, "sys_number", n.id, t->prefix, n.update);
	mst_buf_adds(o, "</sys_number>");
	mst_upd_end(s, (struct mst_update){.name = n.update,
					   .type = "Number",
					   .target = t->prefix});
}

/* ---- dictionary ---------------------------------------------------------- */

static void dictionary_head(struct mst_buf *o, const struct mst_sn_table *t,
			    const struct mst_sn_column *col)
{
	mst_buf_adds(o, "<active>true</active><array>false</array>"
			"<array_denormalized>false</array_denormalized>");
	/* Of an audited table everything is, but what says otherwise. */
	mst_xml_el(o, "attributes",
		   col && t->audited && !col->audited ? "no_audit=true" : "");
	mst_xml_bool(o, "audit", !col && t->audited);
	mst_buf_adds(o, "<calculation/>");
	/* 3: a drop-down without "-- None --"; 1: with it. */
	mst_xml_el(o, "choice",
		   !col || !col->choices ? ""
		   : col->mandatory	 ? "3"
					 : "1");
	mst_buf_adds(o, "<choice_field/><choice_table/>");
	mst_xml_el(o, "column_label", col ? col->label : "");
	mst_xml_el(o, "comments", col ? col->hint : t->comment);
	mst_buf_adds(o, "<create_roles/>");
	mst_xml_el(o, "default_value", col ? col->dflt : "");
	mst_buf_adds(o, "<defaultsort/><delete_roles/><dependent/>"
			"<dependent_on_field/>");
	mst_xml_bool(o, "display", col && col->display);
	mst_buf_adds(o, "<dynamic_creation>false</dynamic_creation>"
			"<dynamic_creation_script/><dynamic_default_value/>"
			"<dynamic_ref_qual/>");
	mst_xml_el(o, "element", col ? col->name : "");
	mst_buf_adds(o, "<element_reference>false</element_reference>"
			"<foreign_database/><function_definition/>"
			"<function_field>false</function_field>");
}

static void dictionary_type(struct mst_buf *o, const struct mst_sn_table *t,
			    const struct mst_sn_column *col)
{
	const char *type = col ? col->type : "collection";

	mst_xml_ref(o, "internal_type", type, type);
	mst_xml_bool(o, "mandatory", col && col->mandatory);
	mst_xml_num(o, "max_length", col ? col->max_length : 40);
	mst_xml_el(o, "name", t->name);
	mst_buf_adds(o, "<next_element/><primary>false</primary>");
	mst_xml_bool(o, "read_only", col && col->read_only);
	mst_buf_adds(o, "<read_roles/>");
	if (col && col->reference)
		mst_buf_addf(o,
			     "<reference display_value=\"%s\" name=\"%s\">%s"
			     "</reference>",
			     col->reference, col->reference, col->reference);
	else
		mst_buf_adds(o, "<reference/>");
	mst_xml_el(o, "reference_cascade_rule", col ? col->cascade : "");
	mst_buf_adds(o, "<reference_floats>false</reference_floats>"
			"<reference_key/><reference_qual/>"
			"<reference_qual_condition/><reference_type/>"
			"<sizeclass/><spell_check>false</spell_check>"
			"<staged>false</staged>");
}

/* col NULL: the entry of the table itself. */
static void add_dictionary(struct mst_updates *s, const struct mst_sn_table *t,
			   const struct mst_sn_column *col)
{
	const char *element = col ? col->name : "";
	struct mst_buf *o = &s->buf;
	struct names n;

	(void)snprintf(n.update, sizeof(n.update), "sys_dictionary_%s_%s",
		       t->name, col ? col->name : "null");
	mst_upd_id(n.id, "sys_dictionary|%s|%s", t->name, element);
	mst_upd_begin(s, "");
	mst_buf_addf(o,
		     "<sys_dictionary action=\"INSERT_OR_UPDATE\" "
		     "element=\"%s\" table=\"%s\">",
		     element, t->name);
	dictionary_head(o, t, col);
	dictionary_type(o, t, col);
	mst_xml_stamp(o, "sys_dictionary", n.id, col ? col->label : t->name,
		      n.update);
	mst_buf_adds(o, "<table_reference>false</table_reference>"
			"<text_index>false</text_index>");
	mst_xml_bool(o, "unique", col && col->unique);
	mst_buf_adds(o, "<use_dependent_field>false</use_dependent_field>"
			"<use_dynamic_default>false</use_dynamic_default>"
			"<use_reference_qualifier>simple"
			"</use_reference_qualifier><virtual>false</virtual>"
			"<widget/><write_roles/><xml_view>false</xml_view>"
			"</sys_dictionary>");
	(void)snprintf(n.target, sizeof(n.target), "%s%s%s", t->label,
		       col ? "." : "", col ? col->label : "");
	mst_upd_end(s, (struct mst_update){.name = n.update,
					   .type = "Dictionary",
					   .table = t->name,
					   .target = n.target});
}

/* ---- labels -------------------------------------------------------------- */

/* What ServiceNow itself would put there for a label that it is given. */
static void plural_of(const char *label, char *out, size_t n)
{
	size_t len = strlen(label);
	char last = label[len - 1], before = len > 1 ? label[len - 2] : ' ';

	if (len > 3 && !strcmp(label + len - 3, " to"))
		(void)snprintf(out, n, "%s", label);
	else if (last == 's')
		(void)snprintf(out, n, "%s%s", label,
			       before == 'u' ? "es" : "");
	else if (last == 'y' && !strchr("aeiou", before))
		(void)snprintf(out, n, "%.*sies", (int)len - 1, label);
	else
		(void)snprintf(out, n, "%ss", label);
}

static void add_label(struct mst_updates *s, const struct mst_sn_table *t,
		      const struct mst_sn_column *col)
{
	const char *element = col ? col->name : "";
	const char *label = col ? col->label : t->label;
	struct mst_buf *o = &s->buf;
	char plural[128];
	struct names n;

	(void)snprintf(n.update, sizeof(n.update), "sys_documentation_%s_%s_en",
		       t->name, element);
	mst_upd_id(n.id, "sys_documentation|%s|%s|en", t->name, element);
	plural_of(label, plural, sizeof(plural));
	mst_upd_begin(s, "");
	mst_buf_addf(o, "<sys_documentation element=\"%s\" label=\"", element);
	mst_xml_text(o, label);
	mst_buf_addf(o, "\" language=\"en\" table=\"%s\">", t->name);
	mst_buf_adds(o, "<sys_documentation action=\"INSERT_OR_UPDATE\">");
	mst_xml_el(o, "element", element);
	mst_xml_el(o, "help", "");
	mst_xml_el(o, "hint", col ? col->hint : "");
	mst_xml_el(o, "label", label);
	mst_xml_el(o, "language", "en");
	mst_xml_el(o, "name", t->name);
	mst_xml_el(o, "plural", col ? plural : t->plural);
	mst_xml_stamp(o, "sys_documentation", n.id, label, n.update);
	mst_buf_adds(o, "<url/><url_target/></sys_documentation>"
			"</sys_documentation>");
	(void)snprintf(n.target, sizeof(n.target), "%s%s%s", t->label,
		       col ? "." : "", col ? col->label : "");
	mst_upd_end(s, (struct mst_update){.name = n.update,
					   .type = "Field Label",
					   .table = t->name,
					   .target = n.target});
}

/* ---- choices ------------------------------------------------------------- */

static void add_choice(struct mst_buf *o, const struct mst_sn_table *t,
		       const struct mst_sn_column *col, unsigned i)
{
	const struct mst_sn_choice *ch = &col->choices[i];
	char id[33];

	mst_upd_id(id, "sys_choice|%s|%s|%s", t->name, col->name, ch->value);
	mst_buf_adds(o, "<sys_choice action=\"INSERT_OR_UPDATE\">"
			"<dependent_value/>");
	mst_xml_el(o, "element", col->name);
	mst_buf_adds(o, "<hint/><inactive>false</inactive>");
	mst_xml_el(o, "label", ch->label);
	mst_xml_el(o, "language", "en");
	mst_xml_el(o, "name", t->name);
	mst_xml_num(o, "sequence", i);
	mst_buf_adds(o, "<synonyms/>");
	mst_xml_created(o);
	mst_xml_domain(o);
	mst_xml_el(o, "sys_id", id);
	mst_xml_el(o, "sys_mod_count", "0");
	mst_xml_updated(o);
	mst_xml_el(o, "value", ch->value);
	mst_buf_adds(o, "</sys_choice>");
}

static void add_choices(struct mst_updates *s, const struct mst_sn_table *t,
			const struct mst_sn_column *col)
{
	struct mst_buf *o = &s->buf;
	struct names n;

	(void)snprintf(n.update, sizeof(n.update), "sys_choice_%s_%s", t->name,
		       col->name);
	mst_upd_id(n.id, "sys_choice_set|%s|%s", t->name, col->name);
	mst_upd_begin(s, "");
	mst_buf_addf(o,
		     "<sys_choice action=\"INSERT_OR_UPDATE\" field=\"%s\" "
		     "table=\"%s\" version=\"3\">",
		     col->name, t->name);
	mst_buf_adds(o, "<sys_choice_set action=\"INSERT_OR_UPDATE\">");
	mst_xml_el(o, "element", col->name);
	mst_xml_el(o, "name", t->name);
	mst_xml_stamp(o, "sys_choice_set", n.id, col->name, n.update);
	mst_buf_adds(o, "</sys_choice_set>");
	for (unsigned i = 0; col->choices[i].value; i++)
		add_choice(o, t, col, i);
	mst_buf_adds(o, "</sys_choice>");
	(void)snprintf(n.target, sizeof(n.target), "%s.%s", t->label,
		       col->label);
	mst_upd_end(s, (struct mst_update){.name = n.update,
					   .type = "Choice list",
					   .table = t->name,
					   .target = n.target});
}

void mst_upd_table(struct mst_updates *s, const struct mst_sn_table *t)
{
	add_db_object(s, t);
	if (t->prefix)
		add_number(s, t);
	add_dictionary(s, t, NULL);
	add_label(s, t, NULL);
	for (size_t i = 0; i < t->columns_n; i++) {
		add_dictionary(s, t, &t->columns[i]);
		add_label(s, t, &t->columns[i]);
		if (t->columns[i].choices)
			add_choices(s, t, &t->columns[i]);
	}
}
