"""The campaign console against the real monitord: signing in, and a document's text and forms."""

from selenium.webdriver.common.keys import Keys

from console import put_sample
from harness.part import wait_until


# --- signing in ----------------------------------------------------------------------------------------------------------

def test_a_wrong_token_is_told_and_a_right_one_is_kept_nowhere(console, monitord):
    console.browser.get(f"{monitord.admin_url}/console/")
    console.sees("Sign in")
    assert "Accounts" not in console.text()
    console.sign_in("wrong")
    console.sees("The token is not known, or it has expired.")
    console.sign_in("two words")
    console.sees("A token has no blanks in it")
    console.sign_in(monitord.token)
    console.sees("Your first campaign, in five minutes")
    kept = console.browser.execute_script(
        "return JSON.stringify([localStorage, sessionStorage, document.cookie, location.href, history.state, document.documentElement.outerHTML])")
    assert monitord.token not in kept
    console.press("Sign out")
    console.sees("Sign in", "h1")
    console.browser.refresh()
    console.sees("Sign in", "h1")


def test_what_a_token_may_not_do_is_said_in_words(console, monitord, tokens):
    put_sample(monitord, "scopes")
    console.browser.get(f"{monitord.admin_url}/console/")
    console.sign_in(tokens["silent"])
    console.sees("Your token may not look at accounts: it lacks the scope “read”.")
    console.open("accounts/scopes/document", tokens["looker"])
    console.replace_in_editor('"name": "Winter collection"', '"name": "Winter"')
    console.press("Publish…")
    console.press("Publish", "dialog")
    console.sees("Your token may not publish documents: it lacks the scope “publish”.")
    console.go("accounts/scopes/skills")
    console.named("Busy: is there, takes no more").click()
    console.sees("it lacks the scope “skills”")
    assert console.named("Online: takes new chats").is_selected()


def test_a_token_that_ends_asks_anew_and_loses_nothing(console, monitord, tokens, tokens_file):
    put_sample(monitord, "ending")
    console.open("accounts/ending/document", tokens["editor"])
    console.replace_in_editor('"Winter collection"', '"Kept"')
    kept = tokens_file.read_text()
    tokens_file.write_text("")
    try:
        console.go("accounts")
        console.sees("The token is not known, or it has expired. Sign in again; what you were editing is still here.")
    finally:
        tokens_file.write_text(kept)
    console.sign_in(monitord.token)
    console.sees("You changed it and did not publish yet")
    console.go("accounts/ending/document")
    console.find(".CodeMirror")
    assert '"Kept"' in console.editor_text()


# --- the document ----------------------------------------------------------------------------------------------------------

def test_mistakes_stand_at_their_lines_and_can_be_gone_to(console, monitord):
    put_sample(monitord, "mistakes")
    console.open("accounts/mistakes/document")
    console.sees("No mistakes.")
    console.replace_in_editor('"priority": "low", "goalId": 2', '"priority": "lowest", "goalId": 99')
    console.sees("2 mistakes:")
    line = console.line_of('"lowest"')
    told = console.text(".mistakes")
    assert f"Line {line}: campaigns[4].priority: " in told and f"Line {line}: campaigns[4].goalId: " in told
    marked = console.browser.execute_script(
        "const m = document.querySelector('.CodeMirror-lint-marker-error'); return m.closest('.CodeMirror-gutter-wrapper').innerText.trim()")
    assert marked == str(line)
    console.browser.find_element("css selector", ".mistakes button").click()
    selected = console.browser.execute_script("return document.querySelector('.CodeMirror').CodeMirror.getSelection()")
    assert selected in ('"lowest"', "99")
    console.replace_in_editor('"lowest", "goalId": 99', '"low", "goalId": 2')
    console.sees("No mistakes.")
    console.replace_in_editor('"currency": "EUR",', '"currency": "EUR"')
    console.sees("a comma or } is missing here")
    console.sees("The text is not readable now")
    assert console.find(".publish button.primary").get_attribute("disabled")


def test_the_schema_completes_names_values_and_ids(console, monitord):
    put_sample(monitord, "complete")
    console.open("accounts/complete/document")

    def offered():
        wait_until(lambda: console.text(".CodeMirror-hints"), "something offered")
        return [line.split()[0] for line in console.text(".CodeMirror-hints").split("\n") if line.strip()]

    console.select_in_editor('"priority": "medium", "goalId": 1', behind=len('"priority": "'))
    console.type_in_editor(Keys.CONTROL, Keys.SPACE)
    assert offered() == ['"high"', '"medium"', '"low"']
    console.type_in_editor(Keys.NULL, Keys.ENTER)
    assert '"name": "Sales: message us", "priority": "high"' in console.editor_text()
    console.select_in_editor('"name": "Sales: message us", ', behind=len('"name": "Sales: message us", '))
    console.type_in_editor(" ", Keys.ARROW_LEFT, '"exp')
    assert offered() == ['"expirationDate"']
    console.type_in_editor(Keys.ENTER)
    assert '"expirationDate": ' in console.editor_text().split('"Sales: message us"')[1][:40]
    console.select_in_editor('"visitorProfiles": [20]', behind=len('"visitorProfiles": ['))
    console.type_in_editor(Keys.CONTROL, Keys.SPACE)
    assert offered()[0] == "20" and "Everybody but our own office" in console.text(".CodeMirror-hints")
    console.type_in_editor(Keys.NULL, Keys.ESCAPE)


def test_form_and_text_are_one_document(console, monitord):
    before = put_sample(monitord, "forms")
    console.open("accounts/forms/document")
    console.find(".campaigns details:nth-of-type(4) summary").click()
    card = ".campaigns details:nth-of-type(4)"
    assert console.named("Name", card).get_attribute("value") == "Winter collection"
    assert console.named("Begins", card).get_attribute("value") == "2026-11-01T00:00"
    console.fill("Name", 'Snow & "ice"', card)
    console.choose("Priority", "High", card)
    console.set_field("Ends", "2027-07-01T12:30", card)
    console.fill("Control group, percent", "12.5", card)
    console.named("Premium customers", card).click()
    console.named("New visitors who came by a search engine", card).click()
    after = before
    for old, new in (('"name": "Winter collection", "priority": "low", "goalId": 1,', '"name": "Snow & \\"ice\\"", "priority": "high", "goalId": 1, "visitorProfiles": [23, 21],'),
                     ('"expirationDate": "2027-03-01T00:00:00+01:00",\n      "controlGroup": {"percentage": 5}', '"expirationDate": "2027-07-01T12:30:00+02:00",\n      "controlGroup": {"percentage": 12.5}')):
        assert old in after
        after = after.replace(old, new)
    assert console.editor_text() == after
    console.replace_in_editor('"Snow & \\"ice\\""', '"Spring"')
    wait_until(lambda: console.named("Name", card).get_attribute("value") == "Spring", "the text's name in the form")
    assert console.text(f"{card} summary") == "Spring"
    console.fill("Name", "Winter collection", card)
    console.choose("Priority", "Low", card)
    console.set_field("Ends", "2027-03-01T00:00", card)
    console.fill("Control group, percent", "5", card)
    console.named("Premium customers", card).click()
    console.named("New visitors who came by a search engine", card).click()
    assert console.editor_text() == before
    console.sees("This is what is in force")
