"""A scenario: both units, every refusal, a surplus that hides no deficit, justifications, JSON identical both ways."""

import json
import math
from functools import lru_cache

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from copkit import __version__
from copkit.errors import CopkitWarning, SimulationError
from copkit.models import gaps, levers
from copkit.models.gaps import GROUPS, deviations, gap_sentence, shortfall, unjustified
from copkit.models.levers import FOREST
from copkit.models.limits import limits, not_a_number
from copkit.models.panorama import panorama, total
from copkit.models.scenario import justify, simulate, standings
from copkit.models.scenario_file import from_json, to_json

# région, metropolitan and overseas, département, a lever without part, the whole country
CODES = ("reg-32", "reg-11", "dep-59", "dep-48", "dep-971", "fr")
known_panorama = lru_cache(maxsize=None)(panorama)


def at(s, name, lever="haies"):
    return s[name].sel(lever=lever).item()


@st.composite
def scenarios(draw):
    """A scenario of any kind that is accepted: some levers moved, in either unit, some done, some justified."""
    p = known_panorama(draw(st.sampled_from(CODES)))
    known = {lever: limit for lever, limit in limits(p).items() if not limit.closed and not math.isnan(limit.target)}
    moved = draw(st.lists(st.sampled_from(sorted(known)), unique=True, max_size=6))
    done, targets = {}, {}
    for lever in moved:
        top = min(known[lever].kt_max, 2 * known[lever].target)
        done[lever] = draw(st.floats(0, 1)) * top
        targets[lever] = min(top, done[lever] + draw(st.floats(0, 1)) * (top - done[lever]))
        if draw(st.booleans()):
            del done[lever]
    texts = {lever: draw(st.text(max_size=9)) for lever in moved[:2]}
    s = simulate(p, targets, done=done, justifications=texts)
    inside = {
        lever: at(s, "proposed_quantity", lever)
        for lever in moved
        if known[lever].translated and same_kt(known[lever], targets[lever])
    }
    if draw(st.booleans()) and inside:
        s = simulate(p, inside, unit="quantity", justifications=texts)
    return s


def same_kt(limit, kt):
    """The quantity of ``kt`` is still accepted after the conversion (it is not beside a bound by a last digit)."""
    return 0.01 * limit.target <= kt <= 0.99 * limit.kt_max


# ------------------------------------------------------------------ what is accepted and refused


def run_case(p, case):
    targets = {case["levier"]: case["valeur"]} if "valeur" in case else {}
    done = {case["levier"]: case["fait"]} if "fait" in case else None
    return simulate(p, targets, done=done, unit=case.get("unite", "ktco2e"))


@pytest.mark.cases("simulation", "acceptes")
def test_accepted_value_is_kept_in_both_units(panoramas, case):
    s = run_case(panoramas["reg-32"], case)
    assert at(s, "proposed", case["levier"]) == pytest.approx(case["kt"], rel=1e-6, abs=1e-9)
    expected = case.get("quantite", math.nan)
    assert at(s, "proposed_quantity", case["levier"]) == pytest.approx(expected, rel=1e-6, abs=1e-6, nan_ok=True)
    typed = at(s, "proposed_quantity" if case.get("unite") else "proposed", case["levier"])
    assert typed == case.get("valeur", typed)  # to the last bit


@pytest.mark.cases("simulation", "refus")
def test_impossible_value_is_refused_with_what_to_write(panoramas, says, case):
    with pytest.raises(SimulationError) as refused:
        run_case(panoramas["reg-32"], case)
    says(refused.value, "Scénario de reg-32 (Hauts-de-France) : 1 problème", case["levier"], *case["dit"])


