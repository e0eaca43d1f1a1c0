"""Documentation against code: what exists is documented, and what is documented exists.

A failure shows both lists. Most are mended by adding or removing one row of a table in docs/;
`python -m tests.docs.regenerate` mends the copied ones.
"""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import json
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import click
import pytest
from click.testing import CliRunner
from pydantic import BaseModel
from sqlite_utils import Database

from archive import errors, query
from archive.article import Article
from archive.decisions import FORMS
from archive.derive import DAY
from archive.export.rows import rows as export_rows
from archive.store import OUTCOMES, Candidate, Store, open_database
from archive.store.schema import create
from archive.store.stories import link as link_stories
from archive.times import now
from archive.visit import Visit
from newsbot import __main__, cli, profiles
from newsbot.crawl import settings
from newsbot.crawl.session import Options
from newsbot.demo.articles import expected
from newsbot.profile_values import REGIONS
from newsbot.visit.schedule import (
    DISTRUSTED,
    FIRST_RETRY,
    GONE,
    LAST_RETRY,
    OLDEST,
    POLLS,
    REVISITS,
    next_due,
)
from newsbot.watch.monitors import kinds
from tests.docs.regenerate import DOCS, PACKAGES, ROOT, blocks, commands, generated, modules

MARKDOWN = sorted([*ROOT.glob("*.md"), *DOCS.glob("*.md")])
NAMES = [path.relative_to(ROOT).as_posix() for path in MARKDOWN]


# -- reading Markdown ---------------------------------------------------------------------------


def read(name: str) -> str:
    """A file below docs/."""
    return (DOCS / name).read_text("utf-8")


def section(name: str, heading: str) -> str:
    """What stands below a heading (with its `#` marks), up to the next one of any depth."""
    found = re.search(rf"^{re.escape(heading)}\n(.*?)(?=^#+ |\Z)", prose(read(name)), re.M | re.S)
    assert found, f"docs/{name} has no heading «{heading}»"
    return found[1]


def prose(text: str) -> str:
    """A document without the contents of its code blocks, whose comments look like headings."""
    return re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)


def rows(name: str, heading: str) -> list[list[str]]:
    """Cells of the table rows below a heading whose first cell is one `name`, without its marks."""
    lines = re.findall(r"^\| `([^`]+)` \|(.*)\|$", section(name, heading), re.M)
    return [[first, *(cell.strip() for cell in rest.split(" | "))] for first, rest in lines]


def names(name: str, heading: str) -> list[str]:
    """First cells of those rows."""
    return [row[0] for row in rows(name, heading)]


