/* SPDX-License-Identifier: Apache-2.0
 *
 * Log lines. Everything is formatted into one bounded line on the stack and
 * leaves with one write(), so lines of several threads do not mix. Line
 * breaks and other control bytes are written as escapes: whoever can put
 * text into a message cannot forge a line.
 */
#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/time.h"

#define LINE_N	8192
#define FIELD_N 8
#define KEY_N	32
#define VALUE_N 256

struct field {
	char key[KEY_N];
	char value[VALUE_N];
};

static _Atomic int least_level = MST_INFO;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* all below: under lock */
static bool as_json;
static struct field fields[FIELD_N];
static size_t fields_n;
static void (*sink_fn)(void *ctx, enum mst_level level, const char *line);
static void *sink_ctx;

void mst_log_level(enum mst_level least)
{
	atomic_store(&least_level, (int)least);
}

bool mst_log_wants(enum mst_level level)
{
	return (int)level >= atomic_load(&least_level);
}

void mst_log_json(bool on)
{
	(void)pthread_mutex_lock(&lock);
	as_json = on;
	(void)pthread_mutex_unlock(&lock);
}

void mst_log_field(const char *key, const char *value)
{
	size_t i = 0;

	(void)pthread_mutex_lock(&lock);
	while (i < fields_n &&
	       strncmp(fields[i].key, key, sizeof(fields[i].key) - 1) != 0)
		i++;
	if (value && i < FIELD_N) {
		(void)snprintf(fields[i].key, KEY_N, "%s", key);
		(void)snprintf(fields[i].value, VALUE_N, "%s", value);
		fields_n = MST_MAX(fields_n, i + 1);
	} else if (!value && i < fields_n) {
		memmove(&fields[i], &fields[i + 1],
			(fields_n - i - 1) * sizeof(fields[0]));
		fields_n--;
	}
	(void)pthread_mutex_unlock(&lock);
}

void mst_log_sink(void (*fn)(void *ctx, enum mst_level level, const char *line),
		  void *ctx)
{
	(void)pthread_mutex_lock(&lock);
	sink_fn = fn;
	sink_ctx = ctx;
	(void)pthread_mutex_unlock(&lock);
}

/* ---- masking ----------------------------------------------------------- */

/* What stands before a secret. With `word` the secret ends at a blank, else
 * at a separator of URLs, forms, headers and JSON as well. */
static const struct {
	const char *text;
	bool word;
} marks[] = {
    {"bearer ", true},
    {"basic ", true},
    {"sig=", false},
    {"password=", false},
    {"client_secret=", false},
    {"client_assertion=", false},
    {"refresh_token=", false},
    {"access_token=", false},
    {"\"password\":\"", false},
    {"\"client_secret\":\"", false},
    {"\"refresh_token\":\"", false},
    {"\"access_token\":\"", false},
    {"\"id_token\":\"", false},
};

static size_t mark_at(struct mst_slice s, bool *word_r)
{
	for (size_t i = 0; i < MST_LEN(marks); i++) {
		if (mst_slice_istarts(s, marks[i].text)) {
			*word_r = marks[i].word;
			return strlen(marks[i].text);
		}
	}
	return 0;
}

static size_t secret_len(struct mst_slice s, bool word)
{
	size_t n = 0;

	while (n < s.n &&
	       !strchr(word ? " \t\r\n\"'," : " \t\r\n&;\"',<>", s.p[n]))
		n++;
	return n;
}

static bool starts_word(const char *text, size_t i)
{
	unsigned char c = i ? (unsigned char)text[i - 1] : 0;

	return !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		 (c >= '0' && c <= '9'));
}

void mst_log_redact(const char *text, char *out, size_t out_n)
{
	size_t n = strlen(text), at = 0;

	if (out_n == 0)
		return;
	for (size_t i = 0; i < n && at + 1 < out_n;) {
		struct mst_slice rest = mst_slice(text + i, n - i);
		bool word = false;
		size_t mark = starts_word(text, i) ? mark_at(rest, &word) : 0;
		size_t secret =
		    mark ? secret_len(mst_slice(rest.p + mark, rest.n - mark),
				      word)
			 : 0;

		if (secret == 0) {
			out[at++] = text[i++];
			continue;
		}
		at += (size_t)snprintf(out + at, out_n - at, "%.*s***",
				       (int)mark, rest.p);
		at = MST_MIN(at, out_n - 1);
		i += mark + secret;
	}
	out[at] = 0;
}

