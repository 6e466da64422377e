"""The rows of the panorama chart for a state: tiles, what is done hatched on them, words, and what a tile says."""

from __future__ import annotations

import math

from copkit import french
from copkit.models.levers import FOREST
from copkit.models.scenario import Standing, settle
from copkit.presentation import labels, marimekko, treemap
from copkit.presentation.marimekko import Tile
from copkit.simulator.ground import Ground
from copkit.simulator.state import State

SMALLEST = 0.001  # a tile below it is not drawn: nobody would see it [ktCO2e/an]


def rows(
    ground: Ground, settled: dict[str, Standing], state: State, height: float = marimekko.HEIGHT
) -> dict[str, list[dict]]:
    """The rows of the datasets « rects », « hatch » and « texts »; surfaces are the proposed targets, or what is left.

    Rectangles are of kind « lever », « head » (the colour of a column) or « done » ; ``narrow`` : a sentence on the
    columns that have no room for their name.
    """
    sizes = {lever: _size(settled[lever], state.remaining) for lever in ground.tiles if _kept(ground, lever, state)}
    drawn = [_tile(ground, settled, lever, size) for lever, size in sizes.items() if size > SMALLEST]
    if not drawn:
        return {"rects": [], "hatch": [], "texts": [], "narrow": ""}
    parts = _laid_out(ground, drawn, state.vision, height)
    said = {tile.lever: tooltip(ground, settled, tile.lever) for tile in drawn}
    rects, done, hatch = [], [], []
    for rect in parts["rects"]:
        lever = rect.get("lever", "")
        rects.append({"kind": "lever" if lever else "head", "lever": lever, **rect, "tooltip": said.get(lever, "")})
        if lever and not state.remaining and (share := _share_done(settled[lever])):
            part = rect | {"y": rect["y2"] - share * (rect["y2"] - rect["y"])}
            done.append({"kind": "done", "lever": lever, **part, "tooltip": said[lever]})
            hatch += marimekko.diagonals(part)
    narrow = ", ".join(parts["narrow"])
    said_narrow = f"Colonnes trop étroites pour un titre, de gauche à droite : {narrow}." if narrow else ""
    return {"rects": rects + done, "hatch": hatch, "texts": parts["texts"], "narrow": french.typeset(said_narrow)}


VISIONS = ("thematiques", "secteurs")


def places(ground: Ground, vision: str) -> dict[str, list[dict]]:
    """Where the tiles of the references stand, without forest: a share of the width and of the height each. [%]

    ``heads``: the groups, with their place, in the order of the tiles.
    """
    settled = settle(ground.limits, {})
    drawn = [
        _tile(ground, settled, lever, settled[lever].target)
        for lever in ground.tiles
        if lever != FOREST and settled[lever].target > SMALLEST
    ]
    if not drawn:
        return {"tiles": [], "heads": []}
    parts = _laid_out(ground, drawn, vision)
    rects = [one for one in parts["rects"] if one.get("lever")]
    size = {"x": marimekko.WIDTH, "y": marimekko.HEIGHT}
    found = [
        {"lever": one["lever"]} | {side: round(100 * one[side] / size[side[0]], 3) for side in ("x", "x2", "y", "y2")}
        for one in rects
    ]
    group = (
        (lambda lever: ground.tiles[lever].chantier)
        if vision == "thematiques"
        else (lambda lever: ground.tiles[lever].sector)
    )
    heads: dict[str, dict] = {}
    for one in found:
        head = heads.setdefault(group(one["lever"]), {"x": 100.0, "x2": 0.0, "y": 100.0, "y2": 0.0})
        for side, best in (("x", min), ("y", min), ("x2", max), ("y2", max)):
            head[side] = best(head[side], one[side])
    return {"tiles": found, "heads": [{"id": name} | place for name, place in heads.items()]}


def _laid_out(ground: Ground, drawn: list[Tile], vision: str, height: float = marimekko.HEIGHT) -> dict:
    if vision == "secteurs":
        return treemap.layout(drawn, height)
    return marimekko.layout(drawn, levers=True, write=lambda total: ground.sum(total, total), height=height)


def _kept(ground: Ground, lever: str, state: State) -> bool:
    tile, wanted = ground.tiles[lever], state.filter
    if lever == FOREST and not state.forest:
        return False
    return (not wanted.enjeu or wanted.enjeu in tile.enjeux) and wanted.thematique in ("", tile.chantier)


def _size(one: Standing, remaining: bool) -> float:
    size = one.remaining if remaining else one.kt
    return 0.0 if math.isnan(size) else size


def _tile(ground: Ground, settled: dict[str, Standing], lever: str, size: float) -> Tile:
    tile = ground.tiles[lever]
    written = ground.kt(lever, size, 0) if tile.shown else labels.HIDDEN
    return Tile(lever, tile.label, tile.sector_label, tile.chantier, tile.chantier_label, size, tile.rank, written)


def _share_done(one: Standing) -> float:
    return min(one.done / one.kt, 1.0) if one.kt > 0 else 0.0


def tooltip(ground: Ground, settled: dict[str, Standing], lever: str) -> str:
    """What a tile says: reference, proposal in both units, what is done, what is left."""
    tile, one = ground.tiles[lever], settled[lever]
    reference = ground.kt(lever, one.target) if tile.shown else "non affichée par le SGPE"
    proposed = f"{ground.kt(lever, one.kt)} ktCO₂e/an"
    if not math.isnan(one.quantity):
        proposed += f", soit {ground.quantity(lever, one.quantity)} {tile.unit}"
    lines = [
        f"{tile.rank} · {tile.label}",
        f"{tile.chantier_label} · {tile.sector_label}",
        f"Référence : {reference}" + (" ktCO₂e/an" if tile.shown else ""),
        f"Proposé : {proposed}",
        f"Déjà fait : {ground.kt(lever, one.done)} ; reste : {ground.kt(lever, one.remaining)} ktCO₂e/an",
    ]
    return french.typeset("\n".join(lines))
