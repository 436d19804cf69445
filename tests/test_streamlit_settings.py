"""Streamlit as it is set up: nothing is on that would show, serve or take more than it must."""

import tomllib
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent

WANTED = {
    ("client", "showErrorDetails"): "none",
    ("client", "toolbarMode"): "minimal",
    ("browser", "gatherUsageStats"): False,
    ("runner", "postScriptGC"): False,
    ("server", "enableXsrfProtection"): True,
    ("server", "enableCORS"): True,
    ("server", "enableStaticServing"): False,
    ("server", "enableAgentApi"): False,
    ("server", "scriptHealthCheckEnabled"): False,
    ("server", "fileWatcherType"): "none",
}


def test_nothing_dangerous_is_on() -> None:
    settings = tomllib.loads((PROJECT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert {at: settings[at[0]][at[1]] for at in WANTED} == WANTED
    assert "global" not in settings, "developmentMode would open the pages to other origins"


def test_pages_draw_no_html_of_anybodys() -> None:
    pages = (*(PROJECT / "pages").rglob("*.py"), PROJECT / "Home.py")
    words = ("unsafe_allow_html", "unsafe_allow_javascript", "components.html", "st.html(")
    found = [path.name for path in pages for word in words if word in path.read_text("utf-8")]
    assert found == []
