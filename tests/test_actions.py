"""Action sheets: what is retained and what is listed apart, what a quantity makes, what overlaps; nothing is lost."""

import re

import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import copkit as ck
from copkit import paths
from copkit.commands.cli import app
from copkit.errors import ProjectError
from copkit.intake.fields import DTYPES
from copkit.presentation.roadmap import actions as tables
from copkit.projects.fields import FIELDS as PROJECT
from copkit.projects.fields import PROJECTS
from copkit.roadmap import assessment
from copkit.roadmap.actions import ACTIONS, FIELDS, SHEET, WIDTHS, named, of_returns

from .conftest import read_cases

BASE = read_cases("actions")["base"]


def made(*actions):
    """Actions as the reading gives them; « vide » is one with all fields empty."""
    blank = {name: one.empty for name, one in FIELDS.items()}
    rows = [blank if one == "vide" else blank | one for one in actions]
    return named(
        ACTIONS.complete(
            pd.DataFrame(rows, columns=list(FIELDS)).astype({n: DTYPES[f.kind] for n, f in FIELDS.items()})
        )
    )


def assessed(*actions, territory="reg-32"):
    return ck.roadmap.assess(made(*actions), territory)


def changed(action):
    return action if action == "vide" else BASE | action


@pytest.mark.cases("actions", "criteres")
def test_an_action_is_retained_or_listed_apart_with_the_reason(case, says):
    found = assessed(changed(case["action"])).iloc[0]
    assert found.standing == case["place"]
    says(found.why, case.get("pourquoi", "."))


@pytest.mark.cases("actions", "fiches")
def test_fourteen_fields_make_a_sheet(case):
    found = assessed(case["action"]).iloc[0]
    assert round(found.completeness * len(SHEET)) == case["remplis"] and len(SHEET) == 14
    assert found.blank.replace(" et ", ", ").count(", ") + 1 == 14 - case["remplis"]


@pytest.mark.cases("actions", "effets")
def test_a_quantity_makes_ktco2e_or_says_why_not(case):
    found = assessed(changed(case["action"])).iloc[0]
    assert case["comment"] in found.effect
    if "kt" not in case:
        assert pd.isna(found.kt) and pd.isna(found.target_share)
    else:
        assert found.kt == pytest.approx(case["kt"], abs=1e-5)
        assert found.target_share == pytest.approx(case["part"], abs=1e-5)


def test_what_is_left_takes_off_what_is_observed():
    electric = {
        "lever": "vehicules_electriques",
        "levers": "vehicules_electriques",
        "quantity": 100,
        "quantity_unit": "milliers de véhicules",
    }
    found = assessed(BASE | electric).iloc[0]
    reached = ck.dynamics("reg-32").set_index("lever").reached_kt["vehicules_electriques"]
    target = float(ck.panorama("reg-32").target.sel(lever="vehicules_electriques"))
    assert found.left_share == pytest.approx(found.kt / (target - reached)) and found.left_share > found.target_share


@pytest.mark.cases("actions", "recouvrements")
def test_two_actions_on_one_quantity_say_that_they_overlap(case):
    one = {"quantity": 10, "quantity_unit": "km"}
    found = ck.roadmap.overlaps(assessed(BASE | one | case["un"], BASE | one | {"quantity": 4} | case["autre"]))
    assert len(found) == int(case["oui"])
    if case["oui"]:
        assert found.kt[0] == pytest.approx(4 / 33.3, rel=1e-3) and list(found.iloc[0, :2]) == ["A1", "A2"]


def test_coverage_counts_retained_actions_and_keeps_the_levers_of_none():
    quantity = {"quantity": 1, "quantity_unit": "milliers de km"}
    found = assessed(
        BASE | quantity, BASE | quantity | {"partners": ""}, BASE | {"lever": "biogaz", "levers": "biogaz"}
    )
    covered = ck.roadmap.by_lever(found, "reg-32").set_index("lever")
    assert covered.projects[["haies", "biogaz", "prairies", "total"]].to_list() == [1, 1, 0, 2]
    assert covered.kt_identified["haies"] == pytest.approx(30.03003) and pd.isna(covered.kt_identified["biogaz"])
    assert ck.roadmap.by_lever(found, "reg-32", retained=False).set_index("lever").projects["haies"] == 2


