"""Local figures: the workbook where a préfecture or a DREAL puts its own in the place of a key, and its reading.

What a figure must say and how it is shared out: ``copkit.models.local``. Writing and reading are those of the intake.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from copkit import files
from copkit.errors import LeverError, Problems, ProjectError, TerritoryError, unknown
from copkit.intake import official
from copkit.intake.fields import Field
from copkit.intake.workbook.form import Column, Form, Noun, filled
from copkit.intake.workbook.read import Known, Problem
from copkit.intake.workbook.read import read as read_workbook
from copkit.intake.workbook.write import write
from copkit.models import local as model
from copkit.models.local import Local, figures
from copkit.models.panorama import panorama
from copkit.reference import parameters, territories

__all__ = ["Local", "figures", "read", "write_template"]
SHEET = "Clés locales"
FIELDS: dict[str, Field] = {
    "lever": Field("Levier", "choice"),
    "territory": Field("Territoire", "territory"),
    "site": Field("Site", "name"),
    "value": Field("Valeur", "number"),
    "unit": Field("Unité", "name"),
    "year": Field("Année", "year"),
    "source": Field("Source", "name"),
    "what": Field("Ce qui est compté", "name"),
}
WIDTHS = {  # of the columns to fill in
    "lever": 46, "territory": 26, "site": 20, "value": 18, "unit": 17, "year": 17, "source": 40, "what": 30,
}  # fmt: skip
SHOWN = {  # what the kit does today, beside
    "key": (Field("Clé du kit"), 70),
    "grade": (Field("Note"), 8),
    "share": (Field("Part du kit (%)", "number"), 12),
}
ANSWERS = ("value", "unit", "year", "source")  # a row without any of them says nothing
OFFICIAL = {  # series of an official file → the lever whose official key it is (keys.csv), and what it counts
    "residences_principales_chauffees_fioul": (
        "chaudieres_fioul_residentiel",
        "résidences principales chauffées au fioul",
    ),
    "residences_principales_chauffees_gaz_de_ville": (
        "chaudieres_gaz_residentiel",
        "résidences principales chauffées au gaz de ville",
    ),
}
COVERED = 0.95  # least part of the communes of a département that an official file holds: some have merged since
DO = (
    "Dans la feuille « Clés locales », remplir les leviers pour lesquels un chiffre local est connu ; laisser les "
    "autres vides, ou supprimer leurs lignes.",
    "Pour un levier, donner la valeur de tous les départements de la région : une part se calcule sur l'ensemble. "
    "Écrire 0 où il n'y a rien.",
    "Écrire l'unité, l'année et la source de chaque valeur : les mêmes unité et année pour tout le levier.",
    "Une valeur peut aussi être donnée par EPCI ou par commune, qui couvrent alors tout le département, ou par site, "
    "placé dans sa commune : ajouter des lignes, et supprimer celle du département.",
    "Enregistrer au format .xlsx, puis : copkit panorama CODE --local FICHIER, ou copkit run CODE --local FICHIER.",
)
KNOW = (
    "La valeur de la région, publiée par le SGPE, ne change pas : le chiffre local dit seulement comment la partager.",
    "Une ligne pour la région entière est un total : il est comparé à la somme des valeurs.",
    "Un EPCI à cheval sur deux départements est refusé : son chiffre ne dit pas la part de chacun.",
    "Le levier prend la note L, chiffre local : il est donné avec sa source, et aucune fourchette ne l'entoure.",
)


def form(region: str = "") -> Form:
    """The workbook; ``region``: that whose territories are offered in a list."""
    labels = {lever: parameters.levers()[lever].label for lever in model.shared()}
    inside = territories.departements_of(region) if region else []
    choices = {"lever": labels, "territory": {code: territories.name(code) for code in (*inside, region) if code}}
    wording = ("levier inconnu ou sans clé", "Leviers admis")
    return Form(
        sheet=SHEET,
        noun=Noun("valeur", "valeurs", "de valeur", "de la valeur", "e"),
        columns=(
            Column("row", Field("Ligne (ne pas remplir)"), 10),
            *filled(FIELDS, WIDTHS, ("lever", "territory"), choices, wording=wording),
            *(Column(name, one, width) for name, (one, width) in SHOWN.items()),
        ),
        title="Clés de répartition locales" + (f" — {territories.name(region)}" if region else ""),
        do=DO,
        know=KNOW,
        new_rows=200,
        identity=("lever", "territory", "site"),
        wide=1,
    )


def write_template(path: str | Path, territory: str, lever: str = "") -> None:
    """Écrit le classeur à remplir : une ligne par levier et par département de la région, et ce qu'en dit le kit.

    Parameters
    ----------
    path : fichier .xlsx à écrire ; remplacé s'il existe, laissé intact si l'écriture échoue.
    territory : code de la région, ou d'un de ses départements : une part se calcule sur tous.
    lever : un seul levier ; vide : tous ceux qu'une clé répartit.

    Raises
    ------
    TerritoryError
        Si le territoire est inconnu, ou si sa région n'a qu'un département.
    LeverError
        Si le levier est inconnu ou n'a pas de clé.
    """
    path, code = files.path_of(path, ProjectError), territories.resolve(territory)
    region = "" if code == "fr" else territories.region_of(code)
    inside = territories.departements_of(region) if region else []
    if len(inside) < 2:
        why = "n'a qu'un département : il n'y a rien à répartir" if region else "ne se répartit pas entre départements"
        raise TerritoryError(f"{territories.name(code)} {why}.\nDonner une région, ou un de ses départements.")
    levers = model.shared()
    if lever and lever not in levers:
        raise LeverError(unknown(f"Levier inconnu ou sans clé : « {lever} »", lever, levers))
    rows = []
    parts = {one: panorama(one) for one in inside}
    for one in [lever] if lever else [one for one in parts[inside[0]].lever.values if one in levers]:
        for departement, p in parts.items():
            here = p.sel(lever=one)
            share = round(100 * float(here.share), 1)
            rows.append((one, departement, str(here.key.values), str(here.grade.values), share))
    table = pd.DataFrame(rows, columns=["lever", "territory", "key", "grade", "share"])
    write(form(region), table, path)


def read(file: str | Path) -> Local | None:
    """Relit un classeur rempli : les chiffres de chaque levier, vérifiés et sommés par département.

    Parameters
    ----------
    file : le classeur, cherché comme tout fichier que l'on nomme ; ou le fichier de l'Insee des logements par
        combustible, clé officielle des chaudières au fioul et au gaz (note A). Vide : rien, et le panorama suit les
        clés du kit.

    Returns
    -------
    Local, à donner à ``ck.panorama(…, local=…)``.

    Raises
    ------
    ProjectError
        Si le classeur est absent, illisible, ou si un chiffre ne peut être retenu : tous les problèmes à la fois, avec
        la feuille et la ligne.
    """
    if isinstance(file, str) and not file.strip():
        return None
    found = files.sought(file, ProjectError)
    if found is None:
        raise ProjectError(
            f"Fichier de chiffres locaux introuvable : « {file} ».\n"
            "Vérifier son nom, ou en écrire un à remplir : copkit template keys reg-32."
        )
    return _official(found) if official.kind(found) else _read(found)


@files.kept(maxsize=4)
def _official(path: Path) -> Local:
    """The official keys that an official file gives, in the régions that it holds."""
    if (kind := official.kind(path)) != "logements":
        raise ProjectError(
            f"{path.name} : {official.LABELS[kind]}. Ce fichier n'est la clé officielle d'aucun levier.\n"
            "En prendre les valeurs par département dans un classeur de « copkit template keys »."
        )
    table = official.dwellings(path)
    inside = {code: len(territories.departements_of(code)) for code in territories.codes("region")}
    table = table.assign(departement=[model.departement_of(code) for code in table.territory])
    shared = table[[bool(one) and inside[territories.region_of(one)] > 1 for one in table.departement]]
    problems, source = Problems(), parameters.sources()[official.SOURCE_OF[kind]]
    whole = shared.territory.str.startswith("dep-")
    for code, communes in shared[~whole].groupby("departement").territory:
        known = model.communes_of(code)
        if communes.nunique() < COVERED * len(known):
            said = f"{territories.name(code)} : {communes.nunique()} communes sur {len(known)}"
            problems.add(path.name, f"{said}. Prendre le fichier entier.")
    rows = []
    for row in shared[whole & shared.indicator.isin(OFFICIAL)].itertuples():
        lever, what = OFFICIAL[row.indicator]
        place = f"{what}, {territories.name(row.territory)}"
        one = {"where": place, "lever": lever, "territory": row.territory, "value": row.value, "unit": row.unit}
        rows.append(one | {"year": row.year, "what": what, "source": f"{source.publisher}, {source.title}"})
    local, others = model.checked(rows, path.name)
    problems.extend(others)
    problems.raise_if_any(ProjectError)
    return Local(tuple(one._replace(official=True) for one in local.figures))


@files.kept(maxsize=8)
def _read(path: Path) -> Local:
    made = read_workbook(one := form(), Known(one, pd.DataFrame()), path)
    problems, rows = Problems(), {}
    for wrong in made.problems:
        problems.add(made.file, _place(wrong))
    for edit in made.edits:
        rows.setdefault(edit.row, {"where": f"feuille « {edit.sheet} », ligne {edit.row}"})
        rows[edit.row][edit.name] = edit.value
    names, told = {edit.cell: edit.name for edit in made.edits}, {}
    for wrong in made.problems:
        told.setdefault(wrong.row, set()).add(names.get(wrong.cell, ""))
    said = [row | {"told": told.get(n)} for n, row in rows.items() if n in told or any(map(row.get, ANSWERS))]
    local, others = model.checked(said, made.file) if said or not problems else (None, Problems())
    problems.extend(others)
    problems.raise_if_any(ProjectError)
    return local


def _place(wrong: Problem) -> str:
    """A problem of the workbook, without the name of its file."""
    return str(wrong).removeprefix(wrong.file).lstrip(", ")


def __dir__() -> list[str]:
    return __all__
