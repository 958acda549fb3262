/* SPDX-License-Identifier: Apache-2.0
 *
 * The set-up checks of an instance (net/checks.h). A check is a row of the
 * table in setup.c: what it stands on, the requests that it wants, and what it
 * makes of the answers. Checks go one after the other, the requests of one
 * check side by side.
 *
 *   setup.c         the list: what comes next, requests and answers
 *   setup_access.c  instance, clock, log-in, what the APIs let us do
 *   setup_tables.c  tables
 *   setup_sets.c    columns, version and choices of the update sets
 *   setup_cmdb.c    dry run, classes, identification rules
 *   setup_source.c  discovery source
 *   setup_fix.c     writing the records that mend checks
 *   setup_people.c  looking users up
 *   setup_relation.c  the types of relations
 *   setup_rights.c  rights that only a write proves, Field Normalization
 *   setup_advice.c  release, quotas, settings that make a run slow
 */
#ifndef MST_DEST_SN_SETUP_H
#define MST_DEST_SN_SETUP_H

#include "dest/servicenow/sn.h"

#define SETUP_ASKS     256
#define SETUP_ANSWER   (16u << 20) /* bytes of one answer */
#define SETUP_ARENA    (256u << 20)
#define SETUP_CLASSES  96
#define SETUP_NO_TABLE "u_muster_no_such_table"

enum sn_check_id {
	SN_CHECK_INSTANCE,
	SN_CHECK_CLOCK,
	SN_CHECK_LOGIN,
	SN_CHECK_TABLE_API,
	SN_CHECK_BATCH_API,
	SN_CHECK_IRE,
	SN_CHECK_RELEASE,
	SN_CHECK_TABLES,
	SN_CHECK_COLUMNS,
	SN_CHECK_UPDATE_SET,
	SN_CHECK_CHOICES,
	SN_CHECK_SOURCE,
	SN_CHECK_RELATION,
	SN_CHECK_CI_RELATION,
	SN_CHECK_USERS,
	SN_CHECK_CLASSES,
	SN_CHECK_RULES,
	SN_CHECK_QUOTA,
	SN_CHECK_PACKAGE,
	SN_CHECK_WRITING,
	SN_CHECK_NORMALIZATION,
	SN_CHECK_RATE,
	SN_CHECK_FIX, /* none of its own: the write that mends another */
	SN_CHECK__N
};

/* A request of a check, and later its answer. */
struct sn_ask {
	const char *what; /* a table, a class: how the check knows it */
	enum mst_method method;
	const char *path; /* behind the instance's address */
	struct mst_slice body;
	const char *auth; /* NULL: without credentials */
	uint64_t id;
	bool sent, answered;
	enum mst_outcome outcome;
	int status; /* 0: no answer */
	bool html;
	struct mst_slice text; /* the body */
	enum mst_code code;
	char why[SN_REASON]; /* what an error said, "" when it is none */
	int64_t skew_us;    /* our clock less theirs; MST_TIME_NONE: not told */
	int64_t rate_limit; /* -1: no rule */
	const char *rate_rule;
};

/* A class that records of some set may get. */
struct sn_setup_class {
	const char *name;
	const struct mst_set *set;
	bool optional;
	bool absent;
	char error[64]; /* of its dry run */
};

/* The records that can be written so that a check passes. */
enum sn_fix_id {
	SN_FIX_SOURCE,
	SN_FIX_RELATION,
	SN_FIX_CI_RELATION,
	SN_FIX__N
};

struct sn_fix {
	bool can;	     /* it is missing, and can be added */
	char why[SN_REASON]; /* what the last attempt said, "" when none did */
	struct mst_check_fix fix;
};

struct sn_setup {
	struct mst_checks base;
	struct mst_checks_env env;
	struct mst_dest *d;
	struct mst_arena arena;
	struct mst_json_parser *json;

	struct {
		enum sn_check_id id;
		bool quiet; /* looked at, but not reported */
	} todo[SN_CHECK__N];
	size_t todo_n, at;
	bool asked; /* the check at `at` has asked what it wants */
	struct sn_ask *asks[SETUP_ASKS];
	size_t asks_n, first; /* first: of the check at `at` */
	size_t under_way;

	/* What came of each check. gone: nothing can stand on it. blame: the
	 * check that took it along, or itself. */
	bool gone[SN_CHECK__N];
	enum sn_check_id blame[SN_CHECK__N];
	bool stands; /* judge says: FAILED, but others can stand on it */
	bool falls;  /* judge says: not FAILED, and yet they cannot */

	/* What later checks need of earlier ones. */
	int64_t skew_us, rate_limit;
	const char *rate_rule;
	bool dry_run; /* it was answered, item by item */
	char bad_source[SN_REASON];
	struct sn_setup_class classes[SETUP_CLASSES];
	size_t classes_n;
	bool more_general;  /* what an absent class means for its records */
	const char *own[8]; /* muster's own tables that are there */
	size_t own_n;
	struct sn_fix fixes[SN_FIX__N];
	enum sn_fix_id offered[SN_FIX__N]; /* as they were numbered last */
	size_t offered_n;
	enum sn_fix_id fixing;
};

