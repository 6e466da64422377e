"""Compensation: each policy by hand, both sides of each bound, never a bound broken, never an order that matters."""

import math
from functools import lru_cache

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from copkit.errors import SimulationError
from copkit.models.compensation import POLICIES, Compensation, compensate
from copkit.models.gaps import shortfall, unjustified
from copkit.models.levers import FOREST
from copkit.models.limits import limits
from copkit.models.panorama import panorama
from copkit.models.scenario import simulate
from copkit.models.scenario_file import from_json, to_json

known_panorama = lru_cache(maxsize=None)(panorama)
CODES = ("reg-32", "reg-94", "dep-59", "dep-48", "dep-971")
HERD = 321.7935  # reference of « élevage durable » in Hauts-de-France, in tests/cases


def lacking(p, kt):
    """A scenario that lacks ``kt`` on one lever of Hauts-de-France."""
    return simulate(p, {"elevage_durable": HERD - kt})


@st.composite
def problems(draw):
    """A scenario with what is to be compensated, by whom, how and at what cost."""
    p = known_panorama(draw(st.sampled_from(CODES)))
    known = {lever: limit for lever, limit in limits(p).items() if not limit.closed}
    parts = draw(st.lists(st.tuples(st.sampled_from(sorted(known)), st.floats(0, 1.1)), unique_by=lambda x: x[0]))
    s = simulate(p, {lever: min(known[lever].kt_max, part * known[lever].target) for lever, part in parts})
    using = draw(st.lists(st.sampled_from(sorted(known)), unique=True, min_size=1, max_size=8))
    prices = st.one_of(st.sampled_from([0, 50, 50 + 1e-9, 80]), st.floats(-500, 5000))
    costs = {lever: draw(prices) for lever in using}
    gap = draw(st.one_of(st.none(), st.floats(0, 3000)))
    return s, using, draw(st.sampled_from(list(POLICIES))), costs, gap


@pytest.mark.cases("compensation", "repartitions")
def test_worked_compensation(panoramas, case):
    s = lacking(panoramas["reg-32"], case["manque"])
    found = compensate(s, case["demande"], case["regle"], costs=case.get("couts"))
    asks, missing = found.asks.set_index("lever"), case.get("reste", 0)
    assert asks.kt_more.to_dict() == pytest.approx(case["demande"], abs=1e-6)
    assert found.gap == pytest.approx(case["manque"])
    assert found.missing == pytest.approx(missing, abs=1e-6) and found.feasible is (missing == 0)
    assert found.closed == pytest.approx(case["manque"] - missing, abs=1e-6)
    assert set(asks.index[asks.binding]) == set(case.get("bornes", []))
    assert len(found.binding) == len(case.get("bornes", []))
    if "cout" in case:
        assert asks.cost.sum() == pytest.approx(case["cout"])
    after = shortfall(found.scenario)
    assert after.net.to_list() == pytest.approx([missing] * 2, abs=1e-6)


@pytest.mark.cases("compensation", "refus")
def test_impossible_request_is_refused_with_what_to_give(panoramas, says, case):
    s = lacking(panoramas["reg-32"], 100)
    with pytest.raises(SimulationError) as refused:
        compensate(s, case["leviers"], case.get("regle", "effort_egal"), case.get("couts"), case.get("manque"))
    says(refused.value, "Compensation de reg-32 (Hauts-de-France) :", *case["dit"])


def test_panorama_alone_is_refused(panoramas, says):
    with pytest.raises(SimulationError) as refused:
        compensate(panoramas["reg-32"], ["haies"])
    says(refused.value, "Scénario attendu.")


def test_levers_that_are_no_list_are_refused(panoramas, says):
    for using in (None, 3):
        with pytest.raises(SimulationError) as refused:
            compensate(lacking(panoramas["reg-32"], 1), using)
        says(refused.value, f"using : liste de leviers attendue, trouvé « {using} ».")


def test_lever_of_unknown_target_is_refused_and_said(damaged, says):
    damaged.remove("data/clean/allocation.csv", "emissions_industrie,dep-73,")
    s = simulate(panorama("dep-38"), {"haies": 0})
    with pytest.raises(SimulationError) as refused:
        compensate(s, ["production_industrielle"])
    says(refused.value, "production_industrielle : objectif inconnu dans ce territoire (n.d.).")
    says(compensate(s, ["prairies"]).sentence, "Manque compté sans 1 levier sans valeur (n.d.).")


