"""newsbot.extraction.dates: every form of date seen on Kazakh news pages, and every trap."""

import importlib
import random
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsbot.extraction import date_fallback, extract
from newsbot.extraction.dates import ParsedDate, find_dates, parse_date, parse_machine

ALMATY = ZoneInfo("Asia/Almaty")
NOW = datetime(2024, 12, 1, 12, 0, tzinfo=ALMATY)  # a Sunday, +05:00


def iso(
    text: str,
    *,
    zone: ZoneInfo = ALMATY,
    fetched_at: datetime | None = NOW,
    day_first: bool = True,
) -> str | None:
    parsed = parse_date(text, zone=zone, fetched_at=fetched_at, day_first=day_first)
    return parsed.isoformat() if parsed else None


PRINTED = {
    # forms that common libraries read too
    "22 желтоқсан 2022": "2022-12-22",
    "Желтоқсан 22, 2022": "2022-12-22",
    "22 жел. 2022 14:05": "2022-12-22T14:05:00+06:00",
    "2022 ж. 22 желтоқсан": "2022-12-22",
    "Бүгін, 14:05": "2024-12-01T14:05:00+05:00",
    "Кеше, 09:30": "2024-11-30T09:30:00+05:00",
    "2 сағат бұрын": "2024-12-01T10:00:00+05:00",
    "Бейсенбі, 22 желтоқсан 2022": "2022-12-22",
    "15:15  13 Мамыр, 2018": "2018-05-13T15:15:00+06:00",
    "30 қаңтар, 2026 сағат 13:48": "2026-01-30T13:48:00+05:00",
    # forms that they do not read
    "2022 жылғы 22 желтоқсан": "2022-12-22",
    "2022 жылдың 22 желтоқсаны": "2022-12-22",
    "2022 жылы 22 желтоқсанда": "2022-12-22",
    "желтоқсанның 22-сі": "2023-12-22",
    "желтоқсанның 24-і, 2022 жыл": "2022-12-24",
    "2022 жылғы желтоқсан айының 22-сі": "2022-12-22",
    "2022-жылғы 22-желтоқсан": "2022-12-22",
    "4 мамырда": "2024-05-04",
    # a time in words or with a hyphen after the day, and what is no time there
    "22 желтоқсан 2022, 18 сағ 45 мин": "2022-12-22T18:45:00+06:00",
    "22.12.2022 18 ч. 45 мин.": "2022-12-22T18:45:00+06:00",
    "22 желтоқсан 2022, 9 сағ 05 мин": "2022-12-22T09:05:00+06:00",
    "22.12.2022 г. 9 ч. 5 мин.": "2022-12-22T09:05:00+06:00",
    "22.12.2022 18 сағ 45 м": "2022-12-22T18:45:00+06:00",
    "22.12.2022 18 сағат 45 минутта": "2022-12-22T18:45:00+06:00",
    "22 желтоқсан 2022, сағ. 9.05": "2022-12-22T09:05:00+06:00",
    "22.12.2022 1 сағ 20 мин": "2022-12-22",
    "22.12.2022, 9 сағ 20 мин бұрын": "2022-12-22",
    "22.12.2022 45 м 18 см": "2022-12-22",
    "22.12.2022 12 сағат 30 минут бойы": "2022-12-22",
    "22.12.2022 | 10 ч 20 мин чтения": "2022-12-22",
    "22.12.2022 12 сағ 30 мин 15 сек бойы": "2022-12-22",
    "22.12.2022 12 сағ 30 мин 15 сек": "2022-12-22T12:30:00+06:00",
    "22.12.2022 | 5:30 мин": "2022-12-22",
    "22.12.2022 | 15:30 5 мин оқу": "2022-12-22T15:30:00+06:00",
    "22 декабря 2022 г. в 2 часа 05 минут": "2022-12-22T02:05:00+06:00",
    "22.12.2022 18 сағ 45 мин. Ақтау": "2022-12-22T18:45:00+06:00",
    "22 желтоқсан 2022, 18-45": "2022-12-22T18:45:00+06:00",
    "22.12.2022 10-12": "2022-12-22",
    "22.12.2022 18-45 жас": "2022-12-22",
    "22.12.2022, 10 күн 18 сағат": "2022-12-22",
    "1 ч 20 мин | 22.12.2022": "2022-12-22",
    "22.12.2022 25 сағ 45 мин": "2022-12-22",
    # months as Roman numerals
    "14.II.2021": "2021-02-14",
    "14. ІІ. 2021": "2021-02-14",
    "14/XII/2021": "2021-12-14",
    "14-V-2021": "2021-05-14",
    # a moment or a day told from the time of the fetch
    "бұрнағы күні 14:05": "2024-11-29T14:05:00+05:00",
    "сағат бұрын": "2024-12-01T11:00:00+05:00",
    "минут бұрын": "2024-12-01T11:59:00+05:00",
    "күн бұрын": "2024-11-30",
    "2 сағ. бұрын": "2024-12-01T10:00:00+05:00",
    "1 жыл, 2 ай және 3 күн бұрын": "2023-09-28",
    "2 года, 3 месяца и 4 дня назад": "2022-08-28",
    "өткен жұма": "2024-11-29",
    "өткен жексенбіде": "2024-11-24",  # today is one
    "в прошлую пятницу в 10:00": "2024-11-29T10:00:00+05:00",
    "last Monday": "2024-11-25",
    "дүйсенбі, 10:00": "2024-11-25T10:00:00+05:00",
    "Жексенбі күні сағат 11:30": "2024-12-01T11:30:00+05:00",
    "Воскресенье 13:00": "2024-11-24T13:00:00+05:00",  # today it is not yet 13:00
    "22 желтоқсан 2022, сағ. 14:05": "2022-12-22T14:05:00+06:00",
    "14:05 – 22 желтоқсан 2022": "2022-12-22T14:05:00+06:00",
    "бір сағат бұрын": "2024-12-01T11:00:00+05:00",
    "алдыңғы күні": "2024-11-29",
    "22 желтoқсан 2022": "2022-12-22",
    "5 сәуiр 2022": "2022-04-05",
    "3 шiлде 2021": "2021-07-03",
    "22 ЖEЛТОҚCAН 2022": "2022-12-22",
    "22 желтоксан 2022": "2022-12-22",
    "22 jeltoqsan 2022": "2022-12-22",
    "22 Qańtar 2023": "2023-01-22",
    "11 Qyrkúıek 2023": "2023-09-11",
    "19 Qyrkýiek, 2022 saghat 13:11": "2022-09-19T13:11:00+06:00",
    "22 jеltоqsаn 2022": "2022-12-22",  # Cyrillic е, о, а in a Latin word
    "22 Qyrkүйek 2022": "2022-09-22",
    "22 qan'tar 2018": "2018-01-22",
    "22 s'ilde 2018": "2018-07-22",
    "30 قاڭتار, 2026 ساعات 13:48": "2026-01-30T13:48:00+05:00",
    "30 جەلتوقسان, 2025": "2025-12-30",
    "٣٠ قاڭتار، ٢٠٢٦": "2026-01-30",
    "2022-جىلعى 22-جەلتوقسان": "2022-12-22",
    "بۇگىن، 14:05": "2024-12-01T14:05:00+05:00",
    "2 ساعات بۇرىن": "2024-12-01T10:00:00+05:00",
    "Búgin, 14:05": "2024-12-01T14:05:00+05:00",
    "Keshe": "2024-11-30",
    "2 saǵat buryn": "2024-12-01T10:00:00+05:00",
    "Жарияланды: 22 желтоқсан 2022, 14:05": "2022-12-22T14:05:00+06:00",
    "Аймақтар • Бүгін, 09:15": "2024-12-01T09:15:00+05:00",
    "кеше сағат 09:30": "2024-11-30T09:30:00+05:00",
    # a weekday settles the year
    "Жұма, 22 қараша, 23:52": "2024-11-22T23:52:00+05:00",
    "Сенбі, 18 қараша": "2023-11-18",
    "22 қараша, жұма, 23:52": "2024-11-22T23:52:00+05:00",
    "Воскресенье, 6 октября": "2024-10-06",
    # Russian and English, as printed over Kazakh texts
    "Среда, 07 Июнь 2017 05:22": "2017-06-07T05:22:00+06:00",
    "Сегодня | 19:40": "2024-12-01T19:40:00+05:00",
    "19:40, сегодня": "2024-12-01T19:40:00+05:00",
    "10 апреля 2024 15:57": "2024-04-10T15:57:00+05:00",
    "24 декабря 2022 г. в 18:40": "2022-12-24T18:40:00+06:00",
    "«22» декабря 2022 года": "2022-12-22",
    "24 дек, 18:40": "2023-12-24T18:40:00+06:00",
    "час назад": "2024-12-01T11:00:00+05:00",
    "час 20 минут назад": "2024-12-01T10:40:00+05:00",
    "неделю 2 дня назад": "2024-11-22",
    "2 часа минуту назад": "2024-12-01T09:59:00+05:00",
    "тихий час, 20 минут назад": "2024-12-01T11:40:00+05:00",
    "позавчера": "2024-11-29",
    "December 22, 2022 2:05 pm": "2022-12-22T14:05:00+06:00",
    "22nd of December 2022": "2022-12-22",
    "an hour ago": "2024-12-01T11:00:00+05:00",
    # numbers
    "22.12.2022": "2022-12-22",
    "5.2.2022 9:05": "2022-02-05T09:05:00+06:00",
    "22.12.22 / 14:05": "2022-12-22T14:05:00+06:00",
    "22/12/2022": "2022-12-22",
    "05/12/2022": "2022-12-05",
    "12/22/2022": "2022-12-22",
    "22-12-2022, 14:05": "2022-12-22T14:05:00+06:00",
    "2022-12-22": "2022-12-22",
    "2022-12-22 14:05:33": "2022-12-22T14:05:33+06:00",
    "22.12.2022 24:00": "2022-12-23T00:00:00+06:00",
    "22.12.2022 ж. сағат 9.30-да": "2022-12-22T09:30:00+06:00",
    "22.12.2022 12:15 AM": "2022-12-22T00:15:00+06:00",
    "22.12.2022 14:05 (UTC+3)": "2022-12-22T14:05:00+03:00",
    "22.12.2022 14:05 МСК": "2022-12-22T14:05:00+03:00",
    "22.12.2022 14:05-15:30": "2022-12-22T14:05:00+06:00",
    "22.12.2022 25:61": "2022-12-22",
    # lines as real sites print them
    "Айдар 153 0 пікір 30 қаңтар, 2026 сағат 13:48": "2026-01-30T13:48:00+05:00",
    "Жұма, 11 Мамыр , 2018 13:38": "2018-05-11T13:38:00+06:00",
    "11:17, 17 Qazan 2023": "2023-10-17T11:17:00+06:00",
    "28.09.2017 16:09 3032": "2017-09-28T16:09:00+06:00",
    "29.06.2021 6268 0": "2021-06-29",
    "Мұрағат: 23.01.2017": "2017-01-23",
    "Обновлено 19.12.2025 11:29": "2025-12-19T11:29:00+05:00",
    "22 қараша, 2022 рет оқылды": "2024-11-22",
    "2 күн бұрын (20.11.2024)": "2024-11-20",
    "Казань, 22 декабря 2022": "2022-12-22",
    "22\u00ad желтоқ\u00adсан\u00a02022\u200b": "2022-12-22",
    # counted back
    "2 күн бұрын": "2024-11-29",
    "3 күн бұрын, 14:05": "2024-11-28T14:05:00+05:00",
    "1 апта бұрын": "2024-11-24",
    "жарты сағат бұрын": "2024-12-01T11:30:00+05:00",
    "2 сағат 15 минут бұрын": "2024-12-01T09:45:00+05:00",
    # a year from the fetch time
    "1 желтоқсан": "2024-12-01",
    "2 желтоқсан": "2024-12-02",
    "3 желтоқсан": "2023-12-03",
    "29 ақпан": "2024-02-29",
}


