"""Texts of each kind of thing that territories send, in each medium: no person in what is published, nothing obeyed."""

from __future__ import annotations

import csv
import html
import io
import json
import re
import zipfile
from contextlib import redirect_stderr, redirect_stdout, suppress
from functools import lru_cache
from pathlib import Path

import docx
import nbformat
import openpyxl
import pypdf
import pytest
import typer
from bs4 import BeautifulSoup

import copkit as ck
from copkit import escaping
from copkit.batch import manifest, plan, produce
from copkit.batch.store import Folder
from copkit.commands.cli import app
from copkit.intake import personal, reading
from copkit.intake.perimeters import read_perimeters
from copkit.models import scenario_file
from copkit.presentation import minutes
from copkit.presentation.writers import typst
from copkit.projects.selection import FIELDS as SORTED
from copkit.projects.sorting.sort import triage
from copkit.simulator import exports
from copkit.simulator.page import page

from . import hostile, sent
from .conftest import LONG
from .notebooks import documents
from .test_escaping import rendered

SOON = ("feuille_de_route", "adaptation")  # they hold all kinds but one; « make long » makes every document, twice
HEADERS = [f"{text} (en-tête)" for text in hostile.TEXTS]
WHERE = "Dossier de Zoé Plante998"
ENDS = {"perimetres": ".csv", "cles": ".xlsx", "atelier": ".xlsx"}
NUMBER = re.compile(r"-?[\d.,e-]+")
FILE = "{} plante997@exemple.invalid " + hostile.NAME


@lru_cache(maxsize=64)
def written(path: Path) -> str:
    """All that can be read in a file: unzipped, its pages as text, its entities as letters."""
    data = path.read_bytes()
    if path.suffix == ".pdf":
        book = pypdf.PdfReader(io.BytesIO(data))
        text = "\n".join([*(page.extract_text() for page in book.pages), str(book.metadata), str(book.outline)])
        return text + data.decode("latin-1")
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            data = b"\n".join(name.encode() + archive.read(name) for name in archive.namelist())
    return html.unescape(data.decode("utf-8", "replace"))


# ------------------------------------------------------------------ persons

NUMBERS: dict[tuple[str, str], int] = {}


def planted(kind: str, name: str, row: int) -> str:
    """A person of its own in each field; where the public version shows nothing of a field, words of its own too."""
    n = NUMBERS.setdefault((kind, name), len(NUMBERS))
    if name.startswith("non_lue"):
        return f"Plante{n:03}"
    said = f"Voir M. Plante{n:03}, plante{n:03}@exemple.invalid ou 06 12 {n // 100:02} {n % 100:02} 99"
    fields = SORTED if kind == "projets" else sent.KINDS[kind].fields if kind in sent.KINDS else {}
    shown = not fields or personal.rule(kind, name, fields.get(name)).public == "montre"
    return f"{said} n° {row}" if shown else f"{said} Cachet{n:03}"


def traces(text: str) -> set[str]:
    """The persons and the hidden words in a text, and the telephone numbers whatever stands between their digits."""
    found = {one.lower() for one in re.findall(r"(?:plante|cachet)\d{3}", text, re.IGNORECASE)}
    return found | set(re.findall(r"0612\d{4}99", re.sub(r"[\s.\u00a0\u202f-]", "", text)))


def hostile_or_planted(kind: str, name: str, row: int) -> str:
    """A person in the first row, a hostile text in the others: each of them in one field or another of a kind."""
    if row == 0:
        return planted(kind, name, row)
    return hostile.TEXTS[(NUMBERS.setdefault((kind, name), len(NUMBERS)) * 7 + row) % len(hostile.TEXTS)]


