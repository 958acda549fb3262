/* SPDX-License-Identifier: Apache-2.0
 *
 * See settings.h.
 */
#include "cli/settings.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

bool cli_consent(bool given)
{
	char line[16] = "";

	if (given || cli.json || !isatty(STDIN_FILENO))
		return given;
	(void)fflush(stdout);
	(void)fprintf(stderr, "This changes what jobs write. Type yes to "
			      "consent: ");
	return fgets(line, sizeof(line), stdin) && strcmp(line, "yes\n") == 0;
}
