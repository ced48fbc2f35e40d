"""A shop as the benchmarks need one: its account's document, its pages, and the dearest reports that the contract allows.

All of it comes from a fixed seed: the same on every machine and in every run.
"""

import json
import random

SEED = 20261128
CATEGORIES = ("boots", "tents", "jackets", "stoves", "ropes", "maps", "lamps", "packs", "bikes", "skis", "tyres", "tools")
PER_CAMPAIGN = 5
PAGES = 240

LOCATIONS = (
    [{"id": 1, "name": "Shop", "include": [{"url": {"contains": "shop.example"}}]},
     {"id": 2, "name": "Start", "include": [{"url": {"exact": "https://shop.example/"}}, {"section": "\"start\""}]},
     {"id": 3, "name": "Products", "include": [{"url": {"regex": "shop[.]example/[a-z]+/[a-z]+-[0-9]+"}}]},
     {"id": 4, "name": "Cart", "include": [{"url": {"contains": "/cart"}}, {"section": "\"cart\""}]},
     {"id": 5, "name": "Delivery", "include": [{"url": {"contains": "/checkout/delivery"}}]},
     {"id": 6, "name": "Payment", "include": [{"url": {"contains": "/checkout/payment"}}]},
     {"id": 7, "name": "Thanks", "include": [{"url": {"contains": "/checkout/thanks"}}]},
     {"id": 8, "name": "Help", "include": [{"section": "help"}], "exclude": [{"url": {"contains": "/imprint"}}]},
     {"id": 9, "name": "Not the checkout", "exclude": [{"section": "checkout"}]},
     {"id": 10, "name": "German pages", "include": [{"lang": "de-DE"}]},
     {"id": 11, "name": "By a campaign", "include": [{"url": {"regex": "[?&]utm_source=(mail|social)"}}]},
     {"id": 12, "name": "Search", "include": [{"url": {"contains": "/search?"}}]}]
    + [{"id": 20 + number, "name": name.title(), "include": [{"section": f"\"{name}\""}, {"url": {"contains": f"/{name}/"}}]}
       for number, name in enumerate(CATEGORIES)])
CATEGORY_LOCATIONS = [20 + number for number in range(len(CATEGORIES))]

PROFILES = [
    {"id": 1, "name": "Desktop", "conditions": [{"type": "platform", "in": ["DESKTOP", "TABLET"]}]},
    {"id": 2, "name": "Not the office", "conditions": [{"type": "ipRange", "in": ["192.0.2.0/24"], "exclude": True}]},
    {"id": 3, "name": "From a search engine", "conditions": [
        {"type": "referral", "regex": "^https?://([^/]*[.])?(google|bing)[.]"}]},
    {"id": 4, "name": "Newcomers", "conditions": [{"type": "visitor", "is": "new"}]},
    {"id": 5, "name": "Customers", "conditions": [{"type": "customerInfo", "ctype": ["gold", "silver"]}]},
    {"id": 6, "name": "By mail", "conditions": [{"type": "marketingSource", "channel": [3]}]},
    {"id": 7, "name": "Grown up", "conditions": [{"type": "age", "from": 18}]},
    {"id": 8, "name": "Search for cheap things", "conditions": [{"type": "searchKeywords", "in": ["sale", "cheap"]}]}]

BEHAVIORS = [
    {"id": 1, "name": "A full cart", "conditions": [{"type": "cartValue", "from": 80}]},
    {"id": 2, "name": "Left the checkout", "conditions": [{"type": "flow", "mode": "abandoned", "steps": [
        {"location": 4}, {"location": 5, "required": False}, {"location": 6}, {"location": 7}]}]},
    {"id": 3, "name": "A while among the products", "conditions": [{"type": "timeOnLocation", "location": 3, "seconds": 30}]},
    {"id": 4, "name": "Saw something dear", "conditions": [{"type": "viewedProduct", "priceFrom": 150}]},
    {"id": 5, "name": "Boots in the cart", "conditions": [{"type": "cartProducts", "category": ["boots", "skis"]}]},
    {"id": 6, "name": "Two errors", "conditions": [{"type": "visitorError", "message": "declined", "ordinal": 2}]},
    {"id": 7, "name": "Was in the cart", "conditions": [{"type": "visitedLocation", "location": 4}]},
    {"id": 8, "name": "Not yet helped", "conditions": [{"type": "engagedInSession", "state": "clicked", "exclude": True}]},
    {"id": 9, "name": "A cart that shrank", "conditions": [{"type": "cartValue", "change": "decreased"}]}]