def test_all_problems_come_at_once(panoramas, says):
    with pytest.raises(SimulationError) as refused:
        simulate(
            panoramas["reg-32"],
            {"haie": 1, "haies": -1, FOREST: 5000},
            done={"prairie": 1, "prairies": -1},
            justifications={"haiess": "a", "haies": 3, "prairies": {"text": "a"}},
        )
    says(refused.value, "8 problèmes", "« haie »", "« prairie »", "« haiess »", "prairies, déjà fait", "levier fermé")
    says(refused.value, "haies : justification illisible", 'Écrire {"texte": "…", "source": "…"}')


def test_wrong_arguments_are_refused(panoramas, says):
    p = panoramas["reg-32"]
    for wrong, words in (
        (lambda: simulate(p, {}, unit="kt"), ("Unité inconnue : « kt ».", "« ktco2e » ou « quantity »")),
        (lambda: simulate(p, [("haies", 1)]), ("targets : {levier: valeur} attendu.",)),
        (lambda: simulate(p, {}, done=3), ("done : {levier: valeur} attendu.",)),
        (lambda: simulate(simulate(p, {}), {}), ("Panorama attendu.",)),
        (lambda: shortfall(p), ("Scénario attendu.", "ck.simulate(p, {…})")),
        (lambda: to_json(p), ("Scénario attendu.",)),
        (lambda: shortfall(simulate(p, {}), by="secteur"), ("« secteur ». Vouliez-vous dire « sector » ?", "chantier")),
    ):
        with pytest.raises(SimulationError) as refused:
            wrong()
        says(refused.value, *words)


def test_lever_of_which_the_territory_has_no_part_stays_at_zero(damaged, says):
    damaged.replace("parameters/keys.csv", "0.86 emissions_chaleur + 0.14 reseaux_chaleur", "emissions_chaleur")
    p, lever = panorama("dep-48"), "reseaux_chaleur_decarbones"  # no urban boiler house is declared there
    assert at(simulate(p, {lever: 0}), "proposed", lever) == 0
    for targets, unit in (({lever: 1}, "ktco2e"), ({lever: 40}, "quantity")):
        with pytest.raises(SimulationError) as refused:
            simulate(p, targets, unit=unit)
        says(refused.value, "ce territoire n'a aucune part de ce levier")


def test_bounds_printed_in_a_refusal_are_accepted(panoramas):
    for limit in limits(panoramas["reg-32"]).values():
        if limit.closed or math.isinf(limit.kt_max):
            continue
        said = limit.range().split(" à ")[1].split(" ktCO2e")[0]
        shown = float(said.replace("\u202f", "").replace(",", "."))
        assert limit.kt_max * 0.998 < shown <= limit.kt_max
        assert at(simulate(panoramas["reg-32"], {limit.lever: shown}), "proposed", limit.lever) == shown


def test_overseas_levers_are_open_in_kt(panoramas):
    s = simulate(panoramas["dep-971"], {"electrification_voitures_om": 100})
    assert at(s, "proposed", "electrification_voitures_om") == 100


# ------------------------------------------------------------------ what a scenario holds


def test_scenario_without_target_is_its_panorama(panoramas):
    for code in CODES:
        p = panorama(code)
        s = simulate(p, {})
        np.testing.assert_array_equal(s.proposed, p.target)
        np.testing.assert_array_equal(s.proposed_quantity, p.quantity)
        assert s.attrs == {**p.attrs, "kind": "scenario"}
        assert deviations(s).empty and unjustified(s) == []
        assert float(s.done.sum()) == 0
        assert "proposed" not in p  # the panorama is left as it was


def test_unknown_reference_stays_unknown_and_is_counted(damaged):
    damaged.remove("data/clean/allocation.csv", "emissions_industrie,dep-73,")
    s = simulate(panorama("dep-38"), {}, done={"production_industrielle": 5})
    assert math.isnan(at(s, "proposed", "production_industrielle"))
    assert shortfall(s).missing.to_list() == [1, 1]
    industry = shortfall(s, by="lever").query("group == 'production_industrielle'")
    assert industry.deficit.isna().all() and industry.net.isna().all()
    assert gap_sentence(s).endswith("1 levier sans valeur.")
    assert at(simulate(panorama("dep-38"), {"production_industrielle": 5}), "proposed", "production_industrielle") == 5


