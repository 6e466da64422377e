"""What the territory is asked to avoid: both totals, its levers, its sectors, its place among others."""

from __future__ import annotations

from dataclasses import replace

import lazy_loader
import pandas as pd
import xarray as xr

from copkit import french
from copkit.models import gaps, proposals
from copkit.models import panorama as model
from copkit.models.levers import FOREST
from copkit.presentation import charts, labels, marimekko
from copkit.presentation.document import Section
from copkit.presentation.table import Table
from copkit.presentation.text import Note, Text, lower
from copkit.reference import territories

alt = lazy_loader.load("altair")
REFERENCE = "Référence (ktCO2e/an)"  # beside what a scenario proposes
HEAD = 70  # above the Marimekko, for the names of its columns [px]
AMBITION = Section("ambition", 20)


@AMBITION.sentence()
def ambition(p: xr.Dataset) -> Text:
    """L'effort total dans les deux conventions, et ses trois premiers leviers."""
    without, with_ = model.total(p, forest=False), model.total(p, forest=True)
    top, share = model.largest(p, 3)
    forest = " (aucun objectif de forêt n'y est proposé)"
    if with_ > without:
        forest = f", {french.number(with_, 1)} avec le levier forêt, dont l'objectif n'est pas régionalisé"
    missing = int(model.totals(p).missing.max())
    start, beside = "À éviter", "."
    if proposals.composed(p):
        reference = french.number(model.total(proposals.reference(p), forest=False), 1)
        start, beside = "Ce que le scénario évite", f", pour une référence de {reference} hors forêt. "
        beside += gaps.gap_sentence(p)
    return Text(
        "{start} en 2030 par rapport à 2019 : **{total} ktCO2e/an hors forêt**{forest}{beside} "
        "Trois leviers portent {share} de l'effort hors forêt : {names}. "
        "Les parts sont calculées hors forêt ; les deux totaux ne se mélangent jamais.{missing}",
        start=start,
        beside=beside,
        total=french.number(without, 1),
        forest=forest,
        share=french.percent(share, 0),
        names=french.join(f"{lower(row.label)} ({french.number(row.target_ktco2e, 0)})" for row in top),
        missing=f" {french.plural(missing, 'levier')} sans valeur dans ce total." if missing else "",
    )


@AMBITION.table("synthese")
def summary(p: xr.Dataset) -> Table:
    """The total with and without the forest, and its part of that of the country."""
    totals, effort = model.of_the_nation(p), labels.effort(p)
    return Table.of(
        f"{french.capital(effort)} dans les deux conventions",
        {
            "Convention": [f"Total {c}" for c in totals.index],
            "Émissions évitées en 2030 (ktCO2e/an)": (totals.total.to_numpy(), 1),
            **({REFERENCE: (totals.reference_total.to_numpy(), 1)} if proposals.composed(p) else {}),
            "Part du total national (%)": (totals.share.to_numpy(), 2),
            "Leviers sans valeur": (totals.missing.to_numpy(), 0),
        },
    )


@AMBITION.chart()
def panorama(p: xr.Dataset) -> alt.LayerChart:
    """Panorama des leviers en Marimekko : une colonne par thématique, une tuile par levier, hors forêt.

    La largeur d'une colonne et la surface d'une tuile sont proportionnelles aux émissions évitées
    [ktCO2e/an] ; dans une colonne, les leviers d'un même secteur se suivent. Chaque tuile porte son numéro,
    qui renvoie à la table : aucune petite tuile n'est illisible.
    """
    layout, shares = marimekko.layout(tiles(p)), model.shares(p, by="chantier")
    names = [labels.thematiques()[chantier] for chantier in shares.index]
    share, total = french.percent(shares.share.iloc[0], 0), french.number(model.total(p, forest=False), 0)
    beside = ""
    if proposals.composed(p):
        reference = french.number(model.total(proposals.reference(p), forest=False), 0)
        beside = f", pour {reference} dans la référence (« réf. » sur les tuiles qui s'en écartent)"
    reading = "surface d'une tuile : émissions évitées ; numéro : voir la table"
    lines = [f"{total} ktCO2e/an évitées, hors forêt{beside} ; {reading}", labels.source_line(p)]
    if layout["narrow"]:
        lines.append(f"Colonnes trop étroites pour un titre, de gauche à droite : {', '.join(layout['narrow'])}")
    parts = [f"{name} {french.percent(s, 0)}" for name, s in zip(names, shares.share, strict=True)]
    said = f"Marimekko des leviers : {', '.join(parts)}."
    words = charts.words(f"« {names[0]} » porte {share} de {labels.effort(p)}", lines, said)
    across = alt.X("x:Q", scale=alt.Scale(domain=[0, marimekko.WIDTH], nice=False), axis=None)
    down = alt.Y("y:Q", scale=alt.Scale(domain=[marimekko.HEIGHT, -HEAD], nice=False), axis=None)
    rects = alt.Chart({"values": tuple(layout["rects"])}).mark_rect(stroke="white", strokeWidth=1.5)
    rects = rects.encode(x=across, x2="x2:Q", y=down, y2="y2:Q", fill=alt.Fill("fill:N", scale=None))
    layers = [rects, *charts.pixels(layout["texts"], x=across, y=down)]
    named = [one._replace(label=f"{one.rank}. {one.label}") for one in sorted(tiles(p), key=lambda one: one.rank)]
    phone = charts.listed(pd.DataFrame(named, columns=marimekko.Tile._fields), "target_ktco2e")
    return charts.drawing(layers, marimekko.HEIGHT + HEAD, words, marimekko.WIDTH, phone=phone)


