"""bench/search: how well and how fast search is, beside exact FTS5, prefix and trigram indexes.

    python -m bench.search quality FILE.conllu     a treebank's sentences as documents
    python -m bench.search speed FILE.txt          one sentence a line; articles are made of them
    python -m bench.search hostile                 random and hostile queries over articles of random letters

Quality: a document is relevant where a token has the lemma that is asked for. For every lemma that
stands in two documents or more, the index is asked with a random form of it, and with the lemma.
"""

from __future__ import annotations

import argparse
import itertools
import random
import re
import sqlite3
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from archive.article import Article
from archive.captures import Capture
from archive.errors import ArchiveUsageError
from archive.search import search
from archive.search.expand import Terms, expression
from archive.search.syntax import Word
from archive.store import Store
from archive.store.index import Index
from archive.times import utc
from archive.visit import Visit

WORD = re.compile(r"[^\W\d_]+")
SITES, TAGS = 80, 5000
START = datetime(2026, 1, 1, tzinfo=UTC)
Sentence = list[tuple[str, str]]
"""Form and lemma, both in lower case, of the tokens that are words."""


def read_conllu(path: Path) -> list[Sentence]:
    """Sentences of a treebank; multi-word tokens are given the lemma of their first part."""
    sentences: list[Sentence] = []
    sentence: Sentence = []
    covered, joined = 0, ""
    for line in [*path.read_text("utf-8").splitlines(), ""]:
        if not line.strip():
            if sentence:
                sentences.append(sentence)
            sentence, covered = [], 0
            continue
        if line.startswith("#"):
            continue
        number, form, lemma, *_ = line.split("\t")
        if "-" in number:
            covered, joined = int(number.split("-")[1]), form
            continue
        if "." in number:
            continue
        if int(number) <= covered:
            if not joined:
                continue
            form, joined = joined, ""
        if WORD.fullmatch(form):
            sentence.append((form.lower(), lemma.lower()))
    return sentences


@contextmanager
def archive_of(
    documents: Iterable[tuple[str, str]], kept: Path | None = None, language: str = "kk"
) -> Iterator[sqlite3.Connection]:
    """An archive with these titles and texts: in a temporary folder, or in one that is kept.

    Where the kept one has articles already, it is carried on behind them.
    """
    with ExitStack() as stack:
        folder = kept or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        store = stack.enter_context(Store(folder))
        c = store.connection
        c.execute("PRAGMA synchronous = OFF")
        with store.transaction():
            c.executemany(
                "INSERT OR IGNORE INTO sites (id, name, url, timezone, region) "
                "VALUES (?1, ?1, ?1, 'Asia/Almaty', ?2)",
                [(f"x{site}", f"r{site % 17}") for site in range(SITES)],
            )
            c.executemany(
                "INSERT OR IGNORE INTO tags (id, name) VALUES (?, ?)",
                [(tag, f"тег{tag}") for tag in range(1, TAGS)],
            )
        index = Index(c)
        last = c.execute("SELECT coalesce(max(id), 0) FROM articles").fetchone()[0]
        rows = itertools.islice(enumerate(documents, 1), last, None)
        while batch := list(itertools.islice(rows, 2000)):
            with store.transaction(), index.together():
                for number, (title, text) in batch:
                    day = f"{2010 + number % 16}-{1 + number % 12:02}-{1 + number % 28:02}"
                    site = f"x{min(number * 7919 % SITES, number % SITES)}"
                    c.execute(
                        "INSERT INTO articles (id, site, url, title, text, language, published, first_seen, "
                        "last_seen, section, authors, gone_since) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                        (
                            number, site, f"x:{number}", title, text, language, day, day, day,
                            f"Бөлім {number % 40}", f'["Автор{number % 3000} Аты"]',
                            day if number % 50 == 0 else None,
                        ),
                    )  # fmt: skip
                    for tag in {1 + number % 7, 1 + number % (TAGS - 1)}:
                        c.execute("INSERT INTO article_tags VALUES (?, ?)", (number, tag))
                    index.add(number, title, text, language)
        yield c


