/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as a properties file: keys and values are text, lines only grow,
 * and what is made of them is a proxy that may be configured, or nothing.
 */
#include <assert.h>
#include <stdlib.h>

#include "conf/conf_private.h"
#include "conf/cyberx.h"
#include "conf/properties.h"
#include "net/proxy.h"
#include "tests/fuzz/fuzz.h"

static void is_text(struct mst_slice s)
{
	while (s.n) {
		uint32_t cp;
		size_t n = mst_utf8_next(s.p, s.n, &cp);

		assert(n > 0 && cp != 0);
		s = mst_slice(s.p + n, s.n - n);
	}
}

static void is_one_line(void *ctx, const struct mst_cyberx_line *l)
{
	unsigned *n = ctx;

	assert(l->line >= 0 && l->key && l->text && *l->text);
	for (const char *p = l->key; *p; p++)
		assert((unsigned char)*p >= 0x20 && *p != 0x7f);
	for (const char *p = l->text; *p; p++)
		assert((unsigned char)*p >= 0x20 && *p != 0x7f);
	(*n)++;
}

static void can_be_configured(const char *url)
{
	const struct mst_conf_item item = {.kind = MST_PROXY,
					   .name = MST_PROXY};
	const struct mst_proxy proxy = {.url = url};
	struct mst_err err = MST_ERR_INIT;

	assert(mst_proxy_check(&item, &proxy, &err) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mst_slice text = mst_slice((const char *)data, size);
	struct mst_properties props;
	struct mst_cyberx found;
	struct mst_property p;
	unsigned said = 0;
	int line = 0;

	mst_properties_init(&props, text);
	while (mst_properties_next(&props, &p)) {
		assert(p.line > line);
		line = p.line;
		is_text(p.key);
		is_text(p.value);
	}
	mst_properties_fini(&props);
	mst_cyberx_read(text, is_one_line, &said, &found);
	assert(said == found.understood + found.ignored + found.wrong);
	if (found.url[0])
		can_be_configured(found.url);
	return 0;
}
