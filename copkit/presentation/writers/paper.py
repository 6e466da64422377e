"""What a document says on paper, as plain data, and how its tables stand there, whatever writes it.

Tables too wide for a page that stands, details, and those that give the figures of a chart, are in an annex.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from functools import lru_cache
from html.parser import HTMLParser
from itertools import groupby
from pathlib import Path

from copkit import escaping, french
from copkit.presentation import blocks, drawing
from copkit.presentation.table import LONGEST_WORD

ANNEX = "Annexe : les tableaux"
UNDRAWN = "□"  # in the place of a sign that Copkit Sans lacks
_FOLDER = Path(__file__).parent
SIDE, _LONG = 504, 752  # points: how wide a page is between its margins, upright and lying
TALL, _LOW = 560, 345  # points, of a drawing, on a page that stands and on one that lies
_PIXEL = 0.56  # points: the words of all drawings are then of one size, a little above 7 points
_SIZES, _ANNEX = (8.5, 7.5, 6.5), (7.0, 6.5)  # of the type of a table, in points: the first at which its words fit
_CELL, _LINE, _ROW, _DENSE = 8, 1.3, 6, 4.4  # points beside a cell; of a line of one point; around a row, in the annex
_LEAD, _OPENING = 280, 120  # letters
_KEPT = 240  # points: a table that is no higher is not cut, nor a row; in the annex, where it pushes no text:
_KEPT_APART = 340
_BOLD, _NAMES = 1.08, (1.7, 2.5)  # how much wider; lines that the name of a column may take, a little less than whole
_TIGHT = 0.95  # of the width of a page: a table whose longest words ask for more has a smaller type, or lies
_SLACK, _TRIALS = 0.3, 12  # of a type of one point; of a share of the width between columns
_LONGEST = (LONGEST_WORD, 12, 6, 1)  # letters that are not cut in the words of a table: the first that fits
BREAK = "\u200b"  # where a very long word may be cut
_OPENS = re.compile(r"(https?://|mailto:)\S+")
_MEASURES = re.compile(r'<svg\b[^>]*?\swidth="([\d.]+)"[^>]*?\sheight="([\d.]+)"')
_PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,(.+)", re.DOTALL)
_OBJECT = re.compile(r"<[\w.]+ object>")


def read(about: blocks.Description) -> dict:
    """What a document says on paper."""
    return _Paper(about.lying).document(about)


class _Paper:
    def __init__(self, lying: bool = False) -> None:
        self.annex, self.level, self.lying = [], 1, lying

    def document(self, about: blocks.Description) -> dict:
        body = [block for block in about.blocks if not isinstance(block, blocks.Page)]
        kind, made = about.kind, about.made
        if body and isinstance(body[0], blocks.Heading) and body[0].level == 1:  # the cover says it
            named = body.pop(0).plain
            kind = kind if about.place and about.place in named else named
        found = [*self.blocks(body)]
        self.number(found)
        return {
            "title": about.title,
            "kind": kind or about.title,
            "place": about.place,
            "lines": [line for line in (about.status, made and french.long_date(made), about.versions) if line],
            "summary": len(about.contents) > 2,
            "page": about.page and asdict(about.page) | {"titles": about.page.titles},
            "blocks": found,
            "annex": [[*sheet] for _, sheet in groupby(self.annex, lambda one: one["lying"])],
            "annexed": french.typeset(ANNEX),
            "absent": blocks.left_out(about.absent),
            "footer": about.footer,
            "made": made,
            "lying": self.lying,
        }

    def number(self, found: list[dict]) -> None:
        """Number the tables: those of the body, then those of the annex, to which others refer."""
        named = [one for one in found if one["is"] == "table" and one["caption"]]
        for number, one in enumerate(named, 1):
            one["number"] = number
        for one in self.annex:
            one["number"] += len(named)
        for one in found:
            if one.get("figures"):
                one["figures"] += len(named)
            if one["is"] == "reference":
                one["table"] += len(named)

    def blocks(self, found: list[blocks.Block]) -> Iterator[dict]:
        leads = _leads(found)
        for index, (block, after) in enumerate(zip(found, [*found[1:], None], strict=True)):
            if isinstance(block, blocks.Heading) and block.plain.strip():
                self.level = min(max(2, block.level), self.level + 1)  # no level is left out
                yield {"is": "heading", "level": self.level, "said": [*_line(blocks.inline(block.source))]}
            elif isinstance(block, blocks.Prose):
                yield {"is": "prose", "said": [*self.prose(block.tokens, said=block.said)], "leads": index in leads}
            elif isinstance(block, blocks.Chart):
                figures = isinstance(after, blocks.Table) and after.of_chart
                yield _chart(block, *((_LONG, _LOW) if self.lying else (SIDE, TALL))) | {
                    "figures": len(self.annex) + 1 if figures else None
                }
            elif isinstance(block, blocks.Table):
                made = self.table(block)
                away = not self.lying and (made["lying"] or block.folded)
                if block.of_chart or away:
                    self.annex.append(made | {"of_chart": block.of_chart, "number": len(self.annex) + 1})
                if not block.of_chart:
                    elsewhere = {"is": "reference", "table": len(self.annex), "caption": block.caption}
                    yield elsewhere if away else made
            elif isinstance(block, blocks.Picture):
                yield _picture(block.png, "Image que montre un carnet, sans description.")
            elif isinstance(block, blocks.Foreign):
                told = block.plain.strip()
                yield {"is": "code", "said": block.plain if told and not _OBJECT.fullmatch(told) else _text(block.html)}
            elif isinstance(block, blocks.Plain):
                yield {"is": "code", "said": block.text}

    def table(self, table: blocks.Table) -> dict:
        """A table, and how it is laid out; its words are cut shorter where it has many columns of long ones."""
        sizes = _ANNEX if table.of_chart or table.folded or self.lying else _SIZES
        for longest in _LONGEST:
            names, *rows = ([cut(cell, longest) for cell in row] for row in (table.names, *table.rows))
            if laid := _laid_out(names, rows, sizes, (_LONG,) if self.lying else (SIDE, _LONG)):
                break
        made = {"is": "table", "caption": table.caption, "names": names, "numbers": table.numbers, "rows": rows}
        return made | laid | {"number": None, "of_chart": False}

    def prose(self, tree: Iterable[dict], *, said: bool) -> Iterator[dict]:
        """Paragraphs and lists, of a syntax tree. ``said``: what looks like HTML in it is text."""
        tree = [one for one in tree if one["type"] != "blank_line"]
        for one, after in zip(tree, [*tree[1:], {"type": ""}], strict=False):
            kind, inside, leads = one["type"], one.get("children", []), after["type"] == "list"
            if kind in ("paragraph", "block_text"):
                for pictures, some in groupby(inside, lambda part: part["type"] == "image"):
                    if pictures:
                        yield from map(_image, some)
                    else:
                        yield {"is": "paragraph", "said": [*_line(some, said=said)], "leads": leads}
            elif kind in ("heading", "def_list_head"):
                title = {"is": "strong", "said": [*_line(inside, said=said)]}
                yield {"is": "paragraph", "said": [title], "leads": leads}
            elif kind == "list":
                items = [[*self.prose(_ticked(item), said=said)] for item in inside]
                start = one["attrs"].get("start", 1) if one["attrs"]["ordered"] else None
                yield {"is": "list", "start": start, "items": items}
            elif kind == "block_quote":
                yield {"is": "quote", "said": [*self.prose(inside, said=said)]}
            elif kind == "table":
                head, *bodies = inside
                rows = [row["children"] for body in bodies for row in body["children"]]
                cells = [[blocks.words(cell["children"]) for cell in row] for row in (head["children"], *rows)]
                numbers = [cell["attrs"]["align"] == "right" for cell in head["children"]]
                yield self.table(blocks.Table("", cells[0], numbers, cells[1:])) | {"lying": False}
            elif inside:
                yield from self.prose(inside, said=said)
            elif kind == "thematic_break":
                yield {"is": "rule"}
            elif kind == "block_html":
                if shown := one["raw"].strip() if said else _text(one["raw"]):
                    yield {"is": "paragraph", "said": [shown], "leads": False}
            elif "raw" in one:
                yield {"is": "code", "said": one["raw"].rstrip("\n")}


# --- what blocks hold ---------------------------------------------------------------------------------------------


def _leads(found: list[blocks.Block]) -> set[int]:
    """The few lines between a heading and what it shows, or the first one before others, that no page parts from it."""
    leads, lines = set(), None
    for index, block in enumerate(found):
        if isinstance(block, blocks.Heading):
            lines = []
        elif isinstance(block, blocks.Prose) and lines is not None:
            if len(lines) == 1 and len(found[lines[0]].source) <= _OPENING:
                leads.add(lines[0])
            lines.append(index)
        else:
            shows = isinstance(block, blocks.Chart | blocks.Table)
            if lines and shows and sum(len(found[one].source) for one in lines) <= _LEAD:
                leads.update(lines)
            lines = None
    return leads


def _chart(chart: blocks.Chart, side: float, tall: float) -> dict:
    svg = drawing.svg(chart.spec)
    width, height = map(float, _MEASURES.search(svg).groups())
    about = {"title": chart.title, "lines": chart.lines, "alt": chart.description}
    scale = min(_PIXEL, side / width, tall / height)
    size = {"scale": scale, "width": scale * width, "height": scale * height}
    return about | {"is": "chart", "svg": svg} | size


def _picture(data: str, alt: str) -> dict:
    """A picture in base64: its bytes."""
    try:
        return {"is": "picture", "bytes": [*base64.b64decode(data)], "alt": alt}
    except binascii.Error:
        return {"is": "code", "said": alt}


def _image(one: dict) -> dict:
    """A picture that a Markdown text holds; the words in its place when it is elsewhere."""
    found, words = _PICTURE.fullmatch(one["attrs"]["url"]), blocks.words(one["children"])
    return (
        _picture(found[1], words or "Image sans description.")
        if found
        else {"is": "paragraph", "said": [words], "leads": False}
    )


def _line(tree: Iterable[dict], *, said: bool = True) -> Iterator[str | dict]:
    """What a line of Markdown says: texts, and what is around some of them."""
    for one in tree:
        kind, inside = one["type"], one.get("children", [])
        if kind in ("strong", "emphasis", "strikethrough"):
            yield {"is": kind, "said": [*_line(inside, said=said)]}
        elif kind == "link" and _OPENS.fullmatch(one["attrs"]["url"]):
            yield {"is": "link", "address": one["attrs"]["url"], "said": [*_line(inside, said=said)]}
        elif inside:
            yield from _line(inside, said=said)
        elif kind == "linebreak":
            yield {"is": "break"}
        elif kind == "softbreak":
            yield " "
        elif kind == "codespan" and one["raw"].strip("$"):
            yield {"is": "typed", "said": one["raw"]}
        elif kind == "inline_html" and not said:
            yield _text(one["raw"])
        else:  # a dollar stands as code in a notebook, which would take it for a formula
            yield escaping.unmarked(one["raw"]) if kind == "text" else one["raw"]


def _ticked(item: dict) -> list[dict]:
    """What an item of a list holds; that of a task says first whether it is done."""
    first, *others = item["children"] or [{"type": "block_text", "children": []}]
    if item["type"] != "task_list_item" or "children" not in first:
        return [first, *others]
    state = {"type": "text", "raw": "fait\u00a0: " if item["attrs"]["checked"] else "à faire\u00a0: "}
    return [first | {"children": [state, *first["children"]]}, *others]


def _text(html: str) -> str:
    """What HTML says, one line for each row or paragraph."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.said).splitlines())
    return "\n".join(filter(None, lines))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.said, self.hidden = [], 0

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.hidden += tag in ("script", "style")
        self.said.append({"td": "  ", "th": "  "}.get(tag, "\n" if tag in ("p", "div", "tr", "li", "br") else ""))

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in ("script", "style") and self.hidden > 0

    def handle_data(self, data: str) -> None:
        self.said.append("" if self.hidden else data.replace("\n", " "))


