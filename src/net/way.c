/* SPDX-License-Identifier: Apache-2.0
 *
 * The way to a far end, step by step. libcurl connects and stops there; what
 * it says, and the certificates that came, are sorted into steps.
 */
#include "net/way.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/time.h"
#include "net/private.h"

#define CHAIN_MAX 16 /* certificates that are looked at */

struct attempt {
	struct mst_client *client;
	const struct mst_url *url;
	const char *text; /* the address */
	const atomic_bool *cancel;
	bool trusting; /* only to read the certificates */
	CURL *easy;
	CURLcode code;
	char words[CURL_ERROR_SIZE];
};

/* ---- certificates -------------------------------------------------------- */

static int64_t asn1_us(const ASN1_TIME *t)
{
	struct tm tm = {0};

	return ASN1_TIME_to_tm(t, &tm) ? (int64_t)timegm(&tm) * 1000000
				       : MST_TIME_NONE;
}

/* They come from anywhere and go to a terminal. */
static void clean(char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || (unsigned char)*s == 0x7f)
			*s = '?';
}

static void name_text(const X509_NAME *name, char *out, size_t n)
{
	static const int parts[] = {NID_commonName, NID_organizationName,
				    NID_organizationalUnitName};
	int len = -1;

	for (size_t i = 0; i < MST_LEN(parts) && len <= 0; i++)
		len = X509_NAME_get_text_by_NID(name, parts[i], out, (int)n);
	if (len <= 0)
		(void)snprintf(out, n, "nobody named");
	clean(out);
}

static void add_name(char *out, size_t n, const char *text)
{
	size_t at = strlen(out);

	(void)snprintf(out + at, n - at, "%s%s", at ? ", " : "", text);
}

static void address_text(const ASN1_OCTET_STRING *ip, char *out, size_t n)
{
	const unsigned char *b = ASN1_STRING_get0_data(ip);
	int len = ASN1_STRING_length(ip);

	if (len == 4)
		(void)snprintf(out, n, "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
	else
		(void)snprintf(out, n, "an IPv6 address");
}

static void read_names(const X509 *x, char *out, size_t n)
{
	GENERAL_NAMES *all =
	    X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	char text[256];

	for (int i = 0; i < sk_GENERAL_NAME_num(all); i++) {
		const GENERAL_NAME *g = sk_GENERAL_NAME_value(all, i);

		if (g->type == GEN_DNS) {
			(void)snprintf(
			    text, sizeof(text), "%.*s",
			    ASN1_STRING_length(g->d.dNSName),
			    (const char *)ASN1_STRING_get0_data(g->d.dNSName));
			clean(text);
			add_name(out, n, text);
		} else if (g->type == GEN_IPADD) {
			address_text(g->d.iPAddress, text, sizeof(text));
			add_name(out, n, text);
		}
	}
	GENERAL_NAMES_free(all);
}

static void read_cert(struct mst_way *w, const X509 *x)
{
	int64_t from = asn1_us(X509_get0_notBefore(x));
	int64_t until = asn1_us(X509_get0_notAfter(x));

	if (!w->has_cert) {
		w->has_cert = true;
		name_text(X509_get_subject_name(x), w->subject,
			  sizeof(w->subject));
		name_text(X509_get_issuer_name(x), w->issuer,
			  sizeof(w->issuer));
		read_names(x, w->names, sizeof(w->names));
		if (!mst_pin_of(x, w->pin))
			w->pin[0] = '\0';
		w->from_us = from;
		w->until_us = INT64_MAX;
	}
	w->from_us = MST_MAX(w->from_us, from);
	if (until >= w->until_us)
		return;
	w->until_us = until;
	name_text(X509_get_subject_name(x), w->ends_first,
		  sizeof(w->ends_first));
}

static void read_chain(struct attempt *a, struct mst_way *w)
{
	struct curl_certinfo *info = NULL;

	if (curl_easy_getinfo(a->easy, CURLINFO_CERTINFO, &info) != CURLE_OK ||
	    !info)
		return;
	for (int i = 0; i < info->num_of_certs && i < CHAIN_MAX; i++) {
		for (struct curl_slist *l = info->certinfo[i]; l; l = l->next) {
			BIO *bio;
			X509 *x;

			if (strncmp(l->data, "Cert:", 5) != 0)
				continue;
			bio = BIO_new_mem_buf(l->data + 5, -1);
			x = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL)
				: NULL;
			if (x)
				read_cert(w, x);
			X509_free(x);
			BIO_free(bio);
		}
	}
	ERR_clear_error();
}

/* ---- an attempt ---------------------------------------------------------- */

static int on_progress(void *ctx, curl_off_t dltotal, curl_off_t dlnow,
		       curl_off_t ultotal, curl_off_t ulnow)
{
	const struct attempt *a = ctx;

	return a->cancel && atomic_load(a->cancel);
}

