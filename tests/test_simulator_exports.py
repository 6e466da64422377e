"""What a visitor takes away: the same figures in every file, no formula, a draft where a justification is missing."""

import csv
import io
import json
import math

import pandas as pd
import pytest
from openpyxl import load_workbook
from pypdf import PdfReader

from copkit import french
from copkit.errors import SimulationError
from copkit.models.panorama import LATEST
from copkit.models.scenario import settle
from copkit.models.scenario_file import from_json, to_json
from copkit.presentation import labels
from copkit.simulator import exports
from copkit.simulator.gauge import totals
from copkit.simulator.ground import ground
from copkit.simulator.page import page
from copkit.simulator.state import Entry, Kept, State, scenario_of

from .cells import not_printable, numbers_as_text

RISKY = '=HYPERLINK("https://exemple.fr";"clic")'
LEVERS = {
    "vehicules_electriques": Entry(value=300.1, unit="quantity", done=60.0, why=RISKY, source="+33 études"),
    "covoiturage": Entry(done=50.0),
    "production_industrielle": Entry(value=7000.123456789, why="Accord de site, virgule", source="@préfecture"),
}
STATE = State(levers=LEVERS, name="Été & usines", kept=[Kept(name="Bocage", levers={"haies": Entry(value=100.0)})])
DRAFT = STATE.having(levers={**LEVERS, "haies": Entry(value=50.0)})


def export(kind, state=STATE):
    return exports.export(page(state.territory), state, kind)


def settled(state):
    return settle(ground(state.territory, LATEST).limits, state.levers)


def workbook(state=STATE):
    return load_workbook(io.BytesIO(export("xlsx", state)[2]))


def sheet_rows(sheet):
    head, *rows = list(sheet.iter_rows(min_row=3, values_only=True))
    return [dict(zip((text.replace("₂", "2") for text in head), row, strict=True)) for row in rows]


def test_the_workbook_has_the_figures_of_the_page():
    name, mime, _ = export("xlsx")
    assert name == "copkit-reg-32-hauts-de-france-ete-usines.xlsx" and mime == exports.FORMATS["xlsx"]
    found, one = sheet_rows(workbook()["Simulateur"]), settled(STATE)
    rows = {row["Identifiant"]: row for row in found if row["Identifiant"]}
    assert list(rows) == list(ground("reg-32", LATEST).tiles)
    for lever, row in rows.items():
        numbers = ("Référence", "Proposé", "Déjà fait", "Reste à faire")
        found = [row[f"{number} (ktCO2e/an)"] for number in numbers] + [row["Quantité proposée en 2030"]]
        wanted = (one[lever].target, one[lever].kt, one[lever].done, one[lever].remaining, one[lever].quantity)
        for value, expected in zip(found, wanted, strict=True):  # a workbook keeps 16 digits
            assert value == ("n.d." if math.isnan(expected) else pytest.approx(expected, rel=1e-15))
    assert rows["vehicules_electriques"]["Quantité proposée en 2030"] == 300.1


def test_no_number_of_the_workbook_is_a_text_and_its_totals_are_those_of_the_page():
    book = workbook()
    assert numbers_as_text(book) == [] and not_printable(book, "Hauts-de-France") == []
    assert book.sheetnames[:4] == ["Synthèse", "Lisez-moi", "Simulateur", "Scénarios"]
    rows = {row["Levier"]: row for row in sheet_rows(book["Simulateur"])}
    figures = totals(settled(STATE))
    assert rows["Total hors forêt"]["Proposé (ktCO2e/an)"] == pytest.approx(figures["without_forest"]["proposed"])
    assert rows["Total avec forêt"]["Reste à faire (ktCO2e/an)"] == pytest.approx(figures["with_forest"]["remaining"])


def test_no_text_of_a_visitor_becomes_a_formula():
    book = workbook()
    cells = [cell for sheet in book for line in sheet.iter_rows() for cell in line]
    assert not [cell for cell in cells if cell.data_type == "f"]
    risky = [cell for cell in cells if cell.value == RISKY.replace("'", "’")]
    assert len(risky) >= 2 and all(cell.quotePrefix for cell in risky)
    rows = list(csv.DictReader(io.StringIO(export("csv")[2].decode("utf-8"))))
    cars = next(row for row in rows if row["Identifiant"] == "vehicules_electriques")
    assert cars["Justification"] == "'" + RISKY and cars["Source"] == "'+33 études"


