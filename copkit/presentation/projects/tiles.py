"""One tile for each EPCI, grouped by département: no outline of theirs is stored."""

from __future__ import annotations

import re

import altair as alt
import pandas as pd

from copkit import french
from copkit.presentation import marimekko, theme
from copkit.presentation.projects.caption import nothing, words
from copkit.presentation.territory.analyses import Note
from copkit.projects.vivier import Vivier
from copkit.reference import territories

COLUMNS, TILE, HIGH, GAP, HEAD = 6, 110, 58, 4, 30  # tiles of a row; sizes of a tile, a gap and a header [px]
MOST = 300  # tiles of a chart
NONE = "○"  # no project
STEPS = ((0.05, 0.08), (0.15, 0.2), (0.35, 0.36), (0.65, 0.54), (1.0, 0.9))  # share of the largest → strength
_KIND = re.compile(r"^(CC|CA|CU) (de la |de l'|du |des |de |d')?")


def shade(share: float) -> tuple[str, str]:
    """The fill of a share of the largest number, white for none, and the ink that reads on it (4.5:1 or more)."""
    if share <= 0:
        return "#ffffff", theme.TEXT
    strength = next(strength for limit, strength in STEPS if share <= limit or limit == STEPS[-1][0])
    return marimekko._tint(theme.HIGHLIGHT, strength), "#ffffff" if strength > 0.7 else theme.TEXT


def tiles(v: Vivier) -> pd.DataFrame:
    """The EPCI of a territory by département, with their projects: code, name, departement, projects, without."""
    listed = territories.territories("epci", within=None if v.territory == "fr" else v.territory)
    found = {} if v.empty else v.epci.set_index("epci").projects.to_dict()
    without = set(v.without_epci.code)
    inside = set(territories.territories("departement").code)
    if v.territory != "fr":
        inside = {v.territory} if v.level == "departement" else set(_departements(v.territory))
    rows = [
        (one.code, one.name, departement, len(one.departements.split(" ")) > 1, one.population)
        for one in listed.itertuples(index=False)
        for departement in one.departements.split(" ")
        if departement in inside
    ]
    table = pd.DataFrame(rows, columns=["code", "name", "departement", "straddling", "population"])
    table["projects"] = [int(found.get(code, 0)) for code in table.code]
    table["without"] = table.code.isin(list(without))
    table["bare"] = [_KIND.sub("", name) or name for name in table.name]
    return table.sort_values(["departement", "projects", "bare"], ascending=[True, False, True], ignore_index=True)


def _departements(region: str) -> list[str]:
    return territories.territories("departement", within=region).code.to_list() or [region]


def epci(v: Vivier) -> alt.LayerChart | Note:
    """Une tuile par EPCI, rangées par département : nombre de dossiers situés, et un rond où il n'y a aucun projet."""
    if v.empty:
        return nothing(v)
    table = tiles(v)
    if len(table) > MOST:
        return Note(
            f"{french.plural(table.code.nunique(), 'EPCI', 'EPCI')} : la carte par tuiles se lit par région ; "
            "la table les donne tous."
        )
    rects, texts, height = _tiles(table)
    none = int(table[table.without].code.nunique())
    whole = table.code.nunique()
    top = table.sort_values("projects", ascending=False, kind="stable").iloc[0]
    made = words(
        v,
        f"{none} EPCI sur {whole} sans aucun projet ; {top['name']} en compte {french.number(top.projects, 0)}",
        f"nombre de dossiers situés dans chaque EPCI ; plus sombre : plus de dossiers ; {NONE} : aucun projet",
        "Tuiles des EPCI. Sans projet : "
        + (french.join(table[table.without].drop_duplicates("code").name) if none else "aucun")
        + ".",
        "Un EPCI à cheval figure dans chacun de ses départements (*) ; liste officielle des EPCI de "
        f"{v.coverage.attrs['list_year']}",
    )
    return _drawn(rects, texts, height, **made)


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
            fill, ink = shade(one.projects / most)
            rects.append({"x": x, "x2": x + TILE, "y": y, "y2": y + HIGH, "fill": fill, "none": bool(one.without)})
            texts += _tile_words(one, x, y, ink)
        top += -(-len(part) // COLUMNS) * (HIGH + GAP) + 6
    return rects, texts, top


def _tile_words(one, x: float, y: float, ink: str) -> list[dict]:
    number = f"{NONE} 0" if one.without else french.number(one.projects, 0)
    lines = [(number, "bold"), *((line, "normal") for line in _short(one.bare + ("\u00a0*" if one.straddling else "")))]
    return [
        {"x": x + 6, "y": y + 5 + 16 * i, "text": text, "weight": weight, "ink": ink}
        for i, (text, weight) in enumerate(lines)
    ]


def _short(name: str) -> list[str]:
    """A name in two lines at most, cut with « … » where it does not fit."""
    width = TILE - 10
    lines, words_ = [""], french.typeset(name[0].upper() + name[1:]).split(" ")
    for word in words_:
        longer = f"{lines[-1]} {word}".strip()
        if marimekko.text_width(longer) <= width:
            lines[-1] = longer
        elif len(lines) == 1 and lines[0]:
            lines.append(_cut(word, width))
        else:
            lines[-1] = _cut(f"{lines[-1]} {word}".strip(), width)
            break
    return lines


def _cut(text: str, width: float) -> str:
    if marimekko.text_width(text) <= width:
        return text
    while text and marimekko.text_width(f"{text}…") > width:
        text = text[:-1]
    return f"{text.rstrip()}…"


def _drawn(rects: list[dict], texts: list[dict], height: float, **said) -> alt.LayerChart:
    """Rectangles and words drawn in pixels."""
    width = COLUMNS * (TILE + GAP)
    x = alt.X("x:Q", scale=alt.Scale(domain=[0, width], nice=False), axis=None)
    y = alt.Y("y:Q", scale=alt.Scale(domain=[height, 0], nice=False), axis=None)
    layers = []
    for none in (False, True):
        layers.append(
            alt.Chart({"values": [one for one in rects if one["none"] == none]})
            .mark_rect(stroke=theme.TEXT, strokeWidth=1.2 if none else 0.5, strokeDash=[4, 3] if none else [1, 0])
            .encode(x=x, x2=alt.X2("x2:Q"), y=y, y2=alt.Y2("y2:Q"), fill=alt.Fill("fill:N", scale=None))
        )
    for weight in ("bold", "normal"):
        layers.append(
            alt.Chart({"values": [one for one in texts if one["weight"] == weight]})
            .mark_text(align="left", baseline="top", fontSize=12, fontWeight=weight, clip=False)
            .encode(x=x, y=y, text=alt.Text("text:N"), color=alt.Color("ink:N", scale=None))
        )
    return theme.Drawing(layer=layers, width=width, height=round(height), **said)
