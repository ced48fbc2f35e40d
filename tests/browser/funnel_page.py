"""The funnel's page in a browser, and what it must show of the API's numbers."""

import csv
import io
import json
import urllib.parse
import urllib.request
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from harness.part import wait_until
from page import RESULTS, Page

NONE = "–"


class FunnelPage(Page):
    screenshots = RESULTS / "page"

    def __init__(self, browser, funneld):
        super().__init__(browser)
        self.funneld = funneld

    def open(self, **view):
        """The view that such a link holds, in a page that was loaded anew."""
        self.browser.get("about:blank")
        self.browser.get(f"{self.funneld.url}/#{urllib.parse.urlencode(view)}")
        return self.settled()

    def settled(self):
        wait_until(lambda: self.browser.execute_script(
            "return !document.querySelector('main').ariaBusy && document.querySelectorAll('.steps-picture li').length === 4"),
            "the numbers")
        return self

    @property
    def view(self):
        return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.browser.current_url).fragment, keep_blank_values=True))

    def pick(self, label, option, within="main"):
        """An option of a list, and waits for what it leads to."""
        self.choose(label, option, within)
        self.settled()

    def tick(self, label):
        self.browser.execute_script("""
            [...document.querySelectorAll('main label')].find(l => l.innerText.trim() === arguments[0]).querySelector('input').click()""", label)
        self.settled()

    def numbers(self, part):
        """The part's picture as the table that it gives those who do not see it."""
        def rows():
            self.browser.execute_script("document.querySelectorAll(arguments[0] + ' .numbers').forEach(one => one.open = true)", f".{part}")
            return [[plain(cell) for cell in row] for row in self.rows(f".{part} .numbers")]

        return wait_until(rows, f"the numbers of {part}")

    def breakdown(self):
        """Heads and rows; of a cell with a change below it the number."""
        heads = self.browser.execute_script("return [...document.querySelectorAll('.breakdown thead th')].map(h => h.textContent)")
        rows = self.browser.execute_script("""
            return [...document.querySelectorAll('.breakdown tbody tr')].map(r => [...r.cells].map(c => (c.querySelector('span') || c).textContent))""")
        return heads, [[plain(cell) for cell in row] for row in rows]

    def asked(self, ending=""):
        """How many queries of the funnel it made since it was loaded, of those whose path ends so."""
        return self.browser.execute_script("""
            return performance.getEntriesByType('resource').filter(e => e.name.includes('/api/funnel?') && e.name.endsWith(arguments[0])).length""", ending)

    def download(self, folder, button):
        """The file that pressing the button gives."""
        self.browser.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(folder)})
        before = set(folder.iterdir())
        self.press(button)

        def new():
            return [file for file in set(folder.iterdir()) - before if file.suffix == ".csv"]

        wait_until(new, f"the file of {button}")
        return new()[0]


def plain(text):
    return text.replace("\u00a0", " ").replace("\u202f", " ").strip()


def rounded(value, digits):
    return Decimal(value).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def number(value):
    return NONE if value is None else f"{value:,}"


def percent(share):
    if share is None:
        return NONE
    digits = 3 if share != 0 and abs(share) < 0.001 else 1
    return f"{rounded(share * 100, digits):,} %"


def ratio(value):
    return NONE if value is None else f"{rounded(value, 2):f}".rstrip("0").rstrip(".")


def money(text):
    return f"{Decimal(text or 0).normalize():,f}"


def points(share):
    value = rounded(share * 100, 1)
    sign = "−" if value < 0 else "+" if value > 0 else ""
    return f"{sign}{abs(value):f} pp".replace(".0 pp", " pp")


def instant(zone, *wall, fold=0):
    return int(datetime(*wall, tzinfo=ZoneInfo(zone), fold=fold).timestamp() * 1000)


def span(zone, first, behind):
    """A link's span, of two wall times."""
    return {name: datetime(*wall, tzinfo=ZoneInfo(zone)).isoformat() for name, wall in (("from", first), ("to", behind))}


def csv_of(funneld, **query):
    with urllib.request.urlopen(f"{funneld.url}/api/funnel?{urllib.parse.urlencode({**query, 'format': 'csv'})}") as reply:
        return reply.read().decode()


def records(text):
    return list(csv.DictReader(io.StringIO(text)))


def dump(value):
    return json.dumps(value, sort_keys=True)
