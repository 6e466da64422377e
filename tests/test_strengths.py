"""Strong points of a territory: read, counted, sent in a workbook and merged when it comes back."""

import csv
from functools import cache

import openpyxl
import pandas as pd
import pytest
from typer.testing import CliRunner

import copkit as ck
from copkit import paths, strengths
from copkit.commands.cli import app
from copkit.errors import ProjectError
from copkit.intake import gazetteer
from copkit.models import nomenclatures
from copkit.presentation.document import Absent

HEAD = ["Territoire", "Levier", "Intitulé", "Qui le porte", "Pourquoi c'est exemplaire", "Peut être rendu public"]
EXAMPLE = paths.home() / "data" / "examples" / "points_forts.csv"


@pytest.fixture
def table(tmp_path):
    """Write rows under the headers of the kit."""

    def write(*rows, name="points_forts.csv", head=HEAD):
        path = tmp_path / name
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, delimiter=";").writerows(
                [head, *(list(row) + [""] * (len(head) - len(row)) for row in rows)]
            )
        return path

    return write


@pytest.fixture(scope="module")
def blank(tmp_path_factory):
    """The workbook of the kit for a territory, written once."""

    @cache
    def write(territory):
        path = tmp_path_factory.mktemp("vierge") / "points_forts.xlsx"
        strengths.write_template(path, territory)
        return path

    return write


@pytest.fixture
def sent(tmp_path, blank):
    """A workbook of the kit, filled in and saved."""

    def fill(*rows, name="revenu.xlsx", territory="reg-32"):
        path, book = tmp_path / name, openpyxl.load_workbook(blank(territory))
        for n, row in enumerate(rows, start=2):
            for place, value in enumerate(row, start=2):
                book["Points forts"].cell(n, place).value = value
        book.save(path)
        return path

    return fill


# ------------------------------------------------------------------ reading


@pytest.mark.cases("points_forts", "territoires")
def test_territory_of_any_level(case):
    code, wrong = gazetteer.territory(case["texte"])
    assert code == case.get("code", "")
    assert case.get("probleme", "") in wrong and bool(wrong) == ("probleme" in case)


@pytest.mark.cases("points_forts", "doublons")
def test_same_strong_point_counts_once(case, table):
    found = strengths.read(table(case["a"], case["b"]))
    assert len(strengths.within(found, "fr", public=False)) == case["comptes"]
    assert len(found.attrs["reading"].duplicates) == 2 - case["comptes"]


@pytest.mark.cases("points_forts", "dans")
def test_strong_point_is_counted_where_it_lies(case, table):
    found = strengths.read(table([case["territoire"], "Covoiturage", "Lignes", "", "", "oui"]))
    assert {code: len(strengths.within(found, code)) for code in case["comptes"]} == case["comptes"]


def test_unknown_place_or_lever_keeps_its_row_and_is_listed(table):
    found = strengths.read(table(["Atlantide", "Licornes", "Un plan", "Ville", "", "peut-être"]))
    told = found.attrs["reading"]
    assert found.title.to_list() == ["Un plan"] and found.public.to_list() == [""]
    assert set(told.problems.column) == {"Territoire", "Levier", "Peut être rendu public"}
    assert told.summary.startswith("1 ligne lue dans 1 fichier\u00a0: 1 point fort.")


def test_row_without_a_title_is_set_aside_and_personal_texts_are_masked(table):
    why = "écrire à jean@exemple.fr ou 03 20 00 00 00"
    found = strengths.read(table(["Nord", "Covoiturage"], ["Nord", "Covoiturage", "Lignes", "Ville", why]))
    assert found.why.to_list() == ["écrire à [retiré] ou [retiré]"]
    assert found.attrs["reading"].set_aside.reason.to_list() == ["« Intitulé » vide. Le remplir, ou retirer la ligne"]


def test_several_levers_count_one_in_each(table):
    found = strengths.read(table(["Nord", "Covoiturage ; Gestion des haies", "Plan", "", "", "oui"]))
    counts = strengths.by_lever(found).set_index("lever").strengths
    assert counts["covoiturage"] == counts["haies"] == 1 and counts.sum() == 2 and len(counts) == 43


