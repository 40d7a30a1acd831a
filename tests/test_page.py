"""The page in a real browser, from ``file://`` with the network off: lesson, hints, sliders, dark mode.

Needs Chromium and chromedriver (Debian: chromium, chromium-driver) and selenium; without them the tests
are skipped, or fail when ``DERIVE_REQUIRE_BROWSER`` is set.  ``DERIVE_SCREENSHOTS`` names a folder that
keeps a picture of each width and mode.
"""

from __future__ import annotations

import base64
import io
import math
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from matplotlib.image import imread

from derive import catalogue
from derive.document import render
from tests.browsing import Reader


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    for id in catalogue.IDS:
        (folder / f"{id}.html").write_text(render.html(catalogue.result(id)), encoding="utf-8")
    return folder


@pytest.fixture
def reader(browser: Any, site: Path) -> Iterator[Reader]:
    found = Reader(browser, site)
    found.complaints()
    yield found
    assert found.complaints() == []


@pytest.mark.parametrize("id", catalogue.IDS)
def test_a_reader_who_knows_every_line_gets_to_the_end(reader: Reader, id: str) -> None:
    reader.open(id)
    lines = len(reader.all(".lesson > li"))
    reader.one("#start").click()
    asked = 0
    while reader.all(".quiz"):
        assert len(reader.all(".quiz")) == 1
        assert len(reader.all(".lesson > li")) <= lines
        reader.right().click()
        asked += 1
    assert asked >= lines - 1
    assert f"{3 * asked} of {3 * asked} points" in reader.text("#ending")
    assert len(reader.all(".lesson > li > .formula")) == lines
    assert reader.focused() == "ending"


@pytest.mark.parametrize("id", catalogue.IDS)
def test_what_comes_later_is_not_given_away(reader: Reader, id: str) -> None:
    reader.open(id)
    reader.one("#start").click()
    assert len(reader.all(".lesson > li")) == 1
    assert not reader.all(".lesson .reason")
    assert not reader.all(".lesson > li > .formula")
    reader.right().click()
    asked = len(reader.all(".quiz"))  # a line that no mistake is known for is shown with the one before it
    assert 1 <= len(reader.all(".lesson .reason")) == len(reader.all(".lesson > li")) - asked
    reader.one("#leave").click()
    assert not reader.all(".quiz")
    assert len(reader.all(".lesson .reason")) == len(reader.all(".lesson > li"))
    assert len(reader.all(".lesson > li")) >= (3 if id in catalogue.DIVERGENCES else 1)


def test_a_wrong_line_says_why_with_numbers(reader: Reader) -> None:
    reader.open()
    reader.one("#start").click()
    for i, option in enumerate(reader.wrong(), 1):
        option.click()
        assert option.get_attribute("aria-disabled") == "true"
        said = reader.all(".quiz .feedback p")
        assert len(said) == i
        assert re.search(
            r"the line above is [−0-9.]+, but .+ (is [−0-9.]+|does not converge)\.", said[-1].text
        )
        option.click()  # once is enough
        assert len(reader.all(".quiz .feedback p")) == i
    assert reader.one(".quiz .feedback").get_attribute("aria-live") == "polite"
    reader.right().click()
    assert "Right, 0 of 3 points" in reader.text(".quiz .said")


def test_three_graded_hints_and_the_line_itself(reader: Reader) -> None:
    reader.open()
    reader.one("#start").click()
    reader.right().click()
    told = []
    for left in (2, 1, 0):
        reader.one(".quiz .hint-button").click()
        told = [p.text for p in reader.all(".quiz .hints p")]
        assert len(told) == 3 - left
    assert told[0].startswith("Hint 1. Look at")
    assert "logarithm of a quotient" in told[1]
    assert "difference of their logarithms" in told[2]
    assert reader.text(".quiz .hint-button") == "No more hints"
    reader.one(".quiz .reveal").click()
    assert "0 points" in reader.text(".quiz .said")
    assert reader.text("#score").endswith("3 of 6 points")


def test_progress_survives_a_reload_and_starts_again_when_asked(reader: Reader) -> None:
    reader.open()
    reader.one("#start").click()
    reader.right().click()
    reader.one(".quiz .hint-button").click()
    reader.open(afresh=False)
    assert reader.text(".quiz .said") == "Welcome back."
    assert reader.text("#score").startswith("1 of 12 lines, 3 of 3")
    reader.right().click()
    assert "2 of 3 points" in reader.text(".quiz .said")
    key = reader.driver.execute_script("return Object.keys(localStorage).join()")
    assert re.fullmatch(r"derive:kl-normal:\d+\.\d+\.\d+\S*", key)
    reader.one("#again").click()
    assert reader.text("#score").startswith("0 of 12 lines")
    reader.open("kl-exponential", afresh=False)
    assert not reader.all(".quiz"), "another result has progress of its own"


@pytest.mark.parametrize(
    "kept", ["not json", '{"line": -3}', '{"line": 99, "lost": 0, "score": 0, "possible": 0}', "null"]
)
def test_progress_that_cannot_be_read_counts_as_none(reader: Reader, kept: str) -> None:
    reader.open()
    reader.driver.execute_script(
        "localStorage.setItem(document.getElementById('lesson').dataset.key, arguments[0])", kept
    )
    reader.open(afresh=False)
    assert reader.text("#start") == "Work it out line by line"


