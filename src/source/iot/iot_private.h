/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of this source share: the connection's settings, the numbers
 * of feeds and fields, the state of a read. See docs/internals/iot.md.
 */
#ifndef MST_SOURCE_IOT_PRIVATE_H
#define MST_SOURCE_IOT_PRIVATE_H

#include "base/map.h"
#include "rules/rules.h"
#include "source/iot/iot.h"
#include "source/iot/settings.h"

/* ---- options ------------------------------------------------------------ */

enum ot_way { OT_CONSOLE, OT_SENSOR };
#define OT_WAY_CHOICES "console|sensor"

enum ot_learning { OT_LEARNING_READ, OT_LEARNING_SKIP };
#define OT_LEARNING_CHOICES "read|skip"

/* Filled by ot_opts; the engine reads the first member. */
struct ot_conf {
	struct mst_source_common common;
	int read; /* enum ot_way */
	const char *url, *token;
	bool device_flags;
	int64_t page_size;
	int64_t alerts_days;
	/* Sensors whose devices and alerts are as if they were not there. */
	struct mst_opt_list sensors; /* none: all are wanted */
	int learning_sensors;	     /* enum ot_learning */
	const char *alias;
	struct mst_opt_list environments;
	struct ot_settings set; /* each overrides a rule (settings.h) */
};

extern const struct mst_opt ot_opts[];

/* ---- feeds and their fields --------------------------------------------- */

/* Sensors come first: they say which devices are asked for. */
enum ot_feed {
	OT_SENSORS,	    /* console only */
	OT_APPLIANCES,	    /* console only: joined to sensors */
	OT_DELETED_DEVICES, /* console only */
	OT_DEVICES,
	OT_DEVICE_FLAGS, /* console only: v1, joined to devices */
	OT_CONNECTIONS,
	OT_DEVICE_CVES, /* console: devices around OT_CVES; sensor: the rows */
	OT_ALERTS,
	OT_FIRMWARES, /* from here on in the lists of others */
	OT_ADDRESSES,
	OT_ADAPTERS,
	OT_SEEN, /* console only: a device and a sensor that sees it */
	OT_CVES, /* console only */
	OT__FEEDS
};

#define OT_BIT(feed) (1u << (feed))

/* The first field of every feed is its id, or the device that it is of: keys
 * and groups are taken from field 0. */
enum ot_sensor_field {
	OS_ID,
	OS_UID,
	OS_NAME,
	OS_ADDRESS,
	OS_STATE,
	OS_VERSION,
	OS_ALERTS,
	OS_DEVICES,
	OS_UNHANDLED,
	OS_ACTIVATED,
	OS_LEARNING,
	OS_INTELLIGENCE,
	OS_STAGE,
	OS_ZONE_ID,
	OS_ZONE, /* these two from OT_SEEN */
	OS_SITE,
	OS_CONNECTION, /* these two from OT_APPLIANCES */
	OS_UPGRADE,
	OS__N
};

enum ot_appliance_field { OP_ID, OP_STATE, OP_UPGRADE, OP__N };

enum ot_device_field {
	OD_ID,
	OD_NAME,
	OD_VENDOR,
	OD_SYSTEM,
	OD_TYPE, /* a text, or an object */
	OD_LAYER,
	OD_APPLIANCE,
	OD_SITE,
	OD_ZONE,
	OD_GROUPS,
	OD_FIRST,
	OD_ACTIVITY,
	OD_UPDATE,
	OD_IPS,
	OD_MACS,
	OD_PROTOCOLS,
	OD_VLANS,
	OD_SENSORS,
	OD_URL,
	OD_URLS,
	OD_AUTHORIZED, /* a sensor tells these; a console by OT_DEVICE_FLAGS */
	OD_SCANNER,
	OD_ENGINEERING,
	OD_DYNAMIC,
	OD_FIRMWARES,
	OD_SENSOR_1, /* names of the sensors that see it, from OT_SENSORS */
	OD_SENSOR_2,
	OD_SENSOR_3,
	OD_LEARNING_1, /* of the same */
	OD_LEARNING_2,
	OD_LEARNING_3,
	OD__N
};

enum ot_gone_field { OG_ID, OG__N };

enum ot_flag_field {
	OF_ID,
	OF_AUTHORIZED,
	OF_SCANNER,
	OF_ENGINEERING,
	OF_SENSOR,
	OF_ZONE,
	OF_SITE,
	OF__N
};

enum ot_firmware_field {
	OW_DEVICE,
	OW_DEVICE_NAME,
	OW_APPLIANCE,
	OW_ADDRESS,
	OW_MODULE,
	OW_SERIAL,
	OW_MODEL,
	OW_VERSION,
	OW_MORE,
	OW_RACK,
	OW_SLOT,
	OW__N
};

/* Of a console's address OA_IP, of a sensor's OA_TEXT has the text. */
enum ot_address_field { OA_DEVICE, OA_IP, OA_TEXT, OA_GUESSED, OA__N };

enum ot_adapter_field {
	OM_DEVICE,
	OM_MAC,
	OM_TEXT,
	OM_IPS, /* these two are the device's lists */
	OM_MACS,
	OM__N
};

