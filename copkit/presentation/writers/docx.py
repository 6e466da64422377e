"""A document for the office: DOCX, with the headings, captions, tables and fields that Word and LibreOffice know.

What is said is written here as WordprocessingML, each text of it escaped by Markup; python-docx holds the package:
parts, pictures, links, properties.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from urllib.parse import quote

import docx
from docx.image.exceptions import InvalidImageStreamError, UnexpectedEndOfFileError, UnrecognizedImageError
from docx.opc.constants import RELATIONSHIP_TYPE as KINDS
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from lxml import etree
from markupsafe import Markup, escape

from copkit import escaping, files
from copkit.presentation import blocks, drawing
from copkit.presentation.writers import paper

_FOLDER = Path(__file__).parent / "office"
_NAMESPACES = nsdecls("w", "r", "wp", "a", "pic")
_KEPT = (KINDS.STYLES, KINDS.NUMBERING, KINDS.SETTINGS, KINDS.FONT_TABLE, KINDS.THEME)  # of the library's own document
_SHARP = 2 * 96 / 72  # pixels of a picture for each point on paper: two for each of a screen
_POINT, _TWENTIETHS = 12_700, 20  # of a point, in the units of a drawing and of a page
_UNREADABLE = (InvalidImageStreamError, UnexpectedEndOfFileError, UnrecognizedImageError, ValueError, ArithmeticError)
_LONGEST = 255  # characters of a property
_TYPED = re.compile(r"(\d+)[.)]\s+")  # a number typed before a heading
_CELLS = {
    8.5: "Cellule",
    7.5: "CelluleSerree",
    7.0: "CelluleDense",
    6.5: "CellulePetite",
}  # styles by the size of their type
_MARKS = {  # of a run, in the order that Word wants
    "link": Markup('<w:rStyle w:val="Hyperlink"/>'),
    "typed": Markup('<w:rStyle w:val="HTMLCode"/>'),
    "figure": Markup('<w:rStyle w:val="Chiffre"/>'),
    "unit": Markup('<w:rStyle w:val="Unite"/>'),
    "strong": Markup("<w:b/>"),
    "emphasis": Markup("<w:i/>"),
    "strikethrough": Markup("<w:strike/>"),
}
_SIZE = Markup(
    '<w:pgSz w:w="{}" w:h="{}"{}/><w:pgMar w:top="1240" w:right="900" w:bottom="1120" w:left="900" w:header="560" '
    'w:footer="500" w:gutter="0"/>'
)
_UPRIGHT = _SIZE.format(11906, 16838, "")
_LYING = _SIZE.format(16838, 11906, Markup(' w:orient="landscape"'))
_SMALL = Markup('<w:p><w:pPr><w:spacing w:before="0" w:after="100" w:line="20" w:lineRule="exact"/>{}</w:pPr></w:p>')
_AFTER = _SMALL.format("")  # a table
_RULE = Markup(
    '<w:p><w:pPr><w:pBdr><w:bottom w:val="single" w:sz="4" w:space="1" w:color="C9C9C9"/></w:pBdr></w:pPr></w:p>'
)
_NOTHING, _KEEP, _BREAK = Markup(""), Markup("<w:keepNext/>"), Markup("<w:pageBreakBefore/>")
_TOP, _APART = Markup('<w:spacing w:before="0"/>'), Markup('<w:spacing w:before="360"/>')
_LINE_END = Markup("<w:r><w:br/></w:r>")
_RIGHT = Markup('<w:jc w:val="right"/>')
_NUMBERED = Markup('<w:numPr><w:ilvl w:val="{}"/><w:numId w:val="{}"/></w:numPr>')
_ANEW = Markup(
    '<w:num w:numId="{}"><w:abstractNumId w:val="{}"/><w:lvlOverride w:ilvl="{}"><w:startOverride w:val="{}"/>'
    "</w:lvlOverride></w:num>"
)
_MARKED = Markup('<w:bookmarkStart w:id="{}" w:name="{}"/>{}<w:bookmarkEnd w:id="{}"/>')
_LINK = Markup('<w:hyperlink r:id="{}" w:history="1">{}</w:hyperlink>')
_ENTRY = Markup('<w:hyperlink w:anchor="{}" w:history="1">{}</w:hyperlink>')
_FIELD = Markup('<w:fldSimple w:instr=" {} ">{}</w:fldSimple>')
_OPENS = Markup(
    '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText xml:space="preserve"> {} </w:instrText></w:r>'
    '<w:r><w:fldChar w:fldCharType="separate"/></w:r>'
)
_CLOSES = Markup('<w:r><w:fldChar w:fldCharType="end"/></w:r>')
_TABLE = Markup(
    '<w:tblPr><w:tblStyle w:val="TableauCopkit"/><w:tblW w:w="{}" w:type="dxa"/><w:tblLayout w:type="fixed"/>'
    '<w:tblLook w:val="0020" w:firstRow="1" w:lastRow="0" w:firstColumn="0" w:lastColumn="0" w:noHBand="1" '
    'w:noVBand="1"/></w:tblPr>'
)
_CELL = Markup('<w:tc><w:tcPr><w:tcW w:w="{}" w:type="dxa"/></w:tcPr>')
_HEAD, _WHOLE = (Markup(f"<w:trPr><w:cantSplit/>{one}</w:trPr>") for one in ("<w:tblHeader/>", ""))
_DRAWN = Markup(
    '<w:r><w:drawing><wp:inline distT="0" distB="0" distL="0" distR="0"><wp:extent cx="{x}" cy="{y}"/>'
    '<wp:docPr id="{id}" name="{name}" descr="{alt}"/><a:graphic>'
    '<a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic><pic:nvPicPr>'
    '<pic:cNvPr id="{id}" name="{name}" descr="{alt}"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill>'
    '<a:blip r:embed="{part}"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill><pic:spPr><a:xfrm>'
    '<a:off x="0" y="0"/><a:ext cx="{x}" cy="{y}"/></a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom>'
    "</pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r>"
)


def write(about: blocks.Description) -> bytes:
    """The document."""
    said = paper.read(about)
    document = docx.Document(BytesIO(_reference()))
    _name(document, about.title, said["made"])
    document.element.replace(document.element.body, parse_xml(_Writer(document, said).body()))
    made = BytesIO()
    document.save(made)
    return files.steadied(made.getvalue())


@lru_cache(maxsize=1)
def _reference() -> bytes:
    """A document with our styles and nothing in it: the library's own, without what it holds for its own sake."""
    document = docx.Document()
    for held, kept in ((document.part, _KEPT), (document.part.package, (KINDS.OFFICE_DOCUMENT, KINDS.CORE_PROPERTIES))):
        for name in [name for name, one in held.rels.items() if one.reltype not in kept]:
            held.rels.pop(name)
    parts = {
        "styles": document.styles.element,
        "numbering": document.part.numbering_part.element,
        "settings": document.settings.element,
    }
    for name, element in parts.items():
        element[:] = list(parse_xml((_FOLDER / f"{name}.xml").read_bytes()))
    made = BytesIO()
    document.save(made)
    return made.getvalue()