def test_lever_of_unknown_reference_is_set_in_kt_only(panoramas, says):
    p, lever = panoramas["dep-59"].copy(deep=True), "chaudieres_fioul_residentiel"
    for name in ("target", "baseline", "quantity"):
        p[name].loc[{"lever": lever}] = math.nan
    s = simulate(p, {lever: 100})
    assert at(s, "proposed", lever) == 100 and math.isnan(at(s, "proposed_quantity", lever))
    with pytest.raises(SimulationError) as refused:
        simulate(p, {lever: 20}, unit="quantity")
    says(refused.value, "pas de traduction en quantité dans ce territoire")


@given(s=scenarios())
def test_no_scenario_breaks_a_bound_nor_falls_below_what_is_done(s):
    bounds = levers.bounds(s)
    assert not (s.proposed.values > bounds.kt_max.values).any()
    assert not (s.proposed.values < s.done.values * (1 - 1e-9)).any()
    assert not (s.proposed_quantity.values > bounds.quantity_max.values).any()
    assert not (s.proposed_quantity.values < bounds.quantity_min.values - 1e-9).any()
    for lever, reason in levers.closed(s).items():
        assert reason and at(s, "proposed", lever) == at(s, "target", lever)


@given(code=st.sampled_from(CODES), part=st.floats(1e-6, 1), number=st.integers(0, 40))
def test_target_to_quantity_to_target_gives_the_same_number(code, part, number):
    p = known_panorama(code)
    known = [limit for limit in limits(p).values() if limit.translated and not limit.closed and limit.target > 0]
    if not known:
        return
    limit = known[number % len(known)]
    kt = part * min(limit.kt_max, 3 * limit.target)
    quantity = at(simulate(p, {limit.lever: kt}), "proposed_quantity", limit.lever)
    back = (quantity - limit.start) / limit.slope
    assert back == pytest.approx(kt, rel=1e-9, abs=1e-9 * abs(limit.start / limit.slope))


# ------------------------------------------------------------------ deficit, surplus, deviations


@pytest.mark.cases("simulation", "manques")
def test_surplus_never_hides_a_deficit(panoramas, says, case):
    s = simulate(panoramas["reg-32"], case["objectifs"])
    whole = shortfall(s)
    assert whole.convention.to_list() == ["avec forêt", "sans forêt"]
    for name, column in (("manque", "deficit"), ("surplus", "surplus"), ("net", "net")):
        assert whole[column].to_list() == pytest.approx([case[name]] * 2, abs=1e-9)
    sectors = shortfall(s, by="sector").query("convention == 'sans forêt'").set_index("group")
    for sector, row in sectors.iterrows():
        assert row[["deficit", "surplus"]].to_list() == pytest.approx(case.get("secteurs", {}).get(sector, [0, 0]))
    assert gap_sentence(s) == case["phrase"]


def test_groups_are_named_in_french(panoramas):
    s = simulate(panoramas["reg-32"], {"haies": 100})
    assert "Agriculture, forêt, sols" in shortfall(s, by="sector").label.to_list()
    assert "Mieux préserver" in shortfall(s, by="chantier").label.to_list()
    assert "Gestion des haies" in shortfall(s, by="lever").label.to_list()
    assert set(shortfall(s).label) == {"Ensemble"}


@given(s=scenarios(), by=st.sampled_from(GROUPS[1:]))
def test_groups_add_up_to_the_whole(s, by):
    sums = shortfall(s, by=by).groupby("convention")[["deficit", "surplus", "net", "missing"]].sum()
    expected = shortfall(s).set_index("convention")[["deficit", "surplus", "net", "missing"]]
    np.testing.assert_allclose(sums, expected, rtol=1e-9, atol=1e-9)
    difference = float((s.target - s.proposed).sum())
    assert expected.net["avec forêt"] == pytest.approx(difference, rel=1e-9, abs=1e-6)


