"""Files of projects: every format, every row kept or set aside, no personal data, and the Fonds vert to the euro."""

import csv
import json
import math
from collections import Counter, defaultdict
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import copkit as ck
from copkit import french, paths
from copkit.errors import ProjectError
from copkit.intake import delimited, demarches, reading, report
from copkit.projects import fields
from copkit.projects import reading as projects_reading
from copkit.projects.fields import PROJECTS

FONDS_VERT = Path(__file__).parents[2] / "shared" / "samples" / "fonds-vert-2023-export.csv"
FONDS_VERT_MAPPING = paths.parameters("mappings", "projets", "fonds_vert_2023.yml")
FORM = "cop_hauts_de_france"
SYSTEM = ["ID", "Email", "Entreprise raison sociale", "État du dossier", "Dernière mise à jour du dossier le"]


@pytest.fixture
def file(tmp_path):
    """Write a file and give its path."""

    def write(content, name="projets.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return write


@pytest.fixture
def workbook(tmp_path):
    """Write a workbook from its sheets (rows of cells) and give its path."""

    def write(sheets, name="dossiers.xlsx"):
        path = tmp_path / name
        book = openpyxl.Workbook()
        book.remove(book.active)
        for title, rows in sheets.items():
            sheet = book.create_sheet(title)
            for row in rows:
                sheet.append(row)
        book.save(path)
        return path

    return write


WHO, MAILS = ("Instructeur", "Expert"), ("inst@exemple.fr", "expert@exemple.fr")


def account_of(projects):
    return projects.attrs["reading"]


# ------------------------------------------------------------------ rows, cells, duplicates


@pytest.mark.cases("lecture_fichiers", "lignes")
def test_row_is_a_project_or_is_set_aside_with_its_reason(case, file, says):
    projects = ck.projects.read(file(case["contenu"]))
    told = account_of(projects)
    assert len(projects) == told.kept == case["projets"]
    assert told.rows == len(projects) + len(told.set_aside)
    assert list(told.set_aside.row) == [row for row, _ in case["ecartees"]]
    for found, (_, expected) in zip(told.set_aside.itertuples(), case["ecartees"], strict=True):
        says(found.reason, expected)
        assert found.file == "projets.csv"
    if "rangs" in case:
        assert list(projects.row) == case["rangs"]


@pytest.mark.cases("lecture_totaux", "tables")
def test_total_is_set_aside_and_what_may_be_one_is_said(case, file, says, monkeypatch):
    for part in (20_000, 1):  # rows converted together, or one by one
        monkeypatch.setattr(reading, "PART", part)
        projects = ck.projects.read(file(case["contenu"]))
        told = account_of(projects)
        assert list(told.set_aside.row) == case["ecartees"]
        assert all("ligne de total" in reason for reason in told.set_aside.reason)
        assert projects[["cost", "amount"]].sum().sum() == case["somme"]
        assert list(told.problems.row) == list(case.get("doutes", {}))
        for got, expected in zip(told.problems.message, case.get("doutes", {}).values(), strict=True):
            says(got, expected)


@pytest.mark.parametrize("part", [20_000, 1])
@pytest.mark.cases("lecture_fichiers", "cellules")
def test_wrong_cell_is_named_and_becomes_missing(case, part, file, says, monkeypatch):
    monkeypatch.setattr(reading, "PART", part)  # rows converted together, or one by one
    projects = ck.projects.read(file(case["contenu"]))
    found = account_of(projects).problems
    assert len(found) == len(case["problemes"])
    expected = case["problemes"] if part > 1 else sorted(case["problemes"], key=lambda one: one[0])
    for got, (row, column, value, message) in zip(found.itertuples(), expected, strict=True):
        assert (got.file, got.row, got.column, got.value) == ("projets.csv", row, column, value)
        says(got.message, message)
    for name, values in case["valeurs"].items():
        got = [None if isinstance(v, float) and math.isnan(v) else v for v in projects[name]]
        assert got == values


@pytest.mark.cases("lecture_fichiers", "doublons")
def test_second_submission_of_a_dossier_is_kept_and_not_counted(case, file):
    projects = ck.projects.read(file(case["contenu"]))
    assert list(projects.duplicate_of) == case["doublon_de"]
    assert list(account_of(projects).duplicates.differences) == case["differences"]
    assert len(fields.counted(projects)) == case["doublon_de"].count("")


@pytest.mark.cases("lecture_fichiers", "doublons_probables")
def test_same_title_of_the_same_holder_is_listed_and_counted(case, file):
    projects = ck.projects.read(file(case["contenu"]))
    assert list(account_of(projects).probable_duplicates.project_id) == case["dossiers"]


@pytest.mark.cases("lecture_fichiers", "refus")
def test_file_that_cannot_be_read_says_why_and_what_to_do(case, file, says):
    path = file(case["contenu"], case["fichier"])
    with pytest.raises(ProjectError) as refused:
        ck.projects.read(path)
    says(refused.value, case["fichier"], case["message"])


def test_problems_of_several_files_come_at_once(file, tmp_path, says):
    good = file("Dossier,Intitulé\n1,Haies\n")
    with pytest.raises(ProjectError) as refused:
        ck.projects.read(good, file("", "a.csv"), tmp_path / "b.csv")
    says(refused.value, "a.csv : le fichier est vide.", "b.csv : fichier absent. Vérifier le chemin.")


def test_no_file_is_refused(says):
    with pytest.raises(ProjectError) as refused:
        ck.projects.read()
    says(refused.value, "Aucun fichier à lire. Donner au moins un chemin")


def test_file_with_its_header_alone_gives_an_empty_table_of_all_fields(file):
    projects = ck.projects.read(file("Dossier,Intitulé\n"))
    assert len(projects) == 0 and list(projects) == list(fields.FIELDS)
    assert account_of(projects).summary == french.typeset("0 ligne lue dans 1 fichier : 0 projet.")


# ------------------------------------------------------------------ nothing is lost

_CELL = st.text(st.characters(blacklist_categories=("Cs",)), max_size=12) | st.sampled_from(
    ["", "1", "x", "TOTAL", "Vélo", "31/02/2025", "NULL", "a@b.fr", "=1+1", '"', "\n", "59"]
)
_HEADERS = ["Dossier", "Intitulé", "Coût [EUR]", "Levier, libellé reçu", "Commune", "Début prévu", "Téléphone"]


@given(st.lists(st.lists(_CELL, min_size=5, max_size=9), max_size=12), st.sampled_from([",", ";", "\t"]))
def test_every_row_is_a_project_or_is_set_aside(tmp_path_factory, rows, mark):
    path = tmp_path_factory.mktemp("lignes") / "projets.csv"
    with path.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out, delimiter=mark).writerows([_HEADERS, *rows])
    with path.open(encoding="utf-8-sig", newline="") as back:
        written = [row for row in csv.reader(back, delimiter=mark)][1:]
    filled = [n for n, row in enumerate(written, start=2) if any(c.replace("\0", "").strip() for c in row)]
    projects = ck.projects.read(path)
    told = account_of(projects)
    assert told.rows == len(projects) + len(told.set_aside) == len(filled)
    assert sorted([*projects.row, *told.set_aside.row]) == filled
    assert set(told.problems.row) <= set(projects.row)


