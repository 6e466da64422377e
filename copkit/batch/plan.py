"""The plan of a batch: what is to be run, after every refusal that needs no execution."""

from __future__ import annotations

import ast
import hashlib
import json
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from copkit import french, paths
from copkit.errors import RunError, given, unknown
from copkit.files import kept, misnamed, sought
from copkit.notebook import read

if TYPE_CHECKING:
    from nbformat import NotebookNode

_KIT_LEVELS = ("france", "region", "departement")  # of a notebook that does not say its own (metadata copkit.niveaux)


@dataclass(frozen=True)
class Limits:
    """What one notebook may take."""

    cell_seconds: float = 300
    notebook_seconds: float | None = None
    memory_mib: int | None = None


@dataclass(frozen=True)
class Task:
    """One notebook on one territory: all that a process needs, here or on another machine. ``title``: its kind."""

    stem: str
    source: str
    territory: str
    name: str
    level: str
    region: str | None
    parameters: dict
    title: str
    formats: tuple[str, ...] = ()  # asked for beside HTML: « pdf », « docx »
    limits: Limits = field(default_factory=Limits)
    version: dict = field(default_factory=dict)
    fingerprint: str = ""
    book: bool = False  # its territory has an index of its own, that it links to

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from the others of a batch."""
        return self.territory, self.stem


@dataclass(frozen=True, eq=False)
class Notebook:
    """What a notebook says of itself: its source, its parameters, and its metadata « copkit ».

    ``step``: of a COP, none for a notebook that is of no book; ``question``: what it answers; ``needs``: the parameters
    that it makes nothing of its own without, each with the file that is expected there.
    """

    stem: str
    source: str
    declared: dict[str, object]
    title: str
    levels: tuple[str, ...] = _KIT_LEVELS
    step: str = ""
    question: str = ""
    needs: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Notebook:
        """The notebook of a file."""
        import nbformat

        source = path.read_text(encoding="utf-8")
        content = nbformat.reads(source, 4)
        about = content.metadata.get("copkit", {})
        return cls(
            path.stem,
            source,
            declared_parameters(content),
            about.get("titre", path.stem.capitalize()),
            tuple(about.get("niveaux", _KIT_LEVELS)),
            about.get("etape", "") if about.get("livre", True) else "",
            _question(content),
            dict(about.get("besoins", {})),
        )

    def without(self, parameters: dict) -> list[str]:
        """The files that it needs and that nobody gives."""
        return [name for name in self.needs if not parameters.get(name, self.declared.get(name))]


def _question(content: NotebookNode) -> str:
    """What a notebook says under its title: the question that it answers."""
    lines = [line.strip() for line in content.cells[0].source.splitlines()] if content.cells else []
    return next((line for line in lines if line and not line.startswith("#")), "")


def plan(
    notebook: str,
    codes: list[str],
    level: str | None,
    parameters: dict,
    *,
    perimeters: str | Path = "",
    formats: tuple[str, ...] = (),
    limits: Limits | None = None,
) -> list[Task]:
    """The tasks of a batch, in code order. ``perimeters``: a file of perimeters, whose names ``codes`` then are.

    Raises
    ------
    RunError, TerritoryError
        Unknown notebook, parameter, level or code; a parameter of another kind than in the notebook, or that
        contradicts the territories; several codes are reported at once.
    """
    from copkit.batch import selection

    one = Notebook.read(find(notebook))
    if perimeters:
        found = sought(perimeters, RunError) or Path(perimeters)
        parameters = {**parameters, "perimetre": str(found.resolve())}
    parameters = _read_parameters(one, parameters)
    around = str(parameters.get("perimetre", "")) if "perimetre" in one.levels else ""  # elsewhere, the name of one
    places = selection.places(codes, level, one.levels, f"Le carnet « {one.stem} »", around)
    check_territory(parameters, [place[0] for place in places])
    return tasks(one, places, parameters, formats=formats, limits=limits)


def tasks(
    one: Notebook,
    places: Iterable[tuple],
    parameters: dict,
    *,
    formats: tuple[str, ...] = (),
    limits: Limits | None = None,
    book: bool = False,
) -> list[Task]:
    """A notebook on some territories, with parameters that were read."""
    from copkit.batch import versions

    known = versions.versions()
    extra = {"classeur": f"{one.stem}.xlsx"} if "classeur" in one.declared and "classeur" not in parameters else {}
    made = [
        Task(one.stem, one.source, *place, {"territoire": place[0], **extra, **parameters}, one.title, formats)
        for place in places
    ]
    made = [replace(task, limits=limits or Limits(), book=book) for task in made]
    read = {
        k: _content_of(v) for k, v in parameters.items() if isinstance(v, str) and k not in ("classeur", "territoire")
    }
    return [replace(task, version=known, fingerprint=_fingerprint(task, known, read)) for task in made]


def find(notebook: str) -> Path:
    """The file of a notebook: a name of ``notebooks/``, or the path of any « .ipynb »."""
    if not isinstance(notebook, str | os.PathLike):
        raise RunError(f"Nom d'un carnet attendu, et non {given(notebook)}. Écrire par exemple « diagnostic ».")
    notebook = str(notebook)
    if notebook.endswith(".ipynb"):
        path = Path(notebook)
        if not path.is_file():
            raise RunError(f"Carnet introuvable : « {notebook} ».")
        if reason := misnamed(f"{path.stem}.html"):
            raise RunError(f"« {notebook} » : ses documents ne peuvent pas porter son nom ({reason}). Le renommer.")
        return path
    known = sorted(p.stem for p in paths.notebooks().glob("*.ipynb"))
    if notebook not in known:
        raise RunError(
            f"{unknown(f'Carnet inconnu : « {notebook} »', notebook, known, 'Carnets')}\n"
            "Pour un autre carnet, donner son chemin, « .ipynb » compris."
        )
    return paths.notebooks(f"{notebook}.ipynb")


def declared_parameters(content: NotebookNode) -> dict[str, object]:
    """What the cell tagged « parameters » of a notebook assigns: names, and values, None for one that is computed."""
    cells = [c for c in content.cells if "parameters" in c.metadata.get("tags", [])]
    declared = {}
    for node in ast.parse(cells[0].source if cells else "").body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        try:
            value = ast.literal_eval(getattr(node, "value", None) or "None")
        except ValueError:
            value = None
        declared |= {t.id: value for t in targets if isinstance(t, ast.Name)}
    return declared


def _read_parameters(one: Notebook, parameters: dict) -> dict:
    if "territoire" not in one.declared:
        raise RunError(
            f"Le carnet « {one.stem} » ne déclare pas le paramètre « territoire ».\n"
            "L'ajouter à sa cellule « parameters »."
        )
    check_names(f"Le carnet « {one.stem} » n'a pas", parameters, one.declared)
    book = str(parameters.get("classeur", ""))
    if Path(book).name != book or misnamed(book):
        said = f"Le paramètre « classeur » vaut « {book} » : un lot écrit chaque classeur à côté de son document."
        raise RunError(f"{said} Donner un nom de fichier, sans dossier, ou l'écrire vide pour n'en faire aucun.")
    return read_for(one, parameters)


def check_names(who: str, parameters: Iterable[str], declared: Iterable[str]) -> None:
    """Refuse the parameters that are not declared."""
    for name in parameters:
        if name not in declared:
            wrong = unknown(f"{who} de paramètre « {name} »", name, declared)
            raise RunError(f"{wrong}\nParamètres : {', '.join(declared)}.")


def read_for(one: Notebook, parameters: dict) -> dict:
    """The parameters that a notebook declares, each as the kind of thing that it is there."""
    return {name: read(name, given, one.declared[name]) for name, given in parameters.items() if name in one.declared}


def check_territory(parameters: dict, codes: list[str]) -> None:
    """A document is filed under its territory: no parameter may give it another one."""
    if "territoire" not in parameters:
        return
    given = parameters["territoire"]
    if any(code != given for code in codes):
        asked = codes[0] if len(codes) == 1 else french.plural(len(codes), "territoire")
        raise RunError(
            f"Le paramètre « territoire » vaut « {given} », et le carnet est demandé pour {asked}.\n"
            "Retirer ce paramètre : chaque document reçoit le code de son territoire."
        )


def _fingerprint(task: Task, known: dict[str, str], read: dict[str, str]) -> str:
    """The hash of all that a document depends on: notebook, parameters and the files that they name, ``versions()``."""
    asked = {k: v for k, v in asdict(task).items() if k not in ("fingerprint", "limits", "version")}
    said = json.dumps([asked, read, known], sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(said.encode("utf-8")).hexdigest()


def _content_of(text: str) -> str:
    """The hash of the files, or of the folders of files, that a parameter names, if it names some."""
    found = []
    for name in (text, *text.replace(";", ",").split(",")):
        with suppress(OSError, ValueError):  # too long, or not a path at all
            path = sought(name.strip(), folder=True) if name.strip() else None
            inside = sorted(path.rglob("*")) if path and path.is_dir() else [path] if path else []
            found += [(one.name, _hash(one)) for one in inside if one.is_file()]
    return hashlib.sha256(repr(found).encode()).hexdigest() if found else ""


@kept(maxsize=64)
def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
