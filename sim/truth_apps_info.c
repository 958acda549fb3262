/* SPDX-License-Identifier: Apache-2.0
 *
 * appInfo as docs/internals/cloudapps.md reads it: vendor, platform, address,
 * and the Description with one line an attribute.
 */
#include <stdio.h>

#include "base/num.h"
#include "base/time.h"
#include "sim/truth_private.h"

static const char *const listed[] = {
    "csaStarLevel",
    "dataAtRestEncryptionMethod",
    "dataCenter",
    "dataRetentionPolicy",
    "dataTypes",
    "domainRegistrationDateTime",
    "fedRampLevel",
    "founded",
    "gdprReadinessStatement",
    "headquarters",
    "holding",
    "hostingCompany",
    "isAdminAuditTrail",
    "isCobitCompliant",
    "isCoppaCompliant",
    "isDataAuditTrail",
    "isDataClassification",
    "isDataOwnership",
    "isDisasterRecoveryPlan",
    "isDmca",
    "isFerpaCompliant",
    "isFfiecCompliant",
    "isFileSharing",
    "isFinraCompliant",
    "isFismaCompliant",
    "isGaapCompliant",
    "isGdprDataProtectionImpactAssessment",
    "isGdprDataProtectionOfficer",
    "isGdprDataProtectionSecureCrossBorderDataTransfer",
    "isGdprLawfulBasisForProcessing",
    "isGdprReportDataBreaches",
    "isGdprRightToAccess",
    "isGdprRightToBeInformed",
    "isGdprRightToDataPortablility",
    "isGdprRightToErasure",
    "isGdprRightToObject",
    "isGdprRightToRectification",
    "isGdprRightToRestrictionOfProcessing",
    "isGdprRightsRelatedToAutomatedDecisionMaking",
    "isGlbaCompliant",
    "isHipaaCompliant",
    "isHitrustCsfCompliant",
    "isHttpSecurityHeadersContentSecurityPolicy",
    "isHttpSecurityHeadersStrictTransportSecurity",
    "isHttpSecurityHeadersXContentTypeOptions",
    "isHttpSecurityHeadersXFrameOptions",
    "isHttpSecurityHeadersXXssProtection",
    "isIpAddressRestriction",
    "isIsae3402Compliant",
    "isIso27001Compliant",
    "isIso27017Compliant",
    "isIso27018Compliant",
    "isItarCompliant",
    "isMultiFactorAuthentication",
    "isPasswordPolicy",
    "isPasswordPolicyChangePasswordPeriod",
    "isPasswordPolicyCharacterCombination",
    "isPasswordPolicyPasswordHistoryAndReuse",
    "isPasswordPolicyPasswordLengthLimit",
    "isPasswordPolicyPersonalInformationUse",
    "isPenetrationTesting",
    "isPrivacyShieldCompliant",
    "isRememberPassword",
    "isRequiresUserAuthentication",
    "isSoc1Compliant",
    "isSoc2Compliant",
    "isSoc3Compliant",
    "isSoxCompliant",
    "isSp80053Compliant",
    "isSsae16Compliant",
    "isSupportsSaml",
    "isTrustedCertificate",
    "isUserAuditTrail",
    "isUserCanUploadData",
    "isUserRolesSupport",
    "isValidCertificateName",
    "latestBreachDateTime",
    "logonUrls",
    "pciDssVersion",
    "tlsEncryptionProtocol",
    "vendor",
};

/* Names that Microsoft's older pages have for them. */
static const char *const older[][2] = {
    {"isGdprDataProtectionImpactAssessment", "isGdprImpactAssessment"},
    {"isGdprDataProtectionSecureCrossBorderDataTransfer",
     "isGdprSecureCrossBorderDataControl"},
    {"isGdprRightToDataPortablility", "isGdprRightToDataPortability"},
    {"tlsEncryptionProtocol", "encryptionProtocol"},
};

bool truth_line(struct mst_buf *b, size_t max, const char *name,
		struct mst_slice value)
{
	size_t more = strlen(name) + 2 + value.n;

	if (b->n + (b->n ? 1 : 0) + more > max)
		return false;
	if (b->n)
		mst_buf_addc(b, '\n');
	mst_buf_addf(b, "%s: ", name);
	mst_buf_add_slice(b, value);
	return true;
}

static struct mst_json member(struct mst_json info, const char *name)
{
	struct mst_json v = mst_json_get(info, name);

	for (size_t i = 0;
	     mst_json_type(v) == MST_JSON_NULL && i < MST_LEN(older); i++)
		if (!strcmp(name, older[i][0]))
			v = mst_json_get(info, older[i][1]);
	return v;
}

