"""What the sources publish of the climate to come and of what is exposed (``parameters/adaptation.yml``)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, FiniteFloat

from copkit import paths
from copkit.errors import repeated, unknowns
from copkit.files import kept
from copkit.reference import parameters, reading, territories

FILE = "adaptation.yml"
Words = Annotated[str, Field(min_length=1)]


class Sourced(parameters.Strict):
    """What is published, and where."""

    source: str
    locator: Words


class Warming(Sourced):
    """A level of the reference trajectory (TRACC): the warming to plan for in a year, and what it is compared with."""

    year: Annotated[int, Field(ge=2000, le=2200)]
    warming: FiniteFloat
    reference: Words


class Marker(Sourced):
    """What a source says of the climate to come; ``place``: « fr », or the région of which it speaks."""

    place: str
    text: Words


class Exposure(Marker):
    """A theme of exposure that a source publishes for a région."""

    theme: Words


class Climate(parameters.Strict):
    """``parameters/adaptation.yml``."""

    version: str
    warming: list[Warming]
    markers: list[Marker]
    exposures: list[Exposure]

    def markers_of(self, code: str) -> list[Marker]:
        """What is said of France, then of the région of a territory."""
        return [one for one in self.markers if one.place in ("fr", _region(code))]

    def exposures_of(self, code: str) -> list[Exposure]:
        """The themes of exposure that are published for the région of a territory."""
        return [one for one in self.exposures if one.place in ("fr", _region(code))]


def _region(code: str) -> str:
    return code if code == "fr" else territories.region_of(code)


@kept(maxsize=1)
def climate() -> Climate:
    """What the sources publish.

    Raises
    ------
    ParameterError
        If the file is damaged: all its problems at once.
    """
    return reading.read_checked(paths.parameters(FILE), Climate, _faults)


def _faults(found: Climate, _: dict) -> list[str]:
    placed, years = (*found.markers, *found.exposures), [one.year for one in found.warming]
    return [
        *parameters.unknown_sources(one.source for one in (*found.warming, *placed)),
        *unknowns("région inconnue « {} »", (one.place for one in placed), ("fr", *territories.codes("region"))),
        *(f"réchauffement de {one} écrit deux fois. N'en garder qu'un." for one in repeated(years)),
    ]
