"""bench/stories: near-duplicates that were planted among articles, how many are found and how fast.

    python -m bench.stories FILE --articles 200000    one sentence a line, or JSON lines with "s"

Articles are random sentences, so that any two may share some without being one story. Some are
reprinted by other papers and changed on the way; precision and recall count pairs of articles.
Decoys: notices that differ in their numbers or names, articles that quote a paragraph of another one,
and boilerplate below each article of a paper.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
import resource
import sqlite3
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path

from archive.kazakh.transliterate import to_arabic, to_latin
from archive.store import Store
from archive.store.stories import link

START = datetime(2020, 1, 1, tzinfo=UTC)
PARAGRAPH = (1, 4)
"""Sentences of a paragraph, from and to."""
STORIES = 0.1
"""Part of the articles that others reprint."""
COPIES = (1, 4)
"""Reprints of a story, from and to."""
NOTICES = 0.02
"""Part of the articles that are notices and forms."""
QUOTING = 0.05
"""Part of the articles that another one quotes: a third of that one is a paragraph of this one."""
SITES = 25
WITH_BOILERPLATE = 8
Paragraphs = list[list[str]]


@dataclass(slots=True)
class Planted:
    """One article; `story` is the number of the one it belongs to, `change` what was done to it."""

    site: int
    title: str
    text: str
    published: datetime
    story: int
    change: str


def sentences_of(path: Path) -> list[str]:
    """Sentences of a file: a line each, or the `s` of JSON lines (a string or a list)."""
    data = path.read_bytes()
    if path.suffix == ".gz":
        data = gzip.decompress(data)
    found: list[str] = []
    for line in data.decode().splitlines():
        value = json.loads(line)["s"] if line.startswith("{") else line
        text = value if isinstance(value, str) else " ".join(value)
        found += re.split(r"(?<=[.!?…])\s+", text.strip())
    return [sentence for sentence in dict.fromkeys(found) if 3 <= len(sentence.split()) <= 60]


def printed(paragraphs: Paragraphs) -> str:
    return "\n\n".join(" ".join(sentences) for sentences in paragraphs if sentences)


# -- what a reprinting paper does -------------------------------------------------------------------


def cut(text: Paragraphs, rng: random.Random, words: list[str]) -> Paragraphs:
    """The end is left out: 30 to 70 % of the sentences stay, two at least."""
    flat = [(n, s) for n, sentences in enumerate(text) for s in sentences]
    keep = max(2, round(len(flat) * rng.uniform(0.3, 0.7)))
    kept: defaultdict[int, list[str]] = defaultdict(list)
    for paragraph, sentence in flat[:keep]:
        kept[paragraph].append(sentence)
    return list(kept.values())


def thinned(text: Paragraphs, rng: random.Random, words: list[str]) -> Paragraphs:
    """Two sentences in five are left out, anywhere."""
    flat = [(n, s) for n, sentences in enumerate(text) for s in sentences]
    chosen = sorted(rng.sample(range(len(flat)), max(1, round(len(flat) * 0.6))))
    kept: defaultdict[int, list[str]] = defaultdict(list)
    for place in chosen:
        kept[flat[place][0]].append(flat[place][1])
    return list(kept.values())


def reordered(text: Paragraphs, rng: random.Random, words: list[str]) -> Paragraphs:
    """Paragraphs in another order."""
    return rng.sample(text, len(text))


def shuffled(text: Paragraphs, rng: random.Random, words: list[str]) -> Paragraphs:
    """Every sentence in another place."""
    flat = [s for sentences in text for s in sentences]
    rng.shuffle(flat)
    return [flat[start : start + 3] for start in range(0, len(flat), 3)]


def middle_cut(text: Paragraphs, rng: random.Random, words: list[str]) -> Paragraphs:
    """A third of the sentences is left out in the middle."""
    flat = [s for sentences in text for s in sentences]
    third = max(1, len(flat) // 3)
    return [flat[:third], flat[2 * third :]]


def replaced(part: float) -> Callable[..., Paragraphs]:
    """So many words are other ones."""
    return lambda text, rng, words: [
        [
            " ".join(rng.choice(words) if rng.random() < part else word for word in s.split())
            for s in sentences
        ]
        for sentences in text
    ]


def reworded(text: Paragraphs, rng: random.Random, words: list[str]) -> Paragraphs:
    """Every eighth word is another one, and so is a sentence in ten."""
    new = [
        " ".join(rng.choice(words) if rng.random() < 0.125 else word for word in sentence.split())
        for sentences in text
        for sentence in sentences
    ]
    for place in range(len(new)):
        if rng.random() < 0.1:
            new[place] = " ".join(rng.choices(words, k=12)) + "."
    rest = iter(new)
    return [[next(rest) for _ in sentences] for sentences in text]


def inflected(text: Paragraphs, rng: random.Random, words: list[str]) -> Paragraphs:
    """Every sixth word has another ending."""

    def change(word: str) -> str:
        return word[:-2] + "дың" if len(word) > 5 and rng.random() < 0.17 else word

    return [[" ".join(map(change, s.split())) for s in sentences] for sentences in text]


def framed(text: Paragraphs, rng: random.Random, words: list[str]) -> Paragraphs:
    """The paper's own lead and end, 20 to 50 words each."""
    lead, end = (" ".join(rng.choices(words, k=rng.randint(20, 50))) + "." for _ in range(2))
    return [[lead], *text, [end]]


