"""Which collectivités carry or host a project, and who holds the projects."""

from __future__ import annotations

import lazy_loader
import pandas as pd

from copkit import french
from copkit.presentation import charts
from copkit.presentation.document import Section
from copkit.presentation.projects.counts import listed
from copkit.presentation.projects.document import caption, rules, words
from copkit.presentation.table import Table
from copkit.presentation.text import Text
from copkit.projects.selection import Vivier

alt = lazy_loader.load("altair")
COVERAGE = Section("couverture", 80)


@COVERAGE.chart(name="coverage")
def shares(v: Vivier) -> alt.LayerChart:
    """Part des collectivités de la liste officielle qui ont au moins un projet. [%]"""
    table = v.coverage[v.coverage.total.notna()]
    here = table[table.territory == v.territory]
    parts = table[(table.territory != v.territory) & (table.level == "epci")]
    names = [
        f"{label}s" if n > 1 and label != "EPCI" else label for label, n in zip(here.label, here.total, strict=True)
    ]
    rows = pd.concat([here, parts])
    drawn = pd.DataFrame(
        {
            "label": [*names, *(f"EPCI · {name}" for name in parts.name)],
            "share": rows.share.astype(float).to_numpy(),
            "written": [
                f"{french.number(n, 0)} sur {french.number(total, 0)} ({french.percent(share, 1)})"
                for n, total, share in zip(rows.covered, rows.total, rows.share, strict=True)
            ],
        }
    )
    one = here[here.level == "epci"].iloc[0]
    count, verb = french.number(one.covered, 0) if one.covered else "Aucun", "a" if one.covered < 2 else "ont"
    made = words(
        v,
        f"{count} EPCI sur {french.number(one.total, 0)} {verb} au moins un projet ({french.percent(one.share, 0)})",
        f"% de la liste officielle de {table.attrs['list_year']} : collectivités qui portent ou accueillent un projet",
        f"Couverture : {charts.said(drawn)}.",
        "Région et départements : seulement comme porteurs, car tout projet est situé dans l'un d'eux",
    )
    axis = alt.Axis(values=[0, 25, 50, 75, 100])
    return charts.bars(drawn, "share", "part des collectivités (%)", made, domain=[0, 132], axis=axis, step=28)


@COVERAGE.sentence()
def coverage(v: Vivier) -> Text:
    """Comment la couverture est comptée."""
    return Text.bullets(rules(v.coverage.attrs["rules"]))


@COVERAGE.table("couverture", sheet="Couverture", rank=90)
def _coverage(v: Vivier) -> Table:
    found = v.coverage[v.coverage.total.notna()]
    return Table.of(
        caption(v, "Collectivités qui ont au moins un projet"),
        {
            "Territoire": found["name"],
            "Niveau": found.label,
            "Avec projet": (found.covered, 0),
            "Liste officielle": (found.total, 0),
            "Part (%)": (found.share, 1),
            "Portent un projet": (found.held, 0),
            "Accueillent un projet": (found.located, 0),
            "Sans projet": (found.without, 0),
        },
    )


@COVERAGE.table("porteurs", sheet="Porteurs", rank=100)
def _holders(v: Vivier) -> Table:
    return listed(v.by("holder_type"), "Type de porteur", caption(v, "Dossiers par type de porteur"), v.labels)
