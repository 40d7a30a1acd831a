"""axe-core finds no serious accessibility fault on any page, light or dark."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from derive import build, catalogue
from derive.document import render
from derive.entries import ARTICLES
from tests.browsing import Reader

AXE = resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    for id in catalogue.IDS:
        (folder / f"{id}.html").write_text(render.html(catalogue.result(id)), encoding="utf-8")
    (article,) = ARTICLES
    (folder / f"{article}.html").write_text(build.article_files()["article.html"], encoding="utf-8")
    return folder


def faults(driver: Any, *, colours_only: bool = False) -> list[str]:
    """What axe-core calls serious or worse: the rule and where.

    Formulas are left out (MathML has no rules of its own, and there are thousands of them): their colours
    are those of the text around them.
    """
    driver.set_script_timeout(300)
    driver.execute_script(AXE)
    options = "{runOnly: ['color-contrast']}" if colours_only else "{}"
    found = driver.execute_async_script(
        "const done = arguments[0];"
        f"axe.run({{exclude: ['math']}}, {options}).then(r => done(r.violations), e => done(String(e)));"
    )
    assert isinstance(found, list), found
    return [
        f"{v['id']}: {node['html'][:120]}" for v in found if v["impact"] in SERIOUS for node in v["nodes"]
    ]


@pytest.mark.parametrize("id", [*catalogue.IDS, *ARTICLES])
def test_no_serious_fault_light_or_dark(browser: Any, site: Path, id: str) -> None:
    reader = Reader(browser, site)
    reader.open(id, afresh=False)
    for details in browser.find_elements("css selector", "details"):
        browser.execute_script("arguments[0].open = true", details)
    assert faults(browser) == []
    reader.look(1280, "dark")
    assert faults(browser, colours_only=True) == []


def test_a_planted_fault_is_found(browser: Any, site: Path) -> None:
    reader = Reader(browser, site)
    reader.open(afresh=False)
    browser.execute_script("document.documentElement.removeAttribute('lang')")
    browser.execute_script("document.querySelector('p').style.color = '#eeeeee'")
    found = " ".join(faults(browser))
    assert "html-has-lang" in found


def test_the_article_says_nothing_in_the_console_and_fits(browser: Any, site: Path) -> None:
    (article,) = ARTICLES
    for width in (375, 1280, 1920):
        reader = Reader(browser, site)
        reader.look(width)
        reader.complaints()
        reader.open(article, afresh=False)
        assert reader.complaints() == []
        inside = browser.execute_script("return [document.documentElement.scrollWidth, innerWidth]")
        assert inside[0] <= inside[1], width
