"""make_languages: learns archive/kazakh/languages.tsv: how often groups of letters occur per language.

    python -m bench.make_languages learn FOLDER|FILE…    writes the table
    python -m bench.make_languages check FOLDER|FILE…    strings of 3 to 6 words that were held back

Read are MediaWiki's messages (i18n/CODE.json), gettext's (CODE/LC_MESSAGES/*.mo), and KazNERD's IOB2
files as Kazakh, treebanks (CODE_*.conllu). Half of the strings, by their checksum, are held back from learning. Shipped: Debian's
mediawiki 1.39, libgtk-3-common, libgtk2.0-common, libglib2.0-data, gnome-control-center-data,
evolution-common, evolution-data-server-common, epiphany-browser-data, gedit-common, nautilus-data, pidgin-data,
iso-codes, ktorrent-data, libreoffice-l10n-uz, thunar-data, vlc-l10n, xfce4-settings; KazNERD's test part (CC BY 4.0);
UD_Kyrgyz-KTMU, UD_Kyrgyz-TueCL and UD_Tatar-NMCTT (CC BY-SA 4.0).
"""

from __future__ import annotations

import argparse
import gettext
import json
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from math import log
from pathlib import Path
from zlib import crc32

from archive.kazakh import language as model
from archive.kazakh.transliterate import to_arabic, to_latin

# Class: codes of its messages; `=way` where they are made from those of another script or language. A
# language may be several classes, as it is written in several ways; `-` is none that we name; `~` is
# typed without the language's own letters.
CLASSES = {
    "Cyrl": "kk:kk-cyrl,kk,news kk~:=plain ru:ru ky:ky uz:uz@cyrillic,uz-cyrl tt:tt-cyrl,tt ba:ba ug:=ug "
    "tg:tg-cyrl,tg mn:mn kaa:=kaa uk:uk be:be,be-tarask bg:bg sr:sr-ec mk:mk "
    "-:cv -:sah -:krc,kum,nog -:alt,tyv,kjh -:kv,koi,udm,mhr,mrj,myv -:ce,inh,av,lez,lbe -:os,ab "
    "-:crh-cyrl -:xal,bxr",
    "Latn": "kk-Latn:=2018 kk-Latn:=2021 kk-Latn:=2017 kk-Latn:=zh kk-Latn:=q kk-Latn:=turkish,kk-latn "
    "uz:uz tr:tr az:az en:en -:de,nl,da,nb,sv,is -:fr,ca -:es,pt,it,ro,la -:pl,cs,sk,hr,sl,sr-latn "
    "-:lt,lv,et,fi,hu,eu -:id,ms,tl,jv,ace,vi -:sq,ku-latn,so,sw,eo,ga,cy,mt,kab,lus -:tk,gag,kaa "
    "-:crh-latn,tt-latn -:tg-latn",
    "Arab": "kk-Arab:=arab,kk-arab ug:ug-arab -:fa,ps,azb,glk -:ar,arz -:ckb,ur,sd,pnb",
}
SOURCES = """
# Made by bench/make_languages.py: how often groups of letters occur per language.# Counts of groups o
# Counts of groups of letters: no text is in it. Counted were KazNERD's test part (R. Yeshpanov, Y. Khassanov,
# H. A. Varol, ISSAI), CC BY 4.0; UD_Kyrgyz-KTMU, UD_Kyrgyz-TueCL and UD_Tatar-NMCTT, CC BY-SA 4.0; translations of
# MediaWiki 1.39, GTK, GLib, programs of GNOME, KDE and Xfce, Pidgin, VLC, LibreOffice and iso-codes (GPL or LGPL).
"""
SIZE = {"Cyrl": 7000, "Latn": 4500, "Arab": 1200}
"""Groups of letters that are kept: those that tell most."""
CLOSE, OF_CLOSE = ("kk~", "ky"), 1500
"""Two classes that few letters tell apart, and how many more groups are kept for that."""
LETTERS = 250_000
"""Letters that are read of each source of a class; three times as many of running text."""

