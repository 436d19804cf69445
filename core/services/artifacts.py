"""Keeps the files of versions as long as a version uses them, and not longer."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import select

from core.db.engine import Database
from core.db.tables import Version
from core.files import Files, Staged
from core.runtimes.inspection import Inspected


@dataclass(frozen=True, slots=True)
class Kept:
    """The files of a version, by the SHA-256 of their content: loaded, and uploaded."""

    artifact: str
    source: str


class Artifacts:
    """Equal files are one artifact, so nothing is dropped without a look at all versions."""

    def __init__(self, database: Database, files: Files) -> None:
        self._database = database
        self._files = files
        # From the copying of a file to the commit of its version nobody may drop it.
        self._lock = threading.Lock()

    @contextmanager
    def kept(self, staged: Staged, inspected: Inspected) -> Iterator[Kept]:
        """Keep an upload while the body adds its version; if that raises, the files go again."""
        with self._lock:
            kept = Kept(self._files.keep(inspected.path), self._files.keep(staged.path))
            try:
                yield kept
            except BaseException:
                self._drop_unused({kept.artifact, kept.source})
                raise

    def drop_unused(self, candidates: Iterable[str]) -> None:
        """Remove those of the artifacts that no version uses."""
        with self._lock:
            self._drop_unused(set(candidates))

    def _drop_unused(self, candidates: set[str]) -> None:
        with self._database.reading() as session:
            used = set(session.scalars(select(Version.artifact)))
            used |= set(session.scalars(select(Version.source)))
        for sha256 in candidates - used:
            self._files.drop(sha256)


@contextmanager
def examined(staged: Staged, inspect: Callable[[Staged], Inspected]) -> Iterator[Inspected]:
    """Inspect an upload; at the end the converted file, if there is one, is removed."""
    inspected = inspect(staged)
    try:
        yield inspected
    finally:
        inspected.path.unlink(missing_ok=True)


@contextmanager
def consuming(staged: Staged) -> Iterator[None]:
    """Remove a received upload at the end, however it comes."""
    try:
        yield
    finally:
        staged.path.unlink(missing_ok=True)
