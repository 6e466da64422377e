"""What the levers ask for in quantities: their change by 2030, those that act on the same one, what they cover."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import lazy_loader
import numpy as np
import pandas as pd
import xarray as xr

from copkit import french
from copkit.models import consistency, dynamics, levers, nomenclatures, proposals
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


def _counted(p: xr.Dataset) -> bool:
    """Whether a coefficient translates the target of some lever into a quantity."""
    return not np.isnan(p.variables["quantity_per_kt"].values).all()


@QUANTITIES.sentence(when=lambda p: not _counted(p))
def uncounted(p: xr.Dataset) -> Text | Note:
    """Pourquoi aucune quantité n'est donnée, et de quoi en fixer une."""
    if _counted(p):
        return Note("Des leviers se traduisent ici en quantités : la table les donne.")
    return Text(
        "**Des tonnes, pas encore des quantités.** La source donne l'objectif de chaque levier en ktCO2e/an et ne "
        "publie outre-mer aucun coefficient qui le traduise en véhicules, en toits ou en mégawatts. Ceux de métropole "
        "n'y sont pas repris : aucune source ne dit qu'ils y valent. La table dit ce qui se compte en métropole pour "
        "les leviers que la table de passage met en face, et la dernière valeur observée ici : de quoi fixer une "
        "quantité avec les acteurs du territoire."
    )


@QUANTITIES.table("a_compter", sheet="À compter", rank=41, when=lambda p: not _counted(p))
def _to_count(p: xr.Dataset) -> Table | Note:
    if _counted(p):
        return Note("Des leviers se traduisent ici en quantités : la table les donne.")
    known, series = parameters.levers(), dynamics.dynamics(p.attrs["territory"]).set_index("lever")
    beside = nomenclatures.crosswalk("simulateur_outre_mer")
    rows = []
    for one in model.ordered(p):
        lever, target = one.lever, one.target_ktco2e
        part = beside[beside.id == known[lever].nomenclatures.simulateur]
        facing = [known[one] for one in part.lever if one]
        rows.append(
            {
                "Levier": known[lever].label,
                "Objectif (ktCO2e/an)": target,
                "Parmi les 43": " ; ".join(one.label for one in facing) or f"aucun : {lower(part.note.iloc[0])}",
                "Ce qui s'y compte en métropole": _counts_of(facing),
                "Observé ici": _seen(series.loc[lever]) if lever in series.index else "aucune série régionale",
            }
        )
    title = f"Ce que chaque levier donne à compter — {p.attrs['name']}"
    kts = labels.by_lever(p, [one.lever for one in model.ordered(p)])
    return Table(pd.DataFrame(rows), title, {"Objectif (ktCO2e/an)": kts})


def _counts_of(facing: list[parameters.Lever]) -> str:
    """The quantities of levers of the mainland, with their units."""
    found = [f"{one.quantity.label} ({units.read_in(one.quantity.unit)[1]})" for one in facing if one.quantity]
    return " ; ".join(dict.fromkeys(found)) or "rien : des ktCO2e seulement"


def _seen(row) -> str:
    """The last value of the series that follows a lever here."""
    if pd.isna(row["last"]):
        return "aucune série régionale"
    factor, name = units.read_in(row.unit)
    unit = "" if row.unit == "nb" else f" {name}"
    return f"{row.indicator_label} : {formats.OBSERVED(factor * row['last'])}{unit} en {int(row.last_year)}"


@QUANTITIES.chart(when=lambda p: model.broad(p) and _counted(p))  # smaller ones have the rates of their région
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
    elif model.allocated(p):  # the keys share out the start and the change alike
        reading = " ; mêmes évolutions que la région"
    lines = [f"% de la quantité de 2019, leviers dont le point de départ est connu{reading}"]
    words = charts.words(
        f"La plus forte baisse {asked} : {lower(top.label)}, {top.written}",
        [*lines, labels.source_line(p, computed=True)],
        f"Baisses {'proposées' if scenario else 'demandées'} : {charts.said(drawn)}.",
        {" ; trait : la référence": ""},
    )
    unit, bold = "évolution de la quantité entre 2019 et 2030 (%)", {"align": "right", "dx": -6, "fontWeight": "bold"}
    return charts.bars(drawn, "change", unit, words, domain=[-100, 0], over=ticks, **bold)


