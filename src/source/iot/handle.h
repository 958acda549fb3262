/* SPDX-License-Identifier: Apache-2.0
 *
 * Acknowledging an alert at the management console. No I/O: a request, and what
 * its answer means. Sensors have no such request.
 */
#ifndef MST_SOURCE_IOT_HANDLE_H
#define MST_SOURCE_IOT_HANDLE_H

#include "source/source.h"

enum mst_iot_action {
	MST_IOT_HANDLE,		 /* it may be raised again */
	MST_IOT_HANDLE_AND_LEARN /* what it is about is usual from now on */
};

enum mst_iot_handled {
	MST_IOT_DONE,	 /* the console did it */
	MST_IOT_ALREADY, /* somebody had done it before */
	MST_IOT_UNKNOWN, /* no alert of this UUID: never worth another try */
	MST_IOT_REFUSED, /* it will not: never worth another try */
	MST_IOT_LATER	 /* no answer, or none of use: worth another try. Doing
			  * it twice does no harm */
};

/* *req_r is initialised and filled, with the credential of the source's auths;
 * it goes to the client that has them. s is an open source of type "iot".
 * MST_E_UNSUPPORTED: it reads a sensor or a folder; MST_E_INVALID: the alert
 * has no UUID, or one that none can be. */
int mst_iot_handle(const struct mst_source *s, struct mst_slice uuid,
		   enum mst_iot_action action, struct mst_req *req_r,
		   struct mst_err *err);
/* why_r: what the console said, for people; at most why_n bytes, without
 * control characters. */
enum mst_iot_handled mst_iot_handle_answer(const struct mst_resp *resp,
					   char *why_r, size_t why_n);

#endif
