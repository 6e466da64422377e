"""A column of texts, searched: by Python where it is short, by Arrow where it is long.

pandas looks at a pattern again at each call, which takes longer than to search a hundred cells.
"""

from __future__ import annotations

import re

import pandas as pd

SHORT = 1000  # rows


def holds(texts: pd.Series, pattern: re.Pattern[str]) -> pd.Series:
    """Where a text holds a pattern, that both engines read alike. [true or false]"""
    if len(texts) > SHORT:
        return texts.str.contains(pattern.pattern, case=not pattern.flags & re.IGNORECASE, regex=True)
    found = [isinstance(one, str) and bool(pattern.search(one)) for one in texts.to_list()]
    return pd.Series(found, index=texts.index, dtype=bool)


def is_whole(texts: pd.Series, pattern: re.Pattern[str]) -> pd.Series:
    """Where a text is a pattern, from its first letter to its last, as Python reads it. [true or false]"""
    found = [isinstance(one, str) and bool(pattern.fullmatch(one)) for one in texts.to_list()]
    return pd.Series(found, index=texts.index, dtype=bool)
