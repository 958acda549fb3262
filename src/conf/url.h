/* SPDX-License-Identifier: Apache-2.0
 *
 * What a configured URL may look like (MST_OPT_URL).
 */
#ifndef MST_CONF_URL_H
#define MST_CONF_URL_H

#include "base/slice.h"

/* NULL when it is a base URL that credentials may be sent to: https, or http
 * to a loopback address; no user, query or fragment. *clean_r is the URL
 * without slashes at its end. Else what is wrong, to follow the option's
 * name. */
const char *mst_url_check(struct mst_slice url, struct mst_slice *clean_r);

#endif
