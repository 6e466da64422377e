"""Tables and sentences about a plan: dynamics, interactions, comparison with another plan, consistency."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import xarray as xr

from copkit import french
from copkit.errors import LeverError
from copkit.models import comparison as comparisons
from copkit.models import compensation as compensations
from copkit.models import consistency as checks
from copkit.models import conversion as conversions
from copkit.models import dynamics as trends
from copkit.models import gaps, plans
from copkit.models import interactions as overlaps
from copkit.presentation import labels
from copkit.presentation.table import Table
from copkit.reference import territories, units


@dataclass(frozen=True)
class Note:
    """What stands where a chart or a table has nothing to show: a sentence that says why."""

    text: str

    def _repr_markdown_(self) -> str:
        return f"*{french.typeset(self.text)}*"


def dynamics(p: xr.Dataset) -> Table | Note:
    """Observed value, pace and pace needed, for the levers that have a series."""
    table = trends.dynamics(p.attrs["territory"])
    table = table[table["last"].notna()]
    if table.empty:
        return Note("Aucun levier n'a ici de série observée.")
    out = pd.DataFrame(
        {
            "Levier": table.label,
            "Indicateur observé": table.indicator_label,
            "Unité": table.unit.map(units.label),
            "Première année": table.first_year.map(str),
            "Valeur": table["first"].map(french.quantity),
            "Dernière année": table.last_year.map(str),
            "Dernière valeur": table["last"].map(french.quantity),
            "Rythme par an": table.pace.map(_change),
            "Rythme nécessaire": table.needed.map(_change),
            "État": table.status,
        }
    )
    numbers = {column: str for column in out.columns[3:9]}
    return Table(out, f"Dynamiques en cours — {p.attrs['name']}", numbers)


def without_series(p: xr.Dataset) -> str:
    """The levers that have no observed figure here, so that none is lost."""
    table = trends.dynamics(p.attrs["territory"])
    groups = table[table["last"].isna()].groupby("status", sort=False).label
    parts = [f"{status[0].upper()}{status[1:]} : {' ; '.join(labels)}." for status, labels in groups]
    return " ".join(parts) or "Chaque levier a au moins une valeur observée."


def _change(value: float) -> str:
    """A yearly change, with its sign and about three significant digits; « — » when it is unknown."""
    if pd.isna(value):
        return "—"
    text = french.quantity(abs(value))
    return f"{'+' if value >= 0 else '−'}{text}" if text.strip("0,") else text


def interactions(p: xr.Dataset) -> Table | Note:
    """The groups of levers that act on the same quantity, first-order sum, joint effect and overlap."""
    table = overlaps.interactions(p)
    if table.empty:
        return Note("Aucun groupe de leviers à rapprocher ici.")
    out = pd.DataFrame(
        {
            "Groupe": table.label,
            "Leviers, dans l'ordre de la chaîne": table.levers,
            "Somme à l'ordre 1 (ktCO2e/an)": table.first_order,
            "Effet conjoint (ktCO2e/an)": table.joint,
            "Recouvrement (ktCO2e/an)": table.overlap,
            "Recouvrement (%)": table.share,
        }
    )
    formats = {column: 0 for column in out.columns[2:5]} | {"Recouvrement (%)": 1}
    return Table(out, f"Leviers qui agissent sur la même quantité (hypothèse du kit) — {p.attrs['name']}", formats)


def other_plans(p: xr.Dataset) -> list[str]:
    """The plans of the territory beside the reference."""
    return [plan for plan in plans.known(p.attrs["territory"]) if plan != p.attrs["reference"]]


def compared(p: xr.Dataset) -> comparisons.Comparison | None:
    """The reference against the first other plan known here, by sector; None when there is none."""
    others = other_plans(p)
    return comparisons.compare(p.attrs["territory"], p.attrs["reference"], others[0]) if others else None


def comparison(p: xr.Dataset) -> Table | Note:
    """The reference and another plan by sector, without forest."""
    found = compared(p)
    return two_plans(found) if found else Note(no_plan(p))


def two_plans(found: comparisons.Comparison) -> Table:
    """A comparison as a table: effort and share of each plan, difference."""
    table, noun = found.table, {"sector": "Secteur", "lever": "Levier", "chantier": "Thématique"}[found.by]
    a, b = (text.removeprefix("la ").removeprefix("le ") for text in (found.a, found.b))
    out = pd.DataFrame(
        {
            noun: table.label,
            f"{a} (ktCO2e/an)": table.kt_a,
            f"{a} (%)": table.share_a,
            f"{b} (ktCO2e/an)": table.kt_b,
            f"{b} (%)": table.share_b,
            "Écart (ktCO2e/an)": [french.signed(v, 0) for v in table.difference_kt],
        }
    )
    formats = {out.columns[1]: 1, out.columns[2]: 2, out.columns[3]: 1, out.columns[4]: 2, out.columns[5]: str}
    return Table(out, f"Deux plans, hors forêt — {territories.name(found.territory)}", formats)


def shortfall(s: xr.Dataset) -> Table:
    """What a scenario lacks and what it does in excess, by sector, without forest; never one for the other."""
    if "proposed" not in s:
        raise LeverError("Un panorama n'a pas de manque : composer d'abord un scénario avec ck.simulate(p, {...}).")
    rows = pd.concat([gaps.shortfall(s, by="sector"), gaps.shortfall(s).assign(label="Total")])
    rows = rows[rows.convention == "sans forêt"]
    out = pd.DataFrame(
        {
            "Secteur": rows.label,
            "Manque (ktCO2e/an)": rows.deficit,
            "Surplus (ktCO2e/an)": rows.surplus,
            "Net : surplus − manque (ktCO2e/an)": [french.signed(-v, 1) if v else "0,0" for v in rows.net],
        }
    )
    formats = {out.columns[1]: 1, out.columns[2]: 1, out.columns[3]: str}
    return Table(out, f"Ce qui manque et ce qui dépasse, hors forêt — {s.attrs['name']}", formats)


def deviations(s: xr.Dataset) -> Table:
    """The targets that differ from the reference, with their justification and source, or their absence."""
    if "proposed" not in s:
        raise LeverError("Un panorama n'a pas d'écart : composer d'abord un scénario avec ck.simulate(p, {...}).")
    table = gaps.deviations(s)
    out = pd.DataFrame(
        {
            "Levier": table.label,
            "Référence (ktCO2e/an)": table.target,
            "Proposé (ktCO2e/an)": table.proposed,
            "Écart (ktCO2e/an)": table.difference,
            "Justification": table.justification.replace("", "sans justification"),
            "Source": table.source.replace("", "sans source"),
        }
    )
    return Table(
        out, f"Objectifs qui diffèrent de la référence — {s.attrs['name']}", {c: 1 for c in out if "ktCO2e" in c}
    )


def asks(found: compensations.Compensation) -> Table:
    """What a compensation asks of each lever, in kt and in its own unit, against its published target."""
    table = found.asks
    out = pd.DataFrame(
        {
            "Levier": table.label,
            "Avant (ktCO2e/an)": table.kt_before,
            "En plus (ktCO2e/an)": table.kt_more,
            "Après (ktCO2e/an)": table.kt_after,
            "Quantité en 2030": [
                "—" if pd.isna(v) else f"{french.quantity(v)} {units.label(u)}"
                for v, u in zip(table.quantity_after, table.unit, strict=True)
            ],
            "Objectif publié (ktCO2e/an)": table.target,
            "Borne": [limit if binding else "—" for limit, binding in zip(table.limit, table.binding, strict=True)],
        }
    )
    return Table(out, "Ce que la compensation demande à chaque levier", {c: 1 for c in out.columns if "ktCO2e" in c})


def conversion(found: conversions.Conversion) -> Table:
    """A conversion with what it takes to do it again."""
    unit = units.label(found.unit) if found.unit else "—"
    rows = [
        ("Objectif 2030 (ktCO2e/an)", french.number(found.kt, 4)),
        ("Quantité en 2030", f"{french.number(found.quantity, 4)} {unit}"),
        ("Point de départ 2019", french.number(found.baseline, 4)),
        ("Coefficient (unité par ktCO2e/an)", f"{found.coefficient:g}".replace(".", ",").replace("-", "−")),
        ("Formule", found.formula),
        ("Statut", labels.STATUSES.get(found.status, found.status)),
        ("Source", found.source),
        *(("À savoir", limit) for limit in found.limits),
    ]
    if found.derived_coefficient is not None:
        derived = f"{found.derived_coefficient:g}".replace(".", ",").replace("-", "−")
        rows.insert(4, ("Coefficient dérivé par le kit", f"{derived} ({found.derived_method})"))
    return Table(pd.DataFrame(rows, columns=["", "Valeur"]), f"{found.label} — {found.name}", {})


def no_plan(p: xr.Dataset) -> str:
    """Why there is nothing to compare."""
    if p.attrs["level"] == "region":
        return "Aucun autre plan (SRADDET, PCAET) n'est chargé pour cette région : rien à comparer."
    return "Les autres plans (SRADDET, PCAET) se comparent à l'échelle de leur territoire : rien de chargé à celle-ci."


def consistency(p: xr.Dataset) -> Table | Note:
    """The national rationale against the sum of the metropolitan régions: the rows that do not agree."""
    if territories.is_overseas(p.attrs["territory"]):
        return Note(
            "Outre-mer, aucune quantité physique n'est publiée : la cohérence avec le rationnel national ne se lit pas."
        )
    table = checks.consistency()
    table = table[table.status != "cohérent"]
    out = pd.DataFrame(
        {
            "Levier": table.label,
            "Évolution calculée 2019-2030 (%)": table.computed,
            "Repère national": table.rationale,
            "État": table.status,
            "Lecture": table.reading,
        }
    )
    return Table(out, "Métropole : les leviers dont la quantité s'écarte du repère national", {out.columns[1]: 1})
