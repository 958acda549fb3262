/* SPDX-License-Identifier: Apache-2.0
 *
 * What a page holds: is it a list, is it the one that was asked for, and what
 * tells its records apart.
 */
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "source/iot/iot_private.h"
#include "source/microsoft/microsoft.h"

/* Members that records of a list have, and that those of other lists do not;
 * one of them will do. */
static const char *const *marks(const struct mst_source *s, unsigned feed)
{
	static const char *const of_console[OT__FEEDS][3] = {
	    [OT_SENSORS] = {"u_connection_state", "u_interface_address"},
	    [OT_APPLIANCES] = {"interfaceAddress", "isActivated"},
	    [OT_DELETED_DEVICES] = {"u_id", "id"},
	    [OT_DEVICES] = {"u_device_type", "u_ip_address_objects"},
	    [OT_DEVICE_FLAGS] = {"authorized", "engineeringStation"},
	    [OT_CONNECTIONS] = {"u_src_device_id", "u_dest_device_id"},
	    [OT_DEVICE_CVES] = {"u_cves"},
	    [OT_ALERTS] = {"severity", "title"},
	};
	static const char *const of_sensor[OT__FEEDS][3] = {
	    [OT_DEVICES] = {"macAddresses", "type"},
	    [OT_CONNECTIONS] = {"firstDeviceId", "secondDeviceId"},
	    [OT_DEVICE_CVES] = {"cveId"},
	    [OT_ALERTS] = {"severity", "title"},
	};

	return ot_console(s) ? of_console[feed] : of_sensor[feed];
}

static bool has_mark(const struct mst_source *s, unsigned feed,
		     struct mst_json e)
{
	const char *const *m = marks(s, feed);

	/* who is deleted has no name any more */
	if (feed == OT_DELETED_DEVICES &&
	    (mst_json_iget(e, "u_name").doc || mst_json_iget(e, "name").doc))
		return false;
	for (; *m; m++) {
		if (mst_json_iget(e, *m).doc)
			return true;
	}
	return false;
}

/* Objects, of the list that was asked for. */
static bool are_records(const struct mst_source *s, unsigned feed,
			struct mst_json list, struct mst_err *err)
{
	struct mst_json_iter it = mst_json_iter(list);
	bool marked = false;
	struct mst_json e;
	size_t n = 0;

	while (mst_json_next(&it, NULL, &e)) {
		n++;
		if (mst_json_type(e) != MST_JSON_OBJECT) {
			mst_err_set(err, MST_E_CORRUPT,
				    "record %zu is no object", n);
			return false;
		}
		marked = marked || has_mark(s, feed, e);
	}
	if (n && !marked)
		mst_err_set(err, MST_E_CORRUPT,
			    "none of its %zu records has '%s', so it is "
			    "another list",
			    n, *marks(s, feed));
	return !n || marked;
}

static void say_error(struct mst_json root, struct mst_err *err)
{
	struct mst_json error = mst_json_iget(root, "error");
	char text[160];

	if (mst_json_type(error) == MST_JSON_OBJECT)
		error = mst_json_iget(error, "userDisplayErrorMessage");
	ms_quote(mst_json_str(error), text, sizeof(text));
	mst_err_set(err, MST_E_CORRUPT, "an error came with status 200: '%s'",
		    text);
}

bool ot_records(const struct mst_source *s, unsigned feed, struct mst_json root,
		struct mst_json *list_r, int64_t *count_r, struct mst_err *err)
{
	const char *envelope =
	    ot_paged(s, feed) ? ot_feeds[feed].envelope : NULL;

	*count_r = -1;
	*list_r = root;
	if (mst_json_type(root) == MST_JSON_OBJECT &&
	    mst_json_iget(root, "error").doc) {
		say_error(root, err);
		return false;
	}
	if (envelope && mst_json_type(root) == MST_JSON_OBJECT) {
		*list_r = mst_json_iget(root, envelope);
		if (!mst_json_i64(mst_json_iget(root, "u_count"), count_r) ||
		    *count_r < 0)
			*count_r = -1;
	}
	if (mst_json_type(*list_r) != MST_JSON_ARRAY) {
		mst_err_set(err, MST_E_CORRUPT, "it is no list%s%s%s",
			    envelope ? " '" : "", envelope ? envelope : "",
			    envelope ? "'" : "");
		return false;
	}
	return are_records(s, feed, *list_r, err);
}

struct mst_slice ot_text_of(struct mst_json v, char buf[32])
{
	int64_t i;

