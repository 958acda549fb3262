/* SPDX-License-Identifier: Apache-2.0
 *
 * Locks of the open file (fcntl's OFD locks): the kernel drops them however
 * the process ends, two openers within one process exclude each other too,
 * and one can look at a lock without taking it. The file stays when the lock
 * is dropped: removing it would let two processes hold "the" lock on two
 * files of one name.
 */
#include "db/db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define NOTE_MAX 128

static void read_note(int fd, char note[NOTE_MAX])
{
	ssize_t n = pread(fd, note, NOTE_MAX - 1, 0);

	note[n > 0 ? n : 0] = 0;
	note[strcspn(note, "\n")] = 0;
	/* Between taking the lock and writing the note. */
	if (!note[0])
		(void)snprintf(note, NOTE_MAX, "another process");
}

int mst_lock_note(struct mst_lock *l, const char *note, struct mst_err *err)
{
	char text[NOTE_MAX];
	size_t n;

	if (note)
		(void)snprintf(text, sizeof(text) - 1, "%s", note);
	else
		(void)snprintf(text, sizeof(text) - 1, "process %ld",
			       (long)getpid());
	n = strlen(text);
	text[n++] = '\n';
	if (ftruncate(l->fd, 0) < 0 || pwrite(l->fd, text, n, 0) != (ssize_t)n)
		return mst_err_os(err, "lock file '%s' cannot be written",
				  l->path);
	return 0;
}

int mst_lock_take(struct mst_lock *l, const char *path, const char *what,
		  const char *note, struct mst_err *err)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	char holder[NOTE_MAX];
	int rc;

	*l = (struct mst_lock){.fd = -1};
	l->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (l->fd < 0)
		return mst_err_os(err, "lock file '%s' cannot be opened", path);
	l->path = mst_strdup(path);
	if (fcntl(l->fd, F_OFD_SETLK, &whole) == 0) {
		rc = mst_lock_note(l, note, err);
		if (rc < 0)
			mst_lock_drop(l);
		return rc;
	}
	if (errno == EAGAIN || errno == EACCES) {
		read_note(l->fd, holder);
		rc = mst_err_set(err, MST_E_CONFLICT,
				 "%s is in use by %s: wait for it to end, or "
				 "stop it",
				 what, holder);
	} else {
		rc = mst_err_os(err, "file '%s' cannot be locked", path);
	}
	close(l->fd);
	free(l->path);
	*l = (struct mst_lock){.fd = -1};
	return rc;
}

void mst_lock_drop(struct mst_lock *l)
{
	if (l->fd >= 0) {
		/* Before the lock is free: a stale note names the wrong one.
		 * A failure only leaves that note behind. */
		int rc = ftruncate(l->fd, 0);

		(void)rc;
		close(l->fd);
	}
	free(l->path);
	*l = (struct mst_lock){.fd = -1};
}

int mst_lock_peek(const char *path, bool *held_r, struct mst_buf *note,
		  struct mst_err *err)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	char holder[NOTE_MAX];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	int rc = 0;

	if (fd < 0) {
		if (errno != ENOENT)
			return mst_err_os(err, "lock file '%s' cannot be read",
					  path);
		*held_r = false;
		return 0;
	}
	if (fcntl(fd, F_OFD_GETLK, &whole) < 0) {
		rc = mst_err_os(err, "lock of '%s' cannot be seen", path);
	} else {
		*held_r = whole.l_type != F_UNLCK;
		if (*held_r && note) {
			read_note(fd, holder);
			(void)mst_buf_adds(note, holder);
		}
	}
	close(fd);
	return rc;
}
