"""A flood of one account's new sessions is that account's own trouble (http-api.md section 6)."""

import threading

import pytest

from harness import Stack, wait_until


@pytest.mark.faults
def test_flooding_one_account_costs_another_nothing(tmp_path, closing):
    stack = closing(Stack(tmp_path)).start()
    stopping, answers = threading.Event(), []

    def flood():
        visitor = stack.visitor(account="flooded")
        while not stopping.is_set():
            visitor.vid = visitor.sid = None
            answers.append(visitor.engage())
        visitor.close()

    floods = [threading.Thread(target=flood) for _ in range(8)]
    for thread in floods:
        thread.start()
    visitor = stack.visitor()
    try:
        wait_until(lambda: any(answer.status != 201 for answer in list(answers)), "the flood has reached the cap")
        others = [visitor.engage() for _ in range(300)]
        for _ in range(20):
            visitor.vid = visitor.sid = None
            others.append(visitor.engage())
    finally:
        stopping.set()
        for thread in floods:
            thread.join()

    assert {answer.status for answer in others} == {200, 201}
    refused = [answer for answer in answers if answer.status != 201]
    assert refused, "the flood never reached the cap"
    for answer in refused:
        assert (answer.status, answer.body["internalCode"]) == (503, 18), answer
        assert int(answer.headers["Retry-After"]) >= 1
    created = [event for event in stack.monitord.log() if event["type"] == "monitor.session-created"
               and event["data"]["accountId"] == "flooded"]
    assert len(created) == len(answers) - len(refused), "a refused request left a trace"
