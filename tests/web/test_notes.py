"""Notes in the room: who may leave one, by whose form, and where it is read."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from archive.decisions import WITHHOLD, WITHHOLDING, decide
from archive.store.withheld import act
from tests.archive.building import HOME, article, open_paper
from tests.web.rooms import serving

FORM = {"note": "Күні қате.\r\n<b>тексердім</b>", "revision": "1", "by": "Ә. Серік"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    paper = open_paper(tmp_path / "data")
    for url in (f"{HOME}1", f"{HOME}away"):
        paper.visit(url, article(url))
    paper.store.close()
    decide(
        tmp_path / "data",
        WITHHOLDING,
        {
            "url": f"{HOME}away",
            "decision": WITHHOLD,
            "reason": "a court",
            "at": "2026-11-24T00:00:00Z",
        },
    )
    act(tmp_path / "data")
    return tmp_path / "data"


def left(room: str, number: int = 1, form: dict[str, str] = FORM, **headers: str) -> int:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.post(f"{room}/article/{number}/notes", data=form, headers=named).status_code


def test_a_note_is_kept_shown_and_listed(folder: Path) -> None:
    with serving(folder, write=True) as room:
        empty = httpx.get(f"{room}/notes", headers={"accept-language": "en"}).text
        assert "No notes yet" in empty and "<textarea" in httpx.get(f"{room}/article/1").text
        kept = httpx.post(f"{room}/article/1/notes", data=FORM, cookies={"language": "ru"})
        assert (kept.status_code, kept.headers["location"]) == (303, "/article/1#notes")
        (note,) = httpx.get(f"{room}/article/1.json").json()["notes"]
        assert (note["note"], note["by"], note["revision"]) == (
            "Күні қате.\n<b>тексердім</b>",
            "Ә. Серік",
            1,
        )
        for path in ("/article/1", "/notes"):
            assert "&lt;b&gt;тексердім" in httpx.get(room + path).text
        assert (
            left(room, form={**FORM, "note": " "})
            == 400
            == left(room, form={**FORM, "revision": "9"})
        )
        assert left(room, 2) == 451 and left(room, 3) == 404
        assert left(room, form={**FORM, "note": "x" * 70_000}) == 413


def test_only_our_own_form_is_taken(folder: Path) -> None:
    with serving(folder, write=True) as room:
        assert left(room, origin="http://evil.example") == 403 == left(room, origin="null")
        assert (
            left(room, sec_fetch_site="cross-site") == 403 == left(room, sec_fetch_site="same-site")
        )
        assert (
            left(room, origin=room, sec_fetch_site="same-origin") == 303 == left(room, origin=room)
        )


def test_a_proxy_says_who_writes(folder: Path) -> None:
    with serving(folder, write=True, user_header="X-User") as room:
        assert left(room) == 403 and "<textarea" not in httpx.get(f"{room}/article/1").text
        assert left(room, x_user="maral") == 303
        (note,) = httpx.get(f"{room}/article/1.json").json()["notes"]
        assert note["by"] == "maral", "and not the form"
    with serving(folder) as room:
        assert left(room) == 403 and "<textarea" not in httpx.get(f"{room}/article/1").text
