/* SPDX-License-Identifier: Apache-2.0
 *
 * The comparison of what is there of Defender for IoT. CIs are in any class and
 * keys are made of references, so this one knows every sys_id by the key of its
 * record.
 */
#include <stdio.h>
#include <stdlib.h>

#include "sim/truth_iot.h"
#include "sim/truth_private.h"
#include "sim/verify_private.h"

struct reading {
	struct verify *v;
	const struct truth_iot *t;
	const char *conn;
	enum truth_ot_set set;
	const char *table;
	bool only;		 /* rows of this very class */
	struct mst_map keys;	 /* sys_id → key */
	struct mst_map expected; /* of the set at hand: key → record */
	struct mst_map seen;
};

bool verify_iot_owns(const struct verify *v, enum truth_set set,
		     const char *key, struct mst_json row)
{
	const struct truth_iot *t = v->truth->iot;
	const char *conn = truth_iot_connection(t);
	size_t n = conn ? strlen(conn) : 0;
	struct mst_slice s;

	if (!conn)
		return false;
	switch (set) {
	case TRUTH_COMPANY:
	case TRUTH_MODEL:
		return truth_iot_made(t, set, key);
	case TRUTH_CI:
		s = verify_text(row, "correlation_id");
		return s.n > n && memcmp(s.p, conn, n) == 0 && s.p[n] == '/';
	case TRUTH_INSTANCE:
		return mst_slice_is(verify_text(row, "u_source_connection"),
				    conn);
	case TRUTH_CVE:
		for (size_t i = 0; i < truth_iot_count(t, TO_CVE); i++)
			if (!strcmp(truth_iot_get(t, TO_CVE, i)->key, key))
				return true;
		return false;
	case TRUTH_PACKAGE:
	case TRUTH_INSTALL:
	case TRUTH_APP:
	case TRUTH_USE:
	case TRUTH__SETS:
		break;
	}
	return false;
}

/* ---- keys ---------------------------------------------------------------- */

static const char *refers_to(const struct reading *r, const char *column,
			     struct mst_slice id)
{
	const struct mst_map *map = &r->keys;
	const char *key;

	if (!strcmp(column, "manufacturer"))
		map = &r->v->key_of[TRUTH_COMPANY];
	else if (!strcmp(column, "model_id"))
		map = &r->v->key_of[TRUTH_MODEL];
	key = mst_map_get(map, id);
	return key ? key : "?";
}

static void key_of(const struct reading *r, struct mst_json row, char *out,
		   size_t room)
{
	const struct truth_ot_table *t = &truth_ot_tables[r->set];
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < MST_LEN(t->key) && t->key[i]; i++) {
		struct mst_slice s = verify_text(row, t->key[i]);
		const char *key = mst_map_get(&r->keys, s);

		if (key)
			s = mst_slice_str(key);
		n += (size_t)snprintf(out + n, room - n, "%s%.*s",
				      i ? "\x1f" : "", MST_SLICE_ARG(s));
	}
}

/* Is it a record that muster should know of? */
static bool counts(const struct reading *r, struct mst_json row)
{
	const struct truth_ot_table *t = &truth_ot_tables[r->set];
	struct mst_slice s;
	size_t n = strlen(r->conn);

	if (r->set == TO_CVE)
		return mst_slice_is(verify_text(row, "u_source"),
				    "Microsoft Defender for IoT");
	if (!verify_ours(row))
		return false;
	if (!t->whose)
		return true;
	s = verify_text(row, t->whose);
	if (t->begins)
		return s.n > n && memcmp(s.p, r->conn, n) == 0 && s.p[n] == '/';
	return mst_slice_is(s, r->conn);
}

/* Sensors and devices are in one class where the instance lacks those of OT:
 * look_for_others finds what is nobody's. */
static bool is_ci(enum truth_ot_set set)
{
	return set == TO_SENSOR_CI || set == TO_CI;
}

/* ---- rows ---------------------------------------------------------------- */

static void compare(struct reading *r, const struct truth_ot *rec,
		    struct mst_json row)
{
	/* another source says more of it */
	if (r->set == TO_CVE && truth_find(&r->v->truth->cves, rec->key))
		return;
	for (unsigned i = 0; i < rec->n; i++) {
		const struct truth_field *f = &rec->f[i];
		struct mst_slice is = verify_text(row, f->column);
		const char *refers =
		    f->how == TRUTH_REF ? refers_to(r, f->column, is) : "";

		if (!verify_agrees(f, is, refers))
			verify_wrong(r->v, rec->table, rec->key, f, is, refers);
	}
	r->v->compared++;
}

static void take_row(struct reading *r, struct mst_json row)
{
	struct mst_slice id = verify_text(row, "sys_id");
	const struct truth_ot *rec;
	char key[1400];

	if (r->only &&
	    !mst_slice_is(verify_text(row, "sys_class_name"), r->table))
		return;
	key_of(r, row, key, sizeof(key));
	rec = mst_map_get(&r->expected, mst_slice_str(key));
	if (!rec) {
		if (is_ci(r->set) || !counts(r, row))
			return;
		r->v->extra++;
		verify_say(r->v, "extra: %s \"%s\" should not be there",
			   r->table, key);
		return;
	}
	if (strcmp(rec->table, r->table) != 0) {
		r->v->wrong++;
		verify_say(r->v, "wrong: \"%s\" is in %s, should be in %s", key,
			   r->table, rec->table);
		return;
	}
	if (mst_map_get(&r->seen, mst_slice_str(key))) {
		if (!counts(r, row))
			return;
		r->v->doubled++;
		verify_say(r->v, "double: %s \"%s\" is there twice", r->table,
			   key);
		return;
	}
	mst_map_put(&r->seen, mst_slice_str(rec->key), r);
	mst_map_put(&r->keys, mst_arena_dup(&r->v->arena, id),
		    (void *)(uintptr_t)rec->key);
	compare(r, rec, row);
}

