"""notes: what people remarked on articles, and the form by which they do, where the room is open for writing."""

from __future__ import annotations

import json

from datasette.utils.asgi import Response

from archive import notes
from archive.errors import ArchiveUsageError
from newsbot.web.article import record_of
from newsbot.web.room import Asked, Page, Refused, page

_ON_A_PAGE = 50


@page("/notes")
def newest(asked: Asked) -> Page:
    """The notes on all articles, newest first."""
    number = max(1, asked.number("page", 1))
    rows = notes.newest(asked.c, _ON_A_PAGE + 1, (number - 1) * _ON_A_PAGE)
    titles = asked.rows("titles", (json.dumps([row["id"] for row in rows]),))
    known = {row["id"]: row for row in titles}
    shown = [{**row, **known[row["id"]]} for row in rows[:_ON_A_PAGE]]
    return Page("notes.html", {"page": number, "more": len(rows) > _ON_A_PAGE, "notes": shown})


@page(r"/article/(?P<id>\d{1,18})/notes", "POST")
def leave(asked: Asked) -> Response:
    """Keep a note, and go back to its article."""
    if not asked.may_write:
        raise Refused(403, "This room is open for reading only.")
    record = record_of(asked, asked.vars["id"])
    typed = asked.form.get("revision", "")
    revision = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else None
    by = asked.user or asked.form.get("by")
    try:
        notes.add(
            asked.c, asked.room.folder, str(record["id"]), asked.form.get("note", ""), revision=revision, by=by
        )  # fmt: skip
    except ArchiveUsageError as error:
        raise Refused(400, "This note was not kept.", str(error)) from None
    return Response.redirect(f"/article/{record['id']}#notes", 303)
