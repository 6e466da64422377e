"""Drawing a specification: the font of the kit first, the same on every machine, and those of the machine after."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import copkit as ck
from copkit.presentation import drawing, theme

SIZES = """
import json, os, sys
from copkit.presentation import drawing

def size(font, text):
    mark, words = {"type": "text", "font": font, "fontSize": 13}, {"text": {"value": text}}
    spec = {"data": {"values": [{}]}, "mark": mark, "encoding": words, "width": 1, "height": 1}
    return drawing.svg(spec).split('viewBox="0 0 ')[1].split('"')[0]

sizes = [[size(font, text) for text in ("1\\u202f234 kt", "CO₂e")] for font in json.loads(sys.argv[1])]
print(json.dumps([*sizes, os.environ["FONTCONFIG_FILE"]]))
"""


def test_the_font_of_the_kit_comes_first_and_those_of_the_machine_after():
    machine = Path("/usr/share/fonts")
    if not (machine.is_dir() and next(machine.rglob("DejaVuSans.ttf"), None)):
        pytest.skip("police DejaVu absente de cette machine")
    asked = json.dumps([theme.FONT, "Liberation Sans", "DejaVu Sans", "police absente"])
    env = os.environ | {"FONTCONFIG_FILE": "avant"}
    done = subprocess.run([sys.executable, "-c", SIZES, asked], env=env, capture_output=True, text=True, check=True)
    kit, liberation, dejavu, absent, variable = json.loads(done.stdout)
    assert kit == liberation == ["57 24", "43 24"]  # narrow space and ₂ included
    assert len({tuple(kit), tuple(dejavu), tuple(absent)}) == 3  # a chart of others finds its own font
    assert variable == "avant"


def test_charts_of_one_kind_are_compiled_once_and_each_is_what_vega_lite_draws():
    places = [ck.panorama(code) for code in ("reg-32", "dep-59", "dep-48", "reg-01")]
    specs = [chart(p).to_dict() for p in places for chart in (ck.charts.sectors, ck.charts.panorama)]
    drawing._compiled.cache_clear()
    drawn = [drawing.draw(drawing.wanted(spec)) for spec in specs]
    assert drawn == [_at_once(drawing.wanted(spec)) for spec in specs]
    assert len({*drawn}) == len(specs) > drawing._compiled.cache_info().misses


ROWS = [{"k": "a", "v": 3}, {"k": "b", "v": 5}]
BAR = {"mark": "bar", "encoding": {"x": {"field": "v", "type": "quantitative"}, "y": {"field": "k", "type": "nominal"}}}
LOOKED_UP = {"lookup": "k", "from": {"data": {"name": "rows"}, "key": "k", "fields": ["v"]}}
OF_OTHERS = {
    "written_in_it": BAR | {"data": {"values": ROWS}},
    "named": BAR | {"data": {"name": "rows"}, "datasets": {"rows": ROWS}},
    "named_as_altair_does": BAR | {"data": {"name": f"data-{0:032x}"}, "datasets": {f"data-{0:032x}": ROWS}},
    "named_in_two_ways": {
        "hconcat": [BAR | {"data": {"name": name}} for name in (f"data-{1:032x}", "rows", f"data-{0:032x}")],
        "datasets": {f"data-{1:032x}": ROWS, "rows": ROWS[:1], f"data-{0:032x}": ROWS[1:]},
    },
    "looked_up": BAR | {"data": {"values": ROWS[:1]}, "transform": [LOOKED_UP], "datasets": {"rows": ROWS}},
    "twice": {"hconcat": [BAR | {"data": {"name": name}} for name in "ba"], "datasets": {"a": ROWS, "b": ROWS[:1]}},
    "empty": BAR | {"data": {"name": "rows"}, "datasets": {"rows": []}},
}


@pytest.mark.parametrize("name", OF_OTHERS)
def test_a_chart_of_others_is_what_vega_lite_draws(name):
    spec = drawing.wanted(OF_OTHERS[name])
    assert drawing.draw(spec) == _at_once(spec)


def _at_once(spec: str) -> str:
    """A chart as vl-convert draws it, compiled with all that its tables hold."""
    return drawing._converter().vegalite_to_svg(json.loads(spec), vl_version="6.4")
