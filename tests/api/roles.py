# SPDX-License-Identifier: Apache-2.0
#
# Who may do what: every operation of the running API, asked by each role, by
# tokens that may less than their owner, and by nobody. An answer is 401 or 403
# exactly where the description says so (x-needs), and what was refused changed
# nothing in the state store. What PROD has waits for a second person, and that
# answer is described, too.
#
#   roles.py ADDRESS STATE-FILE EXAMPLES SEED WHO=TOKEN...
import hashlib
import json
import random
import sqlite3
import sys

from fuzz import Asker, Judge, Maker, request, streams

RIGHTS = {"administrator": "read operate configure administer audit",
          "operator": "read operate", "viewer": "read",
          "auditor": "read audit", "only_read": "read",
          "only_operate": "operate", "read_configure": "read configure",
          "nobody": ""}

# They may still refuse what the body or the thing that it is about asks for.
LOOK_FURTHER = {
    "approve", "reject",   # what the approval needs
    "run_command",         # what the command needs
    "get_task_output", "get_task_log", "follow_task",  # as the command
    "cancel_task",         # whose it is
    "get_task_output", "get_task_log",  # what the command needed
    "apply",               # the section service
    "create_token",        # for others, or for more than one may
    "put_my_password",     # by a token
    "delete_my_other_sessions", "delete_my_session",
}

# Wrong sign-ins of this address would count against all that comes from it.
SIGN_INS = {"sign_in", "start_oidc", "finish_oidc"}

# Asking alone tells when a token was used, and by what time.
BY_ASKING = {"token", "session", "node"}


class State:
    """What the tables hold, by a hash of their rows."""

    def __init__(self, path):
        self.db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)

    def look(self):
        names = [r[0] for r in self.db.execute(
            "SELECT name FROM sqlite_master WHERE type='table'")]
        return {n: hashlib.sha256(repr(self.db.execute(
            f'SELECT * FROM "{n}"').fetchall()).encode()).digest()
            for n in names if n not in BY_ASKING}


class Nobody(Asker):
    def ask(self, method, path, body, headers):
        return super().ask(method, path, body,
                           {**headers, "Authorization": None})


def needs(operation):
    return {w for w in operation["x-needs"].replace(",", " ").split()}


def may(who, operation):
    if operation.get("security") == []:
        return True
    return who != "nobody" and needs(operation) <= set(RIGHTS[who].split())


def ask_some(asker, who, name, examples, seed, one):
    """Answers to some requests for an operation."""
    maker = Maker(one["document"], random.Random(seed + who + name))
    for i in range(examples):
        target, body, headers = request(maker, one["path"], one["operation"],
                                        i % 2 == 1)
        status, kind, answer, _ = asker.ask(one["method"], target, body,
                                            headers)
        yield status, kind, answer, f"{one['method']} {target}"


def refused(asker, who, operations, args, found):
    asked = 0
    for name, one in operations.items():
        if may(who, one["operation"]):
            continue
        expect = 401 if who == "nobody" else 403
        for status, _, _, what in ask_some(asker, who, name, *args, one):
            asked += 1
            # What is no path is told before it is asked who asks.
            if status == 400 and ("%00" in what or "%0A" in what):
                continue
            if status != expect:
                found.setdefault((who, name), f"{what}: {status}, not "
                                 f"{expect}: it needs "
                                 f"'{one['operation']['x-needs']}'")
    return asked


def allowed(asker, who, operations, args, found, judge):
    asked = waiting = 0
    for name, one in operations.items():
        if (not may(who, one["operation"]) or name in SIGN_INS or
                streams(one["operation"])):
            continue
        for status, kind, answer, what in ask_some(asker, who, name, *args,
                                                   one):
            asked += 1
            waiting += status == 202 and b'"expires_at":' in answer
            wrong = judge.look(one["operation"], status, kind, answer)
            if status in (401, 403) and name not in LOOK_FURTHER:
                wrong = f"{status}, though it may: {answer[:200]!r}"
            if wrong:
                found.setdefault((who, name), f"{what}: {wrong}")
    return asked, waiting


def main():
    address, state, examples, seed = sys.argv[1:5]
    tokens = dict(a.split("=", 1) for a in sys.argv[5:])
    askers = {who: Asker(address, token) for who, token in tokens.items()}
    askers["nobody"] = Nobody(address, "")
    document = json.loads(askers["nobody"].ask(
        "GET", "/api/v1/openapi.json", None, {})[2])
    operations = {
        o["operationId"]: {"document": document, "path": path,
                           "method": method.upper(), "operation": o}
        for path, methods in document["paths"].items()
        for method, o in methods.items()}
    found, counts, store = {}, [0, 0, 0], State(state)
    args = int(examples), seed
    for name in sorted(LOOK_FURTHER - set(operations)):
        found["all", name] = "there is no such operation"
    before = store.look()
    for who, asker in askers.items():
        counts[0] += refused(asker, who, operations, args, found)
        after = store.look()
        for table in sorted(k for k in after if after[k] != before.get(k)):
            found[who, table] = "the table changed, though all was refused"
        before = after
    for who, asker in askers.items():
        asked, waiting = allowed(asker, who, operations, args, found,
                                 Judge(document))
        counts[1] += asked
        counts[2] += waiting
    if not counts[2]:
        found["all", "approval"] = "nothing waits for a second person"
    for (who, name), text in found.items():
        print(f"{who}: {name}: {text}\n")
    print(f"{len(askers)} who ask: {counts[0]} requests refused, {counts[1]} "
          f"allowed, {counts[2]} of them wait for a second person, "
          f"{len(found)} with findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
