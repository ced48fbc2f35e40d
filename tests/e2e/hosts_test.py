"""The inner listeners answer to addresses, localhost and the names in their settings: a page cannot rebind its own."""

import http.client
import json

from harness import Funneld, Monitord


def answer(port, host, path):
    """(status, internalCode or None) of a request with that Host."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.putrequest("GET", path, skip_host=True)
    connection.putheader("Host", host)
    connection.endheaders()
    reply = connection.getresponse()
    body = reply.read()
    connection.close()
    return reply.status, json.loads(body)["internalCode"] if reply.status >= 400 else None


def test_both_inner_listeners_refuse_names_that_are_not_theirs(tmp_path, closing):
    monitord = closing(Monitord(tmp_path / "monitord", settings={"admin": {"hosts": ["monitord", "node1.example"]}}))
    funneld = closing(Funneld(tmp_path / "funneld", monitord=monitord, settings={"http": {"hosts": ["funneld"]}}))
    monitord.start()
    funneld.start()

    for port, own, path in ((monitord.admin_port, "Node1.Example", "/admin/accounts"),
                            (funneld.port, "FUNNELD", "/api/accounts")):
        wanted = (401, 10) if path.startswith("/admin") else (200, None)
        for host in ("127.0.0.1", f"127.0.0.1:{port}", "[::1]:1", "localhost", f"LOCALHOST:{port}", own, f"{own}:80"):
            assert answer(port, host, path) == wanted, host
            assert answer(port, host, "/livez") == (200, None), host
        for host in ("evil.example", f"evil.example:{port}", "localhost.evil.example", "127.0.0.1.evil.example", ""):
            for refused in (path, "/", "/console/", "/livez", "/readyz", "/metrics"):
                assert answer(port, host, refused) == (421, 5), (host, refused)
