"""What tests leave out to be quick: opening the same file twice, and costly password hashes."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from unittest.mock import patch
from uuid import uuid4

from core.db.engine import Database
from core.platform import Platform, open_platform
from core.runtimes.asked_types import Trust
from core.runtimes.base import ModelInfo
from core.runtimes.inspection import Inspected, inspect_file
from core.services.accounts import Accounts
from core.services.directory import Directory
from core.services.live_settings import LiveSettings
from core.services.passwords import Passwords
from core.settings import Settings

CHEAPEST_ROUNDS = 4
_seen: dict[tuple[str, str, Trust], tuple[ModelInfo, bytes | None]] = {}


def quick_accounts(database: Database) -> Accounts:
    """Return the accounts of a database whose passwords cost nothing to hash."""
    live = LiveSettings(database, Settings())
    return Accounts(database, Directory(database), Passwords(CHEAPEST_ROUNDS), live)


@contextmanager
def quick_platforms() -> Iterator[None]:
    """Let platforms that are opened inside remember what the inspection child said of a file."""
    with (
        patch("core.platform.inspect_file", _inspect_once),
        patch("core.platform.Passwords", partial(Passwords, CHEAPEST_ROUNDS)),
    ):
        yield


@contextmanager
def quick_platform(storage: Path) -> Iterator[Platform]:
    """Open such a platform over a folder; its tasks wait until somebody runs them."""
    with quick_platforms():
        opened = open_platform(Settings(storage=storage), inline=True)
        try:
            yield opened
        finally:
            opened.close()


def _inspect_once(
    path: Path, name: str, workdir: Path, *, seconds: float, memory: int, trust: Trust
) -> Inspected:
    key = (hashlib.sha256(path.read_bytes()).hexdigest(), Path(name).suffix, trust)
    if key not in _seen:
        inspected = inspect_file(path, name, workdir, seconds=seconds, memory=memory, trust=trust)
        converted = None if inspected.path == path else inspected.path.read_bytes()
        _seen[key] = (inspected.info, converted)
        return inspected
    info, converted = _seen[key]
    if converted is None:
        return Inspected(info, path)
    copy = workdir / f"{uuid4().hex}.converted"
    copy.write_bytes(converted)
    return Inspected(info, copy)
