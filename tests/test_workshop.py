"""The workbook of a workshop: what it holds, what comes back, and everything that people do to it in between."""

import shutil
import warnings
from datetime import date, datetime, time

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from copkit import escaping, french
from copkit.errors import ProjectError
from copkit.intake import personal
from copkit.intake.workbook.form import header_key, mark, read_key
from copkit.projects import fields
from copkit.projects.sorting import decisions, opinions, rules
from copkit.projects.sorting.sort import triage
from copkit.projects.workshop import columns
from copkit.projects.workshop.merge import read_workshop
from copkit.projects.workshop.write import write_workshop

from .cells import numbers_as_text
from .conftest import FEW

FORM = columns.form(rules.rules(), 2024)
DECISION = ["Décision : catégorie", "Décision : auteur", "Décision : date", "Décision : raison"]
OPINION, FUNDING = "Avis : Préfecture et DDT(M)", "Financement repéré : Préfecture et DDT(M)"
RISKY = ['=HYPERLINK("http://exemple.invalid")', "+33", "-2+3", "@SOMME(A1)", "\tonglet", "\rretour"]


def dossiers(**columns):
    table = {
        "project_id": ["101", "102", "0103"],
        "title": ["Piste cyclable", "Haies", "Salle des fêtes"],
        "lever": ["velo", "haies", ""],
        "contributes": ["oui", "", "non"],
        "dimension": ["massifie", "innove", ""],
        "maturity": ["pret", "idee", ""],
        "other_issue": ["", "", "oui"],
        "start": ["2025-03-01", "", ""],
        "opinion_agences": ["", "favorable", ""],
        "invented": ["oui"] * 3,
    }
    return fields.complete(pd.DataFrame({**table, **columns}))


@pytest.fixture(scope="module")
def triaged():
    return triage(dossiers(), year=2024)


class Book:
    """A workbook that a service opens, changes and saves."""

    def __init__(self, path):
        self.path, self.book = path, openpyxl.load_workbook(path)
        self.sheet = self.book["Dossiers"]

    def place(self, label):
        heads = {header_key(cell.value): cell.column for cell in self.sheet[1] if cell.value}
        return heads[header_key(label)]

    def cell(self, id_, label):
        row = next(r for r in range(2, self.sheet.max_row + 1) if self.sheet.cell(r, 1).value == id_)
        return self.sheet.cell(row, self.place(label))

    def set(self, id_, label, value):
        cell = self.cell(id_, label)
        cell.value = value
        return cell.coordinate

    def decide(self, id_, *values):
        for label, value in zip(DECISION, values, strict=True):
            self.set(id_, label, value)

    def save(self):
        self.book.save(self.path)
        return self.path


@pytest.fixture(scope="module")
def untouched(triaged, tmp_path_factory):
    """The workbook as it is sent, to be looked at; written once, its file is copied for those who change it."""
    path = tmp_path_factory.mktemp("envoi") / "atelier.xlsx"
    write_workshop(triaged, path)
    return Book(path)


@pytest.fixture
def sent(untouched, tmp_path):
    """A workbook opened as a service does: that of ``untouched``, or of another table."""

    def make(name="atelier.xlsx", table=None):
        if table is None:
            shutil.copy(untouched.path, tmp_path / name)
        else:
            write_workshop(table, tmp_path / name)
        return Book(tmp_path / name)

    return make


def coordinate(book, id_, label):
    return book.cell(id_, label).coordinate


def plain(text):
    return french.typeset(text)


def rules_of(sheet):
    return sheet.data_validations.dataValidation


def columns_of(rule):
    """The places of the columns that a validation covers."""
    return {place for area in rule.sqref.ranges for place in range(area.min_col, area.max_col + 1)}


# ------------------------------------------------------------------ what is written


def test_sheets_are_locked_but_for_what_is_to_be_filled_in(untouched):
    book = untouched
    assert book.book.sheetnames == ["Synthèse", "Lire d'abord", "Dossiers", "Référence", "Envoi"]
    assert book.book["Envoi"].sheet_state == "veryHidden"
    locked = {sheet.title: bool(sheet.protection.sheet) for sheet in book.book.worksheets}
    assert locked == {name: name != "Dossiers" for name in locked}  # no spreadsheet folds columns of a locked sheet
    refused = next(one for one in rules_of(book.sheet) if one.type == "custom")
    assert refused.formula1 == "FALSE" and refused.errorStyle in (None, "stop")
    assert refused.error == "Cette colonne se lit seulement. Répondre dans une colonne « à remplir »."
    read = {
        place for one in book.sheet.data_validations.dataValidation if one.type == "custom" for place in columns_of(one)
    }
    assert read == set(range(1, book.sheet.max_column + 1)) - {book.place(column.label) for column in FORM.inputs}
    unlocked = {cell.column for row in book.sheet.iter_rows(min_row=2) for cell in row if not cell.protection.locked}
    assert unlocked == {book.place(column.label) for column in FORM.inputs}
    assert all(book.sheet.cell(1, place).protection.locked for place in unlocked)


