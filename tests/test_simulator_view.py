"""The page and the view: every figure is the library's, refusals say the bound, surfaces of tiles add up."""

import copy
import json
import math
from functools import lru_cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copkit import french
from copkit.errors import SimulationError
from copkit.models import dynamics, interactions, levers, official
from copkit.models.comparison import compare
from copkit.models.compensation import compensate
from copkit.models.conversion import convert
from copkit.models.gaps import gap_sentence, shortfall, unjustified
from copkit.models.limits import limits
from copkit.models.panorama import LATEST, panorama, total
from copkit.models.scenario import settle, simulate
from copkit.models.uncertainty import uncertainty
from copkit.presentation import marimekko
from copkit.reference import parameters, territories
from copkit.simulator import actions, links, tiles
from copkit.simulator.ground import ground
from copkit.simulator.page import page
from copkit.simulator.state import Entry, Filter, State, scenario_of
from copkit.simulator.view import view

REGIONS = territories.territories("region").code.to_list()
CODES = ("reg-32", "reg-11", "reg-94", "reg-04", "dep-59", "dep-48", "dep-971")
known_page = lru_cache(maxsize=None)(page)


def near(value, expected):
    """The same figure: unknown with unknown, else equal but for the order of a sum."""
    if expected is None or math.isnan(expected):
        return value is None
    return value == pytest.approx(expected, rel=1e-12, abs=1e-9)


def seen(code, levers=None, **parts):
    return view(known_page(code), State(territory=code, levers=levers or {}, **parts))


def picture(code, levers=None, **parts):
    """The rows of the picture of a panorama."""
    here, state = ground(code, LATEST), State(territory=code, levers=levers or {}, **parts)
    return tiles.rows(here, settle(here.limits, state.levers), state)


@st.composite
def states(draw):
    """An accepted state: levers moved in either unit within their bounds, some partly done."""
    code, out = draw(st.sampled_from(CODES)), {}
    here = ground(code, LATEST).limits
    open_levers = sorted(v for v, limit in here.items() if not limit.closed and limit.target > 0)
    for lever in draw(st.lists(st.sampled_from(open_levers), unique=True, max_size=6)):
        limit = here[lever]
        top = min(limit.kt_max, 2 * limit.target)
        done = draw(st.sampled_from([0.0, 0.3])) * min(top, limit.target)
        kt = min(top, done + draw(st.floats(0, 1)) * (top - done))
        entry = {"value": kt, "unit": "ktco2e", "done": done}
        quantity = limit.quantity_of(kt)
        if draw(st.booleans()) and not limit.refusal(quantity, "quantity", done) and not math.isnan(quantity):
            entry |= {"value": quantity, "unit": "quantity"}
        justified = draw(st.booleans())
        out[lever] = Entry(**entry, why="texte" if justified else "", source="étude" if justified else "")
    return State(territory=code, levers=out, forest=draw(st.booleans()))


# ------------------------------------------------------------------ figures of the library


@pytest.mark.long
@pytest.mark.cases("totaux_regionaux", "regions")
def test_totals_are_the_published_ones(case):
    totals = seen(case["code"])["totals"]
    assert totals["with_forest"]["proposed"] == pytest.approx(case["total"], abs=0.05)
    assert totals["without_forest"]["proposed"] == pytest.approx(case["sans_foret"], abs=0.05)


@pytest.mark.parametrize("code", REGIONS)
def test_a_region_opens_at_its_panorama(code):
    p, found = panorama(code), seen(code)
    assert found["warnings"] == []
    for lever, target, quantity in zip(p.lever.values, p.target.values, p.quantity.values, strict=True):
        one = found["levers"][lever]
        assert near(one["kt"], target) and near(one["quantity"], quantity) and not one["changed"]
    for name, forest in (("with_forest", True), ("without_forest", False)):
        assert near(found["totals"][name]["reference"], total(p, forest=forest))
        assert found["totals"][name]["net"] == 0
    assert found["gauge"]["status"] == "met"
    json.dumps([known_page(code), found], allow_nan=False)


