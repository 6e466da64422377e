"""What is received, looked at before it is read: how large it is, what it unfolds to, and what nobody could read.

A few thousand bytes can stand for millions of cells: a workbook, a JSON or a YAML is measured first, in a time and a
memory that go with the size of the file, and what is beyond measure is refused with its place and what to do.
"""

from __future__ import annotations

import json
import os
import posixpath
import re
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate, groupby
from pathlib import Path
from xml.etree import ElementTree
from zipfile import BadZipFile, ZipFile, ZipInfo

from copkit import french

UNFOLDED = 4 << 30  # bytes of a whole archive: a full sheet of a million rows and thirty columns takes two
RATIO, PLAIN = 300, 64 << 20  # times its size that an archive may unfold to, once it is beyond PLAIN bytes
MEMBERS, SHEETS = 5_000, 500
WIDEST, TALLEST = 16_384, 1_048_576  # columns and rows of a spreadsheet
BOX, SPARSE = 2_000_000, 20  # cells from the first to the last filled one; how many for each filled one beyond BOX
MERGED, COVERED = 20_000, 1_000_000  # merged areas of a workbook, and the cells that they cover
REPEATED = 1 << 30  # bytes of the longest text of a workbook in each of its cells: beyond, it is tried apart
MEMORY, PATIENCE = 2 << 30, 300  # bytes and seconds of processor that reading a workbook apart may take
DEPTH, DIGITS = 64, 400  # of blocks in blocks; of a number
NODES = 1_000_000  # of a YAML
TOO_FAR = (
    "le lire demande trop de mémoire : il est abîmé, ou une cellule est remplie très loin du tableau. Supprimer les "
    "lignes et les colonnes vides, puis l'enregistrer en .xlsx."
)
AGAIN = "Enregistrer de nouveau le fichier."
_BLOCK, _TAIL, _LISTING = 1 << 20, 1 << 12, 1 << 26  # bytes
UNREADABLE = (
    *(BadZipFile, zlib.error, ElementTree.ParseError, LookupError, ValueError, AttributeError),
    *(OSError, EOFError, RuntimeError),
)
_COMPRESS = "L'ouvrir dans un tableur et l'enregistrer de nouveau."


# ------------------------------------------------------------------ workbooks

_PLACE = rb"""r\s*=\s*["']([A-Za-z]+)(\d+)["']"""
_CELL = re.compile(rb"<(?:\w+:)?c\s(?:[^>]*?\s)?" + _PLACE + rb"[^>]*(?<!/)>")
_AREA = re.compile(rb"""<(?:\w+:)?(?:mergeCell|hyperlink)\s[^>]*?ref\s*=\s*["']([A-Za-z]+)(\d+):([A-Za-z]+)(\d+)""")
_APART = """
import sys
try:
    import resource
    for what, most in ((resource.RLIMIT_AS, %d), (resource.RLIMIT_CPU, %d), (resource.RLIMIT_CORE, 0)):
        hard = resource.getrlimit(what)[1]
        resource.setrlimit(what, (most if hard < 0 else min(most, hard), hard))
except ImportError:
    pass
from python_calamine import CalamineWorkbook
book = CalamineWorkbook.from_path(sys.argv[1])
for place in range(len(book.sheet_names)):
    book.get_sheet_by_index(place)
"""


@dataclass
class _Part:
    """What one part of a workbook holds: filled cells, the last column and row of them, cells in all, merged areas."""

    filled: int = 0
    last: tuple[int, int] = (0, 0)
    cells: int = 0
    areas: int = 0
    covered: int = 0
    longest: int = 0  # bytes of its longest shared text
    ordered: bool = True
    letters: set[bytes] = field(default_factory=set)

    @property
    def box(self) -> int:
        return self.last[0] * self.last[1]

    def see(self, block: bytes) -> None:
        """Count what a block of whole marks holds."""
        if found := _CELL.findall(block):
            self.filled += len(found)
            self.letters |= {letters for letters, _ in found}
            rows = [_number(row) for row, _ in groupby(row for _, row in found)]
            self.ordered &= rows == sorted(rows) and rows[0] >= self.last[1]
            self.last = (max(map(_position, self.letters)), max(self.last[1], *rows))
        self.cells += block.count(b"<c ") + block.count(b":c ")
        for first, top, last, bottom in _AREA.findall(block):
            self.areas += 1
            wide, high = _position(last) - _position(first) + 1, _number(bottom) - _number(top) + 1
            self.covered += max(wide, 1) * max(high, 1)


def _position(letters: bytes) -> int:
    """The column that letters name, from 1."""
    return int(sum((letter - 64) * 26**rank for rank, letter in enumerate(reversed(letters[:9].upper()))))


def _number(digits: bytes) -> int:
    """The number of a row; past the last of all spreadsheets, it does not matter which."""
    return int(digits[:15])


