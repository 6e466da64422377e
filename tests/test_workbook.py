"""A workbook that is filled from nothing: what its cells offer, the rows that people add, two returns that disagree."""

import shutil
from dataclasses import replace
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copkit import french
from copkit.errors import ProjectError
from copkit.intake.fields import Field
from copkit.intake.workbook.form import Column, Form, Noun
from copkit.intake.workbook.merge import gather
from copkit.intake.workbook.write import write
from copkit.reference import territories

from .conftest import FEW

TERRITORIES = {
    one.code: f"{one.name} ({'région' if one.level == 'region' else 'département'} {one.code[4:]})"
    for level in ("region", "departement")
    for one in territories.territories(level).assign(level=level).itertuples()
}
STRONG = Form(
    sheet="Points forts",
    noun=Noun("point fort", "points forts", "de point fort", "du point fort"),
    columns=(
        Column("key", Field("Point fort", "id"), 10, hidden=True),
        Column("territory", Field("Territoire", "place", choices=TERRITORIES), 28, filled=True, needed=True),
        Column("lever", Field("Levier", "lever", choices={"velo": "Vélo", "haies": "Haies"}), 28, filled=True),
        Column("title", Field("Intitulé", "name"), 40, filled=True, needed=True),
        Column("who", Field("Porteur", "name"), 26, filled=True),
        Column("why", Field("Ce qui est exemplaire"), 60, filled=True, merge=" ; ".join),
        Column("jobs", Field("Emplois", "number"), 10, filled=True),
        Column("since", Field("Depuis", "date"), 12, filled=True),
        Column("public", Field("À montrer", "yes_no"), 12, filled=True),
    ),
    title="Points forts du territoire",
    do=("Une ligne par point fort.",),
    know=("Ne pas fusionner de cellules.",),
    public_note="Version publique, à consulter.",
    private=frozenset({"who"}),
    new_rows=30,
    identity=("territory", "lever", "title"),
)
NOTHING = pd.DataFrame()
KNOWN = pd.DataFrame(
    [
        {"key": "7", "territory": "dep-59", "lever": "velo", "title": "Voie verte", "who": "CUD", "jobs": 12.0},
        {"key": "8", "territory": "reg-32", "title": "=1+1", "why": "Vite", "public": "non"},
    ]
)


class Book:
    """A workbook that somebody opens, fills in and saves."""

    def __init__(self, path):
        self.path, self.book = path, openpyxl.load_workbook(path)
        self.sheet = self.book["Points forts"]
        heads = (str(cell.value).removesuffix(" (à remplir)") for cell in self.sheet[1])
        self.places = {head: n for n, head in enumerate(heads, start=1)}

    def set(self, row, **values):
        for label, value in values.items():
            self.sheet.cell(row, self.places[label.replace("_", " ")]).value = value
        return self

    def letter(self, label):
        return openpyxl.utils.get_column_letter(self.places[label])

    def save(self):
        self.book.save(self.path)
        return self.path


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """The workbook without a row, written once."""
    path = tmp_path_factory.mktemp("modele") / "modele.xlsx"
    write(STRONG, NOTHING, path)
    return path


@pytest.fixture
def sent(bare, tmp_path):
    def make(name="retour.xlsx", table=NOTHING, form=STRONG):
        if table is NOTHING and form is STRONG:
            shutil.copy(bare, tmp_path / name)
        else:
            write(form, table, tmp_path / name)
        return Book(tmp_path / name)

    return make


def rows(found, *names):
    return found.table[list(names)].to_numpy().tolist()


def said(found):
    return [" ".join(message.split()) for message in found.messages()]


def plain(text):
    return " ".join(french.typeset(text).split())


# ------------------------------------------------------------------ what is sent


def test_template_offers_its_lists_and_is_open_where_rows_may_be_added(sent):
    book = sent()
    assert book.book.sheetnames == ["Lire d'abord", "Points forts", "Référence", "Envoi"]
    rules = {one.sqref: one for one in book.sheet.data_validations.dataValidation}
    offered = {str(area): (one.type, one.formula1) for area, one in rules.items()}
    assert offered["B2:B31"] == ("list", "territory") and offered["C2:C31"] == ("list", "lever")
    assert offered["I2:I31"] == ("list", '"oui,non"') and offered["H2:H31"][0] == "date"
    sheet, area = next(iter(book.book.defined_names["territory"].destinations))
    listed = [cell.value for (cell,) in book.book[sheet][area]]
    assert len(listed) == 119 and {"La Réunion (région 04)", "La Réunion (département 974)"} <= set(listed)
    open_cells = {c.coordinate for row in book.sheet.iter_rows() for c in row if not c.protection.locked}
    assert open_cells == {f"{letter}{row}" for letter in "BCDEFGHI" for row in range(2, 32)}
    assert book.sheet.column_dimensions["A"].hidden and not book.sheet.protection.insertRows