def test_solver_that_finds_nothing_is_said(panoramas, says, monkeypatch):
    class Nothing:
        x, message = None, "time limit"

    monkeypatch.setattr("scipy.optimize.linprog", lambda *args, **options: Nothing)
    with pytest.raises(SimulationError) as refused:
        compensate(lacking(panoramas["reg-32"], 1), ["haies"])
    says(refused.value, "Le solveur n'a pas trouvé de répartition (time limit).", "Revoir les leviers choisis.")


@given(problem=problems())
def test_compensation_breaks_no_bound_and_closes_what_it_can(problem):
    s, using, policy, costs, gap = problem
    found = compensate(s, using, policy, costs, gap)
    known, asks = limits(s), found.asks.set_index("lever")
    room = {lever: known[lever].kt_max - float(s.proposed.sel(lever=lever)) for lever in using}
    if policy == "prorata":
        room = {lever: kt if known[lever].target > 0 else 0 for lever, kt in room.items()}
    assert (found.scenario.proposed.values <= [known[lever].kt_max for lever in s.lever.values]).all()
    assert (asks.kt_more >= 0).all()
    assert found.closed == pytest.approx(min(found.gap, sum(room.values())), rel=1e-9, abs=1e-12)
    assert found.feasible == (sum(room.values()) >= found.gap * (1 - 1e-9))
    assert found.closed + found.missing == pytest.approx(found.gap, rel=1e-9)
    assert found.feasible or len(found.binding) == len(using)
    kept = [lever for lever in s.lever.values if lever not in using]
    xr.testing.assert_equal(found.scenario.proposed.sel(lever=kept), s.proposed.sel(lever=kept))
    xr.testing.assert_equal(found.scenario.proposed_quantity.sel(lever=kept), s.proposed_quantity.sel(lever=kept))


@given(problem=problems(), order=st.randoms(use_true_random=False))
def test_order_of_levers_never_matters(problem, order):
    s, using, policy, costs, gap = problem
    mixed = order.sample(using, len(using))
    one, other = (
        compensate(s, using, policy, costs, gap),
        compensate(s, mixed, policy, dict(reversed(costs.items())), gap),
    )
    xr.testing.assert_identical(one.scenario, other.scenario)
    assert one.sentence == other.sentence and one.asks.equals(other.asks)


@given(problem=problems())
def test_feasible_compensation_leaves_no_net_shortfall(problem):
    s, using, policy, costs, _ = problem
    found = compensate(s, using, policy, costs)
    net = float(shortfall(found.scenario).net.iloc[1])
    if found.gap == 0:
        xr.testing.assert_identical(found.scenario, s)
        assert found.feasible and found.sentence.startswith("Rien à compenser")
    else:
        assert net == pytest.approx(found.missing, abs=1e-9 * float(s.target.sum()))
        assert found.sentence.startswith("Compensé" if found.feasible else "Non compensé de")


@given(problem=problems())
def test_compensated_scenario_is_saved_identically(problem):
    found = compensate(*problem)
    xr.testing.assert_identical(from_json(to_json(found.scenario)), found.scenario)


@given(problem=problems())
def test_least_cost_is_that_of_filling_the_cheapest_first(problem):
    s, using, _, costs, gap = problem
    found = compensate(s, using, "moindre_cout", costs, gap)
    left, least, known = found.closed, 0.0, limits(s)
    for lever in sorted(using, key=costs.get):
        taken = min(left, known[lever].kt_max - float(s.proposed.sel(lever=lever)))
        left, least = left - taken, least + taken * costs[lever]
    assert float(found.asks.cost.sum()) == pytest.approx(least, rel=1e-9, abs=1e-9 * (1 + found.gap) * 5000)


