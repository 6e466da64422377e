"""Two rows of a same dossier, and projects that look like the same one under two ids."""

from __future__ import annotations

import numpy as np
import pandas as pd

from copkit import french
from copkit.intake import report
from copkit.intake.fields import Collected, counted
from copkit.intake.mapping import Mapping

PROBABLE = ("project_id", "title", "holder", "file", "row", "group")
_ORIGIN = ("source_file", "sheet", "row", "duplicate_of")


def mark(
    projects: pd.DataFrame, keys: np.ndarray, mappings: list[Mapping], kind: Collected
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Fill ``duplicate_of``, and list the rows that are not counted.

    ``keys``: for each row, which of ``mappings`` it was read with. The row kept is the one updated last, then
    submitted last, then written last.
    """
    kept_of = np.full(len(projects), -1)
    for number, mapping in enumerate(mappings):
        at = np.flatnonzero(keys == number)
        by = kind.deduplicate if mapping.deduplicate is None else mapping.deduplicate
        if not by or not len(at):
            continue
        part = projects.iloc[at]
        key = part[list(by)]
        filled = (key.astype("str") != "").all(axis=1).to_numpy()
        at, part, key = at[filled], part[filled], key[filled]
        group = key.groupby(list(key), sort=False).ngroup().to_numpy()
        dates = [name for name in ("updated", "submitted") if name in kind.fields]
        order = part[dates].assign(group=group, at=at)
        last = order.sort_values([*dates, "at"], kind="stable").groupby("group")["at"].last()
        kept = last.loc[group].to_numpy()
        kept_of[at[kept != at]] = kept[kept != at]
    twice = np.flatnonzero(kept_of >= 0)
    if not len(twice):
        return projects, pd.DataFrame(columns=list(report.DUPLICATES))
    ids = projects[kind.key[0]].to_numpy(dtype=object)
    of = np.array([""] * len(projects), dtype=object)
    of[twice] = np.where(ids[kept_of[twice]] == "", "ligne gardée", ids[kept_of[twice]])
    projects = projects.assign(duplicate_of=pd.Series(of, index=projects.index, dtype="str"))
    return projects, _listed(projects, twice, kept_of[twice], kind)


def _listed(projects: pd.DataFrame, twice: np.ndarray, kept: np.ndarray, kind: Collected) -> pd.DataFrame:
    out, first = projects.iloc[twice], projects.iloc[kept]
    names = [n for n in kind.fields if n not in _ORIGIN]
    differ = {}
    for name in names:
        a, b = out[name].to_numpy(), first[name].to_numpy()
        both_blank = pd.isna(a) & pd.isna(b)
        differ[kind.fields[name].label] = (a != b) & ~both_blank
    said = [
        french.join([label for label, at in differ.items() if at[i]]) if any(at[i] for at in differ.values()) else ""
        for i in range(len(twice))
    ]
    return pd.DataFrame(
        {
            "project_id": out[kind.key[0]].to_numpy(),
            "file": out.source_file.to_numpy(),
            "sheet": out.sheet.to_numpy(),
            "row": out.row.to_numpy(),
            "kept_file": first.source_file.to_numpy(),
            "kept_row": first.row.to_numpy(),
            "differences": said,
        }
    )


def probable(projects: pd.DataFrame) -> pd.DataFrame:
    """Projects of the same holder with the same title under other ids: listed, and counted."""
    kept = counted(projects)
    kept = kept[kept.title != ""]
    holder = kept.holder_siren.where(kept.holder_siren != "", folded(kept.holder))
    key = pd.DataFrame({"title": folded(kept.title), "holder": holder, "id": kept.project_id})
    key = key[(key.holder != "") & (key.title != "")]
    key = key[key.duplicated(["title", "holder"], keep=False)]
    if key.empty:
        return pd.DataFrame(columns=list(PROBABLE))
    groups = key.groupby(["title", "holder"], sort=False)
    several = groups["id"].transform("nunique") > 1
    key, number = key[several], groups.ngroup()[several]
    at = kept.loc[key.index]
    number = pd.Series(pd.factorize(number)[0] + 1, index=key.index)
    made = pd.DataFrame(
        {
            "project_id": at.project_id,
            "title": at.title,
            "holder": at.holder,
            "file": at.source_file,
            "row": at.row,
            "group": number,
        }
    )
    return made.sort_values("group", kind="stable", ignore_index=True)


def folded(texts: pd.Series) -> pd.Series:
    """Texts as they are compared, all at once: without case, accents or punctuation.

    >>> folded(pd.Series(["Rénovation de l'école", "RENOVATION DE L ECOLE"], dtype="str")).nunique()
    1
    """
    bare = texts.str.normalize("NFKD").str.replace("[\u0300-\u036f]+", "", regex=True).str.casefold()
    return bare.str.replace("[^a-z0-9]+", " ", regex=True).str.strip()
