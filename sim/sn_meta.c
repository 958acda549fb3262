/* SPDX-License-Identifier: Apache-2.0
 *
 * GET /api/now/cmdb/meta/{class}: attributes, children and identification rule
 * of a class.
 */
#include <stdio.h>

#include "sim/sn.h"

static void write_attribute(struct mst_jout *j, const struct sn_table *t,
			    const struct sn_col *c)
{
	char max[16];

	(void)snprintf(max, sizeof(max), "%u", c->max_length);
	mst_jout_obj(j);
	mst_jout_kstr(j, "is_inherited", c->owner == t ? "false" : "true");
	mst_jout_kstr(j, "is_mandatory", c->mandatory ? "true" : "false");
	mst_jout_kstr(j, "is_read_only", c->system ? "true" : "false");
	mst_jout_kstr(j, "default_value", c->dflt);
	mst_jout_kstr(j, "label", c->label);
	mst_jout_kstr(j, "type", c->type);
	mst_jout_kstr(j, "element", c->name);
	mst_jout_kstr(j, "max_length", max);
	mst_jout_kstr(j, "is_display", c->display ? "true" : "false");
	if (c->reference)
		mst_jout_kstr(j, "reference", c->reference);
	mst_jout_end_obj(j);
}

struct identifier {
	const char *condition, *referenced_field, *attributes, *table;
	int order;
	bool exact;
};

static void write_identifier(struct mst_jout *j, const struct identifier *i)
{
	mst_jout_obj(j);
	mst_jout_kstr(j, "condition", i->condition);
	mst_jout_kbool(j, "exact_count_match", i->exact);
	mst_jout_kstr(j, "referenced_field", i->referenced_field);
	mst_jout_kbool(j, "active", true);
	mst_jout_kstr(j, "attributes", i->attributes);
	mst_jout_kbool(j, "allow_fallback", false);
	mst_jout_kstr(j, "table", i->table);
	mst_jout_ki64(j, "order", i->order);
	mst_jout_kbool(j, "allow_null_attribute", false);
	mst_jout_end_obj(j);
}

static void write_rules(struct sim_sn *sn, struct mst_jout *j,
			const struct sn_table *t)
{
	static const struct identifier hardware[] = {
	    {"valid=true^absent=false^EQ", "cmdb_ci",
	     "serial_number,serial_number_type", "cmdb_serial_number", 100,
	     true},
	    {NULL, NULL, "serial_number", NULL, 200, false},
	    {NULL, NULL, "name", NULL, 300, false},
	    {"install_status!=100^EQ", "cmdb_ci", "ip_address,mac_address",
	     "cmdb_ci_network_adapter", 400, true},
	};
	static const struct identifier package[] = {
	    {NULL, NULL, "key", NULL, 100, false},
	    {NULL, NULL, "name,version", NULL, 200, false},
	};
	static const struct identifier other[] = {
	    {NULL, NULL, "name", NULL, 100, false},
	};
	const struct sn_table *hw = sn_table_any(sn, "cmdb_ci_hardware");
	const char *below = sn_owned_by(t);
	const struct identifier dependent[] = {
	    {NULL, NULL, below, NULL, 100, false},
	    {NULL, NULL, "name", NULL, 200, false},
	};
	bool is_hw = sn_is_a(t, hw);
	bool is_pkg = !strcmp(t->name, "cmdb_ci_spkg");
	const struct identifier *rules = is_hw	  ? hardware
					 : is_pkg ? package
					 : below  ? dependent
						  : other;
	size_t n = is_hw    ? MST_LEN(hardware)
		   : is_pkg ? MST_LEN(package)
		   : below  ? MST_LEN(dependent)
			    : MST_LEN(other);

	mst_jout_key(j, "identification_rules");
	mst_jout_obj(j);
	mst_jout_key(j, "related_rules");
	mst_jout_arr(j);
	mst_jout_end_arr(j);
	mst_jout_kstr(j, "applies_to", is_hw ? hw->name : t->name);
	mst_jout_key(j, "identifiers");
	mst_jout_arr(j);
	for (size_t i = 0; i < n; i++)
		write_identifier(j, &rules[i]);
	mst_jout_end_arr(j);
	mst_jout_kstr(j, "name",
		      is_hw    ? "Hardware Rule"
		      : is_pkg ? "Software Rule"
		      : below  ? "Dependent Rule"
			       : "Default Rule");
	mst_jout_kbool(j, "active", true);
	mst_jout_kbool(j, "is_independent", !below);
	mst_jout_end_obj(j);
}

static void write_class(struct sim_sn *sn, struct mst_jout *j,
			const struct sn_table *t)
{
	mst_jout_obj(j);
	mst_jout_kstr(j, "icon_url", "");
	mst_jout_kbool(j, "is_extendable", true);
	mst_jout_kstr(j, "parent", t->super ? t->super->name : "");
	mst_jout_key(j, "children");
	mst_jout_arr(j);
	for (size_t i = 0; i < sn->order_n; i++) {
		if (sn->order[i]->super == t && !sn->order[i]->off)
			mst_jout_str(j, sn->order[i]->name);
	}
	mst_jout_end_arr(j);
	mst_jout_kstr(j, "name", t->name);
	mst_jout_kstr(j, "icon", "");
	mst_jout_key(j, "attributes");
	mst_jout_arr(j);
	for (size_t i = 0; i < t->n; i++)
		write_attribute(j, t, t->cols[i]);
	mst_jout_end_arr(j);
	mst_jout_key(j, "relationship_rules");
	mst_jout_arr(j);
	mst_jout_end_arr(j);
	mst_jout_kstr(j, "label", t->label);
	write_rules(sn, j, t);
	mst_jout_end_obj(j);
}

void sn_meta_api(struct sim_sn *sn, const struct sn_req *r, const char *name,
		 struct sim_reply *reply)
{
	struct sn_table *t = sn_table(sn, name);
	struct mst_jout j;

	if (strcmp(r->method, "GET")) {
		sn_error(reply, 405, "Method not supported",
			 "%s is not supported here", r->method);
		return;
	}
	if (!sn_has_role(r->user, "itil") && !sn_has_role(r->user, "admin")) {
		sn->stats.forbidden++;
		sn_error(reply, 403, "User Not Authorized",
			 "Failed API level ACL Validation");
		return;
	}
	if (!t || !sn_is_a(t, sn_table_any(sn, "cmdb"))) {
		sn_error(reply, 404, "Class not found",
			 "Class %.80s is not a valid CMDB class", name);
		return;
	}
	mst_jout_init(&j, &reply->body);
	mst_jout_obj(&j);
	mst_jout_key(&j, "result");
	write_class(sn, &j, t);
	mst_jout_end_obj(&j);
}
