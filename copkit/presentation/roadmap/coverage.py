"""What the retained actions cover: levers, thématiques, territories; and what they leave aside."""

from __future__ import annotations

import lazy_loader
import pandas as pd

from copkit import french
from copkit.models import nomenclatures
from copkit.presentation import charts
from copkit.presentation.document import Section
from copkit.presentation.roadmap import actions as tables
from copkit.presentation.roadmap.document import caption, words
from copkit.presentation.table import Table
from copkit.presentation.text import Note, Text, lower
from copkit.roadmap.plan import Roadmap

alt = lazy_loader.load("altair")
COVERAGE = Section("couverture", 90)


@COVERAGE.chart(name="identified")
def shares(r: Roadmap) -> alt.LayerChart | Note:
    """Part de l'objectif de chaque levier que les actions retenues identifient, à l'ordre 1. [%]"""
    found = r.coverage[r.coverage.kt_identified.notna() & (r.coverage.lever != "total") & (r.coverage.target > 0)]
    if found.empty:
        return Note("Aucune action retenue ne donne de quantité qui se traduise en ktCO2e/an.")
    found = found.sort_values("target_share", ascending=False, kind="stable")
    drawn = pd.DataFrame(
        {
            "label": found.label.to_numpy(),
            "share": found.target_share.to_numpy(),
            "written": [
                f"{french.significant(share)}\u00a0% · {french.significant(kt)} sur {french.rough(target)} ktCO2e/an"
                for share, kt, target in zip(found.target_share, found.kt_identified, found.target, strict=True)
            ],
        }
    )
    best = found.iloc[0]
    title = f"« {best.label} » : {french.significant(best.target_share)} % de l'objectif identifiés, le plus haut"
    unit = "% de l'objectif du levier, ktCO2e/an en 2030 par rapport à 2019 ; quantités déclarées, à l'ordre 1"
    made = words(r, title, unit, f"Part de l'objectif identifiée : {charts.said(drawn)}.")
    domain = [0, 1.9 * float(drawn.share.max())]
    return charts.bars(drawn, "share", "part de l'objectif (%)", made, domain=domain)


@COVERAGE.table("couverture", sheet="Couverture", rank=60)
def _covered(r: Roadmap) -> Table:
    found = r.coverage[(r.coverage.lever != "total") & (r.coverage.target.notna() | (r.coverage.projects > 0))]
    none = [n for n, count in enumerate(found.projects) if not count]
    made = tables.covered(found)
    made = Table(made.data, caption(r, made.caption), made.formats)
    return made.without(none, (), "")  # the sentence below lists them among the 43


@COVERAGE.sentence()
def uncovered(r: Roadmap) -> Text:
    """Ce que les actions laissent de côté : leviers, départements."""
    names = nomenclatures.cop_labels()
    without = [lower(names[one]) for one, n in r.served.items() if not n]
    lines = []
    if without:
        lines.append(
            Text(
                "**{} sur {} sans action** : {}.",
                french.plural(len(without), "levier"),
                len(names),
                " ; ".join(without),
            )
        )
    empty = r.places.name[r.places.actions == 0].to_list()
    if len(r.places) > 1:
        said = f"aucune dans {french.join(empty)}" if empty else "chacun en a une au moins"
        whole = len(r.retained) - int(r.places.actions.sum())
        lines.append(
            Text("**Départements** : {} ; {} de toute la région.", said, french.plural(whole, "action")) if whole > 0
            else Text("**Départements** : {}.", said)
        )  # fmt: skip
    if len(r.regional):
        lines.append(
            Text("**{} de la région** concernent aussi ce territoire.", french.plural(len(r.regional), "action"))
        )
    return Text.bullets(lines) if lines else Text("Chaque levier a une action.")


@COVERAGE.table("thematiques", sheet="Thématiques", rank=65)
def _thematiques(r: Roadmap) -> Table:
    found = r.thematiques
    columns = {
        "Thématique": found.label,
        "Leviers": (found.levers, 0),
        "Leviers avec une action": (found.served, 0),
        "Actions": (found.actions, 0),
    }
    return Table.of(
        caption(r, "Actions retenues par thématique ; une action de plusieurs thématiques compte dans chacune"), columns
    )


@COVERAGE.table("departements", sheet="Départements", rank=66)
def _places(r: Roadmap) -> Table | None:
    if len(r.places) < 2:
        return None
    columns = {"Département": r.places.name, "Actions retenues": (r.places.actions, 0)}
    return Table.of(caption(r, "Actions retenues par département"), columns)
