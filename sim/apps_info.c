/* SPDX-License-Identifier: Apache-2.0
 *
 * What Microsoft knows of an app (appInfo): some eighty attributes, of which
 * some are null, missing, unknown, lists, times in several forms, long texts,
 * or under the name that they once had.
 */
#include <stdio.h>

#include "sim/apps.h"
#include "sim/estate.h"
#include "sim/private.h"
#include "json/out.h"

enum kind {
	TRI,	/* "true", "false", "unknown" */
	CHOICE, /* one of the texts behind it */
	DATE,
	OWN /* by its name */
};

struct attribute {
	const char *name;
	enum kind kind;
	const char *values; /* of CHOICE, with '|' */
	const char *older;  /* some answers have this name instead */
};

static const struct attribute attributes[] = {
    {"csaStarLevel", CHOICE, "selfAssessment|certification|attestation|none"},
    {"dataAtRestEncryptionMethod", CHOICE, "aes|rc4|unknown|notSupported"},
    {"dataCenter", CHOICE, "Frankfurt|Dublin|Oregon, US|São Paulo"},
    {"dataRetentionPolicy", OWN},
    {"dataTypes", OWN},
    {"domainRegistrationDateTime", DATE},
    {"fedRampLevel", CHOICE, "high|moderate|low|liSaaS|notSupported"},
    {"founded", OWN},
    {"gdprReadinessStatement", CHOICE, "https://gdpr.example/|none"},
    {"headquarters", CHOICE, "Berlin, Germany|Wien|Paris|Boston, MA"},
    {"holding", CHOICE, "public|private|unknown"},
    {"hostingCompany", OWN},
    {"isAdminAuditTrail"},
    {"isCobitCompliant"},
    {"isCoppaCompliant"},
    {"isDataAuditTrail"},
    {"isDataClassification"},
    {"isDataOwnership"},
    {"isDisasterRecoveryPlan"},
    {"isDmca"},
    {"isFerpaCompliant"},
    {"isFfiecCompliant"},
    {"isFileSharing"},
    {"isFinraCompliant"},
    {"isFismaCompliant"},
    {"isGaapCompliant"},
    {"isGdprDataProtectionImpactAssessment", TRI, NULL,
     "isGdprImpactAssessment"},
    {"isGdprDataProtectionOfficer"},
    {"isGdprDataProtectionSecureCrossBorderDataTransfer", TRI, NULL,
     "isGdprSecureCrossBorderDataControl"},
    {"isGdprLawfulBasisForProcessing"},
    {"isGdprReportDataBreaches"},
    {"isGdprRightToAccess"},
    {"isGdprRightToBeInformed"},
    {"isGdprRightToDataPortablility", TRI, NULL,
     "isGdprRightToDataPortability"},
    {"isGdprRightToErasure"},
    {"isGdprRightToObject"},
    {"isGdprRightToRectification"},
    {"isGdprRightToRestrictionOfProcessing"},
    {"isGdprRightsRelatedToAutomatedDecisionMaking"},
    {"isGlbaCompliant"},
    {"isHipaaCompliant"},
    {"isHitrustCsfCompliant"},
    {"isHttpSecurityHeadersContentSecurityPolicy"},
    {"isHttpSecurityHeadersStrictTransportSecurity"},
    {"isHttpSecurityHeadersXContentTypeOptions"},
    {"isHttpSecurityHeadersXFrameOptions"},
    {"isHttpSecurityHeadersXXssProtection"},
    {"isIpAddressRestriction"},
    {"isIsae3402Compliant"},
    {"isIso27001Compliant"},
    {"isIso27017Compliant"},
    {"isIso27018Compliant"},
    {"isItarCompliant"},
    {"isMultiFactorAuthentication"},
    {"isPasswordPolicy"},
    {"isPasswordPolicyChangePasswordPeriod"},
    {"isPasswordPolicyCharacterCombination"},
    {"isPasswordPolicyPasswordHistoryAndReuse"},
    {"isPasswordPolicyPasswordLengthLimit"},
    {"isPasswordPolicyPersonalInformationUse"},
    {"isPenetrationTesting"},
    {"isPrivacyShieldCompliant"},
    {"isRememberPassword"},
    {"isRequiresUserAuthentication"},
    {"isSoc1Compliant"},
    {"isSoc2Compliant"},
    {"isSoc3Compliant"},
    {"isSoxCompliant"},
    {"isSp80053Compliant"},
    {"isSsae16Compliant"},
    {"isSupportsSaml"},
    {"isTrustedCertificate"},
    {"isUserAuditTrail"},
    {"isUserCanUploadData"},
    {"isUserRolesSupport"},
    {"isValidCertificateName"},
    {"latestBreachDateTime", DATE},
    {"logonUrls", OWN},
    {"pciDssVersion", CHOICE, "v3_2_1|v4|notSupported|v3"},
    {"tlsEncryptionProtocol", CHOICE, "tls1_2|tls1_3|tls1_0",
     "encryptionProtocol"},
    {"vendor", OWN},
};

static void choice(struct mst_jout *j, const char *values, uint64_t h)
{
	size_t n = 1, len;

	for (const char *p = values; *p; p++)
		n += *p == '|';
	for (h %= n; h; h--)
		values = strchr(values, '|') + 1;
	len = strcspn(values, "|");
	mst_jout_slice(j, mst_slice(values, len));
}

