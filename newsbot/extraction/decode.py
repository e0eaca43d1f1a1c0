"""Bytes to text: which charset a page is really in, whatever its labels say.

Evidence in the bytes beats every label: Kazakh pages in KZ-1048 call themselves windows-1251 or
utf-8, and UTF-8 pages call themselves windows-1251. Flags say what was odd.
"""

import re
from collections import Counter
from typing import NamedTuple

from w3lib.encoding import read_bom, resolve_encoding, to_unicode

FLAGS = {
    "bad_charset_label": "a label (HTTP header, meta or XML) names no charset of the web; ignored",
    "charset_mismatch": "the bytes contradict the label in force; the bytes were believed",
    "charset_guessed": "nothing usable was declared and the bytes are not UTF-8",
    "invalid_bytes": "some bytes mean nothing in the charset; each became U+FFFD",
    "nul_bytes": "NUL bytes were removed",
    "mojibake": "text was decoded wrongly before it was served (such as UTF-8 encoded twice)",
    "mojibake_repaired": "that damage was exactly reversible and has been reversed",
}


class Decoded(NamedTuple):
    """Text of a page, the charset it was really in, and the FLAGS that apply, in that order."""

    text: str
    charset: str
    flags: tuple[str, ...]


# Python codec -> name in the WHATWG Encoding Standard. An allow list, because Python also has
# codecs that no page may use (utf-7, idna, unicode_escape, rot13). KZ-1048 and PTCP154 are not
# in the standard, but they are what old Kazakh pages are written in.
_CHARSETS = {
    "utf-8": "utf-8",
    "utf-16": "utf-16le",
    "utf-16-le": "utf-16le",
    "utf-16-be": "utf-16be",
    "utf-32-le": "utf-32le",
    "utf-32-be": "utf-32be",
    "kz1048": "kz1048",
    "ptcp154": "ptcp154",
    "koi8-r": "koi8-r",
    "koi8-u": "koi8-u",
    "cp866": "ibm866",
    "mac-roman": "macintosh",
    "mac-cyrillic": "x-mac-cyrillic",
    "gb18030": "gb18030",
    "big5hkscs": "big5",
    "cp932": "shift_jis",
    "cp949": "euc-kr",
    "euc_jp": "euc-jp",
    "iso2022_jp": "iso-2022-jp",
    "cp874": "windows-874",
    **{f"cp125{n}": f"windows-125{n}" for n in range(9)},
    **{f"iso8859-{n}": f"iso-8859-{n}" for n in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)},
}
# Labels of the standard, or of common mistakes, that Python does not know.
_ALIASES = {
    "koi": "koi8-r",
    "koi8": "koi8-r",
    "kz-1048": "kz1048",
    "strk1048-2002": "kz1048",
    "strk1048_2002": "kz1048",
    "utf8mb4": "utf-8",
    "win1251": "cp1251",
    "x-cp1250": "cp1250",
    "x-cp1251": "cp1251",
    "x-cp1252": "cp1252",
    "x-mac-cyrillic": "mac-cyrillic",
    "x-mac-ukrainian": "mac-cyrillic",
    "x-utf-8": "utf-8",
    "x-x-big5": "big5hkscs",
}
_WIDE = {"utf-16", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"}
# Labels that say nothing more than "an 8-bit page of our part of the world" or "a default".
_VAGUE = {None, "utf-8", "cp1251", "cp1252", *_WIDE}

_HEAD = 8 * 1024
_SAMPLE = 256 * 1024
# A comment is matched first, so that a meta inside it is not seen. Each alternative consumes what
# it looks at, so the scan is linear on hostile input.
_META = re.compile(rb"<!--.*?(?:-->|\Z)|<meta[\s/](?P<meta>[^>]{0,1000})", re.I | re.S)
_META_LABEL = re.compile(rb"charset\s*=\s*[\"']?\s*(?P<label>[^\s\"';,/>]{1,40})", re.I)
_XML_LABEL = re.compile(
    rb"\s{0,99}<\?xml[^>]{0,200}?encoding\s{0,9}=\s{0,9}[\"'](?P<label>[^\"'>]{1,40})[\"']", re.I
)


def decode(body: bytes, declared: str | None = None) -> Decoded:
    """Turn the bytes of a page or feed into text. Never raises.

    `declared` is the charset of the HTTP header, or None. In order of authority: a byte order
    mark; the NUL pattern of UTF-16 and UTF-32; valid UTF-8 with non-ASCII letters; the header,
    the meta element, the XML declaration. A windows-1251 label, no label, or a utf-8 label over
    bytes that are not UTF-8 leads to whichever of KZ-1048, PTCP154 and windows-1251 the letters
    speak for. `charset` is the one used: a lower-case WHATWG name, `kz1048` or `ptcp154`.
    See https://encoding.spec.whatwg.org/ and https://html.spec.whatwg.org/#determining-the-character-encoding.
    """
    flags: set[str] = set()
    codec, bom = read_bom(body)
    if codec is not None and bom is not None:
        body = body[len(bom) :]
    else:
        codec = _wide_pattern(body)
    if codec is None or codec == "utf-8":
        if b"\0" in body:
            body = body.replace(b"\0", b"")
            flags.add("nul_bytes")
        codec, text = _narrow(body, declared, bom is not None, flags)
    else:
        text = to_unicode(body, codec)
        if "\0" in text:
            text = text.replace("\0", "")
            flags.add("nul_bytes")
        if "\ufffd" in text:
            flags.add("invalid_bytes")
    text = _undo_mojibake(text, flags).removeprefix("\ufeff")
    return Decoded(text, _CHARSETS[codec], tuple(flag for flag in FLAGS if flag in flags))


def _narrow(body: bytes, declared: str | None, has_bom: bool, flags: set[str]) -> tuple[str, str]:
    """Codec and text of a body that is neither UTF-16 nor UTF-32."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = None
    labels = [] if has_bom else _labels(body, declared, flags, refuted=text is None)
    label = labels[0] if labels else None
    if text is None:
        # A label of utf-8 is refuted; perhaps a weaker one tells the truth.
        likely = next((codec for codec in labels if codec != "utf-8"), label)
        codec = "utf-8" if has_bom else _by_letters(body, likely)
        text = to_unicode(body, codec)
        if text.count("\ufffd") > (body.count(b"\xef\xbf\xbd") if codec == "utf-8" else 0):
            flags.add("invalid_bytes")
        if label is None and codec != "utf-8":
            flags.add("charset_guessed")
    elif label is None or label in _WIDE or not body.isascii():
        codec = "utf-8"
    else:
        codec = label
        text = to_unicode(body, codec)
    if label not in (None, codec) and (label, codec) not in _SAME_FAMILY:
        flags.add("charset_mismatch")
    return codec, text


_SAME_FAMILY = {("cp1251", "kz1048"), ("cp1251", "ptcp154")}


def _wide_pattern(body: bytes) -> str | None:
    """UTF-16 or UTF-32 without a mark, known by where the NULs of its ASCII characters stand."""
    sample = body[:4096]
    if b"\0" not in sample or len(sample) < 4:
        return None
    columns = [sample[i::4].count(0) * 4 / len(sample) for i in range(4)]
    if min(columns[2:]) > 0.9 and columns[0] < 0.5:
        return "utf-32-le"
    if min(columns[:2]) > 0.9 and columns[3] < 0.5:
        return "utf-32-be"
    high, low = columns[1] + columns[3], columns[0] + columns[2]
    # Markup, spaces and stops are ASCII even in Cyrillic text. Stray NULs fall on both sides.
    if high > 0.1 and low < high / 10:
        return "utf-16-le"
    if low > 0.1 and high < low / 10:
        return "utf-16-be"
    return None


def _labels(body: bytes, declared: str | None, flags: set[str], *, refuted: bool) -> list[str]:
    """Codecs of the labels that mean anything, strongest first: header, meta, XML declaration.

    The body is searched only where the header is of no use; all of it if the bytes are not UTF-8,
    and then past a `refuted` utf-8 in the header too.
    """
    codecs = []
    if declared and declared.strip():
        codec = _resolve(declared)
        if codec is None:
            flags.add("bad_charset_label")
        elif not (refuted and codec == "utf-8"):
            return [codec]
        else:
            codecs.append(codec)
    found = _meta_label(body[:_HEAD]) or (_meta_label(body[:_SAMPLE]) if refuted else None)
    prologue = _XML_LABEL.match(body)
    for label in (found, prologue["label"] if prologue else None):
        if label is not None:
            codec = _resolve(label.decode("latin-1"))
            if codec is None:
                flags.add("bad_charset_label")
            else:
                codecs.append(codec)
    return codecs


def _meta_label(head: bytes) -> bytes | None:
    for match in _META.finditer(head):
        tag = match["meta"]
        found = tag and _META_LABEL.search(tag)
        # A "charset=" in somebody's description is no declaration.
        if found and (
            found.start() == 0 or b"http-equiv" in tag.lower() or b"content" not in tag.lower()
        ):
            label: bytes = found["label"]
            return label
    return None


def _resolve(label: str) -> str | None:
    """Python codec for a label, or None if the web knows no such charset."""
    label = label.strip().strip("\"';,").lower()[:40]
    codec = _ALIASES.get(label)
    if codec is None and label.isascii() and label.isprintable():
        codec = resolve_encoding(label)
    return codec if codec in _CHARSETS else None


def _by_letters(body: bytes, label: str | None) -> str:
    """Codec of bytes that are not wholly UTF-8."""
    sample = body[:_SAMPLE]
    loose = sample.decode(errors="replace")
    broken = loose.count("\ufffd")
    sound = len(loose) - len(loose.encode("ascii", "ignore")) - broken
    if sound > 2 * broken:
        return "utf-8"
    is_cyrillic = label in _CYRILLIC or label in _KAZAKH
    if label is not None and label not in _VAGUE and not is_cyrillic:
        return label
    high = len(sample) - len(sample.decode("latin-1").encode("ascii", "ignore"))
    # In Cyrillic most non-ASCII bytes stand in runs; in Western text they stand alone.
    if 6 * len(re.findall(rb"[\x80-\xff]{3}", sample)) > high or is_cyrillic:
        codec = _by_frequency(sample, label if label in _CYRILLIC else "cp1251")
        if codec != "cp1251":
            return codec
        return label if label in _KAZAKH else _kazakh_code_page(sample) or codec
    if label in ("utf-8", "cp1252"):
        return label
    return "cp1252" if re.search(rb"[A-Za-z][\xc0-\xff]|[\xc0-\xff][a-z]", sample) else "cp1251"


# Half of all letters of a Russian or Kazakh text are these, and in a wrong reading a quarter.
_FREQUENT = "о е а и т ы л с О Е А И Т Ы Л С".replace(" ", "")
_CYRILLIC = {codec: _FREQUENT.encode(codec) for codec in ("cp1251", "koi8-r", "cp866", "iso8859-5")}
_KAZAKH = ("kz1048", "ptcp154")
_ENOUGH = 40
"""Letters of the shortest text whose letters are counted."""
_CLEARLY = 0.15
"""Share of the letters by which another reading must be the better one."""


def _by_frequency(sample: bytes, label: str) -> str:
    """The Cyrillic code page in which the letters of a text are as frequent as in its languages.

    `label` is the one that holds unless another is clearly better; the Kazakh ones are alike here.
    """
    high = sample.translate(None, bytes(range(128)))
    if len(high) < _ENOUGH:
        return label
    found = {codec: len(high) - len(high.translate(None, c)) for codec, c in _CYRILLIC.items()}
    best = max(found, key=lambda codec: found[codec])
    return best if found[best] - found[label] > _CLEARLY * len(high) else label


# Where the code pages put the Kazakh letters. windows-1251 has other Cyrillic letters in the
# places of KZ-1048, so Russian text looks the same in both; PTCP154 has them at places of
# symbols too, so a letter must stand beside for a byte to count.
_ONLY_KZ1048 = b"\xa1\xa2\xa3\xaf\xb4\xbc\xbd\xbe\xbf"  # Ұ ұ Ә Ү ө ә Ң ң ү
_ONLY_PTCP154 = b"\x81\x83\x87\x89\x8c\x9c\xa4\xa6\xb1"  # Ғ ғ Ү ү Ң ң Ө Ұ ұ
# 8D 9D Қ қ and 8E 9E Һ һ in both; AA BA Ғ ғ in one, Ә ә in the other; A5 Ө and B5 ө.
_EITHER = b"\x8d\x9d\x8e\x9e\xaa\xba\xa5\xb5"
_ODD = b"[" + re.escape(_ONLY_KZ1048 + _ONLY_PTCP154 + _EITHER) + b"]"
_LETTER = rb"[\xb2\xb3\xc0-\xff]"
_ODD_IN_WORD = re.compile(_ODD + b"(?:(?=" + _LETTER + b")|(?<=" + _LETTER + b".))", re.S)
_NO_LETTERS = bytes({*range(256)} - {0xB2, 0xB3, *range(0xC0, 0x100)})
_UKRAINIAN = frozenset(b"\xa5\xb4\xaa\xba\xaf\xbf")  # Ґ ґ Є є Ї ї of windows-1251
_BELARUSIAN = frozenset(b"\xa1\xa2")  # Ў ў


def _kazakh_code_page(sample: bytes) -> str | None:
    """`kz1048` or `ptcp154` if the bytes hold Kazakh letters in that code page, else None."""
    odd = Counter(b"".join(_ODD_IN_WORD.findall(sample)))
    if not odd:
        return None
    # Ukrainian, Serbian and Macedonian have letters in these places too, but no ы; Belarusian has
    # ы, and ў alone. A headline may be too short to tell: then Kazakh is likelier here.
    long = len(sample.translate(None, _NO_LETTERS)) > 200
    if long and b"\xfb" not in sample:
        return None
    if odd.keys() <= _UKRAINIAN and b"\xfb" not in sample and sum(odd.values()) > 1:
        return None
    if long and odd.keys() <= _BELARUSIAN:
        return None
    kz1048 = sum(odd[byte] for byte in _ONLY_KZ1048) + odd[0xA5]
    ptcp154 = sum(odd[byte] for byte in _ONLY_PTCP154) + odd[0xB5]
    return "ptcp154" if ptcp154 > kz1048 else "kz1048"


# How the UTF-8 of а, of е and of the Arabic ا looks when read in another charset. One of them is
# in any line of such text, and none of them in sound text.
_TWICE = {"Ð°": "cp1252", "Ðµ": "cp1252", "Ø§": "cp1252", "Р°": "cp1251", "Рµ": "cp1251"}


def _undo_mojibake(text: str, flags: set[str]) -> str:
    """Text with an earlier wrong decoding undone where that is exact, else as it was."""
    if text.isascii():
        return text
    for trace, codec in _TWICE.items():
        # One rare letter is found, or missed, much faster than a pair of letters.
        if all(char in text for char in trace) and text.count(trace) >= 3:
            flags.add("mojibake")
            try:
                once = text.translate(_to_bytes(codec)).encode("latin-1").decode()
            except UnicodeError:
                return text
            flags.add("mojibake_repaired")
            return once
    # «Ќазаќстан»: a Kazakh code page read as windows-1251 by the newspaper's own converter.
    if "ќ" in text and "ы" in text and "қ" not in text:
        kazakh = _kazakh_code_page(text[:_SAMPLE].encode("cp1251", "ignore"))
        if kazakh is not None:
            flags.add("mojibake")
            try:
                once = text.encode("cp1251").decode(kazakh)
            except UnicodeError:
                return text
            flags.add("mojibake_repaired")
            return once
    return text


def _to_bytes(codec: str) -> dict[int, int]:
    """Table for `str.translate`: each character of an 8-bit charset to the byte it came from.

    As browsers do, a byte without a meaning stands for the C1 control of that number. Characters
    from U+0080 to U+00FF that the charset lacks are sent out of the 8-bit range, so that they
    make the reversal fail.
    """
    table = dict.fromkeys(range(0x80, 0x100), 0xFFFF)
    for byte in range(0x80, 0x100):
        char = bytes([byte]).decode(codec, "ignore") or chr(byte)
        table[ord(char)] = byte
        # iso-8859-1 is cp1252 save for these, and both readings are met.
        if codec == "cp1252" and byte < 0xA0:
            table[byte] = byte
    return table
