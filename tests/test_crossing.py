"""Projects beside targets: what converts, what is listed, and no project counted twice."""

import math

import pandas as pd
import pytest

from copkit.errors import ProjectError, TerritoryError
from copkit.models import panorama as panoramas
from copkit.models.conversion import convert
from copkit.projects import fields
from copkit.projects.counting.crossing import carriers, crossing, quantities
from copkit.reference import units


def vivier(rows):
    table = pd.DataFrame([{"departement": "dep-59", "project_id": str(n)} | row for n, row in enumerate(rows)])
    text = table.columns.drop(["quantity", "amount", "cost"], errors="ignore")
    return fields.complete(table.fillna(dict.fromkeys(text, "")))


def test_every_lever_of_the_cop_and_of_the_panorama_has_its_row():
    table = crossing(vivier([{"lever": "haies"}]))
    p = panoramas.panorama("reg-32")
    assert set(p.lever.values) <= set(table.lever) and table.lever.is_unique
    assert len(table) == 43 + 2 + 4  # production industrielle, vélo et transports en commun; autres to the total
    targets = table.set_index("lever").target.dropna()
    assert targets.to_dict() == dict(zip(p.lever.values, p.target.values, strict=True))
    assert table.attrs["targets"] == panoramas.totals(p).total.to_dict()


def test_lever_without_ktco2e_keeps_its_projects_and_an_unknown_target():
    rows = crossing(vivier([{"lever": "egalim"}])).set_index("lever")
    assert rows.projects["egalim"] == 1 and math.isnan(rows.target["egalim"])
    assert rows.note["egalim"] == "Sans objectif en ktCO2e dans ce panorama."
    assert rows.position["haies"] == "none" and rows.position["egalim"] == "with"


def test_lever_of_the_panorama_counts_its_members_and_the_total_counts_each_project_once():
    levers = ["industrie_diffuse", "grands_sites_industriels", "velo", "report_modal", "haies", "", "autres"]
    rows = crossing(vivier([{"lever": lever, "amount": 1.01} for lever in levers])).set_index("lever")
    assert rows.projects[["production_industrielle", "velo_transports_en_commun"]].to_list() == [2, 2]
    assert rows.amount["production_industrielle"] == 2.02 and rows.amount["total"] == 7.07
    assert rows.part_of[["industrie_diffuse", "velo"]].to_list() == [
        "production_industrielle",
        "velo_transports_en_commun",
    ]
    own = rows[(rows.part_of == "") & (rows.index != "total")]
    assert own.projects.sum() == rows.projects["total"] == 7


def test_dossier_of_two_levers_of_a_same_target_counts_once_in_it(says):
    rows = [{"lever": "velo|report_modal", "amount": 1.01}, {"lever": "velo|haies", "amount": 2.0}]
    table = crossing(vivier(rows))
    found = table.set_index("lever")
    assert found.projects[["velo", "report_modal", "velo_transports_en_commun", "haies", "total"]].to_list() == [
        *(2, 1, 2, 1, 2)
    ]
    assert found.amount[["velo", "velo_transports_en_commun", "haies", "total"]].to_list() == [3.01, 3.01, 2, 3.01]
    says(" ".join(table.attrs["rules"]), "Un projet rattaché à plusieurs leviers compte un dans chacun")
    assert "plusieurs leviers" not in " ".join(crossing(vivier([{"lever": "velo"}])).attrs["rules"])


@pytest.mark.cases("comptage", "quantites")
def test_quantity_of_a_dossier_of_several_levers_goes_to_the_one_that_has_its_unit(case, says):
    projects = vivier([{"lever": case["levier"], "quantity": case["quantite"], "quantity_unit": case["unite"]}])
    (one,) = quantities(projects).itertuples()
    table = crossing(projects).set_index("lever")
    if "raison" in case:
        says(one.reason, case["raison"])
        assert math.isnan(one.kt) and one.lever == case["levier"] and table.declared["total"] == 0
    else:
        assert one.reason == "" and one.lever == case["compte_sous"] and one.kt > 0
        says(one.note, case["note"])
        assert table.declared[[case["compte_sous"], "total"]].to_list() == [1, 1]
        assert table.kt_identified.sum() == 2 * one.kt  # its lever and the total


def test_term_of_two_levers_is_left_apart_and_said(says):
    rows = crossing(vivier([{"lever": "gestion_des_forets"}])).set_index("lever")
    assert rows.projects[["gestion_des_forets", "puits_forestiers"]].to_list() == [1, 0]
    assert rows.position["puits_forestiers"] == "grouped" and not rows.shown["puits_forestiers"]
    says(rows.note["puits_forestiers"], "1 dossier sous « Gestion des forêts »", "Objectif non régionalisé.")
    assert "gestion_des_forets" not in carriers(panoramas.panorama("reg-32"))


@pytest.mark.parametrize(
    ("lever", "quantity", "unit"),
    [
        ("haies", 0.5, "milliers de km"),
        ("vehicules_electriques", 2.0, "millier_vehicules"),
        ("bus_cars_decarbones", 12, "bus et cars"),
    ],
)
def test_quantity_that_a_lever_adds_gives_what_the_conversion_gives(lever, quantity, unit):
    found = quantities(vivier([{"lever": lever, "quantity": quantity, "quantity_unit": unit}])).iloc[0]
    start = panoramas.panorama("reg-32").baseline.sel(lever=lever).fillna(0).item()
    assert found.kt == pytest.approx(convert("reg-32", lever, quantity=start + quantity).kt, rel=1e-9)
    assert (found.reason, found.note, found.converted) == ("", "", quantity)


