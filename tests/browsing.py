"""A real browser for tests: Chromium by chromedriver, the network off.

Without them the tests that need it are skipped, or fail when ``DERIVE_REQUIRE_BROWSER`` is set.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

REQUIRED = bool(os.environ.get("DERIVE_REQUIRE_BROWSER"))


def missing(what: str) -> None:
    if REQUIRED:
        pytest.fail(f"DERIVE_REQUIRE_BROWSER is set, but {what} is missing")
    pytest.skip(f"not opened in a browser: no {what} here (set DERIVE_REQUIRE_BROWSER=1 to fail instead)")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    try:
        from selenium import webdriver
        from selenium.webdriver.chrome.service import Service
    except ImportError:
        missing("selenium")
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    driver = shutil.which("chromedriver")
    if program is None or driver is None:
        missing("Chromium or chromedriver")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    for argument in (
        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-sync",
        "--disable-background-networking", "--disable-component-update", "--no-first-run",
        f"--user-data-dir={tmp_path_factory.mktemp('profile')}",
    ):  # fmt: skip
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    opened = webdriver.Chrome(options=options, service=Service(driver))
    opened.execute_cdp_cmd("Network.enable", {})
    offline = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
    opened.execute_cdp_cmd("Network.emulateNetworkConditions", offline)
    yield opened
    opened.quit()


class Reader:
    """Someone at the page: what they see and what they press."""

    def __init__(self, driver: Any, site: Path) -> None:
        self.driver, self.site = driver, site
        self.look()

    def look(self, width: int = 1280, mode: str = "light") -> None:
        """Set the width of the window and the colour scheme."""
        metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        features = [{"name": "prefers-color-scheme", "value": mode}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def open(self, id: str = "kl-normal", *, afresh: bool = True) -> None:
        self.driver.get((self.site / f"{id}.html").as_uri())
        if afresh:
            self.driver.execute_script("localStorage.clear()")
            self.driver.refresh()

    def all(self, selector: str, within: Any = None) -> list[Any]:
        found = (within or self.driver).find_elements("css selector", selector)
        return [e for e in found if e.is_displayed()]

    def one(self, selector: str, within: Any = None) -> Any:
        (found,) = self.all(selector, within)
        return found

    def text(self, selector: str) -> str:
        return str(self.one(selector).text)

    def press(self, *keys: str) -> None:
        self.driver.switch_to.active_element.send_keys(*keys)

    def focused(self) -> str:
        """The class or the id of what has the focus."""
        return str(
            self.driver.execute_script("return document.activeElement.className || document.activeElement.id")
        )

    def right(self) -> Any:
        return self.one(".quiz .option[data-right=yes]")

    def wrong(self) -> list[Any]:
        return self.all(".quiz .option[data-right=no]")

    def complaints(self) -> list[str]:
        return [entry["message"] for entry in self.driver.get_log("browser")]
