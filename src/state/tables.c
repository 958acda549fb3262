/* SPDX-License-Identifier: Apache-2.0
 *
 * The tables of the state store with their columns. A test compares them with
 * what both databases have.
 */
#include <stddef.h>

#include "tables.h"

const struct mst_table mst_state_tables[] = {
    {"item", "kind:t name:t type:t yaml:t changed_us:i created_us:i", 2, false},
    {"audit",
     "id:i at_us:i uid:i user:t kind:t name:t before:t after:t what:t via:t "
     "address:t hash:b",
     1, false},
    {"audit_head", "one:i id:i hash:b", 1, false},
    {"run",
     "id:i job:t started_us:i ended_us:i status:i error:t read:i writes:i "
     "requests:i proof:t task:i asked_by:t",
     1, true},
    {"run_set",
     "id:i run:i name:t read:i new:i changed:i retired:i deleted:i closed:i "
     "reopened:i unchanged:i refused:i skipped:i requests:i us:i",
     1, true},
    {"run_item", "id:i run:i rset:t key:t what:t reason:t request_id:t", 1,
     true},
    {"run_field", "run:i rset:t column:t seen:i writes:i", 3, false},
    {"sample", "job:t rset:t key:b bytes:b", 3, false},
    {"job", "id:i name:t", 1, true},
    {"write_new",
     "id:i job:i key:b run:i action:i verdict:i at_us:i request_id:t remote:b",
     1, true},
    {"write",
     "job:i key:b run:i action:i verdict:i at_us:i request_id:t remote:b", 2,
     false},
    {"secret", "name:t sealed:b changed_us:i", 1, false},
    {"task",
     "id:i kind:t job:t connection:t argv:t files:t state:i repeat:i "
     "asked_by:t asked_via:t approved_by:t node:t created_us:i "
     "not_before_us:i started_us:i ended_us:i run:i exit_status:i cancel:i "
     "error:t progress:t output_n:i",
     1, true},
    {"task_piece", "task:i log:i n:i bytes:b", 3, false, 32},
    {"request_key", "caller:t key:t body:b at_us:i first:i", 2, false},
    {"job_plan",
     "job:t next_us:i basis:i last_due_us:i paused:i paused_by:t paused_why:t "
     "paused_us:i",
     1, false},
    {"budget", "connection:t hour_us:i used:i", 1, false},
    {"trend", "job:t name:t at_us:i value:r", 3, false},
    {"notice",
     "id:i kind:t about:t level:t words:t since_us:i told_us:i over_us:i", 1,
     true},
    {"users",
     "name:t full_name:t role:i disabled:i must_change:i hash:t oidc_issuer:t "
     "oidc_subject:t failures:i locked_us:i created_us:i changed_us:i "
     "seen_us:i",
     1, false},
    {"session",
     "id:b owner:t csrf:t address:t agent:t created_us:i seen_us:i ends_us:i",
     1, false},
    {"token",
     "id:t name:t owner:t hash:b scopes:i created_us:i ends_us:i seen_us:i", 1,
     false},
    {"approval",
     "id:i state:t what:t needs:t request:t asked_by:t decided_by:t why:t "
     "task:i asked_us:i decided_us:i ends_us:i",
     1, true},
    {.name = NULL},
};