_BARE = {
    **dict(zip("абвгғдеёжзийкқлмнңоөпрстуұүфхһцшщъыіьэчюяә", "a b v g g d e yo zh z i i k k l m n n o o p r s t u u u f kh h ts sh sh _ y i _ e ch yu ya a".split(), strict=True)),
}  # fmt: skip
_WAYS = {
    "2017": _BARE
    | dict(zip("шәғңөүчужқхй", "s' a' g' n' o' u' c' y' j q h i'".split(), strict=True)),
    "zh": _BARE,
    "q": _BARE | dict(zip("жқғйх", "j q gh y h".split(), strict=True)),
    "turkish": _BARE
    | dict(zip("жқшүөңғычхәйя", "j q ş ü ö ñ ğ ı ç h ä y ya".split(), strict=True)),
}
_PLAIN = dict(zip("әғқңөұүһі", "агкноуухи", strict=True))
_UYGHUR = dict(
    zip("اەبپتجچخدرزژسشغفقكگڭلمنھوۇۆۈۋېىيئ", "аәбптҗчхдрзжсшғфқкгңлмнһоуөүвеий_", strict=True)
)
_KARAKALPAK = dict(
    zip("aábdefgǵhxıijkqlmnńoóprstuúvwyz", "аәбдефгғҳхыижкқлмнңоөпрстуүвўйз", strict=True)
)


def _mapped(text: str, table: dict[str, str]) -> str:
    return "".join(table.get(letter, letter) for letter in text.lower()).replace("_", "")


def made(way: str, strings: dict[str, list[str]]) -> list[str]:
    """Strings in a spelling of which no messages are at hand, out of those in another one."""
    if way == "ug":
        return [_mapped(text, _UYGHUR) for text in strings["ug-arab"]]
    if way == "kaa":
        latin = (text.lower().replace("sh", "ш") for text in strings["kaa"])
        return [_mapped(text, _KARAKALPAK) for text in latin]
    kazakh = [text for code in ("kk-cyrl", "kk", "news") for text in strings[code]]
    if way in ("2018", "2021"):
        return [to_latin(text, year=int(way)) for text in kazakh]
    if way == "arab":
        return [to_arabic(text) for text in kazakh]
    return [_mapped(text, _PLAIN if way == "plain" else _WAYS[way]) for text in kazakh]


_USED = frozenset(re.findall(r"[\w@-]+", " ".join(CLASSES.values())))


def _strings(paths: Iterable[Path]) -> Iterator[tuple[str, str]]:
    """Code of the language, and a string, of every file in these places."""
    for top in paths:
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if path.is_dir():
                continue
            if path.suffix == ".json" and path.parent.name == "i18n" and path.stem in _USED:
                found = json.loads(path.read_text("utf-8"))
                yield from ((path.stem, text) for text in found.values() if isinstance(text, str))
            elif path.suffix == ".mo" and (code := path.parent.parent.name) in _USED:
                with path.open("rb") as file:
                    try:
                        catalog = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
                    except (IndexError, ValueError):  # its header is broken
                        continue
                yield from ((code, text.replace("_", "")) for key, text in catalog.items() if key)
            elif path.suffix == ".conllu":
                lines = path.read_text("utf-8").splitlines()
                code = path.name.partition("_")[0]
                yield from ((code, line[9:]) for line in lines if line.startswith("# text = "))
            elif path.name.startswith("IOB2"):
                for block in path.read_text("utf-8").split("\n\n"):
                    yield "news", " ".join(line.split()[0] for line in block.splitlines() if line)


_MARKUP = re.compile(r"\{\{[^}]*\}\}|<[^>]*>|%\S*|\$\d|https?:\S+|[\[\]{}|#_=\\/&@<>]")


