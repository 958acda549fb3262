/* SPDX-License-Identifier: Apache-2.0
 *
 * Stands where the console's files would: built without Node.js.
 */
#include "api/console_files.h"

const struct mst_console_file mst_console_files[] = {{0}};
const size_t mst_console_files_n = 0;