def test_scenarios_are_compared_in_one_sheet():
    rows = {row["Levier"]: row for row in sheet_rows(workbook()["Scénarios"])}
    assert list(rows["Gestion des haies"].values())[1:] == [113.4236, 113.4236, 100.0]
    total = rows["Total hors forêt"]
    assert total["Bocage (ktCO2e/an)"] == pytest.approx(21631.8309 - 13.4236)
    assert rows["Manque net hors forêt"]["Bocage (ktCO2e/an)"] == pytest.approx(13.4236)
    assert "Scénarios" not in workbook(STATE.having(kept=[])).sheetnames


def test_two_scenarios_of_one_name_both_have_their_column():
    state = STATE.having(kept=[Kept(name="A", levers={}), Kept(name="A", levers={"haies": Entry(value=1.0)})])
    assert list(sheet_rows(workbook(state)["Scénarios"])[0])[3:] == ["A (ktCO2e/an)", "A (ktCO2e/an) bis"]


def test_the_csv_for_excel_holds_the_same_figures():
    name, mime, data = export("csv_excel")
    assert name == "copkit-reg-32-hauts-de-france-ete-usines-excel.csv" and mime == exports.FORMATS["csv"]
    plain = pd.read_csv(io.BytesIO(export("csv")[2]))
    found = pd.read_csv(io.BytesIO(data), sep=";", decimal=",", encoding="utf-8-sig")
    pd.testing.assert_frame_equal(found, plain)
    assert plain["Proposé (ktCO2e/an)"].dtype.kind == "f" and "'" + RISKY in plain["Justification"].to_list()


def test_the_csv_keeps_every_digit():
    rows = list(csv.DictReader(io.StringIO(export("csv")[2].decode("utf-8"))))
    one = settled(STATE)
    for row in rows:
        assert float(row["Proposé (ktCO2e/an)"]) == one[row["Identifiant"]].kt
        quantity = row["Quantité proposée en 2030"]
        assert (float(quantity) if quantity else math.nan) == pytest.approx(
            one[row["Identifiant"]].quantity, rel=0, abs=0, nan_ok=True
        )
    assert {row["Version des données"] for row in rows} == {LATEST} and {row["Territoire"] for row in rows} == {
        "reg-32"
    }
    industry = next(row for row in rows if row["Identifiant"] == "production_industrielle")
    assert industry["Proposé (ktCO2e/an)"] == "7000.123456789" and industry["Statut"] == "hypothèse"
    assert industry["Justification"] == "Accord de site, virgule"


def test_the_json_is_the_library_s_and_comes_back():
    data = export("json")[2].decode("utf-8")
    assert data == to_json(scenario_of(STATE)) and json.loads(data)["unjustified"] == []
    state, notes = exports.import_json(data)
    assert (
        notes == []
        and scenario_of(state).identical(from_json(data))
        and scenario_of(state).identical(scenario_of(STATE))
    )
    assert exports.import_json(b"\xef\xbb\xbf" + data.encode())[0] == state


def test_a_draft_says_so_in_its_name_and_lists_what_is_to_be_justified():
    name, _, data = export("json", DRAFT)
    assert name == "copkit-reg-32-hauts-de-france-ete-usines-brouillon.json"
    assert json.loads(data)["unjustified"] == ["haies"]
    cover = {row[0]: row[1] for row in workbook(DRAFT)["Lisez-moi"].iter_rows(values_only=True)}
    assert cover["Statut de l’export" if "Statut de l’export" in cover else "Statut de l'export"].endswith(
        "Gestion des haies"
    )
    assert cover["Lien du scénario"].startswith("?territoire=reg-32&v=")
    rows = list(csv.DictReader(io.StringIO(export("csv", DRAFT)[2].decode("utf-8"))))
    assert [row["Identifiant"] for row in rows if row["État"] == "à justifier"] == ["haies"]


