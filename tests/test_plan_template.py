"""Actions in the import workbook of Territoires en transitions and back: to the character, none lost, nobody named."""

import openpyxl
import pandas as pd
import pytest
from typer.testing import CliRunner

import copkit as ck
from copkit import paths
from copkit.commands.cli import app
from copkit.errors import ParameterError, ProjectError
from copkit.intake import mapping
from copkit.intake.fields import DTYPES
from copkit.models import nomenclatures
from copkit.roadmap import plan_template
from copkit.roadmap.actions import ACTIONS, FIELDS, STATES, named

from . import hostile
from .conftest import FACTS, read_cases

BASE = read_cases("actions")["base"]
CASES = read_cases("echange")
MODEL = plan_template.template()
SAMPLE = FACTS.parent / "samples" / "tet-modele-import-pa.xlsx"
FULL = {
    "territory": "dep-59", "dimension": "innove", "owner_known": "oui", "schedule": "2026 à 2028", "cost": 120000,
    "funding": "Fonds vert", "funding_granted": "non", "engineering": "Bureau d'études", "engineering_granted": "oui",
    "other_needs": "Foncier", "obstacles": "Délai d'instruction",
    "next_steps": "Étude : sols", "next_steps_months": 6, "indicators": "km plantés",
    "quantity": 12.5, "quantity_unit": "milliers de km", "impact": "oui", "replicable": "non", "contrary": "oui",
    "contrary_reason": "raison : autre", "dossiers": "12 ; 14", "expected": "2 km", "progress": "en_retard",
}  # fmt: skip


def made(*actions):
    """Actions as the reading gives them."""
    blank = {name: one.empty for name, one in FIELDS.items()}
    types = {name: DTYPES[one.kind] for name, one in FIELDS.items()}
    return named(
        ACTIONS.complete(pd.DataFrame([blank | BASE | one for one in actions], columns=list(FIELDS)).astype(types))
    )


def written(folder, *actions):
    """The workbook of actions, and what has no place in it."""
    left = ck.roadmap.write_tet(made(*actions), folder / "plan.xlsx")
    return openpyxl.load_workbook(folder / "plan.xlsx"), left


def texts(sheet, rows):
    return [[cell.value or "" for cell in row] for row in sheet.iter_rows(max_row=rows)]


def _over(validation, sheet):
    """The header of the column of a list."""
    return sheet.cell(2, next(iter(validation.sqref.ranges)).min_col).value


def filled(folder, *rows):
    """A workbook of the template that somebody filled in; « Montant n » is on the right of « Financeur n »."""
    book, _ = written(folder)
    sheet = book[MODEL.plan]
    places = {column.header: n for n, column in enumerate(MODEL.columns, start=1)}
    places |= {f"Montant {n}": places[f"Financeur {n}"] + 1 for n in (1, 2, 3)}
    for at, row in enumerate(rows, start=MODEL.first_row):
        for name, value in ({"Titre de la fiche action": "Planter"} | row).items():
            sheet.cell(at, places[name], value)
    book.save(folder / "rempli.xlsx")
    return ck.roadmap.read_actions(folder / "rempli.xlsx")


@pytest.mark.skipif(
    not SAMPLE.is_file(), reason="dossier shared/samples absent : le modèle de la plateforme n'est pas livré"
)
@pytest.mark.filterwarnings("ignore:Data Validation extension")
def test_the_workbook_has_the_sheets_headers_and_lists_of_the_template(tmp_path):
    template, (ours, _) = openpyxl.load_workbook(SAMPLE), written(tmp_path, {})
    assert [(one.title, one.sheet_state) for one in ours] == [(one.title, one.sheet_state) for one in template]
    assert texts(ours[MODEL.plan], 3) == texts(template[MODEL.plan], 3)
    assert texts(ours[MODEL.choices], 20) == texts(template[MODEL.choices], 20)
    assert len(ck.roadmap.read_actions(SAMPLE)) == 0  # its types, instructions and example are no actions


