"""copkit doctor: everything is in order here, and each check fails when it should, with the file in its message."""

import re

import pytest

from copkit import doctor
from copkit.errors import ParameterError
from copkit.models import downscaling


def test_repository_is_in_order():
    checks = doctor.diagnose()
    assert [check.details for check in checks] == [[]] * 6
    assert all(check.ok and check.label for check in checks)


def test_damage_is_found_by_each_check_that_reads_it_and_stops_none(damaged, says):
    damaged.replace("parameters/leviers/haies.yml", "unit: millier_km\n", "unit: brasse\n")
    checks = doctor.diagnose()
    assert [check.ok for check in checks] == [True, False, False, False, False, False]
    for check in checks[1:]:
        says("\n".join(check.details), "parameters/leviers/haies.yml", "unité inconnue « brasse »")


# ------------------------------------------------------------------ installation


@pytest.fixture
def declared(tmp_path, monkeypatch):
    """Make the installed copkit declare other dependencies, by a metadata folder that comes first."""

    def write(*lines):
        folder = tmp_path / "copkit-0.1.0.dist-info"
        folder.mkdir()
        needs = "".join(f"Requires-Dist: {line}\n" for line in lines)
        (folder / "METADATA").write_text(f"Metadata-Version: 2.4\nName: copkit\nVersion: 0.1.0\n{needs}")
        monkeypatch.syspath_prepend(str(tmp_path))

    return write


def test_absent_library_is_named_with_the_remedy(declared, says):
    declared("pandas>=3", "bibliotheque-que-personne-n-a-ecrite>=1")
    (found,) = doctor.installation()
    says(found, "bibliothèque absente : bibliotheque-que-personne-n-a-ecrite.", "Relancer l'installation")


@pytest.mark.parametrize("line", ["pandas>=99.1", "pandas<200,>=99.1"])
def test_library_that_is_too_old_is_named_with_the_version_it_needs(declared, says, line):
    declared(line, "pytest>=99; extra == 'test'")
    (found,) = doctor.installation()
    says(found, "pandas", "il faut 99.1 ou plus. Relancer l'installation.")


def test_library_that_is_recent_enough_is_not_named(declared):
    declared("pandas>=2.9.10", "pandas<200,>=1", "pandas")
    assert doctor.installation() == []


# ------------------------------------------------------------------ parameters


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("parameters/leviers/haies.yml", "kind: uptake", "kind: upake", "« upake »"),
        ("parameters/keys.csv", ",A,", ",E,", "« E »"),
        ("parameters/crosswalk.csv", "relation", "lien", "colonnes attendues"),
    ],
)
def test_damaged_parameter_file_fails_the_check_of_parameters(damaged, says, file, old, new, expected):
    damaged.replace(file, old, new)
    with pytest.raises(ParameterError) as refused:
        doctor.parameters()
    says(refused.value, file, expected)


# ------------------------------------------------------------------ data


def test_damaged_tables_are_all_found_at_once(damaged, says):
    damaged.replace("data/clean/panorama.csv", "1379.8038", "beaucoup")
    damaged.replace("data/clean/territories.csv", "population_year", "annee")
    damaged.delete("data/clean/cop_calendar.csv")
    found = doctor.data()
    assert len(found) == 3
    for file in ("data/clean/panorama.csv", "data/clean/territories.csv", "data/clean/cop_calendar.csv"):
        assert sum(text.startswith(file) for text in found) == 1


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        (
            "data/clean/territories.csv",
            "departement,Nord,reg-32",
            "departement,Nord,reg-33",
            "data/clean/territories.csv : ligne 80, colonne region : territoire inconnu « reg-33 »",
        ),
        (
            "data/clean/allocation.csv",
            "population,dep-01",
            "population,dep-00",
            "data/clean/allocation.csv : ligne 2, colonne territory : territoire inconnu « dep-00 ».",
        ),
        (
            "data/clean/panorama.csv",
            "reg-84,vehicules_electriques",
            "reg-85,vehicules_electriques",
            "data/clean/panorama.csv : ligne 2, colonne territory : territoire inconnu « reg-85 »",
        ),
    ],
)
def test_code_that_no_territory_holds_is_named_with_its_line(damaged, says, file, old, new, expected):
    damaged.replace(file, old, new)
    (found,) = doctor.data()
    says(found, expected)


# ------------------------------------------------------------------ units


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("ktCO2e/an/millier_km", "ktCO2e/an/TWh_par_an", "« ktCO2e/an/TWh_par_an » × « millier_km » ne donne pas des"),
        ("ktCO2e/an/millier_km", "MtCO2e/an/millier_km", "donne 1000 ktCO2e/an, et non 1"),
        ("ktCO2e/an/millier_km", "ktCO2e/millier_km", "ne donne pas des ktCO2e/an"),
    ],
)
def test_product_of_units_that_is_not_ktco2e_a_year_names_the_lever_file(damaged, says, old, new, expected):
    damaged.replace("parameters/leviers/haies.yml", old, new)
    assert doctor.parameters() == []
    (found,) = doctor.unit_algebra()
    says(found, "parameters/leviers/haies.yml : unit_abatement.unit :", expected)


