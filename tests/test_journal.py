"""The journal of decisions: what is refused, what stands, what a new computation does not change, nothing erased."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import copkit as ck
from copkit import french, journal, paths
from copkit.commands.cli import app
from copkit.errors import ProjectError
from copkit.presentation.roadmap.actions import listed
from copkit.projects import fields
from copkit.projects.sorting.sort import triage

from .conftest import FEW
from .test_actions import BASE, made

HEADER = "numéro,objet,identifiant,décision,auteur,date,raison,révoque"
WHO = {"author": "DREAL", "reason": "étude rendue"}


def written(path, *lines):
    path.write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
    return path


@pytest.mark.cases("journal", "refus")
def test_what_is_no_journal_is_refused_with_its_line(case, says, tmp_path):
    file = written(tmp_path / "journal.csv", *case["lignes"])
    with pytest.raises(ProjectError) as refused:
        ck.journal.read(file)
    says(refused.value, "journal.csv :", *case["dit"])
    assert not any(word in str(refused.value) for word in case.get("tait", []))


def test_a_column_that_is_there_twice_is_refused(tmp_path):
    path = tmp_path / "journal.csv"
    path.write_text(f"{HEADER},Auteur\n1,dossier,12,crte,DREAL,2025-01-10,urgent,,CRTE\n", encoding="utf-8")
    with pytest.raises(ProjectError, match=r"journal\.csv : colonne « Auteur » en double\. N'en garder qu'une\."):
        ck.journal.read(path)


@pytest.mark.cases("journal", "admis")
def test_what_stands_is_what_nothing_revokes(case, tmp_path):
    found = ck.journal.in_force(ck.journal.read(written(tmp_path / "journal.csv", *case["lignes"])))
    assert [f"{one.number} : {one.kind} {one.about} {one.decision}" for one in found.itertuples()] == case["en vigueur"]


@settings(max_examples=FEW)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["dossier", "action", "levier"]),
            st.sampled_from(["1", "A2", "haies ; « prés »", "=x"]),
            st.sampled_from(["crte", "remonter", ""]),
            st.sampled_from(["DREAL", "@Préfecture", "GT « eau »\nnord"]),
            st.booleans(),
        ),
        max_size=5,
    )
)
def test_nothing_that_was_written_is_ever_lost_or_changed(tmp_path_factory, entries):
    path, before, accepted = tmp_path_factory.mktemp("j") / "journal.csv", [], 0
    for kind, about, decision, author, replaces in entries:
        known = ck.journal.in_force(ck.journal.read(path)) if path.exists() else pd.DataFrame(columns=["kind", "about"])
        same = known[(known.kind == kind) & (known.about == about)]
        number = int(same.number.iloc[-1]) if replaces and len(same) else 0
        content = path.read_bytes() if path.exists() else b""
        try:
            ck.journal.decide(
                path, kind=kind, about=about, decision=decision, author=author, reason="x", day="2025-01-10",
                revokes=number,
            )  # fmt: skip
        except ProjectError:
            assert (path.read_bytes() if path.exists() else b"") == content  # intact
            continue
        accepted += 1
        found = ck.journal.read(path)[list(journal.HEADERS)].to_dict("records")
        assert found[: len(before)] == before and len(found) == accepted
        assert path.read_bytes().startswith(content)  # a line more, and no other change
        before = found
    assert [one.name for one in path.parent.iterdir()] in ([], ["journal.csv"])


def test_a_decision_is_revoked_by_another_and_stays(tmp_path):
    path = tmp_path / "journal.csv"
    ck.journal.decide(path, kind="dossier", about="12", decision="crte", day="2025-01-10", **WHO)
    ck.journal.revoke(path, 1, day="2025-02-10", decision="remonter", **WHO)
    found = ck.journal.revoke(path, 2, day="2025-03-10", **WHO)
    assert found.revoked_by.to_list() == [2, 3, 0] and ck.journal.in_force(found).empty
    assert found.decision.to_list() == ["crte", "remonter", ""]


def test_what_excel_opens_stays_what_excel_opens(tmp_path):
    path = tmp_path / "journal.csv"
    path.write_bytes(("\ufeff" + HEADER.replace(",", ";") + "\r\n").encode())
    ck.journal.decide(path, kind="levier", about="haies", decision="objectif tenu", day="2025-01-10", **WHO)
    assert path.read_bytes().startswith(journal.MARK) and b"1;levier;haies" in path.read_bytes()


def test_a_journal_that_changed_meanwhile_is_not_overwritten(tmp_path, monkeypatch, says):
    path, first = tmp_path / "journal.csv", {"kind": "dossier", "about": "12", "decision": "crte"}
    ck.journal.decide(path, day="2025-01-10", **first, **WHO)
    checked = journal._checked

    def meanwhile(*args):
        path.write_text(path.read_text(encoding="utf-8") + "2,dossier,13,crte,DDT,2025-01-11,x,\n", encoding="utf-8")
        return checked(*args)

    read = journal.read(path)
    monkeypatch.setattr(journal, "read", lambda _: read)
    monkeypatch.setattr(journal, "_checked", meanwhile)
    with pytest.raises(ProjectError) as refused:
        ck.journal.decide(path, day="2025-01-10", **(first | {"about": "14"}), **WHO)
    says(refused.value, "le journal vient d'être modifié ailleurs. Recommencer : rien n'a été écrit.")
    assert "13,crte" in path.read_text(encoding="utf-8") and "14,crte" not in path.read_text(encoding="utf-8")


def test_a_number_that_the_journal_has_not_is_refused(tmp_path, says):
    path = written(tmp_path / "journal.csv", "1,dossier,12,crte,DREAL,2025-01-10,urgent,")
    with pytest.raises(ProjectError) as refused:
        ck.journal.revoke(path, 4, **WHO)
    says(refused.value, "journal.csv : aucune décision n° « 4 » à révoquer. Numéros du journal : de 1 à 1.")


# ------------------------------------------------------------------ other thresholds


def other_rules(tmp_path):
    """Rules whose thresholds are others: what is « prêt » is not yet, steps may be two years away."""
    text = (paths.home() / "parameters" / "triage.yml").read_text(encoding="utf-8")
    for old, new in (("  ready: pret ", "  ready: engage "), ("horizon_months: 12", "horizon_months: 24")):
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    (tmp_path / "regles.yml").write_text(text, encoding="utf-8")
    return tmp_path / "regles.yml"


def test_a_decision_survives_a_new_triage_with_other_thresholds(tmp_path):
    one = {"project_id": ["1", "2"], "lever": ["covoiturage"] * 2, "dimension": ["innove"] * 2}
    projects = fields.complete(pd.DataFrame(one | {"maturity": ["pret"] * 2}))
    path = tmp_path / "journal.csv"
    ck.journal.decide(
        path, kind="dossier", about="1", decision="Hors COP, à examiner pour le CRTE", day="2025-01-10", **WHO
    )
    ck.journal.decide(path, kind="dossier", about="99", decision="crte", day="2025-01-10", **WHO)
    sorted_, again = (triage(projects, year=2024, decisions=path, rules=r) for r in (None, other_rules(tmp_path)))
    assert sorted_.category.to_list() == ["remonter"] * 2 and again.category.to_list() == ["travailler"] * 2
    for found in (sorted_, again, triage(again, year=2024)):
        assert found.decision.to_list() == ["crte", ""] and found.category_kept[0] == "crte"
        assert (found.decision_author[0], found.decision_date[0]) == ("DREAL", "2025-01-10")
    assert again.attrs["triage"]["absent"] == ["n° 2 : dossier « 99 »"]
    ck.journal.revoke(path, 1, day="2025-02-10", **WHO)
    assert triage(projects, year=2024, decisions=path).category_kept.to_list() == ["remonter"] * 2


def test_a_decision_on_an_action_survives_other_thresholds_and_counts(tmp_path, says):
    actions = made(BASE | {"next_steps_months": 18}, BASE)
    path, rules = tmp_path / "journal.csv", other_rules(tmp_path)
    for about, said in (("A1", "retenue"), ("A2", "listée à part"), ("A9", "retenue")):
        ck.journal.decide(path, kind="action", about=about, decision=said, day="2025-01-10", **WHO)
    found, again = (ck.roadmap.assess(actions, "reg-32", decisions=path, rules=one) for one in (None, rules))
    assert found.standing.to_list() == ["a_part", "retenue"] and again.standing.to_list() == ["retenue", "retenue"]
    for one in (found, again, ck.roadmap.assess(again, "reg-32")):
        assert one.standing_kept.to_list() == ["retenue", "a_part"] and one.columns.is_unique
        assert ck.roadmap.by_lever(one, "reg-32").set_index("lever").projects["haies"] == 1
    assert found.attrs["absent"] == ["n° 3 : action « A9 »"]
    written(path, "1,action,A1,plus tard,DREAL,2025-01-10,x,")
    with pytest.raises(ProjectError) as refused:
        ck.roadmap.assess(actions, "reg-32", decisions=path)
    says(refused.value, "n° 1 : décision inconnue « plus tard ».", "Décisions : retenue ; listée à part.")


# ------------------------------------------------------------------ the terminal


def test_the_terminal_adds_revokes_and_lists(tmp_path, says):
    path = tmp_path / "journal.csv"

    def run(*words):
        return CliRunner().invoke(app, ["journal", *map(str, words)])

    who = ("--by", "DREAL", "--why", "étude rendue", "--date", "2025-01-10")
    assert "décision n° 1." in run("add", path, "--about", "12", "--decision", "crte", *who).stdout
    assert "n° 1 est révoquée." in run("revoke", path, 1, *who).stdout
    table = french.plain(run("read", path).stdout)
    assert "en vigueur" not in table and "revoquee par n 2" in table
    assert len(run("read", path, "--current", "--format", "csv").stdout.splitlines()) == 1
    refused = run("add", path, "--about", "12", "--decision", "crtes", *who).exception
    says(refused, "Décision inconnue : « crtes ».", "Décisions : À remonter dans la COP")
    refused = run("add", path, "--about", "A1", "--kind", "action", "--decision", "plus tard", *who).exception
    says(refused, "Décision inconnue : « plus tard ».", "Décisions : retenue ; listée à part.")


def test_the_terminal_sorts_with_what_is_in_force_and_says_what_it_does_not_find(tmp_path):
    path, file = tmp_path / "journal.csv", paths.home() / "data" / "examples" / "vivier_extrait.csv"
    for about in ("21018944", "99"):
        ck.journal.decide(path, kind="dossier", about=about, decision="crte", day="2025-01-10", **WHO)
    done = CliRunner().invoke(app, ["triage", str(file), "--decisions", str(path), "--format", "csv"])
    assert done.exit_code == 0 and "DREAL" not in done.stdout.partition("21018944")[0]
    assert "Journal, n° 2 : dossier « 99 » : pas parmi les projets lus, la décision est gardée." in done.stderr
    row = next(line for line in done.stdout.splitlines() if line.startswith("21018944"))
    assert "crte,DREAL,2025-01-10,étude rendue,crte" in row


def test_the_terminal_assesses_with_what_is_in_force(tmp_path):
    path, file = tmp_path / "journal.csv", tmp_path / "actions.csv"
    file.write_text(
        "Action,Intitulé,Levier,Collectivité porteuse,Plan de travail à un an\nA1,Haies,Haies,Région,Étude\n"
    )
    for about in ("A1", "A9"):
        ck.journal.decide(path, kind="action", about=about, decision="retenue", day="2025-01-10", **WHO)
    done = CliRunner().invoke(
        app, ["actions", str(file), "--territory", "reg-32", "--decisions", str(path), "--format", "csv"]
    )
    assert "Journal, n° 2 : action « A9 » : pas parmi les actions lues, la décision est gardée." in done.stderr
    assert done.exit_code == 0 and "a_part" in done.stdout and "retenue,DREAL,2025-01-10,étude rendue" in done.stdout
    found = ck.roadmap.assess(ck.roadmap.read_actions(file), "reg-32", decisions=path)
    assert listed(found).written()["Décision"].to_list() == ["retenue (DREAL, 2025-01-10)"]