def test_a_refused_value_or_an_unknown_format_does_not_leave():
    with pytest.raises(SimulationError, match="haies : −72 ktCO2e/an"):
        export("csv", State(levers={"haies": Entry(value=-72.0)}))
    with pytest.raises(SimulationError, match="Vouliez-vous dire « xlsx »"):
        export("xls")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"x" * 200_001, "200 ko, 200 ko au plus"),
        ("{", "le texte n'est pas du JSON lisible"),
        (b"\xff\xfe", "il n'est pas en UTF-8"),
        ("[" * 100_000, "plus de 64 blocs les uns dans les autres"),
        ("{}", "territory : clé absente"),
        ('{"territory": NaN}', "territory : texte attendu"),
    ],
)
def test_a_damaged_scenario_is_refused_with_its_reason(content, message):
    with pytest.raises(SimulationError) as caught:
        exports.import_json(content)
    assert message in str(caught.value)


def test_a_scenario_of_other_data_comes_with_a_remark():
    content = json.loads(export("json")[2]) | {"copkit_version": "0.0.1", "reference_total": 1.0}
    state, notes = exports.import_json(json.dumps(content))
    assert state.levers["production_industrielle"].value == 7000.123456789
    assert len(notes) == 1 and "il vient de copkit 0.0.1" in notes[0] and "la référence totale a changé" in notes[0]


@pytest.mark.parametrize("vision", ["thematiques", "secteurs"])
def test_pictures_hold_the_panorama_and_its_state(vision):
    name, mime, svg = export("svg", DRAFT.having(vision=vision))
    text = svg.decode("utf-8")
    assert name.endswith("-brouillon.svg") and mime == "image/svg+xml" and text.startswith("<svg")
    for said in ("Été &amp; usines", "7\u202f000", "Brouillon", "1 objectif à justifier"):
        assert said in text.replace("\u00a0", " "), said
    assert "http" not in text.replace("http://www.w3.org", "")
    assert export("png")[2].startswith(b"\x89PNG\r\n")


def test_paper_is_one_page_that_lies_then_every_lever():
    name, mime, data = export("pdf", DRAFT)
    assert name == "copkit-reg-32-hauts-de-france-ete-usines-brouillon.pdf" and mime == "application/pdf"
    pages = PdfReader(io.BytesIO(data)).pages
    texts = [" ".join(one.extract_text().replace("\u200b", "").split()) for one in pages]
    assert len(pages) == 2 and all(one.mediabox.width > one.mediabox.height for one in pages)
    here = ground("reg-32", LATEST)
    sectors = {one.sector_label for one in here.tiles.values()}
    for said in (
        "Été & usines",
        "manque",
        "Brouillon, à justifier : Gestion des haies",
        "Accord de site, virgule",
        *sectors,
    ):
        assert french.typeset(said) in texts[0].replace("\u202f", " ") or said in texts[0], said
    assert all(one.label in texts[1] for one in here.tiles.values())
    assert "?" not in texts[1] and labels.HIDDEN in texts[1], "what is not shown is said in words"
    assert " ".join(french.typeset(labels.hidden(here.p)).split()) in texts[1]
    assert "Brouillon" not in PdfReader(io.BytesIO(export("pdf")[2])).pages[0].extract_text()


def test_paper_keeps_its_first_page_whole_and_has_the_rest_of_many_changes_behind():
    here = ground("dep-59", LATEST)
    changed = [lever for lever, limit in here.limits.items() if not limit.closed][:20]
    levers = {
        lever: Entry(value=0.5 * here.limits[lever].target, why="Raison " * 140, source="Étude") for lever in changed
    }
    pages = PdfReader(io.BytesIO(export("pdf", State(territory="dep-59", levers=levers))[2])).pages
    first, *rest = [" ".join(one.extract_text().replace("\u200b", "").split()) for one in pages]
    assert "5 objectifs sur 20, la suite derrière" in first.replace("\u202f", " ") and "Tous les leviers" in rest[0]
    assert all(here.tiles[lever].label in " ".join(rest) for lever in changed)
    assert "Étude" not in first and " ".join(rest).count("Étude") >= 20  # what justifies is cut on the first page only


def test_a_picture_without_a_draft_says_nothing_of_it():
    spec = exports.picture(STATE, [])
    assert not any("Brouillon" in line for line in spec["title"]["subtitle"])
    assert french.typeset("Il manque") in spec["title"]["subtitle"][1]
