"""The audition of allocation keys: what it measures, what it chooses, and that the files hold its choice."""

import importlib.util
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from copkit import paths
from copkit.errors import LeverError, ParameterError
from copkit.models import audition, downscaling, panorama, reliability
from copkit.reference import tables, territories

MAKER = Path(__file__).parents[1] / "docs" / "make_keys.py"
MAINLAND = [code for code in territories.codes("departement") if not territories.is_overseas(code)]


@pytest.fixture(scope="module")
def maker():
    spec = importlib.util.spec_from_file_location("make_keys", MAKER)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def found():
    return audition.audition()


# ------------------------------------------------------------------ the files hold what the audition says


def test_the_figures_that_are_added_up_are_those_of_the_finer_tables(maker):
    assert paths.clean_data("allocation.csv").read_text(encoding="utf-8") == maker.allocation()


def test_the_choice_of_every_lever_is_the_one_of_the_file(maker):
    assert paths.parameters("keys.csv").read_text(encoding="utf-8") == maker.keys()


def test_what_each_key_misses_is_the_table_that_ranges_are_drawn_from(maker):
    assert paths.clean_data("audition.csv").read_text(encoding="utf-8") == maker.by_region()


def test_the_page_of_the_keys_is_current(maker):
    assert maker.PAGE.read_text(encoding="utf-8") == maker.page()


# ------------------------------------------------------------------ worked with pandas alone


def error_by_hand(lever, weights, without=()):
    """The same measure, from the public tables and nothing of the kit but their codes."""
    table = tables.read("panorama.csv").set_index(["lever", "territory"]).target_ktco2e[lever]
    values = tables.read("allocation.csv").pivot(index="territory", columns="key", values="value")
    known = sum(part * values[key] / values[key].sum() for key, part in weights.items())
    region_of = territories.territories("departement").set_index("code").region
    drawn = known.groupby(region_of.reindex(known.index)).agg(lambda one: one.sum(skipna=False)).dropna()
    both = [code for code in drawn.index if code in table.index and table[code] > 0 and code not in without]
    true, drawn = table[both] / table[both].sum(), drawn[both] / drawn[both].sum()
    return 50 * (true - drawn).abs().sum()


def test_errors_are_those_of_a_computation_with_pandas(found):
    own = {"reduction_deplacements", "covoiturage", "velo_transports_en_commun"}
    for lever, row in found.iterrows():
        without = ["reg-11"] if lever in own else []
        assert row.error == pytest.approx(error_by_hand(lever, downscaling.parsed(row.key), without), abs=1e-6), lever
        assert row.before_error == pytest.approx(error_by_hand(lever, {row.before: 1.0}, without), abs=1e-6), lever


@pytest.mark.cases("audition", "connues")
def test_known_errors(case):
    assert round(audition.misplaced(case["levier"], downscaling.parsed(case["cle"])), 1) == case["erreur"]


def test_a_rule_of_one_region_is_told_from_a_bad_key():
    assert audition.misplaced("covoiturage", {"population": 1.0}) < 0.5
    assert error_by_hand("covoiturage", {"population": 1.0}) > 12


def test_the_keys_put_at_most_5_and_a_half_percent_of_the_effort_elsewhere(found):
    assert audition.national(found.error.to_dict()) < 5.5 and audition.national(found.held_out.to_dict()) < 5.5
    assert audition.national(found.before_error.to_dict()) > 12


def test_a_quarter_at_most_of_the_effort_of_a_departement_stands_on_grade_c():
    assert np.mean([panorama.rough_share(panorama.shared(code)) for code in MAINLAND]) < 25


# ------------------------------------------------------------------ the choice


def test_the_official_key_is_kept_where_it_is_known(found):
    official = {one.official: one.levers for one in audition.settings().auditions if one.official}
    for key, levers in official.items():
        assert set(found.key[levers]) == {key} and set(found.grade[levers]) == {"A"}


def test_the_key_kept_is_the_simplest_within_the_margin_of_the_best(found):
    margin = audition.settings().rule.margin
    for lever in found.index:
        if audition.hearing_of(lever).official:
            continue
        tried = audition.audition(lever)
        best, kept = tried.held_out.min(), tried[tried.chosen].iloc[0]
        near = tried[tried.held_out <= best + margin]
        assert kept.held_out <= best + margin
        assert kept.key.count("+") == near.key.str.count(r"\+").min(), lever


def test_grades_follow_from_the_measure_on_both_sides_of_each_threshold():
    rule = audition.settings().rule
    assert [rule.grade(error) for error in (3.0, 3.1, 10.0, 10.1)] == ["A", "B", "B", "C"]
    assert rule.grade(40.0, official=True) == "A"


