/* SPDX-License-Identifier: Apache-2.0 */
#include "recver/setup.h"

#include <string.h>

#include "recver_private.h"

static const struct mst_recver_setup_ops *const all[] = {
    NULL,
};

const struct mst_recver_setup_ops *mst_recver_setup_find(const char *type)
{
	for (size_t i = 0; all[i]; i++) {
		if (strcmp(all[i]->type, type) == 0)
			return all[i];
	}
	return NULL;
}

char *mst_recver_database(const struct mst_recver_conf *conf,
			  const char *source)
{
	return conf->database ? mst_strdup(conf->database)
			      : mst_asprintf("muster_recver_%s", source);
}
