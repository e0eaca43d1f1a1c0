"""What README, documents and docstrings promise without exception, and the test that holds each promise.

A promise of these kinds that is made anywhere must stand here, with its test.
"""

from __future__ import annotations

import ast
import re

import pytest

from tests.docs.regenerate import ROOT

CLAIMS = [
    # file, words of the claim, the test
    ("README.md", "keeps every version that it sees", "archive/store/test_store.py::test_an_edit_of_any_field_is_a_revision"),
    ("README.md", "never overlaps itself", "crawl/test_errors.py::test_second_crawl_at_the_same_time"),
    ("README.md", "survives `kill -9`", "crawl/test_crawl.py::test_kill_9_loses_nothing_and_doubles_nothing"),
    ("README.md", "It runs as it stands", "cli/test_schedule.py::test_the_line_of_readme_is_what_is_printed_and_runs"),
    ("README.md", "The same query gives the same bytes", "archive/test_export.py::test_the_same_selection_gives_the_same_bytes"),
    ("README.md", "`data/news.db` with any SQLite program", "archive/search/test_elsewhere.py::test_any_sqlite_shows_what_it_has_found"),
    ("README.md", "No article, version or page in it is ever deleted", "archive/store/test_store.py::test_nothing_but_a_miss_makes_an_article_gone"),
    ("docs/handbook.md", "It acts at once, while a crawl runs too", "cli/test_withhold.py::test_it_holds_while_a_crawl_has_the_lock_and_after_an_edit"),
    ("docs/schema.md", "Nothing is ever deleted", "archive/store/test_store.py::test_any_history_leaves_a_whole_archive"),
    ("docs/operator.md", "harms no other", "test_pool.py::test_a_killing_and_a_hanging_page_cost_themselves"),
    ("docs/export.md", "A column has the same type in every export", "archive/test_export_types.py::test_sqlite_utils"),
    ("docs/export.md", "the same selection give the same bytes", "archive/test_export.py::test_the_same_selection_gives_the_same_bytes"),
    ("docs/export.md", "every version, the redirects that led to it", "archive/test_export_warc.py::test_all_captures_of_all_articles_as_they_were_written"),
    ("docs/export.md", "byte for byte", "archive/test_export_warc.py::test_all_captures_of_all_articles_as_they_were_written"),
    ("docs/export.md", "a page for every version of every article", "archive/test_export_warc.py::test_every_version_is_a_page"),
    ("docs/export.md", "the same selection of the same archive gives the same bytes", "archive/test_export_warc.py::test_the_same_selection_gives_the_same_bytes"),
    ("docs/datasets.md", "same selection of the same archive gives the same bytes", "archive/test_folder.py::test_it_is_made_again_to_the_byte"),
    ("docs/captures.md", "byte for byte", "archive/captures/test_packing.py::test_packing_changes_nothing_but_the_form"),
    ("docs/import.md", "byte for byte", "archive/captures/test_writing.py::test_a_record_is_copied_byte_for_byte"),
    ("docs/import.md", "is never stored twice", "replay/test_warc.py::test_the_same_records_change_nothing"),
    ("docs/merge.md", "is never opened", "replay/test_merge.py::test_the_database_of_the_other_is_not_opened"),
    ("docs/merge.md", "Nothing is doubled", "replay/test_merge.py::test_kill_at_any_instant_loses_and_doubles_nothing"),
    ("docs/backup.md", "However it is interrupted", "archive/integrity/test_backup.py::test_a_kill_at_any_step"),
    ("docs/settings.md", "survives `kill -9`", "crawl/test_crawl.py::test_kill_9_loses_nothing_and_doubles_nothing"),
    ("docs/extraction.md", "never raises", "extraction/test_robustness.py::test_no_page_raises"),
    ("newsbot/extraction/__init__.py", "Never raises", "extraction/test_robustness.py::test_no_page_raises"),
    ("newsbot/extraction/__init__.py", "never an exception", "extraction/test_families.py::test_arbitrary_bytes"),
    ("newsbot/extraction/page.py", "Never raises", "extraction/test_generic.py::test_any_markup_is_read_without_an_exception"),
    ("newsbot/extraction/generic.py", "never raises", "extraction/test_generic.py::test_any_markup_is_read_without_an_exception"),
    ("newsbot/extraction/decode.py", "Never raises", "extraction/test_decode.py::test_any_bytes"),
    ("newsbot/extraction/dates.py", "Never raises", "extraction/test_dates.py::test_never_raises_and_never_leaves_its_range"),
    ("newsbot/extraction/date_tokens.py", "Never raises", "extraction/test_dates.py::test_never_raises_and_never_leaves_its_range"),
    ("newsbot/extraction/date_fallback.py", "Never raises", "extraction/test_dates.py::test_never_raises_and_never_leaves_its_range"),
    ("newsbot/extraction/said.py", "Never raises", "extraction/test_said.py::test_nothing_breaks_the_reader"),
    ("newsbot/discovery/home.py", "Never raises", "discovery/test_home.py::test_never_raises"),
    ("newsbot/discovery/listing.py", "Never raises", "discovery/test_listing.py::test_never_raises"),
    ("newsbot/visit/reading.py", "Never raises", "visit/test_reading.py::test_nothing_raises"),
    ("newsbot/visit/decoding.py", "whole or not at all", "visit/test_decoding.py::test_any_cut_is_noticed"),
    ("docs/cluster.md", "kill -9", "test_cluster.py::test_the_command_is_killed_and_run_again"),
    ("newsbot/replay/merge.py", "news.db is never opened", "replay/test_merge.py::test_the_database_of_the_other_is_not_opened"),
    ("newsbot/replay/download.py", "cannot be imported twice", "replay/test_cdx.py::test_kill_9_loses_nothing_and_doubles_nothing"),
    ("newsbot/replay/cdx.py", "nothing imported twice", "replay/test_cdx.py::test_kill_9_loses_nothing_and_doubles_nothing"),
    ("newsbot/crawl/settings.py", "survives kill -9", "crawl/test_crawl.py::test_kill_9_loses_nothing_and_doubles_nothing"),
    ("newsbot/cli/export.py", "the same selection gives the same bytes", "archive/test_export.py::test_the_same_selection_gives_the_same_bytes"),
    ("newsbot/crawl/middlewares/cookies.py", "and never again", "crawl/test_protection.py::test_credentials_and_cookies_are_never_sent"),
    ("archive/kazakh/letters.py", "never raises", "archive/kazakh/test_letters.py::test_faithful_is_idempotent_and_clean"),
    ("archive/kazakh/language.py", "Never raises", "archive/kazakh/test_language.py::test_any_text"),
    ("archive/captures/reading.py", "Never raises", "archive/captures/test_reading.py::test_nothing_in_a_file_raises"),
    ("archive/captures/packing.py", "byte for byte", "archive/captures/test_packing.py::test_killed_at_every_step"),
    ("archive/export/warc.py", "byte for byte", "archive/test_export_warc.py::test_all_captures_of_all_articles_as_they_were_written"),
    ("archive/export/warc.py", "the same selection of the same archive gives the same bytes", "archive/test_export_warc.py::test_the_same_selection_gives_the_same_bytes"),
    ("archive/export/wacz.py", "Every version of an article", "archive/test_export_warc.py::test_every_version_is_a_page"),
    ("archive/export/jsonl.py", "The same rows give the same bytes", "archive/test_export.py::test_two_archives_of_one_history_give_the_same_bytes"),
    ("archive/export/parquet.py", "the same rows give the same bytes", "archive/export/test_parquet.py::test_the_same_rows_give_the_same_bytes"),
    ("archive/export/subset.py", "the same articles give the same bytes", "archive/export/test_subset.py::test_the_same_articles_give_the_same_bytes"),
    ("docs/stats.md", "The same numbers give the same file, byte for byte", "archive/test_plots.py::test_the_same_values_give_the_same_bytes"),
    ("docs/room.md", "byte for byte", "web/test_reading.py::test_the_page_as_served_stands_beside_its_proof"),
    ("newsbot/web/captures.py", "byte for byte", "web/test_reading.py::test_the_page_as_served_stands_beside_its_proof"),
]  # fmt: skip
PROMISES = re.compile(
    r"never raises|never an exception|harms no other|every version|byte for byte|kill -9|ever deleted|"
    r"gives? the same bytes|imported twice|stored twice|never opened|(?:any|every|all) warc tools?\b",
    re.IGNORECASE,
)
ELSEWHERE = {
    "docs/commands.md", "docs/layout.md",  # copies of docstrings
    "docs/decisions.md",  # why, not what
    "newsbot/demo/render.py",
}  # fmt: skip


