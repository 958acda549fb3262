/* SPDX-License-Identifier: Apache-2.0
 *
 * Settings as text and as JSON: what they are, their values, what differs.
 * For the commands settings, rules, apply and explain.
 */
#ifndef MST_CLI_SETTINGS_H
#define MST_CLI_SETTINGS_H

#include "sync/job.h"
#include "json/out.h"

const char *cli_env_title(enum mst_env env); /* "TEST", "PROD" */
/* The kinds that a person sees: "slider", "choice", "number", "text",
 * "list". */
const char *cli_setting_type(const struct mst_opt *opt);
/* "number from 0 to 10, default 0" */
void cli_setting_form(struct mst_buf *out, const struct mst_opt *opt);
/* "7"; "a, b"; "-" when v is NULL, "(none)" when it is empty. */
void cli_value(struct mst_buf *out, const struct mst_conf_value *v);
/* The same; a slider is "yes" or "no", however it was written. */
void cli_setting_value(struct mst_buf *out, const struct mst_opt *opt,
		       const struct mst_conf_value *v);
/* A boolean, number, text or array, as the option has it; null when v is
 * NULL. opt NULL: texts. */
void cli_value_json(struct mst_jout *j, const struct mst_opt *opt,
		    const struct mst_conf_value *v);
/* "default", "connection", "test", "prod": where a value comes from. */
const char *cli_origin(enum mst_origin origin, enum mst_env env);
/* The value in force and where it comes from: "7 (test)". */
void cli_in_force(struct mst_buf *out, const struct mst_setting *s,
		  enum mst_env env);
/* Members key, type, default, range, choices, help, rule into an open
 * object. */
void cli_setting_json(struct mst_jout *j, const struct mst_opt *opt);
/* {value, from, kept}; kept is a value that is not in force, or null. */
void cli_in_force_json(struct mst_jout *j, const struct mst_setting *s,
		       enum mst_env env);

/* Title of a rule of any connector, "" when there is none. */
const struct mst_rule *cli_rule_find(const char *id);
/* The job's settings that put something else than the default in force for
 * the rule: ", min_cvss 7 (test)" for each of them; or as array members. */
void cli_rule_settings(struct mst_buf *out, const struct mst_job *job,
		       const char *rule);
void cli_rule_settings_json(struct mst_jout *j, const struct mst_job *job,
			    const char *rule);

/* What a set of overrides becomes, a line each; opts may be NULL. */
void cli_changes(struct mst_buf *out, const struct mst_override_change *c,
		 size_t n);
/* The same as members of an open array. */
void cli_changes_json(struct mst_jout *j, const struct mst_opt *opts,
		      const struct mst_override_change *c, size_t n);

/* Did the person consent to what was just printed: by the option, or now, at a
 * terminal? */
bool cli_consent(bool given);

#endif
