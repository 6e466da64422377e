"""The panorama: published totals and sectors, both forest conventions, quantities that give back their targets."""

import numpy as np
import pandas as pd
import pytest

from copkit import french
from copkit.errors import DataError, LeverError, TerritoryError
from copkit.models.levers import FOREST
from copkit.models.panorama import (
    LATEST,
    change,
    coarse,
    grade_shares,
    largest,
    ordered,
    panorama,
    place,
    quantities,
    reductions,
    shares,
    table,
    total,
    totals,
    versions,
)
from copkit.reference import parameters, tables, territories

# ------------------------------------------------------------------ published figures


@pytest.mark.cases("totaux_regionaux", "regions")
def test_regional_total_is_the_published_one_in_both_conventions(panoramas, case):
    p = panoramas[case["code"]]
    assert p.attrs["name"] == case["nom"]
    assert round(total(p, forest=True), 1) == case["total"]
    assert round(total(p, forest=False), 1) == case["sans_foret"]
    assert totals(p).missing.to_list() == [0, 0]


def test_national_total_is_the_sum_of_the_18_regions_and_not_201_000(cases):
    expected, p = cases("totaux_regionaux")["france"], panorama("fr")
    assert round(total(p, forest=True)) == expected["total"]
    assert round(total(p, forest=False), 1) == expected["sans_foret"]
    assert set(p.status.values) == {"derive"}


def test_metropolitan_total_is_the_published_one(panoramas, cases):
    expected = cases("totaux_regionaux")["metropole"]
    regions = [c for c in territories.territories("region").code if not territories.is_overseas(c)]
    assert round(sum(total(panoramas[code], forest=True) for code in regions)) == expected["total"]
    assert round(sum(total(panoramas[code], forest=False) for code in regions)) == expected["sans_foret"]


def test_each_region_has_its_published_number_of_levers(panoramas, cases):
    expected = cases("totaux_regionaux")["nombre_de_leviers"]
    for code in territories.territories("region").code:
        assert panoramas[code].lever.size == expected.get(code, expected["metropole"]), code


@pytest.mark.cases("hauts_de_france", "secteurs")
def test_sector_of_hauts_de_france_is_the_published_one(panoramas, case):
    row = shares(panoramas["reg-32"]).loc[case["secteur"]]
    assert round(row.target, 1) == case["kt"]
    assert round(row.share, 2) == case["part"]


def test_sectors_add_up_to_the_total_without_forest(panoramas, cases):
    for p in panoramas.values():
        for by in ("sector", "chantier"):
            effort = shares(p, by=by)
            assert effort.target.sum() == pytest.approx(total(p, forest=False), rel=1e-12)
            assert effort.share.sum() == pytest.approx(100, rel=1e-12)
            assert effort.target.is_monotonic_decreasing
    assert set(shares(panoramas["reg-32"]).index) == {row["secteur"] for row in cases("hauts_de_france")["secteurs"]}


@pytest.mark.cases("hauts_de_france", "petits_leviers")
def test_small_lever_is_rounded_once_as_printed(panoramas, case):
    target = float(panoramas["reg-32"].target.sel(lever=case["levier"]))
    assert french.number(target, 0) == case["imprime"]


def test_forest_is_the_difference_between_the_two_conventions(panoramas, cases):
    expected, p = cases("hauts_de_france")["totaux"], panoramas["reg-32"]
    both = totals(p).total
    assert both.round(1).to_list() == [expected["avec_foret"], expected["sans_foret"]]
    assert both.index.to_list() == ["avec forêt", "sans forêt"]
    forest = float(p.target.sel(lever=FOREST))
    assert round(forest, 1) == expected["foret"]
    assert both["avec forêt"] - both["sans forêt"] == pytest.approx(forest, rel=1e-9)
    assert not bool(p.shown.sel(lever=FOREST))


def test_targets_of_a_region_are_the_published_ones_unrounded(panoramas):
    published = tables.read("panorama.csv").query(f"version == '{LATEST}'")
    for code, rows in published.groupby("territory"):
        p = panoramas[code]
        assert p.lever.values.tolist() == rows.lever.to_list()
        np.testing.assert_array_equal(p.target.values, rows.target_ktco2e)
        np.testing.assert_array_equal(p.baseline.values, rows.baseline)
        np.testing.assert_array_equal(p.quantity_per_kt.values, rows.quantity_per_ktco2e)
        assert set(p.status.values) == {"publie"}


