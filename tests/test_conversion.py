"""Conversion: the official vectors and their defects, the exact mode, what is refused, and derived coefficients."""

import math
from functools import lru_cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from copkit.errors import DataError, LeverError, TerritoryError
from copkit.models import factors, levers, official
from copkit.models.conversion import batch, convert
from copkit.models.panorama import panorama
from copkit.reference import tables, territories

from .conftest import every

PAIRS = tables.read("panorama.csv").query("translated == 'oui' and editable == 'oui'")
cached_panorama = lru_cache(panorama)


def typed(case):
    """The arguments of a case: kt or quantity, what is done."""
    given = {"kt": case.get("kt"), "quantity": case.get("quantite")}
    return {**{k: v for k, v in given.items() if v is not None}, "done": case.get("fait", 0)}


def one_row(**changes):
    row = {"region_code": "32", "sgpe_id": "augm_haies", "direction": "co2_to_phys", "completed_ktco2e": 0, "input": 1}
    return pd.DataFrame([{**row, **changes}])


# ------------------------------------------------------------------ the published rules


def test_public_vectors_all_pass_with_the_published_rules(facts):
    vectors = facts("simulator_vectors.csv")
    out = batch(vectors, as_published=True)
    assert len(out) == 1320
    assert list(out.columns) == [*vectors.columns, "actual"]
    assert out.drop(columns="actual").equals(vectors)
    wrong = out[out.actual.astype(float) != out.expected.astype(float)]
    assert wrong.empty, wrong.to_string()


def test_batch_reads_codes_as_numbers_and_prints_whole_numbers_without_decimals():
    out = batch(one_row(region_code=32, sgpe_id="augm_voitelec", direction="phys_to_co2", input=20.0), True)
    assert out.to_csv(index=False).splitlines()[1].endswith(",28")
    assert batch(one_row(region_code=32.0, input=100.0), True).actual.tolist() == [3.3]


def test_batch_keeps_its_rows_in_exact_mode_without_rounding():
    table = pd.concat([one_row(autre="a"), one_row(input=2.5, autre="b")], ignore_index=True)
    out = batch(table)
    assert out.autre.to_list() == ["a", "b"]
    assert out.actual.to_list() == pytest.approx([0.0333, 0.08325], rel=1e-12)
    assert batch(table.iloc[:0]).empty


@pytest.mark.cases("conversion", "lots_refuses")
def test_batch_that_cannot_be_converted_says_which_line(case, says):
    table = one_row()
    table = table.drop(columns=case["retirer"]) if "retirer" in case else one_row(**{case["colonne"]: case["valeur"]})
    with pytest.raises(DataError) as refused:
        batch(table, as_published=True)
    says(refused.value, *case["dit"])


def test_batch_gives_all_its_problems_at_once(says):
    table = pd.concat([one_row(direction="?"), one_row(), one_row(input=-1)], ignore_index=True)
    with pytest.raises(DataError) as refused:
        batch(table)
    says(refused.value, "2 problèmes", "ligne 2 : direction", "ligne 4 : Gestion des haies", "−1 ktCO2e/an")


@pytest.mark.cases("conversion", "regles_publiees")
def test_published_rules_round_and_clamp(case):
    asked = typed(case)
    if "quantity" in asked and "kt" in asked:  # the case gives both: what comes first is typed
        asked.pop("quantity" if list(case).index("kt") < list(case).index("quantite") else "kt")
    found = convert(case["region"], case["levier"], as_published=True, **asked)
    if "kt" in asked:
        expected = case.get("quantite", math.nan)
        assert found.quantity == expected or (math.isnan(expected) and math.isnan(found.quantity))
        assert found.kt == case.get("kt_rendu", max(0, official.js_round(case["kt"])))
    else:
        assert found.kt == case["kt"]
    assert found.as_published


@pytest.mark.cases("conversion", "arrondis")
def test_rounding_is_that_of_javascript(case):
    assert official.js_round(case["valeur"]) == case["arrondi"]