def signed(text: Paragraphs, rng: random.Random, words: list[str]) -> Paragraphs:
    """The paper's usual lines above and below."""
    return [
        ["Толығырақ біздің сайтта.", "Бұл туралы тілшіміз хабарлайды."],
        *text,
        ["Дереккөз: облыс әкімдігінің баспасөз қызметі."],
        ["Жаңалықтарды бірінші болып біліңіз: арнамызға жазылыңыз!"],
    ]


def same(text: Paragraphs, rng: random.Random, words: list[str]) -> Paragraphs:
    return text


def each(write: Callable[[str], str]) -> Callable[..., Paragraphs]:
    return lambda text, rng, words: [[write(s) for s in sentences] for sentences in text]


Change = Callable[[Paragraphs, random.Random, list[str]], Paragraphs]
CHANGES: dict[str, tuple[Change, ...]] = {
    "headline only": (same,),
    "cut": (cut,),
    "middle cut": (middle_cut,),
    "thinned": (thinned,),
    "paragraphs reordered": (reordered,),
    "sentences reordered": (shuffled,),
    **{f"{part} % of words replaced": (replaced(part / 100),) for part in (5, 15, 25)},
    "reworded": (reworded,),
    "inflected": (inflected,),
    "signed": (signed,),
    "framed": (framed,),
    "Latin 2018": (each(to_latin),),
    "Latin 2021": (each(lambda text: to_latin(text, year=2021)),),
    "Arabic": (each(to_arabic),),
    "cut, reordered, reworded": (cut, reordered, reworded),
    "thinned, inflected, framed": (thinned, inflected, framed),
    "cut, reworded, Latin 2018": (cut, reworded, each(to_latin)),
}

# -- articles ---------------------------------------------------------------------------------------


def articles(sentences: list[str], number: int, words: int, seed: int) -> Iterator[Planted]:
    """Articles, alone, reprinted, and decoys; so many, or a few more for the last one's reprints."""
    rng = random.Random(seed)
    pool = [word for s in rng.sample(sentences, min(2000, len(sentences))) for word in s.split()]
    boilerplate = {
        site: " ".join(rng.choices(pool, k=25)) + "." for site in range(WITH_BOILERPLATE)
    }
    story = made = 0

    def article(site: int, text: str, at: datetime, change: str, of: int = 0) -> Planted:
        nonlocal made
        made += 1
        if site in boilerplate:
            text += "\n\n" + boilerplate[site]
        return Planted(site, " ".join(rng.choices(pool, k=6)), text, at, of or story, change)

    while made < number:
        story += 1
        site = rng.randrange(SITES)
        at = START + timedelta(minutes=rng.randrange(3_000_000))
        if rng.random() < NOTICES:
            yield article(site, notice(rng), at, "notice")
            continue
        paragraphs: Paragraphs = []
        length, wanted = 0, words * rng.uniform(0.4, 1.6)
        while length < wanted or len(paragraphs) < 2:
            paragraphs.append(rng.sample(sentences, rng.randint(*PARAGRAPH)))
            length += sum(len(s.split()) for s in paragraphs[-1])
        yield article(site, printed(paragraphs), at, "first")
        if rng.random() < QUOTING:
            text = quoting(paragraphs, sentences, rng)
            yield article(rng.randrange(SITES), text, at, "quoting", -story)
        if rng.random() < STORIES:
            for other in rng.sample(range(SITES), rng.randint(*COPIES)):
                change = rng.choice(list(CHANGES))
                changed = paragraphs
                for step in CHANGES[change]:
                    changed = step(changed, rng, pool)
                at += timedelta(minutes=rng.randint(1, 3000))
                yield article(other, printed(changed), at, change)


def quoting(text: Paragraphs, sentences: list[str], rng: random.Random) -> str:
    """Another article with the longest paragraph of this one, which is a third of it at most."""
    paragraph = max(text, key=lambda p: sum(len(s.split()) for s in p))
    wanted = 2 * sum(len(s.split()) for s in paragraph)
    own: Paragraphs = []
    while wanted > 0:
        own.append(rng.sample(sentences, rng.randint(*PARAGRAPH)))
        wanted -= sum(len(s.split()) for s in own[-1])
    own.insert(rng.randrange(len(own) + 1), paragraph)
    return printed(own)


PLACES = "Ақтөбе Орал Атырау Тараз Қызылорда Көкшетау Семей Өскемен Павлодар Қостанай".split()
NAMES = "Айдос Болат Ерлан Серік Мұрат Қайрат Нұрлан Асқар Дәулет Бауыржан Ғалым Талғат".split()
SURNAMES = [
    first + last
    for first in "Сейіт Ахмет Омар Жұмабай Оспан Смағұл Бектұр Есен Мұқан Қуаныш".split()
    for last in ("ов", "баев", "беков", "қызы")
]


