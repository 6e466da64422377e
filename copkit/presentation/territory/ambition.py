"""What the territory is asked to avoid: both totals, its levers, its sectors, its place among others."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import lazy_loader
import pandas as pd
import xarray as xr

from copkit import french
from copkit.models import gaps, proposals, reliability, uncertainty, worth
from copkit.models import panorama as model
from copkit.models.levers import FOREST
from copkit.presentation import charts, labels, marimekko
from copkit.presentation.document import Section
from copkit.presentation.formats import Rounded
from copkit.presentation.table import Table
from copkit.presentation.text import Note, Text, lower
from copkit.reference import territories

alt = lazy_loader.load("altair")
REFERENCE = "Référence (ktCO2e/an)"  # beside what a scenario proposes
HEAD = 70  # above the Marimekko, for the names of its columns [px]
TINY = 0.5  # a lever that is written « < 1 » [ktCO2e/an]
MOSTLY, LONG = 66, 100  # a sector is mostly one lever from this part of it [%]; letters of a title
AMBITION = Section("ambition", 20)


@AMBITION.sentence()
def ambition(p: xr.Dataset) -> Text:
    """L'effort total dans les deux conventions, et ses trois premiers leviers."""
    without, with_ = model.total(p, forest=False), model.total(p, forest=True)
    top, share = model.largest(p, 3)
    forest = " (aucun objectif de forêt n'y est proposé)"
    if _counts_forest(p):
        beside = labels.kt(p, with_)
        beside = "autant, à l'arrondi près," if beside == labels.kt(p, without) else beside
        forest = f", {beside} avec le levier forêt, que le SGPE n'a pas régionalisé"
    missing = int(model.totals(p).missing.max())
    start, beside = "À éviter", "."
    if proposals.composed(p):
        reference = labels.kt(p, model.total(proposals.reference(p), forest=False))
        start, beside = "Ce que le scénario évite", f", pour une référence de {reference} hors forêt. "
        beside += gaps.gap_sentence(p)
    write = labels.of_lever(p)
    names = [f"{lower(row.label)} ({write(row.lever, row.target_ktco2e)}{_grade(row)})" for row in top]
    return Text(
        "{start} en 2030 par rapport à 2019 : **{total} ktCO2e/an hors forêt**{forest}{beside}{sure} "
        "{order} portent {share} de l'effort hors forêt : {names}.{missing}",
        start=start,
        beside=beside,
        sure=_sure(p),
        total=labels.about(p, without),
        forest=forest,
        order="En ordre de grandeur, trois leviers" if model.allocated(p) else "Trois leviers",
        share=french.share(share),
        names=french.join(names),
        missing=f" {french.plural(missing, 'levier')} sans valeur dans ce total." if missing else "",
    )


def _grade(row: model.Row) -> str:
    return ", note C" if row.grade == "C" else ""


def _sure(p: xr.Dataset) -> Text:
    """What is known of a figure that keys share out: its range, what the keys miss, and how much stands on grade C."""
    if model.local_share(p):
        return _given(p)
    low, high = uncertainty.span(p)
    if math.isnan(low):
        return Text()
    low, high = (french.to_step(end, worth.step(p), 0) for end in (low, high))
    rough = model.rough_share(p)
    if model.small(p):
        return Text(
            " **Ce qu'il vaut** : quatre fois sur cinq, il serait entre {low} et {high}, selon ce que les clés "
            "manquent entre régions et une hypothèse du kit sur ce qu'elles manquent dans le département{rest}.",
            low=low,
            high=high,
            rest=Text(" ; {share} repose sur une clé notée C", share=french.share(rough)) if rough >= 1 else "",
        )
    return Text(
        " **Ce qu'il vaut** : entre régions, les clés employées ici placent en moyenne {error} de l'effort dans la "
        "mauvaise région. Si elles se trompent autant ici, l'effort est quatre fois sur cinq entre {low} et {high}"
        "{rest}.",
        error=french.share(reliability.error(p)),
        low=low,
        high=high,
        rest=Text(
            " ; {share} repose sur une clé notée C, qui ne fixe pas de cible sans donnée locale",
            share=french.share(rough),
        )
        if rough >= 1
        else "",
    )


