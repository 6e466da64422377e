"""The objectives that are retained, beside the reference, and what is said of those that differ."""

from __future__ import annotations

import lazy_loader
import pandas as pd

from copkit import french
from copkit.presentation import charts, formats, labels
from copkit.presentation.document import Section
from copkit.presentation.roadmap.document import caption, words
from copkit.presentation.table import Table
from copkit.presentation.text import Note, Text
from copkit.reference import units
from copkit.roadmap.plan import Roadmap

alt = lazy_loader.load("altair")
OBJECTIVES = Section("objectifs", 30)


@OBJECTIVES.sentence(always=True)
def verdict(r: Roadmap) -> Text:
    """Si les objectifs retenus compensent ce qu'ils retirent, recouvrements déduits ; leurs justifications."""
    p = r.scenario
    if not r.chosen:
        return Text(
            "Les objectifs retenus n'ont pas été donnés : la table montre la proposition indicative du SGPE "
            "({} ktCO2e/an hors forêt).",
            labels.kt(p, r.aimed),
        )
    before, after = r.joint
    lines = [Text("**Verdict** : {}", r.verdict[1])]
    if before or after:
        net = after - before
        more = "augmente" if net > 0 else "diminue"
        said = "ne change pas" if abs(net) < 0.5 else f"{more} de {french.rough(abs(net))} ktCO2e/an"
        lines.append(
            Text("**Recouvrements** : ce que des leviers qui agissent sur la même quantité comptent deux fois "
                 "({} ktCO2e/an, hypothèse du kit) {} avec les objectifs retenus.", french.rough(after), said)
        )  # fmt: skip
    without = int((~r.deviations.justified).sum())
    if without:
        lines.append(Text("**{}** sans justification ou sans source.", french.plural(without, "écart")))
    return Text.bullets(lines)


@OBJECTIVES.table("ecarts", sheet="Écarts", rank=30, always=True)
def _deviations(r: Roadmap) -> Table | Note | None:
    found = r.deviations
    if not r.chosen:
        return None
    return Table.or_note(
        "Chaque objectif retenu est celui de la référence.",
        caption(r, "Leviers dont l'objectif retenu n'est pas celui de la référence"),
        {
            "Levier": found.label,
            "Référence (ktCO2e/an)": (found.target, 1),
            "Retenu (ktCO2e/an)": (found.proposed, 1),
            "Écart (ktCO2e/an)": (found.difference, formats.signed(1)),
            "Justification": found.justification.replace("", "—"),
            "Source": found.source.replace("", "—"),
        },
    )


@OBJECTIVES.chart(name="objectives", always=True)
def drawn(r: Roadmap) -> alt.LayerChart | Note:
    """Objectif retenu de chaque levier, un trait à celui de la référence quand il en diffère. [ktCO2e/an]"""
    found, p = r.objectives[r.objectives.proposed.notna()], r.scenario
    if found.empty:
        return Note("Aucun objectif n'est chiffré dans ce territoire.")
    changed, write = set(r.deviations.lever), labels.of_lever(p)
    rows = pd.DataFrame(
        {
            "label": found.label.to_numpy(),
            "kt": found.proposed.to_numpy(),
            "written": [
                write(lever, kt) + (f" (référence : {write(lever, target)})" if lever in changed else "")
                for lever, kt, target in zip(found.lever, found.proposed, found.target, strict=True)
            ],
        }
    )
    first = write(found.lever.iloc[0], found.proposed.iloc[0])
    title = f"« {found.label.iloc[0]} » porte le plus grand objectif : {first} ktCO2e/an"
    what = "objectifs retenus, un trait à la référence" if changed else "proposition indicative du SGPE"
    unit = f"ktCO2e/an en 2030 par rapport à 2019 ; {what}, version {p.attrs['version']}"
    made = words(r, title, unit, f"Objectifs par levier : {charts.said(rows)}.")
    marks = pd.DataFrame({"label": found.label, "kt": found.target})[found.lever.isin(changed)]
    over = [charts.ticks(marks, "kt")] if len(marks) else []
    domain = [0, 1.5 * float(rows.kt.max())]
    return charts.bars(rows, "kt", "ktCO2e/an", made, domain=domain, step=24, over=over)


@OBJECTIVES.table("objectifs", sheet="Objectifs", rank=20, always=True)
def _objectives(r: Roadmap) -> Table:
    found, kts = r.objectives, labels.by_lever(r.scenario, r.objectives.lever)
    columns = {"Levier": found.label, "Référence (ktCO2e/an)": ([*found.target], kts)}
    if r.chosen:
        columns["Retenu (ktCO2e/an)"] = ([*found.proposed], kts)
    read = [units.read_in(one) if one else (1.0, "") for one in found.unit]
    columns["Quantité"] = [
        f"{french.quantity(factor * value)} {name}" if value == value and name else "—"
        for value, (factor, name) in zip(found.proposed_quantity, read, strict=True)
    ]
    columns["Actions retenues"] = (r.coverage.set_index("lever").projects.reindex(found.lever).fillna(0).to_numpy(), 0)
    title = "Objectifs par levier : référence et retenus" if r.chosen else "Objectifs par levier : proposition du SGPE"
    return Table.of(caption(r, title), columns)
