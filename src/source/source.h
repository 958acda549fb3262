/* SPDX-License-Identifier: Apache-2.0
 *
 * The contract of a source. A source does no I/O: it says which request comes
 * next and reads the answers; the engine (src/sync) sends, retries, throttles,
 * spools, and decodes the records with the feeds' field tables.
 *
 * Adding a source: a folder below src/source, one line in registry.c.
 *
 * Life of a read:
 *   open → [ begin(feed) → next/accept … → proof(feed) ]* → close
 */
#ifndef MST_SOURCE_SOURCE_H
#define MST_SOURCE_SOURCE_H

#include "conf/conf.h"
#include "model/derive.h"
#include "model/recver_conf.h"
#include "net/auth.h"
#include "net/checks.h"
#include "net/client.h"

struct mst_source; /* a source's own state */

enum mst_next {
	MST_NEXT_REQUEST, /* *req_r is to be sent */
	MST_NEXT_WAIT,	  /* nothing to send until an answer was accepted */
	MST_NEXT_END	  /* the feed was read */
};

/* What accept() says of an answer. */
enum mst_take {
	MST_TAKE_RECORDS, /* the body holds records: the engine keeps it as a
			   * part of the spool */
	MST_TAKE_CONTROL, /* read and done with (a list of file URLs) */
	MST_TAKE_RESTART  /* a page chain died: parts of this feed so far are
			   * dropped, the source starts it again */
};

/* Whether a read may be used to find what is missing. */
struct mst_proof {
	bool complete;
	uint64_t pages, files;
	uint64_t records; /* as the source counted them, 0 if it does not */
	int64_t as_of_us; /* the snapshot's time, or MST_TIME_NONE */
	char why[256];	  /* when not complete: what is in doubt */
};

/* A credential that the client needs: name, what makes it, where its token
 * may go. Made by auths(); the engine registers it. */
struct mst_source_auth {
	const char *name;
	struct mst_auth *auth;	  /* owned by the source */
	const char *const *hosts; /* NULL ended */
};

/* What a file in a folder may be instead of records of a feed. */
enum mst_file {
	MST_FILE_OTHER = -1,	 /* not ours: passed over with a note */
	MST_FILE_ADDRESSES = -2, /* a list of file URLs: no records */
	MST_FILE_SPOILT = -3	 /* records should be there, and are not */
};

struct mst_spoilt {
	int feed;	  /* that its name stands for, or -1 */
	bool damaged;	  /* nobody can read it; else it says something else */
	const char *what; /* "is UTF-16: save it again as UTF-8"; a literal */
};

struct mst_source_ops {
	const char *type;  /* "endpoint": the connection's type */
	const char *title; /* "Microsoft Defender for Endpoint" */
	const struct mst_opt *opts;
	size_t conf_size; /* of the struct that opts fill */
	const struct mst_catalog *catalog;
	/* Asset types that a job may choose from; NULL ended. NULL: there are
	 * none. */
	const char *const *asset_types;
	/* Changes the catalogue as the settings in conf want it; NULL: settings
	 * only act inside ops. */
	int (*adapt)(const void *conf, struct mst_derive *d,
		     struct mst_err *err);

	/* Whose devices it sees, as an id: connections of this type with other
	 * ids see other devices for certain. NULL: not known; the op may be
	 * NULL too. */
	const char *(*estate)(const void *conf);

	/* What it reads, for people ("a sensor"), where the same things can be
	 * seen from several places by ids of their own: two connections of
	 * this type with other words are never both in use for one
	 * destination. NULL: there is one place only. */
	const char *(*place)(const void *conf);
	/* The key of a member of the set, which is a digest, below the device
	 * with this id at this connection: for moving it to another one. what:
	 * what tells it apart there. False: keys of the set are none of that
	 * kind, or something is missing. NULL: there are none. */
	bool (*member_key)(const char *set, const char *connection,
			   struct mst_slice device, struct mst_slice what,
			   char out[33]);

	/* What stands in front of a device's key in its CI's correlation id;
	 * NULL: nothing. The op may be NULL: nothing does. */
	const char *(*key_prefix)(const void *conf);

	/* For set-up checks, without open: <0: what is wrong with the settings,
	 * the credential left aside; else what the credential is and whether it
	 * can be used goes into c (level, code, text, remedy). When it is
	 * FAILED, open fails too. NULL: there is none. */
	int (*credential)(const char *connection, const void *conf,
			  struct mst_check *c, struct mst_err *err);
	/* conf was filled by opts and outlives the source. */
	int (*open)(const char *connection, const void *conf,
		    struct mst_source **s_r, struct mst_err *err);
	void (*close)(struct mst_source **s);
	size_t (*auths)(struct mst_source *s, struct mst_source_auth *out,
			size_t max);
	const struct mst_rate *(*rates)(struct mst_source *s, size_t *n_r);
	/* After the tokens are there, before the first read: one check per
	 * permission, named as the far end names it; with one feed, the one
	 * that it needs. Returns how many were written. */
	size_t (*permissions)(struct mst_source *s, uint32_t feeds,
			      struct mst_check *out, size_t max);