@pytest.mark.long
def test_round_trips_by_the_displayed_value_lose_as_much_as_published(cases):
    expected, gaps = cases("conversion")["aller_retour"], []
    rows = PAIRS.assign(region_code=PAIRS.territory.str.removeprefix("reg-"), completed_ktco2e=0)
    there = batch(rows.assign(sgpe_id=rows.lever, direction="co2_to_phys", input=rows.target_ktco2e), True)
    back = batch(there.assign(direction="phys_to_co2", input=there.actual.astype(float)).drop(columns="actual"), True)
    gaps = (back.actual.astype(float) / back.target_ktco2e - 1).abs()
    assert len(gaps) == expected["couples"]
    assert (gaps > 0.01).sum() == expected["plus_de_1_pour_cent"]
    assert (gaps > 0.05).sum() == expected["plus_de_5_pour_cent"]


@pytest.mark.cases("conversion", "aller_retour_exemples")
def test_worst_published_round_trips_are_those_of_the_table(panoramas, case):
    p = panoramas[case["region"]]
    lever = convert(p, case["levier"], kt=1, as_published=True).lever
    shown = convert(p, lever, kt=float(p.target.sel(lever=lever)), as_published=True).quantity
    assert shown == case["affiche"]
    assert convert(p, lever, quantity=shown, as_published=True).kt == case["relu"]


@pytest.mark.parametrize("code", ["dep-59", "fr"])
def test_published_rules_are_for_regions_only(code, says):
    with pytest.raises(TerritoryError) as refused:
        convert(code, "haies" if code != "fr" else "vehicules_electriques", kt=1, as_published=True)
    says(refused.value, f"« {code} » n'en est pas une", "Écrire un code de région, ou retirer as_published.")


def test_published_rules_are_refused_overseas(says):
    with pytest.raises(LeverError) as refused:
        convert("reg-01", "co2_enr", kt=1, as_published=True)
    says(refused.value, "ferme tous les leviers de Guadeloupe", "Retirer as_published.")


# ------------------------------------------------------------------ the exact mode


@pytest.mark.long
def test_no_exact_round_trip_is_off_in_the_291_pairs(panoramas):
    assert len(PAIRS) == 291
    for row in every(6, PAIRS.itertuples()):
        p = panoramas[row.territory]
        there = convert(p, row.lever, kt=row.target_ktco2e)
        back = convert(p, row.lever, quantity=there.quantity)
        assert back.kt == pytest.approx(row.target_ktco2e, rel=1e-9), (row.territory, row.lever)
        assert there.kt == row.target_ktco2e
        assert there.quantity == float(p.quantity.sel(lever=row.lever))


@given(st.integers(0, len(PAIRS) - 1), st.floats(0.01, 1), st.floats(0.01, 1))
def test_exact_conversion_is_invertible_and_monotone(pair, share, other):
    row = PAIRS.iloc[pair]
    p = cached_panorama(row.territory)
    top = min(2 * row.target_ktco2e, float(levers.bounds(p).kt_max.sel(lever=row.lever)))
    first, second = (convert(p, row.lever, kt=top * part) for part in (share, other))
    assert convert(p, row.lever, quantity=first.quantity).kt == pytest.approx(first.kt, rel=1e-9)
    rising = (first.quantity - second.quantity) * np.sign(row.quantity_per_ktco2e)
    assert rising * (first.kt - second.kt) >= 0
    assert first.kt == top * share


@pytest.mark.long
def test_exact_conversion_works_in_every_departement(panoramas):
    checked = 0
    codes = every(12, territories.territories("departement").code)
    for code in codes:
        p = panoramas[code]
        for lever in ("vehicules_electriques", "efficacite_vehicules_prives", "haies", "chaudieres_gaz_residentiel"):
            if lever not in p.lever or not np.isfinite(p.quantity_per_kt.sel(lever=lever)):
                continue
            target = float(p.target.sel(lever=lever))
            quantity = convert(p, lever, kt=target).quantity
            assert convert(p, lever, quantity=quantity).kt == pytest.approx(target, rel=1e-9), (code, lever)
            checked += 1
    assert checked > 3 * len(codes)


