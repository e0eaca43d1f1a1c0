"""Changes an archive as somebody hostile might, and has the commands that read archives of others read it.

python bench/mutations.py [--number 300] [--seed 1] [--only KIND] [-v]

Each mutation changes one thing in a copy of an archive: a value of a row, the schema, a file's kind, its
bytes, or what a WARC record says of itself. Every command has to end within 10 seconds with code 0,
2 or 5, at most a line for each thing that it left out, no control character, and nothing read or written
outside of the folders that it was given. Prints what did not; exit code 1 then.
"""

from __future__ import annotations

import argparse
import gzip
import os
import random
import re
import resource
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))
from archive.store import DATABASE
from tests.replay.files import HOME, PROFILE, START, Archive, Warc, page

ROOT = Path(__file__).parent.parent.resolve()

SECONDS = 10
SECRET = "құпия-41d8"
"""Stands in a file beside the archive, and nowhere else."""
ESCAPES = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e\u2066\r\x00\x7f\x08"
COMMANDS = (
    "merge OTHER --data OWN --jobs 0", "show 1 --data OTHER", "show 1 --raw --data OTHER",
    "show 1 --revisions --data OTHER", "show 2 --json --data OTHER", "search ауыл --data OTHER",
    "export --data OTHER -o OUT", "export --data OTHER --format warc -o OUT",
    "export --data OTHER --format wacz -o OUT", "verify --data OTHER", "verify --full --jobs 0 --data OTHER",
    "status --data OTHER", "status --sources --data OTHER", "reextract --dry-run --jobs 0 --data OTHER",
    "stories 1 --data OTHER", "backup OUT --data OTHER",
)  # fmt: skip
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def build(folder: Path) -> Archive:
    """An archive as somebody may send it: two files, an edit, a redirect, a profile, a decision."""
    archive = Archive(folder)
    warc = Warc().info()
    for number in range(6):
        warc.add(f"/news/{number}", page(f"Хабар {number}", views=number))
    warc.redirect("/short", "/news/7").add("/news/7", page("Көшкен"))
    archive.put(warc)
    archive.put(Warc(START.replace(day=3)).info().add("/news/1", page("Хабар 1", "түзетілді")))
    (folder / "sites").mkdir()
    (folder / "sites" / "gazet.toml").write_text(PROFILE, "utf-8")
    (folder / "decisions").mkdir()
    (folder / "decisions" / "notes.jsonl").write_text("{}\n", "utf-8")
    with closing(sqlite3.connect(folder / DATABASE, isolation_level=None)) as c:
        c.execute("PRAGMA journal_mode = DELETE")
    return archive


# -- what is changed ----------------------------------------------------------------------------

VALUES: tuple[Any, ...] = (
    b"\xff\x00\xfe", b"", f"{ESCAPES}x", "\x1b]8;;http://x/\x07y", "../../../secret.txt", "/etc/passwd",
    "warc/../../secret.txt", "{", "[" * 100_000, "x" * 3_000_000, "", "0", 2**63 - 1, -(2**63), -1, 0,
    1.5, None, "[1, {}]", "{\"a\": []}", "2026-13-45T99:99:99Z", "https://u:p@gazet.example/\x1b[31m",
    "warc/gazet/fifo", "warc/gazet", "\u202eтексt", "null", 10**12,
)  # fmt: skip
_SURROGATE = "CAST(x'EDA080D09B' AS TEXT)"
_SCHEMAS = (
    "ALTER TABLE {t} RENAME TO old_{t}; CREATE VIEW {t} AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL "
    "SELECT i + 1 FROM n) SELECT o.* FROM n, old_{t} o",
    "CREATE TRIGGER hostile AFTER UPDATE ON {t} BEGIN DELETE FROM articles; END",
    "CREATE TRIGGER hostile AFTER INSERT ON {t} BEGIN DELETE FROM articles; END",
    "DROP TABLE {t}",
    "ALTER TABLE {t} RENAME TO old_{t}; CREATE TABLE {t} AS SELECT * FROM old_{t}",
    "PRAGMA user_version = 77", "PRAGMA user_version = -3",
    "ALTER TABLE {t} RENAME TO old_{t}; CREATE TABLE {t} (id, site)",
    "ALTER TABLE {t} ADD COLUMN more AS (abs(-9223372036854775808))",
    "CREATE INDEX odd ON {t} (abs(rowid))",
)  # fmt: skip


