/* SPDX-License-Identifier: Apache-2.0
 *
 * The CVE fact table is typed in, so every row is checked: the id, the date,
 * the names, and above all that the score follows from the vector, by a
 * calculator for CVSS v3.1 base scores that is written from the formula of
 * the specification (section 7.1, round-up of appendix A).
 */
#include "tests/lib/t.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sim/http.h"

enum { AV, AC, PR, UI, SCOPE, CONF, INTEG, AVAIL, METRICS };

static const struct {
	const char *name;   /* with its colon */
	const char *values; /* letters that it may have */
} metrics[METRICS] = {
    [AV] = {"AV:", "NALP"},  [AC] = {"AC:", "LH"},    [PR] = {"PR:", "NLH"},
    [UI] = {"UI:", "NR"},    [SCOPE] = {"S:", "UC"},  [CONF] = {"C:", "HLN"},
    [INTEG] = {"I:", "HLN"}, [AVAIL] = {"A:", "HLN"},
};

/* The letters of the eight base metrics, which stand in this order. */
static bool parse_vector(const char *v, char m_r[METRICS])
{
	static const char prefix[] = "CVSS:3.1";

	if (strncmp(v, prefix, sizeof(prefix) - 1) != 0)
		return false;
	v += sizeof(prefix) - 1;
	for (unsigned i = 0; i < METRICS; i++) {
		size_t n = strlen(metrics[i].name);

		if (*v++ != '/' || strncmp(v, metrics[i].name, n) != 0)
			return false;
		v += n;
		if (*v == '\0' || strchr(metrics[i].values, *v) == NULL)
			return false;
		m_r[i] = *v++;
	}
	return *v == '\0';
}

/* One decimal, upwards, without the errors of binary fractions. */
static double round_up(double x)
{
	long n = lround(x * 100000);

	if (n % 10000 == 0)
		return (double)n / 100000;
	return ((double)(n / 10000) + 1) / 10;
}

static double impact_weight(char c)
{
	return c == 'H' ? 0.56 : c == 'L' ? 0.22 : 0;
}

static double attack_weight(char c)
{
	return c == 'N' ? 0.85 : c == 'A' ? 0.62 : c == 'L' ? 0.55 : 0.2;
}

static double rights_weight(char c, bool changed)
{
	if (c == 'N')
		return 0.85;
	if (c == 'L')
		return changed ? 0.68 : 0.62;
	return changed ? 0.5 : 0.27;
}

static double base_score(const char m[METRICS])
{
	bool changed = m[SCOPE] == 'C';
	double iss = 1 - (1 - impact_weight(m[CONF])) *
			     (1 - impact_weight(m[INTEG])) *
			     (1 - impact_weight(m[AVAIL]));
	double impact = changed
			    ? 7.52 * (iss - 0.029) - 3.25 * pow(iss - 0.02, 15)
			    : 6.42 * iss;
	double ease =
	    8.22 * attack_weight(m[AV]) * (m[AC] == 'L' ? 0.77 : 0.44) *
	    rights_weight(m[PR], changed) * (m[UI] == 'N' ? 0.85 : 0.62);
	double sum = impact + ease;

	if (impact <= 0)
		return 0;
	if (changed)
		sum *= 1.08;
	return round_up(sum < 10 ? sum : 10);
}

static const char *severity(double score)
{
	if (score >= 9)
		return "Critical";
	if (score >= 7)
		return "High";
	return score >= 4 ? "Medium" : "Low";
}

static int digits(const char *s)
{
	return (int)strspn(s, "0123456789");
}

static bool good_id(const char *id)
{
	int n;

	if (strncmp(id, "CVE-", 4) != 0 || digits(id + 4) != 4 || id[8] != '-')
		return false;
	n = digits(id + 9);
	/* A number of more than four digits has no leading zero. */
	return n >= 4 && n <= 7 && id[9 + n] == '\0' &&
	       (n == 4 || id[9] != '0');
}

