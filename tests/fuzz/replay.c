/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs a fuzz target over a corpus: every file as it is, then a bounded number
 * of cuts and of changed bytes, the same ones every time. The input stands in
 * memory of exactly its size, so that AddressSanitizer sees a read behind it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "tests/fuzz/fuzz.h"

#define FILE_MAX (16u << 20)
#define TRIES	 48

static void run(const char *p, size_t n)
{
	uint8_t *copy = malloc(n ? n : 1);

	if (!copy)
		mst_oom();
	if (n)
		memcpy(copy, p, n);
	(void)LLVMFuzzerTestOneInput(copy, n);
	free(copy);
}

static void run_changed(char *p, size_t n)
{
	uint32_t x = 2463534242u;

	for (size_t i = 0; i < TRIES; i++)
		run(p, n * i / TRIES);
	for (size_t i = 0; n > 0 && i < TRIES; i++) {
		size_t at;
		char old;

		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		at = x % n;
		old = p[at];
		p[at] = (char)(x >> 24);
		run(p, n);
		p[at] = old;
	}
}

static int run_file(void *ctx, const char *path, const char *rel, uint64_t size,
		    struct mst_err *err)
{
	struct mst_buf b = MST_BUF_INIT(FILE_MAX);
	int ret = mst_file_read(path, &b, err);

	(void)rel;
	(void)size;
	if (ret == 0) {
		++*(unsigned *)ctx;
		run(b.p ? b.p : "", b.n);
		if (b.n <= 65536)
			run_changed(b.p, b.n);
	}
	mst_buf_fini(&b);
	return ret;
}

int main(int argc, char **argv)
{
	struct mst_err err = MST_ERR_INIT;
	unsigned files = 0;

	for (int i = 1; i < argc; i++) {
		if (mst_dir_walk(argv[i], run_file, &files, &err) < 0) {
			(void)fprintf(stderr, "%s\n", err.msg);
			return 1;
		}
	}
	(void)printf("%u files\n", files);
	return files == 0; /* an empty corpus tests nothing */
}
