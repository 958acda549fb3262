/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows come device by device, a device's rows in one part, as the real export
 * writes most of them.
 */
#include "bench/data.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/gunzip.h"
#include "base/hash.h"

#define PART_ROWS 50000

static const char *const products[][3] = {
    {"microsoft", "windows_11", "10.0.22631.4890"},
    {"microsoft", "edge_chromium-based", "131.0.2903.112"},
    {"google", "chrome", "131.0.6778.205"},
    {"mozilla", "firefox", "128.5.0.0"},
    {"adobe", "acrobat_reader_dc", "24.4.20272.0"},
    {"oracle", "jre", "8.0.4210.9"},
    {"openssl", "openssl", "3.0.13.0"},
    {"7-zip", "7-zip", "23.1.0.0"},
};

static const char *const severities[] = {"Medium", "High", "High", "Critical",
					 "Low"};
static const char *const exploits[] = {"NoExploit", "NoExploit",
				       "ExploitIsPublic", "ExploitIsInKit"};

static uint64_t mix(uint64_t a, uint64_t b)
{
	uint64_t v[2] = {a, b};

	return mst_hash64(v, sizeof(v), 42);
}

static void device_id(uint64_t device, char out[41])
{
	uint64_t a = mix(device, 1), b = mix(device, 2), c = mix(device, 3);

	(void)snprintf(out, 41, "%016llx%016llx%08llx", (unsigned long long)a,
		       (unsigned long long)b,
		       (unsigned long long)(c & 0xffffffff));
}

static void add_row(struct mst_buf *out, uint64_t row, uint64_t device,
		    uint64_t nth, const struct bench_data *d)
{
	const char *const *p = products[nth % MST_LEN(products)];
	unsigned cve = (unsigned)(1000 + nth * 37 % 9000 + nth / 9000);
	unsigned year = 2023 + (unsigned)(nth % 3);
	bool changed = d->change_every && row % d->change_every == 7;
	char id[41];

	device_id(device, id);
	(void)mst_buf_addf(
	    out,
	    "{\"Id\":\"%s_%s_%s_%s_CVE-%u-%u\",\"DeviceId\":\"%s\","
	    "\"DeviceName\":\"pc-%06llu.corp.example.test\","
	    "\"RbacGroupId\":%u,\"RbacGroupName\":\"Workplace-%u\","
	    "\"OSPlatform\":\"Windows11\",\"OSVersion\":\"10.0.22631.4890\","
	    "\"OSArchitecture\":\"x64\",\"SoftwareVendor\":\"%s\","
	    "\"SoftwareName\":\"%s\",\"SoftwareVersion\":\"%s\","
	    "\"CveId\":\"CVE-%u-%u\",\"VulnerabilitySeverityLevel\":\"%s\","
	    "\"CvssScore\":%u.%u,\"ExploitabilityLevel\":\"%s\","
	    "\"FirstSeenTimestamp\":\"2025-%02u-%02u %02u:15:42\","
	    "\"LastSeenTimestamp\":\"2026-11-20 08:15:00\","
	    "\"RecommendationReference\":\"va-_-%s-_-%s\","
	    "\"RecommendedSecurityUpdate\":\"November 2026 Security Updates\","
	    "\"RecommendedSecurityUpdateId\":\"50%05u\","
	    "\"RecommendedSecurityUpdateUrl\":"
	    "\"https://update.example.test/?q=KB50%05u\","
	    "\"DiskPaths\":[\"c:\\\\program files\\\\%s\\\\%s\\\\bin\\\\"
	    "%s.exe\"],\"RegistryPaths\":[\"HKEY_LOCAL_MACHINE\\\\SOFTWARE"
	    "\\\\Microsoft\\\\Windows\\\\CurrentVersion\\\\Uninstall\\\\"
	    "{8A69D345-D564-463C-AFF1-A69D9E530F96}\"],"
	    "\"CveBatchTitle\":\"Vendor November 2026 Security Updates\","
	    "\"IsOnboarded\":true}\n",
	    id, p[0], p[1], p[2], year, cve, id, (unsigned long long)device,
	    (unsigned)(device % 9), (unsigned)(device % 9), p[0], p[1], p[2],
	    year, cve, changed ? "None" : severities[cve % 5], 3 + cve % 6,
	    cve % 10, exploits[cve % 4], 1 + cve % 12, 1 + cve % 28, cve % 24,
	    p[0], p[1], cve, cve, p[0], p[1], p[1]);
}

static int write_part(const struct bench_data *d, unsigned part, uint64_t from,
		      uint64_t to, struct mst_err *err)
{
	struct mst_buf json = MST_BUF_INIT(1u << 30);
	struct mst_buf gz = MST_BUF_INIT(1u << 30);
	char *path MST_CLEANUP(mst_freep) = mst_asprintf(
	    "%s/SoftwareVulnerabilitiesExport/part-%05u.json.gz", d->dir, part);
	uint64_t each = d->rows / d->devices ? d->rows / d->devices : 1;
	int rc;

	for (uint64_t row = from; row < to; row++) {
		uint64_t device = MST_MIN(row / each, d->devices - 1);

		add_row(&json, row, device, row - device * each, d);
	}
	/* As zlib does it, whose files exporters write: those of the fastest
	 * level here (ISA-L) are larger than any of them. */
	rc = mst_gzip(mst_buf_slice(&json), 2, &gz, err);
	if (rc == 0)
		rc = mst_file_write(path, mst_buf_slice(&gz), 0600, err);
	mst_buf_fini(&json);
	mst_buf_fini(&gz);
	return rc;
}

static int write_machines(const struct bench_data *d, struct mst_err *err)
{
	struct mst_buf json = MST_BUF_INIT(1u << 30);
	char *path MST_CLEANUP(mst_freep) =
	    mst_asprintf("%s/machines.json", d->dir);
	int rc;

	(void)mst_buf_adds(&json, "{\"value\":[");
	for (uint64_t i = 0; i < d->devices; i++) {
		char id[41];

		device_id(i, id);
		(void)mst_buf_addf(
		    &json,
		    "%s{\"id\":\"%s\",\"computerDnsName\":"
		    "\"pc-%06llu.corp.example.test\",\"firstSeen\":"
		    "\"2025-01-05T11:54:59.5717001Z\",\"lastSeen\":"
		    "\"2026-11-20T02:51:16.2059102Z\",\"osPlatform\":"
		    "\"Windows11\",\"version\":\"23H2\",\"osBuild\":22631,"
		    "\"healthStatus\":\"Active\",\"lastIpAddress\":"
		    "\"10.%u.%u.%u\",\"osArchitecture\":\"64-bit\"}",
		    i ? "," : "", id, (unsigned long long)i,
		    (unsigned)(i >> 16 & 255), (unsigned)(i >> 8 & 255),
		    (unsigned)(i & 255));
	}
	(void)mst_buf_adds(&json, "]}\n");
	rc = mst_file_write(path, mst_buf_slice(&json), 0600, err);
	mst_buf_fini(&json);
	return rc;
}

int bench_data_write(const struct bench_data *d, struct mst_err *err)
{
	char *sub MST_CLEANUP(mst_freep) =
	    mst_asprintf("%s/SoftwareVulnerabilitiesExport", d->dir);
	unsigned part = 0;

	if (mst_dir_make(sub, err) < 0 || write_machines(d, err) < 0)
		return -(int)err->code;
	for (uint64_t row = 0; row < d->rows; row += PART_ROWS) {
		if (write_part(d, part++, row,
			       MST_MIN(row + PART_ROWS, d->rows), err) < 0)
			return -(int)err->code;
	}
	return 0;
}
