/* SPDX-License-Identifier: Apache-2.0
 *
 * The update sets are built like those that an instance exports: order of
 * elements, documents by kind of record, and the sample.
 */
#include "tests/unit/update_set_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- order of elements --------------------------------------------------- */

/* Children of a record are alphabetical: of every element that has a sys_id.
 * p is behind its start tag; returns behind its end tag. */
static const char *check_order(const char *p)
{
	char last[64] = "", name[64];
	bool sorted = true, record = false;

	for (;;) {
		const char *lt = strchr(p, '<'), *gt;

		assert_non_null(lt);
		if (!strncmp(lt, "<![CDATA[", 9)) {
			p = strstr(lt, "]]>") + 3;
			continue;
		}
		gt = strchr(lt, '>');
		if (lt[1] == '/') {
			if (record && !sorted)
				fail_msg("not alphabetical: %s", last);
			return gt + 1;
		}
		snprintf(name, sizeof(name), "%.*s",
			 (int)strcspn(lt + 1, " />"), lt + 1);
		record |= !strcmp(name, "sys_id");
		if (sorted && strcmp(last, name) >= 0)
			sorted = false;
		if (sorted)
			snprintf(last, sizeof(last), "%s", name);
		p = gt[-1] == '/' ? gt + 1 : check_order(gt + 1);
	}
}

static void payload_order(const char *update)
{
	char *p = payload_of(update);

	(void)check_order(strchr(strstr(p, "<record_update"), '>') + 1);
	free(p);
}

static void test_order(void **state)
{
	each(set.p, payload_order);
	each(related.p, payload_order);
	each(ot.p, payload_order);
	(void)state;
}

/* ---- structure ----------------------------------------------------------- */

#define STAMP                                                                  \
	"sys_class_name sys_created_by sys_created_on sys_id sys_mod_count "   \
	"sys_name sys_package sys_policy sys_scope sys_update_name "           \
	"sys_updated_by sys_updated_on"
#define SHORT                                                                  \
	"sys_created_by sys_created_on sys_domain sys_domain_path sys_id "     \
	"sys_mod_count"

/* How an instance exports what the sample has not: by type, the start of the
 * document, and the children of one record in it. */
static const struct {
	const char *type, *start, *record, *children;
} exported[] = {
    {"Table", "<record_update table=\"sys_db_object\">", NULL, NULL},
    {"Dictionary",
     "<record_update><sys_dictionary action=\"INSERT_OR_UPDATE\" element=\"\" "
     "table=\"u_muster_cve\">",
     NULL, NULL},
    {"Field Label",
     "<record_update><sys_documentation element=\"\" label=\"CVE\" "
     "language=\"en\" table=\"u_muster_cve\"><sys_documentation action=",
     NULL, NULL},
    {"Choice list",
     "<record_update><sys_choice action=\"INSERT_OR_UPDATE\" "
     "field=\"u_severity\" table=\"u_muster_cve\" version=\"3\">"
     "<sys_choice_set ",
     NULL, NULL},
    {"Access Control", "<record_update table=\"sys_security_acl\">", NULL,
     NULL},
    {"Access Roles", "<record_update table=\"sys_security_acl_role\">", NULL,
     NULL},
    {"Application Menu",
     "<record_update sys_domain=\"global\" table=\"sys_app_application\">",
     NULL, NULL},
    {"Module", "<record_update sys_domain=\"global\" table=\"sys_app_module\">",
     NULL, NULL},
    {"Number",
     "<record_update table=\"sys_number\"><sys_number "
     "action=\"INSERT_OR_UPDATE\"><category display_value=\"\" "
     "name=\"u_muster_cve_instance\">u_muster_cve_instance</category>",
     "sys_number", "category maximum_digits number prefix " STAMP},
    {"List Layout",
     "<record_update><sys_ui_list parent=\"\" relationship=\"\" "
     "sys_domain=\"global\" table=\"u_muster_cve\" version=\"2\" view=\"\">"
     "<sys_ui_list_element ",
     NULL, NULL},
    {"Form Layout", "<record_update><sys_ui_section caption=\"\" section_id=\"",
     "sys_ui_element",
     "element position sys_created_by sys_created_on sys_id sys_mod_count "
     "sys_ui_formatter sys_ui_section sys_updated_by sys_updated_on sys_user "
     "type"},
    {"Form Layout", "<record_update><sys_ui_section caption=\"\" section_id=\"",
     "sys_ui_section",
     "caption header name roles sys_class_name " SHORT
     " sys_name sys_overrides sys_package sys_policy sys_scope "
     "sys_update_name sys_updated_by sys_updated_on sys_user title view "
     "view_name"},
    {"Form Sections", "<record_update><sys_ui_form_sections form_id=\"",
     "sys_ui_form_section",
     "position " SHORT " sys_overrides sys_ui_form sys_ui_section "
     "sys_updated_by sys_updated_on"},
    {"Form Sections", "<record_update><sys_ui_form_sections form_id=\"",
     "sys_ui_form",
     "name roles sys_class_name " SHORT " sys_name sys_overrides sys_package "
     "sys_policy sys_scope sys_update_name sys_updated_by sys_updated_on "
     "sys_user view view_name"},
    {"Related Lists",
     "<record_update><sys_ui_related sys_domain=\"global\" "
     "table=\"u_muster_ot_appliance\" version=\"2\" view=\"\">"
     "<sys_ui_related_list_entry ",
     "sys_ui_related_list_entry",
     "filter list_id order_by position related_list sys_created_by "
     "sys_created_on sys_id sys_mod_count sys_updated_by sys_updated_on"},
    {"Related Lists", "<record_update><sys_ui_related sys_domain=\"global\"",
     "sys_ui_related_list",
     "calculated_name name related_list sys_class_name " SHORT
     " sys_name sys_overrides sys_package sys_policy sys_scope "
     "sys_update_name sys_updated_by sys_updated_on sys_user view view_name"},
};

