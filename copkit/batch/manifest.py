"""The manifest of an output folder: what was made, from which parameters and versions, and what failed.

Each document has a record beside it, written last: the manifest gathers them. Results of earlier batches are
kept: a batch of one territory never erases the other 118.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath

import copkit
from copkit import clock
from copkit.batch.index import render, without_folders
from copkit.batch.plan import Task
from copkit.batch.store import Store, digest
from copkit.reference import territories

GLOSSARY = "glossaire.html"  # that the documents link to
FIGURES = ("figures.csv", "figures.parquet", "datapackage.json")  # beside the index; the last one describes the others
BESIDE = (*FIGURES, GLOSSARY)
EFFORTS = "efforts.json"  # made with them, for the index alone
MANIFEST = "manifest.json"


@dataclass
class Result:
    """What became of a task. ``phases``: seconds by step; ``cells``: seconds of each code cell, by position."""

    territory: str
    notebook: str
    status: str
    parameters: dict
    duration_s: float
    error: str | None = None
    files: dict[str, str] = field(default_factory=dict)
    hash: dict[str, str] = field(default_factory=dict)
    fingerprint: str = ""
    phases: dict[str, float] = field(default_factory=dict)
    cells: dict[int, float] = field(default_factory=dict)
    resumed: bool = False
    invented: bool = False  # it holds invented examples
    content: dict[str, bytes] = field(default_factory=dict, repr=False)  # files returned rather than published

    @property
    def key(self) -> tuple[str, str]:
        """Which task it is of."""
        return self.territory, self.notebook


def record_name(task: Task) -> str:
    """The file that says that a document is complete: written last, beside it."""
    return f"{task.territory}/.{task.stem}.json"


def entry(task: Task, result: Result) -> dict:
    """What the manifest says of one document: nothing of the folders of the machine."""
    given = json.loads(published(json.dumps(result.parameters, ensure_ascii=False), task))
    return {
        "territory": task.territory,
        "name": task.name,
        "level": task.level,
        "region": task.region,
        "title": task.title,
        "finished": clock.now().isoformat(timespec="seconds"),
        **{k: v for k, v in asdict(result).items() if k not in ("territory", "phases", "content", "resumed")},
        "parameters": given,
        "error": result.error and without_folders(published(result.error, task)),
        "phases": {name: round(seconds, 4) for name, seconds in result.phases.items()},
        "version": task.version,
    }


def published(text: str, task: Task) -> str:
    """What is published, in JSON or not, without the folders of the files that were given: they may name a person.

    The name of a file stays, for whoever has it to find it; other words that were given, without their persons.
    """
    values = [one for value in task.parameters.values() for one in (value if isinstance(value, list) else [value])]
    given = [one for one in values if isinstance(one, str) and (os.sep in one or Path(one).suffix or " " in one)]
    if not given:
        return text
    from copkit.intake import personal  # what it leans on is loaded where a file, or words, are given alone

    shown: dict[str, str] = {}
    for path in map(Path, given):
        shown[str(path)] = personal.mask(path.name if path.is_absolute() else str(path))
        if path.is_absolute() and len(path.parts) > 2:
            shown[f"{path.parent}{os.sep}"] = ""
    for old in sorted((one for one in shown if shown[one] != one), key=len, reverse=True):
        escaped = old.encode("unicode_escape").decode()  # as a cell of parameters writes it
        for one in (json.dumps(escaped)[1:-1], json.dumps(old, ensure_ascii=False)[1:-1], old):
            text = text.replace(one, shown[old])
    return text


def dump(content: dict) -> bytes:
    """As written on disk."""
    return json.dumps(content, ensure_ascii=False, indent=1).encode("utf-8")


def complete(task: Task, store: Store) -> Result | None:
    """The earlier result of a task, when all its files are there, whole, and nothing that they depend on changed."""
    found = _load(store.read(record_name(task)))
    if found.get("fingerprint") != task.fingerprint or found.get("status") != "ok":
        return None
    files, hashes = found.get("files", {}), found.get("hash", {})
    for kind, name in files.items():
        data = store.read(name)
        if data is None or digest(data) != hashes.get(kind):
            return None
    kept = {k: found[k] for k in ("territory", "notebook", "status", "parameters", "duration_s", "fingerprint")}
    return Result(**kept, files=files, hash=hashes, resumed=True, invented=found.get("invented", False))


def record(task: Task, store: Store, result: Result) -> None:
    """Write the record of a document, done or failed; a failure keeps the files of an earlier success."""
    content = entry(task, result)
    if result.status == "failed":
        earlier = _load(store.read(record_name(task)))
        content |= {name: earlier.get(name, content[name]) for name in ("files", "hash", "invented")}
    store.write(record_name(task), dump(content))


def publish(
    store: Store,
    beside: Callable[[list[str]], dict[str, bytes]] | None = None,
    books: Iterable[str] = (),
) -> str:
    """Write ``index.html``, then ``manifest.json``, from the records of the store; returns the address of the index.

    ``beside``: makes what stands beside the index for the territories that have a document, their figures with their
    descriptor and the glossary, and what the index says of each territory (``package.made``).
    ``books``: the territories that get an index of their own; those that have one get it again.
    """
    earlier = read(store)
    runs = {key(run): run for run in earlier.get("runs", [])} | records(store)
    content = {
        "copkit": copkit.__version__,
        "data_version": copkit.DATA_VERSION,
        "updated": clock.now().isoformat(timespec="seconds"),
        "files": {},
        "runs": [runs[key] for key in sorted(runs)],
    }
    codes = _with_figures(content) if beside else []
    found = beside(codes) if beside and codes else {}
    books = sorted({*books, *(name.partition("/")[0] for name in store.find("*/index.html"))})
    index = render(content, effort=_efforts(content, found.get(EFFORTS)), tables=FIGURES if found else (), books=books)
    made = {"index.html": index.encode("utf-8")}
    if books:
        from copkit.batch import book

        made |= {f"{code}/{book.INDEX}": book.render(code, content["runs"]).encode("utf-8") for code in books}
    made |= {name: found[name] for name in BESIDE if name in found}
    kept = {name: mark for name, mark in earlier.get("files", {}).items() if name in BESIDE}
    content["files"] = kept | {name: digest(data) for name, data in made.items()}
    for name, data in made.items():
        store.write(name, data)
    store.write(MANIFEST, dump(content))
    return f"{store.address}/index.html"


def has(store: Store, names: Iterable[str]) -> bool:
    """Whether these files of a batch are there, as it made them."""
    marks = load(store.read(MANIFEST)).get("files", {})
    return all((data := store.read(name)) is not None and digest(data) == marks.get(name) for name in names)


def key(run: dict) -> tuple[str, str]:
    """Which document an entry is of."""
    return run["territory"], run["notebook"]


def records(store: Store) -> dict[tuple[str, str], dict]:
    """The records that stand beside the documents; a file that is none of ours is left alone."""
    found = (_load(store.read(name)) for name in store.find("*/.*.json"))
    return {key(run): run for run in found if _is_entry(run)}


def _efforts(content: dict, known: bytes | None) -> dict[str, float]:
    """The effort of each territory, rounded to what it is worth; of a perimeter, when this program read it. [ktCO2e/an]

    ``known``: those that were found with the figures.
    """
    found = json.loads(known) if known is not None else {}
    smaller = {run["territory"] for run in content["runs"] if territories.is_fine(run["territory"])} - found.keys()
    left = [code for code in sorted(smaller) if territories.exists(code)]
    if found and not left:
        return found
    from copkit.models import worth

    return found | worth.efforts(smaller=left)


def made(store: Store) -> list[str]:
    """The territories of earlier batches whose figures stand beside the index."""
    return _with_figures(load(store.read(MANIFEST)))


def _with_figures(content: dict) -> list[str]:
    runs = (run for run in content.get("runs", []) if run["files"] and run["level"] != "perimetre")
    return sorted({run["territory"] for run in runs})


def read(store: Store) -> dict:
    """The manifest of earlier batches; an unreadable one is set aside, not lost."""
    data = store.read(MANIFEST)
    found = load(data)
    if data and not found:
        store.write("manifest.illisible.json", data)
    return found


def load(data: bytes | None) -> dict:
    """What a manifest says; nothing when it is not one of ours, or is damaged."""
    found, said = _load(data), {"runs": list, "files": dict}
    whole = all(isinstance(found.get(name, kind()), kind) for name, kind in said.items())
    whole = whole and _are_files(found.get("files", {})) and all(map(_is_entry, found.get("runs", [])))
    return found if whole else {}


_ENTRY = {  # what the index, and what reads the manifest, take for granted
    **dict.fromkeys(("territory", "notebook", "name", "level", "status"), str),
    **dict.fromkeys(("files", "hash", "parameters"), dict),
}


def _is_entry(found: object) -> bool:
    """Whether it is what ``entry`` writes."""
    if not isinstance(found, dict) or not all(isinstance(found.get(name), kind) for name, kind in _ENTRY.items()):
        return False
    return _are_files(found["files"].values()) and all(isinstance(mark, str) for mark in found["hash"].values())


def _are_files(names: Iterable[object]) -> bool:
    """Whether they can be files of the folder: no name leads out of it."""
    paths = [PurePosixPath(name) for name in names if isinstance(name, str)]
    return len(paths) == len([*names]) and not any(path.is_absolute() or ".." in path.parts for path in paths)


def _load(data: bytes | None) -> dict:
    try:
        found = json.loads(data) if data else {}
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