def test_a_lever_without_audition_is_refused(says):
    with pytest.raises(LeverError) as refused:
        audition.audition("haie")
    says(refused.value, "Levier sans audition : « haie »", "Vouliez-vous dire « haies » ?")


# ------------------------------------------------------------------ mixes


@given(st.lists(st.floats(0.06, 1), min_size=2, max_size=3))
def test_the_weights_of_a_planted_mix_are_found(parts):
    keys = ("population", "terres_arables", "emissions_industrie")[: len(parts)]
    planted = dict(zip(keys, np.array(parts) / sum(parts), strict=True))
    shares = sum(part * audition._regional()[key] for key, part in planted.items())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(audition, "published_shares", lambda lever: shares)
        assert audition.fit(keys, ["planté"]) == pytest.approx(planted, abs=1e-6)
        assert audition.misplaced("planté", planted) < 1e-9
        assert audition.shares_of("planté", keys, ["planté"]).held_out.to_numpy() == pytest.approx(shares)


@given(st.dictionaries(st.sampled_from(["population", "prairies", "logements"]), st.floats(0.05, 1), min_size=1))
def test_rounded_weights_sum_to_one_and_are_read_back(weights):
    whole = sum(weights.values())
    found = audition.rounded({key: part / whole for key, part in weights.items()})
    assert math.fsum(found.values()) == pytest.approx(1) and min(found.values()) > 0
    assert downscaling.parsed(audition.written(found)) == found


# ------------------------------------------------------------------ what a figure is worth


def test_ranges_hold_about_as_often_as_they_claim():
    claimed = audition.settings().rule.confidence
    assert claimed - 2 <= reliability.coverage() <= claimed + 8


@given(st.floats(0.001, 0.999), st.floats(-2, 2))
def test_a_share_that_moves_stays_a_share(share, by):
    moved = reliability.moved(share, by)
    assert 0 < moved < 1 and reliability.moved(moved, -by) == pytest.approx(share)
    assert reliability.moved(share, by) + reliability.moved(1 - share, -by) == pytest.approx(1)


def test_every_target_of_a_departement_lies_in_its_range_and_a_published_one_has_none(panoramas):
    for code in MAINLAND:
        p = panoramas[code]
        known = p.high.notnull().values & (p.target.values > 0)
        assert known.sum() >= 24
        target, low, high = (p[name].values[known] for name in ("target", "low", "high"))
        assert ((low <= target) & (target <= high)).all()
        whole = panoramas[territories.region_of(code)].target.values[known]
        assert (high <= whole * (1 + 1e-9)).all()
        low, high = reliability.span(p)
        assert low < panorama.total(p, forest=False) < high
        assert 0 < reliability.error(p) < 20
    for code in ("reg-32", "dep-974", "fr"):
        assert panoramas.get(code, panorama.shared(code)).low.isnull().all()
        assert all(
            map(math.isnan, (*reliability.span(panorama.shared(code)), reliability.error(panorama.shared(code))))
        )


def test_error_of_a_departement_is_the_mean_of_its_keys_weighted_by_effort():
    p, lines = panorama.shared("dep-59"), downscaling.lines()
    known = [lines[lever].held_out for lever in p.lever.values]
    table = pd.DataFrame({"error": known, "kt": p.target.values}).dropna()
    assert reliability.error(p) == pytest.approx(np.average(table.error, weights=table.kt))


# ------------------------------------------------------------------ sites


def test_industry_follows_the_sites():
    sites = audition.rows("emissions_industrie")
    nord = sites[sites.territory == "dep-59"].value.sum()
    inside = sites[sites.territory.isin(territories.departements_of("reg-32"))].value.sum()
    share = panorama.shared("dep-59").target.sel(lever="production_industrielle")
    share = float(share / panorama.shared("reg-32").target.sel(lever="production_industrielle"))
    assert nord / inside > 0.64 and 0.6 < share < 0.7
    names = " ".join(sites.name)
    assert "ARCELORMITTAL FRANCE- DUNKERQUE" in names and "EMILE HUCHET" not in names and "CPCU" not in names


@pytest.mark.cases("audition", "endommagees")
def test_damaged_files_of_the_audition_say_where_and_what_to_write(damaged, says, case):
    damaged.apply(case)
    with pytest.raises(ParameterError) as refused:
        audition.audition()
    says(refused.value, *case["message"])


@pytest.mark.cases("audition", "sites_endommages")
def test_damaged_list_of_sites_says_where_and_what_to_write(damaged, says, case):
    damaged.apply(case)
    with pytest.raises(ParameterError) as refused:
        audition.sites()
    says(refused.value, *case["message"])
