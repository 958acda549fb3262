/* SPDX-License-Identifier: Apache-2.0
 *
 * Far ends that are known by their key, and those that nobody looks at.
 */
#include "tests/lib/t.h"

#include <openssl/pem.h>

#include "net/pin.h"
#include "net/way.h"
#include "tests/hostile/rig.h"
#include "tests/lib/pki.h"

#define OTHER_PIN "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static struct rig tls_up(const struct t_pki *pki,
			 const struct mst_client_conf *wanted)
{
	const struct t_answer script[] = {{.body = "{}", .times = -1}};
	struct mst_client_conf conf = *wanted;
	struct mst_err err = MST_ERR_INIT;
	struct rig r = {0};

	conf.name = "t";
	conf.insecure_loopback = true;
	conf.retry_base_ms = 1;
	conf.retry_cap_ms = 2;
	conf.retry_max = 3;
	conf.timeout_ms = 60000;
	r.h = t_httpd_start_tls(script, 1, pki->cert, pki->key);
	r.c = mst_client_new(&conf, &err);
	if (!r.c)
		fail_msg("%s", err.msg);
	return r;
}

static void pin_of(const struct t_pki *pki, char out[MST_PIN_SIZE])
{
	BIO *bio = BIO_new_mem_buf(pki->cert, -1);
	X509 *x = PEM_read_bio_X509(bio, NULL, NULL, NULL);

	assert_non_null(x);
	assert_true(mst_pin_of(x, out));
	X509_free(x);
	BIO_free(bio);
}

static void test_forms(void **state)
{
	static const char *const wrong[] = {
	    "",
	    "sha256//",
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
	    "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	    "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==",
	    "sha256//-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
	    "sha1//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
	    OTHER_PIN ";",
	    OTHER_PIN "; " OTHER_PIN,
	    "/etc/ssl/key.pem"};
	struct mst_client_conf conf = {.name = "plant", .pin = "key.pem"};
	struct mst_err err = MST_ERR_INIT;

	t_ok(mst_pin_check(OTHER_PIN, &err), &err);
	t_ok(mst_pin_check(OTHER_PIN ";" OTHER_PIN, &err), &err);
	for (size_t i = 0; i < MST_LEN(wrong); i++)
		t_failed(mst_pin_check(wrong[i], &err), &err, MST_E_INVALID,
			 "is no pin");
	/* a path would be read as a file of a key by libcurl */
	assert_null(mst_client_new(&conf, &err));
	t_failed(-(int)err.code, &err, MST_E_INVALID, "plant: pin: 'key.pem'");
}

static void test_pinned(void **state)
{
	/* self-signed, for another name, over: the key is what counts */
	struct t_pki own =
	    t_pki_make("rsa2048", "other.example", -86400, -60, NULL);
	char pin[MST_PIN_SIZE], both[2 * MST_PIN_SIZE];
	struct mst_client_conf conf = {.pin = pin};
	struct rig r;

	pin_of(&own, pin);
	r = tls_up(&own, &conf);
	rig_post(&r, "/w", MST_REPEAT_UNSENT);
	expect(&r, MST_OUT_ANSWER, 200, 1, MST_OK);
	rig_down(&r);

	(void)snprintf(both, sizeof(both), OTHER_PIN ";%s", pin);
	conf.pin = both;
	r = tls_up(&own, &conf);
	rig_post(&r, "/w", MST_REPEAT_UNSENT);
	expect(&r, MST_OUT_ANSWER, 200, 1, MST_OK);
	rig_down(&r);

	/* nothing is sent to another key, and it is not tried again */
	conf.pin = OTHER_PIN;
	r = tls_up(&own, &conf);
	rig_post(&r, "/w", MST_REPEAT_UNSENT);
	expect(&r, MST_OUT_FAILED, 0, 1, MST_E_INVALID);
	says(&r, "another key than the option pin says");
	assert_int_equal(t_httpd_count(r.h), 0);
	rig_down(&r);

	/* nor by those who look at nothing else */
	conf.insecure_tls = true;
	r = tls_up(&own, &conf);
	rig_post(&r, "/w", MST_REPEAT_UNSENT);
	expect(&r, MST_OUT_FAILED, 0, 1, MST_E_INVALID);
	assert_int_equal(t_httpd_count(r.h), 0);
	rig_down(&r);
	t_pki_free(&own);
}

static void test_pinned_and_issued(void **state)
{
	struct t_pki own =
	    t_pki_make("rsa2048", "other.example", -60, 86400, NULL);
	char pin[MST_PIN_SIZE];
	struct mst_client_conf conf = {.pin = pin};
	struct rig r;

	pin_of(&own, pin);
	t_write(t_path("pin-ca.pem"), mst_slice_str(own.cert));
	conf.ca_file = t_path("pin-ca.pem");
	r = tls_up(&own, &conf);
	rig_post(&r, "/w", MST_REPEAT_UNSENT);
	expect(&r, MST_OUT_FAILED, 0, 1, MST_E_INVALID); /* its name */
	assert_int_equal(t_httpd_count(r.h), 0);
	rig_down(&r);
	t_pki_free(&own);
}

static void test_insecure(void **state)
{
	struct t_pki own =
	    t_pki_make("rsa2048", "other.example", -86400, -60, NULL);
	struct mst_client_conf conf = {.insecure_tls = true};
	struct rig r = tls_up(&own, &conf);

	rig_post(&r, "/w", MST_REPEAT_UNSENT);
	expect(&r, MST_OUT_ANSWER, 200, 1, MST_OK);
	rig_down(&r);
	t_pki_free(&own);
}

/* What the way says of each, and which pin a person would set. */
static void test_way(void **state)
{
	struct t_pki own =
	    t_pki_make("rsa2048", "other.example", -60, 86400, NULL);
	char pin[MST_PIN_SIZE];
	struct mst_client_conf cases[] = {
	    {.pin = pin}, {.pin = OTHER_PIN}, {.insecure_tls = true}, {0}};
	static const struct {
		enum mst_way_step at;
		enum mst_cert_fault fault;
		bool pinned, unverified;
	} want[] = {{MST_WAY_THERE, MST_CERT_FINE, true, false},
		    {MST_WAY_TLS, MST_CERT_PIN, true, false},
		    {MST_WAY_THERE, MST_CERT_FINE, false, true},
		    {MST_WAY_TLS, MST_CERT_UNKNOWN, false, false}};

	pin_of(&own, pin);
	for (size_t i = 0; i < MST_LEN(cases); i++) {
		struct rig r = tls_up(&own, &cases[i]);
		struct mst_err err = MST_ERR_INIT;
		struct mst_way w;

		t_ok(mst_client_way(r.c, t_httpd_url(r.h, "/"), NULL, &w, &err),
		     &err);
		assert_int_equal(w.at, want[i].at);
		assert_int_equal(w.fault, want[i].fault);
		assert_int_equal(w.pinned, want[i].pinned);
		assert_int_equal(w.unverified, want[i].unverified);
		assert_string_equal(w.pin, pin);
		assert_int_equal(t_httpd_count(r.h), 0);
		rig_down(&r);
	}
	t_pki_free(&own);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_forms),
	    cmocka_unit_test(test_pinned),
	    cmocka_unit_test(test_pinned_and_issued),
	    cmocka_unit_test(test_insecure),
	    cmocka_unit_test(test_way),
	};

	return cmocka_run_group_tests_name("pin", tests, NULL, NULL);
}