# ------------------------------------------------------------------ what a panorama carries


def test_panorama_says_what_it_is(panoramas):
    p = panoramas["dep-59"]
    assert p.attrs == {
        "territory": "dep-59",
        "name": "Nord",
        "level": "departement",
        "version": LATEST,
        "reference": "sgpe",
    }
    assert p.target.attrs["units"] == "ktCO2e/an"
    assert p.lever.size == panoramas["reg-32"].lever.size
    known = parameters.levers()
    for lever in p.lever.values:
        one = p.sel(lever=lever)
        assert str(one.label.values) == known[lever].label
        assert str(one.sector.values) == known[lever].sector
        assert str(one.chantier.values) == known[lever].thematique
        assert str(one.unit.values) == (known[lever].quantity.unit if known[lever].quantity else "")
        assert str(one.source.values) in parameters.sources()
        assert str(one.grade.values) in ("A", "B", "C")
        assert str(one.key.values) and str(one.reason.values)


def test_quantity_gives_back_its_target_in_every_region_and_departement(panoramas):
    checked = 0
    for code, p in panoramas.items():
        change = p.quantity - p.baseline.fillna(0)  # no starting point known: the quantity is counted since 2019
        translated = p.quantity_per_kt.notnull()
        back = (p.unit_abatement * change).values[translated]
        expected = p.target.values[translated]
        assert (np.abs(back - expected) <= 1e-9 * np.abs(expected)).all(), code
        checked += int(translated.sum())
    assert checked > 2000


def test_lever_without_published_coefficient_has_no_quantity(panoramas):
    for p in panoramas.values():
        untranslated = p.quantity_per_kt.isnull()
        assert p.quantity.isnull().values[untranslated].all()
        assert p.unit_abatement.isnull().values[untranslated].all()


def test_coefficient_published_with_one_digit_is_flagged(panoramas):
    flagged = coarse(panoramas["reg-32"])
    assert "efficacite_vehicules_prives" in flagged
    assert not flagged & {"vehicules_electriques", "bus_cars_decarbones", "biogaz", FOREST}
    assert coarse(panoramas["dep-59"]) == flagged


def test_national_quantity_is_the_sum_where_quantities_can_be_added(panoramas):
    p = panorama("fr")
    regions = [panoramas[code] for code in territories.territories("region").code]
    for lever in p.lever.values:
        ones = [r.sel(lever=lever) for r in regions if lever in r.lever]
        one = p.sel(lever=lever)
        assert float(one.target) == pytest.approx(sum(float(r.target) for r in ones), rel=1e-12)
        if bool(one.additive) and all(r.quantity.notnull() for r in ones):
            assert float(one.quantity) == pytest.approx(sum(float(r.quantity) for r in ones), rel=1e-12)
        else:
            assert np.isnan(float(one.quantity)), lever


def test_flat_table_has_the_same_figures(panoramas):
    flat = table(panoramas["dep-59"]).set_index("lever")
    assert flat.target_ktco2e.sum() == pytest.approx(total(panoramas["dep-59"], forest=True))
    assert (flat.territory == "dep-59").all()
    assert flat.key_grade["reduction_deplacements"] == "A"
    assert flat.unit["haies"] == "millier_km"
    assert (flat.source == "sgpe_simulateur_2024").all()


def test_place_of_a_region_is_among_the_18_and_of_a_departement_in_its_region(panoramas):
    regions = place(panoramas["reg-32"])
    assert len(regions) == 18
    assert regions.share.sum() == pytest.approx(100)
    assert regions.index[0] == "reg-84" and regions["rank"]["reg-84"] == 1
    assert regions.target["reg-32"] == total(panoramas["reg-32"], forest=False)
    # 21 631,8 kt for 5 980 697 people or so: a few tonnes each
    assert regions.per_head["reg-32"] == pytest.approx(1000 * regions.target["reg-32"] / regions.population["reg-32"])
    nord = place(panoramas["dep-59"])
    assert list(nord.index).count("dep-59") == 1 and len(nord) == 5
    assert nord.target.sum() == pytest.approx(regions.target["reg-32"], rel=1e-9)
    assert len(place(panoramas["dep-971"])) == 18


# ------------------------------------------------------------------ refusals, versions, damaged data


