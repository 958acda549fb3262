/* SPDX-License-Identifier: Apache-2.0
 *
 * Identification and reconciliation: the four end points. A payload is read,
 * doubles are found, every item is identified and checked; only then are the
 * good ones written (all or none, unless partial commits are allowed).
 */
#include "sim/sn_ire.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void ire_error(struct ire *ire, struct ire_item *it, const char *code,
	       const char *fmt, ...)
{
	char text[512];
	va_list ap;

	if (it->errors_n == IRE_MAX_ERRORS)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	it->errors[it->errors_n++] =
	    (struct ire_note){code, mst_arena_strdup(&ire->sn->scratch, text)};
}

struct mst_slice ire_value(struct ire *ire, const struct ire_item *it,
			   const char *name)
{
	return sn_json_text(ire->sn, mst_json_get(it->values, name));
}

bool ire_is_hardware(const struct ire *ire, const struct ire_item *it)
{
	const struct sn_table *hw = sn_table_any(ire->sn, "cmdb_ci_hardware");

	return it->t && hw && sn_is_a(it->t, hw);
}

/* ---- options ------------------------------------------------------------- */

static bool option(struct ire *ire, struct mst_slice key, bool value)
{
	struct {
		const char *name;
		bool *flag;
	} known[] = {
	    {"partial_payloads", &ire->partial_payloads},
	    {"partial_commits", &ire->partial_commits},
	    {"deduplicate_payloads", &ire->dedupe},
	    {"generate_summary", &ire->summary},
	    {"skip_updating_last_scan_to_now", &ire->keep_scan},
	    {"skip_updating_source_last_discovered_to_now",
	     &ire->keep_discovered},
	};

	for (size_t i = 0; i < MST_LEN(known); i++) {
		if (!mst_slice_is(key, known[i].name))
			continue;
		/* Documented for scripts only: REST may not take them. */
		if (i >= 4 && !ire->sn->opt_skip_options)
			return false;
		*known[i].flag = value;
		return true;
	}
	return false;
}

/* False: a chunk is malformed, the answer is written. */
static bool read_options(struct ire *ire, const char *text,
			 struct sim_reply *reply)
{
	ire->partial_payloads = ire->partial_commits = ire->dedupe =
	    ire->enhanced;
	while (ire->enhanced && text && *text) {
		size_t n = strcspn(text, ",");
		struct mst_slice chunk = mst_slice_trim(mst_slice(text, n));
		const char *colon = memchr(chunk.p, ':', chunk.n);
		size_t k = colon ? (size_t)(colon - chunk.p) : chunk.n;
		struct mst_slice v = mst_slice(chunk.p + k, chunk.n - k);
		bool ok = mst_slice_is(v, ":true") || mst_slice_is(v, ":false");

		if (!ok || !option(ire, mst_slice(chunk.p, k),
				   mst_slice_is(v, ":true"))) {
			sn_error(reply, 500, "Invalid options parameter",
				 "Chunk [%.*s] is not a valid entry",
				 (int)MST_MIN(chunk.n, (size_t)100), chunk.p);
			return false;
		}
		text += n + (text[n] == ',');
	}
	if (ire->partial_payloads)
		ire->partial_commits = ire->dedupe = true;
	return true;
}

/* ---- reading ------------------------------------------------------------- */

static bool flag(struct mst_json o, const char *key)
{
	bool v = false;

	(void)mst_json_bool(mst_json_get(o, key), &v);
	return v;
}

static struct mst_slice text(struct mst_json o, const char *key)
{
	struct mst_slice s = mst_json_str(mst_json_get(o, key));

	return s.p ? s : MST_SLICE_LIT("");
}

/* Which column of a child's class refers to the CI. The rules of lookup and
 * related items know these classes. */
static const char *parent_column(struct mst_slice class_name, bool lookup)
{
	static const struct {
		const char *class_name, *col;
		bool lookup;
	} rules[] = {
	    {"cmdb_serial_number", "cmdb_ci", true},
	    {"cmdb_ci_network_adapter", "cmdb_ci", true},
	    {"cmdb_software_instance", "installed_on", false},
	    {"cmdb_sam_sw_install", "installed_on", false},
	    {"cmdb_key_value", "configuration_item", false},
	    {"cmdb_ci_network_adapter", "cmdb_ci", false},
	    {"cmdb_serial_number", "cmdb_ci", false},
	};

	for (size_t i = 0; i < MST_LEN(rules); i++) {
		if (rules[i].lookup == lookup &&
		    mst_slice_is(class_name, rules[i].class_name))
			return rules[i].col;
	}
	return NULL;
}