def test_rows_that_are_known_stand_before_the_ones_to_add(sent):
    book = sent(table=KNOWN)
    assert [cell.value for cell in book.sheet[2]][:9] == [
        *("7", "Nord (département 59)", "Vélo", "Voie verte", "CUD", None, 12, None, None)
    ]
    assert book.sheet["G2"].data_type == "n" and book.sheet["D3"].data_type == "s" and book.sheet["D3"].quotePrefix
    assert book.sheet.max_row == 33 and book.sheet["B4"].value is None


def test_version_to_consult_shows_what_is_public_and_asks_for_nothing(tmp_path):
    write(STRONG, KNOWN, tmp_path / "a.xlsx", public=True)
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    sheet = book["Points forts"]
    assert book.sheetnames == ["Lire d'abord", "Points forts", "Référence"] and sheet.max_row == 3
    headers = [cell.value for cell in sheet[1]]
    assert headers[1:4] == ["Territoire", "Levier", "Intitulé"] and "Porteur" not in headers
    assert not sheet.data_validations.dataValidation and all(c.protection.locked for row in sheet for c in row)
    text = [cell.value for row in book["Lire d'abord"].iter_rows() for cell in row]
    assert "Version publique, à consulter." in text and "À faire, 1" not in text


def test_more_rows_than_a_sheet_holds_are_refused(tmp_path, says, monkeypatch):
    monkeypatch.setattr("copkit.intake.workbook.write.MOST", 31)
    with pytest.raises(ProjectError) as refused:
        write(STRONG, KNOWN, tmp_path / "a.xlsx")
    says(refused.value, "32 points forts : une feuille en tient 31.")
    assert not list(tmp_path.iterdir())


def test_columns_whose_choices_are_not_told_apart_are_refused():
    with pytest.raises(ValueError, match="lever: no choices"):
        Column("lever", Field("Levier", "lever"), filled=True)
    with pytest.raises(ValueError, match="lever: two choices that read the same"):
        Column("lever", Field("Levier", choices={"haie": "Haie", "haies": "Les haies"}), filled=True)


# ------------------------------------------------------------------ what comes back


@pytest.mark.cases("classeurs", "lignes")
def test_row_that_somebody_added(sent, case):
    book = sent()
    for label, value in case["saisie"].items():
        book.sheet.cell(2, book.places[label]).value = value
    found = gather(STRONG, NOTHING, book.save())
    kept = [
        {name: value for name, value in row.items() if value and value == value}
        for row in found.table.to_dict("records")
    ]
    assert kept == ([case["lu"]] if "lu" in case else [])
    wanted = [(text, f"cellule {book.letter(column)}2 : ") for text, column in case.get("dit", [])]
    assert len(said(found)) == len(wanted)
    for message, (text, cell) in zip(said(found), wanted, strict=True):
        assert plain(text) in message and plain(cell) in message
    assert len(found.changes) == sum(bool(str(value).strip()) for value in case["saisie"].values())  # nothing is lost


@pytest.mark.cases("classeurs", "retours")
def test_two_workbooks_that_add_a_row(sent, case):
    paths = []
    for name in ("nord", "sud"):
        territory, lever, title, who, public = case[name]
        book = sent(f"{name}.xlsx").set(5, Territoire=territory, Levier=lever, Intitulé=title)
        paths.append(book.set(5, Porteur=who, À_montrer=public).save())
    found = gather(STRONG, NOTHING, *paths)
    assert rows(found, "territory", "lever", "title", "who", "public") == case["lu"]
    assert list(dict.fromkeys(found.conflicts.field)) == case.get("désaccords", [])
    assert found.problems.empty and found.disagreements() == len(case.get("désaccords", []))


