/* SPDX-License-Identifier: Apache-2.0
 *
 * What Entra ID's errors mean and what to do about them. The RFC 6749 `error`
 * decides in the end; the AADSTS codes only make the advice better, and an
 * unknown one is shown with the host's own words.
 */
#include <stdio.h>

#include "base/num.h"
#include "base/time.h"
#include "cred/private.h"

#define SKEW_US (300 * (int64_t)1000000)

enum kind {
	FINAL,
	LATER,	/* may work later */
	GENERIC /* says nothing by itself: another code is better */
};

static const struct entry {
	uint32_t code;
	enum kind kind;
	const char *text;
} table[] = {
    {7000215, FINAL,
     "the client secret is wrong; often its ID was copied instead of its "
     "value: make a new secret in the app registration and store its value"},
    {7000222, FINAL,
     "the client secret has expired; make a new one in the app registration "
     "and store its value"},
    {700016, FINAL,
     "the application is not in this tenant; check client_id and the tenant, "
     "or let an administrator of the tenant consent to it"},
    {90002, FINAL,
     "the tenant was not found; check tenant_id, and the option cloud: "
     "government and China tenants have login hosts of their own"},
    {900023, FINAL, "the tenant is neither an ID nor a domain name"},
    {50059, FINAL, "the tenant is missing or not known; check it"},
    {700027, FINAL,
     "the certificate is not registered with the application, or its "
     "signature does not fit; upload exactly this certificate to the app "
     "registration, or try the assertion algorithm RS256"},
    {700030, FINAL,
     "the certificate's subject name is not authorised for the application"},
    {50012, FINAL,
     "the assertion was refused: signature, thumbprint or audience are wrong; "
     "check the certificate, the tenant and the login host"},
    {50013, FINAL,
     "the token's signature does not fit its issuer's published keys; look at "
     "what writes the token file"},
    {700021, FINAL, "the assertion names another application; check client_id"},
    {700024, FINAL,
     "the assertion is outside its time; set this machine's clock (NTP)"},
    {70021, FINAL,
     "no federated credential of the application fits the token; compare its "
     "issuer, subject and audience with those of the token"},
    {700211, FINAL,
     "no federated credential of the application has the token's issuer; "
     "compare both, letter by letter"},
    {700212, FINAL,
     "no federated credential of the application has the token's audience; "
     "it is usually api://AzureADTokenExchange"},
    {700213, FINAL,
     "no federated credential of the application has the token's subject; "
     "compare both, letter by letter"},
    {700025, FINAL,
     "the application is a public client and may not use a secret or a "
     "certificate; make it a confidential one"},
    {7000218, FINAL,
     "neither a secret nor an assertion reached the login host; a proxy may "
     "have changed the request"},
    {7000112, FINAL,
     "the application is disabled in this tenant; an administrator enables it "
     "(Enterprise applications, Properties, Enabled for users to sign in)"},
    {70001, FINAL,
     "the application is not known or disabled in this tenant; check "
     "client_id"},
    {70011, FINAL,
     "the scope is not valid; it is one API's address with /.default behind "
     "it"},
    {700022, FINAL, "the scope names several APIs; it may name one"},
    {700023, FINAL, "the scope is not valid; it may name one API only"},
    {28002, FINAL, "the scope is not valid for this API"},
    {28003, FINAL, "the scope is empty"},
    {500011, FINAL,
     "the API is not in this tenant; is there a subscription for it, and is "
     "it the right cloud?"},
    {650052, FINAL,
     "the tenant has no subscription for this API, or has not enabled it; look "
     "at its licences"},
    {650057, FINAL,
     "the API is not among the application's permissions; add them in the app "
     "registration"},
    {65001, FINAL,
     "nobody consented to the permissions; an administrator must grant "
     "consent in the app registration"},
    {650056, FINAL,
     "permissions or consent are missing; an administrator must grant consent "
     "in the app registration"},
    {90038, FINAL,
     "the tenant belongs to another cloud; set the option cloud to it"},
    {900382, FINAL,
     "the tenant belongs to another cloud; set the option cloud to it"},
    {900432, FINAL,
     "the tenant belongs to another cloud; set the option cloud to it"},
    {900144, FINAL, "a field is missing in the request; check the settings"},
    {90014, FINAL, "a field is missing in the request; check the settings"},
    {9001023, FINAL,
     "'common' and 'consumers' are not possible here; name the tenant"},
    {53003, FINAL,
     "a conditional access policy of the tenant blocks it; the tenant's "
     "sign-in log (service principals) names the policy: let it leave out "
     "this application, or allow this machine's address"},
    {530032, FINAL,
     "a security policy of the tenant blocks it; the tenant's sign-in log "
     "(service principals) names it"},
    {50196, LATER,
     "the login host saw too many requests of this application; look what else "
     "logs in with it, and try again later"},
    {90055, LATER, "the tenant is throttled; try again later"},
    {90006, LATER, "the login host has a passing trouble; try again later"},
    {90012, LATER, "the login host has a passing trouble; try again later"},
    {90024, LATER, "the login host has a passing trouble; try again later"},
    {90033, LATER, "the login host has a passing trouble; try again later"},
    {90090, LATER, "the login host has a passing trouble; try again later"},
    {70002, GENERIC, "the credential was not accepted"},
    {50000, GENERIC, "the login host could not issue a token"},
};

static const struct entry *find(uint32_t code)
{
	for (size_t i = 0; i < MST_LEN(table); i++)
		if (table[i].code == code)
			return &table[i];
	return NULL;
}

