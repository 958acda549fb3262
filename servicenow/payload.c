/* SPDX-License-Identifier: Apache-2.0
 *
 * One function per kind of record. Children are alphabetical and empty ones
 * are written, as an instance exports them.
 */
#include "servicenow/payload.h"

#include <stdio.h>

#include "servicenow/update_set.h"

struct ctx {
	const struct mst_sn_table *t;
	struct mst_buf *o;
	void (*fn)(void *ctx, const struct mst_update *u);
	void *fn_ctx;
};

void mst_xml_text(struct mst_buf *out, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '<':
			mst_buf_adds(out, "&lt;");
			break;
		case '>':
			mst_buf_adds(out, "&gt;");
			break;
		case '&':
			mst_buf_adds(out, "&amp;");
			break;
		case '"':
			mst_buf_adds(out, "&quot;");
			break;
		default:
			mst_buf_addc(out, *text);
		}
	}
}

void mst_xml_el(struct mst_buf *out, const char *name, const char *text)
{
	if (!text || !*text) {
		mst_buf_addf(out, "<%s/>", name);
		return;
	}
	mst_buf_addf(out, "<%s>", name);
	mst_xml_text(out, text);
	mst_buf_addf(out, "</%s>", name);
}

static void el_bool(struct mst_buf *o, const char *name, bool v)
{
	mst_xml_el(o, name, v ? "true" : "false");
}

void mst_xml_stamp_created(struct mst_buf *out)
{
	mst_xml_el(out, "sys_created_by", "admin");
	mst_xml_el(out, "sys_created_on", MST_UPDATE_SET_DATE);
}

void mst_xml_stamp_updated(struct mst_buf *out)
{
	mst_xml_el(out, "sys_updated_by", "admin");
	mst_xml_el(out, "sys_updated_on", MST_UPDATE_SET_DATE);
}

/* The elements that every record of the system's own tables carries, from
 * sys_class_name to sys_updated_on. `extra` stands where sys_security_acl
 * sorts in, or NULL. */
static void add_stamp(struct mst_buf *o, const char *class_name, const char *id,
		      const char *sys_name, const char *update,
		      const char *extra)
{
	mst_xml_el(o, "sys_class_name", class_name);
	mst_xml_stamp_created(o);
	mst_xml_el(o, "sys_id", id);
	mst_xml_el(o, "sys_mod_count", "0");
	mst_xml_el(o, "sys_name", sys_name);
	mst_buf_adds(o, "<sys_package display_value=\"Global\" "
			"source=\"global\">global</sys_package><sys_policy/>"
			"<sys_scope display_value=\"Global\">global"
			"</sys_scope>");
	if (extra)
		mst_buf_adds(o, extra);
	mst_xml_el(o, "sys_update_name", update);
	mst_xml_stamp_updated(o);
}

static void begin(struct ctx *c, const char *attrs)
{
	mst_buf_reset(c->o);
	mst_buf_addf(c->o,
		     "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
		     "<record_update%s>",
		     attrs);
}

static void finish(struct ctx *c, const char *name, const char *type,
		   const char *target)
{
	struct mst_update u = {
	    .name = name, .type = type, .table = c->t->name, .target = target};

	mst_buf_adds(c->o, "</record_update>");
	u.payload = mst_buf_slice(c->o);
	c->fn(c->fn_ctx, &u);
}