def test_sheet_can_be_worked_in_and_printed(untouched):
    sheet = untouched.sheet
    assert sheet.freeze_panes == "C2" and sheet.auto_filter.ref.startswith("A1:")
    assert sheet.page_setup.orientation == "landscape" and sheet.print_title_rows == "$1:$1"
    assert sheet.cell(2, 2).alignment.wrap_text and sheet.column_dimensions["B"].width > 30
    lists = {one.formula1 for one in sheet.data_validations.dataValidation if one.type == "list"}
    assert lists == {"categories", "avis"}
    assert len([one for one in sheet.data_validations.dataValidation if one.type == "date"]) == 1


def test_decisions_stand_beside_the_title_and_details_are_folded(sent):
    book = sent(table=triage(dossiers(description=["a", "b", "c"]), year=2024))
    heads = [header_key(cell.value) for cell in book.sheet[1]]
    beside = ["Dossier", "Intitulé", "Catégorie selon les règles", *DECISION]
    assert heads[: len(beside)] == [header_key(label) for label in beside]
    levels = {}
    for letter, one in book.sheet.column_dimensions.items():
        first = openpyxl.utils.column_index_from_string(letter)
        for place in range(first, max(one.max or first, first) + 1):
            levels[place] = (one.outlineLevel, bool(one.hidden))
    for label in ("Description", "Porteur", "Maturité", "Début prévu"):
        assert levels[book.place(label)] == (1, True), label
    for label in (*beside, "Levier", "Raison", "Ce qui manque", OPINION):
        assert levels.get(book.place(label), (0, False)) == (0, False), label


def test_order_of_the_columns_changes_no_fingerprint():
    assert [column.name for column in FORM.laid_out] != [column.name for column in FORM.columns]
    assert FORM.marked == ["project_id", *opinions.FIELDS, *decisions.COLUMNS]  # as in workbooks that are still out


def test_first_sheet_counts_and_says_once_what_every_row_would_say(untouched, sent, triaged):
    book = untouched.book
    sheet = book.worksheets[0]
    told = [(row[0].value, row[1].value) for row in sheet.iter_rows(max_col=2) if row[0].value]
    counts = triaged.category_kept.value_counts()
    for name, label in rules.rules().labels(2024).items():
        assert (plain(label), int(counts.get(name, 0))) in told
    assert told[0] == ("Tri des projets de la COP 2024", None) and len(sheet._charts) >= 2
    assert all(chart.title and chart.x_axis.title and chart.y_axis.title for chart in sheet._charts)
    texts = "\n".join(name for name, _ in told)
    assert "Colonnes laissées de côté" in texts and plain("Les trois critères : à préciser") in texts
    assert plain("Écart avec la catégorie reçue : vide") in texts
    heads = {header_key(cell.value) for cell in book["Dossiers"][1]}
    assert not heads & {header_key(name) for name in ("Les trois critères", "Écart avec la catégorie reçue")}
    one = openpyxl.load_workbook(sent("un.xlsx", triage(dossiers().head(1), year=2024)).path)
    assert header_key("Les trois critères") in {header_key(cell.value) for cell in one["Dossiers"][1]}


def test_no_number_is_a_text_and_every_sheet_prints(untouched):
    book = untouched.book
    assert numbers_as_text(book, header=1) == []
    assert {sheet.page_setup.orientation for sheet in book if sheet.sheet_state == "visible"} == {"landscape"}
    assert book["Synthèse"].page_setup.fitToHeight in (None, 1) and "&P" in book["Synthèse"].oddFooter.right.text


def test_lists_name_the_categories_and_the_opinions(untouched):
    book = untouched.book
    for name, expected in {"categories": "À remonter dans la COP 2024", "avis": "favorable"}.items():
        sheet, area = next(iter(book.defined_names[name].destinations))
        values = [row[0].value for row in book[sheet][area]]
        assert values[0] == expected and len(values) == {"categories": 4, "avis": 3}[name]


def test_first_sheet_says_what_to_do_and_that_the_example_is_invented(untouched, triaged, tmp_path):
    text = "\n".join(str(c.value) for row in untouched.book["Lire d'abord"].iter_rows() for c in row if c.value)
    for piece in (
        "COP 2024",
        "Exemple inventé",
        "3 dossiers",
        "À faire, 1",
        "Décision" and "À savoir",
        "version 2024-1",
    ):
        assert piece in text, piece
    write_workshop(triaged.assign(invented="", duplicate_of=["", "", "101"]), tmp_path / "vrai.xlsx")
    book = openpyxl.load_workbook(tmp_path / "vrai.xlsx")
    text = "\n".join(str(c.value) for row in book["Lire d'abord"].iter_rows() for c in row if c.value)
    assert "inventé" not in text and "1 second dépôt d’un même dossier non repris" in text
    assert book["Dossiers"].max_row == 3