def _given(p: xr.Dataset) -> Text:
    """The same where local figures take the place of keys: no range surrounds them, nor the total."""
    error, keys = reliability.error(p), labels.keys_given(p)
    return Text(
        " **Ce qu'il vaut** : {share} de l'effort suit {keys} : un chiffre donné avec sa source, que rien n'a "
        "mesuré. Le total n'a donc pas de fourchette.{others}",
        share=french.share(model.local_share(p)),
        keys=keys,
        others=""
        if math.isnan(error)
        else Text(
            " Entre régions, les autres clés placent en moyenne {error} de l'effort dans la mauvaise région.",
            error=french.share(error),
        ),
    )


def _counts_forest(p: xr.Dataset) -> bool:
    return model.total(p, forest=True) > model.total(p, forest=False)


@AMBITION.table("synthese", page=_counts_forest)
def summary(p: xr.Dataset) -> Table:
    """The total with and without the forest, and its part of that of the country."""
    totals, effort = model.of_the_nation(p), labels.effort(p)
    return Table.of(
        f"{french.capital(effort)} dans les deux conventions",
        {
            "Convention": [f"Total {c}" for c in totals.index],
            "Émissions évitées en 2030 (ktCO2e/an)": (totals.total.to_numpy(), labels.kts(p)),
            **({REFERENCE: (totals.reference_total.to_numpy(), labels.kts(p))} if proposals.composed(p) else {}),
            "Part du total national (%)": (totals.share.to_numpy(), labels.SHARES),
            "Leviers sans valeur": (totals.missing.to_numpy(), Rounded(_count, 0)),
        },
    )


def _count(value: float) -> str:
    return french.number(value, 0) if value else "—"


@AMBITION.chart()
def panorama(p: xr.Dataset) -> alt.LayerChart:
    """Panorama des leviers en Marimekko : une colonne par thématique, une tuile par levier, hors forêt.

    La largeur d'une colonne et la surface d'une tuile sont proportionnelles aux émissions évitées
    [ktCO2e/an] ; dans une colonne, les leviers d'un même secteur se suivent. Chaque tuile porte son numéro,
    qui renvoie à la table : aucune petite tuile n'est illisible.
    """
    drawn = tiles(p)
    layout, shares = marimekko.layout(drawn, write=partial(labels.kt, p)), model.shares(p, by="chantier")
    names = [labels.thematiques()[chantier] for chantier in shares.index]
    share, total = french.share(shares.share.iloc[0]), labels.about(p, model.total(p, forest=False))
    beside = ""
    if proposals.composed(p):
        reference = labels.kt(p, model.total(proposals.reference(p), forest=False))
        beside = f", pour {reference} dans la référence (« réf. » sur les tuiles qui s'en écartent)"
    reading = " ; surface d'une tuile : émissions évitées ; numéro : voir la table"
    lines = [f"{french.capital(total)} ktCO2e/an évitées, hors forêt{beside}{reading}", labels.source_line(p)]
    marks = {reading: "", "tuile hachurée :": "(C) :", " sur les tuiles qui s'en écartent": " où elle s'en écarte"}
    if layout["hatch"]:
        lines.insert(1, "tuile hachurée : répartie par une clé notée C, ordre de grandeur")
    if layout["narrow"]:
        narrow = f"Colonnes trop étroites pour un titre, de gauche à droite : {', '.join(layout['narrow'])}"
        lines, marks = [*lines, narrow], marks | {narrow: ""}
    parts = [f"{name} {french.percent(s, 0)}" for name, s in zip(names, shares.share, strict=True)]
    said = f"Marimekko des leviers : {', '.join(parts)}."
    title = f"« {names[0]} » porte {share} de {labels.effort(p)}"
    words = charts.words(labels.headline(p, title, chantier=shares.index[0]), lines, said, marks)
    across = alt.X("x:Q", scale=alt.Scale(domain=[0, marimekko.WIDTH], nice=False), axis=None)
    down = alt.Y("y:Q", scale=alt.Scale(domain=[marimekko.HEIGHT, -HEAD], nice=False), axis=None)
    rects = alt.Chart({"values": tuple(layout["rects"])}).mark_rect(stroke="white", strokeWidth=1.5)
    rects = rects.encode(x=across, x2=alt.X2("x2:Q"), y=down, y2=alt.Y2("y2:Q"), fill=alt.Fill("fill:N", scale=None))
    layers = [rects, *_hatched(layout["hatch"]), *charts.pixels(layout["texts"], x=across, y=down)]
    named = [
        one._replace(label=f"{one.rank}. {one.label}{' (C)' * one.rough}")
        for one in sorted(drawn, key=lambda one: one.rank)
    ]
    phone = charts.listed(pd.DataFrame(named, columns=marimekko.Tile._fields), "target_ktco2e")
    return charts.drawing(layers, marimekko.HEIGHT + HEAD, words, marimekko.WIDTH, phone=phone)


