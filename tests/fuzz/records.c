/* SPDX-License-Identifier: Apache-2.0
 *
 * See records.h.
 */
#include "tests/fuzz/records.h"

#include <assert.h>
#include <stdlib.h>

#include "tests/fuzz/fuzz.h"

/* The settings and what they make of the catalogue. */
struct set_up {
	struct mst_arena arena;
	void *conf;
	const struct mst_catalog *catalog;
};

static void set_up(struct set_up *u, const char *options)
{
	const struct mst_source_ops *ops = records_of.ops;
	struct mst_buf text = MST_BUF_INIT(4096);
	struct mst_err err = MST_ERR_INIT;
	struct mst_derive *d;
	struct mst_conf yaml;

	mst_arena_init(&u->arena, 1u << 22);
	u->conf = mst_arena_alloc(&u->arena, ops->conf_size);
	mst_buf_addf(&text,
		     "connections:\n  - name: fuzz\n    type: %s\n"
		     "    %s\n",
		     ops->type, options);
	if (mst_conf_read(mst_buf_slice(&text), "fuzz", &yaml, &err) < 0 ||
	    mst_conf_apply(&yaml.items[0], ops->opts, u->conf, &u->arena,
			   &err) < 0)
		abort();
	mst_conf_fini(&yaml);
	mst_buf_fini(&text);
	d = mst_derive_begin(ops->catalog, &u->arena);
	if (ops->adapt(u->conf, d, &err) < 0)
		abort();
	u->catalog = mst_derive_end(d);
}

static struct mst_rules *make_rules(const struct set_up *u)
{
	struct mst_rules_env env = {
	    .catalog = u->catalog,
	    .conf = u->conf,
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

static void run_mappings(struct mst_rules *rules, const struct mst_catalog *c,
			 unsigned feed, const struct mst_value *v)
{
	for (unsigned m = 0; m < c->mappings_n; m++) {
		struct mst_slice why = {NULL, 0}, a, b;
		struct mst_desired d;

		if (!(c->mappings[m].feeds & 1u << feed))
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

static void run_joins(const struct mst_catalog *c, unsigned feed,
		      const struct mst_value *v)
{
	for (size_t i = 0; i < c->joins_n; i++) {
		const struct mst_join *j = &c->joins[i];
		struct mst_buf out = MST_BUF_INIT(1u << 22);

		if (j->from == feed && j->keep)
			(void)j->keep(v);
		if (j->from == feed && j->make)
			j->make(v, &out);
		if (j->feed == feed && j->key_text)
			j->key_text(v, &out);
		if (j->from == feed && j->from_key_text)
			j->from_key_text(v, &out);
		mst_buf_fini(&out);
	}
}

static void run_lookups(struct mst_rules *rules, const struct mst_catalog *c,
			unsigned feed, const struct mst_value *v)
{
	struct mst_rule_ctx *ctx = mst_rules_ctx(rules);

	for (size_t k = 0; k < c->lookups_n; k++) {
		const struct mst_lookup *l = &c->lookups[k];
		struct mst_slice s = {NULL, 0};

		if (feed != l->feed)
			continue;
		mst_rules_record(rules, v);
		if (l->refuse && l->refuse(ctx, v, &s))
			assert(s.n > 0);
		for (size_t i = 0; i < l->asks_n; i++) {
			if (l->asks[i].value(ctx, v, l->field, NULL, &s) == 1)
				assert(s.n > 0);
		}
	}
}

static void take_record(struct mst_slice text, unsigned feed,
			const struct set_up *u)
{
	const struct mst_feed *f = &u->catalog->feeds[feed];
	struct mst_json_parser *parser = mst_json_parser_new(1u << 20);
	struct mst_value v[MST_MAX_FIELDS];
	const char *names[MST_MAX_FIELDS];
	struct mst_err err = MST_ERR_INIT;
	struct mst_picker *picker;
	struct mst_rules *rules;
	struct mst_json root;

	for (size_t i = 0; i < f->fields_n; i++)
		names[i] = f->fields[i].name;
	picker = mst_picker_new(names, f->fields_n);
	rules = make_rules(u);
	if (mst_json_parse(parser, text, &root, &err) == 0 &&
	    mst_picker_pick(picker, root, v)) {
		run_joins(u->catalog, feed, v);
		run_lookups(rules, u->catalog, feed, v);
		if (records_of.also)
			records_of.also(feed, v);
		run_mappings(rules, u->catalog, feed, v);
	}
	mst_rules_free(&rules);
	mst_picker_free(&picker);
	mst_json_parser_free(&parser);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int feeds = (int)records_of.ops->catalog->feeds_n, feed;
	static struct set_up ups[2];
	struct mst_spoilt spoilt;
	struct mst_slice text;

	if (!ups[0].catalog) {
		set_up(&ups[0], "");
		set_up(&ups[1], records_of.changed);
	}
	if (size < 1 || size > (1u << 20))
		return 0;
	text = mst_slice((const char *)data + 1, size - 1);
	feed = records_of.ops->classify(records_of.file, text, &spoilt);
	assert(feed >= MST_FILE_SPOILT && feed < feeds);
	take_record(text, data[0] % (unsigned)feeds, &ups[data[0] >> 7]);
	return 0;
}
