/* SPDX-License-Identifier: Apache-2.0
 *
 * The program against the simulators: starts the simulators in this process,
 * runs muster as a child with a state folder of its own, and reads the
 * simulated ServiceNow back. For the tests in tests/crash, tests/fault and
 * tests/e2e. Everything here fails the test when it cannot do its work.
 */
#ifndef MST_TESTS_SYNC_RIG_H
#define MST_TESTS_SYNC_RIG_H

#include "tests/lib/t.h"

#include <sys/types.h>

#include "sim/sim.h"
#include "json/json.h"

#define RIG_HOST(r, host) mst_sim_url((r)->sim, (host))

enum rig_source { RIG_ENDPOINT, RIG_CLOUDAPPS, RIG_IOT };

struct rig {
	/* What the standard configuration reads; by rig_start_source. */
	enum rig_source source;
	struct mst_sim *sim;
	char *dir;   /* of this rig, below t_dir() */
	char *state; /* state folder */
	unsigned states_n;
	/* of the last child */
	int status;	    /* exit status; 128 + signal when it was killed */
	struct mst_buf out; /* stdout */
	struct mst_buf err; /* stderr */
	struct mst_json_parser *json;
	struct mst_json root; /* stdout as JSON, after rig_json */
	struct mst_json_parser *rows_json;
	struct mst_buf report, body;
	const char *const *env; /* "NAME=value" for children; NULL ended */
	long file_max;		/* RLIMIT_FSIZE of children; 0: none */
	/* What stands in front of the names of a child's output files; NULL:
	 * nothing, as rig_wait expects. */
	const char *output;
	const char *input; /* standard input of children; NULL: this one's */
	bool elsewhere;	   /* children are told no state folder */
	/* RecVer on a server: lines of the source connection, and what empties
	 * it with each new state folder. NULL: a file in that folder. */
	const char *recver;
	void (*recver_empty)(void);
};

/* Starts simulators, makes an empty state folder. conf NULL: 6 devices, 60 CVE
 * rows. */
void rig_start(struct rig *r, const struct mst_sim_conf *conf);
/* The same with another source. conf NULL: of cloud apps 12, used by 15
 * people; of Defender for IoT 120 devices of 4 sensors. */
void rig_start_source(struct rig *r, enum rig_source source,
		      const struct mst_sim_conf *conf);
void rig_stop(struct rig *r);
/* Everything as at the start: a fresh estate, a fresh instance, a new and
 * empty state folder with the standard configuration. */
void rig_fresh(struct rig *r);
/* A new and empty state folder; the instance stays. */
void rig_new_state(struct rig *r);
/* Applies the standard configuration: connections "defender" (with cloud apps:
 * "apps", with its users; of Defender for IoT: "plant", the console) and
 * "cmdb", job "main". Extra lines (each with its indent) go to the source
 * connection, the destination connection, the job. NULL: none. */
void rig_apply(struct rig *r, const char *source, const char *dest,
	       const char *job);
/* Its text; free() it. Of cloud apps source NULL means that users are read. */
char *rig_yaml(const struct rig *r, const char *source, const char *dest,
	       const char *job);
/* Applies a whole document. */
void rig_apply_text(struct rig *r, const char *yaml);

/* Runs "muster WORDS… --state …" and waits; NULL ends the words. Returns the
 * exit status. */
#define rig_muster(r, ...)                                                     \
	rig_run((r), (const char *const[]){__VA_ARGS__, NULL})
int rig_run(struct rig *r, const char *const *words);
/* The same without waiting; output goes to files that rig_wait reads. */
pid_t rig_spawn(struct rig *r, const char *const *words);
int rig_wait(struct rig *r, pid_t pid);
/* The last child's stdout as JSON; also in r->root. */
struct mst_json rig_json(struct rig *r);
/* "a.b.c" below v as a number; -1 when it is not there. */
int64_t rig_num(struct mst_json v, const char *path);
/* The last child had this exit status; shows its output when not. */
#define rig_status(r, want) rig_status_at((r), (want), __FILE__, __LINE__)
void rig_status_at(struct rig *r, int want, const char *file, int line);
/* The last child's stderr holds the text. */
void rig_says(struct rig *r, const char *part);
/* It ended with exactly one error line ("muster: …"). */
void rig_one_error(struct rig *r);

/* "run main --json" with this exit status; returns "writes". */
int64_t rig_sync(struct rig *r, int want);
/* A further run writes nothing and ends well. */
void rig_quiet(struct rig *r);
/* RecVer's counts as text, to be compared; of a server without its size. free()
 * it. */
char *rig_recver(struct rig *r);

/* A control request; answers of 2xx only. The answer is in r->body. */
void rig_control(struct rig *r, const char *method, const char *path,
		 const char *fmt, ...) MST_PRINTF(4, 5);
/* Tells the truth that the estate was synced, and compares: no differences. */
void rig_verify(struct rig *r);
uint64_t rig_differences(struct rig *r);

/* Rows of a table through the Table API: an array, valid until the next
 * call. */
struct mst_json rig_rows(struct rig *r, const char *table, const char *query,
			 const char *fields);
size_t rig_count(struct rig *r, const char *table, const char *query);
/* What is alive in the CMDB and was made by muster, sorted, a line each: CIs
 * that are not retired, software on them, CVE instances that are not closed;
 * applications and who uses them. CIs by "name" or "correlation_id". free() it.
 */
char *rig_alive(struct rig *r, const char *ci_column);
/* The lines of a that are not in b, "" when there are none. free() it. */
char *rig_lines_without(const char *a, const char *b);
/* Requests that write to the instance, ever (all tables). */
int64_t rig_sn_writes(struct rig *r);
/* Requests that the simulated ServiceNow has answered. */
int64_t rig_sn_requests(struct rig *r);

#endif
