"""training: the dictionary that the next file of a site gets: the newest one, or a fresh one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from archive.captures import dictionaries
from archive.captures.dictionaries import SAMPLES, Dictionary
from archive.captures.files import site_files
from archive.captures.reading import Raw, parse, raw_records
from archive.captures.streams import Stream

SHARED_BY = 3
"""Files that share a dictionary before a new one is trained: newspapers change their templates."""
_LOOKED_AT = 2000
"""Records among which those are chosen that a dictionary is trained on."""


def next_dictionary(folder: Path, site: str) -> Dictionary | None:
    """The dictionary for a new file in a site's folder; None while there is too little to learn from.

    Takes a few seconds where one has to be trained.
    """
    latest = list(islice(_packed(folder, site), SHARED_BY))
    newest = latest[0][1] if latest else None
    if newest and (len(latest) < SHARED_BY or any(known != newest for _, known in latest)):
        return newest
    loose = [path for path in site_files(folder, site) if path.suffix == ".gz"]
    return train([*reversed(loose), *(path for path, _ in latest)]) or newest


def newest_dictionary(folder: Path, site: str) -> Dictionary | None:
    """The dictionary of a site's newest file that has one."""
    return next((known for _, known in _packed(folder, site)), None)


def _packed(folder: Path, site: str) -> Iterator[tuple[Path, Dictionary]]:
    """Files with a dictionary, newest first."""
    for path in reversed(site_files(folder, site)):
        if known := dictionary_of(path):
            yield path, known


def dictionary_of(path: Path) -> Dictionary | None:
    """The dictionary of a WARC file; None where it has none, or none that can be read."""
    if path.suffix != ".zst" or not path.stat().st_size:
        return None
    with path.open("rb") as file:
        return dictionaries.of_file(file)[0]


def train(paths: Iterable[Path]) -> Dictionary | None:
    """A dictionary for pages like those in some files; None where there are too few of them."""
    samples: list[bytes] = []
    step = 1
    for number, page in enumerate(_pages(paths), 1):
        if number % step == 0:
            samples.append(page)
        if len(samples) == 2 * SAMPLES:
            samples, step = samples[1::2], 2 * step
    return dictionaries.train(samples[-SAMPLES:])


def _pages(paths: Iterable[Path]) -> Iterator[bytes]:
    """Records of pages that were served without a content encoding, among the first of some files."""
    for raw in islice(_records(paths), _LOOKED_AT):
        exchange = parse(raw).exchange
        if exchange and exchange.body and exchange.header("Content-Encoding") is None:
            yield raw.data


def _records(paths: Iterable[Path]) -> Iterator[Raw]:
    """All but what is known of addresses: a back-fill begins with thousands of such."""
    for path in paths:
        with path.open("rb") as file:
            records = raw_records(Stream(file))
            yield from (raw for raw in records if raw.fields.get("WARC-Type") != "metadata")
