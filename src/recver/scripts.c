/* SPDX-License-Identifier: Apache-2.0
 *
 * The texts of sql/, made into C by the build.
 */
#include "recver/scripts.h"

#include <stddef.h>
#include <string.h>

#include "recver_private.h"

static const struct mst_recver_script built_in[] = {
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

static const struct mst_recver_script *all = built_in;
static unsigned schema = MST_RECVER_SCHEMA;

const struct mst_recver_script *mst_recver_scripts(void)
{
	return all;
}

unsigned mst_recver_schema(void)
{
	return schema;
}

void mst_recver_scripts_replace(const struct mst_recver_script *scripts,
				unsigned version)
{
	all = scripts ? scripts : built_in;
	schema = scripts ? version : MST_RECVER_SCHEMA;
}

static const char *find(const char *type, const char *name, unsigned from)
{
	for (size_t i = 0; all[i].type; i++) {
		if (strcmp(all[i].type, type) == 0 &&
		    strcmp(all[i].name, name) == 0 && all[i].from == from)
			return all[i].text;
	}
	return NULL;
}

const char *mst_recver_script(const char *type, const char *name)
{
	return find(type, name, 0);
}

const char *mst_recver_upgrade(const char *type, unsigned from)
{
	return find(type, from ? "upgrade" : "create", from);
}
