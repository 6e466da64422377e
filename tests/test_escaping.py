"""A text that comes from a file is a text wherever it is shown: it reads as it is typed, and does nothing."""

import ast
import io
import re
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

import copkit
from copkit import escaping, french
from copkit.batch import index
from copkit.commands import terminal
from copkit.presentation import charts, drawing, workbook
from copkit.presentation.table import Table
from copkit.presentation.text import Note, Text
from copkit.presentation.writers import html

from . import hostile
from .hostile import shown

ROOT = Path(copkit.__file__).parent
FORMATTED = {"p", "strong", "em", "li", "ul", "blockquote", "h2", "code"}  # of the templates below; a dollar is code


def rendered(source: str) -> BeautifulSoup:
    """Markdown as the most obliging renderer writes it: HTML passes, and any address."""
    renderer = IPythonRenderer(escape=False, exclude_anchor_links=True)
    return BeautifulSoup(MarkdownWithMath(renderer=renderer).render(source), "html.parser")


def words(text: str) -> str:
    return " ".join(text.replace("\u202f", " ").replace("\xa0", " ").split())


@pytest.mark.cases("textes_hostiles", "textes")
@pytest.mark.parametrize("template", ["{}", "**{}**", "un {} deux", "- {}", "> {}", "## {}", "**a** : {}.\n\nb"])
def test_a_hostile_text_is_a_text_in_a_sentence(case, template):
    page = rendered(Text(template, case["texte"])._repr_markdown_())
    assert {tag.name for tag in page.find_all()} <= FORMATTED
    around = template.replace("**", "").lstrip("->#").format(shown(case))
    assert words(page.get_text()) == words(around)
    assert words(Text("{}", case["texte"]).plain) == words(case.get("lu", case["texte"]))


@pytest.mark.cases("textes_hostiles", "textes")
def test_a_hostile_text_is_a_text_in_a_list_and_a_note(case):
    for made in (Text.bullets([case["texte"]]), Text.joined([case["texte"]]), Text("{}", Text("{}", case["texte"]))):
        page = rendered(made._repr_markdown_())
        assert {tag.name for tag in page.find_all()} <= FORMATTED and words(page.get_text()) == words(shown(case))
    page = rendered(Note(case["texte"])._repr_markdown_())
    assert {tag.name for tag in page.find_all()} - {"code"} == {"p", "em"} and words(page.get_text()) == words(
        shown(case)
    )


@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_any_text_is_a_text_in_markdown(text):
    page = rendered(Text("a {} z", text))
    assert {tag.name for tag in page.find_all()} <= {"p", "code"}
    assert {"".join(tag.get_text().split("$")) for tag in page.find_all("code")} <= {""}
    assert "".join(page.get_text().split()) == "".join(f"a {escaping.terminal(text)} z".split())


@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_any_text_is_a_text_in_html_and_obeyed_by_no_terminal(text):
    page = BeautifulSoup(f'<p title="{escaping.html(text)}">{escaping.html(text)}</p>', "html.parser")
    assert [tag.name for tag in page.find_all()] == ["p"]
    assert page.p["title"] == page.p.get_text() == escaping.terminal(text)
    assert not {c for c in escaping.terminal(text) if ord(c) < 32 or 127 <= ord(c) < 160} - {"\n", "\t"}
    assert escaping.terminal(escaping.terminal(text)) == escaping.terminal(text)


def test_sentences_are_built_of_templates_that_the_code_writes():
    """A value put in the template itself would not be escaped."""
    wrong = []
    for path in ROOT.rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(source)) if "Text(" in source else ():
            ours = isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Text"
            given = isinstance(node, ast.Call) and node.args
            if ours and given and path.parent.name != "commands" and not isinstance(node.args[0], ast.Constant):
                wrong.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert wrong == []


# ------------------------------------------------------------------ tables, charts


def table(text: str) -> Table:
    return Table.of(text, {text: [text, text], "Valeur": ([1.5, 2.0], 1)})


@pytest.mark.cases("textes_hostiles", "textes")
def test_a_hostile_text_is_a_text_in_a_table(case):
    page = BeautifulSoup(table(case["texte"])._repr_html_(), "html.parser")
    made = set(["div", "table", "caption", "thead", "tbody", "tr", "th", "td"])
    assert {tag.name for tag in page.find_all()} - {"wbr", "span"} == made
    assert page.caption.get_text() == page.div["aria-label"] == page.th.get_text() == shown(case)
    assert [row.th.get_text() for row in page.tbody.find_all("tr")] == [shown(case)] * 2
    assert set(page.div.attrs) == {"class", "tabindex", "role", "aria-label"}
    assert not set(repr(table(case["texte"]))) & set("\x1b\x07\x08\x9b\u202e")


@pytest.mark.cases("textes_hostiles", "textes")
def test_a_hostile_text_is_a_text_in_a_chart(case):
    drawn = pd.DataFrame({"label": [french.typeset(case["texte"]), "b"], "n": [1, 2], "written": [case["texte"], "c"]})
    said = charts.words(case["texte"], [case["texte"]], case["texte"])
    spec = charts.bars(drawn, "n", case["texte"], said).to_dict()
    page = BeautifulSoup(drawing.figure(spec), "html.parser")
    assert {tag.name for tag in page.find_all()} - {"span"} == {"figure", "figcaption", "strong", "br", "img"}
    assert page.strong.get_text() == shown(case) and page.figcaption.get_text() == 2 * shown(case)
    assert page.img["alt"] == shown(case) and set(page.img.attrs) == {"alt", "src"}
    svg = BeautifulSoup(drawing.svg(spec), "html.parser")
    assert not {tag.name for tag in svg.find_all()} & {"script", "img", "form", "style", "meta", "a", "iframe", "h1"}
    assert not [name for tag in svg.find_all() for name in tag.attrs if name.startswith("on") or name.endswith("href")]
    assert words(case.get("lu", case["texte"])) in [words(tag.get_text()) for tag in svg.find_all("text")]


