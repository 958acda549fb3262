/* SPDX-License-Identifier: Apache-2.0
 *
 * The attributes of an app and the lines that are made of them. The
 * specification is docs/internals/cloudapps.md; change it first.
 */
#include "source/cloudapps/attributes.h"

#include "base/num.h"
#include "base/time.h"
#include "source/cloudapps/cloudapps_private.h"

const struct ca_attribute ca_attributes[CA_ATTRIBUTES] = {
    {"csaStarLevel", CA_PLAIN},
    {"dataAtRestEncryptionMethod", CA_PLAIN},
    {"dataCenter", CA_PLAIN},
    {"dataRetentionPolicy", CA_PLAIN},
    {"dataTypes", CA_PLAIN},
    {"domainRegistrationDateTime", CA_TIME},
    {"fedRampLevel", CA_PLAIN},
    {"founded", CA_PLAIN},
    {"gdprReadinessStatement", CA_PLAIN},
    {"headquarters", CA_PLAIN},
    {"holding", CA_PLAIN},
    {"hostingCompany", CA_PLAIN},
    {"isAdminAuditTrail", CA_TRUTH},
    {"isCobitCompliant", CA_TRUTH},
    {"isCoppaCompliant", CA_TRUTH},
    {"isDataAuditTrail", CA_TRUTH},
    {"isDataClassification", CA_TRUTH},
    {"isDataOwnership", CA_TRUTH},
    {"isDisasterRecoveryPlan", CA_TRUTH},
    {"isDmca", CA_TRUTH},
    {"isFerpaCompliant", CA_TRUTH},
    {"isFfiecCompliant", CA_TRUTH},
    {"isFileSharing", CA_TRUTH},
    {"isFinraCompliant", CA_TRUTH},
    {"isFismaCompliant", CA_TRUTH},
    {"isGaapCompliant", CA_TRUTH},
    {"isGdprDataProtectionImpactAssessment", CA_TRUTH},
    {"isGdprDataProtectionOfficer", CA_TRUTH},
    {"isGdprDataProtectionSecureCrossBorderDataTransfer", CA_TRUTH},
    {"isGdprLawfulBasisForProcessing", CA_TRUTH},
    {"isGdprReportDataBreaches", CA_TRUTH},
    {"isGdprRightToAccess", CA_TRUTH},
    {"isGdprRightToBeInformed", CA_TRUTH},
    {"isGdprRightToDataPortablility", CA_TRUTH},
    {"isGdprRightToErasure", CA_TRUTH},
    {"isGdprRightToObject", CA_TRUTH},
    {"isGdprRightToRectification", CA_TRUTH},
    {"isGdprRightToRestrictionOfProcessing", CA_TRUTH},
    {"isGdprRightsRelatedToAutomatedDecisionMaking", CA_TRUTH},
    {"isGlbaCompliant", CA_TRUTH},
    {"isHipaaCompliant", CA_TRUTH},
    {"isHitrustCsfCompliant", CA_TRUTH},
    {"isHttpSecurityHeadersContentSecurityPolicy", CA_TRUTH},
    {"isHttpSecurityHeadersStrictTransportSecurity", CA_TRUTH},
    {"isHttpSecurityHeadersXContentTypeOptions", CA_TRUTH},
    {"isHttpSecurityHeadersXFrameOptions", CA_TRUTH},
    {"isHttpSecurityHeadersXXssProtection", CA_TRUTH},
    {"isIpAddressRestriction", CA_TRUTH},
    {"isIsae3402Compliant", CA_TRUTH},
    {"isIso27001Compliant", CA_TRUTH},
    {"isIso27017Compliant", CA_TRUTH},
    {"isIso27018Compliant", CA_TRUTH},
    {"isItarCompliant", CA_TRUTH},
    {"isMultiFactorAuthentication", CA_TRUTH},
    {"isPasswordPolicy", CA_TRUTH},
    {"isPasswordPolicyChangePasswordPeriod", CA_TRUTH},
    {"isPasswordPolicyCharacterCombination", CA_TRUTH},
    {"isPasswordPolicyPasswordHistoryAndReuse", CA_TRUTH},
    {"isPasswordPolicyPasswordLengthLimit", CA_TRUTH},
    {"isPasswordPolicyPersonalInformationUse", CA_TRUTH},
    {"isPenetrationTesting", CA_TRUTH},
    {"isPrivacyShieldCompliant", CA_TRUTH},
    {"isRememberPassword", CA_TRUTH},
    {"isRequiresUserAuthentication", CA_TRUTH},
    {"isSoc1Compliant", CA_TRUTH},
    {"isSoc2Compliant", CA_TRUTH},
    {"isSoc3Compliant", CA_TRUTH},
    {"isSoxCompliant", CA_TRUTH},
    {"isSp80053Compliant", CA_TRUTH},
    {"isSsae16Compliant", CA_TRUTH},
    {"isSupportsSaml", CA_TRUTH},
    {"isTrustedCertificate", CA_TRUTH},
    {"isUserAuditTrail", CA_TRUTH},
    {"isUserCanUploadData", CA_TRUTH},
    {"isUserRolesSupport", CA_TRUTH},
    {"isValidCertificateName", CA_TRUTH},
    {"latestBreachDateTime", CA_TIME},
    {"logonUrls", CA_PLAIN},
    {"pciDssVersion", CA_PLAIN},
    {"tlsEncryptionProtocol", CA_PLAIN},
    {"vendor", CA_PLAIN},
};

