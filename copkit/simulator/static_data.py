"""What the simulator in one file shows and reads: levers, sectors, tiles of the panorama, texts."""

from __future__ import annotations

import math

import lazy_loader

from copkit import french
from copkit.models.limits import Limit
from copkit.models.scenario import settle
from copkit.presentation import marimekko, theme
from copkit.simulator import tiles
from copkit.simulator.ground import Ground, known
from copkit.simulator.state import State

alt = lazy_loader.load("altair")
ROOM = 16, 70  # least height and width left in a tile to write its gap [px]
COLUMNS = (
    *("territoire", "levier", "libellé", "secteur", "référence (ktCO2e/an)", "proposé (ktCO2e/an)"),
    *("écart (ktCO2e/an)", "unité", "quantité 2019", "quantité de référence 2030", "quantité proposée 2030"),
    *("statut", "version des données"),
)
TEXTS = {
    "proposed": "Proposé : {proposed} ktCO2e/an sur {reference}, hors forêt.",
    "gap_below": "{gap} ktCO2e/an sous la référence",
    "gap_above": "{gap} ktCO2e/an au-dessus de la référence",
    "tooltip": "{label} : proposé {proposed} ktCO2e/an, référence {reference}",
    "other_version": "Le lien vient des données {given}, cette page des données {version} : les références diffèrent.",
    "other_territory": "Le lien est celui d'un autre territoire ({given}) : rien n'en est repris.",
    "unreadable": "« {part} » ne se lit pas : levier inconnu, ou unité autre que k et q.",
    "without_done": "Ce qui est déjà fait n'est pas repris : cette page ne montre que les objectifs.",
    "copied": "Copié.",
}
LEVER_KEYS = (
    *("id", "label", "sector", "sector_label", "target", "shown", "known_start", "unit", "translated"),
    *("status_label", "limit"),
)
PAGE_KEYS = ("version", "sectors", "forest_lever", "sentences")


def levers(here: Ground, page: dict) -> list[dict]:
    """Each lever of ``page``, from the largest, as the template and the script read it."""
    return [_lever(here.limits[one["id"]], one) for one in page["levers"]]


def _lever(limit: Limit, one: dict) -> dict:
    shown, translated = one["shown"], limit.translated
    quantity = limit.quantity if translated else math.nan
    start = one["start"] if translated and one["start"] is not None else math.nan
    return one | {
        "known_start": known(start),
        "unit": one["unit"] if translated else "",
        "field": _field(one),
        "range_sentence": _range(one),
        "both": french.typeset(limit.both(limit.target)) if shown else "non affichée par le SGPE",
        "written": french.number(limit.target) if shown else "?",
        "written_quantity": french.quantity(quantity) if translated else "",
        "written_start": french.quantity(start),
        "slider": _slider(limit),
        "explained": _explained(one),
    }


def _field(one: dict) -> str:
    """The name of the field of the quantity."""
    name = one["quantity_label"] or one["unit"]
    return f"{french.capital(name)}, en 2030" + (f" ({one['unit']})" if name != one["unit"] else "")


def _range(one: dict) -> str:
    """What the lever accepts, and why, as a sentence."""
    said = french.typeset(" : ".join(part for part in (one["range"], one["limit"]["why"]) if part))
    return f"{french.capital(said)}." if said else ""


def _slider(limit: Limit) -> float:
    """The end of the slider: the bound when it is near, twice the reference otherwise. [ktCO2e/an]"""
    reference = limit.target if limit.target > 0 else 1.0
    return limit.kt_max if limit.kt_max < 3 * reference else 2 * reference


def _explained(one: dict) -> list[str]:
    """Status and source, formulas both ways, cautions, what the lever is for, the pace observed."""
    kt, quantity = one["why"]["kt"], one["why"]["quantity"]
    grade = f", note de la clé de répartition : {one['grade']}" if one["grade"] else ""
    origin = f"Source : {kt['source_title']}, {kt['year']}." if kt["source_title"] else ""
    formulas = dict.fromkeys(way["formula"].rstrip(".") for way in (quantity, kt) if way)
    seen = one["observed"]["sentence"] if one["observed"] else ""
    lines = [f"Statut : {one['status_label']}{grade}. {origin}", *(f"{formula}." for formula in formulas)]
    return [french.typeset(line) for line in (*lines, *kt["limits"], one["rationale"], seen) if line]


def sectors(here: Ground, page: dict) -> list[dict]:
    """The sectors of the territory, from the largest reference."""
    sizes = dict.fromkeys((one["id"] for one in page["sectors"]), 0.0)
    for one in page["levers"]:
        sizes[one["sector"]] += one["target"] or 0.0
    return sorted(page["sectors"], key=lambda one: -sizes[one["id"]])