@given(st.lists(st.tuples(st.sampled_from(["1", "2", "3", ""]), st.sampled_from(["a", "b"])), min_size=1, max_size=12))
def test_each_dossier_is_counted_once(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("doublons") / "projets.csv"
    path.write_text("Dossier,Intitulé\n" + "".join(f"{a},{b}\n" for a, b in rows), encoding="utf-8")
    counted = fields.counted(ck.projects.read(path)).project_id
    assert sorted(counted) == sorted([*({a for a, _ in rows} - {""}), *(a for a, _ in rows if not a)])


# ------------------------------------------------------------------ formats

TABLE = [
    ["Dossier", "Intitulé", "Coût [EUR]", "Code commune"],
    ["01", "Réseau, tranche 1", "1200,5", "01004"],
    ["2", "Été", "3", "59350"],
]


def written(mark=",", bom="", end="\n"):
    lines = [mark.join(f'"{cell}"' for cell in row) for row in TABLE]
    return bom + end.join(lines) + end


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (written(), "utf-8"),
        (written(";"), "utf-8"),
        (written("\t"), "utf-8"),
        (written("|"), "utf-8"),
        (written(";", bom="\ufeff", end="\r\n"), "utf-8"),
        (written(";"), "cp1252"),
        (written("\t"), "utf-16"),
        (written(";"), "utf-16-le"),
        (written(";"), "utf-16-be"),
        (written(";", end="\r"), "utf-8"),
    ],
    ids=[
        "virgule",
        "point-virgule",
        "tabulation",
        "barre",
        "BOM",
        "cp1252",
        "utf-16",
        "utf-16 sans marque",
        "utf-16 sans marque, octets inversés",
        "fins de ligne anciennes",
    ],
)
def test_csv_is_read_whatever_its_separator_and_encoding(file, content, encoding):
    check_table(ck.projects.read(file(content, encoding=encoding)))


@pytest.mark.parametrize("name", ["projets.xlsx", "projets.xlsm"])
def test_workbook_gives_the_same_projects_as_the_csv(workbook, name):
    check_table(ck.projects.read(workbook({"Feuil1": TABLE}, name)))


def test_ods_gives_the_same_projects_as_the_csv(tmp_path):
    path = tmp_path / "projets.ods"
    write_ods(path, "Projets", TABLE)
    check_table(ck.projects.read(path))


MANIFEST = (
    '<?xml version="1.0"?><m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
    '<m:file-entry m:full-path="content.xml" m:media-type="text/xml"/></m:manifest>'
)


def write_ods(path, name, rows):
    """A workbook of LibreOffice, at its simplest."""
    import zipfile
    from xml.sax.saxutils import escape

    cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    body = "".join(f"<table:table-row>{''.join(cell.format(escape(c)) for c in row)}</table:table-row>" for row in rows)
    spaces = " ".join(f'xmlns:{n}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0"' for n in ("office", "table", "text"))
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {spaces} office:version="1.2"><office:body>'
        f'<office:spreadsheet><table:table table:name="{name}">{body}</table:table></office:spreadsheet>'
        "</office:body></office:document-content>"
    )
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        out.writestr("META-INF/manifest.xml", MANIFEST)
        out.writestr("content.xml", content)


def check_table(projects):
    assert list(projects.project_id) == ["01", "2"]
    assert list(projects.title) == ["Réseau, tranche 1", "Été"]
    assert list(projects.cost) == [1200.5, 3]
    assert list(projects.commune) == ["com-01004", "com-59350"]
    assert list(projects.region) == ["reg-84", "reg-32"]
    assert list(projects.row) == [2, 3]


def test_utf8_with_a_broken_character_stays_utf8_and_says_so(file):
    projects = ck.projects.read(file("Dossier,Intitulé\n1,é è à Été\n2,".encode() + b"\xff\n"))
    assert projects.title[0] == "é è à Été"
    assert "caractères abîmés" in account_of(projects).notes[0]


