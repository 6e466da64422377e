"""A document on paper: tagged, titled, numbered, whole, and every text of it read as it is typed."""

import dataclasses
import datetime
import io
import itertools
import json
import re
from concurrent.futures import ThreadPoolExecutor

import pypdf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from copkit.errors import RunError
from copkit.presentation import blocks, drawing
from copkit.presentation.text import Text
from copkit.presentation.writers import paper as sheets
from copkit.presentation.writers import typst
from tests import hostile

HAIR = "\u200b"
SPEC = {
    "title": {"text": "Les haies d’abord", "subtitle": ["ktCO₂e/an, 2030", "source : SGPE"]},
    "description": "Effort par levier : haies 12, prairies 7.",
    "data": {"values": [{"l": "Haies", "v": 12}, {"l": "Prairies", "v": 7}]},
    "mark": "bar",
    "encoding": {"x": {"field": "v", "type": "quantitative"}, "y": {"field": "l", "type": "nominal"}},
}
LONG = [[f"Levier n° {i}", f"Ce que couvre le levier n° {i}, et ce qu’il laisse de côté", f"{i},5"] for i in range(90)]
PAGE = blocks.Page(
    title="Nord",
    subtitle="Ce que la planification lui demande",
    effort=("9,2", "Mt CO₂e/an", "à éviter d’ici 2030"),
    context=("5 % de l’effort national.",),
    messages=(("L’industrie d’abord.", "74 % de l’effort."), ("Puis les routes.", "11 %.")),
    levers=(("voitures électriques", "190 000", "une pour 14 habitants"), ("haies", "120 km", "")),
    moves=("Les réseaux de chaleur avancent.",),
    still=("La sobriété foncière recule.",),
    sure="Une fourchette du simple au double.",
    questions=("Qui porte la rénovation ?", "Quel fret sur le fleuve ?"),
    source="SGPE, version sgpe-2024-10.",
)


def table(rows: list[list[str]], caption: str = "Les leviers", of_chart: bool = False, **more) -> blocks.Table:
    names = more.pop("names", ["Levier", "Ce qui est compté", "kt"])
    return blocks.Table(caption, names, [name == "kt" for name in names], rows, of_chart=of_chart)


def described(*found: blocks.Block, **about) -> blocks.Description:
    about = {"title": "Diagnostic — Nord", "footer": "Fait par copkit.", "kind": "Diagnostic", "place": "Nord"} | about
    return blocks.Description(blocks=found, **about)


def read(about: blocks.Description) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(typst.write(about)))


def words(text: str) -> str:
    """What is read, wherever its lines end."""
    return re.sub(rf"[\s{HAIR}]", "", text)


def said(pages) -> str:
    return words("".join(page.extract_text() for page in pages))


def tags(reader: pypdf.PdfReader) -> list[tuple[str, dict]]:
    """Each part of the tree of a tagged PDF: its kind, and what it holds."""
    found = []

    def walk(part):
        part = part.get_object()
        if isinstance(part, list):
            for one in part:
                walk(one)
        elif isinstance(part, dict):
            if "/S" in part:
                found.append((part["/S"], part))
            if "/K" in part:
                walk(part["/K"])

    walk(reader.trailer["/Root"]["/StructTreeRoot"]["/K"])
    return found


def outlined(reader: pypdf.PdfReader) -> list[tuple[int, str]]:
    """Its bookmarks: their levels and words."""
    found = []

    def walk(entries, level):
        for one in entries:
            if isinstance(one, list):
                walk(one, level + 1)
            else:
                found.append((level, words(one.title)))

    walk(reader.outline, 1)
    return found


