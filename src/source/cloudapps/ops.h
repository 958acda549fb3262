/* SPDX-License-Identifier: Apache-2.0
 *
 * What the rules of this source are made of: its ops, filters and ways to find
 * a person.
 */
#ifndef MST_SOURCE_CLOUDAPPS_OPS_H
#define MST_SOURCE_CLOUDAPPS_OPS_H

#include "source/cloudapps/attributes.h"
#include "source/cloudapps/cloudapps_private.h"
#include "source/microsoft/text.h"

static inline const struct ca_conf *ca_conf_of(const struct mst_rule_ctx *ctx)
{
	return mst_rule_conf(ctx);
}

/* app.c */
MS_OP(ca_op_class);
MS_OP(ca_op_identity);
MS_OP(ca_op_rank);
MS_OP(ca_op_newest);
MS_OP(ca_op_category);
MS_OP(ca_op_url);
MS_OP(ca_op_line); /* arg: name of the attribute */
MS_OP(ca_op_description);
MS_OP(ca_op_risk_data);
MS_OP(ca_op_correlation);

#define CA_NAME_MAX 255	 /* bytes of the column of the name */
#define CA_RISK_MAX 4000 /* of that of ca_op_risk_data */

/* filter.c */
MS_FILTER(ca_keep_app);
MS_FILTER(ca_keep_user);
MS_FILTER(ca_keep_chosen_user);
/* Is it a user of a stream that the settings choose? */
bool ca_user_chosen(struct mst_rule_ctx *ctx, const struct mst_value *v);

/* users.c */
MS_OP(ca_op_person);
/* The text that is looked for, by way. */
MS_OP(ca_op_email);
MS_OP(ca_op_upn);
MS_OP(ca_op_user_name);
MS_OP(ca_op_rewritten);
MS_OP(ca_op_alias);
/* Is the identifier anonymised, or a local account? */
bool ca_refuse_user(struct mst_rule_ctx *ctx, const struct mst_value *v,
		    struct mst_slice *why_r);
/* MST_E_INVALID: an entry of user_domain_rewrite or user_aliases is none. */
int ca_users_check(const struct ca_conf *conf, struct mst_err *err);

#endif
