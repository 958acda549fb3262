/* SPDX-License-Identifier: Apache-2.0
 *
 * What bodies and answers look like, in tables next to the handlers that write
 * them. The OpenAPI document is made from them, and tests hold answers of the
 * running server against it.
 */
#ifndef MST_API_SCHEMA_H
#define MST_API_SCHEMA_H

/* A member of an object.
 *
 * type:  "string", "integer", "number", "boolean", "time" (RFC 3339),
 *        "day" (2026-11-20), "object" (any members), "any"
 *        "&run"           the schema of that name
 *        "ok|failed"      one of these words; "=ok": this one
 *        TYPE "[]"        a list of them
 *        "{" TYPE "}"     an object with any names, all of this type
 *        TYPE "?"         or null
 * The name ends in '?' when the member may be left out. */
struct mst_api_field {
	const char *name, *type, *help;
};

struct mst_api_schema {
	const char *name; /* "run": what routes say in `body` and `answer` */
	const char *help;
	const struct mst_api_field *fields; /* up to one without a name */
};

#endif
