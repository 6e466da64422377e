"""Physics: each kind there and back, on numbers and on xarray; units; a new lever or kind; identities and factors."""

from dataclasses import dataclass

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from copkit.errors import LeverError, UnitError
from copkit.models import levers
from copkit.models.factors import identity
from copkit.models.levers import KINDS, DirectLever, StockLever, model
from copkit.models.panorama import panorama
from copkit.reference import parameters

from .conftest import LONG, every

finite = st.floats(0.01, 1e6)
slopes = st.one_of(st.floats(1e-4, 100), st.floats(-100, -1e-4))
PHYSICAL = ("stock", "flow", "uptake", "intensity")


def lever_of(kind, slope, unit="millier_km"):
    return KINDS[kind](id="essai", label="Essai", unit=unit, quantity_per_kt=slope)


# ------------------------------------------------------------------ the kinds


@pytest.mark.cases("physique", "cas")
def test_kind_gives_the_worked_figures(case):
    lever = lever_of(case["type"], case["coefficient"])
    assert lever.avoided_emissions(case["quantite"], baseline=case["depart"]) == pytest.approx(case["kt"])
    assert lever.required_quantity(case["kt"], baseline=case["depart"]) == pytest.approx(case["quantite"])


@given(st.sampled_from(PHYSICAL), slopes, finite, finite)
def test_required_quantity_undoes_avoided_emissions(kind, slope, avoided, baseline):
    lever = lever_of(kind, slope)
    quantity = lever.required_quantity(avoided, baseline=baseline)
    error = np.spacing(max(abs(quantity), baseline)) / abs(slope)  # what the addition to the starting point loses
    assert lever.avoided_emissions(quantity, baseline=baseline) == pytest.approx(avoided, rel=1e-9, abs=4 * error)


@given(st.sampled_from(PHYSICAL), slopes, finite, finite, finite)
def test_avoided_emissions_are_monotone(kind, slope, first, second, baseline):
    lever = lever_of(kind, slope)
    low, high = (lever.avoided_emissions(q, baseline=baseline) for q in sorted((first, second)))
    assert low <= high if slope > 0 else low >= high


def test_stock_lever_avoids_nothing_when_the_fleet_is_unchanged():
    assert lever_of("stock", 0.4677).avoided_emissions(6.706, baseline=6.706) == 0


@pytest.mark.parametrize("kind", PHYSICAL)
def test_unknown_starting_point_is_zero_only_for_what_is_counted_since_2019(kind):
    found = lever_of(kind, 2.0).avoided_emissions(10.0, baseline=np.nan)
    assert found == 5.0 if kind in ("flow", "uptake") else np.isnan(found)


def test_kinds_work_on_xarray_by_named_dimensions():
    baseline = xr.DataArray([10.0, np.nan], dims="territory", attrs={"units": "millier_km"})
    years = xr.DataArray([[10.0, 20.0], [1.0, 2.0]], dims=("territory", "year"), attrs={"units": "millier_km"})
    for kind, expected in (("flow", [[0, 20], [2, 4]]), ("stock", [[0, 20], [np.nan, np.nan]])):
        lever = lever_of(kind, 0.5)
        avoided = lever.avoided_emissions(years, baseline=baseline)
        assert avoided.dims == ("territory", "year")
        assert avoided.attrs == {"units": "ktCO2e/an", "lever": "essai"}
        np.testing.assert_array_equal(avoided.values, expected)
        back = lever.required_quantity(avoided, baseline=baseline)
        assert back.attrs["units"] == "millier_km"
        np.testing.assert_array_equal(back.values, years.where(avoided.notnull()).values)


def test_series_without_units_are_taken_as_they_are():
    assert lever_of("flow", 0.5).avoided_emissions(xr.DataArray([1.0]), baseline=0.0).item() == 2


def test_wrong_unit_is_refused_with_the_expected_one(says):
    lever, zero = lever_of("uptake", 0.03), xr.DataArray([0.0])
    for call, value, expected in (
        (lever.avoided_emissions, zero.assign_attrs(units="km"), "« millier_km » (milliers de km)"),
        (lever.required_quantity, zero.assign_attrs(units="MtCO2e/an"), "« ktCO2e/an »"),
    ):
        with pytest.raises(UnitError) as refused:
            call(value, baseline=zero)
        says(refused.value, "Levier « essai » : série en", value.attrs["units"], expected, 'attrs["units"] =')
    with pytest.raises(UnitError):
        lever.avoided_emissions(zero, baseline=zero.assign_attrs(units="kha"))
    with pytest.raises(UnitError):
        lever.required_quantity(zero, baseline=zero.assign_attrs(units="kha"))


def test_direct_lever_refuses_quantities(says):
    lever = model(panorama("reg-32"), "elevage_durable")
    assert isinstance(lever, DirectLever)
    for call in (lever.avoided_emissions, lever.required_quantity):
        with pytest.raises(LeverError) as refused:
            call(10.0, baseline=0.0)
        says(refused.value, "Levier « Élevage durable » : sans quantité physique", "Donner des ktCO2e/an")


def test_model_of_every_lever_gives_back_its_target(panoramas):
    checked = 0
    for code in ("reg-32", "reg-11", "reg-94", "dep-59", "dep-2A", "fr"):
        p = panoramas[code] if code != "fr" else panorama(code)
        for lever in p.lever.values.tolist():
            one, physics = p.sel(lever=lever), model(p, lever)
            assert type(physics) is KINDS[parameters.levers()[lever].kind]
            if not np.isfinite(one.quantity_per_kt):
                continue
            found = physics.avoided_emissions(float(one.quantity), baseline=float(one.baseline))
            assert found == pytest.approx(float(one.target), rel=1e-9), (code, lever)
            checked += 1
    assert checked > 100


