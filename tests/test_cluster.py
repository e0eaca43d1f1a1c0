"""A real Dask cluster gives what one process gives, whatever dies on the way, and its faults are no page's."""

from __future__ import annotations

import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from archive.store import Store
from bench.importing import bodies, make_warc
from newsbot import cluster as clusters
from newsbot import pool as pools
from newsbot.cluster import Cluster, ClusterError, near
from newsbot.pool import InProcess, TaskFailed, call_all, map_in_order
from newsbot.profiles import load_sites
from newsbot.replay.reextract import Choice, reextract
from newsbot.visit.schedule import next_due
from tests.archive.test_stories import OTHER_TEXT, TEXT, Papers
from tests.conftest import ROOT, Run, environment
from tests.dask import DaskCluster
from tests.harm import act, echo, pid_of
from tests.test_pool import run

SITES = ROOT / "newsbot/demo/sites"
PAGES = 450
"""More than two transactions of a reextraction, so that a kill may fall between them."""
TABLES = (
    "articles",
    "revisions",
    "readings",
    "aliases",
    "tags",
    "article_tags",
    "engagement",
    "frontier",
)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    with DaskCluster(tmp_path_factory.mktemp("cluster")) as running:
        yield running


@pytest.fixture
def pool(cluster: DaskCluster) -> Iterator[Cluster]:
    with Cluster(cluster.address, 0) as opened:
        cluster.revive()
        wait_for(opened, 3)
        yield opened


def wait_for(pool: Cluster, workers: int) -> None:
    until = time.monotonic() + 30
    while pool.workers != workers and time.monotonic() < until:
        time.sleep(0.05)
    assert pool.workers == workers


