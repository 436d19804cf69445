"""Reads .pkl and .joblib files with an unpickler that admits only the allow-list.

It runs in the inspection child alone. A name that is not allowed becomes an inert stand-in, so that
reading goes on and all that is refused can be named at once; nothing of it is ever called. Classes
that an admin approved for the file are made empty and given their state; they are not called.
joblib keeps arrays between the opcodes of a pickle (`NumpyArrayWrapper`), and arrays of objects as
pickles within the pickle: both are read here, by the same rules.
"""

import bz2
import copyreg
import gzip
import io
import lzma
import math
import pickle
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, BinaryIO, ClassVar

import numpy as np
import sklearn
from joblib.compressor import BinaryZlibFile

from core.errors import InvalidModel
from core.runtimes.approvable import refusal, trusted_class
from core.runtimes.asked_types import NO_TRUST, Trust
from core.runtimes.scikit_types import allowed

_VERSION = re.compile(rb"_sklearn_version.{1,24}?(\d+(?:\.\d+)+(?:rc\d+)?)", re.DOTALL)
_SCANNED_BYTES = 64 << 20
_BLOCK = 1 << 20
_SHOWN_NAMES = 12


def read_pickle(path: Path, trust: Trust = NO_TRUST) -> object:
    """Return the object in a .pkl or .joblib file of any protocol and compression.

    Raises TypesRefused with every type that is refused, or InvalidModel that says what is wrong.
    """
    refused: dict[str, str] = {}
    with path.open("rb") as file:
        stream = _decompressed(file)
        try:
            found = _Unpickler(stream, refused, trust).load()
            ended = not stream.read(1)
        except (RecursionError, MemoryError, InvalidModel):
            raise
        except Exception as error:
            _raise_refused(refused, path, trust)
            raise InvalidModel(
                f"The file is no pickle that can be read to its end ({type(error).__name__})."
            ) from error
    _raise_refused(refused, path, trust)
    if not ended:
        raise InvalidModel(
            "The file goes on after the end of its pickle; save the model alone, in one dump."
        )
    return found


def saved_with(path: Path) -> str:
    """Return the version of scikit-learn that a pickle says it was saved with, or nothing."""
    with path.open("rb") as file:
        match = _VERSION.search(_decompressed(file).read(_SCANNED_BYTES))
    return match[1].decode() if match else ""


def _raise_refused(refused: dict[str, str], path: Path, trust: Trust) -> None:
    if not refused:
        return
    gone = [name for name in refused if _is_gone(name)]
    made = saved_with(path)
    if gone:
        raise InvalidModel(
            f"The file was saved with scikit-learn {made or 'of a version that it does not name'}; "
            f"scikit-learn {sklearn.__version__} does not have {_listed(gone)}. Load it with that "
            "version and export it as ONNX or PMML, or train the model anew."
        )
    raise refusal(refused, trust, _instead(refused))


def _instead(refused: dict[str, str]) -> str:
    if any(name.startswith("pandas.") for name in refused):
        return "Give a ColumnTransformer its columns as a list of names, not as a pandas Index."
    return ""


def _is_gone(name: str) -> bool:
    """Return whether a name was scikit-learn's once: no module of today defines it."""
    module, _, attribute = name.rpartition(".")
    return module.startswith("sklearn.") and not hasattr(sys.modules.get(module), attribute)


def _listed(names: list[str]) -> str:
    more = len(names) - _SHOWN_NAMES
    return ", ".join(names[:_SHOWN_NAMES]) + (f" and {more} more" if more > 0 else "")


def _decompressed(file: BinaryIO) -> IO[bytes]:
    magic = file.read(6)
    file.seek(0)
    if magic.startswith(b"\x04\x22\x4d\x18"):
        raise InvalidModel("The file is compressed with lz4; save it with zlib, gzip, bz2 or xz.")
    openers: dict[bytes, Callable[[BinaryIO], Any]] = {
        b"\x1f\x8b": lambda source: gzip.GzipFile(fileobj=source),
        b"BZ": bz2.BZ2File,
        b"\xfd7zXZ": lzma.LZMAFile,
        b"\x5d\x00": lzma.LZMAFile,
        b"\x78": lambda source: BinaryZlibFile(source, "rb"),
    }
    for prefix, opener in openers.items():
        if magic.startswith(prefix):
            return io.BufferedReader(opener(file), _BLOCK)
    return file


class _StandIn:
    """What a refused name becomes: it takes whatever it is given and does nothing."""

    def __new__(cls, *_: object, **__: object) -> "_StandIn":
        return object.__new__(cls)

    def __init__(self, *_: object, **__: object) -> None:
        """Take anything."""

    def __call__(self, *_: object, **__: object) -> "_StandIn":
        return _StandIn()

    def __setstate__(self, _: object) -> None:
        """Take any state."""

    def __setitem__(self, _: object, __: object) -> None:
        """Take any item."""

    def append(self, _: object) -> None:
        """Take any element."""

    def extend(self, _: object) -> None:
        """Take any elements."""

    add = append
    update = append


class _ArrayCheck(_StandIn):
    """The function by which boosted trees check their numbers; `checked` takes it out again."""


class _JoblibArray:
    """The description of an array whose bytes follow in the file, as joblib writes it."""