static void perform(struct attempt *a)
{
	long ms = (long)a->client->connect_timeout_ms;
	CURL *e = curl_easy_init();

	if (!e)
		mst_oom();
	a->easy = e;
	curl_easy_setopt(e, CURLOPT_URL, a->text);
	mst_transfer_way(e, a->client, a->url);
	curl_easy_setopt(e, CURLOPT_CONNECT_ONLY, 1L);
	curl_easy_setopt(e, CURLOPT_CERTINFO, 1L);
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, ms);
	curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, ms);
	curl_easy_setopt(e, CURLOPT_ERRORBUFFER, a->words);
	curl_easy_setopt(e, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(e, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(e, CURLOPT_XFERINFODATA, a);
	if (a->trusting) {
		/* Nothing is ever sent over this one: it only shows which
		 * certificates were refused. */
		curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 0L);
		curl_easy_setopt(e, CURLOPT_PINNEDPUBLICKEY, NULL);
	}
	a->code = curl_easy_perform(e);
	clean(a->words);
}

static void finish(struct attempt *a)
{
	curl_easy_cleanup(a->easy);
	a->easy = NULL;
}

/* ---- what went wrong ----------------------------------------------------- */

static enum mst_way_step step_of(const struct attempt *a,
				 const struct mst_way *w)
{
	curl_off_t looked = 0;

	if (w->proxy.blame)
		return MST_WAY_PROXY;
	switch ((int)a->code) {
	case CURLE_OK:
		return MST_WAY_THERE;
	case CURLE_COULDNT_RESOLVE_HOST:
		return MST_WAY_NAME;
	case CURLE_COULDNT_CONNECT:
		return MST_WAY_CONNECT;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
		return MST_WAY_TLS;
	default:
		break;
	}
	/* Time-outs and connections that break: how far did it come? */
	if (!w->proxy.name[0] &&
	    curl_easy_getinfo(a->easy, CURLINFO_NAMELOOKUP_TIME_T, &looked) ==
		CURLE_OK &&
	    !looked)
		return MST_WAY_NAME;
	return w->https && w->address[0] ? MST_WAY_TLS : MST_WAY_CONNECT;
}

static enum mst_cert_fault fault_of(struct attempt *a, const struct mst_way *w)
{
	long result = X509_V_OK;

	if (w->proxy.blame)
		return MST_CERT_FINE;
	if ((int)a->code == CURLE_SSL_PINNEDPUBKEYNOTMATCH)
		return MST_CERT_PIN;
	if (a->code != CURLE_PEER_FAILED_VERIFICATION &&
	    a->code != CURLE_SSL_ISSUER_ERROR)
		return MST_CERT_FINE;
	(void)curl_easy_getinfo(a->easy, CURLINFO_SSL_VERIFYRESULT, &result);
	switch (result) {
	case X509_V_OK:
	case X509_V_ERR_UNSPECIFIED:
		/* libcurl compares the host's name before it asks for the
		 * result of the chain, whose faults end the hand-shake. */
		return MST_CERT_NAME;
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return MST_CERT_EXPIRED;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return MST_CERT_NOT_YET;
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
		return MST_CERT_UNKNOWN;
	default:
		return MST_CERT_OTHER;
	}
}

static void describe(struct attempt *a, struct mst_way *w)
{
	char *ip = NULL;

	if (curl_easy_getinfo(a->easy, CURLINFO_PRIMARY_IP, &ip) == CURLE_OK &&
	    ip)
		(void)snprintf(w->address, sizeof(w->address), "%s", ip);
	mst_proxy_way_look(&a->client->proxy, a->url, a->easy, a->code,
			   a->words, &w->proxy);
	w->at = step_of(a, w);
	w->fault = fault_of(a, w);
	if (w->at == MST_WAY_THERE)
		return;
	if (w->proxy.blame) {
		(void)snprintf(w->words, sizeof(w->words), "%.250s",
			       w->proxy.why);
		mst_err_set(&w->err, w->proxy.code, "%s:%d: proxy %s: %s; %s",
			    w->host, w->port, w->proxy.name, w->proxy.why,
			    w->proxy.remedy);
		return;
	}
	(void)snprintf(w->words, sizeof(w->words), "%.250s",
		       *a->words ? a->words : curl_easy_strerror(a->code));
	mst_err_set(&w->err, MST_E_TRANSIENT, "%s:%d: %s", w->host, w->port,
		    w->words);
}

int mst_client_way(struct mst_client *c, const char *url,
		   const atomic_bool *cancel, struct mst_way *way_r,
		   struct mst_err *err)
{
	struct mst_way w = {
	    .err = MST_ERR_INIT, .from_us = MST_TIME_NONE, .until_us = 0};
	struct mst_url u;
	struct attempt a = {
	    .client = c, .url = &u, .text = url, .cancel = cancel};

	if (mst_url_read(url, &u, err) || mst_url_check_way(c, &u, err))
		return -(int)err->code;
	(void)snprintf(w.host, sizeof(w.host), "%s", u.host);
	w.port = u.port;
	w.https = u.https;
	w.loopback = mst_url_is_loopback(&u);
	w.pinned = c->pin && !c->ca.n;
	w.unverified = c->insecure_tls && !c->pin;
	perform(&a);
	describe(&a, &w);
	if (w.at == MST_WAY_THERE)
		read_chain(&a, &w);
	finish(&a);
	if (w.fault != MST_CERT_FINE) {
		a.trusting = true;
		perform(&a);
		read_chain(&a, &w);
		finish(&a);
	}
	if (cancel && atomic_load(cancel))
		return mst_err_set(err, MST_E_CANCELLED, "cancelled");
	*way_r = w;
	return 0;
}
