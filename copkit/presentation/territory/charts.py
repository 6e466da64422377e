"""The charts of a territory's document: one function per chart, a finding in each title.

A chart reads without colour (labels, order, shape) and without a mouse (every value is in the table that
follows it in the notebook).
"""

from __future__ import annotations

import altair as alt
import pandas as pd
import xarray as xr
from altair.utils.schemapi import debug_mode

from copkit import french
from copkit.models import dynamics
from copkit.models import panorama as model
from copkit.models.levers import FOREST
from copkit.presentation import labels, marimekko, theme
from copkit.presentation.territory.analyses import Note
from copkit.presentation.territory.tables import ordered

WIDTH = 640
_unchecked = debug_mode(False)  # the tests check each specification: altair need not, each time it makes a part


def _words(title: str, subtitle: list[str], description: str) -> dict:
    """The title and the description of a chart, as its properties."""
    lines = [french.typeset(line) for line in subtitle]
    return {"title": alt.TitleParams(french.typeset(title), subtitle=lines), "description": french.typeset(description)}


def _values(table: pd.DataFrame) -> dict:
    """The rows of a table as altair writes them; it takes much longer to find them in a DataFrame.

    A tuple: altair copies a list of rows a dozen times while it puts a chart together.
    """
    columns = ([None if v != v else v for v in table[c].to_list()] for c in table)
    return {"values": tuple(dict(zip(table, row, strict=True)) for row in zip(*columns, strict=True))}


@_unchecked
def panorama(p: xr.Dataset) -> alt.LayerChart:
    """Panorama des leviers en Marimekko : une colonne par thématique, une tuile par levier, hors forêt.

    La largeur d'une colonne et la surface d'une tuile sont proportionnelles aux émissions évitées
    [ktCO2e/an] ; dans une colonne, les leviers d'un même secteur se suivent. Chaque tuile porte son numéro,
    qui renvoie à la table : aucune petite tuile n'est illisible.
    """
    layout = marimekko.layout(_tiles(p))
    shares = model.shares(p, by="chantier")
    first = shares.index[0]
    total = french.number(model.total(p, forest=False), 0)
    share, whose = french.percent(shares.share.iloc[0], 0), labels.of(p.attrs["territory"])
    title = f"« {labels.thematiques()[first]} » porte {share} de l'effort {whose}"
    subtitle = [
        f"{total} ktCO2e/an évitées, hors forêt ; surface d'une tuile : émissions évitées ; numéro : voir la table",
        labels.source_line(p),
    ]
    if layout["narrow"]:
        subtitle.append(f"Colonnes trop étroites pour un titre, de gauche à droite : {', '.join(layout['narrow'])}")
    parts = [f"{labels.thematiques()[c]} {french.percent(s, 0)}" for c, s in shares.share.items()]
    return marimekko.chart(layout, **_words(title, subtitle, f"Marimekko des leviers : {', '.join(parts)}."))


def _tiles(p: xr.Dataset) -> list[marimekko.Tile]:
    """The levers that weigh something."""
    sectors, thematiques = labels.sectors(), labels.thematiques()
    return [
        marimekko.Tile(
            row.lever,
            french.typeset(row.label),
            french.typeset(sectors[row.sector]),
            row.chantier,
            thematiques[row.chantier],
            row.target_ktco2e,
            row.rank,
            french.number(row.target_ktco2e, 0) if row.shown else "?",
        )
        for row in ordered(p)
        if row.lever != FOREST and row.target_ktco2e > 0
    ]


@_unchecked
def sectors(p: xr.Dataset) -> alt.LayerChart:
    """Part de chaque secteur dans l'effort, hors forêt [%], et part nationale en repère (trait)."""
    shares, nation = model.shares(p), model.shares(model.shared("fr"))
    table = pd.DataFrame(
        {
            "sector": [labels.sectors()[s] for s in shares.index],
            "share": shares.share.to_numpy(),
            "nation": nation.share.reindex(shares.index).to_numpy(),
            "written": [french.percent(s, 1) for s in shares.share],
        }
    )
    top, alone = table.iloc[0], p.attrs["level"] == "france"
    base = alt.Chart(_values(table)).encode(y=alt.Y("sector:N", sort=None, title=None))
    bars = base.mark_bar(color=theme.HIGHLIGHT, height={"band": 0.62}).encode(
        x=alt.X(
            "share:Q",
            title=french.typeset("part de l'effort hors forêt (%)"),
            axis=alt.Axis(tickCount=5),
            scale=alt.Scale(nice=True),
        )
    )
    values = base.mark_text(align="left", dx=8, fontWeight="bold").encode(x=alt.X("most:Q"), text=alt.Text("written:N"))
    values = values.transform_calculate(most="max(datum.share, datum.nation)")
    ticks = base.mark_tick(color=theme.TEXT, thickness=3, size=24).encode(x=alt.X("nation:Q"))
    against = "" if alone else f", contre {french.percent(top.nation, 0)} en France"
    reading = "barre : part du secteur" + ("" if alone else " ; trait : sa part en France")
    words = _words(
        f"{top.sector} : {french.percent(top['share'], 0)} de l'effort{against}",
        [f"% des émissions évitées, hors forêt ; {reading}", labels.source_line(p)],
        "Part des secteurs : " + ", ".join(f"{r.sector} {r.written}" for r in table.itertuples()) + ".",
    )
    layers = [bars, values] if alone else [bars, ticks, values]
    return theme.Drawing(layer=layers, width=WIDTH, height=34 * len(table), **words)