@pytest.mark.parametrize(("text", "expected"), PRINTED.items())
def test_printed(text: str, expected: str) -> None:
    assert iso(text) == expected


UNKNOWABLE = [
    "2022 жылғы 5 және 7 желтоқсан",
    "2021 жылдың 5-інен 10 мамырға дейін",
    "2021 жылдың 5 мамырынан 10 мамырына дейін",
    "20 - 22 желтоқсан 2022",
    "5 желтоқсан – 7 желтоқсан 2022",
    "с 5 по 10 мая 2021",
    "5 и 7 декабря 2022 года",
    "December 5 - 7, 2022",
    "минут назад",
    "дней назад",
    "Дүйсенбі–жұма 09:00-18:00",
    "келесі жұма",
    "",
    "2022",
    "12",
    "мамыр",
    "4057",
    "14:05",
    "жұма",
    "Күні: , 48 рет оқылды",
    "32.13.2021",
    "31 ақпан 2023",
    "0000-00-00 00:00:00",
    "2022-13-01",
    "1989-12-31",
    "2101-01-01",
    "1941 жылғы 22 маусым",
    "22 маусым 1941",
    "Желтоқсан 2024 (22)",
    "Месяц: Декабрь 2023",
    "қазан айы, 2022",
    "20-22 желтоқсан 2022",
    "20.11.2024-22.11.2024",
    "22 қараша 22",
    "2022 22 желтоқсан",
    "Бейсенбі, 22 қараша",  # no such year among the last six
    "мамыр 12 рет",
    "12 там рет",
    "24 мин оқу үшін",
    "бірнеше сағат бұрын",
    "несколько часов назад",
    "бір-екі сағат бұрын",
    "half an hour ago",
    "3,5 сағат бұрын",
    "2 ай бұрын",
    "5 жыл бұрын",
    "2 years, 5 months ago",
    "14.XIII.2021",
    "31.II.2021",
    "14 и 2021",
    "14.в.2021",
    "1.I.2021-5.I.2021",
    "ертең 14:05",
    "24-12-22",
    "12.05.68",
    "8 (7262) 45-12-24",
    "192.168.10.12",
    "1.2.2022.5",
    "1671699900",
]


