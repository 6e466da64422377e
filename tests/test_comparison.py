"""Comparison of plans: the efforts by sector of a roadmap from data, compensation, conventions, and every refusal."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from copkit import french
from copkit.errors import DataError, LeverError, TerritoryError, UnitError
from copkit.models import plans
from copkit.models.budgets import budget_to_reduction
from copkit.models.comparison import compare
from copkit.models.conventions import check_conventions
from copkit.models.levers import FOREST
from copkit.models.panorama import LATEST, panorama, total
from copkit.models.scenario import simulate
from copkit.reference import parameters, tables

SECTORS = ["industrie", "transport", "residentiel", "tertiaire", "agriculture_foret_sols", "dechets", "energie"]


def frame(values, by="sector", **columns):
    return pd.DataFrame({by: list(values), "target_ktco2e": list(values.values()), **columns})


@pytest.fixture(scope="module")
def t6():
    return compare("reg-32", "sgpe", "sraddet")


# ------------------------------------------------------------------ sectors


@pytest.mark.cases("comparaison_sraddet", "secteurs")
def test_sector_of_t6_is_reproduced_to_the_printed_decimal(t6, case):
    row = t6.table.set_index("sector").loc[case["nom"]]
    assert round(row.kt_a, 1) == case["sgpe_kt"]
    assert round(row.kt_b, 1) == case["sraddet_kt"]
    assert round(row.share_a, 2) == case["sgpe_part"]
    assert round(row.share_b, 2) == case["sraddet_part"]
    assert row.share_a_printed == case["sgpe_imprime"]
    assert row.share_b_printed == case["sraddet_imprime"]
    assert row.difference_kt == pytest.approx(case["ecart"], abs=1e-9)
    assert (row.status_a, row.status_b) == ("derive", "derive")
    assert row.source_b == "feuille_de_route_hauts_de_france_2025"


def test_t6_is_compensated_and_its_totals_are_the_printed_ones(t6, cases):
    expected = cases("comparaison_sraddet")["total"]
    assert (round(t6.deficit, 6), round(t6.surplus, 6), round(t6.net, 6)) == (2671, 5648, 2977)
    assert [expected[k] for k in ("deficit", "surplus", "net")] == [2671, 5648, 2977]
    assert round(t6.table.kt_a.sum(), 1) == expected["sgpe_kt"]
    assert round(t6.table.kt_b.sum(), 1) == expected["sraddet_kt"]
    assert round(t6.table.share_a_printed.sum(), 2) == expected["sgpe_imprime"]
    assert round(t6.table.share_b_printed.sum(), 2) == expected["sraddet_imprime"]
    assert t6.verdict == "compensé"
    assert t6.below == ["agriculture_foret_sols", "transport", "tertiaire", "dechets"]
    assert t6.above == ["residentiel", "energie", "industrie"]
    assert t6.missing == []


def test_t6_columns_come_in_the_order_that_the_command_line_prints(t6):
    expected = ["sector", "label", "share_a", "share_b", "kt_a", "kt_b", "difference_kt"]
    assert t6.table.columns[:7].to_list() == expected
    assert t6.table.sector.to_list() == SECTORS


def test_sentence_says_deficit_surplus_net_and_verdict(t6, says):
    says(t6.sentence, "Hauts-de-France, hors forêt", "le SRADDET demande 2\u202f671 ktCO2e/an de moins (Agriculture")
    says(
        t6.sentence,
        "et 5\u202f648 de plus (Résidentiel",
        "Au total, 2\u202f977 ktCO2e/an de plus : l'effort moindre est compensé.",
    )


def test_inconsistencies_of_the_source_are_said_and_not_mended(t6, says):
    said = " ".join(t6.cautions)
    says(said, "Parts imprimées (la proposition du SGPE) : somme 100,06\u202f%", "Industrie : autres périmètres")
    says(said, "Résidentiel 10,50\u202f% au lieu de 10,45\u202f%.")
    assert len(t6.printed) == 1 and "Industrie" not in t6.printed[0]  # no further than a rounding
    says(said, "44 %", "35 %", "7\u202f800 ktCO2e/an", "hors grands sites")
    says(
        said,
        "Le SRADDET ne dit pas sa convention de comptage ; la proposition du SGPE dit la sienne, « planification » : ",
        "Le SRADDET est calculé",
    )


def test_the_reverse_comparison_is_the_mirror(t6):
    back = compare("reg-32", "sraddet", "sgpe")
    assert back.deficit == pytest.approx(t6.surplus)
    assert back.surplus == pytest.approx(t6.deficit)
    assert back.verdict == "non compensé de 2\u202f977 kt"
    assert back.below == t6.above


def test_the_shipped_plan_is_published_and_names_its_unit_source_and_convention():
    rows = tables.read("plans.csv")
    assert set(rows.status) == {"publie"}
    assert set(rows.source) <= set(parameters.sources())
    assert set(rows.unit[rows.measure == "share"]) == {"%"}
    assert set(rows.unit[rows.measure == "difference"]) == {"ktCO2e/an"}
    assert set(rows.reference[rows.measure == "difference"]) == {LATEST}
    assert plans.known("reg-32") == ["sgpe", "sraddet"]
    assert plans.known("reg-84") == ["sgpe"]


def test_the_printed_figures_are_those_of_the_facts(facts):
    names = {"Agriculture, forêt, sols": "agriculture_foret_sols", "Energie": "energie", "Résidentiel": "residentiel"}
    names |= {"Industrie": "industrie", "Transport": "transport", "Tertiaire": "tertiaire", "Déchets": "dechets"}
    source = facts("published_figures.csv")
    shipped = tables.read("plans.csv").query("plan == 'sraddet'").set_index(["measure", "sector"]).value
    for prefix, measure in (("PART effort SRADDET | ", "share"), ("ECART SRADDET - SGPE | ", "difference")):
        rows = source[source.lever_or_indicator.str.startswith(prefix)]
        assert len(rows) == 7
        for row in rows.itertuples():
            assert shipped[measure, names[row.lever_or_indicator.removeprefix(prefix)]] == float(row.value)


# ------------------------------------------------------------------ verdict, forest, levels


@pytest.mark.cases("comparaison_sraddet", "verdicts")
def test_verdict_on_each_side_of_zero(case):
    c = compare("reg-32", frame(case["a"]), frame(case["b"]))
    assert c.deficit == pytest.approx(case["deficit"], abs=1e-9)
    assert c.surplus == pytest.approx(case["surplus"], abs=1e-9)
    assert c.verdict == case["verdict"]
    assert c.net == pytest.approx(case["surplus"] - case["deficit"], abs=1e-9)


@given(st.lists(st.tuples(st.floats(0, 1e4), st.floats(0, 1e4)), min_size=7, max_size=7))
def test_net_is_the_difference_of_the_totals_and_every_row_has_one_side(pairs):
    a, b = (dict(zip(SECTORS, [pair[side] for pair in pairs], strict=True)) for side in (0, 1))
    c = compare("reg-32", frame(a), frame(b))
    assert c.net == pytest.approx(sum(b.values()) - sum(a.values()), abs=1e-6)
    assert c.deficit >= 0 and c.surplus >= 0
    assert not set(c.below) & set(c.above)
    assert (c.verdict == "compensé") == (c.net >= -1e-9 * max(1, sum(a.values())))


def test_a_plan_compared_to_itself_asks_the_same(says):
    c = compare("reg-32", "sgpe", "sgpe", by="lever")
    assert (c.deficit, c.surplus, c.below, c.above, c.verdict) == (0, 0, [], [], "compensé")
    says(c.sentence, "demande le même effort que la proposition du SGPE")


@pytest.mark.parametrize("by", ["sector", "lever", "chantier"])
def test_forest_is_in_no_table_and_totals_are_without_it(by):
    p = panorama("reg-32")
    c = compare("reg-32", "sgpe", simulate(p, {"haies": 50}), by=by)
    assert FOREST not in set(c.table[by])
    assert c.table.kt_a.sum() == pytest.approx(total(p, forest=False), rel=1e-12)
    assert c.table.share_a.sum() == pytest.approx(100)
    assert c.deficit == pytest.approx(float(p.target.sel(lever="haies")) - 50)
    assert c.verdict.startswith("non compensé de 63")


def test_scenario_marks_what_it_changes_as_an_assumption():
    justified = {"haies": {"texte": "trop peu de bocage", "source": "inventaire local"}}
    s = simulate(panorama("reg-32"), {"haies": 50}, justifications=justified)
    rows = compare("reg-32", "sgpe", s, by="lever").table.set_index("lever")
    assert rows.status_b["haies"] == "hypothese" and rows.source_b["haies"] == "inventaire local"
    assert rows.status_b["prairies"] == "publie" and rows.status_a["haies"] == "publie"
    assert compare("reg-32", "sgpe", s).table.set_index("sector").status_b["agriculture_foret_sols"] == "hypothese"


def test_scenario_of_another_data_version_is_said(says):
    s = simulate(panorama("reg-32"), {"haies": 50}).assign_attrs(version="essai-2030")
    says(" ".join(compare("reg-32", "sgpe", s).cautions), "version « essai-2030 » des données, comparée à « sgpe-2024")


def test_table_of_levers_is_summed_by_sector_and_what_it_lacks_is_unknown(says):
    p = panorama("reg-32")
    table = pd.DataFrame({"lever": p.lever.values, "target_ktco2e": p.target.values})
    same = compare("reg-32", "sgpe", table)
    assert same.net == pytest.approx(0, abs=1e-9)
    short = compare("reg-32", "sgpe", table[table.lever != "haies"])
    assert short.missing == ["agriculture_foret_sols"]
    assert np.isnan(short.table.set_index("sector").kt_b["agriculture_foret_sols"])
    assert short.net == pytest.approx(0, abs=1e-9)
    says(" ".join(short.cautions), "Le second plan : « n.d. » pour Agriculture, forêt, sols")


def test_plan_without_a_common_row_says_so(says):
    table = frame({"biodiversite_ressources": 1})
    c = compare("reg-32", "sgpe", table)
    says(c.sentence, "aucun secteur n'est connu des deux plans")


def test_unknown_lever_of_a_departement_stays_unknown(damaged):
    damaged.remove("data/clean/allocation.csv", "emissions_industrie,dep-73,")
    c = compare("dep-38", "sgpe", "sgpe", by="lever")
    assert c.missing == ["production_industrielle"]


def test_plan_loaded_by_the_analyst_has_its_name_and_its_targets(damaged):
    for sector in SECTORS:
        line = f"pcaet,dep-59,{sector},target,10,ktCO2e/an,2019,2030,,pcaet,hypothese,insee_cog_2026,"
        damaged.append("data/clean/plans.csv", line)
    assert plans.known("dep-59") == ["sgpe", "pcaet"]
    c = compare("dep-59", "pcaet", "pcaet")
    assert c.table.kt_b.to_list() == [10] * 7
    assert c.conventions == ("pcaet", "pcaet")
    with pytest.raises(UnitError):
        compare("dep-59", "sgpe", "pcaet")


# ------------------------------------------------------------------ conventions


def test_two_conventions_are_not_subtracted_unless_asked(says):
    table = frame(dict.fromkeys(SECTORS, 10.0), convention="pcaet")
    with pytest.raises(UnitError) as refused:
        compare("reg-32", "sgpe", table)
    says(refused.value, "Conventions de comptage différentes : « scope_1_2 »", "« pcaet » (format PCAET")
    says(refused.value, "allow_mixed_conventions=True")
    c = compare("reg-32", "sgpe", table, allow_mixed_conventions=True)
    assert c.conventions == ("scope_1_2", "pcaet")
    says(c.cautions[0], "comparées à la demande de l'utilisateur", "« scope_1_2 »", "« pcaet »")


def test_same_convention_needs_no_caution_and_an_unknown_one_is_said(says):
    assert check_conventions("pcaet", "pcaet") == []
    assert check_conventions("non_precisee", "non_precisee") == []
    says(
        check_conventions("non_precisee", "pcaet")[0],
        "ne dit pas sa convention",
        "l'autre dit la sienne, « format PCAET » : ",
    )


# ------------------------------------------------------------------ refusals


def test_plan_known_by_sector_only_is_not_cut_finer(says):
    for by, noun in (("lever", "levier"), ("chantier", "thématique")):
        with pytest.raises(LeverError) as refused:
            compare("reg-32", "sgpe", "sraddet", by=by)
        says(refused.value, "le SRADDET n'est connu que par secteur", f"par {noun}", 'Écrire by="sector"')


def test_unknown_plan_is_refused_with_those_known_there(says):
    with pytest.raises(LeverError) as refused:
        compare("reg-84", "sgpe", "sraddet")
    says(refused.value, "Plan inconnu pour Auvergne-Rhône-Alpes (« reg-84 ») : « sraddet ».")
    says(refused.value, "Il est connu pour « reg-32 » (Hauts-de-France).", "Plans connus ici : sgpe.")
    with pytest.raises(LeverError) as refused:
        compare("reg-32", "sgpe", "sradet")
    says(refused.value, "Vouliez-vous dire « sraddet » ?", "Plans connus ici : sgpe, sraddet.")


def test_unknown_cut_is_refused(says):
    with pytest.raises(LeverError) as refused:
        compare("reg-32", "sgpe", "sraddet", by="secteur")
    says(refused.value, "Découpage inconnu : « secteur ». Vouliez-vous dire « sector » ?", "sector, lever, chantier")


def test_scenario_of_another_territory_is_refused(says):
    with pytest.raises(TerritoryError) as refused:
        compare("reg-32", "sgpe", panorama("dep-59"))
    says(
        refused.value,
        "Le second plan est celui de « dep-59 », la comparaison porte sur « reg-32 ».",
        'compare("dep-59"',
    )


@pytest.mark.cases("comparaison_sraddet", "tables")
def test_damaged_table_says_all_its_faults(says, case):
    with pytest.raises(DataError) as refused:
        compare("reg-32", "sgpe", pd.DataFrame(case["lignes"]))
    says(refused.value, *case["message"])


def test_what_is_not_a_plan_is_refused(says):
    with pytest.raises(DataError) as refused:
        compare("reg-32", "sgpe", 12)
    says(refused.value, "Table du second plan : colonnes attendues")


def test_panorama_of_a_plan_known_by_sector_sends_to_the_comparison(says):
    with pytest.raises(LeverError) as refused:
        panorama("reg-32", reference="sraddet")
    says(refused.value, "Le plan « sraddet » n'est connu que par secteur", 'compare("reg-32", "sgpe", "sraddet")')
    with pytest.raises(LeverError) as refused:
        panorama("reg-32", reference="snbc")  # only mentioned: not a plan
    says(refused.value, "Plan de référence inconnu : « snbc ».")


def test_plan_with_two_conventions_in_the_file_is_refused(damaged, says):
    line = "sraddet,reg-32,batiment,difference,1,ktCO2e/an,2019,2030,sgpe-2024-10,pcaet,publie,insee_cog_2026,"
    damaged.append("data/clean/plans.csv", line)
    with pytest.raises(DataError) as refused:
        compare("reg-32", "sgpe", "sraddet")
    says(refused.value, "plan « sraddet » de « reg-32 » : conventions non_precisee et pcaet", "une seule convention")


def test_damaged_plans_are_refused_with_line_and_column(damaged, says):
    damaged.replace("data/clean/plans.csv", "sraddet,reg-32,transport,share,19.00", "sraddet,reg-32,transpor,part,x")
    with pytest.raises(DataError) as refused:
        tables.read("plans.csv")
    says(refused.value, "data/clean/plans.csv : 3 problèmes", "colonne sector : valeur « transpor » inconnue.")
    says(refused.value, "colonne measure : valeur « part » inconnue.", "colonne value : nombre attendu, trouvé « x ».")


# ------------------------------------------------------------------ carbon budgets


@pytest.mark.cases("comparaison_sraddet", "budgets")
def test_budgets_become_a_reduction_with_its_method(says, case):
    r = budget_to_reduction(case["budgets"])
    assert r.kt == pytest.approx(case["kt"])
    assert r.percent == pytest.approx(case["part"], abs=1e-4)
    says(r.method.replace("\u202f", " "), *case["methode"])
    says(r.sentence, "De 2019 à 2030", r.method)
    assert r.status == ("publie" if {2019, 2030} <= set(case["budgets"]) else "derive")


@pytest.mark.cases("comparaison_sraddet", "refus_budgets")
def test_budgets_that_do_not_reach_are_refused_with_what_is_missing(says, case):
    with pytest.raises(DataError) as refused:
        budget_to_reduction(case["budgets"])
    says(refused.value, *case["message"])


def test_budgets_in_another_unit_give_the_same_reduction(says):
    mt = budget_to_reduction({2019: 50.0, 2030: 30.0})
    assert budget_to_reduction({2019: 50e3, 2030: 30e3}, unit="ktCO2e").kt == mt.kt
    assert budget_to_reduction({np.int64(2019): np.float64(50), 2030: 30}).kt == mt.kt
    with pytest.raises(UnitError) as refused:
        budget_to_reduction({2019: 50, 2030: 30}, unit="MtCO2")
    says(refused.value, "Unité inconnue : « MtCO2 ». Vouliez-vous dire « MtCO2e » ?", "MtCO2e, ktCO2e, tCO2e")


def test_years_in_the_wrong_order_are_refused(says):
    with pytest.raises(DataError) as refused:
        budget_to_reduction({2019: 50, 2030: 30}, 2030, 2019)
    says(refused.value, "Années inversées : départ 2030, arrivée 2019.", "Écrire une arrivée après le départ.")


def test_share_of_a_zero_baseline_is_unknown():
    assert np.isnan(budget_to_reduction({2019: 0, 2030: 0}).percent)


@given(st.dictionaries(st.integers(1990, 2050), st.floats(0, 500), min_size=2, max_size=8))
def test_interpolation_stays_between_its_neighbours(budgets):
    budgets = {**budgets, 1990: 100.0, 2050: 0.0}
    r = budget_to_reduction(budgets)
    low, high = 1000 * min(budgets.values()), 1000 * max(budgets.values())
    assert low - 1e-6 <= r.baseline <= high + 1e-6 and low - 1e-6 <= r.target <= high + 1e-6
    assert r.kt == pytest.approx(r.baseline - r.target)


def test_two_versions_of_the_panorama_are_compared_lever_by_lever(damaged):
    """A later version of the data, invented here, against the one in the kit."""
    lines = damaged.read("data/clean/panorama.csv").splitlines()[1:]
    later = [line.replace("sgpe-2024-10", "sgpe-essai", 1) for line in lines]
    changed = [line.replace("reg-32,haies,113.4236", "reg-32,haies,213.4236") for line in later]
    damaged.append("data/clean/panorama.csv", "\n".join(changed))
    old, new = panorama("reg-32"), panorama("reg-32", version="sgpe-essai")
    assert (old.attrs["version"], new.attrs["version"]) == ("sgpe-2024-10", "sgpe-essai")
    found = compare("reg-32", old, new, by="lever")
    assert found.above == ["haies"] and found.below == []
    assert found.net == pytest.approx(100, rel=1e-9)
    with pytest.raises(LeverError, match=r"Version inconnue : « sgpe-2030 »"):
        panorama("reg-32", version="sgpe-2030")


def test_a_comparison_that_is_modified_changes_nothing_for_the_next_reader():
    found, expected = compare("reg-32", "sgpe", "sraddet"), compare("reg-32", "sgpe", "sraddet")
    found.table.loc[:, "kt_a"] = 0.0
    found.cautions.append("?")
    again = compare("reg-32", "sgpe", "sraddet")
    pd.testing.assert_frame_equal(again.table, expected.table)
    assert again.cautions == expected.cautions


def test_budgets_are_read_in_each_unit_and_said_with_one_decimal(says):
    for unit, times in (("tCO2e", 1e6), ("ktCO2e", 1e3), ("MtCO2e", 1)):
        found = budget_to_reduction({2019: 3 * times, 2030: 2 * times}, unit=unit)
        assert found.kt == pytest.approx(1000)
        says(found.sentence, f"({french.percent(100 / 3, 1)} de 2019)")
