/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as an exclusion window, and as a rule: a YAML list entry of
 * options, then "\n---\n" and an address. Made or refused with a line; what is
 * made can be asked.
 */
#include <assert.h>
#include <stdlib.h>

#include "forward/exclude.h"
#include "forward/rule.h"
#include "tests/fuzz/fuzz.h"

static void one_line(const struct mst_err *err)
{
	assert(err->msg[0] && !strchr(err->msg, '\n'));
}

static void ask(const struct mst_conf_item *item, struct mst_arena *arena,
		const struct mst_alert *a)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_exclude x;
	struct mst_alert_rule r;
	char why[256];

	if (mst_exclude_make(item, arena, &x, &err) == 0) {
		(void)mst_exclude_fits(&x, a, 0);
		mst_exclude_fini(&x);
	} else {
		one_line(&err);
	}
	mst_err_clear(&err);
	if (mst_alert_rule_make(item, 0, arena, &r, &err) == 0) {
		enum mst_alert_rule_no no =
		    mst_alert_rule_match(&r, "iot", a, 0);

		assert(mst_alert_rule_why(no, &r, "iot", a, why)[0]);
	} else {
		one_line(&err);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char head[] = "jobs:\n  - name: x\n";
	struct mst_slice all = {(const char *)data, size}, address = {0};
	struct mst_buf yaml = MST_BUF_INIT(1u << 16);
	struct mst_err err = MST_ERR_INIT;
	struct mst_conf conf = {0};
	struct mst_alert a = {.severity = MST_SEVERITY_MINOR};
	const char *cut = size ? memmem(data, size, "\n---\n", 5) : NULL;
	struct mst_arena arena;
	struct mst_net net;

	if (cut) {
		all.n = (size_t)(cut - all.p);
		address = mst_slice(cut + 5, size - all.n - 5);
	}
	a.source.address = a.destination.mac = a.title = a.protocol = address;
	if (mst_net_parse(address, &net))
		assert(net.bits <= 128 && mst_net_has(&net, &net));
	mst_arena_init(&arena, 1u << 24);
	(void)mst_buf_adds(&yaml, head);
	(void)mst_buf_add_slice(&yaml, all);
	if (!yaml.overflow &&
	    mst_conf_read(mst_buf_slice(&yaml), "f", &conf, &err) == 0) {
		for (size_t i = 0; i < conf.items_n; i++)
			ask(&conf.items[i], &arena, &a);
	}
	mst_conf_fini(&conf);
	mst_arena_fini(&arena);
	mst_buf_fini(&yaml);
	return 0;
}
