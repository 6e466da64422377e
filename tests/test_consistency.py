"""Consistency: physical equivalents regenerated from data, statuses, thresholds, sentences, damaged file."""

import math

import pandas as pd
import pytest

from copkit.errors import ParameterError
from copkit.models.consistency import CONSISTENT, REPORTED, STATUSES, _total, consistency
from copkit.models.panorama import LATEST
from copkit.reference import tables


@pytest.fixture(scope="module")
def table():
    return consistency().set_index("lever")


def plain_spaces(text):
    return text.replace("\u202f", " ")


@pytest.mark.cases("coherence", "evolutions")
def test_change_is_that_of_the_table(table, case):
    row = table.loc[case["levier"]]
    assert row.computed == pytest.approx(case["calcule"], abs=0.05)
    assert row.rationale_percent == case["rationnel"]
    assert row.difference == pytest.approx(row.computed - case["rationnel"])
    assert row.status == case["statut"]
    if "base" in case:
        assert row.rationale_base_year == case["base"]


def test_rows_out_of_tolerance_are_the_five_known_ones(table, cases):
    expected = {row["levier"] for row in cases("coherence")["evolutions"] if row["statut"] == REPORTED}
    assert len(expected) == 5
    assert set(table.index[table.status == REPORTED]) == expected
    assert set(table.status) <= set(STATUSES)


def test_litres_vary_between_regions_and_the_derived_coefficient_is_near_the_rationale(table, cases):
    row, expected = table.loc["efficacite_vehicules_prives"], cases("coherence")["litres"]
    assert round(row.regional_min, 1) == expected["minimum"]
    assert round(row.regional_max, 1) == expected["maximum"]
    assert "Avec le coefficient dérivé, connu dans 12 régions : −7,4 %." in row.reading


@pytest.mark.cases("coherence", "niveaux")
def test_level_is_that_of_the_table(table, case, says):
    row = table.loc[case["levier"]]
    assert round(row.start_2019, 1) == case["depart"]
    assert round(row.quantity_2030, 1) == case["arrivee"]
    assert row.status == case["statut"]
    assert row.computed == pytest.approx(case["calcule"], abs=0.05) if "calcule" in case else math.isnan(row.computed)
    says(plain_spaces(row.reading), *case["dit"])


@pytest.mark.cases("coherence", "kilometres")
def test_kilometres_are_the_same_in_every_region_but_ile_de_france(table, panoramas, case, says):
    row = table.loc[case["levier"]]
    says(plain_spaces(row.reading), *case["dit"])
    assert math.isnan(row.computed) and math.isnan(row.start_2019)
    found = {code: float(panoramas[code].quantity.sel(lever=case["levier"])) for code in ("reg-11", "reg-32", "reg-94")}
    assert found["reg-11"] == pytest.approx(case["ile_de_france"])
    assert found["reg-32"] == pytest.approx(case["usuel"], rel=1e-4)
    assert found["reg-94"] == pytest.approx(case["usuel"], rel=1e-4)


def test_twin_targets_are_said_of_the_second_lever_only(table):
    assert "Objectif égal" in table.reading["covoiturage"]
    assert table.reading.str.contains("Objectif égal").sum() == 1


@pytest.mark.cases("coherence", "seuils")
def test_status_changes_at_its_threshold(case):
    margins = {name: case[name] for name in ("tolerance", "per_base_year", "other_quantity") if name in case}
    table = consistency(**margins).set_index("lever")
    assert table.status[case["levier"]] == case["statut"]
    if "tolerance" in margins:
        assert (table.tolerance == case["tolerance"]).all()


def test_wide_tolerances_leave_nothing_to_report():
    table = consistency(100, other_quantity=100)
    assert REPORTED not in set(table.status)
    assert (table.status == CONSISTENT).sum() > 4


def test_every_row_has_a_sentence_in_french_with_its_rationale(table):
    for row in table.itertuples():
        assert row.rationale in row.reading
        assert row.reading.endswith(".") and "nan" not in row.reading
        assert row.regions in (9, 12, 13)


def test_another_version_of_the_data_is_computed_apart(damaged):
    text = damaged.read("data/clean/panorama.csv")
    rows = pd.DataFrame([line.split(",") for line in text.splitlines()[1:]], columns=text.splitlines()[0].split(","))
    double = rows.assign(version="essai-2030", target_ktco2e=(rows.target_ktco2e.astype(float) / 2).astype(str))
    pd.concat([rows, double]).to_csv(damaged.home / "data/clean/panorama.csv", index=False)
    first, second = (consistency(version=v).set_index("lever").computed for v in (LATEST, "essai-2030"))
    lever = "chaudieres_gaz_residentiel"
    assert second[lever] == pytest.approx(first[lever] / 2)
    assert first[lever] == pytest.approx(-21.3, abs=0.05)


@pytest.mark.cases("coherence", "fichier_endommage")
def test_damaged_file_says_where_and_what_to_write(damaged, case, says):
    damaged.replace("parameters/coherence.csv", case["remplacer"], case["par"])
    with pytest.raises(ParameterError) as refused:
        consistency()
    says(refused.value, "parameters/coherence.csv : 1 problème", *case["dit"])


def test_a_table_that_is_modified_changes_nothing_for_the_next_reader():
    table, expected = consistency(), consistency()
    table.loc[0, "status"] = "?"
    pd.testing.assert_frame_equal(consistency(), expected)


def test_observed_total_is_in_the_unit_of_the_lever():
    rows = tables.read("observed.parquet")
    name = rows[rows.territory == "reg-32"].indicator.iloc[0]
    units, thousands = (_total(name, ["reg-32", "reg-84"], unit) for unit in ("logements", "millier_logements"))
    assert units.notna().any()
    assert (1000 * thousands).to_dict() == pytest.approx(units.to_dict(), rel=1e-12)


def test_a_share_is_said_as_a_share_and_a_change_as_a_change():
    table = consistency()
    change = table[table.reading.str.contains("évolution de")]
    share = table[table.reading.str.contains(", soit ")]
    assert len(change) and len(share) and set(change.lever).isdisjoint(share.lever)
    assert change.reading.str.contains("évolution de [+−]").all() and not share.reading.str.contains("soit [+−]").any()
    assert "chaudieres_fioul_residentiel" in set(change.lever)
