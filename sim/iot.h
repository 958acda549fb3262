/* SPDX-License-Identifier: Apache-2.0
 *
 * The simulated plant of Defender for IoT: sites, zones, sensors, what they
 * see, and a management console over them (docs/internals/sim-iot.md).
 * Everything of the plant follows from the seed and the steps that were taken;
 * devices are stored (some 100 bytes each), their texts, connections and CVEs
 * are worked out each time they are asked for. Devices, connections, CVEs and
 * alerts by hand are stored whole.
 *
 * Times are those of the simulator's clock: what a step changes was changed
 * when the step was taken, so that "updated after" means what it says.
 */
#ifndef MST_SIM_IOT_H
#define MST_SIM_IOT_H

#include "base/map.h"
#include "sim/estate.h"
#include "sim/private.h"

#define IOT_MAX_IPS	  8
#define IOT_MAX_PROTOCOLS 8
#define IOT_MAX_FIRMWARES 8
#define IOT_MAX_CVES	  256 /* of one device */
#define IOT_MAX_TOKENS	  128
#define IOT_MAX_WINDOWS	  256
#define IOT_EVENTS	  1024	  /* a sensor remembers */
#define IOT_SECOND	  1000000 /* ids of devices that a second sensor sees */

struct iot_type {
	const char *name, *category, *layer;
	unsigned weight; /* how many of 1,000 devices, about */
};

extern const struct iot_type iot_types[];
extern const size_t iot_types_n;

struct iot_title {
	const char *engine, *severity, *title;
};

extern const struct iot_title iot_titles[];
extern const size_t iot_titles_n;

struct iot_firmware {
	const char *address, *module, *serial, *model, *version, *more;
	const char *rack, *slot; /* NULL everywhere: not known */
};

struct iot_cve {
	const char *id, *vector, *text; /* vector: "NETWORK" */
	double score;
	const char *ip; /* NULL: the device's first */
};

/* What a device shows now. Texts live in the arena that it was made with. */
struct iot_facts {
	const char *name, *vendor, *os; /* NULL: null, and "" for v3's system */
	const char *type, *category, *layer, *own_layer; /* own: of a user */
	const char *ips[IOT_MAX_IPS], *guessed[IOT_MAX_IPS]; /* MAC or NULL */
	const char *macs[IOT_MAX_IPS];
	const char *vlans[IOT_MAX_IPS], *groups[IOT_MAX_IPS];
	const char *protocols[IOT_MAX_PROTOCOLS];
	unsigned ips_n, macs_n, vlans_n, groups_n, protocols_n, firmwares_n;
	struct iot_firmware firmwares[IOT_MAX_FIRMWARES];
	bool authorized, scanner, engineering, dynamic;
	struct iot_cve *cves; /* by hand only, see iot_cves */
	unsigned cves_n;
};

struct iot_device {
	uint64_t h;	   /* its own random */
	int64_t id;	   /* at the console */
	int64_t sensor_id; /* at its first sensor */
	int64_t first_us, activity_us, update_us;
	int64_t gone_us;  /* 0: it is there */
	int64_t links_us; /* when a connection of it changed */
	uint32_t n;
	uint32_t rank;		 /* among the first devices of its sensor */
	uint32_t links;		 /* connections that start here */
	uint16_t changes, fixes; /* how often it and its CVEs changed */
	uint8_t sensor, second;	 /* numbers from 1; second 0: none */
	uint8_t type;
	bool link_changed;
	struct iot_facts *hand; /* or NULL */
};

struct iot_connection {
	const struct iot_device *src, *dst;
	const char *type; /* "Two Way" */
	int64_t discovered_us, seen_us, update_us;
	uint64_t h;
	const char *protocol; /* as in a list of devices; by hand: or NULL */
	int port;
};

struct iot_link {	  /* by hand */
	int64_t src, dst; /* ids at the console */
	const char *type, *protocol;
	int port;
	int64_t at_us;
	bool gone;
};

