"""What an executed notebook says, as blocks that each writer knows: one description of a document for screen and paper.

Results of the kit show themselves with what a writer needs of them (``TABLE``, ``PAGE``, ``ABSENT``, the specification
of a chart) beside what Jupyter shows. What other notebooks show becomes a block too.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import ClassVar

from copkit import escaping, french
from copkit.presentation import drawing
from copkit.presentation.document import ABSENT
from copkit.presentation.table import MIME as TABLE
from copkit.presentation.text import Text

PAGE = "application/vnd.copkit.page+json"
OURS = (TABLE, PAGE, ABSENT)
INVENTED = "contient des exemples inventés"  # what is said of a document that does
FOR_THE_NOTEBOOK = "carnet"  # the tag of a cell that is of the notebook, not of its document
PLUGINS = ("strikethrough", "table", "url", "task_lists", "def_list", "math")
_HEADING = re.compile(r"^(#{1,6})[ \t]+(.+?)[ \t#]*$")
_NUMBER = re.compile(r"^\d+\.\s*")
_EXAMPLE = re.compile(r"exemples? inventés?", re.IGNORECASE)  # what everything invented says of itself
_ATTACHED = re.compile(r"\(attachment:([^)\s]+)\)")


@dataclass(frozen=True)
class Heading:
    """``source``: its words, in Markdown."""

    level: int
    source: str
    anchor: str = ""

    @property
    def plain(self) -> str:
        """Its words without marks."""
        return words(inline(self.source))


@dataclass(frozen=True)
class Prose:
    """Paragraphs and lists, in Markdown. ``said``: by a cell, so that what looks like HTML in it is text."""

    source: str
    said: bool = True

    @cached_property
    def tokens(self) -> list[dict]:
        """Its syntax tree, as mistune gives it."""
        return tokens(self.source)


@dataclass(frozen=True)
class Chart:
    """A Vega-Lite specification, with its title, its lines and its description."""

    spec: dict

    @property
    def title(self) -> str:
        """What it states."""
        return self._lines[0]

    @property
    def lines(self) -> list[str]:
        """What stands under the title: unit, year, source."""
        return self._lines[1]

    @property
    def description(self) -> str:
        """What it shows, in a sentence."""
        return drawing.describe(self.spec)

    @property
    def phone(self) -> list[list]:
        """What a small screen shows in its place: a name, what is written, the length of a bar from 0 to 1, if any."""
        return self.spec.get("usermeta", {}).get("phone", [])

    @cached_property
    def _lines(self) -> tuple[str, list[str]]:
        title = self.spec.get("title", "")
        title = title if isinstance(title, dict) else {"text": title}
        lines = title.get("subtitle", [])
        return str(title["text"]), [lines] if isinstance(lines, str) else list(lines)


@dataclass(frozen=True)
class Table:
    """Cells as a reader sees them. ``numbers``: which columns hold some; ``of_chart``: the figures of a chart.

    ``folded``: a detail, that a screen shows when it is asked for.
    """

    caption: str
    names: list[str]
    numbers: list[bool]
    rows: list[list[str]]
    html: str = field(default="", compare=False)
    of_chart: bool = False
    folded: bool = False


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page that says it all: the first of a document, and a file of its own. Plain texts, already typeset.

    ``effort``: the figure, its unit, what it is. ``context``: what it is of the nation's, of the territory's own
    emissions. ``messages``: three, each a title and a sentence. ``levers``: five, each a name, a quantity that can be
    pictured, what it is per inhabitant or what it avoids. ``moves`` and ``still``: what moves and what does not.
    ``sure``: how sure it is. ``questions``: three for the debate. ``source``: plan, version, year, status.
    """

    TITLES: ClassVar[dict[str, str]] = {  # of its parts, in their order; of the columns of its levers
        "messages": "Ce qu’il faut retenir",
        "levers": "L’effort, levier par levier",
        "moves": "Ce qui bouge",
        "still": "Ce qui ne suit pas",
        "sure": "Ce que valent ces chiffres",
        "questions": "À débattre en COP",
        "lever": "Levier",
        "quantity": "Quantité",
        "detail": "Ce que cela représente",
    }

    title: str
    subtitle: str
    effort: tuple[str, str, str]
    context: tuple[str, ...] = ()
    messages: tuple[tuple[str, str], ...] = ()
    levers: tuple[tuple[str, str, str], ...] = ()
    moves: tuple[str, ...] = ()
    still: tuple[str, ...] = ()
    sure: str = ""
    questions: tuple[str, ...] = ()
    source: str = ""
    named: dict[str, str] = field(default_factory=dict)  # parts that this page names otherwise

    @property
    def titles(self) -> dict[str, str]:
        """What stands above each part."""
        return self.TITLES | self.named

    def _repr_mimebundle_(self, *_, **__) -> dict:
        written = str(self.markdown())
        return {PAGE: asdict(self), "text/markdown": written, "text/plain": escaping.unmarked(written)}

    def markdown(self) -> Text:
        """The same for a notebook."""
        figure, unit, what = self.effort
        lists = [
            Text.bullets(Text("**{}** {}", *one) for one in self.messages),
            Text.bullets(Text("{} : **{}** {}", *one) for one in self.levers),
            Text.bullets([*self.moves, *self.still]),
            Text("{}", self.sure),
            Text.bullets(self.questions),
            Text("{}", self.source),
        ]
        head = Text("# {}\n\n{}\n\n**{} {}** {}", self.title, self.subtitle, figure, unit, what)
        return Text.joined([head, *self.context, *lists])


