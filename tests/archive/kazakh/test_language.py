"""Languages by whole paragraphs, headlines, spellings, look-alikes; the sentences are ours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.kazakh.language import identify, looks_mixed_script, of_paragraphs, script

KAZAKH = (
    "Облыс әкімі жаңа мектептің ашылуына қатысты. Бұл туралы өңірлік қызмет хабарлады. "
    "Құрылыс жыл соңына дейін аяқталады деп күтілуде. "
)
RUSSIAN = (
    "Об этом сообщает пресс-служба акимата области. Работы будут завершены до конца года, "
    "и школа примет первых учеников осенью. "
)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("kk", KAZAKH),
        ("kk", "Облыс әкімі жаңа мектепті ашты"),
        ("kk", "Біздің ауылдың тынысы"),
        ("kk", "Партия филиалынын жиналысы отти, депутаттар да барды"),  # a Russian keyboard
        ("kk", "Облыстын баска калаларында жана мектептер ашылады"),
        ("kk", "Тiлшiлердiң үнi үшiн"),  # Latin i
        ("kk", KAZAKH.translate(str.maketrans("аеосрі", "aeocpi"))),
        ("kk", "Халық қаһарманы Бауыржан Момышұлының туғанына 110 жыл"),
        ("kk-Latn", "Taraz qalasynda jańa mektep ashyldy, bul týraly oblys ákimi aitty"),
        ("kk-Latn", "Taraz qalasynda jaña mektep aşyldy, būl turaly oblys äkımı aitty"),
        ("kk-Latn", "Taraz qalasynda jaŋa mektep aşyldy, būl turaly oblys äkimi aitty"),
        ("kk-Latn", "Taraz qalasynda zhana mektep ashyldy, bul turaly oblys akimi aitty"),
        ("kk-Latn", "Маńǵystaý оblystyq gazeti"),  # Cyrillic М, а and о
        ("kk-Arab", "قازاقستاندا جاڭا مەكتەپ اشىلدى، بۇل تۋرالى وبلىس اكىمى ايتتى"),
        ("ru", RUSSIAN),
        ("ru", "В Таразе открыли новую школу"),
        ("ru", "Президент провел совещание и поручил решить вопрос"),
        ("ky", "Бишкекте жаңы мектеп ачылды, бул тууралуу мэр билдирди"),
        ("ky", "Өлкөнүн өнүгүшү үчүн жаңы мыйзам кабыл алынды, анын максаты бар"),
        ("tt", "Казанда яңа мәктәп ачылды, бу хакта шәһәр башлыгы хәбәр итте"),
        ("uz", "Тошкентда янги мактаб очилди, бу ҳақда ҳоким айтди ва одамлар билан учрашди"),
        ("uz", "Toshkentda yangi maktab ochildi, bu haqda hokim aytdi va odamlar bilan uchrashdi"),
        ("uk", "У Києві відкрили нову школу, про це повідомив міський голова"),
        ("uk", "Уряд ухвалив рішення, яке підтримали всі області й міста країни"),
        ("be", "У Мінску адкрылі новую школу, пра гэта паведаміў мэр горада"),
        ("tr", "Ankara’da yeni bir okul açıldı, bu konuda belediye başkanı bilgi verdi"),
        ("en", "The mayor opened a new school in Taraz, and it was said to be the largest"),
        ("ug", "ئۇيغۇر تىلىدا يېڭى مەكتەپ ئېچىلدى، بۇ ھەقتە شەھەر باشلىقى ئېيتتى"),
        ("ug", "Алмутида йеңи мәктәп ечилди, бу һәқтә шәһәр һакими вә униң орунбасари ейтти"),
    ],
)
def test_language(language: str, text: str) -> None:
    assert identify(text) == language
    assert identify(text.upper() if language not in ("tr", "kk-Latn") else text) == language


@pytest.mark.parametrize(
    ("language", "titles"),
    [
        (
            "kk",
            "Ауылда жаңа дүкен салынды|Біз бәріміз бірге едік|Адам болам десең|Көктем келді, қар кетті",
        ),
        (
            "ky",
            "Айылда жаңы дүкөн курулду|Жолдор оңдолуп жатат|Окуучулар үчүн мелдеш өттү|Биз баарыбыз чогуу элек|Окуучулар китеп окуп жатышат|Жаз келди, кар эриди",
        ),
        (
            "kk",
            "Облыс акими мектеп ашты|Тургындар суга жарымай отыр|Жана жылда не кутуге болады|Окушыларга арналган сайыс отти",
        ),  # typed without Kazakh letters
        ("tt", "Авылда яңа кибет төзелде|Без барыбыз да бергә идек|Укучылар китап укыйлар"),
        (
            "uz",
            "Қишлоқда янги дўкон қурилди|Qishloqda yangi do‘kon qurildi|Shaharda yangi maktab ochildi",
        ),
        (
            "tr",
            "Köyde yeni dükkan yapıldı|Belediye başkanı halka seslendi|Öğrenciler kitap okuyorlar",
        ),
        ("ru", "В селе построили магазин|Мы все были вместе|Ученики читают новые книги"),
        (
            "kk-Latn",
            "Auylda zhana duken salyndy|Auylda jana duken salindi|Auılda jaña düken salındı",
        ),
        (
            "kk-Latn",
            "Biz barimiz birge edik|Oqushylar kitap oqyp jatyr|Okushylar kitap okyp zhatyr",
        ),
        ("kk-Latn", "Aýylda jańa dúken salyndy|Ay'ylda jan'a du'ken salyndy"),
        ("kk-Arab", "اۋىلدا جاڭا دۇكەن سالىندى|وقۋشىلار كىتاپ وقىپ جاتىر"),
    ],
)
def test_a_headline_of_few_words(language: str, titles: str) -> None:
    assert {title: identify(title) for title in titles.split("|")} == dict.fromkeys(
        titles.split("|"), language
    )


def test_each_paragraph_has_its_language() -> None:
    mixed = f"{KAZAKH}\n\nАзамат:\n\n{RUSSIAN}\n\n1.\n\n{KAZAKH}"
    assert [language for _, language in of_paragraphs(mixed)] == ["kk", "kk", "ru", "ru", "kk"]
    assert "\n\n".join(paragraph for paragraph, _ in of_paragraphs(mixed)) == mixed
    assert of_paragraphs("") == [("", None)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2022",
        "— «…» 55% 👍",
        "Тараз",
        "Kaspi",
        "افتتح الرئيس مدرسة جديدة في المدينة",
        "Der Bürgermeister eröffnete gestern eine neue Schule für alle Kinder der Stadt",
        "W mieście otwarto nową szkołę, o czym poinformował wczoraj rzecznik",
        "Абон ӕмӕ дысон ӕрбацыдысты цӕугӕдон ӕмӕ хӕхтӕ",  # Ossetian
    ],
)
def test_nothing_can_be_said(text: str) -> None:
    assert identify(text) is None


@pytest.mark.parametrize(
    ("text", "hint", "language"),
    [
        ("Тараз", "kk", "kk"),
        ("Тараз", "ru-RU", "ru"),
        ("Тараз", "kk_KZ", "kk"),
        ("Тараз", "en-US", None),  # not written in Cyrillic
        ("Тараз", "lt", None),
        ("Kaspi", "kk", None),  # a template's lang proves nothing about Latin words
        ("Kaspi", "kk-Latn-KZ", "kk-Latn"),
        ("2022", "kk", None),
        (KAZAKH, "ru", "kk"),  # the text is believed before the hint
        (RUSSIAN, "kk", "ru"),
    ],
)
def test_hint(text: str, hint: str, language: str | None) -> None:
    assert identify(text, hint) == language


@pytest.mark.parametrize(
    ("kazakh", "russian", "language"), [(3, 1, "kk"), (3, 2, "kk"), (1, 3, "ru"), (2, 3, "ru")]
)
def test_most_words_decide(kazakh: int, russian: int, language: str) -> None:
    assert identify(KAZAKH * kazakh + RUSSIAN * russian) == language


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("kk-Arab", "قَازَاقستَاندَا جَاڭَا مەكتەپ اشىلدى"),
        ("kk-Arab", "جـاڭـا مەكتـەپ اشىلـدى بۇل تۋرالى"),
        ("ru", "Мо́сква́ столи́ца страны́"),
    ],
)
def test_marks_of_pronunciation(language: str, text: str) -> None:
    assert identify(text) == language


def test_decomposed_letters() -> None:
    assert identify("И\u0306е\u0308 — рус\u00adские буквы, и они были в этом тексте") == "ru"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Cyrl", "Жаңа iPhone келді"),
        ("Latn", "Jańa mektep — школа"),
        ("Arab", "جاڭا مەكتەپ (Taraz)"),
        (None, "12:30 …"),
        (None, "日本"),
        (None, ""),
    ],
)
def test_script(name: str | None, text: str) -> None:
    assert script(text) == name


@pytest.mark.parametrize(
    ("mixed", "text"),
    [
        (True, "жаңа үнiн естіді"),
        (True, "оblystyq gazet"),
        (True, "мeктеп"),
        (False, KAZAKH),
        (False, "IT-компания мен Kaspi.kz сайты"),
        (False, "COVIDтен кейін"),
        (False, ""),
    ],
)
def test_looks_mixed_script(mixed: bool, text: str) -> None:
    assert looks_mixed_script(text) is mixed


@given(st.text() | st.text(st.sampled_from("aаiіқğqyوۇەئ \u0306İ’o")), st.none() | st.text())
def test_any_text(text: str, hint: str | None) -> None:
    identify(text, hint)
    looks_mixed_script(text)
    assert script(text) in {"Cyrl", "Latn", "Arab", None}
