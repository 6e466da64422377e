"""The tables of a territory's document: French headings, units in the headings, a caption."""

from __future__ import annotations

import math
from typing import NamedTuple

import pandas as pd
import xarray as xr

from copkit import french
from copkit.errors import LeverError, suggestion
from copkit.models import downscaling, levers, nomenclatures, panorama
from copkit.models.comparison import Comparison
from copkit.models.compensation import Compensation
from copkit.models.conversion import Conversion
from copkit.presentation import labels
from copkit.presentation.table import Table
from copkit.presentation.territory import analyses
from copkit.reference import framework, parameters, territories, units


def table(p: xr.Dataset | Compensation | Comparison | Conversion, what: str = "panorama") -> Table:
    """Une table en français à propos d'un panorama, ou d'une compensation, d'une comparaison, d'une conversion.

    Parameters
    ----------
    p : le panorama d'un territoire.
    what : « synthese », « panorama », « secteurs », « quantites », « leviers », « cles », « place », « dynamiques »,
        « interactions », « comparaison », « coherence », « manque » et « ecarts » (d'un scénario), « parties »
        ou « sources ».

    Raises
    ------
    LeverError
        Si la table demandée n'existe pas.
    """
    if isinstance(p, Compensation):
        return analyses.asks(p)
    if isinstance(p, Comparison):
        return analyses.two_plans(p)
    if isinstance(p, Conversion):
        return analyses.conversion(p)
    if what not in _TABLES:
        raise LeverError(
            f"Table inconnue : « {what} ».{suggestion(what, list(_TABLES))} Tables : {', '.join(_TABLES)}."
        )
    return _TABLES[what](p)


def _summary(p: xr.Dataset) -> Table:
    totals = panorama.totals(p)
    nation = panorama.totals(panorama.shared("fr"))
    table = pd.DataFrame(
        {
            "Convention": [f"Total {c}" for c in totals.index],
            "Émissions évitées en 2030 (ktCO2e/an)": totals.total.to_numpy(),
            "Part du total national (%)": (100 * totals.total / nation.total).to_numpy(),
            "Leviers sans valeur": totals.missing.to_numpy(),
        }
    )
    caption = f"L'effort {labels.of(p.attrs['territory'])} dans les deux conventions"
    return Table(table, caption, {table.columns[1]: 1, table.columns[2]: 2, table.columns[3]: 0})


class Row(NamedTuple):
    """A lever in the order of the table, with the rank that charts print."""

    shown: bool
    target_ktco2e: float
    lever: str
    label: str
    sector: str
    chantier: str
    status: str
    grade: str
    unit: str
    rank: int


def ordered(p: xr.Dataset) -> list[Row]:
    """The levers from the largest target to the smallest, then the hidden ones; in plain Python, much faster."""
    names = ("shown", "target", *Row._fields[2:-1])
    rows = zip(*(p.variables[name].values.tolist() for name in names), strict=True)
    rows = sorted(rows, key=lambda row: (not row[0], -row[1] if row[1] == row[1] else math.inf))
    return [Row(*row, rank) for rank, row in enumerate(rows, start=1)]


def _panorama(p: xr.Dataset) -> Table:
    rows, total = ordered(p), panorama.total(p, forest=False)
    sectors, thematiques = labels.sectors(), labels.thematiques()
    target, share = "Émissions évitées (ktCO2e/an)", "Part hors forêt (%)"
    columns = {
        "N°": [row.rank for row in rows],
        "Levier": [row.label for row in rows],
        "Secteur": [sectors[row.sector] for row in rows],
        "Thématique": [thematiques[row.chantier] for row in rows],
        target: [row.target_ktco2e if row.shown else "?" for row in rows],
        share: [100 * row.target_ktco2e / total if row.shown and row.lever != levers.FOREST else "—" for row in rows],
        "Statut": [labels.STATUSES[row.status] for row in rows],
    }
    if any(row.grade for row in rows):
        columns["Note de la clé"] = [row.grade for row in rows]
    caption = f"Panorama des leviers — {p.attrs['name']}, 2030 par rapport à 2019"
    return Table(pd.DataFrame(columns), caption, {"N°": 0, target: 1, share: 2})


def _sectors(p: xr.Dataset) -> Table:
    shares, nation = panorama.shares(p), panorama.shares(panorama.shared("fr"))
    out = pd.DataFrame(
        {
            "Secteur": shares.index.map(labels.sectors()),
            "Émissions évitées (ktCO2e/an)": shares.target.to_numpy(),
            "Part (%)": shares.share.to_numpy(),
            "Part en France (%)": nation.share.reindex(shares.index).to_numpy(),
        }
    )
    return Table(
        out,
        f"Effort par secteur, hors forêt — {p.attrs['name']}",
        {c: d for c, d in zip(out.columns[1:], (1, 2, 2), strict=True)},
    )


