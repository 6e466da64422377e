"""Triage: each side of each threshold, sentences, one category for anything, decisions, opinions, damaged rules."""

import copy

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import copkit as ck
from copkit import doctor, french
from copkit.errors import ParameterError, ProjectError
from copkit.projects import fields
from copkit.projects.fields import CATEGORIES, DIMENSIONS, MATURITIES
from copkit.projects.sorting import decisions, facts, opinions, reasons, rules
from copkit.projects.sorting.sort import COLUMNS, category_labels, triage


def dossiers(*rows):
    table = pd.DataFrame([{"project_id": str(n), **row} for n, row in enumerate(rows, start=1)])
    numbers = [name for name in table if table[name].dtype.kind == "f"]
    return fields.complete(table.fillna({name: "" for name in table if name not in numbers}))


def sorted_one(dossier, year=2024):
    return triage(dossiers(dossier), year=year).iloc[0]


@pytest.fixture
def three():
    return dossiers({"contributes": "oui", "dimension": "innove", "maturity": "pret"}, {}, {"other_issue": "oui"})


# ------------------------------------------------------------------ rules


@pytest.mark.cases("triage", "seuils")
def test_each_side_of_each_threshold(case, says):
    found = sorted_one(case["dossier"], case.get("annee", 2024))
    assert (found.category, found.rule) == (case["categorie"], case["regle"])
    for piece in case.get("raison", []):
        says(found.reason, french.typeset(piece))
    if "manque" in case:
        assert bool(found.missing) == bool(case["manque"])
        for piece in case["manque"]:
            says(found.missing, french.typeset(piece))


@pytest.mark.cases("triage", "explications")
def test_whole_sentence(case):
    found = sorted_one(case["dossier"])
    assert found.reason == french.typeset(case["raison"])
    assert found.missing == french.typeset(case["manque"])


def test_ten_explanations_are_from_ten_rules_or_more_than_half_of_them(cases):
    found = triage(dossiers(*(case["dossier"] for case in cases("triage")["explications"])), year=2024)
    assert found.rule.nunique() >= 9


def test_every_rule_has_a_case(cases):
    assert {case["regle"] for case in cases("triage")["seuils"]} == {rule.id for rule in rules.rules().rules}


ANYTHING = st.one_of(st.sampled_from(["", "oui", "non"]), st.text(max_size=8), st.none())
NAMES = ("contributes", "lever", "contrary", "dimension", "maturity", "start", "other_issue", "theme", "partners")
SENSIBLE = st.fixed_dictionaries(
    {
        "contributes": st.sampled_from(["oui", "non", ""]),
        "lever": st.sampled_from(["haies", "velo", "autres", "non_reconnu", ""]),
        "contrary": st.sampled_from(["oui", "non", ""]),
        "dimension": st.sampled_from([*DIMENSIONS, ""]),
        "maturity": st.sampled_from([*MATURITIES, ""]),
        "start": st.sampled_from(["2023-12-31", "2025-06-01", "2026-01-01", ""]),
        "other_issue": st.sampled_from(["oui", "non", ""]),
    }
)


@given(st.lists(st.fixed_dictionaries(dict.fromkeys(NAMES, ANYTHING)), min_size=1, max_size=4))
def test_anything_has_exactly_one_category_a_rule_and_a_reason(rows):
    found = triage(dossiers(*rows), year=2024)
    assert len(found) == len(rows)
    assert found.category.isin(CATEGORIES).all() and found.rule.isin([rule.id for rule in rules.rules().rules]).all()
    assert (found.reason.str.len() > 20).all() and not found.reason.str.contains("[{}]").any()
    assert sum(found.attrs["triage"]["counts"].values()) == len(rows)


@given(SENSIBLE)
def test_what_is_missing_can_change_the_category_and_nothing_is_asked_when_nothing_can(dossier):
    rows = [dossier, *({**dossier, name: value} for name, value in _fillings(dossier))]
    found, *filled = triage(dossiers(*rows), year=2024).itertuples()
    if any(one.category != found.category for one in filled):
        assert found.missing
    if found.rule == "deja_realise":
        assert found.missing == ""