def test_rows_say_what_an_agent_reads(untouched):
    book = untouched
    said = {label: book.cell("101", label).value for label in ("Levier", "Maturité", "Raison", "Catégorie retenue")}
    assert said["Levier"] == "Vélo" and said["Maturité"] == "prêt à démarrer"
    assert (
        said["Raison"].startswith("Le projet contribue") and said["Catégorie retenue"] == "À remonter dans la COP 2024"
    )
    assert book.cell("101", "Début prévu").value == datetime(2025, 3, 1)
    assert book.cell("0103", "Levier").value == "non renseigné" and book.cell("102", "Ce qui manque").value
    assert book.cell("102", "Avis : Agences et opérateurs de l’État").value == "favorable"


def test_reference_says_every_category_rule_and_lever(untouched):
    text = "\n".join(str(c.value) for row in untouched.book["Référence"].iter_rows() for c in row if c.value)
    for piece in ("Hors COP, à examiner pour le CRTE", "(debut_proche)", "Gestion des haies", "choix du kit"):
        assert piece in text
    assert "Dans tous les autres cas." in text and "{" not in text


def test_typed_text_is_never_a_formula(sent, tmp_path):
    table = triage(dossiers(title=RISKY[:3], holder=RISKY[3:], funding_agences=RISKY[:3]), year=2024)
    book = sent(table=table)
    for label, values in {"Intitulé": RISKY[:3], "Porteur": RISKY[3:]}.items():
        for id_, value in zip(("101", "102", "0103"), values, strict=True):
            cell = book.cell(id_, label)
            assert cell.data_type == "s" and cell.value.strip() == value.strip()
            assert cell.quotePrefix or not escaping.risky(cell.value)
    filled = book.cell("101", "Financement repéré : Agences et opérateurs de l’État")
    assert filled.data_type == "s" and filled.quotePrefix and filled.number_format == "@"
    assert read_workshop(table, book.path).problems.empty


def test_texts_that_no_cell_holds_are_cut_and_cleaned(sent):
    table = triage(dossiers(description=["x" * 40_000, "a\x07b\r\nc", ""]), year=2024)
    book = sent(table=table)
    long = book.cell("101", "Description").value
    assert len(long) == escaping.LONGEST and long.endswith("(texte coupé)")
    assert book.cell("102", "Description").value == "ab\nc"


def test_public_version_has_no_comment_no_name_and_nothing_to_fill_in(tmp_path):
    secret = "secret@exemple.invalid"
    private = {
        name: [secret] * 3
        for name in personal.hidden("projets", fields.FIELDS)
        if fields.FIELDS[name].kind == "text" and fields.FIELDS[name].given
    }
    table = dossiers(**private, contrary=["oui", "", ""])
    chosen = [["101", "crte", secret, "2024-12-03", secret]]
    decided = triage(
        table, year=2024, decisions=pd.DataFrame(chosen, columns=["dossier", "catégorie", "auteur", "date", "raison"])
    )
    write_workshop(decided, tmp_path / "public.xlsx", public=True)
    book = openpyxl.load_workbook(tmp_path / "public.xlsx")
    text = "\n".join(str(c.value) for sheet in book for row in sheet.iter_rows() for c in row if c.value)
    assert secret not in text and "à remplir" not in text and "Version publique" in text
    assert "Hors COP, à examiner pour le CRTE" in text and "Envoi" not in book.sheetnames
    assert all(c.protection.locked for row in book["Dossiers"].iter_rows() for c in row)


def test_projects_that_are_not_sorted_are_refused(tmp_path, says):
    with pytest.raises(ProjectError) as refused:
        write_workshop(dossiers(), tmp_path / "a.xlsx")
    says(refused.value, "Ces projets ne sont pas triés : appeler triage(projets) avant d'écrire le classeur.")


def test_more_dossiers_than_rows_are_refused(triaged, tmp_path, says, monkeypatch):
    monkeypatch.setattr("copkit.intake.workbook.write.MOST", 2)
    with pytest.raises(ProjectError) as refused:
        write_workshop(triaged, tmp_path / "a.xlsx")
    says(refused.value, "3 dossiers : une feuille en tient 2. Écrire par région.")


def test_failed_writing_leaves_the_old_workbook_and_no_other_file(triaged, tmp_path, monkeypatch):
    (tmp_path / "a.xlsx").write_text("ancien")
    monkeypatch.setattr("copkit.intake.workbook.write._Writer._reference", lambda *_: 1 / 0)
    with warnings.catch_warnings(), pytest.raises(ZeroDivisionError):
        warnings.simplefilter("ignore")
        write_workshop(triaged, tmp_path / "a.xlsx")
    assert [one.name for one in tmp_path.iterdir()] == ["a.xlsx"] and (tmp_path / "a.xlsx").read_text() == "ancien"


def test_table_without_rows_is_written_and_read(triaged, tmp_path):
    empty = triage(dossiers().iloc[:0], year=2024)
    write_workshop(empty, tmp_path / "a.xlsx")
    assert read_workshop(empty, tmp_path / "a.xlsx").messages() == []


# ------------------------------------------------------------------ what comes back


