/* SPDX-License-Identifier: Apache-2.0
 *
 * The web server: one libmicrohttpd daemon per simulated host, a thread per
 * connection (an answer may be delayed or dripped without holding up others),
 * keep-alive. The simulator's lock is held while a system works and released
 * before anything is sent. Large bodies are lent, not copied.
 */
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/time.h"
#include "sim/fault.h"

struct sim_server {
	struct mst_sim *sim;
	struct MHD_Daemon *daemon;
	enum mst_sim_host host;
	unsigned sensor;
};

/* One request on its way. */
struct exchange {
	char *url;
	struct mst_buf body;
	struct sim_impl impl;
	bool started, too_big;
};

/* A body that is sent piece by piece: drips, resets, false lengths. */
struct stream {
	struct mst_buf own;
	struct mst_slice data;
	void (*release)(void *ctx);
	void *release_ctx;
	size_t fail_at; /* SIZE_MAX: never */
	size_t drip;	/* bytes at once, 0: any */
	int delay_ms;
};

int64_t sim_now_us(const struct mst_sim *sim)
{
	return mst_now_us() + sim->offset_us;
}

static void sleep_ms(int ms)
{
	struct timespec ts = {ms / 1000, (long)(ms % 1000) * 1000000};

	while (ms > 0 && nanosleep(&ts, &ts) != 0)
		;
}

static void *begin_exchange(void *cls, const char *uri,
			    struct MHD_Connection *c)
{
	struct exchange *x = mst_alloc(sizeof(*x));

	(void)cls;
	x->url = mst_strdup(uri);
	mst_buf_init(&x->body, SIM_MAX_BODY);
	mst_arena_init(&x->impl.arena, 4u << 20);
	x->impl.connection = c;
	return x;
}

static void end_exchange(void *cls, struct MHD_Connection *c, void **con_cls,
			 enum MHD_RequestTerminationCode why)
{
	struct exchange *x = *con_cls;

	(void)cls;
	(void)c;
	(void)why;
	if (!x)
		return;
	mst_buf_fini(&x->body);
	mst_arena_fini(&x->impl.arena);
	free(x->url);
	free(x);
	*con_cls = NULL;
}

static ssize_t stream_read(void *cls, uint64_t pos, char *buf, size_t max)
{
	struct stream *s = cls;
	size_t n;

	if (pos >= s->fail_at || pos >= s->data.n)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	n = MST_MIN(max, s->data.n - (size_t)pos);
	n = MST_MIN(n, s->fail_at - (size_t)pos);
	if (s->drip) {
		n = MST_MIN(n, s->drip);
		sleep_ms(s->delay_ms);
	}
	memcpy(buf, s->data.p + pos, n);
	return (ssize_t)n;
}

static void stream_free(void *cls)
{
	struct stream *s = cls;

	if (s->release)
		s->release(s->release_ctx);
	mst_buf_fini(&s->own);
	free(s);
}

/* Makes close() send RST: what a crashed proxy looks like to a client. */
static void set_reset(struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct linger l = {1, 0};

	if (info)
		setsockopt(info->connect_fd, SOL_SOCKET, SO_LINGER, &l,
			   sizeof(l));
}

static struct MHD_Response *stream_response(struct MHD_Connection *c,
					    const struct sim_plan *plan,
					    struct sim_reply *reply)
{
	struct stream *s = mst_alloc(sizeof(*s));
	uint64_t promised;

	s->fail_at = SIZE_MAX;
	if (reply->lent.p) {
		s->data = reply->lent;
		s->release = reply->release;
		s->release_ctx = reply->release_ctx;
		reply->release = NULL;
	} else {
		s->own = reply->body;
		mst_buf_init(&reply->body, SIM_MAX_REPLY);
		s->data = mst_buf_slice(&s->own);
	}
	promised = s->data.n;
	switch ((int)plan->kind) {
	case SIM_FAULT_RESET:
		s->fail_at = s->data.n / 2;
		promised = MST_MAX(promised, 1);
		set_reset(c);
		break;
	case SIM_FAULT_WRONG_LENGTH:
		promised += 64;
		s->fail_at = s->data.n;
		break;
	default: /* SLOW: at most 200 drips */
		s->drip = s->data.n / 200 + 1;
		s->delay_ms = plan->delay_ms;
		break;
	}
	return MHD_create_response_from_callback(promised, 65536, stream_read,
						 s, stream_free);
}

