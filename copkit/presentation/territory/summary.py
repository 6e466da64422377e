"""The first sheet of the workbook of a territory: its effort in a few figures, its first levers, its sectors."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd
import xarray as xr

from copkit import french
from copkit.models import panorama as model
from copkit.models import proposals, worth
from copkit.presentation import formats, labels
from copkit.presentation.summary import Bars, Summary
from copkit.presentation.table import Table
from copkit.reference import territories

FEW = 10  # levers that are drawn
EFFORT, SHARE = "ktCO2e/an évitées", "Part de l'effort (%)"


def summary(p: xr.Dataset) -> Summary:
    """What the workbook of a territory, or of a scenario, opens on."""
    own, asked = proposals.composed(p), "évitées par le scénario" if proposals.composed(p) else "à éviter"
    total = labels.about(p, model.total(p, forest=False))
    return Summary(
        name=labels.named(p),
        title=f"{labels.named(p)} : {total} ktCO2e/an {asked} en 2030, hors forêt",
        lines=(
            f"{french.capital(labels.standing(p))}, base de discussion, non prescriptive. "
            f"Émissions évitées en 2030 par rapport à 2019. Données : version {p.attrs['version']}.",
        ),
        parts=(
            Bars(table=_figures(p)),
            Bars(table=_levers(p), columns=(EFFORT,), unit="ktCO2e évitées par an en 2030"),
            Bars(table=_sectors(p), columns=_compared(p, own), unit="% de l'effort, hors forêt"),
        ),
    )


def _figures(p: xr.Dataset) -> Table:
    """Each figure with its unit."""
    totals, rows, figures = model.of_the_nation(p), [], worth.total(p)
    for convention, one in totals.iloc[::-1].iterrows():
        said = "hors forêt" if convention == "sans forêt" else convention
        rows.append((f"Émissions évitées en 2030, {said}", worth.rounded(one.total, figures), "ktCO2e/an"))
        if proposals.composed(p):
            rows.append((f"Référence, {said}", worth.rounded(one.reference_total, figures), "ktCO2e/an"))
        if p.attrs["level"] != "france":
            rows.append((f"Part du total national, {said}", one.share, "%"))
    rows.append(("Part des trois premiers leviers, hors forêt", model.largest(p, 3)[1], "%"))
    rows += _placed(proposals.reference(p) if proposals.composed(p) else p)
    if missing := int(totals.missing.max()):
        rows.append(("Leviers sans valeur, comptés dans aucun total", missing, "leviers"))
    names, values, units = map(list, zip(*rows, strict=True))
    values = [_share(value) if unit == "%" else value for value, unit in zip(values, units, strict=True)]
    columns = {"Valeur": (pd.Series(values, dtype=object), formats.ROUNDED), "Unité": units}
    return Table.of("En chiffres, arrondis à ce qu'ils valent", {"Repère": names, **columns})


def _share(value: float) -> Decimal:
    """A share, with the digits that a page writes (``french.share``). [%]"""
    return Decimal(f"{value:.{0 if round(value, 1) >= 10 else 1}f}")


def _placed(p: xr.Dataset) -> list[tuple[str, float, str]]:
    """Where a reference stands among its peers, and what its figures rest on."""
    if p.attrs["level"] == "france":
        return []
    if model.small(p):
        return _local(p)
    peers, code = model.place(p), p.attrs["territory"]
    here = peers[peers.index.isin([code, territories.region_of(code)])].iloc[0]
    region = peers.index[0].startswith("reg")
    rows = [
        ("Par habitant, à la référence", worth.written(float(here.per_head), worth.of(here.name), 1), "tCO2e/an"),
        (
            f"Rang de l'effort {'parmi les régions' if region else 'dans la région'}, à la référence",
            int(here["rank"]),
            f"sur {len(peers)} {'régions' if region else 'départements'}",
        ),
    ]
    grades = model.grade_shares(p)
    if not grades.empty:
        rows.append(("Effort réparti par une clé notée C", float(grades["C"]), "%"))
    if given := model.local_share(p):
        rows.append(("Effort réparti par une clé donnée", given, "%"))
    return rows


def _local(p: xr.Dataset) -> list[tuple[str, float, str]]:
    """The same below the départements, where there is no rank."""
    found = model.by_departement(p)
    per_head = 1000 * model.total(p, forest=False) / (found.population.sum() or float("nan"))
    shares = [(f"Part de l'effort, {one.name}", float(one.share), "%") for one in found.itertuples()]
    return [
        ("Communes", int(found.communes.sum()), "communes"),
        ("Par habitant", worth.written(per_head, worth.total(p), 1), "tCO2e/an"),
        *shares,
        ("Effort réparti par une clé notée C", model.rough_share(p), "%"),
        ("Effort dont la clé est inconnue sous le département", model.replaced_share(p), "%"),
    ]


def _levers(p: xr.Dataset) -> Table:
    rows, figures = [row for row in model.ordered(p) if row.shown and row.target_ktco2e > 0][:FEW], worth.levers(p)
    return Table.of(
        f"Les {len(rows)} premiers leviers",
        {
            "Levier": [row.label for row in rows],
            EFFORT: ([worth.rounded(row.target_ktco2e, figures[row.lever]) for row in rows], 0),
            "Part hors forêt (%)": ([row.share for row in rows], 1),
        },
    )


def _sectors(p: xr.Dataset) -> Table:
    found, own = model.shares(p), proposals.composed(p)
    efforts = [worth.rounded(kt, worth.total(p)) for kt in found.target]
    columns = {"Secteur": found.index.map(labels.sectors()), EFFORT: (efforts, 0), SHARE: (found.share, 1)}
    if beside := _compared(p, own)[1:]:
        other = found.reference_share if own else found.index.map(model.national_shares())
        columns[beside[0]] = (other, 1)
    return Table.of("Effort par secteur, hors forêt", columns)


def _compared(p: xr.Dataset, own: bool) -> tuple[str, ...]:
    """The share, and that of the reference of a scenario, or of the country."""
    return (
        (SHARE,) if p.attrs["level"] == "france" and not own else (SHARE, "Référence (%)" if own else "En France (%)")
    )