def test_quantity_that_a_lever_saves_is_positive_too():
    found = quantities(
        vivier([{"lever": "chaudieres_fioul_residentiel", "quantity": 0.15, "quantity_unit": "millier_logements"}])
    )
    start = panoramas.panorama("reg-32").baseline.sel(lever="chaudieres_fioul_residentiel").item()
    expected = convert("reg-32", "chaudieres_fioul_residentiel", quantity=start - 0.15).kt
    assert found.kt.iloc[0] == pytest.approx(expected, rel=1e-6)


def test_unit_of_the_same_kind_is_converted_and_said():
    found = quantities(
        vivier(
            [
                {"lever": "haies", "quantity": 500.0, "quantity_unit": "km"},
                {"lever": "haies", "quantity": 0.5, "quantity_unit": "milliers de km"},
                {"lever": "sobriete_fonciere", "quantity": 3.0, "quantity_unit": "ha par an"},
            ]
        )
    )
    assert found.kt[0] == pytest.approx(found.kt[1], rel=1e-12) and found.converted[0] == 0.5
    assert found.note[0] == "Convertie : km → milliers de km." and found.converted[2] == 0.003


@pytest.mark.parametrize(
    ("project", "reason"),
    [
        (
            {"lever": "haies", "quantity": 3.0, "quantity_unit": "ha"},
            "unité « ha » : le levier se compte en milliers de km",
        ),
        (
            {"lever": "haies", "quantity": 3.0, "quantity_unit": "arbres"},
            "unité « arbres » : le levier se compte en milliers de km",
        ),
        ({"lever": "haies", "quantity": 3.0}, "unité absente (milliers de km)"),
        (
            {"lever": "haies", "quantity": -3.0, "quantity_unit": "km"},
            "quantité négative : écrire en positif l'effet dans le sens du levier",
        ),
        ({"lever": "haies", "quantity_unit": "km"}, "unité sans quantité lisible"),
        (
            {"lever": "egalim", "quantity": 3.0, "quantity_unit": "repas"},
            "levier sans objectif en ktCO2e dans ce panorama",
        ),
        ({"lever": "", "quantity": 3.0, "quantity_unit": "km"}, "levier sans objectif en ktCO2e dans ce panorama"),
        (
            {"lever": "biogaz", "quantity": 3.0, "quantity_unit": "GWh"},
            "levier compté directement en ktCO2e, sans quantité physique",
        ),
        (
            {"lever": "covoiturage", "quantity": 3.0, "quantity_unit": "km par voiture et par an"},
            "moyenne d'un territoire (km par voiture et par an) : elle ne s'additionne pas",
        ),
        (
            {"lever": "batiments_machines_agricoles", "quantity": 1.0, "quantity_unit": "TWh par an"},
            "levier sans coefficient dans ce territoire",
        ),
    ],
)
def test_quantity_that_does_not_convert_is_listed_with_its_reason(project, reason, says):
    projects = vivier([{"quantity": math.nan} | project])
    found = quantities(projects)
    assert found.reason.to_list() == [reason] and found.kt.isna().all()
    table = crossing(projects)
    says(" ".join(table.attrs["rules"]), "1 quantité déclarée non convertie")
    assert table.kt_identified.isna().all() and (table.status == "").all()


def test_identified_ktco2e_are_derived_and_given_as_a_share_of_the_target():
    projects = vivier([{"lever": "haies", "quantity": q, "quantity_unit": "km"} for q in (500.0, 1500.0)])
    row = crossing(projects).set_index("lever").loc["haies"]
    assert (row.declared, row.status) == (2, "derive")
    assert row.kt_identified == pytest.approx(2 / 0.0333) and row.target_share == pytest.approx(
        100 * row.kt_identified / row.target
    )
    total = crossing(projects).set_index("lever").loc["total"]
    assert total.kt_identified == row.kt_identified and math.isnan(total.target)


def test_only_the_projects_of_the_territory_are_counted(says):
    projects = vivier(
        [{"lever": "haies"}, {"lever": "haies", "departement": "dep-62"}, {"lever": "haies", "departement": ""}]
    )
    table = crossing(projects, "dep-59")
    assert table.attrs["n"] == 1 and table.attrs["territory"] == "dep-59"
    says(" ".join(table.attrs["rules"]), "1 dossier hors de Nord", "1 dossier sans lieu connu")
    assert crossing(projects, "fr").attrs["n"] == 3


def test_categories_of_the_cop_are_counted_by_default():
    projects = vivier([{"lever": "haies"}, {"lever": "haies"}]).assign(category_kept=["remonter", "crte"])
    assert crossing(projects).attrs["n"] == 1 and crossing(projects, categories="toutes").attrs["n"] == 2


def test_unknown_territory_or_category_is_refused(says):
    with pytest.raises(TerritoryError) as caught:
        crossing(vivier([{"lever": "haies"}]), "32")
    says(caught.value, "Territoire ambigu")
    with pytest.raises(ProjectError) as caught:
        crossing(vivier([{"lever": "haies"}]), categories=["autre"])
    says(caught.value, "Catégorie inconnue : « autre ».")


def test_unit_is_read_from_its_id_or_its_label_and_compared():
    assert units.read("Milliers de véhicules") == "millier_vehicules" and units.read("km par an") == "km/an"
    assert units.read("parsecs") == units.read("") == ""
    assert units.factor("vehicule", "millier_vehicules") == 0.001 and units.factor("ha", "km") is None
    assert units.factor("parsec", "km") is None