struct iot_alert {
	int64_t id;	   /* at the console */
	int64_t sensor_id; /* at the sensor: repeats between them */
	int64_t time_us, handled_us;
	int32_t src, dst; /* device index or -1 */
	uint16_t title;	  /* iot_titles_n: by hand, see own */
	uint8_t sensor;
	bool handled, learned;
	const struct iot_own_alert *own;
};

struct iot_own_alert {
	struct iot_title title;
	const char *uuid, *message, *protocol, *group; /* NULL: as usual */
	const char *information[8];
	unsigned information_n;
};

enum iot_state { IOT_SYNCED, IOT_OUT_OF_SYNC, IOT_TIME_DIFF, IOT_DISCONNECTED };

struct iot_event {
	int64_t time_us;
	uint16_t type;
	const char *content, *owner;
};

struct iot_sensor {
	unsigned n; /* its id, from 1 */
	char name[64], version[32], uid[37], stage[48], intelligence[24];
	unsigned site, zone; /* 0: none */
	enum iot_state state;
	bool learning, activated;
	int64_t upgrade_us, upgraded_us; /* 0: none */
	uint32_t first_n;		 /* its devices at the start */
	int64_t next_device, next_alert;
	struct iot_event events[IOT_EVENTS]; /* a ring */
	size_t events_n;
};

struct iot_token {
	char token[80], name[64];
	unsigned sensor; /* 0: the console */
	int64_t used_us; /* 0: never */
	bool revoked;
};

struct iot_account {
	unsigned sensor;
	char user[64], password[80];
	bool admin;
};

/* An alert exclusion by the API, or what the log says of it. */
struct iot_window {
	int64_t id, at_us, until_us;
	char ticket[80], token[64];
	const char *engines, *sensors, *subnets; /* JSON arrays, or NULL */
	int64_t ttl;
	bool open;
};

struct iot_log {
	struct iot_window w; /* as it was then */
	const char *operation;
};

struct iot_cached {
	int64_t at_us;
	char *body;
};

struct sim_iot {
	uint64_t seed;
	uint32_t wanted;      /* devices at the start */
	uint64_t connections; /* about */
	unsigned per_day;     /* alerts */
	unsigned day;
	uint64_t generation; /* raised by every change */
	bool uuids; /* APIs and webhooks tell UUIDs; the documents have none */
	int64_t start_us;
	struct mst_arena arena; /* texts by hand */
	struct iot_sensor *sensors;
	unsigned sensors_n;
	struct iot_device *devices;
	size_t devices_n, devices_cap;
	struct mst_map by_id; /* console id → device index + 1 */
	struct mst_arena keys;
	int64_t next_id;
	struct iot_link *links;
	size_t links_n;
	struct iot_alert *alerts;
	size_t alerts_n, alerts_cap;
	int64_t suppressed; /* by learning and windows */
	struct mst_map learned;
	double rate;	    /* alerts a second, raised as time goes by */
	int64_t rate_us;    /* since when */
	uint64_t rate_done; /* of those that were due since then */
	struct iot_token tokens[IOT_MAX_TOKENS];
	size_t tokens_n;
	struct iot_account accounts[256];
	size_t accounts_n;
	struct iot_window windows[IOT_MAX_WINDOWS];
	size_t windows_n;
	struct iot_log *log;
	size_t log_n;
	struct mst_map cache; /* answers of events: query → iot_cached */
	struct {	      /* where the last page of connections ended */
		uint64_t generation, at, count;
		int64_t since_us;
		uint32_t device, k;
	} page;
};

/* ---- iot.c ------------------------------------------------------------- */
/* A plant as the configuration says, at this time. */
struct sim_iot *sim_iot_new(const struct mst_sim_conf *conf, int64_t now_us);
void sim_iot_free(struct sim_iot **iot);
/* One request to the console (host iot) or a sensor. */
void sim_iot_serve(struct mst_sim *sim, const struct sim_request *r,
		   struct sim_reply *reply);
/* A step, as sim_op has it: {"do":"devices","body":{…}}. */
int sim_iot_step(struct sim_iot *iot, struct mst_slice json, int64_t at_us,
		 struct mst_err *err);
/* Below /_sim/iot/. */
void sim_iot_control(struct mst_sim *sim, const struct sim_request *r,
		     struct mst_json body, struct sim_reply *reply);
