"""From the région to its départements: sums, keys and their fallback, what is never invented."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from copkit.errors import ParameterError
from copkit.models import downscaling
from copkit.models.panorama import panorama
from copkit.reference import tables, territories

REGIONS = territories.territories("region").code.to_list()
METROPOLE = [code for code in REGIONS if not territories.is_overseas(code)]


# ------------------------------------------------------------------ sums


@pytest.mark.parametrize("region", REGIONS)
def test_departements_add_up_to_their_region_for_every_lever(panoramas, region):
    whole, parts = panoramas[region], [panoramas[code] for code in territories.departements_of(region)]
    added_up(whole, parts)


def added_up(whole, parts):
    targets = np.array([part.target.values for part in parts])
    unknown = np.isnan(targets)
    assert (unknown.all(axis=0) | ~unknown.any(axis=0)).all()
    known = ~unknown.any(axis=0)
    expected = whole.target.values[known]
    assert (np.abs(targets[:, known].sum(axis=0) - expected) <= 1e-9 * np.abs(expected)).all()


@pytest.mark.long
@pytest.mark.parametrize("region", METROPOLE)
def test_added_quantities_sum_to_the_region_and_averages_equal_it(panoramas, region):
    whole, parts = panoramas[region], [panoramas[code] for code in territories.departements_of(region)]
    for lever in whole.lever.values:
        one = whole.sel(lever=lever)
        for name in ("quantity", "baseline"):
            expected = float(one[name])
            found = np.array([float(part[name].sel(lever=lever)) for part in parts])
            if math.isnan(expected):
                assert np.isnan(found).all(), (lever, name)
            elif bool(one.additive):
                assert found.sum() == pytest.approx(expected, rel=1e-9), (lever, name)
            else:
                assert (found == expected).all(), (lever, name)


def test_departement_alone_in_its_region_is_the_region(panoramas, cases):
    for region, code in cases("territoires")["outre_mer"].items():
        whole, part = panoramas[region], panoramas[code]
        for name in ("target", "baseline", "quantity", "quantity_per_kt", "unit_abatement"):
            np.testing.assert_array_equal(part[name].values, whole[name].values)
        assert set(part.status.values) == {"publie"}
        assert set(part.grade.values) == {""}
        assert set(part.key.values) == {"le département est la région"}


# ------------------------------------------------------------------ keys


@pytest.mark.parametrize("region", METROPOLE)
def test_every_departement_value_is_derived_with_a_key_a_grade_and_a_reason(panoramas, region):
    for code in territories.departements_of(region):
        p = panoramas[code]
        assert set(p.status.values) == {"derive"}
        assert set(p.grade.values) <= set(downscaling.GRADES)
        assert all(p.key.values) and all(p.reason.values)


def weights_of(key, values):
    """The weight of each département for a key or a mix, with pandas alone."""
    parts = [part.split(" ") for part in key.split(" + ")]
    parts = [(float(part[0]), part[1]) if len(part) == 2 else (1.0, part[0]) for part in parts]
    return sum(part * values[name] / values[name].sum() for part, name in parts)


@pytest.mark.long
def test_share_is_the_weight_of_the_key_over_that_of_the_region(panoramas):
    keys = downscaling.keys()
    values = tables.read("allocation.csv").pivot(index="territory", columns="key", values="value")
    region_of = territories.territories("departement").set_index("code").region
    for lever in keys.lever:
        known = weights_of(keys.key[lever], values)
        for region in METROPOLE:
            inside = list(region_of.index[region_of == region])
            if lever not in panoramas[region].lever or known[inside].isna().any():
                continue
            found = downscaling.shares(region, lever)
            assert found.shares == pytest.approx((known[inside] / known[inside].sum()).to_dict(), rel=1e-9)
            assert (found.label, found.grade) == (keys.key_label[lever], keys.grade[lever])
            assert (found.key, found.reason) == (keys.key[lever], keys.reason[lever])


@pytest.mark.cases("repartition", "repli")
def test_one_missing_figure_moves_the_whole_region_to_the_fallback_key(panoramas, case):
    values = tables.read("allocation.csv").pivot(index="territory", columns="key", values="value")
    inside, lever = territories.departements_of(case["region"]), case["levier"]
    known = weights_of(downscaling.keys().key[lever], values)
    assert set(known[inside].index[known[inside].isna()]) == set(case["manquent"])
    fallback = values[case["repli"]][inside]
    found = downscaling.shares(case["region"], lever)
    assert found.shares == pytest.approx((fallback / fallback.sum()).to_dict(), rel=1e-9)
    assert (found.key, found.grade) == (case["repli"], case["note"])
    for code in inside:
        one = panoramas[code].sel(lever=lever)
        assert (str(one.allocation.values), str(one.grade.values)) == (found.key, found.grade)
        assert float(one.target) > 0


def test_only_the_documented_regions_use_a_fallback(panoramas, cases):
    fallback = {(row["region"], row["levier"]) for row in cases("repartition")["repli"]}
    keys = downscaling.keys()
    used = {
        (region, lever)
        for region in METROPOLE
        for lever in panoramas[region].lever.values
        if downscaling.shares(region, lever).key != keys.key[lever]
    }
    assert used == fallback


def test_without_fallback_one_missing_figure_leaves_the_whole_region_unknown(damaged):
    damaged.remove("data/clean/allocation.csv", "surface_agricole,dep-59,")
    parts = [panorama(code).sel(lever="prairies") for code in territories.departements_of("reg-32")]
    assert len(parts) == 5
    for part in parts:
        assert np.isnan(float(part.target)) and np.isnan(float(part.quantity))
        assert str(part.key.values) == "aucune clé complète" and str(part.grade.values) == ""
    other = panorama("dep-14").sel(lever="prairies")
    assert float(other.target) > 0 and str(other.grade.values) == "B"


def test_key_that_is_zero_everywhere_gives_an_unknown_and_no_equal_share(damaged):
    for code in territories.departements_of("reg-94"):
        _, text = damaged.line("data/clean/allocation.csv", f"surface_foret,{code},")
        fields = text.split(",")
        damaged.replace("data/clean/allocation.csv", text, ",".join([*fields[:2], "0", *fields[3:]]))
    shares, label, grade, *_ = downscaling.shares("reg-94", "produits_bois")
    assert (shares, label, grade) == (None, "aucune clé complète", "")


def test_zero_is_only_where_the_key_or_the_region_is_zero(panoramas, cases):
    published = cases("repartition")["zero_regional_publie"]
    zeros = 0
    for code in territories.territories("departement").code:
        p = panoramas[code]
        for lever in p.lever.values[p.target.values == 0]:
            region = territories.region_of(code)
            zeros += 1
            if (region, lever) == (published["region"], published["levier"]):
                assert float(panoramas[region].target.sel(lever=lever)) == 0
            else:
                assert downscaling.weights(downscaling.shares(region, lever).key)[code] == 0, (code, lever)
    assert zeros > 0


# ------------------------------------------------------------------ the official allocation


@pytest.mark.cases("repartition", "officielle")
def test_official_allocation_between_regions_is_reproduced_from_its_key(panoramas, case):
    ones = {
        code: panoramas[code].sel(lever=case["levier"]) for code in METROPOLE if case["levier"] in panoramas[code].lever
    }
    assert len(ones) == case["regions"]
    key = sum(float(one.baseline) for one in ones.values())
    for code, one in ones.items():
        assert case["national"] * float(one.baseline) / key == pytest.approx(float(one.target), abs=0.01), code


def test_levers_shared_by_people_are_in_proportion_to_the_population(panoramas):
    people = tables.read("territories.csv").set_index("code").population
    for lever in ("reduction_deplacements", "covoiturage", "velo_transports_en_commun"):
        nord, region = panoramas["dep-59"].target.sel(lever=lever), panoramas["reg-32"].target.sel(lever=lever)
        assert float(nord / region) == pytest.approx(people["dep-59"] / people["reg-32"], rel=1e-9)


# ------------------------------------------------------------------ any key


@given(st.dictionaries(st.sampled_from([f"dep-{n:02}" for n in range(1, 30)]), st.floats(1e-6, 1e9), min_size=1))
def test_shares_of_any_positive_values_sum_to_one_and_keep_their_order(values):
    inside = list(values)
    shares = downscaling.proportional({**values, "dep-99": 5.0}, inside)
    assert list(shares) == inside
    assert math.fsum(shares.values()) == pytest.approx(1, rel=1e-9)
    assert all(0 < share <= 1 for share in shares.values())
    ordered = sorted(inside, key=values.get)
    assert all(shares[a] <= shares[b] for a, b in pairwise(ordered))
    doubled = downscaling.proportional({code: 2 * value for code, value in values.items()}, inside)
    assert doubled == pytest.approx(shares)


@given(st.dictionaries(st.sampled_from([f"dep-{n:02}" for n in range(1, 30)]), st.floats(0, 1e9), min_size=1))
def test_shares_need_every_value_and_one_that_is_not_zero(values):
    inside = list(values)
    assert downscaling.proportional(values, [*inside, "dep-99"]) is None
    assert downscaling.proportional({**values, "dep-99": math.nan}, [*inside, "dep-99"]) is None
    shares = downscaling.proportional(values, inside)
    assert (shares is None) == (sum(values.values()) == 0)
    if shares and min(values.values()) > 1e-290:
        assert all((shares[code] == 0) == (values[code] == 0) for code in inside)


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(st.floats(1e-3, 1e9), min_size=96, max_size=96))
def test_departements_add_up_whatever_the_key(kit_at, values):
    copy, drawn = kit_at(), iter(values)
    rows = copy.read("data/clean/allocation.csv").splitlines()
    for n, row in enumerate(rows):
        if row.startswith("population,"):
            fields = row.split(",")
            rows[n] = ",".join([*fields[:2], repr(next(drawn)), *fields[3:]])
    copy.write("data/clean/allocation.csv", "\n".join(rows) + "\n")
    assert tables.read("allocation.csv").query("key == 'population'").value.to_list() == values
    for region in ("reg-84", "reg-94"):
        added_up(panorama(region), [panorama(code) for code in territories.departements_of(region)])


def test_a_wrong_key_is_said_at_its_line(damaged, says):
    first = damaged.read("parameters/keys.csv").splitlines()[1]
    damaged.replace("parameters/keys.csv", first, first[: first.rindex(",Ce que")] + ",")
    with pytest.raises(ParameterError) as refused:
        downscaling.keys()
    says(refused.value, "ligne 2, colonne reason")
