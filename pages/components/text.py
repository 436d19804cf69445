"""How Slipway writes names, numbers and moments on its pages."""

import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime

from core.files import readable_size
from pages.components.language import N_, _, said

_MARKDOWN = re.compile(r"([\\`*_\[\]<>$~#|!&])")
_DIRECTIVE = re.compile(r":(?=[\w+/-]+[:\[])")
_WORD_JOINER = "\u2060"
_WIDE = 2.2  # Latin letters to a Chinese character, in the fonts of the pages
LINE = 800  # pixels: a line of running text that is longer is hard to follow
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_SPANS = ((_DAY, N_("{count} d")), (_HOUR, N_("{count} h")), (_MINUTE, N_("{count} min")))


def plain(text: str) -> str:
    """Return text that Markdown shows as it stands: names come from users and may hold anything.

    Colour and icon directives (`:red[...]`, `:material/home:`) are broken by an invisible joiner,
    for a backslash doesn't stop them.
    """
    one_line = _DIRECTIVE.sub(f":{_WORD_JOINER}", " ".join(text.split()))
    return _MARKDOWN.sub(r"\\\1", one_line)


def short(text: str, length: int = 60) -> str:
    """Return text cut to a length, with an ellipsis where something is missing."""
    return text if len(text) <= length else f"{_whole(text[: length - 1])}…"


def fit(text: str, width: int) -> str:
    """Return text cut to a width, with an ellipsis where something is missing.

    The width is counted in Latin letters, as wide as they are in the mean of a text.
    """
    taken, kept = 0.0, 0
    for letter in text:
        taken += _WIDE if unicodedata.east_asian_width(letter) in "WF" else 1
        kept += taken <= width - 1
    return text if taken <= width else f"{_whole(text[:kept])}…"


def _whole(text: str) -> str:
    """Return a text without what would stand oddly before an ellipsis."""
    return text.rstrip(" ,;:，；：、")


def listed(names: Iterable[str]) -> str:
    """Return names as a list inside a sentence."""
    return _(", ").join(names)


def with_note(name: str, note: str) -> str:
    """Return a name with a note behind it, such as a unit; alone where there is none."""
    return _("{name} ({note})", name=name, note=note) if note else name


def holds(words: str, *texts: str) -> bool:
    """Return whether texts hold every one of some words between them, whatever their case."""
    text = " ".join(texts).casefold()
    return all(word in text for word in words.casefold().split())


def ago(moment: datetime | None) -> str:
    """Return how long ago a naive UTC moment was: `just now`, `5 min ago`, `3 d ago`."""
    if moment is None:
        return _("never")
    seconds = (datetime.now(UTC).replace(tzinfo=None) - moment).total_seconds()
    return _("just now") if seconds < _MINUTE else _("{span} ago", span=span(seconds))


def span(seconds: float) -> str:
    """Return a length of time in its largest whole unit, for example `42 s` or `3 h`."""
    for unit, name in _SPANS:
        if seconds >= unit:
            return _(name, count=int(seconds // unit))
    return _("{count} s", count=max(1, round(seconds)))


def stamp(moment: datetime | None) -> str:
    """Return a naive UTC moment to the minute, a dash if there is none."""
    return "–" if moment is None else f"{moment:%Y-%m-%d %H:%M} UTC"


def milliseconds(value: float | None) -> str:
    """Return a latency with as many digits as mean something."""
    if value is None:
        return "–"
    if value >= 1000:
        return _("{count} s", count=f"{value / 1000:.2f}")
    return _("{count} ms", count=f"{value:.0f}" if value >= 100 else f"{value:.1f}")


def size(count: int) -> str:
    """Return a number of bytes as people read it."""
    return said(readable_size(count))


def digits(value: float) -> str:
    """Return a number that people set with all its digits: a million is 1000000, not 1e+06."""
    return f"{value:.15g}"


def number(value: object) -> str:
    """Return one value of an output for reading: six significant digits, no longer than a line."""
    if isinstance(value, float):
        return f"{value:.6g}"
    return "–" if value is None else short(str(value), 80)
