"""The campaign console against the real monitord: one person's sessions, erasing, what was done; and that its pages keep
nobody out: who hears them, uses no mouse, or has a phone."""

import pytest
from selenium.webdriver.common.keys import Keys

from console import put_sample
from harness.part import wait_until
from harness.visitor import Visitor, impression

ANN = {"iss": "https://id.example", "sub": "ann-4711", "acr": "loa1"}


def visit(monitord, account):
    """A visitor who is known as Ann, saw what was offered and closed one of it."""
    visitor = Visitor(monitord.port, None, account=account, app="web")
    answer = visitor.engage(entryPoints=["https://shop.example/help?q=boots"], identities=[ANN],
                            clientProperties={"deviceFamily": "MOBILE"})
    offers = answer.body["engagementDetails"]
    button = next(offer for offer in offers if offer["engagementId"] == 4101)
    for kind in ("impDisplay", "impClose"):
        assert visitor.report([impression(kind, button)]).recorded
    return visitor


def nobody_in_control(text):
    return text.replace('"controlGroup": {"percentage": 5}', '"controlGroup": {"percentage": 0}')


def test_a_person_is_found_looked_at_and_erased(console, monitord):
    put_sample(monitord, "people", nobody_in_control)
    ann = visit(monitord, "people")
    console.open("accounts/people/visitors")
    console.fill("Who vouches for it (issuer)", ANN["iss"])
    console.fill("Identity (subject)", "nobody")
    console.press("Find")
    console.sees("Nobody presented this identity")
    console.fill("Identity (subject)", ANN["sub"])
    console.press("Find")
    console.sees("1 visitor presented this identity")
    console.press(ann.vid)
    console.sees("1 session in all", "#visitor")
    console.press("Show", "#visitor")
    console.sees("What happened", "#session")
    said = console.text("#session")
    for words in ("The session began", "on a phone, at web", "Asked for a page's offers", "https://shop.example/help?q=boots",
                  "Was offered", "Button on every page (4101) of the campaign Sales: message us (41), in the page.", "Saw", "Closed"):
        assert words in said, words
    assert said.index("Was offered") < said.index("Saw") < said.index("Closed")
    console.press("What would it be now, and why?")
    wait_until(lambda: console.rows("#session"), "the verdicts")
    judged = {engagement: rest for _, engagement, *rest in console.rows("#session")}
    assert judged["Button on every page (4101)"] == ["Not offered", "The visitor has closed this one already."]

    console.press("Erase this person…")
    console.fill(f"Type {ANN['sub']} to confirm", "ann", "dialog")
    assert console.find("dialog button.danger").get_attribute("disabled")
    console.named(f"Type {ANN['sub']} to confirm", "dialog").send_keys("-4711", Keys.ENTER)
    console.sees("Erased: 1 visitor.")
    assert monitord.admin("GET", f"/admin/accounts/people/visitors/{ann.vid}")[0] == 404
    console.fill("Visitor id", ann.vid)
    console.press("Show")
    console.sees("nothing is known of this visitor")

    console.go("audit")
    console.sees("erased a person")
    assert ["admin", "erased a person", "people"] in [row[1:4] for row in console.rows()]
    assert ANN["sub"] not in console.text()


def test_a_visitor_is_erased_once_it_is_typed(console, monitord):
    put_sample(monitord, "device", nobody_in_control)
    someone = visit(monitord, "device")
    console.open("accounts/device/visitors")
    console.fill("Visitor id", someone.vid)
    console.press("Show")
    console.press("Erase this visitor…")
    console.press("Cancel", "dialog")
    assert monitord.admin("GET", f"/admin/accounts/device/visitors/{someone.vid}")[0] == 200
    console.press("Erase this visitor…")
    console.fill(f"Type {someone.vid[-6:]} to confirm", someone.vid[-6:], "dialog")
    console.press("Erase", "dialog")
    console.sees("The visitor is erased.")
    assert monitord.admin("GET", f"/admin/accounts/device/visitors/{someone.vid}")[0] == 404


def test_it_is_used_without_a_mouse(console, monitord):
    put_sample(monitord, "keys")
    console.browser.get("about:blank")
    console.browser.get(f"{monitord.admin_url}/console/#accounts/keys/document")
    console.sees("Sign in", "h1")

    def press(*keys):
        console.browser.switch_to.active_element.send_keys(*keys)

    def focused():
        return console.browser.execute_script("return document.activeElement.innerText || document.activeElement.tagName")

    press(monitord.token, Keys.ENTER)  # the field has the focus
    console.sees("No mistakes.")
    assert console.browser.execute_script("return document.activeElement.id") == "main"
    for _ in range(30):
        if console.browser.execute_script("return !!document.activeElement.closest('.CodeMirror')"):
            break
        press(Keys.TAB)
    press(Keys.CONTROL, Keys.END)
    press(Keys.NULL, " ")
    console.sees("You are changing what is in force")
    press(Keys.TAB)
    assert not console.browser.execute_script("return !!document.activeElement.closest('.CodeMirror')")
    console.button("Publish…").send_keys(Keys.ENTER)
    console.sees("Publish?", "dialog")
    press(Keys.ESCAPE)
    wait_until(lambda: not console.text("dialog"), "the dialog closed")
    assert focused() == "Publish…"


VIEWS = ["", "accounts", "audit", "accounts/{a}/check", "accounts/{a}/document", "accounts/{a}/history", "accounts/{a}/skills",
         "accounts/{a}/visitors"]


@pytest.mark.parametrize("theme, width", [("light", 1280), ("dark", 1280), ("light", 375)])
def test_its_pages_keep_nobody_out(console, monitord, theme, width):
    account = f"{theme}{width}"
    put_sample(monitord, account, nobody_in_control)
    someone = visit(monitord, account)
    try:
        console.dress(theme, width)
        console.open()
        for view in VIEWS:
            view = view.format(a=account)
            console.go(view)
            wait_until(lambda: console.browser.execute_script(
                "return !document.querySelector('main').ariaBusy && location.hash.slice(1) === arguments[0]", view), view)
            name = view.split("/")[-1] or "start"
            if name == "document":
                console.replace_in_editor('"priority": "low", "goalId": 2', '"priority": "lowest", "goalId": 2')
                console.sees("1 mistake:")
                console.find(".campaigns summary").click()
            if name == "check":
                console.fill("Page", "https://shop.example/help")
                console.press("What is offered?")
                console.sees("offered.", "#explained")
            if name == "visitors":
                console.fill("Visitor id", someone.vid)
                console.press("Show")
                console.press("Show", "#visitor")
                console.sees("The session began")
            assert console.serious() == [], view
            console.screenshot(f"{name}-{theme}-{width}")
            assert console.overhang() <= 0, view
    finally:
        console.undress()