def test_number_date_and_yes_of_a_workbook_are_read_as_they_are(workbook):
    from datetime import datetime

    header = ["Dossier", "Intitulé", "Coût [EUR]", "Début prévu", "Contribue aux objectifs", "Code commune"]
    path = workbook({"Feuil1": [header, [12, "Haies", 1200.5, datetime(2025, 3, 31), True, 1004]]})
    projects = ck.projects.read(path)
    row = projects.iloc[0]
    assert (row.project_id, row.cost, row.start, row.contributes) == ("12", 1200.5, "2025-03-31", "oui")
    assert row.commune == "com-01004"


def test_number_of_a_workbook_is_never_ambiguous_and_a_text_still_is(workbook, says):
    header = ["Dossier", "Intitulé", "Coût [EUR]", "Quantité physique"]
    rows = [[1, "Haies", 1.234, 0.5], [2, "Eau", "1.234", 999.125], ["", "", "", ""], [3, "Bois", 1.5e-5, 1e16]]
    projects = ck.projects.read(workbook({"Feuil1": [header, *rows]}))
    assert [None if math.isnan(v) else v for v in projects.cost] == [1.234, None, 1.5e-5]
    assert [None if math.isnan(v) else v for v in projects.quantity] == [0.5, 999.125, None]
    text, huge = account_of(projects).problems.message
    says(text, "nombre ambigu, 1234 ou 1,234 ?")
    says(huge, "10 000 000 000 000 000 est hors du plausible")


def test_decimals_that_a_mapping_declares_are_read_and_a_text_typed_by_hand_is_not(file, tmp_path):
    mapping = tmp_path / "point.yml"
    mapping.write_text('label: f\ndecimal: "."\nfields: {title: Intitulé, cost: Coût}\n', encoding="utf-8")
    projects = ck.projects.read(file("Intitulé;Coût\nA;1.234\nB;1.234 €\nC;12,5\n"), mapping=mapping)
    assert projects.cost[0] == 1.234 and math.isnan(projects.cost[1]) and projects.cost[2] == 12.5
    assert list(account_of(projects).problems.row) == [3]
    with FONDS_VERT_MAPPING.open(encoding="utf-8") as text:
        assert 'decimal: "."' in text.read()


def test_date_in_a_column_of_text_is_named(workbook, says):
    from datetime import datetime

    path = workbook({"Feuil1": [["Dossier", "Intitulé"], ["1", "Haies"], ["2", datetime(2025, 3, 1)]]})
    (found,) = account_of(ck.projects.read(path)).problems.itertuples()
    assert (found.sheet, found.row, found.column) == ("Feuil1", 3, "Intitulé")
    says(found.message, "le tableur a mis une date dans une colonne de texte. Vérifier la cellule.")


@pytest.mark.parametrize("moved", ["63,1 M€", "18.05.2024", "1er septembre 2030", "12"])
def test_cells_that_moved_by_a_column_are_named_where_a_name_is_an_amount_or_a_date(file, says, moved):
    usual = "1;Haies;Commune\n2;RD 940, 2 ponts;Commune\n3;3 hectares de bois;Commune\n"
    account = account_of(ck.projects.read(file(f"Dossier;Intitulé;Porteur\n{usual};{moved};Haies\n")))
    (found,) = account.problems.itertuples()
    assert (found.row, found.column, found.value) == (5, "Intitulé", moved)
    says(found.message, "un nombre ou une date à la place d'un texte", "cellules de la ligne sont peut-être décalées.")


def test_names_that_are_numbers_as_often_as_not_are_names(file):
    usual = "1;2030;Commune\n2;12;Commune\n3;Haies;Commune\n"
    assert account_of(ck.projects.read(file(f"Dossier;Intitulé;Porteur\n{usual}"))).problems.empty


def test_merged_cells_and_cells_beyond_the_header_are_named(tmp_path, says):
    path, book = tmp_path / "projets.xlsx", openpyxl.Workbook()
    sheet = book.active
    for row in (["Dossier", "Intitulé"], ["1", "Haies"], ["2", "Prairies"], ["3", "Eau", "à revoir"]):
        sheet.append(row)
    sheet.merge_cells("B2:B3")
    book.save(path)
    projects = ck.projects.read(path)
    found = account_of(projects).problems
    assert len(projects) == 3 and list(found.column) == ["C", "B2:B3"] and list(found.row) == [4, 2]
    says(found.message[0], "cellule à droite du dernier en-tête, non lue. Donner un en-tête.")
    says(found.message[1], "cellules fusionnées : seule la première porte la valeur")


def test_protected_or_empty_workbook_is_refused(workbook, says):
    with pytest.raises(ProjectError) as refused:
        ck.projects.read(workbook({"Feuil1": []}))
    says(refused.value, "aucune feuille n'a d'en-tête. Mettre le nom des colonnes en première ligne.")


def test_several_files_are_put_together_in_their_order(file, workbook):
    one = file("Dossier,Intitulé\n1,Haies\n", "a.csv")
    two = workbook({"Feuil1": [["Dossier", "Intitulé"], ["2", "Prairies"]]}, "b.xlsx")
    projects = ck.projects.read(one, two, year=2025)
    assert list(projects.source_file) == ["a.csv", "b.xlsx"] and list(projects.sheet) == ["", "Feuil1"]
    assert list(projects.year) == [2025, 2025]
    assert account_of(projects).files == ["a.csv", "b.xlsx"]


def test_year_of_the_file_wins_over_the_year_asked(file):
    projects = ck.projects.read(file("Dossier,Intitulé,Millésime\n1,Haies,2023\n2,Prairies,\n"), year=2025)
    assert list(projects.year) == [2023, 2025]


