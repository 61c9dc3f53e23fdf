"""Makes math.woff2, the subset of STIX Two Math that pages embed, from the whole font.

    pip install fonttools brotli ziamath    # the last carries STIXTwoMath-Regular.ttf
    python codegen/pages/fonts/subset.py PATH/TO/STIXTwoMath-Regular.ttf

The subset keeps the letters and signs of formulas, the larger sizes and pieces of brackets, and the
MATH table. Its name is changed, as the licence in OFL.txt asks of a modified font.
"""

from __future__ import annotations

import string
import sys
from pathlib import Path

from fontTools import subset, ttLib

OUT = Path(__file__).with_name("math.woff2")
NAME = "Pullback Math"
LETTERS = string.ascii_letters.replace("h", "")  # the italic h stands apart, as Planck's constant
SIGNS = (
    string.ascii_letters
    + string.digits
    + " .,;:!'()[]{}|/+-=<>*_"
    + "−×·⋅⊙∘±≈≠≤≥∈∑∏√∂∇∞→←↦≔…⋯′″⊤ℒℓ𝟏𝟙∣‖˙̇ ⁡⁣  "
    + "αβγδεζηθικλμνξοπρστυφχψωΓΔΘΛΞΠΣΦΨΩϵϕϑϱς"
)
BRACKETS = "()[]{}|√∑/"


def italics() -> set[int]:
    """The mathematical italic letters, Latin and Greek."""
    return {0x210E, *range(0x1D434, 0x1D468), *range(0x1D6E2, 0x1D71C)} - {0x1D455}


def main(path: str) -> None:
    """Write the subset beside this script."""
    options = subset.Options()
    options.flavor = "woff2"
    options.layout_features = []
    options.hinting = False
    options.name_IDs = [0, 13, 14]
    options.notdef_outline = True
    options.drop_tables += ["DSIG", "GPOS", "GDEF"]
    font = subset.load_font(path, options)
    keep_upright_sizes(font)
    maker = subset.Subsetter(options)
    maker.populate(unicodes={*map(ord, SIGNS), *italics()})
    maker.subset(font)
    for number in (1, 4, 6, 16):
        font["name"].setName(NAME.replace(" ", "") if number == 6 else NAME, number, 3, 1, 0x409)
    font["head"].modified = font["head"].created  # the same bytes each time
    font.recalcTimestamp = False
    subset.save_font(font, str(OUT), options)
    print(f"{OUT}: {OUT.stat().st_size} bytes, {len(font.getGlyphOrder())} glyphs")


def keep_upright_sizes(font: ttLib.TTFont) -> None:
    """Larger sizes are kept for these signs alone."""
    known, cmap = {*map(ord, BRACKETS)}, font.getBestCmap()
    wanted = {cmap[c] for c in known if c in cmap}
    variants = font["MATH"].table.MathVariants
    for kind in ("Vert", "Horiz"):
        coverage = getattr(variants, f"{kind}GlyphCoverage")
        made = getattr(variants, f"{kind}GlyphConstruction")
        kept = [(g, c) for g, c in zip(coverage.glyphs, made, strict=True) if g in wanted]
        coverage.glyphs = [g for g, _ in kept]
        setattr(variants, f"{kind}GlyphConstruction", [c for _, c in kept])
        setattr(variants, f"{kind}GlyphCount", len(kept))


if __name__ == "__main__":
    main(sys.argv[1])
