/* SPDX-License-Identifier: Apache-2.0
 *
 * Reports, from the simulators to what is printed: what only one side has and
 * by what the others are matched, CVEs counted there and here, duplicates,
 * what found no target, what causes writes; and that a report says when it may
 * lack something.
 */
#include "tests/lib/sync_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

static struct rig rig;

static void day(int n)
{
	rig_control(&rig, "POST", "/_sim/day", "{\"day\":%d}", n);
}

static void options(const char *json)
{
	rig_control(&rig, "POST", "/_sim/sn/options", "%s", json);
}

/* ---- reading a report ---------------------------------------------------- */

/* The report as JSON; "" in what it lacks is any. */
static void report(const char *name)
{
	rig_muster(&rig, "report", name, "main", "--json", "--quiet");
	rig_status(&rig, 0);
	(void)rig_json(&rig);
}

static struct mst_json rows_of(const char *section)
{
	struct mst_json s =
	    mst_json_get(mst_json_get(rig.root, "sections"), section);

	if (mst_json_type(s) != MST_JSON_OBJECT)
		fail_msg("no section %s: %s", section, rig.out.p);
	return mst_json_get(s, "rows");
}

/* The first row of the section in which the column holds the text. */
static struct mst_json row(const char *section, const char *column,
			   const char *text)
{
	struct mst_json_iter it = mst_json_iter(rows_of(section));
	struct mst_json r;

	while (mst_json_next(&it, NULL, &r)) {
		if (mst_json_is_str(mst_json_get(r, column), text))
			return r;
	}
	fail_msg("%s has no row with %s %s: %s", section, column, text,
		 rig.out.p);
	return r;
}

static void holds(struct mst_json r, const char *column, const char *part)
{
	struct mst_slice s = mst_json_str(mst_json_get(r, column));

	if (!mst_slice_ifind(s, part))
		fail_msg("%s is \"%.*s\", not \"%s\"", column, MST_SLICE_ARG(s),
			 part);
}

static bool complete(void)
{
	bool yes = false;

	assert_true(mst_json_bool(mst_json_get(rig.root, "complete"), &yes));
	return yes;
}

static void notes(const char *part)
{
	struct mst_json_iter it =
	    mst_json_iter(mst_json_get(rig.root, "notes"));
	struct mst_json n;

	while (mst_json_next(&it, NULL, &n)) {
		if (mst_slice_ifind(mst_json_str(mst_json_get(n, "text")),
				    part))
			return;
	}
	fail_msg("no note says \"%s\": %s", part, rig.out.p);
}

/* ---- the instance -------------------------------------------------------- */

/* A record that nobody checks; its sys_id, until the next one. */
static const char *insert(const char *table, const char *fmt, ...)
    MST_PRINTF(2, 3);

