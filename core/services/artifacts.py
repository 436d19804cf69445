"""Keeps the files of versions and of their checks as long as they are used, and not longer."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from core.db.engine import Database
from core.db.tables import Verdict, Version
from core.files import Files, Staged
from core.runtimes.inspection import Inspected


@dataclass(frozen=True, slots=True)
class Kept:
    """The files of a version, by the SHA-256 of their content: loaded, and uploaded."""

    artifact: str
    source: str


class Artifacts:
    """Equal files are one artifact, so nothing is dropped without a look at all who use files."""

    def __init__(self, database: Database, files: Files) -> None:
        self._database = database
        self._files = files
        # From the copying of a file to the commit of what uses it nobody may drop it.
        self._lock = threading.Lock()

    @contextmanager
    def kept(self, staged: Staged, inspected: Inspected) -> Iterator[Kept]:
        """Keep an upload while the body adds its version; if that raises, the files go again."""
        with self.keeping(inspected.path, staged.path) as (artifact, source):
            yield Kept(artifact, source)

    @contextmanager
    def keeping(self, *paths: Path) -> Iterator[list[str]]:
        """Keep files while the body adds what uses them; yield the SHA-256 of each."""
        with self._lock:
            kept = [self._files.keep(path) for path in paths]
            try:
                yield kept
            except BaseException:
                self._drop_unused(set(kept))
                raise

    def drop_unused(self, candidates: Iterable[str]) -> None:
        """Remove those of the artifacts that no version and no check uses."""
        with self._lock:
            self._drop_unused(set(candidates))

    def unused(self, candidates: Iterable[str]) -> list[str]:
        """Return those of the artifacts that no version and no check uses."""
        with self._database.reading() as session:
            used = set(session.scalars(select(Version.artifact)))
            used |= set(session.scalars(select(Version.source)))
            used |= set(session.scalars(select(Verdict.file)))
        return sorted(set(candidates) - used)

    def _drop_unused(self, candidates: set[str]) -> None:
        for sha256 in self.unused(candidates):
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
