"""Which collectivités carry a project: the share of EPCI, communes and départements of the official list, and those
with none. « Porté par » is who holds the project, « situé dans » is where it lies: both are counted apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import pandas as pd

from copkit import french
from copkit.errors import ProjectError, unknown
from copkit.files import kept
from copkit.intake import columns, perimeters
from copkit.projects.counting import balance
from copkit.reference import framework, parameters, tables, territories

LEVELS = {"region": "Région", "departement": "Département", "epci": "EPCI", "commune": "Commune"}
RULES = {
    "porteur_ou_territoire": "une collectivité est couverte quand elle porte un projet ou qu'un projet y est situé",
    "porteur": "une collectivité est couverte quand elle porte elle-même un projet",
    "territoire": "une collectivité est couverte quand un projet y est situé, quel que soit son porteur",
}
COUNCILS = "Région et départements : seulement comme porteurs, car tout projet est situé dans l'un d'eux."
STRADDLING = {
    "commune": "un EPCI à cheval compte dans chaque territoire où se trouve au moins une de ses communes, et une fois "
    "dans le total",
    "population": "un EPCI à cheval compte dans le seul territoire qui réunit la plus grande part de sa population "
    "(le siège n'est pas dans la liste)",
}
COLUMNS = ["territory", "name", "level", "label", "covered", "total", "share", "held", "located", "without"]


def coverage(
    projects: pd.DataFrame,
    within: str = "reg-32",
    *,
    categories: Sequence[str] | str | None = None,
    rule: str = "porteur_ou_territoire",
    straddling: str = "commune",
) -> pd.DataFrame:
    """La couverture d'un territoire : part des EPCI, communes et départements qui ont au moins un projet.

    Parameters
    ----------
    projects : projets lus par ``ck.projects.read``, triés ou non.
    within : code de la France, d'une région ou d'un département ; le tableau donne aussi chacun de ses territoires.
    categories : catégories comptées, par défaut toutes.
    rule : « porteur_ou_territoire », « porteur » ou « territoire ».
    straddling : EPCI à cheval : « commune » (il compte partout où il a une commune) ou « population » (il compte où
        vit la plus grande part de ses habitants).

    Returns
    -------
    DataFrame : territory, name, level, label, covered (selon ``rule``), total (liste officielle), share [%], held
    (porteurs), located (lieux), without (sans projet). Les autres porteurs (PNR, syndicats…) sont comptés sans
    dénominateur. ``attrs`` : n, rules (phrases, dont l'année de la liste), duplicates, invented.

    Raises
    ------
    ProjectError
        Si une règle ou une catégorie est inconnue.
    TerritoryError
        Si le territoire est inconnu ou ambigu.

    References
    ----------
    Listes : ``insee_cog_2026`` dans parameters/sources.yml.

    Examples
    --------
    >>> from copkit.projects import fields
    >>> found = coverage(fields.complete(pd.DataFrame({"commune": ["com-59350"]})), "reg-32")
    >>> found[found.level == "epci"][["territory", "covered", "total"]].head(2).values.tolist()
    [['reg-32', 1, 92], ['dep-02', 0, 20]]
    """
    found = _found(projects, within, categories, rule, straddling)
    rows = [*_rows(found, _codes(found.territories[0], straddling))]
    table = pd.DataFrame(rows + _others(found), columns=COLUMNS)
    table["share"] = (100 * table.covered / table.total).where(table.total > 0)
    table = table.astype({name: "Int64" for name in ("covered", "total", "held", "located", "without")})
    table.attrs = found.attrs
    return table


def without_project(
    projects: pd.DataFrame,
    level: str = "epci",
    within: str = "reg-32",
    *,
    categories: Sequence[str] | str | None = None,
    rule: str = "porteur_ou_territoire",
    straddling: str = "commune",
) -> pd.DataFrame:
    """Les EPCI, communes ou départements qui n'ont aucun projet, d'après la liste officielle.

    Parameters
    ----------
    level : « epci », « commune », « departement » ou « region ».
    projects, within, categories, rule, straddling : comme ``ck.projects.coverage``.

    Returns
    -------
    DataFrame : code, name, departements, population [hab].

    Raises
    ------
    ProjectError
        Si le niveau, une règle ou une catégorie est inconnu.
    """
    if level not in LEVELS:
        raise ProjectError(unknown(f"Niveau « {level} » inconnu", level, LEVELS, "Niveaux"))
    found = _found(projects, within, categories, rule, straddling)
    listed = found.listed[level]
    here = listed[(listed.territory == found.territories[0]) & ~listed.code.isin(found.covered(level))]
    table = here[["code", "name", "departements", "population"]].sort_values(["departements", "name", "code"])
    table = table.reset_index(drop=True)
    table.attrs = found.attrs
    return table


@dataclass(frozen=True)
class Found:
    """``listed``: the official list of each level, one row for each territory that holds the collectivité."""

    territories: list[str]
    listed: dict[str, pd.DataFrame]
    held: dict[str, set[str]]
    located: dict[str, set[str]]
    others: dict[str, int]
    rule: str
    attrs: dict

    def covered(self, level: str) -> set[str]:
        """The codes of a level that have a project, by the chosen rule."""
        held, located = self.held[level], self.located[level]
        if level in ("region", "departement") and self.rule == "porteur_ou_territoire":
            return held
        return {"porteur": held, "territoire": located, "porteur_ou_territoire": held | located}[self.rule]


def _found(projects: pd.DataFrame, within: str, categories, rule: str, straddling: str) -> Found:
    for what, given, known in (("Couverture", rule, RULES), ("EPCI à cheval", straddling, STRADDLING)):
        if given not in known:
            raise ProjectError(unknown(f"{what} : règle « {given} » inconnue", given, known, "Règles"))
    code = territories.resolve(within)
    chosen = balance.chosen_of(projects, "epci", categories)
    where = perimeters.placed(chosen.projects)
    listed, held = _listed(code, straddling), _held(where)
    located = {level: set(where[level].to_list()) - {""} for level in LEVELS}
    year = parameters.sources()["insee_cog_2026"].year
    rules = [
        *chosen.rules,
        f"Couverture : {RULES[rule]}.",
        *([COUNCILS] if rule == "porteur_ou_territoire" else []),
        "Porteur : un EPCI reconnu à son SIREN ; à défaut, le type du porteur et la collectivité que dit le dossier.",
        f"EPCI : {STRADDLING[straddling]}. Liste officielle de {year}.",
        *_apart(where, listed, code),
    ]
    attrs = {
        "n": chosen.n,
        "within": code,
        "categories": chosen.categories,
        "duplicates": chosen.duplicates,
        "invented": chosen.invented,
        "list_year": year,
        "rules": rules,
    }
    inside = sorted(set(listed["epci"].territory) - {code})
    return Found([code, *inside], listed, held, located, _holders(where), rule, attrs)


@kept()
def _listed(within: str, straddling: str) -> dict[str, pd.DataFrame]:
    """The official lists inside a territory: code, name, departements, population [hab], territory."""
    communes = tables.read("communes.parquet")
    inside = _inside(communes, within)
    parts = communes.groupby(["epci", "departement", "region"], as_index=False).population.sum()
    parts = parts[columns.among(parts.epci, inside.epci) & (parts.epci != "")]
    if straddling == "population":
        parts = parts.sort_values(["epci", "population", "departement"], ascending=[True, False, True])
        parts = _majority(parts, "region").pipe(_majority, "departement")
    epci = tables.read("epci.csv")[["code", "name", "departements", "population"]].merge(
        parts[["epci", "departement", "region"]], left_on="code", right_on="epci"
    )
    lists = {"epci": epci, "commune": inside.assign(departements=inside.departement)}
    lists["departement"] = _named(inside, "departement").assign(departements=lambda rows: rows.code)
    lists["region"] = _named(inside, "region").assign(departements="", departement="")
    return {level: _spread(table, within) for level, table in lists.items()}


def _named(communes: pd.DataFrame, level: str) -> pd.DataFrame:
    """The départements or régions where communes lie."""
    codes = communes[list(dict.fromkeys((level, "region")))].drop_duplicates()
    known = tables.read("territories.csv")[["code", "name", "population"]]
    return known.merge(codes.assign(code=codes[level]), on="code")


def _majority(parts: pd.DataFrame, column: str) -> pd.DataFrame:
    """The parts of each EPCI that lie in the région or département where most of its people live."""
    size = parts.groupby(["epci", column]).population.sum()
    best = size.sort_index().groupby("epci").idxmax()
    return parts[[(e, c) in set(best) for e, c in zip(parts.epci, parts[column], strict=True)]]


def _inside(table: pd.DataFrame, within: str) -> pd.DataFrame:
    return table if within == "fr" else table[table["region" if within.startswith("reg") else "departement"] == within]


def _spread(table: pd.DataFrame, within: str) -> pd.DataFrame:
    """One row for each collectivité and each territory of the answer that holds it."""
    inside, lower = _inside(table, within), "region" if within == "fr" else "departement"
    found = pd.concat([inside.assign(territory=within), inside.assign(territory=inside[lower])])
    found = found[found.territory != ""].drop_duplicates(["code", "territory"])
    return found[["code", "name", "departements", "population", "territory"]].reset_index(drop=True)


def _held(where: pd.DataFrame) -> dict[str, set[str]]:
    """The collectivités that hold a project, by level."""
    kind = where.holder_type.fillna("")
    held = {level: set(where.loc[kind == level, level]) - {""} for level in LEVELS}
    by_siren = "epci-" + where.holder_siren.fillna("")
    known = columns.among(by_siren, tables.read("epci.csv").code)
    held["epci"] = (set(where.epci[(kind == "epci") & ~known]) | set(by_siren[known])) - {""}
    return held


def _holders(where: pd.DataFrame) -> dict[str, int]:
    """How many distinct holders of each type that the kit has no list for."""
    identity = where.holder_siren.fillna("").where(where.holder_siren.fillna("") != "", where.holder.map(french.plain))
    identity = identity.where(identity != "", where.project_id)
    return identity[~where.holder_type.isin([*LEVELS, ""])].groupby(where.holder_type).nunique().to_dict()


def _apart(where: pd.DataFrame, listed: dict[str, pd.DataFrame], within: str) -> list[str]:
    """What the shares cannot see: projects elsewhere, or without a place."""
    inside = columns.among(where.epci, listed["epci"].code)
    inside |= columns.among(where.departement, listed["departement"].code)
    inside |= (where.departement == "") & (where.epci == "") & (where.region == within)
    placed = (where[["epci", "departement", "region"]] != "").any(axis=1)
    elsewhere, blank = int((~inside & placed).sum()), int((~inside & ~placed).sum())
    said = []
    if elsewhere:
        said.append(f"{french.plural(elsewhere, 'dossier')} d'un autre territoire, hors du compte.")
    if blank:
        said.append(f"{french.plural(blank, 'dossier')} sans lieu de la liste officielle, hors de la couverture.")
    return said


@kept()
def _codes(within: str, straddling: str) -> dict[str, dict[str, set[str]]]:
    """The same lists: level → territory → codes."""
    lists = _listed(within, straddling).items()
    return {level: table.groupby("territory").code.agg(set).to_dict() for level, table in lists}


def _rows(found: Found, codes: dict[str, dict[str, set[str]]]) -> Iterator[dict]:
    name = tables.read("territories.csv").set_index("code").name
    for code, (level, label) in product(found.territories, LEVELS.items()):
        here = codes[level].get(code)
        if not here or (level in ("region", "departement") and here == {code} and code != found.territories[0]):
            continue
        covered, held, located = found.covered(level) & here, found.held[level] & here, found.located[level] & here
        counts = (len(covered), len(here), float("nan"), len(held), len(located), len(here - covered))
        yield dict(zip(COLUMNS, (code, name[code], level, label, *counts), strict=True))


def _others(found: Found) -> list[dict]:
    labels, code = framework.labels("collectivites") | {"autre": "Autre"}, found.territories[0]
    name = tables.read("territories.csv").set_index("code").name[code]
    counts = ((kind, labels.get(kind, kind), n, None, None, n, None, None) for kind, n in found.others.items())
    return [dict(zip(COLUMNS, (code, name, *row), strict=True)) for row in counts]