@pytest.fixture(scope="module")
def whole() -> blocks.Description:
    return described(
        blocks.Heading(1, "Diagnostic territorial"),
        blocks.Prose("Quel effort, par quels **leviers** ?"),
        PAGE,
        blocks.Heading(2, "1. L’ambition"),
        blocks.Prose("- un\n- deux\n\n> cité\n\n1. premier\n\n[site](https://exemple.invalid/a), [là](../index.html)"),
        blocks.Chart(SPEC),
        table([["Haies", "linéaire", "12,0"], ["Prairies", "surface", "7,0"]], "Les chiffres des haies", of_chart=True),
        blocks.Heading(4, "Par secteur"),
        table(LONG, "Ce que couvre chaque levier"),
        blocks.Heading(2, "2. Les sources"),
        table([["Le SGPE", "panorama", "1"]], "Les sources"),
        blocks.Plain("a  b\n1  2"),
        blocks.Foreign("<b>3</b>", "trois"),
        blocks.Heading(2, "3. Les *limites*"),
        absent=("Les projets",),
        status="Proposition indicative",
        made=datetime.date(2026, 11, 27),
        versions="copkit 9.9, données x",
    )


@pytest.fixture(scope="module")
def paper(whole) -> pypdf.PdfReader:
    return read(whole)


def test_a_table_that_a_screen_folds_is_in_the_annex_of_a_paper_which_says_where():
    rows = [["Haies", "linéaire", "12,0"]]
    folded = dataclasses.replace(table(rows, "Le détail des haies"), folded=True)
    said = sheets.read(described(blocks.Heading(2, "1. Les haies"), table(rows), folded))
    (annexed,) = [one for sheet in said["annex"] for one in sheet]
    assert (annexed["caption"], annexed["number"], annexed["of_chart"]) == ("Le détail des haies", 2, False)
    shown = [one for one in said["blocks"] if one["is"] in ("table", "reference")]
    assert [(one["is"], one["caption"]) for one in shown] == [
        ("table", "Les leviers"),
        ("reference", "Le détail des haies"),
    ]


def test_a_document_says_its_title_its_language_its_date_and_that_it_is_tagged(paper):
    root = paper.trailer["/Root"]
    assert paper.metadata.title == "Diagnostic — Nord" and paper.metadata.author.startswith("copkit ")
    assert paper.metadata.creation_date.date() == datetime.date(2026, 11, 27)
    assert root["/Lang"] == "fr-FR" and root["/MarkInfo"]["/Marked"] and root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert b"<pdfuaid:part>1</pdfuaid:part>" in root["/Metadata"].get_data()


def test_the_cover_says_what_the_document_is_and_lists_its_chapters(paper):
    cover = said(paper.pages[:1])
    for text in (
        "Diagnostic territorial",
        "Nord",
        "Proposition indicative",
        "27 novembre 2026",
        "copkit 9.9, données x",
    ):
        assert words(text) in cover
    assert words("Sommaire L’essentiel") in cover and all(
        words(one) in cover for one in ("1. L’ambition", "2. Les sources")
    )


def test_the_bookmarks_are_the_headings_and_no_level_is_left_out(paper):
    names = ["Diagnostic territorial Nord", "L’essentiel", "1. L’ambition", "Par secteur"]
    names += ["2. Les sources", "3. Les limites", "Annexe : les tableaux"]
    levels = [1, 2, 2, 3, 2, 2, 2]
    assert outlined(paper) == [(level, words(name)) for level, name in zip(levels, names, strict=True)]
    assert [int(kind[2]) for kind, _ in tags(paper) if re.fullmatch(r"/H\d", kind)] == levels


def test_each_page_says_its_number_of_how_many_and_the_name_of_the_document(paper):
    count = len(paper.pages)
    for number, page in enumerate(paper.pages, 1):
        assert f"{number}/{count}" in said([page]) and (number == 1 or words("Diagnostic — Nord") in said([page]))


def test_the_page_is_a_sheet_of_its_own_with_all_that_it_says(paper):
    sheet = said(paper.pages[1:2])
    for text in texts(dataclasses.asdict(PAGE)):
        assert words(text) in sheet
    assert words("1. L’ambition") not in sheet


def texts(part) -> list[str]:
    if isinstance(part, str):
        return [part]
    return [text for one in (part.values() if isinstance(part, dict) else part) for text in texts(one)]


