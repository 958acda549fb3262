/* SPDX-License-Identifier: Apache-2.0
 *
 * The helpers of pg.h.
 */
#include "tests/lib/pg.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"

/* PostgreSQL does not run as root. */
#define NOBODY 65534

static pid_t owner; /* the process that started it */
static pid_t postmaster;
static int port;
static char bin[256];
static const char *folder;

static void find_programs(void)
{
	glob_t g;

	if (bin[0])
		return;
	if (glob("/usr/lib/postgresql/*/bin/initdb", 0, NULL, &g) != 0)
		fail_msg("PostgreSQL is not installed: tools/install-deps "
			 "check");
	(void)snprintf(bin, sizeof(bin), "%s", g.gl_pathv[g.gl_pathc - 1]);
	*strrchr(bin, '/') = 0;
	globfree(&g);
}

static int free_port(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, n), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	(void)close(fd);
	return ntohs(a.sin_port);
}

/* Output goes to the folder's log. */
static pid_t spawn(const char *program, const char *const *args)
{
	const char *argv[24] = {program};
	char path[512], log[512];
	pid_t pid;
	int fd;

	for (int i = 0; args[i]; i++)
		argv[i + 1] = args[i];
	(void)snprintf(path, sizeof(path), "%s/%s", bin, program);
	(void)snprintf(log, sizeof(log), "%s/log", folder);
	pid = fork();
	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	if (geteuid() == 0 &&
	    (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
	     setresuid(NOBODY, NOBODY, NOBODY) < 0))
		_exit(126);
	/* A test that was killed leaves no server. */
	(void)prctl(PR_SET_PDEATHSIG, SIGQUIT);
	fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	if (fd < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0)
		_exit(126);
	(void)setsid();
	(void)execv(path, (char *const *)(uintptr_t)argv);
	_exit(127);
}

static void run(const char *program, const char *const *args)
{
	int status = -1;
	pid_t pid = spawn(program, args);

	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (status != 0)
		fail_msg("%s ended with status %d: see %s/log", program, status,
			 folder);
}

static PGconn *connect_to(const char *database)
{
	char text[16];
	const char *const k[] = {"host", "port", "user", "dbname", NULL};
	const char *const v[] = {folder, text, T_PG_USER, database, NULL};

	(void)snprintf(text, sizeof(text), "%d", port);
	return PQconnectdbParams(k, v, 0);
}

static void wait_until_up(void)
{
	struct timespec pause = {0, 20000000};
	PGconn *h;

	for (int i = 0; i < 1500; i++) {
		h = connect_to("postgres");
		if (PQstatus(h) == CONNECTION_OK) {
			PQfinish(h);
			return;
		}
		PQfinish(h);
		if (waitpid(postmaster, NULL, WNOHANG) == postmaster) {
			postmaster = 0;
			break;
		}
		(void)nanosleep(&pause, NULL);
	}
	fail_msg("PostgreSQL does not start: see %s/log", folder);
}

void t_pg_stop(bool hard)
{
	if (postmaster && owner == getpid()) {
		/* Fast, or at once and with a recovery later. */
		(void)kill(postmaster, hard ? SIGQUIT : SIGINT);
		(void)waitpid(postmaster, NULL, 0);
	}
	postmaster = 0;
}

static void stop_at_exit(void)
{
	t_pg_stop(true);
}

void t_pg_again(void)
{
	char data[512], text[16];
	const char *const args[] = {"-D", data, "-p", text, "-k", folder, NULL};

	(void)snprintf(data, sizeof(data), "%s/data", folder);
	(void)snprintf(text, sizeof(text), "%d", port);
	postmaster = spawn("postgres", args);
	wait_until_up();
}

