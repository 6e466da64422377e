"""Jobs and skills, and the context of a COP: read and counted as they are given, empty when nothing is."""

import csv
import math
import runpy
from dataclasses import replace

import openpyxl
import pytest
from typer.testing import CliRunner

import copkit as ck
from copkit import french, paths
from copkit.commands.cli import app
from copkit.errors import ParameterError, ProjectError
from copkit.intake.workbook.form import header_key
from copkit.presentation.document import Absent
from copkit.presentation.roadmap.document import DOCUMENT
from copkit.roadmap import contracts
from copkit.roadmap.jobs import FIELDS, WORKBOOK

FOLDER = paths.home() / "data" / "examples"
CONTRACTS = FOLDER / "contrats_de_ville_hauts_de_france.csv"
MAKER = runpy.run_path(str(FOLDER / "make_contexte.py"))
HEAD = ("title", "territory", "now", "later", "places", "needs", "origin", "invented")


@pytest.fixture
def jobs(tmp_path):
    """Write invented jobs under the headers of the kit."""

    def write(*rows):
        path = tmp_path / "emplois.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, delimiter=";").writerows([[FIELDS[name].label for name in HEAD], *rows])
        return path

    return write


@pytest.fixture(scope="module")
def roadmap():
    return ck.roadmap.plan("reg-32", actions=FOLDER / "actions_hauts_de_france.csv")


ROWS = (
    ("Rénovation", "Hauts-de-France", "40 000", "50 000", "2 400", "3 000", "Inventé", "oui"),
    ("Réparation", "Nord", "10 000", "", "800", "", "Inventé", "oui"),
)


# ------------------------------------------------------------------ jobs and skills


def test_jobs_are_counted_and_rates_stand_on_the_rows_that_say_both_numbers(jobs):
    found = ck.roadmap.employment(ck.roadmap.read_jobs(jobs(*ROWS))).set_index("title")
    assert found.loc["Rénovation", ["change", "coverage"]].to_list() == pytest.approx([25, 80])
    assert found.loc["Réparation", ["later", "change", "coverage"]].isna().all()
    assert found.loc["Ensemble", ["now", "places", "change", "coverage", "missing"]].to_list() == pytest.approx(
        [50_000, 3_200, 25, 80, 1]
    )


def test_no_job_and_nobody_to_train_give_no_rate(jobs):
    none = ("Rien", "Nord", "0", "10", "5", "0", "Inventé", "oui")
    found = ck.roadmap.employment(ck.roadmap.read_jobs(jobs(none)))
    assert found[["change", "coverage"]].isna().all(axis=None)
    assert ck.roadmap.employment(ck.roadmap.read_jobs(jobs())).empty


def test_jobs_are_absent_from_the_document_until_they_are_given(jobs, roadmap):
    for name, title in (("emplois", "Emplois et compétences"), ("contexte", "Contexte")):
        absent = DOCUMENT.show(name, roadmap)
        assert isinstance(absent, Absent) and absent.title == title
    said, table = DOCUMENT.show("emplois", replace(roadmap, jobs=ck.roadmap.read_jobs(jobs(*ROWS)))).parts[1:]
    assert said.startswith("- **50\u202f000 emplois** dans 2 secteurs ou métiers, +25 % d'ici l'année visée selon")
    assert (
        "**80 % des besoins de formation couverts**, selon 1 ligne qui dit les places et les besoins ; 1 sans" in said
    )
    assert table.written()["Source"].to_list() == ["Inventé", "Inventé", ""] and "(exemple inventé)" in table.caption


def test_workbook_of_jobs_filled_in_a_spreadsheet_is_a_table_that_reads(tmp_path, office):
    path = tmp_path / "emplois.xlsx"
    done = CliRunner().invoke(app, ["template", "jobs", "--out", str(path), "--territory", "reg-32"])
    assert done.exit_code == 0 and "copkit jobs -r" in done.output
    book = openpyxl.load_workbook(path)
    sheet = book["Emplois"]
    at = {header_key(cell.value): cell.column for cell in sheet[1]}
    row = {"territory": "Nord", "title": "Haies", "lever": "Gestion des haies", "now": 120, "later": 90.5, "net": -10}
    for name, value in row.items():
        sheet.cell(2, at[header_key(FIELDS[name].label)]).value = value
    book.save(path)
    found = ck.roadmap.read_jobs(office(path, "xlsx", tmp_path / "bureau"))
    assert found[["territory", "levers", "now", "later", "net"]].to_numpy().tolist() == [
        ["dep-59", "haies", 120, 90.5, -10]
    ]
    assert found.attrs["reading"].ignored == [] and len(WORKBOOK.form("reg-32").columns) == 14


