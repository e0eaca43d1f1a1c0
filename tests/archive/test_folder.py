"""Data-set folders: loaded by others as they are, made again to the byte, carried on after a kill, checked."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
import signal
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from archive.captures.files import sha256_of
from archive.errors import ArchiveError, ArchiveLocked, ArchiveUsageError
from archive.export import folder as folders
from archive.export.belongings import MANIFEST, UNFINISHED, files_in
from archive.export.card import yaml as to_yaml
from archive.export.check import Checked, check_folder
from archive.export.columns import COLUMNS
from archive.export.folder import Made, Wanted, write_folder
from archive.export.reading import read_rows
from archive.export.shared import shared_stories
from archive.export.splits import checked
from archive.kazakh.transliterate import to_latin
from archive.query import selection
from archive.store import open_database
from tests.archive.building import HOME
from tests.archive.test_duplicates import Press
from tests.archive.test_stories import Papers

TEXTS = ["\n\n".join(Press(seed).article(4)) for seed in range(60, 67)]
TIME = checked("time:2022,2023")
EVERYTHING = Wanted(selection(), ("jsonl",), software="newsbot/0.1.0")
Make = Callable[..., Made]


def build(data: Path) -> None:
    """Two newspapers: a reprint, an edition in another script, an article without a date, one that is withheld."""
    papers = Papers(data)
    papers.add("a/1-123456", TEXTS[0], published="2021-05-01", authors=["Ерлан Қасым"], tags=["су"])
    papers.add("b/1", TEXTS[0], published="2022-05-01T10:00:00+05:00", views=7)
    papers.add("a/1-123456-lat", to_latin(TEXTS[0]), published="2021-05-02", language="kk-Latn")
    papers.add(
        "a/2", TEXTS[1], published="2022-06-01", editions=[{"language": "ru", "url": f"{HOME}x"}]
    )
    papers.add("b/2", TEXTS[2], published=None, title="=1+1 | «Су» & {тасқын}")
    papers.add("b/3", TEXTS[3], published="2023-01-01", language="ru")
    papers.add("a/withheld", TEXTS[4], published="2023-01-02")
    papers.link()
    papers.first.store.close()
    decisions = data / "decisions"
    decisions.mkdir(exist_ok=True)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("folder") / "data"
    build(data)
    return data


@pytest.fixture(autouse=True)
def without_plots(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing takes longer than all else; `made` has plots, and tests/archive/test_plots.py sees that they are the same again."""
    monkeypatch.setattr(folders, "pictures", lambda _: ())


@pytest.fixture
def own(data: Path, tmp_path: Path) -> Path:
    """An archive that the test may change."""
    return Path(shutil.copytree(data, tmp_path / "own"))


def make(data: Path, folder: Path, wanted: Wanted = EVERYTHING, **more: Any) -> Made:
    c = open_database(data).conn
    try:
        return write_folder(c, data, folder, wanted, **more)
    finally:
        c.close()


def contents(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in files_in(folder)}


def rows_in(folder: Path) -> list[dict[str, Any]]:
    return [row for name in sorted(files_in(folder)) if name.startswith("data/") for row in read_rows(folder / name)]  # fmt: skip


# -- the same again ---------------------------------------------------------------------------------


def test_it_is_made_again_to_the_byte(own: Path, tmp_path: Path) -> None:
    wanted = replace(
        EVERYTHING,
        formats=("parquet", "jsonl", "csv", "wacz", "warc", "sqlite"),
        split="hash:2/1/1",
    )
    make(own, tmp_path / "one", wanted)
    c = sqlite3.connect(own / "news.db")
    c.execute("VACUUM")
    c.close()
    make(own, tmp_path / "far" / "two", wanted)
    assert contents(tmp_path / "one") == contents(tmp_path / "far/two")
    made = make(own, tmp_path / "one", wanted)
    assert contents(tmp_path / "one") == contents(tmp_path / "far/two")
    assert (made.rows, made.files) == (7, len(files_in(tmp_path / "one")))
    assert check_folder(tmp_path / "one") == Checked(made.files - 1, 7, [])