def quality(sentences: list[Sentence], seed: int, language: str) -> None:
    """Precision and recall of each way to search, and how good the stems are."""
    chosen = random.Random(seed)
    relevant: dict[str, set[int]] = defaultdict(set)
    forms: dict[str, set[str]] = defaultdict(set)
    for number, sentence in enumerate(sentences, 1):
        for form, lemma in sentence:
            relevant[lemma].add(number)
            forms[lemma].add(form)
    asked = [lemma for lemma in sorted(relevant) if len(relevant[lemma]) > 1]
    queries = {
        "a random form": [(lemma, chosen.choice(sorted(forms[lemma]))) for lemma in asked],
        "the lemma": [(lemma, lemma) for lemma in asked],
    }
    texts = [("", " ".join(form for form, _ in sentence)) for sentence in sentences]
    with archive_of(texts, language=language) as c:
        c.execute(
            "CREATE VIRTUAL TABLE temp.exact USING fts5(text, tokenize='unicode61 remove_diacritics 0')"
        )
        c.execute("CREATE VIRTUAL TABLE temp.trigrams USING fts5(text, tokenize='trigram')")
        for table in ("exact", "trigrams"):
            c.executemany(
                f"INSERT INTO {table} (rowid, text) VALUES (?, ?)",
                [(number, text) for number, (_, text) in enumerate(texts, 1)],
            )

        def ask(table: str, query: str) -> set[int]:
            sql = f"SELECT rowid FROM {table} WHERE {table} MATCH ?"
            return {row[0] for row in c.execute(sql, (query,))}

        ways: dict[str, Callable[[str], set[int]]] = {
            "newsbot": lambda q: ask("articles_fts", expression(c, Word(q), Terms())),
            "exact": lambda q: ask("exact", f'"{q}"'),
            "prefix": lambda q: ask("exact", f'"{q}"*'),
            "trigram": lambda q: ask("trigrams", f'"{q}"'),
        }
        print(f"{len(sentences)} documents, {len(asked)} lemmas; seed {seed}")
        for asking, pairs in queries.items():
            for way, find in ways.items():
                precision, recall = [], []
                for lemma, query in pairs:
                    try:
                        hits = find(query)
                    except ArchiveUsageError:
                        hits = set()
                    good = len(hits & relevant[lemma])
                    precision.append(good / len(hits) if hits else 1.0)
                    recall.append(good / len(relevant[lemma]))
                print(
                    f"  by {asking:14} {way:8} P {statistics.mean(precision):.3f}  R {statistics.mean(recall):.3f}"
                )
        stems = dict(c.execute("SELECT word, stems FROM vocabulary"))
    if language != "kk":
        return
    first = {word: joined.split()[0] for word, joined in stems.items()}
    tokens = [pair for sentence in sentences for pair in sentence]
    exact = statistics.mean(first.get(form) == lemma for form, lemma in tokens)
    ours, theirs = defaultdict(set), defaultdict(set)
    for form, lemma in set(tokens):
        ours[first.get(form, form)].add((form, lemma))
        theirs[lemma].add((form, lemma))
    a, b = (
        {pair for group in groups.values() for pair in itertools.combinations(sorted(group), 2)}
        for groups in (ours, theirs)
    )
    p, r = len(a & b) / max(1, len(a)), len(a & b) / max(1, len(b))
    print(
        f"  stems: exact lemma {exact:.3f}; pairs P {p:.3f} R {r:.3f} F1 {2 * p * r / (p + r):.3f}"
    )


def visit_of(url: str, article: Article) -> Visit:
    """A visit that read an article; its WARC record is taken for written."""
    number = int(url.rsplit("/", 1)[1])
    capture = Capture(
        url=url, fetched_at=utc(START), status=200, content_type="text/html", payload_digest="sha1:",
        payload_length=1, warc="warc/x/x-2026-01.warc.gz", warc_offset=number, warc_length=1,
        warc_crc=1, record_id=f"<urn:x:{number}>",
    )  # fmt: skip
    return Visit(
        site="x", url=url, urls=(url,), fetched_at=START, result="article", article=article,
        captures=[capture], rules="1-0", status=200,
    )  # fmt: skip


