/* SPDX-License-Identifier: Apache-2.0
 *
 * Who a user of an app could be: what is looked for by each way, and what is
 * not looked for at all.
 */
#include "source/cloudapps/ops.h"

/* The setting, and not the catalogue, says whether a way is gone. */
const struct mst_ask ca_asks[CA__WAYS] = {
    [CA_EMAIL] = {"e-mail address", "email", ca_op_email},
    [CA_UPN] = {"user principal name", "user_name", ca_op_upn},
    [CA_USER_NAME] = {"user name", "user_name", ca_op_user_name},
    [CA_DOMAIN] = {"e-mail address in another domain", "email",
		   ca_op_rewritten},
    [CA_ALIAS] = {"alias", "email", ca_op_alias},
};

MS_OP(ca_op_person)
{
	return mst_op_text(ctx, v, CU_PERSON, NULL, out_r);
}

/* ---- parts of an identifier ---------------------------------------------- */

/* In front of the first c and behind it; false: there is none, or nothing on
 * one side. */
static bool cut(struct mst_slice s, char c, struct mst_slice *left_r,
		struct mst_slice *right_r)
{
	const char *at = s.n ? memchr(s.p, c, s.n) : NULL;

	if (!at)
		return false;
	*left_r = mst_slice(s.p, (size_t)(at - s.p));
	*right_r = mst_slice(at + 1, s.n - left_r->n - 1);
	return left_r->n > 0 && right_r->n > 0;
}

static bool is_domain(const struct ca_conf *c, struct mst_slice s)
{
	for (size_t i = 0; i < c->user_domains.n; i++) {
		if (mst_slice_iis(s, c->user_domains.v[i]))
			return true;
	}
	return false;
}

/* DOMAIN\name or name\DOMAIN: the name. */
static bool in_domain(const struct ca_conf *c, struct mst_slice s,
		      struct mst_slice *name_r)
{
	struct mst_slice left, right;

	if (!cut(s, '\\', &left, &right))
		return false;
	if (is_domain(c, left))
		*name_r = right;
	else if (is_domain(c, right))
		*name_r = left;
	else
		return false;
	return true;
}

/* "KEY=VALUE" of a setting. */
static bool entry(const char *text, struct mst_slice *key_r,
		  struct mst_slice *value_r)
{
	const char *eq = strrchr(text, '=');

	if (!eq)
		return false;
	*key_r = mst_slice_trim(mst_slice(text, (size_t)(eq - text)));
	*value_r = mst_slice_trim(mst_slice_str(eq + 1));
	return key_r->n > 0 && value_r->n > 0;
}

/* What the list has for the key, ASCII case folded. */
static struct mst_slice find(const struct mst_opt_list *list,
			     struct mst_slice key)
{
	struct mst_slice k, value;

	for (size_t i = 0; i < list->n; i++) {
		if (entry(list->v[i], &k, &value) && mst_slice_ieq(k, key))
			return value;
	}
	return mst_slice(NULL, 0);
}

/* ---- ways ---------------------------------------------------------------- */

MS_OP(ca_op_email)
{
	struct mst_slice s = ms_text(ctx, v, CU_NAME), left, right;

	return cut(s, '@', &left, &right) && ms_some(s, out_r);
}

MS_OP(ca_op_upn)
{
	return ca_op_email(ctx, v, field, arg, out_r);
}

MS_OP(ca_op_user_name)
{
	const struct ca_conf *c = ca_conf_of(ctx);
	struct mst_slice s = ms_text(ctx, v, CU_NAME), name, rest;

	if (in_domain(c, s, &name) || cut(s, '@', &name, &rest))
		return ms_some(name, out_r);
	/* a log-in as it is */
	return s.n && !memchr(s.p, ' ', s.n) && !memchr(s.p, '\\', s.n) &&
	       !memchr(s.p, '@', s.n) && ms_some(s, out_r);
}

MS_OP(ca_op_rewritten)
{
	struct mst_slice s = ms_text(ctx, v, CU_NAME), left, right, to;
	char *p;

	if (!cut(s, '@', &left, &right))
		return 0;
	to = find(&ca_conf_of(ctx)->user_domain_rewrite, right);
	if (!to.n)
		return 0;
	p = mst_rule_scratch(ctx, left.n + 1 + to.n);
	memcpy(p, left.p, left.n);
	p[left.n] = '@';
	memcpy(p + left.n + 1, to.p, to.n);
	return ms_some(mst_slice(p, left.n + 1 + to.n), out_r);
}

MS_OP(ca_op_alias)
{
	return ms_some(
	    find(&ca_conf_of(ctx)->user_aliases, ms_text(ctx, v, CU_NAME)),
	    out_r);
}

/* ---- not asked about ----------------------------------------------------- */

static bool is_pseudonym(struct mst_slice s)
{
	if (mst_slice_iis(s, "AnonymousUser"))
		return true;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
		    !(c >= '0' && c <= '9') && !strchr("+/=", c))
			return false;
	}
	return s.n >= 20;
}

bool ca_refuse_user(struct mst_rule_ctx *ctx, const struct mst_value *v,
		    struct mst_slice *why_r)
{
	const struct ca_conf *c = ca_conf_of(ctx);
	struct mst_slice s = ms_text(ctx, v, CU_NAME), name;

	if (c->streams.n && !ca_user_chosen(ctx, v)) {
		*why_r = MST_SLICE_LIT("only in streams that are left out");
		return true;
	}
	/* a person said whose it is */
	if (ms_in_list(&c->user_match, "alias") && find(&c->user_aliases, s).n)
		return false;
	if (ca_is_true(&v[CU_ANONYMOUS]) || is_pseudonym(s)) {
		*why_r = MST_SLICE_LIT("anonymised");
		return true;
	}
	if (s.n && memchr(s.p, '\\', s.n) && !in_domain(c, s, &name)) {
		*why_r = MST_SLICE_LIT("a local account: neither side of its "
				       "backslash is one of user_domains");
		return true;
	}
	return false;
}

/* ---- settings ------------------------------------------------------------ */

static int check(const char *setting, const struct mst_opt_list *list,
		 const char *form, struct mst_err *err)
{
	struct mst_slice key, value;

	for (size_t i = 0; i < list->n; i++) {
		if (!entry(list->v[i], &key, &value))
			return mst_err_set(err, MST_E_INVALID,
					   "setting %s: '%.100s' must be %s",
					   setting, list->v[i], form);
	}
	return 0;
}

int ca_users_check(const struct ca_conf *conf, struct mst_err *err)
{
	int rc = check("user_domain_rewrite", &conf->user_domain_rewrite,
		       "OLD=NEW, as in old.example.com=example.com", err);

	if (rc == 0)
		rc = check("user_aliases", &conf->user_aliases,
			   "IDENTIFIER=EMAIL, as in "
			   "CORP\\jdoe=jane.doe@example.com",
			   err);
	return rc;
}