# --- how wide -----------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _widths() -> dict[str, float]:
    """How wide each sign of the font is, for a type of one point."""
    listed = json.loads((_FOLDER / "fonts" / "signes.json").read_text(encoding="utf-8"))
    return {sign: int(width) / 1000 for width, signs in listed.items() for sign in signs}


@lru_cache(maxsize=8192)  # mostly the same in each document
def signs(text: str) -> tuple[str, frozenset[str]]:
    """The text in signs that the font draws, and those that it lacks; what is never seen is left out."""
    text = unicodedata.normalize("NFC", escaping.terminal(text))
    others = set(text) - _widths().keys() - {"\n", "\t", BREAK}
    lacking = frozenset(sign for sign in others if unicodedata.category(sign) not in ("Cc", "Cf", "Mn"))
    return text.translate({ord(sign): UNDRAWN if sign in lacking else None for sign in others}), lacking


@lru_cache(maxsize=8192)
def _wide(text: str) -> tuple[float, float]:
    """How wide a text is, and its longest word."""
    widths = _widths()
    text = signs(text)[0]
    words = [sum(widths.get(sign, 0) for sign in word) for word in re.split(rf"[ \n\t{BREAK}]", text)]
    return sum(words) + text.count(" ") * widths[" "], max(words)


def _laid_out(
    names: list[str], rows: list[list[str]], sizes: tuple[float, ...], sides: tuple[float, ...] = (SIDE, _LONG)
) -> dict | None:
    """How a table stands on a page: the size of its type, its columns, whether the page lies, what is not cut of it.

    ``kept``: it is not cut, being little; ``first``: the height of all of it then, or of its head and two rows;
    ``cut``: rows so high that a page may end in them. None if its words do not fit.
    """
    lines = [[(_BOLD * text, _BOLD * word) for text, word in map(_wide, names)], *([*map(_wide, row)] for row in rows)]
    least = [max(word for _, word in column) + _SLACK for column in zip(*lines, strict=True)]
    tried = [(side, size) for side in sides for size in sizes]
    if sizes is _ANNEX:  # where a page may lie as well as stand
        tried.sort(key=lambda fit: -fit[1])
    part = [sum(least) / _room(side, size, names) for side, size in tried]
    fits = [fit for most in (_TIGHT, 1) for fit, one in zip(tried, part, strict=True) if one <= most]
    if not fits:
        return None
    side, size = fits[0]
    for few in _NAMES:
        texts = [[text / few for text, _ in lines[0]], *([text for text, _ in line] for line in lines[1:])]
        if sum(_whole(least, texts)) <= _room(side, size, names):
            break
    widths = _shared(least, texts, _room(side, size, names))
    around = _DENSE if size < min(_SIZES[:2]) else _ROW  # as document.typ
    heights = [size * _LINE * max(_heights(line, widths)) + around for line in texts]
    points = [width * size + _CELL for width in widths]
    kept = sum(heights) <= (_KEPT_APART if sizes is _ANNEX else _KEPT)
    return {
        "size": size,
        "widths": points,
        "lying": side == _LONG,
        "kept": kept,
        "first": min(TALL, sum(heights if kept else heights[:3])),
        "cut": [one > _KEPT for one in heights[1:]],
    }