def _hatched(hatch: list[dict]) -> list[alt.Chart]:
    """Diagonal lines over the tiles that are known in order of magnitude only, outlines of a map of pixels.

    Not symbols, of which Vega keeps each path that it draws, for as long as it lives.
    """
    if not hatch:
        return []
    features = [
        {
            "type": "Feature",
            "properties": {"stroke": tile["stroke"]},
            "geometry": {"type": "MultiLineString", "coordinates": [*map(_ends, tile["lines"])]},
        }
        for tile in hatch
    ]
    mark = alt.Chart({"values": tuple(features)}).mark_geoshape(filled=False, strokeWidth=1, opacity=0.3, clip=False)
    drawn = mark.encode(stroke=alt.Stroke("properties.stroke:N", scale=None))
    drawn.projection = {"type": "identity", "scale": 1, "translate": [0, HEAD]}  # project() would check it
    return [drawn]


def _ends(line: dict) -> list[list[float]]:
    return [[round(line["x"], 1), round(line["y"], 1)], [round(line["x2"], 1), round(line["y2"], 1)]]


def tiles(p: xr.Dataset) -> list[marimekko.Tile]:
    """The levers that weigh something."""
    sectors, thematiques, write = labels.sectors(), labels.thematiques(), labels.of_lever(p)
    return [
        marimekko.Tile(
            row.lever,
            french.typeset(row.label),
            french.typeset(sectors[row.sector]),
            row.chantier,
            thematiques[row.chantier],
            row.target_ktco2e,
            row.rank,
            _written(write, row),
            row.grade == "C",
        )
        for row in model.ordered(p)
        if row.lever != FOREST and row.target_ktco2e > 0
    ]


def _written(write: Callable[[str, float], str], row: model.Row) -> str:
    own, reference = (write(row.lever, kt) for kt in (row.target_ktco2e, row.reference))
    return labels.HIDDEN if not row.shown else own if own == reference else f"{own} (réf. {reference})"


@AMBITION.table("panorama", sheet="Panorama", rank=20)
def levers(p: xr.Dataset) -> Table:
    """The levers, from the one that avoids most."""
    rows, sectors, thematiques = model.ordered(p), labels.sectors(), labels.thematiques()
    scenario, order = proposals.composed(p), [row.lever for row in rows]
    shares = [row.share if row.shown and row.lever != FOREST else "—" for row in rows]
    columns = {
        "N°": ([row.rank for row in rows], 0),
        "Levier": [row.label for row in rows],
        "Secteur": [sectors[row.sector] for row in rows],
        "Thématique": [thematiques[row.chantier] for row in rows],
        "Émissions évitées (ktCO2e/an)": (
            [row.target_ktco2e if row.shown else labels.HIDDEN for row in rows],
            labels.by_lever(p, order),
        ),
        **(
            {REFERENCE: ([row.reference if row.shown else labels.HIDDEN for row in rows], labels.by_lever(p, order))}
            if proposals.composed(p)
            else {}
        ),
        "Part hors forêt (%)": (shares, labels.SHARES),
        "Statut": [labels.STATUSES[row.status] for row in rows],
    }
    if any(row.grade for row in rows) and model.broad(p):
        for end, name in {"low": "Bas à 80 % (ktCO2e/an)", "high": "Haut à 80 % (ktCO2e/an)"}.items():
            ends = dict(zip(p.lever.values.tolist(), p[end].values.tolist(), strict=True))
            columns[name] = ([ends[row.lever] if row.shown else "—" for row in rows], labels.ends(p, order))
    if any(row.grade for row in rows):
        columns["Note de la clé"] = [row.grade for row in rows]
    made = Table.of(f"Panorama des leviers — {labels.named(p)}, 2030 par rapport à 2019", columns)
    none = [n for n, row in enumerate(rows) if row.shown and row.target_ktco2e == row.reference == 0]
    tiny = [n for n, row in enumerate(rows) if row.shown and 0 < row.target_ktco2e < TINY and row.reference < TINY]
    absent = [n for n, row in enumerate(rows) if not row.shown and row.target_ktco2e == row.reference == 0]
    made = made.without(absent, [rows[n].label for n in absent], "Aucun objectif proposé ici : {}.")
    made = made.without(none, [rows[n].label for n in none], "Objectif nul ici : {}.")
    made = made.without(tiny, [rows[n].label for n in tiny], "Moins de 0,5 ktCO2e/an chacun : {}.")
    made = replace(made, said=" ".join(filter(None, (made.said, labels.hidden(p)))))
    return replace(made, totals=tuple(_total(one, scenario) for one in model.totals(p).iloc[::-1].itertuples()))


