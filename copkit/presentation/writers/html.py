"""A document as one HTML file, for the screen: no script, nothing loaded from elsewhere."""

from __future__ import annotations

import itertools
import math
import re
from functools import lru_cache
from pathlib import Path

import mistune
from markupsafe import Markup

from copkit import __version__, escaping, french
from copkit.presentation import blocks, drawing
from copkit.presentation.table import LEFT

_FOLDER = Path(__file__).parent
# What an A4 page takes: for a character, for a line of its lists, for the rest, and what it has [px]. Measured in
# Chromium on a hundred territories, where it misses by a fifteenth of the page at most.
_SHEET = (0.21, 14.7, 121, 993)
# A slide of 1 280 px: letters of a line of its columns, a line, a title, what stands around an item, the figure of its
# effort, and what a column has [px].
_LETTERS, _LINE, _TITLE, _AROUND, _FIGURE, _COLUMN = 57, 19.5, 27, 9, 74, 640
_LONG = 28  # cells: a longer table is folded on a phone, where each cell has a line
_FULL, _LARGEST = 0.9, 1.25  # of the room: what a page is asked to fill; of its type: as large as it may become


def write(about: blocks.Description) -> str:
    """The document."""
    return _template("document.html.j2").render(
        about=about,
        absent=blocks.left_out(about.absent),
        version=__version__,
        invented=french.capital(blocks.INVENTED),
        style=_style("document.css", "page.css"),
        chart=_Charts(),
    )


def alone(found: blocks.Page, *, footer: str, slide: bool = False) -> str:
    """The page of a document as a file of its own: an A4 sheet, or a 16:9 slide."""
    style = _style("document.css", "page.css")
    return _template("alone.html.j2").render(page=found, footer=footer, version=__version__, style=style, slide=slide)


@lru_cache(maxsize=8)
def _template(name: str):
    filters = {"prose": _prose, "words": _words, "inner": _inner, "kind": lambda block: type(block).__name__}
    filters |= {"room": _room, "columns": _columns, "long": _long, "inside": _inside}
    return escaping.template(_FOLDER / name, **filters)


def _long(table: blocks.Table) -> bool:
    """Whether a phone shows a table when it is asked for."""
    return len(table.rows) * len(table.names) >= _LONG


def _inside(table: blocks.Table) -> str:
    """What a table holds, in a few words: its rows, or what a sheet is about."""
    if len(table.names) > 2:
        return french.plural(len(table.rows), "ligne")
    return " · ".join(value for n, (name, value) in enumerate(table.rows) if not n or name == "Levier")


def _room(page: blocks.Page, slide: bool = False) -> float:
    """How much larger the type of a page may be than that of a full one, so that few words do not leave it empty."""
    if slide:
        heights = _heights(page)
        filled = max(sum(heights[name] for name in names) for names in _columns(page, slide)) / _COLUMN
    else:
        character, line, rest, whole = _SHEET
        lists = (page.messages, page.levers, page.moves, page.still, page.questions)
        count = len("".join(itertools.chain(page.effort, page.context, *page.messages, *page.levers)))
        count += len("".join((*page.moves, *page.still, page.sure, *page.questions, page.source)))
        filled = (character * count + line * sum(map(len, lists)) + rest) / whole
    return round(min(_LARGEST, max(1.0, math.sqrt(_FULL / filled))), 2)


def _columns(page: blocks.Page, slide: bool = False) -> list[list[str]]:
    """The parts of a page that say something, in order; those of a slide in three columns, as even as they can be."""
    heights = _heights(page)
    names = [name for name in heights if name in ("effort", "context", "source") or getattr(page, name)]
    if not slide:
        return [names]
    cuts = itertools.combinations(range(1, len(names)), 2)
    shared = ([names[:first], names[first:last], names[last:]] for first, last in cuts)
    return min(shared, key=lambda columns: max(sum(heights[name] for name in column) for column in columns))


def _heights(page: blocks.Page) -> dict[str, float]:
    """About what each part of a slide takes, in their order. [px]"""

    def lines(*texts: str) -> int:
        return sum(math.ceil(len(text) / _LETTERS) for text in texts)

    def listed(*items: int) -> float:
        return _TITLE + sum(_LINE * item + _AROUND for item in items)

    return {
        "effort": _FIGURE + _LINE * lines(page.effort[2]),
        "context": _AROUND + listed(*map(lines, page.context)) - _TITLE,
        "messages": listed(*(lines(title) + lines(text) + 1 for title, text in page.messages)),
        "levers": listed(*(1 + lines(f"{name} : {detail}") for name, _, detail in page.levers)),
        **{name: listed(*map(lines, getattr(page, name))) for name in ("moves", "still")},
        "sure": listed(lines(page.sure)),
        "questions": listed(*map(lines, page.questions)),
        "source": listed(lines(page.source) * 0.6) - _TITLE,
    }


def warm() -> None:
    """Read and compile what writing a document needs."""
    for name in ("document.html.j2", "alone.html.j2"):
        _template(name).environment.get_template("page.html.j2")  # that both include
    _prose("- *un* : [deux](trois.html)\n- **trois**", said=True)


@lru_cache(maxsize=8)
def _style(*names: str) -> Markup:
    return Markup("\n".join((_FOLDER / name).read_text(encoding="utf-8") for name in names))


@lru_cache(maxsize=256)  # mostly the same in each document
def _prose(source: str, *, said: bool) -> Markup:
    """Markdown as HTML. ``said``: HTML in it is text, and a link goes nowhere but to a page."""
    return Markup(_markdown(said=said)(source))


@lru_cache(maxsize=2)
def _markdown(*, said: bool) -> mistune.Markdown:
    renderer = _Said(escape=False) if said else mistune.HTMLRenderer(escape=False, allow_harmful_protocols=True)
    return mistune.create_markdown(renderer=renderer, plugins=blocks.PLUGINS)


class _Said(mistune.HTMLRenderer):
    """What a cell says, which may hold what a file does: HTML in it is text, and a link goes nowhere but to a page."""

    def inline_html(self, html: str) -> str:
        return escaping.html(html)

    def block_html(self, html: str) -> str:
        return f"<p>{escaping.html(html.strip())}</p>\n"


@lru_cache(maxsize=256)
def _words(source: str) -> Markup:
    """The Markdown of a line, where « 1. » starts no list."""
    renderer = _markdown(said=True).renderer
    return Markup(renderer.render_tokens(blocks.inline(source), mistune.BlockState()))


def _inner(table: blocks.Table) -> Markup:
    """A table as its notebook shows it, without what JupyterLab alone needs."""
    return Markup(table.html.replace(LEFT, ""))


class _Charts:
    """Draws a specification; marks of several charts of one page never share an id."""

    def __init__(self) -> None:
        self.count = itertools.count(1)

    def __call__(self, chart: blocks.Chart) -> dict:
        svg = re.sub(r"\b(clip|gradient_)(\d+)", rf"c{next(self.count)}-\1\2", drawing.svg(chart.spec))
        return {"svg": Markup(svg), "caption": Markup(drawing.caption(chart.spec, screens=True))}
