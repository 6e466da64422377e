"""A text that comes from a file is a text wherever it is shown: Markdown, HTML, a terminal, a spreadsheet."""

from __future__ import annotations

import html as _html
import re
import unicodedata
from base64 import b64encode
from collections.abc import Callable, Iterable
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Template

RISKY = ("=", "+", "-", "@", "\t", "\r")  # how a formula may start in a spreadsheet
GUARD = "'"
LONGEST = 32_767  # characters that a cell of Excel holds
CUT = " […] (texte coupé)"
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")  # all but the tab and the line feed
_OBEYED = re.compile(  # by a terminal
    r"""(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?  # a colour, a move
    |(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?  # a title, a link
    |\x1b[ -/]*[0-~]?|[\x00-\x08\x0b-\x1f\x7f-\x9f]  # any other control, but the tab and the line feed
    |[\u202a-\u202e\u2066-\u2069]  # letters in another order
    |[\ud800-\udfff\ufffe\uffff]  # what no file can hold""",
    re.VERBOSE,
)
_FIRST_OBEYED = re.compile(  # how they all start
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
_MARKS = re.compile(  # of Markdown, and of the formulas of a notebook
    r"""[\\`*_{}\[\]<>&|~@]|\$+
    |(?<=:)/(?=/)|(?<=www)[.]  # an address, that becomes a link by itself
    |^[ ]?(?:[#+=:-]|\d{1,9}[.)])  # a title, a list
    |^[;?!%»]  # a mark that typography would join to what stands before""",
    re.VERBOSE,
)
_LINES = re.compile(r"\s*[\n\r\t\v\f\x1c-\x1f\x85\u2028\u2029]\s*")


def markdown(text: str) -> str:
    """The text inside a Markdown text, where it shows as it is typed, on one line.

    >>> markdown("*Haies* [ici](http://exemple.invalid) <b>")
    '&#42;Haies&#42; &#91;ici&#93;(http:&#47;/exemple.invalid) &#60;b&#62;'
    """
    line = re.sub(r"^ +", " ", terminal(_LINES.sub(" ", text)))  # from four spaces on, a line is code
    return _MARKS.sub(_marked, line)


def _marked(found: re.Match) -> str:
    """A mark by its number; a dollar as code, which no notebook takes for a formula."""
    return f"`{found[0]}`" if found[0][0] == "$" else f"{found[0][:-1]}&#{ord(found[0][-1])};"


def unmarked(text: str) -> str:
    """What ``markdown`` was given, on its line.

    >>> unmarked("Haies &#42; &#60;b&#62;")
    'Haies * <b>'
    """
    return _html.unescape(re.sub(r"`(\$+)`", r"\1", text))


def element(text: str) -> str:
    """The text inside an HTML element that a notebook may show, without a formula in it.

    >>> element("de 10 $ à 20 $")
    'de 10 <span>$</span> à 20 <span>$</span>'
    """
    return html(text).replace("$", "<span>$</span>")


@lru_cache(maxsize=4096)  # the same labels come back in each table, each document
def html(text: str) -> str:
    """The text inside an HTML element or a quoted attribute.

    >>> html('<img alt="x">')
    '&lt;img alt=&quot;x&quot;&gt;'
    """
    return _html.escape(terminal(text))


def template(path: Path, **filters: Callable) -> Template:
    """A page to be filled: what is put in it is a text, and whatever it lacks is refused."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    options = {"autoescape": True, "undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True}
    environment = Environment(loader=FileSystemLoader(path.parent), **options)
    environment.filters |= filters
    return environment.get_template(path.name)


def policy(scripts: Iterable[str], styles: Iterable[str], more: str = "") -> str:
    """What a page may do: these scripts and these styles, and nothing else; no address but those of ``more``."""
    marks = {name: " ".join(map(digest, texts)) for name, texts in (("script", scripts), ("style", styles))}
    return (
        f"default-src 'none'; script-src {marks['script']}; style-src {marks['style']}; "
        f"img-src data:; base-uri 'none'; form-action 'none'{more}"
    )


def digest(text: str) -> str:
    """The mark by which a policy knows a script or a style."""
    return f"'sha256-{b64encode(sha256(text.encode('utf-8')).digest()).decode('ascii')}'"


def terminal(text: str) -> str:
    """The text without what a terminal would obey: colours, titles, moves, letters in another order.

    >>> terminal("\x1b[31mrouge\x1b[0m \x1b]0;titre\x07fin")
    'rouge fin'
    """
    return _OBEYED.sub("", text) if _FIRST_OBEYED.search(text) else text  # ten times as fast where there is none


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


def as_csv(table, *, excel: bool = False, exact: bool = False) -> str:
    """A DataFrame as CSV, of which a spreadsheet computes nothing; every digit is kept, and unknown is empty.

    ``excel``: as a French Excel opens it: semicolons, decimal commas, a byte order mark; else commas and points.
    ``exact``: for a program: texts to the last character, even those that a spreadsheet would compute.
    """
    safe, sep, point = guarded if excel or not exact else str, ";" if excel else ",", "," if excel else "."

    def cell(value):
        if isinstance(value, str):
            return safe(value)
        if not isinstance(value, float):
            return value
        return "" if value != value else repr(float(value)).removesuffix(".0").replace(".", point)

    columns = {n: [*map(cell, table.iloc[:, n].to_list())] for n in range(table.shape[1])}
    written = type(table)(columns, dtype=object)
    text = written.to_csv(index=False, header=[*map(str, table)], sep=sep, lineterminator="\r\n" if excel else "\n")
    return f"\ufeff{text}" if excel else text


def fitted(text: str) -> str:
    """The text as a cell of a workbook holds it: no control character, and cut where a cell ends, saying so."""
    text = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return text if len(text) <= LONGEST else text[: LONGEST - len(CUT)] + CUT


def settled(text: str) -> str:
    """The text without what a spreadsheet may change when it saves: spaces, line ends, composed accents."""
    return " ".join(unicodedata.normalize("NFC", fitted(text)).split())
