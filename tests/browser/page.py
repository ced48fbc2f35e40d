"""A page in a browser, as somebody uses it who reads the words that stand on it."""

from axe_core_python.base import AXE_SCRIPT
from selenium.webdriver.common.by import By

from harness.part import ROOT, wait_until

RESULTS = ROOT / "build" / "test-results"


class Page:
    screenshots = RESULTS

    def __init__(self, browser):
        self.browser = browser

    # --- looking

    def text(self, css="main"):
        return self.browser.execute_script("return document.querySelector(arguments[0])?.innerText ?? ''", css)

    def sees(self, words, css="body"):
        wait_until(lambda: words in self.text(css), f"the page to say: {words}; it says: {self.text(css)[:2000]}")

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
        self.screenshots.mkdir(parents=True, exist_ok=True)
        self.browser.save_screenshot(str(self.screenshots / f"{name}.png"))

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

    def dress(self, theme, width, height=900):
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": theme}]})
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                     {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500})

    def undress(self):
        for command in ("Emulation.clearDeviceMetricsOverride", "Emulation.setEmulatedMedia"):
            self.browser.execute_cdp_cmd(command, {"features": []} if "Media" in command else {})

    def overhang(self):
        """How many pixels it is wider than the window."""
        return self.browser.execute_script("return document.documentElement.scrollWidth - innerWidth")
