"""What the retained actions cost, what is granted and still sought, the engineering they need, their contract."""

from __future__ import annotations

import lazy_loader
import pandas as pd

from copkit import french
from copkit.presentation import charts
from copkit.presentation.document import Section
from copkit.presentation.roadmap.document import caption, words
from copkit.presentation.table import Table
from copkit.presentation.text import Note, Text
from copkit.roadmap.actions import VEHICLES
from copkit.roadmap.plan import Roadmap

alt = lazy_loader.load("altair")
MEANS = Section("moyens", 100)


@MEANS.chart()
def funding(r: Roadmap) -> alt.LayerChart | Note:
    """Coût déclaré des actions retenues, selon que leur financement est accordé, à trouver ou non renseigné. [M€]"""
    found = r.money[r.money.actions > 0]
    if not found.known.sum():
        return Note("Aucune action retenue ne donne de coût.")
    drawn = pd.DataFrame(
        {
            "label": found.label.to_numpy(),
            "millions": (found.cost / 1e6).to_numpy(),
            "written": [
                f"{french.euros(cost)} · {french.plural(n, 'action')}"
                for cost, n in zip(found.cost, found.actions, strict=True)
            ],
        }
    )
    whole, sought = float(r.money.cost.sum()), float(r.money.set_index("granted").cost["non"])
    share = french.percent(100 * sought / whole, 0) if whole else french.UNKNOWN
    title = f"{french.euros(sought)} restent à trouver, {share} du coût déclaré"
    made = words(r, title, "millions d'euros ; coût déclaré par les fiches", f"Financement : {charts.said(drawn)}.")
    domain = [0, 1.5 * float(drawn.millions.max())]
    return charts.bars(drawn, "millions", "coût déclaré (M€)", made, domain=domain)


@MEANS.table("financement", sheet="Financement", rank=70)
def _money(r: Roadmap) -> Table:
    found = r.money
    whole = {"Financement": "Ensemble", "Actions": int(found.actions.sum()), "Coût (€)": float(found.cost.sum())}
    return Table(
        pd.DataFrame(
            {
                "Financement": found.label,
                "Actions": found.actions,
                "Dont coût connu": found.known,
                "Coût (€)": found.cost,
            }
        ),
        caption(r, "Coût déclaré des actions retenues"),
        {"Actions": 0, "Dont coût connu": 0, "Coût (€)": 0},
        totals=(whole | {"Dont coût connu": int(found.known.sum())},),
    )


@MEANS.sentence()
def needs(r: Roadmap) -> Text:
    """L'ingénierie qui manque, et les contrats qui portent les actions."""
    need, asked = r.engineering, r.retained[r.retained.engineering != ""]
    lines = [
        Text(
            "**Ingénierie** : {} en demandent, {} ne l'ont pas obtenue.",
            french.plural(len(asked), "action"), len(need) or "aucune",
        )
    ]  # fmt: skip
    counts = r.retained.vehicle.value_counts()
    said = [f"{int(counts[one])} en {label}" for one, label in VEHICLES.items() if counts.get(one, 0)]
    without = int((r.retained.vehicle == "").sum())
    lines.append(Text("**Contrat** : {}{} sans contrat dit.", " ; ".join(said) + (" ; " if said else ""), without))
    return Text.bullets(lines)


@MEANS.table("ingenierie", sheet="Ingénierie", rank=80, page=False)
def _engineering(r: Roadmap) -> Table | Note:
    found = r.engineering
    columns = {"Action": found.title, "Besoin": found.engineering, "Porteur": found.holder.replace("", "—")}
    return Table.or_note(
        "Aucune action retenue n'attend d'ingénierie.", caption(r, "Ingénierie demandée et non obtenue"), columns
    )
