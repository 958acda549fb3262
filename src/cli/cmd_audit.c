/* SPDX-License-Identifier: Apache-2.0
 *
 * muster audit: who changed what, and whether all of it is there as it was
 * written.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "cli/cli.h"

#define HEX (2 * MST_AUDIT_HASH + 1)

static const struct cli_command audit_cmd = {
    "audit", "[list | verify | head]",
    "Shows who changed what: configuration, secrets, users, tokens, sign-ins, "
    "runs that\nwere asked for, approvals. Entries are only ever added, and "
    "each has the hash of the\none before it in its own.\n\n"
    "verify goes through all of them and names the first that does not fit. "
    "head prints\nthe newest hash: only a copy of it that is kept elsewhere "
    "proves (verify --head)\nthat the end was not cut off.",
    cmd_audit};

struct asked {
	struct mst_audit_filter filter;
	const char *head;
};

struct listing {
	struct mst_buf out;
	struct mst_jout j;
};

static void hex_of(const unsigned char hash[MST_AUDIT_HASH], char hex[HEX])
{
	(void)sodium_bin2hex(hex, HEX, hash, MST_AUDIT_HASH);
}

/* ---- list ---------------------------------------------------------------- */

static void one_json(struct mst_jout *j, const struct mst_audit_entry *e)
{
	char when[21], hex[HEX] = "";

	mst_time_iso(e->at_us, when);
	if (e->hash)
		hex_of(e->hash, hex);
	mst_jout_obj(j);
	mst_jout_ki64(j, "id", e->id);
	mst_jout_kstr(j, "at", when);
	mst_jout_kstr(j, "user", e->user);
	mst_jout_kstr(j, "via", e->via);
	mst_jout_kstr(j, "address", e->address);
	mst_jout_kstr(j, "what", e->what);
	mst_jout_kstr(j, "kind", e->kind);
	mst_jout_kstr(j, "name", e->name);
	mst_jout_kstr(j, "before", e->before);
	mst_jout_kstr(j, "after", e->after);
	mst_jout_kstr(j, "hash", hex);
	mst_jout_end_obj(j);
}

static void one_line(struct mst_buf *out, const struct mst_audit_entry *e)
{
	char when[21];

	mst_time_iso(e->at_us, when);
	(void)mst_buf_addf(out, "%6lld  %s  %-20s %-8s %s %s %s\n",
			   (long long)e->id, when, e->user, e->via,
			   *e->what ? e->what : "apply", e->kind, e->name);
}

static int list_one(void *ctx, const struct mst_audit_entry *e)
{
	struct listing *l = ctx;

	if (cli.json)
		one_json(&l->j, e);
	else
		one_line(&l->out, e);
	return 0;
}

static int list(struct mst_state *s, const struct asked *a, struct listing *l,
		struct mst_err *err)
{
	int rc;

	if (cli.json)
		mst_jout_arr(&l->j);
	rc = mst_state_audit(s, &a->filter, list_one, l, err);
	if (cli.json)
		mst_jout_end_arr(&l->j);
	return rc;
}

/* ---- verify, head -------------------------------------------------------- */

static int parse_head(const char *text, unsigned char hash[MST_AUDIT_HASH],
		      struct mst_err *err)
{
	size_t n = 0;

	if (sodium_hex2bin(hash, MST_AUDIT_HASH, text, strlen(text), NULL, &n,
			   NULL) == 0 &&
	    n == MST_AUDIT_HASH)
		return 0;
	return mst_err_set(err, MST_E_INVALID,
			   "'%.80s' is no hash as 'muster audit head' prints "
			   "it: 64 hexadecimal digits",
			   text);
}