@given(states())
def test_every_figure_of_a_view_is_the_library_s(state):
    found, s = view(known_page(state.territory), state), scenario_of(state)
    assert all(not one["error"] and not one["done_error"] for one in found["levers"].values())
    for lever, one in found["levers"].items():
        at = s.sel(lever=lever)
        assert near(one["kt"], float(at.proposed)) and near(one["quantity"], float(at.proposed_quantity))
        assert one["done_kt"] == float(at.done)
    waiting = [v for v, one in found["levers"].items() if one["changed"] and not one["justified"]]
    assert sorted(waiting) == sorted(unjustified(s))
    whole = shortfall(s)
    for row, name in zip(whole.itertuples(), ("with_forest", "without_forest"), strict=True):
        mine = found["totals"][name]
        assert near(mine["deficit"], row.deficit) and near(mine["surplus"], row.surplus) and near(mine["net"], row.net)
        assert mine["missing"] == row.missing
    convention = "avec forêt" if state.forest else "sans forêt"
    table = shortfall(s, by="sector")
    table = table[table.convention == convention].set_index("group")
    assert {row["id"] for row in found["gauge"]["by_sector"]} == set(table.index)
    for row in found["gauge"]["by_sector"]:
        assert near(row["deficit"], table.deficit[row["id"]]) and near(row["surplus"], table.surplus[row["id"]])
    if not state.forest:
        assert found["gauge"]["sentence"] == french.typeset(gap_sentence(s))
    joint = interactions.interactions(s).set_index("group")
    joint = joint[joint.overlap.notna() & (joint.overlap > 0)]
    assert {row["group"] for row in found["overlaps"]} == set(joint.index)
    for row in found["overlaps"]:
        assert near(row["joint"], joint.joint[row["group"]]) and near(row["overlap"], joint.overlap[row["group"]])
        assert row["sentence"] == french.typeset(joint.sentence[row["group"]])


def test_the_published_vectors_convert_as_the_page_shows_them(facts):
    """The page is exact; shown as the official simulator does, its figures are the official ones."""
    ids = {lever.nomenclatures.simulateur: lever.id for lever in parameters.levers().values()}
    shown, refused = 0, []
    for row in facts("simulator_vectors.csv").itertuples():
        lever, to_quantity = ids[row.sgpe_id], row.direction == "co2_to_phys"
        limit = ground(f"reg-{row.region_code.zfill(2)}", LATEST).limits[lever]
        counted = float(row.completed_ktco2e) if limit.start else 0.0
        given = float(row.input) + counted * to_quantity
        one = settle({lever: limit}, {lever: Entry(value=given, unit="ktco2e" if to_quantity else "quantity")})[lever]
        if one.error:
            refused.append(one.error)
            continue
        there = official.js_round(one.quantity * 10) / 10 if to_quantity else official.js_round(one.kt - counted)
        assert there == float(row.expected), row
        shown += 1
    assert (shown, len(refused)) == (1076, 244)  # refused here, clamped there
    assert all("au-delà de la borne" in said or "les émissions augmenteraient" in said for said in refused)


@pytest.mark.parametrize("code", ["reg-32", "reg-02", "dep-59", "dep-2A"])
def test_each_lever_of_the_page_says_its_figures_as_the_library_does(code):
    p, here = panorama(code), known_page(code)
    assert [one["order"] for one in here["levers"]] == list(range(1, len(p.lever) + 1))
    bounds, closed = limits(p), levers.closed(p)
    for one in here["levers"]:
        limit, at = bounds[one["id"]], p.sel(lever=one["id"])
        assert near(one["target"], float(at.target)) and near(one["start"], float(at.baseline))
        assert near(one["limit"]["quantity"], float(at.quantity)) and near(
            one["limit"]["kt_max"], min(limit.kt_max, 1e300) if math.isfinite(limit.kt_max) else math.nan
        )
        assert bool(one["closed"]) == (one["id"] in closed)
        assert one["label"] and one["status_label"] in ("publié", "dérivé", "hypothèse")
        if one["closed"] or math.isnan(limit.target):
            continue
        there = convert(p, one["id"], kt=limit.target)
        assert len(one["why"]["kt"]["limits"]) == len(there.limits)
        if one["translated"]:
            why, back = one["why"]["quantity"], convert(p, one["id"], quantity=limit.quantity)
            assert why["coefficient"] == there.coefficient and why["coarse"] == there.coarse
            assert plain(why["formula"]) == plain(there.formula) and plain(one["why"]["kt"]["formula"]) == plain(
                back.formula
            )
            assert why["derived_quantity"] == there.quantity_derived


