/* SPDX-License-Identifier: Apache-2.0
 *
 * The two halves of a sign-in: sending the browser to the issuer, and what it
 * comes back with.
 */
#include "auth/oidc.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "auth/door_private.h"
#include "base/b64.h"
#include "base/limits.h"
#include "base/num.h"
#include "base/time.h"
#include "cred/cred.h"

#define TO_MAX 512
#define PARTS  5

/* What the browser keeps: "TIME.STATE.NONCE.VERIFIER.TO". */
struct begun {
	int64_t at_s;
	char *part[PARTS]; /* TO is decoded */
};

enum { AT, STATE, NONCE, VERIFIER, TO };

/* ---- going there --------------------------------------------------------- */

/* A page of the console and nothing else: no other host, no line break. */
static const char *page_of(const char *to)
{
	if (!to || to[0] != '/' || to[1] == '/' || strlen(to) > TO_MAX)
		return "/";
	for (const char *p = to; *p; p++) {
		if ((unsigned char)*p <= ' ' || *p == '\\' || *p == 0x7f)
			return "/";
	}
	return to;
}

static const char *challenge(const char *verifier, struct mst_arena *arena)
{
	struct mst_buf b = MST_BUF_INIT(64);
	unsigned char sum[crypto_hash_sha256_BYTES];
	const char *text;

	(void)crypto_hash_sha256(sum, (const unsigned char *)verifier,
				 strlen(verifier));
	(void)mst_b64url_add(&b, mst_slice((char *)sum, sizeof(sum)));
	text = mst_arena_dup(arena, mst_buf_slice(&b)).p;
	mst_buf_fini(&b);
	return text;
}

static void add(struct mst_buf *b, char before, const char *key,
		const char *value)
{
	(void)mst_buf_addf(b, "%c%s=", before, key);
	(void)mst_buf_add_uri(b, mst_slice_str(value));
}

static const char *authorize_url(const struct mst_issuer *i,
				 const struct mst_door_conf *c,
				 const char *state, const char *nonce,
				 const char *verifier, struct mst_arena *arena)
{
	struct mst_buf b = MST_BUF_INIT(MST_MAX_URL);
	const char *url;

	(void)mst_buf_adds(&b, i->authorize);
	add(&b, strchr(i->authorize, '?') ? '&' : '?', "client_id",
	    c->service.oidc.client_id);
	add(&b, '&', "response_type", "code");
	add(&b, '&', "redirect_uri", mst_service_callback(&c->service, arena));
	add(&b, '&', "response_mode", "query");
	add(&b, '&', "scope", "openid profile");
	add(&b, '&', "state", state);
	add(&b, '&', "nonce", nonce);
	add(&b, '&', "code_challenge", challenge(verifier, arena));
	add(&b, '&', "code_challenge_method", "S256");
	url = b.overflow ? NULL : mst_arena_dup(arena, mst_buf_slice(&b)).p;
	mst_buf_fini(&b);
	return url;
}

static const char *cookie_of(const char *state, const char *nonce,
			     const char *verifier, const char *to,
			     struct mst_arena *arena)
{
	struct mst_buf b = MST_BUF_INIT(2048);
	const char *text;

	(void)mst_buf_addf(&b, "%lld.%s.%s.%s.",
			   (long long)(mst_now_us() / 1000000), state, nonce,
			   verifier);
	(void)mst_b64url_add(&b, mst_slice_str(to));
	text = mst_arena_dup(arena, mst_buf_slice(&b)).p;
	mst_buf_fini(&b);
	return text;
}

static int not_set(struct mst_err *err)
{
	return mst_err_set(err, MST_E_NOTFOUND,
			   "sign-in with OpenID Connect is not set up "
			   "(section service, oidc.issuer)");
}

int mst_oidc_start(struct mst_door *d, const char *to, struct mst_arena *arena,
		   struct mst_oidc_start *out_r, struct mst_err *err)
{
	const struct mst_door_conf *c = mst_door_hold(d);
	char state[MST_RANDOM_TEXT], nonce[MST_RANDOM_TEXT],
	    verifier[MST_RANDOM_TEXT];
	int rc;

	if (!mst_service_has_oidc(&c->service)) {
		mst_door_release(d, c);
		return not_set(err);
	}
	mst_random_text(state);
	mst_random_text(nonce);
	mst_random_text(verifier);
	pthread_mutex_lock(&d->issuer.busy);
	rc = mst_issuer_need(&d->issuer, c, err);
	if (rc == 0)
		out_r->url =
		    authorize_url(&d->issuer, c, state, nonce, verifier, arena);
	pthread_mutex_unlock(&d->issuer.busy);
	mst_door_release(d, c);
	if (rc < 0)
		return rc;
	if (!out_r->url)
		return mst_err_set(err, MST_E_INVALID,
				   "the address of the issuer's sign-in page "
				   "is too long");
	out_r->cookie = cookie_of(state, nonce, verifier, page_of(to), arena);
	return 0;
}

