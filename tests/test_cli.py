"""The command line as a person types it: French help, French errors, exit codes."""

import csv
import io
import json
import subprocess
import sys

import nbformat
import pytest
from pypdf import PdfReader

from copkit.batch.plan import plan
from copkit.commands.terminal import numbers, parameters
from copkit.errors import CopkitError, RunError

COLUMNS = [
    "territory", "lever", "label", "sector", "chantier", "target_ktco2e", "baseline", "quantity_2030", "unit", "status",
    "key", "key_grade", "source",
]  # fmt: skip


def test_panorama_json_sums_to_the_published_totals(command):
    rows = json.loads(command("panorama", "reg-32", "--format", "json").stdout)
    assert list(rows[0]) == COLUMNS
    assert round(sum(r["target_ktco2e"] for r in rows), 1) == 22764.4
    assert round(sum(r["target_ktco2e"] for r in rows if r["lever"] != "puits_forestiers"), 1) == 21631.8


def test_panorama_csv_keeps_full_precision_and_leaves_unknown_empty(command):
    rows = list(csv.DictReader(io.StringIO(command("panorama", "reg-32", "--format", "csv").stdout)))
    by = {r["lever"]: r for r in rows}
    assert by["vehicules_electriques"]["target_ktco2e"] == "940.7603"
    assert by["production_industrielle"]["baseline"] == ""


def test_panorama_table_is_french(command):
    out = command("panorama", "dep-59").stdout
    assert "Panorama des leviers" in out and "Total sans forêt" in out and "10\u202f000" in out


def test_help_is_french():
    asked = [sys.executable, "-m", "copkit", "--help"]
    out = subprocess.run(asked, capture_output=True, text=True, encoding="utf-8").stdout
    for word in ("planification écologique", "Produit les documents", "Vérifie l'installation", "Affiche le panorama"):
        assert word in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["panorama", "32"], "Écrire « reg-32 » ou « dep-32 »"),
        (["panorama", "dep-5"], "Territoire inconnu"),
        (["run", "reg-99"], "Territoire inconnu : « reg-99 »"),
        (["run", "reg-32", "-p", "anee=2030"], "n'a pas de paramètre « anee »"),
        (["run", "reg-32", "-p", "annee"], "Écrire NOM=VALEUR"),
        (["run", "--notebook", "rapport"], "Carnet inconnu : « rapport »"),
    ],
)
def test_a_wrong_word_gets_one_french_message_and_exit_2(command, words, said, tmp_path):
    done = command(*words, *(["--out", str(tmp_path / "o")] if words[0] == "run" else []))
    assert done.returncode == 2 and said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "o").exists()


def test_doctor_says_that_all_is_well(command):
    done = command("doctor")
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("✓") == 6 and "Tout est en ordre." in done.stdout


def test_values_of_levers_are_read_with_a_point_or_a_comma_and_nothing_is_guessed():
    read = numbers(["a=600,5", "b=340.345", "c=1\u202f234", "d=-72", " e = 3"])
    assert read == {"a": 600.5, "b": 340.345, "c": 1234.0, "d": -72.0, "e": 3.0}
    for wrong in ("a=", "=3", "a", "a=1 2 3", "a=1,2,3", "a=nan", "a=inf", "a=1_000"):
        with pytest.raises(CopkitError, match="Écrire LEVIER=NOMBRE"):
            numbers([wrong])


def test_values_of_parameters_are_read_as_the_notebook_declares_them(tmp_path):
    cell = nbformat.v4.new_code_cell(
        'territoire = "reg-32"\nannee = 2030\npart = 0.5\ntitre = ""\nessai = False\ncode = "2A"',
        metadata={"tags": ["parameters"]},
    )
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "essai.ipynb")
    given = parameters(["annee=2031", "part=12,5", "titre=2030", "essai=oui", "code=01"])
    assert given == {"annee": "2031", "part": "12,5", "titre": "2030", "essai": "oui", "code": "01"}
    task, *_ = plan(str(tmp_path / "essai.ipynb"), ["reg-32"], None, given)
    read = {name: task.parameters[name] for name in given}
    assert read == {"annee": 2031, "part": 12.5, "titre": "2030", "essai": True, "code": "01"}
    assert [type(value) for value in read.values()] == [int, float, str, bool, str]
    with pytest.raises(RunError, match="« annee », valeur « 2030,5 » : nombre entier attendu"):
        plan(str(tmp_path / "essai.ipynb"), ["reg-32"], None, parameters(["annee=2030,5"]))
    with pytest.raises(RunError, match="donné deux fois : « annee »"):
        parameters(["annee=2030", "annee=2031"])


def test_convert_answers_both_ways_and_refuses_with_the_bound(command):
    one = json.loads(command("convert", "reg-32", "vehicules_electriques", "--kt", "500", "--format", "json").stdout)[0]
    assert one["quantity"] == pytest.approx(6.706 + 500 * 0.4677, rel=1e-12)
    back = command("convert", "reg-32", "augm_voitelec", "--quantity", str(one["quantity"]), "--format", "json").stdout
    assert json.loads(back)[0]["kt"] == pytest.approx(500, rel=1e-12)
    published = command("convert", "reg-32", "augm_voitelec", "--quantity", "20", "--done", "100", "--as-published")
    assert "−72" in published.stdout
    refused = command("convert", "reg-32", "puits_forestiers", "--kt", "5000")
    assert refused.returncode == 2 and "Levier fermé" in refused.stderr
    negative = command("convert", "reg-32", "vehicules_electriques", "--kt", "-72")
    assert negative.returncode == 2 and "de 0 à" in negative.stderr
    assert "copkit convert reg-32" in command("convert", "reg-32").stderr


