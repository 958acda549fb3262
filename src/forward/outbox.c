/* SPDX-License-Identifier: Apache-2.0
 *
 * Opening the outbox: its tables, its statements, its owner; and what a dead
 * owner left.
 */
#include "forward/outbox_private.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/hash.h"

/* A condition "state<4" or "turn=1" stands there word by word, so that SQLite
 * sees that the index of just these serves. */
static const char *const sql[Q__MAX] = {
    [Q_NAMES] = "SELECT id, text FROM name WHERE id>=?1 ORDER BY id",
    [Q_NAME_PUT] = "INSERT INTO name(id, text) VALUES(?1, ?2)",
    [Q_LAST] = "SELECT max(seq) FROM alert",
    [Q_OPEN_COUNT] = "SELECT count(*) FROM delivery WHERE state<4",
    [Q_TAKE_UP] = "UPDATE delivery SET state=CASE turn WHEN 1 THEN 2 ELSE 3"
		  " END, doubt=1, due_us=?1 WHERE state=1 AND state<4",
    [Q_CLOCK] = "UPDATE delivery SET due_us=?1 WHERE due_us IS NOT NULL"
		" AND due_us>?2",
    [Q_ALERT_PUT] = "INSERT INTO alert(seq, at_us, source, key, device, form,"
		    " body) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [Q_DELIVERY_PUT] =
	"INSERT INTO delivery(id, rule, action, lane, op, state, turn, doubt,"
	" tries, due_us, at_us) VALUES(?1, ?2, ?3, ?4, ?5, 0, 1, 0, 0, ?6, ?7)",
    [Q_IN_TURN] = "SELECT 1 FROM delivery WHERE action=?1 AND lane=?2"
		  " AND turn=1 LIMIT 1",
    [Q_SEEN] = "SELECT digest, lane, at_us, remote FROM seen WHERE heard=?1",
    [Q_SEEN_PUT] = "INSERT INTO seen(heard, alert, digest, lane, at_us, remote)"
		   " VALUES(?1, ?2, ?3, ?4, ?5, '')",
    [Q_SEEN_MORE] = "UPDATE seen SET alert=?2, digest=?3, at_us=?4"
		    " WHERE heard=?1",
    [Q_SEEN_TOUCH] = "UPDATE seen SET at_us=?2 WHERE heard=?1",
    [Q_SEEN_REMOTE] = "UPDATE seen SET remote=?2 WHERE heard=?1",
    [Q_DUE] = "SELECT d.id, d.op, d.doubt, d.tries, d.rule, a.at_us, a.source,"
	      " a.key, a.device, a.form, a.body FROM delivery d JOIN alert a"
	      " ON a.seq=d.id>>4 WHERE d.action=?1 AND d.due_us IS NOT NULL"
	      " AND d.due_us<=?2 ORDER BY d.due_us, d.id",
    [Q_OVERTAKEN] = "SELECT 1 FROM seen s WHERE s.heard=?1 AND s.alert>?2"
		    " AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.id"
		    " BETWEEN s.alert<<4 AND (s.alert<<4)+15"
		    " AND d.action=?3 AND d.state=5) AND EXISTS"
		    " (SELECT 1 FROM delivery WHERE id=?4 AND turn=0)",
    [Q_SENT] = "UPDATE delivery SET state=1, due_us=NULL, tries=tries+1,"
	       " at_us=?2 WHERE id=?1",
    [Q_STATE] = "SELECT d.state, d.turn, d.tries, d.action, d.lane, a.source,"
		" a.key FROM delivery d JOIN alert a ON a.seq=d.id>>4"
		" WHERE d.id=?1",
    /* What was in doubt stays so: that a look-up failed says nothing. */
    [Q_CHANGE] = "UPDATE delivery SET state=?2, turn=?3, doubt=max(doubt, ?4),"
		 " due_us=?5, at_us=?6, remote=?7, why=?8 WHERE id=?1",
    /* The first of the lane that is left, if it has had no turn yet. */
    [Q_PROMOTE] = "UPDATE delivery SET due_us=?3 WHERE state=0"
		  " AND due_us IS NULL AND id=(SELECT id FROM delivery"
		  " WHERE action=?1 AND lane=?2 AND turn=1"
		  " ORDER BY id LIMIT 1)",
    [Q_NEXT_DUE] = "SELECT min(due_us) FROM delivery WHERE action=?1"
		   " AND due_us IS NOT NULL",
    [Q_RETRY] = "UPDATE delivery SET due_us=?2 WHERE id=?1"
		" AND due_us IS NOT NULL AND state IN (2, 3)",
    /* Numbers ascend with time: the first alert is the oldest, and the others
     * need not be read. */
    [Q_STATS] = "SELECT n.text, s.state, s.n, a.at_us FROM (SELECT action,"
		" state, count(*) AS n, min(id) AS first FROM delivery"
		" WHERE state<4 GROUP BY action, state) s"
		" JOIN name n ON n.id=s.action JOIN alert a ON a.seq=s.first>>4"
		" ORDER BY n.text",
#define PAGE                                                                   \
	"SELECT d.id, d.op, d.state, d.doubt, d.tries, a.at_us, d.at_us,"      \
	" d.due_us, d.rule, d.action, a.source, d.remote, d.why, a.key,"       \
	" a.device FROM delivery d JOIN alert a ON a.seq=d.id>>4 WHERE "
#define PAGE_END                                                               \
	" AND (?1 IS NULL OR d.action=?1) AND (?3=0 OR d.id<?3)"               \
	" ORDER BY d.id DESC LIMIT ?4"
    [Q_PAGE] = PAGE "(?2<0 OR d.state=?2)" PAGE_END,
    /* By the index of what is not done. */
    [Q_PAGE_STATE] = PAGE "d.state=?2 AND d.state<4" PAGE_END,
    [Q_BODY] = "SELECT form, body FROM alert WHERE seq=?1",
    [Q_NEWEST] = "SELECT a.form, a.body FROM seen s JOIN alert a"
		 " ON a.seq=s.alert WHERE s.heard=?1",
    [Q_OLD] = "SELECT seq, at_us FROM alert WHERE seq>?1 ORDER BY seq LIMIT ?2",
    [Q_HAS_OPEN] = "SELECT 1 FROM delivery WHERE id BETWEEN ?1 AND ?1+15"
		   " AND (state<4 OR at_us>=?2) LIMIT 1",
    [Q_ALERT_DEL] = "DELETE FROM alert WHERE seq=?1",
    [Q_DELIVERY_DEL] = "DELETE FROM delivery WHERE id BETWEEN ?1 AND ?1+15",
    [Q_SEEN_OLD] = "SELECT heard, at_us<?2 AND NOT EXISTS (SELECT 1 FROM alert"
		   " WHERE seq=seen.alert) FROM seen WHERE heard>?1"
		   " ORDER BY heard LIMIT ?3",
    [Q_SEEN_DEL] = "DELETE FROM seen WHERE heard=?1",
    [Q_UNREAD_PUT] = "INSERT INTO unread(at_us, receiver, peer, why, body)"
		     " VALUES(?1, ?2, ?3, ?4, ?5)",
    [Q_UNREAD_TRIM] = "DELETE FROM unread WHERE id<="
		      "(SELECT max(id) FROM unread)-?1",
    [Q_UNREAD_PAGE] = "SELECT id, at_us, receiver, peer, why, body FROM unread"
		      " WHERE ?1=0 OR id<?1 ORDER BY id DESC LIMIT ?2",
    [Q_CURSOR] = "SELECT until_us, wide_us FROM cursor WHERE source=?1",
    [Q_CURSOR_PUT] = "INSERT OR REPLACE INTO cursor(source, until_us, wide_us)"
		     " VALUES(?1, ?2, ?3)",
    [Q_TALLY_ADD] = "INSERT INTO tally(door, what, n) VALUES(?1, ?2, ?3)"
		    " ON CONFLICT DO UPDATE SET n=n+?3",
    [Q_TALLIES] = "SELECT door, what, n FROM tally ORDER BY door, what",
    [Q_OWED_OLD] = "DELETE FROM owed WHERE state<>0 AND at_us<?1",
    [Q_OWED_HAS] = "SELECT 1 FROM owed WHERE action=?1 AND source=?2"
		   " AND key=?3",
    [Q_OWED_PUT] = "INSERT INTO owed(action, source, key, state, tries, at_us,"
		   " due_us, why) VALUES(?1, ?2, ?3, 0, 0, ?4, ?4, '')",
#define OWED                                                                   \
	"SELECT id, action, source, key, state, tries, at_us, due_us, why"     \
	" FROM owed WHERE "
    [Q_OWED_DUE] = OWED "state=0 AND action=?1 AND source=?2 AND due_us<=?3"
			" ORDER BY id LIMIT ?4",
    [Q_OWED_SETTLE] = "UPDATE owed SET state=?2, due_us=?3, at_us=?4, why=?5,"
		      " tries=tries+1 WHERE id=?1",
    [Q_OWED_PAGE] = OWED "?1=0 OR id<?1 ORDER BY id DESC LIMIT ?2",
};

