"""Territories and plans side by side: what differs most and from when it is told, what nobody knows, what is said."""

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import copkit as ck
from copkit import french
from copkit.errors import CopkitError, LeverError, SimulationError, TerritoryError, UnitError
from copkit.models import side_by_side as model
from copkit.models.levers import FOREST
from copkit.models.panorama import total
from copkit.presentation import charts
from copkit.reference import tables

from . import cells
from .conftest import FEW

KT, HEAD = "ktCO2e/an", "kgCO2e/an par habitant"


def frame(values, plan="", by="sector", **columns):
    made = pd.DataFrame({by: list(values), "target_ktco2e": list(values.values()), **columns})
    made.attrs["plan"] = plan
    return made


def pair(case):
    return ck.side_by_side(*((case["territoire"], frame(case[name], f"le plan {name}")) for name in "ab"))


def words(text):
    """As a document says it, whatever its spaces."""
    return " ".join(french.typeset(str(text)).replace("&#42;", "*").split())


@pytest.fixture(scope="module")
def regions():
    return ck.side_by_side("reg-32, reg-53, reg-28")


@pytest.fixture(scope="module")
def mixed():
    return ck.side_by_side("reg-32", "reg-04", "reg-94")


# ------------------------------------------------------------------ what differs


@pytest.mark.cases("cote_a_cote", "seuils")
def test_a_gap_is_told_from_its_threshold_on(case):
    found = pair(case)
    gap, told = found.widest(), case["dit"]
    assert (gap and {"secteur": gap.row, "de": gap.low, "a": gap.high}) == told
    said = words(ck.report.message(found))
    assert ("proche de l’un à l’autre" in said) == (case["total"] == "proche")
    assert (words("Aucun secteur ne les sépare") in said) == (told is None)


@pytest.mark.cases("cote_a_cote", "par_habitant")
def test_an_effort_per_inhabitant_is_the_published_one_over_the_population(case):
    found = ck.side_by_side(case["territoire"], "reg-11")
    [name, _] = found.names
    assert found.unit == HEAD
    assert found.kt().loc[case["secteur"], name] == pytest.approx(case["kt"], abs=1e-4)
    assert found.columns[0].population == case["population"]
    assert round(found.values().loc[case["secteur"], name], 1) == case["kg"]


def test_columns_add_up_to_the_panoramas_without_the_forest(regions):
    for one in regions.columns:
        p = ck.panorama(one.territory)
        assert regions.totals[one.name] == pytest.approx(total(p, forest=False))
        assert one.whole == pytest.approx(total(p, forest=True)) and FOREST not in one.levers
        for by in ("sector", "lever"):
            assert regions.kt(by)[one.name].sum() == pytest.approx(regions.totals[one.name])


def test_the_plans_of_one_territory_are_compared_as_they_are_and_their_verdict_is_that_of_compare():
    found = ck.side_by_side("reg-32", "sraddet")
    assert (found.names, found.unit) == (["SGPE", "SRADDET"], KT)
    [verdict] = found.verdicts
    assert (round(verdict.deficit), round(verdict.surplus), verdict.verdict) == (2671, 5648, "compensé")
    assert verdict.sentence == ck.compare("reg-32", "sgpe", "sraddet").sentence
    assert found.widest()[:4] == ("residentiel", "Résidentiel", "SGPE", "SRADDET")
    assert found.compared("lever") == [found.columns[0]] and found.widest("lever") is None


def test_a_scenario_is_compared_lever_by_lever_with_its_reference(tmp_path):
    s = ck.simulate(ck.panorama("reg-32"), {"vehicules_electriques": 0})
    file = tmp_path / "recharge.json"
    file.write_text(ck.to_json(s), encoding="utf-8")
    found = ck.side_by_side("reg-32", str(file))
    assert found.names == ["SGPE", "Scénario « recharge »"]
    assert found.gaps("lever")["vehicules_electriques"] == pytest.approx(940.7603)
    assert found.gaps("lever").drop("vehicules_electriques").eq(0).all()
    assert found.widest("lever") is None  # 940 kt is under 5 % of 21 632
    assert found.verdicts[0].verdict == "non compensé de 941 kt" and found.verdicts[0].by == "lever"
    assert ck.side_by_side(str(file), "sgpe").territory == "reg-32"


effort = st.one_of(st.none(), st.integers(0, 5000))


@settings(max_examples=FEW)
@given(
    st.lists(st.fixed_dictionaries({"industrie": effort, "transport": effort}), min_size=2, max_size=5), st.randoms()
)
def test_the_order_of_the_columns_changes_no_gap(plans, chance):
    columns = [("reg-32", frame(one, f"le plan {n}")) for n, one in enumerate(plans)]
    found = ck.side_by_side(*columns)
    chance.shuffle(columns)
    again = ck.side_by_side(*columns)
    pd.testing.assert_series_equal(found.gaps(), again.gaps())
    assert found.whole_gap()[4:] == pytest.approx(again.whole_gap()[4:], nan_ok=True)
    known = {row for row in ("industrie", "transport") if all(one[row] is not None for one in plans)}
    assert set(found.gaps().dropna().index) == known  # unknown is not zero