def test_untouched_workbook_changes_nothing(triaged, untouched):
    found = read_workshop(triaged, untouched.path)
    assert found.messages() == [] and found.missing == {}
    assert all(
        table.empty for table in (found.decisions, found.opinions, found.conflicts, found.changes, found.problems)
    )
    pd.testing.assert_frame_equal(triage(dossiers(), year=2024, decisions=found), triaged)


@pytest.mark.cases("atelier", "saisies")
def test_cell_that_was_filled_in(triaged, sent, says, case):
    book = sent()
    cell = book.set(case["dossier"], case["colonne"], case["valeur"])
    found = read_workshop(triaged, book.save())
    assert len(found.changes) == 1 and found.changes.cell[0] == cell
    assert found.changes.kept[0] == ("oui" if "lu" in case else "non")
    kept = found.opinions[["project_id", "field", "value", "cell"]].to_numpy().tolist()
    assert kept == ([[case["dossier"], case["champ"], case["lu"], cell]] if "lu" in case else [])
    assert len(found.problems) == ("dit" in case)
    for piece in case.get("dit", []):
        says(found.messages()[0], plain(f"atelier.xlsx, feuille « Dossiers », cellule {cell} : "), plain(piece))


@pytest.mark.cases("atelier", "decisions")
def test_decision_that_was_filled_in(triaged, sent, says, case):
    book = sent()
    book.decide("102", *case["saisie"])
    found = read_workshop(triaged, book.save())
    expected = [case["lu"]] if "lu" in case else []
    assert found.decisions[["category", "author", "date", "reason"]].to_numpy().tolist() == expected
    cell = coordinate(book, "102", case["colonne"]) if "colonne" in case else ""
    assert len(found.messages()) == ("dit" in case)
    assert "dit" not in case or plain(f"cellule {cell} : ") in found.messages()[0]
    for piece in case.get("dit", []):
        says("\n".join(found.messages()), plain(piece))
    assert set(found.changes.project_id) == {"102"}  # nothing that was typed is lost


def test_merged_decisions_and_opinions_are_taken_by_the_triage(triaged, sent):
    book = sent()
    book.decide("102", "Hors COP, à examiner pour le CRTE", "DDT 59", datetime(2024, 12, 3), "Pas de levier direct")
    book.set("102", OPINION, "défavorable")
    found = read_workshop(triaged, book.save())
    again = triage(dossiers(), year=2024, decisions=found)
    assert again.category.to_list() == triaged.category.to_list()
    assert again.category_kept.to_list() == ["remonter", "crte", "crte"]
    assert again.decision_reason[1] == "Pas de levier direct" and again.decision_date[1] == "2024-12-03"
    assert again.disagreement[1] == plain(
        "Avis partagés : favorable (Agences et opérateurs de l'État), défavorable (Préfecture et DDT(M))."
    )
    assert dossiers().opinion_prefecture_ddt.to_list() == ["", "", ""]


def test_second_round_keeps_what_the_first_decided(triaged, sent, tmp_path):
    book = sent()
    book.decide("102", "crte", "DDT 59", date(2024, 12, 3), "Premier tour")
    book.set("101", OPINION, "favorable")
    once = triage(dossiers(), year=2024, decisions=read_workshop(triaged, book.save()))
    second = sent("second.xlsx", once)
    second.set("101", FUNDING, "Fonds vert")
    found = read_workshop(dossiers(), second.save())
    assert found.changes.field.to_list() == ["funding_prefecture_ddt"]
    twice = triage(dossiers(), year=2024, decisions=found)
    assert twice.decision.to_list() == ["", "crte", ""] and twice.opinion_prefecture_ddt[0] == "favorable"
    second.decide("102", None, None, None, None)  # and a decision can be taken back
    assert triage(dossiers(), year=2024, decisions=read_workshop(once, second.save())).decision.to_list() == [
        "",
        "",
        "",
    ]


def test_decisions_taken_before_stay_where_no_workbook_speaks_about_them(triaged, sent, tmp_path):
    book = sent()
    for id_ in ("101", "102", "0103"):
        book.decide(id_, "crte", "DDT 59", date(2024, 12, 3), f"Raison {id_}")
    once = triage(triaged, year=2024, decisions=read_workshop(triaged, book.save()))
    assert triage(once, year=2024).decision.to_list() == ["crte"] * 3
    second = sent("second.xlsx", once)
    second.set("101", DECISION[3], "Raison revue")
    second.sheet.delete_cols(second.place(DECISION[1]))
    second.sheet.delete_rows(3)
    found = read_workshop(once, second.save())
    rows = found.decisions.set_index("project_id")
    assert rows.category.to_dict() == {"101": "crte", "102": "crte", "0103": "crte"}
    assert rows.reason.to_dict() == {"101": "Raison revue", "102": "Raison 102", "0103": "Raison 0103"}
    assert set(rows.author) == {"DDT 59"} and len(found.messages()) == 2


