/* SPDX-License-Identifier: Apache-2.0
 *
 * Where configuration lies beside the state store: certificates, the key that
 * seals secrets.
 */
#ifndef MST_BASE_PLACE_H
#define MST_BASE_PLACE_H

/* $MUSTER_CONFIG, else $CONFIGURATION_DIRECTORY (systemd), else /etc/muster.
 * free() it. */
char *mst_place_system(void);
/* $XDG_CONFIG_HOME/muster, else ~/.config/muster. NULL: no home is known.
 * free() it. */
char *mst_place_user(void);

#endif
