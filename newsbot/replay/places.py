"""places: files that are named by path, pattern, folder, list or address, and how they are read where they lie.

Addresses (https://, s3://, …) are fsspec's, which is loaded for them alone. Whatever goes wrong with one
is an OSError of one line, which can travel to another machine.
"""

from __future__ import annotations

import glob
import gzip
import io
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, cast

from archive.captures.files import open_file
from archive.errors import ArchiveUsageError
from newsbot import SOFTWARE, urls

BLOCK = 8 << 20
"""Bytes asked for at once: what a request costs is little beside them."""
PAUSES = (1.0, 5.0, 20.0)
"""Seconds before what could not be read is tried again."""
_HEAD = 1 << 16
"""The same at the beginning of a file, where its kind shows; and what is kept of what was read."""
_COMMON = ("crawl-data", "cc-index")
_WARC = (".warc", ".warc.gz", ".warc.zst", ".wacz")

T = TypeVar("T")

# -- what is named ------------------------------------------------------------------------------


def named(name: str) -> list[str]:
    """The files and addresses that a name stands for, in order.

    It is that of a file, of a folder, a pattern with `*`, an address, or with `@` before it that of a
    list, a line a file: blank lines and those with `#` are passed over. Raises `ArchiveUsageError`
    where nothing is found.
    """
    if name.startswith("@"):
        found = _listed(name[1:])
    elif "://" in name:
        found = _matching(name)
    elif Path(name).is_dir():
        found = sorted(str(p) for p in Path(name).rglob("*") if p.name.lower().endswith(_WARC))
    elif Path(name).exists():
        found = [name]
    else:
        matching = glob.glob(name, recursive=True)  # noqa: PTH207 -- of any folder
        found = sorted(path for path in matching if Path(path).is_file())
    if not found:
        raise ArchiveUsageError(f"{name} does not exist, or no file is found there")
    return found


def _matching(name: str) -> list[str]:
    system, path = _system(name)
    if "*" not in name:
        return [name]
    try:
        with _network():
            return sorted(map(system.unstrip_protocol, system.glob(path)))
    except OSError as error:
        raise ArchiveUsageError(f"{name}: {reason_of(error)}") from None


def _listed(place: str) -> list[str]:
    try:
        if "://" in place:
            system, path = _system(place)
            data = cast(bytes, retried(lambda: _cat(system, path)))
        else:
            with open_file(Path(place)) as file:
                data = file.read()
        text = (gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data).decode()
    except ArchiveUsageError:
        raise
    except Exception as error:
        raise ArchiveUsageError(f"{place}: no list of files: {reason_of(error)}") from None
    if "\0" in text:
        raise ArchiveUsageError(f"{place}: no list of files")
    lines = (line.strip() for line in text.splitlines())
    return [resolved(line, place) for line in lines if line and not line.startswith("#")]


def _cat(system: Any, path: str) -> object:
    with _network():
        return system.cat_file(path)


def resolved(line: str, place: str) -> str:
    """A line of a list as a path or an address of its own.

    It begins in the list's folder, or at the one above it that the line itself names first. Common Crawl's
    lists and indexes lie in two folders and name both.

    >>> resolved("crawl-data/CC-NEWS/a.warc.gz", "s3://commoncrawl/crawl-data/CC-NEWS/warc.paths.gz")
    's3://commoncrawl/crawl-data/CC-NEWS/a.warc.gz'
    >>> resolved("crawl-data/x/a.warc.gz", "s3://commoncrawl/cc-index/collections/x/cdx-00000.gz")
    's3://commoncrawl/crawl-data/x/a.warc.gz'
    """
    if "://" in line or line.startswith("/"):
        return line
    folder = place.partition("?")[0].rpartition("/")[0]
    base, first = folder, line.partition("/")[0]
    for name in _COMMON if first in _COMMON else (first,):
        root, named_first, _ = f"{folder}/".partition(f"/{name}/")
        if named_first and "/" in line:
            base = root
            break
    return f"{base}/{line}" if base or place.startswith("/") else line


def reason_of(error: BaseException) -> str:
    """What went wrong with a file, in a line."""
    if isinstance(error, FileNotFoundError):
        return "not found"
    words = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return urls.masked(" ".join(words.split()))[:300] or type(error).__name__


def retried(call: Callable[[], T], wait: Callable[[float], object] = time.sleep) -> T:
    """What a call returns, made again where the network may be at fault; not once `wait` says so."""
    for pause in PAUSES:
        try:
            return call()
        except (FileNotFoundError, PermissionError, IsADirectoryError):
            raise
        except OSError:
            if wait(pause):
                raise
    return call()