def test_without_storage_the_lesson_works_all_the_same(reader: Reader) -> None:
    broken = "Object.defineProperty(window, 'localStorage', { get() { throw new Error('refused'); } });"
    added = reader.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": broken})
    try:
        reader.driver.get((reader.site / "kl-exponential.html").as_uri())
        reader.one("#start").click()
        reader.right().click()
        assert "Right, 3 of 3" in reader.text(".quiz .said")
    finally:
        reader.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)


def test_everything_by_keyboard(reader: Reader) -> None:
    from selenium.webdriver.common.keys import Keys

    reader.open()
    for _ in range(12):
        reader.press(Keys.TAB)
        if reader.focused() == "start":
            break
    assert reader.focused() == "start"
    reader.press(Keys.ENTER)
    assert reader.focused() == "ask"
    number = next(
        i for i, o in enumerate(reader.all(".quiz .option"), 1) if o.get_attribute("data-right") == "no"
    )
    reader.press(str(number))
    assert len(reader.all(".quiz .feedback p")) == 1
    reader.press("h")
    assert len(reader.all(".quiz .hints p")) == 1
    reader.press("r")
    assert reader.focused() == "ask", "the focus is at the next question"
    assert len(reader.all(".lesson .reason")) == 1
    for _ in range(6):
        reader.press(Keys.TAB)
        if (
            "option" in reader.focused()
            and reader.driver.switch_to.active_element.get_attribute("data-right") == "yes"
        ):
            break
    reader.press(Keys.SPACE)
    assert len(reader.all(".lesson .reason")) == 2
    outline = reader.driver.execute_script("return getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none"


def numbers(reader: Reader) -> list[float]:
    return [float(e.text.replace("−", "-")) for e in reader.all("#terms .value")]


def slide(reader: Reader, **values: float) -> None:
    for name, value in values.items():
        reader.driver.execute_script(
            "const s = document.getElementById(arguments[0]); s.value = arguments[1];"
            "s.dispatchEvent(new Event('input'));",
            f"slide-{name}", value,
        )  # fmt: skip


def test_sliders_show_the_derived_terms(reader: Reader) -> None:
    reader.open()
    slide(reader, mu_1=1, sigma_1=2, mu_2=-1, sigma_2=1)
    assert numbers(reader) == pytest.approx([-math.log(2), 2, 2, -0.5, 3.5 - math.log(2)], abs=6e-4)
    assert reader.text("#total") == f"{3.5 - math.log(2):.3f} nats"
    slide(reader, mu_1=0.5, sigma_1=1.5, mu_2=0.5, sigma_2=1.5)
    assert numbers(reader)[-1] == 0
    assert reader.text("#total") == "0.000 nats"


def test_a_slider_moves_by_arrow_keys_and_redraws(reader: Reader) -> None:
    from selenium.webdriver.common.keys import Keys

    reader.open()
    before = {i: reader.one(f"#{i}").get_attribute("innerHTML") for i in ("densities", "integrand", "terms")}
    start = reader.text("output[for=slide-mu_1]")
    reader.one("#slide-mu_1").send_keys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    assert float(reader.text("output[for=slide-mu_1]")) == pytest.approx(float(start) + 0.2)
    for id, drawn in before.items():
        now = reader.one(f"#{id}").get_attribute("innerHTML")
        assert now != drawn
        assert "NaN" not in now
        assert "Infinity" not in now


@pytest.mark.parametrize("id", catalogue.DIVERGENCES)
def test_the_ends_of_every_slider_can_be_drawn(reader: Reader, id: str) -> None:
    reader.open(id)
    ends = reader.driver.execute_script(
        "return [...document.querySelectorAll('#explorer input')].map((s) => [s.id, s.min, s.max])"
    )
    assert ends
    for end in (1, 2):
        for row in ends:
            slide(reader, **{row[0].removeprefix("slide-"): row[end]})
            drawn = reader.one("#explorer").get_attribute("innerHTML")
            assert "NaN" not in drawn
            assert "Infinity" not in drawn
            *parts, total = numbers(reader)
            assert total == pytest.approx(sum(parts), abs=3e-3)
            assert total >= 0


def luminance(colour: str) -> float:
    parts = [int(v) / 255 for v in re.findall(r"\d+", colour)[:3]]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_dark_and_light_have_enough_contrast(reader: Reader) -> None:
    papers = []
    for mode in ("light", "dark"):
        reader.look(mode=mode)
        reader.open()
        reader.one("#start").click()
        reader.wrong()[0].click()
        rows = reader.driver.execute_script(
            "const ground = (e) => { const c = getComputedStyle(e).backgroundColor;"
            " return c.startsWith('rgba(0, 0, 0, 0') ? ground(e.parentElement) : c; };"
            "return ['body', '.option', '.option.wrong', '.feedback p', '.keys', '#score', '#start', '.note',"
            " '.reason a', '.new', 'figcaption', '#leave']"
            ".flatMap((s) => [...document.querySelectorAll(s)].slice(0, 2))"
            ".map((e) => [e.className || e.id || e.tagName, getComputedStyle(e).color, ground(e)])"
        )
        for name, ink, paper in rows:
            light, dark = sorted((luminance(ink), luminance(paper)), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (mode, name)
        papers.append(
            luminance(reader.driver.execute_script("return getComputedStyle(document.body).backgroundColor"))
        )
    assert papers[0] > 0.9
    assert papers[1] < 0.05


@pytest.mark.parametrize("width", [375, 1280, 1920])
@pytest.mark.parametrize("mode", ["light", "dark"])
def test_nothing_sticks_out_at_any_width(reader: Reader, width: int, mode: str, tmp_path: Path) -> None:
    folder = Path(os.environ.get("DERIVE_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    for id in catalogue.IDS:
        reader.look(width, mode)
        reader.open(id)
        for state in ("whole", "lesson"):
            if state == "lesson":
                reader.one("#start").click()
                reader.one(".quiz .hint-button").click()
                reader.wrong()[0].click()
            inside = reader.driver.execute_script("return [document.documentElement.scrollWidth, innerWidth]")
            assert inside[0] <= inside[1], (id, state)
            height = min(reader.driver.execute_script("return document.documentElement.scrollHeight"), 6000)
            tall = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
            reader.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", tall)
            assert reader.driver.save_screenshot(str(folder / f"{id}-{state}-{width}-{mode}.png"))
            reader.look(width, mode)


def edges(reader: Reader, formula: Any) -> tuple[float, float]:
    """How much darker or lighter than the middle of its upper rim a formula's left and right edges are."""
    box = reader.driver.execute_script(
        "const r = arguments[0].getBoundingClientRect();"
        "return {x: r.x + scrollX, y: r.y + scrollY, width: r.width, height: r.height, scale: 1}", formula
    )  # fmt: skip
    shot = reader.driver.execute_cdp_cmd(
        "Page.captureScreenshot", {"format": "png", "clip": box, "captureBeyondViewport": True}
    )
    pixels = imread(io.BytesIO(base64.b64decode(shot["data"])))[..., :3].mean(axis=2)
    rim = pixels[3]
    paper = float(rim[len(rim) // 2])
    return abs(float(rim[2]) - paper), abs(float(rim[-3]) - paper)


SEEN = 0.12
"""A difference in brightness, of 1, that is plain to see."""


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_a_formula_wider_than_a_phone_shows_that_it_goes_on(reader: Reader, mode: str) -> None:
    reader.look(375, mode)
    reader.open()
    formulas = reader.all(".steps.lesson > li > .formula")
    scrolled = "return [arguments[0].scrollWidth, arguments[0].clientWidth]"
    wide = [f for f in formulas if int.__gt__(*reader.driver.execute_script(scrolled, f))]
    assert len(wide) > 3
    widest = max(wide, key=lambda f: reader.driver.execute_script(scrolled, f)[0])
    fits = next(f for f in formulas if f not in wide)
    assert max(edges(reader, fits)) < SEEN / 4
    left, right = edges(reader, widest)
    assert left < SEEN / 4
    assert right > SEEN
    reader.driver.execute_script("arguments[0].scrollLeft = 40", widest)
    assert min(edges(reader, widest)) > SEEN
    reader.driver.execute_script("arguments[0].scrollLeft = 1e6", widest)
    left, right = edges(reader, widest)
    assert left > SEEN
    assert right < SEEN / 4
    reader.driver.execute_script("arguments[0].style.background = 'none'", widest)
    assert max(edges(reader, widest)) < SEEN / 4, "the sign is the background and nothing else"


def test_without_javascript_all_of_it_can_be_read(reader: Reader) -> None:
    reader.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        reader.open(afresh=False)
        shown = reader.driver.execute_cdp_cmd("DOM.getDocument", {"depth": 1})["root"]["nodeId"]
        layout = {}
        for selector in (".lesson > li > .formula", ".lesson .reason", ".quiz", "#lesson", "#explorer"):
            found = reader.driver.execute_cdp_cmd(
                "DOM.querySelectorAll", {"nodeId": shown, "selector": selector}
            )
            layout[selector] = []
            for node in found["nodeIds"]:
                try:
                    reader.driver.execute_cdp_cmd("DOM.getBoxModel", {"nodeId": node})
                    layout[selector].append(True)
                except Exception:
                    layout[selector].append(False)
    finally:
        reader.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    assert len(layout[".lesson .reason"]) == 12
    assert all(layout[".lesson .reason"])
    assert all(layout[".lesson > li > .formula"])
    assert not any(layout[".quiz"] + layout["#lesson"] + layout["#explorer"])


def test_a_foreign_script_is_refused(browser: Any, site: Path) -> None:
    found = Reader(browser, site)
    found.open()
    browser.execute_script(
        "const s = document.createElement('script'); s.textContent = 'window.taken = 1';"
        "document.body.append(s);"
    )
    assert browser.execute_script("return window.taken") is None
    assert any("Content Security Policy" in text for text in found.complaints())
