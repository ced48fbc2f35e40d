"""The campaign console in a browser, as a manager uses it: by the words that stand on it."""

from axe_core_python.base import AXE_SCRIPT
from selenium.webdriver.common.by import By

from harness.part import ROOT, wait_until

SAMPLE = ROOT / "deploy" / "accounts" / "demo.json"
SCREENSHOTS = ROOT / "build" / "test-results" / "console"


class Console:
    def __init__(self, browser, monitord):
        self.browser, self.monitord = browser, monitord

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

    # --- looking

    def text(self, css="main"):
        return self.browser.execute_script("return document.querySelector(arguments[0])?.innerText ?? ''", css)

    def sees(self, words, css="body"):
        wait_until(lambda: words in self.text(css), f"the console to say: {words}; it says: {self.text(css)[:2000]}")

    def rows(self, css="main"):
        """The cells' texts of the table in there."""
        return self.browser.execute_script(
            "return [...document.querySelectorAll(arguments[0] + ' tbody tr')].map(r => [...r.cells].map(c => c.innerText.trim()))", css)

    def errors(self):
        """What the browser complains of, but for answers that are refusals: a wrong token, a document with a mistake."""
        return [entry for entry in self.browser.get_log("browser")
                if entry["level"] in ("SEVERE", "WARNING") and "the server responded with a status of 4" not in entry["message"]]

    def serious(self):
        """What axe finds that keeps people out: "id: where"."""
        self.browser.execute_script(AXE_SCRIPT)
        found = self.browser.execute_async_script(
            "const done = arguments[0]; axe.run().then(r => done(r.violations), e => done([{id: String(e), impact: 'critical', nodes: []}]))")
        return [f"{one['id']}: {[node['target'] for node in one['nodes'][:3]]} {[node.get('failureSummary', '')[:200] for node in one['nodes'][:2]]}"
                for one in found if one["impact"] in ("serious", "critical")]

    def screenshot(self, name):
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.browser.save_screenshot(str(SCREENSHOTS / f"{name}.png"))

    # --- doing

    def find(self, css):
        return wait_until(lambda: self.browser.find_elements(By.CSS_SELECTOR, css), css)[0]

    def named(self, label, within="body"):
        """The control with this label."""
        return wait_until(lambda: self.browser.execute_script("""
            const [text, within] = arguments;
            const label = [...document.querySelectorAll(within + ' label')].find(l => l.innerText.trim() === text && l.offsetParent);
            return label ? document.getElementById(label.htmlFor) : null""", label, within), f"a field {label}")

    def button(self, text, within="body"):
        return wait_until(lambda: self.browser.execute_script("""
            const [text, within] = arguments;
            return [...document.querySelectorAll(within + ' button, ' + within + ' a')].find(
              b => (b.innerText.trim() === text || b.ariaLabel === text) && !b.disabled && b.offsetParent) || null""", text, within),
            f"a button {text}")

    def press(self, text, within="body"):
        button = self.button(text, within)
        self.browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", button)
        button.click()

    def fill(self, label, text, within="body"):
        control = self.named(label, within)
        control.clear()
        control.send_keys(text)

    def choose(self, label, option, within="body"):
        control = self.named(label, within)
        control.find_element(By.XPATH, f".//option[normalize-space()='{option}']").click()

    def set_field(self, label, value, within="body"):
        """Of fields whose keys depend on the browser's language (dates)."""
        self.browser.execute_script("""
            arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input', {bubbles: true}))""",
                                    self.named(label, within), value)

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
