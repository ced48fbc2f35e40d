"""Reads the text cases and compares answers with them. The format is described in README.md."""

import json
import re
import secrets
from dataclasses import dataclass, field

REQUEST = re.compile(r"^(ADMIN )?(GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH|[A-Z]{3,12}) (\S+)$")
HEADER = re.compile(r"^([A-Za-z][A-Za-z0-9-]*): ?(.*)$")
EXPECTED = re.compile(r'^-> (\d{3})(?: (\d+)(?: "(.*)")?)?$')
REPEATED = re.compile(r"<([^<>]*)\*(\d+)(,?)>")
NAME = re.compile(r"<([a-z][a-z0-9]*)>")


class BadCase(Exception):
    pass


@dataclass
class Step:
    line: int
    admin: bool
    method: str
    target: str
    headers: dict = field(default_factory=dict)
    body: str = ""
    status: int = 0
    internal_code: int | None = None
    message: str = ""
    expected_headers: dict = field(default_factory=dict)
    expected_body: str = ""


@dataclass
class Case:
    file: str
    title: str
    account: str
    steps: list = field(default_factory=list)


def read_cases(path):
    cases, case, step, account = [], None, None, "cases"
    state = "start"  # start, request, body, expected, expected-body
    for number, line in enumerate(path.read_text().splitlines(), 1):
        where = f"{path.name}:{number}"
        in_body = state in ("body", "expected-body")
        if line.startswith("== "):
            case, step, state = Case(path.name, line[3:].strip(), account), None, "start"
            cases.append(case)
        elif match := EXPECTED.match(line):
            if step is None or step.status:
                raise BadCase(f"{where}: an expectation without a request")
            step.status, step.message = int(match[1]), match[3] or ""
            step.internal_code = int(match[2]) if match[2] else None
            state = "expected"
        elif (match := REQUEST.match(line)) and state not in ("request", "body"):
            if case is None:
                raise BadCase(f"{where}: a request without a case")
            step = Step(number, bool(match[1]), match[2], match[3])
            case.steps.append(step)
            state = "request"
        elif (not line.strip() or line.startswith("#")) and not in_body:
            continue
        elif case is None and (match := HEADER.match(line)) and match[1] == "account":
            account = match[2].strip()
        elif state == "start" and (match := HEADER.match(line)) and match[1] == "account":
            case.account = match[2].strip()
        elif not in_body and step and (match := HEADER.match(line)):
            (step.headers if state == "request" else step.expected_headers)[match[1]] = match[2]
        elif state in ("request", "body"):
            step.body += ("\n" if step.body else "") + line
            state = "body"
        elif state in ("expected", "expected-body"):
            step.expected_body += line + "\n"
            state = "expected-body"
        else:
            raise BadCase(f"{where}: not understood: {line}")
    for case in cases:
        for step in case.steps:
            step.expected_body = step.expected_body.strip()
            if not step.status:
                raise BadCase(f"{path.name}:{step.line}: a request without an expectation")
    return cases


class Names:
    """What was taken from answers in one case."""

    def __init__(self, account, server):
        run = secrets.token_hex(8)
        self.taken = {"server": server, "device": f"{run}-1", "device2": f"{run}-2", "device3": f"{run}-3"}
        self.prefix = f"/api/account/{account}/app/web"

    def fill(self, text):
        text = REPEATED.sub(lambda m: m[3].join([m[1]] * int(m[2])), text)
        return NAME.sub(lambda m: self.taken.get(m[1], m[0]), text)

    def target(self, text):
        text = self.fill(text)
        return self.prefix + text[1:] if text.startswith("~") else text

    def match_text(self, pattern, text):
        """Error text, or None if it matches; takes names."""
        parts, groups = [], []
        for piece in re.split(r"(<\*>|<[a-z][a-z0-9]*>)", pattern):
            if piece == "<*>":
                parts.append(".*")
            elif NAME.fullmatch(piece) and piece[1:-1] not in self.taken:
                groups.append(piece[1:-1])
                parts.append("(.+)")
            else:
                parts.append(re.escape(self.fill(piece)))
        match = re.fullmatch("".join(parts), text, re.DOTALL)
        if not match:
            return f"expected {pattern!r}, got {text!r}"
        self.taken.update(zip(groups, match.groups()))
        return None

    def match(self, expected, actual, path="body"):
        if expected == "<any>":
            return None
        if expected == "<int>":
            return None if isinstance(actual, int) and not isinstance(actual, bool) else f"{path}: not an integer: {actual!r}"
        if isinstance(expected, str) and isinstance(actual, str):
            error = self.match_text(expected, actual)
            return f"{path}: {error}" if error else None
        if type(expected) is not type(actual):
            return f"{path}: expected {expected!r}, got {actual!r}"
        if isinstance(expected, list):
            if len(expected) != len(actual):
                return f"{path}: expected {len(expected)} elements, got {len(actual)}: {actual!r}"
            pairs = [(f"{path}[{i}]", e, a) for i, (e, a) in enumerate(zip(expected, actual))]
        elif isinstance(expected, dict):
            pairs = []
            for key, value in expected.items():
                if value == "<absent>":
                    if key in actual:
                        return f"{path}.{key}: must be absent, is {actual[key]!r}"
                elif key not in actual:
                    return f"{path}.{key}: is absent"
                else:
                    pairs.append((f"{path}.{key}", value, actual[key]))
        else:
            return None if expected == actual else f"{path}: expected {expected!r}, got {actual!r}"
        return next((error for p, e, a in pairs if (error := self.match(e, a, p))), None)


def check_common(step, status, headers, body):
    """What every answer of the public API has; an error text or None."""
    wanted = {"Content-Type": "application/json", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
              "Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "X-Request-Id, Retry-After"}
    for name, value in wanted.items():
        if headers.get_all(name) != [value]:
            return f"{name}: expected {value!r} once, got {headers.get_all(name)!r}"
    if not re.fullmatch(r"[!-~]{1,128}", headers.get("X-Request-Id") or ""):
        return f"X-Request-Id: got {headers.get('X-Request-Id')!r}"
    if status != 204 and step.method != "HEAD":
        if not isinstance(body, dict):
            return f"the body is no JSON object: {body!r}"
    if status >= 400 and step.method != "HEAD" and not isinstance(body.get("time"), int):
        return "an error without its time"
    if status == 405 and not headers.get("Allow"):
        return "a 405 without Allow"
    if status == 503 and not re.fullmatch(r"[1-9]\d*", headers.get("Retry-After") or ""):
        return f"Retry-After: got {headers.get('Retry-After')!r}"
    return None


def check(step, names, status, headers, raw):
    """Compares an answer with the step's expectation; an error text or None."""
    try:
        body = json.loads(raw) if raw else None
    except ValueError:
        body = raw
    if status != step.status:
        return f"expected status {step.status}, got {status}: {raw[:400]!r}"
    if not step.admin and (error := check_common(step, status, headers, body)):
        return error
    if step.internal_code is not None:
        if body.get("internalCode") != step.internal_code:
            return f"expected internalCode {step.internal_code}: {raw!r}"
        if not body.get("message", "").startswith(step.message):
            return f"expected a message that begins with {step.message!r}: {raw!r}"
    for name, pattern in step.expected_headers.items():
        value = headers.get(name)
        if value is None:
            return f"{name}: is absent"
        if error := names.match_text(pattern, value):
            return f"{name}: {error}"
    if step.expected_body == "(empty)":
        return None if not raw else f"expected no body, got {raw!r}"
    return names.match(json.loads(step.expected_body), body) if step.expected_body else None
