"""The workbooks of territories and of scenarios, read back: numbers as numbers, a first sheet with its bars, paper."""

import io
import re

import openpyxl
import pandas as pd
import pypdf
import pytest

import copkit as ck
from copkit.models import dynamics
from copkit.models import panorama as model
from copkit.presentation import formats, workbook
from copkit.presentation.table import Table
from copkit.reference import units

from .cells import not_printable, numbers_as_text
from .office import faults

PAGES = 22  # of the whole workbook, the sheet on biodiversity with it


@pytest.fixture(scope="module")
def books(tmp_path_factory):
    folder, made = tmp_path_factory.mktemp("classeurs"), {}

    def read(code, about=None):
        if code not in made:
            ck.write_workbook(about or code, folder / f"{code}.xlsx")
            made[code] = openpyxl.load_workbook(folder / f"{code}.xlsx")
        return made[code]

    read.folder = folder
    return read


def rows(sheet, first=3):
    head, *cells = sheet.iter_rows(min_row=first, values_only=True)
    return pd.DataFrame(cells, columns=head)


@pytest.mark.parametrize("code", ["fr", "reg-32", "dep-59", "dep-48", "dep-75", "dep-974", "dep-976"])
def test_no_number_of_a_territory_is_a_text_and_every_sheet_prints(books, code):
    assert numbers_as_text(books(code)) == []
    assert faults((books.folder / f"{code}.xlsx").read_bytes()) == []
    assert not_printable(books(code), ck.panorama(code).attrs["name"]) == []


def test_no_number_of_a_scenario_is_a_text(books):
    book = books("scénario", ck.simulate(ck.panorama("reg-32"), {"vehicules_electriques": 600, "covoiturage": 300}))
    assert numbers_as_text(book) == []
    net = rows(book["Manque"]).set_index("Secteur").iloc[:, -1]
    assert net["Total"] == pytest.approx(-307.5561, abs=1e-4)
    assert book["Manque"]["D4"].number_format == "+#,##0.0;-#,##0.0;0"


def test_numbers_keep_what_the_kit_computed_and_are_shown_as_on_the_page(books):
    book, p = books("reg-32"), ck.panorama("reg-32")
    sheet, found = book["Dynamiques"], dynamics.followed("reg-32")
    written = rows(sheet)
    assert written["Première année"].to_list() == found.first_year.to_list()
    factor = [units.read_in(unit)[0] for unit in found.unit]  # hectares for thousands of them
    assert written["Dernière valeur"].to_list() == pytest.approx((factor * found["last"]).to_list(), rel=1e-15)
    for value, cell in zip(factor * found.pace, sheet["H"][3:], strict=True):
        assert cell.value == ("—" if pd.isna(value) else pytest.approx(value, rel=1e-15))
    assert sheet["D4"].number_format == "0"
    changes = model.quantities(p).set_index("label").change
    for row in book["Quantités"].iter_rows(min_row=4):
        if isinstance(row[5].value, float):
            assert row[5].value == pytest.approx(changes[row[0].value.replace("’", "'")] / 100)
            assert row[5].number_format == "+0%;-0%;0%"


@pytest.mark.parametrize("code", ["fr", "reg-32", "dep-48", "dep-974"])
def test_totals_stand_under_the_columns_that_they_sum(books, code):
    p = ck.panorama(code)
    table = rows(books(code)["Panorama"]).set_index("Levier")
    column = next(name for name in table if name.startswith("Émissions"))
    for forest, name in ((False, "Total sans forêt"), (True, "Total avec forêt")):
        assert table.loc[name, column] == pytest.approx(model.total(p, forest=forest), rel=1e-12)
    sectors = rows(books(code)["Secteurs"]).set_index("Secteur")
    assert sectors.iloc[:-1, 0].sum() == pytest.approx(sectors.iloc[-1, 0]) and sectors.iloc[-1, 1] == 100
    place = rows(books(code)["Place"])
    assert place.iloc[:-1, 2].sum() == pytest.approx(place.iloc[-1, 2])
    last = books(code)["Panorama"].max_row
    assert books(code)["Panorama"].auto_filter.ref.endswith(str(last - 2))  # a sort leaves the totals where they are


def test_the_first_sheet_says_the_message_and_draws_it(books):
    sheet = books("dep-48").worksheets[0]
    assert sheet.title == "Synthèse"
    assert sheet["A1"].value == "Lozère\xa0: environ 350\xa0ktCO₂e/an à éviter en 2030, hors forêt"
    said = {row[0].value: (row[1].value, row[2].value) for row in sheet.iter_rows(min_row=5, max_row=14)}
    assert said["Émissions évitées en 2030, hors forêt"] == (350, "ktCO₂e/an"), "as its title and the page"
    assert said["Rang de l’effort dans la région, à la référence"] == (13, "sur 13 départements")
    assert said["Effort réparti par une clé notée C"][1] == "%"
    assert sheet.page_setup.fitToHeight in (None, 1)  # one, when a file does not say it
    levers, sectors = sheet._charts
    for chart, unit, series in (
        (levers, "ktCO₂e évitées par an en 2030", 1),
        (sectors, "% de l’effort, hors forêt", 2),
    ):
        assert not chart.x_axis.delete and not chart.y_axis.delete and len(chart.series) == series
        assert "".join(run.t for line in chart.y_axis.title.tx.rich.p for run in line.r) == unit
        assert chart.title is not None and chart.x_axis.title is not None
    area = levers.series[0].val.numRef.f.partition("!")[2].replace("$", "")
    drawn = [cell.value for (cell,) in sheet[area]]
    assert drawn == sorted(drawn, reverse=True) and len(drawn) == 10


def test_the_first_sheet_writes_the_zeros_that_the_page_writes(books):
    sheet = books("dep-59")["Synthèse"]
    (cell,) = (row[1] for row in sheet.iter_rows() if str(row[0].value).startswith("Par habitant"))
    assert (cell.value, cell.number_format) == (4, "#,##0.0")  # « 4,0 », as in the table of its place


def test_a_column_of_numbers_says_how_they_are_written():
    table = Table.of("t", {"a": ([1.0], str)})
    with pytest.raises(TypeError, match=r"copkit\.presentation\.formats"):
        workbook.content(workbook.book([], [("Feuille", table)]))
    made = workbook.book([("A & B", "c")], [("Feuille", Table.of("t", {"a": ([2019], formats.PLAIN)}))])
    made = openpyxl.load_workbook(io.BytesIO(workbook.content(made)))
    assert made["Feuille"]["A4"].value == 2019 and made["Feuille"]["A4"].number_format == "0"


def test_libreoffice_prints_the_workbook_one_page_wide(books, office):
    books("reg-32")
    names, made = books("reg-32").sheetnames, office(books.folder / "reg-32.xlsx", "pdf", books.folder)
    pages = [page.extract_text() for page in pypdf.PdfReader(made).pages]
    assert len(names) <= len(pages) <= PAGES
    for n, text in enumerate(pages, start=1):
        assert "Hauts-de-France" in text and f"Page {n} sur {len(pages)}" in text
    alone = ["Synthèse", "Lisez-moi", "Panorama", "Secteurs", "Place", "Dynamiques", "Comparaison"]
    headed = [next(name for name in names if re.search(rf"\b{name}\b", text)) for text in pages]
    assert [name for name in alone if headed.count(name) != 1] == []