def _fillings(dossier):
    values = {"contributes": ["oui", "non"], "dimension": ["innove", "aucune"], "maturity": ["pret", "idee"]}
    values["other_issue"] = ["oui", "non"]
    return [(name, value) for name in values if not dossier[name] for value in values[name]]


@given(SENSIBLE)
def test_a_riper_project_is_never_pushed_further_away(dossier):
    found = triage(dossiers(*({**dossier, "maturity": one} for one in list(MATURITIES)[:-1])), year=2024)
    ranks = [CATEGORIES.index(one) for one in found.category]
    assert ranks == sorted(ranks, reverse=True)


def test_rows_are_independent_and_keep_their_order_and_index():
    rows = [{"contributes": "oui", "dimension": "innove", "maturity": m} for m in ["pret", "idee", "pret", ""]]
    table = dossiers(*rows)
    table.index = [7, 3, 3, 1]
    found = triage(table, year=2024)
    assert found.index.to_list() == [7, 3, 3, 1]
    assert found.category.to_list() == ["remonter", "travailler", "remonter", "travailler"]
    assert list(found)[: len(table.columns)] == list(table) and list(found)[-len(COLUMNS) :] == list(COLUMNS)


def test_input_is_left_as_it_was_and_a_sorted_table_can_be_sorted_again(three):
    before = three.copy(deep=True)
    once = triage(three, year=2024)
    pd.testing.assert_frame_equal(three, before)
    pd.testing.assert_frame_equal(triage(once, year=2024), once)


def test_empty_table_gives_an_empty_table():
    found = triage(dossiers().iloc[:0], year=2024)
    assert len(found) == 0 and set(COLUMNS) <= set(found)
    assert found.attrs["triage"]["counts"] == dict.fromkeys(CATEGORIES, 0)


def test_public_name_sorts(three):
    assert ck.projects.triage(three, year=2024).category.to_list() == ["remonter", "non_remonte", "crte"]


# ------------------------------------------------------------------ year, labels, attributes


def test_year_comes_from_the_call_then_the_dossiers_then_the_file(three):
    assert triage(three).attrs["triage"]["year"] == 2024
    assert triage(three.assign(year=[2025.0, np.nan, 2023.0])).attrs["triage"]["year"] == 2025
    assert triage(three.assign(year=2025.0), year=2030).attrs["triage"]["year"] == 2030


@pytest.mark.parametrize("year", [24, "2024", 2024.0, True])
def test_impossible_year_is_refused(three, says, year):
    with pytest.raises(ProjectError) as refused:
        triage(three, year=year)
    says(refused.value, f"Année de la COP : « {year} » n'est pas une année de 1990 à 2100.")


def test_labels_follow_the_year():
    assert category_labels(2030) == {
        "remonter": "À remonter dans la COP 2030",
        "travailler": "À travailler pour la COP 2031",
        "crte": "Hors COP, à examiner pour le CRTE",
        "non_remonte": "Non remonté",
    }
    assert "2025" in rules.rules().definitions(2024)["remonter"]


def test_attributes_say_the_rules_and_count_each_dossier_once(three):
    three["duplicate_of"] = ["", "", "1"]
    three.attrs["reading"] = reading = object()
    found = triage(three, year=2024)
    assert found.attrs["reading"] is reading
    said = found.attrs["triage"]
    assert said["counts"] == {"remonter": 1, "travailler": 0, "crte": 0, "non_remonte": 1}
    assert said["version"] == rules.rules().version and said["rules"] == rules.fingerprint()
    assert len(found) == 3 and found.category[2] == "crte"


def test_contradiction_gives_the_reason_that_was_written():
    table = dossiers({"contrary": "oui", "contrary_reason": "Artificialise 12 ha"}, {"contrary": "oui"}, {})
    assert triage(table, year=2024).contradiction.to_list() == [
        french.typeset("Contraire aux cibles des leviers : Artificialise 12 ha"),
        "Contraire aux cibles des leviers, sans raison donnée.",
        "",
    ]


