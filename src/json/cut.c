/* SPDX-License-Identifier: Apache-2.0
 *
 * A list that is read in windows: where its records end. Only brackets and
 * texts are followed; whether a record is right is for the parser to say.
 */
#include "json/json.h"

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* One character of a record, or of a text in it. */
static void inside(struct mst_json_cut *c, char *p)
{
	if (c->in_text) {
		if (c->escaped)
			c->escaped = false;
		else if (*p == '\\')
			c->escaped = true;
		else if (*p == '"')
			c->in_text = false;
		return;
	}
	if (*p == '"')
		c->in_text = true;
	else if (*p == '{' || *p == '[')
		c->depth++;
	else if (*p == '}' || *p == ']')
		c->depth--;
	else if (*p == '\n')
		*p = ' ';
}

/* One between records. */
static void between(struct mst_json_cut *c, char *p)
{
	if (blank(*p)) {
		if (*p == '\n')
			*p = ' ';
	} else if (*p == '{' && !c->behind) {
		c->depth = 1;
		c->behind = c->some = true;
	} else if (*p == ',' && c->behind) {
		*p = '\n';
		c->behind = false;
	} else if (*p == ']' && (c->behind || !c->some)) {
		c->ended = true;
	} else {
		c->bad = true;
	}
}

size_t mst_json_cut(struct mst_json_cut *c, char *data, size_t n)
{
	size_t whole = 0;

	while (c->at < n && !c->ended && !c->bad) {
		char *p = data + c->at;

		if (c->depth) {
			inside(c, p);
		} else {
			between(c, p);
			if (*p == '\n' || c->ended)
				whole = c->at;
		}
		c->at++;
	}
	return whole;
}
