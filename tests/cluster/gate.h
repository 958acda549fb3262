/* SPDX-License-Identifier: Apache-2.0
 *
 * A way from a loopback port to another that can be cut: bytes stop, nobody is
 * told, as when a switch dies. Healed, what was under way is reset.
 */
#ifndef MST_TESTS_GATE_H
#define MST_TESTS_GATE_H

#include <stdbool.h>

struct t_way_gate;

struct t_way_gate *t_way_gate_start(int to_port);
void t_way_gate_stop(struct t_way_gate **g);
int t_way_gate_port(const struct t_way_gate *g);
void t_way_gate_cut(struct t_way_gate *g, bool cut);

#endif
