"""The HTML report as a browser shows it: nothing fetched, nothing logged, everything visible and within reach.

Needs Chromium (on the path, or playwright's own) and the Python packages playwright and axe-playwright-python.
"""

import re
import shutil

import pytest
from example_reports import ILL, SOFTMAX, with_pictures
from siamdoctor.render import html
from siamdoctor.render.frame import Frame, Page

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PAGES = {
    SOFTMAX.id: Page(
        code=SOFTMAX.code,
        title=SOFTMAX.title,
        family="objective",
        text=f"{SOFTMAX.title}.\n\nHow it looks: always 1.\n\n```python\nDense(1)\n```\n",
    )
}
SECTIONS = ("Causes", "Pictures", "Worst mistakes", "All 5 checks", "Subject", "Assumed", "Warnings")
DRAWINGS = (
    "Distances of pairs",
    "Accuracy against threshold",
    "Matches against errors",
    "Map of the embeddings",
    "What moves an embedding",
    "Accuracy against margin",
    "Training history",
)


@pytest.fixture(scope="module")
def browser():
    found = next((path for path in map(shutil.which, NAMES) if path), None)
    with sync_api.sync_playwright() as playwright:
        try:
            # Within a container there is no other sandbox to put this one into; it only ever opens our own page.
            opened = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        except sync_api.Error as error:
            pytest.skip(f"no Chromium could be started: {str(error).splitlines()[0]}")
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(html.render(with_pictures(ILL), Frame(pages=PAGES)), encoding="utf-8")
    return path


@pytest.fixture
def visit(browser, file):
    """Open the report; `complaints` of the page collects what is logged, and what is asked of a server."""
    contexts = []

    def call(*, scheme="light", width=1100, **options):
        context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        complaints = []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda r: None if r.url.startswith(("file:", "data:")) else complaints.append(r.url))
        page.goto(file.as_uri())
        return page, complaints

    yield call
    for context in contexts:
        context.close()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1100), ("dark", 1100), ("light", 400)])
def test_nothing_is_logged_or_fetched_and_nothing_sticks_out(visit, scheme, width):
    page, complaints = visit(scheme=scheme, width=width)
    assert complaints == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
    light = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert light == (scheme == "light")


def test_verdict_and_first_cause_are_seen_without_scrolling(visit):
    page, _ = visit()
    for words in (ILL.headline, "at chance", f"1. {SOFTMAX.title}"):
        box = page.get_by_text(words, exact=False).first.bounding_box()
        assert 0 <= box["y"] < 900 - box["height"]


def test_every_section_and_every_drawing_is_visible(visit):
    page, _ = visit()
    assert page.locator("h2").all_inner_texts() == list(SECTIONS)
    for heading in page.locator("h2").all():
        assert heading.is_visible()
    drawings = page.locator("figure svg")
    assert [d.get_attribute("aria-label").partition(".")[0] for d in drawings.all()] == list(DRAWINGS)
    for drawing in drawings.all():
        box = drawing.bounding_box()
        assert box["width"] > 300
        assert box["height"] > 100
    assert page.locator("figure svg path").count() > 50


def test_thumbnails_are_decoded_side_by_side(visit):
    page, _ = visit()
    assert page.evaluate("[...document.images].every(i => i.complete && i.naturalWidth > 0)")
    for pair in page.locator(".pairs li").all():
        left, right = (image.bounding_box() for image in pair.locator("img").all())
        assert left["y"] == right["y"]
        assert left["x"] + left["width"] <= right["x"]


def test_checks_are_folded_and_open_by_keyboard(visit):
    page, _ = visit()
    evidence = page.get_by_text("Embeddings spread over 11.2 dimensions.")
    assert not evidence.is_visible()
    summary = page.locator("summary", has_text="Collapsed embedding")
    for _ in range(200):
        page.keyboard.press("Tab")
        if summary.evaluate("element => element === document.activeElement"):
            break
    page.keyboard.press("Enter")
    assert evidence.is_visible()


def test_the_first_tab_offers_to_skip_to_the_report(visit):
    page, _ = visit()
    page.keyboard.press("Tab")
    skip = page.get_by_text("Skip to the report")
    assert skip.bounding_box()["x"] >= 0
    page.keyboard.press("Enter")
    assert page.url.endswith("#main")


def test_the_manual_page_of_a_cause_is_at_hand(visit):
    page, _ = visit()
    body = page.get_by_text("How it looks: always 1.")
    assert not body.is_visible()
    page.locator("summary", has_text=f"siamdoctor explain {SOFTMAX.id}").click()
    assert body.is_visible()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1100), ("dark", 1100), ("light", 400)])
def test_axe_finds_no_barrier(visit, scheme, width):
    # The page forbids scripts, and axe is one: this visit lifts the ban.
    page, _ = visit(scheme=scheme, width=width, bypass_csp=True)
    page.evaluate("document.querySelectorAll('details').forEach(folded => folded.open = true)")
    found = axe.Axe().run(page).response
    assert [(v["id"], v["nodes"][0]["html"]) for v in found["violations"]] == []
    assert {"color-contrast", "heading-order", "image-alt", "region"} <= {rule["id"] for rule in found["passes"]}


def test_print_unfolds_every_check_on_white(visit):
    page, _ = visit(scheme="dark")
    page.emulate_media(media="print")
    assert page.get_by_text("Embeddings spread over 11.2 dimensions.").is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    pages = len(re.findall(rb"/Type\s*/Page\b", page.pdf()))
    assert 3 <= pages <= 20
