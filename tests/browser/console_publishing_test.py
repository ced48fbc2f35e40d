"""The campaign console against the real monitord: trying a document out, putting it in force, and taking it back."""

from console import SAMPLE, document_of, put_sample
from harness.part import wait_until
from harness.visitor import Visitor


def visitor(monitord, account):
    return Visitor(monitord.port, None, account=account, app="web")


def without_control_groups(text):
    for percentage in (5, 10):
        text = text.replace(f'"controlGroup": {{"percentage": {percentage}}}', '"controlGroup": {"percentage": 0}')
    return text


def verdicts(console):
    """Engagement -> [verdict, why]."""
    return {engagement: rest for _, engagement, *rest in console.rows("#explained")}


def test_the_first_page_leads_to_a_campaign_in_force(console, monitord):
    put_sample(monitord, "first")
    console.open()
    console.browser.execute_script(
        "const s = document.querySelector('main select'); s.value = 'first'; s.dispatchEvent(new Event('change'))")
    console.press("Write my campaign…")
    console.fill("Name", "Ask us about boots", "dialog")
    console.choose("What is shown", "A button “write to us” within the page", "dialog")
    console.choose("Where", "On pages whose address contains…", "dialog")
    console.fill("A part of the address, such as /help", "/boots", "dialog")
    console.press("Write it into the document", "dialog")
    console.sees("You are changing what is in force")
    console.sees("No mistakes.")
    card = ".campaigns details:last-of-type"
    console.find(f"{card} summary").click()
    console.fill("Control group, percent", "0", card)
    console.press("Try it out before you publish")
    console.sees("Everything here is judged by your changed document")
    ours = "Ask us about boots (4802)"
    for page, verdict in (("https://shop.example/boots/12", "Is offered"), ("https://shop.example/help", "Not offered")):
        console.fill("Page", page)
        console.press("What is offered?")
        wait_until(lambda: verdicts(console).get(ours, [None])[0] == verdict, f"{ours} on {page}: {verdict}")
    assert verdicts(console)[ours][1] == "The page is none of those where it is shown: “Pages with /boots”."
    console.press("Document")
    console.press("Publish…")
    console.sees('campaign 49 "Ask us about boots": added', "dialog")
    console.press("Publish", "dialog")
    console.sees("Published. Revision")
    campaign = document_of(monitord, "first")["campaigns"][-1]
    assert (campaign["id"], campaign["name"]) == (49, "Ask us about boots")
    offers = visitor(monitord, "first").engage(entryPoints=["https://shop.example/boots/12"]).body["engagementDetails"]
    assert 4802 in [offer["engagementId"] for offer in offers]


def test_every_reason_is_said_in_words(console, monitord):
    put_sample(monitord, "reasons", without_control_groups)
    monitord.admin("PUT", "/admin/accounts/reasons/skills/4", {"state": "offline"})
    console.open("accounts/reasons/check")
    console.sees("Everything here is judged by the document in force")
    console.fill("Page", "https://shop.example/help\nlang://en-US")
    console.set_field("When", "2026-11-24T12:00")  # a Tuesday
    console.choose("Device", "Phone")
    console.fill("Internet address", "192.0.2.9")
    console.find("form details:nth-of-type(1) summary").click()
    console.fill("Type of customer", "silver")
    console.fill("Cart: total", "99.50")
    console.press("What is offered?")
    console.sees("engagements", "#explained")
    said = verdicts(console)
    assert said["Button on every page (4101)"] == ["Is offered", "All of its rules hold."]
    assert said["Entry in the app's menu (4104)"] == ["Not offered", "It is not for this site or app."]
    assert said["Chat tab on help pages (4201)"] == ["Not offered", "Nobody is there for the chat: “support”."]
    assert said["Invitation, friendly (4301)"] == [
        "Not offered", "The visitor is none of those whom the campaign is for: “Everybody but our own office”."]
    assert said["Your personal adviser (4701)"][1].startswith("The visitor is none of those whom the campaign is for: “Premium customers”")
    assert said["Invitation after leaving the checkout (4601)"] == [
        "Not offered", "The visitor has done nothing of what it waits for: “Left the checkout”."]
    console.fill("Type of customer", "gold")
    console.set_field("When", "2026-12-25T12:00")
    console.press("What is offered?")
    # The table may be on its way: nothing is concluded from what it does not say.
    wait_until(lambda: verdicts(console).get("Your personal adviser (4701)", ["Not offered"])[0] != "Not offered", "a premium customer's offer")
    wait_until(lambda: verdicts(console).get("Chat tab on help pages (4201)", ["", ""])[1] == "It is outside the campaign's opening hours: “Support hours”.",
               "the opening hours in words")
    console.set_field("When", "2027-03-02T00:00")
    console.press("What is offered?")
    wait_until(lambda: verdicts(console).get("Boots: free returns (4402)", ["", ""])[1].startswith("The campaign is over: it ended"), "the end in words")


