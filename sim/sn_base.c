/* SPDX-License-Identifier: Apache-2.0
 *
 * What a fresh instance has: the tables and columns that muster or a reader of
 * its work comes across, with types, lengths, references and choices; roles,
 * users, groups, companies, properties; and who may do what.
 */
#include <stdio.h>

#include "sim/sn.h"
#include "sim/sn_base.h"

static void make_tables(struct sim_sn *sn, const struct sn_base_part *part)
{
	struct mst_err err = MST_ERR_INIT;

	for (size_t i = 0; i < part->tables_n; i++) {
		const struct sn_base_table *b = &part->tables[i];

		(void)sn_table_add(sn, b->name, b->label, b->super, &err);
		/* Columns before the classes below inherit them. */
		for (size_t k = 0; k < part->cols_n; k++) {
			const struct sn_base_col *c = &part->cols[k];
			struct sn_col proto = {.name = c->name,
					       .label = c->label,
					       .type = c->type,
					       .max_length = c->max_length,
					       .reference = c->reference,
					       .choice = c->choice,
					       .display = c->display,
					       .dflt = c->dflt};

			if (!strcmp(c->table, b->name))
				(void)sn_col_add(sn, sn_table_any(sn, b->name),
						 &proto);
		}
	}
}

static const struct sn_base_part *const parts[] = {&sn_base_meta, &sn_base_cis,
						   &sn_base_tasks, &sn_base_ot};

static void make_choices(struct sim_sn *sn)
{
	static const char *const sources[] = {"ServiceNow", "Manual Entry",
					      "muster"};

	for (size_t k = 0; k < MST_LEN(parts); k++) {
		for (size_t i = 0; i < parts[k]->choices_n; i++) {
			const struct sn_base_choice *c = &parts[k]->choices[i];

			sn_choice_add(sn, c->table, c->element, c->value,
				      c->label, (int)i);
		}
	}
	for (size_t i = 0; i < MST_LEN(sources); i++)
		sn_choice_add(sn, "cmdb_ci", "discovery_source", sources[i],
			      sources[i], (int)i);
}

struct sn_row *sn_base_row(struct sim_sn *sn, const char *table,
			   const char *const *pairs)
{
	struct sn_table *t = sn_table_any(sn, table);
	struct mst_slice vals[SN_MAX_COLUMNS];

	sn_defaults(sn, t, vals);
	for (; pairs[0]; pairs += 2) {
		size_t at = sn_col_at(t, pairs[0]);

		if (at != SN_NONE)
			vals[at] = mst_slice_str(pairs[1]);
	}
	return sn_insert(sn, t, vals, NULL, "system");
}
#define ROW(sn, table, ...)                                                    \
	sn_base_row((sn), (table), (const char *const[]){__VA_ARGS__, NULL})

static void make_users(struct sim_sn *sn)
{
	static const struct {
		const char *user, *first, *last;
	} people[] = {
	    {"kim.example", "Kim", "Example"},
	    {"alex.example", "Alex", "Example"},
	    {"sam.example", "Sam", "Example"},
	    {"robin.example", "Robin", "Example"},
	};
	static const char *const roles[] = {"admin",
					    "itil",
					    "asset",
					    "cmdb_read",
					    "personalize_choices",
					    "personalize_dictionary",
					    "security_admin",
					    "sn_si.basic",
					    "evt_mgmt_integration"};
	static const char *const groups[] = {"Service Desk", "Hardware",
					     "Vulnerability Response"};
	struct sn_user *u;
	char name[128], mail[128];

	for (size_t i = 0; i < MST_LEN(roles); i++)
		ROW(sn, "sys_user_role", "name", roles[i]);
	for (size_t i = 0; i < MST_LEN(groups); i++)
		ROW(sn, "sys_user_group", "name", groups[i], "active", "true");
	for (size_t i = 0; i < MST_LEN(people); i++) {
		(void)snprintf(name, sizeof(name), "%s %s", people[i].first,
			       people[i].last);
		(void)snprintf(mail, sizeof(mail), "%s@example.com",
			       people[i].user);
		ROW(sn, "sys_user", "user_name", people[i].user, "name", name,
		    "first_name", people[i].first, "last_name", people[i].last,
		    "email", mail);
	}
	u = sn_user_add(sn, "admin", "not-a-real-admin-password");
	sn_user_role(sn, u, "admin");
	ROW(sn, "sys_user", "user_name", "admin", "name",
	    "System Administrator");
	u = sn_user_add(sn, MST_SIM_USER, MST_SIM_PASSWORD);
	sn_user_role(sn, u, "asset");
	sn_user_role(sn, u, "itil");
	ROW(sn, "sys_user", "user_name", MST_SIM_USER, "name",
	    "muster integration", "web_service_access_only", "true");
}

