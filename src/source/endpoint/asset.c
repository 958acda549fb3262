/* SPDX-License-Identifier: Apache-2.0
 *
 * Which kind of asset a machine is, and the classes of each kind.
 */
#include "source/endpoint/ops.h"

const char *const ep_asset_names[EP__ASSETS + 1] = {
    [EP_WINDOWS_PC] = "windows_pc",
    [EP_MAC] = "mac",
    [EP_WINDOWS_SERVER] = "windows_server",
    [EP_LINUX_SERVER] = "linux_server",
    [EP_HANDHELD] = "handheld",
    [EP_NETWORK_DEVICE] = "network_device",
    [EP_OTHER] = "other",
};

static bool asset_named(struct mst_slice name, enum ep_asset *asset_r)
{
	for (int a = 0; a < EP__ASSETS; a++) {
		if (mst_slice_is(name, ep_asset_names[a])) {
			*asset_r = (enum ep_asset)a;
			return true;
		}
	}
	return false;
}

/* ---- by operating system ------------------------------------------------ */

/* The first that fits counts: "IOS-XE" is no iPhone. */
static enum ep_asset built_in(struct mst_slice os)
{
	static const struct {
		const char *prefix;
		enum ep_asset asset;
	} known[] = {
	    {"WindowsServer", EP_WINDOWS_SERVER},
	    {"Windows", EP_WINDOWS_PC},
	    {"macOS", EP_MAC},
	    {"Linux", EP_LINUX_SERVER},
	    {"Ubuntu", EP_LINUX_SERVER},
	    {"RedHatEnterpriseLinux", EP_LINUX_SERVER},
	    {"CentOS", EP_LINUX_SERVER},
	    {"Debian", EP_LINUX_SERVER},
	    {"SUSE", EP_LINUX_SERVER},
	    {"SLES", EP_LINUX_SERVER},
	    {"OracleLinux", EP_LINUX_SERVER},
	    {"AmazonLinux", EP_LINUX_SERVER},
	    {"Fedora", EP_LINUX_SERVER},
	    {"Rocky", EP_LINUX_SERVER},
	    {"AlmaLinux", EP_LINUX_SERVER},
	    {"RHEL", EP_LINUX_SERVER},
	    {"IOS-X", EP_NETWORK_DEVICE},
	    {"IOS X", EP_NETWORK_DEVICE},
	    {"IOSX", EP_NETWORK_DEVICE},
	    {"Cisco", EP_NETWORK_DEVICE},
	    {"NX-OS", EP_NETWORK_DEVICE},
	    {"NXOS", EP_NETWORK_DEVICE},
	    {"Juniper", EP_NETWORK_DEVICE},
	    {"JUNOS", EP_NETWORK_DEVICE},
	    {"Aruba", EP_NETWORK_DEVICE},
	    {"Forti", EP_NETWORK_DEVICE},
	    {"PaloAlto", EP_NETWORK_DEVICE},
	    {"Palo Alto", EP_NETWORK_DEVICE},
	    {"PAN-OS", EP_NETWORK_DEVICE},
	    {"iOS", EP_HANDHELD},
	    {"iPadOS", EP_HANDHELD},
	    {"Android", EP_HANDHELD},
	};

	for (size_t i = 0; i < MST_LEN(known); i++) {
		if (mst_slice_istarts(os, known[i].prefix))
			return known[i].asset;
	}
	return EP_OTHER;
}

#define PATTERN_MAX 128

/* "PATTERN=TYPE" in two; false: it is none. */
static bool split(const char *platform, char pattern[PATTERN_MAX],
		  enum ep_asset *asset_r)
{
	const char *eq = strrchr(platform, '=');
	struct mst_slice head;

	if (!eq)
		return false;
	head = mst_slice_trim(mst_slice(platform, (size_t)(eq - platform)));
	if (!head.n || head.n >= PATTERN_MAX)
		return false;
	memcpy(pattern, head.p, head.n);
	pattern[head.n] = '\0';
	return asset_named(mst_slice_trim(mst_slice_str(eq + 1)), asset_r);
}

