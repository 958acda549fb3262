/* SPDX-License-Identifier: Apache-2.0
 *
 * The program muster-sim: starts the simulators and says where they are.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/num.h"
#include "sim/private.h"

struct options {
	struct mst_sim_conf conf;
	const char *set_file;
	const char *save_dir;
	int64_t day;
	bool yaml;
};

enum {
	OPT_DEVICES = 256,
	OPT_SEED,
	OPT_ROWS,
	OPT_APPS,
	OPT_PEOPLE,
	OPT_LINKS,
	OPT_SAVE,
	OPT_IOT_DEVICES,
	OPT_IOT_LINKS,
	OPT_IOT_ALERTS,
	OPT_SENSORS,
	OPT_LATENCY,
	OPT_LIMITS,
	OPT_STATE,
	OPT_DAY,
	OPT_YAML,
	OPT_SET,
	OPT_CERT,
	OPT_EMPTY,
	OPT_PORT /* and one per host behind it */
};

static const struct option longs[] = {
    {"devices", required_argument, NULL, OPT_DEVICES},
    {"seed", required_argument, NULL, OPT_SEED},
    {"cve-rows", required_argument, NULL, OPT_ROWS},
    {"apps", required_argument, NULL, OPT_APPS},
    {"people", required_argument, NULL, OPT_PEOPLE},
    {"app-links", required_argument, NULL, OPT_LINKS},
    {"save-apps", required_argument, NULL, OPT_SAVE},
    {"iot-devices", required_argument, NULL, OPT_IOT_DEVICES},
    {"iot-connections", required_argument, NULL, OPT_IOT_LINKS},
    {"iot-alerts", required_argument, NULL, OPT_IOT_ALERTS},
    {"sensors", required_argument, NULL, OPT_SENSORS},
    {"latency", required_argument, NULL, OPT_LATENCY},
    {"rate-limits", no_argument, NULL, OPT_LIMITS},
    {"state", required_argument, NULL, OPT_STATE},
    {"day", required_argument, NULL, OPT_DAY},
    {"yaml", no_argument, NULL, OPT_YAML},
    {"update-set", required_argument, NULL, OPT_SET},
    {"certificate", required_argument, NULL, OPT_CERT},
    {"empty", no_argument, NULL, OPT_EMPTY},
    {"port-login", required_argument, NULL, OPT_PORT + MST_SIM_LOGIN},
    {"port-api", required_argument, NULL, OPT_PORT + MST_SIM_API},
    {"port-graph", required_argument, NULL, OPT_PORT + MST_SIM_GRAPH},
    {"port-blob", required_argument, NULL, OPT_PORT + MST_SIM_BLOB},
    {"port-servicenow", required_argument, NULL, OPT_PORT + MST_SIM_SERVICENOW},
    {"port-iot", required_argument, NULL, OPT_PORT + MST_SIM_IOT},
    {"port-sensor", required_argument, NULL, OPT_PORT + MST_SIM_SENSOR},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static const char usage[] =
    "usage: muster-sim [options]\n"
    "Simulates Entra ID, Defender for Endpoint, Graph with Defender for Cloud\n"
    "Apps, blob storage, ServiceNow, and Defender for IoT (console, sensors)\n"
    "on loopback ports until it is interrupted.\n"
    "\n"
    "  --devices N          devices of the estate (500)\n"
    "  --seed S             same seed, same estate (1)\n"
    "  --cve-rows N         at least this many CVE rows (120 a device)\n"
    "  --apps N             cloud apps, 0: none (3 for 5 devices)\n"
    "  --people N           who uses them, and ServiceNow (5 for 3 apps)\n"
    "  --app-links N        users of all apps together, about (40 an app)\n"
    "  --save-apps DIR      write cloud discovery's answers as files, and end\n"
    "  --iot-devices N      devices of Defender for IoT, 0: none (2000)\n"
    "  --iot-connections N  between them, about (3 a device)\n"
    "  --iot-alerts N       alerts a day, 0: none (40)\n"
    "  --sensors N          OT sensors, 1 to 64 (4)\n"
    "  --empty              no estate; devices come by the control API\n"
    "  --day N              start at this day (0)\n"
    "  --port-login N, --port-api N, --port-graph N, --port-blob N,\n"
    "  --port-servicenow N, --port-iot N\n"
    "                       fixed ports (free ones)\n"
    "  --port-sensor N      of the first sensor, the others' follow\n"
    "  --latency MS         added to every answer (0)\n"
    "  --rate-limits        enforce the documented rate limits\n"
    "  --certificate FILE   PEM certificate that may sign assertions\n"
    "  --update-set FILE    update set that ServiceNow loads at the start\n"
    "  --state FILE         keep the state across restarts\n"
    "  --yaml               print a configuration for muster, then run\n"
    "  --help               this text\n";

static bool number(const char *text, int64_t min, int64_t max, int64_t *r)
{
	if (mst_num_i64(mst_slice_str(text), r) && *r >= min && *r <= max)
		return true;
	fprintf(stderr,
		"muster-sim: \"%s\" is not a number from %lld to %lld\n", text,
		(long long)min, (long long)max);
	return false;
}

static const struct {
	int opt;
	int64_t min, max;
} numbers[] = {
    {OPT_DEVICES, 1, 200000},	  {OPT_SEED, 1, INT64_MAX},
    {OPT_ROWS, 1, 100000000},	  {OPT_APPS, 0, 100000},
    {OPT_PEOPLE, 1, 1000000},	  {OPT_LINKS, 1, 100000000},
    {OPT_IOT_DEVICES, 0, 500000}, {OPT_IOT_LINKS, 1, 100000000},
    {OPT_IOT_ALERTS, 0, 100000},  {OPT_SENSORS, 1, MST_SIM_MAX_SENSORS},
    {OPT_LATENCY, 0, 60000},	  {OPT_DAY, 0, 3650},
};

/* 0 stands for the usual number there, and for none here. */
static int64_t or_none(int64_t n)
{
	return n ? n : -1;
}

static void set_number(struct options *o, int opt, int64_t n)
{
	struct mst_sim_conf *c = &o->conf;

	if (opt == OPT_DEVICES)
		c->devices = (unsigned)n;
	else if (opt == OPT_SEED)
		c->seed = (uint64_t)n;
	else if (opt == OPT_ROWS)
		c->cve_rows = (uint64_t)n;
	else if (opt == OPT_APPS)
		c->apps = or_none(n);
	else if (opt == OPT_PEOPLE)
		c->people = n;
	else if (opt == OPT_LINKS)
		c->app_links = n;
	else if (opt == OPT_IOT_DEVICES)
		c->iot_devices = or_none(n);
	else if (opt == OPT_IOT_LINKS)
		c->iot_connections = n;
	else if (opt == OPT_IOT_ALERTS)
		c->iot_alerts = or_none(n);
	else if (opt == OPT_SENSORS)
		c->sensors = (unsigned)n;
	else if (opt == OPT_LATENCY)
		c->latency_ms = (int)n;
	else
		o->day = n;
}

/* *good_r: it is one, and within its bounds. */
static bool take_number(struct options *o, int opt, const char *arg,
			bool *good_r)
{
	int64_t n = 0;

	if (opt >= OPT_PORT) {
		*good_r = number(arg, 0, 65535, &n);
		o->conf.ports[opt - OPT_PORT] = (int)n;
		return true;
	}
	for (size_t i = 0; i < MST_LEN(numbers); i++) {
		if (numbers[i].opt != opt)
			continue;
		*good_r = number(arg, numbers[i].min, numbers[i].max, &n);
		if (*good_r)
			set_number(o, opt, n);
		return true;
	}
	return false;
}

static bool take_option(struct options *o, int opt, const char *arg)
{
	bool good = true;

	if (take_number(o, opt, arg, &good))
		return good;
	if (opt == OPT_SAVE)
		o->save_dir = arg;
	else if (opt == OPT_LIMITS)
		o->conf.rate_limits = true;
	else if (opt == OPT_STATE)
		o->conf.state_file = arg;
	else if (opt == OPT_SET)
		o->set_file = arg;
	else if (opt == OPT_CERT)
		o->conf.certificate = arg;
	else if (opt == OPT_EMPTY)
		o->conf.empty = true;
	else if (opt == OPT_YAML)
		o->yaml = true;
	else
		return false;
	return true;
}

static int wait_for_signal(const sigset_t *set)
{
	int sig;

	while (sigwait(set, &sig) != 0)
		;
	return sig;
}

static void print_where(struct mst_sim *sim, bool yaml)
{
	struct mst_buf out;

	if (!yaml) {
		for (int h = 0; h < MST_SIM__HOSTS; h++)
			printf("%-11s %s\n", sim_host_name(h),
			       mst_sim_url(sim, h));
		for (unsigned n = 2; mst_sim_sensor_url(sim, n); n++)
			printf("sensor %-4u %s\n", n,
			       mst_sim_sensor_url(sim, n));
	} else {
		mst_buf_init(&out, 65536);
		mst_sim_yaml(sim, &out);
		fwrite(out.p, 1, out.n, stdout);
		mst_buf_fini(&out);
	}
	fflush(stdout);
	fprintf(stderr,
		"secrets for muster: export MUSTER_SIM_SECRET=%s "
		"MUSTER_SIM_PASSWORD=%s MUSTER_SIM_IOT_TOKEN=%s\n",
		MST_SIM_SECRET, MST_SIM_PASSWORD, MST_SIM_IOT_TOKEN);
}

/* The simulator wants the XML, not its path. */
static int start(const struct options *o, struct mst_sim **sim_r,
		 struct mst_err *err)
{
	struct mst_sim_conf conf = o->conf;
	struct mst_buf xml;
	int ret = 0;

	mst_buf_init(&xml, 64u << 20);
	if (o->set_file) {
		ret = mst_file_read(o->set_file, &xml, err);
		conf.update_set = xml.p;
	}
	if (ret == 0)
		ret = mst_sim_start(&conf, sim_r, err);
	mst_buf_fini(&xml);
	return ret;
}

static int run(const struct options *o)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_sim *sim;
	struct mst_buf out;
	char day[48];
	sigset_t set;

	/* before the server's threads, so that they inherit the mask */
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (start(o, &sim, &err) < 0) {
		fprintf(stderr, "muster-sim: %s\n", err.msg);
		return 1;
	}
	if (o->day) {
		snprintf(day, sizeof(day), "{\"day\":%lld}", (long long)o->day);
		mst_buf_init(&out, 65536);
		mst_sim_control(sim, "POST", "/_sim/day", mst_slice_str(day),
				&out);
		mst_buf_fini(&out);
	}
	print_where(sim, o->yaml);
	wait_for_signal(&set);
	mst_sim_stop(&sim);
	return 0;
}

static int save_apps(const struct options *o)
{
	struct mst_sim_folder f = {.dir = o->save_dir, .day = (unsigned)o->day};
	struct mst_err err = MST_ERR_INIT;
	struct mst_sim_saved s;

	if (mst_sim_save_apps(&o->conf, &f, &s, &err) < 0) {
		fprintf(stderr, "muster-sim: %s\n", err.msg);
		return 1;
	}
	printf("%s: %llu apps, %llu users of apps in %llu files\n", o->save_dir,
	       (unsigned long long)s.apps, (unsigned long long)s.users,
	       (unsigned long long)s.files);
	return 0;
}

int mst_sim_main(int argc, char **argv)
{
	struct options o = {0};
	int c;

	optind = 0; /* a fresh start: `muster sim` has parsed before */
	while ((c = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (c == 'h') {
			fputs(usage, stdout);
			return 0;
		}
		if (!take_option(&o, c, optarg)) {
			fputs(usage, stderr);
			return 2;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "muster-sim: unexpected \"%s\"\n%s",
			argv[optind], usage);
		return 2;
	}
	return o.save_dir ? save_apps(&o) : run(&o);
}
