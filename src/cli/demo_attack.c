/* SPDX-License-Identifier: Apache-2.0
 *
 * The forwarder runs in a thread as `muster forward run` runs it; the plant
 * sends what it raises to its receiver, as a sensor's forwarding rule would.
 */
#include "cli/demo_attack.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"
#include "cli/cli.h"
#include "forwarder/forwarder.h"

#define TARGETS	 5
#define PAUSE_US 300000
#define LOOK_US	 50000
#define SEVERITY "Major"

bool demo_attack_yaml(struct mst_buf *out, int port)
{
	return mst_buf_addf(out,
			    "forward_actions:\n"
			    "  - name: incidents\n"
			    "    type: incident\n"
			    "    connection: cmdb\n"
			    "forward_rules:\n"
			    "  - name: attack\n"
			    "    source: plant\n"
			    "    severity: major\n"
			    "    poll: no\n"
			    "    actions: [incidents]\n"
			    "forward_receivers:\n"
			    "  - name: plant\n"
			    "    type: webhook\n"
			    "    connection: plant\n"
			    "    listen: 127.0.0.1:%d\n",
			    port);
}

struct running {
	struct mst_forwarder *f;
	atomic_bool stop, ended;
	struct mst_err err;
	pthread_t thread;
};

static void *forward(void *p)
{
	struct running *r = p;

	(void)mst_forwarder_run(r->f, &r->stop, NULL, &r->err);
	atomic_store(&r->ended, true);
	return NULL;
}

int demo_control(struct mst_sim *sim, const char *path, const char *body,
		 struct mst_err *err)
{
	struct mst_buf out = MST_BUF_INIT(64u << 20);
	int status =
	    mst_sim_control(sim, "POST", path, mst_slice_str(body), &out);
	int rc = 0;

	if (status < 200 || status > 299)
		rc = mst_err_set(err, MST_E_INTERNAL,
				 "simulator: %s answered %d: %.200s", path,
				 status, out.p ? out.p : "");
	mst_buf_fini(&out);
	return rc;
}

/* Until the receiver listens. */
static int wait_port(struct running *r, struct mst_err *err)
{
	int port;

	while ((port = mst_forwarder_port(r->f, "plant")) == 0) {
		if (atomic_load(&r->ended)) {
			*err = r->err;
			return err->code ? -(int)err->code
					 : mst_err_set(err, MST_E_INTERNAL,
						       "forwarding ended by "
						       "itself");
		}
		(void)usleep(LOOK_US);
	}
	return port;
}

static int send_to(struct mst_sim *sim, int port, struct mst_err *err)
{
	char body[256];

	(void)snprintf(body, sizeof(body),
		       "{\"form\":\"webhook-extended\",\"alerts\":\"follow\","
		       "\"retry\":true,\"url\":\"http://127.0.0.1:%d/\"}",
		       port);
	return demo_control(sim, "/_sim/iot/send", body, err);
}

/* Ten alerts for each device, a moment apart. */
static int strike(struct mst_sim *sim, struct mst_err *err)
{
	for (int i = 0; i < TARGETS && !atomic_load(&cli_cancel); i++) {
		char body[64];

		(void)snprintf(body, sizeof(body),
			       "{\"device\":%d,\"from\":%d}", 10 + i, 50);
		if (demo_control(sim, "/_sim/iot/attack", body, err) < 0)
			return -(int)err->code;
		(void)usleep(PAUSE_US);
	}
	return 0;
}

static int watch(struct mst_sim *sim, uint64_t from, struct demo_attack *a,
		 struct mst_err *err)
{
	const struct sim_incidents_of of = {from, SEVERITY, "plant"};
	int64_t began = mst_mono_us();

	for (;;) {
		if (sim_verify_incidents(sim, &of, &a->n, err) < 0)
			return -(int)err->code;
		if (a->n.found == a->n.wanted || atomic_load(&cli_cancel) ||
		    mst_mono_us() - began > DEMO_ATTACK_WAIT * 1000000LL)
			return 0;
		(void)usleep(LOOK_US);
	}
}

static int attack(struct mst_sim *sim, struct running *r, struct demo_attack *a,
		  struct mst_err *err)
{
	uint64_t from = sim_alerts(sim);
	int64_t began = mst_mono_us();
	int port = wait_port(r, err);

	if (port < 0)
		return port;
	if (demo_control(sim, "/_sim/iot/switches", "{\"uuids\":true}", err) <
		0 ||
	    send_to(sim, port, err) < 0 || strike(sim, err) < 0 ||
	    watch(sim, from, a, err) < 0)
		return -(int)err->code;
	a->seconds = (double)(mst_mono_us() - began) / 1e6;
	return 0;
}

int demo_attack(struct mst_sim *sim, struct mst_state *state,
		struct demo_attack *a_r, struct mst_err *err)
{
	struct running r = {.err = MST_ERR_INIT};
	int rc;

	*a_r = (struct demo_attack){.seconds = 0};
	if (mst_forwarder_open(state, &r.f, err) < 0)
		return -(int)err->code;
	if (pthread_create(&r.thread, NULL, forward, &r) != 0) {
		mst_forwarder_close(&r.f);
		return mst_err_set(err, MST_E_INTERNAL, "no thread");
	}
	rc = attack(sim, &r, a_r, err);
	atomic_store(&r.stop, true);
	(void)pthread_join(r.thread, NULL);
	mst_forwarder_close(&r.f);
	if (rc == 0 && r.err.code) {
		*err = r.err;
		rc = -(int)err->code;
	}
	return rc;
}
