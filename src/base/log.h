/* SPDX-License-Identifier: Apache-2.0
 *
 * Log lines to stderr: time, level, text, then key=value fields. Only
 * src/sync, src/service, src/cli and sim/ log above debug; everything below
 * returns an error instead. Lines never carry a secret; bearer tokens, SAS
 * signatures ("sig=") and passwords are masked on the way out all the same.
 * Safe from any thread; a line is written with one write().
 */
#ifndef MST_BASE_LOG_H
#define MST_BASE_LOG_H

#include "base/slice.h"

enum mst_level { MST_DEBUG, MST_INFO, MST_WARN, MST_ERROR };

void mst_log_level(enum mst_level least);
bool mst_log_wants(enum mst_level level);
/* Lines as JSON objects, one a line, instead of text. */
void mst_log_json(bool on);
/* A field that stands on every following line, e.g. ("run", "17"). NULL value
 * removes it. At most 8. Copied. */
void mst_log_field(const char *key, const char *value);
/* Tests and the progress display take the lines instead of stderr; NULL puts
 * stderr back. `line` has no newline. fn must not log. */
void mst_log_sink(void (*fn)(void *ctx, enum mst_level level, const char *line),
		  void *ctx);
void mst_log(enum mst_level level, const char *fmt, ...) MST_PRINTF(2, 3);
#define mst_debug(...) mst_log(MST_DEBUG, __VA_ARGS__)
#define mst_info(...)  mst_log(MST_INFO, __VA_ARGS__)
#define mst_warn(...)  mst_log(MST_WARN, __VA_ARGS__)
#define mst_error(...) mst_log(MST_ERROR, __VA_ARGS__)
/* Copies text with secrets masked ("sig=***", "Bearer ***"); out gets a NUL. */
void mst_log_redact(const char *text, char *out, size_t out_n);

#endif
