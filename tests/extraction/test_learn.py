"""Layouts that are learnt from pages of templates invented here, and how well they read others of them."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from archive.article import Article
from newsbot.extraction import extract
from newsbot.extraction.learn import LearnedLayout, PageSample, learn
from newsbot.extraction.page import Page
from newsbot.profiles import Site

ZONE = ZoneInfo("Asia/Almaty")
WORDS = (
    "ауыл көпір мектеп жаңбыр дала өзен кітап ұстаз шаруа диқан егін тасқын жол қала базар домбыра "
    "күріш балық арна тау бала жылқы қойма отын шеге тақта терезе есік шатыр қамба"
).split()
NAMES = ["Айгүл Серік", "Болат Нұрлан", "Сәуле Ермек", "Қайрат Асан", "Гүлнар Дәулет", "Ербол Төле"]
SECTIONS = ["Қоғам", "Спорт", "Мәдениет", "Билік"]
Template = Callable[[Article, random.Random], str]


def sentence(rng: random.Random, words: int = 9) -> str:
    return " ".join(rng.choices(WORDS, k=words)).capitalize() + "."


def story(number: int, first: date = date(2024, 1, 1)) -> Article:
    """The truth of an article; the same for the same number."""
    rng = random.Random(number)
    moment = datetime(first.year, first.month, first.day, 9, tzinfo=ZONE) + timedelta(
        days=number, minutes=rng.randrange(600)
    )
    return Article(
        url=f"https://jel.example/news/{number}",
        is_article=True,
        title=" ".join(rng.choices(WORDS, k=6)).capitalize() + f" {number}",
        text="\n\n".join(sentence(rng, 14) for _ in range(rng.randrange(3, 8))),
        authors=[rng.choice(NAMES)],
        published=moment.isoformat(),
        section=rng.choice(SECTIONS),
        tags=sorted(set(rng.choices(WORDS, k=3))),
        sources={"published": "json-ld", "title": "json-ld"},
    )


def printed(article: Article) -> str:
    return datetime.fromisoformat(article.published or "").strftime("%d.%m.%Y %H:%M")


def teasers(rng: random.Random) -> str:
    """What stands in every sidebar: headlines, dates and authors of other articles."""
    others = [story(rng.randrange(1000)) for _ in range(4)]
    return "".join(
        f'<li><a href="{a.url}">{a.title}</a> <span class="by">{a.authors[0]}</span> '
        f"<i>{printed(a)}</i></li>"
        for a in others
    )


def page(head: str, body: str, body_class: str = "") -> str:
    menu = "".join(f'<a href="/{n}">{name}</a>' for n, name in enumerate(SECTIONS))
    return (
        f'<html><head>{head}</head><body class="{body_class}"><div class="menu">{menu}</div>{body}'
        '<div class="foot">© Жел газеті</div></body></html>'
    )


def named(article: Article, rng: random.Random) -> str:
    """A template whose names speak, with boxes inside the text."""
    parts = [f"<p>{part}</p>" for part in article.paragraphs]
    others = "".join(f'<a href="/x{n}">{story(rng.randrange(1000)).title}</a>' for n in range(2))
    parts.insert(1, f'<div class="zz-box"><b>Бұл да керек</b> {others}</div>')
    parts.append('<div class="zz-line">Біздің арнамызға жазылып, жаңалықты бірінші біліңіз</div>')
    tags = "".join(f'<a class="mark" href="/t/{tag}">{tag}</a>' for tag in article.tags)
    return page(
        "",
        f"""<div id="post-{rng.randrange(10000)}" class="story"><h1 class="story-name">{article.title}</h1>
        <div class="story-info"><a class="rubric" href="/r">{article.section}</a>
        <span class="by">{article.authors[0]}</span>
        <time datetime="{article.published}">{printed(article)}</time></div>
        <div class="story-words">{"".join(parts)}</div><div class="marks">{tags}</div></div>
        <ul class="latest">{teasers(rng)}</ul>""",
        f"single postid-{rng.randrange(10000)}",
    )


def positions(article: Article, rng: random.Random) -> str:
    """A template that tells fields by their order alone."""
    text = "<br><br>".join(article.paragraphs)
    tags = ", ".join(f"<a>{tag}</a>" for tag in article.tags)
    return page(
        "",
        f"""<ul class="side">{teasers(rng)}</ul><table><tr><td class="wide"><h2>{article.title}</h2>
        <div class="facts"><span>{printed(article)}</span><span>{article.authors[0]}</span>
        <span>{article.section}</span></div><div class="words">{text}</div>
        <div class="below">{tags}</div></td></tr></table>""",
    )


def properties(article: Article, rng: random.Random) -> str:
    """A template with microdata, a lead outside of the text, and one line for date and author."""
    first, *rest = article.paragraphs
    tags = "".join(f'<li><a rel="tag" href="#">{tag}</a></li>' for tag in article.tags)
    return page(
        "",
        f"""<article><h1 itemprop="headline">{article.title}</h1><h3 class="opening">{first}</h3>
        <p class="info">{printed(article)} | Автор: {article.authors[0]}</p>
        <ul class="path"><li><a href="/">Басты бет</a></li><li><a href="/r">{article.section}</a></li></ul>
        <div itemprop="articleBody">{"".join(f"<p>{part}</p>" for part in rest)}
        <ul class="away"><li>Бөлісу</li><li>Телеграм</li></ul></div><ul>{tags}</ul></article>
        <div class="latest"><ul>{teasers(rng)}</ul></div>""",
    )


TEMPLATES: list[Template] = [named, positions, properties]
NOW = datetime(2026, 5, 1, 8, tzinfo=UTC)


def sample(
    template: Template, number: int, *, first: date = date(2024, 1, 1), at: datetime = NOW
) -> PageSample:
    article = story(number, first)
    return PageSample(Page(template(article, random.Random(number)), article.url), article, at)


def samples(template: Template, count: int = 30) -> list[PageSample]:
    return [sample(template, number) for number in range(count)]


def learnt(pages: list[PageSample]) -> list[LearnedLayout]:
    learned = learn(pages)
    assert learned
    return learned


def site_of(learned: list[LearnedLayout]) -> Site:
    return Site(
        id="jel",
        name="Жел",
        url="https://jel.example/",
        layouts=[found.layout for found in learned],
    )


def check(template: Template, site: Site, numbers: range, **kwargs: date) -> None:
    """That a profile reads pages of a template exactly."""
    for number in numbers:
        truth = story(number, **kwargs)
        html = template(truth, random.Random(number)).encode()
        read = extract(html, truth.url, charset="utf-8", fetched_at=NOW, site=site)
        assert read.is_article
        assert (read.layout or "").startswith("jel/learned")
        for name in ("title", "text", "authors", "section", "tags"):
            assert getattr(read, name) == getattr(truth, name), (number, name)
        assert (read.published or "")[:16] == (truth.published or "")[:16]


@pytest.mark.parametrize("template", TEMPLATES)
def test_other_pages_of_a_template_are_read_exactly(template: Template) -> None:
    check(template, site_of(learnt(samples(template))), range(100, 120))


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_order_of_pages_does_not_matter(template: Template) -> None:
    pages = samples(template)
    first = learnt(pages)
    for seed in range(3):
        shuffled = [sample(template, n) for n in range(len(pages))]
        random.Random(seed).shuffle(shuffled)
        assert learnt(shuffled) == first


def test_selectors_can_be_read() -> None:
    layout = learnt(samples(named))[0].layout
    assert layout.title == [".story-name"]
    assert layout.published == ["time::attr(datetime)"]
    assert layout.authors == [".story-info .by"]
    assert layout.section == [".rubric"]
    assert layout.tags == [".mark"]
    assert layout.body == [".story-words"]
    assert layout.when == ".story-words"
    assert sorted(layout.remove) == [".zz-box", ".zz-line"]


def test_support_counts_pages() -> None:
    pages = samples(named)
    for number in (3, 4):
        pages[number] = replace(pages[number], known=replace(pages[number].known, authors=[]))
    (found,) = learnt(pages)
    assert found.pages == 30
    support = found.support["authors"][".story-info .by"]
    assert (support.right, support.wrong, support.known) == (28, 0, 28)
    assert found.published == ["2024-01-01", "2024-01-30"]


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_minority_of_wrong_values_does_not_mislead(template: Template) -> None:
    right = learnt(samples(template))[0]
    pages = samples(template)
    for number in (2, 11, 17, 23):  # what stands in a box beside the article, or in every menu
        other = story(number + 500)
        wrong = replace(
            pages[number].known,
            authors=other.authors
            if other.authors != pages[number].known.authors
            else ["Бөтен Адам"],
            published=other.published,
            section="Басқа",
            tags=["бөтен"],
            title=other.title,
            text=other.text,
            sources={},
        )
        pages[number] = replace(pages[number], known=wrong)
    (found,) = learnt(pages)
    assert found.layout == right.layout
    assert next(iter(found.support["authors"].values())).wrong == 4


def test_what_a_source_says_weighs_more() -> None:
    pages = samples(positions)
    for number in range(5):  # one in six, which the generic reading may have got wrong
        known = replace(pages[number].known, section="Басқа", sources={})
        pages[number] = replace(pages[number], known=known)
    assert learnt(pages)[0].layout.section
    for number in range(30):
        known = replace(pages[number].known, sources={"section": "json-ld"})
        pages[number] = replace(pages[number], known=known)
    assert not learnt(pages)[0].layout.section


def test_two_themes() -> None:
    """Each has its own mark; the one that was replaced ends on the last day on which it was served."""
    then, later = datetime(2021, 3, 1, tzinfo=UTC), datetime(2024, 3, 1, tzinfo=UTC)
    first = date(2020, 1, 1)
    old = [sample(positions, n, first=first, at=then + timedelta(days=n)) for n in range(30)]
    new = [sample(named, n, at=later + timedelta(days=n)) for n in range(30)]
    learned = learnt([page for pair in zip(old, new, strict=True) for page in pair])
    assert [found.layout.valid_until for found in learned] == [None, date(2021, 3, 30)]
    marks = [found.layout.when or "" for found in learned]
    assert not any(page.page.has(marks[0]) for page in old)
    assert not any(page.page.has(marks[1]) for page in new)
    check(named, site_of(learned), range(200, 210))


def test_templates_side_by_side_both_last() -> None:
    pages = [sample((named, positions)[n % 2], n, at=NOW + timedelta(hours=n)) for n in range(60)]
    learned = learnt(pages)
    assert [found.layout.valid_until for found in learned] == [None, None]
    site = site_of(learned)
    check(named, site, range(100, 110))
    check(positions, site, range(110, 120))


def listing(number: int) -> PageSample:
    url = f"https://jel.example/list/{number}"
    html = page(
        "", f"<h1>Тізім</h1><ul class=latest>{teasers(random.Random(number))}</ul>", "archive"
    )
    return PageSample(Page(html, url), Article(url=url, reason="listing"), NOW)


def test_what_articles_have_and_lists_lack_is_the_proof() -> None:
    alone = learnt(samples(named))[0].layout
    assert alone.article is None
    layout = learnt([*samples(named), *(listing(n) for n in range(8))])[0].layout
    assert layout.article == "body.single"


def test_a_page_without_proof_is_none() -> None:
    pages = [*samples(positions), *(listing(n) for n in range(8))]
    layout = learnt(pages)[0].layout
    assert layout.article == ".facts span"


def test_nothing_is_learnt_from_few_pages_or_none() -> None:
    assert learn([]) == []
    assert learn(samples(named, 3)) == []
    assert learn([listing(n) for n in range(20)]) == []


def test_pages_that_have_nothing_in_common() -> None:
    rng = random.Random(1)
    pages = []
    for number in range(20):
        article = story(number)
        names = ["".join(rng.choices("abcdefgh", k=8)) for _ in range(6)]
        text = "".join(f'<p class="{name}">{sentence(rng)}</p>' for name in names)
        pages.append(PageSample(Page(page("", text), article.url), article, NOW))
    assert learn(pages) == []


def test_articles_that_were_refused_are_no_counter_examples() -> None:
    refused = [sample(named, n) for n in range(50, 60)]
    refused = [replace(s, known=Article(url=s.known.url, reason="search")) for s in refused]
    pages = [*samples(named), *refused, *(listing(n) for n in range(8))]
    assert learnt(pages)[0].layout.article == "body.single"


def signed_by_all(article: Article, rng: random.Random) -> str:
    """A template whose data and footer name the newsroom as the author of everything."""
    return named(article, rng).replace(
        '<div class="foot">', '<div class="foot"><b class="author">Жаршы Желді</b>'
    )


@pytest.mark.parametrize("source", ["printed", "meta"])
def test_few_values_that_a_feed_tells_outweigh_the_generic_reading(source: str) -> None:
    pages = samples(signed_by_all, 60)
    for number in range(12, 60):
        known = replace(pages[number].known, authors=["Жаршы Желді"], sources={"authors": source})
        pages[number] = replace(pages[number], known=known)
    assert learnt(pages)[0].layout.authors == [".author"]
    for number in range(12):
        known = replace(pages[number].known, sources={"authors": "feed"})
        pages[number] = replace(pages[number], known=known)
    assert learnt(pages)[0].layout.authors == [".story-info .by"]
