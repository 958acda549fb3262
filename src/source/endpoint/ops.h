/* SPDX-License-Identifier: Apache-2.0
 *
 * What the rules of this source are made of: its ops and filters, and what
 * they share.
 */
#ifndef MST_SOURCE_ENDPOINT_OPS_H
#define MST_SOURCE_ENDPOINT_OPS_H

#include "source/endpoint/endpoint_private.h"

/* Text of a field, trimmed; empty when it has none. */
struct mst_slice ep_text(struct mst_rule_ctx *ctx, const struct mst_value *v,
			 unsigned field);
static inline const struct ep_conf *ep_conf_of(const struct mst_rule_ctx *ctx)
{
	return mst_rule_conf(ctx);
}
static inline int ep_some(struct mst_slice s, struct mst_slice *out_r)
{
	*out_r = s;
	return s.n > 0;
}
char *ep_put_lower(char *restrict to, struct mst_slice s);
struct mst_slice ep_lowered(struct mst_rule_ctx *ctx, struct mst_slice s);
/* Does one of the patterns fit (mst_slice_fits)? */
bool ep_fits_one(const struct mst_opt_list *patterns, struct mst_slice s);
bool ep_in_list(const struct mst_opt_list *words, const char *word);
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

#define EP_OP(name)                                                            \
	int name(struct mst_rule_ctx *ctx, const struct mst_value *v,          \
		 unsigned field, const void *arg, struct mst_slice *out_r)

EP_OP(ep_op_class);
EP_OP(ep_op_identity);
EP_OP(ep_op_rank);
EP_OP(ep_op_name);
EP_OP(ep_op_fqdn);
EP_OP(ep_op_domain);
EP_OP(ep_op_mac);
EP_OP(ep_op_virtual);
EP_OP(ep_op_address_width);
EP_OP(ep_op_last_seen);
EP_OP(ep_op_model);
EP_OP(ep_op_serial);
EP_OP(ep_op_correlation);
EP_OP(ep_op_status);
EP_OP(ep_op_software_key);
EP_OP(ep_op_install_name);
EP_OP(ep_op_product_name);
EP_OP(ep_op_product_vendor);
EP_OP(ep_op_cve);
EP_OP(ep_op_cve_status);
EP_OP(ep_op_cve_key);
EP_OP(ep_op_connection);
EP_OP(ep_op_epss);
EP_OP(ep_op_lower_lines);

#define EP_FILTER(name)                                                        \
	enum mst_keep name(struct mst_rule_ctx *ctx,                           \
			   const struct mst_value *v, struct mst_slice *why_r)

EP_FILTER(ep_keep_machine);
EP_FILTER(ep_keep_install);
EP_FILTER(ep_keep_full_install);
EP_FILTER(ep_keep_device_cve);
EP_FILTER(ep_keep_severe_cve);
EP_FILTER(ep_keep_cve);

bool ep_join_entra(const struct mst_value *v);
bool ep_join_hardware(const struct mst_value *v);

#endif