/* Runs and keeps a step; json: the body, or NULL. */
int iot_step(struct mst_sim *sim, const char *what, struct mst_slice body,
	     struct mst_err *err);
/* Keeps one that was taken already, for the state file. */
void iot_keep(struct mst_sim *sim, const char *what, struct mst_slice body);
/* {"error":"…"}, with the status. */
void iot_error(struct sim_reply *reply, int status, const char *fmt, ...)
    MST_PRINTF(3, 4);
struct iot_sensor *iot_sensor(struct sim_iot *iot, int64_t n);
/* Milliseconds, as all APIs have them. */
int64_t iot_ms(int64_t us);
/* A number of the query, or what is usual when it is not there or no number. */
int64_t iot_query(const struct sim_request *r, const char *name, int64_t usual);
/* Is n in the comma list of the query? True when there is no list. */
bool iot_listed(const struct sim_request *r, const char *name, int64_t n);
void iot_key_i64(struct mst_jout *j, const char *key, int64_t n, bool null);

/* ---- iot_plant.c, iot_facts.c ------------------------------------------- */
struct iot_device *iot_device_add(struct sim_iot *iot, unsigned sensor,
				  int64_t id, int64_t at_us);
struct iot_device *iot_device_by_id(struct sim_iot *iot, int64_t id);
/* By the id that the sensor shows; NULL: none. */
struct iot_device *iot_device_at(struct sim_iot *iot, unsigned sensor,
				 int64_t id);
void iot_plant_make(struct sim_iot *iot, const struct mst_sim_conf *conf,
		    int64_t now_us);
bool iot_seen_by(const struct iot_device *d, unsigned sensor);
/* The id at this sensor; 0: it does not see the device. */
int64_t iot_id_at(const struct iot_device *d, unsigned sensor);
void iot_facts(const struct iot_device *d, struct mst_arena *a,
	       struct iot_facts *f_r);
/* Type, name, first address of each kind, protocols, and no more. */
void iot_brief(const struct iot_device *d, struct mst_arena *a,
	       struct iot_facts *f_r);
bool iot_has_cves(const struct iot_device *d);
/* By score, the highest first; the number. */
unsigned iot_cves(const struct iot_device *d, struct iot_cve out[IOT_MAX_CVES]);
/* Every connection that there is; fn returns false to stop. Starts at the
 * device and link of *device, *k, and leaves them where it stopped. */
void iot_connections(struct sim_iot *iot, uint32_t *device, uint32_t *k,
		     bool (*fn)(void *ctx, const struct iot_connection *c),
		     void *ctx);
const char *iot_site_name(unsigned site);
const char *iot_zone_name(unsigned zone);

/* ---- iot_day.c ---------------------------------------------------------- */
void sim_iot_day(struct sim_iot *iot, unsigned day, int64_t at_us);

/* ---- iot_alerts.c, iot_alerts_out.c -------------------------------------- */
/* NULL: a rule or a window keeps it away. title NULL: one from the seed, as
 * are devices (NULL) unless own is given. */
struct iot_alert *iot_raise(struct sim_iot *iot, int64_t time_us,
			    unsigned sensor, int title,
			    const struct iot_own_alert *own, int64_t src,
			    int64_t dst);
/* Any alert, from the seed. */
struct iot_alert *iot_raise_any(struct sim_iot *iot, int64_t time_us);
/* What the rate raised until now. */
void iot_catch_up(struct sim_iot *iot, int64_t now_us);
const struct iot_title *iot_alert_title(const struct iot_alert *a);
const char *iot_alert_group(const struct iot_alert *a);
void iot_alert_uuid(const struct sim_iot *iot, const struct iot_alert *a,
		    char out[80]);
struct iot_alert *iot_alert_by_uuid(struct sim_iot *iot, const char *uuid);
/* What the PUT of the console answers; the status is 200 or 500. */
const char *iot_alert_handle(struct sim_iot *iot, struct mst_slice uuid,
			     struct mst_slice action, int64_t at_us,
			     int *status_r);