static void add_text(struct mst_buf *b, struct mst_slice s)
{
	s = mst_slice_trim(s);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\r' && i + 1 < s.n && s.p[i + 1] == '\n')
			continue;
		mst_buf_addc(b,
			     s.p[i] == '\n' || s.p[i] == '\r' ? ' ' : s.p[i]);
	}
}

static bool is_time(const char *name)
{
	size_t n = strlen(name);

	return n > 8 && !strcmp(name + n - 8, "DateTime");
}

/* What stands behind "name: "; empty: no line. */
static void value_text(const char *name, struct mst_json v, struct mst_buf *b)
{
	char text[48];
	int64_t n;
	double d;
	bool yes;

	switch (mst_json_type(v)) {
	case MST_JSON_NULL:
		break;
	case MST_JSON_BOOL:
		mst_json_bool(v, &yes);
		mst_buf_adds(b, yes ? "true" : "false");
		break;
	case MST_JSON_INT:
		mst_json_i64(v, &n);
		mst_buf_addf(b, "%lld", (long long)n);
		break;
	case MST_JSON_DOUBLE:
		mst_json_dbl(v, &d);
		mst_num_text(d, text);
		mst_buf_adds(b, text);
		break;
	case MST_JSON_STRING:
		if (!is_time(name) || !mst_time_parse(mst_json_str(v), &n)) {
			add_text(b, mst_json_str(v));
		} else if (n != MST_TIME_NONE) {
			mst_time_iso(n, text);
			mst_buf_adds(b, text);
		}
		break;
	case MST_JSON_ARRAY:
	case MST_JSON_OBJECT:
		if (mst_json_len(v))
			mst_json_write(v, b);
		break;
	}
}

static const char *description(struct sim_truth *t, struct mst_json info)
{
	const struct truth_apps_conf *c = &t->apps_conf;
	const char *text = NULL;
	struct mst_buf all, one;
	bool room = true;

	mst_buf_init(&all, 1u << 20);
	mst_buf_init(&one, 1u << 20);
	for (size_t i = 0; i < MST_LEN(listed) && room; i++) {
		bool cleared = false;

		for (unsigned k = 0; k < c->cleared.n; k++)
			cleared |= mst_slice_fits(mst_slice_str(listed[i]),
						  c->cleared.v[k]);
		if (cleared)
			continue;
		mst_buf_reset(&one);
		value_text(listed[i], member(info, listed[i]), &one);
		if (one.n)
			room = truth_line(&all, (size_t)c->description_max,
					  listed[i], mst_buf_slice(&one));
	}
	if (all.n)
		text = truth_text(t, mst_buf_slice(&all));
	mst_buf_fini(&all);
	mst_buf_fini(&one);
	return text;
}

static const char *text_of(struct sim_truth *t, struct mst_json info,
			   const char *name, size_t max)
{
	struct mst_slice s = mst_json_str(mst_json_get(info, name));

	return s.n ? truth_cut(t, truth_text(t, s), max) : NULL;
}

static const char *first_url(struct sim_truth *t, struct mst_json info)
{
	struct mst_json v = mst_json_get(info, "logonUrls"), one;
	struct mst_json_iter it = mst_json_iter(v);
	struct mst_slice s = {NULL, 0};

	if (mst_json_type(v) != MST_JSON_ARRAY)
		return text_of(t, info, "logonUrls", 1024);
	while (!s.n && mst_json_next(&it, NULL, &one))
		s = mst_json_str(one);
	return s.n ? truth_cut(t, truth_text(t, s), 1024) : NULL;
}

/* The object itself, or the one in an envelope or a list. */
static struct mst_json unwrap(struct mst_json v)
{
	struct mst_json inner = mst_json_get(v, "value");
	struct mst_json_iter it;

	if (mst_json_type(inner) == MST_JSON_OBJECT ||
	    mst_json_type(inner) == MST_JSON_ARRAY)
		v = inner;
	it = mst_json_iter(v);
	if (mst_json_type(v) == MST_JSON_ARRAY)
		(void)mst_json_next(&it, NULL, &v);
	return v;
}

void truth_app_info(struct sim_truth *t, const struct sim_apps *a,
		    const struct sim_app *app, struct truth_info *info)
{
	struct mst_json_parser *p;
	struct mst_err err = MST_ERR_INIT;
	struct mst_json root;
	struct mst_buf text;

	*info = (struct truth_info){0};
	mst_buf_init(&text, 16u << 20);
	if (sim_app_info(a, app, &text)) {
		p = mst_json_parser_new(16u << 20);
		if (mst_json_parse(p, mst_buf_slice(&text), &root, &err) == 0) {
			root = unwrap(root);
			info->vendor = text_of(t, root, "vendor", 80);
			info->platform = text_of(t, root, "hostingCompany", 40);
			info->url = first_url(t, root);
			info->description = description(t, root);
		}
		mst_json_parser_free(&p);
	}
	mst_buf_fini(&text);
}