def tiles(p: xr.Dataset) -> list[marimekko.Tile]:
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
            _written(row),
        )
        for row in model.ordered(p)
        if row.lever != FOREST and row.target_ktco2e > 0
    ]


def _written(row: model.Row) -> str:
    own, reference = french.number(row.target_ktco2e, 0), french.number(row.reference, 0)
    return "?" if not row.shown else own if own == reference else f"{own} (réf. {reference})"


@AMBITION.table("panorama", sheet="Panorama", rank=20)
def levers(p: xr.Dataset) -> Table:
    """The levers, from the one that avoids most."""
    rows, sectors, thematiques = model.ordered(p), labels.sectors(), labels.thematiques()
    scenario = proposals.composed(p)
    shares = [row.share if row.shown and row.lever != FOREST else "—" for row in rows]
    columns = {
        "N°": ([row.rank for row in rows], 0),
        "Levier": [row.label for row in rows],
        "Secteur": [sectors[row.sector] for row in rows],
        "Thématique": [thematiques[row.chantier] for row in rows],
        "Émissions évitées (ktCO2e/an)": ([row.target_ktco2e if row.shown else "?" for row in rows], 1),
        **({REFERENCE: ([row.reference if row.shown else "?" for row in rows], 1)} if scenario else {}),
        "Part hors forêt (%)": (shares, 2),
        "Statut": [labels.STATUSES[row.status] for row in rows],
    }
    if any(row.grade for row in rows):
        columns["Note de la clé"] = [row.grade for row in rows]
    made = Table.of(f"Panorama des leviers — {labels.named(p)}, 2030 par rapport à 2019", columns)
    return replace(made, totals=tuple(_total(one, scenario) for one in model.totals(p).iloc[::-1].itertuples()))


def _total(one, scenario: bool) -> dict[str, object]:
    """A total of the levers under their column."""
    beside = {REFERENCE: one.reference_total} if scenario else {}
    said = {"Levier": f"Total {one.Index}", "Émissions évitées (ktCO2e/an)": one.total, **beside}
    return said | ({"Part hors forêt (%)": 100.0} if one.Index == "sans forêt" and one.total else {})


def _shares(p: xr.Dataset) -> pd.DataFrame:
    """Label, target [ktCO2e/an], share here and in the country [%]."""
    here, nation = model.shares(p), model.shares(model.shared("fr"))
    return here.assign(label=here.index.map(labels.sectors()), nation=nation.share.reindex(here.index))


SECTORS = Section("secteurs", 30, "Par secteur")


