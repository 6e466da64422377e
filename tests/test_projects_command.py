"""``copkit triage``, ``balance`` and ``template mapping`` as a person types them, on the invented vivier."""

import csv
import io
import json
from pathlib import Path

import openpyxl
import pytest

import copkit as ck
from copkit.projects.counting import balance

VIVIER = "data/examples/vivier_hauts_de_france.csv"
PUBLISHED = {  # feuille_de_route_hauts_de_france_2025, 06/12/2024
    "remonter": [136, 104, 216, 132, 200, 788],
    "travailler": [16, 54, 91, 49, 116, 326],
    "crte": [7, 20, 16, 8, 34, 85],
    "non_remonte": [12, 15, 24, 10, 19, 80],
    "total": [171, 193, 347, 199, 369, 1279],
}


@pytest.fixture
def vivier(request):
    return str(request.config.rootpath / VIVIER)


@pytest.fixture
def few(vivier, tmp_path):
    """The first dossiers of the vivier."""
    path = tmp_path / "vivier.csv"
    path.write_text("".join(Path(vivier).read_text(encoding="utf-8").splitlines(keepends=True)[:40]), encoding="utf-8")
    return str(path)


def rows(done) -> list[dict]:
    assert done.returncode == 0, done.stderr
    return list(csv.DictReader(io.StringIO(done.stdout)))


def test_balance_by_departement_is_the_published_table(command, vivier):
    found = rows(command("balance", vivier, "--format", "csv"))
    columns = ["dep-02", "dep-59", "dep-60", "dep-62", "dep-80", "total"]
    assert {one["category"]: [int(one[c]) for c in columns] for one in found} == PUBLISHED


def test_balance_says_its_rules_and_that_the_projects_are_invented(command, vivier):
    said = command("balance", vivier).stdout
    assert "Bilan par département, n = 1\u202f279 (exemple inventé)" in said
    assert "6 seconds dépôts d’un même dossier, hors du compte" in said
    assert "aucun chiffre ne décrit un territoire réel" in said


@pytest.mark.parametrize("asked", [["--by", "lever"], ["--shares"]], ids=" ".join)
def test_what_is_asked_of_the_balance_is_what_the_library_gives(command, few, asked):
    projects = ck.projects.triage(ck.projects.read(few))
    table = (
        ck.projects.balance(projects, "lever") if "lever" in asked else balance.shares(ck.projects.balance(projects))
    )
    assert len(table) > 4 and (table.total.iloc[-1] == 100 if "lever" not in asked else table.projects.iloc[-1] > 30)
    found = json.loads(command("balance", few, *asked, "--format", "json").stdout)
    assert found == json.loads(table.to_json(orient="records", double_precision=15))


def test_triage_prints_the_categories_and_writes_the_workshop(command, few, tmp_path):
    done = command("triage", few, "--out", str(tmp_path / "atelier.xlsx"), "--lists", str(tmp_path / "listes"))
    assert done.returncode == 0, done.stderr
    [line] = [line for line in done.stdout.splitlines() if line.strip().startswith("Ensemble")]
    assert [cell for cell in line.split(" ") if cell][:5] == ["Ensemble", "39", "100,0", "39", "0"]
    assert openpyxl.load_workbook(tmp_path / "atelier.xlsx").sheetnames[:3] == ["Synthèse", "Lire d'abord", "Dossiers"]
    assert {p.name for p in tmp_path.glob("listes/*.csv")} >= {"problemes.csv", "lignes_ecartees.csv"}


def test_returned_workbook_decides_and_a_conflict_ends_with_1(command, few, tmp_path):
    sent, north, south = (tmp_path / name for name in ("atelier.xlsx", "nord.xlsx", "sud.xlsx"))
    assert command("triage", few, "--out", str(sent)).returncode == 0
    for path, category in ((north, "Non remonté"), (south, "Hors COP, à examiner pour le CRTE")):
        book = openpyxl.load_workbook(sent)
        sheet = book["Dossiers"]
        heads = {cell.value: cell.column for cell in sheet[1]}
        said = (category, "Service de l'État", "2024-12-06", "Revu en atelier")
        parts = ("catégorie", "auteur", "date", "raison")
        given = {f"Décision\u00a0: {part} (à remplir)": text for part, text in zip(parts, said, strict=True)}
        for head, value in given.items():
            sheet.cell(2, heads[head], value)
        book.save(path)
    one = command("triage", few, "--returned", str(north), "--format", "json")
    assert one.returncode == 0, one.stderr
    assert [p["decision"] for p in json.loads(one.stdout) if p["decision"]] == ["non_remonte"]
    both = command("triage", few, "-r", str(north), "-r", str(south), "--format", "json")
    assert both.returncode == 1 and "nord.xlsx" in both.stderr and "sud.xlsx" in both.stderr
    assert not [p for p in json.loads(both.stdout) if p["decision"]]


def test_public_csv_has_no_comment_and_is_safe_in_a_spreadsheet(command, few, tmp_path):
    assert command("triage", few, "--public", "--out", str(tmp_path / "public.csv")).returncode == 0
    found = list(csv.DictReader((tmp_path / "public.csv").open(encoding="utf-8")))
    assert len(found) == 39 and not {"description", "holder", "obstacles", "decision_author"} & set(found[0])
    assert all(one["reason"] for one in found)


def test_triage_writes_the_schema_of_the_state_and_says_what_has_no_place_in_it(command, few, tmp_path):
    done = command("triage", few, "--schema", str(tmp_path / "projets.csv"))
    assert done.returncode == 0 and "codes de COP" in done.stderr
    assert {one.name for one in tmp_path.glob("projets*.csv")} == {"projets.csv", "projets_cop.csv"}


def test_mapping_is_proposed_and_reads_its_file(command, tmp_path):
    file = tmp_path / "projets.csv"
    file.write_text("Numéro;Nom du projet;Coût estimé;Courriel\n1;Pistes;10,5;a@example.org\n", encoding="utf-8")
    assert command("template", "mapping", str(file), "--out", str(tmp_path / "m.yml")).returncode == 0
    text = (tmp_path / "m.yml").read_text(encoding="utf-8")
    assert "Courriel" in text and command("template", "mapping", str(file)).stdout == text
    found = rows(
        command("balance", str(file), "--mapping", str(tmp_path / "m.yml"), "--by", "programme", "--format", "csv")
    )
    assert found[-1]["projects"] == "1"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["balance", "absent.csv"], "absent.csv"),
        (["balance", "{few}", "--mapping", "cop_haut_de_france"], "Vouliez-vous dire « cop_hauts_de_france »"),
        (["triage", "{few}", "--out", "tri.pdf"], "« tri.pdf » : format inconnu"),
        (["triage", "{few}", "-r", "a.xlsx", "--decisions", "b.csv"], "Donner --decisions ou --returned"),
        (["balance", "{few}", "--by", "crte"], "périmètres"),
        (["template", "mapping", "absent.csv"], "absent.csv"),
    ],
)
def test_a_wrong_word_gets_one_french_message_and_exit_2(command, words, said, few):
    done = command(*(word.format(few=few) for word in words))
    assert done.returncode == 2 and said in done.stderr and "Traceback" not in done.stderr