enum ep_asset ep_asset_of(struct mst_rule_ctx *ctx, const struct mst_value *v)
{
	const struct mst_opt_list *own = &ep_conf_of(ctx)->platforms;
	struct mst_slice os = ms_text(ctx, v, EM_OS_PLATFORM);
	char pattern[PATTERN_MAX];
	enum ep_asset asset;

	for (size_t i = 0; i < own->n; i++) {
		if (split(own->v[i], pattern, &asset) &&
		    mst_slice_fits(os, pattern))
			return asset;
	}
	return built_in(os);
}

int ep_platforms_check(const struct ep_conf *conf, struct mst_err *err)
{
	char pattern[PATTERN_MAX];
	enum ep_asset asset;

	for (size_t i = 0; i < conf->platforms.n; i++) {
		if (!split(conf->platforms.v[i], pattern, &asset))
			return mst_err_set(
			    err, MST_E_INVALID,
			    "setting platforms: '%.100s' must be PATTERN=TYPE, "
			    "as in 'IOS-XE*=network_device'; types are "
			    "windows_pc, mac, windows_server, linux_server, "
			    "handheld, network_device and other",
			    conf->platforms.v[i]);
	}
	return 0;
}

/* ---- classes ------------------------------------------------------------ */

static const char none[] = "none";

const char *ep_class_of(const struct ep_conf *conf, enum ep_asset asset)
{
	const struct mst_opt_list *list = &conf->classes[asset];

	return list->n && strcmp(list->v[0], none) != 0 ? list->v[0] : NULL;
}

static int check_list(const struct mst_opt_list *list, enum ep_asset asset,
		      struct mst_err *err)
{
	for (size_t i = 0; i < list->n; i++) {
		bool bad = strcmp(list->v[i], none) == 0 && list->n > 1;

		if (!bad && ms_is_table(list->v[i]))
			continue;
		return mst_err_set(
		    err, MST_E_INVALID, "setting class_%s: %s%.80s%s",
		    ep_asset_names[asset], bad ? "'" : "there is no class '",
		    list->v[i],
		    bad ? "' stands for no class, so it must stand alone"
			: "'; write its name as in cmdb_ci_computer, or none");
	}
	return 0;
}

static struct mst_class *find(struct mst_class *classes, size_t n,
			      const char *table)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(classes[i].table, table) == 0)
			return &classes[i];
	}
	return NULL;
}

int ep_classes_make(const struct ep_conf *conf, struct mst_arena *arena,
		    struct mst_class **classes_r, size_t *n_r,
		    struct mst_err *err)
{
	static const char handheld[] = "cmdb_ci_handheld_computing";
	struct mst_class *classes =
	    mst_arena_alloc(arena, EP__ASSETS * sizeof(*classes));
	size_t n = 0;

	for (int a = 0; a < EP__ASSETS; a++) {
		const struct mst_opt_list *list = &conf->classes[a];
		const char *table = ep_class_of(conf, (enum ep_asset)a);
		struct mst_class *c;

		if (check_list(list, (enum ep_asset)a, err) < 0)
			return -(int)err->code;
		if (!table)
			continue;
		c = find(classes, n, table);
		if (!c) {
			c = &classes[n++];
			*c = (struct mst_class){.table = table,
						.optional = true};
		}
		/* Many instances do not have this one. */
		c->optional = c->optional && a == EP_HANDHELD &&
			      strcmp(table, handheld) == 0;
		if (list->n > 1)
			ms_class_search(c, list, arena);
	}
	*classes_r = classes;
	*n_r = n;
	return 0;
}

MS_OP(ep_op_class)
{
	const char *table = ep_class_of(ep_conf_of(ctx), ep_asset_of(ctx, v));

	return table ? ms_some(mst_slice_str(table), out_r) : 0;
}
