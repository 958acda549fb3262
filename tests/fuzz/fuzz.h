/* SPDX-License-Identifier: Apache-2.0
 *
 * What a fuzz target offers: libFuzzer's entry, which replay.c calls too.
 */
#ifndef MST_TESTS_FUZZ_H
#define MST_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
