"""The schemas of ``parameters/`` and how they are read: everything checked at once, explained in French.

A lever is a file (``leviers/<id>.yml``). Unknown keys are refused, so that a misspelt key never becomes
a default. Each problem names the file, the line and the remedy.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator

from copkit import clock, french, paths
from copkit.errors import ParameterError, Problems, unknown, unknowns
from copkit.files import kept
from copkit.reference import reading, units

Kind = Literal["stock", "flow", "uptake", "intensity", "direct", "none"]
Enjeu = Literal["climat", "biodiversite", "ressources", "adaptation", "sante"]
Thematique = Literal["se_deplacer", "se_loger", "se_nourrir", "produire", "consommer", "preserver"]
Sector = Literal[
    "transport",
    "residentiel",
    "tertiaire",
    "batiment",
    "agriculture_foret_sols",
    "dechets",
    "energie",
    "industrie",
    "biodiversite_ressources",
]
Status = Literal["publie", "derive", "hypothese"]
Bound = float | Literal["baseline"] | None
Text = Annotated[str, StringConstraints(pattern=r"\S")]
ADD_SOURCE = "Ajouter une clé de parameters/sources.yml."


FIRST = 2024  # no parameter of the kit was to be reviewed before


class Strict(BaseModel):
    """A block of a file: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Quantity(Strict):
    """What the lever counts. ``additive``: the quantity of a region is the sum of its départements."""

    label: Text
    unit: str
    min: Bound
    max: Bound
    additive: bool

    @model_validator(mode="after")
    def _ordered(self) -> Quantity:
        if isinstance(self.min, float) and isinstance(self.max, float) and self.max < self.min:
            raise ValueError(f"max ({self.max:g}) est sous min ({self.min:g}). Les corriger, ou les échanger")
        return self


class UnitAbatement(Strict):
    """ktCO2e/an avoided per unit of quantity; the values, one per région, are in the panorama table."""

    unit: str
    source: str


class RationaleTarget(Strict):
    """One physical target of the national rationale (``sgpe_point_de_sortie``)."""

    kind: Literal["level", "change", "factor", "rate", "text", "none", "not_applicable", "to_be_defined"]
    indicator: str | None = None
    value: float | None = None
    unit: str | None = None
    base_year: int | None = None
    year: int | None = None
    text: str

    @model_validator(mode="after")
    def _typed(self) -> RationaleTarget:
        numeric = self.kind in ("level", "change", "factor", "rate")
        if numeric and (self.value is None or self.unit is None or self.indicator is None):
            raise ValueError(f"une cible « {self.kind} » a besoin de « indicator », « value » et « unit »")
        if not numeric and self.value is not None:
            raise ValueError(f"une cible « {self.kind} » n'a pas de valeur : retirer « value »")
        if self.base_year and self.year and self.year < self.base_year:
            raise ValueError(f"year ({self.year}) est avant base_year ({self.base_year}). Les échanger")
        return self


class Rationale(Strict):
    """A row of the national rationale: the lever as the 47 rows name it, and its targets."""

    label: Text
    targets: Annotated[list[RationaleTarget], Field(min_length=1)]
    source: str
    locator: str


class Nomenclatures(Strict):
    """Where the lever stands: rank among the 43 of the COP, identifier in the official simulator."""

    cop: Annotated[int, Field(ge=1, le=43)] | None = None
    simulateur: str | None = None


class Actors(Strict):
    """Who holds the lever. The source gives no list: an assumption of the kit, said as such."""

    actors: Annotated[list[Literal["region", "infra", "etat", "entreprises"]], Field(min_length=1)]
    status: Status


class Validity(Strict):
    """Where and until when the lever is used."""

    territories: list[Literal["metropole", "outre_mer"]]
    years: tuple[int, int]
    review_by: date

    @field_validator("years")
    @classmethod
    def _in_order(cls, years: tuple[int, int]) -> tuple[int, int]:
        if not 1990 <= years[0] <= years[1] <= 2100:
            raise ValueError(f"années {years[0]} et {years[1]} : écrire la première, puis la dernière, de 1990 à 2100")
        return years

    @field_validator("review_by", mode="before")
    @classmethod
    def _a_date(cls, given: object) -> object:
        if isinstance(given, bool | int | float):
            raise ValueError(f"date attendue, trouvé « {given} ». Écrire AAAA-MM-JJ")
        return given

    @model_validator(mode="after")
    def _after(self) -> Validity:
        if self.review_by.year < FIRST:
            raise ValueError(f"review_by ({self.review_by}) est avant {FIRST} : date de relecture à venir attendue")
        return self


