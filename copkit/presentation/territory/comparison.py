"""The plan of reference beside another one."""

from __future__ import annotations

from functools import partial

import pandas as pd
import xarray as xr

from copkit import french
from copkit.models import comparison as model
from copkit.models import panorama
from copkit.presentation import formats, labels
from copkit.presentation.document import Section
from copkit.presentation.formats import Rounded
from copkit.presentation.table import Table
from copkit.presentation.text import Note, Text
from copkit.reference import territories

KT = Rounded(partial(french.rough, figures=9), 1)  # published, to the kt
NOUNS = {"sector": "Secteur", "lever": "Levier", "chantier": "Thématique"}
COMPARISON = Section("comparaison", 70)


@COMPARISON.sentence()
def comparison(p: xr.Dataset) -> Text | Note:
    """Ce que dit un autre plan connu, et ce qu'il faut savoir pour le lire."""
    found = model.with_another(p)
    if found is None:
        return Note("Un moindre effort sur un levier se compense sur un autre, à l'échelle de la région.")
    return Text.joined([found.sentence, Text.bullets(one for one in found.cautions if one not in found.printed)])


@COMPARISON.table("comparaison", sheet="Comparaison", rank=100, when=panorama.broad)
def _comparison(p: xr.Dataset) -> Table | Note:
    if found := model.with_another(p):
        return two_plans(found)
    if p.attrs["level"] == "region":
        return Note("Aucun autre plan (SRADDET, PCAET) n'est chargé pour cette région : rien à comparer.")
    return Note(
        "Les autres plans (SRADDET, PCAET) se comparent à l'échelle de leur territoire : rien de chargé à celle-ci."
    )


@COMPARISON.table("deux_plans", about=model.Comparison)
def two_plans(found: model.Comparison) -> Table:
    """A comparison as a table: effort and share of each plan, difference."""
    rows = found.table
    a, b = (french.capital(text.removeprefix("la ").removeprefix("le ")) for text in (found.a, found.b))
    return Table.of(
        f"Deux plans, hors forêt — {territories.name(found.territory)}",
        {
            NOUNS[found.by]: rows.label,
            f"{a} (ktCO2e/an)": (rows.kt_a, KT),
            f"{a} (%)": (rows.share_a, labels.SHARES),
            f"{b} (ktCO2e/an)": (rows.kt_b, KT),
            f"{b} (%)": (rows.share_b, labels.SHARES),
            "Écart (ktCO2e/an)": (rows.difference_kt, formats.signed(0)),
        },
    )


def pathways(found: pd.DataFrame) -> Table:
    """Pathways side by side: a row for each variable of a scenario of a territory, a column for each year."""
    wide = found.pivot(index=["region", "scenario", "variable", "unit"], columns="year", values="value").reset_index()
    return Table.of(
        "Trajectoires, variables du format IAMC",
        {
            "Territoire": wide.region,
            "Scénario": wide.scenario,
            "Variable": wide.variable,
            "Unité": wide.unit,
            **{str(year): (wide[year], french.significant) for year in sorted(found.year.unique())},
        },
    )