def test_copies_of_the_workbook_of_jobs_are_gathered_and_nothing_is_chosen_where_they_differ(tmp_path):
    def copy(name, **numbers):
        path = tmp_path / name
        ck.roadmap.write_jobs_template(path, "reg-32")
        book = openpyxl.load_workbook(path)
        at = {header_key(cell.value): cell.column for cell in book["Emplois"][1]}
        for row, (title, number) in enumerate(numbers.items(), 2):
            for field, value in (("territory", "Nord"), ("title", title), ("now", number)):
                book["Emplois"].cell(row, at[header_key(FIELDS[field].label)]).value = value
        book.save(path)
        return str(path)

    copies = copy("un.xlsx", Haies=120, Rail=40), copy("deux.xlsx", Haies=120, Rail=45, Bois=7)
    table = tmp_path / "emplois.csv"
    done = CliRunner().invoke(
        app, ["jobs", "-r", copies[0], "-r", copies[1], "--territory", "reg-32", "--out", str(table)]
    )
    assert done.exit_code == 1 and "Rail" in done.output, "two answers differ: somebody has to say"
    found = ck.roadmap.read_jobs(table).set_index("title").now
    assert found[["Haies", "Bois"]].tolist() == [120, 7] and math.isnan(found["Rail"])


def test_what_is_no_table_of_jobs_is_refused(says):
    with pytest.raises(ProjectError) as refused:
        ck.roadmap.employment(3)
    says(refused.value, "Table de secteurs ou métiers attendue", 'ck.roadmap.read_jobs("emplois.xlsx")')


# ------------------------------------------------------------------ contracts


def test_example_is_what_its_maker_writes():
    with CONTRACTS.open(encoding="utf-8", newline="") as file:
        assert list(csv.DictReader(file, delimiter=";")) == MAKER["written"]()


def test_shares_of_a_list_stand_beside_what_the_source_prints():
    """27 of 39, 177 quarters, 596 000 residents and 90 %; the source prints 86 % for 177 and cites 204."""
    table = ck.roadmap.read_contracts(CONTRACTS)
    found = ck.roadmap.city_policy(table, "reg-32").set_index("measure")
    assert len(table) == 42 and int(contracts.is_city(table).sum()) == 39
    assert found.looked.to_list() == [27, 177, 596_000] and found.whole.to_list() == [39, 204, 662_200]
    assert found.share.round(1).to_list() == [69.2, 86.8, 90.0]
    assert found.published_looked.to_list() == [27, 177, 596_000]
    assert found.loc["quarters", ["published_whole", "published_share"]].to_list() == [204, 86]
    assert found.published_whole.isna()["residents"] and "86 %" in found.published_note["quarters"]
    assert ck.roadmap.city_policy(table, "reg-06").published_looked.isna().all()


def test_document_shows_both_and_lists_what_is_no_contrat_de_ville(roadmap):
    r = replace(roadmap, contracts=ck.roadmap.read_contracts(CONTRACTS))
    said, shares, listed = DOCUMENT.show("contexte", r).parts[1:]
    assert french.plain("177 quartiers prioritaires sur 204 (87 %)") in french.plain(str(said))
    assert "La source écrit 86 % pour 177 quartiers et en cite 204 ailleurs" in str(said)
    assert shares.written()["Part imprimée (%)"].to_list()[1:] == ["86", "90"]
    assert [one for one in listed.data["Sorte"] if one != "Contrat de ville"] == ["Pacte", "Débat", "Guichet"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("territory: reg-32", "territory: reg-99", "région inconnue « reg-99 »"),
        ("source: feuille_de_route", "source: feuille_de_rout", "Vouliez-vous dire"),
        ("residents:", "habitants:", "mesure inconnue « habitants »"),
    ],
)
def test_damaged_context_is_told(damaged, says, old, new, words):
    damaged.replace("parameters/contexte.yml", old, new)
    with pytest.raises(ParameterError) as refused:
        contracts.context()
    says(refused.value, "contexte.yml", words)
