"""What is read is what is counted: every sheet and every row of what was sent is read, set aside, or said."""

import csv
import json
import math

import openpyxl
import pandas as pd
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

import copkit as ck
from copkit import french
from copkit.errors import ProjectError
from copkit.intake import cells as cells_of
from copkit.intake import columns, delimited, inside, reading, report, sheet, spreadsheets, totals
from copkit.intake.conversion import Conversion
from copkit.projects.fields import PROJECTS

HEADERS = ["Dossier", "Intitulé", "Porteur", "Coût [EUR]"]


@pytest.fixture
def file(tmp_path):
    """Write a file of text and give its path."""

    def write(content, name="projets.csv"):
        path = tmp_path / name
        path.write_text(content, encoding="utf-8")
        return path

    return write


@pytest.fixture
def workbook(tmp_path):
    """Write a workbook from its sheets (rows of cells) and give its path."""

    def write(sheets, name="projets.xlsx", hidden=()):
        path = tmp_path / name
        book = openpyxl.Workbook()
        book.remove(book.active)
        for title, rows in sheets.items():
            made = book.create_sheet(title)
            for row in rows:
                made.append(row)
            made.sheet_state = "hidden" if title in hidden else "visible"
        book.save(path)
        return path

    return write


def account_of(projects):
    return projects.attrs["reading"]


def check_accounts(told):
    """Each sheet's rows are there, and those of the projects are the rows that were read."""
    sheets = told.sheets
    assert (sheets.filled == sheets[["headings", "gathered", "set_aside", "left_out"]].sum(axis=1)).all()
    read = sheets[sheets.taken.str.startswith("projets")]
    assert (read.gathered.sum(), read.set_aside.sum()) == (told.kept, len(told.set_aside))
    assert told.rows == told.kept + len(told.set_aside)


# ------------------------------------------------------------------ quotes


@pytest.mark.cases("lecture_feuilles", "guillemets")
def test_rows_that_a_quote_swallows_are_set_aside_one_by_one(case, file, says):
    projects = ck.projects.read(file(case["contenu"]))
    told = account_of(projects)
    assert list(projects.project_id) == case["projets"]
    assert list(told.set_aside.row) == case["ecartees"]
    for reason in told.set_aside.reason:
        says(reason, case["raison"])
    says(" ".join(told.notes), case.get("dit", ""))
    assert bool(told.notes) == ("dit" in case)
    check_accounts(told)


def test_rows_after_the_swallowed_ones_keep_their_line(file):
    rows = [["Dossier", "Intitulé", "Porteur"], *([str(n), f"Projet {n}", f"Commune {n}"] for n in range(1, 80))]
    lines = [",".join(row) for row in rows]
    lines[31] = lines[31].replace("Projet", '"Projet')
    lines[75] = lines[75].replace(",Commune", '",Commune')
    projects = ck.projects.read(file("\n".join(lines) + "\n"))
    told = account_of(projects)
    assert (told.rows, told.kept, len(told.set_aside)) == (79, 34, 45)
    assert list(projects.row) == [*range(2, 32), *range(77, 81)]
    assert json.loads(told.set_aside.content[0]) == ["31", "Projet 31", "Commune 31"]


TORN = (  # a person who is under another header than their own
    '1,"Haies,Commune A,Jeanne Exemple,\nune suite,"Bois\n',
    '1,"Haies,Commune A,Jeanne Exemple,"x"\n',
    "1,Haies Commune A,Jeanne Exemple,x\n",
    '1,Haies,"Commune A,,\nune suite,"Bois\nJeanne Exemple",x,y,z,t\n',
)


@pytest.mark.parametrize("line", TORN)
def test_cells_that_a_quote_moved_name_nobody(file, line):
    head = "Dossier,Intitulé,Porteur,Nom du contact,Freins\n2,Eau,Commune B,Camille Exemple,\n"
    told = account_of(ck.projects.read(file(head + line)))
    assert len(told.set_aside) and told.dropped == ["Nom du contact"]
    assert "Exemple" not in told.set_aside.to_csv() + told.summary
    without = account_of(ck.projects.read(file((head + line).replace("Nom du contact", "Remarque"))))
    assert "Jeanne Exemple" in without.set_aside.to_csv()  # where no column names a person, it is shown


