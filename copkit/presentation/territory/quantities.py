"""What the levers ask for in quantities: their change by 2030, those that act on the same one, what they cover."""

from __future__ import annotations

import lazy_loader
import pandas as pd
import xarray as xr

from copkit import french
from copkit.models import consistency, levers, nomenclatures, proposals
from copkit.models import interactions as overlaps
from copkit.models import panorama as model
from copkit.presentation import charts, formats, labels
from copkit.presentation.document import Section
from copkit.presentation.table import Table
from copkit.presentation.text import Note, Text, lower
from copkit.reference import framework, parameters, territories, units

alt = lazy_loader.load("altair")
REFERENCE = "En 2030, référence"
QUANTITIES = Section("quantites", 50)


@QUANTITIES.chart()
def reductions(p: xr.Dataset) -> alt.LayerChart | Note:
    """Ce qui doit baisser d'ici 2030 : évolution de chaque quantité connue en 2019 [%].

    D'un scénario, un trait marque sa référence.
    """
    found, scenario = model.reductions(p), proposals.composed(p)
    if found.empty:
        return Note(
            "Aucune quantité physique de départ n'est publiée pour ce territoire : "
            "les leviers y sont en ktCO2e seulement."
        )
    written = [french.signed(v, 0) + french.NARROW + "%" for v in found.change]
    drawn = found.assign(written=written)
    top, asked, reading, ticks = drawn.iloc[0], "demandée", "", []
    if scenario:
        asked, reading, ticks = "proposée", " ; trait : la référence", [charts.ticks(drawn, "reference_change")]
    lines = [f"% de la quantité de 2019, leviers dont le point de départ est connu{reading}"]
    words = charts.words(
        f"La plus forte baisse {asked} : {lower(top.label)}, {top.written}",
        [*lines, labels.source_line(p, computed=True)],
        f"Baisses {asked}s : {charts.said(drawn)}.",
    )
    unit, bold = "évolution de la quantité entre 2019 et 2030 (%)", {"align": "right", "dx": -6, "fontWeight": "bold"}
    return charts.bars(drawn, "change", unit, words, domain=[-100, 0], over=ticks, **bold)


@QUANTITIES.table("quantites", sheet="Quantités", rank=40)
def _quantities(p: xr.Dataset) -> Table:
    rows, scenario = [], proposals.composed(p)
    for one in model.quantities(p).itertuples():
        known = parameters.levers()[one.lever]
        rows.append(
            {
                "Levier": known.label,
                "Ce qui est compté": known.quantity.label if known.quantity else "pas de quantité physique",
                "Unité": units.label(known.quantity.unit) if known.quantity else "—",
                "En 2019": "—" if not known.quantity or one.since_2019 else one.baseline,
                "En 2030": one.quantity_2030 if known.quantity else "—",
                **({REFERENCE: one.reference_quantity_2030 if known.quantity else "—"} if scenario else {}),
                "Évolution": _evolution(one),
                "Remarque": _remark(one, known, p.attrs["level"]),
                "Repère national": nomenclatures.rationale(known.id) or "—",
            }
        )
    caption = f"Ce que chaque levier demande en quantités — {labels.named(p)}"
    quantities = dict.fromkeys(("En 2019", "En 2030", REFERENCE), formats.QUANTITY)
    return Table(pd.DataFrame(rows), caption, {**quantities, "Évolution": formats.EVOLUTION})


def _evolution(one) -> float | str:
    """In percent of 2019; without a starting point, there is none."""
    return "—" if not one.translated or pd.isna(one.baseline) or one.baseline == 0 else one.change


def _remark(one, known: parameters.Lever, level: str) -> str:
    remarks = []
    if known.quantity and not one.translated:
        remarks.append("pas de coefficient publié pour ce territoire")
    if known.quantity and one.target_ktco2e == 0:
        remarks.append("objectif nul : la clé de répartition vaut zéro ici")
    if known.id == levers.FOREST:
        remarks.append("objectif non régionalisé, en l'absence de données comparables sur l'état des forêts")
    if one.coarse:
        remarks.append("coefficient publié avec un seul chiffre significatif")
    if one.since_2019 and level != "france":
        remarks.append("compté depuis 2019")
    return " ; ".join(remarks) or "—"


INTERACTIONS = Section("interactions", 60, "Leviers qui agissent sur la même quantité")


@INTERACTIONS.sentence()
def interactions(p: xr.Dataset) -> Text:
    """L'avertissement sur les leviers qui agissent sur la même quantité."""
    return Text("{}", overlaps.warning(p))


@INTERACTIONS.table("interactions", sheet="Interactions", rank=90)
def _interactions(p: xr.Dataset) -> Table | Note:
    found = overlaps.interactions(p)
    if found.empty:
        return Note("Aucun groupe de leviers à rapprocher ici.")
    beside = {}
    if proposals.composed(p):
        beside["Somme de la référence (ktCO2e/an)"] = (found.reference_first_order, 0)
        beside["Recouvrement de la référence (ktCO2e/an)"] = (found.reference_overlap, 0)
    return Table.of(
        f"Leviers qui agissent sur la même quantité (hypothèse du kit) — {labels.named(p)}",
        {
            "Groupe": found.label,
            "Leviers, dans l'ordre de la chaîne": found.levers,
            "Somme à l'ordre 1 (ktCO2e/an)": (found.first_order, 0),
            "Effet conjoint (ktCO2e/an)": (found.joint, 0),
            "Recouvrement (ktCO2e/an)": (found.overlap, 0),
            "Recouvrement (%)": (found.share, 1),
            **beside,
        },
    )


CONSISTENCY = Section("coherence", 70, "Cohérence avec le rationnel national")


@CONSISTENCY.table("coherence", sheet="Cohérence", rank=110)
def _consistency(p: xr.Dataset) -> Table | Note:
    """The national rationale against the sum of the metropolitan régions: the levers that do not agree."""
    if territories.is_overseas(p.attrs["territory"]):
        return Note(
            "Outre-mer, aucune quantité physique n'est publiée : la cohérence avec le rationnel national ne se lit pas."
        )
    found = consistency.consistency()
    found = found[found.status != "cohérent"]
    return Table.of(
        "Métropole : les leviers dont la quantité s'écarte du repère national",
        {
            "Levier": found.label,
            "Évolution calculée 2019-2030 (%)": (found.computed, 1),
            "Repère national": found.rationale,
            "État": found.status,
            "Lecture": found.reading,
        },
    )


LEVERS = Section("leviers", 80, "Ce que couvre chaque levier")


@LEVERS.table("leviers", sheet="Leviers", rank=50)
def _levers(p: xr.Dataset) -> Table:
    enjeux, known = framework.labels("enjeux"), [parameters.levers()[lever] for lever in p.lever.values]
    return Table.of(
        f"Ce que couvre chaque levier — {p.attrs['name']}",
        {
            "Levier": p.label.values,
            "Enjeux servis": [french.join(enjeux[one].lower() for one in lever.enjeux) for lever in known],
            "Ce que la valeur couvre, ce qu'elle laisse de côté": [" ".join(lever.note.split()) for lever in known],
        },
    )