def articles_of(
    sentences: list[str], number: int, seed: int, words: int = 250
) -> Iterator[tuple[str, str]]:
    """Titles and texts of about so many words, made of real sentences in random order.

    A few thousand sentences have no words that a million articles have once or ten times. So each article
    gets three that are put together of two, the nth of them one nth as often as the first (Zipf).
    """
    chosen = random.Random(seed)
    parts = sorted(
        {word.lower() for one in sentences for word in WORD.findall(one) if len(word) > 5}
    )
    for _ in range(number):
        picked, size = [_joined(parts, int(_JOINED ** chosen.random())) for _ in range(1)], 1
        while size < words:
            picked.append(chosen.choice(sentences))
            size += picked[-1].count(" ") + 1
        chosen.shuffle(picked)
        paragraphs = [" ".join(picked[i : i + 3]) for i in range(0, len(picked), 3)]
        yield chosen.choice(sentences)[:80], "\n\n".join(paragraphs)


_JOINED = 10_000_000
"""Words that are put together of two, at most."""


def _joined(parts: list[str], number: int) -> str:
    turn, place = divmod(number, len(parts))
    first, second = parts[place], parts[(place * 7919 + turn) % len(parts)]
    return first[: len(first) // 2] + second[len(second) // 2 :]


_APART = 300
"""Sentences at the beginning of the file that only one article each gets, for words that are rare."""


def speed(sentences: list[str], number: int, seed: int, kept: Path | None) -> None:
    """Size, speed of queries, and what stemming costs when articles are stored."""
    chosen = random.Random(seed)
    # The last articles have a sentence each that stands nowhere else, so that rare words are rare.
    sentences, apart = sentences[_APART:], sentences[:_APART]
    made = itertools.chain(
        articles_of(sentences, number - len(apart), seed),
        zip(apart, (text for _, text in articles_of(sentences, len(apart), seed + 1)), strict=True),
    )
    started = time.process_time()
    with archive_of(made, kept) as c:
        taken = time.process_time() - started
        print(f"{number} articles; {taken:.0f} s of CPU time to make and index them", flush=True)
        text = c.execute(
            "SELECT sum(length(CAST(title AS BLOB)) + length(CAST(text AS BLOB))) FROM articles"
        ).fetchone()[0]
        index = c.execute(
            "SELECT sum(pgsize) FROM dbstat WHERE name LIKE 'articles_fts%' OR name LIKE 'vocabulary%'"
        ).fetchone()[0]
        print(f"  index {index / 1e6:.0f} MB, text {text / 1e6:.0f} MB: {index / text:.2f}")
        asked(c, sentences, apart, chosen)
    batch = list(articles_of(sentences, 9000, seed))
    print(
        "  storing, microseconds of CPU time an article (medians; the vocabulary grows in the first third):"
    )
    for name, together in (("in batches of 500", True), ("each by itself, crash-safe", False)):
        _stored(name, batch if together else batch[:3000], together)


def asked(
    c: sqlite3.Connection, sentences: list[str], apart: list[str], chosen: random.Random
) -> None:
    """How long queries take in an archive made of these sentences."""
    words = sorted({w for s in sentences for w in WORD.findall(s.lower()) if len(w) > 3})
    common = [w for s in chosen.sample(sentences, 500) for w in WORD.findall(s) if len(w) > 3]
    forms = sorted({w for s in apart for w in WORD.findall(s.lower()) if len(w) > 3} - {*words})
    chosen.shuffle(forms)
    found = {form: search(c, form, limit=1).total for form in forms[:400]}
    kinds = {
        "two words of running text": [" ".join(chosen.sample(common, 2)) for _ in range(300)],
        "two words of the vocabulary": [" ".join(chosen.sample(words, 2)) for _ in range(300)],
        "a word that 50 articles have, or fewer": [
            w for w, number in found.items() if number <= 50
        ],
        "a rare form of a word that more have": [w for w, number in found.items() if number > 50],
        "one word of running text": chosen.sample(common, 300),
    }
    kinds |= {
        f"a word and {name}": [
            f"{chosen.choice(common)} {name}:{values(chosen)}" for _ in range(100)
        ]
        for name, values in FILTERS_ASKED.items()
    }
    kinds["up to twelve words of a sentence"] = [
        " ".join(WORD.findall(chosen.choice(sentences))[:12]) for _ in range(100)
    ]
    for kind, queries in kinds.items():
        # The better of two runs: the machine is shared.
        runs = [[_timed(c, query) for query in queries] for _ in range(2)]
        _report(
            f"{kind} ({len(queries)})", [tuple(map(min, *pair)) for pair in zip(*runs, strict=True)]
        )


FILTERS_ASKED: dict[str, Callable[[random.Random], str]] = {
    "site": lambda r: f"x{r.randrange(SITES)}",
    "region": lambda r: f"r{r.randrange(17)}",
    "language": lambda r: r.choice(["kk", "ru"]),
    "script": lambda r: r.choice(["Cyrl", "Latn"]),
    "section": lambda r: f'"Бөлім {r.randrange(40)}"',
    "author": lambda r: f"Автор{r.randrange(3000)}",
    "tag": lambda r: f"тег{r.randrange(1, TAGS)}",
    "after": lambda r: f"{r.randrange(2010, 2026)}-{r.randrange(1, 13)}-{r.randrange(1, 29)}",
    "before": lambda r: f"{r.randrange(2010, 2026)}-{r.randrange(1, 13)}-{r.randrange(1, 29)}",
    "seen-after": lambda r: f"{r.randrange(2010, 2026)}-{r.randrange(1, 13)}",
    "gone": lambda r: r.choice(["yes", "no"]),
}
"""Filter → a value of the articles that `archive_of` makes."""

PIECES = (
    'су мектеп* "таза су" « » ( ) - NOT OR AND НЕМЕСЕ И title: site:x1 after:2020 lang:kk tag:тег1 * : ^ " \\ \0 \ud800 '
    "👨\u200d👩\u200d👧 \u0301 \u202e שלום مەكتەپ 漢字 İ ß ѫ ѯsx1 ѳшкол мектептерімізде школами не немесе"
).split(" ")


def random_text(chosen: random.Random, longest: int) -> str:
    """Letters of any kind, joined emoji and accents among them."""
    ranges = (
        (0x20, 0x7E),
        (0x400, 0x52F),
        (0x300, 0x36F),
        (0x590, 0x6FF),
        (0x2000, 0x206F),
        (0x3040, 0x30FF),
        (0x1F300, 0x1FAFF),
    )
    parts = []
    for _ in range(chosen.randint(0, longest)):
        kind = chosen.random()
        if kind < 0.2:
            parts.append(" ")
        elif kind < 0.3:
            parts.append(chosen.choice(PIECES))
        else:
            parts.append(chr(chosen.randint(*chosen.choice(ranges))))
    return "".join(parts)


def hostile_query(chosen: random.Random) -> str:
    """What is hard to answer: very long, deeply nested, hundreds of operators and beginnings."""
    kind = chosen.randrange(6)
    some = chosen.choices(PIECES, k=chosen.randint(1, 60))
    if kind == 0:
        return " OR ".join(some)
    if kind == 1:
        return "(" * chosen.randint(1, 400) + " ".join(some) + ")" * chosen.randint(0, 400)
    if kind == 2:
        return " ".join(word + "*" for word in some)
    if kind == 3:
        return "".join(some) * chosen.randint(1, 200)
    if kind == 4:
        return " -".join(some)
    return random_text(chosen, 4000)


def hostile(articles: int, queries: int, seed: int) -> None:
    """Random and hostile queries over articles of random letters: how many fail, how long the slowest takes."""
    chosen = random.Random(seed)
    texts = (
        (
            random_text(chosen, 20).encode("utf-8", "ignore").decode(),
            random_text(chosen, 1500).encode("utf-8", "ignore").decode(),
        )
        for _ in range(articles)
    )
    with archive_of(texts) as c:
        for kind, number, make in (
            ("random", queries, lambda: random_text(chosen, 40)),
            ("hostile", queries // 10, lambda: hostile_query(chosen)),
        ):
            times, failed = [], 0
            for n in range(number):
                query = make()
                try:
                    times.append(
                        _timed(
                            c, query, order=("best", "newest", "oldest")[n % 3], facets=n % 11 == 0
                        )
                    )
                except Exception as error:
                    failed += 1
                    print(f"  {type(error).__name__}: {error}: {query[:200]!r}")
            print(f"{number} {kind} queries, {failed} failed")
            _report(f"  {kind}", times)


def _timed(c: sqlite3.Connection, query: str, **options: Any) -> tuple[float, ...]:
    """Milliseconds by the clock, and of the processor."""
    started = time.perf_counter(), time.thread_time()
    with suppress(ArchiveUsageError):
        search(c, query, **options)
    return 1000 * (time.perf_counter() - started[0]), 1000 * (time.thread_time() - started[1])


def _report(kind: str, times: list[tuple[float, ...]]) -> None:
    for clock, taken in zip(
        ("clock", "processor"), map(sorted, zip(*times, strict=True)), strict=True
    ):
        p95 = taken[int(0.95 * len(taken))]
        middle = statistics.median(taken)
        print(f"  {kind}, {clock}: median {middle:.1f} ms, p95 {p95:.1f}, most {taken[-1]:.1f}")


def _plain(index: Index, article: int, title: str | None, text: str, _: str | None) -> None:
    """What `Index.add` would be without stems."""
    index._c.execute(
        "INSERT INTO articles_fts (rowid, title, text) VALUES (?, ?, ?)", (article, title, text)
    )


def _stored(name: str, made: list[tuple[str, str]], together: bool) -> None:
    """What storing takes without full-text index, with a plain one, and with stems.

    The three take turns, so that what else the machine does falls on all of them; what is counted
    is CPU time.
    """
    add = Index.add
    ways = {"no index": lambda *_: None, "title and text": _plain, "with stems": add}
    taken: dict[str, list[float]] = {way: [] for way in ways}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        stores = {way: stack.enter_context(Store(Path(folder) / way)) for way in ways}
        for store in stores.values():
            store.save_site({"id": "x", "name": "x", "url": "x", "timezone": "Asia/Almaty"})
        # As SQLite has it where nobody sets it otherwise.
        stores["title and text"].connection.execute(
            "INSERT INTO articles_fts (articles_fts, rank) VALUES ('hashsize', 1048576)"
        )
        for start in range(0, len(made), 500):
            for way, store in stores.items():
                Index.add = ways[way]  # type: ignore[assignment, method-assign]
                started = time.process_time()
                with ExitStack() as inside:
                    if together:
                        inside.enter_context(store.batch())
                        if way == "with stems":
                            inside.enter_context(store.changes.index.together())
                    for number, (title, text) in enumerate(made[start : start + 500], start):
                        url = f"https://x.example/{number}"
                        article = Article(
                            url=url, is_article=True, title=title, text=text, language="kk"
                        )
                        store.record(visit_of(url, article))
                taken[way].append(1e6 * (time.process_time() - started) / 500)
    Index.add = add  # type: ignore[method-assign]
    size = len(taken["no index"]) // 3
    for third in range(3):
        parts = {way: times[third * size : (third + 1) * size] for way, times in taken.items()}
        slower = statistics.median(
            stems / plain
            for stems, plain in zip(parts["with stems"], parts["title and text"], strict=True)
        )
        medians = ", ".join(f"{way} {statistics.median(t):.0f}" for way, t in parts.items())
        print(f"    {name}, third {third + 1}: {medians}; stems against none {slower - 1:+.0%}")


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("what", choices=("quality", "speed", "hostile"))
    parser.add_argument("file", type=Path, nargs="?")
    parser.add_argument("--articles", type=int, default=20_000)
    parser.add_argument("--queries", type=int, default=10_000)
    parser.add_argument("--language", default="kk", help="of the treebank")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--data", type=Path, help="keep the articles in this folder, or use it")
    args = parser.parse_args()
    if args.what == "hostile":
        hostile(args.articles, args.queries, args.seed)
    elif args.what == "quality":
        quality(read_conllu(args.file), args.seed, args.language)
    else:
        sentences = [s for s in args.file.read_text("utf-8").splitlines() if s]
        speed(sentences, args.articles, args.seed, args.data)


if __name__ == "__main__":
    main()
