/* SPDX-License-Identifier: Apache-2.0
 *
 * Consent to a change of settings.
 */
#ifndef MST_CLI_SETTINGS_H
#define MST_CLI_SETTINGS_H

#include <stdbool.h>

/* Did the person consent to what was just printed: by the option, or now, at a
 * terminal? */
bool cli_consent(bool given);

#endif
