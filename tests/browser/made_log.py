"""A node's log of events that a test makes, at the times that it wants, for a real funneld to read: what monitord gives at
/admin/position and /admin/log."""

import http.server
import json
import threading
import urllib.parse
from datetime import datetime, timezone
from pathlib import Path

from funnel_histories import murmur2

ORIGIN = "7f3a9c01.1"


class MadeLog:
    """In Monitord's place for harness.Funneld."""

    def __init__(self, folder):
        self.token_file = Path(folder) / "admin.token"
        self.token_file.write_text("the log's\n")
        self.lines, self.heads = [], {}
        self.changed = threading.Condition()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def admin_url(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    @property
    def last(self):
        return len(self.lines)

    def append(self, key, kind, data, at_ms):
        with self.changed:
            seq, bucket = self.last + 1, murmur2(key.encode()) & 0xFF
            previous, self.heads[bucket] = self.heads.get(bucket, 0), seq
            time = datetime.fromtimestamp(at_ms // 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
            self.lines.append(json.dumps({
                "specversion": "1.0", "id": f"{ORIGIN}-{seq}", "type": f"monitor.{kind}", "source": f"/monitor/{ORIGIN}",
                "time": f"{time}.{at_ms % 1000:03d}Z", "subject": key, "origin": ORIGIN, "seq": str(seq),
                "prevseq": str(previous), "bucket": bucket, "streamversion": 1, "data": data}))
            self.changed.notify_all()

    def part(self, first, limit, wait_ms):
        with self.changed:
            self.changed.wait_for(lambda: self.last >= first, wait_ms / 1000)
            return self.lines[first - 1:first - 1 + limit]

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def handler(self):
        log = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                target = urllib.parse.urlsplit(self.path)
                query = dict(urllib.parse.parse_qsl(target.query))
                if target.path == "/admin/position":
                    one = {"origin": ORIGIN, "first": "1", "last": str(log.last)}
                    body = json.dumps({**one, "relayed": "0", "origins": [one]})
                else:
                    first = int(query["from"].rpartition(":")[2])
                    body = "".join(f"{line}\n" for line in log.part(first, int(query["limit"]), int(query["waitMs"])))
                try:
                    self.answer(body.encode())
                except ConnectionError:
                    pass  # funneld was told to stop

            def answer(self, body):
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        return Handler
