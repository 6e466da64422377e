"""The invented vivier, from the file to the balance: published figures to the unit, and what is planted in it."""

import csv
import importlib.util
import re
from functools import cache

import pandas as pd
import pytest

import copkit as ck
from copkit import paths
from copkit.projects import fields
from copkit.projects.counting import balance as balances
from copkit.projects.counting.coverage import coverage, without_project
from copkit.projects.counting.crossing import crossing, quantities
from copkit.projects.counting.ranking import top_and_bottom

from .conftest import LONG

EXAMPLES = paths.home() / "data" / "examples"
FILES = [EXAMPLES / f"vivier_hauts_de_france.{kind}" for kind in ("csv", "xlsx")]
EMAIL, PHONE = re.compile(r"[\w.-]+@[\w.-]+"), re.compile(r"0\d( \d\d){4}")


@pytest.fixture(scope="module")
def made():
    spec = importlib.util.spec_from_file_location("make_vivier", EXAMPLES / "make_vivier.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def read():
    """The projects of the example, read and sorted with the rules of the kit."""
    return cache(lambda file: ck.projects.triage(ck.projects.read(file)))


@pytest.fixture(scope="module", params=FILES if LONG else FILES[:1], ids=lambda file: file.suffix[1:])
def vivier(request, read):
    return read(request.param)


@pytest.fixture(scope="module")
def raw():
    with FILES[0].open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_workbook_holds_what_the_csv_does(read):
    table, workbook = map(read, FILES)
    origin = ["source_file", "sheet"]
    assert workbook[origin].drop_duplicates().to_numpy().tolist() == [[FILES[1].name, "Dossiers"]]
    pd.testing.assert_frame_equal(workbook.drop(columns=origin), table.drop(columns=origin))
    told, same = table.attrs["reading"], workbook.attrs["reading"]
    assert (len(same.duplicates), same.probable_groups) == (len(told.duplicates), told.probable_groups) == (6, 8)


# ------------------------------------------------------------------ what is published


def test_dossiers_by_departement_and_category_are_the_published_ones(vivier, cases):
    case = cases("bilan_hauts_de_france")
    table = ck.projects.balance(vivier).set_index("category")
    assert list(table.columns) == ["label", *case["departements"]]
    for category, counts in case["dossiers"].items():
        assert table.loc[category, case["departements"]].to_list() == counts
    percent = balances.shares(ck.projects.balance(vivier)).set_index("category")
    for category, expected in case["parts"].items():
        assert percent.loc[category, case["departements"]].astype(float).round(1).to_list() == expected


def test_dossiers_by_lever_are_the_published_ones_with_both_ends(vivier, cases):
    case = cases("leviers_investis")
    table = top_and_bottom(ck.projects.balance(vivier, "lever"))
    assert table.attrs["n"] == case["n"]
    for block, name in (("plus_investis", "most"), ("moins_investis", "least")):
        found = table[(table.list == name) & (table.lever != "total")].set_index("lever")
        assert sorted(found.index) == sorted(row["levier"] for row in case[block])
        for row in case[block]:
            one = found.loc[row["levier"]]
            assert (one.projects, round(one.share, 1), one.rank_label) == (
                row["dossiers"],
                row["part"],
                row.get("rang", ""),
            )
    assert table[table.list == "none"].lever.to_list() == case["non_investis"]
    assert table[table.list == "grouped"].lever.to_list() == case["dans_un_autre_terme"]


def test_levers_that_the_source_does_not_name_lie_strictly_between_its_two_lists(vivier):
    table = ck.projects.balance(vivier, "lever").set_index("lever")
    others = table[table.position == "other"].projects
    assert len(others) == 19 and others.sum() == 295 and others.between(6, 41).all()


def test_coverage_is_the_published_one(vivier):
    rows = coverage(vivier).query("territory == 'reg-32'").set_index("level")
    assert round(rows.share["epci"]) == 77 and rows.covered["epci"] == 71 and rows.total["epci"] == 92
    assert rows.held[["region", "departement", "commune"]].to_list() == [0, 1, 189]
    assert len(without_project(vivier)) == 21
    assert {"pnr", "petr", "syndicat_mixte", "agence_urbanisme", "pays"} <= set(rows.index)
    alone = coverage(vivier, straddling="population").query("territory == 'reg-32'").set_index("level")
    assert round(alone.share["epci"]) == 77 and alone.total["epci"] == 90


def test_themes_are_near_what_the_source_says(vivier):
    table = ck.projects.balance(vivier, "theme", categories="toutes").set_index("theme")
    shared = table.share[["Transport de voyageurs", "Transport de marchandises", "Bâtiments"]].sum()
    assert round(shared, 1) == 49.4  # « près de 50 % »
    for departement, water in (("dep-80", 20.1), ("dep-60", 19.9)):  # « environ 20 % »
        here = ck.projects.balance(vivier[vivier.departement == departement], "theme").set_index("theme")
        assert round(here.share["Eau"], 1) == water


# ------------------------------------------------------------------ what is planted


def test_six_dossiers_are_given_twice_and_only_the_most_recent_gives_the_published_figures(vivier):
    assert len(vivier) == 1285 and len(fields.counted(vivier)) == 1279
    assert len(vivier.attrs["reading"].duplicates) == 6
    twice = vivier[vivier.duplicate_of != ""]
    assert (twice.category_kept == "travailler").all()
    kept = vivier[(vivier.duplicate_of == "") & vivier.project_id.isin(twice.project_id)]
    assert (kept.category_kept == "remonter").all() and len(kept) == 6


def test_eight_pairs_share_holder_and_title_and_are_counted(vivier):
    assert vivier.attrs["reading"].probable_duplicates.group.nunique() == 8


def test_revised_form_fills_one_column_then_the_other(raw):
    before, after = "Levier de la planification écologique", "Levier principal"
    assert not any(row[before] and row[after] for row in raw)
    assert (
        max(row["Déposé le"] for row in raw if row[before])
        < "2024-09-09"
        <= min(row["Déposé le"] for row in raw if row[after])
    )


def test_labels_come_in_several_writings_and_unknown_ones_are_outside_the_cop(vivier):
    labels = vivier.groupby("lever").lever_label.nunique()
    assert labels["sobriete_isolation_tertiaire"] > 4 and labels["velo"] > 3
    unknown = vivier[vivier.lever == "non_reconnu"]
    assert len(unknown) == 4 and unknown.category_kept.isin(["crte", "non_remonte"]).all()


def test_levers_without_dossier_in_the_cop_have_some_outside_of_it(vivier):
    every = ck.projects.balance(vivier, "lever", categories="toutes").set_index("lever").projects
    assert every[["produits_bois", "fertilisation_azotee", "batiments_machines_agricoles"]].to_list() == [1, 1, 1]


def test_twelve_quantities_are_in_the_unit_of_their_lever_and_four_are_not(vivier):
    found = quantities(vivier)
    direct = found[found.kt.notna() & ~found.note.str.startswith("Convertie")]
    assert (len(found), len(direct), found.kt.isna().sum()) == (16, 12, 2)
    assert crossing(vivier).attrs["n"] == 1114


def test_costs_are_missing_here_and_there(vivier):
    total = ck.projects.balance(vivier, "departement", crossed=False).iloc[-1]
    assert 50 < total.cost_missing < 200 and total.cost > 0 and total.amount_missing == 1279


# ------------------------------------------------------------------ nobody can take it for real


def test_every_row_and_every_result_is_marked_invented(vivier, raw):
    assert all(row["Exemple inventé"] == "Oui" for row in raw)
    assert all(row["Description du projet"].startswith("Exemple inventé") for row in raw)
    assert all(row["Entreprise raison sociale"].startswith("Porteur inventé n° ") for row in raw)
    assert all("(projet inventé n° " in row["Intitulé du projet"] for row in raw)
    assert all(row["Entreprise SIREN"].startswith("000") for row in raw)
    results = [
        ck.projects.balance(vivier),
        ck.projects.balance(vivier, "lever"),
        coverage(vivier),
        crossing(vivier),
        quantities(vivier),
    ]
    assert all(result.attrs["invented"] for result in results)
    assert all("Exemple inventé" in " ".join(result.attrs["rules"]) for result in results)


def test_planted_addresses_and_phones_use_reserved_ranges_and_reach_no_table(vivier, raw):
    text = FILES[0].read_text(encoding="utf-8")
    addresses, phones = set(EMAIL.findall(text)), {found.group() for found in PHONE.finditer(text)}
    assert len(addresses) > 1279 and all(one.endswith("@example.org") for one in addresses)
    assert len(phones) == 1279 and all(one.startswith("01 99 00") for one in phones)
    results = [ck.projects.balance(vivier, by) for by in ("lever", "thematique", "epci", "commune", "holder_type")]
    for table in [vivier, *results, coverage(vivier), without_project(vivier), crossing(vivier), quantities(vivier)]:
        written = pd.DataFrame(table).to_csv()
        assert not EMAIL.search(written) and not PHONE.search(written) and "Contact inventé" not in written


def test_category_is_written_nowhere_in_the_file(raw):
    text = FILES[0].read_text(encoding="utf-8").casefold()
    assert not any(word in text for word in ("remonter", "à travailler", "non remonté", "hors cop", "catégorie"))


# ------------------------------------------------------------------ regeneration


def test_generator_gives_the_committed_files_again(made, tmp_path):
    rows = made.build()
    made.write(rows, tmp_path / "again.csv")
    assert (tmp_path / "again.csv").read_bytes() == FILES[0].read_bytes()
    made.write_workbook(rows, tmp_path / "again.xlsx")
    for sheet in ("Dossiers", "Etablissements", "Avis"):
        again, kept = (
            pd.read_excel(file, sheet_name=sheet, engine="calamine", dtype=str)
            for file in (tmp_path / "again.xlsx", FILES[1])
        )
        pd.testing.assert_frame_equal(again, kept)


def test_examples_stay_small():
    assert all(file.stat().st_size < 1_000_000 for file in EXAMPLES.iterdir())
