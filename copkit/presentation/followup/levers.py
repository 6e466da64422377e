"""The levers: whether they are on track, which actions cover them, what two versions of the panorama ask."""

from __future__ import annotations

from collections.abc import Iterable

import lazy_loader
import pandas as pd

from copkit import french
from copkit.models import dynamics
from copkit.models.panorama import panorama
from copkit.presentation import formats
from copkit.presentation.document import Section
from copkit.presentation.followup.document import caption
from copkit.presentation.table import Table
from copkit.presentation.territory.dynamics import paces
from copkit.presentation.text import Note, Text, lower
from copkit.reference import units
from copkit.roadmap.followup import BEHIND, COVERAGES, GAINED, LOST, ON_TRACK, TO_BUILD, TRACKS, UNJUDGED, Followup

alt = lazy_loader.load("altair")
LEVERS = Section("leviers", 30)


@LEVERS.chart(name="on_track", when=lambda f: not dynamics.paces(f.territory).empty)
def on_track(f: Followup) -> alt.LayerChart | Note:
    """Rythme observé rapporté au rythme nécessaire, leviers à cible chiffrée. [1 = au rythme]"""
    return paces(panorama(f.territory))


@LEVERS.table("rythmes", rank=58)
def _judged(f: Followup) -> Table | None:
    """The levers whose pace is judged."""
    found = f.indicators[f.indicators.track.isin([ON_TRACK, BEHIND])]
    return None if found.empty else _table(f, found, "Indicateurs des leviers dont le rythme se juge")


@LEVERS.table("indicateurs", sheet="Indicateurs", rank=60, page=False)
def _indicators(f: Followup) -> Table | Note:
    """The levers with an observed value."""
    found = f.indicators[f.indicators.track != TO_BUILD]
    if found.empty:
        return Note("Aucun levier n'a ici d'indicateur observé.")
    return _table(f, found, "Indicateurs des leviers")


def _table(f: Followup, found: pd.DataFrame, text: str) -> Table:
    order = {one: n for n, one in enumerate(TRACKS)}
    found = found.sort_values("track", key=lambda one: one.map(order), kind="stable")
    factor = found.unit.map(lambda unit: units.read_in(unit)[0])
    return Table.of(
        caption(f, text),
        {
            "Levier": found.label,
            "Indicateur": found.indicator_label,
            "Unité": found.unit.map(lambda unit: units.read_in(unit)[1]),
            "Année": (found.last_year, formats.PLAIN),
            "Dernière valeur": (factor * found["last"], formats.OBSERVED),
            "Rythme par an": (factor * found.pace, formats.CHANGE),
            "Rythme nécessaire": (factor * found.needed, formats.CHANGE),
            "État": found.status,
            "Actions": (found.actions, 0),
        },
    )


@LEVERS.sentence()
def to_build(f: Followup) -> Text | None:
    """Les leviers suivis sans que leur rythme se juge, et ceux dont la donnée est à construire."""
    lines = []
    for state, label in ((UNJUDGED, "Suivis, sans rythme qui se juge"), (TO_BUILD, "Donnée à construire")):
        if names := f.tracked(state):
            lines.append(Text("**{}** pour {} : {}.", label, french.plural(len(names), "levier"), _joined(names)))
    return Text.bullets(lines) if lines else None


COVERAGE = Section("couverture", 40)


@COVERAGE.sentence()
def covered(f: Followup) -> Text:
    """Les leviers que des actions couvrent depuis un an, et ceux qu'elles ne couvrent plus."""
    found = f.aimed
    lines = []
    for state, label in ((GAINED, "Couverts depuis"), (LOST, "Sans action désormais")):
        if len(these := found[found.state == state]):
            lines.append(Text("**{}** : {}.", label, _joined(these.label)))
    return Text.bullets(lines) if lines else Text("Les leviers couverts sont les mêmes qu'en {}.", f.year - 1)


def _joined(names: Iterable[str]) -> str:
    return " ; ".join(map(lower, names))


@COVERAGE.table("couverture", sheet="Couverture", rank=70, page=False)
def _covered(f: Followup) -> Table:
    found = f.coverage[f.coverage.target.notna() | (f.coverage.actions_before + f.coverage.actions_after > 0)]
    return Table.of(
        caption(f, "Actions retenues et effet identifié, levier par levier"),
        {
            "Levier": found.label,
            "Objectif (ktCO2e/an)": (found.target, 1),
            f"Actions {f.year - 1}": (found.actions_before, 0),
            f"Actions {f.year}": (found.actions_after, 0),
            f"ktCO2e/an {f.year - 1}": (found.kt_before, formats.dashed(formats.SIGNIFICANT)),
            f"ktCO2e/an {f.year}": (found.kt_after, formats.dashed(formats.SIGNIFICANT)),
            "Part de l'objectif (%)": (found.share_after, formats.dashed(formats.SIGNIFICANT)),
            "Couverture": found.state.map(COVERAGES),
        },
    )


@COVERAGE.table("versions", sheet="Objectifs", rank=75, when=lambda f: f.levers is not None)
def _versions(f: Followup) -> Table | Note:
    """The levers whose target is not the same in the two versions."""
    first, second = f.versions
    found = f.levers[f.levers.difference.abs() > 1e-9]
    return Table.or_note(
        f"Les versions « {first} » et « {second} » du panorama demandent le même effort à chaque levier.",
        caption(
            f, f"Objectifs qui changent entre deux versions du panorama, hors forêt [ktCO2e/an] : {first}, {second}"
        ),
        {
            "Levier": found.label,
            first: (found.before, 1),
            second: (found.after, 1),
            "Écart": (found.difference, formats.signed(1)),
        },
    )
