"""What an executed notebook says, as blocks: headings apart, tables of charts, chapters left out."""

import nbformat.v4 as nb

from copkit import french
from copkit.presentation import blocks
from copkit.presentation.drawing import MIME

ABSENT = nb.new_output("display_data", {blocks.ABSENT: {"title": "Par secteur"}, "text/markdown": "*rien*"})
TABLE = {"caption": "Leviers", "names": ["Levier", "kt"], "numbers": [False, True], "rows": [["Haies", "12,5"]]}


def shown(*data: dict) -> dict:
    return nb.new_code_cell(outputs=[nb.new_output("display_data", one) for one in data])


def kinds(*cells) -> list[str]:
    return [type(block).__name__ for block in blocks.read(cells, title="", footer="").blocks]


def test_headings_stand_apart_and_each_has_an_anchor_of_its_own():
    cells = [
        nb.new_markdown_cell("# Nord\n\nDeux.\n\n## 1. Été\n```\n# pas un titre\n```"),
        nb.new_markdown_cell("## Été"),
    ]
    found = blocks.read(cells, title="Nord", footer="")
    headings = [block for block in found.blocks if isinstance(block, blocks.Heading)]
    assert [(one.level, one.plain, one.anchor) for one in headings] == [
        (1, "Nord", "nord-1"),
        (2, "1. Été", "1-ete-2"),
        (2, "Été", "ete-3"),
    ]
    assert [one.plain for one in found.contents] == ["1. Été", "Été"]


def test_a_table_right_under_a_chart_gives_its_figures():
    found = blocks.read(
        [shown({MIME: {"mark": "bar"}}, {blocks.TABLE: TABLE}, {blocks.TABLE: TABLE})], title="", footer=""
    ).blocks
    assert [getattr(block, "of_chart", None) for block in found] == [None, True, False]


def test_a_chapter_that_has_nothing_to_show_is_left_out_and_listed_without_its_number():
    empty = nb.new_code_cell(outputs=[ABSENT])
    lead = nb.new_markdown_cell("## 4. Les autres plans\n\nCe que disent les autres.")
    found = blocks.read([lead, empty, nb.new_markdown_cell("## 5. Sources")], title="", footer="")
    assert [block.source for block in found.blocks] == ["1. Sources"], "the chapters that are kept follow one another"
    assert [type(block).__name__ for block in found.blocks] == ["Heading"] and found.absent == ("Les autres plans",)
    assert blocks.left_out(found.absent) == french.typeset(
        "Laissé de côté, faute de données dans le kit : les autres plans."
    )


def test_a_chapter_that_shows_something_keeps_its_heading_and_lists_its_empty_sections():
    lead, empty = nb.new_markdown_cell("## 1. L'ambition"), nb.new_code_cell(outputs=[ABSENT])
    found = blocks.read([lead, empty, shown({"text/markdown": "Dix."})], title="", footer="")
    assert [type(block).__name__ for block in found.blocks] == ["Heading", "Prose"] and found.absent == ("Par secteur",)


def test_a_chapter_of_another_notebook_that_shows_nothing_is_kept():
    assert kinds(nb.new_markdown_cell("## Préparation"), nb.new_code_cell("import os")) == ["Heading"]


def test_what_other_notebooks_show_becomes_a_block():
    cells = [
        shown({"text/html": "<b>1</b>", "text/plain": "1"}, {"image/png": "AAAA"}, {"text/plain": "2"}),
        nb.new_code_cell(outputs=[nb.new_output("stream", name="stdout", text="3")]),
        nb.new_code_cell(outputs=[nb.new_output("stream", name="stderr", text="4")]),
    ]
    assert kinds(*cells) == ["Foreign", "Picture", "Plain", "Plain"]


def test_a_cell_of_the_notebook_is_not_of_the_document():
    assert kinds(nb.new_markdown_cell("Exécuter tout.", metadata={"tags": [blocks.FOR_THE_NOTEBOOK]})) == []


def test_a_picture_attached_to_a_cell_is_in_its_text():
    cell = nb.new_markdown_cell("![vue](attachment:a.png)", attachments={"a.png": {"image/png": "QUJD"}})
    (prose,) = blocks.read([cell], title="", footer="").blocks
    assert prose.source == "![vue](data:image/png;base64,QUJD)"


def test_a_document_is_named_once_by_its_page_when_it_has_one():
    page = blocks.Page(title="Nord", subtitle="", effort=("9", "Mt", ""))
    shown_page = nb.new_code_cell(outputs=[nb.new_output("display_data", page._repr_mimebundle_())])
    titles = [nb.new_markdown_cell("# Nord\n\nDiagnostic."), nb.new_markdown_cell("# Sud")]
    assert kinds(shown_page, *titles) == ["Page", "Prose", "Heading"]
    assert kinds(*titles) == ["Heading", "Prose", "Heading"]