def plain(text):
    return text.replace("₂", "2").replace("’", "'").replace("\u00a0", " ").replace("\u202f", " ")


def test_the_page_of_a_departement_says_its_keys():
    haies = next(one for one in known_page("dep-59")["levers"] if one["id"] == "haies")
    assert haies["grade"] in "ABC" and haies["key_label"]
    assert "notées A (3 % de l'effort au plus dans la mauvaise région)" in plain(
        known_page("dep-59")["texts"]["departement"]
    )
    assert known_page("reg-32")["texts"]["departement"] == ""


def test_the_page_offers_every_territory_and_keeps_its_own_copy():
    first = page("reg-32")
    assert len(first["territories"]) == 119
    first["levers"].clear()
    assert len(page("reg-32")["levers"]) == 30


def test_observed_points_are_those_of_the_dynamics():
    table = dynamics.dynamics("reg-32").set_index("lever")
    for one in known_page("reg-32")["levers"]:
        row = table.loc[one["id"]]
        if not row.indicator:
            assert one["observed"] is None
            continue
        last = one["observed"]["points"][-1]
        assert last == [row.last_year, pytest.approx(row["last"], rel=1e-12)]
        assert near(one["observed"]["pace"], row.pace) and near(one["observed"]["needed"], row.needed)


# ------------------------------------------------------------------ refusals


@pytest.mark.cases("simulateur", "refus")
def test_a_refused_value_says_its_bound_and_leaves_the_last_one_that_held(case):
    lever, code = case["levier"], case["territoire"]
    first = seen(code, {lever: Entry(**case["avant"])} if "avant" in case else {})
    state = State(territory=code, levers={lever: Entry(**case["saisie"])})
    found = view(known_page(code), state, first)
    one, before = found["levers"][lever], first["levers"][lever]
    said = plain(one["error"] or one["done_error"])
    for words in case["message"]:
        assert words in said, said
    assert one["kt"] == before["kt"] and one["quantity"] == before["quantity"]
    again = view(known_page(code), state, found)
    assert again["levers"] == found["levers"]
    shared = view(known_page(code), State.model_validate(found["state"]))
    assert shared["levers"][lever]["kt"] == one["kt"] and not shared["levers"][lever]["error"]


def test_a_value_refused_on_another_territory_falls_back_on_the_reference():
    first = seen("reg-11", {"haies": Entry(value=50.0)})
    found = view(known_page("reg-32"), State(levers={"haies": Entry(value=-1.0)}), first)
    assert found["levers"]["haies"]["kt"] == 113.4236


def test_a_surplus_of_what_is_done_hides_no_deficit():
    """VE : 100 kt faits de trop ; haies : 50 kt de moins. Le manque reste 50."""
    s = seen("reg-32", {"covoiturage": Entry(done=366.7958), "haies": Entry(value=63.4236)})
    without = s["totals"]["without_forest"]
    assert without["deficit"] == pytest.approx(50) and without["surplus"] == pytest.approx(100)
    assert s["levers"]["covoiturage"]["remaining_kt"] == 0
    assert s["gauge"]["status"] == "compensated"
    said = "Il manque 50,0 ktCO2e/an sur 1 levier, hors forêt ; 100,0 en plus sur 1 levier : compensé."
    assert plain(s["gauge"]["sentence"]) == said
    alone = seen("reg-32", {"haies": Entry(value=63.4236)})["gauge"]
    assert alone["status"] == "missing" and plain(alone["sentence"]) == (
        "Il manque 50,0 ktCO2e/an sur 1 levier, hors forêt : non compensé."
    )