const struct ca_older ca_older[CA_OLDER] = {
    {"encryptionProtocol", 79},
    {"isGdprImpactAssessment", 26},
    {"isGdprRightToDataPortability", 33},
    {"isGdprSecureCrossBorderDataControl", 28},
};

/* ---- one value ----------------------------------------------------------- */

struct mst_value ca_value_of(struct mst_json j)
{
	struct mst_value v = {.type = mst_json_type(j)};
	struct mst_slice s;

	switch (v.type) {
	case MST_JSON_BOOL:
		(void)mst_json_bool(j, &v.u.b);
		break;
	case MST_JSON_INT:
		(void)mst_json_i64(j, &v.u.i);
		break;
	case MST_JSON_DOUBLE:
		(void)mst_json_dbl(j, &v.u.d);
		break;
	case MST_JSON_STRING:
		s = mst_json_str(j);
		v.u.s.p = s.p;
		v.u.s.n = s.n;
		break;
	case MST_JSON_ARRAY:
	case MST_JSON_OBJECT:
		v.u.j = j;
		break;
	case MST_JSON_NULL:
		break;
	}
	return v;
}

/* A text is one line: a line end becomes a blank. */
static bool add_text(struct mst_buf *out, struct mst_slice s)
{
	char *p;

	if (!mst_buf_reserve(out, s.n))
		return false;
	p = out->p + out->n;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\r' && i + 1 < s.n && s.p[i + 1] == '\n')
			continue;
		*p++ =
		    s.p[i] == '\n' || s.p[i] == '\r' || !s.p[i] ? ' ' : s.p[i];
	}
	*p = '\0';
	out->n = (size_t)(p - out->p);
	return true;
}

static bool add_time(struct mst_buf *out, struct mst_slice s)
{
	char iso[21];
	int64_t us;

	if (!mst_time_parse(s, &us))
		return add_text(out, s);
	if (us == MST_TIME_NONE)
		return true; /* never: as if there were none */
	mst_time_iso(us, iso);
	return mst_buf_adds(out, iso);
}

static bool add_value(struct mst_buf *out, enum ca_attribute_kind kind,
		      const struct mst_value *v)
{
	struct mst_slice s;
	char text[32];

	switch (v->type) {
	case MST_JSON_BOOL:
		return mst_buf_adds(out, v->u.b ? "true" : "false");
	case MST_JSON_INT:
		if (kind == CA_TRUTH && (v->u.i == 0 || v->u.i == 1))
			return mst_buf_adds(out, v->u.i ? "true" : "false");
		return mst_buf_addf(out, "%lld", (long long)v->u.i);
	case MST_JSON_DOUBLE:
		mst_num_text(v->u.d, text);
		return mst_buf_adds(out, text);
	case MST_JSON_STRING:
		s = mst_slice_trim(mst_slice(v->u.s.p, v->u.s.n));
		return kind == CA_TIME ? add_time(out, s) : add_text(out, s);
	case MST_JSON_ARRAY:
	case MST_JSON_OBJECT:
		return mst_json_len(v->u.j) == 0 || mst_json_write(v->u.j, out);
	case MST_JSON_NULL:
		break;
	}
	return true;
}