def test_two_versions_of_a_panorama_are_compared_lever_by_lever(damaged):
    rows = damaged.read("data/clean/panorama.csv").splitlines()
    newer = [row.replace("sgpe-2024-10", "sgpe-2026-01", 1) for row in rows[1:]]
    newer = [row.replace("reg-32,haies,113.4236", "reg-32,haies,2113.4236") for row in newer]
    damaged.write("data/clean/panorama.csv", "\n".join([*rows, *newer, ""]))
    found = ck.side_by_side("reg-32", "reg-32:sgpe-2026-01")
    assert found.names == ["SGPE, sgpe-2024-10", "SGPE, sgpe-2026-01"] and found.unit == KT
    assert found.widest("lever").row == "haies" and found.widest("lever").high == pytest.approx(2113.4236)
    assert found.gaps("lever").drop("haies").eq(0).all()
    assert "Versions des données différentes" in " ".join(found.cautions)
    assert ck.table(found, "ensemble").texts()["Version"] == ["sgpe-2024-10", "sgpe-2026-01"]


# ------------------------------------------------------------------ what is beside a territory, and what is refused


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("reg-32", ["Hauts-de-France (SGPE)", "Hauts-de-France (SRADDET)", "Occitanie", "Nouvelle-Aquitaine"]),
        ("reg-04", ["La Réunion", "Guadeloupe", "Martinique"]),
        ("dep-59", ["Nord", "Pas-de-Calais", "Oise"]),
        ("dep-2A", ["Corse-du-Sud", "Haute-Corse"]),
        ("dep-974", ["La Réunion", "Guadeloupe", "Martinique"]),
        ("fr", ["France", "Île-de-France", "Grand Est"]),
    ],
)
def test_a_territory_alone_has_its_plans_and_the_closest_ones_beside_it(code, names):
    found = ck.side_by_side(code)
    assert found.names == names and found.chosen
    if code not in ("reg-32", "fr", "dep-2A"):  # no other of its peers is closer in population
        people = tables.read("territories.csv").set_index("code").population
        far = max(abs(one.population - people[code]) for one in found.columns)
        peers, _ = model._peers(code)
        assert sum(abs(people[one] - people[code]) <= far for one in peers) == 2


@pytest.mark.parametrize(
    ("asked", "error", "said"),
    [
        (["reg-32", "reg-32"], LeverError, ["Deux fois la même chose à comparer : Hauts-de-France, SGPE."]),
        (["reg-32, reg-53, reg-28; reg-11, reg-24, reg-27"], LeverError, ["6 colonnes demandées : 5 au plus"]),
        ([""], LeverError, ["Rien à comparer.", "« reg-32, sraddet »"]),
        (["32", "reg-53"], TerritoryError, ["« reg-32 » ou « dep-32 »"]),
        (["reg-32", "sradet"], TerritoryError, ["Territoire inconnu : « sradet »"]),
        (["reg-53", "sraddet"], LeverError, ["Plan inconnu pour Bretagne", "Plans connus ici : sgpe"]),
        (["reg-32", "absent.json"], SimulationError, ["Scénario introuvable : « absent.json »"]),
        (["reg-32", 3.5], LeverError, ["Territoire, plan ou scénario attendu, et non"]),
        (["reg-32", ("reg-53", "sgpe")], LeverError, ['("reg-32", table)']),
        (
            [("reg-32", frame({"industrie": 1}, "le plan a", convention="pcaet")), "reg-32"],
            UnitError,
            ["Conventions de comptage différentes", "« pcaet »"],
        ),
    ],
)
def test_what_cannot_be_compared_is_refused(asked, error, said, says):
    with pytest.raises(error) as refused:
        ck.side_by_side(*asked)
    says(refused.value, *said)


# ------------------------------------------------------------------ what nobody knows, what nobody has


def test_what_a_territory_does_not_have_is_neither_unknown_nor_zero(mixed):
    shown = ck.table(mixed, "secteurs").texts()
    assert shown["La Réunion"][shown["Secteur"].index("Résidentiel")] == "—"
    assert shown["Hauts-de-France"][shown["Secteur"].index("Bâtiment")] == "—"
    levers = ck.table(mixed, "leviers")
    at = levers.texts()["Levier"].index("Changement de chaudière à gaz (tertiaire)")
    assert levers.texts()["Corse"][at] == "—" and at in levers.idle  # of one of them only: listed in a sentence
    assert "changement de chaudière à gaz (tertiaire)" in levers.said


