"""sites record: stores a page and what is read of it as a fixture, for a person to confirm."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import click

from archive.captures.files import open_file
from newsbot import urls
from newsbot.cli.common import WrongUsage, address, crawling_options, print_json, write
from newsbot.cli.sites_test import fetch

_ARTICLE = "title text captions authors published section tags language views comments".split()


@click.command("record")
@click.argument("site_id", metavar="SITE")
@click.argument("url", callback=address)
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="The folder of fixtures. Default: fixtures in the archive's.",
)
@crawling_options
def record_command(
    site_id: str, url: str, into: Path | None, data: Path, as_json: bool, quiet: bool, **how: Any
) -> None:
    """Store the page at URL, and what the profile of SITE reads of it, as NAME.html and NAME.json.

    Compare the JSON with the page in a browser, mend what is wrong, and set "confirmed" to true: until
    then the fixture fails. Exit code 3 means that the page could not be had.

    \b
    newsbot sites record aqjolgazet https://aqjolgazet.kz/2104/ --into tests/pages
    """
    asked = urls.path_and_query(url.strip())
    name = re.sub(r"[^\w]+", "-", unquote(asked)).strip("-")[-60:] or "home"
    folder = None if into else data
    path = (into or data / "fixtures") / f"{site_id}-{name}.json"
    if _is_confirmed(path, folder):
        raise WrongUsage(f"{path} is confirmed: remove it to record the page anew")
    if got := fetch(site_id, url=url, data=data, **how):
        context, exchange, body = got
        article = context.article.to_dict()
        kept = ["layout", *_ARTICLE] if article["is_article"] else ["reason"]
        record = {
            "confirmed": False, "site": site_id, "url": exchange.url,
            "fetched_at": exchange.fetched_at, "content_type": exchange.header("Content-Type"),
            **{name: article[name] for name in ("is_article", *kept)},
        }  # fmt: skip
        write(path.with_suffix(".html"), body, folder)
        write(path, json.dumps(record, ensure_ascii=False, indent=1) + "\n", folder)
        if as_json:
            print_json({**record, "fixture": str(path)})
        elif not quiet:
            click.echo(f"{path}: compare it with the page, then set confirmed to true")


def _is_confirmed(path: Path, folder: Path | None) -> bool:
    """Whether there is a fixture that a person has confirmed. Raises `WrongUsage` where it is none."""
    try:
        with open_file(path, folder) as file:
            return bool(json.load(file).get("confirmed"))
    except FileNotFoundError:
        return False
    except OSError as error:
        raise WrongUsage(f"{path}: {error.strerror}") from None
    except (ValueError, AttributeError, RecursionError):
        raise WrongUsage(f"{path} is no fixture: remove it to record the page") from None
