/* SPDX-License-Identifier: Apache-2.0
 *
 * Brackets, quotes and the names of members; nothing else of JSON is
 * understood here.
 */
#include "source/microsoft/head.h"

static void look_object(struct ms_head *h, struct ms_keys *keys, bool top);

static bool more(struct ms_head *h)
{
	while (h->at < h->s.n) {
		char c = h->s.p[h->at];

		if (c != ' ' && c != '\t' && c != '\n' && c != '\r')
			return true;
		h->at++;
	}
	return false;
}

/* The next non-blank byte, 0 at the end. */
static char peek(struct ms_head *h)
{
	return more(h) ? h->s.p[h->at] : 0;
}

/* Between the quotes, escapes left as they are. */
static struct mst_slice take_string(struct ms_head *h)
{
	size_t from = ++h->at;

	while (h->at < h->s.n && h->s.p[h->at] != '"')
		h->at += h->s.p[h->at] == '\\' ? 2 : 1;
	if (h->at >= h->s.n) {
		h->at = h->s.n;
		return (struct mst_slice){NULL, 0};
	}
	return mst_slice(h->s.p + from, h->at++ - from);
}

/* Passes over one value of any kind. */
static void pass_value(struct ms_head *h)
{
	unsigned depth = 0;

	while (more(h)) {
		char c = h->s.p[h->at];

		if (c == '"') {
			(void)take_string(h);
		} else if (c == '{' || c == '[') {
			depth++;
			h->at++;
		} else if (c == '}' || c == ']') {
			if (depth == 0)
				return;
			depth--;
			h->at++;
		} else if (c == ',' && depth == 0) {
			return;
		} else {
			h->at++;
			continue; /* within a number or a word */
		}
		if (depth == 0)
			return;
	}
}

bool ms_keys_have(const struct ms_keys *k, const char *key)
{
	for (size_t i = 0; i < k->n; i++) {
		if (mst_slice_iis(k->key[i], key))
			return true;
	}
	return false;
}

static void add_key(struct ms_keys *k, struct mst_slice key)
{
	for (size_t i = 0; i < k->n; i++) {
		if (mst_slice_eq(k->key[i], key))
			return;
	}
	if (k->n < MS_HEAD_KEYS)
		k->key[k->n++] = key;
}

/* A record; h->at is on its brace. Damage behind the first one is for the
 * reader to find, who can name the line. */
static void look_record(struct ms_head *h)
{
	look_object(h, &h->rec, false);
	if (h->damage && h->records) {
		h->damage = NULL;
		h->at = h->s.n;
	}
	h->records++;
}

static void look_list(struct ms_head *h)
{
	h->list = true;
	h->at++;
	for (;;) {
		char c = peek(h);

		if (c == 0 || h->damage) {
			return;
		} else if (c == ']') {
			h->at++;
			return;
		} else if (c == ',') {
			h->at++;
		} else if (c == '{') {
			look_record(h);
		} else if (c == '}') {
			h->damage = "is not JSON: fetch it again";
			return;
		} else {
			pass_value(h);
		}
	}
}

static void look_member(struct ms_head *h, struct mst_slice key, bool top)
{
	if (top && mst_slice_iis(key, "value") && peek(h) == '[')
		look_list(h);
	else if (top && mst_slice_iis(key, "@odata.context") && peek(h) == '"')
		h->context = take_string(h);
	else
		pass_value(h);
}

/* An object; h->at is on its brace. Of an envelope, the list is gone into. */
static void look_object(struct ms_head *h, struct ms_keys *keys, bool top)
{
	struct mst_slice key;

	h->at++;
	for (;;) {
		char c = peek(h);

		if (c == '}') {
			h->at++;
			return;
		}
		if (c == ',') {
			h->at++;
			continue;
		}
		if (c != '"')
			break;
		key = take_string(h);
		if (!key.p || peek(h) != ':')
			break;
		h->at++;
		add_key(keys, key);
		look_member(h, key, top);
		if (h->damage)
			return;
	}
	if (more(h))
		h->damage = "is not JSON: fetch it again";
	else if (!h->records)
		h->cut = true;
}

/* What has no brackets that could be JSON. */
static const char *other_than_json(struct mst_slice s)
{
	static const struct {
		const char *magic;
		size_t n;
		const char *what;
	} known[] = {
	    {"\xff\xfe", 2, "is UTF-16: save it again as UTF-8"},
	    {"\xfe\xff", 2, "is UTF-16: save it again as UTF-8"},
	    {"{\0", 2, "is UTF-16: save it again as UTF-8"},
	    {"[\0", 2, "is UTF-16: save it again as UTF-8"},
	    {"\0{", 2, "is UTF-16: save it again as UTF-8"},
	    {"\0[", 2, "is UTF-16: save it again as UTF-8"},
	    {"PK\3\4", 4, "is a zip archive: unpack it"},
	    {"\x1f\x8b", 2, "is compressed twice: unpack it once"},
	    {"<", 1, "is HTML or XML, most likely an error: fetch it again"},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (s.n >= known[i].n &&
		    memcmp(s.p, known[i].magic, known[i].n) == 0)
			return known[i].what;
	}
	return NULL;
}

/* A list of pages ("jq -s") is looked at in its first page. */
static void look_bare_list(struct ms_head *h)
{
	size_t list = h->at++, page;
	struct ms_keys keys = {0};

	if (peek(h) == '{') {
		page = h->at;
		look_object(h, &keys, false);
		h->cut = false;
		h->damage = NULL;
		h->at = list;
		if (ms_keys_have(&keys, "value")) {
			h->at = page;
			look_object(h, &h->top, true);
			return;
		}
	}
	h->at = list;
	look_list(h);
}

void ms_head_look(struct ms_head *h, struct mst_slice text)
{
	*h = (struct ms_head){.s = text};
	if (text.n >= 3 && memcmp(text.p, "\xef\xbb\xbf", 3) == 0)
		h->at = 3;
	(void)more(h);
	h->damage = other_than_json(mst_slice(text.p + h->at, text.n - h->at));
	if (h->damage)
		return;
	if (peek(h) == '[') {
		look_bare_list(h);
		return;
	}
	if (peek(h) != '{') {
		h->damage = more(h) ? "is not JSON: fetch it again" : NULL;
		return;
	}
	look_object(h, &h->top, true);
	if (h->list || h->damage)
		return;
	h->rec = h->top; /* a line, or a bare record */
	h->records = 1;
	while (!h->cut && peek(h) == '{')
		look_record(h);
}