enum ot_seen_field {
	OE_DEVICE,
	OE_SENSOR,
	OE_ZONE,
	OE_SITE,
	OE_NAME, /* these three from OT_SENSORS */
	OE_UID,
	OE_LEARNING,
	OE__N
};

enum ot_connection_field {
	ON_SRC,
	ON_DEST,
	ON_TYPE,
	ON_SRC_NAME, /* of a sensor: these two from OT_DEVICES */
	ON_DEST_NAME,
	ON_APPLIANCE,
	ON_DISCOVERED,
	ON_SEEN,
	ON_PORTS,
	ON_PROTOCOLS,
	ON__N
};

/* Of OT_CVES, and of OT_DEVICE_CVES. A sensor's rows have no device: it comes
 * by a join of OC_IP with OT_ADDRESSES. */
enum ot_cve_field {
	OC_DEVICE,
	OC_CVE,
	OC_IP,
	OC_SCORE,
	OC_VECTOR,
	OC_TEXT,
	OC__N
};

enum ot_alert_field {
	OL_ID,
	OL_UUID,
	OL_TIME,
	OL_TITLE,
	OL_MESSAGE,
	OL_SEVERITY,
	OL_ENGINE,
	OL_PROTOCOL,
	OL_CATEGORY,
	OL_SOURCE,
	OL_DESTINATION,
	OL_SOURCE_ADDRESS,
	OL_DESTINATION_ADDRESS,
	OL_MORE,
	OL_STEPS,
	OL_HANDLED,
	OL_SENSOR_ID,
	OL_SENSOR,
	OL_ZONE_ID,
	OL_ZONE,
	OL_SITE_ID,
	OL_SITE,
	OL__N
};

extern const struct mst_feed ot_feeds[OT__FEEDS];
extern const struct mst_catalog ot_catalog;

/* What the settings and the way of reading make of the catalogue. */
int ot_adapt(const void *conf, struct mst_derive *d, struct mst_err *err);

/* ---- reading ------------------------------------------------------------ */

#define OT_AUTH	    "api"  /* name of the credential */
#define OT_RESTARTS 3	   /* of a list, before its read is in doubt */
#define OT_TRIES    3	   /* of a page that came damaged */
#define OT_TOP	    100000 /* CVEs of an address that a sensor is asked for */
#define OT_WINDOW_US                                                           \
	(10 * 24 * 3600 * (int64_t)1000000) /* alerts in one answer */

/* Hashes of the ids of a list: 8 bytes each, in a table of twice the size. */
struct ot_ids {
	uint64_t *v;
	size_t n, cap;
};

/* ids.c: false when it is there already */
bool ot_ids_add(struct ot_ids *ids, uint64_t id);
void ot_ids_fini(struct ot_ids *ids);

/* A sensor as the console lists it. */
struct ot_sensor {
	char *id, *name; /* name: as it can be shown */
	bool learning, activated, connected;
	bool wanted;	 /* the settings do not leave it out */
	int64_t devices; /* that it sees, as the console counts them */
	uint64_t seen;	 /* devices of the list that tell that it sees them */
};

/* Records that say nothing of what may be there: no reason to remove it. */
struct ot_lacks {
	uint64_t ids;	/* they do not say which they are */
	uint64_t lists; /* a list in them is none, or has such records */
};

/* A feed is one list, or one for each sensor, or for each span of time. One
 * page is under way at a time, so that a list that moves is noticed. */
struct ot_read {
	unsigned feed;
	bool active, ended;
	bool scout;	 /* the sensors are asked for first */
	bool clocked;	 /* asked for again, because the clock there is late */
	bool one;	 /* only one device is wanted */
	bool alone;	 /* and it is asked for by its id */
	size_t at, n;	 /* the list that is read, of how many */
	size_t spans;	 /* of time, of each sensor */
	int64_t from_us; /* where the first span begins */

	/* of the list */
	bool waiting;
	bool anew;    /* what was kept of it is to be replaced */
	bool lenient; /* it was in doubt too often: whatever comes is taken */
	uint64_t seq; /* of the request under way */
	unsigned page, tries, restarts;
	int64_t size; /* records that a page is asked for */
	/* That there are, by the last and by the first page; -1: not said. */
	int64_t count, least;
	uint64_t rows, doubles;
	/* As it was when it was read before; doubles 0: it was not. */
	uint64_t before_rows, before_doubles;
	struct ot_ids seen;
	struct ot_lacks lacks;

	/* of all of them */
	uint64_t pages, records;
	struct ot_lacks all_lack;
	char doubt[200]; /* "" while there is none */
};