@pytest.mark.cases("conversion", "acceptes")
def test_value_on_the_right_side_of_a_bound_is_kept_as_typed(case):
    asked = typed(case)
    found = convert("reg-32", case["levier"], **asked)
    name = "kt" if "kt" in asked else "quantity"
    assert getattr(found, name) == asked[name]
    assert found.done == asked["done"]


@pytest.mark.cases("conversion", "refuses")
def test_impossible_value_is_refused_with_its_bound(case, says):
    with pytest.raises(LeverError) as refused:
        convert("reg-32", case["levier"], **typed(case))
    says(str(refused.value).replace("\u202f", " "), *case["dit"])


@pytest.mark.parametrize("published", [False, True])
def test_closed_lever_is_refused_with_either_rule(published, says):
    with pytest.raises(LeverError) as refused:
        convert("reg-94", "co2_prodbois", kt=1, as_published=published)
    says(refused.value, "Levier fermé : « Produits bois »")


def test_empty_share_of_a_departement_is_refused_as_untranslated(panoramas, says):
    code, lever = next(
        (code, str(lever))
        for code, p in panoramas.items()
        for lever in p.lever.values[np.isinf(p.quantity_per_kt.values)]
    )
    with pytest.raises(LeverError) as refused:
        convert(code, lever, quantity=1)
    says(refused.value, "sans traduction en quantité physique dans ce territoire")
    with pytest.raises(LeverError) as refused:
        convert(code, lever, kt=1)
    says(refused.value, "aucune part de ce levier")


def test_untranslated_lever_is_converted_in_kt_only():
    found = convert("reg-32", "elevage_durable", kt=12.5)
    assert found.kt == 12.5
    assert math.isnan(found.quantity)
    assert found.formula == "ktCO2e/an seulement"
    overseas = convert("reg-01", "co2_enr", kt=3)
    assert overseas.kt == 3 and any("Outre-mer" in text for text in overseas.limits)


@pytest.mark.cases("conversion", "noms")
def test_lever_is_found_by_id_simulator_id_or_label(case):
    assert convert("reg-32", case["tape"], kt=1).lever == case["levier"]


@pytest.mark.cases("conversion", "noms_refuses")
def test_unknown_lever_is_refused_with_a_suggestion(case, says):
    with pytest.raises(LeverError) as refused:
        convert("reg-32", case["tape"], kt=1)
    says(refused.value, *case["dit"])


def test_bare_code_is_refused():
    with pytest.raises(TerritoryError):
        convert("32", "haies", kt=1)


# ------------------------------------------------------------------ what a conversion says


def test_conversion_says_where_it_comes_from():
    found = convert("reg-32", "vehicules_electriques", quantity=446.7, done=100)
    assert (found.territory, found.name, found.unit) == ("reg-32", "Hauts-de-France", "millier_vehicules")
    assert (found.baseline, found.coefficient, found.done) == (6.706, 0.4677, 100)
    assert (found.status, found.source, found.coarse) == ("publie", "sgpe_simulateur_2024", False)
    assert found.formula == (
        "ktCO2e/an = (quantité [milliers de véhicules] − point de départ 2019 (6,71)) ÷ coefficient (0,4677)"
    )
    assert "ordre 1" in found.limits[0]
    published = convert("reg-32", "vehicules_electriques", kt=1, as_published=True)
    assert published.formula.endswith("(ktCO2e/an + déjà fait) × coefficient (0,4677)")
    assert convert("reg-32", "haies", kt=1).formula.startswith("quantité [milliers de km] = 0 + ")


