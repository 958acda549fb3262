/* SPDX-License-Identifier: Apache-2.0
 *
 * The pieces of update sets that tests look at.
 */
#include "tests/unit/update_set_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "servicenow/update_set.h"

struct mst_buf set, related, ot, sample;

int sets_up(void **state)
{
	struct mst_err err = MST_ERR_INIT;

	mst_buf_init(&set, 16u << 20);
	t_ok(mst_update_set_write("muster-cve", &set, &err), &err);
	mst_buf_init(&related, 16u << 20);
	t_ok(mst_update_set_write("muster-cve-related-lists", &related, &err),
	     &err);
	mst_buf_init(&ot, 16u << 20);
	t_ok(mst_update_set_write("muster-ot", &ot, &err), &err);
	mst_buf_init(&sample, 16u << 20);
	if (t_samples()) {
		char path[4096];

		snprintf(path, sizeof(path),
			 "%s/servicenow/example-generated-update-set.xml",
			 t_samples());
		t_ok(mst_file_read(path, &sample, &err), &err);
	}
	(void)state;
	return 0;
}

int sets_down(void **state)
{
	mst_buf_fini(&set);
	mst_buf_fini(&related);
	mst_buf_fini(&ot);
	mst_buf_fini(&sample);
	(void)state;
	return 0;
}

/* ---- a checker of well-formedness ---------------------------------------- */

static const char *tag_end(const char *p)
{
	char quote = 0;

	for (; *p; p++) {
		if (quote) {
			if (*p == quote)
				quote = 0;
			else if (*p == '<')
				return NULL;
		} else if (*p == '"' || *p == '\'') {
			quote = *p;
		} else if (*p == '>') {
			return p;
		} else if (*p == '<') {
			return NULL;
		}
	}
	return NULL;
}

const char *malformed(const char *p)
{
	const char *names[64];
	size_t lens[64], depth = 0, roots = 0;

	if (strncmp(p, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>", 38))
		return p;
	p += 38;
	while (*p) {
		const char *end;

		if (!strncmp(p, "<![CDATA[", 9)) {
			end = strstr(p, "]]>");
			if (!end || !depth)
				return p;
			p = end + 3;
		} else if (*p == '<' && p[1] == '/') {
			size_t n = strcspn(p + 2, ">");

			if (!depth || lens[depth - 1] != n ||
			    memcmp(names[depth - 1], p + 2, n))
				return p;
			depth--;
			p += n + 3;
		} else if (*p == '<') {
			end = tag_end(p + 1);
			if (!end || depth == 64)
				return p;
			roots += !depth;
			if (end[-1] != '/') {
				names[depth] = p + 1;
				lens[depth++] = strcspn(p + 1, " />");
			}
			p = end + 1;
		} else if (*p == '&') {
			size_t n = strcspn(p, ";");

			if (n > 6 || p[n] != ';')
				return p;
			p += n;
		} else if (*p == '>' || (!depth && *p != '\n')) {
			return p;
		} else {
			p++;
		}
	}
	return depth || roots != 1 ? p : NULL;
}

/* ---- pieces -------------------------------------------------------------- */

char *text_of(const char *p, const char *name)
{
	char open[80], close[80];
	const char *a, *b;

	snprintf(open, sizeof(open), "<%s>", name);
	snprintf(close, sizeof(close), "</%s>", name);
	a = strstr(p, open);
	b = a ? strstr(a, close) : NULL;
	if (!b)
		fail_msg("no <%s> in %.200s", name, p);
	a += strlen(open);
	return mst_strndup(a, (size_t)(b - a));
}

/* Text of an element without CDATA, its five entities resolved. */
static char *unescaped(char *raw)
{
	static const char *const named[][2] = {
	    {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&amp;", "&"}};
	struct mst_buf b = MST_BUF_INIT(1u << 20);

	for (const char *p = raw; *p;) {
		size_t n = 0;

		for (size_t i = 0; *p == '&' && i < MST_LEN(named); i++) {
			if (strncmp(p, named[i][0], strlen(named[i][0])))
				continue;
			n = strlen(named[i][0]);
			mst_buf_adds(&b, named[i][1]);
			break;
		}
		if (!n)
			mst_buf_addc(&b, *p);
		p += n ? n : 1;
	}
	free(raw);
	return mst_buf_steal(&b);
}

char *payload_of(const char *update)
{
	const char *from = strstr(update, "<payload>") + 9;
	const char *to = strstr(from, "</payload><payload_hash>");
	size_t n = (size_t)(to - from);

	if (strncmp(from, "<![CDATA[", 9))
		return unescaped(mst_strndup(from, n));
	assert_int_equal(strncmp(to - 3, "]]>", 3), 0);
	return mst_strndup(from + 9, n - 12);
}

size_t each(const char *xml, void (*fn)(const char *update))
{
	const char *p = xml;
	size_t n = 0;

	while ((p = strstr(p, "<sys_update_xml "))) {
		const char *end = strstr(p, "</sys_update_xml>");
		char *one = mst_strndup(p, (size_t)(end - p) + 17);

		if (fn)
			fn(one);
		free(one);
		p = end;
		n++;
	}
	return n;
}
