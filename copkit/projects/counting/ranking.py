"""Which levers receive projects: rank, position (most, least, none…) and the published view of both ends."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from copkit import french
from copkit.errors import ProjectError
from copkit.models import nomenclatures
from copkit.projects import fields
from copkit.projects.counting import membership

MOST, LEAST = 10, 10
UNRANKED = ("autres", membership.UNKNOWN, membership.BLANK)
RULES = [
    "Rangs : deux leviers au même nombre de dossiers ont le même rang (ex aequo) et le rang suivant en tient compte "
    "(1, 2, 2, 4). Une liste garde tous les ex aequo de sa dernière place.",
    "Leviers non investis : ceux des 43 sans dossier, d'après la nomenclature et non d'après les dossiers. Sont à part "
    "ceux dont les dossiers ne viennent que d'un terme plus large ou plus étroit (gestion des forêts, vélo).",
    "Parts sur le nombre de dossiers comptés ; non renseigné, non reconnu et autres y sont compris.",
]


def ranked(table: pd.DataFrame, n: int, most: int = MOST, least: int = LEAST) -> pd.DataFrame:
    """A count by lever with rank, rank_label, position and note; the total row has none of them."""
    found = table.assign(rank=pd.array([pd.NA] * len(table), "Int64"), rank_label="", position="", note="")
    is_lever = ~found.lever.isin([*UNRANKED, "total"])
    held = found[is_lever & (found.projects > 0)]
    order = held.projects.rank(method="min", ascending=False).astype("Int64")
    found.loc[held.index, "rank"] = order
    found.loc[held.index, "rank_label"] = _said(order)
    notes = _notes(table)
    found["position"] = _positions(found, held, notes, most, least)
    found["note"] = [notes.get(lever, "") for lever in found.lever]
    columns = ["lever", "label", "projects", "share", "rank", "rank_label", "position", "note"]
    return found[[*columns, *(c for c in table if c not in columns)]]


def _said(order: pd.Series) -> list[str]:
    tied = order.duplicated(keep=False)
    return [f"{french.rank(int(r))}{' ex aequo' if t else ''}" for r, t in zip(order, tied, strict=True)]


def _positions(found: pd.DataFrame, held: pd.DataFrame, notes: Mapping[str, str], most: int, least: int) -> pd.Series:
    position = pd.Series("other", index=found.index, dtype="str")
    position[found.projects == 0] = "none"
    position[(found.projects == 0) & found.lever.isin(list(notes))] = "grouped"
    up = held.projects.rank(method="min", ascending=True)
    position[up[up <= least].index] = "least"
    down = held.projects.rank(method="min", ascending=False)
    position[down[down <= most].index] = "most"
    for name in UNRANKED:
        position[found.lever == name] = name
    position[found.lever == "total"] = "total"
    return position


def _notes(table: pd.DataFrame) -> dict[str, str]:
    """Lever without project → the terms that stand for it and that have some."""
    counts = dict(zip(table.lever, table.projects, strict=True))
    notes: dict[str, list[str]] = {}
    for term in nomenclatures.terms().itertuples():
        if term.lever and counts.get(term.id, 0) and not counts.get(term.lever, 0):
            said = french.plural(int(counts[term.id]), "dossier")
            notes.setdefault(term.lever, []).append(f"{said} sous « {term.label} »")
    return {lever: f"Aucun dossier propre ; {french.join(said)}." for lever, said in notes.items()}


def top_and_bottom(balance: pd.DataFrame, most: int = MOST, least: int = LEAST) -> pd.DataFrame:
    """Les leviers les plus investis, les moins investis et les non investis, comme la feuille de route les publie.

    Parameters
    ----------
    balance : un bilan par levier, ``ck.projects.balance(projects, by="lever")``.
    most, least : longueur des deux listes ; les ex aequo de la dernière place sont gardés.

    Returns
    -------
    DataFrame : list (most, least, grouped, none), lever, label, projects, share [%], rank (dans sa liste),
    rank_label, note. La première liste se ferme sur « Autres leviers » (tous ceux qu'elle ne nomme pas, les moins
    investis compris), « Non reconnu » s'il y en a, « Non renseigné » et le total ; elle somme donc à n, et à plus
    quand des dossiers ont plusieurs des leviers qu'elle nomme (la dernière règle de ``attrs["rules"]`` dit de combien).

    Raises
    ------
    ProjectError
        Si le tableau n'est pas un bilan par levier, ou si une longueur est négative.
    """
    if not isinstance(balance, pd.DataFrame) or not {"position", "lever"} <= set(balance):
        raise ProjectError('Ce bilan n\'est pas par levier. Écrire ck.projects.balance(projects, by="lever").')
    if most < 0 or least < 0:
        raise ProjectError(f"Longueurs des listes : {most} et {least}. Écrire des nombres positifs.")
    n = int(balance.attrs.get("n", balance.projects[balance.lever == "total"].sum()))
    table = ranked(balance[["lever", "label", "projects", "share"]], n, most, least)
    closing, twice = _closing(table, n, balance.attrs.get("shared", {}))
    blocks = [_block(table, "most", ascending=False), closing, _block(table, "least", ascending=True)]
    blocks += [table[table.position == name].assign(list=name) for name in ("grouped", "none")]
    out = pd.concat(blocks, ignore_index=True)
    out = out[["list", "lever", "label", "projects", "share", "rank", "rank_label", "note"]]
    out.attrs = {**balance.attrs, "rules": [*balance.attrs.get("rules", []), _other_rule(twice)]}
    return out


def _block(table: pd.DataFrame, position: str, *, ascending: bool) -> pd.DataFrame:
    rows = table[table.position == position].sort_values(["projects", "label"], ascending=[ascending, True])
    order = rows.projects.rank(method="min", ascending=ascending).astype("Int64")
    return rows.assign(list=position, rank=order, rank_label=_said(order))


def _other_rule(twice: int) -> str:
    rule = (
        "« Autres leviers » réunit tous les leviers que la première liste ne nomme pas, les moins investis compris : "
    )
    if not twice:
        return f"{rule}la première liste somme ainsi au nombre de dossiers."
    return (
        f"{rule}les dossiers qui n'ont aucun de ceux qu'elle nomme. La première liste dépasse le nombre de dossiers de "
        f"{french.number(twice, 0)}, car un dossier y compte dans chacun de ses leviers."
    )


def _closing(table: pd.DataFrame, n: int, shared: Mapping[str, int]) -> tuple[pd.DataFrame, int]:
    """What the first list does not name, down to the total; and how many times it counts a dossier once more."""
    counts = dict(zip(table.lever, table.projects, strict=True))
    named = counts.get(membership.UNKNOWN, 0), counts.get(membership.BLANK, 0)
    most = table.position == "most"
    first = {*table.lever[most], membership.UNKNOWN, membership.BLANK}
    twice = sum(count * max(len(first.intersection(fields.ids(keys))) - 1, 0) for keys, count in shared.items())
    others = n - table.projects[most].sum() - sum(named) + twice
    rows = [("autres", "Autres leviers", others)]
    rows += [(membership.UNKNOWN, "Non reconnu", named[0])] if named[0] else []
    rows += [(membership.BLANK, "Non renseigné", named[1]), ("total", "Total", n)]
    out = pd.DataFrame(rows, columns=["lever", "label", "projects"])
    share = 100 * out.projects / n if n else np.nan
    out = out.assign(list="most", share=share, rank=pd.array([pd.NA] * len(out), "Int64"), rank_label="", note="")
    return out, twice