@QUANTITIES.table("quantites", sheet="Quantités", rank=40, when=_counted)
def _quantities(p: xr.Dataset) -> Table | Note:
    found, rows, scenario = model.quantities(p), [], proposals.composed(p)
    if not found.translated.any():
        return Note("Aucune quantité physique n'est publiée pour les leviers de ce territoire.")
    for one in found.itertuples():
        known = parameters.levers()[one.lever]
        factor, unit = units.read_in(known.quantity.unit) if known.quantity else (1.0, "—")
        rows.append(
            {
                "Levier": known.label,
                "Ce qui est compté": known.quantity.label if known.quantity else "pas de quantité physique",
                "Unité": unit,
                "En 2019": "—" if not known.quantity or one.since_2019 else factor * one.baseline,
                "En 2030": factor * one.quantity_2030 if known.quantity else "—",
                **({REFERENCE: factor * one.reference_quantity_2030 if known.quantity else "—"} if scenario else {}),
                "Évolution": _evolution(one),
                "Remarque": _remark(one, known, p.attrs["level"]),
                "Repère national": nomenclatures.rationale(known.id) or "—",
            }
        )
    written = dict.fromkeys(("En 2019", "En 2030", REFERENCE), labels.quantities(p)) | {"Évolution": formats.EVOLUTION}
    caption = f"Ce que chaque levier demande en quantités — {labels.named(p)}"
    columns = {name: [row[name] for row in rows] for name in rows[0]}  # pandas takes longer to find them in rows
    made = Table(pd.DataFrame(columns), caption, written, aside=("Repère national",))  # which the glossary gives
    none = np.flatnonzero(found.translated & (found.target_ktco2e == 0))
    apart = np.flatnonzero(~found.translated)
    made = made.without(none, found.label.iloc[none], "Objectif nul ici : {}.")
    return made.without(apart, found.label.iloc[apart], "En ktCO2e seulement, sans quantité physique : {}.")


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


INTERACTIONS = Section("interactions", 110, "Les leviers qui agissent sur la même quantité")


@INTERACTIONS.sentence(when=model.broad)
def interactions(p: xr.Dataset) -> Text | Note:
    """L'avertissement sur les leviers qui agissent sur la même quantité."""
    said = overlaps.warning(p)
    return Note(said) if said in (overlaps.OVERSEAS, overlaps.ALONE) else Text("{}", said)


@INTERACTIONS.table("interactions", sheet="Interactions", rank=90, when=model.broad)
def _interactions(p: xr.Dataset) -> Table | Note:
    found = overlaps.interactions(p)
    if found.empty:
        return Note("Aucun groupe de leviers à rapprocher ici.")
    beside = {}
    if proposals.composed(p):
        beside["Somme de la référence (ktCO2e/an)"] = (found.reference_first_order, labels.kts(p))
        beside["Recouvrement de la référence (ktCO2e/an)"] = (found.reference_overlap, labels.kts(p))
    made = Table.of(
        f"Leviers qui agissent sur la même quantité (hypothèse du kit) — {labels.named(p)}",
        {
            "Groupe": found.label,
            "Leviers, dans l'ordre de la chaîne": found.levers,
            "Somme (ktCO2e/an)": (found.first_order, labels.kts(p)),
            "Effet conjoint (ktCO2e/an)": (found.joint, labels.kts(p)),
            "Recouvrement (ktCO2e/an)": (found.overlap, labels.kts(p)),
            "Recouvrement (%)": (found.share, labels.SHARES),
            **beside,
        },
        fold=True,
    )
    return replace(made, aside=("Effet conjoint (ktCO2e/an)",))  # the difference of the two beside


GLOSSARY = Section("glossaire", 125)  # in the workbook: documents share one glossary


@GLOSSARY.table("coherence", sheet="Cohérence", rank=110, page=False, when=model.broad)
def _consistency(p: xr.Dataset) -> Table | Note:
    """The national rationale against the sum of the metropolitan régions: the levers that do not agree."""
    if territories.is_overseas(p.attrs["territory"]):
        return Note(
            "Outre-mer, aucune quantité physique n'est publiée : la cohérence avec le rationnel national ne se lit pas."
        )
    return inconsistent()


def inconsistent() -> Table:
    """The levers of the mainland that do not agree with the national rationale, the same for every territory."""
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


@GLOSSARY.table("leviers", sheet="Leviers", rank=50, page=False, when=model.broad)
def _levers(p: xr.Dataset) -> Table:
    return covered(p.lever.values, f"Ce que couvre chaque levier — {p.attrs['name']}")


def covered(levers: Iterable[str], caption: str) -> Table:
    """What the value of each lever covers, and what it leaves out."""
    enjeux, known = framework.labels("enjeux"), [parameters.levers()[lever] for lever in levers]
    return Table.of(
        caption,
        {
            "Levier": [lever.label for lever in known],
            "Enjeux servis": [french.join(enjeux[one].lower() for one in lever.enjeux) for lever in known],
            "Ce que la valeur couvre, ce qu'elle laisse de côté": [" ".join(lever.note.split()) for lever in known],
        },
    )
