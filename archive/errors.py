"""Errors a user can cause, each with the exit code that the `newsbot` command ends with, and what they are told."""

from __future__ import annotations

from collections.abc import Callable


class Message(str):
    """A sentence for a person, in English, that knows what it is made of: others can say it in their language.

    What is put in for `{}` may be a message, too; a template alone may itself be one's template.

    >>> Message("only the first {} words are searched", 32)
    'only the first 32 words are searched'
    """

    __slots__ = ("args", "template")
    template: str
    args: tuple[object, ...]

    def __new__(cls, template: str, *args: object) -> Message:
        """A template with what is put into it."""
        made = super().__new__(cls, template.format(*args) if args else template)
        made.template, made.args = str(template), args
        return made

    def translated(self, words: Callable[[str], str]) -> str:
        """The sentence in the language of `words` (gettext's, from template to template)."""
        args = [arg.translated(words) if isinstance(arg, Message) else arg for arg in self.args]
        return words(self.template).format(*args) if args else words(self.template)


class ArchiveError(Exception):
    """The archive cannot be used; the message is one line that says what to do."""

    exit_code = 5


class ArchiveUsageError(ArchiveError):
    """The archive is sound, but the folder, permissions or version do not fit."""

    exit_code = 2


class ArchiveLocked(ArchiveError):
    """Another process writes to the archive."""

    exit_code = 4
