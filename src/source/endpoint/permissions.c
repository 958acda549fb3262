/* SPDX-License-Identifier: Apache-2.0
 *
 * Which application permissions are there and which are needed, before the
 * first read. A token without them is issued all the same; only the API would
 * refuse, one list at a time.
 */
#include <stdio.h>

#include "cred/cred.h"
#include "source/endpoint/endpoint_private.h"

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
static const char *greater_role(const char *roles, const char *role, bool graph,
				char *buf, size_t max)
{
	static const char *const directory[] = {"Directory.Read.All",
						"Directory.ReadWrite.All"};

	writing_role(role, buf, max);
	if (buf[0] && has_role(roles, buf))
		return buf;
	for (size_t i = 0; graph && i < MST_LEN(directory); i++) {
		if (has_role(roles, directory[i]))
			return directory[i];
	}
	return NULL;
}

/* What would be left out: titles of the feeds that need the role. */
static void name_feeds(const char *role, uint32_t feeds, char *out, size_t max)
{
	size_t n = 0;

	out[0] = 0;
	for (unsigned i = 0; i < EP__FEEDS && n < max; i++) {
		if (!(feeds & EP_BIT(i)) ||
		    strcmp(ep_io[i].permission, role) != 0)
			continue;
		n += (size_t)snprintf(out + n, max - n, "%s%s", n ? ", " : "",
				      ep_feeds[i].title);
	}
}

static void check_role(const struct ep_io *io, const char *roles, bool optional,
		       const char *titles, struct mst_check *c)
{
	const char *greater;
	char buf[64];

	*c = (struct mst_check){.name = io->permission};
	if (!roles || !*roles) {
		mst_check_say(c, MST_CHECK_WARNING,
			      "the token shows no permissions; '%s' of %s is "
			      "needed to read %s",
			      io->permission, io->resource, titles);
		mst_check_remedy(c,
				 "grant it as an application permission with "
				 "admin consent, unless it is there");
		return;
	}
	if (has_role(roles, io->permission)) {
		mst_check_say(c, MST_CHECK_OK, "granted, for %s", titles);
		return;
	}
	greater =
	    greater_role(roles, io->permission, io->graph, buf, sizeof(buf));
	if (greater) {
		mst_check_say(c, MST_CHECK_WARNING,
			      "'%s' is more than is needed to read %s", greater,
			      titles);
		mst_check_remedy(c, "grant '%s' and take the other away",
				 io->permission);
		return;
	}
	c->code = MST_E_FORBIDDEN;
	mst_check_say(c, optional ? MST_CHECK_WARNING : MST_CHECK_FAILED,
		      "missing; without it there is no access to %s%s", titles,
		      optional ? ", and devices are not enriched" : "");
	mst_check_remedy(c,
			 "add the application permission '%s' of %s to the app "
			 "registration and give admin consent",
			 io->permission, io->resource);
}

size_t ep_check_roles(const char *roles, const char *graph_roles,
		      uint32_t feeds, struct mst_check *out, size_t max)
{
	size_t n = 0;

	for (unsigned i = 0; i < EP__FEEDS && n < max; i++) {
		const struct ep_io *io = &ep_io[i];
		bool done = false, optional = true;
		char titles[256];

		if (!(feeds & EP_BIT(i)))
			continue;
		for (size_t k = 0; k < n; k++)
			done = done || strcmp(out[k].name, io->permission) == 0;
		if (done)
			continue;
		for (unsigned k = 0; k < EP__FEEDS; k++) {
			if ((feeds & EP_BIT(k)) && !ep_feeds[k].optional &&
			    strcmp(ep_io[k].permission, io->permission) == 0)
				optional = false;
		}
		name_feeds(io->permission, feeds, titles, sizeof(titles));
		check_role(io, io->graph ? graph_roles : roles, optional,
			   titles, &out[n++]);
	}
	return n;
}

size_t ep_permissions(struct mst_source *s, uint32_t feeds,
		      struct mst_check *out, size_t max)
{
	if (!s->auth[0])
		return 0; /* a folder asks nobody */
	/* Of a token that was refused there is nothing to see. */
	if (s->auth[1] && mst_cred_entra_life(s->auth[1]) < 0)
		feeds &= ~EP_BIT(EP_ENTRA);
	if (mst_cred_entra_life(s->auth[0]) < 0)
		feeds &= EP_BIT(EP_ENTRA);
	return ep_check_roles(mst_cred_entra_roles(s->auth[0]),
			      s->auth[1] ? mst_cred_entra_roles(s->auth[1])
					 : NULL,
			      feeds, out, max);
}

bool ep_permitted(struct mst_source *s, unsigned feed)
{
	const struct ep_io *io = &ep_io[feed];
	struct mst_auth *auth = s->auth[io->graph ? 1 : 0];
	const char *roles = auth ? mst_cred_entra_roles(auth) : NULL;
	char buf[64];

	return roles && (has_role(roles, io->permission) ||
			 greater_role(roles, io->permission, io->graph, buf,
				      sizeof(buf)));
}
