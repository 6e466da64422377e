"""The strong points of a territory: in its document, those that may be public; a list, and how many by lever."""

from __future__ import annotations

import pandas as pd
import xarray as xr

from copkit import french
from copkit import strengths as model
from copkit.intake import gazetteer, levers, reading
from copkit.intake.fields import YES
from copkit.presentation.document import Absent, Section, Shown
from copkit.presentation.table import Table
from copkit.presentation.text import Note, Text
from copkit.reference import territories

NOUN = model.STRENGTHS.noun
NONE = "Aucun point fort n'est connu dans ce territoire."


def listed(found: pd.DataFrame, territory: str) -> Table | Note:
    """One row for each strong point."""
    return Table.or_note(
        NONE,
        f"Points forts — {_name(territory)}",
        {
            "Levier": [levers.said(one) for one in found.lever],
            "Territoire": [gazetteer.name(code) if code else "—" for code in found.territory],
            "Point fort": found.title,
            "Qui le porte": found.who.replace("", "—"),
            "Pourquoi c'est exemplaire": found.why.replace("", "—"),
        },
    )


def counted(found: pd.DataFrame, territory: str) -> Table | Note:
    """How many strong points serve each lever; the levers without any are named below, not listed."""
    counts = model.by_lever(found)
    some = counts[counts.strengths > 0]
    without = f"{french.plural(len(counts) - len(some), 'levier')} sur {len(counts)} sans point fort"
    caption = f"Points forts par levier — {_name(territory)} ({without})"
    return Table.or_note(NONE, caption, {"Levier": some.label, "Points forts": (some.strengths, 0)})


def _name(territory: str) -> str:
    return territories.name(territories.resolve(territory))


STRENGTHS = Section("points_forts", 90)


@STRENGTHS.sentence()
def strengths(p: xr.Dataset, file: str = "") -> Shown | Absent:
    """Les points forts du territoire qui peuvent être rendus publics ; sans fichier, comment en donner un.

    Raises
    ------
    ProjectError
        Si le fichier est absent ou illisible.
    """
    if not file:
        how = "Pour montrer ici une liste de points forts, donner son chemin au paramètre « points_forts »."
        return Absent("Les points forts", (Note(how),))
    code, read = p.attrs["territory"], model.read(reading.located(file, model.STRENGTHS))
    found, every = model.within(read, code), model.within(read, code, public=False)
    return Shown((Text("### Points forts"), _sentence(found, len(every) - len(found)), listed(found, code)))


def _sentence(found: pd.DataFrame, hidden: int) -> Text:
    """How many, on how many levers, how many are not shown; whether they are invented."""
    served = int((model.by_lever(found).strengths > 0).sum())
    many = french.plural(len(found), *NOUN)
    said = [Text("**{many}** à montrer, sur {served} des 43 leviers.", many=many, served=served)]
    if hidden:
        said.append(Text("{}.", french.plural(hidden, "autre n'est pas public", "autres ne sont pas publics")))
    if (found.invented == YES).any():
        said.append(Text("**Exemple inventé** : ils ne décrivent aucun territoire réel."))
    return Text.joined(said, " ")
