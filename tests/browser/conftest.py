"""Headless Chromium, and the whole system for it to look at."""

import json
import subprocess
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from console import Console
from funnel_page import FunnelPage
from funnel_traffic import Shop
from harness import Funneld, Monitord, Stack
from harness.part import BIN
from made_log import ORIGIN, MadeLog

# Chromium tries to reach its maker at every start; none of it is wanted here.
QUIET = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
         "--window-size=1100,800")


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    with Stack(tmp_path_factory.mktemp("browser"), accounts=Path(__file__).parent / "accounts") as running:
        yield running


def start_browser(profile):
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    options.accept_insecure_certs = True  # the development authority is not in the browser's store
    for argument in (*QUIET, f"--user-data-dir={profile}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    driver.set_script_timeout(120)  # axe takes its time where others build
    return driver


@pytest.fixture
def browser(tmp_path):
    driver = start_browser(tmp_path / "profile")
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def shared_browser(tmp_path_factory):
    driver = start_browser(tmp_path_factory.mktemp("profile"))
    yield driver
    driver.quit()


# --- the campaign console --------------------------------------------------------------------------------------------------

SCOPES = {"looker": "read", "editor": "read,publish", "silent": "publish"}


@pytest.fixture(scope="module")
def tokens_file(tmp_path_factory):
    return tmp_path_factory.mktemp("tokens") / "tokens.toml"


@pytest.fixture(scope="module")
def tokens(tokens_file):
    """Tokens by the names of SCOPES, beside the one for everything."""
    made = {name: json.loads(subprocess.run([BIN / "monitorctl", "--json", "token", "new", "--name", name, "--scopes", scopes],
                                            capture_output=True, text=True, timeout=30, check=True).stdout)
            for name, scopes in SCOPES.items()}
    tokens_file.write_text("".join(one["table"] for one in made.values()))
    return {name: one["token"] for name, one in made.items()}


@pytest.fixture(scope="module")
def monitord(tmp_path_factory, tokens, tokens_file):
    node = Monitord(tmp_path_factory.mktemp("console"), settings={"admin": {"tokens_file": str(tokens_file)}})
    try:
        yield node.start()
    finally:
        node.close()


@pytest.fixture
def console(shared_browser, monitord):
    console = Console(shared_browser, monitord)
    console.errors()  # those of the test before
    yield console
    assert console.errors() == []


# --- the funnel's page -------------------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def made_log(tmp_path_factory):
    log = MadeLog(tmp_path_factory.mktemp("log"))
    yield log
    log.close()


@pytest.fixture(scope="module")
def shop(made_log):
    """Six weeks of a shop in Berlin, the day on which its clocks are put back among them, and the week of the other such day."""
    shop = Shop(made_log)
    shop.days((2026, 3, 26), 7, visits=15)
    shop.days((2026, 9, 28), 42, visits=25)
    return shop


@pytest.fixture(scope="module")
def funneld(tmp_path_factory, made_log, shop):
    node = Funneld(tmp_path_factory.mktemp("funneld"), monitord=made_log)
    try:
        node.start().wait_for(ORIGIN, made_log.last)
        yield node
    finally:
        node.close()


@pytest.fixture
def funnel_page(shared_browser, funneld):
    page = FunnelPage(shared_browser, funneld)
    page.errors()  # those of the test before
    # Far from the shop, so that no time is the browser's.
    shared_browser.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": "America/Los_Angeles"})
    yield page
    assert page.errors() == []
