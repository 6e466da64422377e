"""What is read again, how, and what looks abnormal: ``parameters/refresh.yml``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, FiniteFloat, model_validator

from copkit import paths
from copkit.files import kept
from copkit.reference import reading
from copkit.reference.parameters import Status, Strict, sources

FILE = "refresh.yml"
Positive = Annotated[FiniteFloat, Field(ge=0)]


class Origin(Strict):
    """Where series are published, under which source their new values are written, and which one was delivered."""

    url: str
    source: str
    delivered: str
    token: str = ""  # the environment variable that holds it
    rows: int = 0

    @model_validator(mode="after")
    def _known(self) -> Origin:
        for name in (self.source, self.delivered):
            if name not in sources():
                raise ValueError(f"source inconnue « {name} ». Ajouter une clé à parameters/sources.yml")
        return self


class Network(Strict):
    """How a public service is asked. [s]; ``keep``: how long an answer is not asked for again [h]"""

    interval: Positive
    timeout: Positive
    retries: int
    backoff: Positive
    longest: Positive
    keep: Positive


class Bounds(Strict):
    """Beyond which change a value looks abnormal: as a share of the highest value of its series, or in points."""

    jump: Positive | None = None
    revision: Positive | None = None
    points: Positive | None = None
    revision_points: Positive | None = None
    status: Status
    note: str

    @model_validator(mode="after")
    def _one_way(self) -> Bounds:
        shares, points = (self.jump, self.revision), (self.points, self.revision_points)
        if [None in shares, None in points] not in ([False, True], [True, False]):
            raise ValueError("écrire jump et revision, ou points et revision_points")
        return self


class Series(Strict):
    """One series: its name in the kit, the unit that its source declares, the one of the kit."""

    indicator: str
    declared: str
    unit: str
    bounds: str
    factor: Positive = 1.0
    misleading: bool = False
    largest: tuple[float, float] | None = None
    note: str = ""

    @model_validator(mode="after")
    def _verified(self) -> Series:
        if self.misleading != (self.largest is not None):
            raise ValueError("misleading ne va pas sans largest, qui vérifie l'unité")
        return self


class Indicator(Series):
    """A series of the hub, by région."""

    measure: str
    split: str = ""
    sum: tuple[str, ...] = ()
    keep: str = ""
    zero: Literal["valeur", "absent_outre_mer"] = "valeur"
    cumulative: bool = False
    foreign: bool = False
    first_year: int = 0

    @model_validator(mode="after")
    def _split(self) -> Indicator:
        if bool(self.split) != (bool(self.sum) != bool(self.keep)) or (self.sum and self.keep):
            raise ValueError("split va avec sum ou avec keep, et l'un des deux seulement")
        return self


class National(Series):
    """A series of the barometer, for France."""

    perimeter: str


class Control(Strict):
    """A control total: the sum of the territories beside France, or each région beside the simulator's start.

    ``totals``: of France by year, in ``unit``, where ``source`` gives them and no series of the kit does.
    """

    label: str
    parts: str
    level: Literal["region", "departement"]
    factor: Positive = 1.0
    total: str = ""
    baseline: str = ""  # a lever, whose starting points are those of ``year``, in ``unit``
    year: int = 0
    unit: str = ""
    totals: dict[int, float] = Field(default_factory=dict)
    source: str = ""
    tolerance: Positive
    status: Status
    note: str

    @model_validator(mode="after")
    def _beside(self) -> Control:
        if bool(self.baseline) != bool(self.year and self.unit and not self.totals) or (self.baseline and self.total):
            raise ValueError("écrire total, ou baseline avec year et unit")
        if bool(self.totals) != bool(self.source) or (self.totals and (self.total or self.baseline or not self.unit)):
            raise ValueError("écrire totals avec source et unit, et ni total ni baseline")
        return self


class Settings(Strict):
    """The file."""

    hub: Origin
    barometer: Origin
    network: Network
    first_year: int
    rounding: Positive
    bounds: dict[str, Bounds]
    aside: dict[str, tuple[str, ...]]
    controls: tuple[Control, ...]
    indicators: dict[str, Indicator]
    series: dict[str, National]

    @model_validator(mode="after")
    def _bounded(self) -> Settings:
        every = (*self.indicators.items(), *self.series.items())
        for name, one in every:
            if one.bounds not in self.bounds:
                raise ValueError(f"« {name} » : bornes inconnues « {one.bounds} ». Bornes : {', '.join(self.bounds)}")
        names = [one.indicator for _, one in every]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"série donnée deux fois : {', '.join(twice)}. En garder une")
        return self

    def of(self, indicator: str) -> Series:
        """What is said of a series of the kit."""
        return next(one for one in (*self.indicators.values(), *self.series.values()) if one.indicator == indicator)


def settings() -> Settings:
    """What the file says.

    Raises
    ------
    ParameterError
        If it is absent or damaged: all its problems at once.
    """
    return _read()


@kept(maxsize=2)
def _read() -> Settings:
    return reading.read_model(paths.parameters(FILE), Settings)[0]
