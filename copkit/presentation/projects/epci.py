"""One tile for each EPCI, grouped by département: no outline of theirs is stored."""

from __future__ import annotations

import re

import lazy_loader
import pandas as pd

from copkit import french
from copkit.presentation import charts, marimekko, theme
from copkit.presentation.document import Section
from copkit.presentation.projects.document import NONE, caption, words
from copkit.presentation.table import Table
from copkit.presentation.text import Note
from copkit.projects.selection import Vivier
from copkit.reference import territories

alt = lazy_loader.load("altair")
COLUMNS, TILE, HIGH, GAP, HEAD = 6, 110, 58, 4, 30  # tiles of a row; sizes of a tile, a gap and a header [px]
MOST = 300  # tiles of a chart
_KIND = re.compile(r"^(CC|CA|CU) (de la |de l'|du |des |de |d')?")


def tiles(v: Vivier) -> pd.DataFrame:
    """The EPCI of a territory by département, from those with the most projects; bare: their names, without a kind."""
    table = v.epci_parts.assign(bare=[_KIND.sub("", name) or name for name in v.epci_parts["name"]])
    return table.sort_values(["departement", "projects", "bare"], ascending=[True, False, True], ignore_index=True)


EPCI = Section("epci", 90, "EPCI par EPCI")


@EPCI.chart()
def epci(v: Vivier) -> alt.LayerChart | Note:
    """Une tuile par EPCI, rangées par département : nombre de dossiers situés, et un rond où il n'y a aucun projet."""
    table = tiles(v)
    whole = table.code.nunique()
    if len(table) > MOST:
        return Note(
            f"{french.plural(whole, 'EPCI', 'EPCI')} : la carte par tuiles se lit par région ; la table les donne tous."
        )
    rects, texts, height = _tiles(table)
    none = table[table.without].drop_duplicates("code").name
    top = table.sort_values("projects", ascending=False, kind="stable").iloc[0]
    made = words(
        v,
        f"{len(none)} EPCI sur {whole} sans aucun projet ; {top['name']} en compte {french.number(top.projects, 0)}",
        f"nombre de dossiers situés dans chaque EPCI ; plus sombre : plus de dossiers ; {NONE} : aucun projet",
        f"Tuiles des EPCI. Sans projet : {french.join(none) if len(none) else 'aucun'}.",
        "Un EPCI à cheval figure dans chacun de ses départements (*) ; liste officielle des EPCI de "
        f"{v.coverage.attrs['list_year']}",
    )
    return _drawn(rects, texts, height, made)


def _tiles(table: pd.DataFrame) -> tuple[list[dict], list[dict], float]:
    """Rectangles and words, in pixels."""
    rects, texts, top = [], [], 0.0
    most = max(int(table.projects.max()), 1)
    for departement, part in table.groupby("departement", sort=False):
        without = int(part.without.sum())
        said = "tous avec un projet" if not without else f"{without} sans projet"
        head = f"{territories.name(departement)} : {french.plural(len(part), 'EPCI', 'EPCI')}, {said}"
        texts.append({"x": 0.0, "y": top + 8, "text": french.typeset(head), "weight": "bold", "ink": theme.TEXT})
        top += HEAD
        for rank, one in enumerate(part.itertuples(index=False)):
            x, y = (rank % COLUMNS) * (TILE + GAP), top + (rank // COLUMNS) * (HIGH + GAP)
            fill, ink = theme.shade(one.projects / most)
            rects.append({"x": x, "x2": x + TILE, "y": y, "y2": y + HIGH, "fill": fill, "none": bool(one.without)})
            texts += _written(one, x, y, ink)
        top += -(-len(part) // COLUMNS) * (HIGH + GAP) + 6
    return rects, texts, top


def _written(one, x: float, y: float, ink: str) -> list[dict]:
    number = f"{NONE} 0" if one.without else french.number(one.projects, 0)
    lines = [(number, "bold"), *((line, "normal") for line in _short(one.bare + ("\u00a0*" if one.straddling else "")))]
    return [
        {"x": x + 6, "y": y + 5 + 16 * i, "text": text, "weight": weight, "ink": ink}
        for i, (text, weight) in enumerate(lines)
    ]


def _short(name: str) -> list[str]:
    """A name in two lines at most, cut with « … » where it does not fit."""
    width = TILE - 10
    lines = [""]
    for word in french.typeset(french.capital(name)).split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if marimekko.text_width(longer) <= width:
            lines[-1] = longer
        elif len(lines) == 1 and lines[0]:
            lines.append(_cut(word, width))
        else:
            lines[-1] = _cut(longer, width)
            break
    return lines


def _cut(text: str, width: float) -> str:
    if marimekko.text_width(text) <= width:
        return text
    while text and marimekko.text_width(f"{text}…") > width:
        text = text[:-1]
    return f"{text.rstrip()}…"


def _drawn(rects: list[dict], texts: list[dict], height: float, words: dict) -> alt.LayerChart:
    """Rectangles and words drawn in pixels; those without a project have a dashed edge."""
    width = COLUMNS * (TILE + GAP)
    x = alt.X("x:Q", scale=alt.Scale(domain=[0, width], nice=False), axis=None)
    y = alt.Y("y:Q", scale=alt.Scale(domain=[height, 0], nice=False), axis=None)
    layers = [
        alt.Chart({"values": [one for one in rects if one["none"] == none]})
        .mark_rect(stroke=theme.TEXT, strokeWidth=1.2 if none else 0.5, strokeDash=[4, 3] if none else [1, 0])
        .encode(x=x, x2=alt.X2("x2:Q"), y=y, y2=alt.Y2("y2:Q"), fill=alt.Fill("fill:N", scale=None))
        for none in (False, True)
    ]
    layers += charts.pixels(texts, x=x, y=y, color=alt.Color("ink:N", scale=None))
    return charts.drawing(layers, round(height), words, width)


@EPCI.table("epci_sans_projet", sheet="EPCI sans projet", rank=80)
def _without(v: Vivier) -> Table | Note:
    found = v.without_epci
    names = [[territories.name(code) for code in cell.split(" ")] for cell in found.departements]
    return Table.or_note(
        "Chaque EPCI de la liste officielle a au moins un projet.",
        caption(v, f"EPCI sans aucun projet, liste officielle de {found.attrs['list_year']}"),
        {
            "EPCI": found["name"],
            "Départements": [*map(french.join, names)],
            "Population (habitants)": (found.population, 0),
        },
    )


@EPCI.table("epci", sheet="EPCI", rank=70)
def _epci(v: Vivier) -> Table:
    found = tiles(v)
    said = [
        f"{NONE} aucun" if without else "oui" if n else "porteur seulement"
        for without, n in zip(found.without, found.projects, strict=True)
    ]
    return Table.of(
        caption(v, "Dossiers par EPCI ; * : EPCI à cheval, dans chacun de ses départements"),
        {
            "EPCI": [f"{name} *" if both else name for name, both in zip(found["name"], found.straddling, strict=True)],
            "Dossiers situés": (found.projects, 0),
            "Département": found.departement.map(territories.name),
            "Population (habitants)": (found.population, 0),
            "Projet": said,
        },
    )
