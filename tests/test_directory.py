"""Opinions given to their bodies by a file of addresses, which is read and forgotten: no address is left anywhere."""

import zipfile

import openpyxl
import pytest
from typer.testing import CliRunner

import copkit as ck
from copkit.commands.cli import app
from copkit.errors import CopkitWarning, ProjectError
from copkit.intake import directory
from copkit.projects.fields import BODIES

from .conftest import read_cases

CASES = read_cases("avis")["reponses"]
HEADS = ("Dossier ID", "Introduction", "Réponse", "Question", "Réponse oui/non", "Créé le", "Répondu le")
ELSEWHERE = "ailleurs-plante.fr"
DDT, DREAL = "plante.une@prefecture-plantee.fr", "plante.deux@dreal-plantee.fr"
PLANTED = ("plante.", "prefecture-plantee", "dreal-plantee", "ailleurs-plante")


def opinion(dossier, expert=DDT, answer="", question="", yes_no=""):
    return [
        dossier,
        "",
        answer,
        question,
        yes_no,
        "2026-10-01",
        "2026-10-05",
        "plante.instructeur@ailleurs-plante.fr",
        expert,
    ]


def book(folder, *opinions, dossiers=("1",)):
    """An export with these opinions on its dossiers."""
    made = openpyxl.Workbook()
    made.active.title = "Dossiers"
    made.active.append(["ID", "Email", "État du dossier", "Déposé le", "Intitulé du projet"])
    for one in dossiers:
        made.active.append([one, "plante.porteur@ailleurs-plante.fr", "Accepté", "2026-09-01", f"Projet {one}"])
    sheet = made.create_sheet("Avis")
    for row in ([*HEADS, "Instructeur", "Expert"], *opinions):
        sheet.append(row)
    made.save(folder / "dossiers.xlsx")
    return folder / "dossiers.xlsx"


