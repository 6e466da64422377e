"""The page of the projects in real Chromium: its figures, its width, no network, no serious accessibility fault."""

import pytest

import copkit as ck
from copkit import french

from ..access import faults
from ..conftest import every
from ..notebooks import documents
from .looks import OVERLAPS, charts_are_readable, fits_and_asks_nothing

CODES = every(2, ["reg-32", "dep-59", "reg-06"])  # the last has no project
TOLD = [code for code in CODES if code != "reg-06"]


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    return documents("projets", CODES, tmp_path_factory.mktemp("outputs"))


@pytest.mark.parametrize("code", CODES)
def test_page_fits_the_window_and_asks_nothing_of_a_network(outputs, page, code):
    page.goto((outputs / code / "projets.html").as_uri())
    fits_and_asks_nothing(page)
    assert page.locator("h1").inner_text() == ck.panorama(code).attrs["name"]
    assert page.locator("figure svg").count() == (0 if code == "reg-06" else 8)
    assert page.locator("pre").count() == 0


UNFOLD = "document.querySelectorAll('details').forEach(one => one.open = true)"


def cells(page, caption: str) -> list[list[str]]:
    """The rows of the table whose caption starts so, without no-break spaces."""
    table = page.locator("table", has=page.locator("caption", has_text=caption)).first
    rows = table.locator("tbody tr").all()
    return [
        [cell.replace("\u202f", "").replace("\xa0", " ") for cell in row.locator("th, td").all_inner_texts()]
        for row in rows
    ]


def test_figures_of_the_page_are_those_of_the_library(outputs, page):
    page.goto((outputs / "reg-32" / "projets.html").as_uri())
    page.evaluate(UNFOLD)
    shown = cells(page, "Nombre de dossiers par catégorie")
    assert [row[-1] for row in shown] == ["788", "326", "85", "80", "1279"]
    v = ck.projects.vivier(year=2024)
    counts = v.categories.drop(columns=["category", "label"]).to_numpy().tolist()
    assert [[int(cell) for cell in row[1:]] for row in shown] == counts
    shares = cells(page, "Part de chaque catégorie")
    wanted = v.shares.drop(columns=["category", "label"]).to_numpy().tolist()
    assert [row[1:] for row in shares] == [[french.number(share, 1) for share in row] for row in wanted]
    assert len(cells(page, "EPCI sans aucun projet")) == len(v.without_epci)


@pytest.mark.parametrize("code", TOLD)
def test_words_of_the_page_are_inside_can_be_read_and_are_french(outputs, page, code):
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto((outputs / code / "projets.html").as_uri())
    charts_are_readable(page)
    assert page.evaluate(OVERLAPS, 100) == []
    text = page.locator("main").inner_text()
    for stray in ("NaN", "None", "True", "False", "undefined", "null", "total_", "non_remonte", "reg-", "dep-"):
        assert stray not in text, stray
    cells_ = page.locator("td.number").all_inner_texts()
    assert len(cells_) > 300 and [cell for cell in cells_ if "." in cell.replace("n.d.", "")] == []


@pytest.mark.parametrize("code", TOLD)
def test_what_is_invented_says_so_everywhere(outputs, page, code):
    page.goto((outputs / code / "projets.html").as_uri())
    assert "Exemple inventé." in page.locator("blockquote").inner_text()
    page.evaluate(UNFOLD)
    captions = page.locator("figcaption, caption").all_inner_texts()
    assert len(captions) > 20 and [text for text in captions if "exemple inventé" not in text] == []


@pytest.mark.parametrize("code", CODES)
def test_page_has_no_serious_accessibility_fault(outputs, page, code):
    page.goto((outputs / code / "projets.html").as_uri())
    assert faults(page) == []