def test_rows_stand_in_files_of_a_size_each_in_its_split(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "MOST_ROWS", 2)
    make(data, tmp_path / "set", replace(EVERYTHING, split=TIME))
    names = [name for name in sorted(files_in(tmp_path / "set")) if name.startswith("data/")]
    assert names == [
        *(f"data/test-0000{n}-of-00002.jsonl.gz" for n in (0, 1)),
        *(f"data/train-0000{n}-of-00002.jsonl.gz" for n in (0, 1)),
        "data/validation-00000-of-00001.jsonl.gz",
    ]
    monkeypatch.setattr(folders, "MOST_ROWS", 100)
    monkeypatch.setattr(folders, "MOST_BYTES", 10)
    assert make(data, tmp_path / "bytes").files == 7 + 5
    where = {row["url"].removeprefix(HOME): row["split"] for row in rows_in(tmp_path / "set")}
    assert where == {
        "a/1-123456": "train", "a/1-123456-lat": "train", "b/1": "train", "a/2": "validation",
        "b/2": "test", "b/3": "test", "a/withheld": "test",
    }  # fmt: skip


# -- interrupted ------------------------------------------------------------------------------------


def killed(data: Path, folder: Path, at: int) -> None:
    """A run that is killed when it has so many rows."""

    def progress(_: int) -> None:
        nonlocal at
        at -= 1
        if not at:
            os.kill(os.getpid(), signal.SIGKILL)

    if (child := os.fork()) == 0:
        make(data, folder, progress=progress)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL


def test_what_was_killed_is_carried_on(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "MOST_ROWS", 2)
    make(data, tmp_path / "whole")
    folder, said = tmp_path / "set", list[str]()
    killed(data, folder, 4)
    killed(data, folder, 4)
    with pytest.raises(ArchiveUsageError, match="interrupted"):
        check_folder(folder)
    finished = {name for name in files_in(folder) if not name.endswith(".part")}
    assert finished == {f"data/train-0000{n}-of-00004.jsonl.gz" for n in (0, 1)}
    before = {name: (folder / name).stat().st_mtime_ns for name in finished}
    made = make(data, folder, say=said.append)
    assert made.kept == 2
    assert "2 of its finished files are kept" in said[0]
    assert before == {name: (folder / name).stat().st_mtime_ns for name in finished}
    assert contents(folder) == contents(tmp_path / "whole")
    assert not (folder / UNFINISHED).exists()


def test_nothing_is_kept_of_another_selection_or_a_changed_archive(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "MOST_ROWS", 2)
    folder, said = tmp_path / "set", list[str]()
    killed(own, folder, 4)
    other = replace(EVERYTHING, chosen=selection(site="a"))
    assert make(own, folder, other, say=said.append).kept == 0
    assert "another selection" in said.pop()
    make(own, folder, say=said.append)
    assert "made anew" in said.pop()
    shutil.rmtree(folder)
    killed(own, folder, 4)
    c = sqlite3.connect(own / "news.db")
    c.execute("UPDATE articles SET views = 8 WHERE views = 7")
    c.commit()
    c.close()
    make(own, folder, say=said.append)
    assert "the archive has changed" in said.pop()
    assert [row["views"] for row in rows_in(folder) if row["views"]] == [8]