def test_they_come_in_the_order_of_the_levers_then_of_their_titles(table):
    levers = nomenclatures.cop_labels()
    first, *_, last = levers
    rows = [("dep-59", levers.get(lever, ""), title, "", "", "oui") for lever, title in
            [("", "A"), (last, "B"), (first, "D"), (first, "C")]]  # fmt: skip
    found = strengths.within(strengths.read(table(*rows)), "dep-59")
    assert list(zip(found.lever, found.title, strict=True)) == [(first, "C"), (first, "D"), (last, "B"), ("", "A")]


def test_csv_is_for_programs_unless_it_is_for_a_spreadsheet():
    found = strengths.read(EXAMPLE)
    plain, french = strengths.as_csv(found), strengths.as_csv(found, excel=True)
    assert plain.startswith("Territoire,") and french.startswith("\ufeffTerritoire;")


def test_only_what_may_be_public_is_public(table):
    rows = [["Nord", "Covoiturage", f"Plan {answer}", "", "", answer] for answer in ("oui", "non", "")]
    found = strengths.read(table(*rows))
    assert strengths.within(found, "dep-59").title.to_list() == ["Plan oui"]
    assert len(strengths.within(found, "dep-59", public=False)) == 3


def test_example_is_invented_and_reads_without_a_problem():
    found = strengths.read(EXAMPLE)
    told = found.attrs["reading"]
    assert set(found.invented) == {"oui"} and len(found) == 6
    assert told.problems.empty and told.unknown_labels.empty and told.set_aside.empty


# ------------------------------------------------------------------ a workbook that goes out and comes back

ROWS = (
    ["Nord", "Covoiturage", "Lignes de covoiturage", "Syndicat", "1 200 trajets par jour", "oui"],
    ["Lille (59000)", "Gestion des haies", "Plan haies", "Ville", None, None],
)
OTHERS = (
    ["Nord", "Covoiturage", "Lignes de covoiturage", "Syndicat", "1 300 trajets par jour", "non"],
    ["Métropole Européenne de Lille", "Report modal", "Plan vélo", None, None, "oui"],
)


def test_workbook_filled_in_a_spreadsheet_comes_back_and_merges_with_one_that_disagrees(sent, office, tmp_path):
    filled, other = sent(*ROWS, name="nord.xlsx"), sent(*OTHERS, name="mel.xlsx")
    saved = office(filled, "xlsx", tmp_path / "revenu")
    pd.testing.assert_frame_equal(
        strengths.read_returns(saved, territory="reg-32").table,
        strengths.read_returns(filled, territory="reg-32").table,
    )
    merged = strengths.read_returns(saved, other, territory="reg-32")
    found = strengths.of_returns(merged).set_index("title")
    assert found.territory.to_dict() == {
        "Lignes de covoiturage": "dep-59",
        "Plan haies": "com-59350",
        "Plan vélo": "epci-200093201",
    }
    assert found.loc["Lignes de covoiturage", ["who", "why", "public"]].to_list() == ["Syndicat", "", ""]
    assert found.levers.to_list() == ["covoiturage", "haies", "report_modal"]
    assert sorted(merged.conflicts.shown) == ["1 200 trajets par jour", "1 300 trajets par jour", "non", "oui"]
    assert merged.disagreements() == 2 and "Rien n’est choisi" in merged.messages()[0]


def test_same_workbook_twice_is_one(sent):
    merged = strengths.read_returns(sent(*ROWS, name="a.xlsx"), sent(*ROWS, name="b.xlsx"), territory="reg-32")
    assert len(merged.table) == 2 and merged.messages() == []


def test_row_that_lacks_its_territory_or_its_lever_is_told(sent, says):
    rows = (["Atlantide", "Covoiturage", "Lignes"], ["Nord", None, "Lignes"], ["Nord", "Licornes", "Lignes"])
    merged = strengths.read_returns(sent(*rows), territory="reg-32")
    assert merged.table.empty
    says(" ".join(merged.messages()), "cellule B2 : territoire inconnu.", "il manque « Levier »", "Licornes")