	if (!v.doc)
		return mst_slice(NULL, 0);
	if (mst_json_type(v) == MST_JSON_STRING)
		return mst_slice_trim(mst_json_str(v));
	if (mst_json_type(v) != MST_JSON_INT || !mst_json_i64(v, &i))
		return mst_slice(NULL, 0);
	return mst_slice(buf, (size_t)snprintf(buf, 32, "%lld", (long long)i));
}

uint64_t ot_record_id(unsigned feed, struct mst_json record)
{
	static const char *const ids[] = {"u_id", NULL};
	static const char *const ends[] = {
	    "u_src_device_id", "u_dest_device_id", "u_connection_type", NULL};
	const char *const *names = feed == OT_CONNECTIONS ? ends : ids;
	uint64_t id = 0;

	for (; *names; names++) {
		char buf[32];
		struct mst_slice t =
		    ot_text_of(mst_json_iget(record, *names), buf);

		id = mst_hash64(t.p ? t.p : "", t.n, id + 1);
	}
	return id;
}

/* ---- what records lack --------------------------------------------------- */

#define IDS_MAX 3

/* Members that say which record it is, all of them; of each the spellings.
 * None where nothing is missed without the record. */
static const char *const *ids_of(const struct mst_source *s, unsigned feed)
{
	static const char *const of_console[OT__FEEDS][IDS_MAX + 1] = {
	    [OT_SENSORS] = {"u_id"},
	    [OT_DELETED_DEVICES] = {"u_id|id"},
	    [OT_DEVICES] = {"u_id"},
	    [OT_CONNECTIONS] = {"u_src_device_id", "u_dest_device_id"},
	    [OT_DEVICE_CVES] = {"u_id"},
	};
	static const char *const of_sensor[OT__FEEDS][IDS_MAX + 1] = {
	    [OT_DEVICES] = {"id"},
	    [OT_CONNECTIONS] = {"firstDeviceId", "secondDeviceId"},
	    [OT_DEVICE_CVES] = {"cveId", "ipAddress|u_ip_address|u_address"},
	};

	return ot_console(s) ? of_console[feed] : of_sensor[feed];
}

static bool says(struct mst_json record, const char *names, bool zero)
{
	for (const char *at = names; *at;) {
		size_t n = strcspn(at, "|");
		char name[32], buf[32];
		struct mst_slice t;

		(void)snprintf(name, sizeof(name), "%.*s", (int)n, at);
		t = ot_text_of(mst_json_iget(record, name), buf);
		if (t.n && !mst_slice_iis(t, "N/A") &&
		    (zero || !mst_slice_is(t, "0")))
			return true;
		at += n + (at[n] == '|');
	}
	return false;
}

/* 0 is no device's id, but a connection may well go to nobody's. */
static bool has_id(const struct mst_source *s, unsigned feed,
		   struct mst_json record)
{
	const char *const *id = ids_of(s, feed);

	for (; *id; id++) {
		if (!says(record, *id, feed == OT_CONNECTIONS))
			return false;
	}
	return true;
}

/* A list with a CVE that has no id is missing one, too. */
static bool has_cves(struct mst_json record)
{
	struct mst_json list = mst_json_iget(record, "u_cves");
	struct mst_json_iter it = mst_json_iter(list);
	struct mst_json e;

	if (mst_json_type(list) != MST_JSON_ARRAY)
		return false;
	while (mst_json_next(&it, NULL, &e)) {
		if (!says(e, "u_cve_id|cveId", true))
			return false;
	}
	return true;
}

/* No page of v3 says that a list may be null, as those of v1 do: who has none
 * has an empty one. A member that is not there at all is one that this version
 * does not know. */
static bool has_lists(struct mst_json record)
{
	static const char *const lists[] = {"u_ip_address_objects",
					    "u_mac_address_objects",
					    "u_sensor_ids", "u_firmwares"};

	for (size_t i = 0; i < MST_LEN(lists); i++) {
		struct mst_json list = mst_json_iget(record, lists[i]);

		if (list.doc && mst_json_type(list) != MST_JSON_ARRAY)
			return false;
	}
	return true;
}

void ot_note_lacks(const struct mst_source *s, unsigned feed,
		   struct mst_json record, struct ot_lacks *to)
{
	if (!has_id(s, feed, record))
		to->ids++;
	else if (ot_console(s) &&
		 ((feed == OT_DEVICES && !has_lists(record)) ||
		  (feed == OT_DEVICE_CVES && !has_cves(record))))
		to->lists++;
}
