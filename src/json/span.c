/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a value ends.
 */
#include "json/json.h"

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Behind the closing quote, 0 without one. at is on the opening one. */
static size_t pass_string(struct mst_slice s, size_t at)
{
	for (at++; at < s.n && s.p[at] != '"'; at++) {
		if (s.p[at] == '\\')
			at++;
	}
	return at < s.n ? at + 1 : 0;
}

/* A number, a word, or whatever else has no brackets. */
static size_t pass_word(struct mst_slice s, size_t at)
{
	while (at < s.n && !blank(s.p[at]) && !strchr("[]{},:\"", s.p[at]))
		at++;
	return at;
}

static size_t pass_brackets(struct mst_slice s, size_t at)
{
	size_t depth = 0;

	while (at < s.n) {
		char c = s.p[at];

		if (c == '"') {
			at = pass_string(s, at);
			if (at == 0)
				return 0;
			continue;
		}
		at++;
		if (c == '{' || c == '[')
			depth++;
		else if ((c == '}' || c == ']') && --depth == 0)
			return at;
	}
	return 0;
}

size_t mst_json_span(struct mst_slice text)
{
	size_t at = 0, end;

	while (at < text.n && blank(text.p[at]))
		at++;
	if (at == text.n)
		return 0;
	if (text.p[at] == '{' || text.p[at] == '[')
		return pass_brackets(text, at);
	if (text.p[at] == '"')
		return pass_string(text, at);
	end = pass_word(text, at);
	return end > at ? end : 0;
}