static void read_children(struct ire *ire, struct ire_item *it, const char *key,
			  bool lookup)
{
	struct mst_json_iter all = mst_json_iter(mst_json_get(it->j, key));
	struct ire_child **tail = &it->children;
	struct mst_json j;
	size_t sub = 0;

	while (*tail)
		tail = &(*tail)->next;
	while (mst_json_next(&all, NULL, &j)) {
		struct ire_child *c =
		    mst_arena_alloc(&ire->sn->scratch, sizeof(*c));
		const char *col;

		*tail = c;
		tail = &c->next;
		c->j = j;
		c->values = mst_json_get(j, "values");
		c->class_name = text(j, "className");
		c->internal_id = text(j, "internal_id");
		c->lookup = lookup;
		c->main = it->input;
		c->sub = sub++;
		col = parent_column(c->class_name, lookup);
		c->t =
		    col ? mst_map_get(&ire->sn->tables, c->class_name) : NULL;
		if (!c->t || c->t->off) {
			c->t = NULL;
			ire_error(ire, it,
				  lookup
				      ? "IDENTIFICATION_RULE_FOR_LOOKUP_MISSING"
				      : "IDENTIFICATION_RULE_FOR_RELATED_ITEM_"
					"MISSING",
				  "No %s rule for table [%.*s] in [%.*s]",
				  lookup ? "lookup" : "related",
				  MST_SLICE_ARG(c->class_name),
				  MST_SLICE_ARG(it->class_name));
			continue;
		}
		c->parent_col = sn_col_at(c->t, col);
		if (c->internal_id.n)
			mst_map_put(&ire->child_by_internal, c->internal_id, c);
	}
}

static void read_item(struct ire *ire, struct ire_item *it, struct mst_json j)
{
	struct mst_json source = mst_json_get(j, "sys_object_source_info");
	struct mst_json settings = mst_json_get(j, "settings");
	struct sn_table *cmdb = sn_table_any(ire->sn, "cmdb");

	it->j = j;
	it->entry_id = "Unknown";
	it->class_name = text(j, "className");
	it->internal_id = text(j, "internal_id");
	it->values = mst_json_get(j, "values");
	it->display_values = mst_json_get(j, "display_values");
	it->source = text(source, "source_name");
	it->native_key = text(source, "source_native_key");
	it->feed = text(source, "source_feed");
	it->recency = text(source, "source_recency_timestamp");
	it->no_downgrade = flag(settings, "updateWithoutDowngrade");
	it->no_switch = flag(settings, "updateWithoutSwitch");
	it->no_upgrade = flag(settings, "updateWithoutUpgrade");
	it->t = mst_map_get(&ire->sn->tables, it->class_name);
	if (it->t && (it->t->off || !sn_is_a(it->t, cmdb)))
		it->t = NULL;
	if (!it->class_name.n)
		ire_error(ire, it, "NO_CLASS_NAME_FOR_INDEPENDENT_CI",
			  "No class name for independent CI");
	else if (!it->t)
		ire_error(ire, it, "IDENTIFICATION_RULE_MISSING",
			  "No identification rule exists for table [%.*s]",
			  MST_SLICE_ARG(it->class_name));
	if (it->internal_id.n)
		mst_map_put(&ire->by_internal, it->internal_id, it);
	read_children(ire, it, "lookup", true);
	read_children(ire, it, "related", false);
}

static void read_rest(struct ire *ire, struct mst_json root)
{
	struct mst_json refs = mst_json_get(root, "referenceItems");
	struct mst_json rels = mst_json_get(root, "relations");
	struct mst_json_iter all = mst_json_iter(refs);
	struct mst_json j;

	ire->references =
	    mst_arena_alloc(&ire->sn->scratch, (mst_json_len(refs) + 1) *
						   sizeof(*ire->references));
	while (mst_json_next(&all, NULL, &j))
		ire->references[ire->references_n++] = (struct ire_reference){
		    text(j, "referenced"), text(j, "referencedBy"),
		    text(j, "referenceField")};
	ire->relations =
	    mst_arena_alloc(&ire->sn->scratch,
			    (mst_json_len(rels) + 1) * sizeof(*ire->relations));
	all = mst_json_iter(rels);
	while (mst_json_next(&all, NULL, &j))
		ire->relations[ire->relations_n++].j = j;
}

/* ---- doubles ------------------------------------------------------------- */

