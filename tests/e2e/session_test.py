"""What a visitor sees when monitord dies under its feet."""

import pytest

from harness import Stack, impression


@pytest.mark.faults
def test_a_session_goes_on_with_its_contexts_after_kill_9(tmp_path, closing):
    stack = closing(Stack(tmp_path)).start()
    visitor = stack.visitor()
    first = visitor.engage("page-1")
    assert first.status == 201
    offer = first.body["engagementDetails"][0]
    assert offer["contextId"] == "1"
    assert visitor.report([impression("impDisplay", offer)], "page-1").status == 200

    stack.monitord.kill9().start()

    again = visitor.engage("page-1")
    assert (again.status, again.body["sessionId"], again.body["visitorId"]) == (200, first.body["sessionId"], first.body["visitorId"])
    assert again.body["engagementDetails"][0]["contextId"] == "1"
    assert visitor.report([impression("impAccept", offer)], "page-1").status == 200
    assert visitor.engage("page-2").body["engagementDetails"][0]["contextId"] == "2"
    unknown = dict(offer, contextId="99")
    assert visitor.report([impression("impAccept", unknown)], "page-2").status == 400


@pytest.mark.faults
def test_sigterm_answers_what_is_inside_and_exits_with_zero(tmp_path, closing):
    stack = closing(Stack(tmp_path)).start()
    visitor = stack.visitor()
    assert visitor.engage("page-1").status == 201
    assert stack.monitord.stop() == 0
    stack.monitord.start()
    assert visitor.engage("page-2").status == 200
    assert stack.funneld.stop() == 0