def test_header_that_a_quote_swallows_is_refused(file, says):
    with pytest.raises(ProjectError) as refused:
        ck.projects.read(file('Dossier,Intitulé,"Porteur\n1,Haies,"Commune A\n2,Bois,Commune B\n'))
    says(refused.value, "un guillemet de l'en-tête, ouvert à la ligne 1, avale les lignes jusqu'à la ligne 2.")


def test_header_on_two_lines_is_a_header(file):
    projects = ck.projects.read(file('Dossier,"Intitulé",Porteur,"Coût\n[EUR]"\n1,Haies,Commune A,3\n'))
    assert list(projects.cost) == [3]


_WORDS = st.sampled_from(["haies", "talus", "mares, prairies", "bois ; bosquets", "école", "12", "eau, vélo,", '"ici"'])
_TEXTS = st.lists(st.lists(_WORDS, max_size=6).map(" ".join), min_size=1, max_size=4).map("\n".join)


@settings(max_examples=100)
@given(
    st.lists(st.tuples(_TEXTS, _WORDS, st.integers(0, 10**6)), min_size=1, max_size=8),
    st.sampled_from([",", ";", "\t"]),
    st.permutations(range(4)),
)
def test_text_on_several_lines_is_never_taken_for_rows(tmp_path_factory, rows, mark, order):
    path = tmp_path_factory.mktemp("textes") / "projets.csv"
    table = [HEADERS, *([f"D{n}", text, holder, str(cost)] for n, (text, holder, cost) in enumerate(rows))]
    with path.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out, delimiter=mark).writerows([[row[n] for n in order] for row in table])
    read = delimited.read(path)
    assert not read.strays and not read.notes
    assert read.cells.to_numpy().tolist() == [[row[n] for n in order] for row in table[1:]]