def test_deviation_needs_a_text_and_a_source(panoramas):
    texts = {
        "haies": {"texte": "Linéaire du schéma régional", "source": "Observatoire régional, 2024"},
        "prairies": "Sans source",
        "elevage_durable": {"texte": " ", "source": "Une source"},
    }
    targets = {"haies": 100, "prairies": 100, "elevage_durable": 100, "covoiturage": 100}
    s = simulate(panoramas["reg-32"], targets, justifications=texts)
    assert unjustified(s) == ["covoiturage", "elevage_durable", "prairies"]
    table = deviations(s).set_index("lever")
    assert table.justified.to_dict() == {lever: lever == "haies" for lever in table.index}
    assert table.difference["haies"] == pytest.approx(-13.4236)
    assert table.target_quantity["haies"] == pytest.approx(113.4236 * 0.0333)
    assert table.proposed_quantity["haies"] == pytest.approx(3.33)
    assert table.source["haies"] == "Observatoire régional, 2024" and table.justification["prairies"] == "Sans source"
    whole = justify(s, {lever: {"texte": "Mesure", "source": "Étude"} for lever in unjustified(s)})
    assert unjustified(whole) == []
    assert deviations(whole).set_index("lever").source["haies"] == "Observatoire régional, 2024"
    np.testing.assert_array_equal(whole.proposed, s.proposed)


def test_reference_seen_through_a_conversion_is_not_a_deviation(panoramas):
    p = panoramas["reg-32"]
    for lever in p.lever.values:
        quantity = at(p, "quantity", lever)
        if not math.isnan(quantity):
            for typed in (quantity, float(np.nextafter(quantity, 0))):
                assert unjustified(simulate(p, {lever: typed}, unit="quantity")) == []


def test_levers_know_what_is_done_and_what_remains(panoramas):
    s = simulate(panoramas["reg-32"], {"haies": 200}, done={"haies": 50, "prairies": 150})
    hedges, meadows = (standings(s)[lever] for lever in ("haies", "prairies"))
    assert (hedges.remaining, hedges.deficit, hedges.surplus) == (150, 0, pytest.approx(200 - 113.4236))
    assert (meadows.remaining, meadows.kt, meadows.done) == (0, 150, 150)
    assert list(standings(s)) == s.lever.values.tolist()


# ------------------------------------------------------------------ saved and shared


@given(s=scenarios())
def test_scenario_to_json_to_scenario_is_identical(s):
    text = to_json(s)
    xr.testing.assert_identical(from_json(text), s)
    assert to_json(from_json(text)) == text


def test_json_carries_its_versions_and_only_what_differs(panoramas):
    texts = {"haies": {"texte": "Linéaire", "source": "Observatoire"}}
    p = panoramas["reg-32"]
    s = simulate(
        p, {"haies": 100, "prairies": at(p, "target", "prairies")}, done={"covoiturage": 3}, justifications=texts
    )
    content = json.loads(to_json(s))
    assert content == {
        "territory": "reg-32",
        "reference": "sgpe",
        "data_version": "sgpe-2024-10",
        "copkit_version": __version__,
        "reference_total": total(p, forest=True),
        "targets": {"haies": {"ktco2e": 100.0}},
        "done": {"covoiturage": 3.0},
        "justifications": texts,
        "unjustified": [],
    }


def test_typed_quantity_is_shared_to_the_last_bit(panoramas):
    s = simulate(panoramas["reg-32"], {"efficacite_vehicules_prives": 6.1}, unit="quantity")
    back = from_json(to_json(s))
    assert at(back, "proposed_quantity", "efficacite_vehicules_prives") == 6.1
    alone = json.loads(to_json(s))
    alone["targets"]["efficacite_vehicules_prives"] = {"quantity": 6.1}  # as a person would write it
    xr.testing.assert_identical(from_json(json.dumps(alone)), s)


