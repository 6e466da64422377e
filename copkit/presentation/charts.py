"""What the charts of the documents are made of: words, rows, bars, bars of 100 %, words at their places."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import lazy_loader
import pandas as pd

from copkit import french
from copkit.presentation import marimekko, theme

alt = lazy_loader.load("altair")
WIDTH = 640  # [px]


def words(title: str, lines: Iterable[str], description: str, marks: Mapping[str, str] | None = None) -> dict:
    """The title, the lines under it and the description of a chart, as its properties.

    ``marks``: what the lines say of marks that the list of a phone has not, and what it reads instead.
    """
    subtitle = [french.typeset(line) for line in lines]
    instead = {french.typeset(said): french.typeset(other) for said, other in (marks or {}).items()}
    title = alt.TitleParams(french.typeset(title), subtitle=subtitle)
    return {"title": title, "description": french.typeset(description), "marks": instead}


def said(table: pd.DataFrame, of: str = "label") -> str:
    """The names of the bars and what is written on them, in a sentence."""
    return ", ".join(f"{label} {written}" for label, written in zip(table[of], table.written, strict=True))


def values(table: pd.DataFrame) -> dict:
    """The rows of a table as altair writes them; it takes much longer to find them in a DataFrame.

    A tuple: altair copies a list of rows a dozen times while it puts a chart together. Labels are typeset.
    """
    columns = (
        [french.typeset(v) if c == "label" else None if v != v else v for v in table[c].to_list()] for c in table
    )
    return {"values": tuple(dict(zip(table, row, strict=True)) for row in zip(*columns, strict=True))}


def bars(
    table: pd.DataFrame,
    x: str,
    unit: str,
    words: dict,
    *,
    domain: list[float] | None = None,
    axis: alt.Axis | None = None,
    colour=None,
    at: str = "",
    within: str = "",
    step: float = 30,
    over: Iterable[alt.Chart] = (),
    **text,
) -> alt.LayerChart:
    """Horizontal bars in the order of the table, ``step`` pixels each, and what is written beside them.

    table : columns label, ``x``, written, and ``at`` when the words do not stand at the end of the bar; ``within``:
        whether they stand inside it.
    """
    scale = alt.Scale(domain=domain, nice=False) if domain else alt.Scale(nice=True)
    base = _named(table)
    along = alt.X(f"{x}:Q", title=french.typeset(unit), axis=axis or alt.Axis(tickCount=5), scale=scale)
    drawn = base.mark_bar(height={"band": 0.62}).encode(x=along, color=colour or alt.ColorValue(theme.HIGHLIGHT))
    over, places = [*over], {"x": alt.X(f"{at or x}:Q"), "text": alt.Text("written:N")}
    style = {"align": "left", "dx": 6} | text
    inside = table[within].astype(bool) if within and table[within].any() else None
    beside = base if inside is None else _named(table[~inside])
    # a mark that stands behind words stays seen above and below them
    halo = [beside.mark_text(**style, stroke="white", strokeWidth=5).encode(**places)] if over else []
    text = [beside.mark_text(**style).encode(**places)]
    if inside is not None:
        style |= {"align": "right", "dx": -style["dx"], "color": "white"}
        text.append(_named(table[inside]).mark_text(**style).encode(**places))
    return drawing([drawn, *over, *halo, *text], step * len(table), words, phone=listed(table, x))


def _named(table: pd.DataFrame) -> alt.Chart:
    """Something for each row of a table, at its name."""
    return alt.Chart(values(table)).encode(y=alt.Y("label:N", sort=None, title=None))


def clear_of(table: pd.DataFrame, x: str, tick: str) -> pd.DataFrame:
    """The table with the places of its words, which no tick crosses: in the bar, or behind the tick of a short one."""
    widest = 1.2 * table[[x, tick]].max().max()  # an axis ends a little behind its longest bar
    wide = table.written.map(lambda words: (marimekko.text_width(words, "bold") * 13 / 12 + 14) * widest / WIDTH)
    crossed = (table[tick] > table[x]) & (table[tick] < table[x] + wide)
    within = crossed & (table[x] > wide)
    return table.assign(within=within, at=table[x].where(~crossed | within, table[tick]))


def listed(table: pd.DataFrame, x: str) -> list[list]:
    """What a phone shows in place of bars: the name, what is written, the length as a share of the longest.

    table : as ``bars``, and ``beside`` for what a mark says on the drawing.
    """
    found = [*map(abs, table[x].to_list())]
    longest = max((one for one in found if one == one), default=0) or 1
    lengths = [round(one / longest, 3) for one in found]
    names = table.label + table.beside if "beside" in table else table.label
    return [[*row] for row in zip(map(french.typeset, names), table.written.to_list(), lengths, strict=True)]


def ticks(table: pd.DataFrame, x: str) -> alt.Chart:
    """A mark on each bar: another figure beside it."""
    return _named(table).mark_tick(color=theme.TEXT, thickness=3, size=24).encode(x=alt.X(f"{x}:Q"))


def whole() -> alt.Axis:
    """An axis of whole numbers."""
    return alt.Axis(tickCount=5, format=",d", tickMinStep=1)


def of_two(field: str) -> alt.Color:
    """The colour of bars that stand out, or do not."""
    scale = alt.Scale(domain=[True, False], range=[theme.HIGHLIGHT, theme.MUTED])
    return alt.Color(f"{field}:N", scale=scale, legend=None)


def drawing(
    layers: Iterable[alt.Chart],
    height: float,
    words: dict,
    width: float = WIDTH,
    *,
    phone: list[list] | None = None,
    **more,
) -> alt.LayerChart:
    """Layers as one chart, with its words. ``phone``: the rows of a list that says the same on a small screen."""
    apart = {"phone": phone, "marks": words.get("marks")} if phone else {}
    more |= {"usermeta": {name: one for name, one in apart.items() if one}} if phone else {}
    said = {name: words[name] for name in ("title", "description")}
    return theme.drawing()(layer=list(layers), width=width, height=height, **said, **more)


def pixels(words: list[dict], **places) -> list[alt.Chart]:
    """Words at their places, by weight; ``places``: the channels x and y, and the colour when words have an ink."""
    return [
        alt.Chart({"values": tuple(word for word in words if word["weight"] == weight)})
        .mark_text(align="left", baseline="top", fontSize=12, fontWeight=weight, clip=False)
        .encode(text=alt.Text("text:N"), **places)
        for weight in ("bold", "normal")
    ]


@dataclass(frozen=True)
class Stack:
    """100 % bars: their names, the parts in their order with a shade each, and the % of each part in each bar."""

    bars: list[str]
    parts: list[str]
    shares: list[list[float]]
    shades: tuple[str, ...]

    def said(self) -> str:
        """The figures in a sentence."""
        rows = [
            f"{bar} : " + ", ".join(f"{p} {french.percent(s, 1)}" for p, s in zip(self.parts, shares, strict=True))
            for bar, shares in zip(self.bars, self.shares, strict=True)
        ]
        return f"{' ; '.join(rows)}."

    def segments(self) -> list[dict]:
        """The rectangles, from left to right; a percentage is written where it fits."""
        out = []
        for bar, shares in zip(self.bars, self.shares, strict=True):
            start = 0.0
            for part, share, shade in zip(self.parts, shares, self.shades, strict=True):
                if share != share or share <= 0:
                    continue
                text = french.percent(share, 0 if share >= 1 else 1)
                fits = marimekko.text_width(text) * 13 / 12 + 2 < share * WIDTH / 100
                out.append(
                    {"bar": french.typeset(bar), "part": french.typeset(part), "start": start, "end": start + share}
                    | {"middle": start + share / 2, "written": text if fits else "", "dark": shade == theme.HIGHLIGHT}
                )
                start += share
        return out

    def chart(self, unit: str, words: dict) -> alt.LayerChart:
        """The drawing, with its words."""
        names = [french.typeset(part) for part in self.parts]
        base = alt.Chart({"values": self.segments()}).encode(
            y=alt.Y("bar:N", sort=[french.typeset(bar) for bar in self.bars], title=None)
        )
        x = alt.X(
            "start:Q",
            scale=alt.Scale(domain=[0, 100], nice=False),
            title=french.typeset(unit),
            axis=alt.Axis(values=[0, 25, 50, 75, 100]),
        )
        legend = alt.Legend(
            title=None, orient="top", columns=2 if len(names) > 3 else 4, labelLimit=0, symbolType="square"
        )
        scale = alt.Scale(domain=names, range=list(self.shades))
        rects = base.mark_bar(height={"band": 0.7}, stroke=theme.TEXT, strokeWidth=0.8).encode(
            x=x, x2=alt.X2("end:Q"), color=alt.Color("part:N", scale=scale, legend=legend)
        )
        text = base.mark_text().encode(
            x=alt.X("middle:Q"),
            text=alt.Text("written:N"),
            color=alt.condition("datum.dark", alt.value("white"), alt.value(theme.TEXT)),
        )
        said = [part.partition(" : ") for part in self.said().removesuffix(".").split(" ; ")]
        phone = [[french.typeset(bar), french.typeset(parts), None] for bar, _, parts in said]
        return drawing([rects, text], max(36 * len(self.bars), 60), words, phone=phone)