/* What a person is to a CI. */
static void make_user_types(struct sim_sn *sn)
{
	static const char *const types[][3] = {
	    {"Uses", "Used by", "Uses"},
	    {"Owns", "Owned by", "Owns"},
	    {"Approves changes", "Changes approved by", "Approves changes for"},
	};

	for (size_t i = 0; i < MST_LEN(types); i++)
		ROW(sn, "cmdb_rel_user_type", "name", types[i][0],
		    "parent_descriptor", types[i][1], "child_descriptor",
		    types[i][2]);
}

static void make_records(struct sim_sn *sn)
{
	/* A manufacturer often stands in an instance more than once. */
	static const char *const companies[] = {
	    "Dell Inc.",  "HP",		  "Microsoft Corporation",
	    "Apple",	  "Lenovo",	  "Google LLC",
	    "Adobe Inc.", "VMware, Inc.", "Dell"};
	int64_t day_us = (int64_t)86400 * 1000000, start = sn->now_us;
	struct sn_row *dell = NULL, *row;

	for (size_t i = 0; i < MST_LEN(companies); i++) {
		sn_set_now(sn, start + (int64_t)i * day_us);
		row = ROW(sn, "core_company", "name", companies[i],
			  "manufacturer", "true", "vendor", "true");
		dell = dell ? dell : row;
	}
	sn_set_now(sn, start);
	ROW(sn, "cmdb_hardware_product_model", "name", "Latitude 7440",
	    "model_number", "Latitude 7440", "manufacturer", dell->id);
	for (size_t i = 0; i < sn_base_rel_types_n; i++)
		ROW(sn, "cmdb_rel_type", "name", sn_base_rel_types[i]);
	make_user_types(sn);
	ROW(sn, "sys_properties", "name",
	    "glide.oauth.inbound.client.credential.grant_type.enabled", "value",
	    "true");
	ROW(sn, "sys_properties", "name",
	    "glide.rest.choice.allow_non_existing_value", "value", "false");
	ROW(sn, "sys_properties", "name", "glide.invalid_query.returns_no_rows",
	    "value", "false");
	ROW(sn, "sys_properties", "name", "glide.buildname", "value", "Zurich");
	ROW(sn, "sys_properties", "name", "glide.buildtag", "value",
	    "glide-zurich-07-01-2025__patch4-simulated");
	ROW(sn, "sys_number", "category", "incident", "prefix", "INC", "number",
	    "10000", "maximum_digits", "7");
	ROW(sn, "sys_number", "category", "sn_si_incident", "prefix", "SIR",
	    "number", "10000", "maximum_digits", "7");
	ROW(sn, "sys_number", "category", "em_alert", "prefix", "Alert",
	    "number", "10000", "maximum_digits", "7");
	ROW(sn, "sysrule_quota", "name", "REST Batch API request timeout",
	    "maximum_duration", "30", "active", "true");
	ROW(sn, "sysrule_quota", "name", "REST Table API request timeout",
	    "maximum_duration", "60", "active", "true");
}

/* Computers and servers have related lists of their own; the classes below
 * show those of the class above. */