def cell(folder: Path, chance: random.Random) -> str:
    """A value of another type, or one that no archive would hold."""
    with closing(sqlite3.connect(folder / DATABASE, isolation_level=None)) as c:
        c.execute("PRAGMA foreign_keys = OFF")
        for _ in range(50):
            tables = [
                "captures", "articles", "readings", "revisions", "sites", "aliases", "frontier", "tags",
                "engagement", "imports", "crawls", "sources", "article_tags", "events",
            ]  # fmt: skip
            table = chance.choice(tables[:3] if chance.random() < 0.5 else tables)
            names = [row[1] for row in c.execute(f"PRAGMA table_info({table})")]
            name, value = chance.choice(names), chance.choice(VALUES)
            where = "" if chance.random() < 0.3 else f"WHERE rowid = {chance.randint(1, 3)}"
            mark = _SURROGATE if chance.random() < 0.05 else "?"
            try:
                done = c.execute(
                    f"UPDATE OR IGNORE {table} SET {name} = {mark} {where}",
                    () if mark == _SURROGATE else (value,),
                )
            except sqlite3.Error:
                continue
            if done.rowcount > 0:
                return f"{table}.{name} = {value!r:.60} {where}"
    return "nothing"


def schema(folder: Path, chance: random.Random) -> str:
    """Views and triggers in place of what newsbot makes."""
    sql = chance.choice(_SCHEMAS).format(
        t=chance.choice("articles captures readings revisions sites aliases".split())
    )
    with closing(sqlite3.connect(folder / DATABASE, isolation_level=None)) as c:
        c.execute("PRAGMA legacy_alter_table = ON")
        for statement in sql.split(";") if "TRIGGER" not in sql else [sql]:
            try:
                c.execute(statement)
            except sqlite3.Error as error:
                return f"{statement}: {error}"
    return sql


KINDS = (
    "link", "outside", "zero", "fifo", "folder", "empty", "huge", "missing", "loop", "secret", "socket",
)  # fmt: skip


def kind(folder: Path, chance: random.Random) -> str:
    """Something else in place of a file or folder."""
    paths = sorted(folder.rglob("*"))
    path, what = chance.choice([*paths, folder / DATABASE]), chance.choice(KINDS)
    secret = folder.parent / "secret.txt"
    moved = folder.parent / f"moved-{path.name}"
    path.rename(moved)
    match what:
        case "link":
            path.symlink_to(moved)
        case "outside":
            path.symlink_to("../" * 12 + str(secret)[1:])
        case "zero":
            path.symlink_to("/dev/zero")
        case "fifo":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case "empty":
            path.touch()
        case "huge":
            path.touch()
            os.truncate(path, 10**11)
        case "loop":
            path.symlink_to(path)
        case "secret":
            path.symlink_to(secret)
        case "socket":
            import socket

            with socket.socket(socket.AF_UNIX) as one, _Inside(path.parent):
                one.bind(path.name)
    return f"{path.relative_to(folder)}: {what}"