def test_a_long_page_is_still_one_sheet():
    longer = dataclasses.replace(
        PAGE, context=5 * ("Un contexte plus long que de coutume, sur deux lignes de texte. " * 3,)
    )
    reader = read(described(blocks.Heading(1, "Nord"), longer, blocks.Prose("la suite")))
    assert words("la suite") in said(reader.pages[2:]) and words(PAGE.source) in said(reader.pages[1:2])


def test_a_drawing_has_its_description_and_a_way_to_its_figures_and_back(paper):
    figures = [part for kind, part in tags(paper) if kind == "/Figure" and "/Alt" in part]
    assert [part["/Alt"] for part in figures] == [SPEC["description"]]
    text = said(paper.pages)
    assert words("Les haies d’abord ktCO₂e/an, 2030 source : SGPE") in text
    annex = len(paper.pages)
    assert words(f"Chiffres : annexe, tableau 3, page {annex}") in text
    assert re.search(words(r"Tableau 3. Les chiffres des haies \(graphique page 3\)"), text)
    told = {link["/Contents"] for page in paper.pages for link in page.get("/Annots", [])}
    assert {f"Tableau 3, page {annex}", "Graphique, page 3"} <= told


def test_every_cell_is_read_in_a_table_with_its_head(paper, whole):
    text = said(paper.pages)
    for block in whole.blocks:
        if isinstance(block, blocks.Table):
            assert words(block.caption) in text and all(words(cell) in text for row in block.rows for cell in row)
    kinds = [kind for kind, _ in tags(paper)]
    assert kinds.count("/Table") == 3 and kinds.count("/TH") == 9 and kinds.count("/TD") == 3 * (2 + 90 + 1)


def test_the_head_of_a_table_is_repeated_and_neither_its_first_row_nor_its_last_is_alone(paper):
    counts = [len(re.findall(r"^Levier n° \d+ Ce", page.extract_text(), re.M)) for page in paper.pages]
    held = [(index, count) for index, count in enumerate(counts) if count]
    assert sum(count for _, count in held) == 90 and len(held) > 1 and min(count for _, count in held) >= 2
    assert all("Ce qui est compté" in paper.pages[index].extract_text() for index, _ in held)


def test_no_row_is_alone_wherever_a_table_stands_and_its_caption_stays_with_it():
    for lines in range(4, 44, 8):  # the table comes lower and lower on its page
        reader = read(described(blocks.Prose("\n\n".join(lines * ["ligne"])), table(LONG[:20], "Vingt leviers")))
        counts = [len(re.findall(r"^Levier n° \d+ Ce", page.extract_text(), re.M)) for page in reader.pages]
        assert 1 not in counts and sum(counts) == 20
        assert [words("Vingt leviers") in said([page]) for page in reader.pages].index(True) == [
            count > 0 for count in counts
        ].index(True)


def test_a_heading_and_its_few_lines_stay_with_what_they_lead_to():
    lead = [blocks.Heading(2, "5. Cinq"), blocks.Prose("une question"), blocks.Prose("une note")]
    rows = table(LONG[:12], "Douze leviers")
    held = set()
    for lines in (16, 22, 28, 34):  # lower and lower on the page
        reader = read(described(blocks.Prose("\n\n".join(lines * ["ligne"])), *lead, rows))
        (page,) = (page for page in reader.pages[1:] if words("5. Cinq") in said([page]))
        assert words("5. Cinq une question une note Tableau 1. Douze leviers") in said([page])
        held.add(page.page_number)
    assert held == {1, 2}  # on the page of the lines, then on the next one


def baselines(page) -> list[float]:
    """Where the lines of a page stand, from its head, those of the parts of one line once."""
    found = set()

    def see(text, matrix, text_matrix, _font, _size):
        if text.strip():
            found.add(round(text_matrix[4] * matrix[1] + text_matrix[5] * matrix[3] + matrix[5]))

    page.extract_text(visitor_text=see)
    return sorted(found, reverse=True)


