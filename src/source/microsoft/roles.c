/* SPDX-License-Identifier: Apache-2.0
 *
 * Which application permissions a token shows and which are needed, before the
 * first read. A token without them is issued all the same; only the API would
 * refuse, one list at a time.
 */
#include <stdio.h>

#include "source/microsoft/microsoft.h"

/* Is the word in the blank separated list? */
static bool has_role(const char *roles, const char *role)
{
	size_t n = strlen(role);

	for (const char *p = roles; (p = strstr(p, role)); p += n) {
		if ((p == roles || p[-1] == ' ') && (!p[n] || p[n] == ' '))
			return true;
	}
	return false;
}

/* "Machine.Read.All" → "Machine.ReadWrite.All" */
static void writing_role(const char *role, char *out, size_t max)
{
	const char *read = strstr(role, ".Read.");

	if (!read)
		out[0] = 0;
	else
		(void)snprintf(out, max, "%.*s.ReadWrite.%s",
			       (int)(read - role), role, read + 6);
}

/* A role that includes the wanted one, or NULL. */
static const char *greater_role(const char *roles, const struct ms_need *need,
				char *buf, size_t max)
{
	static const char *const directory[] = {"Directory.Read.All",
						"Directory.ReadWrite.All"};

	writing_role(need->permission, buf, max);
	if (buf[0] && has_role(roles, buf))
		return buf;
	for (size_t i = 0; need->graph && i < MST_LEN(directory); i++) {
		if (has_role(roles, directory[i]))
			return directory[i];
	}
	return NULL;
}

bool ms_granted(const char *roles, const struct ms_need *need)
{
	char buf[64];

	return roles && (has_role(roles, need->permission) ||
			 greater_role(roles, need, buf, sizeof(buf)));
}

bool ms_lacks(const char *roles, const struct ms_need *need)
{
	return roles && *roles && !ms_granted(roles, need);
}

void ms_check_role(const struct ms_need *need, const char *roles,
		   const char *titles, const char *lost, struct mst_check *c)
{
	const char *greater;
	char buf[64];

	*c = (struct mst_check){.name = need->permission};
	if (!roles || !*roles) {
		mst_check_say(c, MST_CHECK_WARNING,
			      "the token shows no permissions; '%s' of %s is "
			      "needed to read %s",
			      need->permission, need->resource, titles);
		mst_check_remedy(c,
				 "grant it as an application permission with "
				 "admin consent, unless it is there");
		return;
	}
	if (has_role(roles, need->permission)) {
		mst_check_say(c, MST_CHECK_OK, "granted, for %s", titles);
		return;
	}
	greater = greater_role(roles, need, buf, sizeof(buf));
	if (greater) {
		mst_check_say(c, MST_CHECK_WARNING,
			      "'%s' is more than is needed to read %s", greater,
			      titles);
		mst_check_remedy(c, "grant '%s' and take the other away",
				 need->permission);
		return;
	}
	c->code = MST_E_FORBIDDEN;
	mst_check_say(c, lost ? MST_CHECK_WARNING : MST_CHECK_FAILED,
		      "missing; without it there is no access to %s%s%s",
		      titles, lost ? ", and " : "", lost ? lost : "");
	mst_check_remedy(c,
			 "add the application permission '%s' of %s to the app "
			 "registration and give admin consent",
			 need->permission, need->resource);
}

/* ---- what it could write ------------------------------------------------- */

/* "Machine.Read.All", "Device.ReadBasic.All": a part says that it reads, and
 * that it does no more. Whatever else a permission is called, it is more. */
static bool only_reads(struct mst_slice role)
{
	while (role.n) {
		const char *dot = memchr(role.p, '.', role.n);
		size_t n = dot ? (size_t)(dot - role.p) : role.n;
		struct mst_slice part = mst_slice(role.p, n);

		if (mst_slice_iis(part, "Read") ||
		    mst_slice_iis(part, "ReadBasic"))
			return true;
		role = dot ? mst_slice(dot + 1, role.n - n - 1)
			   : mst_slice(role.p, 0);
	}
	return false;
}

static bool has_use(struct mst_slice role, const char *const *uses)
{
	for (; *uses; uses++) {
		if (mst_slice_is(role, *uses))
			return true;
	}
	return false;
}

static void add_role(char *list, size_t n, struct mst_slice role)
{
	size_t at = strlen(list);

	if (at + role.n + 8 < n)
		(void)snprintf(list + at, n - at, "%s%.*s", at ? ", " : "",
			       MST_SLICE_ARG(role));
	else if (at + 8 < n && (at < 3 || strcmp(list + at - 3, "…") != 0))
		(void)snprintf(list + at, n - at, ", …");
}

void ms_say_writes(const char *roles, const char *const *uses,
		   struct mst_check *c)
{
	char writes[400] = "", unused[300] = "";
	size_t n = 0;

	for (const char *p = roles ? roles : ""; *p; p += *p == ' ') {
		struct mst_slice role = mst_slice(p, strcspn(p, " "));

		p += role.n;
		n += role.n > 0;
		if (!only_reads(role))
			add_role(writes, sizeof(writes), role);
		else if (!has_use(role, uses))
			add_role(unused, sizeof(unused), role);
	}
	if (*writes) {
		mst_check_say(c, MST_CHECK_WARNING,
			      "who has the credential may do more than read: "
			      "%s",
			      writes);
		mst_check_remedy(c, "muster only reads: take these permissions "
				    "away from the app registration");
	} else if (n) {
		mst_check_say(c, MST_CHECK_OK,
			      "%zu permission%s, none can change "
			      "anything%s%s",
			      n, n == 1 ? "" : "s",
			      *unused ? "; muster never needs " : "", unused);
	} else {
		mst_check_say(c, MST_CHECK_OK, "the token shows no permission");
	}
}
