"""The tidy table of figures: the values of the panoramas to the last digit, and a Data Package that says what it is."""

import io
import json
import re

import frictionless
import numpy as np
import pandas as pd
import pytest

import copkit as ck
from copkit.batch import manifest, package, plan
from copkit.batch.store import Folder
from copkit.models import figures as model
from copkit.reference import parameters, territories

CODES = ["fr", "reg-32", "dep-59", "dep-976"]
FILES = set(manifest.FIGURES)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("figures")
    for name, data in package.files(CODES).items():
        (out / name).write_bytes(data)
    return out


def read(folder):
    kinds = {name: one.kind for name, one in model.COLUMNS.items()}
    texts = {name: str for name, kind in kinds.items() if kind == "string"}
    empty = {name: [""] for name, kind in kinds.items() if kind == "number"}
    return pd.read_csv(folder / package.CSV, dtype=texts, keep_default_na=False, na_values=empty)


def test_every_territory_has_each_of_its_levers_once():
    table = model.figures()
    assert set(table.territory) == {"fr", *territories.territories().code} and list(table) == list(model.COLUMNS)
    assert not table.duplicated(list(model.KEY)).any()
    texts = [name for name, one in model.COLUMNS.items() if one.kind == "string"]
    assert table[texts].notna().all().all()  # unknown is an empty text
    assert set(table.source) <= set(parameters.sources()) and set(table.status) <= {"publie", "derive", "hypothese"}


@pytest.mark.parametrize("code", [*CODES, "reg-06", "dep-48", "dep-75", "dep-2A"])
def test_values_are_those_of_the_panorama_exactly(code):
    p, rows = ck.panorama(code), model.figures()
    rows = rows[rows.territory == code]
    assert rows.lever.to_list() == p.lever.values.tolist()
    same = {"target_ktco2e": "target", "baseline": "baseline", "quantity_2030": "quantity"}
    for column, name in same.items():
        np.testing.assert_array_equal(rows[column].to_numpy(), p[name].values)
    known = np.where(np.isfinite(p.unit_abatement.values), p.unit_abatement.values, np.nan)
    np.testing.assert_array_equal(rows.unit_abatement.to_numpy(), known)
    texts = {"key_grade": "grade", "key_reason": "reason", "thematique": "chantier"}
    for name in (
        "label",
        "sector",
        "thematique",
        "unit",
        "status",
        "key",
        "key_grade",
        "key_reason",
        "source",
        "shown",
    ):
        assert rows[name].to_list() == p[texts.get(name, name)].values.tolist(), name
    assert set(rows.name) == {p.attrs["name"]} and set(rows.version) == {p.attrs["version"]}


def test_both_files_hold_the_table_to_the_last_digit(folder):
    wanted = model.figures(tuple(CODES))
    pd.testing.assert_frame_equal(read(folder), wanted, check_exact=True, check_dtype=False)
    pd.testing.assert_frame_equal(pd.read_parquet(folder / package.PARQUET), wanted, check_exact=True)


def test_frictionless_validates_the_package(folder):
    report = frictionless.validate(str(folder / package.DESCRIPTOR))
    assert report.valid, report.flatten(["type", "message"])
    assert [(task.name, task.type) for task in report.tasks] == [("figures", "table"), ("figures-parquet", "file")]
    assert report.tasks[0].stats["rows"] == len(model.figures(tuple(CODES)))


def test_frictionless_sees_a_table_that_is_not_the_described_one(folder, tmp_path):
    for name in FILES:
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    text = (tmp_path / package.CSV).read_text(encoding="utf-8")
    (tmp_path / package.CSV).write_text(re.sub(r"(reg-32,[^\n]*),True,", r"\1,peut-être,", text), encoding="utf-8")
    found = {kind for (kind,) in frictionless.validate(str(tmp_path / package.DESCRIPTOR)).flatten(["type"])}
    assert {"type-error", "hash-count"} <= found


def test_the_descriptor_says_in_french_what_each_column_is_and_where_it_comes_from(folder):
    told = json.loads((folder / package.DESCRIPTOR).read_text(encoding="utf-8"))
    fields = {one["name"]: one for one in told["resources"][0]["schema"]["fields"]}
    assert list(fields) == list(model.COLUMNS) and all(one["description"].endswith(".") for one in fields.values())
    assert fields["target_ktco2e"]["unit"] == "ktCO2e/an" and "évitées" in fields["target_ktco2e"]["description"]
    assert "celle de la colonne « unit »" in fields["baseline"]["description"]
    titles = [one["title"] for one in told["sources"]]
    assert titles[0].startswith("SGPE") and len(titles) == len(set(titles)) == len(model.sources(model.figures()))
    assert told["licenses"] == [{"name": "etalab-2.0", "title": "Licence Ouverte 2.0"}]
    assert "Proposition indicative" in told["description"] and told["version"] == ck.DATA_VERSION
    assert "http" not in json.dumps(told)


# ------------------------------------------------------------------ beside the documents of a batch


def done(store, code, **more):
    [task] = plan.plan("diagnostic", [code], None, {})
    files = {"files": {"html": f"{code}/diagnostic.html"}} | more
    manifest.record(task, store, manifest.Result(code, "diagnostic", "ok", task.parameters, 1.0, **files))


def test_a_later_batch_keeps_the_territories_of_the_earlier_one(tmp_path):
    store = Folder(tmp_path)
    for codes in (["dep-59"], ["reg-32", "dep-62"]):
        for code in codes:
            done(store, code)
        done(store, "reg-53", files={})  # failed, and never made
        manifest.publish(store, package.made)
    assert set(read(tmp_path).territory) == {"dep-59", "reg-32", "dep-62"}
    assert set(pd.read_parquet(tmp_path / package.PARQUET).territory) == {"dep-59", "reg-32", "dep-62"}
    index = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert all(f'<a href="{name}">' in index for name in manifest.FIGURES)


def test_nothing_is_written_where_no_territory_has_figures(tmp_path):
    store = Folder(tmp_path)
    manifest.publish(store, package.made)
    assert not {path.name for path in tmp_path.iterdir()} & FILES
    assert "figures.csv" not in (tmp_path / "index.html").read_text(encoding="utf-8")
    assert package.files(["per-inconnu"]) == {}


def test_figures_that_cannot_be_made_leave_the_earlier_ones(tmp_path):
    store = Folder(tmp_path)
    done(store, "dep-59")
    manifest.publish(store, package.made)
    before = {name: (tmp_path / name).read_bytes() for name in FILES}

    def damaged(_):
        raise OSError("disque plein")

    with pytest.raises(OSError, match="disque plein"):
        manifest.publish(store, damaged)
    assert {name: (tmp_path / name).read_bytes() for name in FILES} == before
    assert io.BytesIO(before[package.PARQUET]).read(4) == b"PAR1"