def test_convert_batch_gives_the_same_rows_and_what_is_found(command, tmp_path):
    rows = "region_code,sgpe_id,direction,completed_ktco2e,input,expected\n32,augm_voitelec,co2_to_phys,0,841,400\n"
    (tmp_path / "v.csv").write_text(rows, encoding="utf-8")
    done = command("convert", "--batch", str(tmp_path / "v.csv"), "--as-published")
    assert next(csv.DictReader(io.StringIO(done.stdout))) == {
        "region_code": "32",
        "sgpe_id": "augm_voitelec",
        "direction": "co2_to_phys",
        "completed_ktco2e": "0",
        "input": "841",
        "expected": "400",
        "actual": "400",
    }
    absent = command("convert", "--batch", str(tmp_path / "absent.csv"), "--as-published")
    assert absent.returncode == 2 and "fichier illisible" in absent.stderr
    (tmp_path / "latin.csv").write_bytes("région".encode("latin-1"))
    assert "UTF-8" in command("convert", "--batch", str(tmp_path / "latin.csv")).stderr


def test_a_scenario_goes_from_simulate_to_compensate(command, tmp_path):
    scenario, after, pdf = tmp_path / "s.json", tmp_path / "apres.json", tmp_path / "s.pdf"
    words = ["-t", "vehicules_electriques=600,5", "-d", "covoiturage=20", "--pdf", str(pdf)]
    done = command("simulate", "reg-32", *words, "--out", str(scenario))
    assert done.returncode == 0 and "340,3" in done.stderr
    paper = PdfReader(pdf).pages[0].extract_text()
    assert "600,5 kt" in paper and "Brouillon" in paper
    saved = json.loads(scenario.read_text(encoding="utf-8"))
    assert saved["unjustified"] == ["vehicules_electriques"] and saved["data_version"] == "sgpe-2024-10"
    words = ["--using", "covoiturage,chaudieres_fioul_residentiel", "--policy", "prorata", "--format", "json"]
    found = command("compensate", str(scenario), *words, "--out", str(after))
    assert found.returncode == 0 and "Compensé" in found.stderr
    rows = json.loads(found.stdout)
    assert sum(r["kt_more"] for r in rows) == pytest.approx(940.7603 - 600.5, rel=1e-9)
    assert json.loads(after.read_text(encoding="utf-8"))["territory"] == "reg-32"
    short = command("compensate", str(scenario), "--using", "chaudieres_fioul_residentiel")
    assert short.returncode == 1 and "Non compensé de 117,2" in short.stderr
    costs = ["--policy", "moindre_cout", "--cost", "covoiturage=10"]
    assert command("compensate", str(scenario), "--using", "covoiturage", *costs).returncode == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["simulate", "reg-32", "-t", "covoiturage"], "Écrire LEVIER=NOMBRE"),
        (["simulate", "reg-32", "-t", "covoiturage=1", "-t", "covoiturage=2"], "donné deux fois"),
        (["simulate", "reg-32", "-t", "covoiturages=1"], "« covoiturage »"),
        (["simulate", "reg-32", "-t", "covoiturage=300", "--out", "absent/s.json"], "écriture impossible"),
        (["compensate", "absent.json", "--using", "haies"], "fichier illisible"),
        (["compare", "reg-53", "sgpe", "sraddet"], "sraddet"),
        (["dynamics", "dep-999"], "Territoire inconnu"),
        (["run", "reg-32", "-p", "territoire=dep-59"], "Le paramètre « territoire » vaut « dep-59 »"),
    ],
)
def test_a_wrong_command_gets_one_french_message(command, words, said):
    done = command(*words)
    assert done.returncode == 2 and said in done.stderr and "Traceback" not in done.stderr


def test_compare_reproduces_the_published_differences(command):
    done = command("compare", "reg-32", "sgpe", "sraddet", "--by", "sector", "--format", "json")
    rows = {r["sector"]: r for r in json.loads(done.stdout)}
    assert list(next(iter(rows.values()))) == ["sector", "share_a", "share_b", "kt_a", "kt_b", "difference_kt"]
    assert {k: round(r["difference_kt"]) for k, r in rows.items()} == {
        "industrie": 1646,
        "transport": -1278,
        "residentiel": 2041,
        "tertiaire": -56,
        "agriculture_foret_sols": -1325,
        "dechets": -12,
        "energie": 1961,
    }
    assert "2\u202f977 ktCO2e/an de plus" in done.stderr and "compensé" in done.stderr


def test_nomenclatures_are_shown_side_by_side_or_one_by_one(command):
    wide = command("crosswalk", "--format", "json").stdout
    assert len([row for row in json.loads(wide) if row["lever"]]) == 43
    assert "Colonnes sans place ici" in command("crosswalk").stdout and "n.d." not in command("crosswalk").stdout
    assert "SAF" in command("crosswalk", "schema_projet").stdout
    assert "Vouliez-vous dire « adaptation » ?" in command("crosswalk", "adaptations").stderr


def test_dynamics_gives_a_status_for_every_lever(command):
    rows = json.loads(command("dynamics", "reg-32", "--format", "json").stdout)
    assert len(rows) == 30 and all(r["status"] and r["sentence"] for r in rows)
    assert "en retard" in command("dynamics", "reg-32").stdout