@_unchecked
def place(p: xr.Dataset) -> alt.LayerChart | Note:
    """Le territoire parmi les régions, ou parmi les départements de sa région : effort hors forêt [ktCO2e/an]."""
    if p.attrs["level"] == "france":
        return Note("La France est la somme des 18 régions : voir la table.")
    code, peers = p.attrs["territory"], model.place(p)
    here = peers[peers.index.isin([code, model.territories.region_of(code)])].iloc[0]
    table = pd.DataFrame(
        {
            "name": [f"▸ {n}" if n == here["name"] else n for n in peers.name],
            "target": peers.target.to_numpy(),
            "written": [
                f"{french.number(t, 0)} ({french.number(h, 1)} t/hab.)"
                for t, h in zip(peers.target, peers.per_head, strict=True)
            ],
            "here": (peers.name == here["name"]).to_numpy(),
        }
    )
    region = peers.index[0].startswith("reg")
    noun, whole = ("régions", "de l'effort national") if region else ("départements", "de l'effort de la région")
    base = alt.Chart(_values(table)).encode(y=alt.Y("name:N", sort=None, title=None))
    bars = base.mark_bar(height={"band": 0.62}).encode(
        x=alt.X(
            "target:Q",
            title=french.typeset("ktCO2e/an évitées, hors forêt"),
            axis=alt.Axis(tickCount=5),
            scale=alt.Scale(domain=[0, 1.3 * peers.target.max()], nice=False),
        ),
        color=alt.Color(
            "here:N", scale=alt.Scale(domain=[True, False], range=[theme.HIGHLIGHT, theme.MUTED]), legend=None
        ),
    )
    values = base.mark_text(align="left", dx=6).encode(x=alt.X("target:Q"), text=alt.Text("written:N"))
    position = french.rank(int(here["rank"]), feminine=False)
    words = _words(
        f"{position} effort sur {len(table)} {noun} : {french.percent(here['share'], 1)} {whole}",
        [
            "ktCO2e/an évitées, hors forêt ; entre parenthèses : tonnes par habitant (population INSEE)",
            labels.source_line(p),
        ],
        f"Effort par territoire : {here['name']} {french.number(here.target, 0)} ktCO2e/an, "
        f"rang {int(here['rank'])} sur {len(table)}.",
    )
    return theme.Drawing(layer=[bars, values], width=WIDTH, height=max(26 * len(table), 60), **words)


@_unchecked
def reductions(p: xr.Dataset) -> alt.LayerChart | Note:
    """Ce qui doit baisser d'ici 2030 : évolution de chaque quantité connue en 2019 [%]."""
    table = pd.DataFrame({"label": p.label.values, "change": model.change(p).values})
    table = table[table.change < 0].sort_values("change")
    if table.empty:
        return Note(
            "Aucune quantité physique de départ n'est publiée pour ce territoire : "
            "les leviers y sont en ktCO2e seulement."
        )
    labelled = table.assign(
        label=table.label.map(french.typeset), written=[french.signed(v, 0) + french.NARROW + "%" for v in table.change]
    )
    base = alt.Chart(_values(labelled)).encode(y=alt.Y("label:N", sort=None, title=None))
    bars = base.mark_bar(color=theme.HIGHLIGHT, height={"band": 0.62}).encode(
        x=alt.X(
            "change:Q",
            title="évolution de la quantité entre 2019 et 2030 (%)",
            axis=alt.Axis(tickCount=5),
            scale=alt.Scale(domain=[-100, 0]),
        )
    )
    values = base.mark_text(align="right", dx=-6, fontWeight="bold")
    values = values.encode(x=alt.X("change:Q"), text=alt.Text("written:N"))
    top = labelled.iloc[0]
    words = _words(
        f"La plus forte baisse demandée : {top.label[0].lower()}{top.label[1:]}, {top.written}",
        ["% de la quantité de 2019, leviers dont le point de départ est connu", labels.source_line(p, computed=True)],
        "Baisses demandées : " + ", ".join(f"{r.label} {r.written}" for r in labelled.itertuples()) + ".",
    )
    return theme.Drawing(layer=[bars, values], width=WIDTH, height=30 * len(labelled), **words)


