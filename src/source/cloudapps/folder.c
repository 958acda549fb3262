/* SPDX-License-Identifier: Apache-2.0
 *
 * Which feed does a file hold that a person put into a folder? The members of
 * its first record decide, as far as they can be seen; for an empty list the
 * name and the folders above it. Whose users they are, only the name can say.
 */
#include "source/microsoft/folder.h"
#include "source/cloudapps/attributes.h"
#include "source/cloudapps/cloudapps_private.h"
#include "source/microsoft/head.h"

static const struct ms_word file_words[] = {
    {"manifest", MST_FILE_OTHER},
    {"ipaddress", MST_FILE_OTHER},
    {"appinfo", CA_INFO},
    {"appuser", CA_USERS},
    {"discoveredcloudappuser", CA_USERS},
    {"uploadedstream", CA_STREAMS},
    {"stream", CA_STREAMS},
    {"aggregatedapp", CA_APPS},
    {"discoveredapp", CA_APPS},
    {"cloudapp", CA_APPS},
    {"users", CA_USERS},
    {"apps", CA_APPS},
    {NULL, 0},
};

/* What @odata.context says of a list, the more special first. */
static int by_context(struct mst_slice context)
{
	static const struct ms_word words[] = {
	    {"appInfo", CA_INFO},
	    {"CloudAppUser", CA_USERS},
	    {"/users", CA_USERS},
	    {"ipAddresses", MST_FILE_OTHER},
	    {"/devices", MST_FILE_OTHER},
	    {"aggregatedAppsDetails", CA_APPS},
	    {"CloudAppDetail", CA_APPS},
	    {"uploadedStreams", CA_STREAMS},
	    {"cloudAppDiscoveryReport", CA_STREAMS},
	};

	for (size_t i = 0; i < MST_LEN(words); i++) {
		if (mst_slice_ifind(context, words[i].word))
			return words[i].feed;
	}
	return context.n ? MST_FILE_OTHER : MS_UNKNOWN;
}

static bool has_any(const struct ms_keys *k, const char *const *names)
{
	for (; *names; names++) {
		if (ms_keys_have(k, *names))
			return true;
	}
	return false;
}

static unsigned attributes_in(const struct ms_keys *k)
{
	unsigned n = 0;

	for (unsigned i = 0; i < CA_ATTRIBUTES; i++)
		n += ms_keys_have(k, ca_attributes[i].name);
	for (unsigned i = 0; i < CA_OLDER; i++)
		n += ms_keys_have(k, ca_older[i].name);
	return n;
}

static int by_members(const struct ms_keys *k)
{
	static const char *const of_stream[] = {"anonymizeUserData",
						"anonymizeMachineData",
						"lastDataReceivedDateTime",
						"logDataProvider",
						"logFileCount",
						"supportedEntityTypes",
						"supportedTrafficTypes",
						NULL};
	static const char *const of_app[] = {
	    "riskScore", "riskRating",	     "userCount", "transactionCount",
	    "domains",	 "lastSeenDateTime", "category",  NULL};

	if (ms_keys_have(k, "userIdentifier"))
		return CA_USERS;
	if (ms_keys_have(k, "id") && has_any(k, of_stream))
		return CA_STREAMS;
	if (ms_keys_have(k, "displayName") && has_any(k, of_app))
		return CA_APPS;
	/* one alone may be a member of anything */
	return attributes_in(k) > 1 ? CA_INFO : MS_UNKNOWN;
}

/* An object where an envelope mostly has a list. */
static bool object_value(struct mst_slice head, struct ms_head *h)
{
	const char *p = mst_slice_ifind(head, "\"value\"");
	const char *end = head.p + head.n;

	if (!p)
		return false;
	for (p += strlen("\"value\""); p < end; p++) {
		if (*p == '{')
			break;
		if (*p != ':' && *p != ' ' && *p != '\t' && *p != '\r' &&
		    *p != '\n')
			return false;
	}
	if (p == end)
		return false;
	ms_head_look(h, mst_slice(p, (size_t)(end - p)));
	return true;
}

/* Users hang on an app that only the name of the file tells. */
static int with_app(const char *rel, int feed, struct mst_spoilt *sp)
{
	const char *slash = strrchr(rel, '/');
	char name[256], buf[256];
	struct mst_slice app;
	size_t n;

	if (feed != CA_USERS)
		return feed;
	rel = slash ? slash + 1 : rel;
	n = MST_MIN(strcspn(rel, "."), sizeof(name) - 1);
	memcpy(name, rel, n);
	name[n] = '\0';
	if (ca_part_element(name, 1, buf, sizeof(buf), &app))
		return feed;
	return ms_spoilt(sp, feed, false,
			 "does not say of which app it is: call it "
			 "STREAM,APP.json");
}

/* A document that is neither records nor a list of them. */
static int without_records(const char *rel, const struct ms_head *h,
			   struct mst_slice head, int named,
			   struct mst_spoilt *sp)
{
	struct ms_head inner;

	if (ms_keys_have(&h->top, "error"))
		return ms_spoilt(sp, named, false,
				 "is an error that was answered, not records");
	if (object_value(head, &inner) && attributes_in(&inner.top) > 1)
		return with_app(rel, CA_INFO, sp);
	if (ms_keys_have(&h->top, "value") && named >= 0 && ms_json_name(rel))
		return ms_spoilt(
		    sp, named, true,
		    "has a 'value' that is no list: fetch it again");
	return MST_FILE_OTHER;
}

int ca_classify(const char *rel, struct mst_slice head, struct mst_spoilt *sp)
{
	int named = ms_feed_by_name(rel, file_words), feed;
	struct ms_head h;

	ms_head_look(&h, head);
	if (named == MST_FILE_OTHER)
		return MST_FILE_OTHER;
	if (h.damage)
		return ms_json_name(rel) ? ms_spoilt(sp, named, true, h.damage)
					 : MST_FILE_OTHER;
	if (!h.list &&
	    (ms_keys_have(&h.top, "error") || ms_keys_have(&h.top, "value") ||
	     ms_keys_have(&h.top, "access_token")))
		return without_records(rel, &h, head, named, sp);
	feed = h.rec.n ? by_members(&h.rec) : by_context(h.context);
	if (feed == MS_UNKNOWN && (!h.rec.n || h.cut))
		feed = named;
	if (feed == MS_UNKNOWN && named >= 0 && ms_json_name(rel))
		return ms_spoilt(sp, named, false,
				 "holds other records than its name says");
	return feed < 0 ? MST_FILE_OTHER : with_app(rel, feed, sp);
}