def test_new_lever_touches_no_python(damaged):
    damaged.write(
        "parameters/leviers/ombrieres.yml",
        damaged.read("parameters/leviers/bus_cars_decarbones.yml")
        .replace("id: bus_cars_decarbones", "id: ombrieres")
        .replace("cop: 2, ", "")
        .replace("augm_buselec", "augm_ombrieres")
        .replace("label: Bus et cars décarbonés\nthem", "label: Ombrières\nthem"),
    )
    fields = "sgpe-2024-10,reg-32,ombrieres,10,5,2,oui,oui,oui,publie,sgpe_simulateur_2024"
    damaged.append("data/clean/panorama.csv", fields)
    rows = damaged.read("parameters/keys.csv").splitlines()
    bus = next(row for row in rows if row.startswith("bus_cars_decarbones,"))
    damaged.append("parameters/keys.csv", bus.replace("bus_cars_decarbones", "ombrieres", 1))
    p = panorama("reg-32")
    lever = model(p, "Ombrières")
    assert isinstance(lever, StockLever)
    assert lever.required_quantity(10.0, baseline=5.0) == float(p.quantity.sel(lever="ombrieres")) == 25.0
    assert identity(p, "augm_ombrieres").product == pytest.approx(10)


def test_new_kind_is_one_class_and_one_line(monkeypatch):
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Capped(levers.PhysicalLever):
        """A kind that avoids at most 10 kt."""

        def avoided_emissions(self, quantity, *, baseline):
            return min(10.0, levers.PhysicalLever.avoided_emissions(self, quantity, baseline=baseline))

    monkeypatch.setitem(KINDS, "stock", Capped)
    lever = model(panorama("reg-32"), "vehicules_electriques")
    assert lever.avoided_emissions(1000.0, baseline=0.0) == 10


# ------------------------------------------------------------------ identities


@pytest.mark.cases("physique", "identite")
def test_electric_car_is_cars_times_km_times_grams(panoramas, case):
    found = identity(panoramas[case["region"]], "augm_voitelec")
    cars, km, grams = found.factors
    assert cars.value == pytest.approx(case["voitures"], abs=0.005)
    assert km.value == pytest.approx(case["km"], rel=1e-4)
    assert grams.value == pytest.approx(case["grammes"], abs=0.05)
    assert [f.unit for f in found.factors] == ["millier_vehicules", "km_par_voiture_an", "gCO2e/km"]
    assert [f.status for f in found.factors] == ["publie", "derive", "derive"]
    assert case.get("dit", "") in found.note
    assert ("prudence" in found.note) == ("dit" in case)


@pytest.mark.long
def test_product_of_the_factors_is_the_kt_of_the_lever_in_every_territory(panoramas):
    checked = 0
    for code, p in every(3, panoramas.items()):
        for lever in ("vehicules_electriques", "reduction_deplacements", "covoiturage", "velo_transports_en_commun"):
            if lever in p.lever and np.isfinite(p.quantity_per_kt.sel(lever=lever)):
                found = identity(p, lever)
                assert found.product == pytest.approx(found.target, rel=0.01), (code, lever)
                assert found.target == float(p.target.sel(lever=lever))
                assert len(found.factors) == 3
                checked += 1
    assert checked > (400 if LONG else 135)


def test_kilometres_avoided_are_km_times_cars_times_grams(panoramas, cases):
    case = cases("physique")["kilometres"]
    found = identity(panoramas[case["region"]], "reduction_deplacements")
    km, cars, grams = found.factors
    assert (round(km.value), cars.value, round(grams.value, 1)) == (case["km"], case["voitures"], case["grammes"])
    assert (cars.status, cars.source, grams.status) == ("publie", "sdes_parc_vp_region", "derive")
    assert found.product == pytest.approx(case["kt"], rel=1e-9)
    assert "prudence" not in found.note
    odd = identity(panoramas["reg-11"], "reduction_deplacements")
    assert "36,5 km par voiture ici, 600 ailleurs" in odd.note
    assert identity(panoramas["dep-59"], "reduction_deplacements").factors[1].status == "derive"


def test_other_levers_show_their_coefficient_and_its_origin(panoramas):
    for code in ("reg-32", "dep-59"):
        p = panoramas[code]
        for lever in p.lever.values.tolist():
            found = identity(p, lever)
            if not np.isfinite(p.quantity_per_kt.sel(lever=lever)):
                assert found.factors == () and np.isnan(found.product)
                assert "en ktCO2e/an seulement" in found.note
                continue
            assert found.product == pytest.approx(found.target, rel=1e-9)
            assert all(f.source in parameters.sources() for f in found.factors)
            assert all(f.status in ("publie", "derive", "hypothese") for f in found.factors)
            if len(found.factors) == 2:
                assert found.factors[1].unit == parameters.levers()[lever].unit_abatement.unit
                assert "coefficient et son origine" in found.note


def test_factors_keep_to_the_version_of_the_panorama(damaged):
    text = damaged.read("data/clean/panorama.csv")
    rows = [line.replace("sgpe-2024-10", "essai-2030") for line in text.splitlines()[1:]]
    halved = [line.replace(",0.4677,", ",0.9,") for line in rows]
    damaged.write("data/clean/panorama.csv", text + "\n".join(halved) + "\n")
    old, new = panorama("reg-32", version="sgpe-2024-10"), panorama("reg-32", version="essai-2030")
    assert "prudence" not in identity(old, "vehicules_electriques").note
    assert "prudence" not in identity(new, "vehicules_electriques").note
    grams = [identity(p, "vehicules_electriques").factors[2].value for p in (old, new)]
    assert grams[0] / grams[1] == pytest.approx(0.9 / 0.4677)