static void date(struct mst_jout *j, uint64_t h)
{
	static const char *const times[] = {"T00:00:00Z", "T10:20:30.1234567Z",
					    "", "T12:00:00+00:00",
					    " 07:08:09.5"};
	char s[64];

	/* the service's way to say "never" */
	if (h % 23 == 0) {
		mst_jout_str(j, "0001-01-01T00:00:00Z");
		return;
	}
	(void)snprintf(
	    s, sizeof(s), "%04u-%02u-%02u%s", (unsigned)(1995 + h / 1024 % 30),
	    (unsigned)(1 + h / 65536 % 12), (unsigned)(1 + h / 1048576 % 28),
	    times[h / 32 % MST_LEN(times)]);
	mst_jout_str(j, s);
}

static void urls(struct mst_jout *j, const struct sim_app *app, uint64_t h)
{
	char one[96], two[96];

	(void)snprintf(one, sizeof(one), "https://login.app%u.example/sso",
		       app->n);
	(void)snprintf(two, sizeof(two), "https://app%u.example/", app->n);
	if (h % 11 == 0) {
		mst_jout_str(j, one);
		return;
	}
	mst_jout_arr(j);
	if (h % 5)
		mst_jout_str(j, one);
	if (h % 3 == 0)
		mst_jout_str(j, two);
	mst_jout_end_arr(j);
}

static void types(struct mst_jout *j, uint64_t h)
{
	static const char *const all[] = {"documents", "mediaFiles",
					  "creditCards", "databaseFiles",
					  "codingFiles"};

	mst_jout_arr(j);
	for (unsigned i = 0; i < MST_LEN(all); i++)
		if (h >> i & 1)
			mst_jout_str(j, all[i]);
	mst_jout_end_arr(j);
}

/* Two apps of one maker have one vendor, as companies have several apps. */
static void vendor(struct mst_jout *j, const struct sim_app *app, uint64_t h)
{
	static const char *const legal[] = {"Inc.", "GmbH", "Ltd.", "AG"};
	char s[96];

	if (h % 37 == 0) {
		mst_jout_str(j, "");
		return;
	}
	(void)snprintf(s, sizeof(s), "Maker %u %s", app->n / 2,
		       legal[app->n % MST_LEN(legal)]);
	mst_jout_str(j, s);
}

static void retention(struct mst_jout *j, uint64_t h)
{
	static const char *const texts[] = {
	    "dataIsDeletedImmediately", "dataIsDeletedWithin1Month",
	    "dataIsDeletedWithin1Year", "unknown",
	    "Kept for ten years\nwhere the law wants it, else one"};
	char s[640];

	if (h % 19) {
		mst_jout_str(j, texts[h / 32 % MST_LEN(texts)]);
		return;
	}
	(void)snprintf(s, sizeof(s), "%s", "As agreed: ");
	for (size_t n = strlen(s); n + 24 < sizeof(s); n = strlen(s))
		(void)snprintf(s + n, sizeof(s) - n, "größtmögliche Frist; ");
	mst_jout_str(j, s);
}

static void own(struct mst_jout *j, const struct sim_app *app, const char *name,
		uint64_t h)
{
	static const char hosts[] =
	    "Blue Cloud Hosting|Nordic Racks|unknown|"
	    "The Very Long Named Hosting Company of Zürich";

	if (!strcmp(name, "dataRetentionPolicy"))
		retention(j, h);
	else if (!strcmp(name, "dataTypes"))
		types(j, h);
	else if (!strcmp(name, "founded"))
		mst_jout_i64(j, (int64_t)(1976 + h % 48));
	else if (!strcmp(name, "hostingCompany"))
		choice(j, hosts, h);
	else if (!strcmp(name, "logonUrls"))
		urls(j, app, h);
	else
		vendor(j, app, h);
}

static void tri(struct mst_jout *j, uint64_t h)
{
	unsigned share = (unsigned)(h % 100);

	if (share < 2)
		mst_jout_bool(j, share == 0);
	else
		mst_jout_str(j, share < 45   ? "true"
				: share < 80 ? "false"
					     : "unknown");
}

static void attribute(struct mst_jout *j, const struct sim_app *app,
		      const struct attribute *at, uint64_t h)
{
	bool old = app->n % 8 == 6 && at->older;
	const char *name = old ? at->older : at->name;
	unsigned share = (unsigned)(h >> 40) % 100;

	if (share < 3 || (app->n % 50 == 3 && at->kind != OWN))
		return; /* a gap */
	mst_jout_key(j, name);
	if (share < 6) {
		mst_jout_null(j);
		return;
	}
	switch (at->kind) {
	case TRI:
		tri(j, h);
		break;
	case CHOICE:
		choice(j, at->values, h);
		break;
	case DATE:
		date(j, h);
		break;
	case OWN:
		own(j, app, at->name, h);
		break;
	}
}

bool sim_app_info(const struct sim_apps *a, const struct sim_app *app,
		  struct mst_buf *out)
{
	struct mst_jout j;
	char id[37];

	(void)a;
	if (app->hand) {
		if (app->info)
			(void)mst_buf_adds(out, app->info);
		return app->info != NULL;
	}
	mst_jout_init(&j, out);
	mst_jout_obj(&j);
	mst_jout_kstr(&j, "@odata.type",
		      "#microsoft.graph.security.discoveredCloudAppInfo");
	sim_guid(app->h, 31, id);
	mst_jout_kstr(&j, "id", id);
	for (size_t i = 0; i < MST_LEN(attributes); i++)
		attribute(&j, app, &attributes[i], est_mix(app->h, 7000 + i));
	mst_jout_end_obj(&j);
	return true;
}