@pytest.fixture(scope="module")
def bodies(tmp_path_factory):
    path = tmp_path_factory.mktemp("organismes") / "organismes.csv"
    rows = [f"{DDT.upper()},Préfecture et DDT(M)", '@dreal-plantee.fr,"DREAL, DRAAF, DREETS"']
    path.write_text("\n".join(["Courriel,Organisme", *rows]), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def answered(tmp_path_factory, bodies):
    """What each case answers, a dossier each, read once."""
    given = [
        opinion(str(n), answer=one.get("reponse", ""), question=one.get("question", ""), yes_no=one.get("oui_non", ""))
        for n, one in enumerate(CASES, start=1)
    ]
    folder = tmp_path_factory.mktemp("avis")
    path = book(folder, *given, dossiers=[str(n) for n in range(1, len(CASES) + 1)])
    return ck.projects.read(path, mapping="demarches_simplifiees", bodies=bodies)


@pytest.mark.cases("avis", "reponses")
def test_an_answer_is_an_opinion_or_is_flagged(case, answered):
    at = [one["nom"] for one in CASES].index(case["nom"])
    assert answered.opinion_prefecture_ddt[at] == case["avis"]
    flagged = answered.attrs["reading"].problems
    assert ((flagged.sheet == "Avis") & (flagged.row == at + 2)).any() == ("signale" in case)
    assert set(answered.attrs["reading"].opinions.body) == {"prefecture_ddt"}


def test_opinions_go_to_the_body_of_their_expert_and_nobody_chooses_between_two(tmp_path, bodies):
    path = book(
        tmp_path,
        opinion("1", answer="Favorable"),
        opinion("1", "Plante.Trois@DREAL-plantee.fr", "Réservé"),
        opinion("2", answer="Favorable"),
        opinion("2", answer="Défavorable"),
        opinion("3", "quelqu.un@ailleurs-plante.fr", "Favorable"),
        dossiers=("1", "2", "3"),
    )
    read = ck.projects.read(path, mapping="demarches_simplifiees", bodies=bodies)
    assert read.opinion_prefecture_ddt.tolist() == ["favorable", "", ""]
    assert read.opinion_dreal_draaf.tolist() == ["reserve", "", ""]
    told = read.attrs["reading"]
    messages = " ".join(told.problems.message)
    assert "avis différents d'un même organisme sur le dossier 2" in messages and "avis non attribué" in messages
    assert told.problems.row.tolist() == [6, 4, 5] and "2 avis attribués" in told.summary
    assert told.opinions.body.tolist() == ["prefecture_ddt", "dreal_draaf", *["prefecture_ddt"] * 2, ""]
    assert "Avis partagés" in ck.projects.triage(read).disagreement[0]
    without = ck.projects.read(path, mapping="demarches_simplifiees")
    assert set(without.opinion_prefecture_ddt) == {""} and len(without.attrs["reading"].problems) == 0


def test_no_address_is_left_in_any_output(tmp_path, bodies):
    path = book(tmp_path, opinion("1", answer=f"Favorable, voir {DREAL}"), opinion("1", DREAL, "Réservé"))
    out = tmp_path / "sorties"
    out.mkdir()
    words = ["triage", str(path), "--mapping", "demarches_simplifiees", "--bodies", str(bodies)]
    done = [
        CliRunner().invoke(app, [*words, *map(str, more)])
        for more in (
            ["--out", out / "atelier.xlsx", "--lists", out / "listes", "--schema", out / "schema.csv"],
            ["--out", out / "tri.csv", "--format", "json"],
        )
    ]
    assert [one.exit_code for one in done] == [0, 0]
    read = ck.projects.read(path, mapping="demarches_simplifiees", bodies=bodies)
    ck.projects.write_workshop(ck.projects.triage(read), out / "encore.xlsx")
    said = "".join(one.output for one in done) + read.to_csv() + str(vars(read.attrs["reading"])) + repr(read.attrs)
    files = [one for one in out.rglob("*") if one.is_file()]
    for file in files:
        if zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as parts:
                said += "".join(parts.read(name).decode("utf-8", "ignore") for name in parts.namelist())
        else:
            said += file.read_text(encoding="utf-8")
    assert len(files) > 5 and "réservé" in said
    assert [one for one in PLANTED if one in said.casefold()] == []


def test_a_directory_shows_nothing_and_an_unknown_or_double_address_has_no_body(bodies):
    found = directory.read(bodies, BODIES)
    assert "plante" not in repr(found) and "plante" not in str(found)
    assert (
        found.body(f"Une personne <{DDT}>") == "prefecture_ddt"
        and found.body("autre@dreal-plantee.fr") == "dreal_draaf"
    )
    assert found.body(f"{DDT}, {DREAL}") == found.body("x@exemple.fr") == found.body("") == ""


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("Organisme\nDREAL", ["colonnes attendues « courriel » et « organisme »"]),
        ("Courriel,Autre\na@plante.fr,x", ["colonnes attendues"]),
        ("a@plante.fr,prefecture_ddt\nb@plante.fr,agences", ["colonnes attendues"]),
        ("Courriel,Organisme\n", ["aucun"]),
        (
            "Courriel,Organisme\nplante,agences\nplante@plante.fr,Mairie\nc@plante.fr,agences\nC@plante.fr,prefecture_ddt\n"
            "d@plante.fr,d@plante.fr",
            [
                "4 problèmes",
                "ligne 2 : courriel illisible",
                "ligne 3 : organisme inconnu « Mairie ». Organismes : Préfecture et DDT(M)",
                "ligne 5 : ce courriel a déjà un autre organisme",
                "ligne 6 : organisme inconnu « [retiré] »",
            ],
        ),
    ],
)
def test_a_wrong_directory_is_refused_whole_and_cites_no_address(tmp_path, says, text, messages):
    path = tmp_path / "organismes.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ProjectError) as refused:
        directory.read(path, BODIES)
    says(refused.value, *messages)
    assert "plante" not in str(refused.value).replace(str(path), "")


def test_a_hidden_row_of_a_directory_is_read_and_said_without_its_address(tmp_path):
    made = openpyxl.Workbook()
    for row in (["courriel", "organisme"], [DDT, "Préfecture et DDT(M)"], ["@dreal-plantee.fr", BODIES["dreal_draaf"]]):
        made.active.append(row)
    made.active.row_dimensions[3].hidden = True
    made.save(tmp_path / "annuaire.xlsx")
    with pytest.warns(CopkitWarning, match="1 ligne masquée ou filtrée, lue comme les autres") as told:
        directory.read(tmp_path / "annuaire.xlsx", BODIES)
    assert not any(one in str(each.message) for each in told for one in PLANTED)


def test_a_file_without_opinions_says_so(tmp_path, bodies):
    (tmp_path / "vivier.csv").write_text("Dossier,Intitulé\n1,Haies\n", encoding="utf-8")
    read = ck.projects.read(tmp_path / "vivier.csv", bodies=bodies)
    assert "Aucun avis à attribuer" in read.attrs["reading"].summary
