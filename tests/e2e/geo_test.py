"""From the client's connection to a decision by where it stands: edge, monitord, a MaxMind database."""

import http.client
import json

import pytest

from harness import Edge, Monitord, PartFailed
from harness.geo_database import write_geo_database

BERLIN, PARIS = 1, 2  # engagement ids


def place(country, region, city):
    return {"country": {"iso_code": country}, "subdivisions": [{"iso_code": region}], "city": {"names": {"en": city}}}


PLACES = {
    "127.1.2.128/25": place("DE", "BE", "Berlin"),  # decided by more than what is stored of an address
    "2001:db8::/32": place("FR", "IDF", "Paris"),
    "127.1.3.0/24": {"country": {"iso_code": "DE"}},
    "127.1.4.0/24": {"country": {"iso_code": 49}, "subdivisions": [], "city": {"names": {"de": "Berlin"}}},
}


def campaign(number, **where):
    return {"id": number, "controlGroup": {"percentage": 0}, "visitorProfiles": [number],
            "engagements": [{"id": number, "channel": "content", "type": "embedded"}]}, {
                "id": number, "conditions": [{"type": "geo", **where}]}


def document():
    campaigns, profiles = zip(campaign(BERLIN, country=["DE"], region=["BE"], city=["berlin"]),
                              campaign(PARIS, country=["FR"], city=["Paris"]))
    return {"accountId": "geo", "appInstallations": [{"id": "web"}], "settings": {"controlGroup": {"percentage": 0}},
            "visitorProfiles": profiles, "campaigns": campaigns}


class World:
    def __init__(self, folder):
        (folder / "accounts").mkdir()
        (folder / "accounts" / "geo.json").write_text(json.dumps(document()))
        database = write_geo_database(folder / "places.mmdb", PLACES)
        self.monitord = Monitord(folder / "monitord", folder / "accounts", settings={"geo": {"database": str(database)}})
        self.edge = Edge(folder / "edge", self.monitord.port)

    def offers(self, source="127.0.0.1", query="", headers=None, **body):
        """The ids offered to a client that connects from this address, and the answer."""
        connection = http.client.HTTPSConnection("localhost", self.edge.port, context=self.edge.tls_context(), timeout=20,
                                                 source_address=(source, 0))
        connection.request("POST", f"/api/account/geo/app/web/engagement?v=1.1{query}", json.dumps(body), headers or {})
        reply = connection.getresponse()
        answer = json.loads(reply.read())
        connection.close()
        assert reply.status in (200, 201), answer
        return [detail["engagementId"] for detail in answer.get("engagementDetails", [])], answer

    def explained(self, **request):
        status, answer = self.monitord.admin("POST", "/admin/accounts/geo/explain",
                                             {"appInstallationId": "web", "request": {}, **request})
        assert status == 200, answer
        return {one["engagementId"]: (one["verdict"], one.get("reason")) for one in answer["engagements"]}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    world = World(tmp_path_factory.mktemp("geo"))
    try:
        world.monitord.start()
        world.edge.start()
        yield world
    finally:
        world.edge.close()
        world.monitord.close()


def test_a_client_is_where_its_connection_comes_from(world):
    assert world.offers("127.1.2.200")[0] == [BERLIN]
    assert world.offers("127.1.2.100")[0] == []
    assert world.offers("127.0.0.1")[0] == []


@pytest.mark.parametrize("source", ["127.1.3.1", "127.1.4.1"])
def test_what_the_database_does_not_tell_fits_nothing(world, source):
    assert world.offers(source)[0] == []


def test_what_a_client_claims_of_its_address_counts_for_nothing(world):
    assert world.offers(headers={"X-Forwarded-For": "127.1.2.200"})[0] == []
    assert world.offers("127.1.2.200", headers={"X-Forwarded-For": "2001:db8::5"})[0] == [BERLIN]
    assert world.offers(clientProperties={"ipAddress": "127.1.2.200"})[0] == []


def test_on_behalf_of_a_client_the_body_says_where_it_is(world):
    assert world.offers(query="&obh=true", clientProperties={"ipAddress": "127.1.2.200"})[0] == [BERLIN]
    assert world.offers(query="&obh=true", clientProperties={"ipAddress": "2001:db8::5"})[0] == [PARIS]
    assert world.offers("127.1.2.200", query="&obh=true")[0] == []


def test_each_request_is_judged_by_its_own_address(world):
    _, first = world.offers("127.1.2.200")
    query = f"&vid={first['visitorId']}&sid={first['sessionId']}"
    assert world.offers("127.0.0.1", query)[0] == []
    assert world.offers("127.1.2.200", query)[0] == [BERLIN]


def test_explain_knows_the_place_that_was_matched_though_the_address_is_not_kept(world):
    _, answer = world.offers("127.1.2.200")
    assert world.explained(visitorId=answer["visitorId"], sessionId=answer["sessionId"]) == {
        BERLIN: ("offered", None), PARIS: ("refused", "profile")}
    assert world.explained(request={"clientProperties": {"ipAddress": "2001:db8::5"}}) == {
        BERLIN: ("refused", "profile"), PARIS: ("offered", None)}
    created = next(event for event in world.monitord.log() if event["data"].get("sessionId") == answer["sessionId"])
    assert created["data"]["ipAddress"] == "127.1.2.0"


def test_a_database_that_can_not_be_read_is_said_at_the_start(tmp_path, closing):
    (tmp_path / "no.mmdb").write_bytes(b"no database")
    for database in (tmp_path / "no.mmdb", tmp_path / "none.mmdb"):
        monitord = closing(Monitord(tmp_path / database.stem, settings={"geo": {"database": str(database)}}))
        with pytest.raises(PartFailed, match=f"The geo database {database} can not be opened: "):
            monitord.start()
