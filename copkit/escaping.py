"""Texts in the cells of spreadsheets: never a formula, never more than a cell holds."""

from __future__ import annotations

import re
import unicodedata

RISKY = ("=", "+", "-", "@", "\t", "\r")  # how a formula may start in a spreadsheet
GUARD = "'"
LONGEST = 32_767  # characters that a cell of Excel holds
CUT = " […] (texte coupé)"
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff]")  # all but the tab and the line feed


def risky(text: str) -> bool:
    """True when a spreadsheet could take the text for a formula."""
    return text.startswith(RISKY)


def guarded(text: str) -> str:
    """The text as a CSV may hold it: an apostrophe first when a spreadsheet would compute it.

    >>> guarded("=1+1"), guarded("Haies")
    ("'=1+1", 'Haies')
    """
    return GUARD + text if risky(text) else text


def unguarded(text: str) -> str:
    """What ``guarded`` was given.

    >>> unguarded("'=1+1"), unguarded("'avis")
    ('=1+1', "'avis")
    """
    return text[1:] if text.startswith(GUARD) and risky(text[1:]) else text


def fitted(text: str) -> str:
    """The text as a cell of a workbook holds it: no control character, and cut where a cell ends, saying so."""
    text = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return text if len(text) <= LONGEST else text[: LONGEST - len(CUT)] + CUT


def settled(text: str) -> str:
    """The text without what a spreadsheet may change when it saves: spaces, line ends, composed accents."""
    return " ".join(unicodedata.normalize("NFC", fitted(text)).split())
