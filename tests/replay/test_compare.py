"""Every verdict can be explained: what is filled, emptied, gained and lost."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.article import READ, Article
from newsbot.replay.compare import changed_paragraphs, compare, judge_text, verdict

PROSE = "Ауыл тұрғындары таза сумен қамтылды. Құбырдың ұзындығы он екі шақырым."
MORE = "Жұмыс екі ай бұрын басталған еді, оған жергілікті мамандар тартылды."
SHARE = "Facebook Twitter WhatsApp"
CAPTION = "Су құбырының ашылуы. Суретті түсірген Асан Үсенов"

KEPT: dict[str, Any] = {
    "title": "Ауылға су келді",
    "text": PROSE,
    "captions": [],
    "authors": ["Асан Үсенов"],
    "published": "2022-05-17",
    "published_raw": "17 мамыр 2022",
    "modified": None,
    "section": "Қоғам",
    "tags": ["су", "ауыл"],
    "language": "kk",
    "image": None,
    "editions": [],
    "layout": "wordpress/classic",
    "charset": "utf-8",
    "sources": {"title": "layout"},
    "flags": [],
}


def kept(**fields: Any) -> dict[str, Any]:
    return {**KEPT, **fields}


def read(**fields: Any) -> Article:
    return Article(url="https://aqbulaq.example/1", is_article=True, **kept(**fields))


def said(before: dict[str, Any], after: Article) -> dict[str, str]:
    return {difference.field: difference.verdict for difference in compare(before, after)}


def test_the_same_is_the_same() -> None:
    assert compare(kept(), read()) == []
    assert compare(kept(tags=["ауыл", "су"]), read()) == [], "tags have no order in the archive"
    assert compare(kept(title=None), read(title="")) == [], "nothing is nothing"
    assert verdict([]) == "same"


@pytest.mark.parametrize(
    ("field", "before", "after", "wanted"),
    [
        ("title", None, "Су", "better"),
        ("title", "Су", None, "worse"),
        ("title", "Су", "Жол", "other"),
        ("authors", [], ["Асан"], "better"),
        ("tags", ["су"], [], "worse"),
        ("image", None, "https://aqbulaq.example/1.jpg", "better"),
        ("published", None, "2022-05-17", "better"),
        ("published", "2022-05-17", "2022-05-17T09:00:00+05:00", "better"),
        ("published", "2022-05-17T09:00:00+05:00", "2022-05-17", "worse"),
        ("published", "2022-05-17", "2022-05-18", "other"),
        ("layout", "generic/any", "wordpress/classic", "other"),
        ("charset", None, "windows-1251", "other"),
        ("sources", {}, {"title": "meta"}, "other"),
        ("flags", ["glued_words"], [], "other"),
        ("text", PROSE, "", "worse"),
        ("text", "", PROSE, "better"),
        ("text", PROSE, f"{PROSE}\n\n{MORE}", "better"),
        ("text", f"{PROSE}\n\n{SHARE}", PROSE, "better"),
        ("text", PROSE, f"{PROSE}\n\n{SHARE}", "worse"),
        ("text", f"{PROSE}\n\n{MORE}", MORE, "worse"),
        ("text", f"{PROSE}\n\n{SHARE}", f"{PROSE}\n\n{MORE}", "better"),
        ("text", PROSE, MORE, "other"),
        ("text", PROSE, PROSE.replace(". ", ".\n\n"), "other"),
    ],
)
def test_one_field(field: str, before: Any, after: Any, wanted: str) -> None:
    assert said(kept(**{field: before}), read(**{field: after})) == {field: wanted}


def test_a_caption_that_left_the_text() -> None:
    before, after = kept(text=f"{CAPTION}\n\n{PROSE}"), read(captions=[CAPTION])
    assert said(before, after) == {"text": "better", "captions": "better"}
    before, after = kept(captions=[CAPTION]), read(text=f"{CAPTION}\n\n{PROSE}")
    assert said(before, after) == {"text": "worse", "captions": "worse"}


def test_flags_count_with_what_they_speak_of() -> None:
    glued = PROSE.replace(" ", "", 1)
    before, after = kept(text=glued, flags=["glued_words"]), read()
    assert said(before, after) == {"text": "other", "flags": "better"}
    assert verdict(compare(before, after)) == "better"
    before, after = kept(published=None, flags=["no_date"]), read()
    assert said(before, after) == {"published": "better", "flags": "other"}


def test_verdicts_on_articles() -> None:
    better, worse = kept(title=None), kept(section=None)
    assert verdict(compare(better, read())) == "better"
    assert verdict(compare(kept(), read(section=None))) == "worse"
    assert verdict(compare({**better, **{"section": "Қоғам"}}, read(section=None))) == "mixed"
    assert verdict(compare(worse, read(section=None, layout="generic/any"))) == "other"


def test_paragraphs_told_otherwise_are_not_lost() -> None:
    assert changed_paragraphs("а б\n\nв г", "а\n\nб в г") == ([], [])
    assert changed_paragraphs("а б\n\nв", "аб\n\nв") == ([], []), "words that were glued"
    assert changed_paragraphs("а\n\nа", "а") == (["а"], []), "printed twice, kept once"
    assert changed_paragraphs("", "а") == ([], ["а"])
    assert changed_paragraphs("а\n\nб", "б\n\nа") == ([], [])


paragraphs = st.lists(st.sampled_from([PROSE, MORE, SHARE, CAPTION, "—", "x"]), max_size=5).map(
    "\n\n".join
)


@given(paragraphs, paragraphs)
def test_the_way_back_is_the_opposite(one: str, other: str) -> None:
    opposite = {"better": "worse", "worse": "better", "other": "other"}
    assert judge_text(other, one) == opposite[judge_text(one, other)]
    assert judge_text(one, one) == "other"


values = st.one_of(st.none(), st.text(max_size=8))


@given(st.fixed_dictionaries(dict.fromkeys(("title", "section", "published", "text"), values)))
def test_no_value_is_too_strange(fields: dict[str, Any]) -> None:
    fields["text"] = fields["text"] or ""
    for before, after in ((kept(**fields), read()), (kept(), read(**fields))):
        assert {d.verdict for d in compare(before, after)} <= {"better", "worse", "other"}
    assert {d.field for d in compare(kept(**fields), read())} <= set(READ)
