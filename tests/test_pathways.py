"""Pathways in the long format of the IAMC: what pyam asks of a table, sums that hold, only known figures."""

import io

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import copkit as ck
from copkit.commands.cli import app
from copkit.errors import LeverError
from copkit.models import pathways as model
from copkit.reference import framework

CODES = ["fr", "reg-32", "dep-59", "dep-48", "reg-01", "dep-976"]


@pytest.fixture(scope="module")
def table():
    return ck.pathways(*CODES)


def test_the_table_is_what_the_format_asks(table):
    """Columns by name, one value a row, no blank and no space around a text, whole years, one unit a variable."""
    assert list(table) == ["model", "scenario", "region", "variable", "unit", "year", "value"]
    assert np.isfinite(table.value).all() and str(table.year.dtype) == "int64"
    texts = table[["model", "scenario", "region", "variable", "unit"]]
    assert (texts == texts.apply(lambda column: column.str.strip())).all(axis=None) and (texts != "").all(axis=None)
    assert not table.duplicated(["model", "scenario", "region", "variable", "unit", "year"]).any()
    assert (table.groupby("variable").unit.nunique() == 1).all()
    assert not table.variable.str.contains(r'[:;"*]|\|\||^\||\|$', regex=True).any()
    assert set(table.region) == {"FR", "FR-REG-32", "FR-DEP-59", "FR-DEP-48", "FR-REG-01", "FR-DEP-976"}
    written = pd.read_csv(io.StringIO(table.to_csv(index=False)))
    assert written.value.equals(table.value)


def test_pyam_opens_it_and_finds_the_same_sums(table):
    pyam = pytest.importorskip("pyam", reason="pyam n'est pas installé : 700 Mo de bibliothèques pour une lecture")
    opened = pyam.IamDataFrame(table)
    assert len(opened.data) == len(table)
    assert opened.check_aggregate(model.AVOIDED) is None and opened.check_aggregate(model.WITHOUT) is None


def test_each_variable_is_the_sum_of_its_parts(table):
    """A total of its sectors, a sector of its levers; a plan known by sector stops there."""
    kept = table[table.unit == model.UNIT]
    whole = kept.set_index(["scenario", "region", "year", "variable"]).value
    parent = kept.variable.str.rpartition("|")[0]
    parts = kept.groupby(["scenario", "region", "year", parent]).value.sum()
    parts = parts[parts.index.get_level_values(-1) != ""]
    assert len(parts) > 50 and np.allclose(parts, whole.reindex(parts.index), rtol=1e-12)


def test_values_are_those_of_the_panorama_and_nothing_is_avoided_in_2019(table):
    for code in CODES:
        p, region = ck.panorama(code), "FR" if code == "fr" else f"FR-{code.upper()}"
        own = table[(table.region == region) & table.scenario.str.startswith("SGPE")].set_index(["variable", "year"])
        sectors = framework.labels("secteurs")
        for _, one in p.to_dataframe().iterrows():
            said = f"{sectors[one.sector]}|{one.label}"
            assert own.value[f"{model.AVOIDED}|{said}", 2030] == one.target
            if np.isfinite(one.quantity) and one.unit:
                assert own.value[f"{model.QUANTITY}|{said}", 2030] == one.quantity
        totals = ck.totals(p).total
        assert own.value[model.AVOIDED, 2030] == pytest.approx(totals["avec forêt"])
        assert own.value[model.WITHOUT, 2030] == pytest.approx(totals["sans forêt"])
    avoided = table[(table.unit == model.UNIT) & (table.year == 2019)]
    assert len(avoided) and (avoided.value == 0).all()
    assert not table.variable.str.startswith("Emissions|").any()  # no inventory is known


def test_another_plan_is_without_forest_and_observed_years_are_those_of_the_series(table):
    plan = table[table.scenario == "SRADDET"]
    assert set(plan.region) == {"FR-REG-32"} and plan.variable.str.startswith(model.WITHOUT).all()
    kt = ck.compare("reg-32", "sgpe", "sraddet").table.set_index("label").kt_b
    assert plan[plan.year == 2030].set_index("variable").value[f"{model.WITHOUT}|Industrie"] == kt["Industrie"]
    electric = table[(table.scenario == model.OBSERVED) & table.variable.str.endswith("Véhicules électriques")]
    electric = electric[electric.region == "FR-REG-32"]
    assert electric[["year", "value"]].to_numpy().tolist() == [[2019, 6.706], [2022, 30.1]]


def test_a_scenario_is_said_under_its_name_and_what_is_done_has_no_year():
    s = ck.simulate(ck.panorama("reg-32"), {"covoiturage": 100}, done={"covoiturage": 20})
    table = ck.pathways("reg-32", s, s.assign_attrs(label="Région"), quantities=False)
    found = table[table.variable.str.endswith("|Covoiturage")]
    assert dict(zip(found.scenario, found.value, strict=True))["Région"] == 100
    assert set(table.scenario) == {"SGPE (sgpe-2024-10)", "SRADDET", "Proposition", "Région"}
    assert set(found.year) == {2019, 2030} and 20 not in set(found.value)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ck.pathways(), 'Aucun territoire donné. Écrire par exemple ck.pathways("reg-32")'),
        (lambda: ck.pathways("reg-32", "reg-32"), "donnée deux fois : « SGPE (sgpe-2024-10) » de FR-REG-32"),
    ],
)
def test_what_makes_no_pathway_is_refused(says, call, message):
    with pytest.raises(LeverError) as refused:
        call()
    says(refused.value, message)


def test_terminal_gives_the_file_the_data_and_the_table(tmp_path):
    def run(*words):
        done = CliRunner().invoke(app, ["pathways", *map(str, words)])
        assert done.exit_code == 0, done.output
        return done.output

    run_ = CliRunner().invoke(app, ["simulate", "dep-59", "-t", "haies=1", "--out", str(tmp_path / "Choix.json")])
    assert run_.exit_code == 0
    assert "pyam.IamDataFrame" in run("dep-59", "--scenario", tmp_path / "Choix.json", "--out", tmp_path / "t.csv")
    written = pd.read_csv(tmp_path / "t.csv")
    assert {"Choix", "SGPE (sgpe-2024-10)"} <= set(written.scenario)
    assert run("dep-59", "--emissions", "--format", "csv").startswith("model,scenario,region,variable,unit,year,value")
    assert "Emissions avoided|Transport" in run("dep-59", "--emissions").replace("\n", "")
