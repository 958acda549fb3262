/* SPDX-License-Identifier: Apache-2.0
 *
 * SQL Server's errors: each at every call in turn, and what they say.
 */
#include "recver_suite.h"

#include "recver_sqlserver.h"

int sqlserver_tests(void)
{
	return 0;
}
