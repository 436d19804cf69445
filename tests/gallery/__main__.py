"""Takes a picture of every page in every state: `make screenshots`, or a part of it by options."""

import argparse
import fnmatch
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Browser, Error

from tests.browser import required
from tests.gallery import pictures
from tests.gallery.camera import LOCALES, THEMES, WIDTHS, opened, reopen, shoot
from tests.gallery.scenes import Scene, scenes
from tests.gallery.states import STATES, State
from tests.server import PROJECT

_FOLDER = PROJECT / "build" / "screenshots"
_IMAGES = PROJECT / "docs" / "images"


def main(arguments: Sequence[str]) -> int:
    """Take the pictures that are asked for; return how many states could not be reached."""
    asked = _options().parse_args(arguments)
    if asked.docs:
        return _make_docs()
    states = [
        state for state in STATES if any(fnmatch.fnmatch(state.name, each) for each in asked.only)
    ]
    asked.into.mkdir(parents=True, exist_ok=True)
    failed = 0
    with required() as opened_browser, scenes({state.stage for state in states}) as found:
        for state in states:
            failed += not _take(opened_browser, found[state.stage], state, asked)
    _write_index(asked.into)
    return failed


def _make_docs() -> int:
    """Take the pictures of the documentation anew."""
    with tempfile.TemporaryDirectory() as folder:
        asked = ["--widths", str(pictures.WIDTH), "--into", folder]
        failed = main([*pictures.PICTURES, *asked])
        if not failed:
            pictures.publish(Path(folder), _IMAGES)
    return failed


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make screenshots", description=__doc__)
    parser.add_argument("only", nargs="*", default=["*"], help="names of states, such as model-*")
    parser.add_argument("--languages", nargs="+", choices=list(LOCALES), default=list(LOCALES))
    parser.add_argument("--themes", nargs="+", choices=THEMES, default=list(THEMES))
    parser.add_argument("--widths", nargs="+", type=int, choices=WIDTHS, default=list(WIDTHS))
    parser.add_argument("--docs", action="store_true", help="make the pictures of docs/ anew")
    parser.add_argument("--into", type=Path, default=_FOLDER)
    return parser


def _take(browser: Browser, scene: Scene, state: State, asked: argparse.Namespace) -> bool:
    for language in asked.languages:
        try:
            with opened(browser, scene, state, language) as page:
                for theme in asked.themes:
                    if state.opened_anew:
                        reopen(page, theme)
                    for width in asked.widths:
                        name = f"{state.name}-{language}-{theme}-{width}.png"
                        shoot(page, theme, width, asked.into / name)
        except (Error, AssertionError) as error:
            print(f"{state.name}: {str(error).splitlines()[0]}", file=sys.stderr)
            return False
    print(state.name, flush=True)
    return True


def _write_index(folder: Path) -> None:
    """Write a page that shows all pictures of a folder, by state."""
    pictures = sorted(path.name for path in folder.glob("*.png"))
    shown = "\n".join(
        f'<figure><a href="{name}"><img loading="lazy" src="{name}" width="320"></a>'
        f"<figcaption>{name}</figcaption></figure>"
        for name in pictures
    )
    style = "body{display:flex;flex-wrap:wrap;align-items:start;font:13px sans-serif}"
    page = f"<!doctype html><title>Slipway</title><style>{style}</style>\n{shown}\n"
    (folder / "index.html").write_text(page)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
