"""Drawing a specification: the font of the kit first, the same on every machine, and those of the machine after."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from copkit.presentation import theme

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
