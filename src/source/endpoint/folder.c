/* SPDX-License-Identifier: Apache-2.0
 *
 * Which feed does a file hold that a person put into a folder? Its name and
 * the folders above it are a hint; the members of its first record decide, as
 * far as they can be seen, because names are given freely ("machines" is part
 * of the name of a dozen other lists).
 */
#include "source/endpoint/endpoint_private.h"

#define KEYS_MAX  64
#define NAME_MAX_ 128

enum { NOTHING = -1, FILE_LIST = -2, UNKNOWN = -3 };

/* ---- a look at the beginning of JSON ------------------------------------ */

/* Members seen without parsing the whole: head may end anywhere. */
struct look {
	struct mst_slice s;
	size_t at;
	struct mst_slice top[KEYS_MAX]; /* of the document */
	struct mst_slice rec[KEYS_MAX]; /* of the first record */
	size_t top_n, rec_n;
	struct mst_slice context; /* text of @odata.context */
	bool value_list;	  /* "value" is a list */
	bool cut;		  /* the head ended within the first record */
	bool broken;		  /* this is no JSON */
};

static bool more(struct look *l)
{
	while (l->at < l->s.n) {
		char c = l->s.p[l->at];

		if (c != ' ' && c != '\t' && c != '\n' && c != '\r')
			return true;
		l->at++;
	}
	return false;
}

/* The next non-blank byte, 0 at the end. */
static char peek(struct look *l)
{
	return more(l) ? l->s.p[l->at] : 0;
}

/* Between the quotes, escapes left as they are. */
static struct mst_slice take_string(struct look *l)
{
	size_t from = ++l->at;

	while (l->at < l->s.n && l->s.p[l->at] != '"')
		l->at += l->s.p[l->at] == '\\' ? 2 : 1;
	if (l->at >= l->s.n) {
		l->at = l->s.n;
		return (struct mst_slice){NULL, 0};
	}
	return mst_slice(l->s.p + from, l->at++ - from);
}

/* Passes over one value of any kind. */
static void pass_value(struct look *l)
{
	unsigned depth = 0;

	while (more(l)) {
		char c = l->s.p[l->at];

		if (c == '"') {
			(void)take_string(l);
		} else if (c == '{' || c == '[') {
			depth++;
			l->at++;
		} else if (c == '}' || c == ']') {
			if (depth == 0)
				return;
			depth--;
			l->at++;
		} else if (c == ',' && depth == 0) {
			return;
		} else {
			l->at++;
			continue; /* within a number or a word */
		}
		if (depth == 0)
			return;
	}
}

static void add_key(struct mst_slice *keys, size_t *n, struct mst_slice key)
{
	if (*n < KEYS_MAX)
		keys[(*n)++] = key;
}

/* Members of an object; l->at is on its brace. At the top, lists named
 * "value" are gone into. False when the head ended before the object did. */
static bool look_object(struct look *l, bool top);

static void look_value_list(struct look *l)
{
	l->value_list = true;
	l->at++;
	if (peek(l) == '{' && !l->rec_n && !look_object(l, false))
		l->cut = true;
	/* to the end of the list */
	while (peek(l) && peek(l) != ']') {
		if (peek(l) == ',') {
			l->at++;
		} else if (peek(l) == '}') {
			/* Nothing of the list: it would be looked at for
			 * ever. */
			l->broken = true;
			return;
		} else {
			pass_value(l);
		}
	}
	if (l->at < l->s.n)
		l->at++;
}

static void look_member(struct look *l, struct mst_slice key, bool top)
{
	if (top && mst_slice_iis(key, "value") && peek(l) == '[')
		look_value_list(l);
	else if (top && mst_slice_iis(key, "@odata.context") && peek(l) == '"')
		l->context = take_string(l);
	else
		pass_value(l);
}

static bool look_object(struct look *l, bool top)
{
	struct mst_slice key;

	l->at++;
	for (;;) {
		char c = peek(l);

		if (c == '}') {
			l->at++;
			return true;
		}
		if (c == ',') {
			l->at++;
			continue;
		}
		if (c != '"') {
			l->broken = l->broken || c != 0;
			return false;
		}
		key = take_string(l);
		if (!key.p || peek(l) != ':') {
			l->broken = l->broken || (key.p && peek(l));
			return false;
		}
		l->at++;
		if (top)
			add_key(l->top, &l->top_n, key);
		else
			add_key(l->rec, &l->rec_n, key);
		look_member(l, key, top);
	}
}

static void look_at(struct look *l, struct mst_slice head)
{
	*l = (struct look){.s = head};
	if (head.n >= 3 && memcmp(head.p, "\xef\xbb\xbf", 3) == 0)
		l->at = 3;
	if (peek(l) == '[') { /* a bare list of records */
		look_value_list(l);
		return;
	}
	if (peek(l) != '{') {
		l->broken = l->at < head.n;
		return;
	}
	l->cut = !look_object(l, true);
	if (!l->value_list) { /* a line, or a bare record */
		memcpy(l->rec, l->top, sizeof(l->rec));
		l->rec_n = l->top_n;
	}
}

static bool has(const struct mst_slice *keys, size_t n, const char *key)
{
	for (size_t i = 0; i < n; i++) {
		if (mst_slice_iis(keys[i], key))
			return true;
	}
	return false;
}

static bool rec_has(const struct look *l, const char *key)
{
	return has(l->rec, l->rec_n, key);
}

