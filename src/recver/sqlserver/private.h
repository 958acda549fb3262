/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the SQL Server driver share: a connection, statements with
 * one packed parameter, errors by number.
 *
 * Everything that a statement needs goes in one varbinary(max), @data, and one
 * bigint, @n; the server takes it apart with SUBSTRING. That is the same on
 * every ODBC driver, knows no code page, and has no limit of parameters: a
 * driver's arrays of parameters are a call per row in FreeTDS.
 */
#ifndef MST_RECVER_SQLSERVER_PRIVATE_H
#define MST_RECVER_SQLSERVER_PRIVATE_H

#include <sql.h>
#include <sqlext.h>

#include "recver/server/server.h"
#include "recver/sqlserver/names.h"

struct mst_ms {
	SQLHENV env;
	SQLHDBC dbc;
	SQLHSTMT stmt; /* NULL: not connected */
	bool in_transaction;
	const struct mst_recver_conf *conf; /* outlives the connection */
	char *database;
	bool admin; /* conf's login is --admin's, not recver.user */
};

/* ---- sqlserver_error.c --------------------------------------------------- */

/* What the driver and the server said of the last call on a handle.
 * *native_r, which may be NULL: the server's number of it. */
int mst_ms_fail(SQLSMALLINT type, SQLHANDLE h, int *native_r,
		struct mst_err *err);

/* ---- sqlserver_text.c ---------------------------------------------------- */

/* UTF-8 to UTF-16 as SQLWCHARs, lowest byte first, appended; what is no UTF-8
 * becomes U+FFFD. */
void mst_ms_wide(struct mst_buf *out, struct mst_slice utf8);
void mst_ms_narrow(struct mst_buf *out, const void *utf16, size_t bytes);
#define MST_MS_NAME_MAX 128 /* of a database, a login */
/* How long it is as SQL Server counts: UTF-16 units. */
size_t mst_ms_units(const char *utf8);
/* Appended with every `quote` doubled. */
void mst_ms_add_quoted(struct mst_buf *out, struct mst_slice text, char quote);
/* In brackets, as a statement names it. To be freed. */
char *mst_ms_quoted(const char *name);

/* ---- sqlserver_exec.c ---------------------------------------------------- */

/* Rows of #n: the most records of one @data. */
#define MST_MS_ROWS 2048

/* Records of a fixed width, highest byte first, and behind them what they
 * point at. A place is 4 bytes of where it begins (from 1, as SUBSTRING
 * counts) and 4 of length. */
struct mst_ms_pack {
	struct mst_buf head, tail;
	struct mst_buf places; /* size_t: where head has them */
	size_t n;	       /* records, for the caller */
};

/* Texts of SQL for the n-th byte of the i-th record of a width. */
#define MST_MS_INT8(w, at)                                                     \
	"CONVERT(bigint, SUBSTRING(@data, i * " w " + " at " + 1, 8))"
#define MST_MS_BYTES16(w, at) "SUBSTRING(@data, i * " w " + " at " + 1, 16)"
#define MST_MS_BYTE(w, at)                                                     \
	"CONVERT(int, SUBSTRING(@data, i * " w " + " at " + 1, 1))"
#define MST_MS_PLACE(w, at)                                                    \
	"SUBSTRING(@data, CONVERT(int, SUBSTRING(@data, i * " w " + " at       \
	" + 1, 4)), CONVERT(int, SUBSTRING(@data, i * " w " + " at             \
	" + 5, 4)))"
#define MST_MS_TEXT(w, at) "CONVERT(nvarchar(200), " MST_MS_PLACE(w, at) ")"
/* Of the first record. */
#define MST_MS_TEXT1(at)                                                       \
	"CONVERT(nvarchar(200), SUBSTRING(@data,"                              \
	" CONVERT(int, SUBSTRING(@data, " at " + 1, 4)),"                      \
	" CONVERT(int, SUBSTRING(@data, " at " + 5, 4))))"