struct mst_source {
	char *connection;
	const struct ot_conf *conf;
	char *base;	       /* the address, without a slash at its end */
	char host[300];	       /* "host:port" where the token may go */
	const char *hosts[2];  /* the same as a list */
	struct mst_auth *auth; /* NULL: a folder */
	struct mst_json_parser *parser;
	uint64_t seq;
	int64_t since_us[OT__FEEDS];
	/* How far the far end's clock is behind ours, never above 0: for the
	 * feed that is read; by the last answer. */
	int64_t skew_us, date_skew_us;
	struct ot_read read;
	struct mst_proof proofs[OT__FEEDS];
	/* what the list of sensors said */
	bool sensors_known;
	struct ot_sensor *sensors;
	size_t sensors_n, sensors_cap;
	char *scope; /* of what is read of sensors, for mirrors */
	char *one;   /* the device that is asked for, or NULL */
};

static inline bool ot_console(const struct mst_source *s)
{
	return s->conf->read == OT_CONSOLE;
}

/* read.c: which request comes next */
void ot_since(struct mst_source *s, unsigned feed, int64_t since_us);
int ot_begin(struct mst_source *s, unsigned feed, const char *one,
	     struct mst_err *err);
int ot_next(struct mst_source *s, struct mst_req *req_r, struct mst_err *err);
/* Which lists the feed has, now that sensors or clocks are known. Before the
 * first of them is read. */
void ot_lists_set(struct mst_source *s);
/* The list from its first page on; what came of it does not count. */
void ot_list_again(struct ot_read *r);
/* Behind the last page of a list. */
void ot_list_next(struct ot_read *r);
void ot_read_clear(struct ot_read *r);
/* The first doubt is the one that is told. */
void ot_doubt(struct ot_read *r, const char *fmt, ...) MST_PRINTF(2, 3);

/* address.c: where each list is */
/* The sensor that the list is of, or NULL. */
const struct ot_sensor *ot_list_sensor(const struct mst_source *s);
void ot_address(const struct mst_source *s, struct mst_buf *url);
/* That of the list of sensors. */
void ot_sensors_address(const struct mst_source *s, struct mst_buf *url);
/* Is the feed read in pages, with a count? */
bool ot_paged(const struct mst_source *s, unsigned feed);
/* Is it read sensor by sensor? */
bool ot_by_sensor(const struct mst_source *s, unsigned feed);

/* answer.c: pages */
int ot_accept(struct mst_source *s, const struct mst_req *req,
	      const struct mst_resp *resp, struct mst_err *err);

/* records.c: what a page holds */
/* The list of records in the answer to the feed, and what it says of their
 * number (-1: nothing). False: err says why it is no such list. */
bool ot_records(const struct mst_source *s, unsigned feed, struct mst_json root,
		struct mst_json *list_r, int64_t *count_r, struct mst_err *err);
/* What tells records of a feed that is read in pages apart. */
uint64_t ot_record_id(unsigned feed, struct mst_json record);
/* Counts what the record of the feed lacks. */
void ot_note_lacks(const struct mst_source *s, unsigned feed,
		   struct mst_json record, struct ot_lacks *to);
/* Text of a member that may be a number, in buf; empty when it is neither. */
struct mst_slice ot_text_of(struct mst_json v, char buf[32]);

/* refuse.c: what an answer means that is none. what names the request. */
int ot_refuse(const struct mst_source *s, unsigned feed, const char *what,
	      const struct mst_resp *resp, struct mst_err *err);
/* Where a person makes tokens. */
extern const char ot_tokens_where[];
/* What the body of a refusal says, for people; "" when it says nothing. */
void ot_told(struct mst_json_parser *parser, const struct mst_resp *resp,
	     char *out, size_t n);

/* found.c: the sensors, for the lists behind them */
void ot_found_clear(struct mst_source *s);
void ot_found_sensor(struct mst_source *s, struct mst_json record);
/* They have all been found. MST_E_NOTFOUND: the settings leave none. */
int ot_found_end(struct mst_source *s, struct mst_err *err);
/* Do the settings leave sensors out? */
bool ot_leaves_out(const struct ot_conf *conf);
/* Is it one of those that are read? name, id: as its record has them. */
bool ot_sensor_wanted(const struct ot_conf *conf, struct mst_slice name,
		      struct mst_slice id, bool learning);
/* The device of the record is seen by sensors that are left out alone. */
bool ot_is_hidden(const struct mst_source *s, struct mst_json device);
/* Counts the device for the sensors that it says see it. */
void ot_found_device(struct mst_source *s, struct mst_json device);
/* The list of devices is read, from its beginning. */
void ot_found_no_devices(struct mst_source *s);
/* A sensor that no device told, though the console counts some and others are
 * told; or NULL. */
const struct ot_sensor *ot_found_idle(const struct mst_source *s);
/* Which sensors a mirror of the feed is of; NULL: it is read whole. */
const char *ot_scope(const struct mst_source *s, unsigned feed);

/* checks.c */
int ot_checks(struct mst_source *s, const struct mst_checks_env *env,
	      struct mst_checks **c_r, struct mst_err *err);

/* folder.c */
int ot_classify(const char *rel, struct mst_slice head, struct mst_spoilt *sp);

/* ---- text.c ----------------------------------------------------------------
 */

/* mst_source_ops.member_key: of CVE instances (what: the CVE). */
bool ot_member_key(const char *set, const char *connection,
		   struct mst_slice device, struct mst_slice what,
		   char out[33]);

#endif
