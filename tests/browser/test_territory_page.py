"""« La page » in real Chromium: one A4 sheet, one 16:9 slide, on a phone and on a screen, without a fault of access."""

import io
from dataclasses import replace

import pytest
from pypdf import PdfReader

from copkit import french
from copkit.models import panorama
from copkit.presentation.territory import page as made
from copkit.presentation.writers import html

from ..access import faults
from ..conftest import every

# the first and the third fill the sheet and the slide most; the last, over two régions, has the least to say
CODES = every(2, ["reg-32", "dep-59", "dep-89", "reg-04", "epci-200030435"])
APART = 48  # px, between two parts of a sheet
FOOTER = french.typeset("Diagnostic produit par copkit, proposition indicative, non prescriptive. " * 3)
SHEET, SLIDE = (210, 297), (338.6, 190.5)  # mm


ANSWERS = ("Les collectivités : pertinent, mais l’action ne suit pas.", "sobriété des usages ; " * 9)


def written(code, slide=False):
    """The page with a message on answers as long as it can be: without answers it is shorter."""
    page = made.page(panorama.shared(code))
    if code.startswith("epci"):  # nothing more is said of it
        return html.alone(page, footer=FOOTER, slide=slide)
    return html.alone(replace(page, messages=(*page.messages[:2], ANSWERS)), footer=FOOTER, slide=slide)


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize(("slide", "size"), [(False, SHEET), (True, SLIDE)], ids=["page", "diapositive"])
def test_page_is_one_sheet_and_stays_inside_a_phone_and_a_screen(page, code, slide, size):
    page.set_content(written(code, slide))
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 720})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        smallest = page.evaluate(
            """() => Math.min(...[...document.querySelectorAll('.page *')]
                .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()))
                .map(e => parseFloat(getComputedStyle(e).fontSize)))"""
        )
        assert smallest >= (10 if slide and width == 1280 else 12)  # a slide is projected wider than a screen
    if not slide:
        gaps = """() => {
            const boxes = [...document.querySelectorAll('.page > *:not(.source)')].map(e => e.getBoundingClientRect());
            const ends = [...new Set(boxes.map(box => box.bottom))].sort((a, b) => a - b);
            return ends.slice(0, -1).map(end => Math.min(...boxes.map(b => b.top).filter(top => top >= end - 1)) - end);
        }"""
        assert max(page.evaluate(gaps)) <= APART
    if slide:
        assert page.evaluate("document.documentElement.scrollHeight") <= 720
        assert page.evaluate("(s => s.scrollWidth <= s.clientWidth + 1)(document.querySelector('.page'))")
        filled = """() => [...document.querySelectorAll('.column')].map(one =>
            [...one.children].reduce((sum, part) => sum + part.getBoundingClientRect().height, 0) / one.clientHeight)"""
        assert width < 800 or 0.7 < max(page.evaluate(filled)) <= 1, "its type is as large as its words allow"
    sheets = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True))).pages
    assert len(sheets) == 1
    assert [float(side) / 72 * 25.4 for side in sheets[0].mediabox[2:]] == pytest.approx(size, abs=0.5)


@pytest.mark.parametrize("slide", [False, True], ids=["page", "diapositive"])
def test_page_has_no_accessibility_fault(page, slide):
    page.set_content(written("dep-59", slide))
    assert page.locator("h1").all_inner_texts() == ["Nord"]
    assert faults(page) == []
