"""Reads the dates that Kazakh and Russian news pages print, in three scripts, and never guesses.

A text becomes a string of one letter per token (date_tokens.py), and dates are found in that shape by
the patterns below; what they do not find, date_fallback.py may. docs/dates.md tells what is read and
what is refused. Pure: no clock, no network; nothing here raises on any text.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from newsbot.extraction.date_fallback import foreign_date
from newsbot.extraction.date_tokens import (
    CLOCK,
    CLOCK_RE,
    FIRST_YEAR,
    LAST_YEAR,
    LONGEST_TEXT,
    NUMBER,
    ROMAN,
    TO_LATIN,
    Meaning,
    ParsedDate,
    Tokens,
    compiled,
    meaning,
    tokens,
)

__all__ = ["ParsedDate", "find_dates", "parse_date", "parse_machine", "tells_age"]

YEARS_BACK = 5  # how far a weekday may settle a year that was not printed


# --- patterns over the shape ---------------------------------------------------------------------

_GAP = r"(?: [,.|/•()\-:@\"HhG]){0,4} (?:W(?: [,.|/•()\-:@\"Hh]){0,4} )?"
_LEFT = rf"(?<!{NUMBER}[.:/\-])"
_RIGHT = rf"(?![.\-/]{NUMBER}(?!:))"
_DAY = _LEFT + r'"?[nd](?:-?s|-&)?"?'
_YEAR = r"[YQ](?! c)(?: -? G)?\.?"
_NO_SHORT_YEAR = r"(?! ,? '?d(?: (?:$|[G,.|•()/])| [nd]:d))"
_NO_DAY = r"(?<![nd\-])(?<![nd]\s)"
_NAMED = [
    rf"[YQ] -? G \.? ,? (?:M(?: A)? {_DAY}|{_DAY} -? M)",  # 2022 жылғы 22 желтоқсан
    rf"{_LEFT}[YQ] [,\-/.]? [Mm]\.? [\-/]? {_DAY}(?! -? [Mm])",  # 2022-Dec-22
    rf"[YQ] , {_DAY} -? M(?! ,? [YQ])",  # 2022, 22 желтоқсан
    rf"{_DAY} [\-/.]? [Mm](?: A)?\.?(?: ,? \(?W\.?\)?)? [,\-/.]? {_YEAR}",  # 22 желтоқсан 2022 ж.
    rf"[Mm](?: A)?\.? {_DAY} ,? {_YEAR}",  # желтоқсанның 22-сі, 2022 жыл
    rf"(?:{_DAY} -? [Mm]|[Mm]\.? {_DAY}){_GAP}{CLOCK} z?{_GAP}{_YEAR}",  # Dec 22 14:05:00 2022
]
_YEARLESS = [
    rf"{_DAY} -? M(?: A)?{_NO_SHORT_YEAR}",  # 4 мамырда
    rf"{_DAY} -? m(?:\.{_NO_SHORT_YEAR}| $|(?={_GAP}{CLOCK}))",  # 22 жел., 14:05
    rf"{_NO_DAY}M(?: A)? {_LEFT}[nd](?:-?s|-&)(?! -? [Mm])",  # желтоқсанның 22-сі
    rf"{_NO_DAY}[Mm]\.? {_DAY}(?= $| [,|•]|{_GAP}{CLOCK}){_NO_SHORT_YEAR}",  # Dec 22
]
_COUNT = r"(?<![ndt#YQk][.,\-])(?<!v\s)[ndtk]"
_NO_COUNT = rf"(?<!v\s)(?<!{NUMBER}\s)(?<!k\s)"
_UNIT = "[uhUAGj]"  # A and G are the words for month and year that stand in dates too
_RULES = [
    rf"(?P<ymd>{_LEFT}[YQ] (?P<s1>[.\-/]) [nd] (?P=s1) [nd]{_RIGHT}"
    r"|[YQ] -? G -? [nd] -? A [nd] -? u(?! a))",  # 2024 жылғы 5-айдың 14-күні, 2024年5月14日
    rf"(?P<dmy>{_LEFT}[nd] (?P<s2>[.\-/]) [nd] (?P=s2) [YQ]{_RIGHT})",
    rf"(?P<roman>{_LEFT}[nd](?P<s4> ?[.\-/] ?)[s&H](?P=s4)[YQ]{_RIGHT})",  # 14.II.2021
    rf"(?P<dmyy>{_LEFT}d(?P<s3>[./])d(?P=s3)d{_RIGHT}(?!:))",
    rf"(?P<named>{'|'.join(_NAMED)})",
    rf"(?P<yearless>{'|'.join(_YEARLESS)})",
    rf"(?P<ago>(?:{_NO_COUNT}U )?{_COUNT} {_UNIT}\.?(?: [,s&]? (?:{_COUNT} {_UNIT}\.?|U)){{0,3}} a"
    rf"|{_NO_COUNT}(?:U|[uh]\.?) a)",  # час 20 минут назад; час назад
    r"(?P<day>R|E u)",
    rf"(?P<last>L W|^ W(?: u)?(?= ,? (?:[Hh] )?{CLOCK} $))",  # өткен жұма; «Дүйсенбі, 10:00»
]
# first: what a date begins with
_DATE = compiled(rf"(?=[ndtkUuhREYQMmLW\"])(?:{'|'.join(_RULES)})")
# «5 және 7 желтоқсан», «5-інен 10 мамырға», «5 мамырдан 10 маусымға»: several days are no day
_DAYS_BEFORE = compiled(
    r"(?:(?<![:.,/\-])(?P<day>[nd])(?:(?:-?s)? [\-&]|-[s&])|(?P<dated>[nd](?:-?s)? -? [Mm]) [\-&]?) $"
)
_DAYS_AFTER = compiled(rf"(?<=[Mm]) [\-&]? {_DAY} -? [Mm]")
_SPELT = r"(?:[nd] [hu]\.? [nd] [ui](?! a)|d-d(?= $| [|•,)]))"
"""After a day only, as durations and ages are printed alike: «18 сағ 45 мин», «18-45»; `_is_clock` judges."""
_TIME_AFTER = compiled(rf"{_GAP}(?P<time>{CLOCK}|{_SPELT})")
_TIME_BEFORE = compiled(rf"(?P<time>{CLOCK}){_GAP}$")
_WEEKDAY_AFTER = compiled(r"(?: [,.|•(]){0,2} W(?: \))?")
_WEEKDAY_BEFORE = compiled(r"W(?: [,.|•()\-]){0,3} $")
_REACH = 16  # tokens looked back for a time or a weekday: no longer than _GAP can be
_YEAR_BEFORE = compiled(r"Y $")
_OFFSET = re.compile(
    r"\s?\(?(?P<zone>[^\W\d_]{1,4})?(?P<sign>[+\-−])(?P<h>\d\d?)(?::?(?P<m>\d\d))?(?![\d:.])\)?"
    r"|\s?\(?(?P<name>[^\W\d_]{1,4})\b\)?"
)


# --- public --------------------------------------------------------------------------------------


def parse_date(
    text: str, *, zone: ZoneInfo, fetched_at: datetime | None = None, day_first: bool = True
) -> ParsedDate | None:
    """The date in a field such as «Жарияланды: 22 желтоқсан 2022, 14:05», or None.

    Where a text holds several, the first one that is printed in full, else the first. `zone` is
    the site's own; `fetched_at` (naive means in `zone`) settles «Бүгін» and missing years, which
    are None without it. `day_first` decides only 05/12/2022, never 12/22/2022 nor 05.12.2022. Never
    raises.
    """
    shape = tokens(text)
    found = list(_read(shape, zone, fetched_at, day_first))
    if not found:
        return foreign_date(text, zone)
    dates = [parsed for parsed in found if parsed]
    return min(dates, key=lambda parsed: parsed.year_inferred or parsed.relative, default=None)


def find_dates(
    text: str, *, zone: ZoneInfo, fetched_at: datetime | None = None, day_first: bool = True
) -> list[ParsedDate]:
    """Every date in a longer line, in the order printed; arguments as in `parse_date`."""
    return [parsed for parsed in _read(tokens(text), zone, fetched_at, day_first) if parsed]


def tells_age(text: str) -> bool:
    """Whether a text counts back from now, also where no day follows from it: «3 жыл бұрын»."""
    return any(found.lastgroup == "ago" for found in _DATE.finditer(tokens(text).letters))


def parse_machine(
    text: str, *, zone: ZoneInfo, fetched_at: datetime | None = None
) -> ParsedDate | None:
    """A date written for machines: `<time datetime>`, JSON-LD, og:, feeds, unix time; or None.

    Reads ISO 8601 and W3C-DTF (extended or compact), RFC 822 and RFC 2822 dates, `ctime`, seconds
    or milliseconds since 1970, and, as sites are careless, any printed form of `parse_date`. An
    offset is kept as given, right or wrong; without one the time is in `zone`. Never raises.
    """
    text = text[:LONGEST_TEXT].strip()
    if _EPOCH.fullmatch(text):
        seconds = float(text) / (1000 if len(text.partition(".")[0]) > 11 else 1)
        if _EPOCH_FIRST <= seconds < _EPOCH_LAST:
            moment = datetime.fromtimestamp(int(seconds), UTC).astimezone(zone)
            return ParsedDate(moment, text, False, False)
    if compact := _COMPACT.fullmatch(text):
        year, month, day, hour, minute, second, offset = compact.groups(default="")
        clock = f"T{hour}:{minute}:{second or '00'}{offset}" if hour else ""
        parsed = next(_read(tokens(f"{year}-{month}-{day}{clock}"), zone, None, True), None)
        return parsed and ParsedDate(parsed.value, text, False, False)
    found = next(filter(None, _read(tokens(text), zone, fetched_at, True)), None)
    if found is None and _SHORT_YEAR.search(text):
        full = _SHORT_YEAR.sub(lambda year: f"{year[1]}{'20' if year[2] < '50' else '19'}", text)
        found = next(filter(None, _read(tokens(full), zone, fetched_at, True)), None)
        return found and replace(found, raw=text)
    return found


# RFC 822 had years of two digits; RFC 2822 section 4.3 says which century they are
_SHORT_YEAR = re.compile(r"\b(\d\d?[ -][^\W\d_]{3,4}[ -])(?=(\d\d) \d\d:\d\d)")
_EPOCH = re.compile(r"[0-9]{9,13}(?:\.[0-9]{1,9})?")
_EPOCH_FIRST, _EPOCH_LAST = (datetime(y, 1, 1, tzinfo=UTC).timestamp() for y in (1990, 2101))
_COMPACT = re.compile(
    r"([12]\d{3})([01]\d)([0-3]\d)(?:T?([0-2]\d)([0-5]\d)([0-5]\d)?(Z|[+-]\d\d:?\d\d)?)?", re.ASCII
)


# --- reading -------------------------------------------------------------------------------------


def _read(
    shape: Tokens, zone: ZoneInfo, fetched_at: datetime | None, day_first: bool
) -> Iterator[ParsedDate | None]:
    """One result for each thing that looks like a date; None where no day can be known from it."""
    now = _local(fetched_at, zone)
    letters, done = shape.letters, 0  # `done`: the first token that no date has used yet
    for found in _DATE.finditer(letters):
        start, end = found.span()
        rule = found.lastgroup or ""
        if start < done:
            continue
        clock = CLOCK_RE.search(letters, start, end)
        if clock is None and (
            clock := _TIME_BEFORE.search(letters, max(done, start - _REACH), start)
        ):
            start = clock.start()
        elif clock is None and (clock := _TIME_AFTER.match(letters, end)):
            end = clock.end()
        if before := _WEEKDAY_BEFORE.search(letters, max(done, start - _REACH), start):
            start = before.start()
        elif rule == "yearless" and "W" not in letters[start:end]:
            after = _WEEKDAY_AFTER.match(letters, end)
            end = after.end() if after else end
        done = end
        weekday = shape.first("W", start, end)
        if rule in {"named", "yearless"} and _one_of_several(shape, found):
            day = None
        elif rule == "ago":
            day = _count_back(shape, found.span(), now)
        elif rule == "last":
            alone = "L" not in letters[found.start() : found.end()]
            day = _last_weekday(weekday, now, alone)
        elif rule == "day":
            day = _day_back(shape, found.span(), now)
        else:
            day = _calendar_day(shape, found, weekday, now, day_first)
        relative = rule in {"ago", "day", "last"}
        if day is None or not FIRST_YEAR <= day.year <= LAST_YEAR:
            yield None
        else:
            stop = shape.places[end]
            if clock and not isinstance(day, datetime):
                day, after_clock = _at_clock(day, shape, clock.span(clock.lastgroup or 0), zone)
                stop = max(stop, after_clock)
                if rule == "last" and now and isinstance(day, datetime) and day > now:
                    day -= timedelta(weeks=1)
            yield ParsedDate(day, shape.raw(start, stop), rule == "yearless", relative)


def _local(fetched_at: datetime | None, zone: ZoneInfo) -> datetime | None:
    if fetched_at is None or not FIRST_YEAR <= fetched_at.year <= LAST_YEAR:
        return None
    return fetched_at.astimezone(zone) if fetched_at.tzinfo else fetched_at.replace(tzinfo=zone)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _calendar_day(
    shape: Tokens, found: re.Match[str], weekday: int | None, now: datetime | None, day_first: bool
) -> date | None:
    """The day that a match of _DATE prints."""
    numbers = shape.numbers(*found.span())
    match found.lastgroup:
        case "ymd":
            return _date(*numbers[:3])
        case "dmy" | "dmyy":
            # 05.12.2022 is written where the day comes first, whatever the program around it thinks.
            dotted = "." in shape.letters[found.start() : found.end()]
            day, month, year = numbers[:3]
            if not day_first and not dotted:
                day, month = month, day
            if found.lastgroup == "dmyy":
                year += 2000 if year < 50 else 1900
            # 12/22/2022 can be only one day, whatever the site's habit
            return _date(year, month, day) or _date(year, day, month)
        case "roman":
            at = next(i for i in range(*found.span()) if shape.letters[i] in "s&H")
            printed = shape.text[shape.places[at] : shape.places[at + 1]].translate(TO_LATIN)
            return _date(numbers[1], ROMAN.get(printed, 0), numbers[0])
        case "named":
            month = shape.first("Mm", *found.span())
            return _date(shape.first("YQ", *found.span()), month, shape.first("nd", *found.span()))
        case _:
            if _YEAR_BEFORE.search(shape.letters, max(0, found.start() - 2), found.start()):
                return None  # «2022 22 желтоқсан»: a year or a number of views
            month = shape.first("Mm", *found.span())
            return _settle_year(month, shape.first("nd", *found.span()), weekday, now)


def _settle_year(month: int, day: int, weekday: int | None, now: datetime | None) -> date | None:
    """The latest such day not after the day of fetching (and one day's grace for clocks)."""
    if now is None:
        return None
    limit = now.date() + timedelta(days=1)
    for year in range(limit.year, now.year - YEARS_BACK - 1, -1):
        value = _date(year, month, day)
        if value and value <= limit and weekday in {None, value.weekday()}:
            return value
    return None


def _one_of_several(shape: Tokens, found: re.Match[str]) -> bool:
    """Whether a date is the end or the beginning of a span, or one of several days."""
    start = found.start()
    before = _DAYS_BEFORE.search(shape.letters, max(0, start - _REACH), start)
    if before and before["dated"]:
        return True
    if before:
        day = shape.first("nd", before.start("day"), start)
        if 0 < day < (shape.first("nd", *found.span()) or 0) or re.search("-[s&]", before[0]):
            return True
    return bool(_DAYS_AFTER.match(shape.letters, found.end()))


def _last_weekday(weekday: int | None, now: datetime | None, today_too: bool) -> date | None:
    """The latest such day: «өткен жұма» is never today, «Дүйсенбі, 10:00» may be."""
    if now is None or weekday is None:
        return None
    back = (now.weekday() - weekday) % 7
    return now.date() - timedelta(days=back if back or today_too else 7)


def _day_back(shape: Tokens, span: tuple[int, int], now: datetime | None) -> date | None:
    """«бүгін», «кеше», «алдыңғы күні»; `алдыңғы` before any other unit names no day."""
    if now is None or shape.first("u", *span) not in {None, _DAY_SECONDS}:
        return None
    return now.date() - timedelta(days=shape.first("RE", *span))


def _count_back(shape: Tokens, span: tuple[int, int], now: datetime | None) -> date | None:
    """«2 сағат бұрын» is a moment, «2 күн бұрын» a day, and so is «1 жыл 2 күн бұрын».

    Months and years are those of the calendar; by themselves they name no day.
    """
    if now is None:
        return None
    count, total, months, finest = 1.0, 0.0, 0.0, float("inf")
    if shape.letters[span[0]] in "uh" and not shape.first("a", *span):
        return None  # «дней назад»: a number is missing
    for index in range(*span):
        kind, value = shape.letters[index], shape.values[index]
        if kind in "ndtk":
            count = value
        elif kind in "uhU":
            total += count * value
            finest, count = min(finest, value), 1.0
        elif kind in "AGj":
            months += count * value
    if finest > _WEEK_SECONDS or months % 1 or months > _MOST_MONTHS:
        return None
    if finest < _DAY_SECONDS and not months:
        moment = now.astimezone(UTC) - timedelta(seconds=total)
        return moment.astimezone(now.tzinfo).replace(microsecond=0)
    days, rest = divmod(total, _DAY_SECONDS)
    if rest and not months:
        return None
    return _months_back(now.date(), int(months)) - timedelta(days=days)


def _months_back(day: date, months: int) -> date:
    """The same day some months earlier, or the last one of a month that is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


_FIRST_HOUR = 6
_WEEK_SECONDS = 604800
_MOST_MONTHS = 50 * 12
"""No page of a news site is older."""
_DAY_SECONDS = 86400


def _at_clock(day: date, shape: Tokens, span: tuple[int, int], zone: ZoneInfo) -> tuple[date, int]:
    """The day at the printed time, and where in the text that time ends (0: it was no time)."""
    hour, minute, second = [*shape.numbers(*span), 0][:3]
    half = shape.first("p", *span)
    if half is not None and 1 <= hour <= 12:
        hour = hour % 12 + half
    if (hour, minute, second) == (24, 0, 0):
        day, hour = day + timedelta(days=1), 0
    if hour > 23 or minute > 59 or second > 59 or not _is_clock(shape, span):
        return day, 0
    stop = shape.places[span[1]]
    clock = shape.letters[max(0, span[0] - 1) : span[1]]
    iso = clock.count(":") == 2 or clock[0] == "H"
    offset, stop = _offset(shape.text, stop, iso)
    return datetime.combine(day, time(hour, minute, second), offset or zone), stop


def _is_clock(shape: Tokens, span: tuple[int, int]) -> bool:
    """Whether a time is one: not the minutes «5:30 мин», and without colon or dot not «12 күн 18 сағат», nor «10-12».

    «1 сағ 20 мин» is as likely how long something takes: without «в» before it, of hours of one digit only those of
    the day are times, and none before a word in small letters, as in «12 сағат 30 минут бойы».
    """
    letters = shape.letters[slice(*span)]
    if letters[-1] in "ui":
        units = [shape.values[i] for i in range(*span) if shape.letters[i] in "hui"]
        is_told = shape.letters[: span[0]].rstrip()[-1:] == "H"
        is_hour = letters[0] == "d" or shape.values[span[0]] >= _FIRST_HOUR
        goes_on = _NEXT_WORD.match(shape.text, shape.places[span[1]])
        return units == [3600, 60] and (
            is_told or (is_hour and not (goes_on and goes_on["letter"].islower()))
        )
    if _MINUTES.match(shape.letters, span[1]) and shape.first("ui", span[1], span[1] + 2) == 60:
        return False
    return letters != "d-d" or shape.values[span[1] - 1] > 24


_NEXT_WORD = re.compile(r"[\s.,]*+(?:\d++\s*+[^\W\d_]++[\s.,]*+)?+(?P<letter>[^\W\d_])")
"""What follows a time in words and its seconds, if it is a word."""
_MINUTES = compiled(" [ui]")


def _offset(text: str, position: int, iso: bool) -> tuple[tzinfo | None, int]:
    """The offset printed at `position`, and its end. `iso`: a minus there cannot mean "until"."""
    found = _OFFSET.match(text, position)
    if found is None:
        return None, position
    name = found["zone"] or found["name"]
    place = meaning(name) if name else Meaning("z", "UTC")
    if place.kind != "z":
        return None, position
    if found["name"]:
        return ZoneInfo(str(place.value)), found.end()
    tight = not found[0][0].isspace()
    minutes = 60 * int(found["h"]) + int(found["m"] or 0)
    sure = found["zone"] or found["m"] or (tight and len(found["h"]) == 2)
    if not sure or minutes > 14 * 60 or (found["sign"] != "+" and not iso and not found["zone"]):
        return None, position
    return timezone(timedelta(minutes=minutes if found["sign"] == "+" else -minutes)), found.end()
