/* SPDX-License-Identifier: Apache-2.0
 *
 * muster's tables are defined once, in servicenow/. Everything else that names
 * their columns is held against that: what the source's catalogue writes, what
 * the second reading of the rules expects, the layouts, the documentation.
 */
#include "tests/lib/t.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "rules/rules.h"
#include "servicenow/layout.h"
#include "servicenow/tables.h"
#include "sim/truth.h"
#include "source/source.h"

static const struct mst_sn_column *column(const char *table, const char *name)
{
	const struct mst_sn_table *t = mst_sn_table_find(table);
	const struct mst_sn_column *c = t ? mst_sn_column_find(t, name) : NULL;

	if (!c)
		fail_msg("%s.%s is not in servicenow/tables_*.c", table, name);
	return c;
}

static bool by_muster(const struct mst_sn_column *c)
{
	return c->writer == MST_SN_MUSTER || c->writer == MST_SN_BOTH;
}

static void test_tables(void **state)
{
	const struct mst_sn_table *t =
	    mst_sn_table_find("u_muster_cve_instance");

	assert_non_null(t);
	assert_null(mst_sn_table_find("u_other"));
	assert_true(mst_sn_column_find(t, "u_key")->unique);
	assert_null(mst_sn_column_find(t, "u_nothing"));
	for (size_t i = 0; i < mst_sn_tables_n; i++) {
		size_t displays = 0;

		t = mst_sn_tables[i];
		for (size_t k = 0; k < t->columns_n; k++) {
			const struct mst_sn_column *c = &t->columns[k];

			displays += c->display;
			assert_true(!!c->reference ==
				    !strcmp(c->type, "reference"));
			assert_true(!c->reference || c->cascade);
			/* Only what others fill in may be forbidden to us. */
			assert_true(!c->read_only ||
				    c->writer == MST_SN_INSTANCE);
			if (k)
				assert_true(strcmp(t->columns[k - 1].name,
						   c->name) < 0);
		}
		assert_int_equal(displays, 1);
	}
	(void)state;
}

/* ---- the catalogue ------------------------------------------------------- */

static void fits(const struct mst_catalog *cat, const struct mst_set *set,
		 const struct mst_column *c)
{
	const struct mst_sn_column *d = column(set->table, c->name);
	const struct mst_set *to;

	if (!by_muster(d))
		fail_msg("%s.%s is not muster's to write", set->table, c->name);
	if (!strcmp(d->type, "string") && !d->choices)
		assert_int_equal(c->max, d->max_length);
	assert_int_equal(!!(c->flags & MST_COL_KEY), d->unique);
	if (c->flags & MST_COL_REQUIRED)
		assert_true(d->mandatory);
	to = c->flags & MST_COL_REF	 ? mst_catalog_set(cat, c->ref_set)
	     : c->flags & MST_COL_PARENT ? mst_catalog_set(cat, set->parent)
					 : NULL;
	if (to)
		assert_string_equal(d->reference,
				    to->writer == MST_WRITE_CI &&
					    strcmp(to->table, "cmdb_ci_spkg")
					? "cmdb_ci"
					: to->table);
}

/* Does a set of some source write it? */
static bool filled(const struct mst_sn_table *t, const char *name, bool *any_r)
{
	for (size_t s = 0; mst_sources[s]; s++) {
		const struct mst_catalog *cat = mst_sources[s]->catalog;

		for (size_t i = 0; i < cat->sets_n; i++) {
			const struct mst_set *set = &cat->sets[i];

			if (strcmp(set->table, t->name))
				continue;
			*any_r = true;
			for (size_t k = 0; k < set->columns_n; k++) {
				if (!strcmp(set->columns[k].name, name))
					return true;
			}
		}
	}
	return false;
}

static void test_catalogue_columns(void **state)
{
	size_t tables = 0;

	for (size_t s = 0; mst_sources[s]; s++) {
		const struct mst_catalog *cat = mst_sources[s]->catalog;

		for (size_t i = 0; i < cat->sets_n; i++) {
			const struct mst_set *set = &cat->sets[i];

			for (size_t k = 0; mst_sn_table_find(set->table) &&
					   k < set->columns_n;
			     k++)
				fits(cat, set, &set->columns[k]);
		}
	}
	/* No column that nobody fills. */
	for (size_t i = 0; i < mst_sn_tables_n; i++) {
		const struct mst_sn_table *t = mst_sn_tables[i];
		bool any = false;

		for (size_t k = 0; k < t->columns_n; k++) {
			const struct mst_sn_column *c = &t->columns[k];

			if (by_muster(c) && !filled(t, c->name, &any) && any)
				fail_msg("%s.%s is written by no source",
					 t->name, c->name);
		}
		tables += any;
	}
	assert_true(tables >= 2);
	(void)state;
}

static void is_choice(const struct mst_sn_column *c, const char *value)
{
	for (const struct mst_sn_choice *ch = c->choices; ch->value; ch++) {
		if (!strcmp(ch->value, value))
			return;
	}
	fail_msg("\"%s\" is no choice of %s", value, c->name);
}

