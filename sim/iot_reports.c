/* SPDX-License-Identifier: Apache-2.0
 *
 * The four vulnerability reports of a sensor. Facts of the examples that
 * differ from the tables are kept: ports and counts of addresses as texts,
 * "Yes" and "No", volumes as "21.07 MB", "N/A" nowhere but null.
 */
#include <stdio.h>

#include "base/time.h"
#include "sim/iot.h"

/* ---- devices ------------------------------------------------------------- */

static void write_system(const struct iot_facts *f, struct mst_jout *j)
{
	mst_jout_key(j, "operatingSystem");
	if (!f->os) {
		mst_jout_null(j);
		return;
	}
	mst_jout_obj(j);
	mst_jout_kstr(j, "name", f->os);
	mst_jout_kstr(j, "type", f->os[0] == 'W' ? "windows" : "linux");
	mst_jout_kstr(j, "version", NULL);
	mst_jout_kstr(j, "latestVersion", NULL);
	mst_jout_end_obj(j);
}

static void write_ports(const struct iot_device *d, struct mst_jout *j)
{
	mst_jout_key(j, "openedPorts");
	mst_jout_arr(j);
	mst_jout_obj(j);
	mst_jout_ki64(j, "port", d->h % 2 ? 445 : 80);
	mst_jout_kstr(j, "transport", "TCP");
	mst_jout_kstr(j, "protocol",
		      d->h % 5 == 0 ? NULL
		      : d->h % 2    ? "SMB Over IP"
				    : "HTTP");
	mst_jout_kbool(j, "isConflictingWithFirewall", false);
	mst_jout_end_obj(j);
	mst_jout_end_arr(j);
	mst_jout_key(j, "remoteAccess");
	mst_jout_arr(j);
	if (d->h % 6 == 0) {
		mst_jout_obj(j);
		mst_jout_ki64(j, "port", 5900);
		mst_jout_kstr(j, "transport", "TCP");
		mst_jout_kstr(j, "clientSoftware", "VNC");
		mst_jout_kstr(j, "client", "10.2.1.20");
		mst_jout_end_obj(j);
	}
	mst_jout_end_arr(j);
}

static void write_weak(const struct iot_device *d, const struct iot_facts *f,
		       struct mst_jout *j)
{
	mst_jout_key(j, "antiViruses");
	mst_jout_arr(j);
	if (f->os && d->h % 3 == 0)
		mst_jout_str(j, "McAfee");
	mst_jout_end_arr(j);
	mst_jout_key(j, "plainTextPasswords");
	mst_jout_arr(j);
	if (d->h % 7 == 0) {
		mst_jout_obj(j);
		mst_jout_kstr(j, "password", "not-a-real-one");
		mst_jout_kstr(j, "protocol", "HTTP");
		mst_jout_kstr(j, "strength", "Very Weak");
		mst_jout_end_obj(j);
	}
	mst_jout_end_arr(j);
	mst_jout_kbool(j, "isBackupServer", d->h % 90 == 0);
	mst_jout_kbool(j, "isEngineeringStation", f->engineering);
	mst_jout_kbool(j, "isKnownScanner", f->scanner);
	mst_jout_kbool(j, "isUnauthorized", !f->authorized);
	mst_jout_kbool(j, "malwareIndicationsDetected", d->h % 40 == 0);
	mst_jout_key(j, "weakAuthentication");
	mst_jout_arr(j);
	if (d->h % 9 == 0)
		mst_jout_str(j, "SMB");
	mst_jout_end_arr(j);
}

static void write_device(const struct iot_device *d, const struct iot_facts *f,
			 const struct iot_cve *cves, unsigned n,
			 struct mst_jout *j)
{
	const struct iot_firmware *w = f->firmwares_n ? &f->firmwares[0] : NULL;

	mst_jout_obj(j);
	mst_jout_kstr(j, "name", f->name);
	mst_jout_key(j, "ipAddresses");
	mst_jout_arr(j);
	for (unsigned i = 0; i < f->ips_n; i++)
		mst_jout_str(j, f->ips[i]);
	mst_jout_end_arr(j);
	mst_jout_ki64(j, "securityScore",
		      n ? 100 - (int64_t)MST_MIN(n, 90) : 97);
	mst_jout_kstr(j, "vendor", f->vendor);
	mst_jout_kstr(j, "firmwareVersion", w ? w->version : NULL);
	mst_jout_kstr(j, "model", w ? w->model : NULL);
	mst_jout_kbool(j, "isWirelessAccessPoint",
		       !strcmp(f->type, "Wireless Access Point"));
	write_system(f, j);
	mst_jout_key(j, "vulnerabilities");
	mst_jout_obj(j);
	write_weak(d, f, j);
	write_ports(d, j);
	mst_jout_key(j, "cves");
	mst_jout_arr(j);
	for (unsigned i = 0; i < n; i++) {
		mst_jout_obj(j);
		mst_jout_kstr(j, "id", cves[i].id);
		mst_jout_kdbl(j, "score", cves[i].score);
		mst_jout_kstr(j, "description", cves[i].text);
		mst_jout_end_obj(j);
	}
	mst_jout_end_arr(j);
	mst_jout_end_obj(j);
	mst_jout_end_obj(j);
}