def test_progress_is_told_up_to_the_last_row(file, monkeypatch):
    monkeypatch.setattr(reading, "PART", 2)
    told = []
    path = file("Dossier,Intitulé\n" + "".join(f"{n},Projet {n}\n" for n in range(5)))
    projects = ck.projects.read(path, path, progress=lambda done, total: told.append((done, total)))
    assert told == [(0, 10), (2, 10), (4, 10), (5, 10), (7, 10), (9, 10), (10, 10)]
    assert list(projects.row) == [2, 3, 4, 5, 6] * 2
    assert list(fields.counted(projects).row) == [2, 3, 4, 5, 6]


# ------------------------------------------------------------------ démarches-simplifiées


def dossiers(*rows, more=()):
    """A sheet « Dossiers » of the form of the example, with its system columns."""
    head = [*SYSTEM, "Intitulé du projet", "Niveau de maturité", "Dimension nouvelle", *more]
    return [head, *[[row.get(name, "") for name in head] for row in rows]]


def as_csv(rows, path):
    with path.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows(rows)
    return path


def test_siret_and_name_of_the_demandeur_come_from_the_sheet_of_establishments(workbook):
    path = workbook(
        {
            "Dossiers": dossiers(
                {"ID": "11", "Intitulé du projet": "Haies"}, {"ID": "12", "Intitulé du projet": "Eau"}
            ),
            "Etablissements": [
                ["Dossier ID", "Champ", "Établissement SIRET", "Entreprise raison sociale"],
                ["11", "SIRET du partenaire", "99999999900001", "PARTENAIRE INVENTÉ"],
                ["11", "Dossier", "21010376800012", "COMMUNE INVENTÉE"],
                ["13", "Dossier", "20007189200011", "AUTRE"],
            ],
            "Avis": [["Dossier ID", "Réponse"]],
        }
    )
    projects = ck.projects.read(path)
    assert list(projects.holder_siren) == ["210103768", ""]
    assert list(projects.holder) == ["COMMUNE INVENTÉE", ""]


def test_opinions_are_kept_without_who_wrote_them(workbook):
    path = workbook(
        {
            "Dossiers": dossiers({"ID": "11", "Intitulé du projet": "Haies"}),
            "Avis": [
                [
                    *("Dossier ID", "Introduction", "Réponse", "Question", "Réponse oui/non", "Créé le", "Répondu le"),
                    *WHO,
                ],
                [
                    "11",
                    "Votre avis ?",
                    "Favorable, joindre a.b@exemple.fr",
                    "",
                    "Oui",
                    "2024-10-01",
                    "2024-10-05",
                    *MAILS,
                ],
            ],
        }
    )
    told = account_of(ck.projects.read(path))
    (one,) = told.opinions.itertuples()
    assert (one.project_id, one.answer, one.yes_no, one.row) == ("11", "Favorable, joindre [retiré]", "Oui", 2)
    assert "exemple.fr" not in told.opinions.to_csv()
    assert {"Avis : Instructeur", "Avis : Expert"} <= set(told.dropped)


def test_repeatable_block_is_kept_and_feeds_the_field_that_the_mapping_names(workbook, tmp_path):
    mapping = tmp_path / "formulaire.yml"
    mapping.write_text(
        "label: formulaire inventé\nbase: demarches_simplifiees\nfields:\n  title: Intitulé du projet\n"
        "blocks:\n  - {label: Partenaires du projet et leur rôle, header: Structure, field: partners}\n"
        "  - {label: Partenaires du projet et leur rôle, header: Apport, field: cost, how: sum}\n",
        encoding="utf-8",
    )
    path = workbook(
        {
            "Dossiers": dossiers(
                {"ID": "11", "Intitulé du projet": "Haies"}, {"ID": "12", "Intitulé du projet": "Eau"}
            ),
            "(4242) Partenaires du projet e": [
                ["Dossier ID", "Ligne", "Structure", "Apport", "Nom du contact"],
                ["11", "1", "Syndicat inventé", "1 000 €", "Personne"],
                ["11", "2", "Agence inventée", 500.125, "Personne"],
                ["12", "1", "", "deux", ""],
                ["12", "2", "", "3", ""],
            ],
        }
    )
    projects = ck.projects.read(path, mapping=mapping)
    assert list(projects.partners) == ["Syndicat inventé\nAgence inventée", ""]
    assert projects.cost[0] == 1500.125 and math.isnan(projects.cost[1])  # a sum that lacks a term is not known
    told = account_of(projects)
    assert "Personne" not in told.blocks["dossiers.xlsx : (4242) Partenaires du projet e"].to_csv()
    assert list(told.problems.row) == [4]


def test_column_of_a_block_that_is_not_there_is_named(workbook, tmp_path, says):
    mapping = tmp_path / "formulaire.yml"
    mapping.write_text(
        "label: f\nbase: demarches_simplifiees\nblocks:\n  - {label: Partenaires, header: Rôle, field: partners}\n",
        encoding="utf-8",
    )
    block = [["Dossier ID", "Ligne", "Structure"], ["11", "1", "x"]]
    path = workbook({"Dossiers": dossiers({"ID": "11"}), "(1) Partenaires": block})
    (found,) = account_of(ck.projects.read(path, mapping=mapping)).problems.itertuples()
    assert (found.sheet, found.column) == ("(1) Partenaires", "Rôle")
    says(found.message, "colonne absente du bloc « Partenaires ». La rétablir")