enum iot_form { IOT_SENSOR_API, IOT_CONSOLE_API, IOT_WEBHOOK, IOT_WEBHOOK_EXT };
/* version: 1 or 2, of the APIs. */
void iot_alert_json(const struct sim_iot *iot, const struct iot_alert *a,
		    enum iot_form form, int version, struct mst_arena *arena,
		    struct mst_jout *j);
void iot_alert_message(const struct sim_iot *iot, const struct iot_alert *a,
		       struct mst_arena *arena, const char **message_r,
		       const char **protocol_r);
void iot_alerts_serve(struct sim_iot *iot, const struct sim_request *r,
		      unsigned sensor, int version, struct sim_reply *reply);
/* Syslog: "text", "object", "cef", "leef"; false: no such form. The line has
 * its header and no line end. */
bool iot_alert_line(const struct sim_iot *iot, const struct iot_alert *a,
		    const char *form, int64_t now_us, struct mst_arena *arena,
		    struct mst_buf *out);

/* ---- iot_v3.c, iot_rows.c, iot_reports.c, iot_events.c ------------------- */
void iot_v3_serve(struct mst_sim *sim, const struct sim_request *r,
		  const char *path, struct sim_reply *reply);
void iot_rows_devices(struct sim_iot *iot, const struct sim_request *r,
		      unsigned sensor, struct sim_reply *reply);
void iot_rows_connections(struct sim_iot *iot, const struct sim_request *r,
			  unsigned sensor, int64_t device,
			  struct sim_reply *reply);
void iot_rows_cves(struct sim_iot *iot, const struct sim_request *r,
		   unsigned sensor, const char *ip, struct sim_reply *reply);
void iot_rows_appliances(struct mst_sim *sim, const struct sim_request *r,
			 struct sim_reply *reply);
/* False: there is no such report. */
bool iot_reports_serve(struct sim_iot *iot, unsigned sensor, const char *name,
		       struct sim_reply *reply);
void iot_event(struct sim_iot *iot, unsigned sensor, int64_t time_us,
	       const char *type, const char *content, const char *owner);
/* One of each type, in the three days before. */
void iot_events_make(struct sim_iot *iot, unsigned sensor, int64_t now_us);
void iot_events_serve(struct sim_iot *iot, const struct sim_request *r,
		      unsigned sensor, struct sim_reply *reply);
void iot_counts(const struct sim_iot *iot, unsigned sensor, int64_t *devices_r,
		int64_t *alerts_r, int64_t *open_r);

/* ---- iot_auth.c, iot_window.c -------------------------------------------- */
void iot_auth_make(struct sim_iot *iot);
/* The token's name, or NULL and the refusal is written. */
const char *iot_authorised(struct sim_iot *iot, const struct sim_request *r,
			   unsigned sensor, struct sim_reply *reply);
/* /authentication/<what> */
void iot_auth_serve(struct mst_sim *sim, const struct sim_request *r,
		    unsigned sensor, const char *what, struct sim_reply *reply);
int iot_token_step(struct sim_iot *iot, struct mst_json body, bool revoke,
		   struct mst_err *err);
int iot_password_step(struct sim_iot *iot, struct mst_json body,
		      struct mst_err *err);
void iot_window_serve(struct mst_sim *sim, const struct sim_request *r,
		      const char *token, struct sim_reply *reply);
int iot_window_step(struct sim_iot *iot, struct mst_json body, int64_t at_us,
		    struct mst_err *err);
/* Is an alert kept away by an open window? */
bool iot_window_hides(const struct sim_iot *iot, const struct iot_title *title,
		      unsigned sensor, const char *ip, int64_t at_us);

/* ---- iot_hand.c, iot_send.c ---------------------------------------------- */
int iot_hand_step(struct sim_iot *iot, const char *what, struct mst_json body,
		  int64_t at_us, struct mst_err *err);
/* POST, GET, DELETE /_sim/iot/send; lock held. */
void iot_send_control(struct mst_sim *sim, const struct sim_request *r,
		      struct mst_json body, struct sim_reply *reply);
/* Ends all senders and waits for them; lock NOT held. */
void sim_iot_send_stop(struct mst_sim *sim);

#endif