static void values_of(const struct mst_set *set, const struct mst_map_row *row)
{
	const struct mst_sn_column *c = column(set->table, row->column);
	const char *const(*map)[2] = row->arg;

	if (!c->choices || !row->arg)
		return;
	if (row->op == mst_op_const) {
		is_choice(c, row->arg);
		/* Those two are said by people and by an age rule. */
		assert_string_not_equal(row->arg, "exception");
		assert_string_not_equal(row->arg, "stale");
	}
	for (; row->op == mst_op_enum && (*map)[0]; map++)
		is_choice(c, (*map)[1]);
}

static void check_values(const struct mst_catalog *cat)
{
	for (size_t i = 0; i < cat->mappings_n; i++) {
		const struct mst_mapping *m = &cat->mappings[i];
		const struct mst_set *set = mst_catalog_set(cat, m->set);
		const char *const *pair = set->retire_values;

		if (!mst_sn_table_find(set->table))
			continue;
		for (size_t k = 0; k < m->rows_n; k++)
			values_of(set, &m->rows[k]);
		for (; pair && *pair; pair++) {
			char name[64];
			size_t n = strcspn(*pair, "=");

			snprintf(name, sizeof(name), "%.*s", (int)n, *pair);
			is_choice(column(set->table, name), *pair + n + 1);
		}
	}
}

static void test_catalogue_values(void **state)
{
	for (size_t s = 0; mst_sources[s]; s++)
		check_values(mst_sources[s]->catalog);
	(void)state;
}

/* ---- the second reading of the rules ------------------------------------- */

static void test_truth(void **state)
{
	static const enum truth_set sets[] = {TRUTH_CVE, TRUTH_INSTANCE};
	struct sim_estate *e = sim_estate_new(1, 5, 0, false);
	struct sim_truth *t = sim_truth_new();
	struct truth_rec rec;

	sim_truth_synced(t, e);
	for (size_t s = 0; s < MST_LEN(sets); s++) {
		assert_true(sim_truth_count(t, sets[s]) > 0);
		for (size_t i = 0; i < sim_truth_count(t, sets[s]); i++) {
			sim_truth_get(t, sets[s], i, &rec);
			for (unsigned k = 0; k < rec.n; k++)
				assert_true(by_muster(
				    column(truth_tables[sets[s]].table,
					   rec.f[k].column)));
		}
	}
	sim_truth_free(&t);
	sim_estate_free(&e);
	(void)state;
}

/* ---- layouts ------------------------------------------------------------- */

static size_t known(const char *table, const char *const *names,
		    const char *wanted)
{
	size_t n = 0;

	for (; names && *names; names++) {
		if (!strcmp(*names, MST_SN_ACTIVITY))
			continue;
		(void)column(table, *names);
		n += !strcmp(*names, wanted);
	}
	return n;
}

static void test_layouts(void **state)
{
	assert_int_equal(mst_sn_layouts_n, mst_sn_tables_n);
	for (size_t i = 0; i < mst_sn_layouts_n; i++) {
		const struct mst_sn_layout *l = mst_sn_layouts[i];
		const struct mst_sn_table *t = mst_sn_tables[i];

		assert_string_equal(l->table, t->name);
		assert_string_equal(l->sections[0].caption, "");
		assert_int_equal(known(l->table, l->list, l->list[0]), 1);
		assert_true(column(l->table, l->list[0])->display);
		for (size_t c = 0; c < t->columns_n; c++) {
			const char *name = t->columns[c].name;
			size_t n = 0;

			for (size_t k = 0; k < l->sections_n; k++) {
				const struct mst_sn_section *sec =
				    &l->sections[k];

				n += known(l->table, sec->left, name) +
				     known(l->table, sec->right, name) +
				     known(l->table, sec->full, name);
			}
			if (n != 1)
				fail_msg("%s is %zu times on the form of %s",
					 name, n, t->name);
		}
	}
	(void)state;
}

/* Every column that a filter names, and every choice that it compares with. */
static void check_filter(const struct mst_sn_module *m)
{
	const char *p = m->filter;

	while ((p = strstr(p, "u_"))) {
		size_t n = strspn(p, "abcdefghijklmnopqrstuvwxyz_");
		char name[64], value[64];
		const struct mst_sn_column *c;

		snprintf(name, sizeof(name), "%.*s", (int)n, p);
		c = column(m->table, name);
		p += n;
		if (*p == '=' && c->choices) {
			snprintf(value, sizeof(value), "%.*s",
				 (int)strcspn(p + 1, "^"), p + 1);
			is_choice(c, value);
		}
	}
}

/* Of a related list "table.column": what the column refers to. */
static void refers_to(const char *list, const char *to)
{
	const char *dot = strchr(list, '.');
	char table[64];

	snprintf(table, sizeof(table), "%.*s", (int)(dot - list), list);
	assert_string_equal(column(table, dot + 1)->reference, to);
}