def workbook(path: Path, most: int | None = None) -> str:
    """Why a workbook is too much to be read, with what to do; nothing when it may be, or when it is no archive.

    ``most``: cells that it may have, blank ones included, for who makes only those that the file has: how far from one
    another they are does not matter then.
    """
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        try:
            with ZipFile(path) as archive:
                said, sure = _measured(archive, path.stat().st_size, most)
        except UNREADABLE:  # what cannot be measured, another library may read
            said, sure = "", False
        if said or sure:
            return said
    return _apart(path)


def _measured(archive: ZipFile, size: int, most: int | None) -> tuple[str, bool]:
    """What is too much in a workbook, and whether what is left is sure to be little."""
    members = archive.infolist()
    if len(members) > MEMBERS or len({one.filename for one in members}) < len(members):
        return f"archive abîmée ({french.number(len(members), 0)} parties, ou deux du même nom). {_COMPRESS}", True
    parts: dict[str, _Part] = {}
    total = 0
    for member in members:
        part, tail, run, first_of_all = parts.setdefault(member.filename, _Part()), b"", 0, True
        shared = member.filename.casefold().endswith("sharedstrings.xml")
        for block in _unfolded(archive, member):
            total += len(block)
            if total > UNFOLDED or total > max(PLAIN, RATIO * size):
                said = f"{french.number(size / 1e6)} Mo qui se déplient en plus de {french.number(total / 1e6, 0)} Mo"
                return f"classeur démesuré ({said}). {_COMPRESS}", True
            if first_of_all and b"<!DOCTYPE" in block[:4096]:
                return f"« {member.filename} » porte une définition d'entités (DOCTYPE), refusée. {_COMPRESS}", True
            if shared:
                first, *rest = block.split(b"<si")
                part.longest = max(part.longest, run + len(first), *map(len, rest[:-1]))
                run = len(rest[-1]) if rest else run + len(first)
                part.longest = max(part.longest, run)
            text, first_of_all = tail + block, False
            end = text.rfind(b">") + 1  # a mark is never cut in two
            tail = text[end:][-_TAIL:]
            part.see(text[:end])
    try:
        sheets, found = sheet_parts(archive)[0], True
    except UNREADABLE:
        sheets, found = [], False
    if len(sheets) > SHEETS or len({part for _, part in sheets}) < len(sheets):
        few = f"{french.number(len(sheets), 0)} feuilles, {SHEETS} au plus et chacune à elle"
        return f"{few}. Le partager, ou l'enregistrer de nouveau.", True
    said, sure = _beyond(archive, parts, most)
    return said, sure and (found or bool(said))


def _beyond(archive: ZipFile, parts: dict[str, _Part], most: int | None) -> tuple[str, bool]:
    filled, cells, boxes, areas, covered = (
        sum(getattr(one, of) for one in parts.values()) for of in ("filled", "cells", "box", "areas", "covered")
    )
    widest = max(parts, key=lambda name: parts[name].box, default="")
    outside = any(one.last[0] > WIDEST or one.last[1] > TALLEST for one in parts.values())
    if outside or (most is None and boxes > max(BOX, SPARSE * filled)):
        one, name = parts[widest], _named(archive, widest)
        corner = f"{max(one.letters, key=_position)[:9].decode().upper()}{one.last[1]}"
        few = french.plural(one.filled, "cellule remplie", "cellules remplies")
        told = f"la feuille « {name} » va jusqu'en {corner}, pour {few}"
        return f"{told}. Supprimer les lignes et les colonnes sous le tableau et à sa droite, puis l'enregistrer.", True
    if any(not one.ordered for one in parts.values()):
        return f"les lignes d'une feuille ne sont pas dans l'ordre. {_COMPRESS}", True
    if areas > MERGED or covered > COVERED:
        zones = french.plural(areas, "zone fusionnée", "zones fusionnées")
        told = f"{zones}, de {french.number(covered, 0)} cellules"
        return f"{told} : trop pour être lues. Défaire les fusions, puis l'enregistrer.", True
    if most is not None and cells > most:
        told = f"{french.number(cells, 0)} cellules, {french.number(most, 0)} au plus"
        return f"{told}. Supprimer les lignes et les colonnes vides mises en forme, puis l'enregistrer.", True
    return "", filled * max(one.longest for one in parts.values()) <= REPEATED


def _unfolded(archive: ZipFile, member: ZipInfo) -> Iterator[bytes]:
    """The blocks of a part as they are, whatever size it claims to have."""
    real = copy(member)
    real.file_size = UNFOLDED + 1
    with archive.open(real) as stream:
        yield from iter(partial(stream.read, _BLOCK), b"")


def sheet_parts(archive: ZipFile) -> tuple[list[tuple[str, str]], ElementTree.Element]:
    """The (name, part) of each sheet of a workbook, and what says it."""
    book, links = (_tree(archive, part) for part in ("xl/workbook.xml", "xl/_rels/workbook.xml.rels"))
    targets = {link.get("Id"): posixpath.join("/xl", link.get("Target", "")) for link in links}
    sheets = []
    for sheet in book.iterfind("{*}sheets/{*}sheet"):
        part = next((value for key, value in sheet.attrib.items() if key.endswith("}id")), "")
        sheets.append((sheet.get("name", ""), posixpath.normpath(targets[part]).lstrip("/")))
    return sheets, book


