"""Errors a user can cause, each with the exit code that the `newsbot` command ends with."""

from __future__ import annotations


class ArchiveError(Exception):
    """The archive cannot be used; the message is one line that says what to do."""

    exit_code = 5


class ArchiveUsageError(ArchiveError):
    """The archive is sound, but the folder, permissions or version do not fit."""

    exit_code = 2


class ArchiveLocked(ArchiveError):
    """Another process writes to the archive."""

    exit_code = 4