static bool rec_has_any(const struct look *l, const char *const *keys)
{
	for (; *keys; keys++) {
		if (rec_has(l, *keys))
			return true;
	}
	return false;
}

/* ---- what the members say ----------------------------------------------- */

static const char *const of_machine[] = {
    "lastSeen",	   "firstSeen",	    "healthStatus",
    "aadDeviceId", "lastIpAddress", "onboardingStatus",
    NULL};
static const char *const of_entra[] = {
    "displayName", "operatingSystem", "operatingSystemVersion",
    "trustType",   "accountEnabled",  "profileType",
    NULL};
static const char *const of_device_cve[] = {"cveId", "cvssScore",
					    "vulnerabilitySeverityLevel",
					    "exploitabilityLevel", NULL};
static const char *const of_cve[] = {"cvssV3", "cvssVector", "exploitInKit",
				     "publishedOn", NULL};
static const char *const of_software[] = {
    "softwareVersion", "softwareFirstSeenTimestamp",
    "softwareLastSeenTimestamp", "numberOfWeaknesses", NULL};

/* Could the first record be one of this feed? */
static bool fits(const struct look *l, int feed)
{
	switch (feed) {
	case EP_MACHINES:
		return rec_has(l, "id") && rec_has(l, "computerDnsName") &&
		       !rec_has(l, "machineId") && rec_has_any(l, of_machine);
	case EP_ENTRA:
		return rec_has(l, "deviceId") && !rec_has(l, "softwareName") &&
		       !rec_has(l, "componentName") &&
		       (rec_has_any(l, of_entra) ||
			(rec_has(l, "manufacturer") && rec_has(l, "model")));
	case EP_SOFTWARE:
	case EP_NON_CPE:
		return rec_has(l, "deviceId") && rec_has(l, "softwareName") &&
		       !rec_has_any(l, of_device_cve) &&
		       rec_has_any(l, of_software);
	case EP_DEVICE_CVES:
		return rec_has(l, "deviceId") && rec_has(l, "softwareName") &&
		       rec_has_any(l, of_device_cve);
	case EP_CVES:
		return rec_has(l, "id") && !rec_has(l, "machineId") &&
		       !rec_has(l, "deviceId") && rec_has_any(l, of_cve);
	case EP_HARDWARE:
		return rec_has(l, "deviceId") && (rec_has(l, "componentName") ||
						  rec_has(l, "componentType"));
	default:
		return false;
	}
}

/* Without a name that tells. */
static int by_members(const struct look *l)
{
	static const int order[] = {EP_MACHINES, EP_DEVICE_CVES, EP_SOFTWARE,
				    EP_HARDWARE, EP_CVES,	 EP_ENTRA};

	for (size_t i = 0; i < MST_LEN(order); i++) {
		if (!fits(l, order[i]))
			continue;
		if (order[i] == EP_SOFTWARE &&
		    rec_has(l, "softwareLastSeenTimestamp") &&
		    !rec_has(l, "softwareFirstSeenTimestamp"))
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
	return context.n ? NOTHING : UNKNOWN;
}

/* ---- what the name says ------------------------------------------------- */

/* Letters only, lower case: "SoftwareInventory-NonCpe_01" and
 * "software_inventory_noncpe" are one name. */
static void letters(struct mst_slice s, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n && n + 1 < NAME_MAX_; i++) {
		char c = (char)(s.p[i] | 0x20);

		if (c >= 'a' && c <= 'z')
			out[n++] = c;
	}
	out[n] = 0;
}

static int by_word(struct mst_slice part)
{
	/* In this order: the longer names hold the shorter ones. NOTHING: a
	 * list that only looks like one of ours. */
	static const struct {
		const char *word;
		int feed;
	} words[] = {
	    {"machinesvulnerabilit", NOTHING},
	    {"vulnerabilitychanges", NOTHING},
	    {"vulnerabilitieschanges", NOTHING},
	    {"manifest", NOTHING},
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
	};
	char name[NAME_MAX_];

	letters(part, name);
	for (size_t i = 0; i < MST_LEN(words); i++) {
		if (strstr(name, words[i].word))
			return words[i].feed;
	}
	return UNKNOWN;
}

/* The file's own name first, then the nearest folder that says something. */
static int by_name(const char *rel)
{
	size_t end = strlen(rel);
	int feed = UNKNOWN;

	while (end > 0 && feed == UNKNOWN) {
		size_t from = end;

		while (from > 0 && rel[from - 1] != '/')
			from--;
		feed = by_word(mst_slice(rel + from, end - from));
		end = from ? from - 1 : 0;
	}
	return feed;
}

int ep_classify(const char *rel, struct mst_slice head)
{
	int named = by_name(rel), feed;
	struct look l;

	look_at(&l, head);
	if (has(l.top, l.top_n, "exportFiles"))
		return FILE_LIST;
	if (l.broken || named == NOTHING)
		return NOTHING;
	if (!l.value_list &&
	    (has(l.top, l.top_n, "error") || has(l.top, l.top_n, "value") ||
	     has(l.top, l.top_n, "access_token")))
		return NOTHING;
	if (!l.rec_n) { /* empty: a list or a file without records */
		feed = by_context(l.context);
		if (feed == UNKNOWN)
			feed = named;
		return feed == UNKNOWN ? NOTHING : feed;
	}
	if (named >= 0 && (fits(&l, named) || l.cut))
		return named;
	return by_members(&l);
}
