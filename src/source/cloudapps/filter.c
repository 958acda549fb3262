/* SPDX-License-Identifier: Apache-2.0
 *
 * Which apps and which of their users are delivered.
 */
#include "base/num.h"
#include "source/cloudapps/ops.h"

/* ---- apps ---------------------------------------------------------------- */

static bool has_tag(const struct mst_value *tags,
		    const struct mst_opt_list *patterns)
{
	if (tags->type == MST_JSON_STRING)
		return ms_fits_one(patterns, mst_slice_trim(mst_slice(
						 tags->u.s.p, tags->u.s.n)));
	return ms_fits_tag(tags, patterns);
}

static bool score_of(const struct mst_value *v, double *d_r)
{
	const struct mst_value *s =
	    &v[v[CF_SCORE].type == MST_JSON_NULL ? CF_RATING : CF_SCORE];

	if (s->type == MST_JSON_INT)
		*d_r = (double)s->u.i;
	else if (s->type == MST_JSON_DOUBLE)
		*d_r = s->u.d;
	else
		return s->type == MST_JSON_STRING &&
		       mst_num_dbl(
			   mst_slice_trim(mst_slice(s->u.s.p, s->u.s.n)), d_r);
	return true;
}

const char *ca_left_out_by(const struct ca_conf *conf,
			   const struct mst_value *v, bool *unknown_r)
{
	double score;

	*unknown_r = false;
	if (conf->tags.n && !has_tag(&v[CF_TAGS], &conf->tags))
		return "tags";
	if (has_tag(&v[CF_TAGS], &conf->tags_not))
		return "tags_not";
	if (conf->max_risk_score >= CA_ANY_SCORE)
		return NULL;
	if (!score_of(v, &score)) {
		*unknown_r = true;
		return "max_risk_score";
	}
	return score > (double)conf->max_risk_score ? "max_risk_score" : NULL;
}

MS_FILTER(ca_keep_app)
{
	const struct ca_conf *c = ca_conf_of(ctx);
	struct mst_slice table;
	const char *setting;
	bool unknown;

	if (!ms_text(ctx, v, CF_ID).n)
		return ms_skip("no id", why_r);
	if (!ca_stream_chosen(c, ms_text(ctx, v, CF_STREAM),
			      ms_text(ctx, v, CF_STREAM_NAME))) {
		*why_r = MST_SLICE_LIT("streams");
		return MST_DROP;
	}
	setting = ca_left_out_by(c, v, &unknown);
	if (setting) {
		*why_r = mst_slice_str(setting);
		/* Nobody knows whether it would be left out. */
		return unknown ? MST_LEAVE : MST_DROP;
	}
	if (!ms_text(ctx, v, CF_NAME).n)
		return ms_skip("no name (displayName is empty)", why_r);
	if (ca_op_class(ctx, v, 0, NULL, &table) == 1 &&
	    !mst_rule_has_class(ctx, table.p))
		return ms_skip_about(ctx, "the destination has no class ",
				     table, why_r);
	return MST_KEEP;
}

/* ---- users --------------------------------------------------------------- */

/* Who is nobody, and whoever else has no answer of their own, is left: neither
 * new nor missing. The look-up tells of each identifier once. */
MS_FILTER(ca_keep_user)
{
	if (!ms_text(ctx, v, CU_APP).n)
		return ms_skip("the name of its file does not say of which "
			       "app",
			       why_r);
	*why_r = ms_text(ctx, v, CU_WHY);
	if (why_r->n)
		return MST_LEAVE;
	if (ms_text(ctx, v, CU_PERSON).n)
		return MST_KEEP;
	*why_r = MST_SLICE_LIT("not looked up");
	return MST_LEAVE;
}

bool ca_user_chosen(struct mst_rule_ctx *ctx, const struct mst_value *v)
{
	return ca_stream_chosen(ca_conf_of(ctx), ms_text(ctx, v, CU_STREAM),
				ms_text(ctx, v, CU_STREAM_NAME));
}

/* With streams: a folder has those of the others, too. */
MS_FILTER(ca_keep_chosen_user)
{
	if (ca_user_chosen(ctx, v))
		return ca_keep_user(ctx, v, why_r);
	*why_r = MST_SLICE_LIT("streams");
	return MST_DROP;
}
