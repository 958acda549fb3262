/* SPDX-License-Identifier: Apache-2.0
 *
 * muster explain: filled below.
 */
#include "cli/cli.h"

int cmd_explain(int argc, char **argv)
{
	return CLI_USAGE;
}