/* The children's names of the first <record action=…> of a payload. */
static char *children_of(const char *payload, const char *record)
{
	struct mst_buf out = MST_BUF_INIT(1u << 16);
	char mark[64], end[64];
	const char *p;

	snprintf(mark, sizeof(mark), "<%s action=", record);
	snprintf(end, sizeof(end), "</%s>", record);
	p = strstr(payload, mark);
	assert_non_null(p);
	p = strchr(p, '>') + 1;
	while (strncmp(p, end, strlen(end))) {
		size_t n = strcspn(p + 1, " />");
		char close[80];

		mst_buf_addf(&out, "%s%.*s", out.n ? " " : "", (int)n, p + 1);
		snprintf(close, sizeof(close), "</%.*s>", (int)n, p + 1);
		p = strchr(p, '>') + 1;
		if (p[-2] != '/')
			p = strstr(p, close) + strlen(close);
	}
	return mst_buf_steal(&out);
}

/* ---- the sample ---------------------------------------------------------- */

/* The element names of a document in order, one a line; of the payload and of
 * the update around it. */
static void outline(struct mst_buf *out, const char *p)
{
	for (; (p = strchr(p, '<')); p++) {
		if (!strncmp(p, "<![CDATA[", 9)) {
			p = strstr(p, "]]>");
			continue;
		}
		if (p[1] == '?' || p[1] == '/')
			continue;
		mst_buf_add(out, p + 1, strcspn(p + 1, " />"));
		mst_buf_addc(out, '\n');
	}
}

static char *first_of_type(const char *xml, const char *type, bool reference)
{
	char mark[64];
	const char *p = xml;

	snprintf(mark, sizeof(mark), "<type>%s</type>", type);
	while ((p = strstr(p, "<sys_update_xml "))) {
		const char *end = strstr(p, "</sys_update_xml>");
		char *one = mst_strndup(p, (size_t)(end - p) + 17);

		if (strstr(one, mark) &&
		    (!reference || strstr(one, "<reference display_value")))
			return one;
		free(one);
		p = end;
	}
	fail_msg("no update of type %s", type);
	return NULL;
}

static void test_structure(void **state)
{
	static const char head[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";

	for (size_t i = 0; i < MST_LEN(exported); i++) {
		bool in_ot = !strcmp(exported[i].type, "Related Lists");
		char *update = first_of_type(in_ot ? ot.p : set.p,
					     exported[i].type, false);
		char *payload = payload_of(update), *children;

		assert_int_equal(strncmp(payload, head, strlen(head)), 0);
		if (strncmp(payload + strlen(head), exported[i].start,
			    strlen(exported[i].start)))
			fail_msg("%s starts with %.200s", exported[i].type,
				 payload);
		if (exported[i].record) {
			children = children_of(payload, exported[i].record);
			assert_string_equal(children, exported[i].children);
			free(children);
		}
		free(payload);
		free(update);
	}
	(void)state;
}

static void same_outline(const char *type, bool reference)
{
	static const char *const lists[][2] = {
	    {"Choice list", "sys_choice"},
	    {"List Layout", "sys_ui_list_element"}};
	char *ours = first_of_type(set.p, type, reference);
	char *theirs = first_of_type(sample.p, type, reference);
	struct mst_buf a = MST_BUF_INIT(1u << 20), b = MST_BUF_INIT(1u << 20);
	char *p = payload_of(ours), *q = payload_of(theirs), *cut;

	outline(&a, ours);
	outline(&b, theirs);
	assert_string_equal(a.p, b.p);
	/* Lists differ in length: the first element speaks for all. */
	for (size_t i = 0; i < MST_LEN(lists); i++) {
		char end[64];

		snprintf(end, sizeof(end), "</%s>", lists[i][1]);
		if (strcmp(type, lists[i][0]))
			continue;
		cut = strstr(p, end);
		cut[strlen(end)] = 0;
		cut = strstr(q, end);
		cut[strlen(end)] = 0;
	}
	mst_buf_reset(&a);
	mst_buf_reset(&b);
	outline(&a, p);
	outline(&b, q);
	assert_string_equal(a.p, b.p);
	mst_buf_fini(&a);
	mst_buf_fini(&b);
	free(ours);
	free(theirs);
	free(p);
	free(q);
}

static void test_like_the_sample(void **state)
{
	static const char *const types[] = {
	    "Table",	      "Dictionary",   "Field Label",	  "Choice list",
	    "Access Control", "Access Roles", "Application Menu", "Module",
	    "List Layout"};
	struct mst_buf a = MST_BUF_INIT(1u << 20), b = MST_BUF_INIT(1u << 20);
	char *p, *q;

	if (!sample.n) {
		print_message("no samples here\n");
		skip();
	}
	for (size_t i = 0; i < MST_LEN(types); i++)
		same_outline(types[i], false);
	same_outline("Dictionary", true);
	p = mst_strndup(set.p,
			(size_t)(strstr(set.p, "<sys_update_xml ") - set.p));
	q = mst_strndup(
	    sample.p,
	    (size_t)(strstr(sample.p, "<sys_update_xml ") - sample.p));
	outline(&a, p);
	outline(&b, q);
	assert_string_equal(a.p, b.p);
	mst_buf_fini(&a);
	mst_buf_fini(&b);
	free(p);
	free(q);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_order),
	    cmocka_unit_test(test_structure),
	    cmocka_unit_test(test_like_the_sample),
	};

	return cmocka_run_group_tests(tests, sets_up, sets_down);
}