/* ---- lines --------------------------------------------------------------- */

bool ca_add_line(struct mst_buf *out, const char *name,
		 enum ca_attribute_kind kind, const struct mst_value *v)
{
	size_t before = out->n, value;
	bool fits;

	fits = (before == 0 || mst_buf_addc(out, '\n')) &&
	       mst_buf_adds(out, name) && mst_buf_adds(out, ": ");
	value = out->n;
	fits = fits && add_value(out, kind, v);
	if (fits && out->n > value)
		return true;
	out->n = before;
	if (out->p)
		out->p[before] = '\0';
	return fits;
}

bool ca_next_line(struct mst_slice *lines, struct mst_slice *line_r)
{
	const char *end;

	if (!lines->n)
		return false;
	end = memchr(lines->p, '\n', lines->n);
	*line_r =
	    mst_slice(lines->p, end ? (size_t)(end - lines->p) : lines->n);
	lines->p += line_r->n + (end != NULL);
	lines->n -= line_r->n + (end != NULL);
	return true;
}

struct mst_slice ca_line_value(struct mst_slice lines, const char *name)
{
	size_t n = strlen(name);
	struct mst_slice line;

	while (ca_next_line(&lines, &line)) {
		if (line.n > n + 2 && memcmp(line.p, name, n) == 0 &&
		    line.p[n] == ':')
			return mst_slice(line.p + n + 2, line.n - n - 2);
	}
	return mst_slice(NULL, 0);
}

/* ---- all of an app ------------------------------------------------------- */

/* By a name that the attribute has or once had: its place in a record behind
 * CI_ATTRIBUTES, -1: none. */
static int place_of(struct mst_slice key)
{
	for (unsigned i = 0; i < CA_ATTRIBUTES; i++) {
		if (mst_slice_iis(key, ca_attributes[i].name))
			return (int)i;
	}
	for (unsigned i = 0; i < CA_OLDER; i++) {
		if (mst_slice_iis(key, ca_older[i].name))
			return (int)(CA_ATTRIBUTES + i);
	}
	return -1;
}

/* The object behind "value", or the first of a list there. */
static bool unwrap(const struct mst_value *v, struct mst_json *object_r)
{
	struct mst_json_iter it;

	if (v->type == MST_JSON_OBJECT) {
		*object_r = v->u.j;
		return true;
	}
	if (v->type != MST_JSON_ARRAY)
		return false;
	it = mst_json_iter(v->u.j);
	return mst_json_next(&it, NULL, object_r) &&
	       mst_json_type(*object_r) == MST_JSON_OBJECT;
}

void ca_make_lines(const struct mst_value *v, struct mst_buf *out)
{
	struct mst_value at[CA_ATTRIBUTES + CA_OLDER];
	struct mst_json object, e;
	struct mst_slice key;

	memcpy(at, v + CI_ATTRIBUTES, sizeof(at));
	if (unwrap(&v[CI_VALUE], &object)) {
		struct mst_json_iter it = mst_json_iter(object);

		while (mst_json_next(&it, &key, &e)) {
			int i = place_of(key);

			if (i >= 0)
				at[i] = ca_value_of(e);
		}
	}
	for (unsigned i = 0; i < CA_OLDER; i++) {
		struct mst_value *now = &at[ca_older[i].attribute];

		if (now->type == MST_JSON_NULL)
			*now = at[CA_ATTRIBUTES + i];
	}
	for (unsigned i = 0; i < CA_ATTRIBUTES; i++) {
		if (!ca_add_line(out, ca_attributes[i].name,
				 ca_attributes[i].kind, &at[i]))
			return;
	}
}