def _tree(archive: ZipFile, part: str) -> ElementTree.Element:
    if archive.getinfo(part).file_size > _LISTING:
        raise ValueError(f"{part} : too large")
    return ElementTree.fromstring(archive.read(part))


def _named(archive: ZipFile, part: str) -> str:
    """The name of the sheet of a part, or the name of the part."""
    try:
        return {part: name for name, part in sheet_parts(archive)[0]}.get(part, part)
    except UNREADABLE:
        return part


def _apart(path: Path) -> str:
    """Why a workbook cannot be read within bounds: it is tried in a process that has them."""
    command = [sys.executable, "-I", "-c", _APART % (MEMORY, PATIENCE), os.path.abspath(path)]
    tried = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    if tried.returncode < 0 or b"MemoryError" in tried.stderr:
        return TOO_FAR
    return f"classeur abîmé. {_COMPRESS}" if b"PanicException" in tried.stderr else ""


# ------------------------------------------------------------------ JSON

_BRACKETS = str.maketrans({"{": "[", "}": "]"})
_TEXT = re.compile(r'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
_CUT = re.compile(r"\\u[dD][89a-fA-F]|[\ud800-\udfff]")


def read_json(content: object, wrong: Callable[[str], object], redo: str = AGAIN, *, finite: bool = True) -> object:
    """What a JSON holds; ``wrong`` is told, in French, each thing that makes it unreadable, and nothing is then read.

    ``redo``: what to do of a text that is none. Nothing is lost on the way: no key twice in a block, no half character,
    no number that none can hold; not ``finite``: these are given as inf and nan to who tells their place.

    >>> read_json('{"a": 1, "a": 2}', print)
    « a » est écrit deux fois dans le même bloc. En garder un.
    """
    found: dict[str, None] = {}
    made = None

    def block(pairs: list[tuple[str, object]]) -> dict:
        made = dict(pairs)
        if len(made) < len(pairs):
            seen: set[str] = set()
            for key, _ in pairs:
                if key in seen:
                    found[f"« {_shown(key)} » est écrit deux fois dans le même bloc. En garder un."] = None
                seen.add(key)
        return made

    def number(text: str, of: type) -> float:
        value = of(text) if len(text) <= DIGITS else float("inf")
        return value if abs(value) != float("inf") else constant(text)

    def constant(text: str) -> float:
        if finite:
            found[f"nombre « {_shown(text)} » impossible. Écrire un nombre fini."] = None
        return float("nan" if text == "NaN" else "-inf" if text.startswith("-") else "inf")

    try:
        text = content.decode("utf-8-sig") if isinstance(content, bytes) else content
        if _deepest(text) > DEPTH:
            found[f"plus de {DEPTH} blocs les uns dans les autres. {redo}"] = None
        else:
            integer, decimal = partial(number, of=int), partial(number, of=float)
            options = {"parse_int": integer, "parse_float": decimal, "parse_constant": constant}
            made = json.loads(text, object_pairs_hook=block, **options)
            if _CUT.search(text):
                json.dumps(made, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        found = {f"ligne {error.lineno} : le texte n'est pas du JSON lisible. {redo}": None}
    except TypeError:
        found = {f"le texte n'est pas du JSON lisible. {redo}": None}
    except UnicodeEncodeError as error:
        half = ascii(error.object[error.start]).strip("'")
        found[f"caractère coupé en deux « {half} ». Le retirer du texte où il est."] = None
    except UnicodeDecodeError:
        found = {"le fichier n'est pas en UTF-8. L'enregistrer en UTF-8.": None}
    for said in found:
        wrong(said)
    return None if found else made


def _shown(text: str) -> str:
    """The start of a text that a message quotes."""
    return text.encode("utf-8", "replace").decode()[:40] + "…" * (len(text) > 40)


def _deepest(text: str) -> int:
    """How many blocks of a JSON are in one another at most."""
    brackets = re.sub(r"[^\[\]]+", "", _TEXT.sub("", text).translate(_BRACKETS))
    return max(accumulate(1 if one == "[" else -1 for one in brackets), default=0)


# ------------------------------------------------------------------ YAML


def yaml_excess(text: str, loader: type) -> tuple[int, str] | None:
    """The line of a YAML where it unfolds to more than what is written, and why; None where it does not.

    ``loader``: a class of PyYAML. An anchor that is named again stands for a block as large as one wants.
    """
    import yaml

    named, many = re.search(r"(?:^|[\s\[{,])[&*]\S", text), sum(map(text.count, ("[", "{", "- ")))
    if not named and many < DEPTH * 16 and len(text) < _BLOCK:  # too few for so many blocks: no need to look closer
        return None
    depth = 0
    for count, event in enumerate(yaml.parse(text, loader)):
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            return line, f"« *{_shown(event.anchor)} » renvoie à un autre bloc. Écrire le bloc en entier."
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEPTH:
            return line, f"plus de {DEPTH} blocs les uns dans les autres. En retirer."
        if count > NODES:
            return line, f"plus de {french.number(NODES, 0)} valeurs. Partager le fichier."
    return None
