"""The two forms of a CSV, the plain one and that of a French Excel: the same values, numbers as numbers."""

import io
import json

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import copkit as ck
from copkit import escaping, paths
from copkit.commands.cli import app
from copkit.models import panorama as model
from copkit.projects.sorting import decisions as decided

FORMS = {False: {"sep": ",", "decimal": "."}, True: {"sep": ";", "decimal": ","}}
EXAMPLES = paths.home() / "data" / "examples"
TABLE = pd.DataFrame(
    {
        "code": ["01", "2A", "dep-59"],
        "texte": ["Eau ; énergie, « sols »", 'dit "oui"\nsur deux lignes', "=1+1"],
        "nombre": [1234.5, -0.000015, float("nan")],
        "entier": [1, 20_000, -3],
        "mêlé": [0.1, "—", None],
    }
)


def read(text, excel):
    return pd.read_csv(io.StringIO(text), dtype={"code": str, "mêlé": str}, encoding="utf-8", **FORMS[excel])


def copkit(*words):
    done = CliRunner().invoke(app, list(words))
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.parametrize("excel", [False, True])
def test_pandas_reads_numbers_as_numbers_in_both_forms(excel):
    text = escaping.as_csv(TABLE, excel=excel)
    assert text.startswith("\ufeff") == excel
    found = read(text.removeprefix("\ufeff"), excel)
    assert found.nombre.dtype.kind == "f" and found.entier.dtype.kind == "i"
    pd.testing.assert_series_equal(found.nombre, TABLE.nombre)
    assert found.entier.to_list() == [1, 20_000, -3] and found.code.to_list() == ["01", "2A", "dep-59"]
    assert found.texte.to_list() == [*TABLE.texte[:2], "'=1+1"]
    assert found["mêlé"].to_list()[:2] == ["0,1" if excel else "0.1", "—"]


def test_plain_form_for_a_program_keeps_texts_to_the_last_character():
    text = escaping.as_csv(TABLE, exact=True)
    assert read(text, False).texte.to_list() == TABLE.texte.to_list()
    assert "'=1+1" in escaping.as_csv(TABLE, excel=True, exact=True)  # a spreadsheet opens this one


@given(st.lists(st.floats(allow_infinity=False), min_size=1), st.booleans())
def test_every_digit_comes_back(values, excel):
    text = escaping.as_csv(pd.DataFrame({"n": range(len(values)), "valeur": values}), excel=excel)
    found = pd.read_csv(io.StringIO(text.removeprefix("\ufeff")), **FORMS[excel])
    np.testing.assert_array_equal(found.valeur.astype(float), np.array(values))


@pytest.mark.parametrize("excel", [False, True])
def test_libreoffice_opens_numbers_as_numbers_in_both_forms(excel, office, tmp_path):
    path = tmp_path / "table.csv"
    path.write_text(escaping.as_csv(model.table(ck.panorama("dep-59")), excel=excel), encoding="utf-8", newline="")
    # separator, quotes, UTF-8, first line; French, or American: what a double-click uses there
    form = "59,34,76,1,,1036,false,true" if excel else "44,34,76,1,,1033,false,true"
    book = openpyxl.load_workbook(office(path, "xlsx", tmp_path, f"--infilter=Text - txt - csv (StarCalc):{form}"))
    head, *rows = book.active.iter_rows(values_only=True)
    found, wanted = pd.DataFrame(rows, columns=head), model.table(ck.panorama("dep-59"))
    for column in ("target_ktco2e", "baseline", "quantity_2030"):
        assert found[column].astype(float).to_list() == pytest.approx(wanted[column].to_list(), rel=1e-14, nan_ok=True)
    assert found.territory.to_list() == wanted.territory.to_list() and found.label[0] == wanted.label[0]


# ------------------------------------------------------------------ everywhere a CSV leaves

STRENGTHS = str(EXAMPLES / "points_forts.csv")
COMMANDS = {
    "panorama": ("panorama", "dep-59"),
    "convert": ("convert", "reg-32", "covoiturage", "--kt", "100"),
    "compensate": ("compensate", "scenario.json", "--using", "haies,prairies"),
    "compare": ("compare", "reg-32", "sgpe", "sraddet"),
    "dynamics": ("dynamics", "reg-32"),
    "crosswalk": ("crosswalk", "schema_projet"),
    "strengths": ("strengths", STRENGTHS),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_commands_give_the_same_table_in_both_forms(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scenario.json").write_text(ck.to_json(ck.simulate("reg-32", {"covoiturage": 300})), encoding="utf-8")
    plain = pd.read_csv(io.StringIO(copkit(*COMMANDS[name], "--format", "csv")))
    text = copkit(*COMMANDS[name], "--csv", "excel")
    assert text.startswith("\ufeff")
    found = pd.read_csv(io.StringIO(text.removeprefix("\ufeff")), **FORMS[True])
    assert list(found) == list(plain) and [c for c in plain if plain[c].dtype.kind == "f"] == [
        c for c in found if found[c].dtype.kind == "f"
    ]
    pd.testing.assert_frame_equal(found.select_dtypes("number"), plain.select_dtypes("number"))


def test_form_of_a_csv_is_enough_to_ask_for_one_and_stands_beside_no_json():
    assert copkit("panorama", "dep-59", "--csv", "simple") == copkit("panorama", "dep-59", "--format", "csv")
    excel = copkit("panorama", "dep-59", "--csv", "excel", "--format", "csv")
    assert excel == copkit("panorama", "dep-59", "--csv", "excel")
    json.loads(copkit("panorama", "dep-59", "--format", "json"))
    refused = CliRunner().invoke(app, ["panorama", "dep-59", "--format", "json", "--csv", "excel"])
    assert refused.exit_code != 0 and "Donner --format json ou --csv, pas les deux." in str(refused.exception)


def test_files_that_a_command_writes_have_the_form_that_is_asked(tmp_path):
    few = tmp_path / "peu.csv"
    few.write_text("Dossier,Intitulé,Coût [EUR]\n1,Haies,1200.5\n2,=1+1,-\n", encoding="utf-8")
    words = ["triage", str(few), "--out", str(tmp_path / "tri.csv"), "--lists", str(tmp_path / "listes")]
    assert copkit(*words, "--csv", "excel").startswith("\ufeff")
    raw = (tmp_path / "tri.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf") and b";1200,5;" in raw and b";'=1+1;" in raw
    assert (tmp_path / "listes" / "problemes.csv").read_bytes().startswith("\ufeffFichier;Feuille".encode())
    (head, *_), plain = (
        copkit("balance", str(few), "--csv", "excel").splitlines(),
        copkit("balance", str(few), "--csv", "simple"),
    )
    assert head == "\ufeff" + plain.splitlines()[0].replace(",", ";")
    copkit("strengths", STRENGTHS, "--out", str(tmp_path / "pf.csv"), "--csv", "excel")
    again = ck.strengths.read(tmp_path / "pf.csv")
    assert sorted(again.title) == sorted(ck.strengths.read(STRENGTHS).title)
    decisions = pd.DataFrame([["1", "À remonter", "préfecture", "2026-01-15", "cohérent ; prêt"]])
    decisions.columns = ["project_id", "category", "author", "date", "reason"]
    decided.write(decisions, tmp_path / "d.csv", excel=True)
    assert (tmp_path / "d.csv").read_text(encoding="utf-8-sig").splitlines()[1].endswith('"cohérent ; prêt"')
