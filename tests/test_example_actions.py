"""The invented themes and actions are those that their generator writes, and hold the cases that they are there for."""

import runpy
from pathlib import Path

import pytest

import copkit as ck
from copkit import paths
from copkit.roadmap.assessment import APART, CONTRARY, RETAINED

FOLDER = Path(paths.home()) / "data" / "examples"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return runpy.run_path(str(FOLDER / "make_actions.py"))


@pytest.mark.parametrize("name", ["THEMES", "ACTIONS"])
def test_the_files_are_those_that_the_generator_writes(made, name, tmp_path):
    rows = made["written_themes" if name == "THEMES" else "written_actions"]()
    made["write"](rows, tmp_path / "again.csv")
    assert (tmp_path / "again.csv").read_bytes() == made[name].read_bytes()


def test_the_example_holds_each_case_of_the_rules(made):
    read = ck.roadmap.read_actions(made["ACTIONS"])
    assert read.attrs["reading"].problems.empty and (read.invented == "oui").all() and len(read) == 40
    found = ck.roadmap.assess(read, "reg-32").set_index("action_id")
    assert found.standing.value_counts().to_dict() == {RETAINED: 34, APART: 5, CONTRARY: 1}
    assert found.standing["A36"] == CONTRARY and "thermique" in found.why["A36"]
    for number, why in {
        "A17": "pas de prochaine étape d’ici 12 mois",
        "A35": "un autre acteur mobilisé",
        "A37": "non réplicable",
        "A38": "sans dimension nouvelle",
        "A40": "à préciser",
    }.items():
        assert found.standing[number] == APART and why in found.why[number], found.why[number]
