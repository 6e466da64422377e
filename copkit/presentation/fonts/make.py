"""Make « Copkit Signes » from Liberation Sans: the three signs of French text that it lacks. Run by hand.

    python copkit/presentation/fonts/make.py /usr/share/fonts/truetype/liberation     (version 2, OFL; needs fonttools)

Why: charts are measured with the Liberation Sans that vl-convert holds in memory; U+202F and U+2009 (narrow spaces)
and ₂ would be looked for in every font of the machine, which is slow, and differs from one machine to another.
"""

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.ttLib.tables._g_l_y_f import Glyph, GlyphComponent

NAME, FILE = "Copkit Signes", "CopkitSignes-Regular"
DROPPED = ["GSUB", "GPOS", "GDEF", "kern", "DSIG", "FFTM"]


def make(folder: Path) -> None:
    """Write the font beside this file."""
    font = TTFont(folder / "LiberationSans-Regular.ttf")
    options = subset.Options(hinting=False, layout_features=[], name_IDs=["*"], glyph_names=True)
    options.drop_tables += DROPPED
    kept = subset.Subsetter(options)
    kept.populate(unicodes=[ord(" "), ord("²")])
    kept.subset(font)
    em, superscript = font["head"].unitsPerEm, font.getBestCmap()[ord("²")]
    for code in (0x202F, 0x2009):
        add(font, code, _empty(), (round(em * 0.2), 0))
    add(font, ord("₂"), _lowered(superscript, -round(em * 0.42)), font["hmtx"][superscript])
    font["maxp"].numGlyphs = len(font.getGlyphOrder())
    for record in font["name"].names:
        if record.nameID in (1, 16):
            record.string = NAME
        elif record.nameID in (3, 4):
            record.string = f"{NAME} Regular"
        elif record.nameID == 6:
            record.string = FILE
    font.save(Path(__file__).with_name(f"{FILE}.ttf"))


def _empty() -> Glyph:
    glyph = Glyph()
    glyph.numberOfContours = 0
    return glyph


def _lowered(name: str, by: int) -> Glyph:
    part = GlyphComponent()
    part.glyphName, part.x, part.y, part.flags = name, 0, by, 0x0002 | 0x0004
    glyph = Glyph()
    glyph.numberOfContours, glyph.components = -1, [part]
    return glyph


def add(font: TTFont, code: int, glyph: Glyph, metrics: tuple[int, int]) -> None:
    """Give a code point its glyph."""
    name = f"uni{code:04X}"
    font.setGlyphOrder([*font.getGlyphOrder(), name])
    font["glyf"].glyphs[name], font["glyf"].glyphOrder = glyph, font.getGlyphOrder()
    font["hmtx"][name] = metrics
    for table in font["cmap"].tables:
        if table.isUnicode():
            table.cmap[code] = name


if __name__ == "__main__":
    make(Path(sys.argv[1]))