static void put_lower(struct mst_buf *b, struct mst_slice s)
{
	for (size_t i = 0; i < s.n; i++)
		mst_buf_addc(b, s.p[i] >= 'A' && s.p[i] <= 'Z'
				    ? (char)(s.p[i] + 32)
				    : s.p[i]);
}

/* What two items of a class must share to be doubles, by way k: native key,
 * serial number, name (without a serial number), key of a package. */
static bool double_key(struct ire *ire, struct ire_item *it, int k,
		       struct mst_buf *b)
{
	bool hw = ire_is_hardware(ire, it);
	struct mst_slice serial = ire_value(ire, it, "serial_number");
	struct mst_slice name = ire_value(ire, it, "name");
	struct mst_slice key = ire_value(ire, it, "key");

	mst_buf_reset(b);
	mst_buf_addf(b, "%d|%s|", k, it->t->name);
	switch (k) {
	case 0:
		if (!it->native_key.n)
			return false;
		mst_buf_add_slice(b, it->source);
		mst_buf_addc(b, '|');
		return mst_buf_add_slice(b, it->native_key);
	case 1:
		if (!hw || !serial.n)
			return false;
		put_lower(b, serial);
		return true;
	case 2:
		if (!hw || serial.n || !name.n)
			return false;
		put_lower(b, name);
		return true;
	default:
		if (hw || (!key.n && !name.n))
			return false;
		/* Two CIs may own things of one name. */
		if (it->owner)
			mst_buf_addf(b, "%p|", (void *)it->owner);
		put_lower(b, key.n ? key : name);
		mst_buf_addc(b, '|');
		if (!key.n)
			put_lower(b, ire_value(ire, it, "version"));
		return true;
	}
}

static void is_double(struct ire *ire, struct ire_item *first,
		      struct ire_item *it)
{
	while (first->into)
		first = first->into;
	if (first == it || it->into)
		return;
	if (!ire->dedupe) {
		for (int i = 0; i < 2; i++)
			ire_error(ire, i ? it : first,
				  "DUPLICATE_PAYLOAD_RECORDS",
				  "Found duplicate items in the payload (index "
				  "[%zu] and [%zu]), using fields [%s]",
				  first->input, it->input,
				  ire_is_hardware(ire, it) ? "name" : "key");
		return;
	}
	it->into = first;
	it->next_merged = first->merged;
	first->merged = it;
}

static void find_doubles(struct ire *ire)
{
	struct mst_buf b = MST_BUF_INIT(1u << 20);

	for (int k = 0; k < 4; k++) {
		struct mst_map seen = {0};

		for (size_t i = 0; i < ire->items_n; i++) {
			struct ire_item *it = &ire->items[i], *first;
			struct mst_slice key;

			if (!it->t || !double_key(ire, it, k, &b))
				continue;
			key =
			    mst_arena_dup(&ire->sn->scratch, mst_buf_slice(&b));
			first = mst_map_get(&seen, key);
			if (first)
				is_double(ire, first, it);
			else
				mst_map_put(&seen, key, it);
		}
		mst_map_fini(&seen);
	}
	mst_buf_fini(&b);
}

/* ---- running ------------------------------------------------------------- */

static void check_source(struct ire *ire)
{
	struct sn_table *t = sn_table_any(ire->sn, "cmdb_ci");
	struct sn_col *col = t->cols[sn_col_at(t, "discovery_source")];

	ire->source_ok =
	    sn_choice_find(ire->sn, col, mst_slice_str(ire->source));
	for (size_t i = 0; !ire->source_ok && i < ire->items_n; i++) {
		struct ire_item *it = &ire->items[i];

		it->errors_n = 0;
		ire_error(ire, it, "INVALID_INPUT_DATA",
			  "In payload invalid data source [%s] exist. You need "
			  "to provide a valid choice value from field "
			  "[discovery_source] in table [cmdb_ci]",
			  ire->source);
	}
}

/* An item that only misses attributes is parked, not failed. */
static void park(struct ire *ire, struct ire_item *it)
{
	struct sn_table *t = sn_table_any(ire->sn, "cmdb_ire_partial_payloads");
	struct mst_slice vals[SN_MAX_COLUMNS];
	struct mst_buf b = MST_BUF_INIT(1u << 20);

	if (!ire->partial_payloads || it->errors_n != 1 ||
	    strcmp(it->errors[0].code, "MISSING_MATCHING_ATTRIBUTES"))
		return;
	it->op = IRE_PARTIAL;
	if (ire->dry)
		return;
	(void)mst_json_write(it->j, &b);
	sn_defaults(ire->sn, t, vals);
	vals[sn_col_at(t, "discovery_source")] = mst_slice_str(ire->source);
	vals[sn_col_at(t, "partial_payload")] = mst_buf_slice(&b);
	sn_insert(ire->sn, t, vals, NULL, ire->user->name);
	mst_buf_fini(&b);
}

