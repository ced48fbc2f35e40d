"""monitord on free loopback ports."""

import json
import secrets
import subprocess
import urllib.error
import urllib.request

from .part import BIN, ROOT, Part, free_port


class Monitord(Part):
    name = "monitord"

    def __init__(self, directory, accounts=ROOT / "deploy" / "accounts", kafka="", settings=None):
        """`settings` adds to or overrides the TOML file's: {"section": {"key": value}}."""
        super().__init__(directory)
        self.port, self.admin_port = free_port(), free_port()
        self.token_file = self.directory / "admin.token"
        if not self.token_file.exists():
            self.token_file.touch(mode=0o600)
            self.token_file.write_text(secrets.token_hex(32))
        self.token = self.token_file.read_text().strip()
        self.settings = {
            "server": {"address": "127.0.0.1", "port": self.port},
            "admin": {"address": "127.0.0.1", "port": self.admin_port, "token_file": str(self.token_file)},
            "data": {"dir": str(self.directory / "data")},
            "accounts": {"dir": str(accounts)},
        }
        if kafka:
            self.settings["kafka"] = {"bootstrap_servers": kafka}
        for section, values in (settings or {}).items():
            self.settings.setdefault(section, {}).update(values)

    @property
    def admin_url(self):
        return f"http://127.0.0.1:{self.admin_port}"

    @property
    def data(self):
        return self.settings["data"]["dir"]

    def monitorctl(self, *words):
        """The command's words, asking this node."""
        return [BIN / "monitorctl", "--admin", self.admin_url, "--token-file", self.token_file, *map(str, words)]

    def ctl(self, *words):
        """(exit code, standard output, standard error)"""
        done = subprocess.run(self.monitorctl(*words), capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout, done.stderr

    def command(self):
        return [BIN / "monitord", "--config", write_toml(self.directory / "monitord.toml", self.settings)]

    def is_ready(self):
        return http_status(f"{self.admin_url}/readyz") == 200

    def admin(self, method, path, body=None, timeout_s=30):
        """(status, document) of an admin API request; the document is None if the answer is not JSON. `body`: a text is sent
        as it is."""
        text = body if isinstance(body, (str, type(None))) else json.dumps(body)
        request = urllib.request.Request(self.admin_url + path, method=method,
                                         data=None if text is None else text.encode(),
                                         headers={"Authorization": f"Bearer {self.token}"})
        try:
            with urllib.request.urlopen(request, timeout=timeout_s) as reply:
                return reply.status, parse(reply.read())
        except urllib.error.HTTPError as error:
            return error.code, parse(error.read())

    def position(self):
        status, document = self.admin("GET", "/admin/position")
        assert status == 200, document
        return document

    def log(self, begin=None):
        """This node's events from ORIGIN:SEQ (default: its current origin's first) to the last there is now, as CloudEvents,
        however many answers that takes: one may end before its limit."""
        now = self.position()
        origin, seq = begin.split(":") if begin else (now["origin"], now["first"])
        events, seq = [], int(seq)
        newest = next((one for one in reversed(now["origins"]) if one["last"] != "0"), None)
        while newest and (origin != newest["origin"] or seq <= int(newest["last"])):
            part = self.log_answer(f"{origin}:{seq}")
            assert part, f"nothing came from {origin}:{seq} on, though {now['last']} of {now['origin']} is the last"
            events += part
            origin, seq = part[-1]["origin"], int(part[-1]["seq"]) + 1
        return events

    def log_answer(self, begin):
        request = urllib.request.Request(f"{self.admin_url}/admin/log?from={begin}&limit=10000&waitMs=0",
                                         headers={"Authorization": f"Bearer {self.token}"})
        with urllib.request.urlopen(request, timeout=60) as reply:
            return [json.loads(line) for line in reply.read().splitlines() if line]


def parse(data):
    try:
        return json.loads(data)
    except ValueError:
        return None


def http_status(url):
    """The status of a GET, or None if nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=5) as reply:
            return reply.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


def write_toml(path, settings):
    lines = []
    for section, values in settings.items():
        lines.append(f"[{section}]")
        lines += [f"{key} = {json.dumps(value)}" for key, value in values.items()]
    path.write_text("\n".join(lines) + "\n")
    return path
