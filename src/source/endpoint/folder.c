/* SPDX-License-Identifier: Apache-2.0
 *
 * Which feed does a file hold that a person put into a folder? Its name and
 * the folders above it are a hint; the members of its first record decide, as
 * far as they can be seen, because names are given freely ("machines" is part
 * of the name of a dozen other lists).
 */
#include "source/microsoft/folder.h"
#include "source/endpoint/endpoint_private.h"
#include "source/microsoft/head.h"

#define NOTHING MST_FILE_OTHER

/* ---- what the members say ----------------------------------------------- */

static bool rec_has(const struct ms_head *h, const char *key)
{
	return ms_keys_have(&h->rec, key);
}

static bool rec_has_any(const struct ms_head *h, const char *const *keys)
{
	for (; *keys; keys++) {
		if (rec_has(h, *keys))
			return true;
	}
	return false;
}

static const char *const of_machine[] = {
    "lastSeen",	   "firstSeen",	    "healthStatus",
    "aadDeviceId", "lastIpAddress", "onboardingStatus",
    NULL};
static const char *const of_entra[] = {
    "displayName", "operatingSystem", "operatingSystemVersion",
    "trustType",   "accountEnabled",  "profileType",
    NULL};
static const char *const of_device_cve[] = {"cveId",
					    "cvssScore",
					    "vulnerabilitySeverityLevel",
					    "exploitabilityLevel",
					    "recommendationReference",
					    "recommendedSecurityUpdate",
					    "securityUpdateAvailable",
					    "firstSeenTimestamp",
					    NULL};
static const char *const of_cve[] = {"cvssV3", "cvssVector", "exploitInKit",
				     "publishedOn", NULL};
static const char *const of_software[] = {
    "softwareVersion", "softwareFirstSeenTimestamp",
    "softwareLastSeenTimestamp", "numberOfWeaknesses", NULL};

/* Could the first record be one of this feed? */
static bool fits(const struct ms_head *h, int feed)
{
	switch (feed) {
	case EP_MACHINES:
		return rec_has(h, "id") && !rec_has(h, "machineId") &&
		       (rec_has(h, "computerDnsName") ||
			rec_has(h, "osPlatform")) &&
		       rec_has_any(h, of_machine);
	case EP_ENTRA:
		return rec_has(h, "deviceId") && !rec_has(h, "softwareName") &&
		       !rec_has(h, "componentName") &&
		       (rec_has_any(h, of_entra) ||
			(rec_has(h, "manufacturer") && rec_has(h, "model")));
	case EP_SOFTWARE:
	case EP_NON_CPE:
		return rec_has(h, "deviceId") && rec_has(h, "softwareName") &&
		       !rec_has_any(h, of_device_cve) &&
		       rec_has_any(h, of_software);
	case EP_DEVICE_CVES:
		return rec_has(h, "deviceId") && rec_has(h, "softwareName") &&
		       rec_has_any(h, of_device_cve);
	case EP_CVES:
		return rec_has(h, "id") && !rec_has(h, "machineId") &&
		       !rec_has(h, "deviceId") && rec_has_any(h, of_cve);
	case EP_HARDWARE:
		return rec_has(h, "deviceId") && (rec_has(h, "componentName") ||
						  rec_has(h, "componentType"));
	default:
		return false;
	}
}

/* Without a name that tells. */
static int by_members(const struct ms_head *h)
{
	static const int order[] = {EP_MACHINES, EP_DEVICE_CVES, EP_SOFTWARE,
				    EP_HARDWARE, EP_CVES,	 EP_ENTRA};

	for (size_t i = 0; i < MST_LEN(order); i++) {
		if (!fits(h, order[i]))
			continue;
		if (order[i] == EP_SOFTWARE &&
		    rec_has(h, "softwareLastSeenTimestamp") &&
		    !rec_has(h, "softwareFirstSeenTimestamp"))
			return EP_NON_CPE;
		return order[i];
	}
	return NOTHING;
}

