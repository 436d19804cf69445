"""axe-core finds nothing serious on any page, in either theme: labels, contrast, order, roles."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.gallery.camera import THEMES, opened, settle
from tests.gallery.scenes import Scene, scenes
from tests.gallery.states import STATES, State
from tests.server import PROJECT

pytestmark = pytest.mark.browser

LOOKED_AT = (
    "door-sign-in",
    "home-full",
    "models-list",
    "models-upload",
    "model-inputs",
    "model-call",
    "try-answer",
    "try-file-preview",
    "deployments-list",
    "service-watch",
    "service-broken",
    "service-use",
    "tasks-list",
    "task-rows",
    "task-summary",
    "account",
    "account-timeline",
    "admin-users",
    "help-part",
    "admin-backup",
)


@dataclass(frozen=True)
class Exclusion:
    """What of Streamlit's own elements breaks a rule and cannot be changed by an app, and why."""

    rule: str
    selector: str
    why: str


EXCLUDED = (
    Exclusion("color-contrast", ".stCode .token", "the colours of code are fixed"),
    Exclusion(
        "color-contrast",
        "button[data-selected=true] *",
        "one colour is both under white letters and on the dark page; none is legible as both",
    ),
    Exclusion("aria-dialog-name", ".stToast", "its name is a part of it that comes later"),
    Exclusion("svg-img-alt", ".stMetric svg *", "marks that follow the pointer over its chart"),
)
_FIND = """async excluded => {
  const found = await axe.run(document, {resultTypes: ['violations']});
  const excludes = (rule, node) => excluded.some(each =>
    each.rule === rule && document.querySelector(node.target[0])?.matches(each.selector));
  return found.violations
    .filter(each => ['serious', 'critical'].includes(each.impact))
    .flatMap(each => each.nodes.filter(node => !excludes(each.id, node))
      .map(node => `${each.id}: ${node.html.slice(0, 200)} ${node.any[0]?.message ?? ''}`));
}"""
_CHOSEN = [state for state in STATES if state.name in LOOKED_AT]


@pytest.fixture(scope="module")
def found() -> Iterator[dict[str, Scene]]:
    with scenes({state.stage for state in _CHOSEN}) as found:
        yield found


@pytest.mark.parametrize("state", _CHOSEN, ids=lambda state: state.name)
def test_nothing_serious_is_found(browser: Browser, found: dict[str, Scene], state: State) -> None:
    with opened(browser, found[state.stage], state, "en") as page:
        page.evaluate(_source())
        for theme in THEMES:
            page.emulate_media(color_scheme=theme)
            settle(page)
            assert _findings(page) == [], theme


def test_every_page_is_looked_at() -> None:
    assert len(_CHOSEN) == len(LOOKED_AT)
    pages = {path.stem for path in Path(PROJECT / "pages").glob("*.py")} - {"__init__"}
    assert pages <= {state.path.partition("?")[0] for state in _CHOSEN}


def _source() -> str:
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


def _findings(page: Page) -> list[str]:
    found: list[str] = page.evaluate(_FIND, [asdict(each) for each in EXCLUDED])
    return found
