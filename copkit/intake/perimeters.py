"""Perimeters: lists of communes and EPCI with a name (CRTE, PETR, PNR, SCoT, bassin de vie), and where a project lies.

One reading serves all that takes perimeters: the panorama, the documents, the balances of projects, the roadmap.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from copkit import french, paths
from copkit.errors import Problems, ProjectError, unknown
from copkit.files import kept, sought
from copkit.intake import delimited, personal, spreadsheets
from copkit.intake.sheet import Sheet
from copkit.reference import reading, tables, territories
from copkit.reference.territories import Perimeter

OUTSIDE, UNDECIDED = "hors_perimetre", "indetermine"
KINDS = ("crte", "petr", "pnr", "scot", "bassin de vie", "pays")
HEADERS = {  # accepted headers, read with ``french.plain``, the surest first
    "perimetre": (
        *("perimetre", "nom du perimetre", "lib crte", "perimetre de crte"),
        *(f"{said}{kind}" for said in ("", "nom du ", "libelle ") for kind in KINDS),
        "nom",
    ),
    "territoire": (
        *(
            "territoire",
            "commune ou epci",
            "code insee",
            "code commune",
            "insee commune",
            "insee com",
            "codgeo",
            "insee",
        ),
        *("code epci", "siren epci", "siren groupement", "siren", "code", "commune", "epci"),
    ),
}
IDENTIFIERS = ("id crte", "identifiant crte", "code crte", "id perimetre", "identifiant du perimetre")
_CODE = re.compile(r"^(?:(?P<commune>com-)?(?P<insee>[\dAB]{5})|(?P<epci>epci-)?(?P<siren>\d{9}))$")
_SHORT = re.compile(r"^\d{4}$")  # a code of a commune that a spreadsheet took for a number


def placed(projects: pd.DataFrame) -> pd.DataFrame:
    """The projects with what their place implies: EPCI of the commune, département of the commune or of the EPCI
    when it has only one, région of the département. What was written stays.
    """
    communes, epci, regions = _known()
    where = {name: projects[name].fillna("") for name in ("commune", "epci", "departement", "region")}
    where["epci"] = _fill(where["epci"], where["commune"].map(communes.epci))
    where["departement"] = _fill(where["departement"], where["commune"].map(communes.departement))
    where["departement"] = _fill(where["departement"], where["epci"].map(epci))
    where["region"] = _fill(where["region"], where["departement"].map(regions))
    return projects.assign(**where)


@kept(maxsize=1)
def _known() -> tuple[pd.DataFrame, pd.Series, pd.Series]:
    """Each commune with its EPCI and its département, the département of each EPCI of one, the région of each."""
    communes = tables.read("communes.parquet").drop_duplicates("code").set_index("code")[["epci", "departement"]]
    epci = tables.read("epci.csv").set_index("code").departements
    departements = tables.read("territories.csv").query("level == 'departement'")
    return communes, epci[~epci.str.contains(" ")], departements.set_index("code").region


def _fill(written: pd.Series, implied: pd.Series) -> pd.Series:
    return written.where(written != "", implied.fillna("").astype("str"))


@dataclass(frozen=True, eq=False)
class Perimeters:
    """Named perimeters; ``communes``: one row for each commune of each perimeter (name, commune, epci)."""

    names: tuple[str, ...]
    communes: pd.DataFrame

    def __deepcopy__(self, memo: dict) -> Perimeters:
        return self

    def chosen(self, name: str = "") -> str:
        """The name asked for; without one, the only name that there is.

        Raises
        ------
        ProjectError
            If there are several, or none of that name.
        """
        name = personal.mask(name)  # as the names that were read are
        if not name and len(self.names) > 1:
            raise ProjectError(
                f"Plusieurs périmètres dans ce fichier : en nommer un. Périmètres : {', '.join(self.names)}."
            )
        if name and name not in self.names:
            raise ProjectError(unknown(f"Périmètre « {name} » inconnu", name, self.names, "Périmètres"))
        return name or self.names[0]

    def one(self, name: str = "") -> Perimeter:
        """The perimeter of a name, which its code stands for from then on; without a name, the only one."""
        chosen = self.chosen(name)
        found = Perimeter(chosen, tuple(sorted(self.communes.commune[self.communes.name == chosen])))
        territories.declare(found)
        return found

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


def perimeter(what: str | Path | Sequence[str], name: str = "") -> Perimeter:
    """Un périmètre : une liste de communes ou d'EPCI, ou l'un de ceux d'un fichier.

    Il se donne partout où un panorama est attendu ; son code, « per-… », vaut pour lui dans la suite du programme.

    Parameters
    ----------
    what : liste de codes de communes (« com-59350 » ou « 59350 ») et d'EPCI (« epci-200093201 » ou « 200093201 ») ; ou
        fichier CSV, classeur ou YAML, avec une colonne de codes et, au besoin, une colonne qui nomme les périmètres.
    name : nom du périmètre ; d'un fichier qui en a plusieurs, celui à prendre.

    Returns
    -------
    Perimeter : name, code, communes (codes, dans l'ordre).

    Raises
    ------
    ProjectError
        Si le fichier est absent ou illisible, si un code est inconnu ou une commune en double : tous les problèmes
        d'un coup, avec leur ligne ; si le nom manque parmi plusieurs, ou est inconnu.

    Examples
    --------
    >>> perimeter(["com-59350", "59378"], name="Deux villes").communes
    ('com-59350', 'com-59378')
    """
    if isinstance(what, str | Path):
        found = read_perimeters(what, name)
        return found.one(name)
    if not isinstance(what, Sequence) or not name:
        raise ProjectError(
            'Périmètre illisible. Écrire ck.perimeter("perimetres.csv"), ou ck.perimeter(["com-59350", …], name="Nom").'
        )
    problems = Problems()
    lines = [(f"{n}{'er' if n == 1 else 'e'} code : ", name, str(code)) for n, code in enumerate(what, start=1)]
    return _checked(lines, f"périmètre « {name} »", problems).one(name)


def read_perimeters(file: str | Path | Mapping[str, Sequence[str]] | Perimeters, name: str = "") -> Perimeters:
    """Lire des périmètres (CRTE, PETR, PNR, SCoT…) : pour chaque nom, la liste de ses communes ou de ses EPCI.

    Parameters
    ----------
    file : CSV ou classeur avec une colonne de codes (« territoire ») et une colonne qui nomme les périmètres
        (« perimetre », « CRTE », « SCoT »…), une ligne par commune ou EPCI ; YAML (nom: [codes]) ; ou dictionnaire
        nom → codes. Codes : « com-59350 » ou « 59350 », « epci-200093201 » ou « 200093201 ». Sans colonne de noms, le
        fichier est un seul périmètre.
    name : son nom alors ; par défaut celui du fichier.

    Raises
    ------
    ProjectError
        Si le fichier est absent ou illisible, si un code est inconnu ou une commune en double dans un périmètre : tous
        les problèmes à la fois.

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
        path = sought(file, ProjectError) or Path(file)
        where = paths.shown(path)
        if not os.path.isfile(path):
            raise ProjectError(f"{where} : fichier absent. Vérifier le chemin des périmètres.")
        yaml = path.suffix.lower() in (".yml", ".yaml")
        lines = _yaml(path, where, problems) if yaml else _rows(path, where, problems, name)
    if not lines:
        problems.raise_if_any(ProjectError)
    return _checked(lines, where, problems)


def _rows(path: Path, where: str, problems: Problems, name: str) -> list[tuple[str, str, str]]:
    """The lines of a table: where each is, its perimeter, its code."""
    book = path.suffix.lower() in spreadsheets.WORKBOOKS
    table = _sheet(path, where, problems) if book else delimited.whole(path, where, problems)
    header = [french.plain(cell) for cell in table]
    at = {
        column: next((header.index(one) for one in known if one in header), None) for column, known in HEADERS.items()
    }
    if at["territoire"] is not None:
        at["perimetre"] = _naming(table, header, at["territoire"])
    alone = len(header) == 1 or bool(name) or _named_places(table, header, at["territoire"])
    lacking = [column for column, found in at.items() if found is None and not (column == "perimetre" and alone)]
    for column in lacking:
        problems.add(where, f"ligne 1 : colonne « {column} » absente. En-têtes : « perimetre » et « territoire ».")
    if lacking:
        return []
    typed = table.iloc[:, at["territoire"]].str.strip()
    alone_name = name or path.stem.replace("_", " ")
    names = [alone_name] * len(table) if at["perimetre"] is None else table.iloc[:, at["perimetre"]].str.strip()
    if at["perimetre"] is not None and (column := next((one for one in IDENTIFIERS if one in header), None)):
        names = told_apart(names, table.iloc[:, header.index(column)].str.strip())
    return [(f"ligne {n} : ", *row) for n, *row in zip(table.index, names, typed, strict=True)]


def _sheet(path: Path, where: str, problems: Problems) -> pd.DataFrame:
    """The sheet of a workbook that has a column of codes, all as text."""
    sheets = spreadsheets.read(path)
    coded = [s for s in sheets.values() if {french.plain(cell) for cell in s.headers} & set(HEADERS["territoire"])]
    if len(coded) > 1:
        named = french.join([f"« {one.name} »" for one in coded])
        problems.add(
            where, f"plusieurs feuilles ont une colonne de codes : {named}. Les réunir en une, ou n'en garder qu'une."
        )
    sheet = next(iter(coded or [s for s in sheets.values() if s.headers]))
    for other in sheets.values():
        if coded and not any(other is one for one in coded) and _holds_codes(other):
            said = (
                "des codes, sans colonne qui les nomme : elle n'est pas lue. Mettre ses en-têtes en première ligne, ou"
            )
            problems.add(where, f"feuille « {other.name} » : {said} la retirer.")
    for stray in sheet.strays:
        problems.add(where, f"feuille « {sheet.name} », ligne {stray.row} : {stray.reason}.")
    sheet.warn(range(len(sheet.headers)))
    return sheet.cells.set_axis(sheet.headers, axis=1).set_axis(sheet.rows)


def _holds_codes(sheet: Sheet) -> bool:
    """Whether half of the rows of a sheet have the code of a commune or of an EPCI."""
    rows: dict[int, list[str]] = {stray.row: stray.cells for stray in sheet.strays}
    for row, *cells in sheet.cells.set_axis(sheet.rows).itertuples():
        rows.setdefault(row, []).extend(cells)
    for row, _, text in sheet.beyond:
        rows.setdefault(row, []).append(text)
    found = [any((code := _full(cell.strip())) and territories.exists(code) for cell in row) for row in rows.values()]
    return any(found) and 2 * sum(found) >= len(found)


def told_apart(names: pd.Series, identifiers: pd.Series) -> pd.Series:
    """The names of perimeters: two that have the same carry their identifiers."""
    same = identifiers.groupby(names).transform("nunique") > 1
    return names.where(~same, names + " (" + identifiers + ")")


def _naming(table: pd.DataFrame, header: list[str], codes: int) -> int | None:
    """The column that names the perimeters: not one that says the name of each commune or EPCI."""
    found = (header.index(one) for one in HEADERS["perimetre"] if one in header)
    return next((n for n in found if n != codes and not _places_named(table, n, codes)), None)


def _named_places(table: pd.DataFrame, header: list[str], codes: int | None) -> bool:
    """Whether all that a table has beside its codes is the name of each place."""
    if codes is None:
        return False
    return all(n == codes or _places_named(table, n, codes) for n in range(len(header)))


def _places_named(table: pd.DataFrame, column: int, codes: int) -> bool:
    """Whether a column says the official names of the places that another one gives the codes of."""
    same = total = 0
    for said, typed in zip(table.iloc[:, column], table.iloc[:, codes], strict=True):
        with_code = _full(str(typed).strip())
        if with_code and territories.exists(with_code):
            total += 1
            same += french.plain(said) == french.plain(territories.name(with_code))
    return total > 0 and same >= total / 2


def _full(typed: str) -> str:
    """The code that was typed, with its level; empty when it is none."""
    match = _CODE.match(typed)
    return "" if not match else f"com-{match['insee']}" if match["insee"] else f"epci-{match['siren']}"


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
    names: dict[str, str] = {}  # name → its code
    rows: list[tuple[str, str]] = []
    seen: dict[tuple[str, str], tuple[str, str]] = {}  # (name, commune) → the code that brought it, and its line
    for line, given, typed in lines:
        name, code = personal.mask(given), _full(typed)
        found = territories.communes_of(code) if code and territories.exists(code) else ()
        twice = [(commune, *seen[name, commune]) for commune in found if (name, commune) in seen]
        if not name:
            problems.add(where, f"{line}nom de périmètre vide. Le remplir.")
        elif not typed:
            problems.add(where, f"{line}territoire vide. Écrire un code de commune ou d'EPCI.")
        elif not code:
            zero = f" Vouliez-vous dire « 0{typed} » ? Un tableur ôte le zéro." if _SHORT.match(typed) else ""
            said = f"{line}« {personal.mask(typed)} » n'est pas un code. Écrire « com-59350 » ou « epci-200093201 »."
            problems.add(where, said + zero)
        elif not found:
            kind = "commune absente" if code.startswith("com-") else "EPCI absent"
            problems.add(where, f"{line}« {code} » : {kind} de la liste officielle du kit. Vérifier le code.")
        elif twice:
            commune, by, at = twice[0]
            more = f" et {len(twice) - 1} autre(s)" if len(twice) > 1 else ""
            origin = f" ({by}, {at.removesuffix(' : ')})" if by != code and at else ""
            said = f"{line}« {commune} »{more} est déjà dans « {name} »{origin}. N'en garder qu'une ligne."
            problems.add(where, said)
        else:
            own = Perimeter(name, ()).code
            if alike := [other for other, one in names.items() if one == own and other != name]:
                problems.add(where, f"{line}« {name} » se distingue mal de « {alike[0]} ». Écrire des noms différents.")
            names[name] = own
            seen |= {(name, commune): (code, line) for commune in found}
            rows += [(name, commune) for commune in found]
    if not lines:
        problems.add(where, "aucun périmètre. Écrire au moins une ligne.")
    problems.raise_if_any(ProjectError)
    table = pd.DataFrame(rows, columns=["name", "commune"]).merge(communes, on="commune", how="left")
    return Perimeters(tuple(names), table[["commune", "epci", "name"]])
