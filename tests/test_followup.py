"""A year of a roadmap against the one before: what was planted is found, nothing else; what is open is not guessed."""

import runpy
from dataclasses import replace
from functools import cache

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import copkit as ck
from copkit import french
from copkit.commands.cli import app
from copkit.errors import LeverError, ParameterError, ProjectError
from copkit.intake.fields import YES
from copkit.models import published
from copkit.models.dynamics import AT_PACE
from copkit.presentation.followup.document import DOCUMENT
from copkit.presentation.followup.document import table as whole
from copkit.presentation.table import Table
from copkit.roadmap import matching
from copkit.roadmap.actions import FIELDS, IDENTITY
from copkit.roadmap.followup import (
    CAME,
    CLOSED,
    COMPARED,
    FOLLOWED,
    GONE,
    LATE,
    LEFT,
    MOVED,
    NEW,
    OPEN,
    UNSAID,
    compared,
    pairs,
)  # fmt: skip
from copkit.roadmap.sites import rules

from .conftest import LONG
from .test_actions import BASE, made
from .test_example_actions import FOLDER


@cache
def generator():
    return runpy.run_path(str(FOLDER / "make_actions.py"))


@cache
def example(territory="reg-32", public=False):
    return ck.roadmap.followup(territory, public=public)


BLANK = {name: one.empty for name, one in FIELDS.items()} | {"standing_kept": "retenue"}


def assessed(*actions):
    """Actions as a comparison takes them: what is judged of them does not matter."""
    return pd.DataFrame([BLANK | one for one in actions], columns=list(BLANK))


# ------------------------------------------------------------------ the same action


@pytest.mark.cases("suivi", "rapprochements")
def test_an_action_is_the_same_or_it_is_open(case, says):
    names = ["action_id", "territory", "lever", "title"]
    old, new = (pd.DataFrame(case[side], columns=names) for side in ("avant", "apres"))
    found = matching.match(old, new, number="action_id", identity=IDENTITY, same=case.get("meme"))
    assert [f"{old.action_id[i]}={new.action_id[j]}" for i, j, _ in found.pairs] == case.get("ensemble", [])
    assert old.action_id[found.left].to_list() == case.get("partie", [])
    assert new.action_id[found.came].to_list() == case.get("venue", [])
    assert len(found.doubtful) == int("doute" in case)
    if "doute" in case:
        says(french.capital(found.doubtful[0][2]) + ".", french.capital(case["doute"]))


@pytest.mark.cases("suivi", "devenirs")
def test_what_becomes_of_an_action(case):
    old = assessed(BASE | {"action_id": "A1"} | case.get("avant", {}))
    after = [] if case["apres"] == "absente" else [BASE | {"action_id": "A1"} | case["apres"]]
    _, actions, _ = compared(old, assessed(*after))
    assert (actions.outcome[0], actions.why[0]) == (case["devient"], case.get("pourquoi", ""))


# ------------------------------------------------------------------ what is planted

STATES = ["faite", "en_retard", "abandonnee", "en_cours", "non_commencee", ""]
NAMES = ["haies", "écoles", "vélos", "forêts", "marais", "toits", "usines", "trains", "cantines", "friches"]
PLANS = st.fixed_dictionaries(
    {"fate": st.sampled_from(["stays", "stays", "stays", "gone", "renumbered", "retitled"])},
    optional={
        "progress": st.sampled_from(STATES),
        "cost": st.integers(1, 10**7),
        "maturity": st.sampled_from(["pret", "engage"]),
        "partners": st.sampled_from(["Chambre inventée n° 2", ""]),
        "expected": st.booleans(),
    },
)