def test_a_chart_stands_clear_of_what_is_above_it():
    for above in (blocks.Prose("Un paragraphe."), blocks.Prose("- un\n- deux"), table([["Haies", "linéaire", "12"]])):
        page = read(described(blocks.Heading(2, "1. L’ambition"), above, blocks.Chart(SPEC))).pages[1]
        spaces = [high - low for high, low in itertools.pairwise(baselines(page))]
        assert all(space >= 10 for space in spaces[:4]), (above, spaces)


def test_what_is_left_out_and_what_made_the_document_are_said(paper):
    text = said(paper.pages)
    assert words("Laissé de côté, faute de données dans le kit : les projets.") in text
    assert words("Fait par copkit.") in text and words("trois") in text


def test_a_link_that_leads_nowhere_on_paper_is_its_words(paper):
    addresses = {
        link.get_object()["/A"].get("/URI")
        for page in paper.pages
        for link in page.get("/Annots", [])
        if "/A" in link.get_object()
    }
    assert "https://exemple.invalid/a" in addresses and not any("index" in str(one) for one in addresses)


def test_only_fonts_of_the_kit_and_of_typst_are_used_and_they_go_with_the_document(paper):
    fonts = {
        str(font.get_object()["/BaseFont"]).partition("+")[2]
        for page in paper.pages
        for font in page["/Resources"].get("/Font", {}).values()
    }
    assert fonts <= {
        "CopkitSans-Regular",
        "CopkitSans-Bold",
        "CopkitSans-Italic",
        "DejaVuSansMono-Identity-H",
        "DejaVuSansMono",
    }


def test_the_same_document_is_the_same_file_whoever_makes_it(whole):
    with ThreadPoolExecutor(4) as threads:
        assert len(set(threads.map(typst.write, [whole] * 4))) == 1


def test_a_hostile_text_is_read_as_it_is_typed():
    shown = [
        *map(hostile.shown, hostile.CASES),
        '#import "x": y',
        "#panic()",
        "$ x $",
        "\\ #sys.inputs",
        "<label> @ref",
        "*a* _b_",
    ]
    rows = [[text, text, "1"] for text in shown]
    spec = SPEC | {"title": {"text": shown[0], "subtitle": shown}, "description": shown[1]}
    page = dataclasses.replace(PAGE, subtitle=shown[2], context=tuple(shown[:6]))
    reader = read(
        described(
            *(blocks.Heading(2, Text("{}", text)) for text in shown),
            *(blocks.Prose(Text("{}", text)) for text in shown),
            page,
            blocks.Chart(spec),
            table(rows, "Hostile", names=[shown[3], "Ce qui est compté", "kt"]),
            *map(blocks.Plain, shown),
        )
    )
    text = said(reader.pages)
    for one in shown:
        assert text.count(words(one)) >= 5, one


def test_html_is_its_text_when_nothing_else_is_known():
    html = "<style>p { color: red }</style><table><tr><th>Levier</th><td>Haies &amp; prés</td></tr><td>12</td></table>"
    reader = read(described(blocks.Foreign(html, "<IPython.core.display.HTML object>")))
    assert words("Levier Haies & prés 12") in said(reader.pages) and "color" not in said(reader.pages)


def test_a_picture_is_shown_and_one_that_cannot_be_read_says_why_there_is_no_document():
    png = drawing.png(SPEC)
    reader = read(described(blocks.Picture(png), blocks.Prose(f"![vue](data:image/png;base64,{png}) fin", said=False)))
    assert [part["/Alt"] for kind, part in tags(reader) if "/Alt" in part and kind == "/Figure"] == [
        "Image que montre un carnet, sans description.",
        "vue",
    ]
    with pytest.raises(RunError, match="Le PDF n’a pas pu être composé par typst : "):
        typst.write(described(blocks.Picture("QUJD")))