@dataclass(frozen=True)
class Picture:
    """A PNG in base64, that another notebook shows."""

    png: str


@dataclass(frozen=True)
class Foreign:
    """HTML that another notebook shows, and the same as text."""

    html: str
    plain: str


@dataclass(frozen=True)
class Plain:
    """Text as it is typed."""

    text: str


Block = Heading | Prose | Chart | Table | Page | Picture | Foreign | Plain


@dataclass(frozen=True, kw_only=True)
class Description:
    """A document. ``title``: of the file; ``kind``: « Diagnostic »; ``footer``: what made it, when, from what.

    ``place``, ``status``, ``made``, ``versions``: what a cover says, where there is one.
    """

    title: str
    footer: str
    blocks: tuple[Block, ...]
    kind: str = ""
    place: str = ""
    status: str = ""
    made: date | None = None
    versions: str = ""
    absent: tuple[str, ...] = ()  # chapters and sections that had nothing to show
    index: str = "../index.html"  # where the others are, from its file

    book: str = ""  # where the others of its territory are, when they have an index
    lying: bool = False  # on paper: pages that lie, without a cover nor an annex, and a new one for each chapter

    @cached_property
    def invented(self) -> bool:
        """Whether something in it says that it is an invented example."""
        return any(_EXAMPLE.search(repr(block)) for block in self.blocks)

    @property
    def page(self) -> Page | None:
        """Its page, if it has one."""
        return next((block for block in self.blocks if isinstance(block, Page)), None)

    @property
    def contents(self) -> list[Heading]:
        """The headings of its chapters."""
        return [block for block in self.blocks if isinstance(block, Heading) and block.level == 2]


def table(made) -> Table:
    """A table of the kit as a block."""
    data = made._repr_mimebundle_()
    return Table(**data[TABLE], html=data["text/html"])


def read(cells: Iterable[dict], **about) -> Description:
    """The document that executed cells are: what they show, without their code.

    A section that had nothing to show is left out, and so is a chapter of such sections, with its heading; they are
    listed in ``absent``.
    """
    blocks, absent, chapter, ids = [], [], [], itertools.count(1)

    def close() -> None:
        """Keep the chapter, unless all that it has is missing."""
        shown = [block for block in chapter if not isinstance(block, _Absent)]
        missing = [block for block in chapter if isinstance(block, _Absent)]
        lead = [block for block in shown if getattr(block, "lead", False)]
        kept = [block.block if isinstance(block, _Lead) else block for block in shown]
        if missing and len(lead) == len(shown):
            absent.extend([_named(kept)] if kept else [one.title for one in missing if one.title])
        else:
            blocks.extend(kept)
            absent.extend(one.title for one in missing if one.title)
        chapter.clear()

    for cell in cells:
        if FOR_THE_NOTEBOOK in cell.get("metadata", {}).get("tags", []):
            continue
        if cell["cell_type"] == "markdown":
            close()
            chapter.extend(_Lead(block) for block in _prose(_source(cell), said=False))
        elif cell["cell_type"] == "code":
            chapter.extend(_of_chart([block for output in cell.get("outputs", []) for block in _shown(output)]))
    close()
    blocks = _numbered(_named_once(blocks))
    anchored = [replace(one, anchor=_anchor(one, next(ids))) if isinstance(one, Heading) else one for one in blocks]
    return Description(blocks=tuple(anchored), absent=tuple(absent), **about)


