/* SPDX-License-Identifier: Apache-2.0
 *
 * The importer of the simulated ServiceNow. The first byte says what is done
 * about updates with a problem, the rest is an update set. It is imported
 * twice, into an instance that has little more than the platform's tables:
 * what the first import made must not trouble the second.
 */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>

#include "sim/sn.h"

#define INPUT_MAX    65536u
#define PROBLEMS_MAX (1u << 20)
/* An instance takes longer to make than a set to import. */
#define FRESH_AFTER 64

/* Stands in for the web server, which is not here. */
const char *sim_header(const struct sim_request *r, const char *name)
{
	(void)r;
	(void)name;
	return NULL;
}

void sim_reply_header(struct sim_reply *to, const char *name, const char *fmt,
		      ...)
{
	(void)to;
	(void)name;
	(void)fmt;
}

static struct sim_sn *instance(void)
{
	static const struct mst_sim_conf conf = {
	    .seed = 1,
	    .update_set =
		"<unload><sys_remote_update_set><sys_id>"
		"00000000000000000000000000000001</sys_id>"
		"<name>first</name></sys_remote_update_set></unload>"};
	static struct sim_sn *sn;
	static unsigned used;
	struct mst_err err = MST_ERR_INIT;

	if (sn && used++ % FRESH_AFTER == 0)
		sim_sn_reset(sn);
	if (!sn)
		sn = sim_sn_new(&conf, &err);
	if (!sn)
		abort();
	return sn;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum sn_resolve hows[] = {
	    SN_RESOLVE_STOP, SN_RESOLVE_ACCEPT, SN_RESOLVE_SKIP};
	struct mst_buf problems = MST_BUF_INIT(PROBLEMS_MAX);
	struct mst_err err = MST_ERR_INIT;
	struct sim_sn *sn = instance();
	enum sn_resolve how;

	if (!size || size > INPUT_MAX)
		return 0;
	how = hows[data[0] % MST_LEN(hows)];
	for (int i = 0; i < 2; i++) {
		struct mst_slice xml =
		    mst_slice((const char *)data + 1, size - 1);
		int r = sn_import(sn, xml, how, &problems, &err);

		/* Said why, or did what it was told to. */
		if (r < 0 ? !err.msg[0]
			  : r == 0 && (how != SN_RESOLVE_STOP || !problems.n))
			abort();
	}
	mst_buf_fini(&problems);
	return 0;
}