def test_category_that_was_received_is_compared_with_that_of_the_rule(three, says):
    three["category_given"] = ["crte", "non_remonte", ""]
    found = triage(three, year=2024)
    says(
        found.given_difference[0], french.typeset("Le dossier reçu dit « Hors COP, à examiner pour le CRTE », la règle")
    )
    assert found.given_difference.to_list()[1:] == ["", ""] and found.category_kept[0] == "remonter"


# ------------------------------------------------------------------ opinions


@pytest.mark.cases("triage", "avis")
def test_disagreement(case):
    row = {f"opinion_{body}": opinion for body, opinion in case["avis"].items()}
    assert sorted_one(row).disagreement == french.typeset(case["phrase"])


def test_opinions_stand_side_by_side():
    table = dossiers(
        {"opinion_agences": "favorable", "funding_agences": "Fonds chaleur", "opinion_dreal_draaf": "reserve"},
        {"engineering_prefecture_ddt": "ANCT"},
        {},
        {"opinion_agences": "favorable", "duplicate_of": "1"},
    )
    found = opinions.side_by_side(table)
    assert found[["project_id", "body", "opinion", "funding", "engineering"]].to_numpy().tolist() == [
        ["1", "dreal_draaf", "reserve", "", ""],
        ["1", "agences", "favorable", "Fonds chaleur", ""],
        ["2", "prefecture_ddt", "", "", "ANCT"],
    ]
    assert set(opinions.side_by_side(table, only_disagreements=True).project_id) == {"1"}


# ------------------------------------------------------------------ decisions


HEADER = "dossier,catégorie,auteur,date,raison\n"


def test_decision_stands_beside_the_answer_of_the_rule(three, tmp_path):
    file = tmp_path / "decisions.csv"
    file.write_text(HEADER + "2,À travailler pour la COP 2025,DDT 59,3/12/2024,Étude commandée\n", encoding="utf-8")
    for given_ in (file, pd.read_csv(file, dtype=str), str(file)):
        found = triage(three, year=2024, decisions=given_)
        assert found.category.to_list() == ["remonter", "non_remonte", "crte"]
        assert found.category_kept.to_list() == ["remonter", "travailler", "crte"]
        row = found.iloc[1]
        assert (row.decision, row.decision_author) == ("travailler", "DDT 59")
        assert (row.decision_date, row.decision_reason) == ("2024-12-03", "Étude commandée")
        assert found.decision.to_list() == ["", "travailler", ""]
        assert found.attrs["triage"]["decisions"] == 1 and found.attrs["triage"]["counts"]["travailler"] == 1


def test_decision_may_be_a_table_with_dates_and_english_names(three):
    row = {"project_id": "1", "category": "crte", "author": "DREAL", "date": pd.Timestamp("2024-12-03"), "reason": "x"}
    assert triage(three, decisions=pd.DataFrame([row])).decision_date[0] == "2024-12-03"


@pytest.mark.cases("triage", "decisions_refusees")
def test_decision_is_refused(three, tmp_path, says, case):
    file = tmp_path / "decisions.csv"
    file.write_text(HEADER + case["ligne"] + "\n", encoding="utf-8")
    with pytest.raises(ProjectError) as refused:
        triage(three, year=2024, decisions=file)
    says(french.typeset(str(refused.value)), "decisions.csv", *map(french.typeset, case["dit"]))


def test_all_problems_come_at_once_with_their_rows(three, says):
    table = pd.DataFrame(
        [["1", "crte", "DDT", "2024-01-01", "x"], ["1", "crte", "DDT", "2024-01-02", "y"], ["9"] + [""] * 4]
    )
    table.columns = list(decisions.HEADERS)
    with pytest.raises(ProjectError) as refused:
        triage(three, decisions=table)
    says(
        refused.value,
        "décisions : 6 problèmes",
        "ligne 2 : dossier « 1 » déjà décidé ligne 1. Ne garder qu'une décision.",
    )
    says(refused.value, "ligne 3 : dossier inconnu « 9 ».", "ligne 3 : raison absente.")