def test_each_answer_says_which_files_give_it(sent):
    north = sent("nord.xlsx").set(
        2, Territoire="dep-59", Intitulé="Voie verte", Porteur="CUD", Ce_qui_est_exemplaire="A"
    )
    south = sent("sud.xlsx").set(
        9, Territoire="dep-59", Intitulé="Voie verte", Porteur="Région", Ce_qui_est_exemplaire="B"
    )
    found = gather(STRONG, NOTHING, north.save(), south.save())
    told = found.answers.set_index("field")
    assert told.loc["why", ["value", "file", "cell"]].to_list() == ["A ; B", "nord.xlsx, sud.xlsx", "F2, F9"]
    assert "who" not in told.index and found.conflicts[["value", "file", "cell"]].to_numpy().tolist() == [
        ["CUD", "nord.xlsx", "E2"],
        ["Région", "sud.xlsx", "E9"],
    ]
    (message,) = said(found)
    assert message == plain(
        "Point fort « nord departement 59 / – / voie verte », « Porteur » : "
        "« CUD » (nord.xlsx, feuille « Points forts », cellule E2) et "
        "« Région » (sud.xlsx, feuille « Points forts », cellule E9). "
        "Rien n'est choisi : s'accorder, puis corriger un classeur."
    )


def test_row_added_twice_in_a_workbook_is_told(sent):
    book = sent().set(2, Territoire="dep-59", Intitulé="Voie verte").set(4, Territoire="dep-59", Intitulé="Voie verte")
    found = gather(STRONG, NOTHING, book.save())
    assert len(found.table) == 1
    assert (
        plain("point fort « nord departement 59 / – / voie verte » déjà en A2 : les deux lignes sont lues")
        in said(found)[0]
    )


def test_row_that_was_sent_keeps_what_it_needs_and_takes_the_rest(sent):
    book = sent(table=KNOWN).set(2, Intitulé=None, Emplois="15").set(3, Intitulé="Un autre titre", À_montrer=None)
    found = gather(STRONG, KNOWN, book.save())
    assert rows(found, "key", "title", "jobs", "public") == [
        ["7", "Voie verte", 15.0, ""],
        ["8", "Un autre titre", pytest.approx(float("nan"), nan_ok=True), ""],
    ]
    assert said(found) == [
        plain(
            "retour.xlsx, feuille « Points forts », cellule D2 : cellule vidée : ce qui y a été envoyé est gardé. "
            "Écrire une valeur."
        )
    ]


def test_row_added_again_is_the_one_that_is_known_and_erases_nothing(sent):
    book = sent().set(2, Territoire="dep-59", Levier="Vélo", Intitulé="voie verte", À_montrer="oui")
    found = gather(STRONG, KNOWN, book.save())
    assert rows(found, "key", "who", "jobs", "public")[0] == ["7", "CUD", 12.0, "oui"] and len(found.table) == 2
    assert found.conflicts.empty and found.answers.field.to_list() == ["title", "public"]


def test_untouched_workbook_says_nothing_and_a_second_round_keeps_the_keys(sent):
    first = sent().set(2, Territoire="dep-59", Intitulé="Voie verte", Emplois=3, Depuis="1er mars 2024").save()
    table = gather(STRONG, NOTHING, first).table
    again = gather(STRONG, table, sent("tour2.xlsx", table).save())
    assert again.messages() == [] and again.changes.empty and again.answers.empty
    pd.testing.assert_frame_equal(again.table, table)
    renamed = gather(STRONG, table, sent("tour3.xlsx", table).set(2, Intitulé="Voie bleue").save())
    assert rows(renamed, "key", "title") == [["nord departement 59 / – / voie verte", "Voie bleue"]]


def test_what_is_written_beside_the_rows_is_told(sent):
    book = sent().set(2, Territoire="dep-59", Intitulé="Voie verte")
    book.sheet["L2"] = "Voir aussi le contrat"
    book.book.create_sheet("Notes")["A1"] = "Merci"
    book.book.create_sheet("Feuil2")
    told = said(gather(STRONG, NOTHING, book.save()))
    here = "feuille « Points forts »"
    assert told == [
        plain(f"retour.xlsx, feuille « Notes » : feuille ajoutée : elle n'est pas lue. Tout écrire dans la {here}."),
        plain(f"retour.xlsx, {here}, cellule L2 : texte hors des colonnes « Voir aussi le contrat » : il n'est pas lu.")
        + " "
        + plain("L'écrire dans une colonne."),
    ]


@pytest.mark.parametrize("far", ["A1048576", "XFD20000"])
def test_space_at_the_end_of_the_sheet_costs_nothing(sent, far):
    resource = pytest.importorskip("resource")
    book = sent().set(2, Territoire="dep-59", Intitulé="Voie verte")
    book.sheet[far] = " "
    path, limits = book.save(), resource.getrlimit(resource.RLIMIT_AS)
    here = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (here + 700 * 2**20, limits[1]))
    try:
        found = gather(STRONG, NOTHING, path)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)
    assert found.messages() == [] and len(found.table) == 1


