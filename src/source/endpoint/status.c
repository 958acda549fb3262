/* SPDX-License-Identifier: Apache-2.0
 *
 * What the status columns say of a machine: by its health, or by its
 * onboarding status, or because it was not seen for too long.
 */
#include "source/endpoint/ops.h"

const char *const ep_hardware_status[EP__STATES] = {
    [EP_ACTIVE] = "installed",
    [EP_RETIRED] = "retired",
};
const char *const ep_hardware_substatus[EP__STATES] = {
    [EP_ACTIVE] = "in_use",
    [EP_RETIRED] = "divested",
};
const char *const ep_install_status[EP__STATES] = {
    [EP_ACTIVE] = "1",
    [EP_RETIRED] = "7",
};
const char *const ep_operational_status[EP__STATES] = {
    [EP_ACTIVE] = "1",
    [EP_READY] = "5",
    [EP_RETIRED] = "6",
};

bool ep_is_healthy(struct mst_rule_ctx *ctx, const struct mst_value *v)
{
	return mst_slice_iis(ms_text(ctx, v, EM_HEALTH), "active");
}

static enum ep_state by_onboarding(struct mst_rule_ctx *ctx,
				   const struct mst_value *v)
{
	static const char *const words[EP__ONBOARDINGS] = {
	    [EP_ONBOARDED] = "onboarded",
	    [EP_CAN_BE_ONBOARDED] = "can_be_onboarded",
	    [EP_UNSUPPORTED] = "unsupported",
	    [EP_INSUFFICIENT_INFO] = "insufficient_info",
	};
	struct mst_slice s = ms_text(ctx, v, EM_ONBOARDING);

	for (int i = 0; i < EP__ONBOARDINGS; i++) {
		if (ep_same_word(s, words[i]))
			return (enum ep_state)ep_conf_of(ctx)
			    ->onboarding_states[i];
	}
	return EP_READY;
}

enum ep_state ep_state_of(struct mst_rule_ctx *ctx, const struct mst_value *v)
{
	const struct ep_conf *conf = ep_conf_of(ctx);

	if (conf->retire_after_days &&
	    ep_older(ctx, v, EM_LAST_SEEN, conf->retire_after_days))
		return EP_RETIRED;
	if (conf->status_by_onboarding)
		return by_onboarding(ctx, v);
	return ep_is_healthy(ctx, v) ? EP_ACTIVE : EP_READY;
}

MS_OP(ep_op_status)
{
	const char *const *texts = arg;

	return ms_some(mst_slice_str(texts[ep_state_of(ctx, v)]), out_r);
}
