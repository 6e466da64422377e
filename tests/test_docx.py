"""The document for the office: what python-docx reads of it, and what LibreOffice makes of it."""

import base64
import io
import itertools
import re
import struct
import zipfile
import zlib
from datetime import datetime

import docx
import pypdf
import pytest
from docx.oxml.ns import qn
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from copkit import escaping, french
from copkit.presentation import blocks
from copkit.presentation.writers import docx as writer
from copkit.presentation.writers import paper
from tests.hostile import TEXTS
from tests.office import faults

PNG = b"\x89PNG\r\n\x1a\n" + b"".join(
    struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    for kind, data in (
        (b"IHDR", struct.pack(">IIBBBBB", 2, 2, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(b"\0\0\xff\0\xff\0")),
        (b"IEND", b""),
    )
)
PICTURE = base64.b64encode(PNG).decode()
SPEC = {
    "title": {"text": "L’industrie porte l’effort", "subtitle": ["ktCO₂e/an évitées", "2030 par rapport à 2019"]},
    "description": "Barres : industrie 12, transport 5.",
    "data": {"values": [{"a": "Industrie", "b": 12}, {"a": "Transport", "b": 5}]},
    "mark": "bar",
    "encoding": {"y": {"field": "a", "type": "nominal"}, "x": {"field": "b", "type": "quantitative"}},
    "width": 300,
}
FIGURES = blocks.Table(
    "Effort par secteur", ["Secteur", "kt"], [False, True], [["Industrie", "12"], ["Transport", "5"]], of_chart=True
)
SHORT = blocks.Table("Deux plans", ["Plan", "kt"], [False, True], [["SGPE", "1\u202f278"], ["SRADDET", "−56"]])
WIDE = blocks.Table(
    "Tout ce qui est observé", [f"Indicateur_{n}" for n in range(14)], [False] * 14, [["observée"] * 14] * 40
)
PAGE = blocks.Page(
    title="Nord : 9,2 Mt à éviter",
    subtitle="Département",
    effort=("9,2", "MtCO₂e/an", "à éviter en 2030"),
    context=("4 % de l’effort national.",),
    messages=(("L’industrie d’abord.", "Les trois quarts."), ("Puis le fret.", "Un dixième.")),
    levers=(("Covoiturage", "300 millions de km", "115 km par habitant"), ("Haies", "200 km", "0,3 km par commune")),
    moves=("L’industrie baisse.",),
    still=("Le fret ne bouge pas.",),
    sure="À un cinquième près.",
    questions=("Quels sites ?",),
    source="Panorama du SGPE.",
)
PROSE = """Du **gras**, de l’*italique*, du `code`, une [page](https://exemple.invalid/a) et un [piège](javascript:x).

- un
  - un bis
- deux

3. trois
4. quatre

> cité

| a | b |
|---|--:|
| x | 1 |
"""
BLOCKS = (
    PAGE,
    blocks.Heading(1, "Diagnostic territorial"),
    blocks.Prose("Quel effort\u202f?"),
    blocks.Heading(2, "Nord (département)"),
    blocks.Heading(3, "Avertissement"),
    blocks.Prose("Statut."),
    blocks.Heading(2, "1. L’ambition"),
    blocks.Prose("Combien\u202f?"),
    blocks.Chart(SPEC),
    FIGURES,
    blocks.Heading(3, "Par secteur"),
    blocks.Prose(PROSE),
    SHORT,
    blocks.Heading(4, "Détail"),
    WIDE,
    blocks.Heading(2, "2. Le sens physique"),
    blocks.Picture(PICTURE),
    blocks.Foreign("<b>ailleurs</b>", ""),
    blocks.Plain("ligne 1\nligne 2"),
    blocks.Heading(2, "5. Sources et limites"),
    blocks.Heading(3, "Limites"),
    blocks.Prose(f"Vue d’ici\u202f:\n\n![une vue](data:image/png;base64,{PICTURE})"),
)
HEADINGS = [
    ("Heading 1", "", "Nord (département)"),
    ("Heading 2", "", "Avertissement"),
    ("Heading 1", "1.", "L’ambition"),
    ("Heading 2", "1.1.", "Par secteur"),
    ("Heading 3", "1.1.1.", "Détail"),
    ("Heading 1", "2.", "Le sens physique"),
    ("Heading 1", "5.", "Sources et limites"),
    ("Heading 2", "5.1.", "Limites"),
    ("Heading 1", "", "Annexe : les tableaux"),
]
CAPTIONS = [
    "Figure\xa01 – L’industrie porte l’effort",
    "Tableau\xa01 – Deux plans",
    "Tableau\xa02 – Effort par secteur (Figure\xa01)",
    "Tableau\xa03 – Tout ce qui est observé",
]
ORDER = {  # of properties, without which Word says that it cannot read the file
    "pPr": "pStyle keepNext keepLines pageBreakBefore widowControl numPr pBdr shd tabs spacing ind jc outlineLvl "
    "sectPr",
    "rPr": "rStyle rFonts b i strike color sz szCs u lang",
    "tblPr": "tblStyle tblW tblInd tblBorders tblLayout tblCellMar tblLook",
    "tcPr": "tcW tcBorders shd vAlign",
    "sectPr": "Reference pgSz pgMar titlePg",
    "lvl": "start numFmt pStyle suff lvlText lvlJc pPr",
    "style": "name basedOn next uiPriority semiHidden qFormat pPr rPr tblPr tblStylePr",
}


def described(*found, **about):
    return blocks.Description(title="Diagnostic — Nord", footer="Produit par copkit.", blocks=found, **about)


def opened(*found, **about):
    return docx.Document(io.BytesIO(writer.write(described(*found, **about))))


def text(paragraph):
    """What is read of a paragraph, fields included."""
    return "".join(paragraph._p.xpath(".//w:t/text()"))


def named(document, style):
    return [one for one in document.paragraphs if one.style.name == style]


def parts(document):
    """The XML of what is shown and of what says how."""
    held = [document.element, document.styles.element, document.settings.element, document.part.numbering_part.element]
    section = document.sections[0]
    return [*held, *(one.part.element for one in (section.header, section.footer, section.first_page_footer))]


@pytest.fixture(scope="module")
def data():
    about = {"kind": "Diagnostic", "place": "Nord", "status": "Proposition indicative", "made": datetime(2026, 11, 27)}
    return writer.write(described(*BLOCKS, **about, absent=("Les points forts",)))


@pytest.fixture(scope="module")
def document(data):
    return docx.Document(io.BytesIO(data))


def test_headings_have_their_levels_and_a_typed_number_becomes_one_that_word_counts(document):
    found = [one for one in document.paragraphs if one.style.name.startswith("Heading")]
    assert [(one.style.name, text(one)) for one in found] == [(style, words) for style, _, words in HEADINGS]
    assert [number for one in found for number in one._p.xpath("./w:pPr/w:numPr/w:numId/@w:val")][:2] == ["0", "0"]
    (start,) = document.part.numbering_part.element.xpath("./w:num[w:abstractNumId/@w:val=1]/w:lvlOverride/*/@w:val")
    assert start == "5"  # a chapter left out keeps its number


def test_chapters_are_numbered_where_none_is_typed():
    found = opened(blocks.Heading(2, "Un"), blocks.Heading(2, "Deux"), blocks.Heading(3, "Trois"))
    assert not found.element.xpath("//w:p/w:pPr/w:numPr")  # the style numbers them
    for style in ("Heading 1", "Heading 2", "Heading 3"):
        assert found.styles[style].element.xpath("./w:pPr/w:numPr/w:numId/@w:val") == ["1"]


def test_contents_list_the_headings_with_their_numbers(document):
    entries = [(one.style.name, text(one)) for one in document.paragraphs if one.style.name.startswith("toc")]
    listed = [(f"toc {style[-1]}", number + words) for style, number, words in HEADINGS if style != "Heading 3"]
    assert entries == listed
    assert "TOC" in document.element.xpath("string(//w:instrText)")


def test_captions_and_references_say_the_numbers_that_word_counts(document):
    assert [text(one) for one in named(document, "Caption")] == CAPTIONS
    assert [text(one) for one in named(document, "Lignes de figure")] == [
        "".join([*SPEC["title"]["subtitle"], "Les chiffres : Tableau\xa02, en annexe."])
    ]
    assert [text(one) for one in named(document, "Renvoi")] == [
        "Tout ce qui est observé : Tableau\xa03, en annexe.",
    ]
    fields = document.element.xpath("//w:fldSimple")
    fields = [(one.get(qn("w:instr")).split(), "".join(t.text for t in one.iter(qn("w:t")))) for one in fields]
    for kind in ("Tableau", "Figure"):
        counted = [shown for words, shown in fields if words[:2] == ["SEQ", kind]]
        assert counted == [str(one) for one in range(1, len(counted) + 1)]
    for words, shown in fields:
        if words[0] == "REF":
            (start,) = document.element.xpath(f"//w:bookmarkStart[@w:name='{words[1]}']")
            marked = itertools.takewhile(lambda one: one.tag != qn("w:bookmarkEnd"), start.itersiblings())
            assert "".join(t.text for one in marked for t in one.iter(qn("w:t"))) == shown
    anchors = set(document.element.xpath("//w:hyperlink/@w:anchor"))
    assert anchors and anchors <= set(document.element.xpath("//w:bookmarkStart/@w:name"))
    ids = document.element.xpath("//w:bookmarkStart/@w:id")
    assert len(ids) == len(set(ids))


def test_tables_hold_the_cells_repeat_their_head_and_cut_no_row(document):
    page, written, short, figures, wide = document.tables
    for made, table in ((short, SHORT), (figures, FIGURES), (wide, WIDE)):
        assert [[cell.text for cell in row.cells] for row in made.rows] == [table.names, *table.rows]
        sides = [cell.paragraphs[0].alignment for cell in made.rows[1].cells]
        assert [side is not None for side in sides] == table.numbers
    assert [[cell.text for cell in row.cells] for row in page.rows][1:] == [list(lever) for lever in PAGE.levers]
    assert [[cell.text for cell in row.cells] for row in written.rows] == [["a", "b"], ["x", "1"]]
    for made in document.tables:
        assert [bool(row._tr.xpath("./w:trPr/w:tblHeader")) for row in made.rows] == [True] + [False] * (
            len(made.rows) - 1
        )
        assert all(row._tr.xpath("./w:trPr/w:cantSplit") for row in made.rows)
        assert made.style.name == "Tableau copkit"


def test_no_table_is_wider_than_its_page_and_a_wide_one_has_a_page_that_lies(document):
    rooms = [one.page_width - one.left_margin - one.right_margin for one in document.sections]
    widths = [sum(column.width for column in table.columns) for table in document.tables]
    assert [one.orientation for one in document.sections] == [0, 1]
    assert max(widths[:-1]) <= rooms[0] < widths[-1] <= rooms[1]


def test_each_picture_says_what_it_shows(document):
    said = document.element.xpath("//wp:docPr/@descr")
    assert said == [SPEC["description"], "Image que montre un carnet, sans description.", "une vue"]
    for x, y in zip(*(document.element.xpath(f"//wp:extent/@{side}") for side in ("cx", "cy")), strict=True):
        assert 0 < int(x) <= paper.SIDE * 12700 and 0 < int(y) <= paper.TALL * 12700


def test_prose_keeps_its_marks_its_lists_and_only_the_links_that_open_a_page(document):
    (first,) = (one for one in document.paragraphs if text(one).startswith("Du gras"))
    assert text(first) == "Du gras, de l’italique, du code, une page et un piège."
    assert [run.text for run in first.runs if run.bold] == ["gras"]
    assert [run.text for run in first.runs if run.italic] == ["italique"]
    assert [run.text for run in first.runs if run.style.name == "HTML Code"] == ["code"]
    assert [(link.text, link.address) for link in first.hyperlinks] == [("page", "https://exemple.invalid/a")]
    lists = [(text(one), one._p.xpath("string(.//w:ilvl/@w:val)")) for one in named(document, "List Bullet")]
    assert lists == [("un", "0"), ("un bis", "1"), ("deux", "0")]
    three = next(one for one in named(document, "List Number") if text(one) == "trois")
    (number,) = three._p.xpath("./w:pPr/w:numPr/w:numId/@w:val")
    starts = document.part.numbering_part.element.xpath(
        f"./w:num[@w:numId={number}]/w:lvlOverride/w:startOverride/@w:val"
    )
    assert starts == ["3"]
    assert [text(one) for one in named(document, "Quote")] == ["cité"]
    assert [text(one) for one in named(document, "Plain Text")] == ["ailleurs", "ligne 1ligne 2"]


def test_document_says_its_name_its_language_and_no_author(document):
    about = document.core_properties
    assert (about.title, about.language) == ("Diagnostic — Nord", "fr-FR")
    assert (about.author, about.last_modified_by, about.comments) == ("", "", "")
    assert about.created.date() == datetime(2026, 11, 27).date()
    assert document.styles.element.xpath("string(./w:docDefaults//w:lang/@w:val)") == "fr-FR"
    assert document.sections[0].header.paragraphs[0].text == "Diagnostic — Nord"
    for footer in (document.sections[0].footer, document.sections[0].first_page_footer):
        assert [one.split()[0] for one in footer._element.xpath(".//w:fldSimple/@w:instr")] == ["PAGE", "NUMPAGES"]
    assert {text(one) for one in document.paragraphs} >= {
        french.typeset("Laissé de côté, faute de données dans le kit : les points forts."),
        "Produit par copkit.",
        "27 novembre 2026",
    }


def test_nothing_of_the_librarys_own_document_is_left(document):
    kinds = {one.reltype.rpartition("/")[2] for one in document.part.rels.values()}
    assert kinds <= {"styles", "numbering", "settings", "fontTable", "theme", "header", "footer", "image", "hyperlink"}
    assert {one.reltype.rpartition("/")[2] for one in document.part.package.rels.values()} == {
        "officeDocument",
        "core-properties",
    }
    used = {one.style.style_id for one in document.paragraphs} | {"TOC1", "TOC2", "Header", "Footer", "Cellule"}
    assert used <= set(document.styles.element.xpath("./w:style/@w:styleId"))


def test_properties_are_in_the_order_that_word_wants(document):
    seen = set()
    for root in parts(document):
        for one in root.iter(*(qn(f"w:{name}") for name in ORDER)):
            name = etree.QName(one).localname
            names = [re.sub("^(header|footer)", "", etree.QName(child).localname) for child in one]
            ranks = [*map(ORDER[name].split().index, names)]
            assert ranks == sorted(ranks), etree.tostring(one)
            seen.add(name)
    assert seen == set(ORDER)


BROKEN = {  # part → what is put in the place of what, and what is then said
    "two drawings of one number": ("word/document.xml", 'wp:docPr id="{}"', "drawing"),
    "a bookmark that nobody closes": ("word/document.xml", '<w:bookmarkEnd w:id="{}"/>', "not closed"),
    "a reference to nothing": ("word/document.xml", 'w:name="_RefTableau{}"', "no such bookmark"),
    "a picture without words": ("word/document.xml", 'descr="{}"', "without words"),
    "a list that nothing defines": ("word/numbering.xml", '<w:num w:numId="{}"', "not defined"),
    "a style that is not there": ("word/styles.xml", 'w:styleId="{}"', "no such style"),
    "a link that leads nowhere": ("word/_rels/document.xml.rels", 'Target="media/{}"', "is not there"),
}


def test_parts_links_names_and_numbers_meet(data):
    assert faults(data) == []


@pytest.mark.parametrize("case", BROKEN)
def test_a_file_that_word_could_not_read_is_seen(data, case):
    part, pattern, said = BROKEN[case]
    before, after = pattern.split("{}")
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        found = {name: package.read(name).decode("utf-8", "surrogateescape") for name in package.namelist()}
    values = [*dict.fromkeys(re.findall(f'{re.escape(before)}([^"]*){re.escape(after)}', found[part]))]
    other = {"two drawings of one number": values[0], "a picture without words": ""}.get(case, "77")
    changed = "" if before.startswith("<w:bookmarkEnd") else f"{before}{other}{after}"
    found[part] = found[part].replace(f"{before}{values[-1]}{after}", changed)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as package:
        for name, one in found.items():
            package.writestr(name, one.encode("utf-8", "surrogateescape"))
    assert any(said in fault for fault in faults(made.getvalue())), faults(made.getvalue())


def test_hostile_texts_are_texts():
    table = blocks.Table(TEXTS[0], [*TEXTS[:2]], [False, False], [[one, one] for one in TEXTS])
    told = [blocks.Prose(f"Dit : {escaping.markdown(one)}") for one in TEXTS]
    headings = [blocks.Heading(2, f"Titre {escaping.markdown(one)}") for one in TEXTS]
    chart = blocks.Chart(SPEC | {"title": TEXTS[1], "description": TEXTS[1]})
    found = opened(*headings, *told, chart, table, *map(blocks.Plain, TEXTS))
    shown = [" ".join(escaping.terminal(one).split()) for one in TEXTS]

    def flat(lines):
        return [" ".join(line.split()) for line in lines]

    assert flat(text(one) for one in named(found, "Heading 1")) == [f"Titre {one}".strip() for one in shown]
    assert flat(text(one) for one in found.paragraphs if text(one).startswith("Dit")) == [
        f"Dit : {one}".strip() for one in shown
    ]
    assert flat(row.cells[1].text for row in found.tables[0].rows[1:]) == shown
    assert flat(text(one).replace("\n", " ") for one in named(found, "Plain Text")) == shown
    assert found.element.xpath("//wp:docPr/@descr") == [escaping.terminal(TEXTS[1])]
    assert not [one for one in found.part.rels.values() if one.is_external]


@given(st.text(max_size=300))
def test_any_text_is_kept_where_xml_can_hold_it(one):
    table = blocks.Table(one, [one], [False], [[one]])
    about = blocks.Description(title=one, footer=one, blocks=(blocks.Plain(one), blocks.Prose(one), table), kind=one)
    found = docx.Document(io.BytesIO(writer.write(about)))
    kept = escaping.terminal(re.sub("\r\n?", "\n", one).replace("\t", "    ").replace("\u200b", ""))
    assert found.tables[-1].rows[1].cells[0].text == kept.replace("\n", " ")
    assert found.core_properties.title == kept[:255]
    (plain, *_) = (row.text for row in named(found, "Plain Text"))
    assert plain == kept


def test_a_picture_that_cannot_be_read_is_what_it_says():
    wrong = [b"", PNG[:20], PNG[:40], PNG.replace(b"IDAT", b"\xffDAT"), PNG.replace(b"IHDR", b"JHDR")]
    found = opened(*(blocks.Picture(base64.b64encode(data).decode()) for data in wrong), blocks.Picture("A"))
    assert [text(one) for one in found.paragraphs].count("Image que montre un carnet, sans description.") == 6


def test_libreoffice_prints_it_with_its_numbers_and_its_outline(data, office, tmp_path):
    (tmp_path / "nord.docx").write_bytes(data)
    made = pypdf.PdfReader(office(tmp_path / "nord.docx", "pdf", tmp_path))
    said = re.sub(r"\s+", " ", " ".join(page.extract_text() for page in made.pages))
    for _, number, words in HEADINGS:
        assert f"{number} {words}".strip() in said
    for words in (*CAPTIONS, *PAGE.questions, *WIDE.rows[0], *itertools.chain(*SHORT.rows), "Les chiffres : Tableau 2"):
        assert re.sub(r"\s+", " ", words) in said
    assert not re.search(r"Table \d|Error|Erreur|Reference", said)
    assert all(len(page.extract_text()) > 40 for page in made.pages)  # none is blank but for its head and its foot
    assert PAGE.source in made.pages[0].extract_text() and "Sommaire" in made.pages[1].extract_text()
    assert f"1 / {len(made.pages)}" in said
    assert "5." in "".join(outline(made.outline)) and len(outline(made.outline)) >= len(HEADINGS)
    assert (made.metadata.title, made.metadata.author) == ("Diagnostic — Nord", None)
    last = [page.extract_text().split("\n")[-2].replace("\xa0", " ") for page in made.pages[2:]]
    assert not {f"{number} {words}".strip() for _, number, words in HEADINGS} & set(last)  # before the page's number


def test_no_heading_waits_for_more_paragraphs_than_libreoffice_keeps_together(document):
    def kept(one):
        return bool(one._p.xpath("./w:pPr/w:keepNext") or one.style.element.xpath("./w:pPr/w:keepNext"))

    runs = [len([*group]) for keeps, group in itertools.groupby(map(kept, document.paragraphs)) if keeps]
    assert 4 <= max(runs) <= 5  # with six, a heading stays alone at the foot of a page


def outline(found):
    return [title for one in found for title in (outline(one) if isinstance(one, list) else [one.title])]