void mst_ms_pack_init(struct mst_ms_pack *p);
void mst_ms_pack_fini(struct mst_ms_pack *p);
void mst_ms_pack_reset(struct mst_ms_pack *p);
void mst_ms_add_int8(struct mst_ms_pack *p, int64_t v);
void mst_ms_add_byte(struct mst_ms_pack *p, unsigned v);
void mst_ms_add_raw(struct mst_ms_pack *p, const void *raw, size_t n);
/* A place for later: bytes, or a text in UTF-16. */
void mst_ms_add_place(struct mst_ms_pack *p, struct mst_slice bytes);
void mst_ms_add_text(struct mst_ms_pack *p, const char *text);
/* Is there already what a statement was to make? Or did somebody else make the
 * same at this moment? Then it may be asked again. */
bool mst_ms_is_there(int native);
/* Runs a batch of statements; pack NULL: one without parameters. Leaves the
 * first result open when there is one: *rows_r. *native_r may be NULL. */
int mst_ms_exec(struct mst_ms *c, const char *sql, struct mst_ms_pack *pack,
		int64_t n, bool *rows_r, int *native_r, struct mst_err *err);
/* The same to its end, rows thrown away. */
int mst_ms_do(struct mst_ms *c, const char *sql, struct mst_ms_pack *pack,
	      int64_t n, struct mst_err *err);
/* A statement that makes what is not there yet and may be run again; when
 * somebody else made it in between, it is. Not within a transaction. */
int mst_ms_make_it(struct mst_ms *c, const char *sql, struct mst_err *err);
/* For one number as an answer; *found_r false: no row. */
int mst_ms_number(struct mst_ms *c, const char *sql, struct mst_ms_pack *pack,
		  int64_t n, int64_t *v_r, bool *found_r, struct mst_err *err);
/* Did a statement fail with rc because this object is not there? Also for a
 * server that has another number for it than 208. */
bool mst_ms_absent(struct mst_ms *c, const char *object, int rc);
/* The first row of a question: n columns, which are expressions, as texts, ""
 * for NULL, to be freed. from: " FROM …", or NULL. *found_r false: no row, and
 * all are "". */
int mst_ms_ask(struct mst_ms *c, const char *const *columns, size_t n,
	       const char *from, struct mst_ms_pack *pack, char **out,
	       bool *found_r, struct mst_err *err);
/* 1: there is a row, 0: no more. */
int mst_ms_fetch(struct mst_ms *c, struct mst_err *err);
/* Columns from left to right. *null_r may be NULL: then it may not be NULL. */
int mst_ms_get_int(struct mst_ms *c, int col, int64_t *v_r, bool *null_r,
		   struct mst_err *err);
/* Appends. */
int mst_ms_get_bytes(struct mst_ms *c, int col, struct mst_buf *out,
		     bool *null_r, struct mst_err *err);
/* A varbinary with UTF-16 in it, appended in UTF-8. */
int mst_ms_get_text(struct mst_ms *c, int col, struct mst_buf *out,
		    struct mst_err *err);
/* Takes what is left of the answer, with its errors. */
int mst_ms_finish(struct mst_ms *c, struct mst_err *err);
/* Forgets it. */
void mst_ms_close(struct mst_ms *c);

/* ---- sqlserver_conn.c, sqlserver_setup.c --------------------------------- */

/* MST_E_INVALID: the database has a schema 'muster' that is not RecVer's. */
int mst_ms_own_schema(struct mst_ms *c, struct mst_err *err);
/* A connection to a database of the server. *native_r: the server's number of
 * the error. */
int mst_ms_open(struct mst_ms *c, const char *database, int *native_r,
		struct mst_err *err);
void mst_ms_shut(struct mst_ms *c);
/* The database, and when create its tables where they are missing. */
int mst_ms_setup(struct mst_ms *c, bool create, struct mst_err *err);
int mst_ms_upgrade(void *c, struct mst_err *err);

/* What master knows of a database. */
struct mst_ms_database {
	bool found, online, read_only, single_user, may_create;
	char state[64];	 /* sys.databases.state_desc */
	char other[400]; /* one whose name differs in upper and lower case */
};