@pytest.fixture(scope="module")
def persons(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plante") / WHERE
    folder.mkdir()
    return sent.every(folder, hostile_or_planted, 6, FILE, HEADERS)


@pytest.fixture(scope="module")
def lists(persons, tmp_path_factory):
    """What each kind gives when it is read, and the lists that say what happened."""
    folder, found = tmp_path_factory.mktemp("listes"), {}
    for name, path in persons.items():
        table = reading.read(sent.KINDS[name], [path])
        found[name] = table, table.attrs["reading"].save(folder / name)
    return found


@pytest.fixture(scope="module")
def scenario(persons):
    """A scenario, and its file."""
    state, path = (
        sent.scenario(hostile_or_planted),
        persons["projets"].with_name(FILE.format("x").replace("csv", "json")),
    )
    path.write_text(scenario_file.to_json(exports.scenario_of(state)), encoding="utf-8")
    return state, path


@pytest.fixture(scope="module")
def published(persons, scenario, tmp_path_factory):
    out = tmp_path_factory.mktemp("public")
    goals = {"feuille_de_route": {"objectifs": str(scenario[1])}}
    for notebook in sent.DOCUMENTS if LONG else SOON:
        told = {} if notebook == "diagnostic" else {"publique": True}
        formats = ("pdf", "docx") if notebook == "feuille_de_route" else ()
        given = sent.given(persons, notebook) | goals.get(notebook, {})
        documents(notebook, ["dep-59"], out, formats=formats, **given, **told)
    for notebook in sent.DOCUMENTS if LONG else ():
        documents(notebook, ["dep-59"], out / "travail", **sent.given(persons, notebook))
    return out


def test_no_person_is_in_what_is_published(published, others):
    """A saved scenario alone keeps what its author wrote: it opens the very same."""
    made = [path for folder in (published, others) for path in sorted(folder.rglob("*")) if path.is_file()]
    made = [path for path in made if "travail" not in path.parts]
    [saved] = (path for path in made if path.parent == others and path.suffix == ".json")
    made.remove(saved)
    assert traces(written(saved)) and traces(saved.name) == set()
    assert {path.suffix for path in made} >= {".html", ".ipynb", ".xlsx", ".pdf", ".docx", ".json"}
    assert {path.name: traces(f"{path}{written(path)}") for path in made} == {path.name: set() for path in made}


def test_the_texts_that_are_shown_are_there_without_their_persons(published):
    said = written(published / "dep-59" / "feuille_de_route.html")
    assert personal.MASK in said  # the test above has something to find
    manifested = json.loads((published / "manifest.json").read_text(encoding="utf-8"))
    given = {one["parameters"].get("projets") for one in manifested["runs"]} - {None}
    assert given == {f"projets [retiré] {hostile.NAME}"}


def test_every_kind_of_a_roadmap_goes_through_the_door_of_the_public_version(persons):
    """Which empties where a row comes from: a table that went past it says so."""
    given = {"actions": "actions", "themes": "themes", "points": "points_forts", "contracts": "contrats"}
    given = {name: str(persons[one]) for name, one in (given | {"jobs": "emplois"}).items()}
    r = ck.roadmap.plan("dep-59", **given, public=True)
    for one in ("actions", "themes", "strengths", "contracts", "jobs"):
        found = getattr(r, one)
        assert len(found) and "reading" not in found.attrs and set(found.get("source_file", [""])) == {""}, one


@pytest.mark.parametrize("name", sent.KINDS)
def test_no_person_is_in_a_reading_nor_in_its_lists(lists, name):
    found, saved = lists[name]
    told = found.attrs["reading"]
    everything = [found.to_csv(), *map(written, saved), told.summary, str(told), str(told.files), str(told.dropped)]
    assert {one for one in traces("".join(everything)) if not one.startswith("cachet")} == set()
    assert told.masked > 0 and set(sent.UNREAD) <= set(told.dropped)


def test_no_person_is_in_the_reason_of_a_failure(persons, tmp_path):
    absent = persons["projets"].with_name("absent_plante996@exemple.invalid.csv")
    [task] = plan.plan("projets", ["dep-59"], None, {"projets": str(persons["projets"])})
    task.parameters["projets"] = str(absent)
    store = Folder(tmp_path)
    store.prepare()
    made = produce.execute(task, store)
    manifest.publish(store)
    store.release()
    assert made.status == "failed" and "introuvable" in made.error
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.name: traces(written(path)) for path in kept} == {path.name: set() for path in kept}


# ------------------------------------------------------------------ what is no table of a kind


def line(*words: str | Path) -> str:
    """What a command prints, and says on the error output."""
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said), suppress(typer.Exit):
        app([*map(str, words)], prog_name="copkit", standalone_mode=False)
    return said.getvalue()


@pytest.fixture(scope="module")
def others(persons, lists, scenario, published, tmp_path_factory):
    """Local figures, perimeters, a scenario, a workshop, a session: every file that is made of them."""
    folder, out = persons["projets"].parent, tmp_path_factory.mktemp("autres")
    (state, saved), named = scenario, {one: folder / FILE.format(one).replace(".csv", end) for one, end in ENDS.items()}
    perimeters = sent.perimeters(named["perimetres"], hostile_or_planted)
    figures = sent.figures(named["cles"], lambda *of: hostile.TEXTS[of[2] + 1])  # where a person is refused
    names = read_perimeters(perimeters).names
    documents("diagnostic", ["dep-2A"], published, cles_locales=str(figures))
    whose = {"actions": str(persons["actions"]), "perimetres": str(perimeters), "perimetre": names[0], "publique": True}
    documents("feuille_de_route", ["dep-2A"], published, **whose)
    if LONG:
        documents("diagnostic", [names[0]], published, perimetre=str(perimeters), cles_locales=str(figures))
    for kind in exports.FORMATS if LONG else ("xlsx", "csv", "json", "pdf"):
        name, _, data = exports.export(page(state.territory), state, kind)
        (out / name).write_bytes(data)
    compared = ck.side_by_side(state.territory, str(saved))
    ck.write_workbook(compared, out / "comparaison.xlsx")
    returned = sent.decisions(named["atelier"], triage(lists["projets"][0]), hostile_or_planted)
    (out / "seance.pdf").write_bytes(
        typst.write(minutes.document(sent.minutes(folder / "s.sqlite", hostile_or_planted)))
    )
    said = [
        line("panorama", "--perimeter", perimeters, "--name", names[1], "--local", figures) if LONG else "",
        line("pathways", "--scenario", saved, "--out", out / "trajectoires.csv"),
        line("triage", persons["projets"], "-r", returned, "--public", "--out", out / "tri.csv", "--lists", out),
    ]
    (out / "ecran.txt").write_text("".join(said), encoding="utf-8")
    return out