static struct MHD_Response *plain_response(struct sim_reply *reply)
{
	struct MHD_Response *resp;
	size_t n = reply->body.n;

	if (reply->lent.p && reply->release) {
		resp = MHD_create_response_from_buffer_with_free_callback_cls(
		    reply->lent.n, (void *)(uintptr_t)reply->lent.p,
		    reply->release, reply->release_ctx);
		reply->release = NULL;
		return resp;
	}
	if (reply->lent.p)
		return MHD_create_response_from_buffer(
		    reply->lent.n, (void *)(uintptr_t)reply->lent.p,
		    MHD_RESPMEM_PERSISTENT);
	if (!n)
		return MHD_create_response_from_buffer(
		    0, (void *)(uintptr_t) "", MHD_RESPMEM_PERSISTENT);
	return MHD_create_response_from_buffer(n, mst_buf_steal(&reply->body),
					       MHD_RESPMEM_MUST_FREE);
}

static void add_headers(struct MHD_Response *resp, const struct sim_reply *r,
			int64_t date_us)
{
	time_t t = (time_t)(date_us / 1000000);
	/* What support asks for; explain shows it. */
	static atomic_uint_fast64_t transactions;
	struct tm tm;
	char date[64], id[20];

	gmtime_r(&t, &tm);
	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &tm);
	snprintf(id, sizeof(id), "%012llx",
		 (unsigned long long)atomic_fetch_add(&transactions, 1) + 1);
	MHD_add_response_header(resp, MHD_HTTP_HEADER_DATE, date);
	MHD_add_response_header(resp, "X-Transaction-ID", id);
	if (r->content_type && r->status != 204)
		MHD_add_response_header(resp, MHD_HTTP_HEADER_CONTENT_TYPE,
					r->content_type);
	for (size_t i = 0; i < r->headers_n; i++)
		MHD_add_response_header(resp, r->headers[i].name,
					r->headers[i].value);
}

static enum MHD_Result send_reply(struct MHD_Connection *c,
				  const struct sim_plan *plan,
				  struct sim_reply *reply, int64_t date_us)
{
	struct MHD_Response *resp;
	enum MHD_Result ret;

	if (plan->kind == SIM_FAULT_DROP_BEFORE ||
	    plan->kind == SIM_FAULT_DROP_AFTER)
		return MHD_NO;
	if (plan->kind == SIM_FAULT_RESET || plan->kind == SIM_FAULT_SLOW ||
	    plan->kind == SIM_FAULT_WRONG_LENGTH)
		resp = stream_response(c, plan, reply);
	else
		resp = plain_response(reply);
	if (!resp)
		return MHD_NO;
	add_headers(resp, reply, date_us);
	ret = MHD_queue_response(c, (unsigned)reply->status, resp);
	MHD_destroy_response(resp);
	return ret;
}

/* Lock held. */
static void serve_locked(struct mst_sim *sim, const struct sim_request *r,
			 struct sim_plan *plan, struct sim_reply *reply)
{
	if (sim_is_control(r->path)) {
		sim_control(sim, r, reply);
		return;
	}
	*plan = sim_faults_plan(sim->faults, r);
	if (sim_fault_before(plan, r, reply)) {
		sim_count(sim, r, reply, true);
		return;
	}
	sim_dispatch(sim, r, reply);
	sim_fault_after(sim->faults, plan, r, reply);
	sim_count(sim, r, reply, plan->kind != SIM_FAULT_NONE);
}