def saved(case, panoramas):
    text = to_json(simulate(panoramas["reg-32"], {"haies": 100}))
    if "contenu" in case:
        return case["contenu"]
    if "couper" in case:
        return text[: -case["couper"]]
    assert case["remplacer"] in text
    return text.replace(case["remplacer"], case["par"], 1)


@pytest.mark.cases("simulation", "fichiers")
def test_damaged_json_is_refused_in_french(panoramas, says, case):
    with pytest.raises(SimulationError) as refused:
        from_json(saved(case, panoramas))
    says(refused.value, "Scénario", *case["dit"])


@pytest.mark.parametrize("text", [None, 3, b"\xff", "[" * 100_000, "9" * 5000, "null"])
def test_what_is_no_scenario_at_all_is_refused(says, text):
    with pytest.raises(SimulationError) as refused:
        from_json(text)
    says(refused.value, "Scénario enregistré : 1 problème")


def test_integer_beyond_all_floats_is_refused(panoramas, says):
    text = to_json(simulate(panoramas["reg-32"], {"haies": 100})).replace("100.0", "1" + "0" * 400)
    with pytest.raises(SimulationError) as refused:
        from_json(text)
    says(refused.value, "haies")


@given(text=st.text(max_size=40))
def test_any_text_gives_a_scenario_or_a_message(text):
    with pytest.raises(SimulationError, match="Scénario enregistré"):
        from_json(text)


def test_other_version_of_copkit_is_said(panoramas):
    text = to_json(simulate(panoramas["reg-32"], {"haies": 100}))
    with pytest.warns(CopkitWarning, match=r"il vient de copkit 9\.9\.9.*Revoir chaque objectif"):
        s = from_json(text.replace(f'"copkit_version": "{__version__}"', '"copkit_version": "9.9.9"'))
    assert at(s, "proposed") == 100


def test_reference_that_moved_since_is_said(panoramas):
    text = to_json(simulate(panoramas["reg-32"], {"haies": 100}))
    with pytest.warns(
        CopkitWarning, match=r"la référence totale a changé \(20\u202f000,0 puis 22\u202f764,4 ktCO2e/an\)"
    ):
        from_json(text.replace("22764.3875", "20000.0"))


def test_older_version_of_the_data_is_kept_and_said(damaged):
    rows = [line for line in damaged.read("data/clean/panorama.csv").splitlines() if ",reg-32," in line]
    for row in rows:
        damaged.append("data/clean/panorama.csv", row.replace("sgpe-2024-10", "essai-2023"))
    s = simulate(panorama("reg-32", version="essai-2023"), {"haies": 100})
    with pytest.warns(CopkitWarning, match=r"version « essai-2023 » des données ; la dernière est « sgpe-2024-10 »"):
        back = from_json(to_json(s))
    xr.testing.assert_identical(back, s)


def test_what_exceeds_by_little_is_counted_and_what_is_closed_to_the_noise_is_compensated():
    whole = {"deficit": 100 + 1e-11, "surplus": 100.0, "net": 1e-11, "below": 1, "above": 1, "missing": 0}
    assert gaps.verdict(whole, "")[0] == "compensated"
    assert gaps.verdict(whole | {"deficit": 101.0, "net": 1.0}, "")[0] == gaps.STATUSES.get(
        "uncompensated", "uncompensated"
    )
    p = panorama("reg-32")
    more = standings(simulate(p, {"haies": float(p.target.sel(lever="haies")) + 0.5}))
    assert gaps.sums(more.values() if isinstance(more, dict) else more)["above"] == 1


def test_a_number_that_is_not_finite_is_shown_by_its_first_digits():
    assert "« " + "1" + 19 * "0" + "… »" in not_a_number(10**400) and "« inf »" in not_a_number(math.inf)