def test_what_markdown_can_say_is_said():
    source = (
        "- [x] planter\n- [ ] tailler\n\n3. trois\n\nHaie\n: rangée d’arbustes\n\n| a | b |\n|---|--:|\n| un | 2,5 |\n"
    )
    source += (
        "\n```python\nprint(1)\n```\n\n$$\nx^2\n$$\n\nde $y$, ~~non~~ <b>gras</b><br>&amp; `a_b`\n\n<p>Bloc</p>\n\n---"
    )
    text = said(read(described(blocks.Prose(source, said=False))).pages[1:])
    for one in (
        "fait : planter",
        "à faire : tailler",
        "3. trois",
        "Haie rangée d’arbustes",
        "ab un 2,5",
        "print(1)",
        "x^2",
    ):
        assert words(one) in text
    assert words("de y, non gras & a_b Bloc") in text
    assert words("<b>gras</b><br>& a_b <p>Bloc</p>") in said(read(described(blocks.Prose(source))).pages)


def test_signs_that_the_font_lacks_are_replaced_and_named():
    reader = read(described(blocks.Prose("Projet 中 \U0001f600 e\u0301te\u0301 \ufe0f"), table([["中", "x", "1"]])))
    text = said(reader.pages)
    assert words("Projet □ □ été") in text and words("(U+4E2D, U+1F600)") in text
    assert "□" not in said(read(described(blocks.Prose("Projet"))).pages)


def test_every_sign_that_the_font_is_said_to_draw_is_drawn():
    signs = "".join(json.loads((sheets._FOLDER / "fonts" / "signes.json").read_text(encoding="utf-8")).values())
    text = " ".join(re.findall(".{1,20}", signs))
    reader = read(described(blocks.Plain(text), table([[text, text, text]], "Signes"), title=f"x{text}"))
    assert "(U+" not in said(reader.pages) and len(signs) > 650


def test_nothing_goes_past_the_margin():
    word = "https://exemple.invalid/" + "tres-long-chemin_" * 12 + "a" * 300
    about = described(
        blocks.Heading(2, word),
        blocks.Prose(f"voir {word}"),
        table([[word, "x", "1"]], word),
        table([[word] * 9], "large", names=[f"{i} {word[:60]}" for i in range(9)]),
        blocks.Plain(word),
    )
    said_of = json.dumps(typst._document(about))
    for page in typst._compiler().compile(sys_inputs={"document": said_of}, format="png", ppi=72):
        drawn = Image.open(io.BytesIO(page)).convert("L")
        margin = drawn.crop((drawn.width - 42, 0, drawn.width, drawn.height))
        assert margin.getextrema() == (255, 255)


WORDS = st.text(st.sampled_from("abcéÉ W1,\u202f%-/_"), max_size=60)


@given(
    st.integers(1, 12).flatmap(
        lambda n: st.tuples(
            st.lists(WORDS, min_size=n, max_size=n), st.lists(st.lists(WORDS, min_size=n, max_size=n), max_size=12)
        )
    )
)
def test_columns_fill_no_more_than_a_page_and_hold_their_longest_words(found):
    names, rows = found
    laid = sheets._Paper().table(blocks.Table("", names, [False] * len(names), rows))
    side = sheets._LONG if laid["lying"] else sheets.SIDE
    assert sum(laid["widths"]) <= side + 0.01 and len(laid["widths"]) == len(names)
    for column, width in zip(zip(laid["names"], *laid["rows"], strict=True), laid["widths"], strict=True):
        assert all(sheets._wide(cell)[1] * laid["size"] <= width - sheets._CELL + 0.01 for cell in column)


def test_a_table_too_wide_for_a_page_lies_in_the_annex_and_is_referred_to():
    names = [f"Indicateurobservé{i}" for i in range(11)]
    reader = read(described(blocks.Heading(2, "1. Un"), table([["1"] * 11], "Large", names=names)))
    assert [page.mediabox.width > page.mediabox.height for page in reader.pages] == [False, False, True]
    assert words("Large : annexe, tableau 1, page 3") in said(reader.pages[1:2])
    assert words("Annexe : les tableaux Tableau 1. Large") in said(reader.pages[2:]) and "graphique" not in said(
        reader.pages[2:]
    )
    assert all(name in said(reader.pages[2:]) for name in names)