/* ---- coming back --------------------------------------------------------- */

static bool read_cookie(const char *cookie, struct mst_arena *arena,
			struct begun *b_r)
{
	struct mst_buf to = MST_BUF_INIT(TO_MAX + 1);
	struct mst_slice rest = mst_slice_str(cookie), at;
	bool good = cookie != NULL;

	for (size_t i = 0; good && i < PARTS; i++) {
		const char *dot = rest.n ? memchr(rest.p, '.', rest.n) : NULL;
		size_t n = dot ? (size_t)(dot - rest.p) : rest.n;

		good = n > 0 && (dot != NULL) == (i + 1 < PARTS);
		if (!good)
			break;
		b_r->part[i] = (char *)(uintptr_t)mst_arena_dup(
				   arena, mst_slice(rest.p, n))
				   .p;
		rest = mst_slice(rest.p + n + (dot != NULL),
				 rest.n - n - (dot != NULL));
	}
	at = mst_slice_str(good ? b_r->part[AT] : "");
	good = good && mst_num_i64(at, &b_r->at_s) &&
	       mst_b64_decode(&to, mst_slice_str(b_r->part[TO]));
	if (good)
		b_r->part[TO] =
		    (char *)(uintptr_t)mst_arena_dup(arena, mst_buf_slice(&to))
			.p;
	mst_buf_fini(&to);
	return good;
}

/* Did this browser begin it, not long ago? */
static int check_back(const struct mst_oidc_back *back,
		      const struct mst_door_conf *c, struct mst_arena *arena,
		      struct begun *b, struct mst_err *err)
{
	int64_t now_s = mst_now_us() / 1000000;

	if (!read_cookie(back->cookie, arena, b) ||
	    now_s - b->at_s > MST_OIDC_COOKIE_S || b->at_s > now_s + 60 ||
	    !mst_text_same(b->part[STATE], back->state))
		return mst_err_set(err, MST_E_NOTFOUND,
				   "this sign-in was not begun in this "
				   "browser, or too long ago; begin again");
	if (back->iss && strcmp(back->iss, c->service.oidc.issuer) != 0)
		return mst_err_set(err, MST_E_AUTH,
				   "the answer comes from another issuer");
	if (back->error)
		return mst_err_set(
		    err, MST_E_CANCELLED,
		    "the issuer refused the sign-in: %.64s "
		    "%.300s",
		    back->error,
		    back->error_description ? back->error_description : "");
	if (!back->code || !*back->code)
		return mst_err_set(err, MST_E_INVALID,
				   "the issuer's answer has no code");
	return 0;
}

/* The state store's own secrets are read by this thread's handle. */
static int get_secret(struct mst_state *s, const char *ref,
		      struct mst_secret **out_r, struct mst_err *err)
{
	if (strncmp(ref, "sealed:", 7) == 0)
		return mst_state_secret(s, ref + 7, out_r, err);
	return mst_secret_ref(ref, out_r, err);
}

static void form_add(struct mst_buf *form, const char *key,
		     struct mst_slice value)
{
	(void)mst_buf_addf(form, "%s%s=", form->n ? "&" : "", key);
	(void)mst_buf_add_uri(form, value);
}

static int add_certificate(const struct mst_issuer *i,
			   const struct mst_service_conf *v,
			   struct mst_state *s, struct mst_buf *form,
			   struct mst_err *err)
{
	struct mst_buf jwt = MST_BUF_INIT(64u << 10);
	struct mst_secret *password = NULL;
	int rc = 0;

	if (v->oidc.certificate_password)
		rc =
		    get_secret(s, v->oidc.certificate_password, &password, err);
	if (rc == 0)
		rc = mst_cred_assertion(v->oidc.certificate,
					v->oidc.certificate_key, password,
					i->token, v->oidc.client_id, &jwt, err);
	if (rc == 0) {
		form_add(form, "client_assertion_type",
			 MST_SLICE_LIT("urn:ietf:params:oauth:client-assertion-"
				       "type:jwt-bearer"));
		form_add(form, "client_assertion", mst_buf_slice(&jwt));
	}
	mst_secret_free(&password);
	mst_buf_wipe_fini(&jwt);
	return rc < 0 ? mst_err_prefix(err, "oidc.certificate") : 0;
}

static int add_client(const struct mst_issuer *i,
		      const struct mst_service_conf *v, struct mst_state *s,
		      struct mst_buf *form, struct mst_err *err)
{
	struct mst_secret *secret = NULL;

