"""Texts of each kind of thing that territories send, in each medium: no person in what is published, nothing obeyed."""

from __future__ import annotations

import html
import io
import json
import re
import zipfile
from pathlib import Path

import pypdf
import pytest

from copkit.batch import manifest, plan, produce
from copkit.batch.store import Folder
from copkit.intake import personal, reading
from copkit.projects.selection import FIELDS as SORTED

from . import sent
from .notebooks import documents

WHERE = "Dossier de Zoé Plante998"
FILE = "{}_plante997@exemple.invalid.csv"


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
    fields = SORTED if kind == "projets" else sent.KINDS.get(kind, sent.KINDS["projets"]).fields
    shown = personal.rule(kind, name, fields.get(name)).public == "montre"
    return f"{said} n° {row}" if shown else f"{said} Cachet{n:03}"


def traces(text: str) -> set[str]:
    """The persons and the hidden words in a text, and the telephone numbers whatever stands between their digits."""
    found = {one.lower() for one in re.findall(r"(?:plante|cachet)\d{3}", text, re.IGNORECASE)}
    return found | set(re.findall(r"0612\d{4}99", re.sub(r"[\s.\u00a0\u202f-]", "", text)))


@pytest.fixture(scope="module")
def persons(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plante") / WHERE
    folder.mkdir()
    return sent.every(folder, planted, 2, FILE)


@pytest.fixture(scope="module")
def published(persons, tmp_path_factory):
    out = tmp_path_factory.mktemp("public")
    for notebook in sent.DOCUMENTS:
        told = {} if notebook == "diagnostic" else {"publique": True}
        formats = ("pdf", "docx") if notebook == "feuille_de_route" else ()
        documents(notebook, ["dep-59"], out, formats=formats, **sent.given(persons, notebook), **told)
    return out


def test_no_person_is_in_what_is_published(published):
    made = [path for path in sorted(published.rglob("*")) if path.is_file()]
    assert {path.suffix for path in made} >= {".html", ".ipynb", ".xlsx", ".pdf", ".docx", ".json"}
    assert {path.name: traces(written(path)) for path in made} == {path.name: set() for path in made}


def test_the_texts_that_are_shown_are_there_without_their_persons(published):
    said = written(published / "dep-59" / "feuille_de_route.html")
    assert personal.MASK in said  # the test above has something to find
    manifested = json.loads((published / "manifest.json").read_text(encoding="utf-8"))
    given = {one["parameters"].get("projets") for one in manifested["runs"]} - {None}
    assert given == {"[retiré]"}


@pytest.mark.parametrize("name", sent.KINDS)
def test_no_person_is_in_a_reading_nor_in_its_lists(persons, name, tmp_path):
    found = reading.read(sent.KINDS[name], [persons[name]])
    told = found.attrs["reading"]
    lists = "".join(written(path) for path in told.save(tmp_path))
    everything = found.to_csv() + lists + told.summary + str(told) + str(told.files) + str(told.dropped)
    persons_ = {one for one in traces(everything) if not one.startswith("cachet")}
    assert persons_ == set() and told.masked > 0 and set(sent.UNREAD) <= set(told.dropped)


def test_no_person_is_in_the_reason_of_a_failure(persons, tmp_path):
    absent = persons["projets"].with_name("absent_plante996@exemple.invalid.csv")
    [task] = plan.plan("projets", ["dep-59"], None, {"projets": str(persons["projets"])})
    task.parameters["projets"] = str(absent)
    store = Folder(tmp_path)
    store.prepare()
    made = produce.execute(task, store)
    manifest.publish(store, {})
    store.release()
    assert made.status == "failed" and "introuvable" in made.error
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.name: traces(written(path)) for path in kept} == {path.name: set() for path in kept}
