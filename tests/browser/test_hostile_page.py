"""Documents made of a file whose every text is hostile, in real Chromium: read as typed, and nothing happens."""

import openpyxl
import pytest

from copkit import french
from copkit.reference import parameters

from .. import hostile, sent
from ..conftest import LONG
from ..notebooks import documents

READ = {hostile.shown(case) for case in hostile.KEPT}
# The working version, and what the diagnostic shows of each kind. « make long » has the public version and the roadmap
# too: of them, test_sent looks at every element and every address.
VERSIONS = {"projets": "projets", "diagnostic": "diagnostic"}
if LONG:
    VERSIONS |= {"publique": "projets", "roadmap": "feuille_de_route"}
LOADED = (
    "script, form, input, button, style, meta, base, link, iframe, object, embed, main img[src]:not([src^='data:'])"
)


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    file = hostile.projects(folder)
    texts = hostile.TEXTS
    every = sent.every(folder, lambda kind, name, row: texts[(7 * len(name) + row) % len(texts)], 9)
    for version, notebook in VERSIONS.items():
        given = sent.given(every, notebook) if notebook in sent.DOCUMENTS else {}
        given |= {"projets": str(file)} | ({"publique": True} if version == "publique" else {})
        documents(notebook, ["reg-32"], folder / version, **given)
    return {version: folder / version / "reg-32" / f"{notebook}.html" for version, notebook in VERSIONS.items()}


@pytest.mark.parametrize("version", VERSIONS)
def test_nothing_of_the_file_runs_loads_or_navigates(outputs, page, version):
    address = outputs[version].as_uri()
    page.goto(address)
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert page.evaluate("typeof window.X") == "undefined"
    assert page.url == address and page.said == []
    assert [one for one in page.asked if not one.startswith(("file:", "data:"))] == []
    assert page.evaluate(f"() => document.querySelectorAll(`body :is({LOADED})`).length") == 0
    links = page.evaluate("() => [...document.querySelectorAll('main a')].map(a => a.getAttribute('href'))")
    ours = {"../glossaire.html", *(one.url for one in parameters.sources().values())}
    assert [link for link in links if not link.startswith("#") and link not in ours] == []
    listening = "() => [...document.querySelectorAll('*')].filter(e => [...e.attributes].some(a => /^on/.test(a.name)))"
    assert page.evaluate(f"({listening})().length") == 0
    unfolded = "[...document.querySelectorAll('table')].filter(table => !table.closest('details'))"
    hidden = f"() => {unfolded}.filter(table => !table.checkVisibility()).length"
    assert page.evaluate(hidden) == 0
    policy = page.locator("meta[http-equiv]").get_attribute("content")
    assert "default-src 'none'" in policy and "form-action 'none'" in policy and "base-uri 'none'" in policy


def test_texts_of_the_file_are_read_as_typed(outputs, page):
    page.goto(outputs["projets"].as_uri())
    cells = set(page.evaluate("() => [...document.querySelectorAll('td, th')].map(cell => cell.textContent)"))
    assert len(READ & cells) > 0.8 * len(READ)
    said = " ".join(page.locator("main").text_content().split())
    assert french.typeset(hostile.NAME) in said
    assert "<script>window.X=1</script> (en-tête)" in said


@pytest.mark.skipif(not LONG, reason="version publique : « make long »")
def test_titles_of_the_file_are_read_as_typed_in_the_public_version(outputs, page):
    page.goto(outputs["publique"].as_uri())
    cells = set(page.evaluate("() => [...document.querySelectorAll('td, th')].map(cell => cell.textContent)"))
    assert len(READ & cells) >= 5 and hostile.NAME not in page.content()


@pytest.mark.parametrize("version", [one for one in VERSIONS if VERSIONS[one] == "projets"])
def test_texts_of_the_file_are_texts_in_the_workbook(outputs, version):
    book = openpyxl.load_workbook(outputs[version].with_suffix(".xlsx"))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)]
    assert {cell.data_type for cell in cells} == {"s"}
    assert {cell.value for cell in cells} >= READ - {"#REF!"}  # an error of a spreadsheet is reported, and left empty
