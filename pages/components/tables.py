"""How tall a table is drawn."""

from typing import Literal

_MOST_ROWS = 12
_TALL = 440


def height_of(rows: int) -> int | Literal["content"]:
    """Return the height of a table in pixels: all of a short one, a window onto a long one."""
    return _TALL if rows > _MOST_ROWS else "content"
