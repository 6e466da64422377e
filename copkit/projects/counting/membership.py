"""To what each project belongs (a territory, a lever, thématiques, a perimeter…): what a balance counts by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import pandas as pd

from copkit.errors import ProjectError, option, unknown
from copkit.files import kept
from copkit.intake import perimeters as places
from copkit.models import nomenclatures
from copkit.projects import fields
from copkit.reference import framework, tables

BLANK, UNKNOWN, NO_THEME, UNSORTED = nomenclatures.BLANK, fields.UNKNOWN_LEVER, "sans_theme", "sans_categorie"
KNOWN_CATEGORIES = f"Catégories : {', '.join(fields.CATEGORIES)}, ou « toutes » ensemble."
LABELS = {
    BLANK: "Non renseigné",
    UNKNOWN: "Non reconnu",
    NO_THEME: "Hors de la matrice des 43 leviers",
    places.OUTSIDE: "Hors périmètre",
    places.UNDECIDED: "Périmètre indéterminé",
}
LAST = (NO_THEME, places.OUTSIDE, places.UNDECIDED, UNKNOWN, BLANK)  # behind the true keys, in this order


@dataclass(frozen=True)
class Members:
    """The keys of the projects; ``order``: the keys as the balance lists them.

    ``rows``: (project, key), where ``project`` is the position of a project in the table.
    """

    rows: pd.DataFrame
    order: list[str]
    labels: dict[str, str]
    noun: str = ""
    rules: list[str] = field(default_factory=list)

    @cached_property
    def shared(self) -> dict[str, int]:
        """The keys of the projects that have several, joined, and how many projects have these."""
        several = self.rows[self.rows.project.duplicated(keep=False)]
        return several.groupby("project").key.agg(fields.SEPARATOR.join).value_counts().to_dict()


def members(projects: pd.DataFrame, by: str, perimeters: object = None) -> Members:
    """To what each project belongs, for one of ``KINDS``; every project has at least one key."""
    if by == "crte":
        return _perimeters(projects, perimeters)
    return KINDS[by](projects, by)


def _of(rows: pd.DataFrame, order: list[str], known: Mapping[str, str], noun: str = "", rules=()) -> Members:
    """``order``, then the keys that it lacks: those of no list, and those that come last."""
    used = set(rows.key.unique())
    labels = {**{key: f"{key} (inconnu)" for key in used}, **known, **LABELS}
    behind = [*sorted(used - {*order, *LAST}), *(key for key in LAST if key in used and key not in order)]
    return Members(rows, [*order, *behind], labels, noun, list(rules))


def _single(keys: pd.Series, known: Mapping[str, str], order: list[str] | None = None, **more) -> Members:
    """One key for each project; without ``order``, the most frequent first, then by label."""
    rows = pd.DataFrame({"project": range(len(keys)), "key": keys.fillna("").replace("", BLANK).array})
    if order is None:
        found = rows.key.value_counts().drop(list(LAST), errors="ignore")
        order = sorted(found.index, key=lambda key: (-found[key], known.get(key, f"{key} (inconnu)"), key))
    return _of(rows, order, known, **more)


def _territory(projects: pd.DataFrame, by: str) -> Members:
    where = places.placed(projects)
    keys = where[by]
    if by in ("departement", "region"):
        table = tables.read("territories.csv")
        known, outside = dict(tables.rows(table, "code", "name")), projects.get("region_label")
        codes = sorted(set(keys.unique()) - {""})
        if outside is not None:  # a collectivité that is not one of the 18 régions has a name and no code
            keys = keys.where(~((keys == "") & (where.region == "")), outside.fillna(""))
            known |= {name: name for name in set(keys.unique()) - {*codes, ""}}
        return _single(keys, known, codes)
    table = tables.read("epci.csv" if by == "epci" else "communes.parquet")
    table = table[table.code.isin(keys.unique())]
    return _single(keys, dict(tables.rows(table, "code", "name")))


def _category(projects: pd.DataFrame, by: str) -> Members:
    keys = projects[category_column(projects) or "category_given"].fillna("").replace("", UNSORTED)
    return _single(keys, {}, list(fields.CATEGORIES))


def category_column(projects: pd.DataFrame) -> str:
    """The column that holds the category: the one kept, else the rule's, else the one received; empty when none.

    Raises
    ------
    ProjectError
        If it holds something else than the four categories.
    """
    for column in ("category_kept", "category", "category_given"):
        if column in projects and (projects[column].fillna("") != "").any():
            wrong = sorted(set(projects[column].fillna("").unique()) - {"", *fields.CATEGORIES})
            if wrong:
                said = f"Colonne {column} : catégorie inconnue « {wrong[0]} »"
                raise ProjectError(f"{unknown(said, wrong[0], fields.CATEGORIES)} {KNOWN_CATEGORIES}")
            return column
    return ""


def _text(projects: pd.DataFrame, by: str) -> Members:
    keys = projects[by].fillna("").str.strip()
    return _single(keys, {key: key for key in keys.unique()})


def _holder_type(projects: pd.DataFrame, by: str) -> Members:
    return _single(projects[by], {**framework.labels("collectivites"), "autre": "Autre"})


def _lever(projects: pd.DataFrame, by: str) -> Members:
    """The 43, then the terms of project files that are not one of them; blank and unknown stay."""
    known, cells = nomenclatures.lever_labels(), projects.lever.fillna("")
    named = {cell: fields.ids(cell) for cell in cells.unique()}
    strange = sorted({lever for cell in named.values() for lever in cell} - {*known, UNKNOWN, BLANK})
    rules = [f"Leviers hors des nomenclatures, comptés « non reconnu » : {', '.join(strange)}."] if strange else []
    keys = {cell: list(dict.fromkeys(UNKNOWN if one in strange else one for one in named[cell])) for cell in named}
    found = _several(cells.map(keys), list(known), known, "leviers", rules)
    kept = {*found.rows.key.unique(), *nomenclatures.levers().lever, nomenclatures.OTHERS}
    return replace(found, order=[*(key for key in found.order if key in kept and key not in LAST), UNKNOWN, BLANK])


def themes_of() -> dict[str, list[str]]:
    """Lever → its themes in the matrix of the 43; none for a term outside of it."""
    return {lever: [*themes] for lever, themes in _themes_of().items()}


@kept(maxsize=1)
def _themes_of() -> dict[str, list[str]]:
    table = nomenclatures.levers()
    own = dict(zip(table.lever, table.theme, strict=True))
    found = {lever: [theme] for lever, theme in own.items()}
    for term, rows in nomenclatures.terms().groupby("id"):
        found[term] = list(dict.fromkeys(own[lever] for lever in rows.lever if lever in own))
    return found


def _theme(projects: pd.DataFrame, by: str) -> Members:
    themes, cells = themes_of(), projects.lever.fillna("")

    def of(lever: str) -> list[str]:
        return themes.get(lever) or [lever if lever == BLANK else NO_THEME if lever in themes else UNKNOWN]

    keys = {cell: list(dict.fromkeys(t for one in fields.ids(cell) for t in of(one))) for cell in cells.unique()}
    order = list(dict.fromkeys(nomenclatures.levers().theme))
    rule = "Thème de la matrice des 43 leviers, déduit du levier du dossier."
    return _several(cells.map(keys), order, {theme: theme for theme in order}, "thèmes", [rule])


def _thematique(projects: pd.DataFrame, by: str) -> Members:
    known, cells = framework.labels("thematiques"), projects.thematiques.fillna("")
    return _several(
        cells.map({cell: fields.ids(cell) for cell in cells.unique()}), list(known), known, "thématiques", []
    )


def _several(keys: pd.Series, order: list[str], known: Mapping[str, str], noun: str, rules: list[str]) -> Members:
    """Several keys for each project, each once; a project without any is blank."""
    rows = pd.DataFrame({"project": range(len(keys)), "key": keys.array}).explode("key", ignore_index=True)
    rows["key"] = rows.key.fillna(BLANK).astype("str")
    return _of(rows, order, known, noun, rules)


def _perimeters(projects: pd.DataFrame, given: object) -> Members:
    if given is None:
        raise ProjectError(
            "Bilan par CRTE : donner les périmètres, communes ou EPCI de chaque CRTE.\n"
            f"Écrire {option('perimeters', 'perimetres.csv')} (colonnes « perimetre » et « territoire »)."
        )
    read = places.read_perimeters(given)
    rows = read.of(projects).replace({"key": {"": BLANK}})
    used, shared = set(rows.key), read.shared()
    rules = ["Hors périmètre : dossiers localisés dans aucun des périmètres donnés."]
    if places.UNDECIDED in used:
        rules.append(
            "Périmètre indéterminé : le dossier ne dit que son EPCI, et le périmètre n'en prend qu'une partie."
        )
    if shared:
        first = ", ".join(shared[:5]) + ("…" if len(shared) > 5 else "")
        rules.append(
            f"{len(shared)} commune(s) dans plusieurs périmètres ({first}) : leurs projets comptent dans chacun."
        )
    return _of(rows, list(read.names), {name: name for name in read.names}, "périmètres", rules)


KINDS: dict[str, Callable[[pd.DataFrame, str], Members] | None] = {
    "departement": _territory,
    "region": _territory,
    "category": _category,
    "lever": _lever,
    "theme": _theme,
    "thematique": _thematique,
    "epci": _territory,
    "commune": _territory,
    "crte": None,
    "programme": _text,
    "holder_type": _holder_type,
}