def _text_bytes(text: str, encoding: str) -> bytes:
    """Return bytes that protocol 2 wrote as text: `_codecs.encode` with its one honest codec."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(encoding)
    return text.encode("latin-1")


def _index_as_list(_: object, described: dict[str, Any]) -> list[object]:
    """Return the labels of a pandas Index, by which a ColumnTransformer chose its columns."""
    labels = described["data"]
    return list(labels) if isinstance(labels, np.ndarray) else []


# np.memmap opens files; an array that was mapped when it was saved is an array like any other.
# What compiled modules of scikit-learn before 1.7 call themselves.
_MOVED = {"_loss": "sklearn._loss._loss"}
_SPECIAL: dict[tuple[str, str], object] = {
    ("joblib.numpy_pickle", "NumpyArrayWrapper"): _JoblibArray,
    ("_codecs", "encode"): _text_bytes,
    ("pandas.core.indexes.base", "_new_Index"): _index_as_list,
    ("pandas.core.indexes.base", "Index"): _StandIn,
    ("pandas", "Index"): _StandIn,
    ("sklearn.utils.validation", "check_array"): _ArrayCheck,
    # Of versions 1.5 and 1.6: a list that warned of its own type.
    ("sklearn.compose._column_transformer", "_RemainderColsList"): list,
    ("numpy", "memmap"): np.ndarray,
    ("numpy.core.memmap", "memmap"): np.ndarray,
    ("numpy._core.memmap", "memmap"): np.ndarray,
}


class _Unpickler(pickle._Unpickler):
    """The interpreter of opcodes in Python, where reading arrays can be hooked in."""

    dispatch: ClassVar[dict[int, Callable[[Any], None]]] = dict(pickle._Unpickler.dispatch)

    stack: list[Any]

    def __init__(self, stream: IO[bytes], refused: dict[str, str], trust: Trust) -> None:
        super().__init__(stream)
        self._stream = stream
        self._refused = refused
        self._trust = trust
        self._approved: dict[tuple[str, str], type] = {}

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 - whatever is allowed
        """Return what a name stands for; a refused one is written down and stood in for."""
        module = _MOVED.get(module, module)
        if (module, name) == ("functools", "partial"):
            return self._partial
        found = _SPECIAL.get((module, name)) or allowed(module, name)
        if found is None:
            found = self._find_approved(module, name)
        if found is None:
            self._refused[f"{module}.{name}"] = ""
            return _StandIn
        return found

    def _find_approved(self, module: str, name: str) -> type | None:
        if (module, name) not in self._approved:
            found = trusted_class(module, name, self._trust)
            if found is None:
                return None
            self._approved[module, name] = found
        return self._approved[module, name]

    def load_reduce(self) -> None:
        """Call what is allowed; never an approved class, nor its constructor by way of copyreg."""
        function, arguments = self.stack[-2:]
        given = arguments if function is copyreg._reconstructor else ()  # type: ignore[attr-defined]
        self._refuse_call(function, *given[1:2])
        super().load_reduce()  # type: ignore[misc]

    dispatch[pickle.REDUCE[0]] = load_reduce

    def _instantiate(self, kind: object, arguments: object) -> None:
        """Make an object as the opcodes of old protocols do; never one of an approved class."""
        self._refuse_call(kind)
        super()._instantiate(kind, arguments)  # type: ignore[misc]

    def _refuse_call(self, *functions: object) -> None:
        for kind in self._approved.values():
            if any(function is kind for function in functions):
                raise InvalidModel(
                    f"The file calls {kind.__module__}.{kind.__name__} with values of its own; an "
                    "approved class is only given its state. Export the model as ONNX or PMML."
                )

    def _partial(self, function: object, *_: object) -> _StandIn:
        """Make nothing of a partial; that of boosted trees alone is no reason to refuse."""
        if function is not _ArrayCheck:
            self._refused["functools.partial"] = ""
        return _ArrayCheck()

    def load_build(self) -> None:
        """Set an object's state, never a class's; where it describes an array, read the array."""
        if isinstance(self.stack[-2], type):
            raise pickle.UnpicklingError(self.stack[-2])
        if type(self.stack[-2]) is list:
            self._fill_list(self.stack.pop())
            return
        super().load_build()  # type: ignore[misc]
        if isinstance(self.stack[-1], _JoblibArray):
            self.stack[-1] = self._array(vars(self.stack[-1]))

    dispatch[pickle.BUILD[0]] = load_build

    def _fill_list(self, state: object) -> None:
        """Put the columns into what stands for a list of columns; the memo knows the list."""
        columns = state.get("data") if isinstance(state, dict) else None
        if not isinstance(columns, list):
            raise pickle.UnpicklingError(state)
        self.stack[-1].extend(columns)

    def _array(self, described: dict[str, Any]) -> object:
        dtype, shape = described["dtype"], tuple(int(size) for size in described["shape"])
        if not isinstance(dtype, np.dtype) or min(shape, default=0) < 0:
            raise pickle.UnpicklingError(described)
        if dtype.hasobject:
            return _Unpickler(self._stream, self._refused, self._trust).load()
        if described.get("numpy_array_alignment_bytes") is not None:
            self._exactly(self._exactly(1)[0])
        flat = np.frombuffer(self._exactly(math.prod(shape) * dtype.itemsize), dtype)
        native = flat.astype(dtype.newbyteorder("="), copy=False)
        if described["order"] == "F":
            return native.reshape(shape[::-1]).transpose()
        return native.reshape(shape)

    def _exactly(self, size: int) -> bytearray:
        """Return so many bytes; what a file claims costs no memory before the bytes are there."""
        data = bytearray()
        while len(data) < size:
            block = self._stream.read(min(_BLOCK, size - len(data)))
            if not block:
                raise EOFError(size)
            data += block
        return data