/* c is connected to master. */
int mst_ms_find_database(struct mst_ms *c, struct mst_ms_database *d,
			 struct mst_err *err);
/* Why such a database, which is there, cannot be opened. */
int mst_ms_closed(struct mst_ms *c, const struct mst_ms_database *d,
		  struct mst_err *err);
/* Is this the number of an error that says only that? */
bool mst_ms_is_closed(int native);
/* conf with time-out and encryption filled in. */
struct mst_recver_conf mst_ms_defaults(const struct mst_recver_conf *conf);
/* 0: there are no tables, or not all of them. MST_E_FORBIDDEN: they are there,
 * and the login may not read them. p is a struct mst_ms *. */
int mst_ms_version(void *p, unsigned *version_r, struct mst_err *err);

/* ---- sqlserver_script.c -------------------------------------------------- */

/* What stands for sqlcmd's variables. */
struct mst_ms_names {
	const char *database;
	const char *login; /* NULL: the script needs none */
};

/* Appends the text with the names filled in: within brackets and within quotes
 * each as it must be there. */
void mst_ms_fill(struct mst_buf *out, struct mst_slice text,
		 const struct mst_ms_names *names);

/* Parts of a script: up to USE, behind it, or the batches under a heading,
 * which is a line of comment: "-- role: ...". */
#define MST_MS_MASTER	"in master"
#define MST_MS_DATABASE "in the database"
/* Runs a part on a connection that is where the part belongs. */
int mst_ms_run(struct mst_ms *c, const char *script, const char *part,
	       const struct mst_ms_names *names, struct mst_err *err);

/* Beside the values of recver.encrypt: the certificate is looked at, and its
 * name is not. For finding out which of them it is. */
#define MST_MS_CHAIN "chain"

/* ---- sqlserver_freetds.c ------------------------------------------------- */

/* The file in memory that tells FreeTDS what its connection strings cannot:
 * which certificates to trust. The section is 'muster'; it stays locked until
 * mst_ms_freetds_done(). */
int mst_ms_freetds(const struct mst_recver_conf *conf, const char *host,
		   const char *port, const char *instance, struct mst_err *err);
void mst_ms_freetds_done(void);

/* ---- sqlserver_read.c, sqlserver_write.c --------------------------------- */

int mst_ms_sets(void *c, int (*fn)(void *ctx, const struct mst_batch_set *s),
		void *ctx, struct mst_err *err);
int mst_ms_meta_get(void *c, const char *target, const char *name,
		    struct mst_buf *val, bool *found_r, struct mst_err *err);
int mst_ms_load(void *c, int64_t set, const uint8_t *after,
		int (*fn)(void *ctx, const struct mst_group_row *row,
			  bool has_list),
		void *ctx, struct mst_err *err);
int mst_ms_lists(void *c, int64_t set, const struct mst_hash *keys, size_t n,
		 int (*fn)(void *ctx, const struct mst_hash *key,
			   struct mst_slice list, uint32_t members),
		 void *ctx, struct mst_err *err);
int mst_ms_stats(void *c, const int64_t *sets, size_t n,
		 struct mst_recver_stats *s_r, struct mst_err *err);
int mst_ms_lease_read(void *c, struct mst_lease *l_r, struct mst_err *err);
int mst_ms_lease_swap(void *c, const char *from, const struct mst_lease *to,
		      int64_t for_ms, bool *done_r, struct mst_err *err);
int mst_ms_apply(void *c, const char *token, int64_t for_ms,
		 const struct mst_batch *b, struct mst_err *err);
/* sqlserver_verify.c */
int mst_ms_verify(void *c, const struct mst_recver_look *look,
		  struct mst_err *err);
/* A batch within a transaction. */
int mst_ms_write(struct mst_ms *c, const struct mst_batch *b,
		 struct mst_err *err);
/* fn as one transaction, committed when it returns 0. */
int mst_ms_transaction(struct mst_ms *c,
		       int (*fn)(struct mst_ms *c, const void *ctx,
				 struct mst_err *err),
		       const void *ctx, struct mst_err *err);

#endif
