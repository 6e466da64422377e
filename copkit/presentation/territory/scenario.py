"""What a scenario lacks, how a compensation closes it, what is sure of it; a target as a quantity."""

from __future__ import annotations

import pandas as pd
import xarray as xr

from copkit import french
from copkit.errors import LeverError
from copkit.models import gaps
from copkit.models import uncertainty as uncertainties
from copkit.models.budgets import Reduction
from copkit.models.compensation import Compensation
from copkit.models.conversion import Conversion
from copkit.models.factors import Identity
from copkit.models.proposals import composed
from copkit.presentation import formats, labels
from copkit.presentation.document import Section
from copkit.presentation.table import Table
from copkit.presentation.text import Text
from copkit.reference import territories, units

SCENARIO = Section("scenario", 200, "Le scénario")


@SCENARIO.table("manque", when=composed, sheet="Manque", rank=2)
def _shortfall(s: xr.Dataset) -> Table:
    """What it lacks and what it does in excess, by sector, without forest; never one for the other."""
    if not composed(s):
        raise LeverError("Un panorama n'a pas de manque : composer d'abord un scénario avec ck.simulate(p, {...}).")
    rows = pd.concat([gaps.shortfall(s, by="sector"), gaps.shortfall(s).assign(label="Total")])
    rows = rows[rows.convention == "sans forêt"]
    return Table.of(
        f"Ce qui manque et ce qui dépasse, hors forêt — {s.attrs['name']}",
        {
            "Secteur": rows.label,
            "Manque (ktCO2e/an)": (rows.deficit, 1),
            "Surplus (ktCO2e/an)": (rows.surplus, 1),
            "Net : surplus − manque (ktCO2e/an)": (-rows.net, formats.signed(1)),
        },
    )


@SCENARIO.table("ecarts", when=composed, sheet="Scénario", rank=1)
def _deviations(s: xr.Dataset) -> Table:
    """The targets that differ from the reference, with their justification and source, or their absence."""
    if not composed(s):
        raise LeverError("Un panorama n'a pas d'écart : composer d'abord un scénario avec ck.simulate(p, {...}).")
    found = gaps.deviations(s)
    return Table.of(
        f"Objectifs qui diffèrent de la référence — {s.attrs['name']}",
        {
            "Levier": found.label,
            "Référence (ktCO2e/an)": (found.target, 1),
            "Proposé (ktCO2e/an)": (found.proposed, 1),
            "Écart (ktCO2e/an)": (found.difference, 1),
            "Justification": found.justification.replace("", "sans justification"),
            "Source": found.source.replace("", "sans source"),
        },
    )


@SCENARIO.table("compensation", about=Compensation)
def asks(found: Compensation) -> Table:
    """What a compensation asks of each lever, in kt and in its own unit, against its published target."""
    rows = found.asks
    quantities = [
        "—" if pd.isna(v) else f"{french.quantity(factor * v)} {name}"
        for v, (factor, name) in zip(rows.quantity_after, map(units.read_in, rows.unit), strict=True)
    ]
    return Table.of(
        "Ce que la compensation demande à chaque levier",
        {
            "Levier": rows.label,
            "Avant (ktCO2e/an)": (rows.kt_before, 1),
            "En plus (ktCO2e/an)": (rows.kt_more, 1),
            "Après (ktCO2e/an)": (rows.kt_after, 1),
            "Quantité en 2030": quantities,
            "Objectif publié (ktCO2e/an)": (rows.target, 1),
            "Borne": [limit if binding else "—" for limit, binding in zip(rows.limit, rows.binding, strict=True)],
        },
    )


@SCENARIO.sentence(about=Compensation)
def compensation(found: Compensation) -> Text:
    """Ce qu'une compensation reprend, ce qui manque encore, et les écarts à la référence sans justification."""
    lines, unjustified = [found.sentence], gaps.unjustified(found.scenario)
    if unjustified:
        names = [str(found.scenario.label.sel(lever=lever).values) for lever in unjustified]
        lines.append(f"Objectifs différents de la référence, sans justification ou sans source : {french.join(names)}.")
    return Text.joined(lines)


