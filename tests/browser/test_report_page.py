"""Reports in real Chromium: a région, a département and an overseas one, at 360 and 1 920 px, without a network."""

import re

import pypdf
import pytest

from copkit.reference import territories

from ..access import faults
from ..conftest import every
from ..notebooks import documents
from .looks import OVERLAPS, charts_are_readable, fits_and_asks_nothing

CODES = ["reg-32", "dep-75", "reg-03"]
MARKS = re.compile("tuile|trait|tirets|marque|barre :|Colonne|échelle")


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    out = documents("diagnostic", CODES[1:], tmp_path_factory.mktemp("outputs"))
    documents("diagnostic", CODES[:1], out, formats=("pdf",))
    return documents("biodiversite", CODES[:1], out)


@pytest.mark.parametrize("code", CODES)
def test_report_fits_the_window_and_its_charts_are_readable_without_a_network(outputs, page, code):
    page.goto((outputs / code / "diagnostic.html").as_uri())
    fits_and_asks_nothing(page)
    assert page.locator("h1").all_inner_texts() == [territories.name(code)]
    assert page.locator("figure svg").count() >= 3
    page.set_viewport_size({"width": 1280, "height": 900})
    charts_are_readable(page)
    if code == "reg-32":
        assert page.evaluate(OVERLAPS, 1) == [], "words of the tiles of the Marimekko"
    for figure in page.evaluate(BARS):
        written, drawn = set(figure["written"]), set(figure["drawn"])
        assert written and (written <= drawn or "·" in "".join(drawn)), "a Marimekko writes them with their number"


# a telephone reads the bars as a list, with the same words
BARS = """() => [...document.querySelectorAll('figure:has(.narrow)')].map(one => {
    const texts = (what, inside) => [...one.querySelectorAll(what)].map(one => inside(one).textContent);
    return {drawn: texts('svg text', one => one), written: texts('.narrow li', one => one.querySelector('b'))};
})"""
OFF = """() => [...document.querySelectorAll('main :not(thead, thead *, caption)')]
    .filter(one => one.checkVisibility({contentVisibilityAuto: true}))
    .filter(one => one.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
    .map(one => one.outerHTML.slice(0, 120))"""


@pytest.mark.parametrize("name", ["diagnostic", "biodiversite"])
def test_the_document_is_short_enough_to_be_read(outputs, page, name):
    page.goto((outputs / "reg-32" / f"{name}.html").as_uri())
    for width, most in ((1280, 9000), (390, 14000)):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollHeight") < most
        page.emulate_media(media="screen")
        shown = [one.is_visible() for one in page.locator("details.long table").all()]
        assert shown and set(shown) == {width > 600}, "a phone alone folds a long table"
        page.emulate_media(media="print")
        assert all(one.is_visible() for one in page.locator("details.long table").all())
        page.emulate_media(media="screen")


def test_the_paper_of_a_region_is_short_enough_to_be_read(outputs):
    assert len(pypdf.PdfReader(outputs / "reg-32" / "diagnostic.pdf").pages) < 12


@pytest.mark.parametrize("name", ["reg-32/diagnostic", "dep-75/diagnostic", "reg-32/biodiversite"])
def test_a_phone_says_nothing_of_the_marks_that_it_does_not_draw(outputs, page, name):
    page.goto((outputs / f"{name}.html").as_uri())
    listed = page.locator("figure:has(.narrow) figcaption")
    page.set_viewport_size({"width": 1280, "height": 900})
    assert any(map(MARKS.search, listed.all_inner_texts()))
    page.set_viewport_size({"width": 390, "height": 844})
    said = listed.all_inner_texts()
    assert len(said) >= 1 and [one for one in said if MARKS.search(one) or "\n\n" in one] == []


@pytest.mark.parametrize("name", ["dep-75/diagnostic", "reg-32/biodiversite"])
def test_no_figure_is_off_the_screen_of_a_phone_even_unfolded(outputs, page, name):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto((outputs / f"{name}.html").as_uri())
    assert page.evaluate(OFF) == []
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert page.evaluate(OFF) == []
    labels = "[...document.querySelectorAll('tbody td')].filter(one => !one.dataset.label).length"
    assert page.evaluate(labels) == 0, "a figure of a card does not say which it is"


@pytest.mark.parametrize("code", every(2, CODES))  # « make access »: the others
def test_report_has_no_accessibility_fault(outputs, page, code):
    page.goto((outputs / code / "diagnostic.html").as_uri())
    assert faults(page) == []


def test_keyboard_reaches_the_content_the_folds_and_the_charts(outputs, page):
    page.goto((outputs / "reg-32" / "diagnostic.html").as_uri())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Aller au contenu"
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.getAttribute('role') || document.activeElement.tagName"))
    assert {"A", "SUMMARY", "img"} <= reached, "links of the contents, folds, charts"


def test_report_prints_on_paper(outputs, page):
    page.goto((outputs / "reg-32" / "diagnostic.html").as_uri())
    page.emulate_media(media="print")
    pdf = page.pdf(format="A4")
    assert pdf.startswith(b"%PDF") and 4 <= pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") <= 20