static void make_layouts(struct sim_sn *sn)
{
	static const struct {
		const char *table, *name;
		const char *lists[4];
	} layouts[] = {
	    {"cmdb_ci_computer",
	     "Computer - Default view",
	     {"cmdb_software_instance.installed_on",
	      "cmdb_ci_network_adapter.cmdb_ci", "cmdb_rel_person.ci"}},
	    {"cmdb_ci_server",
	     "Server - Default view",
	     {"cmdb_software_instance.installed_on",
	      "cmdb_serial_number.cmdb_ci"}},
	};

	for (size_t i = 0; i < MST_LEN(layouts); i++) {
		struct sn_row *list = ROW(
		    sn, "sys_ui_related_list", "name", layouts[i].table, "view",
		    "Default view", "calculated_name", layouts[i].name);

		for (size_t k = 0; layouts[i].lists[k]; k++) {
			const char position[] = {(char)('0' + k), '\0'};

			ROW(sn, "sys_ui_related_list_entry", "list_id",
			    list->id, "related_list", layouts[i].lists[k],
			    "position", position);
		}
	}
}

static void allow(struct sim_sn *sn, const char *table, const char *role,
		  const char *ops)
{
	struct sn_table *t = sn_table_any(sn, table);

	for (; *ops; ops++)
		sn_allow(sn, t,
			 *ops == 'r'   ? SN_READ
			 : *ops == 'w' ? SN_WRITE
			 : *ops == 'c' ? SN_CREATE
				       : SN_DEL,
			 role);
}

/* r read, w write, c create, d delete. */
static void make_rules(struct sim_sn *sn)
{
	static const char *const readable[] = {
	    "sys_db_object",	  "sys_dictionary", "sys_documentation",
	    "sys_choice",	  "sys_user",	    "sys_user_group",
	    "sys_user_role",	  "cmn_location",   "cmdb_rel_type",
	    "cmdb_rel_user_type", "sysrule_quota",  "sys_rate_limit_rules",
	    "sys_journal_field",  "sys_properties", "sys_remote_update_set"};
	static const char *const assets[] = {
	    "core_company",    "cmdb_model",	      "cmdb_software_instance",
	    "cmdb_ot_entity",  "cmdb_sam_sw_install", "cmdb_rel_ci",
	    "cmdb_rel_person", "cmdb_serial_number"};

	for (size_t i = 0; i < MST_LEN(readable); i++) {
		allow(sn, readable[i], "itil", "r");
		allow(sn, readable[i], "asset", "r");
	}
	for (size_t i = 0; i < MST_LEN(assets); i++) {
		allow(sn, assets[i], "asset", "rwcd");
		allow(sn, assets[i], "itil", "r");
	}
	allow(sn, "cmdb", "itil", "rwc");
	allow(sn, "cmdb", "asset", "rwcd");
	allow(sn, "cmdb", "cmdb_read", "r");
	allow(sn, "task", "itil", "rwc");
	allow(sn, "sn_si_incident", "sn_si.basic", "rwc");
	allow(sn, "em_event", "evt_mgmt_integration", "rc");
	allow(sn, "em_alert", "evt_mgmt_integration", "r");
	allow(sn, "sys_object_source", "itil", "r");
	allow(sn, "sys_object_source", "asset", "rd");
	allow(sn, "cmdb_ire_partial_payloads", "itil", "r");
	allow(sn, "sys_choice", "personalize_choices", "wcd");
	allow(sn, "sys_dictionary", "personalize_dictionary", "wc");
}

void sn_base_switch_ot(struct sim_sn *sn, bool on)
{
	for (size_t i = 0; i < sn_base_ot.tables_n; i++)
		sn_table_any(sn, sn_base_ot.tables[i].name)->off = !on;
}

void sn_base(struct sim_sn *sn)
{
	for (size_t i = 0; i < MST_LEN(parts); i++)
		make_tables(sn, parts[i]);
	make_choices(sn);
	make_users(sn);
	make_records(sn);
	make_layouts(sn);
	make_rules(sn);
}
