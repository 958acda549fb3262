/* SPDX-License-Identifier: Apache-2.0
 *
 * Names of software: the built-in table, own entries, what is refused, and what
 * a thread remembers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/names.h"
#include "rules/rules.h"
#include "tests/lib/t.h"

static struct mst_arena arena;

static const struct mst_names *make(bool builtin, const char *const *own)
{
	const struct mst_names *names = NULL;
	struct mst_err err = MST_ERR_INIT;
	size_t n = 0;

	while (own && own[n])
		n++;
	t_ok(mst_names_make(&arena, builtin, own, n, &names, &err), &err);
	return names;
}

/* "vendor|name" becomes this, by the last of these entries (NULL: by none). */
static void becomes(const struct mst_names *names, const char *vendor,
		    const char *name, const char *want, const char *by)
{
	const struct mst_name_entry *said[MST_NAME_STEPS];
	struct mst_slice v = mst_slice_str(vendor), n = mst_slice_str(name);
	size_t steps = mst_names_find(names, &v, &n, said);
	char got[600];

	(void)snprintf(got, sizeof(got), "%.*s|%.*s", MST_SLICE_ARG(v),
		       MST_SLICE_ARG(n));
	assert_string_equal(got, want);
	if (by && (steps == 0 || strcmp(said[steps - 1]->text, by) != 0))
		fail_msg("%s|%s: by %s, not by %s", vendor, name,
			 steps ? said[steps - 1]->text : "nothing", by);
	if (!by)
		assert_int_equal(steps, 0);
}

static void one_product(void **state MST_UNUSED)
{
	const struct mst_names *n = make(true, NULL);

	becomes(n, "microsoft", "teams", "microsoft|teams", NULL);
	becomes(n, "", "MSTeams", "microsoft|teams", "MSTeams=microsoft|teams");
	becomes(n, "Microsoft", "Microsoft Teams", "microsoft|teams",
		"Microsoft Teams=microsoft|teams");
	becomes(n, "Microsoft Corporation", "microsoft_teams",
		"microsoft|teams", "Microsoft Teams=microsoft|teams");
	becomes(n, "MICROSOFT CORP.", "Microsoft\xc2\xa0Teams\xc2\xae",
		"microsoft|teams", "Microsoft Teams=microsoft|teams");
	/* of somebody else */
	becomes(n, "Contoso", "Teams", "Contoso|Teams", NULL);
	becomes(n, "microsoft", "Teams Rooms", "microsoft|Teams Rooms", NULL);
	/* a pattern, and what it must not fit */
	becomes(n, "Igor Pavlov", "7-Zip 23.01 (x64)", "7-zip|7-zip",
		"7-Zip ?\?.?\? (x64)=7-zip|7-zip");
	becomes(n, "Igor Pavlov", "7-Zip ZS 1.5", "7-zip|7-Zip ZS 1.5",
		"Igor Pavlov|=7-zip");
	becomes(n, "Mozilla", "Mozilla Firefox (x64 en-US)", "mozilla|firefox",
		"Mozilla Firefox (x64 *)=mozilla|firefox");
	becomes(n, "Mozilla", "Mozilla Firefox ESR (x64 de)",
		"mozilla|firefox_esr",
		"Mozilla Firefox ESR (x64 *)=mozilla|firefox_esr");
	/* nothing to say, nothing to look at */
	becomes(n, "", "", "|", NULL);
	becomes(n, "v", "tool", "v|tool", NULL);
}

/* What Defender calls products with a product code stays as it is: CVE rows are
 * not looked up with the built-in table. */
static void builtin_is_well_made(void **state MST_UNUSED)
{
	const struct mst_names *n = make(true, NULL);
	size_t count;

	(void)mst_names_list(n, &count);
	assert_true(count > 100);
	for (size_t i = 0; mst_names_builtin[i]; i++) {
		const char *text = mst_names_builtin[i];
		const char *to = strchr(text, '=') + 1;
		const char *bar = strchr(to, '|');

		for (const char *p = to; *p; p++)
			assert_false(*p >= 'A' && *p <= 'Z');
		/* no alias twice */
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(mst_names_builtin[k], text);
		if (bar) {
			char *vendor = mst_strndup(to, (size_t)(bar - to));

			becomes(n, vendor, bar + 1, to, NULL);
			free(vendor);
		}
	}
}

