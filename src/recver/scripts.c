/* SPDX-License-Identifier: Apache-2.0 */
#include "recver/scripts.h"

#include <stddef.h>
#include <string.h>

const struct mst_recver_script mst_recver_scripts[] = {
    {.type = "postgres", .name = "create", .file = "create.sql", .text =
#include "postgres_create.inc"
    },
    {.type = "postgres", .name = "role", .file = "role.sql", .text =
#include "postgres_role.inc"
    },
    {.type = "postgres", .name = "check", .file = "check.sql", .text =
#include "postgres_check.inc"
    },
    {.type = "sqlserver", .name = "create", .file = "create.sql", .text =
#include "sqlserver_create.inc"
    },
    {.type = "sqlserver", .name = "role", .file = "role.sql", .text =
#include "sqlserver_role.inc"
    },
    {.type = "sqlserver", .name = "check", .file = "check.sql", .text =
#include "sqlserver_check.inc"
    },
    {.type = "mongodb", .name = "create", .file = "create.js", .text =
#include "mongodb_create.inc"
    },
    {.type = "mongodb", .name = "role", .file = "role.js", .text =
#include "mongodb_role.inc"
    },
    {.type = "mongodb", .name = "check", .file = "check.js", .text =
#include "mongodb_check.inc"
    },
    {.type = NULL},
};

const char *mst_recver_script(const char *type, const char *name)
{
	for (size_t i = 0; mst_recver_scripts[i].type; i++) {
		if (strcmp(mst_recver_scripts[i].type, type) == 0 &&
		    strcmp(mst_recver_scripts[i].name, name) == 0)
			return mst_recver_scripts[i].text;
	}
	return NULL;
}
