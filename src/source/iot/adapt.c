/* SPDX-License-Identifier: Apache-2.0
 *
 * What the settings and the way of reading make of the catalogue. A setting at
 * its default changes nothing here but the classes.
 */
#include "source/iot/sets.h"

static const char device_cis[] = "ot_device_cis";

/* ---- the way of reading -------------------------------------------------- */

/* A sensor tells of itself by its devices, names addresses where a console
 * names devices, and has no direction of connections. */
static void read_sensor(struct mst_derive *d)
{
	static const struct {
		enum ot_map map;
		uint32_t feeds;
	} changes[] = {
	    {OT_MAP_SENSOR_CIS, 0},
	    {OT_MAP_SENSORS, 0},
	    {OT_MAP_SEEN, 0},
	    {OT_MAP_SELF_CIS, OT_BIT(OT_DEVICES)},
	    {OT_MAP_SELF, OT_BIT(OT_DEVICES)},
	    {OT_MAP_SELF_SEEN, OT_BIT(OT_DEVICES)},
	    {OT_MAP_CVES, OT_BIT(OT_DEVICE_CVES)},
	    {OT_MAP_DEVICE_CVES, OT_BIT(OT_DEVICE_CVES)},
	};

	for (size_t i = 0; i < MST_LEN(changes); i++)
		mst_derive_mapping(d, changes[i].map)->feeds = changes[i].feeds;
	mst_derive_joins(d, ot_sensor_joins, OT_SENSOR_JOINS);
}

/* ---- classes ------------------------------------------------------------- */

static int adapt_classes(const struct ot_settings *set, struct mst_derive *d,
			 struct mst_err *err)
{
	struct mst_set *s = mst_derive_set(d, device_cis);
	struct mst_class *classes;

	if (ot_classes_check(&set->classes, err) < 0)
		return -(int)err->code;
	ot_classes_make(&set->classes, mst_derive_arena(d), &classes,
			&s->classes_n);
	s->classes = classes;
	return 0;
}

static int adapt_sensor_classes(const struct ot_settings *set,
				struct mst_derive *d, struct mst_err *err)
{
	struct mst_set *s = mst_derive_set(d, "ot_sensor_cis");
	size_t n = set->class_sensor.n;
	struct mst_class *c =
	    mst_arena_alloc(mst_derive_arena(d), (n + 1) * sizeof(*c));

	for (size_t i = 0; i < n; i++) {
		const char *table = set->class_sensor.v[i];

		if (!ms_is_table(table))
			return mst_err_set(
			    err, MST_E_INVALID,
			    "setting class_sensor: there is no class '%.80s'; "
			    "write its name as in cmdb_ci_nids",
			    table);
		/* One of them must be there: the last. */
		c[i] =
		    (struct mst_class){.table = table, .optional = i + 1 < n};
	}
	if (n == 0)
		return mst_err_set(err, MST_E_INVALID,
				   "setting class_sensor: name a class, as in "
				   "cmdb_ci_nids");
	s->table = c[0].table;
	s->classes = c;
	s->classes_n = n;
	return 0;
}

/* ---- columns ------------------------------------------------------------- */

#define NOT_TO_CLEAR                                                           \
	(MST_COL_KEY | MST_COL_PARENT | MST_COL_REQUIRED | MST_COL_KIND)

/* Takes the column out of the sets that the entry means. Returns how many have
 * it; <0: one of them cannot be without it. */
static int clear_column(struct mst_derive *d, const char *entry,
			struct mst_err *err)
{
	const char *dot = strchr(entry, '.');
	const char *name = dot ? dot + 1 : entry;
	int found = 0;

	for (size_t i = 0; i < ot_sets_n; i++) {
		const char *set = ot_sets[i].name;
		const struct mst_column *c = mst_derive_column(d, set, name);

		if (!c ||
		    (dot && !mst_slice_is(
				mst_slice(entry, (size_t)(dot - entry)), set)))
			continue;
		if ((c->flags & NOT_TO_CLEAR) ||
		    (strcmp(set, device_cis) == 0 && strcmp(name, "name") == 0))
			return mst_err_set(err, MST_E_INVALID,
					   "setting cleared_columns: %s.%s "
					   "says which record it is; it must "
					   "be written",
					   set, name);
		(void)mst_derive_drop(d, set, name);
		found++;
	}
	return found;
}

static int adapt_columns(const struct ot_settings *set, struct mst_derive *d,
			 struct mst_err *err)
{
	for (size_t i = 0; i < set->cleared_columns.n; i++) {
		const char *entry = set->cleared_columns.v[i];
		int rc = clear_column(d, entry, err);

		if (rc < 0)
			return rc;
		if (rc == 0)
			return mst_err_set(
			    err, MST_E_INVALID,
			    "setting cleared_columns: no record set has the "
			    "column '%.120s'; write COLUMN or SET.COLUMN, as "
			    "in ot_device_cis.manufacturer",
			    entry);
	}
	return 0;
}

/* ---- CVEs ---------------------------------------------------------------- */

/* What is said of a CVE is then a reason to write. */
static void adapt_definitions(struct mst_derive *d)
{
	static const char *const said[] = {"u_name", "u_description",
					   "u_severity", "u_cvss_score",
					   "u_cvss_vector"};

	for (size_t i = 0; i < MST_LEN(said); i++) {
		struct mst_column *c =
		    mst_derive_column(d, "vulnerabilities", said[i]);

		c->flags &= (uint16_t)~MST_COL_INSERT;
	}
}

int ot_adapt(const void *conf, struct mst_derive *d, struct mst_err *err)
{
	const struct ot_conf *c = conf;
	int rc = adapt_classes(&c->set, d, err);

	if (rc == 0)
		rc = adapt_sensor_classes(&c->set, d, err);
	if (rc == 0)
		rc = adapt_columns(&c->set, d, err);
	if (rc < 0)
		return rc;
	if (c->set.cve_definitions == OT_DEFINITIONS_UPDATE)
		adapt_definitions(d);
	if (c->read == OT_SENSOR)
		read_sensor(d);
	return 0;
}
