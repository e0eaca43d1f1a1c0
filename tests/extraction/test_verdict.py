"""Verdicts on small pages of many engines: articles of odd kinds, and pages that are none."""

import json

import pytest

from newsbot.extraction import extract, read_page
from tests.extraction.verdict_pages import ARTICLES, BYLINE, DATE, OTHERS, PROSE, TITLE, Sample


@pytest.mark.parametrize("page", ARTICLES, ids=lambda page: page.name)
def test_article(page: Sample) -> None:
    context = read_page(page.html.encode(), page.url)
    heard = [(c.weight, c.value, c.where, c.why) for c in context.heard["is_article"]]
    assert context.article.reason is None, heard


@pytest.mark.parametrize("page", OTHERS, ids=lambda page: page.name)
def test_no_article(page: Sample) -> None:
    context = read_page(page.html.encode(), page.url)
    heard = [(c.weight, c.value, c.where, c.why) for c in context.heard["is_article"]]
    assert context.article.reason is not None, heard
    assert context.article.reason in page.reasons, heard


def test_evidence_is_kept_with_its_place() -> None:
    page = ARTICLES[0]
    heard = read_page(page.html.encode(), page.url).heard["is_article"]
    assert any(c.value is True and c.where == "published" for c in heard)
    assert all(c.source and c.weight > 0 for c in heard)


def test_words_of_error_pages_decide_only_where_they_are_the_whole_message() -> None:
    line = "Сайтта техникалық жұмыстар жүргізілуде"
    url = "https://gazet.example/x"
    bare = f"<title>{line}</title><h1>{line}</h1><p>Кейінірек келіңіз.</p>"
    assert extract(bare.encode(), url).reason == "error"
    notice = (
        f"<title>{line}</title><meta property='og:type' content='article'><h1>{line}</h1>"
        "<time datetime='2024-03-05T10:00:00+05:00'>5 наурыз 2024</time><p>Облыстық мұрағаттың сайты екі күн "
        "жаңартылады, құжатқа өтінім осы уақытта телефон арқылы қабылданады.</p><p>Қызмет сәрсенбіде қалпына келеді, деп "
        "хабарлады мұрағат директоры Асан Қалиев.</p>"
    )
    assert extract(notice.encode(), "https://gazet.example/2024/03/05/muragat/").reason is None


def test_a_list_that_declares_the_articles_it_lists_declares_none() -> None:
    items = [
        {
            "@type": "NewsArticle",
            "headline": f"Аудандағы {n}-жаңалықтың тақырыбы",
            "url": f"/2024/05/0{n}/x/",
        }
        for n in range(1, 7)
    ]
    data = json.dumps(
        {"@context": "https://schema.org", "@type": "ItemList", "itemListElement": items}
    )
    teasers = "".join(
        f"<div class=i><h3><a href='{item['url']}'>{item['headline']}</a></h3><p>Ауыл тұрғындары "
        "жиналысқа келіп, жаңа мектептің жобасын көрді.</p></div>"
        for item in items
    )
    page = f"<title>Қоғам</title><script type='application/ld+json'>{data}</script><h1>Қоғам</h1><main>{teasers}</main>"
    assert extract(page.encode(), "https://gazet.example/qogam/").reason == "listing"


FRONT = (
    f"<main><h1>{TITLE}</h1>{DATE}{BYLINE}{PROSE}</main>"
    "<section><h2>Соңғы жаңалықтар</h2><a href='/2024/05/19/talshyn/'>Мектеп оқушылары тал екті</a></section>"
)
"""What a theme shows on its front page, and above each page of the list of all articles."""


@pytest.mark.parametrize(
    ("path", "is_article"),
    [
        *((path, False) for path in ("/page/2/", "/page/67", "/?page=3", "/?paged=2", "/")),
        *((path, True) for path in ("/?p=2", "/2", "/page/kopir/", "/2024/05/14/kopir/")),
    ],
)
def test_a_page_of_the_front_pages_list_is_no_article(path: str, is_article: bool) -> None:
    page = Sample("front", path, FRONT)
    assert extract(page.html.encode(), page.url).is_article is is_article
