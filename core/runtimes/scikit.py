"""scikit-learn models in .skops, .joblib and .pkl files; pickles are converted, never executed."""

import re
from pathlib import Path

from core.runtimes.asked_types import NO_TRUST, Trust
from core.runtimes.base import ModelInfo, Runtime, Scorer

_MAGIC = (
    b"PK\x03\x04",  # skops
    *(b"\x80" + bytes([protocol]) for protocol in range(2, 6)),  # pickle
    b"\x78\x01",  # zlib, as joblib compresses
    b"\x78\x5e",
    b"\x78\x9c",
    b"\x78\xda",
    b"\x1f\x8b",  # gzip
    b"BZh",
    b"\xfd7zXZ\x00",
    b"\x5d\x00\x00",  # lzma
    b"\x04\x22\x4d\x18",  # lz4
)
_OLD_PICKLE = re.compile(rb"\(?[ci][\w.]+\r?\n[\w.]+\r?\n")


class ScikitRuntime(Runtime):
    """Inspects and loads scikit-learn files.

    `seconds` is how long one call may score, `trust` what is admitted beside the allow-list.
    """

    format = "sklearn"
    label = "scikit-learn"
    suffixes = (".skops", ".joblib", ".pkl", ".pickle")

    def __init__(self, seconds: float = 60, trust: Trust = NO_TRUST) -> None:
        self._seconds = seconds
        self._trust = trust

    def trusting(self, trust: Trust) -> "ScikitRuntime":
        """Return a runtime that inspects files with these types in them."""
        return ScikitRuntime(self._seconds, trust)

    def recognises(self, head: bytes) -> bool:
        """Return whether the bytes are the beginning of a zip, a pickle or a compressed file."""
        return head.startswith(_MAGIC) or _OLD_PICKLE.match(head) is not None

    # The engine is imported where it is used: a process pays for the engines it needs alone.
    def inspect(self, path: Path, converted: Path) -> ModelInfo:
        """Read an uploaded file, write it to `converted` as skops, and try one prediction."""
        from core.runtimes.scikit_scoring import inspect_scikit

        return inspect_scikit(path, converted, self._seconds, self._trust)

    def load(self, path: Path, info: ModelInfo) -> Scorer:
        """Load a converted file; raises InvalidModel if that fails."""
        from core.runtimes.scikit_scoring import load_scikit

        return load_scikit(path, info, self._seconds, self._trust.packages)
