"""Observed dynamics: pace, needed pace, what is reached, statuses, and the traps of the sources."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from copkit import paths
from copkit.errors import LeverError, ParameterError, TerritoryError
from copkit.models import dynamics as model
from copkit.models import indicators
from copkit.models.dynamics import AHEAD, ALIKE, COLUMNS, LATE_UNCLEAR, ON_PACE, S_CURVE, YEARLY, Trend, dynamics
from copkit.models.facts import by_series
from copkit.models.panorama import panorama
from copkit.reference import parameters, tables, territories, units

from .conftest import look_again

CARS, WASTE = "voitures_electriques_parc", "dma_produits_par_habitant"
STATUSES = {"en avance", "au rythme", "en retard", "mauvais sens", "pas de cible chiffrée", "un seul point"}
STATUSES |= {S_CURVE, LATE_UNCLEAR, model.UNCLEAR, model.RIGHT_WAY, model.UNCONFIRMED}
STATUSES |= {ALIKE, model.UNCORRECTED}
NO_DATA = {"pas de donnée régionale", "pas de donnée départementale", "pas de donnée nationale"}


@pytest.fixture(scope="module")
def hauts_de_france():
    return dynamics("reg-32").set_index("lever", drop=False)


@pytest.fixture
def observe(damaged):
    """Replace a series in a copy of the kit: {year: value}, or [(year, value, source)…]."""

    def write(territory, indicator, values):
        path = paths.clean_data("observed.parquet")
        table = pd.read_parquet(path)
        unit = table.unit[table.indicator == indicator].iloc[0]
        rows = [(y, v, "sgpe_simulateur_2024") for y, v in values.items()] if isinstance(values, dict) else values
        new = pd.DataFrame(rows, columns=["year", "value", "source"]).astype({"year": "int64", "value": float})
        new = new.assign(territory=territory, indicator=indicator, unit=unit, status="publie")
        kept = table[(table.territory != territory) | (table.indicator != indicator)]
        pd.concat([kept, new[table.columns]], ignore_index=True).to_parquet(path, index=False)
        look_again()

    return write


def of(code, lever, **options):
    return dynamics(code, **options).set_index("lever").loc[lever]


def trend(first, last, aim=np.nan, years=(2019, 2022), sign=1.0, **more):
    known = {"lever": "vehicules_electriques", "indicator": CARS, "label": "voitures", "unit": "millier_vehicules"}
    known |= {"convention": "", "base_year": 2019, "target_year": 2030, "sign": sign, "points": 2}
    return Trend(**known, first_year=years[0], last_year=years[1], first=first, last=last, aim=aim, **more)


# ------------------------------------------------------------------ pace, needed pace, reached


@pytest.mark.cases("dynamique", "hauts_de_france")
def test_published_series_gives_its_hand_worked_pace(hauts_de_france, case):
    row = hauts_de_france.loc[case["levier"]]
    assert row.pace == pytest.approx(case["rythme"], rel=1e-4)
    assert row.needed == pytest.approx(case["necessaire"], rel=1e-4)
    assert row.ratio == pytest.approx(case["rapport"], rel=1e-3)
    assert row.reached_kt == pytest.approx(case["atteint"], rel=1e-4)
    assert row.status == case["statut"]
    assert row.s_ratio == pytest.approx(case.get("courbe", np.nan), rel=1e-3, nan_ok=True)
    assert case["statut"] in row.sentence or case["statut"] in ("mauvais sens", S_CURVE)
    assert row.unit == str(panorama("reg-32").unit.sel(lever=case["levier"]).values)


@pytest.mark.cases("dynamique", "seuils")
def test_status_on_each_side_of_every_threshold(case):
    aim = case.get("visee", np.nan)
    more = {"beside_kt": case.get("a_cote", np.nan), "doubtful": case.get("incertaine", np.nan)}
    more |= {"alike": case.get("pareilles", 0), "uncorrected": case.get("climat") == "non_corrige"}
    up = trend(case["premier"], case["dernier"], aim, rounding=case.get("arrondi", 0.0), **more)
    down = trend(-case["premier"], -case["dernier"], -aim, sign=-1.0, rounding=case.get("arrondi", 0.0), **more)
    assert up.status == case["statut"]
    assert down.status == case["statut"]


def adoption(shares, aim):
    years = range(2026 - len(shares), 2026)
    return trend(0, 36, 1036, shares=tuple(zip(years, shares, strict=True)), share_aim=aim)


@pytest.mark.cases("dynamique", "courbe_en_s")
def test_adoption_is_late_only_when_the_straight_line_and_the_s_both_fall_short(case):
    share = [odds / (1 + odds) for odds in (*case["cotes"], case["cote_visee"])]
    one = adoption(share[:-1], share[-1])
    assert one.ratio < ON_PACE
    assert one.status == case["statut"]


@given(st.floats(1e-4, 0.3), st.floats(0.05, 0.6), st.floats(0.05, 0.6))
def test_a_path_that_has_the_pace_it_needs_leads_to_the_aim_and_a_slower_one_short_of_it(start, pace, needed):
    odds = start / (1 - start) * np.exp(pace * np.arange(3))
    aimed = odds[-1] * np.exp(5 * needed)
    one = adoption((odds / (1 + odds)).tolist(), aimed / (1 + aimed))
    assert one.s_ratio == pytest.approx(pace / needed, rel=1e-6)
    assert (one.s_share - one.s_aim) * (pace - needed) >= -1e-9
    assert 0 < one.s_share < 100


@pytest.mark.cases("dynamique", "pandemie")
def test_a_pace_avoids_the_years_of_the_pandemic_or_says_them(observe, case):
    observe("reg-32", CARS, {year: 10.0 + year - 2019 for year in case["annees"]})
    row = of("reg-32", "vehicules_electriques")
    assert (row.first_year, row.last_year) == (case["de"], case["annees"][-1])
    assert row.pace == 1
    assert row.pandemic == case["marque"]
    assert ("pandémie" in row.sentence and "pandémie" in row.aside) == bool(case["marque"])


def test_each_lever_followed_over_several_years_stands_in_one_group():
    for code in ("reg-32", "reg-11", "reg-04", "dep-59", "fr"):
        groups = model.standing(code)
        assert sorted(label for group in groups for label in group) == sorted(model.followed(code).label)
    assert model.standing("dep-48")[:3] == ([], [], [])


def test_emissions_of_the_largest_sites_are_told_beside_the_target_with_what_may_be_missing(hauts_de_france, says):
    row = hauts_de_france.loc["production_industrielle"]
    assert row.status == "bon sens, à confirmer" and row.beside_kt == pytest.approx((15237513 - 10081986) / 1000)
    assert np.isnan(row.reached_kt)  # another perimeter: nothing of it counts as reached
    says(
        row.sentence, "15,2 MtCO2e en 2019, 10,1 MtCO2e en 2023, 5,2 MtCO2e en moins (−34", "La cible du levier en 2030"
    )
    says(row.sentence, "En 2023, des sites peuvent manquer ; en 2022, 13,2 MtCO2e.")


def test_a_yearly_flow_is_shown_in_the_unit_of_its_lever(hauts_de_france):
    assert hauts_de_france.unit["efficacite_sobriete_logistique"] == "Mtkm_par_an"
    per_year = {"t.km": ("t*km/an", 1.0), "Mtkm": ("t*km/an", 1e6), "Gt.km": ("t*km/an", 1e9)}
    for unit, (known, scale) in per_year.items():
        into, factor = YEARLY[unit]
        assert scale * units.factor(known, into) == pytest.approx(factor, rel=1e-12)
    assert YEARLY["TWh"][1] == 1000 * YEARLY["GWh"][1] == 1


def test_the_shares_of_the_nation_lie_between_those_of_its_regions():
    nation = of("fr", "vehicules_electriques")
    regions = [of(code, "vehicules_electriques").s_share for code in model._holders("vehicules_electriques")]
    assert min(regions) < nation.s_share < max(regions)


@given(st.floats(0, 1e4), st.floats(0, 1e4), st.floats(0, 1e4), st.integers(2020, 2029))
def test_needed_pace_leads_from_the_last_value_to_the_target_and_not_beyond(first, last, aim, year):
    one = trend(first, last, aim, years=(2019, year))
    if one.met:
        assert one.needed == 0 and np.isnan(one.ratio) and one.status == "en avance"
    else:
        assert last + one.needed * (2030 - year) == pytest.approx(aim, rel=1e-9, abs=1e-9)
        assert one.status in STATUSES
        if one.status == "en avance":
            assert one.ratio >= AHEAD
        if one.status == "en retard":
            assert one.ratio < ON_PACE
    assert first + one.pace * (year - 2019) == pytest.approx(last, rel=1e-9, abs=1e-9)


def test_target_already_met_needs_nothing_more(hauts_de_france, says):
    row = hauts_de_france.loc["fertilisation_azotee"]
    assert row.needed == 0 and np.isnan(row.ratio) and row.status == "en avance"
    assert row.reached_kt > float(panorama("reg-32").target.sel(lever="fertilisation_azotee"))
    says(row.sentence, "La cible, 170 kt par an en 2030, est déjà atteinte.")


def test_what_is_reached_is_the_target_when_the_quantity_of_2030_is_reached(observe):
    p = panorama("reg-32").sel(lever="vehicules_electriques")
    observe("reg-32", CARS, {2019: 6.706, 2024: float(p.quantity)})
    row = of("reg-32", "vehicules_electriques")
    assert row.reached_kt == pytest.approx(float(p.target), rel=1e-9)
    assert row.status == "en avance"


def test_sentence_of_a_lever_says_values_years_paces_and_kt(hauts_de_france, says):
    row = hauts_de_france.loc["vehicules_electriques"]
    says(
        row.sentence,
        "Voitures électriques en circulation : 6,71 milliers de véhicules en 2019, 30,1 en 2022, soit +7,8 par an",
    )
    says(row.sentence, "soit +7,8 par an.", "il faut +52 par an de 2022 à 2030 : en retard en ligne droite (15")
    says(
        row.sentence,
        "Sur une courbe en S (logistique des parts du parc de 2023 à 2025, méthode de Fisher et Pry, 1971)",
    )
    says(row.sentence, "Déjà atteint : 50 ktCO2e/an sur 941.")


def test_series_that_goes_backwards_reaches_less_than_nothing(hauts_de_france, says):
    row = hauts_de_france.loc["chaudieres_fioul_tertiaire"]
    assert row.reached_kt < 0
    says(row.sentence, "à rebours du levier", "mauvais sens.", "Rien n'est atteint : 268 ktCO2e/an de plus qu'en 2019")


# ------------------------------------------------------------------ one row per lever, everywhere


@pytest.mark.parametrize(
    "code", ["reg-32", "reg-11", "reg-94", "reg-04", "reg-06", "dep-59", "dep-2A", "dep-974", "fr"]
)
def test_every_lever_of_the_panorama_has_one_row_a_status_and_a_sentence(code):
    table = dynamics(code)
    assert table.columns.to_list() == COLUMNS
    assert table.lever.to_list() == panorama(code).lever.values.tolist()
    assert set(table.status) <= STATUSES | NO_DATA
    assert table.sentence.str.endswith(".").all() and not table.sentence.str.contains("nan|NaN|n.d.", regex=False).any()
    empty = table[table.status.isin(NO_DATA)]
    assert empty["last"].isna().all() and empty.last_year.isna().all()
    assert empty.sentence.str.contains("indicateur à construire").all()
    known = table[~table.status.isin(NO_DATA)]
    assert known["last"].notna().all() and known.last_year.notna().all()
    for source in set(", ".join(known.source).split(", ")) - {""}:
        assert source in parameters.sources()


def test_lever_without_series_says_at_which_level(says):
    says(of("reg-32", "captage_methane_isdnd").status, "pas de donnée régionale")
    says(of("dep-59", "captage_methane_isdnd").status, "pas de donnée départementale")
    says(of("fr", "captage_methane_isdnd").status, "pas de donnée nationale")
    says(of("reg-04", "gaz_hfc_om").sentence, "Gaz HFC : pas de donnée régionale, indicateur à construire.")


def test_departement_has_its_own_series_and_never_those_of_its_region():
    row = of("dep-59", "vehicules_electriques")
    assert row.indicator == "points_recharge_ouverts_public" and row["last"] == 6106
    assert np.isnan(row.reached_kt) and row.status == "pas de cible chiffrée"
    assert of("dep-59", "velo_transports_en_commun").first_year == 2019


def test_departement_alone_in_its_region_has_the_regions_series(says):
    row, region = of("dep-974", "electrification_voitures_om"), of("reg-04", "electrification_voitures_om")
    assert row["last"] == region["last"] and row.status == region.status
    says(row.note, "Valeurs de la région, d'un seul département.")


def test_national_value_is_the_sum_of_the_regions_that_hold_the_lever(says):
    row = of("fr", "vehicules_electriques")
    regions = [c for c in territories.territories("region").code if not territories.is_overseas(c)]
    assert row["last"] == pytest.approx(sum(of(c, "vehicules_electriques")["last"] for c in regions))
    says(row.note, "Somme de 13 régions.")
    assert row.reached_kt > 0


def test_the_43_levers_can_be_followed_with_what_is_to_be_built():
    table = dynamics("reg-32", levers="cop")
    assert len(table) == 43
    assert table.set_index("lever").indicator["agriculture_bio_hve"] == "part_surface_bio_sau"
    assert "pas de donnée régionale" in set(table.status)
    both = dynamics("reg-32", levers="tous").lever
    assert both.is_unique and set(both) == set(table.lever) | set(panorama("reg-32").lever.values)


def test_every_indicator_of_a_lever_can_be_shown_the_main_one_first():
    table = dynamics("reg-32", every=True)
    cars = table[table.lever == "vehicules_electriques"]
    assert cars.indicator.iloc[0] == CARS and len(cars) == 5
    assert "part électrique du parc de voitures : 2,58 % en 2025" in cars.others.iloc[0]
    twin = cars.set_index("indicator").loc["parc_voitures_particulieres_electrique_hydrogene"]
    assert twin["first"] == pytest.approx(cars["first"].iloc[0]) and twin.points == 4


def test_emission_series_carries_its_convention(hauts_de_france):
    row = hauts_de_france.loc["production_industrielle"]
    assert row.convention in tables.CONVENTIONS
    assert row.convention == "non_precisee"


# ------------------------------------------------------------------ traps of the sources


def test_pace_counts_years_and_not_points(observe):
    observe("reg-32", CARS, {2019: 10.0, 2020: 11.0, 2024: 20.0})
    row = of("reg-32", "vehicules_electriques")
    assert row.pace == 2 and row.points == 3


def test_values_before_2019_do_not_enter_the_pace(observe):
    observe("reg-32", CARS, {2010: 0.0, 2019: 10.0, 2021: 16.0})
    row = of("reg-32", "vehicules_electriques")
    assert (row.first_year, row["first"], row.pace) == (2019, 10, 3)


def test_first_year_after_2019_is_said(observe, says):
    observe("reg-32", CARS, {2018: 9.0, 2021: 10.0, 2023: 16.0})
    row = of("reg-32", "vehicules_electriques")
    assert (row.first_year, row.pace) == (2021, 3)
    says(row.sentence, "10,0 milliers de véhicules en 2021 (pas de valeur en 2019)")


def test_single_point_has_no_pace_and_still_says_what_is_needed(hauts_de_france, says):
    row = hauts_de_france.loc["chaudieres_fioul_residentiel"]
    assert row.status == "un seul point" and np.isnan(row.pace) and np.isnan(row.reached_kt)
    says(row.sentence, "un seul point, pas de rythme.", "il faut −16 par an de 2019 à 2030.")
    assert of("dep-59", "haies").status == "un seul point"  # 2018 only


def test_points_before_2019_only_make_no_pace(observe):
    others = pd.read_csv(paths.parameters("indicators.csv")).query("lever == 'vehicules_electriques'").indicator
    for indicator in others:
        observe("reg-32", indicator, {2010: 1.0, 2018: 2.0} if indicator == CARS else {})
    row = of("reg-32", "vehicules_electriques")
    assert (row.status, row.last_year, row["last"]) == ("un seul point", 2018, 2)
    assert np.isnan(row.reached_kt)


def test_same_value_twice_is_unchanged_and_late(observe, says):
    observe("reg-32", CARS, {2019: 6.706, 2022: 6.706})
    observe("reg-32", "part_electrique_parc_voitures_particulieres", {})
    row = of("reg-32", "vehicules_electriques")
    assert row.pace == 0 and row.ratio == 0 and row.status == "en retard"
    says(row.sentence, "soit valeur inchangée")


def test_change_within_the_rounding_of_the_source_has_no_direction(hauts_de_france, says):
    row = hauts_de_france.loc["sobriete_fonciere"]  # 1.2781 then 1.3, which is printed with one digit
    assert row.pace > 0 and row.status == LATE_UNCLEAR
    says(row.sentence, "écart inférieur à l'arrondi de la source : sens inconnu")
    assert "Rien n'est atteint" not in row.sentence


def test_two_vintages_of_a_year_keep_the_most_recent_source_and_say_it(observe, says):
    values = [
        (2019, 6.7, "sgpe_simulateur_2024"),
        (2022, 99.0, "baro_resultats_2023"),
        (2022, 30.0, "ecolab_irpe_2026"),
    ]
    observe("reg-32", CARS, values)
    row = of("reg-32", "vehicules_electriques")
    assert row["last"] == 30
    says(row.note, "Deux millésimes en 2022 : source la plus récente retenue, écarté 99,0 (baro_resultats_2023).")


def test_two_sources_in_a_row_are_said(says):
    row = of("dep-59", "velo_transports_en_commun")
    says(row.note, "Plusieurs sources se suivent (baro_resultats_2023 puis ditp_baro_2024) : une rupture est possible.")


def test_zero_that_means_missing_overseas_is_not_a_value(says):
    rows, notes = indicators.series("reg-03", "consommation_petrole_tertiaire_non_corrigee", zero="absent_outre_mer")
    assert rows == []
    says(notes[0], "Zéro lu comme valeur absente : 2013, 2014")
    kept, _ = indicators.series("reg-03", "consommation_petrole_tertiaire_non_corrigee")
    assert [point.value for point in kept] == [0] * 9


def test_zero_is_a_value_in_the_hexagone_and_where_the_file_says_so():
    rows, _ = indicators.series("reg-94", "consommation_gaz_tertiaire_non_corrigee", zero="absent_outre_mer")
    assert 0 in {point.value for point in rows}
    assert of("reg-03", "transport_marchandises_om")["last"] == 0


def test_site_emissions_are_stored_in_tonnes():
    row = of("reg-32", "production_industrielle")
    assert row.unit == "tCO2e" and row["first"] == 15237513


def test_cumulated_power_is_followed_by_what_is_added_each_year(hauts_de_france, says):
    row = hauts_de_france.loc["electricite_renouvelable"]
    assert row.pace == pytest.approx((6721.158 - 4564.942) / 6, rel=1e-6)
    says(row.note, "Puissance cumulée en service")


def test_waste_series_of_the_simulator_moves_alike_everywhere_and_says_so(says):
    rows = tables.read("observed.parquet").query("indicator == @WASTE")
    both = rows.pivot(index="territory", columns="year", values="value")
    assert len(both) == 13 and np.ptp(both[2021] / both[2019]) < 0.0005
    row = of("reg-32", "prevention_dechets")
    says(row.note, "la même évolution dans les 13 régions")
    says(row.sentence, "La source donne la même évolution à 13 régions : elle ne dit rien du territoire.")
    assert (row.status, row.aside) == (ALIKE, "2021 : pandémie ; même évolution dans 13 régions")
    assert np.isnan(row.ratio) and np.isnan(row.reached_kt) and "mauvais sens" not in row.sentence
    assert "prevention_dechets" not in [one["levier_id"].value for one in by_series("reg-32", panorama("reg-32"))]


def test_a_series_that_the_weather_moves_judges_no_pace_in_the_document_nor_on_the_page():
    row = of("reg-06", "sobriete_solaire_thermique_om")
    assert row.status == model.UNCORRECTED and np.isnan(row.ratio) and np.isnan(row.reached_kt)
    assert "mauvais sens" not in row.sentence and model.standing("reg-06").wrong == []
    known = [one["levier_id"].value for one in by_series("reg-06", panorama("reg-06"))]
    assert "sobriete_solaire_thermique_om" not in known
    marked = indicators.indicators().set_index("indicator").climate == indicators.UNCORRECTED
    assert marked["consommation_energie_tertiaire_non_corrigee"].all() and not marked["surface_haies"]


@pytest.mark.parametrize(("ratio", "regions"), [(1.0512, 13), (1.0518, 0)])
def test_a_series_that_moves_otherwise_in_one_region_is_judged_in_all(observe, ratio, regions):
    seen = tables.read("observed.parquet").query("indicator == @WASTE and territory == 'reg-11' and year == 2019")
    (value,) = seen.value
    observe("reg-11", WASTE, {2019: value, 2021: ratio * value})  # 1,0504 to 1,0505 elsewhere
    assert indicators.alike(WASTE, 2019, 2021) == regions
    assert of("reg-32", "prevention_dechets").status == (ALIKE if regions else "mauvais sens")
    known = [one for one in by_series("reg-32", panorama("reg-32")) if one["levier_id"].value == "prevention_dechets"]
    assert [one["rebours_serie"].value for one in known] == ([] if regions else ["oui"])


def test_nothing_is_computed_where_the_coefficient_is_unknown(hauts_de_france):
    row = hauts_de_france.loc["batiments_machines_agricoles"]
    assert np.isnan(row.needed) and np.isnan(row.reached_kt)


# ------------------------------------------------------------------ parameters/indicators.csv, refusals


def test_convertible_series_start_at_the_starting_point_of_the_lever():
    table = indicators.indicators()
    checked = 0
    for row in table[table.convertible.notna()].itertuples():
        for code in territories.territories("region").code:
            found, _ = indicators.series(code, row.indicator)
            p = panorama(code)
            start = [point.value for point in found if point.year == 2019]
            if row.lever in p.lever and len(start) and not np.isnan(float(p.baseline.sel(lever=row.lever))):
                expected = float(p.baseline.sel(lever=row.lever))
                assert row.convertible * start[0] == pytest.approx(expected, rel=1e-6), (row.indicator, code)
                sign = float(p.quantity.sel(lever=row.lever)) - expected
                assert sign * indicators.DIRECTIONS[row.direction] >= 0
                checked += 1
    assert checked > 150


def test_expected_direction_is_that_of_the_lever_everywhere():
    for row in indicators.indicators().itertuples():
        assert row.direction in ("hausse", "baisse") and row.lever in parameters.levers()


@pytest.mark.cases("dynamique", "endommages")
def test_damaged_indicators_say_where_and_what_to_write(damaged, says, case):
    damaged.apply(case)
    with pytest.raises(ParameterError) as refused:
        indicators.indicators()
    says(refused.value, *case["message"])


def test_unknown_list_of_levers_is_refused(says):
    with pytest.raises(LeverError) as refused:
        dynamics("reg-32", levers="panoramas")
    says(
        refused.value,
        "Liste de leviers inconnue : « panoramas ». Vouliez-vous dire « panorama » ?",
        "panorama, cop, tous",
    )


def test_territory_without_panorama_is_refused():
    with pytest.raises(TerritoryError):
        dynamics("per-inconnu")


def test_a_table_that_is_modified_changes_nothing_for_the_next_reader():
    table, expected = dynamics("reg-32"), dynamics("reg-32")
    table["last"] = 0.0
    table.loc[0, "label"] = "?"
    pd.testing.assert_frame_equal(dynamics("reg-32"), expected)


def test_an_s_goes_on_from_the_last_share():
    shares = ((2023, 0.02), (2024, 0.03), (2025, 0.045))
    texts = dict.fromkeys(("lever", "indicator", "label", "unit", "convention"), "")
    made = Trend(**texts, sign=1.0, base_year=2019, target_year=2030, shares=shares, share_aim=0.2)
    slope = (logit(0.045) - logit(0.02)) / 2
    assert made.s_share == pytest.approx(100 / (1 + np.exp(-(logit(0.045) + 5 * slope))), rel=1e-3)
    assert made.s_ratio == pytest.approx(slope / ((logit(0.2) - logit(0.045)) / 5), rel=1e-3)


def logit(share):
    return np.log(share / (1 - share))
