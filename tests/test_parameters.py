"""The files of parameters/: all of them load, and a damaged one says where and what to write instead."""

import re
from datetime import date

import pytest
from pydantic import ValidationError

from copkit import paths
from copkit.errors import MOST, CopkitError, ParameterError
from copkit.models import downscaling, nomenclatures
from copkit.reference import framework, parameters, reading, tables, units


def test_every_lever_file_is_a_lever_with_its_own_name():
    files = {path.stem for path in paths.parameters("leviers").glob("*.yml")}
    assert set(parameters.levers()) == files
    assert len(files) == 57  # the 43, « production industrielle » and « vélo et TC » of the simulator, 12 overseas


def test_every_source_named_by_a_file_or_a_table_is_described():
    known = set(parameters.sources())
    named = {row.source for lever in parameters.levers().values() for row in lever.rationale}
    named |= {lever.unit_abatement.source for lever in parameters.levers().values() if lever.unit_abatement}
    for name in tables.TABLES:
        table = tables.read(name)
        named |= set(table.source) if "source" in table else set()
    assert named <= known
    for source in parameters.sources().values():
        assert source.publisher and source.title and source.licence and source.locator
        assert re.search(r"(19|20)\d\d|non datée|\d\.\d", source.year), source


def test_every_lever_has_a_note_bounds_and_a_review_date():
    for lever in parameters.levers().values():
        assert len(lever.note.split()) >= 15, lever.id
        assert lever.valid.years == (2019, 2030)
        assert lever.valid.review_by > date(2026, 1, 1)
        if lever.quantity:
            assert lever.quantity.min is not None, lever.id


def test_a_list_of_who_holds_a_lever_is_an_assumption_and_says_so():
    assert {lever.a_la_main.status for lever in parameters.levers().values()} == {"hypothese"}


@pytest.mark.cases("leviers_endommages", "un_probleme")
def test_damaged_file_says_where_and_what_to_write(damaged, says, case):
    damaged.apply(case)
    with pytest.raises(ParameterError) as refused:
        parameters.levers()
    says(refused.value, *case["message"])


def test_each_line_named_by_a_message_is_the_damaged_line(damaged):
    line, text = damaged.line("parameters/leviers/haies.yml", "  unit:")
    damaged.replace("parameters/leviers/haies.yml", text, "  unit: brasse")
    with pytest.raises(ParameterError, match=rf"ligne {line} : quantity\.unit : unité inconnue « brasse »"):
        parameters.levers()


def test_problems_of_several_files_come_at_once(damaged, says):
    damaged.replace("parameters/leviers/haies.yml", "additive: true", "additive: parfois")
    damaged.replace("parameters/leviers/haies.yml", "unit: millier_km\n", "unit: brasse\n")
    damaged.replace("parameters/leviers/biogaz.yml", "kind: direct", "kind: directe")
    damaged.replace("parameters/sources.yml", "  publisher:", "  editeur:")
    with pytest.raises(ParameterError) as refused:
        parameters.levers()
    says(
        refused.value,
        "parameters/leviers/haies.yml : 2 problèmes",
        "parameters/leviers/biogaz.yml : 1 problème",
        "« directe » inconnue. Vouliez-vous dire « direct » ?",
        "parameters/sources.yml : 2 problèmes",
        "insee_cog_2026.editeur : clé inconnue.",
    )


def test_the_key_that_was_meant_is_looked_for_as_far_as_problems_are_listed():
    with pytest.raises(ValidationError) as refused:
        parameters.Source.model_validate({f"titre{n}": "" for n in range(2 * MOST)})
    said = reading.explain(refused.value, {}, parameters.Source)
    strange = [one for one in said if "clé inconnue" in one]
    assert len(strange) == 2 * MOST
    assert all("Vouliez-vous dire « title » ?" in one for one in said[:MOST] if one in strange)
    assert strange[-1] == f"titre{2 * MOST - 1} : clé inconnue. Sinon la retirer."


