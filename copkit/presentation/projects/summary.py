"""The first sheet of the workbook of a vivier: how many projects, in which categories, for which thématiques."""

from __future__ import annotations

from copkit import french
from copkit.presentation.projects.balance import column_name
from copkit.presentation.projects.document import DOCUMENT, caption
from copkit.presentation.summary import Bars, Summary
from copkit.presentation.table import Table
from copkit.projects.counting import balance as model
from copkit.projects.selection import Vivier

COUNT, SHARE = "Dossiers", "Part (%)"
FEW = 10  # levers that are drawn


def summary(v: Vivier) -> Summary:
    """What the workbook of a vivier opens on."""
    count = french.plural(len(v.counted), "dossier distinct", "dossiers distincts")
    parts = () if v.empty else (_categories(v), _thematiques(v), _levers(v))
    return DOCUMENT.opening(v, count, (v.counts["summary"],), parts)


def _categories(v: Vivier) -> Bars:
    column = v.territory if v.level == "departement" else model.TOTAL
    found, shares = v.categories[:-1], v.shares[:-1]
    columns = {"Catégorie": found.label, COUNT: (found[column], 0), SHARE: (shares[column], 1)}
    whole = v.categories[column].iloc[-1]
    total = {"Catégorie": column_name(v, column, mark=False), COUNT: int(whole), **({SHARE: 100.0} if whole else {})}
    table = Table.of(caption(v, "Dossiers par catégorie"), columns)
    return Bars(table=Table(table.data, table.caption, table.formats, (total,)), columns=(COUNT,), unit="dossiers")


def _thematiques(v: Vivier) -> Bars:
    found = v.by("thematique")
    found = found[found.thematique != model.TOTAL]
    columns = {"Thématique": found.label, COUNT: (found.projects, 0), SHARE: (found.share, 1)}
    return Bars(table=Table.of(caption(v, "Dossiers par thématique"), columns), columns=(COUNT,), unit="dossiers")


def _levers(v: Vivier) -> Bars:
    found = v.by("lever")
    found = found[(found.rank_label != "") & (found.projects > 0)]
    found = found.sort_values("projects", ascending=False, kind="stable").head(FEW)
    columns = {"Levier": found.label, COUNT: (found.projects, 0), SHARE: (found.share, 1)}
    text = f"Les {len(found)} leviers les plus présents, dossiers à remonter ou à travailler"
    return Bars(table=Table.of(caption(v, text), columns), columns=(COUNT,), unit="dossiers")
