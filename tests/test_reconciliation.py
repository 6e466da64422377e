"""Dossiers of several sources: surely or perhaps the same, with the reason; nothing merged, nothing lost."""

from functools import cache

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import copkit as ck
from copkit.commands.cli import app
from copkit.errors import ParameterError, ProjectError
from copkit.projects import fields, reconciliation

from .conftest import read_cases

BASE = read_cases("rapprochement")["base"]


def made(*projects):
    """Projects as the reading gives them, each of its own file unless it says another one."""
    rows = [BASE | {"source_file": f"{'abc'[n % 3]}.csv", "row": n + 2} | one for n, one in enumerate(projects)]
    kinds = {name: fields.PROJECTS.fields[name] for row in rows for name in row}
    table = pd.DataFrame([{name: row.get(name, one.empty) for name, one in kinds.items()} for row in rows])
    numbers = [name for name, one in kinds.items() if one.kind in ("money", "year")]
    return fields.complete(table.astype(dict.fromkeys(numbers, "float64")))


@cache
def paired(name):
    """What is found of the two dossiers of a case."""
    (case,) = (one for one in read_cases("rapprochement")["paires"] if one["nom"] == name)
    return ck.projects.same_dossiers(made(case.get("un", {}), case.get("un", {}) | case["autre"]))


@pytest.mark.cases("rapprochement", "paires")
def test_two_dossiers_are_the_same_surely_perhaps_or_not(case):
    found = paired(case["nom"])
    assert found.verdict.tolist() == ([case["verdict"]] if case["verdict"] else []), found.reason.tolist()
    assert case.get("dit", "").casefold() in " ".join(found.reason).casefold()


@pytest.mark.cases("rapprochement", "montants")
def test_an_amount_above_the_bound_is_flagged_and_kept(case):
    projects = made(case["projet"])
    found = ck.projects.large_amounts(projects)
    assert found.field.tolist() == case["signale"]
    assert all("50 000 000 €" in one.replace("\u202f", " ").replace("\xa0", " ") for one in found.reason)


def test_every_rule_is_tried_by_a_case_and_is_an_assumption():
    found = [paired(case["nom"]).rule for case in read_cases("rapprochement")["paires"]]
    assert {rule for rules in found for rule in rules} == {one.id for one in reconciliation.rules().rules}
    assert {one.status for one in reconciliation.rules().rules} == {"hypothese"}


titles = st.sampled_from(["", "Haies bocagères", "Haies bocagères 2", "Éclairage public", "Bocage : haies"])


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "project_id": st.sampled_from(["", "12", "1234567", "7654321"]),
                "title": titles,
                "holder_siren": st.sampled_from(["", "216200410", "200093201"]),
                "commune": st.sampled_from(["", "com-62041"]),
                "cost": st.sampled_from([None, 0, 1e5, 1.05e5]),
                "year": st.sampled_from([None, 2023, 2025]),
            }
        ),
        max_size=8,
    )
)
def test_pairs_do_not_depend_on_the_order_and_nothing_is_changed(projects):
    if not projects:
        return
    table = made(*projects)
    before = table.copy()

    def pairs(of):
        found = ck.projects.same_dossiers(of)
        sides = zip(found.row_a, found.row_b, strict=True)
        return {(frozenset(rows), verdict) for rows, verdict in zip(sides, found.verdict, strict=True)}

    found = pairs(table)
    assert found == pairs(table[::-1]) and table.equals(before)
    assert len({rows for rows, _ in found}) == len(found)  # each pair once
    files = dict(zip(table.row, table.source_file, strict=True))
    assert all(len({files[row] for row in rows}) == 2 for rows, _ in found)


def test_terminal_shows_the_pairs_and_the_amounts(tmp_path):
    heads = "Dossier,Intitulé,SIREN du porteur,Montant engagé [EUR]"
    (tmp_path / "vivier.csv").write_text(f"{heads}\n1234567,Haies,216200410,60000000\n", encoding="utf-8")
    heads = "nom_du_projet,numero_dossier_ds,demarche,raison_sociale_beneficiaire,siret_beneficiaire,montant_engage"
    row = "Haies,1234567,Renaturation des villes et des villages,VILLE,21620041000012,60000000"
    (tmp_path / "fonds.csv").write_text(f"{heads}\n{row}\n", encoding="utf-8")

    def run(*words):
        done = CliRunner().invoke(app, ["reconcile", str(tmp_path / "vivier.csv"), str(tmp_path / "fonds.csv"), *words])
        assert done.exit_code == 0, done.output
        return done.output

    assert "certain,numero_porteur" in run("--format", "csv")
    assert "1 paire certaine, rien n'est réuni" in " ".join(run().replace("’", "'").split())
    assert run("--view", "amounts", "--format", "csv").count("60000000") == 2
    assert "Montants à vérifier" in run("--view", "amounts")
    again = CliRunner().invoke(
        app, ["reconcile", str(tmp_path / "fonds.csv"), str(tmp_path / "ailleurs" / "fonds.csv")]
    )
    assert "Deux fichiers s'appellent « fonds.csv »" in str(again.exception)
    assert "Aucun dossier ne se retrouve" in CliRunner().invoke(app, ["reconcile", str(tmp_path / "fonds.csv")]).output


def test_what_is_not_projects_is_refused(says):
    for call in (ck.projects.same_dossiers, ck.projects.large_amounts):
        with pytest.raises(ProjectError) as refused:
            call("vivier.csv")
        says(refused.value, "Table de projets attendue")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("  - id: numero_intitule\n", "  - id: numero_porteur\n", "« numero_porteur » est écrit deux fois"),
        ("    title: 100\n", "    title: 101\n", "title"),
        ("    same: [number, holder]\n", "    same: [numero]\n", "same"),
    ],
)
def test_damaged_rules_say_where(damaged, says, old, new, message):
    damaged.replace("parameters/rapprochement.yml", old, new)
    with pytest.raises(ParameterError) as refused:
        reconciliation.rules()
    says(refused.value, "parameters/rapprochement.yml", message)
