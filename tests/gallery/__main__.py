"""Takes a picture of every page in every state: `make screenshots`, or a part of it by options."""

import argparse
import fnmatch
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Error, sync_playwright

from tests.e2e.conftest import FLAGS
from tests.gallery import files
from tests.gallery.camera import LOCALES, THEMES, WIDTHS, Scene, opened, shoot
from tests.gallery.stage import Stage, set_empty, set_full
from tests.gallery.states import STATES, State
from tests.server import PROJECT, running_server

_FOLDER = PROJECT / "build" / "screenshots"


def main(arguments: Sequence[str]) -> int:
    """Take the pictures that are asked for; return how many states could not be reached."""
    asked = _options().parse_args(arguments)
    states = [
        state for state in STATES if any(fnmatch.fnmatch(state.name, each) for each in asked.only)
    ]
    asked.into.mkdir(parents=True, exist_ok=True)
    failed = 0
    with browser() as opened_browser, scenes({state.stage for state in states}) as found:
        for state in states:
            failed += not _take(opened_browser, found[state.stage], state, asked)
    _write_index(asked.into)
    return failed


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make screenshots", description=__doc__)
    parser.add_argument("only", nargs="*", default=["*"], help="names of states, such as model-*")
    parser.add_argument("--languages", nargs="+", choices=list(LOCALES), default=list(LOCALES))
    parser.add_argument("--themes", nargs="+", choices=THEMES, default=list(THEMES))
    parser.add_argument("--widths", nargs="+", type=int, choices=WIDTHS, default=list(WIDTHS))
    parser.add_argument("--into", type=Path, default=_FOLDER)
    return parser


@contextmanager
def browser() -> Iterator[Browser]:
    """Open Chromium until the block ends."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("Chromium is not installed; install the package chromium.")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield found
        found.close()


@contextmanager
def scenes(wanted: set[str]) -> Iterator[dict[str, Scene]]:
    """Serve the stages that are wanted, each from a folder that goes with the block."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        given = files.write(folder)
        found = {}
        for name in sorted(wanted):
            stage = _SETTERS[name](folder / name)
            server = running_server(folder / name, folder / f"{name}.log")
            found[name] = Scene(stack.enter_context(server).url, stage, given)
        yield found


def _take(browser: Browser, scene: Scene, state: State, asked: argparse.Namespace) -> bool:
    for language in asked.languages:
        try:
            with opened(browser, scene, state, language) as page:
                for theme in asked.themes:
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


def _set_new(_: Path) -> Stage:
    return Stage()


_SETTERS = {"new": _set_new, "empty": set_empty, "full": set_full}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