@pytest.mark.parametrize("text", UNKNOWABLE)
def test_unknowable_is_none(text: str) -> None:
    assert iso(text) is None
    assert not find_dates(text, zone=ALMATY, fetched_at=NOW)


@pytest.mark.parametrize(
    "text",
    ["Бүгін, 14:05", "кеше", "2 сағат бұрын", "4 мамырда", "Жұма, 22 қараша", "алдыңғы күні"],
)
def test_nothing_is_known_without_the_fetch_time(text: str) -> None:
    assert iso(text, fetched_at=None) is None
    assert iso(text) is not None


def test_flags_and_raw() -> None:
    def read(text: str) -> ParsedDate | None:
        return parse_date(text, zone=ALMATY, fetched_at=NOW)

    assert read("Күні:  22\u00a0желтоқсан 2022, 14:05 | 48 рет") == ParsedDate(
        datetime(2022, 12, 22, 14, 5, tzinfo=ALMATY), "22 желтоқсан 2022, 14:05", False, False
    )
    assert read("Жұма, 22 қараша") == ParsedDate(date(2024, 11, 22), "Жұма, 22 қараша", True, False)
    assert read("Аймақтар • Кеше") == ParsedDate(date(2024, 11, 30), "Кеше", False, True)


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        ("11 months, 4 weeks ago", "2023-12-04"),
        ("1 жыл 2 күн бұрын", "2023-11-29"),
        ("1 jyl 2 kún buryn", "2023-11-29"),
        ("1 жыл, 3 ай, 2 күн бұрын", "2023-08-30"),
        ("1 жыл және 2 апта бұрын", "2023-11-17"),
        ("2 года и 3 дня назад", "2022-11-28"),
        ("5 лет 1 неделю назад", "2019-11-24"),
        ("1 month, 2 hours ago", "2024-11-01"),
        ("2 апта бұрын", "2024-11-17"),
        ("1 жыл 2 ай бұрын", None),
        ("1 год назад", None),
        ("99 years 2 days ago", None),
    ],
)
def test_ages_of_several_units(age: str, expected: str | None) -> None:
    assert iso(age) == expected
    assert iso(age, fetched_at=None) is None