def test_recorded_sessions_are_counted_by_the_changed_document(console, monitord):
    put_sample(monitord, "counted", without_control_groups)
    for _ in range(3):
        assert visitor(monitord, "counted").engage(entryPoints=["https://shop.example/"]).recorded
    console.open("accounts/counted/document")
    console.replace_in_editor('"id": 4101, ', '"id": 4101, "enabled": false, ')
    console.press("Try it out")
    console.sees("recorded events: about")
    console.press("Count")
    console.sees("It took")
    assert "3 sessions. 1 engagement would have been offered more or less often." in console.text("#what-if")
    assert ["Button on every page (4101)", "3", "0", "-3"] in console.rows("#what-if")
    console.set_field("and before", "2020-01-01T00:00")
    console.press("Count")
    console.sees("0 sessions. Nothing would have been different.")


def test_who_was_slower_is_told_and_loses_nothing(console, monitord):
    text = put_sample(monitord, "slower")
    console.open("accounts/slower/document")
    console.replace_in_editor('"name": "Winter collection"', '"name": "Mine"')
    theirs = text.replace('"currency": "EUR"', '"currency": "USD"')
    assert monitord.admin("PUT", "/admin/accounts/slower", theirs)[0] == 200
    console.press("Publish…")
    console.press("Publish", "dialog")
    console.sees("Not published: meanwhile another document was put in force by admin")
    console.sees('currency: "EUR" -> "USD"', "#publish-news")
    assert document_of(monitord, "slower")["currency"] == "USD" and '"Mine"' in console.editor_text()
    console.press("Go on with my text")
    console.sees("Your text is kept.")
    console.replace_in_editor('"currency": "EUR"', '"currency": "USD"')
    console.press("Publish…")
    console.sees('"Winter collection" -> "Mine"', "dialog")
    assert "currency" not in console.text("dialog")
    console.press("Publish", "dialog")
    console.sees("Published. Revision")
    document = document_of(monitord, "slower")
    assert (document["currency"], document["campaigns"][3]["name"]) == ("USD", "Mine")


def test_an_older_document_comes_back_with_one_click(console, monitord):
    first = put_sample(monitord, "older")
    second = first.replace('"name": "Rescue the cart"', '"name": "Save the cart"').replace('"weight": 2', '"weight": 5')
    assert monitord.admin("PUT", "/admin/accounts/older", second)[0] == 200
    console.open("accounts/older/history")
    newest, oldest = console.rows()
    assert newest[1] == oldest[1] == "admin" and "in force" in newest[2] and oldest[3] == "The first of this list"
    console.press("Show")
    console.sees('campaign 43 "Rescue the cart", engagement 4301 "Invitation, friendly": weight: 2 -> 5')
    console.sees('campaign 43 "Rescue the cart": name: "Rescue the cart" -> "Save the cart"')
    console.press("Bring back")
    console.sees("is in force again.")
    assert len(console.rows()) == 3 and "in force" in console.rows()[0][2]
    assert document_of(monitord, "older")["campaigns"][2]["name"] == "Rescue the cart"
    # Over what the list shows, and nothing else.
    assert monitord.admin("PUT", "/admin/accounts/older", second.replace("Save", "Keep"))[0] == 200
    console.press("Bring back")
    console.sees("Not brought back: meanwhile another document was put in force.")
    assert len(console.rows()) == 4


def test_a_new_account_begins_with_the_sample(console, monitord):
    console.open("accounts")
    console.press("New account…")
    console.fill("Id, part of the addresses that your site calls", "tea_house", "dialog")
    console.fill("Name, for people", "Tea house", "dialog")
    console.press("Begin with the sample", "dialog")
    console.sees("New: nothing of it is in force before you publish it.")
    console.sees("No mistakes.")
    console.press("History")
    console.sees("The account is new: publish its document first.")
    console.press("Document")
    console.press("Publish…")
    console.press("Publish", "dialog")
    console.sees("Published. Revision")
    document = document_of(monitord, "tea_house")
    assert (document["name"], len(document["campaigns"])) == ("Tea house", SAMPLE.read_text().count('"engagements": ['))
    console.go("accounts")
    console.sees("Tea house")


def test_availability_is_told_and_shown(console, monitord):
    put_sample(monitord, "skills")
    monitord.admin("PUT", "/admin/accounts/skills/skills/5", {"state": "busy"})
    console.open("accounts/skills/skills")
    chosen = "return [...document.querySelectorAll('fieldset')].map(f => f.querySelector('input:checked').value)"
    assert console.browser.execute_script(chosen) == ["online", "online", "busy"]
    console.named("Offline: nobody is there", "fieldset:nth-of-type(2)").click()
    console.sees("support is offline now.")
    _, told = monitord.admin("GET", "/admin/accounts/skills/skills")
    assert [skill["state"] for skill in told["skills"]] == ["online", "offline", "busy"]
