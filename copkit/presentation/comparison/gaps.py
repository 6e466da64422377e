"""The columns side by side: as a whole, sector by sector, lever by lever."""

from __future__ import annotations

import textwrap

import lazy_loader
import pandas as pd

from copkit import french
from copkit.models.side_by_side import HEAD, KT, Gap, SideBySide, labels
from copkit.presentation import charts, formats, theme
from copkit.presentation.comparison.document import NOT_THERE, column_of, efforts, rows, what, written
from copkit.presentation.document import Section
from copkit.presentation.table import Table
from copkit.presentation.text import Note, Text
from copkit.reference import parameters, territories

alt = lazy_loader.load("altair")
NAMES, ROW, BAR, LINE = 172, 30, 18, 15  # of the labels; of a row, of its bar, of a line of text [px]
BESIDE, APART, LETTER = 48, 12, 7.4  # for what stands beside a bar; between two panels; a letter of their names [px]
LONG = 96  # letters of a title
NOUNS = {"sector": "Secteur", "lever": "Levier"}
WHOLE = Section("ensemble", 20)


@WHOLE.table("ensemble", sheet="Ensemble", rank=20)
def whole(found: SideBySide) -> Table:
    """What is compared, and what each asks in all."""
    columns, how, heads = found.columns, efforts(found), found.unit == HEAD
    made = {
        "Comparé": found.names,
        "Territoire": [territories.name(one.territory) for one in columns],
        "Plan": [french.capital(one.plan.label.removeprefix("la ").removeprefix("le ")) for one in columns],
        "Version": [one.version for one in columns],
        "Effort hors forêt (ktCO2e/an)": (found.totals.to_numpy(), how),
        "Avec forêt (ktCO2e/an)": ([one.whole if one.forest else NOT_THERE for one in columns], how),
        "Population (hab.)": ([one.population for one in columns], 0),
        "Année": ([one.year for one in columns], formats.PLAIN),
        "Par habitant (kgCO2e/an)": (found.measured(found.totals).to_numpy(), how),
    }
    idle = {name for name in ("Plan", "Version") if len(set(made[name])) == 1}
    idle |= {"Territoire"} if set(made["Territoire"]) == set(made["Comparé"]) or not heads else set()
    idle |= set() if heads else {"Population (hab.)", "Année", "Par habitant (kgCO2e/an)"}
    return Table.of(
        f"Ce qui est comparé — {what(found)}", {name: one for name, one in made.items() if name not in idle}
    )


SECTORS = Section("secteurs", 30)


@SECTORS.chart()
def sectors(found: SideBySide) -> alt.LayerChart:
    """Un panneau par colonne, une barre par secteur, tous à la même échelle, hors forêt."""
    gap, names, told = found.widest(), labels("sector"), _written(found, "sector")
    order = found.values().mean(axis=1).sort_values(ascending=False, kind="stable").index
    said = [
        [french.typeset(names[row]), french.typeset(" · ".join(f"{name} {told[name][row]}" for name in told))]
        for row in order
    ]
    unit = f"{found.unit}, évités en 2030 par rapport à 2019, hors forêt ; tous les panneaux à la même échelle"
    bold = "en gras, le secteur qui les sépare le plus ; " if gap else ""
    words = charts.words(
        _title(found, gap),
        [unit, f"{bold}{_origin(found)}"],
        f"{' ; '.join(f'{label} : {cells}' for label, cells in said)}.",
        {one: "" for one in (" ; tous les panneaux à la même échelle", bold) if one},
    )
    head, rects, texts = _panels(found, order, gap, told)
    across = alt.X("x:Q", scale=alt.Scale(domain=[0, charts.WIDTH], nice=False), axis=None)
    down = alt.Y("y:Q", scale=alt.Scale(domain=[len(order) * ROW, -head], nice=False), axis=None)
    drawn = alt.Chart({"values": tuple(rects)}).mark_rect()
    drawn = drawn.encode(x=across, x2=alt.X2("x2:Q"), y=down, y2=alt.Y2("y2:Q"), fill=alt.Fill("fill:N", scale=None))
    layers = [drawn, *charts.pixels(texts, x=across, y=down)]
    return charts.drawing(layers, len(order) * ROW + head, words, phone=[[*one, None] for one in said])