def test_missing_columns_are_named(three, says):
    with pytest.raises(ProjectError) as refused:
        triage(three, decisions=pd.DataFrame({"dossier": ["1"], "auteur": ["x"], "date": [""]}))
    says(refused.value, "décisions : colonnes absentes : « catégorie » et « raison ». Colonnes attendues : dossier,")
    with pytest.raises(ProjectError) as refused:
        triage(three, decisions=pd.DataFrame(columns=["dossier", "catégorie", "auteur", "date"]))
    says(refused.value, "décisions : colonne absente : « raison ».")


def test_unreadable_file_of_decisions_is_refused(three, tmp_path, says):
    with pytest.raises(ProjectError) as refused:
        triage(three, decisions=tmp_path / "absent.csv")
    says(refused.value, "absent.csv : fichier illisible")


def test_decisions_are_read_whatever_the_encoding_and_the_separator(three, tmp_path):
    text = (HEADER + '2,crte,DDT 59,3/12/2024,"Étude, à revoir"\n').replace(",", ";").replace("e; à", "e, à")
    (tmp_path / "latin.csv").write_bytes(text.encode("latin-1"))
    assert triage(three, decisions=tmp_path / "latin.csv").decision_reason[1] == "Étude, à revoir"


TWO = {"project_id": ["1", "1", "2"], "title": ["Haies", "Vélo", "Biogaz"], "holder": ["Arras", "Laon", "Lille"]}


def test_two_dossiers_that_share_a_number_are_decided_apart(tmp_path, says):
    two = fields.complete(pd.DataFrame({**TWO, "source_file": ["nord.csv", "sud.csv", "sud.csv"]}))
    file = tmp_path / "decisions.csv"
    file.write_text(HEADER + "1 (Vélo),crte,DDT 59,2024-12-01,urgent\n2,crte,DDT 59,2024-12-01,mûr\n", encoding="utf-8")
    found = triage(two, year=2024, decisions=file)
    assert found.decision.to_list() == ["", "crte", "crte"] and found.project_id.to_list() == ["1", "1", "2"]
    assert triage(found, year=2024).decision_reason.to_list() == ["", "urgent", "mûr"]
    file.write_text(HEADER + "1,crte,DDT 59,2024-12-01,urgent\n", encoding="utf-8")
    with pytest.raises(ProjectError) as refused:
        triage(two, year=2024, decisions=file)
    says(refused.value, "ligne 2 : numéro de plusieurs dossiers « 1 ». Écrire « 1 (Haies) » ou « 1 (Vélo) ».")


@pytest.mark.parametrize("same", [["title"], ["title", "holder"], ["title", "holder", "commune"]])
def test_a_shared_number_is_told_apart_by_what_differs(same):
    table = fields.complete(pd.DataFrame({**TWO, "commune": ["com-62041", "com-02408", "com-59350"]}))
    table = table.assign(**{name: table[name].iloc[0] for name in same})
    assert fields.named(table).project_id.nunique() == 3
    assert fields.named(table.assign(duplicate_of=["", "1", ""])).project_id.to_list() == ["1", "1", "2"]


def test_decisions_are_written_without_formulas_and_read_back(three, tmp_path):
    row = {
        "project_id": "1",
        "category": "crte",
        "author": "@DDT",
        "date": "2024-12-03",
        "reason": "=1+1\n« l'eau »; x",
    }
    file = tmp_path / "decisions.csv"
    decisions.write(pd.DataFrame([row]), file)
    assert "'=1+1" in file.read_text(encoding="utf-8") and "'@DDT" in file.read_text(encoding="utf-8")
    assert decisions.read(file, three).iloc[0].to_dict() == row
    assert [one.name for one in tmp_path.iterdir()] == ["decisions.csv"]


