"""The document of a questionnaire, made once in all its forms from answers that name persons: none is in it."""

import csv
import zipfile
from functools import cache

import openpyxl
import pytest
from pypdf import PdfReader

import copkit as ck
from copkit import paths
from copkit.survey import selection

from .notebooks import documents

NAME, MAIL, PHONE = "Plantenom", "plantee.jeanne@exemple-plante.fr", "06 12 34 56 78"
SECRET = f"Voir Jeanneplantee {NAME}, {MAIL} ou {PHONE}"
TRACES = [NAME, "Jeanneplantee", "exemple-plante", PHONE, "Chuchotement", "essaiplante"]


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """Some invented answers, with a person in the name of a Pays, in each comment, in columns that nobody asked for."""
    path, known = tmp_path_factory.mktemp("plante") / "essaiplante.csv", ck.survey.actions()
    asked = {*known.action[::6], *known.action[known.levers == "haies"]}
    with paths.home().joinpath(*selection.EXAMPLE).open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["Action"] in asked]
    for n, row in enumerate(rows):
        row["Commentaire"] = f"Chuchotement {n} : {SECRET}"
        row |= {"Courriel": MAIL, "Nom": NAME, "Répondant": SECRET, "Téléphone": PHONE}
        if row["Type de collectivité"] == "pays":
            row["Collectivité"] = f"Pays de {NAME}"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows([*rows, rows[0] | {"Collectivité": f"Commune de {NAME}", "Action": SECRET}])
    return path


@pytest.fixture(scope="module")
def made(planted, tmp_path_factory):
    """The public document of the région, in all its forms."""
    out = tmp_path_factory.mktemp("sorties")
    given = {"reponses": str(planted), "publique": True, "levier": "haies"}
    documents("questionnaire", ["reg-32"], out, formats=("pdf", "docx"), **given)
    return {path.suffix[1:]: path for path in (out / "reg-32").glob("questionnaire.*")}


@cache
def text(path) -> str:
    """What can be read in a file, unzipped when it is an archive."""
    if path.suffix == ".pdf":
        return " ".join(page.extract_text() for page in PdfReader(path).pages)
    if path.suffix in (".xlsx", ".docx"):
        with zipfile.ZipFile(path) as archive:
            return "\n".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())
    return path.read_text(encoding="utf-8")


def test_the_document_has_all_its_forms_and_its_message(made):
    assert set(made) == {"html", "ipynb", "pdf", "docx", "xlsx"}
    for kind in ("html", "pdf", "docx"):
        said = " ".join(text(made[kind]).split())
        for words in ("70 EPCI sur 92", "Exemple inventé", "Famille C", "Version publique", "Gestion des haies"):
            assert words in said.replace("\u202f", " ").replace("\u00a0", " "), (kind, words)
    assert "Participation" in openpyxl.load_workbook(made["xlsx"], read_only=True).sheetnames


def test_no_person_no_comment_and_no_name_of_a_file_is_in_the_public_version(made):
    found = {kind: [one for one in TRACES if one.lower() in text(path).lower()] for kind, path in made.items()}
    kept = {"ipynb": ["essaiplante"]}  # the parameters that it was run with
    assert found == {kind: kept.get(kind, []) for kind in found}


def test_the_working_version_has_what_the_public_one_hides(planted, tmp_path):
    q = ck.survey.consultation(planted, lever="haies")
    said = ck.table(q, "commentaires").data.to_string()
    assert NAME in said and MAIL not in said and PHONE not in said  # a name alone is nothing that a program can see
    assert NAME in ck.table(q, "a_verifier_reponses").data.to_string()