@_unchecked
def grades(p: xr.Dataset) -> alt.LayerChart | Note:
    """Part de l'effort du département répartie par une clé A, B ou C, hors forêt [%]."""
    share = model.grade_shares(p)
    if share.empty:
        return Note("Valeurs publiées à cette échelle : aucune clé de répartition n'est employée.")
    names = {"A": "A · clé officielle", "B": "B · clé proche", "C": "C · clé de remplacement"}
    table = pd.DataFrame(
        {"grade": list(names.values()), "share": share.to_numpy(), "written": [french.percent(s, 0) for s in share]}
    )
    base = alt.Chart(_values(table)).encode(y=alt.Y("grade:N", sort=None, title=None))
    bars = base.mark_bar(color=theme.HIGHLIGHT, height={"band": 0.62}).encode(
        x=alt.X(
            "share:Q",
            title=french.typeset("part de l'effort hors forêt (%)"),
            axis=alt.Axis(tickCount=5),
            scale=alt.Scale(domain=[0, 100]),
        )
    )
    values = base.mark_text(align="left", dx=6, fontWeight="bold")
    values = values.encode(x=alt.X("share:Q"), text=alt.Text("written:N"))
    words = _words(
        f"{french.percent(share['C'], 0)} de l'effort du département repose sur une clé de remplacement",
        ["% des émissions évitées, hors forêt, selon la note de la clé de répartition", labels.source_line(p)],
        "Notes des clés : " + ", ".join(f"{r.grade} {r.written}" for r in table.itertuples()) + ".",
    )
    return theme.Drawing(layer=[bars, values], width=WIDTH, height=102, **words)


@_unchecked
def paces(p: xr.Dataset) -> alt.LayerChart | Note:
    """Rythme observé rapporté au rythme nécessaire, leviers suivis dans leur propre unité. [1 = au rythme]"""
    table = dynamics.dynamics(p.attrs["territory"])
    table = table[table.ratio.notna()].sort_values("ratio", ascending=False)
    if table.empty:
        return Note(
            "Aucun levier n'a ici de série observée dans sa propre unité : le rythme ne s'y compare pas à l'objectif."
        )
    least, most = -1.0, 2.0
    drawn = pd.DataFrame(
        {
            "label": table.label.map(french.typeset),
            "ratio": table.ratio.clip(least, most),
            "written": [_ratio(r, s) for r, s in zip(table.ratio, table.status, strict=True)],
        }
    )
    base = alt.Chart(_values(drawn)).encode(y=alt.Y("label:N", sort=None, title=None))
    scale = alt.Scale(domain=[least, most + 0.9], nice=False)
    bars = base.mark_bar(color=theme.HIGHLIGHT, height={"band": 0.62}).encode(
        x=alt.X("ratio:Q", scale=scale, title="rythme observé ÷ rythme nécessaire", axis=alt.Axis(values=[-1, 0, 1, 2]))
    )
    values = base.transform_calculate(at="max(datum.ratio, 0)").mark_text(align="left", dx=6)
    values = values.encode(x=alt.X("at:Q"), text=alt.Text("written:N"))
    rule = alt.Chart({"values": [{"x": 1}]}).mark_rule(color=theme.TEXT, strokeDash=[5, 3]).encode(x=alt.X("x:Q"))
    late = int(table.status.isin(["en retard", "mauvais sens"]).sum())
    verb = "avancent" if late > 1 else "avance"
    years = f"{int(table.last_year.min())} à {int(table.last_year.max())}"
    words = _words(
        f"{french.plural(late, 'levier')} sur {len(drawn)} {verb} moins vite qu'il ne faudrait",
        [
            f"rapport, trait : 1 = au rythme ; barres bornées entre −1 et 2 ; dernières valeurs : {years}",
            labels.source_line(p, computed=True),
        ],
        "Rythme observé sur rythme nécessaire : "
        + ", ".join(f"{r.label} {r.written}" for r in drawn.itertuples())
        + ".",
    )
    return theme.Drawing(layer=[bars, values, rule], width=WIDTH, height=30 * len(drawn), **words)


def _ratio(ratio: float, status: str) -> str:
    return f"{french.number(ratio, 1)} ({status})"