def _name(document, title: str, made) -> None:
    """Say in its properties, at the top of its pages and at their foot what the document is."""
    about, title = document.core_properties, _clean(title)
    about.title, about.language, about.author, about.last_modified_by = title[:_LONGEST], "fr-FR", "", ""
    about.comments = about.keywords = about.subject = ""
    if made:
        about.created = about.modified = made
    section = document.sections[0]
    section.different_first_page_header_footer = True
    number = _field("PAGE", "1") + _run(" / ") + _field("NUMPAGES", "1")
    for part, shown in (
        (section.header, _paragraph("Header", _run(title))),
        (section.footer, _paragraph("Footer", number)),
        (section.first_page_footer, _paragraph("Footer", number)),
        (section.first_page_header, _paragraph("Normal")),
    ):
        part.is_linked_to_previous = False
        part.part.element[:] = _elements(shown)


class _Writer:
    """What a document says, one element after the other."""

    def __init__(self, document, said: dict) -> None:
        self.part, self.numbering, self.said = document.part, document.part.numbering_part.element, said
        named = (etree.tostring(one, encoding="unicode") for one in document.element.body.sectPr.xpath("./*[@r:id]"))
        self.section, self.lying = Markup("".join(named)), False
        self.ids, self.figures = itertools.count(1), itertools.count(1)
        self.figure_of: dict[int, int] = {}  # of a table of the annex
        self.headings: list[tuple[int, str, str, str]] = []  # level, number, words, bookmark
        self.count, self.list, self.break_before = [0, 0, 0], 1, said["summary"]
        self.typed = any(_typed(one) for one in said["blocks"])
        self.numbered = True  # the chapter

    def body(self) -> str:
        """The whole."""
        found = self.said["blocks"]
        start = next((rank for rank, one in enumerate(found) if one["is"] == "heading"), 0)
        shown = [[*self.block(one)] for one in found]
        opening, rest = itertools.chain(*shown[:start]), [*itertools.chain(*shown[start:]), *self.annex()]
        whole = [*self.first(opening), *rest, self.ended(last=True)]  # the contents once the headings are known
        return f"<w:body {_NAMESPACES}>{''.join(whole)}</w:body>"

    # --- the first pages ---

    def first(self, opening: Iterable[Markup]) -> Iterator[Markup]:
        """The page that says it all; the title, what stands before the first chapter, the contents."""
        said = self.said
        if said["page"]:
            yield from self.page(said["page"])
            yield _paragraph("Subtitle", _run(said["kind"]), more=_BREAK)
        else:
            yield _paragraph("Subtitle", _run(said["kind"])) if said["place"] else _NOTHING
            yield _paragraph("Title", _run(said["place"] or said["kind"]))
        yield from opening
        yield from (_paragraph("Normal", _run(line)) for line in said["lines"])
        if said["summary"]:
            yield _paragraph("TOCHeading", _run("Sommaire"))
            yield from self.contents()
        if said["absent"]:
            yield _paragraph("Normal", _run(said["absent"]), more=_APART)
        yield _paragraph("Mention", _run(said["footer"]), more=_APART)

    def contents(self) -> Iterator[Markup]:
        """The headings as links, in the field that makes them anew when it is asked to, and knows then their pages.

        Word alone knows on which pages they are, and asks before it says so on opening: nothing waits for that.
        """
        listed = [one for one in self.headings if one[0] < 3]
        opens = _OPENS.format(r'TOC \o "1-2" \h \z \u')
        for rank, (level, number, words, name) in enumerate(listed, 1):
            shown = _run(number, {"link"}) + Markup("<w:r><w:tab/></w:r>") if number else _NOTHING
            entry = _ENTRY.format(name, shown + _run(words, {"link"}))
            yield _paragraph(f"TOC{level}", opens if rank == 1 else "", entry, _CLOSES if rank == len(listed) else "")

    def page(self, page: dict) -> Iterator[Markup]:
        """The page that says it all."""
        figure, unit, what = page["effort"]
        yield _paragraph("Title", _run(page["title"]))
        yield _paragraph("Subtitle", _run(page["subtitle"]))
        yield _paragraph("Effort", _run(figure, {"figure"}), _run(f" {unit}", {"unit"}))
        yield from (_paragraph("LaPage", _run(line)) for line in (what, *page["context"]))
        titles = page["titles"]
        told = [[_run(title, {"strong"}), _run(f" {said}")] for title, said in page["messages"]]
        yield from self.listed(titles["messages"], 1, told)
        if page["levers"]:
            yield _paragraph("Intertitre", _run(titles["levers"]))
            names = [titles[column] for column in ("lever", "quantity", "detail")]
            rows = [[name, _run(quantity, {"strong"}), detail] for name, quantity, detail in page["levers"]]
            widths = [paper.SIDE * part for part in (0.26, 0.34, 0.4)]
            yield self.grid(names, rows, [False] * 3, widths, "Cellule", [False] * len(rows))
        for part in ("moves", "still"):
            yield from self.listed(titles[part], None, [[_run(line)] for line in page[part]])
        if page["sure"]:
            yield _paragraph("Intertitre", _run(titles["sure"]))
            yield _paragraph("LaPage", _run(page["sure"]))
        yield from self.listed(titles["questions"], 1, [[_run(line)] for line in page["questions"]])
        yield _paragraph("Mention", _run(page["source"]))

    def listed(self, title: str, start: int | None, items: list[list[Markup]]) -> Iterator[Markup]:
        """A title and a list, if there is something in it. ``start``: its first number; none: it has bullets."""
        if items:
            yield _paragraph("Intertitre", _run(title))
            number = self.new_list(start)
            yield from (_paragraph("LaPage", *runs, more=_numbered(number, 0)) for runs in items)

    # --- the body ---

    def block(self, one: dict) -> Iterator[Markup]:
        kind = one["is"]
        if kind == "heading":
            yield self.heading(one)
        elif kind == "prose":
            yield from self.prose(one["said"], more=_KEEP if one["leads"] else _NOTHING)
        elif kind == "chart":
            yield from self.chart(one)
        elif kind == "table":
            yield from self.table(one)
        elif kind == "reference":
            yield _paragraph("Renvoi", self.reference(one["caption"], one["table"]))
        else:
            yield from self.prose([one])

    def heading(self, one: dict) -> Markup:
        """A heading that Word numbers, but a chapter without a number where others have one, and what is under it."""
        level, (said, typed) = min(one["level"] - 1, 3), _untyped(one["said"])
        if level == 1:
            self.numbered = typed is not None or not self.typed
        if self.numbered:
            self.count = [*self.count[: level - 1], self.count[level - 1] + 1, *[0] * (3 - level)]
            if level == 1 and typed not in (None, self.count[0]):
                self.count[0], self.list = typed, self.new_number(1, typed)
        by = _NOTHING if self.numbered and self.list == 1 else _numbered(self.list if self.numbered else 0, level - 1)
        more, self.break_before = (_BREAK + by + _TOP if self.break_before else by), False
        number = "".join(f"{one}." for one in self.count[:level]) if self.numbered else ""
        name = f"_Toc{len(self.headings) + 1:08d}"
        self.headings.append((level, number, _words(said), name))
        return _paragraph(f"Heading{level}", self.marked(name, self.runs(said)), more=more)

    def chart(self, one: dict) -> Iterator[Markup]:
        number = next(self.figures)
        yield _paragraph("Caption", self.label("Figure", number), _run(f" – {one['title']}"))
        lines = [_run(line) for line in one["lines"]]
        if one["figures"]:
            self.figure_of[one["figures"]] = number
            lines.append(self.reference("Les chiffres", one["figures"]))
        if lines:  # one paragraph: LibreOffice leaves a heading alone where it has more than six to keep together
            yield _paragraph("LignesDeFigure", _LINE_END.join(lines))
        png = drawing.rasterised(one["svg"], one["scale"] * _SHARP)
        part, _ = self.part.get_or_add_image(BytesIO(png))
        drawn = self.picture(part, one["width"], one["height"], f"Figure {number}", one["alt"])
        yield _paragraph("Dessin", drawn)

    def picture(self, part: str, width: float, height: float, name: str, alt: str) -> Markup:
        x, y = round(width * _POINT), round(height * _POINT)
        return _DRAWN.format(x=x, y=y, id=next(self.ids), name=name, alt=_clean(alt), part=part)

    def table(self, one: dict, figure: int | None = None) -> Iterator[Markup]:
        if (number := one["number"]) and one["caption"]:
            see = [_run(" ("), self.see("Figure", figure), _run(")")] if figure else []
            yield _paragraph("Caption", self.label("Tableau", number), _run(f" – {one['caption']}"), *see)
        style, cut = _CELLS[one["size"]], one["cut"]
        yield self.grid(one["names"], one["rows"], one["numbers"], one["widths"], style, cut, kept=one["kept"])
        yield _AFTER

    def grid(self, names, rows, numbers, widths, style: str, cut: list[bool], *, kept: bool = True) -> Markup:
        """The cells. ``kept``: on one page; else no row is alone at the end of a page or at the start of the next.

        ``cut``: rows so high that a page may end in them.
        """
        widths = [round(width * _TWENTIETHS) for width in widths]
        openings = [_CELL.format(width) for width in widths]
        ends = [_RIGHT if number else "" for number in numbers]
        together, rows = {0, 1, len(rows) - 1}, [names, *rows]
        shown = []
        for rank, row in enumerate(rows):
            keep = _KEEP if rank < len(rows) - 1 and (kept or rank in together) else ""
            cells = (
                f'{opening}<w:p><w:pPr><w:pStyle w:val="{style}"/>{keep}{end}</w:pPr>{_said(cell)}</w:p></w:tc>'
                for opening, end, cell in zip(openings, ends, row, strict=True)
            )
            how = _HEAD if rank == 0 else "" if cut[rank - 1] else _WHOLE
            shown.append(f"<w:tr>{how}{''.join(cells)}</w:tr>")
        columns = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
        return Markup(f"<w:tbl>{_TABLE.format(sum(widths))}<w:tblGrid>{columns}</w:tblGrid>{''.join(shown)}</w:tbl>")

    def label(self, kind: str, number: int) -> Markup:
        """« Tableau 3 », that Word counts, and to which others refer."""
        counted = _run(f"{kind}\xa0") + _field(rf"SEQ {kind} \* ARABIC", str(number))
        return self.marked(f"_Ref{kind}{number}", counted)

    def see(self, kind: str, number: int) -> Markup:
        return _field(rf"REF _Ref{kind}{number} \h", f"{kind}\xa0{number}")

    def reference(self, what: str, rank: int) -> Markup:
        """Where a table of the annex is."""
        return _run(f"{what} : ") + self.see("Tableau", rank) + _run(", en annexe.")

    def marked(self, name: str, shown: Markup) -> Markup:
        mark = next(self.ids)
        return _MARKED.format(mark, name, shown, mark)

    # --- Markdown ---

    def prose(self, tree: Iterable[dict], *, style: str = "Normal", more: Markup = _NOTHING, depth: int = 0):
        for one in tree:
            kind = one["is"]
            if kind == "paragraph":
                kept = _KEEP if one["leads"] and not more else _NOTHING
                yield _paragraph(style, self.runs(one["said"]), more=kept + more)
                style, more = ("ListContinue", _indented(depth)) if depth else (style, more)  # the next ones of an item
            elif kind == "list":
                number = self.new_list(one["start"], min(depth, 2))
                for item in one["items"]:
                    named = "ListBullet" if one["start"] is None else "ListNumber"
                    yield from self.prose(item, style=named, more=_numbered(number, min(depth, 2)), depth=depth + 1)
            elif kind == "quote":
                yield from self.prose(one["said"], style="Quote")
            elif kind == "table":
                yield from self.table(one)
            elif kind == "rule":
                yield _RULE
            elif kind == "picture":
                yield _paragraph("Dessin", self.shown(bytes(one["bytes"]), one["alt"]))
            elif kind == "code":
                yield _paragraph("PlainText", _run(one["said"], lines=True))

    def runs(self, said: Iterable[str | dict], marks: frozenset[str] = frozenset()) -> Markup:
        return _NOTHING.join(self.run(one, marks) for one in said)

    def run(self, one: str | dict, marks: frozenset[str]) -> Markup:
        if isinstance(one, str):
            return _run(one, marks)
        kind = one["is"]
        if kind == "link":
            address = quote(_clean(one["address"]), safe="%/:=&?~#+!$,;'@()*")
            part = self.part.relate_to(address, KINDS.HYPERLINK, is_external=True)
            return _LINK.format(part, self.runs(one["said"], marks | {"link"}))
        if kind == "break":
            return _LINE_END
        said = [one["said"]] if isinstance(one["said"], str) else one["said"]
        return self.runs(said, marks | ({kind} & _MARKS.keys()))

    def shown(self, data: bytes, alt: str) -> Markup:
        """A picture that comes with a notebook; what it is, where it cannot be read."""
        try:
            part, image = self.part.get_or_add_image(BytesIO(data))
        except _UNREADABLE:
            return _run(alt)
        width, height = max(1, image.width / _POINT), max(1, image.height / _POINT)
        scale = min(1, paper.SIDE / width, paper.TALL / height)
        return self.picture(part, scale * width, scale * height, "Image", alt)

    # --- numbers ---

    def new_list(self, start: int | None, level: int = 0) -> int:
        return 2 if start is None else self.new_number(3, start, level)

    def new_number(self, kind: int, start: int, level: int = 0) -> int:
        """A list that starts anew."""
        number = len(self.numbering.num_lst) + 1
        self.numbering.append(_elements(_ANEW.format(number, kind, level, start))[0])
        return number

    # --- the annex ---

    def annex(self) -> Iterator[Markup]:
        self.typed = True  # an annex has no number
        for sheets in self.said["annex"]:
            if sheets[0]["lying"] != self.lying:
                yield self.ended()
                self.break_before, self.lying = False, not self.lying
            if sheets is self.said["annex"][0]:
                yield self.heading({"level": 2, "said": [paper.ANNEX]})
            for table in sheets:
                yield from self.table(table, self.figure_of.get(table["number"]))

    def ended(self, *, last: bool = False) -> Markup:
        """The end of pages that all stand, or all lie; the first has what is at the top and at the foot of all."""
        named, self.section = self.section, _NOTHING
        first = Markup("<w:titlePg/>") if named else _NOTHING
        section = Markup("<w:sectPr>{}{}{}</w:sectPr>").format(named, _LYING if self.lying else _UPRIGHT, first)
        return section if last else _SMALL.format(section)