def test_damaged_source_is_blamed_alone_and_not_the_levers_that_name_it(damaged):
    line, _ = damaged.line("parameters/sources.yml", "sgpe_simulateur_2024:")
    lines = damaged.read("parameters/sources.yml").splitlines(keepends=True)
    at = next(n for n in range(line, len(lines)) if lines[n].startswith("  licence:"))
    damaged.write("parameters/sources.yml", "".join(lines[:at] + lines[at + 1 :]))
    with pytest.raises(ParameterError) as refused:
        parameters.levers()
    expected = f"ligne {line} : sgpe_simulateur_2024.licence : clé absente. L'ajouter."
    assert str(refused.value) == f"parameters/sources.yml : 1 problème\n  • {expected}"


def test_file_that_was_accepted_stays_usable_once_mended(damaged):
    whole = damaged.read("parameters/leviers/haies.yml")
    damaged.replace("parameters/leviers/haies.yml", "kind: uptake", "kind: upake")
    with pytest.raises(ParameterError):
        parameters.levers()
    damaged.write("parameters/leviers/haies.yml", whole)
    assert parameters.levers()["haies"].kind == "uptake"


@pytest.mark.cases("leviers_endommages", "cadre")
def test_damaged_framework_says_where_and_what_to_write(damaged, says, case):
    damaged.apply(case)
    with pytest.raises(ParameterError) as refused:
        framework.items("enjeux")
    says(refused.value, *case["message"])


def test_framework_names_5_enjeux_and_6_thematiques_and_every_word_that_a_lever_uses():
    assert list(framework.labels("enjeux")) == ["climat", "biodiversite", "ressources", "adaptation", "sante"]
    assert len(framework.items("thematiques")) == 6
    assert len(framework.items("etapes")) == len(framework.items("objectifs")) == 4
    for lever in parameters.levers().values():
        assert lever.thematique in framework.labels("thematiques")
        assert lever.sector in framework.labels("secteurs")
        assert set(lever.enjeux) <= set(framework.labels("enjeux"))


@pytest.mark.cases("tables_de_parametres_endommagees", "cles")
def test_damaged_keys_say_where_and_what_to_write(damaged, says, case):
    damaged.apply(case)
    with pytest.raises(ParameterError) as refused:
        downscaling.keys()
    says(refused.value, *case["message"])


@pytest.mark.cases("tables_de_parametres_endommagees", "passages")
def test_damaged_crosswalk_says_where_and_what_to_write(damaged, says, case):
    damaged.apply(case)
    with pytest.raises(ParameterError) as refused:
        nomenclatures.crosswalk()
    says(refused.value, *case["message"])


def test_every_problem_of_the_keys_comes_at_once(damaged, says):
    damaged.replace("parameters/keys.csv", "population,INSEE,population", "population,INSEE,popluation")
    damaged.replace("parameters/keys.csv", "\nhaies,", "\nhaie,")
    with pytest.raises(ParameterError) as refused:
        downscaling.keys()
    says(refused.value, "parameters/keys.csv : 3 problèmes", "« popluation »", "« haie »", "levier « haies » sans clé")


def test_another_home_is_read_from_its_own_files(damaged):
    damaged.replace("parameters/leviers/haies.yml", "label: Gestion des haies", "label: Bocage")
    damaged.replace("parameters/units.txt", "milliers de km", "milliers de kilomètres")
    damaged.replace("parameters/keys.csv", "haies,surface agricole utile", "haies,une autre clé")
    damaged.replace("parameters/crosswalk.csv", "Gestion des haies", "Bocage")
    assert parameters.levers()["haies"].label == "Bocage"
    assert units.label("millier_km") == "milliers de kilomètres"
    assert downscaling.keys().official_key["haies"] == "une autre clé"
    assert "Bocage" in set(nomenclatures.crosswalk().label)


def test_home_without_files_is_an_error_of_the_kit(tmp_path, monkeypatch):
    monkeypatch.setenv("COPKIT_HOME", str(tmp_path / "nulle-part"))
    with pytest.raises(CopkitError, match="fichier absent"):
        parameters.levers()


def test_levers_past_their_review_date_are_listed_and_still_work():
    before, after = date(2027, 6, 30), date(2027, 7, 1)
    assert parameters.overdue(before) == []
    assert len(parameters.overdue(after)) == len(parameters.levers())
