"""A web site that carries the tag, on an origin of its own: http://NAME.localhost, each NAME a site with its own storage.

A page is what it says before and after the snippet, in files of their own: its policy (Content-Security-Policy) knows no
inline script, and names but one foreign origin, the edge's.
"""

import http.server
import threading
from pathlib import Path

FOLDER = Path(__file__).parent / "site"


class Site:
    def __init__(self, edge_port):
        self.edge = f"localhost:{edge_port}"
        self.pages = {}  # path -> (before, after, policy)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def page(self, path, before="", after="", policy=""):
        self.pages[path] = (before, after, policy)

    def url(self, name, path):
        return f"http://{name}.localhost:{self.server.server_address[1]}{path}"

    def answer(self, target):
        """(content type, policy, text) of a target, or None."""
        path, _, page = target.partition("?")
        if path == "/snippet.js":
            return "application/javascript", "", (FOLDER / "snippet.js").read_text()
        if path in ("/before.js", "/after.js"):
            return "application/javascript", "", self.pages[page][path == "/after.js"]
        if path.partition("#")[0] not in self.pages:
            return None
        own = f"default-src 'none'; script-src 'self' https://{self.edge}; connect-src https://{self.edge}; img-src data:"
        html = (FOLDER / "page.html").read_text().replace("%EDGE%", self.edge).replace("%QUERY%", path)
        return "text/html", self.pages[path][2] or own, html

    def handler(self):
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                answer = site.answer(self.path)
                body = (answer[2] if answer else "").encode()
                self.send_response(200 if answer else 404)
                if answer:
                    self.send_header("Content-Type", f"{answer[0]}; charset=utf-8")
                if answer and answer[1]:
                    self.send_header("Content-Security-Policy", answer[1])
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        return Handler

    def close(self):
        self.server.shutdown()
        self.server.server_close()
