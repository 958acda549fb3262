/* SPDX-License-Identifier: Apache-2.0
 *
 * Settings as text and as JSON: what they are, their values, what differs.
 * For commands and for the API.
 */
#ifndef MST_SYNC_SETTING_SHOW_H
#define MST_SYNC_SETTING_SHOW_H

#include "sync/job.h"
#include "json/out.h"

const char *mst_env_title(enum mst_env env); /* "TEST", "PROD" */
/* The kinds that a person sees: "slider", "choice", "number", "text",
 * "list". */
const char *mst_setting_control(const struct mst_opt *opt);
/* "number from 0 to 10, default 0" */
void mst_setting_form(struct mst_buf *out, const struct mst_opt *opt);
/* "7"; "a, b"; "-" when v is NULL, "(none)" when it is empty. */
void mst_conf_value_text(struct mst_buf *out, const struct mst_conf_value *v);
/* The same; a slider is "yes" or "no", however it was written. */
void mst_setting_text(struct mst_buf *out, const struct mst_opt *opt,
		      const struct mst_conf_value *v);
/* A boolean, number, text or array, as the option has it; null when v is
 * NULL. opt NULL: texts. */
void mst_conf_value_json(struct mst_jout *j, const struct mst_opt *opt,
			 const struct mst_conf_value *v);
/* "default", "connection", "test", "prod": where a value comes from. */
const char *mst_origin_name(enum mst_origin origin, enum mst_env env);
/* The value in force and where it comes from: "7 (test)". */
void mst_in_force_text(struct mst_buf *out, const struct mst_setting *s,
		       enum mst_env env);
/* Members key, type, default, range, choices, help, rule into an open
 * object. */
void mst_setting_json(struct mst_jout *j, const struct mst_opt *opt);
/* {value, from, kept}; kept is a value that is not in force, or null. */
void mst_in_force_json(struct mst_jout *j, const struct mst_setting *s,
		       enum mst_env env);

/* Title of a rule of any connector, "" when there is none. */
const struct mst_rule *mst_rule_find(const char *id);
/* The job's settings that put something else than the default in force for
 * the rule: ", min_cvss 7 (test)" for each of them; or as array members. */
void mst_rule_settings_text(struct mst_buf *out, const struct mst_job *job,
			    const char *rule);
void mst_rule_settings_json(struct mst_jout *j, const struct mst_job *job,
			    const char *rule);

/* What a set of overrides becomes, a line each; opts may be NULL. */
void mst_overrides_text(struct mst_buf *out,
			const struct mst_override_change *c, size_t n);
/* The same as members of an open array. */
void mst_overrides_json(struct mst_jout *j, const struct mst_opt *opts,
			const struct mst_override_change *c, size_t n);

#endif
