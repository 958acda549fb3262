/* SPDX-License-Identifier: Apache-2.0
 *
 * What the rules of this source are made of: its ops and filters, and what
 * they share.
 */
#ifndef MST_SOURCE_ENDPOINT_OPS_H
#define MST_SOURCE_ENDPOINT_OPS_H

#include "source/endpoint/endpoint_private.h"
#include "source/microsoft/text.h"

static inline const struct ep_conf *ep_conf_of(const struct mst_rule_ctx *ctx)
{
	return mst_rule_conf(ctx);
}
/* The same word, once as the API writes it (CanBeOnboarded) and once as a
 * setting does (can_be_onboarded)? */
bool ep_same_word(struct mst_slice wire, const char *word);
/* Is the time in a field more than so many days (of UTC) before the run? A
 * time that is not known is not. */
bool ep_older(struct mst_rule_ctx *ctx, const struct mst_value *v,
	      unsigned field, int64_t days);

/* asset.c */
enum ep_asset ep_asset_of(struct mst_rule_ctx *ctx, const struct mst_value *v);
/* The class that such machines are made in; NULL: they are not delivered. */
const char *ep_class_of(const struct ep_conf *conf, enum ep_asset asset);
/* The classes of all asset types, for the derived set; *n_r of them. */
int ep_classes_make(const struct ep_conf *conf, struct mst_arena *arena,
		    struct mst_class **classes_r, size_t *n_r,
		    struct mst_err *err);
int ep_platforms_check(const struct ep_conf *conf, struct mst_err *err);

/* status.c */
enum ep_state ep_state_of(struct mst_rule_ctx *ctx, const struct mst_value *v);
bool ep_is_healthy(struct mst_rule_ctx *ctx, const struct mst_value *v);
/* arg of ep_op_status: its texts by enum ep_state, NULL: no value. */
extern const char *const ep_hardware_status[EP__STATES];
extern const char *const ep_hardware_substatus[EP__STATES];
extern const char *const ep_install_status[EP__STATES];
extern const char *const ep_operational_status[EP__STATES];

/* device.c */
int ep_macs_check(const struct ep_conf *conf, struct mst_err *err);

MS_OP(ep_op_class);
MS_OP(ep_op_identity);
MS_OP(ep_op_rank);
MS_OP(ep_op_name);
MS_OP(ep_op_fqdn);
MS_OP(ep_op_domain);
MS_OP(ep_op_mac);
MS_OP(ep_op_virtual);
MS_OP(ep_op_address_width);
MS_OP(ep_op_last_seen);
MS_OP(ep_op_model);
MS_OP(ep_op_serial);
MS_OP(ep_op_correlation);
MS_OP(ep_op_status);
MS_OP(ep_op_software_key);
MS_OP(ep_op_install_name);
MS_OP(ep_op_product_name);
MS_OP(ep_op_product_vendor);
MS_OP(ep_op_cve);
MS_OP(ep_op_cve_status);
MS_OP(ep_op_cve_key);
MS_OP(ep_op_connection);
MS_OP(ep_op_epss);
MS_OP(ep_op_lower_lines);

MS_FILTER(ep_keep_machine);
MS_FILTER(ep_keep_install);
MS_FILTER(ep_keep_full_install);
MS_FILTER(ep_keep_device_cve);
MS_FILTER(ep_keep_severe_cve);
MS_FILTER(ep_keep_cve);

bool ep_join_entra(const struct mst_value *v);
bool ep_join_hardware(const struct mst_value *v);

#endif
