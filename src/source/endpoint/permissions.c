/* SPDX-License-Identifier: Apache-2.0
 *
 * Which application permissions are there and which are needed, before the
 * first read. A token without them is issued all the same; only the API would
 * refuse, one list at a time.
 */
#include <stdio.h>

#include "source/endpoint/endpoint_private.h"

/* What would be left out: titles of the feeds that need the role. */
static void name_feeds(const char *role, uint32_t feeds, char *out, size_t max)
{
	size_t n = 0;

	out[0] = 0;
	for (unsigned i = 0; i < EP__FEEDS && n < max; i++) {
		if (!(feeds & EP_BIT(i)) ||
		    strcmp(ep_io[i].need.permission, role) != 0)
			continue;
		n += (size_t)snprintf(out + n, max - n, "%s%s", n ? ", " : "",
				      ep_feeds[i].title);
	}
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
			done = done ||
			       strcmp(out[k].name, io->need.permission) == 0;
		if (done)
			continue;
		for (unsigned k = 0; k < EP__FEEDS; k++) {
			if ((feeds & EP_BIT(k)) && !ep_feeds[k].optional &&
			    strcmp(ep_io[k].need.permission,
				   io->need.permission) == 0)
				optional = false;
		}
		name_feeds(io->need.permission, feeds, titles, sizeof(titles));
		ms_check_role(
		    &io->need, io->need.graph ? graph_roles : roles, titles,
		    optional ? "devices are not enriched" : NULL, &out[n++]);
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
	const struct ms_need *need = &ep_io[feed].need;
	struct mst_auth *auth = s->auth[need->graph ? 1 : 0];

	return auth && ms_granted(mst_cred_entra_roles(auth), need);
}
