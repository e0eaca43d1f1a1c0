"""newsbot.discovery.traps: endless spaces by their addresses – and no article mistaken for one."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsbot.discovery.traps import suspicious, without_session

ROOT = "https://gazet.kz"


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/calendar/2026/11", "calendar"),
        ("/calendar/2026/11/3", "calendar"),
        ("/kk/kuntizbe/2031-07/", "calendar"),
        ("/events/month/2026-11/", "calendar"),
        ("/calendar/?month=7", "calendar"),
        ("/news?month=7&year=2031", "calendar"),
        ("/archive/2131/07/01", "calendar"),
        ("/1704/05/", "calendar"),
        ("/99999/01/", "calendar"),
        ("/sid/5f3a9c0177de42ab/list", "session_id"),
        ("/s/5f3a9c0177de42ab/list", "session_id"),
        ("/news/1;jsessionid=AB12.node1", "session_id"),
        ("/(S(lit3py55t21z5v55vlm25s55))/news/1", "session_id"),
        ("/news/1?PHPSESSID=5f3a9c0177de42ab", "session_id"),
        ("/news/1?sid=0123456789abcdef0123456789abcdef", "session_id"),
        ("/deep/x/x/x/", "repeating_path"),
        ("/a/b/a/b/a/b/", "repeating_path"),
        ("/1/2/3/4/5/6/7/8/9/10/11/12/13/", "repeating_path"),
        ("/" + "x" * 2100, "long"),
        ("/facet?sort=new&cat=1&view=2", "facets"),
        ("/facet?sort=1&sort=2&sort=3", "facets"),
        ("/news?filter[a]=1&filter[b]=2&order=asc", "facets"),
        ("/delete?id=1", "action"),
        ("/post/12/delete", "action"),
        ("/logout", "action"),
        ("/user/login/", "action"),
        ("/index.php?do=register", "action"),
        ("/index.php?option=com_content&task=article.edit&id=3", "action"),
        ("/?add-to-cart=3", "action"),
        ("/mektep/?replytocom=33", "action"),
        ("/mektep/?print=1", "action"),
        ("/news/12-mektep/print", "action"),
        ("/mektep/?share=facebook", "action"),
        ("/mektep/?_wpnonce=ab", "action"),
    ],
)
def test_traps(path: str, reason: str) -> None:
    assert suspicious(ROOT + path) == reason


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/?p=71",
        "/2022/12/24/mektep-ashyldy/",
        "/2012/12/12/12/",
        "/2022/12/",
        "/?m=202212",
        "/news/archive/2009/07/01",
        "/events/2022/05/mereke-otti",
        "/zhanalyk/4501-calendar-2031-07.html",
        "/kk/news/2022/12/24/123/mektep/2/",
        "/index.php?option=com_k2&view=item&layout=item&id=3&Itemid=4&lang=kk",
        "/news/detail.php?ELEMENT_ID=77&type=news&lang=kk&view=full",
        "/news?cat=3&page=2",
        "/?s=%D1%82%D0%B0%D1%80%D0%B0%D0%B7",
        "/?sid=12",
        "/s/12/mektep",
        "/article/64f1c0ffee64f1c0ffee64f1/mektep",
        "/article/5f3a9c01-77de-42ab-8f3a-9c0177de42ab/mektep",
        "/news/print-media-kuni",
        "/print/2022/05/mektep",
        "/zhana/zhana/mektep",
        "/logoutpen-kures",
        "/ru/login-ne-nuzhen-novost/",
    ],
)
def test_articles_and_lists_are_no_traps(path: str) -> None:
    assert suspicious(ROOT + path) is None


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/sid/5f3a9c0177de42ab/a1", "/sid/*/a1"),
        ("/sid/77de42ab5f3a9c01/a1?PHPSESSID=5f3a9c0177de42ab", "/sid/*/a1"),
        ("/news/1;jsessionid=AB12", "/news/1"),
        ("/news?page=2&phpsessid=5f3a9c0177de42ab", "/news?page=2"),
        ("/(S(lit3py55t21z5v55vlm25s55))/news", "/*/news"),
        ("/news?page=2&x=%D2%9B", "/news?page=2&x=%D2%9B"),
    ],
)
def test_addresses_without_their_session(path: str, expected: str) -> None:
    assert without_session(ROOT + path) == ROOT + expected


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40) | st.text("/0129?&=;[]ax", max_size=40).map(lambda path: ROOT + path))
def test_never_raises(url: str) -> None:
    suspicious(url)
    without_session(url)