static void own_entries(void **state MST_UNUSED)
{
	static const char *const own[] = {
	    "Contoso GmbH|=Contoso",
	    "contoso|Tool ?\?=contoso|tool",
	    "*|Helper=Contoso|helper",
	    "Gadget=widget",
	    /* another name for what the built-in ones lead to */
	    "microsoft|teams=Microsoft|Microsoft Teams",
	    /* in the place of a built-in one */
	    "Google Chrome=Google|Chrome Browser",
	    "VLC=",
	    NULL,
	};
	const struct mst_names *n = make(true, own);
	const struct mst_name_entry *list;
	size_t count, off = 0;

	becomes(n, "CONTOSO", "x", "Contoso|x", own[0]);
	becomes(n, "Contoso Ltd", "Tool 12", "Contoso|tool", own[1]);
	becomes(n, "Anybody", "helper", "Contoso|helper", own[2]);
	becomes(n, "Anybody", "gadget", "Anybody|widget", own[3]);
	becomes(n, "", "MSTeams", "microsoft|Microsoft Teams", own[4]);
	becomes(n, "microsoft", "teams", "microsoft|Microsoft Teams", own[4]);
	becomes(n, "Microsoft", "microsoft teams", "microsoft|Microsoft Teams",
		"Microsoft Corporation|=microsoft");
	becomes(n, "Google LLC", "Google Chrome", "google|Chrome Browser",
		own[5]);
	becomes(n, "videolan", "vlc", "videolan|vlc", NULL);
	list = mst_names_list(n, &count);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(list[i].own, i < 7);
		off += list[i].off != NULL;
	}
	assert_int_equal(off, 3);
	/* without the built-in ones */
	n = make(false, own);
	becomes(n, "", "MSTeams", "|MSTeams", NULL);
	becomes(n, "Anybody", "gadget", "Anybody|widget", own[3]);
}

/* Vendors are called the same in rows and in entries, in whatever order. */
static void vendors_of_entries(void **state MST_UNUSED)
{
	static const char *const own[] = {
	    "Acme, Inc.|Tool=Acme|acme_tool",
	    "gadget=Old Acme|gadget",
	    "Acme|=acme_corp",
	    "Old Acme|=Acme",
	    NULL,
	};
	const struct mst_names *n = make(true, own);

	becomes(n, "ACME", "tool", "acme_corp|acme_tool", own[0]);
	becomes(n, "Old Acme", "tool", "acme_corp|acme_tool", own[0]);
	becomes(n, "", "Gadget", "acme_corp|gadget", own[1]);
	becomes(n, "Old Acme", "gadget", "acme_corp|gadget", own[2]);
}

static void wrong_entries(void **state MST_UNUSED)
{
	static const struct {
		const char *own[3], *says;
	} rows[] = {
	    {{"MSTeams"}, "'MSTeams' has no '='"},
	    {{"=x"}, "must be ALIAS=NAME"},
	    {{"a|b|c=x"}, "must be ALIAS=NAME"},
	    {{"a=b|c|d"}, "must lead to NAME"},
	    {{"a=b*"}, "without '*'"},
	    {{"--=x"}, "fits nothing"},
	    {{"*|=x"}, "fits nothing"},
	    {{"a=v|"}, "leads to no name"},
	    {{"v|=w|x"}, "leads a vendor to a product"},
	    {{"A b=x", "a-B=y"}, "another entry has"},
	    {{"a=b", "b=a"}, "leads round in a circle"},
	    {{"A|=B", "B|=A"}, "leads round in a circle"},
	    {{"nowhere="}, "switches off no built-in entry"},
	};

	for (size_t i = 0; i < MST_LEN(rows); i++) {
		const struct mst_names *names;
		struct mst_err err = MST_ERR_INIT;
		size_t n = 0;

		while (rows[i].own[n])
			n++;
		assert_int_equal(
		    mst_names_make(&arena, true, rows[i].own, n, &names, &err),
		    -MST_E_INVALID);
		if (!strstr(err.msg, rows[i].says) ||
		    strncmp(err.msg, "setting software_names: '", 25) != 0)
			fail_msg("not \"%s\": %s", rows[i].says, err.msg);
	}
}

/* Hostile texts of any length neither match nor overflow. */
static void odd_names(void **state MST_UNUSED)
{
	const struct mst_names *n = make(true, NULL);
	char *longest = mst_alloc(5000);

	memset(longest, 'a', 4999);
	becomes(n, "microsoft", "\xff\xfe", "microsoft|\xff\xfe", NULL);
	{
		struct mst_slice v = mst_slice(longest, 4999), s = v;

		assert_int_equal(mst_names_find(n, &v, &s, NULL), 0);
		assert_ptr_equal(v.p, longest);
		assert_int_equal(s.n, 4999);
	}
	free(longest);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_product),
	    cmocka_unit_test(builtin_is_well_made),
	    cmocka_unit_test(own_entries),
	    cmocka_unit_test(vendors_of_entries),
	    cmocka_unit_test(wrong_entries),
	    cmocka_unit_test(odd_names),
	};
	int rc;

	mst_arena_init(&arena, MST_MAX_ARENA);
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	mst_arena_fini(&arena);
	return rc;
}