def _quantities(p: xr.Dataset) -> Table:
    table = panorama.table(p).assign(
        translated=p.quantity_per_kt.notnull().values,
        change=panorama.change(p).values,
        coarse=p.attrs["level"] != "france" and p.lever.isin(list(panorama.coarse(p))).values,
        since_2019=p.quantity_per_kt.notnull().values & p.baseline.isnull().values,
    )
    rows = []
    for one in table.itertuples():
        known = parameters.levers()[one.lever]
        rows.append(
            {
                "Levier": known.label,
                "Ce qui est compté": known.quantity.label if known.quantity else "pas de quantité physique",
                "Unité": units.label(known.quantity.unit) if known.quantity else "—",
                "En 2019": "—" if not known.quantity or one.since_2019 else one.baseline,
                "En 2030": one.quantity_2030 if known.quantity else "—",
                "Évolution": _evolution(one) if one.translated else "—",
                "Remarque": _remark(one, known, p.attrs["level"]),
                "Repère national": nomenclatures.rationale(known.id) or "—",
            }
        )
    out = pd.DataFrame(rows)
    return Table(
        out,
        f"Ce que chaque levier demande en quantités — {p.attrs['name']}",
        {"En 2019": french.quantity, "En 2030": french.quantity},
    )


def _evolution(one) -> str:
    if pd.isna(one.baseline) or one.baseline == 0:
        return "—"
    if pd.isna(one.change):
        return french.UNKNOWN
    if one.change >= 200:
        return f"×{french.NARROW}{french.number(1 + one.change / 100, 0)}"
    return f"{french.signed(one.change, 0)}{french.NARROW}%"


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


def _notes(p: xr.Dataset) -> Table:
    known, enjeux = parameters.levers(), framework.labels("enjeux")
    out = pd.DataFrame(
        {
            "Levier": p.label.values,
            "Enjeux servis": [french.join(enjeux[e].lower() for e in known[lever].enjeux) for lever in p.lever.values],
            "Ce que la valeur couvre, ce qu'elle laisse de côté": [
                " ".join(known[lv].note.split()) for lv in p.lever.values
            ],
        }
    )
    return Table(out, f"Ce que couvre chaque levier — {p.attrs['name']}", {})


def _keys(p: xr.Dataset) -> Table | analyses.Note:
    if territories.is_overseas(p.attrs["territory"]):
        return analyses.Note("Outre-mer, la source ne dit pas par quelle clé l'effort national est réparti.")
    keys = downscaling.keys()
    table = panorama.table(p).assign(reason=p.reason.values)
    official = [keys.official_key.get(lever, "—") for lever in table.lever]
    out = pd.DataFrame({"Levier": table.label, "Clé officielle entre régions": official})
    if (table.key_grade == "").all():
        out["Producteur de la clé"] = [keys.official_producer.get(lever, "") or "—" for lever in table.lever]
        return Table(out, f"Comment le SGPE répartit l'effort national — {p.attrs['name']}", {})
    out["Clé employée entre départements"] = table.key
    out["Note"] = table.key_grade.replace("", "—")
    out["Pourquoi"] = table.reason
    return Table(out, f"Comment la valeur régionale est répartie — {p.attrs['name']}", {})


def _place(p: xr.Dataset) -> Table:
    place = panorama.place(p)
    out = pd.DataFrame(
        {
            "Rang": place["rank"],
            "Territoire": place.name,
            "Émissions évitées, hors forêt (ktCO2e/an)": place.target,
            "Part (%)": place.share,
            "Par habitant (tCO2e/an)": place.per_head,
        }
    )
    peers = "régions" if place.index[0].startswith("reg") else "départements de la région"
    return Table(
        out, f"{p.attrs['name']} parmi les {peers}", {"Rang": 0, out.columns[2]: 1, "Part (%)": 2, out.columns[4]: 2}
    )


def _parts(p: xr.Dataset) -> Table:
    return Table(labels.diagnostic_parts(p.attrs["territory"]), "Les quatre parties du diagnostic et leurs données", {})


def _sources(p: xr.Dataset) -> Table:
    known, used = parameters.sources(), labels.sources_used(p)
    out = pd.DataFrame(
        [
            {
                "Clé": key,
                "Producteur": known[key].publisher,
                "Jeu de données": known[key].title,
                "Année": known[key].year,
                "Licence": known[key].licence,
                "Où le lire": known[key].locator,
            }
            for key in used
        ]
    )
    return Table(out, "Sources des chiffres de ce document", {})


_TABLES = {
    "synthese": _summary,
    "panorama": _panorama,
    "secteurs": _sectors,
    "quantites": _quantities,
    "leviers": _notes,
    "cles": _keys,
    "place": _place,
    "dynamiques": analyses.dynamics,
    "interactions": analyses.interactions,
    "comparaison": analyses.comparison,
    "coherence": analyses.consistency,
    "manque": analyses.shortfall,
    "ecarts": analyses.deviations,
    "parties": _parts,
    "sources": _sources,
}
