"""make_fonts: writes the fonts of the reading room into newsbot/web/static/, with their licence.

    npm install --prefix FOLDER @expo-google-fonts/noto-serif@0.4.2 @expo-google-fonts/noto-naskh-arabic@0.4.5
    python -m bench.make_fonts FOLDER    needs fonttools and brotli

Of each font it keeps the letters of Europe and of the Cyrillic languages, or of the Arabic ones, with what joins and
places them, and leaves out hinting, which screens of today do not need. Both are under the SIL Open Font License and
reserve no name, so a part of them may keep theirs.
"""

from __future__ import annotations

import sys
from pathlib import Path

from fontTools.subset import Options, Subsetter, load_font, parse_unicodes, save_font

TARGET = Path(__file__).parents[1] / "newsbot/web/static"
MARKS = "20-7E,A0,AB,BB,2010-2014,2018-201E,2026,2039-203A"
EUROPE = f"{MARKS},A1-17F,1E6-1E7,1F4-1F5,2BB-2BC,300-304,306-308,30A,30C,327,400-45F,490-4FF"
SIGNS = "2015,201F,2020-2022,2030,2032-2033,2044,20AC,20B8,20BD,2116,2122,2212"
ARABIC = f"{MARKS},200C-200F,600-6FF"
FACES = {
    "noto-serif.woff2": ("noto-serif/400Regular/NotoSerif_400Regular.ttf", f"{EUROPE},{SIGNS}"),
    "noto-serif-bold.woff2": ("noto-serif/700Bold/NotoSerif_700Bold.ttf", f"{EUROPE},{SIGNS}"),
    "noto-serif-italic.woff2": (
        "noto-serif/400Regular_Italic/NotoSerif_400Regular_Italic.ttf",
        f"{EUROPE},{SIGNS}",
    ),
    "noto-naskh-arabic.woff2": (
        "noto-naskh-arabic/400Regular/NotoNaskhArabic_400Regular.ttf",
        ARABIC,
    ),
    "noto-naskh-arabic-bold.woff2": (
        "noto-naskh-arabic/700Bold/NotoNaskhArabic_700Bold.ttf",
        ARABIC,
    ),
}


def main() -> None:
    source = Path(sys.argv[1]) / "node_modules/@expo-google-fonts"
    for name, (file, letters) in FACES.items():
        options = Options(flavor="woff2", hinting=False, recalc_timestamp=False)
        font = load_font(source / file, options)
        subsetter = Subsetter(options)
        subsetter.populate(unicodes=parse_unicodes(letters))
        subsetter.subset(font)
        save_font(font, TARGET / name, options)
    licences = [
        (source / package / "LICENSE_FONT").read_text("utf-8").strip()
        for package in ("noto-serif", "noto-naskh-arabic")
    ]
    # Who holds the copyright stands in the first line, then come the same words.
    (first, text), (second, _) = (licence.split("\n", 1) for licence in licences)
    (TARGET / "OFL.txt").write_text(f"{first}\n{second}\n{text}\n", "utf-8")


if __name__ == "__main__":
    main()