static void add_table(struct ctx *c)
{
	struct mst_buf *o = c->o;
	char key[256], id[33], name[256];

	(void)snprintf(key, sizeof(key), "sys_db_object|%s", c->t->name);
	mst_update_set_id(key, id);
	(void)snprintf(name, sizeof(name), "sys_db_object_%s", id);
	begin(c, " table=\"sys_db_object\"");
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
	mst_xml_el(o, "label", c->t->label);
	mst_xml_el(o, "live_feed_enabled", "false");
	mst_xml_el(o, "name", c->t->name);
	mst_buf_adds(o, "<number_ref/><provider_class/>"
			"<read_access>true</read_access>"
			"<scriptable_table>false</scriptable_table>"
			"<super_class/><sys_class_code/>");
	/* sys_class_path sorts behind sys_class_name. */
	mst_xml_el(o, "sys_class_name", "sys_db_object");
	mst_buf_adds(o, "<sys_class_path/>");
	mst_xml_stamp_created(o);
	mst_xml_el(o, "sys_id", id);
	mst_xml_el(o, "sys_mod_count", "0");
	mst_xml_el(o, "sys_name", c->t->label);
	mst_buf_adds(o, "<sys_package display_value=\"Global\" "
			"source=\"global\">global</sys_package><sys_policy/>"
			"<sys_scope display_value=\"Global\">global"
			"</sys_scope>");
	mst_xml_el(o, "sys_update_name", name);
	mst_xml_stamp_updated(o);
	mst_buf_adds(o, "<update_access>true</update_access><user_role/>"
			"<ws_access>true</ws_access></sys_db_object>");
	finish(c, name, "Table", c->t->label);
}