static void say_verified(const struct mst_audit_check *c, struct listing *l)
{
	char hex[HEX];

	hex_of(c->head, hex);
	if (!cli.json) {
		if (!c->bad_id)
			(void)mst_buf_addf(&l->out,
					   "%llu entries, all as they were "
					   "written\nhead %s\n",
					   (unsigned long long)c->entries, hex);
		return;
	}
	mst_jout_obj(&l->j);
	mst_jout_kbool(&l->j, "ok", !c->bad_id);
	mst_jout_ki64(&l->j, "entries", (int64_t)c->entries);
	mst_jout_kstr(&l->j, "head", hex);
	mst_jout_key(&l->j, "first_bad");
	if (c->bad_id)
		mst_jout_i64(&l->j, c->bad_id);
	else
		mst_jout_null(&l->j);
	mst_jout_kstr(&l->j, "why", c->bad_id ? c->why : NULL);
	mst_jout_end_obj(&l->j);
}

static int verify(struct mst_state *s, const struct asked *a, struct listing *l,
		  struct mst_err *err)
{
	unsigned char want[MST_AUDIT_HASH];
	struct mst_audit_check c;
	int rc = a->head ? parse_head(a->head, want, err) : 0;

	if (rc == 0)
		rc = mst_audit_verify(s, a->head ? want : NULL, &c, err);
	if (rc < 0)
		return rc;
	say_verified(&c, l);
	if (c.bad_id)
		rc = mst_err_set(err, MST_E_CORRUPT,
				 "the audit is broken at entry %lld: %s",
				 (long long)c.bad_id, c.why);
	return rc;
}

static int head(struct mst_state *s, struct listing *l, struct mst_err *err)
{
	unsigned char hash[MST_AUDIT_HASH];
	char hex[HEX];
	int64_t id;
	int rc = mst_audit_head(s, &id, hash, err);

	if (rc < 0)
		return rc;
	hex_of(hash, hex);
	if (!cli.json) {
		(void)mst_buf_addf(&l->out, "%s\n", hex);
		return 0;
	}
	mst_jout_obj(&l->j);
	mst_jout_ki64(&l->j, "id", id);
	mst_jout_kstr(&l->j, "hash", hex);
	mst_jout_end_obj(&l->j);
	return 0;
}

static int act(struct mst_state *s, const char *what, const struct asked *a,
	       struct listing *l, struct mst_err *err)
{
	if (strcmp(what, "verify") == 0)
		return verify(s, a, l, err);
	if (strcmp(what, "head") == 0)
		return head(s, l, err);
	return list(s, a, l, err);
}

int cmd_audit(int argc, char **argv)
{
	uint64_t count = 50, before = 0;
	struct asked a = {.filter = {.kind = NULL}};
	const struct cli_opt opts[] = {
	    {"kind", "KIND", "only of this kind: connection, user, task …",
	     NULL, &a.filter.kind, NULL},
	    {"name", "NAME", "only of what has this name", NULL, &a.filter.name,
	     NULL},
	    {"user", "USER", "only by this user", NULL, &a.filter.user, NULL},
	    {"before", "ID", "only entries older than this one", NULL, NULL,
	     &before},
	    {"count", "N", "how many (50)", NULL, NULL, &count},
	    {"head", "HASH", "verify: this hash must be in the chain", NULL,
	     &a.head, NULL},
	    {0},
	};
	struct listing l = {.out = MST_BUF_INIT(256u << 20)};
	struct mst_err err = MST_ERR_INIT;
	struct mst_state *state = NULL;
	const char *what;
	int status, rc;

	if (!cli_parse(&audit_cmd, opts, &argc, &argv, 0, 1, &status))
		return status;
	what = argc ? argv[0] : "list";
	if (strcmp(what, "list") != 0 && strcmp(what, "verify") != 0 &&
	    strcmp(what, "head") != 0) {
		(void)fprintf(stderr,
			      "muster: audit knows list, verify and head, not "
			      "'%s'\n",
			      what);
		return CLI_USAGE;
	}
	a.filter.n = (size_t)count;
	a.filter.before = (int64_t)before;
	mst_jout_init(&l.j, &l.out);
	rc = cli_open_state(&state, &err);
	if (rc == 0)
		rc = act(state, what, &a, &l, &err);
	if (cli.json && l.out.n)
		(void)mst_buf_addc(&l.out, '\n');
	cli_print(&l.out);
	mst_buf_fini(&l.out);
	mst_state_close(&state);
	return rc < 0 ? cli_fail(&err) : CLI_OK;
}
