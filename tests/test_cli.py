"""The command line as a person types it: real processes, French help, French errors, exit codes."""

import csv
import io
import json
import subprocess
import sys

import pytest


def copkit(*words: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", "copkit", *words], capture_output=True, text=True, encoding="utf-8")


COLUMNS = [
    "territory", "lever", "label", "sector", "chantier", "target_ktco2e", "baseline", "quantity_2030", "unit", "status",
    "key", "key_grade", "source",
]  # fmt: skip


def test_panorama_json_sums_to_the_published_totals():
    rows = json.loads(copkit("panorama", "reg-32", "--format", "json").stdout)
    assert list(rows[0]) == COLUMNS
    assert round(sum(r["target_ktco2e"] for r in rows), 1) == 22764.4
    assert round(sum(r["target_ktco2e"] for r in rows if r["lever"] != "puits_forestiers"), 1) == 21631.8


def test_panorama_csv_keeps_full_precision_and_leaves_unknown_empty():
    rows = list(csv.DictReader(io.StringIO(copkit("panorama", "reg-32", "--format", "csv").stdout)))
    by = {r["lever"]: r for r in rows}
    assert by["vehicules_electriques"]["target_ktco2e"] == "940.7603"
    assert by["production_industrielle"]["baseline"] == ""


def test_panorama_table_is_french():
    out = copkit("panorama", "dep-59").stdout
    assert "Panorama des leviers" in out and "Total sans forêt" in out and "9\u202f207,6" in out


def test_help_is_french():
    out = copkit("--help").stdout
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
def test_a_wrong_word_gets_one_french_message_and_exit_2(words, said, tmp_path):
    done = copkit(*words, *(["--out", str(tmp_path / "o")] if words[0] == "run" else []))
    assert done.returncode == 2 and said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "o").exists()


def test_doctor_says_that_all_is_well():
    done = copkit("doctor")
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("✓") == 6 and "Tout est en ordre." in done.stdout


def test_run_of_one_territory_says_where_to_look(tmp_path):
    done = copkit("run", "reg-06", "--out", str(tmp_path), "--jobs", "1")
    assert done.returncode == 0, done.stderr
    assert "1 document dans" in done.stdout and str(tmp_path / "index.html") in done.stdout
    assert (tmp_path / "reg-06" / "diagnostic.html").is_file()
    assert "WARNING" not in done.stderr


def test_values_of_parameters_are_read_as_numbers_or_text():
    from copkit.terminal import parameters

    assert parameters(["annee=2030", "titre=2A", "essai=true", 'nom="x"']) == {
        "annee": 2030,
        "titre": "2A",
        "essai": True,
        "nom": '"x"',
    }