static int read_table(struct reading *r, const char *table, bool only,
		      const struct columns *cols, struct mst_err *err)
{
	char after[40] = "";

	r->table = table;
	r->only = only;
	for (;;) {
		struct mst_json list, row;
		struct mst_json_iter it;
		int ret = verify_page(r->v, table, cols, after, &list, err);

		if (ret < 0)
			return ret;
		if (!mst_json_len(list))
			return 0;
		it = mst_json_iter(list);
		while (mst_json_next(&it, NULL, &row)) {
			take_row(r, row);
			(void)snprintf(
			    after, sizeof(after), "%.*s",
			    MST_SLICE_ARG(verify_text(row, "sys_id")));
		}
	}
}

/* ---- sets ---------------------------------------------------------------- */

#define TABLES_MAX 64 /* classes */

static void columns_of(const struct reading *r, struct columns *c)
{
	const struct truth_ot_table *t = &truth_ot_tables[r->set];

	verify_column(c, "sys_created_by");
	verify_column(c, "sys_class_name");
	for (size_t i = 0; i < MST_LEN(t->key) && t->key[i]; i++)
		verify_column(c, t->key[i]);
	if (t->whose)
		verify_column(c, t->whose);
	for (size_t i = 0; i < truth_iot_count(r->t, r->set); i++) {
		const struct truth_ot *rec = truth_iot_get(r->t, r->set, i);

		for (unsigned k = 0; k < rec->n; k++)
			verify_column(c, rec->f[k].column);
	}
}

/* The tables that hold the set; CIs are in the classes that they are expected
 * in. */
static size_t tables_of(const struct reading *r, const char *out[TABLES_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < truth_iot_count(r->t, r->set); i++) {
		const char *table = truth_iot_get(r->t, r->set, i)->table;
		size_t k = 0;

		while (k < n && strcmp(out[k], table) != 0)
			k++;
		if (k == n && n < TABLES_MAX)
			out[n++] = table;
	}
	return n;
}

/* What is in no class that anything is expected in. Sensors and devices are
 * told apart by what is expected. */
static int look_for_others(struct reading *r, struct mst_err *err)
{
	struct columns cols = {.n = 0};
	char after[40] = "", key[1400];

	columns_of(r, &cols);
	r->set = TO_CI;
	for (;;) {
		struct mst_json list, row;
		struct mst_json_iter it;
		int ret =
		    verify_page(r->v, "cmdb_ci", &cols, after, &list, err);

		if (ret < 0 || !mst_json_len(list))
			return ret;
		it = mst_json_iter(list);
		while (mst_json_next(&it, NULL, &row)) {
			struct mst_slice id = verify_text(row, "sys_id");

			(void)snprintf(after, sizeof(after), "%.*s",
				       MST_SLICE_ARG(id));
			if (!counts(r, row) || mst_map_get(&r->keys, id) ||
			    mst_slice_is(verify_text(row, "sys_class_name"),
					 "cmdb_ci_network_adapter") ||
			    mst_slice_is(verify_text(row, "sys_class_name"),
					 "cmdb_ci_ip_address"))
				continue;
			key_of(r, row, key, sizeof(key));
			r->v->extra++;
			verify_say(r->v, "extra: CI \"%s\" should not be there",
				   key);
		}
	}
}

static int verify_one(struct reading *r, struct mst_err *err)
{
	const char *tables[TABLES_MAX];
	struct columns cols = {.n = 0};
	size_t n = truth_iot_count(r->t, r->set), tables_n;
	int ret = 0;

	mst_map_clear(&r->expected);
	mst_map_clear(&r->seen);
	for (size_t i = 0; i < n; i++) {
		const struct truth_ot *rec = truth_iot_get(r->t, r->set, i);

		if (!rec->gone)
			mst_map_put(&r->expected, mst_slice_str(rec->key),
				    (void *)(uintptr_t)rec);
	}
	columns_of(r, &cols);
	tables_n = tables_of(r, tables);
	for (size_t i = 0; i < tables_n && ret == 0; i++)
		ret = read_table(r, tables[i], is_ci(r->set), &cols, err);
	for (size_t i = 0; i < n && ret == 0; i++) {
		const struct truth_ot *rec = truth_iot_get(r->t, r->set, i);

		if (rec->gone || mst_map_get(&r->seen, mst_slice_str(rec->key)))
			continue;
		r->v->missing++;
		verify_say(r->v, "missing: %s \"%s\" should be there",
			   rec->table, rec->key);
	}
	return ret;
}

int verify_iot(struct verify *v, struct mst_err *err)
{
	struct reading r = {.v = v, .t = v->truth->iot};
	int ret = 0;

	r.conn = truth_iot_connection(r.t);
	if (!r.conn)
		return 0;
	for (int set = 0; set < TO__SETS && ret == 0; set++) {
		r.set = (enum truth_ot_set)set;
		ret = verify_one(&r, err);
		if (ret == 0 && r.set == TO_CI)
			ret = look_for_others(&r, err);
	}
	mst_map_fini(&r.keys);
	mst_map_fini(&r.expected);
	mst_map_fini(&r.seen);
	return ret;
}
