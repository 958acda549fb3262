/* SPDX-License-Identifier: Apache-2.0
 *
 * Starting, stopping and exchanging receivers.
 */
#include "forwarder/receivers.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "cred/certfile.h"
#include "forwarder/intake_private.h"

struct mst_receivers {
	struct mst_receiving *first;
};

/* ---- for the types ------------------------------------------------------- */

int mst_receiver_listen(const struct mst_receiver *r, int type, int *fd_r,
			struct mst_err *err)
{
	const struct sockaddr *at = (const struct sockaddr *)&r->at;
	int on = 1;
	int fd = socket(at->sa_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return mst_err_os(err, "receiver '%s': no socket", r->name);
	if (type == SOCK_STREAM)
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, at, r->at_n) < 0 ||
	    (type == SOCK_STREAM && listen(fd, 128) < 0)) {
		const char *hint =
		    errno == EACCES
			? " (ports below 1024 need CAP_NET_BIND_SERVICE)"
		    : errno == EADDRINUSE ? " (another program listens there)"
		    : errno == EADDRNOTAVAIL
			? " (this machine has no such address)"
			: "";

		(void)mst_err_os(err, "receiver '%s' cannot listen at %s%s",
				 r->name, r->listen, hint);
		(void)close(fd);
		return -MST_E_IO;
	}
	*fd_r = fd;
	return 0;
}

const char *mst_peer_text(const struct sockaddr *peer, char out[64])
{
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)peer;
	const struct sockaddr_in *four = (const struct sockaddr_in *)peer;

	out[0] = 0;
	if (peer->sa_family == AF_INET)
		(void)inet_ntop(AF_INET, &four->sin_addr, out, 64);
	else if (peer->sa_family == AF_INET6 &&
		 IN6_IS_ADDR_V4MAPPED(&six->sin6_addr))
		(void)inet_ntop(AF_INET, six->sin6_addr.s6_addr + 12, out, 64);
	else if (peer->sa_family == AF_INET6)
		(void)inet_ntop(AF_INET6, &six->sin6_addr, out, 64);
	return out;
}

bool mst_receiving_admits(struct mst_receiving *v, const struct sockaddr *peer)
{
	char text[64];

	if (mst_receiver_allows(v->r, peer))
		return true;
	mst_intake_count(v->intake, v->door.name, "sender not allowed", 1);
	if (!atomic_exchange(&v->denied, true))
		mst_warn("receiver '%s': %s may not send (allow); it and "
			 "others like it are counted from now on",
			 v->r->name, mst_peer_text(peer, text));
	return false;
}

void mst_receiving_crowded(struct mst_receiving *v)
{
	mst_intake_count(v->intake, v->door.name, "too many connections", 1);
	if (!atomic_exchange(&v->crowded, true))
		mst_warn("receiver '%s' has %lld connections, no more are "
			 "taken: raise max_connections, or see which senders "
			 "open so many",
			 v->r->name, (long long)v->r->max_connections);
}

void mst_receiving_foreign(struct mst_receiving *v, const char *peer)
{
	mst_intake_count(v->intake, v->door.name, "certificate not known", 1);
	if (!atomic_exchange(&v->foreign, true))
		mst_warn("receiver '%s': %s has no certificate that one of "
			 "client_ca issued and is not heard; it and others "
			 "like it are counted from now on",
			 v->r->name, peer);
}

void mst_receiving_slow(struct mst_receiving *v, const char *peer)
{
	mst_intake_count(v->intake, v->door.name, "not whole in time", 1);
	if (!atomic_exchange(&v->slow, true))
		mst_warn("receiver '%s': %s began a request and did not end it "
			 "in time (half_timeout); its connection is closed, it "
			 "and others like it are counted from now on",
			 v->r->name, peer);
}

/* ---- one ----------------------------------------------------------------- */

static void release(struct mst_receiving *v)
{
	if (v->stop_fd >= 0)
		(void)close(v->stop_fd);
	mst_intake_unref(v->intake, v->conf);
	free(v);
}

/* It must be there, not encrypted, and nobody else's to read. */
static int check_key(const struct mst_receiver *r, struct mst_err *err)
{
	struct mst_certfile f = {.key = NULL};
	int rc = r->key ? mst_certfile_read(r->key, NULL, &f, err) : 0;

	if (rc == 0 && r->key && !f.key)
		rc = mst_err_set(err, MST_E_INVALID,
				 "'%s' holds no private key in PEM", r->key);
	mst_certfile_fini(&f);
	return rc < 0 ? mst_err_prefix(err, "receiver '%s': key", r->name) : 0;
}

/* conf is the intake's newest. */
static int start_one(struct mst_forwarder *f, const struct mst_receiver *r,
		     struct mst_receiving **v_r, struct mst_err *err)
{
	struct mst_receiving *v = mst_alloc(sizeof(*v));
	int rc = 0;