def script(here: Ground, page: dict, levers: list[dict], address: str) -> dict:
    """What the script reads; ``levers``: those of ``levers()``."""
    rows = _panorama(here)
    return {name: page[name] for name in PAGE_KEYS} | {
        "territory": page["territory"]["code"],
        "address": address.split("?")[0],
        "file": f"simulateur-{page['territory']['code']}.csv",
        "columns": COLUMNS,
        "levers": [{name: one[name] for name in LEVER_KEYS} for one in levers],
        "plans": [],
        "tiles": rows.pop("tiles"),
        "panorama": _drawing(rows),
        "texts": {name: french.typeset(text) for name, text in TEXTS.items()},
    }


def untitled(here: Ground) -> list[str]:
    """The thématiques whose column is too narrow for a title, from left to right."""
    rows = _panorama(here)
    titled = {round(text["x"], 2) for text in rows["texts"] if text["y"] < 0}
    names = {tile["x"]: here.tiles[tile["lever"]].chantier_label for tile in rows["tiles"]}
    return [names[head["x"]] for head in sorted(rows["heads"], key=lambda one: one["x"]) if head["x"] not in titled]


def _panorama(here: Ground) -> dict[str, list[dict]]:
    """The tiles at the reference, with the room that their words leave; the colours above columns; the words."""
    rows = tiles.rows(here, settle(here.limits, {}), State(territory=here.p.attrs["territory"]))
    out = {"tiles": [], "heads": [], "texts": rows["texts"]}
    for rect in rows["rects"]:
        place = {side: round(rect[side], 2) for side in ("x", "x2", "y", "y2")}
        if not rect["lever"]:
            out["heads"].append({**place, "fill": rect["fill"]})
            continue
        low = max((t["y"] for t in rows["texts"] if _inside_of(rect, t)), default=rect["y"] - marimekko.LINE)
        height, width = rect["y2"] - low - marimekko.LINE, rect["x2"] - rect["x"]
        edge = theme.THEMATIQUES[here.tiles[rect["lever"]].chantier]
        free = height >= ROOM[0] and width >= ROOM[1]
        out["tiles"].append({"lever": rect["lever"], **place, "fill": rect["fill"], "edge": edge, "free": free})
    return out


def _inside_of(rect: dict, text: dict) -> bool:
    return rect["x"] <= text["x"] < rect["x2"] and rect["y"] <= text["y"] < rect["y2"]


def _drawing(rows: dict[str, list[dict]]) -> dict:
    """The chart: tiles in dashes, filled from below up to ``top``; its datasets « tiles » and « marks » change."""
    x = alt.X("x:Q", scale=alt.Scale(domain=[0, marimekko.WIDTH], nice=False), axis=None)
    scale = alt.Scale(domain=[marimekko.HEIGHT, -70], nice=False)
    y, top = (alt.Y(f"{name}:Q", scale=scale, axis=None) for name in ("y", "top"))
    ends, tooltip = {"x2": alt.X2("x2:Q"), "y2": alt.Y2("y2:Q")}, alt.Tooltip("tooltip:N")
    changing, fill = alt.Chart(alt.NamedData("tiles")), alt.Fill("fill:N", scale=None)
    layers = [
        changing.mark_rect(fill="white", strokeWidth=1, strokeDash=[4, 3]).encode(
            x=x, y=y, **ends, stroke=alt.Stroke("edge:N", scale=None), tooltip=tooltip
        ),
        changing.mark_rect(stroke="white", strokeWidth=1.5).encode(x=x, y=top, **ends, fill=fill, tooltip=tooltip),
        alt.Chart(alt.NamedData("heads")).mark_rect().encode(x=x, y=y, **ends, fill=fill),
    ]
    written = {"fontSize": 12, "clip": False, "tooltip": None}
    for weight in ("bold", "normal"):
        words = alt.Chart(alt.NamedData(weight)).mark_text(align="left", baseline="top", fontWeight=weight, **written)
        layers.append(words.encode(x=x, y=y, text=alt.Text("text:N")))
    gaps = alt.Chart(alt.NamedData("marks")).mark_text(align="right", baseline="bottom", fontWeight="bold", **written)
    layers.append(gaps.encode(x=x, y=y, text=alt.Text("text:N")))
    drawing = theme.drawing()(layer=layers, width=marimekko.WIDTH, height=marimekko.HEIGHT + 70, padding=0)
    spec = drawing.to_dict(validate=False, context={"pre_transform": False})
    named = {weight: [row for row in rows["texts"] if row["weight"] == weight] for weight in ("bold", "normal")}
    return spec | {"datasets": {"heads": rows["heads"], **named}}
