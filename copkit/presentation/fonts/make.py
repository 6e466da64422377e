"""Make the fonts of the kit from Liberation Sans, with the signs of French text that it lacks. Run by hand.

    python copkit/presentation/fonts/make.py /usr/share/fonts/truetype/liberation     (version 2, OFL; needs fonttools)

« Copkit Signes »: those signs alone. Charts are measured with the Liberation Sans that vl-convert holds in memory;
U+202F and U+2009 (narrow spaces) and ₂ would be looked for in every font of the machine, which is slow, and differs
from one machine to another.

« Copkit Sans »: Liberation Sans and those signs, for documents on paper, the same on a machine without fonts.
``signes.json``: all that it draws, by width.
"""

import json
import sys
import unicodedata
from collections import defaultdict
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.ttLib.tables._g_l_y_f import Glyph, GlyphComponent

HERE = Path(__file__).parent
PAPER = HERE.parent / "writers" / "fonts"
DROPPED = ["GSUB", "GDEF", "DSIG", "FFTM"]


def make(folder: Path) -> None:
    """Write the fonts."""
    made = [
        _made(folder, "Regular", PAPER, "Copkit Sans"),
        _made(folder, "Bold", PAPER, "Copkit Sans"),
        _made(folder, "Italic", PAPER, "Copkit Sans"),
    ]
    _made(folder, "Regular", HERE, "Copkit Signes", kept=" ²")
    _list(made[0])


def _list(font: TTFont) -> None:
    """The signs that a font draws, by how wide they are, in thousandths of its size."""
    by_width, em = defaultdict(str), font["head"].unitsPerEm
    for code, glyph in sorted(font.getBestCmap().items()):
        if unicodedata.category(chr(code)) not in ("Cc", "Cf", "Co", "Cn", "Cs"):
            by_width[round(font["hmtx"][glyph][0] * 1000 / em)] += chr(code)
    listed = json.dumps(by_width, ensure_ascii=False, indent=0, sort_keys=True)
    (PAPER / "signes.json").write_text(f"{listed}\n", encoding="utf-8", newline="\n")


def _made(folder: Path, style: str, where: Path, name: str, kept: str = "") -> TTFont:
    """A font under another name, with the missing signs; all of its signs, or those ``kept``."""
    font = TTFont(folder / f"LiberationSans-{style}.ttf")
    options = subset.Options(hinting=False, layout_features=[], name_IDs=["*"], glyph_names=True)
    options.drop_tables += DROPPED + (["GPOS", "kern"] if kept else [])
    options.legacy_kern = not kept
    chosen = subset.Subsetter(options)
    chosen.populate(unicodes=[*map(ord, kept)] or [*font.getBestCmap()])
    chosen.subset(font)
    em, superscript = font["head"].unitsPerEm, font.getBestCmap()[ord("²")]
    for code in (0x202F, 0x2009):
        _add(font, code, _empty(), (round(em * 0.2), 0))
    _add(font, ord("₂"), _moved(superscript, down=round(em * 0.42)), font["hmtx"][superscript])
    if not kept:
        arrow = font.getBestCmap()[ord("►")]
        _add(font, ord("▸"), _moved(arrow, scale=0.6), tuple(round(side * 0.6) for side in font["hmtx"][arrow]))
    font["maxp"].numGlyphs = len(font.getGlyphOrder())
    file = f"{name.replace(' ', '')}-{style}"
    for record in font["name"].names:
        if record.nameID in (1, 16):
            record.string = name
        elif record.nameID in (3, 4):
            record.string = f"{name} {style}"
        elif record.nameID == 6:
            record.string = file
    where.mkdir(exist_ok=True)
    font.save(where / f"{file}.ttf")
    return font


def _empty() -> Glyph:
    glyph = Glyph()
    glyph.numberOfContours = 0
    return glyph


def _moved(name: str, *, down: int = 0, scale: float = 1.0) -> Glyph:
    part = GlyphComponent()
    part.glyphName, part.x, part.y, part.flags = name, 0, -down, 0x0002 | 0x0004
    if scale != 1.0:
        part.transform = [[scale, 0], [0, scale]]
    glyph = Glyph()
    glyph.numberOfContours, glyph.components = -1, [part]
    return glyph


def _add(font: TTFont, code: int, glyph: Glyph, metrics: tuple[int, int]) -> None:
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
