"""Urban or rural: by the grid of INSEE where its file is given, by a stand-in on inhabitants where it is not."""

import openpyxl
import pytest

from copkit import files
from copkit.errors import ProjectError
from copkit.survey import density

TITLES = ["Grille communale de densité", "Géographie en vigueur au 01/01/2024", "Mise en ligne"]


def written(path, rows, titles=TITLES, headers=("CODGEO", "LIBGEO", "DENS", "LIBDENS", "PMUN21")):
    """A workbook as INSEE lays it out: titles, labels, then the codes of the columns."""
    book = openpyxl.Workbook()
    for title in titles:
        book.active.append([title])
    book.active.append(["Code géographique communal", "Libellé géographique communal", "Typologie", "Libellé", "Pop"])
    for row in (headers, *rows):
        book.active.append(list(row))
    book.save(path)
    return path


GRID = [
    ("59350", "Lille", "1", "Grands centres urbains", 236710),
    ("80001", "Abbeville", "3", "Petites villes", 22395),
    ("02691", "Saint-Quentin", 5, "Bourgs ruraux", 52958),
    ("01004", "Ambérieu-en-Bugey", 4, "Ceintures urbaines", 14514),
]


def test_the_grid_of_insee_says_which_communes_are_urban(tmp_path):
    urban = density.read_grid(written(tmp_path / "grille.xlsx", GRID))
    assert urban == {"com-59350", "com-80001", "com-01004"}
    shares = density._shares(tmp_path / "grille.xlsx")
    assert [shares[code] for code in ("com-59350", "com-02691", "com-80001", "dep-02")] == [1, 0, 1, 0]


def test_the_grid_that_the_rules_name_takes_the_place_of_the_stand_in(damaged, tmp_path):
    written(tmp_path / "grille.xlsx", GRID)
    codes = ["com-59350", "com-02691", "com-80001", "dep-02"]
    assert density.of(codes) == ["urbain", "urbain", "urbain", "rural"]
    damaged.replace("parameters/survey.yml", 'grid: ""', "grid: grille.xlsx")
    files.reload()
    assert density.of(codes) == ["urbain", "rural", "urbain", "rural"]
    damaged.replace("parameters/survey.yml", "grid: grille.xlsx", "grid: absente.xlsx")
    files.reload()
    with pytest.raises(ProjectError, match="fichier absent"):
        density.of(codes)


def test_the_grid_in_csv_is_read_too(tmp_path):
    lines = "\n".join(["CODGEO;LIBGEO;DENS;LIBDENS", *(";".join(map(str, row[:4])) for row in GRID)])
    (tmp_path / "grille.csv").write_text(lines, encoding="utf-8")
    assert density.read_grid(tmp_path / "grille.csv") == {"com-59350", "com-80001", "com-01004"}


def test_without_the_grid_a_stand_in_on_inhabitants_is_used():
    codes = ["com-59350", "com-01001", "epci-200093201", "dep-59", "dep-48", "pays:x", "grp-255902710"]
    assert density.of(codes) == ["urbain", "rural", "urbain", "urbain", "rural", "", ""]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([("59350", "Lille", "8", "", 1), ("80001", "Abbeville", "x", "", 1)], "niveau « 8 » ; ligne 7 : niveau « x »"),
        ([("59350", "Lille", "1", "", 1), ("80001", "Abbeville", "3", "", 1)], "Donner la grille à 7 niveaux"),
    ],
)
def test_levels_of_another_grid_are_refused(tmp_path, rows, words):
    with pytest.raises(ProjectError, match=words):
        density.read_grid(written(tmp_path / "grille.xlsx", rows))


def test_another_file_is_refused_with_the_one_to_give(tmp_path):
    with pytest.raises(ProjectError, match=r"colonnes CODGEO et DENS absentes\. Donner le fichier « grille communale"):
        density.read_grid(written(tmp_path / "autre.xlsx", GRID, headers=("a", "b", "c", "d", "e")))