def read(paths: Iterable[Path], *, held_back: bool) -> dict[str, list[str]]:
    """Strings by language: those to learn from, or those that are held back."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for code, printed in _strings(paths):
        text = unicodedata.normalize("NFC", " ".join(printed.split()))
        if (crc32(text.encode()) % 2 == 0) is held_back:
            found[code][text if held_back else _MARKUP.sub(" ", text)] = None
    return defaultdict(list, {code: list(texts) for code, texts in found.items()})


def _groups(texts: Iterable[str], script: str, most: int) -> Counter[str]:
    counts: Counter[str] = Counter()
    left = most
    for text in sorted(texts, key=lambda text: crc32(text.encode())):
        for word in model.words_in(text, script):
            counts.update(model.groups(word))
            left -= len(word)
        if left < 0:
            break
    return counts


def learn(strings: dict[str, list[str]]) -> str:
    """The table, as `archive.kazakh.language` reads it."""
    lines = SOURCES.strip().splitlines()
    lines.append(
        "# After @, the classes of a script; then three letters or a word (_ is its end) and, for"
    )
    lines.append(
        "# each class, how much less they occur than where they are commonest, in steps of"
    )
    lines.append(f"# {model.STEP} nats, as a hexadecimal digit.")
    for script, described in CLASSES.items():
        names, counted = [], []
        for entry in described.split():
            name, _, codes = entry.partition(":")
            counts: Counter[str] = Counter()
            for code in codes.split(","):
                texts = made(code[1:], strings) if code[0] == "=" else strings[code]
                counts += _groups(texts, script, LETTERS * (3 if code == "news" else 1))
            names.append(name)
            counted.append(counts)
        lines.append("@" + "\t".join([script, *names]))
        close = [names.index(name) for name in CLOSE if name in names]
        lines += _rows(counted, SIZE[script], close)
    return "\n".join(lines) + "\n"


def _rows(counted: list[Counter[str]], size: int, close: list[int]) -> Iterator[str]:
    groups = sorted({group for counts in counted for group, n in counts.items() if n > 2})
    chances: list[dict[str, float]] = []
    for counts in counted:
        total = sum(map(counts.__getitem__, groups))
        unseen = 0.5 * (1 + total / 100_000)
        whole = total + unseen * len(groups)
        chances.append({group: (counts[group] + unseen) / whole for group in groups})

    def telling(groups: Iterable[str], chances: list[dict[str, float]]) -> list[str]:
        """The groups in the order of what they tell of classes."""

        def information(group: str) -> float:
            found = [chance[group] for chance in chances]
            mean = sum(found) / len(found)
            return sum(one * log(one / mean) for one in found)

        return sorted(groups, key=information, reverse=True)

    kept = telling(groups, chances)
    if close:
        kept[size:] = telling(kept[size:], [chances[at] for at in close])
        size += OF_CLOSE
    for group in sorted(kept[:size]):
        logs = [log(chance[group]) for chance in chances]
        steps = [min(15, round((max(logs) - one) / model.STEP)) for one in logs]
        yield f"{group}\t" + "".join(f"{step:x}" for step in steps)


_CHECKED = {
    "kk": "kk-cyrl kk", "ky": "ky", "ru": "ru", "tt": "tt-cyrl tt", "ba": "ba", "uk": "uk", "mn": "mn",
    "uz": "uz uz@cyrillic uz-cyrl", "tr": "tr", "az": "az", "kk-Latn": "kk-latn =zh =q =2018 =2021 =turkish",
    "kk-Arab": "kk-arab =arab",
}  # fmt: skip


def check(strings: dict[str, list[str]]) -> None:
    """Print, per language and spelling, how many strings of 3 to 6 words are told right."""
    for language, codes in _CHECKED.items():
        for code in codes.split():
            texts = made(code[1:], strings) if code[0] == "=" else strings[code]
            short = [
                t for t in texts if 3 <= len(t.split()) <= 6 and not re.search(r"[\d$%<{|]", t)
            ]
            told = Counter(map(model.identify, short))
            if not short:
                continue
            wrong = [(name, n) for name, n in told.most_common(4) if name not in (language, None)]
            share, unsaid = told[language] / len(short), told[None] / len(short)
            print(
                f"{language:8}{code:12}{len(short):6}  right {share:.3f}  none {unsaid:.3f}  {wrong}"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", choices=("learn", "check"))
    parser.add_argument("paths", type=Path, nargs="+")
    given = parser.parse_args()
    strings = read(given.paths, held_back=given.what == "check")
    if given.what == "check":
        check(strings)
    else:
        (Path(model.__file__).parent / "languages.tsv").write_text(learn(strings), "utf-8")


if __name__ == "__main__":
    main()