def test_conversion_of_a_departement_says_that_it_is_derived():
    found = convert("dep-59", "haies", kt=1)
    assert found.status == "derive"
    assert any("clé de répartition" in text for text in found.limits)


def test_coarse_coefficient_is_flagged_and_a_precise_one_is_shown_beside(cases):
    case = cases("conversion")["coefficient_derive"]
    found = convert(case["region"], "reduc_consovp", kt=513.142)
    assert found.coarse and found.coefficient == case["publie"]
    assert found.derived_coefficient == pytest.approx(case["derive"], abs=5e-9)
    change = 100 * (found.quantity_derived / found.baseline - 1)
    assert change == pytest.approx(case["baisse_pour_cent"], abs=0.005)
    assert found.quantity == pytest.approx(6.4867 - 513.142 * 0.0005)
    assert found.kt_derived is None
    assert "parc thermique 2019" in found.derived_method
    assert any("un seul chiffre significatif" in text for text in found.limits)
    assert any("Coefficient dérivé : −0,0008915" in text for text in found.limits)


def test_derived_coefficient_goes_back_and_forth_and_counts_what_is_done():
    there = convert("reg-32", "reduc_consovp", kt=300)
    back = convert("reg-32", "reduc_consovp", quantity=there.quantity_derived)
    assert back.kt_derived == pytest.approx(300, rel=1e-12)
    assert back.quantity_derived is None
    beyond = convert("reg-32", "reduc_consovp", kt=200, done=100, as_published=True)
    assert beyond.quantity_derived == pytest.approx(there.quantity_derived, rel=1e-12)
    back = convert("reg-32", "reduc_consovp", quantity=6.0, done=100, as_published=True)
    exact = convert("reg-32", "reduc_consovp", quantity=6.0)
    assert back.kt_derived == pytest.approx(exact.kt_derived - 100, rel=1e-12)


def test_derived_coefficients_give_the_national_seven_percent_in_twelve_regions(panoramas):
    found = {}
    for code in sorted(set(PAIRS.territory)):
        one = panoramas[code].sel(lever=factors.EFFICIENCY)
        derived = factors.derived(panoramas[code], factors.EFFICIENCY)
        if derived.coefficient is not None:
            found[code] = 100 * float(one.target) * derived.coefficient / float(one.baseline)
    assert len(found) == 12 and "reg-11" not in found
    assert all(-7.8 < change < -6.9 for change in found.values()), found


def test_derived_coefficient_of_a_departement_gives_the_change_of_its_region(panoramas):
    region = factors.derived(panoramas["reg-32"], factors.EFFICIENCY).coefficient
    part = panoramas["dep-59"].target.sel(lever=factors.EFFICIENCY) / panoramas["reg-32"].target.sel(
        lever=factors.EFFICIENCY
    )
    found = factors.derived(panoramas["dep-59"], factors.EFFICIENCY).coefficient
    assert found * float(part) == pytest.approx(region, rel=1e-9)


def test_derived_coefficient_that_data_do_not_allow_gives_its_reason():
    found = convert("reg-11", "reduc_consovp", kt=1)
    assert found.derived_coefficient is None and found.quantity_derived is None
    assert "diffère ici de celui des autres régions" in found.derived_method
    assert any(text.startswith("Pas de coefficient dérivé : ") for text in found.limits)
    assert "aucune donnée physique" in convert("reg-32", "haies", kt=1).derived_method
    assert "sans traduction physique" in factors.derived(panorama("fr"), factors.EFFICIENCY).method


def test_derived_coefficient_needs_the_fleet_of_2019(damaged):
    observed = pd.read_parquet(damaged.home / "data/clean/observed.parquet")
    kept = observed[~((observed.indicator == levers.CAR_FLEET) & (observed.year == 2019))]
    kept.to_parquet(damaged.home / "data/clean/observed.parquet", index=False)
    found = convert("reg-32", "reduc_consovp", kt=1)
    assert found.derived_coefficient is None
    assert found.derived_method == "parc de voitures 2019 inconnu"