@given(problem=problems())
def test_effort_is_even_among_the_levers_that_no_bound_stops(problem):
    s, using, policy, _, gap = problem
    if policy == "moindre_cout":
        return
    asks = compensate(s, using, policy, None, gap).asks
    weight = asks.target if policy == "prorata" else asks.target * 0 + 1
    free = asks[~asks.binding & (weight > 0)]
    if len(free):
        effort = free.kt_more / weight[free.index]
        assert np.allclose(effort, effort.iloc[0], rtol=1e-9, atol=1e-12)
        stopped = asks[asks.binding & (weight > 0)]
        assert (stopped.kt_more / weight[stopped.index] <= effort.iloc[0] * (1 + 1e-9) + 1e-12).all()


def test_asks_are_said_in_both_units_beside_the_reference(panoramas):
    found = compensate(lacking(panoramas["reg-32"], 258), ["chaudieres_fioul_tertiaire", "haies"])
    assert isinstance(found, Compensation)
    asks = found.asks.set_index("lever")
    fuel, hedges = asks.loc["chaudieres_fioul_tertiaire"], asks.loc["haies"]
    assert (fuel.quantity_before, fuel.quantity_after) == (pytest.approx(0.48990832), 0)
    assert fuel.kt_after == fuel.kt_max and fuel.limit == "pas plus que tout ce qui existe en 2019"
    assert fuel.share == pytest.approx(100 * 705.236842 / 576.3136)
    assert (hedges.kt_before, hedges.target) == (113.4236, 113.4236)
    assert hedges.kt_after == pytest.approx(242.500358)
    assert hedges.quantity_after == pytest.approx(242.500358 * 0.0333)
    assert math.isinf(hedges.kt_max) and math.isnan(hedges.cost)


def test_sentence_tells_who_does_what_or_what_stops_it(panoramas, says):
    p = panoramas["reg-32"]
    done = compensate(lacking(p, 200), ["haies", "prairies"]).sentence
    says(
        done,
        "Compensé : 200,0 ktCO2e/an repris par Gestion des haies +100,0 ktCO2e/an (soit 7,11 milliers de km en 2030)",
    )
    says(done, "règle : le même effort en ktCO2e/an pour chacun.")
    found = compensate(lacking(p, 262), ["chaudieres_fioul_tertiaire", "sobriete_fonciere"])
    says(found.sentence, "Non compensé de 0,6 ktCO2e/an sur 262,0", *found.binding)
    says(
        found.binding[0],
        "705,2 ktCO2e/an, soit 0 TWh par an, borne atteinte (pas plus que tout ce qui existe en 2019)",
    )


def test_lever_without_reference_has_no_share_in_a_prorata(damaged, says):
    damaged.replace("parameters/keys.csv", "0.86 emissions_chaleur + 0.14 reseaux_chaleur", "emissions_chaleur")
    p = panorama("dep-48")
    empty = "reseaux_chaleur_decarbones"  # no urban boiler house is declared in this département
    found = compensate(simulate(p, {"haies": 0}), [empty], "prorata")
    assert not found.feasible and found.closed == 0
    says(found.sentence, "aucun levier choisi n'a de marge", "ce territoire n'a aucune part de ce levier")
    beside = compensate(simulate(p, {"haies": 0}), [empty, "prairies"])
    assert beside.feasible and beside.asks.set_index("lever").kt_more[empty] == 0


def test_compensation_awaits_its_source(panoramas):
    texts = {"prairies": {"texte": "Programme régional", "source": "Conseil régional"}}
    s = simulate(panoramas["reg-32"], {"elevage_durable": 300}, justifications=texts)
    found = compensate(s, ["haies", "prairies"]).scenario
    assert unjustified(found) == ["elevage_durable", "haies"]
    assert found.justification.sel(lever="haies").item().startswith("Compense un manque de 21,8 ktCO2e/an")
    assert found.justification.sel(lever="prairies").item() == "Programme régional"


def test_one_lever_may_be_given_as_a_word(panoramas):
    assert compensate(lacking(panoramas["reg-32"], 10), "haies").asks.kt_more.to_list() == pytest.approx([10])


def test_forest_counts_in_no_default_gap(panoramas):
    s = lacking(panoramas["reg-32"], 10)
    assert compensate(s, ["haies"]).gap == pytest.approx(float(shortfall(s).net.iloc[1]))
    assert FOREST in s.lever.values