@given(
    st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "title": st.sampled_from(["", "Haies"]),
                "lever": st.sampled_from(["", "haies", "non_reconnu", "biogaz|haies"]),
                "quantity": st.floats(0, 1e6),
                "quantity_unit": st.sampled_from(["", "km", "ha", "litres"]),
                "contrary": st.sampled_from(["", "oui", "non"]),
                "theme": st.sampled_from(["", "Haies", "aucun"]),
                "territory": st.sampled_from(["", "dep-59", "epci-200069672"]),
            },
        ),
        max_size=6,
    )
)
def test_no_action_is_lost_and_each_number_has_its_reason(actions):
    found = assessed(*actions)
    assert len(found) == len(actions) and found.action_id.is_unique
    assert found.standing.isin(assessment.STANDINGS).all() and (found.why != "").all() and (found.effect != "").all()
    assert found.completeness.between(0, 1).all() and (found.kt.dropna() >= 0).all()
    assert (found.standing == "contraire").tolist() == (found.contrary == "oui").tolist()
    assert len(tables.listed(found).written()) == len(actions)


def test_an_action_sent_twice_counts_once_and_a_number_is_given_once(tmp_path):
    heads = "Action,Intitulé,Levier,Collectivité porteuse,Plan de travail à un an,Territoire,quantity,quantity_unit"
    row = "Haies du Nord,Gestion des haies,Département,Étude,Nord,500,km"
    other = ",Prairies du Nord,Gestion des prairies,Département,Étude,Nord,5,km"
    (tmp_path / "a.csv").write_text("\n".join([heads, f"A1,{row}", f",{row}", other]), encoding="utf-8")
    read = ck.roadmap.read_actions(tmp_path / "a.csv")
    assert read.action_id.is_unique and "A1" in set(read.action_id)
    found = ck.roadmap.assess(read, "reg-32")
    assert sorted(found.standing) == ["a_part", "a_part", "doublon"] and "une seule est comptée" in " ".join(found.why)
    covered = ck.roadmap.by_lever(found, "reg-32", retained=False).set_index("lever")
    assert covered.projects["haies"] == 1 and covered.kt_identified["haies"] == pytest.approx(15.015, rel=1e-3)
    assert len(ck.roadmap.overlaps(found)) == 0


def test_fields_that_a_project_has_too_are_the_same_ones():
    shared = [name for name in FIELDS if name in PROJECT and name not in ("holder", "next_steps", "obstacles")]
    assert len(shared) > 25
    for name in shared:
        assert (FIELDS[name].kind, FIELDS[name].label) == (PROJECT[name].kind, PROJECT[name].label), name
    assert {name for names in SHEET.values() for name in names} <= set(FIELDS) and set(WIDTHS) <= set(ACTIONS.given)


def test_template_comes_back_filled_and_reads_both_ways(tmp_path):
    path = tmp_path / "actions.xlsx"
    ck.roadmap.write_template(path, "reg-32")
    book = openpyxl.load_workbook(path)
    sheet = book["Actions"]
    header = next(
        row for row in range(1, 20) if sheet.cell(row, 2).value and "Territoire" in str(sheet.cell(row, 2).value)
    )
    places = {str(sheet.cell(header, n).value).removesuffix(" (à remplir)"): n for n in range(1, sheet.max_column + 1)}
    said = {
        "Territoire": "Nord", "Levier": "Gestion des haies", "Intitulé": "Planter des haies", "Coût [EUR]": 120000,
        "Quantité physique": 12.5, "Unité de la quantité": "km", "Maturité": "idée", "Réplicable": "oui",
        "Dossiers du vivier": "12 ; 14", "Financement accordé": "non",
    }  # fmt: skip
    for label, value in said.items():
        sheet.cell(header + 1, places[label], value)
    book.save(path)
    merged = ck.roadmap.read_returns(path, territory="reg-32")
    assert merged.messages() == []
    for found in (of_returns(merged).iloc[0], ck.roadmap.read_actions(path).iloc[0]):
        assert (found.territory, found.departement, found.lever, found.title) == (
            "dep-59",
            "dep-59",
            "haies",
            "Planter des haies",
        )
        assert (found.cost, found.quantity, found.quantity_unit) == (120000, 12.5, "km")
        assert (found.maturity, found.replicable, found.funding_granted, found.dossiers) == (
            "idee",
            "oui",
            "non",
            "12 ; 14",
        )
    units = [cell.value for row in book["Référence"].iter_rows() for cell in row if cell.value]
    assert "milliers de km" in units and "Gestion des haies" in units


