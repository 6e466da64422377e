"""What Word or Excel would say of a file that they cannot read whole: parts, links, names and numbers that do not meet.

Neither runs here: what is looked for is what their formats ask (ECMA-376), beside the order of the elements.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections import Counter
from collections.abc import Iterator

from lxml import etree

_SPACES = {
    "w": "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    "r": "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    "wp": "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing",
    "pic": "http://schemas.openxmlformats.org/drawingml/2006/picture",
    "x": "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "ct": "http://schemas.openxmlformats.org/package/2006/content-types",
    "rel": "http://schemas.openxmlformats.org/package/2006/relationships",
    "xdr": "http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing",
}
_NAME = re.compile(r"[A-Za-z_]\w{0,39}")  # of a bookmark
_REFERS = re.compile(r"\s*(?:REF|PAGEREF)\s+(\S+)")
_MOST = 31  # letters of the name of a sheet


def faults(data: bytes) -> list[str]:
    """What does not meet in a document or a workbook, in words; nothing when all does."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        found = {name: package.read(name) for name in package.namelist()}
        out = [f"{name} is there {count} times" for name, count in Counter(package.namelist()).items() if count > 1]
    trees = {name: etree.fromstring(data) for name, data in found.items() if name.endswith((".xml", ".rels"))}
    out += _package(found, trees)
    return [*out, *(_document(trees) if "word/document.xml" in found else _workbook(trees))]


def _at(tree, path: str) -> list:
    return tree.xpath(path, namespaces=_SPACES)


def _targets(part: str, trees: dict) -> dict[str, str]:
    """The relationships of a part: id → the part that it leads to, « » outside the file."""
    folder, name = posixpath.split(part)
    links = trees.get(f"{folder}/_rels/{name}.rels".lstrip("/"))
    out = {}
    for one in [] if links is None else _at(links, "//rel:Relationship"):
        inside = one.get("TargetMode") != "External"
        path = posixpath.normpath(posixpath.join("/" + folder, one.get("Target"))).lstrip("/")
        out[one.get("Id")] = path if inside else ""
    return out


def _package(found: dict[str, bytes], trees: dict) -> Iterator[str]:
    """Each part has a type and is led to; each link leads to a part, and each one that a text names is there."""
    types = trees["[Content_Types].xml"]
    extensions, named = {*_at(types, "//ct:Default/@Extension")}, {*_at(types, "//ct:Override/@PartName")}
    yield from (f"{one}: a type for no part" for one in named if one.lstrip("/") not in found)
    reached = {*_targets("", trees).values()}
    for part in found:
        if part.endswith(".rels") or part == "[Content_Types].xml":
            continue
        if f"/{part}" not in named and part.rpartition(".")[2] not in extensions:
            yield f"{part}: no type"
        links = _targets(part, trees)
        reached |= {*links.values()}
        yield from (
            f"{part}: {id_} leads to {path}, which is not there"
            for id_, path in links.items()
            if path and path not in found
        )
        if part in trees:
            asked = {*_at(trees[part], "//@r:id | //@r:embed | //@r:link")}
            yield from (f"{part}: names {id_}, no link of its own" for id_ in asked - links.keys())
    parts = {one for one in found if not one.endswith(".rels")} - {"[Content_Types].xml"}
    yield from (f"{one}: nothing leads to it" for one in parts - reached)


def _twice(what: str, found: list[str]) -> list[str]:
    return [f"{what} {one}: {count} times" for one, count in Counter(found).items() if count > 1]


