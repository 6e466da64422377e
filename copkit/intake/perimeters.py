"""Where a project lies: its commune, EPCI, département and région, and the perimeters of CRTE given as a list."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from copkit import french, paths
from copkit.errors import Problems, ProjectError
from copkit.intake import delimited
from copkit.reference import reading, tables

OUTSIDE, UNDECIDED = "hors_perimetre", "indetermine"
HEADERS = {  # accepted headers, read with ``french.plain``
    "perimetre": ("perimetre", "crte", "nom", "nom du crte", "perimetre de crte"),
    "territoire": ("territoire", "code", "code insee", "siren", "commune ou epci"),
}
_CODE = re.compile(r"^(?:(?P<commune>com-)?(?P<insee>[\dAB]{5})|(?P<epci>epci-)?(?P<siren>\d{9}))$")


def placed(projects: pd.DataFrame) -> pd.DataFrame:
    """The projects with what their place implies: EPCI of the commune, département of the commune or of the EPCI
    when it has only one, région of the département. What was written stays.
    """
    communes = tables.read("communes.parquet").drop_duplicates("code").set_index("code")
    epci = tables.read("epci.csv").set_index("code").departements
    regions = tables.read("territories.csv").query("level == 'departement'").set_index("code").region
    where = {name: projects[name].fillna("") for name in ("commune", "epci", "departement", "region")}
    where["epci"] = _fill(where["epci"], where["commune"].map(communes.epci))
    where["departement"] = _fill(where["departement"], where["commune"].map(communes.departement))
    where["departement"] = _fill(where["departement"], where["epci"].map(epci[~epci.str.contains(" ")]))
    where["region"] = _fill(where["region"], where["departement"].map(regions))
    return projects.assign(**where)


def _fill(written: pd.Series, implied: pd.Series) -> pd.Series:
    return written.where(written != "", implied.fillna("").astype("str"))


@dataclass(frozen=True, eq=False)
class Perimeters:
    """Named perimeters; ``communes``: one row for each commune of each perimeter (name, commune, epci)."""

    names: tuple[str, ...]
    communes: pd.DataFrame

    def __deepcopy__(self, memo: dict) -> Perimeters:
        return self

    def shared(self) -> list[str]:
        """The communes that several perimeters claim."""
        return sorted(self.communes.commune[self.communes.commune.duplicated()].unique())

    def of(self, projects: pd.DataFrame) -> pd.DataFrame:
        """(project, key): each project with each perimeter that holds it; ``project`` is its position in the table.

        A project without commune is in a perimeter when the whole of its EPCI is; when only a part is, its
        perimeter cannot be told (``UNDECIDED``); outside of all of them it is ``OUTSIDE``; without place, empty.
        """
        where = placed(projects)
        rows = pd.DataFrame({"project": range(len(where)), "commune": where.commune.array, "epci": where.epci.array})
        by_commune = rows[rows.commune != ""].merge(self.communes[["name", "commune"]], on="commune")
        by_epci = rows[(rows.commune == "") & (rows.epci != "")].merge(self._of_epci(), on="epci")
        found = pd.concat([by_commune[["project", "name"]], by_epci[["project", "name"]]])
        rest = rows[~rows.project.isin(found.project)]
        key = pd.Series(OUTSIDE, index=rest.index, dtype="str")
        key[(rest.commune == "") & (rest.epci == "")] = ""
        key[(rest.commune == "") & rest.epci.isin(self.communes.epci[self.communes.epci != ""])] = UNDECIDED
        found = pd.concat([found.rename(columns={"name": "key"}), pd.DataFrame({"project": rest.project, "key": key})])
        return found.sort_values(["project", "key"], ignore_index=True)

    def _of_epci(self) -> pd.DataFrame:
        """(name, epci) for each EPCI that lies wholly in a perimeter."""
        size = tables.read("communes.parquet").groupby("epci").code.count()
        inside = self.communes[self.communes.epci != ""].groupby(["name", "epci"]).commune.nunique()
        whole = inside[inside.to_numpy() == size.reindex(inside.index.get_level_values("epci")).to_numpy()]
        return whole.reset_index()[["name", "epci"]]


def read_perimeters(file: str | Path | Mapping[str, Sequence[str]] | Perimeters) -> Perimeters:
    """Lire des périmètres de CRTE : pour chaque nom, la liste de ses communes ou de ses EPCI.

    Parameters
    ----------
    file : CSV à deux colonnes (« perimetre » et « territoire », une ligne par commune ou EPCI), YAML
        (nom: [codes]), ou dictionnaire nom → codes. Codes : « com-59350 » ou « 59350 », « epci-200093201 » ou
        « 200093201 ».

    Raises
    ------
    ProjectError
        Si le fichier est absent ou illisible, ou si un code est inconnu : tous les problèmes à la fois.

    Examples
    --------
    >>> read_perimeters({"Périmètre d'essai": ["com-59350"]}).names
    ("Périmètre d'essai",)
    """
    if isinstance(file, Perimeters):
        return file
    problems = Problems()
    if isinstance(file, Mapping):
        where, lines = "périmètres", [("", str(name), str(code)) for name, codes in file.items() for code in codes]
    else:
        path = Path(file)
        where = paths.shown(path)
        if not path.is_file():
            raise ProjectError(f"{where} : fichier absent. Vérifier le chemin des périmètres.")
        lines = (_yaml if path.suffix.lower() in (".yml", ".yaml") else _csv)(path, where, problems)
    if not lines:
        problems.raise_if_any(ProjectError)
    return _checked(lines, where, problems)


def _csv(path: Path, where: str, problems: Problems) -> list[tuple[str, str, str]]:
    table = delimited.whole(path, where, problems)
    header = [french.plain(cell) for cell in table]
    at = {name: next((i for i, cell in enumerate(header) if cell in known), None) for name, known in HEADERS.items()}
    for name in (name for name, found in at.items() if found is None):
        problems.add(where, f"ligne 1 : colonne « {name} » absente. En-têtes : « perimetre » et « territoire ».")
    if None in at.values():
        return []
    names, typed = (table.iloc[:, at[column]].str.strip() for column in ("perimetre", "territoire"))
    return [(f"ligne {n} : ", *row) for n, *row in zip(table.index, names, typed, strict=True)]


def _yaml(path: Path, where: str, problems: Problems) -> list[tuple[str, str, str]]:
    content, lines = reading.load_yaml(path, problems)
    if problems:
        return []
    if not isinstance(content, dict) or not all(isinstance(codes, list) for codes in content.values()):
        problems.add(where, "une liste de codes par nom est attendue, par exemple « Nom du CRTE: [com-59350] ».")
        return []
    return [
        (f"ligne {lines.get((name, i), lines.get((name,), 0))} : ", str(name).strip(), str(code).strip())
        for name, codes in content.items()
        for i, code in enumerate(codes)
    ]


def _checked(lines: list[tuple[str, str, str]], where: str, problems: Problems) -> Perimeters:
    communes = tables.read("communes.parquet")[["code", "epci"]].rename(columns={"code": "commune"})
    known, of_epci = set(communes.commune), {code: group for code, group in communes.groupby("epci") if code}
    names: dict[str, None] = {}
    parts, seen = [], {}
    for line, name, typed in lines:
        match = _CODE.match(typed)
        code = "" if not match else f"com-{match['insee']}" if match["insee"] else f"epci-{match['siren']}"
        if not name:
            problems.add(where, f"{line}nom de périmètre vide. Le remplir.")
        elif not typed:
            problems.add(where, f"{line}territoire vide. Écrire un code de commune ou d'EPCI.")
        elif not match:
            problems.add(
                where,
                f"{line}« {typed} » n'est pas un code. Écrire « com-59350 » ou « epci-200093201 ».",
            )
        elif code not in known and code not in of_epci:
            kind = "commune absente" if match["insee"] else "EPCI absent"
            problems.add(where, f"{line}« {code} » : {kind} de la liste officielle du kit. Vérifier le code.")
        elif (name, code) in seen:
            problems.add(where, f"{line}« {code} » est déjà dans « {name} ». N'en garder qu'une ligne.")
        else:
            seen[name, code] = names[name] = None
            rows = of_epci[code] if code in of_epci else communes[communes.commune == code]
            parts.append(rows.assign(name=name))
    if not lines:
        problems.add(where, "aucun périmètre. Écrire au moins une ligne.")
    problems.raise_if_any(ProjectError)
    return Perimeters(tuple(names), pd.concat(parts, ignore_index=True).drop_duplicates(["name", "commune"]))
