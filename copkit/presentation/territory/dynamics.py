"""What is observed, how fast it moves, and how fast it has to."""

from __future__ import annotations

import lazy_loader
import pandas as pd
import xarray as xr

from copkit import french
from copkit.models import dynamics as model
from copkit.presentation import charts, formats, labels, theme
from copkit.presentation.document import Section
from copkit.presentation.table import Table
from copkit.presentation.text import Note, Text
from copkit.reference import units

alt = lazy_loader.load("altair")
LEAST, MOST = -1.0, 2.0  # ends of the bars of the paces
DYNAMICS = Section("dynamiques", 90)


@DYNAMICS.chart(reference=True)
def paces(p: xr.Dataset) -> alt.LayerChart | Note:
    """Rythme observé rapporté au rythme nécessaire, leviers suivis dans leur propre unité. [1 = au rythme]"""
    found = model.paces(p.attrs["territory"])
    if found.empty:
        return Note(
            "Aucun levier n'a ici de série observée dans sa propre unité : le rythme ne s'y compare pas à l'objectif."
        )
    drawn = pd.DataFrame({"label": found.label, "ratio": found.ratio.clip(LEAST, MOST)})
    drawn["at"] = drawn.ratio.clip(lower=0)
    drawn["written"] = [f"{french.number(r, 1)} ({s})" for r, s in zip(found.ratio, found.status, strict=True)]
    late, years = int(found.late.sum()), f"{int(found.last_year.min())} à {int(found.last_year.max())}"
    verb = "avancent" if late > 1 else "avance"
    words = charts.words(
        f"{french.plural(late, 'levier')} sur {len(drawn)} {verb} moins vite qu'il ne faudrait",
        [
            f"rapport, trait : 1 = au rythme ; barres bornées entre −1 et 2 ; dernières valeurs : {years}",
            labels.source_line(p, computed=True),
        ],
        f"Rythme observé sur rythme nécessaire : {charts.said(drawn)}.",
    )
    rule = alt.Chart({"values": [{"x": 1}]}).mark_rule(color=theme.TEXT, strokeDash=[5, 3]).encode(x=alt.X("x:Q"))
    unit, axis = "rythme observé ÷ rythme nécessaire", alt.Axis(values=[-1, 0, 1, 2])
    return charts.bars(drawn, "ratio", unit, words, domain=[LEAST, MOST + 0.9], axis=axis, at="at", over=[rule])


@DYNAMICS.table("dynamiques", sheet="Dynamiques", rank=80, reference=True)
def observed(p: xr.Dataset) -> Table | Note:
    """The levers that an observed series follows."""
    found = model.dynamics(p.attrs["territory"])
    found = found[found["last"].notna()]
    if found.empty:
        return Note("Aucun levier n'a ici de série observée.")
    return Table.of(
        f"Dynamiques en cours — {p.attrs['name']}",
        {
            "Levier": found.label,
            "Indicateur observé": found.indicator_label,
            "Unité": found.unit.map(units.label),
            "Première année": (found.first_year, formats.PLAIN),
            "Valeur": (found["first"], formats.QUANTITY),
            "Dernière année": (found.last_year, formats.PLAIN),
            "Dernière valeur": (found["last"], formats.QUANTITY),
            "Rythme par an": (found.pace, formats.CHANGE),
            "Rythme nécessaire": (found.needed, formats.CHANGE),
            "État": found.status,
        },
    )


@DYNAMICS.sentence()
def dynamics(p: xr.Dataset) -> Text:
    """Les leviers sans série observée dans ce territoire."""
    found = model.dynamics(p.attrs["territory"])
    groups = found[found["last"].isna()].groupby("status", sort=False).label
    parts = [f"{french.capital(status)} : {' ; '.join(names)}." for status, names in groups]
    return Text("{}", " ".join(parts) or "Chaque levier a au moins une valeur observée.")