def test_two_dossiers_that_share_a_number_both_stay(sent):
    two = dossiers(project_id=["101", "102", "102"], source_file=["nord.xlsx", "nord.xlsx", "sud.xlsx"])
    book = sent(table=triage(two, year=2024))
    ids = ["101", "102 (Haies)", "102 (Salle des fêtes)"]
    assert [book.sheet.cell(row, 1).value for row in (2, 3, 4)] == ids
    for id_ in ids[1:]:
        book.decide(id_, "crte", "DDT 59", date(2024, 12, 3), f"Raison {id_}")
    book.set(ids[2], OPINION, "favorable")
    found = read_workshop(two, book.save())
    assert found.messages() == [] and found.decisions.project_id.to_list() == ids[1:]
    kept = triage(two, year=2024, decisions=found)
    assert kept.decision_reason.to_list() == ["", *(f"Raison {id_}" for id_ in ids[1:])]
    assert kept.opinion_prefecture_ddt.to_list() == ["", "", "favorable"]


# ------------------------------------------------------------------ two workbooks


def test_two_workbooks_that_disagree_are_shown_and_nothing_else_is_lost(triaged, sent, says):
    north, south = sent("atelier-nord.xlsx"), sent("atelier-sud.xlsx")
    north.decide("102", "crte", "DDT 59", date(2024, 12, 3), "Nord")
    south.decide("102", "À remonter dans la COP 2024", "DDT 62", date(2024, 12, 4), "Sud")
    north.decide("101", "travailler", "DDT 59", date(2024, 12, 3), "À revoir")
    south.set("0103", FUNDING, "DETR")
    here, there = (coordinate(one, "102", DECISION[0]) for one in (north, south))
    before = [one.save().read_bytes() for one in (north, south)]
    found = read_workshop(triaged, north.path, south.path)
    assert [one.path.read_bytes() for one in (north, south)] == before
    assert found.conflicts[["project_id", "field", "value", "file", "cell"]].to_numpy().tolist() == [
        ["102", "decision", "crte", "atelier-nord.xlsx", here],
        ["102", "decision", "remonter", "atelier-sud.xlsx", there],
    ]
    (message,) = found.messages()
    says(
        message,
        plain("Dossier « 102 », « Décision : catégorie » : « Hors COP, à examiner pour le CRTE » (atelier-nord.xlsx,"),
        plain(f"cellule {here}) et « À remonter dans la COP 2024 » (atelier-sud.xlsx,"),
        plain(f"cellule {there}). Rien n'est choisi"),
    )
    again = triage(dossiers(), year=2024, decisions=found)
    assert again.category_kept.to_list() == ["travailler", triaged.category[1], "crte"]
    assert again.decision.to_list() == ["travailler", "", ""] and again.funding_prefecture_ddt[2] == "DETR"
    assert again.attrs["triage"]["conflicts"] == 1
    assert set(found.changes[found.changes.kept == "désaccord"].file) == {"atelier-nord.xlsx", "atelier-sud.xlsx"}


def test_change_wins_over_a_cell_left_as_it_was_sent_whatever_the_order(triaged, sent):
    north, south = sent("nord.xlsx"), sent("sud.xlsx")
    north.set("102", "Avis : Agences et opérateurs de l’État", "réservé")
    north.save()
    for paths in ((north.path, south.path), (south.path, north.path)):
        found = read_workshop(triaged, *paths)
        assert found.conflicts.empty and found.opinions.value.to_list() == ["reserve"]


def test_two_workbooks_that_agree_make_one_decision_with_both_authors(triaged, sent):
    north, south = sent("nord.xlsx"), sent("sud.xlsx")
    north.decide("102", "crte", "DDT 59", date(2024, 12, 3), "Nord")
    south.decide("102", "crte", "DDT 62", date(2024, 12, 4), "Sud")
    found = read_workshop(triaged, north.save(), south.save())
    assert found.conflicts.empty and found.messages() == []
    assert found.decisions.iloc[0].to_list() == [
        "102",
        "crte",
        "DDT 59 et DDT 62",
        "2024-12-04",
        "Nord ; Sud",
        "nord.xlsx, sud.xlsx",
    ]


def test_opinions_that_disagree_are_a_conflict_too(triaged, sent):
    books = [sent(f"{n}.xlsx") for n in range(3)]
    for book, opinion in zip(books, ("favorable", "réservé", None), strict=True):
        book.set("101", OPINION, opinion)
    found = read_workshop(triaged, *(book.save() for book in books))
    assert found.conflicts.value.to_list() == ["favorable", "reserve"] and found.opinions.empty


def test_workbooks_of_the_same_name_are_told_apart(triaged, sent, tmp_path):
    for folder, opinion in (("nord", "favorable"), ("sud", "réservé")):
        (tmp_path / folder).mkdir()
        book = sent(f"{folder}/atelier.xlsx")
        book.set("101", OPINION, opinion)
        book.save()
    found = read_workshop(triaged, tmp_path / "nord/atelier.xlsx", tmp_path / "sud/atelier.xlsx")
    assert len(set(found.conflicts.file)) == 2 and found.conflicts.file.str.contains("sud/atelier.xlsx").any()


# ------------------------------------------------------------------ what people do to a workbook


def one_message(found, *pieces):
    (message,) = found.messages()
    text = " ".join(message.split())
    for piece in pieces:
        assert " ".join(plain(piece).split()) in text, text