/* Devices without CVEs are left out. */
static void devices(struct sim_iot *iot, unsigned sensor, struct mst_jout *j)
{
	struct iot_cve cves[IOT_MAX_CVES];
	struct iot_facts f;
	struct mst_arena a;

	mst_arena_init(&a, 1u << 20);
	mst_jout_arr(j);
	for (size_t i = 0; i < iot->devices_n; i++) {
		const struct iot_device *d = &iot->devices[i];
		unsigned n;

		if (d->gone_us || !iot_seen_by(d, sensor))
			continue;
		n = iot_cves(d, cves);
		if (!n)
			continue;
		iot_facts(d, &a, &f);
		write_device(d, &f, cves, n, j);
		mst_arena_reset(&a);
	}
	mst_jout_end_arr(j);
	mst_arena_fini(&a);
}

/* ---- tables -------------------------------------------------------------- */

/* An object, or a table with one row, of texts: {"key","value",…,NULL}. */
static void row(struct mst_jout *j, const char *table, const char *const *kv)
{
	mst_jout_key(j, table);
	mst_jout_arr(j);
	mst_jout_obj(j);
	for (; *kv; kv += 2)
		mst_jout_kstr(j, kv[0], kv[1]);
	mst_jout_end_obj(j);
	mst_jout_end_arr(j);
}

static void addresses(struct mst_jout *j, const char *key, const char *a,
		      const char *b)
{
	mst_jout_key(j, key);
	mst_jout_arr(j);
	mst_jout_str(j, a);
	if (b)
		mst_jout_str(j, b);
	mst_jout_end_arr(j);
}

static void unauthorized(struct sim_iot *iot, unsigned sensor,
			 struct mst_jout *j)
{
	struct iot_facts f;
	struct mst_arena a;

	mst_arena_init(&a, 1u << 20);
	mst_jout_key(j, "unauthorizedDevices");
	mst_jout_arr(j);
	for (size_t i = 0; i < iot->devices_n; i++) {
		const struct iot_device *d = &iot->devices[i];

		if (d->gone_us || !iot_seen_by(d, sensor))
			continue;
		iot_facts(d, &a, &f);
		if (!f.authorized && f.ips_n) {
			mst_jout_obj(j);
			mst_jout_kstr(j, "address", f.ips[0]);
			mst_jout_kstr(j, "name", f.name);
			mst_jout_ki64(j, "firstDetectionTime",
				      iot_ms(d->first_us));
			mst_jout_ki64(j, "lastSeen", iot_ms(d->activity_us));
			mst_jout_end_obj(j);
		}
		mst_arena_reset(&a);
	}
	mst_jout_end_arr(j);
	mst_arena_fini(&a);
}

static void malware(const struct sim_iot *iot, struct mst_jout *j)
{
	mst_jout_key(j, "industrialMalwareIndications");
	mst_jout_arr(j);
	mst_jout_obj(j);
	mst_jout_ki64(j, "detectionTime", iot_ms(iot->start_us));
	mst_jout_kstr(j, "alertMessage",
		      "Suspicion of Malicious Activity (Regin)");
	mst_jout_kstr(j, "description",
		      "Suspicious network activity was detected.");
	addresses(j, "addresses", "10.2.1.4", "10.2.1.5");
	mst_jout_end_obj(j);
	mst_jout_end_arr(j);
	mst_jout_key(j, "internetConnections");
	mst_jout_arr(j);
	mst_jout_obj(j);
	mst_jout_kstr(j, "internalAddress", "10.2.1.1");
	mst_jout_kstr(j, "authorized", "Yes");
	addresses(j, "externalAddresses", "170.60.50.201", NULL);
	mst_jout_end_obj(j);
	mst_jout_end_arr(j);
}

static void security(struct sim_iot *iot, unsigned sensor, struct mst_jout *j)
{
	static const char *const rule[] = {"sources",
					   "170.39.3.0/255.255.255.0",
					   "destinations",
					   "Any",
					   "ports",
					   "102",
					   NULL};
	static const char *const traffic[] = {"server",	   "10.2.1.7", "client",
					      "10.2.1.4",  "port",     "20000",
					      "transport", "TCP",      NULL};
	static const char *const access[] = {"macAddress", "ec:08:6b:0f:1e:22",
					     "vendor",	   "TP-LINK",
					     "ipAddress",  "173.194.112.22",
					     "name",	   "Enterprise AP",
					     "wireless",   "Yes",
					     NULL};
	static const char *const between[] = {"server", "10.2.1.22", "client",
					      "170.39.2.0", NULL};

	mst_jout_obj(j);
	unauthorized(iot, sensor, j);
	row(j, "redundantFirewallRules", rule);
	row(j, "weakFirewallRules", rule);
	row(j, "illegalTrafficByFirewallRules", traffic);
	row(j, "accessPoints", access);
	row(j, "connectionsBetweenSubnets", between);
	malware(iot, j);
	mst_jout_end_obj(j);
}