def test_day_first_decides_only_what_is_ambiguous() -> None:
    assert iso("05.12.2022", day_first=False) == "2022-12-05"
    assert iso("05/12/2022", day_first=False) == "2022-05-12"
    assert iso("22/12/2022", day_first=False) == "2022-12-22"
    assert iso("2022-05-12", day_first=False) == "2022-05-12"


@pytest.mark.parametrize(
    ("zone", "text", "expected"),
    [
        ("Asia/Almaty", "29 ақпан 2024 23:30", "2024-02-29T23:30:00+06:00"),
        ("Asia/Almaty", "1 наурыз 2024 00:30", "2024-03-01T00:30:00+05:00"),
        ("Asia/Qyzylorda", "20 желтоқсан 2018 23:30", "2018-12-20T23:30:00+06:00"),
        ("Asia/Qyzylorda", "21 желтоқсан 2018 00:30", "2018-12-21T00:30:00+05:00"),
        ("Asia/Aqtobe", "29 ақпан 2024 23:30", "2024-02-29T23:30:00+05:00"),
    ],
)
def test_wall_clock_of_the_site(zone: str, text: str, expected: str) -> None:
    assert iso(text, zone=ZoneInfo(zone)) == expected


def test_today_is_the_day_at_the_site() -> None:
    late = datetime(2024, 11, 30, 20, 30, tzinfo=UTC)  # 1:30 next morning in Almaty
    assert iso("Бүгін", fetched_at=late) == "2024-12-01"
    assert iso("2 сағат бұрын", fetched_at=late) == "2024-11-30T23:30:00+05:00"
    assert iso("Бүгін", fetched_at=late.replace(tzinfo=None)) == "2024-11-30"


def test_hours_are_counted_across_the_change_of_zone() -> None:
    fetched = datetime(2024, 3, 1, 0, 30, tzinfo=ALMATY)
    assert iso("2 сағат бұрын", fetched_at=fetched) == "2024-02-29T23:30:00+06:00"