def filled(book):
    """An opinion that has to survive whatever else happens."""
    book.set("101", OPINION, "favorable")
    return book


def survives(found):
    assert ["101", "opinion_prefecture_ddt", "favorable"] in found.opinions[
        ["project_id", "field", "value"]
    ].to_numpy().tolist()


def test_deleted_column(triaged, sent):
    book = filled(sent())
    cell = book.sheet.cell(1, book.place(FUNDING)).coordinate
    book.sheet.delete_cols(book.place(FUNDING))
    found = read_workshop(triaged, book.save())
    one_message(found, f"atelier.xlsx, feuille « Dossiers », cellule {cell} : colonne « {FUNDING} » absente")
    survives(found)


def test_deleted_column_of_numbers_or_of_fingerprints(triaged, sent):
    for label in ("Dossier", "Empreinte (ne pas modifier)"):
        book = filled(sent())
        book.sheet.delete_cols(book.place(label))
        found = read_workshop(triaged, book.save())
        one_message(found, f"colonne « {label} » absente (elle était là à l'envoi)", "La rétablir.")
        survives(found)
        assert len(found.changes) == 1


def test_renamed_sheet(triaged, sent):
    book = filled(sent())
    book.sheet.title = "Retour DDT"
    found = read_workshop(triaged, book.save())
    one_message(
        found, "atelier.xlsx, feuille « Retour DDT », cellule A1 : feuille « Dossiers » absente, cette feuille en a"
    )
    survives(found)


def test_merged_cells(triaged, sent):
    book = filled(sent())
    place = openpyxl.utils.get_column_letter(book.place(FUNDING))
    book.set("101", FUNDING, "Fonds vert")
    book.sheet.merge_cells(f"{place}2:{place}4")
    found = read_workshop(triaged, book.save())
    one_message(found, f"cellule {place}2 : cellules fusionnées de {place}2 à {place}4 : seule {place}2 est lue")
    survives(found)
    assert found.opinions[found.opinions.field == "funding_prefecture_ddt"].project_id.to_list() == ["101"]


def test_merged_numbers_and_merged_header(triaged, sent):
    book = filled(sent())
    book.sheet.merge_cells("A2:A3")
    book.set("0103", FUNDING, "DETR")
    found = read_workshop(triaged, book.save())
    one_message(found, "cellule A2 : cellules fusionnées de A2 à A3")
    survives(found)
    assert found.missing == {} and "0103" in set(found.opinions.project_id)
    book = filled(sent())
    book.sheet.merge_cells("A1:B1")
    found = read_workshop(triaged, book.save())
    one_message(found, "cellules fusionnées de A1 à B1")
    survives(found)


def test_rows_and_columns_in_another_order_and_rows_above(triaged, sent):
    book = filled(sent())
    table = [[cell.value for cell in row] for row in book.sheet.iter_rows()]
    shuffled = [row[::-1] for row in [table[0], *table[:0:-1]]]
    new = book.book.create_sheet("Autre")
    new.append(["Retour du 3 décembre"])
    new.append([])
    for row in shuffled:
        new.append(row)
    book.book.remove(book.sheet)
    new.title = "Dossiers"
    found = read_workshop(triaged, book.save())
    assert found.messages() == [] and len(found.changes) == 1
    survives(found)


def test_added_column_and_added_row(triaged, sent):
    book = filled(sent())
    last = book.sheet.max_column + 1
    book.sheet.cell(1, last).value = "Commentaire de la sous-préfecture"
    cell = book.sheet.cell(1, last).coordinate
    found = read_workshop(triaged, book.save())
    one_message(found, f"cellule {cell} : colonne ajoutée « Commentaire de la sous-préfecture » : elle n'est pas lue.")
    book = filled(sent())
    book.sheet.cell(5, 1).value = "999"
    book.sheet.cell(5, book.place(OPINION)).value = "favorable"
    found = read_workshop(triaged, book.save())
    one_message(
        found, "cellule A5 : dossier inconnu « 999 » : ligne laissée de côté. Écrire le numéro d'un dossier envoyé."
    )
    survives(found)
    lost = found.changes[found.changes.kept == "non"]
    assert lost.after.to_list() == ["favorable"] and lost.cell.to_list()[0].endswith("5")


def test_row_without_a_number(triaged, sent):
    book = filled(sent())
    book.sheet.cell(5, book.place(OPINION)).value = "favorable"
    one_message(read_workshop(triaged, book.save()), "cellule A5 : ligne sans numéro de dossier : laissée de côté.")
    book = filled(sent())
    book.set("101", "Dossier", None)
    found = read_workshop(triaged, book.save())
    one_message(found, "cellule A2 : numéro de dossier effacé : l'empreinte est celle de « 101 », lu ici.")
    survives(found)


