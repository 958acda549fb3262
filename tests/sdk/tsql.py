# SPDX-License-Identifier: Apache-2.0
#
# Parses batches of T-SQL, which end with a line GO. What sqlglot has no grammar
# for it hands back as a command: only the kinds below may be one.
#
#   tsql.py STATEMENTS SCRIPT...
import logging
import re
import sys

import sqlglot
from sqlglot import exp

COMMANDS = re.compile(
    r"(IF DATABASE_PRINCIPAL_ID\(N'\w+'\) IS NULL\s+CREATE (ROLE|USER) "
    r"|GRANT SELECT, INSERT, UPDATE, DELETE ON SCHEMA::muster TO muster_agent"
    r"|ALTER ROLE muster_agent ADD MEMBER |SET [A-Z_, ]+ "
    r"|CREATE LOGIN \[([^]]|\]\])+\] WITH PASSWORD = N'([^']|'')*'$)"
)
# MERGE has a history of races, and is missing from servers that are like it.
FORBIDDEN = (exp.Merge,)


def batches(path):
    with open(path, encoding="utf-8") as f:
        text = f.read()
    text = text.replace("$(recver_database_name)", "muster_recver_test")
    text = text.replace("$(recver_login)", "agent")
    # It knows SET as a statement, not behind IF.
    text = text.replace("\nSET NOEXEC ON;", "\nPRINT N'not run';")
    return [b for b in re.split(r"(?m)^GO$", text) if b.strip()]


def judge(path, batch):
    try:
        parts = sqlglot.parse(batch, dialect="tsql",
                              error_level=sqlglot.ErrorLevel.RAISE)
    except sqlglot.errors.SqlglotError as e:
        return f"{path}: {e}\n{batch}"
    for part in parts:
        if part is None:
            continue
        if isinstance(part, exp.Command) and not COMMANDS.match(
                part.sql(dialect="tsql")):
            return f"{path}: not understood: {part.sql(dialect='tsql')[:300]}"
        if any(True for _ in part.find_all(*FORBIDDEN)):
            return f"{path}: not allowed: {batch}"
    return None


logging.getLogger("sqlglot").setLevel(logging.ERROR)
bad = count = 0
for path in sys.argv[1:]:
    for batch in batches(path):
        count += 1
        wrong = judge(path, batch)
        if wrong:
            bad += 1
            print(wrong)
print(f"tsql: {count} batches, {bad} bad")
sys.exit(1 if bad or count < 20 else 0)
