/* SPDX-License-Identifier: Apache-2.0
 *
 * The configuration folders.
 */
#include "base/place.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"

char *mst_place_system(void)
{
	const char *v = secure_getenv("MUSTER_CONFIG");

	if (!v || *v != '/')
		v = secure_getenv("CONFIGURATION_DIRECTORY");
	/* systemd joins several with a colon */
	return v && *v == '/' ? mst_strndup(v, strcspn(v, ":"))
			      : mst_strdup("/etc/muster");
}

char *mst_place_user(void)
{
	const char *v = secure_getenv("XDG_CONFIG_HOME");

	if (v && *v == '/')
		return mst_asprintf("%s/muster", v);
	v = secure_getenv("HOME");
	return v && *v == '/' ? mst_asprintf("%s/.config/muster", v) : NULL;
}
