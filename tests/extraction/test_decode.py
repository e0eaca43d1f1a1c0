"""Charset cases met on Kazakh pages, and a property: whatever the bytes, decode answers."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsbot.extraction.decode import FLAGS, decode

KAZAKH = (
    "Қазақстан Республикасының Үкіметі өңірлердегі мектептер мен ауруханалардың құрылысын "
    "жыл соңына дейін аяқтайды. Әкімдік бұл туралы бұқаралық ақпарат құралдарына хабарлады. "
    "Ғалымдар да өз пікірін айтты, һәм бәрі де Өскеменде жиналды."
)
RUSSIAN = (
    "Об этом сообщает пресс-служба акимата. Мы были здесь, это большой объём работы: «всё будет "
    "готово к осени», — пояснили в управлении № 5 — при температуре ±5°. "
) * 3


def page(text: str, head: str = "") -> str:
    return f"<!DOCTYPE html><html><head>{head}<title>{text[:20]}</title></head><p>{text}</p></html>"


META_1251 = '<meta http-equiv="Content-Type" content="text/html; charset=windows-1251">'


@pytest.mark.parametrize(
    ("codec", "declared", "head", "charset", "flags"),
    [
        ("utf-8", "utf-8", "", "utf-8", ()),
        ("utf-8", "UTF-8", "", "utf-8", ()),
        ("utf-8", None, "", "utf-8", ()),
        ("utf-8", "windows-1251", '<meta charset="utf-8">', "utf-8", ("charset_mismatch",)),
        ("utf-8", "utf8mb4_kazakh", "", "utf-8", ("bad_charset_label",)),
        ("utf-8", None, '<meta charset="nonsense">', "utf-8", ("bad_charset_label",)),
        ("utf-8-sig", None, META_1251, "utf-8", ()),
        ("utf-16", "utf-16", "", "utf-16le", ()),
        ("utf-16-le", "utf-8", "", "utf-16le", ()),
        ("utf-16-be", None, "", "utf-16be", ()),
        ("utf-32", None, "", "utf-32le", ()),
        ("utf-32-be", None, "", "utf-32be", ()),
        ("kz1048", "utf-8", "", "kz1048", ("charset_mismatch",)),
        ("kz1048", "windows-1251", "", "kz1048", ()),
        ("kz1048", None, META_1251, "kz1048", ()),
        ("kz1048", None, "", "kz1048", ("charset_guessed",)),
        ("kz1048", "KZ-1048", "", "kz1048", ()),
        ("kz1048", "iso-8859-1", "", "kz1048", ("charset_mismatch",)),
        ("ptcp154", "windows-1251", "", "ptcp154", ()),
        ("ptcp154", None, META_1251, "ptcp154", ()),
        ("ptcp154", None, "", "ptcp154", ("charset_guessed",)),
    ],
)
def test_kazakh_page(
    codec: str, declared: str | None, head: str, charset: str, flags: tuple[str, ...]
) -> None:
    text = page(KAZAKH, head)
    assert decode(text.encode(codec), declared) == (text, charset, flags)


@pytest.mark.parametrize(
    ("codec", "declared", "charset", "flags"),
    [
        ("cp1251", "windows-1251", "windows-1251", ()),
        ("cp1251", "cp1251", "windows-1251", ()),
        ("cp1251", None, "windows-1251", ("charset_guessed",)),
        ("cp1251", "utf-8", "windows-1251", ("charset_mismatch",)),
        ("koi8-r", "koi8-r", "koi8-r", ()),
        ("cp866", "cp866", "ibm866", ()),
        ("koi8-r", "windows-1251", "koi8-r", ("charset_mismatch",)),
        ("koi8-r", None, "koi8-r", ("charset_guessed",)),
        ("koi8-r", "utf-8", "koi8-r", ("charset_mismatch",)),
        ("koi8-r", "KZ-1048", "koi8-r", ("charset_mismatch",)),
        ("cp866", "windows-1251", "ibm866", ("charset_mismatch",)),
        ("cp866", "koi8-r", "ibm866", ("charset_mismatch",)),
        ("iso8859-5", "windows-1251", "iso-8859-5", ("charset_mismatch",)),
        ("cp1251", "koi8-r", "windows-1251", ("charset_mismatch",)),
        ("cp1251", "iso-8859-5", "windows-1251", ("charset_mismatch",)),
    ],
)
def test_russian_page(
    codec: str, declared: str | None, charset: str, flags: tuple[str, ...]
) -> None:
    body = page(RUSSIAN).encode(codec, "xmlcharrefreplace")
    assert decode(body, declared) == (body.decode(codec), charset, flags)


@pytest.mark.parametrize(
    "text",
    [
        "Сьогодні їхній президент заявив, що є нові можливості для ґрунтів і людей. ",
        "Сёння ў горадзе былі новыя людзі, яны казалі праўду пра ўсё. ",
        "Њихов аутомобил је јуче стигао у Ђурђевац, а ћерка и љубимац код куће. ",
    ],
)
def test_other_cyrillic_stays_windows_1251(text: str) -> None:
    body = (text * 9).encode("cp1251")
    assert decode(body, "windows-1251") == (text * 9, "windows-1251", ())


def test_capitals_are_no_other_charset() -> None:
    text = "ЖИТЕЛИ СЕЛА СОБРАЛИСЬ НА ПЛОЩАДИ, ЧТОБЫ ОБСУДИТЬ РЕМОНТ ДОРОГИ"
    for codec in ("cp1251", "koi8-r", "cp866"):
        assert decode(text.encode(codec), "windows-1251").text == text


def test_kazakh_headline_alone() -> None:
    for codec in ("kz1048", "ptcp154"):
        assert decode("Ғарыш әлемі".encode(codec), "windows-1251").text == "Ғарыш әлемі"


def test_western_page() -> None:
    text = "Une école créée à Paris, naïve."
    assert decode(text.encode("cp1252"), "iso-8859-1") == (text, "windows-1252", ())
    assert decode(text.encode("cp1252")) == (text, "windows-1252", ("charset_guessed",))


def test_meta_after_a_long_comment() -> None:
    for size, codec in ((3000, "utf-8"), (30_000, "koi8-r")):
        head = f"<!-- <meta charset=ibm866>{'x' * size} --><meta charset={codec}>"
        text = page(RUSSIAN.replace("«", '"').replace("»", '"'), head)
        text = text.encode(codec, "xmlcharrefreplace").decode(codec)
        assert decode(text.encode(codec)) == (text, codec, ())


def test_weaker_label_where_the_header_is_refuted() -> None:
    body = page(RUSSIAN, "<meta charset=koi8-r>").encode("koi8-r", "xmlcharrefreplace")
    decoded = decode(body, "utf-8")
    assert (decoded.charset, decoded.flags) == ("koi8-r", ("charset_mismatch",))


def test_charset_in_a_description_is_no_label() -> None:
    text = page(KAZAKH, '<meta name="description" content="what charset=koi8-r means">')
    assert decode(text.encode()).flags == ()


def test_xml_declaration() -> None:
    text = f'<?xml version="1.0" encoding="windows-1251"?><rss><title>{KAZAKH}</title></rss>'
    assert decode(text.encode("kz1048"), "utf-8").text == text
    assert decode(text.encode("kz1048")) == (text, "kz1048", ())


def test_stray_bytes_do_not_unseat_utf8() -> None:
    text = page(KAZAKH)
    body = text.encode().replace(b"</title>", b"\xff\xfe</title>")
    expected = text.replace("</title>", "\ufffd\ufffd</title>")
    assert decode(body, "utf-8") == (expected, "utf-8", ("invalid_bytes",))
    assert decode(body) == (expected, "utf-8", ("invalid_bytes",))
    assert decode(b"<p>caf\xe9 au lait</p>", "utf-8").flags == ("invalid_bytes",)


def test_printed_replacement_character_is_no_invalid_byte() -> None:
    text = page(KAZAKH + "\ufffd")
    assert decode(text.encode()).flags == ()


def test_ascii_page_of_entities() -> None:
    body = page("&#1178;аза&#1179;").encode("ascii", "xmlcharrefreplace")
    assert decode(body, "us-ascii") == (body.decode(), "windows-1252", ())
    assert decode(body) == (body.decode(), "utf-8", ())


def test_nul_bytes() -> None:
    text = page(KAZAKH)
    body = text.encode().replace(b"<p>", b"<\0p>\0")
    assert decode(body, "utf-8") == (text, "utf-8", ("nul_bytes",))
    wide = text.replace("<p>", "<p>\0").encode("utf-16")
    assert decode(wide) == (text, "utf-16le", ("nul_bytes",))


@pytest.mark.parametrize("codec", ["latin-1", "cp1251"])
def test_double_encoding_is_undone_if_exact(codec: str) -> None:
    text = page(KAZAKH.replace("И", "и").replace("Ҙ", ""))
    if codec == "cp1251":  # it has no character for byte 98, which the UTF-8 of ј, И and ҙ holds
        text = "".join(char for char in text if b"\x98" not in char.encode())
    twice = text.encode().decode(codec).encode()
    assert decode(twice, "utf-8") == (text, "utf-8", ("mojibake", "mojibake_repaired"))


def test_double_encoding_is_left_if_inexact() -> None:
    text = page("Қазақша " + KAZAKH.encode().decode("latin-1"))
    assert decode(text.encode(), "utf-8") == (text, "utf-8", ("mojibake",))


def test_code_page_confused_by_the_newspaper() -> None:
    served = page(KAZAKH.encode("kz1048").decode("cp1251"))
    assert "Ќазаќстан" in served
    assert decode(served.encode()) == (page(KAZAKH), "utf-8", ("mojibake", "mojibake_repaired"))
    served += "→"
    assert decode(served.encode()) == (served, "utf-8", ("mojibake",))


def test_macedonian_is_no_mojibake() -> None:
    text = "Тие ќе одат дома, а куќата ќе ја купат утре."
    assert decode(text.encode()) == (text, "utf-8", ())


@pytest.mark.parametrize("label", ["utf-7", "idna", "rot13", "unicode_escape", "\0", "x" * 9999])
def test_codecs_that_no_page_may_use(label: str) -> None:
    assert decode(b"+ADw-\\u0041", label) == ("+ADw-\\u0041", "utf-8", ("bad_charset_label",))


LABELS = st.none() | st.text(max_size=20) | st.sampled_from(["utf-8", "windows-1251", "utf-16"])
MARKUP = st.lists(
    st.sampled_from(
        b'<meta charset=|<!--|-->|<?xml encoding="|\xff\xfe|\0|"|>|koi8-r|iso-2022-jp'.split(b"|")
    )
    | st.sampled_from(["Қаз".encode("kz1048"), "Қаз".encode(), "Р°Р°Р°".encode()])
    | st.binary(max_size=8),
    max_size=30,
)


@given(st.binary(max_size=300) | MARKUP.map(b"".join), LABELS)
def test_any_bytes(body: bytes, declared: str | None) -> None:
    text, charset, flags = decode(body, declared)
    assert "\0" not in text
    assert text.encode("utf-8").decode() == text
    assert charset == charset.lower()
    assert set(flags) <= FLAGS.keys()


@given(
    st.text(alphabet=st.characters(blacklist_categories=["Cs"], blacklist_characters="\0\ufeff"))
)
def test_bom_settles_it(text: str) -> None:
    decoded = decode(text.encode("utf-8-sig"), "koi8-r")
    assert decoded.charset == "utf-8"
    assert decoded.text == text or "mojibake" in decoded.flags


@pytest.mark.parametrize(
    "piece", [b"<meta ", b"<!--", b"<?xml encoding ", b"<meta charset ", b"\xd0", b"charset= "]
)
def test_hostile_pages_take_linear_time(piece: bytes) -> None:
    body = piece * (400_000 // len(piece)) + b"\xff"
    start = time.process_time()
    decode(body)
    assert time.process_time() - start < 1.5