@pytest.mark.cases("textes_hostiles", "textes")
def test_a_hostile_text_is_a_text_in_a_workbook(case):
    made = workbook.book([(case["texte"], case["texte"])], [("Feuille", table(case["texte"]))])
    book = openpyxl.load_workbook(io.BytesIO(workbook.content(made)))
    cover, sheet = book["Lisez-moi"], book["Feuille"]
    for cell in (cover["A1"], cover["B1"], sheet["A1"], sheet["A3"], sheet["A4"], sheet["A5"]):
        assert cell.data_type == "s" and cell.value == shown(case)
        assert cell.quotePrefix == escaping.risky(cell.value)
    assert sheet["B4"].value == 1.5


def test_whatever_a_terminal_obeys_starts_with_what_is_looked_for_first():
    assert [n for n in range(0x110000) if escaping._OBEYED.match(chr(n)) and escaping.terminal(chr(n))] == []


# ------------------------------------------------------------------ terminal


@pytest.mark.cases("textes_hostiles", "textes")
def test_a_terminal_shows_a_hostile_text_and_obeys_nothing(case, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "400")
    monkeypatch.setenv("FORCE_COLOR", "1")
    terminal.say(case["texte"])
    said = capsys.readouterr().out
    assert said == f"{case.get('lu', case['texte'])}\n"
    terminal.print_table(table(case["texte"]))
    terminal.print_table(Note(case["texte"]))
    said = capsys.readouterr().out
    for trace in ("\x1b]", "\x1b[2J", "\x1b[31m", "\x07", "\x08", "\x9b", "\u202e"):
        assert trace not in said
    assert said.count(shown(case)) + said.count(case.get("lu", case["texte"])) in (5, 10)  # typeset, or the same


def test_every_command_speaks_through_what_a_terminal_cannot_obey():
    for path in (ROOT / "commands").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert path.name == "terminal.py" or not {"echo(", "print("} & {f"{one}(" for one in calls(text)}, path.name


def calls(text: str) -> set[str]:
    found = (node.func for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call))
    return {getattr(one, "attr", getattr(one, "id", "")) for one in found}


# ------------------------------------------------------------------ pages


@pytest.mark.cases("textes_hostiles", "textes")
def test_html_in_what_a_cell_says_is_text_in_the_page(case):
    """Even when a notebook does not escape it."""
    page = BeautifulSoup(html._prose(f"a {case['texte']}", said=True), "html.parser")
    assert not {tag.name for tag in page.find_all()} & {
        "script", "img", "svg", "form", "input", "style", "meta", "base", "iframe", "h1", "table",
    } - ({"img"} if "![" in case["texte"] else set())  # fmt: skip
    assert not [tag for tag in page.find_all("a") if "javascript" in tag["href"]]


SERVED = {"room.html.j2", "home.html.j2", "error.html", "voila/templates/copkit/index.html.j2"}  # policy in a header
WRITTEN = {"document.html.j2": (), "alone.html.j2": (), "batch/index.html.j2": "policy", "page.html.j2": "csp"}


def test_every_page_that_is_written_allows_no_script_but_those_of_the_kit():
    """What it allows of those that have some: ``hostile.unruly``, on the pages themselves."""
    pages = {path: path.read_text(encoding="utf-8") for path in ROOT.rglob("*.html*")}
    whole = {path: text for path, text in pages.items() if "<!doctype html>" in text.lower()}
    kinds = {path: {one for one in (*SERVED, *WRITTEN) if path.as_posix().endswith(f"/{one}")} for path in whole}
    assert all(len(one) == 1 for one in kinds.values()) and len(kinds) == len(SERVED) + len(WRITTEN)
    for path, [kind] in kinds.items():
        said = re.search(r'Content-Security-Policy" content="([^"]+)"', whole[path])
        if kind in SERVED:
            assert said is None, path
        elif name := WRITTEN[kind]:
            assert said and said[1] == f"{{{{ {name} }}}}", path
        else:
            assert "<script" not in whole[path] and hostile.unruly(whole[path]) == [], path


def test_hostile_texts_are_texts_in_the_index(cases):
    runs, plain = [], []
    for n, case in enumerate(cases("textes_hostiles")["textes"]):
        for found, text in (runs, case["texte"]), (plain, f"x{n}"):
            found += [{"territory": "reg-32", "notebook": text, "status": "echec", "error": text}]
            found[-1]["files"] = {"html": text}
            found += [{"territory": text, "name": text, "level": text, "notebook": text, "status": "ok", "files": {}}]
    page, wanted = (
        BeautifulSoup(index.render({"runs": one, "updated": None}, effort={}), "html.parser") for one in (runs, plain)
    )
    assert [tag.name for tag in page.find_all()] == [tag.name for tag in wanted.find_all()]
    attributes = ([sorted(tag.attrs) for tag in one.find_all()] for one in (page, wanted))
    assert next(attributes) == next(attributes)
