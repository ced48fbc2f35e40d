"""funneld's query API as another program meets it: parameters that are refused, and what CSV says beside its rows."""

import json
import urllib.error
import urllib.request

from harness import Stack


def refusal(url):
    try:
        urllib.request.urlopen(url)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)
    raise AssertionError(f"{url} is not refused")


def test_unknown_and_doubled_parameters_are_refused_by_name_and_csv_says_how_far_it_counts(tmp_path, closing):
    stack = closing(Stack(tmp_path)).start()
    position = stack.monitord.position()
    stack.funneld.get("/api/position", waitFor=f"{position['origin']}:{position['last']}", waitMs=20_000)

    for path, message in (("/api/funnel?account=e2e&windows=day", "windows: is no parameter here"),
                          ("/api/funnel?account=e2e&by=app&by=zone", "by: is given twice"),
                          ("/api/position?waitfor=x", "waitfor: is no parameter here"),
                          ("/api/accounts?limit=1", "limit: is no parameter here"),
                          ("/api/accounts?%ff=1", "\ufffd: is no parameter here")):
        status, body = refusal(stack.funneld.url + path)
        assert (status, body["internalCode"], body["message"]) == (400, 5, message)

    with urllib.request.urlopen(stack.funneld.url + "/api/funnel?account=e2e&format=csv") as reply:
        assert json.loads(reply.headers["X-As-Of"]) == {position["origin"]: position["last"]}
        assert "X-Missing" not in reply.headers