	form_add(form, "client_id", mst_slice_str(v->oidc.client_id));
	if (v->oidc.certificate)
		return add_certificate(i, v, s, form, err);
	if (get_secret(s, v->oidc.client_secret, &secret, err) < 0)
		return mst_err_prefix(err, "oidc.client_secret");
	form_add(form, "client_secret", mst_secret_get(secret));
	mst_secret_free(&secret);
	return 0;
}

/* What the issuer says of a request that it did not like: one line. */
static int refused(struct mst_json root, int status, struct mst_err *err)
{
	struct mst_slice code = mst_json_str(mst_json_get(root, "error"));
	struct mst_slice why =
	    mst_json_str(mst_json_get(root, "error_description"));
	size_t n = 0;

	while (n < why.n && n < 300 && (unsigned char)why.p[n] >= ' ')
		n++;
	return mst_err_set(err, MST_E_AUTH,
			   "the issuer refused the code (%d %.*s): %.*s",
			   status, (int)MST_MIN(code.n, (size_t)64), code.p,
			   (int)n, why.p ? why.p : "");
}

/* The id token that the code stands for, in arena. */
static int redeem(struct mst_door *d, const struct mst_door_conf *c,
		  struct mst_state *s, const char *code, const char *verifier,
		  struct mst_arena *arena, struct mst_slice *token_r,
		  struct mst_err *err)
{
	struct mst_json_parser *p = mst_json_parser_new(1u << 20);
	struct mst_buf form = MST_BUF_INIT(128u << 10);
	struct mst_buf body = MST_BUF_INIT(1u << 20);
	struct mst_json root;
	int status = 0, rc;

	(void)mst_buf_reserve(&form, 16u << 10); /* no copies left behind */
	form_add(&form, "grant_type", MST_SLICE_LIT("authorization_code"));
	form_add(&form, "code", mst_slice_str(code));
	form_add(&form, "code_verifier", mst_slice_str(verifier));
	form_add(&form, "redirect_uri",
		 mst_slice_str(mst_service_callback(&c->service, arena)));
	rc = add_client(&d->issuer, &c->service, s, &form, err);
	if (rc == 0)
		rc = mst_issuer_ask(c, d->issuer.token, &form,
				    "token of a sign-in", &status, &body, err);
	if (rc == 0)
		rc = mst_json_parse(p, mst_buf_slice(&body), &root, err);
	if (rc == 0 && status != 200)
		rc = refused(root, status, err);
	if (rc == 0) {
		*token_r = mst_arena_dup(
		    arena, mst_json_str(mst_json_get(root, "id_token")));
		if (!token_r->n)
			rc = mst_err_set(err, MST_E_CORRUPT,
					 "the issuer's answer has no id token");
	}
	mst_json_parser_free(&p);
	mst_buf_wipe_fini(&body);
	mst_buf_wipe_fini(&form);
	return rc;
}

/* ---- who it is ----------------------------------------------------------- */

static bool has_any(struct mst_json claims, const char *claim,
		    const struct mst_opt_list *values)
{
	for (size_t i = 0; i < values->n; i++) {
		if (mst_claims_has(claims, claim, values->v[i]))
			return true;
	}
	return false;
}

static bool role_of(struct mst_json claims, const struct mst_service_conf *v,
		    enum mst_role *role_r)
{
	const struct {
		const struct mst_opt_list *values;
		enum mst_role role;
	} ways[] = {
	    {&v->oidc.administrator, MST_ROLE_ADMINISTRATOR},
	    {&v->oidc.operator_, MST_ROLE_OPERATOR},
	    {&v->oidc.auditor, MST_ROLE_AUDITOR},
	    {&v->oidc.viewer, MST_ROLE_VIEWER},
	};

	for (size_t i = 0; i < MST_LEN(ways); i++) {
		if (!has_any(claims, v->oidc.claim, ways[i].values))
			continue;
		*role_r = ways[i].role;
		return true;
	}
	return false;
}

static const char *text_of(struct mst_json claims, const char *name,
			   struct mst_arena *arena)
{
	struct mst_slice s = mst_json_str(mst_json_get(claims, name));

	if (!s.n || s.n > 512 || memchr(s.p, 0, s.n))
		return NULL;
	return mst_arena_dup(arena, s).p;
}

static int no_role(struct mst_json claims, const struct mst_service_conf *v,
		   const char *name, struct mst_err *err)
{
	bool too_many =
	    mst_json_type(mst_json_get(mst_json_get(claims, "_claim_names"),
				       v->oidc.claim)) != MST_JSON_NULL;

	return mst_err_set(
	    err, MST_E_FORBIDDEN, "'%.80s' has no role: the claim '%.40s' %s",
	    name ? name : "?", v->oidc.claim,
	    too_many ? "is left out of tokens of people with so many groups; "
		       "use app roles (oidc.claim: roles)"
		     : "has none of the values in oidc.viewer, oidc.operator, "
		       "oidc.administrator and oidc.auditor");
}

