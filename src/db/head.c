/* SPDX-License-Identifier: Apache-2.0
 *
 * Whose database is this file? Told from its first page, without SQLite: to
 * open it would already change it (the log mode is kept in the file).
 * Format: https://www.sqlite.org/fileformat2.html, section 1.3.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "db/db_private.h"

#define HEAD	 100
#define PAGES_AT 28
#define ID_AT	 68

static uint32_t number(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static bool has_log(const char *path)
{
	char *log = mst_asprintf("%s-wal", path);
	struct stat sb;
	bool has = stat(log, &sb) == 0 && sb.st_size > 0;

	free(log);
	return has;
}

/* ---- open in this process ------------------------------------------------ */

/* Closing any descriptor of a file drops the locks that the process has on it,
 * SQLite's of other handles too: another process then takes the log away under
 * them, and what they write from then on is lost. So a file that a handle has
 * open is never opened beside SQLite, and both are done one after the other. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct open_file {
	struct open_file *next;
	dev_t dev;
	ino_t ino;
} * open_files;

void mst_db_files_lock(void)
{
	(void)pthread_mutex_lock(&lock);
}

void mst_db_files_unlock(void)
{
	(void)pthread_mutex_unlock(&lock);
}

static struct open_file **find(const char *path)
{
	struct open_file **link = &open_files;
	struct stat sb;

	if (stat(path, &sb) < 0)
		return NULL;
	while (*link &&
	       ((*link)->dev != sb.st_dev || (*link)->ino != sb.st_ino))
		link = &(*link)->next;
	return *link ? link : NULL;
}

struct open_file *mst_db_files_add(const char *path)
{
	struct open_file *f;
	struct stat sb;

	if (stat(path, &sb) < 0)
		return NULL;
	f = mst_alloc(sizeof(*f));
	*f = (struct open_file){open_files, sb.st_dev, sb.st_ino};
	open_files = f;
	return f;
}

void mst_db_files_del(struct open_file *f)
{
	struct open_file **link = &open_files;

	while (*link && *link != f)
		link = &(*link)->next;
	if (*link)
		*link = f->next;
	free(f);
}

bool mst_db_is_foreign(const char *path, uint32_t app_id)
{
	bool is;

	mst_db_files_lock();
	is = mst_db_head_is_foreign(path, app_id);
	mst_db_files_unlock();
	return is;
}

bool mst_db_head_is_foreign(const char *path, uint32_t app_id)
{
	uint8_t head[HEAD];
	uint32_t id;
	ssize_t n;
	int fd;

	if (find(path))
		return false; /* it was looked at when it was opened */
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? 0 : read(fd, head, sizeof(head));
	if (fd >= 0)
		(void)close(fd);
	if (n < HEAD || memcmp(head, "SQLite format 3", 16) != 0)
		return false; /* SQLite says what it is */
	id = number(head + ID_AT);
	if (id == app_id)
		return false;
	/* Right after ours was made the mark is in the log alone, and before
	 * that there is one empty page. */
	return id || (!has_log(path) && number(head + PAGES_AT) > 1);
}
