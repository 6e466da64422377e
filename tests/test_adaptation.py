"""Adaptation: the record of priorities read and sent, the 22 levers and what serves each, what no source gives."""

import csv
import runpy

import openpyxl
import pandas as pd
import pytest
from typer.testing import CliRunner

import copkit as ck
from copkit import paths
from copkit.adaptation import climate
from copkit.adaptation.priorities import RECORD
from copkit.commands.cli import app
from copkit.errors import ParameterError, ProjectError
from copkit.intake.fields import ids
from copkit.intake.workbook.form import header_key
from copkit.models import nomenclatures
from copkit.presentation.adaptation.document import DOCUMENT
from copkit.presentation.text import Note

FOLDER = paths.home() / "data" / "examples"
EXAMPLE = FOLDER / "priorites_adaptation.csv"
MAKER = runpy.run_path(str(FOLDER / "make_adaptation.py"))
HEAD = list(MAKER["RECORD"].values())
TITLE = HEAD[0]


@pytest.fixture
def record(tmp_path):
    """Write priorities under the headers of the record of the SGPE."""

    def write(*rows, name="recensement.csv"):
        with (tmp_path / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, HEAD, restval="")
            writer.writeheader()
            writer.writerows(
                [{TITLE: f"Priorité {n}", "Region": "Hauts-de-France"} | row for n, row in enumerate(rows)]
            )
        return tmp_path / name

    return write


@pytest.fixture(scope="module")
def blank(tmp_path_factory):
    path = tmp_path_factory.mktemp("vierge") / "recensement.xlsx"
    ck.adaptation.write_template(path, "reg-32")
    return path


@pytest.fixture
def sent(tmp_path, blank):
    """A workbook of the kit, filled in: header → cell."""

    def fill(*rows, name="revenu.xlsx"):
        path, book = tmp_path / name, openpyxl.load_workbook(blank)
        sheet = book["Priorités"]
        at = {header_key(cell.value): cell.column for cell in sheet[1]}
        for n, row in enumerate(rows, start=2):
            for head, value in row.items():
                sheet.cell(n, at[header_key(RECORD[head].label)]).value = value
        book.save(path)
        return path

    return fill


@pytest.fixture(scope="module")
def example():
    return ck.adaptation.recensement("reg-32")


# ------------------------------------------------------------------ reading


@pytest.mark.cases("adaptation", "cellules")
def test_cell_of_the_record(case, record, says):
    found = ck.adaptation.read(record({case["colonne"]: case["texte"]}))
    value = found[case["champ"]].item()
    assert (value if value == value else None) == case["lu"]
    told = found.attrs["reading"].problems
    assert len(told) == ("probleme" in case)
    says(" ".join(told.message), case.get("probleme", ""))


def test_the_sixteen_columns_of_the_record_are_read_and_none_is_left():
    found = ck.adaptation.read(EXAMPLE)
    told = found.attrs["reading"]
    assert len(RECORD) == len(HEAD) == 16 and told.ignored == [] and told.dropped == []
    assert told.problems.empty and told.unknown_labels.empty and told.set_aside.empty
    assert set(found.invented) == {"oui"} and all((found[name].astype(str) != "").any() for name in RECORD)


def test_example_is_what_its_maker_writes():
    with EXAMPLE.open(encoding="utf-8", newline="") as file:
        assert list(csv.DictReader(file)) == MAKER["written"]()


def test_priority_without_a_title_is_set_aside_and_persons_are_masked(record):
    stakeholders = "Identification_des_parties_prenantes_a_mobiliser_si_deja_disponible_"
    found = ck.adaptation.read(record({TITLE: "", "Levier": "SAF"}, {stakeholders: "écrire à a.b@exemple.fr"}))
    assert found.stakeholders.to_list() == ["écrire à [retiré]"]
    assert found.attrs["reading"].set_aside.reason.to_list() == [
        "« Intitulé de la priorité identifiée » vide. Le remplir, ou retirer la ligne"
    ]


# ------------------------------------------------------------------ a workbook that goes out and comes back

ROWS = (
    {"title": "Haies", "departement": "Nord", "adaptation_lever": "Prévention des inondations par ruissellement",
     "effect": "Inondations", "priority": "1", "budget": "150 k€", "due": "31/12/2029"},
    {"title": "Froid", "region": "Hauts-de-France", "adaptation_lever": "Réseaux de froid",
     "national_obstacles": "Cadre"},
)  # fmt: skip


