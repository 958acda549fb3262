/* SPDX-License-Identifier: Apache-2.0
 *
 * A way to the server of MongoDB's protocol that MUSTER_TEST_MONGODB names, for
 * what that one has not: users and their rights (SCRAM-SHA-256), TLS, members
 * of a replica set, a router. It answers those commands itself and passes the
 * others on; it refuses, falls silent and cuts where a test says so.
 */
#ifndef MST_TESTS_MONGO_GATE_H
#define MST_TESTS_MONGO_GATE_H

#include <mongoc/mongoc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define T_GATE_MEMBERS 2
#define T_GATE_USERS   8

struct t_gate_user {
	char name[64], knows[64], password[64];
	bson_t *roles; /* {"0": {role, db}, …} */
};

struct t_gate {
	/* Set before the start, or while nobody is connected. */
	const char *set;	/* the replica set's name; NULL: none */
	bool router;		/* of a sharded cluster */
	int wire;		/* 0: that of MongoDB 6.0 */
	bool auth;		/* users must log in */
	const char *cert, *key; /* PEM texts: TLS alone; NULL: without */
	bool silent;		/* takes connections, and never answers */
	int primary;		/* which member it is; -1: none */

	/* From the nth command on, handshakes apart. 0: never. */
	uint64_t cut_at;   /* the connection is cut instead of the answer */
	bool cut_before;   /* … and the server does not see it */
	uint64_t moves_at; /* another member becomes the primary */
	unsigned elects; /* … because that one died: the connection is cut, and
			  * so often nobody says that it is the primary */
	uint64_t fails_at;	/* this code is answered, once */
	const char *fails_only; /* of commands of this name; NULL: any */
	int fails_code;
	/* What somebody else does before this command. It sets itself to NULL,
	 * and may come through the gate. */
	void (*between)(struct t_gate *g);
	uint64_t between_at;

	/* What has happened. */
	uint64_t passed; /* commands */
	uint64_t cuts, moves, fails;
	bool sharded;
	char *log; /* administrative commands, a line of JSON each */

	/* Its own. */
	pthread_mutex_t lock;
	struct t_gate_user users[T_GATE_USERS];
	bson_t *role; /* what createRole made; NULL: none */
	char role_db[64];
	int port[T_GATE_MEMBERS];
	int next; /* primary, when so many have asked */
	unsigned asks_left;
	struct t_gate_impl *impl;
};

/* Fills in what is left out, and listens. */
void t_gate_start(struct t_gate *g);
void t_gate_stop(struct t_gate *g);
/* "127.0.0.1:port", of all members with commas; until the next call. */
const char *t_gate_server(const struct t_gate *g);
/* roles: as JSON, "[{\"role\": …, \"db\": …}]". */
void t_gate_add_user(struct t_gate *g, const char *name, const char *password,
		     const char *roles);
/* What has happened is forgotten, and so are faults, users and roles. */
void t_gate_reset(struct t_gate *g);

/* ---- mongo_gate_users.c -------------------------------------------------- */

/* Of a connection. */
struct t_gate_login {
	const struct t_gate_user *user; /* NULL: nobody, yet */
	const struct t_gate_user *tried;
	char first[512]; /* the exchange so far */
	uint8_t stored[32], server[32];
};

/* A command about users, roles and log-in: true, and its reply. */
bool t_gate_users_do(struct t_gate *g, struct t_gate_login *l,
		     const char *database, const bson_t *ask, bson_t *reply);
/* May it be done? */
bool t_gate_may(struct t_gate *g, const struct t_gate_login *l,
		const char *database, const bson_t *ask);
/* {ok: 0, code, errmsg} */
void t_gate_refuse(bson_t *reply, int code, const char *text);

#endif