def test_two_columns_of_a_revised_form_are_merged_and_their_conflicts_listed(tmp_path):
    old, new = "Levier de la planification écologique", "Levier principal"
    rows = dossiers(
        {"ID": "1", old: "Vélo"},
        {"ID": "2", new: "Covoiturage"},
        {"ID": "3", old: "Vélo", new: "VÉLOS"},
        {"ID": "4", old: "Vélo", new: "Biogaz"},
        {"ID": "5"},
        more=[old, new],
    )
    projects = ck.projects.read(as_csv(rows, tmp_path / "dossiers.csv"))
    assert list(projects.lever) == ["velo", "covoiturage", "velo", "biogaz", ""]
    told = account_of(projects)
    assert [(r.header, r.cells, r.kept) for r in told.merged.itertuples()] == [(new, 3, 3), (old, 3, 1)]
    (conflict,) = told.conflicts.itertuples()
    assert (conflict.row, conflict.kept, conflict.other) == (5, "Biogaz", "Vélo")
    assert (conflict.kept_header, conflict.other_header) == (new, old)


def test_blank_lever_stays_blank_and_is_counted(tmp_path):
    rows = dossiers({"ID": "1"}, {"ID": "2", "Levier principal": "Non renseigné"}, more=["Levier principal"])
    projects = ck.projects.read(as_csv(rows, tmp_path / "dossiers.csv"))
    assert list(projects.lever) == ["", ""]
    assert account_of(projects).missing["lever"] == 2
    assert "2 projets sans levier" in account_of(projects).summary


def test_renamed_sheet_that_has_the_headers_is_read_and_said(workbook, says):
    path = workbook({"Feuil1": dossiers({"ID": "11", "Intitulé du projet": "Haies"})})
    projects = ck.projects.read(path)
    says(account_of(projects).notes[0], "feuille « Dossiers » absente, « Feuil1 » lue à sa place")


def test_sheet_that_is_not_there_is_named_with_those_that_are(workbook, tmp_path, says):
    sheets = {name: dossiers({"ID": "11", "Intitulé du projet": "Haies"}) for name in ("Dossier", "Copie")}
    mapping = tmp_path / "formulaire.yml"
    mapping.write_text("label: f\nbase: demarches_simplifiees\nonly_sheet: true\n", encoding="utf-8")
    with pytest.raises(ProjectError) as refused:
        ck.projects.read(workbook(sheets), mapping=mapping)
    says(
        refused.value,
        "feuille « Dossiers » absente. Vouliez-vous dire « Dossier » ? Feuilles du fichier : Dossier, Copie.",
    )


def answer(*nodes, more=False):
    page = {"pageInfo": {"hasNextPage": more, "endCursor": "x"}, "nodes": list(nodes)}
    return {"data": {"demarche": {"number": 12345, "title": "COP inventée", "dossiers": page}}}


def dossier(number, champs, **more):
    return {
        "number": number,
        "state": "en_construction",
        "dateDerniereModification": "2024-10-02T10:00:00+02:00",
        "dateDepot": "2024-09-01T10:00:00+02:00",
        "usager": {"email": "porteur@exemple.fr"},
        "demandeur": {
            "siret": "21010376800012",
            "entreprise": {"siren": "210103768", "raisonSociale": "COMMUNE INVENTÉE"},
        },
        "instructeurs": [{"email": "inst@exemple.fr"}],
        "champs": champs,
        "annotations": [],
        **more,
    }


CHAMPS = [
    {"champDescriptorId": "Q2hhbXAtMQ==", "label": "Intitulé du projet", "stringValue": "Haies"},
    {"champDescriptorId": "Q2hhbXAtMg==", "label": "Niveau de maturité", "stringValue": "Initié, en conception"},
    {"champDescriptorId": "Q2hhbXAtMw==", "label": "Dimension nouvelle", "stringValue": "Innove"},
    {"champDescriptorId": "Q2hhbXAtNA==", "label": "Thématique", "values": ["Mieux se loger", "Mieux produire"]},
    {
        "champDescriptorId": "Q2hhbXAtNQ==",
        "label": "Commune d'implantation",
        "stringValue": "Lille (59000)",
        "commune": {"name": "Lille", "code": "59350", "postalCode": "59000"},
        "departement": {"name": "Nord", "code": "59"},
    },
    {"champDescriptorId": "Q2hhbXAtNg==", "label": "EPCI concerné", "epci": {"name": "MEL", "code": "200093201"}},
    {
        "champDescriptorId": "Q2hhbXAtNw==",
        "label": "Date de démarrage prévue",
        "date": "2025-03-31",
        "stringValue": "31 mars",
    },
    {"champDescriptorId": "Q2hhbXAtOA==", "label": "Coût total estimé (€)", "decimalNumber": 1200.5},
    {"champDescriptorId": "Q2hhbXAtOQ==", "label": "Le projet est-il inscrit au CRTE ?", "checked": True},
    {
        "champDescriptorId": "Q2hhbXAtMTA=",
        "label": "Levier principal",
        "primaryValue": "Mieux se déplacer",
        "secondaryValue": "Vélo",
    },
    {"champDescriptorId": "Q2hhbXAtMTE=", "label": "Téléphone du contact", "stringValue": "03 20 00 00 00"},
]


def test_graphql_answer_gives_the_fields_of_the_export(file):
    projects = ck.projects.read(file(json.dumps(answer(dossier(11, CHAMPS))), "reponse.json"))
    row = projects.iloc[0]
    assert (row.project_id, row.title, row.maturity, row.dimension) == ("11", "Haies", "en_conception", "innove")
    assert (row.commune, row.epci, row.departement) == ("com-59350", "epci-200093201", "dep-59")
    assert (row.thematiques, row.lever, row.start, row.cost, row.crte) == (
        "se_loger|produire",
        "velo",
        "2025-03-31",
        1200.5,
        "oui",
    )
    assert (row.holder, row.holder_siren, row.state, row.submitted) == (
        "COMMUNE INVENTÉE",
        "210103768",
        "En construction",
        "2024-09-01",
    )
    assert account_of(projects).dropped == ["Téléphone du contact"]
    assert "exemple.fr" not in projects.to_csv()


