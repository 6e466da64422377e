"""The official files by commune, on small made ones with their exact headers; the figures are invented."""

import pytest

from copkit.errors import DataError, Problems, ProjectError
from copkit.intake import official
from copkit.intake.perimeters import read_perimeters
from copkit.refresh import update

IGT = (
    "INSEE commune,Commune,Agriculture,Autres transports,Autres transports international,CO2 biomasse hors-total,"
    "Déchets,Energie,Industrie hors-énergie,Résidentiel,Routier,Tertiaire"
)
FILES = {
    "igt": (
        "IGT - Pouvoir de réchauffement global.csv",
        f"{IGT}\n59350,LILLE,10.5,1,,2,3,4,5,100000.25,200000,6\n59378,MARCQ,1,1,,2,3,4,5,6,1000,8\n59999,ANCIENNE,1,,,,,,,,500,\n",
    ),
    "logements": (
        "base-cc-logement-2022.csv",
        "CODGEO;P22_LOG;P22_RP;P22_RP_CGAZV;P22_RP_CFIOUL;P22_RP_CELEC;P22_RP_CGAZB;P22_RP_CAUT\n"
        "59350;120;100.5;60.25;1.5;30;2;6.75\n75056;50;40;10;2;20;1;7\n75101;30;25;6;1;12;1;5\n75102;20;15;4;1;8;0;2\n",
    ),
    "parc": (
        "parc_vp_communes.csv",
        "COMMUNE_CODE;COMMUNE_LIBELLE;PARC_2011;PARC_2026\n59350;Lille;1000;1100\n59350;Lille;10;11\n59000;Inconnue;5;7\n"
        "75056;Paris;3;4\n75101;Paris 1er;100;90\n75120;Paris 20e;200;190\n97105;Basse-Terre;20;\n",
    ),
    "crte": (
        "crte.csv",
        "insee_reg;lib_reg;id_crte;lib_crte;siren_groupement;nom_groupement\n"
        "32;Hauts-de-France;crte-1;CRTE inventé;200093201;MEL\n32;Hauts-de-France;crte-2;Deux fois;246200364;Lens\n"
        "32;Hauts-de-France;crte-3;Deux fois;246200299;Hénin\n84;Auvergne-Rhône-Alpes;crte-4;Ailleurs;200046977;Lyon\n",
    ),
}
READERS = {"igt": official.igt, "logements": official.dwellings, "parc": official.fleet, "crte": official.crte}


@pytest.fixture
def given(tmp_path):
    def write(kind, change=lambda text: text):
        name, text = FILES[kind]
        (tmp_path / name).write_text(change(text), encoding="utf-8")
        return tmp_path / name

    return write


def values(table, indicator):
    rows = table[table.indicator == indicator]
    return {f"{row.territory} {row.year}": row.value for row in rows.itertuples()}


def test_each_file_is_told_by_its_headers(given, tmp_path):
    assert [official.kind(given(kind)) for kind in FILES] == [*FILES]
    (tmp_path / "autre.csv").write_text("a;b\n1;2\n")
    assert official.kind(tmp_path / "autre.csv") == official.kind(tmp_path / "absent.csv") == ""


def test_emissions_by_commune_count_a_commune_of_an_old_list_in_its_departement_only(given):
    table = official.igt(given("igt"))
    assert list(table) == official.COLUMNS
    assert set(table.unit) == {"tCO2e"} and set(table.source) == {"ademe_igt_communes"}
    assert values(table, "emissions_ges_igt_routier") == {
        "com-59350 2016": 200000.0, "com-59378 2016": 1000.0, "dep-59 2016": 201500.0
    }  # fmt: skip
    assert values(table, "emissions_ges_igt_autres_transports_international") == {}  # unknown, not 0
    said = " ; ".join(table.attrs["notes"])
    assert "l'année n'est pas écrite dans le fichier : 2016" in said
    assert "1 commune d'une liste ancienne, comptée dans son département" in said
    assert "10 valeurs absentes à la source" in said and "100 départements absents du fichier" in said


def test_dwellings_by_fuel_count_a_city_once_when_its_districts_are_there_too(given):
    table = official.dwellings(given("logements"))
    assert values(table, "residences_principales_chauffees_fioul") == {
        "com-59350 2022": 1.5, "com-75056 2022": 2.0, "dep-59 2022": 1.5, "dep-75 2022": 2.0
    }  # fmt: skip
    assert values(table, "residences_principales")["com-59350 2022"] == 100.5 and set(table.unit) == {"nb"}
    assert "2 arrondissements laissés : leur commune est dans le fichier" in table.attrs["notes"]
    alone = official.dwellings(given("logements", lambda text: text.replace("75056;50;40;10;2;20;1;7\n", "")))
    assert values(alone, "residences_principales_chauffees_fioul")["com-75056 2022"] == 2.0


def test_fleet_adds_the_remainder_to_the_districts_and_leaves_vehicles_without_a_place_to_the_departement(given):
    table = official.fleet(given("parc"))
    assert values(table, "parc_voitures_particulieres") == {
        "com-59350 2011": 1010.0, "com-59350 2026": 1111.0, "com-75056 2011": 303.0, "com-75056 2026": 284.0,
        "com-97105 2011": 20.0, "dep-59 2011": 1015.0, "dep-59 2026": 1118.0, "dep-75 2011": 303.0,
        "dep-75 2026": 284.0, "dep-971 2011": 20.0,
    }  # fmt: skip
    assert "sans commune, comptés dans leur département seulement : 7 (PARC_2026)" in table.attrs["notes"]