	/* Where the connection goes, for the set-up checks. NULL: nothing to
	 * look at. Texts live as long as the source. */
	size_t (*addresses)(struct mst_source *s, struct mst_address *out,
			    size_t max);
	/* Further set-up checks of its own (net/checks.h), made when everything
	 * up to the permissions is looked at. env is lent. NULL: none. */
	int (*checks)(struct mst_source *s, const struct mst_checks_env *env,
		      struct mst_checks **c_r, struct mst_err *err);

	/* Which feeds a record set needs, as bits. Feeds that only enrich and
	 * are switched off are left out. */
	uint32_t (*needs)(struct mst_source *s, const char *set);

	/* Before begin, of a feed that is mirrored (or names what is gone):
	 * only what changed since then is to be read; MST_TIME_NONE:
	 * everything. NULL: no feed is. */
	void (*since)(struct mst_source *s, unsigned feed, int64_t since_us);
	/* Of a feed that may be mirrored, asked just before its `since`: what
	 * else decides what is read (which sensors): a mirror of something else
	 * is not used. NULL: now it is read whole each time. Lent until the
	 * source is asked again; the op may be NULL: nothing else does. */
	const char *(*scope)(const struct mst_source *s, unsigned feed);
	/* `one` limits the read to one record of the primary feed (its id, as a
	 * person gave it); NULL reads all. */
	int (*begin)(struct mst_source *s, unsigned feed, const char *one,
		     struct mst_err *err);
	/* >=0: enum mst_next. */
	int (*next)(struct mst_source *s, struct mst_req *req_r,
		    struct mst_err *err);
	/* >=0: enum mst_take. resp->body is in memory for pages; for requests
	 * with a file the body is there. Final failures arrive here too
	 * (resp->outcome, resp->status) and are turned into the error that ends
	 * the feed, or into another request. Wait for the answer of a page
	 * before asking for the next; files may be under way side by side. */
	int (*accept)(struct mst_source *s, const struct mst_req *req,
		      const struct mst_resp *resp, struct mst_err *err);
	void (*proof)(struct mst_source *s, unsigned feed,
		      struct mst_proof *proof_r);

	/* A folder of files instead of the API. Which feed does the file hold?
	 * rel is its path below the folder, head the first bytes (inflated when
	 * it was gzip). Returns the feed or an enum mst_file; sp is filled for
	 * MST_FILE_SPOILT only. */
	int (*classify)(const char *rel, struct mst_slice head,
			struct mst_spoilt *sp);

	/* What the name of a part (a file name without folder) says of all of
	 * its records: the text of a field that is MST_FROM_PART. False: it
	 * does not say. *out_r may point into buf. NULL: there are no such
	 * fields. */
	bool (*given)(unsigned feed, unsigned field, const char *name,
		      char *buf, size_t buf_n, struct mst_slice *out_r);

	/* Where a page holds its records: member name of the array in an
	 * envelope ("value"). NDJSON parts hold one record a line. */
	const char *envelope;
	/* The member of an envelope that says more pages follow
	 * ("@odata.nextLink"); a folder whose last page has one is not a
	 * complete read. */
	const char *more;
};

extern const struct mst_source_ops *const mst_sources[];	/* NULL ended */
const struct mst_source_ops *mst_source_find(const char *type); /* or NULL */

/* The feed whose records can be forwarded as alerts, in sources that have it.
 */
#define MST_ALERT_FEED "alerts"

/* First member of every source's conf struct: what the engine itself reads
 * from the options of a source connection. */
struct mst_source_common {
	struct mst_recver_conf recver; /* options recver.* */
	const char *read_from;	/* a folder instead of the API, or NULL */
	bool assume_complete;	/* a folder without a manifest counts as a
				 * complete read */
	struct mst_proxy proxy; /* options proxy*, and what is global */
	const char *ca_file;	/* option ca_file: PEM, or NULL */
	/* Option pin: the far end's public key, "sha256//…" (net/client.h), or
	 * NULL. */
	const char *pin;
	/* Option insecure_tls: the far end's certificate is not looked at. */
	bool insecure_tls;
	/* Options sync, sync_frequency: whether and how often jobs of this
	 * connection run by themselves; 0 minutes: it has no such options. */
	bool sync;
	int64_t sync_minutes;
	int64_t concurrent_runs; /* option: how many may use it at once */
	/* Of feeds that are mirrored: how old the last full read may be. */
	int64_t full_read_ms;
};

/* Pages: next() may set req_r->part to a bare name without its ending
 * ("ab12,1234", unique within the feed) that the kept page shall have; several
 * such pages may be under way at once. req_r->anew: what was kept by this name,
 * and by names with "," behind it ("ab12,1234,2"), is dropped for it.
 *
 * Requests for files: next() sets req_r->file to a bare name
 * ("0-00012.json.gz", unique within the feed); the engine puts the path of its
 * spool in front. Up to eight may be asked for before the first is answered.
 * After MST_TAKE_RESTART answers to older requests may still come in: accept()
 * says MST_TAKE_CONTROL of them, and their files are not kept. */

#endif