class _Inside:
    """The present folder, for names that are too long for a socket."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> None:
        self._before = Path.cwd()
        os.chdir(self._folder)

    def __exit__(self, *_: object) -> None:
        os.chdir(self._before)


def extra(folder: Path, chance: random.Random) -> str:
    """A file too many, with a name that no archive has."""
    at = chance.choice(["", "sites", "decisions", "warc", "warc/gazet"])
    name = chance.choice([
        f"{ESCAPES[:12]}.toml", "gazet-2026-11-9.warc.gz", "gazet-1.dict.zst", "x" * 200 + ".toml",
        "fifo", "-rf.toml", "қ.toml", "gazet-2026-99.warc.gz", "ozge.toml", "a\nb.toml", "news.db-wal",
        "\udcff.jsonl", "news.db-journal",
    ])  # fmt: skip
    path = folder / at / name
    if chance.random() < 0.3 and not path.exists():
        os.mkfifo(path)
        return f"{at}/{name!r}: a pipe"
    content = chance.choice(
        [b"", b"\x00" * 99, PROFILE.encode(), b"\xff\xfe", ESCAPES.encode() * 9]
    )
    path.write_bytes(content)
    return f"{at}/{name!r}: {content[:20]!r}"


def bytes_(folder: Path, chance: random.Random) -> str:
    """Some bytes flipped, or a file cut."""
    paths = [p for p in sorted(folder.rglob("*")) if p.is_file() and p.stat().st_size]
    path = chance.choice([*paths, folder / DATABASE, folder / DATABASE])
    data = bytearray(path.read_bytes())
    if chance.random() < 0.2:
        data = data[: chance.randrange(len(data))]
        what = f"cut to {len(data)}"
    else:
        places = [chance.randrange(len(data)) for _ in range(chance.choice([1, 3, 200]))]
        for place in places:
            data[place] = chance.randrange(256)
        what = f"flipped {places[:3]}"
    path.write_bytes(data)
    return f"{path.relative_to(folder)}: {what}"


def record(folder: Path, chance: random.Random) -> str:
    """What WARC records say of themselves."""
    path = chance.choice(sorted((folder / "warc").rglob("*.warc.gz")))
    data = path.read_bytes()
    old, new = chance.choice([
        (rb"WARC-Target-URI: [^\r]*", f"WARC-Target-URI: {HOME}/news/9{ESCAPES}".encode()),
        (rb"WARC-Target-URI: https://", b"WARC-Target-URI: https://user:password@"),
        (rb"WARC-Target-URI: [^\r]*", b"WARC-Target-URI: file:///etc/passwd"),
        (rb"WARC-Record-ID: [^\r]*", b"WARC-Record-ID: <\x1b]0;x\x07../../..>"),
        (rb"WARC-Record-ID: [^\r]*", b"WARC-Record-ID: <urn:uuid:1>"),
        (rb"Content-Length: \d+", b"Content-Length: 99999999999"),
        (rb"Content-Length: \d+", b"Content-Length: -5"),
        (rb"Content-Length: (\d+)", b"Content-Length: \\g<1>0"),
        (rb"Content-Length: (\d)\d+", b"Content-Length: \\1"),
        (rb"WARC-Date: [^\r]*", b"WARC-Date: 0001-01-01T00:00:00+14:00"),
        (rb"WARC-Date: [^\r]*", b"WARC-Date: 9999-12-31T23:59:59-14:00"),
        (rb"WARC-Type: response", b"WARC-Type: \x1b[31mresponse"),
        (rb"HTTP/1.1 \d+", b"HTTP/1.1 000"),
        (rb"WARC-Type: response", b"WARC-Type: metadata"),
        (rb"Content-Type: text/html[^\r]*", b"Content-Type: text/html; charset=\x1b[2J"),
    ])  # fmt: skip
    if chance.random() < 0.5:
        data = gzip.compress(re.sub(old, new, gzip.decompress(data)))
    else:
        out = b""
        rest = data
        while rest:
            import zlib

            member = zlib.decompressobj(31)
            one = member.decompress(rest)
            rest = member.unused_data
            out += gzip.compress(re.sub(old, new, one))
        data = out
    path.write_bytes(data)
    return f"{path.name}: {old!r} → {new!r:.80}"


MUTATIONS: dict[str, Callable[[Path, random.Random], str]] = {
    "cell": cell, "schema": schema, "kind": kind, "extra": extra, "bytes": bytes_, "record": record,
}  # fmt: skip
_WEIGHTS = (10, 2, 5, 2, 4, 4)


# -- commands -----------------------------------------------------------------------------------


@dataclass
class Done:
    """How a command ended."""

    code: int | None
    """None where it had to be killed."""
    seconds: float
    said: str
    opened: str = ""


def run(words: list[str], scratch: Path, allowed: list[Path]) -> Done:
    """A command in a child of this process, which has everything imported already."""
    out, opened = scratch / "said", scratch / "opened"
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        os.setsid()
        _become(words, out, opened, allowed)
    code: int | None = None
    while time.monotonic() < began + SECONDS:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            code = os.waitstatus_to_exitcode(status)
            break
        time.sleep(0.005)
    else:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    seconds = time.monotonic() - began
    said = out.read_bytes().decode("utf-8", "backslashreplace")
    return Done(code, seconds, said, opened.read_text("utf-8", "backslashreplace"))


def _become(words: list[str], out: Path, opened: Path, allowed: list[Path]) -> None:
    code = 99
    try:
        log = os.open(opened, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        file = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        null = os.open(os.devnull, os.O_RDONLY)
        for number, fd in enumerate((null, file, file)):
            os.dup2(fd, number)
        resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))
        places = [str(path) for path in (*allowed, ROOT)]

        def watch(event: str, arguments: tuple[Any, ...]) -> None:
            if event not in ("open", "sqlite3.connect", "os.remove", "os.rename", "os.link"):
                return
            path = arguments[0]
            if not isinstance(path, str | bytes | Path):
                return
            name = os.fsdecode(path).removeprefix("file://").partition("?")[0]
            real = os.path.realpath(name)
            if not real.startswith(
                (
                    *places,
                    sys.prefix,
                    sys.base_prefix,
                    "/usr",
                    "/proc",
                    "/dev/null",
                    "/etc/mime",
                    "/etc/localtime",
                    "/sys",
                    *([sys.pycache_prefix] if sys.pycache_prefix else []),
                )
            ):
                os.write(log, f"{event} {real}\n".encode("utf-8", "backslashreplace"))

        sys.addaudithook(watch)
        sys.argv = ["newsbot", *words]
        from newsbot.__main__ import main

        main()
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 98
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        os._exit(code)


def faults(words: str, done: Done, did: str) -> Iterator[str]:
    """What is wrong with how a command ended. A broken profile costs its own site, and code 3."""
    if done.code is None:
        yield f"still running after {SECONDS} s"
    elif done.code not in ((0, 2, 3, 5) if did.startswith("sites/") else (0, 2, 5)):
        yield f"code {done.code}"
    if "Traceback" in done.said or "a bug" in done.said:
        yield "a bug"
    if SECRET in done.said:
        yield "printed the secret"
    if done.opened:
        yield f"opened {done.opened.splitlines()[0]}"
    if "--raw" not in words and (found := _CONTROLS.search(done.said)):
        yield f"printed {found[0]!r}"
    if done.code == 2 and len(done.said.splitlines()) > 1 and "merge" not in words:
        yield "more than one line"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--number", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=MUTATIONS)
    parser.add_argument("-v", "--verbose", action="store_true")
    args = parser.parse_args()
    import newsbot.__main__
    import newsbot.cli
    import newsbot.replay.merge
    import newsbot.replay.reextract
    import newsbot.visit.schedule  # noqa: F401

    bad = number = 0
    with tempfile.TemporaryDirectory() as scratch:
        top = Path(scratch).resolve()
        (top / "calm").mkdir()
        original = build(top / "calm" / "data").folder
        own = Archive(top / "calm" / "own")
        own.put(Warc().info().add("/news/0", page("Біздікі")))
        (own.folder / "sites").mkdir()
        (own.folder / "sites" / "gazet.toml").write_text(PROFILE, "utf-8")
        for number in range(args.number):
            chance = random.Random(f"{args.seed} {number}")
            what = args.only or chance.choices(list(MUTATIONS), _WEIGHTS)[0]
            for path in (top / "work", top / "out"):
                shutil.rmtree(path, ignore_errors=True)
                path.mkdir()
            secret = top / "work" / "secret.txt"
            secret.write_text(SECRET, "utf-8")
            other = top / "work" / "other"
            shutil.copytree(original, other)
            did = MUTATIONS[what](other, chance)
            for command in COMMANDS:
                ours, out = top / "out" / "own", top / "out" / "out"
                for path in (ours, out):
                    shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(
                        missing_ok=True
                    )
                if "OWN" in command:
                    shutil.copytree(own.folder, ours)
                names = {"OTHER": str(other), "OWN": str(ours), "OUT": str(out)}
                done = run(
                    [names.get(word, word) for word in command.split()],
                    top,
                    [other, top / "out"],
                )
                for fault in faults(command, done, did):
                    bad += 1
                    said = done.said.strip().replace(str(top), "")
                    print(
                        f"{number} {what} {did!r:.200}\n    {command}: {fault}: {said!r:.300}",
                        flush=True,
                    )
                if args.verbose:
                    print(
                        number,
                        what,
                        did[:80],
                        command,
                        done.code,
                        f"{done.seconds:.2f}",
                        repr(done.said[:100]),
                    )
    print(f"{args.number} mutations, {len(COMMANDS)} commands each: {bad} faults")
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