def fences(text: str, *languages: str) -> list[str]:
    """Contents of a document's code blocks in some languages ("" where none is named)."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.M | re.S)
    return [code for language, code in found if language in languages]


# -- commands -----------------------------------------------------------------------------------


@pytest.mark.parametrize("file", ["commands.md", "layout.md"])
def test_copies_are_up_to_date(file: str) -> None:
    hint = "run: python -m tests.docs.regenerate"
    assert blocks(read(file)) == generated()[file], hint


def test_every_command_that_is_written_is_offered() -> None:
    offered = {id(context.command) for context in commands().values()}
    for path in (ROOT / "newsbot" / "cli").glob("*.py"):
        module = importlib.import_module(f"newsbot.cli.{path.stem}".removesuffix(".__init__"))
        for name, value in vars(module).items():
            if isinstance(value, click.Command):
                assert id(value) in offered, (
                    f"{path.name}: {name} is missing in newsbot.cli.COMMANDS"
                )


def test_commands_used_in_documents_exist() -> None:
    known = commands()
    used = [
        (name, line) for path, name in zip(MARKDOWN, NAMES, strict=True) for line in _code(path)
    ]
    assert not [(name, line) for name, line in used if _unknown(line.split(), known)]


def _code(path: Path) -> list[str]:
    """Inline code and shell lines of a document, comments cut off."""
    text = path.read_text("utf-8")
    fenced = [line for code in fences(text, "sh", "crontab", "") for line in code.splitlines()]
    return [*re.findall(r"`([^`\n]+)`", prose(text)), *(line.split(" #")[0] for line in fenced)]


def _unknown(words: list[str], known: dict[str, click.Context]) -> list[str]:
    """Words of a command line that are no command of newsbot and no option of it."""
    name = "newsbot"
    start = next((n for n, word in enumerate(words) if Path(word).name == name), len(words))
    words = words[start + 1 :]
    while words and f"{name} {words[0]}" in known:
        name = f"{name} {words.pop(0)}"
    options = {
        option
        for parameter in known[name].command.get_params(known[name])
        for option in (*parameter.opts, *parameter.secondary_opts)
    }
    command = known[name].command
    takes = any(isinstance(parameter, click.Argument) for parameter in command.params)
    is_group = isinstance(command, click.Group) and not takes
    return [
        word
        for number, word in enumerate(words)
        if (word.startswith("-") and len(word) > 1 and word not in options)
        or (is_group and number == 0 and word.isalpha())
    ]


def test_options_named_alone_exist() -> None:
    known = {
        option
        for context in commands().values()
        for parameter in context.command.get_params(context)
        for option in parameter.opts
    }
    found = {
        (path.name, option)
        for path in MARKDOWN
        for option in re.findall(r"`(--[a-z-]+)[ `]", prose(path.read_text("utf-8")))
    }
    assert not {(name, option) for name, option in found if option not in known}


def test_exit_codes() -> None:
    source = inspect.getsource(cli) + inspect.getsource(__main__)
    assert cli.__doc__
    stated = re.findall(r"(?:: |· |·\n)(\d+) ", cli.__doc__)
    raised = [e.exit_code for e in vars(errors).values() if hasattr(e, "exit_code")]
    ended_with = re.findall(r"^\s+return (\d+)(?: if|$)", source, re.M)
    codes = {int(code) for code in (*stated, *raised, *ended_with)}
    assert names("operator.md", "## Exit codes") == [str(code) for code in sorted(codes)]


def test_outcomes() -> None:
    assert names("operator.md", "## Outcomes") == list(OUTCOMES)


# -- settings and profiles ----------------------------------------------------------------------


def test_settings() -> None:
    documented = rows("settings.md", "## Settings of newsbot") + rows(
        "settings.md", "## Scrapy settings that are not Scrapy's default"
    )
    present = {name: value for name, value in vars(settings).items() if name.isupper()}
    assert sorted(row[0] for row in documented) == sorted(present)
    for name, value, *_ in documented:
        if value.startswith("`"):
            assert ast.literal_eval(value.strip("`")) == present[name], name


def test_environment_variables() -> None:
    used = {
        parameter.envvar
        for context in commands().values()
        for parameter in context.command.params
        if isinstance(parameter.envvar, str)
    }
    for path in modules():
        if path.endswith(".py"):
            source = (ROOT / path).read_text("utf-8")
            used.update(re.findall(r"environ(?:\.get)?[\[(]\s*\"(\w+)\"", source))
    assert sorted(names("settings.md", "## Environment variables")) == sorted(used)


PROFILE_MODELS = [
    model
    for name, model in vars(profiles).items()
    if inspect.isclass(model)
    and issubclass(model, BaseModel)
    and name not in ("BaseModel", "_Model")
]


@pytest.mark.parametrize("model", PROFILE_MODELS, ids=lambda model: str(model.__name__))
def test_profile_keys(model: type[BaseModel]) -> None:
    documented = {row[0]: row[1] for row in rows("operator.md", f"### `{model.__name__}`")}
    present = {name: _default(field) for name, field in model.model_fields.items()}
    if documented.get("id") == "the file's name":
        present["id"] = documented["id"]
    assert documented == present


def _default(field: Any) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, BaseModel):
        name = type(value).__name__
        return f"[{name}](#{name.lower()})"
    return "–" if value is None else f"`{json.dumps(value)}`"


def test_regions() -> None:
    (cell,) = (row[2] for row in rows("operator.md", "### `Site`") if row[0] == "region")
    assert set(re.findall(r"`([\w-]+)`", cell)) == set(REGIONS)


def test_the_example_profile_is_sound(tmp_path: Path) -> None:
    (example,) = fences(read("operator.md"), "toml")
    path = tmp_path / "example.toml"
    path.write_text(example, "utf-8")
    assert profiles.load_site(path).layouts


# -- discovery and schedules --------------------------------------------------------------------


def test_options_of_a_crawl() -> None:
    documented = rows("settings.md", "## Options of a crawl")
    present = {field.name: json.dumps(field.default) for field in dataclasses.fields(Options)}
    assert {row[0]: row[1].strip("`") for row in documented} == present
    named = {row[0]: row[2].split("`")[1] for row in documented if row[2].startswith("`")}
    assert set(present) - set(named) == {"sample", "only"}, "of other commands"
    assert named == {name: f"--{name.replace('_', '-')}" for name in named}
    told = set(names("operator.md", "## Ways to crawl"))
    known = {option for p in commands()["newsbot crawl"].command.params for option in p.opts}
    assert set(named.values()) <= told <= known


def test_kinds_of_sources() -> None:
    told = {timedelta(0): "in every run", timedelta(days=1): "once a day"}
    documented = {row[0]: row[2] for row in rows("operator.md", "## How articles are found")}
    wanted = {kind: told.get(rest) or f"every {_spelt(rest)}" for kind, rest in POLLS.items()}
    assert documented == wanted
    assert set(documented) == set(get_args(profiles.Source.model_fields["kind"].annotation))


def test_schedule() -> None:
    found = re.findall(
        r"^\| (?:under (\d+) days|(older)) \| (\d+) (hour|day)s? \|$",
        section("operator.md", "## Visiting again"),
        re.M,
    )
    intervals = [timedelta(**{f"{unit}s": int(number)}) for _, _, number, unit in found]
    limits = [timedelta(days=int(days)) for days, older, *_ in found if not older]
    assert intervals == [*(interval for _, interval in REVISITS), OLDEST]
    assert limits == [limit for limit, _ in REVISITS]


def _spelt(interval: timedelta) -> str:
    """«6 hours», «1 day»: whole days where it is as long as that."""
    days, hours = divmod(interval // timedelta(hours=1), 24)
    number, unit = (days, "day") if days and not hours else (24 * days + hours, "hour")
    return f"{number} {unit}{'s' if number > 1 else ''}"


def test_other_waits() -> None:
    told = " ".join(prose(read("operator.md")).split())
    for sentence in (
        f"stays away for {_spelt(FIRST_RETRY)}, and twice as long after each further one in a row, "
        f"up to {_spelt(LAST_RETRY)}.",
        f"rests for {_spelt(FIRST_RETRY)}, twice as long after each further failure, "
        f"up to {_spelt(LAST_RETRY)};",
        f"What is gone is looked at after {_spelt(GONE)},",
        f"in {_spelt(GONE)} for a known article, else never",
        f"A frozen one is asked after {_spelt(DISTRUSTED)} ",
    ):
        assert sentence in told


# -- schema -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tables() -> dict[str, list[tuple[str, str, str]]]:
    """Table or view → (its type, column, declared type), from an empty database."""
    db = Database(memory=True)
    create(db.conn)
    return {
        name: [
            (kind, row[1], row[2])
            for row in db.conn.execute(f"PRAGMA table_xinfo({name})")
            if row[6] != 1  # the hidden columns of the index
        ]
        for kind, name in db.conn.execute("SELECT type, name FROM pragma_table_list")
        if kind != "shadow" and not name.startswith("sqlite_")
    }


def test_tables_and_views(tables: dict[str, list[tuple[str, str, str]]]) -> None:
    text = prose(read("schema.md"))
    documented = re.findall(r"^### `(\w+)`$", text, re.M)
    assert sorted(documented) == sorted(tables)
    views = text[text.index("\n## Views") :]
    assert re.findall(r"^### `(\w+)`$", views, re.M) == [
        name for name in documented if tables[name][0][0] == "view"
    ]


def test_columns(tables: dict[str, list[tuple[str, str, str]]]) -> None:
    for table, columns in tables.items():
        documented = rows("schema.md", f"### `{table}`")
        if columns[0][0] == "table":
            assert [row[:2] for row in documented] == [[c, kind] for _, c, kind in columns], table
        else:
            assert [row[0] for row in documented] == [c for _, c, _ in columns], table


def _article(record: dict[str, Any]) -> Article:
    fields = {name: value for name, value in record.items() if name != "paragraphs"}
    text = "\n\n".join(record["paragraphs"])
    url = str(record["url"])
    return Article(**fields, text=text, is_article=True, canonical_url=url, flags=["short_text"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small archive in which every example query finds something."""
    folder = tmp_path_factory.mktemp("archive")
    moment = now() - timedelta(days=3)
    origin = "http://127.0.0.1:8765"
    bare = Article(url=f"{origin}/bare/", is_article=True, text="Мәтін.")
    articles = [*(_article(record) for record in expected(origin)[:12]), bare]
    with Store(folder, schedule=next_due) as store:
        site = profiles.load_site(ROOT / "newsbot" / "demo" / "sites" / "aqbulaq.toml")
        store.save_site({key: getattr(site, key) for key in ("id", "name", "url", "timezone")})
        crawl = store.start_crawl(site.id, moment)
        source = store.source(site.id, f"{origin}/feed/", "feed")["id"]
        silent = store.source(site.id, f"{origin}/rss", "feed")["id"]
        listed = [Candidate(article.url) for article in articles] + [Candidate(f"{origin}/broken/")]
        store.save_poll(source, crawl, listed, polled_at=moment, status=200)
        store.save_poll(silent, crawl, [], polled_at=moment, status=404, error="HTTP 404")

        def visit(frontier: int, url: str, article: Article | None, **more: Any) -> None:
            at = more.pop("at", moment)
            body = f"<p>{article.text if article else ''}".encode()
            page = (f"{origin}/", 200, [("Content-Type", "text/html")], body, at)
            known = {"result": "article", "urls": (url,)}
            store.record(
                Visit(
                    site=site.id,
                    url=url,
                    frontier=frontier,
                    crawl=crawl,
                    fetched_at=at,
                    article=article,
                    captures=[store.captures(site.id).write(*page)],
                    **{**known, **more},
                )
            )

        for number, article in enumerate(articles, 1):
            old = (f"{origin}/archives/1802/",) if number == 1 else ()
            visit(number, article.url, article, urls=(*old, article.url))
        later = moment + timedelta(hours=6)
        edited = replace(articles[0], text="Қысқа.", views=10_000)
        visit(1, edited.url, edited, at=later)
        missing = {"result": "missing", "reason": "HTTP 404", "status": 404}
        for at in (later, later + DAY):
            visit(2, articles[1].url, None, at=at, **missing)
        failed = {"result": "failed", "reason": "HTTP 500", "status": 500}
        visit(len(listed), f"{origin}/broken/", None, **failed)
        store.finish_crawl(crawl, later, "finished", 20)
        _twins(store, articles[2], moment)
        link_stories(store)
    return folder