def test_workbook_filled_in_a_spreadsheet_comes_back_as_it_was(sent, office, tmp_path):
    saved = office(sent(*ROWS), "xlsx", tmp_path / "bureau")
    merged = ck.adaptation.read_returns(saved, territory="reg-32")
    found = ck.adaptation.of_returns(merged).set_index("title")
    assert merged.messages() == [] and list(found.index) == ["Haies", "Froid"]
    assert found.loc["Haies", ["region", "departement", "adaptation_lever", "effect", "priority", "due"]].to_list() == [
        *("reg-32", "dep-59", "prevention_des_inondations_par_ruissellement", "Inondations", "1", "2029-12-31"),
    ]
    assert found.budget["Haies"] == 150_000 and found.budget.isna()["Froid"]
    assert found.loc["Froid", ["region", "departement", "national_obstacles"]].to_list() == ["reg-32", "", "Cadre"]


def test_two_returns_that_disagree_are_both_shown_and_one_table_of_them_reads(sent, says):
    other = ROWS[0] | {"budget": "200 k€"}
    merged = ck.adaptation.read_returns(sent(*ROWS, name="a.xlsx"), sent(other, name="b.xlsx"), territory="reg-32")
    says(" ".join(merged.messages()), "Rien n’est choisi")
    assert ck.adaptation.of_returns(merged).set_index("title").budget.isna()["Haies"]
    assert ck.adaptation.read(sent(*ROWS)).departement.to_list() == ["dep-59", ""]


def test_what_is_not_a_return_or_a_record_is_refused(says):
    with pytest.raises(ProjectError) as refused:
        ck.adaptation.of_returns(3)
    says(refused.value, "Classeurs relus attendus", "ck.adaptation.read_returns(…)")
    with pytest.raises(ProjectError) as absent:
        ck.adaptation.recensement("reg-32", priorities="absent.csv")
    says(absent.value, "Fichier de priorités introuvable : « absent.csv ».")


# ------------------------------------------------------------------ the 22 levers


def test_every_lever_of_the_22_has_its_place_in_the_crosswalk_and_in_the_table(example):
    table = nomenclatures.crosswalk("adaptation")
    assert len(nomenclatures.adaptation_labels()) == table.id.nunique() == 22
    assert set(table.relation) == {"voisin", "sans_equivalent"} and (table.note != "").all()
    assert example.levers.lever.to_list() == list(nomenclatures.adaptation_labels())
    near = {one for cell in example.levers.near for one in ids(cell)}
    assert near < set(nomenclatures.levers(enjeu="adaptation").lever) and len(example.cop) == 11
    written = pd.read_csv(paths.parameters("crosswalk.csv")).query("nomenclature == 'adaptation'")
    of = {lever: written.label[written.lever == lever].to_list() for lever in example.cop.lever}
    assert dict(zip(example.cop.lever, example.cop.near, strict=True)) == of and sum(map(len, of.values())) > 5


def test_levers_that_no_priority_action_or_project_serves_are_listed(example):
    served = example.levers[["priorities", *example.counted]].sum(axis=1) > 0
    assert example.unserved.lever.to_list() == example.levers.lever[~served].to_list() and len(example.unserved) == 10
    said = str(ck.report.unserved(example))
    assert said.startswith("**10 leviers sur 22 que rien ne sert**") and "réseaux de froid" in said
    assert all(one[1:] in said for one in example.unserved.label)


@pytest.mark.cases("adaptation", "leviers")
def test_what_a_label_serves_among_the_22(case, record, tmp_path):
    (tmp_path / "actions.csv").write_text(
        f'Intitulé;Territoire;Levier;Collectivité porteuse;Plan de travail à un an\nA;dep-59;"{case["libelle"]}";;\n',
        encoding="utf-8",
    )
    r = ck.adaptation.recensement("reg-32", priorities=record({}), actions=tmp_path / "actions.csv")
    table = r.levers.set_index("lever")
    assert table.index[table.actions == 1].to_list() == case["nomme"]
    assert table.index[table.near_actions == 1].to_list() == case["voisins"]
    assert r.projects is None and table.projects.isna().all()
    assert r.serving("actions") == bool(case["nomme"] or case["voisins"])


# ------------------------------------------------------------------ the priorities, analysed


@pytest.mark.cases("adaptation", "comptes")
def test_priorities_are_counted_as_they_are_written(case, record):
    rows = [{"Effet_du_changement_climatique": one} for one in case["effets"]]
    found = ck.adaptation.recensement("reg-32", priorities=record(*rows)).by("effect")
    assert list(zip(found.effect, found.priorities, strict=True)) == list(case["attendu"].items())


def test_counts_of_the_example_add_up(example):
    whole = len(example.priorities)
    assert whole == 12 and example.levers.priorities.sum() == whole and example.places.priorities.sum() == whole
    for names in (("effect",), ("effect", "sensitivity"), ("priority",)):
        found = example.by(*names)
        assert [*found] == [*names, "priorities", "levers", "known", "budget"]
        assert found.priorities.sum() == whole and found.budget.sum() == example.priorities.budget.sum() == 13_740_000
    assert (example.filled.filled + example.filled.missing == whole).all()


