"""The article and the list of its fields tell the same."""

from __future__ import annotations

import re
from dataclasses import fields

from archive.article import ARTICLE, Article

KINDS = {"str": "text", "int": "number", "list": "list", "dict": "object", "bool": "flag"}


def test_every_field_is_listed_once_with_its_kind() -> None:
    listed = [(field.name, field.kind) for field in ARTICLE]
    present = {f.name: KINDS[re.split(r"\W", str(f.type))[0]] for f in fields(Article)}
    assert dict(listed) == present
    assert len(listed) == len(present)