def _document(trees: dict) -> Iterator[str]:
    body = trees["word/document.xml"]
    marks, names = _at(body, "//w:bookmarkStart/@w:id"), _at(body, "//w:bookmarkStart/@w:name")
    yield from _twice("bookmark", marks) + _twice("bookmark", names) + _twice("drawing", _at(body, "//wp:docPr/@id"))
    yield from (f"bookmark {one}: no name for Word" for one in names if not _NAME.fullmatch(one))
    yield from (f"bookmark {one}: not closed" for one in {*marks} ^ {*_at(body, "//w:bookmarkEnd/@w:id")})
    instructions = [*_at(body, "//w:fldSimple/@w:instr"), *_at(body, "//w:instrText/text()")]
    aims = [found[1] for one in instructions if (found := _REFERS.match(one))]
    yield from (f"{one}: no such bookmark" for one in {*aims, *_at(body, "//w:hyperlink/@w:anchor")} - {*names})
    yield from ("a drawing without words" for one in _at(body, "//wp:docPr") if not (one.get("descr") or "").strip())
    kinds = _at(body, "//w:fldChar/@w:fldCharType")
    if Counter(kinds) not in ({}, {"begin": len(kinds) // 3, "separate": len(kinds) // 3, "end": len(kinds) // 3}):
        yield f"fields are not closed: {Counter(kinds)}"
    for table in _at(body, "//w:tbl"):
        columns = len(_at(table, "./w:tblGrid/w:gridCol"))
        yield from (
            "a row has not the cells of its table" for row in _at(table, "./w:tr") if len(_at(row, "./w:tc")) != columns
        )
        yield from ("a cell does not end in a paragraph" for _ in _at(table, "./w:tr/w:tc[not(*[last()][self::w:p])]"))
        if _at(table, "following-sibling::*[1][self::w:tbl or self::w:sectPr]"):
            yield "a table touches another one, or the end"
    if not _at(body, "./w:body/*[last()][self::w:sectPr]"):
        yield "the body does not end in a section"
    styles = {*_at(trees["word/styles.xml"], "//w:style/@w:styleId")}
    shown = [tree for name, tree in trees.items() if name.startswith("word/")]
    for kind in ("pStyle", "rStyle", "tblStyle", "basedOn", "next", "link"):
        used = {one for tree in shown for one in _at(tree, f"//w:{kind}/@w:val")}
        yield from (f"{kind} {one}: no such style" for one in used - styles)
    numbering = trees["word/numbering.xml"]
    nums, lists = _at(numbering, "./w:num/@w:numId"), _at(numbering, "./w:abstractNum/@w:abstractNumId")
    yield from _twice("list", nums) + _twice("abstract list", lists)
    yield from (f"list {one}: not defined" for one in {*_at(body, "//w:numId/@w:val")} - {"0", *nums})
    yield from (f"list {one}: of no kind" for one in {*_at(numbering, "./w:num/w:abstractNumId/@w:val")} - {*lists})
    if _at(numbering, "./w:num[1]/following-sibling::w:abstractNum"):
        yield "lists stand before their kinds"


def _workbook(trees: dict) -> Iterator[str]:
    book = trees["xl/workbook.xml"]
    titles = _at(book, "//x:sheet/@name")
    yield from _twice("sheet", [one.casefold() for one in titles]) + _twice("sheet", _at(book, "//x:sheet/@sheetId"))
    yield from (
        f"sheet « {one} »: no name for Excel"
        for one in titles
        if len(one) > _MOST or re.search(r"[\[\]:*?/\\]|^'|'$", one)
    )
    names = [(one.get("name"), one.get("localSheetId"), one.text) for one in _at(book, "//x:definedName")]
    yield from _twice("name", [f"{name} {sheet}" for name, sheet, _ in names])
    for name, sheet, refers in names:
        quoted = re.match(r"(?:'((?:[^']|'')+)'|([^'!]+))!", refers)
        about = (quoted[1] or quoted[2]).replace("''", "'") if quoted else None
        if about not in titles or (sheet is not None and titles[int(sheet)] != about):
            yield f"{name}: leads to « {refers} »"
    strings, looks = trees.get("xl/sharedStrings.xml"), trees["xl/styles.xml"]
    count, formats = 0 if strings is None else len(_at(strings, "./x:si")), len(_at(looks, "./x:cellXfs/x:xf"))
    codes = {*_at(looks, "//x:numFmt/@numFmtId")}
    used = {one for one in _at(looks, "./x:cellXfs/x:xf/@numFmtId") if int(one) >= 164}
    yield from (f"format {one}: not defined" for one in used - codes)
    for part, tree in trees.items():
        if not part.startswith("xl/worksheets/sheet"):
            continue
        cells = _at(tree, "//x:c/@r")
        yield from (f"{part}: {one}" for one in _twice("cell", cells))
        yield from (
            f"{part}: text {one} is not there" for one in _at(tree, "//x:c[@t='s']/x:v/text()") if int(one) >= count
        )
        yield from (f"{part}: look {one} is not there" for one in _at(tree, "//x:c/@s") if int(one) >= formats)
        rows = [*map(int, _at(tree, "//x:row/@r"))]
        if rows != sorted({*rows}):
            yield f"{part}: rows out of order"
