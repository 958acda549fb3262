# SPDX-License-Identifier: Apache-2.0
#
# Asks the running API what its description says: requests that fit it, and
# requests that nearly do, made up from its schemas. No answer may be a 5xx, or
# have a status, a type or a body that the description does not have. The same
# seed makes the same requests.
#
# And the metrics of the server are those of docs/metrics.md.
#
#   fuzz.py ADDRESS TOKEN EXAMPLES SEED METRICS-PAGE
import http.client
import json
import random
import sys
from urllib.parse import quote, urlsplit

import jsonschema
import referencing
import referencing.jsonschema

TEXTS = ["main", "broken", "gone", "defender", "cmdb", "devices", "a", "", " ",
         "-", "--yes", "@plan.json", "../../etc/passwd", "%00", "ann", "admin",
         "prod", "test", "1", "0", "-1", "99999999999999999999", "null", "'",
         "\"; DROP TABLE run; --", "ä€\U0001f600", "\u202e", "x" * 300,
         "env:FAKE", "@daily", "* * * * *", "2026-11-21T19:45:00Z", "30m",
         "https://example.invalid", "true", "{}", "a\nb", "a\u0000b", "a,b"]
NUMBERS = [0, 1, 2, 3, 50, 500, 501, -1, 2**31, 2**53, 2**63 - 1, 2**63, 1.5]
IDS = ["1", "2", "3", "120", "0", "-1", "x", "9" * 30, "1.5", "%20"]


class Maker:
    """Values that fit a schema, and some that do not."""

    def __init__(self, document, rng):
        self.document, self.rng = document, rng

    def ref(self, schema):
        while "$ref" in schema:
            name = schema["$ref"].rsplit("/", 1)[1]
            schema = self.document["components"]["schemas"][name]
        return schema

    def any(self, depth):
        kind = self.rng.randrange(6 if depth < 3 else 4)
        if kind == 0:
            return self.rng.choice(TEXTS)
        if kind == 1:
            return self.rng.choice(NUMBERS)
        if kind == 2:
            return self.rng.choice([True, False])
        if kind == 3:
            return None
        if kind == 4:
            return [self.any(depth + 1) for _ in range(self.rng.randrange(3))]
        return {self.rng.choice(TEXTS): self.any(depth + 1)
                for _ in range(self.rng.randrange(3))}

    def make(self, schema, wrong, depth=0):
        rng, schema = self.rng, self.ref(schema)
        if wrong and rng.random() < 0.2:
            return self.any(depth)
        for key in ("allOf", "anyOf"):
            if key in schema:
                return self.make(rng.choice(schema[key]), wrong, depth)
        if "enum" in schema:
            return rng.choice(schema["enum"])
        kind = schema.get("type")
        if isinstance(kind, list):
            kind = rng.choice(kind)
        if kind == "object":
            return self.object(schema, wrong, depth)
        if kind == "array":
            return [self.make(schema["items"], wrong, depth + 1)
                    for _ in range(rng.randrange(4) if depth < 5 else 0)]
        if kind == "integer":
            return int(rng.choice(NUMBERS))
        return {"string": lambda: rng.choice(TEXTS),
                "number": lambda: rng.choice(NUMBERS),
                "boolean": lambda: rng.random() < 0.5,
                "null": lambda: None}.get(kind, lambda: self.any(depth))()

    def object(self, schema, wrong, depth):
        rng, out = self.rng, {}
        for name, member in schema.get("properties", {}).items():
            needed = name in schema.get("required", [])
            if rng.random() < (0.95 if needed or not wrong else 0.6):
                out[name] = self.make(member, wrong, depth + 1)
        more = schema.get("additionalProperties", True)
        if more and depth < 4:
            for _ in range(rng.randrange(3)):
                out[rng.choice(TEXTS)] = self.make(
                    more if isinstance(more, dict) else {}, wrong, depth + 1)
        if wrong and rng.random() < 0.1:
            out[rng.choice(TEXTS)] = self.any(depth)
        return out


class Judge:
    def __init__(self, document):
        self.document = document
        self.registry = referencing.Registry().with_resource(
            "urn:api", referencing.Resource.from_contents(
                document, default_specification=referencing.jsonschema
                .DRAFT202012))
        self.validators = {}

    def validator(self, schema):
        key = json.dumps(schema, sort_keys=True)
        if key not in self.validators:
            text = key.replace('"#/', '"urn:api#/')
            self.validators[key] = jsonschema.Draft202012Validator(
                json.loads(text), registry=self.registry)
        return self.validators[key]

    def look(self, operation, status, kind, body):
        """What is wrong with the answer, or None."""
        answers = operation["responses"]
        if status >= 500 and status != 503:
            return f"status {status}: {body[:300]!r}"
        if str(status) not in answers:
            if status == 304:
                return None
            return f"status {status} is not described: {body[:300]!r}"
        answer = answers[str(status)]
        if "$ref" in answer:
            answer = self.document["components"]["responses"][
                answer["$ref"].rsplit("/", 1)[1]]
        content = answer.get("content", {})
        if not content:
            return f"status {status} has a body" if body else None
        kind = kind.split(";")[0]
        if kind not in content and "*/*" not in content:
            return f"type {kind} of status {status} is not described"
        schema = content.get(kind, content.get("*/*", {})).get("schema", {})
        if not kind.endswith("json") or not schema:
            return None
        try:
            value = json.loads(body)
        except ValueError as e:
            return f"no JSON: {e}"
        for e in self.validator(schema).iter_errors(value):
            deep = min(e.context, key=lambda c: -len(c.path)) if e.context \
                else e
            return (f"status {status}: at /{'/'.join(map(str, deep.path))}: "
                    f"{deep.message[:300]}")
        return None


