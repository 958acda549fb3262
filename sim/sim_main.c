/* SPDX-License-Identifier: Apache-2.0
 *
 * muster-sim as a program of its own; all of it is in main.c of the library.
 */
#include "sim/sim.h"

int main(int argc, char **argv)
{
	return mst_sim_main(argc, argv);
}