def test_deleted_rows_are_listed(triaged, sent):
    book = filled(sent())
    book.sheet.delete_rows(3, 2)
    found = read_workshop(triaged, book.save())
    one_message(
        found,
        "feuille « Dossiers » : 2 dossiers envoyés n'ont plus de ligne (102, 0103) : ce qui était connu est gardé.",
    )
    assert found.missing == {"atelier.xlsx": ["102", "0103"]}
    survives(found)
    del book.book["Envoi"]
    assert read_workshop(triaged, book.save()).missing == found.missing


def test_many_deleted_rows_are_named_up_to_twenty(tmp_path):
    many = fields.complete(pd.DataFrame({"project_id": [str(n) for n in range(30)]}))
    table = triage(many, year=2024)
    write_workshop(table, tmp_path / "a.xlsx")
    book = Book(tmp_path / "a.xlsx")
    book.sheet.delete_rows(2, 25)
    found = read_workshop(table, book.save())
    one_message(found, "25 dossiers envoyés", "18, 19, …)")
    assert len(found.missing["a.xlsx"]) == 25


def test_only_the_dossiers_that_were_sent_are_expected_back(triaged, tmp_path):
    part = triaged[triaged.project_id == "102"]
    write_workshop(part, tmp_path / "a.xlsx")
    assert read_workshop(triaged, tmp_path / "a.xlsx").messages() == []


def test_dossier_twice(triaged, sent):
    book = filled(sent())
    values = [cell.value for cell in book.sheet[2]]
    book.sheet.append(values)
    book.sheet.cell(5, book.place(OPINION)).value = "réservé"
    found = read_workshop(triaged, book.save())
    assert len(found.problems) == 1 and found.problems.cell[0] == "A5"
    assert plain("dossier « 101 » déjà en A2 : les deux lignes sont lues") in found.messages()[0]
    assert found.conflicts.value.to_list() == ["favorable", "reserve"]
    assert len(found.messages()) == 2


def test_number_that_is_not_that_of_its_row(triaged, sent):
    book = filled(sent())
    book.set("102", OPINION, "réservé")
    book.set("102", "Dossier", "0103")
    found = read_workshop(triaged, book.save())
    texts = "\n".join(found.messages())
    assert plain("cellule A3 : le numéro « 0103 » n'est pas celui de la ligne : laissée de côté. L'empreinte") in texts
    survives(found)
    assert found.missing == {"atelier.xlsx": ["102"]}
    book = sent()
    book.set("102", "Dossier", "abc")
    texts = "\n".join(read_workshop(triaged, book.save()).messages())
    assert (
        plain("dossier inconnu « abc » : ligne laissée de côté. L'empreinte de la ligne est celle du dossier « 102 ».")
        in texts
    )


def test_two_dossiers_of_the_same_mark_are_told_apart(tmp_path):
    assert mark("39506") == mark("40625")
    table = triage(dossiers(project_id=["39506", "40625", "1"]), year=2024)
    write_workshop(table, tmp_path / "a.xlsx")
    book = Book(tmp_path / "a.xlsx")
    book.set("40625", OPINION, "favorable")
    found = read_workshop(table, book.save())
    assert found.messages() == [] and found.opinions.project_id.to_list() == ["40625"]
    book.set("39506", "Dossier", None)
    found = read_workshop(table, book.save())
    assert plain("ligne sans numéro de dossier : laissée de côté.") in found.messages()[0] and len(found.opinions) == 1


def test_number_of_a_dossier_turned_into_a_number(triaged, sent):
    book = filled(sent())
    book.set("101", "Dossier", 101)
    found = read_workshop(triaged, book.save())
    assert found.messages() == []
    survives(found)


def test_damaged_fingerprint(triaged, sent):
    book = filled(sent())
    book.set("102", "Empreinte (ne pas modifier)", "abc")
    found = read_workshop(triaged, book.save())
    one_message(found, "empreinte effacée ou abîmée : les réponses sont comparées aux dossiers connus aujourd'hui.")
    assert len(found.changes) == 1


def test_column_twice(triaged, sent):
    book = filled(sent())
    last = book.sheet.max_column + 1
    book.sheet.cell(1, last).value = book.sheet.cell(1, book.place(OPINION)).value
    first = f"{openpyxl.utils.get_column_letter(book.place(OPINION))}1"
    # ``place`` keeps the last of two headers, the reading the first
    found = read_workshop(triaged, book.save())
    assert len(found.messages()) == 1 and "déjà en" in found.messages()[0] and first != ""
    survives(found)


def test_error_of_calculation(triaged, sent):
    book = filled(sent())
    cell = book.cell("101", FUNDING)
    cell.value, cell.data_type = "#REF!", "e"
    one_message(
        read_workshop(triaged, book.save()),
        f"cellule {cell.coordinate} : erreur de calcul « #REF! » : elle n'est pas lue.",
    )