static bool any_error(const struct ire *ire)
{
	for (size_t i = 0; i < ire->items_n; i++) {
		if (ire->items[i].errors_n)
			return true;
	}
	for (size_t i = 0; i < ire->relations_n; i++) {
		if (ire->relations[i].error.code)
			return true;
	}
	return false;
}

static void abandon(struct ire *ire)
{
	for (size_t i = 0; i < ire->items_n; i++) {
		struct ire_item *it = &ire->items[i];

		if (!it->errors_n && !it->into)
			ire_error(ire, it, "ABANDONED",
				  "Too many other errors");
	}
}

/* What is owned comes behind its owner. */
static void identify(struct ire *ire, bool owned)
{
	for (size_t i = 0; i < ire->items_n; i++) {
		struct ire_item *it = &ire->items[i];

		if (it->errors_n || it->into || ire_is_owned(it) != owned)
			continue;
		ire_identify(ire, it);
		if (!it->errors_n)
			ire_check(ire, it);
	}
}

static void run(struct ire *ire)
{
	ire_find_owners(ire);
	find_doubles(ire);
	ire->sn->stats.ire_items += ire->items_n;
	identify(ire, false);
	identify(ire, true);
	for (size_t i = 0; i < ire->relations_n; i++)
		ire_check_relation(ire, &ire->relations[i]);
	if (!ire->partial_commits && any_error(ire))
		abandon(ire);
	for (size_t i = 0; i < ire->items_n; i++) {
		struct ire_item *it = &ire->items[i];

		if (it->into)
			continue;
		if (it->errors_n)
			park(ire, it);
		else
			ire_put(ire, it);
	}
	/* Children may refer to each other and to any item. */
	for (size_t i = 0; i < ire->items_n; i++) {
		if (!ire->items[i].into && !ire->items[i].errors_n)
			ire_put_children(ire, &ire->items[i]);
	}
	ire_put_references(ire);
	for (size_t i = 0; i < ire->relations_n; i++)
		ire_put_relation(ire, &ire->relations[i]);
}

static bool read_payload(struct ire *ire, struct mst_json root,
			 struct sim_reply *reply)
{
	struct mst_json items = mst_json_get(root, "items");
	struct mst_json_iter all = mst_json_iter(items);
	struct mst_json j;

	if (mst_json_type(items) != MST_JSON_ARRAY || !mst_json_len(items)) {
		sn_error(reply, 500, "Invalid payload",
			 "The payload has no items");
		return false;
	}
	ire->items = mst_arena_alloc(&ire->sn->scratch,
				     mst_json_len(items) * sizeof(*ire->items));
	while (mst_json_next(&all, NULL, &j)) {
		ire->items[ire->items_n].input = ire->items_n;
		read_item(ire, &ire->items[ire->items_n], j);
		ire->items_n++;
	}
	read_rest(ire, root);
	return true;
}

void sn_ire_api(struct sim_sn *sn, const struct sn_req *r, bool enhanced,
		bool dry, struct sim_reply *reply)
{
	struct ire ire = {
	    .sn = sn, .user = r->user, .enhanced = enhanced, .dry = dry};
	struct mst_err err = MST_ERR_INIT;
	struct mst_json root;
	struct mst_jout j;

	if (!sn_has_role(r->user, "itil") && !sn_has_role(r->user, "asset") &&
	    !sn_has_role(r->user, "admin")) {
		sn->stats.forbidden++;
		sn_error(reply, 403, "User Not Authorized",
			 "Failed API level ACL Validation");
		return;
	}
	if (!read_options(&ire, sn_param(sn, r->query, "options"), reply))
		return;
	ire.source = sn_param(sn, r->query, "sysparm_data_source");
	if (!ire.source)
		ire.source = "";
	if (mst_json_parse(sn->json, r->body, &root, &err)) {
		sn_error(reply, 500, "Invalid payload",
			 "The payload is not valid JSON");
		return;
	}
	sn_props(sn);
	if (read_payload(&ire, root, reply)) {
		check_source(&ire);
		if (ire.source_ok)
			run(&ire);
		mst_jout_init(&j, &reply->body);
		ire_write(&ire, &j);
	}
	mst_map_fini(&ire.by_internal);
	mst_map_fini(&ire.child_by_internal);
}