def said(path: str) -> str:
    """A document or a module as one line."""
    text = (ROOT / path).read_text("utf-8")
    return " ".join(re.sub(r"^ *#:? ", "", text, flags=re.M).split())


@pytest.mark.parametrize(("path", "claim", "test"), CLAIMS)
def test_each_claim_has_its_test(path: str, claim: str, test: str) -> None:
    assert claim in said(path)
    file, _, name = test.partition("::")
    tree = ast.parse((ROOT / "tests" / file).read_text("utf-8"))
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_promise_is_a_claim() -> None:
    files = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    files += [path for package in ("newsbot", "archive") for path in (ROOT / package).rglob("*.py")]
    for file in files:
        path = file.relative_to(ROOT).as_posix()
        known = [claim.lower() for one, claim, _ in CLAIMS if one == path]
        for found in PROMISES.finditer(said(path)) if path not in ELSEWHERE else ():
            context = said(path)[max(0, found.start() - 80) : found.end() + 80]
            assert any(claim in context.lower() for claim in known), f"{path}: …{context}…"


@pytest.mark.parametrize("path", ["README.md", "docs/captures.md", "docs/export.md"])
def test_no_document_speaks_of_all_programs(path: str) -> None:
    """Files with a dictionary are opened by some; those are named, and tried."""
    assert not re.search(r"(any|every|all) WARC tools?\b", said(path))
