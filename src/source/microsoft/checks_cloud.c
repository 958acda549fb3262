/* SPDX-License-Identifier: Apache-2.0
 *
 * The set-up check "cloud": is the tenant in the cloud that the options name,
 * and do addresses that are set by hand belong to it? The login host says of
 * every tenant where it is, without a log-in.
 */
#include <stddef.h>

#include "source/microsoft/checks.h"

enum family { COMMERCIAL, GCC, GCC_HIGH, DOD, CHINA };

static enum family family_of(const char *cloud)
{
	if (strcmp(cloud, "gcc") == 0)
		return GCC;
	if (strcmp(cloud, "gcc-high") == 0)
		return GCC_HIGH;
	return strcmp(cloud, "dod") == 0 ? DOD : COMMERCIAL;
}

/* Where the tenant is, by what the login host says of it. Without the sub-scope
 * nothing tells gcc-high from dod: then it is what the options say. */
static enum family tenant_family(const struct ms_tenant_info *t,
				 enum family own)
{
	struct mst_slice sub = mst_slice_str(t->sub);
	struct mst_slice instance = mst_slice_str(t->instance);

	if (mst_slice_iis(sub, "DOD"))
		return DOD;
	if (mst_slice_iis(sub, "DODCON"))
		return GCC_HIGH;
	if (mst_slice_iis(instance, "microsoftonline.us"))
		return own == DOD ? DOD : GCC_HIGH;
	if (mst_slice_iis(sub, "GCC"))
		return GCC;
	return mst_slice_ifind(instance, ".cn") ? CHINA : COMMERCIAL;
}

static bool same_host(const char *a, const char *b)
{
	struct mst_slice x, y;
	bool https;

	return ms_url_host(a, &x, &https) && ms_url_host(b, &y, &https) &&
	       mst_slice_ieq(x, y);
}

/* An address of the options that is another cloud's: that cloud, or NULL. */
static const struct ms_cloud *
strange(const struct ms_checks *k, const char *api_url, const char **option_r)
{
	const struct ms_conf *conf = k->conf;
	const struct ms_cloud *own = &ms_clouds[conf->cloud];
	const struct {
		const char *option, *url, *own;
		size_t at;
	} urls[] = {
	    {"api_url", api_url, own->api, offsetof(struct ms_cloud, api)},
	    {"login_url", conf->login_url, own->login,
	     offsetof(struct ms_cloud, login)},
	    {"graph_url", conf->graph_url, own->graph,
	     offsetof(struct ms_cloud, graph)},
	};

	for (size_t u = 0; u < MST_LEN(urls); u++) {
		*option_r = urls[u].option;
		if (!urls[u].url || same_host(urls[u].url, urls[u].own))
			continue;
		for (size_t i = 0; i < MS_CLOUDS; i++) {
			const char *url =
			    *(const char *const *)((const char *)&ms_clouds[i] +
						   urls[u].at);

			if (family_of(ms_clouds[i].name) !=
				family_of(own->name) &&
			    same_host(urls[u].url, url))
				return &ms_clouds[i];
		}
	}
	return NULL;
}

static void say_elsewhere(const struct ms_checks *k, enum family is,
			  struct mst_check *c)
{
	static const char *const names[] = {[COMMERCIAL] = "commercial",
					    [GCC] = "gcc",
					    [GCC_HIGH] = "gcc-high",
					    [DOD] = "dod",
					    [CHINA] = "China (21Vianet)"};

	mst_check_say(c, MST_CHECK_WARNING,
		      "the tenant is of the cloud %s, the option cloud says %s",
		      names[is], ms_clouds[k->conf->cloud].name);
	if (is == CHINA)
		mst_check_remedy(c, "that cloud has hosts of its own, which "
				    "muster does not know");
	else
		mst_check_remedy(c, "set cloud: %s", names[is]);
}

static void say_cloud_fits(const struct ms_checks *k, const char *api_url,
			   struct mst_check *c)
{
	const struct ms_conf *conf = k->conf;
	const struct ms_tenant_info *t = &k->tenant;
	bool own = api_url || conf->login_url || conf->graph_url;

	mst_check_say(c, MST_CHECK_OK, "%s%s%s%s", ms_clouds[conf->cloud].name,
		      *t->region ? ", tenant in region " : "", t->region,
		      own ? "; some addresses are set by hand" : "");
}

void ms_say_cloud(const struct ms_checks *k, const struct ms_probe *p,
		  const char *api_url, struct mst_check *c)
{
	const struct ms_conf *conf = k->conf;
	const char *option;
	const struct ms_cloud *other = strange(k, api_url, &option);
	enum family own = family_of(ms_clouds[conf->cloud].name);
	enum family is = tenant_family(&k->tenant, own);

	if (other) {
		mst_check_say(c, MST_CHECK_WARNING,
			      "%s leads to the cloud %s, the option cloud says "
			      "%s",
			      option, other->name, ms_clouds[conf->cloud].name);
		mst_check_remedy(c, "set cloud: %s, and leave %s out",
				 other->name, option);
	} else if (p->status == 400 || p->status == 404) {
		mst_check_say(c, MST_CHECK_WARNING,
			      "the login host of the cloud %s does not know "
			      "the tenant '%.80s'",
			      ms_clouds[conf->cloud].name, conf->tenant_id);
		mst_check_remedy(c, "check tenant_id and the option cloud: "
				    "tenants of gcc-high and dod are known at "
				    "login.microsoftonline.us");
	} else if (p->status != 200 || p->body != MS_BODY_FINE) {
		mst_check_say(c, MST_CHECK_WARNING,
			      "%s; which cloud the tenant is in cannot be told",
			      ms_clouds[conf->cloud].name);
		mst_check_remedy(c, "make sure that it is the tenant's");
	} else if (is != own) {
		say_elsewhere(k, is, c);
	} else {
		say_cloud_fits(k, api_url, c);
	}
}
