"""The funnel counted anew from a node's log while the old view answers: the same numbers, whenever funneld is killed."""

import json
import random
import subprocess
import urllib.error
import urllib.request

from harness import Funneld, Monitord, Visitor, wait_until
from harness.part import BIN
from harness.stack import ACCOUNTS


def engage(monitord, sessions):
    for _ in range(sessions):
        visitor = Visitor(monitord.port, None)
        assert visitor.engage().recorded
        visitor.close()


def counted(monitord, funneld):
    position = monitord.position()
    funneld.wait_for(position["origin"], position["last"])
    return funneld.funnel("e2e", by="campaign,device", count="gross")


def readiness(funneld):
    with urllib.request.urlopen(f"{funneld.url}/readyz", timeout=30) as reply:
        return json.loads(reply.read())


def answers(funneld):
    """For wait_until, while funneld starts."""
    try:
        return funneld.get("/api/rebuild")
    except OSError:
        return None


def etag(funneld, tag=None):
    request = urllib.request.Request(f"{funneld.url}/api/funnel?account=e2e", headers={"If-None-Match": tag} if tag else {})
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:
            return reply.status, reply.headers["ETag"]
    except urllib.error.HTTPError as error:
        return error.code, error.headers["ETag"]


def test_the_old_view_answers_until_the_new_one_has_all_of_it(tmp_path, closing):
    monitord = closing(Monitord(tmp_path / "monitord", ACCOUNTS)).start()
    funneld = closing(Funneld(tmp_path / "funneld", monitord=monitord)).start()
    engage(monitord, 20)
    before = counted(monitord, funneld)
    tag = etag(funneld)[1]

    monitord.stop()  # so that nothing can be counted anew before the kill
    funneld.rebuild()
    assert funneld.change("POST", "/api/rebuild")[0] == 409
    for kill in (False, True):
        if kill:
            funneld.kill9().launch()
            wait_until(lambda: answers(funneld), "it answers")
        assert funneld.get("/api/rebuild")["rebuilding"]
        assert funneld.funnel("e2e", by="campaign,device", count="gross") == before
        assert etag(funneld, tag)[0] == 304
        told = readiness(funneld)
        assert told["status"] == "degraded" and told["checks"]["rebuild"].startswith("counted anew since "), told
    monitord.start()
    engage(monitord, 1)
    funneld.wait_rebuilt()
    after = counted(monitord, funneld)
    assert sum(row["prospects"] for row in after["rows"]) == 1 + sum(row["prospects"] for row in before["rows"])
    status, new_tag = etag(funneld, tag)
    assert status == 200 and new_tag != tag
    assert readiness(funneld)["status"] == "ready"

    funneld.stop()
    funneld.start()
    assert counted(monitord, funneld) == after
    assert sorted(entry.name for entry in (tmp_path / "funneld" / "data").glob("view*")) == ["view"]


def test_killed_at_any_moment_it_goes_on_and_counts_the_same(tmp_path, closing, seed):
    monitord = closing(Monitord(tmp_path / "monitord", ACCOUNTS)).start()
    funneld = closing(Funneld(tmp_path / "funneld", monitord=monitord)).start()
    engage(monitord, 60)
    before = counted(monitord, funneld)
    moment = random.Random(seed)
    for _ in range(4):
        funneld.rebuild()
        for _ in range(moment.randrange(40)):
            if not funneld.get("/api/rebuild")["rebuilding"]:
                break
        funneld.kill9().launch()
        wait_until(lambda: answers(funneld), "it answers")
        assert funneld.funnel("e2e", by="campaign,device", count="gross") == before
        funneld.wait_rebuilt()
        assert counted(monitord, funneld) == before


def test_an_operator_draws_it_and_counts_it_anew(tmp_path, closing):
    monitord = closing(Monitord(tmp_path / "monitord", ACCOUNTS)).start()
    funneld = closing(Funneld(tmp_path / "funneld", monitord=monitord)).start()
    readers = tmp_path / "readers.token"
    readers.write_text("the analysts'\n")
    engage(monitord, 3)
    counted(monitord, funneld)
    funneld.stop()
    funneld.settings["http"]["read_token_file"] = str(readers)
    funneld.start()

    def funnel(*words):
        run = subprocess.run([BIN / "monitorctl", "funnel", "--url", funneld.url, *words], capture_output=True, text=True, timeout=90)
        return run.returncode, run.stdout or run.stderr

    assert funnel("--account", "e2e") == (1, "monitorctl: funneld asks for a token; name its file with --token-file\n")
    code, drawn = funnel("--account", "e2e", "--token-file", str(readers))
    assert code == 0 and drawn.split()[:2] == ["prospects", "3"], drawn
    code, table = funnel("--token-file", str(readers), "--by", "campaign", "--window", "day")
    assert code == 0 and "campaign" in table.splitlines()[1], table
    assert funnel("rebuild", "--token-file", str(readers))[0] == 1
    assert funnel("rebuild", "--wait", "--token-file", str(funneld.token_file)) == (0, "counted anew; the new numbers answer\n")
    assert funnel("--account", "e2e", "--token-file", str(readers)) == (0, drawn)
