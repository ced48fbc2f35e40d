"""The campaign console in a browser, as a manager uses it: by the words that stand on it."""

from harness.part import ROOT, wait_until
from page import RESULTS, Page

SAMPLE = ROOT / "deploy" / "accounts" / "demo.json"


class Console(Page):
    screenshots = RESULTS / "console"

    def __init__(self, browser, monitord):
        super().__init__(browser)
        self.monitord = monitord

    def open(self, view="", token=None):
        """That view, in a page that was loaded anew and signed in."""
        self.browser.get("about:blank")
        self.browser.get(f"{self.monitord.admin_url}/console/#{view}")
        self.sign_in(token or self.monitord.token)
        self.heading_other_than("Sign in")
        return self

    def sign_in(self, token):
        self.fill("Token", token)
        self.press("Sign in")

    def go(self, view):
        self.browser.execute_script("location.hash = arguments[0]", view)

    def heading_other_than(self, text):
        wait_until(lambda: self.text("main h1") not in ("", text), f"another view than {text}")

    # --- the editor

    def editor_text(self):
        return self.browser.execute_script("return document.querySelector('.CodeMirror').CodeMirror.getValue()")

    def select_in_editor(self, words, behind=0):
        """Selects the words' first place in the text, or puts the cursor `behind` so many letters of them."""
        assert self.browser.execute_script("""
            const cm = document.querySelector('.CodeMirror').CodeMirror, at = cm.getValue().indexOf(arguments[0]);
            if (at < 0) return false;
            const from = cm.posFromIndex(at + arguments[1]), to = arguments[1] ? from : cm.posFromIndex(at + arguments[0].length);
            cm.focus(); cm.setSelection(from, to); return true""", words, behind), words

    def type_in_editor(self, *keys):
        self.find(".CodeMirror-code").send_keys(*keys)

    def replace_in_editor(self, words, others):
        """As somebody who pastes: keys would be completed with brackets and quotes."""
        self.select_in_editor(words)
        self.browser.execute_script("document.querySelector('.CodeMirror').CodeMirror.replaceSelection(arguments[0])", others)

    def line_of(self, words):
        return self.editor_text().split(words)[0].count("\n") + 1


def put_sample(monitord, account, change=lambda text: text):
    """The sample under another id; its text as it was put. Nobody is in a control group of the account."""
    text = change(SAMPLE.read_text().replace('"accountId": "demo"', f'"accountId": "{account}"')
                  .replace('"controlGroup": {"percentage": 2}', '"controlGroup": {"percentage": 0}'))
    status, body = monitord.admin("PUT", f"/admin/accounts/{account}", text)
    assert status == 201, body
    return text


def document_of(monitord, account):
    status, document = monitord.admin("GET", f"/admin/accounts/{account}")
    assert status == 200
    return document
