"""The criteria of inclusion: each side of each condition, and what is unknown is never a no."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from copkit import french
from copkit.projects import fields
from copkit.projects.sorting import criteria, rules
from copkit.projects.sorting.criteria import CRITERIA
from copkit.projects.sorting.sort import triage

WORDS = {"vide": "", "oui": "oui", "non": "non"}


def judged(dossier):
    table = fields.complete(pd.DataFrame([{"project_id": "1", **dossier}]))
    return {name: column.iloc[0] for name, column in criteria.judge(table, rules.rules().criteria).items()}


def check(case, key):
    found = judged(case["dossier"])
    assert found[key] == WORDS[case["verdict"]]
    if "raison" in case:
        assert found[f"{key}_reason"] == french.typeset(case["raison"])


@pytest.mark.cases("criteres", "coherence")
def test_coherence(case):
    check(case, "criterion_coherence")


@pytest.mark.cases("criteres", "potentiel")
def test_potential(case):
    check(case, "criterion_potential")


@pytest.mark.cases("criteres", "avancement")
def test_progress(case):
    check(case, "criterion_progress")


FAILING = {"criterion_coherence": {"contrary": "oui"}, "criterion_potential": {"impact": "non", "replicable": "non"}}
FAILING["criterion_progress"] = {"owner_known": "non"}
HOLDING = {
    "criterion_coherence": {"theme": "Eau", "contrary": "non", "dimension": "innove", "maturity": "pret"},
    "criterion_potential": {"impact": "oui"},
    "criterion_progress": {"owner_known": "oui", "partners": "CCI", "next_steps": "x", "next_steps_months": 3.0},
}


@pytest.mark.cases("criteres", "inclusion")
def test_inclusion_is_the_three_together(case):
    dossier = {}
    for key, verdict in zip(CRITERIA, case["verdicts"], strict=True):
        dossier |= {"oui": HOLDING, "non": FAILING}.get(verdict, {}).get(key, {})
    found = judged(dossier)
    assert [found[key] for key in CRITERIA] == [WORDS[verdict] for verdict in case["verdicts"]]
    assert found["included"] == WORDS[case["verdict"]]
    assert found["included_reason"] == french.typeset(case["raison"])


answers = st.sampled_from(["oui", "non", "", "bof"])
texts = st.sampled_from(["", "aucun", "quelque chose", " "])


@given(contrary=answers, impact=answers, replicable=answers, owner_known=answers, theme=texts, partners=texts)
def test_answering_a_blank_never_turns_a_verdict_around(**dossier):
    before = judged(dossier)
    for name, value in {"theme": "Eau", "partners": "CCI", "contrary": "non", "impact": "oui"}.items():
        if dossier[name].strip():
            continue
        after = judged({**dossier, name: value})
        for key in CRITERIA:
            assert before[key] == "" or after[key] == before[key]


def test_verdicts_are_columns_of_the_triage_with_public_labels():
    sorted_ = triage(fields.complete(pd.DataFrame([{"project_id": "1", **HOLDING["criterion_potential"]}])), year=2024)
    assert sorted_.criterion_potential[0] == "oui" and sorted_.included[0] == ""
    assert set(criteria.COLUMNS) <= set(sorted_)
    assert criteria.COLUMNS["criterion_progress_reason"].label == "Avancement : raison"