def test_graphql_pages_come_in_one_file_or_in_several(file):
    one, two = answer(dossier(11, CHAMPS), more=True), answer(dossier(12, CHAMPS))
    together = ck.projects.read(file(json.dumps([one, two]), "pages.json"))
    apart = ck.projects.read(file(json.dumps(one), "page1.json"), file(json.dumps(two), "page2.json"))
    assert list(together.project_id) == list(apart.project_id) == ["11", "12"]
    assert account_of(together).notes == []
    assert "l'API annonce une page suivante" in account_of(apart).notes[0]


def test_graphql_champ_is_found_by_its_descriptor_before_its_label(file, tmp_path):
    mapping = tmp_path / "formulaire.yml"
    mapping.write_text(
        "label: f\nbase: demarches_simplifiees\nfields:\n"
        "  title: {headers: [Niveau de maturité], champs: [Q2hhbXAtMQ==]}\n  commune: {champs: [Q2hhbXAtNQ==]}\n",
        encoding="utf-8",
    )
    champs = [{**champ, "label": f"libellé changé {n}"} for n, champ in enumerate(CHAMPS)]
    projects = ck.projects.read(file(json.dumps(answer(dossier(11, champs))), "r.json"), mapping=mapping)
    assert (projects.title[0], projects.commune[0]) == ("Haies", "com-59350")


def test_graphql_node_without_number_is_set_aside(file):
    nodes = answer(dossier(11, CHAMPS), {"message": "Without permission"}, dossier(12, CHAMPS))
    told = account_of(ck.projects.read(file(json.dumps(nodes), "r.json")))
    assert (told.rows, told.kept, list(told.set_aside.row), list(told.set_aside.reason)) == (
        3,
        2,
        [2],
        ["dossier sans numéro"],
    )


# ------------------------------------------------------------------ personal data

PLANTED = ["jean.martin@exemple.fr", "03 20 11 22 33", "+33 6 11 22 33 44", "Zébulon Tartempion", "instr@exemple.fr"]


def planted():
    more = [
        "Instructeurs",
        "Personne à contacter",
        "Téléphone du contact",
        "Description du projet",
        "Levier principal",
        "Coût total estimé (€)",
    ]
    full = {
        "ID": "1",
        "Email": PLANTED[0],
        "Intitulé du projet": f"Haies {PLANTED[0]}",
        "Instructeurs": PLANTED[4],
        "Personne à contacter": PLANTED[3],
        "Téléphone du contact": PLANTED[1],
        "Description du projet": f"écrire à {PLANTED[0]} ou {PLANTED[2]}",
        "Levier principal": f"licorne de {PLANTED[4]}",
        "Coût total estimé (€)": f"demander au {PLANTED[1]}",
    }
    rows = dossiers(full, {**full, "ID": "", "Intitulé du projet": ""}, more=more)
    return rows, [*rows[1], "une cellule de trop"]


def test_planted_personal_data_appear_nowhere(tmp_path):
    rows, long = planted()
    path = as_csv([*rows, long], tmp_path / "dossiers.csv")
    projects = ck.projects.read(path)
    told = account_of(projects)
    assert told.rows == 3 and len(told.set_aside) == 2 and told.masked == 3
    written = "".join(p.read_text(encoding="utf-8") for p in told.save(tmp_path / "listes"))
    shown = projects.to_csv() + written + told.summary + str(told)
    for value in PLANTED:
        assert value not in shown, value
    assert projects.title[0] == "Haies [retiré]"
    assert {"Email", "Instructeurs", "Personne à contacter", "Téléphone du contact"} <= set(told.dropped)


def test_personal_data_are_kept_when_they_are_asked_for(tmp_path):
    rows, _ = planted()
    projects = ck.projects.read(as_csv(rows, tmp_path / "dossiers.csv"), personal=True)
    assert projects["Personne à contacter"][0] == PLANTED[3]
    assert PLANTED[0] in projects.description[0] and PLANTED[0] in projects.title[0]
    assert account_of(projects).masked == 0


def test_personal_columns_are_no_field_of_the_table(tmp_path):
    rows, _ = planted()
    assert list(ck.projects.read(as_csv(rows, tmp_path / "dossiers.csv"))) == list(fields.FIELDS)


# ------------------------------------------------------------------ the account


def test_reading_survives_copies_and_filters_of_the_table(file):
    projects = ck.projects.read(file("Dossier,Intitulé\n1,Haies\n2,Eau\n"))
    told = account_of(projects)
    assert account_of(projects.copy(deep=True)) is told
    assert account_of(projects[projects.title == "Eau"]) is told
    import copy

    assert copy.deepcopy(told) is told


def test_lists_are_saved_in_french_without_formulas(file, tmp_path):
    projects = ck.projects.read(file("Dossier,Intitulé,Coût [EUR]\n1,Haies,=1+1\n"))
    files = account_of(projects).save(tmp_path / "listes")
    assert sorted(p.name for p in files) == sorted(account_of(projects).lists.values())
    text = (tmp_path / "listes" / "problemes.csv").read_text(encoding="utf-8")
    assert text.splitlines()[0] == "Fichier,Feuille,Ligne,Colonne,Valeur,Problème et remède"
    assert ",'=1+1," in text
    account_of(projects).save(tmp_path / "excel", excel=True)
    raw = (tmp_path / "excel" / "problemes.csv").read_bytes()
    assert raw.startswith("\ufeffFichier;Feuille;Ligne".encode())