def test_unit_defined_by_an_unknown_one_names_the_levers_that_use_it(damaged, says):
    damaged.replace("parameters/units.txt", "millier_km = 1e3 * km", "millier_km = 1e3 * kilometre")
    (found,) = doctor.unit_algebra()
    says(found, "parameters/leviers/haies.yml : unit_abatement.unit : unité inconnue", "kilometre")


def test_broken_line_of_the_units_file_is_an_error_of_the_kit(damaged, says):
    damaged.replace("parameters/units.txt", "millier_km = 1e3 * km", "millier_km = 1e3 ** ( km")
    with pytest.raises(ParameterError) as refused:
        doctor.unit_algebra()
    says(refused.value, "parameters/units.txt : une définition est illisible. Écrire chaque ligne comme")


# ------------------------------------------------------------------ nomenclatures


def test_lever_that_loses_an_enjeu_changes_the_sum_of_its_column(damaged):
    damaged.replace("parameters/leviers/haies.yml", ", adaptation]", "]")
    assert doctor.nomenclatures() == ["parameters/leviers : 10 leviers servent l'enjeu « adaptation » au lieu de 11."]


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("simulateur,augm_haies,", ["levier « haies » absent de la nomenclature « simulateur »", "« augm_haies »"]),
        ("rationale,gestion_des_haies,", ["levier « haies » absent de la nomenclature « rationale »"]),
        (
            "simulateur_outre_mer,co2_hfc,",
            ["identifiant « co2_hfc » absent de la nomenclature « simulateur_outre_mer »"],
        ),
    ],
)
def test_hole_in_the_crosswalk_is_named(damaged, says, start, expected):
    damaged.remove("parameters/crosswalk.csv", start)
    found = doctor.nomenclatures()
    assert all(text.startswith("parameters/crosswalk.csv : ") for text in found)
    says("\n".join(found), *expected)


def test_lever_of_the_crosswalk_outside_the_43_is_named(damaged, says):
    damaged.replace("parameters/crosswalk.csv", "Biogaz,egal,biogaz,", "Biogaz,egal,biogas,")
    says("\n".join(doctor.nomenclatures()), "parameters/crosswalk.csv : « biogas » n'est pas un des 43 leviers.")


# ------------------------------------------------------------------ downscaling


def test_region_without_departement_is_named(damaged):
    damaged.remove("data/clean/territories.csv", "dep-971,")
    damaged.write("data/clean/panorama.csv", few_regions(damaged))
    found = doctor.downscaling_sums()
    assert found == ["data/clean/territories.csv : aucun département dans « reg-01 ». Rétablir ses lignes."]


def test_departements_that_do_not_add_up_are_named_with_their_lever(damaged, says, monkeypatch):
    known = downscaling.shares

    def lost(region, lever):
        found = known(region, lever)
        nothing = dict.fromkeys(found.shares or {}, 0.0)
        return found._replace(shares=nothing) if (region, lever) == ("reg-32", "vehicules_electriques") else found

    damaged.write("data/clean/panorama.csv", few_regions(damaged))
    monkeypatch.setattr(downscaling, "shares", lost)
    (found,) = doctor.downscaling_sums()
    says(found, "reg-32, vehicules_electriques : 0.0 au lieu de 940.7603", "ktCO2e/an.")


def test_lost_key_of_a_lever_stops_the_sums_with_its_file(damaged, says):
    damaged.remove("parameters/keys.csv", "haies,")
    found = [check for check in doctor.diagnose() if not check.ok]
    assert [check.label.split(" ")[0] for check in found] == ["Paramètres", "Répartition"]
    for check in found:
        says("\n".join(check.details), "parameters/keys.csv", "levier « haies » sans clé. Ajouter sa ligne.")


def few_regions(copy):
    """The panorama with one lever per région: enough for the sums, and quick."""
    kept, seen = [], set()
    for line in copy.read("data/clean/panorama.csv").splitlines(keepends=True):
        region = re.search(r",(reg-\d\d|territory),", line)[1]
        if region not in seen:
            kept.append(line)
        seen.add(region)
    return "".join(kept)


# ------------------------------------------------------------------ sizes of units


def test_a_unit_a_thousand_times_another_is_found_by_the_series_that_follows_it(damaged, says):
    path = "parameters/leviers/vehicules_electriques.yml"
    damaged.replace(path, "unit: millier_vehicules", "unit: bus_ou_car")
    damaged.replace(path, "ktCO2e/an/millier_vehicules", "ktCO2e/an/bus_ou_car")
    found = doctor.unit_algebra()
    says("\n".join(found), "voitures_electriques_parc : de « milliers » à « bus_ou_car »", "le facteur est 1000")