def _total(one, scenario: bool) -> dict[str, object]:
    """A total of the levers under their column."""
    beside = {REFERENCE: one.reference_total} if scenario else {}
    said = {"Levier": f"Total {one.Index}", "Émissions évitées (ktCO2e/an)": one.total, **beside}
    return said | ({"Part hors forêt (%)": 100.0} if one.Index == "sans forêt" and one.total else {})


def _shares(p: xr.Dataset) -> pd.DataFrame:
    """Label, target [ktCO2e/an], share here and in the country [%], unknown for a sector of the overseas alone."""
    here, nation, known = model.shares(p), model.national_shares(), labels.sectors()
    beside = [math.nan if one == model.OVERSEAS else nation.get(one, math.nan) for one in here.index]
    return here.assign(label=[known[one] for one in here.index], nation=beside)


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
    there = "référence" if scenario else "France"
    beside = ["" if alone or pd.isna(s) else f" ({there} : {french.share(s)})" for s in found.nation]
    drawn = found.assign(written=[french.share(s) for s in found.share], beside=beside)
    top, whose = drawn.iloc[0], " du scénario" if scenario else ""
    against = "" if alone or pd.isna(top.nation) else f", contre {french.share(top.nation)} {where}"
    title = f"{top.label} : {french.share(top.share)} de l'effort{whose}{_mostly(p, drawn.index[0])}"
    title = labels.headline(p, title, sector=drawn.index[0])
    reading = "barre : part du secteur" + ("" if alone else f" ; trait : sa part {where}")
    listed = "part du secteur" + ("" if alone else f", et sa part {where}")
    if drawn.nation.isna().any() and not alone:
        overseas = french.join(f"« {label} »" for label in drawn.label[drawn.nation.isna()])
        reading += f" ; sans trait : {overseas}, secteur propre aux outre-mer"
        listed += f" ; {overseas} : secteur propre aux outre-mer"
    words = charts.words(
        title + against if len(title + against) < LONG else title,
        [f"% des émissions évitées, hors forêt ; {reading}", labels.source_line(p)],
        f"Part des secteurs : {charts.said(drawn)}.",
        {reading: listed},
    )
    over = [] if alone else [charts.ticks(drawn, "nation")]
    unit, bold = "part de l'effort hors forêt (%)", {"dx": 8, "fontWeight": "bold"}
    if not alone:
        drawn, bold = charts.clear_of(drawn, "share", "nation"), bold | {"at": "at", "within": "within"}
    return charts.bars(drawn, "share", unit, words, step=34, over=over, **bold)


def _mostly(p: xr.Dataset, sector: str) -> str:
    """The lever that makes most of a sector here, when it is another one in the country."""
    lever, part = model.heaviest(p, sector)
    usual = sector != model.OVERSEAS and model.heaviest(model.shared("fr"), sector)[0].lever == lever.lever
    return f" (surtout « {lower(lever.label)} »)" if part > MOSTLY and not usual else ""


