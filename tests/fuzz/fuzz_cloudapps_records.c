/* SPDX-License-Identifier: Apache-2.0
 *
 * Any JSON as a record of any feed, through every mapping, the lines of an
 * app and the ways to find a person; any bytes as the head of a file in a
 * folder. The same record makes the same check sum twice, and no text is longer
 * than its column.
 */
#include <assert.h>
#include <stdlib.h>

#include "source/cloudapps/ops.h"
#include "tests/fuzz/fuzz.h"

static const char plain[] = "";
static const char changed[] = "max_risk_score: 5\n"
			      "    tags_not: [x*y?z]\n"
			      "    streams: [a*]\n"
			      "    description_column: comments\n"
			      "    description_max: 40\n"
			      "    description_cleared: ['is*']\n"
			      "    user_count: along\n"
			      "    allow_user_synchronization: yes\n"
			      "    user_match: [email, upn, user_name, domain, "
			      "alias]\n"
			      "    user_domains: [corp]\n"
			      "    user_domain_rewrite: [a=b]\n"
			      "    user_aliases: [a=b@c]\n"
			      "    correlation_prefix: p-\n";

/* The settings and what they make of the catalogue. */
struct set_up {
	struct mst_arena arena;
	struct ca_conf conf;
	const struct mst_catalog *catalog;
};

static void set_up(struct set_up *u, const char *options)
{
	struct mst_buf text = MST_BUF_INIT(4096);
	struct mst_err err = MST_ERR_INIT;
	struct mst_derive *d;
	struct mst_conf yaml;

	mst_arena_init(&u->arena, 1u << 22);
	mst_buf_addf(&text,
		     "connections:\n  - name: fuzz\n    type: cloudapps\n"
		     "    %s\n",
		     options);
	if (mst_conf_read(mst_buf_slice(&text), "fuzz", &yaml, &err) < 0 ||
	    mst_conf_apply(&yaml.items[0], ca_opts, &u->conf, &u->arena, &err) <
		0)
		abort();
	mst_conf_fini(&yaml);
	mst_buf_fini(&text);
	d = mst_derive_begin(&ca_catalog, &u->arena);
	if (ca_adapt(&u->conf, d, &err) < 0)
		abort();
	u->catalog = mst_derive_end(d);
}

static struct mst_rules *make_rules(const struct set_up *u)
{
	struct mst_rules_env env = {
	    .catalog = u->catalog,
	    .conf = &u->conf,
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

		if (!(c->mappings[m].feeds & CA_BIT(feed)))
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

/* Lines of names that there are, in their order. */
static void make_lines(unsigned feed, const struct mst_value *v)
{
	struct mst_buf out = MST_BUF_INIT(4096);
	struct mst_slice lines, line;
	unsigned at = 0;

	if (feed != CA_INFO)
		return;
	ca_make_lines(v, &out);
	lines = mst_buf_slice(&out);
	while (ca_next_line(&lines, &line)) {
		size_t n = 0;

		for (;; at++) {
			assert(at < CA_ATTRIBUTES);
			n = strlen(ca_attributes[at].name);
			if (line.n > n + 2 &&
			    memcmp(line.p, ca_attributes[at].name, n) == 0 &&
			    line.p[n] == ':')
				break;
		}
		at++;
	}
	mst_buf_fini(&out);
}

static void run_lookups(struct mst_rules *rules, const struct mst_catalog *c,
			unsigned feed, const struct mst_value *v)
{
	const struct mst_lookup *l = &c->lookups[0];
	struct mst_slice s = {NULL, 0};

	if (feed != l->feed)
		return;
	mst_rules_record(rules, v);
	if (l->refuse(mst_rules_ctx(rules), v, &s))
		assert(s.n > 0);
	for (size_t i = 0; i < l->asks_n; i++) {
		if (l->asks[i].value(mst_rules_ctx(rules), v, l->field, NULL,
				     &s) == 1)
			assert(s.n > 0);
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
		make_lines(feed, v);
		run_lookups(rules, u->catalog, feed, v);
		run_mappings(rules, u->catalog, feed, v);
	}
	mst_rules_free(&rules);
	mst_picker_free(&picker);
	mst_json_parser_free(&parser);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct set_up ups[2];
	struct mst_spoilt spoilt;
	struct mst_slice text;
	int feed;

	if (!ups[0].catalog) {
		set_up(&ups[0], plain);
		set_up(&ups[1], changed);
	}
	if (size < 1 || size > (1u << 20))
		return 0;
	text = mst_slice((const char *)data + 1, size - 1);
	feed = ca_classify("s1,2.json", text, &spoilt);
	assert(feed >= MST_FILE_SPOILT && feed < CA__FEEDS);
	take_record(text, data[0] % CA__FEEDS, &ups[data[0] >> 7]);
	return 0;
}