def test_levers_of_another_territory_are_said_and_left():
    found = seen("reg-32", {"inconnu": Entry(value=3.0)})
    assert "Levier « inconnu » : absent de ce territoire" in plain(found["warnings"][0])
    assert found["state"]["levers"] == {}


# ------------------------------------------------------------------ plans, scenarios, actions


def test_the_sraddet_measures_by_sector_and_both_columns_stay():
    found, there = seen("reg-32", reference="sraddet")["gauge"], compare("reg-32", "sraddet", "sgpe")
    table = there.table.set_index("sector")
    for row in found["by_sector"]:
        assert near(row["reference"], table.kt_a[row["id"]]) and near(row["sgpe"], table.kt_b[row["id"]])
    assert found["total"]["deficit"] == pytest.approx(there.deficit) == pytest.approx(5648, abs=1)
    assert found["total"]["surplus"] == pytest.approx(there.surplus) == pytest.approx(2671, abs=1)
    deficit, surplus, net = (french.number(kt) for kt in (there.deficit, there.surplus, -there.net))
    said = f"{deficit} ktCO2e/an sur 3 secteurs, hors forêt, face au SRADDET ; {surplus} en plus sur 4 secteurs"
    said = f"Il manque {said} : non compensé de {net} ktCO2e/an."
    assert found["status"] == "missing" and found["sentence"] == french.typeset(said)


def test_a_compensation_is_the_library_s_and_can_be_accepted():
    state = State(levers={"elevage_durable": Entry(value=221.7935)}, name="Moins", forest=True)
    found = actions.compensate(known_page("reg-32"), state, ["haies", "prairies"], "prorata")
    there = compensate(scenario_of(state), ["haies", "prairies"], "prorata", net=True)
    assert [row["kt_more"] for row in found["asks"]] == there.asks.kt_more.to_list()
    assert [row["quantity_after"] for row in found["asks"]] == there.asks.quantity_after.to_list()
    assert found["feasible"] and plain(found["sentence"]) == plain(there.sentence)
    accepted = State.model_validate(found["state"])
    assert accepted.name == "Moins" and accepted.forest
    after = view(known_page("reg-32"), accepted)
    assert after["gauge"]["status"] == "compensated" and after["levers"]["haies"]["kt"] == there.asks.kt_after[0]


def test_a_compensation_without_levers_is_refused():
    with pytest.raises(SimulationError, match="aucun levier choisi"):
        actions.compensate(known_page("reg-32"), State(), [])


def test_a_probability_is_the_library_s():
    state = State(levers={"haies": Entry(value=150.0)})
    found = actions.probability(known_page("reg-32"), state, draws=500)
    there = uncertainty(scenario_of(state), draws=500, years=[2030], quantiles=[0.5])
    assert found["probability"] == float(there.probability.item())
    assert found["quantiles"]["0.5"] == float(there.avoided.item())
    assert "Neuf fois sur dix" in found["sentence"]
    with pytest.raises(SimulationError, match="Écrire un entier de 1 à 20"):
        actions.probability(known_page("reg-32"), state, draws=10**6)


# ------------------------------------------------------------------ charts


def area(rect):
    return (rect["x2"] - rect["x"]) * (rect["y2"] - rect["y"])


def inside(rect):
    return -1e-6 <= rect["x"] < rect["x2"] <= marimekko.WIDTH + 1e-6 and rect["y2"] <= marimekko.HEIGHT + 1e-6