def test_what_is_declared_is_written_and_each_list_is_offered_whole(tmp_path):
    book, _ = written(tmp_path, {})
    sheet, lists = book[MODEL.plan], book[MODEL.choices]
    heads = [[getattr(one, name) for one in MODEL.columns] for name in ("group", "header", "type")]
    assert texts(sheet, 3) == heads and not any(cell.value for cell in sheet[4])
    for column in (one for one in MODEL.columns if one.list):
        [found] = [one for one in sheet.data_validations.dataValidation if _over(one, sheet) == column.header]
        area = found.formula1.rpartition("!")[2].replace("$", "")
        assert tuple(cell.value for (cell,) in lists[area]) == MODEL.lists[column.list]
        assert next(iter(found.sqref.ranges)).min_row == MODEL.first_row == 5
    assert {"Statut ", "Partenaires ", "Élu·e référent·e "} <= {one.header for one in MODEL.columns}
    assert {"Bloqué ", "Abandonné "} <= set(MODEL.lists["Statut "]) and set(MODEL.statuses) == set(STATES)
    assert [one.header for one in MODEL.columns].count("Montant € HT") == 3


def test_the_amount_of_a_funder_is_in_a_column_of_that_name(tmp_path):
    rows = ("Actions liées;;;;", "Axe (x);Titre de la fiche action;Financeur 1;Budget prévisionnel total € HT;Notes",
            "Eau;Planter;Région;5000;", "Eau;Semer;;300;", "Eau;Tailler;;20;",
            ";Montant total demandé;;5320;")  # fmt: skip
    path = tmp_path / "plan.csv"
    path.write_text("\n".join(rows), encoding="utf-8")
    read = ck.roadmap.read_actions(path, mapping="territoires_en_transitions")
    assert [*read.funding] == ["Région", "", "", ""] and [*read.cost] == [5000, 300, 20, 5320]
    [told] = read.attrs["reading"].problems.query("row == 6").message
    assert "somme des 3 lignes au-dessus" in told


@pytest.fixture(scope="module")
def sent(tmp_path_factory):
    """What each case says of an action, written once: the sheet, and what has no place, by number of the action."""
    actions = [{"cost": float("nan"), "action_id": one["nom"]} | one["action"] for one in CASES["plan"]]
    book, left = written(tmp_path_factory.mktemp("plan"), *actions)
    return book[MODEL.plan], left.set_index("action_id").reason


@pytest.mark.cases("echange", "plan")
def test_each_field_of_an_action_has_its_column(case, sent):
    sheet, reasons = sent
    row = [one["nom"] for one in CASES["plan"]].index(case["nom"]) + MODEL.first_row
    place = [one.header for one in MODEL.columns].index(case["colonne"]) + 1
    assert sheet.cell(row, place).value == case["vaut"]
    assert case.get("dit", "") in " ".join(reasons.get([case["nom"]], []) if case["nom"] in reasons.index else [])


@pytest.mark.parametrize(("length", "cut"), [(300, False), (301, True)])
def test_a_title_that_the_platform_refuses_is_cut_and_said(tmp_path, length, cut):
    book, left = written(tmp_path, {"title": "x" * length})
    title = book[MODEL.plan].cell(5, 4).value
    assert len(title) == 300 and title.endswith("[…]") == cut == ("intitulé" in set(left.what))


def test_an_action_comes_back_whole(tmp_path):
    sent = made(FULL, {"title": "=cmd", "lever": "", "territory": "epci-200093201"}, {"title": "Bus", "quantity": 0.1})
    left = ck.roadmap.write_tet(sent, tmp_path / "plan.xlsx")
    back = ck.roadmap.read_actions(tmp_path / "plan.xlsx")
    assert len(back.attrs["reading"].problems) == 0
    changed = [name for name in ACTIONS.given if not sent[name].equals(back[name])]
    assert changed in ([], ["thematiques"])  # those of the levers
    assert {"Quantité physique", "Calendrier", "coût"} <= set(left.what)


def test_whatever_is_typed_comes_back_as_a_text(tmp_path):
    typed = [case["texte"] for case in hostile.KEPT]
    ck.roadmap.write_tet(
        made(*({"title": f"n° {n}", "description": one, "next_steps": one} for n, one in enumerate(typed))),
        tmp_path / "plan.xlsx",
    )
    cells = [cell for row in openpyxl.load_workbook(tmp_path / "plan.xlsx")[MODEL.plan] for cell in row]
    assert [cell.coordinate for cell in cells if cell.data_type == "f" or cell.hyperlink] == []
    read = ck.roadmap.read_actions(tmp_path / "plan.xlsx")
    for name in ("description", "next_steps"):
        assert [" ".join(one.split()) for one in read[name]] == [" ".join(one.split()) for one in typed]


@pytest.fixture(scope="module")
def received(tmp_path_factory):
    """What each case says of a plan, filled in and read once."""
    return filled(tmp_path_factory.mktemp("plan"), *(one["ligne"] for one in CASES["plan_lu"]))