static void dictionary_head(struct mst_buf *o, const struct mst_sn_column *col,
			    const char *comment)
{
	mst_buf_adds(o, "<active>true</active><array>false</array>"
			"<array_denormalized>false</array_denormalized>"
			"<attributes/><audit>false</audit><calculation/>");
	/* 3: a drop-down without "-- None --"; 1: with it. */
	mst_xml_el(o, "choice",
		   !col || !col->choices ? ""
		   : col->mandatory	 ? "3"
					 : "1");
	mst_buf_adds(o, "<choice_field/><choice_table/>");
	mst_xml_el(o, "column_label", col ? col->label : "");
	mst_xml_el(o, "comments", comment);
	mst_buf_adds(o, "<create_roles/>");
	mst_xml_el(o, "default_value", col ? col->dflt : "");
	mst_buf_adds(o, "<defaultsort/><delete_roles/><dependent/>"
			"<dependent_on_field/>");
	el_bool(o, "display", col && col->display);
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

	mst_buf_addf(o,
		     "<internal_type display_value=\"%s\">%s</internal_type>",
		     type, type);
	el_bool(o, "mandatory", col && col->mandatory);
	if (col)
		mst_buf_addf(o, "<max_length>%u</max_length>", col->max_length);
	else
		mst_buf_adds(o, "<max_length/>");
	mst_xml_el(o, "name", t->name);
	mst_buf_adds(o, "<next_element/><primary>false</primary>");
	el_bool(o, "read_only", col && col->read_only);
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

/* col NULL: the entry of the table itself (a "collection"). */
static void add_dictionary(struct ctx *c, const struct mst_sn_column *col)
{
	const char *element = col ? col->name : "";
	struct mst_buf *o = c->o;
	char key[256], id[33], name[256], target[256];

	(void)snprintf(name, sizeof(name), "sys_dictionary_%s_%s", c->t->name,
		       col ? col->name : "null");
	(void)snprintf(key, sizeof(key), "sys_dictionary|%s|%s", c->t->name,
		       element);
	mst_update_set_id(key, id);
	begin(c, "");
	mst_buf_addf(o,
		     "<sys_dictionary action=\"INSERT_OR_UPDATE\" "
		     "element=\"%s\" table=\"%s\">",
		     element, c->t->name);
	dictionary_head(o, col, col ? col->hint : c->t->comment);
	dictionary_type(o, c->t, col);
	add_stamp(o, "sys_dictionary", id, col ? col->label : c->t->label, name,
		  NULL);
	mst_buf_adds(o, "<table_reference>false</table_reference>"
			"<text_index>false</text_index>");
	el_bool(o, "unique", col && col->unique);
	mst_buf_adds(o, "<use_dependent_field>false</use_dependent_field>"
			"<use_dynamic_default>false</use_dynamic_default>"
			"<use_reference_qualifier>simple"
			"</use_reference_qualifier><virtual>false</virtual>"
			"<widget/><write_roles/><xml_view>false</xml_view>"
			"</sys_dictionary>");
	if (col)
		(void)snprintf(target, sizeof(target), "%s.%s", c->t->label,
			       col->label);
	else
		(void)snprintf(target, sizeof(target), "%s", c->t->name);
	finish(c, name, "Dictionary", target);
}

static void add_label(struct ctx *c, const struct mst_sn_column *col)
{
	const char *element = col ? col->name : "";
	const char *label = col ? col->label : c->t->label;
	struct mst_buf *o = c->o;
	char key[256], id[33], name[256], plural[128];

	(void)snprintf(name, sizeof(name), "sys_documentation_%s_%s_en",
		       c->t->name, element);
	(void)snprintf(key, sizeof(key), "sys_documentation|%s|%s|en",
		       c->t->name, element);
	mst_update_set_id(key, id);
	(void)snprintf(plural, sizeof(plural), "%s", col ? "" : c->t->plural);
	begin(c, "");
	mst_buf_addf(o, "<sys_documentation element=\"%s\" label=\"", element);
	mst_xml_text(o, label);
	mst_buf_addf(o, "\" language=\"en\" table=\"%s\">", c->t->name);
	mst_buf_adds(o, "<sys_documentation action=\"INSERT_OR_UPDATE\">");
	mst_xml_el(o, "element", element);
	mst_xml_el(o, "help", "");
	mst_xml_el(o, "hint", col ? col->hint : "");
	mst_xml_el(o, "label", label);
	mst_xml_el(o, "language", "en");
	mst_xml_el(o, "name", c->t->name);
	mst_xml_el(o, "plural", plural);
	add_stamp(o, "sys_documentation", id, label, name, NULL);
	mst_buf_adds(o, "<url/><url_target/></sys_documentation>"
			"</sys_documentation>");
	finish(c, name, "Field Label", label);
}

static void add_choice(struct ctx *c, const struct mst_sn_column *col, size_t i)
{
	const struct mst_sn_choice *ch = &col->choices[i];
	struct mst_buf *o = c->o;
	char key[256], id[33];

	(void)snprintf(key, sizeof(key), "sys_choice|%s|%s|%s", c->t->name,
		       col->name, ch->value);
	mst_update_set_id(key, id);
	mst_buf_adds(o, "<sys_choice action=\"INSERT_OR_UPDATE\">"
			"<dependent_value/>");
	mst_xml_el(o, "element", col->name);
	mst_buf_adds(o, "<hint/><inactive>false</inactive>");
	mst_xml_el(o, "label", ch->label);
	mst_xml_el(o, "language", "en");
	mst_xml_el(o, "name", c->t->name);
	mst_buf_addf(o, "<sequence>%zu</sequence><synonyms/>", i);
	mst_xml_stamp_created(o);
	mst_buf_adds(o, "<sys_domain>global</sys_domain>"
			"<sys_domain_path>/</sys_domain_path>");
	mst_xml_el(o, "sys_id", id);
	mst_xml_el(o, "sys_mod_count", "0");
	mst_xml_stamp_updated(o);
	mst_xml_el(o, "value", ch->value);
	mst_buf_adds(o, "</sys_choice>");
}

static void add_choices(struct ctx *c, const struct mst_sn_column *col)
{
	struct mst_buf *o = c->o;
	char key[256], id[33], name[256], target[256];

	(void)snprintf(name, sizeof(name), "sys_choice_%s_%s", c->t->name,
		       col->name);
	(void)snprintf(key, sizeof(key), "sys_choice_set|%s|%s", c->t->name,
		       col->name);
	mst_update_set_id(key, id);
	begin(c, "");
	mst_buf_addf(o,
		     "<sys_choice action=\"INSERT_OR_UPDATE\" field=\"%s\" "
		     "table=\"%s\" version=\"3\">",
		     col->name, c->t->name);
	mst_buf_adds(o, "<sys_choice_set action=\"INSERT_OR_UPDATE\">");
	mst_xml_el(o, "element", col->name);
	mst_xml_el(o, "name", c->t->name);
	add_stamp(o, "sys_choice_set", id, col->name, name, NULL);
	mst_buf_adds(o, "</sys_choice_set>");
	for (size_t i = 0; col->choices[i].value; i++)
		add_choice(c, col, i);
	mst_buf_adds(o, "</sys_choice>");
	(void)snprintf(target, sizeof(target), "%s.%s", c->t->name, col->name);
	finish(c, name, "Choice list", target);
}

/* `object` is the table, or "table.*" for all of its fields. */
static void add_acl_role(struct ctx *c, const char *object, const char *acl_id,
			 const char *op)
{
	struct mst_buf *o = c->o;
	char key[256], id[33], name[256], target[160], ref[256], role[33];

	(void)snprintf(key, sizeof(key), "sys_security_acl_role|%s|%s|%s",
		       object, op, MST_UPDATE_SET_ROLE);
	mst_update_set_id(key, id);
	mst_update_set_id("sys_user_role|" MST_UPDATE_SET_ROLE, role);
	(void)snprintf(name, sizeof(name), "sys_security_acl_role_%s", id);
	(void)snprintf(target, sizeof(target), "%s.%s", object,
		       MST_UPDATE_SET_ROLE);
	(void)snprintf(ref, sizeof(ref),
		       "<sys_security_acl display_value=\"%s\">%s"
		       "</sys_security_acl>",
		       object, acl_id);
	begin(c, " table=\"sys_security_acl_role\"");
	mst_buf_adds(o, "<sys_security_acl_role action=\"INSERT_OR_UPDATE\">");
	add_stamp(o, "sys_security_acl_role", id, target, name, ref);
	/* The role exists on the instance: the name resolves it there. */
	mst_buf_addf(o,
		     "<sys_user_role display_value=\"%s\" name=\"%s\">%s"
		     "</sys_user_role><transaction_id/>"
		     "</sys_security_acl_role>",
		     MST_UPDATE_SET_ROLE, MST_UPDATE_SET_ROLE, role);
	finish(c, name, "Access Roles", target);
}

static void add_acl(struct ctx *c, const char *object, const char *op)
{
	struct mst_buf *o = c->o;
	char key[256], id[33], name[256], text[256];

	(void)snprintf(key, sizeof(key), "sys_security_acl|%s|%s", object, op);
	mst_update_set_id(key, id);
	(void)snprintf(name, sizeof(name), "sys_security_acl_%s", id);
	(void)snprintf(text, sizeof(text), "%s %s for role %s", op, object,
		       MST_UPDATE_SET_ROLE);
	begin(c, " table=\"sys_security_acl\"");
	mst_buf_adds(o, "<sys_security_acl action=\"INSERT_OR_UPDATE\">"
			"<active>true</active>"
			"<admin_overrides>true</admin_overrides>"
			"<advanced>false</advanced><applies_to/><condition/>"
			"<decision_type>allow</decision_type>");
	mst_xml_el(o, "description", text);
	mst_xml_el(o, "local_or_existing", "Local");
	mst_xml_el(o, "name", object);
	mst_buf_addf(o,
		     "<operation display_value=\"%s\">%s</operation><script/>"
		     "<security_attribute/>",
		     op, op);
	add_stamp(o, "sys_security_acl", id, object, name, NULL);
	mst_buf_adds(o, "<type display_value=\"record\">record</type>"
			"</sys_security_acl>");
	finish(c, name, "Access Control", object);
	add_acl_role(c, object, id, op);
}

void mst_payloads(const struct mst_sn_table *t, struct mst_buf *scratch,
		  void (*fn)(void *ctx, const struct mst_update *u), void *ctx)
{
	static const char *const ops[] = {"read", "write", "create", "delete"};
	struct ctx c = {.t = t, .o = scratch, .fn = fn, .fn_ctx = ctx};
	char fields[128];

	add_table(&c);
	add_dictionary(&c, NULL);
	add_label(&c, NULL);
	for (size_t i = 0; i < t->columns_n; i++) {
		add_dictionary(&c, &t->columns[i]);
		add_label(&c, &t->columns[i]);
		if (t->columns[i].choices)
			add_choices(&c, &t->columns[i]);
	}
	for (size_t i = 0; i < MST_LEN(ops); i++)
		add_acl(&c, t->name, ops[i]);
	/* A field cannot be deleted, so its rules are three. Needed where the
	 * instance denies by default. */
	(void)snprintf(fields, sizeof(fields), "%s.*", t->name);
	for (size_t i = 0; i + 1 < MST_LEN(ops); i++)
		add_acl(&c, fields, ops[i]);
}
