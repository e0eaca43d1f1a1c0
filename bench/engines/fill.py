"""fill: writes the stories as each engine wants them, with its default theme, and has it build.

Each function of `FILL` leaves the site in folder/OUTPUT and returns the path of each story's page.
Only what a newsroom would set (name, language, zone, form of dates) is set here.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from content import ZONE, Story

NAME = "Дала үні"
HERE = Path(__file__).parent


def run(folder: Path, *command: str | Path, allowed: tuple[int, ...] = (0,)) -> None:
    """A program, in the newsroom's zone."""
    at_home = {**os.environ, "TZ": ZONE.key}
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, env=at_home
    )
    if done.returncode not in allowed:
        raise SystemExit(f"{command[0]}: {(done.stdout + done.stderr)[-2000:]}")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def _front(story: Story, **more: Any) -> str:
    """Front matter: YAML, of which JSON is a part."""
    values = {
        "title": story.title, "date": story.when, "author": story.author, "slug": story.slug,
        "categories": [story.section] if story.section else [], "tags": story.tags, **more,
    }  # fmt: skip
    lines = json.dumps(values, ensure_ascii=False, indent=1, default=str)
    return "---\n" + re.sub(r'("date|"updated)": "(.*)"', r'\1": \2', lines) + "\n---\n\n"


def nikola(stories: list[Story], folder: Path, origin: str, tools: Path) -> list[str]:
    """Russian long dates, full texts in the index, a feed of the newest ten, a sitemap."""
    program, site = tools / "nikola" / "bin" / "nikola", folder / "site"
    run(folder, program, "init", "--quiet", "site")
    with (site / "conf.py").open("a", encoding="utf-8") as conf:
        conf.write(f"BLOG_TITLE = {NAME!r}\nSITE_URL = {origin + '/'!r}\n")
        conf.write((HERE / "nikola.conf").read_text("utf-8"))
    for story in stories:
        values = {
            "title": story.title, "slug": story.slug, "date": story.when.isoformat(" "),
            "author": story.author, "category": story.section, "tags": ", ".join(story.tags),
        }  # fmt: skip
        meta = "".join(f".. {name}: {value}\n" for name, value in values.items())
        kind = "pages" if story.is_page else "posts"
        _write(site / kind / f"{story.slug}.html", f"<!--\n{meta}-->\n\n{story.html}\n")
    run(site, program, "build", "--quiet")
    shutil.copytree(site / "output", folder / "OUTPUT")
    return [f"/{'pages' if s.is_page else 'posts'}/{s.slug}/" for s in stories]


def pelican(stories: list[Story], folder: Path, origin: str, tools: Path) -> list[str]:
    """Days in ISO form, addresses without number or folder, Atom with everything, no sitemap."""
    for story in stories:
        values = {
            "date": story.when.strftime("%Y-%m-%d %H:%M:%S"), "slug": story.slug,
            "category": story.section, "authors": story.author, "tags": ", ".join(story.tags),
        }  # fmt: skip
        meta = "".join(f'<meta name="{k}" content="{v}">' for k, v in values.items() if v)
        title = story.title.replace("&", "&amp;").replace("<", "&lt;")
        text = f"<html><head><title>{title}</title>{meta}</head><body>{story.html}</body></html>"
        kind = "pages" if story.is_page else "news"
        _write(folder / "content" / kind / f"{story.slug}.html", text)
    _write(
        folder / "conf.py",
        f"SITENAME = {NAME!r}\nSITEURL = FEED_DOMAIN = {origin!r}\nTIMEZONE = 'Asia/Almaty'\n"
        "DEFAULT_LANG = 'ru'\nDEFAULT_PAGINATION = 10\nDEFAULT_DATE_FORMAT = '%Y-%m-%d'\n"
        "PATH = 'content'\nDELETE_OUTPUT_DIRECTORY = True\n",
    )
    run(folder, tools / "pelican/bin/pelican", "-s", "conf.py", "-o", "OUTPUT", "--fatal=errors")
    return [f"/{'pages/' if s.is_page else ''}{s.slug}.html" for s in stories]