def test_terminal_writes_the_template_and_shows_each_view(tmp_path):

    def run(*words):
        return CliRunner().invoke(app, [*map(str, words)])

    assert run("template", "actions", "--territory", "dep-59", "--out", tmp_path / "a.xlsx").exit_code == 0
    file = tmp_path / "actions.csv"
    heads = "Intitulé,Levier,Collectivité porteuse,Plan de travail à un an,Territoire,Quantité physique,quantity_unit"
    rows = ("Haies du Nord,Gestion des haies,Département,Étude,Nord,500,km", "Haies,Haies,Région,Étude,reg-32,1000,km")
    file.write_text("\n".join([heads, *rows]), encoding="utf-8")
    views = ("actions", "levers", "overlaps")
    shown = [run("actions", file, "--territory", "reg-32", "--view", view, "--format", "csv").stdout for view in views]
    assert all(word in text for word, text in zip(("a_part", "production_industrielle", "A1,A2"), shown, strict=True))
    other = tmp_path / "themes.csv"
    head = "Thème,Groupe de travail,Retenu,Intitulé,Leviers"
    other.write_text(f"{head}\nT1,Agriculture et alimentation,oui,Haies,Gestion des haies", encoding="utf-8")
    rows = ("Thème prioritaire,Intitulé,Levier,Territoire", "Eau,Haies,Gestion des haies,Nord")
    file.write_text("\n".join(rows), encoding="utf-8")
    told = run("actions", file, "--territory", "reg-32", "--themes", other, "--mapping", "copkit", "--format", "csv")
    assert "Le thème « Eau » n'est pas retenu." in told.stdout
    assert "listée à part" in run("actions", file, "--territory", "reg-32", "--mapping", "copkit").stdout
    assert "l'un ou l'autre" in str(run("actions").exception)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ck.roadmap.assess("actions.xlsx", "reg-32"), "Table de fiches action attendue"),
        (lambda: ck.roadmap.overlaps(made(BASE)), "Ces actions ne sont pas évaluées"),
        (lambda: ck.roadmap.by_lever(made(BASE), "reg-32"), "ck.roadmap.assess"),
        (lambda: of_returns(made(BASE)), "Classeurs relus attendus"),
    ],
)
def test_what_is_not_actions_is_refused(says, call, message):
    with pytest.raises(ProjectError) as refused:
        call()
    says(refused.value, message)


def test_actions_begin_from_the_dossiers_that_meet_the_criteria_and_come_back(tmp_path):
    listed = ck.projects.triage(ck.projects.read(paths.home() / "data" / "examples" / "vivier_hauts_de_france.csv"))
    begun = ck.roadmap.from_projects(listed)
    assert set(begun.dossiers) == set(listed.project_id[listed.included == "oui"]) and len(begun) == 128
    assert begun.description.eq("").all() and begun.partners.eq("").all()  # what a dossier says in its own words
    begun = begun.head(40)  # all that is written is as much
    ck.roadmap.write_template(tmp_path / "fiches.xlsx", "reg-32", begun)
    whole = begun[begun.lever != ""]  # one that names several levers waits for a choice
    merged = ck.roadmap.read_returns(tmp_path / "fiches.xlsx", territory="reg-32")
    assert 0 < len(merged.messages()) == len(begun) - len(whole)
    for name in ("title", "territory", "lever", "holder", "cost", "dossiers", "maturity"):
        assert merged.table[name].tolist() == pytest.approx(whole[name].tolist(), nan_ok=True), name
    one = ck.roadmap.from_projects(listed, [listed.project_id[0]])
    assert one.title.tolist() == [listed.title[0]]


@pytest.mark.parametrize(
    ("sort", "dossiers", "said"),
    [
        (False, (), "Ces projets ne sont pas triés"),
        (True, ("0", "00"), "2 dossiers absents du vivier : 0 et 00. Corriger ces numéros."),
    ],
)
def test_dossiers_that_are_not_there_or_not_sorted_are_refused(sort, dossiers, said):
    listed = PROJECTS.complete(pd.DataFrame({"project_id": ["1"], "title": ["Haies"]}))
    with pytest.raises(ProjectError, match=re.escape(said)):
        ck.roadmap.from_projects(ck.projects.triage(listed) if sort else listed, dossiers)