@settings(max_examples=100)
@given(st.data(), st.integers(4, 15), st.sampled_from([",", ";", "\t"]))
def test_stray_quotes_never_lose_a_row(tmp_path_factory, data, count, mark):
    path = tmp_path_factory.mktemp("guillemets") / "projets.csv"
    rows = [[str(n), f"Projet {n}", f"Commune {n}", str(10 * n)] for n in range(count)]
    for _ in range(data.draw(st.integers(1, 3))):
        row, column = data.draw(st.integers(0, count - 1)), data.draw(st.integers(0, 3))
        cell = rows[row][column]
        at = data.draw(st.sampled_from([0, 0, len(cell) // 2, len(cell)]))
        rows[row][column] = cell[:at] + '"' + cell[at:]
    path.write_text("".join(mark.join(row) + "\n" for row in [HEADERS, *rows]), encoding="utf-8")
    read = delimited.read(path)
    assert len(read) == read.filled - read.headings == count


# ------------------------------------------------------------------ sheets


@pytest.mark.cases("lecture_feuilles", "feuilles")
def test_each_sheet_is_read_or_said_with_its_rows(case, workbook, tmp_path, says):
    mapping = None
    if "correspondance" in case:
        mapping = tmp_path / "essai.yml"
        fields = {"fields": {"project_id": "Dossier", "title": "Intitulé", "holder": "Porteur"}}
        mapping.write_text(json.dumps({"label": "essai", **fields, **case["correspondance"]}), encoding="utf-8")
    projects = ck.projects.read(workbook(case["feuilles"], hidden=case.get("masquees", ())), mapping=mapping)
    told = account_of(projects)
    assert list(projects.project_id) == case["projets"]
    found = told.sheets[["sheet", "filled", "headings", "gathered", "set_aside", "left_out"]].to_numpy().tolist()
    assert found == [[name, *counts] for name, _, *counts in case["comptes"]]
    for taken, (_, expected, *_) in zip(told.sheets.taken, case["comptes"], strict=True):
        says(taken, expected)
    says(told.summary, *case.get("dit", []))
    assert bool(told.notes) == ("dit" in case)
    if "ecartees" in case:
        says(told.set_aside.reason[0], case["ecartees"])
    check_accounts(told)


def test_sheets_of_an_export_are_said_with_what_they_hold(workbook):
    head = ["ID", "Email", "Entreprise raison sociale", "État du dossier", "Intitulé du projet"]
    head += ["Niveau de maturité", "Dimension nouvelle"]
    sheets = {
        "Dossiers": [head, ["11", "", "", "", "Haies", "", ""]],
        "Etablissements": [["Dossier ID", "Champ", "Établissement SIRET"], ["11", "Dossier", "21010376800012"]],
        "Avis": [["Dossier ID", "Réponse"], ["11", "Oui"], ["11", "Non"]],
        "(4242) Partenaires": [["Dossier ID", "Structure"], ["11", "Agence"]],
        "Pivot": [["Étiquettes", "Nombre"], ["Total", 1]],
    }
    told = account_of(ck.projects.read(workbook(sheets)))
    assert told.sheets[["sheet", "taken", "gathered", "left_out"]].to_numpy().tolist() == [
        ["Dossiers", "projets", 1, 0],
        ["Etablissements", "établissements des dossiers", 1, 0],
        ["Avis", "avis sur les dossiers", 2, 0],
        ["(4242) Partenaires", "bloc répétable des dossiers", 1, 0],
        ["Pivot", "autre chose que des projets : ni colonne « Dossier » ni « Intitulé »", 0, 2],
    ]
    check_accounts(told)


def test_establishments_are_joined_to_the_dossiers_of_every_sheet(workbook):
    head = ["ID", "Email", "Entreprise raison sociale", "État du dossier", "Intitulé du projet"]
    head += ["Niveau de maturité", "Dimension nouvelle"]
    sheets = {name: [head, [id_, "", "", "", "Haies", "", ""]] for name, id_ in (("Dossiers", "11"), ("Suite", "12"))}
    sheets["Etablissements"] = [
        ["Dossier ID", "Établissement SIRET"],
        ["11", "21010376800012"],
        ["12", "20007189200011"],
    ]
    assert list(ck.projects.read(workbook(sheets)).holder_siren) == ["210103768", "200071892"]


def test_two_sheets_of_the_same_name_are_refused(workbook, monkeypatch, tmp_path, says):
    import zipfile

    path = workbook(
        {"Nord": [["Dossier", "Intitulé"], ["1", "Haies"]], "Oise": [["Dossier", "Intitulé"], ["2", "Eau"]]}
    )
    damaged = tmp_path / "deux.xlsx"
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(damaged, "w") as out:
        for part in source.namelist():
            text = source.read(part)
            out.writestr(part, text.replace(b"Oise", b"Nord") if part == "xl/workbook.xml" else text)
    with pytest.raises(ProjectError) as refused:
        ck.projects.read(damaged)
    says(refused.value, "deux feuilles s'appellent « Nord ». En renommer une.")


@given(
    st.lists(
        st.tuples(
            st.lists(st.sampled_from([*HEADERS, "Nom", "", "Couleur"]), max_size=6),
            st.lists(st.lists(st.sampled_from(["", "1", "2", "x", " ", "#N/A", None, 3, 1.5]), max_size=8), max_size=6),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_every_row_of_every_sheet_is_accounted_for(tmp_path_factory, sheets):
    path = tmp_path_factory.mktemp("feuilles") / "projets.xlsx"
    written = {"Projets": [HEADERS, ["1", "Haies", "A", 3]]}
    written |= {f"Feuille {n}": [head, *rows] for n, (head, rows) in enumerate(sheets)}
    with xlsxwriter.Workbook(path) as book:
        for name, rows in written.items():
            page = book.add_worksheet(name)
            for number, row in enumerate(rows):
                page.write_row(number, 0, row)
    told = account_of(ck.projects.read(path))
    check_accounts(told)

    def filled(row):
        return any(cell is not None and str(cell).strip() for cell in row)

    expected = {name: sum(map(filled, rows)) for name, rows in written.items()}
    assert dict(zip(told.sheets.sheet, told.sheets.filled, strict=True)) == {k: v for k, v in expected.items() if v}


def test_row_that_is_neither_kept_nor_set_aside_stops_the_reading(file, monkeypatch, says):
    part = Conversion.part
    monkeypatch.setattr(Conversion, "part", lambda *given: part(*given).iloc[:-1])
    with pytest.raises(ProjectError) as refused:
        ck.projects.read(file("Dossier,Intitulé\n1,Haies\n2,Bois\n"))
    says(
        refused.value,
        "Erreur de copkit, et non des fichiers : des lignes ne sont ni gardées ni écartées.",
        "projets.csv  : 3 lignes, dont 1 de titre et d'en-tête, 1 gardées et 0 écartées.",
    )


def test_sheets_are_saved_with_the_other_lists(workbook, tmp_path):
    told = account_of(ck.projects.read(workbook({"Nord": [["Dossier", "Intitulé"], ["1", "Haies"]], "Note": [["x"]]})))
    told.save(tmp_path / "listes")
    lines = (tmp_path / "listes" / "feuilles.csv").read_text(encoding="utf-8").splitlines()
    assert lines == [
        "Fichier,Feuille,Prise pour,Lignes remplies,Titres et en-tête,Lignes lues,Lignes écartées,Lignes non lues",
        "projets.xlsx,Nord,projets,2,1,1,0,0",
        "projets.xlsx,Note,autre chose que des projets : ni colonne « Dossier » ni « Intitulé »,1,0,0,0,1",
    ]


def test_dossiers_given_twice_under_one_key_are_refused(file, says):
    text = '{"data": {"demarche": {"dossiers": {"nodes": [{"number": 1}], "nodes": [{"number": 2}]}}}}'
    with pytest.raises(ProjectError) as refused:
        ck.projects.read(file(text, "reponse.json"))
    says(refused.value, "reponse.json : 1 problème", "« nodes » est écrit deux fois dans le même bloc. En garder un.")


def test_cells_on_the_right_of_the_header_are_named_by_their_column(tmp_path):
    path, book = tmp_path / "projets.xlsx", openpyxl.Workbook()
    for cell, value in {"B2": "Dossier", "C2": "Intitulé", "B3": "1", "C3": "Haies", "E3": "à revoir"}.items():
        book.active[cell] = value
    book.save(path)
    projects = ck.projects.read(path)
    assert list(projects.row) == [3] and list(account_of(projects).problems.column) == ["E"]


# ------------------------------------------------------------------ errors of a spreadsheet


@pytest.mark.cases("lecture_feuilles", "erreurs")
def test_error_of_a_spreadsheet_is_named_and_left_empty(case, file, says):
    projects = ck.projects.read(file(case["contenu"]))
    found = account_of(projects).problems.sort_values("row", kind="stable")
    assert len(found) == len(case["problemes"])
    for got, (row, column, value, message) in zip(found.itertuples(), case["problemes"], strict=True):
        assert (got.row, got.column, got.value) == (row, column, value)
        says(got.message, message)
    for name, values in case["valeurs"].items():
        assert [None if isinstance(v, float) and math.isnan(v) else v for v in projects[name]] == values


FORMULAS = {  # cell of the cost: formula, its value in the file → what is read, what is said
    "3": ("=1/0", "#DIV/0!", None, "erreur du tableur"),
    "4": ("=B3", "#REF!", None, "erreur du tableur"),
    "5": ("=1+1", 2, 2, ""),
    "6": ("=1+1", "", None, "formule sans valeur : aucun tableur ne l'a calculée, lue vide."),
    "7": ("=1-1", 0, None, "formule sans valeur"),  # what is written before anything is computed
    "8": ('=A1&"x"', "douze", None, "nombre attendu"),
}


def test_errors_and_formulas_without_a_value_are_named_by_cell(tmp_path, says):
    path = tmp_path / "projets.xlsx"
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet("Projets")
        page.write_row(1, 1, ["Dossier", "Intitulé", "Coût [EUR]"])
        for row, (formula, value, *_) in FORMULAS.items():
            page.write_row(int(row) - 1, 1, [row, "Haies"])
            page.write_formula(int(row) - 1, 3, formula, None, value)
        page.write_formula(20, 3, "=NA()", None, "#N/A")
        book.add_worksheet("Note").write_formula(0, 0, "=1/0", None, "#DIV/0!")
    projects = ck.projects.read(path)
    told = account_of(projects)
    assert [None if math.isnan(v) else v for v in projects.cost] == [value for *_, value, _ in FORMULAS.values()]
    said = {str(one.row): one.message for one in told.problems.itertuples()}
    assert set(said) == {row for row, (*_, message) in FORMULAS.items() if message}
    for row, (*_, message) in FORMULAS.items():
        says(said.get(row, ""), message)
    assert set(told.problems.column) == {"Coût [EUR]"} and set(told.problems.sheet) == {"Projets"}
    says(" ".join(told.notes), "1 ligne n'a que des formules en erreur ou sans valeur : rien n'y est lu")
    check_accounts(told)


def test_formula_written_by_a_program_has_no_value(workbook, says):
    path = workbook({"Projets": [["Dossier", "Intitulé", "Coût [EUR]"], ["1", "Haies", "=1+1"], ["2", "Eau", "#REF!"]]})
    projects = ck.projects.read(path)
    first, second = account_of(projects).problems.sort_values("row").itertuples()
    assert projects.cost.isna().all() and (first.row, first.value) == (2, "")
    says(first.message, "Ouvrir le fichier dans un tableur, l'enregistrer, et le relire.")
    assert (second.row, second.value) == (3, "#REF!")


def test_errors_are_found_in_what_libreoffice_saves(workbook, office, tmp_path, says):
    rows = [["Dossier", "Intitulé", "Coût [EUR]"], ["1", "Haies", "=1/0"], ["2", "Eau", '=IF(A1="x","y","")']]
    path = workbook({"Projets": [*rows, ["3", "Bois", "=NA()"], ["4", "Vélo", "=1-1"]]}, "modele.xlsx")
    for suffix in ("xlsx", "ods", "xls"):
        projects = ck.projects.read(office(path, suffix, tmp_path / suffix))
        told = account_of(projects)
        assert [None if math.isnan(v) else v for v in projects.cost] == [None, None, None, 0]
        if suffix == "xls":  # the old format is not looked into: said once, for the file
            assert not len(told.problems)
            says(told.notes[0], "modele.xls : cellules en erreur (#REF!…) et formules sans valeur lues vides")
        else:
            assert list(told.problems.row) == [2, 4] and list(told.problems.value) == ["#DIV/0!", "#N/A"]
            assert told.notes == []


def test_formula_without_value_is_found_in_an_ods(tmp_path):
    import zipfile

    path = tmp_path / "projets.ods"
    spaces = " ".join(f'xmlns:{n}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0"' for n in ("office", "table", "text"))
    cells = '<table:table-row table:number-rows-repeated="2"><table:table-cell table:number-columns-repeated="2"/>'
    cells += '<table:table-cell table:formula="of:=1+1"/></table:table-row>'
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("content.xml", f'<d {spaces}><table:table table:name="P">{cells}</table:table></d>')
    assert inside.look(path) == {"P": inside.Inside({1: {2: sheet.UNCOMPUTED}, 2: {2: sheet.UNCOMPUTED}})}


@pytest.mark.parametrize("content", [b"", b"PK\x05\x06" + bytes(18), b"ceci n'est pas un classeur"])
def test_cells_that_cannot_be_looked_for_are_not_found(content, tmp_path):
    path = tmp_path / "projets.xlsx"
    path.write_bytes(content)
    assert inside.look(path) is None


def test_errors_are_looked_for_across_the_blocks_of_a_sheet(tmp_path, monkeypatch):
    path = tmp_path / "projets.xlsx"
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet("P")
        page.write_row(0, 0, ["Dossier", "Intitulé"])
        page.write_formula(9, 1, "=1/0", None, "#DIV/0!")
    for block in (17, 64, 1000):
        monkeypatch.setattr(inside, "_BLOCK", block)
        assert inside.look(path) == {"P": inside.Inside({10: {1: "#DIV/0!"}})}


# ------------------------------------------------------------------ what a spreadsheet does not show


def test_hidden_rows_and_columns_are_read_and_said(tmp_path, says):
    path = tmp_path / "projets.xlsx"
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet("Projets")
        page.write_row(1, 1, ["Dossier", "Intitulé", "Porteur", "Coût [EUR]", "Remarque"])
        for row in range(2, 40):
            page.write_row(row, 1, [str(row), "Haies", f"Commune {row}", 10, ""])
        for row in (0, 3, 4, 5, 20, 60):  # the first is above the header, the last holds nothing
            page.set_row(row, options={"hidden": True})
        page.set_column(2, 2, None, None, {"hidden": True})
        page.set_column(3, 3, None, None, {"hidden": True, "level": 1})  # its fold is seen
        page.set_column(4, 5, None, None, {"hidden": True})  # the last is not read
    told = account_of(ck.projects.read(path))
    assert told.kept == 38
    says(
        told.notes[0],
        "projets.xlsx : feuille « Projets » : 4 lignes masquées ou filtrées, lues comme les autres (4 à 6, 21).",
    )
    says(
        told.notes[1],
        "2 colonnes masquées, lues comme les autres : « Intitulé » (C) et « Coût [EUR] » (E). Ôter du fichier",
    )
    assert len(told.notes) == 2


def test_what_is_hidden_is_said_wherever_its_mark_stands_among_the_others(tmp_path, says):
    path, book = tmp_path / "projets.xlsx", openpyxl.Workbook()
    for row in (["Dossier", "Intitulé", "Porteur"], ["1", "Haies", "A"], ["2", "Bois", "B"]):
        book.active.append(row)
    book.active.column_dimensions["C"].hidden = book.active.row_dimensions[3].hidden = True
    book.save(path)  # of a column, openpyxl writes it first
    notes = " ".join(ck.projects.read(path).attrs["reading"].notes)
    says(notes, "1 ligne masquée ou filtrée, lue comme les autres (ligne 3).", "1 colonne masquée", "« Porteur » (C).")


def test_one_hidden_row_is_said_and_many_are_counted(tmp_path, says):
    path, said = tmp_path / "projets.xlsx", []
    for hidden in ([3], range(3, 29, 2)):
        with xlsxwriter.Workbook(path) as book:
            page = book.add_worksheet("P")
            page.write_row(0, 0, ["Dossier", "Intitulé"])
            for row in range(1, 40):
                page.write_row(row, 0, [str(row), "Haies"])
            page.autofilter(0, 0, 39, 1)
            for row in hidden:
                page.set_row(row, options={"hidden": True})
        said += account_of(ck.projects.read(path)).notes
    says(said[0], "1 ligne masquée ou filtrée, lue comme les autres (ligne 4).")
    says(said[1], "13 lignes masquées ou filtrées, lues comme les autres (4, 6, 8, 10, 12 et 8 autres groupes).")


def test_what_is_hidden_is_found_in_an_ods_and_across_blocks(tmp_path, monkeypatch):
    import zipfile

    spaces = " ".join(f'xmlns:{n}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0"' for n in ("office", "table", "text"))
    cells = '<table:table-column/><table:table-column table:visibility="collapse" table:number-columns-repeated="2"/>'
    cells += '<table:table-column-group><table:table-column table:visibility="collapse"/></table:table-column-group>'
    cells += "<table:table-row/>"
    cells += '<table:table-row table:visibility="filter" table:number-rows-repeated="3"/>'
    with zipfile.ZipFile(tmp_path / "projets.ods", "w") as out:
        out.writestr("content.xml", f'<d {spaces}><table:table table:name="P">{cells}</table:table></d>')
    with xlsxwriter.Workbook(tmp_path / "projets.xlsx") as book:
        page = book.add_worksheet("P")
        page.set_column(1, 2, None, None, {"hidden": True})
        for row in range(1, 4):
            page.write(row, 0, "x")
            page.set_row(row, options={"hidden": True})
    for block in (17, 64, 1000):
        monkeypatch.setattr(inside, "_BLOCK", block)
        assert inside.look(tmp_path / "projets.ods") == {"P": inside.Inside({}, [(2, 4)], [(1, 2)])}
        assert inside.look(tmp_path / "projets.xlsx") == {"P": inside.Inside({}, [(2, 2), (3, 3), (4, 4)], [(1, 2)])}


# ------------------------------------------------------------------ a same number, a same cell


@pytest.mark.cases("lecture_feuilles", "memes_numeros")
def test_number_alone_does_not_make_a_duplicate(case, file, says):
    projects = ck.projects.read(*(file(content, name) for name, content in case["fichiers"].items()))
    told = account_of(projects)
    assert list(projects.duplicate_of) == case["doublon_de"]
    assert told.same_number[["file", "project_id"]].to_numpy().tolist() == case["memes_numeros"]
    assert len(told.duplicates) == len(projects) - case["doublon_de"].count("")
    says(told.summary, case.get("dit", ""))
    assert ("dossiers différents" in told.summary) == bool(case["memes_numeros"])


def test_sheets_that_both_number_from_one_keep_their_dossiers(workbook):
    sheets = {n: [["Dossier", "Intitulé", "Porteur"], ["1", f"Haies {n}", f"Commune {n}"]] for n in ("Nord", "Oise")}
    projects = ck.projects.read(workbook(sheets))
    assert list(projects.duplicate_of) == ["", ""]
    assert list(account_of(projects).same_number.sheet) == ["Nord", "Oise"]


def test_duplicate_in_another_sheet_says_which_is_kept(workbook):
    sheets = {name: [["Dossier", "Intitulé"], ["1", "Haies"]] for name in ("Nord", "Copie")}
    (one,) = account_of(ck.projects.read(workbook(sheets))).duplicates.itertuples()
    assert (one.sheet, one.kept_sheet, one.kept_row) == ("Nord", "Copie", 2)


def test_copy_of_a_sheet_without_numbers_is_a_probable_duplicate(workbook):
    rows = [["Intitulé", "Dossier", "Porteur"], ["Haies", "", "Commune A"], ["Haies", "", "Commune A"]]
    alone = account_of(ck.projects.read(workbook({"Nord": rows})))
    assert not len(alone.probable_duplicates)
    told = account_of(ck.projects.read(workbook({"Nord": rows, "Copie": rows})))
    assert (len(told.probable_duplicates), told.probable_groups) == (4, 1)


def test_column_that_repeats_one_number_is_read_in_a_time_that_grows_with_its_rows(file):
    rows = "".join(f"2024,Projet {n},Commune {n}\n" for n in range(5000))
    told = account_of(ck.projects.read(file("Dossier,Intitulé,Porteur\n" + rows)))
    assert told.kept == 5000 and told.shared_numbers == 1


@pytest.mark.cases("lecture_feuilles", "contradictions")
def test_cells_that_contradict_each_other_are_in_the_summary(case, file, says):
    told = account_of(ck.projects.read(file(case["contenu"])))
    assert told.conflicts[["row", "kept", "other"]].to_numpy().tolist() == case["contredites"]
    says(told.summary, case["dit"])
    assert ("contredi" in told.summary) == bool(case["dit"])


def test_lists_of_a_reading_have_french_headers(file):
    told = account_of(ck.projects.read(file("Dossier,Intitulé\n1,Haies\n")))
    for name in told.lists:
        assert isinstance(getattr(told, name), pd.DataFrame)
        assert set(getattr(told, name)) <= set(report.HEADERS), name
    assert told.summary == french.typeset(
        "1 ligne lue dans 1 fichier : 1 projet. 1 projet sans levier et 1 projet sans commune."
    )
    assert spreadsheets.WORKBOOKS


PIECES = ["Total", "somme", "RÉSULTAT", "résultat", "02/13/2024", "1/31/2023", "N/A", "Néant", "E\u0301", "ß"]
CELL = st.lists(st.sampled_from([*PIECES, " ", "\u00a0", "\x07", "\x1f", "-", "\n"]), max_size=4).map("".join)


@given(st.lists(CELL, min_size=1, max_size=12))
def test_a_long_column_is_read_as_a_short_one(texts):
    missing = {"", "-", "n/a", "néant"}
    short = pd.Series(texts, dtype="str")
    long = pd.concat([short] * (columns.SHORT // len(texts) + 1), ignore_index=True)
    for pattern in (totals._LOOKS, cells_of._MONTH_FIRST):
        assert columns.holds(long, pattern)[: len(texts)].to_list() == columns.holds(short, pattern).to_list()
    found = columns.clean(short, missing)
    assert columns.clean(long, missing)[: len(texts)].to_list() == found.to_list() and found.dtype == short.dtype
    assert not set(found.str.casefold()) & (missing - {""}) and [one for one in found if one != one.strip()] == []
    assert "\x07" not in "".join(found)


@given(st.lists(CELL | st.none(), max_size=12), st.lists(CELL | st.none(), max_size=6))
def test_a_text_is_among_others_where_pandas_says_so(texts, others):
    cells = pd.Series(texts, index=range(5, 5 + len(texts)), dtype="str")
    known = pd.Series(others, dtype="str")
    pd.testing.assert_series_equal(columns.among(cells, known), cells.isin(known))


@pytest.mark.parametrize("times", [1, columns.SHORT])
def test_cells_that_are_missing_are_cleaned_as_empty_ones(times):
    cells = pd.Series([None, "N/A", float("nan"), " Haies "] * times, dtype="str")
    assert columns.clean(cells, {"n/a"}).to_list() == ["", "", "", "Haies"] * times


def test_two_dossiers_of_one_title_and_no_holder_are_not_probable_duplicates(file):
    table = "Dossier,Intitulé,Porteur\n1,Haies,{0}\n2,HAIES,{0}\n"
    assert len(ck.projects.read(file(table.format("Arras"))).attrs["reading"].probable_duplicates) == 2
    assert len(ck.projects.read(file(table.format(""))).attrs["reading"].probable_duplicates) == 0


# ------------------------------------------------------------------ the table that a reading gives

HELD = {  # a field of each kind → a value that it may hold, and one that it may not
    "title": ("Haies", None),
    "lever": ("haies|velo", "licorne"),
    "maturity": ("idee", "mûr"),
    "departement": ("dep-2A", "59"),
    "holder_siren": ("210103768", "21010"),
    "start": ("2026-01-31", "hier"),
    "cost": (12.5, math.inf),
    "row": (12, "douze"),
}


@pytest.mark.parametrize("rows", [1, columns.SHORT + 1])
@pytest.mark.parametrize("name", HELD)
def test_each_kind_of_field_holds_what_it_may_and_nothing_else(file, name, rows):
    table = ck.projects.read(file("Dossier,Intitulé\n" + "".join(f"{n},Haies {n}\n" for n in range(rows))))
    good, wrong = HELD[name]
    reading.check(table.assign(**{name: pd.Series([good] * rows, dtype=table[name].dtype)}), PROJECTS)
    kind = object if name == "row" else table[name].dtype
    spoilt = table.assign(**{name: pd.Series([wrong, *[good] * (rows - 1)], dtype=kind)})
    with pytest.raises(ProjectError) as refused:
        reading.check(spoilt, PROJECTS)
    assert f"« {PROJECTS.fields[name].label} » : valeur «" in str(refused.value)
    with pytest.raises(ProjectError):
        reading.check(table.drop(columns=name), PROJECTS)
