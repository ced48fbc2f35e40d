"""funneld on a free loopback port, reading the topic or a monitord's log."""

import json
import urllib.error
import urllib.parse
import urllib.request

from .monitord import http_status, write_toml
from .part import BIN, Part, free_port, wait_until


class Funneld(Part):
    name = "funneld"

    def __init__(self, directory, kafka="", monitord=None, settings=None):
        """With a broker's address it reads the topic, else the log of `monitord`."""
        super().__init__(directory)
        self.port = free_port()
        self.token_file = self.directory / "funneld.token"
        self.token_file.write_text("the operator's\n")
        self.settings = {"http": {"address": "127.0.0.1", "port": self.port},
                         "admin": {"token_file": str(self.token_file)},
                         "data": {"dir": str(self.directory / "data")}}
        if kafka:
            self.settings["kafka"] = {"bootstrap_servers": kafka}
        else:
            self.settings["source"] = {"admin_url": monitord.admin_url, "admin_token_file": str(monitord.token_file)}
        for section, values in (settings or {}).items():
            self.settings.setdefault(section, {}).update(values)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def command(self):
        return [BIN / "funneld", "--config", write_toml(self.directory / "funneld.toml", self.settings)]

    def is_ready(self):
        return http_status(f"{self.url}/readyz") == 200

    def get(self, path, **query):
        url = f"{self.url}{path}?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(url, timeout=120) as reply:
            return json.loads(reply.read())

    def text(self, path):
        with urllib.request.urlopen(f"{self.url}{path}", timeout=120) as reply:
            return reply.read().decode()

    def change(self, method, path):
        """What the operator's token is needed for: (status, document)."""
        headers = {"Authorization": f"Bearer {self.token_file.read_text().strip()}"}
        try:
            with urllib.request.urlopen(urllib.request.Request(f"{self.url}{path}", method=method, headers=headers),
                                        timeout=120) as reply:
                return reply.status, json.loads(reply.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    def rebuild(self, query=""):
        status, begun = self.change("POST", f"/api/rebuild{query}")
        assert status == 202, begun

    def wait_rebuilt(self):
        wait_until(lambda: not self.get("/api/rebuild")["rebuilding"], "what is counted anew takes over", timeout_s=60)

    def wait_for(self, origin, seq, wait_ms=60000):
        """Returns once everything up to that position is counted."""
        position = self.get("/api/position", waitFor=f"{origin}:{seq}", waitMs=wait_ms)
        assert int(position.get(origin, 0)) >= int(seq), f"funneld is at {position}, not at {origin}:{seq}"

    def funnel(self, account, **query):
        return self.get("/api/funnel", account=account, **query)
