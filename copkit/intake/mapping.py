"""Which column of a file is which standard field: the files of ``parameters/mappings/KIND/``, and an analyst's own.

A mapping says, for each standard field, the headers that it may have (``headers.py`` finds them), what to translate,
what is personal, and what makes two rows the same dossier.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from copkit import french, paths
from copkit.errors import ParameterError, ProjectError, suggestion
from copkit.intake import labels
from copkit.intake.fields import Collected
from copkit.intake.headers import head, match
from copkit.intake.sheet import Sheet
from copkit.reference import reading
from copkit.reference.parameters import Strict

MISSING = ("NULL", "N/A", "NA", "nan", "None", "n.d.", "-", "–", "—")


class FieldMap(Strict):
    """Where a standard field is; for a place, ``codes`` and ``departements`` are the columns beside its label."""

    headers: tuple[str, ...] = ()
    champs: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    departements: tuple[str, ...] = ()
    values: dict[str, str] = Field(default_factory=dict)


class LeverRow(Strict):
    """A démarche or programme, and the lever that it serves."""

    number: str = ""
    label: str
    lever: str
    levers: tuple[str, ...] = ()
    note: str = ""


class LeverTable(Strict):
    """Levers deduced from the démarche of each row, with the status of the deduction."""

    status: str
    numbers: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    rows: tuple[LeverRow, ...] = Field(min_length=1)


class Block(Strict):
    """A repeatable block of a form: one of its columns joined, or added up, into a field of the dossier."""

    label: str
    header: str
    field: str
    how: Literal["join", "sum"] = "join"


class Mapping(Strict):
    """How to read a family of files."""

    label: str
    note: str = ""
    base: str | None = None
    recognise: tuple[str, ...] = ()
    sheet: str | None = None
    only_sheet: bool = False
    header_row: int | None = None
    programme: str = ""
    year: int | None = None
    deduplicate: tuple[str, ...] | None = None
    missing: tuple[str, ...] = MISSING
    fields: dict[str, FieldMap] = Field(default_factory=dict)
    constants: dict[str, str] = Field(default_factory=dict)
    levers: LeverTable | None = None
    blocks: tuple[Block, ...] = ()
    personal: tuple[str, ...] = ()
    not_personal: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()

    @field_validator("fields", mode="before")
    @classmethod
    def _short(cls, given: object) -> object:
        """« title: Intitulé » and « title: [Intitulé, Titre] » stand for « title: {headers: […]} »."""
        if not isinstance(given, dict):
            return given
        short = {
            k: {"headers": [v] if isinstance(v, str) else v} for k, v in given.items() if isinstance(v, str | list)
        }
        return given | short

    @model_validator(mode="after")
    def _known(self, info: ValidationInfo) -> Mapping:
        given = info.context.given
        named = [*self.fields, *self.constants, *(self.deduplicate or ()), *(block.field for block in self.blocks)]
        for name in named:
            if name not in given:
                hint = suggestion(name, list(given))
                raise ValueError(f"champ inconnu « {name} ».{hint} Les champs sont ceux de « copkit template mapping »")
        for name, where in self.fields.items():
            if given[name].kind != "place" and (where.codes or where.departements):
                raise ValueError(f"« {name} » n'est pas un territoire : retirer « codes » et « departements »")
        for row in self.levers.rows if self.levers else ():
            for lever in (row.lever, *row.levers):
                if lever not in labels.lever_ids():
                    hint = suggestion(lever, sorted(labels.lever_ids()))
                    raise ValueError(f"levers.rows : levier inconnu « {lever} ».{hint}")
        return self


# ------------------------------------------------------------------ files


def names(kind: Collected) -> list[str]:
    """The mappings of a kind of thing, in ``parameters/mappings``."""
    return sorted(path.stem for path in paths.parameters("mappings", kind.name).glob("*.yml"))


def load(name: str | Path, kind: Collected) -> Mapping:
    """A mapping by its name in ``parameters/mappings/KIND``, or by the path of a YAML file.

    Raises
    ------
    ProjectError
        If nothing has this name.
    ParameterError
        If the file is damaged: all its problems at once.
    """
    path = Path(name)
    if path.suffix not in (".yml", ".yaml"):
        path, known = paths.parameters("mappings", kind.name, f"{name}.yml"), names(kind)
        if str(name) not in known:
            hint = suggestion(str(name), known)
            raise ProjectError(
                f"Correspondance inconnue : « {name} ».{hint} Correspondances du kit : {', '.join(known)}.\n"
                "Donner un de ces noms, ou le chemin d'un .yml, que « copkit template mapping FICHIER » propose."
            )
    elif not path.is_file():
        raise ProjectError(f"{path} : fichier de correspondance absent. Vérifier le chemin.")
    return _load(str(path.resolve()), path.stat().st_mtime_ns, str(paths.home()), kind)


@lru_cache(maxsize=32)
def _load(file: str, modified: int, home: str, kind: Collected) -> Mapping:
    mapping, _ = reading.read_model(Path(file), Mapping, kind)
    if mapping.base:
        if mapping.base not in names(kind):
            hint = suggestion(mapping.base, names(kind))
            raise ParameterError(
                f"{paths.shown(Path(file))} : base : correspondance inconnue « {mapping.base} ».{hint}"
            )
        mapping = _over(mapping, load(mapping.base, kind))
    if not any(where in mapping.fields for where in kind.key):
        neither = " ni ".join(f"« {name} »" for name in reversed(kind.key))
        raise ParameterError(f"{paths.shown(Path(file))} : fields : ni {neither}. Dire au moins une de ces colonnes.")
    return mapping


def _over(mapping: Mapping, base: Mapping) -> Mapping:
    """A mapping laid over its base: its own fields first, lists put together."""
    return mapping.model_copy(
        update={
            "fields": base.fields | mapping.fields,
            "sheet": mapping.sheet or base.sheet,
            "only_sheet": mapping.only_sheet or base.only_sheet,
            "personal": (*mapping.personal, *base.personal),
            "not_personal": (*mapping.not_personal, *base.not_personal),
            "ignored": (*mapping.ignored, *base.ignored),
            "constants": base.constants | mapping.constants,
        }
    )


# ------------------------------------------------------------------ the mapping of a file


def recognise(book: dict[str, Sheet], shown: str, kind: Collected) -> str:
    """The name of the mapping whose headers a file has.

    Raises
    ------
    ProjectError
        If no mapping or several fit.
    """
    scores = {}
    for name in names(kind):
        one = load(name, kind)
        wanted = set(map(head, one.recognise))
        if wanted and any(wanted <= set(map(head, sheet.headers)) for sheet in book.values()):
            scores[name] = len(wanted)
    best = [name for name, score in scores.items() if score == max(scores.values())]
    if len(best) == 1:
        return best[0]
    if best:
        raise ProjectError(
            f"{shown} : plusieurs correspondances conviennent : {', '.join(best)}. En donner une avec mapping=."
        )
    headers = next(iter(book.values())).headers
    listed = french.join([f"« {h} »" for h in headers[:8]]) if headers else "aucun"
    raise ProjectError(
        f"{shown} : en-têtes non reconnus ({listed}{'…' if len(headers) > 8 else ''}).\n"
        f"Donner une correspondance avec mapping= ({', '.join(names(kind))}), ou en faire une : "
        "« copkit template mapping FICHIER » en propose une d'après les en-têtes."
    )


def tables(mapping: Mapping, book: dict[str, Sheet], shown: str, kind: Collected) -> list[Sheet]:
    """The sheets to read: the one that the mapping names, or that has the most of its headers, and those like it.

    Raises
    ------
    ProjectError
        If the named sheet is absent, or if no column is one of the mapping's.
    """
    best = max(book.values(), key=lambda sheet: len(match(mapping, sheet).columns))
    near = {head(name): sheet for name, sheet in book.items()}
    named = near.get(head(mapping.sheet)) if mapping.sheet else None
    absent = bool(mapping.sheet) and "" not in book and named is None
    if absent and (mapping.only_sheet or not _has_key(mapping, best, kind)):
        raise ProjectError(
            f"{shown} : feuille « {mapping.sheet} » absente.{suggestion(mapping.sheet, list(book))} "
            f"Feuilles du fichier : {', '.join(book)}. Rétablir son nom, ou le changer dans la correspondance."
        )
    best = named or best
    if not named and not _has_key(mapping, best, kind):
        wanted = [h for name in reversed(kind.key) if name in mapping.fields for h in mapping.fields[name].headers]
        asked = " ou ".join(f"« {kind.fields[name].label} »" for name in reversed(kind.key))
        raise ProjectError(
            f"{shown} : aucune colonne {asked}. En-têtes attendus : {', '.join(wanted)}. "
            "Les rétablir, ou les ajouter à la correspondance."
        )
    found = [sheet for sheet in book.values() if sheet is best or not left_out(mapping, sheet, best, kind)]
    if absent:
        names = french.join([f"« {sheet.name} »" for sheet in found])
        said = "lue à sa place car elle a" if len(found) == 1 else "lues à sa place car elles ont"
        best.notes.append(f"feuille « {mapping.sheet} » absente, {names} {said} ses en-têtes")
    return found


def left_out(mapping: Mapping, sheet: Sheet, main: Sheet, kind: Collected) -> str:
    """Why a sheet is not read as ``main`` is; empty when it is.

    It is read when it has a key column, and more than half of the columns that are read in ``main``.
    """
    wanted, here = (list(dict.fromkeys(name for name, _ in match(mapping, one).columns)) for one in (main, sheet))
    missing = [name for name in wanted if name not in here]
    if not set(here) & set(kind.key):
        said = " ni ".join(f"« {kind.fields[name].label} »" for name in kind.key)
        return f"autre chose que des {kind.noun[1]} : ni colonne {said}"
    if 2 * len(missing) >= len(wanted):
        headers = french.join([f"« {_header(mapping, main, name)} »" for name in missing])
        return f"trop peu d'en-têtes pour des {kind.noun[1]}. Si c'en est, y ajouter {headers}"
    return f"mêmes en-têtes, mais la correspondance ne lit que « {main.name} »" if mapping.only_sheet else ""


def _header(mapping: Mapping, sheet: Sheet, name: str) -> str:
    columns = match(mapping, sheet).columns
    return next(sheet.headers[positions[0]] for (field, _), positions in columns.items() if field == name)


def _has_key(mapping: Mapping, sheet: Sheet, kind: Collected) -> bool:
    found = match(mapping, sheet).columns
    return any((name, "") in found for name in kind.key)
