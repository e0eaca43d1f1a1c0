import re

import pytest
from fontTools.ttLib import TTFont

from archive.kazakh import letters
from tests.conftest import ROOT

STATIC = ROOT / "newsbot/web/static"
KAZAKH = letters.CYRILLIC + letters.RUSSIAN + letters.LATIN_2018 + letters.LATIN_2021 + "ǧŋ"
EUROPE = KAZAKH + KAZAKH.upper() + "İ0123456789 .,:;!?()«»“”„‘’–—…-/%№₸§°•·×−"
ARABIC = letters.ARABIC + letters.ARABIC_DIGRAPHS + " ،؛؟«»().:!0123456789٠١٢٣٤٥٦٧٨٩\u200c\u200d"
FACES = {
    "noto-serif.woff2": EUROPE,
    "noto-serif-bold.woff2": EUROPE,
    "noto-serif-italic.woff2": EUROPE,
    "noto-naskh-arabic.woff2": ARABIC,
    "noto-naskh-arabic-bold.woff2": ARABIC,
}


@pytest.mark.parametrize("name", FACES)
def test_every_kazakh_letter_is_in_the_font(name: str) -> None:
    assert (STATIC / name).stat().st_size < 40_000
    font = TTFont(STATIC / name)
    assert not set(map(ord, FACES[name])) - font.getBestCmap().keys()
    features = {record.FeatureTag for record in font["GSUB"].table.FeatureList.FeatureRecord}
    if FACES[name] is ARABIC:
        assert features >= {"init", "medi", "fina", "rlig"}, "letters join"


def test_the_style_sheet_names_every_file_and_the_licence_allows_the_names() -> None:
    style = (STATIC / "fonts.css").read_text("utf-8")
    assert set(re.findall(r'url\("([^"]+)"\)', style)) == FACES.keys()
    assert {path.name for path in STATIC.glob("*.woff2")} == FACES.keys()
    licence = (STATIC / "OFL.txt").read_text("utf-8")
    holders = licence.partition("\n\n")[0].splitlines()
    assert len(holders) == 2 and not any("Reserved" in holder for holder in holders)
    assert "SIL OPEN FONT LICENSE Version 1.1" in licence