@SECTORS.chart()
def sectors(p: xr.Dataset) -> alt.LayerChart:
    """Part de chaque secteur dans l'effort, hors forêt [%], et part nationale en repère (trait).

    D'un scénario, le repère est la part dans sa référence.
    """
    found, scenario = _shares(p), proposals.composed(p)
    alone, where = p.attrs["level"] == "france" and not scenario, "dans la référence" if scenario else "en France"
    if scenario:
        found = found.assign(nation=found.reference_share)
    ends = found[["share", "nation"]].max(axis=1)
    drawn = found.assign(at=ends, written=[french.percent(s, 1) for s in found.share])
    top, whose = drawn.iloc[0], " du scénario" if scenario else ""
    against = "" if alone else f", contre {french.percent(top.nation, 0)} {where}"
    reading = "barre : part du secteur" + ("" if alone else f" ; trait : sa part {where}")
    words = charts.words(
        f"{top.label} : {french.percent(top.share, 0)} de l'effort{whose}{against}",
        [f"% des émissions évitées, hors forêt ; {reading}", labels.source_line(p)],
        f"Part des secteurs : {charts.said(drawn)}.",
    )
    over = [] if alone else [charts.ticks(drawn, "nation")]
    unit, bold = "part de l'effort hors forêt (%)", {"dx": 8, "fontWeight": "bold"}
    return charts.bars(drawn, "share", unit, words, at="at", step=34, over=over, **bold)


@SECTORS.table("secteurs", sheet="Secteurs", rank=30)
def _sectors(p: xr.Dataset) -> Table:
    found, beside, total = (
        _shares(p),
        {},
        {"Secteur": "Total hors forêt", "Part (%)": 100.0, "Part en France (%)": 100.0},
    )
    total["Émissions évitées (ktCO2e/an)"] = model.total(p, forest=False)
    if proposals.composed(p):
        beside = {REFERENCE: (found.reference_target, 1), "Part dans la référence (%)": (found.reference_share, 2)}
        total[REFERENCE] = model.total(proposals.reference(p), forest=False)
        total["Part dans la référence (%)"] = 100.0
    made = Table.of(
        f"Effort par secteur, hors forêt — {labels.named(p)}",
        {
            "Secteur": found.label,
            "Émissions évitées (ktCO2e/an)": (found.target, 1),
            "Part (%)": (found.share, 2),
            **beside,
            "Part en France (%)": (found.nation, 2),
        },
    )
    return replace(made, totals=(total,))


PLACE = Section("place", 40, "La place du territoire")


@PLACE.chart(reference=True)
def place(p: xr.Dataset) -> alt.LayerChart | Note:
    """Le territoire parmi les régions, ou parmi les départements de sa région : effort hors forêt [ktCO2e/an]."""
    if p.attrs["level"] == "france":
        return Note("La France est la somme des 18 régions : voir la table.")
    code, peers = p.attrs["territory"], model.place(p)
    here = peers[peers.index.isin([code, territories.region_of(code)])].iloc[0]
    drawn = pd.DataFrame(
        {
            "label": [f"▸ {n}" if n == here["name"] else n for n in peers.name],
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
    position, rank = french.rank(int(here["rank"]), feminine=False), f"rang {int(here['rank'])} sur {len(drawn)}"
    words = charts.words(
        f"{position} effort sur {len(drawn)} {noun} : {french.percent(here['share'], 1)} {whole}",
        [
            "ktCO2e/an évitées, hors forêt ; entre parenthèses : tonnes par habitant (population INSEE)",
            labels.source_line(p),
        ],
        f"Effort par territoire : {here['name']} {french.number(here.target, 0)} ktCO2e/an, {rank}.",
    )
    unit, domain = "ktCO2e/an évitées, hors forêt", [0, 1.3 * peers.target.max()]
    return charts.bars(drawn, "target", unit, words, domain=domain, colour=charts.of_two("here"), step=26)


@PLACE.table("place", sheet="Place", rank=70, reference=True)
def _place(p: xr.Dataset) -> Table:
    found = model.place(p)
    whole = "fr" if found.index[0].startswith("reg") else territories.region_of(p.attrs["territory"])
    peers = "régions" if whole == "fr" else "départements de la région"
    total = model.total(model.shared(whole), forest=False)
    made = Table.of(
        f"{p.attrs['name']} parmi les {peers}",
        {
            "Rang": (found["rank"], 0),
            "Territoire": found.name,
            "Émissions évitées, hors forêt (ktCO2e/an)": (found.target, 1),
            "Part (%)": (found.share, 2),
            "Par habitant (tCO2e/an)": (found.per_head, 2),
        },
    )
    said = {"Territoire": territories.name(whole), "Émissions évitées, hors forêt (ktCO2e/an)": total}
    return replace(made, totals=({**said, "Part (%)": 100.0},))