def _twins(store: Store, original: Article, at: datetime) -> None:
    """A reprint at another newspaper, and another script of an article at that one."""
    home = "https://tobyl.example"
    store.save_site({"id": "tobyl", "name": "Тобыл", "url": home, "timezone": "Asia/Almaty"})
    latin = Article(
        url=f"{home}/qz/7", is_article=True, language="kk-Latn", published=original.published,
        title="Aqbulaqta jaña mektep aşıldı", text="Mätin.",
    )  # fmt: skip
    reprint = replace(original, url=f"{home}/kz/7", canonical_url=None, language="kk")
    reprint.editions = [{"language": "kk-Latn", "url": latin.url}]
    for article in (reprint, latin):
        store.record(
            Visit(
                site="tobyl",
                url=article.url,
                urls=(article.url,),
                fetched_at=at,
                result="article",
                article=article,
                captures=[store.captures("tobyl").write(article.url, 200, [], b"<p>", at)],
            )
        )


@pytest.fixture
def connection(folder: Path) -> Iterator[sqlite3.Connection]:
    """That archive, as a reader opens it."""
    db = open_database(folder)
    yield db.conn
    db.close()


EXAMPLES = fences(read("schema.md"), "sql")


@pytest.mark.parametrize("sql", EXAMPLES, ids=lambda sql: str(sql).split("\n")[0][:60])
def test_example_queries_find_something(connection: sqlite3.Connection, sql: str) -> None:
    assert connection.execute(sql).fetchall()