def test_find_dates() -> None:
    def found(text: str) -> list[str]:
        return [d.isoformat() for d in find_dates(text, zone=ALMATY, fetched_at=NOW)]

    assert found("Аймақтар • Бүгін, 09:15 • 385 рет көрсетілді") == ["2024-12-01T09:15:00+05:00"]
    after = ["2022-12-22T14:05:00+06:00", "2022-12-23T15:10:00+06:00"]
    assert found("22 желтоқсан 2022 14:05 23 желтоқсан 2022 15:10") == after
    assert found("14:05 22 желтоқсан 2022 15:10 23 желтоқсан 2022") == after
    assert found("32.13.2021, 22.12.2022") == ["2022-12-22"]
    assert found("Тіркеу №12996-ИА, тел. 4057, USD 327") == []


MACHINE = {
    "2022-12-22": "2022-12-22",
    "2022-12-22T14:05": "2022-12-22T14:05:00+06:00",
    "2022-12-22T14:05:00": "2022-12-22T14:05:00+06:00",
    "2022-12-22T14:05:00+00:00": "2022-12-22T14:05:00+00:00",
    "2022-12-22T14:05:00Z": "2022-12-22T14:05:00+00:00",
    "2022-12-22T14:05:00.123456+06:00": "2022-12-22T14:05:00+06:00",
    "2022-12-22T14:05:00+0600": "2022-12-22T14:05:00+06:00",
    "2022-12-22 14:05:00 +06:00": "2022-12-22T14:05:00+06:00",
    "2022-12-22T14:05:00-05:00": "2022-12-22T14:05:00-05:00",
    "2022-12-22T24:00:00Z": "2022-12-23T00:00:00+00:00",
    "20221222": "2022-12-22",
    "20221222T140500Z": "2022-12-22T14:05:00+00:00",
    "Thu, 22 Dec 2022 14:05:00 +0600": "2022-12-22T14:05:00+06:00",
    "Thu, 22 Dec 2022 14:05:00 GMT": "2022-12-22T14:05:00+00:00",
    "Thu, 22 Dec 2022 14:05:00 EST": "2022-12-22T14:05:00-05:00",
    "Thu, 22 Dec 22 14:05:00 +0600": "2022-12-22T14:05:00+06:00",
    "Чт, 22 дек 2022 14:05:00 +0600": "2022-12-22T14:05:00+06:00",
    "Thursday, 22-Dec-2022 14:05:00 GMT": "2022-12-22T14:05:00+00:00",
    "Thu Dec 22 14:05:00 2022": "2022-12-22T14:05:00+06:00",
    "Thu Dec 22 14:05:00 UTC 2022": "2022-12-22T14:05:00+00:00",
    "Thu Dec 22 2022 14:05:00 GMT+0600 (East Kazakhstan Time)": "2022-12-22T14:05:00+06:00",
    "1671699900": "2022-12-22T15:05:00+06:00",
    "1671699900000": "2022-12-22T15:05:00+06:00",
    "1671699900.25": "2022-12-22T15:05:00+06:00",
    " 22.12.2022 14:05 ": "2022-12-22T14:05:00+06:00",
    "22 желтоқсан 2022": "2022-12-22",
    "": None,
    "2022": None,
    "2022-12": None,
    "20221322": None,
    "0000-00-00 00:00:00": None,
    "-0001-11-30T00:00:00+00:00": None,
    "0": None,
    "123456789": None,
    "9999999999999": None,
    "P1D": None,
}


@pytest.mark.parametrize(("text", "expected"), MACHINE.items())
def test_machine(text: str, expected: str | None) -> None:
    parsed = parse_machine(text, zone=ALMATY, fetched_at=NOW)
    assert (parsed.isoformat() if parsed else None) == expected


# --- many dates ----------------------------------------------------------------------------------

MONTHS = {
    "Kazakh": """қаңтар ақпан наурыз сәуір мамыр маусым
        шілде тамыз қыркүйек қазан қараша желтоқсан""",
    "Kazakh without Kazakh letters": """кантар акпан наурыз сауир мамыр маусым
        шилде тамыз кыркуйек казан караша желтоксан""",
    "Kazakh with Latin look-alikes": """қaңтap aқпaн нaуpыз сәуip мaмыp мaусым
        шiлдe тaмыз қыpкүйeк қaзaн қapaшa жeлтoқсaн""",
    "Latin of 2018": """qańtar aqpan naýryz sáýir mamyr maýsym
        shilde tamyz qyrkúıek qazan qarasha jeltoqsan""",
    "Latin of 2021": """qañtar aqpan nauryz säuır mamyr mausym
        şılde tamyz qyrküiek qazan qaraşa jeltoqsan""",
    "Latin, ad hoc": """kantar akpan nauryz sauir mamyr mausym
        shilde tamyz kyrkuyek kazan karasha zheltoksan""",
    "Arabic script": """قاڭتار اقپان ناۋرىز ءساۋىر مامىر ماۋسىم
        شىلدە تامىز قىركۇيەك قازان قاراشا جەلتوقسان""",
    "Russian": """января февраля марта апреля мая июня
        июля августа сентября октября ноября декабря""",
    "Russian nominative": """январь февраль март апрель май июнь
        июль август сентябрь октябрь ноябрь декабрь""",
    "English": """january february march april may june
        july august september october november december""",
}
ENDINGS = """ның нің дың дің тың тің да де та те нда нде ы і сы сі ында інде сында сінде ға ге қа ке
    дан ден тан тен нан нен ды ді ты ті ны ні дағы дегі тағы тегі ындағы"""
