"""What a follow-up is made to follow (``parameters/suivi.yml``): the work sites of a region, the tools to point to."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from copkit import paths
from copkit.errors import ParameterError, Problems, unknown
from copkit.files import kept
from copkit.models import nomenclatures
from copkit.reference import parameters, reading, territories

FILE = "suivi.yml"


class Worksite(parameters.Strict):
    """A field of work; ``follow``: what is looked at a year later; ``needs``: the data still to be gathered."""

    id: str
    label: str
    levers: Literal["tous"] | list[str]
    follow: Annotated[list[str], Field(min_length=1)]
    needs: list[str]


class Worksites(parameters.Strict):
    """Those of a territory, with their source."""

    source: str
    territory: str
    status: parameters.Status
    note: str
    items: Annotated[list[Worksite], Field(min_length=1)]


class Tool(parameters.Strict):
    """A tool, its address, what it gives; ``territory``: the only one that it serves."""

    id: str
    label: str
    url: Annotated[str, Field(pattern=r"^https://[^\s]+$")]
    what: str
    territory: str = "fr"


class Tools(parameters.Strict):
    """Tools, and who cites them."""

    source: str
    items: list[Tool]


class Rules(parameters.Strict):
    """``parameters/suivi.yml``."""

    version: str
    year: Annotated[int, Field(ge=1990, le=2100)]
    worksites: Worksites
    tools: Tools

    def tools_of(self, code: str) -> list[Tool]:
        """The tools that serve a territory."""
        return [one for one in self.tools.items if one.territory in ("fr", territories.region_of(code))]


@kept(maxsize=1)
def rules() -> Rules:
    """What a follow-up is made to follow.

    Raises
    ------
    ParameterError
        If the file is damaged: all its problems at once.
    """
    path, problems = paths.parameters(FILE), Problems()
    found, _ = reading.read_model(path, Rules)
    levers, sources, known = nomenclatures.cop_labels(), parameters.sources(), territories.codes("region")
    said = [
        unknown(f"source inconnue « {one} »", one, sources, remedy=parameters.ADD_SOURCE)
        for one in (found.worksites.source, found.tools.source)
        if one not in sources
    ]
    said += [
        unknown(f"chantier « {site.id} » : levier inconnu « {one} »", one, levers)
        for site in found.worksites.items
        for one in (site.levers if site.levers != "tous" else ())
        if one not in levers
    ]
    places = [found.worksites.territory, *(one.territory for one in found.tools.items)]
    said += [unknown(f"région inconnue « {one} »", one, known) for one in places if one not in ("fr", *known)]
    for what, items in (("chantier", found.worksites.items), ("outil", found.tools.items)):
        names = [one.id for one in items]
        twice = dict.fromkeys(one for one in names if names.count(one) > 1)
        said += [f"{what} « {one} » écrit deux fois. N'en garder qu'un." for one in twice]
    for message in said:
        problems.add(paths.shown(path), message)
    problems.raise_if_any(ParameterError)
    return found
