/* SPDX-License-Identifier: Apache-2.0
 *
 * The forms in which alerts arrive: the API's JSON, the webhook's, and the four
 * that syslog servers get. Pure functions from bytes to an alert; the bytes
 * come from a network and may be anything.
 *
 * Sources: Defender for IoT, sensor and console alert APIs (v1, v2) and
 * "Forward alert information": forms text, object, CEF, LEEF, webhook. No page
 * has a whole CEF line or a webhook body, so names are taken as they come:
 * folded, with or without "_".
 */
#ifndef MST_ALERT_FORM_H
#define MST_ALERT_FORM_H

#include "alert/alert.h"
#include "base/time.h"
#include "json/json.h"

enum mst_form {
	MST_FORM_JSON, /* API and webhook, one alert */
	MST_FORM_CEF,
	MST_FORM_LEEF,
	MST_FORM_TEXT,	/* "Title: …, Severity: …" */
	MST_FORM_OBJECT /* names and values with "=" */
};

#define MST_FORM_MAX 65536 /* bytes of one alert */

const char *mst_form_name(enum mst_form f); /* "cef" */

/* A syslog message without its header (RFC 3164, RFC 5424, or none): *host_r is
 * the sender's name as the header has it, *time_us_r the header's time or
 * MST_TIME_NONE. now_us gives RFC 3164 its year. The rest is the return
 * value; all are lent from s. */
struct mst_slice mst_form_syslog(struct mst_slice s, int64_t now_us,
				 struct mst_slice *host_r, int64_t *time_us_r);
/* Which form is it? */
enum mst_form mst_form_of(struct mst_slice body);
/* zone_s: seconds east of UTC that times without a zone are in.
 * MST_E_CORRUPT: it is no alert, with the reason (never the bytes). */
int mst_form_read(enum mst_form f, struct mst_slice body, int zone_s,
		  struct mst_arena *arena, struct mst_alert *a_r,
		  struct mst_err *err);
/* One object of the API or the webhook. */
int mst_form_json(struct mst_json v, struct mst_arena *arena,
		  struct mst_alert *a_r, struct mst_err *err);

#endif
