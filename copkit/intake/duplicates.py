"""Two rows of a same dossier, dossiers that only share a number, and projects that look alike under two ids.

A number names a dossier in the list that gives it. In a same sheet, two rows of a same number are the same dossier, but
when neither its title nor its holder agrees and two at least of its title, holder and place differ. From one sheet or
file to another, they are when the title and the holder are the same, or one of them and the place is not another one: a
later version keeps one of them, whereas two lists that both number from 1 share neither.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

import numpy as np
import pandas as pd

from copkit import french
from copkit.intake import report
from copkit.intake.fields import PLACES, Collected, counted
from copkit.intake.mapping import Mapping

PROBABLE = ("project_id", "title", "holder", "file", "row", "group")
_ORIGIN = ("source_file", "sheet", "row", "duplicate_of")
_ACCENTS, _NEITHER = re.compile("[\u0300-\u036f]+"), re.compile("[^a-z0-9]+")


def mark(
    table: pd.DataFrame, sources: np.ndarray, mappings: list[Mapping], kind: Collected
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Fill ``duplicate_of``; list the rows that are not counted, then those that only have the same number.

    ``sources``: for each row, which sheet it comes from; ``mappings``: with what each sheet was read. The row kept is
    the one updated last, then submitted last, then written last.
    """
    kept_of, shared = np.full(len(table), -1), []
    for mapping in {id(one): one for one in mappings}.values():
        by = kind.deduplicate if mapping.deduplicate is None else mapping.deduplicate
        at = np.flatnonzero(np.isin(sources, [n for n, one in enumerate(mappings) if one is mapping]))
        if not by or not len(at):
            continue
        key = table.iloc[at][list(by)].astype("str")
        again = (key != "").all(axis=1).to_numpy() & key.duplicated(keep=False).to_numpy()
        if not again.any():
            continue
        at, key = at[again], key[again]
        order = pd.DataFrame({"at": at, "number": key.groupby(list(by), sort=False).ngroup().to_numpy()})
        for name in ("updated", "submitted"):
            order[name] = table[name].to_numpy()[at] if name in table else ""
        order = order.sort_values(["updated", "submitted", "at"], ascending=False, kind="stable")
        rows = _identities(table.iloc[order["at"]], sources[order["at"]])
        of = _kept(order.number.tolist(), rows)
        kept_of[order["at"].to_numpy()[of >= 0]] = order["at"].to_numpy()[of[of >= 0]]
        alone = order[of < 0]
        shared += alone[alone.number.duplicated(keep=False)].sort_values(["number", "at"])["at"].tolist()
    same_number = table.rename(columns={"source_file": "file"}).reindex(columns=list(report.SAME_NUMBER))
    same_number = same_number.iloc[shared].reset_index(drop=True)
    twice = np.flatnonzero(kept_of >= 0)
    if not len(twice):
        return table, pd.DataFrame(columns=list(report.DUPLICATES)), same_number
    ids = table[kind.key[0]].to_numpy(dtype=object)
    of = np.array([""] * len(table), dtype=object)
    of[twice] = np.where(ids[kept_of[twice]] == "", "ligne gardée", ids[kept_of[twice]])
    table = table.assign(duplicate_of=pd.Series(of, index=table.index, dtype="str"))
    return table, _listed(table, twice, kept_of[twice], kind), same_number


class _Row(NamedTuple):
    """What identifies a dossier besides its number."""

    source: int
    title: str
    siren: str
    holder: str
    places: tuple[str, ...]  # from the commune to the région


def _identities(rows: pd.DataFrame, sources: np.ndarray) -> list[_Row]:
    def texts(name: str) -> pd.Series:
        return rows[name] if name in rows else pd.Series("", index=rows.index, dtype="str")

    places = zip(*(texts(name) for name in PLACES), strict=True)
    names = (folded(texts("title")), texts("holder_siren"), folded(texts("holder")))
    return list(map(_Row, sources.tolist(), *names, places))


