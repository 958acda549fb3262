/* SPDX-License-Identifier: Apache-2.0
 *
 * The daemon is a process of its own, as anybody would start it; only the
 * simulators are this one's.
 */
#include "cli/demo_serve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "auth/people.h"
#include "base/log.h"
#include "base/time.h"
#include "cli/cli.h"
#include "cli/demo_attack.h"

#define LOOK_US 100000

extern char **environ;

/* In the manual, too: on simulators, on loopback, they protect nothing. */
static const struct demo_user {
	const char *name, *full_name, *password;
	enum mst_role role;
} users[] = {
    {"ann", "Ann Ode", "demo-administrator-1", MST_ROLE_ADMINISTRATOR},
    {"omar", "Omar Ator", "demo-operator-1", MST_ROLE_OPERATOR},
    {"vera", "Vera Ewer", "demo-viewer-1", MST_ROLE_VIEWER},
    {"audrey", "Audrey Tor", "demo-auditor-1", MST_ROLE_AUDITOR},
};

int demo_port(int wanted)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_port = htons((uint16_t)wanted),
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
	socklen_t n = sizeof(a);
	int port = 0;

	if (fd < 0)
		return 0;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (const struct sockaddr *)&a, sizeof(a)) == 0 &&
	    getsockname(fd, (struct sockaddr *)&a, &n) == 0)
		port = ntohs(a.sin_port);
	(void)close(fd);
	return port || !wanted ? port : demo_port(0);
}

void demo_schedule(const struct mst_conf_item *job, struct mst_buf *yaml)
{
	if (strcmp(job->kind, "job") != 0)
		return;
	if (strcmp(job->name, "demo") == 0)
		(void)mst_buf_adds(yaml, "    schedule:\n"
					 "      cron: '* * * * *'\n");
	else if (strcmp(job->name, "apps") == 0)
		(void)mst_buf_adds(yaml, "    schedule:\n"
					 "      after: demo\n");
	else
		(void)mst_buf_adds(yaml, "    schedule:\n"
					 "      every: 2m\n"
					 "      jitter: 20s\n");
}

int demo_users(struct mst_state *state, struct mst_err *err)
{
	char once[MST_PASSWORD_ONCE];

	for (size_t i = 0; i < MST_LEN(users); i++) {
		const struct mst_person p = {
		    .name = users[i].name,
		    .full_name = users[i].full_name,
		    .role = users[i].role,
		    .password = mst_slice_str(users[i].password),
		    .min_length = 12};

		if (mst_people_add(state, &p, once, err) < 0)
			return -(int)err->code;
	}
	return 0;
}

static int start(const char *dir, int port, pid_t *pid_r, struct mst_err *err)
{
	char listen[32];
	char *const argv[] = {
	    (char *)(uintptr_t) "muster",   (char *)(uintptr_t) "serve",
	    (char *)(uintptr_t) "--state",  (char *)(uintptr_t)dir,
	    (char *)(uintptr_t) "--listen", listen,
	    (char *)(uintptr_t) "--quiet",  NULL};
	int rc;

	(void)snprintf(listen, sizeof(listen), "127.0.0.1:%d", port);
	rc = posix_spawn(pid_r, "/proc/self/exe", NULL, NULL, argv, environ);
	if (rc == 0)
		return 0;
	errno = rc;
	return mst_err_os(err, "the daemon does not start");
}

static void invite(int port)
{
	(void)fprintf(stderr, "\nThe console: http://127.0.0.1:%d/\n\n", port);
	for (size_t i = 0; i < MST_LEN(users); i++)
		(void)fprintf(stderr, "  %-7s %-22s %s\n", users[i].name,
			      users[i].password, mst_role_name(users[i].role));
	(void)fprintf(stderr,
		      "\nJobs run by themselves, and a day passes in the "
		      "estate every minute or two.\nStop with Ctrl-C.\n");
}

/* The estate moves on: patches, departures, people who edit CIs, an attack. */
static void next_day(struct mst_sim *sim, int day, bool attack)
{
	struct mst_err err = MST_ERR_INIT;
	char move[64], strike[64];

	(void)snprintf(move, sizeof(move), "{\"day\":%d}", day);
	(void)snprintf(strike, sizeof(strike), "{\"device\":%d,\"from\":%d}",
		       20 + day % 30, 50);
	if (demo_control(sim, "/_sim/day", move, &err) < 0 ||
	    demo_control(sim, "/_sim/sn/users", "{\"seed\":7}", &err) < 0 ||
	    (attack && demo_control(sim, "/_sim/iot/attack", strike, &err) < 0))
		mst_warn("the estate does not move on: %s", err.msg);
}

int demo_serve(struct mst_sim *sim, const char *dir, int port, int64_t day_ms,
	       bool attack, struct mst_err *err)
{
	int64_t next_us = mst_mono_us() + day_ms * 1000;
	int day = 2, status = 0;
	pid_t pid, gone = 0;

	if (start(dir, port, &pid, err) < 0)
		return -(int)err->code;
	invite(port);
	while (!atomic_load(&cli_cancel) && gone == 0) {
		(void)usleep(LOOK_US);
		gone = waitpid(pid, &status, WNOHANG);
		if (gone == 0 && mst_mono_us() >= next_us) {
			next_day(sim, day++, attack);
			next_us += day_ms * 1000;
		}
	}
	if (gone == 0) {
		(void)kill(pid, SIGTERM);
		(void)waitpid(pid, &status, 0);
		return 0;
	}
	return mst_err_set(err, MST_E_INTERNAL,
			   "the daemon ended by itself, with status %d",
			   WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}
