"""The balance of a vivier: how many projects and euros by territory, category, lever, thématique, holder…

Counts are exact and amounts are summed in whole cents; nothing is lost: what is blank or unknown has its row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import lcm
from pathlib import Path

import numpy as np
import pandas as pd

from copkit import french
from copkit.errors import ProjectError, given, typed, unknown
from copkit.intake import amounts, perimeters
from copkit.projects import fields
from copkit.projects.counting import membership, ranking
from copkit.projects.counting.membership import UNSORTED, category_column
from copkit.projects.sorting.sort import category_labels

MONEY = ("cost", "funding_requested", "amount")
IN_COP = ("remonter", "travailler")  # the levers of a vivier are counted on these, as the published tables are
TOTAL, ALL = "total", "toutes"
CROSSED = ("departement", "region")
CATEGORY_LABELS = {
    "remonter": "À remonter dans la COP",
    "travailler": "À travailler pour la COP suivante",
    "crte": "Hors COP, à examiner dans le cadre des CRTE",
    "non_remonte": "Non remontés",
    UNSORTED: "Sans catégorie",
    TOTAL: "Nombre de dossiers",
}


def balance(
    projects: pd.DataFrame,
    by: str = "departement",
    *,
    categories: Sequence[str] | str | None = None,
    crossed: bool | None = None,
    fractional: bool = False,
    perimeters: str | Path | Mapping[str, Sequence[str]] | perimeters.Perimeters | None = None,
) -> pd.DataFrame:
    """Le bilan d'un vivier : nombre de projets et montants, par territoire, catégorie, levier, thématique…

    Parameters
    ----------
    projects : projets lus par ``ck.projects.read``, triés ou non.
    by : « departement », « region », « category », « lever », « theme » (thème de la matrice des 43 leviers),
        « thematique » (les six), « epci », « commune », « crte », « programme » ou « holder_type ».
    categories : catégories comptées, ou « toutes ». Par défaut toutes ; pour « lever », à remonter et à travailler
        dès que les projets ont une catégorie.
    crossed : tableau croisé, une ligne par catégorie et une colonne par territoire (départements et régions).
        Par défaut oui dès que les projets ont une catégorie ; sinon une ligne par territoire, avec les montants.
    fractional : partager également un projet entre ses leviers, thèmes ou thématiques ; par défaut un projet qui en a
        plusieurs compte un dans chacun, avec tout son montant, et une fois dans le total.
    perimeters : pour « crte », fichier CSV ou YAML, ou dictionnaire nom → communes ou EPCI.

    Returns
    -------
    DataFrame. Croisé : category, label, une colonne par territoire, total. Sinon : une colonne du nom de ``by``
    (« perimeter » pour crte), label, projects, share [% des projets], une colonne par catégorie, puis cost,
    funding_requested et amount [EUR], et le nombre de projets qui ne les disent pas (``cost_missing``…) ; dernière
    ligne : total. ``attrs`` : n, rules (phrases), duplicates, invented, categories, shared (les leviers, thèmes… des
    projets qui en ont plusieurs, et le nombre de ces projets).

    Raises
    ------
    ProjectError
        Si ``by`` ou une catégorie est inconnu, si une catégorie est demandée à des projets qui n'en ont pas, ou si
        les périmètres manquent.

    References
    ----------
    Tableaux de la feuille de route : ``feuille_de_route_hauts_de_france_2025`` dans parameters/sources.yml.

    Examples
    --------
    >>> table = fields.complete(pd.DataFrame({"departement": ["dep-02", "dep-59"], "cost": [10.10, float("nan")]}))
    >>> balance(table, "departement")[["departement", "projects", "cost", "cost_missing"]].values.tolist()
    [['dep-02', 1, 10.1, 0], ['dep-59', 1, nan, 1], ['total', 2, 10.1, 1]]
    """
    if by not in membership.KINDS:
        raise ProjectError(unknown(f"Bilan par « {by} » : inconnu", by, membership.KINDS, "Bilans possibles"))
    chosen = chosen_of(projects, by, categories)
    if crossed is None:
        crossed = by in CROSSED and bool(chosen.column)
    if crossed and (by not in CROSSED or not chosen.column):
        raise ProjectError(
            "Tableau croisé : il faut des projets triés et un bilan par departement ou region.\n"
            f"{_to_sort()} Sinon, une ligne par territoire : {typed('crossed=False', '--listed')}."
        )
    found = membership.members(chosen.projects, by, perimeters)
    table = _crossed(chosen, found) if crossed else listed(chosen, found, by, fractional)
    if by == "lever":
        table = ranking.ranked(table, chosen.n)
    rules = [*chosen.rules, *found.rules, *(shared_rule(found, fractional) if found.shared else [])]
    table.attrs = {
        "by": by,
        "n": chosen.n,
        "categories": chosen.categories,
        "duplicates": chosen.duplicates,
        "invented": chosen.invented,
        "shared": {} if fractional else found.shared,
        "rules": [*rules, *(ranking.RULES if by == "lever" else [])],
    }
    return table


@dataclass(frozen=True)
class Chosen:
    """The projects that a balance counts, and what to say about those that it leaves out."""

    projects: pd.DataFrame
    column: str  # of the categories, empty when the projects have none
    categories: tuple[str, ...]
    duplicates: int
    invented: bool
    rules: list[str] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=lambda: CATEGORY_LABELS)

    @property
    def n(self) -> int:
        return len(self.projects)

    @property
    def category(self) -> pd.Series:
        """The category of each project."""
        return self.projects[self.column].fillna("").replace("", UNSORTED)


def chosen_of(projects: pd.DataFrame, by: str, categories: Sequence[str] | str | None) -> Chosen:
    projects = fields.taken(projects)
    kept = fields.counted(projects)
    duplicates, column = len(projects) - len(kept), category_column(kept)
    asked, labels = _asked(by, categories, column), _labels(projects)
    rules = [f"{french.plural(len(kept), 'dossier distinct', 'dossiers distincts')}."]
    if duplicates:
        said = french.plural(duplicates, "second dépôt", "seconds dépôts")
        rules.append(f"{said} d'un même dossier, hors du compte.")
    invented = int((kept.invented == fields.YES).sum()) if "invented" in kept else 0
    if invented:
        rules.append(_invented_rule(invented, len(kept)))
    if asked:
        inside = kept[column].isin(asked)
        said = french.join(f"« {labels[one]} »" for one in asked)
        count, out = french.number(inside.sum(), 0), french.plural(int((~inside).sum()), "dossier")
        rules.append(f"Catégories comptées : {said} ; n = {count}, {out} hors du compte.")
        kept = kept[inside]
    if by == "category" and not column:
        raise ProjectError(f"Bilan par catégorie : les projets n'en ont pas. {_to_sort()}")
    return Chosen(kept, column, asked or (fields.CATEGORIES if column else ()), duplicates, invented > 0, rules, labels)


def _to_sort() -> str:
    """How projects get a category; the command sorts by itself those whose file says something to sort them by."""
    return typed(
        "Les trier d'abord : ck.projects.triage(projects).",
        "Le fichier ne dit rien qui permette de les trier : donner les décisions des analystes, --decisions FICHIER.",
    )


def _labels(projects: pd.DataFrame) -> dict[str, str]:
    """The labels of the categories; with the years of the COP once the projects were sorted for one."""
    year = projects.attrs.get("triage", {}).get("year")
    return CATEGORY_LABELS if year is None else CATEGORY_LABELS | category_labels(year)


def _asked(by: str, categories: Sequence[str] | str | None, column: str) -> tuple[str, ...]:
    """The categories that restrict the count; empty for all."""
    if categories is None:
        return IN_COP if by == "lever" and column else ()
    if categories == ALL:
        return ()
    asked = (categories,) if isinstance(categories, str) else tuple(categories)
    for one in asked:
        if one not in fields.CATEGORIES:
            wrong = unknown(f"Catégorie inconnue : « {one} »", one, fields.CATEGORIES)
            raise ProjectError(f"{wrong} {membership.KNOWN_CATEGORIES}")
    if asked and not column:
        raise ProjectError(f"Les projets n'ont pas de catégorie. {_to_sort()}")
    return tuple(one for one in fields.CATEGORIES if one in asked)


def _invented_rule(count: int, n: int) -> str:
    said = french.plural(count, "dossier inventé", "dossiers inventés")
    who = "tous les dossiers sont inventés" if count == n else f"{said} sur {french.number(n, 0)}"
    return f"Exemple inventé : {who}, aucun chiffre ne décrit un territoire réel."


def shared_rule(found: membership.Members, fractional: bool) -> list[str]:
    what, feminine = found.noun, found.noun == "thématiques"
    if fractional:
        among = "elles" if feminine else "eux"
        return [f"Un projet rattaché à plusieurs {what} est partagé également entre {among}, montants compris."]
    each, count = "chacune" if feminine else "chacun", french.plural(sum(found.shared.values()), "projet")
    return [
        f"Un projet rattaché à plusieurs {what} compte un dans {each}, avec tout son montant, et une fois dans le "
        "total : les parts, calculées sur le nombre de projets, peuvent dépasser 100 % au total "
        f"({count} dans ce cas)."
    ]


def _crossed(chosen: Chosen, found: membership.Members) -> pd.DataFrame:
    """One row per category and one column per territory, with margins."""
    category = chosen.category.to_numpy()
    rows = [*chosen.categories, *([UNSORTED] if UNSORTED in category else [])]
    counts = pd.crosstab(category[found.rows.project.to_numpy()], found.rows.key.to_numpy())
    counts = counts.reindex(index=rows, columns=found.order, fill_value=0).astype("int64")
    counts[TOTAL] = counts.sum(axis=1)
    counts.loc[TOTAL] = counts.sum()
    counts = counts.rename_axis(index="category", columns=None).reset_index()
    counts.insert(1, "label", counts.category.map(chosen.labels))
    return counts


def listed(chosen: Chosen, found: membership.Members, by: str, fractional: bool = False) -> pd.DataFrame:
    """One row per key and a total, which counts each project once."""
    at = found.rows.project.to_numpy()
    size = found.rows.groupby("project").key.transform("size").to_numpy()
    parts = lcm(1, *np.unique(size).tolist()) if fractional else 1  # a project is counted in whole parts, exactly
    weight = parts // size if fractional else np.ones(len(at), dtype="int64")
    sums, whole = {"projects": weight}, {"projects": chosen.n * parts}
    if chosen.column and by != "category":
        category = chosen.category.to_numpy()
        for one in [*chosen.categories, *([UNSORTED] if UNSORTED in category else [])]:
            sums[one], whole[one] = weight * (category == one)[at], int((category == one).sum()) * parts
    weighted = list(sums)
    for name in MONEY:
        cents, known = amounts.cents(chosen.projects[name])
        sums[name] = _shared(cents[at], size, found) if fractional else cents[at]
        whole[name] = sum(cents.tolist())
        sums[f"{name}_known"], whole[f"{name}_known"] = known[at].astype("int64"), int(known.sum())
        sums[f"{name}_missing"], whole[f"{name}_missing"] = (~known[at]).astype("int64"), int((~known).sum())
    table = pd.DataFrame(sums).groupby(found.rows.key.to_numpy()).sum().reindex(found.order, fill_value=0)
    table = pd.concat([table, pd.DataFrame([whole], [TOTAL])])  # a programme may be called « total » too
    if fractional:
        table[weighted] = table[weighted] / parts
    for name in MONEY:
        known = (table.pop(f"{name}_known") > 0) | (table.projects == 0)
        table[name] = (table[name] / 100).astype(float).where(known)
    table = table.rename_axis("perimeter" if by == "crte" else by).reset_index()
    labels = chosen.labels if by == "category" else found.labels
    table.insert(1, "label", [*(labels[key] for key in found.order), "Total"])
    table.insert(3, "share", 100 * table.projects / chosen.n if chosen.n else np.nan)
    return table


def _shared(cents: np.ndarray, size: np.ndarray, found: membership.Members) -> np.ndarray:
    """Each amount in ``size`` parts that differ by a cent at most and sum to it."""
    share, rest = cents // size, cents % size
    return share + (found.rows.groupby("project").cumcount().to_numpy() < rest)


def answers(found: pd.DataFrame) -> pd.DataFrame:
    """The sorted projects by category kept, and who decides: the rules, an analyst; those that lack something.

    Returns a row for each category, then the total: category, label, projects, share [%], rule, analyst, missing.
    """
    counted = fields.counted(found)
    rows = [
        {
            "category": one,
            "label": label,
            "projects": int((counted.category_kept == one).sum()),
            "share": 100 * float((counted.category_kept == one).mean()) if len(counted) else float("nan"),
            "rule": int((counted.category == one).sum()),
            "analyst": int((counted.decision == one).sum()),
            "missing": int(((counted.category_kept == one) & (counted.missing != "")).sum()),
        }
        for one, label in category_labels(found.attrs["triage"]["year"]).items()
    ]
    table = pd.DataFrame(rows)
    whole = table.sum(numeric_only=True).to_dict() | {"category": TOTAL, "label": "Ensemble"}
    table = pd.concat([table, pd.DataFrame([whole])], ignore_index=True)
    return table.astype(dict.fromkeys(("projects", "rule", "analyst", "missing"), "int64"))


def shares(table: pd.DataFrame) -> pd.DataFrame:
    """Les pourcentages d'un bilan : de chaque colonne (croisé), ou de chaque ligne entre les catégories.

    Parameters
    ----------
    table : un bilan de ``ck.projects.balance``.

    Returns
    -------
    DataFrame de même forme. [%] Une colonne sans projet donne NaN.

    Examples
    --------
    >>> vivier = pd.DataFrame({"departement": ["dep-02"] * 3, "category_kept": ["remonter", "remonter", "crte"]})
    >>> shares(balance(fields.complete(vivier)))["dep-02"].round(1).to_list()
    [66.7, 0.0, 33.3, 0.0, 100.0]
    """
    if not isinstance(table, pd.DataFrame) or not ("projects" in table or {"category", TOTAL} <= set(table)):
        raise ProjectError(f"Bilan attendu, et non {given(table)}. Écrire ck.projects.balance(projects).")
    out = table.copy()
    if "category" in table and TOTAL in table:
        for column in table.columns[2:]:
            whole = table.loc[table.category == TOTAL, column].iloc[0]
            out[column] = 100 * table[column] / whole if whole else np.nan
    else:
        for column in (c for c in table if c in (*fields.CATEGORIES, UNSORTED)):
            out[column] = (100 * table[column] / table.projects).where(table.projects > 0)
    return out
