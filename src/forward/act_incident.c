/* SPDX-License-Identifier: Apache-2.0
 *
 * Incidents and security incidents.
 */
#include "forward/act_incident.h"

#include <ctype.h>
#include <stdio.h>

#include "forward/act_text.h"
#include "forward/item.h"
#include "json/out.h"

#define SHORT_DESCRIPTION 160
#define DESCRIPTION	  4000
#define NOTE_AROUND	  120 /* what stands around it in a note */
#define TEXT_MAX	  (64u << 10)
#define RESOLVED	  "6" /* state of an incident */
#define RESOLVED_CODE	  "Solution provided"
#define SECURITY_CODE	  "Investigation completed"
#define SECURITY_CLOSED	  "3" /* of a security incident */

/* As Microsoft's own cloud maps the severities of a sensor: high, medium, low,
 * low. */
static const struct mst_incident_level levels[] = {
    [MST_SEVERITY_NONE] = {3, 3},     [MST_SEVERITY_WARNING] = {3, 3},
    [MST_SEVERITY_MINOR] = {3, 3},    [MST_SEVERITY_MAJOR] = {2, 2},
    [MST_SEVERITY_CRITICAL] = {1, 1},
};

#define AT(member) offsetof(struct mst_incident_conf, member)

const struct mst_opt mst_incident_opts[] = {
    {"connection", MST_OPT_TEXT, AT(connection), .flags = MST_OPT_REQUIRED,
     .help = "the connection to ServiceNow"},
    {"table", MST_OPT_TEXT, AT(table), "incident",
     .help = "where incidents are made: incident, sn_si_incident for security "
	     "incidents, or a table of your own that is a task"},
    {"caller_id", MST_OPT_TEXT, AT(caller),
     .help = "sys_id of the user in whose name they are opened"},
    {"assignment_group", MST_OPT_TEXT, AT(assignment_group),
     .help = "sys_id of the group that gets them"},
    {"category", MST_OPT_TEXT, AT(category), .help = "value of their category"},
    {"levels", MST_OPT_LIST, AT(level_texts),
     .help = "impact and urgency by severity, each SEVERITY=IMPACT/URGENCY "
	     "like critical=1/1; without it critical is 1/1, major 2/2, the "
	     "others 3/3"},
    {"close_state", MST_OPT_TEXT, AT(close_state),
     .help = "value of the state that closes one; without it 6 (Resolved), of "
	     "a security incident 3 (Closed)"},
    {"close_code", MST_OPT_TEXT, AT(close_code),
     .help = "value of close_code, one of the choices of your instance; "
	     "without it Solution provided, of a security incident "
	     "Investigation completed"},
    {"acknowledge", MST_OPT_CHOICE, AT(acknowledge), "off", "off|handle|learn",
     .help = MST_ACKNOWLEDGE_HELP},
    {0},
};

/* ---- options ------------------------------------------------------------- */

static bool is_sys_id(const char *s)
{
	for (size_t i = 0; s[i]; i++) {
		if (!isxdigit((unsigned char)s[i]))
			return false;
	}
	return strlen(s) == 32;
}

static bool is_table(const char *s)
{
	size_t n = strlen(s);

	return n > 0 && n <= 80 &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == n;
}

static int check_sys_id(const struct mst_conf_item *item, const char *key,
			const char *v, struct mst_err *err)
{
	if (!v || !*v || is_sys_id(v))
		return 0;
	return mst_item_fail(item, key, err,
			     "must be a sys_id, 32 hex digits, not \"%.80s\": "
			     "open the record in ServiceNow, then Copy sys_id",
			     v);
}

/* "critical=1/2" */
static bool read_level(const char *text, struct mst_incident_level *of)
{
	const char *eq = strchr(text, '=');
	enum mst_severity s;

	if (!eq || strlen(eq) != 4 || eq[2] != '/' || eq[1] < '1' ||
	    eq[1] > '3' || eq[3] < '1' || eq[3] > '3')
		return false;
	s = mst_severity_parse(mst_slice(text, (size_t)(eq - text)));
	if (s == MST_SEVERITY_NONE)
		return false;
	of[s] = (struct mst_incident_level){eq[1] - '0', eq[3] - '0'};
	return true;
}

int mst_incident_make(const struct mst_conf_item *item, struct mst_arena *arena,
		      struct mst_incident_conf *c_r, struct mst_err *err)
{
	struct mst_incident_conf c = {0};
	bool security;
	int rc = mst_conf_apply(item, mst_incident_opts, &c, arena, err);

	if (rc == 0 && !is_table(c.table))
		rc = mst_item_fail(item, "table", err,
				   "must be the name of a table, of small "
				   "letters, digits and '_', not \"%.80s\"",
				   c.table);
	if (rc == 0)
		rc = check_sys_id(item, "caller_id", c.caller, err);
	if (rc == 0)
		rc = check_sys_id(item, "assignment_group", c.assignment_group,
				  err);
	if (rc < 0)
		return rc;
	memcpy(c.levels, levels, sizeof(levels));
	for (size_t i = 0; i < c.level_texts.n; i++) {
		const char *text = c.level_texts.v[i];

		if (!read_level(text, c.levels))
			return mst_item_fail(item, "levels", err,
					     "must be like critical=1/2, the "
					     "numbers from 1 (high) to 3 "
					     "(low), not \"%.80s\"",
					     text);
	}
	security = strcmp(c.table, "sn_si_incident") == 0;
	if (!c.close_state || !*c.close_state)
		c.close_state = security ? SECURITY_CLOSED : RESOLVED;
	if (!c.close_code)
		c.close_code = security ? SECURITY_CODE : RESOLVED_CODE;
	*c_r = c;
	return 0;
}

