/* SPDX-License-Identifier: Apache-2.0
 *
 * The set-up checks that sources of Microsoft's have in common: a list of them
 * that asks for probes and tells each check when its answers are in, and what
 * is said of tenant, token, lists, clock and limits. Which probes and checks
 * there are says the source.
 */
#ifndef MST_SOURCE_MICROSOFT_CHECKS_H
#define MST_SOURCE_MICROSOFT_CHECKS_H

#include "net/checks.h"
#include "source/microsoft/microsoft.h"

enum ms_body {
	MS_BODY_FINE,
	MS_BODY_NOTHING, /* no byte */
	MS_BODY_WEB,	 /* a web page */
	MS_BODY_NO_JSON,
	MS_BODY_ERROR, /* an error object with status 200 */
	MS_BODY_OTHER  /* JSON of another shape */
};

/* A request and what became of it. */
struct ms_probe {
	bool wanted, sent, answered;
	int status, attempts;
	enum ms_body body;
	size_t records; /* of a list, files of an export */
	int64_t retry_after_ms;
	struct ms_told told;
	char why[400]; /* our own words for it, "" when fine */
};

/* What the login host says of the tenant. */
struct ms_tenant_info {
	char instance[64]; /* "microsoftonline.us", "" when it does not say */
	char region[16];   /* "EU" */
	char sub[16];	   /* "DODCON", "" outside of government clouds */
};

#define MS_PROBES_MAX 16

struct ms_checks;

/* What the source says; check and probe are its own numbers. */
struct ms_checks_ops {
	unsigned checks_n, probes_n; /* probes at most MS_PROBES_MAX */
	/* Fills the request of a probe: begins with ms_ask. */
	void (*ask)(struct ms_checks *k, unsigned probe, struct mst_req *req);
	/* The JSON of a good answer: sets body and records. */
	void (*read)(struct ms_checks *k, unsigned probe, struct mst_json root);
	/* An answer was taken in: what follows from it; NULL: nothing. */
	void (*taken)(struct ms_checks *k, unsigned probe);
	/* Is all there that the check is made of? Asked in order. */
	bool (*ready)(const struct ms_checks *k, unsigned check);
	/* Is it one of this connection's? */
	bool (*applies)(const struct ms_checks *k, unsigned check);
	/* The title of what it stands on and that failed, or NULL. */
	const char *(*lacks)(const struct ms_checks *k, unsigned check);
	/* name and title; name_n bytes for a name that is made. */
	void (*name)(unsigned check, struct mst_check *c, char *name,
		     size_t name_n);
	void (*judge)(const struct ms_checks *k, unsigned check,
		      struct mst_check *c);
	/* Its answer's body says nothing (bytes of a file); NULL: all do. */
	bool (*blind)(unsigned probe);
	/* Who answers: "Microsoft Graph". */
	const char *(*far_end)(unsigned probe);
	void (*free)(struct ms_checks *k); /* the whole list */
};

/* First member of the source's list. */
struct ms_checks {
	struct mst_checks base;
	const struct ms_checks_ops *ops;
	struct mst_checks_env env;
	const struct ms_conf *conf;
	const struct ms_sites *sites;
	struct mst_json_parser *parser; /* lent */
	struct ms_probe probes[MS_PROBES_MAX];
	size_t pending;
	unsigned at; /* the check that is reported next */
	struct ms_tenant_info tenant;
	/* What every answer tells besides. */
	int64_t skew_us; /* the least of all answers */
	double share;	 /* of a limit that is used, -1: not said */
	const char *share_of;
	int64_t rate_limit; /* -1: not said */
};

#define MS_ANSWER_MAX (4u << 20)

/* checks.c */
/* k is zeroed; ops, env, conf, sites and parser outlive it. */
void ms_checks_init(struct ms_checks *k, const struct ms_checks_ops *ops,
		    const struct mst_checks_env *env,
		    const struct ms_conf *conf, const struct ms_sites *sites,
		    struct mst_json_parser *parser);
/* The title of a check that failed before, or NULL. */
const char *ms_gone(const struct ms_checks *k, const char *name);
/* A GET; what names it in errors. */
void ms_ask(struct ms_checks *k, unsigned probe, struct mst_req *req,
	    const char *what);
void ms_ask_tenant(struct ms_checks *k, unsigned probe, struct mst_req *req);
/* Are the answers of probes from..to-1 in, as far as they are wanted? */
bool ms_answered(const struct ms_checks *k, unsigned from, unsigned to);

/* checks_read.c */
void ms_take(struct ms_checks *k, unsigned probe, const struct mst_resp *resp);
void ms_read_tenant(struct ms_checks *k, struct mst_json root);
/* {"value":[{…},…]}: counts the records. */
enum ms_body ms_list_of(struct ms_probe *p, struct mst_json root);

/* A list that was asked for one record. */
struct ms_list {
	const char *path, *title;
	const struct ms_need *need;
	bool granted;
	const char *urls; /* options that lead to it: "api_url and graph_url" */
	/* What a 404 means and what to do; NULL: what it means mostly. */
	const char *absent, *absent_remedy;
	/* What an empty list means; NULL: nothing yet. */
	const char *empty, *empty_remedy;
	bool optional; /* a run does without */
	bool idle;     /* no job takes it */
};

/* checks_cloud.c: api_url is that of the options, or NULL. */
void ms_say_cloud(const struct ms_checks *k, const struct ms_probe *p,
		  const char *api_url, struct mst_check *c);
/* checks_say.c */
void ms_say_list(const struct ms_list *l, const struct ms_probe *p,
		 struct mst_check *c);
/* Lowers what failed to what it means for a run. */
void ms_say_weight(const struct ms_list *l, struct mst_check *c);
void ms_say_clock(const struct ms_checks *k, struct mst_check *c);
/* limits: what is kept when the answers say nothing ("the documented ones are
 * kept"). */
void ms_say_rate(const struct ms_checks *k, const char *limits,
		 struct mst_check *c);
void ms_say_failed(struct mst_check *c, enum mst_code code, const char *text);
/* The kind of failure that an answer is which says nothing of use. */
enum mst_code ms_probe_code(const struct ms_probe *p);
/* Our own words for why there was no answer. */
const char *ms_probe_why(const struct ms_probe *p);

#endif