class Lever(Strict):
    """A lever: what it is, what it counts, what the nation expects of it."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    label: Text
    thematique: Thematique
    theme: str
    sector: Sector
    enjeux: list[Enjeu]
    nomenclatures: Nomenclatures
    kind: Kind
    quantity: Quantity | None = None
    unit_abatement: UnitAbatement | None = None
    a_la_main: Actors
    rationale: list[Rationale] = []
    note: str
    valid: Validity

    @model_validator(mode="after")
    def _coherent(self) -> Lever:
        physical = self.kind in ("stock", "flow", "uptake", "intensity")
        if physical and (self.quantity is None or self.unit_abatement is None):
            raise ValueError(f"un levier « {self.kind} » a besoin de « quantity » et de « unit_abatement »")
        if not physical and (self.quantity is not None or self.unit_abatement is not None):
            raise ValueError(f"un levier « {self.kind} » n'a ni « quantity » ni « unit_abatement » : les retirer")
        if self.nomenclatures.cop is not None and not self.rationale:
            raise ValueError("un des 43 leviers a au moins une ligne de « rationale » (table des sous-jacents)")
        return self


class Source(Strict):
    """A source: who published what, when, under which licence, where it was read.

    ``url``: the address where its producer publishes it, when it is known.
    """

    publisher: Text
    title: Text
    year: str
    licence: str
    locator: str
    url: str = Field(default="", pattern=r"^(https://[\w./-]+)?$")

    @property
    def in_short(self) -> str:
        """Who published it, in a word or two."""
        return self.publisher.split(",")[0].split(" (")[0]


def read_sources(problems: Problems) -> dict[str, Source]:
    """``parameters/sources.yml``: every source that a figure may name."""
    path = paths.parameters("sources.yml")
    content, lines = reading.load_yaml(path, problems)
    out = {}
    for key, block in (content if isinstance(content, dict) else {}).items():
        try:
            out[key] = Source.model_validate(block)
        except ValidationError as error:
            out[key] = None  # the levers that name it are not to blame; the file is refused anyway
            shifted = {at[1:]: line for at, line in lines.items() if at[:1] == (key,)}
            for message in reading.explain(error, shifted, Source):
                problems.add(paths.shown(path), message.replace(" : ", f" : {key}.", 1))
    return out


def read_lever(path: Path, sources: dict[str, Source], problems: Problems) -> Lever | None:
    """One file of ``parameters/leviers/``; its problems are added to ``problems``."""
    content, lines = reading.load_yaml(path, problems)
    if content is None:
        return None
    try:
        lever = Lever.model_validate(content)
    except ValidationError as error:
        for message in reading.explain(error, lines, Lever):
            problems.add(paths.shown(path), message)
        lever = None
    if isinstance(content, dict):
        for message in _wrong_references(content, lines, sources):
            problems.add(paths.shown(path), message)
    if lever and lever.id != path.stem:
        problems.add(
            paths.shown(path), f"ligne {lines[('id',)]} : id « {lever.id} » différent du nom du fichier. Les accorder."
        )
    return lever


def _wrong_references(content: dict, lines: dict[tuple, int], sources: dict) -> Iterator[str]:
    """Units and sources that the file names have to exist, whatever else is wrong in it."""
    for at, line in lines.items():
        unit = at in (("quantity", "unit"), ("unit_abatement", "unit"))
        if not unit and at[-1:] != ("source",):
            continue
        value = content
        for step in at:
            try:
                value = value[step]
            except (TypeError, LookupError):  # of a block that another of the same name took the place of
                value = None
        if not isinstance(value, str):
            continue
        place = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in at).lstrip(".")
        if not unit and value not in sources:
            said = f"ligne {line} : {place} : source inconnue « {value} »"
            yield unknown(said, value, sources, remedy=ADD_SOURCE)
        if unit and (message := units.unknown(value)):
            yield f"ligne {line} : {place} : {message}"


def _check_ranks(found: dict[str, Lever], problems: Problems) -> None:
    for rank in range(1, 44):
        files = [f"{lever.id}.yml" for lever in found.values() if lever.nomenclatures.cop == rank]
        if len(files) != 1:
            held = f"dans {french.join(files)}" if files else "dans aucun fichier"
            message = f"nomenclatures.cop : rang {rank} {held}. Écrire chaque rang de 1 à 43 une fois."
            problems.add("parameters/leviers", message)


@kept(maxsize=4)
def _load() -> tuple[dict[str, Source], dict[str, Lever]]:
    problems = Problems()
    sources = read_sources(problems)
    levers = [read_lever(path, sources, problems) for path in sorted(paths.parameters("leviers").glob("*.yml"))]
    found = {lever.id: lever for lever in levers if lever}
    if not problems:
        _check_ranks(found, problems)
    problems.raise_if_any(ParameterError)
    return sources, found


def sources() -> dict[str, Source]:
    """Every source, by key.

    Raises
    ------
    ParameterError
        If any file of ``parameters/`` is damaged: all problems of all files at once.
    """
    return _load()[0]


def unknown_sources(names: Iterable[str]) -> list[str]:
    """What is said of each source that ``parameters/sources.yml`` has not."""
    return unknowns("source inconnue « {} »", names, sources(), remedy=ADD_SOURCE)


def levers() -> dict[str, Lever]:
    """Every lever of ``parameters/leviers/``, by id.

    Raises
    ------
    ParameterError
        If any file of ``parameters/`` is damaged: all problems of all files at once.
    """
    return _load()[1]


def overdue(today: date | None = None) -> list[Lever]:
    """The levers whose ``review_by`` is past: they still work, and the documents say so."""
    today = today or clock.today().date()
    return [lever for lever in levers().values() if lever.valid.review_by < today]