@pytest.mark.parametrize("vision", ["thematiques", "secteurs"])
@pytest.mark.parametrize("code", ["reg-32", "reg-06", "dep-59"])
def test_tiles_are_drawn_for_their_own_lever_in_proportion(code, vision):
    found = seen(code, vision=vision, forest=True)
    rects = [r for r in picture(code, vision=vision, forest=True)["rects"] if r["kind"] == "lever"]
    drawn = {r["lever"]: area(r) for r in rects}
    kt = {lever: one["kt"] for lever, one in found["levers"].items() if one["kt"]}
    assert len(rects) == len(drawn) and set(drawn) == set(kt) and all(map(inside, rects))
    groups = {}
    here = ground(code, LATEST).tiles
    for lever, size in drawn.items():  # in a sector of a thématique, surface is to kt as for its neighbours
        groups.setdefault((here[lever].sector, here[lever].chantier), []).append(size / kt[lever])
    for ratios in groups.values():
        assert max(ratios) / min(ratios) == pytest.approx(1, rel=0.2 if vision == "thematiques" else 1e-9)
    for i, a in enumerate(rects):
        for b in rects[i + 1 :]:
            assert (
                min(a["x2"], b["x2"]) - max(a["x"], b["x"]) < 1e-6 or min(a["y2"], b["y2"]) - max(a["y"], b["y"]) < 1e-6
            )
    assert all(r["tooltip"].startswith(f"{here[r['lever']].rank} · ") for r in rects)


def test_a_smaller_target_makes_a_smaller_tile():
    sizes = []
    for value in (7394.6462, 3697.3231):
        rects = picture("reg-32", {"production_industrielle": Entry(value=value)})["rects"]
        sizes.append(sum(area(r) for r in rects if r["lever"] == "production_industrielle") / sum(map(area, rects)))
    assert sizes[1] / (1 - sizes[1]) == pytest.approx(0.5 * sizes[0] / (1 - sizes[0]), rel=0.05)


@pytest.mark.parametrize("vision", ["thematiques", "secteurs"])
def test_what_is_done_is_hatched_in_its_share_and_leaves_the_remaining_view(vision):
    entries = {"haies": Entry(done=113.4236 / 4), "biogaz": Entry(done=649.9454)}
    found = picture("reg-32", entries, vision=vision)
    whole, done = ({r["lever"]: r for r in found["rects"] if r["kind"] == kind} for kind in ("lever", "done"))
    assert set(done) == {"haies", "biogaz"}
    assert area(done["haies"]) / area(whole["haies"]) == pytest.approx(0.25)
    assert done["biogaz"]["y"] == pytest.approx(whole["biogaz"]["y"])
    boxes = list(done.values())
    for line in found["hatch"]:
        assert line["x"] < line["x2"] and line["x"] + line["y"] == pytest.approx(line["x2"] + line["y2"])
        assert any(
            b["x"] - 1e-6 <= line["x"] and line["x2"] <= b["x2"] + 1e-6 and b["y"] - 1e-6 <= line["y2"] for b in boxes
        )
    left = picture("reg-32", entries, vision=vision, remaining=True)
    assert left["hatch"] == [] and not {r["lever"] for r in left["rects"] if r["kind"] == "done"}
    assert "biogaz" not in {r["lever"] for r in left["rects"]}


def test_filters_keep_their_levers_and_may_leave_nothing():
    found = picture("reg-32", filter=Filter(enjeu="adaptation"))["rects"]
    drawn = {r["lever"] for r in found} - {""}
    assert drawn and all("adaptation" in parameters.levers()[lever].enjeux for lever in drawn)
    everything = {lever: Entry(done=one["kt"]) for lever, one in seen("reg-32")["levers"].items()}
    nothing = picture("reg-32", everything, remaining=True)
    assert nothing == {"rects": [], "hatch": [], "texts": [], "narrow": ""}


@pytest.mark.parametrize("vision", ["thematiques", "secteurs"])
@pytest.mark.parametrize("value", [0.0, 5e-324, 1e-9, 1e7])
def test_tiles_hold_for_tiny_and_huge_targets(value, vision):
    entries = {"haies": Entry(value=value), "elevage_durable": Entry(value=value)}
    rects = picture("reg-32", entries, vision=vision)["rects"]
    drawn = {r["lever"] for r in rects if r["kind"] == "lever"}
    assert ("haies" in drawn) == (value > 1) and all(math.isfinite(r["x2"] + r["y2"]) for r in rects)