@SECTORS.table("secteurs", sheet="Secteurs", rank=30)
def _sectors(p: xr.Dataset) -> Table:
    found, beside, total = (
        _shares(p),
        {},
        {"Secteur": "Total hors forêt", "Part (%)": 100.0, "Part en France (%)": 100.0},
    )
    total["Émissions évitées (ktCO2e/an)"] = model.total(p, forest=False)
    if proposals.composed(p):
        beside = {
            REFERENCE: (found.reference_target, labels.kts(p)),
            "Part dans la référence (%)": (found.reference_share, labels.SHARES),
        }
        total[REFERENCE] = model.total(proposals.reference(p), forest=False)
        total["Part dans la référence (%)"] = 100.0
    made = Table.of(
        f"Effort par secteur, hors forêt — {labels.named(p)}",
        {
            "Secteur": found.label,
            "Émissions évitées (ktCO2e/an)": (found.target, labels.kts(p)),
            "Part (%)": (found.share, labels.SHARES),
            **beside,
            "Part en France (%)": (found.nation, Rounded(_share_or_none, 1)),
        },
    )
    return replace(made, totals=(total,))


def _share_or_none(value: float) -> str:
    return "outre-mer seul" if pd.isna(value) else french.short(value)


PLACE = Section("place", 40, "La place du territoire")


@PLACE.chart(reference=True, when=model.broad)
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
                f"{_of_code(c, t)} ({_per_head(c, h)} t/hab.)"
                for c, t, h in zip(peers.index, peers.target, peers.per_head, strict=True)
            ],
            "here": (peers.name == here["name"]).to_numpy(),
        }
    )
    region = peers.index[0].startswith("reg")
    noun, whole = ("régions", "de l'effort national") if region else ("départements", "de l'effort de la région")
    position, rank = french.rank(int(here["rank"]), feminine=False), f"rang {int(here['rank'])} sur {len(drawn)}"
    title = f"{position} effort sur {len(drawn)} {noun} : {french.share(here['share'])} {whole}"
    words = charts.words(
        labels.headline(p, title),
        [
            "ktCO2e/an évitées, hors forêt ; entre parenthèses : tonnes par habitant (population INSEE)",
            labels.source_line(p),
        ],
        f"Effort par territoire : {here['name']} {labels.kt(p, here.target)} ktCO2e/an, {rank}.",
    )
    unit, domain = "ktCO2e/an évitées, hors forêt", [0, 1.3 * peers.target.max()]
    return charts.bars(drawn, "target", unit, words, domain=domain, colour=charts.of_two("here"), step=26)


@PLACE.table("place", sheet="Place", rank=70, reference=True)
def _place(p: xr.Dataset) -> Table:
    if model.small(p):
        return _inside(p)
    found = model.place(p)
    whole = "fr" if found.index[0].startswith("reg") else territories.region_of(p.attrs["territory"])
    peers = "régions" if whole == "fr" else "départements de la région"
    total = model.total(model.shared(whole), forest=False)
    made = Table.of(
        f"{p.attrs['name']} parmi les {peers}",
        {
            "Rang": (found["rank"], 0),
            "Territoire": found.name,
            "Émissions évitées, hors forêt (ktCO2e/an)": (found.target, Rounded(_of_code, 1, (*found.index,))),
            "Part (%)": (found.share, labels.SHARES),
            "Par habitant (tCO2e/an)": (found.per_head, Rounded(_per_head, 2, (*found.index,))),
        },
    )
    said = {"Territoire": territories.name(whole), "Émissions évitées, hors forêt (ktCO2e/an)": total}
    return replace(made, totals=({**said, "Part (%)": 100.0},))


def _of_code(code: str, kt: float) -> str:
    return worth.write(kt, worth.of(code))


def _per_head(code: str, t: float) -> str:
    return worth.write(t, worth.of(code), 1)


def _inside(p: xr.Dataset) -> Table:
    """A territory below the départements in each of its own."""
    found = model.by_departement(p)
    made = Table.of(
        f"{p.attrs['name']} dans {'ses départements' if len(found) > 1 else 'son département'}",
        {
            "Département": found.name,
            "Région": found.region,
            "Communes": (found.communes, 0),
            "Habitants": (found.population, 0),
            "Émissions évitées, hors forêt (ktCO2e/an)": (found.target, labels.kts(p)),
            "Part de l'effort du département (%)": (found.share, labels.SHARES),
        },
    )
    if len(found) == 1:
        return made
    sums = {"Communes": found.communes.sum(), "Habitants": found.population.sum()}
    total = {"Émissions évitées, hors forêt (ktCO2e/an)": model.total(p, forest=False)}
    return replace(made, totals=({"Département": "Ensemble", **sums, **total},))