def test_two_nomenclatures_are_said_before_anything_else(mixed, regions):
    opening = words(ck.report.side_by_side(mixed))
    assert opening.index("Deux nomenclatures") < opening.index("L’effort total")
    assert words("Levier commun : « Électricité renouvelable » ; les autres ne se comparent pas.") in opening
    assert not regions.nomenclatures and regions.cautions == []


def test_unknown_is_written_and_is_in_no_total_nor_gap():
    found = ck.side_by_side(("reg-32", frame({"industrie": 10, "transport": None}, "le plan a")), "sgpe")
    shown = ck.table(found, "secteurs").texts()
    assert shown["Plan a"][shown["Secteur"].index("Transport")] == "n.d."
    assert shown["Écart"][shown["Secteur"].index("Transport")] == "—"
    assert found.totals["Plan a"] == 10
    assert "Plan a : « n.d. » pour 1 secteur, hors de son total." in found.cautions
    assert ck.table(found, "ensemble").texts()["Avec forêt (ktCO2e/an)"][0] == "n.d."
    assert ck.table(ck.side_by_side("reg-04, reg-01"), "ensemble").texts()["Avec forêt (ktCO2e/an)"] == ["—", "—"]


def test_populations_of_other_years_are_said():
    found = ck.side_by_side("reg-06", "reg-01")
    assert "Populations d'années différentes (Mayotte : 2017 et Guadeloupe : 2023)." in found.cautions


# ------------------------------------------------------------------ the document


def test_the_chart_says_all_its_values_without_colour(regions):
    spec, shown = ck.charts.sectors(regions).to_dict(), ck.table(regions, "secteurs").texts()
    rows = [row for data in spec["datasets"].values() for row in data]
    texts = [row["text"] for row in rows if "text" in row]
    values = [cell for name in regions.names for cell in shown[name]]
    assert sorted(set(values) & set(texts)) == sorted(set(values)) and set(regions.names) <= set(texts)
    assert all(words(cell) in words(spec["description"]) for cell in [*values, *shown["Secteur"]])
    assert len(spec["usermeta"]["phone"]) == len(shown["Secteur"])
    bars = [row for row in rows if "fill" in row]
    assert len(bars) == len(values)
    width = (charts.WIDTH - 172) / 3
    scale = {round((row["x2"] - row["x"]) / value, 6) for row, value in zip(bars, _drawn(regions), strict=True)}
    assert len(scale) == 1 and all(row["x2"] - row["x"] < width for row in bars)  # one scale for all panels
    assert spec["title"]["text"].startswith(french.typeset("Industrie : de 297 (Bretagne) à 1\u202f263"))


def _drawn(found):
    order = found.values().mean(axis=1).sort_values(ascending=False, kind="stable").index
    return [found.values().loc[row, name] for name in found.names for row in order]


def test_what_is_written_the_same_is_said_once():
    said = words(ck.report.message(ck.side_by_side("dep-02", "dep-47")))
    assert words("L'effort total** : proche de l'un à l'autre, environ **3\u202f600** kgCO2e/an par habitant.") in said


def test_departements_are_written_with_two_digits():
    found = ck.side_by_side("dep-59", "dep-62")
    shown = ck.table(found, "secteurs").texts()
    assert all(len(cell.lstrip("<\u00a0").rstrip("0\u202f").replace("\u202f", "")) <= 2 for cell in shown["Nord"])


def test_the_workbook_holds_both_measures_as_numbers(regions, tmp_path):
    ck.write_workbook(regions, tmp_path / "c.xlsx")
    book = openpyxl.load_workbook(tmp_path / "c.xlsx")
    assert book.sheetnames == [
        "Synthèse", "Lisez-moi", "Ensemble", "Secteurs (kt)", "Secteurs (par hab.)", "Leviers (kt)",
        "Leviers (par hab.)", "Sources",
    ]  # fmt: skip
    rows = {row[0]: row[1:] for row in book["Secteurs (kt)"].iter_rows(min_row=4, values_only=True)}
    assert rows["Industrie"][0] == pytest.approx(7568.4166) and rows["Industrie"][3] == pytest.approx(
        regions.kt().loc["industrie"].max() - regions.kt().loc["industrie"].min()
    )
    assert cells.numbers_as_text(book) == []
    assert cells.not_printable(book, "Hauts-de-France") == []


def test_a_plan_alone_in_its_territory_is_compensated_by_nothing(regions):
    made = ck.section(regions, "compensation")
    assert "rien ne se compense" in made.parts[0].text
    assert "Compensation" not in ck.report.message(regions)


def test_a_comparison_shows_itself_as_its_table_and_says_what_it_has_not(regions):
    assert repr(regions).startswith("Émissions évitées par secteur, hors forêt (kgCO2e/an par habitant)")
    with pytest.raises(CopkitError, match="Table inconnue : « levier »"):
        ck.table(regions, "levier")
    assert np.isnan(ck.side_by_side("reg-32", "sraddet").columns[1].whole)
