"""The tables of data/clean: they hold what their sources hold, and a damaged one says where and what to write."""

import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

import copkit as ck
from copkit import files, paths
from copkit.errors import DataError, Problems
from copkit.presentation import labels
from copkit.reference import parameters, tables


@pytest.mark.parametrize("name", tables.TABLES)
def test_every_table_passes_its_schema(name):
    problems = Problems()
    assert len(tables.check(paths.clean_data(name), name, problems)) > 0
    assert not problems, str(problems)


def test_reader_of_a_table_cannot_spoil_it_for_the_next():
    spoilt = tables.read("territories.csv")
    spoilt["population"] = 0
    assert tables.read("territories.csv").population.min() > 0


def test_panorama_holds_the_444_published_rows(facts):
    ids = {lv.nomenclatures.simulateur: lv.id for lv in parameters.levers().values() if lv.nomenclatures.simulateur}
    source = facts("sgpe_regional_targets.csv")
    assert set(source.sgpe_id) == set(ids)
    source = source.assign(territory="reg-" + source.region_code, lever=source.sgpe_id.map(ids))
    kit = tables.read("panorama.csv").query("version == 'sgpe-2024-10'")
    both = source.merge(kit, on=["territory", "lever"], how="outer", indicator=True, validate="one_to_one")
    assert len(both) == 444
    assert (both._merge == "both").all()
    same(both.target_ktco2e_x, both.target_ktco2e_y)
    # what the source writes 0 when it has no starting point or no coefficient is unknown here
    same(pd.to_numeric(both.start_2019).where(both.relative == "1"), both.baseline)
    same(pd.to_numeric(both.phys_per_ktco2e).where(both.translatable == "1"), both.quantity_per_ktco2e)
    for theirs, ours in (("translatable", "translated"), ("editable_x", "editable_y"), ("target_shown", "shown")):
        assert ((both[theirs] == "1") == (both[ours] == "oui")).all()


def same(theirs, ours):
    np.testing.assert_array_equal(pd.to_numeric(theirs).to_numpy(float), ours.to_numpy(float))


def test_populations_are_the_official_ones(facts):
    source = facts("territories.csv")
    source = source.assign(full=source.level.map({"region": "reg-", "departement": "dep-"}) + source.code)
    kit = tables.read("territories.csv").set_index("code")
    assert set(source.full) == set(kit.index) - {"fr"}
    for row in source.itertuples():
        assert kit.name[row.full] == row.name
        assert kit.population[row.full] == float(row.population)
        assert kit.population_year[row.full] == float(row.population_year)
        assert kit.region[row.full] == ("reg-" + row.region_code if row.level == "departement" else "")
    assert kit.population["fr"] == kit[kit.level == "region"].population.sum()


@pytest.mark.cases("repartition", "cles")
def test_allocation_values_are_those_of_their_source(facts, cases, case):
    kit = tables.read("allocation.csv").query(f"key == '{case['nom']}'").set_index("territory")
    source = facts("indicators.csv").query("level == 'departement'")
    source = source[(source.indicator == case["indicateur"]) & (source.source_id == case["source"])]
    source = source[source.year.isin([f"{year:.0f}" for year in kit.year.unique()])]
    paris = cases("repartition")["grand_paris"]
    shared = paris["departements"] if case["nom"] in paris["cles"] else []
    expected = {"dep-" + row.code: row for row in source.itertuples() if not row.code.startswith("97")}
    assert set(kit.index) == set(expected) | set(shared)
    for code, row in expected.items():
        assert kit.value[code] == float(row.value), code
        assert (kit.unit[code], kit.source[code]) == (row.unit, row.source_id)


def test_paris_and_its_ring_share_the_land_of_the_metropole_by_surface(facts, cases):
    paris = cases("repartition")["grand_paris"]
    indicators = {row["nom"]: row["indicateur"] for row in cases("repartition")["cles"]}
    land = facts("commune/indicators_epci.csv").query(f"code == '{paris['epci']}'").set_index("indicator").value
    part = facts("commune/epci_departement_2018.csv").query(f"epci_code == '{paris['epci']}'")
    part = part.set_index("departement_code").part_surface_epci
    kit = tables.read("allocation.csv").set_index(["key", "territory"])
    for key in paris["cles"]:
        for code in paris["departements"]:
            expected = float(land[indicators[key]]) * float(part[code.removeprefix("dep-")])
            row = kit.loc[(key, code)]
            assert row.value == pytest.approx(expected, abs=0.005), (key, code)
            assert row.status == "derive"
            assert "Métropole du Grand Paris" in row.method


def test_share_of_paris_worked_by_hand(cases):
    example = cases("repartition")["exemple_grand_paris"]
    kit = tables.read("allocation.csv").set_index(["key", "territory"]).value
    assert kit[example["cle"], example["departement"]] == pytest.approx(example["valeur"], abs=0.01)


@pytest.mark.long
def test_fictitious_region_of_the_simulator_is_nowhere():
    asked = re.compile(r"région[\s_-]*exemple|region[\s_-]*exemple", re.IGNORECASE)
    read = 0
    for folder in ("data", "parameters", "notebooks"):
        for path in (paths.home() / folder).rglob("*"):
            if path.suffix == ".parquet":
                text = pd.read_parquet(path).to_csv()
            elif path.is_file():
                text = path.read_text(encoding="utf-8", errors="replace")
            else:
                continue
            read += 1
            assert not asked.search(text), path
    assert read > 60


