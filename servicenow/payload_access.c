/* SPDX-License-Identifier: Apache-2.0
 *
 * Access rules: sys_security_acl and the role that each of them asks for.
 */
#include <stdio.h>

#include "servicenow/payload.h"

/* `object` is the table, or "table.*" for all of its fields. */
static void add_role(struct mst_updates *s, const struct mst_sn_table *t,
		     const char *object, const char *acl_id, const char *op)
{
	struct mst_buf *o = &s->buf;
	char id[33], role[33], update[256], target[160];

	mst_upd_id(id, "sys_security_acl_role|%s|%s|%s", object, op,
		   MST_UPDATE_SET_ROLE);
	mst_upd_id(role, "sys_user_role|%s", MST_UPDATE_SET_ROLE);
	(void)snprintf(update, sizeof(update), "sys_security_acl_role_%s", id);
	(void)snprintf(target, sizeof(target), "%s.%s", object,
		       MST_UPDATE_SET_ROLE);
	mst_upd_begin(s, " table=\"sys_security_acl_role\"");
	mst_buf_adds(o, "<sys_security_acl_role action=\"INSERT_OR_UPDATE\">");
	mst_xml_el(o, "sys_class_name", "sys_security_acl_role");
	mst_xml_created(o);
	mst_xml_el(o, "sys_id", id);
	mst_xml_el(o, "sys_mod_count", "0");
	mst_xml_el(o, "sys_name", target);
	mst_xml_scope(o);
	mst_xml_ref(o, "sys_security_acl", object, acl_id);
	mst_xml_el(o, "sys_update_name", update);
	mst_xml_updated(o);
	/* The role exists on the instance: the name resolves it there. */
	mst_buf_addf(o,
		     "<sys_user_role display_value=\"%s\" name=\"%s\">%s"
		     "</sys_user_role><transaction_id/>"
		     "</sys_security_acl_role>",
		     MST_UPDATE_SET_ROLE, MST_UPDATE_SET_ROLE, role);
	mst_upd_end(s, (struct mst_update){.name = update,
					   .type = "Access Roles",
					   .table = t->name,
					   .target = target});
}

static void add_acl(struct mst_updates *s, const struct mst_sn_table *t,
		    const char *object, const char *op)
{
	struct mst_buf *o = &s->buf;
	char id[33], update[256], text[256];

	mst_upd_id(id, "sys_security_acl|%s|%s", object, op);
	(void)snprintf(update, sizeof(update), "sys_security_acl_%s", id);
	(void)snprintf(text, sizeof(text), "%s %s for role %s", op, object,
		       MST_UPDATE_SET_ROLE);
	mst_upd_begin(s, " table=\"sys_security_acl\"");
	mst_buf_adds(o, "<sys_security_acl action=\"INSERT_OR_UPDATE\">"
			"<active>true</active>"
			"<admin_overrides>true</admin_overrides>"
			"<advanced>false</advanced><applies_to/><condition/>"
			"<decision_type>allow</decision_type>");
	mst_xml_el(o, "description", text);
	mst_xml_el(o, "local_or_existing", "Local");
	mst_xml_el(o, "name", object);
	mst_xml_ref(o, "operation", op, op);
	mst_buf_adds(o, "<script/><security_attribute/>");
	mst_xml_stamp(o, "sys_security_acl", id, object, update);
	mst_xml_ref(o, "type", "record", "record");
	mst_buf_adds(o, "</sys_security_acl>");
	mst_upd_end(s, (struct mst_update){.name = update,
					   .type = "Access Control",
					   .table = t->name,
					   .target = object});
	add_role(s, t, object, id, op);
}

void mst_upd_access(struct mst_updates *s, const struct mst_sn_table *t)
{
	static const char *const ops[] = {"read", "write", "create", "delete"};
	char fields[128];

	for (size_t i = 0; i < MST_LEN(ops); i++)
		add_acl(s, t, t->name, ops[i]);
	/* A field cannot be deleted, so its rules are three. Needed where the
	 * instance denies by default. */
	(void)snprintf(fields, sizeof(fields), "%s.*", t->name);
	for (size_t i = 0; i + 1 < MST_LEN(ops); i++)
		add_acl(s, t, fields, ops[i]);
}
