/* SPDX-License-Identifier: Apache-2.0
 *
 * Real CVEs with their score, vendor and product, for a believable estate.
 * The rows stand in lists by vendor family that are included into the one
 * array. Scores and vectors are those of the CNA, or of NVD or CISA where the
 * CNA gave none. The exploit probabilities (EPSS) are rough: known ones are
 * rounded, the rest follow from exploit level and vector, for they move every
 * day at their source. tests/unit/test_cve_facts.c recomputes each score from
 * its vector.
 */
#include "sim/http.h"

const struct sim_cve_fact sim_cve_facts[] = {
#include "sim/cve_facts_apps.inc"
#include "sim/cve_facts_browsers.inc"
#include "sim/cve_facts_linux.inc"
#include "sim/cve_facts_mobile.inc"
#include "sim/cve_facts_office.inc"
#include "sim/cve_facts_windows.inc"
#include "sim/cve_facts_windows_2024.inc"
};
const size_t sim_cve_facts_n = sizeof(sim_cve_facts) / sizeof(sim_cve_facts[0]);

#define OS(id, release, build)                                                 \
	{                                                                      \
		"CVE-" id, "microsoft", "windows_" release, "10.0." build      \
	}

const struct sim_cve_also sim_cve_also[] = {
#include "sim/cve_also.inc"
#include "sim/cve_also_windows.inc"
};
const size_t sim_cve_also_n = sizeof(sim_cve_also) / sizeof(sim_cve_also[0]);
