"""The levers by their relevance and another measure: quadrants with a name, numbers that a key and a table name."""

from __future__ import annotations

from functools import partial
from math import ceil, floor, hypot

import lazy_loader
import pandas as pd

from copkit import french
from copkit.presentation import charts, marimekko, theme
from copkit.presentation.document import Section
from copkit.presentation.placement import Box, place
from copkit.presentation.survey import tables
from copkit.presentation.survey.document import caption, words
from copkit.presentation.survey.tables import SMALL
from copkit.presentation.table import Table
from copkit.presentation.text import Note, Text, lower
from copkit.survey import analysis
from copkit.survey.questionnaire import rules
from copkit.survey.selection import Consultation

alt = lazy_loader.load("altair")
HEIGHT, RADIUS, LINE = 440, 4.0, 13.0  # [px]
BELOW, ROW, COLUMNS = 66.0, 17.0, (-52.0, 318.0)  # the key: under the axis, its rows, its columns [px]
FIRST = 4  # levers of a quadrant that are cited
FAR = 23.0  # [px] between a point and the middle of its number: from there a line joins them
GREY = "#595959"
AXES = {
    analysis.MATURITY: "maturité : moyenne des deux notes, collectivité et parties prenantes (0 à 3)",
    analysis.OWN: "action de la collectivité à la hauteur des enjeux (moyenne, 0 à 3)",
    analysis.OTHERS: "action de l'ensemble des parties prenantes à la hauteur des enjeux (moyenne, 0 à 3)",
}
BESIDE = {
    analysis.MATURITY: "maturité de l'action",
    analysis.OWN: "action de la collectivité",
    analysis.OTHERS: "action des parties prenantes",
}
LINKED = {
    analysis.OWN: ("aussi ceux que les collectivités investissent", "ceux que les collectivités investissent"),
    analysis.OTHERS: (
        "aussi ceux où les parties prenantes sont jugées mobilisées",
        "ceux où elles sont jugées mobilisées",
    ),
}


