"""ONNX files, scored by onnxruntime; https://onnx.ai/onnx/repo-docs/IR.html."""

from collections.abc import Iterator
from pathlib import Path

from core.runtimes.base import ModelInfo, Runtime, Scorer

# Field numbers of ModelProto in onnx.proto and the wire type of each: 0 a number, 2 a length.
_MODEL_FIELDS = {1: 0, 2: 2, 3: 2, 4: 2, 5: 0, 6: 2, 7: 2, 8: 2, 14: 2, 20: 2, 25: 2, 26: 2}


class OnnxRuntime(Runtime):
    """Inspects and loads ONNX files; `seconds` is how long one call may score."""

    format = "onnx"
    label = "ONNX"
    suffixes = (".onnx",)

    def __init__(self, seconds: float = 60) -> None:
        self._seconds = seconds

    def recognises(self, head: bytes) -> bool:
        """Return whether the bytes are the beginning of a protobuf message with a model's fields.

        The format has no mark of its own: https://protobuf.dev/programming-guides/encoding.
        """
        seen = list(_protobuf_fields(head))
        return bool(seen) and all(_MODEL_FIELDS.get(number) == wire for number, wire in seen)

    # The engine is imported where it is used: a process pays for the engines it needs alone.
    def inspect(self, path: Path, converted: Path) -> ModelInfo:
        """Read an uploaded file and try one prediction; nothing is converted."""
        from core.runtimes.onnx_scoring import inspect_onnx

        return inspect_onnx(path, self._seconds)

    def load(self, path: Path, info: ModelInfo) -> Scorer:
        """Load an inspected file; raises InvalidModel if that fails."""
        from core.runtimes.onnx_scoring import load_onnx

        return load_onnx(path, info, self._seconds)


def _protobuf_fields(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield the number and the wire type of each field as far as the bytes go."""
    position = 0
    while position < len(data):
        tag, position = _varint(data, position)
        number, wire = tag >> 3, tag & 7
        yield number, wire
        value, position = _varint(data, position)
        if wire == 2:
            position += value


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while position < len(data):
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
    return value, position
