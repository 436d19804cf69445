"""Opens states of pages in a browser, waits until they stand still, and takes their pictures."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from core.services.sign_in_cookie import COOKIE
from tests.gallery.scenes import Scene
from tests.gallery.states import State

Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("light", "dark")
WIDTHS = (1280, 390, 1920)
LOCALES = {"en": "en-GB", "zh": "zh-CN"}
_HEIGHTS = {390: 844, 1280: 800, 1920: 1080}
_TALLEST = 6_000
_PATIENCE = 30_000
_SETTLED = """() => {
  const app = document.querySelector('[data-testid=stApp]');
  return app && app.dataset.testScriptState === 'notRunning'
    && !document.querySelector(
      '[data-testid=stSkeleton], [data-testid=stSpinner], [data-testid=stToast]');
}"""
_HEIGHT = """() => {
  const main = document.querySelector('[data-testid=stMain]');
  const tall = [...document.querySelectorAll('[data-testid=stMain], [role=dialog]')]
    .map(each => each.scrollHeight + Math.max(0, each.getBoundingClientRect().top));
  return Math.max(0, ...tall, main ? main.scrollHeight : 0);
}"""


@contextmanager
def opened(browser: Browser, scene: Scene, state: State, language: str) -> Iterator[Page]:
    """Open a state, and yield its page once it stands still."""
    context = browser.new_context(
        locale=LOCALES[language], viewport=ViewportSize(width=1280, height=_HEIGHTS[1280])
    )
    context.set_default_timeout(_PATIENCE)
    if state.who:
        _sign_in(context, scene, state.who)
    page = context.new_page()
    try:
        page.goto(f"{scene.url}/{state.path.format(**scene.stage.ids)}")
        settle(page)
        for step in state.steps:
            step(page, scene.files)
            settle(page)
        yield page
    finally:
        context.close()


def _sign_in(context: BrowserContext, scene: Scene, who: str) -> None:
    context.add_cookies([{"name": COOKIE, "value": scene.stage.cookies[who], "url": scene.url}])


def settle(page: Page) -> None:
    """Wait until the script has ended and nothing is being drawn any more."""
    expect(page.get_by_test_id("stApp")).to_be_visible()
    for _ in range(2):  # a script may ask for another run as it ends
        page.wait_for_timeout(250)
        page.wait_for_function(_SETTLED)


def reopen(page: Page, theme: Theme) -> None:
    """Open a page again in a theme: its script is not run again when that changes."""
    page.emulate_media(color_scheme=theme)
    page.reload()
    settle(page)


def shoot(page: Page, theme: Theme, width: int, path: Path) -> None:
    """Take the picture of a whole page; the page inside the window scrolls, so that is grown."""
    page.emulate_media(color_scheme=theme)
    page.mouse.move(width // 2, 1)  # away from what was clicked last, which looks pressed
    # What was grown for a narrow picture would stay as tall in a wide one.
    page.set_viewport_size(ViewportSize(width=width, height=_HEIGHTS[width]))
    for _ in range(2):  # what is wider is often shorter
        page.wait_for_timeout(200)
        tall = min(max(int(page.evaluate(_HEIGHT)), _HEIGHTS[width]), _TALLEST)
        page.set_viewport_size(ViewportSize(width=width, height=tall))
    settle(page)
    page.screenshot(path=path)
    page.set_viewport_size(ViewportSize(width=width, height=_HEIGHTS[width]))