def test_departement_shows_its_own_and_says_those_of_its_region():
    r = ck.adaptation.recensement("dep-80", priorities=EXAMPLE)
    assert set(r.priorities.departement) == {"dep-80"} and len(r.priorities) == 3 and len(r.regional) == 2
    assert "2 priorités de toute la région" in str(ck.report.around(r))
    (sheets,) = ck.section(r, "fiches").parts
    assert len(sheets.parts) == 2 * 5


def test_public_version_has_neither_obstacles_nor_files():
    r = ck.adaptation.recensement("reg-32", priorities=EXAMPLE, public=True)
    assert r.reading is None and r.files == () and (r.priorities.national_obstacles == "").all()
    assert "Freins à lever" not in str(ck.section(r, "fiches").parts) and "regional_obstacles" not in r.shown


# ------------------------------------------------------------------ what no source gives


def test_what_no_source_gives_is_said_and_its_place_is_left(example):
    assert example.warming == [] and len(example.markers) == 5 and len(example.exposures) == 8
    assert "Niveaux de la TRACC : à renseigner." in str(ck.report.warming(example))
    other = ck.adaptation.recensement("reg-06")
    assert [one.place for one in other.markers] == ["fr", "fr"] and other.exposures == []
    assert not other.invented and other.given == []
    assert "n'en publient aucun de Mayotte" in str(ck.report.exposed(other))
    assert "niveaux de la TRACC et thèmes d'exposition" in str(ck.report.message(other))
    assert str(ck.report.unserved(other)).startswith("**Rien n'est encore recensé**")


def test_warming_written_with_its_source_appears(monkeypatch, example):
    level = climate.Warming(year=2050, warming=1.5, reference="inventé", source="sgpe_point_de_sortie", locator="p. 1")
    monkeypatch.setattr(type(example), "warming", [level])
    assert "2050" in str(ck.table(example, "rechauffement"))


LEVEL = "{year: 2050, warming: 2, reference: inventé, source: sgpe_point_de_sortie, locator: inventé}"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("place: reg-32", "place: reg-99", "région inconnue « reg-99 »"),
        ("source: feuille_de_route_hauts_de_france_2025", "source: ailleurs", "source inconnue « ailleurs »"),
        ("warming: []", f"warming: [{LEVEL}, {LEVEL}]", "réchauffement de 2050 écrit deux fois"),
        ("    locator: introduction\n", "", "locator"),
    ],
)
def test_damaged_parameters_are_told(damaged, says, old, new, words):
    damaged.replace("parameters/adaptation.yml", old, new)
    with pytest.raises(ParameterError) as refused:
        climate.climate()
    says(refused.value, words)


# ------------------------------------------------------------------ the document, the workbook, the terminal


def test_every_part_says_something_and_the_workbook_opens(example, tmp_path):
    for part in DOCUMENT.held(example):
        made = DOCUMENT.make(part, example)
        assert made is not None or part.name == "rechauffement", part.name
        assert not isinstance(made, Note) or part.name == "a_verifier_priorites", part.name
    ck.write_workbook(example, tmp_path / "a.xlsx")
    book = openpyxl.load_workbook(tmp_path / "a.xlsx", read_only=True)
    assert {"Priorités", "Recensement", "Leviers d'adaptation", "Leviers des 43", "Freins"} <= set(book.sheetnames)


def test_commands_write_the_workbook_read_it_back_and_list_the_levers(tmp_path, sent):
    out = tmp_path / "p.xlsx"
    done = CliRunner().invoke(app, ["template", "adaptation", "--out", str(out), "--territory", "dep-59"])
    assert done.exit_code == 0 and "copkit adaptation -r" in done.output and out.is_file()
    done = CliRunner().invoke(app, ["adaptation", "-r", str(sent(*ROWS)), "--territory", "reg-32", "--format", "csv"])
    assert done.exit_code == 0 and "prevention_des_inondations_par_ruissellement" in done.output
    done = CliRunner().invoke(app, ["adaptation", str(EXAMPLE), "--territory", "reg-32", "--view", "levers"])
    assert done.exit_code == 0 and "leviers sur 22 que rien ne sert" in done.output.replace("\u00a0", " ")


def test_command_needs_files_or_returns_and_ends_with_1_where_they_disagree(sent, says):
    says(CliRunner().invoke(app, ["adaptation"]).exception, "Donner des fichiers, ou des classeurs revenus avec -r")
    files = [str(sent(ROWS[0] | row, name=name)) for row, name in (({}, "a.xlsx"), ({"priority": "2"}, "b.xlsx"))]
    done = CliRunner().invoke(app, ["adaptation", "-r", files[0], "-r", files[1], "--territory", "reg-32"])
    assert done.exit_code == 1 and "Rien n’est choisi" in done.output
