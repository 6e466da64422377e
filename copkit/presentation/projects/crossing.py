"""The projects beside the targets: what they cover of each lever, and the effect that they declare."""

from __future__ import annotations

import lazy_loader
import pandas as pd

from copkit import french
from copkit.intake import levers
from copkit.presentation import charts, formats, labels
from copkit.presentation.document import Section
from copkit.presentation.projects.counts import known
from copkit.presentation.projects.document import NONE, caption, rules, words
from copkit.presentation.table import Table
from copkit.presentation.text import Note, Text
from copkit.projects.selection import Vivier
from copkit.reference import units

alt = lazy_loader.load("altair")
SHOWN = 15  # levers of the panorama beside their projects
NO_TARGET = "Sans objectif en ktCO2e dans ce panorama."  # said once, in the caption
CROSSING = Section("objectifs", 130)


@CROSSING.sentence()
def crossing(v: Vivier) -> Text:
    """Les deux totaux du panorama, et comment l'effet des projets est compté."""
    found, total = v.crossing.attrs, v.crossing.iloc[-1]
    declared = Text("Aucun dossier ne déclare de quantité qui se convertit : ce qu'ils évitent n'est pas connu.")
    if total.declared:
        declared = Text(
            "{count} sur {whole} {verb} une quantité qui se convertit, soit {kt} ktCO2e/an identifiées : ce que les "
            "autres dossiers évitent n'est pas connu, et n'est pas zéro.",
            count=french.plural(int(total.declared), "dossier"),
            whole=french.number(total.projects, 0),
            verb="déclare" if total.declared == 1 else "déclarent",
            kt=french.quantity(total.kt_identified),
        )
    said = Text(
        "Objectif du panorama : **{without} ktCO2e/an hors forêt**, {forest} avec le levier forêt. {declared}",
        without=french.number(found["targets"]["sans forêt"], 1),
        forest=french.number(found["targets"]["avec forêt"], 1),
        declared=declared,
    )
    return Text.joined([said, Text.bullets(rules(found["rules"]))])


@CROSSING.chart()
def targets(v: Vivier) -> alt.LayerChart:
    """Les plus grands objectifs du panorama et le nombre de dossiers de chacun. [ktCO2e/an]"""
    top, (count, kt) = v.aimed.head(SHOWN), v.uncovered
    drawn = pd.DataFrame(
        {
            "label": top.label.to_numpy(),
            "target": top.target.to_numpy(),
            "has": (top.projects > 0).to_numpy(),
            "written": [
                f"{french.number(t, 0)} · {french.plural(int(n), 'dossier') if n else f'{NONE} aucun dossier'}"
                for t, n in zip(top.target, top.projects, strict=True)
            ],
        }
    )
    made = words(
        v,
        f"{french.plural(count, 'levier chiffré', 'leviers chiffrés')} sur {len(v.aimed)} sans aucun dossier : "
        f"{french.number(kt, 0)} ktCO2e/an",
        f"ktCO2e/an évitées, les {len(drawn)} plus grands objectifs ; dossiers à remonter ou à travailler",
        f"Objectifs et dossiers : {charts.said(drawn)}.",
        f"Objectifs : {labels.source_line(v.panorama)}",
    )
    domain, has = [0, 1.4 * float(drawn.target.max())], charts.of_two("has")
    more = {"domain": domain, "colour": has, "axis": charts.whole(), "step": 28}
    return charts.bars(drawn, "target", "ktCO2e/an évitées", made, **more)


@CROSSING.table("objectifs", sheet="Objectifs", rank=110)
def _targets(v: Vivier) -> Table:
    found = v.crossing
    target = found.target.astype(object).where(found.shown.fillna(True), labels.HIDDEN).where(found.target.notna(), "—")
    some, effect = found.projects > 0, found.kt_identified.astype(object)
    share = found.target_share.astype(object).where(some & (found.target > 0), "—")
    text = "Ce que les projets couvrent des objectifs ; — : sans objectif en ktCO2e ou sans dossier"
    return Table.of(
        caption(v, text),
        {
            "Levier": found.label,
            "Objectif 2030 (ktCO2e/an)": (target, 1),
            "Dossiers": (found.projects, 0),
            **{label: (amounts, 0) for label, amounts in known(found).items()},
            "Dossiers quantifiés": (found.declared, 0),
            "Effet identifié (ktCO2e/an)": (effect.where(some, "—"), formats.QUANTITY),
            "Part de l'objectif (%)": (share, formats.QUANTITY),
            "Note": [one.replace(NO_TARGET, "").strip() or "—" for one in found.note],
        },
    )


@CROSSING.table("quantites", sheet="Quantités", rank=120)
def _quantities(v: Vivier) -> Table | Note:
    found = v.quantities
    if found.empty:
        return Note("Aucun dossier ne déclare de quantité physique.")
    typed, said = {}, ["non convertie" if reason else "convertie" for reason in found.reason]
    if not v.public:
        typed = {"Unité déclarée": [one or "—" for one in found.quantity_unit]}
        both = zip(found.reason, found.note, strict=True)
        said = [f"Non convertie : {reason}" if reason else note or "—" for reason, note in both]
    return Table.of(
        caption(v, "Quantités physiques déclarées"),
        {
            "Dossier": found.project_id,
            "Levier": [levers.said(one) for one in found.lever],
            "Quantité déclarée": (found.quantity, formats.SMALL),
            **typed,
            "Dans l'unité du levier": (found.converted, formats.SMALL),
            "Unité du levier": [units.label(one) if one else "—" for one in found.unit],
            "Effet (ktCO2e/an)": (found.kt, formats.SMALL),
            "Remarque": said,
        },
    )
