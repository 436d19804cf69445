"""Which scripts of Streamlit's own page a browser may run: those that stand in it, by hash."""

import base64
import hashlib
import re
from pathlib import Path

import streamlit as st

_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def inline_scripts() -> list[str]:
    """Return the sources, as a content security policy names them, of the scripts in the page."""
    page = Path(st.__file__).with_name("static") / "index.html"
    scripts = _SCRIPT.findall(page.read_text(encoding="utf-8"))
    digests = (hashlib.sha256(script.encode()).digest() for script in scripts)
    return [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]
