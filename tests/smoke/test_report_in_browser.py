"""The page of `apnp report` in a real browser, without a network."""

import re
import shutil

import pytest
from test_report import field, scores, stations

from apnp.report import find_evaluation, write_report

__all__ = ["scores"]
BROWSER = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)


@pytest.fixture
def page(tmp_path, scores):
    """The open page, with the requests and the errors it makes."""
    if BROWSER is None:
        pytest.skip("no browser: neither chromium nor google-chrome is on the path")
    sync_api = pytest.importorskip("playwright.sync_api")
    path = tmp_path / "report.html"
    write_report(
        path, field=field(step=1.0), stations=stations(),
        evaluation=find_evaluation(scores),
    )  # fmt: skip
    with sync_api.sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        opened = browser.new_page(viewport={"width": 1000, "height": 800})
        opened.requests, opened.errors = [], []
        opened.on("request", lambda r: opened.requests.append(r.url))
        opened.on("pageerror", lambda e: opened.errors.append(str(e)))
        opened.on(
            "console",
            lambda m: m.type == "error" and opened.errors.append(m.text),
        )
        opened.goto(path.as_uri())
        opened.wait_for_selector("body[data-ready]")
        yield opened
        browser.close()


@pytest.mark.slow
def test_the_page_draws_and_answers(page):
    picture = page.get_attribute(".leaflet-raster-pane img", "src")
    assert len(picture) > 200
    box = page.locator("#map").bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.click(*middle)
    before = page.text_content("#value")
    assert "50." in before
    assert "± 1.50 °C" in before

    page.locator("#time").evaluate(
        "e => { e.value = 1; e.dispatchEvent(new Event('input')); }"
    )
    expect = pytest.importorskip("playwright.sync_api").expect
    expect(page.locator("#time-text")).to_have_text(re.compile("02$"))
    page.mouse.move(middle[0], middle[1] + 1)
    assert "± 1.50 °C" in page.text_content("#value")
    assert page.text_content("#value").split(": ")[1][:3] == "51."

    page.select_option("#layer", label="standard deviation")
    assert page.get_attribute(".leaflet-raster-pane img", "src") != picture
    page.click("#worst button >> nth=0")
    page.set_viewport_size({"width": 390, "height": 780})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator("#map").bounding_box()["width"] > 300

    outside = [u for u in page.requests if not u.startswith(("file:", "data:"))]
    assert outside == []
    assert page.errors == []