def test_a_full_disk_leaves_nothing_half(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(rows: Iterator[Any], out: Any) -> int:
        out.write(b"{")
        raise OSError(errno.ENOSPC, "No space left on device")

    fine = folders.FORMATS["jsonl"]
    monkeypatch.setitem(folders.FORMATS, "jsonl", replace(fine, write=full))
    with pytest.raises(OSError, match="No space"):
        make(data, tmp_path / "set")
    assert not files_in(tmp_path / "set")
    monkeypatch.setitem(folders.FORMATS, "jsonl", fine)
    make(data, tmp_path / "set")
    assert not check_folder(tmp_path / "set").problems


# -- what is not ours -------------------------------------------------------------------------------


def test_what_newsbot_did_not_write_is_left_alone(data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    (folder / "thesis.txt").write_text("…")
    with pytest.raises(ArchiveUsageError, match=r"thesis\.txt, which newsbot did not write"):
        make(data, folder)
    (folder / "thesis.txt").unlink()
    (folder / ".git").mkdir()  # as in a clone of a data set of the Hub
    make(data, folder)
    (folder / "README.md").write_text("mine")
    with pytest.raises(ArchiveUsageError, match=r"README\.md was changed since"):
        make(data, folder)
    assert (folder / "README.md").read_text() == "mine"


@pytest.mark.parametrize("name", ["../outside", "data/../../outside", "/tmp/x", "data/a b", 7])
def test_a_foreign_list_of_files_deletes_nothing(data: Path, tmp_path: Path, name: object) -> None:
    outside = tmp_path / "outside"
    outside.write_text("kept")
    folder = tmp_path / "set"
    folder.mkdir()
    noted = {"ours": [name], "done": {}, "asked": "", "state": ""}
    (folder / UNFINISHED).write_text(json.dumps(noted))
    make(data, folder)
    assert outside.read_text() == "kept"


def test_a_link_that_leads_out_is_not_followed(data: Path, tmp_path: Path) -> None:
    folder, outside = tmp_path / "set", tmp_path / "outside"
    make(data, folder)
    shutil.move(folder / "data", outside)
    (folder / "data").symlink_to(outside)
    with pytest.raises((ArchiveUsageError, OSError)):
        make(data, folder)
    assert len(list(outside.iterdir())) == 1


def test_two_runs_on_one_folder_are_refused(data: Path, tmp_path: Path) -> None:
    descriptor = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    with pytest.raises(ArchiveLocked, match="another run"):
        make(data, tmp_path)
    os.close(descriptor)


def test_what_makes_no_set_is_refused_before_anything_is_written(
    data: Path, tmp_path: Path
) -> None:
    for wanted, why in (
        (replace(EVERYTHING, chosen=selection(before="1999")), "no article fits"),
        (replace(EVERYTHING, formats=("wacz",)), "needs rows"),
        (replace(EVERYTHING, formats=("jsonl", "sqlite"), chosen=selection(as_of="2030")), "as-of"),
    ):
        with pytest.raises(ArchiveUsageError, match=why):
            make(data, tmp_path / "set", wanted)
        assert not any((tmp_path / "set").iterdir())


# -- checked ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def made(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "set"
    wanted = replace(EVERYTHING, formats=("parquet", "jsonl", "csv", "sqlite"), split=TIME, contact="a@example.org")  # fmt: skip
    make(data, folder, wanted)
    return folder


def test_a_check_names_what_is_damaged(made: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(made, tmp_path / "set"))
    assert not check_folder(folder).problems
    (folder / "citation.bib").unlink()
    (folder / "notes.txt").write_text("")
    (folder / "CITATION.cff").write_bytes((folder / "CITATION.cff").read_bytes().replace(b"1.2.0", b"1.3.0"))  # fmt: skip
    (folder / "data/test-00000-of-00001.parquet").write_bytes(b"PAR1")
    assert check_folder(folder).problems == [
        "notes.txt: not of this set, manifest.json does not name it",
        "CITATION.cff: changed: another SHA-256 than expected",
        "citation.bib: missing",
        f"data/test-00000-of-00001.parquet: 4 bytes, {(made / 'data/test-00000-of-00001.parquet').stat().st_size} expected",
    ]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda row: row.pop("words"), "other columns: words"),
        (lambda row: row.update(views="7"), "column views: integer expected"),
        (lambda row: row.update(split="test"), "a row of the split test"),
    ],
)
def test_a_check_reads_every_row(
    data: Path, tmp_path: Path, change: Callable[[dict[str, Any]], None], told: str
) -> None:
    folder = tmp_path / "set"
    make(data, folder)
    path = folder / "data/train-00000-of-00001.jsonl.gz"
    rows = list(read_rows(path))
    for row in rows:
        change(row)
    with folders.packed(path.open("wb"), path.name) as out:
        folders.FORMATS["jsonl"].write(rows, out)
    manifest = json.loads((folder / MANIFEST).read_text())
    for file in manifest["files"]:
        if file["path"].startswith("data/"):
            file.update(bytes=path.stat().st_size, sha256=sha256_of(path))
    (folder / MANIFEST).write_text(json.dumps(manifest))
    assert check_folder(folder).problems == [f"data/train-00000-of-00001.jsonl.gz: {told}"]


def test_a_check_finds_a_story_in_two_splits(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        folders, "splits", lambda c, *_: {n: ("train", "test")[n % 2] for (n,) in c.execute("SELECT id FROM articles")}
    )  # fmt: skip
    make(data, tmp_path / "set", replace(EVERYTHING, split="hash:1/1"))
    (problem,) = check_folder(tmp_path / "set").problems
    assert f"{HOME}a/1-123456" in problem
    assert "of one story or editions" in problem


def test_what_is_no_data_set_is_no_damage(tmp_path: Path) -> None:
    with pytest.raises(ArchiveUsageError, match=r"no data-set folder .* manifest\.json"):
        check_folder(tmp_path)
    (tmp_path / MANIFEST).write_text('{"name": "somebody else\'s"}')
    with pytest.raises(ArchiveUsageError):
        check_folder(tmp_path)
    (tmp_path / MANIFEST).write_text('{"newsbot_data_set": 1, "files": [{}]}')
    with pytest.raises(ArchiveError, match="damaged"):
        check_folder(tmp_path)


# -- what it says of itself -------------------------------------------------------------------------


