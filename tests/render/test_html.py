import base64
import dataclasses
import re
from html.parser import HTMLParser

import pytest
from example_reports import CRASHED, HEALTHY, ILL, SOFTMAX, UNJUDGED, with_pictures
from siamdoctor.render import html, html_sheet
from siamdoctor.render.frame import Frame, Page
from siamdoctor.results import Curve, HistoryColumn, Pictures, TransformDrift
from test_answers import SHEETS

VOID = {"meta", "img", "br", "link", "input", "hr"}


class Outline(HTMLParser):
    """Tags that must balance, headings, ids, and whatever points outside the page."""

    def __init__(self, page):
        super().__init__()
        self.open, self.headings, self.ids, self.outside, self.images, self.words = [], [], [], [], [], []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag not in VOID:
            self.open.append(tag)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if "id" in given:
            self.ids.append(given["id"])
        for name in ("src", "href", "xlink:href"):
            target = given.get(name) or "#"
            if not target.startswith(("#", "data:image/png;base64,")):
                self.outside.append(target)
        if tag == "img":
            self.images.append(given)
        assert tag != "script"
        assert not any(name.startswith("on") for name in given)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


@pytest.mark.parametrize("report", [ILL, HEALTHY, UNJUDGED, CRASHED, with_pictures()])
def test_the_page_is_well_formed_and_needs_nothing_from_outside(report):
    outline = Outline(html.render(report, Frame()))
    assert outline.outside == []
    assert outline.headings[0] == 1
    assert outline.headings.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(outline.headings, outline.headings[1:], strict=False))
    assert len(outline.ids) == len(set(outline.ids))


def test_every_region_has_a_name_of_its_own():
    page = html.render(with_pictures(CRASHED), Frame())
    names = re.findall(r'role="region" aria-label="([^"]+)"', page)
    assert f"Evidence: 1. {SOFTMAX.id}" in names
    assert f"Evidence: check {SOFTMAX.id}" in names
    assert len(names) == len(set(names)) > 9


def test_a_cause_carries_its_manual_page_folded():
    told = Page(code="SD204", title=SOFTMAX.title, family="objective", text="Title.\n\nAll are 1.\n\n    Dense(1)\n")
    page = html.render(ILL, Frame(pages={SOFTMAX.id: told}))
    (folded,) = re.findall(r'<details class="manual">.*?</details>', page, re.DOTALL)
    assert f"<code>siamdoctor explain {SOFTMAX.id}</code>" in folded
    assert "<p>All are 1.</p>" in folded


def test_everything_that_json_says_of_a_cause_is_on_the_page():
    words = " ".join(Outline(html.render(ILL, Frame())).words)
    for part in (SOFTMAX.title, "0.969 [0.951, 0.983]", "below 0.9", "+42 points [35, 48]", 'activation="sigmoid"'):
        assert part in words
    assert "Pixels reach the model on their stored scale" in words
    assert "leaky-evaluation" in words
    assert "Exit 1" in words


def test_nothing_of_the_users_becomes_markup():
    hostile = '"><script>alert(1)</script>&<img src=x onerror=y>\x1b'
    subject = dataclasses.replace(ILL.subject, model=hostile, data=hostile, head=hostile)
    cause = dataclasses.replace(SOFTMAX, title=hostile, summary=hostile, fix=hostile, id=hostile)
    report = dataclasses.replace(
        with_pictures(), subject=subject, headline=hostile, causes=(cause,), assumed=(hostile,)
    )
    mistakes = tuple(dataclasses.replace(m, left=hostile) for m in report.pictures.mistakes)
    report = dataclasses.replace(
        report, pictures=dataclasses.replace(report.pictures, mistakes=mistakes, map_identities=(hostile,) * 240)
    )
    outline = Outline(html.render(report, Frame()))
    assert outline.outside == []
    assert "\x1b" not in "".join(outline.words)


def test_pictures_have_words_and_follow_the_pages_colours():
    page = html.render(with_pictures(), Frame())
    drawings = re.findall(r"<svg role=\"img\" aria-label=\"([^\"]+)\"", page)
    assert [words.split(".")[0] for words in drawings] == [
        "Distances of pairs",
        "Accuracy against threshold",
        "Matches against errors",
        "Map of the embeddings",
        "What moves an embedding",
        "Accuracy against margin",
        "Training history",
    ]
    assert all(len(words.split(". ", 1)[1]) > 20 for words in drawings)
    assert "var(--used)" in page
    assert "#01020" not in page
    assert len(page) < 3_000_000


def test_mistakes_show_both_sides_with_their_names():
    images = Outline(html.render(with_pictures(), Frame())).images
    assert len(images) == 12
    assert images[0]["alt"] == "writer1/<a>.png"
    assert base64.b64decode(images[0]["src"].partition(",")[2]).startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "pictures",
    [
        Pictures(),
        Pictures(positives=(1.0,), negatives=(1.0,)),
        Pictures(positives=(float("nan"), 1.0), negatives=(2.0, float("inf")), threshold=float("nan")),
        Pictures(roc=Curve(x=(0.0, 1.0), y=(1.0, 1.0)), threshold=1.0, positives=(), negatives=(1.0,)),
        Pictures(accuracy_by_threshold=Curve(x=(), y=())),
        Pictures(history=(HistoryColumn(name="loss", values=()), HistoryColumn(name="lr", values=(2.0,)))),
        Pictures(history=(HistoryColumn(name="loss", values=(float("nan"), float("nan"))),)),
        Pictures(invariance=(TransformDrift(name="zoom", strength=0.1, drift=float("nan"), tolerance=1.0),)),
        Pictures(embedding_map=((0.0, 0.0),), map_identities=()),
        Pictures(embedding_map=((0.0, 0.0),), map_identities=("a",)),
    ],
)
def test_missing_or_odd_numbers_leave_a_picture_out_or_empty(pictures):
    Outline(html.render(dataclasses.replace(ILL, pictures=pictures), Frame()))


def test_a_large_report_stays_small():
    big = with_pictures()
    places = tuple((float(i % 97), float(i % 89)) for i in range(6000))
    names = tuple(f"identity {i % 400}" for i in range(6000))
    curve = Curve(x=tuple(i / 5000 for i in range(5001)), y=tuple((i / 5000) ** 0.5 for i in range(5001)))
    mistakes = tuple(
        dataclasses.replace(big.pictures.mistakes[0], left_png=b"\x89PNG" + bytes(8000)) for _ in range(200)
    )
    pictures = dataclasses.replace(
        big.pictures, embedding_map=places, map_identities=names, roc=curve, mistakes=mistakes
    )
    assert len(html.render(dataclasses.replace(big, pictures=pictures), Frame())) < 3_000_000


@pytest.mark.parametrize("sheet", SHEETS)
def test_every_sheet_is_a_page(sheet):
    outline = Outline(html_sheet.render(sheet))
    assert outline.outside == []
    words = "".join(outline.words)
    assert sheet.lead in words
    for table in sheet.tables:
        for row in table.rows:
            assert all(cell in words for cell in row)
