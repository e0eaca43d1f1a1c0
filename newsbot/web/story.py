"""story: the page of one story: who printed it first, how it spread, and what each reprint changed."""

from __future__ import annotations

from datetime import datetime

from archive import stories, wording
from newsbot.web.room import QUERIES, Asked, Page, Refused, page


@page(r"/story/(?P<id>\d{1,18})")
def story(asked: Asked) -> Page:
    """The articles of a story in the order of their publication; `with` names the one that is compared with the first."""
    members = stories.members(asked.c, int(asked.vars["id"]))
    if not members:
        raise Refused(404, "There is no such story here.")
    first, *others = members
    begun = stories.precedence(first)[0]
    for member in members:
        moment = stories.precedence(member)[0]
        is_known = moment.year < datetime.max.year
        member["seconds_after"] = round((moment - begun).total_seconds()) if is_known else None
    chosen = asked.number("with", 0)
    other = next((m for m in others if m["id"] == chosen), others[0] if others else None)
    words = []
    if other:
        texts = dict(asked.c.execute(QUERIES["texts"], (first["id"], other["id"])))
        words = wording.compare(texts[first["id"]] or "", texts[other["id"]] or "")
    data = {
        "id": int(asked.vars["id"]), "articles": members, "compared": other and other["id"],
        "words": words,
    }  # fmt: skip
    longest = max((m["seconds_after"] or 0 for m in members), default=0)
    return Page("story.html", data, more={"first": first, "other": other, "longest": longest})