# Type and zone, by their numbers. Embedded ones do not compete for a place, so no account has more than a few.
TYPES = ([("sticky", "right")] * 5 + [("sticky", "left")] * 4 + [("slideout", "proactive")] * 5 + [("overlay", "proactive")] * 3
         + [("toaster", "proactive")] * 3)
EMBEDDED = 4


def account(published):
    """The document of the account shop1, shop50 or shop200, with so many published engagements; no caps, since it is one
    address that asks for everybody."""
    draw = random.Random(SEED + published)
    if published == 1:
        engagements = [_everybody()]
    else:
        engagements = [_engagement(draw, number, number % (published // EMBEDDED) == 0) for number in range(published)]
    return {
        "accountId": f"shop{published}", "name": f"A shop with {published} published engagements",
        "timeZone": "Europe/Berlin", "currency": "EUR",
        "settings": {"caps": {"newSessions": None, "newSessionsPerAddress": None, "eventsPerSession": None}},
        "appInstallations": [{"id": "web", "connectorId": 900}],
        "skills": [{"id": number, "name": name} for number, name in enumerate(("sales", "support", "returns"), 1)],
        "goals": [{"id": 1, "type": "purchase"}, {"id": 2, "type": "lead"}],
        "schedules": [{"id": 1, "shifts": [
            {"days": ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"], "from": "00:00", "to": "24:00"}]}],
        "onsiteLocations": LOCATIONS, "visitorProfiles": PROFILES, "visitorBehaviors": BEHAVIORS,
        "campaigns": [_campaign(draw, number, engagements[begin:begin + PER_CAMPAIGN])
                      for number, begin in enumerate(range(0, published, PER_CAMPAIGN), 1)]}


def _campaign(draw, number, engagements):
    everybody = number % 3 == 1
    return {"id": number, "name": f"Campaign {number}", "priority": draw.choice(("high", "medium", "medium", "low")), "goalId": 1,
            **({} if everybody else {"scheduleId": 1, "visitorProfiles": draw.sample(range(1, 9), 3)}), "engagements": engagements}


def _everybody():
    return {"id": 1001, "revision": 7, "name": "Corner", "channel": "messaging", "type": "sticky", "skillId": 1, "windowId": "77"}


def _engagement(draw, number, embedded):
    kind, zone = ("embedded", "embedded") if embedded else draw.choice(TYPES)
    somewhere = draw.sample(CATEGORY_LOCATIONS, 2) + [draw.randrange(2, 13)]
    places = [1] if zone == "right" else somewhere
    return {
        "id": 1001 + number, "revision": draw.randrange(1, 30), "name": f"{kind} {number}", "type": kind, "zone": zone,
        "channel": draw.choice(("messaging", "messaging", "messaging", "content", "chat")), "skillId": draw.randrange(1, 4),
        "windowId": str(70 + number), "language": draw.choice(("en-US", "de-DE")), "weight": draw.randrange(1, 5),
        "onsiteLocations": places,
        **({"visitorBehaviors": draw.sample(range(1, 10), 2)} if zone == "proactive" else {}),
        **({"followMePages": 2} if kind == "slideout" else {}),
        "displayInstances": [{"elementId": f"place-{number}", "text": f"May we help you with this? ({number})"}]}


def pages():
    """Lines for the load generator: what a visitor sends on a page, and what a report from there brings."""
    draw = random.Random(SEED)
    lines = []
    for _ in range(PAGES):
        engagement, attributes = _page(draw)
        lines.append(_json(engagement) + "\t" + _json(attributes)[1:-1])
    return lines


def _json(value):
    return json.dumps(value, separators=(",", ":"))


def _product(draw, category):
    return {"name": f"{category.title()} {draw.choice(('Ridge', 'Trail', 'Summit', 'Brook'))} GTX", "category": category,
            "sku": f"{category[0].upper()}-{draw.randrange(1000, 9999)}", "price": draw.randrange(1990, 30000) / 100}


def _cart(products):
    return {"type": "cart", "total": round(sum(product["price"] for product in products), 2), "currency": "EUR",
            "numItems": len(products), "products": [{"product": product, "quantity": 1} for product in products]}


def _page(draw):
    category = draw.choice(CATEGORIES)
    product = _product(draw, category)
    cart = _cart([product] + [_product(draw, draw.choice(CATEGORIES)) for _ in range(draw.randrange(3))])
    view = {"type": "prodView", "currency": "EUR", "products": [{"product": product}]}
    place = f"{category}/{category}-{draw.randrange(100, 999)}"
    path, sections, attributes = draw.choice([
        ("", ["start"], []),
        (f"{category}/", [category], []),
        (place, [category, "product"], [view]),
        (f"{place}?utm_source=mail&utm_campaign=autumn", [category, "product"], [view, cart]),
        ("search?q=warm+boots", ["search"], [{"type": "searchInfo", "keywords": ["warm boots", "sale"]}]),
        ("cart", ["cart"], [cart]),
        (f"checkout/{draw.choice(('delivery', 'payment'))}", ["checkout"], [cart]),
        ("help/returns", ["help"], [])])
    if draw.random() < 0.1:
        attributes = attributes + [{"type": "ctmrinfo", "info": {"ctype": draw.choice(("gold", "new")), "cstatus": "active"}}]
    if draw.random() < 0.1:
        attributes = attributes + [{"type": "mrktInfo", "info": {"channel": 3, "campaignId": "autumn"}}]
    referrer = ["ref://https://www.google.com/search?q=boots"] if draw.random() < 0.2 else []
    engagement = {
        "clientProperties": {"deviceFamily": draw.choice(("DESKTOP", "MOBILE")), "os": "WINDOWS", "osVersion": "11",
                             "appVersion": "4.2.0"},
        "entryPoints": [f"https://shop.example/{path}", *(f"sec://{section}" for section in sections),
                        f"lang://{draw.choice(('en-US', 'de-DE'))}", *referrer],
        **({"engagementAttributes": attributes} if attributes else {})}
    return engagement, [cart]


SERIES_REQUESTS = 310


def series(kind):
    """The bodies of SERIES_REQUESTS reports, each some 40 KB and each with other texts than the others."""
    draw = random.Random(f"{SEED} {kind}")
    return [_json(DEAREST[kind](draw)) for _ in range(SERIES_REQUESTS)]


def _text(draw, characters):
    return f"{draw.getrandbits(4 * characters):0{characters}x}"


def _errors(draw):
    return {"engagementAttributes": [{"type": "error", "error": {
        "contextId": _text(draw, 8), "code": _text(draw, 6), "level": 1, "message": _text(draw, 300)}} for _ in range(100)]}


def _search_words(draw):
    return {"engagementAttributes": [{"type": "searchInfo", "keywords": [_text(draw, 13) for _ in range(2500)]}]}


def _long_addresses(draw):
    return {"entryPoints": [f"https://shop.example/{_text(draw, 780)}" for _ in range(50)],
            "engagementAttributes": [{"type": "searchInfo", "keywords": ["boots"]}]}


def _identities(draw):
    return {"identities": [{"iss": "https://login.example", "acr": "loa1", "sub": _text(draw, 1950)} for _ in range(20)],
            "engagementAttributes": [{"type": "searchInfo", "keywords": ["boots"]}]}


def _purchases(draw):
    return {"engagementAttributes": [{"type": "purchase", "total": 59.9, "currency": "EUR", "orderId": _text(draw, 64), "cart": {
        "numItems": 1, "products": [{"product": {"name": _text(draw, 100), "sku": _text(draw, 20), "price": 59.9}, "quantity": 1}]}}
        for _ in range(100)]}


DEAREST = {"errors": _errors, "search-words": _search_words, "long-addresses": _long_addresses, "identities": _identities,
           "purchases": _purchases}
