/* SPDX-License-Identifier: Apache-2.0
 *
 * What the rules of this source are made of: its ops and filters, and what they
 * share.
 */
#ifndef MST_SOURCE_IOT_OPS_H
#define MST_SOURCE_IOT_OPS_H

#include "source/iot/classes.h"
#include "source/iot/iot_private.h"
#include "source/microsoft/text.h"

static inline const struct ot_conf *ot_conf_of(const struct mst_rule_ctx *ctx)
{
	return mst_rule_conf(ctx);
}

/* ---- text.c: texts, lists, keys ------------------------------------------ */

/* "N/A" and nothing at all mean that it is not known. */
bool ot_says_nothing(struct mst_slice s);
/* Text of a field, trimmed; empty when it says nothing. */
struct mst_slice ot_clean(struct mst_rule_ctx *ctx, const struct mst_value *v,
			  unsigned field);
/* Text of an element of a list: itself, or its member of this name (another
 * spelling behind it, or NULL); numbers too. Empty when it says nothing. */
struct mst_slice ot_element(struct mst_rule_ctx *ctx, struct mst_json e,
			    const char *member, const char *other);

/* Texts, in scratch. */
struct ot_words {
	struct mst_slice *v;
	size_t n, cap;
};

void ot_words_add(struct mst_rule_ctx *ctx, struct ot_words *w,
		  struct mst_slice s);
/* The elements of the list in a field that say something. */
void ot_words_of(struct mst_rule_ctx *ctx, const struct mst_value *list,
		 const char *member, const char *other, struct ot_words *w);
/* Sorted, each once, ", " between them, as many whole ones as max bytes hold.
 * Returns as an op does. */
int ot_words_join(struct mst_rule_ctx *ctx, struct ot_words *w, size_t max,
		  struct mst_slice *out_r);

/* Text of an id; empty where it is 0, false or not there. */
struct mst_slice ot_id(struct mst_rule_ctx *ctx, const struct mst_value *v,
		       unsigned field);
/* "CONNECTION/" and each part, "/" between them. */
struct mst_slice ot_key(struct mst_rule_ctx *ctx, struct mst_slice a,
			struct mst_slice b);
/* 32 hex digits over the connection and the parts. */
struct mst_slice ot_digest(struct mst_rule_ctx *ctx,
			   const struct mst_slice *parts, size_t n);

/* arg of ot_op_words */
struct ot_list {
	const char *member, *other;
	size_t max; /* bytes of the column */
};

MS_OP(ot_op_text);	 /* as ot_clean */
MS_OP(ot_op_id);	 /* as ot_id */
MS_OP(ot_op_words);	 /* arg: struct ot_list */
MS_OP(ot_op_connection); /* name of the connection */
MS_OP(ot_op_key);	 /* of the device whose id is in the field */
MS_OP(ot_op_sensor_key); /* of the sensor whose id is in the field */
MS_OP(ot_op_self_key);	 /* of a sensor that is read itself */
MS_OP(ot_op_seen_key);	 /* of the sensor that sees a device (OT_SEEN) */
MS_OP(ot_op_appliance);	 /* name of a sensor; the console's own is none */

/* ---- net.c: addresses of devices ----------------------------------------- */

#define OT_ADDRESSES_MAX 32 /* of a device that are looked at */

struct ot_ip {
	uint8_t b[16]; /* IPv4: the first four */
	bool v6;
};

/* One that a device can have: no loopback, multicast or unset one. */
bool ot_ip_parse(struct mst_slice s, struct ot_ip *ip_r);
/* As the rules write it; 46 bytes of out. */
void ot_ip_text(const struct ot_ip *ip, char *out);
/* Of the list in a field: IPv4 first, then by number, each once. */
size_t ot_ips(struct mst_rule_ctx *ctx, const struct mst_value *list,
	      struct ot_ip out[OT_ADDRESSES_MAX]);
/* 17 bytes, lower case, colons, into out; false: it is none of one device. */
bool ot_mac_parse(struct mst_slice s, char out[18]);
size_t ot_macs(struct mst_rule_ctx *ctx, const struct mst_value *list,
	       char out[OT_ADDRESSES_MAX][18]);

MS_OP(ot_op_ip); /* the first of the list in the field */
MS_OP(ot_op_ips);
MS_OP(ot_op_mac);
MS_OP(ot_op_macs);
MS_OP(ot_op_guessed_macs);
/* Of OT_ADDRESSES and OT_ADAPTERS. */
MS_OP(ot_op_address);
MS_OP(ot_op_address_key);
MS_OP(ot_op_ip_version);
MS_OP(ot_op_adapter);
MS_OP(ot_op_adapter_key);
MS_OP(ot_op_adapter_ip);

/* ---- device.c ------------------------------------------------------------ */

/* "PLC"; what the console and a sensor call it. */
struct mst_slice ot_device_type(struct mst_rule_ctx *ctx,
				const struct mst_value *v);
