/* SPDX-License-Identifier: Apache-2.0
 *
 * Stories of devices given by hand and of what people did to the simulated
 * ServiceNow, step by step, and what it holds after each run. A further run
 * writes nothing.
 */
#ifndef MST_TESTS_SN_STORY_H
#define MST_TESTS_SN_STORY_H

#include "tests/lib/sync_rig.h"

extern struct rig rig; /* empty estates; the story's instance */

/* So many rows of a table. */
struct look {
	const char *table, *query;
	size_t n;
};

/* What is told to Defender, what people do in ServiceNow, under which settings
 * the next run is, how it ends, and what is there then. */
struct step {
	const char *devices, *gone;
	void (*people)(void);
	const char *dest, *source;
	int status;
	const char *says; /* the error, or the reason of a refusal */
	struct look looks[8];
};

#define PC   "cmdb_ci_computer"
#define APP  "cmdb_ci_business_app"
#define PKG  "cmdb_ci_spkg"
#define INST "cmdb_software_instance"
#define SAM  "cmdb_sam_sw_install"
#define CO   "core_company"
#define HW   "cmdb_hardware_product_model"
#define SW   "cmdb_software_product_model"

#define D(id, name, more) "{\"id\":\"" id "\",\"name\":\"" name "\"" more "}"
#define V(version)	  ",\"version\":\"" version "\""
#define MAKER(maker, model)                                                    \
	",\"aad_id\":\"11111111-1111-4111-8111-111111111111\","                \
	"\"manufacturer\":\"" maker "\",\"model\":\"" model "\""
#define SOFT(name, version)                                                    \
	",\"software\":[{\"vendor\":\"Vendor\",\"name\":\"" name               \
	"\",\"version\":\"" version "\"}]"

#define PHONE                                                                  \
	",\"os_platform\":\"iOS\",\"software\":[{\"vendor\":\"Base\","         \
	"\"name\":\"base\",\"version\":\"0\"}]"

#define ACTIVE	"^install_status=1^operational_status=1"
#define RETIRED "^install_status=7^operational_status=6"

/* A record that nobody checks; by: the user that makes it, "": a person. */
void story_insert(const char *table, const char *values, const char *by);
/* Edits the only row that the query finds. */
void story_edit(const char *table, const char *query, const char *values);
/* mode: lines of the destination connection in all steps. */
void story_take(const struct step *s, size_t i, const char *mode);
void story_run(const struct step *steps, size_t n, const char *mode);

/* As IRE writes it, and as the Table API does. */
#define STORY(steps)                                                           \
	do {                                                                   \
		story_run(steps, MST_LEN(steps), "    write_mode: ire\n");     \
		story_run(steps, MST_LEN(steps), "    write_mode: table\n");   \
	} while (0)

int story_set_up(void **state);
int story_tear_down(void **state);

#endif