/* An empty list has no members; its context still says of what. */
static int by_context(struct mst_slice context)
{
	static const struct {
		const char *word;
		int feed;
	} words[] = {
	    {"#MachineReferences", NOTHING},
	    {"#Machines", EP_MACHINES},
	    {"#Vulnerabilities", EP_CVES},
	    {"#devices", EP_ENTRA},
	    {".AssetVulnerability", EP_DEVICE_CVES},
	    {".AssetSoftware", EP_SOFTWARE},
	    {".AssetNonCpeSoftware", EP_NON_CPE},
	    {".AssetHardwareFirmware", EP_HARDWARE},
	};

	for (size_t i = 0; i < MST_LEN(words); i++) {
		if (mst_slice_ifind(context, words[i].word))
			return words[i].feed;
	}
	return context.n ? NOTHING : MS_UNKNOWN;
}

/* ---- what the name says ------------------------------------------------- */

/* In this order: the longer names hold the shorter ones. NOTHING: a list that
 * only looks like one of ours. */
static const struct ms_word file_words[] = {
    {"machinesvulnerabilit", NOTHING},
    {"vulnerabilitychanges", NOTHING},
    {"vulnerabilitieschanges", NOTHING},
    {"manifest", NOTHING},
    {"logonusers", NOTHING},
    {"registereduser", NOTHING},
    {"registeredowner", NOTHING},
    {"noncpe", EP_NON_CPE},
    {"noproductcode", EP_NON_CPE},
    {"softwarevulnerabilit", EP_DEVICE_CVES},
    {"devicevulnerabilit", EP_DEVICE_CVES},
    {"assetvulnerabilit", EP_DEVICE_CVES},
    {"vulnerabilitiesbymachine", EP_DEVICE_CVES},
    {"vulnerabilitiesexport", EP_DEVICE_CVES},
    {"vaexport", EP_DEVICE_CVES},
    {"hardware", EP_HARDWARE},
    {"firmware", EP_HARDWARE},
    {"software", EP_SOFTWARE},
    {"vulnerabilit", EP_CVES},
    {"graphdevice", EP_ENTRA},
    {"entradevice", EP_ENTRA},
    {"aaddevice", EP_ENTRA},
    {"azureaddevice", EP_ENTRA},
    {"machine", EP_MACHINES},
    {NULL, 0},
};

/* A document that is neither records nor a list of them. */
static int without_records(const char *rel, const struct ms_head *h, int named,
			   struct mst_spoilt *sp)
{
	if (ms_keys_have(&h->top, "error"))
		return ms_spoilt(sp, named, false,
				 "is an error that was answered, not records");
	if (ms_keys_have(&h->top, "value") && named >= 0 && ms_json_name(rel))
		return ms_spoilt(
		    sp, named, true,
		    "has a 'value' that is no list: fetch it again");
	return NOTHING;
}

int ep_classify(const char *rel, struct mst_slice head, struct mst_spoilt *sp)
{
	int named = ms_feed_by_name(rel, file_words), feed;
	struct ms_head h;

	ms_head_look(&h, head);
	if (ms_keys_have(&h.top, "exportFiles"))
		return MST_FILE_ADDRESSES;
	if (named == NOTHING)
		return NOTHING;
	if (h.damage)
		return ms_json_name(rel) ? ms_spoilt(sp, named, true, h.damage)
					 : NOTHING;
	if (!h.list &&
	    (ms_keys_have(&h.top, "error") || ms_keys_have(&h.top, "value") ||
	     ms_keys_have(&h.top, "access_token")))
		return without_records(rel, &h, named, sp);
	if (!h.rec.n) { /* empty: a list or a file without records */
		feed = by_context(h.context);
		if (feed == MS_UNKNOWN)
			feed = named;
		return feed == MS_UNKNOWN ? NOTHING : feed;
	}
	if (named >= 0 && (fits(&h, named) || h.cut))
		return named;
	feed = by_members(&h);
	if (feed == NOTHING && named >= 0 && ms_json_name(rel) &&
	    by_context(h.context) != NOTHING)
		return ms_spoilt(sp, named, false,
				 "holds other records than its name says");
	return feed;
}