@settings(max_examples=200 if LONG else 30)
@given(st.lists(PLANS, max_size=len(NAMES)), st.integers(0, 3), st.randoms(use_true_random=False))
def test_planted_changes_are_found_and_nothing_else(plans, newer, order):
    """Two invented years, many times: each change that was planted, and no other."""
    old, new, outcomes, changes = [], [], {}, set()
    for n, plan in enumerate(plans, 1):
        one = BASE | {"action_id": f"A{n}", "title": f"Projet inventé des {NAMES[n - 1]}", "cost": 5.0}
        one |= {"expected": "Étude rendue"} if plan.get("expected") else {}
        old.append(one)
        if plan["fate"] == "gone":
            outcomes[f"A{n}"] = GONE
            continue
        other = one | {name: plan[name] for name in ("progress", "cost", "maturity", "partners") if name in plan}
        if plan["fate"] == "renumbered":
            other |= {"action_id": f"R{n}"}
        elif plan["fate"] == "retitled":
            other |= {"title": f"{one['title']}, suite"}
        new.append(other)
        late = other.get("progress") == "non_commencee" and plan.get("expected")
        outcomes[other["action_id"]] = LATE if late else other.get("progress") or UNSAID
        changes |= {(other["action_id"], name) for name in COMPARED if other.get(name, "") != one.get(name, "")}
    for n in range(newer):
        new.append(BASE | {"action_id": f"N{n}", "title": f"Nouvelle {n}", "lever": "biogaz", "levers": "biogaz"})
        outcomes[f"N{n}"] = NEW
    order.shuffle(new)
    found, actions, changed = compared(assessed(*old), assessed(*new))
    assert not found.doubtful and dict(zip(actions.action_id, actions.outcome, strict=True)) == outcomes
    assert set(zip(changed.action_id, changed.field, strict=True)) == changes and len(changed) == len(changes)


def test_the_example_lists_exactly_what_its_generator_planted():
    f, planned = example(), generator()["NEXT_YEAR"]
    found = f.actions.set_index("before").outcome.drop("")
    states = {"faite": "faite", "en cours": "en_cours", "en retard": "en_retard", "abandonnée": "abandonnee"}
    states |= {"pas commencée": "en_retard"}  # a result was expected of each
    planted = {f"A{n}": states[state] for state, numbers in planned["avancement"].items() for n in numbers}
    planted |= {f"A{n}": GONE for n in planned["disparues"]} | {f"A{n}": OPEN for n in planned["reecrites"]}
    assert found.to_dict() == {one: planted.get(one, UNSAID) for one in found.index} and len(found) == 40
    assert f.actions.how[f.actions.after == "R3"].to_list() == [matching.IDENTITY]
    assert f.actions.title[f.actions.outcome == NEW].to_list() == [
        f"{one['titre']} (inventé)" for one in planned["nouvelles"]
    ]
    fields = generator()["FIELDS"]
    changed = {(f"A{n}", fields[name]) for n, cells in planned["change"].items() for name in cells}
    assert set(zip(f.changes.action_id, f.changes.field, strict=True)) == changed and len(f.changes) == len(changed)
    assert sum(f.counts[one] for one in FOLLOWED) == len(f.expected) == 40
    moved, planted = f.projects.set_index("project_id").move, planned["vivier"]
    gone, came = (set(moved.index[moved == one]) for one in ("parti", "arrive"))
    raised = {one for one, cells in planted["change"].items() if "maturite" in cells} | {"21020128"}  # a decision
    assert set(moved.index[moved == "change"]) == raised and gone == set(planted["partis"])
    assert len(came) == planted["arrives"] and set(moved) == {"change", "reste", "parti", "arrive"}
    entered = f.projects[f.projects.crte]
    assert set(entered.project_id) == {one for one, cells in planted["change"].items() if "crte" in cells}
    assert f.invented and (f.actions.invented == YES).all()


def test_the_files_of_the_year_after_are_those_that_the_generator_writes(tmp_path):
    kit = generator()
    written = dict(zip(("EXTRACT", "NEXT_EXTRACT"), kit["extract"](), strict=True))
    written |= {"NEXT": kit["next_year"](), "JOURNAL": kit["decided"](), "ISSUES": kit["issues"]()}
    for name, rows in written.items():
        kit["write"](rows, tmp_path / name)
        assert (tmp_path / name).read_bytes() == kit[name].read_bytes(), name


# ------------------------------------------------------------------ levers


def test_coverage_says_what_is_gained_and_lost():
    f = example()
    states = f.aimed.set_index("lever").state
    assert set(states.index[states == "gagne"]) == {
        "reduction_deplacements", "chaudieres_gaz_residentiel", "pratiques_stockantes",
    }  # fmt: skip
    assert set(states.index[states == "perdu"]) == {"elevage_durable", "prairies"}
    assert f.coverage.actions_after.sum() >= f.coverage.actions_before.sum()


