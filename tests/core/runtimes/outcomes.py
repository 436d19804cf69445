"""What becomes of each model file by others: opened and scored once in a run of all tests.

Tests hold the outcomes against what they expect; `docs/formats.md` is written from them.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import msgspec

from core.errors import InvalidModel
from core.files import write_atomically
from core.runtimes.base import ERROR_COLUMN, ModelInfo, Runtime
from tests.core.runtimes.opened import MATERIAL, Opened, open_model


class Compared(msgspec.Struct, frozen=True):
    """How many rows of one output agree with what others expect."""

    rows: int
    agreeing: int


class Outcome(msgspec.Struct, frozen=True):
    """A file is refused with a sentence, or described by `info` and scored.

    `sampled` tells that the sample of the information was scored without an error; `compared` holds
    the outputs that others say the answers of; `holds` names the parts that are in the file.
    """

    path: str
    refusal: str = ""
    info: ModelInfo | None = None
    sampled: bool = False
    compared: dict[str, Compared] = {}
    holds: tuple[str, ...] = ()

    @property
    def described(self) -> ModelInfo:
        """Return what a file is that was not refused."""
        assert self.info is not None, f"{self.path} is refused: {self.refusal}"
        return self.info


class Format(Protocol):
    """How the files of one format are held against what others expect."""

    @property
    def runtime(self) -> Runtime:
        """Return what opens the files."""

    def paths(self) -> list[str]:
        """Return the files, below the material."""

    def compared(self, path: str, opened: Opened) -> dict[str, Compared]:
        """Return how the answers of a file agree with others'."""

    def holds(self, path: str) -> tuple[str, ...]:
        """Return the names of the parts in a file."""


_OUTCOMES = msgspec.json.Decoder(Outcome)


class Outcomes:
    """The outcomes of one format, kept in a folder that the processes of a run share."""

    def __init__(self, format_: Format, folder: Path) -> None:
        self._format = format_
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def of(self, path: str) -> Outcome:
        """Return what becomes of a file; it is opened by the first who asks."""
        kept = self._folder / f"{path.replace('/', '~')}.json"
        if not kept.exists():
            write_atomically(kept, msgspec.json.encode(self._opened(path)))
        return _OUTCOMES.decode(kept.read_bytes())

    def all(self) -> Mapping[str, Outcome]:
        """Return every outcome by its path.

        The last are opened first: another process may be on its way from the first to the last.
        """
        found = {path: self.of(path) for path in reversed(self._format.paths())}
        return dict(reversed(found.items()))

    def _opened(self, path: str) -> Outcome:
        with TemporaryDirectory(dir=self._folder) as room:
            try:
                opened = open_model(self._format.runtime, MATERIAL / path, Path(room))
            except InvalidModel as refusal:
                return Outcome(path, refusal=refusal.message)
            return self._scored(path, opened)

    def _scored(self, path: str, opened: Opened) -> Outcome:
        sample = opened.info.sample
        try:
            return Outcome(
                path,
                info=replace(opened.info, sample={}),
                sampled=bool(sample) and opened.answer(sample)[ERROR_COLUMN] is None,
                compared=self._format.compared(path, opened),
                holds=self._format.holds(path),
            )
        finally:
            opened.scorer.close()