/* ---- asking (setup.c) -------------------------------------------------- */

/* As the connection's user. path is a format. */
struct sn_ask *mst_sn_ask(struct sn_setup *s, enum mst_method method,
			  const char *what, const char *path, ...)
    MST_PRINTF(4, 5);
/* A list of the Table API; the query is encoded here. */
struct sn_ask *mst_sn_ask_list(struct sn_setup *s, const char *table,
			       const char *query, const char *fields,
			       unsigned limit);
/* Request number i of the check that is judged; NULL behind the last. */
const struct sn_ask *mst_sn_asked(const struct sn_setup *s, size_t i);
/* The answer was a success with a body that is JSON. */
bool mst_sn_ask_ok(const struct sn_ask *a);
/* Its JSON, valid until the next call; the null value when there is none. */
struct mst_json mst_sn_ask_json(struct sn_setup *s, const struct sn_ask *a);
/* Member "result" of it. */
struct mst_json mst_sn_ask_result(struct sn_setup *s, const struct sn_ask *a);
/* The table is not there, in the words of the instance. */
bool mst_sn_ask_absent(const struct sn_ask *a);
/* WARNING: the answer does not show what was looked for, because the user may
 * not see it or because it did not come. lost: what that leaves unknown. */
void mst_sn_unseen(struct mst_check *c, const struct sn_ask *a,
		   const char *table, const char *lost);
/* FAILED: the OAuth client lacks a scope. methods: "POST, PUT". */
void mst_sn_unscoped(struct mst_check *c, const char *api, const char *methods);
/* ", " in between; returns false when it did not fit any more. */
bool mst_sn_add_word(char *list, size_t n, const char *word);
/* Is a set with this writer, or that uses this table, wanted? */
bool mst_sn_uses_writer(const struct sn_setup *s, enum mst_writer writer);
bool mst_sn_uses_table(const struct sn_setup *s, const char *table);
/* Adds "u_muster_cve (vulnerabilities of job main)": a table or class, and who
 * wants it, by the table of the record set. */
void mst_sn_add_table(const struct sn_setup *s, char *list, size_t n,
		      const char *name, const char *table);

static inline struct sn_setup *mst_sn_setup_of(struct mst_checks *c)
{
	return mst_container_of(c, struct sn_setup, base);
}

/* Notes the update set that brings one of muster's tables, once, and tells how
 * to commit what was noted (setup_sets.c). */
void mst_sn_note_set(const char *table, char *sets, size_t n);
void mst_sn_say_import(struct mst_check *c, const char *what, const char *sets);
/* As mst_checks_ops.fixes and .fix (setup_fix.c). */
size_t mst_sn_fixes(struct mst_checks *base, struct mst_check_fix *out,
		    size_t max);
int mst_sn_fix(struct mst_checks *base, size_t i, struct mst_err *err);
/* This record would mend its check. */
void mst_sn_offer(struct sn_setup *s, enum sn_fix_id id,
		  const struct mst_check_fix *fix);
/* Are people related to something, CIs to each other, and does anybody have to
 * be looked up for it? */
bool mst_sn_uses_relation(const struct sn_setup *s);
bool mst_sn_uses_ci_relation(const struct sn_setup *s);
bool mst_sn_uses_lookups(const struct sn_setup *s);

/* ---- the checks -------------------------------------------------------- */

#define SN_CHECK_FUNCTIONS(name)                                               \
	void mst_sn_ask_##name(struct sn_setup *s);                            \
	bool mst_sn_judge_##name(struct sn_setup *s, struct mst_check *c)

/* judge: false when it asked for more first. */
SN_CHECK_FUNCTIONS(instance);
SN_CHECK_FUNCTIONS(login);
SN_CHECK_FUNCTIONS(table_api);
SN_CHECK_FUNCTIONS(batch_api);
SN_CHECK_FUNCTIONS(ire);
SN_CHECK_FUNCTIONS(release);
SN_CHECK_FUNCTIONS(tables);
SN_CHECK_FUNCTIONS(columns);
SN_CHECK_FUNCTIONS(update_set);
SN_CHECK_FUNCTIONS(choices);
SN_CHECK_FUNCTIONS(source);
SN_CHECK_FUNCTIONS(relation);
SN_CHECK_FUNCTIONS(ci_relation);
SN_CHECK_FUNCTIONS(users);
SN_CHECK_FUNCTIONS(fix);
SN_CHECK_FUNCTIONS(classes);
SN_CHECK_FUNCTIONS(quota);
SN_CHECK_FUNCTIONS(package);
SN_CHECK_FUNCTIONS(writing);
SN_CHECK_FUNCTIONS(normalization);
SN_CHECK_FUNCTIONS(rate);
bool mst_sn_judge_clock(struct sn_setup *s, struct mst_check *c);
bool mst_sn_judge_rules(struct sn_setup *s, struct mst_check *c);

/* The classes of all wanted sets into s->classes. */
void mst_sn_setup_classes(struct sn_setup *s);

/* As mst_dest_ops.checks. */
int mst_sn_checks(struct mst_dest *d, const struct mst_checks_env *env,
		  struct mst_checks **c_r, struct mst_err *err);

#endif