	v->r = r;
	v->intake = f->intake;
	v->conf = mst_intake_ref(f->intake);
	v->door = (struct mst_door){r->name, r->connection, r->zone};
	v->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (v->stop_fd < 0)
		rc = mst_err_os(err, "receiver '%s'", r->name);
	else if (check_key(r, err) < 0)
		rc = -(int)err->code;
	else if (r->type == MST_RECEIVER_SYSLOG)
		rc = mst_syslog_start(v, err);
	else
		rc = mst_webhook_start(v, err);
	if (rc < 0) {
		release(v);
		return rc;
	}
	mst_info("receiver '%s' listens at %s", r->name, r->listen);
	*v_r = v;
	return 0;
}

static void ask_to_stop(struct mst_receiving *v)
{
	uint64_t one = 1;
	ssize_t n;

	atomic_store(&v->stopped, true);
	n = write(v->stop_fd, &one, sizeof(one));
	(void)n;
}

static void stop_one(struct mst_receiving *v)
{
	ask_to_stop(v);
	v->stop(v);
	release(v);
}

/* ---- all ----------------------------------------------------------------- */

int mst_receivers_start(struct mst_forwarder *f, struct mst_receivers **v_r,
			struct mst_err *err)
{
	struct mst_receivers *all = mst_alloc(sizeof(*all));
	int rc = 0;

	for (size_t i = 0; i < f->conf->receivers_n && rc == 0; i++) {
		struct mst_receiving *v = NULL;

		if (!f->conf->receivers[i].enabled)
			continue;
		rc = start_one(f, &f->conf->receivers[i], &v, err);
		if (rc < 0)
			break;
		v->next = all->first;
		all->first = v;
	}
	if (rc < 0)
		mst_receivers_stop(&all);
	*v_r = all;
	return rc;
}

void mst_receivers_stop(struct mst_receivers **all)
{
	struct mst_receiving *v;

	if (!*all)
		return;
	/* All at once, so that none waits for another. */
	for (v = (*all)->first; v; v = v->next)
		ask_to_stop(v);
	while ((v = (*all)->first)) {
		(*all)->first = v->next;
		stop_one(v);
	}
	free(*all);
	*all = NULL;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_list(const struct mst_opt_list *a,
		      const struct mst_opt_list *b)
{
	bool same = a->n == b->n;

	for (size_t i = 0; same && i < a->n; i++)
		same = strcmp(a->v[i], b->v[i]) == 0;
	return same;
}

/* Files and secrets may have been renewed, so that what has some is begun
 * anew. */
static bool same(const struct mst_receiver *a, const struct mst_receiver *b)
{
	return a->type == b->type && a->enabled == b->enabled &&
	       same_text(a->name, b->name) &&
	       same_text(a->connection, b->connection) &&
	       same_text(a->listen, b->listen) &&
	       same_text(a->zone_name, b->zone_name) &&
	       a->transport == b->transport && !a->certificate &&
	       !b->certificate && !a->secret && !b->secret &&
	       same_list(&a->allow_texts, &b->allow_texts) &&
	       a->max_connections == b->max_connections &&
	       a->half_ms == b->half_ms;
}

static bool stays(const struct mst_forward_conf *conf,
		  const struct mst_receiving *v)
{
	for (size_t i = 0; i < conf->receivers_n; i++) {
		if (same(&conf->receivers[i], v->r))
			return true;
	}
	return false;
}

static bool works(const struct mst_receivers *all, const char *name)
{
	for (const struct mst_receiving *v = all->first; v; v = v->next) {
		if (strcmp(v->r->name, name) == 0)
			return true;
	}
	return false;
}

void mst_receivers_reload(struct mst_forwarder *f, struct mst_receivers *all)
{
	struct mst_receiving **at = &all->first, *v;

	while ((v = *at)) {
		if (stays(f->conf, v)) {
			at = &v->next;
			continue;
		}
		*at = v->next;
		stop_one(v);
	}
	for (size_t i = 0; i < f->conf->receivers_n; i++) {
		const struct mst_receiver *r = &f->conf->receivers[i];
		struct mst_err err = MST_ERR_INIT;

		if (!r->enabled || works(all, r->name))
			continue;
		if (start_one(f, r, &v, &err) < 0) {
			mst_error("%s", err.msg);
			continue;
		}
		v->next = all->first;
		all->first = v;
	}
}

int mst_receivers_port(const struct mst_receivers *all, const char *name)
{
	struct sockaddr_storage at;
	socklen_t n = sizeof(at);

	for (const struct mst_receiving *v = all->first; v; v = v->next) {
		if (strcmp(v->r->name, name) != 0 ||
		    getsockname(v->fd, (struct sockaddr *)&at, &n) < 0)
			continue;
		return ntohs(at.ss_family == AF_INET6
				 ? ((struct sockaddr_in6 *)&at)->sin6_port
				 : ((struct sockaddr_in *)&at)->sin_port);
	}
	return 0;
}
