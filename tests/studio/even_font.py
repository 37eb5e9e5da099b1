"""A font in which every letter is half as wide as it is high, so that a layout does not depend on the fonts of a machine."""

from __future__ import annotations

import base64
import functools
import io

from fontTools.fontBuilder import FontBuilder
from fontTools.ttLib.tables._g_l_y_f import Glyph

NAME = "even"
#: All that English and Portuguese are written with, and the signs of the page: dashes, arrows, mathematics.
_LETTERS = (*range(0x20, 0x250), *range(0x2000, 0x2C00))
_EM = 1000
_ABOVE, _BELOW = 800, 200


@functools.cache
def even_font() -> str:
    """The file (TrueType, without outlines), as base64."""
    glyphs = (".notdef", "letter")
    made = FontBuilder(_EM, isTTF=True)
    made.setupGlyphOrder(list(glyphs))
    made.setupCharacterMap(dict.fromkeys(_LETTERS, "letter"))
    made.setupGlyf({name: Glyph() for name in glyphs})
    made.setupHorizontalMetrics(dict.fromkeys(glyphs, (_EM // 2, 0)))
    made.setupHorizontalHeader(ascent=_ABOVE, descent=-_BELOW)
    made.setupNameTable({"familyName": NAME, "styleName": "Regular"})
    made.setupOS2(sTypoAscender=_ABOVE, sTypoDescender=-_BELOW, sTypoLineGap=0, usWinAscent=_ABOVE, usWinDescent=_BELOW)
    made.setupPost()
    file = io.BytesIO()
    made.save(file)
    return base64.b64encode(file.getvalue()).decode("ascii")