static void operational(struct sim_iot *iot, unsigned sensor,
			struct mst_jout *j)
{
	static const char *const networks[] = {
	    "network",	 "10.2.1.0", "mask", "255.255.255.0",
	    "addresses", "21",	     NULL};
	static const char *const volumes[] = {"protocol", "MODBUS (502)",
					      "volume", "21.07 MB", NULL};
	int64_t at = iot_ms(iot->start_us);

	(void)sensor;
	mst_jout_obj(j);
	mst_jout_key(j, "backupServer");
	mst_jout_arr(j);
	mst_jout_obj(j);
	mst_jout_kstr(j, "source", "10.2.1.22");
	mst_jout_kstr(j, "destination", "170.39.2.14");
	mst_jout_ki64(j, "port", 10000);
	mst_jout_kstr(j, "transport", "TCP");
	mst_jout_kstr(j, "backupMaximalInterval", "1 Hour, 29 Minutes");
	mst_jout_ki64(j, "lastSeenBackup", at);
	mst_jout_end_obj(j);
	mst_jout_end_arr(j);
	row(j, "ipNetworks", networks);
	row(j, "protocolDataVolumes", volumes);
	mst_jout_key(j, "protocolProblems");
	mst_jout_arr(j);
	mst_jout_obj(j);
	mst_jout_kstr(j, "protocol", "DNP3");
	addresses(j, "addresses", "10.2.1.7", "10.2.1.8");
	mst_jout_kstr(j, "alert", "Illegal DNP3 Operation");
	mst_jout_ki64(j, "reportTime", at);
	mst_jout_end_obj(j);
	mst_jout_end_arr(j);
	mst_jout_key(j, "disconnections");
	mst_jout_arr(j);
	mst_jout_obj(j);
	mst_jout_kstr(j, "assetAddress", "10.2.1.3");
	mst_jout_kstr(j, "assetName", "PLC #3");
	mst_jout_ki64(j, "lastDetectionTime", at);
	mst_jout_ki64(j, "backToNormalTime", at + 1000);
	mst_jout_end_obj(j);
	mst_jout_end_arr(j);
	mst_jout_end_obj(j);
}

/* ---- mitigation ---------------------------------------------------------- */

static void advice(struct mst_jout *j, const char *content, int score)
{
	mst_jout_kstr(j, "content", content);
	mst_jout_ki64(j, "scoreImprovement", score);
}

static void details(const struct sim_iot *iot, struct mst_jout *j)
{
	static const char *const headers[] = {"Detection Time", "Alert Message",
					      "Description", "Devices"};
	char iso[21], time[24];

	mst_time_iso(iot->start_us, iso);
	(void)snprintf(time, sizeof(time), "%.2s/%.2s/%.4s %.8s", iso + 8,
		       iso + 5, iso, iso + 11);
	mst_jout_key(j, "details");
	mst_jout_obj(j);
	mst_jout_kstr(j, "name", "");
	mst_jout_key(j, "description");
	mst_jout_obj(j);
	mst_jout_kstr(j, "name", "");
	mst_jout_kbool(j, "important", false);
	mst_jout_kbool(j, "warning", false);
	mst_jout_end_obj(j);
	mst_jout_key(j, "headers");
	mst_jout_arr(j);
	for (size_t i = 0; i < MST_LEN(headers); i++)
		mst_jout_str(j, headers[i]);
	mst_jout_end_arr(j);
	mst_jout_key(j, "rows");
	mst_jout_arr(j);
	mst_jout_arr(j);
	mst_jout_str(j, time);
	mst_jout_str(j, "Address Scan Detected");
	mst_jout_str(j, "Scanning address: 10.10.10.22");
	mst_jout_str(j, "");
	mst_jout_end_arr(j);
	mst_jout_end_arr(j);
	mst_jout_end_obj(j);
}

static void mitigation(const struct sim_iot *iot, struct mst_jout *j)
{
	mst_jout_obj(j);
	addresses(j, "notifications", "Firewall policy import",
		  "Marking \"important devices\"");
	mst_jout_key(j, "mitigation");
	mst_jout_arr(j);
	mst_jout_obj(j);
	advice(j, "Install an Antivirus solution", 10);
	mst_jout_kstr(j, "details", NULL);
	mst_jout_end_obj(j);
	mst_jout_obj(j);
	advice(j, "Investigate all malware indicators", 8);
	details(iot, j);
	mst_jout_end_obj(j);
	mst_jout_end_arr(j);
	mst_jout_end_obj(j);
}

bool iot_reports_serve(struct sim_iot *iot, unsigned sensor, const char *name,
		       struct sim_reply *reply)
{
	struct mst_jout j;

	mst_jout_init(&j, &reply->body);
	if (!strcmp(name, "devices"))
		devices(iot, sensor, &j);
	else if (!strcmp(name, "security"))
		security(iot, sensor, &j);
	else if (!strcmp(name, "operational"))
		operational(iot, sensor, &j);
	else if (!strcmp(name, "mitigation"))
		mitigation(iot, &j);
	else
		return false;
	return true;
}