/* ---- bodies -------------------------------------------------------------- */

void mst_incident_query(const char *source, struct mst_slice key,
			struct mst_buf *out)
{
	char id[MST_CORRELATION + 1];

	mst_act_correlation(source, key, id);
	(void)mst_buf_adds(out, "sysparm_query=correlation_id%3D");
	(void)mst_buf_add_uri(out, mst_slice_str(id));
	(void)mst_buf_adds(out, "%5EORDERBYDESCsys_created_on"
				"&sysparm_fields=sys_id,correlation_id,active"
				"&sysparm_limit=1");
}

static void add_text(struct mst_jout *j, const char *key, const char *v)
{
	if (v && *v)
		mst_jout_kstr(j, key, v);
}

static void add_short(struct mst_jout *j, const struct mst_alert *a)
{
	struct mst_buf text = MST_BUF_INIT(TEXT_MAX);

	mst_act_headline(a, &text);
	mst_jout_kslice(j, "short_description",
			mst_act_cut(mst_buf_slice(&text), SHORT_DESCRIPTION));
	mst_buf_fini(&text);
}

static void add_description(struct mst_jout *j, const struct mst_alert *a)
{
	struct mst_buf text = MST_BUF_INIT(TEXT_MAX);

	mst_act_description(a, &text);
	mst_jout_kslice(
	    j, "description",
	    mst_slice_trim(mst_act_cut(mst_buf_slice(&text), DESCRIPTION)));
	mst_buf_fini(&text);
}

static void add_level(struct mst_jout *j, const struct mst_incident_level *l)
{
	mst_jout_kstr(j, "impact", (const char[]){(char)('0' + l->impact), 0});
	mst_jout_kstr(j, "urgency",
		      (const char[]){(char)('0' + l->urgency), 0});
}

void mst_incident_open(const struct mst_incident_conf *c, const char *source,
		       struct mst_slice key, const struct mst_alert *a,
		       const char *ci, struct mst_buf *out)
{
	char id[MST_CORRELATION + 1];
	struct mst_jout j;

	mst_act_correlation(source, key, id);
	mst_jout_init(&j, out);
	mst_jout_obj(&j);
	add_short(&j, a);
	add_description(&j, a);
	add_level(&j, &c->levels[a->severity]);
	mst_jout_kstr(&j, "correlation_id", id);
	mst_jout_kstr(&j, "correlation_display", "Microsoft Defender for IoT");
	add_text(&j, "cmdb_ci", ci);
	add_text(&j, "caller_id", c->caller);
	add_text(&j, "assignment_group", c->assignment_group);
	add_text(&j, "category", c->category);
	mst_jout_end_obj(&j);
}

void mst_incident_update(const struct mst_alert *a, const char *mark,
			 struct mst_buf *out)
{
	struct mst_buf plain = MST_BUF_INIT(TEXT_MAX);
	struct mst_buf text = MST_BUF_INIT(2 * TEXT_MAX);
	struct mst_buf note = MST_BUF_INIT(TEXT_MAX);
	struct mst_jout j;

	mst_act_description(a, &plain);
	mst_act_journal(mst_buf_slice(&plain), &text);
	(void)mst_buf_adds(
	    &note, "Defender for IoT saw this again, or more of it.\n\n");
	/* The mark must not be what a long text loses. */
	(void)mst_buf_add_slice(
	    &note, mst_slice_trim(mst_act_cut(mst_buf_slice(&text),
					      DESCRIPTION - NOTE_AROUND)));
	(void)mst_buf_addf(&note, "\n\n%s", mark);
	mst_jout_init(&j, out);
	mst_jout_obj(&j);
	mst_jout_kslice(&j, "work_notes", mst_buf_slice(&note));
	mst_jout_end_obj(&j);
	mst_buf_fini(&note);
	mst_buf_fini(&text);
	mst_buf_fini(&plain);
}

void mst_incident_close(const struct mst_incident_conf *c,
			const struct mst_alert *a, struct mst_buf *out)
{
	struct mst_buf text = MST_BUF_INIT(TEXT_MAX);
	struct mst_jout j;

	/* Business rules copy these notes into the journal. */
	(void)mst_buf_adds(&text, MST_INCIDENT_HANDLED);
	mst_act_journal(a->title, &text);
	mst_jout_init(&j, out);
	mst_jout_obj(&j);
	mst_jout_kstr(&j, "state", c->close_state);
	add_text(&j, "close_code", c->close_code);
	mst_jout_kslice(&j, "close_notes",
			mst_act_cut(mst_buf_slice(&text), DESCRIPTION));
	mst_jout_end_obj(&j);
	mst_buf_fini(&text);
}