def test_unknown_plan_is_refused_with_the_known_ones(says):
    with pytest.raises(LeverError) as refused:
        panorama("reg-32", reference="sgep")
    says(refused.value, "Plan de référence inconnu : « sgep ».", "Vouliez-vous dire « sgpe » ?", "Plans : sgpe.")


def test_unknown_version_is_refused_with_the_known_ones(says):
    with pytest.raises(LeverError) as refused:
        panorama("reg-32", version="sgpe-2024-11")
    says(refused.value, "Version inconnue : « sgpe-2024-11 ».", f"Vouliez-vous dire « {LATEST} » ?", "Versions :")


@pytest.mark.parametrize("code", ["32", "epci-200066927", "com-99999", "per-nulle-part", "reg-99"])
def test_territory_without_a_panorama_is_refused(code):
    with pytest.raises(TerritoryError):
        panorama(code)


def test_second_version_changes_nothing_in_the_first(damaged):
    rows = [line for line in damaged.read("data/clean/panorama.csv").splitlines() if ",reg-32," in line]
    for row in rows:
        fields = row.split(",")
        fields[0], fields[3] = "essai-2030", "1"
        damaged.append("data/clean/panorama.csv", ",".join(fields))
    assert versions() == ["essai-2030", LATEST]
    assert round(total(panorama("reg-32"), forest=True), 1) == 22764.4
    other = panorama("reg-32", version="essai-2030")
    assert other.attrs["version"] == "essai-2030"
    assert total(other, forest=True) == len(rows)


def test_region_without_rows_is_said_with_its_version(damaged, says):
    damaged.remove("data/clean/panorama.csv", f"{LATEST},reg-32,")
    for code in ("reg-32", "dep-59", "fr"):
        with pytest.raises(DataError) as refused:
            panorama(code)
        says(refused.value, "data/clean/panorama.csv : aucune ligne pour « reg-32 »", LATEST, "Rétablir")


def test_total_says_how_many_values_it_lacks(damaged):
    # no figure of its sites for the Savoie and no fallback: industry is unknown in the whole région
    damaged.remove("data/clean/allocation.csv", "emissions_industrie,dep-73,")
    p = panorama("dep-38")
    industry = p.sel(lever="production_industrielle")
    assert np.isnan(float(industry.target))
    assert str(industry.status.values) == "derive"
    assert totals(p).missing.to_list() == [1, 1]
    whole = panorama("reg-84")
    assert totals(whole).missing.to_list() == [0, 0]
    assert total(p, forest=True) < total(whole, forest=True)
    assert pd.notna(total(p, forest=True))


def test_a_panorama_that_is_modified_changes_nothing_for_the_next_reader():
    p, expected = panorama("dep-59"), panorama("dep-59")
    p.target[:] = 0.0
    p.label[0] = "?"
    p.attrs["name"] = "?"
    assert panorama("dep-59").identical(expected)
    assert place(panorama("dep-59")).target.sum() == pytest.approx(total(panorama("reg-32"), forest=False))


def test_share_of_each_key_grade_is_that_of_its_levers(panoramas):
    flat = table(panoramas["dep-59"])
    kept = flat[(flat.lever != FOREST) & (flat.key_grade != "")]
    expected = 100 * kept.groupby("key_grade").target_ktco2e.sum() / kept.target_ktco2e.sum()
    assert grade_shares(panoramas["dep-59"]).to_dict() == pytest.approx(expected.to_dict(), rel=1e-12)
    assert grade_shares(panoramas["reg-32"]).empty  # published: no key


def test_largest_levers_leave_the_forest_out_of_both_sides_of_their_share(panoramas):
    p = panoramas["reg-32"]
    first = table(p).set_index("lever").target_ktco2e.drop(FOREST).nlargest(3)
    rows, share = largest(p, 3)
    assert [row.lever for row in rows] == list(first.index)
    assert share == pytest.approx(100 * first.sum() / total(p, forest=False), rel=1e-12)


def test_levers_are_ranked_from_one_and_falls_are_falls():
    p = panorama("reg-32")
    rows = ordered(p)
    assert [row.rank for row in rows] == list(range(1, len(rows) + 1))
    found = reductions(p)
    assert len(found) and (found.change < 0).all() and found.change.is_monotonic_increasing
    assert set(found.label) == set(p.label.values[change(p).values < 0])
    assert (quantities(p).coarse == p.lever.isin(list(coarse(p))).values).all() and quantities(p).coarse.any()
    assert not quantities(panorama("fr")).coarse.any()