def test_semicolons_and_a_byte_order_mark_are_read(three, tmp_path):
    file = tmp_path / "decisions.csv"
    file.write_text(HEADER.replace(",", ";") + "1;crte;DDT;2024-12-03;à revoir, vite\n", encoding="utf-8-sig")
    assert decisions.read(file, three).reason.to_list() == ["à revoir, vite"]


# ------------------------------------------------------------------ the file of rules


@pytest.mark.cases("triage", "fichier_endommage")
def test_damaged_rules_say_where_and_what_to_write(damaged, says, case):
    damaged.apply(case)
    with pytest.raises(ParameterError) as refused:
        rules.rules()
    says(refused.value, "parameters/triage.yml : ", "ligne ", *case["dit"])


def test_other_rules_may_be_given_and_they_may_look_at_any_closed_field(three, damaged):
    damaged.replace(
        "parameters/triage.yml", "when: {readiness: [realise]}", "when: {replicable: [oui], vehicle: [crst, inconnu]}"
    )
    path = damaged.home / "parameters/triage.yml"
    found = triage(three.assign(replicable=["oui", "", "non"]), year=2024, rules=path)
    assert found.rule.to_list() == ["deja_realise", "rien_de_dit", "autre_enjeu"]
    assert found.attrs["triage"]["rules"] != "" and french.typeset("la réponse à « Réplicable »") in found.missing[1]


def test_presumption_can_be_switched_off(damaged):
    row = {"lever": "haies", "dimension": "innove", "maturity": "pret"}
    assert sorted_one(row).category == "remonter"
    damaged.replace("parameters/triage.yml", "from_lever: true", "from_lever: false")
    assert sorted_one(row).rule == "levier_a_preciser"


def test_every_reachable_set_of_facts_is_decided_once():
    found = rules.rules()
    counts = dict.fromkeys((rule.id for rule in found.rules), 0)
    for raw in facts.everything(found):
        counts[found.first(facts.facts(raw, found)).id] += 1
    assert all(counts.values())


def test_rules_are_not_shared_by_mistake_between_copies(three):
    found = triage(three, year=2024)
    assert copy.deepcopy(found.attrs["triage"]) == found.attrs["triage"]


def test_doctor_reads_the_rules(damaged, says):
    damaged.replace("parameters/triage.yml", "  from_lever: true", "  from_lever: peut-être")
    with pytest.raises(ParameterError) as refused:
        doctor.parameters()
    says(refused.value, "parameters/triage.yml", "presumption.from_lever : « peut-être » n'est pas un oui/non.")


@pytest.mark.parametrize(("year", "taken"), [(1989, False), (1990, True), (2100, True), (2101, False)])
def test_year_of_a_cop_is_between_1990_and_2100(year, taken):
    one = fields.complete(pd.DataFrame({"project_id": ["1", "2"], "title": ["a", "b"], "year": [year, np.nan]}))
    assert (triage(one).attrs["triage"]["year"] == year) is taken
    if taken:
        assert triage(one, year=year).attrs["triage"]["year"] == year
    else:
        with pytest.raises(ProjectError):
            triage(one, year=year)


@pytest.mark.parametrize(("years", "taken"), [(0, True), (10, True), (11, False), (-1, False)])
def test_a_start_is_near_within_ten_years_at_most(damaged, says, years, taken):
    damaged.replace("parameters/triage.yml", "start_within_years: 1 ", f"start_within_years: {years} ")
    if taken:
        assert rules.rules(None).thresholds.start_within_years == years
    else:
        with pytest.raises(ParameterError) as refused:
            rules.rules(None)
        says(refused.value, "start_within_years : écrire un nombre d'années de 0 à 10.")


@given(st.lists(st.tuples(*[st.sampled_from(["", "a", "b", None])] * 4), min_size=1, max_size=12))
def test_rows_that_differ_are_told_apart_whatever_their_columns(rows):
    places, found = reasons.different(dict(zip("wxyz", map(list, zip(*rows, strict=True)), strict=True)))
    assert [tuple(found[place].values()) for place in places] == rows and len(found) == len(set(rows))