# --- pieces -------------------------------------------------------------------------------------------------------


def _paragraph(style: str, *runs: Markup | str, more: Markup = _NOTHING) -> Markup:
    return Markup(f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{more}</w:pPr>{"".join(runs)}</w:p>')


def _run(text: str, marks: Iterable[str] = (), *, lines: bool = False) -> Markup:
    """A text. ``lines``: its line ends are kept."""
    text = _clean(text)
    marks = "".join(mark for name, mark in _MARKS.items() if name in marks)
    shown = escape(text).replace("\n", Markup('</w:t><w:br/><w:t xml:space="preserve">') if lines else " ")
    return Markup(f'<w:r>{marks and f"<w:rPr>{marks}</w:rPr>"}<w:t xml:space="preserve">{shown}</w:t></w:r>')


def _said(cell: str | Markup) -> Markup:
    return cell if isinstance(cell, Markup) else _run(cell)


def _field(instruction: str, shown: str) -> Markup:
    return _FIELD.format(instruction, _run(shown))


def _numbered(number: int, level: int) -> Markup:
    return _NUMBERED.format(level, number)


def _indented(depth: int) -> Markup:
    return Markup(f'<w:ind w:left="{340 * depth}"/>')


def _clean(text: str) -> str:
    """The text as XML holds it."""
    text = text.replace(paper.BREAK, "")  # Word cuts what it must, wherever it is
    return escaping.terminal(text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    "))


def _elements(shown: str) -> list:
    return list(parse_xml(f"<w:body {_NAMESPACES}>{shown}</w:body>"))


def _untyped(said: list) -> tuple[list, int | None]:
    """What a heading says without the number typed before it, and that number."""
    found = _TYPED.match(said[0]) if said and isinstance(said[0], str) else None
    return ([said[0][found.end() :], *said[1:]], int(found[1])) if found else (said, None)


def _typed(one: dict) -> bool:
    return one["is"] == "heading" and one["level"] == 2 and _untyped(one["said"])[1] is not None


def _words(said: Iterable[str | dict]) -> str:
    return "".join(one if isinstance(one, str) else _words(one.get("said", "")) for one in said)