static void test_menu_and_related(void **state)
{
	for (size_t i = 0; i < mst_sn_menus_n; i++) {
		const struct mst_sn_menu *m = mst_sn_menus[i];

		for (size_t k = 0; k < m->modules_n; k++)
			check_filter(&m->modules[k]);
	}
	for (size_t i = 0; i < mst_sn_layouts_n; i++) {
		const char *const *list = mst_sn_layouts[i]->related;

		for (; list && *list; list++)
			refers_to(*list, mst_sn_layouts[i]->table);
	}
	for (size_t i = 0; i < mst_sn_related_n; i++) {
		const struct mst_sn_related *r = &mst_sn_related[i];

		refers_to(r->list, strncmp(r->table, "cmdb_ci_", 8) == 0
				       ? "cmdb_ci"
				       : r->table);
	}
	(void)state;
}

/* ---- documentation ------------------------------------------------------- */

static void read_doc(const char *name, struct mst_buf *out)
{
	char *path = mst_asprintf("%s/%s", DOC_DIR, name);
	struct mst_err err = MST_ERR_INIT;

	t_ok(mst_file_read(path, out, &err), &err);
	free(path);
}

static void add_row(struct mst_buf *b, const struct mst_sn_table *t,
		    const struct mst_sn_column *c)
{
	mst_buf_addf(b, "| `%s` | %s | %s", c->name, c->label, c->type);
	if (!strcmp(c->type, "string") && !c->choices)
		mst_buf_addf(b, " %u", c->max_length);
	if (c->reference)
		mst_buf_addf(b, " to `%s`, %s", c->reference, c->cascade);
	for (size_t i = 0; c->choices && c->choices[i].value; i++)
		mst_buf_addf(b, "%s`%s`", i ? ", " : ": ", c->choices[i].value);
	mst_buf_addf(b, " | %s |%s%s%s%s |\n", mst_sn_writer_name(c->writer),
		     c->unique ? " unique" : "",
		     c->mandatory ? " mandatory" : "",
		     c->display ? " display" : "",
		     t->audited && c->audited ? " audited" : "");
}

/* With MUSTER_GOLDEN=DIR the tables are written to DIR/columns.md instead. */
static void test_page(void **state)
{
	const char *golden = getenv("MUSTER_GOLDEN");
	struct mst_buf page = MST_BUF_INIT(1u << 20);
	struct mst_buf want = MST_BUF_INIT(1u << 20);
	struct mst_err err = MST_ERR_INIT;
	char *path = mst_asprintf("%s/columns.md", golden ? golden : "");

	read_doc("update-set.md", &page);
	for (size_t i = 0; i < mst_sn_tables_n; i++) {
		const struct mst_sn_table *t = mst_sn_tables[i];

		mst_buf_addf(&want,
			     "%s### `%s`: %s, %s\n\n"
			     "| column | label | type | who writes it | |\n"
			     "|---|---|---|---|---|\n",
			     i ? "\n" : "", t->name, t->label, t->plural);
		for (size_t k = 0; k < t->columns_n; k++)
			add_row(&want, t, &t->columns[k]);
	}
	if (golden)
		t_ok(mst_file_write(path, mst_buf_slice(&want), 0644, &err),
		     &err);
	else if (!strstr(page.p, want.p))
		fail_msg("the tables in docs/internals/update-set.md are not "
			 "those of the definition; run this with "
			 "MUSTER_GOLDEN=DIR and paste DIR/columns.md");
	free(path);
	mst_buf_fini(&page);
	mst_buf_fini(&want);
	(void)state;
}

/* The tables of sections 6 and 7 of rules.md: `u_x`, `u_y` | max | … */
static size_t check_section(const char *text, const char *head,
			    const char *table)
{
	const char *p = strstr(text, head), *end;
	size_t n = 0;

	assert_non_null(p);
	end = strstr(p + 1, "\n## ");
	while ((p = strstr(p, "\n| `u_")) && (!end || p < end)) {
		const char *bar = strchr(p + 3, '|'), *q = p;
		unsigned long max = strtoul(bar + 1, NULL, 10);
		const struct mst_sn_column *c = NULL;

		while ((q = strstr(q, "`u_")) && q < bar) {
			char name[64];

			snprintf(name, sizeof(name), "%.*s",
				 (int)strcspn(q + 1, "`"), q + 1);
			c = column(table, name);
			assert_true(by_muster(c));
			q++;
			n++;
		}
		if (max)
			assert_int_equal(max, c->max_length);
		p = bar;
	}
	return n;
}

static void test_rules_page(void **state)
{
	struct mst_buf page = MST_BUF_INIT(1u << 20);

	read_doc("rules.md", &page);
	assert_true(check_section(page.p, "\n## 6.", "u_muster_cve_instance") >
		    15);
	assert_true(check_section(page.p, "\n## 7.", "u_muster_cve") > 15);
	mst_buf_fini(&page);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_tables),
	    cmocka_unit_test(test_catalogue_columns),
	    cmocka_unit_test(test_catalogue_values),
	    cmocka_unit_test(test_truth),
	    cmocka_unit_test(test_layouts),
	    cmocka_unit_test(test_menu_and_related),
	    cmocka_unit_test(test_page),
	    cmocka_unit_test(test_rules_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