@dataclass(frozen=True)
class _Lead:
    """What a Markdown cell says before cells that show something."""

    block: Block
    lead: bool = True


@dataclass(frozen=True)
class _Absent:
    title: str


def _named_once(blocks: list[Block]) -> list[Block]:
    """Without the title that the page of the document already gives."""
    titles = {block.title for block in blocks if isinstance(block, Page)}
    return [one for one in blocks if not (isinstance(one, Heading) and one.level == 1 and one.plain in titles)]


def _numbered(blocks: list[Block]) -> list[Block]:
    """Numbered chapters, from 1 and one after the other, whatever was left out between them."""
    numbers = itertools.count(1)
    return [
        replace(block, source=_NUMBER.sub(f"{next(numbers)}. ", block.source, count=1))
        if isinstance(block, Heading) and block.level == 2 and _NUMBER.match(block.source)
        else block
        for block in blocks
    ]


def _named(lead: list[Block]) -> str:
    heading = next((block for block in lead if isinstance(block, Heading)), None)
    return _NUMBER.sub("", heading.plain) if heading else ""


def _source(cell: dict) -> str:
    """Markdown, its attached pictures in it."""
    pictures = cell.get("attachments", {})

    def put(found: re.Match) -> str:
        kind, data = next(iter(pictures.get(found[1], {}).items()), ("", ""))
        return f"(data:{kind};base64,{data})" if data else found[0]

    return _ATTACHED.sub(put, "".join(cell["source"]))


def _shown(output: dict) -> Iterator[Block | _Absent]:
    """The blocks of one output."""
    data = output.get("data", {})
    if output.get("output_type") == "stream":
        if output.get("name") == "stdout":
            yield Plain("".join(output["text"]))
    elif spec := data.get(drawing.MIME):
        yield Chart(spec)
    elif found := data.get(TABLE):
        yield Table(**found, html=data.get("text/html", ""))
    elif found := data.get(PAGE):
        yield Page(**found)
    elif found := data.get(ABSENT):
        yield _Absent(found["title"])
    elif found := data.get("text/html"):
        yield Foreign("".join(found), "".join(data.get("text/plain", "")))
    elif found := data.get("text/markdown"):
        yield from _prose("".join(found), said=True)
    elif found := data.get("image/png"):
        yield Picture(found)
    elif found := data.get("text/plain"):
        yield Plain("".join(found))


def _of_chart(blocks: list) -> list:
    """A table that stands right under a chart gives its figures."""
    pairs = zip([None, *blocks], blocks, strict=False)
    return [
        replace(block, of_chart=True) if isinstance(block, Table) and isinstance(before, Chart) else block
        for before, block in pairs
    ]


def _prose(source: str, *, said: bool) -> Iterator[Block]:
    """Markdown, its headings apart from the rest."""
    kept, fenced = [], False
    for line in source.splitlines():
        if line.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
        found = None if fenced else _HEADING.match(line)
        if not found:
            kept.append(line)
            continue
        if any(one.strip() for one in kept):
            yield Prose("\n".join(kept).strip("\n"), said)
        kept = []
        yield Heading(len(found[1]), found[2])
    if any(one.strip() for one in kept):
        yield Prose("\n".join(kept).strip("\n"), said)


def _anchor(heading: Heading, number: int) -> str:
    """A name in an address: letters, digits and hyphens, and a number that makes it the only one."""
    plain = unicodedata.normalize("NFKD", heading.plain).encode("ascii", "ignore").decode().lower()
    return f"{re.sub(r'[^a-z0-9]+', '-', plain).strip('-')[:40]}-{number}"


def tokens(source: str) -> list[dict]:
    """The syntax tree of a Markdown text."""
    import mistune

    return mistune.create_markdown(renderer="ast", plugins=PLUGINS)(source)


def inline(source: str) -> list[dict]:
    """The syntax tree of a line, where « 1. » starts no list."""
    import mistune

    state = mistune.InlineState({})
    state.src = source
    return mistune.create_markdown(renderer="ast", plugins=PLUGINS).inline.parse(state)


def words(tree: list[dict]) -> str:
    """The words of a syntax tree, without marks."""
    parts = (words(one["children"]) if "children" in one else one.get("raw", "") for one in tree)
    return escaping.unmarked("".join(parts))


def left_out(names: Iterable[str]) -> str:
    """The one line that lists what a document leaves out; nothing when it leaves out nothing."""
    names = [name[:1].lower() + name[1:] for name in names if name]
    return french.typeset(f"Laissé de côté, faute de données dans le kit : {french.join(names)}.") if names else ""