def test_form_without_new_rows_sets_an_added_row_aside(sent):
    form = replace(STRONG, new_rows=0, noun=Noun("action", "actions", "d'action", "de l'action", "e"))
    book = sent(table=KNOWN, form=form).set(4, Territoire="dep-62", Intitulé="Voie bleue")
    found = gather(form, KNOWN, book.save())
    assert len(found.table) == 2 and found.changes.kept.to_list() == ["non", "non"]
    assert (
        plain("ligne sans numéro d'action : laissée de côté. Écrire le numéro d'une action envoyée.") in said(found)[0]
    )


@settings(max_examples=FEW)
@given(st.lists(st.tuples(st.sampled_from("AB"), st.sampled_from(["x", "y", "X "]), st.sampled_from(["1", "2", None]))))
def test_every_added_answer_is_kept_or_in_conflict(tmp_path_factory, entries):
    folder = tmp_path_factory.mktemp("retours")
    books = {}
    for n, (name, title, who) in enumerate(entries, start=2):
        if name not in books:
            write(STRONG, NOTHING, folder / f"{name}.xlsx")
            books[name] = Book(folder / f"{name}.xlsx")
        books[name].set(n, Territoire="dep-59", Intitulé=title, Porteur=who)
    found = gather(STRONG, NOTHING, *(book.save() for book in books.values()))
    for title in {title.strip().lower() for _, title, _ in entries}:
        given_ = {who for _, one, who in entries if one.strip().lower() == title and who}
        (row,) = found.table[found.table.title.str.lower() == title].itertuples()
        contested = set(found.conflicts[found.conflicts.key == row.key].value)
        assert (contested, row.who) == ((given_, "") if len(given_) > 1 else (set(), "".join(given_)))


# ------------------------------------------------------------------ another spreadsheet


CSV = "Text - txt - csv (StarCalc):44,34,76"  # commas, double quotes, UTF-8


def test_template_filled_in_libreoffice_is_read_and_merged_with_one_that_disagrees(sent, office, tmp_path):
    office(sent("modele.xlsx").path, "xlsx", tmp_path / "ouvert")
    north = Book(tmp_path / "ouvert/modele.xlsx")  # as LibreOffice saves the blank workbook
    assert len(north.sheet.data_validations.dataValidation) == 4 and north.sheet.protection.sheet
    north.set(
        2, Territoire="Nord (département 59)", Levier="Vélo", Intitulé="Voie verte", Porteur="CUD", Depuis="3/12/2024"
    )
    north.set(3, Territoire="Pas-de-Calais (département 62)", Intitulé="=Haies", Emplois=2.5, À_montrer="oui")
    north.sheet["D3"].data_type = "s"
    office(north.save(), "xlsx", tmp_path / "nord")
    south = sent("sud.xlsx").set(7, Territoire="dep-59", Levier="velo", Intitulé="Voie  verte", Porteur="Région")
    office(south.save(), "xlsx", tmp_path / "retour")
    found = gather(STRONG, NOTHING, tmp_path / "nord/modele.xlsx", tmp_path / "retour/sud.xlsx")
    assert rows(found, "territory", "lever", "title", "since", "public") == [
        ["dep-59", "velo", "Voie verte", "2024-12-03", ""],
        ["dep-62", "", "=Haies", "", "oui"],
    ]
    assert found.problems.empty and found.table.jobs[1] == 2.5
    assert found.conflicts[["value", "file"]].to_numpy().tolist() == [["CUD", "modele.xlsx"], ["Région", "sud.xlsx"]]


def test_rows_pasted_into_a_bare_workbook_are_read_without_styles_nor_hidden_columns(sent, office, tmp_path):
    book = (
        sent(table=KNOWN)
        .set(2, Depuis="2024-12-03")
        .set(4, Territoire="dep-62", Intitulé="Voie bleue", Depuis="2024-12-03")
    )
    table = tmp_path / "nu"
    office(book.save(), f"csv:{CSV},1,,0,false,true,false,false,false,2", table)  # the second sheet alone
    (made,) = table.glob("*.csv")
    office(made.rename(table / "Points forts.csv"), "xlsx", table / "revenu", f"--infilter={CSV}")
    found = gather(STRONG, KNOWN, table / "revenu/Points forts.xlsx")
    (message,) = said(found)  # what LibreOffice made of a text that looked like a formula
    assert plain("cellule D3 : formule « =1+1 » : elle n'est pas lue. Écrire la valeur.") in message
    assert rows(found, "key", "title", "since") == [
        ["7", "Voie verte", "2024-12-03"],
        ["8", "=1+1", ""],
        ["pas de calais departement 62 / – / voie bleue", "Voie bleue", "2024-12-03"],
    ]