static void configure(void)
{
	char path[512];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/data/pg_hba.conf", folder);
	f = fopen(path, "w");
	assert_non_null(f);
	(void)fputs("local all all trust\n"
		    "host all all 127.0.0.1/32 scram-sha-256\n",
		    f);
	assert_int_equal(fclose(f), 0);
	(void)snprintf(path, sizeof(path), "%s/data/postgresql.conf", folder);
	f = fopen(path, "a");
	assert_non_null(f);
	(void)fputs("listen_addresses = '127.0.0.1'\n"
		    "max_connections = 100\n"
		    "deadlock_timeout = 50ms\n"
		    "shared_buffers = 32MB\n"
		    /* What dies in a test is a process, not the machine. */
		    "fsync = off\n"
		    "full_page_writes = off\n"
		    "lc_messages = 'C'\n",
		    f);
	assert_int_equal(fclose(f), 0);
}

void t_pg_start(void)
{
	char data[512];
	const char *const args[] = {"-D",	    data,   "-U", T_PG_USER,
				    "-E",	    "UTF8", "-N", "--locale=C",
				    "--auth=trust", NULL};

	if (postmaster)
		return;
	find_programs();
	owner = getpid();
	folder = t_path("pg");
	assert_int_equal(mkdir(folder, 0700), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(folder, NOBODY, NOBODY), 0);
		assert_int_equal(chmod(t_dir(), 0711), 0);
	}
	(void)snprintf(data, sizeof(data), "%s/data", folder);
	(void)atexit(stop_at_exit);
	run("initdb", args);
	configure();
	port = free_port();
	t_pg_again();
}

const char *t_pg_socket(void)
{
	static char text[300];

	(void)snprintf(text, sizeof(text), "%s:%d", folder, port);
	return text;
}

const char *t_pg_host(void)
{
	static char text[40];

	(void)snprintf(text, sizeof(text), "127.0.0.1:%d", port);
	return text;
}

int t_pg_port(void)
{
	return port;
}

static char answer[4096];

static void no_notice(void *arg, const PGresult *res)
{
	(void)arg;
	(void)res;
}

static void MST_PRINTF(2, 0)
    query(const char *database, const char *fmt, va_list ap)
{
	char *sql = NULL;
	PGconn *h = connect_to(database);
	PGresult *res;

	if (vasprintf(&sql, fmt, ap) < 0)
		mst_oom();
	(void)PQsetNoticeReceiver(h, no_notice, NULL);
	res = PQexec(h, sql);
	if (PQresultStatus(res) != PGRES_COMMAND_OK &&
	    PQresultStatus(res) != PGRES_TUPLES_OK)
		fail_msg("%s: %s", sql, PQerrorMessage(h));
	answer[0] = 0;
	if (PQntuples(res) && PQnfields(res))
		(void)snprintf(answer, sizeof(answer), "%s",
			       PQgetvalue(res, 0, 0));
	PQclear(res);
	PQfinish(h);
	free(sql);
}

void t_pg_sql(const char *database, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	query(database, fmt, ap);
	va_end(ap);
}

const char *t_pg_ask(const char *database, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	query(database, fmt, ap);
	va_end(ap);
	return answer;
}

static void write_own(const char *name, const char *text)
{
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/data/%s", folder, name);
	t_write(path, mst_slice_str(text));
	if (geteuid() == 0)
		assert_int_equal(chown(path, NOBODY, NOBODY), 0);
}

void t_pg_standby(bool on)
{
	char path[512];

	t_pg_stop(false);
	(void)snprintf(path, sizeof(path), "%s/data/standby.signal", folder);
	if (on)
		write_own("standby.signal", "");
	else
		assert_int_equal(unlink(path), 0);
	t_pg_again();
}

const char *t_pg_log(void)
{
	static struct mst_buf text = MST_BUF_INIT(64u << 20);
	struct mst_err err = MST_ERR_INIT;
	char path[512];

	mst_buf_reset(&text);
	(void)snprintf(path, sizeof(path), "%s/log", folder);
	t_ok(mst_file_read(path, &text, &err), &err);
	return text.p;
}

void t_pg_tls(const char *cert, const char *key)
{
	write_own("server.crt", cert);
	write_own("server.key", key);
	t_pg_sql("postgres", "ALTER SYSTEM SET ssl = on");
	t_pg_stop(false);
	t_pg_again();
}