static const char *insert(const char *table, const char *fmt, ...)
{
	static char id[33];
	struct mst_err err = MST_ERR_INIT;
	struct mst_json root;
	char values[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(values, sizeof(values), fmt, ap);
	va_end(ap);
	rig_control(&rig, "POST", "/_sim/sn/insert",
		    "{\"table\":\"%s\",\"values\":{%s}}", table, values);
	t_ok(mst_json_parse(rig.rows_json, mst_buf_slice(&rig.body), &root,
			    &err),
	     &err);
	(void)snprintf(
	    id, sizeof(id), "%.*s",
	    MST_SLICE_ARG(mst_json_str(mst_json_get(root, "sys_id"))));
	assert_int_equal(strlen(id), 32);
	return id;
}

/* sys_id of a device's CI, by name. */
static const char *ci_of(const char *name)
{
	static char id[33];
	char query[300];
	struct mst_json_iter it;
	struct mst_json r;

	(void)snprintf(query, sizeof(query), "name=%s", name);
	it = mst_json_iter(rig_rows(&rig, "cmdb_ci", query, "sys_id"));
	assert_true(mst_json_next(&it, NULL, &r));
	(void)snprintf(id, sizeof(id), "%.*s",
		       MST_SLICE_ARG(mst_json_str(mst_json_get(r, "sys_id"))));
	return id;
}

static const char *row_path(const char *id)
{
	static char path[80];

	(void)snprintf(path, sizeof(path), "/_sim/sn/rows/%s", id);
	return path;
}

/* Devices that a plan would insert: key and some columns, in the plan's
 * order. */
struct planned {
	char key[80], name[80], serial[80], mac[40], table[60];
};

static size_t planned(struct planned *out, size_t max)
{
	struct mst_json_iter it, fields;
	struct mst_json c, f;
	size_t n = 0;

	rig_muster(&rig, "plan", "main", "--json", "--quiet");
	rig_status(&rig, 7);
	it = mst_json_iter(mst_json_get(rig_json(&rig), "changes"));
	while (n < max && mst_json_next(&it, NULL, &c)) {
		struct planned *p = &out[n];

		if (!mst_json_is_str(mst_json_get(c, "record_set"), "devices"))
			continue;
		*p = (struct planned){.key = ""};
		(void)snprintf(
		    p->key, sizeof(p->key), "%.*s",
		    MST_SLICE_ARG(mst_json_str(mst_json_get(c, "key"))));
		(void)snprintf(
		    p->table, sizeof(p->table), "%.*s",
		    MST_SLICE_ARG(mst_json_str(mst_json_get(c, "table"))));
		fields = mst_json_iter(mst_json_get(c, "fields"));
		while (mst_json_next(&fields, NULL, &f)) {
			struct mst_json col = mst_json_get(f, "column");
			struct mst_slice s =
			    mst_json_str(mst_json_get(f, "after"));

			if (mst_json_is_str(col, "name"))
				(void)snprintf(p->name, sizeof(p->name), "%.*s",
					       MST_SLICE_ARG(s));
			if (mst_json_is_str(col, "serial_number"))
				(void)snprintf(p->serial, sizeof(p->serial),
					       "%.*s", MST_SLICE_ARG(s));
			if (mst_json_is_str(col, "mac_address"))
				(void)snprintf(p->mac, sizeof(p->mac), "%.*s",
					       MST_SLICE_ARG(s));
		}
		n++;
	}
	return n;
}

/* ---- coverage ------------------------------------------------------------ */

static void coverage_of_a_delivered_estate(void **state)
{
	struct mst_json r;
	size_t devices;

	(void)state;
	rig_fresh(&rig);
	report("coverage");
	assert_int_equal(mst_json_len(rows_of("only_defender")), 6);
	r = row("only_defender", "found_in", "Defender");
	holds(r, "reason", "the next run makes it");
	(void)rig_sync(&rig, 0);
	report("coverage");
	assert_true(complete());
	devices = mst_json_len(rows_of("both"));
	assert_int_equal(devices + mst_json_len(rows_of("only_defender")), 6);
	r = row("matched", "matched_by", "native key");
	assert_int_equal(rig_num(r, "devices"), (int64_t)devices);
	assert_int_equal(mst_json_len(rows_of("only_cmdb")), 0);
	/* somebody deletes one CI and makes another */
	r = row("both", "matched_by", "native key");
	{
		char name[80];

		(void)snprintf(
		    name, sizeof(name), "%.*s",
		    MST_SLICE_ARG(mst_json_str(mst_json_get(r, "name"))));
		rig_control(&rig, "DELETE", row_path(ci_of(name)), "{}");
		(void)insert("cmdb_ci_win_server",
			     "\"name\":\"old-one\",\"last_discovered\":"
			     "\"2020-01-01 00:00:00\"");
		report("coverage");
		holds(row("only_defender", "name", name), "reason", "gone");
		r = row("only_cmdb", "name", "old-one");
		holds(r, "class", "cmdb_ci_win_server");
		assert_true(rig_num(r, "stale_days") > 2000);
		r = row("classes", "class", "cmdb_ci_win_server");
		assert_int_equal(rig_num(r, "not_in_defender"), 1);
		assert_int_equal(rig_num(r, "older"), 1);
	}
	/* as a person reads it */
	rig_muster(&rig, "report", "coverage", "main", "--quiet");
	rig_status(&rig, 0);
	assert_non_null(strstr(rig.out.p, "In the CMDB, not in Defender, the "
					  "stalest first: 1\n"));
	assert_non_null(strstr(rig.out.p, "old-one"));
	assert_null(strstr(rig.out.p, "incomplete"));
}

/* CIs that somebody else made: by what does a device find its own? */
static void coverage_by_what(void **state)
{
	struct planned p[6];
	size_t n;
	bool serial = false, mac = false, name = false;

	(void)state;
	rig_fresh(&rig);
	n = planned(p, MST_LEN(p));
	assert_int_equal(n, 6);
	(void)insert(p[0].table, "\"name\":\"a\",\"correlation_id\":\"%s\"",
		     p[0].key);
	for (size_t i = 1; i < n; i++) {
		if (p[i].serial[0] && !serial)
			(void)insert(p[i].table,
				     "\"name\":\"b\",\"serial_number\":\"%s\"",
				     p[i].serial);
		else if (p[i].mac[0] && !mac)
			(void)insert(p[i].table,
				     "\"name\":\"c\",\"mac_address\":\"%s\"",
				     p[i].mac);
		else if (!name) { /* two of them, one retired, case folded */
			(void)insert(p[i].table, "\"name\":\"%s\"", p[i].name);
			(void)insert(p[i].table,
				     "\"name\":\"%s\",\"install_status\":\"7\"",
				     p[i].name);
			(void)insert(p[i].table, "\"name\":\"%s\"", p[i].name);
			name = true;
			continue;
		}
		if (p[i].serial[0] && !serial)
			serial = true;
		else
			mac = true;
	}
	report("coverage");
	assert_int_equal(
	    rig_num(row("matched", "matched_by", "correlation id"), "devices"),
	    1);
	assert_int_equal(
	    rig_num(row("matched", "matched_by", "serial number"), "devices"),
	    1);
	assert_int_equal(
	    rig_num(row("matched", "matched_by", "MAC address"), "devices"), 1);
	assert_int_equal(
	    rig_num(row("matched", "matched_by", "name"), "ambiguous"), 1);
	assert_int_equal(rig_num(row("both", "matched_by", "name"), "matches"),
			 2);
	/* the others of the name are not in Defender */
	assert_int_equal(mst_json_len(rows_of("only_cmdb")), 2);
	holds(row("only_cmdb", "status", "retired"), "found_in", "CMDB");
}

static void coverage_with_hidden_cis(void **state)
{
	(void)state;
	rig_fresh(&rig);
	(void)rig_sync(&rig, 0);
	report("coverage");
	rig_control(&rig, "POST", "/_sim/sn/hide", "{\"sys_id\":\"%.*s\"}",
		    MST_SLICE_ARG(mst_json_str(mst_json_get(
			row("both", "found_in", "both"), "sys_id"))));
	report("coverage");
	assert_false(complete());
	notes("1 of ");
	notes("access rules hide them");
	/* and text says it before anything else */
	rig_muster(&rig, "report", "coverage", "main", "--quiet");
	assert_non_null(strstr(rig.out.p, "\nMay be incomplete: CIs: "));
	/* the source can be read in part only, too */
	rig_control(&rig, "POST", "/_sim/faults",
		    "{\"host\":\"api\",\"kind\":\"empty_page\",\"count\":-1}");
	rig_muster(&rig, "report", "coverage", "main", "--json", "--quiet");
	rig_control(&rig, "DELETE", "/_sim/faults", "%s", "");
	if (rig.status == 0) {
		(void)rig_json(&rig);
		assert_false(complete());
	}
}

/* ---- cve ----------------------------------------------------------------- */

static char *cve_rows(void)
{
	struct mst_buf b = MST_BUF_INIT(1u << 20);

	report("cve");
	assert_true(mst_json_write(mst_json_get(rig.root, "sections"), &b));
	mst_buf_addc(&b, '\0');
	return mst_buf_steal(&b);
}

static void cves_counted_there_and_here(void **state)
{
	struct mst_json r;
	char *there, *here;
	int64_t open, requests;

	(void)state;
	rig_fresh(&rig);
	(void)rig_sync(&rig, 0);
	day(1);
	(void)rig_sync(&rig, 0);
	day(2);
	(void)rig_sync(&rig, 0);
	there = cve_rows();
	assert_true(complete());
	open = (int64_t)rig_count(&rig, "u_muster_cve_instance",
				  "u_status=unresolved");
	r = row("open", "severity", "all");
	assert_int_equal(rig_num(r, "open"), open);
	assert_int_equal(rig_num(r, "days_0_7") + rig_num(r, "days_8_30") +
			     rig_num(r, "days_31_90") + rig_num(r, "older"),
			 open);
	assert_int_equal(
	    rig_num(row("status", "status", "resolved_confirmed"), "instances"),
	    (int64_t)rig_count(&rig, "u_muster_cve_instance",
			       "u_status=resolved_confirmed"));
	r = row("time_to_remediate", "severity", "all");
	assert_int_equal(rig_num(r, "resolved"),
			 (int64_t)rig_count(&rig, "u_muster_cve_instance",
					    "u_status=resolved_confirmed"));
	assert_true(mst_json_len(rows_of("top_cves")) > 0);
	assert_true(mst_json_len(rows_of("top_cis")) > 0);
	/* without the Aggregate API every row is read: the same numbers */
	options("{\"stats\":false}");
	requests = rig_sn_requests(&rig);
	here = cve_rows();
	assert_true(complete());
	assert_string_equal(there, here);
	assert_true(rig_sn_requests(&rig) - requests < 30);
	options("{\"stats\":true,\"stats_row_rules\":true}");
	free(here);
	/* a hidden row: the count is refused, and the rows tell that one is
	 * not shown */
	{
		struct mst_json_iter it =
		    mst_json_iter(rig_rows(&rig, "u_muster_cve_instance",
					   "u_status=unresolved", "sys_id"));

		assert_true(mst_json_next(&it, NULL, &r));
	}
	rig_control(&rig, "POST", "/_sim/sn/hide", "{\"sys_id\":\"%.*s\"}",
		    MST_SLICE_ARG(mst_json_str(mst_json_get(r, "sys_id"))));
	report("cve");
	assert_false(complete());
	notes("u_muster_cve_instance: 1 of ");
	assert_int_equal(rig_num(row("open", "severity", "all"), "open"),
			 open - 1);
	options("{\"stats_row_rules\":false}");
	free(there);
}

static void cves_that_cannot_be_read(void **state)
{
	(void)state;
	rig_fresh(&rig);
	rig_control(&rig, "POST", "/_sim/sn/access",
		    "{\"table\":\"u_muster_cve_instance\",\"access\":{\"read\":"
		    "[\"admin\"]}}");
	report("cve");
	assert_false(complete());
	notes("Failed API level ACL Validation (403)");
	rig_control(&rig, "POST", "/_sim/sn/access",
		    "{\"table\":\"u_muster_cve_instance\",\"access\":{\"read\":"
		    "[\"asset\"]}}");
	/* another source's instances are not counted */
	(void)insert("u_muster_cve_instance",
		     "\"u_key\":\"k\",\"u_status\":\"unresolved\","
		     "\"u_severity\":\"high\",\"u_source_connection\":"
		     "\"another\"");
	report("cve");
	assert_int_equal(rig_num(row("open", "severity", "all"), "open"), 0);
}

/* ---- duplicates ---------------------------------------------------------- */

static void duplicates(void **state)
{
	struct mst_json r;

	(void)state;
	rig_fresh(&rig);
	(void)insert("cmdb_ci_computer",
		     "\"name\":\"one\",\"serial_number\":\"ABC-1\"");
	(void)insert("cmdb_ci_win_server",
		     "\"name\":\"two\",\"serial_number\":\"abc-1\"");
	(void)insert("cmdb_ci_computer", "\"name\":\"three\",\"mac_address\":"
					 "\"00:1b:21:aa:bb:cc\"");
	(void)insert("cmdb_ci_computer",
		     "\"name\":\"THREE\",\"mac_address\":\"001B21AABBCC\"");
	/* no groups: junk, a retired one, a marked one */
	for (int i = 0; i < 2; i++)
		(void)insert("cmdb_ci_computer",
			     "\"name\":\"junk-%d\",\"serial_number\":"
			     "\"To be filled by O.E.M.\"",
			     i);
	(void)insert("cmdb_ci_computer", "\"name\":\"junk-0\","
					 "\"install_status\":\"7\"");
	(void)insert("cmdb_ci_computer",
		     "\"name\":\"junk-1\","
		     "\"duplicate_of\":\"%s\"",
		     ci_of("junk-1"));
	report("duplicates");
	r = row("summary", "same", "serial number");
	assert_int_equal(rig_num(r, "groups"), 1);
	assert_int_equal(rig_num(r, "across_classes"), 1);
	assert_int_equal(
	    rig_num(row("summary", "same", "MAC address"), "groups"), 1);
	r = row("summary", "same", "name");
	assert_int_equal(rig_num(r, "groups"), 1);
	assert_int_equal(rig_num(r, "across_classes"), 0);
	assert_int_equal(mst_json_len(rows_of("cis")), 6);
	holds(row("cis", "name", "two"), "value", "abc-1");
	notes("no run has ended yet");
	(void)rig_sync(&rig, 0);
	report("duplicates");
	assert_true(complete());
}

/* Serial numbers and addresses that stand in tables of their own. */
static void parts_of_cis(void **state)
{
	(void)state;
	rig_fresh(&rig);
	(void)insert("cmdb_ci_computer",
		     "\"name\":\"one\",\"serial_number\":\"ABC-1\"");
	(void)insert("cmdb_ci_computer", "\"name\":\"two\",\"mac_address\":"
					 "\"00:1b:21:aa:bb:cc\"");
	(void)insert("cmdb_ci_computer", "\"name\":\"three\"");
	(void)insert("cmdb_serial_number",
		     "\"serial_number\":\"abc-1\",\"valid\":\"true\","
		     "\"cmdb_ci\":\"%s\"",
		     ci_of("two"));
	/* its own again, and one that is no longer valid */
	(void)insert("cmdb_serial_number",
		     "\"serial_number\":\"abc-1\",\"valid\":\"true\","
		     "\"cmdb_ci\":\"%s\"",
		     ci_of("one"));
	(void)insert("cmdb_serial_number",
		     "\"serial_number\":\"abc-1\",\"valid\":\"false\","
		     "\"cmdb_ci\":\"%s\"",
		     ci_of("three"));
	(void)insert("cmdb_ci_network_adapter",
		     "\"name\":\"eth0\",\"mac_address\":\"00:1B:21:AA:BB:CC\","
		     "\"cmdb_ci\":\"%s\"",
		     ci_of("three"));
	report("duplicates");
	assert_int_equal(
	    rig_num(row("summary", "same", "serial number"), "cis"), 2);
	assert_int_equal(rig_num(row("summary", "same", "MAC address"), "cis"),
			 2);
	assert_int_equal(mst_json_len(rows_of("cis")), 4);
	holds(row("cis", "name", "three"), "same", "MAC address");
}

/* ---- unmatched ----------------------------------------------------------- */

static void references_without_a_target(void **state)
{
	struct mst_json r;
	char id[33], name[80];

	(void)state;
	rig_fresh(&rig);
	/* companies may be looked up, but not made */
	rig_control(&rig, "POST", "/_sim/sn/access",
		    "{\"table\":\"core_company\",\"access\":{\"create\":"
		    "[\"admin\"]}}");
	(void)rig_sync(&rig, 0);
	report("unmatched");
	r = row("reasons", "what", "without");
	holds(r, "reason", "company");
	r = row("targets", "kind", "company");
	assert_true(rig_num(r, "records") > 0);
	assert_true(mst_json_len(rows_of("references")) > 0);
	holds(r, "reason", "ACL Exception Insert Failed");
	r = row("references", "column", "vendor");
	holds(r, "record_set", "software_packages");
	rig_control(&rig, "POST", "/_sim/sn/access",
		    "{\"table\":\"core_company\",\"access\":{\"create\":"
		    "[\"asset\"]}}");
	/* once they may be made, they are: and then one is cleared */
	rig_fresh(&rig);
	(void)rig_sync(&rig, 0);
	report("unmatched");
	assert_int_equal(mst_json_len(rows_of("targets")), 0);
	{
		struct mst_json_iter it = mst_json_iter(
		    rig_rows(&rig, "cmdb_ci_computer", "manufacturerISNOTEMPTY",
			     "sys_id,name"));

		assert_true(mst_json_next(&it, NULL, &r));
	}
	(void)snprintf(id, sizeof(id), "%.*s",
		       MST_SLICE_ARG(mst_json_str(mst_json_get(r, "sys_id"))));
	(void)snprintf(name, sizeof(name), "%.*s",
		       MST_SLICE_ARG(mst_json_str(mst_json_get(r, "name"))));
	rig_control(&rig, "PATCH", row_path(id), "{\"manufacturer\":\"\"}");
	report("unmatched");
	r = row("references", "sys_id", id);
	holds(r, "column", "manufacturer");
	holds(row("targets", "kind", "company"), "reason", "cleared");
}

/* ---- noise --------------------------------------------------------------- */

static void what_causes_writes(void **state)
{
	struct mst_json sets, r;
	int64_t updates;

	(void)state;
	rig_fresh(&rig);
	(void)rig_sync(&rig, 0);
	report("noise");
	notes("no run has updated a record");
	for (int d = 1; d <= 4; d++) {
		day(d);
		(void)rig_sync(&rig, 0);
	}
	rig_muster(&rig, "runs", "--json");
	report("noise");
	r = row("record_sets", "record_set", "devices");
	updates = rig_num(r, "updates");
	assert_true(updates > 0);
	/* a small set is in the sample as a whole */
	assert_int_equal(rig_num(r, "looked_at"), updates);
	sets = rows_of("columns");
	assert_true(mst_json_len(sets) > 0);
	r = row("columns", "record_set", "devices");
	assert_in_range(rig_num(r, "updates"), 1, updates);
	/* what the journals saw: every update of a device, and its times */
	r = row("changed", "column", "last_discovered");
	assert_in_range(rig_num(r, "records"), 1, 1000);
	assert_in_range(rig_num(r, "runs"), 1, 4);
	assert_true(rig_num(row("changed", "column", "name"), "records") <=
		    updates);
	/* nothing of this asks anybody */
	updates = rig_sn_requests(&rig);
	report("noise");
	assert_int_equal(rig_sn_requests(&rig), updates);
}

/* ---- forms --------------------------------------------------------------- */

static void forms(void **state)
{
	struct mst_buf b = MST_BUF_INIT(1u << 20);
	struct mst_err err = MST_ERR_INIT;
	const char *file = t_path("report.csv");

	(void)state;
	rig_fresh(&rig);
	(void)insert("cmdb_ci_computer",
		     "\"name\":\"=cmd()|'x'!A0, \\\"quoted\\\"\"");
	rig_muster(&rig, "report", "coverage", "main", "--format", "csv",
		   "--quiet", "--out", file);
	rig_status(&rig, 0);
	assert_int_equal(rig.out.n, 0);
	t_ok(mst_file_read(file, &b, &err), &err);
	(void)mst_buf_addc(&b, '\0');
	assert_memory_equal(b.p, "found_in,name,class,matched_by,", 31);
	assert_non_null(
	    strstr(b.p, "\nCMDB,\"'=cmd()|'x'!A0, \"\"quoted\"\"\",cmdb_ci_"));
	assert_non_null(strstr(b.p, "\nDefender,"));
	/* one part */
	rig_muster(&rig, "report", "coverage", "main", "--format", "csv",
		   "--section", "classes", "--quiet");
	rig_status(&rig, 0);
	assert_memory_equal(rig.out.p, "class,cis,in_defender,", 22);
	/* what is wrong is said */
	rig_muster(&rig, "report", "coverage", "main", "--json", "--section",
		   "clases", "--quiet");
	rig_status(&rig, 1);
	rig_says(&rig, "did you mean 'classes'?");
	rig_muster(&rig, "report", "coverge", "main");
	rig_status(&rig, 1);
	rig_says(&rig, "did you mean 'coverage'?");
	rig_muster(&rig, "report", "noise", "mian");
	rig_status(&rig, 1);
	rig_says(&rig, "did you mean 'main'?");
	rig_muster(&rig, "report", "noise", "main", "--format", "xml");
	rig_status(&rig, 2);
	rig_muster(&rig, "report", "noise", "main", "--runs", "0");
	rig_status(&rig, 2);
	/* CSV has no place for notes: they are told beside it */
	rig_muster(&rig, "report", "noise", "main", "--format", "csv");
	rig_status(&rig, 0);
	rig_says(&rig, "no run has updated a record");
	mst_buf_fini(&b);
}

/* ---- two sources of software --------------------------------------------- */

/* Not a report, but what the report "duplicates" would tell of later. */
static void second_software_source(void **state)
{
	char *yaml;

	(void)state;
	rig_fresh(&rig);
	yaml = mst_asprintf("connections:\n"
			    "  - name: saved\n"
			    "    type: endpoint\n"
			    "    read_from: %s\n"
			    "jobs:\n"
			    "  - name: other\n"
			    "    source: saved\n"
			    "    destination: cmdb\n"
			    "    allow_second_software_source: true\n",
			    t_dir());
	rig_apply_text(&rig, yaml);
	rig_says(&rig, "job 'other' allows it");
	/* and in every run of the first one */
	for (int i = 0; i < 2; i++) {
		(void)rig_sync(&rig, 0);
		rig_says(&rig, "allow_second_software_source");
	}
	free(yaml);
}

static int set_up(void **state)
{
	(void)state;
	rig_start(&rig, NULL);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	rig_stop(&rig);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(coverage_of_a_delivered_estate),
	    cmocka_unit_test(coverage_by_what),
	    cmocka_unit_test(coverage_with_hidden_cis),
	    cmocka_unit_test(cves_counted_there_and_here),
	    cmocka_unit_test(cves_that_cannot_be_read),
	    cmocka_unit_test(duplicates),
	    cmocka_unit_test(parts_of_cis),
	    cmocka_unit_test(references_without_a_target),
	    cmocka_unit_test(what_causes_writes),
	    cmocka_unit_test(forms),
	    cmocka_unit_test(second_software_source),
	};

	return cmocka_run_group_tests_name("report", tests, set_up, tear_down);
}
