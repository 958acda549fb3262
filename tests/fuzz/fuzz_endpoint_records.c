/* SPDX-License-Identifier: Apache-2.0
 *
 * Any JSON as a record of any feed, through every mapping; and any bytes as
 * the head of a file in a folder. The same record makes the same check sum
 * twice, and no text is longer than its column.
 */
#include <assert.h>
#include <stdlib.h>

#include "source/endpoint/endpoint_private.h"
#include "tests/fuzz/fuzz.h"

static struct mst_rules *make_rules(const struct ep_conf *conf)
{
	struct mst_rules_env env = {
	    .catalog = &ep_catalog,
	    .conf = conf,
	    .connection = "fuzz",
	    .now_us = 1732060800000000,
	    .seed = 7,
	};
	struct mst_err err = MST_ERR_INIT;
	struct mst_rules *rules;

	if (mst_rules_new(&env, &rules, &err) < 0)
		abort();
	return rules;
}

static void check_cells(const struct mst_desired *d)
{
	for (size_t i = 0; i < d->cells_n; i++) {
		const struct mst_column *c =
		    &d->set->columns[d->cells[i].column];

		assert(d->cells[i].text.n > 0);
		assert(d->cells[i].text.n <= (c->max ? c->max : MST_MAX_TEXT));
	}
}

static void run_mappings(struct mst_rules *rules, unsigned feed,
			 const struct mst_value *v)
{
	for (unsigned m = 0; m < ep_catalog.mappings_n; m++) {
		struct mst_slice why = {NULL, 0}, a, b;
		struct mst_desired d;

		if (!(ep_catalog.mappings[m].feeds & EP_BIT(feed)))
			continue;
		mst_rules_record(rules, v);
		if (mst_rules_keep(rules, m, &why) != MST_KEEP)
			continue;
		(void)mst_rules_identity(rules, m, &a, &b);
		if (!mst_rules_apply(rules, m, &d))
			continue;
		check_cells(&d);
		assert(mst_hash_eq(d.value, mst_rules_hash(rules, m)));
	}
}

static void take_record(struct mst_slice text, unsigned feed, bool sam)
{
	struct ep_conf conf = {.software_table = sam ? EP_SAM : EP_INSTANCE,
			       .min_cvss = 5,
			       .correlation_prefix = "p-"};
	struct mst_json_parser *parser = mst_json_parser_new(1u << 20);
	struct mst_value v[MST_MAX_FIELDS];
	const char *names[MST_MAX_FIELDS];
	struct mst_err err = MST_ERR_INIT;
	struct mst_picker *picker;
	struct mst_rules *rules;
	struct mst_json root;

	for (size_t i = 0; i < ep_feeds[feed].fields_n; i++)
		names[i] = ep_feeds[feed].fields[i].name;
	picker = mst_picker_new(names, ep_feeds[feed].fields_n);
	rules = make_rules(&conf);
	if (mst_json_parse(parser, text, &root, &err) == 0 &&
	    mst_picker_pick(picker, root, v)) {
		for (size_t i = 0; i < ep_catalog.joins_n; i++) {
			if (ep_catalog.joins[i].from == feed)
				(void)ep_catalog.joins[i].keep(v);
		}
		run_mappings(rules, feed, v);
	}
	mst_rules_free(&rules);
	mst_picker_free(&picker);
	mst_json_parser_free(&parser);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mst_slice text;
	int feed;

	if (size < 1 || size > (1u << 20))
		return 0;
	text = mst_slice((const char *)data + 1, size - 1);
	feed = ep_classify("part.json", text);
	assert(feed >= -2 && feed < EP__FEEDS);
	take_record(text, data[0] % EP__FEEDS, data[0] & 0x80);
	return 0;
}