static bool good_date(const char *s)
{
	static const int days[] = {31, 28, 31, 30, 31, 30,
				   31, 31, 30, 31, 30, 31};
	int y, m, d, end, last;

	if (strlen(s) != 10 || s[4] != '-' || s[7] != '-' || digits(s) != 4 ||
	    digits(s + 5) != 2 || digits(s + 8) != 2)
		return false;
	if (sscanf(s, "%4d-%2d-%2d%n", &y, &m, &d, &end) != 3 || end != 10)
		return false;
	if (y < 2000 || y > 2030 || m < 1 || m > 12)
		return false;
	last = days[m - 1];
	if (m == 2 && y % 4 == 0 && (y % 100 != 0 || y % 400 == 0))
		last++;
	return d >= 1 && d <= last;
}

/* Lower case without blanks, as Defender writes vendors and products. */
static bool good_name(const char *s)
{
	static const char ok[] = "abcdefghijklmnopqrstuvwxyz0123456789_-.+";

	return *s != '\0' && s[strspn(s, ok)] == '\0';
}

static bool good_version(const char *s)
{
	static const char ok[] = "abcdefghijklmnopqrstuvwxyz0123456789"
				 "_-.+:~";

	return *s >= '0' && *s <= '9' && s[strspn(s, ok)] == '\0';
}

static const struct sim_cve_fact *find(const char *id)
{
	for (size_t i = 0; i < sim_cve_facts_n; i++)
		if (strcmp(sim_cve_facts[i].id, id) == 0)
			return &sim_cve_facts[i];
	return NULL;
}

/* The calculator itself, on the examples of the specification and on scores
 * that are known well. */