/* ---- a line ------------------------------------------------------------ */

struct line {
	char text[LINE_N];
	size_t n;
};

static void put(struct line *l, const char *p, size_t n)
{
	/* three bytes are kept for what must close the line */
	n = MST_MIN(n, sizeof(l->text) - 4 - MST_MIN(l->n, LINE_N - 4));
	memcpy(l->text + l->n, p, n);
	l->n += n;
}

static void puts_to(struct line *l, const char *s)
{
	put(l, s, strlen(s));
}

/* Control bytes, and with `quoted` also quotes and backslashes, as JSON
 * escapes. An escape is never cut in two. */
static void put_escaped(struct line *l, const char *s, bool quoted)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;
		char esc[8];
		size_t n = 1;

		if (c == '\n')
			n = (size_t)snprintf(esc, sizeof(esc), "\\n");
		else if (c < 0x20 || c == 0x7f)
			n = (size_t)snprintf(esc, sizeof(esc), "\\u%04x", c);
		else if (quoted && (c == '"' || c == '\\'))
			n = (size_t)snprintf(esc, sizeof(esc), "\\%c", c);
		else
			esc[0] = (char)c;
		if (l->n + n > sizeof(l->text) - 4)
			return;
		put(l, esc, n);
	}
}

static void put_time(struct line *l)
{
	int64_t us = mst_now_us();
	char iso[21], ms[8];

	mst_time_iso(us, iso);
	iso[19] = 0; /* in front of the Z */
	(void)snprintf(ms, sizeof(ms), ".%03dZ",
		       (int)((us % 1000000 + 1000000) % 1000000 / 1000));
	puts_to(l, iso);
	puts_to(l, ms);
}

static const char *level_name(enum mst_level level)
{
	static const char *const names[] = {"debug", "info", "warn", "error"};

	return (unsigned)level < MST_LEN(names) ? names[level] : "error";
}

static void format_text(struct line *l, enum mst_level level, const char *msg)
{
	put_time(l);
	puts_to(l, " ");
	puts_to(l, level_name(level));
	puts_to(l, " ");
	put_escaped(l, msg, false);
	for (size_t i = 0; i < fields_n; i++) {
		const char *v = fields[i].value;
		bool quote = !*v || strpbrk(v, " \t\r\n\"=\\") != NULL;

		puts_to(l, " ");
		put_escaped(l, fields[i].key, false);
		puts_to(l, quote ? "=\"" : "=");
		put_escaped(l, v, quote);
		puts_to(l, quote ? "\"" : "");
	}
}

static void format_json(struct line *l, enum mst_level level, const char *msg)
{
	puts_to(l, "{\"time\":\"");
	put_time(l);
	puts_to(l, "\",\"level\":\"");
	puts_to(l, level_name(level));
	puts_to(l, "\"");
	/* the fields first: they are short, so the text can be cut */
	for (size_t i = 0; i < fields_n; i++) {
		puts_to(l, ",\"");
		put_escaped(l, fields[i].key, true);
		puts_to(l, "\":\"");
		put_escaped(l, fields[i].value, true);
		puts_to(l, "\"");
	}
	puts_to(l, ",\"text\":\"");
	put_escaped(l, msg, true);
	memcpy(l->text + l->n, "\"}", 2);
	l->n += 2;
}

static void write_line(struct line *l)
{
	ssize_t n;

	l->text[l->n] = '\n';
	do
		n = write(STDERR_FILENO, l->text, l->n + 1);
	while (n < 0 && errno == EINTR);
}

void mst_log(enum mst_level level, const char *fmt, ...)
{
	int saved = errno;
	char raw[4096], msg[4096];
	struct line l;
	va_list ap;

	if (!mst_log_wants(level))
		return;
	l.n = 0;
	va_start(ap, fmt);
	errno = saved; /* for %m */
	(void)vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	mst_log_redact(raw, msg, sizeof(msg));
	(void)pthread_mutex_lock(&lock);
	if (as_json)
		format_json(&l, level, msg);
	else
		format_text(&l, level, msg);
	l.text[l.n] = 0;
	if (sink_fn)
		sink_fn(sink_ctx, level, l.text);
	else
		write_line(&l);
	(void)pthread_mutex_unlock(&lock);
	errno = saved;
}