ABBREVIATED = [
    "қаң ақп нау сәу мам мау шіл там қыр қаз қар жел",
    "янв фев мар апр мая июн июл авг сен окт ноя дек",
    "jan feb mar apr may jun jul aug sep oct nov dec",
]
WEEKDAYS = [
    "дүйсенбі сейсенбі сәрсенбі бейсенбі жұма сенбі жексенбі",
    "dúısenbi seısenbi sársenbi beısenbi juma senbi jeksenbi",
    "دۇيسەنبى سەيسەنبى سارسەنبى بەيسەنبى جۇما سەنبى جەكسەنبى",
    "понедельник вторник среда четверг пятница суббота воскресенье",
    "mon tue wed thu fri sat sun",
]


@pytest.mark.parametrize("months", [*MONTHS.values(), *ABBREVIATED])
def test_every_month_in_every_script(months: str) -> None:
    for number, month in enumerate(months.split(), 1):
        for word in (month, month.upper(), month.title(), month + "."):
            assert iso(f"22 {word} 2022", fetched_at=None) == f"2022-{number:02}-22", word


def test_every_ending_of_every_month() -> None:
    for number, month in enumerate(MONTHS["Kazakh"].split(), 1):
        for ending in ENDINGS.split():
            assert iso(f"2022 жылғы 22 {month}{ending}") == f"2022-{number:02}-22", month + ending


@pytest.mark.parametrize("weekdays", WEEKDAYS)
def test_every_weekday_settles_the_year(weekdays: str) -> None:
    for index, weekday in enumerate(weekdays.split()):
        # from 2019 to 2024 the 24th was neither a Monday nor a Saturday
        years = [y for y in range(2024, 2018, -1) if date(y, 11, 24).weekday() == index]
        expected = date(years[0], 11, 24).isoformat() if years else None
        assert iso(f"{weekday}, 24 қараша") == expected, weekday


Form = Callable[[datetime, str, str], str]
BARE: list[Form] = [
    lambda d, m, w: f"{d.day} {m} {d.year}",
    lambda d, m, w: f"{d.day:02} {m}, {d.year}",
    lambda d, m, w: f"{w}, {d.day} {m} {d.year}",
    lambda d, m, w: f"{d.day}-{m} {d.year} ж.",
    lambda d, m, w: f"{d.year} жылғы {d.day} {m}",
    lambda d, m, w: f"{d.year} ж. {d.day} {m}",
    lambda d, m, w: f"{m} {d.day}, {d.year}",
    lambda d, m, w: f"{m} {d.day}-сі, {d.year} жыл",
    lambda d, m, w: f"{d:%d.%m.%Y}",
    lambda d, m, w: f"{d.day}.{d.month}.{d.year} ж.",
    lambda d, m, w: f"{d:%d/%m/%Y}",
    lambda d, m, w: f"{d:%d-%m-%Y}",
    lambda d, m, w: f"{d:%d.%m.%y}",
    lambda d, m, w: f"{d:%Y-%m-%d}",
    lambda d, m, w: f"{d:%Y.%m.%d}",
]
CLOCK: list[Callable[[datetime, str], str]] = [
    lambda d, day: f"{day}",
    lambda d, day: f"{day} {d:%H:%M}",
    lambda d, day: f"{day}, {d:%H:%M}",
    lambda d, day: f"{day} сағат {d:%H:%M}",
    lambda d, day: f"{day} | {d.hour}:{d:%M:%S}",
    lambda d, day: f"{d:%H:%M}, {day}",
    lambda d, day: f"{d:%H:%M} / {day}",
    lambda d, day: f"{day} - {d:%I:%M %p}",
]
AROUND = ["{}", "Жарияланды: {}", "Қоғам • {} • 385 рет көрсетілді", "Айдар 153 0 пікір {}", "({})"]


