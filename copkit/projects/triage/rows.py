"""The rows of a table that differ: a sentence is written once for all the projects that share it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from copkit import french


def different(table: pd.DataFrame) -> tuple[np.ndarray, list[dict]]:
    """The place of each row among the rows that differ, and those rows.

    >>> different(pd.DataFrame({"a": ["x", "y", "x"]}))
    (array([0, 1, 0]), [{'a': 'x'}, {'a': 'y'}])
    """
    groups = np.zeros(len(table), dtype=np.int64)
    for name in table:
        codes, values = pd.factorize(table[name], use_na_sentinel=False)
        groups = pd.factorize(groups * (len(values) + 1) + codes)[0]
    first = np.unique(groups, return_index=True)[1]
    return groups, table.iloc[first].to_dict("records")


def said(table: pd.DataFrame, say: Callable[[dict], str]) -> pd.Series:
    """What ``say`` answers for each row, typeset, asked once per different row."""
    groups, rows = different(table)
    texts = pd.Series([french.typeset(say(row)) for row in rows], dtype="str")
    return texts.iloc[groups].set_axis(table.index)
