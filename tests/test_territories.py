"""Territories: how many there are, who is inside whom, and what a person may type to name one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copkit import french
from copkit.errors import CopkitError, TerritoryError
from copkit.reference import tables, territories

CODES = territories.territories().code.to_list()


@pytest.mark.parametrize("level", ["region", "departement", "epci", "commune"])
def test_every_territory_of_a_level_is_there_once(cases, level):
    found = territories.territories(level)
    assert len(found) == cases("territoires")["nombres"][level]
    assert found.code.is_unique
    assert (found.level == level).all()
    prefix = {"region": "reg-", "departement": "dep-", "epci": "epci-", "commune": "com-"}[level]
    assert found.code.str.startswith(prefix).all()


def test_without_a_level_regions_and_departements_are_given():
    assert len(CODES) == 119
    assert "fr" not in CODES


def test_every_commune_is_in_a_departement_and_a_region_that_exist():
    communes = territories.territories("commune")
    region_of = territories.territories("departement").set_index("code").region
    assert set(communes.departement) == set(region_of.index)
    assert (communes.departement.map(region_of) == communes.region).all()
    assert set(communes.region) == set(territories.territories("region").code)


def test_only_four_islands_have_no_epci(cases):
    communes = territories.territories("commune")
    assert set(communes.name[communes.epci == ""]) == set(cases("territoires")["communes_sans_epci"])
    assert set(communes.epci) - {""} == set(territories.territories("epci").code)


def test_an_epci_counts_its_communes_and_their_people():
    epci = territories.territories("epci").set_index("code")
    communes = territories.territories("commune").groupby("epci").agg(n=("code", "size"), people=("population", "sum"))
    assert (communes.n.reindex(epci.index) == epci.communes).all()
    assert (communes.people.reindex(epci.index) == epci.population).all()


def test_people_add_up_from_the_communes_to_the_departements_the_regions_and_france():
    people = tables.read("territories.csv").set_index("code").population
    communes = territories.territories("commune")
    for column in ("departement", "region"):
        added = communes.groupby(column).population.sum()
        assert (people[added.index] == added).all()
    assert people["fr"] == communes.population.sum()


def test_an_overseas_region_has_one_departement_and_a_metropolitan_one_several(cases):
    overseas = cases("territoires")["outre_mer"]
    for code in territories.territories("region").code:
        inside = territories.departements_of(code)
        assert territories.is_overseas(code) == (code in overseas)
        assert inside == [overseas[code]] if code in overseas else len(inside) >= 2
    assert all(territories.is_overseas(code) for code in overseas.values())
    assert not territories.is_overseas("dep-59")


def test_each_departement_is_in_one_region():
    inside = [code for region in territories.territories("region").code for code in territories.departements_of(region)]
    assert sorted(inside) == sorted(territories.territories("departement").code)
    assert all(code in territories.departements_of(territories.region_of(code)) for code in inside)


def test_territories_within_another_are_only_its_own():
    nord = territories.territories("commune", within="dep-59")
    assert set(nord.departement) == {"dep-59"}
    assert "Lille" in set(nord.name)
    assert territories.territories(within="reg-32").code.to_list() == ["dep-02", "dep-59", "dep-60", "dep-62", "dep-80"]
    assert territories.territories("region", within="reg-32").code.to_list() == ["reg-32"]
    assert len(territories.territories("departement", within="fr")) == 101
    straddling = territories.territories("epci", within="dep-80")
    assert straddling.departements.str.contains("dep-80").all()
    assert (straddling.departements != "dep-80").any()


def test_a_name_of_a_territory_can_stand_for_its_code():
    assert territories.territories("departement", within="Bretagne").name.to_list() == [
        "Côtes-d'Armor",
        "Finistère",
        "Ille-et-Vilaine",
        "Morbihan",
    ]


@pytest.mark.cases("territoires", "acceptes")
def test_what_a_person_types_is_understood(case):
    assert territories.resolve(case["ecrit"]) == case["code"]


@pytest.mark.cases("territoires", "refuses")
def test_what_cannot_be_understood_is_refused_with_a_remedy(says, case):
    with pytest.raises(TerritoryError) as refused:
        territories.resolve(case["ecrit"])
    says(refused.value, *case["message"])


def test_every_bare_region_code_is_refused_with_both_readings(says):
    names = territories.territories().set_index("code").name
    for region in territories.territories("region").code:
        bare = region.removeprefix("reg-")
        if f"dep-{bare}" not in names:
            continue
        with pytest.raises(TerritoryError) as refused:
            territories.resolve(bare)
        says(refused.value, names[region], names[f"dep-{bare}"], f"« {region} » ou « dep-{bare} »")


def test_unknown_level_is_refused_with_the_known_ones(says):
    with pytest.raises(TerritoryError) as refused:
        territories.territories("regions")
    says(refused.value, "Niveau inconnu : « regions ». Vouliez-vous dire « region » ?", "departement, epci, commune.")


def test_unknown_surrounding_territory_is_refused(says):
    with pytest.raises(TerritoryError) as refused:
        territories.territories("commune", within="32")
    says(refused.value, "Territoire ambigu : « 32 »")


@given(st.sampled_from(CODES), st.sampled_from([str.upper, str.lower, str.title, lambda code: f" {code}\t"]))
def test_case_and_spaces_around_a_code_do_not_matter(code, written):
    assert territories.resolve(written(code)) == code
    assert territories.resolve(territories.resolve(code)) == code


@given(st.sampled_from(CODES), st.sampled_from([str.upper, french.plain, lambda name: name.replace("'", "’")]))
def test_name_of_one_territory_only_leads_to_it(code, written):
    name = territories.name(code)
    alike = [other for other in CODES if french.plain(territories.name(other)) == french.plain(name)]
    if len(alike) == 1:
        assert territories.resolve(written(name)) == code
    else:
        with pytest.raises(TerritoryError, match="ambigu"):
            territories.resolve(written(name))


@given(st.text(max_size=20))
def test_any_text_gives_a_territory_or_an_error_of_the_kit(text):
    try:
        found = territories.resolve(text)
    except CopkitError as refused:
        assert "Territoire" in str(refused) or "panorama" in str(refused)
    else:
        assert found in [*CODES, "fr"]


def test_levels_are_said_in_french():
    assert [territories.level_label(code) for code in ("fr", "reg-32", "dep-59")] == [
        "France entière",
        "région",
        "département",
    ]


def test_another_home_has_its_own_names(kit_at):
    assert territories.resolve("Nord") == "dep-59"
    kit_at().replace("data/clean/territories.csv", "departement,Nord,", "departement,Flandre,")
    assert territories.resolve("Flandre") == "dep-59"
    assert territories.name("dep-59") == "Flandre"