def test_the_way_to_read_a_capture_works(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    (example,) = fences(read("schema.md"), "python")
    found: dict[str, Any] = {}
    exec(example, found)  # the example is ours
    assert capsys.readouterr().out == "http://127.0.0.1:8765/\n200\n"
    assert found["page"].startswith(b"<p>")
    found["db"].close()


# -- export -------------------------------------------------------------------------------------


def test_export_fields(connection: sqlite3.Connection) -> None:
    names = [row[0] for row in rows("export.md", "## Fields")]
    parts = [row[0] for row in rows("export.md", "## Capture")]
    for row in export_rows(connection, query.ids(connection)):
        assert list(row) == names
        assert row["capture"] is None or list(row["capture"]) == parts


# -- all documents ------------------------------------------------------------------------------


def _anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", prose(text), re.M)
    return {
        re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings
    }


@pytest.mark.parametrize("path", MARKDOWN, ids=NAMES)
def test_links_resolve(path: Path) -> None:
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(path.read_text("utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        file, _, anchor = link.partition("#")
        target = (path.parent / file) if file else path
        if not target.exists() or (anchor and anchor not in _anchors(target.read_text("utf-8"))):
            broken.append(link)
    assert not broken


def test_every_document_is_listed() -> None:
    listed = set(re.findall(r"\]\(([\w-]+\.md)\)", read("README.md"))) | {"README.md"}
    assert {path.name for path in DOCS.glob("*.md")} <= listed


def test_every_module_explains_itself() -> None:
    assert not [path for path, said in modules().items() if not said]


def test_no_paths_of_somebodys_machine() -> None:
    # Spelt so that this file does not find itself.
    pattern = re.compile(
        rf"(?<![\w.:/])/(?:{'|'.join(('wor' + 'k', 'roo' + 't', 'hom' + 'e'))})/\w"
    )
    folders = [*PACKAGES, "docs", "tests", "bench"]
    files = [path for name in folders for path in (ROOT / name).rglob("*")]
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in [*files, *ROOT.glob("[!.]*.*"), ROOT / "Makefile"]
        if path.suffix in (".py", ".md", ".toml", ".cfg", "") and path.is_file()
        if path.name != ".git"  # a file in a worktree
        for match in pattern.finditer(path.read_text("utf-8", "replace"))
    ]
    assert not found


def test_the_page_that_is_followed_is_read_as_is_said(tmp_path: Path) -> None:
    text = read("extraction.md").split("## One page, followed")[1]
    page, said = re.findall(r"```(?:html)?\n(.*?)```", text, re.DOTALL)[:2]
    file = tmp_path / "page.html"
    file.write_text(page, "utf-8")
    url = "https://aqbulaq.example/news/2024/05/12/su-keldi/"
    when = ("--fetched-at", "2026-11-27T12:00:00+05:00")
    done = CliRunner().invoke(cli.newsbot, ["extract", str(file), "--url", url, *when, "--explain"])
    assert said.rstrip() in done.output


def test_every_alarm_is_told_with_what_to_do() -> None:
    documented = rows("handbook.md", "### Every alarm and what to do")
    present = [
        [kind.name, str(kind.severity), f"{kind.limit:g}" if kind.sql else "–"]
        for kind in kinds().values()
    ]
    assert [row[:3] for row in documented] == present
    assert all(all(row) for row in documented)


def test_keys_of_decisions() -> None:
    headings = ("## Notes on articles", "## What is withheld", "## Mutes of alarms")
    for form, heading in zip(FORMS, headings, strict=True):
        assert names("schema.md", heading) == list(form.fields)