def test_unreadable_workbooks_stop_no_other(triaged, sent, tmp_path):
    book = filled(sent())
    (tmp_path / "casse.xlsx").write_bytes(b"PK\x03\x04 casse")
    openpyxl.Workbook().save(tmp_path / "vide.xlsx")
    found = read_workshop(
        triaged, tmp_path / "absent.xlsx", tmp_path / "casse.xlsx", tmp_path / "vide.xlsx", book.save()
    )
    assert [plain(text) for text in found.messages()] == [
        plain("absent.xlsx : fichier absent. Vérifier son nom et son dossier."),
        plain("casse.xlsx : classeur illisible. L'ouvrir dans un tableur et l'enregistrer au format .xlsx."),
        plain("vide.xlsx, feuille « Dossiers » : aucune feuille n'a les colonnes des dossiers. ")
        + "Repartir du classeur envoyé.",
    ]
    survives(found)


def test_every_damage_at_once_loses_nothing_else(triaged, sent):
    book = filled(sent())
    book.decide("102", "crte", "DDT 59", date(2024, 12, 3), "Raison")
    book.set("0103", FUNDING, datetime(2024, 12, 3))
    book.sheet.delete_cols(book.place("Ingénierie repérée : Agences et opérateurs de l’État"))
    book.sheet.merge_cells(f"C{2}:D{2}")
    book.sheet.title = "Feuil1"
    found = read_workshop(triaged, book.save())
    assert len(found.problems) == 4 and found.decisions.category.to_list() == ["crte"]
    survives(found)


# ------------------------------------------------------------------ properties


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30) | st.sampled_from(RISKY)


TEXTS = st.lists(TEXT, min_size=3, max_size=3)  # one for each dossier


@settings(max_examples=FEW // 2)
@given(titles=TEXTS, fundings=TEXTS)
def test_any_text_comes_back_as_it_was_sent(tmp_path_factory, titles, fundings):
    path = tmp_path_factory.mktemp("atelier") / "a.xlsx"
    table = triage(dossiers(title=titles, funding_agences=fundings), year=2024)
    write_workshop(table, path)
    found = read_workshop(table, path)
    assert found.messages() == [] and found.changes.empty
    book = Book(path)
    assert all(cell.data_type != "f" for row in book.sheet.iter_rows() for cell in row)


@settings(max_examples=FEW)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([0, 1]),
            st.sampled_from(["101", "102", "0103"]),
            st.sampled_from(["favorable", "réservé", None]),
        ),
        max_size=6,
    )
)
@example([(0, "101", "favorable"), (1, "101", "réservé"), (1, "102", "réservé")])
def test_every_change_is_kept_or_in_conflict(triaged, untouched, tmp_path_factory, edits):
    folder = tmp_path_factory.mktemp("atelier")
    paths = [shutil.copy(untouched.path, folder / f"{n}.xlsx") for n in (0, 1)]
    books, wanted = {n: Book(paths[n]) for n, *_ in edits}, {}
    for n, id_, opinion in edits:
        books[n].set(id_, OPINION, opinion)
        wanted[n, id_] = opinion
    for book in books.values():
        book.save()
    found = read_workshop(triaged, *paths)
    for id_ in ("101", "102", "0103"):
        said = {opinion for (_, one), opinion in wanted.items() if one == id_ and opinion}
        kept = found.opinions[found.opinions.project_id == id_].value.to_list()
        shown = found.conflicts[found.conflicts.project_id == id_].shown.to_list()
        assert (set(shown) == said and not kept) if len(said) > 1 else (len(kept) == len(said) and not shown)
    assert found.problems.empty


def test_cells_read_as_people_write_them():
    text, day = (FORM.by_header[header_key(label)] for label in (FUNDING, DECISION[2]))
    assert text.value(True) == ("oui", "")
    assert text.value("  ") == ("", "")
    assert text.value(time(9, 30))[0] == "09:30:00"
    assert day.value(45629)[1].startswith("date illisible « 45629 »")
    assert read_key(12.0) == "12" and read_key(None) == ""
    assert FORM.marks("abc") is None and FORM.marks(None) is None
    assert np.all([len(mark(word)) == 8 for word in ("", "é", "\ud800")])


# ------------------------------------------------------------------ another spreadsheet


def test_libreoffice_opens_and_saves_the_workbook_and_nothing_has_changed(sent, office, tmp_path):
    titles, notes = ["=1+1", "Haies  «\u00a0d'ici\u00a0»", "+33"], ["@a", "ligne 1\nligne 2", "  espaces  "]
    table = triage(dossiers(title=titles, funding_agences=notes), year=2024)
    book = sent(table=table)
    book.decide("102", "Non remonté", "DDT 59", date(2024, 12, 3), "=pas une formule")
    book.sheet[coordinate(book, "102", DECISION[3])].data_type = "s"
    book.save()
    saved = office(book.path, "xlsx", tmp_path / "revenu")
    direct, returned = read_workshop(table, book.path), read_workshop(table, saved)
    assert returned.messages() == direct.messages() == []
    for name in ("decisions", "opinions", "changes"):
        pd.testing.assert_frame_equal(getattr(returned, name), getattr(direct, name))
    assert returned.decisions.reason.to_list() == ["=pas une formule"]
    sheet = openpyxl.load_workbook(saved)["Dossiers"]
    assert sheet.auto_filter.ref and sheet.column_dimensions["H"].outlineLevel == 1
    assert len(sheet.data_validations.dataValidation) >= 3
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
