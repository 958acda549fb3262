/* SPDX-License-Identifier: Apache-2.0
 *
 * Any JSON as a record of cloud discovery (records.h). What is made of an app's
 * attributes are lines of names that there are, in their order.
 */
#include <assert.h>

#include "source/cloudapps/cloudapps.h"
#include "source/cloudapps/ops.h"
#include "tests/fuzz/records.h"

static const char changed[] = "max_risk_score: 5\n"
			      "    tags_not: [x*y?z]\n"
			      "    streams: [a*]\n"
			      "    description_column: comments\n"
			      "    description_max: 40\n"
			      "    description_cleared: ['is*']\n"
			      "    user_count: along\n"
			      "    allow_user_synchronization: yes\n"
			      "    user_match: [email, upn, user_name, domain, "
			      "alias]\n"
			      "    user_domains: [corp]\n"
			      "    user_domain_rewrite: [a=b]\n"
			      "    user_aliases: [a=b@c]\n"
			      "    correlation_prefix: p-\n";

/* Lines of names that there are, in their order. */
static void check_lines(unsigned feed, const struct mst_value *v)
{
	struct mst_buf out = MST_BUF_INIT(4096);
	struct mst_slice lines, line;
	unsigned at = 0;

	if (feed != CA_INFO)
		return;
	ca_make_lines(v, &out);
	lines = mst_buf_slice(&out);
	while (ca_next_line(&lines, &line)) {
		size_t n = 0;

		for (;; at++) {
			assert(at < CA_ATTRIBUTES);
			n = strlen(ca_attributes[at].name);
			if (line.n > n + 2 &&
			    memcmp(line.p, ca_attributes[at].name, n) == 0 &&
			    line.p[n] == ':')
				break;
		}
		at++;
	}
	mst_buf_fini(&out);
}

const struct records_of records_of = {
    .ops = &mst_source_cloudapps,
    .changed = changed,
    .file = "s1,2.json",
    .also = check_lines,
};