def test_the_manifest_tells_how_it_was_made(made: Path) -> None:
    found = json.loads((made / MANIFEST).read_text())
    assert found["query"] == {}
    assert found["options"]["split"] == "time:2022-01-01,2023-01-01"
    assert found["as_of"].startswith("2026-11-22T")
    assert found["newsbot"] == "newsbot/0.1.0"
    assert found["rules"] == {"1-0": 7}
    assert found["counts"]["split"] == {"test": 3, "train": 3, "validation": 1}
    assert found["counts"]["year"] == {"2021": 2, "2022": 2, "2023": 2, "unknown": 1}
    assert found["counts"]["language"] == {"kk": 5, "kk-Latn": 1, "ru": 1}
    assert [column["name"] for column in found["columns"]] == [c.name for c in COLUMNS]
    assert {file["path"] for file in found["files"]} == files_in(made) - {MANIFEST}


def test_withheld_articles_are_counted_and_not_named(own: Path, tmp_path: Path) -> None:
    from archive.store import Store

    store = Store(own)
    with store.transaction() as c:
        c.execute("INSERT INTO withheld (url, since, reason) VALUES (?, '2026-11-22', 'a court')", (f"{HOME}a/withheld",))  # fmt: skip
    store.close()
    make(own, tmp_path / "set", replace(EVERYTHING, formats=("csv",)))
    found = json.loads((tmp_path / "set" / MANIFEST).read_text())
    assert (found["rows"], found["withheld"]["addresses"]) == (6, 1)
    assert not any(b"a/withheld" in content for content in contents(tmp_path / "set").values())
    assert b"1 address is withheld" in (tmp_path / "set/README.md").read_bytes()


def test_the_datasheet_answers_every_section(made: Path) -> None:
    _, card, text = (made / "README.md").read_text().split("---\n", 2)
    found = yaml.safe_load(card)
    assert found["license"] == "other"
    assert found["language"] == ["kk", "ru"]
    assert found["language_bcp47"] == ["kk", "kk-Latn", "ru"]
    assert found["size_categories"] == ["n<1K"]
    headings = [line.removeprefix("## ") for line in text.splitlines() if line.startswith("## ")]
    assert headings == ["Motivation", "Composition", "Collection process", "Preprocessing, cleaning, labelling",
                        "Uses", "Distribution", "Maintenance"]  # fmt: skip
    assert "a@example.org" in text
    assert "{" not in text
    for name in ("articles-a-month", "articles-by-newspaper", "articles-by-language"):
        assert f"(plots/{name}.svg)" in text
        assert (made / f"plots/{name}.svg").exists()
    assert all(f"| `{column.name}` |" in text for column in COLUMNS)


def test_the_citation_has_what_the_format_requires(made: Path) -> None:
    found = yaml.safe_load((made / "CITATION.cff").read_text())
    assert {"cff-version", "message", "title", "authors"} <= found.keys()
    assert found["cff-version"] == "1.2.0"
    assert found["type"] == "dataset"
    assert all("name" in author for author in found["authors"])
    assert found["contact"][0]["email"] == "a@example.org"
    bibtex = (made / "citation.bib").read_text()
    assert bibtex.count("{") == bibtex.count("}")


# -- loaded by others -------------------------------------------------------------------------------


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("kind", ["parquet", "jsonl"])
def test_hugging_face_loads_it_with_the_features_of_its_card(
    data: Path, tmp_path: Path, kind: str
) -> None:
    import datasets

    make(data, tmp_path / "set", replace(EVERYTHING, formats=(kind,), split=TIME))
    loaded = datasets.load_dataset(str(tmp_path / "set"), cache_dir=str(tmp_path / "cache"))
    card = yaml.safe_load((tmp_path / "set/README.md").read_text().split("---\n")[1])
    told = datasets.Features._from_yaml_list(card["dataset_info"]["features"])
    assert {name: len(split) for name, split in loaded.items()} == {"train": 3, "validation": 1, "test": 3}  # fmt: skip
    assert all(split.features == told for split in loaded.values())
    assert list(told) == [column.name for column in COLUMNS]
    texts = {row["url"]: row["text"] for split in loaded.values() for row in split}
    assert texts == {row["url"]: row["text"] for row in rows_in(tmp_path / "set")}