def test_filled_workbook_is_also_a_table_that_reads(sent):
    found = strengths.read(sent(*ROWS))
    assert found[["territory", "lever", "title", "public"]].to_numpy().tolist() == [
        ["dep-59", "covoiturage", "Lignes de covoiturage", "oui"],
        ["com-59350", "haies", "Plan haies", ""],
    ]
    assert found.attrs["reading"].ignored == []


def test_lists_offer_the_levers_and_the_territories(tmp_path):
    strengths.write_template(tmp_path / "a.xlsx", "dep-59")
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    reference = {cell.value for row in book["Référence"].iter_rows() for cell in row}
    assert {"Nord", "Hauts-de-France", "Métropole Européenne de Lille", "Covoiturage"} <= reference
    assert "Somme" not in reference
    first = " ".join(str(cell.value) for row in book["Lire d'abord"].iter_rows() for cell in row if cell.value)
    assert "Points forts — Nord" in first and "Peut être rendu public" in first


# ------------------------------------------------------------------ the document


def test_document_shows_those_that_may_be_public_and_says_how_many_are_not():
    p = ck.panorama("reg-32")
    heading, sentence, table = ck.report.strengths(p, EXAMPLE).parts
    assert str(heading) == "### Points forts"
    assert str(sentence).startswith("**4 points forts** à montrer, sur 4 des 43 leviers. 2 autres ne sont pas publics.")
    assert "Exemple inventé" in sentence
    found = strengths.within(strengths.read(EXAMPLE), "reg-32")
    assert table.data["Point fort"].to_list() == found.title.to_list() and "Cantines inventées" not in str(table)


def test_document_shows_nothing_without_a_file_and_refuses_an_absent_one(says):
    p = ck.panorama("dep-59")
    absent = ck.report.strengths(p, "")
    assert isinstance(absent, Absent) and absent.title == "Les points forts"
    says(absent.parts[0].text, "donner son chemin au paramètre « points_forts »")
    with pytest.raises(ProjectError) as refused:
        ck.report.strengths(p, "absent.csv")
    says(refused.value, "Fichier de points forts introuvable : « absent.csv ».", "Vérifier son nom")


# ------------------------------------------------------------------ the terminal


def test_command_lists_counts_and_writes_what_it_reads_again(tmp_path):
    out = tmp_path / "réunis.csv"
    done = CliRunner().invoke(app, ["strengths", str(EXAMPLE), "--territory", "reg-32", "--out", str(out)])
    assert done.exit_code == 0 and "Points forts — Hauts-de-France" in done.output
    columns = ["territory", "lever", "title", "who", "why", "public"]
    first, again = (strengths.within(strengths.read(one), "reg-32", public=False) for one in (EXAMPLE, out))
    assert first[columns].to_numpy().tolist() == again[columns].to_numpy().tolist()


def test_command_ends_with_1_where_returns_disagree(sent, tmp_path):
    files = [str(sent(*rows, name=name)) for rows, name in ((ROWS, "a.xlsx"), (OTHERS, "b.xlsx"))]
    done = CliRunner().invoke(app, ["strengths", "-r", files[0], "-r", files[1], "--territory", "reg-32"])
    assert done.exit_code == 1 and "Rien n’est choisi" in done.output and "Plan haies" in done.output


def test_command_needs_files_or_returns(says):
    done = CliRunner().invoke(app, ["strengths"])
    says(done.exception, "Donner des fichiers, ou des classeurs revenus avec -r")


def test_template_command_says_what_to_type_next(tmp_path):
    done = CliRunner().invoke(
        app, ["template", "strengths", "--out", str(tmp_path / "pf.xlsx"), "--territory", "dep-59"]
    )
    assert done.exit_code == 0 and "copkit strengths -r" in done.output and (tmp_path / "pf.xlsx").is_file()