class Scatter:
    """The figures of a drawing, and where each thing stands in it. [px]"""

    def __init__(self, found: pd.DataFrame, measure: str) -> None:
        self.found, self.measure = found, measure
        self.column, self.quadrants = analysis.PLACED[measure]
        limits = rules().thresholds
        self.limits = limits.invested, 100 * limits.share
        across = _domain([*found[measure], self.limits[0]], 0.2, (0.0, float(rules().scale.top)))
        self.domains = across, _domain([*(100 * found.pertinence), self.limits[1]], 10, (0.0, 100.0))
        self.points = [self.pixel(x, 100 * y) for x, y in zip(found[measure], found.pertinence, strict=True)]
        self.numbers = [str(n) for n in found.number]
        sizes = [(marimekko.text_width(text, "bold") + 1, LINE) for text in self.numbers]
        frame, (across, down) = Box(0, 0, charts.WIDTH, HEIGHT), self.pixel(*self.limits)
        lines = [Box(across - 1, 0, 2, HEIGHT), Box(0, down - 1, charts.WIDTH, 2)]
        taken = [*lines, *(box for box, _, _ in self.corners())]
        self.boxes = place(self.points, sizes, frame, radius=RADIUS, taken=taken)

    def pixel(self, x: float, y: float) -> tuple[float, float]:
        """Where figures stand."""
        (left, right), (low, high) = self.domains
        return charts.WIDTH * (x - left) / (right - left), HEIGHT * (high - y) / (high - low)

    def figures(self, x: float, y: float) -> dict[str, float]:
        """The figures that stand at a place, also outside the frame."""
        (left, right), (low, high) = self.domains
        return {"x": left + (right - left) * x / charts.WIDTH, "y": high - (high - low) * y / HEIGHT}

    def corners(self) -> list[tuple[Box, str, str]]:
        """The names of the quadrants in their corners: rectangle, name, side."""
        out = []
        for (relevant, much), name in self.quadrants.items():
            width = marimekko.text_width(name, "bold") + 2
            left = charts.WIDTH - width - 6 if much else 6
            out.append(
                (Box(left, 5 if relevant else HEIGHT - LINE - 5, width, LINE), name, "right" if much else "left")
            )
        return out

    def key(self) -> list[dict]:
        """The names of the numbers, under the axis."""
        half = ceil(len(self.found) / 2)
        return [
            self.figures(COLUMNS[n // half], HEIGHT + BELOW + ROW * (n % half))
            | {"text": french.typeset(f"{one.number}  {one.label}{f' {SMALL}' if one.small else ''}")}
            for n, one in enumerate(self.found.itertuples(index=False))
        ]

    def layers(self) -> list[alt.Chart]:
        """Lines, points, numbers, names of the quadrants, key."""
        share = french.typeset("part des réponses qui jugent les actions du levier pertinentes (%)")
        x, y = (alt.Scale(domain=[*domain], nice=False) for domain in self.domains)
        x = alt.X("x:Q", title=french.typeset(AXES[self.measure]), scale=x, axis=alt.Axis(tickCount=8, format=".1f"))
        y = alt.Y("y:Q", title=share, scale=y, axis=alt.Axis(tickCount=6))
        rows = [
            dict(zip("xy", (value, 100 * relevance), strict=True)) | {"small": bool(small)}
            for value, relevance, small in zip(
                self.found[self.measure], self.found.pertinence, self.found.small, strict=True
            )
        ]
        middles = [(box.left + box.width / 2, box.top + box.height / 2) for box in self.boxes]
        numbers = [self.figures(*at) | {"text": text} for at, text in zip(middles, self.numbers, strict=True)]
        out = [
            _base([{"x": self.limits[0]}]).mark_rule(color=GREY, strokeDash=[5, 4]).encode(x=x),
            _base([{"y": self.limits[1]}]).mark_rule(color=GREY, strokeDash=[5, 4]).encode(y=y),
        ]
        if joined := self._joined(middles):
            out.append(
                _base(joined).mark_rule(color=theme.MUTED).encode(x=x, y=y, x2=alt.X2("x2:Q"), y2=alt.Y2("y2:Q"))
            )
        stroke = alt.condition("datum.small", alt.value(theme.MUTED), alt.value(theme.HIGHLIGHT))
        fill = alt.condition("datum.small", alt.value(theme.WHITE), alt.value(theme.HIGHLIGHT))
        dots = _base(rows).mark_point(size=(2 * RADIUS - 2) ** 2, opacity=1, strokeWidth=1.5)
        out.append(dots.encode(x=x, y=y, stroke=stroke, fill=fill))
        places = {"x": x, "y": y, "text": alt.Text("text:N")}
        out.append(_texts(numbers, places, fontSize=12, fontWeight="bold", align="center", baseline="middle"))
        for box, name, side in self.corners():
            at = self.figures(box.left + (box.width if side == "right" else 0), box.top)
            style = {"align": side, "baseline": "top", "fontSize": 12, "fontWeight": "bold", "color": GREY}
            out.append(_texts([at | {"text": french.typeset(name)}], places, **style))
        return [*out, _texts(self.key(), places, fontSize=12, align="left", baseline="top")]

    def _joined(self, middles: list[tuple[float, float]]) -> list[dict]:
        """A line from each point to its number when it stands away, or nearly as close to another point."""
        out = []
        for (x, y), (a, b) in zip(self.points, middles, strict=True):
            away = hypot(a - x, b - y)
            others = (hypot(a - c, b - d) for c, d in self.points if (c, d) != (x, y))
            if away > FAR or min(others, default=2 * FAR) < 1.2 * away:
                end = self.figures(a - (a - x) * 9 / away, b - (b - y) * 9 / away)
                out.append(self.figures(x, y) | {"x2": end["x"], "y2": end["y"]})
        return out


def _base(rows: list[dict]) -> alt.Chart:
    return alt.Chart({"values": tuple(rows)})


def _texts(rows: list[dict], places: dict, **style) -> alt.Chart:
    return _base(rows).mark_text(clip=False, **style).encode(**places)


def _domain(values: list[float], step: float, ends: tuple[float, float]) -> tuple[float, float]:
    """Round figures around all of them, with room for words beside the last ones.

    >>> _domain([1.4, 2.1], 0.2, (0.0, 3.0)), _domain([12, 97], 10, (0.0, 100.0))
    ((1.2, 2.2), (0, 100.0))
    """
    low, high = floor(min(values) / step - 0.5) * step, ceil(max(values) / step + 0.5) * step
    return round(max(low, ends[0]), 6), round(min(high, ends[1]), 6)


def _drawn(q: Consultation, measure: str) -> alt.LayerChart | Note:
    found = q.spoken[q.spoken[measure].notna()]
    if len(found) < 2:
        return Note("Moins de deux leviers ont des réponses : rien à comparer.")
    scatter = Scatter(found, measure)
    counts = found[scatter.column].value_counts().reindex(list(scatter.quadrants.values()), fill_value=0)
    first, second = list(scatter.quadrants.values())[:2]
    title = (
        f"{french.plural(int(counts[first]), 'levier')} {_agreed(first, counts[first])}, "
        f"{french.number(counts[second], 0)} {_agreed(second, counts[second]).replace(', ', ' mais ')}"
    )
    unit = "Un point est un levier, son numéro renvoie à la liste ; tirets : seuils du kit"
    marks = {unit: "Les leviers les plus pertinents de chaque groupe, selon les seuils du kit"}
    if found.small.any():
        grey = f" ; cercle gris et {SMALL} : moins de {rules().thresholds.small} collectivités"
        unit, marks = unit + grey, marks | {grey: ""}
    said = f"Nuage de {len(found)} leviers. " + " ; ".join(f"{name} : {n}" for name, n in counts.items()) + "."
    made = words(q, title, unit, said, marks=marks)
    return charts.drawing(scatter.layers(), HEIGHT, made, phone=_listed(found, measure))


def _listed(found: pd.DataFrame, measure: str) -> list[list]:
    """What a phone shows instead: each quadrant, and its most relevant levers; the table under it has them all."""
    column, quadrants = analysis.PLACED[measure]
    share, score, rows = tables.share(), tables.score(), []
    for name in quadrants.values():
        inside = found[found[column] == name].sort_values("pertinence", ascending=False, kind="stable")
        if inside.empty:
            continue
        rows.append([french.capital(_agreed(name, len(inside))), french.plural(len(inside), "levier"), None])
        for one in inside.head(FIRST).itertuples():
            rows.append([one.label, f"{share(100 * one.pertinence)} % · {score(getattr(one, measure))} sur 3", None])
    return [[*map(french.typeset, row[:2]), None] for row in rows]


def _agreed(name: str, count: int) -> str:
    """A name of a quadrant beside a number.

    >>> _agreed("pertinents, peu investis", 1), _agreed("pertinents et mûrs", 1), _agreed("pertinents et mûrs", 2)
    ('pertinent, peu investi', 'pertinent et mûr', 'pertinents et mûrs')
    """
    return name if count > 1 else " ".join(word.replace("s,", ",").removesuffix("s") for word in name.split(" "))


def _ordered(found: pd.DataFrame, measure: str) -> pd.DataFrame:
    """The levers quadrant by quadrant."""
    column, quadrants = analysis.PLACED[measure]
    order = {name: n for n, name in enumerate(quadrants.values())}
    return found.iloc[found[column].map(order).fillna(len(order)).argsort(kind="stable")]


def _table(q: Consultation, measure: str) -> Table:
    found, column = _ordered(q.spoken, measure), analysis.PLACED[measure][0]
    return Table.of(
        caption(q, f"Pertinence et {BESIDE[measure]} pour chaque levier, par quadrant"),
        {
            "Levier": tables.marked(found),
            "N°": (found.number, 0),
            "Pertinents (%)": (100 * found.pertinence, tables.share()),
            f"{tables.TITLES[measure]} (sur\u00a03)": (found[measure], tables.score()),
            "Collectivités": (found.respondents, 0),
            "Quadrant": [one or french.UNKNOWN for one in found[column]],
        },
    )


def named(found: pd.DataFrame, column: str, name: str, most: int = FIRST) -> str:
    """The levers of a quadrant in a sentence, from the most relevant, and how many more."""
    kept = found[(found[column] == name) & ~found.small].sort_values("pertinence", ascending=False, kind="stable")
    labels = [lower(label) for label in kept.label[:most]]
    if len(kept) > most:
        labels.append(french.plural(len(kept) - most, "autre"))
    return " ; ".join(labels) or "aucun"


def _quadrants(q: Consultation, measure: str) -> Text:
    """The levers of the two quadrants that a debate starts from."""
    column, quadrants = analysis.PLACED[measure]
    return Text.bullets(
        Text("**{}** : {}.", french.capital(quadrants[at]), named(q.spoken, column, quadrants[at]))
        for at in ((True, True), (True, False))
    )


def _correlation(q: Consultation, measure: str) -> Text:
    """The correlation with its interval, and what it lets one say."""
    found = q.correlations[measure]
    if found["r"] != found["r"]:
        return Text("Corrélation : trop peu de leviers ont des réponses aux deux questions.")
    r, low, high = (french.number(found[name], 2) for name in ("r", "low", "high"))
    same, other = LINKED[measure]
    link = "Aucun lien net entre les deux, d'un levier à l'autre."
    if found["low"] > 0:
        link = f"Les leviers jugés pertinents sont, plus souvent qu'au hasard, {same}."
    elif found["high"] < 0:
        link = f"Les leviers jugés pertinents sont rarement {other}."
    return Text(
        "{} Corrélation d'un levier à l'autre : **{}** (intervalle à 95 % : {} à {} ; {} ; {}).",
        link, r, low, high,
        french.plural(int(found["levers"]), "levier"),
        french.plural(int(found["respondents"]), "collectivité"),
    )  # fmt: skip


MATURITY = Section("maturite", 40, "Importance et maturité")


@MATURITY.sentence()
def ripe(q: Consultation) -> Text:
    """Les leviers jugés importants, et la maturité de l'action du territoire."""
    return _quadrants(q, analysis.MATURITY)


@MATURITY.chart()
def maturity(q: Consultation) -> alt.LayerChart | Note:
    """Chaque levier selon sa pertinence et la maturité de l'action : moyenne des deux notes. [% ; 0 à 3]"""
    return _drawn(q, analysis.MATURITY)


INVESTMENT = Section("investissement", 50, "Pertinence et investissement des collectivités")


@INVESTMENT.sentence()
def invested(q: Consultation) -> Text:
    """Le lien entre la pertinence et l'action de la collectivité."""
    return Text.joined([_correlation(q, analysis.OWN), _quadrants(q, analysis.OWN)])


@INVESTMENT.chart()
def investment(q: Consultation) -> alt.LayerChart | Note:
    """Chaque levier selon sa pertinence et l'action de la collectivité. [% ; 0 à 3]"""
    return _drawn(q, analysis.OWN)


SUPPORT = Section("accompagnement", 60, "Pertinence et mobilisation des parties prenantes")


@SUPPORT.sentence()
def supported(q: Consultation) -> Text:
    """Le lien entre la pertinence et l'action de l'ensemble des parties prenantes."""
    return Text.joined([_correlation(q, analysis.OTHERS), _quadrants(q, analysis.OTHERS)])


@SUPPORT.chart()
def support(q: Consultation) -> alt.LayerChart | Note:
    """Chaque levier selon sa pertinence et l'action de l'ensemble des parties prenantes. [% ; 0 à 3]"""
    return _drawn(q, analysis.OTHERS)


for _section, _name, _sheet, _rank, _measure in (
    (MATURITY, "maturite", "Maturité", 30, analysis.MATURITY),
    (INVESTMENT, "investissement", "Investissement", 40, analysis.OWN),
    (SUPPORT, "accompagnement", "Accompagnement", 50, analysis.OTHERS),
):
    _section.table(_name, sheet=_sheet, rank=_rank)(partial(_table, measure=_measure))