@SCENARIO.table("conversion", about=Conversion)
def conversion(found: Conversion) -> Table:
    """A conversion with what it takes to do it again."""
    unit = units.label(found.unit) if found.unit else "—"
    rows = [
        ("Objectif 2030 (ktCO2e/an)", _short(found.kt)),
        ("Quantité en 2030", f"{_short(found.quantity)} {unit}"),
        ("Point de départ 2019", _short(found.baseline)),
        ("Coefficient (unité par ktCO2e/an)", _coefficient(found.coefficient)),
        ("Formule", found.formula),
        ("Statut", labels.STATUSES.get(found.status, found.status)),
        ("Source", found.source),
        *(("À savoir", limit) for limit in found.limits),
    ]
    if found.derived_coefficient is not None:
        derived = f"{_coefficient(found.derived_coefficient)} ({found.derived_method})"
        rows.insert(4, ("Coefficient dérivé par le kit", derived))
    return Table(pd.DataFrame(rows, columns=["", "Valeur"]), f"{found.label} — {found.name}")


@SCENARIO.table("facteurs", about=Identity)
def _factors(found: Identity) -> Table:
    """The factors of a lever, whose product is its target."""
    rows = [(one.label, one.value, units.label(one.unit), one.status, one.source) for one in found.factors]
    rows.append(("Objectif 2030", found.target, "ktCO2e/an", "", ""))
    label, value, unit, status, source = map(list, zip(*rows, strict=True))
    columns = {"Facteur": label, "Valeur": (value, formats.QUANTITY), "Unité": unit}
    states = [labels.STATUSES.get(one, one) for one in status]
    caption = f"{found.label} — {territories.name(found.territory)}"
    return Table.of(caption, {**columns, "Statut": states, "Source": source})


@SCENARIO.table("reduction", about=Reduction)
def _reduction(found: Reduction) -> Table:
    """A reduction between two years, and how it was found."""
    columns = {"Année": ([found.baseline_year, found.target_year, "Réduction"], formats.PLAIN)}
    kts = ([found.baseline, found.target, found.kt], 0)
    return Table.of(found.sentence, {**columns, "Émissions (ktCO2e/an)": kts})


def _short(value: float) -> str:
    """Four decimals at most, and no zero at their end.

    >>> _short(10.0), _short(0.333), _short(float("nan"))
    ('10', '0,333', 'n.d.')
    """
    text = french.number(value, 4)
    return text.rstrip("0").rstrip(",") if "," in text else text


def _coefficient(value: float) -> str:
    return f"{value:g}".replace(".", ",").replace("-", "−")


@SCENARIO.sentence(when=composed)
def uncertainty(p: xr.Dataset) -> Text:
    """La probabilité d'atteindre l'objectif sous les hypothèses du kit, et la fourchette de l'effort."""
    found = uncertainties.uncertainty(p).isel(territory=0)
    last = found.avoided.isel(year=-1)
    low, high = (labels.kt(p, float(last.sel(quantile=q))) for q in (0.05, 0.95))
    return Text(
        "Sous les hypothèses de parameters/uncertainty.yml, l'effort de {year}{whose} est compris neuf fois sur dix "
        "entre {low} et {high} ktCO2e/an hors forêt, pour un objectif{which} de {target}. Il atteint l'objectif dans "
        "{odds} des tirages ({draws} tirages, graine {seed}). **Statut : hypothèse.**",
        whose=" que propose le scénario" if composed(p) else "",
        which=" de référence" if composed(p) else "",
        year=int(found.year[-1]),
        low=low,
        high=high,
        target=labels.kt(p, float(found.target)),
        odds=french.percent(100 * float(found.probability), 0),
        draws=french.number(found.attrs["draws"], 0),
        seed=found.attrs["seed"],
    )
