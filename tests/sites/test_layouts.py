"""The layouts that site profiles bring themselves: each reads a page of its mark-up, exactly.

The pages are built here from the selectors that public sources report, with text of our own; they
prove that the rules do what they say, not that the live sites still look so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from archive.article import Article
from newsbot.extraction import extract
from newsbot.profiles import load_sites

SITES = load_sites()
TITLE = "Ауылға таза су келді"
PARAGRAPHS = [
    "Ақбұлақ ауылына жиырма шақырым су құбыры тартылып, үш жүз үйге таза ауыз су жетті.",
    "«Енді құдыққа бармаймыз, кранды ашсақ, су ағып тұр», – дейді ауыл тұрғыны Сәуле апай.",
    "Құрылысшылар жұмысты көктемде бастап, күзге дейін аяқтады; келесі жылы мектепке де су кіреді.",
]
BODY = "".join(f"<p>{text}</p>" for text in PARAGRAPHS)
NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
IN_2018 = datetime(2018, 5, 12, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Page:
    path: str
    body: str
    published: str
    fetched_at: datetime = NOW
    section: str | None = None
    views: int | None = None
    tags: tuple[str, ...] = ()


PAGES = {
    "kazinform/article": Page(
        "news/auylga-taza-su-keldi-22b194",
        f"<h1 class='article__title'>{TITLE}</h1><div class='article__time'>11:17, 17 Қазан 2023</div>"
        f"<div class='article__body-text'>{BODY}</div>",
        "2023-10-17T11:17:00+06:00",
    ),
    "tengrinews/article": Page(
        "kazakhstan_news/auyilga-taza-su-351234/",
        "<ol class='breadCrumb-ls date-time'><li>Басты бет</li><li><span>10 сәуір 2024 15:57</span></li>"
        f"</ol><h1 class='head-single'>{TITLE}</h1><div class='content_main_text'>{BODY}"
        "<div class='content_main_text_tags'><a href='/t'>су</a><a href='/t'>ауыл</a></div></div>",
        "2024-04-10T15:57:00+05:00",
        tags=("су", "ауыл"),
    ),
    "nur/article": Page(
        "society/2012345-auylga-taza-su/",
        f"<article><h1>{TITLE}</h1><time class='datetime--publication' "
        f"datetime='2024-04-10T15:57:00+05:00'>10 сәуір 2024, 15:57</time>{BODY}</article>",
        "2024-04-10T15:57:00+05:00",
    ),
    "zakon/article": Page(
        "qogam-tynysy/6012345-auylga-taza-su.html",
        f"<div class='articleBlock'><h1>{TITLE}</h1><div class='date'>10 сәуір 2024, 15:57</div>"
        f"<div class='description'>{BODY}</div></div>",
        "2024-04-10T15:57:00+05:00",
    ),
    "aikyn/timeline": Page(
        "230245/auylga-taza-su/",
        f"<div class='item_category'><a class='seca' href='/a'>Аймақ</a></div><h1>{TITLE}</h1>"
        "<time class='content-info__date'>10 сәуір 2024, 15:57</time>"
        f"<div class='content-body__detail'>{BODY}</div><div class='content-tags'><a href='/t'>су</a></div>",
        "2024-04-10T15:57:00+05:00",
        section="Аймақ",
        tags=("су",),
    ),
    "aikyn/2018": Page(
        "2018/05/11/12345.html",
        f"<h1 itemprop='headline'>{TITLE}</h1><meta property='article:published_time' "
        f"content='2018-05-11T13:38:00+06:00'><div class='article-content'>{BODY}</div>",
        "2018-05-11T13:38:00+06:00",
        fetched_at=IN_2018,
    ),
    "stan/2018": Page(
        "auylga-taza-su/",
        "<meta property='article:published_time' content='2018-05-11T13:38:00+00:00'>"
        "<ul class='news-section'><li><a class='category' href='/a'>Қоғам</a></li></ul>"
        f"<h1 class='entry-title'>{TITLE}</h1><span class='date post-date'>Жұма, 11 Мамыр , 2018 13:38"
        f"</span><div class='article-content f20'>{BODY}</div>",
        "2018-05-11T13:38:00+06:00",  # and not what the meta element claims
        fetched_at=IN_2018,
        section="Қоғам",
    ),
    "24kz/article": Page(
        "kz/zha-aly-tar/aleumet/item/612345-auyl-a-taza-su",
        f"<h1 class='single-post__entry-title'>{TITLE}</h1><ul><li class='entry__meta-date'>10.04.2024 "
        "15:57</li><li class='entry__meta-views'>1 204</li></ul>"
        f"<div class='entry__article'>{BODY}</div>",
        "2024-04-10T15:57:00+05:00",
        views=1204,
    ),
    "khabar/article": Page(
        "kk/news/qogam/item/12345",
        f"<h1 itemprop='name'>{TITLE}</h1><ul><li class='border-gredient-left'>10.04.2024</li></ul>"
        f"<div class='iq-blog-box'>{BODY}</div>",
        "2024-04-10",
    ),
    "anatili/article": Page(
        "news/12345",
        f"<h1 class='title'>{TITLE}</h1><p><i class='clock'></i><span>5 наурыз 2026</span></p>"
        f"<div class='text'>{BODY}</div>",
        "2026-03-05",
    ),
}


def test_every_layout_of_a_site_has_a_page() -> None:
    layouts = {f"{site.id}/{layout.id}" for site in SITES.values() for layout in site.layouts}
    assert layouts == set(PAGES)


def read(name: str) -> Article:
    page, site = PAGES[name], SITES[name.split("/", maxsplit=1)[0]]
    html = (
        f"<!doctype html><html lang='kk'><head><title>{TITLE} - {site.name}</title></head><body>"
        f"<nav><a href='/'>Басты бет</a></nav><main>{page.body}</main>"
        "<aside><a href='/x'>Соңғы жаңалықтар</a></aside></body></html>"
    )
    return extract(html.encode(), site.url + page.path, fetched_at=page.fetched_at, site=site)


@pytest.mark.parametrize("name", PAGES)
def test_layout(name: str) -> None:
    page, article = PAGES[name], read(name)
    assert article.is_article, article.reason
    assert article.layout == name
    assert article.title == TITLE
    assert article.paragraphs == PARAGRAPHS
    assert article.published == page.published
    assert (article.section, article.views, tuple(article.tags)) == (
        page.section,
        page.views,
        page.tags,
    )


def test_a_dated_layout_is_not_used_after_its_day() -> None:
    page, site = PAGES["aikyn/2018"], SITES["aikyn"]
    later = extract(page.body.encode(), site.url + page.path, fetched_at=NOW, site=site)
    assert later.layout != "aikyn/2018"
