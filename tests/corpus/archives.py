"""Workbooks: torn archives, archives that unfold to too much, sheets whose cells are nowhere or everywhere."""

from __future__ import annotations

import io
import re
import struct
import zipfile
from functools import cache, partial
from xml.sax.saxutils import escape

from . import damage, each

BOOK = (".xlsx",)
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def packed(parts: dict[str, bytes]) -> bytes:
    """An archive of these parts."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return made.getvalue()


def parts(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {one.filename: archive.read(one) for one in archive.infolist()}


def letters(position: int) -> str:
    name = ""
    while position >= 0:
        name, position = chr(65 + position % 26) + name, position // 26 - 1
    return name


def row(number: int, cells: list[str]) -> str:
    made = (
        f'<c r="{letters(n)}{number}" t="inlineStr"><is><t xml:space="preserve">{escape(cell)}</t></is></c>'
        for n, cell in enumerate(cells)
    )
    return f'<row r="{number}">{"".join(made)}</row>'


def book(rows: list[list[str]], sheet: str = "Feuille") -> bytes:
    """The least workbook that holds these rows."""
    kinds = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    types = "http://schemas.openxmlformats.org/package/2006/content-types"
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    return packed(
        {
            "[Content_Types].xml": (
                f'<Types xmlns="{types}"><Default Extension="xml" ContentType="application/xml"/>'
                '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
                f'<Override PartName="/xl/workbook.xml" ContentType="{kinds}.sheet.main+xml"/>'
                f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{kinds}.worksheet+xml"/></Types>'
            ).encode(),
            "_rels/.rels": (
                f'<Relationships xmlns="{package}"><Relationship Id="rId1" Type="{LINKS}/officeDocument" '
                'Target="xl/workbook.xml"/></Relationships>'
            ).encode(),
            "xl/workbook.xml": (
                f'<workbook xmlns="{MAIN}" xmlns:r="{LINKS}"><sheets><sheet name="{escape(sheet)}" sheetId="1" '
                'r:id="rId1"/></sheets></workbook>'
            ).encode(),
            "xl/_rels/workbook.xml.rels": (
                f'<Relationships xmlns="{package}"><Relationship Id="rId1" Type="{LINKS}/worksheet" '
                'Target="worksheets/sheet1.xml"/></Relationships>'
            ).encode(),
            "xl/worksheets/sheet1.xml": (
                f'<worksheet xmlns="{MAIN}"><sheetData>'
                f"{''.join(row(n, cells) for n, cells in enumerate(rows, start=1))}</sheetData></worksheet>"
            ).encode(),
        }
    )


def changed(content: bytes, change, part: str = r"xl/worksheets/sheet\d+\.xml") -> bytes:
    """The archive whose parts of this name are changed."""
    return packed({name: change(one) if re.fullmatch(part, name) else one for name, one in parts(content).items()})


def with_rows(more: bytes, after: bytes = b"") -> object:
    """Rows, and what follows the cells, added to each sheet."""
    return partial(changed, change=lambda sheet: sheet.replace(b"</sheetData>", more + b"</sheetData>" + after, 1))


def cells(*places: str, inside: str = ' t="inlineStr"><is><t> </t></is></c>') -> object:
    """A row for each of these cells."""
    made = "".join(f'<row r="{re.sub(r"[^0-9]", "", one) or 1}"><c r="{one}"{inside}</row>' for one in places)
    return with_rows(made.encode())


def values(text: str) -> object:
    """What the cells of the second row hold instead, as the cells of a spreadsheet do."""

    def change(sheet: bytes) -> bytes:
        found = re.search(rb'<row r="2".*?</row>', sheet, re.DOTALL)
        if not found:
            return sheet
        made = re.sub(
            rb'<c r="([A-Z]+\d+)".*?</c>|<c r="([A-Z]+\d+)"[^>]*/>',
            rb'<c r="\1\2"' + text.encode() + b"</c>",
            found[0],
            flags=re.S,
        )
        return sheet.replace(found[0], made, 1)

    return partial(changed, change=change)


def of_book(make) -> object:
    return lambda content, rng: make(content)


each(
    {
        name: of_book(make)
        for name, make in {
            "far_corner": cells("XFD1048576"),
            "far_column": cells("XFD20000"),
            "far_row": cells("A1048576"),
            "beyond_the_sheet": cells("A1048577", "XFE2", "ZZZZ3"),
            "row_zero": cells("A0"),
            "row_of_ten_digits": cells("A9999999999"),
            "row_of_many_digits": cells("A" + "9" * 5000),
            "column_of_many_letters": cells("A" * 3000 + "1"),
            "cell_without_a_name": cells(""),
            "rows_not_in_order": cells("A9", "C5", "B7"),
            "same_cell_twice": cells("A2", "A2", "A2"),
            "small_letters": cells("c9"),
            "all_merged": with_rows(b"", b'<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'),
            "merged_wrongly": with_rows(b"", b'<mergeCells><mergeCell ref="B2:A1"/><mergeCell ref="x"/></mergeCells>'),
            "link_on_all": with_rows(b"", b'<hyperlinks><hyperlink ref="A1:XFD1048576" location="x"/></hyperlinks>'),
            "formula_without_value": values("><f>SUM(A1:A2)</f>"),
            "array_formula": values('><f t="array" ref="A1:XFD1048576">1</f><v>1</v>'),
            "errors": values(' t="e"><v>#REF!</v>'),
            "infinite": values("><v>1e999</v>"),
            "not_a_number": values("><v>nan</v>"),
            "huge": values("><v>9e307</v>"),
            "digits": values(f"><v>{'9' * 5000}</v>"),
            "negative_zero": values("><v>-0</v>"),
            "word_as_a_number": values("><v>douze</v>"),
            "truth": values(' t="b"><v>1</v>'),
            "date_beyond": values(' t="d"><v>9999-99-99</v>'),
            "shared_beyond": values(' t="s"><v>99999999</v>'),
            "shared_below": values(' t="s"><v>-1</v>'),
            "unknown_kind": values(' t="zz"><v>1</v>'),
            "unknown_style": values(' s="999999"><v>45000</v>'),
            "escaped_controls": values(' t="inlineStr"><is><t>_x0000__x001B_[31m</t></is>'),
            "long_cell": values(f' t="inlineStr"><is><t>{"long " * 20_000}</t></is>'),
            "many_levers": values(
                f' t="inlineStr"><is><t>{"Gestion des haies ; Vélo ; Covoiturage ; " * 130}</t></is>'
            ),
            "nested_texts": values(' t="inlineStr"><is>' + "<r><t>a</t></r>" * 500 + "</is>"),
            "deep_markup": values("><v>" + "<x>" * 5000 + "</x>" * 5000 + "</v>"),
        }.items()
    },
    *BOOK,
)

SHEET = r"xl/worksheets/sheet\d+\.xml"
ENTITIES = (
    b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY f SYSTEM "/etc/passwd">]>'
)


@damage(*BOOK)
def entities(content, rng):
    return changed(content, lambda sheet: ENTITIES + re.sub(rb"^<\?xml[^>]*>\s*", b"", sheet))


@damage(*BOOK)
def entities_of_the_workbook(content, rng):
    return changed(content, lambda one: ENTITIES + re.sub(rb"^<\?xml[^>]*>\s*", b"", one), r"xl/workbook\.xml")


@damage(*BOOK)
def sheet_in_utf_16(content, rng):
    return changed(content, lambda sheet: re.sub(rb"^<\?xml[^>]*>\s*", b"", sheet).decode().encode("utf-16"))


@damage(*BOOK)
def sheet_cut(content, rng):
    return changed(content, lambda sheet: sheet[: len(sheet) // 2])


@damage(*BOOK)
def two_sheets_of_a_name(content, rng):
    return changed(content, lambda one: re.sub(rb"(<sheet [^>]*/>)", rb"\1\1", one), r"xl/workbook\.xml")


@damage(*BOOK)
def no_sheet(content, rng):
    return changed(
        content, lambda one: re.sub(rb"<sheets>.*</sheets>", b"<sheets/>", one, flags=re.S), r"xl/workbook\.xml"
    )


@damage(*BOOK)
def sheets_without_end(content, rng):
    return changed(content, lambda one: re.sub(rb"(<sheet [^>]*/>)", rb"\1" * 3000, one, count=1), r"xl/workbook\.xml")


@damage(*BOOK)
def sheet_elsewhere(content, rng):
    return changed(content, lambda one: one.replace(b"worksheets/", b"../../../etc/"), r"xl/_rels/workbook\.xml\.rels")


@damage(*BOOK)
def far_row_behind_a_torn_part(content, rng):
    """The first part is not what its sum says: one library refuses the archive there, another one never looks at it."""
    made = bytearray(cells("A9999999999")(content))
    for sign, at in ((b"PK\x03\x04", 14), (b"PK\x01\x02", 16)):
        made[made.find(sign) + at] ^= 0xFF
    return bytes(made)


@damage(*BOOK)
def sheet_of_a_strange_name(content, rng):
    return changed(
        content, lambda one: re.sub(rb'name="[^"]*"', 'name="&lt;b&gt;\u202e[31m"'.encode(), one), r"xl/workbook\.xml"
    )


@damage(*BOOK)
def merged_by_thousands(content, rng):
    areas = b"".join(b'<mergeCell ref="A%d:B%d"/>' % (n, n) for n in range(100, 25_100))
    return with_rows(b"", b"<mergeCells>" + areas + b"</mergeCells>")(content)


@damage(*BOOK)
def part_absent(content, rng):
    return packed({name: one for name, one in parts(content).items() if not re.fullmatch(SHEET, name)})


@damage(*BOOK)
def same_part_twice(content, rng):
    made = io.BytesIO(content)
    with zipfile.ZipFile(made, "a") as archive:
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            archive.writestr("xl/workbook.xml", b"<workbook/>")
    return made.getvalue()


@damage(*BOOK)
def too_many_parts(content, rng):
    return packed(parts(content) | {f"xl/media/{n}": b"" for n in range(6000)})


@cache
def _bomb() -> bytes:
    return b" " * (80 << 20)


@damage(*BOOK, heavy=True)
def unfolds_to_much(content, rng):
    return changed(content, lambda sheet: sheet.replace(b"<sheetData>", b"<sheetData>" + _bomb(), 1))


@damage(*BOOK, heavy=True)
def unfolds_to_more_than_it_says(content, rng):
    made = bytearray(unfolds_to_much(content, rng))
    for sign, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):  # where each header says the size of its part
        place = made.find(sign)
        while place >= 0:
            made[place + at : place + at + 4] = struct.pack("<I", 1000)
            place = made.find(sign, place + 4)
    return bytes(made)


@damage(*BOOK, heavy=True)
def long_text_in_each_cell(content, rng):
    shared = f'<sst xmlns="{MAIN}"><si><t>{"a" * 300_000}</t></si></sst>'.encode()
    more = b"".join(b'<row r="%d"><c r="A%d" t="s"><v>0</v></c></row>' % (n, n) for n in range(100, 30_100))
    kind = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    found = parts(with_rows(more)(content))
    found["xl/sharedStrings.xml"] = shared
    if b"sharedStrings" not in found["[Content_Types].xml"]:
        said = b'<Override PartName="/xl/sharedStrings.xml" ContentType="' + kind + b'"/></Types>'
        found["[Content_Types].xml"] = found["[Content_Types].xml"].replace(b"</Types>", said)
        link = f'<Relationship Id="rId99" Type="{LINKS}/sharedStrings" Target="sharedStrings.xml"/></Relationships>'
        name = "xl/_rels/workbook.xml.rels"
        found[name] = found[name].replace(b"</Relationships>", link.encode())
    return packed(found)


def torn(content, rng):
    return content[: rng.randrange(4, len(content))]


def flipped(content, rng):
    made = bytearray(content)
    for _ in range(20):
        made[rng.randrange(len(made))] = rng.randrange(256)
    return bytes(made)


def page_instead(content, rng):
    return b"<!DOCTYPE html><html><title>Connexion</title><table><tr><td>1</td></tr></table></html>"


for make in (torn, flipped, page_instead):
    damage(*BOOK)(make)
    for suffix in (".xls", ".xlsb", ".ods"):
        damage(".xlsx", suffix=suffix, heavy=True)(make)


@damage(*BOOK)
def protected(content, rng):
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(rng.randrange(256) for _ in range(2000))


# ------------------------------------------------------------------ LibreOffice

ODS = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
)


def sheet_of_libreoffice(rows: str) -> bytes:
    content = (
        f"<office:document-content {ODS}><office:body><office:spreadsheet>"
        f'<table:table table:name="F">{rows}</table:table></office:spreadsheet></office:body></office:document-content>'
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/></manifest:manifest>'
    )
    parts_ = {"mimetype": kind, "META-INF/manifest.xml": manifest, "content.xml": content}
    return packed({name: one.encode() for name, one in parts_.items()})


def repeated(rows: int, columns: int) -> str:
    cell = '<table:table-cell office:value-type="string" table:number-columns-repeated="{}"><text:p>x</text:p>'
    row = f'<table:table-row table:number-rows-repeated="{rows}">'
    return f"{row}{cell.format(columns)}</table:table-cell></table:table-row>"


@damage(".xlsx", suffix=".ods", heavy=True)
def repeated_everywhere(content, rng):
    return sheet_of_libreoffice(repeated(1_048_576, 16_384))


@damage(".xlsx", suffix=".ods", heavy=True)
def repeated_without_end(content, rng):
    return sheet_of_libreoffice(repeated(10**15, 10**15))


@damage(".xlsx", suffix=".ods", heavy=True)
def entities_of_libreoffice(content, rng):
    made = parts(sheet_of_libreoffice(repeated(2, 2)))
    made["content.xml"] = ENTITIES + made["content.xml"]
    return packed(made)
