"""What the sources publish of the climate to come and of what is exposed; what they do not give is said."""

from __future__ import annotations

from copkit import french
from copkit.adaptation.climate import FILE
from copkit.adaptation.recensement import Recensement
from copkit.presentation import labels
from copkit.presentation.adaptation.document import caption
from copkit.presentation.document import Section
from copkit.presentation.table import Table
from copkit.presentation.text import Text
from copkit.reference import parameters, territories

MARKERS, EXPOSURE = Section("reperes", 20), Section("exposition", 30)


@MARKERS.sentence(always=True)
def warming(r: Recensement) -> Text:
    """Les niveaux de réchauffement de la TRACC, ou qu'aucune source du kit ne les donne."""
    if r.warming:
        return Text("Les niveaux de réchauffement de la trajectoire de référence (TRACC), par échéance.")
    return Text(
        "**Niveaux de la TRACC : à renseigner.** La trajectoire de réchauffement de référence donne le réchauffement à "
        "retenir par échéance ; les sources réunies la citent sans en donner les niveaux. Les écrire avec leur source "
        "dans « parameters/{} » (warming) : ils paraîtront ici.",
        FILE,
    )


@MARKERS.table("rechauffement", sheet="TRACC", rank=20, always=True)
def _warming(r: Recensement) -> Table | None:
    if not r.warming:
        return None
    return Table.of(
        _caption(r, "Réchauffement à retenir par échéance (TRACC)", r.warming),
        {
            "Échéance": [str(one.year) for one in r.warming],
            "Réchauffement (°C)": ([one.warming for one in r.warming], 1),
            "Par rapport à": [one.reference for one in r.warming],
        },
    )


@MARKERS.table("reperes", sheet="Repères", rank=21, always=True)
def _markers(r: Recensement) -> Table:
    names = {"fr": "France"}
    return Table.of(
        _caption(r, "Repères publiés sur le climat qui vient", r.markers),
        {
            "Territoire": [names.get(one.place) or territories.name(one.place) for one in r.markers],
            "Repère": [one.text for one in r.markers],
        },
    )


@EXPOSURE.sentence(always=True)
def exposed(r: Recensement) -> Text:
    """De quel territoire parlent les thèmes d'exposition, ou qu'aucune source du kit n'en publie."""
    region = r.territory if r.territory == "fr" else territories.region_of(r.territory)
    if not r.exposures:
        return Text(
            "**Thèmes d'exposition : à renseigner.** Les sources réunies n'en publient aucun {}. Les écrire avec "
            "leur source dans « parameters/{} » (exposures) : ils paraîtront ici.",
            labels.of(region), FILE,
        )  # fmt: skip
    if r.territory.startswith("dep"):
        named = territories.name(region)
        return Text("Thèmes publiés pour la région {} ; les sources réunies n'en donnent pas par département.", named)
    return Text("Thèmes publiés {}, dans l'ordre de leur source.", labels.of(region))


@EXPOSURE.table("exposition", sheet="Exposition", rank=22, always=True)
def _exposures(r: Recensement) -> Table | None:
    if not r.exposures:
        return None
    return Table.of(
        _caption(r, "Thèmes d'exposition publiés", r.exposures),
        {
            "Thème": [one.theme for one in r.exposures],
            "Ce qui est publié": [one.text for one in r.exposures],
        },
    )


def _caption(r: Recensement, text: str, shown: list) -> str:
    """What, where, and the sources of what is shown."""
    known = [parameters.sources()[key] for key in dict.fromkeys(one.source for one in shown)]
    said = french.join(f"{one.publisher}, « {one.title} », {one.year}" for one in known)
    return f"{caption(r, text, invented=False)}. Source : {said}"
