/* SPDX-License-Identifier: Apache-2.0
 *
 * See sn_apps.h.
 */
#include "sn_apps.h"

int sn_apps_setup(void **state)
{
	struct fake *f = fake_new();

	f->catalog = &t_apps_catalog;
	*state = f;
	return t_log_watch(state);
}

int sn_apps_teardown(void **state)
{
	fake_free(*state);
	return t_log_check(state);
}

int sn_apps_prepare(struct fake *f)
{
	static const char *const names[] = {APPS, USERS, NULL};
	int rc = mst_dest_servicenow.prepare(f->d, names, &f->err);

	return rc < 0 ? rc : fake_pump(f);
}

const char *sn_apps_type(struct fake *f, const char *name)
{
	return fake_add(f, RELATION, "name", name, NULL);
}

void sn_apps_ready(struct fake *f)
{
	fake_open(f);
	sn_apps_type(f, "Uses");
	sn_apps_type(f, "Owns");
	t_ok(sn_apps_prepare(f), &f->err);
	f->subs_n = f->requests_n = 0;
}
