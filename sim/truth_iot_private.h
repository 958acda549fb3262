/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the second reading of the rules of Defender for IoT share.
 */
#ifndef MST_SIM_TRUTH_IOT_PRIVATE_H
#define MST_SIM_TRUTH_IOT_PRIVATE_H

#include <stdarg.h>

#include "sim/truth_iot.h"
#include "sim/truth_private.h"

struct truth_iot {
	struct mst_arena arena;
	struct mst_arena facts; /* of a sync */
	struct mst_map texts;
	const char *conn;
	unsigned sensor; /* 0: the console */
	uint32_t sync;
	struct sim_iot *iot;
	bool (*has_class)(void *ctx, const char *table);
	void *ctx;
	struct truth_list lists[TO__SETS];
	struct mst_map slots;	/* "class\x1fname" folded → CI */
	struct mst_map devices; /* key of a device → its CI */
	struct mst_map made;
};

/* truth_iot.c: texts live as long as t. */
const char *tio_keep(struct truth_iot *t, const char *text);
const char *tio_printf(struct truth_iot *t, const char *fmt, ...)
    MST_PRINTF(2, 3);
const char *tio_time(struct truth_iot *t, int64_t us);
/* The record of this key, shown in this sync; made when it is not there. */
struct truth_ot *tio_show(struct truth_iot *t, enum truth_ot_set set,
			  const char *key);
/* NULL and "": not known, so what is there stays. */
void tio_is(struct truth_iot *t, struct truth_ot *r, const char *column,
	    const char *text);
void tio_has(struct truth_ot *r, const char *column, bool has);
void tio_ref(struct truth_ot *r, const char *column, const char *key);
void tio_company(struct truth_iot *t, struct truth_ot *r, const char *column,
		 const char *name);
void tio_model(struct truth_iot *t, struct truth_ot *r, const char *name,
	       const char *vendor);
/* Sorted, each once, ", " between them; NULL: none. */
const char *tio_list(struct truth_iot *t, const char *const *v, unsigned n);
/* As they are. */
const char *tio_join(struct truth_iot *t, const char **v, unsigned n);
/* In the order of the rules. */
unsigned tio_ips_of(const struct iot_facts *f, const char *out[IOT_MAX_IPS]);
unsigned tio_macs_of(struct truth_iot *t, const struct iot_facts *f,
		     const char *out[IOT_MAX_IPS]);

/* truth_iot_devices.c */
void tio_sensors(struct truth_iot *t);
void tio_devices(struct truth_iot *t);
/* The id that the far end shows; 0: it does not show the device. */
int64_t tio_shown_id(const struct truth_iot *t, const struct iot_device *d);
/* "plant/12" */
const char *tio_device_key(struct truth_iot *t, int64_t id);
/* Key of the CI that the device is; NULL: none. */
const char *tio_ci_of(const struct truth_iot *t, const char *device);

/* truth_iot_rows.c: what hangs on a device; ci: its CI's key, or NULL. */
struct ot_device {
	const struct iot_device *d;
	const struct iot_facts *f;
	struct truth_ot_type type;
	const char *key;
	int64_t id;
	const char *class; /* NULL: no CI */
	const char *name;  /* as the console shows it, else its address */
	const char *ci;
};
void tio_rows(struct truth_iot *t, const struct ot_device *o);
void tio_connections(struct truth_iot *t);
void tio_alerts(struct truth_iot *t);

#endif