def test_lists_are_saved_whole_or_not_at_all(file, tmp_path, monkeypatch, says):
    told = account_of(ck.projects.read(file("Dossier,Intitulé\n1,Haies\n")))
    folder = tmp_path / "listes"
    folder.mkdir()
    (folder / "problemes.csv").write_text("d'avant", encoding="utf-8")
    real, calls = report._write, []

    def fail_at_the_third(*given):
        calls.append(given)
        if len(calls) == 3:
            raise OSError(28, "No space left on device")
        real(*given)

    monkeypatch.setattr(report, "_write", fail_at_the_third)
    with pytest.raises(ProjectError) as refused:
        told.save(folder)
    says(refused.value, "écriture impossible (disque plein). Choisir un autre dossier.")
    assert [p.name for p in folder.iterdir()] == ["problemes.csv"]
    assert (folder / "problemes.csv").read_text(encoding="utf-8") == "d'avant"


def test_unknown_labels_are_counted_with_the_closest(file):
    rows = "".join(f"{n},P,{label}\n" for n, label in enumerate(["Véloo", "Véloo", "Licorne", "Vélo"]))
    projects = ck.projects.read(file('Dossier,Intitulé,"Levier, libellé reçu"\n' + rows))
    found = account_of(projects).unknown_labels
    assert (found.kind[0], found.label[0]) == ("lever", "Véloo")
    assert list(found["count"]) == [2, 1]
    assert found.suggestions[0].split(" ; ")[0] == "Vélo" and found.suggestions[1] == ""


def test_columns_that_are_not_read_are_said(file):
    told = account_of(ck.projects.read(file("Dossier,Intitulé,Couleur\n1,Haies,vert\n")))
    assert told.ignored == ["Couleur"]
    assert french.typeset("1 colonne non lue (« Couleur »)") in told.summary


def test_final_table_is_validated(file, says):
    projects = ck.projects.read(file("Dossier,Intitulé\n1,Haies\n"))
    wrong = projects.assign(maturity="mûr", start="hier")
    with pytest.raises(ProjectError) as refused:
        reading.check(wrong, PROJECTS)
    says(
        refused.value,
        "Table de projets : 2 valeurs refusées",
        "projets.csv, ligne 2, « Maturité » : valeur « mûr » refusée. Corriger la cellule.",
        "« Début prévu » : valeur « hier » refusée.",
    )


def test_input_file_stays_as_it_was(tmp_path):
    rows, long = planted()
    path = as_csv([*rows, long], tmp_path / "dossiers.csv")
    before = path.read_bytes()
    ck.projects.read(path)
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


# ------------------------------------------------------------------ Fonds vert


@pytest.fixture(scope="module")
def fonds_vert():
    """The open file of 2023, read; skipped where the sample is not there."""
    if not FONDS_VERT.is_file():
        pytest.skip(
            "shared/samples/fonds-vert-2023-export.csv absent : le fichier ouvert n'est pas livré avec le dépôt"
        )
    return ck.projects.read(FONDS_VERT)


@pytest.fixture(scope="module")
def raw():
    with FONDS_VERT.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_fonds_vert_2023_is_read_in_full(fonds_vert):
    told = account_of(fonds_vert)
    assert len(fonds_vert) == told.rows == len(fields.counted(fonds_vert)) == 10_782
    assert round(math.fsum(fonds_vert.amount)) == 1_956_354_884
    assert told.missing["commune"] == (fonds_vert.commune == "").sum() == 827
    assert (fonds_vert.year == 2023).all()
    assert fonds_vert.amount.notna().all()
    bfc = fonds_vert[fonds_vert.region == "reg-27"]
    assert len(bfc) == 553 and round(bfc.amount.sum()) == 76_999_799


def test_fonds_vert_2023_is_counted_in_full(fonds_vert):
    for by in ("region", "departement", "lever", "programme", "commune"):
        table = ck.projects.balance(fonds_vert, by)
        assert table.projects.iloc[-1] == table.projects.iloc[:-1].sum() == 10_782
        assert round(table.amount.iloc[-1]) == 1_956_354_884
        assert round(100 * table.amount.iloc[:-1]).sum() == round(100 * table.amount.iloc[-1])
    bourgogne = ck.projects.balance(fonds_vert, "region").set_index("region").loc["reg-27"]
    assert (bourgogne.projects, round(bourgogne.amount)) == (553, 76_999_799)
    assert ck.projects.balance(fonds_vert, "commune").set_index("commune").projects["non_renseigne"] == 827


def test_fonds_vert_totals_by_region_are_the_files(fonds_vert, raw):
    check_totals(fonds_vert.region_label, fonds_vert.amount, raw, lambda row: row["nom_region"])


def test_fonds_vert_totals_by_departement_are_the_files(fonds_vert, raw):
    known = set(ck.territories("departement").code)
    check_totals(
        fonds_vert.departement,
        fonds_vert.amount,
        raw,
        lambda row: code if (code := f"dep-{row['code_departement']}") in known else "",
    )


def test_fonds_vert_totals_by_lever_are_those_of_its_demarches(fonds_vert, raw):
    deduced = account_of(fonds_vert).deduced_levers.set_index("number")
    assert len(deduced) == 14 and (deduced.status == "proposition du kit, à valider").all()
    lever = deduced.lever.to_dict()
    check_totals(fonds_vert.lever, fonds_vert.amount, raw, lambda row: lever[row["numero_demarche_ds"]])
    assert deduced.projects.to_dict() == Counter(row["numero_demarche_ds"] for row in raw)


