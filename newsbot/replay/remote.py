"""remote: files by path or by address (https://, s3://, whatever fsspec opens), of this machine or not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from archive.errors import ArchiveUsageError


def is_remote(source: str) -> bool:
    """Whether it is an address, and no path."""
    return "://" in source


@contextmanager
def opened(source: str, ahead: int = 0) -> Iterator[BinaryIO]:
    """A file to be read, anywhere in it. Of an address so many bytes are asked `ahead`; 0: none.

    Raises `ArchiveUsageError` where it cannot be read.
    """
    try:
        if not is_remote(source):
            with Path(source).open("rb") as file:
                yield file
        else:
            system, path = _system(source)
            how = (
                {"cache_type": "readahead", "block_size": ahead}
                if ahead
                else {"cache_type": "none"}
            )
            with system.open(path, "rb", **how) as file:
                yield cast("BinaryIO", file)
    except Exception as error:
        if not _is_trouble(error):
            raise
        raise ArchiveUsageError(f"{source} cannot be read: {_words(error)}") from None


def size_of(source: str) -> int | None:
    """Bytes of a file; None where nobody says it."""
    try:
        if not is_remote(source):
            return Path(source).stat().st_size
        system, path = _system(source)
        return cast("int | None", system.info(path).get("size"))
    except Exception as error:
        if not _is_trouble(error):
            raise
        return None


def _system(address: str) -> tuple[Any, str]:
    try:
        from fsspec.core import url_to_fs
    except ImportError:
        raise ArchiveUsageError(f"{address} needs fsspec: pip install 'newsbot[cluster]'") from None
    try:
        return cast("tuple[Any, str]", url_to_fs(address))
    except (ImportError, ValueError) as error:
        raise ArchiveUsageError(f"{address} cannot be opened: {error}") from None


def _is_trouble(error: Exception) -> bool:
    """Whether the file or the way to it is to blame: libraries have errors of their own for that."""
    return isinstance(error, OSError) or type(error).__module__.partition(".")[0] in (
        "aiohttp", "botocore", "fsspec", "s3fs",
    )  # fmt: skip


def _words(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
