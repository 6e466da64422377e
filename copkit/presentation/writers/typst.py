"""A document on paper: an accessible PDF (PDF/UA-1) by typst, whose template is given data to say, and no markup.

It looks the same on every machine: no font is used but Copkit Sans and those that typst holds.
"""

from __future__ import annotations

import json
import re
import threading
import unicodedata
from functools import lru_cache
from pathlib import Path

import typst

from copkit import __version__, escaping
from copkit.errors import RunError
from copkit.presentation import blocks
from copkit.presentation.writers import paper

_FOLDER = Path(__file__).parent
_FAMILY = re.compile(r'font-family="[^"]*"')
_TURN = threading.Lock()


def write(about: blocks.Description) -> bytes:
    """The document. Raises RunError when typst refuses it."""
    said = json.dumps(_document(about))
    try:
        with _TURN:  # a compiler serves one thread at a time, with all cores and without Python's lock
            return _compiler().compile(sys_inputs={"document": said}, format="pdf", pdf_standards=["ua-1"])
    except typst.TypstError as error:
        raise RunError(f"Le PDF n’a pas pu être composé par typst : {error}") from error


@lru_cache(maxsize=1)
def _compiler() -> typst.Compiler:
    fonts = typst.Fonts(include_system_fonts=False, font_paths=[_FOLDER / "fonts"])
    return typst.Compiler(_FOLDER / "document.typ", root=_FOLDER, font_paths=fonts)


def _document(about: blocks.Description) -> dict:
    """What the template reads of a document."""
    said, undrawn = paper.read(about), set()
    made = said.pop("made")
    date = made and {"year": made.year, "month": made.month, "day": made.day}
    title = unicodedata.normalize("NFC", escaping.terminal(about.title))
    said = _drawn(said, undrawn)
    lacking = ", ".join(f"U+{ord(sign):04X}" for sign in sorted(undrawn))
    return said | {"metadata": {"title": title, "date": date, "author": f"copkit {__version__}"}, "undrawn": lacking}


def _drawn(part, undrawn: set[str]):
    """The same, of signs that the font draws, with places to cut very long words; not in a drawing nor an address."""
    if isinstance(part, dict):
        apart = {"svg": lambda one: _drawing(one, undrawn), "address": escaping.terminal}
        return {key: apart.get(key, lambda one: _drawn(one, undrawn))(one) for key, one in part.items()}
    if isinstance(part, str):
        return paper.cut(_signs(part, undrawn))
    return [_drawn(one, undrawn) for one in part] if isinstance(part, list | tuple) else part


def _drawing(svg: str, undrawn: set[str]) -> str:
    return _signs(_FAMILY.sub('font-family="Copkit Sans"', svg), undrawn)


def _signs(text: str, undrawn: set[str]) -> str:
    text, lacking = paper.signs(text)
    undrawn |= lacking
    return text
