/* SPDX-License-Identifier: Apache-2.0
 *
 * The checks of a connection that reads a folder: can it be opened, and of each
 * list that a job takes: its files, how old the newest is, and whether they are
 * proven to be everything.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "checkup/private.h"
#include "sync/spool.h"

#define DAY_US (24 * 3600 * (int64_t)1000000)
/* Exports are made four times a day; what is older than this was forgotten. */
#define OLD_DAYS 7

struct seen {
	uint64_t bytes;
	int64_t newest_us; /* MST_TIME_NONE: there is no file */
	size_t lost;	   /* files that cannot be read */
	char why[256];	   /* the first of them */
};

/* ---- files --------------------------------------------------------------- */

static void cannot_read(struct seen *s, const char *path)
{
	struct mst_err err = MST_ERR_INIT;

	if (s->lost++ == 0) {
		(void)mst_err_os(&err, "%.180s", path);
		(void)snprintf(s->why, sizeof(s->why), "%.250s", err.msg);
	}
}

static void look_at_file(struct seen *s, const struct mst_part *part)
{
	/* whatever it is now: a pipe would wait for a writer */
	int fd = open(part->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	int64_t us;
	char c;

	if (fd < 0 || fstat(fd, &st) != 0 || read(fd, &c, 1) < 0) {
		cannot_read(s, part->path);
	} else {
		us = (int64_t)st.st_mtim.tv_sec * 1000000;
		s->bytes += (uint64_t)st.st_size;
		s->newest_us = MST_MAX(s->newest_us, us);
	}
	if (fd >= 0)
		(void)close(fd);
}

static struct seen look_at_files(const struct mst_spool_feed *f)
{
	struct seen s = {.newest_us = MST_TIME_NONE};

	for (size_t i = 0; i < f->parts_n; i++)
		look_at_file(&s, &f->parts[i]);
	/* Copying a folder makes its files new; what they hold is not. */
	if (f->proof.as_of_us != MST_TIME_NONE)
		s.newest_us = f->proof.as_of_us;
	return s;
}

/* ---- one list ------------------------------------------------------------ */

static void size_text(uint64_t bytes, char *out, size_t n)
{
	if (bytes < 10 * 1024)
		(void)snprintf(out, n, "%llu bytes", (unsigned long long)bytes);
	else if (bytes < 10ull * 1024 * 1024)
		(void)snprintf(out, n, "%llu KiB",
			       (unsigned long long)(bytes >> 10));
	else
		(void)snprintf(out, n, "%llu MiB",
			       (unsigned long long)(bytes >> 20));
}

static void age_text(int64_t us, char *out, size_t n)
{
	int64_t hours = (mst_now_us() - us) / (DAY_US / 24);
	char iso[21];

	mst_time_iso(us, iso);
	if (hours < 48)
		(void)snprintf(out, n, "of %s (%lld h old)", iso,
			       (long long)MST_MAX(hours, 0));
	else
		(void)snprintf(out, n, "of %s (%lld days old)", iso,
			       (long long)hours / 24);
}

static void say_files(const struct mst_spool_feed *f, const struct seen *s,
		      bool assume_complete, struct mst_check *c)
{
	bool old = mst_now_us() - s->newest_us > OLD_DAYS * DAY_US;
	char size[32], age[64];

	size_text(s->bytes, size, sizeof(size));
	age_text(s->newest_us, age, sizeof(age));
	mst_check_say(
	    c, f->proof.complete && !old ? MST_CHECK_OK : MST_CHECK_WARNING,
	    "%zu file%s, %s, the newest %s; %s%.250s", f->parts_n,
	    f->parts_n == 1 ? "" : "s", size, age,
	    f->proof.complete ? "complete" : "not proven complete: ",
	    f->proof.complete ? "" : f->proof.why);
	if (!f->proof.complete)
		mst_check_remedy(c,
				 "what it lacks is not retired or closed; "
				 "%s",
				 assume_complete
				     ? "save it again, all of it"
				     : "save it with 'muster fetch', or set "
				       "assume_complete when it is everything");
	else if (old)
		mst_check_remedy(c, "put newer files there; a run takes these "
				    "for what is there today");
}

static void judge(const struct mst_feed *feed, const struct mst_spool_feed *f,
		  bool assume_complete, struct mst_check *c)
{
	struct seen s = look_at_files(f);

	if (s.lost) {
		c->code = MST_E_IO;
		mst_check_say(c, MST_CHECK_FAILED,
			      "%zu of %zu file%s cannot be read: %s", s.lost,
			      f->parts_n, f->parts_n == 1 ? "" : "s", s.why);
		mst_check_remedy(c, "let this account read all files below the "
				    "folder");
	} else if (f->present && f->parts_n) {
		say_files(f, &s, assume_complete, c);
	} else if (f->present) {
		mst_check_say(c, MST_CHECK_OK, "saved, and without a record");
	} else if (feed->optional) {
		mst_check_say(
		    c, MST_CHECK_NOTE,
		    "no file of it; devices are not enriched with it");
	} else {
		mst_check_say(c, MST_CHECK_WARNING,
			      "no file of it; nothing of it is delivered");
		mst_check_remedy(c, "put its files there, or leave out the "
				    "record sets that need it");
	}
}

/* ---- all ----------------------------------------------------------------- */

/* The lists that the jobs take; *idle_r: no job is there yet. */
static uint32_t wanted(struct mst_checkup *c, bool *idle_r, struct mst_err *err)
{
	const struct mst_source_ops *ops = c->c.source;
	uint32_t feeds = 0;

	*idle_r = c->jobs.jobs_n == 0;
	if (!c->source &&
	    ops->open(c->c.name, c->c.source_conf, &c->source, err) < 0)
		return 0;
	for (size_t i = 0; i < c->jobs.uses_n; i++)
		feeds |= ops->needs(c->source, c->jobs.uses[i].set->name);
	return feeds;
}

static void report_feeds(struct mst_checkup *c, const struct mst_spool *spool,
			 uint32_t feeds, bool idle)
{
	const struct mst_catalog *catalog = c->c.source->catalog;

	for (size_t i = 0; i < catalog->feeds_n; i++) {
		char name[96];
		struct mst_check check = {.name = name,
					  .title = catalog->feeds[i].name};

		if (!(feeds & 1u << i))
			continue;
		(void)snprintf(name, sizeof(name), "feed:%.80s",
			       catalog->feeds[i].name);
		judge(&catalog->feeds[i], &spool->feeds[i],
		      c->c.source_conf->assume_complete, &check);
		if (idle && check.level != MST_CHECK_OK) {
			check.level = MST_CHECK_NOTE;
			check.code = MST_OK;
		}
		c->conf.report(c->conf.ctx, &check);
	}
}

void mst_checkup_folder(struct mst_checkup *c)
{
	const char *dir = c->c.source_conf->read_from;
	char *manifest = mst_asprintf("%s/manifest.json", dir);
	struct mst_err err = MST_ERR_INIT;
	struct mst_spool spool = {0};
	bool idle;
	uint32_t feeds = wanted(c, &idle, &err);
	char text[600];

	if (err.code == MST_OK &&
	    mst_spool_open(&spool, c->c.source, dir,
			   c->c.source_conf->assume_complete, &err) >= 0)
		mst_err_clear(&err);
	(void)snprintf(text, sizeof(text), "%.400s, %s", dir,
		       mst_file_exists(manifest) ? "as 'muster fetch' saved it"
						 : "files without a manifest");
	mst_checkup_say(c, "folder", "folder", &err, text);
	if (err.code == MST_OK)
		report_feeds(c, &spool, feeds, idle);
	mst_spool_fini(&spool);
	free(manifest);
}