/* "ICS", "IT", "IoT", "Network", or what the console says else. */
struct mst_slice ot_device_category(struct mst_rule_ctx *ctx,
				    const struct mst_value *v);
/* The class that its CI is made in. Empty: *missing_r has the one that the
 * destination lacks, or is empty: such devices are no CIs. */
struct mst_slice ot_device_class(struct mst_rule_ctx *ctx,
				 const struct mst_value *v,
				 struct mst_slice *missing_r);

/* The setting that leaves out all sensors that see it, or NULL: as far as they
 * are known, which the joins tell of three. */
const char *ot_device_hidden(struct mst_rule_ctx *ctx,
			     const struct mst_value *v);

MS_OP(ot_op_class);
MS_OP(ot_op_identity);
MS_OP(ot_op_rank);
MS_OP(ot_op_name); /* of a row */
MS_OP(ot_op_ci_name);
MS_OP(ot_op_type);
MS_OP(ot_op_category);
MS_OP(ot_op_layer);
MS_OP(ot_op_level);
MS_OP(ot_op_system);
MS_OP(ot_op_model);
MS_OP(ot_op_serial);
MS_OP(ot_op_firmware_version);
MS_OP(ot_op_correlation);
MS_OP(ot_op_device_url);
MS_OP(ot_op_sensor);	   /* key of the first that sees the device */
MS_OP(ot_op_sensor_names); /* of those that see the device */
MS_OP(ot_op_ci);	   /* key of its CI, where there is one */
/* Keys of the join that finds a device's sensors. */
void ot_first_sensor(const struct mst_value *v, struct mst_buf *out);
void ot_second_sensor(const struct mst_value *v, struct mst_buf *out);
void ot_third_sensor(const struct mst_value *v, struct mst_buf *out);
/* That of the only one: which zone a sensor is in. */
void ot_only_sensor(const struct mst_value *v, struct mst_buf *out);

/* ---- firmware.c ---------------------------------------------------------- */

/* The module that is the device itself. */
struct ot_module {
	struct mst_slice serial, model, version;
};

bool ot_own_module(struct mst_rule_ctx *ctx, const struct mst_value *v,
		   struct ot_module *m_r);

MS_OP(ot_op_firmware_key);
MS_OP(ot_op_firmware_name);

/* ---- sensor.c ------------------------------------------------------------ */

MS_OP(ot_op_sensor_class);
MS_OP(ot_op_sensor_name);
MS_OP(ot_op_sensor_state);
MS_OP(ot_op_sensor_version); /* of classes that have the column */
MS_OP(ot_op_sensor_connection);
MS_OP(ot_op_sensor_stage);
MS_OP(ot_op_sensor_ip);
MS_OP(ot_op_sensor_host);
MS_OP(ot_op_sensor_correlation);
/* Of a sensor that is read itself. */
MS_OP(ot_op_self_url);
MS_OP(ot_op_self_ip);
MS_OP(ot_op_self_host);
MS_OP(ot_op_self_correlation);
/* Texts of the joined states (OT_APPLIANCES). */
void ot_make_state(const struct mst_value *v, struct mst_buf *out);
void ot_make_stage(const struct mst_value *v, struct mst_buf *out);

/* ---- connection.c -------------------------------------------------------- */

/* Of the end in the field, in the order that connections are kept in. */
MS_OP(ot_op_end_key);
MS_OP(ot_op_end_id);
MS_OP(ot_op_end_name);
MS_OP(ot_op_connection_key);
MS_OP(ot_op_connection_name);

/* ---- cve.c --------------------------------------------------------------- */

MS_OP(ot_op_cve);
MS_OP(ot_op_cve_key);
MS_OP(ot_op_severity);
MS_OP(ot_op_vector);

/* ---- alert.c ------------------------------------------------------------- */

MS_OP(ot_op_alert_key);
MS_OP(ot_op_alert_text);    /* a name, a title, an address */
MS_OP(ot_op_alert_message); /* texts of several lines */
MS_OP(ot_op_alert_title);
MS_OP(ot_op_alert_more);
MS_OP(ot_op_alert_severity);
MS_OP(ot_op_alert_engine);
MS_OP(ot_op_alert_sensor);
MS_OP(ot_op_alert_system);

/* ---- filter.c ------------------------------------------------------------ */

MS_FILTER(ot_keep_sensor);
MS_FILTER(ot_keep_sensor_ci);
MS_FILTER(ot_keep_self_ci);
MS_FILTER(ot_keep_device);
MS_FILTER(ot_keep_device_ci);
MS_FILTER(ot_keep_entity);
MS_FILTER(ot_keep_seen);
MS_FILTER(ot_keep_adapter);
MS_FILTER(ot_keep_address);
MS_FILTER(ot_keep_firmware);
MS_FILTER(ot_keep_connection);
MS_FILTER(ot_keep_cve);
MS_FILTER(ot_keep_device_cve);
MS_FILTER(ot_keep_alert);

#endif