def check_totals(keys, amounts, raw, key_of):
    expected, counts = defaultdict(list), Counter()
    for row in raw:
        expected[key_of(row)].append(float(row["montant_engage"]))
        counts[key_of(row)] += 1
    found = amounts.groupby(keys).agg(["sum", "size"])
    assert {french.plain(k): int(n) for k, n in found["size"].items()} == {
        french.plain(k): n for k, n in counts.items()
    }
    summed = {french.plain(k): v for k, v in found["sum"].items()}
    for key, values in expected.items():
        assert summed[french.plain(key)] == pytest.approx(math.fsum(values), rel=1e-12), key


def test_fonds_vert_overseas_collectivites_are_counted_under_their_name(fonds_vert):
    outside = account_of(fonds_vert).outside.set_index("region_label").projects.to_dict()
    assert outside == {
        "Nouvelle-Calédonie": 39,
        "Polynésie française": 16,
        "Saint-Pierre-et-Miquelon": 8,
        "Terres australes et antarctiques françaises": 9,
        "Wallis-et-Futuna": 1,
    }


def test_fonds_vert_siret_and_spreadsheet_numbers_give_a_siren(fonds_vert, raw):
    wrong = [row["siren"] for row in raw if len(row["siren"].removesuffix(".0")) not in (9, 14)]
    assert len(wrong) == 6 and (fonds_vert.holder_siren == "").sum() == len(wrong)
    assert fonds_vert.holder_siren.str.fullmatch(r"\d{9}|").all()


FV_2024 = (
    "nom_du_projet,resume_du_projet,montant_engage,numero_dossier_ds,numero_ej,demarche,nom_region,nom_departement,"
    "code_departement,siret_beneficiaire,raison_sociale_beneficiaire,code_commune,nom_commune\n"
)


def test_fonds_vert_2024_layout_and_its_amounts(file):
    rows = [
        'Projet inventé A,Résumé,"1\u00a0234,50",1,EJ1,Recyclage foncier,Bretagne,,29,21290000000012,X,29019,BREST',
        "Projet inventé B,,25000,2,EJ2,Recyclage foncier,Bretagne,Finistère,29,21290000000012,X,NULL,NULL",
        "Projet inventé B,,1 000,2,EJ3,Mesure nouvelle de 2024,Bretagne,Finistère,29,NULL,X,NULL,NULL",
    ]
    projects = ck.projects.read(file(FV_2024 + "\n".join(rows) + "\n", "fonds-vert-2024-export.csv"))
    assert list(projects.amount) == [1234.5, 25000, 1000]
    assert list(projects.holder_siren) == ["212900000", "212900000", ""]
    assert list(projects.lever) == ["sobriete_fonciere", "sobriete_fonciere", "non_reconnu"]
    assert list(projects.commune) == ["com-29019", "", ""] and (projects.year == 2024).all()
    assert len(fields.counted(projects)) == 3
    told = account_of(projects)
    assert told.unknown_labels.label.to_list() == ["Mesure nouvelle de 2024"]
    assert "démarche sans levier dans la correspondance" in told.problems.message.iloc[0]


# ------------------------------------------------------------------ subsidies


def test_scdl_subsidies_are_read(file):
    head = (
        "idSubvention,nomAttribuant,idAttribuant,dateConvention,referenceDecision,nomBeneficiaire,idBeneficiaire,objet,"
        "montant,exerciceBudgetaire,dispositif,statutLabel,montantDemande,dateDebut"
    )
    row = "S1,Région inventée,23320000000012,2024-05-01,D1,ASSO,12345678900011,Plantation,1000.5,2024,Haies,attribuée,,"
    row += "2024-06-01"
    one = ck.projects.read(file(f"{head}\n{row}\n{row}\n")).iloc[0]
    assert (one.project_id, one.title, one.amount, one.year, one.programme) == (
        "S1",
        "Plantation",
        1000.5,
        2024,
        "Haies",
    )
    assert (one.holder_siren, one.submitted, one.start, one.duplicate_of) == (
        "123456789",
        "2024-05-01",
        "2024-06-01",
        "",
    )


def test_regulatory_file_of_14_columns_is_read(file):
    head = (
        "nomAttribuant;idAttribuant;dateConvention;referenceDecision;nomBeneficiaire;idBeneficiaire;objet;montant;nature;"
        "conditionsVersement;datesPeriodeVersement;idRAE;notificationUE;pourcentageSubvention"
    )
    row = 'Ville;21590350100017;01/05/2024;D1;ASSO;12345678900011;Vélos;"1 000,50";aide en numéraire;unique;;;non;1'
    projects = ck.projects.read(file(f"{head}\n{row}\n", encoding="cp1252"))
    assert (projects.title[0], projects.amount[0], projects.submitted[0]) == ("Vélos", 1000.5, "2024-05-01")
    assert account_of(projects).ignored == []


def test_table_of_the_kit_is_read_back_as_it_was_written(file):
    content = "Dossier,Intitulé,Thématiques,Commune,EPCI,Levier,Maturité,Exemple inventé\n"
    content += "1,Haies,se_loger|produire,com-59350,epci-200093201,haies,pret,oui\n"
    first = ck.projects.read(file(content))
    shown = {name: one.label for name, one in fields.FIELDS.items() if name != "lever"}
    again = ck.projects.read(file(first.rename(columns=shown).drop(columns="Doublon de").to_csv(index=False)))
    same = [
        n for n in fields.FIELDS if n not in ("source_file", "sheet", "row", "duplicate_of", "lever", "lever_label")
    ]
    pd.testing.assert_frame_equal(first[same], again[same])
    assert again.invented[0] == "oui" and again.epci[0] == "epci-200093201"


def test_projects_module_is_public():
    assert ck.projects.read is projects_reading.read
    assert demarches.DEMANDEUR == "Dossier" and delimited.SEPARATORS
    assert paths.parameters("mappings").is_dir()
