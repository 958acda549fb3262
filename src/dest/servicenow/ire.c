/* SPDX-License-Identifier: Apache-2.0
 *
 * Payloads for the identification and reconciliation engine (IRE), and what it
 * says of them. After its deduplication one result may stand for several
 * inputs, so results go by inputIndices and never by position.
 */
#include <stdio.h>

#include "dest/servicenow/sn.h"

/* "install_status=7" */
static void retire_values(const struct sn_item *it, struct mst_jout *j)
{
	const char *const *v = it->c.set->retire_values;

	for (; v && *v; v++) {
		const char *eq = strchr(*v, '=');

		if (!eq)
			continue;
		mst_jout_key_slice(j, mst_slice(*v, (size_t)(eq - *v)));
		mst_jout_str(j, eq + 1);
	}
}

static void values(const struct mst_dest *d, const struct sn_item *it,
		   struct mst_jout *j)
{
	struct mst_slice text;
	char hex[33];

	mst_jout_key(j, "values");
	mst_jout_obj(j);
	if (it->by_id) {
		mst_sysid_hex(&it->remote, hex);
		mst_jout_kstr(j, "sys_id", hex);
	}
	if (it->c.action == MST_RETIRE) {
		retire_values(it, j);
	} else {
		for (size_t i = 0; i < it->c.set->columns_n; i++) {
			/* Empty texts are left out: an empty value would
			 * clear what another source or a person filled. */
			if (mst_sn_value(d, it, i, it->insert, hex, &text))
				mst_jout_kslice(j, it->c.set->columns[i].name,
						text);
		}
	}
	mst_jout_end_obj(j);
}

/* Makers by name: IRE finds the company. */
static void display_values(const struct mst_dest *d, const struct sn_item *it,
			   struct mst_jout *j)
{
	struct mst_slice text;
	bool any = false;

	if (it->c.action == MST_RETIRE)
		return;
	for (size_t i = 0; i < it->c.set->columns_n; i++) {
		if (!mst_sn_name_value(d, it, i, it->insert, &text))
			continue;
		if (!any) {
			mst_jout_key(j, "display_values");
			mst_jout_obj(j);
		}
		mst_jout_kslice(j, it->c.set->columns[i].name, text);
		any = true;
	}
	if (any)
		mst_jout_end_obj(j);
}

static void source_info(const struct mst_dest *d, const struct sn_item *it,
			struct mst_jout *j)
{
	const struct mst_cell *seen = mst_sn_cell(it, "last_discovered");

	if (!it->c.key.n)
		return;
	mst_jout_key(j, "sys_object_source_info");
	mst_jout_obj(j);
	mst_jout_kstr(j, "source_name", d->conf->discovery_source);
	mst_jout_kslice(j, "source_native_key", it->c.key);
	mst_jout_kstr(j, "source_feed", it->c.set->name);
	if (seen)
		mst_jout_kslice(j, "source_recency_timestamp", seen->text);
	mst_jout_end_obj(j);
}

void mst_sn_ire_item(const struct mst_dest *d, const struct sn_item *it,
		     struct mst_jout *j)
{
	mst_jout_obj(j);
	if (it->held_class)
		mst_jout_kstr(j, "className", it->held_class);
	else
		mst_jout_kslice(j, "className", it->c.table);
	values(d, it, j);
	display_values(d, it, j);
	source_info(d, it, j);
	mst_jout_key(j, "settings");
	mst_jout_obj(j);
	mst_jout_kbool(j, "updateWithoutDowngrade", true);
	mst_jout_kbool(j, "updateWithoutSwitch", true);
	mst_jout_end_obj(j);
	mst_jout_end_obj(j);
}

void mst_sn_ire_path(const struct mst_dest *d, bool dry, struct mst_buf *path)
{
	mst_buf_addf(path, "/api/now/identifyreconcile/%s?sysparm_data_source=",
		     dry ? "queryEnhanced" : "enhanced");
	mst_buf_add_uri(path, mst_slice_str(d->conf->discovery_source));
	mst_buf_adds(path, "&options=partial_payloads:false,"
			   "partial_commits:true,deduplicate_payloads:true,"
			   "generate_summary:false");
	if (d->skip_option)
		mst_buf_adds(path,
			     ",skip_updating_source_last_discovered_to_now:"
			     "true");
}

/* ---- results ----------------------------------------------------------- */