def test_two_versions_of_a_panorama_are_compared_lever_by_lever():
    p = ck.panorama("reg-32")
    raised = p.copy(deep=True)
    raised["target"].loc[{"lever": "haies"}] += 12.5
    raised["target"].loc[{"lever": "biogaz"}] -= 3
    f = ck.roadmap.diff(made(BASE), made(BASE), "reg-32", versions=(p, raised))
    moved = f.levers.set_index("lever").difference
    assert moved[moved.abs() > 1e-9].round(9).to_dict() == {"haies": 12.5, "biogaz": -3.0}
    assert len(ck.table(f, "versions").data) == 2
    with pytest.raises(LeverError, match="Deux versions du panorama attendues, et non 1"):
        ck.roadmap.diff(made(BASE), made(BASE), "reg-32", versions=("sgpe-2024-10",))


def test_the_two_last_versions_are_taken_when_there_are_two(damaged):
    path = "data/clean/panorama.csv"
    lines = damaged.read(path).splitlines()
    rows = [line.replace("sgpe-2024-10", "sgpe-2025-essai") for line in lines[1:] if "reg-32" in line]
    for row in rows:
        damaged.append(path, row)
    assert len(published.versions()) == 2
    f = ck.roadmap.diff(made(BASE), made(BASE), "reg-32")
    assert f.versions == ("sgpe-2024-10", "sgpe-2025-essai") and (f.levers.difference.dropna() == 0).all()
    assert "demandent le même effort" in ck.table(f, "versions").text


def test_each_lever_has_its_indicator_or_its_data_is_to_be_built():
    f = example()
    assert set(f.indicators.lever) == set(ck.panorama("reg-32").lever.values)
    known = f.indicators[f.indicators.track != "donnee_a_construire"]
    assert known["last"].notna().all() and (known.source != "").all() and known.last_year.notna().all()
    paced = ck.dynamics("reg-32")
    assert f.tracked("au_rythme") == paced.label[paced.status.isin(AT_PACE)].to_list()


# ------------------------------------------------------------------ what carries over, decisions, work sites


def test_what_is_left_comes_back_the_next_year_since_the_first(tmp_path):
    f, path = example(), tmp_path / "reports.csv"
    ck.roadmap.write_carried(f.carried, path)
    back = ck.roadmap.read_carried(path)
    assert back.attrs["reading"].problems.empty and back.title.to_list() == f.carried.title.to_list()
    assert back.since.to_list() == f.carried.since.to_list() and set(back.kind) == {
        "enjeu",
        "theme",
        "action",
        "levier",
    }
    assert "Covoiturage domicile-travail (inventé)" not in set(back.title)  # it was taken up
    again = ck.roadmap.diff(f.after, f.after, "reg-32", year=2027, issues=back, themes=f.themes)
    since = again.carried.set_index("title").since
    assert since["Adaptation des forêts à la sécheresse (inventé)"] == 2024
    for title, year in zip(f.carried.title, f.carried.since, strict=True):
        if title in since.index:  # what is still open is so since the same year
            assert since[title] == year, title
    ck.roadmap.write_carried(f.carried, path, excel=True)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf") and ck.roadmap.read_carried(path).title.equals(back.title)


def test_a_decision_of_the_year_does_not_change_the_year_before():
    f = example()
    before, after = (one.set_index("action_id") for one in (f.before, f.after))
    assert (before.standing_kept["A17"], after.standing_kept["A17"], after.standing["A17"]) == (
        "a_part",
        "retenue",
        "a_part",
    )
    said = f.decided.set_index("about")
    assert said.rule["21018944"] == "travailler" and said.decision["21018944"] == "remonter" and said.there.all()
    assert len(ck.table(f, "decisions").data) == 4 and len(whole(f, "journal").data) == 5


def test_the_seven_work_sites_are_followed():
    found = ck.roadmap.worksites(example()).set_index("id")
    assert list(found.index) == [
        "consolidation", "biodiversite", "industrie", "agriculture", "fret", "adaptation", "emplois",
    ]  # fmt: skip
    assert found.actions["consolidation"] == (example().after.standing_kept == "retenue").sum()
    assert (found.levers == "").to_dict()["adaptation"] and found.needs["emplois"]
    fret = example().after
    assert found.actions["fret"] == fret.levers.str.contains("fret_decarbone|efficacite_sobriete_logistique").sum()
    assert [one.id for one in rules().tools_of("dep-13")] == [
        "aides_territoires",
        "boussole",
        "territoires_en_transitions",
    ]


@pytest.mark.cases("suivi", "fichier_endommage")
def test_damaged_parameters_say_where_and_what_to_write(damaged, says, case):
    damaged.apply(case)
    with pytest.raises(ParameterError) as refused:
        rules()
    says(refused.value, "suivi.yml", *case["dit"])