#define BESIDE_TABLES                                                          \
	"CREATE TABLE unread(id INTEGER PRIMARY KEY AUTOINCREMENT,"            \
	" at_us INTEGER NOT NULL, receiver TEXT NOT NULL,"                     \
	" peer TEXT NOT NULL, why TEXT NOT NULL, body BLOB NOT NULL) STRICT;"  \
	"CREATE TABLE cursor(source TEXT PRIMARY KEY, until_us INTEGER,"       \
	" wide_us INTEGER) STRICT, WITHOUT ROWID;"                             \
	"CREATE TABLE tally(door TEXT NOT NULL, what TEXT NOT NULL,"           \
	" n INTEGER NOT NULL, PRIMARY KEY(door, what)) STRICT, WITHOUT ROWID;"

#define OWED_TABLE                                                             \
	"CREATE TABLE owed(id INTEGER PRIMARY KEY AUTOINCREMENT,"              \
	" action TEXT NOT NULL, source TEXT NOT NULL, key BLOB NOT NULL,"      \
	" state INTEGER NOT NULL, tries INTEGER NOT NULL,"                     \
	" at_us INTEGER NOT NULL, due_us INTEGER, why TEXT NOT NULL,"          \
	" UNIQUE(action, source, key)) STRICT;"                                \
	"CREATE INDEX owed_waits ON owed(action, source, id) WHERE state=0;"