def test_perimeters_of_crte_are_what_the_perimeters_of_the_kit_take(given):
    found = official.crte(given("crte"), "reg-32")
    assert found == {
        "CRTE inventé": ["epci-200093201"], "Deux fois (crte-2)": ["epci-246200364"],
        "Deux fois (crte-3)": ["epci-246200299"],
    }  # fmt: skip
    read = read_perimeters(found)
    assert read.names == tuple(found) and "com-59350" in set(read.communes.commune)
    assert len(official.crte(given("crte"))) == 4
    assert set(read_perimeters(given("crte")).names) == set(official.crte(given("crte")))  # the file, as it comes
    with pytest.raises(ProjectError, match="« epci-999999999 »"):
        read_perimeters(official.crte(given("crte", lambda text: text.replace("246200364", "999999999"))))


@pytest.mark.parametrize("kind", FILES)
def test_a_file_cut_in_a_line_is_refused(given, kind):
    path = given(kind, lambda text: text[: text.rstrip().rindex(";" if ";" in text else ",")])
    with pytest.raises(DataError) as refused:
        READERS[kind](path)
    lines, cells = {"igt": (4, "11 cellules au lieu de 12"), "logements": (5, "7 cellules au lieu de 8"),
                    "parc": (8, "3 cellules au lieu de 4"), "crte": (5, "5 cellules au lieu de 6")}[kind]  # fmt: skip
    said = f"{path.name} : 1 problème\n  • ligne {lines} : {cells} : le fichier est peut-être coupé. Le télécharger"
    assert str(refused.value).startswith(said)


@pytest.mark.parametrize("kind", FILES)
def test_a_last_line_without_its_end_is_said(given, kind):
    table = official.read(given(kind, str.rstrip), Problems())
    assert "la dernière ligne n'est pas terminée : vérifier que le fichier n'est pas coupé" in table.attrs["notes"]


def test_ends_of_line_and_capitals_do_not_count(given):
    other = given("parc", lambda text: text.replace("\n", "\r").replace("COMMUNE_CODE", "Commune code"))
    found = official.fleet(other)
    assert len(found) and found.equals(official.fleet(given("parc")))


WRONG = {
    "code lu comme un nombre": ("parc", "59350;", "1004;", "ligne 2, colonne COMMUNE_CODE : « 1004 »"),
    "nombre illisible": (
        "parc",
        "1000;1100",
        "mille;1100",
        "ligne 2, colonne PARC_2011 : nombre attendu, trouvé « mille »",
    ),
    "trop de cellules": ("parc", "1000;1100", "1000;1100;1", "ligne 2 : 5 cellules au lieu de 4"),
    "guillemet perdu": (
        "parc",
        "1000;1100",
        '1000;"1100',
        "un guillemet n'est pas refermé : le fichier est peut-être coupé",
    ),
    "combustible absent": ("logements", "P22_RP_CFIOUL", "P22_RP_CMAZOUT", "colonne absente : P22_RP_CFIOUL."),
    "groupement illisible": (
        "crte",
        "200093201",
        "2,00E+08",
        "siren_groupement : « 2,00E+08 » (CRTE inventé) : neuf chiffres",
    ),
    "année illisible": ("parc", "PARC_2011;PARC_2026", "PARC_20110;PARC_20260", "colonne absente : PARC_2024."),
    "région absente": ("crte", "insee_reg", "reg", "colonne absente : insee_reg."),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_damaged_file_says_where(given, what):
    kind, old, new, said = WRONG[what]
    with pytest.raises(DataError) as refused:
        READERS[kind](given(kind, lambda text: text.replace(old, new, 1)))
    assert said in str(refused.value)


def test_another_file_than_the_one_expected_is_named(given, tmp_path):
    with pytest.raises(DataError, match=r"logements par combustible \(Insee\) attendu, et c'est : parc de voitures"):
        official.dwellings(given("parc"))
    with pytest.raises(DataError, match="fichier absent"):
        official.fleet(tmp_path / "absent.csv")


@pytest.fixture
def folder(given, tmp_path):
    """A folder of official files."""
    (tmp_path / "officiels").mkdir()
    for kind in FILES:
        path = given(kind)
        path.rename(tmp_path / "officiels" / path.name)
    return tmp_path / "officiels"


def test_an_update_says_what_the_official_files_hold(folder):
    found = update.from_folder(folder)
    said = "\n".join(found.notes)
    cars = (
        "officiels/parc_vp_communes.csv : parc de voitures par commune (SDES), 3 communes, 3 départements, 2011 à 2026"
    )
    assert cars in said and "officiels/crte.csv : périmètres de CRTE (ANCT), 3 périmètres" in said
    assert found.difference.values.empty and not found.empty and len(found.raws) == len(FILES)


def test_an_update_keeps_the_official_files_for_those_who_use_them(folder, damaged):
    for path in folder.iterdir():
        if path.name != "crte.csv":
            path.unlink()
    assert official.stored("crte") is None
    update.write(update.from_folder(folder))
    assert update.from_folder(folder).empty
    kept = official.stored("crte")
    assert kept.parent == damaged.home / "data" / "raw" / "anct_crte" and kept.read_text() == FILES["crte"][1]
    assert official.crte(kept) == official.crte(folder / "crte.csv")
    (folder / "crte.csv").write_text(FILES["crte"][1] + "84;coupé")
    with pytest.raises(DataError, match=r"crte\.csv : 1 problème"):
        update.from_folder(folder)