@pytest.mark.parametrize("seed", range(10))
def test_ten_thousand_dates_come_back(seed: int) -> None:
    """Run for ten seeds: 100,000 printed dates, every script and form, each read back exactly."""
    rng = random.Random(seed)
    months = [line.split() for line in MONTHS.values()]
    weekdays = [line.split() for line in WEEKDAYS]
    for _ in range(10_000):
        moment = datetime(1990, 1, 1, tzinfo=ALMATY) + timedelta(
            seconds=rng.randrange(110 * 365 * 86400)
        )
        form = rng.choice(BARE)
        if form is BARE[12]:
            moment = moment.replace(year=rng.randrange(1990, 2050), day=min(moment.day, 28))
        month = rng.choice(months)[moment.month - 1]
        weekday = rng.choice(weekdays)[moment.weekday()]
        number = rng.randrange(len(CLOCK))
        text = CLOCK[number](moment, form(moment, month, weekday))
        text = rng.choice(AROUND).format(text)
        moment = moment.replace(second=moment.second if number == 4 else 0, fold=0)
        parsed = parse_date(text, zone=ALMATY)
        assert parsed is not None, text
        assert parsed.value == (moment if number else moment.date()), text
        assert not parsed.year_inferred and not parsed.relative


def test_yearless_dates_of_the_last_year_come_back() -> None:
    for days in range(1, 365):
        day = (NOW - timedelta(days=days)).date()
        month = MONTHS["Kazakh"].split()[day.month - 1]
        weekday = WEEKDAYS[0].split()[day.weekday()]
        for text in (f"{day.day} {month}", f"{weekday}, {day.day} {month}", f"{month} {day.day}"):
            parsed = parse_date(text, zone=ALMATY, fetched_at=NOW)
            assert parsed and parsed.value == day and parsed.year_inferred, text


@given(st.datetimes(datetime(1990, 1, 2), datetime(2100, 12, 30)), st.integers(-12 * 4, 14 * 4))
def test_machine_values_come_back(moment: datetime, quarters: int) -> None:
    moment = moment.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=15 * quarters)))
    for text in (
        moment.isoformat(),
        f"{moment:%a, %d %b %Y %H:%M:%S %z}",
        f"{moment:%Y%m%dT%H%M%S%z}",
    ):
        parsed = parse_machine(text, zone=ALMATY)
        assert parsed and parsed.value == moment, text
        assert parsed.value.isoformat() == moment.isoformat()
    epoch = parse_machine(str(int(moment.timestamp())), zone=ALMATY)
    assert epoch and epoch.value == moment


# --- hostile text --------------------------------------------------------------------------------

PIECES = """22 5 31 2022 1999 14:05 24:00 9.30 . , : / - – • | ( ) « + ' " желтоқсан мамырда жел.
Qańtar قاڭتار мая Dec жұма ср. сағат ساعات бұрын назад ago бүгін кеше алдыңғы күні 2 бір час рет ж.
жылғы -сі UTC Z +06:00 pm т ٢٢ 99999999999 22.12.2022 2022-12-22T14:05 \u00ad \u200f"""
texts = st.text(max_size=60) | st.lists(st.sampled_from(PIECES.split()), max_size=12).map(" ".join)
texts |= st.lists(st.sampled_from(PIECES.split()), max_size=12).map("".join)
fetches = st.none() | st.datetimes() | st.datetimes(timezones=st.just(UTC))
zones = st.sampled_from([ALMATY, ZoneInfo("UTC"), ZoneInfo("America/New_York")])


@settings(max_examples=1000, deadline=None)
@given(texts, zones, fetches, st.booleans())
def test_never_raises_and_never_leaves_its_range(
    text: str, zone: ZoneInfo, fetched_at: datetime | None, day_first: bool
) -> None:
    found = find_dates(text, zone=zone, fetched_at=fetched_at)
    one = parse_date(text, zone=zone, fetched_at=fetched_at, day_first=day_first)
    other = parse_machine(text, zone=zone, fetched_at=fetched_at)
    for parsed in [*found, one, other]:
        if parsed is not None:
            assert 1990 <= parsed.value.year <= 2101
            assert not isinstance(parsed.value, datetime) or parsed.value.tzinfo is not None
            assert parsed.raw
            assert datetime.fromisoformat(parsed.isoformat())


@given(texts)
def test_only_what_is_printed(text: str) -> None:
    """Without a fetch time, year and day of every result stand in the text as numbers."""
    parsed = parse_date(text, zone=ALMATY)
    if parsed is not None and "24:00" not in text and "24.00" not in text:
        digits = "".join(str(int(c)) if c.isdecimal() else c for c in text)
        assert str(parsed.value.day) in digits
        assert str(parsed.value.year)[-2:] in digits


@pytest.mark.parametrize(
    "piece", ["1 ", "22 жел ", "жұма ", "1.1.", "1:11 ", "2022 ж. ", ", ", "'а", "(", "22.12.2022 "]
)
def test_long_text_is_cheap(piece: str) -> None:
    start = time.perf_counter()
    find_dates(piece * 100_000, zone=ALMATY, fetched_at=NOW)
    assert time.perf_counter() - start < 1


