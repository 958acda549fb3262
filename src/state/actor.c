/* SPDX-License-Identifier: Apache-2.0
 *
 * Who changes things through a handle of the state store, for its audit.
 */
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include "state_private.h"

/* The person behind root, as far as sudo says. For people to read; the audit
 * is no proof against somebody who may write the store. */
static char *process_user(void)
{
	const char *sudo = getuid() == 0 ? secure_getenv("SUDO_USER") : NULL;
	const char *actor = secure_getenv("MUSTER_ACTOR");
	struct passwd pw, *found = NULL;
	char buf[4096];

	if (actor && *actor)
		return mst_asprintf("%.128s", actor);
	if (sudo && *sudo)
		return mst_asprintf("%.64s (sudo)", sudo);
	if (getpwuid_r(getuid(), &pw, buf, sizeof(buf), &found) == 0 && found)
		return mst_strdup(pw.pw_name);
	return mst_strdup("");
}

static void actor_clear(struct mst_state *s)
{
	free(s->actor);
	free(s->via);
	free(s->address);
	s->actor = s->via = s->address = NULL;
}

void mst_state_actor_set(struct mst_state *s, const char *name, const char *via,
			 const char *address)
{
	actor_clear(s);
	if (!name)
		return;
	s->actor = mst_strdup(name);
	s->via = mst_strdup(via ? via : "");
	s->address = mst_strdup(address ? address : "");
}

void mst_state_actor_need(struct mst_state *s)
{
	const char *via = secure_getenv("MUSTER_ACTOR_VIA");

	if (s->actor)
		return;
	s->actor = process_user();
	s->via = mst_strdup(via && *via ? via : "cli");
	s->address = mst_strdup("");
}

const char *mst_state_actor(struct mst_state *s)
{
	mst_state_actor_need(s);
	return s->actor;
}

void mst_state_actor_fini(struct mst_state *s)
{
	actor_clear(s);
}
