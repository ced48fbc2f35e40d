"""Headless Chromium, and the whole system for it to look at."""

import json
import subprocess
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from console import Console
from harness import Monitord, Stack
from harness.part import BIN

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
    return webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))


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
