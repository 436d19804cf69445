"""A real browser that is signed in, and how long it takes to show another page, to the last mark.

The time is taken inside the browser: from the click to the frame after the last change of the page,
once the script has ended, the page's title stands and nothing is a skeleton any more.
"""

from playwright.sync_api import Browser, Page, expect

_LONGEST_MS = 60_000
_QUIET_MS = 300

# The marks on the window and on the frame are gone once either was loaded or drawn anew.
_WATCH = """
() => {
  window.slipwayMark = document.querySelector("[data-testid=stSidebar]");
  const drawn = () => requestAnimationFrame(() => { window.slipwayDrawn = performance.now(); });
  new MutationObserver(drawn).observe(document, {
    subtree: true, childList: true, attributes: true, characterData: true,
  });
}
"""
_KEPT = """
() => Boolean(window.slipwayMark)
  && window.slipwayMark === document.querySelector("[data-testid=stSidebar]")
"""
_MOVE = """
async ([link, title, quiet, longest]) => {
  const app = document.querySelector("[data-testid=stApp]");
  const there = () => app.dataset.testScriptState === "notRunning"
    && document.querySelector("[data-testid=stMain] h1")?.innerText.trim() === title
    && !document.querySelector("[data-testid=stSkeleton]");
  const begun = window.slipwayDrawn = performance.now();
  const entries = [...document.querySelectorAll("[data-testid=stSidebar] a")];
  const path = (each) => new URL(each.getAttribute("href"), location.origin).pathname;
  const entry = entries.find((each) => path(each) === link);
  (entry ?? document.querySelector(link)).click();
  while (!there() || performance.now() - window.slipwayDrawn < quiet) {
    if (performance.now() - begun > longest) throw new Error(`${title} was not drawn`);
    await new Promise((wake) => setTimeout(wake, 10));
  }
  return window.slipwayDrawn - begun;
}
"""


def open_app(browser: Browser, url: str, cookie: str | None = None) -> Page:
    """Open an application in a tab of its own, signed in where there is a cookie of Slipway's."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    context.set_default_timeout(_LONGEST_MS)
    if cookie is not None:
        context.add_cookies([{"name": "slipway", "value": cookie, "url": url}])
    page = context.new_page()
    page.goto(url)
    wait_until_drawn(page)
    page.evaluate(_WATCH)
    return page


def wait_until_drawn(page: Page) -> None:
    """Return once the page's script has ended and nothing is a skeleton any more."""
    expect(page.locator("[data-testid=stMain] h1")).to_be_visible(timeout=_LONGEST_MS)
    app = page.get_by_test_id("stApp")
    expect(app).to_have_attribute("data-test-script-state", "notRunning", timeout=_LONGEST_MS)
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0, timeout=_LONGEST_MS)


def move(page: Page, link: str, title: str) -> float:
    """Click a link and return the seconds until the page of that title is drawn.

    `link` is the path of an entry of the menu, or a selector.
    """
    taken: float = page.evaluate(_MOVE, [link, title, _QUIET_MS, _LONGEST_MS])
    return taken / 1e3


def frame_was_kept(page: Page) -> bool:
    """Return whether neither the window nor the frame was made anew since the page was opened."""
    kept: bool = page.evaluate(_KEPT)
    return kept
