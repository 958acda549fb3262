/* SPDX-License-Identifier: Apache-2.0
 *
 * Entries of the audit for what a person does at the shell and what changes
 * nothing of the configuration, which the state store audits itself.
 */
#include "cli/audit.h"

#include "cli/worker.h"

int cli_audit(struct mst_state *state, const char *what, const char *kind,
	      const char *name, const char *after, struct mst_err *err)
{
	const struct mst_audit_entry e = {
	    .what = what, .kind = kind, .name = name, .after = after};

	return cli_worker() ? 0 : mst_audit_put(state, &e, err);
}