def _room(side: float, size: float, names: list[str]) -> float:
    """What a page holds of a table, for a type of one point, beside the margins of its cells."""
    return (side - _CELL * len(names)) / size


def _heights(texts: list[float], widths: list[float]) -> list[int]:
    """How many lines the cells of a row take."""
    return [max(1, math.ceil((text + _SLACK / 2) / width)) for text, width in zip(texts, widths, strict=True)]


def _whole(least: list[float], texts: list[list[float]]) -> list[float]:
    """The widths of columns that hold each cell on one line."""
    return [max(few, max(column) + _SLACK) for few, column in zip(least, zip(*texts, strict=True), strict=True)]


def _shared(least: list[float], texts: list[list[float]], room: float) -> list[float]:
    """The widths of columns: whole if there is room; otherwise such that the rows are not high, by a few trials."""
    whole = _whole(least, texts)
    if sum(whole) <= room:
        return whole
    asked, tried = [much - few for few, much in zip(least, whole, strict=True)], []
    for _ in range(_TRIALS):
        part = (room - sum(least)) / sum(asked)
        widths = [few + part * more for few, more in zip(least, asked, strict=True)]
        lines = [_heights(line, widths) for line in texts]
        tried.append((sum(map(max, lines)), widths))
        makes = [sum(line[i] for line in lines if line[i] == max(line) > 1) for i in range(len(least))]  # rows high
        mean = sum(makes) / len(makes)
        asked = [more * (1 + (one - mean) / (sum(makes) or 1) / 2) for more, one in zip(asked, makes, strict=True)]
    return min(tried)[1]


def cut(text: str, longest: int = LONGEST_WORD) -> str:
    """The text with places to cut its very long words: after a mark, or anywhere in what has none."""
    if len(text) <= longest:
        return text
    return re.sub(rf"[^\s{BREAK}]{{{longest + 1},}}", lambda found: BREAK.join(_parts(found[0], longest)), text)


def _parts(word: str, longest: int) -> Iterator[str]:
    for part in re.split(r"(?<=[/_,.&=?;|-])(?=\w)", word):
        yield from (part[i : i + longest] for i in range(0, len(part), longest))