static const char *const upgrades[] = {BESIDE_TABLES, OWED_TABLE};

static const struct mst_db_spec spec = {
    .what = "forwarding outbox",
    .remedy = "move it away and start again; what waited in it comes from "
	      "its source once more with `from` in a rule",
    .schema =
	"CREATE TABLE name(id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;"
	"CREATE TABLE alert(seq INTEGER PRIMARY KEY, at_us INTEGER NOT NULL,"
	" source INTEGER NOT NULL, key BLOB NOT NULL, device BLOB NOT NULL,"
	" form INTEGER NOT NULL, body BLOB NOT NULL) STRICT;"
	"CREATE TABLE delivery(id INTEGER PRIMARY KEY, rule INTEGER NOT NULL,"
	" action INTEGER NOT NULL, lane INTEGER NOT NULL, op INTEGER NOT NULL,"
	" state INTEGER NOT NULL, turn INTEGER NOT NULL,"
	" doubt INTEGER NOT NULL, tries INTEGER NOT NULL, due_us INTEGER,"
	" at_us INTEGER NOT NULL, remote TEXT NOT NULL DEFAULT '',"
	" why TEXT NOT NULL DEFAULT '') STRICT;"
	"CREATE INDEX delivery_turn ON delivery(action, lane, id)"
	" WHERE turn=1;"
	"CREATE INDEX delivery_due ON delivery(action, due_us, id)"
	" WHERE due_us IS NOT NULL;"
	"CREATE INDEX delivery_open ON delivery(state, id, action)"
	" WHERE state<4;"
	"CREATE TABLE seen(heard BLOB PRIMARY KEY, alert INTEGER NOT NULL,"
	" digest INTEGER NOT NULL, lane INTEGER NOT NULL,"
	" at_us INTEGER NOT NULL, remote TEXT NOT NULL)"
	" STRICT, WITHOUT ROWID;" BESIDE_TABLES OWED_TABLE,
    .version = 3,
    .upgrade = upgrades,
    .app_id = 0x4d534f42, /* "MSOB" */
    .page_bytes = 4096,
    .cache_kib = 16384,
    .log_kib = 65536,
    .durable = true,
    .sql = sql,
    .sql_n = Q__MAX,
};

#define AT(member) offsetof(struct mst_outbox_conf, member)

