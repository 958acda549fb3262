/* SPDX-License-Identifier: Apache-2.0
 *
 * Whose database is this file? Told from its first page, without SQLite: to
 * open it would already change it (the log mode is kept in the file).
 * Format: https://www.sqlite.org/fileformat2.html, section 1.3.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "db/db.h"

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

bool mst_db_is_foreign(const char *path, uint32_t app_id)
{
	uint8_t head[HEAD];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, head, sizeof(head));
	uint32_t id;

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