def butterfly(stories: list[Story], folder: Path, origin: str, tools: Path) -> list[str]:
    """Hexo: both dates on a page, ages instead of dates in lists, the author only in the rights box."""
    (folder / "node_modules").symlink_to(tools / "hexo" / "node_modules")
    package = json.loads((tools / "hexo" / "package.json").read_text("utf-8"))
    # By the key «hexo» the program knows a site's folder.
    _write(folder / "package.json", json.dumps({**package, "hexo": {"version": ""}}))
    _write(
        folder / "_config.yml",
        f"title: {NAME}\nauthor: Редакция\nlanguage: en\ntimezone: Asia/Almaty\nurl: {origin}\n"
        "permalink: :year/:month/:day/:title/\npublic_dir: OUTPUT\ndate_format: DD.MM.YYYY\n"
        "theme: butterfly\nsyntax_highlighter: ''\nfeed: {type: atom, path: atom.xml, limit: 20}\n"
        "marked: {smartypants: false, autolink: false, breaks: false, headerIds: false}\n",
    )
    _write(
        folder / "_config.butterfly.yml",
        "menu: {Басты бет: / || fas fa-home, Мұрағат: /archives/ || fas fa-archive, "
        "Айдарлар: /categories/ || fas fa-folder, Тегтер: /tags/ || fas fa-tags, "
        "Сайт туралы: /sait-turaly/ || fas fa-heart}\n"
        "post_meta: {page: {date_format: relative}, post: {date_format: relative}}\n",
    )
    for kind in ("categories", "tags"):
        _write(folder / "source" / kind / "index.md", f"---\ntitle: {kind}\ntype: {kind}\n---\n")
    for story in stories:
        moment = story.when.replace(tzinfo=None)  # Hexo's own form, in its configured zone
        front = _front(story, date=moment, updated=moment, copyright_author=story.author)
        name = f"{story.slug}/index.md" if story.is_page else f"_posts/{story.slug}.md"
        _write(folder / "source" / name, front + story.markdown + "\n")
    run(folder, "npx", "hexo", "generate")
    return [f"/{s.slug}/" if s.is_page else f"/{s.when:%Y/%m/%d}/{s.slug}/" for s in stories]


def hugo(stories: list[Story], folder: Path, origin: str, tools: Path) -> list[str]:
    """A theme of ours: ages instead of dates everywhere, days and authors only in the feed."""
    shutil.copytree(HERE / "hugo", folder, dirs_exist_ok=True)
    for story in stories:
        kind = "" if story.is_page else "habar/"
        _write(folder / "content" / kind / f"{story.slug}.html", _front(story) + story.html)
    run(folder, "hugo", "--quiet", "-b", origin + "/", "-d", "OUTPUT")
    return [f"/{'' if s.is_page else 'habar/'}{s.slug}/" for s in stories]


def minima(stories: list[Story], folder: Path, origin: str, tools: Path) -> list[str]:
    """Jekyll: English dates, all on one list, a feed of ten; neither sections nor tags are printed."""
    _write(
        folder / "_config.yml",
        f"title: {NAME}\ndescription: Облыстық газет\nurl: {origin}\ntheme: minima\nlang: kk\n"
        "timezone: Asia/Almaty\nplugins: [jekyll-feed, jekyll-seo-tag]\npermalink: date\n",
    )
    _write(folder / "index.md", "---\nlayout: home\n---\n")
    paths = []
    for story in stories:
        path = f"/{story.slug}/" if story.is_page else f"/{story.when:%Y/%m/%d}/{story.slug}.html"
        name = f"{story.slug}.html"
        name = name if story.is_page else f"_posts/{story.when:%Y-%m-%d}-{name}"
        front = _front(story, layout="page" if story.is_page else "post", permalink=path)
        _write(folder / name, front + story.html + "\n")
        paths.append(path)
    run(folder, "jekyll", "build", "--quiet", "-d", "OUTPUT")
    return paths


FILL: dict[str, Callable[[list[Story], Path, str, Path], list[str]]] = {
    "nikola": nikola, "pelican": pelican, "butterfly": butterfly, "hugo": hugo, "minima": minima,
}  # fmt: skip
TOLD = dict.fromkeys(FILL, ("day", "author", "section", "tags")) | {
    "nikola": ("day", "author", "tags"),
    "minima": ("day", "author"),
}
"""Which fields an engine prints, or tells in its feed."""