const struct mst_opt mst_outbox_opts[] = {
    {"max", MST_OPT_INT, AT(max), "1000000", NULL, 1000, 1e9, 0,
     "deliveries that may wait; above it receivers stop reading, and polling "
     "waits"},
    {"keep", MST_OPT_DURATION, AT(keep), "30d", NULL, 3600e3, 3650 * 86400e3, 0,
     "how long what was delivered is kept, to look at and to know repeated "
     "alerts by"},
    {"aside_retry", MST_OPT_DURATION, AT(aside_retry), "1h", NULL, 60e3,
     30 * 86400e3, 0,
     "how long an alert that was refused for good waits for its next try"},
    {"retry_first", MST_OPT_DURATION, AT(retry_first), "5s", NULL, 100, 3600e3,
     0, "how long the first try again waits; each next twice as long"},
    {"retry_most", MST_OPT_DURATION, AT(retry_most), "15m", NULL, 100, 86400e3,
     0, "the longest wait for a try again"},
    {0},
};

/* ---- transactions -------------------------------------------------------- */

static int load_names(struct mst_outbox *o, struct mst_err *err);

int mst_outbox_begin(struct mst_outbox *o, struct mst_err *err)
{
	o->open_by = 0;
	return mst_db_begin(&o->db, err);
}

int mst_outbox_end(struct mst_outbox *o, int rc, struct mst_err *err)
{
	struct mst_err unused = MST_ERR_INIT;

	if (rc == 0)
		rc = mst_db_commit(&o->db, err);
	else
		mst_db_abort(&o->db);
	if (rc == 0) {
		o->open_n += o->open_by;
		return 0;
	}
	/* Names that were made with it are gone. */
	o->names_n = 1;
	mst_map_clear(&o->numbers);
	(void)load_names(o, &unused);
	return rc;
}

/* ---- names --------------------------------------------------------------- */

static void add_name(struct mst_outbox *o, const char *text)
{
	if (o->names_n == o->names_cap) {
		o->names_cap = o->names_cap ? o->names_cap * 2 : 16;
		o->names =
		    mst_realloc(o->names, o->names_cap * sizeof(*o->names));
	}
	if (o->names_n == 0)
		o->names[o->names_n++] = "";
	o->names[o->names_n] = mst_arena_strdup(&o->arena, text);
	(void)mst_map_put(&o->numbers, mst_slice_str(o->names[o->names_n]),
			  (void *)(uintptr_t)o->names_n);
	o->names_n++;
}

/* Those that are not known yet. */
static int load_names(struct mst_outbox *o, struct mst_err *err)
{
	struct sqlite3_stmt *st;
	int rc = mst_db_stmt(&o->db, Q_NAMES, &st, err);

	if (rc < 0)
		return rc;
	mst_db_bind_int(st, 1, MST_MAX((int64_t)o->names_n, 1));
	while ((rc = mst_db_step(&o->db, st, err)) > 0)
		add_name(o, mst_db_text(st, 1));
	return rc;
}

int64_t mst_outbox_known(const struct mst_outbox *o, const char *name)
{
	return (int64_t)(uintptr_t)mst_map_get(&o->numbers,
					       mst_slice_str(name));
}

int mst_outbox_number(struct mst_outbox *o, const char *name, int64_t *id_r,
		      struct mst_err *err)
{
	int64_t id = mst_outbox_known(o, name);
	struct sqlite3_stmt *st;
	int rc;

	if (id == 0) {
		id = MST_MAX((int64_t)o->names_n, 1);
		rc = mst_db_stmt(&o->db, Q_NAME_PUT, &st, err);
		if (rc < 0)
			return rc;
		mst_db_bind_int(st, 1, id);
		mst_db_bind_text(st, 2, name);
		rc = mst_db_run(&o->db, st, err);
		if (rc < 0)
			return rc;
		add_name(o, name);
	}
	*id_r = id;
	return 0;
}

const char *mst_outbox_name(struct mst_outbox *o, int64_t id)
{
	struct mst_err unused = MST_ERR_INIT;

	/* The owner may have made it meanwhile. */
	if (id >= (int64_t)o->names_n)
		(void)load_names(o, &unused);
	return id > 0 && id < (int64_t)o->names_n ? o->names[id] : "";
}

/* Numbers in front and big-endian, so that what came one behind the other lies
 * side by side: ids of a console grow with time, and a commit touches few
 * pages. */
static void add_number(struct mst_outbox_heard *h, int64_t v)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		h->b[h->n++] = (char)(unsigned char)((uint64_t)v >> shift);
}

struct mst_outbox_heard mst_outbox_heard(int64_t action, int64_t source,
					 struct mst_slice key)
{
	struct mst_outbox_heard h = {.n = 0};
	struct mst_hash hash;

