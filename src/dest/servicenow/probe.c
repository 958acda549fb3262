/* SPDX-License-Identifier: Apache-2.0
 *
 * The dry run before the first write: may this user ask the identification and
 * reconciliation engine, does it know our discovery source, does it take our
 * options?
 */
#include "dest/servicenow/prepare.h"

/* ---- the dry run ------------------------------------------------------- */

bool mst_sn_probe_request(struct mst_dest *d, struct sn_call *call,
			  struct mst_req *req_r)
{
	struct sn_prepare *p = d->prepare;
	struct mst_buf path = MST_BUF_INIT(1024);
	struct mst_jout j;

	if (!p || !p->klass || p->probe_sent)
		return false;
	p->probe_sent = true;
	mst_buf_reset(&d->body);
	mst_jout_init(&j, &d->body);
	mst_jout_obj(&j);
	mst_jout_key(&j, "items");
	mst_jout_arr(&j);
	mst_jout_obj(&j);
	mst_jout_kstr(&j, "className", p->klass);
	mst_jout_key(&j, "values");
	mst_jout_obj(&j);
	mst_jout_kstr(&j, "name", "muster-connection-test");
	mst_jout_end_obj(&j);
	mst_jout_end_obj(&j);
	mst_jout_end_arr(&j);
	mst_jout_end_obj(&j);
	mst_sn_ire_path(d, true, &path);
	call->kind = SN_CALL_PROBE;
	call->skip_option = d->skip_option;
	mst_sn_call_begin(d, call, path.p, MST_REPEAT_SAFE, req_r,
			  "dry run of the identification");
	mst_buf_fini(&path);
	return true;
}

/* Only what would hit every item is an error here; what this made-up item
 * lacks for its class is not. */
static bool bad_source(struct mst_dest *d, const struct sn_ire_result *r)
{
	struct mst_err err = MST_ERR_INIT;

	if (!mst_slice_ifind(mst_slice_str(r->message), "invalid data source"))
		return false;
	mst_err_set(&err, MST_E_UNSUPPORTED,
		    "%s: %s: add \"%s\" to the choices of "
		    "cmdb_ci.discovery_source (exact case); `muster "
		    "connection setup` offers to",
		    d->env.connection, r->message, d->conf->discovery_source);
	mst_sn_die(d, &err);
	return true;
}

void mst_sn_probe_accept(struct mst_dest *d, struct sn_call *call,
			 const struct mst_resp *resp)
{
	struct sn_ire_result r = {0};
	struct mst_err err = MST_ERR_INIT;
	struct mst_json root = {0};
	char why[SN_REASON] = "";

	if (resp->err.code == MST_E_CANCELLED)
		d->cancelled = true;
	if (resp->outcome == MST_OUT_ANSWER && resp->status != 202 &&
	    mst_json_parse(d->outer, resp->body, &root, &err) != MST_OK)
		root = (struct mst_json){0};
	if (root.doc && mst_sn_ire_results(root, &r, 1)) {
		if (bad_source(d, &r))
			return;
		d->prepare->klass = NULL;
		mst_sn_prepare_finish(d);
		return;
	}
	mst_sn_error_text(root, why, sizeof(why));
	if (call->skip_option &&
	    mst_slice_ifind(mst_slice_str(why), "not a valid entry")) {
		d->skip_option = false;
		d->prepare->probe_sent = false;
		return;
	}
	if (resp->outcome == MST_OUT_ANSWER && resp->status < 300 &&
	    !mst_sn_is_fatal(resp) && ++d->prepare->probe_tries < SN_TRIES) {
		d->prepare->probe_sent = false;
		return;
	}
	mst_sn_call_error(d, resp, root,
			  "dry run of the identification and reconciliation "
			  "engine",
			  &err);
	mst_sn_die(d, &err);
}