def _kept(numbers: list[int], rows: list[_Row]) -> np.ndarray:
    """For each row, from the last version to the first, the position of the one that is kept of its dossier, or -1."""
    known: dict[tuple, int] = {}
    out = np.full(len(rows), -1)
    for at, (number, row) in enumerate(zip(numbers, rows, strict=True)):
        names = [(number, row.source)]
        names += [(number, name, said) for name, said in zip(row._fields[1:4], row[1:4], strict=True) if said]
        found = (known[name] for name in names if name in known)
        out[at] = next((kept for kept in found if _same(row, rows[kept])), -1)
        if out[at] < 0:
            for name in names:
                known.setdefault(name, at)
    return out


def _same(one: _Row, other: _Row) -> bool:
    """True when two rows of a same number are the same dossier."""
    title, holder = _agree(one.title, other.title), _agree(one.siren, other.siren)
    holder = _agree(one.holder, other.holder) if holder is None else holder
    known = [_agree(*pair) for pair in zip(one.places, other.places, strict=True)]
    place = next((said for said in known if said is not None), None)
    if one.source == other.source:
        return bool(title or holder) or [title, holder, place].count(False) < 2
    return bool((title and holder) or ((title or holder) and place is not False))


def _agree(one: str, other: str) -> bool | None:
    """Whether two texts are the same, when both are there."""
    return one == other if one and other else None


def _listed(projects: pd.DataFrame, twice: np.ndarray, kept: np.ndarray, kind: Collected) -> pd.DataFrame:
    out, first = projects.iloc[twice], projects.iloc[kept]
    differ = {}
    for name in (n for n in kind.fields if n not in _ORIGIN):
        a, b = out[name].to_numpy(), first[name].to_numpy()
        differ[kind.fields[name].label] = (a != b) & ~(pd.isna(a) & pd.isna(b))
    said = ([label for label, at in differ.items() if at[i]] for i in range(len(twice)))
    columns = [out[kind.key[0]], *(of[name] for of in (out, first) for name in _ORIGIN[:3])]
    made = dict(zip(report.DUPLICATES, (column.to_numpy() for column in columns), strict=False))
    return pd.DataFrame(made | {"differences": [french.join(names) if names else "" for names in said]})


def probable(projects: pd.DataFrame) -> pd.DataFrame:
    """Projects of the same holder with the same title under other ids: listed, and counted.

    Without a number, a project is told from those of other sheets only: a sheet may be the copy of another.
    """
    kept = counted(projects)
    holder = kept.holder_siren.where(kept.holder_siren != "", folded(kept.holder))
    key = pd.DataFrame({"title": folded(kept.title), "holder": holder})
    key = key[key.duplicated(keep=False) & (key.holder != "") & (key.title != "")]
    if key.empty:
        return pd.DataFrame(columns=list(PROBABLE))
    kept = kept.loc[key.index]
    key = key.assign(id=kept.project_id.where(kept.project_id != "", "\n" + kept.source_file + "\n" + kept.sheet))
    groups = key.groupby(["title", "holder"], sort=False)
    several = groups["id"].transform("nunique") > 1
    key, number = key[several], groups.ngroup()[several]
    made = kept[several].rename(columns={"source_file": "file"}).assign(group=pd.factorize(number)[0] + 1)
    return made[list(PROBABLE)].sort_values("group", kind="stable", ignore_index=True)


def folded(texts: pd.Series) -> pd.Series:
    """Texts as they are compared, all at once: without case, accents or punctuation.

    >>> folded(pd.Series(["Rénovation de l'école", "RENOVATION DE L ECOLE"], dtype="str")).nunique()
    1
    """
    bare = (_ACCENTS.sub("", unicodedata.normalize("NFKD", one)).casefold() for one in texts.to_list())
    return pd.Series([_NEITHER.sub(" ", one).strip() for one in bare], index=texts.index, dtype="str")