class NoPartsError(OSError):
    """A server gives out files from their beginning only."""


class _Far(io.RawIOBase):
    """A file that fsspec has opened, read ahead by `block` bytes; what was just read is kept.

    fsspec's own read-ahead lets go of it, and the head of a file, where its kind shows, is looked at twice.
    """

    def __init__(self, file: Any, name: str, block: int) -> None:
        self.name = name
        self._file = file
        self._block = block
        self._data = b""
        self._begin = self._at = 0
        """Where in the file `_data` begins, and where is read next."""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + (0, self._at, self._file.size)[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        found = self.read(len(buffer))
        buffer[: len(found)] = found
        return len(found)

    def read(self, size: int = -1) -> bytes:
        size = size if size >= 0 else max(self._file.size - self._at, 0)
        if not self._begin <= self._at <= self._begin + len(self._data):
            self._begin, self._data = self._at, b""
        while (missing := self._at + size - self._begin - len(self._data)) > 0:
            place = self._begin + len(self._data)
            more = self._more(place, max(missing, self._block if place else _HEAD))
            if not more:
                break
            passed = max(self._at - _HEAD - self._begin, 0)
            self._data = self._data[passed:] + more
            self._begin += passed
        start = self._at - self._begin
        found = self._data[start : start + size]
        self._at += len(found)
        return found

    def _more(self, place: int, size: int) -> bytes:
        with _network():
            try:
                self._file.seek(place)
                return cast(bytes, self._file.read(size))
            except ValueError as error:  # of a server that knows no ranges
                raise NoPartsError(str(error)) from None


@contextmanager
def _network() -> Iterator[None]:
    """Have errors of any library be such as can travel, and tell what another try cannot mend."""
    try:
        yield
    except (PermissionError, ArchiveUsageError, NoPartsError):
        raise
    except Exception as error:
        cause = error.__cause__ or error  # of a server that does not answer fsspec says: not found
        status = getattr(cause, "status", 0)
        if isinstance(error, FileNotFoundError) and (cause is error or status in (404, 410)):
            raise FileNotFoundError("not found") from None
        is_final = 400 <= status < 500 and status != 429  # which asks for patience
        is_final |= type(cause).__name__ == "NoCredentialsError"
        words = f"{type(cause).__name__}: {cause}"
        raise (PermissionError(words) if is_final else OSError(words)) from None


@contextmanager
def opened(source: str, *, is_parts: bool = False) -> Iterator[BinaryIO]:
    """Open a file where it lies. With `is_parts` nothing is read ahead.

    Raises OSError, also while it is read; `NoPartsError` means that it has to be downloaded.
    """
    if "://" not in source:
        with open_file(Path(source)) as file:
            yield file
        return
    system, path = _system(source)
    with _network():
        far = system.open(path, "rb", cache_type="none")
    with far:
        yield cast(BinaryIO, _Far(far, source, 0 if is_parts else BLOCK))


def size_of(source: str) -> int:
    """Bytes of a file. Raises OSError."""
    if "://" not in source:
        return Path(source).stat().st_size
    system, path = _system(source)
    with _network():
        return int(system.info(path)["size"])  # TypeError, and so an OSError, where nobody says it


@contextmanager
def downloaded(source: str) -> Iterator[BinaryIO]:
    """The whole of a file, on a disk here for as long as it is read."""
    system, path = _system(source)
    with tempfile.NamedTemporaryFile(prefix="newsbot-") as whole:
        with _network():
            system.get_file(path, whole.name)
        with open_file(Path(whole.name)) as file:
            yield file


def _system(source: str) -> tuple[Any, str]:
    """What fsspec reads an address by, and its name there. Raises `ArchiveUsageError` where it cannot."""
    options: dict[str, Any] = {}
    if source.startswith(("http://", "https://")):
        # Packed on the way, bytes would have other places.
        options = {"headers": {"User-Agent": SOFTWARE, "Accept-Encoding": "identity"}}
    try:
        from fsspec.core import url_to_fs

        if options:
            from aiohttp import ClientTimeout

            patience = ClientTimeout(total=None, sock_connect=30, sock_read=60)
            options["client_kwargs"] = {
                "trust_env": True,
                "timeout": patience,
                "auto_decompress": False,
            }
        system, path = url_to_fs(source, **options)
    except (ImportError, ValueError) as error:
        raise ArchiveUsageError(
            f"{source} cannot be read ({error}): pip install 'newsbot[cluster]'"
        ) from None
    return system, path