@pytest.mark.parametrize("vision", tiles.VISIONS)
@pytest.mark.parametrize("code", ["reg-32", "reg-06", "dep-59"])
def test_tiles_of_the_page_are_the_references_and_stand_in_their_groups(code, vision):
    page = known_page(code)
    layout, known = page["panorama"][vision], {one["id"]: one for one in page["levers"]}
    kt = {name: one["target"] for name, one in known.items() if name != page["forest_lever"] and one["target"]}
    assert {one["lever"] for one in layout["tiles"]} == set(kt)
    groups = {one["id"]: one for one in layout["heads"]}
    for one in layout["tiles"]:
        head = groups[known[one["lever"]]["thematique" if vision == "thematiques" else "sector"]]
        assert 0 <= head["x"] <= one["x"] < one["x2"] <= head["x2"] <= 100
        assert 0 <= head["y"] <= one["y"] < one["y2"] <= head["y2"] <= 100


def test_a_page_opens_on_what_is_observed_in_the_unit_of_a_lever():
    table = dynamics.dynamics("reg-32").set_index("lever")
    known = {one["id"]: one for one in known_page("reg-32")["levers"]}
    opened = links.opening("reg-32").levers
    cars = known["vehicules_electriques"]["done"]
    assert cars["kt"] == opened["vehicules_electriques"].done == table.reached_kt["vehicules_electriques"]
    assert cars["year"] == 2022 and "Simulateur territorial" in cars["source"]
    # nitrogen went past its reference: it is counted up to it, and both are said
    nitrogen = known["fertilisation_azotee"]
    assert nitrogen["done"]["reached"] > nitrogen["target"] == opened["fertilisation_azotee"].done
    # the oil boilers of offices went the other way: nothing is entered, and it is said
    assert (
        known["chaudieres_fioul_tertiaire"]["done"]["reached"] < 0 == known["chaudieres_fioul_tertiaire"]["done"]["kt"]
    )
    assert "chaudieres_fioul_tertiaire" not in opened and known["haies"]["done"] is None
    gauge = view(known_page("reg-32"), links.opening("reg-32"))["gauge"]
    assert gauge["total"]["deficit"] == gauge["total"]["surplus"] == 0 < gauge["total"]["done"]


def test_a_surplus_that_is_counted_twice_does_not_make_up_for_a_lack():
    moved = {"covoiturage": 900.0, "velo_transports_en_commun": 900.0}
    levers = {lever: Entry(value=value) for lever, value in moved.items()}
    total = seen("reg-32", levers)["gauge"]["total"]
    levers["elevage_durable"] = Entry(value=321.7935 - 300)
    levers["production_industrielle"] = Entry(value=7394.6462 - (total["surplus"] - 300))
    found = seen("reg-32", levers)["gauge"]
    p = panorama("reg-32")
    s = scenario_of(State(levers=levers))
    twice = interactions.interactions(s).overlap.sum() - interactions.interactions(p).overlap.sum()
    assert found["total"]["net"] == pytest.approx(0, abs=1e-9)
    assert found["twice"] == pytest.approx(twice) and found["lack"] == pytest.approx(twice)
    assert f"il manque {french.number(twice)} ktCO₂e/an" in found["overlap"].replace("\u00a0", " ")
    assert seen("reg-32")["gauge"]["overlap"] == ""


def test_a_view_changes_neither_the_page_nor_the_state():
    here, state = page("reg-32"), State(levers={"haies": Entry(value=50.0)})
    before = copy.deepcopy((here, state))
    view(here, state)
    assert (here, state) == before


def test_the_library_s_simulate_gives_the_same_scenario():
    s = simulate(panorama("reg-32"), {"haies": 50.0}, done={"haies": 10.0})
    assert scenario_of(State(levers={"haies": Entry(value=50.0, done=10.0)})).identical(s)