static void calculator(void **state)
{
	static const struct {
		const char *vector;
		double score;
	} known[] = {
	    {"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 10.0},
	    {"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8},
	    {"CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H", 8.8},
	    {"CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", 7.8},
	    {"CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N", 6.4},
	    {"CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N", 3.1},
	    {"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", 7.5},
	    {"CVSS:3.1/AV:A/AC:L/PR:N/UI:N/S:C/C:H/I:N/A:H", 9.3},
	    {"CVSS:3.1/AV:P/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 6.8},
	    {"CVSS:3.1/AV:N/AC:L/PR:H/UI:N/S:U/C:L/I:L/A:L", 4.7},
	    {"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", 0.0},
	};
	char m[METRICS];

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		assert_true(parse_vector(known[i].vector, m));
		if (fabs(base_score(m) - known[i].score) > 0.001)
			fail_msg("%s: %.2f", known[i].vector, base_score(m));
	}
	assert_false(parse_vector("", m));
	assert_false(parse_vector("CVSS:3.1/AV:N", m));
	assert_false(
	    parse_vector("CVSS:3.1/AV:X/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", m));
	assert_false(parse_vector(
	    "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:U", m));
}

static void scores_follow_from_vectors(void **state)
{
	for (size_t i = 0; i < sim_cve_facts_n; i++) {
		const struct sim_cve_fact *f = &sim_cve_facts[i];
		char m[METRICS];

		if (!parse_vector(f->vector, m))
			fail_msg("%s: vector %s", f->id, f->vector);
		if (fabs(base_score(m) - f->cvss) > 0.001)
			fail_msg("%s: score %.1f, but %s gives %.1f", f->id,
				 f->cvss, f->vector, base_score(m));
		if (strcmp(severity(f->cvss), f->severity) != 0)
			fail_msg("%s: %.1f is not %s", f->id, f->cvss,
				 f->severity);
	}
}

static void rows_are_well_formed(void **state)
{
	for (size_t i = 0; i < sim_cve_facts_n; i++) {
		const struct sim_cve_fact *f = &sim_cve_facts[i];
		size_t n = strlen(f->title);

		if (!good_id(f->id))
			fail_msg("row %zu: id %s", i, f->id);
		if (find(f->id) != f)
			fail_msg("%s stands twice", f->id);
		if (!good_date(f->published) ||
		    strncmp(f->published, f->id + 4, 4) < 0)
			fail_msg("%s: date %s", f->id, f->published);
		if (!good_name(f->vendor) || !good_name(f->product))
			fail_msg("%s: %s/%s", f->id, f->vendor, f->product);
		if (!good_version(f->fixed))
			fail_msg("%s: fixed %s", f->id, f->fixed);
		if (f->exploit < 0 || f->exploit > 3)
			fail_msg("%s: exploit %d", f->id, f->exploit);
		if (!(f->epss > 0 && f->epss <= 1))
			fail_msg("%s: epss %g", f->id, f->epss);
		if (n < 20 || n > 160 || f->title[n - 1] != '.' ||
		    strpbrk(f->title, "\n\t{}@|") != NULL)
			fail_msg("%s: title %s", f->id, f->title);
	}
}

static bool same_product(const char *vendor, const char *product,
			 const char *vendor2, const char *product2)
{
	return strcmp(vendor, vendor2) == 0 && strcmp(product, product2) == 0;
}

static void further_products(void **state)
{
	for (size_t i = 0; i < sim_cve_also_n; i++) {
		const struct sim_cve_also *a = &sim_cve_also[i];
		const struct sim_cve_fact *f = find(a->id);

		if (f == NULL)
			fail_msg("%s is no fact", a->id);
		if (!good_name(a->vendor) || !good_name(a->product) ||
		    !good_version(a->fixed))
			fail_msg("%s: %s/%s %s", a->id, a->vendor, a->product,
				 a->fixed);
		if (same_product(a->vendor, a->product, f->vendor, f->product))
			fail_msg("%s: %s is its main product", a->id,
				 a->product);
		for (size_t j = 0; j < i; j++) {
			const struct sim_cve_also *b = &sim_cve_also[j];

			if (strcmp(a->id, b->id) == 0 &&
			    same_product(a->vendor, a->product, b->vendor,
					 b->product))
				fail_msg("%s: %s twice", a->id, a->product);
		}
	}
}

static unsigned count(const char *vendor, const char *product)
{
	unsigned n = 0;

	for (size_t i = 0; i < sim_cve_facts_n; i++) {
		const struct sim_cve_fact *f = &sim_cve_facts[i];

		if ((vendor == NULL || strcmp(f->vendor, vendor) == 0) &&
		    strncmp(f->product, product, strlen(product)) == 0)
			n++;
	}
	return n;
}

/* Enough of everything that an estate holds. */
static void spread(void **state)
{
	static const char *const releases[] = {
	    "windows_10",	   "windows_11",	  "windows_server_2016",
	    "windows_server_2019", "windows_server_2022", "windows_server_2025",
	};

	assert_true(sim_cve_facts_n >= 400);
	assert_true(count("microsoft", "windows_") >= 60);
	assert_true(count("google", "chrome") +
			count("microsoft", "edge_chromium-based") >=
		    40);
	assert_true(count("mozilla", "") >= 25);
	assert_true(count("microsoft", "office") +
			count("microsoft", "365_apps") >=
		    30);
	assert_true(count("ubuntu", "") + count("red_hat", "") >= 40);
	assert_true(count("apple", "") + count("google", "android") >= 30);
	for (size_t i = 0; i < sizeof(releases) / sizeof(releases[0]); i++) {
		unsigned n = count("microsoft", releases[i]);

		for (size_t j = 0; j < sim_cve_also_n; j++)
			if (strcmp(sim_cve_also[j].product, releases[i]) == 0)
				n++;
		if (n < 25)
			fail_msg("only %u for %s", n, releases[i]);
	}
}

/* All severities and exploit levels are there, so that filters find some. */
static void variety(void **state)
{
	unsigned by_severity[4] = {0}, by_exploit[4] = {0};
	static const char *const names[] = {"Low", "Medium", "High",
					    "Critical"};

	for (size_t i = 0; i < sim_cve_facts_n; i++) {
		const struct sim_cve_fact *f = &sim_cve_facts[i];

		for (unsigned s = 0; s < 4; s++)
			if (strcmp(f->severity, names[s]) == 0)
				by_severity[s]++;
		by_exploit[f->exploit & 3]++;
	}
	for (unsigned s = 0; s < 4; s++) {
		if (by_severity[s] < 10)
			fail_msg("only %u %s", by_severity[s], names[s]);
		if (by_exploit[s] < 10)
			fail_msg("only %u of exploit level %u", by_exploit[s],
				 s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(calculator),
	    cmocka_unit_test(scores_follow_from_vectors),
	    cmocka_unit_test(rows_are_well_formed),
	    cmocka_unit_test(further_products),
	    cmocka_unit_test(spread),
	    cmocka_unit_test(variety),
	};

	return cmocka_run_group_tests_name("cve_facts", tests, NULL, NULL);
}
