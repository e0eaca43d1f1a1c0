"""Boilerplate: what goes and what stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from newsbot.extraction import boilerplate
from newsbot.extraction.blocks import Block, blocks


def cleaned(markup: str) -> list[tuple[str, str]]:
    element = html.fromstring(f"<div>{markup}</div>")
    found = blocks(element, boilerplate.noisy_elements(element))
    return [(b.kind, b.text) for b in boilerplate.clean(found)]


PROSE = "<p>Ауылда жаңа мектеп ашылды.</p>"


@pytest.mark.parametrize(
    "line",
    [
        "Leave A Reply",
        "Your email address will not be published.",
        "- Advertisement -",
        "Пікір қосу",
        "Оставить комментарий",
        "Бөлісу",
        "Біздің Telegram-арнамызға жазылып, жаңалықтардан құлағдар болыңыз!",
        "Жаңалықтарды Telegram арнамыздан оқыңыз",
        "Подписывайтесь на наш Telegram-канал!",
        "Telegram arnamyzǵa jazylyńyz!",
        "Если вы нашли ошибку в тексте, выделите ее мышью и нажмите Ctrl+Enter",
        "№12996-ИА кәулігі берілді",
        "Барлық құқықтар қорғалған.",
        "Сайттағы материалдарды пайдаланғанда сілтеме жасау міндетті.",
        "385 рет көрсетілді",
        "Қаралымдар саны: 172",
        "24 мин оқу үшін",
        "Дереккөз: stat.example",
        "Источник: stat.example",
        "Тегтер: мектеп, ауыл",
        "Автор: Айгүл Серікқызы",
        "(0 дауыс)",
        "Page Reader Press Enter to Read Page Content Out Loud",
        "USD 327",
        "Газетке жазылу индексі: 65466.",
        "Толығырақ...",
        "[ad_1]",
    ],
)
def test_line_goes(line: str) -> None:
    assert cleaned(f"{PROSE}<p>{line}</p>") == [("p", "Ауылда жаңа мектеп ашылды.")]


def test_a_comment_form_ends_the_article() -> None:
    assert len(cleaned(f"{PROSE}<h3>Leave A Reply</h3>{PROSE}")) == 1
    assert len(cleaned(f"<h2>Пікір қалдыру</h2>{PROSE}")) == 1


@pytest.mark.parametrize(
    "line",
    [
        "Бұл туралы облыс әкімдігінің баспасөз қызметі хабарлады, деп жазады тілшіміз.",
        "Еске сала кетейік, биыл аудандық газеттің Telegram-арнасы ашылған болатын.",
        "Айта кету керек, жоба өткен жылы басталған еді.",
        "«Көктерек үні» тілшісі.",
        "ҚазАқпарат агенттігіне сілтеме жасап, хабарлайды «Көктерек үні».",
        "«Көктерек үні» өз ақпараты.",
        "Ол Instagram парақшасында жазылған пікірге жауап берді.",
        "Ауыл тұрғындары газетке жазылып жүр.",
        "Материалдарды бөлісу – достықтың белгісі, дейді ұстаз.",
        "Пікір қосу үшін емес, тыңдау үшін келдік, – деді ол.",
        "– Telegram арқылы сабақ өткіздік, – деді мұғалім.",
    ],
)
def test_newsroom_prose_stays(line: str) -> None:
    assert cleaned(f"{PROSE}<p>{line}</p>{PROSE}")[1] == ("p", line)


def test_read_also_takes_its_links_along() -> None:
    label = "<p>Оқи отырыңыз:</p><ul><li><a href='/1'>Көпір ашылды</a></li><li><a href='/2'>Жол жөнделді</a></li></ul>"
    assert len(cleaned(PROSE + label + PROSE)) == 2
    same_line = "<p><b>Тағы оқыңыз: <a href='/1'>Көпір ашылды, көлік жүре бастады</a></b></p>"
    assert len(cleaned(PROSE + same_line + PROSE)) == 2


def test_a_sentence_cut_in_two_is_joined() -> None:
    cut = "<p>Bul jyly aýylda</p><div class='related'><a href='/1'>Basqa jańalyq</a></div><p>jańa mektep ashyldy.</p>"
    assert cleaned(cut) == [("p", "Bul jyly aýylda jańa mektep ashyldy.")]


def test_photo_credit_becomes_a_caption() -> None:
    for credit in ("Сурет: Ерлан Сапарбаев", "Фото: редакция", "Сурет ашық дереккөзден"):
        assert cleaned(f"<p>{credit}</p>{PROSE}")[0] == ("caption", credit)


def test_invitation_is_known_by_its_address() -> None:
    assert cleaned(f"{PROSE}<p><a href='https://t.me/x'>Бізбен бірге болыңыз</a></p>") == cleaned(
        PROSE
    )
    linked = "<p><a href='/report'>Есептің толық мәтіні</a></p>"
    assert len(cleaned(PROSE + linked)) == 2


@pytest.mark.parametrize(
    ("names", "verdict"),
    [
        ("td-post-sharing-bottom", 2),
        ("ya-share2", 2),
        ("itemRelated", 2),
        ("wp-block-social-links", 2),
        ("TelegramBanner", 2),
        ("comment-list", 2),
        ("news-date-time", 1),
        ("post-tags", 1),
        ("shareholder-report", 0),
        ("overflow-hidden", 0),
        ("entry-content", 0),
        ("elementor-widget-text-editor", 0),
        ("advanced-text", 0),
        ("nationals", 0),
    ],
)
def test_names(names: str, verdict: int) -> None:
    assert boilerplate.noise(names, "") == verdict


def test_a_name_does_not_take_the_whole_text_away() -> None:
    prose = PROSE * 10
    assert (
        len(
            cleaned(f"<div class='with-share-buttons'>{prose}</div><div class='share'>Бөлісу</div>")
        )
        == 10
    )


@given(st.lists(st.text(max_size=200), max_size=20))
def test_cleaning_only_takes_away(lines: list[str]) -> None:
    element = html.fromstring("<p>x</p>")
    found = [Block("p", line, 0.0, element) for line in lines if line]
    kept = boilerplate.clean(found)
    assert len(kept) <= len(found)


LONG = (
    "<p>Ауыл тұрғындары биыл ескі көпірдің орнына жаңасын салуды сұрап, хат жолдаған еді.</p>" * 3
)


@pytest.mark.parametrize(
    "comment",
    [
        "<p>Айгүл 13.05.2024 11:20</p><p>Өте жақсы жаңалық!</p>",
        "<div>Айгүл</div><div>13 мамыр 2024, 11:20</div><div>Өте жақсы жаңалық!</div>",
        "<b>Айгүл</b> 13.05.2024 в 11:20<br>Өте жақсы жаңалық!<br><br>",
    ],
)
def test_comments_without_names_of_elements(comment: str) -> None:
    own = cleaned(LONG)
    for many in (1, 2, 9):
        assert cleaned(f"{LONG}<h3>Пікірлер ({many})</h3>{comment * many}") == own
        assert cleaned(f"{LONG}<p>Оқырман пікірі:</p>{comment * many}") == own
    assert len(cleaned(LONG + comment * 2)) > len(own), "a live report has names and moments too"


def test_a_chronicle_is_no_comments() -> None:
    lines = "<p>13.05.2024 11:20</p><p>Су деңгейі көтеріле бастады, тұрғындар ескертілді.</p>" * 3
    assert len(cleaned(LONG + lines)) == len(cleaned(LONG)) + 6
