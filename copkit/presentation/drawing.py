"""A specification drawn: SVG, PNG, HTML figure. Without altair, slow to import, which only writes specifications."""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from copkit import escaping

MIME = "application/vnd.vegalite.v6+json"
FONTS = Path(__file__).parent / "fonts"
_FONTS = "FONTCONFIG_FILE"
_CONTROLS = re.compile(r"\\(?:[bfr]|u(?:00[0189]|007f|202[a-e]|206[6-9]|d[89a-f]|fff[ef]))")  # in JSON
_BESIDE = ("title", "usermeta", "description")  # what a page writes of a chart, as text
_TABLE = re.compile(r"data-[0-9a-f]{32}")  # the name that altair gives a table, after what it holds
_MACHINE = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path("~/.local/share/fonts"), Path("~/.fonts"))


def svg(spec: dict) -> str:
    """A chart as SVG markup, without its title, which a page writes as text; drawn once, however it is wanted."""
    return _painter(wanted(spec))


def wanted(spec: dict) -> str:
    """What is to be drawn of a chart, without its title, what it is on a phone, nor what describes it or its marks."""
    config = spec.get("config", {})
    config = config | {"aria": False, "mark": config.get("mark", {}) | {"aria": False}}
    text = json.dumps({k: v for k, v in spec.items() if k not in _BESIDE} | {"config": config})
    return json.dumps(_cleaned(json.loads(text))) if _CONTROLS.search(text) else text


def _cleaned(part):
    """A specification without control characters, at which vl-convert ends the whole process."""
    if isinstance(part, str):
        return escaping.terminal(part)
    if isinstance(part, dict):
        return {key: _cleaned(one) for key, one in part.items()}
    return [*map(_cleaned, part)] if isinstance(part, list | tuple) else part


def draw(spec: str) -> str:
    """A specification drawn here and now, as SVG markup. Raises ValueError if it cannot be."""
    chart = json.loads(spec)
    tables = chart.pop("datasets", {})
    names = {name: f"data-{rank:032x}" for rank, name in enumerate(filter(_TABLE.fullmatch, tables))}
    bare = _TABLE.sub(lambda found: names.get(found[0], found[0]), json.dumps(chart))
    vega = json.loads(_compiled(bare, tuple(names.get(name, name) for name in tables)))
    rows = {names.get(name, name): table for name, table in tables.items()}
    for data in vega.get("data", []):
        if data["name"] in rows:
            data["values"] = rows[data["name"]]
    return _converter().vega_to_svg(vega)  # a dict: numbers to the last digit


@lru_cache(maxsize=128)
def _compiled(chart: str, tables: tuple[str, ...]) -> str:
    """A specification of Vega-Lite, whose tables are named and empty, as one of Vega.

    It does not depend on what the tables hold: charts of the same kind are compiled once, a fifth of their time.
    """
    bare = json.loads(chart) | {"datasets": {name: [] for name in tables}}
    return json.dumps(_converter().vegalite_to_vega(bare, vl_version="6.4"))


def leave_to(painter: Callable[[str], str]) -> None:
    """Have what is ``wanted`` drawn by another process, rather than here."""
    global _painter
    _painter = painter


_painter = lru_cache(maxsize=64)(draw)


@lru_cache(maxsize=1)
def _converter():
    """vl-convert with the Liberation Sans that it holds in memory before the fonts of the machine, which come after.

    A chart of the kit is then the same on every machine, and drawn twice as fast: vl-convert opens the file of another
    font again for each letter that it measures. It looks for fonts once in a process, at the first folder given.
    """
    import vl_convert

    before = os.environ.get(_FONTS)
    os.environ[_FONTS] = str(FONTS / "fonts.conf")
    try:
        vl_convert.register_font_directory(str(FONTS))
    finally:
        os.environ.pop(_FONTS) if before is None else os.environ.update({_FONTS: before})
    for folder in filter(Path.is_dir, map(Path.expanduser, _MACHINE)):  # for the charts of others
        vl_convert.register_font_directory(str(folder))
    return vl_convert


def rasterised(svg: str, scale: float) -> bytes:
    """A drawing as a PNG, so many pixels for each of its own."""
    return _converter().svg_to_png(svg, scale=scale)


def png(spec: dict) -> str:
    """A chart as a PNG, title included, sharp on a large screen, in base64."""
    return base64.b64encode(_converter().vegalite_to_png(_cleaned(spec), vl_version="6.4", scale=1.5)).decode("ascii")


def caption(spec: dict, *, screens: bool = False) -> str:
    """The title of a chart and its lines, as HTML; ``screens``: with what a narrow one reads instead."""
    title = spec.get("title", "")
    title = title if isinstance(title, dict) else {"text": title}
    lines = title.get("subtitle", [])
    lines = [lines] if isinstance(lines, str) else lines
    marks = spec.get("usermeta", {}).get("marks", {}) if screens else {}
    said = "".join(_line(escaping.element(line), marks) for line in lines)
    return f"<strong>{escaping.element(str(title['text']))}</strong>{said}"


def _line(line: str, marks: dict[str, str]) -> str:
    """A line under a title; what it says of marks is for a wide screen, which alone shows them."""
    line = f"<br>{line}"
    for mark, instead in marks.items():
        found = escaping.element(mark)
        whole = f"<br>{found}" if line == f"<br>{found}" and not instead else found
        other = f'<span class="slim">{escaping.element(instead)}</span>' if instead else ""
        line = line.replace(whole, f'<span class="wide">{whole}</span>{other}', 1)
    return line


def figure(spec: dict) -> str:
    """A chart as an HTML figure that needs nothing else: what a notebook shows."""
    drawn = base64.b64encode(svg(spec).encode("utf-8")).decode("ascii")
    image = f'<img alt="{escaping.html(describe(spec))}" src="data:image/svg+xml;base64,{drawn}">'
    return f"<figure><figcaption>{caption(spec)}</figcaption>{image}</figure>"


def describe(spec: dict) -> str:
    """What a chart shows, in a sentence."""
    return spec.get("description", "graphique")
