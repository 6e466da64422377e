"""What stands around every chart and table of a vivier: title, unit, year, source, and « exemple inventé »."""

from __future__ import annotations

import altair as alt

from copkit import french
from copkit.presentation.territory.analyses import Note
from copkit.projects.vivier import INVENTED, Vivier


def words(v: Vivier, title: str, unit: str, description: str, *more: str) -> dict:
    """The title, the lines under it and the description of a chart, as its properties."""
    lines = [french.typeset(line) for line in (unit, *more, origin(v))]
    said = f"{description} {INVENTED.capitalize()}." if v.invented else description
    return {"title": alt.TitleParams(french.typeset(title), subtitle=lines), "description": french.typeset(said)}


def origin(v: Vivier) -> str:
    """The year, the file and whether it is invented: the last line under every chart."""
    where = "vivier inventé du kit" if v.example else ", ".join(v.files) or "dossiers reçus"
    return " · ".join([f"COP {v.year}", f"source : {where}", *([INVENTED] if v.invented else [])])


def caption(v: Vivier, text: str) -> str:
    """The caption of a table: what, where, and « exemple inventé »."""
    return f"{text} — {v.name}, COP {v.year}{f' ({INVENTED})' if v.invented else ''}"


def nothing(v: Vivier) -> Note:
    """What stands where a territory has no project."""
    return Note(f"Aucun dossier du fichier n'est situé dans ce territoire ({v.name}).")
