/* SPDX-License-Identifier: Apache-2.0
 *
 * What the set-up checks say that only this source has: of its lists, and of
 * the storage of export files.
 */
#include <stdio.h>

#include "source/endpoint/checks.h"

/* ---- one list ------------------------------------------------------------ */

/* What only the list of devices means. */
static void about_devices(struct ms_list *l)
{
	l->absent = "Defender was never used in this tenant, or saw no device "
		    "lately";
	l->absent_remedy = "onboard a device, or check the options cloud and "
			   "tenant_id; nothing is taken for gone meanwhile";
	l->empty = "shows no device";
	l->empty_remedy = "onboard devices, or check tenant_id; an empty list "
			  "takes nothing away";
}

void ep_say_feed(const struct ep_checks *k, unsigned feed, struct mst_check *c)
{
	const struct ms_probe *p = &k->ms.probes[EP_PROBE_FEED + feed];
	struct ms_list l = {
	    .path = ep_io[feed].path,
	    .title = ep_feeds[feed].title,
	    .need = &ep_io[feed].need,
	    .granted = ep_permitted(k->s, feed),
	    .urls = "api_url and graph_url",
	    .optional = ep_feeds[feed].optional,
	    .idle = k->idle,
	};

	if (feed == EP_MACHINES)
		about_devices(&l);
	if ((p->status != 401 && p->status != 403) ||
	    !ep_told_inactive(&p->told)) {
		ms_say_list(&l, p, c);
		return;
	}
	ms_say_failed(c, MST_E_FORBIDDEN,
		      "Defender for Endpoint is not active in this tenant "
		      "(account mode is inactive)");
	mst_check_remedy(c, "activate it in the Defender portal, or check the "
			    "licence; no permission is missing");
	ms_say_weight(&l, c);
}

/* ---- the storage of export files ----------------------------------------- */

static void say_no_export(const struct ep_checks *k, struct mst_check *c)
{
	const struct ms_probe *p = &k->ms.probes[EP_PROBE_EXPORT];
	const char *path = ep_io[k->export_feed].files;
	bool files_only = k->s->conf->read_method == EP_FILES;

	if (p->status == 429)
		mst_check_say(c, MST_CHECK_NOTE,
			      "%s takes no more requests for now (429): not "
			      "tried",
			      path);
	else if (p->status == 403 || p->status == 404)
		mst_check_say(c, files_only ? MST_CHECK_FAILED : MST_CHECK_NOTE,
			      "%s is refused (%d)%s", path, p->status,
			      files_only ? "" : ": pages are read instead");
	else if (p->status)
		mst_check_say(c, MST_CHECK_FAILED,
			      "%s answers %d, with no list of files", path,
			      p->status);
	else
		mst_check_say(c, MST_CHECK_FAILED, "%s", ms_probe_why(p));
	c->code = ms_probe_code(p);
	if (c->level == MST_CHECK_FAILED)
		mst_check_remedy(c, "set read_method: json, which needs no "
				    "files, or test again later");
}

static void say_file(const struct ep_checks *k, struct mst_check *c)
{
	const struct ms_probe *p = &k->ms.probes[EP_PROBE_FILE];

	if (p->status == 200 || p->status == 206) {
		mst_check_say(c, MST_CHECK_OK,
			      "%s gives the files (%s: %zu, made %s)",
			      k->storage, ep_feeds[k->export_feed].name,
			      k->ms.probes[EP_PROBE_EXPORT].records,
			      *k->made ? k->made : "at a time not said");
		return;
	}
	c->code = ms_probe_code(p);
	if (p->status) {
		mst_check_say(c, MST_CHECK_FAILED,
			      "%s refuses the file of a list that came just "
			      "now (%d)",
			      k->storage, p->status);
		mst_check_remedy(c, "look at this machine's clock, and whether "
				    "a proxy changes addresses");
	} else {
		mst_check_say(c, MST_CHECK_FAILED, "%s", ms_probe_why(p));
		mst_check_remedy(c,
				 "let this machine through to %s (firewall, "
				 "proxy): export files lie there; or set "
				 "read_method: json",
				 k->s->sites.api_loopback
				     ? k->storage
				     : "*.blob.core.windows.net port 443");
	}
}

void ep_say_storage(const struct ep_checks *k, struct mst_check *c)
{
	const struct ms_probe *list = &k->ms.probes[EP_PROBE_EXPORT];

	if (list->status != 200 || list->body != MS_BODY_FINE) {
		say_no_export(k, c);
	} else if (k->ms.probes[EP_PROBE_FILE].wanted) {
		say_file(k, c);
	} else if (!list->records) {
		mst_check_say(c, MST_CHECK_OK,
			      "no file to try: the export of %s is empty",
			      ep_feeds[k->export_feed].name);
	} else {
		c->code = MST_E_INVALID;
		mst_check_say(c, MST_CHECK_FAILED,
			      "the list of files leads to '%s', which is no "
			      "storage of Microsoft's",
			      k->storage);
		mst_check_remedy(c, "nothing is fetched from there; look "
				    "whether a proxy changes answers");
	}
	if (c->level == MST_CHECK_FAILED && k->idle)
		c->level = MST_CHECK_NOTE;
}
