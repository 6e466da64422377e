"""Interactions: hand-worked chains, properties of the joint effect, what is unknown, damaged files."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from copkit.errors import LeverError, ParameterError
from copkit.models.groups import groups
from copkit.models.interactions import OVERSEAS, chain, interactions, warning
from copkit.models.panorama import panorama
from copkit.reference import territories

ISOLATION, OIL, GAS = "sobriete_isolation_residentiel", "chaudieres_fioul_residentiel", "chaudieres_gaz_residentiel"
HOMES = "chauffage_residentiel"
CARS = ["reduction_deplacements", "covoiturage", "velo_transports_en_commun"]
CARS += ["vehicules_electriques", "efficacite_vehicules_prives"]
efforts = st.just(0.0) | st.floats(1e-6, 12_000)  # a millionth of a kt is already nothing


def homes(case):
    """A territory with three levers, whose figures come from a case."""
    p = panorama("reg-32").sel(lever=[ISOLATION, OIL, GAS]).copy(deep=True)
    p["target"] = "lever", np.array([case["isolation"], case["fioul"]["kt"], case["gaz"]["kt"]], float)
    existing = [case["twh"], case["fioul"]["logements"], case["gaz"]["logements"]]
    p["baseline"] = "lever", np.array(existing, float)
    p["unit_abatement"] = "lever", -np.array([case["kt_par_twh"], 2, 2], float)
    return p


def cars(kt):
    """The Hauts-de-France with other targets for the five levers of the cars."""
    p = panorama("reg-32").sel(lever=CARS).copy(deep=True)
    p["target"] = "lever", np.array(kt, float)
    return p


@pytest.mark.cases("interactions", "logements")
def test_chain_worked_by_hand(says, case):
    p = homes(case)
    row = interactions(p).set_index("group").loc[HOMES]
    assert row.base == pytest.approx(case["depart"])
    assert row.first_order == pytest.approx(case["somme"])
    assert row.joint == pytest.approx(case["conjoint"])
    assert row.overlap == pytest.approx(case["somme"] - case["conjoint"])
    in_order = chain(p).set_index("lever").in_chain
    expected = {ISOLATION: "isolation", OIL: "fioul", GAS: "gaz"}
    assert in_order.to_dict() == pytest.approx({lever: case["dans_l_ordre"][k] for lever, k in expected.items()})
    says(row.sentence, *case["phrase"])
    assert not any(word in row.sentence for word in case.get("sans", []))


def test_cars_of_hauts_de_france_are_those_worked_by_hand(panoramas, cases):
    expected = cases("interactions")["voitures_hauts_de_france"]
    row = interactions(panoramas["reg-32"]).set_index("group").loc["voitures"]
    found = [row.base, row.first_order, row.joint, row.overlap, row.share]
    assert [round(value, 1) for value in found] == list(expected.values())
    assert row.status == "hypothese" and "parc" in row.base_method


@given(st.tuples(*[efforts] * 5))
def test_joint_effect_is_between_the_largest_lever_and_the_sum_and_within_the_base(kt):
    row = interactions(cars(kt)).set_index("group").loc["voitures"]
    assert row.joint <= row.first_order * (1 + 1e-12)
    assert row.joint <= row.base * (1 + 1e-12)
    assert row.joint >= min(max(kt), row.base) * (1 - 1e-12)
    assert row.overlap >= 0


@given(st.tuples(*[efforts] * 5), st.permutations(CARS))
def test_order_changes_the_split_and_not_the_joint_effect(kt, order):
    p = cars(kt)
    usual, other = interactions(p), interactions(p, order={"voitures": order})
    assert other.joint[0] == pytest.approx(usual.joint[0], rel=1e-9, abs=1e-9)
    split = chain(p, order={"voitures": order})
    assert split.lever.to_list() == order
    assert split.in_chain.sum() == pytest.approx(usual.joint[0], rel=1e-9, abs=1e-9)
    assert split.in_chain[0] == pytest.approx(min(kt[CARS.index(order[0])], usual.base[0]), rel=1e-9)


def test_first_lever_keeps_its_whole_effect_and_the_next_ones_lose_some(panoramas):
    split = chain(panoramas["reg-32"])
    first = split.step == 1
    np.testing.assert_allclose(split.in_chain[first], split.first_order[first], rtol=1e-12)
    assert (split.in_chain[~first] < split.first_order[~first]).all()


def test_every_metropolitan_territory_has_its_overlap_and_is_within_its_base(panoramas):
    for code, p in panoramas.items():
        table = interactions(p)
        if territories.is_overseas(code):
            assert table.empty and warning(p) == OVERSEAS
            continue
        assert table.group.to_list() == [group.id for group in groups()], code
        assert (table.joint <= table.base).all() and (table.overlap >= 0).all(), code
        # one key shares out oil and gas, another the energy of buildings: where they part, the sum passes the base
        mixed = code in ("dep-23", "dep-48")
        assert (table.first_order < table.base * (1.1 if mixed else 1)).all(), code


def test_base_of_the_nation_is_the_sum_of_the_metropolitan_regions(panoramas):
    table = interactions(panorama("fr")).set_index("group")
    regions = [p for c, p in panoramas.items() if c.startswith("reg-") and not territories.is_overseas(c)]
    for group, base in table.base.items():
        assert base == pytest.approx(sum(interactions(p).set_index("group").base[group] for p in regions))
    assert (table.base_method == "somme des régions de métropole").all()


def test_base_of_the_departements_is_that_of_their_region_for_homes(panoramas):
    inside = territories.departements_of("reg-32")
    base = sum(interactions(panoramas[code]).set_index("group").base[HOMES] for code in inside)
    assert base == pytest.approx(interactions(panoramas["reg-32"]).set_index("group").base[HOMES])


def test_scenario_counts_what_it_proposes(panoramas):
    p = panoramas["reg-32"].assign(proposed=panoramas["reg-32"].target / 2)
    assert interactions(p).first_order.to_list() == pytest.approx(
        (interactions(panoramas["reg-32"]).first_order / 2).to_list()
    )
    assert interactions(p).base.to_list() == interactions(panoramas["reg-32"]).base.to_list()
    assert (interactions(p).share < interactions(panoramas["reg-32"]).share).all()


def test_region_with_a_single_step_counts_nothing_twice(panoramas, says):
    row = interactions(panoramas["reg-94"]).set_index("group").loc[HOMES]  # no insulation lever in Corse
    assert row.overlap == 0
    says(row.sentence, "Chauffage des logements : 28 ktCO2e/an", "un seul maillon de la chaîne est présent ici")


def test_warning_says_the_whole_overlap(panoramas, says):
    table = interactions(panoramas["reg-32"])
    assert round(table.overlap.sum()) == 778
    says(
        warning(panoramas["reg-32"]),
        "Plusieurs leviers agissent sur la même quantité (voitures particulières, chauffage des logements et chauffage "
        "des bâtiments tertiaires) : la somme des leviers compte environ 780 ktCO2e/an plus d'une fois.",
    )


def test_territory_without_such_levers_is_not_warned(panoramas):
    p = panoramas["reg-32"].sel(lever=["haies"])
    assert interactions(p).empty
    assert warning(p) == "Aucun des leviers présents n'agit sur la même quantité qu'un autre."


# ------------------------------------------------------------------ unknown, refused, damaged


def test_unknown_target_makes_the_joint_effect_unknown(panoramas, says):
    p = panoramas["reg-32"].copy(deep=True)
    p.target.loc[{"lever": OIL}] = np.nan
    row = interactions(p).set_index("group").loc[HOMES]
    assert np.isnan(row.joint) and np.isnan(row.overlap) and np.isnan(row.share)
    says(row.sentence, "n.d.", "objectif inconnu pour Changement de chaudière à fioul (résidentiel)")
    says(
        warning(p),
        "voitures particulières et chauffage des bâtiments tertiaires",
        "Non déterminé : chauffage des logements.",
    )


def test_unknown_coefficients_make_the_base_unknown(panoramas, says):
    p = panoramas["reg-32"].copy(deep=True)
    p["unit_abatement"] = p.unit_abatement * np.nan
    table = interactions(p)
    assert table.base.isna().all() and table.joint.isna().all()
    assert table.first_order.notna().all()
    says(table.sentence[0], "effet conjoint n.d.", "ni parc, ni point de départ, ni coefficient connus ici")
    says(warning(p), "leur recouvrement n'est pas déterminé.", "Non déterminé : voitures particulières,")


def test_one_unknown_region_makes_the_national_base_unknown(damaged, says):
    damaged.replace(
        "data/clean/panorama.csv",
        "reg-32,vehicules_electriques,940.7603,6.706,0.4677",
        "reg-32,vehicules_electriques,940.7603,6.706,",
    )
    row = interactions(panorama("fr")).set_index("group").loc["voitures"]
    assert np.isnan(row.joint)
    says(row.sentence, "émissions de départ inconnues pour Hauts-de-France")


def test_order_of_an_unknown_group_is_refused(panoramas, says):
    with pytest.raises(LeverError) as refused:
        interactions(panoramas["reg-32"], order={"voiture": CARS})
    says(refused.value, "Groupe inconnu : « voiture ».", "Vouliez-vous dire « voitures » ?", "Groupes : voitures,")


@pytest.mark.parametrize("order", [CARS[:4], [*CARS, CARS[0]], []])
def test_order_without_each_lever_once_is_refused(panoramas, says, order):
    with pytest.raises(LeverError) as refused:
        chain(panoramas["reg-32"], order={"voitures": order})
    says(
        refused.value,
        "Ordre du groupe « voitures » :",
        "Écrire chacun de ses leviers une fois : reduction_deplacements,",
    )


@pytest.mark.cases("interactions", "fichier_endommage")
def test_damaged_file_says_where_and_what_to_write(damaged, says, case):
    damaged.apply(case)
    with pytest.raises(ParameterError) as refused:
        groups()
    says(refused.value, *case["message"])


def test_every_group_says_why_and_in_which_order():
    for group in groups():
        assert group.status == "hypothese"
        assert group.reason.strip() and group.order_reason.strip() and group.base.note.strip()


@pytest.mark.parametrize(("order", "said"), [([], "vide"), (["haies"], "haies")])
def test_an_order_that_is_not_of_the_group_is_said_as_it_was_given(says, order, said):
    group = next(iter(groups()))
    name = group if isinstance(group, str) else group.id
    with pytest.raises(LeverError) as refused:
        interactions(panorama("reg-32"), {name: order})
    says(refused.value, f"Ordre du groupe « {name} » : {said}.")