# --- beside dateparser ---------------------------------------------------------------------------


def test_every_month_word_that_dateparser_knows() -> None:
    """Kazakh, Russian and English: the words of its data mean the same month here."""
    english = MONTHS["English"].split()
    for language in ("kk", "ru", "en"):
        module = importlib.import_module(f"dateparser.data.date_translation_data.{language}")
        for number, name in enumerate(english, 1):
            for word in module.info[name]:
                found = find_dates(f"22 {word} 2022", zone=ALMATY)
                assert [d.isoformat() for d in found] == [f"2022-{number:02}-22"], word


def test_dateparser_may_not_guess(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it answers, a value that is not printed in the text is refused."""

    class Answer:
        date_obj = datetime(2022, 12, 23, 18, 0)

    class Parser:
        def get_date_data(self, text: str) -> Answer:
            return Answer()

    text = "22nd of December 2022"
    assert iso(text) == "2022-12-22"
    monkeypatch.setattr("newsbot.extraction.date_fallback._parser", lambda languages: Parser())
    date_fallback._unanimous.cache_clear()
    assert iso(text) is None
    monkeypatch.setattr(Answer, "date_obj", datetime(2022, 12, 22))
    date_fallback._unanimous.cache_clear()
    assert iso(text) == "2022-12-22"
    assert iso(f"{text} 14:05") is None
    date_fallback._unanimous.cache_clear()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("22 Aralık 2022", "2022-12-22"),  # Turkish
        ("Yayınlanma: 22 Aralık 2022 14:05", "2022-12-22T14:05:00+06:00"),
        ("12 Şubat 2024 Pazartesi", "2024-02-12"),
        ("3. Januar 2024", "2024-01-03"),  # German
        ("Donnerstag, 22. Dezember 2022, 14:05 Uhr", "2022-12-22T14:05:00+06:00"),
        ("22-oktabr 2022", "2022-10-22"),  # Uzbek
        ("2022-yil 12-fevral, 14:05", "2022-02-12T14:05:00+06:00"),
        ("22-декабрь, 2022-жыл", "2022-12-22"),  # Kyrgyz
        ("22 oktyabr, 2022", "2022-10-22"),  # Azerbaijani
        ("5 листопада 2023", "2023-11-05"),  # Ukrainian
        ("5 grudnia 2023", "2023-12-05"),  # Polish
        ("22 décembre 2022", "2022-12-22"),
        ("14:05, 22 Aralık 2022", "2022-12-22T14:05:00+06:00"),
        ("22 de diciembre de 2022", "2022-12-22"),
    ],
)
def test_dates_in_other_languages(text: str, expected: str) -> None:
    assert iso(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Aralık 2022",  # no day
        "22 Aralık",  # no year
        "31 Şubat 2023",  # no such day
        "22 Aralık 2022 - 23 Aralık 2022",
        "20 ara 2024",  # short for Aralık, and a Kazakh word
        "22 eki 2022",  # short for Ekim, and «two»
        "7 орын 2024",
        "12 мектеп 2024",
        "10 балл 2022",
        "Ankara'da 22 Aralık 2022 günü yapılan toplantıda konuşan bakan, üretimin arttığını söyledi",
    ],
)
def test_other_languages_are_no_licence_to_guess(text: str) -> None:
    assert iso(text) is None


def test_languages_must_agree_on_the_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """«Listopad» is October to a Croat and November to a Pole: then nobody knows."""
    monkeypatch.setattr("newsbot.extraction.date_fallback._OTHERS", ("pl", "hr"))
    date_fallback._unanimous.cache_clear()
    assert iso("5 listopada 2023") is None
    monkeypatch.setattr("newsbot.extraction.date_fallback._OTHERS", ("pl",))
    date_fallback._unanimous.cache_clear()
    assert iso("5 listopada 2023") == "2023-11-05"
    date_fallback._unanimous.cache_clear()


def test_a_turkish_page() -> None:
    page = (
        "<html lang='tr'><title>Yeni okul</title><body><article><h1>Yeni okul açıldı</h1>"
        "<div class='date'>22 Aralık 2022 14:05</div><div class='text'>"
        + "<p>Köyde bugün yeni okul açıldı, yüz öğrenci derslere başladı.</p>" * 4
        + "</div></article></html>"
    )
    article = extract(page.encode(), "https://gazete.example/haber/1")
    assert article.published == "2022-12-22T14:05:00+06:00"
    assert (article.published_raw, article.sources["published"]) == (
        "22 Aralık 2022 14:05",
        "printed",
    )