class Asker:
    def __init__(self, address, token):
        self.host, self.token = urlsplit(address).netloc, token
        self.connection = None

    def ask(self, method, path, body, headers):
        head = {"Authorization": "Bearer " + self.token, **headers}
        head = {k: v for k, v in head.items() if v is not None}
        for again in (True, False):
            try:
                if not self.connection:
                    self.connection = http.client.HTTPConnection(
                        self.host, timeout=30)
                self.connection.request(method, path, body, head)
                answer = self.connection.getresponse()
                return (answer.status, answer.getheader("Content-Type", ""),
                        answer.read(), answer.headers)
            except (http.client.HTTPException, OSError):
                self.connection = None
                if not again:
                    raise
        return None


def part(text):
    # A segment that is empty, or ends the path, is another path.
    return quote(text, safe="") or "-"


def query_of(maker, operation, wrong):
    rng, pairs = maker.rng, []
    for p in operation["parameters"]:
        if p["in"] != "query" or rng.random() < 0.5:
            continue
        value = maker.make(p["schema"], wrong)
        if isinstance(value, bool):
            value = "true" if value else "false"
        pairs.append(p["name"] + "=" + quote(str(value), safe=""))
    if wrong and rng.random() < 0.1:
        pairs.append("odd=1")
    return "?" + "&".join(pairs) if pairs else ""


def body_of(maker, operation, wrong):
    content = operation.get("requestBody", {}).get("content")
    if not content:
        return None, {}
    kind = next(iter(content))
    value = maker.make(content[kind]["schema"], wrong)
    if kind != "application/json":
        return str(value).encode("utf-8", "replace"), {"Content-Type": kind}
    text = json.dumps(value).encode()
    if wrong and maker.rng.random() < 0.05:
        text = text[:maker.rng.randrange(len(text) + 1)]
    if wrong and maker.rng.random() < 0.03:
        kind = "text/plain"
    return text, {"Content-Type": kind}


def request(maker, path, operation, wrong):
    rng = maker.rng
    for p in operation["parameters"]:
        if p["in"] == "path":
            pool = IDS if p["name"] == "id" else TEXTS
            path = path.replace("{" + p["name"] + "}",
                                part(rng.choice(pool)))
    path += query_of(maker, operation, wrong)
    body, headers = body_of(maker, operation, wrong)
    for p in operation["parameters"]:
        if p["in"] == "header" and rng.random() < 0.2:
            headers[p["name"]] = rng.choice(["*", '"x"', "key1", "W/\"y\""])
    return path, body, headers


def metrics(asker, page):
    """Names that the page does not have."""
    with open(page, encoding="utf-8") as f:
        text = f.read()
    lines = asker.ask("GET", "/metrics", None, {})[2].decode().splitlines()
    return [line.split()[2] for line in lines if line.startswith("# TYPE ")
            and f"`{line.split()[2]}`" not in text]


def streams(operation):
    return any("text/event-stream" in a.get("content", {})
               for a in operation["responses"].values())


def main():
    address, token, examples, seed, page = sys.argv[1:6]
    asker = Asker(address, token)
    document = json.loads(asker.ask("GET", "/api/v1/openapi.json", None,
                                    {})[2])
    judge = Judge(document)
    found, asked, whole = {}, 0, set()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if streams(operation):
                continue
            # By operation, so that a new one does not change all others.
            name = operation["operationId"]
            maker = Maker(document, random.Random(seed + name))
            for i in range(int(examples)):
                target, body, headers = request(maker, path, operation,
                                                i % 2 == 1)
                status, kind, answer, _ = asker.ask(method.upper(), target,
                                                    body, headers)
                asked += 1
                if status < 300:
                    whole.add(name)
                wrong = judge.look(operation, status, kind, answer)
                if wrong and name not in found:
                    found[name] = (f"{method.upper()} {target} "
                                   f"{(body or b'')[:300]!r}: {wrong}")
    for name in metrics(asker, page):
        found[name] = f"{page} does not have it"
    for name, text in found.items():
        print(f"{name}: {text}\n")
    print(f"{asked} requests, {len(whole)} operations answered as asked, "
          f"{len(found)} with findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