def test_shares_of_the_contrats_de_ville_are_those_of_a_list(tmp_path):
    """27 of 39 contracts, 177 of 204 quarters: the list is invented, its sums are those that the source prints."""
    read = [f"Contrat inventé {n};oui;{21 if n == 1 else 6};1000" for n in range(1, 28)]
    others = [f"Contrat inventé {n};non;{5 if n == 28 else 2};1000" for n in range(28, 40)]
    path, head = tmp_path / "contrats.csv", "Contrat de ville;Lu;Quartiers prioritaires;Habitants en QPV"
    path.write_text("\n".join([head, *read, *others]), encoding="utf-8")
    found = ck.roadmap.city_policy(ck.roadmap.read_contracts(path)).set_index("measure")
    assert found.loc["contracts", ["looked", "whole"]].to_list() == [27, 39]
    assert found.loc["quarters", ["looked", "whole", "missing"]].to_list() == [177, 204, 0]
    assert found.share.round(1).to_list() == [69.2, 86.8, 69.2]
    f = ck.roadmap.diff(made(BASE), made(BASE), contracts=ck.roadmap.read_contracts(path))
    assert ck.table(f, "ville").written()["Part (%)"].to_list() == ["69", "87", "69"]
    assert DOCUMENT.show("ville", f).parts and not DOCUMENT.show("ville", example()).parts
    path.write_text("\n".join([head, *read[:-1], "Contrat inventé 27;oui;;1000", *others]), encoding="utf-8")
    found = ck.roadmap.city_policy(ck.roadmap.read_contracts(path)).set_index("measure")
    assert found.loc["quarters", ["looked", "whole", "missing"]].to_list() == [171, 198, 1]


# ------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: ck.roadmap.followup(before="a.csv"),
            "Un seul fichier de fiches action est donné, celui de l'année d'avant",
        ),
        (lambda: ck.roadmap.followup(after="a.csv"), "celui de l'année du suivi. Donner aussi l'autre."),
        (
            lambda: ck.roadmap.followup(
                before=FOLDER / "actions_hauts_de_france.csv", after="a.csv", projects_after="v.csv"
            ),
            "Un seul fichier de projets est donné",
        ),
        (lambda: ck.roadmap.followup(before="rien.csv", after="rien.csv"), "Fichier de fiches action introuvable"),
        (lambda: ck.roadmap.diff(made(BASE), made(BASE), year=20), "Année du suivi : « 20 » n'est pas une année"),
        (lambda: ck.roadmap.diff(made(BASE), made(BASE), same={"A9": "A1"}), "n° inconnu « A9 »"),
        (
            lambda: ck.roadmap.diff(made(BASE, BASE), made(BASE, BASE), same={"A1": "A1", "A2": "A1"}),
            "« A1 » donné deux fois",
        ),
        (lambda: ck.roadmap.diff("rien.csv", made(BASE)), "rien.csv"),
        (lambda: ck.roadmap.diff(3, made(BASE)), "Table de fiches action attendue"),
        (lambda: pairs(["A1"]), "Rapprochement illisible : « A1 ». Écrire AVANT=APRÈS, par exemple A1=B7."),
        (lambda: pairs(["A1=B1", "A1=B2"]), "Action rapprochée deux fois : « A1 »."),
        (lambda: ck.roadmap.city_policy(3), "Table de contrats de ville attendue"),
        (lambda: ck.roadmap.write_carried(3, "x.csv"), "Table de sujets reportés attendue"),
    ],
)
def test_what_cannot_be_compared_is_refused(says, call, message):
    with pytest.raises(ProjectError) as refused:
        call()
    says(refused.value, message)


def test_numbers_given_twice_and_actions_of_elsewhere_are_said():
    twice = [BASE | {"action_id": "A1"}, BASE | {"action_id": "A1", "title": "Rénover les écoles"}]
    f = ck.roadmap.diff(
        made(*twice, BASE | {"territory": "dep-13", "departement": "dep-13", "region": "reg-93"}), made(*twice)
    )
    said = " ".join(f.notes)
    assert (
        "Numéros donnés à plusieurs actions de 2025 : A1." in said
        and "1 action de 2025 d'un autre territoire ou de toute la région, hors du suivi." in said
    )
    assert (f.actions.outcome == UNSAID).all() and len(f.actions) == 2  # told apart by their titles
    assert ck.roadmap.worksites(f).set_index("id").actions["consolidation"] == 2