def _panels(found: SideBySide, order: pd.Index, gap: Gap | None, told: dict) -> tuple[int, list[dict], list[dict]]:
    """The height of the names of the panels; the bars and the words at their places. [px]"""
    values, names = found.values(), labels("sector")
    width, longest = (charts.WIDTH - NAMES) / len(found.columns), float(values.max().max())
    heads = [textwrap.wrap(name, int((width - APART) / LETTER), break_long_words=False) for name in found.names]
    head = LINE * max(map(len, heads)) + 8
    weights = ["bold" if gap and row == gap.row else "normal" for row in order]
    rects, texts = [], []

    def word(text: str, x: float, y: float, weight: str) -> None:
        texts.append({"text": french.typeset(text), "x": x, "y": y, "weight": weight})

    for row, name in enumerate(order):
        word(names[name], 0, row * ROW + 8, weights[row])
    for panel, (name, lines) in enumerate(zip(found.names, heads, strict=True)):
        left = NAMES + panel * width
        for line, text in enumerate(lines):
            word(text, left, line * LINE - head, "bold")
        for row, value in enumerate(values[name].reindex(order).fillna(0).clip(lower=0)):
            end, top = left + value / longest * (width - APART - BESIDE), row * ROW + 5
            fill = theme.HIGHLIGHT if weights[row] == "bold" else theme.MUTED
            rects.append({"x": left, "x2": end, "y": top, "y2": top + BAR, "fill": fill})
            word(told[name][order[row]], end + 5, top + 3, weights[row])
    return head, rects, texts


def _title(found: SideBySide, gap: Gap | None) -> str:
    if gap is None:
        return "Aucun secteur ne les sépare nettement"
    each = {one.name: one for one in found.columns}
    low, high = written(each[gap.least], gap.low), written(each[gap.most], gap.high)
    whole = f"{gap.label} : de {low} ({gap.least}) à {high} {found.unit} ({gap.most})"
    return whole if len(whole) < LONG else f"{gap.label} : de {low} à {high} {found.unit}"


def _origin(found: SideBySide) -> str:
    known = parameters.sources()
    titles = dict.fromkeys(f"{known[key].publisher}, {known[key].year}" for key in found.sources)
    return f"source : {' ; '.join(titles)}" if titles else "source : donnée à la comparaison"


def _written(found: SideBySide, by: str) -> dict[str, dict[str, str]]:
    """What is written of each row, by column."""
    values, held = found.values(by), found.held(by)
    return {
        one.name: {
            row: written(one, value) if held.loc[row, one.name] else NOT_THERE
            for row, value in values[one.name].items()
        }
        for one in found.compared(by)
    }


@SECTORS.table("secteurs")
def _sectors(found: SideBySide) -> Table:
    return _side(found, "sector", found.unit)


LEVERS = Section("leviers", 40)


@LEVERS.sentence()
def levers(found: SideBySide) -> Text | Note:
    """Quelles colonnes se comparent levier par levier, et dans quel ordre les leviers viennent."""
    known = found.compared("lever")
    if len(known) < 2:
        return Note("Une seule colonne est connue levier par levier : rien à comparer à cette échelle.")
    left = [one.name for one in found.columns if one not in known]
    lines = ["De celui qui les sépare le plus à celui qui les sépare le moins."]
    lines += [f"{french.join(left)} : connu par secteur seulement, donc absent ici."] if left else []
    return Text("{}", " ".join(lines))


@LEVERS.table("leviers")
def _levers(found: SideBySide) -> Table | Note | None:
    return _side(found, "lever", found.unit) if len(found.compared("lever")) > 1 else None


def _side(found: SideBySide, by: str, unit: str) -> Table:
    """A row for each sector or lever, a column for each thing compared, and how far apart they are."""
    kept, names, columns = rows(found, by), labels(by), found.compared(by)
    values, held = (found.kt(by) if unit == KT else found.values(by)).loc[kept], found.held(by).loc[kept]
    gaps = found.gaps(by, kt=unit == KT).loc[kept]
    made: dict[str, object] = {NOUNS[by]: [names[row] for row in kept]}
    for one in columns:
        made[one.name] = (values[one.name].astype(object).where(held[one.name], NOT_THERE).to_list(), column_of(one))
    rough = next((one for one in columns if one.allocated), columns[0])
    made["Écart"] = (gaps.astype(object).where(gaps.notna(), NOT_THERE).to_list(), column_of(rough))
    per = "par secteur" if by == "sector" else "par levier"
    shown = Table.of(f"Émissions évitées {per}, hors forêt ({unit}) — {what(found)}", made)
    alone = [n for n, row in enumerate(kept) if held.loc[row].sum() < 2]
    return shown.without(
        alone, [names[kept[n]] for n in alone], "Dans un seul d'entre eux, donc sans comparaison : {}."
    )


def _sheet(section: Section, by: str, unit: str, sheet: str, rank: int) -> None:
    """Declare a table of the workbook: by sector or by lever, in one unit."""

    def when(found: SideBySide) -> bool:
        return len(found.compared(by)) > 1 and (unit == KT or found.unit == HEAD)

    name = f"{'secteurs' if by == 'sector' else 'leviers'}_{'kt' if unit == KT else 'par_habitant'}"
    section.table(name, sheet=sheet, rank=rank, page=False, when=when)(lambda found: _side(found, by, unit))


_sheet(SECTORS, "sector", KT, "Secteurs (kt)", 30)
_sheet(SECTORS, "sector", HEAD, "Secteurs (par hab.)", 31)
_sheet(LEVERS, "lever", KT, "Leviers (kt)", 40)
_sheet(LEVERS, "lever", HEAD, "Leviers (par hab.)", 41)
