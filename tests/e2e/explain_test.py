"""What explain says of a session's next request is what that request gets, and its draws are those of the specification."""

import json
import random

from harness import Monitord, Stack, Visitor, impression
from harness.part import ROOT
from vectors.draws import drawn, field_hash, split_mix_64

PRIORITIES = ("high", "medium", "low")
ENTRY_POINTS = ("https://shop/product/boots", "https://shop/cart", "https://shop/checkout/delivery", "https://shop/help",
                "https://shop/checkout/payment", "lang://de", "sec://product", "ref://https://www.google.com/x")
ATTRIBUTES = (
    {"type": "cart", "total": 90, "numItems": 1, "products": [{"product": {"category": "boots"}, "quantity": 1}]},
    {"type": "cart", "total": 80.5, "numItems": 1},
    {"type": "ctmrinfo", "info": {"ctype": "gold"}},
    {"type": "error", "error": {"message": "card declined", "code": "51"}},
    {"type": "prodView", "products": [{"product": {"category": "boots"}}]},
)


def document():
    """The sample, around the clock, for visitors from this machine's own address only: never kept in full."""
    document = json.loads((ROOT / "deploy" / "accounts" / "demo.json").read_text())
    for campaign in document["campaigns"]:
        for key in ("scheduleId", "specialOccasionIds", "startDate", "expirationDate"):
            campaign.pop(key, None)
    profile = next(profile for profile in document["visitorProfiles"] if profile["id"] == 20)
    profile["conditions"] = [{"type": "ipRange", "in": ["127.0.0.1"]}]
    return document


def random_body(dice):
    return {"pageId": f"page-{dice.randrange(4)}", "entryPoints": dice.sample(ENTRY_POINTS, dice.randrange(3)),
            "engagementAttributes": dice.sample(ATTRIBUTES, dice.randrange(3))}


def zone_of(engagement):
    by_type = {"embedded": "embedded", "app": "app", "sticky": "right"}
    return engagement.get("zone", by_type.get(engagement["type"], "proactive"))


def chosen(document, candidates, seed):
    """The winners, one a zone, of campaigns.md section 4; the sample's skills are all online."""
    by_id = {engagement["id"]: (campaign, engagement)
             for campaign in document["campaigns"] for engagement in campaign["engagements"]}
    shares = split_mix_64(seed)

    def choose(among):
        return drawn(among, next(shares)) if len(among) > 1 else next(iter(among))

    winners = set()
    for zone in ("proactive", "left", "right", "app"):
        present = [id for id in sorted(candidates) if zone_of(by_id[id][1]) == zone]
        conversations = [id for id in present if by_id[id][1]["channel"] != "content"]
        present = conversations or present
        if not present:
            continue
        priorities = {id: by_id[id][0].get("priority", "medium") for id in present}
        priority = choose({name: document["settings"]["priorityShares"][name] for name in PRIORITIES
                           if name in priorities.values()})
        winners.add(choose({id: by_id[id][1].get("weight", 1) for id in present if priorities[id] == priority}))
    return winners


def test_explain_and_the_specifications_draws_foretell_every_answer(tmp_path, closing, long, seed):
    dice = random.Random(seed)
    folder = tmp_path / "accounts"
    folder.mkdir()
    account = document()
    (folder / "demo.json").write_text(json.dumps(account))
    stack = closing(Stack(tmp_path, accounts=folder)).start()
    embedded = {engagement["id"] for campaign in account["campaigns"] for engagement in campaign["engagements"]
                if zone_of(engagement) == "embedded"}
    drawn_again = 0
    for _ in range(400 if long else 60):
        visitor = stack.visitor(account="demo")
        activities, known = 0, set()
        for _ in range(dice.randrange(3, 7)):
            body = random_body(dice)
            explained = None
            if visitor.sid:
                status, explained = stack.monitord.admin("POST", "/admin/accounts/demo/explain", {
                    "visitorId": visitor.vid, "sessionId": visitor.sid, "appInstallationId": "web", "request": body})
                assert status == 200
            answer = visitor.call("POST", "engagement", body)
            offers = {offer["engagementId"]: offer for offer in answer.body.get("engagementDetails", [])}
            if explained:
                verdicts = {one["engagementId"]: one["verdict"] for one in explained["engagements"]}
                assert {id for id, verdict in verdicts.items() if verdict == "offered"} == set(offers), body
                new = {id for id, offer in offers.items() if offer["contextId"] not in known} - embedded
                outdrawn = {id for id, verdict in verdicts.items() if verdict == "outdrawn"}
                seed_now = field_hash("demo", visitor.vid, visitor.sid, activities, explained["revision"])
                assert chosen(account, new | outdrawn, seed_now) == new, body
                drawn_again += bool(outdrawn)
            activities += 1
            known |= {offer["contextId"] for offer in offers.values()}
            for offer in offers.values():
                if dice.random() < 0.3:
                    kind = dice.choice(("impDisplay", "impAccept", "impClose"))
                    assert visitor.report([impression(kind, offer)], body["pageId"]).status == 200
                    activities += 1
        visitor.close()
    assert drawn_again > 5


def office_only(name, network="203.0.113.64/26"):
    return {"accountId": "office", "name": name, "appInstallations": [{"id": "web"}], "skills": [{"id": 3}],
            "settings": {"controlGroup": {"percentage": 0}},
            "visitorProfiles": [{"id": 1, "conditions": [{"type": "ipRange", "in": [network]}]}],
            "campaigns": [{"id": 1, "visitorProfiles": [1], "controlGroup": {"percentage": 0}, "engagements": [
                {"id": 11, "channel": "messaging", "type": "embedded"}]}]}


def test_explain_knows_what_a_full_address_matched_after_the_account_changed(tmp_path, closing):
    monitord = closing(Monitord(tmp_path)).start()

    def change(path, body):
        assert monitord.admin("PUT", f"/admin/accounts/office{path}", body)[0] in (200, 201)

    def reason():
        status, explained = monitord.admin("POST", "/admin/accounts/office/explain", {
            "visitorId": visitor.vid, "sessionId": visitor.sid, "appInstallationId": "web"})
        assert status == 200
        return explained["engagements"][0].get("reason")

    change("", office_only("first"))
    visitor = Visitor(monitord.port, None, account="office")
    answer = visitor.call("POST", "engagement", {}, {"X-Forwarded-For": "203.0.113.77"})
    assert [offer["engagementId"] for offer in answer.body["engagementDetails"]] == [11]
    assert reason() is None
    change("/skills/3", {"state": "busy"})
    assert reason() is None
    change("", office_only("renamed"))
    assert reason() is None
    change("", office_only("other office", "198.51.100.0/24"))
    assert reason() == "profile"
    visitor.close()