@pytest.fixture(scope="module")
def warc(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pages") / "pages.warc.gz"
    make_warc(path, bodies([], 0), PAGES)
    return path


@pytest.fixture(scope="module")
def imported(warc: Path, newsbot: Run) -> Path:
    """The archive that one process makes of the file."""
    data = warc.parent / "data"
    words = ("import", "warc", warc, "--data", data, "--sites-dir", SITES, "--jobs", 0)
    assert newsbot(*words).returncode == 0
    return data


@pytest.fixture
def old(imported: Path, tmp_path: Path) -> Path:
    """A copy of it as other rules would have read it."""
    data = tmp_path / "data"
    shutil.copytree(imported, data)
    with closing(sqlite3.connect(data / "news.db")) as c, c:
        c.execute("UPDATE captures SET rules = 'old' WHERE rules IS NOT NULL")
        c.execute("UPDATE readings SET rules = 'old', authors = '[\"x\"]'")
    return data


def rows(data: Path) -> dict[str, list[tuple[Any, ...]]]:
    with closing(sqlite3.connect(data / "news.db")) as c:
        return {
            name: c.execute(f"SELECT * FROM {name} ORDER BY 1, 2").fetchall() for name in TABLES
        }


def read_again(data: Path, pool: Any) -> None:
    with Store(data, "test", next_due) as store:
        done = reextract(
            store.connection, data, load_sites(SITES), Choice(), store=store, pool=pool
        )
    assert done.verdicts.total() == PAGES
    assert not done.unread


@pytest.fixture(scope="module")
def again(imported: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    """What one process makes of the old one."""
    data = tmp_path_factory.mktemp("again") / "data"
    old.__wrapped__(imported, data.parent)  # type: ignore[attr-defined]
    read_again(data, InProcess())
    return rows(data)


# -- tasks --------------------------------------------------------------------------------------


def test_order_and_errors(pool: Cluster) -> None:
    errors = run(pool, {3: "raise", 20: "odd", 21: "quit", 22: "lambda"}, 230)
    assert {key: f"{type(e).__name__}: {e}" for key, e in errors.items()} == {
        3: "ValueError: no page",
        20: "TaskFailed: Odd: ",
        21: "TaskFailed: SystemExit: 5",
        22: "AttributeError: Can't pickle local object 'act.<locals>.<lambda>'",
    }
    odd = pool.submit(act, 1, "odd").exception(20)
    assert isinstance(odd, TaskFailed)


def test_a_page_that_kills_its_worker_fails_alone(pool: Cluster) -> None:
    errors = run(pool, {103: "kill"}, 110)
    assert {key: str(e) for key, e in errors.items()} == {103: "several workers died over it"}


def test_a_page_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with DaskCluster(tmp_path, 0) as cluster, Cluster(cluster.address) as pool:
        cluster.add_worker(
            "--preload", "import newsbot.pool as p; p.TIMEOUT = 0.3", "--nthreads", "2"
        )
        found = [pool.submit(call_all, act, [(n, harm)]) for n, harm in enumerate(("hang", ""))]
        assert str(found[0].exception(60)) == "several workers died over it"
        # Dask suspects what was beside it, too: `map_in_order` has each tried alone.
        assert run(pool, {}, 5) == {}


def test_large_results_and_a_limit_of_memory(tmp_path: Path) -> None:
    with DaskCluster(tmp_path, 0) as cluster, Cluster(cluster.address) as pool:
        cluster.add_worker("--memory-limit", "600MB")
        for body in (b"x", bytes(50_000_000), b"y"):
            assert pool.submit(echo, body).result(60) == body


def test_what_needs_this_machine_stays_here(pool: Cluster) -> None:
    here = near(pool)
    assert here.submit(pid_of, 1).result() != pool.submit(pid_of, 1).result()
    assert near(here) is here


def test_nothing_is_left_behind(cluster: DaskCluster) -> None:
    before = set(threading.enumerate())
    pool = Cluster(cluster.address)
    futures = [pool.submit(act, n, "sleep") for n in range(30)]
    pool.shutdown()
    assert {type(future.exception(1)) for future in futures} <= {ClusterError, type(None)}
    with pytest.raises(ClusterError, match="closed"):
        pool.submit(act, 1)
    time.sleep(0.6)
    left = {thread.name for thread in set(threading.enumerate()) - before}
    assert not {name for name in left if "_watch" in name or "IO loop" in name}


# -- whole commands -----------------------------------------------------------------------------


def test_an_import_is_the_same(
    cluster: DaskCluster, warc: Path, imported: Path, tmp_path: Path, newsbot: Run
) -> None:
    data = tmp_path / "data"
    words = ("import", "warc", warc, "--data", data, "--sites-dir", SITES)
    done = newsbot(*words, "--scheduler", cluster.address)
    assert (done.returncode, done.stderr) == (0, "")
    assert rows(data) == rows(imported)


def test_stories_are_the_same(cluster: DaskCluster, tmp_path: Path, newsbot: Run) -> None:
    papers = Papers(tmp_path / "here")
    for site in "cab":
        papers.add(f"{site}/1", TEXT, title="Су")
        papers.add(f"{site}/2", f"{OTHER_TEXT} {site}", title="Көпір")
    papers.first.store.close()
    shutil.copytree(tmp_path / "here", tmp_path / "there")
    told = [
        newsbot("stories", "--data", tmp_path / name, *words)
        for name, words in (("here", ()), ("there", ("--scheduler", cluster.address)))
    ]
    assert "2 stories of 6 articles" in told[0].stdout
    assert told[1].stdout == told[0].stdout
    assert rows(tmp_path / "there") == rows(tmp_path / "here")


def test_workers_and_the_scheduler_die_while_pages_are_read(
    cluster: DaskCluster,
    pool: Cluster,
    old: Path,
    again: dict[str, list[Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pools, "_BATCH", 6)
    deaths = iter(
        [cluster.kill_worker] * 3 + [cluster.restart_scheduler] + [cluster.kill_worker] * 2
    )
    submit, sent = pool.submit, 0

    def submit_and_kill(*args: Any) -> Any:
        nonlocal sent
        sent += 1
        future = submit(*args)
        if sent % 3 == 0:
            next(deaths, lambda: None)()
        return future

    monkeypatch.setattr(pool, "submit", submit_and_kill)
    read_again(old, pool)
    assert next(deaths, None) is None
    assert rows(old) == again
    assert not pool._under_way


def command(*words: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "newsbot", *map(str, words)], cwd=ROOT, env=environment(),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_the_command_is_killed_and_run_again(
    cluster: DaskCluster, old: Path, again: dict[str, list[Any]], newsbot: Run
) -> None:
    words = ("reextract", "--data", old, "--sites-dir", SITES, "--scheduler", cluster.address)
    first = command(*words)
    with closing(sqlite3.connect(old / "news.db", timeout=30)) as c:
        sql = "SELECT count(*) FROM captures WHERE rules <> 'old'"
        while not c.execute(sql).fetchone()[0] and first.poll() is None:
            time.sleep(0.01)
        first.kill()
        first.communicate()
        assert 0 < c.execute(sql).fetchone()[0] < PAGES
    done = newsbot(*words)
    assert (done.returncode, done.stderr) == (0, "")
    assert rows(old) == again


def test_ctrl_c(tmp_path: Path, old: Path) -> None:
    """Also where nobody works."""
    with DaskCluster(tmp_path, 0) as cluster:
        process = command(
            "reextract", "--data", old, "--sites-dir", SITES, "--scheduler", cluster.address
        )
        time.sleep(4)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        process.communicate(timeout=20)
        assert time.monotonic() - began < 5
        assert process.returncode == 130


# -- clusters that cannot be used ---------------------------------------------------------------


def test_a_port_of_something_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which takes the connection and says nothing."""
    monkeypatch.setattr(clusters, "_CONNECT", 0.5)
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        pytest.raises(ClusterError, match="no Dask scheduler answers"),
    ):
        Cluster(f"tcp://127.0.0.1:{server.getsockname()[1]}")


def bare(folder: Path) -> dict[str, str]:
    """Where there is no newsbot."""
    (folder / "bare/newsbot").mkdir(parents=True)
    code = "raise ModuleNotFoundError(\"No module named 'newsbot'\", name='newsbot')\n"
    (folder / "bare/newsbot/__init__.py").write_text(code)
    return {"PYTHONPATH": str(folder / "bare")}


OTHER = "import newsbot.cluster as c; c.version = lambda: 'newsbot/9 with rules 7'"


@pytest.mark.parametrize(
    ("options", "is_bare", "told"),
    [
        ((), True, "cannot run newsbot"),
        (("--preload", OTHER), False, "runs newsbot/9 with rules 7"),
    ],
)
def test_another_newsbot(
    options: tuple[str, ...], is_bare: bool, told: str, tmp_path: Path, old: Path, newsbot: Run
) -> None:
    """On a worker that is there; and on one that comes later, which costs no page its reading."""
    before = rows(old)
    with DaskCluster(tmp_path, 0) as cluster:
        with Cluster(cluster.address) as pool:
            cluster.add_worker(*options, **bare(tmp_path) if is_bare else {})
            with pytest.raises(ClusterError, match=told):
                read_again(old, pool)
            wait_for(pool, 1)
        words = ("reextract", "--data", old, "--sites-dir", SITES)
        done = newsbot(*words, "--scheduler", cluster.address)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert told in done.stderr
    assert rows(old) == before


def test_a_scheduler_needs_no_newsbot_and_no_workers_are_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with DaskCluster(tmp_path, 0, **bare(tmp_path)) as cluster:
        with Cluster(cluster.address, patience=2) as pool:
            monkeypatch.setattr(clusters, "_CONNECT", 1.0)  # a warning comes as late
            error = pool.submit(act, 1).exception(20)
            assert "has had no worker for 2 seconds" in str(error)
            with pytest.raises(ClusterError):
                list(map_in_order(pool, act, [(1, (1,))]))
        assert "no worker now" in caplog.text
        monkeypatch.undo()
        cluster.add_worker()
        with Cluster(cluster.address) as pool:
            assert pool.submit(act, 1).result(20) == 1


def test_no_scheduler(monkeypatch: pytest.MonkeyPatch, old: Path, newsbot: Run) -> None:
    words = ("reextract", "--data", old, "--sites-dir", SITES)
    done = newsbot(*words, "--scheduler", "nonsense")
    assert (done.returncode, done.stderr) == (
        2, "newsbot: nonsense is no address of a scheduler: tcp://HOST:PORT is one\n"
    )  # fmt: skip
    monkeypatch.setattr(clusters, "_CONNECT", 0.5)
    with pytest.raises(ClusterError, match="no Dask scheduler answers"):
        Cluster("tcp://127.0.0.1:9")
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ClusterError, match="pip install 'newsbot"):
        Cluster("tcp://127.0.0.1:9")
    assert ClusterError.exit_code == 2


def test_without_a_scheduler_nothing_of_it_is_loaded(warc: Path, tmp_path: Path) -> None:
    options = ["--data", str(tmp_path / "data"), "--sites-dir", str(SITES), "--jobs", "0"]
    commands = [["--help"], ["import", "warc", str(warc), *options], ["reextract", *options]]
    code = "import sys\nfrom newsbot.cli import main\n"
    code += (
        f"for words in {commands}:\n    sys.argv = ['newsbot', *words]\n    assert main() == 0\n"
    )
    code += "print(sorted({'dask', 'distributed', 'fsspec'} & sys.modules.keys()))\n"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment(),
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "[]"
