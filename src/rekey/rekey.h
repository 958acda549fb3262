/* SPDX-License-Identifier: Apache-2.0
 *
 * Moving from sensors to their console (docs/internals/iot.md, section 6): what
 * a sensor's job delivered gets the console's keys, so that the console's job
 * finds it and only updates it.
 *
 *   open    both jobs; who is who; everything that would be written
 *   run     writes it
 *   close
 *
 * It may be run again after it was cut off at any step.
 */
#ifndef MST_REKEY_REKEY_H
#define MST_REKEY_REKEY_H

#include "base/map.h"
#include "rekey/match.h"
#include "sync/run.h"

struct mst_rekey_conf {
	const char *job;  /* that reads the console */
	const char *from; /* connection that reads a sensor, and rests */
	const struct mst_progress *progress;
	const atomic_bool *cancel;
};

/* In the order of writing: what leads to the others comes last. */
enum mst_rekey_step {
	MST_REKEY_CVES,
	MST_REKEY_ENTITIES,
	MST_REKEY_CORRELATIONS,
	MST_REKEY_NATIVES, /* native keys of CIs */
	MST_REKEY_ROWS,	   /* of the device, of the sensor */
	MST_REKEY_STEPS
};

const char *mst_rekey_step_title(enum mst_rekey_step step);

/* Sets that are not moved, for the console's job makes its own: what is in them
 * stays until --clear. */
enum { MST_REKEY_FIRMWARE, MST_REKEY_LINKS, MST_REKEY_SEEN, MST_REKEY_ANEW };
extern const char *const mst_rekey_anew[MST_REKEY_ANEW + 1]; /* NULL ended */

/* A device, or the sensor itself, on both sides. */
struct mst_rekey_pair {
	struct mst_slice old, now; /* keys */
	struct mst_slice name;
	const char *by; /* "MAC address" … */
	bool sensor;
	bool failed; /* a write of it was refused: its row waits */
};

struct mst_rekey_write {
	enum mst_rekey_step step;
	size_t pair;
	struct mst_slice table;
	struct mst_sysid id;
	struct mst_slice key; /* NATIVES: what the CI is to be known by */
	const char *names[2];
	struct mst_slice values[2];
	size_t n;
	bool done;
	const char *why; /* refused */
};

struct mst_rekey {
	struct mst_session now, old;
	struct mst_arena arena;
	struct mst_rekey_match match;
	size_t olds_cap, nows_cap;
	struct mst_map taken; /* keys of the console that records have */
	uint64_t known;	      /* devices that the console's job has delivered */
	struct mst_rekey_pair *pairs;
	size_t pairs_n;
	/* The sensor's row, and the console's sensors. */
	struct mst_slice sensor_key, sensor_host, sensor_name;
	struct mst_slice sensor_match;
	const char *sensor_why; /* not matched; NULL: it is, or has no row */
	struct mst_rekey_write *writes;
	size_t writes_n, writes_cap;
	uint64_t counts[MST_REKEY_STEPS];
	uint64_t left[MST_REKEY_ANEW]; /* records, by mst_rekey_anew */
	uint64_t done, refused;
	bool run;
};

/* Reads both sides and decides; writes nothing. MST_E_NOTFOUND: no such job or
 * connection; MST_E_INVALID: they are no console and no sensor; MST_E_CONFLICT:
 * the sensor's connection is in use, or a job runs. Close in any case. */
int mst_rekey_open(struct mst_rekey *r, struct mst_state *state,
		   const struct mst_rekey_conf *conf, struct mst_err *err);
/* Recorded as a run of the sensor's job. What was refused is told in its
 * write. */
int mst_rekey_run(struct mst_rekey *r, struct mst_err *err);
void mst_rekey_close(struct mst_rekey *r, const struct mst_err *failed);

#endif