/* Issuer and subject are set as soon as they are known for certain, also when
 * there is no role. */
static int read_person(const struct mst_jwt *t, const struct mst_door_conf *c,
		       const struct begun *b, struct mst_arena *arena,
		       struct mst_oidc_person *p, struct mst_err *err)
{
	const struct mst_service_conf *v = &c->service;
	const struct mst_claims_want want = {
	    .issuer = v->oidc.issuer,
	    .client_id = v->oidc.client_id,
	    .nonce = b->part[NONCE],
	    .now_us = mst_now_us(),
	};
	struct mst_json_parser *parser = mst_json_parser_new(MST_JWT_MAX);
	struct mst_json claims;
	int rc = mst_json_parse(parser, t->claims, &claims, err);

	if (rc == 0)
		rc = mst_claims_check(claims, &want, err);
	if (rc == 0) {
		p->issuer = mst_arena_strdup(arena, v->oidc.issuer);
		p->subject = text_of(claims, "oid", arena);
		if (!p->subject)
			p->subject = text_of(claims, "sub", arena);
		p->name = text_of(claims, v->oidc.name_claim, arena);
		p->full_name = text_of(claims, "name", arena);
		p->to = page_of(b->part[TO]);
		if (!role_of(claims, v, &p->role))
			rc = no_role(claims, v, p->name, err);
	}
	mst_json_parser_free(&parser);
	return rc;
}

static int check_token(struct mst_door *d, const struct mst_door_conf *c,
		       struct mst_slice text, struct mst_arena *arena,
		       struct mst_jwt *t, struct mst_err *err)
{
	int rc = mst_jwt_read(text, arena, t, err);

	/* A key that is not there may be one that came since. */
	if (rc == 0 && !mst_jwks_has(d->issuer.keys, t->kid))
		rc = mst_issuer_keys(&d->issuer, c, err);
	if (rc == 0)
		rc = mst_jwt_verify(t, d->issuer.keys, err);
	return rc == -MST_E_NOTFOUND
		   ? mst_err_set(err, MST_E_AUTH,
				 "the id token is signed with a key that the "
				 "issuer does not publish")
		   : rc;
}

int mst_oidc_finish(struct mst_door *d, struct mst_state *s,
		    const struct mst_oidc_back *back, struct mst_arena *arena,
		    struct mst_oidc_person *p_r, struct mst_err *err)
{
	const struct mst_door_conf *c = mst_door_hold(d);
	struct mst_slice text = {NULL, 0};
	struct mst_jwt token;
	struct begun b;
	int rc = mst_service_has_oidc(&c->service) ? 0 : not_set(err);

	*p_r = (struct mst_oidc_person){.to = "/"};
	if (rc == 0)
		rc = check_back(back, c, arena, &b, err);
	if (rc == 0)
		rc = mst_tries_ask(d->tries, back->address, mst_now_us(), err);
	if (rc == 0) {
		pthread_mutex_lock(&d->issuer.busy);
		rc = mst_issuer_need(&d->issuer, c, err);
		if (rc == 0)
			rc = redeem(d, c, s, back->code, b.part[VERIFIER],
				    arena, &text, err);
		if (rc == 0)
			rc = check_token(d, c, text, arena, &token, err);
		pthread_mutex_unlock(&d->issuer.busy);
		/* Anybody can come with a code that they made up; that the
		 * issuer does not answer is nobody's fault. */
		if (rc < 0 && rc != -MST_E_TRANSIENT && rc != -MST_E_UNCERTAIN)
			mst_tries_wrong(d->tries, back->address, mst_now_us());
	}
	if (rc == 0)
		rc = read_person(&token, c, &b, arena, p_r, err);
	mst_door_release(d, c);
	return rc;
}

const char *mst_oidc_end_url(struct mst_door *d, struct mst_arena *arena)
{
	const struct mst_door_conf *c = mst_door_hold(d);
	struct mst_buf b = MST_BUF_INIT(MST_MAX_URL);
	const char *url = NULL;

	pthread_mutex_lock(&d->issuer.lock);
	if (mst_service_has_oidc(&c->service) && d->issuer.end_session)
		(void)mst_buf_adds(&b, d->issuer.end_session);
	pthread_mutex_unlock(&d->issuer.lock);
	if (b.n) {
		add(&b, strchr(b.p, '?') ? '&' : '?',
		    "post_logout_redirect_uri",
		    mst_service_url(&c->service, arena));
		add(&b, '&', "client_id", c->service.oidc.client_id);
		url = mst_arena_dup(arena, mst_buf_slice(&b)).p;
	}
	mst_buf_fini(&b);
	mst_door_release(d, c);
	return url;
}