def test_every_field_of_an_action_has_a_place_and_the_invented_ones_come_back(tmp_path):
    """A field that is added later has its column or its note; the actions of the example come back as they were."""
    placed = {one.source for one in MODEL.columns} | {"progress"} | set(MODEL.notes)
    assert set(ACTIONS.given) - placed == set()
    sent = ck.roadmap.read_actions(paths.home() / "data/examples/actions_hauts_de_france.csv")
    ck.roadmap.write_tet(sent, tmp_path / "plan.xlsx")
    back = ck.roadmap.read_actions(tmp_path / "plan.xlsx")
    written = sent[sent.duplicate_of == ""].reset_index(drop=True)
    assert len(back) == len(written) > 5
    assert back.title.str.contains("invent").all()
    for name in (one for one in ACTIONS.given if one not in ("title", "holder", "partners", "cost")):
        assert back[name].equals(written[name]), name


@pytest.mark.cases("echange", "plan_lu")
def test_a_plan_that_others_filled_in_is_read(case, received):
    at = [one["nom"] for one in CASES["plan_lu"]].index(case["nom"])
    assert received[case["champ"]][at] == case["vaut"]
    problems = received.attrs["reading"].problems
    assert problems.value[problems.row == received.row[at]].tolist() == ([case["dit"]] if "dit" in case else [])


def test_persons_of_a_plan_are_dropped_and_what_is_not_read_is_said(tmp_path):
    persons = {"Personne pilote": "Prénom NOM-PLANTÉ", "Élu·e référent·e ": "Prénom ÉLU-PLANTÉ"}
    read = filled(
        tmp_path, persons | {"Descriptif": "écrire à planté@exemple.fr", "Direction ou service pilote": "Eau"}
    )
    ck.roadmap.write_tet(read, tmp_path / "encore.xlsx")
    again = [cell.value for sheet in openpyxl.load_workbook(tmp_path / "encore.xlsx") for row in sheet for cell in row]
    everywhere = read.to_csv() + str(vars(read.attrs["reading"])) + str(again)
    assert [one for one in ("NOM-PLANTÉ", "ÉLU-PLANTÉ", "planté@") if one in everywhere] == []
    assert {"Direction ou service pilote"} <= set(read.attrs["reading"].ignored)
    assert len(read.attrs["reading"].dropped) == 2


def test_every_lever_of_the_cop_is_a_sub_axis_that_reads_back():
    levers = nomenclatures.cop_labels()
    assert [one for one, label in levers.items() if plan_template._lever(label) != label] == []


def test_the_notes_are_read_under_the_labels_that_are_written():
    given = mapping.load("territoires_en_transitions", ACTIONS).fields
    assert set(MODEL.notes) <= set(FIELDS)
    assert [one for one, label in MODEL.notes.items() if label not in given[one].headers] == []


def test_terminal_writes_the_plan_and_says_what_has_no_place(tmp_path):
    heads = "Intitulé,Levier,Collectivité porteuse,Plan de travail à un an,Territoire,Coût"
    (tmp_path / "a.csv").write_text(f"{heads}\nHaies,Gestion des haies,,Étude,Nord,5\n", encoding="utf-8")
    done = CliRunner().invoke(app, ["actions", str(tmp_path / "a.csv"), "--tet", str(tmp_path / "plan.xlsx")])
    assert done.exit_code == 0 and "• coût (1) : écrit sous « € HT »" in done.output
    assert ck.roadmap.read_actions(tmp_path / "plan.xlsx").lever.tolist() == ["haies"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda f: ck.roadmap.write_tet("actions.xlsx", f / "a.xlsx"), "Table de fiches action attendue"),
        (lambda f: ck.roadmap.write_tet(made({}), f / "a.csv"), "lit un classeur. Écrire un nom en .xlsx"),
    ],
)
def test_what_cannot_be_written_is_refused(says, tmp_path, call, message):
    with pytest.raises(ProjectError) as refused:
        call(tmp_path)
    says(refused.value, message)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('abandonnee: "Abandonné "', 'abandonnee: "Abandonné"', "statuses.abandonnee : « Abandonné » n'est pas dans"),
        ('list: "Niveau de priorité"', 'list: "Priorité"', "liste inconnue « Priorité »"),
    ],
)
def test_a_damaged_template_says_what_to_write(damaged, says, old, new, message):
    damaged.replace(f"parameters/{plan_template.FILE}", old, new)
    with pytest.raises(ParameterError) as refused:
        plan_template.template()
    says(refused.value, message)
    assert paths.home() == damaged.home
