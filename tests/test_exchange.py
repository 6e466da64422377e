"""Projects to the open schema of the State and back: nothing personal, nothing guessed, nothing lost without a word."""

import csv
import json
import re

import frictionless
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import copkit as ck
from copkit import paths
from copkit.errors import ProjectError
from copkit.models import nomenclatures
from copkit.projects import exchange, fields

from .conftest import FACTS

PERSONAL = [name for name in exchange.COLUMNS if name.startswith("porteurReferent")]


def project(**given):
    """One project, as the reading gives it."""
    return ck.projects.triage(
        fields.complete(pd.DataFrame([{"project_id": "1", "title": "Haies"} | given], dtype="object"))
    )


def written(projects, folder, **options):
    left = exchange.write_schema(projects, folder / "projets.csv", date="2026-11-27", **options)
    with (
        open(folder / "projets.csv", encoding="utf-8", newline="") as one,
        open(folder / "projets_cop.csv", encoding="utf-8", newline="") as other,
    ):
        return list(csv.DictReader(one)), list(csv.DictReader(other)), left


@pytest.mark.cases("echange", "leviers")
def test_levers_are_said_in_the_terms_of_the_schema_or_listed(case, tmp_path):
    rows, _, left = written(project(lever=case["lever"]), tmp_path)
    assert json.loads(rows[0]["leviers"] or "[]") == case["schema"]
    assert [why in said for why, said in zip(case.get("sans", []), left.reason, strict=True)] == [True] * len(left)


@pytest.mark.cases("echange", "phases")
def test_maturities_are_said_in_the_phases_of_the_schema(case, tmp_path):
    rows, _, _ = written(project(maturity=case["nom"]), tmp_path)
    assert [rows[0]["phase"], rows[0]["phaseStatut"]] == case["phase"]


def test_every_maturity_and_category_has_its_code():
    assert list(exchange.PHASES) == list(fields.MATURITIES) and list(exchange.STATUSES) == list(fields.CATEGORIES)
    assert set(exchange.STATUSES.values()) == {"a_remonter", "a_travailler", "hors_cop_mais_crte", "non_remonte"}


def test_dates_description_and_untitled_projects(tmp_path):
    mail = {"description": "Plan de haies", "submitted": "2024-05-02", "updated": "2024-06-01", "cost": 1000.4}
    rows, categories, left = written(project(**mail), tmp_path)
    assert rows[0]["createdAt"] == "2024-05-02T00:00:00Z" and rows[0]["updatedAt"] == "2024-06-01T00:00:00Z"
    assert rows[0]["description"] == "" and rows[0]["budgetPrevisionnel"] == "1000" and len(left) == 0
    assert categories[0] == {"id": rows[0]["id"], "cop_millesime": "2024", "cop_statut_vivier": "non_remonte"}
    assert written(project(**mail), tmp_path, public=False)[0][0]["description"] == "Plan de haies"
    assert written(project(), tmp_path)[0][0]["createdAt"] == "2026-11-27T00:00:00Z"
    assert written(project(invented="oui"), tmp_path)[0][0]["nom"] == "Haies (exemple inventé)"
    rows, categories, left = written(project(title=""), tmp_path)
    assert rows == categories == [] and "sans intitulé" in left.reason[0]


def test_a_project_keeps_its_identifier_and_the_same_dossier_has_the_same_one(tmp_path):
    own = "01890e30-5a80-7c22-9842-8263d0d0d890"
    assert written(project(project_id=own), tmp_path)[0][0]["id"] == own
    one, again, other = (written(project(project_id=n), tmp_path)[0][0]["id"] for n in ("1", "1", "2"))
    assert one == again != other and re.fullmatch(r"[0-9a-f-]{36}", one)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda f: exchange.write_schema("vivier.csv", f / "a.csv"), "Table de projets attendue"),
        (lambda f: exchange.write_schema(project(), f / "a.csv", date="27/11/2026"), "Date illisible"),
    ],
)
def test_what_cannot_be_written_is_refused(says, tmp_path, call, message):
    with pytest.raises(ProjectError) as refused:
        call(tmp_path)
    says(refused.value, message)
    assert list(tmp_path.iterdir()) == []


schema = pytest.mark.skipif(
    not FACTS.is_dir(), reason="dossier shared/facts absent : le schéma de l'État n'est pas livré"
)


@schema
def test_what_is_written_is_valid_for_the_schema_and_reads_back(tmp_path):
    example = ck.projects.triage(ck.projects.read(paths.home() / "data/examples/vivier_hauts_de_france.csv")[:200])
    rows, categories, _ = written(example, tmp_path)
    descriptor = json.loads((FACTS / "territorial/schema_projet_table_schema.json").read_text(encoding="utf-8"))
    assert [one["name"] for one in descriptor["fields"]] == exchange.COLUMNS
    said = frictionless.Resource(
        path="projets.csv", basepath=str(tmp_path), schema=frictionless.Schema.from_descriptor(descriptor)
    ).validate()
    assert said.valid, said.flatten(["rowNumber", "fieldName", "message"])
    back = ck.projects.read(tmp_path / "projets.csv").set_index("project_id")
    counted = fields.counted(example)
    assert len(back) == len(counted) == len(rows) == len(categories)
    for kept in ("title", "start", "programme", "submitted"):
        assert list(back[kept]) == list(counted[kept]), kept
    assert list(back.cost.fillna(-1)) == list(counted.cost.round().fillna(-1))
    assert {name: row[name] for row in rows for name in PERSONAL} == dict.fromkeys(PERSONAL, "")


@schema
def test_the_example_of_the_schema_is_read_and_its_persons_appear_nowhere(tmp_path):
    read = ck.projects.read(FACTS / "territorial/schema_projet_exemple.csv")
    assert len(read) == 5 and len(read.attrs["reading"].problems) == 0 and read.cost.sum() == 1_795_000
    assert read.levers[1] == "report_modal|reduction_deplacements" and read.maturity[1] == "engage"
    assert read.holder_siren[0] == "216901234"
    written(ck.projects.triage(read), tmp_path, public=False)
    with open(FACTS / "territorial/schema_projet_exemple.csv", encoding="utf-8") as file:
        persons = {row[name] for row in csv.DictReader(file) for name in PERSONAL}
    everywhere = read.to_csv() + "".join(one.read_text(encoding="utf-8") for one in tmp_path.iterdir())
    assert persons and not [one for one in persons if one in everywhere]


@given(
    levers=st.lists(
        st.sampled_from(list(nomenclatures.crosswalk("schema_projet").label)), min_size=1, max_size=4, unique=True
    )
)
def test_terms_of_the_schema_read_from_a_list_are_all_known(levers):
    from copkit.intake import labels

    found = labels.lever(json.dumps(levers, ensure_ascii=False))
    assert found.unknown == () and found.ids
