"""funneld without a broker when what it stands on fails: its own disk is nearly full, or the node's data folder is an
older one than it counted."""

import json
import shutil
import urllib.error
import urllib.request

from harness import Funneld, Monitord, Visitor, wait_until
from harness.stack import ACCOUNTS


def readiness(funneld):
    """(status code, document)"""
    try:
        with urllib.request.urlopen(f"{funneld.url}/readyz", timeout=30) as reply:
            return reply.status, json.loads(reply.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def lag_events(funneld):
    with urllib.request.urlopen(f"{funneld.url}/metrics", timeout=30) as reply:
        return next(float(line.split()[-1]) for line in reply.read().decode().splitlines()
                    if line.startswith("funneld_lag_events "))


def engage(monitord, sessions):
    for _ in range(sessions):
        visitor = Visitor(monitord.port, None)
        assert visitor.engage().recorded
        visitor.close()


def prospects_counted(monitord, funneld):
    position = monitord.position()
    funneld.wait_for(position["origin"], position["last"])
    return funneld.funnel("e2e", count="gross")["rows"][0]["prospects"]


def test_below_its_watermark_funneld_answers_and_says_so(tmp_path, closing):
    monitord = closing(Monitord(tmp_path / "monitord", ACCOUNTS)).start()
    funneld = closing(Funneld(tmp_path / "funneld", monitord=monitord)).start()
    engage(monitord, 3)
    before = prospects_counted(monitord, funneld)
    assert readiness(funneld)[1]["status"] == "ready"

    funneld.stop()
    funneld.settings["data"]["min_free_mb"] = 2_000_000_000
    funneld.start()
    status, document = wait_until(lambda: readiness(funneld), "readyz answers")
    assert (status, document["status"]) == (200, "degraded")
    assert document["checks"]["view"].endswith(" MiB are free, 2000000000 are wanted")
    engage(monitord, 3)
    wait_until(lambda: lag_events(funneld) > 0, "what is not counted is told")
    assert funneld.funnel("e2e", count="gross")["rows"][0]["prospects"] == before

    funneld.stop()
    funneld.settings["data"]["min_free_mb"] = 0
    funneld.start()
    assert prospects_counted(monitord, funneld) == before + 3


def test_a_data_folder_that_was_copied_back_is_refused_until_the_view_is_rebuilt(tmp_path, closing):
    monitord = closing(Monitord(tmp_path / "monitord", ACCOUNTS)).start()
    funneld = closing(Funneld(tmp_path / "funneld", monitord=monitord)).start()
    data, copy = tmp_path / "monitord" / "data", tmp_path / "copy"
    engage(monitord, 3)
    monitord.stop()
    shutil.copytree(data, copy)
    monitord.start()
    engage(monitord, 10)
    counted = prospects_counted(monitord, funneld)

    monitord.stop()
    shutil.rmtree(data)
    copy.rename(data)
    monitord.start()
    for sessions in (2, 20):  # its log ends before what was counted; it has grown past it
        engage(monitord, sessions)
        status, document = wait_until(lambda: (told := readiness(funneld))[0] == 503 and told, "it is refused")
        assert document["status"] == "unready"
        assert document["checks"]["source"].endswith("; nothing is counted until the view is rebuilt")
        assert funneld.funnel("e2e", count="gross")["rows"][0]["prospects"] == counted
        if sessions == 2:  # what is counted anew does not reach as far, so it does not take over by itself
            funneld.rebuild()
            told = wait_until(lambda: (told := funneld.get("/api/rebuild"))["held"] and told, "it waits")
            assert "all that is there is counted, but not up to" in told["held"] and told["atEnd"], told
            assert funneld.funnel("e2e", count="gross")["rows"][0]["prospects"] == counted
            assert funneld.change("DELETE", "/api/rebuild")[0] == 200
        funneld.stop()
        funneld.launch()
        wait_until(lambda: readable(funneld), "it answers")

    funneld.rebuild()
    funneld.wait_rebuilt()
    assert readiness(funneld)[1]["status"] == "ready"
    assert prospects_counted(monitord, funneld) == counted - 10 + 22


def readable(funneld):
    try:
        return readiness(funneld)
    except OSError:
        return None