@pytest.mark.parametrize("kind", ["parquet", "jsonl"])
def test_croissant_is_valid_and_loads(data: Path, tmp_path: Path, kind: str) -> None:
    import mlcroissant

    make(data, tmp_path / "set", replace(EVERYTHING, formats=(kind, "warc"), split=TIME))
    found = mlcroissant.Dataset(jsonld=str(tmp_path / "set/croissant.json"))
    issues = found.metadata.ctx.issues
    assert not issues.errors
    assert not issues.warnings
    rows = {row["url"]: row for row in rows_in(tmp_path / "set")}
    loaded = list(found.records("articles"))
    assert len(loaded) == 7
    for record in loaded:
        row = rows[record["articles/url"].decode()]
        assert record["articles/text"].decode() == row["text"]
        assert record["articles/id"] == row["id"]
        assert [tag.decode() for tag in record["articles/tags"]] == row["tags"]
        assert (
            record["articles/capture"]["articles/capture/warc"].decode() == row["capture"]["warc"]
        )
        assert {name.partition("/")[2] for name in record} == {c.name for c in COLUMNS}


def test_a_table_alone_is_a_set(data: Path, tmp_path: Path) -> None:
    make(data, tmp_path / "set", replace(EVERYTHING, formats=("csv",)))
    assert not check_folder(tmp_path / "set").problems
    card = yaml.safe_load((tmp_path / "set/README.md").read_text().split("---\n")[1])
    assert card["configs"][0]["data_files"] == [{"split": "train", "path": "data/train-*.csv"}]


# -- shared stories ---------------------------------------------------------------------------------


def test_stories_that_two_sets_share_are_found(data: Path, made: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.jsonl"
    cut = TEXTS[3].rpartition("\n\n")[0]
    other.write_text("".join(json.dumps({"text": text}) + "\n" for text in ("Басқа мәтін.", cut, Press(99).article(4)[0])))  # fmt: skip
    (shared,) = shared_stories(made, other)
    assert (shared.ours, shared.theirs) == ([f"{HOME}b/3"], ["other.jsonl:2"])
    make(data, tmp_path / "set", replace(EVERYTHING, chosen=selection(site="b"), formats=("csv",)))
    found = shared_stories(made, tmp_path / "set")
    assert {url for story in found for url in story.theirs} == {f"{HOME}b/{n}" for n in (1, 2, 3)}
    assert [f"{HOME}a/1-123456", f"{HOME}b/1"] == [url for url in found[0].ours if "lat" not in url]
    assert len(shared_stories(made, data)) == 6 - 1 + 0


def test_what_holds_no_texts_is_refused(made: Path, tmp_path: Path) -> None:
    (tmp_path / "no.jsonl").write_text('{"body": "x"}\n')
    (tmp_path / "half.jsonl").write_text('{"text": \n')
    for name, why in (("no.jsonl", "no column `text`"), ("gone.csv", "no such file"), ("", "no data-set folder")):  # fmt: skip
        with pytest.raises(ArchiveUsageError, match=why):
            shared_stories(made, tmp_path / name)
    with pytest.raises(ArchiveError, match="damaged"):
        shared_stories(made, tmp_path / "half.jsonl")


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("manifest.json", b"[" * 100_000, "no JSON"),
        ("manifest.json", b'{"newsbot_data_set":1,"files":[{"path":"a","bytes":1,"sha256":"","rows":1}]}', "without path, bytes, sha256, rows, format"),
    ],
)  # fmt: skip
def test_a_manifest_of_somebody_else_is_damaged(
    tmp_path: Path, name: str, content: bytes, told: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ArchiveError, match=told):
        check_folder(tmp_path)


def test_a_manifest_of_somebody_else_has_no_other_file_read(data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "set"
    make(data, folder)
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest["files"].append({"path": "/dev/zero", "bytes": 1, "sha256": ""})
    (folder / MANIFEST).write_text(json.dumps(manifest))
    make(data, folder)
    assert not check_folder(folder).problems


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl", b"[" * 100_000),
        ("a.jsonl", b'{"url":["a"],"printed_by":5}\n'),
        ("a.csv", b"id\r\n1,2,3\r\n"),
        ("a.parquet", b"PAR1"),
    ],
)
def test_rows_of_another_kind_are_told_in_words(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / "data").mkdir()
    path = tmp_path / "data" / name
    path.write_bytes(content)
    file = {"path": f"data/{name}", "bytes": len(content), "sha256": sha256_of(path), "format": "x", "rows": 1, "split": None}  # fmt: skip
    (tmp_path / MANIFEST).write_text(json.dumps({"newsbot_data_set": 1, "rows": 1, "files": [file]}))  # fmt: skip
    assert check_folder(tmp_path).problems


def test_yaml_holds_every_text() -> None:
    odd = 'a\x7f\x85\u2028\ufeff\uffff"]: {x}\n---\n😀'
    assert yaml.safe_load(to_yaml({"a": [odd], "b": odd})) == {"a": [odd], "b": odd}
