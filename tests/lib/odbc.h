/* SPDX-License-Identifier: Apache-2.0
 *
 * An ODBC driver for the tests of RecVer on SQL Server. unixODBC loads it like
 * any other. It turns the few statements that the program sends into SQLite's
 * language and runs them there, so what they say is really done; and it fails
 * where a test says so. What it does not know is an error. It shows that the
 * program's calls and statements are in themselves right, not that a SQL Server
 * takes them.
 */
#ifndef MST_TESTS_ODBC_H
#define MST_TESTS_ODBC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum t_odbc_how {
	T_ODBC_BEFORE, /* refused, and what was open is rolled back */
	T_ODBC_LOST,   /* the same, and the connection is gone */
	T_ODBC_AFTER   /* done, but the connection is gone before the answer */
};

/* Environment of a program that has the driver: the folder of the databases;
 * and "before:7:path" or "after:7:path", the call whose connection is lost, and
 * a file that is made when it came to that. */
#define T_ODBC_FOLDER "MUSTER_TEST_ODBC_FOLDER"
#define T_ODBC_CUT    "MUSTER_TEST_ODBC_CUT"

/* What is wrong with the server's certificate. */
enum t_odbc_tls {
	T_ODBC_TLS,
	T_ODBC_BAD_CHAIN,
	T_ODBC_BAD_NAME,
	T_ODBC_NO_TLS
};

#define T_ODBC_LOGINS 8
#define T_ODBC_USERS  32

struct t_odbc_login {
	char name[130], password[200];
	char roles[200]; /* of the server, with blanks between them */
	bool disabled;
};

struct t_odbc_user {
	char database[130], name[130], login[130];
	char roles[200]; /* of the database; a role is a user without login */
};

/* One for all connections of a process. Calls are those that reach a server:
 * connecting, statements, ends of transactions, rows behind the first. */
struct t_odbc {
	const char *folder; /* where the databases are */
	uint64_t calls;	    /* so far */
	uint64_t fails_at;  /* the first of them that fails; 0: none */
	uint64_t fails_n;   /* so many in a row */
	enum t_odbc_how how;
	const char *hit;	/* file that is made then, or NULL */
	int native;		/* what it says */
	const char *state;	/* its SQLSTATE */
	const char *text;	/* its words; NULL: some */
	bool read_only;		/* what every database says of itself */
	bool offline, no_user;	/* why a database cannot be opened */
	const char *state_desc; /* of one that is offline; NULL: OFFLINE */
	bool single_user;	/* the same reason for no_user */
	bool may_not_create;	/* CREATE DATABASE is refused, 262 */
	bool no_file;		/* of a database, yet: set by the driver */
	int open;		/* connections */
	uint64_t ended;		/* transactions that were committed */
	char connection[2048];	/* the last connection string */
	void (*log)(const char *sql); /* every text, as it was sent */
	/* Who may log in, and who they are in the databases. No logins:
	 * everybody, and everything is allowed. */
	struct t_odbc_login logins[T_ODBC_LOGINS];
	size_t logins_n;
	struct t_odbc_user users[T_ODBC_USERS];
	size_t users_n;
	const char *ticket;  /* login of integrated security, or NULL */
	const char *revoked; /* a right that muster_agent has not, or NULL */
	bool late;	     /* the next condition holds, whatever it is */
	const char *granted; /* "CONTROL SERVER", "CONTROL", without a role */
	enum t_odbc_tls tls;
	bool windows_only, locked; /* what an administrator sees */
	bool echoes; /* an error holds the password that it refuses */
	const char *version, *collation; /* NULL: of a good one */
	int log_used;	      /* pages of 128; the log may not grow */
	const char *log_wait; /* NULL: NOTHING */
};

/* The name that the shared library gives to it. */
typedef struct t_odbc *t_odbc_get_fn(void);
struct t_odbc *t_odbc_get(void);

#endif