static enum MHD_Result answer(struct sim_server *s, struct MHD_Connection *c,
			      struct exchange *x, const char *path,
			      const char *method)
{
	struct mst_sim *sim = s->sim;
	const char *q = strchr(x->url, '?');
	struct sim_plan plan = {.kind = SIM_FAULT_NONE};
	struct sim_reply reply;
	struct sim_request r = {
	    .host = s->host,
	    .sensor = s->sensor,
	    .method = method,
	    .path = path,
	    .url = x->url,
	    .body = mst_buf_slice(&x->body),
	    .base = s->sensor ? mst_sim_sensor_url(sim, s->sensor)
			      : sim->url[s->host],
	    .impl = &x->impl,
	};
	enum MHD_Result ret;
	int64_t date_us;
	int latency_ms;

	x->impl.query_n =
	    q ? sim_form_parse(&x->impl.arena, mst_slice_str(q + 1),
			       x->impl.query, MST_LEN(x->impl.query))
	      : 0;
	sim_reply_init(&reply);
	pthread_mutex_lock(&sim->lock);
	r.now_us = sim_now_us(sim);
	latency_ms = sim_is_control(path) ? 0 : sim->conf.latency_ms;
	if (x->too_big)
		sim_control_error(&reply, 413, "request body over %u bytes",
				  SIM_MAX_BODY);
	else
		serve_locked(sim, &r, &plan, &reply);
	date_us = r.now_us + sim->skew_us + plan.skew_s * 1000000;
	pthread_mutex_unlock(&sim->lock);
	sleep_ms(latency_ms);
	ret = send_reply(c, &plan, &reply, date_us);
	sim_reply_fini(&reply);
	return ret;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *c,
				  const char *path, const char *method,
				  const char *version, const char *data,
				  size_t *data_n, void **con_cls)
{
	struct exchange *x = *con_cls;

	(void)version;
	if (!x->started) {
		x->started = true;
		return MHD_YES;
	}
	if (*data_n) {
		if (!mst_buf_add(&x->body, data, *data_n))
			x->too_big = true;
		*data_n = 0;
		return MHD_YES;
	}
	return answer(cls, c, x, path, method);
}

static int start(struct sim_server *s, int port, char url[48],
		 struct mst_err *err)
{
	struct sockaddr_in addr = {.sin_family = AF_INET,
				   .sin_port = htons((uint16_t)port)};
	const union MHD_DaemonInfo *info;

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	s->daemon = MHD_start_daemon(
	    MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD |
		MHD_USE_POLL | MHD_USE_ITC | MHD_USE_SUPPRESS_DATE_NO_CLOCK,
	    (uint16_t)port, NULL, NULL, on_request, s, MHD_OPTION_SOCK_ADDR,
	    &addr, MHD_OPTION_URI_LOG_CALLBACK, begin_exchange, NULL,
	    MHD_OPTION_NOTIFY_COMPLETED, end_exchange, NULL,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)256 * 1024,
	    MHD_OPTION_CONNECTION_TIMEOUT, 600u, MHD_OPTION_CONNECTION_LIMIT,
	    512u, MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u, MHD_OPTION_END);
	if (!s->daemon)
		return mst_err_os(err,
				  "cannot listen on 127.0.0.1 port %d; choose "
				  "another port or 0 for a free one",
				  port);
	info = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_BIND_PORT);
	(void)snprintf(url, 48, "http://127.0.0.1:%u", info ? info->port : 0);
	return 0;
}

static int start_at(struct sim_server **place, struct mst_sim *sim,
		    enum mst_sim_host host, unsigned sensor, int port,
		    char url[48], struct mst_err *err)
{
	struct sim_server *s = mst_alloc(sizeof(*s));

	*s = (struct sim_server){.sim = sim, .host = host, .sensor = sensor};
	if (start(s, port, url, err) < 0) {
		free(s);
		return -(int)err->code;
	}
	*place = s;
	return 0;
}

int sim_server_start(struct mst_sim *sim, enum mst_sim_host host, int port,
		     struct mst_err *err)
{
	unsigned n = host == MST_SIM_SENSOR ? 1 : 0;
	int ret = start_at(&sim->servers[host], sim, host, n, port,
			   sim->url[host], err);

	/* the other sensors' ports follow that of the first */
	for (; n && n < sim->conf.sensors && ret == 0; n++)
		ret =
		    start_at(&sim->sensors[n], sim, host, n + 1,
			     port ? port + (int)n : 0, sim->sensor_url[n], err);
	return ret;
}

static void stop(struct sim_server **sp)
{
	struct sim_server *s = *sp;

	if (!s)
		return;
	MHD_stop_daemon(s->daemon);
	free(s);
	*sp = NULL;
}

void sim_server_stop(struct mst_sim *sim, enum mst_sim_host host)
{
	stop(&sim->servers[host]);
	for (int n = 0; host == MST_SIM_SENSOR && n < MST_SIM_MAX_SENSORS; n++)
		stop(&sim->sensors[n]);
}