# ------------------------------------------------------------------ the document


def test_each_section_shows_and_each_sheet_is_a_table():
    f = example()
    shown = {name: DOCUMENT.show(name, f).parts for name in DOCUMENT.sections if name != "ville"}
    assert all(shown.values())
    opening = french.typeset(str(shown["entete"][0]))
    for words in ("Exemple inventé", "8 faites", "5 en retard", "8 sans nouvelle", "4 actions nouvelles"):
        assert words in opening.replace("\xa0", " "), words
    for part in DOCUMENT.sheets(f):
        made_ = part.make(f)
        assert isinstance(made_, Table) and "exemple inventé" in made_.caption, part.name


def test_the_public_version_of_a_département_says_neither_who_decided_nor_why():
    f = example("dep-59", public=True)
    assert set(f.actions.territory) == {"dep-59"} and set(f.projects.departement) == {"dep-59"} and f.files == ()
    assert set(f.carried.kind) == {"enjeu"}  # the région has actions for its themes and levers too
    parts = [part.make(f) for part in DOCUMENT.sheets(f)] + [DOCUMENT.show("decisions", f).parts[1]]
    text = " ".join(one.written().to_string() for one in parts if isinstance(one, Table))
    assert "Comité de pilotage" not in text and "Financement refusé" not in text and "Données attendues" not in text
    assert "Adaptation des forêts" in text and "action A17 (n° 3)" in str(DOCUMENT.show("decisions", f).parts[0])
    assert "Comité de pilotage" in ck.table(example(), "decisions").written().to_string()


def test_a_territory_without_action_has_a_document():
    empty = ck.roadmap.diff(made(BASE), made(BASE), "reg-11")
    said = str(DOCUMENT.show("entete", empty).parts[0])
    assert empty.actions.empty and "Aucune action ne vient de ce territoire" in said
    for name in DOCUMENT.sections:
        DOCUMENT.show(name, empty)


def test_projects_that_are_elsewhere_or_do_not_move_are_said_so():
    f = example()
    none, still = f.projects[:0], f.projects[~f.projects.move.isin([MOVED, CAME, LEFT, OPEN])]
    said = [DOCUMENT.show("projets", replace(f, projects=found)).parts[0] for found in (none, still)]
    assert "aucun n'est situé dans ce territoire." in str(said[0]) and "aucun ne change." in str(said[1])


def test_a_document_without_projects_nor_journal_leaves_them_out():
    f = ck.roadmap.diff(made(BASE), made(BASE | {"progress": "faite"}))
    assert [type(DOCUMENT.show(name, f)).__name__ for name in ("projets", "decisions")] == ["Absent", "Absent"]
    assert "1 faite" in str(ck.report.message(f)) and f.counts["faite"] == 1 and CLOSED not in f.counts


def test_the_terminal_compares_two_years(tmp_path, says):
    def run(*words):
        return CliRunner().invoke(app, ["diff", *map(str, words)])

    files = []
    for one in ("", "_annee_suivante"):  # of the example, what is to be told apart
        head, *lines = (FOLDER / f"actions_hauts_de_france{one}.csv").read_text("utf-8").splitlines()
        files.append(tmp_path / f"actions{one}.csv")
        kept = [line for line in lines if line.startswith(("A28;", "A29;", "A30;"))]
        files[-1].write_text("\n".join([head, *kept]), encoding="utf-8")
    shown = run(*files, "--view", "actions", "--format", "csv", "--carry", tmp_path / "r.csv")
    assert shown.exit_code == 1 and "A29,A29,,Label herbe" in shown.stdout
    assert "À rapprocher, rien n'a été deviné" in shown.stderr and "--same AVANT=APRÈS" in shown.stderr
    assert ck.roadmap.read_carried(tmp_path / "r.csv").kind.isin(["action", "levier"]).all()
    refused = run(*files, "--view", "levers").exception
    says(refused, "Rien à comparer. Une seule version du panorama est connue (sgpe-2024-10)")
    says(run(*files, "--view", "projects").exception, "Donner --projects-before et --projects-after.")
    assert run(*files, "--same", "A28=A28", "--format", "csv").exit_code == 0  # nothing is left to tell apart
    table = run(*files, "--same", "A28=A28", "--view", "carried")
    assert table.exit_code == 0 and "Leviers" not in table.stdout and "exemple inventé" in table.stdout