def notice(rng: random.Random) -> str:
    """A weather report, a rate of exchange or a condolence: alike but for the numbers or names."""
    n, one = rng.randint, rng.choice
    return rng.choice(
        [
            f"Ертең облыс аумағында ауа райы көшпелі бұлтты болады. Желдің жылдамдығы секундына "
            f"{n(1, 15)}-{n(15, 30)} метр, ауа температурасы түнде {n(-30, 15)}, күндіз {n(-10, 35)} градус. "
            f"Таулы аудандарда тұман түседі.",
            f"Бүгін Қазақстан қор биржасында доллардың орташа бағамы {n(380, 560)},{n(10, 99)} теңге "
            f"болды. Айырбастау бекеттерінде еуро {n(400, 620)}, рубль {n(4, 8)},{n(10, 99)} теңгеден сатылуда.",
            f"{one(PLACES)} облысының әкімдігі мен мәслихаты {one(NAMES)} {one(SURNAMES)} "
            f"{one(['әкесінің', 'анасының', 'бауырының'])} қайтыс болуына байланысты отбасы мен "
            f"туған-туыстарына қайғырып көңіл айтады. Топырағы торқа, иманы саламат болсын.",
        ]
    )


def fill(store: Store, made: Iterable[Planted], seed: int) -> dict[int, tuple[int, str]]:
    """Put articles into an archive, without captures and index; returns story and change by id.

    Ids are drawn, so that the articles of a story do not follow one another.
    """
    rng = random.Random(seed)
    known: dict[int, tuple[int, str]] = {}
    with store.transaction() as c:
        c.executemany(
            "INSERT INTO sites (id, name, url, timezone) VALUES (?1, ?1, ?1, 'Asia/Almaty')",
            [(f"s{site}",) for site in range(SITES)],
        )
        for article in made:
            while (number := rng.getrandbits(31)) in known:
                pass
            known[number] = (article.story, article.change)
            c.execute(
                "INSERT INTO articles (id, site, url, title, text, published, language, first_seen, "
                "last_seen) VALUES (?, ?, ?, ?, ?, ?, 'kk', ?7, ?7)",
                (
                    number, f"s{article.site}", f"https://s{article.site}.example/{number}",
                    article.title, article.text, article.published.isoformat(), START.isoformat(),
                ),
            )  # fmt: skip
    return known


# -- measuring --------------------------------------------------------------------------------------


def pairs(groups: Iterable[list[int]]) -> set[tuple[int, int]]:
    return {pair for group in groups for pair in combinations(sorted(group), 2)}


def report(c: sqlite3.Connection, known: dict[int, tuple[int, str]]) -> None:
    """Precision and recall over pairs; recall of reprint and original by what was changed."""
    story_of = dict(c.execute("SELECT id, story FROM articles WHERE story IS NOT NULL"))
    found, planted = defaultdict(list), defaultdict(list)
    for number, story in story_of.items():
        found[story].append(number)
    for number, (planted_story, _) in known.items():
        planted[planted_story].append(number)
    ours, truth = pairs(found.values()), pairs(planted.values())
    right = len(ours & truth)
    print(
        f"{len(known)} articles, {len(truth)} pairs, {len(ours)} found: "
        f"precision {right / len(ours):.4f}, recall {right / len(truth):.4f}"
    )
    first_of = {story: number for number, (story, change) in known.items() if change == "first"}
    total, hit = Counter[str](), Counter[str]()
    for number, (planted_story, change) in known.items():
        if change in CHANGES:
            total[change] += 1
            story = story_of.get(first_of[planted_story])
            hit[change] += story is not None and story_of.get(number) == story
    for change in CHANGES:
        print(f"  {change:28} {hit[change] / max(1, total[change]):.4f} of {total[change]}")
    wrong = Counter("–".join(sorted((known[a][1], known[b][1]))) for a, b in ours - truth)
    decoys = Counter(change for _, change in known.values() if change in ("quoting", "notice"))
    print("  wrong pairs:", dict(wrong.most_common(8)), "of decoys", dict(decoys))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sentences", type=Path)
    parser.add_argument("--articles", type=int, default=20_000)
    parser.add_argument("--words", type=int, default=250, help="of an article, on average")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runs", type=int, default=2, help="the second one has nothing to write")
    options = parser.parse_args()
    sentences = sentences_of(options.sentences)
    made = articles(sentences, options.articles, options.words, options.seed)
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder)) as store:
        known = fill(store, made, options.seed)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for run in ("first run", "second run")[: options.runs]:
            start, cpu = time.perf_counter(), time.process_time()
            linked = link(store)
            took, used = time.perf_counter() - start, time.process_time() - cpu
            print(f"{run}: {took:.1f} s ({used:.1f} s CPU), {linked}")
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(f"memory: {after >> 10} MiB at most, {before >> 10} MiB of it before linking")
        report(store.connection, known)


if __name__ == "__main__":
    main()