	add_number(&h, action);
	add_number(&h, source);
	if (key.n > MST_ALERT_TEXT) {
		hash = mst_hash128(key.p, key.n, 0);
		key = mst_slice((const char *)&hash, sizeof(hash));
	}
	if (key.n)
		memcpy(h.b + h.n, key.p, key.n);
	h.n += key.n;
	return h;
}

/* ---- opening ------------------------------------------------------------- */

static int take_lock(struct mst_outbox *o, const char *path,
		     struct mst_err *err)
{
	char *name MST_CLEANUP(mst_freep) = mst_asprintf("%s.lock", path);
	char *what MST_CLEANUP(mst_freep) =
	    mst_asprintf("the forwarding outbox '%s'", path);
	int rc = mst_db_find(&spec, path, true, err);

	return rc < 0 ? rc : mst_lock_take(&o->lock, name, what, NULL, err);
}

static int one_number(struct mst_outbox *o, unsigned id, int64_t *n_r,
		      struct mst_err *err)
{
	struct sqlite3_stmt *st;
	int rc = mst_db_stmt(&o->db, id, &st, err);

	if (rc == 0)
		rc = mst_db_step(&o->db, st, err);
	if (rc < 0)
		return rc;
	*n_r = rc ? mst_db_int(st, 0) : 0;
	mst_db_reset(st);
	return 0;
}

/* What was sent when the owner died may have arrived. And a clock that was set
 * back must not hold anything for longer than anything ever waits. */
static int take_up(struct mst_outbox *o, int64_t now_us, struct mst_err *err)
{
	int64_t most = MST_MAX(o->conf.aside_retry, o->conf.retry_most);
	struct sqlite3_stmt *st;
	int rc = mst_outbox_begin(o, err);

	if (rc < 0)
		return rc;
	rc = mst_db_stmt(&o->db, Q_TAKE_UP, &st, err);
	if (rc == 0) {
		mst_db_bind_int(st, 1, now_us);
		rc = mst_db_run(&o->db, st, err);
	}
	if (rc == 0)
		rc = mst_db_stmt(&o->db, Q_CLOCK, &st, err);
	if (rc == 0) {
		mst_db_bind_int(st, 1, now_us);
		mst_db_bind_int(st, 2, now_us + most * 1000);
		rc = mst_db_run(&o->db, st, err);
	}
	return mst_outbox_end(o, rc, err);
}

static int read_in(struct mst_outbox *o, struct mst_err *err)
{
	int rc = load_names(o, err);

	if (rc == 0)
		rc = one_number(o, Q_LAST, &o->last_seq, err);
	if (rc == 0)
		rc = one_number(o, Q_OPEN_COUNT, &o->open_n, err);
	return rc;
}

int mst_outbox_open(const char *path, enum mst_outbox_mode mode,
		    const struct mst_outbox_conf *conf, int64_t now_us,
		    struct mst_outbox **o_r, struct mst_err *err)
{
	struct mst_outbox *o = mst_alloc(sizeof(*o));
	int rc = 0;

	o->lock = (struct mst_lock)MST_LOCK_INIT;
	o->conf = *conf;
	o->own = mode == MST_OUTBOX_OWN;
	mst_arena_init(&o->arena, 16u << 20);
	if (o->own)
		rc = take_lock(o, path, err);
	if (rc == 0)
		rc = mst_db_open(&o->db, &spec, path, o->own, err);
	if (rc == 0)
		rc = read_in(o, err);
	if (rc == 0 && o->own)
		rc = take_up(o, now_us, err);
	if (rc < 0)
		mst_outbox_close(&o);
	else
		*o_r = o;
	return rc;
}

void mst_outbox_close(struct mst_outbox **op)
{
	struct mst_outbox *o = *op;

	if (!o)
		return;
	if (o->db.spec)
		mst_db_close(&o->db);
	mst_lock_drop(&o->lock);
	mst_map_fini(&o->numbers);
	mst_arena_fini(&o->arena);
	free(o->names);
	free(o);
	*op = NULL;
}

void mst_outbox_reconf(struct mst_outbox *o, const struct mst_outbox_conf *conf)
{
	o->conf = *conf;
}

size_t mst_outbox_room(const struct mst_outbox *o)
{
	return o->open_n < o->conf.max ? (size_t)(o->conf.max - o->open_n) : 0;
}
