/* SPDX-License-Identifier: Apache-2.0
 *
 * FreeTDS takes the certificates that it trusts from freetds.conf only, not
 * from a connection string. Such a file is made in memory, for this process.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "recver/sqlserver/private.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int fd = -1;

static bool is_safe(const char *s)
{
	return !s || !strpbrk(s, "\r\n;#[]");
}

static void add(struct mst_buf *b, const char *key, const char *value)
{
	if (value)
		(void)mst_buf_addf(b, "%s = %s\n", key, value);
}

static void write_section(struct mst_buf *b, const struct mst_recver_conf *conf,
			  const char *host, const char *port,
			  const char *instance)
{
	bool chain = strcmp(conf->encrypt, MST_MS_CHAIN) == 0;
	bool verify = strcmp(conf->encrypt, "verify") == 0;

	(void)mst_buf_adds(b, "[muster]\n");
	add(b, "host", host);
	add(b, "port", instance ? NULL : port ? port : "1433");
	add(b, "instance", instance);
	add(b, "tds version", "7.4");
	add(b, "client charset", "UTF-8");
	add(b, "encryption",
	    strcmp(conf->encrypt, "off") == 0 ? "off" : "require");
	if (!verify && !chain)
		return;
	add(b, "ca file", conf->ca_file ? conf->ca_file : "system");
	add(b, "check certificate hostname", verify ? "yes" : "no");
}

/* The environment is changed once, at the first connection. */
static int make_file(struct mst_err *err)
{
	char path[64];

	fd = memfd_create("muster-freetds", MFD_CLOEXEC);
	if (fd < 0)
		return mst_err_set(err, MST_E_IO,
				   "no memory for FreeTDS's settings: %s",
				   strerror(errno));
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return setenv("FREETDSCONF", path, 1) == 0
		   ? 0
		   : mst_err_set(err, MST_E_IO, "FREETDSCONF cannot be set: %s",
				 strerror(errno));
}

static int fill(const struct mst_buf *b, struct mst_err *err)
{
	if (ftruncate(fd, 0) == 0 && pwrite(fd, b->p, b->n, 0) == (ssize_t)b->n)
		return 0;
	return mst_err_set(err, MST_E_IO,
			   "FreeTDS's settings cannot be written: %s",
			   strerror(errno));
}

int mst_ms_freetds(const struct mst_recver_conf *conf, const char *host,
		   const char *port, const char *instance, struct mst_err *err)
{
	struct mst_buf b = MST_BUF_INIT(65536);
	int rc = 0;

	if (!is_safe(host) || !is_safe(port) || !is_safe(instance) ||
	    !is_safe(conf->ca_file))
		return mst_err_set(err, MST_E_INVALID,
				   "recver.server and recver.ca_file may hold "
				   "no ';', '#', bracket or line end");
	write_section(&b, conf, host, port, instance);
	(void)pthread_mutex_lock(&lock);
	if (fd < 0)
		rc = make_file(err);
	if (rc == 0)
		rc = fill(&b, err);
	mst_buf_fini(&b);
	if (rc < 0)
		(void)pthread_mutex_unlock(&lock);
	return rc;
}

void mst_ms_freetds_done(void)
{
	(void)pthread_mutex_unlock(&lock);
}