# ------------------------------------------------------------------ hostile texts


@pytest.fixture(scope="module")
def made(published, others):
    """The files of an ending, in what is published and elsewhere."""
    return lambda end: sorted(path for one in (published, others) for path in one.rglob(f"*{end}") if path.is_file())


def obeyed(page: BeautifulSoup) -> list[str]:
    """What of a page would run, load, send or lead away: every address of the hostile texts is of this domain."""
    found = [tag.name for tag in page.select(ACTIVE)]
    for tag in page.find_all(True):
        found += [f"{tag.name} {name}" for name in tag.attrs if name.lower().startswith("on")]
        addresses = (str(tag.attrs.get(name, "")) for name in ("href", "src", "xlink:href", "action", "formaction"))
        found += [f"{tag.name} {one}" for one in addresses if "exemple.invalid" in one or "script:" in one]
        found += ["img"] if tag.name == "img" and not tag["src"].startswith("data:image/") else []
    return found


ACTIVE = "script, form, input, button, iframe, object, embed, base, link, meta[http-equiv='refresh']"


def test_no_page_obeys_a_text(made):
    for path in made(".html"):
        markup = path.read_text(encoding="utf-8")
        assert hostile.unruly(markup) == [], path
        page = BeautifulSoup(markup, "lxml")
        if path.name not in ("index.html", "glossaire.html"):
            assert obeyed(page.body) == [], path


def test_no_notebook_obeys_a_text(made):
    for path in made(".ipynb"):
        for cell in nbformat.read(path, 4).cells:
            for output in cell.get("outputs", []):
                data = output.get("data", {})
                pages = [BeautifulSoup(data["text/html"], "lxml")] if "text/html" in data else []
                pages += [rendered(data["text/markdown"])] if "text/markdown" in data else []
                assert [one for page in pages for one in obeyed(page)] == [], path
                assert not escaping._OBEYED.search(str(data.get("text/plain", "")))


def test_no_workbook_computes_a_text(made):
    for path in made(".xlsx"):
        cells = [cell for sheet in openpyxl.load_workbook(path) for row in sheet.iter_rows() for cell in row]
        assert {cell.data_type for cell in cells} <= {"s", "inlineStr", "n", "d", "b"}, path
        risky = [cell for cell in cells if isinstance(cell.value, str) and escaping.risky(cell.value)]
        assert all(cell.quotePrefix for cell in risky) and not any(cell.hyperlink and "invalid" in str(
            cell.hyperlink.target) for cell in cells)  # fmt: skip


def test_no_page_of_paper_leads_away(made):
    papers, [office] = made(".pdf"), made(".docx")
    pages = [page for paper in papers for page in pypdf.PdfReader(paper).pages]
    notes = [note.get_object() for page in pages for note in page.get("/Annots", [])]
    actions = [note["/A"] for note in notes if "/A" in note]
    assert {one["/S"] for one in actions} <= {"/URI", "/GoTo"}
    assert len(papers) == 3 and not any("/JavaScript" in written(paper) for paper in papers)
    addresses = [str(one["/URI"]) for one in actions if "/URI" in one]
    document = docx.Document(str(office))
    addresses += [part.target_ref for part in document.part.rels.values() if part.is_external]
    fields = re.findall(r"<w:instrText[^>]*>([^<]*)<", document.part.blob.decode("utf-8"))
    assert [one for one in (*addresses, *fields) if "invalid" in one or "script" in one or not one.isascii()] == []


def test_no_list_saved_computes_a_text(lists, others):
    for path in [*(path for _, saved in lists.values() for path in saved), *others.glob("*.csv")]:
        excel = path.stem.endswith("-excel")
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.reader(file, delimiter=";" if excel else ",")
            assert [one for row in rows for one in row if escaping.risky(one) and not NUMBER.fullmatch(one)] == [], path


def test_every_output_stays_in_its_folder(published):
    assert {path.name for path in published.iterdir()} >= {"dep-59", "manifest.json", "index.html"}
    assert not (published.parent / "dep-59").exists()


@pytest.mark.parametrize("form", ["table", "csv"])
def test_no_terminal_obeys_a_text(persons, form, monkeypatch, capsys):
    monkeypatch.setenv("TERM", "dumb")  # where the kit itself draws without any sequence
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    commands = (("triage", "projets"), ("strengths", "points_forts"), ("actions", "actions"))
    for command, name in commands if LONG or form == "table" else commands[:1]:
        app([command, str(persons[name]), "--format", form], prog_name="copkit", standalone_mode=False)
    said = capsys.readouterr()
    assert not escaping._OBEYED.search(said.out + said.err) and "onload" in said.out
