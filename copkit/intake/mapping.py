"""Which column of a file is which standard field: the files of ``parameters/mappings/KIND/``, and an analyst's own.

A mapping says, for each standard field, the headers that it may have (``headers.py`` finds them), what to translate,
what is personal, and what makes two rows the same dossier.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import Field, PrivateAttr, ValidationInfo, field_validator, model_validator

from copkit import paths
from copkit.errors import ParameterError, ProjectError, unknown
from copkit.files import kept
from copkit.intake import labels
from copkit.intake.fields import NUMBERS, Collected
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
    cover: str | None = None  # the sheet that says once what holds for the whole workbook, a label and a value a row
    aside: tuple[str, ...] = ()  # the sheets that are only consulted: nothing is lost by leaving them out
    header_row: int | None = None
    programme: str = ""
    year: int | None = None
    deduplicate: tuple[str, ...] | None = None
    missing: tuple[str, ...] = MISSING
    decimal: Literal["", ",", "."] = ""  # the mark of decimals, where a schema or a machine says it: 1.500 is then 1,5
    fields: dict[str, FieldMap] = Field(default_factory=dict)
    constants: dict[str, str] = Field(default_factory=dict)
    levers: LeverTable | None = None
    blocks: tuple[Block, ...] = ()
    personal: tuple[str, ...] = ()
    not_personal: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    _matched: dict = PrivateAttr(default_factory=dict)  # headers → their columns: a thousand files have the same

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
                wrong = unknown(f"champ inconnu « {name} »", name, given)
                raise ValueError(f"{wrong} Les champs sont ceux de « copkit template mapping »")
        for block in self.blocks:
            if block.how == "sum" and given[block.field].kind not in NUMBERS:
                raise ValueError(f"blocks : « {block.field} » n'est pas un nombre, écrire « how: join »")
        for name, where in self.fields.items():
            if given[name].kind != "place" and (where.codes or where.departements):
                raise ValueError(f"« {name} » n'est pas un territoire : retirer « codes » et « departements »")
        for row in self.levers.rows if self.levers else ():
            for lever in (row.lever, *row.levers):
                if lever not in labels.lever_ids():
                    said = f"levers.rows : levier inconnu « {lever} »"
                    raise ValueError(unknown(said, lever, sorted(labels.lever_ids())))
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
            raise ProjectError(
                f"{unknown(f'Correspondance inconnue : « {name} »', name, known, 'Correspondances du kit')}\n"
                "Donner un de ces noms, ou le chemin d'un .yml, que « copkit template mapping FICHIER » propose."
            )
    elif not os.path.isfile(path):
        raise ProjectError(f"{path} : fichier de correspondance absent. Vérifier le chemin.")
    return _load(path.resolve(), kind)


@kept(maxsize=32)
def _load(path: Path, kind: Collected) -> Mapping:
    mapping, _ = reading.read_model(path, Mapping, kind)
    if mapping.base:
        if mapping.base not in names(kind):
            said = f"{paths.shown(path)} : base : correspondance inconnue « {mapping.base} »"
            raise ParameterError(unknown(said, mapping.base, names(kind)))
        mapping = _over(mapping, load(mapping.base, kind))
    if not any(where in mapping.fields for where in kind.key):
        neither = " ni ".join(f"« {name} »" for name in reversed(kind.key))
        raise ParameterError(f"{paths.shown(path)} : fields : ni {neither}. Dire au moins une de ces colonnes.")
    return mapping


def _over(mapping: Mapping, base: Mapping) -> Mapping:
    """A mapping laid over its base: its own fields first, lists put together."""
    return mapping.model_copy(
        update={
            "fields": base.fields | mapping.fields,
            "sheet": mapping.sheet or base.sheet,
            "only_sheet": mapping.only_sheet or base.only_sheet,
            "decimal": mapping.decimal or base.decimal,
            "personal": (*mapping.personal, *base.personal),
            "not_personal": (*mapping.not_personal, *base.not_personal),
            "ignored": (*mapping.ignored, *base.ignored),
            "constants": base.constants | mapping.constants,
        }
    )
