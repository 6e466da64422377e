"""What a follow-up is made to follow (``parameters/suivi.yml``): the work sites of a region, the tools to point to."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from copkit import paths
from copkit.errors import repeated, unknowns
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
    return reading.read_checked(paths.parameters(FILE), Rules, _faults)


def _faults(found: Rules, _: dict) -> list[str]:
    sites, tools, levers = found.worksites, found.tools, nomenclatures.cop_labels()
    said = parameters.unknown_sources((sites.source, tools.source))
    for site in sites.items:
        cited = site.levers if site.levers != "tous" else ()
        said += unknowns(f"chantier « {site.id} » : levier inconnu « {{}} »", cited, levers)
    places = [one for one in (sites.territory, *(one.territory for one in tools.items)) if one != "fr"]
    said += unknowns("région inconnue « {} »", places, territories.codes("region"))
    for what, items in (("chantier", sites.items), ("outil", tools.items)):
        twice = repeated(one.id for one in items)
        said += [f"{what} « {one} » écrit deux fois. N'en garder qu'un." for one in twice]
    return said
