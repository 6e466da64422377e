"""What the sources publish of the climate to come and of what is exposed (``parameters/adaptation.yml``)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, FiniteFloat

from copkit import paths
from copkit.errors import ParameterError, Problems, unknown
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
    path, problems = paths.parameters(FILE), Problems()
    found, _ = reading.read_model(path, Climate)
    sources, known = parameters.sources(), ("fr", *territories.codes("region"))
    said = [
        unknown(f"source inconnue « {one.source} »", one.source, sources, remedy=parameters.ADD_SOURCE)
        for one in (*found.warming, *found.markers, *found.exposures)
        if one.source not in sources
    ]
    said += [
        unknown(f"région inconnue « {one.place} »", one.place, known)
        for one in (*found.markers, *found.exposures)
        if one.place not in known
    ]
    years = [one.year for one in found.warming]
    said += [f"réchauffement de {one} écrit deux fois. N'en garder qu'un." for one in dict.fromkeys(years)
             if years.count(one) > 1]  # fmt: skip
    for message in said:
        problems.add(paths.shown(path), message)
    problems.raise_if_any(ParameterError)
    return found
