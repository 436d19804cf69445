"""Reads .skops files: every type and every loader in them is held against the allow-list first.

The format is a zip with a `schema.json` that names the types, and arrays beside it;
https://skops.readthedocs.io/en/stable/persistence.html.
"""

import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import skops.io
from sklearn.exceptions import InconsistentVersionWarning

from core.errors import InvalidModel
from core.runtimes.approvable import refusal, trusted_class
from core.runtimes.asked_types import NO_TRUST, Trust
from core.runtimes.scikit_types import allowed

_SCHEMA = "schema.json"
_LARGEST_SCHEMA = 256 << 20
_LARGEST_RATIO = 200
_SMALL = 1 << 20
# Those that are not here call a method, or call what they hold.
_LOADERS = frozenset(
    {
        *("BytearrayNode", "BytesNode", "CachedNode", "ConstructorFromReduceNode", "DTypeNode"),
        *("DefaultDictNode", "DictNode", "FunctionNode", "JsonNode", "ListNode", "LossNode"),
        *("MaskedArrayNode", "NdArrayNode", "ObjectNode", "RandomGeneratorNode"),
        *("RandomStateNode", "SetNode", "SliceNode", "SparseMatrixNode", "TreeNode", "TupleNode"),
        "TypeNode",
    }
)
# They make an object empty and give it its state, or name a class; an approved one is not called.
_HARMLESS_LOADERS = frozenset({"ObjectNode", "TypeNode"})


def read_skops(path: Path, trust: Trust = NO_TRUST) -> tuple[object, str]:
    """Return the object in a .skops file, and the version of scikit-learn that saved it.

    The version is empty where it is the one that is here. Raises TypesRefused with
    every type that is refused, or InvalidModel that says what is wrong.
    """
    trusted = _audited(path, trust)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            found: object = skops.io.load(path, trusted=trusted)
        except (RecursionError, MemoryError):
            raise
        except Exception as error:
            raise InvalidModel(
                f"The file is no skops file that can be read ({type(error).__name__})."
            ) from error
    return found, version_warned_of(caught)


def version_warned_of(caught: list[warnings.WarningMessage]) -> str:
    """Return the version that scikit-learn warns a model was saved with, or nothing."""
    for entry in caught:
        if isinstance(entry.message, InconsistentVersionWarning):
            return str(entry.message.original_sklearn_version)
    return ""


def _audited(path: Path, trust: Trust) -> list[str]:
    """Return the names in a file once all are known to be allowed."""
    names: dict[str, None] = {}
    refused: dict[str, str] = {}
    for node in _nodes(_schema(path)):
        module, name = str(node.get("__module__")), str(node.get("__class__"))
        loader, full = str(node["__loader__"]), f"{module}.{name}"
        if loader in _LOADERS and allowed(module, name) is not None:
            names[full] = None
        elif loader not in _HARMLESS_LOADERS:
            refused[full] = f"is asked for as a {loader}, not as an object with its state"
        elif trusted_class(module, name, trust) is not None:
            names[full] = None
        else:
            refused.setdefault(full, "")
    if refused:
        raise refusal(refused, trust)
    return list(names)


def _schema(path: Path) -> object:
    try:
        with ZipFile(path) as archive:
            _refuse_bombs(archive)
            return json.loads(archive.read(_SCHEMA))
    except KeyError:
        raise InvalidModel(
            "The file is a zip archive without the schema.json that makes it a skops file."
        ) from None
    except (BadZipFile, ValueError, OSError, NotImplementedError, RuntimeError) as error:
        raise InvalidModel(
            f"The file is no whole skops file ({type(error).__name__}); it may be damaged."
        ) from error


def _refuse_bombs(archive: ZipFile) -> None:
    """Refuse an archive that would unfold to far more than it is; arrays shrink far less."""
    packed = sum(member.compress_size for member in archive.infolist())
    unfolded = sum(member.file_size for member in archive.infolist())
    schema = sum(m.file_size for m in archive.infolist() if m.filename == _SCHEMA)
    if schema > _LARGEST_SCHEMA or unfolded > max(_SMALL, packed * _LARGEST_RATIO):
        raise InvalidModel(
            f"The file would unfold from {packed} to {unfolded} bytes, which no model does."
        )


def _nodes(schema: object) -> Iterator[dict[str, Any]]:
    waiting = [schema]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            if "__loader__" in part:
                yield part
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