/* The code that says most; *code_r is the first one when none is known. */
static const struct entry *better(const struct entry *have, uint32_t code,
				  uint32_t *code_r)
{
	const struct entry *e = find(code);

	if (!*code_r)
		*code_r = code;
	if (!e || (have && have->kind != GENERIC))
		return have;
	if (have && e->kind == GENERIC)
		return have;
	*code_r = code;
	return e;
}

static const struct entry *pick(struct mst_json root, struct mst_slice text,
				uint32_t *code_r)
{
	struct mst_json_iter it =
	    mst_json_iter(mst_json_get(root, "error_codes"));
	const struct entry *e = NULL;
	struct mst_json v;
	int64_t n;

	while (mst_json_next(&it, NULL, &v))
		if (mst_json_i64(v, &n) && n > 0 && n <= UINT32_MAX)
			e = better(e, (uint32_t)n, code_r);
	/* Without the list, the codes stand in the text. */
	while (!e || e->kind == GENERIC) {
		const char *at = mst_slice_ifind(text, "AADSTS");
		struct mst_slice digits;

		if (!at)
			break;
		text.n -= (size_t)(at + 6 - text.p);
		text.p = at + 6;
		for (digits = mst_slice(text.p, 0); digits.n < text.n &&
						    text.p[digits.n] >= '0' &&
						    text.p[digits.n] <= '9';)
			digits.n++;
		if (mst_num_i64(digits, &n) && n > 0 && n <= UINT32_MAX)
			e = better(e, (uint32_t)n, code_r);
	}
	return e;
}

static const char *by_error(struct mst_slice error)
{
	static const struct {
		const char *error, *text;
	} texts[] = {
	    {"invalid_client",
	     "the secret or certificate is not accepted; check it and "
	     "client_id"},
	    {"unauthorized_client",
	     "the application may not log in here; check client_id and the "
	     "tenant"},
	    {"invalid_scope", "the scope is not valid"},
	    {"invalid_resource", "the API is not in this tenant"},
	    {"invalid_request", "the request is not valid; check the tenant "
				"and the settings"},
	    {"access_denied", "the log-in was denied"},
	};

	for (size_t i = 0; i < MST_LEN(texts); i++)
		if (mst_slice_is(error, texts[i].error))
			return texts[i].text;
	return "the log-in was refused";
}

static void add_id(struct mst_buf *msg, const char *name, struct mst_json v)
{
	char text[80];

	mst_answer_line(mst_json_str(v), text, sizeof(text));
	if (*text)
		mst_buf_addf(msg, "; %s %s", name, text);
}

/* What we know beyond the answer. */
static void add_hints(const struct mst_entra_who *who, uint32_t code,
		      const struct mst_resp *resp, struct mst_buf *msg)
{
	int64_t skew =
	    resp->date_us == MST_TIME_NONE ? 0 : mst_now_us() - resp->date_us;

	if (code == 7000215 && who->secret_looks_like_id)
		mst_buf_adds(msg, "; the configured one looks like an ID");
	if (who->thumb && (code == 700027 || code == 50012))
		mst_buf_addf(msg, "; thumbprint %s", who->thumb);
	if (who->asserts && (skew > SKEW_US || skew < -SKEW_US))
		mst_buf_addf(msg,
			     "; this machine's clock is %lld s %s the login "
			     "host's",
			     (long long)(skew > 0 ? skew : -skew) / 1000000,
			     skew > 0 ? "ahead of" : "behind");
}

static void describe(const struct mst_entra_who *who, struct mst_json root,
		     const struct entry *e, uint32_t code, struct mst_buf *msg)
{
	struct mst_slice error = mst_json_str(mst_json_get(root, "error"));
	char name[40], words[260];

	mst_answer_line(error, name, sizeof(name));
	mst_answer_line(mst_json_str(mst_json_get(root, "error_description")),
			words, sizeof(words));
	mst_buf_addf(msg,
		     "%.100s refused application '%.60s' in tenant '%.80s': "
		     "%s",
		     who->host, who->client_id, who->tenant,
		     e && e->kind != GENERIC ? e->text : by_error(error));
	if (code)
		mst_buf_addf(msg, " (AADSTS%u %s)", code, name);
	else if (*name)
		mst_buf_addf(msg, " (%s)", name);
	if (!e && *words)
		mst_buf_addf(msg, ": %s", words);
}

/* The part of a text of ours that says what to do. */
static const char *advice_in(const char *text)
{
	const char *at = strstr(text, "; ");

	return at ? at + 2 : "";
}

int mst_entra_error(const struct mst_entra_who *who, struct mst_json root,
		    const struct mst_resp *resp, const char **advice_r,
		    struct mst_err *err)
{
	struct mst_buf msg = MST_BUF_INIT(sizeof(err->msg) - 1);
	struct mst_slice error = mst_json_str(mst_json_get(root, "error"));
	uint32_t code = 0;
	const struct entry *e = pick(
	    root, mst_json_str(mst_json_get(root, "error_description")), &code);
	bool later = (e && e->kind == LATER) ||
		     mst_slice_is(error, "temporarily_unavailable") ||
		     mst_answer_is_transient(resp->status);

	*advice_r =
	    advice_in(e && e->kind != GENERIC ? e->text : by_error(error));
	describe(who, root, e, code, &msg);
	add_hints(who, code, resp, &msg);
	add_id(&msg, "trace id", mst_json_get(root, "trace_id"));
	add_id(&msg, "correlation id", mst_json_get(root, "correlation_id"));
	mst_err_set(err, later ? MST_E_TRANSIENT : MST_E_AUTH, "%s",
		    msg.p ? msg.p : "");
	err->status = resp->status;
	err->retry_after_ms = resp->retry_after_ms;
	mst_buf_fini(&msg);
	return -(int)err->code;
}
