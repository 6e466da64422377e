"""Bars of 100 %: one for each territory or criterion, cut in parts that read without colour."""

from __future__ import annotations

from dataclasses import dataclass

import altair as alt

from copkit import french
from copkit.presentation import marimekko, theme
from copkit.presentation.territory.charts import WIDTH


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

    def chart(self, **said) -> alt.LayerChart:
        """The drawing, with the properties of a chart (title, description)."""
        names = [french.typeset(part) for part in self.parts]
        base = alt.Chart({"values": self.segments()}).encode(
            y=alt.Y("bar:N", sort=[french.typeset(bar) for bar in self.bars], title=None)
        )
        x = alt.X(
            "start:Q",
            scale=alt.Scale(domain=[0, 100], nice=False),
            title=french.typeset("part des dossiers (%)"),
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
        return theme.Drawing(layer=[rects, text], width=WIDTH, height=max(36 * len(self.bars), 60), **said)