/* The error that caused the others: ABANDONED only follows one. */
static void read_error(struct mst_json item, struct sn_ire_result *r)
{
	struct mst_json_iter it = mst_json_iter(mst_json_get(item, "errors"));
	struct mst_json e;

	while (mst_json_next(&it, NULL, &e)) {
		if (*r->error && strcmp(r->error, "ABANDONED") != 0)
			return;
		mst_sn_one_line(r->error, sizeof(r->error),
				mst_json_str(mst_json_get(e, "error")));
		mst_sn_one_line(r->message, sizeof(r->message),
				mst_json_str(mst_json_get(e, "message")));
		if (!*r->error)
			snprintf(r->error, sizeof(r->error), "ERROR");
	}
}

static bool keeps_class(struct mst_json item)
{
	struct mst_json_iter it = mst_json_iter(mst_json_get(item, "info"));
	struct mst_json v;

	while (mst_json_next(&it, NULL, &v)) {
		if (mst_slice_istarts(mst_json_str(mst_json_get(v, "code")),
				      "SKIPPED_CLASS_"))
			return true;
	}
	return false;
}

/* ServiceNow takes the oldest then, and marks the others as its duplicates. */
static bool found_several(struct mst_json item)
{
	struct mst_json_iter it =
	    mst_json_iter(mst_json_get(item, "identificationAttempts"));
	struct mst_json v;

	while (mst_json_next(&it, NULL, &v)) {
		if (mst_slice_is(mst_json_str(mst_json_get(v, "attemptResult")),
				 "MULTI_MATCH"))
			return true;
	}
	return false;
}

static void read_item(struct mst_json item, struct sn_ire_result *r)
{
	int64_t errors = 0;

	*r = (struct sn_ire_result){.present = true};
	r->operation = mst_json_str(mst_json_get(item, "operation"));
	r->klass = mst_json_str(mst_json_get(item, "className"));
	r->native_key = mst_json_str(mst_json_get(item, "sourceNativeKey"));
	/* The literal "Unknown" on failure leaves it zero. */
	mst_sysid_parse(mst_json_str(mst_json_get(item, "sysId")), &r->id);
	read_error(item, r);
	if (!*r->error &&
	    mst_json_i64(mst_json_get(item, "errorCount"), &errors) &&
	    errors > 0)
		snprintf(r->error, sizeof(r->error), "ERROR");
	r->kept_class = keeps_class(item);
	r->masked = mst_json_len(mst_json_get(item, "maskedAttributes")) > 0;
	r->several = found_several(item);
}

bool mst_sn_ire_results(struct mst_json root, struct sn_ire_result *r, size_t n)
{
	struct mst_json items =
	    mst_json_get(mst_json_get(root, "result"), "items");
	struct mst_json_iter it = mst_json_iter(items);
	struct mst_json item, index;
	int64_t i;

	if (mst_json_type(items) != MST_JSON_ARRAY)
		return false;
	for (size_t k = 0; k < n; k++)
		r[k] = (struct sn_ire_result){0};
	while (mst_json_next(&it, NULL, &item)) {
		struct mst_json_iter in =
		    mst_json_iter(mst_json_get(item, "inputIndices"));

		while (mst_json_next(&in, NULL, &index)) {
			if (mst_json_i64(index, &i) && i >= 0 &&
			    (uint64_t)i < n)
				read_item(item, &r[i]);
		}
	}
	return true;
}

/* An item whose relation failed is not as it shall be, whatever became of
 * itself. */
void mst_sn_ire_relations(struct mst_json root, const struct sn_call *call,
			  struct sn_ire_result *r)
{
	struct mst_json_iter it = mst_json_iter(
	    mst_json_get(mst_json_get(root, "result"), "relations"));
	struct mst_json relation, index;
	int64_t i;

	while (mst_json_next(&it, NULL, &relation)) {
		struct mst_json_iter in =
		    mst_json_iter(mst_json_get(relation, "inputIndices"));
		struct sn_ire_result one = {0};

		read_error(relation, &one);
		one.operation =
		    mst_json_str(mst_json_get(relation, "operation"));
		while (mst_json_next(&in, NULL, &index)) {
			struct sn_ire_result *of;

			if (!mst_json_i64(index, &i) || i < 0 ||
			    (uint64_t)i >= call->relations_n)
				continue;
			of = &r[call->relations[i]];
			of->related = of->related ||
				      mst_slice_is(one.operation, "INSERT");
			if (!*one.error || *of->error)
				continue;
			snprintf(of->error, sizeof(of->error), "%s", one.error);
			snprintf(of->message, sizeof(of->message),
				 "its relation with its owner: %.400s",
				 one.message);
		}
	}
}