def test_calendar_of_the_cops_has_18_territories_and_invents_no_date():
    calendar = tables.read("cop_calendar.csv").set_index("territory")
    assert len(calendar) == 18
    assert calendar.state["reg-03"] == "en attente"
    assert calendar.state["reg-06"] == "non renseigné"
    dated = calendar.state.isin(["COP lancée", "COP annoncée"])
    assert ((calendar.date != "") == dated).all()
    # 16 dates are on the map; « 14 COPs initiées » is right without Île-de-France and Bretagne, still to come
    assert dated.sum() == 16
    assert set(calendar.index[calendar.state == "COP annoncée"]) == {"reg-11", "reg-53"}


def test_calendar_is_read_as_its_source_prints_it():
    found = ck.calendar()
    assert list(found) == ["territory", "name", "state", "date", "status", "source"]
    assert found.date.to_list()[:16] == sorted(found.date[:16]) and found.name.to_list()[16:] == ["Guyane", "Mayotte"]
    printed = {row.name: row.date for row in found.itertuples(index=False) if row.date}
    assert printed == {  # the sixteen dates of the map, region by region
        "Guadeloupe": "2023-11-14", "Martinique": "2023-12-05", "La Réunion": "2023-12-06", "Bretagne": "2024-04-10",
        "Centre-Val de Loire": "2023-12-04", "Pays de la Loire": "2024-03-15", "Nouvelle-Aquitaine": "2023-12-01",
        "Occitanie": "2023-11-30", "Normandie": "2023-12-15", "Île-de-France": "2024-04-02",
        "Hauts-de-France": "2023-12-06", "Grand Est": "2023-11-14", "Bourgogne-Franche-Comté": "2023-12-13",
        "Auvergne-Rhône-Alpes": "2023-12-21", "Provence-Alpes-Côte d'Azur": "2023-11-27", "Corse": "2024-03-15",
    }  # fmt: skip
    assert ck.calendar("dep-59").territory.to_list() == ["reg-32"]
    shown = labels.cops(found).texts()
    assert shown["Date"][0] == "14 novembre 2023" and shown["Date"][-2:] == ["—", "—"]
    assert shown["État"][-2:] == ["En attente", "Non renseigné"]


@pytest.mark.cases("tables_endommagees", "csv")
def test_damaged_table_says_where_and_what_to_write(damaged, says, case):
    damaged.apply(case)
    with pytest.raises(DataError) as refused:
        tables.read(case["fichier"].rsplit("/")[-1])
    says(refused.value, *case["message"])


def test_every_problem_of_a_table_comes_at_once_in_the_order_of_the_file(damaged):
    damaged.replace("data/clean/panorama.csv", "96.6919", "beaucoup")
    damaged.replace("data/clean/panorama.csv", "1379.8038", "-72")
    damaged.replace("data/clean/panorama.csv", "reg-94,haies", "reg-94,haie")
    with pytest.raises(DataError) as refused:
        tables.read("panorama.csv")
    head, *lines = str(refused.value).splitlines()
    assert head == "data/clean/panorama.csv : 3 problèmes"
    numbers = [int(re.search(r"ligne (\d+)", line)[1]) for line in lines]
    assert numbers[:2] == [2, 4]
    assert numbers == sorted(numbers)


def test_damaged_parquet_says_where_and_what_to_write(damaged, says):
    file = damaged.home / "data/clean/communes.parquet"
    table = pd.read_parquet(file)
    table.loc[[0, 1], "code"] = ["com-01001", "com-01001"]
    table.loc[5, "region"] = "84"
    table.loc[6, "population"] = -1
    table.to_parquet(file)
    with pytest.raises(DataError) as refused:
        tables.read("communes.parquet")
    says(
        refused.value,
        "data/clean/communes.parquet : 3 problèmes",
        "lignes 2 et 3 : même clé (code) = (com-01001). N'en garder qu'une.",
        "ligne 7, colonne region : « 84 » n'a pas la forme attendue",
        "ligne 8, colonne population : -1.0 est inférieur à 0.",
    )


def test_file_that_is_no_parquet_is_refused(damaged, says):
    damaged.write("data/clean/observed.parquet", "du texte")
    with pytest.raises(DataError) as refused:
        tables.read("observed.parquet")
    says(refused.value, "data/clean/observed.parquet", "fichier illisible", "Le rétablir depuis le dépôt de copkit.")


def test_another_home_has_its_own_tables(damaged):
    before = tables.read("territories.csv")
    damaged.replace("data/clean/territories.csv", "reg-01,region,Guadeloupe", "reg-01,region,Karukera")
    assert "Karukera" not in set(before.name)
    assert "Guadeloupe" in set(before.name)


def test_a_table_that_was_read_is_checked_again_when_the_sources_are_others(damaged, says):
    assert len(tables.read("plans.csv"))
    damaged.replace("parameters/sources.yml", "feuille_de_route_hauts_de_france_2025:", "feuille_de_route_perdue:")
    files.reload()
    with pytest.raises(DataError) as refused:
        tables.read("plans.csv")
    says(refused.value, "data/clean/plans.csv", "valeur « feuille_de_route_hauts_de_france_2025 » inconnue")


def test_text_of_a_code_keeps_its_zeros():
    assert "dep-01" in set(tables.read("territories.csv").code)
    assert set(tables.read("panorama.csv").territory) >= {"reg-01", "reg-06"}


def test_a_text_that_is_no_utf8_in_a_file_of_the_kit_is_said(damaged):
    file = damaged.home / "data/clean/buses.parquet"
    table = parquet.read_table(file)
    wrong = pa.array([b"\xe9lectrique"] * len(table), pa.binary()).view(pa.string())  # that nothing checks
    parquet.write_table(table.set_column(table.column_names.index("fuel"), "fuel", wrong), file)
    with pytest.raises(DataError, match=r"fichier illisible .*Le rétablir depuis le dépôt"):
        tables.read("buses.parquet")
